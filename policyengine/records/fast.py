"""A Parquet or plain CSV file in, its canonical rows as a query out; unusual rows go through ``rows.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from policyengine.records.canonical import FILE, ROW, SlowRows, Written, copy_to
from policyengine.records.cells import UnitCell
from policyengine.records.files import PACKED, Source
from policyengine.records.header import Layout
from policyengine.records.mends import source_columns
from policyengine.records.parquet import BATCH, as_text, check_pages, kinds_of, scan
from policyengine.records.raw import RawTable, Row, blank
from policyengine.records.rows import RowReader
from policyengine.records.sql import as_, between, call, count_rows, is_null, matches, name, number, text
from policyengine.records.sqlcells import Cell, cell_of, few, learn, quicken, truly
from policyengine.records.staging import raw_parquet
from policyengine.records.totals import TITLE, TITLED, of_title

NUMBER = "file_row_number"


SMALL = 1 << 19  # bytes of text: a smaller file is read row by row in less time than its queries would take to plan


@dataclass(frozen=True, slots=True)
class Target:
    """Where canonical rows go. ``part``: a number that no other target has."""

    connection: Any
    slow: SlowRows
    part: int

    def path(self, kind: str) -> Path:
        return self.slow.shape.folder / f"part-{self.part}-{kind}.parquet"


@dataclass(frozen=True, slots=True)
class Raw:
    """Cells in Parquet files. ``relation``: they and ``file_row_number``, or a view of both; its columns begin with
    those of the layout, bare. ``tables``: whose rows they are, by the place of each table's file.

    ``file``, ``row``, ``label``: SQL of the place of a row's file, of its number there, and of what a record id made
    for it begins with. ``apart``: rows that are not in it, with their place, in order. ``own``: the file, if it is none
    of the user's; ``sources``: those that are.
    """

    relation: Any
    layout: Layout
    tables: Mapping[int, RawTable]
    file: Any
    row: Any
    label: Any
    apart: Sequence[tuple[int, Row]] = ()
    own: Path | None = None
    sources: Sequence[Source] = ()


def by_columns(layout: Layout) -> bool:
    """Whether a table can be: each row is one record, has all its cells, and stands for no other row."""
    return not (layout.wide or layout.values or source_columns(layout))


def fast_part(
    source: Source, table: RawTable, layout: Layout, target: Target, place: int, small: int
) -> tuple[Written, int] | None:
    """The canonical rows of the file's one table and how many rows it has; None where it has to go the slow way.

    ``place``: of the file among all. Raises ``Damaged`` where it is a Parquet file that breaks off or is spoilt within.
    """
    if not by_columns(layout) or source.kind not in ("text", "parquet") or text_bytes(source) < small:
        return None
    if source.kind == "parquet" and NUMBER in map(str.lower, layout.headers):  # DuckDB's name for the number of a row
        return None
    if source.kind == "parquet":
        return part_of(_alone(source.path, table, layout, place, sources=[source]), target)
    raw = target.path("raw")
    apart = raw_parquet(target.connection, source, table, layout, raw)
    if apart is None:
        return None
    return part_of(replace(_alone(raw, table, layout, place), apart=[(place, row) for row in apart], own=raw), target)


def text_bytes(source: Source) -> int:
    """How many bytes of text the file stands for."""
    return source.path.stat().st_size * (PACKED[".parquet"] if source.kind == "parquet" else 1)


def _alone(path: Path, table: RawTable, layout: Layout, place: int, sources: Sequence[Source] = ()) -> Raw:
    """The cells of one table, without the rows above its data."""
    row, scanned = row_number(number(layout.header_row + 1)), scan(path, numbered=True)
    return Raw(scanned, layout, {place: table}, number(place), row, text(table.label), sources=sources)


def row_number(shift: Any) -> Any:
    """The number of a row in its file, which is ``shift`` greater than that among the rows that are read."""
    return exp.paren(exp.Add(this=name(NUMBER, "r"), expression=shift))


def part_of(raw: Raw, target: Target) -> tuple[Written, int]:
    """The canonical rows, and how many rows there are, rejected ones included.

    Raises ``Damaged`` where a file of the user's breaks off or is spoilt within.
    """
    try:
        return _Fast(raw, target).part()
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error:
        for source in raw.sources:
            check_pages(source)
        raise  # it is none of the files


class _Fast:
    """Reads the cells of one layout."""

    def __init__(self, raw: Raw, target: Target) -> None:
        self.raw, self.layout, self.target = raw, raw.layout, target
        self.shape, self.connection = target.slow.shape, target.connection
        table = next(iter(raw.tables.values()))  # all have one layout, and are read alike
        self.reader = RowReader(table, self.layout, self.shape.headers)
        kinds = kinds_of(self.connection, raw.relation.copy())
        self.kinds = dict(islice(kinds.items(), len(self.layout.headers)))
        self.cells = self._cells()
        self.named = False  # every row has a record id

    def _cells(self) -> dict[str, Cell]:
        names = list(self.kinds)
        schema, empties = self.shape.schema, self.shape.schema.mapping.empty
        cells = {}
        for column in self.layout.columns:
            source = names[column.position]
            decl, parse = self.shape.headers.fields[column.field], self.reader.parser(column.field)
            cell = cell_of(column, decl, self.kinds[source], source, parse, schema)
            if empties and cell.fast != exp.false():
                known = exp.In(this=cell.raw.copy(), expressions=[text(e) for e in empties])
                cell.fast, cell.short = exp.and_(cell.fast, exp.not_(known)), False
            cells[column.field] = cell
        person = cells.get("person_id")
        if person is not None and any(c.isdigit() for head in self.reader.heads for c in head):
            person.fast = exp.false()  # a header such as ID2 could be taken for an id where it is repeated
        return cells

    # --- queries ---

    def _source(self, joined: bool = True) -> Any:
        """``FROM the cells AS r LEFT JOIN what its odd cells mean``."""
        relation = exp.select().from_(_as_r(self.raw.relation.copy()))
        for cell in self.cells.values() if joined else ():
            if cell.meant:
                on = exp.EQ(this=cell.raw.copy(), expression=name("raw", cell.meant))
                relation.join(exp.to_table(cell.meant, quoted=True), on=on, join_type="left", copy=False)
        return relation

    def _learn(self) -> None:
        """Find the columns with cells that are not canonical, and what those mean."""
        relation = _as_r(self.raw.relation.copy())
        counted = {f: c for f, c in self.cells.items() if c.patterned or (f == "person_id" and c.plain)}
        repeated = few(counted, self.connection, relation.copy())
        quick = []
        for field_id, cell in self.cells.items():
            if cell.patterned and field_id in repeated:
                cell.fast = exp.false()
            elif cell.short:
                quick.append(cell)
        quicken(quick, self.connection, relation.copy())
        found = self._suspicious(relation, "person_id" in repeated)
        for field_id, cell in self.cells.items():
            if field_id not in found or found[field_id]:
                special = self.reader.is_nobody if field_id == "person_id" else of_title if field_id in TITLED else None
                meaning = f"canonical_meant_{self.target.part}_{field_id}"
                learn(cell, self.connection, relation.copy(), meaning, self.shape.folder, special)
            else:
                cell.same, cell.empty = True, False

    def _suspicious(self, relation: Any, few_persons: bool) -> dict[str, bool]:
        """By column with canonical cells, whether it has others too. ``few_persons``: their ids repeat themselves."""
        asked = {f: self._others(c) for f, c in self.cells.items() if c.fast != exp.false()}
        found: dict[str, bool] = {}
        person = self.cells["person_id"]
        if "person_id" in asked and few_persons:
            texts = exp.select(person.value.copy()).distinct().from_(relation.copy()).subquery("r")
            (found["person_id"],) = self._one(exp.select(asked.pop("person_id")).from_(texts))
        if asked:
            named: Any = exp.false()
            if "record_id" in asked:
                named = exp.EQ(this=exp.Count(this=self._stored(self.cells["record_id"])), expression=count_rows())
            *answers, every = self._one(exp.select(*asked.values(), named).from_(relation.copy()))
            found |= dict(zip(asked, answers, strict=True))
            self.named = every and not found["record_id"]
        return found

    def _stored(self, cell: Cell) -> Any:
        return name(list(self.kinds)[cell.column.position], "r")

    def _others(self, cell: Cell) -> Any:
        """Whether more cells hold something than are canonical: one that has no value in SQL is neither yes nor no."""
        canonical = exp.func("coalesce", call("count_if", cell.fast.copy()), number(0), copy=False)
        return exp.NEQ(this=canonical, expression=exp.Count(this=self._stored(cell)))

    def _one(self, query: Any) -> tuple[Any, ...]:
        """The only row of the query, which is given up."""
        self.connection.execute(query.sql("duckdb", copy=False))
        return tuple(self.connection.fetchone())

    def _odd(self) -> Any:
        """Whether a row can't be used as the queries read it: ``rows.py`` then says why, or finds that it can."""
        signs = [c.unread() for c in self.cells.values() if c.refused]
        signs.append(is_null(self.cells["person_id"].out()))
        # canonical texts among which totals may be: of the others ``learn`` leaves those to rows.py
        signs += [matches(c.raw, TITLE) for f, c in self.cells.items() if f in TITLED and c.fast != exp.false()]
        if self.shape.headers.purpose == "records":
            signs += self._odd_days() + self._odd_quantity()
        for decl in self.shape.headers.fields.values():
            if decl.required and decl.id != "person_id":
                signs.append(is_null(self.cells[decl.id].out()) if decl.id in self.cells else exp.true())
        return exp.or_(*(truly(s) for s in signs), copy=False)

    def _days(self) -> tuple[Any, Any]:
        day, start, end = (self.cells[f].out() if f in self.cells else None for f in ("date", "start", "end"))
        last = exp.func("coalesce", end, day) if end is not None and day is not None else end or day
        last = exp.cast(exp.null(), "DATE") if last is None else last
        return (exp.func("coalesce", start, last.copy()) if start is not None else last.copy()), last

    def _odd_days(self) -> list[Any]:
        first, last = self._days()
        signs = [is_null(last.copy()), exp.GT(this=first, expression=last.copy())]
        if "date" in self.cells and "end" in self.cells:
            signs.append(exp.NEQ(this=self.cells["date"].out(), expression=self.cells["end"].out()))
        return signs

    def _quantity(self) -> tuple[Any, Any, list[Any]]:
        """Value, unit and the contradictions between number, unit column and header."""
        quantity, unit = self.cells.get("quantity"), self.cells.get("unit")
        header = quantity.column.unit if quantity else None
        nothing = exp.cast(exp.null(), "TEXT")
        value = quantity.out() if quantity else None
        own = quantity.out(1) if quantity and quantity.meant else None
        stated = unit.out() if unit else None
        named = None
        if header is not None and value is not None:
            named = exp.case().when(exp.not_(is_null(value.copy())), text(header.unit)).else_(nothing.copy())
        units = [u for u in (own, stated, named) if u is not None]
        clashes = [exp.NEQ(this=a.copy(), expression=b.copy()) for i, a in enumerate(units) for b in units[i + 1 :]]
        found = exp.func("coalesce", *(u.copy() for u in units)) if len(units) > 1 else units[0] if units else nothing
        if value is not None:
            value, more = self._times(value, own, unit, header)
            clashes += more
        return value, found, clashes

    def _times(self, value: Any, own: Any, unit: Cell | None, header: UnitCell | None) -> tuple[Any, list[Any]]:
        """The value in its unit where unit column or header count by the thousand, unless the cell names its unit."""
        factors: list[Any] = []
        if unit is not None and any(times != "1" for _, _, times in unit.known):
            factors.append(unit.out(1))
        elif unit is not None and header is not None and header.times != 1:
            factors.append(exp.case().when(is_null(unit.out()), exp.null()).else_(number(1)))
        if header is not None and (header.times != 1 or factors):
            factors.append(number(header.times))
        if not factors:
            return value, []
        clash = [exp.NEQ(this=factors[0].copy(), expression=factors[1].copy())] if len(factors) > 1 else []
        factor = exp.func("coalesce", *factors, number(1))
        # not exp.cast: that leaves out a cast between two decimal types
        wide = exp.Cast(
            this=value.copy(), to=exp.DataType.build(f"DECIMAL(38, {self.shape.schema.decimals})", dialect="duckdb")
        )
        times = exp.Mul(this=wide, expression=exp.paren(factor))
        if own is None:
            return times, clash
        bare = is_null(own.copy())
        scaled = exp.case().when(bare, times, copy=False).else_(wide.copy(), copy=False)
        return scaled, [exp.and_(bare.copy(), c, copy=False) for c in clash]

    def _odd_quantity(self) -> list[Any]:
        value, unit, signs = self._quantity()
        if value is None:
            return signs
        schema = self.shape.schema
        inside = _kept(value, schema.quantity_bounds(None), schema.decimals)
        if schema.bounds:
            by_unit = exp.case()
            for unit_id in schema.bounds:
                by_unit.when(
                    exp.EQ(this=unit.copy(), expression=text(unit_id)),
                    _kept(value, schema.quantity_bounds(unit_id), schema.decimals),
                    copy=False,
                )
            inside = by_unit.else_(inside, copy=False)
        outside = exp.and_(exp.not_(is_null(value.copy()), copy=False), exp.not_(truly(inside), copy=False), copy=False)
        return [*signs, outside]

    # --- results ---

    def part(self) -> tuple[Written, int]:
        self._learn()
        columns, odd = self._columns(), self._odd()
        (total,) = self._one(self._source(joined=False).select(count_rows()))
        odd_rows, read_rows = self._slow(odd)
        usual = self._source().select(*(as_(e, c) for c, e in columns.items()), copy=False)
        if odd_rows or any(c.meant for c in self.cells.values()):
            path = self.target.path("usual")
            usual.where(exp.not_(odd, copy=False), copy=False)
            self.connection.execute(copy_to(usual, path).sql("duckdb", copy=False))
            relation = scan(path)
            if self.raw.own is not None:
                self.raw.own.unlink()
        else:  # a view of the file itself does
            relation = usual.subquery("part", copy=False)
        return Written(relation, frozenset(columns), frozenset(self.cells)), total - odd_rows + read_rows

    def _columns(self) -> dict[str, Any]:
        """Canonical column → expression, in the canonical order."""
        own: dict[str, Any] = {FILE: self.raw.file.copy(), ROW: self.raw.row.copy()}
        if self.shape.headers.purpose == "records":
            value, unit, _ = self._quantity()
            first, last = self._days()
            made = call("concat", self.raw.label.copy(), text(":"), exp.cast(self.raw.row.copy(), "TEXT"))
            record_id = self.cells["record_id"].out() if "record_id" in self.cells else None
            if record_id is not None and not self.named:
                record_id = exp.func("coalesce", record_id, made)
            own |= {
                "record_id": made if record_id is None else record_id,
                "start": first, "end": last, "quantity": value, "unit": unit,
            }  # fmt: skip
        every = {field_id: cell.out() for field_id, cell in self.cells.items()} | own
        found = dict.fromkeys(self.shape.always(), exp.null()) | {c: e for c, e in every.items() if e is not None}
        return {c: exp.cast(found[c], kind, dialect="duckdb") for c, kind in self.shape.columns() if c in found}

    def _slow(self, odd: Any) -> tuple[int, int]:
        """Read the odd rows one by one; how many there were, and how many of them were not empty."""
        (odd_rows,) = self._one(self._source().select(count_rows(), copy=False).where(odd.copy(), copy=False))
        if not odd_rows:
            return 0, 0
        place = [as_(self.raw.file.copy(), "at_file"), as_(self.raw.row.copy(), "at_row")]
        texts = [as_text(n, kind, "r") for n, kind in self.kinds.items()]
        query = self._source().select(*place, *texts, copy=False).where(odd.copy(), copy=False)
        query.order_by(name("at_file"), name("at_row"), copy=False)
        result = self.connection.cursor().execute(query.sql("duckdb", copy=False))
        batches = iter(lambda: result.fetchmany(BATCH), [])
        odd_ones = ((file, Row(row, cells)) for batch in batches for file, row, *cells in batch)
        every = merge(odd_ones, self.raw.apart, key=lambda r: (r[0], r[1].number))
        found = 0
        for file, rows in groupby(every, key=lambda r: r[0]):
            read = (one for _, row in rows if not blank(row.cells) for one in self.reader.read(row))
            found += self.target.slow.take(self.raw.tables[file], self.layout, read, file)
        return odd_rows, found


def _as_r(relation: Any) -> Any:
    return exp.Table(this=relation, alias=exp.TableAlias(this=exp.to_identifier("r")))


def _kept(value: Any, bounds: tuple[Any, Any, int], most_decimals: int) -> Any:
    """Whether a quantity keeps its unit's bounds and decimals."""
    low, high, decimals = bounds
    inside = between(value.copy(), number(low), number(high))
    if decimals >= most_decimals:
        return inside
    shorter = exp.Round(this=value.copy(), decimals=number(decimals))
    return exp.and_(inside, exp.EQ(this=value.copy(), expression=shorter), copy=False)
