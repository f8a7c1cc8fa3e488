"""The persons left aside: traces of the reference evaluator go in, tables beside the compiled ones come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.relations import JOINED, TEXTS
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry, Result

FIGURES = ("required_base", "required_before", "required", "required_high", "achieved", "achieved_high", "carried",
           "shortfall")  # fmt: skip
AT_ONCE = 10_000  # ledger rows that are handed to the host together


@dataclass(slots=True)
class Denominators:
    """The denominators of figures that came from elsewhere. ``smooth``: all are finite decimals."""

    seen: set[int] = field(default_factory=lambda: {1})
    smooth: bool = True

    def cells(self, *values: Fraction | None) -> tuple[int | None, ...]:
        """Numerators and denominators."""
        row: list[int | None] = []
        for value in values:
            row += (None, None) if value is None else (value.numerator, value.denominator)
            if value is not None and value.denominator not in self.seen:
                self.seen.add(value.denominator)
                self.smooth = self.smooth and 10**64 % value.denominator == 0
        return tuple(row)


def fraction_columns(names: Sequence[str]) -> dict[str, str]:
    return {f"{n}_{part}": "BIGINT" for n in names for part in ("num", "den")}


RULES = ("recognise_rule", "convert_rule", "assign_rule", "cap_rule")
"""The columns of the ledger that name rules."""
_ENTRY_TEXTS = ("record_id", "person_id", "own_form", "own_subject", "own_unit", *RULES, "reason")
LEDGER = {
    **dict.fromkeys(_ENTRY_TEXTS, "VARCHAR"),
    "period": "INTEGER",
    "missing": "VARCHAR[]",
    "open": "BOOLEAN",
    **fraction_columns(
        ("own_quantity", "converted", "counted", "converted_high", "counted_high", "open_converted", "open_counted")
    ),
}  # fmt: skip
FINDINGS = {
    "person_id": "VARCHAR", "place": "INTEGER", "k": "INTEGER", "period": "VARCHAR", "policy": "VARCHAR",
    "rule": "VARCHAR", "measure": "VARCHAR", "unit": "VARCHAR", "comparison": "VARCHAR", "advisory": "BOOLEAN",
    "status": "VARCHAR", "window_start": "DATE", "window_end": "DATE", "because": "VARCHAR", "circumstance": "VARCHAR",
    "missing": "VARCHAR[]", **fraction_columns(FIGURES),
}  # fmt: skip
FLAGS = {
    "record_id": "VARCHAR", "person_id": "VARCHAR", "flag": "VARCHAR", "rule": "VARCHAR", "text": "VARCHAR",
    "certain": "BOOLEAN", "missing": "VARCHAR[]",
}  # fmt: skip


def entry_row(e: LedgerEntry, seen: Denominators) -> tuple[Any, ...]:
    open_ = bool(e.missing) or e.converted_high != e.converted or e.counted_high != e.counted
    row = (
        e.record_id, e.person_id, e.form, e.subject, e.unit, e.recognise_rule, e.convert_rule, e.assign_rule,
        e.cap_rule, e.reason, None if e.period is None else int(e.period), list(e.missing), open_,
    )  # fmt: skip
    more = [None if high is None else high - low for low, high in
            ((e.converted, e.converted_high), (e.counted, e.counted_high))]  # fmt: skip
    quantity = (None, None) if e.quantity is None else (e.quantity.numerator, e.quantity.denominator)
    return (*row, *quantity, *seen.cells(e.converted, e.counted, e.converted_high, e.counted_high, *more))


def finding_row(f: Finding, place: int, k: int, seen: Denominators) -> tuple[Any, ...]:
    row = (f.person_id, place, k, f.period, f.policy, f.rule, f.measure, f.unit, f.comparison, f.advisory, f.status,
           *f.window, JOINED.join(f.because), f.circumstance, list(f.missing))  # fmt: skip
    return (*row, *seen.cells(*(getattr(f, n) for n in FIGURES)))


def flag_row(f: FlagEntry) -> tuple[Any, ...]:
    return f.record_id, f.person_id, f.flag, f.rule, f.text, f.certain, list(f.missing)


@dataclass(slots=True)
class Aside:
    """The tables ``aside_…`` of a host. ``figures``: those of a decision; ``persons``: how many there are; ``ledger``
    and ``decided`` (decisions and findings): the denominators of their figures."""

    host: Any
    figures: list[str]
    persons: int = 0
    ledger: Denominators = field(default_factory=Denominators)
    decided: Denominators = field(default_factory=Denominators)

    def load(self, results: Iterable[Result]) -> None:
        """Make the tables of the results of the persons, one after another."""
        shapes = {"ledger": LEDGER, "findings": FINDINGS, "decisions": self._decision_shape(), "flags": FLAGS}
        for table, shape in shapes.items():
            self.host.load(f"aside_{table}", shape, [])
        pending: dict[str, list[tuple[Any, ...]]] = {table: [] for table in shapes}
        for number, result in enumerate(results):
            self.persons += 1
            pending["ledger"] += (entry_row(e, self.ledger) for e in result.ledger)
            pending["findings"] += (finding_row(f, number, k, self.decided) for k, f in enumerate(result.findings))
            pending["decisions"] += (self._decision(d, k) for k, d in enumerate(result.decisions))
            pending["flags"] += (flag_row(f) for f in result.flags)
            if len(pending["ledger"]) >= AT_ONCE:
                self._append(shapes, pending)
        self._append(shapes, pending)

    def _append(self, shapes: Mapping[str, Any], pending: dict[str, list[tuple[Any, ...]]]) -> None:
        for table, rows in pending.items():
            self.host.append(f"aside_{table}", shapes[table], rows)
            rows.clear()

    def _decision_shape(self) -> dict[str, str]:
        texts = ("person_id", "period", "policy", "outcome", "advisories", "consequences", "possible")
        shape = {"place": "INTEGER", **dict.fromkeys(texts, "VARCHAR"), "missing": "VARCHAR[]"}
        return shape | fraction_columns((*self.figures, "_total_high"))

    def _decision(self, d: Decision, place: int) -> tuple[Any, ...]:
        figures: dict[str, Fraction | None] = {
            "total": d.total, **d.by_subject, "required_total": d.required_total, "shortfall_total": d.shortfall_total,
            **{f"required_{s}": v for s, v in d.required_by_subject.items()},
            **{f"shortfall_{s}": v for s, v in d.shortfall_by_subject.items()},
            "capped_off": d.capped_off, **d.measures,
        }  # fmt: skip
        lists = (JOINED.join(names) for names in (d.advisories, d.consequences, d.possible))
        row = (place, d.person_id, d.period, d.policy, d.outcome, *lists, list(d.missing))
        return (*row, *self.decided.cells(*(figures.get(n) for n in self.figures), d.total_high))

    def rule_words(self) -> Iterator[tuple[str, str, str, str]]:
        """What the rule columns of the ledger hold."""
        query = t.select(**{n: t.col(n) for n in RULES}).from_(t.table("aside_ledger"), copy=False)
        return iter(self.host.rows(query.distinct(copy=False)))

    def texts(self) -> dict[str, set[str]]:
        """The texts of decisions and findings, by column."""
        found: dict[str, set[str]] = {}
        if self.persons:
            for table, names in (("aside_decisions", self._decision_shape()), ("aside_findings", FINDINGS)):
                for name in (n for n in TEXTS if n in names):
                    query = t.select(text=t.col(name)).from_(t.table(table), copy=False).distinct(copy=False)
                    found.setdefault(name, set()).update(text for (text,) in self.host.rows(query) if text is not None)
        return found
