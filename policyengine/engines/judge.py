"""Stages 1 to 3: a record is recognised, converted and assigned. Takes a record, gives what it may count, where.

``docs/semantics.md`` states the meaning; every amount is an interval of exact fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import DAY, period_bounds, period_of
from policyengine.engines.truth import (
    Scene,
    Test,
    World,
    compile_rule,
    find_figure,
    get_fact,
    missing_facts,
    owning_field,
)
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.plan.model import Plan, PlanRule
from policyengine.records.model import Person, Record

ZERO = Fraction(0)
UNBOUNDED = Fraction(10**15)  # beyond any sum that declared bounds allow; shown as "no upper bound"
Amount = tuple[Fraction, Fraction]
NOTHING: Amount = (ZERO, ZERO)


@dataclass(slots=True)
class Ready:
    """A rule with its test compiled. ``names_form``: its ``what`` speaks of forms; ``forms`` those it names."""

    key: str
    rule: PlanRule[tree.Statement]
    test: Test
    about: Test
    start: date | None
    until: date | None
    named: frozenset[str]
    owner: str | None


@dataclass(slots=True)
class Item:
    """A record's share in one period, before and after caps. ``doubt``: facts that would settle it."""

    position: int  # of the record among the person's records
    period: int
    start: date
    end: date
    low: Fraction
    high: Fraction
    cut_by: tuple[str, ...] = ()
    counted_low: Fraction = ZERO
    counted_high: Fraction = ZERO


@dataclass(slots=True)
class Judged:
    """One record after stage 3. ``amount``: what it would count if recognised; ``shares`` by period (low, high)."""

    record: Record
    state: str  # recognised, rejected, not_recognised, review
    recognise_rule: str
    convert_rule: str
    assign_rule: str
    reason: str
    missing: tuple[str, ...]
    shares: dict[int, Amount]
    claimed: dict[int, Amount]  # the shares as they would be if the record were recognised
    shares_days: dict[int, tuple[date, date]]


def ready(rules: Sequence[PlanRule[tree.Statement]], world: World, record_stage: bool = True) -> list[Ready]:
    """Compile rules, in the order of their keys (never file order)."""
    result = []
    for rule in sorted(rules, key=lambda r: r.key) if record_stage else rules:
        what = getattr(rule.statement, "what", None)
        result.append(
            Ready(
                rule.key,
                rule,
                compile_rule(what, rule.statement.when, world),
                compile_rule(what, None, world),
                rule.start,
                rule.until,
                frozenset(what.terms if what else ()),
                owning_field(what, world) if what and what.terms else None,
            )
        )
    return result


def in_force(rule: Ready, day: date) -> bool:
    return (rule.start is None or rule.start <= day) and (rule.until is None or day <= rule.until)


