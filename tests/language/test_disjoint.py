"""Which conditions exclude each other, as far as single fields tell."""

from __future__ import annotations

import pytest

from policyengine.language import tree
from policyengine.language.disjoint import disjoint
from tests.build import said, words

PAIRS = [
    ("level = national", "level = city", True),
    ("level = national", "level != national", True),
    ("level = national", "level in (city, national)", False),
    ("level in (city, provincial)", "level not in (city, provincial)", True),
    ("level != national", "level = provincial", False),
    ("level not in (national, city)", "level != provincial", True),  # there are only three
    ("approved = yes", "approved = no", True),
    ("author_rank = 1", "author_rank > 1", True),
    ("author_rank at most 3", "author_rank at least 4", True),
    ("author_rank < 4", "author_rank > 3", True),  # whole numbers
    ("author_rank < 5", "author_rank > 3", False),
    ("self_paid < 0.5", "self_paid > 0.5", True),
    ("self_paid < 0.5001", "self_paid > 0.5", True),  # four decimals
    ("self_paid < 0.5002", "self_paid > 0.5", False),
    ("author_rank between 1 and 3", "author_rank between 4 and 9", True),
    ("author_rank between 1 and 4", "author_rank between 4 and 9", False),
    ("author_rank > 20", "author_rank > 0", True),  # declared: at most 20
    ("paper_characters at most 2000 characters", "paper_characters > 2000 characters", True),
    ("evidence is present", "evidence is missing", True),
    ("author_rank is missing", "author_rank = 2", True),
    ("provider in bases", "provider not in bases", True),
    ("provider in bases", "theme in themes", False),
    ("year of qualified_on < 2016", "year of qualified_on at least 2016", True),
    ("joined < 2016-07-01", "joined at least 2016-07-01", True),
    ("joined < 2016-07-01", "joined at most 2016-07-01", False),
    ("title = \"A\"", "title = \"B\"", True),
    ("level = national and mode = online", "level = city", True),
    ("level = national or level = city", "level = provincial", True),
    ("level = national or mode = online", "level = provincial", False),
    ("not (level = national or level = city)", "level != provincial", True),
    ("not (author_rank = 1 and approved = yes)", "author_rank = 1 and approved = yes", True),
    # days and full months of one activity: February has 28 days, July and August have 62
    ("days at most 1", "full_months at least 2", True),
    ("days < 28", "full_months = 1", True),
    ("days = 28", "full_months = 1", False),
    ("days in (10, 27, 62)", "full_months > 1 and full_months < 3", False),
    ("days in (10, 27, 55)", "full_months > 1 and full_months < 3", True),
    ("days at least 93", "full_months at most 1", True),
    ("days at least 61", "not full_months at least 2", False),  # December 1 to January 30
    # a quantity is compared in the unit of each figure; in another dimension it is neither equal nor more nor less
    ("quantity at least 120 minutes", "quantity at most 4 clock_hours", False),  # two to four hours
    ("quantity at least 121 minutes", "quantity at most 2 clock_hours", True),
    ("quantity = 3 clock_hours", "quantity = 180 minutes", False),
    ("quantity = 3 days", "quantity = 3 hours", True),
    ("quantity at most 3 days", "quantity at least 1 hour", True),
    ("quantity in (2 clock_hours, 30 minutes)", "quantity between 100 minutes and 3 clock_hours", False),
    ("quantity in (2 clock_hours, 30 minutes)", "quantity between 1 minute and 29 minutes", True),
    ("quantity in (2 days, 30 minutes)", "quantity = 2 hours", False),  # several dimensions: not looked at
    ("quantity != 3 days", "quantity = 3 hours", False),
    ("quantity != 3 days", "quantity = 3 days", True),
    ("quantity not in (2 days, 3 days)", "quantity = 2 days", True),
    ("not quantity at least 3 days", "quantity at least 100 hours", False),
    ("not quantity at least 3 days", "not quantity < 3 days", False),  # what is counted in hours
    ("quantity is missing", "quantity at least 3 days", True),
    ("quantity is missing", "quantity != 3 days", False),  # of what is counted in hours
    # the time between the same two days is one number, in months and in days
    ("joined to date less than 2 years", "joined to date at least 24 months", True),
    ("joined to date less than 2 years", "not joined to date less than 2 years", True),
    ("joined to date at most 2 years", "joined to date at least 2 years", False),  # to the day
    ("joined to date at most 2 years", "joined to date more than 24 months", True),
    ("joined to date less than 25 months", "joined to date more than 2 years", False),  # 24 months and a day
    ("joined to date less than 2 years", "joined to date at least 23 months", False),
    ("joined to date at least 3 years", "joined to date less than 30 months", True),
    ("joined to date at least 31 days", "joined to date at most 30 days", True),
    ("joined to date more than 30 days", "joined to date less than 31 days", True),
    ("joined to date more than 29 days", "joined to date less than 31 days", False),  # thirty days
    # months and days of one time: a year has 365 or 366 days, another month at least 28 and at most 31
    ("joined to date at least 367 days", "joined to date at most 1 year", True),
    ("joined to date at least 366 days", "joined to date at most 1 year", False),  # of a leap year
    ("joined to date at least 1 year", "joined to date less than 365 days", True),
    ("joined to date at least 12 months", "joined to date at most 365 days", False),
    ("joined to date at least 5 years", "joined to date less than 1800 days", True),
    ("joined to date at least 14 months", "joined to date at most 420 days", True),  # 365 + 56 at least
    ("joined to date at least 1 month", "joined to date at most 28 days", False),  # February
    ("joined to date more than 62 days", "joined to date less than 2 months", True),
    ("joined to date at least 5 years", "qualified_on to date less than 900 days", False),
    # an activity from one day to the next has two days
    ("start to date more than 30 days", "days < 20", True),
    ("start to date at least 30 days", "days <= 30", True),
    ("start to date at least 30 days", "days <= 31", False),
    ("date to start at most 30 days", "days > 40", False),  # none is later than its last day
    ("date to start at least 1 day", "approved = yes", True),
    ("end to start more than 1 month", "approved = yes", True),
    ("date to end at least 1 day", "approved = yes", True),
    ("not date to start less than 1 day", "approved = yes", True),
    ("not date to start at least 1 day", "approved = yes", False),
    ("joined to joined at least 1 day", "approved = yes", True),
    ("joined to joined less than 1 day", "approved = yes", False),
    ("January 1 of this year to July 1 of this year at least 1 year", "approved = yes", True),
    ("January 1 of this year to December 31 of this year more than 365 days", "approved = yes", True),
    ("January 1 of this year to December 31 of this year at least 365 days", "approved = yes", False),  # leap years
    ("January 1 of this year to December 31 of this year at least 11 months", "approved = yes", False),
    ("January 1 of this year to joined at least 2 years", "approved = yes", False),
    ("joined to date at least 30 days", "days <= 30", False),
    ("joined to date less than 1 year", "qualified_on to date at least 1 year", False),
    ("joined to date less than 1 year", "date to joined at least 1 year", False),
    ("joined is missing", "joined to date less than 1 year", True),
    # two fields are not compared with each other
    ("author_rank < authors", "author_rank > authors", False),
]  # fmt: skip


def condition(text: str) -> tree.Condition | None:
    return said(f"recognise training when {text}").when


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_disjoint(one: str, other: str, expected: bool) -> None:
    a, b = condition(one), condition(other)
    assert disjoint(a, b, words()) is expected
    assert disjoint(b, a, words()) is expected


def test_nothing_excludes_no_condition() -> None:
    assert not disjoint(None, condition("level = city"), words())
    assert not disjoint(None, None, words())
    assert disjoint(None, condition("author_rank > 20"), words())  # which is never true
