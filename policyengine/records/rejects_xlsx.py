"""Rejects in, a workbook out: the rejected rows as they stood in their files, the bad cells coloured, to be mended.

The workbook can be read again like any records file. Sheets repeat the headers of the files they come from; of the
columns added behind them those that say where a row came from have it take that row's place (``mends.py``). What is
wrong with a row stays wrong until it is mended, also where its text alone wouldn't show it: something stands there that
can't be read. Rows that are no records, totals and repeated headers, are left to the list, and so are rows of which
only the id is wrong: which of two is to be changed is seen in their files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, Span
from policyengine.messages import say
from policyengine.records.books import rows_of_book, save_book
from policyengine.records.cells import NO_CHARACTER, Bad, day, unfit
from policyengine.records.files import STDIN, find_files
from policyengine.records.given import Reading, reject_of, tables_of_file
from policyengine.records.header import Headers, Layout
from policyengine.records.mends import place_text, source_columns
from policyengine.records.model import Reject
from policyengine.records.raw import LIST, SOURCE_FILES, SOURCE_ROW, Damaged, RawTable, Row
from policyengine.records.rows import JOINED, MERGED, NO_FIGURE, SURPLUS, RowReader, is_merged
from policyengine.records.schema import PURPOSES, Schema
from policyengine.records.xlsx import LAST_ROW
from policyengine.whole import whole_file

LISTED = ("PE423", "PE424", "PE426", "PE427")
MAX_CELL = 32_767
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TITLE = re.compile(r"[\[\]:*?/\\']")
BAD_CELL = "FFFF99"  # a yellow that black text keeps its contrast on
BAD_ROW = "FFE0B2"
WRONG = ("what is wrong", "问题")
TALKING = (*WRONG, *LIST[-2], *LIST[-1])  # columns of sentences
WIDE, TALK = 20, 60  # digits that have room in a column
Rows = dict[int, list[Reject]]


def write_rejects(
    path: Path,
    rejects: Sequence[Reject],
    arguments: Sequence[str],
    schema: Schema,
    persons: str | None = None,
    circumstances: str | None = None,
) -> list[Diagnostic]:
    """Write the workbook. ``arguments``: the files as they were read; what can't be read again is only listed."""
    from openpyxl import Workbook

    by_table: dict[tuple[str, str | None], Rows] = {}
    for reject in rejects:
        if reject.code not in LISTED:
            by_table.setdefault((reject.file, reject.sheet), {}).setdefault(reject.row, []).append(reject)
    book = Workbook(write_only=True)
    with whole_file(path) as new:
        with rows_of_book(book):
            titles, told = set[str](), list[Diagnostic]()
            for purpose, files in zip(PURPOSES, (arguments, [persons], [circumstances]), strict=True):
                again = [f for f in files if f is not None and f != "-"]
                told += _fill(book, by_table, Headers(schema, purpose), again, titles)
            _list(book, titles, rejects)
        save_book(book, new)
    return [_only_listed(), *told] if any(file == STDIN for file, _ in by_table) else told


def _fill(
    book: Any,
    by_table: dict[tuple[str, str | None], Rows],
    headers: Headers,
    arguments: Sequence[str],
    titles: set[str],
) -> list[Diagnostic]:
    """A sheet for each table with rejected rows that can be mended; errors where a file can't be read again."""
    sources, problems = find_files(arguments) if arguments else ([], [])
    reading = Reading(diagnostics=problems)
    for source in sources:
        if not any(file == source.shown for file, _ in by_table):
            continue
        try:
            for table, layout in tables_of_file(source, headers, reading):
                rows = by_table.get((table.file, table.sheet))
                if rows:
                    name = f"{source.path.stem} {table.sheet}" if table.sheet else source.path.stem
                    of = _Rows(table, layout, headers, rows)
                    _lay(book, name, titles, of.names(), (partial(_cells, row=row, of=of) for row in of.each()))
        except Damaged as e:
            reading.diagnostics.append(e.problem)
    return [d for d in reading.diagnostics if d.severity == "error"]


