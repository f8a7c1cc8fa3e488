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
from policyengine.engines.protocol import Selection
from policyengine.plan.model import Plan
from policyengine.records.cells import NO_CHARACTER
from policyengine.records.model import Inputs
from policyengine.trace import Result

Periods = tuple[int, int]

_AT_ONCE = 50_000
WRITTEN = ("BIGINT", "INTEGER", "BOOLEAN")  # handed over as one text "[1, 2, NULL]", in a third of the time of a list
MAPPED = 3  # from so many texts on, a map is faster than comparing one by one
RECORDS = "r"  # the alias of records, whose texts come from files with dictionaries


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
        shape = ", ".join(f'"{column}" {sql(type_)}' for column, type_ in columns.items())
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({shape})")
        self._made.add(name)
        self.append(name, columns, rows)

    def append(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        written = [type_ in WRITTEN for type_ in columns.values()]
        kinds = zip(map(_plain, columns.values()), written, strict=True)
        values = ", ".join(f"unnest(?::{'VARCHAR::' if as_text else ''}{kind}[])" for kind, as_text in kinds)
        names = ", ".join(f'"{column}"' for column in columns)
        todo = iter(rows)
        while batch := list(islice(todo, _AT_ONCE)):
            lists = [
                _listed(column) if as_text else column
                for column, as_text in zip(map(list, zip(*batch, strict=True)), written, strict=True)
            ]
            self.connection.execute(f"INSERT INTO {name} ({names}) SELECT {values}", lists)

    def drop(self, name: str) -> None:
        self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._made.discard(name)

    def close(self) -> None:
        for name in self._views:
            self.connection.execute(f"DROP VIEW IF EXISTS {name}")
        for name in list(self._made):
            self.drop(name)


def _plain(type_: Any) -> str:
    """The type in which values of a column are handed over: an enumeration's as text."""
    return type_ if isinstance(type_, str) else "VARCHAR"


def _listed(column: list[Any]) -> str:
    """Numbers or truths as DuckDB writes a list of them."""
    text = str(column)
    if "(" in text:  # decimals that are whole
        text = f"[{', '.join(map(str, column))}]"
    return text.replace("None", "NULL")


def sql(query: Any) -> str:
    """A tree as DuckDB's SQL."""
    if not isinstance(query, str):
        _looked_up(query)
    return query if isinstance(query, str) else str(query.sql("duckdb", copy=False))


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
    import duckdb

    own = connection or duckdb.connect()
    try:
        return trace_of(plans, DuckHost(own), inputs, periods, as_of, selection, judge)
    finally:
        if connection is None:
            own.close()


def _looked_up(query: Any) -> None:
    """Choices between texts as look-ups in a map, which DuckDB does once per text of a dictionary and not per row.

    So does a file's reader with a condition, where ``IN`` would only skip whole row groups.
    """
    from sqlglot import exp

    nodes = list(query.find_all(exp.Case, exp.In))
    for node in nodes:
        if not isinstance(node, exp.Case):
            continue
        branches = node.args["ifs"]
        if node.this is None or not all(b.this.is_string for b in branches):
            continue
        if _of_records(node.this) and (codes := _codes(node)) is not None:
            node.replace(_coded(node, *codes))
        elif len(branches) >= MAPPED:
            found = _mapped([b.this for b in branches], [b.args["true"] for b in branches], node.this)
            node.replace(exp.Coalesce(this=found, expressions=[node.args["default"]]))
    for node in nodes:
        if not isinstance(node, exp.In):
            continue
        texts = list(dict.fromkeys(node.expressions))  # a map takes each but once
        if _of_records(node.this) and texts and all(x.is_string for x in texts) and _is_condition(node):
            node.replace(_mapped(texts, [exp.true() for _ in texts], node.this))


def _of_records(value: Any) -> bool:
    """Whether a value is a bare column of the records."""
    from sqlglot import exp

    return isinstance(value, exp.Column) and value.table == RECORDS


def _mapped(texts: list[Any], values: list[Any], value: Any) -> Any:
    """What a map from texts gives for a value; NULL for any other."""
    from sqlglot import exp

    given = exp.Anonymous(this="MAP", expressions=[exp.Array(expressions=texts), exp.Array(expressions=values)])
    return exp.Anonymous(this="MAP_EXTRACT_VALUE", expressions=[given, value])


def _is_condition(node: Any) -> bool:
    """Whether a node is a condition on rows, where NULL is as good as false."""
    from sqlglot import exp

    while isinstance(node.parent, (exp.And, exp.Or, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, exp.Where)


def _codes(node: Any) -> tuple[int, int] | None:
    """The whole numbers that a choice gives for a missing text and any other; None where it gives something else."""
    from sqlglot import exp

    given, missing = node.args["default"], None
    if isinstance(given, exp.Case) and given.this is None and len(given.args["ifs"]) == 1:
        (branch,), given = given.args["ifs"], given.args["default"]
        if not (isinstance(branch.this, exp.Is) and branch.this.this == node.this):
            return None
        missing = branch.args["true"]
    values = [*(b.args["true"] for b in node.args["ifs"]), given, given if missing is None else missing]
    if not all(isinstance(v, exp.Literal) and v.is_int for v in values):
        return None
    return int(values[-1].this), int(given.this)


def _coded(node: Any, missing: int, other: int) -> Any:
    """A choice between whole numbers by nothing but functions of one text, all of which DuckDB works out once per text
    of a dictionary; ``COALESCE`` and ``CASE`` are done per row. What is not in the map is NULL there, and made a number
    beyond all others by ``LEAST``, which passes over NULL; the rest of a division makes it the one that is meant.
    ``NO_CHARACTER``, greater than any text that is read, stands for a missing one."""
    from sqlglot import exp

    branches = node.args["ifs"]
    codes = {b.this.this: int(b.args["true"].this) for b in reversed(branches)} | {NO_CHARACTER: missing}
    beyond = max(*codes.values(), other) + 1
    texts, values = map(exp.Literal.string, codes), map(exp.Literal.number, codes.values())
    text = exp.Anonymous(this="LEAST", expressions=[node.this, exp.Literal.string(NO_CHARACTER)])
    found = _mapped(list(texts), list(values), text)
    known = exp.Anonymous(this="LEAST", expressions=[found, exp.Literal.number(other + beyond)])
    return exp.paren(exp.Mod(this=known, expression=exp.Literal.number(beyond)))
