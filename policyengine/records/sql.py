"""The words in which queries over records are written: trees of sqlglot; and tables of texts for them to read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.language.quantities import exact_text
from policyengine.records.duck_file import reader

PIECE = 1 << 23  # bytes of a text file that one thread reads at a time
csv_writer = partial(csv.writer, quoting=csv.QUOTE_ALL, lineterminator="\n")  # of what ``typed_csv`` reads


def name(column: str, table: str | None = None) -> Any:
    """A quoted column."""
    return exp.column(column, table=table, quoted=True)


def text(value: str) -> Any:
    return exp.Literal.string(value)


def number(value: Fraction | int) -> Any:
    """An exact number; negative ones in brackets."""
    written = exp.Literal.number(exact_text(abs(Fraction(value))))
    return exp.paren(exp.Neg(this=written)) if value < 0 else written


def call(function: str, *arguments: Any) -> Any:
    return exp.Anonymous(this=function, expressions=list(arguments))


def between(value: Any, low: Any, high: Any) -> Any:
    return exp.Between(this=value, low=low, high=high)


def matches(value: Any, pattern: str) -> Any:
    return call("regexp_full_match", value, text(pattern))


def is_null(expression: Any) -> Any:
    return exp.Is(this=expression, expression=exp.null())


def as_(expression: Any, column: str) -> Any:
    """``expression AS "column"``."""
    return exp.alias_(expression, column, quoted=True, copy=False)


def count_rows() -> Any:
    return exp.Count(this=exp.Star())


def create(kind: str, table: str, query: Any) -> str:
    """``CREATE OR REPLACE TABLE (or VIEW) "table" AS query``: who reads on the same connection again is done with what
    was read before."""
    made = exp.Create(this=exp.to_table(table, quoted=True), kind=kind, replace=True, expression=query)
    return str(made.sql("duckdb", copy=False))


def make_table(
    connection: Any, table: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str | None]], folder: Path
) -> None:
    """A table from rows of texts, through a file: faster than parameters by far. Empty texts are NULL."""
    path = folder / f"{table}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv_writer(stream).writerows(rows)
    load_table(connection, table, columns, path)


def load_table(connection: Any, table: str, columns: Sequence[tuple[str, str]], path: Path) -> None:
    """A table from a CSV file without header, which is removed."""
    connection.execute(create("TABLE", table, exp.select("*").from_(typed_csv(path, columns))))
    path.unlink()


def typed_csv(
    path: Path, columns: Sequence[tuple[str, str]], delimiter: str = ",", skip: int = 0, ragged: bool = False
) -> Any:
    """``read_csv`` of a file without header, its columns named and typed; a longer row is an error.

    ``ragged``: rows may be shorter, but no cell holds a line break. The file is read in pieces so small that several
    threads have work where the order of the rows is kept.
    """
    shape = [exp.PropertyEQ(this=exp.to_identifier(c, quoted=True), expression=text(t)) for c, t in columns]
    struct = exp.Struct(expressions=shape)
    options: dict[str, Any] = {
        "columns": struct, "auto_detect": exp.false(), "header": exp.false(),
        "delim": text(delimiter),
        "quote": text('"'), "escape": text('"'), "skip": number(skip),
        "null_padding": exp.true() if ragged else exp.false(),
        "max_line_size": number(200_000 if ragged else 16_000_000), "strict_mode": exp.true(),
    }  # fmt: skip
    if ragged:
        options["buffer_size"] = number(PIECE)
    else:
        options["new_line"] = text("\\n")  # else DuckDB goes by the first line break, which may be within a cell
    return reader("read_csv", path, options)
