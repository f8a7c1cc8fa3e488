"""Stages 4 to 8 of one plan, compiled: a plan goes in, the rules that a person's case is worked out with come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import date

from policyengine.engines.calendar import block_before, block_of, period_bounds
from policyengine.engines.facts import Test, World, fields_asked
from policyengine.engines.judge import Judge, with_kept
from policyengine.engines.lookup import Finder
from policyengine.engines.numbers import Number, Shown
from policyengine.engines.ready import Ready, ready
from policyengine.engines.truth import all_of, compile_rule
from policyengine.language import tree
from policyengine.language.references import LooksBack, looks_back, requirements_asked
from policyengine.language.vocabulary import FieldDecl
from policyengine.light import dataclass
from policyengine.packs.windows import of_a_year, series_of
from policyengine.plan.caps import exact_bounds
from policyengine.plan.model import Plan
from policyengine.plan.names import walk


@dataclass(slots=True, eq=False)
class Stretch:
    """What is added up: the periods ``first`` to ``last``; ``dated``: those records only that end within ``days``.

    ``days``: the first and last day. The versions in force in ``last`` govern. ``adrift``: it is an empty stretch in
    place of one of so many months of which it is not known where it lies.
    """

    first: int
    last: int
    days: tuple[date, date]
    dated: bool = False
    adrift: int = 0


@dataclass(slots=True)
class Required:
    """A requirement's figure: as overridden, before reductions, and the bounds of what governs. ``perhaps_none``: there
    may be no figure at all, so that the rule does not apply."""

    base: Number | None
    before: Number
    low: Number
    high: Number
    perhaps_none: bool = False
    keys: list[str] = field(default_factory=list)
    circumstances: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Later:
    """``exact``: see ``plan/caps.py``. ``subjects``: the terms of ``subject``; ``measure_names``: declared measures.

    ``yearly``: the policy requires something per year (or nothing at all), so years are decided; ``blocks``: (count,
    starting) of its requirements per block of years.
    """

    plan: Plan
    world: World
    judge: Judge
    once: list[Ready]
    caps: list[Ready]
    measures: list[Ready]
    carry: list[Ready]
    require: list[Ready]
    excuse: list[Ready]
    reduce: list[Ready]
    conclude: list[Ready]
    exact: bool
    subjects: tuple[str, ...]
    measure_names: tuple[str, ...]
    yearly: bool
    blocks: tuple[tuple[int, int], ...]
    shown: Shown = field(default_factory=Shown)
    measure_words: frozenset[str] = frozenset()
    figures: dict[tuple[int, int], Required | None] = field(default_factory=dict)
    _personal: dict[int, bool] = field(default_factory=dict)
    _requirements: dict[tuple[int, int], list[tuple[Ready, tree.Require]]] = field(default_factory=dict)
    _excuses: dict[tuple[int, int], list[Ready]] = field(default_factory=dict)
    _conclusions: dict[int, list[tuple[Ready, str]]] = field(default_factory=dict)
    _named: dict[int, frozenset[str]] = field(default_factory=dict)
    _stretches: dict[tuple[int, int], Stretch] = field(default_factory=dict)
    _terms: dict[str, Test] = field(default_factory=dict)
    _fields: dict[str, tuple[FieldDecl, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, world: World, judge: Judge) -> Later:
        """Compile stages 4 to 8."""
        windows = [r.statement.window for r in plan.require]
        blocks = sorted({series_of(w) for w in windows if isinstance(w, tree.PerYears) and w.count > 1})
        excuse = ready(plan.excuse, world)
        for rule in excuse:
            with_kept(rule, all_of)
        return cls(
            plan,
            world,
            judge,
            once=ready(plan.count_once, world),
            caps=ready(plan.caps, world, in_key_order=False),
            measures=ready(plan.measures, world),
            carry=ready(plan.carry, world),
            require=ready(plan.require, world),
            excuse=excuse,
            reduce=ready(plan.reduce, world),
            conclude=ready(plan.conclude, world),
            exact=exact_bounds(plan.caps),
            subjects=tuple(w.id for w in plan.vocabulary.terms_of("subject")),
            measure_names=tuple(dict.fromkeys(r.statement.name for r in plan.measures)),
            yearly=not windows or any(not isinstance(w, tree.PerYears) or w.count == 1 for w in windows),
            blocks=tuple(blocks),
            measure_words=frozenset(w.id for w in plan.vocabulary.by_kind("measure")),
        )

    def personal(self, rule: Ready) -> bool:
        """Whether what a requirement asks of a period depends on the person; if not, it is worked out once."""
        known = self._personal.get(id(rule))
        if known is None:
            reduced = any(r.rule.statement.rule == rule.rule.name for r in self.reduce)  # type: ignore[attr-defined]
            figures = [r.rule.statement.figure for r in (rule, *rule.kept)]  # type: ignore[attr-defined]
            known = self._personal[id(rule)] = reduced or any(self._asks_the_person(f) for f in figures)
        return known

    def _asks_the_person(self, figure: tree.Figure) -> bool:
        if not isinstance(figure, tree.Share):
            return any(isinstance(n, tree.Field | tree.YearOf) for n in walk(figure))
        if not figure.of_requirement:
            return True
        owed = [r for r in self.require if r.rule.statement.measure == figure.measure]  # type: ignore[attr-defined]
        return any(
            r.rule.statement.when is not None
            or (not isinstance(r.rule.statement.figure, tree.Share) and self.personal(r))  # type: ignore[attr-defined]
            for r in owed
        )

    def requirements(self, first: int, years: int) -> list[tuple[Ready, tree.Require]]:
        """The requirements whose version governs at the end of a period."""
        found = self._requirements.get((first, years))
        if found is None:
            found = [
                (rule, rule.rule.statement)
                for rule in self.require
                if isinstance(rule.rule.statement, tree.Require)
                and rule.governs(first + years - 1, self.plan.year_start)
                and _may_belong(rule.rule.statement.window, first, years)
            ]
            self._requirements[first, years] = found
        return found

    def required_yearly(self, name: str, period: int) -> Ready | None:
        """The requirement per year that a name means in a period; one of several years may govern beside it."""
        return next(
            (
                rule
                for rule in self.require
                if rule.rule.name == name
                and isinstance(rule.rule.statement, tree.Require)
                and rule.rule.statement.window == tree.PerYears()
                and rule.governs(period, self.plan.year_start)
            ),
            None,
        )

    def excuses(self, rule: Ready, period: int) -> list[Ready]:
        """What may excuse a requirement in a period."""
        found = self._excuses.get((id(rule), period))
        if found is None:
            found = self._excuses[id(rule), period] = [
                excuse
                for excuse in self.excuse
                if isinstance(excuse.rule.statement, tree.Excuse)
                and excuse.governs(period, self.plan.year_start)
                and _reaches(excuse.rule.statement, rule)
            ]
        return found

    def conclusions(self, period: int) -> list[tuple[Ready, str]]:
        """The conclusions in force in a period, with their names."""
        found = self._conclusions.get(period)
        if found is None:
            found = self._conclusions[period] = [
                (rule, rule.rule.statement.name)
                for rule in self.conclude
                if isinstance(rule.rule.statement, tree.Conclude) and rule.governs(period, self.plan.year_start)
            ]
        return found

    def named(self, conclusion: Ready) -> frozenset[str]:
        """The requirements whose outcome a conclusion asks for."""
        found = self._named.get(id(conclusion))
        if found is None:
            asked = requirements_asked(conclusion.rule.statement.when)
            found = self._named[id(conclusion)] = frozenset(test.rule for test in asked if test.rule)
        return found

    @property
    def asked(self) -> frozenset[str]:
        """The requirements whose outcome some conclusion asks for."""
        return frozenset[str]().union(*map(self.named, self.conclude))

    @property
    def running(self) -> tuple[str, ...]:
        """Those of them whose outcome in the years or blocks before some conclusion asks for, in order."""
        return tuple(sorted({one.rule for one in self.years_back if one.rule is not None}))

    @property
    def years_back(self) -> list[LooksBack]:
        """What conclusions ask of several years or blocks of years."""
        return [test for rule in self.conclude for test in looks_back(rule.rule.statement.when)]

    def block_before(self, name: str, first: int, years: int, ago: int) -> tuple[int, int] | None:
        """The block of years by which a requirement was decided so many blocks before one (``calendar.block_before``);
        None where there was none."""

        def in_force(year: int) -> Iterator[tuple[int, int]]:
            for rule in self.require:
                window = rule.rule.statement.window  # type: ignore[attr-defined]
                blocks = isinstance(window, tree.PerYears) and window.count > 1
                if blocks and rule.rule.name == name and year >= 1 and rule.governs(year, self.plan.year_start):
                    yield window.count, window.starting or 0

        return block_before(first, years, ago, in_force)

    def stretch(self, first: int, years: int) -> Stretch:
        """Whole periods."""
        found = self._stretches.get((first, years))
        if found is None:
            days = period_bounds(first, self.plan.year_start, years)
            found = self._stretches[first, years] = Stretch(first, first + years - 1, days)
        return found

    def measure_in(self, name: str, period: int) -> Ready | None:
        """The definition of a measure that governs in a period."""
        for rule in self.measures:
            statement = rule.rule.statement
            assert isinstance(statement, tree.Measure)
            if statement.name == name and rule.governs(period, self.plan.year_start):
                return rule
        return None

    def term(self, name: str) -> Test:
        """Whether a record has the term ``name``."""
        if name not in self._terms:
            self._terms[name] = compile_rule(tree.What((name,)), None, self.world)
        return self._terms[name]

    def fields_of(self, term: str) -> tuple[FieldDecl, ...]:
        """The fields that say whether a record has the term."""
        if term not in self._fields:
            self._fields[term] = fields_asked(tree.What((term,)), self.world)
        return self._fields[term]


def _reaches(excuse: tree.Excuse, rule: Ready) -> bool:
    """Whether an excuse frees from a requirement. ``excuse year`` frees from what the year asks: a block's or a longer
    window's requirement is excused by its name alone."""
    if excuse.rules:
        return rule.rule.name in excuse.rules
    assert isinstance(rule.rule.statement, tree.Require)
    return of_a_year(rule.rule.statement.window)


def _may_belong(window: tree.Window, first: int, years: int) -> bool:
    """Whether a window may end with these periods: a block with its own years, all others with a single one."""
    if isinstance(window, tree.PerYears) and window.count > 1:
        starting = window.starting or 0
        return years == window.count and block_of(first, years, starting) == first >= starting
    return years == 1


def world_of(plan: Plan) -> World:
    """What compiling a plan's conditions needs."""
    leave = frozenset(w.id for w in plan.vocabulary.terms_of("circumstance") if w.leave)
    finders = {name: Finder(table) for name, table in plan.tables.items()}
    return World(plan.fields, plan.vocabulary, finders, plan.year_start, leave)
