"""The rows of people who are not asked about: their raw rows go in, the few things that they still decide come out.

Reading one person's records needs of the others only this: whether a record id of theirs is also one of ours, who they
are, and, where it is asked, the first and last day on which a record of theirs ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from datetime import date

from policyengine.light import dataclass
from policyengine.records.cells import clean, identifier
from policyengine.records.personal import mask
from policyengine.records.raw import RawTable, Row
from policyengine.records.rows import RowReader

Asked = Callable[[str], bool]
"""Whether the person with that id is asked about."""
Days = tuple[date, date]


def asked_for(who: str, names: dict[str, object]) -> Asked:
    """Whom ``who`` may mean: an id, a name by ``names`` (id → name), or an id that is shown masked."""
    own = {*ids_meant(who), *(i for i, name in names.items() if name == who)}
    if "*" in who:
        return lambda person_id: person_id in own or mask(person_id) == who
    return own.__contains__


@dataclass(slots=True)
class Others:
    """What was seen of other people. ``rows``: the text of the record id, file, sheet and row of each row."""

    asked: Asked
    dated: bool = False  # whether the days are asked
    rows: list[tuple[str, str, str | None, int]] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    edges: list[tuple[str, date]] = field(default_factory=list)  # record id as text, day, of the outermost rows
    sure: bool = True  # no outermost row is in doubt
    _ids: list[str | None] = field(default_factory=list)

    def filter_of(self, reader: RowReader, table: RawTable) -> _Filter | None:
        """What takes this table's rows of others; None where every row must be read."""
        where = reader.person_column()
        return _Filter(self, reader, table, where) if where is not None else None

    def days(self) -> Days | None:
        """The first and last day on which a record of theirs ends; None without any. Ask only where ``sure``."""
        days = [day for _, day in self.edges]
        return (min(days), max(days)) if days else None

    def ids(self) -> list[str | None]:
        """The record ids of ``rows``, once all are seen."""
        self._ids = self._ids or [plain_id(raw) for raw, *_ in self.rows]
        return self._ids

    def settle(self) -> None:
        """An outermost row counts only if no other row has its record id: both would be no records."""
        if self.edges:
            often = Counter(self.ids())
            self.sure &= all(often[plain_id(raw)] == 1 for raw, _ in self.edges if raw)


def plain_id(raw: str) -> str | None:
    """The id that a cell gives; None for none. One of ASCII letters and digits is what it looks like."""
    if raw.isascii() and raw.isalnum() and not raw.endswith("x"):
        return raw
    read = identifier(clean(raw)) if raw else None
    return read if isinstance(read, str) else None


def ids_meant(who: str) -> tuple[str, str]:
    """The id as it is, and as it is read where a file has it so (…x, full width)."""
    return who, plain_id(who) or who


class _Filter:
    """Takes the rows of one table that surely are of others."""

    def __init__(self, others: Others, reader: RowReader, table: RawTable, person: int) -> None:
        self.others, self.reader, self.table, self.person = others, reader, table, person
        self.parse = reader.parser("person_id")
        self.id_at = reader.position("record_id")
        self.days = [(at, reader.parser(f)) for f in ("end", "date") if (at := reader.position(f)) >= 0]
        self.known: dict[str, bool] = {}
        self.first: tuple[date, Row] | None = None
        self.last: tuple[date, Row] | None = None

    def takes(self, row: Row) -> bool:
        cells = row.cells
        if self.person >= len(cells) or row.bad is not None:
            return False
        raw = cells[self.person]
        other = self.known.get(raw)
        if other is None:
            other = self.known[raw] = self._is_other(raw, row)
        if other:
            self.others.rows.append((row.cell(self.id_at), self.table.file, self.table.sheet, row.number))
            if self.others.dated:
                self._note_day(row)
        return other

    def _is_other(self, raw: str, row: Row) -> bool:
        value = self.parse(raw)
        if not isinstance(value, str) or self.others.asked(value):
            return False
        if self.reader.is_nobody(raw) or self.reader.is_header(row):
            return False  # it may be nobody's, and its record id none
        self.others.people.add(value)
        return True

    def _note_day(self, row: Row) -> None:
        for at, parse in self.days:
            if at < len(row.cells) and (raw := row.cells[at]) and (day := parse(raw)) is not None:
                if isinstance(day, date):
                    if self.first is None or day < self.first[0]:
                        self.first = (day, row)
                    if self.last is None or day > self.last[0]:
                        self.last = (day, row)
                return

    def end(self) -> None:
        """The table is read: its outermost rows of others are read as records, for they may be none."""
        for edge in (self.first, self.last):
            if edge is not None:
                (read,) = self.reader.read(edge[1])
                self.others.sure &= not read.faults
                self.others.edges.append((edge[1].cell(self.id_at), edge[0]))
