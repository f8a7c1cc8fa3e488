"""Stage 2, convert: what a rule gives a record. A record goes in, an amount in the plan's unit comes out.

*amount* = figure × (quantity ÷ basis) × factor ÷ (divisor − minus), then rounded, then limited. What is missing makes
it an interval.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction

from policyengine.engines.facts import Scene, World, find_figure, get_fact, missing_facts
from policyengine.engines.numbers import UNBOUNDED, ZERO, Amount, Number, round_to, times, whole
from policyengine.language import tree
from policyengine.language.quantities import UNITS, Unit
from policyengine.light import dataclass
from policyengine.plan.model import Plan
from policyengine.records.model import Record

Settled = tuple[Amount, tuple[str, ...]]
"""An amount, and the facts that would settle it."""

SETTLED: tuple[str, ...] = ()
REMEMBERED = 10_000  # quantities of records, of each rule


def fits(statement: tree.Convert | tree.Add, record: Record) -> bool | None:
    """Whether the record's unit is one the rule converts; None when the record has no unit."""
    if isinstance(statement.figure, tree.Stated):
        return None if record.unit is None else record.unit == statement.figure.unit
    if statement.basis is None:
        return True
    if record.unit is None:
        return None
    return UNITS[record.unit].dimension == UNITS[statement.basis.unit].dimension


