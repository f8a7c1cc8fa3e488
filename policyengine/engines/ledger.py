"""The rows of a result that speak of records: the ledger, and compliance flags. One person's records go in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policyengine.engines.alike import Alike, Values, filled
from policyengine.engines.allocate import Account
from policyengine.engines.calendar import label
from policyengine.engines.facts import Truth, record_fact
from policyengine.engines.judge import Judged
from policyengine.engines.numbers import NOTHING, Amount, Shown
from policyengine.engines.ready import Ready, Stage
from policyengine.engines.windows import Item
from policyengine.language import tree
from policyengine.plan.names import walk
from policyengine.records.model import Record
from policyengine.trace import FlagEntry, LedgerEntry

OPEN = ("counted", "missing_fact", "ambiguous")


def ledger(account: Account, asked: tuple[int, int], shown: Shown) -> Iterator[LedgerEntry]:
    """A row per record and period that a decision is about (``asked``: the first and last), or one that says that it
    counts in none of them; by record id, period."""
    records = account.records
    of: list[list[int]] = [[] for _ in records]
    for number, item in enumerate(account.items):
        if asked[0] <= item.period <= asked[1]:
            of[item.position].append(number)
    for position in sorted(range(len(records)), key=lambda p: records[p].record.record_id):
        judged = records[position]
        for number in of[position]:
            item = account.items[number]
            once, contest = account.duplicates.get(position, ""), account.contested.get(position)
            reason = _reason(judged, item, bool(once))
            open_ = (contest.rule,) if contest is not None and reason == "missing_fact" else ()
            cuts = once if reason == "duplicate" else "+".join((*open_, *item.cut_by))
            yield _entry(judged, item, judged.claimed[item.period], reason, cuts, _missing(account, number), shown)
        if not of[position]:
            yield _entry(judged, None, NOTHING, "outside_period", "", judged.missing, shown)


def _missing(account: Account, number: int) -> tuple[str, ...]:
    """What an item's own record lacks; where it lacks nothing, what decides how much others and caps leave it."""
    item = account.items[number]
    judged = account.records[item.position]
    if judged.missing or (item.counted_low == item.counted_high and item.low == item.high):
        return judged.missing
    prefix = f"{judged.record.record_id}:"
    facts = account.settles((number,))
    own = {fact.removeprefix(prefix) for fact in facts if fact.startswith(prefix)}
    return tuple(sorted(own or facts))


def _reason(judged: Judged, item: Item, duplicate: bool) -> str:
    if judged.reason not in OPEN:
        return judged.reason
    if duplicate:
        return "duplicate"
    if judged.reason != "counted":
        return judged.reason
    if item.low is not item.high and item.low != item.high:
        return "missing_fact"
    return "capped" if item.cut_by else "counted"


def _entry(
    judged: Judged,
    item: Item | None,
    converted: Amount,
    reason: str,
    cuts: str,
    missing: tuple[str, ...],
    shown: Shown,
) -> LedgerEntry:
    record, facts = judged.record, judged.record.facts
    form, subject = facts.get("form"), facts.get("subject")
    claimed, counted = shown.exact(converted[0]), shown.exact(item.counted_low if item else 0)
    return LedgerEntry(
        record.record_id,
        record.person_id,
        label(item.period) if item else None,
        form if isinstance(form, str) else None,
        subject if isinstance(subject, str) else None,
        record.quantity,
        record.unit,
        claimed,
        claimed if converted[0] is converted[1] else shown.high(converted[1]),
        counted,
        counted if item is None or item.counted_low is item.counted_high else shown.high(item.counted_high),
        judged.recognise_rule,
        judged.convert_rule,
        judged.assign_rule,
        cuts,
        reason,
        missing,
    )


def repeats_asked(rules: list[Ready]) -> frozenset[tuple[str, ...]]:
    """The lists of fields by which flags ask whether a record is repeated."""
    return frozenset(n.fields for r in rules for n in walk(r.rule.statement.when) if isinstance(n, tree.Repeated))


class Earlier:
    """The records before, by the fields that are compared."""

    def __init__(self, names: tuple[str, ...]):
        self.names = names
        self._ids: Alike[str] = Alike()

    def _values(self, record: Record) -> Values:
        return tuple(record_fact(record, n) for n in self.names)

    def add(self, record: Record) -> None:
        self._ids.add(record.record_id, self._values(record))

    def repeated(self, record: Record) -> Truth:
        """Whether a record has the same values as one before; unknown where it may have, and one of them lacks some."""
        held = self._values(record)
        like = [places for (places, _, _), _ in self._ids.parts(held)]
        return True if None not in held and filled(held) in like else None if like else False

    def lacks(self, record: Record) -> set[str]:
        """What would settle it: what the record lacks, and ``R1:title``, what one before lacks that it may repeat."""
        held = self._values(record)
        found = {n for n, value in zip(self.names, held, strict=True) if value is None}
        for (places, _, _), like in self._ids.parts(held):
            missing = [n for place, n in enumerate(self.names) if place not in places]
            found.update(f"{other}:{n}" for other in like for n in missing)
        return found


def flags(stage: Stage, asked: frozenset[tuple[str, ...]], records: Iterable[Judged]) -> list[FlagEntry]:
    """Compliance flags on every record that could be read; ``records`` in order (end date, record id)."""
    if not stage.rules:
        return []
    earlier = {names: Earlier(names) for names in asked}
    found: list[FlagEntry] = []
    for judged in records:
        record, scene = judged.record, judged.scene
        if asked:
            scene.repeated = lambda names, record=record: earlier[names].repeated(record)
        for rule in stage.of(record.facts.get("form"), record.end):
            truth = rule.test(scene)
            if truth is not False:
                missing = () if truth else _settles(rule, judged, earlier)
                found.append(_flag(rule, record, truth is True, missing))
        for before in earlier.values():
            before.add(record)
    return sorted(found, key=lambda f: (f.record_id, f.flag, f.rule))


def _settles(rule: Ready, judged: Judged, earlier: Mapping[tuple[str, ...], Earlier]) -> tuple[str, ...]:
    """What a flag waits for: what its condition asks for, and what says whether the record repeats one before."""
    record, missing = judged.record, set(rule.lacks(judged.scene))
    for names in repeats_asked([rule]):
        if earlier[names].repeated(record) is None:
            missing |= earlier[names].lacks(record)
    return tuple(sorted(missing))


def _flag(rule: Ready, record: Record, certain: bool, missing: tuple[str, ...]) -> FlagEntry:
    statement = rule.rule.statement
    assert isinstance(statement, tree.Flag)
    text = statement.text or ""
    return FlagEntry(record.record_id, record.person_id, statement.name, rule.key, text, certain, missing)
