"""Stages 5 and 6 by hand: what is measured, what is required, and whether it is met."""

from __future__ import annotations

from datetime import date

import pytest

from policyengine.engines import duckdb, reference
from policyengine.packs.model import Column, Table
from policyengine.records.model import Fact, Person, Record
from policyengine.trace import Finding
from tests.build import F, governs, inputs, plan, record, rule, run, somebody
from tests.engines.differences import differences

BASE = [
    rule("all", "recognise records when result != failed"),
    rule("hours", "convert training, workshop, lecture, self_study, paper at stated hours"),
]


def hours(*given: object) -> list[Record]:
    """``("2016-05-01", 10, {facts})``: training of so many hours, recognised; ``REVIEW``: in need of review."""
    made = []
    for number, one in enumerate(given, 1):
        end, amount, *more = one  # type: ignore[misc]
        facts = {"form": "training", "result": "passed", **(more[0] if more else {})}
        held = {k: v for k, v in facts.items() if v is not None and k != "form"}
        made.append(record(f"R{number}", end, facts["form"], amount, "hours", **held))  # type: ignore[arg-type]
    return made


REVIEW = {"result": None}


def finding(
    rules: list[object], records: list[Record], period: str = "2016", person: Person | None = None, of: str = ""
) -> Finding:
    """The finding of the only requirement (or of rule ``of``) in a period."""
    result = run(plan(*BASE, *rules), records, (2014, 2022), person or somebody())  # type: ignore[arg-type]
    found = [f for f in result.findings if f.period == period and f.rule.startswith(of)]
    assert len(found) == 1, [f.rule for f in found]
    return found[0]


TOTALS = [
    # requirement, records, achieved low and high, status, shortfall
    ("require total at least 20 hours per year", [("2016-05-01", 20)], 20, 20, "met", 0),
    ("require total at least 20 hours per year", [("2016-05-01", F(39, 2))], F(39, 2), F(39, 2), "not_met", F(1, 2)),
    ("require total at least 20 hours per year", [("2015-12-31", 20), ("2017-01-01", 20)], 0, 0, "not_met", 20),
    ("require total at least 20 hours per year", [], 0, 0, "not_met", 20),
    ("require total at least 20 hours per year", [("2016-05-01", 12), ("2016-06-01", 8, REVIEW)], 12, 20,
     "undetermined", 8),
    ("require total at least 20 hours per year", [("2016-05-01", 20), ("2016-06-01", 8, REVIEW)], 20, 28, "met", 0),
    ("require total at least 20 hours per year", [("2016-05-01", 11), ("2016-06-01", 8, REVIEW)], 11, 19, "not_met", 9),
    # a term of any field of the record
    ("require professional at least 20 hours per year", [("2016-05-01", 12, {"subject": "professional"}),
     ("2016-06-01", 30, {"subject": "public"})], 12, 12, "not_met", 8),
    ("require professional at least 20 hours per year", [("2016-05-01", 12, {"subject": "professional"}),
     ("2016-06-01", 30)], 12, 42, "undetermined", 8),
    ("require self_study at least 5 hours per year", [("2016-05-01", 12), ("2016-06-01", 5, {"form": "self_study"})],
     5, 5, "met", 0),
    # at most
    ("require total at most 20 hours per year", [("2016-05-01", 20)], 20, 20, "met", 0),
    ("require total at most 20 hours per year", [("2016-05-01", 21)], 21, 21, "not_met", 1),
    ("require total at most 20 hours per year", [("2016-05-01", 20), ("2016-06-01", 1, REVIEW)], 20, 21,
     "undetermined", 0),
    # a figure that the law leaves open, or is lost
    ("require total at least 20 to 30 hours per year", [("2016-05-01", 30)], 30, 30, "met", 0),
    ("require total at least 20 to 30 hours per year", [("2016-05-01", 25)], 25, 25, "undetermined", 5),
    ("require total at least 20 to 30 hours per year", [("2016-05-01", 19)], 19, 19, "not_met", 11),
    ("require total at least yearly_hours(this year) per year", [("2016-05-01", 72)], 72, 72, "met", 0),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "given", "low", "high", "status", "short"), TOTALS)
def test_per_year(sentence: str, given: list[object], low: object, high: object, status: str, short: object) -> None:
    f = finding([sentence], hours(*given))
    assert (f.achieved, f.achieved_high, f.status, f.shortfall) == (low, high, status, short)
    assert f.window == (date(2016, 1, 1), date(2016, 12, 31))


def test_what_would_settle_it_is_named_record_by_record() -> None:
    f = finding(["require total at least 20 hours per year"], hours(("2016-05-01", 12), ("2016-06-01", 8, REVIEW)))
    assert f.missing == ("R2:result",)


