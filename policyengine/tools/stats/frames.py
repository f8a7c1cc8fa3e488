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

from sqlglot import exp

from policyengine.engines.compile import trees as t
from policyengine.records.duck_file import reader
from policyengine.records.parquet import kinds_of, scan
from policyengine.tools.result.formats import plain_tree, text_file, write_csv
from policyengine.tools.result.read import Written
from policyengine.tools.result.tables import Table

NARROW, WIDEST = 18, 38  # digits of a BIGINT, and of the widest DECIMAL
AT_ONCE = 10_000  # groups of rows that are looked at together
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
        if column not in self.kinds:
            return t.cast(t.lit(None), "TEXT")
        cell = plain_tree(t.col(column)) if self.texts else t.cast(t.col(column), "TEXT")
        return t.call("NULLIF", cell, t.lit(""))


def frame_of(connection: Any, written: Written, table: str, folder: Path) -> Frame:
    """The table of a folder. ``folder``: for files on the way."""
    path = written.folder / written.manifest["tables"][table]["file"]
    if path.suffix == ".parquet":
        return described(connection, scan(path))
    if path.suffix != ".csv":
        path = _as_csv(written, table, folder)
    return described(connection, _csv(path, [c.name for c in written.columns(table)]), texts=True)


def _csv(path: Path, columns: Sequence[str]) -> Any:
    """``read_csv`` as our writer writes it."""
    shape = [exp.PropertyEQ(this=exp.to_identifier(c, quoted=True), expression=t.lit("VARCHAR")) for c in columns]
    options: dict[str, Any] = {
        "columns": exp.Struct(expressions=shape), "auto_detect": exp.false(), "header": exp.true(),
        "delim": t.lit(","), "quote": t.lit('"'), "escape": t.lit('"'), "max_line_size": t.lit(100_000_000),
        "parallel": exp.false(),
    }  # fmt: skip
    return reader("read_csv", path, options)


def _as_csv(written: Written, table: str, folder: Path) -> Path:
    """The table as CSV, without the apostrophes of spreadsheets put back: cells are read as our own CSV."""
    columns = tuple(written.columns(table))
    path = folder / f"{table}.csv"
    rows = [tuple(row[c.name] for c in columns) for row in written.rows(table)]
    with text_file(path) as file:
        write_csv(Table(table, columns, rows), file)
    return path


def described(connection: Any, relation: Any, texts: bool = False) -> Frame:
    return Frame(relation, kinds_of(connection, relation), texts)


# --- exact figures ---------------------------------------------------------------------------------------------------


def denominator(connection: Any, frame: Frame, columns: Iterable[str]) -> int:
    """The least whole number by which every figure of these columns becomes whole."""
    return lcm(*denominators(connection, frame, columns).values())


def denominators(connection: Any, frame: Frame, columns: Iterable[str]) -> dict[str, int]:
    """For each column the least whole number by which its figures become whole; the table is read once for all."""
    asked = {column: _divisor(frame, column) for column in columns if frame.has(column)}
    found = {c: 1 if f"{c}_num" in frame.kinds else 10 ** _scale(frame.kinds[c]) for c in asked}
    divisors = {column: divisor for column, divisor in asked.items() if divisor is not None}
    if divisors:
        # in groups: DISTINCT for each column would begin hash tables for each, 4 ms of processor time
        query = exp.select(*divisors.values(), *(_digits(frame, c) for c in divisors), copy=False)
        query.from_(frame.relation.copy(), copy=False)
        query.group_by(*(t.lit(place) for place in range(1, len(divisors) + 1)), copy=False)
        groups = connection.execute(query.sql("duckdb", copy=False))
        while batch := groups.fetchmany(AT_ONCE):
            of_columns = list(zip(*batch, strict=True))
            for at, column in enumerate(divisors):
                wholes = (int(value) for value in set(of_columns[at]) if value not in (None, ""))
                longest = max(digits or 0 for digits in of_columns[len(divisors) + at])
                found[column] = lcm(found[column], 10**longest, *wholes)
    for column, whole in found.items():
        if whole == 0:  # 1/0 in a result that was changed and sealed again: nothing would ever be whole by it
            raise ValueError(column)
    return found


def _divisor(frame: Frame, column: str) -> Any:
    """What a column's figures are divided by beside their type; None where by nothing."""
    if f"{column}_num" in frame.kinds:
        return t.col(f"{column}_den")
    if f"{column}_exact" in frame.kinds:
        return _part(t.col(f"{column}_exact"), "/", 2)
    return _part(t.col(column), "/", 2) if frame.texts else None


