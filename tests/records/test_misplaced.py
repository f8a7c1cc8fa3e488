"""Files in the place of others, and rows of persons and circumstances files that can't be read: nothing goes unsaid."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest

from policyengine.records import files
from policyengine.records.columns import read_tables
from policyengine.records.read import read_inputs
from policyengine.tools.inspect import inspect
from tests.records.support import both_ways, codes, schema


def write_book(path: Path, **sheets: Iterable[list[object]]) -> None:
    """A workbook with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


@pytest.mark.parametrize(
    ("persons", "circumstances", "given", "looks"),
    [
        ("leaves.csv", None, "persons", "circumstances"),
        ("records.csv", None, "persons", "records"),
        (None, "people.csv", "circumstances", "persons"),
        ("people.csv", "records.csv", "circumstances", "records"),
        ("leaves.csv", "people.csv", "persons", "circumstances"),
    ],
)
def test_a_file_in_the_place_of_another(
    tmp_path: Path, persons: str | None, circumstances: str | None, given: str, looks: str
) -> None:
    (tmp_path / "records.csv").write_text("身份证号,学习日期,学习形式,学时\nP1,2016-03-01,培训班,8\n")
    (tmp_path / "people.csv").write_text("身份证号,姓名,单位性质\nP1,例甲,国家机关\n")
    (tmp_path / "leaves.csv").write_text("身份证号,情形,开始日期,结束日期\nP1,产假,2016-01-01,2016-06-30\n")

    def place(name: str | None) -> str | None:
        return str(tmp_path / name) if name else None

    inputs, said = read_inputs([str(tmp_path / "records.csv")], place(persons), place(circumstances), schema())
    assert inputs is None
    assert {d.code for d in said} == {"PE446"}
    assert said[0].message.startswith(f"given as the file of {given}, but ")
    assert said[0].message.endswith(f"it looks like the file of {looks}")
    with duckdb.connect() as connection:
        tables, told = read_tables(
            connection, tmp_path, [str(tmp_path / "records.csv")], place(persons), place(circumstances), schema()
        )
    assert tables is None
    assert told == said


def test_circumstances_are_no_records(tmp_path: Path) -> None:
    """A leave has a person and days, and each became a record; of a workbook for all its sheet is left to them."""
    leaves = ["身份证号", "情形", "开始日期", "结束日期"], ["P1", "产假", "2016-01-01", "2016-06-30"]
    records = ["身份证号", "学习日期", "学习形式", "学时"], ["P1", "2016-07-01", "培训班", 8]
    (tmp_path / "leaves.csv").write_text("\n".join(map(",".join, leaves)), encoding="utf-8")
    inputs, said = both_ways([str(tmp_path / "leaves.csv")], None, None, schema(), tmp_path)
    assert inputs is None
    assert [d.code for d in said] == ["PE446"]
    assert said[0].message.endswith("it looks like the file of circumstances")
    assert "--circumstances" in (said[0].hint or "")
    write_book(tmp_path / "all.xlsx", leaves=leaves, records=records)
    path = str(tmp_path / "all.xlsx")
    (tmp_path / "t").mkdir()
    inputs, said = both_ways([path], None, path, schema(), tmp_path / "t")
    assert inputs is not None
    assert [(r.sheet, r.end.isoformat()) for r in inputs.records] == [("records", "2016-07-01")]
    assert (inputs.rows, len(inputs.persons["P1"].circumstances)) == (1, 1)
    assert said == []  # each sheet is read as what it is
    more = ["身份证号", "姓名"], ["P1", "例甲"]
    write_book(tmp_path / "all.xlsx", leaves=leaves, records=records, **{"2017": more})
    (tmp_path / "v").mkdir()
    _, said = both_ways([path], None, str(tmp_path / "v" / ".." / "all.xlsx"), schema(), tmp_path / "v")
    assert [(d.code, d.span and d.span.sheet) for d in said] == [("PE440", "2017"), ("PE440", "2017")]
    # who says in the same row what was learned there has records, whatever else the row says
    (tmp_path / "both.csv").write_text("身份证号,情形,日期,学时\nP1,产假,2016-07-01,8\n", encoding="utf-8")
    (tmp_path / "u").mkdir()
    inputs, _ = both_ways([str(tmp_path / "both.csv")], None, None, schema(), tmp_path / "u")
    assert inputs is not None
    assert len(inputs.records) == 1


