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
from tests.build import inputs, plan, policy, record
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


BASE = ["recognise records when result != failed", "convert training at stated hours"]
DAY, ALL, ONLINE = (f"cap training at 12 hours per {w}" for w in ("day", "year", "year when mode = online"))
OPEN, PASSED, WEB = {"mode": None}, {"result": "passed"}, {"result": "passed", "mode": "online"}
NEW_YEAR = "2015-12-31"


@pytest.mark.parametrize(
    ("cap", "start", "one", "other", "total", "settles"),
    [  # two records of 2016-01-01: hours and facts; of OPEN it is not known whether it counts, nor its mode
        (ALL, None, (10, OPEN), (5, PASSED), (5, 12), "1:result"),  # each by itself: 0 to 10, and 2 to 5
        (DAY, None, (10, OPEN), (5, PASSED), (5, 12), "1:result"),
        (DAY, NEW_YEAR, (20, OPEN), (10, PASSED), (4, 30), "1:result"),  # of two years: each by itself
        (ONLINE, None, (10, OPEN), (5, WEB), (2, 15), "1:mode 1:result"),  # who is under the cap is open, too
        (ONLINE, None, (10, PASSED), (5, WEB), (12, 15), "1:mode"),
        (ONLINE, None, (10, PASSED), (5, PASSED), (12, 15), "1:mode 2:mode"),
        (ONLINE, None, (10, WEB), (5, OPEN), (10, 15), "2:mode 2:result"),
    ],
)
def test_bounds_by_hand(
    cap: str, start: str | None, one: Any, other: Any, total: Any, settles: str, connection: Any
) -> None:
    made = plan(*BASE, cap, f"require total at least {total[1]} hours per year")
    records = [
        record(str(n), "2016-01-01", "training", hours, "hours", start=start, **facts)
        for n, (hours, facts) in enumerate((one, other), start=1)
    ]
    wanted = reference.evaluate(made, inputs(records), (2016, 2016))
    assert differences(wanted, engine.evaluate(made, inputs(records), (2016, 2016), connection=connection)) == []
    [decision] = wanted.decisions
    assert (decision.total, decision.total_high, " ".join(decision.missing)) == (*total, settles)


def test_bounds_are_those_of_the_reference(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is queries that find them: of the people over a limit those with open amounts and members are bounded by
    queries, by two runs or loosely; those with open orders are left to the reference evaluator."""
    found: dict[str, int] = dict.fromkeys(("settled", "exact", "loose", "waits", "left"), 0)
    keep = Cuts._keep_open

    def kept(self: Cuts, law: Any, caps: Any) -> bool:
        is_open = keep(self, law, caps)
        items = {"settled": self._settled(law, caps, is_open)}
        if is_open:
            items |= {"exact": self.open_items(law, caps, False), "loose": self.open_items(law, caps, True)}
        for name, query in items.items():
            found[name] += len(self.host.rows(query))
        found["left"] += len(self.host.rows("SELECT person_id FROM routed"))
        return is_open

    monkeypatch.setattr(Cuts, "_keep_open", kept)
    for seed in range(20, 30):
        rng = Random(seed)
        plan = capped_plan(rng)
        inputs = people(rng, complete=False, size=60, records=(3, 12))
        result = engine.evaluate(plan, inputs, (2015, 2018), connection=connection)
        assert differences(reference.evaluate(plan, inputs, (2015, 2018)), result) == [], seed
        found["waits"] += sum(any(":" in fact for fact in row.missing) for row in result.ledger)
    assert {name: number > 10 for name, number in found.items()} == dict.fromkeys(found, True)


@pytest.mark.parametrize(("records", "left"), [(200, 0), (201, 1)])
def test_very_many_records_of_which_one_is_open_are_left_to_the_reference(
    records: int, left: int, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each waits for of all before it is a row of each with each."""
    found = []
    keep = Cuts.keep

    def kept(self: Cuts) -> None:
        found.append(len(self.host.rows("SELECT person_id FROM routed")))
        keep(self)

    monkeypatch.setattr(Cuts, "keep", kept)
    made = plan(*BASE, ALL, "require total at least 12 hours per year")
    rows = [
        record(f"{n:03}", "2016-01-01", "training", 1, "hours", **(OPEN if n == 1 else PASSED)) for n in range(records)
    ]
    wanted = reference.evaluate(made, inputs(rows), (2016, 2016))
    assert differences(wanted, engine.evaluate(made, inputs(rows), (2016, 2016), connection=connection)) == []
    assert found == [left]
