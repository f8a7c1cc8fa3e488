"""What a mapping file names and nothing has: an error with its line, for it would silently have something unread."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from policyengine.diagnostics import Diagnostic
from policyengine.records.mapping import load_mapping
from policyengine.records.mapping_check import unknown
from policyengine.records.rejects_xlsx import write_rejects
from policyengine.tools.inspect import inspect
from tests.records.support import both_ways, schema

ALIKE = {"r.csv": "人员编号,日期,学习形式,数量,单位,tіtle\nP1,2016-03-05,培训班,1,学时,T\n"}
CSV = {"r.csv": "人员编号,学习日期,数量,单位\nP1,2016-03-05,8,学时\n"}
TWO = {**CSV, "q.csv": "人员编号,学习日期,学时数量\nP1,2016-03-06,8\n"}
WIDE = {"w.csv": "人员编号,学习日期,培训班学时\nP1,2016-03-05,8\n"}
YEAR = {"e.csv": "员工,201601,201602\nA1,5,6\n"}
MONTHS = "".join(f"\n  '20160{m}': {{date: 2016-0{m}-15, unit: 学时}}" for m in (1, 2))
BOOK = {"b.xlsx": "2015年,2016年"}
BOOKS = {**BOOK, "c.xlsx": "2017年"}


def _mapping(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _codes(said: Sequence[Diagnostic]) -> str:
    return "; ".join(f"{d.severity} {d.code} {(d.span and d.span.line) or ''}".strip() for d in said)


# mapping, what it says, a word of the message or the hint
@pytest.mark.parametrize(
    ("text", "codes", "word"),
    [
        ("values: {foo: bar}", "error PE408 1", "foo"),
        ("columns:\n  person_id: a\n  quantitty: b", "error PE408 3", "mean quantity"),
        ("units: {nothing: 学时}", "error PE408 1", "there are: approved, "),
        ("columns: {person_id：姓名}", "error PE408 1", "half-width “: ” with a space"),
        ("columns:\n  人员编号: 姓名", "error PE408 2", "there is: person_id"),
        ("wide:\n  培训班学时: {forms: 培训班}", "error PE408 2", "mean form"),
        ("aliases: {columns: {persons: [x]}}", "error PE408 1", "persons"),
        ("aliases: {terms: {forms: {培训班: [x]}}}", "error PE408 1", "mean form"),
        ("aliases:\n  terms:\n    form: {培训课: [x]}", "error PE408 3", "培训班"),
        ("aliases: {terms: {form: {培训班: [x], training: [y]}}, columns: {kind: [z]}}", "", ""),
        ("columns: {region: a, to: b}", "", ""),
        ("wide:\n  培训班学时: {form: 培训班, quantity: '5'}", "error PE408 2", "are the quantity"),
        ("values: {form: 讲座}\nwide:\n  培训班学时: {form: 培训班}", "error PE408 3", "both in values and in wide"),
    ],
)
def test_what_the_law_does_not_know(text: str, codes: str, word: str, tmp_path: Path) -> None:
    path = _mapping(text, tmp_path)
    said = unknown(schema(path))
    assert _codes(said) == codes
    assert all(word in f"{d.message} {d.hint}" for d in said)


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
@pytest.mark.parametrize("levels", [60, 20_000])
def test_what_is_nested_too_deep_is_refused_at_once(opens: str, closes: str, levels: int, tmp_path: Path) -> None:
    """PyYAML goes through all open levels for each token: 5,000 brackets, a file of 10 KB, took minutes."""
    begun = time.perf_counter()
    mapping, said = load_mapping(str(_mapping(f"columns:\n  {opens * levels}{closes * levels}\n", tmp_path)))
    assert mapping is None
    assert _codes(said) == "error PE408 2"
    assert said[0].message == "this is nested deeper than 50 levels"
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize(
    "text", ["columns：{person_id: 姓名}", "columns：\n  person_id：姓名\n", "columns: person_id：姓名"]
)
def test_a_colon_of_full_width_is_named(text: str, tmp_path: Path) -> None:
    mapping, said = load_mapping(str(_mapping(text, tmp_path)))
    assert mapping is None
    assert [d.code for d in said] == ["PE408"]
    assert said[0].hint == "after a key stands a half-width “: ” with a space"


def test_a_key_of_aliases_that_there_is_not(tmp_path: Path) -> None:
    mapping, said = load_mapping(str(_mapping("aliases:\n  term: {form: {培训班: [短训]}}", tmp_path)))
    assert mapping is None
    assert _codes(said) == "error PE408 2"
    assert "term is not a key of aliases; there are columns, terms" in said[0].message


# mapping, files, what is said, a word of the first message or its hint, and how many records there are
@pytest.mark.parametrize(
    ("text", "files", "codes", "word", "records"),
    [
        ("columns: {quantity: 学时数}", CSV, "error PE408 1", "学时数", 0),
        ("columns: {quantity: 学时数量}", TWO, "", "", 2),
        ("columns: {region: 地区}", CSV, "", "", 1),  # a column of persons, and no file of persons
        ("columns: {person_id: 编码}", CSV, "error PE404; error PE408 1", "编码", 0),
        (
            "columns: {person_id: 编码}",
            {"r.csv": "510101190001010019,张三丰\n"},
            "error PE404; error PE408 1",
            "no header",
            0,
        ),
        ("columns: {person_id: 员工X}\nwide:" + MONTHS, YEAR, "error PE404; error PE408 1", "员工, 201601, 201602", 0),
        ("columns: {person_id: 员工}\nwide:" + MONTHS, YEAR, "", "", 2),
        ("ignore: [没有的列]", CSV, "warning PE408 1", "没有的列", 1),
        ("columns: {quantity: 数量}", ALIKE, "warning PE448 1", "tіtle", 1),
        ("ignore: [tіtle]", ALIKE, "", "", 1),  # that it looks like another is known
        ("wide:\n  培训学时: {form: 培训班}", WIDE, "error PE408 2", "mean 培训班学时", 0),
        ("wide:\n  培训班学时: {form: 培训班}\n  自学: {form: 自学}", WIDE, "error PE408 3", "自学", 0),
        ("sheets: [2106年]", BOOK, "error PE408; error PE408 1", "2015年, 2016年", 0),
        ("sheets: [2016年, 2106年]", BOOK, "warning PE440; error PE408 1", "2015年", 0),
        ("sheets: [2016年]", BOOK, "warning PE440", "2015年", 1),
        ("sheets: [2015年, 2017年]", BOOKS, "warning PE440", "2016年", 2),
        ("sheets: [2016年]", BOOKS, "warning PE440; error PE408", "2015年", 0),
        ("sheets: [2016年]", CSV, "error PE408 1", "2016年", 0),
        ("columns: {quantity: 数量}\nsheets: [x]", {"none.csv": ""}, "error PE402", "empty", 0),
    ],
)
def test_what_no_file_has(
    text: str, files: dict[str, str], codes: str, word: str, records: int, tmp_path: Path
) -> None:
    path = _mapping(text, tmp_path)
    names = []
    for name, content in files.items():
        names.append(str(tmp_path / name))
        if name.endswith("csv"):
            (tmp_path / name).write_text(content, encoding="utf-8")
            continue
        book = Workbook()
        book.remove(book.active)
        for title in content.split(","):
            sheet = book.create_sheet(title)
            for row in (["人员编号", "学习日期", "学时"], ["P1", f"{title[:4]}-03-05", 8]):
                sheet.append(row)
        book.save(tmp_path / name)
    (tmp_path / "tables").mkdir()
    of = schema(path)
    inputs, said = both_ways(names, None, None, of, tmp_path / "tables")
    assert sorted(_codes(said).split("; ")) == sorted(codes.split("; "))
    assert not said or any(word in f"{d.message} {d.hint}" for d in said)
    assert len(inputs.records if inputs else ()) == records
    _, told = inspect(names, of)
    assert sorted(_codes(told).split("; ")) == sorted(codes.split("; "))


def test_sheets_and_header_row_are_not_those_of_a_rejects_workbook(tmp_path: Path) -> None:
    path = _mapping("sheets: [2016年]\nheader_row: 3", tmp_path)
    book = Workbook()
    book.active.title = "2016年"
    for row in (["学时表"], ["填表人"], ["人员编号", "学习日期", "学时"], ["P1", "2016-03-05", "约8"]):
        book.active.append(row)
    source, mended = tmp_path / "r.xlsx", tmp_path / "mended.xlsx"
    book.save(source)
    of = schema(path)
    (tmp_path / "tables").mkdir()
    inputs, _ = both_ways([str(source)], None, None, of, tmp_path / "tables")
    assert inputs is not None
    write_rejects(mended, inputs.rejects, [str(source)], of)
    inputs, said = both_ways([str(source), str(mended)], None, None, of, tmp_path / "tables")
    assert inputs is not None
    assert [(Path(r.file).name, r.sheet, r.row) for r in inputs.rejects] == [("mended.xlsx", "r 2016年", 2)]
    assert _codes(said) == "warning PE440"
