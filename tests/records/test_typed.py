"""Typed Parquet columns: a value that has no place in the canonical column is refused, whichever way it is read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from policyengine.records import columns
from tests.records.support import both_ways, codes, record_lines, reject_lines, schema, text

OWN = schema()
FINE = replace(OWN, bounds={**OWN.bounds, "hours": (OWN.bounds["hours"][0], OWN.bounds["characters"][1], 6)})
"""Six decimals: what a floating number shows and what it holds are no longer the same far from nought."""

# column, SQL type, value, what comes of it: the value, "-" (missing) or the code of its reject
CASES = """
学时  BIGINT          12                     12
学时  BIGINT          NULL                   -
学时  BIGINT          10000                  10000
学时  BIGINT          10001                  PE412
学时  BIGINT          -1                     PE412
学时  BIGINT          1000000000000000000    PE412
学时  BIGINT          9223372036854775807    PE412
学时  BIGINT          -9223372036854775808   PE412
学时  INTEGER         2147483647             PE412
学时  TINYINT         127                    127
学时  UTINYINT        255                    255
学时  UINTEGER        4294967295             PE412
学时  UBIGINT         12                     12
学时  UBIGINT         18446744073709551615   PE412
学时  HUGEINT         12                     12
学时  HUGEINT         170141183460469231731687303715884105727   PE412
学时  UHUGEINT        340282366920938463463374607431768211455   PE412
学时  DECIMAL(38,0)   12                     12
学时  DECIMAL(38,0)   99999999999999999999999999999999999999    PE412
学时  DECIMAL(38,10)  12.5                   12.5
学时  DECIMAL(38,10)  12.125                 PE413
学时  DECIMAL(38,10)  0.0000000001           PE413
学时  DECIMAL(38,10)  -0.0000000001          PE412
学时  DECIMAL(38,10)  9999999999999999999999999999   PE412
学时  DECIMAL(38,38)  0.5                    0.5
学时  DECIMAL(38,38)  0.99999999999999999999999999999999999999  PE413
学时  DECIMAL(4,4)    0.9999                 PE413
学时  DECIMAL(4,4)    0.75                   0.75
学时  DECIMAL(4,1)    999.9                  999.9
学时  DOUBLE          12.5                   12.5
学时  DOUBLE          0.1                    0.1
学时  DOUBLE          -0.0                   0
学时  DOUBLE          12.125                 PE413
学时  DOUBLE          0.30000000000000004    PE413
学时  DOUBLE          1e-300                 PE412
学时  DOUBLE          1e15                   PE412
学时  DOUBLE          1e18                   PE412
学时  DOUBLE          1e300                  PE412
学时  DOUBLE          -1e300                 PE412
学时  DOUBLE          infinity               PE411
学时  DOUBLE          -infinity              PE411
学时  DOUBLE          NaN                    PE411
学时  FLOAT           12.5                   12.5
学时  FLOAT           0.1                    0.1
学时  FLOAT           1e30                   PE412
学时  FLOAT           infinity               PE411
学时  FLOAT           NaN                    PE411
学时  VARCHAR         999999999999           PE412
学时  VARCHAR         9999999999999999999    PE412
学时  BOOLEAN         true                   PE411
学时  DATE            2016-03-05             PE411
数量（千字）  BIGINT  12                     12000
数量（千字）  BIGINT  10001                  PE412
数量（千字）  BIGINT  1000000000000000       PE412
数量（千字）  BIGINT  1000000000000000000    PE412
数量（千字）  DOUBLE  1e300                  PE412
数量（千字）  DOUBLE  1.5                    1500
数量（千字）  VARCHAR  3000字                3000
字数  DOUBLE          3000.5                 PE413
字数  DOUBLE          3000.0                 3000
费用(元)  BIGINT      1000000000000000000    PE412
费用  BIGINT          10000000               10000000
费用  BIGINT          10000001               PE412
费用  BIGINT          1000000000000000000    PE412
费用  HUGEINT         1000000000000000000000  PE412
费用  UBIGINT         18446744073709551615   PE412
费用  DECIMAL(38,2)   12.34                  12.34
费用  DECIMAL(38,2)   100000000000000000000  PE412
费用  DECIMAL(18,4)   12.345                 PE413
费用  DOUBLE          12.34                  12.34
费用  DOUBLE          1e17                   PE412
费用  DOUBLE          NaN                    PE411
费用  DOUBLE          infinity               PE411
费用  FLOAT           12.34                  12.34
作者排名  BIGINT      3                      3
作者排名  BIGINT      0                      PE412
作者排名  BIGINT      9223372036854775807    PE412
作者排名  DOUBLE      3.0                    3
作者排名  DOUBLE      1.5                    PE413
作者排名  DECIMAL(2,1)  9.5                  PE413
作者排名  DECIMAL(2,1)  9.9                  PE413
个人承担比例  DOUBLE  0.25                   0.25
个人承担比例  DOUBLE  1.00001                PE412
个人承担比例  DOUBLE  0.99999                PE413
个人承担比例  DECIMAL(5,5)  0.99999          PE413
个人承担比例  BIGINT  1                      1
个人承担比例  BIGINT  9000000000000000000    PE412
归属年度  BIGINT      2016                   2016
归属年度  BIGINT      9000000000000000000    PE410
归属年度  DOUBLE      2016.0                 2016
归属年度  DOUBLE      1e300                  PE410
脱产  BOOLEAN         true                   yes
脱产  BOOLEAN         NULL                   -
脱产  BIGINT          1                      yes
脱产  BIGINT          2                      PE416
脱产  DOUBLE          NaN                    PE416
学习证明  BOOLEAN     false                  -
学习证明  BOOLEAN     true                   true
学习证明  VARCHAR     false                  -
学习证明  VARCHAR     False                  -
学习证明  VARCHAR     否                     -
学习证明  BIGINT      0                      -
学习证明  BIGINT      2016                   2016
施教机构  VARCHAR     false                  false
"""
DATES = """
DATE           1900-01-01               1900-01-01
DATE           2199-12-31               2199-12-31
DATE           1899-12-31               PE410
DATE           2200-01-01               PE410
DATE           5000000-01-01            PE410
DATE           0044-03-15 (BC)          PE410
DATE           infinity                 PE410
DATE           -infinity                PE410
TIMESTAMP      2016-03-05 23:59:59.999999  2016-03-05
TIMESTAMP      2199-12-31 23:59:59      2199-12-31
TIMESTAMP      1899-12-31 23:59:59      PE410
TIMESTAMP      294246-01-01             PE410
TIMESTAMP      infinity                 PE410
TIMESTAMP      -infinity                PE410
TIMESTAMP_S    2016-03-05 12:00:00      2016-03-05
TIMESTAMP_MS   2016-03-05 12:00:00.5    2016-03-05
TIMESTAMP_NS   2016-03-05 12:00:00.123456789  2016-03-05
TIMESTAMP_NS   2262-01-01 00:00:00      PE410
BIGINT         20160305                 2016-03-05
BIGINT         9223372036854775807      PE410
DOUBLE         20160305                 2016-03-05
DOUBLE         NaN                      PE410
TIME           12:00:00                 PE410
"""


def table(cases: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in line.split("  ") if part.strip()) for line in cases.strip().splitlines()]


def parquet(folder: Path, columns: dict[str, str]) -> str:
    """One row; header → SQL expression."""
    path = folder / "records.parquet"
    cells = ", ".join(f'{value} AS "{header}"' for header, value in columns.items())
    duckdb.execute(f"COPY (SELECT {cells}) TO '{path}' (FORMAT parquet)")
    return str(path)


def outcome(path: str, column: str, folder: Path, of: object = OWN) -> str:
    """What both ways make of the one row: the code of its reject, or the value of its ``column``."""
    inputs, said = both_ways([path], None, None, of, folder)  # type: ignore[arg-type]
    assert inputs is not None, said
    if inputs.rejects:
        return inputs.rejects[0].code
    (record,) = inputs.records
    own = {"quantity": record.quantity, "end": record.end, "person_id": record.person_id, "unit": record.unit}
    return text({**own, **record.facts}.get(column))


FIELD_OF = {
    "学时": "quantity", "数量（千字）": "quantity", "字数": "quantity", "费用(元)": "cost", "费用": "cost",
    "作者排名": "author_rank", "个人承担比例": "share", "归属年度": "claimed_year", "脱产": "full_time",
    "学习证明": "evidence", "施教机构": "provider",
}  # fmt: skip


@pytest.mark.parametrize(("header", "kind", "value", "expected"), table(CASES))
def test_numbers_and_marks(header: str, kind: str, value: str, expected: str, tmp_path: Path) -> None:
    cell = "NULL" if value == "NULL" else f"'{value}'"
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", header: f"CAST({cell} AS {kind})"}
    assert outcome(parquet(tmp_path, cells), FIELD_OF[header], tmp_path) == expected


@pytest.mark.parametrize(("value", "expected"), [("12", "12"), ("12.5", "12.5"), ("-1", "PE412")])
def test_quantities_where_no_pack_bounds_them(value: str, expected: str, tmp_path: Path) -> None:
    of = replace(OWN, bounds={})
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "数量": f"'{value}'", "单位": "'学时'"}
    assert outcome(parquet(tmp_path, cells), "quantity", tmp_path, of) == expected


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(
    ("header", "others", "expected"),
    [
        ("学时", (12.5, 3.0), "PE411"),
        ("费用", (12.0, 3.0), "PE411"),
        ("作者排名", (1.0, 3.0), "PE411"),
        ("脱产", (0.0, 1.0), "PE416"),
        ("学习日期", (42435.0, 42437.0), "PE410"),
    ],
)
def test_not_a_number_that_the_least_and_greatest_leave_out(
    kind: str, header: str, others: tuple[float, float], expected: str, tmp_path: Path
) -> None:
    """As pyarrow writes a file; DuckDB itself writes no least and greatest of a column with NaN."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    first, last = others
    values = pa.array([first, float("nan"), last], getattr(pa, kind)())
    days = ["2016-03-06", "2016-03-05", "2016-03-07"]
    cells = {"记录编号": ["R1", "R2", "R3"], "人员编号": ["P1"] * 3, "学习日期": days, header: values}
    path = str(tmp_path / "records.parquet")
    write_table(pa.table(cells), path)
    inputs, said = both_ways([path], None, None, OWN, tmp_path)
    assert inputs is not None, said
    assert [r.record_id for r in inputs.records] == ["R1", "R3"]
    assert [(r.record_id, r.code) for r in inputs.rejects] == [("R2", expected)]


