"""How finely a policy counts: the least common denominator of all it can count, and the proof that no sum overflows.

A *tick* is the fraction 1/``ticks`` of the counted unit in which every amount, limit and requirement is a whole number:
then every engine adds integers and gives the same answer to the last digit. The greatest sum follows from the declared
bounds of the inputs and must fit in 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.plan.model import Plan, PlanRule

RECORDS_PER_PERSON = 1_000_000
"""One person has at most this many records, over all periods: a person who learns every minute of ten years has not."""
GREATEST = 2**63 - 1


@dataclass(slots=True)
class Counting:
    """``ticks`` per counted unit (None: no common denominator); the greatest amount of one record, and whose it is."""

    ticks: int | None
    per_record: Fraction
    culprit: PlanRule[tree.Statement] | None = None
    bounded_by: str = ""  # the unit (or field) whose declared bounds the greatest amount comes from
    unbounded: list[tuple[PlanRule[tree.Statement], str]] = field(default_factory=list)
    beyond: list[tuple[PlanRule[tree.Statement], Fraction]] = field(default_factory=list)  # figures that are too great

    @property
    def greatest(self) -> int:
        """No sum of one person's hours has more ticks than this."""
        return self.summed(self.per_record)

    def summed(self, most: Fraction) -> int:
        """Ticks of as many times ``most`` as a person may have records."""
        total = most * RECORDS_PER_PERSON * (self.ticks or 1)
        return -(-total.numerator // total.denominator)


def counting(plan: Plan) -> Counting:
    """The ticks of a plan and its greatest sums."""
    result = Counting(1, Fraction(0))
    parts: list[int] = []
    shares, reductions = [1], [1]
    rates = rates_of(plan)
    most_convert, most_add = Fraction(0), Fraction(0)
    converting: tuple[PlanRule[tree.Convert] | PlanRule[tree.Add], ...] = (*plan.convert, *plan.add)
    for rule in converting:
        for statement in rule.statements:
            parts += _denominators(plan, statement, rates)
            most = _greatest(plan, rule, statement, rates, result)
            if isinstance(statement, tree.Convert):
                if most > most_convert:
                    most_convert, result.culprit, result.bounded_by = most, rule, _bounding(statement)
            else:
                most_add += most
                if result.culprit is None:
                    result.culprit, result.bounded_by = rule, _bounding(statement)
    for assign in plan.assign:
        rounding = assign.statement.rounding
        if assign.statement.by == "split":
            if rounding is None:
                result.ticks = None
            else:
                parts += [(rounding.step.value * r).denominator for r in rates.get(rounding.step.unit, ())]
    limits: tuple[PlanRule[tree.Cap] | PlanRule[tree.Require], ...] = (*plan.caps, *plan.require)
    for figure_rule in limits:
        for one in figure_rule.statements:
            parts += [v.denominator for v in figures_of(plan, one.figure, rates)]
            if isinstance(one.figure, tree.Share):
                shares.append(one.figure.value.denominator)
    for carry in plan.carry:
        if carry.statement.limit is not None:
            parts += [(carry.statement.limit.value * r).denominator for r in rates.get(carry.statement.limit.unit, ())]
    for reduce in plan.reduce:
        by = reduce.statement.by
        if isinstance(by, Fraction):
            reductions.append(by.denominator)
        else:
            parts += [(by.value * r).denominator for r in rates.get(by.unit, ())]
    result.per_record = most_convert + most_add
    if result.ticks is not None:
        result.ticks = lcm(1, *parts) * lcm(*shares) * lcm(*reductions) ** (2 if len(shares) > 1 else 1)
        # what is owed or is a limit is added up and multiplied as what records give is, and has the same room
        result.beyond = [(r, v) for r, v in _stated(plan, rates, result.per_record) if result.summed(v) > GREATEST]
    return result


def _stated(
    plan: Plan, rates: dict[str, list[Fraction]], per_record: Fraction
) -> Iterator[tuple[PlanRule[tree.Statement], Fraction]]:
    """The figures of requirements, caps and other limits, in the plan's unit; a share is one of the greatest figure."""
    owed = [v for r in plan.require for s in r.statements for v in figures_of(plan, s.figure, rates)]
    most = max((*owed, per_record), default=Fraction(0))
    for rule in plan.rules():
        for statement in rule.statements:
            match statement:
                case tree.Require(figure=tree.Share(value=share)):
                    if share > 1:  # a part is no greater than what it is taken of
                        yield rule, share * most
                case tree.Require(figure=figure) | tree.Cap(figure=figure):
                    yield from ((rule, value) for value in figures_of(plan, figure, rates))
                case (
                    tree.Convert(limit=tree.Quantity() as limit)
                    | tree.Carry(limit=tree.Quantity() as limit)
                    | tree.Reduce(by=tree.Quantity() as limit)
                ):
                    yield from ((rule, value) for value in figures_of(plan, limit, rates))


def rates_of(plan: Plan) -> dict[str, list[Fraction]]:
    """Unit → what one of it may be worth in the plan's unit, under any exchange."""
    rates: dict[str, list[Fraction]] = {plan.unit: [Fraction(1)]}
    for rule in plan.exchange:
        for statement in rule.statements:
            give, take = statement.give, statement.take
            if take.unit == plan.unit:
                rates.setdefault(give.unit, []).append(take.value / give.value)
            elif give.unit == plan.unit:
                rates.setdefault(take.unit, []).append(give.value / take.value)
    return rates


def figures_of(plan: Plan, figure: tree.Figure, rates: dict[str, list[Fraction]]) -> Iterator[Fraction]:
    """Every value that a figure may have, in the plan's unit."""
    values, unit = _values(plan, figure)
    for rate in rates.get(unit, ()):
        for value in values:
            yield value * rate


def _values(plan: Plan, figure: tree.Figure) -> tuple[list[Fraction], str]:
    match figure:
        case tree.Quantity(value=value, unit=unit):
            return [value], unit
        case tree.Between(low=low, high=high, unit=unit):
            return [low, high], unit
        case tree.Lookup(table=name):
            table = plan.tables[name]
            column = next(iter(table.columns_with("value")), None)
            if column is None:
                return [], plan.unit
            cells = [row[column] for row in table.rows]
            return [c for c in cells if isinstance(c, Fraction)], table.columns[column].unit or plan.unit
    return [], getattr(figure, "unit", plan.unit)


def _scales(unit: str) -> list[tuple[str, Fraction]]:
    """The units a record may state in the dimension of ``unit``, with how much of ``unit`` one of each is."""
    dimension = UNITS[unit].dimension
    return [(u.id, u.scale / UNITS[unit].scale) for u in UNITS.values() if u.dimension == dimension]


def _giving(plan: Plan, statement: tree.Convert | tree.Add) -> tuple[list[Fraction], str, tree.Quantity | None]:
    """The figures that a rule may give, their unit, and of what quantity: of ``stated``, 1 of 1."""
    figure = statement.figure
    values, unit = ([Fraction(1)], figure.unit) if isinstance(figure, tree.Stated) else _values(plan, figure)
    basis = tree.Quantity(Fraction(1), unit) if isinstance(figure, tree.Stated) else statement.basis
    return values if statement.otherwise is None else [*values, statement.otherwise.value], unit, basis


def _denominators(plan: Plan, statement: tree.Convert | tree.Add, rates: dict[str, list[Fraction]]) -> Iterator[int]:
    """Denominators of the amounts that a rule may give."""
    values, unit, basis = _giving(plan, statement)
    factor = getattr(statement, "factor", None) or Fraction(1)
    limit = getattr(statement, "limit", None)
    for rate in rates.get(unit, ()):
        if limit is not None:
            yield (limit.value * rate).denominator
        if statement.rounding is not None:
            yield (statement.rounding.step.value * rate).denominator
            continue
        for value in values:
            whole = value * factor * rate
            if basis is None:
                yield whole.denominator
                continue
            for name, scale in _scales(basis.unit):
                _, most, decimals = plan.bounds.get(name, (Fraction(0), Fraction(0), 0))
                if most:
                    yield (whole * scale / basis.value / 10**decimals).denominator


def _bounding(statement: tree.Convert | tree.Add) -> str:
    """The unit or the field whose bounds limit what a rule gives."""
    if isinstance(statement, tree.Convert) and statement.divisor is not None:
        return statement.divisor.field
    if isinstance(statement.figure, tree.Stated):
        return statement.figure.unit
    return statement.basis.unit if statement.basis is not None else "items"


def _greatest(
    plan: Plan,
    rule: PlanRule[tree.Convert] | PlanRule[tree.Add],
    statement: tree.Convert | tree.Add,
    rates: dict[str, list[Fraction]],
    result: Counting,
) -> Fraction:
    """The most a rule may give one record, in the plan's unit."""
    values, unit, basis = _giving(plan, statement)
    rate = max(rates.get(unit, ()), default=Fraction(0))
    most = max(values, default=Fraction(0))
    if basis is not None:
        bounds = [(plan.bounds[name][1] * scale) for name, scale in _scales(basis.unit) if name in plan.bounds]
        if not bounds:
            result.unbounded.append((rule, basis.unit))
        most *= max(bounds, default=Fraction(0)) / basis.value
    if isinstance(statement, tree.Convert):
        most *= statement.factor or 1
        if statement.divisor is not None:
            most /= plan.fields[statement.divisor.field].least_above(Fraction(statement.divisor.minus))
    if statement.rounding is not None:
        most += statement.rounding.step.value
    if isinstance(statement, tree.Convert) and statement.limit is not None:
        most = min(most, statement.limit.value)
    return most * rate
