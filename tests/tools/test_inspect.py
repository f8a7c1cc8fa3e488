"""What ``inspect`` says of a file, for people and as data."""

# ruff: noqa: E501
from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policyengine.cli import main
from policyengine.records.read import read_inputs
from policyengine.tools.inspect import inspect, share
from tests.records.support import DATA, schema

SICHUAN = Path(__file__).parent.parent.parent / "policies" / "sichuan"


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", *arguments], standalone_mode=False)


def test_columns_units_and_unreadable_cells() -> None:
    (view,), said = inspect([str(DATA / "header-unit.csv")], schema())
    assert said == []
    assert [(c.header, c.read_as, c.how, c.unit) for c in view.columns] == [
        ("人员编号", "person_id", "name", None),
        ("学习日期", "date", "alias", None),
        ("时长（分钟）", "quantity", "alias", "分钟"),
    ]
    assert (view.rows, view.rejected, dict(view.problems)) == (3, 1, {"PE415": 1})
    assert [c.unreadable for c in view.columns] == [0, 0, 1]
    assert view.columns[2].samples[0]["value"] == "2学时"


def test_header_row_sheets_and_carried_columns() -> None:
    views, said = inspect(
        [str(DATA / "sheets.xlsx"), str(DATA / "title-rows.csv"), str(DATA / "person-columns.csv")], schema()
    )
    assert [(v.sheet, v.header_row) for v in views] == [("2015", 1), ("2016", 1), ("旧", 1), (None, 4), (None, 1)]
    assert [c.read_as for c in views[-1].columns] == ["person_id", None, None, "date", "quantity", None, None]
    assert {d.code for d in said} == {"PE440"}


def test_samples_hide_who_they_are_about(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "身份证号,学习日期,备注\n5.10101E+17,2016-03-05,\n510101190001010019,510101190001010019,\n"
        f"510101190001010019,王小明510101190001010019,\n510101190001010019,{'甲' * 30}510101190001010019,\n",
        encoding="utf-8",
    )
    text = _run(str(path)).stdout
    assert "5101011900" not in text  # nor the first digits, where a long cell is cut
    assert "510101190001010019" not in text
    assert "5.10101E+17" not in text
    assert "510101********0019" in text


def test_samples_of_whole_rows_hide_who_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "身份证号,学习日期\n1001,2016-03-05,王小明\n填表人：李四光,\n合计,\n510101190001010019 汇总,\n"
        '"510101190001010027,张三丰,2016\n',
        encoding="utf-8",
    )
    text = _run(str(path)).stdout
    assert all(code in text for code in ("PE425", "PE426"))
    assert "合计" in text
    assert not any(word in text for word in ("小明", "四光", "三丰", "510101190001010019", "510101190001010027"))


def test_json_has_the_same(tmp_path: Path) -> None:
    result = _run(str(DATA / "terms.csv"), "--format", "json")
    data = json.loads(result.stdout)
    assert data["usable"] is True
    assert data["tables"][0]["columns"][0] == {
        "number": 1, "header": "人员编号", "read_as": "person_id", "because_of": "name", "unit": None, "filled": 8,
        "unreadable": 0, "samples": [],
    }  # fmt: skip


def test_a_file_that_cannot_be_used_is_two() -> None:
    result = _run(str(DATA / "two-fit.csv"))
    assert result.return_value == 2


