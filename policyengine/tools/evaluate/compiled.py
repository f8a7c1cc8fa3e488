"""Judge everybody with the compiled engine: a selector and inputs go in, the same trace as the reference's comes out.

People of one policy are judged together. Those of whom it is open which policy governs are judged one by one by the
reference evaluator, which compares the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from operator import attrgetter

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.axes import Source
from policyengine.engines.compile.host import Host
from policyengine.engines.reference import Periods, years_of
from policyengine.records.model import Fact, Inputs, Person
from policyengine.tools.evaluate.evaluate import TABLES, concatenated, judge_one, records_by_person
from policyengine.tools.evaluate.select import Selector, asked_of_persons
from policyengine.trace import Result


def judge_compiled(selector: Selector, inputs: Inputs, periods: Periods | None, as_of: date | None) -> Result:
    """Rows by person, period, record, as ``evaluate.judge_all`` gives them."""
    by_person = records_by_person(inputs.records)
    spans = [periods or years_of(p, inputs.records) for p in selector.law.plans]
    together: dict[int, set[str]] = {}
    parts: list[Result] = []
    for who in sorted({*inputs.persons, *by_person}):
        person = inputs.persons.get(who) or Person(who)
        choice = selector.choose(person)
        if choice.governs is not None and choice.surely and not choice.candidates:
            together.setdefault(choice.governs, set()).add(who)
        else:
            parts.append(judge_one(selector, person, by_person.get(who, ()), spans, as_of))
    for place, people in together.items():
        if (span := spans[place]) is not None:
            parts.append(_judged(selector, place, _only(inputs, people), span, as_of))
    whole, who_of = concatenated(parts), attrgetter("person_id")
    return Result(*(tuple(sorted(rows(whole), key=who_of)) for rows in TABLES))


def _judged(selector: Selector, place: int, inputs: Inputs, span: Periods, as_of: date | None) -> Result:
    from policyengine.engines import duckdb

    return duckdb.evaluate(selector.law.plans[place], inputs, span, as_of)


def _only(inputs: Inputs, people: set[str]) -> Inputs:
    """The inputs of some people. Everybody is listed, also those who have neither records nor facts."""
    return replace(
        inputs,
        records=tuple(r for r in inputs.records if r.person_id in people),
        persons={who: inputs.persons.get(who) or Person(who) for who in sorted(people)},
    )


def counted(
    host: Host, selector: Selector, persons: str | None, everybody: int
) -> Iterator[tuple[Mapping[str, Fact], int]]:
    """How many people of a host's table there are of each combination of the facts by which packs say whom they are
    for; whoever is not in it is of none."""
    there, names = 0, asked_of_persons(selector)
    if persons is not None and names and selector.alone:
        source = Source("p", host.columns(persons), selector.law.plans[0].fields)
        query = t.select(**{n: source.value(n) for n in names}, n=t.count()).from_(t.table(persons, "p"), copy=False)
        for *values, number in host.rows(query.group_by(*(source.value(n) for n in names), copy=False)):
            yield {n: source.fact(n, v) for n, v in zip(names, values, strict=True) if v is not None}, number
            there += number
    yield {}, everybody - there
