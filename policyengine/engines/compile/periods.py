"""Stages 6 to 8 for everybody: sums and traits go in, findings and decisions come out, one row per person and period.

The traits of each row look up their terms (``terms.py``), which were worked out once; what is left to do for a row is
to compare whole numbers. Requirements are in ``scale`` parts of a tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import lcm
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile import ways
from policyengine.engines.compile.accounts import Accounts
from policyengine.engines.compile.decided import Decided, Source, blocks_asked, conclude, years_asked
from policyengine.engines.compile.folk import Folk
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.shares import Share
from policyengine.engines.compile.terms import Asker, CarryTerm, Owed, Term
from policyengine.engines.compile.trees import Tree
from policyengine.engines.numbers import LIMITLESS, Number
from policyengine.engines.reference import blocks_of
from policyengine.engines.require import Span
from policyengine.language import tree

TERM = {
    "x": "INTEGER", "s": "INTEGER", "q": "INTEGER", "v": "BIGINT", "rl": "BIGINT", "rh": "BIGINT", "least": "INTEGER",
    "ad": "INTEGER", "adrift": "INTEGER", "w0_": "INTEGER", "w1_": "INTEGER", "w2_": "INTEGER", "ci": "INTEGER",
    "nm": "INTEGER",
}  # fmt: skip
"""What a finding is compared by: whether there is one (``x``); the place of its sum in ``Decided.sources`` (``s``), and
of the sum that a share (``v``) is required of (``q``); what is required, least and most (``rl``, ``rh``); whether it is
a minimum, advisory, adrift; for each way the sum may compare the status × 8 + the possible outcomes (``w0_`` met,
``w1_`` not met, ``w2_`` open); the rule that hours are carried to (``ci``); which of the requirements that conclusions
name it is, from 1, or 0 (``nm``). Places are -1 where there is none."""
CARRY = {"cs": "INTEGER", "sure": "INTEGER", "cl": "BIGINT", "cb": "BIGINT", "ch": "BIGINT"}
"""What a year leaves to the next: the place of its sum, whether it surely does, the limit, what is required, least and
most."""
MOST_YEARS = 100  # that conclusions look back to: each is a join


@dataclass(slots=True)
class Periods:
    """The decisions of one law. ``scale``: parts of a tick in which requirements are whole numbers."""

    accounts: Accounts
    folk: Folk
    asked: tuple[int, int]
    as_of: date | None
    scale: int = 1
    finite: bool = True  # every requirement is a finite decimal
    decided: list[Decided] = field(default_factory=list)

    @property
    def law(self) -> Law:
        return self.folk.law

    @property
    def host(self) -> Any:
        return self.accounts.host

    def ask(self) -> None:
        """Work out what is owed, for every span that is asked for, and those that others rest on."""
        later = self.law.prepared.later
        spans = [Span(y, 1) for y in range(self.asked[0], self.asked[1] + 1)] if later.yearly else []
        blocks = blocks_of(later, self.asked, self.as_of)
        self.folk.load()
        years = self._years(spans, blocks)
        if years:
            self._add_grid(f"{self.law.number}_1", years, 1, spans)
        before = {one for s in (*spans, *blocks) for one in blocks_asked(self.law, s)}
        for series in later.blocks:
            own = [s for s in blocks if (s.years, s.first % s.years) == series]
            every = {s.first for s in before if (s.years, s.first % s.years) == series} | {s.first for s in own}
            if every:
                count, starting = series
                self._add_grid(f"{self.law.number}_{count}_{starting}", sorted(every), count, own)
        for one in self.decided:
            self._ask(one)
        self.decided = [one for one in self.decided if one.owed]  # none where there is nobody
        self._settle_scale()
        for one in self.decided:
            self._load_terms(one)
            for anchor in sorted({a for _, _, a in one.sources if a is not None}):
                self.host.keep(f"sums_{one.name}_from{anchor}", self._dated(one, anchor))

    def decide(self, share: Share) -> None:
        """Decide the persons of a share; ``totals`` has their sums."""
        for one in self.decided:
            self._decide(one, share)
        for one in self.decided:
            conclude(self.host, one, self._asker())

    def _years(self, spans: list[Span], blocks: list[Span]) -> list[int]:
        """The years that are decided: those asked for, those that conclusions look back to, and the ones they carry
        from.
        """
        later = self.law.prepared.later
        years = {s.first for s in spans}
        if any(one.many > MOST_YEARS + 1 for one in later.years_back):
            raise Inexpressible("conclusions from more than a hundred years")
        if later.yearly:
            years |= {s.last - ago for s in (*spans, *blocks) for ago in years_asked(self.law, s.years)}
        if later.carry:
            years |= {y - 1 for y in years}
        return sorted(y for y in years if y >= 1)

    def _add_grid(self, name: str, firsts: Sequence[int], years: int, asked: list[Span]) -> None:
        self.decided.append(Decided(self.law, name, self.folk.grid(name, firsts, years), asked))

    # --- terms --------------------------------------------------------------------------------------------------------

    def _asker(self) -> Asker:
        later = self.law.prepared.later
        return Asker(self.law, self.as_of, ("total", *later.subjects), later.measure_names, self.folk.anchors)

    def _ask(self, one: Decided) -> None:
        """Work out the terms of every combination of traits that occurs."""
        traits = ["period", *one.grid.traits]
        query = t.select(**t.cols("g", *traits), who=t.call("MIN", t.col("person_id", "g")))
        query.from_(t.table(one.grid.table, "g"), copy=False)
        rows = self.host.rows(t.grouped_by(query, "g", *traits))
        persons = one.persons = self.folk.sources.whole_persons(row[-1] for row in rows)
        asker, numbers = self._asker(), dict[Owed, int]()
        found: list[tuple[Any, ...]] = []
        carries = bool(self.law.prepared.later.carry)
        for row in sorted(rows):
            owed = asker.owed(persons[row[-1]], Span(row[0], one.grid.years), carries)
            found.append((*row[:-1], numbers.setdefault(owed, len(numbers)), len(found), row[-1]))
        one.owed = list(numbers)
        one.slots = max((len(o.terms) for o in one.owed), default=0)
        one.find_named()
        columns = {**dict.fromkeys(traits, "BIGINT"), "id": "INTEGER", "case_id": "INTEGER", "who": "VARCHAR"}
        self.host.load(f"traits_{one.name}", columns, found)
        one.sources = self._sources(one)

    def _sources(self, one: Decided) -> list[Source]:
        """Every sum over every kind of window that some terms speak of."""
        found: dict[Source, None] = {}
        for owed in one.owed:
            for term in owed.terms:
                found[(*term.measured, term.anchor)] = None
                if term.share_of is not None:
                    found[(*term.share_of, None)] = None
            for carry in owed.carries:
                found[(*carry.measured, None)] = None
        return [s for s in found if s[0] >= 0]

    def _settle_scale(self) -> None:
        parts = {1}
        ticks = self.accounts.cases.ticks
        for owed in (o for one in self.decided for o in one.owed):
            for term in owed.terms:
                for value in (term.base, term.before, term.low, term.high):
                    if value is not None and value < LIMITLESS:
                        parts.add((Fraction(value) * ticks).denominator)
                if term.share is not None:
                    parts.add(term.share.denominator)
            for carry in owed.carries:
                for value in (carry.limit, carry.low, carry.high):
                    if value < LIMITLESS:
                        parts.add((Fraction(value) * ticks).denominator)
        self.scale = lcm(*parts)
        self.finite = 10**64 % self.scale == 0
        if self.scale > 2**20:
            raise Inexpressible("requirements without a common denominator")

    def scaled(self, value: Number | None) -> int | None:
        """A figure in parts of ticks; None stays None."""
        if value is None:
            return None
        if value >= LIMITLESS:
            return t.UNLIMITED
        count = Fraction(value) * self.accounts.cases.ticks * self.scale
        assert count.denominator == 1
        return count.numerator

    def _load_terms(self, one: Decided) -> None:
        """The table of terms, a row for each ``Owed`` by its number (``id``): for every place of a finding the columns
        ``TERM``, for every rule that hours are carried to ``CARRY``, each with its number; ``shown…``: the finding that
        the decision shows of each measure; ``m…``: the sum of each declared measure."""
        later = self.law.prepared.later
        one.carries = sorted({c.rule for o in one.owed for c in o.carries})
        shape = {"id": "INTEGER"}
        shape |= {f"{n}{k}": kind for k in range(one.slots) for n, kind in TERM.items() if one.named or n != "nm"}
        shape |= {f"{name}{n}": kind for n in range(len(one.carries)) for name, kind in CARRY.items()}
        shape |= {f"shown{j}": "INTEGER" for j in range(1 + len(later.subjects))}
        shape |= {f"m{j}": "INTEGER" for j in range(len(later.measure_names))}
        rows = []
        for number, owed in enumerate(one.owed):
            row: dict[str, Any] = {"id": number, **{f"{n}{k}": 0 for k in range(one.slots) for n in ("x", "nm")}}
            for k, term in enumerate(owed.terms):
                row |= {f"{name}{k}": value for name, value in self._term(one, term).items()}
            for carry in owed.carries:
                n = one.carries.index(carry.rule)
                row |= {f"{name}{n}": value for name, value in self._carry_term(one, carry).items()}
            row |= {f"shown{j}": place for j, place in enumerate(owed.shown)}
            row |= {f"m{j}": number for j, number in enumerate(owed.sums)}
            rows.append(tuple(map(row.get, shape)))
        self.host.load(f"terms_{one.name}", shape, rows)
        one.shape = list(shape)

    def _term(self, one: Decided, term: Term) -> dict[str, int | None]:
        """The columns ``TERM`` of a finding."""
        later = self.law.prepared.later
        rule = later.require[term.rule].rule
        yearly = rule.statement.window == tree.PerYears()  # type: ignore[attr-defined]
        return {
            "x": 1,
            "s": _place(one, (*term.measured, term.anchor)),
            "q": -1 if term.share_of is None else _place(one, (*term.share_of, None)),
            "v": 0 if term.share is None else int(term.share * self.scale),
            "rl": self.scaled(term.low),
            "rh": self.scaled(term.high),
            "least": int(term.least),
            "ad": int(term.advisory),
            "adrift": int(term.adrift),
            **{f"w{w}_": way.status * 8 + way.mask for w, way in enumerate(term.ways)},
            "ci": one.carries.index(rule.name) if yearly and rule.name in one.carries else -1,
            "nm": 1 + sorted(later.asked).index(rule.name) if rule.name in later.asked else 0,
        }

    def _carry_term(self, one: Decided, carry: CarryTerm) -> dict[str, int | None]:
        """The columns ``CARRY`` of what a span leaves to the next."""
        return {
            "cs": _place(one, (*carry.measured, None)),
            "sure": int(carry.sure),
            "cl": self.scaled(carry.limit),
            "cb": self.scaled(carry.low),
            "ch": self.scaled(carry.high),
        }

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _decide(self, one: Decided, share: Share) -> None:
        made = self._sums(one)
        query = self._measured(one, share)
        if one.carries:
            kept = f"measured_{one.name}"
            self.host.keep(kept, query)
            self._carry(one)
            self._compare(one, t.table(kept, "m"))
            made += [kept, f"carried_{one.name}"]
        else:  # read once: a table of so many columns would cost more than it holds
            self._compare(one, t.sub(query, "m"))
        for table in made:
            self.host.drop(table)

    def _measured(self, one: Decided, share: Share) -> Any:
        """Each row of the grid with its terms (``_load_terms``) and sums: ``l…`` and ``h…`` of the span itself, least
        and greatest, by the number of the law's sum; ``a…`` and ``b…`` those that terms speak of, by their place in
        ``Decided.sources``; ``ever`` the most of all that the person has; ``cut`` what caps cut off."""
        numbers = range(len(self.law.sums))
        columns: dict[str, Tree] = t.cols("q", *one.shape)
        query = t.select(
            **t.cols("g", "person_id", "period", "last"),
            case_id=t.col("case_id", "z"),
            **t.cols("g", *self.folk.anchor_days),
            **columns,
            **{f"{k}{s}": t.coalesce(t.col(f"{k}{s}", "s"), t.lit(0)) for s in numbers for k in "lh"},
            cut=t.coalesce(t.col("cut", "s"), t.lit(0)),
        ).from_(t.table(one.grid.table, "g"), copy=False)
        t.join(query, t.table(f"traits_{one.name}", "z"), t.agree("z", "g", "period", *one.grid.traits))
        t.join(query, t.table(f"terms_{one.name}", "q"), t.agree("q", "z", "id"))
        t.join(query, t.table(self._span_table(one), "s"), t.same_row("s", "g"), "LEFT")
        for place, (number, window, anchor) in enumerate(one.sources):
            nowhere = window == "from" and anchor is None  # adrift
            alias = {"span": "s", "from": f"s_from{anchor}"}.get(window, f"s_{window}")
            for kind, bound in (("a", "l"), ("b", "h")):
                value = t.lit(None) if nowhere else t.col(f"{bound}{number}", alias)
                query.select(t.named(t.coalesce(t.cast(value, "BIGINT"), t.lit(0)), f"{kind}{place}"), copy=False)
        for window in sorted({w for _, w, _ in one.sources if w.startswith("any")}):
            t.join(query, t.table(f"sums_{one.name}_{window}", f"s_{window}"), t.same_row(f"s_{window}", "g"), "LEFT")
        for anchor in sorted({a for _, _, a in one.sources if a is not None}):
            alias = f"s_from{anchor}"
            t.join(query, t.table(f"sums_{one.name}_from{anchor}", alias), t.same_row(alias, "g"), "LEFT")
        if _adrift(one):
            t.join(query, t.table(f"sums_{one.name}_ever", "ever"), t.same_person("ever", "g"), "LEFT")
            query.select(t.named(t.coalesce(t.col("h0", "ever"), t.lit(0)), "ever"), copy=False)
        else:
            query.select(t.named(t.lit(0), "ever"), copy=False)
        return share.of(query, "g")

    def _sums(self, one: Decided) -> list[str]:
        """Make the tables of sums over each kind of window; gives their names."""
        numbers, made = range(len(self.law.sums)), list[str]()
        total = {f"{k}{s}": t.limited_sum(t.col(f"{k}{s}", "t")) for s in numbers for k in "lh"}
        if one.grid.years > 1:
            spans = f"spans_{one.grid.table.removeprefix('grid_')}"
            query = t.select(
                person_id=t.col("person_id", "t"),
                period=t.col("period", "y"),
                **total,
                cut=t.cast(t.wide_sum(t.col("cut", "t")), "BIGINT"),
            ).from_(t.table("totals", "t"), copy=False)
            inside = t.both(
                t.compare(t.col("period", "t"), ">=", t.col("period", "y")),
                t.compare(t.col("period", "t"), "<=", t.col("last", "y")),
            )
            t.join(query, t.table(spans, "y"), inside)
            query.group_by(t.col("person_id", "t"), t.col("period", "y"), copy=False)
            made.append(self._span_table(one))
            self.host.keep(made[-1], query)
        for window in sorted({w for _, w, _ in one.sources if w.startswith("any")}):
            count = int(window.removeprefix("any"))
            self.host.load(f"ahead_{count}", {"n": "INTEGER"}, [(n,) for n in range(count)])
            ends = t.add([t.col("period", "t"), t.col("n", "o")])
            asked = {f"{k}{s}" for s, w, _ in one.sources if w == window for k in "lh"}
            query = t.select(
                person_id=t.col("person_id", "t"), period=ends, **{n: v.copy() for n, v in total.items() if n in asked}
            ).from_(t.table("totals", "t"), copy=False)
            if len(self.folk.sources.laws) > 1:
                t.join(query, t.table(self.folk.table, "f"), t.same_person("f", "t"))
            t.join(query, t.table(f"ahead_{count}", "o"), t.lit(True), "CROSS")
            query.group_by(t.col("person_id", "t"), ends.copy(), copy=False)
            made.append(f"sums_{one.name}_{window}")
            self.host.keep(made[-1], query)
        if _adrift(one):
            ever = t.select(person_id=t.col("person_id", "t"), h0=t.limited_sum(t.col("h0", "t")))
            t.grouped_by(ever.from_(t.table("totals", "t"), copy=False), "t", "person_id")
            made.append(f"sums_{one.name}_ever")
            self.host.keep(made[-1], ever)
        return made

    @staticmethod
    def _span_table(one: Decided) -> str:
        """The table of sums over spans themselves."""
        return "totals" if one.grid.years == 1 else f"sums_{one.name}_span"

    def _dated(self, one: Decided, anchor: int) -> Any:
        """Sums of the items that end within each person's window of months, with the period in which that ends."""
        wanted = [f"{k}{s}" for s in range(1, self.accounts.sums) for k in "tn"]
        sums = {n: t.limited(value) for n, value in self.accounts.sums_over("d").items()}
        query = t.select(person_id=t.col("person_id", "d"), period=t.col("period", "g"), **sums)
        query.from_(t.sub(self.accounts.counted_items(wanted), "d"), copy=False)
        inside = t.both(
            t.same_person("g", "d"),
            t.compare(t.col("end", "d"), ">=", t.col(f"first{anchor}", "g")),
            t.compare(t.col("end", "d"), "<=", t.col(f"last{anchor}", "g")),
        )
        t.join(query, t.table(one.grid.table, "g"), inside)
        return query.group_by(t.col("person_id", "d"), t.col("period", "g"), copy=False)

    def _scaled_sum(self, value: Tree) -> Tree:
        return value if self.scale == 1 else t.multiplied(value, t.lit(self.scale))

    def _carry(self, one: Decided) -> None:
        """The table of what each year leaves to the next, by rule: ``cl…`` at least and ``ch…`` at most."""
        columns: dict[str, Tree] = {}
        for n in range(len(one.carries)):
            low, high = (self._scaled_sum(_picked(t.col(f"cs{n}", "m"), kind, len(one.sources), "m")) for kind in "ab")
            limit = t.col(f"cl{n}", "m")
            least = t.greatest(t.lit(0), t.least(limit, t.minus(low, t.col(f"ch{n}", "m"))))
            most = t.greatest(t.lit(0), t.least(limit.copy(), t.minus(high, t.col(f"cb{n}", "m"))))
            given = t.present(t.col(f"cs{n}", "m"))
            sure = t.both(given.copy(), t.equal(t.col(f"sure{n}", "m"), t.lit(1)))
            columns[f"cl{n}"] = t.case([(sure, least)], t.lit(0))
            columns[f"ch{n}"] = t.case([(given, most)], t.lit(0))
        query = t.select(
            person_id=t.col("person_id", "m"), period=t.add([t.col("period", "m"), t.lit(1)]), **columns
        ).from_(t.table(f"measured_{one.name}", "m"), copy=False)
        self.host.keep(f"carried_{one.name}", query)

    def _compare(self, one: Decided, measured: Tree) -> None:
        """The table ``decided``: how each finding came out, what is possible for the span, and its outcome.
        ``measured``: rows of the grid with sums and terms, as ``m``."""
        later = self.law.prepared.later
        handed = ["person_id", "period", "last", "id", "case_id", "cut", "l0", "h0", *self.folk.anchor_days]
        values: dict[str, Tree] = t.cols("m", *handed)
        for j, subject in enumerate(later.subjects):
            number = next(s for s, one_ in enumerate(self.law.sums) if one_.measure == subject)
            values[f"subject{j}"] = t.col(f"l{number}", "m")
        for j in range(len(later.measure_names)):
            branches = [(t.lit(s), t.col(f"l{s}", "m")) for s in range(len(self.law.sums))]
            values[f"measure{j}"] = t.switch(t.col(f"m{j}", "m"), branches, t.lit(0))
        for j in range(1 + len(later.subjects)):
            values[f"shown{j}"] = t.col(f"shown{j}", "m")
        for k in range(one.slots):
            values |= self._slot(one, k)
        query = t.select(**values).from_(measured, copy=False)
        if one.carries:
            t.join(query, t.table(f"carried_{one.name}", "c"), t.same_row("c", "m"), "LEFT")
        kept = [n for n in values if not n.startswith(("w", "x", "ad", "least", "nm"))]
        places = range(one.slots)
        compared = t.beside("v", query, **{f"way{k}": ways.way(k) for k in places})
        found = {f"status{k}": t.divide(t.col(f"way{k}", "u"), t.lit(8)) for k in places}
        found |= {f"short{k}": ways.short(k) for k in places}
        found["mask"] = ways.mask(one.slots)
        if one.named:
            found |= {"rest": ways.mask(one.slots, rest=True)} | {f"may{k}": ways.named(k) for k in one.named}
        if one.grid.years == 1 or any(back.cycles for back in later.years_back):  # to which conclusions look back
            names = sorted(later.asked)
            found |= {f"run{n}": self._running(one, 1 + names.index(name)) for n, name in enumerate(later.running)}
        masked = t.beside("u", compared, **found)
        kept += [*(f"ad{k}" for k in places), *found]
        final = t.select(**t.cols("o", *kept), outcome=ways.outcome(one.slots))
        final.from_(t.sub(masked, "o"), copy=False)
        self.host.keep(one.table, final)

    @staticmethod
    def _running(one: Decided, number: int) -> Tree:
        """The outcomes that are possible in a year for a requirement; met, where nobody is asked for it."""
        return ways.of_one(one.slots, number) if one.named else t.lit(1)

    def _slot(self, one: Decided, k: int) -> dict[str, Tree]:
        """What the finding at a place compares: achieved ``lo`` to ``hi``, of which ``given`` is carried, with required
        ``rl`` to ``rh``; and of its terms what decides how it comes out. ``loose``: what is carried is open."""
        count = len(one.sources)
        low, high = (self._scaled_sum(_picked(t.col(f"s{k}", "m"), kind, count, "m")) for kind in "ab")
        adrift = t.equal(t.col(f"adrift{k}", "m"), t.lit(1))
        low = t.case([(adrift, t.lit(0))], low)
        high = t.case([(adrift.copy(), self._scaled_sum(t.col("ever", "m")))], high)
        given: Tree = t.lit(0)
        carried: dict[str, Tree] = {}
        if one.carries:
            place = t.col(f"ci{k}", "m")
            given = t.coalesce(_picked(place, "cl", len(one.carries), "c"), t.lit(0))
            low = t.add([low, given.copy()])
            more = t.coalesce(_picked(place.copy(), "ch", len(one.carries), "c"), t.lit(0))
            carried = {f"ci{k}": place.copy(), f"loose{k}": t.compare(given.copy(), "<>", more.copy())}
            high = t.least(t.add([high, more]), t.lit(t.UNLIMITED))
        least, most = t.col(f"rl{k}", "m"), t.col(f"rh{k}", "m")
        if any(term.share is not None for owed in one.owed for term in owed.terms):
            shared = t.compare(t.col(f"q{k}", "m"), ">=", t.lit(0))
            low_sum, high_sum = (_picked(t.col(f"q{k}", "m"), kind, count, "m") for kind in "ab")
            beyond = t.unlimited(high_sum)
            own = [t.times(value, t.col(f"v{k}", "m")) for value in (low_sum, high_sum)]
            least = t.case([(shared, own[0])], least)
            most = t.case([(t.both(shared.copy(), beyond), t.lit(t.UNLIMITED)), (shared.copy(), own[1])], most)
        return {
            f"lo{k}": low,
            f"hi{k}": high,
            f"given{k}": given,
            f"rl{k}": least,
            f"rh{k}": most,
            **{f"{n}{k}": t.col(f"{n}{k}", "m") for n in ("w0_", "w1_", "w2_", "x", "ad", "least")},
            **({f"nm{k}": t.col(f"nm{k}", "m")} if one.named else {}),
            **carried,
        }


def _place(one: Decided, source: Source) -> int:
    return one.sources.index(source) if source in one.sources else -1


def _picked(place: Tree, kind: str, count: int, alias: str) -> Tree:
    """The sum that a place names."""
    return t.switch(place, [(t.lit(n), t.col(f"{kind}{n}", alias)) for n in range(count)], t.lit(0))


def _adrift(one: Decided) -> bool:
    """Whether some term rests on whether the person has anything at all."""
    return any(term.adrift for owed in one.owed for term in owed.terms)