@pytest.mark.parametrize(("kind", "value", "expected"), table(DATES))
def test_days(kind: str, value: str, expected: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": f"CAST('{value}' AS {kind})", "学时": "12"}
    assert outcome(parquet(tmp_path, cells), "end", tmp_path) == expected


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("kind", ["TIMESTAMPTZ", "TIMESTAMPTZ_NS"])
def test_the_time_zone_of_the_machine_decides_nothing(
    kind: str, zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moment is on one day here and on another there."""
    cells = {
        "人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "学时": "12",
        "学习证明": f"CAST('2016-01-01 00:30:00+08' AS {kind})",
    }  # fmt: skip
    connect = duckdb.connect

    def elsewhere() -> duckdb.DuckDBPyConnection:
        connection = connect()
        connection.execute(f"SET GLOBAL TimeZone = '{zone}'")
        return connection

    monkeypatch.setattr(duckdb, "connect", elsewhere)
    assert outcome(parquet(tmp_path, cells), "evidence", tmp_path) == "2015-12-31_16:30:00+00"
    cells["学习日期"] = cells.pop("学习证明")
    assert outcome(parquet(tmp_path, cells), "end", tmp_path) == "PE410"


@pytest.mark.parametrize(
    "value", ["0.000001", "7.5", "12345.678901", "9007199.254741", "9999999.999999", "4503599.627371"]
)
def test_floating_numbers_with_many_decimals(value: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "学时": f"CAST('{value}' AS DOUBLE)"}
    assert outcome(parquet(tmp_path, cells), "quantity", tmp_path, FINE) == value


# the column, bytes as BLOB, and what comes of them
@pytest.mark.parametrize(
    ("header", "field", "value", "expected"),
    [
        ("人员编号", "person_id", "encode('川A001号')", "川A001号"),
        ("人员编号", "person_id", "encode('P1')", "P1"),
        ("人员编号", "person_id", "encode('')", "PE420"),
        ("人员编号", "person_id", "NULL::BLOB", "PE420"),
        ("人员编号", "person_id", r"'\xE5\xFF'::BLOB", "PE418"),
        ("登记编号", "record_id", "encode('编号1')", "编号1"),
        ("学习证明", "evidence", "encode('《证书》')", "《证书》"),
        ("学习证明", "evidence", r"'\xE5'::BLOB", "PE418"),
        ("学习形式", "form", "encode('培训班')", "training"),
        ("学习日期", "end", "encode('2016-03-05')", "2016-03-05"),
        ("学时", "quantity", "encode('12')", "12"),
        ("脱产", "full_time", "encode('是')", "yes"),
        ("归属年度", "claimed_year", "encode('2016')", "2016"),
        ("单位", "unit", "encode('学时')", "hours"),
    ],
)
def test_bytes_are_texts_in_utf8(header: str, field: str, value: str, expected: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", header: value}
    assert outcome(parquet(tmp_path, cells), field, tmp_path) == expected


@pytest.mark.parametrize("header", ["人员编号", "记录编号"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("[1, 2]", "INTEGER[]"), ("{'a': 1}", "STRUCT(a INTEGER)"), ("MAP {'a': 1}", "MAP(VARCHAR, INTEGER)"),
        ("INTERVAL 3 DAY", "INTERVAL"),
    ],
)  # fmt: skip
def test_ids_of_parts_are_refused(header: str, value: str, kind: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "记录编号": "'R1'", "学习日期": "DATE '2016-03-05'", "学时": "12"} | {header: value}
    inputs, said = both_ways([parquet(tmp_path, cells)], None, None, OWN, tmp_path)
    assert inputs is None
    (error,) = [d for d in said if d.severity == "error"]
    assert (error.code, error.span and error.span.column) == ("PE434", 1 if header == "人员编号" else 2)
    assert header in error.message
    assert f"of the type {kind}," in error.message


# a cell of several values in the column for proof, and what it says: where no value is in it, there is no certificate
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[]::VARCHAR[]", None), ("[NULL, '']::VARCHAR[]", None), ("[NULL, NULL]::INTEGER[2]", None),
        ("[[]]::INTEGER[][]", None), ("MAP {}", None), ("{'no': NULL::VARCHAR, 'from': ''}", None),
        ("NULL::VARCHAR[]", None),
        ("['C1', 'C2']", "[C1, C2]"), ("[0]", "[0]"), ("['NULL']", "['NULL']"), ("{'no': 'C1'}", "{'no': C1}"),
    ],
)  # fmt: skip
def test_a_list_without_a_value_is_no_proof(value: str, said: str | None, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "学时": "12", "学习证明": value}
    assert outcome(parquet(tmp_path, cells), "evidence", tmp_path) == text(said)


@pytest.mark.parametrize("value", ["[1, 2]", "INTERVAL 3 DAY"])
def test_parts_in_columns_that_are_carried_along(value: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "学时": "12", "更多": value}
    assert outcome(parquet(tmp_path, cells), "quantity", tmp_path) == "12"


@pytest.mark.parametrize("names", [("date", "Date"), ("date", "date"), ("date", "日期")])
def test_two_columns_that_duckdb_would_rename(names: tuple[str, str], tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    path = tmp_path / "x.parquet"
    nested = pa.array([{"date": 1, "list": [{"date": 2}]}])
    write_table(pa.table([nested, ["P1"], ["2016-03-05"], ["2016-03-06"]], names=["more", "person_id", *names]), path)
    inputs, said = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is None
    assert codes(said, "error") == ["PE405"]


def test_a_column_with_duckdb_s_name_for_the_number_of_a_row(tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "学时": "12", "File_Row_Number": "7"}
    assert outcome(parquet(tmp_path, cells), "quantity", tmp_path) == "12"


def test_one_that_is_too_large_among_many(tmp_path: Path) -> None:
    """Neither the many clean cells nor empty ones beside it hide it."""
    path = tmp_path / "records.parquet"
    duckdb.execute(
        "COPY (SELECT 'P' || i % 9 AS 人员编号, DATE '2016-03-05' AS 学习日期,"
        " CASE WHEN i = 4000 THEN 1000000000000000000 WHEN i % 3 > 0 THEN i % 100 END AS 学时"
        f" FROM range(9000) t(i)) TO '{path}' (FORMAT parquet)"
    )
    inputs, _ = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is not None
    assert [(r.row, r.column, r.code) for r in inputs.rejects] == [(4001, "学时", "PE412")]
    assert len(inputs.records) == 8999


ODD_TEXTS = (
    "none", "null", "NULL", "total", "abcde", "-----", "~abcd", ".abcd", "51010119000103001x", "5101011900010300x",
    "R 2345", " R2345", "R2345 ", "R2345\u3000", "1.2E+17", "1e+17", "12e+5", "=abcde", "#N/A", "#abcde", "'12345",
    "Ｒ12345", "R/1-2", "R:12345", "R" * 17, "R" * 18, "R" * 201, "n/a", "\\n", "12%34", "编号12345", "a\nb12",
    "R\U0010ffff2345", "\U0010ffffR2345", "R2345\U0010ffff", "false", "FALSE", "no", "false1",
)  # fmt: skip


def test_ids_of_people_with_a_point_or_an_e(tmp_path: Path) -> None:
    """A number that lost its digits is nobody's id, in whatever way the file is read."""
    ids = ("5.1010119900101E17", "5.1e17", "1.2E3", "5.1", "1.", "E17", "A5.1E17", "5E17", "1", "1.5.E7", "-5.1E17")
    path = tmp_path / "records.parquet"
    values = ", ".join(f"('{own}')" for own in ids)
    duckdb.execute(
        f"COPY (SELECT own AS 人员编号, DATE '2016-03-05' AS 学习日期 FROM (VALUES {values}) AS t(own))"
        f" TO '{path}' (FORMAT parquet)"
    )
    inputs, _ = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is not None
    assert [(r.value, r.code) for r in inputs.rejects] == [(own, "PE419") for own in ids[:2]]
    assert sorted(r.person_id for r in inputs.records) == sorted(ids[2:])


@pytest.mark.parametrize("header", ["登记编号", "学习证明"])
def test_odd_texts_among_many_harmless_ones(header: str, tmp_path: Path) -> None:
    """Where the first rows are short and harmless a cheap test goes before the pattern; it lets nothing else pass."""
    path = tmp_path / "records.parquet"
    texts = [f"R{i:05}" for i in range(2000)] + list(ODD_TEXTS)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT unnest(?) AS own", [texts])
    connection.execute(
        f"COPY (SELECT 'P1' AS 人员编号, DATE '2016-03-05' AS 学习日期, own AS \"{header}\" FROM t)"
        f" TO '{path}' (FORMAT parquet)"
    )
    inputs, _ = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is not None
    assert inputs.rows == len(texts)


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        ("脱产", ("true", "false", "", None)),
        ("脱产", ("true", "是", "", None)),
        ("脱产", ("TRUE", "t", "1", " true", "maybe")),
        ("开始日期", ("2016-03-05", "", None)),
        (
            "开始日期",
            ("1900-01-01", "2016-3-5", " 2016-03-05", "2016-03-05 ", "2016-03-05 10:00", "2016-02-30", "16-03-05"),
        ),
        ("费用", ("12.34", "", None)),
        ("学习证明", ("证书2016-1", "", None)),
    ],
)
def test_texts_beside_empty_ones(header: str, texts: tuple[str | None, ...], tmp_path: Path) -> None:
    """In a Parquet file an empty text is not NULL; it means the same, and the column is still read as it stands."""
    rows = ", ".join("('P1', '2016-03-05', " + (f"'{t}')" if t is not None else "NULL)") for t in texts)
    path = tmp_path / "records.parquet"
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES {rows}) t(人员编号, 学习日期, \"{header}\")) TO '{path}' (FORMAT parquet)"
    )
    inputs, _ = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is not None
    assert inputs.rows == len(texts)


