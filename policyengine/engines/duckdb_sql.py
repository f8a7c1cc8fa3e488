"""A tree as DuckDB's SQL. Choices between texts become look-ups in a map, which DuckDB does once per text of a
dictionary and not per row."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from policyengine.records.cells import NO_CHARACTER

MAPPED = 3  # from so many texts on, a map is faster than comparing one by one
RECORDS = "r"  # the alias of records, whose texts come from files with dictionaries

_DUCKDB = Dialect.get_or_raise("duckdb")


def sql(query: Any) -> str:
    """The text of a query. The tree is used up."""
    if isinstance(query, str):
        return query
    printer = _printer()
    return printer.generate(query, copy=False) if printer else _printed_whole(query)


@cache
def _printer() -> Any:
    """A printer; None where sqlglot is compiled (``sqlglotc``), since nothing can be derived from its classes then."""
    try:
        return _Printer(dialect=_DUCKDB, comments=False)
    except TypeError:
        return None


def _printed_whole(query: Any) -> str:
    """The same query, look-ups put into the tree before it is printed."""
    for node in list(query.walk(bfs=False))[::-1]:  # what is within first: a look-up has copies of it
        if (found := _look_up(node)) is not None:
            node.replace(found)
    return str(query.sql(_DUCKDB, copy=False, comments=False))


@cache
def _name(text: str, quoted: bool | None) -> str:
    return str(_DUCKDB.generator().sql(exp.Identifier(this=text, quoted=quoted)))


def _identifier(printer: Any, node: Any) -> str:
    return _name(node.args["this"], node.args.get("quoted"))


def _column(printer: Any, node: Any) -> str:
    """A column, of which there are tens of thousands: each name is written once."""
    of = node.args.get("table")
    name = printer.sql(node.args["this"])
    return name if of is None else f"{_identifier(printer, of)}.{name}"


def _alias(printer: Any, node: Any) -> str:
    """A value by its name, which a column has without saying."""
    value, alias = node.args["this"], node.args["alias"]
    text = printer.sql(value)
    own = type(value) is exp.Column and value.args["this"].args["this"] == alias.args["this"]
    return text if own else f"{text} AS {_identifier(printer, alias)}"


def _case(printer: Any, node: Any) -> str:
    found = _look_up(node)
    return str(printer.case_sql(node) if found is None else printer.sql(found))


def _in(printer: Any, node: Any) -> str:
    found = _look_up(node)
    return str(printer.in_sql(node) if found is None else printer.sql(found))


def _look_up(node: Any) -> Any:
    """A choice between texts as a look-up in a map, and whether a record has one of some texts, too: for ``IN`` a
    file's reader would only skip whole row groups. None for anything else."""
    if isinstance(node, exp.Case) and node.this is not None:
        branches = node.args["ifs"]
        if all(b.this.is_string for b in branches):
            if _of_records(node.this) and (codes := _codes(node)) is not None:
                return _coded(node, *codes)
            if len(branches) >= MAPPED:
                found = _mapped([b.this for b in branches], [b.args["true"] for b in branches], node.this)
                return exp.Coalesce(this=found, expressions=[node.args["default"]])
    if isinstance(node, exp.In) and _of_records(node.this) and node.expressions and _is_condition(node):
        texts = list(dict.fromkeys(node.expressions))  # a map takes each but once
        if all(x.is_string for x in texts):
            return _mapped(texts, [exp.true() for _ in texts], node.this)
    return None


class _Printer(_DUCKDB.generator_class):  # type: ignore[misc, name-defined]
    """DuckDB's own, with what is said otherwise. No tree of ours has a WITH, for which it would be searched."""

    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **_DUCKDB.generator_class.TRANSFORMS,
        exp.Alias: _alias,
        exp.Case: _case,
        exp.Column: _column,
        exp.Identifier: _identifier,
        exp.In: _in,
    }

    def preprocess(self, expression: Any) -> Any:
        return expression


def _of_records(value: Any) -> bool:
    """Whether a value is a bare column of the records."""
    return isinstance(value, exp.Column) and value.table == RECORDS


def _mapped(texts: list[Any], values: list[Any], value: Any) -> Any:
    """What a map from texts gives for a value; NULL for any other."""
    given = exp.Anonymous(this="MAP", expressions=[exp.Array(expressions=texts), exp.Array(expressions=values)])
    return exp.Anonymous(this="MAP_EXTRACT_VALUE", expressions=[given, value])


def _is_condition(node: Any) -> bool:
    """Whether a node is a condition on rows, where NULL is as good as false."""
    while isinstance(node.parent, (exp.And, exp.Or, exp.Paren)):
        node = node.parent
    return isinstance(node.parent, exp.Where)


def _codes(node: Any) -> tuple[int, int] | None:
    """The whole numbers that a choice gives for a missing text and any other; None where it gives something else."""
    given, missing = node.args["default"], None
    if isinstance(given, exp.Case) and given.this is None and len(given.args["ifs"]) == 1:
        (branch,), given = given.args["ifs"], given.args["default"]
        if not (isinstance(branch.this, exp.Is) and branch.this.this == node.this):
            return None
        missing = branch.args["true"]
    values = [*(b.args["true"] for b in node.args["ifs"]), given, given if missing is None else missing]
    if not all(isinstance(v, exp.Literal) and v.is_int for v in values):
        return None
    return int(values[-1].this), int(given.this)


def _coded(node: Any, missing: int, other: int) -> Any:
    """A choice between whole numbers by nothing but functions of one text, all of which DuckDB works out once per text
    of a dictionary; ``COALESCE`` and ``CASE`` are done per row. What is not in the map is NULL there, and made a number
    beyond all others by ``LEAST``, which passes over NULL; the rest of a division makes it the one that is meant.
    ``NO_CHARACTER``, greater than any text that is read, stands for a missing one."""
    branches = node.args["ifs"]
    codes = {b.this.this: int(b.args["true"].this) for b in reversed(branches)} | {NO_CHARACTER: missing}
    beyond = max(*codes.values(), other) + 1
    texts, values = map(exp.Literal.string, codes), map(exp.Literal.number, codes.values())
    text = exp.Anonymous(this="LEAST", expressions=[node.this, exp.Literal.string(NO_CHARACTER)])
    found = _mapped(list(texts), list(values), text)
    known = exp.Anonymous(this="LEAST", expressions=[found, exp.Literal.number(other + beyond)])
    return exp.paren(exp.Mod(this=known, expression=exp.Literal.number(beyond)))
