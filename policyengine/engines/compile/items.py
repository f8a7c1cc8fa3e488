"""Records as items: a record's share in each period in which it counts. Judged records go in, items come out.

``once`` finds the records that do not count because another one does (stage 4), before they are laid out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policyengine.engines.allocate import alike
from policyengine.engines.calendar import period_bounds, period_of
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.trees import Tree
from policyengine.engines.ready import Ready
from policyengine.language import tree

YearRange = tuple[int | None, int | None]


@dataclass(slots=True)
class Items:
    """The items of all records. ``routes``: queries for persons whom the reference evaluator has to judge."""

    cases: Cases
    routes: list[Any] = field(default_factory=list)

    def prepare(self) -> None:
        """Find duplicates; make the table of periods that splits need."""
        if self.cases.split:
            self._load_periods()
        for law in self.cases.sources.laws:
            once = law.prepared.later.once
            for versions in alike(once):
                self._once(law, {next(n for n, r in enumerate(once) if r is v): v for v in versions})

    # --- count once ---------------------------------------------------------------------------------------------------

    def _once(self, law: Law, versions: Mapping[int, Ready]) -> None:
        """Add to the table ``dups`` the records that do not count because another one does. ``versions``: of one rule,
        by their places in the law."""
        host, before = self.cases.sources.host, bool(self.cases.once)
        statement = next(iter(versions.values())).rule.statement
        assert isinstance(statement, tree.CountOnce)
        values = [f"v{i}" for i in range(len(statement.per))]
        self._keep_members(law, versions, dict(zip(values, statement.per, strict=True)))
        self._keep_ranked(values, statement.taking)
        losers = t.select(**t.cols("m", "record_id", "rule")).from_(t.table("once_ranked", "m"), copy=False)
        later = t.compare(t.col("rank", "m"), ">", t.lit(1))
        losers.where(t.both(later, t.equal(t.col("doubt", "m"), t.lit(0))), copy=False)
        if before:
            host.keep("dups_more", t.union(t.select_all("dups"), losers))
            losers = t.select_all("dups_more")
        host.keep("dups", losers)
        open_ = t.select(person_id=t.col("person_id")).from_(t.table("once_ranked"), copy=False)
        open_.where(t.equal(t.col("doubt"), t.lit(1)), copy=False)
        blank = may_repeat(values, t.table("once_all", "b"), t.table("once_all", "m"))
        for name, query in (("open", open_), ("blank", blank)):
            table = f"{name}_{law.number}_{min(versions)}"
            host.keep(table, query.distinct(copy=False))
            self.routes.append(t.select(person_id=t.col("person_id")).from_(t.table(table), copy=False))

    def _keep_members(self, law: Law, versions: Mapping[int, Ready], values: Mapping[str, str]) -> None:
        """The table ``once_all``: the records that belong (``belongs`` 1) or may belong (2) to a version (``rule``, its
        number), with the facts that are compared. ``values``: their fields, by column."""
        columns = {name: self.cases.sources.records.value(field) for name, field in values.items()}
        judged = self.cases.judged([f"o{place}" for place in versions], **columns)
        years = {place: governed(rule.start, rule.until, law) for place, rule in versions.items()}
        belongs, rule = self._version(years, versions)
        every = t.select(
            **t.cols("j", "record_id", "person_id", "end", "low", "high", *values), belongs=belongs, rule=rule
        ).from_(t.sub(judged, "j"), copy=False)
        able = (t.equal(t.col("plan", "j"), t.lit(law.number)), t.compare(t.col("high", "j"), ">", t.lit(0)))
        every.where(t.both(*able, *self._all_governed(list(years.values()), law)), copy=False)
        kept = t.select(**t.cols("e", *t.names_of(every))).from_(t.sub(every, "e"), copy=False)
        kept.where(t.compare(t.col("belongs", "e"), ">", t.lit(0)), copy=False)
        self.cases.sources.host.keep("once_all", kept)

    def _keep_ranked(self, values: Sequence[str], taking: str) -> None:
        """The table ``once_ranked``: of every group of several the records by preference (``rank``); ``doubt``: 1 where
        it is open which of the group counts."""
        group = ("person_id", *values)
        several = t.select(**t.cols("s", *group)).from_(t.table("once_all", "s"), copy=False)
        several.where(t.both(*(t.present(t.col(n, "s")) for n in values)), copy=False)
        t.grouped_by(several, "s", *group).having(t.compare(t.count(), ">", t.lit(1)), copy=False)
        open_ = t.compare(t.col("low", "m"), "<>", t.col("high", "m"))
        doubt = t.either(open_, t.equal(t.col("belongs", "m"), t.lit(2)))
        ranked = t.select(
            **t.cols("m", "record_id", "person_id", "rule"),
            rank=t.rank([t.col(n, "m") for n in group], _preference(taking)),
            doubt=t.over(t.call("MAX", t.flag(doubt)), [t.col(n, "m") for n in group]),
        ).from_(t.table("once_all", "m"), copy=False)
        t.join(ranked, t.sub(several, "g"), t.agree("g", "m", *group))
        self.cases.sources.host.keep("once_ranked", ranked)

    def _version(self, years: Mapping[int, YearRange], versions: Mapping[int, Ready]) -> tuple[Tree, Tree]:
        """Whether a record belongs, by the version that governs its last period, and that version's number."""
        belongs, numbers = [], []
        for place, rule in versions.items():
            self.cases.once.append(rule.key)
            here = t.both(*within(t.col("period", "j"), years[place]))
            belongs.append((here, t.col(f"o{place}", "j")))
            numbers.append((here.copy(), t.lit(len(self.cases.once))))
        return t.case(belongs, t.lit(0)), t.case(numbers, t.lit(None))

    def _all_governed(self, years: list[YearRange], law: Law) -> list[Tree]:
        """Every period in which the record counts is governed by some version."""
        conditions = [t.either(*(t.both(*within(t.col("period", "j"), one)) for one in _joined(years)))]
        if self.cases.split:
            first = t.period(t.col("start", "j"), law.plan.year_start)
            whole = (t.both(*within(t.col("period", "j"), one), *within(first, one)) for one in _joined(years))
            conditions.append(t.either(t.negate(self.cases.is_split("j")), *whole))
        return conditions

    # --- items --------------------------------------------------------------------------------------------------------

    def items(self, wanted: Iterable[str] = (), where: Tree | None = None, **columns: Tree) -> Any:
        """Every item: a record's amounts in one period. ``day``: the record's end; ``start``, ``end``: the item's days.

        ``where``: a condition over the records (alias ``r``). Where records are split, ``whole`` is what all shares of
        the item's record come to.
        """
        judged = self.cases.judged(wanted, where, **columns)
        handed = [
            "record_id", "person_id", "rp", "plan", "d", "dup", "claimed_low", "claimed_high", *wanted, *columns,
        ]  # fmt: skip
        plain = t.select(
            **t.cols("j", *handed),
            day=t.col("end", "j"),
            **t.cols("j", "start", "end", "period", "low", "high"),
            route=t.negate(t.col("simple", "j")),
        ).from_(t.sub(judged, "j"), copy=False)
        if not self.cases.split:
            return plain
        plain.select(t.named(t.col("claimed_high", "j"), "whole"), copy=False)
        plain.where(t.negate(self._crossing()), copy=False)
        return t.union(plain, self._shares(self.cases.judged(wanted, where and where.copy(), **columns), handed))

    def _crossing(self) -> Tree:
        """Whether a record is split over several periods."""
        first = self.cases.period_of("start", "j")
        return t.both(self.cases.is_split("j"), t.compare(first, "<", t.col("period", "j")))

    def _shares(self, judged: Any, handed: list[str]) -> Any:
        """The shares of records that are split over several periods (``assign.shares``)."""
        a = t.greatest(t.col("start", "j"), t.col("first", "p"))
        b = t.least(t.col("end", "j"), t.col("last", "p"))
        every = t.days_between(t.col("start", "j"), t.col("end", "j"))
        days = t.days_between(a, b)
        own = [n for n in handed if n not in ("claimed_low", "claimed_high")]
        parts = t.select(
            **t.cols("j", *own),
            amount=t.col("claimed_low", "j"),
            **t.cols("j", "rl", "rh"),
            day=t.col("end", "j"),
            start=a.copy(),
            end=b.copy(),
            period=t.col("number", "p"),
            last=t.equal(t.col("number", "p"), t.col("period", "j")),
            part=self._part(days, every),
            route=t.either(
                t.negate(t.col("simple", "j")), t.compare(t.col("claimed_low", "j"), "<>", t.col("claimed_high", "j"))
            ),
        ).from_(t.sub(judged, "j"), copy=False)
        inside = t.both(
            t.agree("p", "j", "plan"),
            t.compare(t.col("first", "p"), "<=", t.col("end", "j")),
            t.compare(t.col("last", "p"), ">=", t.col("start", "j")),
        )
        t.join(parts, t.table("periods", "p"), inside).where(self._crossing(), copy=False)
        before = t.running(t.col("part", "s"), [t.col("record_id", "s")], [t.col("period", "s")])
        left = t.minus(t.col("amount", "s"), before)
        share = t.greatest(t.lit(0), t.case([(t.col("last", "s"), left)], t.least(t.col("part", "s"), left.copy())))
        shared = t.select(
            **t.cols("s", *own, "rl", "rh", "day", "start", "end", "period", "route", "amount"), share=share
        ).from_(t.sub(parts, "s"), copy=False)
        columns = t.cols("u", *handed, "day", "start", "end", "period")  # in the order of those of other records
        return t.select(
            **{**columns, "claimed_low": t.col("share", "u"), "claimed_high": t.col("share", "u")},
            low=t.times(t.col("share", "u"), t.col("rl", "u")),
            high=t.times(t.col("share", "u"), t.col("rh", "u")),
            route=t.col("route", "u"),
            whole=t.col("amount", "u"),
        ).from_(t.sub(shared, "u"), copy=False)

    def _part(self, days: Tree, every: Tree) -> Tree:
        """The rounded share of an amount by days."""
        branches = []
        for place, number in self.cases.places.items():
            if place.by != "split" or place.rounding is None:
                continue
            step = self.cases.in_ticks(place.rounding.step.value)
            above = t.times(t.col("claimed_low", "j"), days.copy())
            below = t.times(every.copy(), t.lit(step))
            if place.rounding.direction == "up":
                above = t.add([above, t.minus(below.copy(), t.lit(1))])
            elif place.rounding.direction == "half_up":
                above, below = t.add([t.times(above, t.lit(2)), below]), t.times(below.copy(), t.lit(2))
            branches.append((t.lit(number), t.times(t.divide(above, below), t.lit(step))))
        return t.switch(t.col("place", "j"), branches, t.lit(0))

    def _load_periods(self) -> None:
        sources = self.cases.sources
        span = t.select(a=t.call("MIN", t.col("start", "r")), b=t.call("MAX", t.col("end", "r")))
        ((first, last),) = sources.host.rows(span.from_(t.table(sources.names.records, "r"), copy=False))
        rows: list[tuple[int, int, date, date]] = []
        if first is not None:
            for law in sources.laws:
                start = law.plan.year_start
                if start == (2, 29):
                    raise Inexpressible("a year that begins on February 29")
                for year in range(period_of(first, start), period_of(last, start) + 1):
                    rows.append((law.number, year, *period_bounds(year, start)))
        sources.host.load("periods", {"plan": "INTEGER", "number": "INTEGER", "first": "DATE", "last": "DATE"}, rows)


