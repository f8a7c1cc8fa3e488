"""The compiled engine gives the reference evaluator's results, row for row, on generated policies and people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from tests.engines.differences import differences
from tests.generate import random_plan
from tests.generate_people import people

PLANS = 44
PEOPLE = 50  # of each plan: together more than 2,000 people
AS_OF = (None, None, date(2016, 12, 31), date(2017, 7, 1), date(2018, 12, 30))


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


def generated(seed: int, size: int) -> tuple[Plan, Inputs, tuple[int, int], date | None]:
    """A plan with people, half of the time without a missing fact."""
    rng = Random(seed)
    plan = None
    while plan is None:
        plan = random_plan(rng)
    inputs = people(rng, complete=rng.random() < 0.5, size=size)
    first = rng.choice((2015, 2016, 2016, 2016))
    return plan, inputs, (first, first + rng.choice((0, 1, 1, 2, 3))), rng.choice(AS_OF)


@pytest.mark.parametrize("seed", range(PLANS))
def test_equals_the_reference(seed: int, connection: Any) -> None:
    plan, inputs, periods, as_of = generated(seed, PEOPLE)
    wanted = reference.evaluate(plan, inputs, periods, as_of)
    assert differences(wanted, engine.evaluate(plan, inputs, periods, as_of, connection)) == []


def test_all_years_with_records_where_none_are_asked(connection: Any) -> None:
    plan, inputs, _, _ = generated(3, 10)
    wanted = reference.evaluate(plan, inputs)
    assert differences(wanted, engine.evaluate(plan, inputs, connection=connection)) == []


def test_nobody(connection: Any) -> None:
    plan, _, periods, _ = generated(1, 1)
    nobody = Inputs((), {}, (), 0, 0, True)
    for asked in (periods, None):
        wanted = reference.evaluate(plan, nobody, asked)
        assert differences(wanted, engine.evaluate(plan, nobody, asked, connection=connection)) == []
