"""Tables as files and back, exactly, in every format; the same table gives the same bytes."""

from __future__ import annotations

import gc
import json
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.diagnostics import PolicyError
from policyengine.messages import speak
from policyengine.tools.report.sheets import Workbook
from policyengine.tools.result.formats import FORMATS, SHEET_ROWS, read_rows, write_table
from policyengine.tools.result.tables import Column, Table

COLUMNS = (
    Column("who"),
    Column("hours", "figure"),
    Column("lines", "whole"),
    Column("day", "date"),
    Column("sure", "yes_no"),
)
ROWS = (
    ('张三, "quoted"\nsecond line', Fraction("87.5"), 3, date(2016, 2, 29), True),
    ("=1+1", Fraction(20, 9), None, None, False),
    ("'=already", None, -1, date(1999, 12, 31), None),
    ("", Fraction(0), 0, None, None),
)


def _back(path: Path, format: str, columns: tuple[Column, ...] = COLUMNS) -> list[tuple[object, ...]]:
    return [tuple(row[c.name] for c in columns) for row in read_rows(path, format, columns)]


@pytest.mark.parametrize("format", FORMATS)
def test_there_and_back(format: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{format}"
    write_table(Table("t", COLUMNS, ROWS), path, format)
    back = _back(path, format)
    assert [(r[0] or "", *r[1:]) for r in back] == list(ROWS)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_bytes(format: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_table(Table("t", COLUMNS, ROWS), tmp_path / f"{name}.{format}", format)
    assert (tmp_path / f"a.{format}").read_bytes() == (tmp_path / f"b.{format}").read_bytes()


def test_a_workbook_has_the_same_bytes_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(Table("t", COLUMNS, ROWS), tmp_path / "a.xlsx", "xlsx")
    monkeypatch.setattr(sys, "platform", "win32")
    write_table(Table("t", COLUMNS, ROWS), tmp_path / "b.xlsx", "xlsx")
    monkeypatch.undo()
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize("seconds", [0, 315_532_799, 4_354_819_200, 5_680_281_600])
def test_a_workbook_is_written_whatever_the_clock_says(
    seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1970, where a machine has lost its clock; the last second of 1979, the first of 2108, and 2150: archives have
    times from 1980 to 2107. The bytes are those of any other day."""
    write_table(Table("t", COLUMNS, ROWS), tmp_path / "today.xlsx", "xlsx")
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(seconds))
    write_table(Table("t", COLUMNS, ROWS), tmp_path / "then.xlsx", "xlsx")
    book = Workbook()
    book.sheet("t", ["a"], [["1"]])
    book.save(tmp_path / "report.xlsx")
    monkeypatch.undo()
    assert (tmp_path / "then.xlsx").read_bytes() == (tmp_path / "today.xlsx").read_bytes()
    assert [r[1] for r in _back(tmp_path / "then.xlsx", "xlsx")] == [Fraction("87.5"), Fraction(20, 9), None, 0]


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12),
            st.none() | st.fractions(max_denominator=1000),
        ),
        max_size=6,
    )
)
def test_any_text_and_figure(format: str, rows: list[tuple[str, Fraction | None]], tmp_path: Path) -> None:
    path = tmp_path / f"t.{format}"
    columns = COLUMNS[:2]
    write_table(Table("t", columns, rows), path, format)
    assert [(a or "", b) for a, b in _back(path, format, columns)] == rows


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("P\x011", "P_x0001_1"),
        ("a\x0bb\r\nc\td", "a_x000B_b_x000D_\nc\td"),
        ("R\ufffe", "R_xFFFE_"),  # the workbook could not be opened
        ("_x0041_ is no A", "_x005F_x0041_ is no A"),
        ("_x0041\x0b", "_x005F_x0041_x000B_"),
        ("_x004_ _X0041_", "_x004_ _X0041_"),
    ],
)
def test_a_workbook_holds_every_character(text: str, written: str, tmp_path: Path) -> None:
    """As Excel writes those that XML can't hold; people whose ids differ in one were told as one."""
    path = tmp_path / "t.xlsx"
    write_table(Table("t", COLUMNS[:1], [(text,)]), path, "xlsx")
    assert openpyxl.load_workbook(path).worksheets[0]["A2"].value == written
    assert _back(path, "xlsx", COLUMNS[:1]) == [(text,)]


CHANGED = {
    "figure": ("hours", "1e50000"),  # with more of them, its digits would fill the memory
    "list for a figure": ("hours", [1]),
    "list for a whole number": ("lines", [1]),
    "text for yes or no": ("sure", "perhaps"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_changed_value_is_no_such_table(case: str, tmp_path: Path) -> None:
    (name, value), path = CHANGED[case], tmp_path / "t.jsonl"
    write_table(Table("t", COLUMNS, ROWS[:1]), path, "jsonl")
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(ValueError, match=f"^row 1, {name}: .* as we write it$"):
        _back(path, "jsonl")


FORGED = {  # format, what is put for what, and what is told of it
    "no figure": ("csv", "20/9", "abc", "第 2 行，hours：“abc”不是本程序写出的数"),
    "a division by nothing": ("csv", "20/9", "1/0", "第 2 行，hours：“1/0”不是本程序写出的数"),
    "no power": ("csv", "20/9", "1e5x", "第 2 行，hours：“1e5x”不是本程序写出的数"),
    "no day": ("csv", "2016-02-29", "2016-02-30", "第 2 行，day：“2016-02-30”不是本程序写出的日期"),
    "no whole number": ("csv", ",7,", ",x,", "第 2 行，lines：“x”不是本程序写出的整数"),
    "neither yes nor no": ("csv", ",yes", ",maybe", "第 2 行，sure：“maybe”不是本程序写出的是或否"),
    "an id elsewhere": (
        "csv",
        "20/9",
        "a510101199001010016",
        "第 2 行，hours：“a510101\\*{8}0016”不是本程序写出的数",
    ),
    "an open quotation mark": ("csv", ",7,", ',"7,', "第 2 行不是 CSV：引号的位置不对"),
    "a row of JSON Lines": ("jsonl", '"20/9"', '"x"', "第 1 行，hours：“x”不是本程序写出的数"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_a_changed_table_holds_is_told_in_the_language_spoken(case: str, tmp_path: Path) -> None:
    """It was what Python says of it, in English and without the row."""
    format, old, new, told = FORGED[case]
    path = tmp_path / f"t.{format}"
    write_table(Table("t", COLUMNS, [("a", Fraction(20, 9), 7, date(2016, 2, 29), True)]), path, format)
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    speak("zh")
    try:
        with pytest.raises(ValueError, match=f"^{told}$"):
            _back(path, format)
    finally:
        speak("en")


@pytest.mark.parametrize(
    ("value", "told"), [(True, "True"), ("abc", "abc"), (date(2016, 2, 29), "2016-02-29 00:00:00")]
)
def test_what_a_changed_workbook_holds_is_told(value: object, told: str, tmp_path: Path) -> None:
    write_table(Table("t", COLUMNS[:2], [("a", Fraction(5))]), tmp_path / "t.xlsx", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book["t"].column_dimensions["A"].width >= 20  # an identity number has room
    book.worksheets[0]["B2"] = value
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(ValueError, match=f"^row 2, hours: '{told}' is not a figure as we write it$"):
        _back(tmp_path / "t.xlsx", "xlsx", COLUMNS[:2])


@pytest.mark.parametrize("line", ["[1]", "null", "1", '"who"', "[" * 100_000])
def test_a_line_that_is_no_object_is_told(line: str, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    write_table(Table("t", COLUMNS, ROWS[:1]), path, "jsonl")
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ValueError, match="line 2 is no JSON object"):
        _back(path, "jsonl")


def test_text_formats_write_decimals_and_fractions(tmp_path: Path) -> None:
    write_table(Table("t", COLUMNS[:2], [r[:2] for r in ROWS[1:]]), tmp_path / "t.csv", "csv")
    assert (tmp_path / "t.csv").read_text() == "who,hours\n'=1+1,20/9\n''=already,\n,0\n"
    write_table(
        Table("t", COLUMNS[:2], [("a", Fraction(35, 2)), ("b", Fraction(20, 9))]), tmp_path / "t.jsonl", "jsonl"
    )
    assert (tmp_path / "t.jsonl").read_text() == '{"who":"a","hours":17.5}\n{"who":"b","hours":"20/9"}\n'


def test_parquet_decimals_or_two_columns(tmp_path: Path) -> None:
    write_table(Table("t", COLUMNS[:2], [("a", Fraction("17.25"))]), tmp_path / "a.parquet", "parquet")
    write_table(Table("t", COLUMNS[:2], [("a", Fraction(20, 9))]), tmp_path / "b.parquet", "parquet")
    with duckdb.connect() as connection:
        described = connection.execute(f"describe select * from '{tmp_path}/a.parquet'").fetchall()
        assert [d[:2] for d in described] == [("who", "VARCHAR"), ("hours", "DECIMAL(18,2)")]
        described = connection.execute(f"describe select * from '{tmp_path}/b.parquet'").fetchall()
        assert [d[0] for d in described] == ["who", "hours_num", "hours_den"]


def test_a_sheet_that_is_too_small_is_said(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as error:
        write_table(Table("t", COLUMNS[:1], [("a",)] * SHEET_ROWS), tmp_path / "t.xlsx", "xlsx")
    assert error.value.diagnostics[0].code == "PE907"


@pytest.mark.parametrize(("length", "told"), [(32_767, False), (32_768, True)])
def test_a_text_that_no_cell_can_hold_is_said(length: int, told: bool, tmp_path: Path) -> None:
    """A list of missing facts was cut at what a spreadsheet holds, in the middle of one, and nobody was told."""
    table = Table("t", COLUMNS[:1], [("R" * length,)])
    if not told:
        write_table(table, tmp_path / "t.xlsx", "xlsx")
        assert [r["who"] for r in read_rows(tmp_path / "t.xlsx", "xlsx", COLUMNS[:1])] == ["R" * length]
        return
    with pytest.raises(PolicyError) as error:
        write_table(table, tmp_path / "t.xlsx", "xlsx")
    assert error.value.diagnostics[0].code == "PE907"
    assert "32768 characters" in error.value.diagnostics[0].message


@pytest.mark.parametrize("face", ["result", "report"])
def test_a_workbook_given_up_between_two_rows_says_nothing_of_its_own(
    face: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while rows are made: a sheet that is cleared away open shows a traceback below our message."""
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: said.append(what.exc_value))

    def interrupted() -> Iterator[tuple[str, ...]]:
        yield from [("a",)] * 3
        raise KeyboardInterrupt

    class Rows(list[tuple[str, ...]]):
        def __iter__(self) -> Iterator[tuple[str, ...]]:
            return interrupted()

    try:
        if face == "result":
            write_table(Table("t", COLUMNS[:1], Rows()), tmp_path / "t.xlsx", "xlsx")
        else:
            Workbook().sheet("t", ["who"], interrupted())
    except KeyboardInterrupt:
        ended = True
    gc.collect()
    assert ended
    assert said == []
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/styles.xml", "[Content_Types].xml", "docProps/core.xml"])
def test_a_small_workbook_that_would_fill_the_memory_is_not_opened(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("MAX_ABOUT", "MAX_TEXTS"):
        monkeypatch.setattr(f"policyengine.records.sheets.{bound}", 100_000)
    write_table(Table("t", COLUMNS[:1], [("a",)]), tmp_path / "t.xlsx", "xlsx")
    assert _back(tmp_path / "t.xlsx", "xlsx", COLUMNS[:1]) == [("a",)]
    with zipfile.ZipFile(tmp_path / "t.xlsx") as real, zipfile.ZipFile(tmp_path / "b.xlsx", "w", 8) as package:
        for own in set(real.namelist()) - {part}:
            package.writestr(own, real.read(own))
        package.writestr(part, b" " * 100_001)
    with pytest.raises(ValueError, match="unpacks to more than can be read"):
        _back(tmp_path / "b.xlsx", "xlsx", COLUMNS[:1])
