"""Stage 4 by hand: what counts once, and what caps leave of it, record by record."""

from __future__ import annotations

from datetime import date

import pytest

from policyengine.engines import duckdb, reference
from policyengine.language.vocabulary import Word
from policyengine.records.model import Person, Record
from tests.build import F, governs, inputs, plan, record, rule, run, said, somebody, words

BASE = [
    "recognise records when result != failed",
    "convert training, workshop, lecture, self_study, paper at stated hours",
]
Row = tuple[str, str, object]  # record id, end, hours


def rows(*given: object, **facts: object) -> list[Record]:
    """``("R1", "2016-05-01", 10)``, ``("R2", "2016-01-01/2016-01-03", 10, {"form": …})``; passed unless said."""
    made = []
    for one in given:
        name, days, hours, *more = one  # type: ignore[misc]
        held: dict[str, object] = {"form": "training", "result": "passed", **facts, **(more[0] if more else {})}
        start, _, end = days.rpartition("/")
        form = held.pop("form")
        made.append(record(name, end, form, hours, "hours", start=start or None, **held))  # type: ignore[arg-type]
    return made


def counted(rules: list[object], records: list[Record], *persons: Person) -> dict[str, object]:
    """Record → hours that count (or their bounds)."""
    entries = run(plan(*BASE, *rules), records, (2010, 2025), *persons).ledger  # type: ignore[arg-type]
    return {e.record_id: e.counted if e.counted == e.counted_high else (e.counted, e.counted_high) for e in entries}


UNKNOWN = {"result": None}
YEARS = [("A", "2016-05-01", 10), ("B", "2016-06-01", 10), ("C", "2017-01-01", 10), ("D", "2018-12-31", 10)]


def of(given: list[object]) -> list[Record]:
    made = rows(*given)
    return [r if r.facts.get("result") else _without_result(r) for r in made]


def _without_result(r: Record) -> Record:
    return Record(r.record_id, r.person_id, r.start, r.end, r.quantity, r.unit,
                  {k: v for k, v in r.facts.items() if v is not None})  # fmt: skip


CAPS = [
    # windows, over four records of 10 hours: May and June 2016, New Year 2017, the last day of 2018
    (["cap training at 15 hours per year"], YEARS, {"A": 10, "B": 5, "C": 10, "D": 10}),
    (["cap lecture at 15 hours per year"], YEARS, {"A": 10, "B": 10, "C": 10, "D": 10}),
    (["cap records at 0 hours per year"], YEARS, {"A": 0, "B": 0, "C": 0, "D": 0}),
    (["cap training at 4 hours per activity"], YEARS, {"A": 4, "B": 4, "C": 4, "D": 4}),
    (["cap training at 25 hours per 2 years starting 2016"], YEARS, {"A": 10, "B": 10, "C": 5, "D": 10}),
    (["cap training at 25 hours per 2 years starting 2015"], YEARS, {"A": 10, "B": 10, "C": 10, "D": 10}),
    (["cap training at 25 hours per 3 years starting 2016"], YEARS, {"A": 10, "B": 10, "C": 5, "D": 0}),
    # any two years: 2016 takes 20, 2017 what that leaves, 2018 what 2017 left
    (["cap training at 25 hours in any 2 years"], YEARS, {"A": 10, "B": 10, "C": 5, "D": 10}),
    (["cap training at 12 hours in any 2 years"], YEARS, {"A": 10, "B": 2, "C": 0, "D": 10}),
    (["cap training at 22 hours in any 3 years"], YEARS, {"A": 10, "B": 10, "C": 2, "D": 0}),
    # in force until 2016 it governs no twelve months that end in 2017
    ([rule("c", "cap training at 15 hours within 12 months of joined", until=2016)], YEARS,
     {"A": 10, "B": 10, "C": 10, "D": 10}),
    # twelve months from 2016-06-01: B and C, not A
    (["cap training at 15 hours within 12 months of joined"], YEARS, {"A": 10, "B": 10, "C": 5, "D": 10}),
    # nested: 8 an activity, of that 12 a year, of that 18 in three years
    (["cap training at 8 hours per activity", "cap training at 12 hours per year",
      "cap training at 18 hours per 3 years starting 2016"], YEARS, {"A": 8, "B": 4, "C": 6, "D": 0}),
    (["cap training at yearly_hours(this year) per year"],  # 72 in 2016, nothing said of 2017, 90 in 2018
     [("A", "2016-05-01", 80), ("B", "2017-05-01", 80), ("C", "2018-05-01", 100)], {"A": 72, "B": 80, "C": 90}),
    # of two figures the tighter, whichever comes first
    (["cap training at 15 hours per year", "cap training at 12 hours per year"], YEARS,
     {"A": 10, "B": 2, "C": 10, "D": 10}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "given", "expected"), CAPS)
