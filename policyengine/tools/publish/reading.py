"""A status database goes in, its current results come out as one source of statistics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from policyengine.records.sqlcells import name, text, typed_csv
from policyengine.tools.read_result import subjects_of
from policyengine.tools.stats.frames import described
from policyengine.tools.stats.origin import without_ledger
from policyengine.tools.stats.part import Source, as_, same

FIGURE = "DECIMAL(28, 10)"
# what statistics read, with types
COLUMNS: Mapping[str, Sequence[tuple[str, str]]] = {
    "current_decisions": (
        *((c, "TEXT") for c in ("result_id", "person_id", "period", "policy", "unit", "outcome")),
        *(
            (f"{c}{end}", kind)
            for c in ("total", "required_total", "shortfall_total", "capped_off")
            for end, kind in (("", FIGURE), ("_exact", "TEXT"))
        ),
    ),
    "current_decision_measures": (
        *((c, "TEXT") for c in ("person_id", "period", "policy", "measure")),
        ("value", FIGURE),
        ("value_exact", "TEXT"),
    ),
    "current_ledger": (
        *((c, "TEXT") for c in ("record_id", "person_id", "period", "reason", "form", "subject")),
        ("converted", FIGURE),
        ("converted_exact", "TEXT"),
        ("counted", FIGURE),
        ("counted_exact", "TEXT"),
    ),
    "current_people": tuple(
        (c, "TEXT") for c in ("person_id", "sector", "region", "employer", "employer_kind", "title_level", "joined")
    ),
    "current_activities": (
        *((c, "TEXT") for c in ("record_id", "form", "subject", "provider", "listed", "result", "paid_by")),
        ("cost", "DECIMAL(28, 6)"),
    ),
    "current_results": (("manifest", "TEXT"), ("result_id", "TEXT")),
}


def is_server(place: str) -> bool:
    """Whether the name is that of a PostgreSQL server."""
    return place.startswith(("postgresql://", "postgres://"))


def is_database(place: str) -> bool:
    """Whether the place is a status database rather than the folder of a result."""
    return is_server(place) or (place.endswith(".duckdb") and not Path(place).is_dir())


def sources_of_database(connection: Any, folder: Path, place: str) -> Iterator[Source]:
    """The current results of the database: those with a ledger as one source, those without as another.

    Raises ``PolicyError`` PE540 where it can't be read.
    """
    tables = {view: copied(connection, folder, place, view, COLUMNS[view], "counted") for view in COLUMNS}
    manifests = [json.loads(m) for (m,) in _all(connection, tables["current_results"], "manifest")]
    listed = [m for m in manifests if "ledger" in m["tables"]]
    bare = [m for m in manifests if m not in listed]
    people = _one_each(tables["current_people"], "person_id", COLUMNS["current_people"])
    activities = _one_each(tables["current_activities"], "record_id", COLUMNS["current_activities"])
    for group in filter(None, (listed, bare)):
        ids = [str(m["sha256"]) for m in group]
        subjects = list(dict.fromkeys(s for m in group for s in subjects_of(m)))
        yield Source(
            id=place,
            place=place,
            decisions=described(connection, _with_measures(tables, subjects, ids)),
            ledger=described(connection, _table(tables["current_ledger"])) if group is listed else None,
            people=described(connection, people),
            activities=described(connection, activities),
            units={},
            labels=[p["labels"] for m in group for p in m["policies"]],
            subjects=subjects,
            splits=True,
            notes=() if group is listed else (without_ledger(place),),
        )


def copied(
    connection: Any, folder: Path, place: str, view: str, columns: Sequence[tuple[str, str]], prefix: str = "copied"
) -> str:
    """The view's rows as a table of the working file."""
    from sqlglot import exp

    table = f"{prefix}_{view}_{folder.name.replace('-', '_')}"
    query = exp.select(*(name(c) for c, _ in columns))
    if is_server(place):
        from policyengine.tools.publish.postgres import fetch

        path = folder / f"{view}.csv"
        fetch(place, query.from_(exp.to_table(view)).sql("postgres"), path)
        query = query.from_(typed_csv(path, columns))
        _create(connection, table, query)
        path.unlink()
        return table
    import duckdb

    from policyengine.tools.publish.embedded import attach, closed, unusable

    attach(connection, Path(place), read_only=True)
    try:
        _create(connection, table, query.from_(exp.to_table(view, db="main", catalog="status")))
    except duckdb.Error as e:
        raise unusable(place, e) from None
    finally:
        closed(connection)
    return table


def _create(connection: Any, table: str, query: Any) -> None:
    from sqlglot import exp

    create = exp.Create(this=exp.to_table(table, quoted=True), kind="TABLE", expression=query)
    connection.execute(create.sql("duckdb"))


def _table(table: str) -> Any:
    from sqlglot import exp

    return exp.to_table(table, quoted=True)


def _all(connection: Any, table: str, column: str) -> list[tuple[Any, ...]]:
    from sqlglot import exp

    query = exp.select(name(column)).distinct().from_(_table(table)).order_by(name(column))
    return list(connection.execute(query.sql("duckdb")).fetchall())


def _one_each(table: str, key: str, columns: Sequence[tuple[str, str]]) -> Any:
    """One row for each id: several current results may know a person, of different years."""
    from sqlglot import exp

    cells = [as_(exp.Max(this=name(c)), c) for c, _ in columns if c != key]
    return exp.select(name(key), *cells).from_(_table(table)).group_by(name(key)).subquery("one")


def _with_measures(tables: Mapping[str, str], measures: Sequence[str], results: Sequence[str]) -> Any:
    """Decisions of the results with a column for each subject, and its exact fraction."""
    from sqlglot import exp

    keys = ("person_id", "period", "policy")
    cells = [name(k) for k in keys]
    for measure in measures:
        for end in ("", "_exact"):
            own = exp.EQ(this=name("measure"), expression=text(measure))
            value = exp.case().when(own, name(f"value{end}")).else_(exp.null())
            cells.append(as_(exp.Max(this=value), f"{measure}{end}"))
    wide = exp.select(*cells).from_(_table(tables["current_decision_measures"])).group_by(*(name(k) for k in keys))
    shown = [name(c, "d") for c, _ in COLUMNS["current_decisions"]]
    shown += [name(f"{m}{end}", "m") for m in measures for end in ("", "_exact")]
    query = exp.select(*shown).from_(_table(tables["current_decisions"]).as_("d"))
    on = exp.and_(*(same(k, "d", "m") for k in keys))
    query = query.where(exp.In(this=name("result_id", "d"), expressions=[text(r) for r in results]))
    return query.join(wide.subquery("m"), on=on, join_type="left").subquery("decisions")
