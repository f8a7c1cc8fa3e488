"""Whether two answers are the same: folders of results go in, what differs comes out in words.

Figures are compared exactly, in ticks (``job.TICKS``); rows by a digest of each, added up, so that neither order nor
size matters. Only where digests differ are rows looked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.scale.job import TICKS

DECISION = ("outcome", "total", "capped_off")
ENTRY = ("period", "counted")


class Answer:
    """A folder of results, as two relations in the same columns, whoever wrote it."""

    def __init__(self, connection: Any, name: str, folder: Path):
        self.connection, self.name, self.folder = connection, name, folder
        self.tables = [
            (table, key, columns)
            for table, key, columns in (
                ("decisions", ("person_id", "period"), DECISION),
                ("ledger", ("record_id",), ENTRY),
            )
            if (folder / f"{table}.parquet").exists()
        ]

    def relation(self, table: str) -> str:
        """A query for the columns that are compared."""
        path = self.folder / f"{table}.parquet"
        shape = {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE FROM '{path}'").fetchall()}
        _, key, columns = next(t for t in self.tables if t[0] == table)
        cells = [f"CAST({column} AS VARCHAR) AS {column}" for column in key]
        for column in columns:
            if column in ("total", "capped_off", "counted"):
                cells.append(f"{_ticks(column, shape)} AS {column}")
            else:
                cells.append(f"CAST({column} AS VARCHAR) AS {column}")
        return f"SELECT {', '.join(cells)} FROM '{path}'"

    def digest(self, table: str) -> tuple[Any, ...]:
        _, key, columns = next(t for t in self.tables if t[0] == table)
        row = ", ".join((*key, *columns))
        query = f"SELECT count(*), sum(hash({row})::HUGEINT) FROM ({self.relation(table)})"
        found: tuple[Any, ...] = self.connection.execute(query).fetchone()
        return found


def differences(connection: Any, one: Path, other: Path) -> list[str]:
    """Lines that say where two answers differ; none where they are the same."""
    a, b = Answer(connection, "a", one), Answer(connection, "b", other)
    if [t[0] for t in a.tables] != [t[0] for t in b.tables]:
        return ["one has written tables that the other has not"]
    said = []
    for table, key, columns in a.tables:
        if a.digest(table) == b.digest(table):
            continue
        on = " AND ".join(f"a.{k} = b.{k}" for k in key)
        query = (
            f"SELECT a, b FROM ({a.relation(table)}) a FULL JOIN ({b.relation(table)}) b ON {on} "
            f"WHERE {' OR '.join(f'a.{c} IS DISTINCT FROM b.{c}' for c in columns)} LIMIT 5"
        )
        said += [f"{table}: {x}\n{' ' * len(table)}  {y}" for x, y in connection.execute(query).fetchall()]
    return said


def _ticks(column: str, shape: dict[str, str]) -> str:
    """A figure in whole ticks; the peers write ticks, the engine exact figures or fractions. All else is an error."""
    if f"{column}_num" in shape:
        above, below = f"{column}_num::HUGEINT * {TICKS}", f"{column}_den"
        return f"CASE WHEN ({above}) % {below} = 0 THEN (({above}) // {below})::BIGINT ELSE error('{column}') END"
    if shape[column].startswith("DECIMAL"):
        exact = f"{column}::DECIMAL(38, 10) * {TICKS}"
        return f"CASE WHEN {exact} = floor({exact}) THEN ({exact})::BIGINT ELSE error('{column}') END"
    return f"{column}::BIGINT"
