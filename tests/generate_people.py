"""People for generated cases: records on the edges of periods, caps and windows, circumstances, missing facts."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from random import Random

from policyengine.engines.calendar import window_from
from policyengine.records.model import Circumstance, Fact, Inputs, Person, Record

F = Fraction
_UNITS = {
    "training": ("minutes", "clock_hours", "hours", "days"),
    "workshop": ("minutes", "hours"),
    "conference": ("days", "hours", "minutes"),
    "lecture": ("minutes", "items", "days"),
    "distance": ("minutes", "clock_hours", "hours"),
    "self_study": ("characters", "hours"),
    "publication": ("characters",),
    "exam": ("items", "credits"),
    "paper": ("items", "credits", "hours"),
}
_QUANTITIES = {
    "minutes": (0, 45, 90, 100, 450, 1000),
    "clock_hours": (F(3, 4), 1, 2, F(5, 2), 8),
    "hours": (F(1, 2), 1, 4, 8, F(33, 4), 20, 60),
    "credits": (1, 2, F(5, 2), 10, 90),
    "days": (F(1, 2), 1, 2, 5),
    "characters": (500, 1000, 2500, 14000, 60000),
    "items": (1, 1, 2, 3),
}
_EDGES = ((1, 1), (1, 2), (2, 29), (3, 31), (4, 1), (6, 30), (7, 14), (7, 15), (8, 31), (9, 1), (12, 30), (12, 31))


def _day(rng: Random, first: int = 2015, last: int = 2018) -> date:
    year = rng.randint(first, last)
    if rng.random() < 0.5:
        month, day = rng.choice(_EDGES)
        return date(year, month, day if (month, day) != (2, 29) or year % 4 == 0 else 28)
    return date(year, 1, 1) + timedelta(days=rng.randrange(365))


def people(rng: Random, complete: bool, size: int, records: tuple[int, int] = (0, 9)) -> Inputs:
    """``size`` people with records between ``records``; ``complete``: no fact is missing."""
    persons: dict[str, Person] = {}
    rows: list[Record] = []
    gap = 0.0 if complete else rng.choice((0.05, 0.15, 0.3))
    for number in range(size):
        person = _person(rng, f"P{number + 1}", gap)
        persons[person.person_id] = person
        centre = rng.choice((None, 2016, 2017))  # most records in one year, so that caps and minimums matter
        for _ in range(rng.randint(*records)):
            rows.append(_record(rng, f"R{len(rows) + 1:03}", person.person_id, gap, centre))
    rng.shuffle(rows)
    return Inputs(tuple(rows), persons, (), len(rows), 0)


def _person(rng: Random, name: str, gap: float) -> Person:
    facts: dict[str, Fact] = {
        "employer_kind": rng.choice(("state_organ", "public_institution", "enterprise")),
        "title_level": rng.choice(("junior", "middle", "senior")),
        "sector": rng.choice(("accounting", "medicine")),
        "joined": _day(rng, 2013, 2018),
        "qualified_on": _day(rng, 2013, 2018),
    }
    held = {k: v for k, v in facts.items() if rng.random() >= gap}
    circumstances = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        start: date | None = _day(rng)
        assert start is not None
        length = rng.choice((0, 10, 29, 30, 31, 59, 100, 180, 200, 366))
        end: date | None = start + timedelta(days=length)
        if length in (30, 100, 180, 200):  # so many months to the day, or a day more
            end = window_from(start, length // 30)[1] + timedelta(days=start.day % 2)
        if rng.random() < 0.15:
            start = None
        if rng.random() < 0.15:
            end = None
        circumstances.append(Circumstance(rng.choice(("maternity", "illness", "illness", "valid_reason")), start, end))
    return Person(name, held, tuple(circumstances))


def _record(rng: Random, name: str, person: str, gap: float, centre: int | None) -> Record:
    end = _day(rng) if centre is None or rng.random() < 0.15 else _day(rng, centre, centre)
    start = end - timedelta(days=rng.choice((0, 0, 0, 1, 2, 4, 20, 60, 400)) if rng.random() < 0.6 else 0)
    form = rng.choice(tuple(_UNITS))
    unit: str | None = rng.choice(_UNITS[form])
    assert unit is not None
    quantity: Fraction | None = F(rng.choice(_QUANTITIES[unit]))
    facts: dict[str, Fact] = {
        "form": form,
        "subject": rng.choice(("public", "professional", "professional")),
        "title": rng.choice(("A", "B", "C", "D", "E", "F")),
        "evidence": "c1",
        "result": rng.choice(("passed", "passed", "failed")),
        "approved": rng.random() < 0.8,
        "provider": rng.choice(("Alpha", "a base", "Beta", "Gamma")),
        "mode": rng.choice(("in_person", "online")),
        "level": rng.choice(("national", "provincial", "city")),
        "author_rank": F(rng.randint(1, 5)),
        "authors": F(rng.randint(1, 4)),
        "cost": F(rng.randint(0, 40000), 100),
        "paper_characters": F(rng.choice((1500, 2000, 2001))),
        "theme": rng.choice(("law", "ethics", "safety", "other")),
        "self_paid": F(rng.choice((0, 5000, 5001, 10000)), 10000),
    }
    held = {k: v for k, v in facts.items() if rng.random() >= gap}
    if rng.random() < 0.1:
        held.pop("evidence", None)  # no proof is a fact, not a gap
    for name_, chance, value in (
        ("claimed_year", 0.3, end.year - rng.choice((0, 1, 1, 2))),
        ("late_reason", 0.4, "illness"),
        ("project", 0.6, rng.choice(("X", "Y"))),
    ):
        if rng.random() < chance:
            held[name_] = value
    if rng.random() < gap / 2:
        quantity = None
    if rng.random() < gap / 3:
        unit = None
    held.update(record_id=name, person_id=person)
    return Record(name, person, start, end, quantity, unit, held)
