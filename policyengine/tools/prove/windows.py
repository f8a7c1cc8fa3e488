"""What a figure in one window implies in another: 90 hours in each year are 450 in five, and never the reverse."""

from __future__ import annotations

from fractions import Fraction

from policyengine.language import tree
from policyengine.messages import say
from policyengine.plan.caps import window_within


def years_of(window: tree.Window) -> int | None:
    """How many years a window has; None for those that are not whole years."""
    return window.count if isinstance(window, tree.PerYears | tree.AnyYears) else None


def implied(one: tree.Window, other: tree.Window, least: bool) -> Fraction | None:
    """How many times the figure of ``one`` holds as a minimum (``least``) or a maximum in every ``other``; None: not
    at all.
    """
    if one == other or (years_of(one) == years_of(other) == 1):
        return Fraction(1)
    return _least(one, other) if least else _most(one, other)


def _least(one: tree.Window, other: tree.Window) -> Fraction | None:
    """How many windows of ``one`` without a common year surely lie in a window of ``other``."""
    a, b = years_of(one), years_of(other)
    if a is None or b is None:
        return None
    aligned = a == 1 or isinstance(one, tree.AnyYears)
    if isinstance(one, tree.PerYears) and isinstance(other, tree.PerYears) and not aligned:
        aligned = b % a == 0 and ((one.starting or 0) - (other.starting or 0)) % a == 0
    count = b // a if aligned else (b - a + 1) // a
    return Fraction(count) if count > 0 else None


def _most(one: tree.Window, other: tree.Window) -> Fraction | None:
    """How many windows of ``one`` surely cover a window of ``other``."""
    if isinstance(one, tree.Within):
        return None  # records outside of those months are not limited
    if isinstance(one, tree.PerDay):  # several days have the figure several times
        days = 366 * (years_of(other) or 0)
        return Fraction(days) if days else None
    if window_within(other, one):
        return Fraction(1)
    a, b = years_of(one), years_of(other)
    if isinstance(one, tree.AnyYears) and a is not None and (b == 1 or isinstance(other, tree.PerField | tree.PerDay)):
        return Fraction(1)
    if a is None or b is None:
        return None
    aligned = a == 1 or isinstance(one, tree.AnyYears)
    if isinstance(one, tree.PerYears) and isinstance(other, tree.PerYears) and not aligned:
        aligned = b % a == 0 and ((one.starting or 0) - (other.starting or 0)) % a == 0
    return Fraction(-(-b // a) if aligned else (b - 2) // a + 2)


def window_words(window: tree.Window) -> str:
    """A window in the language spoken: ``per 5 years``, ``每 5 年``."""
    match window:
        case tree.PerActivity():
            return say("per activity", "每次")
        case tree.PerDay():
            return say("per day", "每天")
        case tree.PerField():
            return say("per group within a year", "年度内每组")
        case tree.PerYears(count=1):
            return say("per year", "每年")
        case tree.PerYears(count=count):
            return say(f"per {count} years", f"每 {count} 年")
        case tree.AnyYears(count=count):
            return say(f"in any {count} years", f"任意 {count} 年")
        case tree.Within(months=months):
            return say(f"within {months} months", f"{months} 个月内")
