"""What a figure in one window implies in another: 90 hours in each year are 450 in five, and never the reverse."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from policyengine.language import tree
from policyengine.messages import say


def years_of(window: tree.Window) -> int | None:
    """How many years a window has; None for those that are not whole years."""
    return window.count if isinstance(window, tree.PerYears | tree.AnyYears) else None


def of_a_year(window: tree.Window | None) -> bool:
    """Whether it is each year by itself."""
    return isinstance(window, tree.PerYears) and window.count == 1


def series_of(window: tree.PerYears) -> tuple[int, int]:
    """The blocks of a window: how many years each has, and which of as many years they begin with. Versions that start
    in different years may have the same ones."""
    return window.count, (window.starting or 0) % window.count


def decided_with(window: tree.Window) -> object:
    """With what a requirement over a window is decided: each year, which blocks of years, which months from which date.
    Two windows of which this is the same end together."""
    match window:
        case tree.PerYears(count=count) if count > 1:
            return series_of(window)
        case tree.Within():
            return window
    return None


def window_within(one: tree.Window, other: tree.Window) -> bool:
    """Whether no window of ``one`` crosses the border of a window of ``other`` (records that lie in one period)."""
    if one == other:
        return True
    match one, other:
        case tree.PerActivity(), _:
            return True
        case ((tree.PerDay() | tree.PerField()), tree.PerYears()):
            return True
        case ((tree.PerDay() | tree.PerField() | tree.PerYears(count=1)), tree.AnyYears()):
            return True
        case tree.PerYears(), tree.PerYears():
            return _aligned(one, other)
    return False


def _aligned(one: tree.Window, other: tree.Window) -> bool:
    """Whether windows of ``one`` begin wherever one of ``other`` does."""
    if isinstance(one, tree.PerYears) and isinstance(other, tree.PerYears) and one.count > 1:
        return other.count % one.count == 0 and ((one.starting or 0) - (other.starting or 0)) % one.count == 0
    return isinstance(one, tree.AnyYears) or years_of(one) == 1


def implied(one: tree.Window, other: tree.Window, least: bool) -> Fraction | None:
    """How many times the figure of ``one`` holds as a minimum (``least``) or a maximum in every ``other``; None: not
    at all.
    """
    if one == other or (years_of(one) == years_of(other) == 1):
        return Fraction(1)
    if (
        isinstance(one, tree.PerYears)
        and isinstance(other, tree.PerYears)
        and min(one.count, other.count) > 1
        and (one.starting or 0) > (other.starting or 0)
    ):
        return None  # the other has windows before the first of these
    if isinstance(one, tree.Within) and isinstance(other, tree.Within):
        return _terms(one, other)
    return _least(one, other) if least else _most(one, other)


def _terms(one: tree.Within, other: tree.Within) -> Fraction | None:
    """How many terms of ``one`` make one of ``other``: both go on from one date."""
    whole = one.again and one.field == other.field and other.months % one.months == 0
    return Fraction(other.months // one.months) if whole else None


def _least(one: tree.Window, other: tree.Window) -> Fraction | None:
    """How many windows of ``one`` without a common year surely lie in a window of ``other``."""
    a, b = years_of(one), years_of(other)
    if a is None or b is None:
        return None
    count = b // a if _aligned(one, other) else (b - a + 1) // a
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
    return Fraction(-(-b // a) if _aligned(one, other) else (b - 2) // a + 2)


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
        case tree.Within(months=months, again=True):
            return say(f"per {months} months", f"每 {months} 个月")
        case tree.Within(months=months):
            return say(f"within {months} months", f"{months} 个月内")


def both_in_words(one: tree.Window, other: tree.Window, named: Callable[[str], str] = str) -> tuple[str, str]:
    """Two windows in words, and where these are the same, with the year or the field that they go by (``named``)."""
    here, there = window_words(one), window_words(other)
    return (here, there) if here != there else (_in_full(one, named), _in_full(other, named))


def _in_full(window: tree.Window, named: Callable[[str], str]) -> str:
    words = window_words(window)
    match window:
        case tree.PerYears(starting=int() as start):
            return say(f"{words} starting {start}", f"自 {start} 年起{words}")
        case tree.Within(field=field, again=True):
            return say(f"{words} from {named(field)}", f"自{named(field)}起{words}")
        case tree.Within(field=field):
            return say(f"{words} of {named(field)}", f"自{named(field)}起 {words}")
        case tree.PerField(field=field):
            return say(f"per {named(field)} within a year", f"年度内每个{named(field)}")
    return words


def not_implied(one: tree.Window, other: tree.Window, least: bool) -> str:
    """Why a figure over ``one`` says nothing of one over ``other``, for an official."""
    here, there = both_in_words(one, other)
    if not least:
        return say(f"a limit {here} does not bound what counts {there}", f"{here}的限额不能限制{there}所计的数量")
    if years_of(one) is not None and years_of(other) is not None:
        return say(
            f"a minimum {here} does not secure one {there}: the hours may all lie in the same year",
            f"{here}的下限不能保证{there}的下限：学时可能集中在其中一年",
        )
    return say(f"a minimum {here} does not secure one {there}", f"{here}的下限不能保证{there}的下限")
