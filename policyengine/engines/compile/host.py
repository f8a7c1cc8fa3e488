"""Where compiled queries run: trees go in, tables and rows come out. DuckDB here; Spark in ``spark.py``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from policyengine.engines.compile.axes import Column

Rows = Iterable[Sequence[Any]]


class Host(Protocol):
    """A place for queries. Types of ``load`` are DuckDB's: BIGINT, INTEGER, VARCHAR, BOOLEAN, DATE."""

    def columns(self, table: str) -> Mapping[str, Column]:
        """The columns of a table, by name."""
        ...

    def keep(self, name: str, query: Any) -> None:
        """Run a query and keep its rows as a table."""
        ...

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        """The rows of a query with a small answer."""
        ...

    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a few at a time; nothing else may be asked before the last one."""
        ...

    def load(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        """Make a table of rows that were worked out here."""
        ...

    def append(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        """Add rows to a table that was loaded."""
        ...

    def drop(self, name: str) -> None:
        """Forget a table."""
        ...

    def close(self) -> None:
        """Forget all tables that were made."""
        ...


def column_of(name: str, type_: str) -> Column:
    """What a column of this SQL type holds. Floating-point columns are refused: they do not hold what was written."""
    kind = type_.upper()
    if kind.startswith("DECIMAL"):
        inside = kind[kind.find("(") + 1 : kind.find(")")]
        return Column(name, "number", int(inside.split(",")[1]) if "," in inside else 0)
    if kind in ("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "HUGEINT"):
        return Column(name, "number")
    if kind == "DATE":
        return Column(name, "date")
    if kind in ("BOOLEAN", "BOOL"):
        return Column(name, "yes_no")
    if kind in ("DOUBLE", "FLOAT", "REAL"):
        raise ValueError(f"column {name} is {kind}: amounts must be decimals or whole numbers")
    return Column(name, "text")
