"""Stages 4 to 8 of one plan, compiled: a plan goes in, the rules that a person's case is worked out with come out."""

from __future__ import annotations

from dataclasses import dataclass, field

from policyengine.engines.judge import Judge
from policyengine.engines.lookup import Finder
from policyengine.engines.numbers import Shown
from policyengine.engines.ready import Ready, ready
from policyengine.engines.truth import Test, World, all_of, compile_rule
from policyengine.language import tree
from policyengine.plan.caps import exact_bounds
from policyengine.plan.model import Plan


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
    _terms: dict[str, Test] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, world: World, judge: Judge) -> Later:
        """Compile stages 4 to 8."""
        windows = [r.statement.window for r in plan.require]
        blocks = sorted({(w.count, w.starting or 0) for w in windows if isinstance(w, tree.PerYears) and w.count > 1})
        excuse = ready(plan.excuse, world)
        for rule in excuse:
            rule.test = all_of([rule.test, *(k.test for k in rule.kept)])
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
        )

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


def world_of(plan: Plan) -> World:
    """What compiling a plan's conditions needs."""
    leave = frozenset(w.id for w in plan.vocabulary.terms_of("circumstance") if w.leave)
    finders = {name: Finder(table) for name, table in plan.tables.items()}
    return World(plan.fields, plan.vocabulary, finders, plan.year_start, leave)