@pytest.mark.parametrize(
    ("header", "kind", "expected"),
    [
        ("学习证明", "INTEGER", "P1 | 2016-03-05 | - - |"),
        ("名称", "BLOB", "P1 | 2016-03-05 | - - |"),
        ("登记编号", "DOUBLE", "P1 | 2016-03-05 | - - |"),
        ("身份证号", "UBIGINT", ""),
    ],
)
def test_a_column_without_values_where_the_mapping_file_names_empty_cells(
    header: str, kind: str, expected: str, tmp_path: Path
) -> None:
    """Nothing is nothing in a column of any type: an empty text would be a proof, or somebody."""
    path, mapping = tmp_path / "records.parquet", tmp_path / "mapping.yaml"
    mapping.write_text("empty: [不详]\n", encoding="utf-8")
    columns = {"人员编号": "'P1'", "学习日期": "'2016-03-05'"} if header != "身份证号" else {"学习日期": "'2016-03-05'"}
    cells = ", ".join(f'{value} AS "{name}"' for name, value in {**columns, header: f"NULL::{kind}"}.items())
    duckdb.execute(f"COPY (SELECT {cells}) TO '{path}' (FORMAT parquet)")
    inputs, _ = both_ways([str(path)], None, None, schema(mapping), tmp_path)
    assert inputs is not None
    assert [line.split(" | ", 1)[1] for line in record_lines(inputs)] == ([expected] if expected else [])
    assert reject_lines(inputs.rejects) == ([] if expected else ["1 | 身份证号 | PE420"])


