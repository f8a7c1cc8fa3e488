"""Values of which a table that a rule asks has no row."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as F

import pytest

from policyengine.language.vocabulary import FieldDecl, Word
from policyengine.messages import speak
from policyengine.packs.model import Cell, Column, Table
from policyengine.plan.holes import holes
from tests.build import TABLES, plan, rule, said, words

FIELDS = (
    FieldDecl("grade", "record", "number", "评分", minimum=F(0), maximum=F(10), decimals=1),
    FieldDecl("served", "person", "number", "工作年限", minimum=F(1), maximum=F(60)),
)
RANKED = Column("rank", "key", "number", match="range", field="author_rank")
HOURS = Column("hours", "value", "number", unit="hours")
KEYS = {  # by what a table is asked
    "rank": (RANKED,),
    "level, rank": (Column("level", "key", "term", field="level"), RANKED),
    "kind, rank": (Column("project", "key", field="project"), RANKED),
    "level": (Column("level", "key", "term", field="level"),),
    "grade": (Column("grade", "key", "number", match="range", field="grade"),),
    "served": (Column("served", "key", "number", match="range", field="served"),),
    "quantity": (Column("quantity", "key", "number", match="range"),),
    "form": (Column("form", "key", "term", field="form"),),
    "year of joining": (Column("joining", "key", "number", match="range"),),
    "year, rank": (Column("year", "year", type="year"), RANKED),
}


def told(by: str, rows: Sequence[tuple[Cell, ...]], sentence: str, **more: object) -> list[str]:
    """What is said of a rule that asks a table ``t`` with these rows, each of which gives one hour."""
    table = Table("t", (*KEYS[by], HOURS), tuple((*r, F(1)) for r in rows), tuple(range(2, len(rows) + 2)), "t.csv")
    known = words(Word("t", "table", "学时表"), fields=FIELDS)
    made = plan(said(sentence, known), vocabulary=known, tables={**TABLES, "t": table}, **more)
    return [d.message for d in holes(made)]


def n(low: int | None, high: int | None) -> tuple[F | None, F | None]:
    return None if low is None else F(low), None if high is None else F(high)


PAPER = "convert paper at t({})"
REVIEW = "the table t has no row for {}: such a record is in need of review"
TABLE = [
    # key columns; rows; a rule; what is in no row, by hand
    ("rank", [(n(1, 1),), (n(2, None),)], PAPER.format("author_rank"), []),
    ("rank", [(n(1, 3),), (n(5, 9),)], PAPER.format("author_rank"), ["author_rank = 4"]),
    ("rank", [(n(5, 9),), (n(1, 2),)], PAPER.format("author_rank"), ["author_rank between 3 and 4"]),
    ("rank", [(n(1, 9),), (n(2, 3),), (n(11, 11),)], PAPER.format("author_rank"), ["author_rank = 10"]),
    ("rank", [(n(1, 3),)], PAPER.format("author_rank"), []),  # ranks from 4 on: the document's own silence
    ("rank", [(n(1, 3),), (n(25, 30),)], PAPER.format("author_rank"), ["author_rank between 4 and 24"]),
    ("rank", [(n(21, 22),), (n(25, 30),)], PAPER.format("author_rank"), []),  # nobody's rank: 20 is the most
    ("rank", [(n(1, 3),), (n(5, 9),)], PAPER.format("author_rank") + " otherwise 2 hours", []),
    ("rank", [(n(1, 3),), (n(5, 9),)], PAPER.format("author_rank") + " when author_rank != 4", []),
    ("rank", [(n(1, 3),), (n(5, 9),)], PAPER.format("author_rank") + " when author_rank > 4", []),
    ("rank", [(n(1, 3),), (n(5, 9),)], "add t(author_rank) to paper", ["author_rank = 4"]),
    ("grade", [(n(0, 5),), (n(6, 10),)], PAPER.format("grade"), ["grade between 5.1 and 5.9"]),  # one decimal
    ("quantity", [(n(None, 999),), (n(1000, 1999),)], PAPER.format("quantity"), []),
    ("quantity", [(n(None, 999),), (n(1001, 1999),)], PAPER.format("quantity"), ["quantity = 1000"]),
    ("rank", [(n(None, 3),), (n(10, 20),)], PAPER.format("author_rank"), ["author_rank between 4 and 9"]),
    # of rows that agree in the other keys
    ("level, rank", [("national", n(1, 2)), ("national", n(4, 9)), ("provincial", n(3, 3)), ("city", n(1, None))],
     PAPER.format("level, author_rank"), ["level = national and author_rank = 3"]),
    ("level, rank",
     [(("national", "city"), n(1, 2)), ("national", n(3, 9)), ("city", n(4, 9)), ("provincial", n(1, 9))],
     PAPER.format("level, author_rank"), ["level = city and author_rank = 3"]),
    ("kind, rank", [("A", n(1, 2)), (" a", n(3, 3)), ("A", n(4, 9))], PAPER.format("project, author_rank"), []),
    ("year, rank", [(F(2016), n(1, 2)), (F(2017), n(3, 9))], PAPER.format("author_rank"), []),  # some year has each
    # terms that no row names
    ("level", [("national",), (("provincial", "city"),)], PAPER.format("level"), []),
    ("level", [("national",)], PAPER.format("level"), ["level = provincial", "level = city"]),
    ("level", [("national",)], PAPER.format("level") + " when level in (national, city)", ["level = city"]),
    ("level", [("national",)], PAPER.format("level") + " when level = national", []),
    ("form", [("paper",)], PAPER.format("form"), []),  # asked of no other form
    ("level", [], PAPER.format("level"), []),  # a table without rows: PE355
    ("rank", [(n(1, 1),), *((n(i, i),) for i in range(3, 13, 2))], PAPER.format("author_rank"),
     ["author_rank = 2", "author_rank = 4", "author_rank = 6", "…"]),
]  # fmt: skip


@pytest.mark.parametrize(("by", "rows", "sentence", "values"), TABLE)
def test_values_of_which_a_table_has_no_row(
    by: str, rows: Sequence[tuple[Cell, ...]], sentence: str, values: list[str]
) -> None:
    assert told(by, rows, sentence) == [REVIEW.format(", ".join(values))] * bool(values)


REQUIRED = "the table t has no row for {}: there nothing is required by it"
SERVED = [
    ("require total at least t(served) per year", [n(1, 9), n(11, None)], "served = 10"),
    ("require total at least t(served) per year", [n(1, 9), n(10, 60)], None),
    ("require total at least t(served) per year", [n(1, 9)], "served between 10 and 60"),  # nobody would see it
    ("require total at least t(served) per year", [n(5, None)], "served between 1 and 4"),
    ("expect total at least t(served) per year", [n(1, 9)], "served between 10 and 60"),
    ("require total at least t(served) per year when served < 10", [n(1, 9)], None),
]
LIMITED = "the table t has no row for {}: there it limits nothing"
CAPPED = [
    ("cap paper at t(served) per year", [n(1, 9), n(11, None)], "served = 10"),
    ("cap paper at t(served) per year", [n(1, 9)], "served between 10 and 60"),  # nobody would see it
    ("cap paper at t(served) per year", [n(5, None)], "served between 1 and 4"),
    ("cap paper at t(served) per year", [n(None, None)], None),
    ("cap paper at t(served) per year when served < 10", [n(1, 9)], None),
]


@pytest.mark.parametrize(
    ("message", "sentence", "stretches", "values"),
    [(REQUIRED, *case) for case in SERVED] + [(LIMITED, *case) for case in CAPPED],
)
def test_people_of_whom_a_table_has_no_row(
    message: str, sentence: str, stretches: list[tuple[F | None, F | None]], values: str | None
) -> None:
    assert told("served", [(s,) for s in stretches], sentence) == ([message.format(values)] if values else [])


def test_of_a_quantity_the_coarsest_unit_says_what_lies_between() -> None:
    """Hundredths of hours, tenths of days: tenths."""
    bounds = {"hours": (F(0), F(5000), 2), "days": (F(0), F(366), 1)}
    asked = "quantity", [(n(None, 999),), (n(1000, 1999),)], PAPER.format("quantity")
    assert told(*asked, bounds=bounds) == [REVIEW.format("quantity between 999.1 and 999.9")]


def test_a_table_that_is_asked_with_anything_but_a_field_is_not_looked_at() -> None:
    rows = [(n(2000, 2005),), (n(2010, None),)]
    assert told("year of joining", rows, "require total at least t(year of joined) per year") == []


def test_in_chinese() -> None:
    speak("zh")
    try:
        assert told("rank", [(n(1, 3),), (n(5, 9),)], PAPER.format("author_rank")) == [
            "表“学时表”中没有 作者排名 = 4 的行：这样的记录有待核实"
        ]
    finally:
        speak("en")


def test_a_rule_below_is_told_of_in_its_own_policy() -> None:
    below = rule("below", "convert paper at level_hours(title_level)")
    own = rule("own", "convert training at 1 hour per 45 minutes", pack="sector")
    assert [d.code for d in holes(plan(below))] == ["PE358"]
    assert holes(plan(below, own)) == []
