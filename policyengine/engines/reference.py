"""The reference evaluator: what a policy means, stage by stage, in exact fractions. Plan and inputs in, trace out.

It follows ``docs/semantics.md`` sentence by sentence; every other engine is tested against it. One person's case
depends on nothing but that person's records and facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from policyengine.engines.allocate import account
from policyengine.engines.calendar import block_of, label, period_bounds, period_of
from policyengine.engines.conclude import Case, Later, Span, subjects_of
from policyengine.engines.judge import NOTHING, UNBOUNDED, ZERO, Item, Judge, Judged, Ready, in_force, ready
from policyengine.engines.lookup import Finder
from policyengine.engines.truth import Scene, World, get_fact, missing_facts, record_fact
from policyengine.language import tree
from policyengine.plan.caps import exact_bounds
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


def prepare(plan: Plan) -> Prepared:
    """Compile a plan once."""
    leave = frozenset(w.id for w in plan.vocabulary.terms_of("circumstance") if w.leave)
    finders = {name: Finder(table) for name, table in plan.tables.items()}
    world = World(plan.fields, plan.vocabulary, finders, plan.year_start, leave)
    judge = Judge.of(plan, world)
    windows = [r.statement.window for r in plan.require]
    blocks = sorted({(w.count, w.starting or 0) for w in windows if isinstance(w, tree.PerYears) and w.count > 1})
    later = Later(
        plan,
        world,
        judge,
        *(
            ready(getattr(plan, stage), world, record_stage=False)
            for stage in (
                "count_once",
                "caps",
                "measures",
                "carry",
                "require",
                "excuse",
                "reduce",
                "conclude",
            )
        ),
        exact=exact_bounds(plan.caps),
        subjects=subjects_of(plan),
        measure_names=tuple(dict.fromkeys(r.statement.name for r in plan.measures)),
        yearly=not windows or any(not isinstance(w, tree.PerYears) or w.count == 1 for w in windows),
        blocks=tuple(blocks),
    )
    return Prepared(plan, judge, later, ready(plan.flags, world))


def evaluate(
    plan: Plan | Prepared, inputs: Inputs, periods: Periods | None = None, as_of: date | None = None
) -> Result:
    """Judge everybody in ``inputs`` over ``periods`` (first and last number; None: every year that has a record)."""
    prepared = plan if isinstance(plan, Prepared) else prepare(plan)
    by_person: dict[str, list[Record]] = {}
    for record in inputs.records:
        by_person.setdefault(record.person_id, []).append(record)
    asked = periods or years_of(prepared.plan, inputs.records)
    decisions: list[Decision] = []
    findings: list[Finding] = []
    ledger: list[LedgerEntry] = []
    flags: list[FlagEntry] = []
    if asked is not None:
        for person_id in sorted({*inputs.persons, *by_person}):
            person = inputs.persons.get(person_id) or Person(person_id)
            one = evaluate_person(prepared, person, by_person.get(person_id, []), asked, as_of)
            decisions += one.decisions
            findings += one.findings
            ledger += one.ledger
            flags += one.flags
    return Result(tuple(decisions), tuple(findings), tuple(ledger), tuple(flags))


def years_of(plan: Plan, records: Iterable[Record]) -> Periods | None:
    """The first and last period in which a record ends; None without records."""
    years = {period_of(r.end, plan.year_start) for r in records}
    return (min(years), max(years)) if years else None


def evaluate_person(
    prepared: Prepared, person: Person, records: Iterable[Record], asked: Periods, as_of: date | None = None
) -> Result:
    """One person's decisions, findings, ledger rows and flags for the asked periods."""
    ordered = sorted(records, key=lambda r: (r.end, r.record_id))
    judged = [prepared.judge.judge(r, person) for r in ordered]
    later = prepared.later
    booked = account(prepared.judge, later.once, later.caps, person, judged, later.exact)
    case = Case(later, person, booked, prepared.plan.policy, as_of)
    decided = [case.year(y) for y in range(asked[0], asked[1] + 1)] if later.yearly else []
    decided += [case.decide(span) for span in _blocks(prepared.plan, later, asked, as_of)]
    return Result(
        tuple(d for d, _ in decided),
        tuple(f for _, found in decided for f in found),
        tuple(_ledger(judged, booked.items, booked.duplicates, asked)),
        tuple(_flags(prepared, person, ordered)),
    )


