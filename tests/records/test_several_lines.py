"""Rows with line breaks inside cells, among plain ones: the same as row by row, without reading all of them so."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.records import staging
from tests.records.support import both_ways, codes, schema

HEADER = "record_id,person_id,date,form,quantity,unit,evidence,title\n"
PLAIN = "R{n},P1,2016-03-05,training,10,hours,c-1,first\n"

# the rows, what is left in their place, the numbers of those apart (None: the file goes the slow way)
CASES = [
    ("a,b\n", "a,b\n", None),  # there is nothing to put apart
    ('a,"b\nc"\n', ",\n,\n", [1]),
    ('a,"b\r\nc"\r\nd,e\r\n', ",\r\n,\r\nd,e\r\n", [1]),
    ('a,b\n"c\n\n\nd",e\nf,"g"\n"h\ni",j', 'a,b\n,\n,\n,\n,\nf,"g"\n,\n,', [2, 7]),
    ('a,"b\nc","d\ne"\nf,g\n', ",\n,\n,\nf,g\n", [1]),
    ('a,"b ""x\n""y"\nc,d\n', ",\n,\nc,d\n", [1]),
    ("a,b\n\nc,d\r\n\r\n\n", "a,b\n,\nc,d\r\n,\r\n,\n", []),
    ('a,"b\nc,d\n', None, None),  # never closed
    ('a,"b\nc,"d"\n', None, None),  # nor here: what would close it opens the next
    ('a,"\udcff\nb"\n', None, None),  # no UTF-8
    ("a,b\n" + 'c,"' + "\n" * 1000 + '"\n', None, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "left", "numbers"), CASES)
def test_what_is_put_apart(text: str, left: str | None, numbers: list[int] | None, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(text.encode(errors="surrogateescape"))
    apart = staging.put_apart(tmp_path / "x.csv", ",", 0, tmp_path / "left")
    assert (apart if apart is None else [row.number for row in apart]) == numbers
    if left is not None:
        assert (tmp_path / "left").read_bytes() == left.encode()


def test_not_among_the_lines_above_nor_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_text('"a\nb",c\n"d\ne",f\n', encoding="utf-8", newline="")
    for above, count in ((0, 2), (1, None), (2, None)):
        apart = staging.put_apart(tmp_path / "x.csv", ",", above, tmp_path / "left")
        assert (apart if apart is None else len(apart)) == count
    monkeypatch.setattr(staging, "MOST", 1)
    assert staging.put_apart(tmp_path / "x.csv", ",", 0, tmp_path / "left") is None


# rows among plain ones, and how many of the four are rejected
AMONG = [
    ('R1,P1,2016-03-05,training,10,hours,c-1,"two\nlines"\n', 0),
    ('R1,P1,2016-03-05,training,10,hours,"c-1\n\n",two\n', 0),
    ('R1,P1,2016-03-05,"training\n",10,hours,c-1,two\n', 0),
    ('R1,P1,2016-03-05,"train\ning",10,hours,c-1,two\n', 0),
    ('R1,P1,2016-03-05,"train\n""",10,hours,c-1,two\n', 1),  # no such form
    ('R1,P1,"2016-03-05\n2016-03-06",training,10,hours,c-1,two\n', 1),
    ('"R\n1",P1,2016-03-05,training,10,hours,c-1,two\n', 0),
    ('R3,P1,2016-03-05,training,10,hours,c-1,"two\nlines"\n', 2),  # and so is the other R3
    ('R1,P1,2016-03-05,training,10,hours,c-1,"two\nlines",more\n', 1),
    ('R1,P1,2016-03-05,training,10,hours,"c-1\nc-2"\n', 0),
    (' ,,"\n",\n', 0),
    ("\nR1,P1,2016-03-05,training,10,hours,c-1,two\n\n", 0),
    ('\nR1,P1,2016-03-05,training,10,hours,c-1,"two\nlines"\n\n\n', 0),
    ('合计,,"\n",,30\n', 1),
]  # fmt: skip


@pytest.mark.parametrize(("row", "rejected"), AMONG)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_among_plain_rows(row: str, rejected: int, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    put_apart = staging.put_apart

    def watched(*given: object) -> object:
        seen.append(put_apart(*given))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(staging, "put_apart", watched)
    path = tmp_path / "records.csv"
    text = HEADER + PLAIN.format(n=0) + row + "".join(PLAIN.format(n=n) for n in (2, 3))
    path.write_text(text.replace("\n", end), encoding="utf-8", newline="")
    inputs, said = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is not None
    assert codes(said, "error") == []
    assert (inputs.rows, inputs.rejected_rows) == (3 if row.startswith(" ") else 4, rejected)
    assert [len(apart) for apart in seen] == [int('"' in row)]
