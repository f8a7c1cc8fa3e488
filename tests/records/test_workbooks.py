"""What workbooks of every kind say alike: errors, formulas without results, calendars, leading zeros, passwords."""
# ruff: noqa: E501

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from policyengine.messages import speak
from policyengine.records import sheets
from policyengine.records.files import Source
from policyengine.records.ods import _only_month
from policyengine.records.raw import RawTable
from policyengine.records.read import read_inputs
from policyengine.records.xlsx import only_month
from tests.records.support import DATA, both_ways, codes, reject_lines, schema
from tests.records.workbooks import Err, Month, Zeros, compound, ods, ods_package, xls, xlsx

MADE = {"xlsx": xlsx, "xls": xls, "ods": ods}
HEADER = ["人员编号", "学习日期", "学习形式", "学时", "名称"]
ROWS: list[list[Any]] = [
    HEADER,
    ["P1", "2016-03-05", "培训班", 8, "x"],
    ["P1", Err("#N/A"), "培训班", 8, "x"],
    ["P1", "2016-03-05", Err("#REF!", formula=True), 8, "x"],
    ["P1", "2016-03-05", "培训班", Err("#DIV/0!", formula=True), "x"],
    ["P1", "2016-03-05", "培训班", 8, Err("#VALUE!")],
]


def _tables(path: Path) -> list[RawTable]:
    found = []
    for table in sheets.read_sheets(Source(path, str(path), path.name, "workbook")):
        assert isinstance(table, RawTable), table
        table.rows = iter(list(table.rows))
        found.append(table)
    return found


@pytest.mark.parametrize("at", [(0, 0), (2, 1)], ids=str)
@pytest.mark.parametrize("kind", MADE)
def test_errors_are_no_empty_cells(kind: str, at: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / f"r.{kind}"
    MADE[kind](path, ROWS, at)
    inputs, _ = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [r.row - at[0] for r in inputs.records] == [2]
    assert [f"{r.row - at[0]} {r.column} {r.value} {r.code}" for r in inputs.rejects] == [
        "3 学习日期 #N/A PE432", "4 学习形式 #REF! PE432", "5 学时 #DIV/0! PE432", "6 名称 #VALUE! PE432",
    ]  # fmt: skip


def test_a_column_too_narrow_for_its_values_shows_none_of_them(tmp_path: Path) -> None:
    """As spreadsheets write it to CSV: ##### is neither an id nor a certificate, whatever the column; # may be."""
    (tmp_path / "r.csv").write_text(
        "人员编号,学习日期,学时,证书编号\n"
        "########,2021-03-05,8,C1\n1001,2021-03-05,8,##\n1002,#####,8,C1\n1003,2021-03-05,8,#\n1004,2021-03-05,8,#12\n",
        encoding="utf-8",
    )
    inputs, _ = both_ways([str(tmp_path / "r.csv")], None, None, schema(), tmp_path)
    assert inputs is not None
    assert reject_lines(inputs.rejects, with_value=False) == [
        "2 | 人员编号 | PE432", "3 | 证书编号 | PE432", "4 | 学习日期 | PE432",
    ]  # fmt: skip
    assert [r.person_id for r in inputs.records] == ["1003", "1004"]


@pytest.mark.parametrize("kind", MADE)
def test_a_month_that_a_spreadsheet_made_the_first_of_it_is_no_day(kind: str, tmp_path: Path) -> None:
    """Whoever types 2016年3月 into a spreadsheet has the first of March kept, and the month shown: as the text would,
    it lacks the day. Another day than the first was typed as such, and is there."""
    days = [Month("2016-03-01"), Month("2016-03-01", 17), Month("2016-03-05"), Month("2016-03-05", 17)]
    MADE[kind](tmp_path / f"r.{kind}", [HEADER, *(["P1", day, "培训班", 8, "x"] for day in days)])
    inputs, _ = both_ways([str(tmp_path / f"r.{kind}")], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [(r.row, r.code, r.reason) for r in inputs.rejects] == [(n, "PE410", "the day is missing") for n in (2, 3)]
    assert [f"{r.row} {r.end}" for r in inputs.records] == ["4 2016-03-05", "5 2016-03-05"]


# the code of a number format, or the number of one without, and whether it shows a month alone
MONTHS = [
    ('yyyy"年"m"月";@', True), ("yyyy年m月", True), ("[$-804]yyyy/m", True), ("mmm-yy", True), ("yyyy", True), (17, True),
    (57, True), ("e年m月", True), ('yyyy"年"m"月"d"日";@', False), ("yyyy-mm-dd", False), ('m"月"d"日"', False),
    ("General", False), ("0.00E+00", False), ("yyyy/m hh:mm", False), ("aaaa", False), (14, False), (0, False),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), MONTHS)
def test_formats_that_show_a_month_alone(code: str | int, expected: bool) -> None:
    assert only_month(*((code, "") if isinstance(code, int) else (164, code))) == expected


# how an ODS shows the first of March 2016 or, behind a stroke, another day, and whether that is a month alone
SHOWN = [
    ("2016年3月", True), ("2016年03月", True), ("2016-03", True), ("2016/3", True), ("03.2016", True), ("Mar-16", True),
    ("March 2016", True), ("16-03", True), ("2016", True), ("2012-12|2012-12-01", True), ("12-12|2012-12-01", True),
    ("2016年3月1日", False), ("2016-03-01", False), ("01/03/16", False), ("1-Mar-16", False), ("1-Mar", False),
    ("March 1", False), ("03-01", False), ("3/1", False), ("3月1日", False), ("1-Jan-16|2016-01-01", False), ("", False),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "expected"), SHOWN)
