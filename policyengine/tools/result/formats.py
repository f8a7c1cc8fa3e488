"""A table as a file and back: CSV, JSON Lines, Parquet (through duckdb) and XLSX (through openpyxl).

The same table gives the same bytes every time. Figures are exact in every format; docs/results.md says how.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from policyengine.diagnostics import Diagnostic, PolicyError, not_installed
from policyengine.language.quantities import exact_text
from policyengine.messages import many, say
from policyengine.records.books import rows_of_book, save_book
from policyengine.records.duck_file import reader_text
from policyengine.records.personal import APOSTROPHED, mask_within, neutralise
from policyengine.tools.result.tables import Column, Table, Value

FORMATS = ("csv", "jsonl", "parquet", "xlsx")
SHEET_ROWS = 1_048_576  # what a sheet of XLSX can hold, header included
SHEET_CELL = 32_767  # characters
BIGINT = 2**63
MOST_DIGITS = 4300  # of a whole number as text that Python reads
_encoded = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes an encoder for every value


def text_of(value: Value) -> str:
    """A cell of a text format: exact decimal or fraction, ISO date, yes or no; nothing for None."""
    if isinstance(value, str):  # most are; to ask whether one is a fraction takes ten times as long
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return exact_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


# --- writing ---------------------------------------------------------------------------------------------------------


def write_table(table: Table, path: Path, format: str) -> None:
    """Write one table. Text is UTF-8 with ``\\n`` at line ends."""
    if format in ("csv", "jsonl"):
        with text_file(path) as file:
            (write_csv if format == "csv" else write_jsonl)(table, file)
    elif format == "parquet":
        _write_parquet(table, path)
    else:
        _write_xlsx(table, path)


def text_file(path: Path) -> IO[str]:
    """A file to write text into, whatever half characters are in it."""
    return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="")


def write_csv(table: Table, file: IO[str]) -> None:
    """With a header; text that a spreadsheet would take for a formula is neutralised."""
    file.write(",".join(_cell_of_csv(n) for n in table.names) + "\n")
    shown = [_safe if c.kind == "text" else text_of for c in table.columns]
    for row in table.rows:
        file.write(",".join(_cell_of_csv(show(v)) for show, v in zip(shown, row, strict=True)) + "\n")


def _cell_of_csv(text: str) -> str:
    """Quoted where it must be; the csv module of Python 3.11 leaves a carriage return bare."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


_SPECIAL = re.compile('[",\r\n]')


def _safe(value: Value) -> str:
    """Neutralised so that it can be undone: a text that begins with an apostrophe gets a second one."""
    text = text_of(value)
    return "'" + text if text.startswith("'") else neutralise(text)


def write_jsonl(table: Table, file: IO[str]) -> None:
    """One object a line. A figure is a number, exact as it stands; without a finite decimal a text (``"20/9"``)."""
    keys = [json.dumps(n, ensure_ascii=False) + ":" for n in table.names]
    for row in table.rows:
        file.write("{" + ",".join(k + json_of(v) for k, v in zip(keys, row, strict=True)) + "}\n")


def json_of(value: Value) -> str:
    """A value as JSON text, figures exact."""
    if isinstance(value, str):  # most are, as in text_of
        return _encoded(value)
    if value is None:
        return "null"
    if isinstance(value, Fraction):
        text = exact_text(value)
        return f'"{text}"' if "/" in text else text
    return _encoded(value.isoformat() if isinstance(value, date) else value)


