"""Stages 6 and 7, require, reduce and excuse: a person's measures go in, findings come out.

A finding says what was required, what was achieved, and which of met, not met and excused are possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from functools import lru_cache, partial

from policyengine.engines.calendar import DAY, full_months, label, period_bounds, term_in, window_from
from policyengine.engines.facts import DECIDED, Scene, Truth, get_fact
from policyengine.engines.later import Later, Required, Stretch
from policyengine.engines.numbers import LIMITLESS, NOTHING, UNBOUNDED, ZERO, Amount, Number, times
from policyengine.engines.ready import Ready
from policyengine.engines.reasons import held_kinds, telling, truth_in
from policyengine.engines.totals import Totals
from policyengine.engines.truth import stretches_of
from policyengine.engines.windows import own_figure
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.plan.names import walk
from policyengine.records.model import Person
from policyengine.trace import Finding

OPEN = frozenset(DECIDED)
YEAR = tree.PerYears()


@dataclass(frozen=True, slots=True)
class Span:
    """What a decision is about: ``years`` periods from ``first`` on."""

    first: int
    years: int

    @property
    def last(self) -> int:
        return self.first + self.years - 1


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one reduction gives at least (off the most that may be required) and at most (off the least); what it gives
    at most off the most, the kinds of circumstance that it is for, and what would settle it."""

    least: Number
    most: Number
    greatest: Number
    kinds: list[str]
    missing: set[str]


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a period may leave to the next over what ``wanted`` requires of it. ``limit``: the most that is carried;
    ``unsure``: perhaps nothing is; ``lacks``: what would settle it, beside the facts of records."""

    wanted: tree.Require
    required: Required
    limit: Number
    unsure: bool
    lacks: set[str]


class Requirements:
    """One person's findings."""

    def __init__(self, later: Later, person: Person, totals: Totals, as_of: date | None):
        self.later, self.person, self.totals, self.as_of = later, person, totals, as_of
        self._start = later.plan.year_start

    def findings(self, span: Span) -> Iterator[tuple[Finding, frozenset[str]]]:
        """The findings of a period, each with the outcomes that are possible for it."""
        last = span.last
        for rule, statement in self.later.requirements(span.first, span.years):
            stretch = self._stretch(statement.window, span)
            if stretch is None:
                continue
            scene = self._scene(last, stretch)
            applies = rule.test(scene)
            required = None if applies is False else self._required(rule, stretch, last)
            if required is not None:
                yield self._finding(rule, statement, span, stretch, scene, applies, required)

    def spared(self, span: Span) -> Iterator[str]:
        """The rules that require what is excused if it is not met, whatever is counted."""
        for rule, statement in self.later.requirements(span.first, span.years):
            stretch = self._stretch(statement.window, span)
            if stretch is not None and self._excused(rule, span.last, self._scene(span.last, stretch))[0]:
                yield rule.key

    def ends_with(self, name: str, span: Span) -> Truth:
        """Whether a window of a requirement ends with a period; unknown where it lies nobody knows where. A requirement
        that is not in force binds nobody to any period: true."""
        governing = [r for r in self.later.require if r.rule.name == name and r.governs(span.last, self._start)]
        own = [(r, s) for r, s in self.later.requirements(span.first, span.years) if r.rule.name == name]
        ending = [stretch for _, s in own if (stretch := self._stretch(s.window, span)) is not None]
        if not governing or any(not stretch.adrift for stretch in ending):
            return True
        return None if ending else False

    def scene(self, period: int, window: tuple[date, date]) -> Scene:
        """What the conditions of a period's rules can see."""
        return Scene(self.person.facts, self.person.circumstances, None, period, window)

    def _scene(self, period: int, stretch: Stretch) -> Scene:
        scene = self.scene(period, stretch.days)
        if stretch.adrift:
            scene.adrift = True
        return scene

    # --- windows --------------------------------------------------------------------------------------------------

    def adrift(self, span: Span) -> set[str]:
        """The rules of which it is not known where their window lies, for want of a date of the person."""
        windows = ((rule.key, s.window) for rule, s in self.later.requirements(span.first, span.years))
        dated = ((key, self.person.facts.get(w.field)) for key, w in windows if isinstance(w, tree.Within))
        return {key for key, day in dated if not isinstance(day, date)}

    def _stretch(self, window: tree.Window, span: Span) -> Stretch | None:
        """The stretch of a window that belongs to the decision about ``span``; None when none does."""
        match window:
            case tree.PerYears(count=count):
                return self.later.stretch(span.first, count)
            case tree.AnyYears(count=count):
                return self.later.stretch(span.first - count + 1, count)
            case tree.Within(months=months, field=name):
                day, period = self.person.facts.get(name), period_bounds(span.first, self._start)
                if not isinstance(day, date):
                    return Stretch(span.first + 1, span.first, period, adrift=months)
                days = ending_in(window, day, period)
                return Stretch(span.first, span.first, days, dated=True) if days is not None else None
        return None

    # --- what is required -----------------------------------------------------------------------------------------

    def _required(self, rule: Ready, stretch: Stretch, period: int) -> Required | None:
        """The figure that governs, before and after reductions; None where the rule has none for the period."""
        if self.later.personal(rule):
            return self._work_out(rule, stretch, period)
        known = self.later.figures
        asked = (id(rule), period)
        if asked not in known:
            known[asked] = self._work_out(rule, stretch, period)
        return known[asked]

    def _work_out(self, rule: Ready, stretch: Stretch, period: int) -> Required | None:
        statement = rule.rule.statement
        assert isinstance(statement, tree.Require)
        missing: set[str] = set()
        own = self._figure(statement, stretch, period, missing)
        bounds, perhaps_none = own if own is not None else (None, True)
        base, keys = None, []
        pick = max if statement.comparison == ">=" else min
        for kept in rule.kept:
            wanted = kept.rule.statement
            assert isinstance(wanted, tree.Require)
            found = self._figure(wanted, stretch, period, missing)
            if found is not None:  # it governs alone where the rule over it has no figure
                other, absent = found
                base, perhaps_none = other[0], perhaps_none and absent
                stricter = other if bounds is None else (pick(bounds[0], other[0]), pick(bounds[1], other[1]))
                if stricter != bounds:
                    keys.append(kept.key)
                bounds = stricter
        if bounds is None:
            return None
        result = Required(base, bounds[0], *bounds, perhaps_none, keys, missing=missing)
        for reduce in self.later.reduce:
            cut = reduce.rule.statement
            assert isinstance(cut, tree.Reduce)
            if cut.rule == rule.rule.name and reduce.governs(period, self._start):
                self._reduce(reduce, bounds, result, self._scene(period, stretch), stretch.adrift)
        result.low, result.high = max(result.low, ZERO), max(result.high, ZERO)
        return result

    def _figure(
        self, statement: tree.Require, stretch: Stretch, period: int, missing: set[str]
    ) -> tuple[Amount, bool] | None:
        """A figure's bounds, and whether there may be none at all; None where there is none."""
        figure = statement.figure
        if not isinstance(figure, tree.Share):
            found = own_figure(self.later.judge, figure, period, self.person)
            if found is None:
                return None
            rate = self.later.judge.rate(found.unit, period_bounds(period, self._start)[1])
            if rate is None:
                missing.add("exchange")
                return (ZERO, UNBOUNDED), bool(found.missing)
            missing.update(found.settled_by)
            low, high = times(found.low, rate), times(found.high, rate)
            if not found.missing:
                return (low, high), False
            return ((ZERO, high) if statement.comparison == ">=" else (low, UNBOUNDED)), True
        if figure.of_requirement:
            owed = self._owed(figure.measure, statement.window, stretch, period, missing)
            if owed is None:
                return None
            (low, high), perhaps_none = owed
        else:
            perhaps_none = False
            low, high = self.totals.of(figure.measure, stretch)
            if stretch.adrift:  # of what may be counted there: as much as there is, or nothing
                low, high = ZERO, self.totals.everything()[1]
            missing |= self.totals.doubts(figure.measure, stretch)
        return (figure.value * low, figure.value * high), perhaps_none

    def _owed(
        self, measure: str, window: tree.Window, stretch: Stretch, period: int, missing: set[str]
    ) -> tuple[Amount, bool] | None:
        """The strictest firm requirement on a measure with that window, and whether there may be none; None where there
        is none."""
        low, high = ZERO, ZERO
        found, perhaps_none = False, True
        for other in self.later.require:
            wanted = other.rule.statement
            assert isinstance(wanted, tree.Require)
            if (
                wanted.measure != measure
                or isinstance(wanted, tree.Expect)
                or wanted.window != window
                or wanted.comparison != ">="
                or isinstance(wanted.figure, tree.Share)
                or not other.governs(period, self._start)
            ):
                continue
            scene = self._scene(period, stretch)
            applies = other.test(scene)
            required = None if applies is False else self._required(other, stretch, period)
            if required is None:
                continue
            found, high = True, max(high, required.high)
            missing.update(required.missing)
            if applies:
                low, perhaps_none = max(low, required.low), perhaps_none and required.perhaps_none
            else:
                missing.update(other.lacks(scene))
        return ((low, high), perhaps_none) if found else None

    # --- 7. reduce ------------------------------------------------------------------------------------------------

    def _reduce(self, reduce: Ready, before: Amount, result: Required, scene: Scene, adrift: int) -> None:
        """Lower the figure by what one reduction gives; the figure's low bound by the most that it may give."""
        pieces = [self._piece(one, before, scene, adrift) for one in (reduce, *reduce.kept)]
        least, most = min(p.least for p in pieces), min(p.most for p in pieces)
        greatest = min(p.greatest for p in pieces)  # of a figure that the law leaves open there may be more to take off
        result.low, result.high = result.low - most, result.high - least
        if least < greatest:
            result.missing.update(*(p.missing for p in pieces))
        if greatest:
            result.keys.append(reduce.key)
            result.circumstances += next(p.kinds for p in pieces if p.most == most)

    def _piece(self, one: Ready, before: Amount, scene: Scene, adrift: int) -> Reduction:
        """What one of the reductions that are kept together gives."""
        cut = one.rule.statement
        assert isinstance(cut, tree.Reduce)
        truth = one.test(scene)
        (few, many), held = ((ZERO, ZERO), []) if truth is False else self._months(cut.per, scene, adrift)
        missing = set(one.lacks(scene)) if truth is None else set()
        if few != many and cut.per is not None and cut.per.before:
            missing.add(f"person:{cut.per.before}")
        by: Amount
        if isinstance(cut.by, Fraction):
            by = before[0] * cut.by, before[1] * cut.by
        else:
            by = (self._in_unit(cut.by, scene.period),) * 2
        return Reduction(by[1] * few if truth else ZERO, by[0] * many, by[1] * many, held, missing)

    def _months(self, per: tree.PerMonth | None, scene: Scene, adrift: int) -> tuple[tuple[int, int], list[str]]:
        """Full months for which a reduction is due, with the kinds of circumstance that they come from.

        ``adrift``: the window has so many months, and it is not known where it lies.
        """
        if per is None:
            return (1, 1), []
        if adrift:
            kinds = per.kinds or tuple(self.later.world.leave_kinds)
            return (0, adrift if per.before or any(c.kind in kinds for c in scene.circumstances) else 0), []
        first, last = scene.window
        if per.before:
            day = get_fact(scene, self.later.world.fields[per.before])
            if not isinstance(day, date):
                return (0, full_months(first, last)), []
            months = full_months(first, min(day - DAY, last)) if day > first else 0
            return (months, months), []
        kinds = per.kinds or tuple(self.later.world.leave_kinds)

        def months_of(some: Iterable[str]) -> int:
            return sum(full_months(a, b) for a, b in stretches_of(scene, some))

        months = months_of(kinds)
        return (months, months), telling(held_kinds(scene, kinds), months_of) if months else []

    def _in_unit(self, quantity: tree.Quantity, period: int) -> Number:
        rate = self.later.judge.rate(quantity.unit, period_bounds(period, self._start)[1])
        return quantity.value * (1 if rate is None else rate)

    # --- 5. carry -------------------------------------------------------------------------------------------------

    def _carried(self, rule: Ready, period: int) -> tuple[Amount, set[str]]:
        """Hours that the year before left over what ``rule`` required of it, and what would settle them."""
        for carry in self.later.carry:
            statement = carry.rule.statement
            assert isinstance(statement, tree.Carry)
            if statement.rule != rule.rule.name or not carry.governs(period - 1, self._start):
                continue
            left = self.leaving(carry, statement.rule, period - 1)
            if left is None:
                continue
            summed = left.wanted.measure, self.later.stretch(period - 1, 1), left.wanted.this_period
            own = self.totals.of(*summed)
            low = ZERO if left.unsure else max(ZERO, min(left.limit, own[0] - left.required.high))
            high = max(ZERO, min(left.limit, own[1] - left.required.low))
            return (low, high), set() if low == high else left.lacks | self.totals.doubts(*summed)
        return NOTHING, set()

    def leaving(self, carry: Ready, name: str, period: int) -> Leaving | None:
        """What a period leaves by a sentence that carries what is over the requirement ``name``; None: that does not
        apply there."""
        before = self.later.required_yearly(name, period)
        if before is None:
            return None
        stretch = self.later.stretch(period, 1)
        scene, rules = self._scene(period, stretch), (before, carry, *carry.kept)
        truths = [one.test(scene) for one in rules]
        required = None if False in truths else self._required(before, stretch, period)
        if required is None:
            return None
        limits = [c.rule.statement.limit for c in (carry, *carry.kept)]  # type: ignore[attr-defined]
        limit = min((self._in_unit(one, period + 1) for one in limits if one is not None), default=UNBOUNDED)
        lacks = {f for one, truth in zip(rules, truths, strict=True) if truth is None for f in one.lacks(scene)}
        wanted = before.rule.statement
        assert isinstance(wanted, tree.Require)
        return Leaving(wanted, required, limit, None in truths or required.perhaps_none, required.missing | lacks)

    # --- findings -------------------------------------------------------------------------------------------------

    def _finding(
        self, rule: Ready, statement: tree.Require, span: Span, stretch: Stretch, scene: Scene, applies: Truth,
        required: Required,
    ) -> tuple[Finding, frozenset[str]]:  # fmt: skip
        carried, open_carry = NOTHING, set[str]()
        if self.later.carry and statement.window == YEAR:
            carried, open_carry = self._carried(rule, span.first)
        if stretch.adrift:
            low, high, applies = ZERO, self.totals.everything()[1], None
        else:
            low, high = self.totals.of(statement.measure, stretch, statement.this_period)
        low, high = low + carried[0], high + carried[1]
        least = statement.comparison == ">="
        if least:
            state = "met" if low >= required.high else "not_met" if high < required.low else "undetermined"
        else:
            state = "met" if high <= required.low else "not_met" if low > required.high else "undetermined"
        if (applies is None or required.perhaps_none) and state == "not_met":
            state = "undetermined"
        excusing: Truth = False
        keys: list[str] = []
        kinds: list[str] = []
        waiting = self.as_of is not None and self.as_of < stretch.days[1]
        growing = waiting and _grows(rule)
        if (state != "met" or growing) and self.later.excuse:
            excusing, keys, kinds = self._excused(rule, span.last, scene)
        status, possible = status_of(state, least, excusing, waiting, growing)
        missing: set[str] = set()
        if status in ("undetermined", "in_progress"):
            missing = required.missing | self.totals.doubts(statement.measure, stretch, statement.this_period)
            missing |= open_carry
            if applies is None:
                missing.update(rule.lacks(scene))
            if stretch.adrift:
                missing.update(self._anchor(statement.window))
            if excusing is None and (least or growing or status == "undetermined"):  # none ends a maximum's wait
                missing.update(name for e in self.later.excuses(rule, span.last) for name in e.lacks(scene))
        excused, shown = status == "excused", self.later.shown
        because, named = required.keys, required.circumstances
        if excused:
            because, named = because + keys, named + kinds
        owing = required.low if required.high >= LIMITLESS else required.high  # without a figure nobody lacks a number
        short = ZERO if status == "met" else max(ZERO, owing - low if least else low - required.low)
        return Finding(
            person_id=self.person.person_id,
            period=label(span.first, span.years),
            policy=self.later.plan.policy,
            rule=rule.key,
            measure=statement.measure,
            unit=self.later.plan.unit,
            comparison=statement.comparison,
            advisory=isinstance(statement, tree.Expect),
            required_base=None if required.base is None else shown.exact(required.base),
            required_before=shown.exact(required.before),
            required=shown.exact(required.low),
            required_high=shown.high(required.high),
            achieved=shown.exact(low),
            achieved_high=shown.high(high),
            carried=shown.exact(carried[0]),
            shortfall=shown.exact(short),
            status=status,
            window=stretch.days,
            because=tuple(because),
            circumstance="+".join(dict.fromkeys(named)) if named else "",
            missing=tuple(sorted(missing)) if missing else (),
        ), possible

    def _anchor(self, window: tree.Window) -> tuple[str, ...]:
        return (f"person:{window.field}",) if isinstance(window, tree.Within) else ()

    # --- 7. excuse ------------------------------------------------------------------------------------------------

    def _excused(self, rule: Ready, period: int, scene: Scene) -> tuple[Truth, list[str], list[str]]:
        """Whether an excuse holds, its key, and the circumstances that it speaks of."""
        result: Truth = False
        for excuse in self.later.excuses(rule, period):
            truth = excuse.test(scene)
            if truth:
                conditions = [one.rule.statement.when for one in (excuse, *excuse.kept)]
                held = held_kinds(scene, set().union(*map(self._kinds, conditions)))
                return True, [excuse.key], telling(held, partial(truth_in, excuse, scene, held))
            if truth is None:
                result = None
        return result, [], []

    def _kinds(self, when: tree.Condition | None) -> set[str]:
        """The circumstances that a condition speaks of."""
        kinds: set[str] = set()
        every = {w.id for w in self.later.plan.vocabulary.terms_of("circumstance")}
        for node in walk(when):
            if isinstance(node, tree.Lasts):
                kinds.update(node.kinds or self.later.world.leave_kinds)
            elif isinstance(node, tree.Term) and node.id in every:
                kinds.add(node.id)
            elif isinstance(node, tree.Present) and node.field == "circumstance":
                kinds |= every
        return kinds


