"""How much the windows of a cap still hold while records take their hours one after another.

``Room.left`` says how much an item may take, ``Room.take`` takes it. Most windows are a few sets of items; windows by
days are a grid, because there is one for each first and last day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from policyengine.engines.numbers import UNBOUNDED, ZERO, Amount, Number
from policyengine.light import dataclass

FREE: Number = UNBOUNDED * UNBOUNDED
"""What a window without a figure holds: more than any items that are unbounded themselves."""


@dataclass(slots=True)
class Grid:
    """Windows by days over records that overlap: ``limits[a][b]`` holds for those from ``starts[a]`` to ``ends[b]``.

    ``places``: item → (rows, column): it lies within the windows of the first ``rows`` rows, from ``column`` on.
    """

    limits: list[list[Amount]]
    places: dict[int, tuple[int, int]]


def grids(
    spans: Mapping[tuple[date, date], Sequence[int]],
    wanted: Callable[[int], Number],
    period: Callable[[int], int],
    limit: Callable[[int], Amount | None],
) -> list[Grid]:
    """The grids of items by their first and last days; windows that no records could fill are left out.

    ``wanted``: the most an item may take; ``limit``: the figure for a day, by the period of the last item.
    """
    found = (_grid(component, spans, wanted, period, limit) for component in _touching(sorted(spans)))
    return [grid for grid in found if grid is not None]


def _grid(
    component: list[tuple[date, date]],
    spans: Mapping[tuple[date, date], Sequence[int]],
    wanted: Callable[[int], Number],
    period: Callable[[int], int],
    limit: Callable[[int], Amount | None],
) -> Grid | None:
    starts, ends = sorted({a for a, _ in component}), sorted({b for _, b in component})
    sums: list[Number] = [ZERO] * len(ends)  # of the items from the row's start on, by the day on which they end
    years = [0] * len(ends)
    by_start: dict[date, list[tuple[int, date]]] = {}
    for a, b in component:
        by_start.setdefault(a, []).append((bisect_left(ends, b), b))
    limits: list[list[Amount]] = []
    tight_rows: list[int] = []
    tight_columns: set[int] = set()
    for row in range(len(starts) - 1, -1, -1):
        for column, b in by_start[starts[row]]:
            for n in spans[starts[row], b]:
                sums[column] += wanted(n)
                years[column] = max(years[column], period(n))
        total, year = ZERO, 0
        line: list[Amount] = []
        for column, end in enumerate(ends):
            total, year = total + sums[column], max(year, years[column])
            one = limit(year) if year else None
            days = (end - starts[row]).days + 1
            line.append((FREE, FREE) if one is None or days < 1 else (one[0] * days, one[1] * days))
            if total > line[-1][0]:
                tight_columns.add(column)
                if not tight_rows or tight_rows[-1] != row:
                    tight_rows.append(row)
        limits.append(line)
    if not tight_rows:
        return None
    limits.reverse()
    rows, columns = sorted(tight_rows), sorted(tight_columns)
    first_days, last_days = [starts[r] for r in rows], [ends[c] for c in columns]
    places = {n: (bisect_right(first_days, a), bisect_left(last_days, b)) for a, b in component for n in spans[a, b]}
    kept = {n: (r, c) for n, (r, c) in places.items() if r and c < len(columns)}
    return Grid([[limits[r][c] for c in columns] for r in rows], kept)


def _touching(spans: list[tuple[date, date]]) -> list[list[tuple[date, date]]]:
    """Stretches grouped so that those of different groups share no day."""
    groups: list[list[tuple[date, date]]] = []
    last = date.min
    for a, b in spans:
        if not groups or a > last:
            groups.append([])
            last = b
        groups[-1].append((a, b))
        last = max(last, b)
    return groups


class Room:
    """What is left of every window of a cap in one run."""

    def __init__(
        self,
        limits: Sequence[Amount],
        bound: Mapping[int, Sequence[int]],
        fills: Mapping[int, Sequence[int]],
        grids: Sequence[Grid],
        which: int,
    ):
        """``which``: 0 for the least limits, 1 for the greatest."""
        self._left = [limit[which] for limit in limits]
        self._bound, self._fills = bound, fills
        self._grids = [(grid.places, [[one[which] for one in row] for row in grid.limits]) for grid in grids]

    def left(self, number: int) -> Number:
        """The most that an item may take."""
        most = UNBOUNDED
        for one in self._bound.get(number, ()):
            if self._left[one] < most:
                most = self._left[one]
        for places, rows in self._grids:
            if number in places:
                count, column = places[number]
                most = min(most, min(min(row[column:]) for row in rows[:count]))
        return most

    def take(self, number: int, amount: Number) -> None:
        """Use up so much of every window that holds the item."""
        if not amount:
            return
        for one in self._fills.get(number, ()):
            self._left[one] -= amount
        for places, rows in self._grids:
            if number in places:
                count, column = places[number]
                for row in rows[:count]:
                    row[column:] = [one - amount for one in row[column:]]
