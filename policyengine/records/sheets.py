"""A workbook (XLSX, XLS, ODS) in, a table per sheet out: numbers, days and merged cells as texts.

``calamine`` reads XLSX and XLS, in a process of its own. Where it can't (see ``xlsx.py``) an XLSX sheet is streamed
instead, and ODS always is (``ods.py``).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from zipfile import BadZipFile, ZipFile, is_zipfile

from policyengine.diagnostics import Diagnostic, Span, installing
from policyengine.messages import say
from policyengine.records.apart import Apart, Unloadable, Unreadable
from policyengine.records.files import Source
from policyengine.records.foreign import unreadable
from policyengine.records.ods import read_ods
from policyengine.records.raw import Damaged, RawTable, Row, blank
from policyengine.records.xls import Marks, look, marked
from policyengine.records.xlsx import Book, NotXlsx, Range

# What the package's parts, damaged, protected or packed in a way that is not known, may raise.
DAMAGED = (BadZipFile, NotXlsx, Unreadable, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)

_MANIFEST = "META-INF/manifest.xml"
_ABOUT = (
    "meta-inf/manifest.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/theme/theme1.xml",
    "[content_types].xml", "_rels/.rels", "docprops/core.xml", "docprops/app.xml", "docprops/custom.xml",
)  # fmt: skip
_OTHER = ("it is no XLSX, XLS or ODS", "不是 XLSX、XLS 或 ODS")

MAX_UNPACKED = 8 << 30  # bytes of a package: a million rows of 50 columns unpack to about 3 GB
MAX_TEXTS = 1 << 30  # bytes of its shared texts, which stay in memory
MAX_ABOUT = 64 << 20  # bytes of a part that says what is in the package, all of which stays in memory
MAX_HELD = 64 << 20  # bytes of a sheet's XML that are read as a whole (measured: about 1.6 bytes of memory each)
MAX_CELL = 1 << 16  # bytes of the XML of a cell: its formula has at most 8192 characters
MAX_CELLS = 20_000_000  # cells of the rectangle that calamine lays out, 24 bytes each

Numbered = Iterator[tuple[int, list[str]]]
"""Rows of a sheet: number (from 1) and texts."""


def read_sheets(source: Source) -> Iterator[RawTable | Diagnostic]:
    """Every sheet of the workbook, or an error."""
    try:
        if is_zipfile(source.path):
            with ZipFile(source.path) as package:
                yield from _package(source, package)
        else:
            yield from _xls(source)
    except DAMAGED as e:
        yield _damaged(source, e)


def _package(source: Source, package: ZipFile) -> Iterator[RawTable | Diagnostic]:
    names = set(package.namelist())
    if (wrong := bomb(package)) is not None:
        yield _unreadable(source, *wrong)
    elif "xl/workbook.xml" in names:
        yield from _xlsx(source, package)
    elif _MANIFEST in names and b"encryption-data" in package.read(_MANIFEST):
        yield _locked(source)
    elif "content.xml" in names:
        yield from _ods(source, package)
    elif {"[Content_Types].xml", "mimetype"} & names:
        yield _unreadable(source, *_OTHER)
    else:
        yield _archive(source)


def bomb(package: ZipFile) -> tuple[str, str] | None:
    """Why the workbook unpacks to more than can be read; None where it does not."""
    sizes = {i.filename.lower(): i.file_size for i in package.infolist()}
    about, texts = max(sizes.get(part, 0) for part in _ABOUT), sizes.get("xl/sharedstrings.xml", 0)
    if sum(sizes.values()) > MAX_UNPACKED or texts > MAX_TEXTS or about > MAX_ABOUT:
        return "it unpacks to more than can be read", "解压后超出可读取的大小"
    return None


def _unreadable(source: Source, en: str, zh: str) -> Diagnostic:
    hint = ("open it in a spreadsheet program and save it again as XLSX", "请用表格软件打开后另存为 XLSX")
    return unreadable(source.shown, (f"the workbook can't be read: {en}", f"无法读取工作簿：{zh}"), hint)


def _damaged(source: Source, problem: Exception) -> Diagnostic:
    zh = getattr(problem, "zh", "") or f"文件已损坏，或不是该格式（{problem}）"
    return _unreadable(source, str(problem), zh)


def _locked(source: Source) -> Diagnostic:
    hint = (
        "open it in a spreadsheet program, take the password away and save it as XLSX",
        "请用表格软件打开，取消密码后另存为 XLSX",
    )
    return unreadable(source.shown, ("the workbook is protected by a password", "工作簿有密码"), hint)


def _archive(source: Source) -> Diagnostic:
    hint = ("unpack it first, and give the files or the folder", "请先解压，再给出其中的文件或文件夹")
    return unreadable(source.shown, ("this is an archive of files, not a workbook", "这是压缩包，不是工作簿"), hint)


def _missing_calamine(source: Source, why: str = "") -> Diagnostic:
    """``why``: it is installed and can't be loaded."""
    message = say("reading workbooks needs the package python-calamine", "读取工作簿需要安装 python-calamine")
    message += say(f", which can't be loaded: {why}", f"，已安装的无法加载：{why}") if why else ""
    hint = say(
        f"install it with: {installing('sheets')}, or save the sheet as CSV",
        f"请运行 {installing('sheets')}，或将工作表另存为 CSV",
    )
    return Diagnostic("PE407", message, Span(source.shown), hint=hint)