def test_what_an_ods_shows_of_a_day(shown: str, expected: bool) -> None:
    text, _, day = shown.partition("|")
    assert _only_month(text, day or "2016-03-01") == expected


@pytest.mark.parametrize(
    "merged", [[], [(0, 0, 1, 2)], [(0, 1, 0, 0), (0, 0, 1, 2), (0, 1, 3, 3)]], ids=["not", "across", "both ways"]
)
@pytest.mark.parametrize("kind", MADE)
def test_columns_of_a_mapping_file_below_a_known_word(kind: str, merged: list[Any], tmp_path: Path) -> None:
    """学时 over 公需 and 专业: neither is the quantity by itself, whether the cells are merged or stand alone."""
    (tmp_path / "m.yaml").write_text(
        "wide: {公需: {subject: 公需, unit: 学时}, 专业: {subject: 专业, unit: 学时}}", encoding="utf-8"
    )
    rows = [["身份证号", "学时", None, "日期"], [None, "公需", "专业", None], ["P1", 8, 16, "2016-03-05"]]
    MADE[kind](tmp_path / f"r.{kind}", rows, (1, 1), merged)
    inputs, said = both_ways([str(tmp_path / f"r.{kind}")], None, None, schema(tmp_path / "m.yaml"), tmp_path)
    assert codes(said, "error") == []
    assert inputs is not None
    assert [(r.row, r.quantity, r.facts["subject"]) for r in inputs.records] == [
        (4, 8, "public"),
        (4, 16, "professional"),
    ]
    assert inputs.rejects == ()


