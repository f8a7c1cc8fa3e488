"""A written result goes in; for each table of the status database, the query that gives its rows comes out.

The queries run in a DuckDB connection beside the database; ``schema.sql`` says which columns there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.engines.compile import trees as t
from policyengine.language.quantities import exact_text, half_up
from policyengine.records.sql import make_table
from policyengine.tools.result.read import Written
from policyengine.tools.result.tables import Table
from policyengine.tools.stats.frames import Frame, denominators, described, frame_of, ticks
from policyengine.tools.stats.part import FIGURES, Source, aliased, is_money
from policyengine.tools.stats.store import Store

PLACES = 10  # decimals of a figure in the database
FIGURE, MONEY = f"DECIMAL(28, {PLACES})", "DECIMAL(28, 6)"
FACTS = ("name", "sector", "region", "employer", "employer_kind", "title_level", "joined")
CLAIMED = ("form", "subject", "unit", "quantity")  # by records
Query = tuple[str, Any]
"""A table, and the query of its rows."""


class Staged:
    """The rows of one result for the database."""

    def __init__(self, connection: Any, folder: Path, written: Written, source: Source, store: Store):
        self.connection, self.folder, self.written, self.source, self.store = connection, folder, written, source, store
        self.result_id = str(written.manifest["sha256"])

    def queries(self, statistics: Sequence[Table]) -> Iterator[Query]:
        """One after the other."""
        frame = self.source.decisions
        texts = self._texts(frame, "person_id", "period", "policy", "outcome", "advisories", "consequences")
        yield self._rows("decisions", frame, {**texts, "unit": self.source.unit()}, FIGURES)
        yield from self._measures(frame)
        yield self._as_written("findings")
        if self.source.ledger is not None:
            yield self._ledger(self._told(self.source.ledger))
        yield self._as_written("flags")
        yield self._as_written("missing")
        if self.source.people is not None:
            yield self._people(self.source.people)
        if self.source.activities is not None and self.source.ledger is not None:
            yield self._activities(self.source.activities, self.source.ledger)
        yield self._rules()
        yield self._statistics(statistics)

    # --- pieces ---

    def _rows(
        self, table: str, frame: Frame, cells: Mapping[str, Any], figures: Sequence[str] = (), names: Sequence[str] = ()
    ) -> Query:
        """Cells, and each figure as a decimal, and as a fraction where that is rounded. ``names``: what figures are
        called, where not as in the frame."""
        per_unit = denominators(self.connection, frame, figures)
        whole = {f"{c} in ticks": ticks(frame, c, n) for c, n in per_unit.items()}  # no column is called so
        shown: dict[str, Any] = {}
        for column, name in zip(figures, names or figures, strict=True):
            value = t.col(f"{column} in ticks") if column in per_unit else None
            shown[name], shown[f"{name}_exact"] = figure(value, per_unit.get(column, 1))
        rows = t.sub(t.beside("f", t.select_all(frame.relation.copy()), **whole), "f")
        return table, t.select(result_id=t.lit(self.result_id), **cells, **shown).from_(rows, copy=False)

    def _texts(self, frame: Frame, *columns: str) -> dict[str, Any]:
        return {c: frame.text(c) for c in columns}

    def _measures(self, frame: Frame) -> Iterator[Query]:
        """Hours by subject and the measures that packs declare, a row each."""
        for measure in (*self.written.subjects(), *self.written.measures()):
            columns = (measure, f"required_{measure}", f"shortfall_{measure}")
            texts = self._texts(frame, "person_id", "period", "policy")
            cells = {**texts, "measure": t.lit(measure)}
            table, query = self._rows("decision_measures", frame, cells, columns, ("value", "required", "shortfall"))
            value = next(cell.this for cell in query.expressions if cell.alias == "value")
            yield table, query.where(t.present(value.copy()), copy=False)

    def _as_written(self, table: str) -> Query:
        """A table with the columns that it has in the result."""
        frame, columns = frame_of(self.connection, self.written, table, self.folder), self.written.columns(table)
        of = {kind: [c.name for c in columns if c.kind == kind] for kind in ("text", "figure", "yes_no", "date")}
        cells = self._texts(frame, *of["text"])
        cells |= {c: t.equal(frame.text(c), t.lit("yes")) if frame.texts else t.col(c) for c in of["yes_no"]}
        cells |= {c: t.cast(frame.text(c), "DATE") for c in of["date"]}
        return self._rows(table, frame, cells, of["figure"])

    def _told(self, ledger: Frame) -> Frame:
        """The ledger, with what a lean one leaves to the records."""
        records = self.source.activities
        left = [c for c in CLAIMED if records is not None and c in records.kinds and not ledger.has(c)]
        if records is None or not left:
            return ledger
        cells = {c: t.cast(t.col(c, "r"), "TEXT") if ledger.texts else t.col(c, "r") for c in left}
        query = t.select(**t.cols("l", *ledger.kinds), **cells).from_(aliased(ledger.relation, "l"))
        t.join(query, aliased(records.relation, "r"), t.agree("l", "r", "record_id"), "LEFT")
        return described(self.connection, t.sub(query, "told"), ledger.texts)

    def _ledger(self, frame: Frame) -> Query:
        texts = ["record_id", "person_id", "period", "form", "subject", "unit", "recognise_rule", "convert_rule"]
        texts += ["assign_rule", "cap_rule", "reason"]
        return self._rows("ledger", frame, self._texts(frame, *texts), ("quantity", "converted", "counted"))

    def _people(self, frame: Frame) -> Query:
        """Everybody of whom something was decided."""
        table, query = self._rows("people", frame, self._texts(frame, "person_id", *FACTS))
        decided = exp.select(self.source.decisions.text("person_id")).from_(self.source.decisions.relation.copy())
        return table, query.where(exp.In(this=frame.text("person_id"), query=exp.paren(decided)))

    def _activities(self, frame: Frame, ledger: Frame) -> Query:
        """What the records say, of every record of the ledger."""
        cost = t.col("cost", "r") if is_money(frame.kinds) else t.lit(None)
        cells = {"result_id": t.lit(self.result_id), "record_id": t.col("record_id", "r")}
        cells |= {"person_id": t.col("person_id", "l"), "first_day": t.col("start", "r"), "last_day": t.col("end", "r")}
        for c in ("title", "form", "subject", "provider", "evidence", "result", "paid_by"):
            cells[c] = t.cast(t.col(c, "r") if c in frame.kinds else t.lit(None), "TEXT")
        cells["cost"] = t.cast(cost, MONEY)
        if self.store.has_listings:
            cells["listed"] = t.col("listed", "b")
        ids = t.select(**self._texts(ledger, "record_id", "person_id")).distinct().from_(ledger.relation.copy())
        query = t.select(**cells).from_(aliased(frame.relation, "r"))
        t.join(query, t.sub(ids, "l"), t.agree("r", "l", "record_id"))
        if self.store.has_listings:
            t.join(query, t.table("listed_0", "b"), t.agree("r", "b", "provider", "end"), "LEFT")
        return "activities", query

    def _rules(self) -> Query:
        columns = ("result_id", "rule", "kind", "zh", "en", "source", "clause", "confidence")
        rows = [
            (
                self.result_id, r["key"], r["kind"], r["zh"], r["en"], r["cites"]["number"] or r["cites"]["title"],
                r["cites"]["at"], r["confidence"],
            )
            for r in self.written.manifest["rules"]
        ]  # fmt: skip
        return self._made("rules", columns, rows)

    def _statistics(self, tables: Sequence[Table]) -> Query:
        columns = ("result_id", "statistic", "period", "grouped", "measure", "value", "value_exact")
        return self._made("statistics", columns, (r for table in tables for r in self._long(table)))

    def _long(self, table: Table) -> Iterator[tuple[str | None, ...]]:
        keys = [i for i, c in enumerate(table.columns) if c.kind == "text" and c.name != "period"]
        period = table.names.index("period")
        for row in table.rows:
            grouped = json.dumps({table.names[i]: row[i] for i in keys}, ensure_ascii=False)
            for column, value in zip(table.columns, row, strict=True):
                if column.kind in ("whole", "figure") and value is not None:
                    figure_, exact = decimal_of(Fraction(value))  # type: ignore[arg-type]
                    yield self.result_id, table.name, str(row[period]), grouped, column.name, figure_, exact

    def _made(self, table: str, columns: Sequence[str], rows: Any) -> Query:
        make_table(self.connection, f"staged_{table}", [(c, "TEXT") for c in columns], rows, self.folder)
        return table, t.select(**t.cols("s", *columns)).from_(t.table(f"staged_{table}", "s"))


def figure(value: Any, per_unit: int) -> tuple[Any, Any]:
    """A figure as DECIMAL (rounded half up where it has no finite decimal of ten places), and then its fraction.
    ``value``: in ticks, ``per_unit`` of which are 1; None where there is no such column."""
    nothing = t.cast(t.lit(None), "TEXT")
    if value is None:
        return t.cast(t.lit(None), FIGURE), nothing
    shift = 10**PLACES
    tenth = t.cast(exp.Literal.number("0." + "0" * (PLACES - 1) + "1"), f"DECIMAL({PLACES}, {PLACES})")
    if shift % per_unit == 0:
        return _decimal(t.times(value, t.lit(shift // per_unit)), tenth), nothing
    wide = t.times(value, t.lit(shift))
    half = t.add([t.times(wide, t.lit(2)), t.lit(per_unit)])
    # greatest passes over what is NULL
    rounded = t.call("GREATEST", t.divide(half, t.lit(2 * per_unit)), t.lit(-(10**27)))
    rounded = t.case([(t.present(value.copy()), rounded)], t.lit(None))
    inexact = t.compare(t.remainder(wide.copy(), per_unit), "<>", t.lit(0))
    divisor = t.call("GCD", value.copy(), t.cast(t.lit(per_unit), "HUGEINT"))
    top = t.cast(t.divide(value.copy(), divisor), "TEXT")
    bottom = t.cast(t.divide(t.lit(per_unit), divisor.copy()), "TEXT")
    return _decimal(rounded, tenth), t.case([(inexact, t.concat(top, t.lit("/"), bottom))], nothing)


def _decimal(whole: Any, tenth: Any) -> Any:
    return t.cast(t.times(t.cast(whole, "DECIMAL(28, 0)"), tenth), FIGURE)


def decimal_of(value: Fraction) -> tuple[str, str | None]:
    """The same for a figure at hand."""
    rounded = half_up(value, PLACES)
    return exact_text(rounded), None if rounded == value else exact_text(value)


def result_row(written: Written, scope: str) -> Mapping[str, Any]:
    """The row of ``results`` without its number and the time."""
    manifest = written.manifest
    rows = manifest["rows"]
    return {
        "result_id": str(manifest["sha256"]), "scope": scope,
        "policies": ", ".join(str(p["id"]) for p in manifest["policies"]), "as_of": manifest["options"]["as_of"],
        "engine": manifest["engine"]["name"], "version": manifest["engine"]["version"], "rows_in": rows["in"],
        "records": rows["records"], "rejected": rows["rejected"], "persons": rows["persons"],
        "manifest": json.dumps(manifest, ensure_ascii=False),
    }  # fmt: skip
