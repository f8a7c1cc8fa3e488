"""Places of results go in, the statistical tables come out: what ``stats`` does.

Persons, hours and funds by region, sector, employer, kind of employer, title level, year, form, subject and outcome;
the distribution of hours; funds by source; providers and the lists that they stand in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.diagnostics import Diagnostic
from policyengine.messages import say
from policyengine.progress import told
from policyengine.tools.result.intact import as_they_are
from policyengine.tools.result.tables import Table
from policyengine.tools.result.undisturbed import undisturbed
from policyengine.tools.stats.origin import Named
from policyengine.tools.stats.query import dimensions, grouped, spread
from policyengine.tools.stats.sources import sources_of
from policyengine.tools.stats.store import Store, build
from policyengine.tools.stats.suppress import suppressed
from policyengine.tools.stats.words import ALIASES
from policyengine.tools.working import working

# title, what it is grouped by; tables of which a fact is not known are left out
STANDARD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("overall", ()),
    ("by-region", ("region",)),
    ("by-sector", ("sector",)),
    ("by-employer-kind", ("employer_kind",)),
    ("by-title-level", ("title_level",)),
    ("by-outcome", ("outcome",)),
    ("by-employer", ("employer",)),
    ("by-form", ("form",)),
    ("by-subject", ("subject",)),
    ("providers", ("provider", "listed")),
    ("bases", ("listed",)),
)
ADDING = ("making the statistical tables", "汇总统计表")

HERE = Named()  # the files where the result says


@dataclass(frozen=True)
class Statistics:
    """The tables, the names of their words, and what was remarked while reading."""

    tables: tuple[Table, ...]
    labels: Sequence[Mapping[str, Any]]
    notes: tuple[Diagnostic, ...]


def statistics(
    places: Sequence[str], by: Sequence[Sequence[str]] = (), suppress: int = 0, named: Named = HERE
) -> Statistics:
    """The standard tables of all results together, or those grouped by each of ``by``.

    ``suppress``: hide figures of fewer people than this. Raises ``PolicyError`` where a place holds no result (PE501),
    or one that was changed since it was written (PE543), two results decide the same (PE532), or nothing can be grouped
    so (PE534).
    """
    wanted = [ALIASES.get(fact, fact) for group in by for fact in group]
    with as_they_are(places), undisturbed(places) as unchanged, working() as (connection, folder):
        store = build(connection, folder, sources_of(connection, folder, list(places), named), wanted)
        store.least = suppress
        tables = _asked(store, by) if by else standard(store)
        unchanged()
    shown = tuple(suppressed(t, suppress) for t in tables)
    return Statistics(shown, store.labels, tuple(store.notes))


def standard(store: Store) -> list[Table]:
    """Every standard table that the facts allow."""
    known = dimensions(store)
    tables = []
    for done, (title, by) in enumerate(STANDARD):
        told(done / len(STANDARD), say(*ADDING))
        present = tuple(b for b in by if b in known)
        if present[:1] == by[:1]:
            tables.append(grouped(store, title, present))
        if title == "overall":
            tables += spread(store)
    if "paid_by" in known and store.has_cost:
        tables.insert(3, grouped(store, "funds", ("paid_by",), funds=True))
    return tables


def _asked(store: Store, by: Sequence[Sequence[str]]) -> list[Table]:
    tables = []
    for done, group in enumerate(by):
        told(done / len(by), say(*ADDING))
        tables.append(grouped(store, "by-" + "-".join(group).replace("_", "-"), group))
    return tables
