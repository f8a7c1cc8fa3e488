"""Files in, what they would be read as out: sheets, header, columns and why they are those, and what can't be read.

Nothing is evaluated. Ids and names in samples are masked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.language.quantities import UNITS
from policyengine.messages import harmless, in_line, many, say
from policyengine.records.cells import Bad, printable
from policyengine.records.files import find_files
from policyengine.records.given import Reading, other_headers, record_id_of, tables_of_file
from policyengine.records.header import HOW, Column, Headers, Layout
from policyengine.records.mends import Mends, Standing, source_columns
from policyengine.records.model import Fact
from policyengine.records.naming import plain
from policyengine.records.personal import mask, mask_name, mask_within
from policyengine.records.raw import Damaged, RawTable, blank
from policyengine.records.rows import Fault, RowReader
from policyengine.records.schema import Purpose, Schema
from policyengine.records.totals import WORDS

SAMPLES = 3
SHOWN = 40  # characters of a sample
_NO_DAY = (
    "no column is read as the day: name it date, or say which it is in a mapping file (columns: {date: HEADER})",
    "没有一列读作日期：请将该列改名为“日期”，或在对照文件中指明（columns: {date: 列名}）",
)
_NO_QUANTITY = (
    "no column is read as the quantity: name it hours (or what it is counted in), or say which it is in a mapping file "
    "(columns: {quantity: HEADER}, and where nothing says the unit a line units: {quantity: hours})",
    "没有一列读作数量：请将该列改名为“学时”等，或在对照文件中指明（columns: {quantity: 列名}；"
    "单位也未写明的，另起一行写 units: {quantity: 学时}）",
)
_TITLES = (
    ("#", "#"), ("column", "列"), ("read as", "读作"), ("because of", "依据"), ("filled", "有值"),
    ("unreadable", "无法读取"),
)  # fmt: skip


@dataclass(slots=True)
class ColumnView:
    """A column of a file. ``read_as`` None: carried along. ``unreadable`` counts cells, ``samples`` shows some."""

    number: int
    header: str
    read_as: str | None
    how: str | None
    unit: str | None
    filled: int = 0
    unreadable: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class TableView:
    """A sheet or file. ``rejected``: of its ``rows``; ``replaced``: those that can't be read either, for which mended
    ones stand in other tables; ``problems``: code → how many cells or rows."""

    file: str
    sheet: str | None
    how: str
    header_row: int
    columns: list[ColumnView]
    rows: int = 0
    rejected: int = 0
    replaced: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    whole_rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Ids:
    """Record id → where it stands: table, row, whether the row could be read; person id → what stands there of the
    person; the mended rows, and those that can't be read."""

    places: dict[str, list[tuple[TableView, int, bool]]] = field(default_factory=dict)
    people: dict[str, list[tuple[TableView, int, dict[str, Fact]]]] = field(default_factory=dict)
    mends: Mends = field(default_factory=Mends)
    faulty: list[tuple[TableView, int]] = field(default_factory=list)


def inspect(
    arguments: Sequence[str], schema: Schema, purpose: Purpose = "records"
) -> tuple[list[TableView], list[Diagnostic]]:
    """Look at every table of the files; errors for those that can't be used."""
    headers = Headers(schema, purpose)
    sources, problems = find_files(arguments)
    reading = Reading(diagnostics=problems)
    views: list[TableView] = []
    seen = Ids()
    for source in sources:
        try:
            tables = tables_of_file(source, headers, reading)
            views += [_view(table, layout, headers, seen, reading) for table, layout in tables]
        except Damaged as e:
            reading.diagnostics.append(e.problem)
    reading.diagnostics += reading.met.unmatched(schema)
    standing = seen.mends.settle([(v.file, v.sheet) for v in views])
    _replaced(seen, standing, views)
    _twins(seen, standing)
    _contradictions(seen)
    return views, reading.diagnostics


def _replaced(seen: Ids, standing: Standing, views: Sequence[TableView]) -> None:
    """Rejected rows that mended ones stand for are no rejects any more; mended rows that stand for no such are."""
    for view, row in seen.faulty:
        if standing.names((view.file, view.sheet), row):
            view.rejected -= 1
            view.replaced += 1
    read = [
        (record_id, (view.file, view.sheet), row)
        for record_id, places in (seen.places.items() if standing.rows else ())
        for view, row, usable in places
        if usable and standing.names((view.file, view.sheet), row)
    ]
    of = {(v.file, v.sheet): v for v in views}
    for mend, bad in standing.rejected(read):
        view = of[mend.table]
        _reject(view, mend.row, None, None, bad)
        places = seen.places[mend.record_id]
        places.remove((view, mend.row, True))


