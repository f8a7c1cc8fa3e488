"""What a condition can see, and the facts in it: a ``Scene`` (a record, its person, a period) in, a value or None out.

A field, a day, a table's figure: each operand is compiled once into a function of a scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction
from typing import Any

from policyengine.engines.calendar import day_in_period, full_months, period_of
from policyengine.engines.lookup import Finder, Row
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl, Vocabulary
from policyengine.light import dataclass
from policyengine.plan.names import owning_field as find_owner
from policyengine.plan.names import walk
from policyengine.records.model import Circumstance, Record

Truth = bool | None
Test = Callable[["Scene"], Truth]
Operand = Callable[["Scene"], Any]
DECIDED = ("met", "not_met", "excused")


@dataclass(slots=True)
class Scene:
    """What a condition can see. ``record`` is None at the period stages; ``window`` is the stretch judged there.

    ``outcome`` gives the outcome of a year by its number (None: of what is decided, a year or a block of years), or the
    set of those that are possible (for ``conclude``); ``requirement`` the outcomes that are possible for one of its
    requirements, by its name, in such a year; ``repeated`` whether an earlier record of the person has the same
    values (for ``flag``; unknown where one of the two lacks some). ``adrift``: it is not known where the window lies.
    """

    person: Mapping[str, object]
    circumstances: tuple[Circumstance, ...] = ()
    record: Record | None = None
    period: int = 0
    window: tuple[date, date] = (date.min, date.max)
    outcome: Callable[[int | None], str | frozenset[str]] | None = None
    requirement: Callable[[str, int | None], frozenset[str]] | None = None
    repeated: Callable[[tuple[str, ...]], Truth] | None = None
    adrift: bool = False

    @property
    def day(self) -> date:
        """The day on which tables are asked: the record's end, or the window's last day."""
        return self.record.end if self.record is not None else self.window[1]


@dataclass(slots=True)
class World:
    """What compiling needs to know of the plan."""

    fields: Mapping[str, FieldDecl]
    vocabulary: Vocabulary
    finders: Mapping[str, Finder]
    year_start: tuple[int, int]
    leave_kinds: frozenset[str] = field(default_factory=frozenset)


# --- facts ------------------------------------------------------------------------------------------------------------

DERIVED: dict[str, Callable[[Record], object | None]] = {
    "date": lambda r: r.end,
    "end": lambda r: r.end,
    "start": lambda r: r.start,
    "days": lambda r: (r.end - r.start).days + 1,
    "full_months": lambda r: full_months(r.start, r.end),
    "quantity": lambda r: r.quantity,
    "unit": lambda r: r.unit,
}


def record_fact(record: Record, name: str) -> object | None:
    """A fact of a record by field id, derived ones and the dates included; None when missing."""
    value = record.facts.get(name)
    if value is None and name in DERIVED:
        return DERIVED[name](record)
    return value


def get_fact(scene: Scene, decl: FieldDecl) -> object | None:
    """The value of a field in the scene; None when missing."""
    if decl.of == "person":
        return scene.person.get(decl.id)
    return record_fact(scene.record, decl.id) if scene.record is not None else None


def missing_facts(node: object, world: World, scene: Scene) -> tuple[str, ...]:
    """The fields a condition speaks of that the scene lacks: ``approved``, ``person:employer_kind``. Sorted."""
    return lacking(fields_asked(node, world), scene)


def fields_asked(node: object, world: World) -> tuple[FieldDecl, ...]:
    """The fields that the answer of a node depends on, circumstances apart."""
    return tuple(world.fields[n] for n in names_asked(node, world) if n != "circumstance")


def names_asked(node: object, world: World) -> tuple[str, ...]:
    """The ids of all fields that the answer of a node depends on."""
    names: dict[str, None] = {}
    for part in walk(node):
        if isinstance(part, tree.Field):
            names[part.id] = None
        elif isinstance(part, tree.YearOf | tree.Divisor):
            names[part.field] = None
        elif isinstance(part, tree.What) and part.terms:
            names[owning_field(part, world)] = None
    if "quantity" in names and any(isinstance(p, tree.Value) and p.unit for p in walk(node)):
        names["unit"] = None
    return tuple(names)


def owning_field(what: tree.What, world: World) -> str:
    """The one enumerated field of the record that all the terms belong to (``form`` before others)."""
    owner = find_owner(what.terms, world.vocabulary)
    if owner is None:
        raise KeyError(f"no field has all of the terms {', '.join(what.terms)}")
    return owner


def lacking(decls: Iterable[FieldDecl], scene: Scene) -> tuple[str, ...]:
    """Those of the fields that the scene lacks, as results name them."""
    return tuple(sorted(f"person:{d.id}" if d.of == "person" else d.id for d in decls if get_fact(scene, d) is None))


def rows_lacking(figures: Iterable[tree.Lookup], world: World, scene: Scene) -> tuple[str, ...]:
    """The tables that have no figure for the facts they are asked with, as results name them: ``table:rates``."""
    absent = {f.table for f in figures if find_figure(f, world, scene) is None and not missing_facts(f, world, scene)}
    return tuple(sorted(f"table:{table}" for table in absent))


# --- operands ---------------------------------------------------------------------------------------------------------


def fact_of(decl: FieldDecl) -> Operand:
    name = decl.id
    if decl.of == "person":
        return lambda scene: scene.person.get(name)
    if name in DERIVED:
        return lambda scene: record_fact(scene.record, name) if scene.record is not None else None
    return lambda scene: scene.record.facts.get(name) if scene.record is not None else None


def fact_test(decl: FieldDecl, check: Callable[[Any], bool]) -> Test:
    """What ``check`` says of a fact; unknown when it is missing."""
    name, fact = decl.id, fact_of(decl)

    def of_person(scene: Scene) -> Truth:
        value = scene.person.get(name)
        return None if value is None else check(value)

    def of_record(scene: Scene) -> Truth:
        value = None if scene.record is None else scene.record.facts.get(name)
        return None if value is None else check(value)

    def derived(scene: Scene) -> Truth:
        value = fact(scene)
        return None if value is None else check(value)

    return of_person if decl.of == "person" else derived if name in DERIVED else of_record


def operand(node: tree.Operand, world: World, unit: str | None = None) -> Operand:
    """A function for the operand's value; literals with a unit are turned into ``unit``."""
    match node:
        case tree.Field(id=name):
            return fact_of(world.fields[name])
        case tree.YearOf(field=name):
            fact, start = fact_of(world.fields[name]), world.year_start

            def year_of(scene: Scene) -> object | None:
                day = fact(scene)
                return period_of(day, start) if isinstance(day, date) else None

            return year_of
        case tree.ThisYear():
            return lambda scene: scene.period
        case tree.DayOfYear(month=month, day=day):
            begins = world.year_start
            return lambda scene: day_in_period(scene.period, month, day, begins)
        case tree.Term() | tree.Value():
            fixed = literal(node, unit)
            return lambda scene: fixed
        case tree.Lookup():
            return lambda scene: find_figure(node, world, scene)
    raise TypeError(node)


