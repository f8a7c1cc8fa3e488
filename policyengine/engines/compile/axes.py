"""Facts as small numbers: probes and a table's columns go in, an expression for the class of each fact comes out.

A record's *signature* is its classes written as one number, mixed radix. Code 0 of every axis is "missing"; every other
code has a fact that stands for its class, so that one combination of codes can be judged like a record.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import date
from fractions import Fraction
from math import prod
from typing import Any

from policyengine.engines.calendar import DAY
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.probes import Inexpressible, Probe
from policyengine.engines.compile.trees import Tree
from policyengine.engines.facts import World
from policyengine.engines.lookup import Finder, canonical_text
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.records.model import Fact

OTHER = "\x00other"  # a text that no rule names
FEW = 8  # values that are told apart by CASE; more are looked up in a table


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a canonical table. ``scale``: decimals of a number, handled as a whole number of 10**-scale."""

    name: str
    kind: str  # text, number, date, yes_no
    scale: int = 0

    @property
    def unit(self) -> int:
        return int(10**self.scale)


@dataclass(slots=True)
class Axis:
    """One field as codes. ``facts[code]`` stands for the class, None where missing. ``lookup``: value → code, where the
    codes are looked up in a table of their own; values not in it have code 1."""

    field: str
    facts: list[Fact | None]
    code: Tree | None
    lookup: dict[str, int] = made_by(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.facts)


@dataclass(slots=True)
class Source:
    """The fields of one canonical table as expressions over its columns (alias ``table``)."""

    table: str
    columns: Mapping[str, Column]
    fields: Mapping[str, FieldDecl]

    def column(self, name: str) -> Column | None:
        if name in ("date", "end"):
            return self.columns["end"]
        if name in ("days", "full_months"):
            return Column(name, "number")
        return self.columns.get(name)

    def value(self, name: str) -> Tree:
        """The field as an expression; numbers as whole numbers of their scale."""
        if name == "days":
            return t.days_between(t.col("start", self.table), t.col("end", self.table))
        if name == "full_months":
            return full_months(t.col("start", self.table), t.col("end", self.table))
        column = self.column(name)
        if column is None:
            return t.cast(t.lit(None), self.type_of(name))
        value = t.col(column.name, self.table)
        if column.kind == "number" and column.scale:
            return t.parts(value, column.scale)
        return t.cast(value, "BIGINT") if column.kind == "number" and name == "quantity" else value

    def fact(self, name: str, value: Any) -> Fact:
        """A value of ``value(name)`` as a fact."""
        column = self.column(name)
        if column is not None and column.kind == "number":
            return int(value) if self.fields[name].type == "year" else Fraction(int(value), column.unit)
        return value  # type: ignore[no-any-return]

    def type_of(self, name: str) -> str:
        """The SQL type of ``value(name)``."""
        column = self.column(name)
        kind = column.kind if column else _kind(self.fields[name])
        return {"number": "BIGINT", "date": "DATE", "yes_no": "BOOLEAN"}.get(kind, "VARCHAR")


def full_months(start: Tree, end: Tree) -> Tree:
    """``calendar.full_months`` for days that are in order."""
    months = t.add(
        [
            t.times(t.minus(t.year(end.copy()), t.year(start.copy())), t.lit(12)),
            t.minus(t.month(end.copy()), t.month(start.copy())),
        ]
    )
    last = t.day_of_month(t.call("LAST_DAY", end.copy()))
    whole = t.both(t.equal(t.day_of_month(start), t.lit(1)), t.equal(t.day_of_month(end), last.copy()))
    before = t.minus(t.day_of_month(start), t.lit(1))
    needed = t.case([(t.compare(t.day_of_month(start), ">", last), last.copy())], before)
    short = t.compare(needed, ">", t.day_of_month(end))
    return t.minus(t.add([months, t.flag(whole)]), t.flag(short))


# --- ordered facts ----------------------------------------------------------------------------------------------------


