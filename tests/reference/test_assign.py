"""Stage 3 by hand: the periods in which a record counts."""

from __future__ import annotations

import pytest

from policyengine.engines import duckdb, reference
from tests.build import F, day, inputs, plan, record, rule, run, somebody

STATED = "convert training, workshop at stated hours"
BASE = ["recognise records", "convert training, lecture at stated hours", "convert paper at 1 to 2 hours each"]


def counted(
    rules: list[str], start: str, end: str, hours: object = 10, form: str = "training",
    year_start: tuple[int, int] = (1, 1), **facts: object,
) -> dict[str, object]:  # fmt: skip
    """Period → hours (or their bounds), of those that count any."""
    unit = "items" if form == "paper" else "hours"
    made = record("R1", end, form, hours, unit, start=start, **facts)  # type: ignore[arg-type]
    entries = run(plan(*BASE, *rules, year_start=year_start), [made], (2010, 2022)).ledger
    return {
        e.period or "": e.counted if e.counted == e.counted_high else (e.counted, e.counted_high)
        for e in entries
        if e.counted_high
    }


CASES = [
    # rules, start, end, facts, hours by period
    ([], "2016-12-20", "2017-01-05", {}, {"2017": 10}),  # by end date
    (["assign by start date"], "2016-12-20", "2017-01-05", {}, {"2016": 10}),
    # 12 days of 2016, 5 of 2017
    (["assign split by days"], "2016-12-20", "2017-01-05", {}, {"2016": F(120, 17), "2017": F(50, 17)}),
    (["assign split by days rounded down to 1 hour"], "2016-12-20", "2017-01-05", {}, {"2016": 7, "2017": 3}),
    (["assign split by days rounded up to 1 hour"], "2016-12-20", "2017-01-05", {}, {"2016": 8, "2017": 2}),
    (["assign split by days rounded up to 6 hours"], "2016-12-20", "2017-01-05", {}, {"2016": 10}),  # no more than all
    (["assign split by days rounded half up to 0.5 hours"], "2016-12-20", "2017-01-05", {}, {"2016": 7, "2017": 3}),
    # 1 day, 366 days, 1 day: of 10 hours 10/368, the whole year, the rest
    (["assign split by days rounded down to 0.1 hours"], "2015-12-31", "2017-01-01", {},
     {"2016": F(99, 10), "2017": F(1, 10)}),
    (["assign split by days"], "2016-03-01", "2016-03-05", {}, {"2016": 10}),
    # the claimed year, when there is one, until a day of the year after it
    (["assign to claimed year"], "2017-05-01", "2017-05-01", {"claimed_year": 2015}, {"2015": 10}),
    (["assign to claimed year"], "2017-05-01", "2017-05-01", {}, {"2017": 10}),
    (["assign to claimed year until March 31"], "2017-03-31", "2017-03-31", {"claimed_year": 2016}, {"2016": 10}),
    (["assign to claimed year until March 31"], "2017-04-01", "2017-04-01", {"claimed_year": 2016}, {"2017": 10}),
    (["assign to claimed year until March 31"], "2017-03-31", "2017-03-31", {"claimed_year": 2015}, {"2017": 10}),
    (["assign to claimed year until January 1"], "2017-01-01", "2017-01-01", {"claimed_year": 2016}, {"2016": 10}),
    (["assign to claimed year until January 1"], "2017-01-02", "2017-01-02", {"claimed_year": 2016}, {"2017": 10}),
    (["assign to claimed year when late_reason is present"], "2017-02-01", "2017-02-01",
     {"claimed_year": 2016}, {"2017": 10}),
    (["assign to claimed year when late_reason is present"], "2017-02-01", "2017-02-01",
     {"claimed_year": 2016, "late_reason": "illness"}, {"2016": 10}),
    # a rule that names the form prevails
    (["assign by start date", "assign training by end date"], "2016-12-20", "2017-01-05", {}, {"2017": 10}),
    (["assign by start date", "assign lecture by end date"], "2016-12-20", "2017-01-05", {}, {"2016": 10}),
    # unknown: in either
    (["assign by start date when level = city"], "2016-12-20", "2017-01-05", {}, {"2016": (0, 10), "2017": (0, 10)}),
    (["assign by start date when level = city"], "2016-12-20", "2016-12-25", {}, {"2016": 10}),
    (["assign by start date when level = city"], "2016-12-20", "2017-01-05", {"level": "city"}, {"2016": 10}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "start", "end", "facts", "expected"), CASES)