def _only_listed() -> Diagnostic:
    message = say(
        "rows of standard input can't be read twice; the workbook lists what is wrong with them and not the rows",
        "标准输入无法读取两次；工作簿只列出其问题，不含原始行",
    )
    return Diagnostic("PE443", message, Span(STDIN), severity="warning")


def _title(name: str, taken: set[str]) -> str:
    """A name that a sheet may have, once."""
    wanted = _TITLE.sub(" ", name).strip()[:28] or "rejects"
    title, number = wanted, 1
    while title.lower() in taken:
        number += 1
        title = f"{wanted[:25]} {number}"
    taken.add(title.lower())
    return title


class _Rows:
    """The rejected rows of one table. ``rows``: what is wrong with them, by row number."""

    def __init__(self, table: RawTable, layout: Layout, headers: Headers, rows: Rows) -> None:
        self.table, self.layout, self.rows = table, layout, rows
        self.reader = RowReader(table, layout, headers)
        self.sure = headers.purpose != "circumstances"  # whether what is wrong is seen in the row's cells, one by one
        self.source = SOURCE_FILES[headers.purpose]
        added = {*self.source, *SOURCE_ROW, *WRONG} if source_columns(layout) else set()
        self.shown = [(at, name) for at, name in enumerate(layout.headers) if name not in {*added, *SURPLUS}]
        self.surplus_at = [at for at, name in enumerate(layout.headers) if name in SURPLUS]
        self.days = {c.position for c in layout.columns if headers.fields[c.field].type == "date"}
        shapeless = (f.column is None and f.code != NO_FIGURE.code for faults in rows.values() for f in faults)
        self.surplus = bool(self.surplus_at) or any(shapeless)

    def names(self) -> list[str]:
        more = [say(*SURPLUS)] if self.surplus else []
        return [n for _, n in self.shown] + more + [say(*n) for n in (self.source, SOURCE_ROW, WRONG)]

    def each(self) -> Iterator[Row]:
        """The rows that are rejected for what stands in them: a record may be good and a fact of its person not."""
        for at, row in enumerate(self.table.rows):
            mine = at >= self.layout.rows_above and row.number in self.rows
            if mine and (not self.sure or any(one.faults for one in self.reader.read(row))):
                yield row

    def faults(self, row: Row) -> list[Reject]:
        """What is wrong with the row; of one that is read as a record and as a person, only what is so here."""
        found = {(f.column, f.code): f for f in reversed(self.rows[row.number])}
        own = {(fault.column, fault.bad.code) for one in self.reader.read(row) for fault in one.faults}
        return [f for key, f in reversed(found.items()) if not self.sure or key in own]

    def texts(self, row: Row) -> list[str]:
        """The cells as they are to be read again: what has been read is left out, days are those of any calendar."""
        read = {one.suffix for one in self.reader.read(row) if not one.faults} if self.layout.wide else set()
        done = {w.position for w in self.layout.wide if w.header in read}
        cells, more = self._apart(row)
        texts = ["" if at in done or at >= len(cells) else self._text(at, cells[at]) for at, _ in self.shown]
        return [*texts, ",".join(c for c in more if c.strip())] if self.surplus else texts

    def _apart(self, row: Row) -> tuple[list[str], list[str]]:
        """The cells, and what is to be settled before they can be read: in a column of its own it rejects the row."""
        cells, bad = [*row.cells], row.bad
        more = [say(bad.en, bad.zh)] if bad is not None else []
        if bad is not None and cells and self.table.delimiter is not None:
            opened = cells.pop().strip().split("\n")[0]  # never closed; the lines below are rows of their own
            more = [f'"{opened}']
        beyond = cells[len(self.layout.headers) :] if self.table.sheet is None else []
        return cells, [*(cells[at] for at in self.surplus_at if at < len(cells)), *beyond, *more]

    def _text(self, at: int, text: str) -> str:
        if self.table.calendar_1904 and at in self.days and text.replace(".", "", 1).isdigit():
            found = day(text, calendar_1904=True)
            return text if isinstance(found, Bad) else found.isoformat()
        return text