def _blocks(plan: Plan, later: Later, asked: Periods, as_of: date | None) -> list[Span]:
    """Blocks of years that end within the asked periods, or, with ``as_of``, hold it and an asked period."""
    spans = []
    for count, starting in later.blocks:
        first = block_of(asked[0], count, starting)
        while first <= asked[1]:
            days = period_bounds(first, plan.year_start, count)
            if first + count - 1 <= asked[1] or (as_of is not None and days[0] <= as_of <= days[1]):
                spans.append(Span(first, count))
            first += count
    return spans


# --- the ledger -------------------------------------------------------------------------------------------------------


def _ledger(records: list[Judged], items: list[Item], duplicates: set[int], asked: Periods) -> Iterable[LedgerEntry]:
    """A row per record and asked period, or one that says that it counts in none of them; by record id, period."""
    of: dict[int, list[Item]] = {}
    for item in items:
        of.setdefault(item.position, []).append(item)
    for position in sorted(range(len(records)), key=lambda p: records[p].record.record_id):
        judged = records[position]
        inside = [i for i in of[position] if asked[0] <= i.period <= asked[1]]
        if not inside:
            yield _entry(judged, None, NOTHING, None, "outside_period")
        for item in inside:
            reason = judged.reason
            if reason in ("counted", "missing_fact", "ambiguous"):
                if position in duplicates:
                    reason = "duplicate"
                elif reason == "counted" and item.cut_by:
                    reason = "capped"
                elif reason == "counted" and item.low != item.high:
                    reason = "missing_fact"
            yield _entry(judged, item, judged.claimed[item.period], label(item.period), reason)


def _entry(
    judged: Judged, item: Item | None, converted: tuple[object, object], period: str | None, reason: str
) -> LedgerEntry:
    record, facts = judged.record, judged.record.facts
    low, high = converted
    return LedgerEntry(
        record_id=record.record_id,
        person_id=record.person_id,
        period=period,
        form=facts.get("form"),  # type: ignore[arg-type]
        subject=facts.get("subject"),  # type: ignore[arg-type]
        quantity=record.quantity,
        unit=record.unit,
        converted=low,  # type: ignore[arg-type]
        converted_high=_shown(high),
        counted=item.counted_low if item else ZERO,
        counted_high=_shown(item.counted_high) if item else ZERO,
        recognise_rule=judged.recognise_rule,
        convert_rule=judged.convert_rule,
        assign_rule=judged.assign_rule,
        cap_rule="+".join(item.cut_by) if item else "",
        reason=reason,
        missing=judged.missing,
    )


def _shown(high: object) -> object:
    return None if high >= UNBOUNDED / 2 else high  # type: ignore[operator]


# --- flags ------------------------------------------------------------------------------------------------------------


def _flags(prepared: Prepared, person: Person, records: list[Record]) -> Iterable[FlagEntry]:
    """Compliance flags on every record that could be read; ``records`` in order."""
    if not prepared.flags:
        return
    seen: dict[tuple[str, ...], set[tuple[object, ...]]] = {}
    found: list[FlagEntry] = []
    for record in records:
        scene = Scene(person.facts, record=record, period=period_of(record.end, prepared.plan.year_start))
        asked: dict[tuple[str, ...], tuple[object, ...]] = {}

        def repeated(names: tuple[str, ...], record: Record = record, asked: dict = asked) -> bool:  # type: ignore[type-arg]
            values = asked[names] = tuple(record_fact(record, n) for n in names)
            return None not in values and values in seen.get(names, ())

        scene.repeated = repeated
        for rule in prepared.flags:
            for names in _repeats(rule):
                repeated(names)
            if not in_force(rule, record.end):
                continue
            truth, statement = rule.test(scene), rule.rule.statement
            assert isinstance(statement, tree.Flag)
            if truth is not False:
                missing = () if truth else missing_facts(statement.when, prepared.judge.world, scene)
                text = statement.text or ""
                found.append(
                    FlagEntry(
                        record.record_id, record.person_id, statement.name, rule.key, text, truth is True, missing
                    )
                )
        for names, values in asked.items():
            seen.setdefault(names, set()).add(values)
    yield from sorted(found, key=lambda f: (f.record_id, f.flag, f.rule))


def _repeats(rule: Ready) -> list[tuple[str, ...]]:
    from policyengine.engines.truth import walk

    return [n.fields for n in walk(rule.rule.statement.when) if isinstance(n, tree.Repeated)]


__all__ = ["Prepared", "evaluate", "evaluate_person", "get_fact", "prepare", "years_of"]
