"""Whom a change touches, however many they are: two laws and files in, counts, examples and all shifts as a file out.

Both sides are judged by the compiled engine from the same canonical tables, which are read once where both laws read
files alike; their decisions stand in Parquet files and are compared in DuckDB. What stays in memory is counts and
examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from policyengine.diagnostics import PolicyError, failed
from policyengine.engines.calendar import period_of
from policyengine.engines.duckdb import DuckHost
from policyengine.engines.duckdb_write import Options, write
from policyengine.engines.protocol import Periods, Tables
from policyengine.records.columns import Canonical, read_tables
from policyengine.records.model import Person, Record
from policyengine.records.schema import Schema
from policyengine.tools.diff import shifts
from policyengine.tools.diff.impact import EXAMPLES, Impact, Outcome, Shift, read_twice
from policyengine.tools.evaluate import Files, judge_one, schema_for
from policyengine.tools.select import Selector, selection_of
from policyengine.trace import Result

MEMORY = "2GB"


@dataclass(slots=True)
class _Judging:
    """Where both sides are judged: one connection, a folder for files on the way."""

    connection: Any
    folder: Path
    files: Files
    periods: Periods | None
    as_of: date | None
    read_by: Schema | None = None
    tables: Canonical | None = None

    def decisions(self, side: str, selector: Selector) -> Path | None:
        """The folder with the decisions and findings by one law; None where there is nothing to judge."""
        tables = self._read(side, selector)
        folder = self.folder / side
        folder.mkdir()
        written = write(
            selector.law.plans,
            Tables(self.connection, tables.records, tables.persons, tables.circumstances),
            self.periods,
            self.as_of,
            folder,
            Options(ledger="none", memory=MEMORY),
            None if selector.alone else selection_of(selector),
            self._judge(selector, tables),
        )
        return folder if written is not None else None

    def _read(self, side: str, selector: Selector) -> Canonical:
        schema = schema_for(selector.law, self.files.mapping)
        if self.tables is None or schema != self.read_by:
            if self.tables is not None:
                read_twice(self.files)
            place = self.folder / f"tables-{side}"
            place.mkdir()
            files = self.files
            tables, said = read_tables(
                self.connection, place, files.records, files.persons, files.circumstances, schema
            )
            if tables is None or failed(said):
                raise PolicyError(said)
            self.tables, self.read_by = tables, schema
        return self.tables

    def _judge(self, selector: Selector, tables: Canonical) -> Any:
        spans = [self.periods or self._years(plan.year_start, tables) for plan in selector.law.plans]

        def judge(person: Person, records: list[Record]) -> Result:
            return judge_one(selector, person, records, spans, self.as_of)

        return judge

    def _years(self, year_start: tuple[int, int], tables: Canonical) -> Periods | None:
        ((first, last),) = DuckHost(self.connection).rows(shifts.first_and_last(tables.records))
        return None if first is None else (period_of(first, year_start), period_of(last, year_start))


def impact_at_scale(
    before: Selector, after: Selector, files: Files, periods: Periods | None, as_of: date | None, to: Path | None
) -> Impact:
    """Judge by both sides and compare. ``to``: a file for every shift, by its name CSV or Parquet.

    Raises ``PolicyError`` where a file can't be used, ``Unfit`` or the engine's ``Inexpressible`` where it can't be
    judged here.
    """
    import duckdb

    with TemporaryDirectory(prefix="policyengine-") as place, duckdb.connect() as connection:
        judging = _Judging(connection, Path(place), files, periods, as_of)
        old, new = judging.decisions("old", before), judging.decisions("new", after)
        assert judging.tables is not None
        if old is None or new is None:
            return Impact((), 0, 0, ())
        host = DuckHost(connection)
        compared = shifts.Compared(host, old, new, judging.tables.persons)
        compared.prepare()
        if to is not None:
            compared.write(to)
        return _impact(compared, {plan.policy: plan.unit for plan in (*before.law.plans, *after.law.plans)})


def _impact(compared: shifts.Compared, units: Mapping[str, str]) -> Impact:
    people, decisions = compared.sizes()
    totals = compared.totals()
    examples = tuple(
        Shift(
            row["person_id"],
            row["period"],
            _outcome(row, "old"),
            _outcome(row, "new"),
            tuple(row["rules"]),
            {n: str(row[n]) for n in shifts.GROUPS if row.get(n)},
        )
        for row in compared.examples(EXAMPLES)
    )
    nearest = tuple(
        Outcome(
            "not_met",
            units.get(row["policy"], ""),
            row["total"],
            None,
            row["shortfall"],
            row["person_id"],
            row["period"],
        )
        for row in compared.nearest(10)
    )
    groups = {by: tuple(compared.counted(by)) for by in ("rule", *shifts.GROUPS)}
    return Impact(examples, decisions, people, nearest, totals, groups)


def _outcome(row: Mapping[str, Any], side: str) -> Outcome | None:
    outcome = row[f"{side}_outcome"]
    if outcome is None:
        return None
    return Outcome(outcome, "", row[f"{side}_total"] or Fraction(0), row[f"{side}_required"], None)
