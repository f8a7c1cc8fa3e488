"""Workbooks made for tests: XLS as bytes of its records, ODS as its XML, XLSX by openpyxl; ``rows`` are lists of cells.

A cell is a text, a number, None (empty), an ``Err`` (what a spreadsheet shows where it can't calculate), ``Zeros`` or
``Month``.
"""
# ruff: noqa: E501

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

Range = tuple[int, int, int, int]
"""First and last row, first and last column, from 0, without the margin on the left and above."""
_NAMES = ("office", "table", "text", "style", "number")
_NS = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in _NAMES)
_MANIFEST = (
    '<?xml version="1.0"?><m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{}</m:manifest>'
)
_NONE = 0xFFFFFFFF
_CODES = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#NUM!": 36, "#N/A": 42}


@dataclass(frozen=True)
class Err:
    """``formula``: whether it is the result of one."""

    text: str
    formula: bool = False


@dataclass(frozen=True)
class Zeros:
    """A number that the format 000000 shows."""

    value: int


@dataclass(frozen=True)
class Month:
    """A day that a format shows as a month, 2016年3月; ``number``: of a format that has no code."""

    day: str
    number: int = 0


def _serial(day: str) -> int:
    return (date.fromisoformat(day) - date(1899, 12, 30)).days


# --- XLSX -------------------------------------------------------------------------------------------------------------


def xlsx(path: Path, rows: Sequence[Sequence[Any]], at: tuple[int, int] = (0, 0), merged: Sequence[Range] = ()) -> None:
    from openpyxl import Workbook

    book = Workbook()
    for r, row in enumerate(rows, at[0] + 1):
        for c, value in enumerate(row, at[1] + 1):
            if value is not None:
                plain = value.value if isinstance(value, Zeros) else value.text if isinstance(value, Err) else value
                plain = _serial(value.day) if isinstance(value, Month) else plain
                cell = book.active.cell(r, c, plain)
                if isinstance(value, Month):
                    cell.number_format = "mmm-yy" if value.number else 'yyyy"年"m"月";@'
                cell.number_format = "000000" if isinstance(value, Zeros) else cell.number_format
    for top, bottom, left, right in merged:
        book.active.merge_cells(None, top + at[0] + 1, left + at[1] + 1, bottom + at[0] + 1, right + at[1] + 1)
    book.save(path)


# --- XLS --------------------------------------------------------------------------------------------------------------


