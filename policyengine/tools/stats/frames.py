"""A table of a written result goes in, a DuckDB relation out, and expressions for its exact figures as whole ticks.

Parquet is scanned where it lies. Text formats come in as texts; JSON Lines and XLSX by way of a CSV file. A figure is
one of: a DECIMAL, a pair of numerator and denominator, a text (``12.5``, ``20/9``), or a rounded DECIMAL beside its
exact text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from pathlib import Path
from typing import Any

from policyengine.records.duck_file import reader
from policyengine.records.parquet import scan
from policyengine.records.personal import APOSTROPHED
from policyengine.records.sql import call, name, number, text
from policyengine.tools.result.read import Written

NARROW, WIDEST = 18, 38  # digits of a BIGINT, and of the widest DECIMAL
LARGEST_TICKS = 10**15  # of one hour; more would not leave room in 128 bits for the sum of ten million people's hours


@dataclass(frozen=True)
class Frame:
    """``relation``: what to select from. ``kinds``: column → DuckDB type, as it lies. ``texts``: all are."""

    relation: Any
    kinds: Mapping[str, str]
    texts: bool = False

    def has(self, column: str) -> bool:
        return column in self.kinds or f"{column}_num" in self.kinds

    def text(self, column: str) -> Any:
        """A text column, NULL where empty, the apostrophe that keeps spreadsheets from calculating taken away."""
        from sqlglot import exp

        from policyengine.engines.compile.trees import begins_with

        if column not in self.kinds:
            return exp.cast(exp.null(), "TEXT")
        cell: Any = name(column)
        if not self.texts:
            return exp.func("nullif", exp.cast(cell, "TEXT"), text(""))
        rest = call("substr", cell.copy(), number(2))
        masked = exp.and_(call("starts_with", cell.copy(), text("'")), begins_with(rest, APOSTROPHED))
        plain = exp.case().when(masked, rest.copy()).else_(cell)
        return exp.func("nullif", plain, text(""))


def frame_of(connection: Any, written: Written, table: str, folder: Path) -> Frame:
    """The table of a folder. ``folder``: for files on the way."""
    path = written.folder / written.manifest["tables"][table]["file"]
    if path.suffix == ".parquet":
        return described(connection, scan(path))
    names = [c.name for c in written.columns(table)]
    if path.suffix != ".csv":
        path = _as_csv(written, table, folder)
    shape = [(n, "VARCHAR") for n in names]
    return described(connection, _csv(path, shape), texts=True)


def _csv(path: Path, columns: Sequence[tuple[str, str]]) -> Any:
    """``read_csv`` as our writer writes it."""
    from sqlglot import exp

    shape = [exp.PropertyEQ(this=exp.to_identifier(c, quoted=True), expression=text(t)) for c, t in columns]
    options: dict[str, Any] = {
        "columns": exp.Struct(expressions=shape), "auto_detect": exp.false(), "header": exp.true(),
        "delim": text(","), "quote": text('"'), "escape": text('"'), "max_line_size": number(100_000_000),
        "parallel": exp.false(),
    }  # fmt: skip
    return reader("read_csv", path, options)


def _as_csv(written: Written, table: str, folder: Path) -> Path:
    """The table as CSV, without the apostrophes of spreadsheets put back: cells are read as our own CSV."""
    from policyengine.tools.result.formats import write_csv
    from policyengine.tools.result.tables import Table

    columns = tuple(written.columns(table))
    path = folder / f"{table}.csv"
    rows = [tuple(row[c.name] for c in columns) for row in written.rows(table)]
    with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        write_csv(Table(table, columns, rows), file)
    return path


def described(connection: Any, relation: Any, texts: bool = False) -> Frame:
    from sqlglot import exp

    connection.execute(exp.select("*").from_(relation.copy()).limit(0).sql("duckdb"))
    return Frame(relation, {n: str(kind) for n, kind, *_ in connection.description}, texts)


# --- exact figures ---------------------------------------------------------------------------------------------------


def denominator(connection: Any, frame: Frame, columns: Iterable[str]) -> int:
    """The least whole number by which every figure of these columns becomes whole."""
    return lcm(*denominators(connection, frame, columns).values())


def denominators(connection: Any, frame: Frame, columns: Iterable[str]) -> dict[str, int]:
    """For each column the least whole number by which its figures become whole; the table is read once for all."""
    from sqlglot import exp

    asked = {column: _divisors(frame, column) for column in columns if frame.has(column)}
    cells = [cell for own in asked.values() for cell in own]
    query = exp.select(*cells, copy=False).from_(frame.relation.copy(), copy=False)
    answers = iter(connection.execute(query.sql("duckdb", copy=False)).fetchone() if cells else ())
    found = {}
    for column, own in asked.items():
        listed, digits = (*(next(answers) for _ in own), None, None)[:2]
        by_type = 1 if f"{column}_num" in frame.kinds else 10 ** _scale(frame.kinds[column])
        found[column] = lcm(by_type, 10 ** (digits or 0), *(int(v) for v in listed or () if v not in (None, "")))
        if found[column] == 0:  # 1/0 in a result that was changed and sealed again: nothing would ever be whole by it
            raise ValueError(column)
    return found


def _divisors(frame: Frame, column: str) -> list[Any]:
    """What a column's figures are divided by beside their type: a list, and of texts the most digits behind a point."""
    from sqlglot import exp

    longest: list[Any] = []
    if f"{column}_num" in frame.kinds:
        divisor: Any = name(f"{column}_den")
    elif f"{column}_exact" in frame.kinds:
        divisor = _part(name(f"{column}_exact"), "/", 2)
    elif frame.texts:
        divisor = _part(name(column), "/", 2)
        longest = [call("max", call("length", _part(name(column), ".", 2)))]
    else:
        return []
    return [call("list", exp.Distinct(expressions=[divisor])), *longest]


