"""The compiled engine from end to end: plans and canonical tables go in, the relations of a trace come out.

In steps, because the persons whom the reference evaluator judges (``aside.py``) are known after the first, and because
the ledger of the second is what the others read: ``opened`` (stages 1 to 4), the ledger, ``ask`` (what is owed), and
``decide`` (5 to 8), the last for one share of the persons after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policyengine.engines.calendar import period_of
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.accounts import Accounts
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.cuts import Cuts
from policyengine.engines.compile.entries import Entries
from policyengine.engines.compile.flags import Flags
from policyengine.engines.compile.folk import Folk
from policyengine.engines.compile.host import Host
from policyengine.engines.compile.items import Items, unrouted
from policyengine.engines.compile.law import law_of
from policyengine.engines.compile.periods import Periods
from policyengine.engines.compile.relations import Relations
from policyengine.engines.compile.shares import EVERYBODY, Share
from policyengine.engines.compile.sources import Names, Sources, sources_of
from policyengine.engines.protocol import Selection
from policyengine.engines.reference import blocks_of, covered
from policyengine.plan.model import Plan

Asked = tuple[int, int]
Days = tuple[date, date]


@dataclass(slots=True)
class Evaluation:
    """What was worked out, for the persons who are not in the table ``routed``. ``asked``: periods, by plan."""

    sources: Sources
    cases: Cases
    accounts: Accounts
    entries: Entries
    asked: list[Asked]
    as_of: date | None
    plans: Sequence[Plan]
    selection: Selection | None = None
    flags: Flags | None = None
    periods: list[Periods] = field(default_factory=list)
    relations: Relations = field(init=False)  # once it is decided

    @property
    def most_periods(self) -> int:
        """How many periods of one person are decided at most."""
        return max(last - first + 1 for first, last in self.asked)

    def ask(self) -> None:
        """What is owed by whom, and flags. ``entries.keep`` comes before, where there is to be a ledger."""
        self.entries.prepare()
        _keep_everyone(self.sources)
        for law, span in zip(self.sources.laws, self.asked, strict=True):
            one = Periods(self.accounts, Folk.of(self.sources, law, self.as_of), span, self.as_of)
            one.ask()
            self.periods.append(one)
        if self.flags is not None:
            self.flags.prepare(self.selection)

    def decide(self, others: Mapping[str, Iterable[str]] | None = None, share: Share = EVERYBODY) -> Relations:
        """Stages 5 to 8 for the persons of a share; ``ask`` comes before.

        ``others``: texts of decisions and findings that come from elsewhere, by column.
        """
        self.entries.keep_totals(share)
        for one in self.periods:
            one.decide(share)
        host = self.sources.host
        host.drop("totals")  # what nothing asks any more leaves its memory to sorting
        if self.cases.doubtful:
            self.entries.keep_doubts(share)
        self.relations = Relations(self.accounts, self.periods)
        self.relations.load(others or {})
        host.drop("doubts")
        return self.relations


def opened(
    plans: Sequence[Plan],
    host: Host,
    names: Names,
    asked: Asked | None,
    as_of: date | None,
    selection: Selection | None = None,
) -> Evaluation | None:
    """Stages 1 to 4 for everybody in the tables; None where no periods are asked and there is no record.

    Raises ``Inexpressible`` where a plan says what only the reference evaluator can judge.
    """
    sources = sources_of([law_of(number, plan) for number, plan in enumerate(plans)], host, names)
    days = days_of(host, names.records)
    spans = _spans(plans, asked, days)
    known = [span for span in spans if span is not None]
    if len(known) < len(spans):
        return None
    sources.load(selection)
    cases = Cases(sources, span=days)
    cases.judge()
    items = Items(cases)
    items.prepare()
    flags = Flags.of(plans, host, names, cases)
    if flags is not None:
        items.routes += flags.routes()
    accounts = Accounts(items)
    accounts.prepare()
    if accounts.cuts:
        Cuts(accounts).keep()
    laters = (law.prepared.later for law in sources.laws)
    told = [covered(span, blocks_of(later, span, as_of)) for later, span in zip(laters, known, strict=True)]
    entries = Entries(accounts, told)
    return Evaluation(sources, cases, accounts, entries, known, as_of, plans, selection, flags)


def spans_of(plans: Sequence[Plan], asked: Asked | None, host: Host, records: str) -> list[Asked | None]:
    """The periods to be judged, by plan: those asked for, else the first and last in which a record ends; None where
    there is no record."""
    return _spans(plans, asked, None if asked else days_of(host, records))


def days_of(host: Host, records: str) -> Days | None:
    """The first and last day on which a record ends; None where there is no record."""
    query = t.select(a=t.call("MIN", t.col("end", "r")), b=t.call("MAX", t.col("end", "r")))
    ((first, last),) = host.rows(query.from_(t.table(records, "r"), copy=False))
    return None if first is None else (first, last)


def _spans(plans: Sequence[Plan], asked: Asked | None, days: Days | None) -> list[Asked | None]:
    if asked or days is None:
        return [asked for _ in plans]
    return [(period_of(days[0], plan.year_start), period_of(days[1], plan.year_start)) for plan in plans]


def _keep_everyone(sources: Sources) -> None:
    """The table ``everyone``: all persons who are not routed, with the plan that judges them."""
    host, names = sources.host, sources.names
    parts: list[Any] = []
    for table in (names.records, names.persons, names.circumstances):
        if table is not None:
            part = t.select(person_id=t.col("person_id")).from_(t.table(table), copy=False)
            parts.append(part.distinct(copy=False))
    plan = t.lit(sources.people[0][0])
    query = t.select(
        person_id=t.col("person_id", "e"), plan=t.coalesce(t.col("plan", "p"), plan) if sources.joined else plan
    ).from_(t.sub(t.union(*parts), "e"), copy=False)
    if sources.joined:
        t.join(query, t.table("people", "p"), t.same_person("p", "e"), "LEFT")
    host.keep("everyone", unrouted(query, "e").distinct(copy=False))
