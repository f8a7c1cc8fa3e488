"""The solver on its own, with trying switched off: it finds what trying finds, and nothing where there is nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.meeting import meet
from policyengine.tools.prove.model import Situation, Undecided
from tests.prove import small
from tests.prove.law import context, rule


@pytest.fixture
def only_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried: every answer comes from the solver (and is tried once, on the evaluator)."""

    def nothing(self: Space) -> Iterator[Situation]:
        self.exact = False
        return iter(())

    monkeypatch.setattr(Space, "situations", nothing)


@pytest.mark.usefixtures("only_the_solver")
@pytest.mark.parametrize("seed", range(60))
def test_verdicts_of_the_solver_alone(seed: int) -> None:
    r = random.Random(seed)
    kind = r.choice([small.convert, small.convert, small.add, small.recognise, small.reject])
    old, new = kind(r), kind(r)
    verdict = compare(small.read(old), small.read(new), small.context())
    assert verdict.relation == small.on_records(old, new), f"{old}\n{new}"


@pytest.mark.usefixtures("only_the_solver")
def test_the_smallest_record_is_found() -> None:
    old = rule("convert paper at 2 hours per 1000 characters rounded down to 1 hour")
    new = rule("convert paper at 3 hours per 1000 characters rounded down to 1 hour")
    witness = compare(old, new, context()).laxer
    assert witness is not None
    assert (witness.situation.quantity, witness.situation.unit) == (1000, "characters")


def test_many_authors_are_decided() -> None:
    """40 shares are too many to try with every length; the solver knows that a share is never more than the whole."""
    old = rule("convert paper at 2 hours per 1000 characters rounded down to 0.1 hours")
    new = rule("convert paper at 2 hours per 1000 characters divided by author_count rounded down to 0.1 hours")
    verdict = compare(old, new, context())
    assert (verdict.relation, verdict.permitted) == ("stricter", True)


def test_a_record_that_only_the_solver_finds() -> None:
    """45 and 44.95 minutes an hour, in whole hours: they part at the 20th hour, 899 minutes, and nowhere before."""
    old = rule("convert training at 1 hour per 45 minutes rounded down to 1 hour")
    new = rule("convert training at 1 hour per 44.95 minutes rounded down to 1 hour")
    verdict = compare(old, new, context())
    assert verdict.relation == "laxer"
    assert verdict.laxer is not None
    assert verdict.laxer.situation.quantity == 899


def test_meeting_by_rounding() -> None:
    a = rule("convert training at 1 hour per 45 minutes rounded down to 1 hour")
    b = rule("convert training at 1 hour per 45 minutes rounded half up to 1 hour")
    found = meet(a, b, context())
    assert found is not None
    assert not isinstance(found, Undecided)
    assert found.new is not None
    assert found.old.least != found.new.least


def test_what_is_not_decided_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of time is "undecided", never "permitted"."""
    import policyengine.tools.prove.solver as solver

    monkeypatch.setattr(solver, "solve", lambda space, ask: Undecided("it takes longer than the time allowed"))
    old = rule("convert training at 1 hour per 45 minutes rounded down to 1 hour")
    new = rule("convert training at 1 hour per 50 minutes rounded down to 1 hour")
    verdict = compare(old, new, context())
    assert (verdict.relation, verdict.permitted) == ("undecided", None)
    assert "time allowed" in verdict.why
