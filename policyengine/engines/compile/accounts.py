"""Stage 4 for everybody: sums per person and period first; only where a cap is exceeded are records put in order.

Items go in; out come the tables ``routed`` (persons for the reference evaluator) and ``counted`` (items that a cap may
cut, with what is left of them).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.items import Items, unrouted, within
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.limits import Cap, caps_of, limit_of
from policyengine.engines.compile.members import Members
from policyengine.engines.compile.stretches import Stretches
from policyengine.engines.compile.trees import Tree
from policyengine.language import tree

CROWDED = 200  # items of a person and period of which something is open: each is compared with all before it (waits.py)


@dataclass
class Accounts:
    """``caps`` by law; ``cuts``: whether the table ``counted`` has items that some cap may cut; ``open``: whether some
    of them are open, so that there are the tables ``run_losses`` and ``waits``; ``held``: the tables made of what
    values of a field hold."""

    items: Items
    caps: list[list[Cap]] = field(default_factory=list)
    cuts: bool = False
    open: bool = False
    held: set[str] = field(default_factory=set)

    @property
    def sums(self) -> int:
        """How many sums a law speaks of at most."""
        return max(len(law.sums) for law in self.cases.sources.laws)

    @cached_property
    def members(self) -> Members:
        return Members(self.items)

    @property
    def cases(self) -> Cases:
        return self.items.cases

    @property
    def host(self) -> Any:
        return self.cases.sources.host

    def prepare(self) -> None:
        """Find what caps touch and who goes to the reference evaluator, and cut."""
        laws = self.cases.sources.laws
        self._route_open_places()
        queries: list[Any] = []
        if any(law.plan.caps for law in laws):
            self.members.keep()
            self.members.add_up()
            self.caps = [caps_of(self.cases, law) for law in laws]
            queries = [query for law, caps in zip(laws, self.caps, strict=True) for query in self._touched(caps)]
        if queries:
            self._keep_touched(queries)
        self._keep_routed()
        self.cuts = bool(queries)

    def _route_open_places(self) -> None:
        """Persons with a record that may count in several periods, in ways that bounds depend on."""
        verdicts = self.cases.verdicts.values()
        if self.cases.split or not all(v.simple for v in verdicts):
            query = t.select(person_id=t.col("person_id", "i"))
            query.from_(t.sub(self.items.items(), "i"), copy=False)
            self.items.routes.append(query.where(t.col("route", "i"), copy=False))

    # --- what caps touch ----------------------------------------------------------------------------------------------

    def _touched(self, caps: list[Cap]) -> Iterable[Any]:
        """Queries for the (person, period) whose items some cap may cut; ``open``: 0 where none that share a limit are
        open."""
        local = all(self._is_local(cap) for cap in caps)
        for cap in caps:
            if cap.least is None:
                continue
            for query in self._touched_by(cap):
                if local:
                    yield query
                else:
                    yield self._all_periods(query)

    def _is_local(self, cap: Cap) -> bool:
        """Whether every window of the cap lies within one period of one person."""
        match cap.window:
            case tree.PerField() | tree.PerYears(count=1):
                return True
            case tree.PerActivity() | tree.PerDay():
                return not self.cases.moved
        return False

    def _all_periods(self, query: Any) -> Any:
        persons = t.select(person_id=t.col("person_id", "q")).from_(t.sub(query, "q"), copy=False).distinct(copy=False)
        every = t.select(**t.cols("s", "person_id", "period"), open=t.lit(1))
        every.from_(t.table("sums", "s"), copy=False)
        return t.join(every, t.sub(persons, "p"), t.same_person("p", "s"))

    def _touched_by(self, cap: Cap) -> Iterable[Any]:
        c = cap.number
        match cap.window:
            case tree.PerYears(count=1):
                yield self._over(cap, self._rows(cap, amount=t.col(f"k{c}", "s")))
            case tree.PerActivity():
                yield self._over(cap, self._rows(cap, amount=t.col(f"a{c}", "s")), anywhere=self.cases.moved)
            case tree.PerField(field=name):
                self._route(self._blank(cap, name))
                yield self._over(cap, self._by_field(cap, name))
            case tree.PerYears(count=count, starting=starting):
                rows = self._rows(
                    cap, amount=t.col(f"k{c}", "s"), block=block(t.col("period", "s"), count, starting or 0)
                )
                rows.where(t.compare(t.col("period", "s"), ">=", t.lit(starting or 0)), copy=False)
                yield self._over(cap, self._grouped(rows, "block", count - 1))
            case tree.AnyYears(count=count):
                self._route(self._over(cap, self._rolled(cap, count)))
            case tree.Within():
                rows = self._rows(cap, amount=t.col(f"k{c}", "s"))
                grouped = t.select(
                    person_id=t.col("person_id", "g"), rp=t.call("MAX", t.col("rp", "g")),
                    period=t.call("MAX", t.col("period", "g")), amount=t.limited_sum(t.col("amount", "g")),
                ).from_(t.sub(rows, "g"), copy=False)  # fmt: skip
                yield self._over(cap, t.grouped_by(grouped, "g", "person_id"), anywhere=True)
            case tree.PerDay():
                yield from self._by_day(cap)

    def _rows(self, cap: Cap, **columns: Tree) -> Any:
        """The sums of the persons of the cap's law."""
        query = t.select(**t.cols("s", "person_id", "rp", "period"), **columns).from_(t.table("sums", "s"), copy=False)
        return query.where(t.equal(t.col("plan", "s"), t.lit(cap.law.number)), copy=False)

    def _grouped(self, rows: Any, key: str, ahead: int) -> Any:
        """Rows added up by a key; the year that counts is ``ahead`` of it."""
        grouped = t.select(
            person_id=t.col("person_id", "g"), rp=t.call("MAX", t.col("rp", "g")),
            period=t.add([t.col(key, "g"), t.lit(ahead)]), amount=t.limited_sum(t.col("amount", "g")),
        ).from_(t.sub(rows, "g"), copy=False)  # fmt: skip
        return t.grouped_by(grouped, "g", "person_id", key)

    def _rolled(self, cap: Cap, count: int) -> Any:
        """What each stretch of ``count`` years holds, by the year that ends it."""
        self.host.load(f"ahead_{count}", {"n": "INTEGER"}, [(n,) for n in range(count)])
        rows = self._rows(cap, amount=t.col(f"k{cap.number}", "s"), ends=t.add([t.col("period", "s"), t.col("n", "o")]))
        t.join(rows, t.table(f"ahead_{count}", "o"), t.lit(True), "CROSS")
        return self._grouped(rows, "ends", 0)

    def _over(self, cap: Cap, rows: Any, anywhere: bool = False) -> Any:
        """The (person, period) of rows whose amount is over the limit. ``anywhere``: over the smallest of any year."""
        query = t.select(**t.cols("r", "person_id", "period"), open=t.lit(1))
        query.from_(t.sub(rows, "r"), copy=False)
        amount = t.col("amount", "r")
        if anywhere:
            return query.where(t.compare(amount, ">", t.lit(cap.least)), copy=False)
        t.join(query, t.table(cap.limits, "l"), limit_of(cap, t.col("period", "r"), t.col("rp", "r")))
        return query.where(t.compare(amount, ">", t.col("l0", "l")), copy=False)

    def _under(self, cap: Cap, **fields: str) -> Any:
        """The items that may be under a cap, with fields of their records under other names."""
        c = f"c{cap.number}"
        names = ["person_id", "rp", "record_id", "period", "start", "end", "low", "high", c, *fields]
        query = t.select(**t.cols("i", *names))
        query.from_(t.sub(self.members.rows([c], **fields), "i"), copy=False)
        member = [
            t.equal(t.col("plan", "i"), t.lit(cap.law.number)),
            t.compare(t.col(c, "i"), ">", t.lit(0)),
            t.compare(t.col("high", "i"), ">", t.lit(0)),
            *within(t.col("period", "i"), cap.years),
        ]
        return query.where(t.both(*member), copy=False)

    def _by_field(self, cap: Cap, name: str) -> Any:
        """What items with one value of a field hold, where that is more than the smallest limit."""
        held = f"held_{cap.law.number}_{cap.number}"
        if held not in self.held:
            value = t.case([(t.missing(t.col("value", "m")), t.col("record_id", "m"))], t.lit(None))
            keys = [t.col("person_id", "m"), t.col("period", "m"), t.col("value", "m"), value]
            amount = t.limited_sum(t.col("high", "m"))
            query = t.select(
                person_id=t.col("person_id", "m"), rp=t.call("MAX", t.col("rp", "m")), period=t.col("period", "m"),
                amount=amount,
            )  # fmt: skip
            query.from_(t.sub(self._under(cap, value=name), "m"), copy=False)
            t.join(query, t.sub(self._most(cap), "x"), t.same_row("x", "m"))
            query.group_by(*(k.copy() for k in keys), copy=False)
            self.host.keep(held, query.having(t.compare(amount.copy(), ">", t.lit(cap.least)), copy=False))
            self.held.add(held)
        names = ("person_id", "rp", "period", "amount")
        return t.select(**t.cols("h", *names)).from_(t.table(held, "h"), copy=False)

    def _blank(self, cap: Cap, name: str) -> Any:
        """Persons with records that lack the value, beside others of their period: where these and those of one value
        hold more than the smallest limit together, they may share it."""
        keys = ("person_id", "period", "value")
        values = t.select(**t.cols("m", *keys), amount=t.limited_sum(t.col("high", "m")), records=t.count())
        values.from_(t.sub(self._under(cap, value=name), "m"), copy=False)
        t.join(values, t.sub(self._most(cap), "x"), t.same_row("x", "m"))
        t.grouped_by(values, "m", *keys)
        query = t.select(person_id=t.col("person_id", "v")).from_(t.sub(values, "v"), copy=False)
        t.grouped_by(query, "v", "person_id", "period")
        amount, lacks = t.col("amount", "v"), t.missing(t.col("value", "v"))
        lacking = t.call("MAX", t.case([(lacks, amount)], t.lit(0)))
        fullest = t.call("MAX", t.case([(lacks.copy(), t.lit(0))], amount.copy()))
        several = t.compare(t.call("SUM", t.col("records", "v")), ">", t.lit(1))
        shared = t.compare(t.add([fullest, lacking]), ">", t.lit(cap.least))
        return query.having(t.both(several, t.compare(lacking.copy(), ">", t.lit(0)), shared), copy=False)

    def _most(self, cap: Cap) -> Any:
        """The (person, period) that hold more than the smallest limit, whatever the value: no others can exceed one."""
        return self._rows(cap).where(t.compare(t.col(f"k{cap.number}", "s"), ">", t.lit(cap.least)), copy=False)

    def _by_day(self, cap: Cap) -> Iterable[Any]:
        """Stretches of days that hold more than their limit; persons whose stretches take room from one another go
        elsewhere (``stretches.py``)."""
        stretches = Stretches(self.host, cap)
        stretches.keep(self._under(cap))
        yield stretches.over()
        for query in stretches.crowded(self._unsettled(cap.law)):
            self._route(query)

    def _unsettled(self, law: Law) -> Any:
        """Persons with an amount, a member or an order that is open under some cap; ``loose``: 1 where their bounds may
        not be those of two runs (``allocate.Account.exact``), days that cross a year left aside."""
        unsure = [t.compare(t.col(f"{kind}{c}", "s"), ">", t.lit(0)) for c in self.members.places for kind in "uo"]
        firm = law.prepared.later.exact and not self.cases.moved and not self.cases.split
        loose = t.flag(t.either(*(u.copy() for u in unsure))) if firm else t.lit(1)
        query = t.select(person_id=t.col("person_id", "s"), loose=t.call("MAX", loose))
        query.from_(t.table("sums", "s"), copy=False)
        query.where(t.either(t.compare(t.col("doubt", "s"), ">", t.lit(0)), *unsure), copy=False)
        return t.grouped_by(query, "s", "person_id")

    # --- routing ------------------------------------------------------------------------------------------------------

    def _route(self, query: Any) -> None:
        self.items.routes.append(t.select(person_id=t.col("person_id", "q")).from_(t.sub(query, "q"), copy=False))

    def _keep_touched(self, queries: list[Any]) -> None:
        every = t.select(**t.cols("q", "person_id", "period"), open=t.call("MAX", t.col("open", "q")))
        every.from_(t.sub(t.union(*queries), "q"), copy=False)
        self.host.keep("touched", t.grouped_by(every, "q", "person_id", "period"))
        for law, caps in zip(self.cases.sources.laws, self.caps, strict=True):
            for query in self._doubtful(law, caps):
                self._route(query)

    def _doubtful(self, law: Law, caps: list[Cap]) -> Iterable[Any]:
        """Persons with something open in a period that a cap touches which ``cuts.py`` does not bound: an order or a
        limit; an amount or a member where a cap reaches over periods, or among very many; an amount that may share what
        is exceeded where a requirement goes by dates."""
        local = all(self._is_local(cap) for cap in caps)
        asked = (r.rule.statement.window for r in law.prepared.later.require)  # type: ignore[attr-defined]
        dated = any(isinstance(window, tree.Within) for window in asked)
        for cap in caps:
            names = [f"o{cap.number}", *([] if local else [f"u{cap.number}"])]
            open_ = [t.compare(t.col(n, "s"), ">", t.lit(0)) for n in names]
            crowded = t.compare(t.col("many", "s"), ">", t.lit(CROWDED))
            some = (t.compare(t.col(n, "s"), ">", t.lit(0)) for n in ("doubt", f"u{cap.number}"))
            open_.append(t.both(crowded, t.either(*some)))
            if dated or not local:
                open_.append(t.both(*(t.compare(t.col(*n), ">", t.lit(0)) for n in (("doubt", "s"), ("open", "x")))))
            holds = t.compare(t.col(f"k{cap.number}", "s"), ">", t.lit(0))
            query = t.select(person_id=t.col("person_id", "s")).from_(t.table("sums", "s"), copy=False)
            t.join(query, t.table("touched", "x"), t.same_row("x", "s"))
            if cap.unfixed and self._is_local(cap):
                limit = limit_of(cap, t.col("period", "s"), t.col("rp", "s"))
                t.join(query, t.table(cap.limits, "l"), limit, "LEFT")
                differ = t.compare(t.col("l0", "l"), "<>", t.col("l1", "l"))
                open_.append(t.both(holds.copy(), t.coalesce(differ, t.lit(False))))
            elif cap.unfixed:
                open_.append(holds.copy())
            if isinstance(cap.window, tree.Within):
                open_.append(t.both(holds.copy(), self._undated(cap, query)))
            yield query.where(t.both(t.equal(t.col("plan", "s"), t.lit(law.number)), t.either(*open_)), copy=False)

    def _undated(self, cap: Cap, query: Any) -> Tree:
        """Whether the person's date is missing."""
        sources, window = self.cases.sources, cap.window
        assert isinstance(window, tree.Within)
        if sources.persons.column(window.field) is None:
            return t.lit(True)
        t.join(query, t.table(sources.names.persons or "", "p"), t.same_person("p", "s"), "LEFT")
        return t.missing(sources.persons.value(window.field))

    def _keep_routed(self) -> None:
        """The table ``routed``: persons for the reference evaluator, and those whom no plan of ours judges."""
        queries = [*self.items.routes, *self._strangers()]
        if not queries:
            self.host.load("routed", {"person_id": "VARCHAR"}, [])
            return
        every = t.select(person_id=t.col("person_id", "q")).from_(t.sub(t.union(*queries), "q"), copy=False)
        self.host.keep("routed", every.distinct(copy=False))

    def _strangers(self) -> Iterable[Any]:
        """Persons whom none of the plans judges."""
        sources = self.cases.sources
        if not sources.joined:
            return
        aside = t.select(person_id=t.col("person_id", "p")).from_(t.table("people", "p"), copy=False)
        yield aside.where(t.compare(t.col("plan", "p"), "<", t.lit(0)), copy=False)
        if sources.people[0][0] < 0:
            for table in (sources.names.records, sources.names.circumstances):
                if table is not None:
                    unknown = t.select(person_id=t.col("person_id", "r")).from_(t.table(table, "r"), copy=False)
                    t.join(unknown, t.table("people", "p"), t.same_person("p", "r"), "LEFT")
                    yield unknown.where(t.missing(t.col("person_id", "p")), copy=False)

    # --- after the caps -----------------------------------------------------------------------------------------------

    def counted_items(self, wanted: Iterable[str] = (), **columns: Tree) -> Any:
        """Every item of the persons who are not routed, with what it counts after the caps and which of them cut it.

        Only items that a cap may concern are looked up: their record ids are many and long.
        """
        caps = [f"c{c}" for c in range(len(self.members.places))] if self.cuts else []
        items = self.items.items((*wanted, *caps), None, **columns)
        names = [n for n in (t.names_of(items.this) if self.cases.split else t.names_of(items)) if n not in caps]
        low, high = t.col("low", "i"), t.col("high", "i")
        query = t.select(
            **t.cols("i", *names),
            counted_low=t.coalesce(t.col("counted_low", "h"), low) if self.cuts else low,
            counted_high=t.coalesce(t.col("counted_high", "h"), high) if self.cuts else high,
            cuts=t.coalesce(t.col("cuts", "h"), t.lit(0)) if self.cuts else t.lit(0),
        ).from_(t.sub(items, "i"), copy=False)
        if self.cuts:
            member = t.either(*(t.compare(t.col(c, "i"), ">", t.lit(0)) for c in caps))
            record = t.case([(member, t.col("record_id", "i"))], t.lit(None))
            same = t.both(t.equal(t.col("record_id", "h"), record), t.agree("h", "i", "period"))
            worded = "reason" in wanted
            t.join(query, t.table("counted_words" if worded else "counted", "h"), same, "LEFT")
            if worded:
                query.select(t.named(t.col("cap_rule", "h"), "cap_rule"), copy=False)
        return unrouted(query, "i")

    def sums_over(self, alias: str, low: str = "counted_low", high: str = "counted_high") -> dict[str, Tree]:
        """Every sum of the laws over items, low and high; sums of what nothing limits may be beyond 64 bits."""
        sums: dict[str, Tree] = {}
        for s in range(self.sums):
            for kind, amount, member in (("l", low, "t"), ("h", high, "n")):
                value = t.col(amount, alias)
                sums[f"{kind}{s}"] = t.wide_sum(t.times(value, t.col(f"{member}{s}", alias)) if s else value)
        return sums


def block(period: Tree, count: int, starting: int) -> Tree:
    """The first period of the block that holds a period (``calendar.block_of``)."""
    past = t.remainder(t.minus(period.copy(), t.lit(starting)), count)
    return t.minus(period, t.remainder(t.add([past, t.lit(count)]), count))  # never negative, also before ``starting``
