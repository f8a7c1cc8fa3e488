"""A first case for a new pack: its plan in, out a record with which somebody just meets the minimum.

It is found by asking the evaluator: the first form of the vocabulary of which a record with everything filled in
counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import product

from policyengine.engines.reference import Prepared, evaluate, prepare
from policyengine.language.quantities import exact_text
from policyengine.plan.model import Plan
from policyengine.records.model import Fact, Inputs, Person
from policyengine.records.model import Record as Row

Facts = tuple[tuple[str, str], ...]

TRIAL = Fraction(4)  # of which the evaluator says what it counts; little enough for any daily limit

PROOFS: tuple[Facts, ...] = ((("evidence", "1"),), (("evidence", "1"), ("approved", "yes"), ("result", "passed")))


@dataclass(frozen=True, slots=True)
class Record:
    """``form`` None: no record counts by itself. ``owed``: the minimum in the unit in which findings are given."""

    owed: Fraction
    form: str | None = None
    quantity: Fraction = Fraction(0)
    unit: str = ""
    facts: Facts = ()

    def less(self) -> Record:
        """The same with a little less."""
        return replace(self, quantity=self.quantity - Fraction(1, 2))

    def cells(self, year: int) -> Iterator[tuple[str, str]]:
        """Field and value, as a records file holds them."""
        yield "date", f"{year}-05-10"
        yield "form", self.form or ""
        yield "quantity", exact_text(self.quantity)
        yield "unit", self.unit
        yield from self.facts


def record_that_counts(plan: Plan, rule: str, sector: str, units: Iterable[str], year: int) -> Record | None:
    """A record with which somebody just meets ``rule`` (named by its id), in one of ``units``; None: it asks nothing.

    Where no record counts in full by itself, only what is owed is given.
    """
    ready = prepare(plan)
    person = Person("P", {"sector": sector})
    nothing = evaluate(ready, Inputs((), {"P": person}, (), 0, 0, True), (year, year))
    owed = next((f.required for f in nothing.findings if rule in (_id(f.rule), *map(_id, f.because))), None)
    if owed is None:
        return None
    for form, unit, facts in product([w.id for w in plan.vocabulary.terms_of("form")], dict.fromkeys(units), PROOFS):
        counted = [_counted(ready, person, form, q, unit, facts, year) for q in (TRIAL, 2 * TRIAL)]
        if counted[0] > 0 and counted[1] == 2 * counted[0]:
            record = Record(owed, form, owed * TRIAL / counted[0], unit, facts)
            in_halves = (2 * record.quantity).denominator == 1
            if in_halves and _counted(ready, person, form, record.quantity, unit, facts, year) == owed:
                return record
    return Record(owed)


def _id(key: str) -> str:
    """A rule's id, of the key of one of its versions."""
    return key.partition("@")[0].rsplit("/", 1)[-1]


def _counted(
    ready: Prepared, person: Person, form: str, quantity: Fraction, unit: str, facts: Facts, year: int
) -> Fraction:
    """What a record alone counts in its year; 0 where that is not certain."""
    held: dict[str, Fact] = {"record_id": "R", "person_id": "P", "form": form}
    held |= {name: True if value == "yes" else value for name, value in facts}
    day = date(year, 5, 10)
    row = Row("R", "P", day, day, quantity, unit, held)
    result = evaluate(ready, Inputs((row,), {"P": person}, (), 1, 0, True), (year, year))
    entry = result.ledger[0]
    return entry.counted if entry.counted == entry.counted_high and entry.reason == "counted" else Fraction(0)