def ticks(frame: Frame, column: str, per_unit: int) -> Any:
    """The figure times ``per_unit`` (a multiple of every denominator), a whole number; NULL where there is none."""
    from sqlglot import exp

    if not frame.has(column):
        return exp.cast(exp.null(), "HUGEINT", dialect="duckdb")
    if f"{column}_num" in frame.kinds:
        share = exp.IntDiv(this=number(per_unit), expression=name(f"{column}_den"))
        return exp.Mul(this=_huge(name(f"{column}_num")), expression=_huge(exp.paren(share)))
    if f"{column}_exact" in frame.kinds:
        scale = _scale(frame.kinds[column])
        exact = name(f"{column}_exact")
        plain = _shifted(name(column), scale, per_unit) if per_unit % 10**scale == 0 else exp.null()
        return exp.case().when(exp.Is(this=exact, expression=exp.null()), plain).else_(_ratio(exact, per_unit))
    if frame.texts:
        cell = exp.func("nullif", name(column), text(""))
        scale = 0
        while per_unit % 10 ** (scale + 1) == 0:
            scale += 1
        wide = exp.cast(cell.copy(), f"DECIMAL(38, {scale})", dialect="duckdb")
        fraction = call("contains", name(column), text("/"))
        return exp.case().when(fraction, _ratio(cell, per_unit)).else_(_shifted(wide, scale, per_unit))
    kind = frame.kinds[column]
    return _shifted(name(column), _scale(kind), per_unit, _width(kind))


def figure_text(frame: Frame, column: str) -> Any:
    """The figure as text formats write it: an exact decimal without trailing zeros, or a fraction; NULL for none."""
    from sqlglot import exp

    if not frame.has(column):
        return exp.cast(exp.null(), "TEXT")
    if frame.texts:
        return exp.func("nullif", name(column), text(""))
    if f"{column}_num" in frame.kinds:
        top, bottom = (exp.cast(name(f"{column}_{part}"), "TEXT") for part in ("num", "den"))
        whole = exp.EQ(this=name(f"{column}_den"), expression=number(1))
        fraction = exp.DPipe(this=exp.DPipe(this=top.copy(), expression=text("/")), expression=bottom)
        return exp.case().when(whole, top).else_(fraction)
    shown = fact_text(name(column), frame.kinds[column])
    return exp.func("coalesce", name(f"{column}_exact"), shown) if f"{column}_exact" in frame.kinds else shown


def fact_text(cell: Any, kind: str) -> Any:
    """A person's or record's fact as results write it: ``yes``, ``no``, a decimal without trailing zeros, a text."""
    from sqlglot import exp

    if kind == "BOOLEAN":
        return exp.case().when(cell, text("yes")).when(exp.not_(cell.copy()), text("no"))
    shown = exp.cast(cell, "TEXT")
    return call("rtrim", call("rtrim", shown, text("0")), text(".")) if _scale(kind) else shown


def _shifted(value: Any, scale: int, per_unit: int, width: int = WIDEST) -> Any:
    """A decimal of ``width`` digits, ``scale`` of them behind the point, as ticks."""
    from sqlglot import exp

    from policyengine.engines.compile.trees import parts

    narrow = width <= NARROW and scale > 0
    whole: Any = parts(value, scale) if narrow else exp.paren(exp.Mul(this=value, expression=number(10**scale)))
    factor = per_unit // 10**scale
    whole = exp.cast(whole, "BIGINT") if width + len(str(factor)) <= NARROW else _huge(whole)
    return whole if factor == 1 else exp.Mul(this=whole, expression=number(factor))


def _ratio(cell: Any, per_unit: int) -> Any:
    """``20/9`` as ticks."""
    from sqlglot import exp

    top, bottom = _huge(_part(cell.copy(), "/", 1)), _huge(_part(cell.copy(), "/", 2))
    return exp.Mul(this=top, expression=exp.paren(exp.IntDiv(this=_huge(number(per_unit)), expression=bottom)))


def _huge(value: Any) -> Any:
    from sqlglot import exp

    return exp.cast(value, "HUGEINT", dialect="duckdb")


def _part(cell: Any, separator: str, place: int) -> Any:
    return call("split_part", cell, text(separator), number(place))


def _scale(kind: str) -> int:
    return int(kind.rpartition(",")[2].rstrip(")")) if kind.startswith("DECIMAL") else 0


def _width(kind: str) -> int:
    return int(kind.removeprefix("DECIMAL(").partition(",")[0]) if kind.startswith("DECIMAL") else WIDEST
