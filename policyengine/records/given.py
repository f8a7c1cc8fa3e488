"""The tables of the files that were given, each with its layout; ``Reading`` gathers what can't be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path

from policyengine.diagnostics import Diagnostic, failed
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.records import second
from policyengine.records.alone import Others
from policyengine.records.cells import Bad, printable
from policyengine.records.files import Source, Watched, digests, find_files
from policyengine.records.header import Headers, Layout, holds_data, layout_of, quoted
from policyengine.records.mapping import FileMapping
from policyengine.records.mapping_check import Met, left_out
from policyengine.records.model import Reject
from policyengine.records.raw import RawTable, blank, is_list, of_rejects
from policyengine.records.rejects import Rejects
from policyengine.records.rows import RowFacts, RowReader
from policyengine.records.schema import PURPOSES_ZH, Purpose
from policyengine.records.tables import open_tables

MAX_SHOWN = 200  # characters of a cell that a reject shows
MAX_KIND = 60  # characters of a column's type that a message shows
HIDDEN = "PE440"  # of a table's notes: only true of a sheet that is read
PARTS = ("STRUCT", "MAP", "UNION", "INTERVAL")  # types of Parquet columns, beside lists, that are no ids


@dataclass(slots=True)
class Reading:
    """What has been read so far. ``digests``: of the files, as ``files.digests`` has them; ``sheets``: those that were
    read, ``unread``: the warnings about others; ``ids``: the headers of columns of ids, by file, sheet and field."""

    rejects: Rejects = field(default_factory=Rejects)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    met: Met = field(default_factory=Met)
    watched: Watched = field(default_factory=Watched)
    digests: dict[str, str] = field(default_factory=dict)
    sheets: set[tuple[Path, str]] = field(default_factory=set)
    unread: list[Diagnostic] = field(default_factory=list)
    ids: dict[tuple[str, str | None, str], str] = field(default_factory=dict)

    def drop_read(self) -> None:
        """Leave out the warnings about sheets of a workbook that is given for several kinds of files, where another
        kind reads them."""
        spans = [(d, d.span) for d in self.unread if d.span is not None]
        told = [d for d, span in spans if (Path(span.file).resolve(), span.sheet) in self.sheets]
        self.diagnostics[:] = [d for d in self.diagnostics if d not in told]

    def reject(self, table: RawTable, row: RowFacts, record_id: str | None, counts: bool = True) -> None:
        """Keep every fault of a row. ``record_id``: its id, told only where the file gives one; ``counts``: it is a row
        of a records file."""
        self.rejected += counts
        record_id = record_id if row.facts.get("record_id") else None
        self.diagnostics += other_headers(table, row)
        for fault in row.faults:
            self.rejects.append(
                reject_of(table.file, table.sheet, row.number, fault.column, fault.value, fault.bad, record_id)
            )

    def reject_beside(self, place: tuple[str, str | None, int], field_id: str, value: str, bad: Bad) -> None:
        """Keep what is wrong with a row beside others that have its id. ``place``: file, sheet and row."""
        file, sheet, row = place
        column = self.ids.get((file, sheet, field_id), field_id)
        record_id = value if field_id == "record_id" else None
        self.rejects.append(reject_of(file, sheet, row, column, value, bad, record_id))


def other_headers(table: RawTable, row: RowFacts) -> list[Diagnostic]:
    """An error where another table begins in a row: what is below it would be read by the columns of the first."""
    return [second.said(f.bad, table, row.number) for f in row.faults if f.bad.code == second.CODE]


def reject_of(
    file: str, sheet: str | None, row: int, column: str | None, value: str | None, bad: Bad, record_id: str | None
) -> Reject:
    """A reject with the cell's text cut to a bearable length."""
    if value is not None and len(value) > MAX_SHOWN:
        value = value[:MAX_SHOWN] + "…"
    return Reject(
        file, sheet, row, column, value and printable(value), bad.code, bad.en, bad.hint, record_id, bad.zh, bad.hint_zh
    )


def tables_of(arguments: Sequence[str], headers: Headers, reading: Reading) -> Iterator[tuple[RawTable, Layout]]:
    """Every table that has a layout; what is wrong with the others is kept in ``reading.diagnostics``."""
    sources, problems = find_files(arguments)
    reading.diagnostics += problems
    reading.watched.add(sources)
    reading.digests |= digests(sources)
    for source in sources:
        yield from tables_of_file(source, headers, reading)
    reading.diagnostics += reading.watched.changed()


