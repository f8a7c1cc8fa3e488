"""What counts in a requirement that takes not just the records of its period: findings go in, ledger rows come out.

``in any 5 years`` looks back over the years before, ``within 12 months of joined`` may begin and end inside of two; a
declared measure takes only some of the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from policyengine.engines.allocate import account
from policyengine.engines.calendar import days_of, label, labelled, period_bounds, period_of
from policyengine.engines.later import Stretch
from policyengine.engines.ledger import ledger
from policyengine.engines.reference import Periods, Prepared
from policyengine.engines.totals import Totals
from policyengine.language import tree
from policyengine.records.model import Person, Record
from policyengine.tools.explain.case import Measured, Window, own_facts
from policyengine.trace import Decision, Finding, LedgerEntry

ZERO = Fraction(0)
EVER = (date.min.year, date.max.year)


def windows_of(
    ready: Prepared, person: Person, records: Iterable[Record], decision: Decision, findings: Iterable[Finding]
) -> tuple[dict[str, Window], dict[str, Measured]]:
    """By the finding's rule, from all records of the person: the windows that are not the decision's period, and what
    counts toward measures other than the total and the subjects; of measures that no finding is on, by their name."""
    later, start = ready.later, ready.plan.year_start
    first, last = labelled(decision.period)
    asked = {rule.key: statement for rule, statement in later.requirements(first, last - first + 1)}
    findings = tuple(findings)
    known = {f.rule: f for f in findings if f.rule in asked}
    adrift = {key for key in known if _adrift(asked[key], person)}
    apart = {key for key, f in known.items() if f.window != days_of(decision.period, start)}
    declared = {key for key, f in known.items() if f.measure != "total" and f.measure not in decision.by_subject}
    others = [name for name, value in decision.measures.items() if value and name not in {f.measure for f in findings}]
    windows = {key: Window(None) for key in adrift}
    measured: dict[str, Measured] = {}
    if not apart and not declared and not others:
        return windows, measured
    judged = [ready.judge.judge(r, person) for r in sorted(records, key=lambda r: (r.end, r.record_id))]
    booked = account(ready.judge, later.once, later.caps, person, judged, later.exact)
    totals = Totals(later, booked)
    rows = {(e.record_id, e.period): e for e in ledger(booked, EVER, later.shown)}

    def counting(measure: str, stretch: Stretch, this_period: bool) -> tuple[LedgerEntry, ...]:
        held = []
        for n, truth in totals.members(measure, stretch, this_period):
            item = booked.items[n]
            row = rows[judged[item.position].record.record_id, label(item.period)]
            held.append(row if truth else replace(row, counted=ZERO))  # what may belong to it counts from 0 up
        return tuple(e for e in held if e.counted_high != 0)

    def defined(measure: str, period: int, counted: tuple[LedgerEntry, ...]) -> Measured:
        rule = later.measure_in(measure, period)
        return Measured(rule.key if rule is not None else "", counted)

    for key in (k for k in known if k in apart or k in declared):
        f, statement = known[key], asked[key]
        begins, ends = (period_of(day, start) for day in f.window)
        stretch = Stretch(begins, ends, f.window, isinstance(statement.window, tree.Within))
        counted = () if key in adrift else counting(f.measure, stretch, statement.this_period)
        if key in apart:
            windows[key] = Window(f.window, counted)
        if key in declared:
            measured[key] = defined(f.measure, ends, counted)
    for name in others:
        measured[name] = defined(name, last, counting(name, later.stretch(first, last - first + 1), False))
    return windows, measured


def _adrift(statement: tree.Require, person: Person) -> bool:
    """Whether it is not known when the window begins; the finding then bears the days of the period."""
    window = statement.window
    return isinstance(window, tree.Within) and not isinstance(person.facts.get(window.field), date)


def windows_in(
    decision: Decision,
    findings: Iterable[Finding],
    entries: Sequence[LedgerEntry],
    year_start: tuple[int, int],
    asked: Periods | None,
) -> dict[str, Window]:
    """The same from the tables of a result alone. ``entries``: the person's ledger; ``asked``: its periods.

    The tables hold no days of records and none of other years, so that part of what counts may not be shown.
    """
    found = {}
    for f in findings:
        if f.window == days_of(decision.period, year_start):
            if _seems_adrift(f, decision):
                found[f.rule] = Window(None)
            continue
        first, last = (period_of(day, year_start) for day in f.window)
        years = {label(y) for y in range(first, last + 1)}
        rows = [e for e in entries if e.period in years and f.measure in ("total", e.subject, e.form)]
        rows = [e for e in rows if e.counted_high != 0]
        settled = all(e.counted == e.counted_high for e in rows)
        if f.window != period_bounds(first, year_start, last - first + 1) or (settled and _sum(rows) > f.achieved):
            rows = []  # it goes by the days of records, which only the files have
        all_there = rows and not settled and (asked is None or (asked[0] <= first and last <= asked[1]))
        found[f.rule] = Window(f.window, tuple(rows), ZERO if all_there else max(ZERO, f.achieved - _sum(rows)))
    return found


def _seems_adrift(f: Finding, d: Decision) -> bool:
    """Whether a finding has nothing of what counted in its period, for want of a fact of the person.

    Where nothing counted, tables don't tell such a finding from others.
    """
    shown: Mapping[str, Fraction] = {"total": d.total, **d.by_subject}
    return bool(own_facts(f.missing)) and f.achieved == 0 and shown.get(f.measure, ZERO) > 0


def _sum(rows: Iterable[LedgerEntry]) -> Fraction:
    return sum((e.counted for e in rows), ZERO)
