"""The shape of a canonical table, and its slow way in: rows that ``rows.py`` reads go through a file into Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.records.given import Reading, record_id_of
from policyengine.records.header import Headers, Layout
from policyengine.records.mends import Mends, source_columns
from policyengine.records.model import Fact
from policyengine.records.parquet import scan
from policyengine.records.raw import RawTable
from policyengine.records.rows import RowFacts
from policyengine.records.schema import Schema
from policyengine.records.sql import csv_writer, load_table, text, typed_csv
from policyengine.records.sqlcells import fact_text, number_type

_SQL = {"date": "DATE", "yes_no": "BOOLEAN", "year": "INT"}
FILE, ROW = "_file", "_row"  # where a row stands; no field of a pack is called so, no name begins with _


@dataclass(slots=True)
class Shape:
    """The canonical table for the files of one purpose. ``folder``: where its rows may stand."""

    headers: Headers
    folder: Path

    @property
    def schema(self) -> Schema:
        return self.headers.schema

    def own(self) -> list[tuple[str, str]]:
        """The columns that every record or person has, with their SQL types."""
        if self.headers.purpose != "records":
            return [("person_id", "TEXT")]
        quantity = number_type(self.schema.fields["quantity"], self.schema)
        return [("record_id", "TEXT"), ("person_id", "TEXT"), ("start", "DATE"), ("end", "DATE"),
                ("quantity", quantity), ("unit", "TEXT")]  # fmt: skip

    def columns(self) -> list[tuple[str, str]]:
        """All columns of the canonical table; ``date`` is not among them, since it never differs from ``end``."""
        own = self.own()
        declared = [
            (f.id, number_type(f, self.schema) if f.type == "number" else _SQL.get(f.type, "TEXT"))
            for f in self.headers.fields.values()
            if f.id not in ("date", *dict(own))
        ]
        return [*own, *declared, (FILE, "INT"), (ROW, "BIGINT")]

    def always(self) -> frozenset[str]:
        """Columns that the canonical table has even if no file does."""
        return frozenset((FILE, ROW, *dict(self.own())))


@dataclass(frozen=True, slots=True)
class Written:
    """Canonical rows. ``columns``: those that they have; ``given``: those that their files have."""

    relation: Any
    columns: frozenset[str]
    given: frozenset[str]


@dataclass(slots=True)
class SlowRows:
    """The rows that go one by one, of all tables of one purpose: usable ones into a file, the others to the rejects."""

    shape: Shape
    reading: Reading
    given: set[str] = field(default_factory=set)
    mends: Mends = field(default_factory=Mends)
    _stream: Any = None
    _ids: Any = None
    _columns: list[str] = field(default_factory=list)

    @property
    def records(self) -> bool:
        return self.shape.headers.purpose == "records"

    def take(self, table: RawTable, layout: Layout, rows: Iterable[RowFacts], file: int) -> int:
        """Take all rows of a table; how many there were."""
        self.given |= {c.field for c in layout.columns} | {f for f, _ in layout.values}
        self.given |= {f for w in layout.wide for f, _ in w.values}
        if self._stream is None:
            self._columns = [c for c, _ in self.shape.columns()]
            self._stream = self._path("csv").open("w", encoding="utf-8", newline="")
        writer, named, records, count = csv_writer(self._stream), source_columns(layout), self.records, 0
        for row in rows:
            count += 1
            record_id = record_id_of(table, row) if records else None
            if named is not None:
                self.mends.note(named, table, row, record_id or "")
            if row.faults:
                self._reject(table, row, file, record_id)
                continue
            facts: dict[str, Fact | None] = {**row.facts, FILE: file, ROW: row.number}
            if records:
                facts |= {"record_id": record_id, "start": row.start, "end": row.end, "quantity": row.quantity}
                facts["unit"] = row.unit
            writer.writerow(["" if (value := facts.get(c)) is None else fact_text(value) for c in self._columns])
        return count

    def _reject(self, table: RawTable, row: RowFacts, file: int, record_id: str | None) -> None:
        self.reading.reject(table, row, record_id, self.records)
        if record_id is None:
            return
        if self._ids is None:
            self._ids = self._path("ids").open("w", encoding="utf-8", newline="")
        csv_writer(self._ids).writerow([record_id, str(file), str(row.number)])

    def part(self, connection: Any) -> Written | None:
        """All of them as a Parquet file; None if there are none."""
        if self._stream is None:
            return None
        self._stream.close()
        csv_path, path = self._path("csv"), self._path("parquet")
        select = exp.select("*").from_(typed_csv(csv_path, self.shape.columns()))
        connection.execute(copy_to(select, path).sql("duckdb"))
        csv_path.unlink()
        present = frozenset(self._columns) & (self.given | self.shape.always())
        return Written(scan(path), present, frozenset(self.given))

    def rejected_ids(self, connection: Any, table: str) -> bool:
        """Make a table of the record ids of rejected rows, with place of the file and row; whether there are any."""
        if self._ids is None:
            return False
        self._ids.close()
        path = self._path("ids")
        load_table(connection, table, [("record_id", "TEXT"), (FILE, "INT"), (ROW, "BIGINT")], path)
        return True

    def _path(self, suffix: str) -> Path:
        return self.shape.folder / f"{self.shape.headers.purpose}-rows.{suffix}"


def copy_to(select: Any, path: Path, group: int | None = None) -> Any:
    """``COPY (select) TO 'path' (FORMAT parquet)``, to be read whole; ``group``: rows that are written together."""
    # what finds single values costs a sixth of the time that a file of texts takes
    options: dict[str, Any] = {"FORMAT": exp.var("parquet"), "WRITE_BLOOM_FILTER": exp.var("false")}
    options |= {"ROW_GROUP_SIZE": exp.Literal.number(group)} if group else {}
    params = [exp.CopyParameter(this=exp.var(n), expression=value) for n, value in options.items()]
    target = text(str(path))
    return exp.Copy(this=exp.paren(select, copy=False), kind=False, files=[target], params=params)
