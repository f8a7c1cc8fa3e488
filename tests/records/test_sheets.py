"""The two ways to read an XLSX sheet agree; damaged packages are messages; rejects can be mended in their workbook."""
# ruff: noqa: E501

from __future__ import annotations

import re
import zipfile
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostic
from policyengine.records import apart, rejects_xlsx, sheets
from policyengine.records.files import Source
from policyengine.records.read import read_inputs
from policyengine.records.rejects_xlsx import BAD_CELL, write_rejects
from tests.records.support import DATA, codes, record_lines, schema

BOOKS = [p for p in sorted(DATA.glob("*.xlsx")) if p.stem not in ("sheet-cut-off", "sheet-sparse", "sheet-errors")]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"


def _tables(path: Path) -> list[tuple[str | None, list[tuple[int, list[str]]]]]:
    found = []
    for table in sheets.read_sheets(Source(path, str(path), path.name, "workbook")):
        assert not isinstance(table, Diagnostic)
        rows = [(row.number, _trimmed(row.cells)) for row in table.rows]
        found.append((table.sheet, [r for r in rows if r[1]]))
    return found


PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def book(path: Path, cells: str) -> None:
    """A workbook with one row, given as XML."""
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'
    with zipfile.ZipFile(path, "w") as package:
        for name, data in {**PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            package.writestr(name, data)


def _trimmed(cells: list[str]) -> list[str]:
    return cells[: max((i + 1 for i, c in enumerate(cells) if c), default=0)]


@pytest.mark.parametrize("path", BOOKS, ids=lambda p: p.stem)
def test_streamed_sheets_hold_what_calamine_reads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _tables(path)
    monkeypatch.setattr(sheets, "_holdable", lambda *_: False)
    assert _tables(path) == whole


# number, its format, what stands in the cell; 42735 is 2016-12-31
MOMENTS = [
    (42735.0, "yyyy-mm-dd", "2016-12-31"),
    (42735.5, "yyyy-mm-dd", "2016-12-31 12:00:00"),
    (42735.999993, "yyyy-mm-dd", "2016-12-31 23:59:59"),
    (42735.999996, "yyyy-mm-dd", "2016-12-31 23:59:59"),
    (42735.99999999999, "yyyy-mm-dd", "2017-01-01"),  # 42735.3 + 0.7 or the like
    (60.999999, "yyyy-mm-dd", "1900-02-28 23:59:59"),
    (1.999999, "yyyy-mm-dd", "1900-01-01 23:59:59"),
    (0.0625, "h:mm", "1:30:00"),
    (0.0625, "yyyy-mm-dd", "1:30:00"),
]


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize(("serial", "code", "expected"), MOMENTS)
def test_days_and_times(
    serial: float, code: str, expected: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last moment of a day is of that day, but what lies within a millisecond of the next is noise."""
    monkeypatch.setattr(sheets, "_holdable", lambda *_: way == "whole")
    assert _shown(tmp_path, serial, code) == expected


@pytest.mark.parametrize("way", ["whole", "streamed"])
def test_a_time_is_no_day_in_a_workbook_that_counts_from_1904_either(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_holdable", lambda *_: way == "whole")
    assert _shown(tmp_path, 0.0625, "yyyy-mm-dd", calendar_1904=True) == "1:30:00"


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('t="b"><v>1</v>', "true"),
        ('t="b"><v>0</v>', "false"),
        ('t="b"><v>true</v>', "true"),  # both are words of xsd:boolean
        ('t="b"><v>false</v>', "false"),
        ('t="d"><v>2016-03-05</v>', "2016-03-05"),
        ('t="d"><v>2016-03-05T00:00:00</v>', "2016-03-05"),
        ('t="d"><v>2016-03-05T14:30:00.000</v>', "2016-03-05 14:30:00"),
    ],
)
def test_values_that_a_cell_may_write_in_two_ways(
    cell: str, expected: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    book(path, f'<c r="A1" {cell}</c>')
    monkeypatch.setattr(sheets, "_holdable", lambda *_: way == "whole")
    assert _tables(path) == [("Sheet1", [(1, [expected])])]


@pytest.mark.parametrize(
    ("serial", "code", "expected"),
    [
        (1.0625, "[h]:mm", "25:30:00"),
        (1.0625, '[hh]"小时"mm"分"', "25:30:00"),
        (1.0625, "[m]", "25:30:00"),
        (42735, "[h]:mm:ss", "1025640:00:00"),
        (2**40, "[h]:mm:ss", "26388279066624:00:00"),  # calamine fails at it
        (1.0625, '"[h]"0.0', "1.0625"),
    ],
)
def test_lengths_of_time(serial: float, code: str, expected: str, tmp_path: Path) -> None:
    """They were days of January 1900 in XLSX, 1 day, 1:30:00 in XLS, and 25:30:00 in ODS."""
    assert _shown(tmp_path, serial, code) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(timedelta(hours=25, minutes=30), "25:30:00"), (time(1, 30), "1:30:00"), (date(2016, 3, 5), "2016-03-05")],
)
def test_times_of_xls(cell: object, expected: str) -> None:
    assert apart.text_of(cell) == expected


def _shown(folder: Path, serial: float, code: str, calendar_1904: bool = False) -> str:
    """The text of a cell with the number in the format."""
    from openpyxl import Workbook
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    if calendar_1904:
        book.epoch = CALENDAR_MAC_1904
    book.active["A1"] = serial
    book.active["A1"].number_format = code
    path = folder / "x.xlsx"
    book.save(path)
    ((_, rows),) = _tables(path)
    return rows[0][1][0]


def test_a_file_beside_the_data_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(1)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert _tables(BOOKS[0])


# the XML of a cell (its kind, what it holds), and the text that it is read as
FORMULAS = """
str  <f>IF(Z1="","",Z1)</f><v></v>         -
str  <f>IF(Z1="","",Z1)</f><v/>            -
str  <f>IF(Z1="","",Z1)</f>                =IF(Z1="","",Z1)
n    <f>IF(Z1="","",Z1)</f><v></v>         =IF(Z1="","",Z1)
n    <f>IF(Z1="","",Z1)</f><v />           =IF(Z1="","",Z1)
n    <f>IF(Z1="","",Z1)</f>                =IF(Z1="","",Z1)
n    <f>"a"&amp;Z1&amp;"b"</f>              = "a"&Z1&"b"
n    <f>"007"</f>                          ="007"
str  <f t="shared" si="0"/><v></v>         -
n    <f t="shared" si="0"/><v></v>         =
n    <f t="shared" si="0"/>                =
str  <f>Z1</f><v>自学</v>                  自学
n    <f>Z1</f><v>7</v>                     7
e    <f>1/0</f><v>#DIV/0!</v>              #DIV/0!
"""


@pytest.mark.parametrize("case", FORMULAS.strip().splitlines())
def test_results_of_formulas(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, holds, expected = re.split("  +", case)
    path = tmp_path / "x.xlsx"
    book(
        path,
        f'<c r="A1" t="inlineStr"><is><t>P1</t></is></c><c r="B1" s="0" t="{kind}">{holds}</c><c r="C1"><v>1</v></c>',
    )
    row = ["P1", expected.replace("-", ""), "1"]
    assert _tables(path) == [("Sheet1", [(1, row)])]
    monkeypatch.setattr(sheets, "_holdable", lambda *_: False)
    assert _tables(path) == [("Sheet1", [(1, row)])]


def test_without_calamine_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    inputs, said = read_inputs([str(DATA / "old.xls")], None, None, schema())
    assert inputs is None
    assert codes(said, "error") == ["PE407"]
    assert "pip install" in (said[0].hint or "")


def test_where_calamine_can_not_be_loaded_the_workbook_is_not_said_to_be_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a Windows that lacks a DLL: every workbook was damaged, or too large."""
    (tmp_path / "python_calamine.py").write_text("raise ImportError('DLL load failed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    _, said = read_inputs([str(DATA / "old.xls")], None, None, schema())
    assert [(d.code, d.message) for d in said] == [
        ("PE407", "reading workbooks needs the package python-calamine, which can't be loaded: DLL load failed")
    ]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"xl/workbook.xml": b"<workbook/>"},
        {"xl/workbook.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><workbook>&b;</workbook>"},
        {"xl/workbook.xml": b"not xml"},
        {"content.xml": b"<a/>"},
        {"content.xml": b'<x number-columns-repeated="999999999"><p>1</p></x>', "mimetype": b"application/vnd.oasis.opendocument.spreadsheet"},
    ],
    ids=range(6),
)  # fmt: skip
def test_packages_that_are_no_workbooks(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    inputs, said = read_inputs([str(path)], None, None, schema())
    assert inputs is None
    assert codes(said, "error") == ["PE406"]


SHEET = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="{{}}"><v>7</v></c><c r="B1"><v>1</v></c></row></sheetData></worksheet>'
SECOND = f'<Relationship Id="r2" Type="{OFFICE}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>'


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("kind", "second", "part", "reads"),
    [
        ("n", SECOND, "sheet2", True),
        ("n", SECOND, "Sheet2", True),  # Excel looks for parts whatever their case
        ("s", SECOND, "sheet2", False),  # an eighth shared text, of none
        ("n", SECOND, "sheet3", False),
        ("n", "</Relationships>", "sheet2", False),
    ],
)
def test_no_cell_and_no_sheet_of_a_damaged_workbook_is_left_out(
    kind: str, second: str, part: str, reads: bool, whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        for name, data in PARTS.items():
            data = data.replace("</sheets>", '<sheet name="Sheet2" sheetId="2" r:id="r2"/></sheets>')
            package.writestr(name, data.replace("</Relationships>", second) if name.startswith("xl/") else data)
        package.writestr("xl/worksheets/sheet1.xml", SHEET.format("n"))
        package.writestr(f"xl/worksheets/{part}.xml", SHEET.format(kind))
    if not whole:
        monkeypatch.setattr(sheets, "_holdable", lambda *_: False)
    if reads:
        assert _tables(path) == [("Sheet1", [(1, ["7", "1"])]), ("Sheet2", [(1, ["7", "1"])])]
    else:
        inputs, said = read_inputs([str(path)], None, None, schema())
        assert inputs is None
        assert codes(said, "error") == ["PE406"]


@pytest.mark.parametrize("name", ["sheets.xlsx", "libre.ods"])
@pytest.mark.parametrize(
    "part", ["META-INF/manifest.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"]
)
def test_a_small_package_with_a_part_of_gigabytes(
    part: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some megabytes unpack to gigabytes of these parts, which stay in memory."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(DATA / name) as real, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for own in set(real.namelist()) - {part}:
            package.writestr(own, real.read(own))
        package.writestr(part, b" " * 100_001)
    monkeypatch.setattr(sheets, "MAX_ABOUT", 100_000)
    inputs, said = read_inputs([str(path)], None, None, schema())
    assert inputs is None
    assert [d.code for d in said] == ["PE406"]
    assert "unpacks to more" in said[0].message


@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
@pytest.mark.parametrize("name", ["sheets.xlsx", "old.xls", "libre.ods"])
def test_the_content_says_which_workbook_it_is(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes((DATA / name).read_bytes())
    assert _tables(path) == _tables(DATA / name)


def test_an_archive_is_to_be_unpacked_first(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.write(DATA / "sheets.xlsx", "2016/sheets.xlsx")
    inputs, said = read_inputs([str(path)], None, None, schema())
    assert inputs is None
    assert codes(said, "error") == ["PE406"]
    assert "archive" in said[0].message
    assert "unpack" in (said[0].hint or "")


def test_the_same_rejects_give_the_same_workbook_whatever_the_clock_says(tmp_path: Path) -> None:
    """The same packs, inputs and options give the same bytes (docs/results.md)."""
    source, path = str(DATA / "terms.csv"), tmp_path / "rejects.xlsx"
    inputs, _ = read_inputs([source], None, None, schema())
    assert inputs is not None
    assert write_rejects(path, inputs.rejects, [source], schema()) == []
    with zipfile.ZipFile(path) as book:
        about = book.read("docProps/core.xml").decode()
    assert re.findall(r">([^<>]+)</dc", about) == ["policyengine", "2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"]


def test_rejects_are_mended_in_their_workbook_and_read_again(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    sources = [
        str(DATA / "terms.csv"),
        str(DATA / "sheet-merged.xlsx"),
        str(DATA / "totals.csv"),
        str(DATA / "nul.csv"),
    ]
    inputs, _ = read_inputs(sources, None, None, schema())
    assert inputs is not None
    path = tmp_path / "rejects.xlsx"
    assert write_rejects(path, inputs.rejects, sources, schema()) == []
    book = load_workbook(path)
    assert book.sheetnames == ["terms", "sheet-merged Sheet1", "nul", "list"]
    sheet = book["terms"]
    assert [c.value for c in sheet[1]][:3] == ["人员编号", "学习日期", "学习形式"]
    assert sheet.max_row == 4
    coloured = {c.coordinate for row in sheet.iter_rows() for c in row if c.fill.fgColor.rgb.endswith(BAD_CELL)}
    assert coloured == {"C2", "C3", "D3", "E3", "C4"}
    assert "培训班" in sheet["C2"].comment.text
    for cell, value in {"C2": "培训班", "C3": "讲座", "D3": "公需", "E3": "合格", "C4": "自学"}.items():
        sheet[cell].value = value
    merged = book["sheet-merged Sheet1"]
    for cell, value in {"D2": 2, "D3": "16学时", "D4": "8"}.items():
        merged[cell].value = value
    book["nul"]["E2"].value = "讲座"
    book.save(path)
    again, said = read_inputs([str(path)], None, None, schema())
    assert again is not None
    assert [r.column for r in again.rejects] == []
    forms = [r.facts.get("form") for r in again.records]
    assert forms == ["training", "lecture", "self_study", "lecture", "training", "training", "training"]
    assert len([line for line in record_lines(again) if "16 hours" in line]) == 1
    assert codes(said, "warning") == []


def test_more_rejected_rows_than_a_sheet_holds_stand_in_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row beyond the last one made a file that no spreadsheet opens, nor this program; and an id has room."""
    from openpyxl import load_workbook

    monkeypatch.setattr(rejects_xlsx, "LAST_ROW", 3)
    source = tmp_path / "r.csv"
    source.write_text("身份证号,学习日期,学时\n" + "510101199001010016,2016-03,1\n" * 5, encoding="utf-8")
    inputs, _ = read_inputs([str(source)], None, None, schema())
    assert inputs is not None
    path = tmp_path / "rejects.xlsx"
    assert write_rejects(path, inputs.rejects, [str(source)], schema()) == []
    book = load_workbook(path)
    sizes = [(sheet.title, sheet.max_row) for sheet in book]
    assert sizes == [("r", 3), ("r 2", 3), ("r 3", 2), ("list", 3), ("list 2", 3), ("list 3", 2)]
    assert all(sheet.column_dimensions["A"].width >= 20 for sheet in book)
    for sheet in book.worksheets[:3]:
        for row in range(2, sheet.max_row + 1):
            sheet.cell(row, 2).value = "2016-03-05"
    book.save(path)
    again, said = read_inputs([str(source), str(path)], None, None, schema())
    assert again is not None
    assert (len(again.records), again.rows, len(again.rejects), codes(said, "error")) == (5, 5, 0, [])


def test_nothing_in_a_rejects_workbook_is_calculated(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    source = tmp_path / "r.csv"
    source.write_text('人员编号,学习日期,学时,名称\n=1+1,2016-03-05,1,"=HYPERLINK(""http://x"")"\n', encoding="utf-8")
    inputs, _ = read_inputs([str(source)], None, None, schema())
    assert inputs is not None
    write_rejects(tmp_path / "x.xlsx", inputs.rejects, [str(source)], schema())
    cells = [c for sheet in load_workbook(tmp_path / "x.xlsx") for row in sheet.iter_rows() for c in row]
    assert all(c.data_type in ("s", "n") for c in cells)
    assert all(c.data_type != "f" for c in cells)


GREEDY = {  # what of a small file would fill the memory or the time: XML of the row, what is told
    "a cell": ('<c t="inlineStr"><is><t>' + "A" * 101 + "</t></is></c>", "a row is too long"),
    "cells": ('<c t="inlineStr"><is><t>' + "A" * 51 + "</t></is></c>", "a row is too long"),
    "a formula": ("<c><f>" + "A" * 51 + "</f></c>", "a formula is too long"),
    "elements": ("<a>" * 201 + "</a>" * 201, "it is nested too deep"),
    "a tag": (f'<c r="A1" x="{"A" * 3_000_000}"/>', "a tag is too long"),
    "a comment": (f"<!--{'A' * 3_000_000}-->", "a tag is too long"),
}


@pytest.mark.parametrize("what", GREEDY)
def test_a_sheet_that_would_fill_the_memory(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells, told = GREEDY[what]
    for name, bound in (("MAX_ROW", 100), ("MAX_FORMULA", 50), ("MAX_TAG", 1 << 20)):
        monkeypatch.setattr(f"policyengine.records.xlsx.{name}", bound)
    monkeypatch.setattr(sheets, "_holdable", lambda *_: False)
    book(tmp_path / "x.xlsx", cells * 2)
    inputs, said = read_inputs([str(tmp_path / "x.xlsx")], None, None, schema())
    assert inputs is None
    assert codes(said, "error") == ["PE406"]
    assert told in said[0].message