@dataclass(slots=True)
class Converting:
    """A ``convert`` or ``add`` sentence, ready. ``unit``: what its figure is in (hours or credits)."""

    statement: tree.Convert | tree.Add
    plan: Plan
    world: World
    unit: str
    plain: dict[str, Number]  # unit of the record → figure of one of it; where nothing but the quantity is asked
    finishes: bool  # the amount is rounded or limited
    _takes: dict[str | None, bool | None] = field(default_factory=dict)
    _scales: dict[str, Fraction] = field(default_factory=dict)  # what one of a unit is of the basis
    _possible: dict[Fraction | None, list[Unit]] = field(default_factory=dict)  # units, by quantity
    _amounts: dict[tuple[str | None, Fraction | None], Settled] = field(default_factory=dict)  # by unit and quantity

    @classmethod
    def of(cls, statement: tree.Convert | tree.Add, plan: Plan, world: World) -> Converting:
        figure = statement.figure
        if isinstance(figure, tree.Lookup):
            unit = world.finders[figure.table].value_unit()
        else:
            assert not isinstance(figure, tree.Share)
            unit = figure.unit
        finishes = statement.rounding is not None or getattr(statement, "limit", None) is not None
        return cls(statement, plan, world, unit, _plain(statement), finishes)

    def takes(self, record: Record) -> bool | None:
        """Whether the record's unit is one the rule converts; None when the record has no unit, and it may be."""
        unit = record.unit
        if unit is None and (isinstance(self.statement.figure, tree.Stated) or self.statement.basis is not None):
            return None if self._possible_units(record) else False
        if unit not in self._takes:
            self._takes[unit] = fits(self.statement, record)
        return self._takes[unit]

    def amount(self, scene: Scene) -> Settled:
        """The amount in ``unit``, and the facts that would settle it."""
        record = scene.record
        assert record is not None
        statement = self.statement
        if record.quantity is not None and record.unit in self.plain:
            value = times(record.quantity, self.plain[record.unit])
            if self.finishes:
                value = self._finish(value)
            return (value, value), SETTLED
        if isinstance(statement.figure, tree.Lookup) or getattr(statement, "divisor", None) is not None:
            return self._worked_out(scene, record)
        by = record.unit, record.quantity
        known = self._amounts.get(by)
        if known is None:
            known = self._worked_out(scene, record)
            if len(self._amounts) < REMEMBERED:
                self._amounts[by] = known
        return known

    def _worked_out(self, scene: Scene, record: Record) -> Settled:
        statement, missing = self.statement, set[str]()
        low, high = self._figure(scene, missing)
        if isinstance(statement.figure, tree.Stated) or statement.basis is not None:
            low, high = self._by_quantity(record, low, high, missing)
        if isinstance(statement, tree.Convert):
            if statement.factor is not None:
                low, high = low * statement.factor, high * statement.factor
            if statement.divisor is not None:
                low, high = self._divided(scene, statement.divisor, low, high, missing)
        low, high = self._finish(whole(low)), self._finish(whole(high))
        return (low, high), SETTLED if low == high else tuple(missing)

    def _finish(self, value: Number) -> Number:
        if self.statement.rounding is not None:
            value = round_to(self.statement.rounding, value)
        limit = self.statement.limit if isinstance(self.statement, tree.Convert) else None
        return whole(limit.value) if limit is not None and value > limit.value else value

    def _figure(self, scene: Scene, missing: set[str]) -> Amount:
        """The figure; 1 for ``stated``, whose quantity is the amount."""
        figure = self.statement.figure
        match figure:
            case tree.Quantity(value=value):
                return value, value
            case tree.Stated():
                return 1, 1
            case tree.Between(low=low, high=high):
                missing.add("figure")
                return low, high
            case tree.Unknown():
                missing.add("figure")
                return ZERO, UNBOUNDED
            case tree.Lookup():
                return self._looked_up(figure, scene, missing)
        raise TypeError(figure)

    def _looked_up(self, figure: tree.Lookup, scene: Scene, missing: set[str]) -> Amount:
        found = find_figure(figure, self.world, scene)
        if found is not None:
            return found, found
        otherwise, finder = self.statement.otherwise, self.world.finders[figure.table]
        lacks = missing_facts(figure, self.world, scene)
        if not lacks and otherwise is not None:
            return otherwise.value, otherwise.value
        missing.update(lacks or (f"table:{figure.table}",))
        other = Fraction(0) if otherwise is None else otherwise.value
        least, most = finder.bounds() or (other, other)
        return min(least, other), max(most, other)

    def _by_quantity(self, record: Record, low: Number, high: Number, missing: set[str]) -> Amount:
        """The figure for the record's quantity, which may be any within the declared bounds when it is missing."""
        if record.quantity is None:
            missing.add("quantity")
        if record.unit is None:
            missing.add("unit")
        units = self._possible_units(record) if record.unit is None else [UNITS[record.unit]]
        least, most = UNBOUNDED, ZERO
        for unit in units:
            scale = self._scale(unit)
            if record.quantity is not None:
                a = b = record.quantity * scale
            elif unit.id in self.plan.bounds:
                a, b = self.plan.bounds[unit.id][0] * scale, self.plan.bounds[unit.id][1] * scale
            else:
                a, b = Fraction(0), Fraction(UNBOUNDED)
            least, most = min(least, a), max(most, b)
        return low * least, high * most

    def _scale(self, unit: Unit) -> Fraction:
        """What one of a unit is of the quantity that the figure is for."""
        known = self._scales.get(unit.id)
        if known is None:
            basis = self.statement.basis or tree.Quantity(Fraction(1), self.unit)
            known = self._scales[unit.id] = unit.scale / UNITS[basis.unit].scale / basis.value
        return known

    def _possible_units(self, record: Record) -> list[Unit]:
        """The units of the rule's dimension that a record without one may be in: its quantity is within the bounds."""
        known = self._possible.get(record.quantity)
        if known is None:
            if isinstance(self.statement.figure, tree.Stated):
                units = [UNITS[self.unit]]
            else:
                assert self.statement.basis is not None
                dimension = UNITS[self.statement.basis.unit].dimension
                units = [u for u in UNITS.values() if u.dimension == dimension]
            known = [u for u in units if self._allowed(record.quantity, u.id)]
            if len(self._possible) < REMEMBERED:
                self._possible[record.quantity] = known
        return known

    def _allowed(self, quantity: Fraction | None, unit: str) -> bool:
        """Whether a reader lets a quantity pass in this unit (any, where the packs declare no bounds at all)."""
        if unit not in self.plan.bounds:
            return not self.plan.bounds
        low, high, decimals = self.plan.bounds[unit]
        return quantity is None or (10**decimals % quantity.denominator == 0 and low <= quantity <= high)

    def _divided(self, scene: Scene, divisor: tree.Divisor, low: Number, high: Number, missing: set[str]) -> Amount:
        decl = self.world.fields[divisor.field]
        value = get_fact(scene, decl)
        if isinstance(value, Fraction | int) and value > divisor.minus:
            by = Fraction(value) - divisor.minus
            return low / by, high / by
        missing.add(divisor.field)
        most = None if decl.maximum is None else decl.maximum - divisor.minus
        return (low / most if most is not None and most > 0 else ZERO), high / decl.least_above(Fraction(divisor.minus))


def _plain(statement: tree.Convert | tree.Add) -> dict[str, Number]:
    """Unit → amount for one of it, where figure and quantity alone decide."""
    figure = statement.figure
    factor, divisor = getattr(statement, "factor", None) or Fraction(1), getattr(statement, "divisor", None)
    if divisor is not None:
        return {}
    if isinstance(figure, tree.Stated):
        return {figure.unit: whole(factor)}
    if not isinstance(figure, tree.Quantity) or statement.basis is None:
        return {}
    basis = statement.basis
    own = UNITS[basis.unit]
    return {
        unit.id: whole(figure.value * factor * unit.scale / own.scale / basis.value)
        for unit in UNITS.values()
        if unit.dimension == own.dimension
    }