def test_caps(rules: list[object], given: list[object], expected: dict[str, object]) -> None:
    person = somebody(joined=date(2016, 6, 1))
    assert counted(rules, of(given), person) == expected
    assert counted(rules, of(given)[::-1], person) == expected  # the file's order never matters


PROJECTS = [
    ("A", "2016-05-01", 10, {"project": "X"}), ("B", "2016-06-01", 10, {"project": "X"}),
    ("C", "2016-07-01", 10, {"project": "Y"}), ("D", "2016-08-01", 10), ("E", "2016-09-01", 10),
    ("F", "2017-01-01", 10, {"project": "X"}),
]  # fmt: skip


def test_per_field_holds_within_a_year() -> None:
    found = counted(["cap training at 12 hours per project"], of(PROJECTS))
    assert found == {"A": 10, "B": 2, "C": 10, "D": (0, 10), "E": (0, 10), "F": 10}  # D may be of X, Y or another


@pytest.mark.parametrize(
    ("records", "expected"),
    [  # at most 12 hours per project; of those without one it is not known which
        ([("A", "2016-05-01", 20)], {"A": 12}),  # whichever it is
        ([("A", "2016-05-01", 20), ("B", "2017-05-01", 20, {"project": "X"})], {"A": 12, "B": 12}),
        ([("A", "2016-05-01", 20), ("B", "2016-06-01", 5)], {"A": 12, "B": (0, 5)}),
        ([("A", "2016-05-01", 5), ("B", "2016-06-01", 5, {"project": "X"})], {"A": 5, "B": 5}),  # together 10
        ([("A", "2016-05-01", 5), ("B", "2016-06-01", 20, {"project": "X"})], {"A": 5, "B": (7, 12)}),
        ([("B", "2016-05-01", 20, {"project": "X"}), ("A", "2016-06-01", 20)], {"B": 12, "A": (0, 12)}),
    ],
)
def test_a_missing_value_may_be_any(records: list[object], expected: dict[str, object]) -> None:
    cap = "cap training at 12 hours per project"
    assert counted([cap], of(records)) == expected
    for entry in run(plan(*BASE, cap), of(records), (2010, 2025)).ledger:
        blank = {f"{r.record_id}:project" for r in of(records) if "project" not in r.facts}
        told = {"project"} if f"{entry.record_id}:project" in blank else blank
        assert set(entry.missing) == (told if isinstance(expected[entry.record_id], tuple) else set())


def total(rules: list[object], records: list[Record], year: int) -> tuple[object, object]:
    [decision] = run(plan(*BASE, *rules), records, year).decisions  # type: ignore[arg-type]
    return decision.total, decision.total_high


SIX = [(f"F{n}", f"2016-0{n}-01", 20, {"title": f"T{n}", "project": f"P{n}"}) for n in range(1, 7)]


@pytest.mark.parametrize(
    ("rule", "records", "expected"),
    [  # what one record lacks it has in common with one other at most
        ("count once per title taking the earliest", [("F0", "2015-12-01", 8), *SIX], (100, 120)),
        ("count once per title taking the highest", [("F0", "2015-12-01", 8), *SIX], (120, 120)),
        ("count once per title taking the latest", [("F0", "2016-12-01", 8), *SIX], (108, 128)),
        ("cap training at 20 hours per project", [("F0", "2016-01-01", 20), *SIX], (120, 140)),
        ("cap training at 12 hours per project",
         [("A", "2016-01-05", 5), *((n, d, 12, f) for n, d, _, f in SIX[:2])], (24, 29)),
        ("cap training at 12 hours per project",
         [("A", "2016-01-05", 5), *((n, d, 20, f) for n, d, _, f in SIX[:1])], (12, 17)),
        # two may have the same, or be like two others: B and C one title, or T1 and T2
        ("count once per title taking the earliest",
         [("B", "2015-11-01", 8), ("C", "2015-12-01", 8), *SIX[:2]], (0, 40)),
        ("count once per title taking the highest",
         [("B", "2016-11-01", 30), ("C", "2016-12-01", 8), *SIX[:2]], (50, 78)),
    ],
)  # fmt: skip
def test_a_total_knows_that_a_gap_holds_one_value(rule: str, records: list[object], expected: object) -> None:
    assert total([rule], of(records), 2016) == expected


