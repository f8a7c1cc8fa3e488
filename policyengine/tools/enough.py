"""What would be enough: a decision that is not met goes in, the fewest facts or the hours that would meet it come out.

Nothing is guessed: every option is evaluated as a case of its own before it is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from policyengine.engines.judge import in_force
from policyengine.engines.reference import Prepared, evaluate_person
from policyengine.engines.truth import Scene
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.light import dataclass
from policyengine.records.model import Fact, Person, Record
from policyengine.tools.case import Remedy
from policyengine.tools.wishes import Wish, wishes
from policyengine.trace import Decision, Finding, Result

SUPPLIED = 3  # options of missing facts that are shown; the first are those that need least
UNMET = ("not_met", "undetermined", "in_progress")
OPEN = ("rejected", "missing_fact", "ambiguous")


@dataclass(frozen=True)
class Situation:
    """One person's case as it is, ready to be tried with other records."""

    prepared: Prepared
    person: Person
    records: Sequence[Record]
    decision: Decision
    result: Result
    as_of: date | None

    @property
    def asked(self) -> tuple[int, int]:
        first, _, last = self.decision.period.partition("..")
        return int(first), int(last or first)

    def findings(self, records: Iterable[Record]) -> dict[str, Finding]:
        """The findings of the decision's period with other records, by rule key."""
        tried = evaluate_person(self.prepared, self.person, records, self.asked, self.as_of)
        return {f.rule: f for f in tried.findings if f.period == self.decision.period}


def enough_for(situation: Situation) -> tuple[Remedy, ...]:
    """Remedies for each firm requirement of the decision that is not met; none where nothing is lacking."""
    if situation.decision.outcome not in UNMET:
        return ()
    found: list[Remedy] = []
    for f in situation.result.findings:
        same = (f.period, f.policy) == (situation.decision.period, situation.decision.policy)
        if same and not f.advisory and f.status in UNMET and f.comparison == ">=" and f.shortfall > 0:
            found += _by_facts(situation, f)
            found += _by_hours(situation, f)
    return tuple(found)


# --- missing facts ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Supply:
    """Facts that would make one record count ``gain`` more."""

    record: Record  # with the facts added
    facts: tuple[str, ...]
    gain: Fraction


def _by_facts(situation: Situation, f: Finding) -> list[Remedy]:
    """Records that count once their missing facts are there: alone where one is enough, else the fewest together."""
    supplies = [s for r in _open_records(situation, f) if (s := _supply(situation, f, r)) is not None]
    supplies.sort(key=lambda s: (len(s.facts), -s.gain, s.record.record_id))
    alone = [s for s in supplies if _met(situation, f, [s])]
    if alone:
        return [_remedy(f, [s]) for s in alone[:SUPPLIED]]
    together = _fewest(situation, f, sorted(supplies, key=lambda s: (-s.gain, s.record.record_id)))
    return [_remedy(f, together)] if together else []


def _fewest(situation: Situation, f: Finding, supplies: list[Supply]) -> list[Supply]:
    """The largest gains that together are enough, without any that is not needed."""
    taken: list[Supply] = []
    for supply in supplies:
        taken.append(supply)
        if _met(situation, f, taken):
            for one in list(reversed(taken))[1:]:
                fewer = [s for s in taken if s is not one]
                if _met(situation, f, fewer):
                    taken = fewer
            return taken
    return []


def _open_records(situation: Situation, f: Finding) -> Iterator[Record]:
    """Records that count nothing or less than they might, and those of which it is open what they count toward."""
    first, last = situation.asked
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
    belongs = [w for w in _belonging(situation.prepared, f, record) if w]
    for facts in (*completions(situation.prepared, situation.person, record), *belongs):
        changed = replace(record, facts={**record.facts, **facts})
        after = situation.findings(_with(situation.records, [changed])).get(f.rule)
        gain = after.achieved - f.achieved if after is not None else Fraction(0)
        if gain > 0 and (best is None or (len(facts), -gain) < (len(best.facts), -best.gain)):
            best = Supply(changed, tuple(sorted(facts)), gain)
    return best


def completions(prepared: Prepared, person: Person, record: Record) -> list[Wish]:
    """Sets of facts that the record lacks and with which some rule would recognise it."""
    found: list[Wish] = []
    for rule in prepared.judge.recognise:
        scene = _scene(person, record)
        if not in_force(rule, record.end) or rule.about(scene) is False:
            continue
        for wish in wishes(rule.rule.statement.when, prepared.judge.world, scene):
            found += [w for w in _unrejected(prepared, person, record, wish) if w and w not in found]
    return sorted(found, key=len)


def _unrejected(prepared: Prepared, person: Person, record: Record, wish: Wish) -> list[Wish]:
    """The wish together with what keeps the rejecting rules from speaking."""
    options = [wish]
    for rule in prepared.judge.reject:
        if not in_force(rule, record.end):
            continue
        more = []
        for option in options:
            scene = _scene(person, replace(record, facts={**record.facts, **option}))
            if rule.test(scene) is False:
                more.append(option)
                continue
            for other in wishes(rule.rule.statement.when, prepared.judge.world, scene, holds=False):
                whole = {**option, **other}
                if rule.test(_scene(person, replace(record, facts={**record.facts, **whole}))) is False:
                    more.append(whole)
        options = more
    return options


