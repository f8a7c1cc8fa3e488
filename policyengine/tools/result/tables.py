"""The tables of a result: an evaluation's trace goes in, named columns and rows come out, the same for every format.

Column order is that of docs/results.md. Lists are one cell, joined by ``; `` (rule keys of one step by ``+``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from operator import attrgetter
from typing import Any, overload

from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.plan.model import Plan
from policyengine.records.model import Reject
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry, Result

Value = str | Fraction | int | bool | date | None
JOINED = "; "
EITHER = "|"  # between rule keys of which it is one, where a table doesn't tell which


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: ``text``, ``figure`` (an exact fraction), ``whole``, ``date`` or ``yes_no``."""

    name: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """One table; every row has a value (or None) per column."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]

    @property
    def names(self) -> list[str]:
        return [c.name for c in self.columns]


@dataclass(frozen=True)
class _Rows(Sequence[tuple[Value, ...]]):
    """Rows that are made of ``items`` whenever they are looked at: there may be too many to hold."""

    items: Sequence[Any]
    row: Callable[[Any], tuple[Value, ...]]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        return map(self.row, self.items)

    @overload
    def __getitem__(self, at: int) -> tuple[Value, ...]: ...
    @overload
    def __getitem__(self, at: slice) -> list[tuple[Value, ...]]: ...
    def __getitem__(self, at: int | slice) -> tuple[Value, ...] | list[tuple[Value, ...]]:
        return list(map(self.row, self.items[at])) if isinstance(at, slice) else self.row(self.items[at])


def _columns(text: str) -> tuple[Column, ...]:
    """``name`` or ``name:kind``, separated by spaces."""
    return tuple(Column(*item.split(":")) for item in text.split())


FINDINGS = _columns(
    "person_id period policy rule measure unit comparison advisory:yes_no required_base:figure required_before:figure "
    "required:figure required_high:figure achieved:figure achieved_high:figure carried:figure shortfall:figure status "
    "window_start:date window_end:date because circumstance missing"
)
LEDGER = _columns(
    "record_id person_id period form subject quantity:figure unit converted:figure counted:figure recognise_rule "
    "convert_rule cap_rule reason"
)
LEDGER_LEAN = tuple(c for c in LEDGER if c.name not in ("form", "subject", "quantity", "unit"))
REJECTS = _columns("file sheet row:whole column value code reason hint record_id")
FLAGS = _columns("record_id person_id flag rule text certain:yes_no missing")
MISSING = _columns(
    "person_id period policy record_id converted_high:figure counted_high:figure missing possible_consequences"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the policies of a result add to its tables."""

    subjects: tuple[str, ...]  # in alphabetical order
    required_subjects: tuple[str, ...]  # those that some rule requires or expects something of
    measures: tuple[str, ...]
    assigns: bool  # some rule says in which period a record counts


def shape_of(plans: Iterable[Plan]) -> Shape:
    """Columns follow from the policies alone, never from the records."""
    subjects: set[str] = set()
    required: set[str] = set()
    measures: set[str] = set()
    assigns = False
    for plan in plans:
        subjects.update(w.id for w in plan.vocabulary.terms_of("subject"))
        required.update(r.statement.measure for r in plan.require)
        measures.update(r.statement.name for r in plan.measures)
        assigns = assigns or bool(plan.assign)
    return Shape(tuple(sorted(subjects)), tuple(sorted(subjects & required)), tuple(sorted(measures)), assigns)


def tables_of(result: Result, rejects: Sequence[Reject], shape: Shape, ledger: str = "full") -> list[Table]:
    """All tables of a result. ``ledger``: ``full``, ``lean`` (without what the record itself says) or ``none``."""
    tables = [_decisions(result.decisions, shape), _findings(result.findings)]
    if ledger != "none":
        tables.append(_ledger(result.ledger, shape, ledger))
    tables += [_rejects(rejects), _flags(result.flags), _missing(result, ledger != "none")]
    return tables


