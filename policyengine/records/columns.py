"""Files in, canonical tables of a DuckDB connection out: what ``read.py`` does row by row, done on whole columns.

Parquet and plain CSV files are read by SQL (``sqlcells.py``); rows that hold anything unusual, and all other kinds of
files, go through ``rows.py``, which decides and gives the reasons. So both ways agree by construction where it is hard,
and by tests where it is fast. Nothing is held in memory but one batch of rows and the distinct odd cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.diagnostics import Diagnostic, Span, failed, warnings_of
from policyengine.messages import say
from policyengine.progress import told
from policyengine.records import given, read
from policyengine.records.beside import beside
from policyengine.records.canonical import FILE, ROW, Shape, SlowRows, Written
from policyengine.records.fast import SMALL, Target, fast_part, part_of
from policyengine.records.files import Source, Watched, digests, find_files, stdin_for_all
from policyengine.records.given import Reading
from policyengine.records.header import Headers
from policyengine.records.mends import Standing
from policyengine.records.model import Reject
from policyengine.records.personal import APART, MORE
from policyengine.records.raw import Damaged, RawTable
from policyengine.records.rejects import Rejects, in_order
from policyengine.records.schema import Purpose, Schema
from policyengine.records.sql import as_, call, count_rows, create, make_table, name, number, text
from policyengine.records.together import Group, Together, together
from policyengine.records.viewed import Viewed

REJECTED = "canonical_rejected"
NAMED = "canonical_named"
AT_ONCE = 4_000_000  # record ids compared together: they stay well below 1 GiB


@dataclass(frozen=True)
class Canonical:
    """Tables (or views over Parquet) of ``connection`` in the shape that ``engines/protocol.py`` states.

    ``records`` has besides ``_file`` (a place in ``files``) and ``_row``. ``rows``, ``rejects``, … as in ``Inputs``.
    ``watched``: the files, of which a view over Parquet is read again whenever it is asked.
    """

    connection: Any
    records: str
    persons: str | None
    circumstances: str | None
    files: tuple[tuple[str, str | None], ...]
    rejects: Sequence[Reject]
    rows: int
    rejected_rows: int
    digests: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    watched: Watched = field(default_factory=Watched)


def read_tables(
    connection: Any,
    folder: Path,
    records: Sequence[str],
    persons: str | None,
    circumstances: str | None,
    schema: Schema,
    small: int = SMALL,
    told: Callable[[int], None] | None = None,
) -> tuple[Canonical | None, list[Diagnostic]]:
    """Read everything into ``connection``. ``folder``: an empty folder for files that the tables may stand in.

    None when a file is unusable as such, as ``read_inputs``. Table names begin with ``canonical_``. Files of fewer than
    ``small`` bytes are read row by row. ``told`` is called with the size of each file that has been read.
    """
    if problems := [*read.clashes(schema), *stdin_for_all(records, persons, circumstances)]:
        return None, problems
    reading = Reading(Rejects(folder))
    try:
        return _Tables(connection, folder, schema, reading, small, told).read(records, persons, circumstances)
    except Damaged as e:
        return None, [*reading.diagnostics, e.problem]


class _Misread(Exception):
    """A text file is not in the encoding that its beginning let presume."""


def _as_presumed(source: Source, table: RawTable) -> bool:
    from policyengine.records.text import Encoding, encoding_of

    return table.encoding is not None and encoding_of(source.path) == Encoding(table.encoding)


def _select(table: str, *columns: str) -> Any:
    """``SELECT columns FROM table``; without columns, all."""
    return exp.select(*(map(name, columns) if columns else "*")).from_(exp.to_table(table))


def _among(table: str, *columns: str) -> Any:
    """``(columns) IN (SELECT columns FROM table)``."""
    known = exp.paren(_select(table, *columns))
    return exp.In(this=exp.Tuple(expressions=[name(c) for c in columns]), query=known)


@dataclass(slots=True)
class _Tables:
    connection: Any
    folder: Path
    schema: Schema
    reading: Reading
    small: int
    told: Callable[[int], None] | None = None
    rejected_ids: bool = False  # whether there is a table of the record ids of rejected rows
    standing: Standing = field(default_factory=lambda: Standing({}))  # mended rows among the records
    files: list[tuple[str, str | None]] = field(default_factory=list)

    def read(
        self, records: Sequence[str], persons: str | None, circumstances: str | None
    ) -> tuple[Canonical | None, list[Diagnostic]]:
        reading = self.reading  # rejects in the order in which ``read.py`` finds them
        table = self._records(self._union("records", records, must_have_rows=persons is None))
        before = len(reading.rejects)
        persons_table = self._persons(self._union("persons", [persons])) if persons is not None else None
        of_persons, before = reading.rejects[before:], len(reading.rejects)
        held = read.circumstances_of(circumstances, self.schema, reading)
        of_circumstances = reading.rejects[before:]
        reading.diagnostics += reading.met.unmatched(self.schema)
        reading.diagnostics += reading.watched.changed()
        read.drop_applied(reading, persons)
        reading.drop_read()
        if failed(reading.diagnostics):
            return None, reading.diagnostics
        reading.diagnostics += read.unread_rows([(persons, of_persons), (circumstances, of_circumstances)])
        if persons_table is not None:
            self._unlisted(table, persons_table, persons or "")
        people = self._people(table, persons_table)
        circumstances_table = self._circumstances(held, people, circumstances) if circumstances is not None else None
        self._check_ids(people)
        warnings = warnings_of(reading.diagnostics)
        return Canonical(
            self.connection, table, persons_table, circumstances_table, tuple(self.files), reading.rejects,
            reading.rows, reading.rejected, reading.digests | self.schema.mapping.digests,
            warnings, reading.watched,
        ), reading.diagnostics  # fmt: skip

    # --- all tables of the files for one purpose ---

    def _union(self, purpose: Purpose, arguments: Sequence[str], must_have_rows: bool = False) -> list[Written]:
        """Where the canonical rows of all tables of the files stand."""
        headers = Headers(self.schema, purpose)
        slow = SlowRows(Shape(headers, self.folder), self.reading)
        sources, problems = find_files(arguments)
        self.reading.diagnostics += problems
        found: list[Written] = []
        first, rejects = len(self.files), len(self.reading.rejects)
        self.reading.watched.add(sources)
        digested = beside(digests, sources)
        several = together(sources, self.folder, self.small)
        for done, source in enumerate(sources):
            told(done / len(sources) if done else None, say("reading files", "读取文件"))
            before = len(self.reading.diagnostics)
            try:
                found += self._parts(source, slow, several, sure=False)
            except _Misread:
                del self.reading.diagnostics[before:]
                found += self._parts(source, slow, several, sure=True)
            if self.told is not None:
                self.told(source.path.stat().st_size)
        self.reading.digests |= digested.result()
        found += self._groups(several.all(), slow, first, rejects)
        if must_have_rows and not self.reading.rows:
            read.nothing_at_all(self.reading, [Span(file, sheet=sheet) for file, sheet in self.files[first:]])
        self.rejected_ids = slow.rejected_ids(self.connection, REJECTED) or self.rejected_ids
        if slow.mends.named and purpose != "records":
            read.drop_mended(self.reading, slow.mends, self.files[first:], rejects)
        elif slow.mends.named:
            self.standing = slow.mends.settle(self.files)
            self._replace()
        rest = slow.part(self.connection)
        return [*found, rest] if rest is not None else found

    def _parts(self, source: Source, slow: SlowRows, several: Together, sure: bool) -> list[Written]:
        """Where the canonical rows of the file's tables stand, but for those in ``slow`` and in ``several``.

        Not ``sure``: the encoding of a text file may be presumed; ``_Misread`` where it turns out to be another.
        """
        headers, found, tables = slow.shape.headers, [], 0
        for table, layout in given.tables_of_file(source, headers, self.reading, sure):
            tables += 1
            self.reading.diagnostics += read.foreign_columns(table, layout)
            place = len(self.files)
            if several.take(source, table, layout, place):
                self.files.append((table.file, table.sheet))
                continue
            target = Target(self.connection, slow, place + 1)
            fast = fast_part(source, table, layout, target, place, self.small)
            if fast is None and table.presumed and not _as_presumed(source, table):
                raise _Misread
            self.files.append((table.file, table.sheet))
            if fast is not None:
                found.append(fast[0])
                rows = fast[1]
            else:
                rows = slow.take(table, layout, given.rows_of(table, layout, headers), place)
            if slow.records:
                self.reading.rows += rows
                if not rows:
                    self.reading.diagnostics.append(read.no_rows(table.span(), "warning"))
        if source.kind == "text" and not tables and not sure:
            raise _Misread
        return found

    def _groups(self, groups: Sequence[Group | Viewed], slow: SlowRows, first: int, rejects: int) -> list[Written]:
        """Where the canonical rows of files that are read together stand. Their rejects come among those of the others,
        from the reject ``rejects`` on, in the order of the files, the ``first`` and those behind it.
        """
        found: list[Written] = []
        lists = [self.reading.rejects]
        for group in groups:
            self.reading.rejects = Rejects(self.folder, f"rejects-{group.part}")
            lists.append(self.reading.rejects)
            target = Target(self.connection, slow, group.part)
            raw = group.raw(target) if group.size >= self.small else None
            if raw is not None:
                part, rows = part_of(raw, target)
                found.append(part)
            else:
                rows = sum(self._slowly(source, slow, place) for place, source in group.sources.items())
            if slow.records:
                self.reading.rows += rows
        self.reading.rejects = lists[0]
        if any(map(len, lists[1:])):
            self.reading.rejects = Rejects(self.folder, f"rejects-of-{slow.shape.headers.purpose}")
            place = {table: at for at, table in enumerate(self.files) if at >= first}
            ordered = in_order(lists, rejects, lambda reject: place[reject.file, reject.sheet])
            self.reading.rejects.extend(ordered)
        return found

    def _slowly(self, source: Source, slow: SlowRows, place: int) -> int:
        """Take the rows of a file whose lines were laid beside others in vain; what it is said to be is known."""
        headers = slow.shape.headers
        tables = given.tables_of_file(source, headers, Reading())
        return sum(slow.take(t, layout, given.rows_of(t, layout, headers), place) for t, layout in tables)

    def _view(self, purpose: Purpose, parts: Sequence[Written], view: str) -> list[str]:
        """The view ``view`` of all parts together, and its columns."""
        present = {c for part in parts for c in part.columns}
        shape = Shape(Headers(self.schema, purpose), self.folder)
        columns = [(c, kind) for c, kind in shape.columns() if c in present or c in shape.always()]

        def cells(own: frozenset[str]) -> list[Any]:
            return [as_(name(c) if c in own else exp.cast(exp.null(), k, dialect="duckdb"), c) for c, k in columns]

        selects: list[Any] = [exp.select(*cells(part.columns)).from_(part.relation) for part in parts]
        selects = selects or [exp.select(*cells(frozenset())).where(exp.false())]
        self._create_view(view, reduce(partial(exp.union, distinct=False, copy=False), selects))
        return [c for c, _ in columns]

    def _create_view(self, view: str, query: Any) -> None:
        self.connection.execute(create("VIEW", view, query))

    def _rows(self, query: Any) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(query.sql("duckdb")).fetchall())

    # --- records ---

    def _places(self) -> dict[tuple[str, str | None], int]:
        """Where among the files each table of records stands; those of persons come behind."""
        return {table: at for at, table in reversed(list(enumerate(self.files)))}

    def _replace(self) -> None:
        """Leave out the rejected rows that mended ones stand for."""
        place = self._places()
        rows = ((str(place[table]), str(row)) for table, own in self.standing.rows.items() for row in own)
        make_table(self.connection, NAMED, [(FILE, "INT"), (ROW, "BIGINT")], rows, self.folder)
        replaced = 0
        if self.rejected_ids:
            deleted = exp.delete(exp.to_table(REJECTED), where=_among(NAMED, FILE, ROW))
            replaced = int(self.connection.execute(deleted.sql("duckdb")).fetchone()[0])
        read.leave_out(self.reading, self.standing, replaced)

    def _every(self, parts: list[Written]) -> None:
        """The view ``canonical_all`` of the records, but for mended ones that would count twice."""
        if not self.standing.rows:
            self._view("records", parts, "canonical_all")
            return
        self._view("records", parts, "canonical_read")
        columns = ("record_id", FILE, ROW)
        named = _select("canonical_read", *columns).where(_among(NAMED, FILE, ROW))
        where = sorted((file, row, record_id) for record_id, file, row in self._rows(named))
        gone = read.reject_mends(self.reading, self.standing, ((i, self.files[f], r) for f, r, i in where))
        kinds = [("record_id", "TEXT"), (FILE, "INT"), (ROW, "BIGINT")]
        place = self._places()
        rows = ((m.record_id, str(place[m.table]), str(m.row)) for m in gone)
        make_table(self.connection, "canonical_needless", kinds, rows, self.folder)
        rest = _select("canonical_read").where(exp.not_(_among("canonical_needless", *columns)))
        self._create_view("canonical_all", rest)

    def _records(self, parts: list[Written]) -> str:
        """The view of all records, those apart that share their id with another row."""
        self._every(parts)
        twins = self._twins(parts)
        if not twins:
            self._create_view("canonical_records", _select("canonical_all"))
            return "canonical_records"
        make_table(self.connection, "canonical_twins", [("record_id", "TEXT")], [(t,) for t in twins], self.folder)
        among = _among("canonical_twins", "record_id")
        places: dict[str, list[tuple[int, int, bool]]] = {}
        for record_id, file, row in self._rows(_select("canonical_all", "record_id", FILE, ROW).where(among)):
            places.setdefault(record_id, []).append((file, row, True))
        if self.rejected_ids:
            for record_id, file, row in self._rows(_select(REJECTED).where(among.copy())):
                places.setdefault(record_id, []).append((file, row, False))
        for record_id, where in sorted(places.items(), key=lambda p: (min(p[1])[:2], p[0])):
            read.reject_twins(self.reading, record_id, [(*self.files[f], row, ok) for f, row, ok in sorted(where)])
        self._create_view("canonical_records", _select("canonical_all").where(exp.not_(among.copy())))
        return "canonical_records"

    def _twins(self, parts: list[Written]) -> list[str]:
        """Record ids that two rows have, whether both could be read or not."""
        if not any("record_id" in part.given for part in parts):
            return []
        if len(parts) == 1 and not self.rejected_ids and self._ascending():
            return []
        ids: Any = _select("canonical_all", "record_id")
        if self.rejected_ids:
            ids = exp.union(ids, _select(REJECTED, "record_id"), distinct=False)
        passes = 1 + self.reading.rows // AT_ONCE
        found: list[str] = []
        for turn in range(passes):
            share = exp.Mod(this=call("hash", name("record_id")), expression=number(passes))
            some = exp.select(name("record_id")).from_(ids.subquery("t"))
            some = some.where(exp.EQ(this=share, expression=number(turn))) if passes > 1 else some
            twice = exp.GT(this=count_rows(), expression=number(1))
            found += [r for (r,) in self._rows(some.group_by(name("record_id")).having(twice))]
        return found

    def _ascending(self) -> bool:
        """Whether every record id is greater than the one before: then no two are alike, at no cost in memory."""
        ids = name("record_id")
        before = exp.Window(this=exp.Lag(this=ids.copy()))
        steps = exp.select(as_(exp.LTE(this=ids, expression=before), "back")).from_(exp.to_table("canonical_all"))
        back = exp.select(call("bool_or", name("back"))).from_(steps.subquery("t"))
        return not self._rows(back)[0][0]

    # --- persons and circumstances ---

    def _persons(self, parts: list[Written]) -> str:
        """One row per person; those with contradictory rows are rejected."""
        columns = self._view("persons", parts, "canonical_person_rows")
        facts = [c for c in columns if c not in (FILE, ROW)]
        distinct = _select("canonical_person_rows", *facts).distinct()
        twice = exp.GT(this=count_rows(), expression=number(1))
        ids = (
            exp.select(name("person_id")).from_(distinct.copy().subquery("t")).group_by(name("person_id")).having(twice)
        )
        contradictory = [p for (p,) in self._rows(ids)]
        if contradictory:
            rows_of_ids = [(p,) for p in contradictory]
            make_table(self.connection, "canonical_unclear", [("person_id", "TEXT")], rows_of_ids, self.folder)
            among = _among("canonical_unclear", "person_id")
            rows = self._rows(_select("canonical_person_rows", FILE, ROW, *facts).where(among))
            grouped: dict[str, list[tuple[str, str | None, int, list[Any]]]] = {}
            for file, row, *own in sorted(rows, key=lambda r: r[:2]):
                grouped.setdefault(own[facts.index("person_id")], []).append((*self.files[file], row, own))
            for person_id, places in grouped.items():
                read.reject_contradictions(self.reading, person_id, places)
            distinct = distinct.where(exp.not_(among.copy()))
        self._create_view("canonical_persons", distinct)
        return "canonical_persons"

    def _people(self, records: str, persons: str | None) -> Any:
        """A query for the ids of everybody who is in the tables."""
        people: Any = _select(records, "person_id").distinct()
        if persons is not None:
            people = exp.union(_select(persons, "person_id"), people)
        # set operations read from left to right
        return exp.select(name("person_id")).from_(people.subquery("t"))

    def _unlisted(self, records: str, persons: str, path: str) -> None:
        """A warning about people with records whom the persons file doesn't name."""
        missing = exp.except_(_select(records, "person_id"), _select(persons, "person_id")).subquery("t")
        count = exp.Window(this=count_rows())
        found = self._rows(exp.select(name("person_id"), count).from_(missing).order_by(name("person_id")).limit(3))
        self.reading.diagnostics += read.unlisted([p for p, _ in found], path, found[0][1] if found else 0)

    def _circumstances(self, held: dict[str, list[Any]], people: Any, path: str | None) -> str:
        """The table of the circumstances of ``people``; a warning says who else is in the file ``path``."""
        table = "canonical_circumstances"
        columns = [("person_id", "TEXT"), ("kind", "TEXT"), ("start", "DATE"), ("end", "DATE")]
        rows = [
            (person_id, c.kind, c.start and c.start.isoformat(), c.end and c.end.isoformat())
            for person_id, stretches in held.items()
            for c in stretches
        ]
        make_table(self.connection, table, columns, rows, self.folder)
        own = _select(table, "person_id").distinct()
        unknown = {p for (p,) in self._rows(exp.except_(own, people.copy()))}
        if unknown:
            self.reading.diagnostics.append(read.strangers(sorted(unknown), path or ""))
            make_table(self.connection, table, columns, [r for r in rows if r[0] not in unknown], self.folder)
        return table

    def _check_ids(self, people: Any) -> None:
        """The warnings about identity numbers, and about ids with characters that only look like letters."""
        length = call("strlen", call("translate", name("person_id"), text(APART), text("")))
        longer = exp.GT(this=call("strlen", name("person_id")), expression=number(18))
        more = exp.and_(longer, call("regexp_matches", name("person_id"), text(MORE)))
        wide = exp.NEQ(this=call("strlen", name("person_id")), expression=call("length", name("person_id")))
        shaped = exp.or_(exp.In(this=length, expressions=[number(15), number(18)]), more, wide)
        ids = exp.select(name("person_id")).from_(people.subquery("t")).where(shaped).order_by(name("person_id"))
        self.connection.execute(ids.sql("duckdb"))
        self.reading.diagnostics += read.check_id_numbers(p for (p,) in iter(self.connection.fetchone, None))