CAP = "cap training at 10 hours per year"
WAITING = [
    # rules, records, what would settle how many professional hours there are, 8 of which are required
    # the public record takes 8 of the 10 hours, or none of them
    ([CAP], [("2016-01-05", 8, {"subject": "public", **REVIEW}), ("2016-02-01", 8)], ("R1:result",)),
    # it comes after: it takes nothing from the other, which is met
    ([CAP], [("2016-01-05", 8), ("2016-02-01", 8, {"subject": "public", **REVIEW})], None),
    (["cap training at 2 to 9 hours per year"], [("2016-01-05", 8)], ("figure",)),
    (["cap training at unknown hours per year"], [("2016-01-05", 8)], ("figure",)),
    # whether the record is under the cap
    (["cap training at 2 hours per year when employer_kind = enterprise"], [("2016-01-05", 8)],
     ("person:employer_kind",)),
    (["cap training at 2 hours per year when mode = online"], [("2016-01-05", 8)], ("R1:mode",)),
    # when the months begin
    (["cap training at 2 hours within 12 months of joined"], [("2016-01-05", 8)], ("person:joined",)),
    # which of the two comes first
    (["cap training at 10 hours per year taking in_person first"],
     [("2016-01-05", 8, {"subject": "public", "mode": "online"}), ("2016-02-01", 8)], ("R2:mode",)),
    # whether the record repeats another one
    (["count once per title taking the highest"],
     [("2016-01-05", 9, {"subject": "public", "title": "L", **REVIEW}), ("2016-02-01", 8, {"title": "L"})],
     ("R1:result",)),
    # whether that rule speaks of the other one
    (["count once per title taking the highest when mode = online"],
     [("2016-01-05", 9, {"subject": "public", "title": "L"}), ("2016-02-01", 8, {"title": "L", "mode": "online"})],
     ("R1:mode",)),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "given", "missing"), WAITING)
def test_what_caps_leave_waits_for(rules: list[object], given: list[object], missing: tuple[str, ...] | None) -> None:
    records = hours(*((day, h, {"subject": "professional", **(more[0] if more else {})}) for day, h, *more in given))  # type: ignore[misc, attr-defined]
    f = finding([*rules, "require professional at least 8 hours per year"], records)
    assert (f.status, f.missing) == (("met", ()) if missing is None else ("undetermined", missing))


def test_a_limit_that_rests_on_the_person_waits_for_the_fact() -> None:
    rules: list[object] = ["cap training at level_hours(title_level) per year"]
    f = finding([*rules, "require total at least 45 hours per year"], hours(("2016-05-01", 50)))
    assert (f.status, f.missing) == ("undetermined", ("person:title_level",))


def test_a_share_of_what_was_counted_waits_for_all_that_counts() -> None:
    given = hours(("2016-05-01", 30, {"subject": "public", **REVIEW}), ("2016-06-01", 10, {"subject": "professional"}))
    f = finding(["require professional at least 2/3 of total per year"], given)
    assert (f.status, f.required, f.required_high, f.missing) == ("undetermined", F(20, 3), F(80, 3), ("R1:result",))


def test_a_table_without_a_row_for_the_year_requires_nothing() -> None:
    rules = ["require total at least yearly_hours(this year) per year"]
    result = run(plan(*BASE, *rules), hours(("2017-05-01", 1)), (2016, 2018))
    assert [(f.period, f.required) for f in result.findings] == [("2016", 72), ("2018", 90)]
    assert [d.outcome for d in result.decisions] == ["not_met", "met", "not_met"]


def test_a_table_asked_with_a_missing_fact_leaves_it_open() -> None:
    rules: list[object] = ["require total at least level_hours(title_level) per year"]
    assert finding(rules, hours(("2016-05-01", 12)), "2016", somebody(title_level="junior")).status == "met"
    assert finding(rules, hours(("2016-05-01", 12)), "2016", somebody(title_level="middle")).status == "not_met"
    f = finding(rules, hours(("2016-05-01", 12)), "2016", somebody())
    assert (f.status, f.required, f.required_high, f.missing) == ("undetermined", 0, 40, ("person:title_level",))
    assert finding(rules, hours(("2016-05-01", 40)), "2016", somebody()).status == "met"


def test_what_is_required_is_that_of_the_person_and_the_year() -> None:
    """A figure of the rank, one lowered by leave, shares of these and of what was counted."""
    rules = [
        rule("rank", "require total at least level_hours(title_level) per year"),
        rule("leave", "require public at least 24 hours per year"),
        rule("owed", "require professional at least 1/2 of total requirement per year"),
        rule("due", "require lecture at least 1/2 of public requirement per year"),
        rule("counted", "require workshop at least 1/10 of total per year"),
        rule("cut", "reduce leave by 1/12 per full month of leave"),
    ]
    ill = ("illness", "2016-03-01", "2016-03-31")
    people = [somebody("P1", title_level="junior"), somebody("P2", ill, title_level="middle"), somebody("P3")]
    given = [record(f"R{p}", "2016-05-01", "training", 10 * p, "hours", person=f"P{p}") for p in (1, 2, 3)]
    found: dict[str, list[object]] = {}
    for f in run(plan("recognise records", BASE[1], *rules), given, 2016, *people).findings:
        found.setdefault(f.person_id, []).append((f.required, f.required_high))
    assert found == {
        # counted, due, leave, owed, rank
        "P1": [(1, 1), (12, 12), (24, 24), (6, 6), (12, 12)],
        "P2": [(2, 2), (11, 11), (22, 22), (20, 20), (40, 40)],
        "P3": [(3, 3), (12, 12), (24, 24), (0, 20), (0, 40)],
    }


def test_a_table_without_a_figure_for_the_year_asks_nothing_of_whoever_lacks_its_key() -> None:
    columns = (
        Column("year", "year", type="year"),
        Column("level", "key", "term", field="title_level"),
        Column("hours", "value", "number", unit="hours"),
    )
    table = Table("level_hours", columns, ((2016, "junior", F(12)), (2016, "middle", F(40))), (2, 3), "t.csv")
    made = plan(
        *BASE,
        "require total at least level_hours(this year, title_level) per year",
        tables={"level_hours": table},
    )
    found = run(made, hours(("2016-05-01", 20)), (2016, 2017), somebody()).findings
    assert [(f.period, f.status, f.required_high) for f in found] == [("2016", "undetermined", 40)]


