"""Exact amounts and intervals of them. Whole numbers are ints (which Python adds quickly), all others fractions.

An *amount* is an interval [low, high] in the plan's unit; ``UNBOUNDED`` as high means that nothing limits it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from policyengine.language import tree

Number = int | Fraction
Amount = tuple[Number, Number]

ZERO: Number = 0
NOTHING: Amount = (0, 0)
UNBOUNDED: Number = 10**40  # beyond any sum: those have at most 2**63 ticks
LIMITLESS = 10**20  # what is beyond this came from something unbounded


def whole(value: Number) -> Number:
    """The same number, as an int where it is whole."""
    return value if type(value) is int else value.numerator if value.denominator == 1 else value


def times(value: Number, ratio: Number) -> Number:
    """Their product."""
    if type(value) is int and type(ratio) is int:
        return value * ratio
    above, below = value.numerator * ratio.numerator, value.denominator * ratio.denominator
    count, rest = divmod(above, below)
    return Fraction(above, below) if rest else count


def add_up(values: Iterable[Number]) -> Number:
    """Their sum. Fractions are added by denominator: a record's minutes give few different ones."""
    total = 0
    parts: dict[int, int] = {}
    for value in values:
        if type(value) is int:
            total += value
        else:
            below = value.denominator
            parts[below] = parts.get(below, 0) + value.numerator
    if not parts:
        return total
    above, below = total, 1
    for denominator, numerator in parts.items():
        above, below = above * denominator + numerator * below, below * denominator
    count, rest = divmod(above, below)
    return Fraction(above, below) if rest else count


def round_to(rounding: tree.Rounding, value: Number) -> Number:
    """Rounded to a multiple of the step: down, up, or half up."""
    step = rounding.step.value
    match rounding.direction:
        case "down":
            count = value // step
        case "up":
            count = -(-value // step)
        case _:
            count = (2 * value + step) // (2 * step)
    return whole(step * count)


class Shown:
    """Amounts as results show them: fractions, ``None`` for an unbounded one. Remembers the whole ones it has made."""

    def __init__(self) -> None:
        self._whole: dict[int, Fraction] = {}

    def exact(self, value: Number) -> Fraction:
        if type(value) is not int:
            return value  # type: ignore[return-value]
        found = self._whole.get(value)
        if found is None:
            found = Fraction(value)
            if len(self._whole) < 100_000:
                self._whole[value] = found
        return found

    def high(self, value: Number) -> Fraction | None:
        return None if value >= LIMITLESS else self.exact(value)
