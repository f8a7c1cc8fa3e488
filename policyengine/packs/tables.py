"""A CSV table of a pack in, typed rows out, each with its line. Officials keep these files in a spreadsheet program.

Errors: PE136 (a path that leaves the policies folder), PE150 (columns), PE151 (a cell), PE152 (rows that meet),
PE153 (a file that is no table).
"""

from __future__ import annotations

import stat
from collections import Counter
from datetime import date
from fractions import Fraction
from itertools import islice
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import listed, many, say
from policyengine.packs.cells import Bad, Reader, surface_forms
from policyengine.packs.document import MAX_PROBLEMS, Document, enough, reason, shown
from policyengine.packs.meeting import TooMany, meeting_rows
from policyengine.packs.model import Cell, Column, Table
from policyengine.packs.nodes import Node, Scalar
from policyengine.packs.shape import did_you_mean, meant
from policyengine.packs.sheets import Sheet, sheet_of
from policyengine.packs.values import YearStart, canonical, optional_at, pairs_at, text_at

MAX_TABLE_BYTES = 5_000_000
MAX_CELL = 10_000  # characters


def read_table(
    document: Document, key: Scalar, node: Node, folder: Path, root: Path, words: Vocabulary, year_start: YearStart
) -> tuple[Table | None, bytes, list[Diagnostic]]:
    """The table declared under ``key`` in pack.yaml, and the bytes of its file."""
    columns, problems = _columns(document, node, words)
    path, refused = _inside(document, node, folder, root)
    if path is None:
        return None, b"", [*problems, *refused]
    data, sheet, unread = _read_sheet(document, node, path)
    problems += unread
    if sheet is None:
        return None, data, problems
    order, misplaced = _order(sheet, columns, node, words)
    problems += misplaced
    if problems:
        return None, data, problems
    readers = [_reader(c, words, year_start) for c in columns]
    rows, bad = _typed(sheet, columns, order, readers)
    lines = tuple(sheet.lines[1:])
    table = Table(key.text, columns, tuple(rows), lines, sheet.file)
    if not bad:
        try:
            bad = [_meeting(sheet, table, one, other) for one, other in islice(meeting_rows(table), MAX_PROBLEMS)]
        except TooMany:
            why = say(
                "its rows have too many combinations to tell whether two of them meet",
                "各行的组合太多，无法判断是否有两行重叠",
            )
            bad = [_unusable(path, why)]
    return (None if bad else table), data, bad


# --- where the file is ------------------------------------------------------------------------------------------------


def _inside(document: Document, node: Node, folder: Path, root: Path) -> tuple[Path | None, list[Diagnostic]]:
    """The file's path, when it lies inside the policies folder (links followed)."""
    name = text_at(node, "file")
    place = node.get("file") if not isinstance(node, Scalar) else node  # type: ignore[union-attr]
    path = folder / name
    try:
        real, inside = path.resolve(), root.resolve()
    except (OSError, ValueError, RuntimeError):
        real, inside = path, root / "\0"
    if Path(name).is_absolute() or not real.is_relative_to(inside):
        problem = document.problem(
            "PE136",
            say(
                f"{name} lies outside of {shown(root)}; whatever governs must lie inside the policies folder",
                f"{name} 在 {shown(root)} 之外；起作用的文件必须在政策文件夹内",
            ),
            place,  # type: ignore[arg-type]
            hint=say("copy the table into the pack's folder tables/", "请把表复制到本包的 tables/ 中"),
        )
        return None, [problem]
    return path, []


def _read_sheet(document: Document, node: Node, path: Path) -> tuple[bytes, Sheet | None, list[Diagnostic]]:
    place = node.get("file")  # type: ignore[union-attr]
    assert place is not None
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, say("it is not a file", "它不是文件"))
        if status.st_size > MAX_TABLE_BYTES:
            why = say(
                f"it has {status.st_size:,} bytes; at most {MAX_TABLE_BYTES:,} are read",
                f"它有 {status.st_size:,} 字节，最多读取 {MAX_TABLE_BYTES:,} 字节",
            )
            return b"", None, [_unusable(path, why)]
        data = path.read_bytes()
    except OSError as error:
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*.csv")]) if path.parent.is_dir() else None
        hint = (
            meant(near)
            if near
            else say("check the name; it is relative to the pack's folder", "请检查文件名，它相对于本包的文件夹")
        )
        said = say(
            f"the table {shown(path)} can't be read: {reason(error)}",
            f"无法读取数据表 {shown(path)}：{reason(error)}",
        )
        return b"", None, [document.problem("PE153", said, place, hint=hint)]
    sheet, problems = sheet_of(data, shown(path))
    return data, sheet, problems