def test_a_dated_table_is_asked_on_the_last_day_of_the_year() -> None:
    columns = (
        Column("level", "key", "term", field="title_level"),
        Column("hours", "value", "number", unit="hours"),
        Column("from", "from", type="date"),
        Column("until", "until", type="date"),
    )
    rows = (("junior", F(12), None, date(2016, 6, 30)), ("junior", F(20), date(2016, 7, 1), None))
    made = plan(
        *BASE,
        "require total at least level_hours(title_level) per year",
        tables={"level_hours": Table("level_hours", columns, rows, (2, 3), "t.csv")},
    )
    found = run(made, [], (2015, 2016), somebody(title_level="junior")).findings
    assert [f.required for f in found] == [12, 20]


# --- windows ----------------------------------------------------------------------------------------------------------

FIVE = [("2014-05-01", 5), ("2015-05-01", 5), ("2016-05-01", 5), ("2017-05-01", 5), ("2018-05-01", 5)]
WINDOWS = [
    # requirement, in which period, achieved, window
    ("require total at least 1 hour per 2 years starting 2016", "2016..2017", 10, "2016-01-01", "2017-12-31"),
    ("require total at least 1 hour per 3 years starting 2016", "2016..2018", 15, "2016-01-01", "2018-12-31"),
    ("require total at least 1 hour per 3 years starting 2014", "2014..2016", 15, "2014-01-01", "2016-12-31"),
    ("require total at least 1 hour in any 2 years", "2016", 10, "2015-01-01", "2016-12-31"),
    ("require total at least 1 hour in any 3 years", "2018", 15, "2016-01-01", "2018-12-31"),
    # from 2016-06-15 on, twelve months: only the record of May 2017; it ends in 2017
    ("require total at least 1 hour within 12 months of joined", "2017", 5, "2016-06-15", "2017-06-14"),
    ("require total at least 1 hour within 36 months of joined", "2019", 10, "2016-06-15", "2019-06-14"),
    ("require total at least 1 hour within 6 months of joined", "2016", 0, "2016-06-15", "2016-12-14"),
]
MONTH_ENDS = [
    # from the day, to the month's last day where it has no such day
    ("2016-02-29", "2017-02-28"), ("2016-02-28", "2017-02-27"), ("2015-08-31", "2016-08-30"),
    ("2017-03-01", "2018-02-28"),
]  # fmt: skip


@pytest.mark.parametrize(("joined", "last"), MONTH_ENDS)
def test_twelve_months_from_a_day(joined: str, last: str) -> None:
    rules: list[object] = ["require total at least 1 hour within 12 months of joined"]
    f = finding(rules, [], last[:4], somebody(joined=date.fromisoformat(joined)))
    assert f.window == (date.fromisoformat(joined), date.fromisoformat(last))


TERMS = [
    # months, the date, and the terms that end in 2014 to 2022
    (36, "2016-06-15", ["2016-06-15..2019-06-14", "2019-06-15..2022-06-14"]),
    (60, "2010-01-01", ["2010-01-01..2014-12-31", "2015-01-01..2019-12-31"]),
    (60, "2010-01-02", ["2010-01-02..2015-01-01", "2015-01-02..2020-01-01"]),
    (36, "2021-03-01", []),  # the first ends in 2024
    (12, "2019-01-15", ["2019-01-15..2020-01-14", "2020-01-15..2021-01-14", "2021-01-15..2022-01-14"]),
    # 48 months from February 29, 2016 end on the day before that of 2020, in other years with the month's last day
    (24, "2016-02-29", ["2016-02-29..2018-02-28", "2018-03-01..2020-02-28", "2020-02-29..2022-02-28"]),
    (12, "2018-02-28", ["2018-02-28..2019-02-27", "2019-02-28..2020-02-27", "2020-02-28..2021-02-27",
                                   "2021-02-28..2022-02-27"]),
    # 13 months from January 31, 2017 end with February 2018, 26 before March 31, 2019: always counted from the 31st
    (13, "2017-01-31", ["2017-01-31..2018-02-28", "2018-03-01..2019-03-30", "2019-03-31..2020-04-30",
                        "2020-05-01..2021-05-30", "2021-05-31..2022-06-30"]),
    # 13 months again and again leave a year out: December 31, 2017, then January 31, 2019
    (13, "2015-11-01", ["2015-11-01..2016-11-30", "2016-12-01..2017-12-31", "2018-01-01..2019-01-31",
                        "2019-02-01..2020-02-29", "2020-03-01..2021-03-31", "2021-04-01..2022-04-30"]),
]  # fmt: skip


@pytest.mark.parametrize(("months", "joined", "terms"), TERMS)
def test_terms_that_begin_anew(months: int, joined: str, terms: list[str]) -> None:
    made, who = (
        plan(*BASE, f"require total at least 1 hour per {months} months from joined"),
        somebody(joined=date.fromisoformat(joined)),
    )
    found = run(made, [], (2014, 2022), who).findings
    assert [f"{f.window[0]}..{f.window[1]}" for f in found] == terms
    assert [f.period for f in found] == [term[12:16] for term in terms]  # by the year of the last day
    given = inputs([], [who])
    wanted = reference.evaluate(made, given, (2014, 2022))
    assert differences(wanted, duckdb.evaluate(made, given, (2014, 2022))) == []


def test_terms_where_years_begin_in_september() -> None:
    """24 months from September 1, 2015 are the school years 2015 and 2016; from the 2nd they end in the next one."""
    for day, periods in ((1, ["2016", "2018"]), (2, ["2017", "2019"])):
        made = plan(*BASE, "require total at least 1 hour per 24 months from joined", year_start=(9, 1))
        found = run(made, [], (2015, 2019), somebody(joined=date(2015, 9, day))).findings
        assert [f.period for f in found] == periods


