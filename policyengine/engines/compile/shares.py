"""Stretches of persons, in order of their ids, that are decided one after another, so that memory is bounded by one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.host import Host
from policyengine.engines.compile.trees import Tree


@dataclass(frozen=True, slots=True)
class Share:
    """The persons from ``first`` on and before ``until``; None: no bound."""

    first: str | None = None
    until: str | None = None

    def of(self, query: Any, alias: str) -> Any:
        """The query, of the persons of the share alone: by ``person_id`` of the relation ``alias``."""
        person = t.col("person_id", alias)
        bounds: list[Tree] = []
        if self.first is not None:
            bounds.append(t.compare(person, ">=", t.lit(self.first)))
        if self.until is not None:
            bounds.append(t.compare(person.copy(), "<", t.lit(self.until)))
        return query.where(t.both(*bounds), copy=False) if bounds else query


EVERYBODY = Share()


def shares_of(host: Host, table: str, parts: int) -> list[Share]:
    """So many shares of the persons in a table that has a row for each."""
    if parts < 2:
        return [EVERYBODY]
    ((persons,),) = host.rows(t.select(n=t.count()).from_(t.table(table), copy=False))
    size = max(1, ceil(persons / parts))
    placed = t.select(person_id=t.col("person_id", "e"), n=t.rank([], [t.col("person_id", "e")]))
    placed.from_(t.table(table, "e"), copy=False)
    first = t.select(person_id=t.col("person_id", "p")).from_(t.sub(placed, "p"), copy=False)
    first.where(t.equal(t.remainder(t.col("n", "p"), size), t.lit(0)), copy=False)
    bounds = [None, *sorted(person for (person,) in host.rows(first)), None]
    return [Share(a, b) for a, b in pairwise(bounds)]
