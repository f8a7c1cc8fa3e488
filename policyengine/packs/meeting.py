"""Rows of a table in, pairs out that one lookup could both find: which of them holds would be chance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from heapq import heappop, heappush
from itertools import product

from policyengine.packs.model import Cell, Table
from policyengine.packs.values import canonical

MAX_LOOKUPS = 200_000  # combinations of alternatives in all rows
MAX_COMPARED = 1_000_000  # pairs of rows with the same exact keys: about a second

Row = tuple[Cell, ...]


class TooMany(Exception):
    """The table has more combinations than can be compared in time."""


def meeting_rows(table: Table) -> Iterator[tuple[int, int]]:
    """Pairs with the same keys at a common time, the earlier row first; some while any meet. Raises ``TooMany``."""
    ranged = [i for i, c in enumerate(table.columns) if c.match == "range"]
    left = MAX_COMPARED
    reported: set[int] = set()
    for bucket in _buckets(table).values():
        if len(bucket) < 2:
            continue
        for first, second in _meeting([(_stretches(table, table.rows[n], ranged), n) for n in bucket], left):
            if second is None:
                left -= first
            elif second not in reported:
                reported.add(second)
                yield first, second


def _meeting(rows: list[tuple[list[Stretch], int]], left: int) -> Iterator[tuple[int, int | None]]:
    """Pairs of one bucket, and at the end how many comparisons it took (with None).

    In the order in which the first stretch begins, only rows that have not ended yet can meet the next one.
    """
    compared = 0
    active: dict[int, list[Stretch]] = {}
    ends: list[tuple[Number, int]] = []
    for here, number in sorted(rows):
        while here and ends and ends[0][0] < here[0][0]:
            del active[heappop(ends)[1]]
        for other, there in active.items():
            compared += 1
            if compared > left:
                raise TooMany
            if all(low <= top and bottom <= high for (low, high), (bottom, top) in zip(here, there, strict=True)):
                yield min(number, other), max(number, other)
                break
        active[number] = here
        if here:
            heappush(ends, (here[0][1], number))
    yield compared, None


def _buckets(table: Table) -> dict[tuple[object, ...], list[int]]:
    """Rows by every combination of their exact keys (an alias is another name of the first key)."""
    exact = [i for i, c in enumerate(table.columns) if c.role in ("key", "year") and c.match == "exact"]
    first = next(iter(table.columns_with("key")), None)
    aliases = table.columns_with("alias")
    buckets: dict[tuple[object, ...], list[int]] = {}
    lookups = 0
    for number, row in enumerate(table.rows):
        names = [_names(row, [c, *aliases] if c == first else [c]) for c in exact]
        size = 1
        for some in names:
            size *= len(some)
        lookups += size
        if lookups > MAX_LOOKUPS:
            raise TooMany
        for combination in product(*names):
            buckets.setdefault(combination, []).append(number)
    return buckets


def _names(row: Row, columns: list[int]) -> set[object]:
    found: set[object] = set()
    for column in columns:
        cell = row[column]
        for part in cell if isinstance(cell, tuple) else (cell,):
            if part is not None:
                found.add(canonical(part) if isinstance(part, str) else part)
    return found


Number = Fraction | int
Stretch = tuple[Number, Number]
_FAR = 10**30


def _stretches(table: Table, row: Row, ranged: list[int]) -> list[Stretch]:
    """From and to, both included, of the row's validity and of each of its ranges, as numbers."""
    columns = table.columns
    result: list[Stretch] = []
    if any(c.role in ("from", "until") for c in columns):
        start = next((row[i] for i in table.columns_with("from")), None)
        until = next((row[i] for i in table.columns_with("until")), None)
        result.append((_number(start, -_FAR), _number(until, _FAR)))
    for column in ranged:
        cell = row[column]
        assert isinstance(cell, tuple)
        result.append((_number(cell[0], -_FAR), _number(cell[1], _FAR)))
    return result


def _number(value: object, otherwise: int) -> Number:
    if isinstance(value, date):
        return value.toordinal()
    return value if isinstance(value, Fraction) else otherwise
