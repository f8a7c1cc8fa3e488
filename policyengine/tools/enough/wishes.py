"""What would make a condition true: a condition goes in, a few sets of facts under which it holds come out.

Only proposals: whoever uses one evaluates it. At most ``MOST`` are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import add_months, period_of
from policyengine.engines.facts import Scene, World, record_fact
from policyengine.engines.truth import compile_condition, ends_of
from policyengine.language import tree
from policyengine.language.disjoint import NEGATED
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl
from policyengine.records.model import Fact, Record

Wish = dict[str, Fact]
MOST = 16
ANY_TEXT = "—"  # stands for a text of which only the presence matters
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


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
                return _together(each) or _between(condition, each, world, scene, holds)
            return [w for some in each for w in some][:MOST]
    if compile_condition(condition, world)(scene) is holds:
        return [{}]
    assert scene.record is not None
    if isinstance(condition, tree.Elapsed):
        return _at_that_time(condition, world, scene, scene.record, holds)
    proposals = _proposals(condition, world, scene.record.end, holds)
    return [w for p in proposals if (w := _lacked(p, world, scene.record)) is not None]


def _at_that_time(node: tree.Elapsed, world: World, scene: Scene, record: Record, holds: bool) -> list[Wish]:
    """A day that the record lacks: the other one, or as far from it as is asked, with those beside."""
    found, test = [], compile_condition(node, world)
    one, other = ends_of(node, world, scene)
    for name, day, way in ((node.end, one, 1), (node.start, other, -1)):
        if not isinstance(name, tree.Field) or day is None:
            continue
        moved = _moved(day, way * node.count, node.unit)
        near = [day, moved, *(v for v in _next_to(name.id, moved, world) if isinstance(v, date))]
        lacked = [w for d in near if (w := _lacked({name.id: d}, world, record))]
        found += [w for w in lacked if test(replace(scene, record=supplied(record, w))) is holds]
    return found


def _moved(day: date, count: int, unit: str) -> date:
    """A day so many days, months or years later or, where ``count`` is negative, earlier; within the calendar."""
    if unit == "days":
        return date.fromordinal(min(max(day.toordinal() + count, 1), date.max.toordinal()))
    return add_months(day, max(count * (12 if unit == "years" else 1), 12 - 12 * day.year))


def supplied(record: Record, facts: Mapping[str, Fact]) -> Record:
    """The record with facts that it lacked."""
    quantity, unit = facts.get("quantity", record.quantity), facts.get("unit", record.unit)
    assert quantity is None or isinstance(quantity, Fraction)
    assert unit is None or isinstance(unit, str)
    return replace(record, quantity=quantity, unit=unit, facts={**record.facts, **facts})


def _lacked(wish: Wish, world: World, record: Record) -> Wish | None:
    """What of a wish the record does not say yet; None where it says otherwise (its days always stand), or where no
    record could say it."""
    known = {name: record_fact(record, name) for name in wish}
    if any(known[name] not in (None, value) for name, value in wish.items()):
        return None
    lacked = {name: value for name, value in wish.items() if known[name] is None}
    return lacked if all(_allowed(world.fields.get(n), v) for n, v in lacked.items()) else None


def _allowed(decl: FieldDecl | None, value: Fact) -> bool:
    """Whether a record may have that value: a number within the field's bounds; nothing of the person."""
    if decl is None or not isinstance(value, Fraction):
        return decl is None or decl.of != "person"
    least, most = decl.minimum, decl.maximum
    return decl.of != "person" and (least is None or value >= least) and (most is None or value <= most)


def _proposals(condition: tree.Condition, world: World, day: date, holds: bool) -> list[Wish]:
    """Facts that would make one comparison true or false."""
    match condition:
        case tree.Compare(left=tree.Field(id=name), op=op, right=right):
            return [_in_unit(w, right) for w in _compared(name, op if holds else NEGATED[op], right, world)]
        case tree.Compare(left=left, op=op, right=tree.Field() as right):
            return _proposals(tree.Compare(right, _MIRRORED[op], left), world, day, holds)
        case tree.In(left=tree.Field(id=name), items=items, negated=negated):
            values = [v for i in items if (v := _literal(i, name, world)) is not None]
            if negated != holds:
                return [{name: v} for v in values][:MOST]
            return _other_than(name, values, world)
        case tree.InTable(left=tree.Field(id=name), table=table, negated=negated):
            return [{name: ANY_TEXT}] if negated == holds else _listed(name, table, world, day)
        case tree.Present(field=name, negated=negated):
            return [{}] if negated == holds else [{name: v} for v in _samples(name, world, day)]
        case tree.InRange(left=tree.Field(id=name), low=low, high=high):
            bounds = ((low, ">="),) if holds else ((low, "<"), (high, ">"))
            return [_in_unit(w, bound) for bound, op in bounds for w in _compared(name, op, bound, world)]
    return [{}]


