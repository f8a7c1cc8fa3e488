"""A tree as Spark's SQL: what DuckDB and Spark say differently is rewritten here, and nowhere else.

What comes out is what Apache Spark 4 and servers that speak its dialect read alike under ANSI rules: sums are decimals
of 38 digits, and every other whole number is a BIGINT, so that no server has to find out which of two types is wider.
"""

from __future__ import annotations

from typing import Any

WIDE = "DECIMAL(28, 0)"
"""What is added up: Spark's sums of BIGINT have 64 bits, DuckDB's 128; sums of these have 38 digits."""


def spark_sql(query: Any) -> str:
    """The text of a query. The tree is used up."""
    from sqlglot import exp

    if isinstance(query, str):
        return query
    bigint, narrow = exp.DataType.build("BIGINT"), (exp.DataType.Type.INT, exp.DataType.Type.TINYINT)
    for node in list(query.walk()):
        match node:
            case exp.Sum():
                node.set("this", exp.Cast(this=node.this, to=exp.DataType.build(WIDE)))
            case exp.DataType(this=exp.DataType.Type.ENUM):
                node.replace(exp.DataType.build("TEXT"))
            case exp.DataType() if node.this in narrow:
                node.replace(bigint.copy())
            case exp.DateDiff():
                days = exp.Anonymous(this="DATEDIFF", expressions=[node.this, node.expression])  # an INT there
                node.replace(exp.Cast(this=days, to=bigint.copy()))
            case exp.DateSub():
                node.replace(exp.Anonymous(this="DATE_SUB", expressions=[node.this, node.expression]))
            case exp.Literal(is_int=True) if isinstance(node.parent, exp.Alias | exp.Coalesce) or _result(node):
                node.replace(exp.Cast(this=node.copy(), to=bigint.copy()))
    _sort_last(query)
    return str(query.sql("spark", copy=False))


def _sort_last(query: Any) -> None:
    """Rows that are sorted in a subquery, and only dressed outside, are sorted outside: Apache Spark's optimizer (4.2)
    refuses a plan of its own making where columns of a union are renamed above the sort."""
    from sqlglot import exp

    source = query.args.get("from_")
    inner = source.this if source else None
    if not isinstance(inner, exp.Subquery) or not inner.this.args.get("order") or query.args.get("order"):
        return
    order = inner.this.args["order"].pop()
    named = set(inner.this.named_selects)
    for key in list(order.find_all(exp.Column)):
        if key.name not in named:
            inner.this.select(exp.alias_(key.copy(), key.name, quoted=True), copy=False)
            named.add(key.name)
        key.set("table", exp.to_identifier(inner.alias, quoted=False))
    query.set("order", order)


def _result(node: Any) -> bool:
    """Whether a literal is what a CASE comes to."""
    from sqlglot import exp

    return (isinstance(node.parent, exp.If) and node.arg_key == "true") or (
        isinstance(node.parent, exp.Case) and node.arg_key == "default"
    )
