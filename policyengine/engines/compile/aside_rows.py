"""Rows of the persons who were left aside, as they are loaded beside the compiled ones. A trace's words go in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from policyengine.engines.compile.relations import JOINED
from policyengine.trace import Finding, FlagEntry, LedgerEntry

FIGURES = ("required_base", "required_before", "required", "required_high", "achieved", "achieved_high", "carried",
           "shortfall")  # fmt: skip


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


_ENTRY_TEXTS = ("record_id", "person_id", "own_form", "own_subject", "own_unit", "recognise_rule", "convert_rule",
                "assign_rule", "cap_rule", "reason")  # fmt: skip
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
