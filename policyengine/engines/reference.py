"""The reference evaluator: what a policy means, stage by stage, in exact fractions. Plan and inputs in, trace out.

It follows ``docs/semantics.md`` sentence by sentence; every other engine is tested against it. One person's case
depends on nothing but that person's records and facts. The stages in order: ``judge.py`` (1 recognise, with
``convert.py`` and ``assign.py`` for 2 and 3), ``allocate.py`` (4 count once and cap, over ``rivals.py`` and
``windows.py``), ``totals.py`` (5), ``require.py`` (6, and 7 excuse and reduce), ``conclude.py`` (8), ``ledger.py``
(the rows about records).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from policyengine.engines.allocate import account
from policyengine.engines.calendar import block_of, period_bounds, period_of
from policyengine.engines.conclude import Case
from policyengine.engines.judge import Judge
from policyengine.engines.later import Later, world_of
from policyengine.engines.ledger import flags, ledger, repeats_asked
from policyengine.engines.ready import Ready, Stage, ready
from policyengine.engines.require import Span
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.packs.windows import series_of
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs, Person, Record
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry, Result

Periods = tuple[int, int]


@dataclass(slots=True)
class Prepared:
    """A plan compiled into functions, ready for any number of persons."""

    plan: Plan
    judge: Judge
    later: Later
    flags: list[Ready]
    flag_stage: Stage
    repeats: frozenset[tuple[str, ...]]


def prepare(plan: Plan) -> Prepared:
    """Compile a plan once."""
    world = world_of(plan)
    judge = Judge(plan, world)
    flag_rules = ready(plan.flags, world)
    repeats = repeats_asked(flag_rules)
    return Prepared(plan, judge, Later.of(plan, world, judge), flag_rules, Stage(flag_rules), repeats)


def evaluate(
    plan: Plan | Prepared, inputs: Inputs, periods: Periods | None = None, as_of: date | None = None
) -> Result:
    """Judge everybody in ``inputs`` over ``periods`` (first and last number; None: from first record to last)."""
    prepared = plan if isinstance(plan, Prepared) else prepare(plan)
    by_person: dict[str, list[Record]] = {}
    for record in inputs.records:
        by_person.setdefault(record.person_id, []).append(record)
    asked = periods or years_of(prepared.plan, inputs.records)
    decisions: list[Decision] = []
    findings: list[Finding] = []
    entries: list[LedgerEntry] = []
    flagged: list[FlagEntry] = []
    if asked is not None:
        for person_id in sorted({*inputs.persons, *by_person}):
            person = inputs.persons.get(person_id) or Person(person_id)
            one = evaluate_person(prepared, person, by_person.get(person_id, []), asked, as_of)
            decisions += one.decisions
            findings += one.findings
            entries += one.ledger
            flagged += one.flags
    return Result(tuple(decisions), tuple(findings), tuple(entries), tuple(flagged))


def years_of(plan: Plan, records: Iterable[Record]) -> Periods | None:
    """The first and last period in which a record ends; None without records."""
    years = {period_of(r.end, plan.year_start) for r in records}
    return (min(years), max(years)) if years else None


def evaluate_person(
    prepared: Prepared, person: Person, records: Iterable[Record], asked: Periods, as_of: date | None = None
) -> Result:
    """One person's decisions, findings, ledger rows and flags for the asked periods."""
    later = prepared.later
    ordered = sorted(records, key=lambda r: (r.end, r.record_id))
    judged = [prepared.judge.judge(r, person) for r in ordered]
    booked = account(prepared.judge, later.once, later.caps, person, judged, later.exact)
    case = Case(later, person, booked, as_of)
    spans = [Span(y, 1) for y in range(asked[0], asked[1] + 1)] if later.yearly else []
    blocks = blocks_of(later, asked, as_of)
    decided = [case.decide(span) for span in spans + blocks]
    return Result(
        tuple(d for d, _ in decided),
        tuple(f for _, found in decided for f in found),
        tuple(ledger(booked, covered(asked, blocks), later.shown)),
        tuple(flags(prepared.flag_stage, prepared.repeats, judged)),
    )


def covered(asked: Periods, blocks: Iterable[Span]) -> Periods:
    """The years that the decisions are about: the asked ones, and those of blocks that begin before or end after."""
    spans = [Span(asked[0], asked[1] - asked[0] + 1), *blocks]
    return min(s.first for s in spans), max(s.last for s in spans)


def blocks_of(later: Later, asked: Periods, as_of: date | None) -> list[Span]:
    """Blocks of years that end within the asked periods, or, with ``as_of``, hold it and an asked period.

    Only those for which the law requires something of the block as a whole.
    """
    spans = []
    start = later.plan.year_start
    for count, starting in later.blocks:
        rules = [(r, w) for r in later.require if (w := _blocks(r)) is not None and series_of(w) == (count, starting)]
        first = block_of(asked[0], count, starting)
        while first <= asked[1]:
            days, last = period_bounds(first, start, count), first + count - 1
            asked_for = last <= asked[1] or (as_of is not None and days[0] <= as_of <= days[1])
            if asked_for and any(r.governs(last, start) and (w.starting or 0) <= first for r, w in rules):
                spans.append(Span(first, count))
            first += count
    return spans


def _blocks(rule: Ready) -> tree.PerYears | None:
    """The window of a requirement, where it is blocks of years."""
    window = rule.rule.statement.window  # type: ignore[attr-defined]
    return window if isinstance(window, tree.PerYears) and window.count > 1 else None
