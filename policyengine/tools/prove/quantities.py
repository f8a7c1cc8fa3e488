"""Units and quantities worth trying for conversions: statements in, units, quantities and whether they decide out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from policyengine.engines.lookup import Finder
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.tools.prove.mentions import Mentions
from policyengine.tools.prove.model import Context
from policyengine.tools.prove.sides import exchange_rate, unit_of

Pairs = Sequence[tuple[tree.Statement, Context]]
USUAL = (Fraction(0), Fraction(1000000), 2)  # bounds of a quantity whose unit the pack doesn't bound
MOST = 160  # quantities tried


def units_of(statements: Pairs, mentions: Mentions) -> list[str | None]:
    """The units that the statements convert or ask about, and one that none does where some rule takes any."""
    own: dict[str, None] = {}
    open_to_any = False
    for statement, _ in statements:
        if isinstance(statement, tree.Convert | tree.Add):
            unit = unit_converted(statement)
            if unit is None:
                open_to_any = True
            else:
                own.setdefault(unit)
    bounds = statements[-1][1].bounds
    own.update(dict.fromkeys(sorted(mentions.amounts)))
    if "unit" in mentions.fields:
        named = {c for c in mentions.constants.get("unit", ()) if isinstance(c, str) and c in UNITS}
        own.update(dict.fromkeys(sorted({*named, *bounds})))
    if open_to_any or mentions.amounts:
        dimensions = {UNITS[u].dimension for u in own}
        other = next((u for u in sorted(bounds) if UNITS[u].dimension not in dimensions), None)
        if own and other:
            own.setdefault(other)
    if not own and "quantity" in mentions.fields:
        own.update(dict.fromkeys(sorted(bounds) or ["minutes"]))
    return list(own) or [None]


def unit_converted(statement: tree.Convert | tree.Add) -> str | None:
    """The unit of quantity that a rule takes; None when it takes any."""
    if isinstance(statement.figure, tree.Stated):
        return statement.figure.unit
    return statement.basis.unit if statement.basis else None


def grid(context: Context, unit: str) -> tuple[Fraction, Fraction, Fraction]:
    """Least and greatest quantity of a unit and the step of its decimals."""
    low, high, decimals = context.bounds.get(unit, USUAL)
    return low, high, Fraction(1, 10**decimals)


def bases_in(statements: Pairs, unit: str) -> list[Fraction]:
    """What the rules pay for, in ``unit`` (45 minutes, 1000 characters; 1 of what is stated)."""
    found = []
    for s, _ in statements:
        if isinstance(s, tree.Convert | tree.Add):
            if isinstance(s.figure, tree.Stated) and s.figure.unit == unit:
                found.append(Fraction(1))
            elif s.basis is not None and UNITS[s.basis.unit].dimension == UNITS[unit].dimension:
                found.append(s.basis.value * UNITS[s.basis.unit].scale / UNITS[unit].scale)
    return found


def figures(figure: tree.Figure, otherwise: tree.Quantity | None, context: Context) -> set[Fraction]:
    """Every number that a figure can be."""
    extra = {otherwise.value} if otherwise else set()
    match figure:
        case tree.Quantity(value=value):
            return {value} | extra
        case tree.Between(low=low, high=high):
            return {low, high} | extra
        case tree.Stated():
            return {Fraction(1)}
        case tree.Lookup(table=table):
            finder = Finder(context.tables[table])
            return {f for row in finder.table.rows if (f := finder.figure(row)) is not None} | extra
    return extra


def shape(statement: tree.Statement) -> object:
    """What decides a converted amount before its limit."""
    if isinstance(statement, tree.Convert):
        return (statement.figure, statement.basis, statement.factor, statement.divisor, statement.rounding)
    if isinstance(statement, tree.Add):
        return (statement.figure, statement.basis, None, None, statement.rounding)
    return None


def quantities_of(statements: Pairs, mentions: Mentions, unit: str, counted: str) -> tuple[list[Fraction], bool]:
    """Quantities to try, whole multiples of what is paid for first, and whether they decide the comparison.

    ``counted``: the unit in which amounts are compared.
    """
    context = statements[-1][1]
    low, high, step = grid(context, unit)
    slopes, levels, steps = set[Fraction](), set[Fraction](), set[Fraction]()
    shapes = [shape(s) for s, _ in statements]
    rounded = any(getattr(s, "rounding", None) is not None for s, _ in statements)
    for statement, own in statements:
        if isinstance(statement, tree.Convert | tree.Add):
            rate = exchange_rate(own, unit_of(statement.figure, own) or counted, counted) or Fraction(1)
            _lines(statement, own, unit, rate, slopes, levels, steps)
    points = {
        value * UNITS[asked].scale / UNITS[unit].scale
        for asked, values in mentions.amounts.items()
        if UNITS[asked].dimension == UNITS[unit].dimension
        for value in values
    }
    points |= {level / slope for level in levels for slope in slopes if slope}
    times = range(1, 13) if rounded else (1, 2)
    points |= {at * size / slope for size in steps for slope in slopes if slope for at in times}
    points |= {at * size / slope - size / slope / 2 for size in steps for slope in slopes if slope for at in (1, 2)}
    bases = bases_in(statements, unit)
    exact = not rounded or len(set(shapes)) == 1
    found = {low, low + step, *([high] if exact else [])}  # otherwise the solver looks beyond, for a smaller one
    for point in {*points, *(b * n for b in bases for n in times)}:
        at = point.numerator * step.denominator // (point.denominator * step.numerator) * step
        found.update((at - step, at, at + step))
        found.update((point // b + 1) * b for b in bases)  # the next whole multiple is nicer to read
    inside = {q for q in found if low <= q <= high and (q / step).denominator == 1}

    def preference(q: Fraction) -> tuple[bool, bool, bool, Fraction]:
        return (q <= 0, q == high, not any((q / b).denominator == 1 for b in bases), q)

    exact = exact and len(inside) <= MOST
    return sorted(inside, key=preference)[:MOST], exact


def _lines(
    statement: tree.Convert | tree.Add, context: Context, unit: str, rate: Fraction, slopes: set[Fraction],
    levels: set[Fraction], steps: set[Fraction],
) -> None:  # fmt: skip
    """The slopes at which amounts grow with the quantity, the amounts at which they stop, and the steps of rounding."""
    values = figures(statement.figure, statement.otherwise, context)
    factor, divisors = rate, [Fraction(1)]
    if isinstance(statement, tree.Convert):
        factor = rate * (statement.factor or Fraction(1))
        if statement.divisor is not None:
            divisors = [Fraction(n) for n in range(1, 13)]
        if statement.limit is not None:
            levels.add(statement.limit.value * rate)
    if statement.rounding is not None:
        steps.add(statement.rounding.step.value * rate)
    for value in values:
        for divisor in divisors:
            if isinstance(statement.figure, tree.Stated):
                slopes.add(factor / divisor)
            elif statement.basis is None:
                levels.add(value * factor / divisor)
            elif UNITS[statement.basis.unit].dimension == UNITS[unit].dimension:
                paid = statement.basis.value * UNITS[statement.basis.unit].scale / UNITS[unit].scale
                slopes.add(value * factor / divisor / paid)