def _digits(frame: Frame, column: str) -> Any:
    """Of texts the most digits behind a point."""
    written = frame.texts and not {f"{column}_num", f"{column}_exact"} & frame.kinds.keys()
    return t.call("max", t.call("length", _part(t.col(column), ".", 2))) if written else t.lit(0)


def ticks(frame: Frame, column: str, per_unit: int) -> Any:
    """The figure times ``per_unit`` (a multiple of every denominator), a whole number; NULL where there is none."""
    if not frame.has(column):
        return t.cast(t.lit(None), "HUGEINT")
    if f"{column}_num" in frame.kinds:
        share = t.divide(t.lit(per_unit), t.col(f"{column}_den"))
        return t.times(_huge(t.col(f"{column}_num")), _huge(share))
    if f"{column}_exact" in frame.kinds:
        scale = _scale(frame.kinds[column])
        exact = t.col(f"{column}_exact")
        plain = _shifted(t.col(column), scale, per_unit) if per_unit % 10**scale == 0 else t.lit(None)
        return t.case([(t.missing(exact), plain)], _ratio(exact, per_unit))
    if frame.texts:
        cell = t.call("NULLIF", t.col(column), t.lit(""))
        scale = 0
        while per_unit % 10 ** (scale + 1) == 0:
            scale += 1
        wide = t.cast(cell.copy(), f"DECIMAL(38, {scale})")
        fraction = t.call("contains", t.col(column), t.lit("/"))
        return t.case([(fraction, _ratio(cell, per_unit))], _shifted(wide, scale, per_unit))
    kind = frame.kinds[column]
    return _shifted(t.col(column), _scale(kind), per_unit, _width(kind))


def figure_text(frame: Frame, column: str) -> Any:
    """The figure as text formats write it: an exact decimal without trailing zeros, or a fraction; NULL for none."""
    if not frame.has(column):
        return t.cast(t.lit(None), "TEXT")
    if frame.texts:
        return t.call("NULLIF", t.col(column), t.lit(""))
    if f"{column}_num" in frame.kinds:
        top, bottom = (t.cast(t.col(f"{column}_{part}"), "TEXT") for part in ("num", "den"))
        whole = t.equal(t.col(f"{column}_den"), t.lit(1))
        return t.case([(whole, top)], t.concat(top.copy(), t.lit("/"), bottom))
    shown = fact_text(t.col(column), frame.kinds[column])
    return t.coalesce(t.col(f"{column}_exact"), shown) if f"{column}_exact" in frame.kinds else shown


def fact_text(cell: Any, kind: str) -> Any:
    """A person's or record's fact as results write it: ``yes``, ``no``, a decimal without trailing zeros, a text."""
    if kind == "BOOLEAN":
        return t.case([(cell, t.lit("yes")), (t.negate(cell.copy()), t.lit("no"))], t.lit(None))
    shown = t.cast(cell, "TEXT")
    return trimmed(shown) if _scale(kind) else shown


def trimmed(decimal: Any) -> Any:
    """A decimal as text without trailing zeros."""
    return t.call("rtrim", t.call("rtrim", decimal, t.lit("0")), t.lit("."))


def _shifted(value: Any, scale: int, per_unit: int, width: int = WIDEST) -> Any:
    """A decimal of ``width`` digits, ``scale`` of them behind the point, as ticks."""
    narrow = width <= NARROW and scale > 0
    whole = t.parts(value, scale) if narrow else t.times(value, t.lit(10**scale))
    factor = per_unit // 10**scale
    whole = t.cast(whole, "BIGINT") if width + len(str(factor)) <= NARROW else _huge(whole)
    return whole if factor == 1 else t.times(whole, t.lit(factor))


def _ratio(cell: Any, per_unit: int) -> Any:
    """``20/9`` as ticks."""
    top, bottom = _huge(_part(cell.copy(), "/", 1)), _huge(_part(cell.copy(), "/", 2))
    return t.times(top, t.divide(_huge(t.lit(per_unit)), bottom))


def _huge(value: Any) -> Any:
    return t.cast(value, "HUGEINT")


def _part(cell: Any, separator: str, place: int) -> Any:
    return t.call("split_part", cell, t.lit(separator), t.lit(place))


def _scale(kind: str) -> int:
    return int(kind.rpartition(",")[2].rstrip(")")) if kind.startswith("DECIMAL") else 0


def _width(kind: str) -> int:
    return int(kind.removeprefix("DECIMAL(").partition(",")[0]) if kind.startswith("DECIMAL") else WIDEST
