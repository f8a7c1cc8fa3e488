"""A plain CSV file in, the same cells as a Parquet file of texts out, through DuckDB's CSV reader.

Plain is what both CSV readers surely read alike: valid text without NUL or U+10FFFF, quotation marks only around whole
cells, no line breaks inside cells, no empty lines between rows. A few rows that have line breaks inside cells are put
apart; lines without cells stand for them, and for empty lines. Any other doubt, and the file goes the slow way.
"""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from policyengine.records.beside import beside
from policyengine.records.canonical import copy_to
from policyengine.records.cells import MAX_TEXT, NO_CHARACTER
from policyengine.records.files import Source
from policyengine.records.header import Layout
from policyengine.records.raw import RawTable, Row
from policyengine.records.sql import typed_csv
from policyengine.records.text import rows_of_lines

CHUNK = 1 << 20  # stays in the processor's cache
MOST = 100_000  # rows with line breaks inside cells that are put apart; they are in memory
TALLEST = 1000  # lines of such a row
NO_TEXT = NO_CHARACTER.encode()  # makes any cell unusable, those too that are only carried along
GROUP = 40_960  # rows of texts that are written together: with more, one of two threads often waits


def raw_parquet(connection: Any, source: Source, table: RawTable, layout: Layout, path: Path) -> list[Row] | None:
    """Write the Parquet file ``path`` (columns ``c0``, ``c1``, … as in the layout); None where the file isn't plain.

    Gives the rows that are apart: in the file nothing but rows without cells stands for them, one for each line.
    """
    if table.encoding is None or table.delimiter is None or table.broken:
        return None
    utf8 = source.path
    if table.encoding not in ("utf-8", "utf-8-sig"):
        utf8 = path.with_suffix(".utf8")
        if not _transcode(source.path, table.encoding, utf8):
            return None
    checked = beside(plain_lines, utf8, table.delimiter.encode())  # a third of the copy's time, on one processor
    rows = _copied(connection, utf8, table.delimiter, layout, path)
    lines = checked.result()
    wanted = None if lines is None else lines - layout.header_row
    apart: list[Row] | None = []
    if wanted is not None and rows != wanted:
        holed = path.with_suffix(".holed")
        apart = put_apart(utf8, table.delimiter, layout.header_row, holed)
        rows = _copied(connection, holed, table.delimiter, layout, path) if apart is not None else None
        holed.unlink()
    if utf8 != source.path:
        utf8.unlink()
    if wanted is not None and rows == wanted:
        return apart
    path.unlink(missing_ok=True)
    return None


def _copied(connection: Any, utf8: Path, delimiter: str, layout: Layout, path: Path) -> int | None:
    columns = [(f"c{i}", "VARCHAR") for i in range(len(layout.headers))]
    csv = typed_csv(utf8, columns, delimiter, layout.header_row, ragged=True)
    return copied(connection, exp.select("*").from_(csv), path)


def copied(connection: Any, cells: Any, path: Path) -> int | None:
    """Write the cells of a text file into ``path``; how many rows there were, None where DuckDB does not read it."""
    try:
        return int(connection.execute(copy_to(cells, path, GROUP).sql("duckdb")).fetchone()[0])
    except duckdb.Error:
        return None


def put_apart(path: Path, delimiter: str, above: int, to: Path) -> list[Row] | None:
    """The rows of several lines, of a file in which quotation marks only stand around cells; in the copy ``to``, lines
    with a delimiter alone stand for them and for empty lines. None where there is neither, or such rows are too many,
    or among the first ``above`` lines.
    """
    found: list[Row] = []
    empty = False
    lines: list[bytes] = []  # of the row that is open
    with path.open("rb") as stream, to.open("wb") as out:
        for number, line in enumerate(stream, 1):
            odd = line.count(b'"') % 2 == 1
            filled = line.rstrip(b"\r\n")
            if not lines and not odd:
                out.write(line if filled else delimiter.encode() + line)
                empty = empty or not filled
                continue
            out.write(delimiter.encode() + line[len(filled) :])
            lines.append(line)
            if len(lines) > TALLEST:
                return None
            if odd and len(lines) > 1:
                row = _row_of(lines, number - len(lines) + 1, delimiter)
                if row is None or row.number <= above or len(found) == MOST:
                    return None
                found.append(row)
                lines = []
    return found if not lines and (found or empty) else None


def _row_of(lines: list[bytes], number: int, delimiter: str) -> Row | None:
    """The one row that the lines are, from line ``number`` on."""
    try:
        text = b"".join(lines).decode("utf-8")
    except UnicodeDecodeError:
        return None
    rows = list(rows_of_lines(StringIO(text, newline=""), delimiter))
    return Row(number, rows[0].cells) if len(rows) == 1 and rows[0].bad is None else None


def _transcode(path: Path, encoding: str, to: Path) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as text, to.open("w", encoding="utf-8", newline="") as out:
            while piece := text.read(CHUNK):
                out.write(piece)
    except UnicodeError:
        to.unlink(missing_ok=True)
        return False
    return True


def plain_lines(path: Path, delimiter: bytes) -> int | None:
    """How many lines the file, valid UTF-8, has up to its last filled one; None where it isn't plain."""
    stray, lines, rest = _stray(delimiter), 0, b""
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            piece = rest + piece
            end = piece.rfind(b"\n") + 1
            if not end and len(piece) > 2 * CHUNK:
                return None
            if not _plain(piece, end, stray):
                return None
            lines += piece.count(b"\n")
            rest = piece[end:]
    if rest and not _plain(rest + b"\n", len(rest) + 1, stray):
        return None
    return lines + (1 if rest else 0)


def plain(data: bytes, delimiter: bytes) -> bool:
    """Whether all lines of the text, valid UTF-8, are."""
    whole = data if data.endswith(b"\n") else data + b"\n"
    return _plain(whole, len(whole), _stray(delimiter))


def _stray(delimiter: bytes) -> re.Pattern[bytes]:
    """A quotation mark that is neither before nor behind a whole cell."""
    around = re.escape(delimiter)
    # the quotation mark comes first: it is found fifty times as fast as what stands before it
    return re.compile(rb'"(?<![\n' + around + rb']")(?![\r\n' + around + rb"])")


def _plain(piece: bytes, end: int, stray: re.Pattern[bytes]) -> bool:
    """Whether the lines that end before ``end`` are; ``piece`` is looked through where it is, a copy takes as long."""
    if piece.find(b"\0", 0, end) >= 0:
        return False
    # a single byte is sought twenty times as fast as four, and this one is rare
    if piece.find(NO_TEXT[:1], 0, end) >= 0 and piece.find(NO_TEXT, 0, end) >= 0:
        return False
    if piece.find(b"\r", 0, end) >= 0 and piece.count(b"\r", 0, end) != piece.count(b"\r\n", 0, end):
        return False
    if piece.find(b'"', 0, end) >= 0 and stray.search(b"\n" + piece[:end].replace(b'""', b"")):
        return False
    return _short(piece, end)


def _short(piece: bytes, end: int) -> bool:
    """Whether none of the lines that end before ``end`` has more than ``MAX_TEXT`` bytes."""
    place = 0
    while place < end:
        place = piece.rfind(b"\n", place, min(place + MAX_TEXT + 1, end)) + 1
        if not place:
            return False
    return True
