"""One kind of span of a law, decided, and stage 8: outcomes go in, what follows from them comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.folk import Grid
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.terms import Asker, Owed, possible_of
from policyengine.engines.require import Span
from policyengine.language import tree
from policyengine.plan.names import walk
from policyengine.records.model import Person

Source = tuple[int, str, int | None]
"""A sum by number, the kind of window, and the anchor of a window from a date."""


@dataclass(slots=True)
class Decided:
    """One kind of span of a law, decided. ``asked``: the spans that are reported, in order. ``owed``: terms by number;
    ``carries``: the rules that hours are carried to; ``consequences``: by number, sure and possible; ``shape``: the
    columns of the table of terms; ``persons``: one for each combination of traits."""

    law: Law
    name: str
    grid: Grid
    asked: list[Span]
    owed: list[Owed] = field(default_factory=list)
    slots: int = 0
    sources: list[Source] = field(default_factory=list)
    carries: list[str] = field(default_factory=list)
    consequences: list[tuple[Any, Any]] = field(default_factory=list)
    shape: list[str] = field(default_factory=list)
    persons: Mapping[str, Person] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return f"decided_{self.name}"


def years_asked(law: Law, years: int) -> range:
    """How many years before the last one of a span the years lie that the conclusions of a law look at; a single year
    is what is decided itself."""
    rules = law.prepared.later.conclude
    seen = (n.years for r in rules for n in walk(r.rule.statement.when) if isinstance(n, tree.InEach))
    return range(int(years == 1), max(seen, default=0))


def conclude(host: Any, one: Decided, asker: Asker) -> None:
    """The table ``concluded``: what follows, by case, possible outcomes and those of the years before."""
    one.consequences = [((), ())]
    if not one.law.prepared.later.conclude or not one.asked:
        return
    agos = years_asked(one.law, one.grid.years)
    host.keep(f"before_{one.name}", _with_years_before(one, agos))
    keys = ["case_id", "mask", *(f"mask{ago}" for ago in agos)]
    found = t.select(**{n: t.col(n) for n in keys}).from_(t.table(f"before_{one.name}"), copy=False)
    rows = host.rows(found.distinct(copy=False))
    cases = t.select(case_id=t.col("case_id"), who=t.col("who"), period=t.col("period"))
    known = {c: (w, p) for c, w, p in host.rows(cases.from_(t.table(f"traits_{one.name}"), copy=False))}
    numbers: dict[tuple[Any, Any], int] = {((), ()): 0}
    loaded = []
    for row in rows:
        who, first = known[row[0]]
        span = Span(first, one.grid.years)
        before = {span.last - ago: possible_of(mask) for ago, mask in zip(agos, row[2:], strict=True)}
        result = asker.concluded(one.persons[who], span, possible_of(row[1]), before)
        loaded.append((*row, numbers.setdefault(result, len(numbers))))
    one.consequences = list(numbers)
    columns = {**dict.fromkeys(keys, "INTEGER"), "conclusion": "INTEGER"}
    host.load(f"conclusions_{one.name}", columns, loaded)
    result_query = t.select(
        person_id=t.col("person_id", "b"), period=t.col("period", "b"), conclusion=t.col("conclusion", "c")
    ).from_(t.table(f"before_{one.name}", "b"), copy=False)
    t.join(
        result_query,
        t.table(f"conclusions_{one.name}", "c"),
        t.both(*(t.equal(t.col(k, "c"), t.col(k, "b")) for k in keys)),
    )
    host.keep(f"concluded_{one.name}", result_query)
    host.drop(f"before_{one.name}")


def _with_years_before(one: Decided, agos: range) -> Any:
    """The asked rows with the possible outcomes of years (7, everything, before year 1 and where none is decided)."""
    decided = one.law.prepared.later.yearly
    masks = {f"mask{ago}": t.coalesce(t.col("mask", f"y{ago}"), t.lit(7)) if decided else t.lit(7) for ago in agos}
    query = t.select(**{n: t.col(n, "d") for n in ("person_id", "period", "case_id", "mask")}, **masks).from_(
        t.table(one.table, "d"), copy=False
    )
    for ago in agos if decided else ():
        alias = f"y{ago}"
        year = t.minus(t.col("last", "d"), t.lit(ago))
        same = t.both(
            t.equal(t.col("person_id", alias), t.col("person_id", "d")), t.equal(t.col("period", alias), year)
        )
        t.join(query, t.table(f"decided_{one.law.number}_1", alias), same, "LEFT")
    return query.where(t.among(t.col("period", "d"), [t.lit(s.first) for s in one.asked]), copy=False)
