"""Caps applied in order, to the items of those people and periods that exceed one (``allocate.Account``).

Touched items go in; out come the tables ``counted`` (what is left of each, with bounds) and ``losses`` (what the caps
take from every sum of a person and period). In its window an item takes what those before it have left, so that running
sums say everything: of fixed amounts, min(amount, limit - what came before), never below 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.accounts import Accounts, block
from policyengine.engines.compile.items import within
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.limits import Cap, limit_of
from policyengine.engines.compile.trees import Tree
from policyengine.language import tree

ITEM = ("record_id", "person_id", "rp", "day", "start", "end", "period", "low", "high")


@dataclass(slots=True)
class Cuts:
    """The caps of all laws over the items they touch."""

    accounts: Accounts

    @property
    def host(self) -> Any:
        return self.accounts.host

    def keep(self) -> None:
        """Make the tables ``counted`` and ``losses``."""
        parts, losses = [], []
        for law, caps in zip(self.accounts.cases.sources.laws, self.accounts.caps, strict=True):
            if caps:
                self._keep_touched(law, caps)
                parts.append(self._spread(law, caps))
        self.host.keep("counted", t.union(*parts))
        own = self.spread_losses()
        if self.accounts.cases.doubtful:
            for law, caps in zip(self.accounts.cases.sources.laws, self.accounts.caps, strict=True):
                if caps and law.prepared.later.exact and self.host.rows(self._open(law).limit(1, copy=False)):
                    self.host.keep(f"open_periods_{law.number}", self._open(law).distinct(copy=False))
                    losses.append(self._run_losses(law, caps))
                    t.join(
                        own,
                        t.table(f"open_periods_{law.number}", f"o{law.number}"),
                        t.same_row(f"o{law.number}", "c"),
                        "LEFT",
                    )
                    own.where(t.missing(t.col("person_id", f"o{law.number}")), copy=False)
        self.host.keep("losses", t.union(own, *losses))
        hot = (f"hot_{law.number}" for law in self.accounts.cases.sources.laws)
        for table in ("members", "sums", *sorted(self.accounts.held), *hot):  # the largest that nothing asks any more
            self.host.drop(table)

    # --- the touched items --------------------------------------------------------------------------------------------

    def _keep_touched(self, law: Law, caps: list[Cap]) -> None:
        """The items that some cap of the law may cut; ``loose``: bounds of the person are not those of two runs."""
        fields = {f"f{cap.number}": cap.window.field for cap in caps if isinstance(cap.window, tree.PerField)}
        wanted = [f"{kind}{cap.number}" for cap in caps for kind in "cr"]
        wanted += [f"{kind}{s}" for s in range(1, self.accounts.sums) for kind in "tn"]
        names = [*ITEM, *wanted, *fields]
        loose: Tree = t.lit(True)
        local = self.accounts.is_local(law)
        if law.prepared.later.exact and local:
            loose = t.present(t.col("person_id", "z"))
        hot = t.select(**{n: t.col(n, "i") for n in names}, loose=loose)
        hot.from_(t.sub(self.accounts.members.rows(wanted, **fields), "i"), copy=False)
        t.join(hot, t.table("touched", "x"), t.same_row("x", "i"))
        t.join(hot, t.table("routed", "y"), t.equal(t.col("person_id", "y"), t.col("person_id", "i")), "LEFT")
        if law.prepared.later.exact and local:
            person = t.equal(t.col("person_id", "z"), t.col("person_id", "i"))
            t.join(hot, t.table(f"loose_{law.number}", "z"), person, "LEFT")
        hot.where(
            t.both(
                t.equal(t.col("plan", "i"), t.lit(law.number)),
                t.missing(t.col("person_id", "y")),
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
            same = t.equal(t.col("person_id", persons), t.col("person_id", "i"))
            t.join(query, t.table(sources.names.persons or "", persons), same, "LEFT")
            day = t.col(window.field, persons)
        windows = t.table(f"windows_{cap.law.number}_{cap.number}", alias)
        t.join(query, windows, t.equal(t.col("day", alias), day), "LEFT")
        first, last, year = _dates(cap)
        for name, column in ((first, "first"), (last, "last"), (year, "year")):
            query.select(t.named(t.col(column, alias), name), copy=False)

    def _columns(self, caps: list[Cap]) -> list[str]:
        names = [*ITEM, *(f"{kind}{cap.number}" for cap in caps for kind in "cr")]
        names += [f"{kind}{s}" for s in range(1, self.accounts.sums) for kind in "tn"]
        names += [f"f{cap.number}" for cap in caps if isinstance(cap.window, tree.PerField)]
        return names + [n for cap in caps if isinstance(cap.window, tree.Within) for n in _dates(cap)]

    def _open(self, law: Law) -> Any:
        """The touched periods with open amounts of persons whose bounds are those of two runs."""
        query = t.select(person_id=t.col("person_id", "h"), period=t.col("period", "h"))
        query.from_(t.table(f"hot_{law.number}", "h"), copy=False)
        open_ = t.compare(t.col("low", "h"), "<>", t.col("high", "h"))
        return query.where(t.both(open_, t.negate(t.col("loose", "h"))), copy=False)

    # --- windows ------------------------------------------------------------------------------------------------------

    def _placed(self, cap: Cap, query: Any) -> tuple[Any, list[str]] | None:
        """Items with the window they are in (``key…``), its limits, and whether the cap concerns them; the keys."""
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
                year = t.add([block(year, count, starting or 0), t.lit(count - 1)])
            case tree.Within():
                first, last, ends = _dates(cap)
                keys = []
                year = t.col(ends, "a")
                member.append(t.compare(t.col("end", "a"), ">=", t.col(first, "a")))
                member.append(t.compare(t.col("end", "a"), "<=", t.col(last, "a")))
            case _:
                return None  # a rolling window that is not exceeded cuts nothing
        named = [n for n in _names(query) if n not in ("year", "member", "l0", "l1")]
        placed = t.select(
            **{n: t.col(n, "a") for n in named}, year=year, member=t.coalesce(t.both(*member), t.lit(False))
        ).from_(t.sub(query, "a"), copy=False)
        limits = {n: t.col(n, "l") for n in ("l0", "l1")}
        if times is not None:
            beyond = {n: t.compare(limit.copy(), ">=", t.lit(t.UNLIMITED // 2)) for n, limit in limits.items()}
            limits = {
                n: t.case([(beyond[n], t.lit(t.UNLIMITED))], t.times(limit, times.copy()))
                for n, limit in limits.items()
            }
        limited = t.select(
            **{n: t.col(n, "b") for n in named},
            **limits,
            member=t.both(t.col("member", "b"), t.present(t.col("l1", "l"))),
            **{f"key{i}": key for i, key in enumerate(keys)},
        ).from_(t.sub(placed, "b"), copy=False)
        limit = limit_of(cap, t.col("year", "b"), t.col("rp", "b"))
        t.join(limited, t.table(cap.limits, "l"), limit, "LEFT")
        return limited, named

    @staticmethod
    def _window(cap: Cap, query: Any, more: Sequence[str] = ()) -> tuple[list[Tree], list[Tree]]:
        """What parts the items of a cap into windows, and their order in one."""
        keys = [n for n in _names(query) if n.startswith("key")]
        partition = [t.col(n, "e") for n in ("person_id", "member", *keys, *more)]
        return partition, [t.col(n, "e") for n in (f"r{cap.number}", "day", "record_id", "period")]

    # --- bounds of each item ------------------------------------------------------------------------------------------

    def _spread(self, law: Law, caps: list[Cap]) -> Any:
        """What each item counts at least (``lo``) and at most (``hi``), cap after cap.

        ``rl`` and ``rh`` are the runs with every item at its least and at its most. For loose persons they are the
        bounds themselves, which each cap carries on (``allocate.Account._carry_bounds``).
        """
        names = self._columns(caps)
        query: Any = t.select(
            **{n: t.col(n) for n in (*names, "loose")},
            lo=t.col("low"), hi=t.col("high"), rl=t.col("low"), rh=t.col("high"), cuts=t.cast(t.lit(0), "BIGINT"),
        ).from_(t.table(f"hot_{law.number}"), copy=False)  # fmt: skip
        for cap in caps:
            if cap.least is not None:
                query = self._carried(cap, query)
        handed = ["record_id", "person_id", "period", "low", "high", "cuts"]
        handed += [f"{kind}{s}" for s in range(1, self.accounts.sums) for kind in "tn"]
        result = t.select(
            **{n: t.col(n, "z") for n in handed}, counted_low=t.col("lo", "z"), counted_high=t.col("hi", "z"),
            plan=t.lit(law.number),
        )  # fmt: skip
        return result.from_(t.sub(query, "z"), copy=False)

    def _carried(self, cap: Cap, query: Any) -> Any:
        """The bounds after one more cap."""
        found = self._placed(cap, query)
        if found is None:
            return query
        limited, named = found
        partition, order = self._window(cap, limited)
        most_before = t.running(t.col("rh", "e"), partition, order)
        keys = [n for n in _names(limited) if n.startswith("key")]
        lower = _left(t.col("lo", "e"), t.col("l0", "e"), most_before)
        level = t.select(
            **{n: t.col(n, "e") for n in (*named, "l0", "l1", "member", *keys)},
            lo1=t.case([(t.col("member", "e"), lower)], t.col("lo", "e")),
            most=most_before.copy(),
        ).from_(t.sub(limited, "e"), copy=False)
        sure = t.equal(t.col(f"c{cap.number}", "e"), t.lit(1))
        taken = t.case([(t.negate(t.col("loose", "e")), t.col("rl", "e")), (sure, t.col("lo1", "e"))], t.lit(0))
        least_before = t.running(taken, [p.copy() for p in partition], [o.copy() for o in order])
        bound = t.both(t.col("member", "e"), t.either(sure.copy(), t.negate(t.col("loose", "e"))))
        upper = _left(t.col("hi", "e"), t.col("l1", "e"), least_before)
        higher = t.select(
            **{n: t.col(n, "e") for n in (*named, "l0", "l1", "member", "lo1", "most")},
            hi1=t.case([(bound, upper)], t.col("hi", "e")),
            least=least_before.copy(),
        ).from_(t.sub(level, "e"), copy=False)
        runs = {
            "rl": _left(t.col("rl", "g"), t.col("l0", "g"), t.col("least", "g")),
            "rh": _left(t.col("rh", "g"), t.col("l0", "g"), t.col("most", "g")),
        }
        kept = {
            n: t.case([(t.col("loose", "g"), t.col(f"{own}1", "g")), (t.col("member", "g"), run)], t.col(n, "g"))
            for (n, run), own in zip(runs.items(), ("lo", "hi"), strict=True)
        }
        fell = t.either(
            t.compare(t.col("lo1", "g"), "<", t.col("lo", "g")), t.compare(t.col("hi1", "g"), "<", t.col("hi", "g"))
        )
        cuts = t.add([t.col("cuts", "g"), t.case([(fell, t.lit(1 << cap.number))], t.lit(0))])
        others = [n for n in named if n not in ("lo", "hi", "rl", "rh", "cuts")]
        return t.select(
            **{n: t.col(n, "g") for n in others}, lo=t.col("lo1", "g"), hi=t.col("hi1", "g"), **kept, cuts=cuts
        ).from_(t.sub(higher, "g"), copy=False)

    # --- what sums lose -----------------------------------------------------------------------------------------------

    def spread_losses(self) -> Any:
        """What the items' own bounds take from every sum of a person and period, and altogether (``cut``)."""
        return self._losses(t.table("counted", "c"), t.col("counted_low", "c"), t.col("counted_high", "c"))

    def _losses(self, relation: Any, low: Tree, high: Tree) -> Any:
        columns: dict[str, Tree] = {}
        for s in range(self.accounts.sums):
            for kind, before, after, member in (("l", "low", low, "t"), ("h", "high", high, "n")):
                lost = t.minus(t.col(before, "c"), after.copy())
                columns[f"{kind}{s}"] = t.wide_sum(t.times(lost, t.col(f"{member}{s}", "c")) if s else lost)
        cut = t.wide_sum(t.minus(t.col("low", "c"), t.col("counted_low", "c")))
        query = t.select(person_id=t.col("person_id", "c"), period=t.col("period", "c"), **columns, cut=cut)
        query.from_(relation, copy=False)
        return query.group_by(t.col("person_id", "c"), t.col("period", "c"), copy=False)

    def _run_losses(self, law: Law, caps: list[Cap]) -> Any:
        """The same for open periods with exact bounds: two runs of the caps for every sum.

        In the low run (``b`` 0) the items of the sum are at their least and the others at their most, in the high run
        the reverse; items that may belong to it are others in the low run and its own in the high run.
        """
        numbers = range(len(law.sums))
        runs = f"runs_{law.number}"  # laws have different sums
        self.host.load(runs, {"s": "INTEGER", "b": "INTEGER"}, [(s, b) for s in numbers for b in (0, 1)])
        names = self._columns(caps)
        own = {
            kind: t.switch(
                t.col("s", "v"),
                [(t.lit(s), t.col(f"{kind}{s}", "h")) for s in numbers if s],
                t.lit(1),
            )
            for kind in "tn"
        }
        low, high = t.col("low", "h"), t.col("high", "h")
        is_low = t.equal(t.col("b", "v"), t.lit(0))
        belongs = {kind: t.equal(value, t.lit(1)) for kind, value in own.items()}
        least = t.case([(belongs["t"], low)], high)
        most = t.case([(belongs["n"], high.copy())], low.copy())
        fixed = t.case([(is_low.copy(), least)], most)
        query: Any = t.select(
            **{n: t.col(n, "h") for n in names},
            s=t.col("s", "v"),
            b=t.col("b", "v"),
            own=t.case([(is_low, own["t"].copy())], own["n"].copy()),
            value=fixed,
            before=fixed.copy(),
        ).from_(t.table(f"hot_{law.number}", "h"), copy=False)
        t.join(query, t.table(f"open_periods_{law.number}", "o"), t.same_row("o", "h"))
        t.join(query, t.table(runs, "v"), t.lit(True), "CROSS")
        for cap in caps:
            if cap.least is not None:
                query = self._run(cap, query)
        lost = t.times(t.minus(t.col("before", "q"), t.col("value", "q")), t.col("own", "q"))
        columns = {}
        for s in range(self.accounts.sums):
            for b, kind in enumerate("lh"):
                this = t.both(t.equal(t.col("s", "q"), t.lit(s)), t.equal(t.col("b", "q"), t.lit(b)))
                columns[f"{kind}{s}"] = t.wide_sum(t.case([(this, lost.copy())], t.lit(0)))
        result = t.select(person_id=t.col("person_id", "q"), period=t.col("period", "q"), **columns)
        result.from_(t.sub(query, "q"), copy=False)
        result.group_by(t.col("person_id", "q"), t.col("period", "q"), copy=False)
        with_cut = t.select(**{n: t.col(n, "r") for n in _names(result)}, cut=t.col("cut", "c"))
        with_cut.from_(t.sub(result, "r"), copy=False)
        return t.join(with_cut, t.sub(self.spread_losses(), "c"), t.same_row("c", "r"))

    def _run(self, cap: Cap, query: Any) -> Any:
        """One cap over fixed amounts: each item in order takes at most what its window has left."""
        found = self._placed(cap, query)
        if found is None:
            return query
        limited, named = found
        partition, order = self._window(cap, limited, ("s", "b"))
        left = _left(t.col("value", "e"), t.col("l1", "e"), t.running(t.col("value", "e"), partition, order))
        return t.select(
            **{n: t.col(n, "e") for n in named if n != "value"},
            value=t.case([(t.col("member", "e"), left)], t.col("value", "e")),
        ).from_(t.sub(limited, "e"), copy=False)


def _left(value: Tree, limit: Tree, before: Tree) -> Tree:
    """What of an amount a limit leaves after what came before."""
    return t.greatest(t.lit(0), t.least(value, t.minus(limit, before)))


def _dates(cap: Cap) -> tuple[str, str, str]:
    return f"first{cap.number}", f"last{cap.number}", f"ends{cap.number}"


def _names(query: Any) -> list[str]:
    return [e.alias for e in query.expressions]
