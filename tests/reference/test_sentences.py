"""Sentences of docs/semantics.md that no other test here holds to: worked by hand, each fails on a changed line."""

from __future__ import annotations

import pytest

from policyengine.language.vocabulary import FieldDecl
from policyengine.records.model import Record
from policyengine.trace import LedgerEntry
from tests.build import F, governs, plan, record, rule, run, said, somebody, words
from tests.reference.test_require import BASE, REVIEW, finding, hours


def entry(rules: list[object], given: Record, **more: object) -> LedgerEntry:
    """The ledger's only row."""
    [found] = run(plan(*BASE, *rules, **more), [given], 2016).ledger  # type: ignore[arg-type]
    return found


# --- 6. require -------------------------------------------------------------------------------------------------------

SHARE = rule("half", "require professional at least 1/2 of total requirement per year")


def test_a_share_is_of_the_version_in_force() -> None:
    old = rule("a", "require total at least 60 hours per year", until=2016)
    new = rule("a", "require total at least 90 hours per year", start=2017)
    assert finding([old, new, SHARE], [], "2016", of="base/half").required == 30
    assert finding([old, new, SHARE], [], "2017", of="base/half").required == 45


def test_a_share_is_of_what_applies_to_the_person() -> None:
    every = rule("a", "require total at least 60 hours per year")
    some = rule("b", "require total at least 90 hours per year when sector = accounting")
    doctor, accountant = somebody(sector="medicine"), somebody(sector="accounting")
    for person, least, most in ((doctor, 30, 30), (accountant, 45, 45), (somebody(), 30, 45)):
        f = finding([every, some, SHARE], [], "2016", person, "base/half")
        assert (f.required, f.required_high) == (least, most)


def test_a_figure_that_is_lost_leaves_no_shortfall_to_name() -> None:
    f = finding(["require total at least unknown hours per year"], hours(("2016-05-01", 12)))
    assert (f.status, f.required, f.required_high, f.shortfall) == ("undetermined", 0, None, 0)


def test_a_kept_figure_that_its_table_lacks_raises_nothing() -> None:
    base = rule("a", "require total at least yearly_hours(this year) per year")
    over = rule("b", "override a: require total at least 50 hours per year", pack="city")
    f = finding([governs(over, base)], [], "2017", of="city/b")
    assert (f.required_base, f.required, f.because) == (None, 50, ())
    f = finding([governs(over, base)], [], "2018", of="city/b")
    assert (f.required_base, f.required) == (90, 90)


# --- 4. cap -----------------------------------------------------------------------------------------------------------


def test_a_cap_of_a_block_is_that_of_its_last_year() -> None:
    cap = rule("c", "cap training at 10 hours per 2 years starting 2016", start=2017, until=2019)
    given = hours(("2016-05-01", 8), ("2017-05-01", 8), ("2019-05-01", 12), ("2020-05-01", 12))
    result = run(plan(*BASE, cap), given, (2016, 2020))
    assert [e.counted for e in result.ledger] == [8, 2, 10, 12]  # 2016..2017, 2018..2019; not 2020..2021


def test_count_once_speaks_of_the_periods_that_it_governs() -> None:
    once = rule("o", "count once per title taking the earliest", start=2017)
    given = hours(*((day, 8, {"title": "Law"}) for day in ("2015-05-01", "2016-05-01", "2017-05-01", "2018-05-01")))
    result = run(plan(*BASE, once), given, (2015, 2018))
    assert [e.counted for e in result.ledger] == [8, 8, 8, 0]


# --- 5. carry ---------------------------------------------------------------------------------------------------------


def test_carried_is_what_exceeds_the_version_of_that_year() -> None:
    rules: list[object] = [
        rule("a", "require total at least 20 hours per year", until=2015),
        rule("a", "require total at least 30 hours per year", start=2016),
        "carry excess over a up to 50 hours to the next year",
    ]
    given = hours(("2015-05-01", 25), ("2016-05-01", 45))
    assert finding(rules, given, "2016").carried == 5  # 25 - 20
    assert finding(rules, given, "2017").carried == 15  # 45 - 30; what was carried into 2016 is not carried again


# --- 7. reduce, excuse ------------------------------------------------------------------------------------------------


def test_a_reduction_for_want_of_a_fact_names_it() -> None:
    rules: list[object] = [
        rule("a", "require total at least 20 hours per year"),
        "reduce a by 10 hours when title_level = junior",
    ]
    f = finding(rules, hours(("2016-05-01", 15)))
    assert (f.required, f.required_high, f.status, f.missing) == (10, 20, "undetermined", ("person:title_level",))


def test_leave_somewhere_may_lie_in_a_window_that_is_not_known() -> None:
    rules: list[object] = [
        rule("a", "require total at least 12 hours within 12 months of joined"),
        "reduce a by 1 hour per full month of leave in (illness)",
    ]
    both = somebody("P", ("illness", "2015-07-01", "2015-08-31"), ("valid_reason", "2015-01-01", None))
    f = finding(rules, hours(("2016-05-01", 1)), "2016", both)
    assert (f.required, f.required_high) == (0, 12)


