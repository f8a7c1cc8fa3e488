"""The order of caps: narrower first, ``after`` obeyed, and where bounds under them are exact."""

from __future__ import annotations

import pytest

from policyengine.plan import caps as caps_module
from policyengine.plan.caps import exact_bounds
from tests.build import complaints, plan, rule


def ids(*sentences: str) -> list[str]:
    """The caps' rule ids in the order in which they apply; rules are named a, b, c, … as given."""
    made = plan(*(rule(name, s) for name, s in zip("abcdef", sentences, strict=False)))
    return [c.rule.id for c in made.caps]


ORDERS = [
    # a cap per activity lies within every other
    (["cap training at 20 hours per year", "cap training at 8 hours per activity"], "ba"),
    (["cap training, workshop at 30 hours per 2 years starting 2016", "cap training at 20 hours per year",
      "cap training at 8 hours per day"], "cba"),
    # fewer forms lie within more forms, all conditions within fewer
    (["cap records at 60 hours per year", "cap self_study, paper at 50 hours per year",
      "cap self_study at 20 hours per year when mode = online"], "cba"),
    # two-year blocks lie within four-year blocks that begin with them
    (["cap training at 9 hours per 4 years starting 2014", "cap training at 5 hours per 2 years starting 2016"], "ba"),
    (["cap training at 9 hours per 4 years starting 2015", "cap training at 5 hours per 2 years starting 2016"], None),
    (["cap training at 9 hours per 3 years starting 2016", "cap training at 5 hours per 2 years starting 2016"], None),
    # a rolling window holds years, a window from a date holds nothing but activities
    (["cap training at 9 hours in any 3 years", "cap training at 5 hours per year"], "ba"),
    (["cap training at 9 hours within 12 months of joined", "cap training at 5 hours per year"], None),
    (["cap training at 9 hours within 12 months of joined", "cap training at 5 hours per activity"], "ba"),
    # those that share no record need no order
    (["cap training at 9 hours per year", "cap self_study at 5 hours per year"], "ab"),
    (["cap records at 9 hours per project when mode = online",
      "cap records at 5 hours per day when mode = in_person"], "ab"),
    (["cap records at 9 hours per project when form = training", "cap self_study at 5 hours per day"], "ab"),
    # neither within the other
    (["cap public at 9 hours per year", "cap training at 5 hours per year"], None),
    (["cap training at 9 hours per project", "cap training at 5 hours per day"], None),
    (["cap training at 9 hours per year when mode = online",
      "cap training at 5 hours per year when level = city"], None),
    # after
    (["cap public at 9 hours per year after b", "cap training at 5 hours per year"], "ba"),
    (["cap training at 8 hours per activity after b", "cap training at 20 hours per year"], "ba"),
    # as wide as each other: by name, unless one says after, also by way of others
    (["cap training at 9 hours per year", "cap training at 8 hours per year"], "ab"),
    (["cap training at 9 hours per year after b", "cap training at 8 hours per year after c",
      "cap training at 7 hours per year"], "cba"),
    (["cap training at 9 hours per year", "cap training at 8 hours per year after d",
      "cap training at 7 hours per year", "cap training at 6 hours per year"], "adbc"),
]  # fmt: skip


@pytest.mark.parametrize(("caps", "order"), ORDERS)
def test_order(caps: list[str], order: str | None) -> None:
    if order is not None:
        assert ids(*caps) == list(order)
    else:
        assert [d.code for d in complaints(*(rule(n, s) for n, s in zip("abc", caps, strict=False)))] == ["PE260"]


