"""What an engine takes and gives: plans and canonical tables in, the tables of a trace out.

Canonical tables stand in one DuckDB connection (or Spark session), as tables or views over Parquet. A missing fact is
NULL, never an empty text nor a default. Rows that could not be read as a record are not in them.

``records``: one row per activity, ``record_id`` unique.

| column | type | |
|---|---|---|
| record_id, person_id | VARCHAR | never NULL |
| start, end | DATE | never NULL, start <= end; first and last day, both included |
| quantity | DECIMAL(p, s) or whole | p <= 18; s = the most decimals that any pack's bounds declare |
| unit | VARCHAR | unit ids (``minutes``, ``hours``) |
| each declared field of the records | by its type | every one in ``Plan.fields`` with ``of == "record"`` |

``persons``: one row per person, ``person_id`` unique, and each field with ``of == "person"`` (``circumstance`` apart).
People who only have records or circumstances may be absent: they count as persons without facts.

``circumstances``: ``person_id``, ``kind`` (a term of ``circumstance``), ``start``, ``end`` (DATE; NULL is an open end).

Types of fields: ``term`` VARCHAR (term ids), ``text`` VARCHAR, ``number`` DECIMAL(p, s) with s = the declared
decimals or any
whole type, ``date`` DATE, ``yes_no`` BOOLEAN, ``year`` INTEGER. A declared field whose column is absent is missing in
every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policyengine.records.model import Fact

Periods = tuple[int, int]
Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and the step's name."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Names of the canonical tables in ``connection``; None where there is no such table."""

    connection: Any
    records: str
    persons: str | None = None
    circumstances: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of several plans judges a person: ``choose`` gives the plan's place in the list, None for no plan.

    It is asked once for each combination of values of ``fields`` (fields of the person) that occurs.
    """

    fields: tuple[str, ...]
    choose: Callable[[Mapping[str, Fact]], int | None]
