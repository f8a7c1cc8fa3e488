"""What would be enough: missing facts. A requirement goes in, records whose facts would meet it come out, as tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from heapq import nlargest

from policyengine.engines.numbers import Number
from policyengine.light import dataclass
from policyengine.records.model import Fact, Record
from policyengine.tools.enough.samples import belonging, completions
from policyengine.tools.enough.trial import Situation
from policyengine.tools.enough.wishes import ANY_TEXT, others, supplied
from policyengine.tools.explain.case import Remedy, kept
from policyengine.trace import Finding

SUPPLIED = 3  # options of missing facts that are shown; the first are those that need least
MOST_OPEN = 100  # records that are tried, each in a case of all the person's records
MOST_TRIED = 300  # values, and those before them, of which it is tried whether any does
OPEN = ("rejected", "missing_fact", "ambiguous")


@dataclass(frozen=True, slots=True)
class Way:
    """A remedy, and the records with which it was tried."""

    remedy: Remedy
    changed: tuple[Record, ...] = ()
    added: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Supply:
    """Facts that would make one record count ``gain`` more; ``enough``: they alone meet the requirement."""

    record: Record  # with the facts added
    facts: Mapping[str, Fact]
    gain: Fraction
    enough: bool


def by_facts(situation: Situation, f: Finding) -> list[Way]:
    """Records that count once their missing facts are there: alone where one is enough, else the fewest together."""
    tried = _worthiest(situation, f, list(_open_records(situation, f)))
    supplies = [s for r in tried if (s := _supply(situation, f, r)) is not None]
    alone = sorted((s for s in supplies if s.enough), key=lambda s: (len(s.facts), -s.gain, s.record.record_id))
    if alone:
        return [_way(situation, f, [s]) for s in alone[:SUPPLIED]]
    together = _fewest(situation, f, sorted(supplies, key=lambda s: (-s.gain, s.record.record_id)))
    return [_way(situation, f, together)] if together else []


def _fewest(situation: Situation, f: Finding, supplies: list[Supply]) -> list[Supply]:
    """The largest gains that together are enough, without any that is not needed."""
    taken: list[Supply] = []
    for supply in supplies:
        taken.append(supply)
        if len(taken) > 1 and _met(situation, f, taken):
            for one in list(reversed(taken))[1:]:
                fewer = [s for s in taken if s is not one]
                if _met(situation, f, fewer):
                    taken = fewer
            return taken
    return []


def _worthiest(situation: Situation, f: Finding, records: Sequence[Record]) -> Sequence[Record]:
    """Of very many records those that would be worth most by themselves, once their facts are there."""
    if len(records) <= MOST_OPEN:
        return records

    def worth(record: Record) -> Number:
        judged = (situation.judge(supplied(record, facts)) for facts in _completed(situation, f, record))
        return max((sum(high for _, high in j.claimed.values()) for j in judged), default=0)

    return nlargest(MOST_OPEN, records, key=worth)


def _completed(situation: Situation, f: Finding, record: Record) -> Iterator[Mapping[str, Fact]]:
    """What the record may lack."""
    yield from completions(situation.prepared, situation.person, record)
    yield from (w for w in belonging(situation.prepared, f, record) if w)


def _open_records(situation: Situation, f: Finding) -> Iterator[Record]:
    """Records that count nothing or less than they might, and those of which it is open what they count toward."""
    first, last = situation.asked
    names = {r.rule.name for r in situation.prepared.later.require if r.key == f.rule}
    if any(c.rule.statement.rule in names for c in situation.prepared.later.carry):  # type: ignore[attr-defined]
        first -= 1  # what the year before has left over counts too
    ids = {
        e.record_id
        for e in situation.result.ledger
        if e.reason in OPEN and e.period is not None and first <= int(e.period) <= last
    }
    ids.update(m.rpartition(":")[0] for m in f.missing)
    return (r for r in situation.records if r.record_id in ids)


def _supply(situation: Situation, f: Finding, record: Record) -> Supply | None:
    """The fewest facts under which the record adds to what the finding measures."""
    best: Supply | None = None
    for facts in _completed(situation, f, record):
        if best is not None and len(facts) > len(best.facts):
            continue
        changed = supplied(record, facts)
        after = situation.tried(changed=[changed]).findings.get(f.rule)
        gain = after.achieved - f.achieved if after is not None else Fraction(0)
        if after is not None and gain > 0 and (best is None or (len(facts), -gain) < (len(best.facts), -best.gain)):
            best = Supply(changed, {name: facts[name] for name in sorted(facts)}, gain, kept(after))
    return best


def _met(situation: Situation, f: Finding, supplies: Sequence[Supply]) -> bool:
    after = situation.tried(changed=[s.record for s in supplies]).findings.get(f.rule)
    return after is not None and kept(after)


def _wanted(situation: Situation, f: Finding, supply: Supply) -> dict[str, Fact | None]:
    """The facts, each with its value where not just any would do as well, together with any of those before it."""

    def does(facts: Mapping[str, Fact]) -> bool:
        after = situation.tried(changed=[supplied(supply.record, facts)]).findings.get(f.rule)
        return after is not None and after.achieved - f.achieved >= supply.gain

    world = situation.prepared.judge.world
    wanted: dict[str, Fact | None] = {}
    any_of: list[dict[str, Fact]] = [{}]  # the values of those of which any does
    for name, value in supply.facts.items():
        tried = [{**facts, name: other} for facts in any_of for other in others(name, value, world)]
        if 0 < len(tried) <= MOST_TRIED and all(map(does, tried)):
            any_of += tried
            wanted[name] = None
        else:
            wanted[name] = None if value == ANY_TEXT else value
    return wanted


def _way(situation: Situation, f: Finding, supplies: Sequence[Supply]) -> Way:
    remedy = Remedy(
        rule=f.rule,
        gain=sum((s.gain for s in supplies), Fraction(0)),
        until=f.window[1],
        measure=f.measure,
        facts={s.record.record_id: _wanted(situation, f, s) for s in supplies},
        gains={s.record.record_id: s.gain for s in supplies},
    )
    return Way(remedy, changed=tuple(s.record for s in supplies))
