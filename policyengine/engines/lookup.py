"""Tables at run time: the row for a tuple of values, on a day and in a year (``docs/semantics.md``, stages 2 and 6)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from policyengine.packs.model import Cell, Table


def canonical_text(value: object) -> object:
    """Text as tables compare it: compatibility-normalised, without spaces around, case folded."""
    return unicodedata.normalize("NFKC", value).strip().casefold() if isinstance(value, str) else value


def _matches(cell: Cell, value: object, ranged: bool) -> bool:
    if isinstance(cell, tuple):
        if ranged:
            low, high = cell
            return (low is None or value >= low) and (high is None or value <= high)  # type: ignore[operator]
        return any(canonical_text(one) == value for one in cell)
    return canonical_text(cell) == value


@dataclass(slots=True)
class Finder:
    """Finds rows of one table. Rows are tried in order of their specificity-free position: keys never overlap (check)."""

    table: Table
    keys: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    _index: dict[object, list[int]] = field(default_factory=dict)
    _ranged_first: list[int] = field(default_factory=list)
    _year: int | None = None
    _from: int | None = None
    _until: int | None = None

    def __post_init__(self) -> None:
        table = self.table
        self.keys, self.values = table.columns_with("key"), table.columns_with("value")
        self._year = next(iter(table.columns_with("year")), None)
        self._from = next(iter(table.columns_with("from")), None)
        self._until = next(iter(table.columns_with("until")), None)
        aliases = table.columns_with("alias")
        for number, row in enumerate(table.rows):
            if not self.keys:
                continue
            first = self.keys[0]
            if table.columns[first].match == "range":
                self._ranged_first.append(number)
                continue
            names: list[object] = []
            for column in (first, *aliases):
                cell = row[column]
                names.extend(cell if isinstance(cell, tuple) else [cell])
            for name in {canonical_text(n) for n in names if n is not None}:
                self._index.setdefault(name, []).append(number)

    def _valid(self, row: tuple[Cell, ...], on: date, year: int) -> bool:
        if self._year is not None and row[self._year] != year:
            return False
        start = row[self._from] if self._from is not None else None
        until = row[self._until] if self._until is not None else None
        return (start is None or start <= on) and (until is None or on <= until)  # type: ignore[operator]

    def any_row(self, on: date, year: int) -> bool:
        """Whether the table says anything for that day and year."""
        return any(self._valid(row, on, year) for row in self.table.rows)

    def find(self, arguments: Sequence[object], on: date, year: int) -> tuple[Cell, ...] | None:
        """The row whose key columns match ``arguments`` in order, valid then; None when there is none."""
        wanted = [canonical_text(a) for a in arguments]
        if not self.keys or not wanted:
            return next((row for row in self.table.rows if self._valid(row, on, year)), None)
        for number in self._index.get(wanted[0], []) + self._ranged_first:
            row = self.table.rows[number]
            if self._valid(row, on, year) and all(
                _matches(row[column], value, self.table.columns[column].match == "range")
                for position, (column, value) in enumerate(zip(self.keys, wanted, strict=False))
                if position > 0 or self.table.columns[column].match == "range"
            ):
                return row
        return None

    def figure(self, row: tuple[Cell, ...]) -> Fraction | None:
        """The row's value column; None when the cell is empty."""
        cell = row[self.values[0]] if self.values else None
        return cell if isinstance(cell, Fraction) else None

    def greatest(self) -> Fraction:
        """The greatest figure in the table; 0 for an empty one."""
        figures = [f for row in self.table.rows if (f := self.figure(row)) is not None]
        return max(figures, default=Fraction(0))

    def value_unit(self) -> str:
        unit = self.table.columns[self.values[0]].unit if self.values else None
        return unit or "hours"
