"""The items that caps may concern: items go in; the tables ``members`` and ``sums`` (by person and period) come out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.items import Items
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.trees import Tree
from policyengine.language import tree

MOST_BITS = 62  # of a whole number


@dataclass(slots=True)
class Members:
    """The items of all laws, as far as caps may concern them."""

    items: Items

    @property
    def cases(self) -> Cases:
        return self.items.cases

    @property
    def host(self) -> Any:
        return self.cases.sources.host

    @property
    def places(self) -> range:
        """The places of caps."""
        return range(max(len(law.plan.caps) for law in self.cases.sources.laws))

    def _named(self) -> Tree | None:
        """A condition on the columns of records that holds for every record under some cap; None: all may be."""
        fields: dict[str, set[str]] = {}
        for law in self.cases.sources.laws:
            for rule in law.prepared.later.caps:
                if not rule.named or rule.owner is None:
                    return None
                fields.setdefault(rule.owner, set()).update(rule.named)
        records = self.cases.sources.records
        conditions = []
        for name, terms in sorted(fields.items()):
            value = records.value(name)
            ordered = sorted(terms)
            named = t.among(value, [t.lit(term) for term in ordered])
            if self.cases.lacks(name):
                named = t.either(named, t.missing(value.copy()))
            elif len(fields) == 1:  # a range can be tested while the file is read, so that other columns are skipped
                low, high = (
                    t.compare(value.copy(), ">=", t.lit(ordered[0])),
                    t.compare(value.copy(), "<=", t.lit(ordered[-1])),
                )
                named = t.both(named, low, high)
            conditions.append(named)
        return t.either(*conditions)

    def keep(self) -> None:
        """Keep the items that some cap may concern: then the records are read once for all caps."""
        laws, caps = self.cases.sources.laws, self.places
        fields = {w.field for law in laws for r in law.plan.caps if isinstance(w := r.statement.window, tree.PerField)}
        columns = {f"of_{n}": self.cases.sources.records.value(n) for n in sorted(fields)}
        names = [
            "record_id", "person_id", "rp", "day", "start", "end", "period", "low", "high", "kind", *columns,
            *(["whole"] if self.cases.split else []),
        ]  # fmt: skip
        query = t.select(**t.cols("i", *names))
        wanted = ("kind", *(f"c{c}" for c in caps))
        query.from_(t.sub(self.items.items(wanted, self._named(), **columns), "i"), copy=False)
        members = (t.compare(t.col(f"c{c}", "i"), ">", t.lit(0)) for c in caps)
        query.where(t.both(t.either(*members), t.compare(t.col("high", "i"), ">", t.lit(0))), copy=False)
        self.host.keep("members", query)

    def rows(self, wanted: Iterable[str], **fields: str) -> Any:
        """The items that some cap may concern, with fields of their records under other names. What all items of a kind
        have in common is looked up."""
        own = ["record_id", "person_id", "rp", "day", "start", "end", "period", "low", "high"]
        own += ["whole"] if self.cases.split else []
        query = t.select(
            **t.cols("m", *own),
            **t.cols("k", *dict.fromkeys(("plan", *wanted))),
            **{n: t.col(f"of_{of}", "m") for n, of in fields.items()},
        ).from_(t.table("members", "m"), copy=False)
        return t.join(query, t.table("case_kinds", "k"), t.agree("k", "m", "kind"))

    def add_up(self) -> None:
        """The table ``sums``: a row per person and period that caps concern, before any of them.

        For cap ``c``: ``k`` what its items hold at most, ``u`` whether one is under it perhaps, ``o`` whether an order
        is open, ``a`` the most of one record. ``doubt``: whether some amount is open; ``many``: how many there are.
        """
        laws = self.cases.sources.laws
        high, bits = t.col("high", "m"), 2 * len(self.places)
        if bits >= MOST_BITS:
            raise Inexpressible("more than thirty caps")
        doubt = t.case([(t.compare(t.col("low", "m"), "<>", high.copy()), t.lit(1 << bits))], t.lit(0))
        columns: dict[str, Tree] = {"plan": t.call("MAX", t.col("plan", "k")), "rp": t.call("MAX", t.col("rp", "m"))}
        columns["many"] = t.count()
        found: dict[str, Tree] = {}
        for c in self.places:
            member = t.col(f"m{c}", "k")
            windows = [law.plan.caps[c].statement.window for law in laws if c < len(law.plan.caps)]
            if any(isinstance(w, tree.PerActivity) for w in windows):
                columns[f"a{c}"] = t.call("MAX", t.times(t.greatest(high.copy(), self._whole()), member))
            columns[f"k{c}"] = t.limited_sum(t.times(high.copy(), member.copy()))
            found |= {f"{kind}{c}": t.flag(t.bit(t.col("open", "s"), 2 * c + n)) for n, kind in enumerate("uo")}
        found["doubt"] = t.flag(t.bit(t.col("open", "s"), bits))
        open_ = t.call("BIT_OR", t.add([t.col("open", "k"), doubt]))  # one state for each group instead of many
        query = t.select(**t.cols("m", "person_id", "period"), **columns, open=open_)
        query.from_(t.table("members", "m"), copy=False)
        t.join(query, t.sub(self._kinds(), "k"), t.agree("k", "m", "kind"))
        t.grouped_by(query, "m", "person_id", "period")
        named = t.cols("s", "person_id", "period", *columns)
        self.host.keep("sums", t.select(**named, **found).from_(t.sub(query, "s"), copy=False))

    def _kinds(self) -> Any:
        """Which caps concern the items of a kind (``m``, 1 or 0), and as bits how far that is open."""
        members, bits = {}, []
        for c in self.places:
            concerned = t.col(f"c{c}", "k")
            members[f"m{c}"] = t.cast(t.flag(t.compare(concerned, ">", t.lit(0))), "BIGINT")
            for n, state in enumerate((2, 3)):
                bits.append(t.case([(t.equal(concerned.copy(), t.lit(state)), t.lit(1 << (2 * c + n)))], t.lit(0)))
        query = t.select(**t.cols("k", "kind", "plan"), **members, open=t.cast(t.add(bits), "BIGINT"))
        return query.from_(t.table("case_kinds", "k"), copy=False)

    def _whole(self) -> Tree:
        """What the whole record of an item may count at most."""
        return t.col("whole", "m") if self.cases.split else t.lit(0)
