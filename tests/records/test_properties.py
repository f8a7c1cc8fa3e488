"""Laws of reading: no input crashes it, every row is accounted for, and both ways of reading agree on anything."""
# ruff: noqa: E501

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.records.read import read_inputs
from tests.records.mutate import mutated
from tests.records.support import DATA, both_ways, schema

SCHEMA = schema()
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))  # some 0.3 s each
CALM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

HEADERS = {
    "person": ["人员编号", "person_id", "*身份证号（必填）"], "date": ["学习日期", "date"], "start": ["开始日期"], "end": ["结束日期"],
    "quantity": ["数量", "学时", "时长(分钟)", "数量（千字）"], "unit": ["单位"], "form": ["学习形式", "form"], "title": ["名称"],
    "evidence": ["学习证明"], "yes_no": ["脱产"], "rank": ["作者排名"], "year": ["归属年度"], "cost": ["费用(元)"], "id": ["登记编号"],
    "other": ["备注"],
}  # fmt: skip
ODD = {
    "person": ["510101190001010019", "51010119000103001x", "张三", "'12", "1.5E+17", "", "合计", "Ｐ４", "none", "-", "人员编号",
               "=1+1", "#N/A"],
    "date": ["2016/3/5", "2016.3.5", "20160305", "2016年3月5日", "42434", "2016-02-30", "2016-3", "", "abc", "2016-03-05 14:30",
             "1812-01-01", "2300-01-01"],
    "quantity": ["12学时", "90分钟", "abc", "-5", "NaN", "1e400", "1,234.5", "1.234", "", "3千字", "１２", "1e3", "99999999", "007",
                 "12.", "1小时30分", "5分", "+3", "0.1234567"],
    "unit": ["分", "课时", "千字", "xx", "", "Minutes", "百万字", "学时"],
    "form": ["培 训 班", "unknown", "", "SELF_STUDY", "Self Study", "论文"],
    "title": ["无", "/", " 名称 ", "", "null", "《x》", "a,b", 'say "hi"', "名称\u3000", "#REF!", "=A1", "abcd", "1234", "信息系统应用",
              "two\nlines", "\u200b", "false", "否", "no"],
    "yes_no": ["maybe", "√", "", "Y", "无", "是", "0", "true", "false"],
    "rank": ["0", "101", "1.0", "x", "", "1,000", "1.5", "２", "3"],
    "year": ["2016年", "16", "", "2016"],
    "id": ["R1", "", "无", "R 2", "1.2E+17"],
}  # fmt: skip
KIND = {"start": "date", "end": "date", "evidence": "title", "other": "title", "cost": "quantity"}
USUAL = {"person": ["P1", "P2", "P3"], "date": ["2016-03-05", "2016-12-31"], "quantity": ["12", "7.5", "0.25"],
         "unit": ["hours", "minutes", "字"], "form": ["training", "自学成果"], "id": [f"R{i}" for i in range(100, 130)]}  # fmt: skip


@st.composite
def files(draw: Any) -> tuple[list[str], list[list[str]]]:
    """Headers and rows of a file that is mostly right."""
    others = draw(st.lists(st.sampled_from([h for h in HEADERS if h != "person"]), unique=True, max_size=8))
    chosen = draw(st.permutations(["person", *others]))
    rows = []
    for _ in range(draw(st.integers(0, 12))):
        cells = []
        for column in chosen:
            kind = KIND.get(column, column)
            odd = draw(st.booleans()) or kind not in USUAL
            cells.append(draw(st.sampled_from(ODD[kind] if odd else USUAL[kind])))
        rows.append(cells)
    return [draw(st.sampled_from(HEADERS[c])) for c in chosen], rows


@FEW
@given(
    files(),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_both_ways_agree_on_csv(
    table: tuple[list[str], list[list[str]]], delimiter: str, encoding: str, end: str
) -> None:
    header, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        with path.open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows([header, *rows])
        both_ways([str(path)], None, None, SCHEMA, Path(folder))


@FEW
@given(files())
def test_both_ways_agree_on_parquet_of_texts(table: tuple[list[str], list[list[str]]]) -> None:
    import duckdb

    header, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.parquet"
        connection = duckdb.connect()
        connection.execute("CREATE TABLE t(" + ", ".join(f'"{h}" VARCHAR' for h in header) + ")")
        marks = ", ".join("?" * len(header))
        for row in rows:
            connection.execute(f"INSERT INTO t VALUES ({marks})", row)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
        (Path(folder) / "t").mkdir()
        both_ways([str(path)], None, None, SCHEMA, Path(folder) / "t")


@CALM
@given(files())
def test_a_file_means_the_same_as_csv_and_as_json_lines(table: tuple[list[str], list[list[str]]]) -> None:
    header, rows = table
    rows = [
        [c.strip() for c in row]
        for row in rows
        if any(row) and row[header.index(_person(header))] not in (_person(header), "人员编号")
    ]
    with tempfile.TemporaryDirectory() as folder:
        path, lines = Path(folder) / "r.csv", Path(folder) / "r.jsonl"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        lines.write_text("\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in rows), encoding="utf-8")
        one, _ = read_inputs([str(path)], None, None, SCHEMA)
        other, _ = read_inputs([str(lines)], None, None, SCHEMA)
        if one is not None and other is not None:
            assert [dict(r.facts, record_id="") for r in one.records] == [
                dict(r.facts, record_id="") for r in other.records
            ]
            assert [r.code for r in one.rejects] == [r.code for r in other.rejects]


def _person(header: list[str]) -> str:
    return next(h for h in header if h in HEADERS["person"])


@CALM
@given(st.binary(max_size=2000), st.sampled_from(["csv", "jsonl", "xlsx", "xls", "ods", "parquet", "txt"]))
def test_no_bytes_crash_it(data: bytes, suffix: str) -> None:
    _survives(data, suffix)


@CALM
@given(st.text(max_size=1500), st.sampled_from(["csv", "jsonl"]))
def test_no_text_crashes_it(text: str, suffix: str) -> None:
    _survives(("人员编号,学习日期,学时\n" + text).encode("utf-8", "surrogatepass"), suffix)


@CALM
@given(
    st.sampled_from(sorted(p for p in DATA.iterdir() if p.is_file() and ".yaml" not in p.name)), st.integers(0, 2**32)
)
def test_no_damaged_file_crashes_it(path: Path, seed: int) -> None:
    _survives(mutated(path.read_bytes(), seed), path.suffix[1:])


def _survives(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{suffix}"
        path.write_bytes(data)
        inputs, said = read_inputs([str(path)], None, None, SCHEMA)
        if inputs is None:
            assert any(d.severity == "error" for d in said)
        else:
            assert inputs.rows == len(inputs.records) + inputs.rejected_rows
            assert len({r.record_id for r in inputs.records}) == len(inputs.records)
        for d in said:
            str(d).encode()