DAYS = [
    # 8 a day; three days from 1 to 3 May hold 24
    ([("A", "2016-05-01/2016-05-03", 30)], {"A": 24}),
    # two records of one day share its 8
    ([("A", "2016-05-01", 5), ("B", "2016-05-01", 5)], {"A": 5, "B": 3}),
    # A has three days, its middle one is B's too: together 24 in three days, B alone 8
    ([("A", "2016-05-01/2016-05-03", 20), ("B", "2016-05-02", 10)], {"A": 16, "B": 8}),
    ([("A", "2016-05-01/2016-05-03", 16), ("B", "2016-05-02", 10)], {"A": 16, "B": 8}),
    # two days each, one in common: 24 in three days
    ([("A", "2016-05-01/2016-05-02", 20), ("B", "2016-05-02/2016-05-03", 20)], {"A": 16, "B": 8}),
    # apart
    ([("A", "2016-05-01", 10), ("B", "2016-05-02", 10)], {"A": 8, "B": 8}),
    # B and C share no day, but both lie in A's ten, which hold 80
    (
        [("A", "2016-05-01/2016-05-10", 76), ("B", "2016-05-02/2016-05-03", 16), ("C", "2016-05-05/2016-05-06", 16)],
        {"A": 48, "B": 16, "C": 16},
    ),
    # what is too much for one day leaves eight others to B
    ([("A", "2016-05-01", 10), ("B", "2016-05-01/2016-05-09", 1)], {"A": 8, "B": 1}),
]


@pytest.mark.parametrize(("given", "expected"), DAYS)
def test_per_day(given: list[object], expected: dict[str, object]) -> None:
    assert counted(["cap records at 8 hours per day"], of(given)) == expected


def test_days_that_nobody_shares_have_each_the_figure_of_their_year() -> None:
    versions = [
        rule("c", f"cap training at {n} hours per day", *years) for n, years in ((8, (None, 2016)), (5, (2017,)))
    ]
    assert counted(versions, of([("A", "2016-12-31", 9), ("B", "2017-01-01", 9)])) == {"A": 8, "B": 5}


def test_a_limit_is_that_of_the_person_and_the_year() -> None:
    """Of 45 hours juniors keep 12, those of middle rank 40."""
    people = [somebody("P1", title_level="junior"), somebody("P2", title_level="middle"), somebody("P3")]
    given = [record("R1", "2016-05-01", "training", 45, "hours", person=p.person_id, result="passed") for p in people]
    made = plan(*BASE, "cap training at level_hours(title_level) per year")
    totals = {d.person_id: (d.total, d.total_high) for d in run(made, given, 2016, *people).decisions}
    assert totals == {"P1": (12, 12), "P2": (40, 40), "P3": (12, 45)}
    rules = ["cap training at 15 hours per year", "require total at least 1 hour per 2 years starting 2016"]
    result = run(plan(*BASE, "require total at least 1 hour per year", *rules), of(YEARS), (2016, 2018))
    assert {d.period: d.capped_off for d in result.decisions} == {"2016": 5, "2017": 0, "2018": 0, "2016..2017": 5}


def test_the_stated_preference_comes_before_the_date() -> None:
    given = [
        ("A", "2016-05-01", 10, {"subject": "public", "mode": "in_person"}),
        ("B", "2016-06-01", 10, {"subject": "professional", "mode": "in_person"}),
        ("C", "2016-07-01", 10, {"mode": "online", "subject": "public"}),
    ]
    assert counted(["cap records at 15 hours per year taking professional first"], of(given)) == {
        "A": 5,
        "B": 10,
        "C": 0,
    }
    online = "cap records at 15 hours per year taking online first"
    assert counted([online], of(given)) == {"A": 5, "B": 0, "C": 10}


def test_a_preference_is_among_the_terms_of_one_field() -> None:
    """There is an "other" among the forms, and one among the subjects: beside public it is the subject."""
    known = words(Word("other", "term", "其他形式", of="form"), Word("other", "term", "其他科目", of="subject"))
    sentences = [*BASE, "cap records at 15 hours per year taking other, public first"]
    made = plan(*(said(s, known) for s in sentences), vocabulary=known)
    given = of([(n, f"2016-0{m}-01", 10, {"subject": s}) for n, m, s in (
        ("A", 5, "professional"), ("B", 6, "public"), ("C", 7, "other"))])  # fmt: skip
    for judge in (reference.evaluate, duckdb.evaluate):
        assert [e.counted for e in judge(made, inputs(given), (2016, 2016), None).ledger] == [0, 5, 10]


def test_ties_of_date_go_by_record_id() -> None:
    given = [("R10", "2016-05-01", 10), ("R9", "2016-05-01", 10)]
    assert counted(["cap training at 15 hours per year"], of(given)) == {"R10": 10, "R9": 5}