OF_TERMS = "require total at least 20 hours per 36 months from joined"
ON_BORDERS = hours(("2016-06-14", 99), ("2016-06-15", 8), ("2019-06-14", 12), ("2019-06-15", 7), ("2022-06-14", 6),
                   ("2022-06-15", 99))  # fmt: skip
EACH_TERM = [
    # rules beside it; what is required, achieved and said of the terms that end in 2019 and 2022
    ([], (20, 20, "met"), (20, 13, "not_met")),
    # ill from June 1, 2019 to September 30: 14 days of the first term, more than three months of the second
    (["excuse r3 when leave lasts at least 3 months"], (20, 20, "met"), (20, 13, "excused")),
    (["reduce r3 by 3 hours per full month of leave"], (20, 20, "met"), (11, 13, "met")),
    (["reduce r3 by 1/2 when leave lasts at least 14 days"], (10, 20, "met"), (10, 13, "met")),
    (["excuse year when leave lasts at least 1 day"], (20, 20, "met"), (20, 13, "not_met")),  # a term is no year
]


@pytest.mark.parametrize(("more", "first", "second"), EACH_TERM)
def test_each_term_by_itself(more: list[str], first: tuple[object, ...], second: tuple[object, ...]) -> None:
    made = plan(*BASE, OF_TERMS, *more)
    who = somebody("P", ("illness", "2019-06-01", "2019-09-30"), joined=date(2016, 6, 15))
    found = run(made, ON_BORDERS, (2018, 2022), who).findings
    assert [f.period for f in found] == ["2019", "2022"]
    assert [(f.required, f.achieved, f.status) for f in found] == [first, second]
    given = inputs(ON_BORDERS, [who])
    wanted = reference.evaluate(made, given, (2018, 2022))
    assert differences(wanted, duckdb.evaluate(made, given, (2018, 2022))) == []


def test_a_term_that_goes_on_is_in_progress() -> None:
    made, who = plan(*BASE, OF_TERMS), somebody(joined=date(2016, 6, 15))
    found = run(made, ON_BORDERS, (2019, 2022), who, as_of="2022-06-13").findings
    assert [(f.period, f.status) for f in found] == [("2019", "met"), ("2022", "in_progress")]


def test_the_version_in_force_where_a_term_ends_governs_it() -> None:
    """Terms of three years till 2018, of two from 2019 on: those of two from June 2016 end in 2018, 2020 and 2022."""
    old, new = (rule("r", f"require total at least 1 hour per {n} months from joined", **when)  # type: ignore[arg-type]
                for n, when in ((36, {"until": 2018}), (24, {"start": 2019})))  # fmt: skip
    found = run(plan(*BASE, old, new), [], (2014, 2022), somebody(joined=date(2016, 6, 15))).findings
    assert [f.window for f in found] == [
        (date(2018, 6, 15), date(2020, 6, 14)),
        (date(2020, 6, 15), date(2022, 6, 14)),
    ]


def test_what_follows_from_a_term_follows_in_the_year_in_which_it_ends() -> None:
    made = plan(*BASE, OF_TERMS, "conclude not_excellent when r3 not met")
    for person, sure, perhaps in ((somebody(joined=date(2016, 6, 15)), ["2022"], []),
                                  (somebody(), [], ["2018", "2019", "2020", "2021", "2022"])):  # fmt: skip
        decisions = run(made, ON_BORDERS, (2018, 2022), person).decisions
        assert [d.period for d in decisions if d.consequences] == sure
        assert [d.period for d in decisions if d.possible] == perhaps


def test_terms_from_a_day_that_is_not_known_may_end_in_every_period() -> None:
    found = run(plan(*BASE, OF_TERMS), ON_BORDERS, (2018, 2022), somebody()).findings
    assert [(f.period, f.status, f.missing) for f in found] == [
        (str(year), "undetermined", ("person:joined",)) for year in range(2018, 2023)
    ]


def test_terms_reach_to_the_ends_of_the_calendar() -> None:
    made = plan(*BASE, "require total at least 1 hour per 12 months from joined")
    for year, first, last in ((1, date.min, date(1, 12, 31)), (9999, date(9999, 1, 1), date.max)):
        [f] = run(made, [], year, somebody(joined=date.min)).findings
        assert f.window == (first, last)


def test_before_the_first_year_there_is_no_block() -> None:
    made = plan(
        *BASE,
        "require total at least 90 hours per 3 years starting 2017",
        "cap training at 15 hours per 2 years starting 2016",
    )
    result = run(
        made, hours(("2014-05-01", 10), ("2015-05-01", 10), ("2016-05-01", 10), ("2017-05-01", 10)), (2014, 2019)
    )
    assert [d.period for d in result.decisions] == ["2017..2019"]
    assert [e.counted for e in result.ledger] == [10, 10, 10, 5]  # the cap cuts 2016..2017 only


@pytest.mark.parametrize(("sentence", "period", "achieved", "first", "last"), WINDOWS)
def test_windows(sentence: str, period: str, achieved: int, first: str, last: str) -> None:
    f = finding([sentence], hours(*FIVE), period, somebody(joined=date(2016, 6, 15)))
    assert (f.achieved, f.window) == (achieved, (date.fromisoformat(first), date.fromisoformat(last)))


