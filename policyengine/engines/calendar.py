"""Periods, blocks and full months: the calendar that regulations speak of."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache

DAY = timedelta(days=1)


def period_of(day: date, year_start: tuple[int, int]) -> int:
    """The number of the period in which ``day`` lies: the calendar year in which that period begins."""
    if year_start == (1, 1) or (day.month, day.day) >= year_start:
        return day.year
    return day.year - 1


@lru_cache(maxsize=4096)
def period_bounds(number: int, year_start: tuple[int, int], years: int = 1) -> tuple[date, date]:
    """First and last day of ``years`` periods from ``number`` on, as far as the calendar reaches (years 1 to 9999)."""
    following = number + years
    first = day_of_year(number, *year_start) if number >= 1 else date.min
    if following > date.max.year:
        return first, date.max
    after = day_of_year(following, *year_start) if following >= 1 else date.min
    return first, after if after == date.min else after - DAY


def covers(start: date | None, until: date | None, first: date, last: date) -> bool:
    """Whether what is in force from ``start`` to ``until`` is so on all days from the first to the last."""
    return (start is None or start <= first) and (until is None or last <= until)


def day_of_year(year: int, month: int, day: int) -> date:
    """That day of the year; the month's last where it has no such day (February 29)."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def day_in_period(number: int, month: int, day: int, year_start: tuple[int, int]) -> date:
    """The day of that name that lies in the period; of periods beyond the calendar, in its first or last year."""
    year = number + ((month, day) < year_start)
    return day_of_year(max(1, min(year, date.max.year)), month, day)


def block_of(number: int, count: int, starting: int) -> int:
    """The first period of the block of ``count`` that holds ``number``; before ``starting`` there is no block."""
    return starting + (number - starting) // count * count


def block_before(
    first: int, years: int, ago: int, in_force: Callable[[int], Iterable[tuple[int, int]]]
) -> tuple[int, int] | None:
    """The block of years so many blocks before the one of ``years`` from ``first`` on: its first year, and how many it
    has. Each ends in the year before the next begins; of several, that of as many years is meant, else the longest.

    ``in_force``: the blocks, how many years each has and from which year on there are any, that a year has.
    """
    for _ in range(ago):
        last = first - 1
        ending = [n for n, starting in in_force(last) if last - n + 1 == block_of(last, n, starting) >= starting]
        if not ending:
            return None
        years = years if years in ending else max(ending)
        first = last - years + 1
    return first, years


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the month's last day where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date.max if year > date.max.year else day_of_year(year, month + 1, day.day)


def later(day: date, count: int, unit: str) -> date | None:
    """The day so many ``days``, ``months`` or ``years`` later (``add_months``); None beyond the calendar."""
    if unit == "days":
        number = day.toordinal() + count
        return date.fromordinal(number) if number <= date.max.toordinal() else None
    months = count * 12 if unit == "years" else count
    return add_months(day, months) if day.year + (day.month - 1 + months) // 12 <= date.max.year else None


def time_between(start: date, end: date) -> tuple[int, int]:
    """Whole months from a day to a later one, and the days that are left (``later``)."""
    months = (end.year - start.year) * 12 + end.month - start.month
    while add_months(start, months) > end:
        months -= 1
    return months, (end - add_months(start, months)).days


def window_from(day: date, months: int) -> tuple[date, date]:
    """First and last day of the ``months`` months from ``day`` on: to the day before the same day of the month, or to
    the month's last day where it has no such day (from January 31 one month is to February 28)."""
    after = add_months(day, months)
    return day, after if after == date.max or after.day < day.day else after - DAY


def term_in(day: date, months: int, first: date, last: date) -> tuple[date, date] | None:
    """First and last day of the term that ends between two days, of those of ``months`` months that follow each other
    from ``day`` on. Each ends where so many months from ``day`` itself would (``window_from``), and the next begins on
    the day after. The two days are less than ``months`` months apart, so that there is one at most."""
    most = ((last.year - day.year) * 12 + last.month - day.month + 1) // months
    for number in (most, most - 1):
        ends = window_from(day, number * months)[1] if number > 0 else None
        if ends is not None and first <= ends <= last:
            return (window_from(day, (number - 1) * months)[1] + DAY if number > 1 else day), ends
    return None


def full_months(start: date, end: date) -> int:
    """Full months in start..end, both included (``window_from``)."""
    if end < start:
        return 0
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    while months > 0 and (add_months(start, months) == date.max or window_from(start, months)[1] > end):
        months -= 1
    return months


def lasts(start: date, end: date, op: str, count: int, unit: str) -> bool:
    """Whether start..end, both included, has so many ``months`` or ``days``; by ``>`` at least one day beyond them."""
    if unit == "days":
        return lasts_in_all([(start, end)], op, count)
    return full_months(start, end) >= count and (op != ">" or window_from(start, count)[1] < end)


def lasts_in_all(stretches: Iterable[tuple[date, date]], op: str, count: int) -> bool:
    """Whether stretches of which no two share a day (``merged``) have so many days together; by ``>`` more."""
    days = sum((end - start).days + 1 for start, end in stretches)
    return days > count if op == ">" else days >= count


def merged(stretches: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Stretches of days (both ends included) that touch or overlap, made one."""
    result: list[tuple[date, date]] = []
    for start, end in sorted(stretches):
        if end < start:
            continue
        if result and (result[-1][1] == date.max or start <= result[-1][1] + DAY):
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


@lru_cache(maxsize=4096)
def label(first: int, years: int = 1) -> str:
    """``2016`` or ``2016..2020``."""
    return str(first) if years == 1 else f"{first}..{first + years - 1}"


def is_label(text: object) -> bool:
    """Whether it is a period as ``label`` writes it."""
    return isinstance(text, str) and re.fullmatch(r"[0-9]{4}(\.\.[0-9]{4})?", text) is not None


def labelled(text: str) -> tuple[int, int]:
    """The first and the last period that a label names."""
    first, _, last = text.partition("..")
    return int(first), int(last or first)


def days_of(text: str, year_start: tuple[int, int]) -> tuple[date, date]:
    """First and last day of the periods that a label names."""
    first, last = labelled(text)
    return period_bounds(first, year_start, last - first + 1)