def ending_in(window: tree.Within, day: date, period: tuple[date, date]) -> tuple[date, date] | None:
    """First and last day of the window from a day that ends within a period; None where none does."""
    if window.again:
        return term_in(day, window.months, *period)
    days = window_from(day, window.months)
    return days if period[0] <= days[1] <= period[1] else None


def _grows(rule: Ready) -> bool:
    """Whether what is required is a share of what is counted, so that more records raise it."""
    figures = [r.rule.statement.figure for r in (rule, *rule.kept)]  # type: ignore[attr-defined]
    return any(isinstance(f, tree.Share) and not f.of_requirement and f.value > 0 for f in figures)


@lru_cache(maxsize=64)
def status_of(
    state: str, least: bool, excusing: Truth, waiting: bool, growing: bool = False
) -> tuple[str, frozenset[str]]:
    """A finding's status and the outcomes that are possible for it.

    ``state``: met, not_met or undetermined, before any excuse; ``least``: it is a minimum; ``waiting``: its window has
    not ended; ``growing``: until then more records may raise what is required.
    """
    open_still = growing or state == "undetermined" or (state == "not_met" if least else state == "met")
    if waiting and open_still:
        if excusing is True and state == "not_met":
            return "excused", frozenset(("excused",))
        return "in_progress", OPEN
    possible = set()
    if state != "not_met":
        possible.add("met")
    if state != "met":
        possible.update(("excused",) if excusing is not False else ())
        possible.update(("not_met",) if excusing is not True else ())
    return (possible.copy().pop() if len(possible) == 1 else "undetermined"), frozenset(possible)
