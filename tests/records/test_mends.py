"""A rejects workbook is mended and given beside the records: each row takes the place of the one that it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from policyengine.records.read import read_inputs
from policyengine.records.rejects_xlsx import write_rejects
from policyengine.tools.inspect import inspect
from tests.records.support import both_ways, schema

PLAIN = "登记编号,人员编号,学习日期,学时\n"
MORE = "登记编号,人员编号,学习日期,学时,来源文件,来源行\n"
BAD = "R1,P1,2016-03-05,12\nR3,P1,16/3/5,8\n"
WIDE = "wide: {培训班学时: {form: 培训班, unit: 学时}, 讲座学时: {form: 讲座, unit: 学时}}"

# name, files, ids of the records that are read, code and place of the rejects. Rows of r.csv: R1 is good, R3 is not.
CASES = [
    ("mended", [BAD, "R3,P1,2016-03-05,8,r.csv,3\n"], "R1 R3", ""),
    ("with another id", [BAD, "R4,P1,2016-03-05,8,r.csv,3\n"], "R1 R4", ""),
    ("still bad", [BAD, "R3,P1,16/3/5,8,r.csv,3\n"], "R1", "PE410 m1.csv:2"),
    ("mended the second time", [BAD, "R3,P1,x,8,r.csv,3\n", "R3,P1,2016-03-05,8,m1.csv,2\n"], "R1 R3", ""),
    ("mended twice", [BAD, "R3,P1,2016-03-05,8,r.csv,3\n", "R4,P1,2016-03-06,8,r.csv,3\n"], "R1",
     "PE423 m1.csv:2; PE423 m2.csv:2"),
    ("beside an unmended copy", [BAD, "R3,P1,x,8,r.csv,3\n", "R3,P1,2016-03-05,8,r.csv,3\n"], "R1 R3", ""),
    ("for a good row", [BAD, "R4,P1,2016-03-05,8,r.csv,2\n"], "R1", "PE410 in/r.csv:3; PE423 m1.csv:2"),
    ("of its own id", [BAD, "R1,P1,2016-03-05,8,r.csv,2\n"], "R1", "PE410 in/r.csv:3; PE423 m1.csv:2"),
    ("names a row that is none", [BAD, "R4,P1,2016-03-05,8,r.csv,9\n"], "R1 R4", "PE410 in/r.csv:3"),
    ("names a file that is not given", [BAD, "R4,P1,2016-03-05,8,q.csv,3\n"], "R1 R4", "PE410 in/r.csv:3"),
    ("names it from elsewhere", [BAD, "R3,P1,2016-03-05,8,./in/r.csv,3\n"], "R1 R3", ""),
    ("names another of that name", [BAD, "R4,P1,2016-03-05,8,out/r.csv,3\n"], "R1 R4", "PE410 in/r.csv:3"),
    ("names nothing", [BAD, "R3,P1,2016-03-05,8,,\n"], "R1", "PE410 in/r.csv:3; PE423 m1.csv:2"),
    ("stands for itself", [BAD, "R3,P1,x,8,m1.csv,2\n"], "R1", "PE410 in/r.csv:3; PE410 m1.csv:2"),
    ("stand for each other", [BAD, "R5,P1,x,8,m2.csv,2\n", "R6,P1,x,8,m1.csv,2\n"], "R1",
     "PE410 in/r.csv:3; PE410 m1.csv:2; PE410 m2.csv:2"),
    ("the id of a good row", [BAD, "R1,P1,2016-03-05,8,r.csv,3\n"], "", "PE423 in/r.csv:2; PE423 m1.csv:2"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "records", "rejects"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_a_row_stands_for(files: list[str], records: str, rejects: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    given = [tmp_path / "in" / "r.csv", *(tmp_path / f"m{n}.csv" for n in range(1, len(files)))]
    for path, text in zip(given, files, strict=True):
        path.write_text((PLAIN if path == given[0] else MORE) + text, encoding="utf-8")
    (tmp_path / "tables").mkdir()
    inputs, _ = both_ways([str(p) for p in given], None, None, schema(), tmp_path / "tables")
    assert inputs is not None
    assert [r.record_id for r in inputs.records] == records.split()
    assert (
        "; ".join(sorted(f"{r.code} {Path(r.file).relative_to(tmp_path)}:{r.row}" for r in inputs.rejects)) == rejects
    )
    alone, _ = read_inputs([str(p) for p in given], None, None, schema(), only="P2")
    assert alone is not None
    assert not alone.sure
    views, _ = inspect([str(p) for p in given], schema())  # says the same of them before
    assert sum(v.rejected for v in views) == len(inputs.rejects)
    assert sum(v.rows - v.rejected - v.replaced for v in views) == len(inputs.records)


def _mended(sources: list[Path], cells: dict[str, str], tmp_path: Path, mapping: Path | None = None) -> Path:
    """The rejects workbook of the files with these cells of its first sheet filled in."""
    of, names = schema(mapping), [str(s) for s in sources]
    inputs, _ = read_inputs(names, None, None, of)
    assert inputs is not None
    path = tmp_path / "mended.xlsx"
    assert write_rejects(path, inputs.rejects, names, of) == []
    book = load_workbook(path)
    for cell, value in cells.items():
        book.worksheets[0][cell] = value
    book.save(path)
    (tmp_path / "tables").mkdir(exist_ok=True)
    return path


def test_cells_of_a_wide_row_that_were_read_are_not_counted_again(tmp_path: Path) -> None:
    source, mapping = tmp_path / "w.csv", tmp_path / "m.yaml"
    source.write_text("人员编号,学习日期,培训班学时,讲座学时\nP1,2016-03-05,40,五十\n", encoding="utf-8")
    mapping.write_text(WIDE, encoding="utf-8")
    mended = _mended([source], {"D2": "50"}, tmp_path, mapping)
    given = [str(source), str(mended)]
    inputs, _ = both_ways(given, None, None, schema(mapping), tmp_path / "tables")
    assert inputs is not None
    assert [r.quantity for r in inputs.records] == [40, 50]
    assert inputs.rejects == ()
    book = load_workbook(mended)
    book.worksheets[0]["C2"] = "41"
    book.save(mended)
    inputs, _ = both_ways(given, None, None, schema(mapping), tmp_path / "tables")
    assert inputs is not None
    assert [r.quantity for r in inputs.records] == [40, 50]
    assert [r.code for r in inputs.rejects] == ["PE423"]


def test_what_a_row_had_too_much_still_stands_in_the_way(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_text("人员编号,学习日期,学时\nP1,2016-03-05,1,234,5\n", encoding="utf-8")
    for cells, left in ({}, ["PE425"]), ({"C2": "1234.5", "D2": ""}, []):
        mended = _mended([source], cells, tmp_path)
        inputs, _ = both_ways([str(source), str(mended)], None, None, schema(), tmp_path / "tables")
        assert inputs is not None
        assert [r.code for r in inputs.rejects] == left
        assert all("empty this cell" in r.hint for r in inputs.rejects)
        assert inputs.rows == 1


def test_day_numbers_of_the_other_calendar_stay_the_days_they_are(tmp_path: Path) -> None:
    from datetime import date

    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in (["人员编号", "学习日期", "学时"], ["P1", 40976, "x"]):  # days after 1904-01-01: 2016-03-09
        book.active.append(row)
    book.save(tmp_path / "r.xlsx")
    mended = _mended([tmp_path / "r.xlsx"], {"C2": "8"}, tmp_path)
    inputs, _ = read_inputs([str(tmp_path / "r.xlsx"), str(mended)], None, None, schema())
    assert inputs is not None
    assert [r.end for r in inputs.records] == [date(2016, 3, 9)]
    assert inputs.rejects == ()


def test_a_good_record_with_a_bad_fact_of_its_person_is_only_listed(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_text("人员编号,学习日期,学时,入职日期\nP1,2016-03-05,8,?\nP1,?,8,2010-01-01\n", encoding="utf-8")
    of = schema()
    inputs, _ = read_inputs([str(source)], str(source), None, of)
    assert inputs is not None
    assert [(r.row, r.column) for r in inputs.rejects] == [(3, "学习日期"), (2, "入职日期")]
    write_rejects(tmp_path / "x.xlsx", inputs.rejects, [str(source)], of)
    first, listed = load_workbook(tmp_path / "x.xlsx").worksheets
    assert [row[5].value for row in first.iter_rows(min_row=2)] == ["3"]
    assert listed.max_row == 3


def test_rows_of_persons_and_circumstances_have_sheets_of_their_own(tmp_path: Path) -> None:
    texts = {
        "r.csv": "人员编号,学习日期,学时\nP1,?,8\nP2,2016-03-05,8\n",
        "persons/p.csv": "人员编号,地区,入职日期\nP1,四川,2010-01-01\nP2,四川,?\n",
        "held/c.csv": "人员编号,情形,开始日期,结束日期\nP1,病假,2016-01-01,?\nP1,病假,2016-03-01,2016-02-01\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    of, given = schema(), [str(tmp_path / name) for name in texts]
    inputs, _ = read_inputs(given[:1], *given[1:], of)
    assert inputs is not None
    mended = tmp_path / "mended.xlsx"
    assert write_rejects(mended, inputs.rejects, given[:1], of, *given[1:]) == []
    book = load_workbook(mended)
    assert book.sheetnames == ["r", "p", "c", "list"]
    book["r"]["B2"], book["p"]["C2"], book["c"]["D2"], book["c"]["D3"] = "2016-03-05", "2011-01-01", "2016-02-01", "x"
    book.save(mended)
    for folder in ("persons", "held"):
        (tmp_path / folder / "mended.xlsx").write_bytes(mended.read_bytes())
    (tmp_path / "tables").mkdir()
    folders = [str(tmp_path / name) for name in ("persons", "held")]
    again, said = both_ways([given[0], str(mended)], *folders, of, tmp_path / "tables")
    assert again is not None
    assert [(Path(r.file).name, r.sheet, r.row) for r in again.rejects] == [("mended.xlsx", "c", 3)]
    assert again.rows == len(again.records) == 2
    assert {str(p.facts.get("joined")) for p in again.persons.values()} == {"2010-01-01", "2011-01-01"}
    assert [str(c.end) for c in again.persons["P1"].circumstances] == ["2016-02-01"]
    assert {d.code for d in said} == {"PE440", "PE447"}


def test_a_workbook_of_a_workbook_and_what_inspect_says(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_text(PLAIN + BAD, encoding="utf-8")
    first = _mended([source], {"C2": "?"}, tmp_path)
    first.rename(tmp_path / "first.xlsx")
    given = [source, tmp_path / "first.xlsx"]
    second = _mended(given, {"C2": "2016-03-05"}, tmp_path)
    headers = [c.value for c in load_workbook(second).worksheets[0][1]]
    assert headers == ["登记编号", "人员编号", "学习日期", "学时", "from file", "from row", "what is wrong"]
    names = [str(p) for p in (*given, second)]
    inputs, _ = both_ways(names, None, None, schema(), tmp_path / "tables")
    assert inputs is not None
    assert [r.record_id for r in inputs.records] == ["R1", "R3"]
    assert (inputs.rows, inputs.rejects) == (2, ())
    views, _ = inspect(names, schema())
    assert [(v.rejected, v.replaced) for v in views] == [(0, 1), (0, 1), (0, 0)]


def test_the_list_of_a_workbook_is_no_sheet_to_be_warned_of(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_text(PLAIN + BAD, encoding="utf-8")
    mended = _mended([source], {"C2": "2016-03-05"}, tmp_path)
    inputs, said = both_ways([str(source), str(mended)], None, None, schema(), tmp_path / "tables")
    assert inputs is not None
    assert (len(inputs.records), said) == (2, [])
    book = load_workbook(mended)
    del book["r"]
    book.save(mended)
    inputs, said = read_inputs([str(mended)], None, None, schema())
    assert inputs is None, "a workbook that holds nothing but the list is told of"
    assert [d.code for d in said] == ["PE404"]