# --- XLSX -------------------------------------------------------------------------------------------------------------


def _xlsx(source: Source, package: ZipFile) -> Iterator[RawTable | Diagnostic]:
    book = Book(package)
    parts = {n: p for n, p in book.parts.items() if "worksheets" in p}
    if missing := set(parts.values()) - set(package.namelist()):
        raise NotXlsx(f"the part {min(missing)} is missing")
    styles = book.styles
    odd = any(styles.zeros) or any(styles.months) or any(styles.lengths)
    if not odd and all(_holdable(package, part) for part in parts.values()):
        yield from _calamine(source, "XLSX", book.calendar_1904)
        return
    how = "XLSX, " + say("streamed", "流式读取")
    for name in parts:
        rows, merged = book.rows(name), book.merged(name)
        yield _table(source, name, rows, merged, how, book.calendar_1904, name in book.hidden)


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
            if re.search(rb'\bt\s*=\s*["\']e["\']', text) or _uncalculated(text):
                return False
            for letters, digits in re.findall(rb'\br\s*=\s*["\']([A-Z]{0,4})(\d{1,10})["\']', text):
                height = max(height, int(digits))
                if len(letters) > 1:
                    width = max(width, 26 ** len(letters) * (letters[0] - 63))
            tail = text[max(text.rfind(b"<c "), len(text) - MAX_CELL) :]
    return max(width, 26) * height <= MAX_CELLS or (width <= 26 and height <= 1_048_576)


_UNCALCULATED = re.compile(
    rb"(?:</(?P<a>\w+:|)f>|<(?P<b>\w+:|)f\s[^>]*/>)\s*(?P<v><(\w+:|)v>\s*</(\w+:|)v>|<(\w+:|)v\s*/>)?(?(v)|</(\w+:|)c>)"
)


def _uncalculated(xml: bytes) -> bool:
    """Whether some formula has no result. An empty text is one: ``<c t="str"><f>…</f><v></v></c>``."""
    for found in _UNCALCULATED.finditer(xml):
        prefix = found["a"] or found["b"] or b""
        cell = xml[max(xml.rfind(b"<" + prefix + b"c ", 0, found.start()), 0) : found.start()]
        if found["v"] is None or not re.match(rb'<(\w+:|)c\s[^>]*\bt\s*=\s*["\']str["\']', cell):
            return True
    return False


def _table(
    source: Source, name: str, rows: Numbered, merged: list[Range], how: str, calendar_1904: bool, hidden: bool
) -> RawTable:
    """A sheet's table. ``merged`` as of ``_filled``."""
    filled = _filled(_guarded(source, rows), merged)
    table = RawTable(source.shown, source.label, name, filled, how=how, calendar_1904=calendar_1904)
    if hidden:
        message = say("a hidden sheet is read like the others", "隐藏的工作表同样会被读取")
        table.notes.append(Diagnostic("PE440", message, table.span(), severity="warning"))
    return table


def _guarded(source: Source, rows: Numbered) -> Numbered:
    try:
        yield from rows
    except DAMAGED as e:
        raise Damaged(_damaged(source, e)) from e


# --- ODS --------------------------------------------------------------------------------------------------------------


def _ods(source: Source, package: ZipFile) -> Iterator[RawTable]:
    for sheet, rows in read_ods(package):
        yield _table(source, sheet.name, rows, sheet.merged, "ODS", sheet.calendar_1904, sheet.hidden)


# --- XLS, and calamine ------------------------------------------------------------------------------------------------


def _xls(source: Source) -> Iterator[RawTable | Diagnostic]:
    facts = look(source.path)
    if facts is None:
        yield _unreadable(source, "it is damaged, or cut off", "文件已损坏，或不完整")
    elif facts.locked:
        yield _locked(source)
    elif not facts.workbook:
        yield _unreadable(source, *_OTHER)
    else:
        yield from _calamine(source, "XLS", facts.calendar_1904, facts.marks)


def _calamine(
    source: Source, kind: str, calendar_1904: bool, marks: Sequence[Marks] = ()
) -> Iterator[RawTable | Diagnostic]:
    """``marks``: of each sheet, in their order, what calamine doesn't tell."""
    if find_spec("python_calamine") is None:
        yield _missing_calamine(source)
        return
    reader = Apart(source.path)
    try:
        for at, (name, worksheet, visible) in enumerate(reader.start().sheets):
            if not worksheet:
                continue
            merged, rows = reader.sheet()
            rows = marked(rows, marks[at] if at < len(marks) else {})
            yield _table(source, name, rows, merged, kind, calendar_1904, not visible)
    except Unloadable as e:
        yield _missing_calamine(source, str(e))
    except Unreadable as e:
        yield _damaged(source, e)
    finally:
        reader.close()


# --- merged cells -----------------------------------------------------------------------------------------------------


def _filled(rows: Numbered, merged: list[Range]) -> Iterator[Row]:
    """Rows with every cell of a merged range holding the range's text. Rows that hold nothing else stay empty.

    ``merged`` may grow: the ranges that begin in a row must be there with it.
    """
    starting: dict[int, list[Range]] = {}
    known = 0
    open_ones: list[tuple[Range, str]] = []
    for number, cells in rows:
        for area in merged[known:]:
            starting.setdefault(area[0][0], []).append(area)
        at, known = number - 1, len(merged)
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