def compound(streams: dict[str, bytes], small: bool = False) -> bytes:
    """A compound file with these streams beside each other ([MS-CFB]), each in sectors of 512 bytes.

    ``small``: a single one, of less than 4096 bytes, in sectors of 64 bytes within the stream of the root.
    """
    data, table, entries = b"", list[int](), list[bytes]()

    def chain(size: int) -> int:
        first = len(table)
        table.extend([*range(first + 1, first + size), 0xFFFFFFFE])
        return first

    def entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        links = struct.pack("<HBBIII", len(text), kind, 1, _NONE, right, child)
        return text.ljust(64, b"\0") + links + b"\0" * 36 + struct.pack("<IQ", start, size)

    root, packed, size = 0xFFFFFFFE, 0xFFFFFFFE, 0
    if small:
        ((name, stream),) = streams.items()
        count = -(-len(stream) // 64)
        numbers = struct.pack(f"<{count}I", *range(1, count), 0xFFFFFFFE).ljust(512, b"\xff")
        data = stream.ljust(-(-len(stream) // 512) * 512, b"\0")
        root, packed = chain(len(data) // 512), chain(1)
        entries.append(entry(name, 2, _NONE, _NONE, 0, len(stream)))
        data, size, streams = data + numbers, len(data), {}
    for number, (name, stream) in enumerate(streams.items(), 1):
        stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
        entries.append(entry(name, 2, number + 1 if number < len(streams) else _NONE, _NONE, chain(len(stream) // 512), len(stream)))  # fmt: skip
        data += stream
    entries.insert(0, entry("Root Entry", 5, _NONE, 1, root, size))
    folder = b"".join(entries)
    folder = folder.ljust(-(-len(folder) // 512) * 512, b"\0")
    at = chain(len(folder) // 512)
    table.append(0xFFFFFFFD)
    assert len(table) <= 128
    head = struct.pack("<HHHHH6xIIIIIIIII", 62, 3, 0xFFFE, 9, 6, 0, 1, at, 0, 4096, packed, int(small), 0xFFFFFFFE, 0)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + head + struct.pack("<I", len(table) - 1)
    return head.ljust(512, b"\xff") + data + folder + struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _cell(row: int, column: int, value: Any) -> bytes:
    style = 16 if isinstance(value, Zeros) else 17 + (value.number > 0) if isinstance(value, Month) else 15
    at = struct.pack("<HHH", row, column, style)
    if value is None:
        return b""
    if isinstance(value, Err) and value.formula:
        return _record(0x06, at + struct.pack("<BxBxxxHHIH", 2, _CODES[value.text], 0xFFFF, 0, 0, 0))
    if isinstance(value, Err):
        return _record(0x205, at + struct.pack("<BB", _CODES[value.text], 1))
    if isinstance(value, Zeros) and row % 2:
        return _record(0x27E, at + struct.pack("<I", value.value << 2 | 2))
    if isinstance(value, Zeros):  # as several cells in one record
        return _record(0xBD, at + struct.pack("<IH", value.value << 2 | 2, column))
    value = _serial(value.day) if isinstance(value, Month) else value
    if isinstance(value, int | float):
        return _record(0x203, at + struct.pack("<d", value))
    return _record(0x204, at + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))


def xls(
    path: Path,
    rows: Sequence[Sequence[Any]],
    at: tuple[int, int] = (0, 0),
    merged: Sequence[Range] = (),
    calendar_1904: bool = False,
    locked: bool = False,
    small: bool = False,
) -> None:
    """A workbook of Excel 97 ([MS-XLS]) with one sheet."""
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 0))
    sheet += b"".join(_cell(r, c, v) for r, row in enumerate(rows, at[0]) for c, v in enumerate(row, at[1]))
    ranges = [(top + at[0], bottom + at[0], left + at[1], right + at[1]) for top, bottom, left, right in merged]
    if ranges:
        sheet += _record(0xE5, struct.pack("<H", len(ranges)) + b"".join(struct.pack("<HHHH", *r) for r in ranges))
    sheet += _record(0x0A, b"")
    first = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    first += _record(0x2F, b"\0" * 6) if locked else b""
    first += _record(0x42, struct.pack("<H", 1200)) + _record(0x22, struct.pack("<H", calendar_1904))
    first += _record(0x41E, struct.pack("<HHB", 164, 6, 0) + b"000000")
    month = 'yyyy"年"m"月"'
    first += _record(0x41E, struct.pack("<HHB", 165, len(month), 1) + month.encode("utf-16-le"))
    first += _record(0xE0, b"\0" * 20) * 16 + _record(0xE0, struct.pack("<HH", 0, 164) + b"\0" * 16)
    first += b"".join(_record(0xE0, struct.pack("<HH", 0, number) + b"\0" * 16) for number in (165, 17))
    name = "Sheet1".encode("utf-16-le")
    size = len(first) + 4 + 8 + len(name) + 4
    first += _record(0x85, struct.pack("<IHBB", size, 0, len(name) // 2, 1) + name) + _record(0x0A, b"")
    path.write_bytes(compound({"Workbook": first + sheet}, small))


# --- ODS --------------------------------------------------------------------------------------------------------------


def ods_cell(value: Any, spans: str = "") -> str:
    if value is None:
        return f"<table:table-cell{spans}/>"
    if isinstance(value, Err):
        return f'<table:table-cell{spans} table:formula="of:=NA()" office:value-type="string" office:string-value=""><text:p>{value.text}</text:p></table:table-cell>'
    if isinstance(value, Zeros):
        return f'<table:table-cell{spans} office:value-type="float" office:value="{value.value}"><text:p>{value.value:06}</text:p></table:table-cell>'
    if isinstance(value, Month):
        shown = f"{value.day[:4]}年{int(value.day[5:7])}月" if not value.number else f"Mar-{value.day[2:4]}"
        return f'<table:table-cell{spans} office:value-type="date" office:date-value="{value.day}"><text:p>{shown}</text:p></table:table-cell>'
    kind = "float" if isinstance(value, int | float) else "string"
    of = f' office:value="{value}"' if kind == "float" else ""
    return f'<table:table-cell{spans} office:value-type="{kind}"{of}><text:p>{value}</text:p></table:table-cell>'


def ods(
    path: Path,
    rows: Sequence[Sequence[Any]],
    at: tuple[int, int] = (0, 0),
    merged: Sequence[Range] = (),
    null_date: str | None = None,
) -> None:
    spans = {
        (
            top,
            left,
        ): f' table:number-rows-spanned="{bottom - top + 1}" table:number-columns-spanned="{right - left + 1}"'
        for top, bottom, left, right in merged
    }
    inside = {
        (r, c) for top, bottom, left, right in merged for r in range(top, bottom + 1) for c in range(left, right + 1)
    }
    above = f'<table:table-row table:number-rows-repeated="{at[0]}"><table:table-cell/></table:table-row>'
    lines = [above] if at[0] else []
    for r, row in enumerate(rows):
        cells = [f'<table:table-cell table:number-columns-repeated="{at[1]}"/>'] if at[1] else []
        for c, value in enumerate(row):
            covered = (r, c) in inside and (r, c) not in spans
            cells.append("<table:covered-table-cell/>" if covered else ods_cell(value, spans.get((r, c), "")))
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    null = f'<table:null-date table:date-value="{null_date}"/>' if null_date else ""
    settings = f"<table:calculation-settings>{null}</table:calculation-settings>"
    ods_package(path, f'{settings}<table:table table:name="Sheet1">{"".join(lines)}</table:table>')


def ods_package(path: Path, spreadsheet: str, styles: str = "", entry: str = "") -> None:
    """``spreadsheet``: the XML in its element of that name."""
    body = f"<office:body><office:spreadsheet>{spreadsheet}</office:spreadsheet></office:body>"
    styles = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NS}>{styles}{body}</office:document-content>',
        "META-INF/manifest.xml": _MANIFEST.format(
            f'<m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.spreadsheet">{entry}</m:file-entry>'
        ),
    }
    with zipfile.ZipFile(path, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