def test_a_cap_governs_whole_years_and_longer_windows_by_their_last() -> None:
    old = rule("c", "cap training at 5 hours per year", until=2016)
    new = rule("c", "cap training at 7 hours per year", start=2017)
    assert counted([old, new], of(YEARS)) == {"A": 5, "B": 0, "C": 7, "D": 7}
    old = rule("c", "cap training at 5 hours per 2 years starting 2016", until=2016)
    new = rule("c", "cap training at 12 hours per 2 years starting 2016", start=2017)
    assert counted([old, new], of(YEARS)) == {"A": 10, "B": 2, "C": 0, "D": 10}
    # the block ends in 2017, whether or not anything was recorded then
    assert counted([old, new], of(YEARS[:2])) == {"A": 10, "B": 2}
    old = rule("c", "cap training at 15 hours in any 2 years", until=2016)
    new = rule("c", "cap training at 9 hours in any 2 years", start=2017)
    # 2016 took 15 under the old figure: 2017 gets nothing, and 2016 keeps what it has
    assert counted([old, new], of(YEARS)) == {"A": 10, "B": 5, "C": 0, "D": 9}


def test_an_override_of_two_versions_is_the_narrower_cap_in_both_their_times() -> None:
    """20 hours of training, of which 14 count, and 20 of a lecture, which has 30 − 14 = 16 left, before 2017 and after:
    were the wider cap the first, training would have 20 of it, then 14, and the lecture 10."""
    base = [rule("n", f"cap training at {hours} hours per year", *years, change="delegated")
            for hours, years in ((10, (None, 2016)), (12, (2017, None)))]  # fmt: skip
    city = rule("n", "override base/n: cap training at 14 hours per year", pack="city")
    law = [governs(city, base[0], until=base[0].until), governs(city, base[1], start=base[1].start)]
    given = of([(n, f"{year}-05-01", 20, {"form": form}) for n, year, form in (
        ("A", 2016, "training"), ("B", 2016, "lecture"), ("C", 2017, "training"), ("D", 2017, "lecture"))])  # fmt: skip
    told = counted([*law, rule("a", "cap records at 30 hours per year")], given)
    assert told == {"A": 14, "B": 16, "C": 14, "D": 16}


def test_the_stricter_of_kept_caps_governs() -> None:
    base = rule("c", "cap training at 12 hours per year")
    over = rule("c", "override base/c: cap training at yearly_hours(this year) per year", pack="sector")
    assert counted([governs(over, base)], of(YEARS)) == {"A": 10, "B": 2, "C": 10, "D": 10}


def test_the_ledger_names_the_caps_that_cut() -> None:
    made = plan(
        *BASE, rule("a", "cap training at 8 hours per activity"), rule("b", "cap training at 12 hours per year")
    )
    entries = run(made, of(YEARS[:2]), 2016).ledger
    assert [(e.reason, e.cap_rule) for e in entries] == [("capped", "base/a"), ("capped", "base/a+base/b")]


