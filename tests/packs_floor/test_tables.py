"""Tables: what a cell means, which rows meet, and where a bad one is told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.diagnostics import Diagnostic, human
from policyengine.packs.meeting import meeting_rows
from policyengine.packs.model import Cell, Column, Table
from tests.packs_floor.folder import PACK, load, rule, seen, write

CREDITS = """\
tables:
  credits:
    file: tables/credits.csv
    zh: 学分表
    columns:
      level: {role: key}
      rank: {role: key, match: range}
      credits: {role: value, unit: credits}
"""
BASES = """\
tables:
  bases:
    file: tables/bases.csv
    zh: 基地
    columns:
      name: {role: key, field: provider}
      aliases: {role: alias}
      from: {role: from}
      until: {role: until}
"""


def table(tmp_path: Path, declared: str, csv: str | bytes) -> tuple[Table | None, list[Diagnostic]]:
    name = "tables/" + declared.split("tables/")[1].split("\n")[0]
    policy, problems = load(tmp_path, pack=PACK + declared, **{name: csv})
    return (next(iter(policy.tables.values())) if policy else None), problems


def test_cells_are_typed_by_their_column(tmp_path: Path) -> None:
    found, problems = table(
        tmp_path,
        CREDITS,
        "level,rank,credits\n国家级,1-3,10\nprovincial、市级,>=4,2/3\n省级,<4,0.5\n市级, １ ～ 3,\n".replace("～", "-"),
    )
    assert problems == []
    assert found is not None
    assert found.rows == (
        ("national", (Fraction(1), Fraction(3)), Fraction(10)),
        (("provincial", "city"), (Fraction(4), None), Fraction(2, 3)),
        ("provincial", (None, Fraction(3)), Fraction(1, 2)),
        ("city", (Fraction(1), Fraction(3)), None),
    )
    assert found.lines == (2, 3, 4, 5)


def test_line_ends_of_windows_are_the_same_law(tmp_path: Path) -> None:
    """git checks files out with them (core.autocrlf); a single cell that differs is another law."""
    name, rows, rules = "tables/credits.csv", "level,rank,credits\n国家级,1-3,10\n", rule("a", "认定 培训班")
    law, of_windows, other = (
        load(tmp_path / end, ends(rules), ends(PACK + CREDITS), **{name: ends(rows.replace("10", figure))})[0]
        for end, ends, figure in (
            ("lf", str.encode, "10"),
            ("crlf", lambda text: text.replace("\n", "\r\n").encode(), "10"),
            ("other", str.encode, "11"),
        )
    )
    assert [p.digest == law.digest for p in (law, of_windows, other) if p and law] == [True, True, False]


def test_validity_may_be_years_or_days(tmp_path: Path) -> None:
    found, problems = table(
        tmp_path,
        BASES,
        'name,aliases,from,until\n"四川大学","川大、川大继教院",2016,2018\n省干校,,2016/7/1,2017年6月30日\n',
    )
    assert problems == []
    assert found is not None
    assert found.rows == (
        ("四川大学", ("川大", "川大继教院", "川大、川大继教院"), date(2016, 1, 1), date(2018, 12, 31)),
        ("省干校", None, date(2016, 7, 1), date(2017, 6, 30)),
    )


@pytest.mark.parametrize("starts", ["01-01", "09-01"])
def test_a_row_that_holds_for_ever_ends_with_the_calendar(tmp_path: Path, starts: str) -> None:
    """9999 was a day of the year 10000, which there is none of: the program failed."""
    declared = PACK.replace("year_starts: 01-01", f"year_starts: {starts}") + BASES
    rows = "name,aliases,from,until\n四川大学,,,9999\n省干校,,,9999-12-31\n"
    policy, problems = load(tmp_path, pack=declared, **{"tables/bases.csv": rows})
    assert problems == []
    assert policy is not None
    assert [row[3] for row in policy.tables["bases"].rows] == [date.max, date.max]


@pytest.mark.parametrize("data", [
    "name,aliases,from,until\n四川大学,,,\n".encode(),
    "\ufeffname,aliases,from,until\r\n四川大学,,,\r\n".encode(),
    "name,aliases,from,until\n四川大学,,,\n".encode("gb18030"),
    "name,aliases,from,until\n\n  ,,,\n四川大学,,,\n\n".encode(),
    "施教机构,aliases,from,until\n四川大学,,,\n".encode(),
])  # fmt: skip
def test_files_as_spreadsheet_programs_save_them(data: bytes, tmp_path: Path) -> None:
    found, problems = table(tmp_path, BASES, data)
    assert problems == []
    assert found is not None
    assert found.rows[0][0] == "四川大学"


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    found, problems = table(tmp_path, BASES, "name,aliases,from,until\n")
    assert problems == []
    assert found is not None
    assert found.rows == ()


# what is wrong: declaration, file, code and place (of the CSV file where it has a line there)
BAD: dict[str, tuple[str, str | bytes, str]] = {
    "empty": (BASES, "", "PE153 1:0"),
    "neither UTF-8 nor GBK": (BASES, b"name,aliases,from,until\n\xff\xff\xff,,,\n", "PE153 2:0"),
    "NUL byte": (BASES, "name,aliases,from,until\na\0,,,\n", "PE104 2:2"),
    "text that reads backwards": (BASES, "name,aliases,from,until\n四川\u202e大学,,,\n", "PE104 2:3"),
    "zero-width space": (BASES, "name,aliases,from,until\n四川大学\u200b,,,\n", "PE104 2:5"),
    "a terminal's command": (BASES, "name,aliases,from,until\n\x1b[2J,,,\n", "PE104 2:1"),
    "two versions that git left": (
        BASES, "name,aliases,from,until\na,,,\n<<<<<<< HEAD\nb,,,\n=======\nc,,,\n>>>>>>> branch\n", "PE153 3:0",
    ),
    "open quote": (BASES, 'name,aliases,from,until\n"a,,,\n', "PE153 2:0"),
    "too large": (BASES, "name,aliases,from,until\n" + "a,,,\n" * 1_100_000, "PE153 0:0"),
    "too many rows": (
        BASES, "name,aliases,from,until\n" + "".join(f"a{i},,,\n" for i in range(20_001)), "PE153 20003:0"),
    "a cell of 20 kB": (BASES, "name,aliases,from,until\n" + "a" * 20_000 + ",,,\n", "PE151 2:1"),
    "a cell of 1 MB": (BASES, "name,aliases,from,until\n" + "a" * 1_000_000 + ",,,\n", "PE151 2:1"),
    "semicolons": (BASES, "name;aliases;from;until\na;b;;\n", "PE150 1:1"),
    "column missing": (BASES, "name,aliases,from\na,,\n", "PE150 1:1"),
    "column misspelt": (BASES, "name,alaises,from,until\na,,,\n", "PE150 1:1"),
    "column not declared": (BASES, "name,aliases,from,until,remark\na,,,,\n", "PE150 1:25"),
    "two columns of one name": (BASES, "name,aliases,from,until,name\na,,,,\n", "PE150 1:1"),
    "row too long": (BASES, "name,aliases,from,until\na,b,c\na,,,,x\n", "PE153 3:1"),
    "row too short": (BASES, "name,aliases,from,until\na,b\n", "PE153 2:1"),
    "no such day": (BASES, "name,aliases,from,until\na,,2016-02-30,\n", "PE151 2:4"),
    "key empty": (BASES, "name,aliases,from,until\n,b,,\n", "PE151 2:1"),
    "key of marks alone": (BASES, "name,aliases,from,until\n、,b,,\n", "PE151 2:1"),
    "same key": (BASES, "name,aliases,from,until\nB,,,\nｂ,,,\n", "PE152 3:1"),
    "alias of another": (BASES, "name,aliases,from,until\nA,川大,,\n川大,,,\n", "PE152 3:1"),
    "validity overlaps": (BASES, "name,aliases,from,until\nA,,2016,2018\nA,,2018,\n", "PE152 3:1"),
    "no term": (CREDITS, "level,rank,credits\n国家级,1,1\n国家机,2,1\n", "PE151 3:1"),
    "no number": (CREDITS, "level,rank,credits\n国家级,1,abc\n", "PE151 2:7"),
    "less than nothing": (CREDITS, "level,rank,credits\n国家级,1,-10\n", "PE151 2:7"),
    "NaN": (CREDITS, "level,rank,credits\n国家级,1,NaN\n", "PE151 2:7"),
    "1e400": (CREDITS, "level,rank,credits\n国家级,1,1e400\n", "PE151 2:7"),
    "division by zero": (CREDITS, "level,rank,credits\n国家级,1,1/0\n", "PE151 2:7"),
    "as above": (BASES, "name,aliases,from,until\n四川大学,,,\n同上,,2016,\n", "PE151 3:1"),
    "as above among aliases": (BASES, "name,aliases,from,until\n四川大学,〃,,\n", "PE151 2:6"),
    "a spreadsheet's error as a name": (BASES, "name,aliases,from,until\n#N/A,,,\n", "PE151 2:1"),
    "a formula as a name": (BASES, "name,aliases,from,until\n=A1,,,\n", "PE151 2:1"),
    "a workbook": (BASES, b"PK\x03\x04\x14\x00", "PE153 1:0"),
    "no range": (CREDITS, 'level,rank,credits\n"国家级",a-b,1\n', "PE151 2:7"),
    "range backwards": (CREDITS, "level,rank,credits\n国家级,3-1,1\n", "PE151 2:5"),
    "ranges meet": (CREDITS, "level,rank,credits\n国家级,1-3,1\n国家级,>=3,1\n", "PE152 3:1"),
    "alternatives meet": (CREDITS, "level,rank,credits\n国家级、省级,1,1\n省级、市级,1,1\n", "PE152 3:1"),
    "outside": (BASES.replace("tables/bases.csv", "../../../tables/bases.csv"), "", "PE136 30:11"),
    "absolute": (BASES.replace("tables/bases.csv", "/etc/tables/hosts"), "", "PE136 30:11"),
    "ends before it begins": (BASES, "name,aliases,from,until\nA,,2018,2016\n", "PE151 2:9"),
    "field unknown": (BASES.replace("field: provider", "field: providr"), "", "PE150 33:7"),
    "column of no field": (BASES.replace("name: {role: key, field: provider}", "name2: {role: key}"), "", "PE150 33:7"),
    "value without unit": (CREDITS.replace(", unit: credits", ""), "", "PE150 35:7"),
    "range of texts": (BASES.replace("field: provider", "match: range, type: text"), "", "PE150 33:7"),
    "two values": (CREDITS + "      more: {role: value, unit: hours}\n", "", "PE150 30:5"),
    "nothing to look up": (BASES.replace("role: key", "role: note"), "", "PE150 30:5"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_told_where(name: str, tmp_path: Path) -> None:
    declared, csv, expected = BAD[name]
    begin = time.perf_counter()
    found, problems = table(tmp_path, declared, csv)
    assert time.perf_counter() - begin < 5
    assert found is None
    assert expected in seen(problems), "\n".join(map(human, problems))
    assert all(d.hint for d in problems)


def test_columns_of_one_name_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(9)]
    columns = "".join(f"      {n}: {{role: note}}\n" for n in names)
    _, problems = table(
        tmp_path, BASES + columns, ",".join(["name", "aliases", "from", "until", *names, *names]) + "\n"
    )
    assert [d.message for d in problems if "two" in d.message] == [f"two columns are called {n}" for n in names]


@pytest.mark.parametrize(
    ("declared", "csv", "hint"),
    [
        (CREDITS, "level,rank,credits\n国家级,1-3,1\n国家级,3-5,1\n",
         "delete one of them, separate the ranges, or give them different validity (from, until)"),
        (CREDITS.replace("match: range", "type: number"), "level,rank,credits\n国家级,1-3,1\n",
         "for stretches of numbers write match: range at this column in pack.yaml"),
        (CREDITS.replace("match: range", "type: number"), "level,rank,credits\n国家级,first,1\n",
         "write it in digits: 90, 0.5 or 2/3"),
        (CREDITS, "level,rank,credits\n国家级,1-3,1-3\n", "write it in digits: 90, 0.5 or 2/3"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_how_to_mend_it(declared: str, csv: str, hint: str, tmp_path: Path) -> None:
    _, problems = table(tmp_path, declared, csv)
    assert [d.hint for d in problems] == [hint]


def test_a_note_may_refer_to_the_one_above(tmp_path: Path) -> None:
    declared = BASES + "      source: {role: note}\n"
    found, problems = table(tmp_path, declared, "name,aliases,from,until,source\n四川大学,,,,名单\n西南交大,,,,同上\n")
    assert (problems, len(found.rows) if found else 0) == ([], 2)


@pytest.mark.parametrize("separator", [";", "\t", "，"])
def test_another_separator_is_told(separator: str, tmp_path: Path) -> None:
    _, problems = table(tmp_path, BASES, separator.join(["name", "aliases", "from", "until"]) + "\n")
    assert {d.hint for d in problems} == {"columns are separated by commas: save it as CSV (comma)"}


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path / "policies" / "base", {"tables/bases.csv": "x"})
    for name, hint in (("tables/base.csv", "did you mean bases.csv?"), ("tables", "check the name")):
        _, problems = load(tmp_path, pack=PACK + BASES.replace("tables/bases.csv", name))
        assert seen(problems) == ["PE153 30:11"]
        assert (problems[0].hint or "").startswith(hint)


def test_a_link_does_not_lead_out_of_the_policies_folder(tmp_path: Path) -> None:
    write(tmp_path, {"secret.csv": "name,aliases,from,until\na,,,\n"})
    folder = write(tmp_path / "policies" / "base", {"pack.yaml": PACK + BASES, "tables/readme": ""})
    (folder / "tables" / "bases.csv").symlink_to(tmp_path / "secret.csv")
    _, problems = load(tmp_path, pack=PACK + BASES)
    assert [d.code for d in problems] == ["PE136"]


def test_a_table_of_another_pack_may_be_used(tmp_path: Path) -> None:
    write(tmp_path / "policies" / "other", {"tables/bases.csv": "name,aliases,from,until\na,,,\n"})
    policy, problems = load(tmp_path, pack=PACK + BASES.replace("file: tables", "file: ../other/tables"))
    assert problems == []
    assert policy is not None


def test_many_alternatives_take_no_time(tmp_path: Path) -> None:
    many = "、".join(f"b{i}" for i in range(1500))
    rows = "".join(f"a{i},{many},,\n" for i in range(200))
    begin = time.perf_counter()
    _, problems = table(tmp_path, BASES, "name,aliases,from,until\n" + rows)
    assert time.perf_counter() - begin < 5
    assert [d.code for d in problems] == ["PE153"]


# --- two rows meet exactly when one lookup finds both -----------------------------------------------------------------

COLUMNS = (Column("a", "key"), Column("n", "key", "number", "range"), Column("f", "from"), Column("u", "until"))
NUMBERS = st.one_of(st.none(), st.integers(0, 4).map(Fraction))
DAYS = st.one_of(st.none(), st.integers(1, 5).map(lambda d: date(2016, 1, d)))
ROWS = st.tuples(
    st.one_of(st.sampled_from("xyz"), st.lists(st.sampled_from("xyz"), min_size=2, max_size=2).map(tuple)),
    st.tuples(NUMBERS, NUMBERS).filter(lambda r: r[0] is None or r[1] is None or r[0] <= r[1]),
    DAYS,
    DAYS,
).filter(lambda r: r[2] is None or r[3] is None or r[2] <= r[3])


def _answers(row: tuple[Cell, ...], name: str, number: int, day: date) -> bool:
    names, (low, high), start, until = row  # type: ignore[misc]
    return (
        name in names
        and (low is None or low <= number) and (high is None or number <= high)
        and (start is None or start <= day) and (until is None or day <= until)
    )  # type: ignore[operator]  # fmt: skip


@given(st.lists(ROWS, max_size=6))
def test_rows_meet_exactly_when_a_lookup_finds_both(rows: list[tuple[Cell, ...]]) -> None:
    lookups = list(product("xyz", range(-1, 6), [date(2016, 1, d) for d in range(1, 6)]))
    truly = {
        j
        for j, later in enumerate(rows)
        for i in range(j)
        if any(_answers(rows[i], *asked) and _answers(later, *asked) for asked in lookups)
    }
    found = list(meeting_rows(Table("t", COLUMNS, tuple(rows))))
    assert {later for _, later in found} <= truly
    assert bool(found) == bool(truly)
    for earlier, later in found:
        assert earlier < later
        assert any(_answers(rows[earlier], *a) and _answers(rows[later], *a) for a in lookups)


def test_the_reference_finds_what_the_file_says(tmp_path: Path) -> None:
    """The cells as the evaluator looks them up."""
    from policyengine.engines import lookup

    found, _ = table(tmp_path, CREDITS, "level,rank,credits\n国家级,1-3,10\n国家级,>3,5\n省级、市级,<=3,4\n")
    assert found is not None
    finder = lookup.Finder(found)
    day = date(2016, 5, 1)
    asked: Mapping[tuple[str, int], int | None] = {
        ("national", 1): 10, ("national", 3): 10, ("national", 4): 5, ("city", 3): 4, ("provincial", 1): 4,
        ("city", 4): None,
    }  # fmt: skip
    for (level, rank), credits in asked.items():
        row = finder.find((level, Fraction(rank)), day, 2016)
        assert (None if row is None else finder.figure(row)) == credits