@dataclass(slots=True)
class Judge:
    """Stages 1 to 3 of one plan, compiled."""

    plan: Plan
    world: World
    recognise: list[Ready]
    reject: list[Ready]
    convert: list[Ready]
    add: list[Ready]
    assign: list[Ready]
    exchange: list[Ready]
    _by_form: dict[tuple[str, str | None], list[Ready]]

    @classmethod
    def of(cls, plan: Plan, world: World) -> Judge:
        return cls(
            plan=plan,
            world=world,
            recognise=ready(plan.recognise, world),
            reject=ready(plan.reject, world),
            convert=ready(plan.convert, world),
            add=ready(plan.add, world),
            assign=ready(plan.assign, world),
            exchange=ready(plan.exchange, world),
            _by_form={},
        )

    def _for_form(self, stage: str, rules: list[Ready], form: object) -> list[Ready]:
        """The rules that may speak of a record of this form (all, when the form is missing)."""
        if not isinstance(form, str):
            return rules
        found = self._by_form.get((stage, form))
        if found is None:
            found = [r for r in rules if r.owner != "form" or form in r.named]
            self._by_form[stage, form] = found
        return found

    def judge(self, record: Record, person: Person) -> Judged:
        """Recognise, convert and assign one record."""
        number = period_of(record.end, self.plan.year_start)
        scene = Scene(person.facts, record=record, period=number)
        form = record.facts.get("form")
        state, by, doubts = self._recognise(scene, form)
        amount, convert_rule, reason, unsettled = self._convert(scene, form)
        shares, assign_rule, ambiguous, unassigned = self._assign(scene, form, amount)
        if state in ("rejected", "not_recognised"):
            reason = state
        elif reason in ("counted", "missing_fact", "ambiguous"):
            if ambiguous:
                reason = "ambiguous"
            elif reason == "counted" and (state == "review" or unassigned):
                reason = "missing_fact"
        claimed = {p: a for p, (a, _) in shares.items()}
        if state == "review":
            counted = {p: (ZERO, a[1]) for p, a in claimed.items()}
        elif state == "recognised":
            counted = claimed
        else:
            counted = dict.fromkeys(claimed, NOTHING)
        missing = tuple(sorted({*doubts, *unsettled, *unassigned}))
        days = {p: d for p, (_, d) in shares.items()}
        return Judged(record, state, by, convert_rule, assign_rule, reason, missing, counted, claimed, days)

    # --- 1. recognise ---------------------------------------------------------------------------------------------

    def _recognise(self, scene: Scene, form: object) -> tuple[str, str, tuple[str, ...]]:
        """State, the deciding rule's key, and the facts that would settle a record in need of review."""
        assert scene.record is not None
        day = scene.record.end
        state, by, doubts, spoke = "not_recognised", "", [], ""
        for rule in self._for_form("recognise", self.recognise, form):
            if not in_force(rule, day):
                continue
            truth = rule.test(scene)
            if truth:
                state, by = "recognised", rule.key
                break
            if truth is None:
                doubts.append(rule)
            elif not spoke and rule.about(scene):
                spoke = rule.key
        missing: set[str] = set()
        if state != "recognised":
            if doubts:
                state, by = "review", doubts[0].key
                for rule in doubts:
                    missing.update(self._missing(rule, scene))
            elif spoke:
                return "rejected", spoke, ()
            else:
                return state, "", ()
        for rule in self._for_form("reject", self.reject, form):
            if not in_force(rule, day):
                continue
            truth = rule.test(scene)
            if truth:
                return "rejected", rule.key, ()
            if truth is None:
                if state == "recognised":
                    state, by = "review", rule.key
                missing.update(self._missing(rule, scene))
        return state, by, tuple(missing)

    def _missing(self, rule: Ready, scene: Scene) -> tuple[str, ...]:
        statement = rule.rule.statement
        return missing_facts((getattr(statement, "what", None), statement.when), self.world, scene)

    # --- 2. convert -----------------------------------------------------------------------------------------------

    def _convert(self, scene: Scene, form: object) -> tuple[Amount, str, str, tuple[str, ...]]:
        """Amount in the plan's unit, rule keys joined by ``+``, reason, and the facts that would settle it."""
        assert scene.record is not None
        sure: list[tuple[Ready, Amount]] = []
        maybe: list[tuple[Ready, Amount]] = []
        missing: set[str] = set()
        spoke = unexchanged = False
        for rule in self._for_form("convert", self.convert, form):
            if not in_force(rule, scene.record.end):
                continue
            about = rule.about(scene)
            spoke = spoke or about is not False
            truth, statement = rule.test(scene), rule.rule.statement
            assert isinstance(statement, tree.Convert)
            fits = self._fits(statement, scene.record)
            if truth is False or fits is False:
                continue
            amount, lacks = self._amount(statement, scene)
            if amount is None:
                unexchanged = True
                continue
            missing.update(lacks)
            if truth is None or fits is None:
                missing.update(self._missing(rule, scene) if truth is None else ("unit",))
                maybe.append((rule, amount))
            else:
                sure.append((rule, amount))
        reason = "counted"
        if not sure and not maybe:
            amount, reason = NOTHING, "no_exchange" if unexchanged else "no_conversion"
        elif len(sure) == 1 and not maybe:
            amount = sure[0][1]
        else:
            every = [a for _, a in sure + maybe]
            low = min(a[0] for a in every) if sure else ZERO
            amount = (low, max(a[1] for a in every))
            reason = "ambiguous" if len(sure) > 1 else "missing_fact"
        keys = [rule.key for rule, _ in sure + maybe]
        if sure or maybe or not spoke:
            for rule in self._for_form("add", self.add, form):
                if not in_force(rule, scene.record.end):
                    continue
                truth, statement = rule.test(scene), rule.rule.statement
                assert isinstance(statement, tree.Add)
                fits = self._fits(statement, scene.record) if statement.basis else True
                if truth is False or fits is False:
                    continue
                extra, lacks = self._amount(statement, scene)
                if extra is None:
                    continue
                if reason in ("no_conversion", "no_exchange"):
                    reason = "counted"
                missing.update(lacks)
                if truth is None or fits is None:
                    missing.update(self._missing(rule, scene) if truth is None else ("unit",))
                    extra = (ZERO, extra[1])
                amount = (amount[0] + extra[0], min(UNBOUNDED, amount[1] + extra[1]))
                keys.append(rule.key)
        if reason == "counted" and amount[0] != amount[1]:
            reason = "missing_fact"
        return amount, "+".join(keys), reason, tuple(missing) if amount[0] != amount[1] else ()

    @staticmethod
    def _fits(statement: tree.Convert | tree.Add, record: Record) -> bool | None:
        """Whether the record's unit is one the rule converts; None when the record has no unit."""
        if isinstance(statement.figure, tree.Stated):
            return None if record.unit is None else record.unit == statement.figure.unit
        if statement.basis is None:
            return True
        if record.unit is None:
            return None
        return UNITS[record.unit].dimension == UNITS[statement.basis.unit].dimension

    def _quantity(self, record: Record, unit: str) -> Amount:
        """The record's quantity in ``unit``; its declared bounds when it is missing."""
        if record.quantity is not None:
            own = record.unit or unit
            value = record.quantity * UNITS[own].scale / UNITS[unit].scale
            return value, value
        own = record.unit or unit
        if own not in self.plan.bounds:
            return ZERO, UNBOUNDED
        low, high, _ = self.plan.bounds[own]
        scale = UNITS[own].scale / UNITS[unit].scale
        return low * scale, high * scale

    def _amount(self, statement: tree.Convert | tree.Add, scene: Scene) -> tuple[Amount | None, set[str]]:
        """What the rule gives the record, in the plan's unit (None: no exchange leads there), and what it lacks."""
        record, missing = scene.record, set[str]()
        assert record is not None
        figure, unit = statement.figure, ""
        match figure:
            case tree.Quantity(value=value, unit=unit):
                low, high = value, value
            case tree.Between(low=low, high=high, unit=unit):
                missing.add("figure")
            case tree.Unknown(unit=unit):
                low, high = ZERO, UNBOUNDED
                missing.add("figure")
            case tree.Stated(unit=unit):
                low, high = self._quantity(record, unit)
                if record.quantity is None:
                    missing.add("quantity")
            case tree.Lookup(table=table):
                unit = self.world.finders[table].value_unit()
                found = find_figure(figure, self.world, scene)
                if found is not None:
                    low, high = found, found
                elif statement.otherwise is not None:
                    low = high = statement.otherwise.value
                else:
                    low, high = ZERO, self.world.finders[table].greatest()
                    missing.update(missing_facts(figure, self.world, scene) or (f"table:{table}",))
            case _:
                raise TypeError(figure)
        if statement.basis is not None:
            least, most = self._quantity(record, statement.basis.unit)
            low, high = low * least / statement.basis.value, high * most / statement.basis.value
            if record.quantity is None:
                missing.add("quantity")
        if isinstance(statement, tree.Convert):
            if statement.factor is not None:
                low, high = low * statement.factor, high * statement.factor
            if statement.divisor is not None:
                low, high, lacks = self._divide(low, high, statement.divisor, scene)
                missing.update(lacks)
        if statement.rounding is not None:
            step = round_to(statement.rounding)
            low, high = step(low), step(high)
        if isinstance(statement, tree.Convert) and statement.limit is not None:
            low, high = min(low, statement.limit.value), min(high, statement.limit.value)
        rate = self.rate(unit, record.end)
        if rate is None:
            return None, set()
        return (low * rate, min(UNBOUNDED, high * rate)), missing if low != high else set()

    def _divide(
        self, low: Fraction, high: Fraction, divisor: tree.Divisor, scene: Scene
    ) -> tuple[Fraction, Fraction, tuple[str, ...]]:
        decl = self.world.fields[divisor.field]
        value = get_fact(scene, decl)
        if isinstance(value, Fraction | int) and value > divisor.minus:
            by = Fraction(value) - divisor.minus
            return low / by, high / by, ()
        most = (decl.maximum or UNBOUNDED) - divisor.minus
        least = max(Fraction(1), (decl.minimum or ZERO) - divisor.minus)
        return (low / most if most > 0 else ZERO), high / least, (divisor.field,)

    def rate(self, unit: str, day: date) -> Fraction | None:
        """What one ``unit`` is worth in the plan's unit on that day; None without an exchange."""
        if unit == self.plan.unit:
            return Fraction(1)
        for rule in self.exchange:
            if not in_force(rule, day):
                continue
            statement = rule.rule.statement
            assert isinstance(statement, tree.Exchange)
            give, take = statement.give, statement.take
            if (give.unit, take.unit) == (unit, self.plan.unit):
                return take.value / give.value
            if (take.unit, give.unit) == (unit, self.plan.unit):
                return give.value / take.value
        return None

    # --- 3. assign ------------------------------------------------------------------------------------------------

    def _assign(
        self, scene: Scene, form: object, amount: Amount
    ) -> tuple[dict[int, tuple[Amount, tuple[date, date]]], str, bool, tuple[str, ...]]:
        """Shares by period with their days, the rule's key, whether ambiguous, and what would settle it."""
        record = scene.record
        assert record is not None
        options: list[tuple[str, dict[int, tuple[Amount, tuple[date, date]]]]] = []
        missing: set[str] = set()
        settled = ambiguous = False
        rules = [r for r in self._for_form("assign", self.assign, form) if in_force(r, record.end)]
        for tier in ([r for r in rules if r.named], [r for r in rules if not r.named]):
            sure = 0
            for rule in tier:
                truth, statement = rule.test(scene), rule.rule.statement
                assert isinstance(statement, tree.Assign)
                if truth is False or not self._in_time(statement, record):
                    continue
                shares = self._shares(statement, record, amount)
                if truth is None:
                    missing.update(self._missing(rule, scene))
                    options.append((rule.key, shares))
                else:
                    sure += 1
                    settled = True
                    options.append((rule.key, shares))
            ambiguous = ambiguous or sure > 1
            if settled:
                break
        if not settled:
            options.append(("", {scene.period: (amount, (record.start, record.end))}))
        first = options[0][1]
        if all(shares == first for _, shares in options):
            return first, options[0][0] if settled or len(options) == 1 else options[-1][0], False, ()
        union: dict[int, tuple[Amount, tuple[date, date]]] = {}
        for period in sorted({p for _, s in options for p in s}):
            amounts = [s[period][0] if period in s else NOTHING for _, s in options]
            days = next(s[period][1] for _, s in options if period in s)
            union[period] = ((min(a[0] for a in amounts), max(a[1] for a in amounts)), days)
        return union, "+".join(k for k, _ in options if k), ambiguous, tuple(missing)

    def _in_time(self, statement: tree.Assign, record: Record) -> bool:
        """A claim needs a claimed year and, where the rule has a deadline, must have come before it."""
        if statement.by != "claim":
            return True
        claimed = record.facts.get(statement.field or "")
        if not isinstance(claimed, int | Fraction):
            return False
        if statement.until is None:
            return True
        _, last = period_bounds(int(claimed), self.plan.year_start)
        month, day = statement.until
        following = last + DAY
        limit = date(following.year, month, day)
        if limit < following:
            limit = date(following.year + 1, month, day)
        return record.end <= limit

    def _shares(
        self, statement: tree.Assign, record: Record, amount: Amount
    ) -> dict[int, tuple[Amount, tuple[date, date]]]:
        year_start, whole = self.plan.year_start, (record.start, record.end)
        if statement.by == "claim":
            claimed = record.facts[statement.field or ""]
            return {int(claimed): (amount, whole)}  # type: ignore[arg-type]
        if statement.by == "start":
            return {period_of(record.start, year_start): (amount, whole)}
        first, last = period_of(record.start, year_start), period_of(record.end, year_start)
        if statement.by == "end" or first == last:
            return {last: (amount, whole)}
        days = (record.end - record.start).days + 1
        step = round_to(statement.rounding) if statement.rounding else (lambda value: value)
        shares: dict[int, tuple[Amount, tuple[date, date]]] = {}
        left_low, left_high = amount
        for number in range(first, last + 1):
            a, b = period_bounds(number, year_start)
            a, b = max(a, record.start), min(b, record.end)
            part = Fraction((b - a).days + 1, days)
            low, high = step(amount[0] * part), step(amount[1] * part)
            if number == last:
                low, high = (left_low, left_high) if statement.rounding else (low, high)
            shares[number] = ((min(low, high), max(low, high)), (a, b))
            left_low, left_high = left_low - low, left_high - high
        return shares


def round_to(rounding: tree.Rounding) -> Callable[[Fraction], Fraction]:
    """Rounding to a step: down, up, or half up."""
    step = rounding.step.value

    def rounded(value: Fraction) -> Fraction:
        count = value / step
        if rounding.direction == "down":
            return step * (count.numerator // count.denominator)
        if rounding.direction == "up":
            return step * -(-count.numerator // count.denominator)
        count += Fraction(1, 2)
        return step * (count.numerator // count.denominator)

    return rounded
