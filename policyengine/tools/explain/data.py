"""Cases as data (JSON): decisions with their findings, records and remedies, and the person's registration certificate.

The certificate (登记证书) holds what the regulation asks: kind, content, time and examination result of each activity,
and one verification row a year. Figures are exact: numbers where they have a finite decimal, else texts (``"20/9"``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any

from policyengine.records.model import Record
from policyengine.records.personal import mask, masked_day
from policyengine.tools.explain.case import Case, Remedy, carried_over, owed_in_total
from policyengine.tools.result.formats import json_of
from policyengine.tools.result.tables import EITHER
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry

ZERO = Fraction(0)
COUNTED = ("record_id", "period", "counted", "counted_high")


def data_of_cases(cases: Sequence[Case], reveal: bool = False) -> dict[str, Any]:
    """All cases of one person."""
    person = cases[0].person
    facts: dict[str, Any] = {k: v for k, v in person.facts.items() if k not in ("name", "person_id")}
    if not reveal:
        facts = {k: masked_day(v, person.person_id) if isinstance(v, date) else v for k, v in facts.items()}
    return {
        "person_id": person.person_id if reveal else mask(person.person_id),
        "name": cases[0].name or None,
        "facts": facts,
        "circumstances": [{"kind": c.kind, "from": c.start, "to": c.end} for c in person.circumstances],
        "cases": [_case(c) for c in cases],
        "certificate": {
            "activities": _activities(cases),
            "years": [_year(c) for c in cases],
        },
    }


def json_of_data(data: Any, indent: int = 0) -> str:
    """Data as JSON text; fractions as exact numbers, or as text where they have no finite decimal; days in ISO form."""
    inner, outer = "\n" + " " * (indent + 1), "\n" + " " * indent
    if isinstance(data, dict):
        if not data:
            return "{}"
        items = [f"{json_of(str(k))}: {json_of_data(v, indent + 1)}" for k, v in data.items()]
        return "{" + inner + ("," + inner).join(items) + outer + "}"
    if isinstance(data, list | tuple):
        if not data:
            return "[]"
        return "[" + inner + ("," + inner).join(json_of_data(v, indent + 1) for v in data) + outer + "]"
    return json_of(data)


def _case(case: Case) -> dict[str, Any]:
    d = case.decision
    return {
        "period": d.period,
        "policy": d.policy,
        "outcome": d.outcome,
        "nothing_required": case.asks_nothing,
        **_of(d, "unit", "total", "total_high"),
        "by_subject": dict(sorted(d.by_subject.items())),
        "measures": dict(d.measures),
        **_of(d, "required_total", "shortfall_total", "capped_off"),
        "days_left": case.days_left,
        "advisories": list(d.advisories),
        "consequences": [_consequence(case, n, k) for n, k in zip(d.consequences, d.consequence_rules, strict=True)],
        "possible_consequences": list(dict.fromkeys(d.possible)),
        "possible_consequences_turn_on": {name: list(facts) for name, facts in case.turns_on.items()},
        "possible_consequences_rest_on": {name: _rests_on(case, keys) for name, keys in case.may_follow.items()},
        "possible_consequences_look_back": {name: _before(case, keys) for name, keys in case.may_follow.items()},
        "possible_consequences_cite": {
            name: [c for key in keys for c in _rule(case, key)] for name, keys in case.may_follow.items()
        },
        "missing": list(d.missing),
        "findings": [_finding(case, f) for f in case.findings],
        "records": [_record(case, e) for e in case.ledger],
        "flags": [_flag(case, f) for f in case.flags],
        "blocks": [{"period": period, "cites": _rule(case, key)} for period, key in case.blocks],
        "besides": [{"drops": dropped or None, "cites": _rule(case, k)} for k, dropped in case.besides],
        "enough": [_remedy(case, r) for r in case.remedies],
        "enough_hinges_on": list(case.hinges_on),
        "enough_together": case.together if case.remedies else None,
        "enough_may_miss": list(case.short),  # of what is only expected
    }


def _of(row: Decision | Finding | LedgerEntry, *names: str) -> dict[str, Any]:
    """What a row of the trace says, under its own names."""
    return {name: getattr(row, name) for name in names}


def _rule(case: Case, key: str) -> list[dict[str, Any]]:
    """The rule versions of a key, cited."""
    notes = [case.rules[k] for k in key.split("+") if k in case.rules]
    return [{"rule": n.key, "source": n.source, "at": n.at, "confidence": n.confidence} for n in notes]


def _consequence(case: Case, name: str, key: str) -> dict[str, Any]:
    """``certain``: it follows from what is cited, not only from one of these rules (see ``EITHER``)."""
    note, keys = case.rules.get(key), key.split(EITHER)
    cites = [c for k in keys for c in _rule(case, k)]
    return {
        "name": name,
        "text": note.said if note is not None else None,
        "certain": len(keys) == 1,
        "cites": cites,
        "rests_on": _rests_on(case, keys),
        "looks_back": _before(case, keys),
    }


def _rests_on(case: Case, keys: Iterable[str]) -> list[str]:
    """The rules of the requirements that conclusions name."""
    return list(dict.fromkeys(rule for key in keys for rule in case.rests_on.get(key, ())))


def _before(case: Case, keys: Iterable[str]) -> list[dict[str, Any]]:
    """The years before that conclusions look back on; ``outcome``: None where they ask for requirements only."""
    names = (
        "rule", "measure", "unit", "comparison", "required", "achieved", "achieved_high", "shortfall", "status",
        "window",
    )  # fmt: skip
    years = dict.fromkeys(year for key in keys for year in case.before.get(key, ()))
    return [
        {
            "period": year.period,
            "outcome": year.outcome,
            "findings": [_of(f, *names) for f in year.findings],
        }
        for year in years
    ]


def _finding(case: Case, f: Finding) -> dict[str, Any]:
    """``records``: what counted in a window that is not the period (None: the period's), ``elsewhere``: how much more,
    in records that are not at hand. ``counted``: what of the records counts toward a measure other than the total and
    the subjects (None: not known here), ``measured_by``: how it is defined."""
    window, measured = case.windows.get(f.rule), case.measured.get(f.rule)
    return {
        "rule": f.rule,
        "cites": _rule(case, f.rule),
        **_of(f, "measure", "unit", "comparison", "advisory"),
        **_of(f, "required_base", "required_before", "required", "required_high"),
        **_of(f, "achieved", "achieved_high", "carried", "shortfall", "status"),
        "window": list(f.window) if window is None or window.days else None,
        "records": [_record(case, e) for e in window.rows] if window is not None else None,
        "measured_by": _rule(case, measured.rule) if measured is not None else [],
        "counted": [_of(e, *COUNTED) for e in measured.rows] if measured is not None else None,
        "elsewhere": window.elsewhere if window is not None else ZERO,
        "because": list(f.because),
        "circumstance": f.circumstance.split("+") if f.circumstance else [],
        "missing": list(f.missing),
    }


def _facts(record: Record | None, *names: str) -> dict[str, Any]:
    return {n: record.facts.get(n) if record is not None else None for n in names}


def _record(case: Case, e: LedgerEntry) -> dict[str, Any]:
    record = case.records.get(e.record_id)
    return {
        **_of(e, "record_id", "period"),
        "start": record.start if record is not None else None,
        "end": record.end if record is not None else None,
        **_of(e, "form", "subject"),
        **_facts(record, "title", "provider", "evidence", "result"),
        **_of(e, "quantity", "unit", "converted", "converted_high", "counted", "counted_high", "reason"),
        "missing": list(e.missing),
        "recognised_by": _rule(case, e.recognise_rule),
        "converted_by": _rule(case, e.convert_rule),
        "assigned_by": _rule(case, e.assign_rule),
        "cut_by": _rule(case, e.cap_rule),
    }


def _flag(case: Case, f: FlagEntry) -> dict[str, Any]:
    return {
        "record_id": f.record_id,
        "flag": f.flag,
        "text": f.text or None,
        "certain": f.certain,
        "missing": list(f.missing),
        "cites": _rule(case, f.rule),
    }


def _remedy(case: Case, r: Remedy) -> dict[str, Any]:
    if r.facts:
        supplied = [
            {
                "record_id": record,
                "facts": list(facts),
                "values": {name: value for name, value in facts.items() if value is not None},
                "gain": r.gains[record],
            }
            for record, facts in r.facts.items()
        ]
        return {"rule": r.rule, "measure": r.measure, "supply": supplied, "gain": r.gain}
    return {
        "rule": r.rule,
        "measure": r.measure,
        "hours": r.gain,
        "outside": list(r.outside),
        "within": list(r.within),
        "subject": r.subject,
        "until": r.until,
        "limits": [c for key in r.limits for c in _rule(case, key)],
    }


def _activities(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What counted, once a period, in the order of time: a block of years holds the rows of its years again."""
    rows: dict[tuple[str, str | None], tuple[Case, LedgerEntry]] = {}
    for case in cases:
        for e in sorted(case.ledger, key=partial(_when, case)):
            rows.setdefault((e.record_id, e.period), (case, e))
    return [a for case, e in rows.values() if (a := _activity(case, e)) is not None]


def _when(case: Case, e: LedgerEntry) -> tuple[date, date, str]:
    record = case.records.get(e.record_id)
    return (record.end, record.start, e.record_id) if record is not None else (date.max, date.max, e.record_id)


def _activity(case: Case, e: LedgerEntry) -> dict[str, Any] | None:
    """One entry of the certificate: an activity that counted."""
    if e.counted <= 0:
        return None
    record = case.records.get(e.record_id)
    return {
        "year": e.period,
        "record_id": e.record_id,
        "kind": e.form,
        "subject": e.subject,
        "content": record.facts.get("title") if record is not None else None,
        "from": record.start if record is not None else None,
        "to": record.end if record is not None else None,
        **_facts(record, "provider", "evidence", "result"),
        "hours": e.counted,
        "unit": case.decision.unit,
    }


def _year(case: Case) -> dict[str, Any]:
    """The row that the employer verifies once a year (年度验证); what is only expected is not required."""
    d = case.decision
    required, most, _ = owed_in_total(d, case.findings)
    return {
        "year": d.period,
        "policy": d.policy,
        "unit": d.unit,
        "total": d.total,
        "carried": carried_over(d, case.findings),
        "by_subject": dict(sorted(d.by_subject.items())),
        "required": required,
        "required_high": most,
        "outcome": d.outcome,
        "nothing_required": case.asks_nothing,
        "consequences": list(d.consequences),
    }
