"""Under nested caps the bounds are exact: some completion of the missing facts reaches them."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import date
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.engines.reference import evaluate
from policyengine.plan.caps import exact_bounds
from policyengine.plan.model import Plan
from policyengine.records.model import Record
from policyengine.trace import Result
from tests.build import inputs, plan, record

BASE = [
    "recognise records when approved = yes",
    "convert training, lecture, self_study, paper at stated hours",
    "require total at least 20 hours per year",
    "require professional at least 10 hours per year",
]
FAMILIES = [  # caps that are nested; each test draws some of one family, in any order
    ["cap self_study at {} hours per activity", "cap self_study at {} hours per year",
     "cap self_study, paper at {} hours per year", "cap records at {} hours per year",
     "cap records at {} hours per 2 years starting 2016", "cap records at {} hours per 4 years starting 2016"],
    ["cap training at {} hours per day", "cap training at {} hours per year", "cap records at {} hours per year"],
    ["cap paper at {} hours per project", "cap paper, training at {} hours per year"],
    ["cap records at {} hours per year taking professional first",
     "cap records at {} hours per 2 years starting 2016 taking professional first"],
    ["cap training at {} hours within 9 months of joined", "cap training at {} hours per activity"],
]  # fmt: skip


def drawn(rng: Random) -> tuple[Plan, list[Record]]:
    """A plan with nested caps, and a person's records of which some are not known to be approved."""
    family = rng.choice(FAMILIES)
    caps = [c.format(rng.choice((3, 6, 10, 15))) for c in rng.sample(family, rng.randint(1, min(3, len(family))))]
    rows = []
    for number in range(rng.randint(1, 7)):
        facts: dict[str, object] = {"subject": rng.choice(("public", "professional"))}
        if rng.random() < 0.5:
            facts["approved"] = rng.random() < 0.85
        facts["project"] = rng.choice("XY") if rng.random() < 0.7 else f"Z{number}"
        day = f"{rng.choice((2016, 2016, 2017))}-0{rng.randint(1, 4)}-0{rng.randint(1, 4)}"
        form = rng.choice(("training", "training", "lecture", "self_study", "paper"))
        start = day[:-1] + "1" if rng.random() < 0.4 else None
        rows.append(record(f"R{number}", day, form, rng.randint(1, 12), "hours", start=start, **facts))  # type: ignore[arg-type]
    return plan(*BASE, *caps), rows


def completions(rows: list[Record]) -> list[list[Record]]:
    """The records with every combination of answers where it is not known whether they were approved."""
    open_ = [r.record_id for r in rows if "approved" not in r.facts]
    return [
        [dataclasses.replace(r, facts={"approved": known.get(r.record_id), **r.facts}) for r in rows]
        for answers in itertools.product((True, False), repeat=len(open_))
        for known in [dict(zip(open_, answers, strict=True))]
    ]


def amounts(result: Result, high: bool) -> dict[tuple[str, ...], Fraction]:
    """What results say of sums: totals, requirements, and what each record counts."""
    found: dict[tuple[str, ...], Fraction] = {}
    for d in result.decisions:
        found["total", d.period] = (d.total_high if high else d.total) or Fraction(0)
    for f in result.findings:
        found["finding", f.rule, f.period] = (f.achieved_high if high else f.achieved) or Fraction(0)
    for e in result.ledger:
        found["record", e.record_id, e.period or ""] = (e.counted_high if high else e.counted) or Fraction(0)
    return found


@given(st.integers(0, 2**32))
@settings(max_examples=120, deadline=None)
def test_bounds_are_reached(seed: int) -> None:
    made, rows = drawn(Random(seed))
    assert exact_bounds(made.caps)
    joined = {"joined": date(2016, 2, 1)}
    person = dataclasses.replace(inputs(rows).persons["P"], facts=joined)
    every = [evaluate(made, inputs(c, [person]), (2016, 2017)) for c in completions(rows)]
    bounds = evaluate(made, inputs(rows, [person]), (2016, 2017))
    known = [amounts(r, False) for r in every]
    assert amounts(bounds, False) == {key: min(one[key] for one in known) for key in known[0]}
    assert amounts(bounds, True) == {key: max(one[key] for one in known) for key in known[0]}
