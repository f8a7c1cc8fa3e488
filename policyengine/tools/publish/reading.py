"""A status database goes in, its current results come out as sources of statistics.

Each result is a source of its own: ids of records are unique within a result only, and what is known of a person may
differ from one to the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.address import is_server, shown
from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.compile import trees as t
from policyengine.messages import say
from policyengine.progress import told
from policyengine.records.parquet import scan
from policyengine.records.sql import typed_csv
from policyengine.tools.publish import embedded, postgres
from policyengine.tools.publish.schema import views
from policyengine.tools.result.manifest_shape import first_fault
from policyengine.tools.result.read import subjects_of
from policyengine.tools.stats.frames import described
from policyengine.tools.stats.origin import published_without, without_ledger
from policyengine.tools.stats.part import Source, aliased

# what statistics read
READ = {
    "current_decisions": "result_id person_id period policy outcome total total_exact required_total "
    "required_total_exact shortfall_total shortfall_total_exact capped_off capped_off_exact",
    "current_decision_measures": "result_id person_id period policy measure value value_exact",
    "current_ledger": "result_id record_id person_id period reason form subject assign_rule converted converted_exact "
    "counted counted_exact",
    "current_people": "result_id person_id sector region employer employer_kind title_level joined",
    "current_activities": "result_id record_id form subject provider listed result paid_by first_day last_day cost",
    "current_results": "number manifest",
}


def sources_of_database(connection: Any, folder: Path, place: str) -> Iterator[Source]:
    """The current results of the database, in the order in which they were published.

    Raises ``PolicyError`` PE540 where it can't be read.
    """
    tables = {view: copied(connection, folder, place, view, READ[view].split(), "counted") for view in READ}
    for manifest in manifests_in(connection, tables["current_results"], place):
        yield _source(connection, tables, place, manifest)


def _source(connection: Any, tables: Mapping[str, str], place: str, manifest: Mapping[str, Any]) -> Source:
    result, subjects = str(manifest["sha256"]), subjects_of(manifest)
    frames = {
        view: described(connection, of_result(tables[view], result, READ[view].split()[1:]))
        for view in ("current_ledger", "current_people", "current_activities")
    }
    listed = "ledger" in manifest["tables"]
    bare = lacking(connection, tables, manifest)
    notes = [published_without(shown(place), manifest)] if bare else []
    if not listed:
        notes.append(without_ledger(shown(place)))
    return Source(
        id=result,
        place=shown(place),
        decisions=described(connection, _with_measures(tables, subjects, result)),
        ledger=frames["current_ledger"] if listed else None,
        people=None if "people" in bare else frames["current_people"],
        activities=None if "activities" in bare else frames["current_activities"],
        units={str(p["id"]): str(p["unit"]) for p in manifest["policies"]},
        labels=[p["labels"] for p in manifest["policies"]],
        subjects=subjects,
        splits=True,
        notes=tuple(notes),
    )


def lacking(connection: Any, tables: Mapping[str, str], manifest: Mapping[str, Any]) -> list[str]:
    """Which of a result's facts (``people``, ``activities``) nothing is known of, as its files were out of reach when
    it was published: those that it has decisions and ledger rows of, and that stand in no row. The files are read
    together or not at all: where activities are known, the persons file had nobody of them."""

    def has(table: str) -> bool:
        rows = of_result(tables[f"current_{table}"], str(manifest["sha256"]), ["result_id"])
        return connection.execute(t.select_all(rows).limit(1).sql("duckdb")).fetchone() is not None

    if has("activities"):
        return []
    pairs = [("people", "decisions")] if manifest["options"]["persons"] else []
    return [facts for facts, of in (*pairs, ("activities", "ledger")) if has(of) and not has(facts)]


def copied(connection: Any, folder: Path, place: str, view: str, columns: Iterable[str], prefix: str = "copied") -> str:
    """The view's rows as a table of the working file."""
    told(None, say("reading the database", "读取数据库"))
    table = f"{prefix}_{view}_{folder.name.replace('-', '_')}"
    types = {c: views()[view][c] for c in columns}
    query = exp.select(*map(t.col, types))
    path = folder / f"{view}.{'csv' if is_server(place) else 'parquet'}"
    if is_server(place):
        postgres.fetch(place, query.from_(t.table(view)).sql("postgres"), path)
        rows = typed_csv(path, list(types.items()))
    else:
        embedded.fetch(place, query.from_(exp.to_table(view, db="main")), path)
        rows = scan(path)
    connection.execute(f"CREATE TABLE {table} AS {query.from_(rows).sql('duckdb')}")
    path.unlink()
    return table


def manifests_in(connection: Any, table: str, place: str) -> list[Mapping[str, Any]]:
    """The manifests of the copied results, the earliest first. Raises ``PolicyError`` PE541 where one is none."""
    query = t.select(manifest=t.col("manifest")).from_(t.table(table)).order_by(t.col("number"))
    found: list[Mapping[str, Any]] = []
    for (stored,) in connection.execute(query.sql("duckdb")).fetchall():
        try:
            found.append(json.loads(stored))
            fault = first_fault(found[-1])
        except (ValueError, TypeError, RecursionError):
            fault = "manifest"
        if fault is not None:
            message = say(
                f"a result in this database was changed: {fault} is missing, or not as we write it",
                f"数据库中的结果已被改动：{fault} 缺失，或与写出时不同",
            )
            hint = say("publish the results into a new database", "请将各结果重新写入新的数据库")
            raise PolicyError([Diagnostic("PE541", message, Span(shown(place)), hint)])
    return found


def of_result(table: str, result_id: str, columns: Sequence[str]) -> Any:
    """The columns of one result's rows in a copied table, to select from."""
    own = t.equal(t.col("result_id"), t.lit(result_id))
    return t.sub(exp.select(*map(t.col, columns)).from_(t.table(table)).where(own), "own")


def _with_measures(tables: Mapping[str, str], measures: Sequence[str], result_id: str) -> Any:
    """Decisions of the result with a column for each subject, and its exact fraction."""
    keys = ("person_id", "period", "policy")
    values = {}
    for measure in measures:
        for end in ("", "_exact"):
            own = t.equal(t.col("measure"), t.lit(measure))
            values[f"{measure}{end}"] = exp.Max(this=t.case([(own, t.col(f"value{end}"))], t.lit(None)))
    long = of_result(tables["current_decision_measures"], result_id, (*keys, "measure", "value", "value_exact"))
    wide = t.grouped_by(t.select(**t.cols("own", *keys), **values).from_(long), "own", *keys)
    columns = READ["current_decisions"].split()[1:]
    query = t.select(**t.cols("d", *columns), **t.cols("m", *values))
    query = query.from_(aliased(of_result(tables["current_decisions"], result_id, columns), "d"))
    return t.sub(t.join(query, t.sub(wide, "m"), t.agree("d", "m", *keys), "LEFT"), "decisions")
