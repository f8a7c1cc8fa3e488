"""Many plain CSV files in, their lines laid one after the other; out comes one Parquet file for those of one layout.

To read a file by queries costs a tenth of a second, however small it is: as much as its rows, up to some megabytes.
So the files of one layout share the queries. In front of each line stand the place of its file and the difference
between its numbers there and here, so that every row keeps file and number. Plain is what ``staging.py`` says, where
besides the CSV reader of the slow way makes one row of every line: no file may spoil the others. Parquet files stay
where they are (``viewed.py``).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

from sqlglot import exp

from policyengine.records.canonical import FILE
from policyengine.records.fast import Raw, Target, by_columns, row_number, text_bytes
from policyengine.records.files import Source
from policyengine.records.header import Layout
from policyengine.records.parquet import scan
from policyengine.records.raw import RawTable, Row, blank
from policyengine.records.sql import name, typed_csv
from policyengine.records.staging import MOST, copied, plain, put_apart
from policyengine.records.text import MAX_LINE
from policyengine.records.viewed import LABEL, Alike, Viewed, one_layout, viewable

# bytes of a file that is read alone: the queries cost less than its rows
LARGE = {"text": 1 << 23, "parquet": 1 << 25}
SHIFT = "_shift"  # beside FILE and LABEL, a column of the Parquet file


@dataclass(slots=True, kw_only=True)
class Group(Alike):
    """``path``: where their ``lines`` stand; ``apart``: rows that are not among the lines."""

    path: Path
    delimiter: str
    lines: int = 0
    apart: list[tuple[int, Row]] = field(default_factory=list)

    def lay(self, source: Source, table: RawTable, layout: Layout, place: int, found: _Lines) -> None:
        """Lay down the lines of a file behind those of the others."""
        shift = layout.header_row + 1 - self.lines
        front = _joined([str(place), str(shift), table.label], self.delimiter).encode()
        with self.path.open("ab") as out:
            out.write(front + found.text[:-1].replace(b"\n", b"\n" + front) + b"\n")
        self.lines += found.text.count(b"\n")
        self.add(source, table, place)
        self.apart += [(place, row) for row in found.apart]

    def raw(self, target: Target) -> Raw | None:
        """The cells as a Parquet file; None where DuckDB does not find as many rows as there are lines."""
        cells = [f"c{i}" for i in range(len(self.layout.headers))]
        columns = [(FILE, "INT"), (SHIFT, "BIGINT"), (LABEL, "VARCHAR"), *((c, "VARCHAR") for c in cells)]
        lines = typed_csv(self.path, columns, self.delimiter, ragged=True)
        path = target.path("raw")
        select = exp.select(*map(name, (*cells, FILE, SHIFT, LABEL))).from_(lines)
        rows = copied(target.connection, select, path)
        self.path.unlink()
        if rows != self.lines:
            path.unlink(missing_ok=True)
            return None
        relation, (file, shift, label) = scan(path, numbered=True), (name(c, "r") for c in (FILE, SHIFT, LABEL))
        return Raw(relation, self.layout, self.tables, file, row_number(shift), label, self.apart, path)


@dataclass(slots=True)
class Together:
    """The files of one purpose that are read together. ``folder``: where their lines may stand; ``shown``: those that
    may be among them; ``viewed``: of Parquet.
    """

    folder: Path
    shown: frozenset[str]
    groups: dict[tuple[Layout, str], Group] = field(default_factory=dict)
    viewed: dict[tuple[Layout, str], Viewed] = field(default_factory=dict)

    def take(self, source: Source, table: RawTable, layout: Layout, place: int) -> bool:
        """Take the table of the file, whose place among all is ``place``; whether it can be."""
        if source.shown not in self.shown or not by_columns(layout):
            return False
        if source.kind == "parquet":
            return self._view(source, table, layout, place)
        if table.delimiter is None or sum(len(group.apart) for group in self.groups.values()) > MOST:
            return False
        found = _lines_of(source.path, table, layout, self.folder)
        if found is None:
            return False
        key = (replace(layout, header_row=0, rows_above=0), table.delimiter)
        if key not in self.groups:
            self.groups[key] = Group(
                layout, place + 1, path=self.folder / f"together-{place}.csv", delimiter=table.delimiter
            )
        self.groups[key].lay(source, table, layout, place, found)
        return True

    def _view(self, source: Source, table: RawTable, layout: Layout, place: int) -> bool:
        if not viewable(table):
            return False
        group = self.viewed.setdefault(one_layout(table, layout), Viewed(layout, place + 1, names=list(table.kinds)))
        group.add(source, table, place)
        return True

    def all(self) -> list[Group | Viewed]:
        return [*self.groups.values(), *self.viewed.values()]


def together(sources: Sequence[Source], folder: Path, small: int) -> Together:
    """For these files. Where all that may be read together is less than ``small`` bytes, nothing is."""
    shown: list[str] = []
    for kind, large in LARGE.items():
        some = [s for s in sources if s.kind == kind and s.path.stat().st_size < large]
        if len(some) > 1 and sum(map(text_bytes, some)) >= small:
            shown += [s.shown for s in some]
    return Together(folder, frozenset(shown))


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines below a header, in UTF-8, and the rows that are apart, as ``staging.py`` has it."""

    text: bytes
    apart: Sequence[Row]


def _lines_of(path: Path, table: RawTable, layout: Layout, folder: Path) -> _Lines | None:
    """The lines of a plain file. None where it is not, or has no row: then it is read alone, and what is wrong told."""
    delimiter = table.delimiter or ""
    if table.encoding is None or table.broken or re.search(r"[\r\n\0\ud800-\udfff]", table.label):
        return None
    try:
        whole = path.read_bytes().decode(table.encoding)
    except UnicodeDecodeError:  # it was presumed by the beginning
        return None
    data = whole.encode()
    if not plain(data, delimiter.encode()):
        return None
    apart: list[Row] = []
    width = len(layout.headers)
    if not _a_row_each(whole, delimiter, layout.header_row, width):
        parted = _parted(data, delimiter, layout.header_row, folder)
        if parted is None:
            return None
        whole, apart = parted
        if not _a_row_each(whole, delimiter, layout.header_row, width):
            return None
    # no line break is within a cell any more
    text = "".join(whole.split("\n", layout.header_row)[layout.header_row :]).replace("\r\n", "\n").rstrip("\r\n")
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    if all(map(blank, rows)) and all(blank(row.cells) for row in apart):
        return None
    return _Lines(text.encode() + b"\n", apart)


def _a_row_each(text: str, delimiter: str, above: int, width: int) -> bool:
    """Whether every line is a row, and none below the first lines has more cells than ``width``."""
    if '"' not in text:
        below = text.split("\n")[above:]
        return max((line.count(delimiter) for line in below), default=0) < width
    csv.field_size_limit(2 * MAX_LINE)
    try:
        sizes = list(map(len, csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)))
    except csv.Error:
        return False
    return len(sizes) == text.count("\n") + (not text.endswith("\n")) and max(sizes[above:], default=0) <= width


def _parted(data: bytes, delimiter: str, above: int, folder: Path) -> tuple[str, list[Row]] | None:
    """The text with its rows of several lines put apart."""
    path, rest = folder / "together.whole", folder / "together.rest"
    path.write_bytes(data)
    apart = put_apart(path, delimiter, above, rest)
    return None if apart is None else (rest.read_bytes().decode(), apart)


def _joined(cells: Sequence[str], delimiter: str) -> str:
    """The beginning of a line: these cells, and what parts them from the next."""
    return "".join('"' + cell.replace('"', '""') + '"' + delimiter for cell in cells)
