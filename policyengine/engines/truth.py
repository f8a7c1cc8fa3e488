"""Conditions, in three values: true, false, or None where a missing fact leaves it unknown (Kleene).

A condition is compiled once into a function of a ``Scene`` (``facts.py``); the record stages and the period stages
share it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Iterable
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

from policyengine.engines.calendar import lasts, lasts_in_all, later, merged
from policyengine.engines.facts import (
    DECIDED,
    DERIVED,
    Scene,
    Test,
    Truth,
    World,
    fact_of,
    fact_test,
    literal,
    operand,
    owning_field,
    unit_of,
)
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.plan.names import walk

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _always(scene: Scene) -> Truth:
    return True


def _compare(left: tree.Operand, op: str, right: tree.Operand, world: World) -> Test:
    compare = _OPERATORS[op]
    if isinstance(left, tree.Field) and isinstance(right, tree.Term | tree.Value):
        if left.id == "quantity" and isinstance(right, tree.Value) and right.unit:
            return negate(_quantity_test(operator.eq, right)) if op == "!=" else _quantity_test(compare, right)
        if left.id == "circumstance":
            has = _circumstance_in({right.id} if isinstance(right, tree.Term) else set())
            return has if op == "=" else negate(has)
        fixed = literal(right, unit_of(left, world))
        return fact_test(world.fields[left.id], partial(_OPERATORS[_MIRRORED[op]], fixed))
    if isinstance(right, tree.Field) and isinstance(left, tree.Term | tree.Value):
        return _compare(right, _MIRRORED[op], left, world)
    one, other = operand(left, world, unit_of(right, world)), operand(right, world, unit_of(left, world))

    def test(scene: Scene) -> Truth:
        a, b = one(scene), other(scene)
        return None if a is None or b is None else compare(a, b)

    return test


def _quantity_test(compare: Callable[[Any, Any], bool], value: tree.Value) -> Test:
    """The column ``quantity`` against ``3 days``: false for a record that is counted in another dimension."""
    assert value.unit is not None
    assert isinstance(value.value, Fraction)
    wanted = UNITS[value.unit]
    fixed = value.value * wanted.scale

    def test(scene: Scene) -> Truth:
        record = scene.record
        if record is None or record.unit is None:
            return None
        unit = UNITS.get(record.unit)  # the compiled engine's draft of a record has none, where no rule tells it apart
        if unit is None or unit.dimension != wanted.dimension:
            return False
        return None if record.quantity is None else compare(record.quantity * unit.scale, fixed)

    return test


def _circumstance_in(kinds: Container[str]) -> Test:
    def test(scene: Scene) -> Truth:
        if scene.adrift:
            return None if any(c.kind in kinds for c in scene.circumstances) else False
        first, last = scene.window
        return any(
            c.kind in kinds and (c.start is None or c.start <= last) and (c.end is None or c.end >= first)
            for c in scene.circumstances
        )

    return test


def _in(node: tree.In, world: World) -> Test:
    if isinstance(node.left, tree.Field) and node.left.id == "circumstance":
        return _circumstance_in({i.id for i in node.items if isinstance(i, tree.Term)})
    if isinstance(node.left, tree.Field) and node.left.id == "quantity":  # each item is in a unit of its own
        return any_of([_compare(node.left, "=", item, world) for item in node.items])
    value, unit = operand(node.left, world), unit_of(node.left, world)
    fixed = frozenset(literal(i, unit) for i in node.items if isinstance(i, tree.Term | tree.Value))
    others = [operand(i, world, unit) for i in node.items if not isinstance(i, tree.Term | tree.Value)]
    if isinstance(node.left, tree.Field) and not others:
        return fact_test(world.fields[node.left.id], fixed.__contains__)

    def test(scene: Scene) -> Truth:
        found = value(scene)
        if found is None:
            return None
        if found in fixed or not others:
            return found in fixed
        options = [o(scene) for o in others]
        return True if found in options else None if None in options else False

    return test


def stretches_of(scene: Scene, kinds: Iterable[str]) -> list[tuple[date, date]]:
    """The stretches of those circumstances within the window, overlapping and touching ones made one."""
    first, last, wanted = *scene.window, set(kinds)
    return merged(
        (max(c.start or first, first), min(c.end or last, last)) for c in scene.circumstances if c.kind in wanted
    )


def negate(test: Test) -> Test:
    """True where the test is false, and the reverse; unknown stays unknown."""

    def negated(scene: Scene) -> Truth:
        value = test(scene)
        return None if value is None else not value

    return negated


def all_of(tests: list[Test]) -> Test:
    """Kleene's "and"."""
    if len(tests) < 2:
        return tests[0] if tests else _always
    if len(tests) == 2:
        return _both(*tests)

    def test(scene: Scene) -> Truth:
        result: Truth = True
        for one in tests:
            value = one(scene)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return test


