"""The words of a result: Decision, Finding, LedgerEntry, FlagEntry. Ledger rows sum to findings, findings imply
decisions.

Hours and credits are exact fractions. Which columns files have, and in what order, ``tools/result/tables.py`` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from policyengine.light import dataclass

OUTCOMES = ("met", "not_met", "excused", "undetermined", "in_progress")


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One record in one period. ``period`` is None where it counts in none of the asked periods.

    ``converted``: hours before caps; ``counted``: after. Each is the low bound, with ``*_high`` where facts are missing
    (equal to it when complete; ``None`` as high: unbounded). ``reason``: ``counted``, ``capped``, ``duplicate``,
    ``rejected``, ``not_recognised``, ``missing_fact`` (in need of review), ``no_conversion``, ``no_exchange``,
    ``outside_period``, ``ambiguous``, ``no_policy``. ``missing``: the facts that would settle it, ``field`` ids.
    ``assign_rule`` empty: by end date.
    """

    record_id: str
    person_id: str
    period: str | None
    form: str | None
    subject: str | None
    quantity: Fraction | None
    unit: str | None
    converted: Fraction
    converted_high: Fraction | None
    counted: Fraction
    counted_high: Fraction | None
    recognise_rule: str
    convert_rule: str
    assign_rule: str
    cap_rule: str
    reason: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement applied to one person and period.

    ``required_base``: the figure as the overridden rule had it, ``required_before``: before reductions; ``required``:
    what governs. ``achieved``/``achieved_high``: bounds of the measure, ``carried`` hours included. ``status``:
    ``met``,
    ``not_met``, ``excused``, ``undetermined``, ``in_progress``. ``window``: first and last day. ``carried``: hours that
    came from the year before. ``because``: keys of the rules that raised, reduced or excused. ``missing``: what would
    settle it (``R001:evidence``, ``person:employer_kind``).
    """

    person_id: str
    period: str
    policy: str
    rule: str
    measure: str
    unit: str
    comparison: str
    advisory: bool
    required_base: Fraction | None
    required_before: Fraction | None
    required: Fraction | None
    required_high: Fraction | None
    achieved: Fraction
    achieved_high: Fraction | None
    carried: Fraction
    shortfall: Fraction
    status: str
    window: tuple[date, date]
    because: tuple[str, ...] = ()
    circumstance: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One person, period and policy. ``measures``: declared measures by name; bounds are the low ones.

    ``days_left``: of an ``in_progress`` period. ``consequences`` and ``advisories``: names; ``*_rules`` their rule
    keys. ``possible``: consequences that follow for some completion of the missing facts.
    """

    person_id: str
    period: str
    policy: str
    outcome: str
    unit: str
    total: Fraction
    total_high: Fraction | None
    by_subject: Mapping[str, Fraction]
    required_total: Fraction | None
    shortfall_total: Fraction | None
    required_by_subject: Mapping[str, Fraction]
    shortfall_by_subject: Mapping[str, Fraction]
    capped_off: Fraction
    advisories: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    consequence_rules: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    measures: Mapping[str, Fraction] = field(default_factory=dict)
    days_left: int | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlagEntry:
    """A compliance flag on a record. ``certain``: False where a missing fact leaves it open."""

    record_id: str
    person_id: str
    flag: str
    rule: str
    text: str
    certain: bool = True
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What an engine returns for one plan: rows in a fixed order (person, period, record)."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]
    flags: tuple[FlagEntry, ...]
