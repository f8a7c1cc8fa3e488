"""The tables of a trace as queries: what was worked out goes in, one query per table comes out.

Figures are whole numbers: of the ledger in ticks, of decisions and findings in ``scale`` parts of a tick (sums of
decisions in ticks). ``missing`` columns are lists of texts; rule lists are joined by ``+`` in one step, else by ``; ``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policyengine.engines.calendar import label, period_bounds
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.accounts import Accounts
from policyengine.engines.compile.decided import Decided
from policyengine.engines.compile.periods import Periods
from policyengine.engines.compile.terms import Term, contested
from policyengine.engines.compile.trees import Tree
from policyengine.engines.compile.waits import fact_of
from policyengine.engines.compile.ways import OPEN
from policyengine.language import tree
from policyengine.trace import OUTCOMES

JOINED = "; "
NOT_MET = OUTCOMES.index("not_met")
SAID = {
    "id": "INTEGER", "k": "INTEGER", "status": "INTEGER", "rule": None, "measure": None, "comparison": None,
    "advisory": "BOOLEAN", "base": "BIGINT", "before": "BIGINT", "kind": "VARCHAR", "because": None,
    "circumstance": None, "lacks": "INTEGER", "sum": "INTEGER", "adrift": "INTEGER", "said": None,
    "share_of": "INTEGER",
}  # fmt: skip
"""The columns of the words of findings with their types; None: a few texts. ``said`` is the status in words."""
SAID_TEXTS = {name: place for place, (name, kind) in enumerate(SAID.items()) if kind is None and name != "said"}
"""Its texts that policies have, with their places."""
TEXTS = (
    *SAID_TEXTS, "policy", "unit", "period", "advisories", "consequences", "consequence_rules", "possible",
)  # fmt: skip
"""Text columns of decisions and findings that hold few texts, beside outcome and status."""


@dataclass(slots=True)
class Spoken:
    """Rows of the tables of words for one kind of span: of findings, carried hours, advisories, consequences, spans."""

    one: Decided
    said: list[tuple[Any, ...]]
    left: list[tuple[Any, ...]]
    advisories: list[tuple[Any, ...]]
    concluded: list[tuple[Any, ...]]
    spans: list[tuple[Any, ...]]


@dataclass(slots=True)
class Relations:
    """Queries over the tables of an evaluation. ``kinds``: types of text columns, by name."""

    accounts: Accounts
    periods: list[Periods]
    kinds: dict[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> Any:
        return self.accounts.host

    def load(self, others: Mapping[str, Iterable[str]]) -> None:
        """Load the words that rows name by number. ``others``: texts of rows that come from elsewhere, by column."""
        cases = self.accounts.cases
        spoken = [self._spoken(periods, one) for periods in self.periods for one in periods.decided]
        self._settle_kinds(spoken, others)
        for words in spoken:
            self._load_words(words)
        facts = [(number, fact) for names, number in cases.lists.items() for fact in names]
        self.host.load("facts", {"id": "INTEGER", "fact": "VARCHAR"}, facts)
        lists = [(number, list(names)) for names, number in cases.lists.items()]
        self.host.load("lists", {"id": "INTEGER", "facts": "VARCHAR[]"}, lists)
        for periods in self.periods:
            for one in periods.decided:
                if one.asked and one.slots:
                    self.host.keep(f"open_{one.name}", self._open_facts(one))

    # --- words --------------------------------------------------------------------------------------------------------

    def _settle_kinds(self, spoken: Iterable[Spoken], others: Mapping[str, Iterable[str]]) -> None:
        """The types of text columns: all files of a result have few texts, so that rows hold small numbers."""
        texts: dict[str, set[str]] = {name: {""} for name in TEXTS}
        for periods in self.periods:
            texts["policy"].add(periods.law.plan.policy)
            texts["unit"].add(periods.law.plan.unit)
        for words in spoken:
            for name, place in SAID_TEXTS.items():
                texts[name].update(row[place] for row in words.said)
            texts["advisories"].update(row[2] for row in words.advisories)
            for place, name in enumerate(("consequences", "consequence_rules", "possible"), 1):
                texts[name].update(row[place] for row in words.concluded)
            texts["period"].update(row[2] for row in words.spans)
        for name, more in others.items():
            texts[name].update(more)
        self.kinds = {name: t.enumeration(sorted(found)) for name, found in texts.items()}
        self.kinds |= {name: t.enumeration(OUTCOMES) for name in ("outcome", "status")}

    def _spoken(self, periods: Periods, one: Decided) -> Spoken:
        """The words of findings; of advisories and consequences by number; the spans."""
        cases, rules = self.accounts.cases, periods.law.prepared.later.require
        said = list(self._said(periods, one))
        left = [
            (number, one.carries.index(carry.rule), cases.list_of(carry.missing), carry.measured[0])
            for number, owed in enumerate(one.owed)
            for carry in owed.carries
        ]
        advisories = []
        for number, owed in enumerate(one.owed):
            places = [k for k, term in enumerate(owed.terms) if term.advisory]
            for mask in range(1 << len(places)):
                held = [k for i, k in enumerate(places) if mask & (1 << i)]
                text = JOINED.join(rules[owed.terms[k].rule].key for k in held)
                advisories.append((number, sum(1 << k for k in held), text))
        concluded = [
            (
                n,
                JOINED.join(name for name, _ in sure),
                JOINED.join(key for _, key in sure),
                JOINED.join(name for name, _ in perhaps),
            )
            for n, (sure, perhaps) in enumerate(one.consequences)
        ]
        return Spoken(one, said, left, advisories, concluded, self._spans(periods, one))

    def _said(self, periods: Periods, one: Decided) -> Iterator[tuple[Any, ...]]:
        """The words of findings by terms, place and status, in the columns ``SAID``."""
        rules = periods.law.prepared.later.require
        for number, owed in enumerate(one.owed):
            for k, term in enumerate(owed.terms):
                rule, statement = rules[term.rule], rules[term.rule].rule.statement
                assert isinstance(statement, tree.Require)
                before = None if term.share is not None else periods.scaled(term.before)
                ways = {way.status: (way, self.accounts.cases.list_of(way.missing)) for way in term.ways}
                for status, (way, lacks) in ways.items():
                    yield (
                        number, k, status, rule.key, statement.measure, statement.comparison, term.advisory,
                        periods.scaled(term.base), before, _kind(term), JOINED.join(way.because), way.circumstance,
                        lacks, term.measured[0], int(term.adrift), OUTCOMES[status],
                        term.share_of[0] if term.share_of else None,
                    )  # fmt: skip

    def _spans(self, periods: Periods, one: Decided) -> list[tuple[Any, ...]]:
        """The days of each asked span, of the years that end with it, and what is left of it."""
        start = periods.law.plan.year_start
        rows = []
        for place, span in enumerate(one.asked):
            first, last = period_bounds(span.first, start, span.years)
            left = (last - periods.as_of).days if periods.as_of is not None else None
            before = [period_bounds(span.first - int(w.removeprefix("any")) + 1, start)[0] for w in _anys(one)]
            rows.append((span.first, place, label(span.first, span.years), first, last, left, *before))
        return rows

    def _load_words(self, words: Spoken) -> None:
        name, kinds = words.one.name, self.kinds
        shape: dict[str, Any] = {n: kind or kinds["status" if n == "said" else n] for n, kind in SAID.items()}
        self.host.load(f"said_{name}", shape, words.said)
        shape = {"id": "INTEGER", "n": "INTEGER", "lacks": "INTEGER", "sum": "INTEGER"}
        self.host.load(f"left_{name}", shape, words.left)
        shape = {"id": "INTEGER", "mask": "INTEGER", "text": kinds["advisories"]}
        self.host.load(f"advised_{name}", shape, words.advisories)
        shape = {"conclusion": "INTEGER", "sure": kinds["consequences"], "keys": kinds["consequence_rules"]}
        self.host.load(f"consequences_{name}", {**shape, "perhaps": kinds["possible"]}, words.concluded)
        shape = {
            "period": "INTEGER", "place": "INTEGER", "label": kinds["period"], "start": "DATE", "end": "DATE",
            "left": "INTEGER",
        }  # fmt: skip
        self.host.load(f"asked_{name}", {**shape, **{f"start_{w}": "DATE" for w in _anys(words.one)}}, words.spans)

    def decisions(self, periods: Periods, one: Decided) -> Any:
        """One row per person and asked span. Sums in ticks, ``required`` and ``shortfall`` in parts of ticks."""
        later = periods.law.prepared.later
        conclusions = bool(later.conclude)
        advised = t.add([t.case([(self._advised(k), t.lit(1 << k))], t.lit(0)) for k in range(one.slots)])
        columns: dict[str, Tree] = {
            "person_id": t.col("person_id", "d"),
            "place": t.col("place", "a"),
            "period": t.col("label", "a"),
            "outcome": _outcome(t.col("outcome", "d")),
            "total": t.col("l0", "d"),
            "total_high": t.col("h0", "d"),
            "capped_off": t.col("cut", "d"),
        }
        for j in range(len(later.subjects)):
            columns[f"subject{j}"] = t.col(f"subject{j}", "d")
        for j in range(1 + len(later.subjects)):
            columns[f"required{j}"] = self._shown(one, j, "rl")
            columns[f"shortfall{j}"] = self._shown(one, j, "short")
        for j in range(len(later.measure_names)):
            columns[f"measure{j}"] = t.col(f"measure{j}", "d")
        columns["advisories"] = t.col("text", "v")
        for name, word in (("consequences", "sure"), ("consequence_rules", "keys"), ("possible", "perhaps")):
            columns[name] = t.col(word, "q") if conclusions else t.cast(t.lit(""), self.kinds[name])
        waiting = t.equal(t.col("outcome", "d"), t.lit(OUTCOMES.index("in_progress")))
        columns["days_left"] = t.case([(waiting, t.col("left", "a"))], t.lit(None))
        undetermined = t.equal(t.col("outcome", "d"), t.lit(OUTCOMES.index("undetermined")))
        # as a condition of the join, DuckDB 2.0.1 fails to plan it where statistics say that nothing is undetermined
        columns["missing"] = t.case([(undetermined, t.col("facts", "m"))], t.lit(None)) if one.slots else t.lit(None)
        query = t.select(**columns).from_(t.table(one.table, "d"), copy=False)
        t.join(query, t.table(f"asked_{one.name}", "a"), t.agree("a", "d", "period"))
        same = t.both(t.agree("v", "d", "id"), t.equal(t.col("mask", "v"), advised))
        t.join(query, t.table(f"advised_{one.name}", "v"), same)
        if conclusions:
            t.join(query, t.table(f"concluded_{one.name}", "c"), t.same_row("c", "d"))
            t.join(query, t.table(f"consequences_{one.name}", "q"), t.agree("q", "c", "conclusion"))
        if one.slots:  # what would settle a decision: the facts of its undetermined firm findings
            t.join(query, t.sub(_lacking(one, t.col("firm", "o")), "m"), t.same_row("m", "d"), "LEFT")
        return query

    def _advised(self, k: int) -> Tree:
        return t.both(t.equal(t.col(f"ad{k}", "d"), t.lit(1)), t.equal(t.col(f"status{k}", "d"), t.lit(NOT_MET)))

    def _shown(self, one: Decided, j: int, kind: str) -> Tree:
        """What is shown of a sum: of one finding, of the strictest of several (below -1), or nothing (-1)."""
        shown: dict[int, Tree] = {}
        for number in sorted({owed.shown[j] for owed in one.owed}):
            if number >= 0:
                shown[number] = t.col(f"{kind}{number}", "d")
            else:
                none = t.cast(t.lit(None), "BIGINT")
                shown[number] = none if number == -1 else self._strictest(contested(number), kind)
        *others, last = shown.items()  # the last is all the rest: without a NULL, DuckDB knows the least and greatest
        return t.switch(t.col(f"shown{j}", "d"), [(t.lit(number), value) for number, value in others], last[1])

    @staticmethod
    def _strictest(places: list[int], kind: str) -> Tree:
        """Of several findings the one that requires most, the first of equals."""
        most = t.greatest(*(t.col(f"rl{k}", "d") for k in places))
        branches = [(t.equal(t.col(f"rl{k}", "d"), most.copy()), t.col(f"{kind}{k}", "d")) for k in places[:-1]]
        return t.case(branches, t.col(f"{kind}{places[-1]}", "d"))

    def findings(self, one: Decided) -> Any | None:
        """One row per finding of an asked span; None where nothing is ever required."""
        if not one.slots:
            return None
        return t.union(*(self._finding(one, k) for k in range(one.slots)))

    def _finding(self, one: Decided, k: int) -> Any:
        kinds = sorted(_windows(one), key=str)
        starts, ends = [], []
        for window, anchor in kinds:
            if window.startswith("any"):
                starts.append((t.lit(window), t.col(f"start_{window}", "a")))
            elif anchor is not None:
                starts.append((t.lit(f"from{anchor}"), t.col(f"first{anchor}", "d")))
                ends.append((t.lit(f"from{anchor}"), t.col(f"last{anchor}", "d")))
        query = t.select(
            person_id=t.col("person_id", "d"),
            place=t.col("place", "a"),
            period=t.col("label", "a"),
            k=t.lit(k),
            **t.cols("s", "rule", "measure", "comparison", "advisory"),
            required_base=t.col("base", "s"),
            required_before=t.coalesce(t.col("before", "s"), t.col(f"rl{k}", "d")),
            required=t.col(f"rl{k}", "d"),
            required_high=t.col(f"rh{k}", "d"),
            achieved=t.col(f"lo{k}", "d"),
            achieved_high=t.col(f"hi{k}", "d"),
            carried=t.col(f"given{k}", "d"),
            shortfall=t.col(f"short{k}", "d"),
            status=t.col("said", "s"),
            window_start=t.switch(t.col("kind", "s"), starts, t.col("start", "a")),
            window_end=t.switch(t.col("kind", "s"), ends, t.col("end", "a")),
            **t.cols("s", "because", "circumstance"),
            missing=t.col("facts", "m"),
        ).from_(t.table(one.table, "d"), copy=False)
        t.join(query, t.table(f"asked_{one.name}", "a"), t.agree("a", "d", "period"))
        said = t.both(
            t.agree("s", "d", "id"),
            t.equal(t.col("k", "s"), t.lit(k)),
            t.equal(t.col("status", "s"), t.col(f"status{k}", "d")),
        )
        t.join(query, t.table(f"said_{one.name}", "s"), said)
        lacks = _lacking(one, t.equal(t.col("k", "o"), t.lit(k)))
        return t.join(query, t.sub(lacks, "m"), t.same_row("m", "d"), "LEFT")

    # --- what is missing ----------------------------------------------------------------------------------------------

    def _open_facts(self, one: Decided) -> Any:
        """The facts that would settle each open finding: those of its rules, and those of doubtful records."""
        open_ = t.among(t.col("status", "d"), [t.lit(s) for s in OPEN])
        undetermined = t.equal(t.col("status", "d"), t.lit(OUTCOMES.index("undetermined")))
        row = t.cols("d", "person_id", "period", "k")
        row["firm"] = t.both(t.equal(t.col("ad", "d"), t.lit(0)), undetermined)
        places = ("ad", "status", *(("ci", "loose") if one.carries else ()))
        kinds = sorted({_kind(term) for owed in one.owed for term in owed.terms})
        days = [f"{n}{kind[4:]}" for kind in kinds if kind.startswith("from") for n in ("first", "last")]
        spans = _by_place(one, places, ("last", *days))

        def facts(fact: Tree) -> Any:
            return t.select(**{n: v.copy() for n, v in row.items()}, fact=fact).from_(spans.copy(), copy=False)

        own = facts(t.col("fact", "f"))
        t.join(own, t.table(f"said_{one.name}", "s"), t.agree("s", "d", "id", "k", "status"))
        t.join(own, t.table("facts", "f"), t.equal(t.col("id", "f"), t.col("lacks", "s")))
        found = [own.where(open_.copy(), copy=False)]
        if one.carries:
            found += self._open_carry(one, facts, open_)
        for kind in kinds if self.accounts.cases.doubtful else ():
            query = facts(fact_of(t.col("record_id", "i"), t.col("fact", "f")))
            t.join(query, t.table(f"said_{one.name}", "s"), t.agree("s", "d", "id", "k", "status"))
            t.join(query, t.table("doubts", "i"), t.same_person("i", "d"))
            sums = (t.equal(t.col("sum", "i"), t.col(n, "s")) for n in ("sum", "share_of"))
            member = t.both(t.either(*sums), *self._in_window(kind))
            t.join(query, t.table("facts", "f"), t.equal(t.col("id", "f"), t.col("miss", "i")))
            here = [open_.copy(), t.equal(t.col("kind", "s"), t.lit(kind))]
            found.append(query.where(t.both(member, *here), copy=False))
        return t.union(*found)

    def _open_carry(self, one: Decided, facts: Callable[[Tree], Any], open_: Tree) -> Iterable[Any]:
        """What would settle the hours that the year before left, where they are open."""
        year = t.minus(t.col("period", "d"), t.lit(1))
        before = t.both(t.same_person("b", "d"), t.equal(t.col("period", "b"), year))
        left = t.both(t.agree("l", "b", "id"), t.equal(t.col("n", "l"), t.col("ci", "d")))
        loose = t.both(open_, t.col("loose", "d"))
        fact = fact_of(t.col("record_id", "i"), t.col("fact", "f"))
        for of_record in (False, True)[: 1 + self.accounts.cases.doubtful]:
            query = facts(fact.copy() if of_record else t.col("fact", "f"))
            t.join(query, t.table(one.table, "b"), before.copy())
            t.join(query, t.table(f"left_{one.name}", "l"), left.copy())
            if of_record:
                t.join(query, t.table("doubts", "i"), t.both(t.same_row("i", "b"), t.agree("i", "l", "sum")))
            lacks = t.col("miss", "i") if of_record else t.col("lacks", "l")
            t.join(query, t.table("facts", "f"), t.equal(t.col("id", "f"), lacks))
            yield query.where(loose.copy(), copy=False)

    def _in_window(self, kind: str) -> list[Tree]:
        if kind == "ever":
            return []
        period = t.col("period", "i")
        if kind.startswith("from"):
            end, first, last = t.col("end", "i"), t.col(f"first{kind[4:]}", "d"), t.col(f"last{kind[4:]}", "d")
            return [t.compare(end, ">=", first), t.compare(end.copy(), "<=", last)]
        first = t.col("period", "d")
        if kind.startswith("any"):
            first = t.minus(t.col("last", "d"), t.lit(int(kind[3:]) - 1))
        return [t.compare(period, ">=", first), t.compare(period.copy(), "<=", t.col("last", "d"))]


def _by_place(one: Decided, figures: Iterable[str], common: Iterable[str] = ()) -> Tree:
    """The rows of spans once for the place of each finding (``k``), with its figures."""
    names = ("person_id", "period", "id", *common)
    return t.sub(t.union(*(
        t.select(
            **t.cols("d", *names), k=t.lit(k), **{n: t.col(f"{n}{k}", "d") for n in figures}
        ).from_(t.table(one.table, "d"), copy=False)
        for k in range(one.slots)
    )), "d")  # fmt: skip


def _lacking(one: Decided, where: Tree) -> Any:
    """The facts that would settle the open findings of each span, by person and period; ``where``: of some findings."""
    query = t.select(**t.cols("o", "person_id", "period"), facts=t.distinct_list(t.col("fact", "o"))).from_(
        t.table(f"open_{one.name}", "o"), copy=False
    )
    return t.grouped_by(query.where(where, copy=False), "o", "person_id", "period")


def _kind(term: Term) -> str:
    """The kind of window of a finding: ``span``, ``any3``, ``from0``; ``ever`` where nobody knows where it lies."""
    if term.adrift:
        return "ever"
    return term.measured[1] if term.anchor is None else f"from{term.anchor}"


def _windows(one: Decided) -> set[tuple[str, int | None]]:
    """The windows of requirements, also of those whose measure no record can belong to; the span's own is not said."""
    terms = (term for owed in one.owed for term in owed.terms)
    return {(term.measured[1], term.anchor) for term in terms if term.measured[1] != "span"}


def _outcome(number: Tree) -> Tree:
    """The name of an outcome."""
    kind = t.enumeration(OUTCOMES)
    return t.switch(number, [(t.lit(n), t.cast(t.lit(o), kind)) for n, o in enumerate(OUTCOMES)], t.lit(None))


def _anys(one: Decided) -> list[str]:
    """The kinds of windows of several years that end with a span."""
    return sorted({w for w, _ in _windows(one) if w.startswith("any")})
