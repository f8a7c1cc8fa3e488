"""Files that can't be used at all, sources of every kind, and limits."""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from policyengine.diagnostics import Span
from policyengine.messages import speak
from policyengine.records import files
from policyengine.records.cells import UnitCell, unit
from policyengine.records.files import Source
from policyengine.records.header import Headers, find_header
from policyengine.records.mapping import load_mapping
from policyengine.records.parquet import read_parquet
from policyengine.records.raw import Row
from policyengine.records.read import read_inputs
from policyengine.records.schema import schema_of
from tests.records.support import BOUNDS, DATA, FIELDS, both_ways, codes, record_lines, reject_lines, schema

HEADER = "人员编号,学习日期,学时\n"


def _written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["no-such-file.csv"], "PE400", "no such file"),
        (["no-such-*.csv"], "PE401", "pattern"),
        ([], "PE401", "no records file"),
        (["a\0b"], "PE400", "NUL"),
    ],
)
def test_paths_that_lead_nowhere(arguments: list[str], code: str, word: str) -> None:
    inputs, said = read_inputs(arguments, None, None, schema())
    assert inputs is None
    assert [d.code for d in said] == [code]
    assert word in said[0].message
    assert said[0].hint


def test_a_misspelt_path_gets_the_nearest_one_suggested(tmp_path: Path) -> None:
    _written(tmp_path, "records.csv", HEADER)
    _, said = read_inputs([str(tmp_path / "recods.csv")], None, None, schema())
    assert "records.csv" in (said[0].hint or "")


@pytest.mark.parametrize("pattern", ["", "*", "*.xlsx", "?hidden.csv"])
def test_an_empty_folder_holds_no_records(pattern: str, tmp_path: Path) -> None:
    """A pattern that only a lock file or a hidden one fits stood for no records, without a word."""
    (tmp_path / ".hidden.csv").write_text(HEADER)
    (tmp_path / "~$lock.xlsx").write_bytes(b"x")
    inputs, said = read_inputs([str(tmp_path / pattern)], None, None, schema())
    assert inputs is None
    assert codes(said, "error") == ["PE401"]


def test_a_lock_file_that_is_named_is_told_as_one(tmp_path: Path) -> None:
    """A shell puts it in the place of *.xlsx; it was said to have no column for the person, with the name of whoever
    has the workbook open."""
    path = tmp_path / "~$r.xlsx"
    path.write_bytes(b"\x05Zhang".ljust(55) + b"Z\0h\0a\0n\0g\0".ljust(110))
    inputs, (said,) = read_inputs([str(path)], None, None, schema())
    assert inputs is None
    assert said.code == "PE400"
    assert said.message == "this is no table: a spreadsheet program keeps it while r.xlsx is open"


def test_a_header_alone_is_fine_where_a_persons_file_says_who_there_is(tmp_path: Path) -> None:
    records, persons = _written(tmp_path, "r.csv", HEADER), _written(tmp_path, "p.csv", "人员编号,姓名\nP1,张三\n")
    (tmp_path / "t").mkdir()
    inputs, said = both_ways([records], persons, None, schema(), tmp_path / "t")
    assert inputs is not None
    assert list(inputs.persons) == ["P1"]
    assert codes(said, "warning") == ["PE403"]