def test_a_block_is_decided_for_itself_when_it_ends_or_as_of_lies_in_it() -> None:
    made = plan(*BASE, "require total at least 12 hours per 3 years starting 2016")
    assert [d.period for d in run(made, hours(*FIVE), (2016, 2017)).decisions] == []
    assert [d.period for d in run(made, hours(*FIVE), (2016, 2018)).decisions] == ["2016..2018"]
    for year in (2016, 2018):
        assert [d.period for d in run(made, hours(*FIVE), year, as_of=f"{year}-12-31").decisions] == ["2016..2018"]
    assert [run(made, hours(*FIVE), y, as_of=d).decisions for y, d in ((2016, "2019-01-01"), (2019, "2018-12-31"))] == [
        (),
        (),
    ]
    [decision] = run(made, hours(*FIVE[:3]), (2016, 2017), as_of="2017-03-01").decisions
    assert (decision.period, decision.outcome, decision.days_left) == ("2016..2018", "in_progress", 670)


def test_yearly_and_block_requirements_side_by_side() -> None:
    made = plan(
        *BASE, "require total at least 5 hours per year", "require total at least 99 hours per 2 years starting 2016"
    )
    decisions = run(made, hours(*FIVE), (2016, 2017)).decisions
    assert [(d.period, d.outcome) for d in decisions] == [("2016", "met"), ("2017", "met"), ("2016..2017", "not_met")]


def test_the_version_in_force_in_the_windows_last_year_governs() -> None:
    old = rule("r", "require total at least 10 hours in any 2 years", until=2016)
    new = rule("r", "require total at least 11 hours in any 2 years", start=2017)
    assert finding([old, new], hours(*FIVE), "2016").status == "met"
    assert finding([old, new], hours(*FIVE), "2017").status == "not_met"


def test_a_record_within_the_months_may_still_be_of_another_subject() -> None:
    f = finding(["require professional at least 5 hours within 12 months of joined"], hours(("2016-05-01", 10)), "2016",
                somebody(joined=date(2016, 1, 1)))  # fmt: skip
    assert (f.achieved, f.achieved_high, f.status, f.missing) == (0, 10, "undetermined", ("R1:subject",))


def test_a_window_reaches_as_far_back_as_the_calendar() -> None:
    [f] = run(plan(*BASE, "require total at least 1 hour in any 3 years"), hours(("0001-05-01", 5)), 1).findings
    assert (f.achieved, f.window) == (5, (date.min, date(1, 12, 31)))


def test_an_unknown_day_to_count_from_leaves_every_period_open() -> None:
    rules: list[object] = ["require total at least 1 hour within 12 months of joined"]
    f = finding(rules, hours(*FIVE), "2016", somebody())
    assert (f.status, f.missing) == ("undetermined", ("person:joined",))


# requirements beside 5 hours in 2016; what a decision says is required and lacking where the day is not known
SHOWN = [
    (
        ["30 hours per year", "120 hours within 36 months of joined"],
        30,
        25,
    ),  # of the year; the other has its own window
    (["120 hours within 36 months of joined", "5 hours per year"], 5, 0),
    (["120 hours within 36 months of joined"], 120, 120),
]


@pytest.mark.parametrize(("asked", "required", "short"), SHOWN)
def test_a_decision_shows_what_its_own_period_requires(asked: list[str], required: int, short: int) -> None:
    made = plan(*BASE, *(f"require total at least {one}" for one in asked))
    [decision] = run(made, hours(*FIVE), 2016, somebody()).decisions
    assert (decision.required_total, decision.shortfall_total) == (required, short)


def test_whether_leave_falls_into_a_window_that_may_lie_anywhere_is_open() -> None:
    """In 2016 she was not ill; but the twelve months that end then may have begun in 2015, when she was."""
    rules: list[object] = ["require total at least 30 hours within 12 months of joined when circumstance = illness"]
    once_ill = somebody("P", ("illness", "2015-07-01", "2015-07-31"))
    assert finding(rules, hours(*FIVE), "2016", once_ill).status == "undetermined"
    assert not run(plan(*BASE, *rules), hours(*FIVE), 2016, somebody()).findings  # nobody who was never ill owes it
    rules[0] = "require total at least 30 hours within 12 months of joined"
    reduced = [*rules, rule("l", "reduce r3 by 30 hours when leave lasts at least 20 days")]
    f = finding(reduced, hours(*FIVE), "2016", once_ill)
    assert (f.required, f.required_high) == (0, 30)
    # an hour a month: of the twelve all may have been of leave, or none; who was never ill has none
    reduced = [*rules, rule("l", "reduce r3 by 1 hour per full month of leave")]
    f = finding(reduced, hours(*FIVE), "2016", once_ill)
    assert (f.required, f.required_high, f.missing) == (18, 30, ("person:joined",))
    for person in (somebody(), somebody("P", ("valid_reason", "2015-07-01", "2015-12-31"))):
        f = finding(reduced, hours(*FIVE), "2016", person)
        assert (f.required, f.required_high, f.missing) == (30, 30, ("person:joined",))


# --- measures ---------------------------------------------------------------------------------------------------------


def test_a_measure_adds_up_what_its_condition_holds_for() -> None:
    rules: list[object] = [
        "measure face_to_face: hours of training, workshop where mode = in_person",
        "require face_to_face at least 10 hours per year",
    ]
    given = [("2016-05-01", 7, {"mode": "in_person"}), ("2016-06-01", 8, {"mode": "online"}),
             ("2016-07-01", 9, {"mode": "in_person", "form": "lecture"}), ("2016-08-01", 2)]  # fmt: skip
    f = finding(rules, hours(*given))
    assert (f.achieved, f.achieved_high, f.status) == (7, 9, "not_met")
    assert run(plan(*BASE, *rules), hours(*given), 2016).decisions[0].measures == {"face_to_face": 7}  # type: ignore[arg-type]
    given[3] = ("2016-08-01", 3)
    f = finding(rules, hours(*given))
    assert (f.achieved, f.achieved_high, f.status, f.missing) == (7, 10, "undetermined", ("R4:mode",))


