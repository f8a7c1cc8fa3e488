"""What is said to be missing is what would settle it: with these facts supplied, in whatever way, nothing is open."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import date
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.plan.model import Plan
from policyengine.records.model import Person, Record
from policyengine.trace import Decision
from tests.build import plan, record, rule, run, somebody

VALUES: dict[str, tuple[object, ...]] = {
    "mode": ("online", "in_person"), "level": ("national", "city"), "subject": ("public", "professional"),
    "result": ("passed", "failed"), "title_level": ("junior", "middle"),
    "title": ("X", "Y", "another"), "project": ("p", "q", "another"),
    "joined": (date(2015, 12, 1), date(2016, 7, 1), date(2020, 1, 1)),
}  # fmt: skip
AT_MOST = 5  # facts that are tried in all ways


def some_plan(rng: Random) -> Plan:
    """Records that may be recognised, repeated and capped, and one requirement."""
    any_of = rng.choice
    recognise = "recognise training, lecture" + any_of(("", " when mode = online"))
    rules = [rule("rec", recognise), rule("con", "convert training, lecture at stated hours")]
    for n, name in enumerate(("title", "project")[: rng.choice((0, 0, 1, 2))]):
        choice = any_of(("highest", "lowest", "earliest", "latest"))
        rules.append(
            rule(f"o{n}", f"count once per {name} taking the {choice}" + any_of(("", " when level = national")))
        )
    for n in range(rng.choice((0, 1, 1, 2))):
        figure = any_of(("10 hours", "25 hours", "level_hours(title_level)"))
        window = any_of(("per year", "per activity", "per project", "per 2 years starting 2016", "in any 2 years"))
        order = any_of(("", " taking professional first")) + (" after base/c0" if n else "")
        rules.append(rule(f"c{n}", f"cap training at {figure} {window}{order}" + any_of(("", " when result = passed"))))
    measure, hours = any_of(("total", "public", "professional")), any_of((10, 20, 30))
    window = any_of(("per year", "per year", "within 12 months of joined"))
    when = any_of(("", "", " when title_level = junior"))
    return plan(*rules, rule("y", f"require {measure} at least {hours} hours {window}{when}"))


def some_records(rng: Random) -> list[Record]:
    made = []
    for n in range(rng.randint(2, 5)):
        names = [name for name in VALUES if name not in ("title_level", "joined")]
        facts = {name: rng.choice(VALUES[name][:2]) for name in names if rng.random() > 0.15}
        day = f"{rng.choice((2016, 2016, 2017))}-{rng.randint(1, 12):02d}-05"
        form, hours = rng.choice(("training", "lecture")), rng.choice((5, 10, 20))
        made.append(record(f"R{n}", day, form, hours, "hours", **facts))  # type: ignore[arg-type]
    return made


def supplied(records: list[Record], person: Person, missing: tuple[str, ...]) -> Iterator[tuple[list[Record], Person]]:
    """The case with the missing facts, in every way in which they may be."""
    places = [name.rpartition(":")[::2] for name in missing]
    for chosen in itertools.product(*(VALUES[fact] for _, fact in places)):
        facts: dict[str, dict[str, object]] = {}
        for (owner, fact), value in zip(places, chosen, strict=True):
            facts.setdefault(owner, {})[fact] = value
        known = [dataclasses.replace(r, facts={**r.facts, **facts.get(r.record_id, {})}) for r in records]  # type: ignore[dict-item]
        yield known, dataclasses.replace(person, facts={**person.facts, **facts.get("person", {})})  # type: ignore[dict-item]


def open_still(made: Plan, records: list[Record], person: Person, wanted: Decision) -> bool:
    decisions = run(made, records, (2016, 2017), person).decisions
    return next(d.outcome for d in decisions if d.period == wanted.period) == "undetermined"


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_the_named_facts_settle_it(seed: int) -> None:
    rng = Random(seed)
    try:
        made = some_plan(rng)
    except AssertionError:  # two caps of which neither lies within the other
        return
    known = {"title_level": "junior", "joined": date(2016, 3, 1)}
    records, person = some_records(rng), somebody(**{n: v for n, v in known.items() if rng.random() < 0.7})  # type: ignore[arg-type]
    for decision in run(made, records, (2016, 2017), person).decisions:
        if decision.outcome == "undetermined" and len(decision.missing) <= AT_MOST:
            assert decision.missing
            for known, who in supplied(records, person, decision.missing):
                assert not open_still(made, known, who, decision), (decision.period, decision.missing)
