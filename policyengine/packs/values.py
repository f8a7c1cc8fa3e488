"""Values of a shape-checked YAML file as Python data: text, numbers, lists, years and dates."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from policyengine.packs.nodes import Listing, Mapping, Node, Scalar

YearStart = tuple[int, int]  # month and day on which a policy's year begins


def canonical(text: str) -> str:
    """Text as names are compared: full-width forms and case do not matter, nor spaces around it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def text_of(node: Node | None) -> str | None:
    """A scalar's text without spaces around it; None where there is none."""
    return node.text.strip() if isinstance(node, Scalar) and not node.is_null else None


def text_at(mapping: Node | None, key: str, default: str = "") -> str:
    """The text under ``key``, or ``default``."""
    found = text_of(mapping.get(key)) if isinstance(mapping, Mapping) else None
    return default if found is None else found


def optional_at(mapping: Node | None, key: str) -> str | None:
    """The text under ``key``; None where it is absent or null."""
    return text_of(mapping.get(key)) if isinstance(mapping, Mapping) else None


def yes_at(mapping: Node | None, key: str) -> bool:
    return text_at(mapping, key).casefold() == "true"


def texts_at(mapping: Node | None, key: str) -> tuple[str, ...]:
    """The texts of the list under ``key`` (a single text counts as a list of one)."""
    node = mapping.get(key) if isinstance(mapping, Mapping) else None
    items = node.items if isinstance(node, Listing) else (node,)
    return tuple(t for item in items if (t := text_of(item)) is not None)


def pairs_at(mapping: Node | None, *path: str) -> Iterator[tuple[Scalar, Node]]:
    """Keys and values of the mapping that ``path`` leads to; none where there is none."""
    node: Node | None = mapping
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    if isinstance(node, Mapping):
        yield from node.pairs


def number(text: str) -> Fraction | None:
    """``90``, ``0.5`` or ``2/3``, full-width digits too; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > 40 or not plain or not set(plain) <= set("0123456789.-+/"):
        return None
    try:
        return Fraction(plain)
    except (ValueError, ZeroDivisionError):
        return None


def number_at(mapping: Node | None, key: str) -> Fraction | None:
    text = optional_at(mapping, key)
    return None if text is None else number(text) if set(text) <= set("0123456789.-+/") else Fraction(text)


# --- years and days ---------------------------------------------------------------------------------------------------


def first_day(year: int, start: YearStart) -> date:
    """The first day of period ``year``."""
    return date(year, *start)


def last_day(year: int, start: YearStart) -> date:
    """The last day of period ``year``, as far as the calendar reaches: of 9999, which stands for "for ever"."""
    return date(year + 1, *start) - timedelta(days=1) if year < date.max.year else date.max


def period_of(day: date, start: YearStart) -> int:
    """The number of the period in which ``day`` lies: the calendar year in which it begins."""
    return day.year if (day.month, day.day) >= start else day.year - 1


def day_of(text: str) -> date | None:
    """``2016-07-01``, ``2016/7/1``, ``2016年7月1日`` or ``20160701``; None for anything else or a day that is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    for mark in "年月/.":
        plain = plain.replace(mark, "-")
    parts = plain.rstrip("日").split("-")
    if len(parts) == 1 and len(plain) == 8:
        parts = [plain[:4], plain[4:6], plain[6:]]
    if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) <= 4 for p in parts):
        return None
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def year_of(text: str) -> int | None:
    """``2016`` or ``2016年``; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip().rstrip("年")
    return int(plain) if len(plain) == 4 and plain.isascii() and plain.isdigit() and plain > "1800" else None