def test_assign(rules: list[str], start: str, end: str, facts: dict[str, object], expected: dict[str, object]) -> None:
    assert counted(rules, start, end, **facts) == expected


def test_the_year_begins_when_the_pack_says() -> None:
    assert counted([], "2016-08-31", "2016-08-31", year_start=(9, 1)) == {"2015": 10}
    assert counted([], "2016-09-01", "2016-09-01", year_start=(9, 1)) == {"2016": 10}
    # until March 31 of the year that follows 2015/16, which ends in August 2016
    late = ["assign to claimed year until March 31"]
    assert counted(late, "2017-03-31", "2017-03-31", claimed_year=2015, year_start=(9, 1)) == {"2015": 10}
    assert counted(late, "2017-04-01", "2017-04-01", claimed_year=2015, year_start=(9, 1)) == {"2016": 10}


def test_the_last_day_of_february_in_any_year() -> None:
    late = ["assign to claimed year until February 29"]
    assert counted(late, "2017-02-28", "2017-02-28", claimed_year=2016) == {"2016": 10}
    assert counted(late, "2017-03-01", "2017-03-01", claimed_year=2016) == {"2017": 10}


SAME = [
    # rules, of a record of May 2016 without a level; the first rule that is true: what is not known changes nothing
    (["assign by start date when level = city"], ""),
    (["assign by start date when level = city", "assign by end date when mode is missing"], "base/r5"),
    (["assign by end date when mode is missing", "assign by start date when level = city"], "base/r4"),
    (["assign by start date when level = city", "assign training by end date"], "base/r5"),
]


@pytest.mark.parametrize(("rules", "named"), SAME)
def test_where_all_rules_agree_that_is_named_which_is_true(rules: list[str], named: str) -> None:
    made, given = plan(*BASE, *rules), [record("R1", "2016-05-05", "training", 10, "hours", start="2016-05-01")]
    for judge in (reference.evaluate, duckdb.evaluate):
        [e] = judge(made, inputs(given), (2016, 2016), None).ledger
        assert (e.period, e.counted, e.reason, e.assign_rule, e.missing) == ("2016", 10, "counted", named, ())


def test_two_that_are_true_and_differ_are_ambiguous() -> None:
    rules = ["assign by start date when level = city", "assign by end date when mode = online"]
    made = record("R1", "2017-01-05", "training", 10, "hours", start="2016-12-20", level="city", mode="online")
    entries = run(plan(*BASE, *rules), [made], (2016, 2017)).ledger
    assert [(e.period, e.counted, e.counted_high, e.reason) for e in entries] == [
        ("2016", 0, 10, "ambiguous"),
        ("2017", 0, 10, "ambiguous"),
    ]
    assert entries[0].assign_rule == "base/r4+base/r5"
    # without the level: by its day of beginning, or as where no rule is true
    made = record("R1", "2017-01-05", "training", 10, "hours", start="2016-12-20")
    entries = run(plan(*BASE, rules[0]), [made], (2016, 2017)).ledger
    assert [(e.reason, e.assign_rule, e.missing) for e in entries] == [("missing_fact", "base/r4", ("level",))] * 2
    # one of them is true whatever the mode; whether the other one is, is all that is open
    rules = ["assign by start date when approved = yes", "assign by end date when level = city or mode = online"]
    made = record("R1", "2017-01-05", "training", 10, "hours", start="2016-12-20", level="city")
    assert [e.missing for e in run(plan(*BASE, *rules), [made], (2016, 2017)).ledger] == [("approved",)] * 2


def test_shares_of_an_unsettled_amount_are_bounded() -> None:
    """One or two papers: 10 to 20 hours, 12 days of 2016 and 5 of 2017, whole hours, down.

    10 gives 7 and 3; 20 gives 14 and 6; 17 gives 12 and 5; 16.9 gives 11 and 5.9.
    """
    found = counted(["assign split by days rounded down to 1 hour"], "2016-12-20", "2017-01-05", 10, "paper")
    low, high = found["2017"]  # type: ignore[misc]
    assert found["2016"] == (7, 14)
    assert low <= 3
    assert high >= 6


def test_bounds_hold_where_an_earlier_share_was_rounded_up() -> None:
    """One or two papers over three years, rounded up to 6 hours: of 10 hours 6, 4 and 0; of 20 hours 6, 14 and 0."""
    found = counted(["assign split by days rounded up to 6 hours"], "2015-10-03", "2017-03-31", 10, "paper")
    for hours, shares in ((10, {"2015": 6, "2016": 4}), (20, {"2015": 6, "2016": 14})):
        exact = counted(["assign split by days rounded up to 6 hours"], "2015-10-03", "2017-03-31", hours)
        assert {y: exact.get(y, 0) for y in shares} == shares
        for year in ("2015", "2016", "2017"):
            bounds = found.get(year, (0, 0))
            low, high = bounds if isinstance(bounds, tuple) else (bounds, bounds)
            assert low <= exact.get(year, 0) <= high  # type: ignore[operator]


