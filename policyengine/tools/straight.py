"""Judge files straight into a result folder, however large they are: a law and files go in, a folder comes out.

Nothing is held in memory but what the compiled engine holds and the rows that could not be read. What is on the way
stands in the unfinished folder, which becomes the result, or vanishes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from policyengine.diagnostics import PolicyError, failed
from policyengine.engines.calendar import period_of
from policyengine.engines.compile.aside import JudgeOne
from policyengine.engines.duckdb_write import Options, Written, machine, write
from policyengine.engines.protocol import Progress, Tables
from policyengine.engines.reference import Periods
from policyengine.records.columns import Canonical, read_tables
from policyengine.records.model import Person, Reject
from policyengine.tools.evaluate import Files, judge_one, schema_for
from policyengine.tools.formats import write_table
from policyengine.tools.manifest import manifest_of
from policyengine.tools.result import Read, Wish, options_of
from policyengine.tools.select import Law, Selector, selection_of
from policyengine.tools.tables import Table, shape_of, tables_of
from policyengine.tools.tally import WARNED, Tally
from policyengine.tools.tally_files import tally_files
from policyengine.tools.write import entry_of, finish, whole_folder
from policyengine.trace import Result

FORMATS = ("csv", "parquet")
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

    Raises ``PolicyError`` where files, folder or policies can't be used, ``Unfit`` or ``Inexpressible`` where people
    can only be judged one by one, ``MemoryError`` and ``OSError`` where the machine can't.
    """
    import duckdb

    selector = Selector(law)
    selection = None if selector.alone else selection_of(selector)
    with whole_folder(out) as folder, _work(folder) as work, machine(work), duckdb.connect() as connection:
        _set(connection, work, wish.memory)
        tables = _read(connection, work, law, files, read)
        place = Tables(connection, tables.records, tables.persons, tables.circumstances)
        options = Options(
            wish.format, wish.size, wish.memory, ordered=tables.rows <= IN_ORDER, spills=True, reasons=WARNED
        )
        judge = others(selector, connection, tables.records, periods, as_of)
        written = write(law.plans, place, periods, as_of, folder, options, selection, judge, progress) or Written()
        entries = _entries(written, law, tables.rejects, folder, wish)
        tally = tally_files(connection, folder, wish.format, tables, written)
        asked = options_of(law, files, periods, as_of, wish.format, wish.size, wish.strict)
        manifest = manifest_of(law.policies, law.plans, tally, files.roles(), "duckdb", asked)
        connection.close()
        shutil.rmtree(work)
        finish(folder, manifest, entries, wish.sign)
    return tally


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """A folder in the unfinished one, for what is on the way."""
    work = folder / WORK
    work.mkdir()
    yield work


def _set(connection: Any, work: Path, memory: str | None) -> None:
    connection.execute("SET temp_directory = ?", [str(work / "spill")])
    if memory is not None:
        connection.execute("SET memory_limit = ?", [memory])


def _read(connection: Any, work: Path, law: Law, files: Files, read: Read | None) -> Canonical:
    place = work / "tables"
    place.mkdir()
    schema = schema_for(law, files.mapping)
    tables, said = read_tables(connection, place, files.records, files.persons, files.circumstances, schema)
    if tables is None or failed(said):
        raise PolicyError(said)
    if read is not None:
        read(tables.rejects, (*law.remarks, *said))
    return tables


def _entries(
    written: Written, law: Law, rejects: tuple[Reject, ...], folder: Path, wish: Wish
) -> dict[str, dict[str, Any]]:
    """What the manifest says of each table; those that the engine had no row for, and rejects, are written here."""
    found = {}
    for table in tables_of(Result((), (), (), ()), rejects, shape_of(law.plans), wish.size):
        if table.name in written.tables:
            file, rows, columns = written.tables[table.name]
            found[table.name] = entry_of(folder / file, rows, _plain(columns, table))
        else:
            path = folder / f"{table.name}.{wish.format}"
            write_table(table, path, wish.format)
            found[table.name] = entry_of(path, len(table.rows), table.names)
    return found


def _plain(columns: list[str], table: Table) -> list[str]:
    """The names of the table's columns that are there; numerator and denominator are one."""
    there = {*columns, *(n.removesuffix("_num") for n in columns)}
    return [n for n in table.names if n in there]


def others(selector: Selector, connection: Any, records: str, periods: Periods | None, as_of: date | None) -> JudgeOne:
    """Judges the people whom the compiled queries leave to the reference evaluator, each by the policy that governs."""
    spans: list[Periods | None] = []

    def judge(person: Person, own: Any) -> Result:
        if not spans:
            days = _days(connection, records) if periods is None else None
            for plan in selector.law.plans:
                span = days and (period_of(days[0], plan.year_start), period_of(days[1], plan.year_start))
                spans.append(periods or span)
        return judge_one(selector, person, own, spans, as_of)

    return judge


def _days(connection: Any, records: str) -> tuple[date, date] | None:
    from policyengine.engines.compile import trees as t
    from policyengine.engines.duckdb import DuckHost

    query = t.select(a=t.call("MIN", t.col("end")), b=t.call("MAX", t.col("end"))).from_(t.table(records), copy=False)
    ((first, last),) = DuckHost(connection).rows(query)
    return None if first is None else (first, last)
