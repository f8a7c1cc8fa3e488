"""A status database goes in, its current results come out as one written result, for reports and certificates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import say
from policyengine.records.sqlcells import name
from policyengine.tools.publish.reading import copied
from policyengine.tools.publish.staging import schema_statements
from policyengine.tools.read_result import Row, Written, subjects_of
from policyengine.tools.stats.origin import Facts
from policyengine.tools.stats.part import as_
from policyengine.tools.tables import FINDINGS, FLAGS, LEDGER, MISSING, Column

_SHAPES = {"findings": FINDINGS, "ledger": (*LEDGER, Column("assign_rule")), "flags": FLAGS, "missing": MISSING}
_ORDER = {"findings": ("period", "policy", "rule"), "ledger": ("record_id",), "flags": ("record_id", "flag", "rule")}
_DECIDED = ("total", "required_total", "shortfall_total", "capped_off")
_OF_MEASURE = (("", "value"), ("required_", "required"), ("shortfall_", "shortfall"))


class Current(Written):
    """The rows of the ``current_…`` views, in the words of a written result; rows in the order of persons."""

    def __init__(self, connection: Any, folder: Path, place: str):
        types = _types()
        wanted = ("results", "decisions", "decision_measures", "people", "activities", *_SHAPES)
        tables = {t: copied(connection, folder, place, f"current_{t}", types[f"current_{t}"]) for t in wanted}
        object.__setattr__(self, "folder", Path(place))
        object.__setattr__(self, "_connection", connection)
        object.__setattr__(self, "_names", tables)
        manifests = [json.loads(row["manifest"]) for row in self._all("results", None, "number")]
        if not manifests:
            text = say("nothing has been published here", "此库中尚无结果")
            raise PolicyError([Diagnostic("PE501", text, Span(place))])
        object.__setattr__(self, "manifest", _together(manifests, place))
        object.__setattr__(self, "_unlisted", any("ledger" not in m["tables"] for m in manifests))

    @property
    def unlisted(self) -> bool:
        some: bool = object.__getattribute__(self, "_unlisted")
        return some

    def facts(self) -> Facts:
        """What is known of people and activities, as tables in the shape of canonical ones."""
        from sqlglot import exp

        days = {"start": "first_day", "end": "last_day"}
        shown = ("title", "provider", "evidence", "result")
        one = exp.select(name("record_id"), *(as_(exp.Max(this=name(days.get(c, c))), c) for c in
                         ("person_id", "start", "end", *shown)), as_(exp.null(), "unit"))  # fmt: skip
        one = one.from_(exp.to_table(self._table("activities"), quoted=True)).group_by(name("record_id"))
        people = [c for c, _ in _types()["current_people"] if c not in ("result_id", "person_id")]
        each = exp.select(name("person_id"), *(as_(exp.Max(this=name(c)), c) for c in people))
        each = each.from_(exp.to_table(self._table("people"), quoted=True)).group_by(name("person_id"))
        for view, query in (("canonical_records", one), ("canonical_persons", each)):
            create = exp.Create(this=exp.to_table(view, quoted=True), kind="VIEW", replace=True, expression=query)
            self._run(create)
        return Facts("canonical_records", "canonical_persons", ())

    def relation(self, table: str) -> Any:
        """What to select a table's rows from."""
        from sqlglot import exp

        return exp.to_table(self._table(table), quoted=True)

    # --- rows ---

    def rows(self, table: str, person: str | None = None) -> Iterator[Row]:
        if table == "decisions":
            yield from self._decided(person)
            return
        for row in self._all(table, person, *_ORDER.get(table, ())):
            yield {c.name: _value(row, c) for c in _SHAPES[table]}

    def _decided(self, person: str | None) -> Iterator[Row]:
        """Decisions with their subjects and measures, which stand in rows of their own."""
        measures = self._all("decision_measures", person, "period", "policy")
        waiting = next(measures, None)
        for row in self._all("decisions", person, "period", "policy"):
            key = tuple(row[k] for k in ("person_id", "period", "policy"))
            found: dict[str, Any] = {k: row[k] for k in ("person_id", "period", "policy", "outcome")}
            found |= {c: _figure(row, c) for c in _DECIDED}
            found |= {"advisories": row["advisories"], "consequences": row["consequences"]}
            while waiting is not None and tuple(waiting[k] for k in ("person_id", "period", "policy")) <= key:
                if tuple(waiting[k] for k in ("person_id", "period", "policy")) == key:
                    found |= {f"{p}{waiting['measure']}": _figure(waiting, c) for p, c in _OF_MEASURE}
                waiting = next(measures, None)
            yield found

    def _all(self, table: str, person: str | None, *by: str) -> Iterator[dict[str, Any]]:
        from sqlglot import exp

        order = by if table == "results" else ("person_id", *by)
        query = exp.select("*").from_(exp.to_table(self._table(table), quoted=True)).order_by(*map(name, order))
        if person is not None:
            query = query.where(exp.EQ(this=name("person_id"), expression=exp.Literal.string(person)))
        result = self._run(query)
        names = [d[0] for d in result.description]
        while rows := result.fetchmany(5_000):
            for row in rows:
                yield dict(zip(names, row, strict=True))

    def _run(self, query: Any) -> Any:
        connection: Any = object.__getattribute__(self, "_connection")
        return connection.cursor().execute(query.sql("duckdb"))

    def _table(self, table: str) -> str:
        names: dict[str, str] = object.__getattribute__(self, "_names")
        return names[table]


