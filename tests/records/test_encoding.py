"""Texts whose beginning is in one encoding and whose rest is in another: read alike whichever way, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.records import text
from policyengine.records.text import Encoding, encoding_of, encoding_of_head
from tests.records.support import both_ways, codes, schema

HEADER = "身份证号,学习日期,学习形式,学时\n"
ROW = "P1,2016-03-01,培训班,8\n"
LONG = (HEADER + ROW * 9).encode()  # longer than what the tests call the beginning
ASCII = b"person_id,date,form,hours\n" + b"P1,2016-03-01,a,8\n" * 9
BEGINNING = 128

# the file, what its beginning lets presume, what it is
CASES = {
    "UTF-8": (LONG + ROW.encode(), "utf-8", Encoding("utf-8")),
    "UTF-8, the beginning ends within a character": (b"x" + LONG, "utf-8", Encoding("utf-8")),
    "UTF-8 and a byte that is none": (LONG + b"P2,2016-03-01,\xff,8\n", "utf-8", Encoding("utf-8", broken=True)),
    "UTF-8 and GB18030": (LONG + ROW.encode("gb18030") * 99, "utf-8", Encoding("gb18030", broken=True)),
    "UTF-8, cut off within a character": (LONG + "训".encode()[:2], "utf-8", Encoding("utf-8", broken=True)),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + LONG, None, Encoding("utf-8-sig")),
    "GB18030": ((HEADER + ROW * 9).encode("gb18030"), None, Encoding("gb18030")),
    "no Chinese until late": (ASCII + ROW.encode(), None, Encoding("utf-8")),
    "no Chinese at all": (ASCII, None, Encoding("utf-8")),
    "short": ((HEADER + ROW).encode(), None, Encoding("utf-8")),
}  # fmt: skip


@pytest.mark.parametrize(("data", "presumed", "whole"), CASES.values(), ids=CASES)
def test_a_file_is_read_as_what_it_is_as_a_whole(
    data: bytes, presumed: str | None, whole: Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "_CHUNK", BEGINNING)
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    head = encoding_of_head(path)
    assert (head and head.name, encoding_of(path)) == (presumed, whole)
    both_ways([str(path)], None, None, schema(), tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("rows", [1, 100_000])
def test_utf16_without_its_mark_is_told(encoding: str, rows: int, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    # 一 (4E00) and 需 (9700) have a NUL where the digits have none
    path.write_bytes(("人员编号,学习日期,学时,公需\n" + "P1,2016-03-05,12,一\n" * rows).encode(encoding))
    inputs, said = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is None
    assert codes(said, "error") == ["PE406"]
    assert "UTF-16" in said[0].message


# what the file begins with, and what is said of it
@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\x1f\x8b\x08\0", "compressed"),
        (b"\x28\xb5\x2f\xfd", "compressed"),
        (b"\xfd7zXZ\0", "compressed"),
        (b"7z\xbc\xaf\x27\x1c", "compressed"),
        (b"Rar!\x1a\x07\x01\0", "compressed"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PARE", "encrypted"),
        (b"ARROW1\0\0", "Arrow"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x8b1\xa2,\x05\xdf\xd2\xb7DUCK@\0\0\0", "DuckDB, as publish"),
        ("\ufeff".encode("utf-32-le"), "UTF-32"),
        ("\ufeff".encode("utf-32-be"), "UTF-32"),
    ],
)
def test_what_is_surely_no_table_is_called_by_its_name(head: bytes, said: str, tmp_path: Path) -> None:
    """Not "no column names the person", with the bytes as if they were headers."""
    path = tmp_path / "records.csv"
    path.write_bytes(head + HEADER.encode() + bytes(range(256)) * 9)
    inputs, found = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is None
    assert codes(found, "error") == ["PE406"]
    assert said in found[0].message
    assert found[0].hint
