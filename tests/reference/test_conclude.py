"""Stage 8 by hand: outcomes, consequences, flags, and what is still in progress."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policyengine.engines import duckdb, reference
from policyengine.engines.calendar import block_before
from policyengine.records.model import Person, Record
from policyengine.trace import Decision
from tests.build import day, governs, inputs, plan, record, rule, run, somebody

BASE = [
    rule("all", "recognise records when result != failed"),
    rule("hours", "convert training at stated hours"),
]
A = rule("a", "require total at least 10 hours per year")
P = rule("p", "require professional at least 5 hours per year")
EXCUSED = ("valid_reason", "2016-05-01", "2016-05-01")
ILL = rule("e", "excuse year when circumstance = valid_reason")


def hours(*given: tuple[str, int] | tuple[str, int, str | None], subject: str = "public") -> list[Record]:
    made = []
    for number, (end, amount, *result) in enumerate(given, 1):
        held = {"result": result[0] if result else "passed", "subject": subject}
        facts = {k: v for k, v in held.items() if v is not None}
        made.append(record(f"R{number}", end, "training", amount, "hours", **facts))  # type: ignore[arg-type]
    return made


def decision(rules: list[object], records: list[Record], person: Person | None = None, as_of: str | None = None,
             period: int = 2016) -> Decision:  # fmt: skip
    [found] = run(plan(*BASE, *rules), records, period, person or somebody(), as_of=as_of).decisions  # type: ignore[arg-type]
    return found


OUTCOMES = [
    # rules, records, circumstances, outcome
    ([], [], [], "met"),  # nothing is required
    ([A], [("2016-05-01", 10)], [], "met"),
    ([A], [("2016-05-01", 9)], [], "not_met"),
    ([A], [("2016-05-01", 9), ("2016-06-01", 1, None)], [], "undetermined"),
    ([A, P], [("2016-05-01", 10)], [], "not_met"),
    ([A, P], [("2016-05-01", 9, None), ("2016-05-01", 1)], [], "not_met"),  # whatever becomes of the total
    ([A, ILL], [("2016-05-01", 9)], [EXCUSED], "excused"),
    ([A, ILL], [("2016-05-01", 10)], [EXCUSED], "met"),
    ([A, ILL], [("2016-05-01", 9), ("2016-06-01", 1, None)], [EXCUSED], "undetermined"),  # met or excused
    ([A, P, ILL], [("2016-05-01", 9), ("2016-06-01", 1, None)], [EXCUSED], "excused"),  # excused for P in any case
    ([rule("a", "expect total at least 10 hours per year")], [], [], "met"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "given", "circumstances", "outcome"), OUTCOMES)
def test_outcome(rules: list[object], given: list[tuple[str, int]], circumstances: list[tuple[str, str, str]],
                 outcome: str) -> None:  # fmt: skip
    assert decision(rules, hours(*given), somebody("P", *circumstances)).outcome == outcome


PROGRESS = [
    # as of, hours, outcome, days left
    ("2016-12-30", 9, "in_progress", 1), ("2016-12-31", 9, "not_met", None), ("2016-05-01", 10, "met", None),
    ("2015-01-01", 0, "in_progress", 730), ("2017-01-01", 9, "not_met", None), (None, 9, "not_met", None),
]  # fmt: skip


@pytest.mark.parametrize(("as_of", "amount", "outcome", "left"), PROGRESS)
def test_in_progress(as_of: str | None, amount: int, outcome: str, left: int | None) -> None:
    d = decision([A], hours(("2016-05-01", amount)), as_of=as_of)
    assert (d.outcome, d.days_left, d.shortfall_total) == (outcome, left, 10 - amount)


EXPECTED = "expect total at least 5 hours within 12 months of joined when title_level = senior"
"""Of those who joined in June 2015 it ends in June 2016; whether it is expected of her is not known."""


def test_what_is_only_expected_opens_no_outcome_and_is_not_asked_for() -> None:
    person = somebody(joined=day("2015-06-15"))
    assert decision([A, EXPECTED], [], person, as_of="2016-09-01").outcome == "in_progress"
    junior = rule("j", "require total at least 5 hours per year when sector = accounting")
    d = decision([junior, EXPECTED], [], person)
    assert (d.outcome, d.missing) == ("undetermined", ("person:sector",))
    # nor is what the rest of the year may bring: that of August is no part of the twelve months
    required = rule("m", EXPECTED.replace("expect", "require"))
    d = decision([A, required], hours(("2016-08-01", 3, None)), person, as_of="2016-09-01")
    assert (d.outcome, d.missing) == ("undetermined", ("person:title_level",))


def test_nobody_is_asked_for_an_excuse_that_ends_no_wait() -> None:
    """At most 5 hours: kept so far; more may break it till the year ends, whatever her title."""
    rules: list[object] = [
        rule("m", "require total at most 5 hours per year"), rule("e", "excuse year when title_level = senior"),
    ]  # fmt: skip
    [f] = run(plan(*BASE, *rules), hours(("2016-05-01", 4)), 2016, somebody(), as_of="2016-06-01").findings
    assert (f.status, f.missing) == ("in_progress", ())
    rules[0] = A
    [f] = run(plan(*BASE, *rules), hours(("2016-05-01", 4)), 2016, somebody(), as_of="2016-06-01").findings
    assert (f.status, f.missing) == ("in_progress", ("person:title_level",))


def test_a_decision_shows_the_strictest_of_what_is_firmly_required() -> None:
    of_all, more, vague = (
        rule("r", "require total at least 60 hours per year"),
        "require total at least {} hours per year when {}",
        "expect total at least 99 hours per year",
    )
    senior = somebody(title_level="senior")
    for least, owed in ((90, 90), (40, 60)):
        for name in "az":
            rules: list[object] = [
                of_all,
                rule(name, more.format(least, "title_level = senior")),
                rule(f"{name}e", vague),
            ]
            d = decision(rules, hours(("2016-05-01", 10)), senior)
            assert (d.required_total, d.shortfall_total) == (owed, owed - 10)


def test_what_was_not_met_stays_so_while_the_year_goes_on() -> None:
    rules: list[object] = [A, rule("m", "require professional at most 5 hours per year")]
    records = hours(("2016-05-01", 6), subject="professional")
    assert decision(rules, records, as_of="2016-06-01").outcome == "not_met"


HALF, THIRDS = (f"require professional {share} of total per year" for share in ("at most 1/2", "at least 2/3"))
SHARES = [
    # what is required, professional and public hours by March; outcome on 1 March, and after the year
    (HALF, 10, 5, "in_progress", "not_met"),  # 5 more public hours would keep it
    (HALF, 10, 10, "in_progress", "met"),
    (THIRDS, 5, 0, "in_progress", "met"),  # 5 more public hours would break it
    (THIRDS, 5, 5, "in_progress", "not_met"),
    ("require professional at least 5 hours per year", 5, 0, "met", "met"),  # no share, whatever comes
]  # fmt: skip


@pytest.mark.parametrize(("required", "professional", "public", "early", "late"), SHARES)
def test_a_share_of_what_counts_is_open_while_the_year_goes_on(
    required: str, professional: int, public: int, early: str, late: str
) -> None:
    given = [*hours(("2016-02-01", professional), subject="professional"), *hours(("2016-02-02", public))]
    records = [replace(r, record_id=f"R{n}") for n, r in enumerate(given)]
    made, who = plan(*BASE, required), somebody("P", EXCUSED)
    for judge in (reference.evaluate, duckdb.evaluate):
        for as_of, outcome in (("2016-03-01", early), ("2016-12-31", late)):
            found = judge(made, inputs(records, [who]), (2016, 2016), day(as_of))
            assert [f.status for f in found.findings] == [outcome]
    assert decision([required, ILL], records, who, "2016-03-01").outcome == ("excused" if late == "not_met" else early)


CONCLUSIONS = [
    # condition, hours of 2016, circumstances, sure, possible
    ("not met", 9, [], True, False),
    ("not met", 10, [], False, False),
    ("not met", None, [], False, True),
    ("not met", 9, [EXCUSED], True, False),  # excused is not met
    ("not met and not excused", 9, [EXCUSED], False, False),
    ("not met and not excused", None, [EXCUSED], False, False),  # met or excused, but neither way this
    ("not met and not excused", 9, [], True, False),
    ("met or excused", None, [EXCUSED], True, False),
    ("met or not met", None, [], True, False),  # whichever it is
    ("met", None, [EXCUSED], False, True),
    ("excused and circumstance = valid_reason", 9, [EXCUSED], True, False),
    ("not met and title_level = senior", 9, [], False, True),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "amount", "circumstances", "sure", "possible"), CONCLUSIONS)
def test_conclude(condition: str, amount: int | None, circumstances: list[tuple[str, str, str]], sure: bool,
                  possible: bool) -> None:  # fmt: skip
    given = [("2016-05-01", 10, None)] if amount is None else [("2016-05-01", amount)]
    rules: list[object] = [A, ILL, rule("c", f"conclude not_excellent when {condition}")]
    d = decision(rules, hours(*given), somebody("P", *circumstances))  # type: ignore[arg-type]
    assert (d.consequences, d.possible) == (("not_excellent",) * sure, ("not_excellent",) * possible)
    assert d.consequence_rules == ("base/c",) * sure


YEARS = [
    # hours of 2014, 2015 and 2016; sure and possible of "met in each of last 3 years"
    ((10, 10, 10), True, False), ((10, 10, 9), False, False), ((9, 10, 10), False, False),
    ((10, None, 10), False, True), ((10, None, 9), False, False), ((0, 10, 10), False, False),
]  # fmt: skip


@pytest.mark.parametrize(("amounts", "sure", "possible"), YEARS)
def test_in_each_of_the_last_years(amounts: tuple[int | None, ...], sure: bool, possible: bool) -> None:
    given = [
        (f"{2014 + n}-05-01", 10, None) if a is None else (f"{2014 + n}-05-01", a)
        for n, a in enumerate(amounts)
        if a != 0
    ]
    rules: list[object] = [A, "conclude promotion_ready when met in each of last 3 years"]
    d = decision(rules, hours(*given))  # type: ignore[arg-type]
    assert (d.consequences, d.possible) == (("promotion_ready",) * sure, ("promotion_ready",) * possible)


PUB = rule("pub", "require public at least 5 hours per year")
EXP = rule("exp", "expect professional at least 4 hours per year")
WAIVER = rule("w", "excuse pub when circumstance = valid_reason")
OF_SENIORS = rule("pub", "require public at least 5 hours per year when title_level = senior")
WITHIN = rule("pub", "require public at least 5 hours within 12 months of joined")
ROLLING = rule("pub", "require public at least 5 hours in any 2 years")
EVERY, OTHERS = "not met for 3 years running", "pub not met for 2 years running"
SOME, EACH = "not met for 2 of last 3 years", "pub met in each of last 3 years"
HAD = "met for 2 of last 3 years"
FROM_2016 = replace(PUB, start=day("2016-01-01"))
ILL_IN = {year: ("valid_reason", f"{year}-05-01", f"{year}-05-01") for year in (2014, 2015, 2016)}
RUNNING = [
    # condition; hours of 2014, 2015 and 2016 (None: 0 to 10); rules beside a total of 10; facts; years of an excuse;
    # sure, possible
    (EVERY, (9, 9, 9), [], {}, [], True, False),
    (EVERY, (0, 0, 0), [], {}, [], True, False),  # years without records count as evaluated
    (EVERY, (10, 9, 9), [], {}, [], False, False),
    (EVERY, (9, 10, 9), [], {}, [], False, False),
    (EVERY, (9, 9, 10), [], {}, [], False, False),
    (EVERY, (9, None, 9), [], {}, [], False, True),
    (EVERY, (9, 9, None), [], {}, [], False, True),
    (EVERY, (None, 10, None), [], {}, [], False, False),
    (f"not ({EVERY})", (9, 9, 9), [], {}, [], False, False),
    (f"not ({EVERY})", (9, None, 9), [], {}, [], False, True),
    (f"not ({EVERY})", (9, 10, 9), [], {}, [], True, False),
    # an excused year is none of them, and breaks the run
    (EVERY, (9, 9, 9), [ILL], {}, [2015], False, False),
    (EVERY, (9, 9, 9), [ILL], {}, [2016], False, False),
    (EVERY, (9, 9, 9), [ILL], {}, [], True, False),
    (EVERY, (9, None, 9), [ILL], {}, [2015], False, False),  # met or excused
    ("not (met in each of last 2 years)", (9, 9, 10), [], {}, [], True, False),  # one of them was missed
    ("not met for 2 years running", (9, 9, 10), [], {}, [], False, False),
    # with other conditions
    (f"{EVERY} and met", (9, 9, None), [], {}, [], False, False),  # of one year both can't be
    (f"{EVERY} or met", (9, 9, None), [], {}, [], True, False),  # whichever it is
    (f"{EVERY} and title_level = senior", (9, 9, 9), [], {"title_level": "senior"}, [], True, False),
    (f"{EVERY} and title_level = senior", (9, 9, 9), [], {"title_level": "junior"}, [], False, False),
    (f"{EVERY} and title_level = senior", (9, 9, 9), [], {}, [], False, True),
    # of one requirement: 5 public hours
    (OTHERS, (0, 4, 4), [PUB], {}, [], True, False),
    (OTHERS, (0, 5, 4), [PUB], {}, [], False, False),
    (OTHERS, (0, 4, 5), [PUB], {}, [], False, False),
    (OTHERS, (0, None, 4), [PUB], {}, [], False, True),
    (OTHERS, (0, 4, None), [PUB], {}, [], False, True),
    (OTHERS, (0, 5, None), [PUB], {}, [], False, False),
    (f"not ({OTHERS})", (0, 5, None), [PUB], {}, [], True, False),
    (OTHERS, (0, 9, 9), [PUB], {}, [], False, False),  # the total is not met, the public hours are
    (OTHERS, (0, 4, 4), [PUB, WAIVER], {}, [2015], False, False),
    (OTHERS, (0, 4, 4), [PUB, WAIVER], {}, [2014], True, False),
    (OTHERS, (0, 0, 0), [FROM_2016], {}, [], False, False),  # of 2015 nothing was asked
    ("pub not met for 3 years running", (4, 4, 4), [PUB], {}, [], True, False),
    ("pub not met for 3 years running", (5, 4, 4), [PUB], {}, [], False, False),
    (OTHERS, (0, 4, 4), [OF_SENIORS], {"title_level": "junior"}, [], False, False),
    (OTHERS, (0, 4, 4), [OF_SENIORS], {"title_level": "senior"}, [], True, False),
    (OTHERS, (0, 4, 4), [OF_SENIORS], {}, [], False, True),
    (OTHERS, (0, 4, 4), [rule("pub", "expect public at least 5 hours per year")], {}, [], True, False),
    (f"met and {OTHERS}", (0, 4, 10), [PUB], {}, [], False, False),
    (f"met and {OTHERS}", (0, 4, None), [PUB], {}, [], False, False),
    # any two years that end with 2015, and with 2016: 5 public hours in each
    (OTHERS, (1, 1, 3), [ROLLING], {}, [], True, False),
    (OTHERS, (1, 2, 3), [ROLLING], {}, [], False, False),
    (OTHERS, (3, 2, 2), [ROLLING], {}, [], False, False),
    # two or more of the three, whichever they are
    (SOME, (9, 10, 9), [], {}, [], True, False),
    (SOME, (9, 9, 10), [], {}, [], True, False),
    (SOME, (10, 9, 9), [], {}, [], True, False),
    (SOME, (9, 9, 9), [], {}, [], True, False),
    (SOME, (0, 0, 10), [], {}, [], True, False),  # years without records count as evaluated
    (SOME, (10, 10, 9), [], {}, [], False, False),
    (SOME, (10, 10, 10), [], {}, [], False, False),
    (SOME, (9, None, 9), [], {}, [], True, False),
    (SOME, (9, None, 10), [], {}, [], False, True),
    (SOME, (10, 9, None), [], {}, [], False, True),
    (SOME, (None, None, 10), [], {}, [], False, True),
    (SOME, (10, None, 10), [], {}, [], False, False),
    ("not met for 3 of last 4 years", (0, 9, 9), [], {}, [], True, False),  # 2013 without records, too
    ("not met for 3 of last 4 years", (10, 9, 9), [], {}, [], True, False),
    ("not met for 3 of last 4 years", (10, 9, 10), [], {}, [], False, False),
    # an excused year is none of them
    (SOME, (9, 9, 10), [ILL], {}, [2015], False, False),
    (SOME, (9, 9, 9), [ILL], {}, [2015], True, False),
    (SOME, (9, 9, 9), [ILL], {}, [2014, 2015], False, False),
    (SOME, (9, None, 10), [ILL], {}, [2015], False, False),  # met or excused
    (SOME, (9, None, 9), [ILL], {}, [2014], False, True),
    # with other conditions
    (f"not ({SOME})", (9, 10, 9), [], {}, [], False, False),
    (f"not ({SOME})", (10, 10, 9), [], {}, [], True, False),
    (f"not ({SOME})", (10, None, 9), [], {}, [], False, True),
    (f"{SOME} and met", (9, 9, 10), [], {}, [], True, False),
    (f"{SOME} and met", (9, 9, None), [], {}, [], False, True),
    (f"{SOME} and met", (9, 10, None), [], {}, [], False, False),  # where it is met there is but one
    (f"{SOME} or met", (9, 10, None), [], {}, [], True, False),  # whichever it is
    (f"{SOME} and not met and not excused", (9, 9, 9), [ILL], {}, [2016], False, False),
    # of one requirement: 5 public hours
    ("pub " + SOME, (4, 5, 4), [PUB], {}, [], True, False),
    ("pub " + SOME, (4, 4, 5), [PUB], {}, [], True, False),
    ("pub " + SOME, (5, 5, 4), [PUB], {}, [], False, False),
    ("pub " + SOME, (4, 9, 9), [PUB], {}, [], False, False),  # the total is not met, the public hours are
    ("pub " + SOME, (4, None, 5), [PUB], {}, [], False, True),
    ("pub " + SOME, (4, None, 4), [PUB], {}, [], True, False),
    ("pub " + SOME, (4, 4, 5), [PUB, WAIVER], {}, [2015], False, False),
    ("pub " + SOME, (4, 4, 4), [PUB, WAIVER], {}, [2015], True, False),
    ("pub " + SOME, (0, 0, 0), [FROM_2016], {}, [], False, False),  # of 2014 and 2015 nothing was asked
    ("pub " + SOME, (4, 5, 4), [OF_SENIORS], {"title_level": "senior"}, [], True, False),
    ("pub " + SOME, (4, 5, 4), [OF_SENIORS], {"title_level": "junior"}, [], False, False),
    ("pub " + SOME, (4, 5, 4), [OF_SENIORS], {}, [], False, True),
    ("pub " + SOME, (4, 5, 4), [rule("pub", "expect public at least 5 hours per year")], {}, [], True, False),
    ("pub " + SOME, (3, 2, 2), [ROLLING], {}, [], True, False),  # 3, 5 and 4 of two years each
    ("pub " + SOME, (5, 0, 4), [ROLLING], {}, [], False, False),
    # two or more of the three were met, whichever they are
    (HAD, (10, 9, 10), [], {}, [], True, False),
    (HAD, (10, 10, 9), [], {}, [], True, False),
    (HAD, (9, 10, 10), [], {}, [], True, False),
    (HAD, (10, 10, 10), [], {}, [], True, False),  # who has met three has met two
    (HAD, (10, 9, 9), [], {}, [], False, False),
    (HAD, (0, 0, 10), [], {}, [], False, False),  # years without records count as evaluated
    (HAD, (10, None, 10), [], {}, [], True, False),
    (HAD, (10, None, 9), [], {}, [], False, True),
    (HAD, (None, None, 9), [], {}, [], False, True),
    (HAD, (9, None, 9), [], {}, [], False, False),
    ("met for 1 of last 3 years", (9, 9, 10), [], {}, [], True, False),
    ("met for 1 of last 3 years", (0, 0, 9), [], {}, [], False, False),
    ("met for 1 of last 3 years", (9, None, 9), [], {}, [], False, True),
    ("met for 3 of last 4 years", (0, 10, 10), [], {}, [], False, False),  # 2013 without records, too
    # an excused year is none of them; one that was met in spite of an excuse is
    (HAD, (10, 9, 10), [ILL], {}, [2015], True, False),
    (HAD, (10, 9, 9), [ILL], {}, [2015], False, False),
    (HAD, (10, 9, 9), [ILL], {}, [2015, 2016], False, False),
    (HAD, (10, 10, 9), [ILL], {}, [2015], True, False),
    (HAD, (10, None, 9), [ILL], {}, [2015], False, True),  # met or excused
    (f"not ({SOME})", (10, 9, 9), [ILL], {}, [2015], True, False),  # who counts the excused says so
    # with other conditions
    (f"not ({HAD})", (10, 9, 9), [], {}, [], True, False),
    (f"not ({HAD})", (10, None, 9), [], {}, [], False, True),
    (f"not ({HAD})", (10, 9, 10), [], {}, [], False, False),
    (f"{HAD} and not met", (10, 10, 9), [], {}, [], True, False),
    (f"{HAD} and not met", (10, 10, None), [], {}, [], False, True),
    (f"{HAD} and not met", (10, 9, None), [], {}, [], False, False),  # where it is not met there is but one
    (f"{HAD} or not met", (10, 9, None), [], {}, [], True, False),  # whichever it is
    (f"{HAD} and {SOME}", (10, 9, None), [], {}, [], False, False),
    (f"{HAD} or {SOME}", (10, 9, None), [], {}, [], True, False),
    # of one requirement
    ("pub " + HAD, (5, 4, 5), [PUB], {}, [], True, False),
    ("pub " + HAD, (5, 4, 4), [PUB], {}, [], False, False),
    ("pub " + HAD, (0, 9, 9), [PUB], {}, [], True, False),  # though the total is not
    ("pub " + HAD, (5, None, 4), [PUB], {}, [], False, True),
    ("pub " + HAD, (5, 4, 4), [PUB, WAIVER], {}, [2015], False, False),
    ("pub " + HAD, (5, 4, 5), [PUB, WAIVER], {}, [2015], True, False),
    ("pub " + HAD, (0, 0, 0), [FROM_2016], {}, [], True, False),  # of 2014 and 2015 nothing was asked
    ("pub " + HAD, (4, 4, 4), [OF_SENIORS], {"title_level": "junior"}, [], True, False),
    ("pub " + HAD, (5, 4, 4), [OF_SENIORS], {"title_level": "senior"}, [], False, False),
    ("pub " + HAD, (5, 4, 4), [OF_SENIORS], {}, [], False, True),
    ("pub " + HAD, (5, 4, 5), [OF_SENIORS], {}, [], True, False),
    ("pub " + HAD, (5, 4, 5), [rule("pub", "expect public at least 5 hours per year")], {}, [], True, False),
    ("pub " + HAD, (3, 2, 2), [ROLLING], {}, [], False, False),  # 3, 5 and 4 of two years each
    ("pub " + HAD, (5, 0, 4), [ROLLING], {}, [], True, False),
    # one requirement met in each year
    (EACH, (5, 5, 5), [PUB], {}, [], True, False),  # though the total is not
    (EACH, (5, 5, 4), [PUB], {}, [], False, False),
    (EACH, (4, 5, 5), [PUB], {}, [], False, False),
    (EACH, (5, None, 5), [PUB], {}, [], False, True),
    (EACH, (5, None, 4), [PUB], {}, [], False, False),
    (EACH, (0, 5, 5), [PUB], {}, [], False, False),
    (f"not ({EACH})", (5, 5, 4), [PUB], {}, [], True, False),
    (f"{EACH} and (not met)", (5, 5, 5), [PUB], {}, [], True, False),
    (f"{EACH} and (not met)", (10, 10, 10), [PUB], {}, [], False, False),
    ("pub met in each of last 1 year", (0, 0, 5), [PUB], {}, [], True, False),
    # an excused year is not met; a year in which it was not asked is
    (EACH, (5, 4, 5), [PUB, WAIVER], {}, [2015], False, False),
    (EACH, (5, 5, 5), [PUB, WAIVER], {}, [2015], True, False),
    (EACH, (5, None, 5), [PUB, WAIVER], {}, [2015], False, True),
    ("pub met or excused in each of last 3 years", (5, 4, 5), [PUB, WAIVER], {}, [2015], True, False),
    ("pub met or excused in each of last 3 years", (5, None, 5), [PUB, WAIVER], {}, [2015], True, False),
    ("pub met or excused in each of last 3 years", (4, 4, 5), [PUB, WAIVER], {}, [2015], False, False),
    ("pub excused in each of last 2 years", (5, 4, 4), [PUB, WAIVER], {}, [2015, 2016], True, False),
    ("pub excused in each of last 2 years", (5, 4, 5), [PUB, WAIVER], {}, [2015, 2016], False, False),
    (EACH, (0, 0, 5), [FROM_2016], {}, [], True, False),
    (EACH, (4, 4, 4), [OF_SENIORS], {"title_level": "junior"}, [], True, False),
    (EACH, (4, 4, 4), [OF_SENIORS], {"title_level": "senior"}, [], False, False),
    (EACH, (4, 4, 4), [OF_SENIORS], {}, [], False, True),
    (EACH, (5, 5, 5), [OF_SENIORS], {}, [], True, False),
    (EACH, (5, 3, 2), [ROLLING], {}, [], True, False),
    (EACH, (5, 2, 2), [ROLLING], {}, [], False, False),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "amounts", "beside", "facts", "excused", "sure", "possible"), RUNNING)
def test_not_met_for_years_running(
    condition: str, amounts: tuple[int | None, ...], beside: list[object], facts: dict[str, object],
    excused: list[int], sure: bool, possible: bool,
) -> None:  # fmt: skip
    who, records = of_years(amounts, facts, excused)
    made = plan(*BASE, A, *beside, rule("c", f"conclude not_excellent when {condition}"))
    for asked in ASKED:
        d = reference.evaluate(made, inputs(records, [who]), asked).decisions[-1]
        assert (d.consequences, d.possible) == (("not_excellent",) * sure, ("not_excellent",) * possible)


ASKED = (2016, 2016), (2014, 2016)  # the years before are looked at, asked for or not


def of_years(
    amounts: tuple[int | None, ...], facts: dict[str, object], excused: list[int]
) -> tuple[Person, list[Record]]:
    dated = [(f"{2014 + n}-05-01", *((10, None) if a is None else (a,))) for n, a in enumerate(amounts) if a != 0]
    return somebody("P", *(ILL_IN[year] for year in excused), **facts), hours(*dated)  # type: ignore[arg-type]


Case = tuple[Any, ...]  # of a table: condition, amounts, rules beside, …, sure, possible


def by_plan(table: list[Case]) -> list[list[Case]]:
    """The cases of a table that differ in people alone: the compiled engine judges them together."""
    found: dict[Any, list[Case]] = {}
    for case in table:
        found.setdefault((case[0], *map(id, case[2])), []).append(case)
    return list(found.values())


def compiled(cases: list[Case], people: list[tuple[Person, list[Record]]], asked: tuple[int, int]) -> None:
    """The compiled engine draws of each of these people what the table says."""
    condition, _, beside, *_ = cases[0]
    made = plan(*BASE, A, *beside, rule("c", f"conclude not_excellent when {condition}"))
    whole = inputs(
        [
            replace(r, person_id=f"P{n}", record_id=f"{n}:{r.record_id}")
            for n, (_, own) in enumerate(people)
            for r in own
        ],
        [replace(who, person_id=f"P{n}") for n, (who, _) in enumerate(people)],
    )
    drawn = {d.person_id: d for d in duckdb.evaluate(made, whole, asked).decisions if d.period == "2016"}
    found = [(drawn[f"P{n}"].consequences, drawn[f"P{n}"].possible) for n in range(len(cases))]
    assert found == [(("not_excellent",) * sure, ("not_excellent",) * possible) for *_, sure, possible in cases]


@pytest.mark.parametrize(
    ("cases", "asked"),
    # that the years before are asked for, too, changes nothing of how they are looked at: of every fourth plan
    [(cases, asked) for n, cases in enumerate(by_plan(RUNNING)) for asked in (ASKED if n % 4 == 0 else ASKED[:1])],
    ids=lambda value: value[0][0] if isinstance(value, list) else f"{value[0]}..{value[1]}",
)
def test_not_met_for_years_running_is_compiled(cases: list[Case], asked: tuple[int, int]) -> None:
    compiled(cases, [of_years(*(case[i] for i in (1, 3, 4))) for case in cases], asked)


OF_FIVE = [
    # hours of 2011 to 2016, all of them public; whether two, and three, of the last five years were not met
    ((10, 9, 10, 10, 10, 9), True, False),
    ((9, 10, 10, 10, 10, 9), False, False),  # 2011 is the sixth
    ((9, 9, 10, 9, 10, 10), True, False),
    ((10, 9, 9, 9, 9, 9), True, True),
    ((10, 10, 9, 9, 10, 9), True, True),
    ((10, 10, 10, 10, 10, 10), False, False),
]


@pytest.mark.parametrize("judge", [reference.evaluate, duckdb.evaluate], ids=["reference", "duckdb"])
@pytest.mark.parametrize("asked", [(2016, 2016), (2012, 2016)])
@pytest.mark.parametrize("of", ["", "pub "])
@pytest.mark.parametrize("state", ["not met", "met"])
def test_some_of_the_last_five_years(of: str, state: str, asked: tuple[int, int], judge: Any) -> None:
    """Of those that were met the other way round: 9 hours where there were 10, and 10 where there were 9."""
    same = rule("pub", "require public at least 10 hours per year")
    texts = [f"conclude {name} when {of}{state} for {n} of last 5 years"
             for name, n in (("not_excellent", 2), ("promotion_ready", 3))]  # fmt: skip
    people, records = [], []
    for n, (amounts, *_) in enumerate(OF_FIVE):
        people.append(somebody(f"P{n}"))
        own = hours(*((f"{2011 + year}-05-01", a if state == "not met" else 19 - a) for year, a in enumerate(amounts)))
        records += [replace(r, person_id=f"P{n}", record_id=f"{n}:{r.record_id}") for r in own]
    found = judge(plan(*BASE, A, same, *texts), inputs(records, people), asked).decisions
    assert [(d.consequences, d.possible) for d in found if d.period == "2016"] == [
        (("not_excellent",) * two + ("promotion_ready",) * three, ()) for _, two, three in OF_FIVE
    ]


def test_a_year_that_goes_on_may_be_one_of_those_not_met() -> None:
    made = [A, rule("c", "conclude not_excellent when not met for 2 of last 3 years")]
    for amounts, sure, possible in (((4, 10, 4), 0, 1), ((4, 4, 4), 1, 0), ((10, 10, 4), 0, 0), ((4, 10, 10), 0, 0)):
        records = hours(*((f"{2014 + n}-05-01", a) for n, a in enumerate(amounts)))
        d = decision(made, records, as_of="2016-06-01")  # type: ignore[arg-type]
        assert (len(d.consequences), len(d.possible)) == (sure, possible)


def test_a_year_that_goes_on_may_be_one_of_those_met() -> None:
    made = [A, rule("c", "conclude not_excellent when met for 2 of last 3 years")]
    for amounts, sure, possible in (((10, 4, 4), 0, 1), ((10, 4, 10), 1, 0), ((10, 10, 4), 1, 0), ((4, 4, 4), 0, 0)):
        records = hours(*((f"{2014 + n}-05-01", a) for n, a in enumerate(amounts)))
        d = decision(made, records, as_of="2016-06-01")  # type: ignore[arg-type]
        assert (len(d.consequences), len(d.possible)) == (sure, possible)


def test_a_year_that_goes_on_may_end_a_run() -> None:
    made = [
        A,
        PUB,
        rule("c", "conclude not_excellent when not met for 2 years running or pub not met for 2 years running"),
    ]
    for amounts, as_of, sure, possible in (
        ((4, 4), "2016-06-01", 0, 1), ((4, 10), "2016-06-01", 0, 0), ((4, 4), "2016-12-31", 1, 0),
        ((10, 4), "2016-06-01", 0, 0), ((4, 4), "2015-06-01", 0, 1),
    ):  # fmt: skip
        records = hours(*((f"{2015 + n}-05-01", a) for n, a in enumerate(amounts)))
        d = decision(made, records, as_of=as_of)  # type: ignore[arg-type]
        assert (len(d.consequences), len(d.possible)) == (sure, possible)


def test_years_running_before_any_calendar_are_open() -> None:
    for condition in ("not met for 2 years running", "pub not met for 2 years running",
                      "not met for 2 of last 3 years", "pub not met for 2 of last 3 years"):  # fmt: skip
        made = plan(*BASE, A, PUB, f"conclude not_excellent when {condition}")
        for judge in (reference.evaluate, duckdb.evaluate):
            first, second = judge(made, inputs([], [somebody()]), (1, 2)).decisions
            assert (first.possible, second.consequences) == (("not_excellent",), ("not_excellent",))


@pytest.mark.parametrize(("years", "compiled"), [(101, True), (102, False)])
def test_of_more_than_a_hundred_years_before_only_the_reference_evaluator_is_asked(years: int, compiled: bool) -> None:
    """Each of them is a join of the compiled engine; of a thousand the database made no query."""
    made = plan(*BASE, A, rule("c", f"conclude not_excellent when not met for {years} years running"))
    given = inputs([], [somebody()])
    found = duckdb.evaluate_all([made], given, (2016, 2016))
    assert (found is not None) == compiled
    wanted = reference.evaluate(made, given, (2016, 2016))
    assert [d.consequences for d in wanted.decisions] == [("not_excellent",)]
    assert found is None or found.decisions == wanted.decisions


def test_a_block_looks_at_the_years_running_that_end_with_it() -> None:
    """As with met in each of them: a block of which all is missed is one period, and its years are asked."""
    block = "require total at least 20 hours per 2 years starting 2015"
    run_ = "conclude not_excellent when not met for 2 years running"
    for judge in (reference.evaluate, duckdb.evaluate):
        for of_years, amounts, sure, possible in (
            ([A], (9, 9), 1, 0), ([A], (10, 9), 0, 0), ([A], (9, 10), 0, 0), ([], (9, 9), 0, 1),
        ):  # fmt: skip
            made = plan(*BASE, *of_years, block, run_)  # type: ignore[arg-type]
            records = hours(*((f"{2015 + n}-05-01", a) for n, a in enumerate(amounts)))
            d = judge(made, inputs(records, [somebody()]), (2015, 2016)).decisions[-1]
            assert (d.period, len(d.consequences), len(d.possible)) == ("2015..2016", sure, possible)


def test_a_block_looks_at_some_of_the_years_that_end_with_it() -> None:
    block = "require total at least 20 hours per 2 years starting 2015"
    for judge in (reference.evaluate, duckdb.evaluate):
        for of_years, amounts, sure, possible in (
            ([A], (9, 10, 9), 1, 0), ([A], (9, 9, 10), 1, 0), ([A], (10, 10, 9), 0, 0), ([], (9, 9, 9), 0, 1),
        ):  # fmt: skip
            made = plan(*BASE, *of_years, block, "conclude not_excellent when not met for 2 of last 3 years")  # type: ignore[arg-type]
            records = hours(*((f"{2014 + n}-05-01", a) for n, a in enumerate(amounts)))
            d = judge(made, inputs(records, [somebody()]), (2015, 2016)).decisions[-1]
            assert (d.period, len(d.consequences), len(d.possible)) == ("2015..2016", sure, possible)


def test_a_block_looks_at_its_years_not_at_itself() -> None:
    """A block may be met although its last year is not: then that year was not met."""
    block = "require total at least 20 hours per 2 years starting 2015"
    rules: list[object] = [A, block, "conclude promotion_ready when met in each of last 2 years"]
    made = plan(*BASE, *rules)
    for last, ready in ((10, True), (9, False)):
        decided = run(made, hours(("2015-05-01", 15), ("2016-05-01", last)), (2015, 2016)).decisions
        block_ = decided[-1]
        assert (block_.period, block_.outcome) == ("2015..2016", "met")
        assert block_.consequences == ("promotion_ready",) * ready


TWO = "require total at least 20 hours per 2 years starting {}"
CYCLE = rule("cycle", TWO.format(2011))
RUN, EACH_CYCLE = "cycle not met for 2 cycles running", "cycle met in each of last 2 cycles"
OF_CYCLE = rule("w", "excuse cycle when circumstance = valid_reason")
SENIOR_CYCLE = rule("cycle", TWO.format(2011) + " when title_level = senior")
SINCE_2015 = rule("cycle", TWO.format(2015))
THREE, LATER = [
    replace(
        rule("cycle", "require total at least 20 hours per {} years starting {}".format(*window)), **{when: day(that)}
    )
    for window, when, that in (((3, 2012), "until", "2014-12-31"), ((2, 2015), "start", "2015-01-01"))
]
CYCLES = [
    # condition; hours of each of 2011 to 2016 (None: 0 to 10), in cycles of two years; rules; facts; years of an
    # excuse; sure, possible in 2015..2016
    (RUN, (0, 0, 10, 9, 10, 9), [CYCLE], {}, [], True, False),
    (RUN, (0, 0, 10, 10, 10, 9), [CYCLE], {}, [], False, False),  # the one before was met
    (RUN, (0, 0, 10, 9, 10, 10), [CYCLE], {}, [], False, False),
    (RUN, (0, 0, 0, 0, 0, 0), [CYCLE], {}, [], True, False),  # years without records count as evaluated
    (RUN, (0, 0, 0, 19, 19, 0), [CYCLE], {}, [], True, False),  # whichever year of it they are of
    (RUN, (0, 0, 10, None, 10, 9), [CYCLE], {}, [], False, True),
    (RUN, (0, 0, 10, 9, 10, None), [CYCLE], {}, [], False, True),
    (RUN, (0, 0, 10, None, 10, 10), [CYCLE], {}, [], False, False),
    (f"not ({RUN})", (0, 0, 10, None, 10, 9), [CYCLE], {}, [], False, True),
    (f"not ({RUN})", (0, 0, 10, 10, 10, 9), [CYCLE], {}, [], True, False),
    ("cycle not met for 3 cycles running", (9, 10, 9, 10, 9, 10), [CYCLE], {}, [], True, False),
    ("cycle not met for 3 cycles running", (10, 10, 9, 10, 9, 10), [CYCLE], {}, [], False, False),
    # before 2011 there is none: met
    ("cycle not met for 4 cycles running", (0, 0, 0, 0, 0, 0), [CYCLE], {}, [], False, False),
    ("cycle not met for 3 of last 4 cycles", (0, 0, 0, 0, 0, 0), [CYCLE], {}, [], True, False),
    ("cycle not met for 2 of last 3 cycles", (9, 10, 10, 10, 9, 10), [CYCLE], {}, [], True, False),
    ("cycle not met for 2 of last 3 cycles", (10, 10, 10, 10, 9, 10), [CYCLE], {}, [], False, False),
    ("cycle met for 2 of last 3 cycles", (10, 10, 9, 10, 10, 10), [CYCLE], {}, [], True, False),
    ("cycle met for 2 of last 3 cycles", (10, 10, 9, 10, 9, None), [CYCLE], {}, [], False, False),
    ("cycle met for 2 of last 3 cycles", (10, 10, 9, 10, 10, None), [CYCLE], {}, [], False, True),
    (EACH_CYCLE, (0, 0, 10, 10, 10, 10), [CYCLE], {}, [], True, False),
    (EACH_CYCLE, (0, 0, 10, 9, 10, 10), [CYCLE], {}, [], False, False),
    ("cycle met in each of last 1 cycle", (0, 0, 0, 0, 10, 10), [CYCLE], {}, [], True, False),
    # an excused cycle is neither, and breaks the run; of five years or not, leave counts that lies in them
    (RUN, (0, 0, 10, 9, 10, 9), [CYCLE, OF_CYCLE], {}, [2014], False, False),
    (RUN, (0, 0, 10, 9, 10, 9), [CYCLE, OF_CYCLE], {}, [2015], False, False),
    (RUN, (0, 0, 10, None, 10, 9), [CYCLE, OF_CYCLE], {}, [2014], False, False),
    (EACH_CYCLE, (0, 0, 10, 9, 10, 10), [CYCLE, OF_CYCLE], {}, [2014], False, False),
    (EACH_CYCLE.replace("met", "met or excused"), (0, 0, 10, 9, 10, 10), [CYCLE, OF_CYCLE], {}, [2014], True, False),
    # an excused year does not excuse the cycle
    (RUN, (0, 0, 10, 9, 10, 9), [CYCLE, ILL], {}, [2014, 2015], True, False),
    # not asked of the person, or not in force: met
    (RUN, (0, 0, 0, 0, 0, 0), [SENIOR_CYCLE], {"title_level": "junior"}, [], False, False),
    (RUN, (0, 0, 0, 0, 0, 0), [SENIOR_CYCLE], {"title_level": "senior"}, [], True, False),
    (RUN, (0, 0, 0, 0, 0, 0), [SENIOR_CYCLE], {}, [], False, True),
    (RUN, (0, 0, 0, 0, 0, 0), [SINCE_2015], {}, [], False, False),
    (RUN, (0, 0, 0, 0, 0, 0), [replace(CYCLE, start=day("2015-01-01"))], {}, [], False, False),
    (RUN, (0, 0, 0, 0, 0, 0), [replace(CYCLE, start=day("2014-01-01"))], {}, [], True, False),  # it ends in 2014
    (EACH_CYCLE, (0, 0, 0, 0, 10, 10), [SINCE_2015], {}, [], True, False),
    # cycles of three years until 2014, of two since: 2012..2014 and 2015..2016
    (RUN, (0, 0, 10, 9, 10, 9), [THREE, LATER], {}, [], True, False),
    (RUN, (0, 1, 10, 9, 10, 9), [THREE, LATER], {}, [], False, False),
    (RUN, (20, 0, 10, 9, 10, 9), [THREE, LATER], {}, [], True, False),  # 2011 is not among them
    (RUN, (0, 0, 10, 9, 10, 9), [replace(THREE, until=day("2013-12-31")), LATER], {}, [], False, False),
    # expected only; with another condition
    (RUN, (0, 0, 10, 9, 10, 9), [rule("cycle", TWO.format(2011).replace("require", "expect"))], {}, [], True, False),
    (f"{RUN} and cycle not met", (0, 0, 10, 9, 10, None), [CYCLE], {}, [], False, True),
    (f"{RUN} and cycle met", (0, 0, 10, 9, 10, None), [CYCLE], {}, [], False, False),
    (f"{RUN} or cycle met", (0, 0, 10, 9, 10, None), [CYCLE], {}, [], True, False),  # whichever it is
    # years of the block are others than the block: of 2016 and 2015 one was met, of the cycles none
    (f"{RUN} and (not (not met for 2 years running))", (0, 0, 10, 9, 10, 9), [CYCLE, A], {}, [], True, False),
    (f"{RUN} and (not met for 2 years running)", (0, 0, 10, 9, 9, 9), [CYCLE, A], {}, [], True, False),
]  # fmt: skip


def of_six_years(
    amounts: tuple[int | None, ...], facts: dict[str, object], excused: list[int]
) -> tuple[Person, list[Record]]:
    dated = [(f"{2011 + n}-05-01", *((10, None) if a is None else (a,))) for n, a in enumerate(amounts) if a != 0]
    return somebody("P", *(ILL_IN[year] for year in excused), **facts), hours(*dated)  # type: ignore[arg-type]


@pytest.mark.parametrize(("condition", "amounts", "rules", "facts", "excused", "sure", "possible"), CYCLES)
def test_cycles_running(
    condition: str, amounts: tuple[int | None, ...], rules: list[object], facts: dict[str, object],
    excused: list[int], sure: bool, possible: bool,
) -> None:  # fmt: skip
    who, records = of_six_years(amounts, facts, excused)
    made = plan(*BASE, *rules, rule("c", f"conclude not_excellent when {condition}"))  # type: ignore[arg-type]
    for judge in (reference.evaluate, duckdb.evaluate):
        for asked in ((2016, 2016), (2011, 2016)):  # the cycles before are looked at, asked for or not
            [d] = (d for d in judge(made, inputs(records, [who]), asked).decisions if d.period == "2015..2016")
            assert (d.consequences, d.possible) == (("not_excellent",) * sure, ("not_excellent",) * possible)


@pytest.mark.parametrize(
    ("first", "years", "ago", "before"),
    [  # until 2015 cycles of two years and of four, both from 2012 on
        (2016, 3, 1, (2012, 4)),  # of three years there is none: the longest that ends in 2015
        (2016, 2, 1, (2014, 2)),
        (2016, 2, 2, (2012, 2)),
        (2016, 2, 3, None),  # before 2012 there is none
        (2017, 3, 1, None),  # none ends in 2016
    ],
)
def test_which_of_several_cycles_is_the_one_before(
    first: int, years: int, ago: int, before: tuple[int, int] | None
) -> None:
    assert block_before(first, years, ago, lambda year: [(2, 2012), (4, 2012)] if year <= 2015 else []) == before


def test_cycles_are_looked_at_where_a_cycle_ends() -> None:
    """In no year of its own, and in no block of another requirement."""
    other = rule("other", "require total at least 1 hour per 3 years starting 2012")
    made = plan(*BASE, A, CYCLE, other, rule("c", f"conclude not_excellent when {RUN}"))
    for judge in (reference.evaluate, duckdb.evaluate):
        drawn = {d.period: d.consequences for d in judge(made, inputs([], [somebody()]), (2011, 2016)).decisions}
        assert [period for period, names in drawn.items() if names] == ["2013..2014", "2015..2016"]


def test_a_cycle_that_goes_on_may_end_a_run() -> None:
    made = plan(*BASE, CYCLE, rule("c", f"conclude not_excellent when {RUN}"))
    for judge in (reference.evaluate, duckdb.evaluate):
        for amounts, as_of, sure, possible in (
            ((10, 9, 9), "2016-06-01", 0, 1), ((10, 10, 9), "2016-06-01", 0, 0), ((10, 9, 20), "2016-06-01", 0, 0),
            ((10, 9, 9), "2016-12-31", 1, 0), ((10, 9, 9), "2015-03-01", 0, 1),
        ):  # fmt: skip
            records = hours(*((f"{2013 + n}-05-01", a) for n, a in enumerate(amounts)))
            d = judge(made, inputs(records, [somebody()]), (2015, 2015), day(as_of)).decisions
            if as_of == "2016-12-31":
                d = judge(made, inputs(records, [somebody()]), (2016, 2016), day(as_of)).decisions
            assert (d[-1].period, len(d[-1].consequences), len(d[-1].possible)) == ("2015..2016", sure, possible)


def test_met_or_excused_in_each_year() -> None:
    rules: list[object] = [A, ILL, "conclude promotion_ready when met or excused in each of last 2 years"]
    assert decision(rules, hours(("2015-05-01", 10)), somebody("P", EXCUSED)).consequences == ("promotion_ready",)
    assert decision(rules, hours(("2015-05-01", 9)), somebody("P", EXCUSED)).consequences == ()
    # 2015 met, 2016 met or excused: either way
    open_ = hours(("2015-05-01", 10), ("2016-05-01", 10, None))
    assert decision(rules, open_, somebody("P", EXCUSED)).consequences == ("promotion_ready",)


def test_years_before_any_calendar_are_open() -> None:
    rules: list[object] = [A, "conclude promotion_ready when met in each of last 3 years"]
    records = [record("R1", "0001-05-01", "training", 10, "hours", result="passed")]
    assert decision(rules, records, period=1).possible == ("promotion_ready",)
    rules[1] = "conclude promotion_ready when met in each of last 2 years"
    records.append(replace(records[0], record_id="R2", start=day("0002-05-01"), end=day("0002-05-01")))
    assert decision(rules, records, period=2).consequences == ("promotion_ready",)


OPEN = ("2016-05-01", 10, None)  # 0 to 10 public hours
JOINED = {n: {"joined": day(d)} for n, d in (("here", "2015-06-15"), ("later", "2016-06-15"))}
OF_REQUIREMENTS = [
    # condition; public hours of 2016, or records; rules beside a total of 10; facts; circumstances; sure, possible
    ("pub not met", 4, [PUB], {}, [], True, False),
    ("pub not met", 5, [PUB], {}, [], False, False),
    ("pub not met", [OPEN], [PUB], {}, [], False, True),
    ("pub met", [OPEN], [PUB], {}, [], False, True),
    ("pub met or pub not met", [OPEN], [PUB], {}, [], True, False),  # whichever it is
    # of the excused
    ("pub not met", 4, [PUB, WAIVER], {}, [EXCUSED], True, False),  # excused is not met
    ("pub not met and pub not excused", 4, [PUB, WAIVER], {}, [], True, False),
    ("pub not met and pub not excused", 4, [PUB, WAIVER], {}, [EXCUSED], False, False),
    ("pub not met and pub not excused", [OPEN], [PUB, WAIVER], {}, [EXCUSED], False, False),  # met or excused
    ("pub excused", 4, [PUB, WAIVER], {}, [EXCUSED], True, False),
    ("pub excused", 5, [PUB, WAIVER], {}, [EXCUSED], False, False),
    ("pub excused", [OPEN], [PUB, WAIVER], {}, [EXCUSED], False, True),
    ("not excused and pub excused", 4, [PUB, WAIVER], {}, [EXCUSED], True, False),  # the total is not met
    # beside the outcome of the period: met only where all is met
    ("not met and pub met", 5, [PUB], {}, [], True, False),
    ("not met and pub met", 4, [PUB], {}, [], False, False),
    ("met and pub not met", [OPEN], [PUB], {}, [], False, False),
    ("met and pub met", [OPEN], [PUB], {}, [], False, True),
    # what is only expected
    ("exp not met", 10, [EXP], {}, [], True, False),
    ("met and exp not met", 10, [EXP], {}, [], True, False),
    ("not met and exp not met", 10, [EXP], {}, [], False, False),
    ("pub not met or exp not met", 10, [PUB, EXP], {}, [], True, False),
    ("pub not met and exp not met", 10, [PUB, EXP], {}, [], False, False),
    # of whom it is not asked
    ("pub not met", 0, [OF_SENIORS], {"title_level": "junior"}, [], False, False),
    ("pub met", 0, [OF_SENIORS], {"title_level": "junior"}, [], True, False),
    ("pub not met", 0, [OF_SENIORS], {"title_level": "senior"}, [], True, False),
    ("pub not met", 0, [OF_SENIORS], {}, [], False, True),
    ("pub met", 0, [OF_SENIORS], {}, [], False, True),
    ("pub met", 5, [OF_SENIORS], {}, [], True, False),  # asked or not
    ("pub not met", 0, [replace(PUB, start=day("2017-01-01"))], {}, [], False, False),
    ("pub met", 0, [replace(PUB, start=day("2017-01-01"))], {}, [], True, False),
    # windows that end with the year, and others
    ("pub not met", [("2015-05-01", 3), ("2016-05-01", 2)], [ROLLING], {}, [], False, False),
    ("pub not met", [("2014-05-01", 3), ("2016-05-01", 2)], [ROLLING], {}, [], True, False),
    ("pub not met", [("2016-05-01", 5)], [WITHIN], JOINED["here"], [], False, False),
    ("pub met", [("2016-05-01", 5)], [WITHIN], JOINED["here"], [], True, False),
    ("pub not met", [("2016-07-01", 5)], [WITHIN], JOINED["here"], [], True, False),
    ("pub not met", [("2016-07-01", 5)], [WITHIN], JOINED["later"], [], False, False),
    ("pub met", [("2016-07-01", 5)], [WITHIN], JOINED["later"], [], False, False),  # nor is it met as yet
    ("pub met or pub not met", [("2016-07-01", 5)], [WITHIN], {}, [], False, True),  # drawn if they end in 2016
    ("pub not met", [], [WITHIN], {}, [], False, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "given", "beside", "facts", "circumstances", "sure", "possible"), OF_REQUIREMENTS
)
def test_conclude_from_one_requirement(
    condition: str, given: int | list[tuple[str, int]], beside: list[object], facts: dict[str, object],
    circumstances: list[tuple[str, str, str]], sure: bool, possible: bool,
) -> None:  # fmt: skip
    who, records = of_2016(given, facts, circumstances)
    made = plan(*BASE, A, *beside, rule("c", f"conclude not_excellent when {condition}"))
    [d] = reference.evaluate(made, inputs(records, [who]), (2016, 2016)).decisions
    assert (d.consequences, d.possible) == (("not_excellent",) * sure, ("not_excellent",) * possible)


def of_2016(
    given: int | list[tuple[str, int]], facts: dict[str, object], circumstances: list[tuple[str, str, str]]
) -> tuple[Person, list[Record]]:
    records = hours(*(given if isinstance(given, list) else [("2016-05-01", given)]))
    return somebody("P", *circumstances, **facts), records  # type: ignore[arg-type]


@pytest.mark.parametrize("cases", by_plan(OF_REQUIREMENTS), ids=lambda cases: cases[0][0])
def test_conclude_from_one_requirement_is_compiled(cases: list[Case]) -> None:
    compiled(cases, [of_2016(*(case[i] for i in (1, 3, 4))) for case in cases], (2016, 2016))


def test_a_requirement_is_open_while_its_year_goes_on() -> None:
    for amount, condition, sure, possible in (
        (4, "pub not met", 0, 1), (5, "pub not met", 0, 0), (5, "pub met", 1, 0), (4, "pub met", 0, 1),
    ):  # fmt: skip
        rules: list[object] = [A, PUB, rule("c", f"conclude not_excellent when {condition}")]
        d = decision(rules, hours(("2016-05-01", amount)), as_of="2016-06-01")
        assert (len(d.consequences), len(d.possible)) == (sure, possible)


def test_the_requirement_that_is_named_is_what_governs_in_its_place() -> None:
    """6 public hours are enough for the base, not for the sector; a base conclusion is drawn from the sector's rule."""
    over = rule("more", "override base/pub: require public at least 8 hours per year", pack="sector")
    for name in ("pub", "base/pub"):
        rules: list[object] = [governs(over, PUB), rule("c", f"conclude not_excellent when {name} not met")]
        assert decision(rules, hours(("2016-05-01", 6))).consequences == ("not_excellent",)
        assert decision(rules, hours(("2016-05-01", 8))).consequences == ()
    own = rule("c", "conclude not_excellent when more not met", pack="sector")
    assert decision([governs(over, PUB), own], hours(("2016-05-01", 6))).consequences == ("not_excellent",)


