"""The compiled engine from end to end: plans and canonical tables go in, the relations of a trace come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from policyengine.engines.calendar import period_of
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.accounts import Accounts
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.entries import Entries
from policyengine.engines.compile.folk import Folk
from policyengine.engines.compile.host import Host
from policyengine.engines.compile.items import Items
from policyengine.engines.compile.periods import Periods
from policyengine.engines.compile.relations import Relations
from policyengine.engines.compile.sources import Names, Sources, sources_of
from policyengine.engines.protocol import Selection
from policyengine.plan.model import Plan

Asked = tuple[int, int]


@dataclass(slots=True)
class Evaluation:
    """What was worked out. ``relations`` are over the persons who are not in the table ``routed``."""

    sources: Sources
    cases: Cases
    accounts: Accounts
    entries: Entries
    periods: list[Periods]
    relations: Relations
    asked: list[Asked]


def evaluate_tables(
    plans: Sequence[Plan],
    host: Host,
    names: Names,
    asked: Asked | None,
    as_of: date | None,
    selection: Selection | None = None,
    ledger: bool = True,
) -> Evaluation | None:
    """Judge everybody in the tables; None where no periods are asked and there is no record. ``ledger``: keep one.

    Raises ``Inexpressible`` where a plan says what only the reference evaluator can judge.
    """
    sources = sources_of(plans, host, names)
    spans = [asked or _years(sources, plan) for plan in plans]
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return None
    sources.load(selection)
    cases = Cases(sources)
    cases.judge()
    items = Items(cases)
    items.prepare()
    accounts = Accounts(items)
    accounts.prepare()
    entries = Entries(accounts, known)
    entries.load_words()
    if ledger:
        entries.keep()
    entries.keep_totals()
    _keep_everyone(sources)
    periods = []
    for law, span in zip(sources.laws, known, strict=True):
        one = Periods(accounts, Folk.of(sources, law, as_of), span, as_of)
        one.prepare()
        periods.append(one)
    relations = Relations(accounts, periods, known)
    if cases.doubtful:
        entries.keep_doubts()
    relations.load()
    return Evaluation(sources, cases, accounts, entries, periods, relations, known)


def _years(sources: Sources, plan: Plan) -> Asked | None:
    """The first and last period in which a record ends."""
    query = t.select(a=t.call("MIN", t.col("end", "r")), b=t.call("MAX", t.col("end", "r")))
    ((first, last),) = sources.host.rows(query.from_(t.table(sources.names.records, "r"), copy=False))
    return None if first is None else (period_of(first, plan.year_start), period_of(last, plan.year_start))


def _keep_everyone(sources: Sources) -> None:
    """The table ``everyone``: all persons who are not routed, with the plan that judges them."""
    host, names = sources.host, sources.names
    parts: list[Any] = []
    for table in ("totals", names.persons, names.circumstances):
        if table is not None:
            parts.append(t.select(person_id=t.col("person_id")).from_(t.table(table), copy=False))
    plan = t.lit(sources.people[0][0])
    query = t.select(
        person_id=t.col("person_id", "e"), plan=t.coalesce(t.col("plan", "p"), plan) if sources.joined else plan
    ).from_(t.sub(t.union(*parts), "e"), copy=False)
    if sources.joined:
        same = t.equal(t.col("person_id", "p"), t.col("person_id", "e"))
        t.join(query, t.table("people", "p"), same, "LEFT")
    t.join(query, t.table("routed", "y"), t.equal(t.col("person_id", "y"), t.col("person_id", "e")), "LEFT")
    query.where(t.missing(t.col("person_id", "y")), copy=False)
    host.keep("everyone", query.distinct(copy=False))