def test_a_measure_waits_for_the_records_of_which_it_is_not_known_that_they_belong() -> None:
    rules: list[object] = [
        "measure face_to_face: hours of training where mode = in_person or level = city",
        "require face_to_face at least 10 hours per year",
    ]
    given = hours(("2016-05-01", 7, {"mode": "in_person"}), ("2016-06-01", 3, {"mode": "online"}))
    f = finding(rules, given)
    assert (f.achieved, f.achieved_high, f.missing) == (7, 10, ("R2:level",))


def test_a_measure_has_versions() -> None:
    rules: list[object] = [
        rule("m", "measure face_to_face: hours of training", until=2016),
        rule("m", "measure face_to_face: hours of lecture", start=2017),
        rule("r", "require face_to_face at least 1 hour per year"),
    ]
    given = hours(("2016-05-01", 5), ("2017-05-01", 5))
    assert finding(rules, given, "2016", of="base/r").achieved == 5
    assert finding(rules, given, "2017", of="base/r").achieved == 0


def test_themes_of_this_period() -> None:
    """Made up in 2017 for 2016: the theme of 2016 was law, those of 2017 ethics and safety."""
    measure = "measure public_theme: hours of public where theme in themes"
    made_up = hours(("2017-02-01", 6, {"subject": "public", "theme": "law", "claimed_year": 2016}))
    rules: list[object] = [
        measure,
        "assign to claimed year",
        "require public_theme of this period at least 5 hours per year",
    ]
    assert finding(rules, made_up, "2016").achieved == 6
    rules[2] = "require public_theme at least 5 hours per year"
    assert finding(rules, made_up, "2016").achieved == 0


SHOWN_OF_THEMES = [
    # what is asked, what the decision about 2016 shows of the theme: 6 of this period, nothing by the day
    (["require public_theme of this period at least 5 hours per year"], 6),
    (["expect public_theme of this period at least 5 hours per year"], 6),
    (["require public_theme of this period at most 9 hours per year"], 6),
    (["require public_theme at least 5 hours per year"], 0),
    (["require total at least 5 hours per year"], 0),
    (["require public_theme of this period at least 5 hours in any 2 years"], 0),  # asked of more than the period
    ([f"require public_theme {own}at least 5 hours per year" for own in ("of this period ", "")], 0),
    ([f"require public_theme of this period at least 5 hours {w}" for w in ("per year", "in any 2 years")], 6),
    (["require public_theme of this period at least 5 hours per year when title_level = senior"], 0),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "shown"), SHOWN_OF_THEMES)
def test_a_decision_shows_a_measure_as_the_period_asks_it(rules: list[object], shown: int) -> None:
    made = plan(*BASE, "measure public_theme: hours of public where theme in themes", "assign to claimed year", *rules)  # type: ignore[arg-type]
    facts = {"subject": "public", "theme": "law", "claimed_year": 2016}
    who, records = somebody(title_level="junior"), hours(("2017-02-01", 6, facts))
    for judge in (reference.evaluate, duckdb.evaluate):
        decision = judge(made, inputs(records, [who]), (2016, 2016), None).decisions[0]
        assert decision.measures == {"public_theme": shown}


# --- shares, conditions, kept figures ---------------------------------------------------------------------------------


def test_a_share_of_what_is_owed() -> None:
    rules: list[object] = [
        rule("a", "require total at least 60 hours per year"),
        rule("b", "require total at least 90 hours per year when title_level = senior"),
        rule("p", "require professional at least 2/3 of total requirement per year"),
    ]
    assert finding(rules, [], "2016", somebody(title_level="junior"), of="base/p").required == 40
    assert finding(rules, [], "2016", somebody(title_level="senior"), of="base/p").required == 60
    f = finding(rules, hours(("2016-05-01", 50, {"subject": "professional"})), "2016", somebody(), of="base/p")
    assert (f.required, f.required_high, f.status, f.missing) == (40, 60, "undetermined", ("person:title_level",))


def test_a_share_of_what_is_owed_is_of_that_measure_in_that_window() -> None:
    rules: list[object] = [
        rule("a", "require total at least 60 hours per year"),
        rule("b", "require total at least 99 hours in any 2 years"),
        rule("c", "require public at least 99 hours per year"),
        rule("d", "expect total at least 99 hours per year"),
        rule("e", "require total at most 99 hours per year"),
        rule("p", "require professional at least 2/3 of total requirement per year"),
    ]
    assert finding(rules, [], "2016", of="base/p").required == 40


def test_a_share_of_what_is_owed_follows_its_reductions() -> None:
    rules: list[object] = [
        rule("a", "require total at least 90 hours per year"),
        rule("p", "require professional at least 2/3 of total requirement per year"),
        rule("l", "reduce a by 1/12 per full month of leave"),
    ]
    ill = somebody("P", ("illness", "2016-01-01", "2016-03-31"))
    assert finding(rules, [], "2016", ill, of="base/p").required == 45  # 2/3 of 90 x 9/12


def test_a_share_of_what_was_counted() -> None:
    rules: list[object] = ["require professional at least 2/3 of total per year"]
    given = [("2016-05-01", 20, {"subject": "professional"}), ("2016-06-01", 10, {"subject": "public"})]
    f = finding(rules, hours(*given))
    assert (f.required, f.achieved, f.status) == (20, 20, "met")
    f = finding(rules, hours(*given, ("2016-07-01", F(1, 2), {"subject": "public"})))
    assert (f.required, f.status, f.shortfall) == (F(61, 3), "not_met", F(1, 3))


