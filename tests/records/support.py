"""A small vocabulary for the readers' tests, and what was read as lines that a person can write by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from policyengine.diagnostics import Diagnostic
from policyengine.language.quantities import exact_text
from policyengine.language.vocabulary import FieldDecl, Word, vocabulary
from policyengine.records.columns import Canonical, read_tables
from policyengine.records.mapping import NO_MAPPING, load_mapping
from policyengine.records.model import Inputs, Reject
from policyengine.records.read import read_inputs
from policyengine.records.schema import Schema

DATA = Path(__file__).parent.parent / "data" / "records"

TERMS = {
    "form": {
        "training": ("培训班", "培训"), "self_study": ("自学成果", "自学"), "lecture": ("学术讲座", "讲座"),
        "publication": ("发表出版作品", "发表论文"),
    },
    "subject": {"public": ("公需科目", "公需"), "professional": ("专业科目", "专业")},
    "circumstance": {"maternity": ("产假",), "illness": ("病假",)},
    "employer_kind": {"enterprise": ("企业",), "public_institution": ("事业单位",)},
    "sector": {"accounting": ("会计",)},
}  # fmt: skip
FIELDS = (
    FieldDecl("author_rank", "record", "number", "作者排名", minimum=Fraction(1), maximum=Fraction(100)),
    FieldDecl(
        "cost", "record", "number", "费用", unit="yuan", minimum=Fraction(0), maximum=Fraction(10**7), decimals=2
    ),
    FieldDecl("full_time", "record", "yes_no", "脱产"),
    FieldDecl("claimed_year", "record", "year", "归属年度"),
    FieldDecl("share", "record", "number", "个人承担比例", minimum=Fraction(0), maximum=Fraction(1), decimals=4),
)
BOUNDS = {
    "hours": (Fraction(0), Fraction(10_000), 2),
    "minutes": (Fraction(0), Fraction(600_000), 2),
    "clock_hours": (Fraction(0), Fraction(10_000), 2),
    "characters": (Fraction(0), Fraction(10**7), 0),
    "days": (Fraction(0), Fraction(3660), 1),
    "credits": (Fraction(0), Fraction(1000), 2),
}
APART = ("record_id", "person_id", "date", "start", "end", "quantity", "unit", "_file", "_row")


def schema(mapping: Path | None = None) -> Schema:
    words = [
        Word(term, "term", names[0], names[1:], of=owner, leave=owner == "circumstance")
        for owner, terms in TERMS.items()
        for term, names in terms.items()
    ]
    found = NO_MAPPING
    if mapping is not None:
        loaded, problems = load_mapping(str(mapping))
        assert loaded is not None, problems
        found = loaded
    return Schema(vocabulary(words, FIELDS), BOUNDS, found)


def text(value: Any) -> str:
    """A value as the corpus writes it: spaces as _, yes and no, exact decimals."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction | Decimal):
        return exact_text(Fraction(value))
    if isinstance(value, date):
        return value.isoformat()
    return "-" if value is None else str(value).replace(" ", "_").replace("\n", "\\n")


def facts(found: Iterable[tuple[str, Any]]) -> str:
    return " ".join(f"{k}={text(v)}" for k, v in sorted(found) if v is not None and k not in APART)


def record_lines(inputs: Inputs) -> list[str]:
    return [
        _line(r.record_id, r.person_id, r.start, r.end, r.quantity, r.unit, r.facts.items()) for r in inputs.records
    ]


def _line(record_id: str, person_id: str, start: date, end: date, quantity: Any, unit: Any, others: Any) -> str:
    days = text(end) if start == end else f"{text(start)}..{text(end)}"
    return f"{text(record_id)} | {text(person_id)} | {days} | {text(quantity)} {text(unit)} | {facts(others)}".rstrip()


def table_rows(connection: Any, table: str) -> list[dict[str, Any]]:
    connection.execute(f'SELECT * FROM "{table}"')
    names = [d[0] for d in connection.description]
    return [dict(zip(names, row, strict=True)) for row in connection.fetchall()]


def table_lines(tables: Canonical) -> list[str]:
    rows = table_rows(tables.connection, tables.records)
    apart = ("record_id", "person_id", "start", "end", "quantity", "unit")
    return [_line(*(row[c] for c in apart), row.items()) for row in rows]


def person_lines(found: Iterable[tuple[str, Iterable[tuple[str, Any]]]]) -> list[str]:
    return sorted(f"{text(p)} | {facts(f)}".rstrip() for p, f in found)


def reject_lines(rejects: Iterable[Reject], with_value: bool = True) -> list[str]:
    return sorted(
        f"{r.row} | {r.column or '-'} | {r.code}" + (f" | {r.value}" if with_value and r.value else "") for r in rejects
    )


def codes(diagnostics: Iterable[Diagnostic], severity: str) -> list[str]:
    return sorted(d.code for d in diagnostics if d.severity == severity)


@cache
def _database() -> Any:
    return duckdb.connect(config={"enable_external_file_cache": False})  # of files that a test writes again


@contextmanager
def empty_database() -> Iterator[Any]:
    """Emptied, for the next: to start another takes as long as to read a small file."""
    with _database().cursor() as connection:
        try:
            yield connection
        finally:
            for kind in ("VIEW", "TABLE", "TYPE"):
                named = f"SELECT {kind}_name FROM duckdb_{kind}s() WHERE NOT internal".lower()
                for (name,) in connection.execute(named).fetchall():
                    connection.execute(f'DROP {kind} IF EXISTS "{name}"')


def both_ways(
    records: list[str], persons: str | None, circumstances: str | None, of: Schema, folder: Path
) -> tuple[Inputs | None, list[Diagnostic]]:
    """Read row by row and by columns, and compare all that comes out."""
    inputs, said = read_inputs(records, persons, circumstances, of)
    with empty_database() as connection:
        tables, said_too = read_tables(connection, folder, records, persons, circumstances, of, small=0)
        assert sorted(map(str, said)) == sorted(map(str, said_too))
        assert (inputs is None) == (tables is None)
        if inputs is None or tables is None:
            return None, said
        assert inputs.rows == len(inputs.records) + inputs.rejected_rows
        assert (inputs.rows, inputs.rejected_rows) == (tables.rows, tables.rejected_rows)
        assert sorted(record_lines(inputs)) == sorted(table_lines(tables))
        assert list(map(repr, inputs.rejects)) == list(map(repr, tables.rejects))
        assert inputs.digests == tables.digests
        assert sorted(inputs.warnings) == sorted(tables.warnings)
        places = {(r.record_id, r.file, r.sheet, r.row) for r in inputs.records}
        rows = table_rows(connection, tables.records)
        assert places == {(r["record_id"], *tables.files[r["_file"]], r["_row"]) for r in rows}
        if tables.persons:
            listed = [(r["person_id"], r.items()) for r in table_rows(connection, tables.persons)]
            known = [(p.person_id, p.facts.items()) for p in inputs.persons.values()]
            with_records = {r.person_id for r in inputs.records}
            assert set(person_lines(listed)) <= set(person_lines(known))
            assert {p for p, _ in known} == {p for p, _ in listed} | with_records
        if tables.circumstances:
            stretches = table_rows(connection, tables.circumstances)
            own = [(p.person_id, c.kind, c.start, c.end) for p in inputs.persons.values() for c in p.circumstances]
            assert sorted(map(repr, (tuple(r.values()) for r in stretches))) == sorted(map(repr, own))
    return inputs, said
