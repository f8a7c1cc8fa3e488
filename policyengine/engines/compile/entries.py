"""The ledger, and what is read back from it: counted items go in; out come the table ``entries`` (a row per record and
asked period), ``totals`` (sums per person and period) and ``doubts`` (facts that open items lack).

The ledger is written once, and it is the last look at all records: sums and doubts are taken from it, because it has
few and small columns. Where a policy looks beyond the asked periods, sums are taken from the records instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policyengine.engines.calendar import period_of
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.accounts import Accounts
from policyengine.engines.compile.figures import Columns
from policyengine.engines.compile.items import unrouted
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.shares import Share
from policyengine.engines.compile.trees import Tree
from policyengine.engines.ledger import OPEN as OPEN_REASONS
from policyengine.language import tree
from policyengine.light import dataclass

WORDS = ("reason", "recognise", "convert", "assign", "open", "counted")
REASONS = (
    "counted", "capped", "duplicate", "rejected", "not_recognised", "missing_fact", "no_conversion", "no_exchange",
    "outside_period", "ambiguous", "no_policy",
)  # fmt: skip


@dataclass(slots=True)
class Entries:
    """``asked``: first and last period that decisions are about, by law. ``kept``: whether the table ``entries`` is
    there to read back from; ``kinds``: types of the rule columns."""

    accounts: Accounts
    asked: list[tuple[int, int]]
    kept: bool = False
    kinds: Any = None

    @property
    def host(self) -> Any:
        return self.accounts.host

    # --- words --------------------------------------------------------------------------------------------------------

    def load_words(self, others: Iterable[tuple[str, str, str, str]] = ()) -> None:
        """The words of the ledger by number, and by number and sum the facts that they lack (``lacking``; ``own``: to
        settle an open amount, else whether it belongs to the sum). ``others``: rule columns of rows that come from
        elsewhere."""
        cases, sums = self.accounts.cases, range(self.accounts.sums)
        texts: list[set[str]] = [{""}, {""}, {""}, {""}]
        for w in cases.words:
            for column, text in zip(texts, (w.recognise, w.convert, w.assign), strict=False):
                column.add(text)
        cuts = self._cut_words()
        texts[3].update((*(text for _, _, text in cuts), *cases.once))
        for row in others:
            for column, text in zip(texts, row, strict=True):
                column.add(text)
        kinds = [t.enumeration(sorted(column)) for column in texts]
        shape: dict[str, Any] = {"d": "INTEGER", "plan": "INTEGER", "reason": t.enumeration(REASONS)}
        shape |= {"recognise": kinds[0], "convert": kinds[1], "assign": kinds[2]}
        shape |= {"open": "INTEGER", "counted": "INTEGER", "rl": "BIGINT", "rh": "BIGINT", "miss": "INTEGER"}
        shape |= {"unsure": "INTEGER"}
        for s in sums:
            shape |= {f"t{s}": "BIGINT", f"n{s}": "BIGINT"}
        rows, lacking, belongs = [], [], []
        for w, number in cases.words.items():
            said: dict[str, Any] = {
                "d": number, "plan": w.plan, "reason": w.reason, "recognise": w.recognise, "convert": w.convert,
                "assign": w.assign, "open": int(w.reason in OPEN_REASONS), "counted": int(w.reason == "counted"),
                "rl": int(w.state == 1), "rh": int(w.state != 0), "miss": cases.list_of(w.missing),
                "unsure": int(any(truth is None for truth, _ in w.sums)),
            }  # fmt: skip
            for s, (truth, lacks) in enumerate(w.sums):
                said |= {f"t{s}": int(truth is True), f"n{s}": int(truth is not False)}
                if truth is not False:
                    belongs.append((number, s))
                if truth is not False and w.missing:
                    lacking.append((number, s, said["miss"], True))
                if truth is None and lacks:
                    lacking.append((number, s, cases.list_of(lacks), False))
            rows.append(tuple(said.get(name) for name in shape))
        self.host.load("words", shape, rows)
        shape = {"d": "INTEGER", "sum": "INTEGER", "miss": "INTEGER", "own": "BOOLEAN"}
        self.host.load("lacking", shape, lacking)
        self.host.load("belongs", {"d": "INTEGER", "sum": "INTEGER"}, belongs)
        self.host.load("cut_words", {"plan": "INTEGER", "cuts": "BIGINT", "text": kinds[3]}, cuts)
        self.kinds = kinds
        self._worded()

    def _worded(self) -> None:
        """The table of cases with their words, so that one look-up gives both."""
        cases = self.accounts.cases
        names = [*self.host.columns("cases")]
        query = t.select(**t.cols("c", *names), **t.cols("w", *WORDS))
        query.from_(t.table("cases", "c"), copy=False)
        self.host.keep("worded", t.join(query, t.table("words", "w"), t.agree("w", "c", "d")))
        cases.table = "worded"
        if self.accounts.cuts:
            names = ["record_id", "period", "counted_low", "counted_high", "cuts"]
            text = t.select(**t.cols("h", *names), cap_rule=t.col("text", "k"))
            text.from_(t.table("counted", "h"), copy=False)
            self.host.keep("counted_words", t.join(text, t.table("cut_words", "k"), t.agree("k", "h", "plan", "cuts")))

    def _cut_words(self) -> list[tuple[int, int, str]]:
        """The keys of the caps that cut an item, by law and mask."""
        if not self.accounts.cuts:
            return []
        query = t.select(plan=t.col("plan"), cuts=t.col("cuts")).from_(t.table("counted"), copy=False)
        found = []
        for plan, mask in self.host.rows(query.distinct(copy=False)):
            keys = [cap.rule.key for cap in self.accounts.caps[plan] if mask & (1 << cap.number)]
            found.append((plan, mask, "+".join(keys)))
        return found

    # --- the ledger ---------------------------------------------------------------------------------------------------

    def rows(self, full: bool = True) -> Any:
        """A row per record and asked period, or one that says that it counts in none (``ledger.ledger``).

        ``open_converted`` and ``open_counted``: how much more it may be. ``case``: the number of its words.
        """
        records = self.accounts.cases.sources.records
        columns = {}
        if full:
            columns = {name: records.value(name) for name in ("form", "subject", "quantity", "unit")}
            columns = {f"own_{name}": value for name, value in columns.items()}
        inside = self._rows(self.accounts.counted_items(WORDS, **columns), columns)
        if not self.accounts.cases.split:
            return inside
        inside.where(self._inside("i"), copy=False)
        return t.union(inside, self._outside(columns))

    def _inside(self, alias: str) -> Tree:
        first, last = self._bounds(alias)
        period = t.col("period", alias)
        return t.both(t.compare(period, ">=", first), t.compare(period.copy(), "<=", last))

    def _bounds(self, alias: str) -> tuple[Tree, Tree]:
        """The first and last asked period of a row's law."""
        sides = []
        for side in (0, 1):
            usual = self.asked[0][side]
            others = [(t.lit(n), t.lit(span[side])) for n, span in enumerate(self.asked) if span[side] != usual]
            sides.append(t.switch(t.col("plan", alias), others, t.lit(usual)))
        return sides[0], sides[1]

    def _rows(self, items: Any, columns: Iterable[str]) -> Any:
        """The ledger's rows of some items."""
        inside, cuts = self._inside("i"), self.accounts.cuts
        within = self._all_inside()
        kind = t.enumeration(REASONS)
        reasons: list[tuple[Tree, Tree]] = []
        if not within:
            reasons.append((t.negate(inside.copy()), t.cast(t.lit("outside_period"), kind)))
        if self.accounts.cases.once:
            once = t.both(t.present(t.col("dup", "i")), t.equal(t.col("open", "i"), t.lit(1)))
            reasons.append((once, t.cast(t.lit("duplicate"), kind)))
        if cuts:
            cut = t.compare(t.col("cuts", "i"), "<>", t.lit(0))
            even = t.equal(t.col("low", "i"), t.col("high", "i"))
            capped = t.both(cut, t.equal(t.col("counted", "i"), t.lit(1)), even)
            reasons.append((capped, t.cast(t.lit("capped"), kind)))
        zero = t.cast(t.lit(0), "BIGINT")
        none = t.cast(t.lit(""), self.kinds[3])
        shown = {
            "converted": t.col("claimed_low", "i"),
            "counted": t.col("counted_low", "i"),
            "open_converted": t.minus(t.col("claimed_high", "i"), t.col("claimed_low", "i")),
            "open_counted": t.minus(t.col("counted_high", "i"), t.col("counted_low", "i")),
        }
        cap = t.coalesce(t.col("cap_rule", "i"), none) if cuts else none
        if self.accounts.cases.once:
            keys = [t.cast(t.lit(key), self.kinds[3]) for key in self.accounts.cases.once]
            rule = t.switch(t.col("dup", "i"), [(t.lit(n), key) for n, key in enumerate(keys, 1)], none.copy())
            cap = t.case([(once.copy(), rule)], cap)
        period: Tree = t.col("period", "i")
        if not within:
            shown = {name: t.case([(inside.copy(), amount)], zero.copy()) for name, amount in shown.items()}
            cap = t.case([(inside.copy(), cap)], none.copy()) if cuts or self.accounts.cases.once else cap
            period = t.case([(inside.copy(), period)], t.lit(None))
        return t.select(
            **t.cols("i", "record_id", "person_id"),
            period=period,
            **t.cols("i", *columns),
            **shown,
            recognise_rule=t.col("recognise", "i"),
            convert_rule=t.col("convert", "i"),
            assign_rule=t.col("assign", "i"),
            cap_rule=cap,
            reason=t.case(reasons, t.col("reason", "i")),
            case=t.col("d", "i"),
        ).from_(t.sub(items, "i"), copy=False)

    def _all_inside(self) -> bool:
        """Whether every record is known to count in asked periods."""
        cases = self.accounts.cases
        if cases.moved or cases.span is None:
            return False
        for law, asked in zip(cases.sources.laws, self.asked, strict=True):
            first, last = (period_of(day, law.plan.year_start) for day in cases.span)
            if first < asked[0] or last > asked[1]:
                return False
        return True

    def _outside(self, columns: dict[str, Tree]) -> Any:
        """Rows of records none of whose shares lies in an asked period."""
        cases = self.accounts.cases
        judged = cases.judged(WORDS, **{n: v.copy() for n, v in columns.items()})
        begin = t.case([(cases.is_split("j"), cases.period_of("start", "j"))], t.col("period", "j"))
        first, last = self._bounds("j")
        outside = t.either(t.compare(begin, ">", last), t.compare(t.col("period", "j"), "<", first))
        zero = t.cast(t.lit(0), "BIGINT")
        query = t.select(
            **t.cols("j", "record_id", "person_id"),
            period=t.cast(t.lit(None), "INTEGER"),
            **t.cols("j", *columns),
            **{n: zero.copy() for n in ("converted", "counted", "open_converted", "open_counted")},
            recognise_rule=t.col("recognise", "j"),
            convert_rule=t.col("convert", "j"),
            assign_rule=t.col("assign", "j"),
            cap_rule=t.cast(t.lit(""), self.kinds[3]),
            reason=t.cast(t.lit("outside_period"), t.enumeration(REASONS)),
            case=t.col("d", "j"),
        ).from_(t.sub(judged, "j"), copy=False)
        return unrouted(query.where(outside, copy=False), "j")

    def keep(self) -> None:
        """Keep the ledger as a table, to read back from and to show."""
        self.host.keep("entries", self.rows())
        self.kept = True

    # --- sums ---------------------------------------------------------------------------------------------------------

    @property
    def _read_back(self) -> bool:
        """Whether sums are those of the ledger."""
        beyond = any(map(looks_beyond, self.accounts.cases.sources.laws)) and not self._all_inside()
        return self.kept and not beyond

    @property
    def open_kept(self) -> bool:
        """Whether ``open_items`` has all that is open of the ledger."""
        return self._read_back and self.accounts.cases.doubtful

    @property
    def _open_table(self) -> str:
        """Where open items stand: those of the ledger, or of the records, which have days."""
        anchored = any(
            isinstance(r.rule.statement.window, tree.Within)  # type: ignore[attr-defined]
            for law in self.accounts.cases.sources.laws
            for r in law.prepared.later.require
        )
        return "open_items" if self._read_back and not anchored else "open_dated"

    def prepare(self) -> None:
        """What is taken from the records, where the ledger does not say it."""
        if not self._read_back:
            self.host.keep("totals_all", self._totals_of_items())
        if self.accounts.cases.doubtful and self._open_table == "open_dated":
            self._keep_open_dated()

    def keep_totals(self, share: Share) -> None:
        """The table ``totals``: what every sum of a person and period comes to, and what caps cut off."""
        if not self._read_back:
            self.host.keep("totals", share.of(t.select_all(t.table("totals_all", "s")), "s"))
            return
        if self.open_kept:
            self._keep_open(share)
        self.host.keep("totals", self._totals_of_entries(share))

    def _keep_open(self, share: Share) -> None:
        """The table ``open_items``: the open rows of the ledger; ``case``: the number of their words."""
        own = ("record_id", "person_id", "period", "converted", "counted", "open_converted", "open_counted", "case")
        open_ = t.either(
            t.compare(t.col("open_counted", "i"), ">", t.lit(0)),
            t.both(t.equal(t.col("rh", "w"), t.lit(1)), t.compare(t.col("open_converted", "i"), ">", t.lit(0))),
            t.both(
                t.compare(t.col("rl", "w"), "<", t.col("rh", "w")),
                t.compare(t.col("converted", "i"), ">", t.lit(0)),
            ),
        )
        some = t.compare(t.add([t.col("counted", "i"), t.col("open_counted", "i")]), ">", t.lit(0))
        query = t.select(**t.cols("i", *own), open=open_, some=some, end=t.cast(t.lit(None), "DATE"))
        query.from_(t.table("entries", "i"), copy=False)
        t.join(query, t.table("words", "w"), t.equal(t.col("d", "w"), t.col("case", "i")))
        query.where(leaves_open("i", "w"), copy=False)
        self.host.keep("open_items", share.of(query, "i"))

    def _totals_of_entries(self, share: Share) -> Any:
        """Sums of the ledger's own rows."""
        numbers = range(self.accounts.sums)
        sums: dict[str, Tree] = {}
        for s in numbers:
            low = t.col("counted", "e")
            sums[f"l{s}"] = t.wide_sum(t.times(low, t.col(f"t{s}", "w")) if s else low)
        query = t.select(**t.cols("e", "person_id", "period"), **sums)
        query.from_(t.table("entries", "e"), copy=False)
        t.join(query, t.table("words", "w"), t.equal(t.col("d", "w"), t.col("case", "e")), "LEFT")
        query.where(t.both(t.present(t.col("period", "e")), t.present(t.col("case", "e"))), copy=False)
        t.grouped_by(share.of(query, "e"), "e", "person_id", "period")
        least = {f"l{s}": t.col(f"l{s}", "g") for s in numbers}
        most = {f"h{s}": t.col(f"l{s}", "g") for s in numbers}
        if self.open_kept:
            most = {n: t.add([value, t.coalesce(t.col(n, "o"), t.lit(0))]) for n, value in most.items()}
        both = t.select(**t.cols("g", "person_id", "period"), **least, **most)
        both.from_(t.sub(query, "g"), copy=False)
        if self.open_kept:
            t.join(both, t.sub(self._opened(), "o"), t.same_row("o", "g"), "LEFT")
        return self._with_cut(both, (*least, *most))

    def _opened(self) -> Any:
        """By how much sums of a person and period may be more, for their open rows."""
        sums: dict[str, Tree] = {}
        for s in range(self.accounts.sums):
            low, high = t.col("counted", "e"), t.add([t.col("counted", "e"), t.col("open_counted", "e")])
            if s:
                low, high = t.times(low, t.col(f"t{s}", "w")), t.times(high, t.col(f"n{s}", "w"))
            sums[f"h{s}"] = t.wide_sum(t.minus(high, low))
        query = t.select(**t.cols("e", "person_id", "period"), **sums)
        query.from_(t.table("open_items", "e"), copy=False)
        t.join(query, t.table("words", "w"), t.equal(t.col("d", "w"), t.col("case", "e")))
        return t.grouped_by(query, "e", "person_id", "period")

    def _totals_of_items(self) -> Any:
        """Sums over the records themselves, in whatever period they count, less what caps cut off."""
        wanted = [f"{kind}{s}" for s in range(1, self.accounts.sums) for kind in "tn"]
        before = t.select(**t.cols("i", "person_id", "period"), **self.accounts.sums_over("i", "low", "high")).from_(
            t.sub(self.accounts.items.items(wanted), "i"), copy=False
        )
        t.grouped_by(before, "i", "person_id", "period")
        sums = [f"{kind}{s}" for s in range(self.accounts.sums) for kind in "lh"]
        query = self._with_cut(before, sums, self.accounts.cuts)
        return unrouted(query, "s")

    def _with_cut(self, sums: Any, names: Iterable[str], less: bool = False) -> Any:
        """Sums, with what two runs of the caps say beyond the bounds of each item, beside what caps cut off altogether.
        ``less``: what caps take from each item is still to be taken off."""
        tables = {"c": "losses"} if self.accounts.cuts else {}
        tables |= {"x": "run_losses"} if self.accounts.open else {}
        off = [alias for alias in tables if less or alias == "x"]
        columns: Columns = t.cols("s", *names)
        for alias in off:
            columns = {n: t.minus(value, t.coalesce(t.col(n, alias), t.lit(0))) for n, value in columns.items()}
        query = t.select(
            **t.cols("s", "person_id", "period"),
            **{n: t.limited(value) for n, value in columns.items()},
            cut=t.cast(t.coalesce(t.col("cut", "c"), t.lit(0)) if tables else t.lit(0), "BIGINT"),
        ).from_(t.sub(sums, "s"), copy=False)
        for alias, table in tables.items():
            t.join(query, t.table(table, alias), t.same_row(alias, "s"), "LEFT")
        return query

    # --- doubts -------------------------------------------------------------------------------------------------------

    def keep_doubts(self, share: Share) -> None:
        """The table ``doubts``: for every sum the facts (lists by number) that open items of it lack."""
        query = t.select(**t.cols("i", "record_id", "person_id", "period", "end"), **t.cols("l", "miss", "sum")).from_(
            t.table(self._open_table, "i"), copy=False
        )
        t.join(query, t.table("lacking", "l"), t.equal(t.col("d", "l"), t.col("case", "i")))
        lacks = t.either(
            t.both(t.col("own", "l"), t.col("open", "i")), t.both(t.negate(t.col("own", "l")), t.col("some", "i"))
        )
        query.where(t.both(lacks, t.present(t.col("period", "i"))), copy=False)
        doubts = [share.of(query, "i")]
        if self.accounts.open:
            doubts.append(share.of(self._waits(), "w"))
        self.host.keep("doubts", t.union(*doubts))

    def _waits(self) -> Any:
        """For every sum the facts that items of it wait for under caps."""
        query = t.select(
            record_id=t.col("other", "w"), **t.cols("w", "person_id", "period", "end", "miss"), sum=t.col("sum", "b")
        ).from_(t.table("waits", "w"), copy=False)
        return t.join(query, t.table("belongs", "b"), t.equal(t.col("d", "b"), t.col("case", "w")))

    def _keep_open_dated(self) -> None:
        """The table ``open_dated``: open items with their days, from the records."""
        open_ = t.either(
            t.compare(t.col("low", "i"), "<>", t.col("high", "i")),
            t.compare(t.col("counted_low", "i"), "<>", t.col("counted_high", "i")),
        )
        query = t.select(
            **t.cols("i", "record_id", "person_id", "period", "end"),
            open=open_.copy(),
            some=t.compare(t.col("counted_high", "i"), ">", t.lit(0)),
            case=t.col("d", "i"),
        ).from_(t.sub(self.accounts.counted_items(), "i"), copy=False)
        t.join(query, t.table("words", "w"), t.agree("w", "i", "d"))
        unsure = t.equal(t.col("unsure", "w"), t.lit(1))
        self.host.keep("open_dated", query.where(t.either(open_, unsure), copy=False))


def leaves_open(row: str, words: str) -> Tree:
    """Whether a row of the ledger, or what is said of it, leaves something open."""
    amounts = (t.compare(t.col(f"open_{n}", row), "<>", t.lit(0)) for n in ("converted", "counted"))
    said = (t.compare(t.col("miss", words), "<>", t.lit(0)), t.compare(t.col("rl", words), "<", t.col("rh", words)))
    return t.either(*amounts, *said, t.equal(t.col("unsure", words), t.lit(1)))


def looks_beyond(law: Law) -> bool:
    """Whether decisions of a law rest on other periods than their own."""
    later = law.prepared.later
    windows = [r.rule.statement.window for r in later.require]  # type: ignore[attr-defined]
    if later.blocks or later.carry or any(isinstance(w, tree.AnyYears | tree.Within) for w in windows):
        return True
    return any(one.many > 1 for one in later.years_back)