APPLIES = [
    ("title_level = senior", {"title_level": "senior"}, "not_met"),
    ("title_level = senior", {"title_level": "junior"}, None),
    ("title_level = senior", {}, "undetermined"),
    ("year of qualified_on < this year", {"qualified_on": date(2015, 12, 31)}, "not_met"),
    ("year of qualified_on < this year", {"qualified_on": date(2016, 1, 1)}, None),
    ("year of qualified_on < this year", {}, "undetermined"),
]


@pytest.mark.parametrize(("condition", "facts", "status"), APPLIES)
def test_a_requirement_under_a_condition(condition: str, facts: dict[str, object], status: str | None) -> None:
    made = plan(*BASE, f"require total at least 10 hours per year when {condition}")
    result = run(made, [], 2016, somebody(**facts))  # type: ignore[arg-type]
    assert [f.status for f in result.findings] == ([status] if status else [])
    assert result.decisions[0].outcome == (status or "met")
    asked = "person:title_level" if "title_level" in condition else "person:qualified_on"
    assert result.decisions[0].missing == ((asked,) if status == "undetermined" else ())
    met = run(made, hours(("2016-05-01", 10)), 2016, somebody(**facts))  # type: ignore[arg-type]
    assert met.decisions[0].outcome == "met"


def test_the_strictest_of_kept_figures_governs_and_the_trace_says_which() -> None:
    base = rule("hours", "require total at least 90 hours per year")
    city = rule("hours", "override base/hours: require total at least 100 hours per year", pack="city")
    sector = rule(
        "hours", "override base/hours: require total at least yearly_hours(this year) per year", pack="sector"
    )
    rules: list[object] = [governs(sector, city, base)]
    f = finding(rules, hours(("2016-05-01", 95)), "2016", somebody())  # the table says 72
    assert (f.required, f.required_base, f.required_before, f.because) == (100, 90, 100, ("city/hours",))
    assert (f.rule, f.status, f.shortfall) == ("sector/hours", "not_met", 5)
    f = finding([governs(city, base)], hours(("2016-05-01", 95)), "2016", somebody())
    assert (f.required, f.required_base, f.because) == (100, 90, ())
    f = finding([governs(sector, base)], hours(("2017-05-01", 80)), "2017", somebody())  # the table has no 2017
    assert (f.required, f.required_base, f.because) == (90, 90, ("base/hours",))
    assert (f.rule, f.status, f.shortfall) == ("sector/hours", "not_met", 10)


def test_expect_never_decides_and_is_shown() -> None:
    made = plan(*BASE, rule("p", "expect professional at least 60 hours per year"))
    [decision] = run(made, [], 2016, somebody()).decisions
    assert (decision.outcome, decision.advisories) == ("met", ("base/p",))
    assert decision.required_by_subject == {"professional": 60}


def test_a_figure_in_the_other_unit_without_an_exchange_is_open() -> None:
    rules: list[object] = [
        rule("h", "require total at least 80 hours per year", until=2015),
        rule("c", "require total at least 25 credits per year", start=2016),
    ]
    f = finding(rules, hours(("2015-05-01", 99)), "2015", somebody())
    assert (f.status, f.missing) == ("undetermined", ("exchange",))


# --- a figure that there may not be -----------------------------------------------------------------------------------

BY_KIND = rule("a", "require total at least 90 hours per year when employer_kind = enterprise")
BY_RANK = rule("a", "require total at least level_hours(title_level) per year")  # junior 12, middle 40, senior none
HALF = "require public at most 1/2 of total requirement per year"
TWO_THIRDS = "require professional at least 2/3 of total within 12 months of joined"
OWED = [
    # the rules, the person, the status of the last of them, what is missing
    ([BY_KIND, HALF], {"employer_kind": "enterprise"}, "not_met", ()),  # 50 of at most 45
    ([BY_KIND, HALF], {"employer_kind": "state_organ"}, None, ()),  # a half of nothing that is required
    ([BY_KIND, HALF], {}, "undetermined", ("person:employer_kind",)),
    ([BY_RANK, HALF], {"title_level": "middle"}, "not_met", ()),  # 50 of at most 20
    ([BY_RANK, HALF], {"title_level": "senior"}, None, ()),
    ([BY_RANK, HALF], {}, "undetermined", ("person:title_level",)),
    (["require total at least 90 hours per year", BY_KIND, HALF], {}, "not_met", ()),  # 90 are required in any case
    (["require total at least 90 hours per year", rule("z", BY_RANK.statement), HALF], {}, "not_met", ()),
    ([TWO_THIRDS], {"joined": date(2016, 1, 1)}, "not_met", ()),  # 0 of 100/3
    ([TWO_THIRDS], {}, "undetermined", ("person:joined",)),
]


@pytest.mark.parametrize(("rules", "facts", "status", "missing"), OWED)
def test_a_share_of_what_may_not_be_required_or_may_lie_anywhere(
    rules: list[object], facts: dict[str, Fact], status: str | None, missing: tuple[str, ...]
) -> None:
    made, given, person = plan(*BASE, *rules), hours(("2016-05-01", 50, {"subject": "public"})), somebody(**facts)
    result = run(made, given, 2016, person)
    last = f"base/r{len(BASE) + len(rules)}"
    found = [(f.status, f.missing) for f in result.findings if f.rule == last]
    assert found == ([] if status is None else [(status, missing)])
    if TWO_THIRDS not in rules:  # which the compiled engine leaves to the reference evaluator
        assert differences(result, duckdb.evaluate(made, inputs(given, [person]), (2016, 2016))) == []


