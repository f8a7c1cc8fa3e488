"""The embedded engine: compiled queries on DuckDB. Plans and canonical tables go in, the tables of a trace come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from policyengine.engines import reference
from policyengine.engines.compile import decode
from policyengine.engines.compile.axes import Column
from policyengine.engines.compile.host import Rows, column_of
from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.run import Evaluation, evaluate_tables
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs, Person
from policyengine.trace import Result

Periods = tuple[int, int]

_AT_ONCE = 50_000
MAPPED = 3  # from so many texts on, a map is faster than comparing one by one


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
        shape = ", ".join(f'"{column}" {sql(type_)}' for column, type_ in columns.items())
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({shape})")
        self._made.add(name)
        values = ", ".join(f"unnest(?::{_plain(type_)}[])" for type_ in columns.values())
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


def _plain(type_: Any) -> str:
    """The type in which values of a column are handed over: an enumeration's as text."""
    return type_ if isinstance(type_, str) else "VARCHAR"


def sql(query: Any) -> str:
    """A tree as DuckDB's SQL."""
    if not isinstance(query, str):
        _looked_up(query)
    return query if isinstance(query, str) else str(query.sql("duckdb", copy=False))


def evaluate(
    plan: Plan, inputs: Inputs, periods: Periods | None = None, as_of: date | None = None, connection: Any = None
) -> Result:
    """Judge everybody in ``inputs``, as ``reference.evaluate`` does."""
    import duckdb

    own = connection or duckdb.connect()
    host = DuckHost(own)
    try:
        names = load_inputs(host, inputs, [plan])
        evaluation = evaluate_tables([plan], host, names, periods, as_of)
        if evaluation is None:
            return Result((), (), (), ())
        return _together(evaluation, plan, inputs, as_of)
    except Inexpressible:
        return reference.evaluate(plan, inputs, periods, as_of)
    finally:
        host.close()
        if connection is None:
            own.close()


def _together(evaluation: Evaluation, plan: Plan, inputs: Inputs, as_of: date | None) -> Result:
    """The compiled rows and those of the persons who were routed, in the reference's order."""
    decisions = [
        ((d.person_id, number, place), d)
        for periods in evaluation.periods
        for number, one in enumerate(periods.decided)
        for place, d in decode.decisions_of(evaluation, periods, one)
    ]
    findings = [
        ((f.person_id, number, place, k), f)
        for periods in evaluation.periods
        for number, one in enumerate(periods.decided)
        for place, k, f in decode.findings_of(evaluation, periods, one)
    ]
    ledger = list(decode.ledger_of(evaluation))
    flags = list(decode.flags_of(evaluation))
    routed = {who for (who,) in evaluation.sources.host.rows("SELECT person_id FROM routed")}
    prepared = reference.prepare(plan)
    by_person: dict[str, list[Any]] = {who: [] for who in routed}
    for record in inputs.records:
        if record.person_id in by_person:
            by_person[record.person_id].append(record)
    for who in routed:
        person = inputs.persons.get(who) or Person(who)
        one_result = reference.evaluate_person(prepared, person, by_person[who], evaluation.asked[0], as_of)
        decisions += [((who, 0, place), d) for place, d in enumerate(one_result.decisions)]
        findings += [((who, 0, 0, place), f) for place, f in enumerate(one_result.findings)]
        ledger += one_result.ledger
        flags += one_result.flags
    return Result(
        tuple(d for _, d in sorted(decisions, key=lambda x: x[0])),
        tuple(f for _, f in sorted(findings, key=lambda x: x[0])),
        tuple(sorted(ledger, key=lambda e: (e.person_id, e.record_id, e.period or ""))),
        tuple(sorted(flags, key=lambda f: (f.person_id, f.record_id, f.flag, f.rule))),
    )


def _looked_up(query: Any) -> None:
    """Choices between texts as look-ups in a map, which DuckDB does once per text of a dictionary and not per row."""
    from sqlglot import exp

    for node in list(query.find_all(exp.Case)):
        branches = node.args["ifs"]
        if node.this is None or len(branches) < MAPPED or not all(b.this.is_string for b in branches):
            continue
        texts = exp.Array(expressions=[b.this for b in branches])
        codes = exp.Array(expressions=[b.args["true"] for b in branches])
        found = exp.Anonymous(
            this="MAP_EXTRACT_VALUE", expressions=[exp.Anonymous(this="MAP", expressions=[texts, codes]), node.this]
        )
        node.replace(exp.Coalesce(this=found, expressions=[node.args["default"]]))
