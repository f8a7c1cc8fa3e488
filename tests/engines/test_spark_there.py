"""What a cluster reads and writes itself holds what the reference evaluator's result holds, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from policyengine.diagnostics import PolicyError
from policyengine.engines import reference, spark, spark_read, spark_write
from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.duckdb import DuckHost
from policyengine.records.schema import schema_of
from policyengine.tools.result.formats import read_rows
from policyengine.tools.result.tables import shape_of, tables_of
from tests.build import plan
from tests.engines.spark_server import server
from tests.engines.test_duckdb import generated


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with server() as remote, spark.session(remote) as made:
        yield made


def on_disk(inputs: Any, made: Any, folder: Path) -> dict[str, str]:
    """Inputs as Parquet files, by table."""
    import duckdb

    with duckdb.connect() as connection:
        host = DuckHost(connection)
        load_inputs(host, inputs, [made])
        for table in ("records", "persons", "circumstances"):
            columns = "*" if table != "circumstances" else 'person_id, kind, start AS "from", "end" AS "to"'
            connection.execute(f"COPY (SELECT {columns} FROM {table}) TO '{folder}/{table}.parquet'")
    return {t: f"file://{folder}/{t}.parquet" for t in ("records", "persons", "circumstances")}


def rows_of(folder: Path, columns: Any) -> list[tuple[str, ...]]:
    """The rows of all files of a table, as sorted text."""
    found = [row for path in sorted(folder.glob("*.parquet")) for row in read_rows(path, "parquet", columns)]
    return sorted(tuple("" if v is None else str(v) for v in row.values()) for row in found)


@pytest.mark.parametrize(("seed", "ledger"), [(0, "lean"), (2, "full"), (5, "lean"), (7, "none")])
def test_a_cluster_writes_the_reference_result(seed: int, ledger: str, session: Any, tmp_path: Path) -> None:
    made, inputs, periods, as_of = generated(seed, 25)
    files = on_disk(inputs, made, tmp_path)
    out = tmp_path / "out"
    host = spark_write.host_for(session, f"file://{out}")
    try:
        register = spark_read.read(
            host, schema_of([made]), [files["records"]], files["persons"], files["circumstances"]
        )
        assert host.rows(register.rejects) == []
        assert (register.rows, register.rejected) == (len(inputs.records), 0)
        written = spark_write.write([made], host, register.names, periods, as_of, f"file://{out}", ledger)
    finally:
        host.close()
    assert written is not None
    wanted = tables_of(reference.evaluate(made, inputs, periods, as_of), (), shape_of([made]), ledger)
    for table in wanted:
        if table.name == "rejects" or (ledger == "none" and table.name in ("missing", "ledger")):
            continue
        rows = sorted(tuple("" if v is None else str(v) for v in row) for row in table.rows)
        assert rows_of(out / table.name, table.columns) == rows, table.name
        assert written.tables.get(table.name, ("", 0))[1] == len(rows)
    with pytest.raises(PolicyError) as caught:
        spark_write.host_for(session, f"file://{out}")
    assert [d.code for d in caught.value.diagnostics] == ["PE933"]


RECORDS = """编号,身份证号,日期,学习形式,数量,单位,学习证明
R1,P1,2016年3月5日,training,12学时,,c1
R2,P1,2016-03-05,讲座,３,学时,false
R3,P1,20160305,lecture,4,hours,
R4,,2016-03-05,lecture,4,hours,c1
R5,P2,2016-02-30,lecture,4,hours,c1
R6,P2,2016-03-01,swimming,4,hours,c1
R7,P2,2016-03-01,lecture,x,hours,c1
R8,P2,2016-03-01,lecture,501,hours,c1
R9,P2,2016-03-01,lecture,4学时,minutes,c1
R10,P2,2016-03-01,lecture,4,hours,c1
R10,P2,2016-03-02,lecture,4,hours,c1
R11,P2,2016-03-02,lecture,0.125,hours,c1
,P2,2016-03-02,lecture,1,hours,c1
R12,P2,,lecture,1,hours,c1
"""


def test_cells_mean_on_a_cluster_what_they_mean_here(session: Any, tmp_path: Path) -> None:
    from policyengine.records.read import read_inputs

    made = plan("recognise training, lecture", "convert training, lecture at stated hours")
    path = tmp_path / "records.csv"
    path.write_text(RECORDS.replace("讲座", "学术讲座"), encoding="utf-8")
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    try:
        register = spark_read.read(host, schema_of([made]), [f"file://{path}"], None, None)
        rejected = {(r[1] or "", r[3]): r[4] for r in host.rows(register.rejects)}
        names = ("record_id", "person_id", "start", "end", "form", "quantity", "unit", "evidence")
        found = sorted(host.rows(f"SELECT {', '.join(f'`{n}`' for n in names)} FROM records"))
    finally:
        host.close()
    here, _ = read_inputs([str(path)], None, None, schema_of([made]))
    assert here is not None
    own = {r.record_id: r for r in here.records if r.record_id[0] == "R"}
    for row in found:
        record = own.pop(row[0])
        facts = (record.person_id, record.start, record.end, record.facts.get("form"), record.quantity, record.unit)
        assert row[1:] == (*facts, record.facts.get("evidence"))
    assert own == {}
    there = {key: code for key, code in rejected.items() if key != ("", "编号")}
    assert there == {(r.record_id or "", r.column): r.code for r in here.rejects}
    assert rejected["", "编号"] == "PE433"
    assert (register.rows, register.rejected) == (14, 11)


def _read_there(session: Any, folder: Path, files: dict[str, str], query: str) -> tuple[list[Any], list[Any]]:
    """Records, persons and circumstances read by the cluster: the rejects, and the rows of a query."""
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    records, persons, circumstances = (f"file://{folder}/{name}.csv" for name in files)
    host = spark.SparkHost(session, f"file://{folder}/work")
    try:
        register = spark_read.read(host, schema_of([plan("recognise training")]), [records], persons, circumstances)
        return host.rows(register.rejects), host.rows(query)
    finally:
        host.close()


def test_circumstances_of_strangers_are_rejects(session: Any, tmp_path: Path) -> None:
    files = {
        "records": "编号,身份证号,日期,学习形式\nR1,P1,2016-03-05,training\nR2,P3,,training\n",
        "persons": "身份证号,姓名\nP2,张三\n",
        "circumstances": "身份证号,情形,开始日期,结束日期\n"
        + "".join(f"P{i},产假,2016-01-01,\n" for i in (1, 2, 3, 9)),
    }
    rejects, found = _read_there(session, tmp_path, files, "SELECT person_id FROM circumstances")
    assert sorted(p for (p,) in found) == ["P1", "P2"]
    assert sorted((r[0], r[2], r[3], r[4]) for r in rejects) == [
        ("circumstances", "P3", "身份证号", "PE445"),
        ("circumstances", "P9", "身份证号", "PE445"),
        ("records", "P3", "日期", "PE421"),
    ]


def test_a_person_s_row_beside_one_that_cannot_be_read(session: Any, tmp_path: Path) -> None:
    """It says nothing, so that nothing contradicts the good row; rows that say two things are both none."""
    files = {
        "records": "编号,身份证号,日期\nR1,P1,2016-03-05\n",
        "persons": "身份证号,姓名,入职日期\nP1,张三,2010-01-01\nP1,张三,2010年\nP2,李四,\nP2,李五,\n",
        "circumstances": "身份证号,情形,开始日期,结束日期\nP1,产假,2016-01-01,\n",
    }
    rejects, found = _read_there(session, tmp_path, files, "SELECT person_id, name, YEAR(joined) FROM persons")
    assert found == [("P1", "张三", 2010)]
    rejected = [(r[2], r[3], r[4]) for r in rejects]
    assert sorted(rejected) == [("P1", "入职日期", "PE410"), ("P2", "身份证号", "PE424"), ("P2", "身份证号", "PE424")]


def test_a_nul_in_a_text(session: Any, tmp_path: Path) -> None:
    """The file is damaged there, whoever reads it."""
    import duckdb

    path = tmp_path / "records.parquet"
    with duckdb.connect() as connection:
        row = "'R1' AS record_id, 'P1' AS person_id, DATE '2016-01-01' AS date, 'abcd' || chr(0) || 'efgh' AS title"
        connection.execute(f"COPY (SELECT {row}) TO '{path}'")
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    try:
        register = spark_read.read(host, schema_of([plan("recognise training")]), [f"file://{path}"], None, None)
        assert [(r[1], r[3], r[4]) for r in host.rows(register.rejects)] == [("R1", "title", "PE417")]
    finally:
        host.close()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (  # other order, other names, a column less, one more that nobody knows; rows that hold nothing are none
            [
                "record_id,person_id,date,form,学时\nR1,P1,2016-03-05,training,10\n",
                "x,身份证号,编号,学习形式,日期\n,P2,R2,lecture,2016-03-06\n,,,,\n,,, ,\n\n",
                "学时,date,person_id,record_id\n1.5,2016-03-07,P3,R3\n",
            ],
            [("R1", "P1", 5, "training", 10, "hours"), ("R2", "P2", 6, "lecture", None, None),
             ("R3", "P3", 7, None, Fraction(3, 2), "hours")],
        ),
        (["record_id,person_id,date\nR1,P1,2016-03-05\n", "record_id,person_id\nR2,P2\n"], "b.csv"),
        (["record_id,person_id,date,学时\nR1,P1,2016-03-05,1\n", "分钟,record_id,person_id,date\n1,R2,P2,2016-03-06\n"],
         "分钟"),
        (["record_id,person_id,date\nR1,P1,2016-03-05\nR2,P2,2016-03-05,x\n"], "PE932"),
        (['record_id,person_id,date,title\nR1,P1,2016-03-05,"a\nR2,P2,2016-03-05,x\n'], "not closed"),
        (
            ['record_id,person_id,date,学时,title,form\nR1,P1,2016-03-05,10,"a\nb",training\n'
             'R2,P2,2016-03-06,,"2"" x",lecture\n', 'date,学时,person_id,record_id,title\n2016-03-07,1.5,P3,R3,2" x\n'],
            [("R1", "P1", 5, "training", 10, "hours"), ("R2", "P2", 6, "lecture", None, None),
             ("R3", "P3", 7, None, Fraction(3, 2), "hours")],
        ),
    ],
)  # fmt: skip
def test_each_file_has_a_header_of_its_own(files: list[str], found: Any, session: Any, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.csv" for name, _ in zip("abc", files, strict=False)]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text, encoding="utf-8")
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    of = schema_of([plan("recognise training, lecture")])
    named = [f"file://{path}" for path in paths]
    try:
        if isinstance(found, str):
            with pytest.raises(PolicyError, match="PE932") as caught:
                spark_read.read(host, of, named, None, None)
            assert found in str(caught.value)
            return
        register = spark_read.read(host, of, named, None, None)
        rows = host.rows("SELECT record_id, person_id, DAY(`end`), form, quantity, unit FROM records")
        assert sorted(rows) == found
        assert (register.rows, register.rejected) == (3, 0)
    finally:
        host.close()


def test_bytes_that_are_not_utf8(session: Any, tmp_path: Path) -> None:
    """Apache Spark read � in their place: a title was another one, and of two people with such ids one was made."""
    path = tmp_path / "records.csv"
    rows = "record_id,person_id,date,title\nR1,P1,2016-03-05,{}\nR2,P2,2016-03-05,讲座\n"
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    of = schema_of([plan("recognise training")])
    try:
        path.write_bytes(rows.encode().replace(b"{}", "讲座".encode("gbk")))
        with pytest.raises(PolicyError, match="PE932") as caught:
            spark_read.read(host, of, [f"file://{path}"], None, None)
        assert str(path) in str(caught.value)
        assert "UTF-8" in str(caught.value)
        path.write_text(rows.format("�"), encoding="utf-8")  # which says so itself
        assert spark_read.read(host, of, [f"file://{path}"], None, None).rejected == 0
    finally:
        host.close()


def test_parquet_files_with_other_columns(session: Any, tmp_path: Path) -> None:
    """What one file has no column for is missing in its rows, whatever the server takes it for."""
    import duckdb

    one = "SELECT 'R1' AS record_id, 'P1' AS person_id, DATE '2016-01-01' AS date, 5::INTEGER AS quantity"
    others = {
        "b": "SELECT 'P2' AS 身份证号, DATE '2016-01-02' AS date, 'R2' AS record_id",
        "c": "SELECT 7::BIGINT AS quantity, DATE '2016-01-02' AS date, 'R3' AS record_id, 'P3' AS person_id",
        "d": "SELECT '7' AS quantity, DATE '2016-01-02' AS date, 'R4' AS record_id, 'P4' AS person_id",
    }
    with duckdb.connect() as connection:
        for name, query in {"a": one, **others}.items():
            connection.execute(f"COPY ({query}) TO '{tmp_path}/{name}.parquet'")
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    of = schema_of([plan("recognise training")])
    try:
        spark_read.read(host, of, [f"file://{tmp_path}/{name}.parquet" for name in "abc"], None, None)
        rows = sorted(host.rows("SELECT record_id, person_id, quantity FROM records"))
        assert rows == [("R1", "P1", 5), ("R2", "P2", None), ("R3", "P3", 7)]
        with pytest.raises(PolicyError, match="PE932") as caught:
            spark_read.read(host, of, [f"file://{tmp_path}/{name}.parquet" for name in "ad"], None, None)
        assert "d.parquet" in str(caught.value)
    finally:
        host.close()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("record_id,person_id,form\nR1,P1,x\n", "name the column"),
        ("person_id,date,form\nP1,2016-01-01,x\n", "an id of its own"),
        ("date,日期,record_id,person_id\n2016-01-01,,R1,P1\n", "one column"),
    ],
)
def test_files_that_are_no_register(text: str, hint: str, session: Any, tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text(text, encoding="utf-8")
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    with pytest.raises(PolicyError) as caught:
        spark_read.read(host, schema_of([plan("recognise training")]), [f"file://{path}"], None, None)
    assert [d.code for d in caught.value.diagnostics] == ["PE932"]
    assert hint in (caught.value.diagnostics[0].hint or "")
    host.close()


def test_amounts_that_are_not_exact_are_refused(session: Any, tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "records.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'R1' AS record_id, 'P1' AS person_id, DATE '2016-01-01' AS date, 1.5::DOUBLE AS quantity)"
            f" TO '{path}'"
        )
    host = spark.SparkHost(session, f"file://{tmp_path}/work")
    with pytest.raises(PolicyError) as caught:
        spark_read.read(host, schema_of([plan("recognise training")]), [f"file://{path}"], None, None)
    assert [d.code for d in caught.value.diagnostics] == ["PE931"]
    host.close()
