"""The shape that every kind of file is brought into first: named tables of rows of texts, nothing understood yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from itertools import chain
from typing import NamedTuple

from policyengine.diagnostics import Diagnostic
from policyengine.light import dataclass
from policyengine.records.cells import Bad

HEAD = 25  # rows looked at to find the header
SOURCE_FILE, SOURCE_ROW = ("from file", "来源文件"), ("from row", "来源行")  # columns of a rejects workbook


class Row(NamedTuple):
    """``number``: line of a text file, row of a sheet, from 1. ``bad``: the row itself can't be taken apart.

    ``joined``: positions of cells that are one with cells of other rows (merged cells of a sheet).
    """

    number: int
    cells: list[str]
    bad: Bad | None = None
    joined: frozenset[int] = frozenset()


class Damaged(Exception):
    """A file turned out to be damaged in the middle; ``problem`` says how."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class RawTable:
    """One table of one file. ``header``: the column names where the format has them (JSON Lines, Parquet).

    ``checked``: whether cells of columns that are only carried along are looked at (Parquet vouches for its texts).
    ``label``: what made record ids begin with. ``notes``: what the user should know of how it was read.
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
    notes: list[Diagnostic] = field(default_factory=list)

    def head(self, rows: int = HEAD) -> list[Row]:
        """The first rows, which stay in ``rows``."""
        first = []
        for row in self.rows:
            first.append(row)
            if len(first) == rows:
                break
        self.rows = chain(first, self.rows)
        return first


def of_rejects(header: list[str]) -> bool:
    """Whether a first row is that of a rejects workbook, of which neither sheets nor header row are the user's."""
    return not set(header).isdisjoint(SOURCE_FILE) and not set(header).isdisjoint(SOURCE_ROW)


def blank(cells: list[str]) -> bool:
    """Whether a row holds nothing at all."""
    return not any(c and not c.isspace() for c in cells)