def test_a_list_of_people_is_no_records(tmp_path: Path) -> None:
    """Every row of it was rejected for want of a day, also of a sheet that --persons reads."""
    people = ["身份证号", "姓名", "单位性质"], ["P1", "例甲", "事业单位"]
    records = ["身份证号", "学习日期", "学习形式", "学时"], ["P1", "2016-07-01", "培训班", 8]
    (tmp_path / "people.csv").write_text("\n".join(map(",".join, people)), encoding="utf-8")
    inputs, said = both_ways([str(tmp_path / "people.csv")], None, None, schema(), tmp_path)
    assert inputs is None
    assert [(d.code, d.hint) for d in said] == [
        ("PE446", "name it with --persons (inspect: --as persons), and the file of records first")
    ]
    assert said[0].message.endswith("it looks like the file of persons")
    write_book(tmp_path / "all.xlsx", people=people, records=records)
    (tmp_path / "t").mkdir()
    path = str(tmp_path / "all.xlsx")
    inputs, said = both_ways([path], path, None, schema(), tmp_path / "t")
    assert inputs is not None
    assert said == []
    assert (inputs.rows, inputs.rejected_rows, sorted(inputs.persons["P1"].facts)) == (1, 0, ["employer_kind", "name"])


def test_a_list_of_people_and_a_workbook_for_both(tmp_path: Path) -> None:
    """Ids alone are a persons file; of a workbook the sheet that says something of people is read."""
    records = tmp_path / "records.csv"
    records.write_text("身份证号,学习日期,学习形式,学时\nP1,2016-03-01,培训班,8\n")
    (tmp_path / "ids.csv").write_text("身份证号\nP1\nP2\n")
    inputs, said = read_inputs([str(records)], str(tmp_path / "ids.csv"), None, schema())
    assert inputs is not None
    assert (sorted(inputs.persons), said) == (["P1", "P2"], [])
    book = openpyxl.Workbook()
    book.active.append(["身份证号", "姓名"])
    book.active.append(["P1", "例甲"])
    sheet = book.create_sheet("学习")
    sheet.append(["身份证号", "学习日期", "学习形式", "学时"])
    sheet.append(["P9", "2016-03-01", "培训班", "8"])
    book.save(tmp_path / "both.xlsx")
    inputs, said = read_inputs([str(records)], str(tmp_path / "both.xlsx"), None, schema())
    assert inputs is not None
    assert sorted(inputs.persons) == ["P1"]
    assert [d.code for d in said] == ["PE440"]


def test_unread_rows_of_other_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "records.csv").write_text("身份证号,学习日期,学习形式,学时\nP1,2016-03-01,培训班,8\n")
    (tmp_path / "people.csv").write_text("身份证号,姓名,入职日期\nP1,例甲,2016-13-01\nP2,例乙,\n")
    (tmp_path / "leaves.csv").write_text("身份证号,情形,开始日期,结束日期\nP1,产假,x,\nP2,产假,2016-01-02,2016-01-01\n")
    names = [str(tmp_path / f"{n}.csv") for n in ("records", "people", "leaves")]
    inputs, said = read_inputs([names[0]], names[1], names[2], schema())
    assert inputs is not None
    assert (inputs.rows, inputs.rejected_rows) == (1, 0)
    told = [(d.code, str(d.span), d.message.partition(" (")[0]) for d in said if d.code == "PE447"]
    expected = [
        (names[1], "1 row of the persons file could not be read and is left out"),
        (names[2], "2 rows of the circumstances file could not be read and are left out"),
    ]
    assert told == [("PE447", *one) for one in expected]
    columns = [d.message.partition(" (")[2].partition(": ")[0] for d in said if d.code == "PE447"]
    assert columns == ["row 2, 入职日期", "row 2, 开始日期"]
    (lost,) = (d for d in said if d.code == "PE445")  # P1, whose row it is: no zero of an id was lost
    assert str(lost.hint).startswith("their rows may be among those that could not be read")
    with duckdb.connect() as connection:
        tables, others = read_tables(connection, tmp_path, [names[0]], names[1], names[2], schema())
    assert tables is not None
    assert [str(d) for d in others] == [str(d) for d in said]