def test_the_same_file_twice_is_read_once(tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", HEADER + "P1,2016-03-05,1\n")
    inputs, said = read_inputs([path, str(tmp_path), str(tmp_path / "*.csv")], None, None, schema())
    assert inputs is not None
    assert inputs.rows == 1
    assert codes(said, "warning") == ["PE443", "PE443"]


def test_other_files_of_a_folder_are_named(tmp_path: Path) -> None:
    _written(tmp_path, "r.csv", HEADER + "P1,2016-03-05,1\n")
    said = []
    for name in ("a.md", "b.md"):
        _written(tmp_path, name, "x")
        said += [d.message for d in read_inputs([str(tmp_path)], None, None, schema())[1] if d.code == "PE443"]
    assert said == [
        "1 other file in the folder is not read: a.md", "2 other files in the folder are not read: a.md, b.md",
    ]  # fmt: skip


def test_a_folder_below_that_can_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in there is not known: nobody is judged without it."""
    (tmp_path / "sub").mkdir()
    for folder in (tmp_path, tmp_path / "sub"):
        _written(folder, "r.csv", HEADER + "P1,2016-03-05,1\n")
    scandir = os.scandir

    def refused(path: str) -> Any:
        if Path(path).name == "sub":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    inputs, said = read_inputs([str(tmp_path)], None, None, schema())
    assert inputs is None
    assert [(d.code, d.message) for d in said] == [("PE400", "the folder can't be read: Permission denied")]
    assert said[0].span == Span(str(tmp_path / "sub"))


@pytest.mark.parametrize(
    ("system", "hint"), [("linux", "check who may read it"), ("win32", "close it where Excel, WPS")]
)
def test_a_file_that_a_program_keeps_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, hint: str
) -> None:
    """Windows says that it is not permitted where only somebody has it open."""

    def refused(_: Path) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = _written(tmp_path, "r.csv", HEADER + "P1,2016-03-05,1\n")
    monkeypatch.setattr(files, "kind_of", refused)
    monkeypatch.setattr(sys, "platform", system)
    _, said = files.find_files([path])
    assert [(d.code, (d.hint or "")[: len(hint)]) for d in said] == [("PE400", hint)]


@pytest.mark.parametrize("pattern", ["**/*.csv", "*/*.csv", "*/r.csv", "**"])
def test_a_folder_that_a_pattern_can_not_look_into_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    """It was left out, with all that is in it, without a word."""
    for name in ("locked", "open"):
        (tmp_path / name).mkdir()
        _written(tmp_path / name, "r.csv", HEADER + "P1,2016-03-05,1\n")
    locked = str(tmp_path / "locked")
    for call in ("scandir", "stat", "lstat"):
        known = getattr(os, call)

        def refused(path: Any = ".", *a: Any, known: Any = known, call: str = call, **k: Any) -> Any:
            inside = isinstance(path, str | Path) and str(path).startswith(locked + os.sep)
            if inside or (call == "scandir" and str(path) == locked):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return known(path, *a, **k)

        monkeypatch.setattr(os, call, refused)
    _, said = read_inputs([str(tmp_path / pattern)], None, None, schema())
    assert [d.span.file for d in said if d.code == "PE400" and d.span] == [locked]


def test_a_folder_that_a_pattern_stands_for_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "2016").mkdir()
    _written(tmp_path, "2016.csv", HEADER + "P1,2016-03-05,1\n")
    inputs, said = read_inputs([str(tmp_path / "2016*")], None, None, schema())
    assert inputs is not None
    assert [(d.code, d.span) for d in said] == [("PE443", Span(str(tmp_path / "2016")))]
    assert not read_inputs([str(tmp_path / "**" / "2016*")], None, None, schema())[1]


@pytest.mark.skipif(os.name != "posix", reason="links are for administrators elsewhere")
def test_a_folder_below_that_is_a_link_is_told_of(tmp_path: Path) -> None:
    for name in ("given", "other"):
        (tmp_path / name).mkdir()
        _written(tmp_path / name, f"{name}.csv", HEADER + "P1,2016-03-05,1\n")
    (tmp_path / "given" / "2016").symlink_to(tmp_path / "other")
    inputs, said = read_inputs([str(tmp_path / "given")], None, None, schema())
    assert inputs is not None
    assert inputs.rows == 1
    assert [(d.code, d.span) for d in said] == [("PE443", Span(str(tmp_path / "given" / "2016")))]
    inputs, _ = read_inputs([str(tmp_path / "given"), str(tmp_path / "given" / "2016")], None, None, schema())
    assert inputs is not None
    assert inputs.rows == 2


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b'{"person_id": "P1", "date": "2016-03-05", "hours": 2}\n')

    monkeypatch.setattr(sys, "stdin", Stdin)
    inputs, _ = read_inputs(["-"], None, None, schema())
    assert inputs is not None
    assert record_lines(inputs) == ["stdin:1 | P1 | 2016-03-05 | 2 hours |"]
    assert list(inputs.digests) == ["<stdin>"]


def test_a_copy_of_standard_input_that_can_not_be_removed_is_left(tmp_path: Path) -> None:
    """On Windows, where a run that failed has it open: at the end of the program nobody is there to tell."""
    files._remove(str(tmp_path))
    assert tmp_path.exists()


def test_files_with_one_name_have_records_with_names_of_their_own(tmp_path: Path) -> None:
    for folder in ("a", "b", "t"):
        (tmp_path / folder).mkdir()
    one = _written(tmp_path / "a", "r.csv", HEADER + "P1,2016-03-05,1\n")
    two = _written(tmp_path / "b", "r.csv", HEADER + "P1,2016-03-05,1\n")
    inputs, _ = both_ways([one, two], None, None, schema(), tmp_path / "t")
    assert inputs is not None
    assert [r.record_id for r in inputs.records] == [f"{one}:2", f"{two}:2"]


def test_a_cell_of_ten_megabytes_costs_its_row(tmp_path: Path) -> None:
    rows = ["P1,2016-03-05,1,好", f"P2,2016-03-05,1,{'x' * 10_000_000}", "P3,2016-03-05,1,好"]
    path = _written(tmp_path, "r.csv", "人员编号,学习日期,学时,名称\n" + "\n".join(rows))
    (tmp_path / "t").mkdir()
    inputs, _ = both_ways([path], None, None, schema(), tmp_path / "t")
    assert inputs is not None
    assert [r.person_id for r in inputs.records] == ["P1", "P3"]
    assert reject_lines(inputs.rejects, with_value=False) == ["3 | 名称 | PE417"]
    assert len(inputs.rejects[0].value or "") < 300


def test_a_line_without_end_costs_its_row(tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", HEADER + "P1," + "x" * 17_000_000 + "\nP2,2016-03-05,1\n")
    inputs, _ = read_inputs([path], None, None, schema())
    assert inputs is not None
    assert [r.person_id for r in inputs.records] == ["P2"]
    assert [r.code for r in inputs.rejects] == ["PE417"]


def test_unclosed_quotes_take_linear_time(tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", HEADER + 'P1,2016-03-05,"1\n' * 3 + "P2,2016-03-05,1\n" * 20_000)
    inputs, _ = read_inputs([path], None, None, schema())
    assert inputs is not None
    assert inputs.rows == len(inputs.records) + inputs.rejected_rows
    assert len(inputs.records) >= 20_000


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({}, {"type": "text"}, ["PE430"]),
        ({}, {"of": "person"}, ["PE430"]),
        ({"unit": "minutes"}, {"unit": "clock_hours"}, ["PE430"]),  # 50 of the one would be beyond the 10 of the other
        ({"unit": "minutes"}, {}, []),
        ({"type": "term", "terms": "form"}, {"type": "term", "terms": "subject"}, ["PE430"]),
        ({"maximum": Fraction(600)}, {"maximum": Fraction(10)}, []),
    ],
)
def test_two_packs_that_disagree_on_a_column_are_an_error(
    one: dict[str, Any], other: dict[str, Any], said: list[str]
) -> None:
    from dataclasses import dataclass

    from policyengine.language.vocabulary import FieldDecl, Vocabulary, vocabulary

    @dataclass
    class Planned:
        vocabulary: Vocabulary
        bounds: dict  # type: ignore[type-arg]
        policy: str = "p"

    known: dict[str, Any] = {"id": "length", "of": "record", "type": "number"}
    fields = [FieldDecl(**{**known, **more}) for more in (one, other)]
    both = schema_of(Planned(vocabulary([], [*FIELDS, f]), BOUNDS) for f in fields)
    inputs, problems = read_inputs([str(DATA / "plain.csv")], None, None, both)
    assert (inputs is None) == bool(said)
    assert codes(problems, "error") == said


def test_of_two_packs_the_strictest_bounds_hold() -> None:
    from dataclasses import dataclass

    from policyengine.language.vocabulary import Vocabulary, vocabulary

    @dataclass
    class Planned:
        vocabulary: Vocabulary
        bounds: dict  # type: ignore[type-arg]
        policy: str = "p"

    words = vocabulary([], FIELDS)
    narrow = {"hours": (Fraction(1), Fraction(100), 1), "items": (Fraction(0), Fraction(5), 0)}
    both = schema_of([Planned(words, BOUNDS), Planned(words, narrow)])
    assert both.quantity_bounds("hours") == (Fraction(1), Fraction(100), 1)
    assert both.quantity_bounds("items") == narrow["items"]
    assert both.quantity_bounds("minutes") == BOUNDS["minutes"]


def test_the_header_is_the_row_that_names_most_columns() -> None:
    headers = Headers(schema(), "records")
    head = [
        Row(1, ["人员编号"]),
        Row(2, ["备注", "x"]),
        Row(3, ["人员编号", "学习日期", "学时"]),
        Row(4, ["P1", "2016-03-05", "1"]),
    ]
    found = find_header(head, headers)
    assert found is not None
    assert found[1:] == (3, 3)


def test_a_title_and_an_empty_line_above_the_header() -> None:
    """The empty line is not among the rows, but counts."""
    head = [Row(1, ["登记表", "", ""]), Row(3, ["人员编号", "学习日期", "学时"]), Row(4, ["P1", "2016-03-05", "1"])]
    found = find_header(head, Headers(schema(), "records"))
    assert found is not None
    assert found[1:] == (3, 2)


# the header, the mapping file, and the hint of PE405
@pytest.mark.parametrize(
    ("header", "mapping", "hint"),
    [
        ("人员编号,日期,数量,数量", "", "rename one of the two in the file"),
        ("人员编号,日期,数量,数量*", "", "rename one of the two in the file"),
        ("人员编号,日期,数量,数量", "columns: {quantity: 数量}", "rename one of the two in the file"),
        ("人员编号,日期,数量,时长", "", 'columns: {quantity: "数量"}'),
        ("人员编号,工号,日期,学时", "", 'columns: {person_id: "人员编号"}'),
        (
            "人员编号,日期,数量[个],时长[分]",
            "aliases: {columns: {quantity: ['数量[个]', '时长[分]']}}",
            'columns: {quantity: "数量[个]"}',
        ),
        ("人员编号,日期,数量", "values: {quantity: '8'}", 'ignore: ["数量"]'),
        ("人员编号,日期,数量,培训班", "wide: {培训班: {form: 培训班}}", 'ignore: ["数量"]'),
        ("人员编号,日期,学习形式,培训班", "wide: {培训班: {form: 培训班, unit: 学时}}", 'ignore: ["学习形式"]'),
        ("人员编号,日期,科目,2016年", "wide: {2016年: {date: 2016-12-31, unit: 学时}}", 'ignore: ["日期"]'),
    ],
)
def test_two_columns_for_one_and_how_to_settle_it(header: str, mapping: str, hint: str, tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", header + "\nP1,2016-03-05,12,40\n")
    inputs, said = read_inputs([path], None, None, schema(Path(_written(tmp_path, "m.yaml", mapping))))
    assert inputs is None
    assert codes(said, "error") == ["PE405"]
    assert (said[0].hint or "").endswith(hint) or hint.startswith("rename")
    if not hint.startswith("rename"):
        settled = schema(Path(_written(tmp_path, "m.yaml", f"{mapping}\n{hint}")))
        assert read_inputs([path], None, None, settled)[0] is not None


def test_a_cell_of_a_wide_table_that_means_nothing_is_no_record(tmp_path: Path) -> None:
    """As an empty one is none: there was no such activity, so that nothing is open about it."""
    rows = 'P1,2016-03-05,12,/\nP2,2016-03-05,不详,8\nP3,2016-03-05, / ,"=""/"""\nP4,2016-03-05,暂无,\u200b\n'
    path = _written(tmp_path, "r.csv", "人员编号,日期,培训班,远程\n" + rows)
    mapping = "wide: {培训班: {form: 培训班, unit: 学时}, 远程: {form: 讲座, unit: 学时}}\nempty: [不详, /]"
    inputs, _ = both_ways([path], None, None, schema(Path(_written(tmp_path, "m.yaml", mapping))), tmp_path)
    assert inputs is not None
    assert [(r.person_id, r.quantity) for r in inputs.records] == [("P1", 12), ("P2", 8)]
    assert [(r.row, r.column, r.code) for r in inputs.rejects] == [(4, None, "PE429"), (5, "培训班", "PE411")]


def test_a_rejected_cell_of_a_wide_table_has_the_id_that_its_record_would_have(tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", "人员编号,登记编号,日期,培训班,远程\nP1,R1,2016-03-05,x,3\nP2,,2016-03-05,x,3\n")
    mapping = "wide: {培训班: {form: 培训班, unit: 学时}, 远程: {form: 讲座, unit: 学时}}"
    inputs, _ = both_ways([path], None, None, schema(Path(_written(tmp_path, "m.yaml", mapping))), tmp_path)
    assert inputs is not None
    assert [r.record_id for r in inputs.records] == ["R1:远程", "r.csv:3:远程"]
    assert [(r.row, r.column, r.record_id) for r in inputs.rejects] == [(2, "培训班", "R1:培训班"), (3, "培训班", None)]


def test_ids_that_two_rows_of_a_wide_table_share_are_rejected_in_one_order(tmp_path: Path) -> None:
    """By the first row, then by the id: the columns stand in another order, and queries have none."""
    rows = "P1,R1,2016-03-05,3,4,5\nP1,R2,2016-03-06,3,,\nP2,R1,2016-03-07,3,4,5\nP2,R2,2016-03-08,3,,\n"
    path = _written(tmp_path, "r.csv", "人员编号,登记编号,日期,远程,培训班,自学\n" + rows)
    wide = "远程: {form: 讲座, unit: 学时}, 培训班: {form: 培训班, unit: 学时}, 自学: {form: 自学, unit: 学时}"
    mapping = schema(Path(_written(tmp_path, "m.yaml", f"wide: {{{wide}}}")))
    inputs, _ = both_ways([path], None, None, mapping, tmp_path)
    assert inputs is not None
    expected = [(row, f"R1:{form}") for form in ("培训班", "自学", "远程") for row in (2, 4)]
    assert [(r.row, r.record_id) for r in inputs.rejects] == [*expected, (3, "R2:远程"), (5, "R2:远程")]


# the header of the third column, the mapping file, and the quantity that its 12 is
@pytest.mark.parametrize(
    ("header", "mapping", "expected"),
    [
        ("学时,学分", "columns: {quantity: 学时}\nignore: [学分]", "12 hours"),
        ("学分,学时", "columns: {quantity: 学分}\nignore: [学时]", "12 credits"),
        ("时长(分钟),x", "columns: {quantity: 时长(分钟)}", "12 minutes"),
        ("时长（分钟）,x", "aliases: {columns: {quantity: [时长(分钟)]}}", "12 minutes"),
        ("学习量/学时,x", "columns: {quantity: 学习量/学时}", "12 hours"),
        ("字数(千字),x", "columns: {quantity: 字数(千字)}", "12000 characters"),
        ("学时(课时),x", "", "12 hours"),
        ("数量,x", "columns: {quantity: 数量}", "12 -"),
    ],
)
def test_a_mapped_header_keeps_the_unit_that_it_names(header: str, mapping: str, expected: str, tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", f"人员编号,日期,{header}\nP1,2016-03-05,12,\n")
    (tmp_path / "t").mkdir()
    of = schema(Path(_written(tmp_path, "m.yaml", mapping)))
    inputs, said = both_ways([path], None, None, of, tmp_path / "t")
    assert inputs is not None, said
    assert record_lines(inputs) == [f"r.csv:2 | P1 | 2016-03-05 | {expected} |"]


def test_a_mapped_measure_keeps_its_unit_and_a_mapped_date_has_none(tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", "人员编号,日期(日),费用(万元)\nP1,2016-03-05,1.2\n")
    of = schema(Path(_written(tmp_path, "m.yaml", "columns: {date: 日期(日), cost: 费用(万元)}")))
    inputs, said = read_inputs([path], None, None, of)
    assert inputs is not None, said
    assert record_lines(inputs) == ["r.csv:2 | P1 | 2016-03-05 | - - | cost=12000"]


# the header, and what the hint says of its units
@pytest.mark.parametrize(
    ("header", "mends"),
    [
        ("学时(小时)", ["units: {quantity: 学时}", "units: {quantity: 小时}"]),
        ("学时/学分", ["units: {quantity: 学时}", "units: {quantity: 学分}"]),
        ("学分/学时", ["units: {quantity: 学分}", "units: {quantity: 学时}"]),
        ("学时（学分）", ["units: {quantity: 学时}", "units: {quantity: 学分}"]),
        ("学时[天]", ["units: {quantity: 学时}", "units: {quantity: 天}"]),
        ("学时（元）", ["units: {quantity: 学时}"]),
        ("学时数(分钟)", ["units: {quantity: 学时}", "units: {quantity: 分钟}"]),
        ("时长(小时)(学时)", ["units: {quantity: 小时}", "units: {quantity: 学时}"]),
    ],
)
def test_a_header_of_two_units_is_not_settled_unseen(header: str, mends: list[str], tmp_path: Path) -> None:
    path = _written(tmp_path, "r.csv", f"人员编号,日期,{header}\nP1,2016-03-05,12\n")
    for mapping in ("", f'columns: {{quantity: "{header}"}}'):
        inputs, said = read_inputs([path], None, None, schema(Path(_written(tmp_path, "m.yaml", mapping))))
        assert inputs is None
        assert codes(said, "error") == ["PE409"]
        hint = (said[0].hint or "").partition(": ")[2]
        assert hint.split(", or ") == [*mends, f'ignore: ["{header}"]']
        for mend in [] if mapping else hint.split(", or "):
            inputs, _ = read_inputs([path], None, None, schema(Path(_written(tmp_path, "m.yaml", mend))))
            assert inputs is not None
            read = unit(mend[17:-1]) if mend.startswith("units") else None
            assert inputs.records[0].unit == (read.unit if isinstance(read, UnitCell) else None)


# two files, one of them with a header of two units; the mapping that settles it is not right for the other
@pytest.mark.parametrize(
    ("other", "more", "expected"),
    [
        ("数量", "", "90 hours"),
        ("课时", "", "90 hours"),
        ("时长(分钟)", "", "PE409"),
        ("时长[分钟]", "", "PE409"),
        ("学分", "", "PE409"),
        ("时长(分钟)", "\ncolumns: {quantity: 时长(分钟)}", "90 hours"),
    ],
)
def test_units_of_a_mapping_file_do_not_overrule_a_header(other: str, more: str, expected: str, tmp_path: Path) -> None:
    one = _written(tmp_path, "a.csv", "人员编号,日期,学时(小时)\nP1,2016-03-05,12\n")
    two = _written(tmp_path, "b.csv", f"人员编号,日期,{other}\nP1,2016-03-05,90\n")
    of = schema(Path(_written(tmp_path, "m.yaml", "units: {quantity: 学时}" + more)))
    inputs, said = read_inputs([two] if more else [one, two], None, None, of)
    if inputs is None:
        assert codes(said, "error") == [expected]
        unit_of = "credits" if other == "学分" else "minutes"
        assert said[0].message == f"the header {other} says {unit_of}, the mapping file hours (units: quantity)"
        way = (said[0].hint or "").partition("name it too: ")[2]
        of = schema(Path(_written(tmp_path, "m.yaml", f"units: {{quantity: 学时}}\n{way}")))
        assert read_inputs([two], None, None, of)[0] is not None
    else:
        assert record_lines(inputs)[-1] == f"b.csv:2 | P1 | 2016-03-05 | {expected} |"


TITLES = "".join(f"说明{i}\n" for i in range(1, 31))


# the mapping file, the file, and the records or the hint of PE404
@pytest.mark.parametrize(
    ("mapping", "content", "expected"),
    [
        ("header_row: 31", TITLES + HEADER + "P1,2016-03-05,1\n", ["r.csv:32 | P1 | 2016-03-05 | 1 hours |"]),
        ("header_row: 30", TITLES + HEADER + "P1,2016-03-05,1\n", "row 30 (header_row) reads: 说明30;"),
        ("header_row: 40", TITLES + HEADER + "P1,2016-03-05,1\n", "row 40 (header_row) reads: nothing;"),
        ("", TITLES + HEADER + "P1,2016-03-05,1\n", "row 31 looks like a header"),
        ("", TITLES + "人员编号,某院\n", "the first row reads: 说明1;"),
        ("values: {person_id: P7}", "学习日期;学时\n2016-03-05;1\n", ["r.csv:2 | P7 | 2016-03-05 | 1 hours |"]),
        ("values: {person_id: P7}", "张三\n\n学习日期,学时\n2016-03-05,1\n", ["r.csv:4 | P7 | 2016-03-05 | 1 hours |"]),
        ("values: {person_id: P7}", "张三\n", "the first row reads: 张三;"),
        ("", "510101190001010019,张三丰,培训班\n", "the first row holds numbers, days or ids"),
        ("", "P0012,张三丰\n", "the first row holds numbers, days or ids"),
        ("", "张三丰,2016/3/5\n", "the first row holds numbers, days or ids"),
        ("", "张三丰,12学时\n", "the first row holds numbers, days or ids"),
        ("header_row: 2", HEADER + "P1,2016-03-05,1\n", "row 2 (header_row) holds numbers, days or ids"),
        ("", "姓名,2016,2017年,1月\n", "the first row reads: 姓名, 2016, 2017年, 1月;"),
        ("", "姓名,201601,201602,201603\n", "the first row reads: 姓名, 201601, 201602, 201603;"),
        ("", "201601,张三丰,201602\n", "the first row holds numbers, days or ids"),
        ("", "201601,201602,201603,张三丰,12\n", "the first row holds numbers, days or ids"),
    ],
)  # fmt: skip
def test_headers_that_the_mapping_file_finds(
    mapping: str, content: str, expected: list[str] | str, tmp_path: Path
) -> None:
    path = _written(tmp_path, "r.csv", content)
    of = schema(Path(_written(tmp_path, "m.yaml", mapping)))
    (tmp_path / "t").mkdir()
    inputs, said = both_ways([path], None, None, of, tmp_path / "t")
    if inputs is not None:
        assert record_lines(inputs) == expected
    else:
        assert codes(said, "error") == ["PE404"]
        hint = said[0].hint or ""
        assert hint.startswith(str(expected))
        if "looks like" in hint:  # what it says to write does what it says
            _written(tmp_path, "m.yaml", hint.partition("mapping file: ")[2])
            (tmp_path / "u").mkdir()
            assert both_ways([path], None, None, schema(tmp_path / "m.yaml"), tmp_path / "u")[0] is not None
        assert "张三丰" not in f"{said}"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("<div><table><tr><td>人员编号</td></tr></table></div>", "web page"),
        ("\ufeff\r\n<style>td{mso-number-format:'\\@'}</style><table><tr><td>1</td></tr></table>", "web page"),
        ("<!-- 导出 --><table></table>", "web page"),
        ("MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html></html>", "web page"),
        ("<html><table></table></html>".encode("utf-16"), "web page"),
        (b"\x09\x00\x04\x00\x02\x00\x10\x00\x0a\x00\x00\x00", "very old Excel"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(40), "very old Excel"),
    ],
)
def test_what_systems_export_as_xls_is_told_by_what_it_is(content: str | bytes, word: str, tmp_path: Path) -> None:
    """Not by its first line as if that were a header."""
    _, said = read_inputs([_written(tmp_path, "r.xls", content)], None, None, schema())
    assert [d.code for d in said] == ["PE406"]
    assert word in said[0].message


@pytest.mark.parametrize(("name", "encoding"), [("r.jsonl", "utf-16"), ("r.txt", "utf-16"), ("r.jsonl", "utf-16-be")])
def test_json_in_utf16_is_told_to_be_saved_as_utf8(name: str, encoding: str, tmp_path: Path) -> None:
    """What PowerShell 5 makes with >: its header read nothing, and it was said to name no person."""
    text = '\ufeff{"person_id": "P1"}\n' if encoding == "utf-16-be" else '{"person_id": "P1"}\n'
    _, said = read_inputs([_written(tmp_path, name, text.encode(encoding))], None, None, schema())
    assert [(d.code, d.message) for d in said] == [("PE406", "this is JSON in UTF-16")]


def test_text_in_utf16_named_xls_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path, "r.xls", (HEADER.replace(",", "\t") + "P1\t2016-03-05\t8\n").encode("utf-16"))
    inputs, _ = both_ways([path], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [(r.person_id, r.quantity) for r in inputs.records] == [("P1", 8)]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("人员编号，日期，学时\nP1，2016-03-05，8\n", 0, "parted by ，"),
        ("人员编号|日期|学时\nP1|2016-03-05|8\n", 0, "parted by |"),
        ("说明，日期，学时\nP1，2016-03-05，8\n", 0, "the first row reads"),
        ("pеrson_id,date,form\nP1,2016-03-05,training\n", 0, "in pеrson_id е (U+0435) only looks like what the name"),
        ("2016年汇总,,\n姓名,身份证号,公需课\n张三,P1,8\n", 2, "wide:"),
    ],
)
def test_a_header_that_is_none_is_told_by_what_stands_there(tmp_path: Path, text: str, place: int, word: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "a").mkdir()
    inputs, (told,) = both_ways([str(path)], None, None, schema(), tmp_path / "a")
    assert inputs is None
    assert told.code == "PE404"
    assert told.span is not None
    assert told.span.line == place
    assert word in str(told.hint)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("colums: {}", "not a key"),
        ("columns: [a]", "pairs"),
        ("columns: {a: b, a: c}", "twice"),
        ("header_row: x", "row number"),
        ("columns: {quantity: 数量}\nignore: [备注, 数 量]", "both in columns and in ignore"),
        ("columns: {person_id: [a]}", "one text"),
        ("a: &x 1\nb: *x", "aliases"),
        ("columns: {", "missing"),
        ("\udcff", "not UTF-8"),
        ("columns:\n\tdate: 日期", "a tab"),
        ("columns：\n  date: 日期", "full-width"),
        ("empty: [不详、/]", "one word to YAML"),
        ("empty: 不详，/", "one word to YAML"),
        ("aliases: {columns: {person_id: [档案号；编码]}}", "one word to YAML"),
        ("aliases: {terms: {form: {培训班: [短训班、面授]}}}", "one word to YAML"),
    ],
)
def test_mapping_files_that_are_wrong(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    mapping, said = load_mapping(str(path))
    assert mapping is None
    assert {d.code for d in said} == {"PE408"}
    assert any(word in d.message for d in said)


def test_a_word_in_quotes_may_have_a_chinese_comma_in_it(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("empty: ['不详、/']\nignore: [地点、时间]\n", encoding="utf-8")
    mapping, said = load_mapping(str(path))
    assert not said
    assert mapping is not None
    assert (mapping.empty, mapping.ignore) == (("不详、/",), ("地点、时间",))


def test_a_missing_mapping_file_says_so() -> None:
    assert [d.code for d in load_mapping("no-such.yaml")[1]] == ["PE408"]


@pytest.mark.parametrize(
    ("name", "language", "text"),
    [
        ("", "zh", "无法读取对照文件：它是文件夹"), ("no-such.yaml", "zh", "无法读取对照文件：没有这个文件"),
        ("", "en", "the mapping file can't be read: Is a directory"),
    ],
)  # fmt: skip
def test_why_a_mapping_file_can_not_be_read(name: str, language: str, text: str, tmp_path: Path) -> None:
    speak(language)
    try:
        found, (problem,) = load_mapping(str(tmp_path / name))
    finally:
        speak("en")
    assert (found, problem.code, problem.message) == (None, "PE408", text)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("[]", None), ("{}", None), ("[null]", None), ('["", [], {}]', None), ('{"no": null, "files": []}', None),
        ("null", None), ('["C1", "C2"]', '["C1", "C2"]'), ("[false]", "[false]"), ('{"no": "C1"}', '{"no": "C1"}'),
    ],
)  # fmt: skip
def test_a_list_of_json_without_a_value_is_no_proof(cell: str, said: str | None, tmp_path: Path) -> None:
    line = f'{{"person_id": "P1", "date": "2016-03-05", "evidence": {cell}}}\n'
    inputs, _ = both_ways([_written(tmp_path, "r.jsonl", line)], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [dict(r.facts).get("evidence") for r in inputs.records] == [said]


@pytest.mark.parametrize("key", ["person_id", "record_id"])
@pytest.mark.parametrize("cell", ['["P1"]', '["P1", "P2"]', '{"id": "P1"}', "[1]", '"[1]"'])
def test_a_list_or_object_of_json_is_nobodys_id(key: str, cell: str, tmp_path: Path) -> None:
    whole = {"person_id": '"P1"', "record_id": '"R1"', "date": '"2016-03-05"'} | {key: cell}
    lines = "{" + ", ".join(f'"{k}": {v}' for k, v in whole.items()) + "}\n"
    inputs, _ = both_ways([_written(tmp_path, "r.jsonl", lines)], None, None, schema(), tmp_path)
    assert inputs is not None
    assert [(r.column, r.code) for r in inputs.rejects] == [(key, "PE434")]
    assert inputs.records == ()


# what stands in the place of a value; whether the row is read
@pytest.mark.parametrize(
    ("value", "read_too"),
    [
        ("[" * 99 + "]" * 99, True),  # the object itself is the first level
        ("[" * 100 + "]" * 100, False),
        ('{"a":' * 900 + "1" + "}" * 900, False),
        ("[" * 100_000 + "]" * 100_000, False),
        (json.dumps("[{" * 200), True),
        ("[" + "[]," * 200 + "[]]", True),
    ],
    ids=lambda v: str(v)[:12],
)
def test_a_value_of_json_that_is_nested_too_deep(value: str, read_too: bool, tmp_path: Path) -> None:
    lines = (f'{{"人员编号": "P{n}", "学习日期": "2016-03-05", "备注": {v}}}\n' for n, v in enumerate((value, "1")))
    path = _written(tmp_path, "r.jsonl", "".join(lines))
    (tmp_path / "tables").mkdir()
    inputs, _ = both_ways([path], None, None, schema(), tmp_path / "tables")
    assert inputs is not None
    assert [r.row for r in inputs.records] == ([1, 2] if read_too else [2])
    assert [(r.row, r.reason) for r in inputs.rejects] == (
        [] if read_too else [(1, "a value is nested deeper than 100 levels")]
    )


def test_a_folder_named_as_an_address_begins_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``file:/…`` is read from there, not from the root of the machine."""
    monkeypatch.chdir(tmp_path)
    rows = {tmp_path / "x.parquet": "elsewhere", Path(f"file:{tmp_path}") / "x.parquet": "here"}
    for path, value in rows.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(f"SELECT '{value}' AS person_id").write_parquet("./" + str(path) if value == "here" else str(path))
    table = read_parquet(Source(Path(f"file:{tmp_path}/x.parquet"), "x", "x", "parquet"))
    assert [row.cells for row in table.rows] == [["here"]]
