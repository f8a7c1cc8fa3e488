"""The embedded engine: compiled queries on DuckDB. Plans and canonical tables go in, the tables of a trace come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from policyengine.engines.compile.axes import Column
from policyengine.engines.compile.host import Rows, column_of

_AT_ONCE = 50_000


class DuckHost:
    """Runs trees on one DuckDB connection; every table it makes is temporary."""

    def __init__(self, connection: Any):
        self.connection = connection
        self._made: set[str] = set()

    def columns(self, table: str) -> Mapping[str, Column]:
        found = self.connection.execute(f"DESCRIBE {table}").fetchall()
        return {row[0]: column_of(row[0], row[1]) for row in found}

    def keep(self, name: str, query: Any) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql(query)}")
        self._made.add(name)

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql(query)).fetchall()  # type: ignore[no-any-return]

    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        self.connection.execute(sql(query))  # a cursor of its own would not see temporary tables
        while rows := self.connection.fetchmany(_AT_ONCE):
            yield from rows

    def load(self, name: str, columns: Mapping[str, str], rows: Rows) -> None:
        shape = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({shape})")
        self._made.add(name)
        values = ", ".join(f"unnest(?::{type_}[])" for type_ in columns.values())
        todo = iter(rows)
        while batch := list(islice(todo, _AT_ONCE)):
            lists = [list(column) for column in zip(*batch, strict=True)]
            self.connection.execute(f"INSERT INTO {name} SELECT {values}", lists)

    def drop(self, name: str) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._made.discard(name)

    def close(self) -> None:
        for name in list(self._made):
            self.drop(name)


def sql(query: Any) -> str:
    """A tree as DuckDB's SQL."""
    return query if isinstance(query, str) else query.sql("duckdb", copy=False)  # type: ignore[no-any-return]