def _twins(seen: Ids, standing: Standing) -> None:
    """Rows of records that share their id: all of them would be rejected; not those that a mended row stands for."""
    for record_id, found in seen.places.items():
        places = [p for p in found if p[2] or not standing.names((p[0].file, p[0].sheet), p[1])]
        if len(places) < 2:
            continue
        first = places[0]
        for view, row, usable in places:
            if not usable:
                continue
            other = places[1] if (view, row) == first[:2] else first
            where = Span(other[0].file, other[1], sheet=other[0].sheet)
            bad = Bad("PE423", f"the same record_id is at {where}", f"与 {where} 的记录编号相同")
            _reject(view, row, "record_id", record_id, bad)


def _contradictions(seen: Ids) -> None:
    """Rows that say different things of one person: all of them would be rejected."""
    for person_id, places in seen.people.items():
        first = places[0]
        unlike = next((p for p in places if p[2] != first[2]), None)
        if unlike is None:
            continue
        for view, row, facts in places:
            other = unlike if facts == first[2] else first
            where = Span(other[0].file, other[1], sheet=other[0].sheet)
            bad = Bad("PE424", f"the person stands at {where} with other facts", f"该人员在 {where} 的信息与此不同")
            _reject(view, row, "person_id", person_id, bad)


def _reject(view: TableView, row: int, field_id: str | None, value: str | None, bad: Bad) -> None:
    """A row that could be read but for what stands in another."""
    view.rejected += 1
    view.problems[bad.code] += 1
    column = next((c for c in view.columns if field_id is not None and c.read_as == field_id), None)
    _note(view, column, Fault(field_id, value, bad), row)


def _view(table: RawTable, layout: Layout, headers: Headers, seen: Ids, reading: Reading) -> TableView:
    by_position = {c.position: c for c in layout.columns}
    wide = {w.position: w for w in layout.wide}
    columns = []
    for position, header in enumerate(layout.headers):
        known = by_position.get(position)
        if known is not None:
            unit = _unit(known)
            columns.append(ColumnView(position + 1, header, known.field, say(*HOW[known.rank]), unit))
        elif position in wide:
            values = ", ".join(f"{f}={v}" for f, v in wide[position].values)
            columns.append(
                ColumnView(position + 1, header, "quantity", say("mapping file", "对照文件") + f" ({values})", None)
            )
        else:
            columns.append(ColumnView(position + 1, header, None, None, None))
    view = TableView(table.file, table.sheet, table.how, layout.header_row, columns)
    _count(view, table, layout, headers, seen, reading)
    return view


def _unit(column: Column) -> str | None:
    if column.unit is None:
        return None
    times = {1: "", 1000: "千", 10_000: "万"}.get(column.unit.times, f"{column.unit.times} ")
    return times + UNITS[column.unit.unit].zh


def _count(view: TableView, table: RawTable, layout: Layout, headers: Headers, seen: Ids, reading: Reading) -> None:
    records = headers.purpose == "records"
    reader = RowReader(table, layout, headers)
    named = source_columns(layout) if records else None
    by_header = {c.header: c for c in view.columns if c.read_as is not None}
    by_header |= {c.field or "": by_header[c.header] for c in layout.columns}
    for at, row in enumerate(table.rows):
        if at < layout.rows_above or (row.bad is None and blank(row.cells)):
            continue
        for column in view.columns:
            column.filled += column.number <= len(row.cells) and bool(row.cells[column.number - 1].strip())
        for read in reader.read(row):
            view.rows += 1
            if read.faults:
                view.rejected += 1
                seen.faulty += [(view, row.number)]
            reading.diagnostics += other_headers(table, read)
            if named is not None:
                seen.mends.note(named, table, read, record_id_of(table, read))
            if headers.purpose == "persons" and not read.faults:
                own = seen.people.setdefault(str(read.facts.pop("person_id")), [])
                own.append((view, row.number, read.facts))
            if records and read.facts.get("record_id"):
                seen.places.setdefault(record_id_of(table, read), []).append((view, row.number, not read.faults))
            for fault in read.faults:
                view.problems[fault.bad.code] += 1
                _note(view, by_header.get(fault.column or ""), fault, row.number)


def _note(view: TableView, column: ColumnView | None, fault: Fault, row: int) -> None:
    seen = view.whole_rows if column is None else column.samples
    if column is not None:
        column.unreadable += 1
    reason = say(fault.bad.en, fault.bad.zh)
    if len(seen) < SAMPLES and all(s["code"] != fault.bad.code or s["value"] != fault.value for s in seen):
        # a row as such may hold anybody's id and name
        hidden = (
            column.read_as in ("person_id", "name") if column is not None else plain(fault.value or "") not in WORDS
        )
        value = _masked(fault.value, hidden, column.read_as if column else None)
        seen.append({"row": row, "value": value, "code": fault.bad.code, "reason": reason})