def test_of_a_hidden_sheet_either_is_said_that_it_is_read_or_that_it_is_not(tmp_path: Path) -> None:
    """Of lists for a drop-down that nobody sees both were said."""
    from openpyxl import Workbook

    book = Workbook()
    for title, rows in (("旧", [HEADER, ["P1", "2016-03-05", "培训班", 8, "x"]]), ("字典", [["学习形式"], ["培训班"]])):
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden"
        for row in rows:
            sheet.append(row)
    book.active.append(HEADER)
    book.active.append(["P1", "2016-03-06", "培训班", 8, "x"])
    book.save(tmp_path / "r.xlsx")
    inputs, said = both_ways([str(tmp_path / "r.xlsx")], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [r.sheet for r in inputs.records] == ["Sheet", "旧"]
    assert [(d.code, d.span and d.span.sheet, d.message[:20]) for d in said] == [
        ("PE440", "旧", "a hidden sheet is re"), ("PE440", "字典", "the sheet is not rea"),
    ]  # fmt: skip


def test_errors_of_a_small_xls_are_seen_too(tmp_path: Path) -> None:
    xls(tmp_path / "r.xls", [HEADER, ["P1", "2016-03-05", "培训班", Err("#N/A"), "x"]], small=True)
    inputs, _ = read_inputs([str(tmp_path / "r.xls")], None, None, schema())
    assert inputs is not None
    assert [(r.row, r.value, r.code) for r in inputs.rejects] == [(2, "#N/A", "PE432")]


@pytest.mark.parametrize("kind", MADE)
def test_leading_zeros_that_a_format_shows_are_of_the_id(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"r.{kind}"
    rows = [HEADER, [Zeros(123), "2016-03-05", None, Zeros(8), None], [Zeros(1234567), "2016-03-05", None, 8, Zeros(7)]]
    MADE[kind](path, rows)
    inputs, _ = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is not None
    found = [(r.person_id, r.quantity, r.facts.get("title")) for r in inputs.records]
    assert found == [("000123", 8, None), ("1234567", 8, "000007")]


@pytest.mark.parametrize("kind", [*MADE, "streamed"])
def test_notes_beside_the_table_are_carried_along(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "streamed":
        monkeypatch.setattr(sheets, "_holdable", lambda *_: False)
    path = tmp_path / f"r.{kind}"
    MADE.get(kind, xlsx)(path, [HEADER[:2], ["P1", "2016-03-05"], ["P2", "2016-03-06", None, "a note"]], (1, 1))
    inputs, _ = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [(r.person_id, dict(r.extra)) for r in inputs.records] == [("P1", {}), ("P2", {"column 5": "a note"})]


@pytest.mark.parametrize(("kind", "options"), [("xls", {"calendar_1904": True}), ("ods", {"null_date": "1904-01-01"})])
def test_day_numbers_are_of_the_calendar_that_the_file_names(
    kind: str, options: dict[str, Any], tmp_path: Path
) -> None:
    made: Callable[..., None] = MADE[kind]
    days = {}
    for name, more in {"1900": {}, "1904": options}.items():
        made(tmp_path / f"{name}.{kind}", [HEADER, ["P1", 40976, None, 8, None]], **more)
        inputs, _ = read_inputs([str(tmp_path / f"{name}.{kind}")], None, None, schema())
        assert inputs is not None
        days[name] = str(inputs.records[0].end)
    assert days == {"1900": "2012-03-08", "1904": "2016-03-09"}  # days after 1899-12-30, and after 1904-01-01


@pytest.mark.parametrize("name", ["base", "prefixed"])
def test_formulas_without_results_are_seen_whatever_the_prefix(name: str, tmp_path: Path) -> None:
    xlsx(
        tmp_path / "base.xlsx",
        [HEADER, ["P1", "2016-03-05", "培训班", 8, "x"], ["P1", "2016-03-05", "培训班", "=D2*2", "x"]],
    )
    with zipfile.ZipFile(tmp_path / "base.xlsx") as base, zipfile.ZipFile(tmp_path / "prefixed.xlsx", "w") as made:
        for part in base.namelist():
            xml = base.read(part)
            if part.startswith("xl/worksheets/"):
                xml = re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", xml.replace(b"xmlns=", b"xmlns:x="))
            made.writestr(part, xml)
    inputs, _ = read_inputs([str(tmp_path / f"{name}.xlsx")], None, None, schema())
    assert inputs is not None
    assert [(r.row, r.value, r.code) for r in inputs.rejects] == [(3, "=D2*2", "PE432")]


# the XML of an ODS cell, and the text that it is read as
ODS_CELLS = r"""
<table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/>b<text:tab/>c</text:p><text:p>d</text:p></table:table-cell> => a  b\tc\nd
<table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p></office:annotation><text:p>a</text:p></table:table-cell> => a
<table:table-cell office:value-type="string"><text:p>a<office:annotation><text:p>note</text:p></office:annotation>b</text:p></table:table-cell> => ab
<table:table-cell office:value-type="string"><text:p><text:span>a</text:span><text:a>b</text:a></text:p></table:table-cell> => ab
<table:table-cell office:value-type="string" office:string-value="whole"><text:p>who</text:p></table:table-cell> => whole
<table:table-cell><text:p>untyped</text:p></table:table-cell> => untyped
<table:table-cell office:value-type="float" office:value="12.50"><text:p>12,5</text:p></table:table-cell> => 12.5
<table:table-cell office:value-type="float" office:value="12"><text:p>0012</text:p></table:table-cell> => 0012
<table:table-cell office:value-type="float" office:value="12.4"><text:p>0012</text:p></table:table-cell> => 12.4
<table:table-cell office:value-type="float" office:value="0"><text:p>000</text:p></table:table-cell> => 0
<table:table-cell office:value-type="percentage" office:value="0.5"><text:p>50%</text:p></table:table-cell> => 0.5
<table:table-cell office:value-type="currency" office:value="12"><text:p>¥12</text:p></table:table-cell> => 12
<table:table-cell office:value-type="date" office:date-value="2016-03-05"><text:p>x</text:p></table:table-cell> => 2016-03-05
<table:table-cell office:value-type="date" office:date-value="2016-03-05T14:30:00"><text:p>x</text:p></table:table-cell> => 2016-03-05 14:30:00
<table:table-cell office:value-type="time" office:time-value="PT01H30M00S"><text:p>x</text:p></table:table-cell> => 1:30:00
<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p></table:table-cell> => true
<table:table-cell table:formula="of:=&quot;a&quot;&amp;[.A1]&amp;&quot;b&quot;"></table:table-cell> => = "a"&[.A1]&"b"
<table:table-cell table:formula="of:=[.A1]+1"/> => =[.A1]+1
<table:table-cell table:formula="of:=[.A1]+1" office:value-type="float" office:value="3"><text:p>3</text:p></table:table-cell> => 3
<table:table-cell table:formula="of:=IF(1;&quot;&quot;)" office:value-type="string" office:string-value=""><text:p/></table:table-cell> => -
<table:table-cell table:formula="of:=[.A1]" office:value-type="string" office:string-value=""><text:p>Err:502</text:p></table:table-cell> => =[.A1]
<table:table-cell xmlns:c="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" table:formula="of:=NA()" office:value-type="float" office:value="0" c:value-type="error"><text:p>#N/A</text:p></table:table-cell> => #N/A
<table:table-cell xmlns:c="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" table:formula="of:=[.A1]" office:value-type="string" c:value-type="error"><text:p>#WERT!</text:p></table:table-cell> => =[.A1]
<table:table-cell xmlns:c="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:value-type="float" office:value="7" c:value-type="float"><text:p>7</text:p></table:table-cell> => 7
"""


@pytest.mark.parametrize("case", ODS_CELLS.strip().splitlines())
def test_cells_of_ods(case: str, tmp_path: Path) -> None:
    xml, expected = case.split(" => ")
    expected = "" if expected == "-" else expected.replace("\\t", "\t").replace("\\n", "\n")
    path = tmp_path / "x.ods"
    ods_package(
        path, f'<table:table table:name="a"><table:table-row>{xml}<table:table-cell/></table:table-row></table:table>'
    )
    (table,) = _tables(path)
    assert [row.cells for row in table.rows] == ([[expected]] if expected else [])


def test_rows_and_sheets_of_ods(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
    row = "<table:table-row{}>{}</table:table-row>"
    twice, three = ' table:number-columns-repeated="2"', ' table:number-rows-repeated="3"'
    first = "".join([
        row.format("", f"<table:table-cell{twice}/>" + cell.format("", "c")),
        row.format(three, "<table:table-cell/>"),
        f"<table:table-row-group>{row.format(three, cell.format(twice, 'r'))}</table:table-row-group>",
        row.format(' table:visibility="filter"', cell.format("", "filtered")),
        row.format(' table:number-rows-repeated="1048568"', '<table:table-cell table:number-columns-repeated="16384"/>'),
    ])  # fmt: skip
    styles = (
        '<style:style style:name="h" style:family="table"><style:table-properties table:display="false"/></style:style>'
    )
    shapes = f"<table:shapes><table:table><table:table-row>{cell.format('', 'in a shape')}</table:table-row></table:table></table:shapes>"
    sheet = '<table:table table:name="{}" table:style-name="{}">{}</table:table>'
    others = sheet.format("hidden", "h", row.format("", cell.format("", "h"))) + sheet.format("empty", "", "")
    changes = (
        f"<table:tracked-changes><table:table-row>{cell.format('', 'old')}</table:table-row></table:tracked-changes>"
    )
    path = tmp_path / "x.ods"
    ods_package(path, changes + sheet.format("first", "", shapes + first) + others, styles)
    found = [(t.sheet, [(r.number, r.cells) for r in t.rows], codes(t.notes, "warning")) for t in _tables(path)]
    assert found == [
        ("first", [(1, ["", "", "c"]), (5, ["r", "r"]), (6, ["r", "r"]), (7, ["r", "r"]), (8, ["filtered"])], []),
        ("hidden", [(1, ["h"])], ["PE440"]),
        ("empty", [], []),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('<table:table-row><table:table-cell office:value-type="float" office:value="x"/></table:table-row>', "not as it says"),
        ('<table:table-row><table:table-cell office:value-type="date"/></table:table-row>', "not as it says"),
        ('<table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="16385"><text:p>x</text:p></table:table-cell></table:table-row>', "no column"),
        ('<table:table-row table:number-rows-repeated="1048577"><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>', "no row"),
        ('<table:table-row table:number-rows-repeated="10000"><table:table-cell office:value-type="string" table:number-columns-repeated="10000"><text:p>x</text:p></table:table-cell></table:table-row>', "too often"),
        ('<table:table-row><table:table-cell office:value-type="string"><text:p>x<text:s text:c="999999999"/></text:p></table:table-cell></table:table-row>', "too often"),
    ],
)  # fmt: skip
def test_what_an_ods_file_may_not_ask_for(row: str, said: str, tmp_path: Path) -> None:
    ods_package(tmp_path / "x.ods", f'<table:table table:name="a">{row}</table:table>')
    inputs, problems = read_inputs([str(tmp_path / "x.ods")], None, None, schema())
    assert inputs is None
    assert codes(problems, "error") == ["PE406"]
    assert said in problems[0].message


def test_a_row_of_ods_may_not_be_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policyengine.records.ods.MAX_ROW", 50)
    ods(tmp_path / "x.ods", [HEADER, ["P1", "x" * 51]])
    inputs, problems = read_inputs([str(tmp_path / "x.ods")], None, None, schema())
    assert inputs is None
    assert "a row is too long" in problems[0].message


def _zip(path: Path, *parts: str) -> None:
    with zipfile.ZipFile(path, "w") as package:
        for part in parts:
            package.writestr(part, "<a/>")


# what the file is, how it is made, what is said of it in English and in Chinese
UNREADABLE: list[tuple[str, Callable[[Path], Any], str, str]] = [
    ("an XLSX with a password", lambda p: p.write_bytes(compound({"EncryptionInfo": b"x", "EncryptedPackage": b"x"})), "password", "有密码"),
    ("an XLS with a password", lambda p: xls(p, ROWS, locked=True), "password", "有密码"),
    ("an ODS with a password", lambda p: ods_package(p, "", entry="<m:encryption-data/>"), "password", "有密码"),
    ("an old document", lambda p: p.write_bytes(compound({"WordDocument": b"x"})), "no XLSX", "不是 XLSX"),
    ("a document", lambda p: _zip(p, "[Content_Types].xml", "word/document.xml"), "no XLSX", "不是 XLSX"),
    ("a text document", lambda p: _zip(p, "mimetype", "content.xml"), "no sheets", "文件已损坏，或不是该格式（it has no sheets）"),
    ("a binary workbook", lambda p: _zip(p, "[Content_Types].xml", "xl/workbook.bin"), "no XLSX", "不是 XLSX"),
    ("an XLSX that is cut off", lambda p: p.write_bytes((DATA / "sheets.xlsx").read_bytes()[:3000]), "cut off", "不完整"),
    ("an XLS that is cut off", lambda p: p.write_bytes((DATA / "old.xls").read_bytes()[:600]), "cut off", "不完整"),
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("make", "en", "zh"), [u[1:] for u in UNREADABLE], ids=[u[0] for u in UNREADABLE])
def test_why_a_workbook_is_not_read(
    make: Callable[[Path], Any], en: str, zh: str, language: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.xlsx"
    make(path)
    speak(language)
    try:
        inputs, said = read_inputs([str(path)], None, None, schema())
    finally:
        speak("en")
    assert inputs is None
    assert codes(said, "error") == ["PE406"]
    assert (zh if language == "zh" else en) in said[0].message
    locked = {"en": "take the password away", "zh": "取消密码"}[language]
    assert (locked in (said[0].hint or "")) == ("password" in en)


@pytest.mark.parametrize(
    ("more", "told"), [((), ""), (("五月", "六月", "七月", "八月"), ", [五月], [六月], [七月], …")]
)
def test_a_warning_that_a_summary_repeats_says_which_sheet(more: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """Sheets without a row, and one that is no table of records: each is looked for by its name. Of many five are told:
    all of them have been before."""
    book = Workbook()
    empty = [(name, ROWS[:1]) for name in ("三月", "四月", *more)]
    for name, rows in (("一月", ROWS[:2]), *empty, ("说明", [["填报说明"]])):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(tmp_path / "r.xlsx")
    inputs, _ = both_ways([str(tmp_path / "r.xlsx")], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [w.replace(f"{tmp_path}/r.xlsx", "") for w in inputs.warnings] == [
        f"[三月], [四月]{told}: there is a header and no row below it",
        "[说明]: the sheet is not read: no column names the person",
    ]