def _value(row: dict[str, Any], column: Column) -> Any:
    return _figure(row, column.name) if column.kind == "figure" else row[column.name]


def _figure(row: dict[str, Any], column: str) -> Fraction | None:
    value = row[f"{column}_exact"] or row[column]
    return None if value is None else Fraction(value)


def _together(manifests: list[dict[str, Any]], place: str) -> dict[str, Any]:
    """One manifest for the current results: every policy and rule once, the later one's words first."""
    last = manifests[-1]
    rules: dict[str, Any] = {}
    policies, packs = ({} for _ in range(2))
    for m in manifests:
        policies.update({p["id"]: p for p in m["policies"]})
        rules.update({r["key"]: _also(rules.get(r["key"], {}), r) for r in m["rules"]})
        packs.update({p["id"]: p for p in m["packs"]})
    columns: list[str] = []
    for m in manifests:
        columns += [c for c in m["tables"]["decisions"]["columns"] if c not in columns]
    head = [c for m in manifests for c in subjects_of(m)]
    subjects = list(dict.fromkeys(head))
    tail = columns[columns.index("consequences") + 1 :]
    measures = [c for c in tail if c not in subjects and not c.startswith(("required_", "shortfall_"))]
    owed = [f"{p}{s}" for p in ("required_", "shortfall_") for s in subjects]
    names = ["person_id", "period", "policy", "outcome", "total", *subjects, "required_total", *owed, "shortfall_total"]
    names += ["capped_off", "advisories", "consequences", *measures]
    rows = {k: sum(m["rows"][k] for m in manifests) for k in ("in", "records", "rejected", "persons")}
    known = [t for t in _SHAPES if t != "ledger" or any(t in m["tables"] for m in manifests)]
    tables = {t: {"file": place, "columns": names if t == "decisions" else []} for t in ("decisions", *known)}
    return {
        **last, "policies": list(policies.values()), "rules": list(rules.values()), "packs": list(packs.values()),
        "rows": rows, "tables": tables,
    }  # fmt: skip


def _also(known: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """The rule as the later result has it, with what only the earlier one says: policies, what it stands over."""
    return {**known, **rule, "policies": list(dict.fromkeys([*known.get("policies", ()), *rule["policies"]]))}


def _types() -> dict[str, list[tuple[str, str]]]:
    """Columns and types of every view, as the schema makes them."""
    import duckdb

    with duckdb.connect() as connection:
        for statement in schema_statements():
            connection.execute(statement)
        query = "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY ordinal_position"
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in connection.execute(query).fetchall():
            found.setdefault(table, []).append((column, kind))
    return found