def test_rejects_stand_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Rows of records, ids that stand twice, persons, persons who contradict themselves, circumstances."""
    files = {
        "r.csv": "记录编号,人员编号,学习日期,学时\nR1,P1,2016-03-05,1\nR1,P1,2016-03-06,1\nR2,P1,2016-03-07,x\n",
        "p.csv": "人员编号,单位性质\nP1,企业\nP1,事业单位\nP2,学校\n",
        "c.csv": "人员编号,情形,开始日期,结束日期\nP1,产假,2016-02-30,\nP9,产假,2016-01-01,2016-06-30\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    records, persons, circumstances = (str(tmp_path / name) for name in files)
    inputs, said = both_ways([records], persons, circumstances, schema(), tmp_path)
    assert inputs is not None
    assert [(Path(r.file).name, r.row, r.code) for r in inputs.rejects] == [
        ("r.csv", 4, "PE411"), ("r.csv", 2, "PE423"), ("r.csv", 3, "PE423"),
        ("p.csv", 4, "PE414"), ("p.csv", 2, "PE424"), ("p.csv", 3, "PE424"), ("c.csv", 2, "PE410"),
    ]  # fmt: skip
    assert codes(said, "warning") == ["PE445", "PE447", "PE447"]


def test_one_id_for_thousands_of_rows_is_told_in_time(tmp_path: Path) -> None:
    """All rows of an id that was never filled in are alike but the last; each was compared with all of them."""
    ids = "".join(f"待补,{'企业' if n < 20_000 else '事业单位'}\n" for n in range(20_001))
    (tmp_path / "p.csv").write_text(f"人员编号,单位性质\n{ids}", encoding="utf-8")
    days = "".join(f"P1,产假,{date(1950, 1, 1) + timedelta(n)},\n" for n in range(20_000))
    (tmp_path / "c.csv").write_text(f"人员编号,情形,开始日期,结束日期\n{days}P1,产假,1950-01-01,\n", encoding="utf-8")
    (tmp_path / "r.csv").write_text("人员编号,学习日期,学时\nP1,2016-03-05,1\n", encoding="utf-8")
    begin = time.process_time()
    inputs, _ = read_inputs([str(tmp_path / "r.csv")], str(tmp_path / "p.csv"), str(tmp_path / "c.csv"), schema())
    assert time.process_time() - begin < 20  # about 1 s
    assert inputs is not None
    told = [r.reason.removeprefix("the person stands at ") for r in inputs.rejects]
    first, last = f"{tmp_path / 'p.csv'}:2", f"{tmp_path / 'p.csv'}:20002"
    assert told == [f"{last} with other facts"] * 20_000 + [f"{first} with other facts"]
    assert len(inputs.persons["P1"].circumstances) == 20_000


def test_files_of_a_folder_are_named_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name was counted among all."""
    named = [(Path(f"/nowhere/{n}.csv"), f"{n}.csv", f"unit {n // 2}" if n < 2 else f"{n}.csv") for n in range(60_000)]
    monkeypatch.setattr(files, "_expand", lambda *_: named)
    monkeypatch.setattr(files, "kind_of", lambda _: "text")
    begin = time.process_time()
    found, problems = files.find_files(["folder"])
    assert time.process_time() - begin < 20  # about 1 s
    assert problems == []
    assert [s.label for s in found] == [f"{n}.csv" for n in range(60_000)]  # two of one name are told apart