# SQL type, what the rows have as person_id and as record_id; expected: the persons and ids of the records, rejects
NUMBERED = """
BIGINT    1 NULL 2   7 8 9        1:7 2:9                  2 | person_id | PE420
BIGINT    1 2 3      7 NULL NULL  1:7 2:records.parquet:2 3:records.parquet:3
BIGINT    NULL NULL  NULL NULL                             1 | person_id | PE420, 2 | person_id | PE420
INTEGER   1 -2 NULL  7 8 NULL     1:7 -2:8                 3 | person_id | PE420
UBIGINT   1 NULL 2   7 8 NULL     1:7 2:records.parquet:3  2 | person_id | PE420
DOUBLE    1 NULL 2   7 8 NULL     1:7 2:records.parquet:3  2 | person_id | PE420
"""


@pytest.mark.parametrize("case", NUMBERED.strip().splitlines())
def test_ids_that_are_numbers_and_missing(case: str, tmp_path: Path) -> None:
    kind, persons, ids, *rest = re.split("  +", case)
    records = rest[0].split() if rest and "PE420" not in rest[0] else []
    rejects = rest[-1].split(", ") if rest and "PE420" in rest[-1] else []
    rows = ", ".join(f"({p}, {i})" for p, i in zip(persons.split(), ids.split(), strict=True))
    path = tmp_path / "records.parquet"
    duckdb.execute(
        f"COPY (SELECT p::{kind} AS person_id, i::{kind} AS record_id, DATE '2016-03-05' AS date, 12 AS hours"
        f" FROM (VALUES {rows}) t(p, i)) TO '{path}' (FORMAT parquet)"
    )
    inputs, _ = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is not None
    assert [f"{r.person_id}:{r.record_id}" for r in inputs.records] == records
    assert reject_lines(inputs.rejects) == rejects


