"""One person's time grows as the records do: twice the records, about twice the calls. Calls are counted, not seconds.

A call of a Python function is the same on every machine; a record that is compared with all others doubles them twice.
So does one that remembers something of all others double the memory twice.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction as F

import pytest

from policyengine.records.model import Record
from tests.build import plan, record, run

BASE = ["recognise records when result != failed", "convert training at stated hours"]


def _calls(work: Callable[[], object], events: tuple[str, ...] = ("call",)) -> int:
    """How often Python functions are called (or generators resumed) meanwhile; with ``c_call`` those of C, too."""
    count = 0

    def tell(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in events

    before = sys.getprofile()
    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def _one(n: int, days: int = 1, **facts: object) -> Record:
    end = date(2016, 1, 1) + timedelta(n % 366)
    return record(
        f"R{n:04}", str(end), "training", F(n % 7 + 1, 3), "hours", person="P", result="passed",
        start=str(end - timedelta(days - 1)),
        **{name: value for name, value in facts.items() if value is not None},
    )  # type: ignore[arg-type]  # fmt: skip


GROWING = [
    # three titles only: the groups grow
    ("count once per title taking the highest", lambda n: {"title": f"T{n % 3}"}),
    ("count once per title taking the earliest", lambda n: {"title": f"T{n % 3}"}),
    # many groups, and a quarter of the records may be of one or two of them
    ("count once per title, evidence taking the highest",
     lambda n: {"title": f"T{n // 4}", "evidence": None if n % 4 == 0 else f"c{n}"}),
    # an eighth may have any of three projects
    ("cap records at 20 hours per project", lambda n: {"project": None if n % 8 == 0 else f"P{n % 3}"}),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "facts"), GROWING)
def test_twice_the_records_take_about_twice_the_calls(sentence: str, facts: Callable[[int], dict[str, object]]) -> None:
    made = plan(*BASE, sentence)

    def judged(size: int) -> int:
        records = [_one(n, **facts(n)) for n in range(size)]
        return _calls(lambda: run(made, records, 2016))

    judged(10)  # what is made once, at the first use
    assert judged(800) < 2.3 * judged(400)


def test_what_open_records_wait_for_under_a_cap_takes_memory_as_there_are_records() -> None:
    """Each waits for all before it: for what these lack, and for whether they are under the cap."""
    cap = "cap records at 40 hours per year when mode = online"
    made = plan(*BASE, cap, "require total at least 30 hours per year")

    def judged(size: int) -> int:
        records = [replace(_one(n), facts={**_one(n).facts, "result": None}) for n in range(size)]
        tracemalloc.start()
        try:
            [decision] = run(made, records, 2016).decisions
            assert decision.missing == tuple(sorted(f"{r.record_id}:{n}" for r in records for n in ("mode", "result")))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    judged(100)
    assert judged(800) < 2.5 * judged(400)


def test_records_of_any_value_wait_for_all_as_often_as_there_are_values() -> None:
    """Half of them may be of any project of the others: four times as many pairs for twice the records."""
    made = plan(*BASE, "cap records at 1 hours per project", "require total at least 100 hours per year")

    def judged(size: int) -> int:
        records = [_one(n, project=None if n % 2 else f"P{n}") for n in range(size)]
        return _calls(lambda: run(made, records, 2016), ("call", "c_call"))

    judged(100)
    assert judged(160) < 5 * judged(80)


def test_windows_by_days_take_calls_as_there_are_windows() -> None:
    """A window for each first and last day: four times as many for twice the days, and no item looks at all of them."""
    made = plan(*BASE, "cap records at 1 hours per day")

    def judged(size: int) -> int:
        records = [_one(n, days=2) for n in range(size)]
        return _calls(lambda: run(made, records, 2016))

    judged(10)
    assert judged(80) < 4 * judged(40)
