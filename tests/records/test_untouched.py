"""A rejects workbook that is given back as it was written: none of its rows is read, and each stands for its source."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from policyengine.messages import LANGUAGES, speak
from policyengine.records.model import Inputs
from policyengine.records.read import read_inputs
from policyengine.records.rejects_xlsx import LISTED, write_rejects
from tests.records.support import DATA, both_ways, record_lines, schema
from tests.records.test_corpus import CASES
from tests.records.workbooks import xlsx


def _codes(expected: dict[str, list[str]]) -> list[str]:
    return [line.split(" | ")[2] for line in expected.get("rejects", ())]


READ = [(p, found) for p in CASES if "errors" not in (found := yaml.load(p.read_text("utf-8"), yaml.BaseLoader))]
OF_RECORDS = [
    (p, found) for p, found in READ
    if found.get("purpose", "records") == "records" and any(c not in LISTED for c in _codes(found))
]  # fmt: skip
HEADER = "人员编号,学习日期,学时,note\n".encode()
DAMAGED = b"P\xff\xfe1"


def _again(files: list[str], mapping: Path | None, tmp_path: Path) -> tuple[Inputs, Inputs, Path]:
    """What is read of the files, and of the files with their rejects workbook; and the workbook."""
    of = schema(mapping)
    inputs, _ = read_inputs(files, None, None, of)
    assert inputs is not None
    path = tmp_path / "back.xlsx"
    assert write_rejects(path, inputs.rejects, files, of) == []
    (tmp_path / "tables").mkdir()
    again, said = both_ways([*files, str(path)], None, None, of, tmp_path / "tables")
    assert again is not None, said
    return inputs, again, path


@pytest.mark.parametrize(("case", "expected"), OF_RECORDS, ids=[p.name.split(".")[0] for p, _ in OF_RECORDS])
def test_nothing_of_the_corpus_is_read_that_was_rejected(
    case: Path, expected: dict[str, object], tmp_path: Path
) -> None:
    named = expected.get("files") or [p.name for p in DATA.glob(case.name.split(".")[0] + ".*") if p.suffix != ".yaml"]
    assert isinstance(named, list)
    mapping = DATA / str(expected["mapping"]) if "mapping" in expected else None
    before, after, path = _again([str(DATA / f) for f in named], mapping, tmp_path)
    assert record_lines(after) == record_lines(before)
    assert (after.rows, after.rejected_rows) == (before.rows, before.rejected_rows)
    assert {r.code for r in after.rejects if r.file != str(path)} <= {*LISTED}


# name, the bytes of the file below its header, codes that the workbook's row is rejected with
FAULTS = [
    ("bytes in an id", DAMAGED + b",2016-03-05,8,\n", "PE418"),
    ("bytes in a figure", b"P1,2016-03-05,8\xff,\n", "PE418"),
    ("bytes in a column carried along", b"P1,2016-03-05,8,\xff\n", "PE418"),
    ("bytes beyond the header", b"P1,2016-03-05,8,,\xff\n", "PE425"),
    ("a NUL", b"P1,2016-03-05,8,\0\n", "PE418"),
    ("a bell in a row with another fault", b"P\x071,?,8,\n", "PE418 PE410"),
    ("a cell that is too long", b"P1,2016-03-05,8," + b"x" * 40_000 + b"\n", "PE418"),
    ("a quotation mark that never closes", b'P1,2016-03-05,8,"x\nP2,2016-03-05,8,\n', "PE425"),
    ("nothing behind the quotation mark", b'P1,2016-03-05,8,"\nP2,2016-03-05,8,\n', "PE425"),
    ("one that opens too late", b'P1,2016-03-05,8,,,"\nP2,2016-03-05,8,\n', "PE425"),
    ("a comma beyond the header", b'P1,2016-03-05,8,,","\n', "PE425"),
    ("cells beyond the header", b"P1,2016-03-05,8,,x,y\n", "PE425"),
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("text", "codes"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_faults_that_a_text_does_not_show_stay(text: bytes, codes: str, language: str, tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    source.write_bytes(HEADER + text)
    speak(language)
    try:
        before, after, path = _again([str(source)], None, tmp_path)
    finally:
        speak("en")
    assert record_lines(after) == record_lines(before)
    assert after.rows == before.rows
    assert " ".join(r.code for r in after.rejects) == codes
    assert {r.file for r in after.rejects} == {str(path)}


@pytest.mark.parametrize(("language", "figure"), [("en", "90 (merged)"), ("zh", "90（合并）")])
def test_a_figure_for_several_rows_stays_one(language: str, figure: str, tmp_path: Path) -> None:
    source = tmp_path / "r.xlsx"
    rows = [["人员编号", "学习日期", "学时"], ["P1", "2016-03-05", 90], ["P2", "2016-03-06", None]]
    xlsx(source, rows, merged=[(1, 2, 2, 2)])
    speak(language)
    try:
        _, after, path = _again([str(source)], None, tmp_path)
        further = tmp_path / "further.xlsx"
        write_rejects(further, after.rejects, [str(source), str(path)], schema())
    finally:
        speak("en")
    assert after.records == ()
    assert [(r.row, r.column, r.value, r.code) for r in after.rejects] == [
        (2, "学时", figure, "PE431"),
        (3, "学时", figure, "PE431"),
    ]
    assert [c.value for c in load_workbook(further).worksheets[0]["C"]] == ["学时", figure, figure]
    book = load_workbook(path)
    book.worksheets[0]["C2"], book.worksheets[0]["C3"] = "45", "45学时"
    book.save(path)
    mended, _ = read_inputs([str(source), str(path)], None, None, schema())
    assert mended is not None
    assert [(r.person_id, r.quantity) for r in mended.records] == [("P1", 45), ("P2", 45)]
    assert mended.rejects == ()


def test_lines_that_are_no_objects_stay_rejected(tmp_path: Path) -> None:
    source, mapping = tmp_path / "r.jsonl", tmp_path / "m.yaml"
    source.write_bytes(b'{"hours": 1}\n[1]\n{"hours": 1, "hours": 2}\n{"hours": "\xff"}\n')
    mapping.write_text("values: {person_id: P1, date: 2016-03-05}", encoding="utf-8")
    before, after, _ = _again([str(source)], mapping, tmp_path)
    assert len(before.records) == len(after.records) == 1
    assert [r.code for r in after.rejects] == ["PE425", "PE425", "PE425"]


def test_ids_that_are_lists_stay_rejected(tmp_path: Path) -> None:
    source = tmp_path / "r.jsonl"
    source.write_text('{"person_id": ["P1"], "date": "2016-03-05", "hours": 1}\n', encoding="utf-8")
    _, after, _ = _again([str(source)], None, tmp_path)
    assert after.records == ()
    assert [r.code for r in after.rejects] == ["PE434"]


def test_what_is_too_much_in_a_mended_row_goes_into_the_next_workbook(tmp_path: Path) -> None:
    source = tmp_path / "r.csv"
    more = b"surplus cells,from file,from row"
    source.write_bytes(HEADER.strip() + b"," + more + b"\nP1,2016-03-05,8,,x,q.csv,2,y\n")
    _, after, path = _again([str(source)], None, tmp_path)
    assert after.records == ()
    assert [c.value for c in load_workbook(path).worksheets[0][2]][3:6] == [None, "x,y", str(source)]


def test_notes_beside_a_sheet_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policyengine.records.sheets._holdable", lambda *_: False)
    source = tmp_path / "r.xlsx"
    xlsx(source, [["人员编号", "学习日期"], ["P1", "?", None, "a note"]])
    _, after, path = _again([str(source)], None, tmp_path)
    assert [r.code for r in after.rejects] == ["PE410"]
    row = [c.value for c in load_workbook(path).worksheets[0][2]]
    assert (row[2:4], row[5:]) == ([f"{source}[Sheet]", "2"], [None, "a note"])
