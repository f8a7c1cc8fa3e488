"""Stages 1 to 3 for every record: each combination of facts that occurs is judged once, its records look it up.

Sources go in; out come the tables ``cases`` (by key) and ``valued`` (by key and quantity, where no formula gives the
amount), and the relation of judged records. Amounts are whole numbers of ticks.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from math import lcm
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.axes import Column
from policyengine.engines.compile.draft import Draft, Memo, judged
from policyengine.engines.compile.law import Formula, Given, Law, Place, Valued, Verdict
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.sources import Sources
from policyengine.engines.compile.trees import Tree
from policyengine.engines.numbers import LIMITLESS, Number
from policyengine.plan.ticks import figures_of, rates_of
from policyengine.records.model import Fact

MOST_TICKS = 2**50  # of one amount or limit, so that sums of a person's records stay below
MOST_PARTS = 2**31  # ticks of a unit
MOST_GUESSED = 2  # texts of which both presence and absence are judged, whether they occur or not
ABSENT = -(2**62)  # stands for a missing quantity where it is looked up
MOST_VALUES = 2_000_000  # combinations with their quantities that are judged one by one
_NO_AMOUNT = Formula()
_PLAIN = {"off": 0, "den": 1, "mul": 1, "lim": t.UNLIMITED, "plus": 0, "more": 0}  # what leaves an amount as it is


@dataclass(frozen=True, slots=True)
class Words:
    """What the ledger says of a record, and what it counts toward: ``state`` 1 sure, 2 perhaps, 0 not; ``sums`` as in
    ``Verdict``."""

    plan: int
    state: int
    sums: tuple[tuple[bool | None, tuple[str, ...]], ...]
    reason: str
    recognise: str
    convert: str
    assign: str
    missing: tuple[str, ...]


@dataclass(slots=True)
class Cases:
    """The judged combinations. ``words``, ``places`` and ``lists`` (of missing facts) by number.

    ``span``: first and last day on which a record ends.
    """

    sources: Sources
    ticks: int = 1
    words: dict[Words, int] = field(default_factory=dict)
    places: dict[Place, int] = field(default_factory=lambda: {Place(): 0})
    lists: dict[tuple[str, ...], int] = field(default_factory=lambda: {(): 0})
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    values: dict[tuple[Any, ...], Valued] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)  # records by key, guessed axes at code 0
    steps: list[int] = field(default_factory=lambda: [0])  # what guessed axes may add to such a key
    guessed: list[str] = field(default_factory=list)
    unitless: dict[int, list[Any]] = field(default_factory=dict)  # quantities of records without a unit, by such a key
    surveyed: bool = False  # the table ``surveyed`` has every quantity, by such a key
    span: tuple[date, date] | None = None
    doubtful: bool = False  # some amount, or whether it counts, is open
    moved: bool = False  # some record counts elsewhere than in the period of its end
    split: bool = False  # some record is split over periods
    once: list[str] = field(default_factory=list)  # keys of rules, by whose number ``dups`` has records that count once
    table: str = "cases"
    finite: bool = True  # every amount and limit has a finite decimal, whatever the quantity
    needs: frozenset[str] = frozenset()  # the parts of the formula that differ between cases

    # --- judging ------------------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """Judge every combination that occurs, and load what came out."""
        sources = self.sources
        draft = sources.draft()
        alike: dict[Verdict, Verdict] = {}
        memos = [Memo(partial(judged, law.verdict, draft), alike) for law in sources.laws]
        opened: dict[int, list[int]] = {}  # codes of the combinations whose amount no formula gives
        for key, number, codes in self._keys():
            plan = sources.people[number][0]
            if plan >= 0:
                verdict = self.verdicts[key] = memos[plan].of(codes)
                if verdict.amount is None:
                    opened[key] = codes
        self._judge_values(draft, opened)
        self._settle_ticks()
        self._load()

    def _keys(self) -> Iterator[tuple[int, int, list[int]]]:
        """The keys that occur, and some that may: the presence of a text is guessed both ways. Each with what it is
        split into."""
        sources = self.sources
        self.guessed = sources.guessable()[:MOST_GUESSED]
        fractions = False
        for key, q, number, part in self._surveyed():
            self.counts[key] = self.counts.get(key, 0) + number
            fractions = fractions or bool(part)
            self.unitless.setdefault(key, []).append(q)
        sources.whole = not fractions
        for name in self.guessed:
            self.steps += [step + sources.signature.stride(name) for step in self.steps]
        places = [next(n for n, a in enumerate(sources.signature.axes) if a.field == name) for name in self.guessed]
        for key in self.counts:
            number, codes = sources.split(key)
            for turn, step in enumerate(self.steps):
                own = [*codes]
                for bit, place in enumerate(places):
                    own[place] += turn >> bit & 1
                yield key + step, number, own

    def _surveyed(self) -> list[Any]:
        """What the survey finds, in order of the keys, so that words have the same numbers in every run. Where
        quantities repeat themselves, the table ``surveyed`` keeps each of them, so that amounts that no formula gives
        need no second look at the records."""
        sources, host = self.sources, self.sources.host
        if sources.divisors or not sources.repetitive():
            return _in_order(host.rows(sources.survey(self.guessed)))
        self.surveyed = True
        host.keep("surveyed", sources.survey(self.guessed, apart=True))
        found = t.select(
            key=t.col("key", "k"), q=t.lit(None), number=t.whole_sum(t.col("number", "k")),
            part=t.call("MAX", sources.part(t.col("q", "k"))),
        ).from_(t.table("surveyed", "k"), copy=False)  # fmt: skip
        return _in_order(host.rows(t.grouped_by(found, "k", "key")))

    def _judge_values(self, draft: Draft, opened: Mapping[int, Sequence[int]]) -> None:
        """Judge those combinations whose amount no formula gives, with each quantity that they occur with."""
        sources = self.sources
        memos, alike = dict[tuple[Any, ...], Memo[Given]](), dict[Given, Given]()
        kept: dict[Valued, Valued] = {}
        found: dict[tuple[int, int], Valued] = {}  # by the identity of a verdict and of what its quantity gives
        for key, *values in self._values_of(opened):
            for step in self.steps:
                codes = opened.get(key + step)
                if codes is None:
                    continue
                verdict = self.verdicts[key + step]
                by = (verdict.plan, *values)
                memo = memos.get(by)
                if memo is None:
                    law, known = sources.laws[verdict.plan], self._given(values)
                    memo = memos[by] = Memo(partial(judged, law.given, draft, given=known), alike)
                given = memo.of(codes)
                value = found.get((id(verdict), id(given)))
                if value is None:
                    value = Law.valued(verdict, given)
                    value = found[id(verdict), id(given)] = kept.setdefault(value, value)
                self.values[key + step, *values] = value
            if len(self.values) > MOST_VALUES:
                raise Inexpressible("too many different amounts that no formula gives")

    def _values_of(self, opened: Container[int]) -> Iterator[tuple[Any, ...]]:
        """Keys, guessed axes at code 0, with the quantities and divisors that they occur with."""
        host, sources = self.sources.host, self.sources
        by = (sources.records.column("quantity") or Column("", "", 0)).unit // sources.unit
        unit, quantity = (
            next(n for n, a in enumerate(sources.signature.axes) if a.field == f) for f in ("unit", "quantity")
        )
        asked = []
        for key in self.counts:
            if not any(key + step in opened for step in self.steps):
                continue
            codes = sources.signature.codes(key % sources.signature.size)
            if self.surveyed or (codes[unit] and codes[quantity]) or sources.divisors:
                asked.append((key,))
            else:
                yield from ((key, None if q is None else q // by) for q in dict.fromkeys(self.unitless[key]))
        if not asked:
            return
        host.load("opened", {"key": "BIGINT"}, asked)
        if self.surveyed:
            query = t.select(key=t.col("key", "b"), q=t.whole_quotient(t.col("q", "b"), by))
            query.from_(t.table("surveyed", "b"), copy=False)
        else:
            names = ["q", *(f"by_{n}" for n in sources.divisors)]
            query = t.select(**t.cols("b", "key", *names))
            query = query.from_(t.sub(sources.base(self.guessed), "b"), copy=False).distinct(copy=False)
        t.join(query, t.table("opened", "o"), t.agree("o", "b", "key"))
        yield from _in_order(host.rows(query))
        host.drop("opened")

    def _given(self, values: list[Any]) -> dict[str, Fact | None]:
        sources = self.sources
        q, *by = values
        given: dict[str, Fact | None] = {"quantity": None if q is None else Fraction(int(q), sources.unit)}
        for name, value in zip(sources.divisors, by, strict=True):
            given[name] = None if value is None else sources.records.fact(name, value)
        return given

    # --- ticks --------------------------------------------------------------------------------------------------------

    def _settle_ticks(self) -> None:
        """The least common denominator of all amounts and limits."""
        parts: set[Number] = {1}
        verdicts = {id(v): v for v in self.verdicts.values()}.values()
        formulas, places = {v.amount for v in verdicts if v.amount is not None}, {v.place for v in verdicts}
        for formula in formulas:
            one = formula.step or formula.rate / self.sources.unit
            parts.update((one * formula.worth, (formula.limit or 0) * formula.worth, formula.plus))
        for value in {id(v): v for v in self.values.values()}.values():
            parts.update((value.low, value.high))
        parts.update(p.rounding.step.value for p in places if p.rounding)
        for law in self.sources.laws:
            rates = rates_of(law.plan)
            for rule in law.plan.caps:
                for statement in rule.statements:
                    parts.update(figures_of(law.plan, statement.figure, rates))
        self.ticks = lcm(*(Fraction(p).denominator for p in parts))
        if self.ticks > MOST_PARTS:
            raise Inexpressible("amounts without a common denominator")
        self.finite = all(_finite(Fraction(p).denominator) for p in parts)

    def in_ticks(self, value: Number | None) -> int:
        """An amount as ticks; an unbounded one is ``UNLIMITED``."""
        if value is None or value >= LIMITLESS:
            return t.UNLIMITED
        count = Fraction(value) * self.ticks
        if count.denominator != 1 or abs(count) > MOST_TICKS:
            raise Inexpressible("an amount that is no whole number of ticks, or too great")
        return count.numerator

    # --- loading ------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """The table ``cases``: by key the formula, what it counts toward, and the number of its words. Amounts that no
        formula gives have cases of their own, which the table ``valued`` names by key and quantity."""
        host, shape = self.sources.host, self._shape()
        kinds: dict[tuple[int, int], int] = {}  # many combinations are judged alike: their row is made once
        rows: dict[tuple[Any, ...], int] = {}
        columns = [*shape][1:]
        parts: dict[int, dict[str, Any]] = {}  # of rows, by the identity of a verdict or amount

        def kind_of(verdict: Verdict, value: Valued | None = None) -> int:
            pair = id(verdict), id(value)
            if pair not in kinds:
                if id(verdict) not in parts:
                    parts[id(verdict)] = self._row(verdict)
                amount = value or verdict.amount or _NO_AMOUNT
                if id(amount) not in parts:
                    parts[id(amount)] = self._constant(amount) if isinstance(amount, Valued) else self._formula(amount)
                own = verdict.missing if value is None else value.missing
                row = {"d": self._word(verdict, value), "miss": self.list_of(own)}
                row |= {**parts[id(verdict)], **parts[id(amount)]}
                kinds[pair] = rows.setdefault(tuple(map(row.get, columns)), len(rows))
            return kinds[pair]

        keyed = [(key, kind_of(verdict)) for key, verdict in self.verdicts.items()]
        beyond = len(self.sources.people) * self.sources.signature.size  # keys that no combination has
        valued = []
        for by, value in self.values.items():
            kind = kind_of(self.verdicts[by[0]], value)
            valued.append((*(ABSENT if v is None else v for v in by), beyond + kind))
        keyed += [(other, other - beyond) for other in dict.fromkeys(v[-1] for v in valued)]
        given = [(name, value, columns.index(name)) for name, value in _PLAIN.items()]
        self.needs = frozenset(name for name, value, place in given if any(row[place] != value for row in rows))
        host.load("case_keys", {"key": "BIGINT", "kind": "INTEGER"}, keyed)
        host.load("case_kinds", shape, ((kind, *row) for row, kind in rows.items()))
        query = t.select(key=t.col("key", "k"), **t.cols("c", *shape))
        query.from_(t.table("case_keys", "k"), copy=False)
        host.keep("cases", t.join(query, t.table("case_kinds", "c"), t.agree("c", "k", "kind")))
        host.drop("case_keys")
        if valued:
            names = ["key", "q", *(f"by_{n}" for n in self.sources.divisors), "other"]
            host.load("valued", dict.fromkeys(names, "BIGINT"), valued)

    def _shape(self) -> dict[str, str]:
        """The columns of ``cases``, beside the key. ``kind``: the number of all the others; ``d``: of the words;
        ``miss``: of the list of what they lack; ``rl``, ``rh``: 1 where it surely, or perhaps, counts.

        Of a quantity q come at least min(``lim``, (q × ``num`` + ``off``) ÷ ``den`` × ``mul``) + ``plus`` ticks, and at
        most ``more`` more. For each sum: ``t`` whether it surely belongs, ``n`` whether perhaps. For each cap: ``c`` 0
        not under it, 1 under it, 2 perhaps, 3 in an order that is open; ``r`` its place in the order; ``w`` the list of
        what would settle ``c``. For each rule to count once: ``o`` 0 not, 1 under it, 2 perhaps.
        """
        laws = self.sources.laws
        shape = {
            "kind": "INTEGER", "d": "INTEGER", "plan": "INTEGER", "rl": "BIGINT", "rh": "BIGINT", "num": "BIGINT",
            "off": "BIGINT", "den": "BIGINT", "mul": "BIGINT", "lim": "BIGINT", "plus": "BIGINT", "more": "BIGINT",
            "place": "INTEGER", "simple": "BOOLEAN", "miss": "INTEGER",
        }  # fmt: skip
        for s in range(max(len(law.sums) for law in laws)):
            shape |= {f"t{s}": "BIGINT", f"n{s}": "BIGINT"}
        for c in range(max(len(law.plan.caps) for law in laws)):
            shape |= {f"{n}{c}": "INTEGER" for n in "crw"}
        return shape | {f"o{o}": "INTEGER" for o in range(max(len(law.plan.count_once) for law in laws))}

    def _word(self, verdict: Verdict, value: Valued | None) -> int:
        """The number of what the ledger says."""
        words = Words(
            verdict.plan,
            verdict.state,
            verdict.sums,
            verdict.reason if value is None else value.reason,
            verdict.recognise,
            verdict.convert if value is None else value.convert,
            verdict.assign,
            verdict.missing if value is None else value.missing,
        )
        return self.words.setdefault(words, len(self.words))

    def _row(self, verdict: Verdict) -> dict[str, Any]:
        """What a row of ``cases`` holds beside words and amount."""
        row: dict[str, Any] = {
            "plan": verdict.plan,
            "rl": int(verdict.state == 1),
            "rh": int(verdict.state != 0),
            "place": self.places.setdefault(verdict.place, len(self.places)),
            "simple": verdict.simple,
        }
        self.doubtful = self.doubtful or verdict.state == 2 or any(truth is None for truth, _ in verdict.sums)
        self.moved = self.moved or verdict.place.by != "end"
        if verdict.place.by == "split":
            self.split = True
            if verdict.place.rounding is None:
                raise Inexpressible("a split by days without a rounding")
        for s, (truth, _) in enumerate(verdict.sums):
            row |= {f"t{s}": int(truth is True), f"n{s}": int(truth is not False)}
        for c, (truth, rank, ordered, lacks) in enumerate(verdict.caps):
            row |= {f"c{c}": _three(truth) if ordered else 3, f"r{c}": rank, f"w{c}": self.list_of(lacks)}
        for o, truth in enumerate(verdict.once):
            row[f"o{o}"] = _three(truth)
        return row

    def _formula(self, formula: Formula) -> dict[str, int]:
        rate = formula.rate / self.sources.unit
        limit = t.UNLIMITED if formula.limit is None else self.in_ticks(formula.limit * formula.worth)
        row = _PLAIN | {"lim": limit, "plus": self.in_ticks(formula.plus)}
        if not formula.step:
            each = rate * formula.worth * self.ticks
            assert each.denominator == 1
            return row | {"num": each.numerator}
        count = rate / formula.step
        num, den = count.numerator, count.denominator
        if formula.rounding == "half_up":
            num, den, off = 2 * num, 2 * den, den
        else:
            off = den - 1 if formula.rounding == "up" else 0
        return row | {"num": num, "off": off, "den": den, "mul": self.in_ticks(formula.step * formula.worth)}

    def _constant(self, value: Valued) -> dict[str, int]:
        low, high = self.in_ticks(value.low), self.in_ticks(value.high)
        self.doubtful = self.doubtful or low != high
        return _PLAIN | {"num": 0, "plus": low, "more": high - low}

    def lacks(self, name: str) -> bool:
        """Whether some record that occurs has no such fact."""
        signature = self.sources.signature
        places = [place for place, axis in enumerate(signature.axes) if axis.field == name]
        return not places or any(signature.codes(key % signature.size)[places[0]] == 0 for key in self.counts)

    def list_of(self, missing: tuple[str, ...]) -> int:
        return self.lists.setdefault(missing, len(self.lists))

    # --- the relation -------------------------------------------------------------------------------------------------

    def judged(self, wanted: Iterable[str] = (), where: Tree | None = None, **columns: Tree) -> Any:
        """Every record with what it claims and counts (stages 1 to 3 and count once), and its period.

        ``wanted``: columns of ``cases`` to hand on; ``where`` and ``columns``: over the records (alias ``r``). A record
        that is split stands in its last period; ``items.py`` gives its shares.
        """
        more: dict[str, Any] = {**self._claimed(), **{n: c.copy() for n, c in columns.items()}}
        base = self.sources.base(**more)
        joined = self._amounts(base if where is None else base.where(where, copy=False), wanted, columns)
        counted = t.select(
            **t.cols("a", *self._handed(wanted, columns)),
            dup=t.col("dup", "a") if self.once else t.lit(None),
            period=self._period(),
            low=t.times(t.col("claimed_low", "a"), t.col("rl", "a")),
            high=t.times(t.col("claimed_high", "a"), t.col("rh", "a")),
        )
        return counted.from_(t.sub(joined, "a"), copy=False)

    def _handed(self, wanted: Iterable[str], columns: Iterable[str]) -> list[str]:
        always = ["record_id", "person_id", "start", "end", "plan", "d", "place", "simple", "rl", "rh", "rp"]
        return list(dict.fromkeys([*always, "claimed_low", "claimed_high", *wanted, *columns]))

    def _claimed(self) -> dict[str, Tree]:
        fields = {p.field for p in self.places if p.by == "claim"}
        return {f"claim_{f}": self.sources.records.value(f) for f in sorted(fields)}

    def _amounts(self, base: Any, wanted: Iterable[str], columns: Iterable[str]) -> Any:
        """The records with their cases: claimed amounts, and what their periods rest on."""
        low = t.times(t.coalesce(t.col("q", "b"), t.lit(0)), t.col("num", "c"))
        if "off" in self.needs:
            low = t.add([low, t.col("off", "c")])
        if "den" in self.needs:
            low = t.divide(low, t.col("den", "c"))
        if "mul" in self.needs:
            low = t.times(low, t.col("mul", "c"))
        if "lim" in self.needs:
            low = t.least(low, t.col("lim", "c"))
        if "plus" in self.needs:
            low = t.add([low, t.col("plus", "c")])
        high = t.add([low.copy(), t.col("more", "c")]) if "more" in self.needs else low.copy()
        counts = {"rl": t.col("rl", "c"), "rh": t.col("rh", "c")}
        if self.once:
            dup = t.col("rule", "x")
            counts = {name: t.case([(t.present(dup.copy()), t.lit(0))], value) for name, value in counts.items()}
            counts["dup"] = dup
        query = t.select(
            **t.cols("b", "record_id", "person_id", "start", "end", "rp"),
            d=t.col("d", "c"),
            claimed_low=low,
            claimed_high=high,
            **counts,
            **t.cols("c", *dict.fromkeys(("plan", "place", "simple", *wanted))),
            **t.cols("b", *self._claimed(), *columns),
        ).from_(t.sub(base, "b"), copy=False)
        key = t.col("key", "b")
        if self.values:
            names = ["q", *(f"by_{n}" for n in self.sources.divisors)]
            same = [t.equal(t.col("key", "v"), key.copy())]
            same += [t.equal(t.col(n, "v"), t.coalesce(t.col(n, "b"), t.lit(ABSENT))) for n in names]
            t.join(query, t.table("valued", "v"), t.both(*same), "LEFT")
            key = t.coalesce(t.col("other", "v"), key)
        # LEFT: an inner join would have DuckDB work out every key twice, to filter rows before the join
        t.join(query, t.table(self.table, "c"), t.equal(t.col("key", "c"), key), "LEFT")
        if any(plan < 0 for plan, _ in self.sources.people):
            query.where(t.present(t.col("plan", "c")), copy=False)
        if self.once:
            t.join(query, t.table("dups", "x"), t.agree("x", "b", "record_id"), "LEFT")
        return query

    def is_split(self, alias: str) -> Tree:
        """Whether a record is split over the periods of its days."""
        return t.among(t.col("place", alias), [t.lit(n) for place, n in self.places.items() if place.by == "split"])

    def _period(self) -> Tree:
        """The period in which a record counts; of one that is split, the last."""
        branches = []
        for place, number in self.places.items():
            if place.by == "start":
                branches.append((t.lit(number), self.period_of("start", "a")))
            elif place.by == "claim":
                branches.append((t.lit(number), t.cast(t.col(f"claim_{place.field}", "a"), "BIGINT")))
        return t.cast(t.switch(t.col("place", "a"), branches, self.period_of("end", "a")), "INTEGER")

    def period_of(self, day: str, alias: str) -> Tree:
        """The period of its law in which a day of a record lies."""
        starts = [law.plan.year_start for law in self.sources.laws]
        first = t.period(t.col(day, alias), starts[0])
        branches = [
            (t.lit(number), t.period(t.col(day, alias), start))
            for number, start in enumerate(starts)
            if start != starts[0]
        ]
        return t.switch(t.col("plan", alias), branches, first)


def _in_order(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows by their columns, nothing first: as they are computed they come in any order."""
    return sorted(rows, key=lambda row: [(value is not None, value) for value in row])


def _finite(denominator: int) -> bool:
    """Whether fractions with this denominator are finite decimals."""
    return 10**64 % denominator == 0


def _three(truth: bool | None) -> int:
    """0 no, 1 yes, 2 perhaps."""
    return 2 if truth is None else int(truth)