def _both(one: Test, other: Test) -> Test:
    def test(scene: Scene) -> Truth:
        first = one(scene)
        if first is False:
            return False
        second = other(scene)
        return second if first or second is False else None

    return test


def any_of(tests: list[Test]) -> Test:
    """Kleene's "or"."""

    def test(scene: Scene) -> Truth:
        result: Truth = False
        for one in tests:
            value = one(scene)
            if value:
                return True
            if value is None:
                result = None
        return result

    return test


def compile_condition(node: tree.Condition | None, world: World) -> Test:
    """A condition as a function of a scene; no condition is always true."""
    match node:
        case None:
            return _always
        case tree.And(items=items):
            return all_of([compile_condition(i, world) for i in items])
        case tree.Or(items=items):
            return any_of([compile_condition(i, world) for i in items])
        case tree.Not(item=item):
            return negate(compile_condition(item, world))
        case tree.Compare(left=left, op=op, right=right):
            return _compare(left, op, right, world)
        case tree.In(negated=negated):
            test = _in(node, world)
            return negate(test) if negated else test
        case tree.InTable(negated=negated):
            test = _in_table(node, world)
            return negate(test) if negated else test
        case tree.Present(field=name, negated=negated):
            return _present(name, world, negated)
        case tree.InRange(left=left, low=low, high=high):
            return all_of([_compare(left, ">=", low, world), _compare(left, "<=", high, world)])
        case tree.Elapsed():
            return _elapsed(node, world)
        case tree.Lasts():
            return _lasts(node, world)
        case tree.Repeated(fields=names):
            return lambda scene: scene.repeated(names) if scene.repeated else False
        case tree.Outcome(state=state, rule=None):
            return lambda scene: outcome_is(scene, None, state)
        case tree.Outcome(state=state, rule=str(rule)):
            return lambda scene: among(outcomes_of(scene, rule, None), state)
        case tree.InEach():
            return _in_each(node)
    raise TypeError(node)


def _in_table(node: tree.InTable, world: World) -> Test:
    value, finder = operand(node.left, world), world.finders[node.table]

    def listed(scene: Scene) -> Truth:
        found = value(scene)
        return None if found is None else finder.find([found], scene.day, scene.period) is not None

    return listed


def _present(name: str, world: World, negated: bool) -> Test:
    if name == "circumstance":
        some = _circumstance_in({w.id for w in world.vocabulary.terms_of("circumstance")})
        return negate(some) if negated else some
    decl, fact, wanted = world.fields[name], fact_of(world.fields[name]), not negated
    if decl.of == "record" and name not in DERIVED:
        return lambda scene: (scene.record is not None and scene.record.facts.get(name) is not None) is wanted
    return lambda scene: (fact(scene) is not None) is wanted


def _elapsed(node: tree.Elapsed, world: World) -> Test:
    """The later day against the earlier one moved forward; no day is as late as one beyond the calendar."""
    start, end, compare = operand(node.start, world), operand(node.end, world), _OPERATORS[node.op]
    count, unit, before = node.count, node.unit, node.op in ("<", "<=")

    def test(scene: Scene) -> Truth:
        one, other = start(scene), end(scene)
        if one is None or other is None:
            return None
        moved = later(one, count, unit)
        return before if moved is None else compare(other, moved)

    return test


