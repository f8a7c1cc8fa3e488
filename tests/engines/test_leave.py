"""Leave of many people at once: whom the rules can't tell apart the compiled engine judges once, and everybody gets
what the reference evaluator says of them."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from policyengine.engines import duckdb, reference
from policyengine.records.model import Circumstance, Fact, Person
from tests.build import inputs, plan, rule
from tests.engines.differences import differences

KINDS = ("illness", "illness", "maternity", "valid_reason")
OF_KINDS = ("leave", "leave in (illness)", "leave in (illness, maternity)", "leave in (illness, valid_reason)")
WINDOWS = ("per year", "per year", "in any 2 years", "per 2 years starting 2015", "within 12 months of joined")


def _person(r: Random, number: int) -> Person:
    """Up to four stretches, which overlap, touch or lie apart, some over New Year, some without an end."""
    held = []
    for _ in range(r.randint(0, 4)):
        first = date(2015, 11, 1) + timedelta(days=r.randrange(0, 500, r.choice((1, 10, 30))))
        last = first + timedelta(days=r.choice((0, 4, 9, 9, 10, 19, 29, 30, 59)))
        start, end = (None if r.random() < 0.03 else one for one in (first, last))
        held.append(Circumstance(r.choice(KINDS), start, end))
    facts: dict[str, Fact] = {} if r.random() < 0.1 else {"joined": date(2015, r.randint(1, 12), 1)}
    return Person(f"P{number:04}", facts, tuple(held))


def _condition(r: Random) -> str:
    op, count = r.choice(("at least", "more than")), r.choice((1, 10, 11, 20, 21, 30, 40, 41, 60, 61, 90))
    in_all = " in all" if r.random() < 0.7 else ""
    one = f"{r.choice(OF_KINDS)} lasts {op} {count} {'day' if count == 1 else 'days'}{in_all}"
    one = f"not {one}" if r.random() < 0.2 else one
    if r.random() < 0.4:
        return f"{one} {r.choice(('and', 'or'))} {_condition(r)}"
    return one


def _rules(r: Random) -> list[str]:
    required = r.choice(WINDOWS)
    texts = [f"excuse a when {_condition(r)}", f"reduce a by 1/4 when {_condition(r)}"]
    if r.random() < 0.3:
        texts.append(f"require professional at least 5 hours per year when {_condition(r)}")
    if r.random() < 0.3:
        texts.append("reduce a by 1/12 per full month of leave")
    return [f"require total at least 96 hours {required}", *r.sample(texts, r.randint(1, len(texts)))]


AGAIN = ["per 12 months from joined", "per 13 months from joined", "per 18 months from joined"]


@pytest.mark.parametrize(("seed", "window"), [*((n, "") for n in range(6)), *enumerate(AGAIN, 6)])
def test_leave_of_many(seed: int, window: str) -> None:
    r = Random(seed)
    first, *others = _rules(r)
    first = f"require total at least 96 hours {window}" if window else first
    made = plan("recognise records", "convert training at stated hours", rule("a", first), *others)
    given = inputs([], [_person(r, n) for n in range(400)])
    periods = (2015, 2017)
    wanted, found = reference.evaluate(made, given, periods), duckdb.evaluate(made, given, periods)
    assert differences(wanted, found) == [], "\n".join((first, *others))