def tables_of_file(
    source: Source, headers: Headers, reading: Reading, sure: bool = True
) -> Iterator[tuple[RawTable, Layout]]:
    """The file's tables with their layouts; what is wrong is kept in ``reading.diagnostics``.

    A workbook's sheets without a person column, or of another purpose, are only reported while another sheet is read.
    ``sure`` as in ``text.read_text``.
    """
    without: list[Diagnostic] = []
    lists: list[Diagnostic] = []  # of a rejects workbook; only where nothing else is there to be read are they told of
    read = 0
    mapping, unnamed = headers.schema.mapping, list[str]()
    reading.met.purposes.add(headers.purpose)
    for table in open_tables(source, headers.score, sure):
        if isinstance(table, Diagnostic):
            reading.diagnostics.append(table)
            read += 1
            continue
        if table.sheet and mapping.sheets and not _named(table, mapping, reading.met):
            unnamed.append(table.sheet)
            continue
        reading.diagnostics += [note for note in table.notes if note.code != HIDDEN]
        if failed(table.notes):
            read += 1
            continue
        if (kind := _of_others(table, headers.purpose)) is not None:
            without.append(kind)
            continue
        layout, problems = layout_of(table, headers)
        if layout is not None and (unlike := _ids_of_parts(table, layout)):
            layout, problems = None, unlike
        if is_list(_first_cells(table)):
            lists += problems
            continue
        if mapping.file:
            names = layout.headers if layout is not None else _first_cells(table)
            reading.met.table(names, headers, shown=layout is not None or not holds_data(table, names, headers))
            if layout is None:
                reading.met.table((c.strip() for row in table.head() for c in row.cells), headers, shown=False)
        if layout is None and all(d.code in ("PE404", "PE446") for d in problems):
            without += problems
            continue
        reading.diagnostics += problems
        read += 1
        if layout is not None:
            reading.diagnostics += [note for note in table.notes if note.code == HIDDEN]
            if table.sheet:
                reading.sheets.add((source.path.resolve(), table.sheet))
            for column in layout.columns:
                if column.field in ("record_id", "person_id"):
                    reading.ids[table.file, table.sheet, column.field] = column.header
            yield table, layout
    reading.diagnostics += left_out(mapping, source.shown, unnamed, bool(read or without))
    if read:
        reading.unread += (unread := [_left_out(d) for d in without])
        reading.diagnostics += unread
    else:
        reading.diagnostics += without or lists


def _named(table: RawTable, mapping: FileMapping, met: Met) -> bool:
    """Whether the mapping file names the sheet; those of a rejects workbook have names of their own."""
    sheet = table.sheet or ""
    met.sheets[sheet] = None
    if sheet in mapping.sheets:
        met.entries.add(("sheets", sheet))
        return True
    return any(of_rejects(row.cells) is not None for row in table.head()[:1])


def _of_others(table: RawTable, purpose: Purpose) -> Diagnostic | None:
    """What is wrong with a sheet of rejected rows of files of another kind."""
    first = table.header or next((row.cells for row in table.head()), [])
    kind = of_rejects(first)
    if kind is None or kind == purpose:
        return None
    message = say(f"it holds rejected rows of {kind}", f"其中为{PURPOSES_ZH[kind]}文件的退回行")
    hint = say(
        f"put the workbook beside the file of {kind}, and name their folder or a pattern",
        f"请将工作簿与{PURPOSES_ZH[kind]}文件放在一起，并给出其文件夹或通配符",
    )
    return Diagnostic("PE446", message, table.span(), hint=hint)


def _ids_of_parts(table: RawTable, layout: Layout) -> list[Diagnostic]:
    """Columns of ids in which a cell holds several values or a length of time: their text would be taken for an id."""
    found, kinds = [], tuple(table.kinds.values())
    for column in layout.columns if kinds else ():
        kind = kinds[column.position]
        if column.field not in ("person_id", "record_id") or not (kind.endswith("]") or kind.startswith(PARTS)):
            continue
        left = f"ignore: [{quoted(column.header)}]"  # there may be no record_id
        leave, leave_zh = (f", or {left}", f"，或 {left}") if column.field == "record_id" else ("", "")
        shown, name = kind if len(kind) <= MAX_KIND else kind[:MAX_KIND] + "…", column.header
        message = say(
            f"the column {name} ({column.field}) is of the type {shown}, which is no id",
            f"“{name}”列（{column.field}）的类型为 {shown}，不能作为编号",
        )
        hint = say(
            "write it as text or whole numbers, one id a row; or name another column in a mapping file "
            f"(columns: {{{column.field}: HEADER}}{leave})",
            "请将该列写成文本或整数，每行一个编号；或在对照文件中指明另一列"
            f"（columns: {{{column.field}: 列名}}{leave_zh}）",
        )
        found.append(Diagnostic("PE434", message, table.span(0, column.position + 1), hint=hint))
    return found


def _first_cells(table: RawTable) -> list[str]:
    first = table.header or next((row.cells for row in table.head() if not blank(row.cells)), [])
    return [printable(c.strip()) for c in first]


def _left_out(problem: Diagnostic) -> Diagnostic:
    nobody = problem.code == "PE404" and not (problem.span and problem.span.line)  # its message is long
    why = say("no column names the person", "没有标明人员的列") if nobody else problem.message
    message = say("the sheet is not read: ", "未读取该工作表：") + why
    return Diagnostic("PE440", message, problem.span, severity="warning")


def rows_of(table: RawTable, layout: Layout, headers: Headers, others: Others | None = None) -> Iterator[RowFacts]:
    """The data rows of a table; empty ones are none. With ``others``, rows of people not asked about are left to it."""
    reader = RowReader(table, layout, headers)
    apart = others.filter_of(reader, table) if others is not None else None
    for position, row in enumerate(table.rows):
        if position < layout.rows_above or (apart is not None and apart.takes(row)):
            continue
        if row.bad is not None or not blank(row.cells):
            yield from reader.read(row)
    if apart is not None:
        apart.end()


def record_id_of(table: RawTable, row: RowFacts) -> str:
    """The id that the file gives the record, else file and line; with the column of a wide table."""
    sheet = f"[{table.sheet}]" if table.sheet else ""
    own = row.facts.get("record_id") or f"{table.label}{sheet}:{row.number}"
    return f"{own}:{row.suffix}" if row.suffix else str(own)
