"""Many small Parquet files are read together where their columns are the same, and mean the same as each alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest

from policyengine.records import together
from policyengine.records.columns import read_tables
from policyengine.records.viewed import Viewed
from tests.records.support import schema
from tests.records.test_together import BAD, ID, MENDED, NO_ID, ONE, SLOW, TURNED, TURNED_TOO, TWO, read, written

SAME = ID.replace("title", "Note,note")  # DuckDB renames the second
TAKEN = ID.replace("title", "File_Index")
NUMBERED = ID.replace("title", "file_row_number")
LONG = BAD.replace("title", "note").replace("fourth", "x" * 33_000)  # more than a cell may hold


def body(text: str) -> str:
    return text.split("\n", 1)[1]


# what they show; the files, in order; SQL types of columns in some; which are read together; rows; rejects
CASES: list[tuple[str, list[str], dict[int, dict[str, str]], list[list[int]], int, str]] = [
    ("plain and odd cells", [ONE, TWO], {}, [[0, 1]], 3, ""),
    ("one file alone", [ONE], {}, [], 1, ""),
    ("rejected rows", [BAD, ONE, BAD.replace("R", "S")], {}, [[0, 1, 2]], 5, "0:1 PE410, 2:1 PE410"),
    ("an id in two files", [ONE, TWO, TWO.replace("R2", "R1")], {}, [[0, 1, 2]], 5,
     "0:1 PE423, 1:2 PE423, 2:1 PE423, 2:2 PE423"),
    ("an id beside a rejected row", [BAD, ONE.replace("R1", "R4")], {}, [[0, 1]], 3, "0:1 PE410, 1:1 PE423"),
    ("another order of columns", [ONE, TURNED, BAD, TURNED_TOO], {}, [[0, 2], [1, 3]], 5, "2:1 PE410, 3:1 PE410"),
    ("other types", [BAD, ONE, ONE.replace("R1", "R9"), BAD.replace("R", "S"), ONE.replace("R1", "R8")],
     {1: {"quantity": "INT"}, 2: {"quantity": "DECIMAL(5, 2)"}, 4: {"quantity": "INT"}}, [[0, 3], [1, 4], [2]], 7,
     "0:1 PE410, 3:1 PE410"),
    ("days and numbers", [ONE, TWO.replace("10学时", "10"), ONE.replace("R1", "R7")],
     {n: {"quantity": "DOUBLE", "date": "DATE"} for n in range(3)}, [[0, 1, 2]], 4, ""),
    ("no row", [ONE, ID, TWO], {}, [[0, 2]], 3, ""),
    ("empty rows only", [ONE, ID + ",,,,,,,\n, ,,,,,,\n", TWO], {}, [[0, 2]], 3, ""),
    ("empty rows between", [ONE, ID + ",,,,,,,\n" + body(BAD)], {}, [[0, 1]], 3, "1:2 PE410"),
    ("a total", [ONE + "合计,,,,10,,,\n", TWO], {}, [[0, 1]], 4, "0:2 PE426"),
    ("no ids", [NO_ID, NO_ID.replace("2016", "2017")], {}, [[0, 1]], 6, "0:2 PE411, 1:2 PE411"),
    ("some ids", [BAD.replace("R4", ""), ONE.replace("R1", ""), TWO], {}, [[0, 1, 2]], 5, "0:1 PE410"),
    ("names that differ in case", [SAME + body(ONE).strip() + ",x\n", BAD, ONE.replace("R1", "R8")], {}, [[1, 2]], 4,
     "1:1 PE410"),
    ("a name that is the database's", [TAKEN + body(ONE), NUMBERED + body(TWO), BAD, ONE.replace("R1", "R8")], {},
     [[2, 3]], 6, "2:1 PE410"),
    ("a mended row", [ONE, TWO, BAD, MENDED.replace("2.csv,2", "2.parquet,1")], {}, [[0, 1, 2]], 5, ""),
    ("what is only carried along is not looked at", [LONG, ONE.replace("title", "note")], {}, [[0, 1]], 3, "0:1 PE410"),
    ("no person", ["a,b\n1,2\n", ONE, TWO], {}, [[0, 1]], 0, ""),
]  # fmt: skip


def parquet(path: Path, text: str, types: dict[str, str]) -> str:
    header, *rows = csv.reader(StringIO(text))
    values = ", ".join("(" + ", ".join("'" + c.replace("'", "''") + "'" for c in row) + ")" for row in rows)
    names = ", ".join(f"c{i}" for i in range(len(header)))
    source = f"(VALUES {values or '(' + ', '.join(['NULL'] * len(header)) + ')'}) t({names})"
    cells = ", ".join(f"CAST(c{i} AS {types.get(h, 'TEXT')}) AS c{i}" for i, h in enumerate(header))
    from pyarrow.parquet import write_table

    # names that differ in case only DuckDB would not write
    table = duckdb.sql(f"SELECT {cells} FROM {source}" + ("" if rows else " WHERE false")).to_arrow_table()
    write_table(table.rename_columns(header), path)
    return str(path)


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The places of the files that were read together, since it was emptied."""
    seen: list[list[int]] = []
    raw = Viewed.raw

    def watched(group: Viewed, target: Any) -> Any:
        seen.append(list(group.tables))
        return raw(group, target)

    monkeypatch.setattr(Viewed, "raw", watched)
    return seen