def governed(start: date | None, until: date | None, law: Law) -> YearRange:
    """The first and the last period that a rule governs as a whole; None: open."""
    first = last = None
    if start is not None:
        first = period_of(start, law.plan.year_start)
        first += period_bounds(first, law.plan.year_start)[0] < start
    if until is not None:
        last = period_of(until, law.plan.year_start)
        last -= period_bounds(last, law.plan.year_start)[1] > until
    return first, last


def may_repeat(values: Sequence[str], own: Any, among: Any) -> Any:
    """Persons with a record of ``own`` (alias ``b``) that lacks a value and may have the same as another one of
    ``among`` (alias ``m``)."""
    query = t.select(person_id=t.col("person_id", "b")).from_(own, copy=False)
    alike = (t.either(t.missing(t.col(n, "b")), t.missing(t.col(n, "m")),
                      t.equal(t.col(n, "b"), t.col(n, "m"))) for n in values)  # fmt: skip
    others = t.compare(t.col("record_id", "m"), "<>", t.col("record_id", "b"))
    t.join(query, among, t.both(t.same_person("m", "b"), others, *alike))
    return query.where(t.either(*(t.missing(t.col(n, "b")) for n in values)), copy=False)


def unrouted(query: Any, alias: str) -> Any:
    """The query, without the persons of the table ``routed``: by ``person_id`` of the relation ``alias``."""
    t.join(query, t.table("routed", "y"), t.same_person("y", alias), "LEFT")
    return query.where(t.missing(t.col("person_id", "y")), copy=False)


def within(period: Tree, years: YearRange) -> list[Tree]:
    """Conditions that a period lies in a range of years."""
    first, last = years
    conditions = [] if first is None else [t.compare(period.copy(), ">=", t.lit(first))]
    return conditions + ([] if last is None else [t.compare(period.copy(), "<=", t.lit(last))])


def _joined(years: Iterable[YearRange]) -> list[YearRange]:
    """Ranges of years, those that follow one another made one."""
    found: list[YearRange] = []
    for first, last in sorted(years, key=lambda one: (one[0] is not None, one[0] or 0)):
        if found and first is not None and found[-1][1] == first - 1:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


def _preference(taking: str) -> list[Tree]:
    """What sorts a group of which one counts (``allocate._preference``)."""
    position = [t.col("end", "m"), t.col("record_id", "m")]
    match taking:
        case "highest":
            return [t.descending(t.col("low", "m")), *position]
        case "lowest":
            return [t.col("low", "m"), *position]
        case "earliest":
            return position
    return [t.descending(p) for p in position]
