"""Delimited text in (CSV with , ; or tab, in UTF-8, UTF-16 or GB18030), rows of texts with their line numbers out.

A damaged place costs its own row and no other: bytes that are no text, a quotation mark that never closes, a line
without end.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import TextIO

from policyengine.diagnostics import Diagnostic, Span
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.progress import counted
from policyengine.records.cells import Bad
from policyengine.records.files import Source
from policyengine.records.foreign import unreadable
from policyengine.records.raw import HEAD, RawTable, Row, blank

DELIMITERS = (",", ";", "\t")
NAMES = {",": ("commas", "逗号"), ";": ("semicolons", "分号"), "\t": ("tabs", "制表符")}
MAX_LINE = 16_000_000  # characters
MAX_OPEN = 200_000  # characters over several lines within one row: a quotation mark was not closed
_CHUNK = 1 << 20
_WIDE = re.compile("[^\0-\u07ff]")
Score = Callable[[list[list[str]]], int]

_UNCLOSED = Bad(
    "PE425", "a quotation mark opens here and never closes", "此处的引号没有闭合",
    'close it, or write "" for a quotation mark inside a cell', '请补上引号；单元格内的引号写作 ""',
)  # fmt: skip
_ENDLESS = Bad("PE417", f"the line has more than {MAX_LINE:,} characters", f"该行超过 {MAX_LINE:,} 个字符",
               "this is hardly a table; export it again", "这不像是表格，请重新导出")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoding:
    """``broken``: some bytes are no text in it."""

    name: str
    broken: bool = False
    doubtful: bool = False  # readable as UTF-8 by chance only: every other character is from outside East Asia


def encoding_of(path: Path) -> Encoding:
    """The encoding, from the whole file: a byte order mark, else UTF-8 if it is valid, else what fits better."""
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig", not _valid(path, "utf-8-sig"))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", not _valid(path, "utf-16"))
    doubtful = _doubtful_utf8(path)
    if doubtful is not None:
        return Encoding("utf-8", doubtful=doubtful)
    wide, bad = _count_utf8(path)
    if wide > bad:
        return Encoding("utf-8", broken=True)
    return Encoding("gb18030", not _valid(path, "gb18030"))


def encoding_of_head(path: Path) -> Encoding | None:
    """UTF-8 where a larger file begins in it and with characters that leave no doubt; else None.

    Of such a file ``encoding_of`` says the same, unless bytes further on are no UTF-8.
    """
    if path.stat().st_size <= _CHUNK:
        return None
    with path.open("rb") as stream:
        head = stream.read(_CHUNK)
    if head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return None
    return Encoding("utf-8") if _WIDE.search(text) else None


def _decoded(path: Path, encoding: str, errors: str = "strict") -> Iterator[str]:
    """The text of the file, piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", True)


