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

from policyengine.diagnostics import PolicyError
from policyengine.engines.compile.run import spans_of
from policyengine.engines.duckdb import DuckHost
from policyengine.engines.duckdb_write import Options, machine, write
from policyengine.engines.protocol import Periods, Tables
from policyengine.messages import say
from policyengine.progress import told
from policyengine.records.columns import Canonical
from policyengine.records.schema import Schema
from policyengine.tools.diff.impact import EXAMPLES, GROUPS, Impact, Outcome, Shift, judging_by, read_twice
from policyengine.tools.diff.shift_file import write_shifts
from policyengine.tools.diff.shifts import Compared
from policyengine.tools.evaluate.evaluate import Files, judging, schema_for
from policyengine.tools.evaluate.select import Selector, selection_of
from policyengine.tools.evaluate.straight import canonical_of
from policyengine.tools.result.tables import shape_of
from policyengine.tools.working import MEMORY


@dataclass(slots=True)
class Judging:
    """Where both sides are judged: one connection, a folder for files on the way.

    ``tables``: what was read of the files, ``read_by``: as whose words.
    """

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
        plans = selector.law.plans
        spans = spans_of(plans, self.periods, DuckHost(self.connection), tables.records)
        written = write(
            plans,
            Tables(self.connection, tables.records, tables.persons, tables.circumstances),
            self.periods,
            self.as_of,
            folder,
            Options(ledger="none", memory=MEMORY, spills=True),
            None if selector.alone else selection_of(selector),
            judging(selector, spans, self.as_of),
            judging_by(side),
        )
        if changed := tables.watched.changed():
            raise PolicyError(changed)
        return folder if written is not None else None

    def _read(self, side: str, selector: Selector) -> Canonical:
        schema = schema_for(selector.law, self.files.mapping, checked=False)
        if self.tables is None or schema != self.read_by:
            if self.tables is not None:
                read_twice(self.files)
            self.tables, _ = canonical_of(self.connection, self.folder / f"tables-{side}", self.files, schema)
            self.read_by = schema
        return self.tables


def impact_at_scale(
    before: Selector, after: Selector, files: Files, periods: Periods | None, as_of: date | None, to: Path | None
) -> Impact:
    """Judge by both sides and compare. ``to``: a file for every shift, by its name CSV or Parquet.

    Raises ``PolicyError`` where a file can't be used, the engine's ``Inexpressible`` where it can't be judged
    here, ``MemoryError`` and ``OSError`` where the machine can't.
    """
    import duckdb

    with TemporaryDirectory(prefix="policyengine-") as place, duckdb.connect() as connection:
        connection.execute("SET temp_directory = ?", [str(Path(place) / "spill")])
        return impact_between(Judging(connection, Path(place), files, periods, as_of), before, after, to)


def impact_between(judging: Judging, before: Selector, after: Selector, to: Path | None = None) -> Impact:
    """Judge by both sides where ``judging`` says, and compare."""
    old, new = judging.decisions("old", before), judging.decisions("new", after)
    assert judging.tables is not None
    plans = (*before.law.plans, *after.law.plans)
    if old is None or new is None:
        if to is not None:
            write_shifts((), shape_of(plans), to)
        return Impact((), 0, 0, ())
    with machine(judging.connection, judging.folder):
        told(None, say("comparing both sides", "比较两方"))
        compared = Compared(DuckHost(judging.connection), old, new, judging.tables.persons)
        compared.prepare()
        if to is not None:
            compared.write(to, shape_of(plans))
        return _impact(compared, {plan.policy: plan.unit for plan in plans})


def _impact(compared: Compared, units: Mapping[str, str]) -> Impact:
    people, decisions = compared.sizes()
    totals = compared.totals()
    examples = tuple(
        Shift(
            row["person_id"],
            row["period"],
            _outcome(row, "old"),
            _outcome(row, "new"),
            tuple(row["rules"]),
            {n: str(row[n]) for n in GROUPS if row.get(n)},
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
            person_id=row["person_id"],
            period=row["period"],
        )
        for row in compared.nearest(10)
    )
    groups = {by: tuple(compared.counted(by)) for by in ("rule", *GROUPS)}
    return Impact(examples, decisions, people, nearest, totals, groups)


def _outcome(row: Mapping[str, Any], side: str) -> Outcome | None:
    outcome = row[f"{side}_outcome"]
    if outcome is None:
        return None
    zero = Fraction(0)
    total, capped = row[f"{side}_total"] or zero, row[f"{side}_capped"] or zero
    return Outcome(outcome, "", total, row[f"{side}_required"], None, capped)
