"""One kind of span of a law, decided, and stage 8: outcomes go in, what follows from them comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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


class Back(NamedTuple):
    """What conclusions look back to: a column of the years, or blocks (``cycles``), so many before, and the requirement
    whose outcomes it has; None for those of the year."""

    column: str
    rule: str | None
    ago: int
    cycles: bool

    @property
    def key(self) -> str:
        return f"{'cycle' if self.cycles else 'year'}_{self.column}_{self.ago}"


def years_asked(law: Law, years: int) -> range:
    """How many years before the last one of a span the years lie that the conclusions of a law look at; a single year
    is what is decided itself."""
    looked = law.prepared.later.years_back
    return range(int(years == 1), max((one.many for one in looked if not one.cycles), default=0))


def blocks_asked(law: Law, span: Span) -> Iterator[Span]:
    """The blocks before a span that the conclusions of a law look at."""
    later = law.prepared.later
    for one in later.years_back:
        for ago in range(1, one.many) if one.cycles else ():
            if block := later.block_before(one.rule or "", span.first, span.years, ago):
                yield Span(*block)


def conclude(host: Any, one: Decided, asker: Asker) -> None:
    """The table ``concluded``: what follows, by case, possible outcomes (of the period, and of requirements that
    conclusions name) and those of the years before."""
    one.consequences = [((), ())]
    if not one.law.prepared.later.conclude or not one.asked:
        return
    earlier = _earlier(one)
    came_out = ["rest", *(f"may{k}" for k in one.named)] if one.named else ["mask"]
    host.keep(f"before_{one.name}", _with_years_before(one, earlier, came_out))
    keys = ["case_id", *came_out, *(back.key for back in earlier)]
    found = t.select(**{n: t.col(n) for n in keys}).from_(t.table(f"before_{one.name}"), copy=False)
    rows = host.rows(found.distinct(copy=False))
    cases = t.select(**{n: t.col(n) for n in ("case_id", "who", "period", "id")})
    known = {c: found for c, *found in host.rows(cases.from_(t.table(f"traits_{one.name}"), copy=False))}
    numbers: dict[tuple[Any, Any], int] = {((), ()): 0}
    loaded = []
    for row in rows:
        who, first, owed = known[row[0]]
        span, masks = Span(first, one.grid.years), row[1 : 1 + len(came_out)]
        found_before = zip(earlier, map(possible_of, row[1 + len(masks) :]), strict=True)
        before = {(then, b.rule): possible for b, possible in found_before if (then := _then(one.law, span, b))}
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


def _then(law: Law, span: Span, back: Back) -> Span | None:
    """The year or block that lies so many before a span; None where there is no such block."""
    if not back.cycles:
        return Span(span.last - back.ago, 1)
    block = law.prepared.later.block_before(back.rule or "", span.first, span.years, back.ago)
    return None if block is None else Span(*block)


def _earlier(one: Decided) -> list[Back]:
    """The columns of earlier years, and blocks, that conclusions look at."""
    later = one.law.prepared.later
    columns: list[tuple[str, str | None]] = [
        ("mask", None),
        *((f"run{n}", name) for n, name in enumerate(later.running)),
    ]
    found = []
    for cycles in (False, True):
        for column, name in columns:
            many = max((b.many for b in later.years_back if (b.rule, b.cycles) == (name, cycles)), default=0)
            backs = (Back(column, name, ago, cycles) for ago in range(int(cycles or one.grid.years == 1), many))
            found += [b for b in backs if not cycles or any(_then(one.law, span, b) for span in one.asked)]
    return found


def _with_years_before(one: Decided, earlier: Sequence[Back], came_out: Sequence[str]) -> Any:
    """The asked rows with what came out (these columns), and the possible outcomes of years and blocks and of
    requirements in them (7, everything, before year 1 and where none is decided; 1, met, where there was no such
    block)."""
    decided = one.law.prepared.later.yearly
    years = [b for b in earlier if not b.cycles]
    masks = {b.key: t.coalesce(t.col(b.column, f"y{b.ago}"), t.lit(7)) if decided else t.lit(7) for b in years}
    blocks = {b: _blocks_before(one, b) for b in earlier if b.cycles}
    for b, tables in blocks.items():
        found = t.coalesce(*(t.col(b.column, alias) for alias in tables), t.lit(7))
        known = [t.lit(first) for firsts in tables.values() for first in firsts]
        masks[b.key] = t.case([(t.among(t.col("period", "d"), known), found)], t.lit(1))
    query = t.select(**t.cols("d", "person_id", "period", "case_id", *came_out), **masks).from_(
        t.table(one.table, "d"), copy=False
    )
    for ago in sorted({b.ago for b in years}) if decided else ():
        alias = f"y{ago}"
        year = t.minus(t.col("last", "d"), t.lit(ago))
        same = t.both(t.same_person(alias, "d"), t.equal(t.col("period", alias), year))
        t.join(query, t.table(f"decided_{one.law.number}_1", alias), same, "LEFT")
    for tables in blocks.values():
        for alias, firsts in tables.items():
            pairs = [(t.equal(t.col("period", "d"), t.lit(here)), t.lit(then)) for here, then in firsts.items()]
            same = t.both(t.same_person(alias, "d"), t.equal(t.col("period", alias), t.case(pairs, t.lit(0))))
            t.join(query, t.table(alias.partition("_of_")[2], alias), same, "LEFT")
    return query.where(t.among(t.col("period", "d"), [t.lit(s.first) for s in one.asked]), copy=False)


def _blocks_before(one: Decided, back: Back) -> dict[str, dict[int, int]]:
    """The tables in which the blocks before the asked spans are decided, by an alias that ends with the name: the first
    year of each span, and of the block so many before it."""
    found: dict[str, dict[int, int]] = {}
    for span in one.asked:
        if then := _then(one.law, span, back):
            series = next(s for s in one.law.prepared.later.blocks if s == (then.years, then.first % then.years))
            name = f"decided_{one.law.number}_{series[0]}_{series[1]}"
            found.setdefault(f"{back.key}_of_{name}", {})[span.first] = then.first
    return found