def _write_parquet(table: Table, path: Path) -> None:
    """Through a CSV file beside it, so that memory stays flat; one thread, so that bytes don't depend on chance."""
    from policyengine.records.parquet import database

    columns, rows = _parquet_columns(table)
    between = path.with_name(path.name + ".csv")
    try:
        with text_file(between) as file:
            for row in rows:
                file.write(",".join(row) + "\n")
        options = (
            "header=false, delim=',', quote='\"', escape='\"', new_line='\\n', allow_quoted_nulls=false, "
            "auto_detect=false, max_line_size=100000000"
        )
        types = ", ".join(f"{_literal(name)}: {_literal(kind)}" for name, kind in columns)
        with database(threads=1).cursor() as connection:
            source = reader_text("read_csv", between, f"columns={{{types}}}, {options}")
            connection.execute(f"COPY (FROM {source}) TO {_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    finally:
        between.unlink(missing_ok=True)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _parquet_columns(table: Table) -> tuple[list[tuple[str, str]], Iterator[list[str]]]:
    """Names and types, and the rows' cells as CSV text.

    A figure column in which one figure has no finite decimal becomes two, numerator and denominator: there is then no
    column under its own name that somebody could sum by mistake.
    """
    columns: list[tuple[str, str]] = []
    cells: list[Callable[[Value], list[str]]] = []
    for number, column in enumerate(table.columns):
        if column.kind != "figure":
            kind = {"whole": "BIGINT", "date": "DATE", "yes_no": "BOOLEAN"}.get(column.kind, "VARCHAR")
            columns.append((column.name, kind))
            cells.append(_quoted if column.kind == "text" else _plain)
            continue
        figures = [f for row in table.rows if isinstance(f := row[number], Fraction)]
        texts = [exact_text(f) for f in figures]
        if any("/" in t for t in texts):
            wide = any(abs(f.numerator) >= BIGINT or f.denominator >= BIGINT for f in figures)
            columns += [(f"{column.name}_{part}", "DECIMAL(38,0)" if wide else "BIGINT") for part in ("num", "den")]
            cells.append(_ratio)
        else:
            after = max((len(t.partition(".")[2]) for t in texts), default=0)
            before = max((len(t.partition(".")[0].lstrip("-")) for t in texts), default=1)
            columns.append((column.name, f"DECIMAL({18 if before + after <= 18 else 38},{after})"))
            cells.append(_plain)
    rows = ([c for show, v in zip(cells, row, strict=True) for c in show(v)] for row in table.rows)
    return columns, rows


def _quoted(value: Value) -> list[str]:
    return ["" if value is None else '"' + text_of(value).replace('"', '""') + '"']


def _plain(value: Value) -> list[str]:
    return [{True: "true", False: "false"}[value] if isinstance(value, bool) else text_of(value)]


def _ratio(value: Value) -> list[str]:
    return [str(value.numerator), str(value.denominator)] if isinstance(value, Fraction) else ["", ""]


def _write_xlsx(table: Table, path: Path) -> None:
    if len(table.rows) >= SHEET_ROWS:
        text = say(
            f"{table.name} has {len(table.rows)} rows; a sheet holds {SHEET_ROWS - 1}",
            f"{table.name} 有 {len(table.rows)} 行，一张工作表只能容纳 {SHEET_ROWS - 1} 行",
        )
        raise PolicyError([_beyond_a_sheet(text)])
    openpyxl = openpyxl_there()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(table.name)
    sheet.freeze_panes = "A2"
    for place, column in enumerate(table.columns, 1):
        room = 20 if column.kind == "text" else 9  # of an identity number nothing is cut off
        sheet.column_dimensions[openpyxl.utils.get_column_letter(place)].width = max(room, len(column.name) + 2)
    with rows_of_book(book):
        sheet.append(table.names)
        for row in table.rows:
            sheet.append([_cell(v) for v in row])
    save_book(book, path)


def openpyxl_there() -> Any:
    """The library that writes XLSX, and reads what it wrote. ``PolicyError`` where it is not installed."""
    try:
        import openpyxl
    except ImportError:
        text = say("XLSX needs openpyxl, which is not installed", "读写 XLSX 需要 openpyxl，尚未安装")
        raise not_installed(text, "sheets") from None
    return openpyxl


def _cell(value: Value) -> object:
    """Figures of up to 15 digits as numbers (what a spreadsheet keeps exactly), everything else as text.

    Raises ``PolicyError`` PE907 where a text is longer than a cell can be: cut, it would name only some facts.
    """
    if isinstance(value, Fraction):
        text = exact_text(value)
        return Decimal(text) if "/" not in text and len(text.replace(".", "").lstrip("-0")) <= 15 else text
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = _safe(value)
    if len(text) > SHEET_CELL:
        said = say(
            f"{text[:40]}… has {len(text)} characters; a cell of a sheet holds {SHEET_CELL}",
            f"“{text[:40]}……”有 {len(text)} 个字符，工作表的一个单元格只能容纳 {SHEET_CELL} 个",
        )
        raise PolicyError([_beyond_a_sheet(said)])
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text) or None


