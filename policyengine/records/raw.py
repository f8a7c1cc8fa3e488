"""The shape that every kind of file is brought into first: named tables of rows of texts, nothing understood yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from itertools import chain
from typing import NamedTuple

from policyengine.diagnostics import Diagnostic, Span
from policyengine.light import dataclass
from policyengine.records.cells import Bad

HEAD = 25  # rows looked at to find the header
# Columns of a rejects workbook; the first tells also what kind of file its rows are from.
SOURCE_FILES = {
    "records": ("from file", "来源文件"),
    "persons": ("from persons file", "来源人员文件"),
    "circumstances": ("from circumstances file", "来源情形文件"),
}
SOURCE_ROW = ("from row", "来源行")
# The header of its last sheet, the list of all that is wrong, in either language.
LIST = (
    ("file", "文件"), ("sheet", "工作表"), ("row", "行"), ("column", "列"), ("value", "值"), ("code", "代码"),
    ("reason", "原因"), ("hint", "改正办法"),
)  # fmt: skip


class Row(NamedTuple):
    """``number``: line of a text file, row of a sheet, from 1. ``bad``: the row itself can't be taken apart.

    ``joined``: positions of cells that are one with cells of other rows (merged cells of a sheet).
    """

    number: int
    cells: list[str]
    bad: Bad | None = None
    joined: frozenset[int] = frozenset()

    def cell(self, position: int) -> str:
        """The cell's text; none in a short row, or at -1."""
        return self.cells[position] if 0 <= position < len(self.cells) else ""


class Damaged(Exception):
    """A file turned out to be damaged in the middle; ``problem`` says how."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class RawTable:
    """One table of one file. ``header``: the column names where the format has them (JSON Lines, Parquet).

    ``checked``: whether cells of columns that are only carried along are looked at (Parquet vouches for its texts).
    ``label``: what made record ids begin with. ``notes``: what the user should know of how it was read. ``kinds``: the
    types of Parquet's columns, by their names in DuckDB. ``nested``: a cell may be a list or an object, as JSON.
    """

    file: str
    label: str
    sheet: str | None
    rows: Iterator[Row]
    header: list[str] | None = None
    calendar_1904: bool = False
    checked: bool = True
    encoding: str | None = None  # of delimited text
    delimiter: str | None = None
    broken: bool = False  # some bytes are no text in this encoding
    presumed: bool = False  # the encoding is that of the beginning: whoever reads on must find out whether of all
    how: str = ""  # "CSV, GB18030, semicolons": for ``inspect``
    nested: bool = False
    notes: list[Diagnostic] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)

    def span(self, row: int = 0, column: int = 0) -> Span:
        """A place in the table; without a row, the table as such."""
        return Span(self.file, row, column, sheet=self.sheet)

    def head(self, rows: int = HEAD) -> list[Row]:
        """The first rows, which stay in ``rows``."""
        first = []
        for row in self.rows:
            first.append(row)
            if len(first) == rows:
                break
        self.rows = chain(first, self.rows)
        return first


def of_rejects(header: list[str]) -> str | None:
    """The kind of file whose rejected rows a table holds, by its first row; None if it is no rejects workbook's.

    Of such a workbook neither sheets nor header row are the user's.
    """
    if set(header).isdisjoint(SOURCE_ROW):
        return None
    return next((kind for kind, names in SOURCE_FILES.items() if not set(header).isdisjoint(names)), None)


def is_list(header: list[str]) -> bool:
    """Whether a table is the list of a rejects workbook, in which no row is to be read, by its first row."""
    return tuple(header) in tuple(zip(*LIST, strict=True))


def blank(cells: list[str]) -> bool:
    """Whether a row holds nothing at all."""
    return not any(c and not c.isspace() for c in cells)