def test_a_column_whose_name_is_no_text_makes_the_file_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    duckdb.sql("SELECT 'P1' AS person_id, 8 AS nameless").write_parquet(str(path))
    path.write_bytes(path.read_bytes().replace(b"nameless", b"\xff" * 8))
    inputs, said = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is None
    assert codes(said, "error") == ["PE406"]


# the column, SQL type, a whole number, what comes of it: from 2^53 and 2^24 on the one next to it may be meant
WHOLE = """
人员编号  DOUBLE  999999999999999    999999999999999
人员编号  DOUBLE  1234567890123456   1234567890123456
人员编号  DOUBLE  9007199254740991   9007199254740991
人员编号  DOUBLE  9007199254740993   PE419
人员编号  DOUBLE  9999999999999998   PE419
人员编号  FLOAT   16777215           16777215
人员编号  FLOAT   16777217           PE419
人员编号  FLOAT   123456789          PE419
学习日期  DOUBLE  20160305           2016-03-05
学习日期  FLOAT   20160305           PE410
学习日期  FLOAT   42434              2016-03-05
费用      FLOAT   12                 12
费用      FLOAT   123456789          PE412
"""


@pytest.mark.parametrize(("header", "kind", "value", "expected"), table(WHOLE))
def test_whole_floating_numbers(header: str, kind: str, value: str, expected: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", header: f"'{value}'::{kind}"}
    of = {"人员编号": "person_id", "学习日期": "end", "费用": "cost"}
    assert outcome(parquet(tmp_path, cells), of[header], tmp_path) == expected


def test_an_identity_number_that_a_floating_number_has_spoilt(tmp_path: Path) -> None:
    cells = {"人员编号": "510101199001010016::DOUBLE", "学习日期": "DATE '2016-03-05'", "学时": "12"}
    assert outcome(parquet(tmp_path, cells), "quantity", tmp_path) == "PE419"


@pytest.mark.parametrize(("ids", "at_once"), [("i - (i = 5000)::INT", 10_000), ("(i * 7919) % 8999", 1_000)])
def test_two_of_many_record_ids_that_are_alike(
    ids: str, at_once: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In order, where each is held against the one before; and in any, where they are compared in several passes."""
    monkeypatch.setattr(columns, "AT_ONCE", at_once)
    path = tmp_path / "records.parquet"
    duckdb.execute(
        f"COPY (SELECT format('R{{:05d}}', {ids}) AS 记录编号, 'P1' AS 人员编号,"
        " DATE '2016-03-05' AS 学习日期, 1 AS 学时"
        f" FROM range(9000) t(i)) TO '{path}' (FORMAT parquet)"
    )
    inputs, _ = both_ways([str(path)], None, None, OWN, tmp_path)
    assert inputs is not None
    assert [(r.column, r.code) for r in inputs.rejects] == [("记录编号", "PE423")] * 2


@pytest.mark.parametrize("column", ["file_row_number", "FILE_Row_Number", "filename"])
def test_a_column_that_is_called_as_one_of_duckdbs_own(column: str, tmp_path: Path) -> None:
    cells = {"人员编号": "'P1'", "学习日期": "DATE '2016-03-05'", "学时": "12", column: "7"}
    assert outcome(parquet(tmp_path, cells), "quantity", tmp_path) == "12"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.9])
def test_pages_that_are_spoilt_make_the_file_unreadable(share: float, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    rows = "SELECT 'P' || range AS person_id, DATE '2016-01-01' + range::INT % 365 AS date, range % 9 AS quantity"
    options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048, WRITE_BLOOM_FILTER false"
    duckdb.execute(f"COPY ({rows} FROM range(8192)) TO '{path}' ({options})")
    data = path.read_bytes()
    pages = len(data) - int.from_bytes(data[-8:-4], "little") - 8  # what stands before the footer
    at = int(pages * share)
    path.write_bytes(data[:at] + bytes(200) + data[at + 200 :])
    inputs, said = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is None
    assert codes(said, "error") == ["PE406"]
