"""Many small CSV files are read together where their layout is one, and mean the same as row by row, each alone."""

from __future__ import annotations

import csv
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.records import rejects, together
from policyengine.records.columns import read_tables
from policyengine.records.together import Group
from tests.records.support import both_ways, empty_database, schema, table_rows
from tests.records.test_properties import FEW, files

SLOW = 1 << 40  # bytes: no file has so many, and all are read row by row
ID = "record_id,person_id,date,form,quantity,unit,evidence,title\n"
ONE = ID + "R1,P1,2016-03-05,training,10,hours,c-1,first\n"
TWO = ID + "R2,P2,2016-03-06,培训,10学时,,c-2,second\nR3,P2,2016-03-07,training,3,hours,c-3,third\n"
BAD = ID + "R4,P1,2016-3,training,10,hours,c-4,fourth\nR5,P1,2016-03-08,training,5,hours,c-5,fifth\n"
WIDER = ID + "R6,P1,2016-03-05,training,10,hours,c-6,sixth,more\n"
TURNED = "person_id,record_id,date,form,quantity,unit,evidence,title\nP3,R7,2016-03-05,training,7,hours,c-7,seventh\n"
TURNED_TOO = TURNED.replace("R7", "R8").replace("2016-03-05", "5. März")
NO_ID = "person_id,date,学时\nP1,2016-03-05,4\nP1,2016-03-06,four\nP2,2016-03-07,5\n"
MENDED = "record_id,person_id,date,form,quantity,unit,evidence,title,来源文件,来源行\n" \
         "R4,P1,2016-03-04,training,10,hours,c-4,fourth,2.csv,2\n"  # fmt: skip

# what they show; the files, in order; which of them are read together; rows; the rejects: file, row and code
CASES: list[tuple[str, list[str | bytes], list[list[int]], int, str]] = [
    ("plain and odd cells", [ONE, TWO], [[0, 1]], 3, ""),
    ("one file alone", [ONE], [], 1, ""),
    ("rejected rows", [BAD, ONE, BAD.replace("R", "S")], [[0, 1, 2]], 5, "0:2 PE410, 2:2 PE410"),
    ("an id in two files", [ONE, TWO, TWO.replace("R2", "R1")], [[0, 1, 2]], 5,
     "0:2 PE423, 1:3 PE423, 2:2 PE423, 2:3 PE423"),
    ("an id beside a rejected row", [BAD, ONE.replace("R1", "R4")], [[0, 1]], 3, "0:2 PE410, 1:2 PE423"),
    ("another order of columns", [ONE, TURNED, BAD, TURNED_TOO], [[0, 2], [1, 3]], 5, "2:2 PE410, 3:2 PE410"),
    ("one that is not plain between others", [BAD, WIDER, BAD.replace("R", "S")], [[0, 2]], 5,
     "0:2 PE410, 1:2 PE425, 2:2 PE410"),
    ("an id in two files, one of them not plain", [WIDER, ONE, ONE.replace("R1", "R6")], [[1, 2]], 3,
     "0:2 PE425, 2:2 PE423"),
    ("a header only", [ONE, ID, TWO], [[0, 2]], 3, ""),
    ("empty rows only", [ONE, ID + "\n,,,,,,,\n  ,\n", TWO], [[0, 2]], 3, ""),
    ("a header further down", ["学习记录表\n\n" + BAD, ONE, "四川,2016\n" + TWO], [[0, 1, 2]], 5, "0:4 PE410"),
    ("rows above that hold more cells", ["a,b,c,d,e,f,g,h,i,j\n报表\n" + BAD, ONE], [[0, 1]], 3, "0:4 PE410"),
    ("a line that names the delimiter", ["sep=;\n" + ONE.replace(",", ";"), BAD.replace(",", ";")], [[0, 1]], 3,
     "1:2 PE410"),
    ("two delimiters", [ONE, TWO.replace(",", "\t"), BAD, BAD.replace("R", "S").replace(",", "\t")],
     [[0, 2], [1, 3]], 7, "2:2 PE410, 3:2 PE410"),
    ("four encodings", [BAD, *(TWO.replace("R", n).encode(n) for n in ("utf-8-sig", "gb18030", "utf-16"))],
     [[0, 1, 2, 3]], 8, "0:2 PE410"),
    ("line ends", [BAD.replace("\n", "\r\n"), ONE.strip(), TWO.replace("\n", "\r\n").strip()], [[0, 1, 2]], 5,
     "0:2 PE410"),
    ("half a line end", [BAD.replace("\n", "\r\n")[:-1], ONE, TWO], [[0, 1, 2]], 5, "0:2 PE410"),
    ("old line ends", [BAD.replace("\n", "\r"), ONE, TWO], [[1, 2]], 5, "0:2 PE410"),
    ("line ends of both kinds", [BAD + "R9,P1,x,training,1,hours,,\r\n", ONE], [[0, 1]], 4, "0:2 PE410, 0:4 PE410"),
    ("empty lines", [ONE, ID + "\n\n" + BAD.split("\n", 1)[1].replace("\n", "\n\n") + "\n,,,\n\n", TWO],
     [[0, 1, 2]], 5, "1:4 PE410"),
    ("short rows", [ID + "R9,P1,2016-03-05\nR8,P1\n", ONE], [[0, 1]], 3, "0:3 PE421"),
    ("a total and a repeated header", [ONE + "合计,,,,10,,,\n" + ID, TWO], [[0, 1]], 5, "0:3 PE426, 0:4 PE427"),
    ("quotation marks", [ID + '"R9","P1","2016-03-05","training","1,000","字","a ""b""",","\n', BAD], [[0, 1]], 3,
     "1:2 PE410"),
    ("line breaks in cells", [ID + 'R9,P1,2016-03-05,training,1,hours,c,"two\nlines"\nR8,P1,16,training,1,hours,c,x\n'
     'R7,P1,"20\n16",training,1,hours,c,x\n', BAD, ID + '"\n"\n'], [[0, 1]], 5,
     "0:4 PE410, 0:5 PE410, 1:2 PE410"),
    ("line breaks of both kinds in cells", [TWO.replace("second", '"two\r\nlines"').replace("third", '"\n\r\n\n3"'),
     TWO.replace("R", "S").replace("\n", "\r\n").replace("second", '"two\n\r\nlines"')], [[0, 1]], 4, ""),
    ("a line break in the header", [ID.replace("title", '"ti\ntle"') + "R9,P1,2016-03-05,training,1,hours,c,x\n",
     ONE, TWO], [[1, 2]], 4, ""),
    ("a quotation mark that never closes", [ID + 'R9,P1,2016-03-05,training,1,hours,c,"x\n', BAD, ONE], [[1, 2]], 4,
     "0:2 PE425, 1:2 PE410"),
    ("quotation marks within cells", [ID + 'R9,P1,2016-03-05,training,1,hours,c",x,"y\nR8,P1",\n', BAD, ONE],
     [[1, 2]], 4, "0:2 PE425, 1:2 PE410"),
    ("bytes that are no text", [TWO.encode() + b"R9,P1,2016-03-05,training,1,hours,c,\xff\n", BAD, ONE], [[1, 2]], 6,
     "0:4 PE418, 1:2 PE410"),
    ("a cell without end", [ID + "R9,P1,2016-03-05,training,1,hours,c," + "x" * 40_000 + "\n", BAD, ONE], [[1, 2]], 4,
     "0:2 PE417, 1:2 PE410"),
    ("no ids", [NO_ID, NO_ID.replace("2016", "2017")], [[0, 1]], 6, "0:3 PE411, 1:3 PE411"),
    ("no ids, rows put apart", [NO_ID + '"P3\n",2016-03-05,4\n', NO_ID], [[0, 1]], 7, "0:3 PE411, 1:3 PE411"),
    ("some ids", [BAD.replace("R4", ""), ONE.replace("R1", ""), TWO], [[0, 1, 2]], 5, "0:2 PE410"),
    ("columns of persons", [ONE.replace("title", "name"), TWO.replace("title", "name"), BAD], [[0, 1], [2]], 5,
     "2:2 PE410"),
    ("a mended row", [ONE, TWO, BAD, MENDED], [[0, 1, 2]], 5, ""),
    ("no person", ["a,b\n1,2\n", ONE, TWO], [[0, 1]], 0, ""),
    ("an empty file", ["", ONE, TWO], [[0, 1]], 0, ""),
]  # fmt: skip


