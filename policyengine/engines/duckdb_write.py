"""Result files straight from canonical tables, whatever their size: nothing is held in memory but what DuckDB holds.

The files of one result are written into a folder that the caller makes appear (``tools/result/write.py``); what a run
spills goes into a folder beside them that vanishes with it.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

from policyengine.engines.compile import aside
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.aside import JudgeOne
from policyengine.engines.compile.output import Output, Sheet
from policyengine.engines.compile.run import opened
from policyengine.engines.compile.shares import shares_of
from policyengine.engines.compile.sources import Names
from policyengine.engines.duckdb import DuckHost
from policyengine.engines.duckdb_sql import sql
from policyengine.engines.protocol import Periods, Progress, Selection, Tables
from policyengine.plan.model import Plan
from policyengine.signals import ENDING, handled

BESIDE = 250 * 10**6  # bytes that a run needs beside DuckDB's, as measured
A_PERIOD = 700  # bytes that a person's period takes while it is decided, as measured
OWN_LEDGER = ".ledger.parquet"  # the ledger as it is read back where its file is another
# What share of the time each step takes, as measured on 10 million records; between them progress is DuckDB's own.
_STEPS = {"survey": 0.08, "members": 0.14, "ledger": 0.50, "totals": 0.08, "decide": 0.12, "write": 0.08}


@dataclass(frozen=True, slots=True)
class Options:
    """``format``: ``parquet`` or ``csv``; ``ledger``: ``full``, ``lean`` or ``none``. ``memory``: of the whole process,
    as DuckDB says it (``1GB``); None leaves the connection as it is. ``ordered``: the ledger's rows in order of person,
    record, period. ``spills``: whether the connection has a folder to spill to; else it is given one. ``reasons``:
    those of ledger rows that are to be counted, whether a ledger is written or not."""

    format: str = "parquet"
    ledger: str = "lean"
    memory: str | None = None
    threads: int | None = None
    ordered: bool = False
    spills: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What was written: file, rows and columns by table; ledger rows by reason, of those asked for; decisions by
    outcome; persons whom the reference judged."""

    tables: dict[str, tuple[str, int, list[str]]] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    aside: int = 0


def write(
    plans: Sequence[Plan],
    tables: Tables,
    periods: Periods | None,
    as_of: date | None,
    folder: Path,
    options: Options | None = None,
    selection: Selection | None = None,
    judge: JudgeOne | None = None,
    progress: Progress | None = None,
) -> Written | None:
    """Judge everybody in the tables and write decisions, findings, ledger, flags and what is missing into ``folder``.

    None where there is nothing to judge. Raises ``Inexpressible`` where a plan says what only the reference evaluator
    can judge, ``MemoryError`` and ``OSError`` where the machine can't.
    """
    options, spill = options or Options(), folder / ".spill"
    host = FileHost(tables.connection, progress)
    with machine(tables.connection, folder):
        try:
            _set(tables.connection, options, spill)
            return _write(plans, host, tables, periods, as_of, folder, options, selection, judge)
        finally:
            host.close()
            shutil.rmtree(spill, ignore_errors=True)
            (folder / OWN_LEDGER).unlink(missing_ok=True)


def _write(
    plans: Sequence[Plan], host: FileHost, tables: Tables, periods: Periods | None, as_of: date | None, folder: Path,
    options: Options, selection: Selection | None, judge: JudgeOne | None,
) -> Written | None:  # fmt: skip
    names = Names(tables.records, tables.persons, tables.circumstances)
    evaluation = opened(plans, host, names, periods, as_of, selection)
    if evaluation is None:
        return None
    output = Output.of(evaluation, aside.results(evaluation, judge), options.format == "csv")
    written = Written(aside=output.aside.persons)
    ledger = _ledger(output, host, folder, options, written)
    if options.reasons:
        written.reasons.update(_reasons(host, ledger, options))
    _decisions(output, host, folder, options, written)
    _file(host, "flags", output.flags(), folder, options, written)
    written.outcomes.update(host.rows(t.tally(_scan(folder, "decisions", options), "outcome")))
    host.done()
    return written