def each_alone(names: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """All that reading gives, row by row and by queries."""
    with monkeypatch.context() as alone:
        alone.setitem(together.LARGE, "parquet", 0)
        yield read(names, SLOW)
        yield read(names, 0)


@pytest.mark.parametrize(("texts", "types", "groups", "rows", "rejected"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_as_each_alone(
    texts: list[str],
    types: dict[int, dict[str, str]],
    groups: list[list[int]],
    rows: int,
    rejected: str,
    grouped: list[list[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [parquet(tmp_path / f"{n}.parquet", text, types.get(n, {})) for n, text in enumerate(texts)]
    slow, alone = each_alone(names, monkeypatch)
    assert grouped == []
    found = read(names, 0)
    assert found == slow
    assert found == alone
    assert grouped == groups
    assert found.get("counts", (0, 0))[0] == rows
    told = [f"{Path(r.file).stem}:{r.row} {r.code}" for r in found.get("rejects", [])]
    assert ", ".join(sorted(told)) == rejected


def test_beside_csv_files(tmp_path: Path, grouped: list[list[int]]) -> None:
    texts = [BAD.replace("R", letter) for letter in "ABCD"]
    names = written(tmp_path, [texts[0], texts[2]])
    for at in (1, 3):
        names.insert(at, parquet(tmp_path / f"{at}.parquet", texts[at], {}))
    found = read(names, 0)
    assert found == read(names, SLOW)
    assert grouped == [[1, 3]]
    assert [r.file for r in found["rejects"]] == names


def test_a_partitioned_folder(tmp_path: Path, grouped: list[list[int]]) -> None:
    """What a folder is called is no column; record ids are made of file and row."""
    odd = ["form=lecture/part[1].parquet", "form=lecture/part-*.parquet", "it's/'; DROP.parquet", "单位\n甲/x.parquet"]
    for name in odd:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        parquet(tmp_path / "in" / name, NO_ID, {})
    found = read([str(tmp_path / "in")], 0)
    assert found == read([str(tmp_path / "in")], SLOW)
    assert [len(group) for group in grouped] == [len(odd)]
    assert {row["record_id"] for row in found["rows"]} == {f"{name}:{row}" for name in odd for row in (1, 3)}
    assert all(not row.get("form") for row in found["rows"])


@pytest.mark.parametrize("seen", [True, False])
def test_a_damaged_file_is_named(
    seen: bool, tmp_path: Path, grouped: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not that is ``seen`` in its first rows."""
    rows = "".join(f"R{n},P1,2016-03-05,training,10,hours,c-{n},title {n}\n" for n in range(3000))
    names = [parquet(tmp_path / f"{n}.parquet", ID + rows.replace("R", letter), {}) for n, letter in enumerate("ABC")]
    ids = "SELECT data_page_offset, total_compressed_size FROM parquet_metadata($1) WHERE path_in_schema = 'record_id'"
    ((at, size),) = duckdb.execute(ids, [names[1]]).fetchall()
    data = bytearray(Path(names[1]).read_bytes())
    data[at : at + size // 2] = b"\xff" * (size // 2)
    Path(names[1]).write_bytes(data)
    slow, alone = each_alone(names, monkeypatch)
    if not seen:
        monkeypatch.setattr(together, "viewable", lambda *given: True)
    found = read(names, 0)
    assert grouped == ([] if seen else [[0, 1, 2]])
    for told in (found, slow, alone):
        assert list(told) == ["said"]
        assert [message.split(" ")[:3] for message in told["said"]] == [[f"{names[1]}:", "error", "PE406:"]]


def test_nothing_is_copied(tmp_path: Path) -> None:
    """Where no cell needs mending, the canonical table is a view of the files."""
    names = [parquet(tmp_path / f"{n}.parquet", ONE.replace("R1", f"R{n}1"), {}) for n in range(3)]
    (tmp_path / "tables").mkdir()
    with duckdb.connect() as connection:
        tables, _ = read_tables(connection, tmp_path / "tables", names, None, None, schema(), small=0)
        assert tables is not None
        assert tables.rows == 3
        assert list((tmp_path / "tables").glob("*.parquet")) == []
