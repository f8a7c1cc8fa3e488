"""SQL as trees: small words to build sqlglot expressions with, the same for every dialect. No text is ever joined.

Every function gives a new node; NULL stands for what is not known, so that SQL's own logic is the policy's.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import cache, reduce
from typing import Any

from sqlglot import exp

from policyengine.records.duck_file import reader

Tree = Any  # an expression of sqlglot, whose common base has another name from version to version
UNLIMITED = 2**60
"""Ticks of what nothing limits; half of it is beyond any sum."""


def col(name: str, table: str | None = None) -> Tree:
    """A column; always quoted, because fields are called ``start`` and ``end``. ``table``: an alias, plain as it is."""
    of = None if table is None else exp.Identifier(this=table, quoted=False)
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=of)


def cols(table: str, *names: str) -> dict[str, Tree]:
    """Some columns of a relation, by their names."""
    return {name: col(name, table) for name in names}


def table(name: str, alias: str | None = None) -> Tree:
    relation = exp.Table(this=exp.to_identifier(name)) if name.isidentifier() else exp.to_table(name)
    if alias is not None:
        relation.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return relation


def lit(value: Any) -> Tree:
    """A literal: text, whole number, yes/no, day, or NULL."""
    if value is None:
        return exp.null()
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int):
        return exp.Literal.number(value)
    if isinstance(value, date):
        return cast(exp.Literal.string(value.isoformat()), "DATE")
    return exp.Literal.string(value)


def cast(value: Tree, type_: str | exp.DataType) -> Tree:
    """``type_``: the name of a type, or what ``enumeration`` gives."""
    return exp.Cast(this=value, to=(_type(type_) if isinstance(type_, str) else type_).copy())


@cache
def _type(name: str) -> exp.DataType:
    return exp.DataType.build(name)


def call(name: str, *arguments: Tree) -> Tree:
    """A function that every dialect calls alike."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def least(*values: Tree) -> Tree:
    return values[0] if len(values) == 1 else call("LEAST", *values)


def greatest(*values: Tree) -> Tree:
    return values[0] if len(values) == 1 else call("GREATEST", *values)


def coalesce(*values: Tree) -> Tree:
    return exp.Coalesce(this=values[0], expressions=list(values[1:]))


def both(*conditions: Tree) -> Tree:
    """All of them; nothing at all is true."""
    return exp.and_(*conditions, copy=False) if conditions else exp.true()


def either(*conditions: Tree) -> Tree:
    """Any of them; nothing at all is false."""
    return exp.or_(*conditions, copy=False) if conditions else exp.false()


def negate(condition: Tree) -> Tree:
    return exp.not_(condition, copy=False)


def missing(value: Tree) -> Tree:
    return exp.Is(this=value, expression=exp.null())


def present(value: Tree) -> Tree:
    return exp.not_(missing(value), copy=False)


def case(branches: Sequence[tuple[Tree, Tree]], default: Tree) -> Tree:
    """``CASE WHEN … THEN … ELSE default END``; without branches the default."""
    return switch(None, branches, default)


def switch(value: Tree | None, branches: Sequence[tuple[Tree, Tree]], default: Tree) -> Tree:
    """``CASE value WHEN … THEN … ELSE default END``; without branches the default."""
    if not branches:
        return default
    return exp.Case(this=value, ifs=[exp.If(this=one, true=result) for one, result in branches], default=default)


def flag(condition: Tree) -> Tree:
    """1 where the condition is true, else 0."""
    return case([(condition, lit(1))], lit(0))


def divide(value: Tree, by: Tree) -> Tree:
    """Whole part of a quotient of numbers that are not negative."""
    return exp.IntDiv(this=exp.paren(value, copy=False), expression=exp.paren(by, copy=False))


def add(values: Iterable[Tree]) -> Tree:
    result: Tree | None = None
    for value in values:
        result = value if result is None else exp.Add(this=result, expression=value)
    return exp.paren(result, copy=False) if result is not None else lit(0)


def times(one: Tree, other: Tree) -> Tree:
    return exp.Mul(this=exp.paren(one, copy=False), expression=exp.paren(other, copy=False))


def minus(one: Tree, other: Tree) -> Tree:
    return exp.paren(exp.Sub(this=one, expression=exp.paren(other, copy=False)), copy=False)


def bit(mask: Tree, position: int) -> Tree:
    """Whether a bit of a mask is set."""
    masked = exp.BitwiseAnd(this=mask, expression=lit(1 << position))
    return exp.NEQ(this=exp.paren(masked, copy=False), expression=lit(0))


