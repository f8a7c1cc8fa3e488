"""One file that is given as records and as persons: what is said of it, and its rejected rows in the workbook."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from policyengine.records.rejects_xlsx import write_rejects
from tests.records.support import both_ways, codes, schema

REGISTER = """\
人员编号,姓名,学习日期,学习形式,学时
P1,张三,2016-03-05,培训班,8
,李四,2016-03,培训,八
"""


def test_its_columns_about_persons_are_applied_and_no_warning_says_otherwise(tmp_path: Path) -> None:
    register, other = tmp_path / "登记.csv", tmp_path / "人员.csv"
    register.write_text(REGISTER, encoding="utf-8")
    other.write_text("人员编号,姓名\nP1,张三\n", encoding="utf-8")
    of = schema()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    inputs, said = both_ways([str(register)], str(register), None, of, tmp_path / "a")
    assert inputs is not None
    assert inputs.persons["P1"].facts["name"] == "张三"
    assert "PE442" not in codes(said, "warning")
    _, said = both_ways([str(register)], str(other), None, of, tmp_path / "b")
    assert "PE442" in codes(said, "warning")


def test_a_rejected_row_has_in_each_sheet_what_is_wrong_with_it_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.csv").write_text(REGISTER, encoding="utf-8")
    of = schema()
    Path("a").mkdir()
    inputs, _ = both_ways(["r.csv"], "r.csv", None, of, tmp_path / "a")
    assert inputs is not None
    assert not write_rejects(Path("r.xlsx"), inputs.rejects, ["r.csv"], of, "r.csv")
    records, persons, _ = load_workbook("r.xlsx").worksheets
    assert [c.value for c in records[2]][-1] == (
        "学习日期: the day is missing (write it as 2016-03-05); "
        "学时: this is not a number (write digits, for example 12 or 7.5); "
        "人员编号: the row names no person (fill in the person's id)"
    )
    assert [c.value for c in persons[2]][-1] == "人员编号: the row names no person (fill in the person's id)"
