"""The bytes of a CSV file in, rows of cells out, each with its line, so that a message can point at a cell. PE153."""

from __future__ import annotations

import csv
import io

from policyengine.diagnostics import Diagnostic, Span
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.packs.nodes import lines_of
from policyengine.packs.syntax import UNWANTED, at_character, unmerged, unwanted

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
        source = lines_of(self.text)[number - 1].rstrip("\r")
        column, end = _cell_columns(source, cell) if cell is not None else (1, 1)
        return Diagnostic(code, message, Span(self.file, number, column, number, end), hint, source=source)


def sheet_of(data: bytes, file: str) -> tuple[Sheet | None, list[Diagnostic]]:
    """The bytes of a CSV file (UTF-8 with or without BOM, else GB18030) as rows of cells; empty lines are left out."""
    text, problem = _decoded(data, file)
    if problem is not None:
        return None, [problem]
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
                message = say(f"this table has more than {MAX_ROWS:,} rows", f"此表超过 {MAX_ROWS:,} 行")
                hint = say("leave out rows that no rule needs", "请删去规则用不到的行")
                return None, [_no_table(file, begins, message, hint)]
    except csv.Error as error:
        message = say(f"this line is not CSV: {error}", "这一行不是 CSV：引号的位置不对")
        hint = say("look for a quotation mark that is never closed", "请查找没有闭合的引号")
        return None, [_no_table(file, begins, message, hint)]
    if not rows:
        hint = say("its first line names the columns, separated by commas", "第一行是各列的名称，用逗号分隔")
        return None, [_no_table(file, 1, say("this table is empty", "此表是空的"), hint)]
    return Sheet(file, text, tuple(rows), tuple(lines)), []


def _decoded(data: bytes, file: str) -> tuple[str, Diagnostic | None]:
    """The text, with the line ends of Unix; or what keeps it from being one."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        message = say(
            "this is a workbook of a spreadsheet program, not a CSV file", "这是电子表格的工作簿，不是 CSV 文件"
        )
        return "", _no_table(file, 1, message, say("save the sheet as CSV UTF-8", "请将该工作表另存为 CSV UTF-8"))
    body = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = body.decode("gb18030")
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            message = say("this table is neither UTF-8 nor GB18030", "此表既不是 UTF-8 也不是 GB18030 编码")
            return "", _no_table(file, line, message, say("save it as CSV UTF-8", "请另存为 CSV UTF-8"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    problem = unmerged("PE153", file, text)
    if problem is None and (found := UNWANTED.search(text)):
        message, hint = unwanted(found[0])
        problem = at_character("PE104", message, file, text, found.start(), hint)
    return text, problem


def _no_table(file: str, line: int, message: str, hint: str) -> Diagnostic:
    return Diagnostic("PE153", message, Span(file, line), hint)


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
