"""A status database goes in, its current results come out as a source of statistics and reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policyengine.tools.stats.store import Source


def is_database(place: str) -> bool:
    """Whether the place is a status database rather than the folder of a result."""
    return place.startswith(("postgresql://", "postgres://")) or (Path(place).is_file() and place.endswith(".duckdb"))


def sources_of_database(connection: Any, place: str) -> Iterator[Source]:
    """The current results of the database."""
    yield from ()