def written(folder: Path, texts: list[str | bytes]) -> list[str]:
    """The files 0.csv, 1.csv, … of these texts."""
    paths = [folder / f"{n}.csv" for n in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [str(path) for path in paths]


def read(names: list[str], small: int) -> dict[str, Any]:
    """All that reading gives; what is said in the order of its words, the rows by file and number."""
    with tempfile.TemporaryDirectory() as folder, empty_database() as connection:
        tables, said = read_tables(connection, Path(folder), names, None, None, schema(), small=small)
        found: dict[str, Any] = {"said": sorted(map(str, said))}
        if tables is not None:
            rows = table_rows(connection, tables.records)
            found |= {
                "rows": sorted(rows, key=lambda r: (r["_file"], r["_row"])), "rejects": list(tables.rejects),
                "counts": (tables.rows, tables.rejected_rows), "files": tables.files, "digests": tables.digests,
                "warnings": tables.warnings,
            }  # fmt: skip
        return found


@pytest.fixture(autouse=True)
def _rejects_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "AT_ONCE", 2)


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The places of the files that were read together, since it was emptied."""
    seen: list[list[int]] = []
    raw = Group.raw

    def watched(group: Group, target: Any) -> Any:
        found = raw(group, target)
        assert found is not None
        seen.append(list(found.tables))
        return found

    monkeypatch.setattr(Group, "raw", watched)
    return seen


@pytest.mark.parametrize(("texts", "groups", "rows", "rejected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_as_each_alone(
    texts: list[str | bytes],
    groups: list[list[int]],
    rows: int,
    rejected: str,
    grouped: list[list[int]],
    tmp_path: Path,
) -> None:
    names = written(tmp_path, texts)
    alone = read(names, SLOW)
    assert grouped == []
    assert read(names, 0) == alone
    assert grouped == groups
    (tmp_path / "tables").mkdir()
    inputs, _ = both_ways(names, None, None, schema(), tmp_path / "tables")
    assert (inputs.rows if inputs is not None else 0) == rows
    found = [f"{Path(r.file).stem}:{r.row} {r.code}" for r in inputs.rejects] if inputs is not None else []
    assert ", ".join(sorted(found)) == rejected


def test_a_record_id_is_made_of_file_and_row(tmp_path: Path, grouped: list[list[int]]) -> None:
    odd = ["it's, 1.csv", 'say "hi".csv', "单位\t甲.csv", "two\nlines.csv", "'; DROP.csv"]
    (tmp_path / "in" / "deep").mkdir(parents=True)
    places = [tmp_path / "in" / name for name in odd] + [tmp_path / "in" / "deep" / odd[0]]
    for path in places:
        path.write_text("报表\n" + NO_ID, encoding="utf-8")
    found = read([str(tmp_path / "in")], 0)
    assert found == read([str(tmp_path / "in")], SLOW)
    assert [len(group) for group in grouped] == [len(places) - 1]  # a name of two lines is none that a line begins with
    made = {f"{path.relative_to(tmp_path / 'in').as_posix()}:{row}" for path in places for row in (3, 5)}
    assert {row["record_id"] for row in found["rows"]} == made


def test_persons(tmp_path: Path, grouped: list[list[int]]) -> None:
    """Of a folder of persons files; two of them contradict each other, and one has a row that can't be read."""
    rows = ("P1,Ann,会计\nP2,Bob,\n", "P2,Bo,\nP3,Cy,what\n", "P4,Di,\n")
    (tmp_path / "p").mkdir()
    (tmp_path / "tables").mkdir()
    written(tmp_path / "p", ["person_id,name,sector\n" + own for own in rows])
    records = written(tmp_path, [BAD, TWO])
    inputs, _ = both_ways(records, str(tmp_path / "p"), None, schema(), tmp_path / "tables")
    assert inputs is not None
    assert grouped == [[0, 1], [2, 3, 4]]
    found = [f"{Path(r.file).name}:{r.row} {r.code}" for r in inputs.rejects]
    assert found == ["0.csv:2 PE410", "1.csv:3 PE414", "0.csv:3 PE424", "1.csv:2 PE424"]


