"""The shape of a canonical table, and its slow way in: rows that ``rows.py`` reads go through a file into Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from policyengine.language.quantities import exact_text
from policyengine.records import read
from policyengine.records.header import Headers, Layout
from policyengine.records.model import Fact
from policyengine.records.parquet import scan
from policyengine.records.raw import RawTable
from policyengine.records.read import Reading
from policyengine.records.rows import RowFacts
from policyengine.records.schema import Schema
from policyengine.records.sqlcells import name, number_type, typed_csv, write_rows

_SQL = {"date": "DATE", "yes_no": "BOOLEAN", "year": "INT"}
_APART = ("record_id", "person_id", "date", "start", "end", "quantity", "unit")


@dataclass(slots=True)
class Shape:
    """Where the rows of one table go. ``file``: its place in the list of files; ``part``: its number of all parts."""

    headers: Headers
    schema: Schema
    file: int
    part: int
    folder: Path

    def fields(self) -> list[tuple[str, str]]:
        """The declared columns besides those that every record has, with their SQL types."""
        return [
            (f.id, number_type(f, self.schema) if f.type == "number" else _SQL.get(f.type, "TEXT"))
            for f in self.headers.fields.values()
            if f.id not in _APART
        ]

    def columns(self) -> list[tuple[str, str]]:
        """All columns of the canonical table; ``date`` is not among them, since it never differs from ``end``."""
        if self.headers.purpose == "records":
            quantity = number_type(self.schema.fields["quantity"], self.schema)
            first = [("record_id", "TEXT"), ("person_id", "TEXT"), ("start", "DATE"), ("end", "DATE"),
                     ("quantity", quantity), ("unit", "TEXT")]  # fmt: skip
        else:
            first = [("person_id", "TEXT")]
        return [*first, *self.fields(), ("file", "INT"), ("row", "BIGINT")]

    def always(self) -> frozenset[str]:
        """Columns that the canonical table has even if no file does."""
        records = ("record_id", "start", "end", "quantity", "unit") if self.headers.purpose == "records" else ()
        return frozenset(("person_id", "file", "row", *records))

    def path(self, kind: str) -> Path:
        return self.folder / f"part-{self.part}-{kind}"


@dataclass(slots=True)
class Written:
    """One table of one file in canonical form. ``selects``: the queries that give its rows.

    ``columns``: canonical columns that it has; ``given``: those that its file has. ``rows`` counts data rows, rejected
    ones included; ``rejected_ids``: record ids of those, with their row.
    """

    selects: list[Any]
    columns: frozenset[str]
    given: frozenset[str]
    file: int
    rows: int = 0
    rejected_ids: list[tuple[str, int]] = field(default_factory=list)

    def relation(self) -> Any:
        """All of its rows as a relation to select from."""
        from sqlglot import exp

        union = self.selects[0]
        for more in self.selects[1:]:
            union = exp.union(union, more, distinct=False)
        return union.subquery("part")


def write_slow(connection: Any, table: RawTable, layout: Layout, shape: Shape, reading: Reading) -> Written:
    """Every row through ``rows.py``; rejects go to ``reading``."""
    given = frozenset(c.field for c in layout.columns) | {f for f, _ in layout.values}
    written = Written([], frozenset(c for c, _ in shape.columns()), given, shape.file)
    rows = read.rows_of(table, layout, shape.headers)
    written.selects.append(slow_rows(connection, table, rows, shape, written, reading, "slow"))
    return written


def slow_rows(
    connection: Any,
    table: RawTable,
    rows: Iterable[RowFacts],
    shape: Shape,
    written: Written,
    reading: Reading,
    kind: str,
) -> Any:
    """Write the usable rows to a Parquet file of the folder and give the query for them."""
    from sqlglot import exp

    columns = shape.columns()
    csv_path, path = shape.path(kind + ".csv"), shape.path(kind + ".parquet")
    write_rows(csv_path, _texts(table, rows, shape, written, reading, [c for c, _ in columns]))
    select = exp.select("*").from_(typed_csv(csv_path, columns))
    connection.execute(copy_to(select, path).sql("duckdb"))
    csv_path.unlink()
    return exp.select(*(name(c) for c, _ in columns)).from_(scan(path))


def copy_to(select: Any, path: Path) -> Any:
    """``COPY (select) TO 'path' (FORMAT parquet)``."""
    from sqlglot import exp

    file_format = exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("parquet"))
    return exp.Copy(this=exp.paren(select), kind=False, files=[exp.Literal.string(str(path))], params=[file_format])


def _texts(
    table: RawTable, rows: Iterable[RowFacts], shape: Shape, written: Written, reading: Reading, columns: list[str]
) -> Iterator[list[str]]:
    records = shape.headers.purpose == "records"
    for row in rows:
        written.rows += 1
        record_id = read.record_id_of(table, row) if records else None
        if row.faults:
            reading.reject(table, row, str(row.facts["record_id"]) if row.facts.get("record_id") else None, records)
            if record_id is not None:
                written.rejected_ids.append((record_id, row.number))
            continue
        facts: dict[str, Fact | None] = dict(row.facts)
        if records:
            facts |= {
                "record_id": record_id,
                "start": row.start,
                "end": row.end,
                "quantity": row.quantity,
                "unit": row.unit,
            }
        facts |= {"file": shape.file, "row": row.number}
        yield [_text(facts.get(c)) for c in columns]


def _text(value: Fact | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return exact_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)