@pytest.mark.parametrize(("count", "sure"), [(6, True), (7, False)])
def test_in_more_than_64_ways_each_requirement_is_looked_at_by_itself(count: int, sure: bool) -> None:
    """Each of them is met or not, so that one of the two is true of it; of seven there are 128 ways."""
    expected = [rule(f"e{n}", "expect public at least 5 hours per year") for n in range(count)]
    each = " and ".join(f"(e{n} met or e{n} not met)" for n in range(count))
    rules: list[object] = [*expected, rule("c", f"conclude not_excellent when {each}")]
    d = decision(rules, hours(OPEN))
    assert (d.consequences, d.possible) == ((("not_excellent",), ()) if sure else ((), ("not_excellent",)))


def test_the_decision_shows_totals_by_subject_and_what_caps_took() -> None:
    rules: list[object] = [
        A,
        P,
        "cap training at 8 hours per activity",
        "expect professional at least 7 hours per year",
    ]
    records = [*hours(("2016-05-01", 12)), *hours(("2016-06-01", 3), subject="professional")]
    records[1] = record("R9", "2016-06-01", "training", 3, "hours", result="passed", subject="professional")
    d = decision(rules, records)
    assert (d.total, d.by_subject, d.capped_off) == (11, {"public": 8, "professional": 3}, 4)
    assert d.advisories == ("base/r6",)  # that P is not met is no advice
    assert (d.required_total, d.shortfall_total) == (10, 0)
    assert (d.required_by_subject, d.shortfall_by_subject) == ({"professional": 5}, {"professional": 2})


