"""People of several policies in one file, read once: each is judged by the plan that the selection gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from policyengine.engines.protocol import Selection
from policyengine.plan.model import Plan
from policyengine.records.model import Fact, Inputs, Person, Record
from policyengine.tools.evaluate.select import load_law
from policyengine.trace import Result
from tests.engines.differences import differences
from tests.engines.test_duckdb import generated
from tests.engines.trials import only, together


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


def chosen(facts: Mapping[str, Fact]) -> int | None:
    """Accountants by the first plan, others by the second; who has no sector is left to the caller."""
    sector = facts.get("sector")
    return None if sector is None else int(sector != "accounting")


@pytest.mark.parametrize("seed", [0, 2, 10, 18, 22])
def test_each_by_their_own_plan(seed: int, connection: Any) -> None:
    plan, inputs, periods, as_of = generated(seed, 40)
    other, *_ = generated(seed + 1, 1)
    plans: list[Plan] = [plan, replace(other, policy="other")]
    groups: dict[int | None, set[str]] = {}
    for who, person in inputs.persons.items():
        groups.setdefault(chosen(person.facts), set()).add(who)
    strangers = reference.prepare(plans[1])

    def judge(person: Person, records: Sequence[Record]) -> Result:
        place = chosen(person.facts)
        if place is None:
            return reference.evaluate_person(strangers, person, records, periods, as_of)
        return reference.evaluate_person(reference.prepare(plans[place]), person, records, periods, as_of)

    wanted = together(
        [
            reference.evaluate(plans[1 if place is None else place], only(inputs, people), periods, as_of)
            for place, people in groups.items()
        ]
    )
    selection = Selection(("sector",), chosen)
    found = engine.evaluate_all(plans, inputs, periods, as_of, selection, judge, connection)
    assert found is not None
    assert differences(wanted, found) == []


def test_a_figure_beside_a_share_of_what_was_counted(connection: Any) -> None:
    """Accountants from 2019: sixty professional hours, and two thirds of what was counted; the stricter is shown."""
    (plan,) = load_law("policies/sectors/accounting").plans
    records, people = [], {}
    for number, (hours, year) in enumerate(product(range(0, 160, 7), (2018, 2019, 2020))):
        who = f"P{number}"
        people[who] = Person(who, {"sector": "accounting"})
        for subject, amount in (("professional", hours), ("public", 30)):
            own = f"{who}-{subject}"
            facts = {"record_id": own, "person_id": who, "form": "training", "evidence": "yes", "subject": subject}
            day = date(year, 5, 1)
            records.append(Record(own, who, day, day, Fraction(amount), "hours", facts))
    inputs = Inputs(tuple(records), people, (), len(records), 0)
    expected = reference.evaluate(plan, inputs, (2018, 2020), None)
    found = engine.evaluate_all([plan], inputs, (2018, 2020), None, connection=connection)
    assert found is not None
    assert not differences(expected, found)
    shown = {d.required_by_subject["professional"] for d in expected.decisions}
    assert {Fraction(60), Fraction(2 * (30 + 84), 3)} <= shown