def unlimited(value: Tree) -> Tree:
    """Whether nothing limits an amount."""
    return compare(value.copy(), ">=", lit(UNLIMITED // 2))


def multiplied(value: Tree, by: Tree) -> Tree:
    """An amount so many times; what nothing limits stays so."""
    return case([(unlimited(value), lit(UNLIMITED))], times(value, by))


def wide_sum(value: Tree) -> Tree:
    """A sum that may be beyond 64 bits; 0 over no rows."""
    return coalesce(exp.Sum(this=value), lit(0))


def limited(value: Tree) -> Tree:
    """A wide number as a 64-bit one, at most ``UNLIMITED``."""
    return cast(least(value, lit(UNLIMITED)), "BIGINT")


def limited_sum(value: Tree) -> Tree:
    """A sum as a 64-bit number, at most ``UNLIMITED``; 0 over no rows."""
    return limited(wide_sum(value))


def running(value: Tree, partition: Sequence[Tree], order: Sequence[Tree], including: bool = False) -> Tree:
    """The sum over the rows that come before (``including``: up to this one) in its partition."""
    return limited(coalesce(_preceding(exp.Sum(this=value), partition, order, including), lit(0)))


def prior_max(value: Tree, partition: Sequence[Tree], order: Sequence[Tree]) -> Tree:
    """The greatest of the rows that come before in the partition; NULL for the first."""
    return _preceding(call("MAX", value), partition, order)


def _preceding(value: Tree, partition: Sequence[Tree], order: Sequence[Tree], including: bool = False) -> Tree:
    """An aggregate over the rows that come before, and this one where ``including``."""
    end: dict[str, Any] = {"end": "CURRENT ROW"} if including else {"end": lit(1), "end_side": "PRECEDING"}
    spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", **end)
    return exp.Window(this=value, partition_by=list(partition), order=ordering(order), spec=spec)


def sum_over(value: Tree, partition: Sequence[Tree]) -> Tree:
    """The sum over all rows of a partition."""
    return over(exp.Sum(this=value), partition)


def rank(partition: Sequence[Tree], order: Sequence[Tree]) -> Tree:
    """The place of a row in its partition, from 1."""
    return exp.Window(this=exp.RowNumber(), partition_by=list(partition), order=ordering(order))


def place() -> Tree:
    """The number of a row as the rows come."""
    return exp.Window(this=exp.RowNumber())


def ordering(order: Sequence[Tree]) -> exp.Order:
    return exp.Order(expressions=[o if isinstance(o, exp.Ordered) else exp.Ordered(this=o) for o in order])


def select(**columns: Tree) -> exp.Select:
    """A SELECT with named columns."""
    return exp.Select(expressions=[named(value, name) for name, value in columns.items()])


def sub(query: exp.Query, alias: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def beside(alias: str, query: exp.Query, **columns: Tree) -> exp.Select:
    """Every column of a query, which gets an alias, and more."""
    every = exp.Column(this=exp.Star(), table=exp.to_identifier(alias))
    return exp.Select(expressions=[every, *select(**columns).expressions]).from_(sub(query, alias), copy=False)


def join(query: exp.Select, other: exp.Expression, on: Tree, kind: str = "") -> exp.Select:
    """``query`` with a JOIN (``LEFT``, ``CROSS`` or plain)."""
    side = kind if kind == "LEFT" else None
    node = exp.Join(this=other, side=side, kind="CROSS" if kind == "CROSS" else None)
    if kind != "CROSS":
        node.set("on", on)
    query.append("joins", node)
    return query


def month_day(value: Tree) -> Tree:
    """Month × 100 + day."""
    return add([times(exp.Extract(this=exp.var("MONTH"), expression=value), lit(100)), day_of_month(value)])


def day_of_month(value: Tree) -> Tree:
    return exp.Extract(this=exp.var("DAY"), expression=value.copy())


def date_of(year: Tree, month: int, day: int) -> Tree:
    """A day of a year that has it."""
    return exp.DateFromParts(year=year, month=lit(month), day=lit(day))


def year(value: Tree) -> Tree:
    return exp.Extract(this=exp.var("YEAR"), expression=value)


def period(value: Tree, year_start: tuple[int, int]) -> Tree:
    """The number of the period in which a day lies (``calendar.period_of``)."""
    if year_start == (1, 1):
        return year(value)
    before = exp.LT(this=month_day(value.copy()), expression=lit(year_start[0] * 100 + year_start[1]))
    return minus(year(value), flag(before))


def days_between(start: Tree, end: Tree) -> Tree:
    """Days from start to end, both included."""
    return add([exp.DateDiff(this=end, expression=start, unit=exp.var("DAY")), lit(1)])


def month(value: Tree) -> Tree:
    return exp.Extract(this=exp.var("MONTH"), expression=value)


_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def equal(left: Tree, right: Tree) -> Tree:
    return exp.EQ(this=left, expression=right)


def compare(left: Tree, op: str, right: Tree) -> Tree:
    """A comparison; NULL where a side is."""
    return _COMPARISONS[op](this=exp.paren(left, copy=False), expression=exp.paren(right, copy=False))


def same(left: Tree, right: Tree) -> Tree:
    """Equal, or both NULL."""
    return exp.NullSafeEQ(this=left, expression=right)


def count() -> Tree:
    return exp.Count(this=exp.Star())


def over(value: Tree, partition: Sequence[Tree]) -> Tree:
    """An aggregate over all rows of a partition."""
    return exp.Window(this=value, partition_by=list(partition))


def descending(value: Tree) -> Tree:
    return exp.Ordered(this=value, desc=True)


def among(value: Tree, options: Sequence[Tree]) -> Tree:
    """Whether a value is one of several."""
    return exp.In(this=value, expressions=list(options)) if options else exp.false()


def agree(one: str, other: str, *names: str) -> Tree:
    """Whether rows of two relations have the same in some columns."""
    return both(*(equal(col(n, one), col(n, other)) for n in names))


def same_person(one: str, other: str) -> Tree:
    """Whether rows of two relations are of the same person."""
    return agree(one, other, "person_id")


def same_row(one: str, other: str) -> Tree:
    """Whether rows of two relations are of the same person and period."""
    return agree(one, other, "person_id", "period")


def begins_with(value: Tree, characters: Sequence[str]) -> Tree:
    """Whether a text begins with one of some characters.

    No list of options: DuckDB joins with a longer one, and writes CSV out of order behind that join.
    """
    first = call("LEFT", value, lit(1))
    return both(compare(first, "<>", lit("")), call("CONTAINS", lit("".join(characters)), first.copy()))


def found_in(value: Tree, column: str, name: str) -> Tree:
    """Whether a value is in a column of a table; NULL where it is not known."""
    values = exp.Select(expressions=[col(column)]).from_(table(name), copy=False)
    return exp.In(this=value, query=exp.Subquery(this=values))


def union(*queries: Any) -> Any:
    """All rows of all queries, which have the same columns in the same order."""
    return reduce(lambda one, other: exp.Union(this=one, expression=other, distinct=False), queries)


def named(value: Tree, name: str) -> Tree:
    return exp.Alias(this=value, alias=exp.Identifier(this=name, quoted=True))


def power_of_two(value: Tree) -> Tree:
    """2**value, as a mask with one bit."""
    return exp.BitwiseLeftShift(this=cast(lit(1), "BIGINT"), expression=value)


def day_before(value: Tree) -> Tree:
    return cast(exp.DateSub(this=value.copy(), expression=lit(1), unit=exp.var("DAY")), "DATE")


def later(value: Tree, count: int, unit: str) -> Tree:
    """The day so many ``days``, ``months`` or ``years`` later (``calendar.later``), also beyond the calendar."""
    number, by = (count, "DAY") if unit == "days" else (count * 12 if unit == "years" else count, "MONTH")
    return cast(exp.DateAdd(this=exp.paren(value, copy=False), expression=lit(number), unit=exp.var(by)), "DATE")


def whole_sum(value: Tree) -> Tree:
    """A sum of small whole numbers."""
    return cast(exp.Sum(this=value), "BIGINT")


def distinct_list(value: Tree) -> Tree:
    """The different values of a group, sorted."""
    return exp.ArraySort(this=exp.ArrayUniqueAgg(this=value), nulls_first=exp.false())


def text_join(items: Tree, separator: str) -> Tree:
    """A list as one text."""
    return exp.ArrayToString(this=items, expression=exp.Literal.string(separator))


def concat(*parts: Tree) -> Tree:
    return reduce(lambda one, other: exp.DPipe(this=one, expression=other), parts)


def enumeration(values: Iterable[str]) -> exp.DataType:
    """The type of a column that holds a few texts; hosts without such types take plain text."""
    texts = [exp.Literal.string(value) for value in dict.fromkeys(values) or [""]]
    return exp.DataType(this=exp.DataType.Type.ENUM, expressions=texts)


def select_all(relation: str | Tree) -> exp.Select:
    """Every row of a table, or of another relation, as of a file."""
    rows = table(relation) if isinstance(relation, str) else relation
    return exp.Select(expressions=[exp.Star()]).from_(rows, copy=False)


def scaled(code: Tree, by: int) -> Tree:
    """A choice between whole numbers, each of them multiplied."""
    match code:
        case exp.Literal():
            return lit(int(code.this) * by)
        case exp.Case():
            for branch in code.args["ifs"]:
                branch.set("true", scaled(branch.args["true"], by))
            code.set("default", scaled(code.args["default"], by))
            return code
    return code if by == 1 else times(cast(code, "BIGINT"), lit(by))


def remainder(value: Tree, by: int) -> Tree:
    return exp.Mod(this=exp.paren(value, copy=False), expression=lit(by))


def count_distinct(value: Tree) -> Tree:
    return exp.Count(this=exp.Distinct(expressions=[value]))


def whole_quotient(value: Tree, by: int) -> Tree:
    """A division that leaves no rest."""
    return value if by == 1 else cast(divide(value, lit(by)), "BIGINT")


def decimal(value: Tree, digits: int) -> Tree:
    """A whole number of 10**-digits as a decimal. Of 18 digits only where it has room for 10**9 hours: of somebody with
    records whose quantity is missing the upper bound alone has millions."""
    if not digits:
        return cast(value, "DECIMAL(18, 0)")
    one = exp.Literal.number("0." + "0" * (digits - 1) + "1")
    width = 18 - digits if digits <= 4 else 38 - digits
    return times(cast(value, f"DECIMAL({width - 1}, 0)"), cast(one, f"DECIMAL({digits + 1}, {digits})"))


def parts(value: Tree, scale: int) -> Tree:
    """A decimal of 18 digits as a whole number of 10**-scale. Multiplied it still has its decimals, so that of a great
    one the product needs more digits; with these for all it would take twenty times as long."""
    one = lit(10**scale)
    wide = cast(times(cast(value.copy(), f"DECIMAL(28, {scale})"), one.copy()), "BIGINT")
    if 2 * scale >= 18:
        return wide
    small = compare(call("ABS", value.copy()), "<", lit(10 ** (18 - 2 * scale)))
    return case([(small, cast(times(value, one), "BIGINT"))], wide)


def sorted_by(query: exp.Select, alias: str, names: Sequence[str]) -> exp.Select:
    """The rows in the order of some columns of what is selected from."""
    return query.order_by(*(col(n, alias) for n in names), copy=False)


def grouped_by(query: exp.Select, alias: str, *names: str) -> exp.Select:
    """The rows by some columns of what is selected from."""
    return query.group_by(*cols(alias, *names).values(), copy=False)


def tally(relation: Tree, column: str) -> exp.Select:
    """How many rows there are with each text of a column, which is an enumeration maybe."""
    value = cast(col(column), "VARCHAR")
    return select(**{column: value, "n": count()}).from_(relation, copy=False).group_by(value.copy(), copy=False)


def names_of(query: Any) -> list[str]:
    """The names of a query's columns, in order."""
    return [column.alias for column in query.expressions]


def narrow(query: exp.Select, names: Container[str]) -> None:
    """Leave out all other columns, and those of a subquery that nothing reads then."""
    query.set("expressions", [column for column in query.expressions if column.alias in names])
    inner = query.args["from_"].this
    if isinstance(inner, exp.Subquery):
        narrow(inner.this, names_in(query.expressions))


def names_in(values: Iterable[Tree]) -> set[str]:
    """The names of the columns that expressions read."""
    return {found.name for value in values for found in value.find_all(exp.Column)}


def parquet(path: str) -> Tree:
    """The rows of a Parquet file."""
    return reader("READ_PARQUET", path)


def csv(path: str) -> Tree:
    """The rows of a CSV file with a header, every cell a text."""
    return reader("READ_CSV", path, {"all_varchar": exp.true()})


def alias(relation: Tree, name: str) -> Tree:
    """A relation under a name."""
    return exp.alias_(exp.Table(this=relation), name, table=True, copy=False)


def exact(value: Fraction) -> Tree:
    """A number with a finite decimal."""
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
    whole = str(abs(int(value * 10**digits))).rjust(digits + 1, "0")
    written = exp.Literal.number(f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole)
    return exp.paren(exp.Neg(this=written)) if value < 0 else written


def matches(value: Tree, pattern: str) -> Tree:
    """Whether a text has a form, given as a regular expression."""
    return exp.RegexpLike(this=value, expression=exp.Literal.string(pattern))
