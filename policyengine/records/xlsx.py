"""An XLSX sheet in, rows of texts out, streamed: memory holds the shared texts and one piece of XML, not the sheet.

Used where the whole sheet can't be held (a million rows, or two cells far apart) and where cells hold spreadsheet
errors, which ``calamine`` shows as empty cells, or numbers that a format shows with leading zeros, which it leaves out,
or days that a format shows as months, or lengths of time, of which it fails at a number that is none.
ECMA-376 part 1, 18.3 (worksheets) and 18.4 (shared texts).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any
from xml.parsers import expat
from zipfile import ZipFile

PIECE = 1 << 20
MAX_NESTED = 200  # elements within elements: a workbook has some ten
MAX_TAG = 16 << 20  # bytes of one tag or comment, which the parser keeps as a whole; a cell's has some hundred
MAX_ROW = 64_000_000  # characters of a row
MAX_FORMULA = 1 << 16  # characters; a spreadsheet program takes 8192
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_MONTHS = frozenset((17, 27, 36, 50, 52, 57))  # mmm-yy, and yyyy"年"m"月" as a Chinese spreadsheet numbers it
_NO_CODE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Range = tuple[tuple[int, int], tuple[int, int]]
"""Of a sheet: row and column of its first and of its last cell, from 0."""


class NotXlsx(Exception):
    """The file is no workbook of this kind, or damaged."""


class Parser:
    """Feeds a part of the package to expat and calls ``start``, ``end`` and ``text`` with names without prefix."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.nested = self.fed = 0
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text
        self.parser.EntityDeclHandler = self._entity

    def _entity(self, *_: Any) -> None:
        raise NotXlsx("entities are not allowed in a workbook")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.nested += 1
        if self.nested > MAX_NESTED:
            raise NotXlsx("it is nested too deep")
        self.start(name.rpartition(" ")[2], attributes)

    def _end(self, name: str) -> None:
        self.nested -= 1
        self.end(name.rpartition(" ")[2])

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...

    def feed(self, stream: IO[bytes]) -> Iterator[None]:
        """Parse piece by piece, stopping after each."""
        try:
            while piece := stream.read(PIECE):
                self.parser.Parse(piece, False)
                self.fed += len(piece)
                if self.fed - self.parser.CurrentByteIndex > MAX_TAG:
                    raise NotXlsx("a tag is too long")
                yield
            self.parser.Parse(b"", True)
            yield
        except expat.ExpatError as e:
            raise NotXlsx(str(e)) from e


class _Relations(Parser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _Workbook(Parser):
    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, bool]] = []  # name, relation, hidden
        self.calendar_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.calendar_1904 = attributes.get("date1904", "0") in ("1", "true", "on")
        elif name == "sheet":
            relation = next((v for k, v in attributes.items() if k.rpartition(" ")[2] == "id"), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), relation, hidden))


def zeros_of(code: str) -> int:
    """With how many digits a number format such as ``000000`` shows a whole number; 0 if it is none of these."""
    match = re.fullmatch("0{2,20}", _NO_CODE.sub("", code).partition(";")[0].strip())
    return len(match[0]) if match else 0


def only_month(number: int, code: str) -> bool:
    """Whether a number format, by its code or else its number, shows the year of a day, and not the day."""
    if not code:
        return number in _MONTHS
    shown = set(_NO_CODE.sub("", code).partition(";")[0].lower())
    return ("y" in shown or {"e", "m"} <= shown) and not shown & set("dhsa日")


