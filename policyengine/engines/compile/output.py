"""The tables of a trace as the columns of result files: relations go in, queries with finished cells come out.

Columns are those of docs/results.md. A figure is a decimal, or numerator and denominator where the policy's figures may
have no finite decimal: that follows from the policies alone, so that all files of a policy have the same columns.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import lcm
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.aside_rows import FIGURES, RULES, Aside
from policyengine.engines.compile.decided import Decided
from policyengine.engines.compile.entries import REASONS, leaves_open
from policyengine.engines.compile.figures import Columns, Figures
from policyengine.engines.compile.periods import Periods
from policyengine.engines.compile.relations import JOINED
from policyengine.engines.compile.run import Evaluation
from policyengine.engines.compile.shares import EVERYBODY, Share
from policyengine.engines.compile.trees import Tree
from policyengine.engines.compile.waits import facts_waited_for
from policyengine.records.personal import APOSTROPHED
from policyengine.trace import Result


@dataclass(slots=True)
class Shape:
    """The columns that policies add: subjects, those that something is required of, measures; whether records may be
    assigned elsewhere."""

    subjects: tuple[str, ...]
    required: tuple[str, ...]
    measures: tuple[str, ...]
    assigns: bool

    @classmethod
    def of(cls, evaluation: Evaluation) -> Shape:
        laws = evaluation.sources.laws
        subjects = {s for law in laws for s in law.prepared.later.subjects}
        required = {r.statement.measure for law in laws for r in law.plan.require}
        measures = {m for law in laws for m in law.prepared.later.measure_names}
        assigns = any(law.plan.assign for law in laws)
        return cls(tuple(sorted(subjects)), tuple(sorted(subjects & required)), tuple(sorted(measures)), assigns)

    def owed(self) -> list[str]:
        """The figures of a decision that are no sums."""
        return [f"{kind}_{name}" for kind in ("required", "shortfall") for name in ("total", *self.required)]

    def figures(self) -> list[str]:
        """The figures of a decision."""
        return [
            "total", *self.subjects, "required_total", *(f"required_{s}" for s in self.required), "shortfall_total",
            *(f"shortfall_{s}" for s in self.required), "capped_off", *self.measures,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of the result. ``rows``: a query for them, in order and narrow; ``columns``: the cells of a row, over
    alias ``s``."""

    table: str
    rows: Any
    columns: Columns

    def query(self, relation: Tree | None = None) -> Any:
        """The finished rows; ``relation``: where the rows were kept, as ``s``."""
        columns = {name: value.copy() for name, value in self.columns.items()}
        return t.select(**columns).from_(relation or t.sub(self.rows, "s"), copy=False)