def decision_columns(shape: Shape) -> tuple[Column, ...]:
    names = [
        "total",
        *shape.subjects,
        "required_total",
        *(f"required_{s}" for s in shape.required_subjects),
        "shortfall_total",
        *(f"shortfall_{s}" for s in shape.required_subjects),
        "capped_off",
    ]
    return (
        *_columns("person_id period policy outcome"),
        *(Column(n, "figure") for n in names),
        *_columns("advisories consequences"),
        *(Column(m, "figure") for m in shape.measures),
    )


def decision_row(d: Decision, shape: Shape) -> tuple[Value, ...]:
    """A decision in the columns of ``decision_columns``."""
    return (
        d.person_id,
        d.period,
        d.policy,
        d.outcome,
        d.total,
        *(d.by_subject.get(s) for s in shape.subjects),
        d.required_total,
        *(d.required_by_subject.get(s) for s in shape.required_subjects),
        d.shortfall_total,
        *(d.shortfall_by_subject.get(s) for s in shape.required_subjects),
        d.capped_off,
        joined(d.advisories),
        joined(d.consequences),
        *(d.measures.get(m) for m in shape.measures),
    )


def _decisions(decisions: Iterable[Decision], shape: Shape) -> Table:
    return Table("decisions", decision_columns(shape), [decision_row(d, shape) for d in decisions])


def _findings(findings: Iterable[Finding]) -> Table:
    own = attrgetter(*(c.name for c in FINDINGS[:-5]))  # behind them the days of the window, and lists
    rows = [(*own(f), *f.window, joined(f.because), f.circumstance, joined(f.missing)) for f in findings]
    return Table("findings", FINDINGS, rows)


def ledger_columns(shape: Shape, size: str = "full") -> tuple[Column, ...]:
    """``assign_rule`` is there where a policy has such rules; without one, records count in the period of their end."""
    columns = LEDGER if size == "full" else LEDGER_LEAN
    return (*columns, Column("assign_rule")) if shape.assigns else columns


def _ledger(entries: Iterable[LedgerEntry], shape: Shape, size: str) -> Table:
    columns = ledger_columns(shape, size)
    return Table("ledger", columns, list(map(attrgetter(*(c.name for c in columns)), entries)))


def _rejects(rejects: Sequence[Reject]) -> Table:
    return Table("rejects", REJECTS, _Rows(rejects, attrgetter(*(c.name for c in REJECTS))))


def _flags(flags: Iterable[FlagEntry]) -> Table:
    rows = [(f.record_id, f.person_id, f.flag, f.rule, f.text, f.certain, joined(f.missing)) for f in flags]
    return Table("flags", FLAGS, rows)


def _missing(result: Result, records: bool) -> Table:
    """A row for every decision that a missing fact leaves open, and for every ledger row where there is a ledger
    (``records``), with its upper bounds; of each person the records come first."""
    rows: list[tuple[Value, ...]] = []
    for d in result.decisions:
        if d.missing or d.possible or d.total_high != d.total:
            facts, possible = joined(d.missing), joined(d.possible)
            rows.append((d.person_id, d.period, d.policy, None, None, d.total_high, facts, possible))
    for e in result.ledger if records else ():
        if e.missing or e.converted_high != e.converted or e.counted_high != e.counted:
            highs = (e.converted_high, e.counted_high)
            rows.append((e.person_id, e.period, None, e.record_id, *highs, joined(e.missing), None))
    rows.sort(key=lambda row: (row[0], row[3] is None, row[3] or ""))
    return Table("missing", MISSING, rows)


def joined(items: Iterable[str]) -> str:
    return JOINED.join(items)


def parted(cell: str | None) -> tuple[str, ...]:
    """The items of a list cell."""
    return tuple(cell.split(JOINED)) if cell else ()


def kind_of(statement: tree.Statement) -> str:
    """The kind of a statement as manifests name it: ``recognise``, ``require``, ``count_once``, …"""
    name = type(statement).__name__
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))