# What XML can't hold, or not as it is (a carriage return), is escaped as Excel does: _x000B_. So is what looks escaped.
_UNHELD = r"\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_NOT_IN_XML = re.compile(f"[{_UNHELD}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNHELD}])")


def _beyond_a_sheet(message: str) -> Diagnostic:
    """PE907, with what to write instead."""
    hint = say("write csv or parquet instead: --format csv", "请改用 csv 或 parquet：--format csv")
    return Diagnostic("PE907", message, hint=hint)


# --- reading back ----------------------------------------------------------------------------------------------------


def read_rows(
    path: Path, format: str, columns: Iterable[Column], where: Mapping[str, str] | None = None
) -> Iterator[dict[str, Value]]:
    """The rows of a table that was written by ``write_table``; ``where``: only those with these texts.

    Raises ``ValueError``, in the language spoken, where the file no longer is such a table.
    """
    kinds = {c.name: c.kind for c in columns}
    read = {"csv": _read_csv, "jsonl": _read_jsonl, "xlsx": _read_xlsx}.get(format)
    rows = read(path, where or {}) if read else _read_parquet(path, where or {}, kinds)
    for number, raw in enumerate(rows, first_line(format)):
        if where and any(raw.get(k) != v for k, v in where.items()):
            continue
        try:
            row = {  # most cells are texts, and to call a function for each takes longer than reading them
                name: cell if kind == "text" and type(cell := raw.get(name)) is str else _value(raw, name, kind)
                for name, kind in kinds.items()
            }
        except ValueError as e:
            place = "" if where else say(f"row {number}, ", f"第 {number} 行，")  # of some rows: none of the file
            raise ValueError(f"{place}{e}") from None
        yield row


def first_line(format: str) -> int:
    """Where a table's first row stands: below the header, if it has one."""
    return 1 if format == "jsonl" else 2


_KINDS = {
    "figure": ("a figure", "数"), "whole": ("a whole number", "整数"), "date": ("a day", "日期"),
    "yes_no": ("yes or no", "是或否"),
}  # fmt: skip


def _value(raw: Mapping[str, object], name: str, kind: str) -> Value:
    paired = kind == "figure" and f"{name}_num" in raw
    if not paired and name not in raw:
        raise ValueError(_lacking(name))
    cell = raw[f"{name}_num" if paired else name]
    try:
        if paired:
            return None if cell is None else _quotient(cell, raw[f"{name}_den"])
        return _typed(cell, kind)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        (what, what_zh), shown = _KINDS[kind], mask_within(str(cell)[:40])
        text = say(f"{name}: {shown!r} is not {what} as we write it", f"{name}：“{shown}”不是本程序写出的{what_zh}")
        raise ValueError(text) from None


def _lacking(name: str) -> str:
    return say(f"the column {name} is missing", f"缺少列 {name}")


def _typed(cell: object, kind: str) -> Value:
    if cell is None or (cell == "" and kind != "text"):
        return None
    match kind:
        case "figure":
            return _fraction(str(cell))
        case "whole":
            return int(cell)  # type: ignore[call-overload,no-any-return]
        case "date":
            return cell if isinstance(cell, date) else date.fromisoformat(str(cell))
        case "yes_no":
            return cell if isinstance(cell, bool) else {"yes": True, "no": False}[str(cell)]
    return str(cell)