@dataclass(slots=True)
class Output:
    """Queries for the files of an evaluation. ``text``: cells as CSV has them.

    ``ledger``: figures of the ledger; ``decided``: of decisions, findings and what is missing, once there are any.
    """

    evaluation: Evaluation
    shape: Shape
    aside: Aside
    ledger: Figures
    decided: Figures
    text: bool = False

    @classmethod
    def of(cls, evaluation: Evaluation, others: Iterable[Result], text: bool = False) -> Output:
        """With the results of the persons who were left aside, and the words of the ledger, loaded."""
        shape, cases = Shape.of(evaluation), evaluation.cases
        aside = Aside(cases.sources.host, shape.figures())
        aside.load(others)
        ledger = Figures(lcm(cases.ticks, *aside.ledger.seen), aside.ledger.smooth and cases.finite)
        seen, smooth = aside.decided.seen | aside.ledger.seen, aside.decided.smooth and aside.ledger.smooth
        decided = Figures(lcm(*seen), smooth)
        evaluation.entries.load_words(aside.rule_words())
        return cls(evaluation, shape, aside, ledger, decided, text)

    def tables(self, ledger: bool, share: Share = EVERYBODY) -> list[Sheet]:
        """Decide the persons of a share, and give every table that has rows by person and period; ``ledger``: whether
        there is one, read back."""
        self.evaluation.decide(self.aside.texts(), share)
        self.settle()
        sheets = (self.decisions(share), self.findings(share), self.missing(ledger, share))
        return [sheet for sheet in sheets if sheet is not None]

    # --- ledger -------------------------------------------------------------------------------------------------------

    def entries(self, ledger: str) -> Any:
        """The ledger as it is written to be read back: its own columns, and ``case``, ``open_…`` for what is open.

        Of ``none`` just what is read back, with the ids of those records alone that leave something open.
        """
        rows = self.evaluation.entries.rows(ledger == "full")
        own = self._entry_columns("e", ledger)
        factor = self.ledger.unit // self.evaluation.cases.ticks
        for name in ("converted", "counted", "open_converted", "open_counted"):
            own[name] = t.times(t.col(name, "e"), t.lit(factor)) if factor > 1 else t.col(name, "e")
        if ledger == "none":
            own["record_id"] = t.case([(leaves_open("e", "o"), own["record_id"])], t.lit(None))
        query = t.select(**own, case=t.col("case", "e")).from_(t.sub(rows, "e"), copy=False)
        if ledger == "none":
            t.join(query, t.table("words", "o"), t.equal(t.col("d", "o"), t.col("case", "e")), "LEFT")
        if self.aside.persons:
            query = t.union(query, self._other_entries(ledger))
        written: Columns = {}
        for name in own:
            value = t.col(name, "w")
            if name in ("converted", "counted"):
                written |= self.ledger.cells(name, value)
            elif name == "quantity":
                written |= self._quantity().cells(name, value)
            else:
                written[name] = t.cast(value, "VARCHAR") if name == "period" else value
        return t.select(**written, case=t.col("case", "w")).from_(t.sub(query, "w"), copy=False)

    def _entry_columns(self, alias: str, ledger: str) -> Columns:
        names = ["record_id", "person_id", "period"]
        columns = t.cols(alias, *names)
        if ledger == "full":
            columns |= {n: t.col(f"own_{n}", alias) for n in ("form", "subject", "quantity", "unit")}
        rules = ["recognise_rule", "convert_rule", "cap_rule"]
        names = ["converted", "counted", *(rules if ledger != "none" else ()), "reason"]
        names += ["assign_rule"] if self.shape.assigns and ledger != "none" else []
        return columns | t.cols(alias, *names, "open_converted", "open_counted")

    def _quantity(self) -> Figures:
        column = self.evaluation.sources.records.column("quantity")
        return Figures(column.unit if column else 1, True)

    def _other_entries(self, ledger: str) -> Any:
        """The rows of the persons who were left aside, in the same columns."""
        kinds = dict(zip(RULES, self.evaluation.entries.kinds, strict=True))
        kinds["reason"] = t.enumeration(REASONS)
        unit = self._quantity().unit
        columns: Columns = {}
        for name, own in self._entry_columns("o", ledger).items():
            if name in ("converted", "counted", "open_converted", "open_counted"):
                columns[name] = _parts(name, self.ledger.unit, "o")
            elif name == "quantity":
                columns[name] = _parts(name, unit, "o")
            elif name in kinds:
                columns[name] = t.cast(t.col(name, "o"), kinds[name])
            else:
                columns[name] = own
        none = t.cast(t.lit(None), "INTEGER")
        return t.select(**columns, case=none).from_(t.table("aside_ledger", "o"), copy=False)

    def read_back(self, relation: Any) -> Any:
        """A written ledger as ``entries`` has it: amounts in ticks, rows of the compiled queries and of others."""
        ticks = self.evaluation.cases.ticks
        columns: Columns = {n: t.col(n) for n in ("record_id", "person_id", "case")}
        columns["period"] = t.cast(t.col("period"), "INTEGER")
        for name in ("converted", "counted"):
            columns[name] = self.ledger.back(name, ticks)
        for name in ("open_converted", "open_counted"):
            columns[name] = t.whole_quotient(t.col(name), self.ledger.unit // ticks)
        return t.select(**columns).from_(relation, copy=False)

    def ledger_file(self, relation: Any, ledger: str) -> Any:
        """The ledger's own columns, as text."""
        columns: Columns = {}
        for name in self._entry_columns("w", ledger):
            if name in ("converted", "counted") and not self.ledger.finite:
                columns |= self.ledger.text(name, t.col(f"{name}_num", "w"))
            elif name in ("converted", "counted", "quantity"):
                unit = self._quantity().unit if name == "quantity" else 10**self.ledger.digits
                columns |= Figures(unit, True).text(name, t.cast(t.times(t.col(name, "w"), t.lit(unit)), "BIGINT"))
            elif not name.startswith("open_"):
                columns[name] = safe(t.col(name, "w")) if name in ("record_id", "person_id") else t.col(name, "w")
        return t.select(**columns).from_(relation, copy=False)

    # --- decisions and findings ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Settle the unit of decisions and findings, when they are worked out."""
        ticks = self.evaluation.cases.ticks
        units = [ticks * periods.scale for periods in self.evaluation.periods]
        owed = all(periods.finite for periods in self.evaluation.periods)
        self.decided = Figures(
            lcm(self.decided.unit, *units), self.decided.finite and self.evaluation.cases.finite and owed
        )

    def decisions(self, share: Share) -> Sheet:
        """One row per person and period, by person."""
        queries = [self._decided(p, one) for p in self.evaluation.periods for one in p.decided if one.asked]
        if self.aside.persons or not queries:
            queries.append(self._other_decisions(share))
        columns = t.cols("s", "person_id", "period", "policy", "outcome")
        after = t.cols("s", "advisories", "consequences")
        figures = self.shape.figures()
        places = len(figures) - len(self.shape.measures)
        owed = self.shape.owed()
        columns |= self._figures(figures[:places], owed) | after | self._figures(figures[places:], ())
        if self.text:
            columns["person_id"] = safe(columns["person_id"])
        return Sheet("decisions", _in_order(queries, ("person_id", "_place", "period"), share, columns), columns)

    def _figures(self, names: Iterable[str], owed: Container[str]) -> Columns:
        """The cells of figures; ``owed``: those that are no sums."""
        factors = {n: "_owed_factor" if n in owed else "_factor" for n in names}
        return {k: v for n, factor in factors.items() for k, v in self._cells(n, _figure(n, factor, "s")).items()}

    def _cells(self, name: str, value: Tree) -> Columns:
        return self.decided.text(name, value) if self.text else self.decided.cells(name, value)

    def _decided(self, periods: Periods, one: Decided) -> Any:
        """Decisions in common columns; figures as they were worked out (``_figure``). Subjects and measures are
        columns too: no name of theirs begins with _."""
        law, relations = periods.law, self.evaluation.relations
        later = law.prepared.later
        ticks = self.evaluation.cases.ticks
        known = {n: n for n in ("total", "capped_off")}  # the figures that the law has: how the relation calls them
        known |= {subject: f"subject{j}" for j, subject in enumerate(later.subjects)}
        for j, name in enumerate(("total", *later.subjects)):
            known |= {f"{kind}_{name}": f"{kind}{j}" for kind in ("required", "shortfall")}
        known |= {measure: f"measure{j}" for j, measure in enumerate(later.measure_names)}
        return t.select(
            person_id=t.col("person_id", "r"),
            _place=t.add([t.col("place", "r"), t.lit(1000 * periods.decided.index(one))]),
            period=t.col("period", "r"),
            policy=t.cast(t.lit(law.plan.policy), relations.kinds["policy"]),
            outcome=t.col("outcome", "r"),
            **{n: t.col(known[n], "r") if n in known else _none() for n in self.shape.figures()},
            **t.cols("r", "advisories", "consequences"),
            _possible=t.col("possible", "r"),
            _total_high=t.col("total_high", "r"),
            _missing=t.col("missing", "r"),
            _factor=self._factor(ticks),
            _owed_factor=self._factor(ticks * periods.scale),
        ).from_(t.sub(relations.decisions(periods, one), "r"), copy=False)

    def _factor(self, unit: int) -> Tree:
        """What makes figures of 1/``unit`` such of the common unit."""
        return t.lit(self.decided.unit // unit)

    def _other_decisions(self, share: Share) -> Any:
        query = t.select(
            person_id=self._typed("person_id"),
            _place=self._typed("place"),
            **{n: self._typed(n) for n in ("period", "policy", "outcome")},
            **{n: _parts(n, self.decided.unit, "o") for n in self.shape.figures()},
            **{n: self._typed(n) for n in ("advisories", "consequences")},
            _possible=self._typed("possible"),
            _total_high=_parts("_total_high", self.decided.unit, "o"),
            _missing=t.col("missing", "o"),
            _factor=self._factor(self.decided.unit),
            _owed_factor=self._factor(self.decided.unit),
        ).from_(t.table("aside_decisions", "o"), copy=False)
        return share.of(query, "o")

    def findings(self, share: Share) -> Sheet | None:
        """One row per requirement of a person and period, by person."""
        queries = []
        for periods in self.evaluation.periods:
            for number, one in enumerate(periods.decided):
                rows = self.evaluation.relations.findings(one)
                if rows is not None and one.asked:
                    queries.append(self._found(periods, rows, number))
        if self.aside.persons:
            other = t.select(
                **{n: self._typed(n) for n in ("person_id", "place", "k", "period", "policy", *_SAID)},
                **{n: _parts(n, self.decided.unit, "o") for n in FIGURES},
                **{n: self._typed(n) for n in _TOLD},
                missing=t.col("missing", "o"),
                _owed_factor=self._factor(self.decided.unit),
            ).from_(t.table("aside_findings", "o"), copy=False)
            queries.append(share.of(other, "o"))
        if not queries:
            return None
        columns = t.cols("s", "person_id", "period", "policy", *_SAID)
        columns |= self._figures(FIGURES, FIGURES) | t.cols("s", *_TOLD)
        columns["missing"] = _listed(t.col("missing", "s"))
        if self.text:
            columns["person_id"], columns["missing"] = safe(columns["person_id"]), safe(columns["missing"])
            columns["comparison"] = safe(t.cast(columns["comparison"], "VARCHAR"))  # of a policy that is open it is "="
            columns["advisory"] = _yes_no(columns["advisory"])
        return Sheet("findings", _in_order(queries, ("person_id", "place", "k"), share, columns), columns)

    def _typed(self, name: str) -> Tree:
        """A column of rows that come from elsewhere, as those of the compiled queries have it."""
        value, kinds = t.col(name, "o"), self.evaluation.relations.kinds
        return t.cast(value, kinds[name]) if name in kinds else value

    def _found(self, periods: Periods, rows: Any, number: int) -> Any:
        unit, relations = self.evaluation.cases.ticks * periods.scale, self.evaluation.relations
        counted_in = t.cast(t.lit(periods.law.plan.unit), relations.kinds["unit"])
        said = {n: counted_in if n == "unit" else t.col(n, "r") for n in _SAID}
        return t.select(
            person_id=t.col("person_id", "r"),
            place=t.add([t.col("place", "r"), t.lit(1000 * number)]),
            **t.cols("r", "k", "period"),
            policy=t.cast(t.lit(periods.law.plan.policy), relations.kinds["policy"]),
            **said,
            **t.cols("r", *FIGURES, *_TOLD, "missing"),
            _owed_factor=self._factor(unit),
        ).from_(t.sub(rows, "r"), copy=False)

    # --- flags and what is missing ------------------------------------------------------------------------------------

    def flags(self) -> Any:
        """Compliance flags, by person and record."""
        names = ("record_id", "person_id", "flag", "rule", "text", "certain")
        queries = []
        found = self.evaluation.flags.rows() if self.evaluation.flags is not None else None
        if found is not None:
            own = t.select(**t.cols("f", *names), missing=t.col("facts", "l"))
            own.from_(t.sub(found, "f"), copy=False)
            queries.append(t.join(own, t.table("lists", "l"), t.equal(t.col("id", "l"), t.col("miss", "f"))))
        if self.aside.persons or found is None:
            other = t.select(**t.cols("o", *names, "missing"))
            queries.append(other.from_(t.table("aside_flags", "o"), copy=False))
        columns = t.cols("f", *names) | {"missing": _listed(t.col("missing", "f"))}
        if self.text:
            columns |= {n: safe(columns[n]) for n in ("record_id", "person_id", "text")}
            columns["certain"] = _yes_no(columns["certain"])
        query = t.select(**columns).from_(t.sub(t.union(*queries), "f"), copy=False)
        return t.sorted_by(query, "f", ("person_id", "record_id", "flag", "rule"))

    def missing(self, ledger: bool, share: Share) -> Sheet:
        """A row for every decision and every ledger row that a missing fact leaves open."""
        decided = [self._decided(p, one) for p in self.evaluation.periods for one in p.decided if one.asked]
        if self.aside.persons or not decided:
            decided.append(self._other_decisions(share))
        for query in decided:
            t.narrow(query, _ASKED)
        facts = _listed(t.col("_missing", "d"))
        total, high = (_figure(n, "_factor", "d") for n in ("total", "_total_high"))
        open_ = t.either(
            t.compare(facts.copy(), "<>", t.lit("")),
            t.compare(t.col("_possible", "d"), "<>", t.lit("")),
            t.missing(high.copy()),
            t.compare(high.copy(), "<>", total),
        )
        first = t.select(
            person_id=t.col("person_id", "d"),
            place=t.col("_place", "d"),
            **t.cols("d", "period", "policy"),
            record_id=t.cast(t.lit(None), "VARCHAR"),
            **self._cells("converted_high", _none()),
            **self._cells("counted_high", high),
            missing=facts,
            possible_consequences=t.col("_possible", "d"),
        ).from_(t.sub(t.union(*decided), "d"), copy=False)
        queries = [first.where(open_, copy=False)]
        if ledger:
            queries += list(self._open_entries(share))
        columns = {n: t.col(n, "s") for n in t.names_of(first) if n != "place"}
        if self.text:
            columns |= {n: safe(columns[n]) for n in ("person_id", "record_id", "missing")}
        order = ("person_id", "record_id", "place", "period")
        return Sheet("missing", _in_order(queries, order, share, columns), columns)

    def _open_entries(self, share: Share) -> Iterator[Any]:
        """The open rows of the ledger."""
        ticks = self.evaluation.cases.ticks
        highs = {f"{n}_high": t.add([t.col(n, "r"), t.col(f"open_{n}", "r")]) for n in ("converted", "counted")}
        rows = t.select(
            **t.cols("r", "record_id", "person_id", "period"),
            open=t.either(*(t.compare(t.col(f"open_{n}", "r"), "<>", t.lit(0)) for n in ("converted", "counted"))),
            miss=t.col("miss", "w"),
            **highs,
        ).from_(t.table("open_items" if self.evaluation.entries.open_kept else "entries", "r"), copy=False)
        t.join(rows, t.table("words", "w"), t.equal(t.col("d", "w"), t.col("case", "r")))
        lacks: Tree = t.col("facts", "l")
        waits = self.evaluation.accounts.open
        if waits:
            itself = t.compare(t.col("miss", "r"), "<>", t.lit(0))
            lacks = t.case([(itself, lacks)], t.coalesce(t.col("facts", "x"), lacks.copy()))
        own = t.select(
            **t.cols("r", "record_id", "person_id", "period"),
            **{n: _common(t.col(n, "r"), self._factor(ticks)) for n in highs},
            missing=lacks,
        ).from_(t.sub(rows, "r"), copy=False)
        t.join(own, t.table("lists", "l"), t.equal(t.col("id", "l"), t.col("miss", "r")))
        if waits:
            t.join(own, t.sub(facts_waited_for(), "x"), t.agree("x", "r", "record_id", "period"), "LEFT")
        own.where(t.either(t.col("open", "r"), t.compare(t.col("miss", "r"), "<>", t.lit(0))), copy=False)
        yield self._open(share.of(own, "r"))
        if self.aside.persons:
            other = t.select(
                **t.cols("o", "record_id", "person_id", "period"),
                **{n: _parts(n, self.decided.unit, "o") for n in highs},
                missing=t.col("missing", "o"),
            ).from_(t.table("aside_ledger", "o"), copy=False)
            yield self._open(share.of(other.where(t.col("open", "o"), copy=False), "o"))

    def _open(self, rows: Any) -> Any:
        return t.select(
            person_id=t.col("person_id", "r"),
            place=t.cast(t.lit(None), "BIGINT"),
            period=t.cast(t.col("period", "r"), "VARCHAR"),
            policy=t.cast(t.lit(None), "VARCHAR"),
            record_id=t.col("record_id", "r"),
            **self._cells("converted_high", t.col("converted_high", "r")),
            **self._cells("counted_high", t.col("counted_high", "r")),
            missing=_listed(t.col("missing", "r")),
            possible_consequences=t.cast(t.lit(None), "VARCHAR"),
        ).from_(t.sub(rows, "r"), copy=False)


_SAID = ("rule", "measure", "unit", "comparison", "advisory")
_TOLD = ("status", "window_start", "window_end", "because", "circumstance")


_ASKED = ("person_id", "_place", "period", "policy", "total", "_possible", "_total_high", "_missing", "_factor")
"""What is asked of a decision to say what it lacks."""

_FOLLOWS = ("advisories", "consequences", "possible_consequences")
"""Texts of which each share of the persons may have others."""


def _in_order(queries: Sequence[Any], order: Sequence[str], share: Share, cells: Columns) -> Any:
    """Rows in order, with what ``cells`` read. What differs in type between shares is text, where there are several."""
    read = t.names_in(cells.values())
    columns: Columns = {e.alias: t.col(e.alias, "u") for e in queries[0].expressions if e.alias in read}
    if share is not EVERYBODY:
        columns |= {n: t.cast(t.col(n, "u"), "VARCHAR") for n in _FOLLOWS if n in columns}
    return t.sorted_by(t.select(**columns).from_(t.sub(t.union(*queries), "u"), copy=False), "u", order)


def _figure(name: str, factor: str, alias: str) -> Tree:
    """A figure of decisions or findings in the common unit.

    Figures are put in order as they were worked out: DuckDB sorts them in half the bytes where it knows the least and
    the greatest, and of what a condition makes NULL it does not.
    """
    return _common(t.col(name, alias), t.col(factor, alias))


def _common(value: Tree, factor: Tree) -> Tree:
    """A sum or what is owed in the common unit; NULL where nothing limits it."""
    return t.case([(t.unlimited(value), t.lit(None))], t.times(value, factor))


def _parts(name: str, unit: int, alias: str) -> Tree:
    """A fraction in parts of a unit that its denominator divides."""
    column = f"own_{name}" if name == "quantity" else name
    above, below = t.col(f"{column}_num", alias), t.col(f"{column}_den", alias)
    return t.times(above, t.divide(t.lit(unit), below))


def _none() -> Tree:
    return t.cast(t.lit(None), "BIGINT")


def _listed(value: Tree) -> Tree:
    """A list as one cell."""
    return t.coalesce(t.text_join(value, JOINED), t.lit(""))


def _yes_no(value: Tree) -> Tree:
    return t.case([(value, t.lit("yes"))], t.lit("no"))


def safe(value: Tree) -> Tree:
    """Text that a spreadsheet would take for a formula, neutralised (``records/personal.py``)."""
    formula = t.begins_with(value.copy(), APOSTROPHED)
    return t.case([(formula, t.concat(t.lit("'"), value.copy()))], value)
