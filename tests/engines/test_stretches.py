"""Caps per day over stretches that partly overlap: who goes to the reference evaluator, and that all others get its
results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from policyengine.engines.compile.stretches import MOST
from policyengine.language import tree
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs, Person, Record
from policyengine.trace import Result
from tests.build import F, day, inputs, plan, policy, record, somebody
from tests.engines import trials
from tests.engines.differences import differences
from tests.generate import YEAR
from tests.generate_people import people


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


BASE = ("recognise records when result != failed", "convert training at stated hours",
        "require total at least 90 hours per year", "require public at least 30 hours per year")  # fmt: skip
DAILY = "cap training at 8 hours per day when mode = online"
DATED = "require total at least 20 hours within 12 months of joined"


def chain(length: int) -> str:
    """Stretches of two days and 6 hours, each from the last day of the one before: 6 n hours in n + 1 days."""
    return " ".join(f"{n}..{n + 1}:6" for n in range(1, length + 1))


RUNS = [  # days from 1 January 2016 and hours; with "?" the result is missing, with "!" the mode; and whether they fit
    ("1..20:100 5:4", True),  # a lecture during a course: 104 hours in 20 days
    ("1..20:100 5:12", True),  # 8 of the 12
    ("1..20:100 5:7 5:7", True),  # 8 of the 14
    ("1..3:16 2:8", True),  # 24 in 3 days
    ("1..3:17 2:8", False),
    ("1..3:30 2:1", False),  # 24 of the 30, and 1
    ("1..2:10 2..3:14", True),  # 24 in 3 days
    ("1..2:10 2..3:15", False),
    ("1..2:16 2:1", False),
    ("1..4:16 2:8 3:8", True),  # 32 in 4 days
    ("1..4:8 2:8 3:8 2..3:1", False),  # 25 in 4 days, but 17 in 2 of them
    ("1..10:20 9..12:20 12..20:20", True),
    ("1..3:16 2:10 8..9:10 9..10:15", False),  # the second run
    (chain(MOST), True),
    (chain(MOST + 1), False),  # too many to compare
    # something is open
    ("1..20:100 5:4?", True),  # nothing is exceeded
    ("1..20:100 5:12?", False),
    ("1..5:32? 1:20?", False),  # the first waits for the other, too, since 52 are more than 40
    ("1..20:100 5:12 25:4?", True),  # elsewhere
    ("1..20:100 5:12 25:12?", True),
    ("1..5:24 1:20 25:12!", False),  # who is under the cap: then 1..5 has at least 40 - 20, before 1 has lost its 12
    ("1..5:24 1:8 25:12!", True),
    # from the year before
    ("-1..2:20 1:10", True),
    ("-1..3:24 1:20 25:12?", False),  # of two years: bounds are carried here, too
    ("-1..3:24 1:8 25:12?", True),
    ("-1..2:40 10..14:24 10:20", True),
    ("-1..2:40 10..14:24 10:20 25:12?", False),
    ("-1..2:20 10..14:24 10:20 25:12?", True),
]
BY_DATES = [  # the same, where a requirement goes by dates: hours that compete are counted by dates
    ("1..20:100 5:12 25:4?", True),
    ("25:12?", True),
    ("25:6? 25:6", False),
    ("25:6? 25:2", True),
    ("25:6 25:6 27:4?", True),
    ("25:10 25:6? 27:4?", False),
]


def given(runs: Sequence[tuple[str, bool]], **facts: Any) -> Inputs:
    """A person for each of the runs, by number."""
    records, persons = [], []
    for number, (text, _) in enumerate(runs):
        who = f"P{number:02}"
        persons.append(somebody(who, joined=day("2015-12-01"), **facts))
        for place, stretch in enumerate(text.split()):
            days, hours = stretch.split(":")
            first, last = (date(2015, 12, 31) + timedelta(int(n)) for n in (days.split("..") * 2)[:2])
            known = {"result": "passed", "mode": "online", "subject": "public" if first < last else "professional"}
            if hours[-1] in "?!":
                del known["result" if hours[-1] == "?" else "mode"]
            one = record(f"{who}-{place}", str(last), "training", int(hours.rstrip("?!")), "hours", start=str(first),
                         person=who, **known)  # fmt: skip
            records.append(one)
    return inputs(records, persons)


def aside(made: Plan, who: Inputs, connection: Any) -> set[str]:
    """Judge by both, which must say the same; whom the engine left to the reference evaluator."""
    left, prepared, asked = set(), reference.prepare(made), (2016, 2018)

    def judge(person: Person, records: Sequence[Record]) -> Result:
        left.add(person.person_id)
        return reference.evaluate_person(prepared, person, records, asked)

    found = engine.evaluate_all([made], who, asked, judge=judge, connection=connection)
    assert found is not None
    assert differences(reference.evaluate(made, who, asked), found) == []
    return left


@pytest.mark.parametrize(("runs", "more"), [(RUNS, ()), (BY_DATES, (DATED,))], ids=["by_years", "by_dates"])
def test_runs_that_fit_and_that_do_not(runs: list[tuple[str, bool]], more: tuple[str, ...], connection: Any) -> None:
    left = aside(plan(*BASE, DAILY, *more), given(runs), connection)
    assert [(text, f"P{number:02}" not in left) for number, (text, _) in enumerate(runs)] == runs


@pytest.mark.parametrize(
    ("caps", "run", "fits"),
    [
        # 12 hours a day for some, 40 for others: whose 12 they are is not asked
        (["cap training at level_hours(title_level) per day"], "1..3:10 2:12", True),
        (["cap training at level_hours(title_level) per day"], "1..3:10 2:14", False),
        # no limit until 2017, from 2018 on 90 hours a day: of 300 that end on 31 December and 2 January 270 count
        (["cap training at yearly_hours(this year) per day"], "731:200 731..733:100", False),
        (["cap training at yearly_hours(this year) per day"], "731:20 731..733:100", True),
        # a wider cap after it, a narrower one before it, other hours first
        ([DAILY, "cap training at 20 hours per year"], "1..20:100 5:12", True),
        (["cap training at 5 hours per activity", f"{DAILY} after r5"], "1..20:100 5:12", True),
        (["cap training at 5 hours per activity", f"{DAILY} after r5"], "1..3:16 2:10 2:10", True),
        (["cap training at 8 hours per day taking online first"], "1..20:100 5:7 5:7 5:7!", False),
        (["cap training at 8 hours per day taking online first"], "1..20:100 5:4 5:4 7:3!", True),
        # not in order: with something open bounds are carried from cap to cap
        (["cap training at 90 hours per year", f"{DAILY} after r5"], "1..20:100 5:12", True),
        (["cap training at 90 hours per year", f"{DAILY} after r5"], "1..5:24 1:20 25:12?", False),
    ],
)
def test_figures_and_caps_beside(caps: list[str], run: str, fits: bool, connection: Any) -> None:
    who = given([(run, fits)], title_level="middle")
    assert (aside(plan(*BASE, *caps), who, connection) == set()) == fits


FORMS = tree.What(("training", "workshop", "lecture"))


class Daily(trials.Capped):
    """Policies of a few forms with caps per day, and others beside them."""

    def _window(self) -> tree.Window:
        return self.rng.choice((tree.PerDay(), tree.PerDay(), YEAR, tree.PerActivity()))

    def _recognise(self) -> None:
        self.put(tree.Recognise(what=FORMS, when=self.when(0.3)))

    def _convert(self) -> None:
        self.put(tree.Convert(what=FORMS, figure=tree.Stated(self.unit)))

    def any_what(self) -> tree.What:
        return self.rng.choice((tree.What(), FORMS, self.what()))


def crowded(rng: Random, made: Inputs, unit: str) -> Inputs:
    """The records laid on some weeks around the beginning of a year, or within one."""
    first = rng.choice((date(2016, 12, 1), date(2017, 2, 1), date(2016, 8, 20)))
    records = []
    for one in made.records:
        start = first + timedelta(rng.randrange(60))
        end = start + timedelta(rng.choice((0, 0, 0, 1, 2, 6, 20, 40)))
        facts = {**one.facts, "form": rng.choice(FORMS.terms)} if "form" in one.facts else one.facts
        quantity = F(rng.choice((1, 2, 4, 9, 14))) if one.quantity is not None else None
        records.append(dataclasses.replace(one, start=start, end=end, quantity=quantity, unit=unit, facts=facts))
    return dataclasses.replace(made, records=tuple(records))


def overlapping(seed: int) -> trials.Trial:
    """People whose records share days, under caps per day."""
    rng = Random(seed)
    made = None
    while made is None:
        drawn = Daily(rng)
        made = plan_of(policy(drawn.all(), year_start=rng.choice(((1, 1), (9, 1)))))[0]
    who = people(rng, complete=rng.random() < 0.5, size=30, records=(2, 9))
    return trials.Trial(f"overlapping {seed}", (made,), crowded(rng, who, drawn.unit), (2015, 2018), None)


@pytest.mark.parametrize("seed", range(24))
def test_overlapping_stretches(seed: int, connection: Any) -> None:
    """Whole traces of generated people whose records share days."""
    assert trials.compare(overlapping(seed), partial(engine.evaluate_all, connection=connection))[1] == []
