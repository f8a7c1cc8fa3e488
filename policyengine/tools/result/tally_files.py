"""The counts of a run whose result stands in files: written tables and what was read go in, a ``Tally`` comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.duckdb_write import Written
from policyengine.plan.model import Plan
from policyengine.records.columns import Canonical
from policyengine.records.duck_file import reader_text
from policyengine.records.personal import mask
from policyengine.tools.explain.case import own_facts
from policyengine.tools.result.formats import plain_tree
from policyengine.tools.result.tables import JOINED
from policyengine.tools.result.tally import (
    MASKED_AMONG,
    WARNED,
    Tally,
    Unmet,
    cut_short,
    empty_periods,
    fields_of_records,
    first_named,
    longer_than_a_year,
    looking_back,
    most_of,
    mostly,
    names_of,
    outcomes_of,
)

_LOOKED_AT = 1000  # people who did not meet the requirement, for one who can be named

_COLUMNS = {
    "decisions": ("person_id", "period", "outcome"),
    "missing": ("person_id", "period", "record_id", "missing"),
    "findings": ("policy", "rule", "status", "comparison", "window_start", "window_end"),
    "flags": ("certain",),
    "persons": ("person_id", "name"),
}
_OUTCOMES = "SELECT period, outcome, count(*) FROM run_decisions GROUP BY ALL"
_PEOPLE = "SELECT person_id FROM run_decisions UNION SELECT person_id FROM run_persons"
_JUDGED = """
SELECT DISTINCT policy, rule, window_start::DATE, window_end::DATE FROM run_findings
WHERE list_contains(?, rule) AND status <> 'excused' AND (status <> 'met' OR comparison <> '>=')"""
_FLAGS = "SELECT count(*) FROM run_flags WHERE certain::VARCHAR IN ('true', 'yes')"
_UNDETERMINED = """
run_missing m JOIN run_decisions d USING (person_id, period) WHERE m.record_id IS NULL AND d.outcome = 'undetermined'"""
_OPEN = f"""
SELECT m.missing, list(DISTINCT m.person_id) FROM {_UNDETERMINED} AND contains(m.missing, 'person:')
GROUP BY m.missing"""
_NAMED = f"""
SELECT DISTINCT unnest(regexp_extract_all(m.missing, ':([^:;]+)(?:; |$)', 1)) FROM {_UNDETERMINED}"""
_LACKED = f"""
CREATE OR REPLACE TEMP TABLE run_lacked AS SELECT DISTINCT person_id, fact FROM (
SELECT person_id, split_part(missing, ':', -1) AS fact, left(missing, -length(fact) - 1) AS owner
FROM (SELECT m.person_id, unnest(string_split(m.missing, '{JOINED}')) AS missing FROM {_UNDETERMINED})
WHERE list_contains(?, fact) AND owner <> '' AND NOT regexp_matches(owner, '(^|:)(person|table)$'))"""
_UNMET = """
SELECT d.person_id, d.period, p.name FROM
(SELECT * FROM run_decisions WHERE outcome = 'not_met' ORDER BY person_id, length(period), period LIMIT ?) d
LEFT JOIN run_persons p USING (person_id) ORDER BY d.person_id, length(d.period), d.period"""
_NAMESAKES = "SELECT name FROM run_persons WHERE list_contains(?, name) GROUP BY name HAVING count(*) = 1"


def tally_files(
    connection: Any,
    folder: Path,
    format: str,
    tables: Canonical,
    written: Written,
    plans: Iterable[Plan],
    persons: bool,
) -> Tally:
    """The counts. ``connection``: where ``tables`` stand; ``folder``: where ``written`` stands, as ``format``;
    ``persons``: whether a persons file was given."""

    def rows(query: str, *values: Any) -> list[Any]:
        return list(connection.execute(query, list(values)).fetchall())

    for name in ("decisions", "missing", "findings", "flags"):
        file, _, columns = written.tables.get(name, ("", 0, []))
        _show(connection, name, _relation(folder / file, format) if file else "", columns)
    persons_table = tables.persons or ""
    _show(connection, "persons", persons_table, _names(rows, persons_table) if persons_table else [])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE run_people AS {_PEOPLE}")
    ((people,),) = rows("SELECT count(*) FROM run_people")
    ((flags,),) = rows(_FLAGS)
    ((records,),) = rows(f"SELECT count(*) FROM {tables.records}")
    outcomes = outcomes_of(rows(_OUTCOMES))
    days = {day for (day,) in rows(f'SELECT DISTINCT "end" FROM {tables.records}')}
    long = sorted(longer_than_a_year(plans))
    judged = [*(rows(_JUDGED, long) if long else ()), *looking_back(plans, outcomes)]
    return Tally(
        rows=tables.rows,
        records=records,
        rejected=tables.rejected_rows,
        people=people,
        outcomes=outcomes,
        reasons={reason: written.reasons[reason] for reason in WARNED if reason in written.reasons},
        flags=flags,
        notes=(*tables.warnings, *empty_periods(outcomes, days, plans), *cut_short(judged, days, plans)),
        open_for=_open_for(rows(_OPEN)),
        unsaid=_unsaid(rows, tables.records, fields_of_records(plans)),
        mostly=mostly(tables.rows, tables.rejected_rows, tables.rejects),
        unmet=_unmet(rows(_UNMET, _LOOKED_AT), rows, people),
        fields=names_of(plans),
        persons=persons,
        digests=tables.digests,
    )


def _relation(path: Path, format: str) -> str:
    if format == "parquet":
        return reader_text("read_parquet", path)
    written = reader_text("read_csv", path, "all_varchar=true, header=true, delim=',', quote='\"'")
    plain = plain_tree(t.col("person_id")).sql("duckdb")  # an id as it is, where CSV has an apostrophe before it
    return f"(SELECT * REPLACE ({plain} AS person_id) FROM {written})"


def _show(connection: Any, name: str, relation: str, columns: Sequence[str]) -> None:
    """A view ``run_`` with the columns that are asked for; NULL for those that are not there."""
    shown = ", ".join(n if n in columns else f"NULL::VARCHAR AS {n}" for n in _COLUMNS[name])
    rows = f"FROM {relation}" if relation else "WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW run_{name} AS SELECT {shown} {rows}")


def _names(rows: Any, table: str) -> list[str]:
    return [name for name, *_ in rows(f"DESCRIBE {table}")]


def _open_for(found: list[Any]) -> tuple[int, list[str]] | None:
    own = [(facts, persons) for missing, persons in found if (facts := own_facts(missing.split(JOINED)))]
    people = {who for _, persons in own for who in persons}
    lacking = {name for names, _ in own for name in names}
    return (len(people), sorted(lacking)) if people else None


def _unsaid(rows: Any, records: str, fields: frozenset[str]) -> tuple[int, list[str]] | None:
    """Mostly nothing: all that decisions name is looked through first; whose it is, only where no record gives it."""
    facts = [fact for (fact,) in rows(_NAMED) if fact in fields and not _is_given(rows, records, fact)]
    if not facts:
        return None
    rows(_LACKED, facts)
    most = most_of(dict(rows("SELECT fact, count(*) FROM run_lacked GROUP BY fact")))
    ((people,),) = rows("SELECT count(DISTINCT person_id) FROM run_lacked WHERE list_contains(?, fact)", most)
    return (people, most) if people else None


def _is_given(rows: Any, records: str, fact: str) -> bool:
    given = f'SELECT 1 FROM {records} WHERE "{fact}" IS NOT NULL LIMIT 1'
    return fact in _names(rows, records) and bool(rows(given))


def _unmet(found: list[Any], rows: Any, people: int) -> Unmet | None:
    """Where people are too many to look through for their masks, only names are considered."""
    if not found:
        return None
    names = {name for _, _, name in found if name is not None}
    alone = {name for (name,) in rows(_NAMESAKES, sorted(names))} if names else set()
    few = people <= MASKED_AMONG
    masks = Counter(mask(who) for (who,) in rows("SELECT person_id FROM run_people")) if few else Counter[str]()
    return first_named(found, alone, masks)