def literal(node: tree.Term | tree.Value, unit: str | None) -> object:
    if isinstance(node, tree.Term):
        return node.id
    if node.unit and unit and isinstance(node.value, Fraction):
        return node.value * UNITS[node.unit].scale / UNITS[unit].scale
    return node.value


def find_row(node: tree.Lookup, world: World, scene: Scene) -> Row | None:
    """The row of a table figure; None when an argument is missing or the table has no such row."""
    arguments = [operand(a, world)(scene) for a in node.arguments]
    if any(a is None for a in arguments):
        return None
    finder = world.finders[node.table]
    if any(isinstance(a, tree.ThisYear) for a in node.arguments) and finder.table.columns_with("year"):
        arguments = [v for a, v in zip(node.arguments, arguments, strict=True) if not isinstance(a, tree.ThisYear)]
    return finder.find(arguments, scene.day, scene.period)


def find_figure(node: tree.Lookup, world: World, scene: Scene) -> Fraction | None:
    """The figure a table gives; None when an argument, the row or its figure is missing."""
    row = find_row(node, world, scene)
    return world.finders[node.table].figure(row) if row is not None else None


def unit_of(node: tree.Operand, world: World) -> str | None:
    match node:
        case tree.Field(id=name):
            return world.fields[name].unit
        case tree.Lookup(table=table):
            return world.finders[table].value_unit()
    return None
