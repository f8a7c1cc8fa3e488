"""Statistical tables as a terminal shows them, and as CSV, JSON and XLSX.

CSV and JSON are data: ids, exact figures. Terminal and XLSX are for people: names in the language spoken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from policyengine.language.quantities import exact_text, half_up
from policyengine.messages import in_line, say
from policyengine.tools.result.formats import json_of, text_file, text_of, write_csv
from policyengine.tools.result.tables import Column, Table, Value
from policyengine.tools.stats.make import Statistics
from policyengine.tools.stats.suppress import HIDDEN
from policyengine.tools.stats.words import Words, sheet_of, title_of
from policyengine.whole import whole_file

SHOWN = 30  # groups of a table on a terminal


def shown(words: Words, column: Column, value: Value) -> str:
    """A cell for people: fractions without a finite decimal rounded to two places and marked."""
    if column.kind == "text":
        return words.cell(column.name, value)
    if value is None:
        return "—"
    if column.kind == "yes_no":
        return say("yes", "是") if value else say("no", "否")
    text = text_of(value)
    if "/" in text:
        return "≈" + exact_text(half_up(Fraction(text), 2))
    return text


def print_tables(statistics: Statistics, stream: IO[str], colour: bool) -> None:
    """Every table, the largest ones in part. One that is too wide comes in several, each with its groups: no figure is
    cut."""
    from rich.table import Table as Shown

    from policyengine.tools.screen import Console

    words = Words(statistics.labels)
    console = Console(file=stream, no_color=not colour, width=None if colour else 200, highlight=False)
    for table in statistics.tables:
        columns = [(p, c) for p, c in enumerate(table.columns) if not _empty(table, c)]
        rows = table.rows[:SHOWN]
        cells = {p: [words.column(c.name), *(in_line(shown(words, c, r[p])) for r in rows)] for p, c in columns}
        groups = {p: cells.pop(p) for p, c in columns if c.kind == "text"}
        title: str | None = title_of(table.name, words.fields)
        for some in _fitting(groups, cells, console.width):
            frame = Shown(title=title, title_justify="left", title_style="bold")
            for head, *_ in groups.values():
                frame.add_column(head, overflow="fold")
            for p in some:
                frame.add_column(cells[p][0], justify="right", no_wrap=True)
            together = zip(*(g[1:] for g in groups.values()), *(cells[p][1:] for p in some), strict=True)
            for line in together:
                frame.add_row(*line)
            console.print(frame)
            title = None
        if len(table.rows) > SHOWN:
            more = len(table.rows) - SHOWN
            english = f"… and {more} more; --format csv or xlsx has all"
            console.print(say(english, f"……另有 {more} 行；csv、xlsx 格式列出全部"))


def _fitting(groups: Mapping[int, list[str]], cells: Mapping[int, list[str]], width: int) -> Iterator[list[int]]:
    """The columns of figures in as many parts as it takes, each as wide as fits beside the groups."""
    from rich.cells import cell_len

    def wide(column: list[str]) -> int:
        return max(map(cell_len, column)) + 3  # a space on each side, and a line

    room = width - 1 - min(sum(map(wide, groups.values())), width // 2)  # of long names; they go on in the next line
    part: list[int] = []
    for place, column in cells.items():
        if part and sum(wide(cells[p]) for p in part) + wide(column) > room:
            yield part
            part = []
        part.append(place)
    yield part


def _empty(table: Table, column: Column) -> bool:
    """Whether the column says nothing here (an outcome that nobody has)."""
    place = table.columns.index(column)
    if column.name == HIDDEN:
        return not any(row[place] for row in table.rows)
    return column.kind == "whole" and column.name != "people" and all(row[place] == 0 for row in table.rows)


def write_json(statistics: Statistics, stream: IO[str]) -> None:
    """One object: table → list of rows; figures are exact, as in results."""
    stream.write("{")
    for number, table in enumerate(statistics.tables):
        stream.write(("," if number else "") + f"\n {json_of(table.name)}: [")
        for place, row in enumerate(table.rows):
            cells = ", ".join(f"{json_of(n)}: {json_of(v)}" for n, v in zip(table.names, row, strict=True))
            stream.write(("," if place else "") + "\n  {" + cells + "}")
        stream.write("\n ]" if table.rows else "]")
    stream.write("\n}\n")


def write_csv_files(statistics: Statistics, folder: Path) -> None:
    """A file for each table; none is there, or another than before, until all are written."""
    paths = [folder / f"{table.name}.csv" for table in statistics.tables]
    with _unfinished(paths) as files:
        for table, file in zip(statistics.tables, files, strict=True):
            write_csv(table, file)


@contextmanager
def _unfinished(paths: Sequence[Path]) -> Iterator[list[IO[str]]]:
    """Files to be written beside ``paths``, which they become when the block ends well; else nothing is left."""
    with ExitStack() as ending:
        new = [ending.enter_context(whole_file(path)) for path in paths]
        with ExitStack() as opened:
            yield [opened.enter_context(text_file(n)) for n in new]


def add_sheets(book: Any, statistics: Statistics) -> None:
    """A sheet of the workbook (``sheets.Workbook``) for each table: frozen header, filters, figures as numbers."""
    words = Words(statistics.labels)
    for table in statistics.tables:
        cells = (
            [words.cell(c.name, v) if c.kind == "text" else v for c, v in zip(table.columns, row, strict=True)]
            for row in table.rows
        )
        book.sheet(sheet_of(table.name, words.fields), [words.column(c.name) for c in table.columns], cells)


def write_file(statistics: Statistics, format: str, path: Path) -> None:
    """One file in the format; ``csv`` of several tables is a folder."""
    if format == "xlsx":
        from policyengine.tools.report.sheets import Workbook

        book = Workbook()
        add_sheets(book, statistics)
        book.save(path)
        return
    if format == "csv" and path.suffix.lower() != ".csv":
        write_csv_files(statistics, path)
        return
    with _unfinished([path]) as (file,):
        write_text(statistics, format, file)


def write_text(statistics: Statistics, format: str, stream: IO[str], colour: bool = False) -> None:
    """In a format that is text; of CSV the one table."""
    if format == "json":
        write_json(statistics, stream)
    elif format == "csv":
        write_csv(statistics.tables[0], stream)
    else:
        print_tables(statistics, stream, colour)