BETWEEN = [
    # 10 to 20 hours over 90, 366 and 90 of 546 days: 1.65 to 3.30, 6.70 to 13.41, and the rest, 1.65 to 3.30
    ("down to 1 hour", {"2015": (1, 3), "2016": (6, 13), "2017": (1, 6)}),  # the last has up to two steps more
    ("up to 1 hour", {"2015": (2, 4), "2016": (0, 14), "2017": (0, 4)}),  # or up to two less; none may be left before
    ("half up to 1 hour", {"2015": (2, 3), "2016": (0, 13), "2017": (0, 5)}),  # half of that both ways
    ("down to 2 hours", {"2015": (0, 2), "2016": (6, 12), "2017": (0, 8)}),
]


@pytest.mark.parametrize(("rounded", "expected"), BETWEEN)
def test_bounds_of_shares_follow_from_the_rounding(rounded: str, expected: dict[str, object]) -> None:
    assert counted([f"assign split by days rounded {rounded}"], "2015-10-03", "2017-03-31", 10, "paper") == expected


def test_the_last_share_may_be_a_step_less_for_each_that_was_rounded_up() -> None:
    """10 to 20 hours over 90 and 300 of 390 days: 2.31 to 4.62, and 7.69 less at most 2 to 15.38, in steps of 2."""
    found = counted(["assign split by days rounded up to 2 hours"], "2015-10-03", "2016-10-26", 10, "paper")
    assert found == {"2015": (4, 6), "2016": (4, 16)}


def test_shares_are_rounded_in_the_unit_of_the_step() -> None:
    """10 hours, 12 of 17 days in 2016: 7 whole hours and 3; of whole credits at 3 hours, 2 (6 hours) and the rest."""
    exchange, one = (
        "exchange 1 credit for 3 hours",
        record("R1", "2017-01-05", "training", 10, "hours", start="2016-12-20"),
    )
    for step, total, expected in (
        ("1 hour", "90 hours", (7, 3)), ("1 credit", "90 hours", (6, 4)),
        ("1 hour", "90 credits", (F(7, 3), 1)), ("1 credit", "90 credits", (2, F(4, 3))),
    ):  # fmt: skip
        rules = [f"assign split by days rounded down to {step}", f"require total at least {total} per year", exchange]
        for judge in (reference.evaluate, duckdb.evaluate):
            found = judge(plan(*BASE[:1], STATED, *rules), inputs([one]), (2016, 2017), None)
            assert tuple(d.total for d in found.decisions) == expected, (step, total)
    # at the rate of the day on which the record ends
    rates = [rule("x", exchange, until=2016), rule("x", "exchange 1 credit for 4 hours", start=2017)]
    split = "assign split by days rounded down to 1 credit"
    found = run(plan(*BASE[:1], STATED, split, "require total at least 90 hours per year", *rates), [one], (2016, 2017))
    assert [d.total for d in found.decisions] == [4, 6]


def test_an_activity_in_no_asked_period_is_shown_as_such() -> None:
    for end in ("2015-12-31", "2017-01-01"):
        [e] = run(plan(*BASE), [record("R1", end, "training", 10, "hours")], 2016).ledger
        assert (e.period, e.reason, e.counted) == (None, "outside_period", 0)


