"""The status database as ``schema.sql`` has it: its statements, and the columns of its tables and views."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def schema_statements() -> list[str]:
    """The statements that make an empty database."""
    script = files("policyengine.tools.publish").joinpath("schema.sql").read_text("utf-8")
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [s.strip() for s in "\n".join(lines).split(";") if s.strip()]


@cache
def views() -> dict[str, dict[str, str]]:
    """Columns and their types by table and view."""
    import duckdb

    with duckdb.connect() as connection:
        for statement in schema_statements():
            connection.execute(statement)
        query = "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY ordinal_position"
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in connection.execute(query).fetchall():
            found.setdefault(table, {})[column] = kind
    return found