class TestDoubt:
    """Bounds under caps: own hours at their least while others are at their most, and the reverse."""

    CAP = "cap records at 15 hours per year"

    def test_a_doubtful_record_before_and_after(self) -> None:
        given = of([("A", "2016-05-01", 10, UNKNOWN), ("B", "2016-06-01", 10)])
        assert counted([self.CAP], given) == {"A": (0, 10), "B": (5, 10)}
        given = of([("A", "2016-05-01", 10), ("B", "2016-06-01", 10, UNKNOWN)])
        assert counted([self.CAP], given) == {"A": 10, "B": (0, 5)}

    def test_the_total_is_tighter_than_the_sum_of_the_records(self) -> None:
        given = of([("A", "2016-05-01", 10, UNKNOWN), ("B", "2016-06-01", 10), ("C", "2016-07-01", 10)])
        result = run(plan(*BASE, self.CAP), given, 2016)
        assert counted([self.CAP], given) == {"A": (0, 10), "B": (5, 10), "C": (0, 5)}
        [decision] = result.decisions
        assert (decision.total, decision.total_high) == (15, 15)  # what A takes, C lacks

    def test_an_unknown_limit(self) -> None:
        given = of([("A", "2016-05-01", 10)])
        assert counted(["cap training at unknown hours per year"], given) == {"A": (0, 10)}
        assert counted(["cap training at 4 to 6 hours per year"], given) == {"A": (4, 6)}

    def test_a_record_that_may_be_under_the_cap(self) -> None:
        cap = "cap training at 15 hours per year when mode = online"
        given = of(
            [
                ("A", "2016-05-01", 10, {"mode": "online"}),
                ("B", "2016-06-01", 10),
                ("C", "2016-07-01", 10, {"mode": "online"}),
            ]
        )
        assert counted([cap], given) == {"A": 10, "B": (5, 10), "C": (0, 5)}

    def test_an_unknown_preference(self) -> None:
        cap = "cap records at 15 hours per year taking professional first"
        given = of([("A", "2016-05-01", 10, {"subject": "public"}), ("B", "2016-06-01", 10)])
        # B may be professional and come first, or not and come last
        assert counted([cap], given) == {"A": (5, 10), "B": (5, 10)}

    def test_an_activity_of_two_years_gives_back_in_the_one_what_it_takes_in_the_other(self) -> None:
        given = of([("A", "2016-12-20/2017-01-05", 10, {"form": "lecture"}), ("B", "2017-06-01", 10)])
        for most, expected in ((5, (5, 5)), (7, (3, 7))):  # A may take all of it in 2017, or none
            rules = ["cap records at 10 hours per year", f"cap records at {most} hours per activity"]
            made = plan(*BASE, *rules, "assign lecture by start date when level = city")
            entries = {(e.record_id, e.period): e for e in run(made, given, (2016, 2017)).ledger}
            last = entries["B", "2017"]
            assert (last.counted, last.counted_high) == expected

    def test_days_shared_across_new_year(self) -> None:
        """B of 2017 shares a day with A of 2016: what A takes of it, B leaves to C in 2017."""
        caps = ["cap training at 8 hours per day", "cap training at 10 hours per year"]
        given = of([("A", "2016-12-31", 8, UNKNOWN), ("B", "2016-12-31/2017-01-01", 16), ("C", "2017-06-01", 8)])
        assert counted(caps, given) == {"A": (0, 8), "B": (8, 10), "C": (0, 2)}

    def test_an_unknown_anchor(self) -> None:
        assert counted(["cap training at 4 hours within 6 months of joined"], of(YEARS[:1])) == {"A": (4, 10)}
        # wherever the months lie, what was in force until 2013 governs none that end later
        cap = "cap training at {} hours within 6 months of joined"
        assert counted([rule("c", cap.format(4), until=2013)], of(YEARS[:1])) == {"A": 10}
        # six months that hold May 1 end in October at the latest, those that hold October 1 perhaps in 2017
        versions = [rule("c", cap.format(4), until=2016), rule("c", cap.format(2), start=2017)]
        assert counted(versions, of(YEARS[:1])) == {"A": (4, 10)}
        assert counted(versions, of([("A", "2016-10-01", 10)])) == {"A": (2, 10)}
        both = of([("A", "2016-05-01", 10), ("B", "2017-05-01", 10)])  # the months may hold one or the other
        for first, second in ((2, 4), (4, 2)):
            versions = [rule("c", cap.format(first), until=2016), rule("c", cap.format(second), start=2017)]
            assert counted(versions, both)["A"] == (2, 10)

    def test_what_a_cap_leaves_alone_is_not_said_to_be_capped(self) -> None:
        given = of([("A", "2016-05-01", 10), ("B", "2016-06-01", 10, UNKNOWN)])
        [a, b] = run(plan(*BASE, self.CAP), given, 2016).ledger
        assert (a.counted, a.reason, a.cap_rule) == (10, "counted", "")
        assert (b.counted_high, b.reason, b.cap_rule) == (5, "missing_fact", "base/r3")

    def test_hours_of_a_day_are_exact_together_and_wait_for_what_comes_before(self) -> None:
        one = [("A", "2016-05-01", 8, UNKNOWN), ("B", "2016-05-01", 8)]
        assert counted(["cap training at 8 hours per day"], of(one)) == {"A": (0, 8), "B": (0, 8)}
        assert total(["cap training at 8 hours per day"], of(one), 2016) == (8, 8)  # what A has, B lacks
        # of three days, which hold 24, A has two
        given = of([("A", "2016-05-01/2016-05-02", 16, UNKNOWN), ("B", "2016-05-02/2016-05-03", 16)])
        [_, b] = run(plan(*BASE, "cap training at 8 hours per day"), given, 2016).ledger
        assert (b.counted, b.counted_high, b.missing) == (8, 16, ("A:result",))

    def test_where_there_are_too_many_ways_to_fill_gaps_each_meets_the_limit_alone(self) -> None:
        given = [("A", "2016-01-01", 20, {"project": "X"}), *((f"B{n}", f"2016-0{n}-01", 20) for n in range(2, 8))]
        found = counted(["cap training at 12 hours per project"], of(given))
        assert found == {"A": 12, **{f"B{n}": (0, 12) for n in range(2, 8)}}


