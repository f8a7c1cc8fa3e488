"""How finely plans count, by hand, and that sums fit; against what the evaluator gives for generated cases."""

from __future__ import annotations

from math import lcm

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.engines.reference import evaluate
from policyengine.plan.ticks import GREATEST, RECORDS_PER_PERSON
from tests.build import BOUNDS, F, complaints, plan
from tests.generate import case

TOTAL = "require total at least 90 hours per year"
MINUTES = {"minutes": (F(0), F(1000), 0)}

TICKS = [
    ([TOTAL], {}, 1),
    ([TOTAL, "convert training at 1 hour per 45 minutes"], MINUTES, 45),
    ([TOTAL, "convert training at 1 hour per 45 minutes"], {"minutes": (F(0), F(10), 2)}, 4500),
    ([TOTAL, "convert training at 1 hour per 45 minutes rounded down to 0.5 hours"], MINUTES, 2),
    ([TOTAL, "convert training at 1 hour per 45 minutes up to 1/3 hours per activity"], MINUTES, 45),
    # clock hours are time too: a hundredth is 0.6 minutes, 1/75 of an hour
    ([TOTAL, "convert training at 1 hour per 45 minutes"], {"minutes": (F(0), F(9), 0), "clock_hours": (F(0), F(9), 2)},
     lcm(45, 75)),
    ([TOTAL, "convert training at stated hours"], {"hours": (F(0), F(100), 2)}, 100),
    ([TOTAL, "convert paper at paper_hours(level, author_rank)"], {}, 2),
    ([TOTAL, "cap training at 7.5 hours per year"], {}, 2),
    ([TOTAL, "require professional at least 2/3 of total requirement per year"], {}, 3),
    ([TOTAL, "reduce r1 by 1/12 per full month of leave"], {}, 12),
    ([TOTAL, "reduce r1 by 1/12 per full month of leave",
      "require professional at least 2/3 of total requirement per year"], {}, 3 * 144),
    ([TOTAL, "carry excess over r1 up to 10.25 hours to the next year"], {}, 4),
    (["require total at least 30 credits per year", "exchange 1 credit for 3 hours",
      "convert training at stated hours"], {"hours": (F(0), F(100), 1)}, 30),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "bounds", "ticks"), TICKS)
def test_ticks(rules: list[str], bounds: dict[str, tuple[F, F, int]], ticks: int) -> None:
    assert plan(*rules, bounds=bounds).ticks == ticks


def test_the_greatest_sum_follows_from_the_declared_bounds() -> None:
    made = plan(TOTAL, "convert training at 2 hours per 45 minutes times 3", bounds={"minutes": (F(0), F(900), 0)})
    assert made.ticks == 15
    assert made.greatest == 120 * RECORDS_PER_PERSON * 15


def test_a_sum_that_might_overflow_is_refused_and_the_message_names_the_bounds() -> None:
    bounds = {**BOUNDS, "characters": (F(0), F(10**9), 9)}
    [said] = complaints("convert paper at 1 hour per 1000 characters", bounds=bounds)
    assert said.code == "PE267"
    assert said.hint is not None
    assert "characters" in said.hint
    limited = "convert paper at 1 hour per 1000 characters rounded down to 1 hour"
    assert plan(limited, bounds=bounds).greatest <= GREATEST


TOO_GREAT = [  # with one tick an hour a figure has at most 9,223,372,036,854 of them
    ("require total at least 9223372036854 hours per year", []),
    ("require total at least 9223372036855 hours per year", ["PE267"]),
    ("require total at least 4611686018427.5 hours per year", ["PE267"]),  # in halves
    ("expect total at least 1 to 9999999999999999999 hours per year", ["PE267"]),
    ("require total at least 9999999999999 of professional per year", ["PE267"]),
    ("require professional at least 1/2 of total per year", []),
    ("cap training at 9999999999999999999 hours per year", ["PE267"]),
    ("convert training at 1 hour per 45 minutes rounded down to 1 hour up to 9999999999999999999 hours per activity",
     ["PE267"]),
    ("carry excess over r1 up to 9999999999999999999 hours to the next year", ["PE267"]),
    ("reduce r1 by 9999999999999999999 hours", ["PE267"]),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "told"), TOO_GREAT)
def test_a_figure_that_sums_could_not_hold_is_refused_where_it_stands(sentence: str, told: list[str]) -> None:
    said = complaints(TOTAL, sentence, bounds=MINUTES)
    assert [d.code for d in said] == told
    assert all(d.source == sentence for d in said)


def test_a_share_of_a_figure_that_is_too_great_is_not_told_too() -> None:
    great = "require total at least 9999999999999999999 hours per year"
    said = complaints(great, "expect public at least 1/3 of total requirement per year", bounds=MINUTES)
    assert [d.source for d in said] == [great]


def test_a_split_without_rounding_has_no_ticks_and_says_so() -> None:
    assert plan(TOTAL, "assign split by days").ticks is None
    assert [d.code for d in complaints(TOTAL, "assign split by days")] == ["PE268"]
    assert plan(TOTAL, "assign split by days rounded down to 0.1 hours").ticks == 10


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_everything_counted_or_required_is_whole_in_ticks(seed: int) -> None:
    c = case(seed)
    if c.plan.ticks is None:
        return
    result = evaluate(c.plan, c.inputs, c.periods, c.as_of)
    amounts = [v for e in result.ledger for v in (e.converted, e.converted_high, e.counted, e.counted_high)]
    amounts += [
        v for f in result.findings for v in (f.required, f.required_high, f.achieved, f.achieved_high, f.shortfall)
    ]
    assert all((v * c.plan.ticks).denominator == 1 for v in amounts if v is not None)
    assert all(abs(v * c.plan.ticks) <= c.plan.greatest for v in amounts if v is not None and v < 10**20)