# Results hold the same few thousand figures again and again.


@lru_cache(maxsize=65_536)
def _quotient(numerator: object, denominator: object) -> Fraction:
    return Fraction(int(numerator), int(denominator))  # type: ignore[call-overload]


@lru_cache(maxsize=65_536)
def _fraction(text: str) -> Fraction:
    _, _, power = text.lower().partition("e")
    if power and abs(int(power)) > MOST_DIGITS:  # 1e999999999 in a changed table: its digits would fill the memory
        raise ValueError(text)
    return Fraction(text)


def _plain_text(cell: str) -> str:
    """Undo ``neutralise``."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(APOSTROPHED) else cell


def plain_tree(cell: Any) -> Any:
    """The same as a tree, of a column."""
    from policyengine.engines.compile import trees as t

    rest = t.call("SUBSTR", cell, t.lit(2))
    apostrophe = t.call("STARTS_WITH", cell.copy(), t.lit("'"))
    return t.case([(t.both(apostrophe, t.begins_with(rest, APOSTROPHED)), rest.copy())], cell.copy())


def _read_csv(path: Path, where: Mapping[str, str]) -> Iterator[dict[str, object]]:
    with open(path, encoding="utf-8", newline="") as file:
        csv.field_size_limit(1 << 27)
        reader = csv.reader(file, strict=True)
        try:
            names = next(reader, [])
            asked = [(names.index(n), text) for n, text in where.items() if n in names]
            for row in reader:
                if len(row) != len(names):
                    raise ValueError(_wrong_width(reader.line_num, len(row), len(names)))
                if all(row[at] == text or _plain_text(row[at]) == text for at, text in asked):
                    yield {n: _plain_text(c) for n, c in zip(names, row, strict=True)}
        except csv.Error as e:
            line = reader.line_num
            raise ValueError(say(f"line {line} is no CSV: {e}", f"第 {line} 行不是 CSV：引号的位置不对")) from None


def _wrong_width(line: int, cells: int, columns: int) -> str:
    return say(
        f"line {line} has {many(cells, 'cell')} for {many(columns, 'column')}",
        f"第 {line} 行有 {cells} 个单元格，应为 {columns} 个",
    )


def _read_jsonl(path: Path, where: Mapping[str, str]) -> Iterator[dict[str, object]]:
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line, parse_float=Decimal)
            except (ValueError, RecursionError) as e:
                raise ValueError(
                    say(f"line {number} is no JSON object: {e}", f"第 {number} 行不是 JSON 对象")
                ) from None
            if not isinstance(row, dict):
                raise ValueError(say(f"line {number} is no JSON object", f"第 {number} 行不是 JSON 对象"))
            yield row


def _read_parquet(path: Path, where: Mapping[str, str], names: Iterable[str]) -> Iterator[dict[str, object]]:
    """Of the columns those that are asked for, where they are there."""
    from policyengine.records.parquet import database

    condition = " AND ".join(f'"{k}" = ?' for k in where) or "true"
    with database().cursor() as connection:
        yield from _selected(connection, path, (*names, *where), f"WHERE {condition}", where.values())


def sorted_rows(
    connection: Any, folder: Path, path: Path, columns: Sequence[Column], by: str
) -> Iterator[tuple[int, dict[str, Value]]]:
    """The rows of a table in the order of a text column, each with its place in the file, from 0.

    DuckDB puts them in order, beyond its memory on the disk; those of other formats than Parquet it reads from a file
    of texts in ``folder``. Raises ``ValueError`` as ``read_rows``.
    """
    if path.suffix != ".parquet":
        yield from _sorted_texts(connection, folder, path, columns, by)
        return
    place = "file_row_number"
    names = [c.name for c in columns]
    for raw in _selected(connection, path, (*names, place), f'ORDER BY "{by}", {place}', options=f"{place}=true"):
        yield int(str(raw[place])), {c.name: _value(raw, c.name, c.kind) for c in columns}


def _sorted_texts(
    connection: Any, folder: Path, path: Path, columns: Sequence[Column], by: str
) -> Iterator[tuple[int, dict[str, Value]]]:
    from policyengine.records.sql import make_table

    rows = enumerate(read_rows(path, path.suffix[1:], columns))
    texts = ((str(place), *map(text_of, row.values())) for place, row in rows)
    named = {c.name: f"c{at}" for at, c in enumerate(columns)}  # by two measures DuckDB may mean the same: Total, total
    make_table(connection, "texts", [("place", "BIGINT"), *((n, "TEXT") for n in named.values())], texts, folder)
    found = connection.execute(f"SELECT * FROM texts ORDER BY coalesce({named[by]}, ''), place")
    while batch := found.fetchmany(1_000):
        for place, *cells in batch:
            yield place, {c.name: _typed(cell or "", c.kind) for c, cell in zip(columns, cells, strict=True)}


def _selected(
    connection: Any, path: Path, names: Iterable[str], clause: str, values: Iterable[str] = (), options: str = ""
) -> Iterator[dict[str, object]]:
    import duckdb

    from policyengine.records.parquet import database

    asked = [f"{n}{end}" for n in names for end in ("", "_num", "_den")]
    source = reader_text("read_parquet", path, options)
    try:
        there = [d[0] for d in connection.execute(f"SELECT * FROM {source} LIMIT 0").description]
        columns = [c for c in there if c in asked]
        if not columns:
            raise ValueError(_lacking(asked[0]))
        quoted = ", ".join('"' + c.replace('"', '""') + '"' for c in columns)
        found = connection.execute(f"SELECT {quoted} FROM {source} {clause}", list(values))
        while rows := found.fetchmany(10_000):
            for row in rows:
                yield dict(zip(columns, row, strict=True))
    except duckdb.OutOfMemoryException:  # which says nothing of the file
        raise
    except duckdb.Error as e:
        database.cache_clear()  # a damaged file may have left it unusable
        raise ValueError(say(str(e).splitlines()[0], "无法作为 Parquet 读取")) from None


def _read_xlsx(path: Path, where: Mapping[str, str]) -> Iterator[dict[str, object]]:
    openpyxl = openpyxl_there()
    from policyengine.records.xlsx import unescaped

    if wrong := _too_large(path):
        raise ValueError(say(*wrong))
    try:
        with closing(openpyxl.load_workbook(path, read_only=True)) as book:
            rows = book.worksheets[0].iter_rows(values_only=True)
            names = [str(n) for n in next(rows, ())]
            for row in rows:
                cells = [*row, *[None] * (len(names) - len(row))]
                yield {
                    n: _plain_text(unescaped(c)) if isinstance(c, str) else c if c is None else _text_of_cell(c)
                    for n, c in zip(names, cells, strict=True)
                }
    except FileNotFoundError:
        raise
    except Exception as e:  # a damaged workbook fails anywhere: in the archive, its compression, XML or values
        raise ValueError(say(str(e) or type(e).__name__, "无法作为 XLSX 读取")) from None


def _too_large(path: Path) -> tuple[str, str] | None:
    """Why a workbook would fill the memory; None where it is as large as one is, or what opens it next tells of it."""
    from zipfile import BadZipFile, ZipFile

    from policyengine.records.sheets import bomb

    try:
        with ZipFile(path) as package:
            return bomb(package)
    except (OSError, ValueError, BadZipFile, NotImplementedError):
        return None


def _text_of_cell(cell: object) -> str:
    """A number with all its digits; what else stands there is none of ours."""
    return format(Decimal(repr(cell)), "f") if type(cell) in (int, float) else str(cell)
