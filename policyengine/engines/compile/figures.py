"""Figures in result files: whole numbers of a unit go in, decimals, fractions or texts come out, all exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.trees import Tree

Columns = dict[str, Tree]


@dataclass(slots=True)
class Figures:
    """How figures are written: whole numbers of 1/``unit`` become decimals where ``finite``, else fractions."""

    unit: int
    finite: bool

    @property
    def rough(self) -> int:
        """The part of the unit that no decimal can express."""
        rest = self.unit
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        return rest

    @property
    def digits(self) -> int:
        """Decimals that any figure needs."""
        digits, smooth = 0, self.unit // self.rough
        while 10**digits % smooth:
            digits += 1
        return digits

    def cells(self, name: str, value: Tree) -> Columns:
        """The columns of a figure."""
        if not self.finite:
            known = t.case([(t.missing(value.copy()), t.lit(None))], t.lit(self.unit))
            return {f"{name}_num": value, f"{name}_den": t.cast(known, "BIGINT")}
        return {name: self._decimal(value)}

    def _decimal(self, value: Tree) -> Tree:
        smooth = self.unit // self.rough
        whole = t.times(t.whole_quotient(value, self.rough), t.lit(10**self.digits // smooth))
        return t.decimal(whole, self.digits)

    def text(self, name: str, value: Tree) -> Columns:
        """A figure as text: a decimal without trailing zeros, or a fraction."""
        whole = t.whole_quotient(value.copy(), self.rough)
        decimal = t.cast(Figures(self.unit // self.rough, True)._decimal(whole), "VARCHAR")
        trimmed = t.call("RTRIM", t.call("RTRIM", decimal, t.lit("0")), t.lit(".")) if self.digits else decimal
        if self.rough == 1:
            return {name: trimmed}
        common = t.call("GCD", value.copy(), t.lit(self.unit))
        above = t.cast(t.cast(t.divide(value.copy(), common), "BIGINT"), "VARCHAR")
        below = t.cast(t.cast(t.divide(t.lit(self.unit), common.copy()), "BIGINT"), "VARCHAR")
        fraction = t.concat(above, t.lit("/"), below)
        return {name: t.case([(t.equal(t.remainder(value, self.rough), t.lit(0)), trimmed)], fraction)}

    def back(self, name: str, ticks: int) -> Tree:
        """A figure that was written, as a whole number of 1/``ticks`` again."""
        if not self.finite:
            return t.whole_quotient(t.col(f"{name}_num"), self.unit // ticks)
        scaled = t.cast(t.times(t.col(name), t.lit(10**self.digits)), "BIGINT")
        factor = Fraction(ticks, 10**self.digits)
        return t.whole_quotient(t.times(scaled, t.lit(factor.numerator)), factor.denominator)
