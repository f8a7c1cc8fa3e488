"""A written result goes in; one person after another comes out, with decisions, findings, ledger and what records say.

Rows of a result stand in the order of persons, so that no table is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from policyengine.records.model import Person, Record
from policyengine.records.sqlcells import name
from policyengine.tools.case import Case, note_of_manifest, of_period, rows_of
from policyengine.tools.read_result import Written
from policyengine.tools.stats.origin import Facts
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry

T = TypeVar("T")
_FACTS = ("title", "provider", "evidence", "result")


@dataclass(frozen=True)
class One:
    """Everything about a person. ``records`` is empty where the files are out of reach."""

    person: Person
    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]
    flags: tuple[FlagEntry, ...]
    records: Mapping[str, Record]


def everybody(written: Written, connection: Any, facts: Facts | None, only: str | None = None) -> Iterator[One]:
    """Everyone of whom something was decided, in order; ``only``: the person with that id."""
    findings = _Stream(written.findings(only), lambda f: f.person_id)
    ledger = _Stream(written.ledger(only) if written.has("ledger") else iter(()), lambda e: e.person_id)
    flags = _Stream(written.flags(only), lambda f: f.person_id)
    people = _Stream(_people(connection, facts, only), lambda p: p.person_id)
    records = _Stream(_records(connection, facts, only), lambda r: r.person_id)
    for who, decisions in groupby(written.decisions(only), lambda d: d.person_id):
        known = people.of(who)
        yield One(
            known[0] if known else Person(who),
            tuple(decisions),
            tuple(findings.of(who)),
            tuple(ledger.of(who)),
            tuple(flags.of(who)),
            {r.record_id: r for r in records.of(who)},
        )


class _Stream:
    """Rows in the order of persons; those of persons who are not asked for are passed over."""

    def __init__(self, rows: Iterable[Any], key: Any):
        self._groups = groupby(rows, key)
        self._next: tuple[str, list[Any]] | None = None

    def of(self, who: str) -> list[Any]:
        while self._next is None or self._next[0] < who:
            found = next(self._groups, None)
            if found is None:
                return []
            self._next = (found[0], list(found[1]) if found[0] >= who else [])
        return self._next[1] if self._next[0] == who else []


def _people(connection: Any, facts: Facts | None, only: str | None) -> Iterator[Person]:
    if facts is None or facts.persons is None:
        return
    for row in _ordered(connection, facts.persons, only, "person_id"):
        yield Person(row["person_id"], {k: v for k, v in row.items() if v is not None})


def _records(connection: Any, facts: Facts | None, only: str | None) -> Iterator[Record]:
    if facts is None or facts.records is None:
        return
    for row in _ordered(connection, facts.records, only, "person_id", "record_id"):
        own = {k: row[k] for k in _FACTS if row.get(k) is not None}
        start, end = row["start"], row["end"]
        yield Record(row["record_id"], row["person_id"], start, end, None, row["unit"], own)


def _ordered(connection: Any, table: str, only: str | None, *by: str) -> Iterator[dict[str, Any]]:
    from sqlglot import exp

    query = exp.select("*").from_(exp.to_table(table, quoted=True)).order_by(*(name(c) for c in by))
    if only is not None:
        query = query.where(exp.EQ(this=name("person_id"), expression=exp.Literal.string(only)))
    result = connection.cursor().execute(query.sql("duckdb"))
    names = [d[0] for d in result.description]
    while rows := result.fetchmany(5_000):
        for row in rows:
            yield dict(zip(names, row, strict=True))


def cases_of(one: One, written: Written) -> list[Case]:
    """A person's cases, as explain has them."""
    rules = {r["key"]: note_of_manifest(r) for r in written.manifest["rules"]}
    cases = []
    for decision in one.decisions:
        policy = written.policy(decision.policy) or written.manifest["policies"][0]
        rows = rows_of(decision, one.ledger)
        ids = {e.record_id for e in rows}
        cases.append(
            Case(
                person=one.person,
                decision=decision,
                findings=of_period(decision, one.findings),
                ledger=rows,
                flags=tuple(f for f in one.flags if f.record_id in ids),
                rules=rules,
                known=policy["labels"],
                records=one.records,
            )
        )
    return cases