def test_of_a_kept_reduction_the_lower_governs_whichever_it_is() -> None:
    base = rule("l", "reduce a by 1/12 per full month of leave")
    over = rule("l", "override base/l: reduce a by 10 hours per full month of leave", pack="sector")
    made = plan(*BASE, rule("a", "require total at least 96 hours per year"), governs(over, base))
    ill = somebody("P", ("illness", "2016-03-01", "2016-04-30"))
    assert run(made, [], 2016, ill).findings[0].required == 80  # 96 - 2 * 8, not 96 - 2 * 10


def test_an_excuse_for_any_circumstance_names_the_circumstance() -> None:
    rules: list[object] = ["require total at least 12 hours per year", "excuse year when circumstance is present"]
    f = finding(rules, [], "2016", somebody("P", ("illness", "2016-07-01", None)))
    assert (f.status, f.circumstance) == ("excused", "illness")


def test_what_is_not_excused_names_no_excuse() -> None:
    """Open between met and excused: ``because`` names what raised, reduced or excused, and nothing has yet."""
    rules: list[object] = ["require total at least 12 hours per year", "excuse year when circumstance = illness"]
    ill = somebody("P", ("illness", "2016-07-01", None))
    f = finding(rules, hours(("2016-05-01", 12, REVIEW)), "2016", ill)
    assert (f.status, f.because, f.circumstance) == ("undetermined", (), "")


# --- conditions -------------------------------------------------------------------------------------------------------

CONDITIONS = [
    # condition, facts of a record, does it hold
    ("mode = online or level = city", {"mode": "in_person", "level": "national"}, False),
    ("mode = online or level = city", {"mode": "in_person", "level": "city"}, True),
    ("mode = online or level = city", {"mode": "in_person"}, None),
    ("mode = online or level = city or authors = 1", {"mode": "in_person", "level": "national", "authors": 2}, False),
    ("study_time at most 2 clock_hours", {"study_time": 120}, True),
    ("study_time at most 2 clock_hours", {"study_time": 121}, False),
    ("start is missing", {}, False),
    ("start is present", {}, True),
]  # fmt: skip
MINUTES = FieldDecl("study_time", "record", "number", "学习时间", unit="minutes", minimum=F(0), maximum=F(10**4))


@pytest.mark.parametrize(("condition", "facts", "holds"), CONDITIONS)
def test_conditions(condition: str, facts: dict[str, object], holds: bool | None) -> None:
    given = record("R1", "2016-05-01", "conference", 8, "hours", **facts)  # type: ignore[arg-type]
    known = words(fields=[MINUTES])
    made = plan(
        said(f"recognise conference when {condition}", known), "convert conference at stated hours", vocabulary=known
    )
    [e] = run(made, [given], 2016).ledger
    assert e.reason == {True: "counted", False: "rejected", None: "missing_fact"}[holds]


# --- 1 to 3: what is missing, and reasons -----------------------------------------------------------------------------


def test_where_a_record_counts_may_depend_on_a_fact() -> None:
    rules: list[object] = [
        "assign to claimed year when mode = online",
        "require total at least 8 hours per year",
    ]
    given = hours(("2016-05-01", 8, {"claimed_year": 2015}))
    result = run(plan(*BASE, *rules), given, (2015, 2016))  # type: ignore[arg-type]
    assert [(e.period, e.counted, e.counted_high, e.reason, e.missing) for e in result.ledger] == [
        ("2015", 0, 8, "missing_fact", ("mode",)),
        ("2016", 0, 8, "missing_fact", ("mode",)),
    ]
    assert [(f.status, f.missing) for f in result.findings] == [("undetermined", ("R1:mode",))] * 2


def test_a_supplement_for_want_of_a_fact_names_it() -> None:
    e = entry(["add 5 hours to training when mode = online"], record("R1", "2016-05-01", "training", 8, "hours",
                                                                     result="passed"))  # fmt: skip
    assert (e.converted, e.converted_high, e.reason, e.missing) == (8, 13, "missing_fact", ("mode",))


DIVIDED = [
    # least, most and decimals of the field, what is subtracted, bounds of 60 hours divided by it
    (3, 20, 0, "1", F(60, 19), F(30)),  # by 2 to 19
    (1, 20, 0, "1", F(60, 19), F(60)),  # by 1 to 19: nothing is divided by 0
    (None, None, 0, "0", F(0), F(60)),  # by 1, 2, …
    (0, 2, 1, "0", F(30), F(600)),  # by 0.1 to 2
    (0, 20, 0, "0.5", F(60, 1) / F(39, 2), F(120)),  # by 0.5 to 19.5
    (0, 20, 0, "0.75", F(60, 1) / F(77, 4), F(240)),  # by 0.25 to 19.25
]


@pytest.mark.parametrize(("least", "most", "decimals", "minus", "low", "high"), DIVIDED)
def test_a_missing_divisor_ranges_over_its_bounds(
    least: int | None, most: int | None, decimals: int, minus: str, low: F, high: F
) -> None:
    field = FieldDecl(
        "shares", "record", "number", "份数", minimum=None if least is None else F(least),
        maximum=None if most is None else F(most), decimals=decimals,
    )  # fmt: skip
    sentence = f"convert lecture at 60 hours each divided by shares minus {minus} rounded down to 1/1000 hour"
    known = words(fields=[field])
    e = entry([said(sentence, known)], record("R1", "2016-05-01", "lecture", 1, "items", result="passed"),
              vocabulary=known)  # fmt: skip
    assert (e.converted, e.converted_high) == (low * 1000 // 1 / F(1000), high * 1000 // 1 / F(1000))
