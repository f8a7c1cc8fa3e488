"""Judge files straight into a result folder, however large they are: a law and files go in, a folder comes out.

Nothing is held in memory but what the compiled engine holds and the rows that could not be read. What is on the way
stands in the unfinished folder, which becomes the result, or vanishes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from policyengine import __version__
from policyengine.diagnostics import Diagnostic, PolicyError, failed
from policyengine.engines.compile.run import spans_of
from policyengine.engines.duckdb_write import FileHost, Options, Written, machine, share_of, write
from policyengine.engines.protocol import Periods, Progress, Selection, Tables
from policyengine.records.columns import Canonical, read_tables
from policyengine.records.files import Watched, find_files
from policyengine.records.model import Reject
from policyengine.records.schema import Schema
from policyengine.tools.evaluate import update
from policyengine.tools.evaluate.compiled import counted
from policyengine.tools.evaluate.evaluate import Files, judging, schema_for
from policyengine.tools.evaluate.select import Law, Selector, not_meant, selection_of
from policyengine.tools.result.formats import write_table
from policyengine.tools.result.manifest import manifest_of
from policyengine.tools.result.result import Read, Wish, options_of
from policyengine.tools.result.tables import Table, shape_of, tables_of
from policyengine.tools.result.tally import WARNED, Tally
from policyengine.tools.result.tally_files import tally_files
from policyengine.tools.result.write import MANIFEST, entry_of, finish, whole_folder
from policyengine.trace import Result

ENGINE = "duckdb"
IN_ORDER = 2_000_000  # rows of a ledger that are put in order of person and record; more stand as they were computed
WORK = ".work"


def evaluate_straight(
    law: Law,
    files: Files,
    out: str | Path,
    wish: Wish,
    periods: Periods | None = None,
    as_of: date | None = None,
    read: Read | None = None,
    progress: Progress | None = None,
) -> Tally:
    """Read the files, judge everybody and write the result. ``read`` is called when everything has been read, before
    anybody is judged: with the rows that could not be, and with remarks; what it raises ends the run.

    Raises ``PolicyError`` where files, folder or policies can't be used, ``Inexpressible`` where people can only be
    judged one by one, ``MemoryError`` and ``OSError`` where the machine can't.
    """
    import duckdb

    selector = Selector(law)
    selection = None if selector.alone else selection_of(selector)
    with (
        whole_folder(out) as folder,
        _work(folder) as work,
        duckdb.connect() as connection,
        machine(connection, work),
    ):
        _set(connection, work, wish.memory)
        reading, judging = _shares(files, progress)
        tables, said = canonical_of(connection, work / "tables", files, schema_for(law, files.mapping), reading)
        earlier = Watched()
        earlier.note(str(Path(out) / MANIFEST), Path(out) / MANIFEST)
        spoilt = update.spoilt(out, wish.sign) if wish.update else []
        if read is not None:
            read(tables.rejects, (*law.remarks, *said, *spoilt))
        run = _Run(wish, tables, folder, work, periods, as_of, judging, selector, selection)
        asked = options_of(law, files, periods, as_of, wish.format, wish.size, wish.strict)
        if wish.update:
            update.take_prints(run.host, tables, law, selection)
        written, stands = run.updated(out, asked, earlier) if wish.update and not spoilt else (run.judged(), 0)
        entries = _entries(written, law, tables.rejects, folder, wish)
        persons = files.persons is not None
        tally = tally_files(connection, folder, wish.format, tables, written, law.plans, persons)
        notes = not_meant(selector, counted(run.host, selector, tables.persons, tally.people))
        tally = replace(tally, stands=stands, notes=(*tally.notes, *notes))
        manifest = manifest_of(law.policies, law.plans, tally, files.roles(), ENGINE, asked)
        if wish.update:
            manifest[update.PRINTS] = update.kept(run.spans[0], selector.alone)
            entries[update.PRINTS] = update.write_prints(run.host, folder)
        connection.close()
        shutil.rmtree(work)
        if changed := tables.watched.changed():
            raise PolicyError(changed)
        finish(folder, manifest, entries, wish.sign)
    return tally


@dataclass(slots=True)
class _Run:
    """One run: what was read, and where to write. ``work``: a folder for what is on the way."""

    wish: Wish
    tables: Canonical
    folder: Path
    work: Path
    periods: Periods | None
    as_of: date | None
    progress: Progress | None
    selector: Selector
    selection: Selection | None
    host: FileHost = field(init=False)
    spans: list[Periods | None] = field(init=False)

    def __post_init__(self) -> None:
        self.host = FileHost(self.tables.connection)
        self.spans = spans_of(self.selector.law.plans, self.periods, self.host, self.tables.records)

    def judged(self) -> Written:
        """Judge everybody."""
        place = Tables(self.host.connection, self.tables.records, self.tables.persons, self.tables.circumstances)
        return self._write(place, self.periods, self.folder)

    def _write(self, place: Tables, periods: Periods | None, folder: Path) -> Written:
        options = Options(self.wish.format, self.wish.size, ordered=self._ordered, spills=True, reasons=WARNED)
        others = judging(self.selector, self.spans, self.as_of)
        plans, selection = self.selector.law.plans, self.selection
        return write(plans, place, periods, self.as_of, folder, options, selection, others, self.progress) or Written()

    @property
    def _ordered(self) -> bool:
        return self.tables.rows <= IN_ORDER

    def updated(self, out: str | Path, asked: Mapping[str, Any], earlier: Watched) -> tuple[Written, int]:
        """Judge those of whom something differs from the result in ``out``; how many people's rows were taken over.

        Their fingerprints have been taken. ``earlier``: the manifest in ``out``, as it was before anything of the
        result was read. Raises ``PolicyError`` where another run has replaced it since: the rows may be of others than
        the fingerprints.
        """
        law = self.selector.law
        columns = {table.name: table.names for table in _no_rows(law, (), self.wish)}
        new = {"engine": {"name": ENGINE, "version": __version__}, "options": asked}
        found = update.standing(self.host, out, law, new, columns, self.spans, self.tables, self.selection)
        if found is None or not found.stands or self.wish.size == "none":
            return self.judged(), 0
        part = self.work / "part"
        part.mkdir()
        fresh = self._write(found.tables, found.periods, part) if found.judged else Written()
        written = update.joined(self.host, found, fresh, part, self.folder, self._ordered)
        if changed := earlier.changed():
            raise PolicyError(changed)
        return written, found.stands


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """A folder in the unfinished one, for what is on the way."""
    work = folder / WORK
    work.mkdir()
    yield work


def _set(connection: Any, work: Path, memory: str | None) -> None:
    connection.execute("SET temp_directory = ?", [str(work / "spill")])
    if memory is not None:
        connection.execute("SET memory_limit = ?", [share_of(memory)])


def _shares(files: Files, progress: Progress | None) -> tuple[Callable[[int], None] | None, Progress | None]:
    """Progress while reading, told of the bytes of each file, and while judging: parts of one whole."""
    if progress is None:
        return None, None
    named = [n for n in (*files.records, files.persons) if n not in (None, "-")]
    found = find_files([str(n) for n in named])[0]
    total = sum(f.path.stat().st_size for f in found) or 1
    packed = all(f.path.suffix.lower() == ".parquet" for f in found)
    part, done = (0.05 if packed else 0.4), 0  # as measured: Parquet is not copied, text is

    def reading(size: int) -> None:
        nonlocal done
        done += size
        progress(part * min(1.0, done / total), "reading")

    progress(0.0, "reading")
    return reading, lambda share, step: progress(part + (1 - part) * share, step)


def canonical_of(
    connection: Any, place: Path, files: Files, schema: Schema, told: Callable[[int], None] | None = None
) -> tuple[Canonical, list[Diagnostic]]:
    """Read the files into tables of ``connection`` and of the new folder ``place``; ``told``: as ``read_tables``.

    Raises ``PolicyError`` where a file can't be used.
    """
    place.mkdir()
    tables, said = read_tables(connection, place, files.records, files.persons, files.circumstances, schema, told=told)
    if tables is None or failed(said):
        raise PolicyError(said)
    return tables, said


def _entries(
    written: Written, law: Law, rejects: Sequence[Reject], folder: Path, wish: Wish
) -> dict[str, dict[str, Any]]:
    """What the manifest says of each table; those that the engine had no row for, and rejects, are written here."""
    found = {}
    for table in _no_rows(law, rejects, wish):
        if table.name in written.tables:
            file, rows, columns = written.tables[table.name]
            found[table.name] = entry_of(folder / file, rows, _plain(columns, table))
        else:
            path = folder / f"{table.name}.{wish.format}"
            write_table(table, path, wish.format)
            found[table.name] = entry_of(path, len(table.rows), table.names)
    return found


def _no_rows(law: Law, rejects: Sequence[Reject], wish: Wish) -> list[Table]:
    """The tables of a result in which nothing was judged."""
    return tables_of(Result((), (), (), ()), rejects, shape_of(law.plans), wish.size)


def _plain(columns: list[str], table: Table) -> list[str]:
    """The names of the table's columns that are there; numerator and denominator are one."""
    there = {*columns, *(n.removesuffix("_num") for n in columns)}
    return [n for n in table.names if n in there]
