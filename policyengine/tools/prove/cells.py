"""Representative situations: statements in, a finite list of situations out that stands for all there are.

A field's values fall into stretches within which no statement can tell them apart (between two constants that it is
compared with; the terms that no rule names). One value of each stretch is enough, and the smallest is taken, so that
the first situation found is also the smallest to show. Amounts grow in straight lines between the points where a limit
is reached, so that trying those points and their neighbours decides; with a rounding it doesn't (``exact`` is False,
``solver.py`` decides).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import prod

from policyengine.engines.calendar import add_months, day_of_year, period_bounds, period_of
from policyengine.engines.facts import DECIDED, Scene, Test, World
from policyengine.engines.truth import compile_condition
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.names import walk
from policyengine.records.model import Circumstance, Fact
from policyengine.tools.prove import alike, days, leave
from policyengine.tools.prove.mentions import Mentions, counts_elsewhere
from policyengine.tools.prove.model import Context, Series, Situation
from policyengine.tools.prove.quantities import quantities_of, units_of
from policyengine.tools.prove.sides import in_stretch, world_of

OTHERS = ("\ufdd0", "\ufdd1")  # texts that no rule and no table names: Unicode gives these to nobody
MOST_MOMENTS = 48  # days looked at; a table that changes oftener is left to the figures of those
MOST_OTHERS = 96  # further days, because of beginnings and of dates compared with each other
MOST_CELLS = 6000  # about a tenth of a second
MOST_COURSES = 20_000  # of years, each met, excused or not met
FEW_DIVISORS = 12  # numbers of authors tried one by one
OF_DAYS = {*days.OF_ENDS, "start", *days.LENGTHS}
RECORD_ONLY = (*OF_DAYS, "quantity", "unit", "circumstance")
Values = tuple[Fact | None, ...]
Outcomes = tuple[tuple[str, ...], tuple[tuple[Series, tuple[str, ...]], ...]]
"""Of this year and those before, nearest first; of requirements, which also of cycles."""
_WITHIN = {"met": ("met",), "excused": ("met", "excused"), "not_met": DECIDED}
"""What a firm requirement may be, by the outcome of its year."""


@dataclass(slots=True)
class Space:
    """The situations of one question about ``statements``, each with its own context.

    ``record``: about single records (else about a person in a period). ``unit``: what amounts are compared in.
    ``years``: the length of the window of requirements. ``anywhere``: not only about records of the stretch that the
    question is about, since others may count in it. ``exact``: whether no situation outside the list can answer
    differently. ``sure``: not even one that the solver would look for, on days that were not tried.
    """

    statements: Sequence[tuple[tree.Statement, Context]]
    record: bool
    unit: str = "hours"
    years: int = 1
    anywhere: bool = False
    mentions: Mentions = field(default_factory=Mentions)
    exact: bool = True
    sure: bool = True
    _worlds: list[World] = field(default_factory=list)
    _told: frozenset[str] = frozenset()
    _given: list[Test] = field(default_factory=list)
    _leaves: list[alike.Leaf] = field(default_factory=list)
    _lookups: list[tuple[tree.Lookup, World]] = field(default_factory=list)
    _split: bool = False  # whether a record may be divided among periods
    _starts: dict[date, list[date]] = field(default_factory=dict)  # by last day, once asked
    _rows: dict[tuple[str, Fact | None], object] = field(default_factory=dict)  # by field and value, on any day

    def __post_init__(self) -> None:
        for statement, context in self.statements:
            self.mentions.note(statement, context)
            world = world_of(context)
            self._worlds.append(world)
            self._leaves += alike.leaves_of(statement, context, world)
            self._lookups += ((node, world) for node in walk(statement) if isinstance(node, tree.Lookup))
            self._split = self._split or isinstance(statement, tree.Assign)
            self.anywhere = self.anywhere or (self.record and counts_elsewhere(statement, context))
        self._told = frozenset(self.mentions.fields)
        for (_, context), world in zip(self.statements, self._worlds, strict=True):
            if context.given is not None:
                self.mentions.note(context.given, context)
                self._given.append(compile_condition(context.given, world))
                self._leaves += alike.leaves_of(context.given, context, world)
        self.sure = days.decided(self.mentions, self.context)

    @property
    def context(self) -> Context:
        """The context that words and bounds are taken from: the last one's."""
        return self.statements[-1][1]

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that decide, in the order in which they are told: form first."""
        decls = self.context.vocabulary.fields
        order = {"term": 0, "yes_no": 1, "number": 2, "text": 3, "year": 4, "date": 5}
        names = [n for n in self.mentions.fields if n in decls and n != "circumstance"]
        return tuple(sorted(names, key=lambda n: (n != "form", order.get(decls[n].type, 6), n)))

    @property
    def told(self) -> tuple[str, ...]:
        """Those of them that the statements ask themselves (what holds of everybody asked about need not be told)."""
        return tuple(n for n in self.asked if n in self._told)

    @property
    def timed(self) -> bool:
        return self.mentions.timed

    # --- time -------------------------------------------------------------------------------------------------------

    def moments(self) -> list[date]:
        """End dates (or days of periods) at which the statements may answer differently."""
        start, until = self.context.start, self.context.until
        year_start = self.context.year_start
        points = days.beside(self.mentions.days, 1)
        points |= set(days.firsts((y + n for y in self.mentions.periods for n in (-1, 0, 1)), self.context))
        usual = start or until
        if usual is None:
            usual = min(points) if points else date(2020, *year_start)
        points.add(usual)
        spread = self.mentions.in_all and self.mentions.of_one  # a day more may let what is added up lie farther apart
        if not self.record and (spread or days.of_leap_years([length for _, length in self.mentions.lasting])):
            points |= {period_bounds(period_of(usual, year_start) + n, year_start)[1] for n in _next(start, until)}
        others = days.ends(self.mentions, self.context, points)
        for statement, _ in self.statements:
            if isinstance(statement, tree.Assign) and statement.until:
                for year in {usual.year, *(d.year for d in others)}:
                    points |= days.beside([day_of_year(year + 1, *statement.until)], 1)
        near = {period_of(d, year_start) + n for d in (usual, *others) for n in (-1, 0, 1)}
        for name in (*days.OF_ENDS, "start"):
            points |= days.beside(days.marked(self.mentions, name, near, self.context), 1)
        known, more = self._inside(points), self._inside(others - points)
        if len(known) > MOST_MOMENTS:
            self.exact = False
            known = known[: MOST_MOMENTS // 2] + known[-MOST_MOMENTS // 2 :]
        if len(more) > MOST_OTHERS:
            self.sure = False
            more = more[:MOST_OTHERS]
        return list(dict.fromkeys((*known, *more)))

    def _inside(self, points: Iterable[date]) -> list[date]:
        """Those within the stretch of the question; of whole periods, the last days of those that the points are in."""
        start, until = (None, None) if self.anywhere else (self.context.start, self.context.until)
        inside = sorted(p for p in points if (start is None or start <= p) and (until is None or p <= until))
        if self.record:
            return inside
        year_start = self.context.year_start
        first = {period_bounds(period_of(p, year_start), year_start)[1]: None for p in inside}
        return [d for d in first if until is None or d <= until] or list(first)[:1]

    def starts(self, end: date) -> list[date]:
        """First days of a record that ends on ``end``: the same day unless its length or its beginning is asked."""
        if end not in self._starts:
            found = sorted(days.starts(self.mentions, self.context, end, self._split), reverse=True)
            kept = self._distinct(["start"], [found], end)
            self._starts[end] = found if kept is None else [start for (start,) in kept if isinstance(start, date)]
        return self._starts[end]

    # --- fields -----------------------------------------------------------------------------------------------------

    def variables(self, end: date) -> list[tuple[FieldDecl, Values]]:
        """Each asked field with the values that stand for all of them on that day, smallest first."""
        result = []
        for name in self.asked:
            if name in RECORD_ONLY:
                continue
            decl = self.context.vocabulary.fields[name]
            values: list[Fact | None] = list(self._values(decl, end))
            if name in self.mentions.tested:
                values.append(None)
            kept = self._distinct([name], [tuple(values)], end)
            result.append((decl, tuple(values) if kept is None else tuple(v for (v,) in kept)))
        return result

    def _values(self, decl: FieldDecl, end: date) -> Sequence[Fact]:
        name, mentions = decl.id, self.mentions
        constants, partners = days.joined(mentions, name, self.context), len(mentions.partners.get(name, ()))
        match decl.type:
            case "term":
                terms = [w.id for w in self.context.vocabulary.terms_of(name)]
                named = [t for t in terms if t in constants or partners]
                return named + [t for t in terms if t not in constants and not partners][:1]
            case "yes_no":
                return [True, False]
            case "number":
                if name in mentions.divisors:
                    return self._divisors(decl)
                return _numbers(decl, {c for c in constants if isinstance(c, Fraction)}, partners + 1)
            case "year":
                return self._years(decl, constants, end)
            case "date":
                return self._dates(decl, end)
            case _:
                texts = sorted(c for c in constants if isinstance(c, str))
                return [*texts, *OTHERS[: 1 + min(1, partners)]]

    def _years(self, decl: FieldDecl, constants: Iterable[object], end: date) -> Sequence[Fact]:
        near, around = {int(c) for c in constants if isinstance(c, Fraction | int)}, 1
        if decl.id in self.mentions.relative:
            around = days.reach(self.mentions)
            near |= {period_of(d, self.context.year_start) for d in days.bound(self.mentions, self.context)}
        if decl.id in self.mentions.relative or not near:
            near.add(period_of(end, self.context.year_start))
        close = sorted({n + d for n in near for d in (-1, 0, 1)})
        return [*close, *sorted({n + d for n in near for d in range(-around, around + 1)} - set(close))]

    def _divisors(self, decl: FieldDecl) -> Sequence[Fact]:
        """Every value where they are few; else the least ones (and no proof by trying)."""
        least, most = decl.minimum or Fraction(1), decl.maximum
        step = Fraction(1, 10**decl.decimals)
        count = FEW_DIVISORS + 1 if most is None else int((most - least) / step) + 1
        if count > FEW_DIVISORS:
            self.exact = False
        return [least + i * step for i in range(min(FEW_DIVISORS, count))]

    def _dates(self, decl: FieldDecl, end: date) -> Sequence[Fact]:
        mentions, context = self.mentions, self.context
        relative = decl.id in mentions.relative
        partners = mentions.partners.get(decl.id, set()) | days.others(mentions, decl.id)
        points = days.changes(mentions, decl.id, context)
        if relative or not points:
            period = period_of(end, context.year_start)
            points |= set(days.firsts(range(period - 1, period + 3), context))
        if relative:
            points |= days.bound(mentions, context)
            period = period_of(end, context.year_start)
            points |= days.marked(mentions, decl.id, range(period - 1, period + 3), context)
        if partners & OF_DAYS:
            starts = self.starts(end) if "start" in partners else ()
            points |= {end, *starts} | days.apart(
                mentions, decl.id, {n: [end] for n in days.OF_ENDS} | {"start": starts}
            )
        points |= days.apart(mentions, decl.id, {name: tuple(points) for name in partners - OF_DAYS})
        found = days.beside(points, 1 + len(partners))
        if relative:  # months before a date of the window, or of the period
            period = period_of(end, context.year_start)
            opening = {period_bounds(p, context.year_start)[0] for p in (period - self.years + 1, period)}
            found.update(add_months(first, m) for first in opening for m in (0, 1, 6, 11))
        return sorted(found)

    def _distinct(self, names: list[str], options: Sequence[Sequence[Fact | None]], end: date) -> list[Values] | None:
        """Of values (``start`` among them) that every condition answers alike, the first; None: too many."""
        decls, year_start = self.context.vocabulary.fields, self.context.year_start

        def made(values: Mapping[str, Fact | None]) -> Scene:
            start = values.get("start", end)
            assert isinstance(start, date)
            given = {n: (decls[n], v) for n, v in values.items() if n != "start"}
            return alike.scene(given, start, end, year_start)

        return alike.distinct(names, options, self._leaves, made, self._beyond, year_start)

    def _beyond(self, name: str, value: Fact | None) -> object:
        """What depends on a value apart from conditions: figures of tables, shares, the period of a record."""
        if name in self.mentions.divisors or name in self.mentions.placing or (self._split and name == "start"):
            return value
        if (name, value) not in self._rows:
            lookups = [(n, w) for n, w in self._lookups if name in map(alike.looked_up, n.arguments)]
            if lookups and name == "start":
                return value
            self._rows[name, value] = tuple(alike.rows(n, w, name, value) for n, w in lookups)
        return self._rows[name, value]

    # --- circumstances, outcomes, repetitions -----------------------------------------------------------------------

    def circumstances(self, end: date) -> list[tuple[Circumstance, ...]]:
        """Sets of circumstances that stand for all in the window that ends with the period of a day."""
        if self.record:
            return [()]
        period = period_of(end, self.context.year_start) - self.years + 1
        window = period_bounds(period, self.context.year_start, self.years)
        found, exact, sure = leave.held_in(self.mentions, self.context, *window)
        self.exact, self.sure = self.exact and exact, self.sure and sure
        return found

    def outcomes(self) -> list[Outcomes]:
        """Outcomes of this year and those before: alike between the numbers of years that rules ask about, as far as
        they don't count them. With each of them those of the requirements that are asked for, as they may be then."""
        asked, counted, all_told = self.mentions.requirements, self.mentions.counted, self.mentions.every
        names = sorted(asked)
        firm = {name: min(_firm_years(name, asked[name], c) for _, c in self.statements) for name in names}
        marks = self.mentions.outcome_years
        every = {1, *marks, *itertools.chain(*asked.values())} if counted else ()  # what may differ has its own place
        lengths = (after - before for before, after in itertools.pairwise(sorted(every)))
        told_apart = prod(_most_runs(n, counted, all_told) for n in lengths)
        if told_apart ** (len(names) + bool(marks)) > MOST_COURSES:
            self.exact = self.sure = False
            counted, all_told = 0, False
        courses = (_courses(asked[name], every, counted, all_told) for name in names)
        states = [tuple(zip(names, s, strict=True)) for s in itertools.product(*courses)]
        states = [s for s in states if _of_one_period(s)]
        return [
            (years, held)
            for years in _courses({*marks, *firm.values()} - {0} if marks else (), every, counted, all_told)
            for held in states
            if all(one in _WITHIN[year] for name, s in held for one, year in zip(s[: firm[name]], years, strict=False))
        ]

    def repetitions(self) -> list[frozenset[tuple[str, ...]]]:
        """Which combinations of fields repeat; whoever repeats in more fields repeats in fewer."""
        names = sorted(self.mentions.repeated)
        found = []
        for flags in itertools.product((False, True), repeat=len(names)):
            held = frozenset(n for n, on in zip(names, flags, strict=True) if on)
            if all(n in held for n in names for m in held if set(n) <= set(m)):
                found.append(held)
        return found

    # --- all together -----------------------------------------------------------------------------------------------

    def situations(self) -> Iterator[Situation]:
        """All of them, smallest first; nothing when there are too many to try (``exact`` is False then)."""
        years = self.context.year_start
        amounts = self._amounts() if self.record else [(None, None)]
        for end in self.moments():
            variables = self.variables(end)
            parts = (self.circumstances(end), self.outcomes(), self.repetitions())
            names = [d.id for d, _ in variables]
            starts = self.starts(end) if self.record else [end]
            chosen = self._distinct([*names, "start"], [*(v for _, v in variables), starts], end)
            size = len(amounts) * prod(len(part) for part in parts)
            if chosen is None or len(chosen) * size > MOST_CELLS:
                self.exact = False
                return
            for *values, start in chosen:
                assert isinstance(start, date)
                given = [(d, v) for (d, _), v in zip(variables, values, strict=True) if v is not None]
                facts = {d.id: v for d, v in given if d.of == "record"}
                person = {d.id: v for d, v in given if d.of == "person"}
                for held, (outcome, required), repeated in itertools.product(*parts):
                    for unit, quantity in amounts:
                        yield Situation(
                            period_of(end, years), start, end, quantity, unit, facts, person, held, outcome, repeated,
                            required,
                        )  # fmt: skip

    def _amounts(self) -> list[tuple[str | None, Fraction | None]]:
        """Units and quantities to try, the most telling first."""
        result: list[tuple[str | None, Fraction | None]] = []
        for unit in units_of(self.statements, self.mentions):
            if unit is None:
                result.append((None, None))
                continue
            values, exact = quantities_of(self.statements, self.mentions, unit, self.unit)
            self.exact = self.exact and exact
            result += [(unit, v) for v in values]
        return result


