"""A first case for a new pack: its plan in, out a record with which somebody just meets the minimum.

It is found by asking the evaluator: the first form of the vocabulary of which a record with everything filled in
counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import islice, product

from policyengine.engines.reference import Prepared, evaluate, prepare
from policyengine.language.quantities import exact_text
from policyengine.plan.model import Plan
from policyengine.records.model import Fact, Inputs, Person
from policyengine.records.model import Record as Row
from policyengine.tools.explain.case import own_facts
from policyengine.trace import Finding

Facts = tuple[tuple[str, str], ...]

TRIAL = Fraction(4)  # of which the evaluator says what it counts; little enough for any daily limit
TRIALS = 64  # of persons, where it hangs on their facts what they owe

PROOFS: tuple[Facts, ...] = ((("evidence", "1"),), (("evidence", "1"), ("approved", "yes"), ("result", "passed")))


@dataclass(frozen=True, slots=True)
class Record:
    """``form`` None: no record counts by itself. ``owed``: the minimum in the unit in which findings are given.

    ``person``: facts of the person on which it hangs how much is owed.
    """

    owed: Fraction
    person: Facts = ()
    form: str | None = None
    quantity: Fraction = Fraction(0)
    unit: str = ""
    facts: Facts = ()

    def less(self) -> Record:
        """The same with a little less."""
        return replace(self, quantity=self.quantity - Fraction(1, 2))

    def cells(self, day: date) -> Iterator[tuple[str, str]]:
        """Field and value, as a records file holds them."""
        yield "date", day.isoformat()
        yield "form", self.form or ""
        yield "quantity", exact_text(self.quantity)
        yield "unit", self.unit
        yield from self.facts


def record_that_counts(plan: Plan, rule: str, sector: str, units: Iterable[str], year: int) -> Record | None:
    """A record with which somebody just meets ``rule`` (named by its id), in one of ``units``; None: it asks nothing.

    Where no record counts in full by itself, only what is owed is given.
    """
    ready = prepare(plan)
    person, owed = _somebody(ready, rule, sector, year)
    if owed is None:
        return None
    told = tuple((name, _text(value)) for name, value in person.facts.items() if name != "sector")
    for form, unit, facts in product([w.id for w in plan.vocabulary.terms_of("form")], dict.fromkeys(units), PROOFS):
        counted = [_counted(ready, person, form, q, unit, facts, year) for q in (TRIAL, 2 * TRIAL)]
        if counted[0] > 0 and counted[1] == 2 * counted[0]:
            record = Record(owed, told, form, owed * TRIAL / counted[0], unit, facts)
            in_halves = (2 * record.quantity).denominator == 1
            if in_halves and _counted(ready, person, form, record.quantity, unit, facts, year) == owed:
                return record
    return Record(owed, told)


def day_within(plan: Plan, year: int) -> date:
    """A day of the year of the policy."""
    return date(year + (plan.year_start > (5, 10)), 5, 10)


def _somebody(ready: Prepared, rule: str, sector: str, year: int) -> tuple[Person, Fraction | None]:
    """Who owes most of what the rule asks, with the facts on which that hangs; and how much that is."""
    plain = Person("P", {"sector": sector})
    found = _found(ready, rule, plain, year)
    if found is None or _sure(found):
        return plain, found.required if found else None
    open_still = _found(ready, rule, plain, year, day_within(ready.plan, year))  # one that names all it hangs on
    assert open_still is not None
    asked = sorted(own_facts(open_still.missing))
    values = product(*(_values(ready.plan, name, year) for name in asked))
    people = [replace(plain, facts={**plain.facts, **dict(zip(asked, v, strict=True))}) for v in islice(values, TRIALS)]
    owing = [(person, one) for person in people if (one := _found(ready, rule, person, year)) and _sure(one)]
    person, found = max(owing, key=lambda pair: pair[1].required or 0, default=(plain, found))
    return person, found.required


def _sure(found: Finding) -> bool:
    return found.status == "not_met" and found.required == found.required_high


def _found(ready: Prepared, rule: str, person: Person, year: int, as_of: date | None = None) -> Finding | None:
    """What the rule finds of somebody without records."""
    nothing = evaluate(ready, Inputs((), {"P": person}, (), 0, 0), (year, year), as_of)
    return next((f for f in nothing.findings if rule in (_id(f.rule), *map(_id, f.because))), None)


def _values(plan: Plan, name: str, year: int) -> list[Fact]:
    """Values to try of a fact of the person: of a date long before and long after; none of a number or a text."""
    decl = plan.vocabulary.fields[name]
    if decl.type == "date":
        return [date(max(year - 30, 1900), 1, 1), date(min(year + 30, 2199), 1, 1)]
    if decl.type == "yes_no":
        return [False, True]
    return [w.id for w in plan.vocabulary.terms_of(decl.owner)] if decl.type == "term" else []


def _text(value: Fact) -> str:
    """As a file holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)  # a day as 2016-07-01


def _id(key: str) -> str:
    """A rule's id, of the key of one of its versions."""
    return key.partition("@")[0].rsplit("/", 1)[-1]


def _counted(
    ready: Prepared, person: Person, form: str, quantity: Fraction, unit: str, facts: Facts, year: int
) -> Fraction:
    """What a record alone counts in its year; 0 where that is not certain."""
    held: dict[str, Fact] = {"record_id": "R", "person_id": "P", "form": form}
    held |= {name: True if value == "yes" else value for name, value in facts}
    day = day_within(ready.plan, year)
    row = Row("R", "P", day, day, quantity, unit, held)
    result = evaluate(ready, Inputs((row,), {"P": person}, (), 1, 0), (year, year))
    entry = result.ledger[0]
    return entry.counted if entry.counted == entry.counted_high and entry.reason == "counted" else Fraction(0)
