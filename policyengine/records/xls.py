"""An XLS file in, what ``calamine`` doesn't tell of it out: calendar, password, errors in cells, leading zeros, months.

[MS-CFB] (a file of streams) and [MS-XLS] (the stream of a workbook: records of a kind, a length and data).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from policyengine.records.xlsx import month_text, only_month, zeros_of

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # sector numbers from here on are none
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_BEGIN, _STOP, _LOCKED, _CALENDAR, _SHEET, _FORMAT, _STYLE = 0x809, 0x0A, 0x2F, 0x22, 0x85, 0x41E, 0xE0
_ERROR, _FORMULAS, _NUMBERS, _SEVERAL = 0x205, (0x06, 0x206, 0x406), (0x203, 0x27E), 0xBD

Marks = dict[int, dict[int, str | int]]
"""Row → column (both from 0) → the error that the cell shows, or how many digits its whole number is shown with, or
``MONTH``: its day is shown as a month."""
MONTH = 0


@dataclass(slots=True)
class Xls:
    """``marks``: of each sheet, in their order. ``workbook`` False: a file of streams, but none of them a workbook."""

    workbook: bool = False
    locked: bool = False
    calendar_1904: bool = False
    marks: list[Marks] = field(default_factory=list)


def look(path: Path) -> Xls | None:
    """None where the file is none of streams, or damaged."""
    data = path.read_bytes()
    try:
        streams = _Streams(data)
        names = {n.lower(): n for n in streams.entries}
        if "encryptedpackage" in names:  # an XLSX with a password
            return Xls(workbook=True, locked=True)
        name = names.get("workbook") or names.get("book")
        return Xls() if name is None else _workbook(streams.read(name))
    except (struct.error, IndexError, ValueError):
        return None


class _Streams:
    """The streams of a compound file by name, from wherever in its folders."""

    def __init__(self, data: bytes) -> None:
        sizes = struct.unpack_from("<HH", data, 30)
        if not data.startswith(MAGIC) or sizes not in ((9, 6), (12, 6)):
            raise ValueError
        self.size, self.small = (1 << n for n in sizes)
        self.data = data = data + bytes(self.size)  # the last sector may be cut short
        tables, folder, self.limit, small_table, packed, more, lists = struct.unpack_from("<II4xIIIII", data, 44)
        places = list(struct.unpack_from("<109I", data, 76))
        per_sector = self.size // 4
        for _ in range(min(lists, len(data) // self.size)):
            *next_ones, more = struct.unpack_from(f"<{per_sector}I", data, (more + 1) * self.size)
            places += next_ones
        self.table: list[int] = []
        for place in [p for p in places if p < _END][:tables]:
            self.table += struct.unpack_from(f"<{per_sector}I", data, (place + 1) * self.size)
        self.entries: dict[str, tuple[int, int]] = {}
        entries = self._chain(folder)
        root = struct.unpack_from("<I", entries, 116)[0]
        for at in range(0, len(entries), 128):
            length, kind = struct.unpack_from("<HB", entries, at + 64)
            if kind == 2:
                name = entries[at : at + max(length - 2, 0)].decode("utf-16-le")
                self.entries.setdefault(name, struct.unpack_from("<II", entries, at + 116))
        numbers = self._chain(small_table if packed else _END)
        self.small_table = struct.unpack(f"<{len(numbers) // 4}I", numbers)
        self.small_data = self._chain(root)

    def _chain(self, first: int) -> bytes:
        parts = list[bytes]()
        while first < _END and len(parts) <= len(self.table):
            parts.append(self.data[(first + 1) * self.size : (first + 2) * self.size])
            first = self.table[first]
        return b"".join(parts)

    def read(self, name: str) -> bytes:
        first, size = self.entries[name]
        if size >= self.limit:
            return self._chain(first)[:size]
        parts = list[bytes]()
        while first < _END and len(parts) <= len(self.small_table):
            parts.append(self.small_data[first * self.small : (first + 1) * self.small])
            first = self.small_table[first]
        return b"".join(parts)[:size]


def _records(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Kind and data of the records from there to the end of what begins there, without what lies within (charts)."""
    depth = 0
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        depth += (kind == _BEGIN) - (kind == _STOP)
        if depth == 1:
            yield kind, data[at + 4 : at + 4 + size]
        if depth <= 0:
            return
        at += 4 + size


def _workbook(data: bytes) -> Xls:
    found, sheets = Xls(workbook=True), list[int]()
    old, codes, styles = False, dict[int, str](), list[int]()
    for kind, body in _records(data, 0):
        if kind == _BEGIN:
            old = struct.unpack_from("<H", body)[0] < 0x600
        elif kind == _LOCKED:
            found.locked = True
        elif kind == _CALENDAR:
            found.calendar_1904 = body[:1] == b"\1"
        elif kind == _SHEET:
            sheets.append(struct.unpack_from("<I", body)[0])
        elif kind == _FORMAT:
            codes[struct.unpack_from("<H", body)[0]] = _code(body, old)
        elif kind == _STYLE:
            styles.append(struct.unpack_from("<H", body, 2)[0])
    digits = {at: zeros for at, number in enumerate(styles) if (zeros := zeros_of(codes.get(number, "")))}
    digits |= {at: MONTH for at, number in enumerate(styles) if only_month(number, codes.get(number, ""))}
    found.marks = [] if found.locked else [_marks(data, at, digits) for at in sheets]
    return found


def _code(body: bytes, old: bool) -> str:
    """The code of a number format; what it is made of here is the same in every code page."""
    if old:
        return body[3:].decode("latin-1")
    return body[5:].decode("utf-16-le" if body[4] & 1 else "latin-1", "replace")


def _marks(data: bytes, at: int, digits: dict[int, int]) -> Marks:
    marks: Marks = {}
    for kind, body in _records(data, at):
        code = None
        if kind == _ERROR and body[7:8] == b"\1":
            code = body[6]
        elif kind in _FORMULAS and body[12:14] == b"\xff\xff" and body[6] == 2:
            code = body[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", body)
            marks.setdefault(row, {})[column] = _ERRORS.get(code, "#N/A")
        elif digits and kind in (*_NUMBERS, *_FORMULAS):
            row, column, style = struct.unpack_from("<HHH", body)
            if style in digits:
                marks.setdefault(row, {})[column] = digits[style]
        elif digits and kind == _SEVERAL:
            row, first = struct.unpack_from("<HH", body)
            for column, place in enumerate(range(4, len(body) - 2, 6), first):
                style = struct.unpack_from("<H", body, place)[0]
                if style in digits:
                    marks.setdefault(row, {})[column] = digits[style]
    return marks


def marked(rows: Iterator[tuple[int, list[str]]], marks: Marks) -> Iterator[tuple[int, list[str]]]:
    """The rows with what the marks say."""
    for number, cells in rows:
        for column, mark in marks.get(number - 1, {}).items():
            cells += [""] * (column + 1 - len(cells))
            text = cells[column]
            if isinstance(mark, str):
                cells[column] = mark
            elif mark == MONTH:
                cells[column] = month_text(text)
            elif text.isdigit():
                cells[column] = text.zfill(mark)
        yield number, cells