def _in_unit(wish: Wish, operand: tree.Operand) -> Wish:
    """A wish for the column ``quantity`` with the unit in which it is compared."""
    unit = operand.unit if isinstance(operand, tree.Value) else None
    return {**wish, "unit": unit} if unit is not None and "quantity" in wish else wish


def _together(each: Iterable[list[Wish]]) -> list[Wish]:
    """One of every list, merged, where they agree."""
    merged: list[Wish] = [{}]
    for some in each:
        merged = [
            {**a, **b} for a in merged for b in some if all(a[k] == b[k] for k in a.keys() & b.keys())
        ][:MOST]  # fmt: skip
    return merged


def _between(
    condition: tree.Condition, each: Iterable[list[Wish]], world: World, scene: Scene, holds: bool
) -> list[Wish]:
    """Where the parts of a condition wish for different values: any of these, or one beside them, that suits all."""
    assert scene.record is not None
    merged: list[Wish] = [{}]
    for some in each:
        near = [n for w in some for n in (w, *_beside(w, world))]
        both = [w for a in merged for b in near for w in ({**a, **b}, {**b, **a})]
        merged = [w for n, w in enumerate(both) if w not in both[:n]][: MOST * 4]
    test = compile_condition(condition, world)
    lacked = [w for m in merged if (w := _lacked(m, world, scene.record)) is not None]
    return [w for w in lacked if test(replace(scene, record=supplied(scene.record, w))) is holds][:MOST]


def _beside(wish: Wish, world: World) -> list[Wish]:
    """The wish with each of its numbers and days a step less and more."""
    return [{**wish, name: v} for name, value in wish.items() for v in _next_to(name, value, world)]


def _next_to(name: str, value: Fact, world: World) -> list[Fact]:
    """The values before and after a number or a day; of the calendar's first and last day, the day itself."""
    if isinstance(value, date):
        day = value.toordinal()
        return [date.fromordinal(max(day - 1, 1)), date.fromordinal(min(day + 1, date.max.toordinal()))]
    if isinstance(value, bool | str):
        return []
    decl = world.fields.get(name)
    step = Fraction(1, 10**decl.decimals) if decl is not None and name != "quantity" else Fraction(1)
    below, above = Fraction(value) // step * step, -(-Fraction(value) // step) * step
    return [below if below < value else below - step, above if above > value else above + step]


def _literal(operand: tree.Operand, name: str, world: World) -> Fact | None:
    """What a sentence states of a field, a number in the unit of the field."""
    if isinstance(operand, tree.Term):
        return operand.id
    if not isinstance(operand, tree.Value):
        return None
    own = world.fields[name].unit if name in world.fields else None
    if own and operand.unit and isinstance(operand.value, Fraction):
        return operand.value * UNITS[operand.unit].scale / UNITS[own].scale
    return operand.value


def _compared(name: str, op: str, right: tree.Operand, world: World) -> list[Wish]:
    value = _literal(right, name, world)
    if value is None:
        return [{}]
    if op in ("=", ">=", "<="):
        return [{name: value}]
    if op == "!=":
        return [{name: not value}] if isinstance(value, bool) else _other_than(name, [value], world)
    beside = _next_to(name, value, world)
    return [{name: beside[op == ">"]}] if beside else [{}]


def _other_than(name: str, values: list[Fact], world: World) -> list[Wish]:
    terms = [w.id for w in world.vocabulary.terms_of(name)]
    if terms:
        return [Wish({name: t}) for t in terms if t not in values][:MOST]
    if all(isinstance(v, str) for v in values):
        return [{name: ANY_TEXT}]
    return [{name: v} for value in values for v in _next_to(name, value, world) if v not in values][:MOST]


def _listed(name: str, table: str, world: World, day: date) -> list[Wish]:
    finder = world.finders[table]
    for row in finder.table.rows:
        cell = row[finder.keys[0]] if finder.keys else None
        first = cell[0] if isinstance(cell, tuple) and cell else cell
        if isinstance(first, str) and finder.find([first], day, period_of(day, world.year_start)) is not None:
            return [{name: first}]
    return []


def others(name: str, value: Fact, world: World) -> list[Fact]:
    """The other values of a field that has but few: terms, yes or no."""
    if isinstance(value, bool):
        return [not value]
    terms = [w.id for w in world.vocabulary.terms_of(name)]
    return [t for t in terms if t != value] if value in terms and len(terms) <= MOST else []


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
            return [period_of(day, world.year_start)]
    return [ANY_TEXT]
