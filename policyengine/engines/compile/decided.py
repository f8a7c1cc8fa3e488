"""One kind of span of a law, decided, and stage 8: outcomes go in, what follows from them comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.folk import Grid
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.terms import Asker, Owed, possible_of
from policyengine.engines.conclude import Held
from policyengine.engines.require import Span
from policyengine.records.model import Person

Source = tuple[int, str, int | None]
"""A sum by number, the kind of window, and the anchor of a window from a date."""


@dataclass(slots=True)
class Decided:
    """One kind of span of a law, decided. ``asked``: the spans that are reported, in order. ``owed``: terms by number;
    ``carries``: the rules that hours are carried to; ``named``: the places of terms at which a conclusion
    names the requirement; ``consequences``: by number, sure and possible; ``shape``: the columns of the table of terms;
    ``persons``: one for each combination of traits."""

    law: Law
    name: str
    grid: Grid
    asked: list[Span]
    owed: list[Owed] = field(default_factory=list)
    slots: int = 0
    named: list[int] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    carries: list[str] = field(default_factory=list)
    consequences: list[tuple[Any, Any]] = field(default_factory=list)
    shape: list[str] = field(default_factory=list)
    persons: Mapping[str, Person] = field(default_factory=dict)

    def find_named(self) -> None:
        """Set ``named``."""
        later = self.law.prepared.later
        asked = {n for n, rule in enumerate(later.require) if rule.rule.name in later.asked}
        self.named = sorted({k for o in self.owed for k, term in enumerate(o.terms) if term.rule in asked})

    def held(self, owed: Owed, masks: Sequence[int]) -> Held:
        """What came out, as conclusions see it. ``masks``: of the rest, then of the places that are ``named``."""
        later = self.law.prepared.later
        found = zip(self.named, masks[1:], strict=True)
        terms = ((owed.terms[k], mask) for k, mask in found if mask)
        named = ((later.require[term.rule].rule.name, term.advisory, possible_of(mask)) for term, mask in terms)
        return Held(tuple(named), possible_of(masks[0]))

    @property
    def table(self) -> str:
        return f"decided_{self.name}"


def years_asked(law: Law, years: int) -> range:
    """How many years before the last one of a span the years lie that the conclusions of a law look at; a single year
    is what is decided itself."""
    return range(int(years == 1), max((count for count, _ in law.prepared.later.years_back), default=0))


def conclude(host: Any, one: Decided, asker: Asker) -> None:
    """The table ``concluded``: what follows, by case, possible outcomes (of the period, and of requirements that
    conclusions name) and those of the years before."""
    one.consequences = [((), ())]
    if not one.law.prepared.later.conclude or not one.asked:
        return
    asked_for: dict[str, str | None] = {"mask": None}
    asked_for |= {f"run{n}": name for n, name in enumerate(one.law.prepared.later.running)}
    earlier = _earlier(one, asked_for)
    came_out = ["rest", *(f"may{k}" for k in one.named)] if one.named else ["mask"]
    host.keep(f"before_{one.name}", _with_years_before(one, earlier, came_out))
    keys = ["case_id", *came_out, *(f"{n}_{ago}" for n, ago in earlier)]
    found = t.select(**{n: t.col(n) for n in keys}).from_(t.table(f"before_{one.name}"), copy=False)
    rows = host.rows(found.distinct(copy=False))
    cases = t.select(**{n: t.col(n) for n in ("case_id", "who", "period", "id")})
    known = {c: found for c, *found in host.rows(cases.from_(t.table(f"traits_{one.name}"), copy=False))}
    numbers: dict[tuple[Any, Any], int] = {((), ()): 0}
    loaded = []
    for row in rows:
        who, first, owed = known[row[0]]
        span, masks = Span(first, one.grid.years), row[1 : 1 + len(came_out)]
        years = zip(earlier, map(possible_of, row[1 + len(masks) :]), strict=True)
        before = {(span.last - ago, asked_for[n]): possible for (n, ago), possible in years}
        result = asker.concluded(one.persons[who], span, one.held(one.owed[owed], masks), before)
        loaded.append((*row, numbers.setdefault(result, len(numbers))))
    one.consequences = list(numbers)
    columns = {**dict.fromkeys(keys, "INTEGER"), "conclusion": "INTEGER"}
    host.load(f"conclusions_{one.name}", columns, loaded)
    result_query = t.select(
        person_id=t.col("person_id", "b"), period=t.col("period", "b"), conclusion=t.col("conclusion", "c")
    ).from_(t.table(f"before_{one.name}", "b"), copy=False)
    t.join(result_query, t.table(f"conclusions_{one.name}", "c"), t.agree("c", "b", *keys))
    host.keep(f"concluded_{one.name}", result_query)
    host.drop(f"before_{one.name}")


def _earlier(one: Decided, asked_for: Mapping[str, str | None]) -> list[tuple[str, int]]:
    """The columns of earlier years that conclusions look at, each with how many years before the last one that is.
    ``asked_for``: the requirement whose outcomes a column has; None for those of the year."""
    looked = one.law.prepared.later.years_back
    counts = {column: max((n for n, of in looked if of == name), default=0) for column, name in asked_for.items()}
    return [(column, ago) for column, count in counts.items() for ago in range(int(one.grid.years == 1), count)]


def _with_years_before(one: Decided, earlier: Sequence[tuple[str, int]], came_out: Sequence[str]) -> Any:
    """The asked rows with what came out (these columns), and the possible outcomes of years and of requirements in
    them (7, everything, before year 1 and where none is decided). ``earlier``: columns of the years so many years
    ago."""
    decided = one.law.prepared.later.yearly
    masks = {f"{n}_{ago}": t.coalesce(t.col(n, f"y{ago}"), t.lit(7)) if decided else t.lit(7) for n, ago in earlier}
    query = t.select(**t.cols("d", "person_id", "period", "case_id", *came_out), **masks).from_(
        t.table(one.table, "d"), copy=False
    )
    for ago in sorted({ago for _, ago in earlier}) if decided else ():
        alias = f"y{ago}"
        year = t.minus(t.col("last", "d"), t.lit(ago))
        same = t.both(t.same_person(alias, "d"), t.equal(t.col("period", alias), year))
        t.join(query, t.table(f"decided_{one.law.number}_1", alias), same, "LEFT")
    return query.where(t.among(t.col("period", "d"), [t.lit(s.first) for s in one.asked]), copy=False)
