"""A pack in, what of its own cases (tests/*.yaml) comes out otherwise than they expect: one line a difference."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from policyengine.packs.tests_model import PERSON_ID, Case, Expected, load_tests
from policyengine.tools.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.select import Law, load_law
from policyengine.trace import Decision

COLUMNS = {"shortfall": "shortfall_total", "required": "required_total", "subjects": "by_subject"}


def differences(pack: Path, place: Path) -> tuple[int, list[str]]:
    """How many cases the pack has, and what comes out otherwise than they expect."""
    law = load_law(str(pack))
    cases, said = load_tests(pack, law.policies[0])
    found = [str(d) for d in said]
    for case in cases:
        found += [f"{Path(case.file).name}: {case.name}: {line}" for line in of_case(law, case, place)]
    return len(cases), found


def of_case(law: Law, case: Case, place: Path) -> Iterator[str]:
    """One line for each thing that came out otherwise."""
    done = evaluate_files(law, _files(case, place), case.periods, case.as_of)
    yield from (f"{r.record_id}: {r.column} {r.value}: {r.reason}" for r in done.inputs.rejects)
    for period, expected in case.expected.items():
        decision = next((d for d in done.result.decisions if d.period == period), None)
        if decision is None:
            yield f"{period}: no decision, only {[d.period for d in done.result.decisions]}"
            continue
        for one in expected:
            got = _found(one, done, decision)
            if not _agrees(one, got):
                yield f"{period}: {' '.join(one.path)}: expected {one.wanted}, came out {got}"


def _files(case: Case, place: Path) -> Files:
    records = _csv(place / "records.csv", [{"person_id": PERSON_ID, **r} for r in case.records], ("person_id", "date"))
    persons = _csv(place / "persons.csv", [{"person_id": PERSON_ID, **case.person}])
    if not case.circumstances:
        return Files((records,), persons)
    rows = [{"person_id": PERSON_ID, "kind": k, "from": a or "", "to": b or ""} for k, a, b in case.circumstances]
    return Files((records,), persons, _csv(place / "circumstances.csv", rows))


def _csv(path: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ()) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys([*columns, *(c for row in rows for c in row)])))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def _found(one: Expected, done: Evaluation, decision: Decision) -> object:
    """What stands at the path of an expectation."""
    match one.path:
        case ("flags",):
            return tuple(f.flag for f in done.result.flags)
        case ("records", record, "flags"):
            return tuple(f.flag for f in done.result.flags if f.record_id == record)
        case ("records", record, what):
            rows = [e for e in done.result.ledger if e.record_id == record]
            return _value(next((e for e in rows if e.period == decision.period), rows[0]), what)
        case ("findings", rule, what):
            named = [f for f in done.result.findings if f.period == decision.period and _is(f.rule, rule)]
            return _value(named[0], what) if named else f"no finding of {rule}"
        case (("subjects" | "measures") as what, name):
            value = getattr(decision, COLUMNS.get(what, what))[name]
            return value, value
        case (what,):
            return _value(decision, COLUMNS.get(what, what))
    raise ValueError(one.path)


def _value(row: object, what: str) -> object:
    value = getattr(row, what)
    if isinstance(value, int | Fraction) or value is None:
        return value, getattr(row, f"{what}_high", value)
    return value


def _agrees(one: Expected, got: object) -> bool:
    if isinstance(one.wanted, str):
        wanted, parts = one.wanted.split("+"), str(got).split("+")
        return len(wanted) == len(parts) and all(_is(p, w) for p, w in zip(sorted(parts), sorted(wanted), strict=True))
    if not isinstance(got, tuple):
        return False
    if one.path[-1] in ("flags", "consequences", "possible", "advisories", "missing", "because"):
        left = list(got)
        for name in one.wanted:
            match = next((g for g in left if _is(str(g), str(name))), None)
            if match is None:
                return False
            left.remove(match)
        return one.at_least or not left
    return got == one.wanted


def _is(key: str, name: str) -> bool:
    """Whether a rule key, or any name, is the one that a case names, with or without pack and version."""
    return name in (key, key.partition("@")[0], key.partition("@")[0].rpartition("/")[2])
