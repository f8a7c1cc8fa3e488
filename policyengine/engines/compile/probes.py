"""What the rules of a plan look at: fields go in a rule, out comes what it tells apart in each of them.

A rule never sees more of a fact than which of a few values it is, on which side of a few bounds it lies, or which rows
of a table it meets. Two records that agree in that are treated alike; ``axes.py`` gives such classes their codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import DAY, period_bounds
from policyengine.engines.facts import World, owning_field
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.records.model import Fact

ORDERED = ("number", "date", "year")


class Inexpressible(Exception):
    """The plan says something that only the reference evaluator can judge; the message says what."""


@dataclass(slots=True)
class Probe:
    """What is asked of one field. ``values``: compared by equality; ``cuts``: where the answer may change, first value
    of the upper side (days for dates); ``points``: values that are told from what lies on either side;
    ``columns``: (table, place of the key column, only whether there is a row)."""

    values: set[Fact] = field(default_factory=set)
    cuts: set[Fraction | date] = field(default_factory=set)
    points: set[Fraction] = field(default_factory=set)
    columns: set[tuple[str, int, bool]] = field(default_factory=set)


@dataclass(slots=True)
class Probes:
    """Collects what statements look at. ``this_year`` says on which fields the number of the period rests."""

    world: World
    this_year: tuple[tree.Operand, ...] = ()
    fields: dict[str, Probe] = field(default_factory=dict)
    pairs: dict[tree.Condition, None] = field(default_factory=dict)
    kinds: bool = False  # circumstances are asked

    def probe(self, name: str) -> Probe:
        return self.fields.setdefault(name, Probe())

    # --- rules ------------------------------------------------------------------------------------------------------

    def days(self, *days: date | None) -> None:
        """The record's end date is told apart before and from these days on."""
        self.probe("end").cuts.update(d for d in days if d is not None)

    def span(self, start: date | None, until: date | None) -> None:
        """A rule in force from ``start`` to ``until`` by the record's end date."""
        self.days(start, until + DAY if until is not None and until < date.max else None)

    def what(self, what: tree.What | None) -> None:
        if what is not None and what.terms:
            self.probe(owning_field(what, self.world)).values.update(what.terms)

    def condition(self, node: tree.Condition | None) -> None:
        match node:
            case None | tree.Outcome() | tree.InEach() | tree.Repeated():
                pass
            case tree.And(items=items) | tree.Or(items=items):
                for item in items:
                    self.condition(item)
            case tree.Not(item=item):
                self.condition(item)
            case tree.Compare(left=left, op=op, right=right):
                self._compare(node, left, op, right)
            case tree.InRange(left=left, low=low, high=high):
                self._compare(tree.Compare(left, ">=", low), left, ">=", low)
                self._compare(tree.Compare(left, "<=", high), left, "<=", high)
            case tree.In(left=left, items=items):
                self._among(node, left, items)
            case tree.InTable(left=left, table=table):
                self._table(table, (left,), True)
            case tree.Present(field=name):
                self._present(name)
            case tree.Elapsed(start=start, end=end):
                self._pair(node, (start, end))
            case tree.Lasts():
                self.kinds = True
            case _:
                raise TypeError(node)

    def lookup(self, node: tree.Lookup) -> None:
        """A table figure with its arguments."""
        dropped = self.world.finders[node.table].table.columns_with("year")
        self._table(
            node.table, tuple(a for a in node.arguments if not (dropped and isinstance(a, tree.ThisYear))), False
        )
        for argument in node.arguments:
            self._operand(argument)

    # --- leaves -----------------------------------------------------------------------------------------------------

    def _present(self, name: str) -> None:
        if name == "circumstance":
            self.kinds = True
        else:
            self.probe(name)

    def _among(self, node: tree.In, left: tree.Operand, items: Iterable[tree.Operand]) -> None:
        if all(isinstance(i, tree.Term | tree.Value) for i in items):
            for item in items:
                self._compare(None, left, "=", item)
        elif isinstance(left, tree.Lookup) or any(isinstance(i, tree.Lookup) for i in items):
            raise Inexpressible("a list that holds table figures and facts")
        elif any(isinstance(i, tree.Value) and i.unit for i in items):
            raise Inexpressible("a list that holds facts and figures in units")
        else:
            self._pair(node, (left, *items))

    def _compare(self, node: tree.Condition | None, left: tree.Operand, op: str, right: tree.Operand) -> None:
        if isinstance(left, tree.Term | tree.Value):
            left, right = right, left
        if isinstance(left, tree.Field) and left.id == "circumstance":
            self.kinds = True
        elif isinstance(left, tree.Lookup):
            self.lookup(left)
            if isinstance(right, tree.Lookup):
                self.lookup(right)
            elif not isinstance(right, tree.Term | tree.Value):
                self._against(right, self._figures(left))
        elif isinstance(right, tree.Lookup):
            self.lookup(right)
            self._against(left, self._figures(right))
        elif isinstance(right, tree.Term | tree.Value):
            self._constant(left, right)
        else:
            assert node is not None
            self._pair(node, (left, right))

    def _figures(self, node: tree.Lookup) -> list[Fact]:
        return list(self.world.finders[node.table].figures())

    def _constant(self, left: tree.Operand, right: tree.Operand) -> None:
        if isinstance(right, tree.Term):
            self._against(left, [right.id])
        elif isinstance(right, tree.Value):
            value, unit = right.value, right.unit
            if isinstance(left, tree.Field) and unit and isinstance(value, Fraction):
                own = self.world.fields[left.id].unit
                if left.id == "quantity":
                    wanted = UNITS[unit]
                    self.probe("unit").values.update(u.id for u in UNITS.values() if u.dimension == wanted.dimension)
                    self._against(
                        left,
                        [value * wanted.scale / u.scale for u in UNITS.values() if u.dimension == wanted.dimension],
                    )
                    return
                if own:
                    value = value * UNITS[unit].scale / UNITS[own].scale
            self._against(left, [value])

    def _against(self, left: tree.Operand, values: Iterable[Fact]) -> None:
        """An operand is compared with constants."""
        match left:
            case tree.Field(id=name):
                probe = self.probe(name)
                if self.world.fields[name].type in ORDERED or name in ("days", "full_months", "quantity"):
                    for value in values:
                        if isinstance(value, date):
                            probe.cuts.update((value, value + DAY) if value < date.max else (value,))
                        elif isinstance(value, Fraction | int) and not isinstance(value, bool):
                            probe.points.add(Fraction(value))
                else:
                    probe.values.update(values)
            case tree.YearOf(field=name):
                for value in values:
                    if isinstance(value, Fraction | int):
                        self._year_of(name, Fraction(value))
            case tree.ThisYear():
                for value in values:
                    if isinstance(value, Fraction | int):
                        self._year(Fraction(value))

            case tree.DayOfYear():
                for value in values:
                    if isinstance(value, date):
                        for number in (value.year - 1, value.year):  # the periods in which that day of the year lies
                            self._year(Fraction(number))

    def _year(self, value: Fraction) -> None:
        for source in self.this_year:
            if isinstance(source, tree.YearOf):
                self._year_of(source.field, value)
            elif isinstance(source, tree.Field):
                self.probe(source.id).points.add(value)

    def _year_of(self, name: str, value: Fraction) -> None:
        """The periods before, of and after a number are told apart."""
        probe = self.probe(name)
        for number in {value.__floor__(), value.__floor__() + 1, value.__ceil__()}:
            if 1 < number <= date.max.year:
                probe.cuts.add(period_bounds(number, self.world.year_start)[0])

    def _table(self, name: str, arguments: tuple[tree.Operand, ...], only_existence: bool) -> None:
        """A table is asked with these arguments, on the day and in the year of the record."""
        table = self.world.finders[name].table
        for place, argument in enumerate(arguments[: 1 if only_existence else None]):
            self.table_key(name, place, argument, only_existence)
        for row in table.rows:
            for role in ("from", "until", "year"):
                for column in table.columns_with(role):
                    cell = row[column]
                    if role == "year":
                        if isinstance(cell, Fraction | int):
                            self._year(Fraction(cell))
                    elif isinstance(cell, date):
                        self.days(cell, cell + DAY if cell < date.max else None)

    def table_key(self, name: str, place: int, argument: tree.Operand, only_existence: bool) -> None:
        finder = self.world.finders[name]
        if place >= len(finder.keys):
            return
        column = finder.keys[place]
        cells: list[object] = []
        for row in finder.table.rows:
            cell = row[column]
            cells.extend(cell if isinstance(cell, tuple) else (cell,))
        if isinstance(argument, tree.Field) and self.world.fields[argument.id].type not in ORDERED:
            self.probe(argument.id).columns.add((name, place, only_existence))
        elif not isinstance(argument, tree.Term | tree.Value):
            self._against(argument, [c for c in cells if isinstance(c, Fraction | date | int)])

    def _pair(self, node: tree.Condition, operands: Iterable[tree.Operand]) -> None:
        self.pairs[node] = None
        for operand in operands:
            self._operand(operand)

    def _operand(self, operand: tree.Operand) -> None:
        """At least whether the fact is there is asked."""
        if isinstance(operand, tree.Field):
            self.probe(operand.id)
        elif isinstance(operand, tree.YearOf):
            self.probe(operand.field)


def rewritten(
    node: tree.Condition | None, replace: Callable[[tree.Condition], tree.Condition | None]
) -> tree.Condition | None:
    """The condition with the leaves that ``replace`` gives another condition for."""
    match node:
        case None:
            return None
        case tree.And(items=items):
            return tree.And(tuple(r for i in items if (r := rewritten(i, replace)) is not None))
        case tree.Or(items=items):
            return tree.Or(tuple(r for i in items if (r := rewritten(i, replace)) is not None))
        case tree.Not(item=item):
            inner = rewritten(item, replace)
            assert inner is not None
            return tree.Not(inner)
        case tree.InRange(left=left, low=low, high=high):
            parts = (tree.Compare(left, ">=", low), tree.Compare(left, "<=", high))
            changed = tuple(replace(p) or p for p in parts)
            return node if changed == parts else tree.And(changed)
    return replace(node) or node