def ordered(name: str, probe: Probe, source: Source) -> Axis:
    """Numbers and days: classes are the stretches between the bounds that are asked."""
    column = source.column(name)
    if column is None:
        return Axis(name, [None], t.lit(0))
    value = source.value(name)
    if column.kind == "date":
        days = sorted(c for c in probe.cuts if isinstance(c, date) and c > date.min)
        first = days[0] - DAY if days else date(2000, 1, 1)
        return Axis(name, [None, first, *days], _stretches(value, days))
    scale = column.unit
    bounds: set[int] = set()
    for point in probe.points:
        bounds.update((-(-point * scale // 1), point * scale // 1 + 1))
    bounds.update(-(-cut * scale // 1) for cut in probe.cuts if isinstance(cut, Fraction))
    numbers = sorted(bounds)
    facts: list[Fact | None] = [None, *(Fraction(n, scale) for n in ((numbers[0] - 1, *numbers) if numbers else (1,)))]
    if source.fields[name].type == "year":
        facts = [None if f is None else int(f) for f in facts]  # type: ignore[arg-type]
    return Axis(name, facts, _stretches(value, numbers))


def _stretches(value: Tree, bounds: Sequence[date] | Sequence[int]) -> Tree:
    branches = [(t.missing(value.copy()), t.lit(0))]
    branches += [(t.compare(value.copy(), "<", t.lit(bound)), t.lit(number + 1)) for number, bound in enumerate(bounds)]
    return t.case(branches, t.lit(len(bounds) + 1))


# --- facts that are equal or not --------------------------------------------------------------------------------------


def yes_no(name: str, source: Source) -> Axis:
    if source.column(name) is None:
        return Axis(name, [None], t.lit(0))
    value = source.value(name)
    return Axis(name, [None, False, True], t.case([(t.missing(value.copy()), t.lit(0)), (value, t.lit(2))], t.lit(1)))


def discrete(
    name: str, probe: Probe, source: Source, finders: Mapping[str, Finder], distinct: Callable[[], Iterable[str]]
) -> Axis:
    """Texts and terms. ``distinct`` gives the values of the column, asked only where a table is."""
    if source.column(name) is None:
        return Axis(name, [None], t.lit(0))
    value = source.value(name)
    facts: list[Fact | None] = [None, OTHER]
    codes: dict[str, int] = {}
    if probe.columns:
        keys: dict[object, int] = {}
        for text in distinct():
            key = _class_of(text, probe, finders)
            if key is None:
                continue
            if key not in keys:
                keys[key] = len(facts)
                facts.append(text)
            codes[text] = keys[key]
    else:
        for text in sorted(v for v in probe.values if isinstance(v, str)):
            codes[text] = len(facts)
            facts.append(text)
    if probe.columns and len(codes) > FEW:
        return Axis(name, facts, None, codes)
    other = t.case([(t.missing(value.copy()), t.lit(0))], t.lit(1))
    return Axis(name, facts, t.switch(value, [(t.lit(text), t.lit(code)) for text, code in codes.items()], other))


def _class_of(text: str, probe: Probe, finders: Mapping[str, Finder]) -> object | None:
    """What the rules can see of a text; None where it is like any other."""
    met = tuple(rows_met(finders[table], place, text, existence) for table, place, existence in sorted(probe.columns))
    if text in probe.values:
        return text, met
    return met if any(met) else None


def rows_met(finder: Finder, place: int, text: str, only_existence: bool) -> frozenset[object]:
    """The rows of a table whose key at that place is the text; of each only when it is valid where that is all."""
    if finder.table.columns[finder.keys[place]].match == "range":
        raise Inexpressible("a text that is matched with a range")
    met: set[object] = set()
    for number in finder.told_at(place).get(canonical_text(text), ()):
        row = finder.table.rows[number]
        validity = [row[c] for role in ("from", "until", "year") for c in finder.table.columns_with(role)]
        met.add(tuple(validity) if only_existence else number)
    return frozenset(met)


# --- facts compared with facts ----------------------------------------------------------------------------------------


def pair(node: tree.Condition, name: str, operand: Callable[[tree.Operand], tuple[Tree, str, int]]) -> Axis:
    """A comparison of two facts: its truth is its class (missing: unknown)."""
    truth = _pair_truth(node, operand)
    code = t.case([(truth.copy(), t.lit(2)), (t.negate(truth), t.lit(1))], t.lit(0))
    return Axis(name, [None, False, True], code)


def _pair_truth(node: tree.Condition, operand: Callable[[tree.Operand], tuple[Tree, str, int]]) -> Tree:
    match node:
        case tree.Compare(left=left, op=op, right=right):
            return _compared(operand(left), op, operand(right))
        case tree.Elapsed(start=start, end=end, op=op, count=count, unit=unit):
            return t.compare(operand(end)[0], op, t.later(operand(start)[0], count, unit))
        case tree.In(left=left, items=items):
            return t.either(*(_compared(operand(left), "=", operand(i)) for i in items))
    raise TypeError(node)


def _compared(left: tuple[Tree, str, int], op: str, right: tuple[Tree, str, int]) -> Tree:
    (a, kind, scale), (b, other, scale_b) = left, right
    if kind != other:
        raise Inexpressible("a comparison of facts of different kinds")
    if scale != scale_b:
        a, b = (t.times(t.cast(one, "DECIMAL(19, 0)"), t.lit(10**by)) for one, by in ((a, scale_b), (b, scale)))
    return t.compare(a, op, b)


def operand_of(node: tree.Operand, source: Callable[[str], Source], world: World, this: Tree) -> tuple[Tree, str, int]:
    """An operand as an expression with its kind and decimals. ``this``: the number of the period."""
    match node:
        case tree.Field(id=name):
            column = source(name).column(name)
            kind = column.kind if column else _kind(world.fields[name])
            return source(name).value(name), kind, column.scale if column else 0
        case tree.YearOf(field=name):
            return t.period(source(name).value(name), world.year_start), "number", 0
        case tree.ThisYear():
            return this.copy(), "number", 0
        case tree.DayOfYear(month=2, day=29):
            raise Inexpressible("a day that not every year has, compared with a fact")
        case tree.DayOfYear(month=month, day=day):
            later = int((month, day) < world.year_start)
            year = t.greatest(t.lit(1), t.least(t.lit(date.max.year), t.add([this.copy(), t.lit(later)])))
            return t.date_of(year, month, day), "date", 0
        case tree.Term(id=term):
            return t.lit(term), "text", 0
        case tree.Value(value=value):
            if isinstance(value, Fraction):
                if value.denominator != 1:
                    raise Inexpressible("a fraction in a comparison of facts")
                return t.lit(value.numerator), "number", 0
            return (
                t.lit(value),
                "yes_no" if isinstance(value, bool) else "date" if isinstance(value, date) else "text",
                0,
            )
    raise Inexpressible("a table figure compared with a fact")


def _kind(decl: FieldDecl) -> str:
    return {"number": "number", "year": "number", "date": "date", "yes_no": "yes_no"}.get(decl.type, "text")


# --- signatures -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Signature:
    """Axes in order, the first one the least significant digit."""

    axes: list[Axis]
    sizes: list[int] = made_by(init=False)
    size: int = made_by(init=False)
    _digits: list[tuple[int, int]] = made_by(init=False)  # what each digit counts, and how many there are

    def __post_init__(self) -> None:
        self.sizes = [axis.size for axis in self.axes]
        self.size = prod(self.sizes)
        self._digits = [(prod(self.sizes[:place]), size) for place, size in enumerate(self.sizes)]

    def number(self, code: Callable[[Axis], Tree], without: Container[str] = ()) -> Tree:
        """The signature as an expression. ``code`` gives an axis's code; axes ``without`` count as code 0."""
        parts, stride = [], 1
        for axis in self.axes:
            if axis.size > 1 and axis.field not in without:
                part = t.scaled(code(axis), stride)
                parts.append(t.cast(part, "BIGINT") if self.size >= 2**31 else part)
            stride *= axis.size
        return t.add(parts)

    def stride(self, field: str) -> int:
        """By how much the signature grows with the code of a field."""
        stride = 1
        for axis in self.axes:
            if axis.field == field:
                return stride
            stride *= axis.size
        raise KeyError(field)

    def codes(self, number: int) -> list[int]:
        """The axes' codes of a signature."""
        return [number // stride % size if size > 1 else 0 for stride, size in self._digits]
