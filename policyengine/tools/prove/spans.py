"""Times between two days: how long is asked in, out come the days on which the answer turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product

from policyengine.engines.calendar import DAY, add_months, day_in_period, later

CYCLE = range(2001, 2401)  # periods in which the calendar has done all that it does
Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Time:
    """A field is so many days, months or years ``after`` another day, or before it. ``other``: a field, or a day of the
    year."""

    other: str | Mark
    count: int
    unit: str
    after: bool

    def turns(self, day: date) -> set[date]:
        """With ``day`` for the other one: where the time is just so much, or the last days on which it is as much, and
        more than that."""
        if self.after:
            found = {later(day, self.count, self.unit)}
        else:
            found = {self._latest(until) for until in (day, day - DAY)} if day > date.min else set()
        return {d for d in found if d is not None}

    def _latest(self, until: date) -> date | None:
        """The last day from which on it is so long; None before the calendar."""
        months = self.count * 12 if self.unit == "years" else self.count
        if self.unit == "days":
            number = until.toordinal() - self.count
            return date.fromordinal(number) if number > 0 else None
        if months >= (until.year - 1) * 12:
            return None
        found = add_months(until, -months)
        while (end := later(found + DAY, self.count, self.unit)) is not None and end <= until:
            found += DAY
        return found


@cache
def is_regular(time: Time, year_start: Mark) -> bool:
    """Whether a day of the year leads to the same days in every period: no leap year moves one against another."""
    assert not isinstance(time.other, str)
    named: Mark = time.other
    each = ((p, time.turns(day_in_period(p, *named, year_start))) for p in CYCLE)
    return len({frozenset((d.year - p, d.month, d.day) for d in days) for p, days in each}) == 1


def turned(times: Iterable[Time], periods: Iterable[int], year_start: Mark) -> set[date]:
    """The days on which times from or to days of these periods turn."""
    found: set[date] = set()
    for time, period in product(times, periods):
        if not isinstance(time.other, str):
            found |= time.turns(day_in_period(period, *time.other, year_start))
    return found