def month_text(text: str) -> str:
    """Of a day that its format shows as a month, ``2016年3月`` where it is the first: that is what a spreadsheet keeps
    when a month is typed, and nobody wrote the day."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-01", text)
    return f"{match[1]}年{int(match[2])}月" if match else text


def is_length(number: int, code: str) -> bool:
    """Whether a number format, by its code or else its number, shows hours beyond those of a day: ``[h]:mm``."""
    return re.search(r"\[(h+|m+|s+)\]", re.sub(r'"[^"]*"', "", code).lower()) is not None if code else number == 46


class _Styles(Parser):
    """Which cell styles show a number as a date, a month or a length of time, and with how many digits at least."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, str] = {}
        self.dates: list[bool] = []
        self.months: list[bool] = []
        self.lengths: list[bool] = []
        self.zeros: list[int] = []
        self.inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            number = attributes.get("numFmtId", "0")
            code = _NO_CODE.sub("", self.codes.get(number, "")).lower()
            known = number.isdigit() and int(number) in _DATE_FORMATS
            self.zeros.append(zeros_of(self.codes.get(number, "")))
            self.months.append(only_month(int(number) if known else 0, self.codes.get(number, "")))
            self.lengths.append(is_length(int(number) if known else 0, self.codes.get(number, "")))
            self.dates.append(known if number not in self.codes else any(c in code for c in "ymdhs年月日"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False


class _SharedTexts(Parser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.inside = self.phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "t":
            self.inside = not self.phonetic
        elif name == "rPh":
            self.phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self.inside = False
        elif name == "rPh":
            self.phonetic = False
        elif name == "si":
            self.texts.append(unescaped("".join(self.parts)))
            self.parts.clear()

    def text(self, data: str) -> None:
        if self.inside:
            self.parts.append(data)


def unescaped(text: str) -> str:
    """``_x000D_`` and the like are characters that XML can't hold."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def formula_text(formula: str) -> str:
    """A formula that was never calculated: ``=A1+1``. ``="…"``, a text that is kept as such, is none that needs it."""
    kept = re.fullmatch(r'"(?:[^"]|"")*"', formula)
    return f"= {formula}" if formula.startswith('"') and not kept else f"={formula}"


class _Sheet(Parser):
    """Collects rows; ``ready`` holds those that are complete."""

    def __init__(self, texts: list[str], styles: _Styles, calendar_1904: bool) -> None:
        super().__init__()
        self.texts, self.dates, self.zeros, self.calendar_1904 = texts, styles.dates, styles.zeros, calendar_1904
        self.months, self.lengths = styles.months, styles.lengths
        self.ready: list[tuple[int, list[str]]] = []
        self.row, self.column, self.cells = 0, 0, list[str]()
        self.kind, self.style, self.parts = "n", 0, list[str]()
        self.taking = self.phonetic = self.in_formula = self.empty_text = False
        self.formula = ""  # of a cell without a result so far
        self.size = 0  # of the row

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            where = attributes.get("r", "")
            self.column = column_number(where) if where else self.column + 1
            if not 0 < self.column <= LAST_COLUMN:
                raise NotXlsx(f"there is no cell {where}")
            self.kind, self.style = attributes.get("t", "n"), int(attributes.get("s", "0") or 0)
            self.parts.clear()
            self.formula, self.empty_text = "", False
        elif name in ("v", "t"):
            self.taking = not self.phonetic
            self.empty_text = self.kind == "str"  # the result of the formula, unless a text follows
        elif name == "f":
            self.in_formula, self.formula = True, "="
        elif name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            if not 0 < self.row <= LAST_ROW:
                raise NotXlsx(f"there is no row {self.row}")
            self.column, self.cells, self.size = 0, [], 0
        elif name == "rPh":
            self.phonetic = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self.taking = False
        elif name == "f":
            self.in_formula = False
        elif name == "c":
            if self.parts or (self.formula and not self.empty_text):
                self.cells += [""] * (self.column - len(self.cells))
                self.cells[self.column - 1] = (
                    self.value("".join(self.parts)) if self.parts else formula_text(self.formula[1:])
                )
        elif name == "row":
            self.ready.append((self.row, self.cells))
        elif name == "rPh":
            self.phonetic = False

    def text(self, data: str) -> None:
        if self.taking:
            self.parts.append(data)
            self.size += len(data)
            if self.size > MAX_ROW:
                raise NotXlsx("a row is too long")
        elif self.in_formula:
            self.formula += data
            if len(self.formula) > MAX_FORMULA:
                raise NotXlsx("a formula is too long")

    def value(self, text: str) -> str:
        match self.kind:
            case "s":
                number = int(text)
                if not 0 <= number < len(self.texts):
                    raise NotXlsx(f"there is no shared text {number}")
                return self.texts[number]
            case "b":
                return "true" if text.strip() in ("1", "true") else "false"
            case "n":
                if self.style < len(self.lengths) and self.lengths[self.style]:
                    return length_text(round(max(float(text), 0) * 86_400_000) // 1000)
                if self.style < len(self.dates) and self.dates[self.style]:
                    shown = serial_text(float(text), self.calendar_1904)
                    return month_text(shown) if self.months[self.style] else shown
                shown = number_text(float(text))
                return (
                    shown.zfill(self.zeros[self.style]) if shown.isdigit() and self.style < len(self.zeros) else shown
                )
            case "d":
                return iso_text(text)
        return unescaped(text)  # texts, results of formulas, errors such as #N/A


def number_text(value: float) -> str:
    """A spreadsheet number as a cell's text. Spreadsheets keep 15 significant digits: what lies beyond is noise."""
    if value == value // 1 and abs(value) < 1e15:
        return str(int(value))
    return format(value, ".15g")


def serial_text(value: float, calendar_1904: bool) -> str:
    """A day number as date, with the time of day if it has one; a number below 1 is a time. Rounded to milliseconds, as
    calamine does: a sum of days may be a trifle less than the day that is shown."""
    start = datetime(1904, 1, 1) if calendar_1904 else datetime(1899, 12, 30 if value > 59 else 31)
    try:
        days, rest = divmod(round(max(value, 0) * 86_400_000), 86_400_000)
        return moment_text(start + timedelta(days, rest // 1000)) if days else length_text(rest // 1000)
    except OverflowError:
        return number_text(value)


def length_text(seconds: int) -> str:
    """``25:30:00``: a time of day, or a length of time, of which days are hours."""
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def moment_text(moment: datetime) -> str:
    """``2016-03-05``, with ``14:30:00`` where it isn't midnight."""
    return moment.isoformat(" ", "seconds").removesuffix(" 00:00:00")


def iso_text(text: str) -> str:
    """A moment of ISO 8601, ``2016-03-05T14:30:00``, as the text of one."""
    try:
        return moment_text(datetime.fromisoformat(text))
    except ValueError:
        return text


_LETTERS = {chr(65 + i): i + 1 for i in range(26)}


def column_number(reference: str) -> int:
    """``B7`` → 2."""
    number = 0
    for letter in reference:
        if letter not in _LETTERS:
            break
        number = number * 26 + _LETTERS[letter]
    return number


def read_range(reference: str) -> Range | None:
    """``A2:B3`` → ((1, 0), (2, 1)): rows and columns from 0."""
    match = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})", reference)
    if not match:
        return None
    return (int(match[2]) - 1, column_number(match[1]) - 1), (int(match[4]) - 1, column_number(match[3]) - 1)


class Book:
    """An opened XLSX package: its sheets by name, read one after the other."""

    def __init__(self, package: ZipFile) -> None:
        self.package = package
        self.names = {n.lower(): n for n in package.namelist()}
        workbook = self._parse(_Workbook(), "xl/workbook.xml")
        relations = self._parse(_Relations(), "xl/_rels/workbook.xml.rels")
        self.calendar_1904 = workbook.calendar_1904
        if lost := [name for name, relation, _ in workbook.sheets if relation not in relations.targets]:
            raise NotXlsx(f"nothing says where the sheet {lost[0]} stands")
        places = {
            name: posixpath.normpath(posixpath.join("xl", relations.targets[relation])).lstrip("/")
            if not relations.targets[relation].startswith("/")
            else relations.targets[relation].lstrip("/")
            for name, relation, _ in workbook.sheets
        }
        self.parts = {name: self.names.get(place.lower(), place) for name, place in places.items()}
        self.hidden = {name for name, _, hidden in workbook.sheets if hidden}
        self._texts: list[str] | None = None
        self.styles: _Styles = self._parse(_Styles(), "xl/styles.xml", optional=True)

    def _parse(self, parser: Any, part: str, optional: bool = False) -> Any:
        if part.lower() not in self.names:
            if optional:
                return parser
            raise NotXlsx(f"the part {part} is missing")
        with self.package.open(self.names[part.lower()]) as stream:
            for _ in parser.feed(stream):
                pass
        return parser

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str]]]:
        """Row number (from 1) and texts, for every row that the sheet names."""
        if self._texts is None:
            self._texts = self._parse(_SharedTexts(), "xl/sharedStrings.xml", optional=True).texts
        parser = _Sheet(self._texts or [], self.styles, self.calendar_1904)
        try:
            with self.package.open(self.parts[sheet]) as stream:
                for _ in parser.feed(stream):
                    yield from parser.ready
                    parser.ready = []
        except (ValueError, OverflowError) as e:
            raise NotXlsx(str(e)) from e

    def merged(self, sheet: str) -> list[Range]:
        """The merged ranges of a sheet. They stand below its rows, so the whole part is scanned for them."""
        found = []
        tail = b""
        with self.package.open(self.parts[sheet]) as stream:
            while piece := stream.read(PIECE):
                for reference in re.findall(rb'mergeCell\s+ref=["\']([A-Z0-9:$]{1,40})["\']', tail + piece):
                    found.append(read_range(reference.decode()))
                tail = piece[-80:] if b"</mergeCell" not in piece[-80:] else b""
        return list(dict.fromkeys(r for r in found if r is not None))
