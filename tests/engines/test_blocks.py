"""Blocks of years and terms from each person's date on both engines: which there are, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from tests.build import inputs, plan, record, rule, somebody
from tests.engines.differences import differences

ROOT = Path(__file__).parents[2]
BASE = (rule("rec", "recognise training"), rule("con", "convert training at stated hours"))
GIVEN = [record(f"R{y}", f"{y}-05-01", "training", 18, "hours") for y in range(2014, 2020)]
YEARLY = rule("y", "require total at least 18 hours per year")
READY = rule("c", "conclude promotion_ready when met in each of last 2 years")
BLOCKS = [
    # rules, asked, (period, total, outcome, consequences, possible ones) of the blocks
    ([rule("b", "require total at least 30 hours per 2 years starting 2017")], (2014, 2019),
     [("2017..2018", 36, "met", (), ())]),
    # a version that starts two years later goes on with the same blocks
    ([rule("b", "require total at least 30 hours per 2 years starting 2015", until=2016),
      rule("b", "require total at least 50 hours per 2 years starting 2017", start=2017)], (2014, 2019),
     [("2015..2016", 36, "met", (), ()), ("2017..2018", 36, "not_met", (), ())]),
    ([rule("a", "require total at least 30 hours per 2 years starting 2015"),
      rule("b", "require total at least 50 hours per 2 years starting 2017")], (2015, 2018),
     [("2015..2016", 36, "met", (), ()), ("2017..2018", 36, "not_met", (), ())]),
    # years by their own outcomes; where only blocks are decided nothing is known of years
    ([YEARLY, rule("b", "require total at least 50 hours per 2 years starting 2015"), READY], (2015, 2016),
     [("2015..2016", 36, "not_met", ("promotion_ready",), ())]),
    ([rule("b", "require total at least 30 hours per 2 years starting 2015"), READY], (2015, 2016),
     [("2015..2016", 36, "met", (), ("promotion_ready",))]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "asked", "expected"), BLOCKS)
def test_blocks(rules: list[object], asked: tuple[int, int], expected: list[tuple[object, ...]]) -> None:
    made, given = plan(*BASE, *rules), inputs(GIVEN, [somebody()])  # type: ignore[arg-type]
    wanted = reference.evaluate(made, given, asked)
    decided = [(d.period, d.total, d.outcome, d.consequences, d.possible) for d in wanted.decisions if ".." in d.period]
    assert decided == expected
    assert differences(wanted, engine.evaluate(made, given, asked)) == []


TWO_YEARS = rule("b", "require total at least 30 hours per 2 years starting 2015")
OF_A_WINDOW = [
    # condition of the conclusion; the decisions of 2015 and 2016 with which it is drawn; those where it is possible
    ("b met", ["2015..2016"], []),
    ("b not met", [], []),
    ("y met", ["2015", "2016"], []),
    ("met and y met", ["2015", "2016"], []),
    ("y not met", [], []),
    ("met", ["2015", "2016", "2015..2016"], []),  # names none
    ("b met and title_level = senior", [], ["2015..2016"]),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "drawn", "possible"), OF_A_WINDOW)
def test_a_conclusion_is_drawn_with_what_it_names(condition: str, drawn: list[str], possible: list[str]) -> None:
    """18 hours are asked of each year, 30 of 2015 and 2016 together; there are 18 in each."""
    made = plan(*BASE, YEARLY, TWO_YEARS, rule("c", f"conclude promotion_ready when {condition}"))
    wanted = reference.evaluate(made, inputs(GIVEN, [somebody()]), (2015, 2016))
    assert [d.period for d in wanted.decisions if d.consequences] == drawn
    assert [d.period for d in wanted.decisions if d.possible] == possible
    assert differences(wanted, engine.evaluate(made, inputs(GIVEN, [somebody()]), (2015, 2016))) == []


def test_where_no_block_is_due_there_is_a_result_without_decisions(tmp_path: Path) -> None:
    records = tmp_path / "r.csv"
    records.write_text(
        "record_id,person_id,date,form,quantity,unit,evidence\nR1,A,2010-05-01,培训班,10,学时,c\n", encoding="utf-8"
    )
    for name in ("reference", "duckdb"):
        asked = ["--policy", str(ROOT / "tests/packs/blocks"), "--engine", name, "--out", str(tmp_path / name)]
        done = CliRunner().invoke(main, ["evaluate", str(records), *asked])
        assert (done.exit_code, "no decision is due in these periods" in done.output) == (0, True), done.output
    for table in ("decisions.csv", "findings.csv", "ledger.csv", "missing.csv"):
        assert (tmp_path / "reference" / table).read_bytes() == (tmp_path / "duckdb" / table).read_bytes()


# --- terms from each person's own date, day by day --------------------------------------------------------------------

LEAP_DAYS = [date(2008, 2, 29), date(2012, 2, 29), date(2016, 2, 29), date(2013, 1, 31), date(2013, 3, 1)]


def terms(joined: date, months: int) -> Iterator[tuple[date, date]]:
    """Each term's first and last day, until 2023. Its day after the last is the day of the month on which she joined;
    where the month has no such day, its own last day ends the term."""
    first, place = joined, joined.year * 12 + joined.month - 1
    while first.year < 2024:
        place += months
        month = date(place // 12, place % 12 + 1, 1)
        following = date((place + 1) // 12, (place + 1) % 12 + 1, 1)
        longest = (following - month).days
        last = month + timedelta(longest - 1 if joined.day > longest else joined.day - 2)
        yield first, last
        first = last + timedelta(1)


@pytest.mark.parametrize(
    ("months", "start"), [(12, (1, 1)), (13, (9, 1)), (24, (1, 1)), (36, (7, 15)), (60, (1, 1)), (18, (3, 1))]
)
def test_terms_day_by_day(months: int, start: tuple[int, int]) -> None:
    """2,000 people in all, a third of whom joined at the end of a month; records on first and last days of terms."""
    rng = Random(months)
    made = plan(*BASE, f"require total at least 12 hours per {months} months from joined", year_start=start)
    people, records, expected = [], [], {}
    for number in range(334):
        who = f"P{number:03}"
        joined = rng.choice(LEAP_DAYS) if number % 3 == 0 else date(2006, 1, 1) + timedelta(rng.randrange(4000))
        people.append(somebody(who, joined=joined))
        held = list(terms(joined, months))
        ends = [date(2012, 1, 1) + timedelta(rng.randrange(4000)) for _ in range(4)]
        ends += [rng.choice(rng.choice(held)) for _ in range(4) if held]
        own = [(end, rng.randint(1, 9)) for end in ends]
        records += [record(f"{who}-{n}", str(end), "training", amount, "hours", person=who)
                    for n, (end, amount) in enumerate(own)]  # fmt: skip
        for first, last in held:
            year = last.year - ((last.month, last.day) < start)
            if 2014 <= year <= 2020:
                total = sum(amount for end, amount in own if first <= end <= last)
                assert (who, str(year)) not in expected  # no two end in one year
                expected[who, str(year)] = (first, last), total, "met" if total >= 12 else "not_met"
    given = inputs(records, people)
    wanted = reference.evaluate(made, given, (2014, 2020))
    assert {(f.person_id, f.period): (f.window, f.achieved, f.status) for f in wanted.findings} == expected
    assert differences(wanted, engine.evaluate(made, given, (2014, 2020))) == []


def test_a_term_that_begins_on_the_first_of_march_may_have_fewer_full_months() -> None:
    """March 1, 2015 to February 28, 2016 are eleven full months and 28 days; from February 22 on a year has twelve. A
    twelfth less for each, of a date that is not known: of the twelve perhaps all, of the eleven all but an hour."""
    made = plan(
        *BASE,
        rule("a", "require total at least 12 hours per 12 months from joined"),
        "reduce a by 1/12 per full month before qualified_on",
        "conclude not_excellent when a not met",
    )
    people = [somebody("P1", joined=date(2013, 2, 22)), somebody("P2", joined=date(2012, 2, 29))]
    given = inputs([], people)
    wanted = reference.evaluate(made, given, (2016, 2016))
    assert [(f.window[1].day, f.required, f.required_high, f.status) for f in wanted.findings] == [
        (21, 0, 12, "undetermined"),
        (28, 1, 12, "not_met"),
    ]
    assert [(d.consequences, d.possible) for d in wanted.decisions] == [
        ((), ("not_excellent",)),
        (("not_excellent",), ()),
    ]
    assert differences(wanted, engine.evaluate(made, given, (2016, 2016))) == []