HIGHEST = "count once per title taking the highest"
A, B = ("A", "2016-05-01", 10), ("B", "2017-06-01", 12)
A_OPEN, B_OPEN = (*A, UNKNOWN), (*B, UNKNOWN)
ONLINE = {"mode": "online"}
ONCE = [
    # two of one title: of 10 and 12 hours
    (HIGHEST, [A, B], {"A": 0, "B": 12}),
    ("count once per title taking the lowest", [A, B], {"A": 10, "B": 0}),
    ("count once per title taking the earliest", [A, B], {"A": 10, "B": 0}),
    ("count once per title taking the latest", [A, B], {"A": 0, "B": 12}),
    ("count once per title taking the latest", [A, ("B", "2016-05-01", 2)], {"A": 0, "B": 2}),
    # equal: the earlier, then the smaller id
    (HIGHEST, [("B", "2016-05-01", 10), ("A", "2016-06-01", 10)], {"B": 10, "A": 0}),
    (HIGHEST, [("B", "2016-05-01", 10), ("A", "2016-05-01", 10)], {"A": 10, "B": 0}),
    # less than an hour is an amount as any other
    (HIGHEST, [("A", "2016-05-01", 1), ("B", "2017-06-01", F(1, 2))], {"A": 1, "B": 0}),
    # another title, a missing one, a form that the rule does not name
    (HIGHEST, [A, (*B, {"title": "other"})], {"A": 10, "B": 12}),
    (HIGHEST, [A, (*B, {"title": None})], {"A": (0, 10), "B": 12}),  # B is more than A, whatever its title
    (HIGHEST, [A, (*B, {"title": None}), ("C", "2016-06-01", 11)], {"A": 0, "B": 12, "C": (0, 11)}),
    ("count once per title, project taking the highest", [A, B], {"A": (0, 10), "B": 12}),
    ("count once per title, project taking the highest", [(*A, {"title": "S"}), B], {"A": 10, "B": 12}),
    (
        "count once per title, project taking the highest",
        [(*A, {"project": "X"}), (*B, {"project": "Y"})],
        {"A": 10, "B": 12},
    ),
    ("count once paper per title taking the highest", [A, B], {"A": 10, "B": 12}),
    # what counts nothing anyway competes with nothing
    ("count once per title taking the lowest", [A, ("B", "2017-06-01", 5, {"result": "failed"})], {"A": 10, "B": 0}),
    # in doubt: A counts where B does not
    (HIGHEST, [A, B_OPEN], {"A": (0, 10), "B": (0, 12)}),
    (HIGHEST, [A_OPEN, B], {"A": 0, "B": 12}),
    (HIGHEST, [A_OPEN, B_OPEN], {"A": (0, 10), "B": (0, 12)}),
    ("count once per title taking the earliest", [A_OPEN, B], {"A": (0, 10), "B": (0, 12)}),
    ("count once per title taking the earliest", [A, B_OPEN], {"A": 10, "B": 0}),
    # B is of 12 hours if it is recognised, which is not the least
    ("count once per title taking the lowest", [A, B_OPEN], {"A": 10, "B": 0}),
    ("count once per title taking the lowest", [A_OPEN, B], {"A": (0, 10), "B": (0, 12)}),
    # B may be none of those that count once: it counts either way, and A only then
    (f"{HIGHEST} when mode = online", [(*A, ONLINE), B], {"A": (0, 10), "B": 12}),
    (f"{HIGHEST} when mode = online", [A, (*B, ONLINE)], {"A": (0, 10), "B": 12}),
    (f"{HIGHEST} when mode = online", [A, B], {"A": (0, 10), "B": 12}),
    # whichever of unknown mode belong: the first counts, and after the first that surely belongs no such one does
    (
        f"{HIGHEST} when mode = online",
        [
            ("A", "2016-01-01", 9, ONLINE),
            ("B", "2016-02-01", 8),
            ("C", "2016-03-01", 7),
            ("D", "2016-04-01", 6, ONLINE),
            ("E", "2016-05-01", 5, ONLINE),
        ],
        {"A": 9, "B": (0, 8), "C": (0, 7), "D": 0, "E": 0},
    ),
    (
        f"{HIGHEST} when mode = online",
        [("A", "2016-01-01", 9), ("B", "2016-02-01", 8, ONLINE), ("C", "2016-03-01", 7, ONLINE)],
        {"A": 9, "B": (0, 8), "C": 0},
    ),
    (
        "count once per title taking the lowest when mode = online",
        [("A", "2016-01-01", 6), ("B", "2016-02-01", 7, ONLINE), ("C", "2016-03-01", 8, ONLINE)],
        {"A": 6, "B": (0, 7), "C": 0},
    ),
    (f"{HIGHEST} when mode = online", [(*A, ONLINE), (*B, {"mode": "in_person"})], {"A": 10, "B": 12}),
]


