"""An ODS package in, its sheets' rows of texts out, streamed: memory holds one piece of XML, not a sheet.

``calamine`` reads ODS too, but not its merged cells and errors. OpenDocument 1.3 part 3: 9 (tables), 19.387 (values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from zipfile import ZipFile

from policyengine.records.cells import ERRORS
from policyengine.records.xlsx import (
    LAST_COLUMN,
    LAST_ROW,
    MAX_ROW,
    NotXlsx,
    Parser,
    Range,
    formula_text,
    iso_text,
    month_text,
    number_text,
)

MAX_REPEATED = 20_000_000  # cells and spaces of a package that are written once and stand in many places
_OFFICE, _TABLE, _TEXT, _STYLE = (
    f"urn:oasis:names:tc:opendocument:xmlns:{n}:1.0 " for n in ("office", "table", "text", "style")
)
_LIBRE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"  # LibreOffice's own
_NOT_OF_THE_CELL = frozenset(("annotation", "frame", "note", "ruby-text", "table"))
_HOURS = re.compile(r"PT(\d{1,9})H(\d\d)M(\d\d)(?:[.,]\d*)?S")
_OWN_ERROR = re.compile(r"Err:\d{3}")


@dataclass(eq=False, slots=True)
class Sheet:
    """``merged``: the ranges that begin in rows that were read; those of a row are there before the row is."""

    name: str
    hidden: bool
    calendar_1904: bool
    merged: list[Range] = field(default_factory=list)


@dataclass(slots=True)
class _Rows:
    """A row that stands ``times`` below each other from ``number`` (from 1). ``spans``: column, height and width."""

    sheet: Sheet
    number: int
    times: int
    cells: list[str]
    spans: list[tuple[int, int, int]]


def _text(facts: dict[str, str], shown: str) -> str:
    """The value of a cell, by its attributes: an error as it is shown, a formula that was never calculated as such."""
    formula, kind = facts.get(_TABLE + "formula"), facts.get(_OFFICE + "value-type")
    calculated = formula_text(formula.partition("=")[2]) if formula is not None else ""
    known = shown.upper() in ERRORS
    if facts.get(_LIBRE) == "error" or (formula is not None and (known or _OWN_ERROR.fullmatch(shown))):
        return shown if known else calculated or "#N/A"
    match kind:
        case "string":
            return facts.get(_OFFICE + "string-value", shown)
        case "float" | "percentage" | "currency":
            value = number_text(float(facts[_OFFICE + "value"]))
            return shown if shown.isdigit() and shown.lstrip("0") == value else value  # 000123 by its format
        case "date":
            moment = iso_text(facts[_OFFICE + "date-value"])
            return month_text(moment) if _only_month(shown, moment) else moment
        case "time":
            match = _HOURS.fullmatch(facts[_OFFICE + "time-value"])
            return f"{int(match[1])}:{match[2]}:{match[3]}" if match else facts[_OFFICE + "time-value"]
        case "boolean":
            return facts[_OFFICE + "boolean-value"]
    return shown or calculated


def _only_month(shown: str, moment: str) -> bool:
    """Whether a day is shown as a month of its year: 2016年3月, 2016-03, Mar-16, but not 3月1日, 03-01 or 1-Mar-16."""
    numbers = re.findall(r"\d+", shown)
    year = next((y for y in (moment[:4], moment[2:4]) if y in numbers), None)
    if year is None or "日" in shown:
        return False
    numbers.remove(year)
    month = [] if re.search("[A-Za-z]", shown) else [moment[5:7], moment[5:7].lstrip("0")]
    return not numbers or (len(numbers) == 1 and numbers[0] in month)


def _times(facts: dict[str, str], name: str) -> int:
    return max(int(facts.get(_TABLE + name, "1")), 1)


class _Content(Parser):
    """Collects rows; ``ready`` holds those that are complete, and for each sheet one that is none (number 0)."""

    def __init__(self) -> None:
        super().__init__()
        self.ready: list[_Rows] = []
        self.depth = self.spreadsheet = 0  # of the element that is open, and of the one that holds the sheets
        self.skipped = 0  # depth of the element that is left out with all that is in it
        self.hidden: set[str] = set()
        self.style = ""
        self.calendar_1904 = False
        self.sheet: Sheet | None = None
        self.row: _Rows | None = None
        self.facts: dict[str, str] | None = None  # of the cell that is open
        self.cell = self.paragraph = 0  # depth of the cell and of the paragraph in it
        self.shown: list[str] = []
        self.bottom, self.column, self.size, self.repeated = 0, 0, 0, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.skipped:
            return
        if self.facts is not None:
            self._inside(name, attributes)
        elif name in ("table-cell", "covered-table-cell") and self.row is not None:
            self.facts, self.cell = attributes, self.depth
        elif name == "table-row" and self.sheet is not None:
            times = _times(attributes, "number-rows-repeated")
            self.row, self.column, self.size = _Rows(self.sheet, self.bottom + 1, times, [], []), 0, 0
        elif name == "table" and self.depth == self.spreadsheet + 1:
            hidden = attributes.get(_TABLE + "style-name") in self.hidden
            self.sheet, self.bottom = Sheet(attributes.get(_TABLE + "name", ""), hidden, self.calendar_1904), 0
            self.ready.append(_Rows(self.sheet, 0, 1, [], []))
        elif name == "spreadsheet":
            self.spreadsheet = self.depth
        elif name == "style":
            self.style = attributes.get(_STYLE + "name", "")
        elif name == "table-properties" and attributes.get(_TABLE + "display") == "false":
            self.hidden.add(self.style)
        elif name == "null-date":
            self.calendar_1904 = attributes.get(_TABLE + "date-value", "").startswith("1904")
        elif name == "shapes":
            self.skipped = self.depth

    def _inside(self, name: str, attributes: dict[str, str]) -> None:
        if name == "p":
            if self.depth == self.cell + 1:
                self.paragraph = self.depth
                self.shown += ["\n"] if self.shown else []
        elif name in _NOT_OF_THE_CELL:
            self.skipped = self.depth
        elif name == "s":
            spaces = max(int(attributes.get(_TEXT + "c", "1")), 1)
            self._count(spaces - 1)
            self.text(" " * spaces)
        elif name in ("tab", "line-break"):
            self.text("\t" if name == "tab" else "\n")

    def end(self, name: str) -> None:
        depth = self.depth
        self.depth -= 1
        if self.skipped:
            self.skipped = 0 if depth == self.skipped else self.skipped
        elif self.facts is not None:
            if depth == self.paragraph:
                self.paragraph = 0
            elif depth == self.cell:
                self._place(self.facts)
                self.facts, self.shown = None, []
        elif name == "table-row" and self.row is not None:
            self._lay(self.row)
            self.row = None
        elif name == "table" and self.row is None:
            self.sheet = None

    def text(self, data: str) -> None:
        if self.paragraph and not self.skipped:
            self.shown.append(data)
            self.size += len(data)
            if self.size > MAX_ROW:
                raise NotXlsx("a row is too long")

    def _place(self, facts: dict[str, str]) -> None:
        """Put the cell into the row, as often as it stands there."""
        assert self.row is not None
        times = _times(facts, "number-columns-repeated")
        if text := _text(facts, "".join(self.shown)):
            self._count(times - 1)
            if self.column + times > LAST_COLUMN:
                raise NotXlsx(f"there is no column {self.column + times}")
            self.row.cells += [""] * (self.column - len(self.row.cells)) + [text] * times
            height, width = _times(facts, "number-rows-spanned"), _times(facts, "number-columns-spanned")
            if height > 1 or width > 1:
                self.row.spans.append((self.column, height, width))
        self.column += times

    def _lay(self, row: _Rows) -> None:
        """The row is complete; empty ones only count."""
        self.bottom += row.times
        if row.cells:
            self._count((row.times - 1) * len(row.cells))
            if self.bottom > LAST_ROW:
                raise NotXlsx(f"there is no row {self.bottom}")
            self.ready.append(row)

    def _count(self, more: int) -> None:
        self.repeated += more
        if self.repeated > MAX_REPEATED:
            raise NotXlsx("one cell is repeated too often")


def read_ods(package: ZipFile) -> Iterator[tuple[Sheet, Iterator[tuple[int, list[str]]]]]:
    """Each sheet with its rows: number (from 1) and texts. A sheet's rows end where the next sheet is asked for."""
    for sheet, rows in groupby(_rows(package), key=lambda r: r.sheet):
        yield sheet, (each for row in rows for each in _each(row))


def _rows(package: ZipFile) -> Iterator[_Rows]:
    content = _Content()
    try:
        with package.open("content.xml") as stream:
            for _ in content.feed(stream):
                yield from content.ready
                content.ready = []
    except (ValueError, KeyError) as e:
        raise NotXlsx(f"a cell's value is not as it says: {e}") from e
    if not content.spreadsheet:
        raise NotXlsx("it has no sheets")


def _each(row: _Rows) -> Iterator[tuple[int, list[str]]]:
    for number in range(row.number, row.number + row.times if row.number else 0):
        for left, height, width in row.spans:
            row.sheet.merged.append(((number - 1, left), (number + height - 2, left + width - 1)))
        yield number, [*row.cells]
