"""A file in, its tables out: the one place that knows which reader takes which kind of file."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.diagnostics import Diagnostic, Span
from policyengine.messages import say
from policyengine.progress import counted
from policyengine.records.files import Source
from policyengine.records.foreign import foreign, unreadable
from policyengine.records.raw import RawTable
from policyengine.records.text import Score


def open_tables(source: Source, score: Score, sure: bool = True) -> Iterator[RawTable | Diagnostic]:
    """Every table of the file, one after the other, or why there is none.

    ``score``, ``sure`` as in ``text.read_text``.
    """
    match source.kind:
        case "empty":
            said = say("export it again; an empty file is no empty list", "请重新导出；空文件不等于没有记录")
            yield Diagnostic("PE402", say("the file is empty", "文件是空的"), Span(source.shown), hint=said)
        case "html":
            what = ("this is a web page or XML, whatever its name says", "这是网页或 XML，与文件名不符")
            hint = ("open it in a spreadsheet program and save it as XLSX", "请用表格软件打开后另存为 XLSX")
            yield unreadable(source.shown, what, hint)
        case "foreign":
            with source.path.open("rb") as stream:
                yield foreign(stream.read(100), source.shown)
        case "text":
            from policyengine.records.text import read_text

            yield read_text(source, score, sure)
        case "jsonl":
            from policyengine.records.jsonl import read_jsonl

            yield _told(source, read_jsonl(source))
        case "parquet":
            from policyengine.records.parquet import read_parquet

            yield _told(source, read_parquet(source))
        case _:
            from policyengine.records.sheets import read_sheets

            yield from (_told(source, table) for table in read_sheets(source))


def _told(source: Source, table: RawTable | Diagnostic) -> RawTable | Diagnostic:
    """It is told that the table is being read; how many rows it has is not known."""
    if isinstance(table, RawTable):
        table.rows = counted(table.rows, None, say(f"reading {source.path.name}", f"读取 {source.path.name}"))
    return table
