"""Many Parquet files in; out comes one view of those of one layout, and nothing is copied.

To read a file by queries costs a tenth of a second, however small it is. DuckDB reads files of the same columns as one,
and knows of each row the place of its file in the list and the number there. The columns of the view are bare, so that
the dictionaries of the files are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from policyengine.records.canonical import FILE
from policyengine.records.fast import NUMBER, Raw, Target, row_number, text_bytes
from policyengine.records.files import Source
from policyengine.records.header import Layout
from policyengine.records.parquet import scan
from policyengine.records.raw import RawTable, blank
from policyengine.records.sql import as_, call, create, name, number, text

INDEX = "file_index"  # DuckDB's name for the place of a row's file in the list
LABEL = "_label"  # beside FILE, a column of what is read


@dataclass(slots=True)
class Alike:
    """Files of one layout. ``part``: as of ``Target``; ``size``: bytes of text in the files; ``tables``, ``sources``:
    by the place of the file."""

    layout: Layout
    part: int
    size: int = 0
    tables: dict[int, RawTable] = field(default_factory=dict)
    sources: dict[int, Source] = field(default_factory=dict)

    def add(self, source: Source, table: RawTable, place: int) -> None:
        self.size += text_bytes(source)
        # without its rows, which hold a file or a connection open
        self.tables[place] = RawTable(table.file, table.label, table.sheet, iter(()), checked=table.checked)
        self.sources[place] = source


@dataclass(slots=True, kw_only=True)
class Viewed(Alike):
    """``names``: of the columns in DuckDB."""

    names: Sequence[str]

    def raw(self, target: Target) -> Raw:
        """The cells of all files."""
        sources = list(self.sources.values())
        cells = [as_(name(own), f"c{i}") for i, own in enumerate(self.names)]
        places = self._each([number(place) for place in self.tables], FILE)
        labels = self._each([text(table.label) for table in self.tables.values()], LABEL)
        files = scan([source.path for source in sources], numbered=True)
        view = f"canonical_files_{self.part}"
        select = exp.select(*cells, name(NUMBER), places, labels).from_(files)
        target.connection.execute(create("VIEW", view, select))
        row = row_number(number(self.layout.header_row + 1))
        relation, (file, label) = exp.to_table(view), (name(c, "r") for c in (FILE, LABEL))
        return Raw(relation, self.layout, self.tables, file, row, label, sources=sources)

    def _each(self, values: Sequence[Any], column: str) -> Any:
        """Of these, one for each file, that of a row's file."""
        at = exp.Add(this=exp.cast(name(INDEX), "BIGINT"), expression=number(1))
        return as_(call("list_extract", call("list_value", *values), at), column)


def viewable(table: RawTable) -> bool:
    """Whether the file can be read with others. Not where it has no row: then it is read alone, and that is told."""
    if list(table.kinds) != table.header or not {NUMBER, INDEX}.isdisjoint(map(str.lower, table.kinds)):
        return False  # DuckDB renamed a column, or would take one of its own for it
    return any(not blank(row.cells) for row in table.head())


def one_layout(table: RawTable, layout: Layout) -> tuple[Layout, str]:
    """What files have in common that can be read together: names, order and types of their columns."""
    return replace(layout, header_row=0, rows_above=0), repr(list(table.kinds.items()))
