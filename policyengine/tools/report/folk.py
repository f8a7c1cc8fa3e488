"""A written result goes in; one person after another comes out, with decisions, findings, ledger and what records say.

Decisions, findings and flags stand in the order of persons and the ledger is put in it, so that none is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from policyengine.engines.compile import trees as t
from policyengine.records.model import Fact, Person, Record
from policyengine.records.personal import mask, mask_name
from policyengine.tools.explain.case import Case, rows_of
from policyengine.tools.explain.written import written_parts
from policyengine.tools.report.entries import Entry, entries_of, ledger_entry
from policyengine.tools.result.read import Unsettled, Written, of_records
from policyengine.tools.stats.origin import Facts
from policyengine.trace import Decision, Finding, FlagEntry


class Part(NamedTuple):
    """A written result, and what is known of its people and activities."""

    written: Written
    facts: Facts | None


@dataclass(frozen=True)
class One:
    """Everything about a person in one result. ``unsettled``: what is missing for records, of everybody."""

    person: Person
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[Entry, ...]
    flags: tuple[FlagEntry, ...]
    unsettled: Unsettled


def everybody(parts: Sequence[Part], connection: Any, folder: Path, only: str | None = None) -> Iterator[One]:
    """Everyone of whom something was decided, in order; ``only``: the person with that id.

    Whom several parts tell of comes once for each decision, in the order of periods. ``folder``: an empty one, for
    files on the way.
    """
    every = merge(*(_of_part(p, connection, folder, only) for p in parts), key=person_of)
    for _, several in groupby(every, person_of):
        ones = list(several)
        if len(ones) > 1:
            ones = [replace(one, decisions=(d,)) for one in ones for d in one.decisions]
            ones.sort(key=lambda one: (one.decisions[0].period, one.decisions[0].policy))
        yield from ones


def person_of(one: One) -> str:
    """Of whom it is."""
    return one.person.person_id


def called(person: Person, reveal: bool) -> tuple[str, str]:
    """Id and name, masked unless they are to be revealed; no name is nothing."""
    name = str(person.facts.get("name") or "")
    return (person.person_id, name) if reveal else (mask(person.person_id), mask_name(name) if name else "")


def _of_part(part: Part, connection: Any, folder: Path, only: str | None) -> Iterator[One]:
    written, facts = part
    unsettled = of_records(written.rows("missing", only))
    findings = _Stream(written.findings(only), lambda f: f.person_id)
    ledger = _Stream(entries_of(written, connection, folder, facts, only), lambda e: e.person_id)
    flags = _Stream(written.flags(only), lambda f: f.person_id)
    people = _Stream(_people(connection, facts, only), lambda p: p.person_id)
    for who, decisions in groupby(written.decisions(only), lambda d: d.person_id):
        known = people.of(who)
        yield One(
            known[0] if known else Person(who),
            tuple(decisions),
            tuple(findings.of(who)),
            tuple(ledger.of(who)),
            tuple(flags.of(who)),
            unsettled,
        )


class _Stream:
    """Rows in the order of persons; those of persons who are not asked for are passed over."""

    def __init__(self, rows: Iterable[Any], key: Any):
        self._groups = groupby(rows, key)
        self._next: tuple[str, list[Any]] | None = None

    def of(self, who: str) -> list[Any]:
        while self._next is None or self._next[0] < who:
            found = next(self._groups, None)
            if found is None:
                return []
            self._next = (found[0], list(found[1]) if found[0] >= who else [])
        return self._next[1] if self._next[0] == who else []


def _people(connection: Any, facts: Facts | None, only: str | None) -> Iterator[Person]:
    if facts is None or facts.persons is None:
        return
    query = t.select_all(facts.persons).order_by(t.col("person_id"))
    if only is not None:
        query = query.where(t.equal(t.col("person_id"), t.lit(only)))
    result = connection.cursor().execute(query.sql("duckdb"))
    names = [d[0] for d in result.description]
    while rows := result.fetchmany(5_000):
        for row in rows:
            known = {n: v for n, v in zip(names, row, strict=True) if v is not None}
            yield Person(known["person_id"], known)


def cases_of(one: One, written: Written) -> list[Case]:
    """A person's cases, as explain has them."""
    ledger = [ledger_entry(e, one.unsettled) for e in one.ledger]
    records = {e.record_id: _record(e) for e in one.ledger if e.end is not None}
    return [
        Case(**written_parts(written, one.person, d, one.findings, rows_of(d, ledger), one.flags), records=records)
        for d in one.decisions
    ]


def _record(e: Entry) -> Record:
    facts = {"title": e.title, "provider": e.provider, "evidence": e.evidence, "result": e.result}
    start, end = date.fromisoformat(e.start or e.end or ""), date.fromisoformat(e.end or "")
    own: dict[str, Fact] = {k: v for k, v in facts.items() if v is not None}
    return Record(e.record_id, e.person_id, start, end, None, e.unit, own)
