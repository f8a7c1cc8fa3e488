"""A case of a pack's tests in, the evaluator's inputs out: its cells are read exactly as those of a records file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.messages import say
from policyengine.packs.tests_model import PERSON_ID, Case
from policyengine.records.given import rows_of
from policyengine.records.header import Headers, layout_of
from policyengine.records.model import Circumstance, Inputs, Person, Record
from policyengine.records.raw import RawTable, Row
from policyengine.records.rows import RowFacts
from policyengine.records.schema import Purpose, Schema


def inputs_of(case: Case, schema: Schema) -> tuple[Inputs | None, list[Diagnostic]]:
    """The case's person and records; None with PE610 where a cell can't be read."""
    problems: list[Diagnostic] = []
    rows = [{"person_id": PERSON_ID, **r} for r in case.records]
    records = []
    for row in _read("records", rows, case, schema, problems):
        if row.faults or row.start is None or row.end is None:
            who = str(case.records[row.number - 1]["record_id"])
            problems += _unreadable(case, row, who, Headers(schema, "records"))
        else:
            records.append(
                Record(
                    str(row.facts["record_id"]), PERSON_ID, row.start, row.end, row.quantity, row.unit, row.facts,
                    case.file, row.number, row.extra,
                )
            )  # fmt: skip
    facts = dict[str, object]()
    for row in _read("persons", [{"person_id": PERSON_ID, **case.person}], case, schema, problems):
        problems += _unreadable(case, row, say("the person", "人员"), Headers(schema, "persons"))
        facts.update(row.facts)
    facts.pop("person_id", None)
    if failed(problems):
        return None, problems
    held = tuple(Circumstance(*c) for c in case.circumstances)
    person = Person(PERSON_ID, facts, held)  # type: ignore[arg-type]
    return Inputs(tuple(records), {PERSON_ID: person}, (), len(records), 0), problems


def _read(
    purpose: Purpose, cells: Sequence[Mapping[str, str]], case: Case, schema: Schema, problems: list[Diagnostic]
) -> Iterable[RowFacts]:
    """The rows of one table of cells by column, numbered from 1."""
    columns = list(dict.fromkeys(name for row in cells for name in row))
    if not cells:
        return
    rows = iter([Row(n, [row.get(c, "") for c in columns]) for n, row in enumerate(cells, 1)])
    table = RawTable(case.file, case.name, None, rows, header=columns)
    headers = Headers(schema, purpose)
    layout, said = layout_of(table, headers)
    for d in said:
        if d.severity == "error":
            problems.append(_problem(case, d.message, d.hint))
    if layout is not None:
        yield from rows_of(table, layout, headers)


def _unreadable(case: Case, row: RowFacts, who: str, headers: Headers) -> list[Diagnostic]:
    found = []
    for fault in row.faults:
        column, value = fault.column or "", fault.value or ""
        decl = headers.fields.get(column)  # the cells of a case stand under the ids of their fields
        column = say(column, decl.zh or column) if decl is not None else column
        why, hint = say(fault.bad.en, fault.bad.zh), say(fault.bad.hint, fault.bad.hint_zh)
        found.append(_problem(case, say(f"{who}: {column} {value!r}: {why}", f"{who}：{column}“{value}”：{why}"), hint))
    return found


def _problem(case: Case, message: str, hint: str | None) -> Diagnostic:
    return Diagnostic("PE610", f"{case.name}: {message}", Span(case.span.file, case.span.line, case.span.column), hint)