# the rows below the header 身份证号,姓名,日期,学时 and one of its rows; codes of errors, codes of rejected rows
SECOND_HEADERS = [
    ("身份证号,姓名,日期,学时\n1002,李四,2021-03-06,5", [], ["PE427"]),  # of the next page
    ("身份证号,姓名,日期,学分\n1002,李四,2021-03-06,5", ["PE435"], []),  # 5 credits are not 5 hours
    ("身份证号码,姓名,日期,天数\n1002,李四,2021-03-06,5", ["PE435"], []),  # nor are 5 days, whatever names the person
    ("身份证号,日期,姓名,学时\n1002,2021-03-06,李四,5", ["PE435"], []),
    ("姓名,身份证号,日期,学分\n李四,1002,2021-03-06,5", ["PE435"], []),  # 李四 is nobody's id
    ("身份证号,备注,日期,学时\n1002,李四,2021-03-06,5", [], ["PE427"]),  # 备注 is no column that is read
    ("身份证号,姓名,日期,学时,学习形式\n1002,李四,2021-03-06,5,培训班", ["PE435"], []),  # the form is not lost
    ("学员,身份证号,,\n1002,李四,2021-03-06,5", [], ["PE421"]),  # one known word makes no header
]


@pytest.mark.parametrize(("rows", "errors", "rejected"), SECOND_HEADERS)
def test_a_second_header_with_other_columns(rows: str, errors: list[str], rejected: list[str], tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"身份证号,姓名,日期,学时\n1001,张三,2021-03-05,16\n{rows}\n", encoding="utf-8")
    inputs, said = both_ways([str(path)], None, None, schema(), tmp_path)
    assert codes(said, "error") == errors
    assert [r.code for r in inputs.rejects] == rejected if inputs is not None else errors
    _, told = inspect([str(path)], schema())
    assert codes(told, "error") == errors
    assert [d.span and d.span.line for d in said if d.severity == "error"] == [3] * len(errors)
    one, of_one = read_inputs([str(path)], None, None, schema(), only="1001")  # of others only what matters to 1001
    assert (one is None, codes(of_one, "error")) == (bool(errors), errors)


def test_a_header_of_two_rows_is_repeated_as_it_stands(tmp_path: Path) -> None:
    """As on each printed page: 学习日期 over both days; its cells are merged, and so it stands twice."""
    head = "身份证号,学习日期,学习日期,学时\n身份证号,开始日期,结束日期,学时\n"
    first, second = "1001,2021-03-05,2021-03-06,8\n", "1002,2021-03-07,2021-03-08,9\n"
    (tmp_path / "r.csv").write_text(head + first + head + second, encoding="utf-8")
    inputs, said = both_ways([str(tmp_path / "r.csv")], None, None, schema(), tmp_path)
    assert codes(said, "error") == []
    assert inputs is not None
    assert [(r.person_id, r.start.day, r.end.day) for r in inputs.records] == [("1001", 5, 6), ("1002", 7, 8)]
    assert [(r.row, r.code) for r in inputs.rejects] == [(4, "PE427"), (5, "PE427")]


def test_a_table_above_one_with_more_columns_is_not_left_out(tmp_path: Path) -> None:
    """The second header names most columns; the rows above it are no titles. 填报日期 and the like are."""
    table = "身份证号,日期,学时\n1001,2021-03-05,16\n"
    more = "身份证号,日期,学时,学习形式\n1002,2021-03-06,5,培训班\n"
    for above, errors in (
        (table, ["PE435"]),
        ("单位,某院,填报日期,2021-03-05\n", []),
        ("身份证号,日期,学时\n（18位）,,\n", []),
    ):
        (tmp_path / "r.csv").write_text(above + more, encoding="utf-8")
        inputs, said = both_ways([str(tmp_path / "r.csv")], None, None, schema(), tmp_path)
        assert codes(said, "error") == errors
        assert inputs is None or (inputs.rows, inputs.records[0].person_id) == (1, "1002")


def test_names_of_the_columns_in_a_second_language(tmp_path: Path) -> None:
    """As templates have them right below the header: quantity is not another unit than 学时 there."""
    path = tmp_path / "r.csv"
    path.write_text("身份证号,日期,学时\nperson_id,date,quantity\n1001,2021-03-05,16\n", encoding="utf-8")
    inputs, said = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is not None
    assert codes(said, "error") == []
    assert [(r.row, r.code) for r in inputs.rejects] == [(2, "PE427")]
    assert [(r.quantity, r.unit) for r in inputs.records] == [(16, "hours")]
