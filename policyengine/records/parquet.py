"""Parquet in (through DuckDB), rows of texts out; row numbers count from 1."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic
from policyengine.records.cells import NO_CHARACTER
from policyengine.records.duck_file import as_named, reader
from policyengine.records.files import Source
from policyengine.records.foreign import unreadable
from policyengine.records.raw import HEAD, Damaged, RawTable, Row

BATCH = 10_000
EXACT_UP_TO = {"DOUBLE": 2**53 - 1, "FLOAT": 2**24 - 1}  # whole numbers that stand for no neighbour of theirs too
MOMENTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")  # types of which the time zone decides on which day they are
# A list, map or struct without a value in it, as DuckDB writes it: brackets and the names of a struct's parts.
NOTHING_IN_IT = r"([\[\]{}]|, |NULL|''|'[^']*': )*"


def read_parquet(source: Source) -> RawTable:
    """The file's table; an error among its notes where DuckDB can't open it."""
    import duckdb
    from sqlglot import exp

    table = RawTable(source.shown, source.label, None, iter(()), [], how="Parquet", checked=False)
    try:
        connection = database().cursor()
        kinds = columns_of(connection, source.path)
        table.kinds, table.header = kinds, _names(connection, source.path)
        texts = exp.select(*(as_text(name, kind) for name, kind in kinds.items())).from_(scan(source.path))
        table.rows = _rows(source, connection, texts.sql("duckdb"))
    except duckdb.Error as e:
        table.notes.append(broken(source, e))
    return table


@cache
def database(threads: int | None = None) -> Any:
    """One for all files: to start another takes longer than to open the file. It keeps nothing of them."""
    import duckdb

    config: dict[str, Any] = {"enable_external_file_cache": False}
    return duckdb.connect(config=config if threads is None else {**config, "threads": threads})


if hasattr(os, "register_at_fork"):
    # its threads are not in the child, which would wait for them for ever; both begin another
    os.register_at_fork(before=database.cache_clear)


def scan(path: Path | Sequence[Path], numbered: bool = False) -> Any:
    """The rows of the file, or of files of one layout. ``numbered``: with ``file_row_number``."""
    from sqlglot import exp

    return reader("read_parquet", path, {"file_row_number": exp.true()} if numbered else {})


def columns_of(connection: Any, path: Path) -> dict[str, str]:
    """Column name → type, as DuckDB names it; ``duckdb.Error`` where it can't read the file."""
    return kinds_of(connection, scan(path))


def kinds_of(connection: Any, relation: Any) -> dict[str, str]:
    """The same of any rows."""
    import duckdb
    from sqlglot import exp

    described = exp.Select(expressions=[exp.Star()]).from_(relation).limit(0, copy=False)
    connection.execute(described.sql("duckdb", copy=False))
    try:
        return {name: str(kind) for name, kind, *_ in connection.description}
    except (RuntimeError, UnicodeDecodeError) as e:  # DuckDB hands out names as they stand in the file
        raise duckdb.InvalidInputException("a column's name is no valid text") from e


def _names(connection: Any, path: Path) -> list[str]:
    """The columns' names as the file has them: of two that differ in case only DuckDB renames one."""
    from sqlglot import exp

    schema = exp.Anonymous(this="parquet_schema", expressions=[exp.Literal.string(as_named(path))])
    (_, *parts) = connection.execute(exp.select("name", "num_children").from_(schema).sql("duckdb")).fetchall()
    own: list[str] = []
    within = 0  # parts of a nested column that are still to come
    for name, children in parts:
        if not within:
            own.append(name)
        within += (children or 0) - bool(within)
    return own


def check_pages(source: Source) -> None:
    """Read every cell of the file; ``Damaged`` where DuckDB can't."""
    import duckdb
    from sqlglot import exp

    try:
        with database().cursor() as connection:
            cells = [exp.column(name, quoted=True) for name in columns_of(connection, source.path)]
            every = exp.func("bit_xor", exp.Anonymous(this="hash", expressions=cells))
            connection.execute(exp.select(every).from_(scan(source.path)).sql("duckdb"))
    except duckdb.Error as e:
        raise Damaged(broken(source, e)) from e


def broken(source: Source, problem: Exception) -> Diagnostic:
    """The file is no readable Parquet. What DuckDB had no memory for says nothing of the file, and goes on."""
    import duckdb

    if isinstance(problem, duckdb.OutOfMemoryException):
        raise problem
    database.cache_clear()  # a damaged file may have left it unusable
    first = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
    hint = ("write it again; it may have been cut off", "请重新生成；文件可能不完整")
    message = (f"the Parquet file can't be read: {first}", f"无法读取 Parquet 文件：{first}")
    return unreadable(source.shown, message, hint)


def as_text(name: str, kind: str, table: str | None = None) -> Any:
    """The column as the text of cells; whole floating numbers without ``.0``, as spreadsheets show them, and as
    powers of ten where there is none for every whole number, so that nobody takes them for an id or a day.

    A moment is told in UTC, whatever the time zone of the machine, which must not decide on which day it was. Bytes not
    declared as text are one if they are UTF-8; else they are marked (``cells.unfit`` finds the mark). A list without a
    value is an empty cell: ``[]`` in the column for proof is none.
    """
    from sqlglot import exp

    column = exp.column(name, table=table, quoted=True)
    text: Any = exp.cast(column, "TEXT")
    if kind in EXACT_UP_TO:
        text = _of_floating(column, EXACT_UP_TO[kind], text)
    elif kind == "BLOB":
        decoded = exp.Anonymous(this="try", expressions=[exp.Anonymous(this="decode", expressions=[column])])
        text = exp.func("coalesce", decoded, exp.DPipe(this=exp.Literal.string(NO_CHARACTER), expression=text))
    elif kind in MOMENTS:
        there = exp.AtTimeZone(this=column, zone=exp.Literal.string("UTC"))
        text = exp.DPipe(this=exp.cast(there, "TEXT"), expression=exp.Literal.string("+00"))
    elif kind.endswith("]") or kind.startswith(("MAP", "STRUCT")):
        within = exp.Anonymous(this="regexp_full_match", expressions=[text, exp.Literal.string(NOTHING_IN_IT)])
        text = exp.case().when(within, exp.Literal.string("")).else_(text.copy())
    return exp.func("coalesce", text, exp.Literal.string(""))


def _of_floating(column: Any, exact: int, text: Any) -> Any:
    from sqlglot import exp

    def up_to(most: int) -> Any:
        return exp.LTE(this=exp.Abs(this=column), expression=exp.Literal.number(most))

    whole = exp.EQ(this=exp.func("trunc", column), expression=column)
    # no plain cast: by a least and greatest value that leave NaN out, DuckDB takes it for a small number
    number = exp.func("coalesce", exp.cast(exp.TryCast(this=column, to=exp.DataType.build("BIGINT")), "TEXT"), text)
    powers = exp.Anonymous(this="printf", expressions=[exp.Literal.string("%.15e"), exp.cast(column, "DOUBLE")])
    return (
        exp.case().when(exp.and_(whole, up_to(exact)), number).when(exp.and_(whole, up_to(10**16)), powers).else_(text)
    )


def _rows(source: Source, connection: Any, query: str) -> Iterator[Row]:
    """The rows; nothing is read before the first is asked for."""
    import duckdb

    number = 0
    try:
        result = connection.execute(query)
        batch = result.fetchmany(HEAD)  # of most files nobody asks for more here
        while batch:
            for cells in batch:
                number += 1
                yield Row(number, list(cells))
            batch = result.fetchmany(BATCH)
    except duckdb.Error as e:
        raise Damaged(broken(source, e)) from e