def _valid(path: Path, encoding: str) -> bool:
    try:
        for _ in _decoded(path, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _doubtful_utf8(path: Path) -> bool | None:
    """Whether valid UTF-8 has characters of two bytes, but none of three or more; None where it is not valid."""
    wide = narrow = False
    try:
        for text in _decoded(path, "utf-8"):
            if not wide and not text.isascii():
                wide, narrow = _WIDE.search(text) is not None, True
    except UnicodeDecodeError:
        return None
    return narrow and not wide


def _count_utf8(path: Path) -> tuple[int, int]:
    """Characters of three bytes and more, and bytes that are no UTF-8."""
    wide = bad = 0
    for text in _decoded(path, "utf-8", "surrogateescape"):
        if not text.isascii():
            size = len(text.encode("utf-8", "ignore"))
            escaped = len(text.encode("utf-8", "surrogateescape")) - size
            ascii_size = len(text.encode("ascii", "ignore"))
            others = len(text) - escaped - ascii_size
            # size = ascii_size + 2 for each that is narrow + 3·wide; characters of four bytes count a little more
            wide += size - ascii_size - 2 * others
            bad += escaped
    return wide, bad


def read_text(source: Source, score: Score, sure: bool = True) -> RawTable:
    """The file's one table. ``score``: how many columns a choice of delimiter would recognise in the first rows.

    Not ``sure``: the encoding may be presumed from the beginning of the file (the table says so).
    """
    if _unmarked_utf16(source.path):
        what = ("this seems to be UTF-16 without its mark at the beginning", "这像是没有字节顺序标记的 UTF-16 文本")
        refused = unreadable(source.shown, what, ("save it as UTF-8", "请另存为 UTF-8"))
        return RawTable(source.shown, source.label, None, iter(()), notes=[refused])
    presumed = None if sure else encoding_of_head(source.path)
    encoding = presumed or encoding_of(source.path)
    name, (delimiter, points) = encoding.name, _delimiter(source.path, encoding.name, score)
    if encoding.doubtful and not points:
        other, more = _delimiter(source.path, "gb18030", score)
        if more:
            name, delimiter = "gb18030", other
    shown = name.removesuffix("-sig").upper()
    table = RawTable(
        source.shown, source.label, None, rows(source.path, name, delimiter), encoding=name, delimiter=delimiter,
        broken=encoding.broken, presumed=presumed is not None, how=listed(("CSV", shown, say(*NAMES[delimiter]))),
    )  # fmt: skip
    if encoding.broken:
        message = say(
            f"some bytes are no {shown}; their rows are rejected", f"有些字节不符合 {shown} 编码，所在行不予读取"
        )
        table.notes.append(Diagnostic("PE444", message, Span(source.shown), severity="warning"))
    return table


def _unmarked_utf16(path: Path) -> bool:
    """Whether every other byte is NUL in a good part of the beginning: digits and delimiters in UTF-16.

    A few NULs are among the others as well: those of characters such as 一 (U+4E00) and 需 (U+9700).
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    few, many = sorted((head[::2].count(0), head[1::2].count(0)))
    return few * 10 < many and many * 10 > len(head)


def _delimiter(path: Path, encoding: str, score: Score) -> tuple[str, int]:
    with _open(path, encoding) as stream:
        first = stream.readline(100)
    if said := _said_delimiter(first):
        return said, 1
    best, points, width = ",", 0, 0
    for delimiter in DELIMITERS:
        head = [row.cells for _, row in zip(range(HEAD), rows(path, encoding, delimiter), strict=False)]
        now, wide = score(head), max(map(len, head), default=0)
        if (now, wide) > (points, width):
            best, points, width = delimiter, now, wide
    return best, points


def _said_delimiter(line: str) -> str | None:
    """``sep=;``: the first line with which spreadsheets tell the delimiter."""
    line = line.strip().lower() if "\t" not in line else line.strip("\r\n ").lower()
    return line[4] if len(line) == 5 and line.startswith("sep=") and line[4] in DELIMITERS else None


def _no_text(problem: UnicodeError) -> tuple[str, int]:
    """Bytes that are no text as characters that no text has (``cells.unfit`` finds them)."""
    assert isinstance(problem, UnicodeDecodeError)
    return "".join(chr(0xDC00 + b) for b in problem.object[problem.start : problem.end]), problem.end


codecs.register_error("policyengine-no-text", _no_text)


def _open(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="policyengine-no-text", newline="")


def rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    """Every row that is not an empty line."""
    with _open(path, encoding) as stream:
        simple = _without_quotes(path, stream)
        if simple is not None:
            yield from _simple_rows(simple, delimiter)
        else:
            stage = say(f"reading {path.name}", f"读取 {path.name}")
            yield from counted(rows_of_lines(stream, delimiter), path.stat().st_size, stage, stream.buffer.tell)


def rows_of_lines(stream: TextIO, delimiter: str) -> Iterator[Row]:
    """Every row of the text that is not an empty line; a row that is never closed is bad, and ends with its line."""
    csv.field_size_limit(2 * MAX_LINE)
    return _Lines(stream).rows(delimiter)


def _without_quotes(path: Path, stream: TextIO) -> TextIO | None:
    """The whole text, where it is small and has no quotation mark: then no row is longer than a line."""
    if path.stat().st_size > _CHUNK:
        return None
    text = stream.read()
    stream.seek(0)
    return None if '"' in text else StringIO(text, newline="")


def _simple_rows(stream: TextIO, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(2 * MAX_LINE)
    for number, cells in enumerate(csv.reader(stream, delimiter=delimiter), 1):
        if cells and not (number == 1 and len(cells) < 3 and _said_delimiter(delimiter.join(cells))):
            yield Row(number, cells)


def _as_it_stands(line: str, delimiter: str) -> list[str]:
    """The cells of a line. One with more than spaces behind its closing quotation mark keeps its marks: the CSV parser
    drops them, and "甲"乙 would be 甲乙 without a word."""
    cell = re.compile(rf'"((?:[^"]++|"")*+)"([^{delimiter}]*)|[^{delimiter}]*')
    cells, place = list[str](), 0
    while place <= len(line) and (found := cell.match(line, place)):
        quoted, behind = found.groups()
        cells.append(quoted.replace('""', '"') + behind if quoted is not None and blank([behind]) else found[0])
        place = found.end() + len(delimiter)
    return cells


class _Lines:
    """Hands lines to the CSV parser and remembers those of the row that it is on, to take them back."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.back = stream, deque[str]()
        self.number = 0  # of the last line handed out
        self.taken: list[str] = []
        self.size = 0
        self.runaway = self.ended = self.endless = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.back.popleft() if self.back else self.stream.readline(MAX_LINE)
        if not line or (self.size + len(line) > MAX_OPEN and self.taken):
            self.runaway, self.ended = bool(self.taken), not line
            if line:
                self.back.appendleft(line)
            raise StopIteration
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            while (more := self.stream.readline(MAX_LINE)) and not more.endswith(("\n", "\r")):
                pass
            self.endless, line = True, "\n"
        self.taken.append(line)
        self.size += len(line)
        self.number += 1
        return line

    def _closes(self, delimiter: str) -> bool:
        """Whether the quotation marks of the row in hand stand around cells. One that opened and never closed ends at
        the next that opens, in a row further down, and a cell goes on behind it."""
        try:
            return bool(list(csv.reader(self.taken, delimiter=delimiter, strict=True)))
        except csv.Error:
            return False

    def rows(self, delimiter: str) -> Iterator[Row]:
        while True:
            parser = csv.reader(self, delimiter=delimiter)
            for cells in parser:
                start = self.number - len(self.taken) + 1
                if self.endless:
                    yield Row(start, [], _ENDLESS)
                elif self.runaway or (len(self.taken) > 1 and not self._closes(delimiter)):
                    alone = csv.reader([self.taken[0].rstrip("\r\n")], delimiter=delimiter)
                    yield Row(start, next(alone, cells), _UNCLOSED)
                    self.back.extendleft(reversed(self.taken[1:]))
                    self.number = start
                elif cells and not (start == 1 and _said_delimiter(self.taken[0])):
                    line = self.taken[0]
                    plain = len(self.taken) > 1 or '"' not in line or self._closes(delimiter)
                    yield Row(start, cells if plain else _as_it_stands(line.rstrip("\r\n"), delimiter))
                self.taken, self.size, self.runaway, self.endless = [], 0, False, False
            if self.ended and not self.back:
                return
