"""Inputs that are in memory as canonical tables (``protocol.py``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.engines.compile.host import Host
from policyengine.engines.compile.sources import Names
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs

_DERIVED = ("date", "start", "end", "quantity", "unit", "record_id", "person_id")


def load_inputs(host: Host, inputs: Inputs, plans: Sequence[Plan]) -> Names:
    """Make the canonical tables ``records``, ``persons`` and ``circumstances``."""
    fields: dict[str, FieldDecl] = {}
    decimals = 0
    for plan in plans:
        fields.update(plan.fields)
        decimals = max([decimals, *(places for _, _, places in plan.bounds.values())])
    own = {n: f for n, f in fields.items() if f.of == "record" and n not in _DERIVED}
    columns = {
        "record_id": "VARCHAR", "person_id": "VARCHAR", "start": "DATE", "end": "DATE",
        "quantity": f"DECIMAL(18,{decimals})", "unit": "VARCHAR", **{n: _type(f) for n, f in own.items()},
    }  # fmt: skip
    host.load(
        "records",
        columns,
        (
            (r.record_id, r.person_id, r.start, r.end, _cell(r.quantity, decimals), r.unit, *_cells(r.facts, own))
            for r in inputs.records
        ),
    )
    facts = {n: f for n, f in fields.items() if f.of == "person" and n != "circumstance"}
    host.load(
        "persons",
        {"person_id": "VARCHAR", **{n: _type(f) for n, f in facts.items()}},
        ((p.person_id, *_cells(p.facts, facts)) for p in inputs.persons.values()),
    )
    host.load(
        "circumstances",
        {"person_id": "VARCHAR", "kind": "VARCHAR", "start": "DATE", "end": "DATE"},
        ((p.person_id, c.kind, c.start, c.end) for p in inputs.persons.values() for c in p.circumstances),
    )
    return Names("records", "persons", "circumstances")


def _type(decl: FieldDecl) -> str:
    match decl.type:
        case "number":
            return f"DECIMAL(18,{decl.decimals})"
        case "year":
            return "INTEGER"
        case "date":
            return "DATE"
        case "yes_no":
            return "BOOLEAN"
    return "VARCHAR"


def _cells(facts: Mapping[str, Any], fields: Mapping[str, FieldDecl]) -> Iterable[Any]:
    for name, decl in fields.items():
        value = facts.get(name)
        yield (
            _cell(value, decl.decimals)
            if decl.type == "number"
            else int(value)
            if decl.type == "year" and value is not None
            else value
        )


def _cell(value: Any, decimals: int) -> Decimal | None:
    if value is None:
        return None
    scaled = Fraction(value) * 10**decimals
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than {decimals} decimals")
    return Decimal(scaled.numerator).scaleb(-decimals)
