"""Files written straight from tables hold what the reference evaluator's result holds, cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policyengine.engines import duckdb_write, reference
from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.compile.shares import shares_of
from policyengine.engines.duckdb import DuckHost, sql
from policyengine.engines.duckdb_write import Options, write
from policyengine.engines.protocol import Tables
from policyengine.tools.formats import read_rows, write_table
from policyengine.tools.tables import shape_of, tables_of
from tests.engines.test_duckdb import generated


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 2}) as made:
        yield made


def sorted_rows(rows: Any) -> list[tuple[str, ...]]:
    return sorted(tuple("" if v is None else str(v) for v in row) for row in rows)


@pytest.mark.parametrize(
    ("format", "ledger"), [("parquet", "lean"), ("parquet", "full"), ("csv", "full"), ("parquet", "none")]
)
@pytest.mark.parametrize("seed", range(6))
def test_files_hold_the_reference_result(
    seed: int, format: str, ledger: str, connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # as where not everybody fits into memory at once
        monkeypatch.setattr(duckdb_write, "shares_of", lambda host, table, _: shares_of(host, table, 3))
    plan, inputs, periods, as_of = generated(seed, 30)
    host = DuckHost(connection)
    names = load_inputs(host, inputs, [plan])
    tables = Tables(connection, names.records, names.persons, names.circumstances)
    told: list[float] = []
    try:
        written = write(
            [plan], tables, periods, as_of, tmp_path, Options(format, ledger), progress=lambda d, _: told.append(d)
        )
    finally:
        host.close()
    assert written is not None
    assert told == sorted(told)
    assert told[-1] == 1.0
    wanted = tables_of(reference.evaluate(plan, inputs, periods, as_of), (), shape_of([plan]), ledger)
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
    plan, inputs, periods, as_of = generated(1, 30)
    host = DuckHost(connection)
    names = load_inputs(host, inputs, [plan])
    tables = Tables(connection, names.records, names.persons, names.circumstances)
    try:
        write([plan], tables, periods, as_of, tmp_path, Options(format, "lean", ordered=True))
    finally:
        host.close()
    assert {f"decisions.{format}", f"findings.{format}", f"ledger.{format}", f"missing.{format}"} <= set(plans)
    assert [name for name, found in plans.items() if "BATCH COPY" not in found] == []
