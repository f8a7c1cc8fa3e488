"""What would make a condition true: a condition goes in, a few sets of facts under which it holds come out.

Only proposals: whoever uses one evaluates it. At most ``MOST`` are made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from policyengine.engines.truth import Scene, World, compile_condition
from policyengine.language import tree
from policyengine.records.model import Fact

Wish = dict[str, Fact]
MOST = 16
ANY_TEXT = "—"  # stands for a text of which only the presence matters
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def wishes(condition: tree.Condition | None, world: World, scene: Scene, holds: bool = True) -> list[Wish]:
    """Facts that the scene's record lacks and under which ``condition`` is true (``holds``) or false.

    ``[{}]``: nothing need be added. ``[]``: nothing that could be added would do.
    """
    match condition:
        case None:
            return [{}] if holds else []
        case tree.Not(item=item):
            return wishes(item, world, scene, not holds)
        case tree.And(items=items) | tree.Or(items=items):
            each = [wishes(i, world, scene, holds) for i in items]
            if isinstance(condition, tree.And) == holds:
                return _together(each)
            return [w for some in each for w in some][:MOST]
    if compile_condition(condition, world)(scene) is holds:
        return [{}]
    assert scene.record is not None
    facts = scene.record.facts
    return [w for w in _proposals(condition, world, scene.record.end, holds) if not w.keys() & facts.keys()]


def _proposals(condition: tree.Condition, world: World, day: date, holds: bool) -> list[Wish]:
    """Facts that would make one comparison true or false."""
    match condition:
        case tree.Compare(left=tree.Field(id=name), op=op, right=right):
            return _compared(name, op if holds else _OPPOSITE[op], right, world)
        case tree.In(left=tree.Field(id=name), items=items, negated=negated):
            values = [v for i in items if (v := _literal(i)) is not None]
            if negated != holds:
                return [{name: v} for v in values][:MOST]
            return _other_than(name, values, world)
        case tree.InTable(left=tree.Field(id=name), table=table, negated=negated):
            return [{name: ANY_TEXT}] if negated == holds else _listed(name, table, world, day)
        case tree.Present(field=name, negated=negated):
            return [{}] if negated == holds else [{name: v} for v in _samples(name, world, day)]
        case tree.InRange(left=tree.Field(id=name), low=low) if holds:
            return [{name: v}] if (v := _literal(low)) is not None else [{}]
    return [{}]


def _together(each: Iterable[list[Wish]]) -> list[Wish]:
    """One of every list, merged, where they agree."""
    merged: list[Wish] = [{}]
    for some in each:
        merged = [
            {**a, **b} for a in merged for b in some if all(a[k] == b[k] for k in a.keys() & b.keys())
        ][:MOST]  # fmt: skip
    return merged


def _literal(operand: tree.Operand) -> Fact | None:
    if isinstance(operand, tree.Term):
        return operand.id
    return operand.value if isinstance(operand, tree.Value) else None


def _compared(name: str, op: str, right: tree.Operand, world: World) -> list[Wish]:
    value = _literal(right)
    if value is None:
        return [{}]
    if op in ("=", ">=", "<="):
        return [{name: value}]
    if op == "!=":
        return [{name: not value}] if isinstance(value, bool) else _other_than(name, [value], world)
    up = 1 if op == ">" else -1
    if isinstance(value, date):
        return [{name: value + timedelta(days=up)}]
    return [{name: Fraction(value) + up}] if isinstance(value, Fraction | int) else [{}]


def _other_than(name: str, values: list[Fact], world: World) -> list[Wish]:
    terms = [w.id for w in world.vocabulary.terms_of(name)]
    if terms:
        return [Wish({name: t}) for t in terms if t not in values][:MOST]
    return [{name: ANY_TEXT}] if all(isinstance(v, str) for v in values) else [{}]


def _listed(name: str, table: str, world: World, day: date) -> list[Wish]:
    finder = world.finders[table]
    for row in finder.table.rows:
        cell = row[finder.keys[0]] if finder.keys else None
        first = cell[0] if isinstance(cell, tuple) and cell else cell
        if isinstance(first, str) and finder.find([first], day, day.year) is not None:
            return [{name: first}]
    return []


def _samples(name: str, world: World, day: date) -> list[Fact]:
    decl = world.fields.get(name)
    match decl.type if decl else "text":
        case "term":
            terms: list[Fact] = [w.id for w in world.vocabulary.terms_of(name)]
            return terms[:MOST]
        case "yes_no":
            return [True, False]
        case "number":
            return [decl.minimum if decl and decl.minimum else Fraction(1)]
        case "date":
            return [day]
        case "year":
            return [day.year]
    return [ANY_TEXT]
