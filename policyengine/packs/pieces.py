"""Stretches of days, and the pieces of time in which one combination of a rule and its overrides governs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.packs.model import Governing, Rule
from policyengine.packs.values import YearStart, first_day, last_day, period_of

Stretch = tuple[date | None, date | None]
"""First and last day, both included; None is open."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """What governs in one stretch. ``statement`` None: dropped by ``rule``. ``root``: the lowest rule it stands for.

    ``beside``: a base rule that goes on beside an override whose condition or window is another one.
    """

    rule: Rule
    statement: tree.Statement | None
    stretch: Stretch
    root: str
    over: tuple[Rule, ...] = ()
    keeps_stricter: bool = False
    raises: bool = False
    beside: bool = False

    @property
    def name(self) -> str:
        return self.rule.name


def overlap(one: Stretch, other: Stretch) -> Stretch | None:
    """The days that both have; None where there are none."""
    starts = [d for d in (one[0], other[0]) if d is not None]
    ends = [d for d in (one[1], other[1]) if d is not None]
    start, until = max(starts, default=None), min(ends, default=None)
    return None if start is not None and until is not None and start > until else (start, until)


def without(one: Stretch, other: Stretch) -> list[Stretch]:
    """The days of ``one`` that ``other`` does not have, as at most two stretches."""
    if overlap(one, other) is None:
        return [one]
    rest: list[Stretch] = []
    if other[0] is not None and (one[0] is None or one[0] < other[0]):
        rest.append((one[0], other[0] - DAY))
    if other[1] is not None and (one[1] is None or one[1] > other[1]):
        rest.append((other[1] + DAY, one[1]))
    return rest


def uncovered(one: Stretch, others: Iterable[Stretch]) -> list[Stretch]:
    """The days of ``one`` that none of the others has."""
    left = [one]
    for other in others:
        left = [rest for some in left for rest in without(some, other)]
    return left


def covers(one: Stretch, other: Stretch) -> bool:
    """Whether ``one`` has every day of ``other``."""
    return not without(other, one)


def cut(stretch: Stretch, pieces: Iterable[Governing]) -> Iterator[Stretch]:
    """The stretch in parts in which no piece begins or ends."""
    edges: set[date] = set()
    for g in pieces:
        if g.start is not None:
            edges.add(g.start)
        if g.until is not None and g.until < date.max:
            edges.add(g.until + DAY)
    start, until = stretch
    inside = sorted(e for e in edges if (start is None or e > start) and (until is None or e <= until))
    for edge in inside:
        yield start, edge - DAY
        start = edge
    yield start, until


def stretch_of(rule: Rule, own: YearStart, policy: YearStart, periods: bool) -> Stretch:
    """When a version is in force under a policy whose years begin on ``policy``; ``periods``: it governs whole ones.

    A rule for whole periods means the periods of the policy: ``from: 2016`` is the year 2016 of whoever is judged,
    also where the base's years begin in January and the policy's in September. A rule on records goes by its own days.
    """
    if own == policy or not rule.whole_periods or not periods:
        return rule.start, rule.until
    start = None if rule.start is None else first_day(period_of(rule.start, own), policy)
    until = None if rule.until is None else last_day(period_of(rule.until, own), policy)
    return start, until


def days(stretch: Stretch) -> str:
    """For messages: ``from 2016-01-01 until 2017-12-31``."""
    start, until = stretch
    if start is None and until is None:
        return say("at all times", "始终")
    parts = [say(f"from {start}", f"自 {start} 起")] if start else []
    return say(" ", "").join(parts + ([say(f"until {until}", f"至 {until} 止")] if until else []))