# --- carry ------------------------------------------------------------------------------------------------------------

ANNUAL = rule("a", "require total at least 10 hours per year")
CARRY = [
    # carry sentence, hours of 2015 and 2016, carried into 2016 and 2017
    ("carry excess over a to the next year", 14, 3, 4, 0),
    ("carry excess over a up to 3 hours to the next year", 14, 3, 3, 0),
    ("carry excess over a to the next year", 9, 3, 0, 0),
    ("carry excess over a up to 2 credits to the next year", 30, 3, 6, 0),  # at 3 hours
    ("carry excess over a to the next year", 30, 9, 20, 0),  # own excess only: carried hours are not carried again
    ("carry excess over a to the next year", 30, 12, 20, 2),
]


@pytest.mark.parametrize(("sentence", "first", "second", "into_2016", "into_2017"), CARRY)
def test_carry(sentence: str, first: int, second: int, into_2016: int, into_2017: int) -> None:
    given = hours(("2015-05-01", first), ("2016-05-01", second))
    exchange = rule("x", "exchange 1 credit for 3 hours")
    f = finding([ANNUAL, exchange, sentence], given, "2016")
    assert (f.carried, f.achieved, f.status) == (
        into_2016, second + into_2016, "met" if second + into_2016 >= 10 else "not_met",
    )  # fmt: skip
    assert finding([ANNUAL, exchange, sentence], given, "2017").carried == into_2017
    total = next(d.total for d in run(plan(*BASE, ANNUAL, exchange, sentence), given, 2016).decisions)
    assert total == second  # carried hours are not own hours


def test_nothing_is_carried_over_a_requirement_that_did_not_apply() -> None:
    annual = rule("a", "require total at least 10 hours per year when year of qualified_on < this year")
    given = hours(("2015-05-01", 30), ("2016-05-01", 3))
    person = somebody(qualified_on=date(2015, 6, 1))
    assert finding([annual, "carry excess over a to the next year"], given, "2016", person).carried == 0
    earlier = somebody(qualified_on=date(2014, 6, 1))  # 2015 is the first year of which it is required
    assert finding([annual, "carry excess over a to the next year"], given, "2016", earlier).carried == 20
    # the version of the year that the hours come from
    versions = {"until": (None, 2015), "start": (2016, None)}
    for which, carried in (("until", (20, 0)), ("start", (0, 20))):
        carry = rule("c", "carry excess over a to the next year", *versions[which])
        both = hours(("2015-05-01", 30), ("2016-05-01", 30))
        assert tuple(finding([ANNUAL, carry], both, year).carried for year in ("2016", "2017")) == carried
    first = rule("a", "require total at least 10 hours per year", start=2016)  # nothing was required before
    assert finding([first, "carry excess over a to the next year"], given, "2016").carried == 0


def test_the_excess_is_over_the_year_where_a_requirement_of_several_years_goes_by_the_same_name() -> None:
    base = rule("two", "require total at least 20 hours per 2 years starting 2015")
    over = rule("one", "override base/two: require total at least 10 hours per year", pack="city")
    carry = rule("over", "carry excess over one to the next year", pack="city")
    rules: list[object] = [base, governs(over, base, keeps_stricter=False), carry]
    given = hours(("2015-05-01", 13), ("2016-05-01", 8))
    f = finding(rules, given, "2016", of="city/one")
    assert (f.carried, f.achieved, f.status) == (3, 11, "met")
    assert finding(rules, given, "2015..2016", of="base/two").carried == 0


def test_carried_in_doubt() -> None:
    carry = "carry excess over a to the next year when title_level = senior"
    given = hours(("2015-05-01", 15), ("2016-05-01", 7))
    f = finding([ANNUAL, carry], given, "2016", somebody())
    assert (f.carried, f.achieved, f.achieved_high, f.status) == (0, 7, 12, "undetermined")
    assert f.missing == ("person:title_level",)
    f = finding(
        [ANNUAL, "carry excess over a to the next year"], hours(("2015-05-01", 15, REVIEW), ("2016-05-01", 7)), "2016"
    )
    assert (f.achieved, f.achieved_high, f.status) == (7, 12, "undetermined")
    assert f.missing == ("R1:result",)


@pytest.mark.parametrize(
    ("facts", "carried", "status"),
    [({"title_level": "middle"}, 10, "met"), ({"title_level": "senior"}, 0, "not_met"), ({}, 0, "undetermined")],
)
def test_nothing_may_be_carried_where_the_table_may_ask_nothing(
    facts: dict[str, Fact], carried: int, status: str
) -> None:
    rules = [
        rule("a", "require total at least level_hours(title_level) per year", until=2015),  # 12, 40 or none
        rule("a", "require total at least 10 hours per year", start=2016),
        "carry excess over a to the next year",
    ]
    made, given, person = plan(*BASE, *rules), hours(("2015-05-01", 50)), somebody(**facts)
    result = run(made, given, 2016, person)
    [f] = result.findings
    assert (f.carried, f.achieved, f.status) == (carried, carried, status)
    assert f.missing == (() if facts else ("person:title_level",))
    assert differences(result, duckdb.evaluate(made, inputs(given, [person]), (2016, 2016))) == []


def test_carry_follows_what_was_required_after_reductions() -> None:
    rules: list[object] = [ANNUAL, "carry excess over a to the next year", "reduce a by 1/10 per full month of leave"]
    ill = somebody("P", ("illness", "2015-01-01", "2015-02-28"))  # 8 required in 2015
    assert finding(rules, hours(("2015-05-01", 12)), "2016", ill).carried == 4
