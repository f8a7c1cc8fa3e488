"""A file whose headers don't explain themselves: judged through a mapping file, explained, its rejects to be mended."""

from __future__ import annotations

import errno
import gc
import json
import os
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.cli.conftest import Run

POLICY = str(Path(__file__).parent.parent.parent / "policies" / "sichuan")
RECORDS = "档案号,办结日,做了什么,多久,凭据\nP1,2016-03-05,培训班,16,证1\nP1,2016-02-30,培训班,8,证2\n"
MAPPING = """
columns: {person_id: 档案号, date: 办结日, form: 做了什么, quantity: 多久, evidence: 凭据}
units: {quantity: 学时}
"""


def test_a_mapping_holds_for_judging_explaining_and_mending(tmp_path: Path, run: Run) -> None:
    records, mapping = tmp_path / "r.csv", tmp_path / "m.yaml"
    out, book = tmp_path / "out", tmp_path / "mend.xlsx"
    records.write_text(RECORDS, encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    given = [records, "--policy", POLICY, "--mapping", mapping]
    assert run("evaluate", *given, "--out", out, "--rejects-xlsx", book).code == 0
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["options"]["mapping"] == str(mapping)
    assert run("verify", out).code == 0
    told = run("explain", *given, "--person", "P1", "--period", "2016")
    assert "16 hours" in told.out
    assert run("explain", out, "--person", "P1", "--period", "2016").out == told.out

    sheet = load_workbook(book).worksheets[0]
    bad = next(c for row in sheet.iter_rows() for c in row if str(c.value).startswith("2016-02-30"))
    fine = next(c for row in sheet.iter_rows() for c in row if c.value == "培训班")
    assert bad.fill.fgColor.rgb != fine.fill.fgColor.rgb


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("r.csv", "PE910"),
        ("mending.xlsx", "PE910"),
        ("folder", "PE910"),
        ("no/x.xlsx", "PE902"),
        ("out/x.xlsx", "PE911"),
    ],
)
def test_a_rejects_workbook_overwrites_nothing(name: str, code: str, tmp_path: Path, run: Run) -> None:
    records = tmp_path / "r.csv"
    records.write_text("人员编号,日期,学时\nP1,16/3/5,8\n", encoding="utf-8")
    (tmp_path / "mending.xlsx").write_bytes(b"half mended")
    (tmp_path / "folder").mkdir()
    before = {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    given = ["evaluate", records, "--policy", POLICY, "--out", tmp_path / "out", "--rejects-xlsx", tmp_path / name]
    ran = run(*given)
    assert ran.code == 2
    assert [line for line in ran.err.splitlines() if "error" in line and code in line]
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("raised", "code"), [(KeyboardInterrupt(), 130), (OSError(errno.ENOSPC, "full", "out"), 2), (MemoryError(), 2)]
)
def test_a_run_that_fails_leaves_no_rejects_workbook(
    raised: BaseException, code: int, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that nothing was left, and would be refused the same name when it is run again."""
    records, book = tmp_path / "r.csv", tmp_path / "x.xlsx"
    records.write_text("人员编号,日期,学时\nP1,16/3/5,8\n", encoding="utf-8")
    given = ["evaluate", records, "--policy", POLICY, "--out", tmp_path / "out", "--rejects-xlsx", book]

    def fails(*_: object) -> None:
        assert book.exists()
        raise raised

    with monkeypatch.context() as patched:
        patched.setattr("policyengine.tools.evaluate.into.save", fails)
        assert run(*given).code == code
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    assert run(*given, "--strict").code == 2  # for what the workbook lists
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.csv", "x.xlsx"]


@pytest.mark.skipif(os.name != "posix", reason="links are those of POSIX")
def test_a_rejects_workbook_is_not_written_through_a_link_that_was_put_there(tmp_path: Path, run: Run) -> None:
    records, book, victim = tmp_path / "r.csv", tmp_path / "x.xlsx", tmp_path / "victim"
    records.write_text("人员编号,日期,学时\nP1,16/3/5,8\n", encoding="utf-8")
    (tmp_path / f".x.xlsx.{os.getpid()}").symlink_to(victim)
    assert run("evaluate", records, "--policy", POLICY, "--out", tmp_path / "out", "--rejects-xlsx", book).code == 0
    assert (book.exists(), victim.exists()) == (True, False)


@pytest.mark.parametrize("name", ["rejects.csv", "rejects", "rejects.xls"])
def test_a_rejects_workbook_has_the_name_of_one(name: str, tmp_path: Path, run: Run) -> None:
    records, book = tmp_path / "r.csv", tmp_path / name
    records.write_text("人员编号,日期,学时\nP1,16/3/5,8\n", encoding="utf-8")
    ran = run("evaluate", records, "--policy", POLICY, "--out", tmp_path / "out", "--rejects-xlsx", book)
    assert ran.code == 2
    assert f"{book}: error PE901: --rejects-xlsx writes a workbook, whose name ends in .xlsx" in ran.err
    assert list(tmp_path.iterdir()) == [records]


def test_rows_of_standard_input_are_listed(tmp_path: Path, run: Run) -> None:
    book = tmp_path / "x.xlsx"
    stdin = "人员编号,日期,学时\nP1,2016-03-05,8\nP1,16/3/5,8\n".encode()
    ran = run("evaluate", "-", "--policy", POLICY, "--rejects-xlsx", book, stdin=stdin)
    assert ran.code == 0
    assert "PE401" not in ran.err
    assert "PE443" in ran.err
    assert [s.max_row for s in load_workbook(book).worksheets] == [2]
    assert list(tmp_path.iterdir()) == [book]


def test_a_full_disk_while_the_workbook_is_written(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    unclosed: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", unclosed.append)
    monkeypatch.setattr("openpyxl.writer.excel.ExcelWriter.save", _full)
    records = tmp_path / "r.csv"
    records.write_text("人员编号,日期,学时\nP1,16/3/5,8\n", encoding="utf-8")
    ran = run("evaluate", records, "--policy", POLICY, "--rejects-xlsx", tmp_path / "x.xlsx")
    gc.collect()
    assert ran.code == 2
    assert "PE904" in ran.err
    assert unclosed == []
    assert list(tmp_path.iterdir()) == [records]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
