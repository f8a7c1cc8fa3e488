"""The bytes of a CSV file in, rows of cells out, each with its line, so that a message can point at a cell. PE153."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from policyengine.diagnostics import Diagnostic, Span

MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file as text: its lines, its rows of cells, and the line in which each row begins."""

    file: str
    text: str
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def problem(
        self, code: str, message: str, row: int, cell: int | None = None, hint: str | None = None
    ) -> Diagnostic:
        """A diagnostic that points at a row (0 is the header) or at one of its cells."""
        number = self.lines[row]
        source = self.text.split("\n")[number - 1].rstrip("\r")
        column, end = _cell_columns(source, cell) if cell is not None else (1, 1)
        return Diagnostic(code, message, Span(self.file, number, column, number, end), hint, source=source)


def sheet_of(data: bytes, file: str) -> tuple[Sheet | None, list[Diagnostic]]:
    """The bytes of a CSV file (UTF-8 with or without BOM, else GB18030) as rows of cells; empty lines are left out."""

    def bad(message: str, line: int, hint: str) -> tuple[None, list[Diagnostic]]:
        return None, [Diagnostic("PE153", message, Span(file, line), hint)]

    body = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = body.decode("gb18030")
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            return bad("this table is neither UTF-8 nor GB18030", line, "save it as CSV UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        return bad("a NUL byte stands here", text.count("\n", 0, text.index("\0")) + 1, "save the table again as CSV")
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # the file's own bound is the one that holds
    reader = csv.reader(io.StringIO(text), strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(tuple(row))
                lines.append(begins)
            begins = reader.line_num + 1
            if len(rows) > MAX_ROWS + 1:
                return bad(f"this table has more than {MAX_ROWS:,} rows", begins, "leave out rows that no rule needs")
    except csv.Error as error:
        return bad(f"this line is not CSV: {error}", begins, "look for a quotation mark that is never closed")
    if not rows:
        return bad("this table is empty", 1, "its first line names the columns, separated by commas")
    return Sheet(file, text, tuple(rows), tuple(lines)), []


def _cell_columns(source: str, index: int) -> tuple[int, int]:
    """Where cell ``index`` of a line begins and ends, from 1."""
    begin, quoted, number = 0, False, 0
    for offset, char in enumerate(source):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            if number == index:
                return begin + 1, offset + 1
            number, begin = number + 1, offset + 1
    return (begin + 1, len(source) + 1) if number == index else (len(source) + 1, len(source) + 2)
