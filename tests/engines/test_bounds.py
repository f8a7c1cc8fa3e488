"""Bounds under caps: where facts are missing and windows are full, the compiled engine has the reference's bounds."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from policyengine.engines.compile.cuts import Cuts
from policyengine.language import tree
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from tests.build import policy
from tests.engines.differences import differences
from tests.generate import YEAR, Rules
from tests.generate_people import people


class Capped(Rules):
    """Policies with several caps within the year, and nothing else that mixes periods."""

    def _assign(self) -> None:
        pass

    def _window(self) -> tree.Window:
        return self.rng.choice((YEAR, YEAR, tree.PerField("project"), tree.PerActivity(), tree.PerDay()))

    def _allocate(self) -> None:
        self._caps(self.rng.choice((1, 1, 2, 3)))
        if self.maybe(0.5):
            where = self.when(0.7)
            self.put(tree.Measure(name="face_to_face", unit=self.unit, what=self.any_what(), when=where))


def capped_plan(rng: Random) -> Plan:
    plan = None
    while plan is None:
        plan = plan_of(policy(Capped(rng).all()))[0]
    return plan


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


@pytest.mark.parametrize("seed", range(20))
def test_bounds_are_those_of_the_reference(seed: int, connection: Any) -> None:
    rng = Random(seed)
    plan = capped_plan(rng)
    inputs = people(rng, complete=False, size=30, records=(3, 12))
    wanted = reference.evaluate(plan, inputs, (2015, 2018))
    assert differences(wanted, engine.evaluate(plan, inputs, (2015, 2018), connection=connection)) == []


def test_queries_cut_what_is_settled_and_leave_the_rest(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the people over a limit those without open facts are cut by queries, the others by the reference evaluator."""
    cut, left = [], []
    keep = Cuts._keep_touched

    def kept(self: Cuts, law: Any, caps: Any) -> None:
        keep(self, law, caps)
        cut.extend(self.host.rows(f"SELECT low = high FROM hot_{law.number}"))
        left.extend(self.host.rows("SELECT person_id FROM routed"))

    monkeypatch.setattr(Cuts, "_keep_touched", kept)
    for seed in range(20, 30):
        rng = Random(seed)
        plan = capped_plan(rng)
        engine.evaluate(
            plan, people(rng, complete=False, size=30, records=(3, 12)), (2015, 2018), connection=connection
        )
    assert {settled for (settled,) in cut} == {True}
    assert len(cut) > 10
    assert len(left) > 10
