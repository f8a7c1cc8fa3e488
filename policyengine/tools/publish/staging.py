"""A written result goes in; for each table of the status database, the query that gives its rows comes out.

The queries run in a DuckDB connection beside the database; ``schema.sql`` says which columns there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from policyengine.language.quantities import exact_text, half_up
from policyengine.records.sql import call, make_table, name, number, text
from policyengine.tools.result.read import Written
from policyengine.tools.result.tables import Table
from policyengine.tools.stats.frames import Frame, denominators, described, frame_of, ticks
from policyengine.tools.stats.part import Source, aliased, as_, is_money, same
from policyengine.tools.stats.store import Store

PLACES = 10  # decimals of a figure in the database
FIGURE, MONEY = f"DECIMAL(28, {PLACES})", "DECIMAL(28, 6)"
FACTS = ("name", "sector", "region", "employer", "employer_kind", "title_level", "joined")
CLAIMED = ("form", "subject", "unit", "quantity")  # by records
HIGHS = ("converted_high", "counted_high")
Query = tuple[str, Sequence[str], Any]
"""A table, its columns, and the query of their rows."""


def schema_statements() -> list[str]:
    """The statements that make an empty database."""
    script = files("policyengine.tools.publish").joinpath("schema.sql").read_text("utf-8")
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [s.strip() for s in "\n".join(lines).split(";") if s.strip()]


class Staged:
    """The rows of one result for the database."""

    def __init__(self, connection: Any, folder: Path, written: Written, source: Source, store: Store):
        self.connection, self.folder, self.written, self.source, self.store = connection, folder, written, source, store
        self.result_id = str(written.manifest["sha256"])

    def queries(self, statistics: Sequence[Table]) -> Iterator[Query]:
        """One after the other."""
        frame = self.source.decisions
        decided = ("total", "required_total", "shortfall_total", "capped_off")
        texts = ("person_id", "period", "policy", "outcome", "advisories", "consequences")
        unit = [as_(self.source.unit(), "unit")]
        yield self._rows("decisions", frame, self._texts(frame, texts) + unit + self._figures(frame, decided))
        yield from self._measures(frame)
        yield self._findings()
        if self.source.ledger is not None:
            yield self._ledger(self._told(self.source.ledger))
        yield self._flags()
        yield self._missing()
        if self.source.people is not None:
            yield self._people(self.source.people)
        if self.source.activities is not None and self.source.ledger is not None:
            yield self._activities(self.source.activities)
        yield self._rules()
        yield self._statistics(statistics)

    # --- pieces ---

    def _rows(self, table: str, frame: Frame, cells: Sequence[Any]) -> Query:
        from sqlglot import exp

        query = exp.select(as_(text(self.result_id), "result_id"), *cells).from_(frame.relation.copy())
        return table, ["result_id", *(c.alias for c in cells)], query

    def _texts(self, frame: Frame, columns: Sequence[str]) -> list[Any]:
        return [as_(frame.text(c), c) for c in columns]

    def _figures(self, frame: Frame, columns: Sequence[str], names: Sequence[str] = ()) -> list[Any]:
        """Each figure as a decimal, and as a fraction where that is rounded."""
        cells = []
        per_unit = denominators(self.connection, frame, columns)
        for column, shown in zip(columns, names or columns, strict=True):
            value, exact = figure(frame, column, per_unit.get(column, 1))
            cells += [as_(value, shown), as_(exact, f"{shown}_exact")]
        return cells

    def _measures(self, frame: Frame) -> Iterator[Query]:
        """Hours by subject and the measures that packs declare, a row each."""
        from sqlglot import exp

        for measure in (*self.written.subjects(), *self.written.measures()):
            columns = (measure, f"required_{measure}", f"shortfall_{measure}")
            cells = [*self._texts(frame, ("person_id", "period", "policy")), as_(text(measure), "measure")]
            cells += self._figures(frame, columns, ("value", "required", "shortfall"))
            table, names, query = self._rows("decision_measures", frame, cells)
            value = next(c.this for c in cells if c.alias == "value")
            yield table, names, query.where(exp.not_(exp.Is(this=value.copy(), expression=exp.null())))

    def _frame(self, table: str) -> Frame:
        return frame_of(self.connection, self.written, table, self.folder)

    def _findings(self) -> Query:
        frame = self._frame("findings")
        columns = self.written.columns("findings")
        texts = [c.name for c in columns if c.kind == "text"]
        figures = [c.name for c in columns if c.kind == "figure"]
        cells = self._texts(frame, texts) + self._figures(frame, figures)
        cells += [as_(_boolean(frame, "advisory"), "advisory")]
        return self._rows("findings", frame, cells + [as_(_day(frame, c), c) for c in ("window_start", "window_end")])

    def _told(self, ledger: Frame) -> Frame:
        """The ledger, with what a lean one leaves to the records."""
        from sqlglot import exp

        records = self.source.activities
        left = [c for c in CLAIMED if records is not None and c in records.kinds and not ledger.has(c)]
        if records is None or not left:
            return ledger
        cells = [name(c, "r") for c in left]
        if ledger.texts:
            cells = [as_(exp.cast(c, "TEXT"), c.name) for c in cells]
        query = exp.select(*(name(c, "l") for c in ledger.kinds), *cells).from_(aliased(ledger.relation, "l"))
        query = query.join(aliased(records.relation, "r"), on=same("record_id", "l", "r"), join_type="left")
        return described(self.connection, query.subquery("told"), ledger.texts)

    def _ledger(self, frame: Frame) -> Query:
        texts = ["record_id", "person_id", "period", "form", "subject", "unit", "recognise_rule", "convert_rule"]
        texts += ["assign_rule", "cap_rule", "reason"]
        cells = self._texts(frame, texts) + self._figures(frame, ("quantity", "converted", "counted"))
        return self._rows("ledger", frame, cells)

    def _flags(self) -> Query:
        frame = self._frame("flags")
        texts = [c.name for c in self.written.columns("flags") if c.kind == "text"]
        return self._rows("flags", frame, [*self._texts(frame, texts), as_(_boolean(frame, "certain"), "certain")])

    def _missing(self) -> Query:
        frame = self._frame("missing")
        texts = [c.name for c in self.written.columns("missing") if c.kind == "text"]
        return self._rows("missing", frame, self._texts(frame, texts) + self._figures(frame, HIGHS))

    def _people(self, frame: Frame) -> Query:
        """Everybody of whom something was decided."""
        from sqlglot import exp

        table, names, query = self._rows("people", frame, self._texts(frame, ("person_id", *FACTS)))
        decided = exp.select(self.source.decisions.text("person_id")).from_(self.source.decisions.relation.copy())
        return table, names, query.where(exp.In(this=frame.text("person_id"), query=exp.paren(decided)))

    def _activities(self, frame: Frame) -> Query:
        """What the records say, of every record of the ledger."""
        from sqlglot import exp

        columns = ("title", "form", "subject", "provider", "evidence", "result", "paid_by")
        cells: list[Any] = [as_(text(self.result_id), "result_id"), as_(name("record_id", "r"), "record_id")]
        cells.append(as_(name("person_id", "l"), "person_id"))
        cells += [as_(name("start", "r"), "first_day"), as_(name("end", "r"), "last_day")]
        for c in columns:
            cells.append(as_(exp.cast(name(c, "r") if c in frame.kinds else exp.null(), "TEXT"), c))
        cost = name("cost", "r") if is_money(frame.kinds) else exp.null()
        cells.append(as_(exp.cast(cost, MONEY, dialect="duckdb"), "cost"))
        assert self.source.ledger is not None
        ledger = self.source.ledger
        ids = exp.select(as_(ledger.text("record_id"), "record_id"), as_(ledger.text("person_id"), "person_id"))
        ids = ids.distinct().from_(ledger.relation.copy())
        query = exp.select(*cells).from_(aliased(frame.relation, "r"))
        query = query.join(ids.subquery("l"), on=same("record_id", "r", "l"))
        if self.store.has_listings:
            on = exp.and_(same("provider", "r", "b"), same("end", "r", "b"))
            query = query.join(exp.to_table("listed_0").as_("b"), on=on, join_type="left")
            query = query.select(as_(name("listed", "b"), "listed"))
            cells.append(as_(exp.null(), "listed"))
        return "activities", [c.alias for c in cells], query

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
        return self._made("statistics", columns, (r for t in tables for r in self._long(t)))

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
        from sqlglot import exp

        make_table(self.connection, f"staged_{table}", [(c, "TEXT") for c in columns], rows, self.folder)
        return table, columns, exp.select(*(name(c) for c in columns)).from_(exp.to_table(f"staged_{table}"))


def figure(frame: Frame, column: str, per_unit: int) -> tuple[Any, Any]:
    """A figure as DECIMAL (rounded half up where it has no finite decimal of ten places), and then its fraction.
    ``per_unit``: the denominator of the column's figures."""
    from sqlglot import exp

    nothing = exp.cast(exp.null(), "TEXT")
    if not frame.has(column):
        return exp.cast(exp.null(), FIGURE, dialect="duckdb"), nothing
    value = ticks(frame, column, per_unit)
    shift = 10**PLACES
    tenth = exp.cast(exp.Literal.number("0." + "0" * (PLACES - 1) + "1"), f"DECIMAL({PLACES}, {PLACES})")
    if shift % per_unit == 0:
        whole = exp.Mul(this=exp.paren(value), expression=number(shift // per_unit))
        return _decimal(whole, tenth), nothing
    wide = exp.paren(exp.Mul(this=exp.paren(value.copy(), copy=False), expression=number(shift)), copy=False)
    half = exp.Add(this=exp.Mul(this=wide, expression=number(2)), expression=number(per_unit))
    known = exp.not_(exp.Is(this=value.copy(), expression=exp.null()))  # greatest passes over what is NULL
    rounded = call("greatest", exp.IntDiv(this=exp.paren(half), expression=number(2 * per_unit)), number(-(10**27)))
    rounded = exp.case().when(known, rounded, copy=False)
    remainder = exp.Mod(this=wide.copy(), expression=number(per_unit))
    inexact = exp.NEQ(this=remainder, expression=number(0))
    divisor = call("gcd", value.copy(), exp.cast(number(per_unit), "HUGEINT", dialect="duckdb"))
    top = exp.cast(exp.IntDiv(this=exp.paren(value.copy()), expression=divisor), "TEXT")
    bottom = exp.cast(exp.IntDiv(this=number(per_unit), expression=divisor.copy()), "TEXT")
    exact = exp.case().when(inexact, call("concat", top, text("/"), bottom), copy=False).else_(nothing, copy=False)
    return _decimal(rounded, tenth), exact


def _decimal(whole: Any, tenth: Any) -> Any:
    from sqlglot import exp

    wide = exp.cast(exp.paren(whole), "DECIMAL(28, 0)", dialect="duckdb")
    return exp.cast(exp.Mul(this=wide, expression=tenth), FIGURE, dialect="duckdb")


def decimal_of(value: Fraction) -> tuple[str, str | None]:
    """The same for a figure at hand."""
    rounded = half_up(value, PLACES)
    return exact_text(rounded), None if rounded == value else exact_text(value)


def _boolean(frame: Frame, column: str) -> Any:
    from sqlglot import exp

    if frame.texts:
        return exp.EQ(this=frame.text(column), expression=text("yes"))
    return name(column)


def _day(frame: Frame, column: str) -> Any:
    from sqlglot import exp

    return exp.cast(frame.text(column), "DATE")


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
