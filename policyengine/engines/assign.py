"""Stage 3, assign: the periods in which a record counts. A rule, a record and its amount go in, shares come out."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import DAY, day_of_year, period_bounds, period_of
from policyengine.engines.numbers import ZERO, Amount, Number, round_to, whole
from policyengine.language import tree
from policyengine.records.model import Record

Days = tuple[date, date]
Share = tuple[Amount, Days]
Shares = dict[int, Share]
"""Period → what of the amount counts there, and on which of the record's days."""


def in_time(statement: tree.Assign, record: Record, year_start: tuple[int, int]) -> bool:
    """A claim needs a claimed year and, where the rule has a deadline, must have come before it."""
    if statement.by != "claim":
        return True
    claimed = record.facts.get(statement.field or "")
    if isinstance(claimed, bool) or not isinstance(claimed, int | Fraction) or not 1 <= claimed < date.max.year:
        return False
    if statement.until is None:
        return True
    following = period_bounds(int(claimed), year_start)[1] + DAY
    limit = day_of_year(following.year, *statement.until)
    if limit < following:
        limit = day_of_year(min(following.year + 1, date.max.year), *statement.until)
    return record.end <= limit


def shares(statement: tree.Assign, record: Record, amount: Amount, year_start: tuple[int, int]) -> Shares:
    """The record's shares under one rule."""
    days = (record.start, record.end)
    match statement.by:
        case "claim":
            claimed = record.facts[statement.field or ""]
            assert isinstance(claimed, int | Fraction)
            return {int(claimed): (amount, days)}
        case "start":
            return {period_of(record.start, year_start): (amount, days)}
        case "split":
            return _split(record, amount, statement.rounding, year_start)
    return {period_of(record.end, year_start): (amount, days)}


def _split(record: Record, amount: Amount, rounding: tree.Rounding | None, year_start: tuple[int, int]) -> Shares:
    """By days. With a rounding every period but the last gets its rounded share, never more than is left."""
    first, last = period_of(record.start, year_start), period_of(record.end, year_start)
    every = (record.end - record.start).days + 1
    parts: dict[int, tuple[Fraction, tuple[date, date]]] = {}
    for number in range(first, last + 1):
        a, b = period_bounds(number, year_start)
        a, b = max(a, record.start), min(b, record.end)
        parts[number] = Fraction((b - a).days + 1, every), (a, b)
    portions = [part for part, _ in parts.values()]
    if rounding is None or first == last:
        amounts = [(whole(amount[0] * p), whole(amount[1] * p)) for p in portions]
    elif amount[0] == amount[1]:
        amounts = [(one, one) for one in _rounded(amount[0], portions, rounding)]
    else:
        amounts = _bounded(amount, portions, rounding)
    return {n: (one, parts[n][1]) for n, one in zip(parts, amounts, strict=True)}


def _rounded(amount: Number, portions: list[Fraction], rounding: tree.Rounding) -> list[Number]:
    result, left = [], amount
    for portion in portions[:-1]:
        part = min(round_to(rounding, amount * portion), left)
        result.append(whole(part))
        left -= part
    return [*result, whole(left)]


def _bounded(amount: Amount, portions: list[Fraction], rounding: tree.Rounding) -> list[Amount]:
    """Bounds of the rounded shares of an amount that lies between two figures."""
    low, high = amount
    step, others = rounding.step.value, len(portions) - 1
    result: list[Amount] = []
    for number, portion in enumerate(portions[:-1]):
        least = round_to(rounding, low * portion)
        sure = number == 0 or rounding.direction == "down"  # else earlier shares, rounded up, may have left less
        result.append((min(least, low) if sure else ZERO, min(round_to(rounding, high * portion), high)))
    more = {"down": others * step, "up": Fraction(0)}.get(rounding.direction, others * step / 2)
    less = {"down": Fraction(0), "up": others * step}.get(rounding.direction, others * step / 2)
    least, most = (low * portions[-1] - less) // step, -(-(high * portions[-1] + more) // step)  # whole steps
    return [*result, (whole(max(ZERO, least * step)), whole(min(high, most * step)))]
