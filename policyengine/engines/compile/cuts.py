"""Caps applied in order, to the items of those people and periods that exceed one (``allocate.Account``).

Touched items go in; out come the tables ``counted`` (what is left of each) and ``losses`` (what the caps take from
every sum of a person and period). All amounts, members and limits are known here (``accounts.Accounts`` hands the
others to the reference evaluator). In its window an item takes what those before it have left, so that running sums
say everything: min(amount, limit - what came before), never below 0.
"""

from __future__ import annotations

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
        parts = []
        for law, caps in zip(self.accounts.cases.sources.laws, self.accounts.caps, strict=True):
            if caps:
                self._keep_touched(law, caps)
                parts.append(self._spread(law, caps))
        self.host.keep("counted", t.union(*parts))
        self.host.keep("losses", self._losses())
        hot = (f"hot_{law.number}" for law in self.accounts.cases.sources.laws)
        for table in ("members", "sums", *sorted(self.accounts.held), *hot):  # the largest that nothing asks any more
            self.host.drop(table)

    # --- the touched items --------------------------------------------------------------------------------------------

    def _keep_touched(self, law: Law, caps: list[Cap]) -> None:
        """The items that some cap of the law may cut."""
        fields = {f"f{cap.number}": cap.window.field for cap in caps if isinstance(cap.window, tree.PerField)}
        wanted = [f"{kind}{cap.number}" for cap in caps for kind in "cr"]
        wanted += [f"{kind}{s}" for s in range(1, self.accounts.sums) for kind in "tn"]
        hot = t.select(**{n: t.col(n, "i") for n in (*ITEM, *wanted, *fields)})
        hot.from_(t.sub(self.accounts.members.rows(wanted, **fields), "i"), copy=False)
        t.join(hot, t.table("touched", "x"), t.same_row("x", "i"))
        t.join(hot, t.table("routed", "y"), t.equal(t.col("person_id", "y"), t.col("person_id", "i")), "LEFT")
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

    # --- windows ------------------------------------------------------------------------------------------------------

    def _placed(self, cap: Cap, query: Any) -> tuple[Any, list[str]] | None:
        """Items with the window they are in (``key…``), its limit, and whether the cap concerns them; the keys."""
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
        named = [n for n in t.names_of(query) if n not in ("year", "member", "limit")]
        placed = t.select(
            **{n: t.col(n, "a") for n in named}, year=year, member=t.coalesce(t.both(*member), t.lit(False))
        ).from_(t.sub(query, "a"), copy=False)
        most: Tree = t.col("l0", "l")
        if times is not None:
            beyond = t.compare(most.copy(), ">=", t.lit(t.UNLIMITED // 2))
            most = t.case([(beyond, t.lit(t.UNLIMITED))], t.times(most, times))
        limited = t.select(
            **{n: t.col(n, "b") for n in named},
            limit=most,
            member=t.both(t.col("member", "b"), t.present(t.col("l0", "l"))),
            **{f"key{i}": key for i, key in enumerate(keys)},
        ).from_(t.sub(placed, "b"), copy=False)
        limit = limit_of(cap, t.col("year", "b"), t.col("rp", "b"))
        t.join(limited, t.table(cap.limits, "l"), limit, "LEFT")
        return limited, named

    # --- what is left -------------------------------------------------------------------------------------------------

    def _spread(self, law: Law, caps: list[Cap]) -> Any:
        """What each item counts, cap after cap, and as bits which of them cut it."""
        query: Any = t.select(
            **{n: t.col(n) for n in self._columns(caps)}, value=t.col("low"), cuts=t.cast(t.lit(0), "BIGINT")
        ).from_(t.table(f"hot_{law.number}"), copy=False)
        for cap in caps:
            if cap.least is not None:
                query = self._cut(cap, query)
        handed = ["record_id", "person_id", "period", "low", "high", "cuts"]
        handed += [f"{kind}{s}" for s in range(1, self.accounts.sums) for kind in "tn"]
        result = t.select(**{n: t.col(n, "z") for n in handed}, counted=t.col("value", "z"), plan=t.lit(law.number))
        return result.from_(t.sub(query, "z"), copy=False)

    def _cut(self, cap: Cap, query: Any) -> Any:
        """One more cap: each item in order takes at most what its window has left."""
        found = self._placed(cap, query)
        if found is None:
            return query
        limited, named = found
        keys = [n for n in t.names_of(limited) if n.startswith("key")]
        window = [t.col(n, "e") for n in ("person_id", "member", *keys)]
        order = [t.col(n, "e") for n in (f"r{cap.number}", "day", "record_id", "period")]
        left = _left(t.col("value", "e"), t.col("limit", "e"), t.running(t.col("value", "e"), window, order))
        others = [n for n in named if n not in ("value", "cuts")]
        level = t.select(
            **{n: t.col(n, "e") for n in (*others, "value", "cuts")},
            after=t.case([(t.col("member", "e"), left)], t.col("value", "e")),
        ).from_(t.sub(limited, "e"), copy=False)
        fell = t.compare(t.col("after", "g"), "<", t.col("value", "g"))
        cuts = t.add([t.col("cuts", "g"), t.case([(fell, t.lit(1 << cap.number))], t.lit(0))])
        return t.select(**{n: t.col(n, "g") for n in others}, value=t.col("after", "g"), cuts=cuts).from_(
            t.sub(level, "g"), copy=False
        )

    def _losses(self) -> Any:
        """What the caps take from every sum of a person and period, and altogether (``cut``)."""
        lost = t.minus(t.col("low", "c"), t.col("counted", "c"))
        columns = {
            f"{kind}{s}": t.wide_sum(t.times(lost.copy(), t.col(f"{member}{s}", "c")) if s else lost.copy())
            for s in range(self.accounts.sums)
            for kind, member in (("l", "t"), ("h", "n"))
        }
        query = t.select(
            person_id=t.col("person_id", "c"), period=t.col("period", "c"), **columns, cut=t.wide_sum(lost.copy())
        )
        query.from_(t.table("counted", "c"), copy=False)
        return query.group_by(t.col("person_id", "c"), t.col("period", "c"), copy=False)


def _left(value: Tree, limit: Tree, before: Tree) -> Tree:
    """What of an amount a limit leaves after what came before."""
    return t.greatest(t.lit(0), t.least(value, t.minus(limit, before)))


def _dates(cap: Cap) -> tuple[str, str, str]:
    return f"first{cap.number}", f"last{cap.number}", f"ends{cap.number}"
