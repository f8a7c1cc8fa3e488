"""Units and dimensions. 学时 (``hours``) is what the law counts and no time; only a rule turns one into the other.

The only conversion built in is 1 clock_hour = 60 minutes.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from policyengine.light import dataclass
from policyengine.messages import say


@dataclass(frozen=True, slots=True)
class Unit:
    """``scale`` turns the unit into its dimension's base unit (exact)."""

    id: str
    zh: str
    dimension: str
    scale: Fraction = Fraction(1)
    aliases: tuple[str, ...] = ()


_UNITS = (
    Unit("hours", "学时", "hours", aliases=("hour", "课时")),
    Unit("credits", "学分", "credits", aliases=("credit",)),
    Unit("minutes", "分钟", "time", aliases=("minute", "min", "分")),
    Unit("clock_hours", "小时", "time", Fraction(60), aliases=("clock_hour", "h", "钟点", "钟头")),
    Unit("days", "天", "days", aliases=("day", "日")),
    Unit("characters", "字", "characters", aliases=("character", "字符", "汉字")),
    Unit("items", "项", "items", aliases=("item", "each", "件", "篇", "科", "门", "次", "部", "本", "个")),
    Unit("months", "个月", "months", aliases=("month", "月")),
    Unit("years", "年", "years", aliases=("year", "周岁")),
    Unit("yuan", "元", "money", aliases=("rmb", "cny", "¥", "人民币")),
)
UNITS: dict[str, Unit] = {u.id: u for u in _UNITS}
BY_WORD: dict[str, Unit] = {word: u for u in _UNITS for word in (u.id, u.zh, *u.aliases)}
MULTIPLES = {"千字": (1000, "characters"), "万字": (10000, "characters"), "千字符": (1000, "characters")}
"""Units that are written as one word and stand for several: 每千字 is per 1000 characters."""
MONTHS = tuple("january february march april may june july august september october november december".split())  # noqa: SIM905
COUNTED = ("hours", "credits")  # the units a requirement may be in
NO_QUANTITY = ("months", "years", "yuan")  # units in which no activity is recorded


def unit_name(unit: str) -> str:
    """A unit as it is called in the language spoken; a share has none."""
    return say(unit, UNITS[unit].zh) if unit in UNITS else unit


def half_up(value: Fraction, places: int) -> Fraction:
    """Rounded to so many decimals, a half upwards: what is shown beside the exact figure."""
    return Fraction(floor(value * 10**places + Fraction(1, 2)), 10**places)


def mixed_text(value: Fraction, language: str) -> str:
    """A figure for people, as exact as in the tables: ``80 5/6``（80又5/6） for ``485/6``."""
    text = exact_text(value)
    whole, rest = divmod(abs(value), 1)
    if "/" not in text or not whole:
        return text
    return f"{'-' if value < 0 else ''}{whole}{'又' if language == 'zh' else ' '}{rest}"


def exact_text(value: Fraction) -> str:
    """Exact decimal without trailing zeros; a figure without a finite decimal as a fraction (``20/9``)."""
    denominator = value.denominator
    if denominator == 1:
        return str(value.numerator)
    rest = denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{denominator}"
    digits = 0
    while 10**digits % denominator:
        digits += 1
    scaled = str(abs(value.numerator) * (10**digits // denominator)).rjust(digits + 1, "0")
    return f"{'-' if value < 0 else ''}{scaled[:-digits]}.{scaled[-digits:]}"
