"""Stages 5 to 8 of one person: measures, requirements, excuses and reductions, outcomes and what follows from them.

Takes the person's account (counted hours by record and period), gives findings and decisions. Outcomes of earlier periods
are computed when a later one asks for them, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from policyengine.engines.allocate import Account, Member, figure_bounds
from policyengine.engines.calendar import DAY, add_months, block_of, full_months, label, period_bounds, period_of
from policyengine.engines.judge import UNBOUNDED, ZERO, Amount, Item, Judge, Ready
from policyengine.engines.truth import (
    Scene,
    Test,
    Truth,
    World,
    compile_rule,
    get_fact,
    missing_facts,
    owning_field,
    stretches_of,
)
from policyengine.language import tree
from policyengine.plan.model import Plan
from policyengine.records.model import Person
from policyengine.trace import Decision, Finding

EVER = (date.min, date.max)


@dataclass(slots=True)
class Later:
    """Stages 5 to 8 of one plan, compiled."""

    plan: Plan
    world: World
    judge: Judge
    once: list[Ready]
    caps: list[Ready]
    measures: list[Ready]
    carry: list[Ready]
    require: list[Ready]
    excuse: list[Ready]
    reduce: list[Ready]
    conclude: list[Ready]
    exact: bool
    subjects: tuple[str, ...]
    measure_names: tuple[str, ...]
    yearly: bool  # the policy requires something per year (or nothing at all): years are decided
    blocks: tuple[tuple[int, int], ...]  # (count, starting) of requirements per block
    _terms: dict[str, Test] = field(default_factory=dict)

    def term(self, name: str) -> Test:
        """Whether a record has the term ``name``."""
        if name not in self._terms:
            self._terms[name] = compile_rule(tree.What((name,)), None, self.world)
        return self._terms[name]


@dataclass(slots=True)
class Span:
    """What a decision is about: ``years`` periods from ``first`` on."""

    first: int
    years: int

    @property
    def last(self) -> int:
        return self.first + self.years - 1


class Case:
    """One person's findings and decisions, computed as they are asked for."""

    def __init__(self, later: Later, person: Person, account: Account, policy: str, as_of: date | None):
        self.later, self.person, self.account, self.policy, self.as_of = later, person, account, policy, as_of
        self._years: dict[int, tuple[Decision, tuple[Finding, ...]]] = {}
        self._scenes = [
            Scene(person.facts, record=r.record, period=period_of(r.record.end, later.plan.year_start))
            for r in account.records
        ]

    # --- 5. total -------------------------------------------------------------------------------------------------

    def _is_measured(self, measure: str, period: int) -> Callable[[Item], Truth]:
        """Whether an item counts toward a measure, as the measure was defined in ``period``."""
        if measure == "total":
            return lambda item: True
        for rule in self.later.measures:
            statement = rule.rule.statement
            assert isinstance(statement, tree.Measure)
            if statement.name == measure and self._governs(rule, period):
                return self._tested(rule.test)
        if self.later.plan.vocabulary.find("measure", measure) is not None:
            return lambda item: False
        return self._tested(self.later.term(measure))

    def _tested(self, test: Test) -> Callable[[Item], Truth]:
        scenes = self._scenes

        def member(item: Item) -> Truth:
            scene = scenes[item.position]
            if scene.period != item.period:
                scene = Scene(scene.person, record=scene.record, period=item.period)
            return test(scene)

        return member

    def measured(self, measure: str, span: Span, window: tuple[date, date] | None = None) -> Amount:
        """Bounds of a measure over whole periods, or over the records that end within ``window``."""
        return self.account.total(self._within(measure, span, window))

    def _within(self, measure: str, span: Span, window: tuple[date, date] | None) -> Member:
        inside = self._is_measured(measure, span.last)
        if window is None:
            first, last = span.first, span.last
            return lambda item: inside(item) if first <= item.period <= last else False
        start, end = window
        return lambda item: inside(item) if start <= item.end <= end else False

    def _carried(self, rule: Ready, period: int) -> Amount:
        """Hours that the year before left over what ``rule`` required of it."""
        for carry in self.later.carry:
            statement = carry.rule.statement
            assert isinstance(statement, tree.Carry)
            if statement.rule != rule.rule.name or not self._governs(carry, period - 1):
                continue
            scene = self._scene(period - 1)
            if carry.test(scene) is not True:
                continue
            before = next(
                (r for r in self.later.require if r.rule.name == statement.rule and self._governs(r, period - 1)), None
            )
            if before is None:
                continue
            required = self._required(before, Span(period - 1, 1), period_bounds(period - 1, self._start))
            if required is None:
                continue
            wanted = before.rule.statement
            assert isinstance(wanted, tree.Require)
            own = self.measured(wanted.measure, Span(period - 1, 1))
            limit = UNBOUNDED if statement.limit is None else self._in_unit(statement.limit, period)
            return (
                max(ZERO, min(limit, own[0] - required.high)),
                max(ZERO, min(limit, own[1] - required.low)),
            )
        return ZERO, ZERO

    def _in_unit(self, quantity: tree.Quantity, period: int) -> Fraction:
        rate = self.later.judge.rate(quantity.unit, period_bounds(period, self._start)[1])
        return quantity.value * (rate if rate is not None else 1)

    # --- 6. require, 7. reduce and excuse ---------------------------------------------------------------------------

    @property
    def _start(self) -> tuple[int, int]:
        return self.later.plan.year_start

    def _governs(self, rule: Ready, period: int) -> bool:
        first, last = period_bounds(period, self._start)
        return (rule.start is None or rule.start <= first) and (rule.until is None or last <= rule.until)

    def _scene(self, period: int, window: tuple[date, date] | None = None) -> Scene:
        return Scene(
            self.person.facts,
            self.person.circumstances,
            period=period,
            window=window or period_bounds(period, self._start),
        )

    def _required(self, rule: Ready, span: Span, window: tuple[date, date]) -> Required | None:
        """The figure that governs, before and after reductions; None where the rule has none for the period."""
        statement = rule.rule.statement
        assert isinstance(statement, tree.Require)
        bounds = self._figure(rule, statement, span)
        if bounds is None:
            return None
        base, keys = None, []
        for key, kept in rule.rule.kept:
            assert isinstance(kept, tree.Require)
            other = self._figure(rule, kept, span)
            if other is None:
                continue
            base = other[0]
            pick = max if statement.comparison == ">=" else min
            stricter = pick(bounds[0], other[0]), pick(bounds[1], other[1])
            if stricter != bounds:
                keys.append(key)
            bounds = stricter
        before = bounds
        low, high = bounds
        circumstances: list[str] = []
        missing: set[str] = set()
        for reduce in self.later.reduce:
            cut = reduce.rule.statement
            assert isinstance(cut, tree.Reduce)
            if cut.rule != rule.rule.name or not self._governs(reduce, span.last):
                continue
            scene = self._scene(span.last, window)
            truth = reduce.test(scene)
            if truth is False:
                continue
            times, kinds = self._months(cut.per, scene, window)
            each = [before[i] * cut.by if isinstance(cut.by, Fraction) else self._in_unit(cut.by, span.last)
                    for i in (0, 1)]  # fmt: skip
            low -= each[0] * times[1]
            high -= each[1] * (times[0] if truth else 0)
            if truth is None or times[0] != times[1]:
                missing.update(missing_facts(cut.when, self.later.world, scene))
                if cut.per and cut.per.before and times[0] != times[1]:
                    missing.add(f"person:{cut.per.before}")
            if times[1]:
                keys.append(reduce.key)
                circumstances += kinds
        low, high = max(low, ZERO), max(high, ZERO)
        return Required(base, before[0], min(low, high), max(low, high), keys, circumstances, missing)

    def _months(self, per: tree.PerMonth | None, scene: Scene, window: tuple[date, date]) -> tuple[Amount, list[str]]:
        """Full months for which a reduction is due, with the kinds of circumstance that they come from."""
        if per is None:
            return (Fraction(1), Fraction(1)), []
        if per.before:
            day = get_fact(scene, self.later.world.fields[per.before])
            if not isinstance(day, date):
                return (ZERO, Fraction(full_months(*window))), []
            months = Fraction(full_months(window[0], min(day - DAY, window[1])))
            return (months, months), []
        kinds = per.kinds or tuple(self.later.world.leave_kinds)
        months = Fraction(sum(full_months(a, b) for a, b in stretches_of(scene, kinds)))
        held = sorted({c.kind for c in scene.circumstances if c.kind in kinds}) if months else []
        return (months, months), held

    def _figure(self, rule: Ready, statement: tree.Require, span: Span) -> Amount | None:
        figure = statement.figure
        if not isinstance(figure, tree.Share):
            return figure_bounds(self.later.judge, figure, span.last, self.person)
        if not figure.of_requirement:
            low, high = self.measured(figure.measure, span)
            return figure.value * low, figure.value * high
        owed: list[Amount] = []
        for other in self.later.require:
            wanted = other.rule.statement
            assert isinstance(wanted, tree.Require)
            if (
                wanted.measure == figure.measure
                and not isinstance(wanted, tree.Expect)
                and wanted.window == statement.window
                and wanted.comparison == ">="
                and not isinstance(wanted.figure, tree.Share)
                and self._governs(other, span.last)
                and other.test(self._scene(span.last)) is not False
            ):
                required = self._required(other, span, self._window(statement.window, span) or EVER)
                if required is not None:
                    owed.append((required.low, required.high))
        if not owed:
            return None
        return figure.value * max(a for a, _ in owed), figure.value * max(b for _, b in owed)

    def _window(self, window: tree.Window, span: Span) -> tuple[date, date] | None:
        """The days of a requirement's window that belongs to the decision about ``span``; None when none does."""
        match window:
            case tree.PerYears(count=1):
                return period_bounds(span.first, self._start) if span.years == 1 else None
            case tree.PerYears(count=count, starting=starting):
                if span.years != count or block_of(span.first, count, starting or 0) != span.first:
                    return None
                return period_bounds(span.first, self._start, count)
            case tree.AnyYears(count=count):
                if span.years != 1:
                    return None
                return period_bounds(span.first - count + 1, self._start, count)
            case tree.Within(months=months, field=name):
                day = get_fact(self._scene(span.first), self.later.world.fields[name])
                if span.years != 1 or not isinstance(day, date):
                    return None
                last = add_months(day, months) - DAY
                return (day, last) if period_of(last, self._start) == span.first else None
        return None

    def _findings(self, span: Span) -> tuple[Finding, ...]:
        found = []
        for rule in self.later.require:
            statement = rule.rule.statement
            assert isinstance(statement, tree.Require)
            window = self._window(statement.window, span)
            if window is None or not self._governs(rule, span.last):
                continue
            scene = self._scene(span.last, window)
            applies = rule.test(scene)
            if applies is False:
                continue
            required = self._required(rule, span, window)
            if required is not None:
                found.append(self._finding(rule, statement, span, window, scene, applies, required))
        return tuple(found)

    def _finding(
        self,
        rule: Ready,
        statement: tree.Require,
        span: Span,
        window: tuple[date, date],
        scene: Scene,
        applies: Truth,
        required: Required,
    ) -> Finding:
        carried = (ZERO, ZERO)
        dated = window if isinstance(statement.window, tree.Within) else None
        stretch = span
        if isinstance(statement.window, tree.AnyYears):
            stretch = Span(span.first - statement.window.count + 1, statement.window.count)
        elif statement.window == tree.PerYears():
            carried = self._carried(rule, span.first)
        member = self._within(statement.measure, stretch, dated)
        low, high = self.account.total(member)
        low, high = low + carried[0], high + carried[1]
        if statement.comparison == ">=":
            status = "met" if low >= required.high else "not_met" if high < required.low else "undetermined"
        else:
            status = "met" if high <= required.low else "not_met" if low > required.high else "undetermined"
        missing: set[str] = set()
        if applies is None and status != "met":
            status = "undetermined"
            missing.update(missing_facts(statement.when, self.later.world, scene))
        excusing, keys, kinds = self._excused(rule, span, scene)
        waiting = self.as_of is not None and self.as_of < window[1]
        if status != "met" or (waiting and statement.comparison == "<="):
            if excusing is True:
                status = "excused"
            elif waiting:
                status = "in_progress"
            elif excusing is None and status == "not_met":
                status = "undetermined"
        if status in ("undetermined", "in_progress"):
            missing.update(required.missing)
            missing.update(self._doubts(statement.measure, member))
            if excusing is None:
                missing.update(self._excuse_lacks(rule, span, scene))
        unbounded = high >= UNBOUNDED / 2
        short = max(ZERO, required.high - low) if statement.comparison == ">=" else max(ZERO, low - required.low)
        return Finding(
            person_id=self.person.person_id,
            period=label(span.first, span.years),
            policy=self.policy,
            rule=rule.key,
            measure=statement.measure,
            unit=self.later.plan.unit,
            comparison=statement.comparison,
            advisory=isinstance(statement, tree.Expect),
            required_base=required.base,
            required_before=required.before,
            required=required.low,
            required_high=None if required.high >= UNBOUNDED / 2 else required.high,
            achieved=low,
            achieved_high=None if unbounded else high,
            carried=carried[0],
            shortfall=ZERO if status == "met" else short,
            status=status,
            window=window,
            because=tuple(required.keys + (keys if status == "excused" else [])),
            circumstance="+".join(dict.fromkeys(required.circumstances + (kinds if status == "excused" else []))),
            missing=tuple(sorted(missing)),
        )

    def _excuses(self, rule: Ready, span: Span) -> list[Ready]:
        return [
            e
            for e in self.later.excuse
            if self._governs(e, span.last) and (not (names := e.rule.statement.rules) or rule.rule.name in names)  # type: ignore[attr-defined]
        ]

    def _excused(self, rule: Ready, span: Span, scene: Scene) -> tuple[Truth, list[str], list[str]]:
        result: Truth = False
        for excuse in self._excuses(rule, span):
            truth = excuse.test(scene)
            if truth:
                first, last = scene.window
                kinds = [
                    c.kind
                    for c in scene.circumstances
                    if (c.start is None or c.start <= last) and (c.end is None or c.end >= first)
                ]
                return True, [excuse.key], sorted(set(kinds))
            if truth is None:
                result = None
        return result, [], []

    def _excuse_lacks(self, rule: Ready, span: Span, scene: Scene) -> set[str]:
        return {
            name
            for excuse in self._excuses(rule, span)
            for name in missing_facts(excuse.rule.statement.when, self.later.world, scene)
        }

    def _doubts(self, measure: str, member: Member) -> set[str]:
        """What would settle the measure: the missing facts of its doubtful records."""
        found = set()
        for item in self.account.items:
            truth = member(item)
            if truth is False:
                continue
            judged = self.account.records[item.position]
            if item.low != item.high or item.counted_low != item.counted_high:
                found.update(f"{judged.record.record_id}:{name}" for name in judged.missing)
            if truth is None:
                rule = next((m for m in self.later.measures if m.rule.statement.name == measure), None)  # type: ignore[attr-defined]
                about = (rule.rule.statement.what, rule.rule.statement.when) if rule else tree.What((measure,))  # type: ignore[attr-defined]
                lacks = missing_facts(about, self.later.world, self._scenes[item.position])
                found.update(f"{judged.record.record_id}:{name}" for name in lacks)
        return found

    # --- 8. conclude ------------------------------------------------------------------------------------------------

    def year(self, period: int) -> tuple[Decision, tuple[Finding, ...]]:
        """The decision of one period with its findings."""
        if period not in self._years:
            self._years[period] = self.decide(Span(period, 1))
        return self._years[period]

    def decide(self, span: Span) -> tuple[Decision, tuple[Finding, ...]]:
        """The decision about a year or a block of years."""
        findings = self._findings(span)
        statuses = {f.status for f in findings if not f.advisory}
        outcome = next((s for s in ("not_met", "undetermined", "in_progress", "excused") if s in statuses), "met")
        last_day = period_bounds(span.first, self._start, span.years)[1]
        sure, possible = self._consequences(span, outcome)
        by_subject = {s: self.measured(s, span)[0] for s in self.later.subjects}
        total = self.measured("total", span)
        firm = {f.measure: f for f in reversed(findings) if f.window == self._days(span)}
        return Decision(
            person_id=self.person.person_id,
            period=label(span.first, span.years),
            policy=self.policy,
            outcome=outcome,
            unit=self.later.plan.unit,
            total=total[0],
            total_high=None if total[1] >= UNBOUNDED / 2 else total[1],
            by_subject=by_subject,
            required_total=firm["total"].required if "total" in firm else None,
            shortfall_total=firm["total"].shortfall if "total" in firm else None,
            required_by_subject={
                s: r for s in self.later.subjects if s in firm and (r := firm[s].required) is not None
            },
            shortfall_by_subject={s: firm[s].shortfall for s in self.later.subjects if s in firm},
            capped_off=self._capped_off(span),
            advisories=tuple(f.rule for f in findings if f.advisory and f.status == "not_met"),
            consequences=tuple(n for n, _ in sure),
            consequence_rules=tuple(k for _, k in sure),
            possible=tuple(n for n, _ in possible),
            measures={m: self.measured(m, span)[0] for m in self.later.measure_names},
            days_left=(last_day - self.as_of).days if outcome == "in_progress" and self.as_of else None,
            missing=tuple(sorted({m for f in findings if f.status == outcome == "undetermined" for m in f.missing})),
        ), findings

    def _days(self, span: Span) -> tuple[date, date]:
        return period_bounds(span.first, self._start, span.years)

    def _capped_off(self, span: Span) -> Fraction:
        return sum(
            (
                item.low - item.counted_low
                for item in self.account.items
                if span.first <= item.period <= span.last and item.cut_by and item.low > item.counted_low
            ),
            ZERO,
        )

    def _consequences(self, span: Span, outcome: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        sure, possible = [], []
        scene = self._scene(span.last, self._days(span))
        scene.outcome = lambda year: outcome if year == span.last else self.year(year)[0].outcome
        for rule in self.later.conclude:
            if not self._governs(rule, span.last):
                continue
            truth = rule.test(scene)
            statement = rule.rule.statement
            assert isinstance(statement, tree.Conclude)
            if truth is not False:
                (sure if truth else possible).append((statement.name, rule.key))
        return sure, possible


@dataclass(slots=True)
class Required:
    """A requirement's figure: as overridden, before reductions, and the bounds of what governs."""

    base: Fraction | None
    before: Fraction
    low: Fraction
    high: Fraction
    keys: list[str]
    circumstances: list[str]
    missing: set[str]


def subjects_of(plan: Plan) -> tuple[str, ...]:
    """The terms of ``subject``, in the vocabulary's order."""
    return tuple(w.id for w in plan.vocabulary.terms_of("subject"))


def owner(plan_world: World, term: str) -> str:
    return owning_field(tree.What((term,)), plan_world)
