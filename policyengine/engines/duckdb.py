"""The embedded engine: compiled queries on DuckDB. Plans and canonical tables go in, the tables of a trace come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from policyengine.engines import reference
from policyengine.engines.compile.aside import JudgeOne
from policyengine.engines.compile.axes import Column
from policyengine.engines.compile.host import Rows, column_of
from policyengine.engines.compile.whole import trace_of
from policyengine.engines.duckdb_sql import sql
from policyengine.engines.protocol import Periods, Selection
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from policyengine.trace import Result

_AT_ONCE = 50_000
WRITTEN = ("BIGINT", "INTEGER", "BOOLEAN")  # handed over as one text "[1, 2, NULL]", in a third of the time of a list


class DuckHost:
    """Runs trees on one DuckDB connection; every table it makes is temporary."""

    def __init__(self, connection: Any):
        self.connection = connection
        self._made: set[str] = set()
        self._views: list[str] = []

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

    def load(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        todo, create = iter(rows), f"CREATE OR REPLACE TEMP TABLE {name}"
        if batch := list(islice(todo, _AT_ONCE)):
            self._hand_over(f"{create} AS", columns, batch)
            self.append(name, columns, todo)
        else:
            shape = ", ".join(f'"{column}" {sql(type_)}' for column, type_ in columns.items())
            self.connection.execute(f"{create} ({shape})")
        self._made.add(name)

    def append(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        todo = iter(rows)
        while batch := list(islice(todo, _AT_ONCE)):
            self._hand_over(f"INSERT INTO {name} BY NAME", columns, batch)

    def _hand_over(self, into: str, columns: Mapping[str, Any], rows: Sequence[Sequence[Any]]) -> None:
        """Rows as a list for each column."""
        values, lists = [], []
        for (name, type_), given in zip(columns.items(), map(list, zip(*rows, strict=True)), strict=True):
            if type_ in WRITTEN:
                value = f"unnest(?::VARCHAR::{type_}[])"
            elif isinstance(type_, str):
                value = f"unnest(?::{type_}[])"
            else:  # an enumeration
                value = f"unnest(?::VARCHAR[])::{sql(type_)}"
            values.append(f'{value} AS "{name}"')
            lists.append(_listed(given) if type_ in WRITTEN else given)
        self.connection.execute(f"{into} SELECT {', '.join(values)}", lists)

    def drop(self, name: str) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._made.discard(name)

    def close(self) -> None:
        for name in self._views:
            self.connection.execute(f"DROP VIEW IF EXISTS {name}")
        for name in list(self._made):
            self.drop(name)


def _listed(column: list[Any]) -> str:
    """Numbers or truths as DuckDB writes a list of them."""
    text = str(column)
    if "(" in text:  # decimals that are whole
        text = f"[{', '.join(map(str, column))}]"
    return text.replace("None", "NULL")


def evaluate(
    plan: Plan, inputs: Inputs, periods: Periods | None = None, as_of: date | None = None, connection: Any = None
) -> Result:
    """Judge everybody in ``inputs``, as ``reference.evaluate`` does."""
    return evaluate_all([plan], inputs, periods, as_of, connection=connection) or reference.evaluate(
        plan, inputs, periods, as_of
    )


def evaluate_all(
    plans: Sequence[Plan],
    inputs: Inputs,
    periods: Periods | None = None,
    as_of: date | None = None,
    selection: Selection | None = None,
    judge: JudgeOne | None = None,
    connection: Any = None,
) -> Result | None:
    """Judge everybody in ``inputs``, each by the plan that ``selection`` gives, in the order of the reference's rows.

    ``judge``: for persons whom no plan judges, or whom compiled queries leave aside. None where a plan says what only
    the reference evaluator can judge.
    """
    from policyengine.records.parquet import database

    own = connection or database().cursor()
    try:
        return trace_of(plans, DuckHost(own), inputs, periods, as_of, selection, judge)
    finally:
        if connection is None:
            own.close()
