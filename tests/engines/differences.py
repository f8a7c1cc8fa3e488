"""Two results compared row by row: what differs, in words that a failing test can show."""

from __future__ import annotations

from dataclasses import fields

from policyengine.trace import Result

TABLES = ("decisions", "findings", "ledger", "flags")


def differences(wanted: Result, found: Result, most: int = 5) -> list[str]:
    """The first rows that differ, table by table; nothing where the results are equal."""
    told: list[str] = []
    for table in TABLES:
        rows, others = getattr(wanted, table), getattr(found, table)
        if rows == others:
            continue
        if len(rows) != len(others):
            told.append(f"{table}: {len(rows)} rows wanted, {len(others)} found")
        unlike = [(a, b) for a, b in zip(rows, others, strict=False) if a != b]
        told += [f"{table}: {_unlike(a, b)}" for a, b in unlike[:most]]
    return told


def _unlike(wanted: object, found: object) -> str:
    names = [f.name for f in fields(wanted)]  # type: ignore[arg-type]
    where = {n: getattr(wanted, n) for n in ("person_id", "period", "record_id", "rule") if n in names}
    parts = [
        f"{n}: {getattr(wanted, n)!r} wanted, {getattr(found, n)!r} found"
        for n in names
        if getattr(wanted, n) != getattr(found, n)
    ]
    return f"{where}: " + "; ".join(parts)