def _scene(person: Person, record: Record) -> Scene:
    return Scene(person.facts, record=record, period=record.end.year)


def _with(records: Iterable[Record], changed: Iterable[Record]) -> list[Record]:
    new = {r.record_id: r for r in changed}
    return [new.get(r.record_id, r) for r in records]


def _met(situation: Situation, f: Finding, supplies: Sequence[Supply]) -> bool:
    after = situation.findings(_with(situation.records, [s.record for s in supplies])).get(f.rule)
    return after is not None and after.status == "met"


def _remedy(f: Finding, supplies: Sequence[Supply]) -> Remedy:
    return Remedy(
        gain=sum((s.gain for s in supplies), Fraction(0)),
        until=f.window[1],
        measure=f.measure,
        facts={s.record.record_id: s.facts for s in supplies},
        gains={s.record.record_id: s.gain for s in supplies},
    )


# --- more hours ------------------------------------------------------------------------------------------------------


def _by_hours(situation: Situation, f: Finding) -> list[Remedy]:
    """As many more hours as are short, in the forms in which they would count: each kind of form is tried."""
    does: list[str] = []
    does_not: list[str] = []
    tried: dict[tuple[str, ...], bool | None] = {}
    for word in situation.prepared.plan.vocabulary.terms_of("form"):
        kind = _kind(situation.prepared, word.id)
        if kind not in tried:
            tried[kind] = _would_do(situation, f, word.id)
        if tried[kind] is not None:
            (does if tried[kind] else does_not).append(word.id)
    if not does:
        return []
    outside, within = (does_not, []) if len(does_not) <= len(does) else ([], does)
    return [Remedy(f.shortfall, f.window[1], f.measure, outside=tuple(outside), within=tuple(within))]


def _kind(prepared: Prepared, form: str) -> tuple[str, ...]:
    """The rules that speak of a form: forms of which the same rules speak are alike."""
    judge, later = prepared.judge, prepared.later
    rules = (*judge.recognise, *judge.reject, *judge.convert, *judge.add, *judge.assign, *later.once, *later.caps)
    return tuple(r.key for r in (*rules, *later.measures) if form in r.named)


def _would_do(situation: Situation, f: Finding, form: str) -> bool | None:
    """Whether the hours that are short would meet the requirement in this form; None: no such record is known."""
    day = f.window[1]
    known = False
    for extra in _examples(situation, f, form, day):
        for pieces in (1, 20):  # in one activity, or in many where a rule limits what one may count
            records = list(_pieces(extra, pieces, f.window, situation.person))
            after = situation.findings([*situation.records, *records]).get(f.rule)
            if after is not None and after.status == "met":
                return True
            alone = situation.findings(records).get(f.rule)
            known = known or (alone is not None and alone.achieved > 0)
    return False if known else None


def _examples(situation: Situation, f: Finding, form: str, day: date) -> Iterator[Record]:
    """Records of a form, with every fact that its rules ask for, worth the hours that are short."""
    prepared, who = situation.prepared, situation.person
    base: dict[str, Fact] = {"form": form, "person_id": who.person_id}
    for belongs in _belonging(prepared, f, Record("", who.person_id, day, day, None, None, base)):
        for unit, quantity in _quantities(prepared, form, f.shortfall, day):
            facts: dict[str, Fact] = {**base, **belongs}
            blank = Record("", who.person_id, day, day, quantity, unit, facts)
            for more in [{}, *completions(prepared, who, blank)]:
                yield replace(blank, facts={**facts, **more})


def _belonging(prepared: Prepared, f: Finding, record: Record) -> list[Wish]:
    """Facts with which the record belongs to what the finding measures."""
    if f.measure == "total":
        return [{}]
    for rule in prepared.later.measures:
        statement = rule.rule.statement
        if isinstance(statement, tree.Measure) and statement.name == f.measure:
            return wishes(statement.when, prepared.judge.world, Scene({}, record=record, period=record.end.year))
    owner = prepared.plan.vocabulary.field_of(f.measure)
    return [{owner: f.measure}] if owner and record.facts.get(owner, f.measure) == f.measure else []


def _quantities(prepared: Prepared, form: str, hours: Fraction, day: date) -> Iterator[tuple[str, Fraction]]:
    """Unit and quantity that the form's rules turn into ``hours``."""
    for rule in prepared.judge.convert:
        statement = rule.rule.statement
        if form not in rule.named or not in_force(rule, day) or not isinstance(statement, tree.Convert):
            continue
        figure, basis = statement.figure, statement.basis
        if isinstance(figure, tree.Stated):
            rate = prepared.judge.rate(figure.unit, day)
            if rate:
                yield figure.unit, hours / rate
        elif isinstance(figure, tree.Quantity) and basis is not None and figure.value > 0:
            rate = prepared.judge.rate(figure.unit, day)
            if rate and basis.unit in UNITS:
                yield basis.unit, hours / rate / figure.value / (statement.factor or 1) * basis.value


def _pieces(record: Record, count: int, window: tuple[date, date], person: Person) -> Iterator[Record]:
    """The record as ``count`` activities that each last the whole window."""
    share = record.quantity / count if record.quantity is not None else None
    for number in range(count):
        name = f"\uffff{number}"  # after every record of the person in any order
        facts = {**record.facts, "record_id": name}
        yield replace(record, record_id=name, start=window[0], end=window[1], quantity=share, facts=facts)