def ends_of(node: tree.Elapsed, world: World, scene: Scene) -> tuple[date | None, date | None]:
    """The two days between which the time is asked; None where one is missing."""
    return operand(node.start, world)(scene), operand(node.end, world)(scene)


def _lasts(node: tree.Lasts, world: World) -> Test:
    kinds = node.kinds or tuple(world.leave_kinds)

    def test(scene: Scene) -> Truth:
        if scene.adrift:
            return None if any(c.kind in kinds for c in scene.circumstances) else False
        stretches = stretches_of(scene, kinds)
        if node.in_all:
            return lasts_in_all(stretches, node.op, node.count)
        return any(lasts(*stretch, node.op, node.count, node.unit) for stretch in stretches)

    return test


# --- outcomes ---------------------------------------------------------------------------------------------------------


def possible_outcomes(scene: Scene, year: int | None) -> frozenset[str]:
    """The outcomes that a year (None: what is decided) may still have: one, where it is decided."""
    outcome = scene.outcome(year) if scene.outcome else "undetermined"
    if isinstance(outcome, frozenset):
        return outcome
    return frozenset((outcome,) if outcome in DECIDED else DECIDED)


def outcomes_of(scene: Scene, rule: str, year: int | None) -> frozenset[str]:
    """As ``possible_outcomes``, of one requirement."""
    return scene.requirement(rule, year) if scene.requirement else frozenset(DECIDED)


def outcome_is(scene: Scene, year: int | None, *states: str) -> Truth:
    """Whether the outcome of a year (None: of what is decided) is one of ``states``; unknown where it may be."""
    return among(possible_outcomes(scene, year), *states)


def among(possible: frozenset[str], *states: str) -> Truth:
    """Whether what comes out is one of ``states``, given what may; unknown where it may be or not."""
    return True if possible <= set(states) else None if possible & set(states) else False


class Cycle(int):
    """So many blocks of years before the one that is decided: stands for a year where ``Scene.requirement`` is asked
    how a requirement came out by blocks."""


def _in_each(node: tree.InEach) -> Test:
    def came_out(scene: Scene, ago: int) -> frozenset[str]:
        if node.rule is None:
            return possible_outcomes(scene, scene.period - ago)
        if node.cycles:
            return outcomes_of(scene, node.rule, Cycle(ago) if ago else None)
        return outcomes_of(scene, node.rule, scene.period - ago)

    wanted = node.years if node.least is None else node.least

    def in_each(scene: Scene) -> Truth:
        truths = [among(came_out(scene, ago), *node.states) for ago in range(node.years)]
        sure, perhaps = truths.count(True), truths.count(None)
        return True if sure >= wanted else None if sure + perhaps >= wanted else False

    return in_each


# --- rules ------------------------------------------------------------------------------------------------------------


def compile_what(what: tree.What | None, world: World) -> Test:
    """Whether a record is one that the statement speaks of; unknown where the field is missing."""
    if what is None or not what.terms:
        return _always
    return fact_test(world.fields[owning_field(what, world)], frozenset(what.terms).__contains__)


def compile_when(when: tree.Condition | None, world: World) -> Test:
    """The condition. A rule whose condition asks a table without a row for that year does not apply."""
    test = compile_condition(when, world)
    asked = [world.finders[n.table] for n in walk(when) if isinstance(n, tree.InTable | tree.Lookup)]
    if not asked:
        return test

    def stocked(scene: Scene) -> Truth:
        truth = test(scene)
        if truth is not False:
            day = scene.day
            for finder in asked:
                if not finder.any_row(day, scene.period):
                    return False
        return truth

    return stocked


def compile_rule(what: tree.What | None, when: tree.Condition | None, world: World) -> Test:
    """What and when together."""
    tests = [compile_what(what, world)] if what is not None and what.terms else []
    if when is not None:
        tests.append(compile_when(when, world))
    return all_of(tests)