def _masked(value: str | None, hidden: bool, field_id: str | None) -> str | None:
    if value is None:
        return None
    shown = value if hidden else mask_within(value)
    shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
    shown = harmless(printable(shown))
    if hidden:
        return mask_name(shown) if field_id == "name" else mask(shown)
    return shown


# --- rendering --------------------------------------------------------------------------------------------------------


def as_json(views: Sequence[TableView], diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Plain data: ``tables`` and ``problems``."""
    return {
        "tables": [
            {
                "file": v.file, "sheet": v.sheet, "format": v.how, "header_row": v.header_row or None, "rows": v.rows,
                "rejected_rows": v.rejected, "replaced_rows": v.replaced, "problems": dict(sorted(v.problems.items())),
                "rows_no_records": v.whole_rows,
                "columns": [
                    {
                        "number": c.number, "header": c.header, "read_as": c.read_as, "because_of": c.how,
                        "unit": c.unit,
                        "filled": c.filled, "unreadable": c.unreadable, "samples": c.samples,
                    }
                    for c in v.columns
                ],
            }
            for v in views
        ],
        "problems": [
            {"code": d.code, "severity": d.severity, "message": d.message, "at": str(d.span or ""), "hint": d.hint}
            for d in diagnostics
        ],
        "usable": bool(views) and not failed(diagnostics),
    }  # fmt: skip


def as_text(views: Sequence[TableView], width: int = 100, colour: bool = False) -> str:
    """For a terminal: one table per sheet."""
    from io import StringIO

    from policyengine.tools.screen import Console

    out = StringIO()
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    for view in views:
        name = in_line(view.file + (f"[{view.sheet}]" if view.sheet else ""))
        line = say(f"header in row {view.header_row}", f"表头在第 {view.header_row} 行") if view.header_row else ""
        how = say("; ", "；").join(p for p in (view.how, line) if p)
        console.print(say(f"{name}  ({how})", f"{name}（{how}）"), soft_wrap=True)
        console.print(_table(view))
        for note in _told(view):
            console.print(f"  {note}", soft_wrap=True)
        usable, part = view.rows - view.rejected - view.replaced, share(view.rejected, view.rows)
        line = say(
            f"{many(view.rows, 'row')}: {usable} would be read, {view.rejected} rejected ({part})",
            f"共 {view.rows} 行：可读取 {usable} 行，不能读取 {view.rejected} 行（{part}）",
        )
        if view.replaced:
            line += say(f", {view.replaced} replaced by mended rows", f"，由更正后的行代替 {view.replaced} 行")
        console.print(line)
        console.print()
    return out.getvalue()


def _table(view: TableView) -> Any:
    """The columns and what they are read as."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for at, title in enumerate(_TITLES):
        table.add_column(say(*title), justify="right" if at in (0, 4, 5) else "left", overflow="fold")
    for c in view.columns:
        read_as, part = c.read_as or say("carried along", "保留"), share(c.unreadable, c.filled)
        read_as += say(f" ({c.unit})", f"（{c.unit}）") if c.unit else ""
        bad = say(f"{c.unreadable} ({part})", f"{c.unreadable}（{part}）") if c.unreadable else ""
        table.add_row(*map(in_line, (str(c.number), c.header, read_as, c.how or "", str(c.filled), bad)))
    return table


def _told(view: TableView) -> Iterator[str]:
    """Cells and rows that can't be read, some of them, and what no column is read as."""
    samples = [(in_line(c.header) + say(": ", "："), s) for c in view.columns for s in c.samples]
    for header, s in (*samples, *(("", s) for s in view.whole_rows)):
        row = say(f"row {s['row']}", f"第 {s['row']} 行")
        yield f"{row} {header}{s['value'] or ''}  {s['code']} {s['reason']}"
    known = {c.read_as for c in view.columns}
    dated = bool(known & {"date", "start", "end"})
    if "PE421" in view.problems and not dated:
        yield say(*_NO_DAY)
    if dated and "quantity" not in known:
        yield say(*_NO_QUANTITY)


def share(part: int, whole: int) -> str:
    """A share in percent, rounded to the nearest tenth, never to 0 or 100 unless it is."""
    if not whole or not part:
        return "0%"
    tenths = min(max((2000 * part + whole) // (2 * whole), 1), 999 if part < whole else 1000)
    return f"{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{tenths // 10}%"
