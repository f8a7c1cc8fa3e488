"""Days worth trying: what statements ask of a record's days in, last days and first days out that stand for all.

What is asked of the end, the beginning and the length of a record are bounds on two days and on their distance, so that
whatever can be fulfilled is fulfilled where two of the bounds meet, or a day beside. Other dates, and years, that are
compared with these days or with the period lie before, between or behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from policyengine.engines.calendar import (
    DAY,
    add_months,
    day_in_period,
    full_months,
    lasts,
    later,
    period_bounds,
    period_of,
    window_from,
)
from policyengine.tools.prove.mentions import Constant, Length, Mentions
from policyengine.tools.prove.model import Context
from policyengine.tools.prove.spans import is_regular, turned

LENGTHS = {"days": 4000, "full_months": 130}  # and the greatest that an activity is thought to have
OF_ENDS = ("date", "end")
CYCLE = 1461  # days in which every month has had each of its lengths


def changes(mentions: Mentions, name: str, context: Context) -> set[date]:
    """Days on which the answers about a date, or a year, change: those it is compared with, the first of periods."""
    constants = mentions.constants.get(name, ())
    years = {*mentions.years.get(name, ()), *(int(c) for c in constants if isinstance(c, Fraction))}
    decl = context.vocabulary.fields.get(name)
    if decl is None or decl.type not in ("date", "year"):
        return set()
    return {c for c in constants if isinstance(c, date)} | set(firsts((y + n for y in years for n in (0, 1)), context))


def marked(mentions: Mentions, name: str, periods: Iterable[int], context: Context) -> set[date]:
    """Days of these periods with which a date is compared by their names (``July 1 of this year``), and those on which
    the time from or to them turns."""
    marks, within = mentions.marks.get(name, ()), [p for p in periods if 2 <= p <= 9990]
    days = {day_in_period(p, *mark, context.year_start) for p in within for mark in marks}
    return days | turned(mentions.spans.get(name, ()), within, context.year_start)


def others(mentions: Mentions, name: str) -> set[str]:
    """The fields from or to which the time is asked of a date."""
    return {t.other for t in mentions.spans.get(name, ()) if isinstance(t.other, str)}


def apart(mentions: Mentions, name: str, tried: Mapping[str, Iterable[date]]) -> set[date]:
    """The days on which the time between a date and others turns, where these are on the days that are ``tried``."""
    times = mentions.spans.get(name, ())
    known = ((t, d) for t in times if isinstance(t.other, str) for d in tried.get(t.other, ()))
    return set[date]().union(*(time.turns(day) for time, day in known))


def firsts(periods: Iterable[int], context: Context) -> Iterator[date]:
    """The first days of the periods, as far as the calendar reaches with a little to spare."""
    return (period_bounds(p, context.year_start)[0] for p in periods if 2 <= p <= 9990)


def bound(mentions: Mentions, context: Context) -> set[date]:
    """The changes of beginnings, and of all dates and years that are compared with each other or with the period."""
    return set[date]().union(*(changes(mentions, name, context) for name in ("start", *mentions.relative)))


def reach(mentions: Mentions) -> int:
    """How many dates and years may stand side by side."""
    return 1 + len(mentions.relative - set(OF_ENDS))


def ends(mentions: Mentions, context: Context, around: Iterable[date]) -> set[date]:
    """Last days at which beginnings, lengths and other dates bring something new; ``around``: days tried anyway."""
    found = bound(mentions, context)
    near = 1
    if mentions.relative:
        near = reach(mentions)
        periods = {period_of(d, context.year_start) for d in (*found, *around)}
        found |= set(firsts({p + n for p in periods for n in range(2 - near, near)}, context))
    found = beside(found, near)
    if "start" in mentions.fields:
        found |= {end for start in found for end in _ends_after(mentions, context, start)}
    return found | set(_months_by_days(mentions, context))


def beside(days: Iterable[date], near: int) -> set[date]:
    """The days and those at most ``near`` before and behind them."""
    return {d + timedelta(days=n) for d in days if 1 < d.year < 9999 for n in range(-near, near + 1)}


def lengths(mentions: Mentions, name: str, context: Context) -> list[int]:
    """The numbers of days or months that lengths are compared with, themselves and through other fields."""
    constants = {c for c in joined(mentions, name, context) if isinstance(c, Fraction)}
    return sorted({int(c) for c in constants if 0 <= c <= LENGTHS[name]})


def joined(mentions: Mentions, name: str, context: Context) -> set[Constant]:
    """The constants of a field and of those that it is compared with, directly or through others, whose least and
    greatest values included.
    """
    found = [name]
    for one in found:
        found += sorted(mentions.partners.get(one, set()) - set(found))
    constants = set[Constant]().union(*(mentions.constants.get(one, set()) for one in found))
    decls = [context.vocabulary.fields.get(one) for one in found[1:]]
    return constants | {limit for d in decls if d for limit in (d.minimum, d.maximum) if limit is not None}


def _ends_after(mentions: Mentions, context: Context, start: date) -> Iterator[date]:
    """Last days of the records from ``start`` on that are just as long as is asked."""
    for count in lengths(mentions, "days", context):
        yield from (start + timedelta(days=count + n) for n in (-2, -1, 0))
    for months in lengths(mentions, "full_months", context):
        for after in (add_months(start, months), add_months(start, months + 1)):
            yield from (after - 2 * DAY, after - DAY)


def starts(mentions: Mentions, context: Context, end: date, split: bool) -> set[date]:
    """First days of records that end on ``end``. ``split``: whether a record may be divided among periods."""
    found = {end}
    for count in lengths(mentions, "days", context):
        found.update(end - timedelta(days=n - 1) for n in range(count - 1, count + 3))
    for months in lengths(mentions, "full_months", context):
        for number in range(max(1, months - 1), months + 3):
            latest = _latest_start(end, number)
            found |= {latest, latest + DAY}
    found |= beside(changes(mentions, "start", context), 1)
    first = period_bounds(period_of(end, context.year_start), context.year_start)[0]
    if split or "start" in mentions.years or "start" in mentions.relative:
        found.add(first - DAY)
    if "start" in mentions.relative:
        near = reach(mentions)
        found |= beside({first, end, *bound(mentions, context)}, near)
    found |= beside(apart(mentions, "start", {n: [end] for n in OF_ENDS}), 1)
    return {d for d in found if d <= end}


def _latest_start(end: date, months: int) -> date:
    """The last day from which on there are so many full months until ``end``."""
    found = add_months(end + DAY, -months)
    while add_months(found + DAY, months) - DAY <= end:
        found += DAY
    return found


def decided(mentions: Mentions, context: Context) -> bool:
    """Whether these days stand for all: not where days and months of one record meet what is asked of its dates, nor
    where an activity would have to last for years, nor where its dates are compared with a day of the year by its name;
    nor where the time between two days is asked, but of plain ones.
    """
    asked = [n for n in LENGTHS if n in mentions.fields]
    if mentions.marks.keys() & {"start", *OF_ENDS} or not _plain_spans(mentions, context):
        return False
    if any(isinstance(c, Fraction) and c > LENGTHS[n] for n in asked for c in joined(mentions, n, context)):
        return False
    return len(asked) < 2 or not (mentions.days or mentions.periods or mentions.relative or bound(mentions, context))


def _plain_spans(mentions: Mentions, context: Context) -> bool:
    """Whether times are asked only of dates of which little else is asked: from or to days of the year that lead to the
    same days in every period; or all of one date, from it to the end of the record or the reverse."""
    spans = {name: times for name, times in mentions.spans.items() if name not in OF_ENDS}
    if mentions.between_days or "start" in spans or (mentions.spans and not spans):
        return False
    for name in spans:
        if mentions.partners.get(name) or name in mentions.placing or changes(mentions, name, context):
            return False
    if len(spans) == len(mentions.spans) and all(isinstance(t.other, tuple) for ts in spans.values() for t in ts):
        regular = all(is_regular(t, context.year_start) for ts in spans.values() for t in ts)
        return regular and not any((2, 29) in mentions.marks.get(name, ()) for name in spans)
    return len(spans) == 1 and _of_one_length(mentions, next(iter(spans)), context)


def _of_one_length(mentions: Mentions, name: str, context: Context) -> bool:
    """Whether nothing but times to (or from) the end of the record is asked of a date, and nothing of that end: from
    such an end every time leads to other days, in one order, unless months are too short for it or days meet months."""
    times = mentions.spans[name]
    ways = {(t.after, t.unit == "days", t.other in OF_ENDS) for t in times}
    usual = context.start or context.until
    free = not (mentions.timed or mentions.days or mentions.periods or mentions.marks)
    return len(ways) == 1 and ways.pop()[2] and free and (usual.day if usual else context.year_start[1]) <= 28


def _months_by_days(mentions: Mentions, context: Context) -> Iterator[date]:
    """Last days of records with so many days and so many full months, where both are asked: months differ."""
    if not all(n in mentions.fields for n in LENGTHS):
        return
    first = context.start or (context.until - timedelta(days=CYCLE) if context.until else date(2020, 1, 1))
    last = min(context.until or date.max, first + timedelta(days=CYCLE))
    met = set[tuple[int, int]]()
    days = {n + d for n in lengths(mentions, "days", context) for d in (-1, 0, 1) if n + d > 0}
    for offset in range((last - first).days + 1):
        end = first + timedelta(days=offset)
        for count in days:
            met_now = (count, full_months(end - timedelta(days=count - 1), end))
            if met_now not in met:
                met.add(met_now)
                yield end


# --- circumstances ----------------------------------------------------------------------------------------------------


def both_lengths(asked: Iterable[Length]) -> bool:
    """Whether some ask for months and others for days: how many days a month has depends on where it lies."""
    return len({unit for *_, unit in asked}) > 1


def of_leap_years(asked: Sequence[Length]) -> bool:
    """Whether it may matter how many days a year has: days beside months, or as many days as a year."""
    return both_lengths(asked) or any(unit == "days" and count >= 365 for _, count, unit in asked)


def lasting(asked: Iterable[Length], first: date) -> set[date]:
    """Last days of stretches from a day on that are just as long as is asked, and one day less, or not yet, and one day
    more."""
    found = set[date]()
    for op, count, unit in asked:
        last = window_from(first, count)[1] if unit == "months" else later(first, count - 1, unit) or date.max
        found |= {last, last - DAY if op == ">=" else later(last, 1, "days") or last}
    return found


def answers(asked: Iterable[Length], first: date, last: date) -> tuple[bool, ...]:
    """Which of the lengths a stretch has."""
    return tuple(lasts(first, last, *length) for length in asked)


def spread(first: date, last: date, longest: int, total: int) -> list[tuple[date, date]]:
    """So many days from a day on, in stretches of so many with a day between them; none where they don't fit."""
    found = []
    while total > 0:
        days = min(longest, total)
        found.append((first, end := first + timedelta(days=days - 1)))
        first, total = end + 2 * DAY, total - days
    return found if found and found[-1][1] <= last else []


def beginnings(first: date, last: date) -> Iterator[date]:
    """First days of stretches from which on months may have other lengths: as from the first of a month it is from
    every day up to its 28th."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if number == 0 or day.day == 1 or day.day > 28:
            yield day
