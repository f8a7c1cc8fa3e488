"""Caps applied in order, to the items of those people and periods that exceed one (``allocate.Account``).

Touched items go in; out come the tables ``counted`` (what is left of each, with bounds), ``losses`` (what the caps take
from every sum of a person and period) and, where amounts are open, ``run_losses``. All members, orders and limits are
known here (``accounts.Accounts`` hands the others to the reference evaluator). In its window an item takes what those
before it have left, so that running sums say everything: min(amount, limit - what came before), never below 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.accounts import Accounts, block
from policyengine.engines.compile.items import unrouted, within
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.limits import Cap, limit_of
from policyengine.engines.compile.trees import Tree
from policyengine.engines.compile.waits import keep_waits
from policyengine.language import tree

ITEM = ("record_id", "person_id", "rp", "day", "start", "end", "period", "low", "high", "kind")

Amounts = Mapping[str, tuple[str, str]]
"""Amounts of an item that caps cut: what each is before any of them, and which amount of those before it in its window
comes before it. The first two are its least and its most (one where it is settled)."""

SETTLED = {"value": ("low", "value")}
EXACT = {"least": ("low", "highs"), "most": ("high", "lows"), "lows": ("low", "lows"), "highs": ("high", "highs")}
LOOSE = {"least": ("low", "most"), "most": ("high", "taken")}


@dataclass(slots=True)
class Cuts:
    """The caps of all laws over the items they touch."""

    accounts: Accounts

    @property
    def host(self) -> Any:
        return self.accounts.host

    def keep(self) -> None:
        """Make the tables ``counted`` and ``losses``; where something is open, ``run_losses`` and ``waits``."""
        laws = [pair for pair in zip(self.accounts.cases.sources.laws, self.accounts.caps, strict=True) if pair[1]]
        parts, exact, open_ = [], [], []
        for law, caps in laws:
            self._keep_touched(law, caps)
            found = self._keep_open(law, caps)
            parts.append(self._spread(law, caps, SETTLED, self._settled(law, caps, bool(found))))
            if found:
                open_.append((law, caps))
            if False in found:
                exact.append((law, caps))
                parts.append(self._spread(law, caps, EXACT, self.open_items(law, caps, loose=False)))
            if True in found:
                parts.append(self._spread(law, caps, LOOSE, self.open_items(law, caps, loose=True)))
        self.host.keep("counted", t.union(*parts))
        self.host.keep("losses", self._losses())
        if open_:
            self.accounts.open = self.accounts.cases.doubtful = True
            self.host.keep("run_losses", self._run_losses([self._run(*pair) for pair in exact or open_[:1]]))
            keep_waits(self, open_)
        hot = (f"hot_{law.number}" for law in self.accounts.cases.sources.laws)
        for table in ("members", "sums", *sorted(self.accounts.held), *hot):  # the largest that nothing asks any more
            self.host.drop(table)

    # --- the touched items --------------------------------------------------------------------------------------------

    def _keep_touched(self, law: Law, caps: list[Cap]) -> None:
        """The items that some cap of the law may cut."""
        fields = {f"f{cap.number}": cap.window.field for cap in caps if isinstance(cap.window, tree.PerField)}
        wanted = [f"{kind}{cap.number}" for cap in caps for kind in "cr"]
        hot = t.select(**t.cols("i", *ITEM, *wanted, *fields))
        hot.from_(t.sub(self.accounts.members.rows(["kind", *wanted], **fields), "i"), copy=False)
        t.join(hot, t.table("touched", "x"), t.same_row("x", "i"))
        unrouted(hot, "i")
        hot.where(
            t.both(
                t.equal(t.col("plan", "i"), t.lit(law.number)),
                t.either(*(t.compare(t.col(f"c{cap.number}", "i"), ">", t.lit(0)) for cap in caps)),
                t.compare(t.col("high", "i"), ">", t.lit(0)),
            ),
            copy=False,
        )
        for cap in caps:
            if isinstance(cap.window, tree.Within):
                self._date(hot, cap)
        self.host.keep(f"hot_{law.number}", hot)

    def _date(self, query: Any, cap: Cap) -> None:
        """Add the person's window of months to the items."""
        sources, window, alias = self.accounts.cases.sources, cap.window, f"w{cap.number}"
        assert isinstance(window, tree.Within)
        if sources.persons.column(window.field) is None:
            day: Tree = t.cast(t.lit(None), "DATE")
        else:
            persons = f"p{cap.number}"
            t.join(query, t.table(sources.names.persons or "", persons), t.same_person(persons, "i"), "LEFT")
            day = t.col(window.field, persons)
        windows = t.table(f"windows_{cap.law.number}_{cap.number}", alias)
        t.join(query, windows, t.equal(t.col("day", alias), day), "LEFT")
        first, last, year = _dates(cap)
        for name, column in ((first, "first"), (last, "last"), (year, "year")):
            query.select(t.named(t.col(column, alias), name), copy=False)

    def _columns(self, caps: list[Cap]) -> list[str]:
        return [*ITEM, *(n for cap in caps for n in _asked(cap))]

    # --- windows ------------------------------------------------------------------------------------------------------

    def placed(self, cap: Cap, query: Any) -> Any | None:
        """Items with the window they are in (``key…``), its limit, and whether the cap concerns them (``member``)."""
        c, cases = cap.number, self.accounts.cases
        member = [t.compare(t.col(f"c{c}", "a"), ">", t.lit(0)), t.compare(t.col("high", "a"), ">", t.lit(0))]
        year: Tree = t.col("period", "a")
        times: Tree | None = None
        keys: list[Tree]
        match cap.window:
            case tree.PerActivity():
                keys = [t.col("record_id", "b")]
                if cases.split:
                    year = t.over(t.call("MAX", year), [t.col("record_id", "a")])
            case tree.PerField():
                value = t.col(f"f{c}", "b")
                own = t.case([(t.missing(value.copy()), t.col("record_id", "b"))], t.lit(None))
                keys = [t.col("period", "b"), value, own]
                member += within(t.col("period", "a"), cap.years)
            case tree.PerDay():
                keys = [t.col("start", "b"), t.col("end", "b")]
                times = t.days_between(t.col("start", "b"), t.col("end", "b"))
                member += within(t.col("period", "a"), cap.years)
                if cases.moved:
                    inside = t.case([(t.both(*(m.copy() for m in member)), t.col("period", "a"))], t.lit(None))
                    year = t.over(t.call("MAX", inside), [t.col(n, "a") for n in ("person_id", "start", "end")])
            case tree.PerYears(count=1):
                keys = [t.col("period", "b")]
            case tree.PerYears(count=count, starting=starting):
                keys = [t.col("year", "b")]
                member.append(t.compare(year.copy(), ">=", t.lit(starting or 0)))
                year = t.add([block(year, count, starting or 0), t.lit(count - 1)])
            case tree.Within():
                first, last, ends = _dates(cap)
                keys = []
                year = t.col(ends, "a")
                member.append(t.compare(t.col("end", "a"), ">=", t.col(first, "a")))
                member.append(t.compare(t.col("end", "a"), "<=", t.col(last, "a")))
            case _:
                return None  # a rolling window that is not exceeded cuts nothing
        placed = t.beside("a", query, year=year, inside=t.coalesce(t.both(*member), t.lit(False)))
        most: Tree = t.col("l0", "l")
        if times is not None:
            most = t.multiplied(most, times)
        member_ = t.both(t.col("inside", "b"), t.present(t.col("l0", "l")))
        windows = {f"key{i}": key for i, key in enumerate(keys)}
        limited = t.beside("b", placed, limit=most, member=member_, **windows)
        limit = limit_of(cap, t.col("year", "b"), t.col("rp", "b"))
        return t.join(limited, t.table(cap.limits, "l"), limit, "LEFT")

    @staticmethod
    def window(cap: Cap, query: Any, apart: Sequence[str] = ()) -> tuple[list[Tree], list[Tree]]:
        """What parts placed items (alias ``e``) into windows, and their order in one. ``apart``: what keeps rows apart
        beside these."""
        keys = [n for n in t.names_of(query) if n.startswith("key")]
        window = [t.col(n, "e") for n in ("person_id", "member", *keys, *apart)]
        return window, [t.col(n, "e") for n in (f"r{cap.number}", "day", "record_id", "period")]

    # --- what is left -------------------------------------------------------------------------------------------------

    def _keep_open(self, law: Law, caps: list[Cap]) -> set[bool]:
        """The table of touched periods in which an amount or a member is open, and which there are. ``loose``: the
        person's bounds are not those of two runs (``allocate.Account.exact``)."""
        query = t.select(**t.cols("h", "person_id", "period"))
        query.from_(t.table(f"hot_{law.number}", "h"), copy=False)
        unsure = (t.equal(t.col(f"c{cap.number}", "h"), t.lit(2)) for cap in caps)
        query.where(t.either(t.compare(t.col("low", "h"), "<>", t.col("high", "h")), *unsure), copy=False)
        found = f"open_found_{law.number}"
        self.host.keep(found, query.distinct(copy=False))
        if not self.host.rows(t.select_all(found).limit(1, copy=False)):
            return set()
        marked = t.select(**t.cols("o", "person_id", "period"))
        marked.from_(t.table(found, "o"), copy=False)
        loose: Tree = t.lit(True)
        queries = [self._loose_persons(law, caps, cap, found) for cap in caps if cap.least is not None]
        if law.prepared.later.exact and queries:
            persons = t.select(person_id=t.col("person_id", "q")).from_(t.sub(t.union(*queries), "q"), copy=False)
            t.join(marked, t.sub(persons.distinct(copy=False), "z"), t.same_person("z", "o"), "LEFT")
            loose = t.present(t.col("person_id", "z"))
        self.host.keep(_open(law), marked.select(t.named(loose, "loose"), copy=False))
        kinds = t.select(loose=t.col("loose")).from_(t.table(_open(law)), copy=False).distinct(copy=False)
        return {loose for (loose,) in self.host.rows(kinds)}

    def _loose_persons(self, law: Law, caps: list[Cap], cap: Cap, among: str) -> Any:
        """Of the persons in a table those with a window that the cap cuts, of which a member is not sure, or lies on
        days of an earlier period, too."""
        items = self._hot(law, caps)
        items.where(t.found_in(t.col("person_id", "h"), "person_id", among), copy=False)
        query = t.select(person_id=t.col("person_id", "p")).from_(t.sub(self.cutting(cap, items), "p"), copy=False)
        loose = [t.equal(t.col(f"c{cap.number}", "p"), t.lit(2))]
        if isinstance(cap.window, tree.PerDay):
            began = t.period(t.col("start", "p"), law.plan.year_start)
            loose.append(t.compare(began, "<", t.col("period", "p")))
        return query.where(t.either(*loose), copy=False)

    def cutting(self, cap: Cap, items: Any) -> Any:
        """The items of windows that hold more than their limits, and that the cap may cut therefore: in which one
        (``head``: its first record), and where in it (``place``)."""
        query = self.placed(cap, items)
        assert query is not None, "a window of several years is left to the reference evaluator where something is open"
        window, order = self.window(cap, query)
        held = t.sum_over(t.col("high", "e"), [w.copy() for w in window])
        windows = t.beside(
            "e", query,
            head=t.over(t.call("MIN", t.col("record_id", "e")), [w.copy() for w in window]),
            place=t.rank(window, order),
            cuts=t.both(t.col("member", "e"), t.compare(held, ">", t.col("limit", "e"))),
        )  # fmt: skip
        return t.beside("p", windows).where(t.col("cuts", "p"), copy=False)

    def open_items(self, law: Law, caps: list[Cap], loose: bool | None = None) -> Any:
        """The touched items of periods in which something is open. ``loose``: only those that are or are not."""
        query = t.join(self._hot(law, caps), t.table(_open(law), "o"), t.same_row("o", "h"))
        if loose is None:
            return query
        return query.where(t.col("loose", "o") if loose else t.negate(t.col("loose", "o")), copy=False)

    def _settled(self, law: Law, caps: list[Cap], is_open: bool) -> Any:
        """The touched items of the other periods."""
        query = self._hot(law, caps)
        if is_open:
            t.join(query, t.table(_open(law), "o"), t.same_row("o", "h"), "LEFT")
            query.where(t.missing(t.col("person_id", "o")), copy=False)
        return query

    def _hot(self, law: Law, caps: list[Cap]) -> Any:
        query = t.select(**t.cols("h", *self._columns(caps)))
        return query.from_(t.table(f"hot_{law.number}", "h"), copy=False)

    def _spread(self, law: Law, caps: list[Cap], amounts: Amounts, items: Any) -> Any:
        """What each item counts, cap after cap, and as bits which of them cut it."""
        query = items
        for name, (before, _) in amounts.items():
            query.select(t.named(t.col(before, "h"), name), copy=False)
        query.select(t.named(t.cast(t.lit(0), "BIGINT"), "cuts"), copy=False)
        for cap in caps:
            if cap.least is not None:
                query = self._cut(cap, query, amounts)
        handed = ["record_id", "person_id", "period", "low", "high", "kind", "cuts"]
        least, most = [*amounts, *amounts][:2]
        return t.select(
            **t.cols("z", *handed), counted_low=t.col(least, "z"), counted_high=t.col(most, "z"), plan=t.lit(law.number)
        ).from_(t.sub(query, "z"), copy=False)

    def _cut(self, cap: Cap, query: Any, amounts: Amounts, apart: Sequence[str] = ()) -> Any:
        """One more cap: each item in order takes at most what its window has left."""
        named = t.names_of(query)
        limited = self.placed(cap, query)
        if limited is None:
            return query
        if amounts is LOOSE:
            left = self._cut_loosely(cap, limited)
        else:
            cut = {f"{n}_left": self._left(cap, limited, n, before, apart) for n, (_, before) in amounts.items()}
            left = t.beside("e", limited, **cut)
        fell = (t.compare(t.col(f"{n}_left", "g"), "<", t.col(n, "g")) for n in [*amounts][:2])
        cuts = t.add([t.col("cuts", "g"), t.case([(t.either(*fell), t.lit(1 << cap.number))], t.lit(0))])
        done = ("cuts", *_asked(cap))
        kept = {n: t.col(f"{n}_left" if n in amounts else n, "g") for n in named if n not in done}
        return t.select(**kept, cuts=cuts).from_(t.sub(left, "g"), copy=False)

    def _cut_loosely(self, cap: Cap, limited: Any) -> Any:
        """Bounds where a member may be unsure (``allocate.Account._carry_bounds``): an item comes after the others at
        their most, and after what those that are surely under the cap keep at least; one that may not be keeps its
        most."""
        left = {n: self._left(cap, limited, n, before) for n, (_, before) in LOOSE.items()}
        first = t.beside("e", limited, least_left=left["least"])
        sure = t.equal(t.col(f"c{cap.number}", "e"), t.lit(1))
        second = t.beside("e", first, taken=t.case([(sure, t.col("least_left", "e"))], t.lit(0)))
        return t.beside("e", second, most_left=t.case([(sure.copy(), left["most"])], t.col("most", "e")))

    def _left(self, cap: Cap, limited: Any, name: str, before: str, apart: Sequence[str] = ()) -> Tree:
        """What is left of an amount after what came before in its window."""
        taken = t.running(t.col(before, "e"), *self.window(cap, limited, apart))
        left = t.greatest(t.lit(0), t.least(t.col(name, "e"), t.minus(t.col("limit", "e"), taken)))
        return t.case([(t.col("member", "e"), left)], t.col(name, "e"))

    # --- what sums lose -----------------------------------------------------------------------------------------------

    def _losses(self) -> Any:
        """What the caps take from the items of every sum of a person and period, and altogether (``cut``)."""
        columns: dict[str, Tree] = {}
        for s in range(self.accounts.sums):
            for kind, bound, member in (("l", "low", "t"), ("h", "high", "n")):
                lost = t.minus(t.col(bound, "c"), t.col(f"counted_{bound}", "c"))
                columns[f"{kind}{s}"] = t.wide_sum(t.times(lost, t.col(f"{member}{s}", "k")) if s else lost)
        cut = t.wide_sum(t.minus(t.col("low", "c"), t.col("counted_low", "c")))
        query = t.select(**t.cols("c", "person_id", "period"), **columns, cut=cut)
        query.from_(t.table("counted", "c"), copy=False)
        t.join(query, t.table("case_kinds", "k"), t.agree("k", "c", "kind"))
        return t.grouped_by(query, "c", "person_id", "period")

    def _run(self, law: Law, caps: list[Cap]) -> Any:
        """What each item of open periods loses (``lost``) in two runs of the caps for every sum.

        In the low run (``b`` 0) the items of the sum are at their least and the others at their most, in the high run
        the reverse; items that may belong to it are others in the low run and its own in the high run.
        """
        numbers = range(len(law.sums))
        runs = f"runs_{law.number}"  # laws have different sums
        self.host.load(runs, {"s": "INTEGER", "b": "INTEGER"}, [(s, b) for s in numbers for b in (0, 1)])
        belongs = [t.switch(t.col("s", "v"), [(t.lit(s), t.col(f"{kind}{s}", "k")) for s in numbers if s], t.lit(1))
                   for kind in "tn"]  # fmt: skip
        own = t.case([(t.equal(t.col("b", "v"), t.lit(0)), belongs[0])], belongs[1])
        value = t.case([(t.equal(own, t.col("b", "v")), t.col("high", "h"))], t.col("low", "h"))
        query = self.open_items(law, caps, loose=False)
        t.join(query, t.table("case_kinds", "k"), t.agree("k", "h", "kind"))
        t.join(query, t.table(runs, "v"), t.lit(True), "CROSS")
        run = {"s": t.col("s", "v"), "b": t.col("b", "v"), "own": own.copy(), "before": value, "value": value.copy()}
        for name, column in (*run.items(), ("cuts", t.cast(t.lit(0), "BIGINT"))):
            query.select(t.named(column, name), copy=False)
        for cap in caps:
            if cap.least is not None:
                query = self._cut(cap, query, SETTLED, ("s", "b"))
        lost = t.times(t.minus(t.col("before", "q"), t.col("value", "q")), t.col("own", "q"))
        item = t.cols("q", "person_id", "period", "s", "b")
        return t.select(**item, lost=lost).from_(t.sub(query, "q"), copy=False)

    def _run_losses(self, runs: Sequence[Any]) -> Any:
        """What sums of open periods lose beyond what their items lose one by one."""
        columns = {}
        for s in range(self.accounts.sums):
            for b, kind in enumerate("lh"):
                this = t.both(t.equal(t.col("s", "q"), t.lit(s)), t.equal(t.col("b", "q"), t.lit(b)))
                columns[f"{kind}{s}"] = t.wide_sum(t.case([(this, t.col("lost", "q"))], t.lit(0)))
        result = t.select(**t.cols("q", "person_id", "period"), **columns)
        result.from_(t.sub(t.union(*runs), "q"), copy=False)
        t.grouped_by(result, "q", "person_id", "period")
        beyond = {n: t.minus(t.col(n, "r"), t.col(n, "c")) for n in columns}
        more = t.select(**t.cols("r", "person_id", "period"), **beyond)
        return t.join(more.from_(t.sub(result, "r"), copy=False), t.table("losses", "c"), t.same_row("c", "r"))


def _open(law: Law) -> str:
    return f"open_periods_{law.number}"


def _dates(cap: Cap) -> tuple[str, str, str]:
    return f"first{cap.number}", f"last{cap.number}", f"ends{cap.number}"


def _asked(cap: Cap) -> list[str]:
    """The columns of an item that a cap asks for beside those of all."""
    names = [f"c{cap.number}", f"r{cap.number}"]
    if isinstance(cap.window, tree.PerField):
        names.append(f"f{cap.number}")
    return [*names, *_dates(cap)] if isinstance(cap.window, tree.Within) else names