REPEATED = [
    # flag's fields, titles by record (None: missing), flags: record, whether it is certain, what would settle it
    ("title", {"R1": "A", "R2": None}, [("R2", False, ("title",))]),
    ("title", {"R1": None, "R2": "A"}, [("R2", False, ("R1:title",))]),
    ("title", {"R1": None, "R2": None}, [("R2", False, ("R1:title", "title"))]),
    ("title", {"R1": "A", "R2": "A", "R3": None},
     [("R2", True, ()), ("R3", False, ("title",))]),
    ("title", {"R1": None, "R2": "A", "R3": "A"},  # what the first lacks changes nothing for the last
     [("R2", False, ("R1:title",)), ("R3", True, ())]),
    ("title, date", {"R1": "A", "R2": None}, []),  # on other days
    ("title, form", {"R1": "A", "R2": None}, [("R2", False, ("title",))]),
]  # fmt: skip


class TestFlags:
    def flags(
        self, rules: list[object], records: list[Record], person: Person | None = None
    ) -> list[tuple[str, str, bool]]:
        result = run(plan(*BASE, *rules), records, 2016, person or somebody())  # type: ignore[arg-type]
        return [(f.record_id, f.flag, f.certain) for f in result.flags]

    def test_on_every_record_that_could_be_read(self) -> None:
        rows = [("R1", "2016-05-01", 200), ("R2", "2012-05-01", 200), ("R3", "2016-05-01", 100)]
        costs = [record(name, day, None, cost=cost) for name, day, cost in rows]
        flags = self.flags(["flag fee_charged when cost > 100 yuan"], costs)
        assert flags == [("R1", "fee_charged", True), ("R2", "fee_charged", True)]

    def test_unknown_is_not_certain_and_says_what_is_missing(self) -> None:
        result = run(plan(*BASE, "flag fee_charged when cost > 100 yuan"), [record("R1", "2016-05-01")], 2016)
        assert [(f.certain, f.missing) for f in result.flags] == [(False, ("cost",))]

    def test_repeated_looks_at_earlier_records_only(self) -> None:
        rows = [record("R3", "2016-05-02", title="A"), record("R1", "2016-05-03", title="A"),
                record("R2", "2016-05-01", title="B"), record("R4", "2016-05-04", title="C")]  # fmt: skip
        rule_ = "flag looks_repeated when repeated per title"
        assert self.flags([rule_], rows) == [("R1", "looks_repeated", True)]
        assert self.flags([rule_], rows[::-1]) == [("R1", "looks_repeated", True)]
        assert self.flags(["flag looks_repeated when repeated per title, date"], rows) == []

    @pytest.mark.parametrize(("per", "titles", "expected"), REPEATED)
    def test_repeated_is_unknown_where_a_value_is_missing(
        self, per: str, titles: dict[str, str | None], expected: list[object]
    ) -> None:
        rows = [
            record(name, f"2016-05-0{n}", **({} if title is None else {"title": title}))
            for n, (name, title) in enumerate(titles.items(), 1)
        ]
        result = run(plan(*BASE, f"flag looks_repeated when repeated per {per}"), rows[::-1], 2016)
        assert [(f.record_id, f.certain, f.missing) for f in result.flags] == expected

    def test_in_force_on_the_records_date(self) -> None:
        rules: list[object] = [rule("f", "flag fee_charged when cost > 100 yuan", start=2016)]
        rows = [record("R1", "2015-12-31", cost=200), record("R2", "2016-01-01", cost=200)]
        assert self.flags(rules, rows) == [("R2", "fee_charged", True)]