def _lay(
    book: Any, name: str, titles: set[str], head: Sequence[str], rows: Iterable[Callable[[Any], list[Any]]]
) -> int:
    """A sheet, or as many as it takes to hold all rows, each with the header; how many there are. None without rows."""
    sheets = 0
    for at, row in enumerate(rows):
        if at % (LAST_ROW - 1) == 0:
            sheet = _sheet(book, _title(name, titles), head)
            sheets += 1
        sheet.append(row(sheet))
    return sheets


def _sheet(book: Any, title: str, head: Sequence[str]) -> Any:
    """A sheet with its header, and columns in which an identity number has room."""
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(place)].width = TALK if name in TALKING else WIDE
    sheet.append([_cell(sheet, name, bold=True) for name in head])
    return sheet


def _cells(sheet: Any, row: Row, of: _Rows) -> list[Any]:
    faults = of.faults(row)
    by_header = {f.column: f for f in faults if f.column is not None}
    by_field = {c.position: by_header.get(c.field) for c in of.layout.columns}
    whole = any(f.column is None for f in faults)
    made = []
    for (position, header), text in zip([*of.shown, (-1, say(*SURPLUS))], of.texts(row), strict=False):
        fault = by_header.get(header) or by_field.get(position)
        text = _kept(text, fault)
        if fault is None and (unread := unfit(text)) is not None:
            fault = reject_of(of.table.file, of.table.sheet, row.number, header, None, unread, None)
        made.append(_cell(sheet, text, fault=fault, colour=BAD_CELL if fault else BAD_ROW if whole else None))
    reasons = "; ".join(f"{f.column + ': ' if f.column else ''}{_said(f)}" for f in faults)
    place = place_text((of.table.file, of.table.sheet))
    # what stands beyond the header of a sheet
    beside = row.cells[len(of.layout.headers) :] if of.table.sheet is not None else []
    notes = [_cell(sheet, _kept(note, None)) for note in beside]
    return [*made, _cell(sheet, place), _cell(sheet, str(row.number)), _cell(sheet, reasons), *notes]


def _kept(text: str, fault: Reject | None) -> str:
    """The text as a workbook can hold it; where that is not all of it, it isn't read again as if it were."""
    if fault is not None and fault.code == JOINED.code and not is_merged(text):
        text += say(*MERGED)
    text = _CONTROL.sub(NO_CHARACTER, text)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 2] + NO_CHARACTER


def _said(reject: Reject) -> str:
    reason, hint = reject.said()
    return f"{reason} ({hint})" if hint else reason


def _cell(sheet: Any, text: str, bold: bool = False, fault: Reject | None = None, colour: str | None = None) -> Any:
    """A text cell: nothing in it is calculated, and what is typed over it stays text, long numbers too."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    cell = WriteOnlyCell(sheet, _CONTROL.sub("�", text)[:MAX_CELL] or None)
    cell.data_type, cell.number_format = "s" if text else "n", "@"
    if bold:
        cell.font = Font(bold=True)
    if colour:
        cell.fill = PatternFill("solid", fgColor=colour)
    if fault is not None:
        cell.comment = Comment(_said(fault), "policyengine")
    return cell


def _list(book: Any, titles: set[str], rejects: Sequence[Reject]) -> None:
    """Every reject, a row each."""
    name, head = say("list", "清单"), [say(*n) for n in LIST]
    if not _lay(book, name, titles, head, (partial(_listed, r=r) for r in rejects)):
        _sheet(book, _title(name, titles), head)


def _listed(sheet: Any, r: Reject) -> list[Any]:
    texts = [r.file, r.sheet or "", str(r.row), r.column or "", r.value or "", r.code, *r.said()]
    return [_cell(sheet, t) for t in texts]
