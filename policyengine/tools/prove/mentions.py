"""What statements ask of a record or person: fields, the constants they are compared with, tables, circumstances.

From these, ``cells.py`` divides every field's values into stretches within which no statement can tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.packs.model import Table
from policyengine.plan.names import owning_field, walk
from policyengine.tools.prove.model import Context, Series
from policyengine.tools.prove.spans import Time

Constant = str | Fraction | bool | date
Length = tuple[str, int, str]  # at least (>=) or more than (>) so many months or days


@dataclass(slots=True)
class Mentions:
    """``constants``: by field, in the field's own unit. ``years``: numbers that the year of a date field is compared
    with. ``amounts``: what the quantity of a record is compared with, by unit.

    ``partners``: how many other fields a field is compared with (directly or by their years). ``relative``: fields
    whose year is compared with the period in question or with another's; ``placing``: whose very value decides where
    a record, or how many months, belong. ``periods`` and ``days``: where tables and
    conditions change in time. ``spans``: by field, of which times it is an end. ``counted``: up to how many years not
    met are told apart among several; 0 where years differ from each other in nothing that is asked. ``every``: those
    that are met are counted, too, so that any numbers of them are told apart.
    """

    fields: dict[str, None] = field(default_factory=dict)
    constants: dict[str, set[Constant]] = field(default_factory=dict)
    amounts: dict[str, set[Fraction]] = field(default_factory=dict)
    years: dict[str, set[int]] = field(default_factory=dict)
    partners: dict[str, set[str]] = field(default_factory=dict)
    relative: set[str] = field(default_factory=set)
    placing: set[str] = field(default_factory=set)
    tested: set[str] = field(default_factory=set)  # for presence
    compared: set[str] = field(default_factory=set)
    periods: set[int] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    timed: bool = False
    kinds: list[frozenset[str]] = field(default_factory=list)
    lasting: list[tuple[frozenset[str], Length]] = field(default_factory=list)  # one stretch, or several in all
    in_all: list[tuple[frozenset[str], Length]] = field(default_factory=list)  # of these, what is asked of several
    monthly: list[frozenset[str]] = field(default_factory=list)  # kinds of which every full month counts
    marks: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    spans: dict[str, set[Time]] = field(default_factory=dict)
    between_days: bool = False  # the time between two days of the year is asked
    outcome_years: set[int] = field(default_factory=set)
    requirements: dict[Series, set[int]] = field(
        default_factory=dict
    )  # and of how many years, or cycles, they are asked
    counted: int = 0
    every: bool = False
    repeated: set[tuple[str, ...]] = field(default_factory=set)
    divisors: dict[str, tree.Divisor] = field(default_factory=dict)

    @property
    def of_one(self) -> list[tuple[frozenset[str], Length]]:
        """What is asked of one stretch alone."""
        left = list(self.lasting)
        for asked in self.in_all:
            left.remove(asked)
        return left

    def note(self, node: object, context: Context) -> None:
        """Take a statement, condition or operand into account."""
        for part in walk(node):
            self._note(part, context)

    def _note(self, part: object, context: Context) -> None:
        match part:
            case tree.What(terms=terms) if terms:
                owner = owning_field(terms, context.vocabulary)
                if owner is not None:
                    self._ask(owner)
                    self.constants[owner].update(terms)
            case tree.Compare(left=tree.Field(id="circumstance"), right=tree.Term(id=kind)):
                self.kinds.append(frozenset({kind}))
            case tree.In(left=tree.Field(id="circumstance"), items=items):
                self.kinds += [frozenset({i.id}) for i in items if isinstance(i, tree.Term)]
            case tree.Compare(left=left, right=right):
                self._pair(left, right, context)
            case tree.In(left=left, items=items):
                for item in items:
                    self._pair(left, item, context)
            case tree.InRange(left=left, low=low, high=high):
                self._pair(left, low, context)
                self._pair(left, high, context)
            case tree.InTable(left=left, table=name):
                table = context.tables[name]
                self._table(table)
                keys = [*table.columns_with("key")[:1], *table.columns_with("alias")]
                self._match(left, table, keys)
            case tree.Lookup(table=name, arguments=arguments):
                self._lookup(context.tables[name], arguments)
            case tree.Present(field="circumstance"):
                self.kinds.append(_leave(context, every=True))
            case tree.Present(field=name):
                self._ask(name)
                self.tested.add(name)
            case tree.Elapsed():
                self._elapsed(part)
            case tree.Lasts(kinds=kinds, op=op, count=count, unit=unit, in_all=in_all):
                asked = frozenset(kinds) or _leave(context), (op, count, unit)
                self.lasting.append(asked)
                if in_all:
                    self.in_all.append(asked)
            case tree.Outcome(rule=str(name)):
                self.requirements.setdefault(Series(name), set()).add(1)
            case tree.InEach(rule=str(name), years=years, least=least, states=states, cycles=cycles):
                self.requirements.setdefault(Series(name, cycles), set()).add(years)
                self.counted = max(self.counted, least or int(states != ("not_met",)))
                self.every = self.every or (least is not None and states == ("met",))
            case tree.Outcome():
                self.outcome_years.add(1)
            case tree.InEach(years=years, least=least, states=states):
                self.outcome_years.add(years)
                self.counted = max(self.counted, least or 0)
                self.every = self.every or (least is not None and states == ("met",))
            case tree.Repeated(fields=names):
                self.repeated.add(names)
            case tree.Divisor(field=name):
                self._ask(name)
                self.compared.add(name)
                self.divisors[name] = part
            case tree.Assign(by="claim", field=str() as name):
                self._ask(name)
                self.tested.add(name)
                self.relative.add(name)
                self.placing.add(name)
            case tree.PerMonth(kinds=kinds, before=before):
                if before:
                    self._ask(before)
                    self.relative.add(before)
                    self.placing.add(before)
                    self.compared.add(before)
                else:
                    wanted = frozenset(kinds) or _leave(context)
                    self.lasting += [(wanted, (">=", months, "months")) for months in (1, 3)]
                    self.monthly.append(wanted)
            case tree.YearOf(field=name) | tree.Field(id=name) if name != "circumstance":
                self._ask(name)
                self.compared.add(name)
            case tree.ThisYear() | tree.DayOfYear():
                self.timed = True

    def _ask(self, name: str) -> None:
        self.fields.setdefault(name)
        self.constants.setdefault(name, set())

    def _pair(self, left: tree.Operand, right: tree.Operand, context: Context) -> None:
        """Two operands compared with each other."""
        for one, other in ((left, right), (right, left)):
            match one, other:
                case tree.Field(id=name), tree.Term(id=value):
                    self._constant(name, value)
                case tree.Field(id="quantity"), tree.Value(value=Fraction() as value, unit=str() as unit):
                    self.amounts.setdefault(unit, set()).add(value)
                case tree.Field(id=name), tree.Value(value=value, unit=unit):
                    decl = context.vocabulary.fields.get(name)
                    if unit and decl and decl.unit and isinstance(value, Fraction):
                        value = value * UNITS[unit].scale / UNITS[decl.unit].scale
                    self._constant(name, value)
                case tree.Field(id=name), tree.Lookup(table=table):
                    self.constants.setdefault(name, set()).update(_figures(context.tables[table]))
                case tree.Field(id=name), tree.Field(id=with_) | tree.YearOf(field=with_):
                    self.partners.setdefault(name, set()).add(with_)
                    self._relate(name, context)
                case tree.Field(id=name), tree.ThisYear():
                    self.relative.add(name)
                case tree.Field(id=name), tree.DayOfYear(month=month, day=day):
                    self.relative.add(name)
                    self.marks.setdefault(name, set()).add((month, day))
                case tree.DayOfYear(), tree.Value(value=date() as day_):
                    self.periods.update((day_.year - 1, day_.year, day_.year + 1))
                case tree.YearOf(field=name), tree.Value(value=Fraction() as value):
                    self.years.setdefault(name, set()).add(int(value))
                    if name in ("date", "end"):
                        self.periods.update({int(value), int(value) + 1})
                case tree.YearOf(field=name), tree.ThisYear():
                    self.relative.add(name)
                case tree.YearOf(field=name), tree.Field(id=with_) | tree.YearOf(field=with_):
                    self.partners.setdefault(name, set()).add(with_)
                    self.relative.add(name)
                case tree.ThisYear(), tree.Value(value=Fraction() as value):
                    self.periods.update({int(value), int(value) + 1})
                case _:
                    pass

    def _elapsed(self, node: tree.Elapsed) -> None:
        """The time between two days: one that the sentence names makes the other's day a constant."""
        after, before = (Time("", node.count, node.unit, way) for way in (True, False))
        match node.start, node.end:
            case tree.Value(value=date() as day), tree.Field(id=name):
                self._turns(name, after.turns(day))
            case tree.Field(id=name), tree.Value(value=date() as day):
                self._turns(name, before.turns(day))
            case tree.Value(value=date() as day), tree.DayOfYear():
                self.periods.update(d.year + n for d in after.turns(day) for n in (-1, 0, 1))
            case tree.DayOfYear(), tree.Value(value=date() as day):
                self.periods.update(d.year + n for d in before.turns(day) for n in (-1, 0, 1))
            case tree.DayOfYear(month=month, day=mark), tree.Field(id=name):
                self._span(name, Time((month, mark), node.count, node.unit, True))
            case tree.Field(id=name), tree.DayOfYear(month=month, day=mark):
                self._span(name, Time((month, mark), node.count, node.unit, False))
            case tree.Field(id=one), tree.Field(id=other):
                self._span(other, Time(one, node.count, node.unit, True))
                self._span(one, Time(other, node.count, node.unit, False))
            case tree.DayOfYear(), tree.DayOfYear():
                self.between_days = True

    def _turns(self, name: str, days: set[date]) -> None:
        for day in days:
            self._constant(name, day)

    def _span(self, name: str, time: Time) -> None:
        self.relative.add(name)
        self.spans.setdefault(name, set()).add(time)

    def _relate(self, name: str, context: Context) -> None:
        decl = context.vocabulary.fields.get(name)
        if decl is not None and decl.type in ("date", "year"):
            self.relative.add(name)

    def _constant(self, name: str, value: Constant) -> None:
        self.constants.setdefault(name, set()).add(value)
        if name in ("date", "end") and isinstance(value, date):
            self.days.add(value)

    def _table(self, table: Table) -> None:
        """When a table's rows hold."""
        for role in ("year", "from", "until"):
            for column in table.columns_with(role):
                for row in table.rows:
                    cell = row[column]
                    self.timed = self.timed or cell is not None
                    if isinstance(cell, Fraction):
                        self.periods.add(int(cell))
                    elif isinstance(cell, date):
                        self.days.add(cell)

    def _lookup(self, table: Table, arguments: tuple[tree.Operand, ...]) -> None:
        self._table(table)
        keys = table.columns_with("key")
        if table.columns_with("year"):
            arguments = tuple(a for a in arguments if not isinstance(a, tree.ThisYear))
        for argument, column in zip(arguments, keys, strict=False):
            aliases = table.columns_with("alias") if column == keys[0] else []
            self._match(argument, table, [column, *aliases])

    def _match(self, operand: tree.Operand, table: Table, columns: list[int]) -> None:
        """An operand looked up in columns of a table."""
        cells: list[object] = []
        for column in columns:
            for row in table.rows:
                cell = row[column]
                cells += cell if isinstance(cell, tuple) else [cell]
        values = {c for c in cells if isinstance(c, str | Fraction | bool | date)}
        match operand:
            case tree.Field(id=name):
                self.constants.setdefault(name, set()).update(values)
            case tree.YearOf(field=name):
                self.years.setdefault(name, set()).update(int(v) for v in values if isinstance(v, Fraction))
            case tree.ThisYear():
                self.periods.update(int(v) for v in values if isinstance(v, Fraction))


def _figures(table: Table) -> set[Constant]:
    return {c for row in table.rows for i in table.columns_with("value") if isinstance(c := row[i], Fraction)}


def _leave(context: Context, every: bool = False) -> frozenset[str]:
    """The kinds of circumstance that are leave (or all of them)."""
    return frozenset(w.id for w in context.vocabulary.terms_of("circumstance") if every or w.leave)


def counts_elsewhere(statement: tree.Statement, context: Context) -> bool:
    """Whether a rule that goes by the year in which a record counts asks when the record was, and that may be another
    year: it was claimed, or is split."""
    if not isinstance(statement, tree.Cap | tree.CountOnce | tree.Measure):
        return False
    if not any(isinstance(g.statement, tree.Assign) and g.statement.by != "end" for g in context.governing):
        return False
    asked = Mentions()
    asked.note(statement.when, context)
    return bool(asked.timed or asked.days or asked.periods or asked.fields.keys() & {"date", "start", "end"})