def test_persons_and_mapping() -> None:
    assert "employer_kind" in _run(str(DATA / "persons.csv"), "--as", "persons").stdout
    mapped = _run(str(DATA / "wide-forms.csv"), "--mapping", str(DATA / "wide-forms.mapping.yaml")).stdout
    assert "form=培训班" in mapped


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0%"), (0, 9, "0%"), (1, 8, "12.5%"), (1, 3, "33.3%"), (1, 10**6, "0.1%"), (10**6 - 1, 10**6, "99.9%"), (9, 9, "100%")],
)  # fmt: skip
def test_shares_are_never_rounded_to_all_or_nothing(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


FILES = sorted(p for p in DATA.iterdir() if p.is_file() and ".yaml" not in p.name)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_as_many_rows_as_evaluation_rejects(path: Path) -> None:
    """Of every file of the corpus, rows that share an id included."""
    views, _ = inspect([str(path)], schema())
    inputs, _ = read_inputs([str(path)], None, None, schema())
    if inputs is not None:
        counted = (sum(v.rows for v in views), sum(v.rejected for v in views))
        assert counted == (inputs.rows, inputs.rejected_rows)


def test_rows_that_share_an_id_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("编号,身份证号,学习日期,学时\nR1,P1,2016-01-05,8\nR2,P1,2016-01-06,8\nR1,P1,2016-01-07,8\n")
    text = _run(str(path)).stdout
    assert "3 rows: 1 would be read, 2 rejected (66.7%)" in text
    assert "PE423" in text


@pytest.mark.parametrize(
    ("purpose", "rows", "told"),
    [
        ("persons", "身份证号,姓名\nP1,张三\nP2,李四\nP1,张三\nP1,王五\nP2,李四\n",
         ["5 rows: 2 would be read, 3 rejected (60%)", "row 2 身份证号: P* PE424 the person stands at {}:5",
          "row 4 身份证号: P* PE424 the person stands at {}:5", "row 5 身份证号: P* PE424 the person stands at {}:2"]),
        ("circumstances", "身份证号,情形,起始日期,截止日期\nP1,病假,2016-06-30,2016-01-01\nP1,病假,2016-01-01,2016-01-01\n",
         ["2 rows: 1 would be read, 1 rejected (50%)", "row 2 起始日期: 2016-06-30 PE422 it ends before it starts"]),
    ],
)  # fmt: skip
def test_rows_of_persons_and_circumstances_that_evaluation_rejects(
    purpose: str, rows: str, told: list[str], tmp_path: Path
) -> None:
    """All of them were said to be readable."""
    path = tmp_path / "x.csv"
    path.write_text(rows, encoding="utf-8")
    shown = " ".join(_run(str(path), "--as", purpose, "--policy", str(SICHUAN)).stdout.split())
    for text in told:
        assert text.format(path) in shown


def test_where_no_column_is_the_day(tmp_path: Path) -> None:
    """Which column holds it is not guessed: 学习时间 may be a day or a length of time."""
    path = tmp_path / "r.csv"
    path.write_text("姓名;身份证号码;学习时间;学时\n例甲;P1;2016年3月5日;8\n".replace(";", ","))
    assert "no column is read as the day: name it date, or say which it is in a mapping file" in " ".join(
        _run(str(path)).stdout.split()
    )


def test_where_no_column_is_the_quantity(tmp_path: Path) -> None:
    """All rows can be read, and every record would count nothing; what is said to be written mends it."""
    path = tmp_path / "r.csv"
    path.write_text("身份证号码,学习日期,学时(45分钟)\nP1,2016-03-05,8\n", encoding="utf-8")
    said = "no column is read as the quantity: "
    assert said in " ".join(_run(str(path)).stdout.split())
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {quantity: 学时(45分钟)}\nunits: {quantity: hours}\n", encoding="utf-8")
    inputs, _ = read_inputs([str(path)], None, None, schema(mapping))
    assert inputs is not None
    assert [(r.quantity, r.unit) for r in inputs.records] == [(8, "hours")]
    assert said not in " ".join(_run(str(path), "--mapping", str(mapping)).stdout.split())


def test_a_cell_of_several_lines_is_shown_in_one(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        'person_id,date,form,quantity,unit\nP1,2016-01-01,"冥想\n9 rows: 9 would be read",5,hours\n', encoding="utf-8"
    )
    (view,), _ = inspect([str(path)], schema())
    assert [s["value"] for c in view.columns for s in c.samples] == ["冥想\ufffd9 rows: 9 would be read"]


def test_a_header_neither_commands_the_terminal_nor_turns_the_line(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("person_id,date,\x1b]0;x\x07no\u202ete,学时\nP1,2016-01-01,a,5\n", encoding="utf-8")
    text = _run(str(path)).stdout
    assert "\ufffd]0;x\ufffdno\ufffdte" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
