"""The rows of a result that speak of records: the ledger, and compliance flags. One person's records go in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.engines.calendar import label, period_of
from policyengine.engines.judge import Judged
from policyengine.engines.later import Later
from policyengine.engines.numbers import NOTHING, Amount, Shown
from policyengine.engines.ready import Ready, in_force
from policyengine.engines.truth import Scene, record_fact
from policyengine.engines.windows import Item
from policyengine.language import tree
from policyengine.plan.names import walk
from policyengine.records.model import Person, Record
from policyengine.trace import FlagEntry, LedgerEntry

OPEN = ("counted", "missing_fact", "ambiguous")


def ledger(
    records: list[Judged], items: list[Item], duplicates: set[int], asked: tuple[int, int], shown: Shown
) -> Iterator[LedgerEntry]:
    """A row per record and asked period, or one that says that it counts in none of them; by record id, period."""
    of: list[list[Item]] = [[] for _ in records]
    for item in items:
        if asked[0] <= item.period <= asked[1]:
            of[item.position].append(item)
    for position in sorted(range(len(records)), key=lambda p: records[p].record.record_id):
        judged = records[position]
        for item in of[position]:
            claimed = judged.claimed[item.period]
            yield _entry(judged, item, claimed, _reason(judged, item, position in duplicates), shown)
        if not of[position]:
            yield _entry(judged, None, NOTHING, "outside_period", shown)


def _reason(judged: Judged, item: Item, duplicate: bool) -> str:
    if judged.reason not in OPEN:
        return judged.reason
    if duplicate:
        return "duplicate"
    if judged.reason != "counted":
        return judged.reason
    return "missing_fact" if item.low != item.high else "capped" if item.cut_by else "counted"


def _entry(judged: Judged, item: Item | None, converted: Amount, reason: str, shown: Shown) -> LedgerEntry:
    record, facts = judged.record, judged.record.facts
    form, subject = facts.get("form"), facts.get("subject")
    return LedgerEntry(
        record.record_id,
        record.person_id,
        label(item.period) if item else None,
        form if isinstance(form, str) else None,
        subject if isinstance(subject, str) else None,
        record.quantity,
        record.unit,
        shown.exact(converted[0]),
        shown.high(converted[1]),
        shown.exact(item.counted_low if item else 0),
        shown.high(item.counted_high if item else 0),
        judged.recognise_rule,
        judged.convert_rule,
        judged.assign_rule,
        "+".join(item.cut_by) if item else "",
        reason,
        judged.missing,
    )


def flags(rules: list[Ready], later: Later, person: Person, records: Iterable[Record]) -> list[FlagEntry]:
    """Compliance flags on every record that could be read; ``records`` in order (end date, record id)."""
    if not rules:
        return []
    asked = {n.fields for rule in rules for n in walk(rule.rule.statement.when) if isinstance(n, tree.Repeated)}
    seen: dict[tuple[str, ...], set[tuple[object, ...]]] = {names: set() for names in asked}
    found: list[FlagEntry] = []
    for record in records:
        values = {names: tuple(record_fact(record, n) for n in names) for names in asked}
        scene = Scene(person.facts, (), record, period_of(record.end, later.plan.year_start))
        scene.repeated = lambda names, values=values: values[names] in seen[names]
        found += [f for rule in rules if (f := _flag(rule, record, scene)) is not None]
        for names, held in values.items():
            if None not in held:
                seen[names].add(held)
    return sorted(found, key=lambda f: (f.record_id, f.flag, f.rule))


def _flag(rule: Ready, record: Record, scene: Scene) -> FlagEntry | None:
    statement = rule.rule.statement
    assert isinstance(statement, tree.Flag)
    truth = rule.test(scene) if in_force(rule, record.end) else False
    if truth is False:
        return None
    missing = () if truth else rule.lacks(scene)
    return FlagEntry(
        record.record_id, record.person_id, statement.name, rule.key, statement.text or "", truth is True, missing
    )
