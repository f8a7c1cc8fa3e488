"""Results go in; people, decisions and activities that can be counted come out, in one DuckDB file of their own.

``people``: person, result, person_id and facts. ``decided``: a row per decision with its figures as ticks and the sums
of its activities. ``activity``: a row per record and decided year with what the record and its decision say.
``ticks``: how many one hour has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.compile import trees as t
from policyengine.messages import say
from policyengine.records.personal import mask
from policyengine.tools.stats.part import FIGURES, OF_DECISION, OF_LEDGER, Part, Source, ordered, tell_once


@dataclass
class Store:
    """What can be counted. ``people_facts``, ``activity_facts``: columns that there are."""

    connection: Any
    folder: Path
    ticks: int = 1
    people_facts: tuple[str, ...] = ()
    activity_facts: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()  # facts of activities that could be asked for, and were not
    figures: frozenset[str] = frozenset()  # facts that are numbers, wherever they are told
    subjects: tuple[str, ...] = ()
    has_cost: bool = False
    has_activities: bool = False  # of some decisions at least
    unknown: dict[str, tuple[int, ...]] = field(default_factory=dict)  # sources whose activities lack cost or result
    has_listings: bool = False  # there is ``listed_0``: provider, day and the lists it stands in
    least: int = 0  # people below whom a figure is to be hidden: what is needed for that is counted too
    labels: list[Mapping[str, Any]] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        """The rows of a tree."""
        return list(self.connection.execute(query.sql("duckdb", copy=False)).fetchall())


def build(connection: Any, folder: Path, sources: Iterable[Source], wanted: Sequence[str]) -> Store:
    """Everything of the sources together. ``wanted``: facts that are grouped by, besides the usual ones.

    A source is used up before the next is opened. Raises ``PolicyError`` PE532 where two results decide the same.
    """
    store = Store(connection, folder)
    parts: list[Part] = []
    for number_, source in enumerate(sources):
        parts.append(Part.of(connection, folder, source, number_, wanted))
        store.labels += [x for x in (*source.labels, _yes_and_no(source)) if x not in store.labels]
        store.notes += [n for n in source.notes if n not in store.notes]
    tell_once(connection, parts)
    store.ticks = lcm(1, *(p.ticks for p in parts))
    store.people_facts = ordered(f for p in parts for f in p.people_facts)
    store.activity_facts = ordered([*(f for p in parts for f in p.activity_facts), *_of_ledgers(parts)])
    store.unasked = ordered(f for p in parts for f in p.unasked)
    store.figures = _figures(parts)
    store.subjects = tuple(sorted({s for p in parts for s in p.subjects}))
    store.has_cost = any(p.has_cost for p in parts)
    store.has_activities = bool(_of_ledgers(parts))
    store.unknown["cost"] = tuple(p.number for p in parts if not p.has_cost)
    store.unknown["result"] = tuple(p.number for p in parts if "result" not in p.activity_facts)
    store.has_listings = bool(parts) and "listed" in parts[0].activity_facts and bool(parts[0].source.listings)
    _union(store, "people", parts, ("person_id", *store.people_facts), ())
    facts = (*OF_DECISION, *store.activity_facts, *(("cost",) if store.has_cost else ()))
    _union(store, "activity", parts, facts, ("counted",))
    figures = (*FIGURES, *(f"subject_{s}" for s in store.subjects))
    counts = ("activities", "counted_activities", *(("cost",) if store.has_cost else ()))
    _union(store, "decided", parts, (*OF_DECISION, *counts), figures)
    _refuse_overlaps(store, [p.source.place for p in parts])
    return store


def _yes_and_no(source: Source) -> Mapping[str, Any]:
    """The words of facts that are yes or no, as labels of a manifest have those of terms."""
    kinds = {**(source.people.kinds if source.people else {}), **(source.activities.kinds if source.activities else {})}
    return {"terms": {f: {"yes": "是", "no": "否"} for f, kind in kinds.items() if kind == "BOOLEAN"}}


def _figures(parts: Sequence[Part]) -> frozenset[str]:
    frames = [frame for p in parts for frame in (p.source.people, p.source.activities) if frame is not None]
    kinds = [(fact, kind) for frame in frames for fact, kind in frame.kinds.items()]
    return frozenset(f for f, _ in kinds) - {f for f, kind in kinds if not kind.startswith("DECIMAL")}


def _of_ledgers(parts: Sequence[Part]) -> tuple[str, ...]:
    return OF_LEDGER if any(p.source.ledger is not None for p in parts) else ()


def _union(store: Store, what: str, parts: Sequence[Part], columns: Sequence[str], figures: Sequence[str]) -> None:
    """The view ``what`` of all parts, figures brought to the same ticks, codes of several parts as texts again."""
    queries, several = [], len(parts) > 1
    for part in (p for p in parts if what in p.columns):
        own, factor, person = part.columns[what], store.ticks // part.ticks, t.col("person_no")
        if several:
            person = t.add([t.cast(person, "BIGINT"), t.lit(part.number << 32)])
        cells = {"source": t.lit(part.number), "person": person}
        for c in columns:
            coded = several and own.get(c, "").startswith("ENUM")
            cells[c] = t.cast(t.col(c), "TEXT") if coded else t.col(c) if c in own else t.lit(None)
        for c in figures:
            value = t.times(t.col(c), t.lit(factor)) if factor != 1 else t.col(c)
            cells[c] = value if c in own else t.lit(None)
        queries.append(t.select(**cells).from_(t.table(f"{what}_{part.number}"), copy=False))
    if not queries:
        empty = {c: t.cast(t.lit(None), "INT") for c in ("source", "person", *columns, *figures)}
        queries = [t.select(**empty).where(exp.false())]
    store.connection.execute(f"CREATE OR REPLACE VIEW {what} AS {t.union(*queries).sql('duckdb', copy=False)}")


def _refuse_overlaps(store: Store, places: Sequence[str]) -> None:
    """Two results that decide about the same person and period would count them twice."""
    if len(places) < 2:
        return
    found = store.connection.execute(
        "SELECT p.person_id, d.period, min(d.source) AS a, max(d.source) AS b FROM decided d "
        "JOIN people p ON p.person = d.person "
        "GROUP BY p.person_id, d.period HAVING min(d.source) <> max(d.source) ORDER BY p.person_id, d.period LIMIT 1"
    ).fetchone()
    if found is None:
        return
    who, period, one, other = found
    message = say(
        f"{places[one]} and {places[other]} both decide about {mask(who)} in {period}: they would be counted twice",
        f"{places[one]} 与 {places[other]} 都有 {mask(who)} {period} 的结论，会重复计算",
    )
    hint = say("name results of different years or people", "请指定不同年度或不同人员的结果")
    if os.path.realpath(places[one]) == os.path.realpath(places[other]):
        message = say("this result is named twice, and would be counted twice", "该结果指定了两次，会重复计算")
        hint = say("name it once", "请只指定一次")
    raise PolicyError([Diagnostic("PE532", message, Span(places[other]), hint=hint)])