# Of the first record it is not known how it is assigned, for want of ``approved``: what the later stages make of them.
SPLIT_OR_END = ["assign split by days when approved = yes", "cap training at 8 hours per day"]
CLAIM_OR_SPLIT = ["assign training to claimed year when approved = yes", "assign split by days"]
SPLIT_OR_CLAIM = ["assign training split by days when approved = yes", "assign to claimed year"]
CLAIM_OR_END = ["assign to claimed year when approved = yes"]
OPEN_CASES = [
    # 12 days, 96 hours: five of its days are in 2017 (40 hours), or all of them, for which the cap has 96
    (SPLIT_OR_END, [], [("2016-12-25", "2017-01-05", 96)], {"2016": (0, 56), "2017": (40, 96)}),
    # the law leaves open whether a day has 4 or 8
    ([SPLIT_OR_END[0], "cap training at 4 to 8 hours per day"], [], [("2016-12-25", "2017-01-05", 120)],
     {"2016": (0, 56), "2017": (20, 96)}),
    # which of two versions is asked: up to 40 hours in 2016, up to 15 in 2017
    (CLAIM_OR_END, [("cap training at 40 hours per activity", None, 2016),
                    ("cap training at 15 hours per activity", 2017, None)],
     [("2017-02-01", "2017-02-01", 20)], {"2016": (0, 20), "2017": (0, 15)}),
    # R2 repeats R1 only where R1 counts in 2017 too: 5 in 2016 and 10 in 2017, or 5 in 2017
    (CLAIM_OR_END, [("count once per title taking the earliest", 2017, None)],
     [("2017-02-01", "2017-02-01", 5), ("2017-03-01", "2017-03-01", 10)], {"2016": (0, 5), "2017": (0, 15)}),
    # all 10 in 2017, which R2 repeats, or 5 and 5, of which the version that began in 2017 does not speak: R1 counts
    (["assign split by days when approved = yes"], [("count once per title taking the earliest", 2017, None)],
     [("2016-12-31", "2017-01-01", 10), ("2017-03-01", "2017-03-01", 12)], {"2016": (0, 5), "2017": (5, 22)}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "versions", "records", "expected"), OPEN_CASES)
def test_where_it_is_open_how_a_record_is_assigned_so_are_its_days_and_its_version(
    rules: list[str], versions: list[tuple[str, int | None, int | None]], records: list[tuple[str, str, int]],
    expected: dict[str, object],
) -> None:  # fmt: skip
    made = plan(BASE[0], STATED, *rules, *(rule("v", text, start, until) for text, start, until in versions))
    for approved in (None, True, False):
        facts = {} if approved is None else {"approved": approved}
        rows = [
            record(f"R{n}", end, "training", hours, "hours", start=start, claimed_year=2016, title="A",
                   **({"approved": False} if n > 1 else facts))  # type: ignore[arg-type]
            for n, (start, end, hours) in enumerate(records, 1)
        ]  # fmt: skip
        found = {d.period: (d.total, d.total_high) for d in run(made, rows, (2016, 2017)).decisions}
        if approved is None:
            assert found == expected
        for year, (low, high) in found.items():
            assert expected[year][0] <= low <= high <= expected[year][1], approved  # type: ignore[index]


@pytest.mark.parametrize("rules", [CLAIM_OR_SPLIT, SPLIT_OR_CLAIM])
def test_whether_a_record_lies_in_a_window_is_open_with_its_days(rules: list[str]) -> None:
    """It is to January 5; its part of 2016 ends in the twelve months, all of it, claimed for 2016, does not."""
    made = plan(BASE[0], STATED, *rules, "require total at least 5 hours within 12 months of joined")
    found = {}
    for approved in (None, True, False):
        facts = {} if approved is None else {"approved": approved}
        row = record("R1", "2017-01-05", "training", 96, "hours", start="2016-12-25", claimed_year=2016, **facts)  # type: ignore[arg-type]
        [one] = run(made, [row], 2016, somebody(joined=day("2016-01-01"))).findings
        found[approved] = one.status
        if approved is None:
            assert (one.achieved, one.achieved_high, one.missing) == (0, 96, ("R1:approved",))
    # 10 hours of 2016, whichever it is: in steps of 12 all of them are split to the year in which it began
    made = plan(BASE[0], STATED, *(r.replace("by days", "by days rounded up to 12 hours") for r in rules),
                "require total at least 5 hours within 12 months of joined")  # fmt: skip
    row = record("R1", "2017-01-05", "training", 10, "hours", start="2016-12-25", claimed_year=2016)
    [one] = run(made, [row], 2016, somebody(joined=day("2016-01-01"))).findings
    assert (one.achieved, one.achieved_high, one.missing) == (0, 10, ("R1:approved",))
    # of its 56 hours until December 31 a limit leaves 10; all 96 are claimed beyond it
    made = plan(BASE[0], STATED, *rules, "cap training at 10 hours within 12 months of joined")
    row = record("R1", "2017-01-05", "training", 96, "hours", start="2016-12-25", claimed_year=2016)
    decisions = run(made, [row], (2016, 2017), somebody(joined=day("2016-01-01"))).decisions
    assert [(d.total, d.total_high) for d in decisions] == [(10, 96), (0, 40)]
    claimed = rules is CLAIM_OR_SPLIT
    assert found == {None: "undetermined", claimed: "not_met", not claimed: "met"}
