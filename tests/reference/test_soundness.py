"""What is decided in spite of missing facts holds under every completion of them.

A case with every fact is judged; then some facts are taken away and it is judged again. Everything that the second
judgement is sure of must be so in the first, and every bound must hold the first's figure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.engines.reference import evaluate
from policyengine.records.model import Inputs, Person, Record
from policyengine.trace import Finding, Result
from tests.build import plan, record, rule, run, somebody
from tests.generate import Case, random_plan, settled_fields
from tests.generate_people import people


def without(rng: Random, inputs: Inputs, fixed: set[str], share: float) -> Inputs:
    """The inputs with some facts taken away."""

    def keep(facts: dict[str, object]) -> dict[str, object]:
        return {k: v for k, v in facts.items() if k in fixed or rng.random() >= share}

    def record(r: Record) -> Record:
        gone_quantity, gone_unit = rng.random() < share / 2, rng.random() < share / 3
        return dataclasses.replace(
            r,
            facts=keep(dict(r.facts)),  # type: ignore[arg-type]
            quantity=None if gone_quantity else r.quantity,
            unit=None if gone_unit else r.unit,
        )

    persons = {
        n: Person(n, keep(dict(p.facts)), p.circumstances)  # type: ignore[arg-type]
        for n, p in inputs.persons.items()
    }
    return dataclasses.replace(inputs, records=tuple(record(r) for r in inputs.records), persons=persons)


def within(low: Fraction | None, value: Fraction | None, high: Fraction | None) -> bool:
    return (low is None or value is None or low <= value) and (high is None or value is None or value <= high)


def encloses(wide: Result, exact: Result) -> Iterable[str]:
    """What the wide result claims and the exact one does not bear out."""
    truth: dict[tuple[str, str, str], Finding] = {(f.person_id, f.period, f.rule): f for f in exact.findings}
    claimed = {(f.person_id, f.period, f.rule): f for f in wide.findings}
    for key in truth.keys() - claimed.keys():
        yield f"{key}: a finding is missing"
    for key, f in claimed.items():
        known = truth.get(key)
        if known is None:
            if f.status in ("not_met", "excused"):
                yield f"{key}: {f.status}, but the rule does not apply"
            continue
        if f.status in ("met", "not_met", "excused") and f.status != known.status:
            yield f"{key}: {f.status}, but it is {known.status}"
        if not within(f.achieved, known.achieved, f.achieved_high):
            yield f"{key}: achieved {known.achieved} outside {f.achieved}..{f.achieved_high}"
        if not within(f.achieved, known.achieved_high, f.achieved_high):
            yield f"{key}: achieved (high) {known.achieved_high} outside {f.achieved}..{f.achieved_high}"
        if not within(f.required, known.required, f.required_high):
            yield f"{key}: required {known.required} outside {f.required}..{f.required_high}"
    for d, e in zip(wide.decisions, exact.decisions, strict=True):
        key = (d.person_id, d.period, "decision")
        if d.outcome in ("met", "not_met", "excused") and d.outcome != e.outcome:
            yield f"{key}: {d.outcome}, but it is {e.outcome}"
        if not within(d.total, e.total, d.total_high):
            yield f"{key}: total {e.total} outside {d.total}..{d.total_high}"
        if any(d.by_subject[s] > e.by_subject[s] for s in d.by_subject):
            yield f"{key}: by subject"
        if any(d.measures[m] > e.measures[m] for m in d.measures):
            yield f"{key}: measures"
        if not set(d.consequences) <= set(e.consequences):
            yield f"{key}: consequences {d.consequences}, but {e.consequences}"
        if not {*e.consequences, *e.possible} <= {*d.consequences, *d.possible}:
            yield f"{key}: {e.consequences} {e.possible} not among {d.consequences} {d.possible}"
    entries = {(x.record_id, x.period): x for x in wide.ledger}
    for e in exact.ledger:
        if (e.record_id, e.period) not in entries:
            if e.period is not None and e.counted_high != 0:
                yield f"{e.record_id}: counts in {e.period}"
            continue
        w = entries[e.record_id, e.period]
        if not within(w.counted, e.counted, w.counted_high) or not within(w.converted, e.converted, w.converted_high):
            yield f"{e.record_id}: {e.counted} of {e.converted} outside {w}"
    flags = {(x.record_id, x.rule): x for x in wide.flags}
    for f in exact.flags:
        if (f.record_id, f.rule) not in flags:
            yield f"{f}: not flagged"
    certain = {(x.record_id, x.rule) for x in exact.flags if x.certain}
    for key, x in flags.items():
        if x.certain and key not in certain:
            yield f"{x}: flagged"


def complete_case(rng: Random) -> Case:
    made = None
    while made is None:
        made = random_plan(rng)
    return Case(made, people(rng, True, size=2), (2015, 2018), None, True)


def check(seed: int) -> list[str]:
    """What is wrong with the bounds of one random case."""
    rng = Random(seed)
    case = complete_case(rng)
    gappy = without(rng, case.inputs, settled_fields(case.plan), rng.choice((0.03, 0.08, 0.2)))
    exact = evaluate(case.plan, case.inputs, case.periods)
    wide = evaluate(case.plan, gappy, case.periods)
    return list(encloses(wide, exact))


BORN = [date(y, m, d) for y in range(2012, 2018) for m, d in ((1, 1), (2, 28), (5, 1), (5, 2), (12, 31))]


@pytest.mark.parametrize("length", ["less than 2 years", "at least 2 years", "at most 24 months", "more than 730 days"])
def test_every_day_that_may_be_missing(length: str) -> None:
    """Without the day the bounds are the least and the most of all days that it can be, and no status is sure that one
    of them denies."""
    rules = (
        "recognise training",
        "convert training at stated hours",
        rule("a", "require total at least 8 hours per year"),
        f"reject training when joined to date {length}",
        f"excuse year when joined to July 1 of this year {length}",
    )
    made, given_ = plan(*rules), [record("R1", "2016-05-01", "training", 8, "hours")]
    [wide] = run(made, given_, 2016, somebody()).findings
    each = [run(made, given_, 2016, somebody(joined=day)).findings[0] for day in BORN]
    assert (wide.achieved, wide.achieved_high) == (min(f.achieved for f in each), max(f.achieved for f in each))
    assert {f.status for f in each} > {"met"}
    assert wide.status == "undetermined"


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_what_is_decided_holds_under_every_completion(seed: int) -> None:
    assert not check(seed)