def _decisions(output: Output, host: FileHost, folder: Path, options: Options, written: Written) -> None:
    """Write the tables that have rows by person and period. Where not everybody fits into memory at once, one share
    after another is decided, and the rows of all of them are written in the end."""
    evaluation = output.evaluation
    evaluation.ask()
    ((persons,),) = host.rows(t.select(n=t.count()).from_(t.table("everyone"), copy=False))
    needed = persons * evaluation.most_periods * A_PERIOD
    shares = shares_of(host, "everyone", ceil(needed / _limit(host.connection)))
    sheets: dict[str, Sheet] = {}
    for share in shares:
        for sheet in output.tables(options.ledger != "none", share):
            if len(shares) == 1:
                _file(host, sheet.table, sheet.query(), folder, options, written)
            elif sheet.table in sheets:
                host.add(f"rows_{sheet.table}", sheet.rows)
            else:
                host.keep(f"rows_{sheet.table}", sheet.rows)
                sheets[sheet.table] = sheet
    for sheet in sheets.values():
        query = sheet.query(t.table(f"rows_{sheet.table}", "s"))
        _file(host, sheet.table, query, folder, options, written)
        host.drop(f"rows_{sheet.table}")


def _ledger(output: Output, host: FileHost, folder: Path, options: Options, written: Written) -> Path:
    """Write the ledger, and have ``entries`` read from it; gives the file that it is read from. Where none is asked
    for, what it would be read for is written all the same: that takes less than to look at all records again."""
    own = options.format == "parquet" and options.ledger != "none"
    path = folder / ("ledger.parquet" if own else OWN_LEDGER)
    query = output.entries(options.ledger)
    if options.ordered and options.ledger != "none":
        query = t.sorted_by(query, "w", ("person_id", "record_id", "period"))
    host.begin("ledger")
    rows = host.copy(query, path, "parquet")
    relation = t.parquet(str(path))
    host.view("entries", output.read_back(relation.copy()))
    output.evaluation.entries.kept = True
    if own:
        written.tables["ledger"] = (path.name, rows, t.names_of(query))
    elif options.ledger != "none":
        _file(host, "ledger", output.ledger_file(t.alias(relation, "w"), options.ledger), folder, options, written)
    return path


def _reasons(host: FileHost, ledger: Path, options: Options) -> dict[str, int]:
    """Ledger rows by reason, of the reasons asked for."""
    return {r: n for r, n in host.rows(t.tally(t.parquet(str(ledger)), "reason")) if r in options.reasons}


def _file(host: FileHost, table: str, query: Any, folder: Path, options: Options, written: Written) -> None:
    host.begin("write")
    path = folder / f"{table}.{options.format}"
    if options.format == "csv":
        for column in query.expressions:  # else an empty text would be written as "", and nothing as nothing
            column.set("this", t.call("NULLIF", t.cast(column.this, "VARCHAR"), t.lit("")))
    written.tables[table] = (path.name, host.copy(query, path, options.format), t.names_of(query))


def _limit(connection: Any) -> int:
    """The bytes that DuckDB may hold."""
    ((text,),) = connection.execute("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'").fetchall()
    number, unit = text.split()
    return int(Fraction(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit))


def _scan(folder: Path, table: str, options: Options) -> Any:
    path = str(folder / f"{table}.{options.format}")
    return t.parquet(path) if options.format == "parquet" else t.csv(path)


def _set(connection: Any, options: Options, spill: Path) -> None:
    if not options.spills:
        spill.mkdir(exist_ok=True)
        connection.execute("SET temp_directory = ?", [str(spill)])
    if options.memory is not None:
        connection.execute("SET memory_limit = ?", [share_of(options.memory)])
    if options.threads is not None:
        connection.execute("SET threads = ?", [options.threads])


def share_of(memory: str) -> str:
    """What DuckDB may take of the memory for the whole process: Python, the law, and rows on the way out are beside it.

    A text that is no number of bytes is left as it is: DuckDB says what is wrong with it.
    """
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]i?)?B\s*", memory, re.IGNORECASE)
    if found is None:
        return memory
    unit = (found[2] or "").lower()
    base = 1024 if unit.endswith("i") else 1000
    total = int(Fraction(found[1]) * base ** ("kmgt".index(unit[0]) + 1 if unit else 0))
    return f"{max(total - BESIDE, total // 2) // 10**6 or 1}MB"