@pytest.mark.parametrize(("sentence", "given", "expected"), ONCE)
def test_count_once(sentence: str, given: list[object], expected: dict[str, object]) -> None:
    records = of([(n, d, h, {"title": "T", **(more[0] if more else {})}) for n, d, h, *more in given])  # type: ignore[misc]
    assert counted([sentence], records) == expected
    reasons = {e.record_id: e.reason for e in run(plan(*BASE, sentence), records, (2010, 2020)).ledger}
    for name, hours in expected.items():
        if hours == 0 and reasons[name] != "rejected":
            assert reasons[name] == "duplicate"


IN_ALL = [
    # A without a proof and B, the same again with one: whichever counts, 12 hours do
    (HIGHEST, [], [("A", "2016-05-01", 12, UNKNOWN), ("B", "2016-06-01", 12)], (12, 12)),
    # or the 10 of B alone; or neither
    (HIGHEST, [], [("A", "2016-05-01", 12, UNKNOWN), ("B", "2016-06-01", 10)], (10, 12)),
    (HIGHEST, [], [("A", "2016-05-01", 12, UNKNOWN), ("B", "2016-06-01", 10, UNKNOWN)], (0, 12)),
    ("count once per title taking the lowest", [],
     [("A", "2016-05-01", 8, UNKNOWN), ("B", "2016-06-01", 12), ("C", "2016-07-01", 9, UNKNOWN)], (8, 12)),
    # with C of another title 20 to 22, of which 15 and then 5 remain under the cap
    (HIGHEST, ["cap training at 15 hours per year"],
     [("A", "2016-05-01", 12, UNKNOWN), ("B", "2016-06-01", 10), ("C", "2016-07-01", 10, {"title": "U"})], (15, 15)),
    # A of 2016 does not count where B of 2017 does
    ("count once per title taking the latest", [],
     [("A", "2016-05-01", 12), ("B", "2017-06-01", 12, UNKNOWN), ("C", "2016-07-01", 3, {"title": "U"})], (3, 15)),
    # six that may be recognised or not are 64 ways; seven are too many
    (HIGHEST, [], [(f"A{n}", f"2016-05-0{n}", 2, UNKNOWN) for n in range(1, 7)] + [("B", "2016-06-01", 2)], (2, 2)),
    (HIGHEST, [], [(f"A{n}", f"2016-05-0{n}", 2, UNKNOWN) for n in range(1, 8)] + [("B", "2016-06-01", 2)], (0, 16)),
    # Y's title is found out all the same: of T it counts, and no A; of U it repeats X; of V Z repeats it
    (HIGHEST, [],
     [*((f"A{n}", f"2016-05-0{n}", 2, UNKNOWN) for n in range(1, 8)), ("B", "2016-06-01", 2),
      ("X", "2016-07-01", 3, {"title": "U"}), ("Y", "2016-07-02", 3, {"title": None}),
      ("Z", "2016-07-03", 3, {"title": "V"})],
     (6, 25)),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "caps", "given", "expected"), IN_ALL)
def test_what_a_group_comes_to_of_which_some_are_in_need_of_review(
    sentence: str, caps: list[str], given: list[object], expected: tuple[int, int]
) -> None:
    records = of([(n, d, h, {"title": "T", **(more[0] if more else {})}) for n, d, h, *more in given])  # type: ignore[misc]
    assert total([sentence, *caps], records, 2016) == expected


def test_what_may_repeat_another_names_the_fact_also_where_a_cap_leaves_nothing_either_way() -> None:
    given = [("C", "2016-01-01", 10, {"title": "U"}), ("A", "2016-05-01", 12, {"title": "T", **UNKNOWN}),
             ("B", "2016-06-01", 10, {"title": "T"})]  # fmt: skip
    [_, b, _] = run(plan(*BASE, HIGHEST, "cap training at 10 hours per year"), of(given), 2016).ledger
    assert (b.counted, b.counted_high, b.reason, b.missing) == (0, 0, "missing_fact", ("A:result",))


