"""The few persons whom compiled queries leave to the reference evaluator: their rows go in, their results come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.engines import reference
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.run import Evaluation
from policyengine.records.model import Fact, Person, Record
from policyengine.trace import Result

JudgeOne = Callable[[Person, Sequence[Record]], Result]
AT_ONCE = 500  # persons whose records are held in memory together


def results(evaluation: Evaluation, judge: JudgeOne | None = None) -> Iterator[Result]:
    """The result of each routed person, in the order of their ids. ``judge``: instead of the plan's own rules."""
    sources = evaluation.sources
    host = sources.host
    ids = sorted(who for (who,) in host.rows(t.select(w=t.col("person_id")).from_(t.table("routed"), copy=False)))
    if not ids:
        return
    plans = _plans(evaluation)
    prepared = [reference.prepare(plan) for plan in evaluation.plans] if judge is None else []
    columns = list(sources.records.columns)
    own = t.select(**t.cols("r", *columns)).from_(t.table(sources.names.records, "r"), copy=False)
    host.keep("aside_records", t.join(own, t.table("routed", "y"), t.same_person("y", "r")))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        persons = sources.whole_persons(some)
        records: dict[str, list[Record]] = {who: [] for who in some}
        wanted = t.select(**t.cols("r", *columns)).from_(t.table("aside_records", "r"), copy=False)
        t.join(wanted, t.table("exemplars", "x"), t.same_person("x", "r"))
        for row in host.rows(wanted):
            record = _record(evaluation, dict(zip(columns, row, strict=True)))
            records[record.person_id].append(record)
        for who in some:
            if judge is not None:
                yield judge(persons[who], records[who])
                continue
            number = plans.get(who, sources.people[0][0])
            asked = evaluation.asked[number]
            yield reference.evaluate_person(prepared[number], persons[who], records[who], asked, evaluation.as_of)


def _plans(evaluation: Evaluation) -> dict[str, int]:
    """The plans of the routed persons who are in the persons table."""
    sources = evaluation.sources
    if not sources.joined:
        return {}
    query = t.select(who=t.col("person_id", "p"), plan=t.col("plan", "p")).from_(t.table("people", "p"), copy=False)
    t.join(query, t.table("routed", "y"), t.same_person("y", "p"))
    return dict(sources.host.rows(query))


def _record(evaluation: Evaluation, row: dict[str, Any]) -> Record:
    fields = evaluation.sources.fields
    facts = {n: _fact(v, fields[n].type) for n, v in row.items() if n in fields and v is not None and n not in _APART}
    quantity = row.get("quantity")
    facts |= {"record_id": row["record_id"], "person_id": row["person_id"]}
    return Record(
        row["record_id"],
        row["person_id"],
        row["start"],
        row["end"],
        None if quantity is None else Fraction(quantity),
        row.get("unit"),
        facts,
    )


_APART = ("start", "end", "date", "quantity", "unit")


def _fact(value: Any, kind: str) -> Fact:
    if kind == "year":
        return int(value)
    return Fraction(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else value
