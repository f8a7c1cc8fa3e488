"""Rows of a rejects workbook that were mended: each names, in columns of its own, the rejected row that it stands for.

A rejected row that a mended one names is neither a row nor a reject any more. A row that was read is never replaced: it
is the mended one that is rejected then, and so are two that stand for the same row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import NamedTuple

from policyengine.diagnostics import Span
from policyengine.light import dataclass
from policyengine.records.cells import Bad
from policyengine.records.header import Layout
from policyengine.records.raw import SOURCE_FILES, SOURCE_ROW, RawTable
from policyengine.records.rows import RowFacts

Table = tuple[str, str | None]
"""File and sheet, as messages name them."""


class Mend(NamedTuple):
    """A row that stands for another. ``suffix``, ``usable``: as ``RowFacts`` has them; ``record_id``: its own."""

    table: Table
    row: int
    suffix: str
    record_id: str
    usable: bool


def source_columns(layout: Layout) -> tuple[str, str] | None:
    """The headers of the columns that name source file and row; None unless there are both."""
    names = {name for _, name in layout.extras}
    files = [n for known in SOURCE_FILES.values() for n in known]
    file, row = (next((n for n in known if n in names), None) for known in (files, SOURCE_ROW))
    return (file, row) if file is not None and row is not None else None


def place_text(table: Table) -> str:
    """How a rejects workbook names file and sheet."""
    return table[0] + (f"[{table[1]}]" if table[1] else "")


def _parts(path: str) -> list[str]:
    return [p for p in re.split(r"[/\\]", path) if p not in ("", ".", "..")] or [""]


def _alike(one: str, other: str) -> bool:
    """Whether one path ends in the other: files may be named from another folder."""
    a, b = _parts(one), _parts(other)
    size = min(len(a), len(b))
    return a[-size:] == b[-size:]


@dataclass(slots=True)
class Mends:
    """The mended rows seen so far, by the text that names the source file, and by source row."""

    named: dict[str, dict[int, list[Mend]]] = field(default_factory=dict)

    def note(self, columns: tuple[str, str], table: RawTable, row: RowFacts, record_id: str) -> None:
        """Take note of a row of a table that has the ``columns``; without a source it is a row like any other."""
        file, number = (row.extra.get(c, "").strip() for c in columns)
        if file and number.isascii() and number.isdigit() and len(number) < 10:
            mend = Mend((table.file, table.sheet), row.number, row.suffix, record_id, not row.faults)
            self.named.setdefault(file, {}).setdefault(int(number), []).append(mend)

    def settle(self, tables: Sequence[Table]) -> Standing:
        """Which rows of these tables are stood for. Of a path the last parts do, if only one table fits them."""
        ends: dict[str, list[Table]] = {}
        for table in tables:
            ends.setdefault(_parts(place_text(table))[-1], []).append(table)
        found: dict[Table, dict[int, list[Mend]]] = {}
        for text, rows in self.named.items():
            near = [t for t in ends.get(_parts(text)[-1], ()) if _alike(text, place_text(t))]
            near = [t for t in near if place_text(t) == text] or near
            for row, mends in rows.items() if len(near) == 1 else ():
                found.setdefault(near[0], {}).setdefault(row, []).extend(mends)
        return Standing(found)


@dataclass(slots=True)
class Standing:
    """Source table → row → what stands for it."""

    rows: dict[Table, dict[int, list[Mend]]]

    def __post_init__(self) -> None:
        """Rows that stand for each other in a circle stand for none, lest all of them vanish."""
        sources = {(m.table, m.row): place for place, mends in self._each() for m in mends}
        ends: dict[tuple[Table, int], bool] = {}
        for place in sources:
            at, passed = place, dict[tuple[Table, int], None]()
            while at in sources and at not in passed and at not in ends:
                passed[at] = None
                at = sources[at]
            end = ends.get(at, at not in sources)
            ends |= dict.fromkeys(passed, end)
            if not end:
                table, row = sources[place]
                self.rows[table].pop(row, None)
        self._give_way()

    def _give_way(self) -> None:
        """Of rows that stand for the same one, those that can't be read are replaced by those that can."""
        for _, mends in list(self._each()):
            usable = [m for m in mends if m.usable]
            read = {(m.table, m.row) for m in usable}
            for mend in mends if usable else ():
                if (mend.table, mend.row) not in read:
                    self.rows.setdefault(mend.table, {}).setdefault(mend.row, usable)

    def _each(self) -> Iterator[tuple[tuple[Table, int], list[Mend]]]:
        return (((table, row), mends) for table, rows in self.rows.items() for row, mends in rows.items())

    def names(self, table: Table, row: int) -> bool:
        """Whether a row stands for that one."""
        return row in self.rows.get(table, ())

    def rejected(self, read: Iterable[tuple[str, Table, int]]) -> list[tuple[Mend, Bad]]:
        """The usable mended rows that may not count, each once. ``read``: id and place of records that are named."""
        found: dict[Mend, Bad] = {}
        for record_id, table, row in read:
            for mend in self.rows[table][row]:
                if mend.usable and (not mend.suffix or record_id.endswith(f":{mend.suffix}")):
                    found.setdefault(mend, _needless(Span(table[0], row, sheet=table[1])))
        for _, mends in self._each():
            own = [m for m in mends if m.usable or not self.names(m.table, m.row)]
            for mend in own:
                other = next((m for m in own if m.suffix == mend.suffix and m[:2] != mend[:2]), None)
                if mend.usable and other is not None:
                    found.setdefault(mend, _twice(Span(other.table[0], other.row, sheet=other.table[1])))
        return list(found.items())


def _needless(source: Span) -> Bad:
    return Bad(
        "PE423", f"it stands for {source}, a row that was read as it is", f"它代替 {source}，而该行已按原样读取",
        "remove this row, or the one there", "请删除本行，或删除原行",
    )  # fmt: skip


def _twice(other: Span) -> Bad:
    return Bad(
        "PE423", f"{other} stands for the same row", f"{other} 也代替同一行", "keep one of them", "请只保留其中一行"
    )