def test_what_counts_once_does_so_across_versions_and_the_ledger_names_the_rule() -> None:
    old = rule("o", "count once per title taking the highest", until=2016)
    new = rule("o", "count once per title taking the highest", start=2017)
    of_project = rule("o", "count once per project taking the highest", start=2017)
    given = of([(*A, {"title": "T", "project": "X"}), (*B, {"title": "T", "project": "Y"})])
    told = run(plan(*BASE, old, new), given, (2016, 2017)).ledger
    assert [(e.counted, e.reason, e.cap_rule) for e in told] == [(0, "duplicate", "base/o"), (12, "counted", "")]
    # another question asked from 2017 on: what is of 2016 repeats nothing of 2017
    assert [e.counted for e in run(plan(*BASE, old, of_project), given, (2016, 2017)).ledger] == [10, 12]
    # the same question in other words
    old = rule("o", "count once per title, subject taking the highest", until=2016)
    new = rule("o", "count once per subject, title taking the highest", start=2017)
    given = of([(*one, {"title": "T", "subject": "public"}) for one in (A, B)])
    assert [e.counted for e in run(plan(*BASE, old, new), given, (2016, 2017)).ledger] == [0, 12]


def test_what_counts_once_whatever_a_record_lacks_is_known() -> None:
    """C is of A's title, then it is more; or it is not, then B of A's project is: A counts nothing in either case."""
    rules = [f"count once per {field} taking the highest" for field in ("title", "project")]
    given = [
        ("A", "2016-05-01", 10, {"title": "T", "project": "X"}),
        ("B", "2016-06-01", 12, {"title": "U", "project": "X"}),
        ("C", "2016-07-01", 12, {"project": "Y"}),
    ]
    entries = run(plan(*BASE, *rules), of(given), 2016).ledger
    assert [(e.counted, e.counted_high, e.reason) for e in entries] == [
        (0, 0, "duplicate"), (12, 12, "counted"), (0, 12, "missing_fact"),
    ]  # fmt: skip


def test_of_an_activity_of_two_years_the_version_of_the_last_speaks() -> None:
    once = "count once per title taking the highest when mode ="
    versions = [rule("o", f"{once} online", until=2016), rule("o", f"{once} in_person", start=2017)]
    for mode, expected in (("online", {"A": 5, "B": 12}), ("in_person", {"A": 0, "B": 12})):
        given = [("A", "2016-12-31/2017-01-01", 10, {"mode": mode}), ("B", "2016-06-01", 12, {"mode": "online"})]
        assert (
            counted([*versions, "assign split by days"], of([(n, d, h, {"title": "T", **f}) for n, d, h, f in given]))
            == expected
        )


def test_an_activity_of_two_years_counts_once_with_what_it_has_in_both() -> None:
    split = "assign split by days"
    long, other = ("A", "2016-12-30/2017-01-02", 12, {"title": "T"}), ("B", "2018-06-01", 10, {"title": "T"})
    assert counted([HIGHEST, split], of([long, other])) == {"A": 6, "B": 0}  # 6 and 6 are more than 10
    # one of its eleven days is in 2016: no whole hour; it is one of the title all the same
    long, other = ("A", "2016-12-31/2017-01-10", 10, {"title": "T"}), ("B", "2018-06-01", 12, {"title": "T"})
    assert counted([HIGHEST, f"{split} rounded down to 1 hour"], of([long, other])) == {"A": 0, "B": 12}


def test_an_hour_that_is_open_elsewhere_leaves_a_settled_cap_exact() -> None:
    """8 hours a day are 8 on one day, 32 on four; a record of five years has room beside them. A is under no limit."""
    given = [("R1", "2017-02-12", 41), ("R2", "2017-02-14/2017-02-17", 40), ("R3", "2016-01-01/2020-12-31", 320)]
    old = ("A", "2014-05-01", 7, {"form": "lecture", **UNKNOWN})
    found = counted(["cap training at 8 hours per day"], of([old, *given]))
    assert found == {"A": (0, 7), "R1": 8, "R2": 32, "R3": 320}
    # any two years hold 10: 2016 gets 2 and leaves 8 to 2017, however it stands with A
    given = [("R1", "2015-05-01", 8), ("R2", "2016-05-01", 8), ("R3", "2017-05-01", 10)]
    found = counted(["cap training at 10 hours in any 2 years"], of([old, *given]))
    assert found == {"A": (0, 7), "R1": 8, "R2": 2, "R3": 8}


def test_what_counts_once_leaves_the_cap_to_the_others() -> None:
    given = of([(n, "2016-05-01", 10, {"title": t}) for n, t in (("A", "T"), ("B", "T"), ("C", "U"))])
    assert counted(["count once per title taking the highest", "cap records at 15 hours per year"], given) == {
        "A": 10,
        "B": 0,
        "C": 5,
    }