def test_many_caps_as_wide_as_each_other_are_put_in_order_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before a cap is gathered a few times for each, not for each pair: 300 took minutes."""
    asked: list[int] = []

    def counted(place: int, first: list[set[int]]) -> set[int]:
        asked.append(place)
        return before(place, first)

    before = caps_module._before
    monkeypatch.setattr(caps_module, "_before", counted)
    law = [rule(f"c{n:02}", f"cap training at {n + 1} hours per year") for n in range(40)]
    assert [c.rule.id for c in plan(*law).caps] == [f"c{n:02}" for n in range(40)]
    assert len(asked) <= 40 * 4  # 780 pairs


def test_versions_of_one_cap_need_no_order() -> None:
    made = plan(
        rule("a", "cap training at 9 hours per 3 years starting 2016", until=2018),
        rule("a", "cap training at 5 hours per 2 years starting 2019", start=2019),
    )
    assert len(made.caps) == 2


def test_the_message_names_the_other_cap_and_what_to_write() -> None:
    [said] = complaints(rule("a", "cap public at 9 hours per year"), rule("b", "cap training at 5 hours per year"))
    assert "base/a" in said.message
    assert said.hint is not None
    assert "after a" in said.hint
    assert said.related[0].message.endswith("cap public at 9 hours per year")


EXACT = [
    ((), True),
    (("cap self_study, paper at 50 hours per year",), True),
    (("cap self_study at 20 hours per year", "cap self_study, paper at 50 hours per year"), True),
    (("cap self_study at 20 hours per year", "cap training at 50 hours per year taking online first"), True),
    (("cap self_study at 8 hours per activity", "cap records at 50 hours per year taking online first"), True),
    (("cap training at 8 hours per day",), True),
    (("cap training at 8 hours per day", "cap training at 50 hours per year"), True),
    (("cap training at 8 hours per activity", "cap training at 8 hours per day"), True),
    # what the first year takes, the second lacks, and the third may have
    (("cap training at 50 hours in any 2 years",), False),
    # in one order, or what one cap takes another may give back
    (("cap self_study at 20 hours per year", "cap records at 50 hours per year taking online first"), False),
    (("cap training at 8 hours per day", "cap training, workshop at 8 hours per day"), False),
    (("cap training at 8 hours per activity after b", "cap training at 20 hours per year"), False),
    (("cap public at 9 hours per year", "cap training at 5 hours per year after a"), False),
]


@pytest.mark.parametrize(("caps", "exact"), EXACT)
def test_exact_bounds(caps: tuple[str, ...], exact: bool) -> None:
    made = plan(*(rule(name, s) for name, s in zip("abc", caps, strict=False)))
    assert exact_bounds(made.caps) is exact


# two `count once` rules → whether one record may be under both
ONCE = [
    ("training per title taking the highest", "paper per title taking the highest", False),
    ("training, paper per title taking the highest", "paper per provider taking the highest", True),
    ("public per title taking the highest", "paper per title taking the highest", True),
    ("per title taking the highest", "per provider taking the earliest", True),
    ("per title taking the highest when approved = yes", "per title taking the earliest when approved = no", False),
    ("per title taking the highest when form = training", "paper per title, provider taking the highest", False),
    ("per title taking the highest when form != training", "paper per title, provider taking the highest", True),
    ("public per title taking the highest when form = training", "paper per title taking the highest", False),
]


@pytest.mark.parametrize(("one", "other", "shared"), ONCE)
def test_two_rules_that_count_a_record_once(one: str, other: str, shared: bool) -> None:
    found = complaints(rule("a", f"count once {one}"), rule("b", f"count once {other}"))
    assert [(d.code, d.severity) for d in found] == [("PE260", "warning")] * shared


# two `convert` rules → whether the words alone show that one record is under both
CONVERT = [
    ("paper at 2 hours each", "records at 3 hours each when form = training", False),
    ("paper at 2 hours each", "records at 3 hours each when form = paper", True),
    ("paper at 2 hours each", "public at 3 hours each when form = training", False),
]


@pytest.mark.parametrize(("one", "other", "shared"), CONVERT)
def test_two_rules_that_convert_a_record(one: str, other: str, shared: bool) -> None:
    found = complaints(rule("a", f"convert {one}"), rule("b", f"convert {other}"))
    assert [d.code for d in found] == ["PE262"] * shared


def test_an_amendment_may_reverse_an_order() -> None:
    """Till 2015 a comes after b, from 2016 on b after a: nobody waits for anybody, and no wait is told."""
    law = [
        rule("a", "cap public at 10 hours per year after base/b", until=2015),
        rule("a", "cap public at 10 hours per year", start=2016),
        rule("b", "cap training at 10 hours per year", until=2015),
        rule("b", "cap training at 10 hours per year after base/a", start=2016),
    ]
    caps = [(c.rule.id, c.start is None) for c in plan(*law).caps]
    assert [name for name, old in caps if old] == ["b", "a"]
    assert [name for name, old in caps if not old] == ["a", "b"]
