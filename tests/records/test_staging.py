"""Which CSV files are plain enough for the fast way, however the pieces fall in which they are looked through."""

import pytest

from policyengine.records import staging

LONG = b"x" * staging.MAX_TEXT
PLAIN = (
    # the file, its lines up to the last filled one; None: not plain
    (b"", 0),
    (b"a,b\n1,2\n", 2),
    (b"a,b\n1,2", 2),
    (b"a,b\r\n1,2\r\n", 2),
    (b"a,b\r\n1,2", 2),
    (b"a,b\n\n1,2\n", 3),
    (b'a,"b"\n"1","2 ""3"""\n', 2),
    (b'"a",b\r\n"1",2\r\n', 2),
    (b"a,\xe5\xad\xa6\xe6\x97\xb6\n1,2\n", 2),
    (b"a\n" + LONG + b"\n1", 3),
    (b"a\n" + LONG + b"x\n1", None),
    (b"a\n" + LONG + b"x", None),
    (b"a,b\n1,\x002\n", None),
    (b"a,b\n1,\x002", None),
    (b"a,b\n1,\xf4\x8f\xbf\xbf\n", None),  # U+10FFFF: no text has it
    (b"a,b\n1,\xf4\x8f\xbf\xbe\n", 2),  # U+10FFFE
    (b"a,b\n1,\xf4\x8f\xbf\xbe", 2),
    (b"a,b\r1,2\r", None),
    (b"a,b\r\n1,2\n", 2),
    (b"a,b\n1,2\r3\n", None),
    (b'a,b\n1,2"3\n', None),
    (b'a,b\n1,"2"3\n', None),
    (b'a,b\n1,2"3', None),
)


@pytest.mark.parametrize("chunk", [10, 11, 12, 13, 1 << 16])
@pytest.mark.parametrize(("data", "lines"), PLAIN)
def test_plain(data, lines, chunk, tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "CHUNK", len(LONG) if LONG in data else chunk)
    path = tmp_path / "records.csv"
    path.write_bytes(data)
    assert staging.plain_lines(path, b",") == lines
