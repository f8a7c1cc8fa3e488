"""A table's rows by the texts that records hold: found by an index, as many as they are."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from policyengine.engines import later
from policyengine.engines.compile.axes import rows_met
from policyengine.engines.lookup import Finder
from policyengine.packs.model import Column, Table
from tests.build import plan, record, run
from tests.prove.law import BASES, YEARLY


def test_each_of_thousands_of_names_is_looked_up_at_once() -> None:
    """Row by row 20,000 names in a table of as many took minutes."""
    finder = Finder(replace(BASES, rows=tuple((f"Base {n}", None) for n in range(20_000))))
    begin = time.process_time()
    met = [rows_met(finder, 0, f"BASE {n}", only_existence=False) for n in range(20_000)]
    assert time.process_time() - begin < 20  # about 0.2 s
    assert met == [frozenset({n}) for n in range(20_000)]
    assert rows_met(finder, 0, "Base", only_existence=False) == frozenset()


def rooms(rows: tuple[tuple[object, ...], ...]) -> Finder:
    """A table by form, level (perhaps several in a cell), a range of points, and subject."""
    columns = (
        Column("form", "key", field="form"),
        Column("level", "key", field="level"),
        Column("points", "key", "number", match="range", field="points"),
        Column("subject", "key", field="subject"),
        Column("hours", "value", "number", unit="hours"),
        Column("other", "alias"),
    )
    return Finder(Table("rooms", columns, rows))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "hours"),
    [
        (("Course", "A", 5, "law"), 1),
        (("COURSE", " b ", 5, "law"), 1),  # the second of its levels
        (("course", "a", 11, "law"), 2),  # the range decides
        (("course", "a", 21, "law"), None),
        (("course", "a", -1, "law"), None),
        (("course", "a", 5, "soil"), 3),
        (("course", "c", 5, "law"), None),
        (("class", "a", 5, "soil"), 3),  # by its alias
        (("talk", "a", 5, "law"), None),
        (("talk", None, 5, "law"), 4),  # an empty cell is met by nothing that is said
        (("course", "a", 11), 2),  # fewer keys than the table has
        (("course", "b"), 1),
        (("class",), 3),
    ],
)
def test_rows_by_several_keys(asked: tuple[object, ...], hours: int | None) -> None:
    low, high = (Fraction(0), Fraction(10)), (Fraction(11), Fraction(20))
    finder = rooms(
        (
            ("course", ("a", "b"), low, "law", Fraction(1), None),
            ("course", "a", high, "law", Fraction(2), None),
            ("course", "a", low, "soil", Fraction(3), "class"),
            ("talk", None, low, "law", Fraction(4), None),
        )
    )
    found = finder.find(asked, date(2016, 1, 1), 2016)
    assert (found and finder.figure(found)) == hours


def test_tables_by_two_keys_are_not_gone_through() -> None:
    """20,000 rows of one first key were compared with each record."""
    columns = (Column("a", "key", field="a"), Column("b", "key", field="b"), Column("hours", "value", "number"))
    finder = Finder(Table("two", columns, tuple(("x", f"B{n}", Fraction(n)) for n in range(20_000))))
    begin = time.process_time()
    for n in range(20_000):
        row = finder.find(("X", f"b{n}"), date(2016, 1, 1), 2016)
        assert row is not None
        assert row[2] == n
    assert time.process_time() - begin < 20  # about 0.2 s


RATES = Table(
    "rates",
    (
        Column("project", "key", field="project"),
        Column("hours", "value", "number", unit="hours"),
        Column("from", "from", "date"),
        Column("until", "until", "date"),
    ),
    (
        ("a", Fraction(4), None, date(2016, 12, 31)),
        ("b", Fraction(9), date(2016, 7, 1), None),
        ("c", Fraction(2), date(2018, 1, 1), date(2018, 12, 31)),
        ("d", None, None, None),
    ),
)
BOUNDS = [
    (None, (2, 9)),  # on any day
    (date(2016, 6, 30), (4, 4)),
    (date(2016, 7, 1), (4, 9)),
    (date(2016, 12, 31), (4, 9)),
    (date(2017, 1, 1), (9, 9)),
    (date(2018, 12, 31), (2, 9)),
    (date(2019, 1, 1), (9, 9)),
]


def test_bounds_of_a_table_on_a_day() -> None:
    finder = Finder(RATES)
    for _ in range(2):  # worked out, and remembered
        assert [finder.bounds(day, 2018) for day, _ in BOUNDS] == [bounds for _, bounds in BOUNDS]
    yearly = Finder(YEARLY)  # 72 hours in 2016, 90 in 2018
    assert [yearly.bounds(date(2020, 1, 1), year) for year in (2016, 2017, 2018)] == [(72, 72), None, (90, 90)]


def test_a_table_is_gone_through_once_for_all_records_that_lack_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures of paper_hours go up to 30; what lacks the rank may come to any of them, or to none (0)."""
    asked: list[object] = []
    figures = Finder.figures
    monkeypatch.setattr(Finder, "figures", lambda self, *when: (asked.append(when), figures(self, *when))[1])
    records = [record(f"R{n}", "2016-05-01", "training", level="national") for n in range(50)]
    law = plan(
        "recognise records",
        "convert training at paper_hours(level, author_rank)",
        "require total at least 9 hours per year",
    )
    result = run(law, records, 2016)
    assert {(e.converted, e.converted_high) for e in result.ledger} == {(0, 30)}
    assert len(asked) == 1


def test_what_a_term_is_asked_of_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for every record that lacks it."""
    asked: list[object] = []
    real = later.fields_asked
    monkeypatch.setattr(later, "fields_asked", lambda node, world: (asked.append(node), real(node, world))[1])
    records = [record(f"R{n}", "2016-05-01", "training", 2, "hours") for n in range(50)]
    law = plan(
        "recognise records", "convert training at stated hours", "require professional at least 90 hours per year"
    )
    result = run(law, records, 2016)
    assert result.decisions[0].missing == tuple(sorted(f"R{n}:subject" for n in range(50)))
    assert len(asked) == 1
