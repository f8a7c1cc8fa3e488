"""Verdicts on pairs of rules, worked by hand: which is stricter, whether raise-only allows it, and what shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from policyengine.packs.windows import implied
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.model import Context, Witness
from policyengine.tools.prove.words import differing
from tests.prove.law import context, rule

HOURS = "annual-hours: require total at least 90 hours per year"
PLAIN = context(HOURS)
RATED = context(HOURS, "rate: exchange 1 credit for 3 hours")
BLOCKS = context(HOURS, "block: require total at least 360 hours per 5 years starting 2016")
MEASURED = context(
    "face-to-face: measure face_to_face: hours of training where approved = yes",
    "minimum: require face_to_face at least 20 hours per year",
)

# fmt: off
PAIRS: list[tuple[Context, str, str, str, bool, str]] = [
    (PLAIN, "require total at least yearly(this year) per year",
     "require total at least 80 hours per year",
     "neither", False, "in 2018: base requires 90 hours, this requires 80 hours"),
    (PLAIN, "require total at least yearly(this year) per year",
     "require total at least 90 hours per year",
     "stricter", True, "in 2016: base requires 72 hours, this requires 90 hours"),
    (PLAIN, "require total at least 90 hours per year",
     "require total at least yearly(this year) per year",
     "laxer", False, "in 2016: base requires 90 hours, this requires 72 hours"),
    (PLAIN, "reject training when provider not in bases",
     "reject training when provider not in bases and year of date < 2018",
     "laxer", False, "form = training, provider = another, 2018-01-01: base rejects it, this does not reject it"),
    (PLAIN, "require total at least 90 hours per year",
     "require total at least 90 hours per year when year of qualified_on < this year",
     "laxer", False, "qualified_on = 2020-01-01, in 2020: base requires 90 hours, this requires nothing"),
    (PLAIN, "require total at least 90 hours per year when year of qualified_on < this year",
     "require total at least 90 hours per year when year of qualified_on <= this year",
     "stricter", True, "qualified_on = 2020-01-01, in 2020: base requires nothing, this requires 90 hours"),
    (PLAIN, "require total at least 90 hours per year when qualified_on < 2019-06-30",
     "require total at least 90 hours per year when qualified_on <= 2019-06-30",
     "stricter", True, "qualified_on = 2019-06-30: base requires nothing, this requires 90 hours"),
    (RATED, "require total at least 90 hours per year",
     "require total at least 25 credits per year",
     "laxer", False, "in every case: base requires 90 hours, this requires 25 credits (= 75 hours)"),
    (RATED, "require total at least 90 hours per year",
     "require total at least 30 credits per year",
     "same", True, ""),
    (PLAIN, "require total at least 90 hours per year",
     "require total at least 30 credits per year",
     "neither", False, "credits and hours are only comparable through an exchange"),
    (RATED, "convert training at 1 hour per 45 minutes",
     "convert training at 1 credit per 45 minutes",
     "laxer", False, "form = training, 45 minutes: base gives 1 hour, this gives 1 credit (= 3 hours)"),
    (MEASURED, "require total at least 20 hours per year",
     "require face_to_face at least 20 hours per year",
     "stricter", True, "form = training, approved = no: base includes it, this leaves it out"),
    (MEASURED, "measure face_to_face: hours of training where approved = yes",
     "measure face_to_face: hours of training",
     "laxer", False, "form = training, approved = no: base leaves it out, this includes it"),
    (PLAIN, "require total at least 60 hours within 12 months of qualified_on",
     "require total at least 70 hours within 12 months of qualified_on",
     "stricter", True, "in every case: base requires 60 hours, this requires 70 hours"),
    (PLAIN, "require total at least 60 hours within 12 months of qualified_on",
     "require total at least 70 hours per year",
     "neither", False,
     "in every case (all hours in one year): base requires 60 hours within 12 months, this requires "
     "70 hours per year"),
    (PLAIN, "require total at least 60 hours within 36 months of qualified_on",
     "require total at least 60 hours per 36 months from qualified_on",
     "stricter", True,
     "in every case (all hours in one year): base requires 60 hours within 36 months, this requires "
     "60 hours per 36 months"),
    (PLAIN, "require total at least 60 hours per 36 months from qualified_on",
     "require total at least 19 hours per 12 months from qualified_on",
     "neither", False, "in every case: base requires 60 hours per 36 months, this requires 19 hours per 12 months"),
    (PLAIN, "require total at least 60 hours per 36 months from qualified_on",
     "require total at least 20 hours per 12 months from qualified_on",
     "stricter", True,
     "in every case (all hours in one year): base requires 60 hours per 36 months, this requires "
     "20 hours per 12 months"),
    (PLAIN, "require total at least 60 hours per 36 months from qualified_on",
     "require total at least 60 hours per 24 months from qualified_on",
     "neither", False,
     "in every case (all hours in one year): base requires 60 hours per 36 months, this requires "
     "60 hours per 24 months"),
    (PLAIN, "cap training at 10 hours per activity",
     "cap training at 10 hours per year",
     "stricter", True,
     "form = training (several of them): base counts at most 10 hours per activity, this counts at "
     "most 10 hours per year"),
    (PLAIN, "cap training at 8 hours per day",
     "cap training at 8 hours per activity",
     "neither", False,
     "form = training (several of them): base counts at most 8 hours per day, this counts at most 8 "
     "hours per activity"),
    (PLAIN, "cap training at 8 hours per day",
     "cap training at 8 hours per year",
     "stricter", True, "form = training: base counts at most 8 hours per day, this counts at most 8 hours per year"),
    (PLAIN, "cap training at 50 hours per year",
     "cap training at 40 hours per year taking professional first",
     "neither", False, "form = training: base counts at most 50 hours, this counts at most 40 hours"),
    (PLAIN, "convert training at 1 hour per clock_hour",
     "convert training at 1 hour per 60 minutes",
     "same", True, ""),
    (PLAIN, "convert training at stated hours",
     "convert training at stated hours times 0.5",
     "stricter", True, "form = training, 1 hour: base gives 1 hour, this gives 0.5 hours"),
    (PLAIN, "reject paper when fee > 10 yuan",
     "reject paper when fee >= 10.01 yuan",
     "same", True, ""),
    (PLAIN, "reject paper when author_rank in (1, 2, 3)",
     "reject paper when author_rank between 1 and 3",
     "same", True, ""),
    (PLAIN, "reject paper when not (author_rank > 1 or journal_level = national)",
     "reject paper when author_rank = 1 and journal_level != national",
     "same", True, ""),
    (PLAIN, "reject training when days > 30",
     "reject training when days > 31",
     "laxer", False, "form = training, days = 31: base rejects it, this does not reject it"),
    (PLAIN, "reject training when full_months >= 3",
     "reject training when full_months >= 4",
     "laxer", False, "form = training, full_months = 3: base rejects it, this does not reject it"),
    (PLAIN, "flag fee_charged when repeated per title",
     "flag fee_charged when repeated per title, date",
     "laxer", False, "an earlier record has the same title: base flags it, this does not flag it"),
    (PLAIN, "carry excess over annual-hours to the next year",
     "carry excess over annual-hours up to 20 hours to the next year",
     "stricter", True, "in every case: base carries over up to any amount, this carries over up to 20 hours"),
    (PLAIN, "excuse annual-hours when circumstance = illness",
     "excuse year when circumstance = illness",
     "laxer", False, "a requirement other than annual-hours: base does not excuse, this excuses"),
    (BLOCKS, "excuse year when circumstance = illness",
     "excuse annual-hours when circumstance = illness",
     "stricter", True, "a requirement other than annual-hours: base excuses, this does not excuse"),
    (BLOCKS, "excuse year when circumstance = illness",
     "excuse annual-hours, block when circumstance = illness",
     "neither", False, "the requirement block: base does not excuse, this excuses"),
    (PLAIN, "require total at least 60 to 90 hours per year",
     "require total at least 75 hours per year",
     "neither", True, "in every case: base requires 60–90 hours, this requires 75 hours"),
    (PLAIN, "require total at least 60 to 90 hours per year",
     "require total at least 50 hours per year",
     "laxer", False, "in every case: base requires 60–90 hours, this requires 50 hours"),
    (PLAIN, "require total at least 60 to 90 hours per year",
     "require total at least 95 hours per year",
     "stricter", True, "in every case: base requires 60–90 hours, this requires 95 hours"),
    # the time between two days
    (PLAIN, "excuse year when January 1 of this year to qualified_on less than 2 years",
     "excuse year when January 1 of this year to qualified_on less than 1 year",
     "stricter", True, "qualified_on = 2021-01-01, in 2020: base excuses, this does not excuse"),
    (PLAIN, "excuse year when January 1 of this year to qualified_on less than 2 years",
     "excuse year when January 1 of this year to qualified_on at most 24 months",
     "laxer", False, "qualified_on = 2022-01-01, in 2020: base does not excuse, this excuses"),
    (PLAIN, "excuse year when qualified_on to December 31 of this year at least 55 years",
     "excuse year when qualified_on to December 31 of this year at least 660 months",
     "same", True, ""),
    (PLAIN, "excuse year when qualified_on to 2020-02-29 at least 1 year",
     "excuse year when qualified_on <= 2019-02-28",
     "same", True, ""),
    (PLAIN, "excuse year when qualified_on to 2019-02-28 at least 1 month",
     "excuse year when qualified_on <= 2019-01-31",
     "same", True, ""),
    (PLAIN, "excuse year when 2019-01-31 to qualified_on less than 1 month",
     "excuse year when qualified_on < 2019-02-28",
     "same", True, ""),
    (PLAIN, "reject training when qualified_on to date more than 24 months",
     "reject training when qualified_on to date more than 12 months",
     "stricter", True,
     "form = training, qualified_on = 2018-01-01, 2020-01-01: base does not reject it, this rejects it"),
]
# fmt: on


@pytest.mark.parametrize(("law", "old", "new", "relation", "permitted", "told"), PAIRS, ids=lambda x: str(x)[:40])
def test_a_verdict(law: Context, old: str, new: str, relation: str, permitted: bool, told: str) -> None:
    verdict = compare(rule(old), rule(new), law)
    assert (verdict.relation, verdict.permitted) == (relation, permitted)
    witness = verdict.laxer or verdict.stricter
    assert (differing(witness, law.vocabulary, "base") if witness else verdict.why) == told


@pytest.mark.parametrize(("law", "old", "new", "relation", "permitted", "told"), PAIRS, ids=lambda x: str(x)[:40])
def test_the_reverse_is_the_opposite(
    law: Context, old: str, new: str, relation: str, permitted: bool, told: str
) -> None:
    opposite = {"stricter": "laxer", "laxer": "stricter"}.get(relation, relation)
    assert compare(rule(new), rule(old), law).relation == opposite


@pytest.mark.parametrize(
    ("old", "new"),
    [("convert training at 1 hour per 45 minutes", "convert training at 1 hour per 50 minutes"),
     ("require total at least 90 hours per year", "require total at least 80 hours per year"),
     ("recognise training", "recognise training when evidence is present")],
)  # fmt: skip
def test_years_that_begin_on_other_days_are_not_compared(old: str, new: str) -> None:
    """The 1st of January 2016 is in 2016 on one side and in 2015 on the other."""
    day = date(2016, 1, 1)
    before, after = (replace(PLAIN, year_start=start, start=day, until=day) for start in ((1, 1), (9, 1)))
    verdict = compare(rule(old), rule(new), before, after)
    assert (verdict.relation, verdict.permitted) == ("undecided", None)
    assert verdict.why == "the year begins on another day: nothing says how they compare"


UNDECIDED = [
    # an irregular day of the year, months beside days, and the days of one record
    ("excuse year when January 1 of this year to qualified_on less than 60 days",
     "excuse year when qualified_on < March 1 of this year"),
    ("reject training when qualified_on to date at least 30 days",
     "reject training when qualified_on to date at least 1 month"),
    ("reject training when start to date at least 6 months", "reject training when start to date at least 3 months"),
    ("reject training when qualified_on to date at least 1 year and date >= 2020-02-01",
     "reject training when qualified_on to date at least 1 year and date >= 2020-01-01"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), UNDECIDED)
def test_times_of_which_few_days_do_not_tell(old: str, new: str) -> None:
    """What is found is said; what is not found may be on a day that was not tried."""
    verdict = compare(rule(old), rule(new), PLAIN)
    assert (verdict.relation, verdict.why) == ("undecided", "not all days that may decide it could be tried")
    assert isinstance(verdict.laxer, Witness) or isinstance(verdict.stricter, Witness)


# window, other window: how often a minimum of the first holds in the second, and a maximum
WINDOWS = [
    ("per year", "per 5 years starting 2020", 5, 5),
    ("per 5 years starting 2020", "per year", None, 1),
    ("per 2 years starting 2020", "per 4 years starting 2022", 2, 2),
    ("per 2 years starting 2020", "per 4 years starting 2021", 1, 3),
    ("in any 2 years", "per 5 years starting 2020", 2, 3),
    ("in any 3 years", "in any 3 years", 1, 1),
    ("per 3 years starting 2020", "in any 3 years", None, 2),
    ("in any 3 years", "per 3 years starting 2020", 1, 1),
    ("per year", "per activity", None, 1),
    ("per activity", "per year", None, None),
    ("per day", "per activity", None, None),
    ("per day", "per year", None, 366),
    ("per year", "per day", None, 1),
    ("within 12 months of qualified_on", "per activity", None, None),
    ("within 12 months of qualified_on", "per year", None, None),
    ("per 12 months from qualified_on", "within 12 months of qualified_on", 1, 1),  # the first is one of them
    ("within 12 months of qualified_on", "per 12 months from qualified_on", None, None),
    ("per 12 months from qualified_on", "per 36 months from qualified_on", 3, 3),  # three make one
    ("per 12 months from qualified_on", "within 36 months of qualified_on", 3, 3),
    ("per 36 months from qualified_on", "per 12 months from qualified_on", None, None),
    ("per 24 months from qualified_on", "per 36 months from qualified_on", None, None),
    ("per 12 months from qualified_on", "per 12 months from joined", None, None),
    ("per 12 months from qualified_on", "per year", None, None),
]


@pytest.mark.parametrize(("one", "other", "least", "most"), WINDOWS)
def test_what_a_figure_implies_in_another_window(one: str, other: str, least: int | None, most: int | None) -> None:
    a, b = (rule(f"cap training at 10 hours {w}").window for w in (one, other))  # type: ignore[attr-defined]
    assert (implied(a, b, least=True), implied(a, b, least=False)) == (least, most)


def test_two_sides_with_their_own_tables() -> None:
    """The same sentence, and a table that was changed between: laxer where the new table gives more."""
    from dataclasses import replace

    from tests.prove.law import CREDITS

    text = rule("convert paper at credits_of(journal_level, author_rank) otherwise 0 hours")
    rows = (*CREDITS.rows[:2], (*CREDITS.rows[2][:2], CREDITS.rows[2][2] + 1))  # type: ignore[operator]
    new = replace(PLAIN, tables={**PLAIN.tables, "credits_of": replace(CREDITS, rows=rows)})
    verdict = compare(text, text, new, PLAIN)
    assert verdict.relation == "laxer"
    assert verdict.laxer is not None
    assert differing(verdict.laxer, PLAIN.vocabulary, "before", "now") == (
        "form = paper, journal_level = provincial, author_rank = 1: before gives 6 hours, now gives 7 hours"
    )
    assert compare(text, text, PLAIN, PLAIN).relation == "same"
