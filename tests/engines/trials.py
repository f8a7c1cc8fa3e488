"""Trials of a compiled engine against the reference evaluator: a seed goes in, out come the rows that differ.

A *trial* is one generated policy (or two, each with their own people) judged once; a *case* is one person of it, with
records and facts of their own. ``trial(seed, number)`` is the same whenever it is made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from random import Random
from typing import Any
from unittest.mock import patch

from policyengine.engines import reference
from policyengine.engines.compile import flags, sources
from policyengine.engines.protocol import Selection
from policyengine.language import tree
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.records.model import Fact, Inputs, Person, Record
from policyengine.trace import Result
from tests.build import policy
from tests.engines.differences import differences
from tests.generate import YEAR, Rules, random_plan
from tests.generate_people import people

AS_OF = (None, None, date(2016, 12, 31), date(2017, 7, 1), date(2018, 12, 30))
CHOICE = ("sector",)
PERSON = ("employer_kind", "title_level", "sector", "joined", "qualified_on")
RECORD = ("form", "subject", "result", "approved", "provider", "mode", "level", "author_rank", "theme")

LARGE = ((sources, "SAMPLE", 4), (flags, "AT_ONCE", 20))
"""Thresholds from which the engine takes other ways, and the values with which few records reach them."""

Engine = Callable[..., Result | None]
"""As ``duckdb.evaluate_all``: plans, inputs, periods, as_of, selection, judge."""


@dataclass(frozen=True)
class Trial:
    """What an engine is asked. ``plans``: one, or two between which the sector chooses; ``fitted``: records that were
    made just so large that they fill a cap; ``large``: judged as a register that is too large for what is kept or asked
    of a small one; ``wanted``: what the reference evaluator says, where it was asked to make the trial."""

    name: str
    plans: tuple[Plan, ...]
    inputs: Inputs
    periods: tuple[int, int] | None
    as_of: date | None
    fitted: int = 0
    large: bool = False
    wanted: Result | None = None


@dataclass
class Tally:
    """What was compared. ``aside``: people of whom the engine itself asks the reference evaluator; ``refused``: people
    whose policy the engine does not judge at all. Neither is evidence."""

    trials: int = 0
    people: int = 0
    records: int = 0
    aside: int = 0
    refused: int = 0
    overrides: int = 0  # policies with an override
    carries: int = 0  # policies with a carry
    capped: int = 0  # records of which a cap cut something
    fitted: int = 0  # records that fill a cap exactly
    duplicates: int = 0  # records counted elsewhere
    doubtful: int = 0  # people who lack a fact
    undetermined: int = 0  # decisions
    excused: int = 0
    split: int = 0  # records that count in more than one period
    rows: int = 0  # rows compared, of all tables

    def __iadd__(self, other: Tally) -> Tally:
        for name, value in dataclasses.asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    @property
    def cases(self) -> int:
        """People whom the engine judged itself."""
        return self.people - self.aside - self.refused


class Capped(Rules):
    """Policies with several caps within the year."""

    def _window(self) -> tree.Window:
        return self.rng.choice((YEAR, YEAR, tree.PerField("project"), tree.PerActivity(), tree.PerDay()))

    def _allocate(self) -> None:
        super()._allocate()
        if not any(isinstance(r.statement, tree.Cap) for r in self.rules):
            self._caps(self.rng.choice((1, 2, 3)))


def _plan(rng: Random) -> Plan:
    """A plan; a quarter of them with caps in any case."""
    plan = None
    capped = rng.random() < 0.25
    while plan is None:
        start = rng.choice(((1, 1), (1, 1), (9, 1)))
        plan = plan_of(policy(Capped(rng).all(), year_start=start))[0] if capped else random_plan(rng)
    return plan


def trial(seed: int, number: int, size: int = 30) -> Trial:
    """The trial of that number, with up to ``size`` people."""
    rng = Random(f"{seed}:{number}")
    plans = [_plan(rng)]
    if rng.random() < 0.12:
        plans.append(dataclasses.replace(_plan(rng), policy="other"))
    longest = rng.choice((4, 9, 9, 16))
    inputs = people(rng, complete=rng.random() < 0.4, size=rng.randint(size // 2, size), records=(0, longest))
    first = rng.choice((2015, 2016, 2016, 2016))
    periods = None if rng.random() < 0.1 else (first, first + rng.choice((0, 1, 1, 2, 3)))
    made = Trial(f"{seed}:{number}", tuple(plans), inputs, periods, rng.choice(AS_OF), large=number % 3 == 1)
    return _filled(rng, made)


def _filled(rng: Random, made: Trial) -> Trial:
    """The trial with some of the records that a cap cuts made so small that they fill it exactly. Whose records are as
    they were is judged once: by the reference evaluator each person is judged by their own records alone."""
    fitting: dict[str, Record] = {r.record_id: r for r in made.inputs.records}
    before, changed = expected(made), set()
    fitted = 0
    for entry in before.ledger:
        one = fitting[entry.record_id]
        if not 0 < entry.counted < entry.converted or one.quantity is None or rng.random() < 0.5:
            continue
        quantity = one.quantity * entry.counted / entry.converted
        if 100 % quantity.denominator == 0 and (quantity.denominator == 1 or one.unit in ("hours", "credits")):
            fitting[entry.record_id] = dataclasses.replace(one, quantity=quantity)
            changed.add(one.person_id)
            fitted += 1
    inputs = dataclasses.replace(made.inputs, records=tuple(fitting.values()))
    filled = dataclasses.replace(made, inputs=inputs, fitted=fitted)
    others = Result(*(tuple(r for r in rows if r.person_id not in changed) for rows in tables_in(before)))
    return dataclasses.replace(filled, wanted=together([others, expected(filled, changed)]))


def chosen(facts: Mapping[str, Fact]) -> int | None:
    """Accountants by the first plan, others by the second; who has no sector is left to the caller."""
    sector = facts.get("sector")
    return None if sector is None else int(sector != "accounting")


def tables_in(result: Result) -> tuple[tuple[Any, ...], ...]:
    """The tables of a result, in the order that it takes them in."""
    return result.decisions, result.findings, result.ledger, result.flags


def together(parts: Sequence[Result]) -> Result:
    """Results of different people in one, by person."""
    tables = zip(*map(tables_in, parts), strict=True)
    return Result(*(tuple(sorted(chain.from_iterable(rows), key=lambda r: r.person_id)) for rows in tables))


def only(inputs: Inputs, people: set[str]) -> Inputs:
    return dataclasses.replace(
        inputs,
        records=tuple(r for r in inputs.records if r.person_id in people),
        persons={k: v for k, v in inputs.persons.items() if k in people},
    )


def _plan_of(made: Trial, person: Person) -> Plan:
    place = chosen(person.facts) if len(made.plans) > 1 else 0
    return made.plans[-1 if place is None else place]


def _asked(made: Trial, plan: Plan) -> tuple[int, int] | None:
    return made.periods or reference.years_of(plan, made.inputs.records)


def expected(made: Trial, among: Collection[str] | None = None) -> Result:
    """What the reference evaluator says of everybody, or of some people."""
    groups: dict[int, set[str]] = {0: set()}
    for who, person in made.inputs.persons.items():
        if among is None or who in among:
            groups.setdefault(made.plans.index(_plan_of(made, person)), set()).add(who)
    parts = []
    for place, people_ in groups.items():
        plan = made.plans[place]
        parts.append(reference.evaluate(plan, only(made.inputs, people_), _asked(made, plan), made.as_of))
    return together(parts)


def compare(made: Trial, engine: Engine) -> tuple[Tally, list[str]]:
    """Judge a trial with an engine and with the reference evaluator: what was compared, and what differs."""
    aside = 0
    prepared = {plan.policy: reference.prepare(plan) for plan in made.plans}

    def judge(person: Person, records: Sequence[Record]) -> Result:
        nonlocal aside
        aside += 1
        plan = _plan_of(made, person)
        asked = _asked(made, plan)
        assert asked is not None
        return reference.evaluate_person(prepared[plan.policy], person, records, asked, made.as_of)

    selection = Selection(CHOICE, chosen) if len(made.plans) > 1 else None
    wanted = made.wanted or expected(made)
    with thresholds(made.large):
        found = engine(list(made.plans), made.inputs, made.periods, made.as_of, selection, judge)
    tally = _counted(made, wanted)
    if found is None:
        tally.refused = tally.people
        return tally, []
    tally.aside = aside
    return tally, differences(wanted, found)


@contextmanager
def thresholds(large: bool) -> Iterator[None]:
    """What the engine does with millions of records, done with few, where ``large``."""
    with ExitStack() as changed:
        for module, name, value in LARGE if large else ():
            changed.enter_context(patch.object(module, name, value))
        yield


def _counted(made: Trial, wanted: Result) -> Tally:
    tally = Tally(trials=1, people=len(made.inputs.persons), records=len(made.inputs.records), fitted=made.fitted)
    for plan in made.plans:
        rules = list(plan.rules())
        tally.overrides += any(r.kept or r.governing.over for r in rules)
        tally.carries += bool(plan.carry)
    periods: dict[str, int] = {}
    amounts = {r.record_id: r for r in made.inputs.records}
    for entry in wanted.ledger:
        periods[entry.record_id] = periods.get(entry.record_id, 0) + 1
        tally.capped += entry.counted < entry.converted
        tally.duplicates += entry.reason == "duplicate"
    lacking = {r.person_id for r in amounts.values() if any(n not in r.facts for n in RECORD) or r.quantity is None}
    lacking |= {p.person_id for p in made.inputs.persons.values() if any(n not in p.facts for n in PERSON)}
    tally.doubtful = len(lacking)
    tally.split = sum(n > 1 for n in periods.values())
    tally.undetermined = sum(d.outcome == "undetermined" for d in wanted.decisions)
    tally.excused = sum(d.outcome == "excused" for d in wanted.decisions)
    tally.rows = sum(len(getattr(wanted, n)) for n in ("decisions", "findings", "ledger", "flags"))
    return tally


def connection() -> Any:
    """A DuckDB connection on one core."""
    import duckdb

    return duckdb.connect(config={"threads": 1})
