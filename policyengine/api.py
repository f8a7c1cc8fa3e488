"""The Python interface: ``load`` a policy, ``evaluate`` records by it, ask the result for tables and explanations.

Every mistake in packs, files or arguments is a ``PolicyError`` that carries its diagnostics; nothing is printed. What
the machine can't do (a full disk, no right to write, no memory) comes out as Python or DuckDB says it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.light import dataclass
from policyengine.messages import LANGUAGES, is_utf8, listed, say

if TYPE_CHECKING:
    import duckdb

    from policyengine.tools.evaluate.evaluate import Evaluation
    from policyengine.tools.evaluate.select import Law
    from policyengine.tools.explain.case import Case
    from policyengine.tools.result.tables import Table

StrPath = str | os.PathLike[str]
ENGINES = ("auto", "duckdb", "reference")  # spark has a server to be named, which only the command line does
LEDGERS = ("full", "lean", "none")


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy (or all the policies of a folder of packs) ready to judge by, as on ``as_of`` where that is given."""

    law: Law
    as_of: date | None = None

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the packs."""
        return self.law.remarks


def load(path: StrPath, as_of: str | date | None = None) -> LoadedPolicy:
    """The policy of the pack at ``path``, or the policies of a folder of packs.

    ``as_of``: judge as on this day (``2019-12-31``); periods that have not ended by then are in progress.
    Raises ``PolicyError`` with every diagnostic where a pack has an error, PE901 where ``as_of`` is no day.
    """
    from policyengine.tools.evaluate.select import load_law

    day = _day(as_of)
    return LoadedPolicy(load_law(_path("path", path)), day)


def evaluate(
    policy: LoadedPolicy | StrPath,
    records: StrPath | Sequence[StrPath],
    period: int | str | tuple[int, int] | None = None,
    persons: StrPath | None = None,
    circumstances: StrPath | None = None,
    engine: str = "auto",
) -> Evaluated:
    """Judge everybody in ``records`` (a file, folder or glob, or several).

    ``period``: ``2019``, ``"2016..2018"`` or ``(2016, 2018)``; by default the first to the last year with a record.
    ``engine``: ``auto``, ``duckdb`` or ``reference``; all give the same.
    Raises ``PolicyError`` where the files can't be used, PE901 where an argument can't; rows that can't be read are in
    ``rejects``.
    """
    from policyengine.tools.evaluate.evaluate import Files, evaluate_files

    asked = periods_of(period)
    _among("engine", engine, ENGINES)
    loaded = policy if isinstance(policy, LoadedPolicy) else load(policy)
    named = _several(records)
    files = Files(
        tuple(_path("records", r) for r in named),
        _path("persons", persons) if persons is not None else None,
        _path("circumstances", circumstances) if circumstances is not None else None,
    )
    return Evaluated(evaluate_files(loaded.law, files, asked, loaded.as_of, engine))


class Evaluated:
    """What an evaluation came to. Its tables are DuckDB relations (``.arrow()``, ``.df()``, ``.fetchall()``).

    Columns are those of docs/results.md, as in Parquet: DECIMAL, or numerator and denominator without a finite decimal.
    The relations share one connection, which one thread at a time may ask; a copy, and another process, makes its own.
    Everything else may be asked by several threads at once.
    """

    def __init__(self, evaluation: Evaluation):
        self.evaluation = evaluation
        self._relations: dict[tuple[int, str], duckdb.DuckDBPyRelation] = {}
        self._connections: dict[int, Any] = {}  # by process: to a forked one that of its parent never answers

    def __getstate__(self) -> dict[str, Any]:
        """What is copied: a connection can't be, and is made anew when a table is asked for."""
        return {**self.__dict__, "_relations": {}, "_connections": {}}

    @property
    def decisions(self) -> duckdb.DuckDBPyRelation:
        """A row per person, period and policy."""
        return self.table("decisions")

    @property
    def findings(self) -> duckdb.DuckDBPyRelation:
        """A row per requirement applied."""
        return self.table("findings")

    @property
    def ledger(self) -> duckdb.DuckDBPyRelation:
        """A row per record and period."""
        return self.table("ledger")

    @property
    def rejects(self) -> duckdb.DuckDBPyRelation:
        """A row per cell that could not be read."""
        return self.table("rejects")

    @property
    def flags(self) -> duckdb.DuckDBPyRelation:
        """A row per compliance flag on a record."""
        return self.table("flags")

    @property
    def remarks(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about packs and files."""
        return self.evaluation.remarks

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A table as Python values: exact fractions, dates, texts. Needs no DuckDB."""
        table = self._table(name)
        return [dict(zip(table.names, row, strict=True)) for row in table.rows]

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table by name, as a DuckDB relation."""
        here = os.getpid(), name
        if here not in self._relations:
            self._relations[here] = self._relation(self._table(name))
        return self._relations[here]

    def _table(self, name: str) -> Table:
        from policyengine.tools.result.tables import shape_of, tables_of

        e = self.evaluation
        tables = {t.name: t for t in tables_of(e.result, e.inputs.rejects, shape_of(e.law.plans))}
        _among("table", name, tuple(tables))
        return tables[name]

    def _relation(self, table: Table) -> duckdb.DuckDBPyRelation:
        import tempfile

        import duckdb

        from policyengine.records.duck_file import reader_text
        from policyengine.tools.result.formats import write_table

        if (here := os.getpid()) not in self._connections:
            self._connections[here] = duckdb.connect()
        connection = self._connections[here]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{table.name}.parquet"
            write_table(table, path, "parquet")
            source = reader_text("read_parquet", path)
            connection.execute(f'CREATE TABLE "{table.name}" AS SELECT * FROM {source}')
        relation: duckdb.DuckDBPyRelation = connection.table(table.name)
        return relation

    def cases(self, person: str, period: int | str | tuple[int, int] | None = None) -> list[Case]:
        """A person's cases; ``person`` is an id, or a name that only one person has."""
        from policyengine.engines.reference import years_of
        from policyengine.tools.explain.explain import Explainer, find_person, nothing_in

        e = self.evaluation
        if not isinstance(person, str):
            text = say(f"person can't be {_kind(person)}", f"person 不能是 {_kind(person)}")
            raise _unusable(text, say("give the id or name as a text", "请以文本给出编号或姓名"))
        one = find_person(e.inputs.persons.values(), person)
        records = [r for r in e.inputs.records if r.person_id == one.person_id]
        asked = periods_of(period) or e.asked
        spans = [asked or years_of(p, e.inputs.records) for p in e.law.plans]
        cases = Explainer(e.law).cases(one, records, spans, e.as_of)
        if not cases:
            raise nothing_in(person, asked)
        return cases

    def explain(
        self,
        person: str,
        period: int | str | tuple[int, int] | None = None,
        language: str = "en",
        reveal: bool = False,
    ) -> str:
        """A person's case as text, period after period. ``reveal``: ids in full."""
        from policyengine.tools.explain.text import text_of_case

        _among("language", language, LANGUAGES)
        return "\n\n".join(text_of_case(c, language, reveal) for c in self.cases(person, period))

    def write(self, out: StrPath, format: str = "csv", ledger: str | None = None) -> Path:
        """Write the result into a folder, as ``evaluate --out`` does. ``ledger``: ``full``, ``lean`` or ``none``.

        Raises ``PolicyError`` (PE910, PE911) where the folder is not ours to replace, ``OSError`` where it can't be
        written.
        """
        from policyengine.tools.result.formats import FORMATS
        from policyengine.tools.result.result import save

        _among("format", format, FORMATS)
        if ledger is not None:
            _among("ledger", ledger, LEDGERS)
        return save(self.evaluation, _path("out", out), format, ledger)


def _path(name: str, given: StrPath) -> str:
    """A path as text; to the system an empty one would be the current folder."""
    path = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not isinstance(path, str):  # a table of another library, None, bytes
        text = say(f"{name} can't be {_kind(given)}", f"{name} 不能是 {_kind(given)}")
        raise _unusable(text, say("name a file or folder", "请给出文件或文件夹的路径"))
    if not path:
        raise _unusable(
            say(f"{name} is empty", f"{name} 是空的"), say("name a file or folder", "请给出文件或文件夹的路径")
        )
    if "\0" in path or not is_utf8(path):
        shown = ascii(path[:80])
        text = say(f"{name} holds what no path can: {shown}", f"{name} 含有路径不能有的字符：{shown}")
        raise _unusable(text, say("name a file or folder in UTF-8", "请给出 UTF-8 的文件或文件夹路径"))
    return path


def _several(given: Any) -> list[Any]:
    """A file alone, or several."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]


def _kind(given: object) -> str:
    """What is not shown in full: it may be a table of people."""
    return "None" if given is None else type(given).__name__


def _day(given: str | date | None) -> date | None:
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):  # a datetime is a date too
        return given
    try:
        return date.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        raise _unusable(
            say(f"{given!r} is not a day", f"{given!r} 不是日期"), say("write it as 2016-12-31", "请写成 2016-12-31")
        ) from None


def periods_of(given: int | str | tuple[int, int] | None) -> tuple[int, int] | None:
    """First and last period. Raises ``PolicyError`` (PE901) where it is neither a year nor two."""
    if given is None:
        return None
    first, dots, last = str(given).partition("..")
    try:
        periods = _two_years(given) if isinstance(given, tuple) else (int(first), int(last if dots else first))
        if 1000 <= periods[0] <= periods[1] < 9900:
            return periods
    except (TypeError, ValueError):
        pass
    raise _unusable(
        say(f"{given!r} is not a period", f"{given!r} 不是年度"),
        say("write a year, 2016, or first..last, 2016..2018", "请写成 2016 或 2016..2018"),
    )


def _two_years(given: tuple[int, int]) -> tuple[int, int]:
    first, last = map(index, given)  # texts and 2016.5 are no years
    return first, last


def _among(name: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        shown = listed(known)
        raise _unusable(
            say(f"{name} can't be {given!r}", f"{name} 不能是 {given!r}"), say(f"write one of {shown}", f"可写 {shown}")
        )


def _unusable(text: str, hint: str) -> PolicyError:
    return PolicyError([Diagnostic("PE901", text, hint=hint)])