@contextmanager
def machine(connection: Any, folder: Path) -> Iterator[None]:
    """What the machine can't do while DuckDB writes into ``folder``, as ``MemoryError`` and ``OSError``; a signal ends
    the query that runs, and comes out as what its handler raised (``KeyboardInterrupt``)."""
    import duckdb

    with _interrupting(connection) as raised:
        try:
            yield
        except duckdb.OutOfMemoryException as e:
            if _full(folder):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from e
            raise MemoryError(str(e)) from e
        except duckdb.IOException as e:
            if "No space left" in str(e) or _full(folder):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from e
            raise OSError(errno.EIO, str(e).splitlines()[0], str(folder)) from e
        except duckdb.InterruptException as e:
            raise raised[0] if raised else KeyboardInterrupt() from e
        except RuntimeError as e:  # DuckDB's own for a signal within a query, too
            if raised:
                raise raised[0] from e
            raise


@contextmanager
def _interrupting(connection: Any) -> Iterator[list[BaseException]]:
    """Signals that Python handles also end the query that runs: DuckDB by itself waits for what other threads began.

    Gives what the handlers raised.
    """
    import duckdb

    raised: list[BaseException] = []
    before = {n: h for n in (signal.SIGINT, *ENDING) if callable(h := signal.getsignal(n))}

    def heed(number: int, frame: Any) -> None:
        with suppress(duckdb.Error):  # it may be closed
            connection.interrupt()
        try:
            before[signal.Signals(number)](number, frame)
        except BaseException as e:
            raised.append(e)
            raise

    with handled(dict.fromkeys(before, heed)):
        yield raised


def _full(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free < 2**20


class FileHost(DuckHost):
    """A host that tells how far it is, and writes files (Parquet or CSV)."""

    def __init__(self, connection: Any, progress: Progress | None = None):
        super().__init__(connection)
        self._progress = progress
        self._step, self._before, self._told = "survey", 0.0, 0.0
        self._shares = dict(_STEPS)

    def begin(self, step: str) -> None:
        """Another step begins; those before it are done."""
        if step != self._step:
            self._before += self._shares.pop(self._step, 0.0)
            self._step = step

    def done(self) -> None:
        if self._progress is not None:
            self._progress(1.0, "")

    def keep(self, name: str, query: Any) -> None:
        steps = {"members": "members", "sums": "members", "totals": "totals", "everyone": "decide"}
        if name in steps:
            self.begin(steps[name])
        with self._telling():
            super().keep(name, query)

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        with self._telling():
            return super().rows(query)

    def add(self, name: str, query: Any) -> None:
        """Add the rows of a query to a table that was kept."""
        with self._telling():
            self.connection.execute(f"INSERT INTO {name} {sql(query)}")

    def view(self, name: str, query: Any) -> None:
        """Name a query."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql(query)}")
        self._views.append(name)

    def copy(self, query: Any, path: Path, format: str) -> int:
        """Write the rows of a query into a file; gives how many they were."""
        shape = "FORMAT parquet" if format == "parquet" else "FORMAT csv, HEADER true"
        target = str(path).replace("'", "''")
        with self._telling():
            ((count,),) = self.connection.execute(f"COPY ({sql(query)}) TO '{target}' ({shape})").fetchall()
        return int(count)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """While a query runs, say how far it is."""
        if self._progress is None:
            yield
            return
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()

    def _watch(self, over: threading.Event) -> None:
        tell: Callable[[float, str], None] | None = self._progress
        assert tell is not None
        while not over.wait(0.2):
            share = max(0.0, min(1.0, self.connection.query_progress() / 100))
            # the queries of a step each begin anew; what was told is not taken back
            self._told = max(self._told, self._before + self._shares.get(self._step, 0.0) * share)
            tell(min(0.999, self._told), self._step)