def _unusable(path: Path, why: str) -> Diagnostic:
    return Diagnostic(
        "PE153",
        say(f"the table can't be used: {why}", f"此表不能使用：{why}"),
        Span(shown(path)),
        say("split it, or leave rows out", "请拆分，或删去一些行"),
    )


# --- its columns ------------------------------------------------------------------------------------------------------


def _columns(document: Document, node: Node, words: Vocabulary) -> tuple[tuple[Column, ...], list[Diagnostic]]:
    columns: list[Column] = []
    problems: list[Diagnostic] = []

    def wrong(message: str, where: Node, hint: str) -> None:
        problems.append(document.problem("PE150", message, where, hint=hint))

    for key, given in pairs_at(node, "columns"):
        role = text_at(given, "role")
        name = optional_at(given, "field")
        decl = words.fields.get(name or key.text)
        match = text_at(given, "match", "exact")
        kind = optional_at(given, "type") or _kind(role, match, decl.type if decl else None)
        said = _column_problem(role, match, kind, given, words, name or key.text)
        if said:
            wrong(say(f"column {key.text}: {said[0]}", f"列 {key.text}：{said[0]}"), key, said[1])
        columns.append(Column(key.text, role, kind or "text", match, name, optional_at(given, "unit")))
    roles = [c.role for c in columns]
    for role in ("value", "year", "from", "until"):
        if roles.count(role) > 1:
            message = say(f"two columns have the role {role}", f"有两列的 role 都是 {role}")
            wrong(message, node, say("keep one of them", "请保留一列"))
    if "key" not in roles and "year" not in roles:
        hint = say("give one column role: key or role: year", "请给一列写 role: key 或 role: year")
        wrong(say("no column is looked up", "没有可供查找的列"), node, hint)
    return tuple(columns), problems


def _kind(role: str, match: str, of_field: str | None) -> str | None:
    """A column's type where none is written."""
    if role == "year":
        return "year"
    if role == "value" or match == "range":
        return "number"
    if role == "key":
        return "text" if of_field == "unit" else of_field
    return "text"


def _column_problem(
    role: str, match: str, kind: str | None, given: Node, words: Vocabulary, field: str
) -> tuple[str, str] | None:
    if kind is None or (optional_at(given, "field") and field not in words.fields):
        near = did_you_mean(field, words.fields)
        return say(f"{field} is no field", f"{field} 不是字段"), meant(near) if near else say(
            "say field: … or type: …", "请写 field: … 或 type: …"
        )
    if match == "range" and (role != "key" or kind not in ("number", "year")):
        return say("only a key of type number can be a range", "只有数值的查找列才能用区间"), say(
            "write match: exact", "请写 match: exact"
        )
    if kind == "term" and not words.terms_of(field):
        return say(f"{field} has no terms", f"{field} 没有取值"), say(
            f"add vocabulary: terms: {field}: …, or write type: text",
            f"请在 vocabulary: terms: {field} 下列出，或写 type: text",
        )
    if role == "value" and kind != "number":
        return say("a value is a number", "结果列应为数"), say(
            "write type: number, or role: note", "请写 type: number 或 role: note"
        )
    if role == "value" and optional_at(given, "unit") is None:
        return say("a value needs its unit", "结果列要有单位"), say(
            "add unit: hours or unit: credits", "请写 unit: hours 或 unit: credits"
        )
    return None


def _reader(column: Column, words: Vocabulary, year_start: YearStart) -> Reader:
    field = column.field or column.id
    decl = words.fields.get(field)
    terms = surface_forms(words.terms_of(field)) if column.type == "term" else {}
    return Reader(column, terms, Fraction(1, 10 ** (decl.decimals if decl else 0)), year_start)


def _order(
    sheet: Sheet, columns: tuple[Column, ...], node: Node, words: Vocabulary
) -> tuple[list[int], list[Diagnostic]]:
    """For each declared column its position in the file; a header may be the id, ``header``, or its field's name."""
    headers = [canonical(h) for h in sheet.rows[0]]
    problems: list[Diagnostic] = []

    def wrong(message: str, hint: str, cell: int | None = None) -> None:
        problems.append(sheet.problem("PE150", message, 0, cell, hint))

    order: list[int] = []
    given = {key.text: part for key, part in pairs_at(node, "columns")}
    for column in columns:
        decl = words.fields.get(column.field or column.id)
        names = [column.id, optional_at(given[column.id], "header"), decl.zh if decl else None]
        found = next((headers.index(canonical(n)) for n in names if n and canonical(n) in headers), None)
        if found is None:
            near = did_you_mean(canonical(column.id), headers)
            hint = meant(near) if near else say("columns here: ", "表中的列：") + listed(sheet.rows[0])
            if len(sheet.rows[0]) == 1 and any(mark in sheet.rows[0][0] for mark in ";\t，；"):
                hint = say(
                    "columns are separated by commas: save it as CSV (comma)",
                    "各列之间用半角逗号：请另存为“CSV（逗号分隔）”",
                )
            wrong(say(f"the table has no column {column.id}", f"表中没有列 {column.id}"), hint)
        order.append(-1 if found is None else found)
    for position, header in enumerate(sheet.rows[0]):
        if position not in order and header.strip() and not problems:
            message = say(
                f"the column {header.strip()} is not declared in pack.yaml",
                f"列“{header.strip()}”没有在 pack.yaml 中列出",
            )
            hint = say("declare it (role: note where no rule uses it)", "请列出（规则用不到的写 role: note）")
            wrong(message, hint, position)
    for header in (h for h, times in Counter(headers).items() if h and times > 1):
        message = say(f"two columns are called {header}", f"有两列都叫“{header}”")
        wrong(message, say("rename one of them", "请改其中一列的名称"))
    return order, problems