def _next(start: date | None, until: date | None) -> range:
    """Four years, which have every length: those after the first of the question, or before its last."""
    return range(4) if start is not None or until is None else range(-3, 1)


def _numbers(decl: FieldDecl, constants: set[Fraction], copies: int) -> list[Fraction]:
    """The least value of each stretch between constants, and the constants, on the grid of the declared decimals."""
    step = Fraction(1, 10**decl.decimals)
    low = decl.minimum if decl.minimum is not None else min(constants, default=Fraction(1)) - step
    high = decl.maximum if decl.maximum is not None else max(constants, default=low) + copies * step
    found = set[Fraction]()
    for point in {low, *constants}:
        first = -(-(point.numerator * step.denominator) // (point.denominator * step.numerator)) * step
        found.update(first + i * step for i in range(copies + 1))
    found.update(high - i * step for i in range(copies))
    return sorted(v for v in found if low <= v <= high)


def _courses(asked: Collection[int], every: Collection[int], counted: int, all_told: bool) -> list[tuple[str, ...]]:
    """Outcomes of this year and those before, nearest first. ``asked``: numbers of years that are asked for; ``every``:
    those of something else that goes with it."""
    if not asked:
        return [()]
    found: list[tuple[str, ...]] = [(o,) for o in DECIDED]
    for before, mark in itertools.pairwise(sorted({1, *asked, *(n for n in every if n < max(asked))})):
        found = [r + run for r in found for run in _runs(mark - before, counted, all_told)]
    return found


def _most_runs(years: int, counted: int, all_told: bool) -> int:
    """How many runs ``_runs`` has, at most."""
    if years == 1:
        return 3
    return (years + 1) * (years + 2) // 2 if all_told else 3 * min(counted + 1, years) + 1


def _runs(years: int, counted: int, all_told: bool) -> list[tuple[str, ...]]:
    """Outcomes of so many years that no number of years tells apart: all alike; and where they are counted
    (``counted``: up to how many), some not met, the others met, excused or both (``all_told``: in any numbers). In one
    order, so that what is firm is no worse than its year in each of them where it can be so in any order."""
    found = [(o,) * years for o in DECIDED]
    for met in range(years + 1) if all_told else ():
        found += [("met",) * met + ("excused",) * n + ("not_met",) * (years - met - n) for n in range(years - met + 1)]
    for missed in range(min(counted + 1, years) if counted and not all_told else 0):
        others = years - missed
        rests = [("met",) * others, ("excused",) * others, ("met", *("excused",) * (others - 1))]
        found += [rest + ("not_met",) * missed for rest in rests]
    return list(dict.fromkeys(found))


def _of_one_period(states: Iterable[tuple[Series, tuple[str, ...]]]) -> bool:
    """Whether a requirement that is asked of years and of cycles comes out in one way in this period, the first of
    either."""
    first: dict[str, str] = {}
    return all(first.setdefault(series.rule, outcomes[0]) == outcomes[0] for series, outcomes in states)


def _firm_years(name: Series, asked: Collection[int], context: Context) -> int:
    """In how many of the years that are asked for, from this one on, a period is not met without a requirement; of the
    cycles before nobody knows which year is which."""
    versions = [g for g in context.governing if g.name == name.rule]
    here = [g for g in versions if in_stretch(g, context)]
    if not here or any(isinstance(g.statement, tree.Expect) for g in here):
        return 0
    sometimes = any(isinstance(g.statement, tree.Expect) for g in versions)
    return 1 if sometimes or name.cycles else max(asked)
