"""What an evaluation came to, in figures: a trace goes in; what summary and manifest say of it comes out."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any

from policyengine.engines.calendar import block_before, covers, days_of, labelled, period_bounds, period_of
from policyengine.engines.facts import record_fact
from policyengine.language import tree
from policyengine.language.references import looks_back
from policyengine.messages import say
from policyengine.plan.model import Plan, PlanRule
from policyengine.records.model import Inputs, Reject
from policyengine.records.personal import mask
from policyengine.tools.evaluate.evaluate import Evaluation
from policyengine.tools.explain.case import own_facts, owner_of
from policyengine.trace import OUTCOMES, Finding, Result

WARNED = ("no_conversion", "no_exchange", "ambiguous", "no_policy")  # ledger reasons that the summary warns of
TWINS = ("rows repeat each other", "各行互相重复")  # why they can't be read; each itself names the row that it repeats
MOST = 3  # facts that no record gives, of which the summary warns
MASKED_AMONG = 100_000  # so many people at most are looked through for one whose masked id nobody else has

Outcomes = dict[str, dict[str, int]]
Judged = tuple[str, str, date, date]
"""Policy, rule, and window of a finding (``is_told``)."""


@dataclass(frozen=True)
class Unmet:
    """Somebody who did not meet the requirement. ``word``: their name or masked id, which nobody else has; None where
    there is no such word, and ``masked`` may be that of several."""

    word: str | None
    masked: str
    period: str


@dataclass(frozen=True)
class Tally:
    """Counts of one run.

    ``rows``: of the records files, of which ``records`` became records and ``rejected`` did not; ``people``:
    everybody in any of the files; ``outcomes``: by period; ``reasons``: of ledger rows, those of
    ``WARNED`` alone; ``open_for``: how many people's outcome is open for want of facts about themselves, and which;
    ``unsaid``: how many people's is for want of facts of records that no record gives at all, and which (``MOST``);
    ``mostly``: where no row at all could be read, why most could not (English, Chinese); ``digests``: of the inputs;
    ``fields``: the Chinese names of the fields that these may name; ``persons``: whether a persons file was given;
    ``stands``: of how many people the rows were taken over from an earlier result.
    """

    rows: int
    records: int
    rejected: int
    people: int
    outcomes: Outcomes
    reasons: Mapping[str, int]
    flags: int
    notes: tuple[str, ...] = ()
    open_for: tuple[int, list[str]] | None = None
    unsaid: tuple[int, list[str]] | None = None
    mostly: tuple[str, str] | None = None
    unmet: Unmet | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    persons: bool = False
    stands: int = 0
    digests: Mapping[str, str] = field(default_factory=dict)


def tally_of(evaluation: Evaluation) -> Tally:
    """The counts of a trace in memory."""
    inputs, result = evaluation.inputs, evaluation.result
    outcomes = outcomes_of((d.period, d.outcome, 1) for d in result.decisions)
    plans, days = evaluation.law.plans, {r.end for r in inputs.records}
    long = longer_than_a_year(plans)
    judged = {(f.policy, f.rule, *f.window) for f in result.findings if f.rule in long and is_told(f)}
    judged.update(looking_back(plans, outcomes))
    reasons = Counter(e.reason for e in result.ledger)
    return Tally(
        rows=inputs.rows,
        records=len(inputs.records),
        rejected=inputs.rejected_rows,
        people=len({d.person_id for d in result.decisions} | set(inputs.persons)),
        outcomes=outcomes,
        reasons={reason: reasons[reason] for reason in WARNED if reasons[reason]},
        flags=sum(f.certain for f in result.flags),
        notes=(
            *inputs.warnings,
            *empty_periods(outcomes, days, plans),
            *cut_short(judged, days, plans),
            *evaluation.notes,
        ),
        open_for=_open_for(result),
        unsaid=_unsaid(result, inputs, fields_of_records(plans)),
        mostly=mostly(inputs.rows, inputs.rejected_rows, inputs.rejects),
        unmet=_unmet(result, inputs),
        fields=names_of(plans),
        persons=evaluation.files.persons is not None,
        digests=inputs.digests,
    )


def outcomes_of(counted: Iterable[tuple[str, str, int]]) -> Outcomes:
    """How many decisions of each outcome, by period, both in order; from period, outcome, number."""
    counts: dict[str, Counter[str]] = {}
    for period, outcome, number in counted:
        counts.setdefault(period, Counter())[outcome] += number
    return {p: {o: counts[p][o] for o in OUTCOMES if counts[p][o]} for p in sorted(counts)}


def empty_periods(periods: Iterable[str], days: Iterable[date], plans: Iterable[Plan]) -> tuple[str, ...]:
    """A warning where records there are, but none of a day in some judged periods. ``days``: those of the records."""
    held = sorted(days)
    starts = {plan.year_start for plan in plans}
    empty = [p for p in periods if held and not any(_has(held, p, start) for start in starts)]
    if not empty:
        return ()
    names = ", ".join(empty)
    english = f"no record is of a day in {names}: whoever is not excused there was judged without any record; "
    return (
        say(
            english + f"the records are of {held[0]} to {held[-1]}",
            f"{'、'.join(empty)} 没有任何学习记录：未免除的人员均按没有记录评定；记录的日期为 {held[0]} 至 {held[-1]}",
        ),
    )


def _has(days: list[date], period: str, year_start: tuple[int, int]) -> bool:
    start, end = days_of(period, year_start)
    at = bisect_left(days, start)
    return at < len(days) and days[at] <= end


def longer_than_a_year(plans: Iterable[Plan]) -> frozenset[str]:
    """The keys of the requirements whose window is not one year."""
    return frozenset(r.key for plan in plans for r in plan.require if r.statement.window != tree.PerYears())


def looking_back(plans: Iterable[Plan], periods: Collection[str]) -> Iterator[Judged]:
    """Conclusions from several years or cycles, with the first and the last day of those in which something was
    required."""
    for plan in plans:
        asked = [(rule, test) for rule in plan.conclude for test in looks_back(rule.statement.when)]
        for (rule, test), period in product(asked, periods):
            first, last = labelled(period)
            owed = [r for r in plan.require if test.rule in (None, r.name)]
            years = _cycles_back if test.cycles else _years_back
            if (begins := years(plan, owed, test.many, first, last)) and _in_force(rule, last, plan):
                start, end = (period_bounds(year, plan.year_start) for year in (begins, last))
                yield plan.policy, rule.key, start[0], end[1]


def _years_back(plan: Plan, owed: Iterable[PlanRule[Any]], many: int, first: int, last: int) -> int | None:
    """The first of so many years in which something was required."""
    owed = list(owed)
    years = range(max(1, last - many + 1), last + 1)
    return next((y for y in years if any(_in_force(r, y, plan) for r in owed)), None)


def _cycles_back(plan: Plan, owed: Iterable[PlanRule[Any]], many: int, first: int, last: int) -> int | None:
    """The first year of the first of so many blocks in which something was required; None where none ends with it."""
    windows = [(r, w) for r in owed if isinstance(w := r.statement.window, tree.PerYears) and w.count > 1]

    def in_force(year: int) -> Iterator[tuple[int, int]]:
        yield from ((w.count, w.starting or 0) for r, w in windows if year >= 1 and _in_force(r, year, plan))

    own = (first, last - first + 1)
    found = [block_before(last + 1, own[1], ago, in_force) for ago in range(1, many + 1)]
    return min(block[0] for block in found if block) if found[0] == own else None


def _in_force(rule: PlanRule[Any], year: int, plan: Plan) -> bool:
    return covers(*rule.stretch, *period_bounds(year, plan.year_start))


def is_told(f: Finding) -> bool:
    """Whether earlier records could change a finding."""
    return changes_with_more(f.status, f.comparison)


def changes_with_more(status: str, comparison: str) -> bool:
    """Whether records more could change what a requirement came to: those that are met by at least so much stay met."""
    return status != "excused" and (status != "met" or comparison != ">=")


def cut_short(judged: Iterable[Judged], days: Collection[date], plans: Iterable[Plan]) -> tuple[str, ...]:
    """A warning for each rule that looks at days of a year before the first record. ``days``: of records.

    Windows that end before it are of years without any record (``empty_periods``).
    """
    if not days:
        return ()
    first = min(days)
    years = {plan.policy: period_bounds(period_of(first, plan.year_start), plan.year_start)[0] for plan in plans}
    starts: dict[str, date] = {}
    for policy, rule, start, end in judged:
        if start < years[policy] <= end:
            starts[rule] = min(start, starts.get(rule, start))
    return tuple(
        say(
            f"{rule} looks back to {start}, but the first record is of {first}: nothing counts from before; "
            "if there are earlier records, give them too",
            f"{rule} 自 {start} 起计算，而最早的学习记录为 {first}：此前按没有学习计；如有更早的记录，请一并提供",
        )
        for rule, start in sorted(starts.items())
    )


def mostly(rows: int, rejected: int, rejects: Iterable[Reject]) -> tuple[str, str] | None:
    """Where no row at all could be read: why most of them could not."""
    if rejected < rows:
        return None
    found: dict[str, Counter[tuple[str, str]]] = {}
    for r in rejects:
        found.setdefault(r.code, Counter())[TWINS if r.code == "PE423" else (r.reason, r.reason_zh)] += 1
    most = max(found.values(), key=Counter.total, default=None)
    return most.most_common(1)[0][0] if most else None


def _open_for(result: Result) -> tuple[int, list[str]] | None:
    people: set[str] = set()
    facts: set[str] = set()
    for d in result.decisions:
        if d.outcome == "undetermined" and (own := own_facts(d.missing)):
            people.add(d.person_id)
            facts.update(own)
    return (len(people), sorted(facts)) if people else None


def _unsaid(result: Result, inputs: Inputs, fields: frozenset[str]) -> tuple[int, list[str]] | None:
    people: dict[str, set[str]] = {}
    for d in result.decisions:
        for owner, fact in map(owner_of, d.missing if d.outcome == "undetermined" else ()):
            if owner and fact in fields:
                people.setdefault(fact, set()).add(d.person_id)
    given = {fact for fact in people if any(record_fact(r, fact) is not None for r in inputs.records)}
    facts = most_of({fact: len(who) for fact, who in people.items() if fact not in given})
    return (len(set().union(*(people[f] for f in facts))), facts) if facts else None


def fields_of_records(plans: Iterable[Plan]) -> frozenset[str]:
    return frozenset(f.id for plan in plans for f in plan.fields.values() if f.of == "record")


def names_of(plans: Iterable[Plan]) -> dict[str, str]:
    """The Chinese names of fields."""
    return {f.id: f.zh for plan in plans for f in plan.fields.values() if f.zh}


def most_of(concerned: Mapping[str, int]) -> list[str]:
    """The facts that concern the most people; from fact → how many people."""
    return sorted(concerned, key=lambda fact: (-concerned[fact], fact))[:MOST]


def _unmet(result: Result, inputs: Inputs) -> Unmet | None:
    unmet = [(d.person_id, d.period) for d in result.decisions if d.outcome == "not_met"]
    if not unmet:
        return None
    persons = inputs.persons
    names = Counter(p.facts.get("name") for p in persons.values())
    alone = {name for name, number in names.items() if isinstance(name, str) and number == 1}
    named = ((who, period, persons[who].facts.get("name") if who in persons else None) for who, period in unmet)
    return first_named(named, alone, Counter(map(mask, persons)))


def first_named(
    unmet: Iterable[tuple[str, str, object]], alone: Collection[str], masks: Mapping[str, int]
) -> Unmet | None:
    """The first of some people (id, period, name) who has a word of their own, else the first without one.

    ``alone``: names that only one person has; ``masks``: how many people have a masked id.
    """
    first: Unmet | None = None
    for who, period, name in unmet:
        shown = mask(who)
        if isinstance(name, str) and name in alone:
            return Unmet(name, shown, period)
        if masks.get(shown) == 1:
            return Unmet(shown, shown, period)
        first = first or Unmet(None, shown, period)
    return first
