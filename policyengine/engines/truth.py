"""Conditions, in three values: true, false, or None where a missing fact leaves it unknown (Kleene).

A condition is compiled once into a function of a ``Scene`` (a record, its person, a period); the record stages and
the period stages share it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from policyengine.engines.calendar import full_months, merged, period_bounds, period_of
from policyengine.engines.lookup import Finder
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl, Vocabulary
from policyengine.records.model import Circumstance, Record

Truth = bool | None
Test = Callable[["Scene"], Truth]


@dataclass(slots=True)
class Scene:
    """What a condition can see. ``record`` is None at the period stages; ``window`` is the stretch judged there.

    ``outcomes`` gives the outcome of a period by its number (for ``conclude``); ``repeated`` the values that earlier
    records of the person had (for ``flag``).
    """

    person: Mapping[str, object]
    circumstances: tuple[Circumstance, ...] = ()
    record: Record | None = None
    period: int = 0
    window: tuple[date, date] = (date.min, date.max)
    outcome: Callable[[int], str] | None = None
    repeated: Callable[[tuple[str, ...]], bool] | None = None


@dataclass(slots=True)
class World:
    """What compiling needs to know of the plan."""

    fields: Mapping[str, FieldDecl]
    vocabulary: Vocabulary
    finders: Mapping[str, Finder]
    year_start: tuple[int, int]
    leave_kinds: frozenset[str] = field(default_factory=frozenset)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def record_fact(record: Record, name: str) -> object | None:
    """A fact of a record by field id, derived ones and the dates included; None when missing."""
    value = record.facts.get(name)
    if value is not None:
        return value
    if name in ("date", "end"):
        return record.end
    if name == "start":
        return record.start
    if name == "days":
        return Fraction((record.end - record.start).days + 1)
    if name == "full_months":
        return Fraction(full_months(record.start, record.end))
    if name == "quantity":
        return record.quantity
    return record.unit if name == "unit" else None


def get_fact(scene: Scene, decl: FieldDecl) -> object | None:
    """The value of a field in the scene; None when missing."""
    if decl.of == "person":
        return scene.person.get(decl.id)
    return record_fact(scene.record, decl.id) if scene.record is not None else None


def _operand(node: tree.Operand, world: World, scale_to: str | None = None) -> Callable[[Scene], object | None]:
    match node:
        case tree.Field(id=name):
            decl = world.fields[name]
            return lambda scene: get_fact(scene, decl)
        case tree.YearOf(field=name):
            decl, start = world.fields[name], world.year_start

            def year_of(scene: Scene) -> object | None:
                day = get_fact(scene, decl)
                return Fraction(period_of(day, start)) if isinstance(day, date) else None

            return year_of
        case tree.ThisYear():
            return lambda scene: Fraction(scene.period)
        case tree.Term(id=term):
            return lambda scene: term
        case tree.Value(value=value, unit=unit):
            if unit and scale_to and isinstance(value, Fraction):
                value = value * UNITS[unit].scale / UNITS[scale_to].scale
            fixed: object = value
            return lambda scene: fixed
        case tree.Lookup():
            return lambda scene: find_figure(node, world, scene)
    raise TypeError(node)


def find_row(node: tree.Lookup, world: World, scene: Scene) -> tuple[object, ...] | None:
    """The row of a table figure; None when an argument is missing or the table has no such row."""
    arguments = [_operand(a, world)(scene) for a in node.arguments]
    if any(a is None for a in arguments):
        return None
    on = scene.record.end if scene.record is not None else scene.window[1]
    finder = world.finders[node.table]
    if any(isinstance(a, tree.ThisYear) for a in node.arguments) and finder.table.columns_with("year"):
        arguments = [v for a, v in zip(node.arguments, arguments, strict=True) if not isinstance(a, tree.ThisYear)]
    return finder.find(arguments, on, scene.period)


def find_figure(node: tree.Lookup, world: World, scene: Scene) -> Fraction | None:
    row = find_row(node, world, scene)
    return world.finders[node.table].figure(row) if row is not None else None  # type: ignore[arg-type]


def _unit_of(node: tree.Operand, world: World) -> str | None:
    return world.fields[node.id].unit if isinstance(node, tree.Field) else None


def _comparison(left: Callable[[Scene], object], right: Callable[[Scene], object], op: str) -> Test:
    compare = _OPERATORS[op]

    def test(scene: Scene) -> Truth:
        a, b = left(scene), right(scene)
        return None if a is None or b is None else compare(a, b)

    return test


def _circumstance_kinds(scene: Scene) -> set[str]:
    first, last = scene.window
    return {
        c.kind
        for c in scene.circumstances
        if (c.start is None or c.start <= last) and (c.end is None or c.end >= first)
    }


def stretches_of(scene: Scene, kinds: Iterable[str]) -> list[tuple[date, date]]:
    """The stretches of those circumstances within the window, overlapping and touching ones made one."""
    first, last, wanted = *scene.window, set(kinds)
    return merged(
        (max(c.start or first, first), min(c.end or last, last)) for c in scene.circumstances if c.kind in wanted
    )


def _negate(test: Test) -> Test:
    def negated(scene: Scene) -> Truth:
        value = test(scene)
        return None if value is None else not value

    return negated


def _all(tests: list[Test]) -> Test:
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


def compile_condition(node: tree.Condition | None, world: World) -> Test:
    """A condition as a function of a scene; no condition is always true."""
    match node:
        case None:
            return lambda scene: True
        case tree.And(items=items):
            return _all([compile_condition(i, world) for i in items])
        case tree.Or(items=items):
            return _negate(_all([_negate(compile_condition(i, world)) for i in items]))
        case tree.Not(item=item):
            return _negate(compile_condition(item, world))
        case tree.Compare(left=tree.Field(id="circumstance"), op=op, right=tree.Term(id=kind)):
            has = lambda scene: kind in _circumstance_kinds(scene)
            return has if op == "=" else _negate(has)
        case tree.In(left=tree.Field(id="circumstance"), items=items, negated=negated):
            kinds = {i.id for i in items if isinstance(i, tree.Term)}
            test: Test = lambda scene: not kinds.isdisjoint(_circumstance_kinds(scene))
            return _negate(test) if negated else test
        case tree.Compare(left=left, op=op, right=right):
            return _comparison(
                _operand(left, world, _unit_of(right, world)), _operand(right, world, _unit_of(left, world)), op
            )
        case tree.In(left=left, items=items, negated=negated):
            value, options = _operand(left, world), [_operand(i, world, _unit_of(left, world)) for i in items]

            def among(scene: Scene) -> Truth:
                found = value(scene)
                return None if found is None else found in [o(scene) for o in options]

            return _negate(among) if negated else among
        case tree.InTable(left=left, table=table, negated=negated):
            value, finder = _operand(left, world), world.finders[table]

            def listed(scene: Scene) -> Truth:
                found = value(scene)
                on = scene.record.end if scene.record is not None else scene.window[1]
                return None if found is None else finder.find([found], on, scene.period) is not None

            return _negate(listed) if negated else listed
        case tree.Present(field=name, negated=negated):
            if name == "circumstance":
                some: Test = lambda scene: bool(_circumstance_kinds(scene))
            else:
                decl = world.fields[name]
                some = lambda scene: get_fact(scene, decl) is not None
            return _negate(some) if negated else some
        case tree.InRange(left=left, low=low, high=high):
            unit = _unit_of(left, world)
            value = _operand(left, world)
            return _all(
                [
                    _comparison(value, _operand(low, world, unit), ">="),
                    _comparison(value, _operand(high, world, unit), "<="),
                ]
            )
        case tree.Lasts(kinds=kinds_, at_least=least, unit=unit_):
            leave = kinds_ or tuple(world.leave_kinds)

            def lasts(scene: Scene) -> Truth:
                return any(
                    (full_months(a, b) if unit_ == "months" else (b - a).days + 1) >= least
                    for a, b in stretches_of(scene, leave)
                )

            return lasts
        case tree.Repeated(fields=names):
            return lambda scene: scene.repeated(names) if scene.repeated else False
        case tree.Outcome(state=state):
            return lambda scene: outcome_is(scene, scene.period, state)
        case tree.InEach(states=states, years=years):

            def in_each(scene: Scene) -> Truth:
                result: Truth = True
                for year in range(scene.period - years + 1, scene.period + 1):
                    values = [outcome_is(scene, year, state) for state in states]
                    if True not in values:
                        if None not in values:
                            return False
                        result = None
                return result

            return in_each
    raise TypeError(node)


def outcome_is(scene: Scene, year: int, state: str) -> Truth:
    """``met`` or ``excused`` of a period; unknown while it is undetermined or in progress."""
    outcome = scene.outcome(year) if scene.outcome else "undetermined"
    return None if outcome in ("undetermined", "in_progress") else outcome == state


def compile_what(what: tree.What, world: World) -> Test:
    """Whether a record is one that the statement speaks of; unknown where the field is missing."""
    if not what.terms:
        return lambda scene: True
    owner = owning_field(what, world)
    decl, terms = world.fields[owner], frozenset(what.terms)

    def test(scene: Scene) -> Truth:
        value = get_fact(scene, decl)
        return None if value is None else value in terms

    return test


def owning_field(what: tree.What, world: World) -> str:
    """The one enumerated field of the record that all the terms belong to (``form`` before others)."""
    owners = [
        name
        for name, decl in world.fields.items()
        if decl.of == "record"
        and decl.type == "term"
        and set(what.terms) <= {w.id for w in world.vocabulary.terms_of(name)}
    ]
    for first in ("form", "subject"):
        if first in owners:
            return first
    return owners[0]


def compile_rule(what: tree.What | None, when: tree.Condition | None, world: World) -> Test:
    """What and when together. A rule whose condition asks a table without a row for that year does not apply."""
    tests = [compile_what(what, world)] if what is not None and what.terms else []
    if when is not None:
        tests.append(compile_condition(when, world))
    asked = [world.finders[n.table] for n in walk(when) if isinstance(n, tree.InTable)]
    if asked:

        def stocked(scene: Scene) -> Truth:
            on = scene.record.end if scene.record is not None else scene.window[1]
            return all(finder.any_row(on, scene.period) for finder in asked)

        tests.insert(0, stocked)
    return tests[0] if len(tests) == 1 else _all(tests)


def walk(node: object) -> Iterator[object]:
    """A node and all below it."""
    if isinstance(node, tuple):
        for item in node:
            yield from walk(item)
    elif is_dataclass(node):
        yield node
        for f in fields(node):
            if f.name != "span":
                yield from walk(getattr(node, f.name))


def missing_facts(node: object, world: World, scene: Scene) -> tuple[str, ...]:
    """The fields a condition speaks of that the scene lacks: ``approved``, ``person:employer_kind``. Sorted."""
    names: set[str] = set()
    for part in walk(node):
        if isinstance(part, tree.Field):
            names.add(part.id)
        elif isinstance(part, tree.YearOf | tree.Divisor):
            names.add(part.field)
        elif isinstance(part, tree.What) and part.terms:
            names.add(owning_field(part, world))
    missing = []
    for name in names - {"circumstance"}:
        decl = world.fields[name]
        if get_fact(scene, decl) is None:
            missing.append(f"person:{name}" if decl.of == "person" else name)
    return tuple(sorted(missing))


def window_of_period(period: int, world: World) -> tuple[date, date]:
    return period_bounds(period, world.year_start)
