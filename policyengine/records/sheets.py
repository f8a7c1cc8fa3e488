"""A workbook (XLSX, XLS, ODS) in, a table per sheet out: numbers, days and merged cells as texts.

``calamine`` reads it. Where it can't (see ``xlsx.py``) an XLSX sheet is streamed instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from policyengine.diagnostics import Diagnostic, Span
from policyengine.messages import say
from policyengine.records.files import Source
from policyengine.records.raw import Damaged, RawTable, Row, blank
from policyengine.records.xlsx import Book, NotXlsx, moment_text, number_text

Range = tuple[tuple[int, int], tuple[int, int]]

MAX_UNPACKED = 8 << 30  # bytes of a package: a million rows of 50 columns unpack to about 3 GB
MAX_TEXTS = 1 << 30  # bytes of its shared texts, which stay in memory
MAX_HELD = 64 << 20  # bytes of a sheet's XML that are read as a whole (measured: about 1.6 bytes of memory each)
MAX_CELLS = 20_000_000  # cells of the rectangle that calamine lays out, 24 bytes each


def read_sheets(source: Source) -> Iterator[RawTable | Diagnostic]:
    """Every sheet of the workbook, or an error."""
    try:
        if is_zipfile(source.path):
            with ZipFile(source.path) as package:
                if (wrong := _bomb(package)) is not None:
                    yield _unreadable(source, *wrong)
                    return
                if "xl/workbook.xml" in package.namelist():
                    yield from _xlsx(source, package)
                    return
                if (wrong := _too_repetitive(package)) is not None:
                    yield _unreadable(source, *wrong)
                    return
        yield from _calamine(source)
    except (BadZipFile, NotXlsx, EOFError, NotImplementedError, RuntimeError, OSError) as e:
        yield _unreadable(source, str(e), str(e))


def _bomb(package: ZipFile) -> tuple[str, str] | None:
    sizes = {i.filename.lower(): i.file_size for i in package.infolist()}
    if sum(sizes.values()) > MAX_UNPACKED or sizes.get("xl/sharedstrings.xml", 0) > MAX_TEXTS:
        return "it unpacks to more than can be read", "解压后超出可读取的大小"
    return None


def _too_repetitive(package: ZipFile) -> tuple[str, str] | None:
    """An ODS file may say "this cell, a billion times"; empty ones are common and harmless."""
    if "content.xml" not in package.namelist():
        return None
    width = 0
    with package.open("content.xml") as stream:
        tail = b""
        while piece := stream.read(1 << 20):
            for times in re.findall(rb'number-columns-repeated="(\d{1,12})"[^>]*(?<!/)>', tail + piece):
                width += int(times)
                if int(times) > 16_384 or width > 5_000_000:
                    return "one cell is repeated too often", "单元格重复次数过多"
            tail = piece[-200:]
    return None


def _unreadable(source: Source, en: str, zh: str) -> Diagnostic:
    message = say(f"the workbook can't be read: {en}", f"无法读取工作簿：{zh}")
    hint = say("open it in a spreadsheet program and save it again as XLSX", "请用表格软件打开后另存为 XLSX")
    return Diagnostic("PE406", message, Span(source.shown), hint=hint)


def _missing_calamine(source: Source) -> Diagnostic:
    message = say("reading workbooks needs the package python-calamine", "读取工作簿需要安装 python-calamine")
    hint = say(
        "install it with: pip install 'policyengine-cpd[sheets]', or save the sheet as CSV",
        "请运行 pip install 'policyengine-cpd[sheets]'，或将工作表另存为 CSV",
    )
    return Diagnostic("PE407", message, Span(source.shown), hint=hint)


# --- XLSX -------------------------------------------------------------------------------------------------------------


def _xlsx(source: Source, package: ZipFile) -> Iterator[RawTable | Diagnostic]:
    book = Book(package)
    whole: Any = None
    for name, part in book.parts.items():
        if part not in package.namelist() or "worksheets" not in part:
            continue
        if _holdable(package, part):
            whole = whole or _open(source)
            if isinstance(whole, Diagnostic):
                yield whole
                return
            table = _table(source, whole, name, "XLSX")
        else:
            merged = book.merged(name)
            table = RawTable(source.shown, source.label, name, _filled(_guarded(source, book.rows(name)), merged))
            table.how = "XLSX, " + say("streamed", "流式读取")
        table.calendar_1904 = book.calendar_1904
        table.notes += _hidden(source, name) if name in book.hidden else []
        yield table


def _holdable(package: ZipFile, part: str) -> bool:
    """Whether calamine can hold the sheet and shows all of it.

    Not if it is too large, has cells far apart, errors in cells, or formulas that were never calculated.
    """
    if package.getinfo(part).file_size > MAX_HELD:
        return False
    width, height = 1, 1
    with package.open(part) as stream:
        tail = b""
        while piece := stream.read(1 << 20):
            text = tail + piece
            if re.search(rb'\bt\s*=\s*["\']e["\']|</f>\s*(?:<v>\s*</v>|<v\s*/>|</c>)', text):
                return False
            for letters, digits in re.findall(rb'\br\s*=\s*["\']([A-Z]{0,4})(\d{1,10})["\']', text):
                height = max(height, int(digits))
                if len(letters) > 1:
                    width = max(width, 26 ** len(letters) * (letters[0] - 63))
            tail = piece[-60:]
    return max(width, 26) * height <= MAX_CELLS or (width <= 26 and height <= 1_048_576)


def _guarded(source: Source, rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from rows
    except (NotXlsx, BadZipFile, EOFError, OSError) as e:
        raise Damaged(_unreadable(source, str(e), str(e))) from e


def _hidden(source: Source, name: str) -> list[Diagnostic]:
    message = say("a hidden sheet is read like the others", "隐藏的工作表同样会被读取")
    return [Diagnostic("PE440", message, Span(source.shown, sheet=name), severity="warning")]


# --- calamine ---------------------------------------------------------------------------------------------------------


def _open(source: Source) -> Any:
    """The workbook, or why it can't be opened."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError
    except ImportError:
        return _missing_calamine(source)
    try:
        return CalamineWorkbook.from_path(str(source.path))
    except PasswordError:
        return _unreadable(source, "it is protected by a password", "工作簿有密码保护")
    except (CalamineError, OSError, ValueError) as e:
        return _unreadable(source, str(e)[:200], str(e)[:200])
    except BaseException as e:
        if type(e).__name__ != "PanicException":  # how a failure inside the library's compiled code arrives
            raise
        return _unreadable(source, "it is damaged", "文件已损坏")