# --- its rows ---------------------------------------------------------------------------------------------------------


def _typed(
    sheet: Sheet, columns: tuple[Column, ...], order: list[int], readers: list[Reader]
) -> tuple[list[tuple[Cell, ...]], list[Diagnostic]]:
    rows: list[tuple[Cell, ...]] = []
    problems: list[Diagnostic] = []
    width = len(sheet.rows[0])
    for number, raw in enumerate(sheet.rows[1:], 1):
        if len(problems) >= MAX_PROBLEMS:
            problems.append(enough(sheet.file))
            break
        if len(raw) > width or any(p >= len(raw) for p in order):
            problems.append(
                sheet.problem(
                    "PE153",
                    say(
                        f"this row has {many(len(raw), 'cell')}, the header {width}",
                        f"这一行有 {len(raw)} 格，表头有 {width} 格",
                    ),
                    number,
                    hint=say("a cell with a comma in it goes in quotes", "含逗号的单元格要加引号"),
                )
            )
            continue
        cells: list[Cell] = []
        for column, position, reader in zip(columns, order, readers, strict=True):
            value = _cell(raw[position], column, reader)
            if isinstance(value, Bad):
                problems.append(
                    sheet.problem(
                        "PE151",
                        say(f"column {column.id}: {value.message}", f"列 {column.id}：{value.message}"),
                        number,
                        position,
                        value.hint,
                    )
                )
            else:
                cells.append(value)
        rows.append(tuple(cells))
        problems += _backwards(sheet, number, columns, order, cells)
    return rows, problems


def _backwards(
    sheet: Sheet, number: int, columns: tuple[Column, ...], order: list[int], cells: list[Cell]
) -> list[Diagnostic]:
    """A row that would end before it begins."""
    days = {
        c.role: (cell, at) for c, cell, at in zip(columns, cells, order, strict=False) if c.role in ("from", "until")
    }
    if len(days) < 2 or len(cells) < len(columns):
        return []
    start, until = days["from"][0], days["until"][0]
    if not (isinstance(start, date) and isinstance(until, date) and until < start):
        return []
    return [
        sheet.problem(
            "PE151",
            say("this row ends before it begins", "这一行的止日早于起日"),
            number,
            days["until"][1],
            say("exchange the two days", "请对调两个日期"),
        )
    ]


def _cell(text: str, column: Column, reader: Reader) -> Cell | Bad:
    if len(text) > MAX_CELL:
        return Bad(
            say(
                f"this cell has {len(text):,} characters; at most {MAX_CELL:,} are read",
                f"这一格有 {len(text):,} 个字符，最多读取 {MAX_CELL:,} 个",
            ),
            say("shorten it", "请缩短"),
        )
    value = reader.read(text)
    if value is None and column.role in ("key", "year"):
        return Bad(
            say("this cell is empty, so the row could never be found", "这一格是空的，这一行永远查不到"),
            say("fill it, or delete the row", "请填写，或删去这一行"),
        )
    return value


def _meeting(sheet: Sheet, table: Table, one: int, other: int) -> Diagnostic:
    names = listed(c.id for c in table.columns if c.role in ("key", "year"))
    ranges = any(c.match == "range" for c in table.columns)
    return sheet.problem(
        "PE152",
        say(
            f"this row and the one in line {table.lines[one]} answer to the same {names}; which one holds?",
            f"这一行与第 {table.lines[one]} 行的 {names} 相同{'或有重叠' if ranges else ''}，以哪一行为准？",
        ),
        other + 1,
        hint=say(
            f"delete one of them{', separate the ranges' if ranges else ''}, or give them different validity"
            " (from, until)",
            f"请删去一行，{'分开范围，' if ranges else ''}或写明不同的有效期（from、until）",
        ),
    )
