"""Of values that every condition answers alike one is enough: conditions and values in, those worth trying out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import prod

from policyengine.engines.calendar import period_of
from policyengine.engines.facts import Scene, Test, World
from policyengine.engines.lookup import canonical_text, matches
from policyengine.engines.truth import compile_condition, compile_what
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.names import owning_field, walk
from policyengine.records.model import Fact, Record
from policyengine.tools.prove.days import LENGTHS, OF_ENDS
from policyengine.tools.prove.model import Context

MOST_TRIED = 8000  # values of fields that are compared with each other
LEAVES = (tree.Compare, tree.In, tree.InTable, tree.Present, tree.InRange, tree.Elapsed)
Value = Fact | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of the smallest conditions of a statement, compiled, with the fields that it asks: ``start`` for lengths,
    and not the end, which is always given.
    """

    node: object
    test: Test
    fields: frozenset[str]


def leaves_of(statement: object, context: Context, world: World) -> Iterator[Leaf]:
    for node in walk(statement):
        if isinstance(node, tree.What) and node.terms:
            owner = owning_field(node.terms, context.vocabulary)
            if owner is not None:
                yield Leaf(node, compile_what(node, world), frozenset({owner}))
        elif isinstance(node, LEAVES):
            fields = {p.id for p in walk(node) if isinstance(p, tree.Field)}
            fields |= {p.field for p in walk(node) if isinstance(p, tree.YearOf | tree.Present)}
            if "circumstance" not in fields:
                asked = {"start" if f in LENGTHS else f for f in fields} - set(OF_ENDS)
                yield Leaf(node, compile_condition(node, world), frozenset(asked))


def scene(given: Mapping[str, tuple[FieldDecl, Value]], start: date, end: date, year_start: tuple[int, int]) -> Scene:
    """A scene in which only these fields and days are given."""
    facts = {n: v for n, (d, v) in given.items() if d.of != "person" and v is not None}
    person = {n: v for n, (d, v) in given.items() if d.of == "person" and v is not None}
    record = Record("R", "P", start, end, None, None, facts)
    return Scene(person, record=record, period=period_of(end, year_start))


def distinct(
    names: Sequence[str],
    options: Sequence[Sequence[Value]],
    leaves: Sequence[Leaf],
    scene_of: Callable[[Mapping[str, Value]], Scene],
    beyond: Callable[[str, Value], object],
    year_start: tuple[int, int],
) -> list[tuple[Value, ...]] | None:
    """Combinations of the fields' values, in the order of the options: of those alike the first. None: too many.

    ``beyond``: what else than the answers of conditions depends on a value.
    """
    found: list[list[tuple[int, ...]]] = []
    groups = _linked(names, leaves)
    for group in groups:
        own = {names[i] for i in group}
        if prod(len(options[i]) for i in group) > MOST_TRIED:
            return None
        asked = [leaf for leaf in leaves if leaf.fields & own]
        tests = [leaf.test for leaf in asked if leaf.fields <= own]
        partly = [leaf for leaf in asked if not leaf.fields <= own]
        apart = [[(beyond(names[i], v), _seen(partly, names[i], v, year_start)) for v in options[i]] for i in group]
        kept: dict[object, tuple[int, ...]] = {}
        for numbers in itertools.product(*(range(len(options[i])) for i in group)):
            made = scene_of({names[i]: options[i][n] for i, n in zip(group, numbers, strict=True)})
            others = tuple(signs[n] for signs, n in zip(apart, numbers, strict=True))
            kept.setdefault((tuple(test(made) for test in tests), others), numbers)
        found.append(list(kept.values()))
    order = [i for group in groups for i in group]
    every = (dict(zip(order, itertools.chain(*parts), strict=True)) for parts in itertools.product(*found))
    return [
        tuple(options[i][n] for i, n in enumerate(numbers))
        for numbers in sorted(tuple(chosen[i] for i in range(len(names))) for chosen in every)
    ]


def _seen(leaves: Sequence[Leaf], name: str, value: Value, year_start: tuple[int, int]) -> object:
    """What conditions that ask other fields too see of a value: of a date only its period, where they ask the year."""
    parts = [p for leaf in leaves if name in leaf.fields for p in walk(leaf.node)]
    if not parts:
        return None
    by_day = any(isinstance(p, tree.Field) and p.id in (name, *(LENGTHS if name == "start" else ())) for p in parts)
    return period_of(value, year_start) if isinstance(value, date) and not by_day else value


def _linked(names: Sequence[str], leaves: Iterable[Leaf]) -> list[list[int]]:
    """The places of fields that some condition compares with each other, together."""
    groups = [{n} for n in names]
    for leaf in leaves:
        touched = [g for g in groups if g & leaf.fields]
        if len(touched) > 1:
            groups = [g for g in groups if g not in touched] + [set[str]().union(*touched)]
    return [sorted(names.index(n) for n in group) for group in groups]


def rows(node: tree.Lookup, world: World, name: str, value: Value) -> object:
    """Which rows of a looked-up table have this value in the columns that the field is matched with."""
    finder = world.finders[node.table]
    table = finder.table
    arguments = node.arguments
    if table.columns_with("year"):
        arguments = tuple(a for a in arguments if not isinstance(a, tree.ThisYear))
    if any(isinstance(a, tree.YearOf) and a.field == name for a in arguments):
        return value
    found = []
    wanted = canonical_text(value)
    for argument, column in zip(arguments, finder.keys, strict=False):
        if isinstance(argument, tree.Field) and argument.id == name and value is not None:
            aliases = table.columns_with("alias") if column == finder.keys[0] else []
            ranged = table.columns[column].match == "range"
            found.append(
                tuple(
                    number
                    for number, row in enumerate(table.rows)
                    if matches(row[column], wanted, ranged) or any(matches(row[a], wanted, False) for a in aliases)
                )
            )
    return (tuple(found), value is None)


def looked_up(operand: tree.Operand) -> str | None:
    """The field that an argument of a table asks; a length depends on the beginning."""
    match operand:
        case tree.Field(id=name) | tree.YearOf(field=name):
            return "start" if name in LENGTHS else name
    return None