def _calamine(source: Source) -> Iterator[RawTable | Diagnostic]:
    book = _open(source)
    if isinstance(book, Diagnostic):
        yield book
        return
    kind = "ODS" if is_zipfile(source.path) else "XLS"
    for about in book.sheets_metadata:
        if str(about.typ).rpartition(".")[2] != "WorkSheet":
            continue
        table = _table(source, book, about.name, kind)
        if str(about.visible).rpartition(".")[2] != "Visible":
            table.notes += _hidden(source, about.name)
        yield table


def _table(source: Source, book: Any, name: str, how: str) -> RawTable:
    table = RawTable(source.shown, source.label, name, iter(()), how=how)
    try:
        sheet = book.get_sheet_by_name(name)
        merged = sheet.merged_cell_ranges or []
        rows = ((number, [text_of(c) for c in cells]) for number, cells in enumerate(sheet.iter_rows(), 1))
        table.rows = _filled(rows, merged)
    except BaseException as e:
        if not isinstance(e, Exception) and type(e).__name__ != "PanicException":
            raise
        table.notes.append(_unreadable(source, str(e)[:200], str(e)[:200]))
    return table


def text_of(cell: Any) -> str:
    """A typed cell as text."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return moment_text(cell)
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


# --- merged cells -----------------------------------------------------------------------------------------------------


def _filled(rows: Iterable[tuple[int, list[str]]], merged: list[Range]) -> Iterator[Row]:
    """Rows with every cell of a merged range holding the range's text. Rows that hold nothing else stay empty."""
    starting: dict[int, list[Range]] = {}
    for area in merged:
        starting.setdefault(area[0][0], []).append(area)
    open_ones: list[tuple[Range, str]] = []
    for number, cells in rows:
        at = number - 1
        open_ones = [(area, text) for area, text in open_ones if area[1][0] >= at]
        for area in starting.pop(at, []):
            column = area[0][1]
            open_ones.append((area, cells[column] if column < len(cells) else ""))
        joined: set[int] = set()
        if open_ones and not blank(cells):
            for ((top, left), (bottom, right)), text in open_ones:
                if not text:
                    continue
                right = min(right, left + 16_384)
                cells += [""] * (right + 1 - len(cells))
                for column in range(left, right + 1):
                    cells[column] = text
                    if bottom > top:
                        joined.add(column)
        yield Row(number, cells, None, frozenset(joined)) if joined else Row(number, cells)
