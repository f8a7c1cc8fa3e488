"""How much the windows of a cap still hold while records take their hours one after another.

``Room.left`` says how much an item may take, ``Room.take`` takes it. Most windows are a few sets of items; windows by
days are a grid, because there is one for each first and last day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import accumulate
from math import lcm

from policyengine.engines.numbers import UNBOUNDED, ZERO, Amount, Number
from policyengine.light import dataclass

FREE: Number = UNBOUNDED * UNBOUNDED
"""What a window without a figure holds: more than any items that are unbounded themselves."""


@dataclass(slots=True)
class Grid:
    """Windows by days over records that overlap: ``limits[a][b]`` holds for those from ``starts[a]`` to ``ends[b]``.

    ``places``: item → (rows, column): it lies within the windows of the first ``rows`` rows, from ``column`` on.
    ``settled``: all limits are known.
    """

    limits: list[list[Amount]]
    places: dict[int, tuple[int, int]]
    settled: bool


def grids(
    spans: Mapping[tuple[date, date], Sequence[int]],
    wanted: Callable[[int], Number],
    period: Callable[[int], int],
    limit: Callable[[int], Amount | None],
) -> list[Grid]:
    """The grids of items by their first and last days; windows that no records could fill are left out.

    ``wanted``: the most an item may take; ``limit``: the figure for a day, by the period of the last item.
    """

    @cache
    def held(year: int, days: int) -> Amount:
        one = limit(year) if year else None
        if one is None:
            return FREE, FREE
        least = one[0] * days
        return least, least if one[0] == one[1] else one[1] * days

    found = (_grid(component, spans, wanted, period, held) for component in _touching(sorted(spans)))
    return [grid for grid in found if grid is not None]


def _grid(
    component: list[tuple[date, date]],
    spans: Mapping[tuple[date, date], Sequence[int]],
    wanted: Callable[[int], Number],
    period: Callable[[int], int],
    held: Callable[[int, int], Amount],
) -> Grid | None:
    """``held``: what so many days hold, by the period of the last item."""
    starts, ends = sorted({a for a, _ in component}), sorted({b for _, b in component})
    scale = lcm(*(wanted(n).denominator for span in component for n in spans[span]))  # whole numbers add up quickly
    sums = [0] * len(ends)  # of the items from the row's start on, by the day on which they end
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
                sums[column] += int(wanted(n) * scale)
                years[column] = max(years[column], period(n))
        total, year = 0, 0
        first = bisect_left(ends, starts[row])
        line = [(FREE, FREE)] * first
        for column in range(first, len(ends)):
            total, year = total + sums[column], max(year, years[column])
            line.append(held(year, (ends[column] - starts[row]).days + 1))
            if total > line[-1][0] * scale:
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
    tight = [[limits[r][c] for c in columns] for r in rows]
    return Grid(tight, kept, all(low is high or low == high for row in tight for low, high in row))


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


class _Rows:
    """Figures in order: ``add`` to the first so many of them, and ``least`` of the first so many.

    A tree. Its leaves hold what is added to all figures up to theirs; a node knows the sum of its leaves, and the least
    of the sums from any of them to its last. So both take steps as the logarithm of the figures' number.
    """

    def __init__(self, figures: Sequence[Number]):
        self._size = 1 << (len(figures) - 1).bit_length()
        self._sum: list[Number] = [ZERO] * (2 * self._size)
        self._sum[self._size : self._size + len(figures)] = [
            one - after for one, after in zip(figures, [*figures[1:], ZERO], strict=True)
        ]
        self._least = list(self._sum)
        for node in range(self._size - 1, 0, -1):
            self._look_below(node)

    def _look_below(self, node: int) -> None:
        left, right = 2 * node, 2 * node + 1
        self._sum[node] = self._sum[left] + self._sum[right]
        self._least[node] = min(self._least[left] + self._sum[right], self._least[right])

    def add(self, count: int, amount: Number) -> None:
        """Add so much to each of the first ``count`` figures."""
        node = self._size + count - 1
        self._sum[node] += amount
        self._least[node] = self._sum[node]
        while node > 1:
            node //= 2
            self._look_below(node)

    def least(self, count: int) -> Number:
        """The least of the first ``count`` figures."""
        node = self._size + count - 1
        found = self._least[node]
        while node > 1:
            if node % 2:
                found = min(found, self._least[node - 1] + self._sum[node])
            else:
                found += self._sum[node + 1]
            node //= 2
        return found


class _GridRoom:
    """What is left of a grid's windows in one run.

    Items come mostly in the order of their last days. What they took lies then within every window that a later one
    meets, so that of each row only the least of the windows from the item's column on is kept (``_rows``), and moved
    from column to column. Before an item that ends earlier than one that took, what was taken is laid on the windows.
    """

    def __init__(self, limits: Sequence[Sequence[Amount]], which: int):
        self._windows = [[one[which] for one in row] for row in limits]
        self._begin(0)

    def _begin(self, column: int) -> None:
        least = [list(accumulate(reversed(row), min))[::-1] for row in self._windows]
        self._ahead = list(zip(*least, strict=True))  # by column, then row: the least of the windows from there on
        self._rows = _Rows(self._ahead[column])
        self._column = column
        self._taken: list[tuple[int, int, Number]] = []
        self._last = 0  # the last column from which on something was taken

    def left(self, count: int, column: int) -> Number:
        """The most that an item may take that lies in the first ``count`` rows, from a column on."""
        self._move(column)
        return self._rows.least(count)

    def take(self, count: int, column: int, amount: Number) -> None:
        """Use up so much of the windows there."""
        self._move(column)
        self._rows.add(count, -amount)
        self._taken.append((count, column, amount))
        self._last = max(self._last, column)

    def _move(self, column: int) -> None:
        if column < self._last:
            self._lay()
            self._begin(column)
        if column == self._column:
            return
        more = [one - before for one, before in zip(self._ahead[column], self._ahead[self._column], strict=True)]
        for row, (one, after) in enumerate(zip(more, [*more[1:], ZERO], strict=True)):
            if one != after:
                self._rows.add(row + 1, one - after)
        self._column = column

    def _lay(self) -> None:
        """Take what was taken from each window."""
        by_column: dict[int, list[tuple[int, Number]]] = {}
        for count, column, amount in self._taken:
            by_column.setdefault(column, []).append((count, amount))
        used: list[Number] = [ZERO] * len(self._windows)  # by the last row of the items
        for column in range(min(by_column), len(self._windows[0])):
            for count, amount in by_column.get(column, ()):
                used[count - 1] += amount
            within = list(accumulate(reversed(used)))[::-1]
            for row, amount in zip(self._windows, within, strict=True):
                row[column] -= amount


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
        self._grids: dict[int, tuple[_GridRoom, int, int]] = {}  # by item: where it lies in its grid
        for grid in grids:
            room = _GridRoom(grid.limits, which)
            self._grids.update((n, (room, *place)) for n, place in grid.places.items())

    def left(self, number: int) -> Number:
        """The most that an item may take."""
        most = UNBOUNDED
        for one in self._bound.get(number, ()):
            if self._left[one] < most:
                most = self._left[one]
        if number in self._grids:
            room, count, column = self._grids[number]
            most = min(most, room.left(count, column))
        return most

    def take(self, number: int, amount: Number) -> None:
        """Use up so much of every window that holds the item."""
        if not amount:
            return
        for one in self._fills.get(number, ()):
            self._left[one] -= amount
        if number in self._grids:
            room, count, column = self._grids[number]
            room.take(count, column, amount)
