"""Tables at run time: the row for a tuple of values, on a day and in a year (``docs/semantics.md``, stages 2 and 6)."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import product

from policyengine.packs.model import Cell, Table

Row = tuple[Cell, ...]


@lru_cache(maxsize=65536)
def _canonical(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def canonical_text(value: object) -> object:
    """Text as tables compare it: compatibility-normalised, without spaces around, case folded."""
    return _canonical(value) if isinstance(value, str) else value


def matches(cell: Cell, value: object, ranged: bool) -> bool:
    """Whether a key cell is, or holds, a canonical value; ``ranged``: it is a range."""
    if isinstance(cell, tuple):
        if ranged:
            low, high = cell
            return (low is None or value >= low) and (high is None or value <= high)  # type: ignore[operator]
        return any(canonical_text(one) == value for one in cell)
    return canonical_text(cell) == value


class Finder:
    """Finds the rows of one table. Keys of rows that are valid at one time never overlap (``packs/tables.py``)."""

    def __init__(self, table: Table):
        self.table = table
        self.keys, self.values = table.columns_with("key"), table.columns_with("value")
        self._year = next(iter(table.columns_with("year")), None)
        self._from = next(iter(table.columns_with("from")), None)
        self._until = next(iter(table.columns_with("until")), None)
        self._told: dict[int, dict[object, list[int]]] = {}
        self._ranged = [table.columns[k].match == "range" for k in self.keys]
        self._exact = [p for p, ranged in enumerate(self._ranged) if p and not ranged]  # keys but the first
        self._indexes: dict[int, dict[tuple[object, ...], list[Row]]] = {}  # by how many keys are asked for
        self._rows: dict[object, list[Row]] = {}  # by the first key and its aliases
        self._scanned: list[Row] = []  # those whose first key is a range
        self._changes = self._days_of_change()
        self._stocked: dict[tuple[int, int], bool] = {}
        self._bounds: dict[tuple[int, int] | None, tuple[Fraction, Fraction] | None] = {}
        for row in table.rows if self.keys else ():
            if self._ranged[0]:
                self._scanned.append(row)
            else:
                for name in self._names(row):
                    self._rows.setdefault(name, []).append(row)

    def _names(self, row: Row) -> set[object]:
        names: set[object] = set()
        for column in (self.keys[0], *self.table.columns_with("alias")):
            cell = row[column]
            names.update(canonical_text(n) for n in (cell if isinstance(cell, tuple) else (cell,)))
        return names - {None}

    def _valid(self, row: Row, on: date, year: int) -> bool:
        if self._year is not None and row[self._year] != year:
            return False
        start = row[self._from] if self._from is not None else None
        until = row[self._until] if self._until is not None else None
        return (start is None or start <= on) and (until is None or on <= until)  # type: ignore[operator]

    def any_row(self, on: date, year: int) -> bool:
        """Whether the table says anything for that day and year."""
        asked = self._stretch(on, year)
        known = self._stocked.get(asked)
        if known is None:
            known = self._stocked[asked] = any(self._valid(row, on, year) for row in self.table.rows)
        return known

    def _stretch(self, on: date, year: int) -> tuple[int, int]:
        """Alike for all days and years for which the table's rows are the same."""
        return bisect_right(self._changes, on), 0 if self._year is None else year

    def _days_of_change(self) -> list[date]:
        """Days on which other rows are valid than the day before."""
        days: set[date] = set()
        for row in self.table.rows:
            start = row[self._from] if self._from is not None else None
            until = row[self._until] if self._until is not None else None
            if isinstance(start, date):
                days.add(start)
            if isinstance(until, date) and until < date.max:
                days.add(until + timedelta(days=1))
        return sorted(days)

    def told_at(self, place: int) -> dict[object, list[int]]:
        """Text → the numbers of the rows that have it as the key at that place, or as an alias of the first. Worked out
        once: each of thousands of projects in a register is looked up in a table of as many."""
        if place not in self._told:
            columns = [self.keys[place], *(self.table.columns_with("alias") if place == 0 else ())]
            told = self._told[place] = {}
            for number, row in enumerate(self.table.rows):
                for cell in (row[c] for c in columns):
                    for one in cell if isinstance(cell, tuple) else (cell,):
                        if one is not None:
                            told.setdefault(canonical_text(one), []).append(number)
        return self._told[place]

    def find(self, arguments: Sequence[object], on: date, year: int) -> Row | None:
        """The row whose key columns match ``arguments`` in order, valid then; None when there is none."""
        if not self.keys or not arguments:
            return next((row for row in self.table.rows if self._valid(row, on, year)), None)
        wanted = [canonical_text(a) for a in arguments]
        for row in self._candidates(wanted):
            if self._valid(row, on, year) and all(
                matches(row[column], value, ranged)
                for position, (column, value, ranged) in enumerate(zip(self.keys, wanted, self._ranged, strict=False))
                if position > 0 or ranged
            ):
                return row
        return None

    def _candidates(self, wanted: Sequence[object]) -> Sequence[Row]:
        """The rows that have these exact keys, in their order; a range is compared row by row."""
        places = [p for p in self._exact if p < len(wanted)]
        if self._ranged[0] or not places:
            return self._rows.get(wanted[0], ()) or self._scanned
        index = self._indexes.get(len(places))
        if index is None:
            index = self._indexes[len(places)] = {}
            for first, rows in self._rows.items():
                for row in rows:
                    cells = (row[self.keys[p]] for p in places)
                    names = [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
                    for key in {(first, *map(canonical_text, each)) for each in product(*names)}:
                        index.setdefault(key, []).append(row)
        return index.get((wanted[0], *(wanted[p] for p in places)), ())

    def figure(self, row: Row) -> Fraction | None:
        """The row's value column; None when the cell is empty."""
        cell = row[self.values[0]] if self.values else None
        return cell if isinstance(cell, Fraction) else None

    def figures(self, on: date | None = None, year: int = 0) -> list[Fraction]:
        """All figures of the value column; with a day and a year, those that are valid then."""
        rows = self.table.rows if on is None else [row for row in self.table.rows if self._valid(row, on, year)]
        return [f for row in rows if (f := self.figure(row)) is not None]

    def bounds(self, on: date | None = None, year: int = 0) -> tuple[Fraction, Fraction] | None:
        """The least and the greatest of ``figures``; None where there are none. Worked out once for each stretch of
        days: whoever lacks a key of the table asks for it, record after record."""
        asked = None if on is None else self._stretch(on, year)
        if asked not in self._bounds:
            figures = self.figures(on, year)
            self._bounds[asked] = (min(figures), max(figures)) if figures else None
        return self._bounds[asked]

    def greatest(self) -> Fraction:
        """The greatest figure in the table; 0 for an empty one."""
        bounds = self.bounds()
        return Fraction(0) if bounds is None else bounds[1]

    def value_unit(self) -> str:
        unit = self.table.columns[self.values[0]].unit if self.values else None
        return unit or "hours"