@pytest.mark.parametrize("small", [0, 250, SLOW])
def test_few_bytes_of_a_layout_are_read_row_by_row(small: int, tmp_path: Path, grouped: list[list[int]]) -> None:
    names = written(tmp_path, [BAD, TURNED_TOO, BAD.replace("R", "S"), TURNED])
    found = read(names, small)
    assert found == read(names, SLOW)
    sizes = [sum(Path(names[at]).stat().st_size for at in group) for group in ([0, 2], [1, 3])]
    assert sizes == [290, 208]
    assert grouped == {0: [[0, 2], [1, 3]], 250: [[0, 2]], SLOW: []}[small]


def test_lines_that_are_no_rows_to_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then all files of that layout are read row by row."""
    more = BAD.replace("R", "S").replace("c-4", "c-4,,,,,,,")
    names = written(tmp_path, [BAD, "报表\n" + ONE, NO_ID, more])
    alone = read(names, SLOW)
    monkeypatch.setattr(together, "_a_row_each", lambda *given: True)
    assert read(names, 0) == alone
    assert [(Path(r.file).stem, r.row) for r in alone["rejects"]] == [("0", 2), ("2", 3), ("3", 2), ("3", 2)]


def test_rows_apart_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grouped: list[list[int]]) -> None:
    tall = ID + "".join(f'R{{0}}{n},P1,2016-03-05,training,1,hours,c,"a\nb"\n' for n in range(3))
    names = written(tmp_path, [tall.format(n) for n in range(4)])
    monkeypatch.setattr(together, "MOST", 4)
    assert read(names, 0) == read(names, SLOW)
    assert grouped == [[0, 1]]


def test_a_large_file_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grouped: list[list[int]]) -> None:
    names = written(tmp_path, [ONE, BAD + TWO.split("\n", 1)[1], BAD.replace("R", "S")])
    monkeypatch.setitem(together.LARGE, "text", Path(names[1]).stat().st_size)
    assert read(names, 0) == read(names, SLOW)
    assert grouped == [[0, 2]]


@FEW
@given(st.data(), files(), st.integers(1, 5))
def test_a_table_split_into_files(data: Any, table: tuple[list[str], list[list[str]]], parts: int) -> None:
    header, rows = table
    texts: list[str | bytes] = []
    for _ in range(parts):
        stream = StringIO()
        above = [["报表"]] * data.draw(st.integers(0, 2))
        own = data.draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
        end = data.draw(st.sampled_from(["\n", "\r\n"]))
        csv.writer(stream, lineterminator=end).writerows([*above, header, *own])
        texts.append(stream.getvalue().encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))))
    with tempfile.TemporaryDirectory() as folder:
        names = written(Path(folder), texts)
        assert read(names, 0) == read(names, SLOW)
