"""Files written straight from tables hold what the reference evaluator's result holds, cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from policyengine.engines import duckdb_write, reference
from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.compile.shares import shares_of
from policyengine.engines.duckdb import DuckHost
from policyengine.engines.duckdb_sql import sql
from policyengine.engines.duckdb_write import Options, write
from policyengine.engines.protocol import Tables
from policyengine.tools.result.formats import read_rows, write_table
from policyengine.tools.result.tables import shape_of, tables_of
from tests.build import inputs, plan, record
from tests.engines.test_duckdb import generated


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 2}) as made:
        yield made


def sorted_rows(rows: Any) -> list[tuple[str, ...]]:
    return sorted(tuple("" if v is None else str(v) for v in row) for row in rows)


@pytest.mark.parametrize(
    ("seed", "format", "ledger"),
    [
        *product(range(6), ("csv",), ("full",)),
        *product(range(6), ("parquet",), ("lean",)),
        *product((2, 3), ("parquet",), ("full", "none")),
    ],
)
def test_files_hold_the_reference_result(
    seed: int, format: str, ledger: str, connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # as where not everybody fits into memory at once
        monkeypatch.setattr(duckdb_write, "shares_of", lambda host, table, _: shares_of(host, table, 3))
    made, given, periods, as_of = generated(seed, 30)
    host = DuckHost(connection)
    names = load_inputs(host, given, [made])
    tables = Tables(connection, names.records, names.persons, names.circumstances)
    told: list[float] = []
    try:
        written = write(
            [made], tables, periods, as_of, tmp_path, Options(format, ledger), progress=lambda d, _: told.append(d)
        )
    finally:
        host.close()
    assert written is not None
    assert told == sorted(told)
    assert told[-1] == 1.0
    wanted = tables_of(reference.evaluate(made, given, periods, as_of), (), shape_of([made]), ledger)
    for table in wanted:
        if table.name == "rejects" or (ledger == "none" and table.name == "missing"):
            continue
        path = tmp_path / f"{table.name}.{format}"
        if not path.exists():
            assert table.rows == []
            continue
        found = [tuple(row.values()) for row in read_rows(path, format, table.columns)]
        assert sorted_rows(found) == sorted_rows(table.rows), table.name
        if table.name in ("decisions", "findings"):
            people = [row[table.names.index("person_id")] for row in found]
            assert people == sorted(people)
        if format == "csv":
            write_table(table, tmp_path / "wanted.csv", "csv")
            assert cells(path) == cells(tmp_path / "wanted.csv")
    assert sum(written.outcomes.values()) == written.tables["decisions"][1]
    assert not (tmp_path / ".spill").exists()


def cells(path: Path) -> list[list[str]]:
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return [header, *sorted(rows)]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_what_is_sorted_is_written_in_order(
    format: str, connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A larger file is written by several threads; which of its plans keep the order shows in any size.
    plans: dict[str, str] = {}
    copy = duckdb_write.FileHost.copy

    def explained(host: duckdb_write.FileHost, query: Any, path: Path, format: str) -> int:
        target = f"COPY ({sql(query)}) TO '{path}.plan' (FORMAT {format})"
        plan = host.connection.execute(f"EXPLAIN {target}").fetchall()[0][1]
        plans[path.name] = plan.upper().replace("_", " ")  # BATCH_COPY_TO_FILE before DuckDB 2
        return copy(host, query, path, format)

    monkeypatch.setattr(duckdb_write.FileHost, "copy", explained)
    made, given, periods, as_of = generated(1, 30)
    host = DuckHost(connection)
    names = load_inputs(host, given, [made])
    tables = Tables(connection, names.records, names.persons, names.circumstances)
    try:
        write([made], tables, periods, as_of, tmp_path, Options(format, "lean", ordered=True))
    finally:
        host.close()
    assert {f"decisions.{format}", f"findings.{format}", f"ledger.{format}", f"missing.{format}"} <= set(plans)
    assert [name for name, found in plans.items() if "BATCH COPY" not in found] == []


# Minutes for an hour; minutes of the records; the total. The finer the parts, the less was left before the point.
MANY_DECIMALS = [
    (64, [60000] * 110, "103125"),
    (128, [60000, 60000, 60000, 1], "1406.2578125"),
    (256, [2561], "10.00390625"),
    (192, [60000] * 4, "1250"),  # a third of an hour has no decimal, its multiples have
    (512, [60000, 1], "117.189453125"),
]


@pytest.mark.parametrize("format", ["csv", "parquet"])
@pytest.mark.parametrize(("each", "minutes", "total"), MANY_DECIMALS)
def test_large_figures_have_room_for_all_their_decimals(
    each: int, minutes: list[int], total: str, format: str, connection: Any, tmp_path: Path
) -> None:
    made = plan(
        "recognise training",
        f"convert training at 1 hour per {each} minutes",
        "require total at least 200000 hours per year",
    )
    rows = [record(f"R{n:03}", "2016-05-01", quantity=m, unit="minutes") for n, m in enumerate(minutes)]
    host = DuckHost(connection)
    names = load_inputs(host, inputs(rows), [made])
    tables = Tables(connection, names.records, names.persons, names.circumstances)
    try:
        write([made], tables, (2016, 2016), None, tmp_path, Options(format, "lean"))
    finally:
        host.close()
    shapes = {
        t.name: t.columns for t in tables_of(reference.evaluate(made, inputs(rows)), (), shape_of([made]), "lean")
    }
    (decision,) = read_rows(tmp_path / f"decisions.{format}", format, shapes["decisions"])
    (finding,) = read_rows(tmp_path / f"findings.{format}", format, shapes["findings"])
    assert decision["total"] == finding["achieved"] == Fraction(total)
