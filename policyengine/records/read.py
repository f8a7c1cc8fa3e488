"""Files in, ``Inputs`` out: canonical records, persons and circumstances, and every row that could not be read.

This is the plain way, a row at a time, and the meaning of reading; ``columns.py`` does the same on whole columns and is
compared with it. Every data row of the records files becomes a record or is rejected: ``rows == records + rejected``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from policyengine.diagnostics import Diagnostic, Severity, Span, failed, warnings_of
from policyengine.messages import in_line, listed, many, say
from policyengine.records.alone import Others, asked_for, plain_id
from policyengine.records.cells import Bad
from policyengine.records.characters import look_alikes, meant
from policyengine.records.files import find_files, stdin_for_all
from policyengine.records.given import Reading, record_id_of, reject_of, rows_of, tables_of
from policyengine.records.header import Headers, Layout
from policyengine.records.mends import Mend, Mends, Standing, Table, source_columns
from policyengine.records.model import Circumstance, Fact, Inputs, Person, Record, Reject
from policyengine.records.personal import FAULTS_ZH, id_number_fault, mask
from policyengine.records.raw import Damaged, RawTable
from policyengine.records.rows import RowFacts
from policyengine.records.schema import Purpose, Schema


def read_inputs(
    records: Sequence[str],
    persons: str | None,
    circumstances: str | None,
    schema: Schema,
    only: str | None = None,
    dated: bool = False,
) -> tuple[Inputs | None, list[Diagnostic]]:
    """Read everything. None when a file is unusable as such (errors in the diagnostics); a bad row is only a reject.

    ``only``: read the records of this person (id or name) alone, as they are read among all; of other rows nothing but
    their ids and, ``dated``, the first and last day on which they end. Where nobody is meant, ``persons`` has all.
    """
    if problems := [*clashes(schema), *stdin_for_all(records, persons, circumstances)]:
        return None, problems
    reading = Reading()
    try:
        return _read(records, persons, circumstances, schema, reading, only, dated)
    except Damaged as e:
        return None, [*reading.diagnostics, e.problem]


def _read(
    records: Sequence[str],
    persons: str | None,
    circumstances: str | None,
    schema: Schema,
    reading: Reading,
    only: str | None,
    dated: bool,
) -> tuple[Inputs | None, list[Diagnostic]]:
    if only is None:
        others = None
        found = _records(records, schema, reading, persons is None, None)
        before = len(reading.rejects)
        people = _persons(persons, schema, reading)
        unread: list[tuple[str | None, Sequence[Reject]]] = [(persons, reading.rejects[before:])]
    else:
        # the persons file says who is meant; its faults are told after the records
        listed = Reading(met=reading.met, digests=reading.digests, sheets=reading.sheets, unread=reading.unread)
        people = _persons(persons, schema, listed)
        others = Others(asked_for(only, {i: f.get("name") for i, f in people.items()}), dated)
        found = _records(records, schema, reading, persons is None, others)
        reading.diagnostics += listed.diagnostics
        reading.rejects.extend(listed.rejects)
        unread = [(persons, listed.rejects)]
    before = len(reading.rejects)
    held = circumstances_of(circumstances, schema, reading)
    reading.diagnostics += reading.met.unmatched(schema)
    drop_applied(reading, persons)
    reading.drop_read()
    if failed(reading.diagnostics):
        return None, reading.diagnostics
    unread.append((circumstances, reading.rejects[before:]))
    reading.diagnostics += unread_rows(unread)
    if persons is not None:
        reading.diagnostics += unlisted(sorted({r.person_id for r in found} - people.keys()), persons)
    by_id = {p: Person(p, facts) for p, facts in people.items()}
    for record in found:
        if record.person_id not in by_id:
            by_id[record.person_id] = Person(record.person_id)
    unknown = sorted(p for p in held if p not in by_id and not (others and p in others.people))
    for person_id, stretches in held.items():
        if person_id in by_id:
            by_id[person_id] = Person(person_id, by_id[person_id].facts, tuple(stretches))
    if unknown:
        reading.diagnostics.append(strangers(unknown, circumstances or ""))
    reading.diagnostics += check_id_numbers(sorted(by_id))
    if others and others.sure and not any(map(others.asked, by_id)):  # nobody is meant: it is told who comes near
        by_id |= {p: Person(p) for p in others.people - by_id.keys()}
    warnings = warnings_of(reading.diagnostics)
    rejects = tuple(reading.rejects)
    days = others.days() if others and others.sure else None
    return Inputs(
        tuple(found), by_id, rejects, reading.rows, reading.rejected,
        reading.digests | schema.mapping.digests, warnings, days, others is None or others.sure,
    ), reading.diagnostics  # fmt: skip


def clashes(schema: Schema) -> list[Diagnostic]:
    """Columns by which two packs mean different things: no file can be read or written for both."""
    hint = say(
        "evaluate by one pack at a time, or rename it in one of them", "请逐个政策包评定，或在其中一个政策包中改名"
    )
    return [
        Diagnostic(
            "PE430",
            say(f"two packs mean different things by the column {name}", f"两个政策包对列 {name} 的含义不同"),
            hint=hint,
        )
        for name in schema.clashes
    ]


# --- records ----------------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where a record id stands; ``at``: which of the records found it is, None where the row is rejected already."""

    table: Table
    row: int
    at: int | None


def _records(
    arguments: Sequence[str], schema: Schema, reading: Reading, must_have_rows: bool, others: Others | None
) -> list[Record]:
    headers = Headers(schema, "records")
    found: list[Record] = []
    seen: dict[str, list[_Place]] = {}
    spans: list[Span] = []
    mends = Mends()
    for table, layout in tables_of(arguments, headers, reading):
        spans.append(table.span())
        named = source_columns(layout)
        if named is not None and others is not None:
            others.sure = False  # what rows of others stand for is not known without reading them
        reading.diagnostics += foreign_columns(table, layout)
        before = reading.rows + len(others.rows if others else ())
        for row in rows_of(table, layout, headers, others):
            reading.rows += 1
            record_id = record_id_of(table, row)
            place = _Place((table.file, table.sheet), row.number, None if row.faults else len(found))
            if named is not None:
                mends.note(named, table, row, record_id)
            if row.faults:
                reading.reject(table, row, record_id)
            else:
                found.append(_record(record_id, row, table))
            seen.setdefault(record_id, []).append(place)
        if reading.rows + len(others.rows if others else ()) == before:
            reading.diagnostics.append(no_rows(spans[-1], "warning"))
    if others is not None:
        reading.rows += len(others.rows)
        _meet(others, seen)
    if must_have_rows and not reading.rows:
        nothing_at_all(reading, spans)
    standing = mends.settle([(s.file, s.sheet) for s in spans])
    gone = _replace(standing, found, seen, reading) if standing.rows else set()
    at = {(s.file, s.sheet): n for n, s in enumerate(spans)}
    several = {record_id: places for record_id, places in seen.items() if len(places) > 1}
    shared = [(min((at[p.table], p.row) for p in places), record_id) for record_id, places in several.items()]
    for _, record_id in sorted(shared):  # of those that begin in one row of a wide table the ids tell the order
        places = sorted(several[record_id], key=lambda p: (at[p.table], p.row))
        reject_twins(reading, record_id, [(*p.table, p.row, p.at is not None) for p in places])
        gone.update(p.at for p in places if p.at is not None)
    return [r for i, r in enumerate(found) if i not in gone] if gone else found


def _replace(standing: Standing, found: Sequence[Record], seen: dict[str, list[_Place]], reading: Reading) -> set[int]:
    """Leave out the rejected rows that mended ones stand for. Gives the places in ``found`` of mended rows that are
    rejected in turn."""
    replaced = 0
    for places in seen.values():
        kept = [p for p in places if p.at is not None or not standing.names(p.table, p.row)]
        replaced += len(places) - len(kept)
        places[:] = kept
    leave_out(reading, standing, replaced)
    read = [(r.record_id, (r.file, r.sheet), r.row) for r in found if standing.names((r.file, r.sheet), r.row)]
    gone: set[int] = set()
    for mend in reject_mends(reading, standing, read):
        places = seen[mend.record_id]
        for at, p in enumerate(places):
            if p.at is not None and p[:2] == mend[:2]:
                gone.add(p.at)
                del places[at]
                break
    return gone


def leave_out(reading: Reading, standing: Standing, replaced: int) -> None:
    """Rejected rows, ``replaced`` in number, that others stand for: they are neither rows nor rejects."""
    reading.rows -= replaced
    reading.rejected -= replaced
    _drop(reading, standing)


def _drop(reading: Reading, standing: Standing, first: int = 0) -> None:
    """Of the rejects from the ``first`` on, leave out those of rows that others stand for."""
    reading.rejects.drop(lambda r: standing.names((r.file, r.sheet), r.row), first)


def reject_mends(reading: Reading, standing: Standing, read: Iterable[tuple[str, Table, int]]) -> list[Mend]:
    """Reject the mended rows that would count twice; ``read`` as in ``Standing.rejected``."""
    found = standing.rejected(read)
    for mend, bad in found:
        reading.rejected += 1
        reading.rejects.append(reject_of(*mend.table, mend.row, None, None, bad, None))
    return [mend for mend, _ in found]


def _meet(others: Others, seen: dict[str, list[_Place]]) -> None:
    """Add the rows of others that have a record id of ours to those seen under it."""
    for record_id, (_, file, sheet, row) in zip(others.ids(), others.rows, strict=True):
        if record_id is not None and record_id in seen:
            seen[record_id].append(_Place((file, sheet), row, None))
    others.settle()
    others.sure &= not any(plain_id(raw) in seen for raw, _ in others.edges)


def _record(record_id: str, row: RowFacts, table: RawTable) -> Record:
    assert row.start is not None
    assert row.end is not None
    row.facts["record_id"] = record_id
    person_id = str(row.facts["person_id"])
    return Record(
        record_id, person_id, row.start, row.end, row.quantity, row.unit, row.facts, table.file, row.number, row.extra,
        table.sheet,
    )  # fmt: skip


Where = tuple[str, str | None, int, bool]
"""File, sheet and row, and whether that is usable."""


def reject_twins(reading: Reading, record_id: str, places: Sequence[Where]) -> None:
    """Of rows with one record id all are rejected, as none is surely the right one; not usable ones are already."""
    for at, (file, sheet, row, usable) in enumerate(places):
        if not usable:
            continue
        other = places[0 if at else 1]
        span, more = Span(other[0], other[2], sheet=other[1]), len(places) - 2
        bad = Bad(
            "PE423",
            f"the same record_id is at {span}" + (f" and {more} more" if more else ""),
            f"与 {span} 的记录编号相同" + (f"，另有 {more} 处" if more else ""),
            "give each record its own id, or remove the one that is too many; if the column only counts the rows of "
            "each sheet, leave it out in a mapping file (ignore: [HEADER])",
            "请使用不同的编号，或删去多余的一行；如该列只是各表内的顺序号，请在对照文件中忽略该列（ignore: [列名]）",
        )
        reading.rejected += 1
        reading.reject_beside((file, sheet, row), "record_id", record_id, bad)


def no_rows(span: Span, severity: Severity) -> Diagnostic:
    """A table has a header only."""
    message = say("there is a header and no row below it", "只有表头，没有数据行")
    hint = say("check that the export was complete", "请检查导出是否完整")
    return Diagnostic("PE403", message, span, hint=hint, severity=severity)


def nothing_at_all(reading: Reading, spans: Sequence[Span]) -> None:
    """No records file has any row, and no persons file says who there is: nothing can be judged."""
    if not failed(reading.diagnostics):
        reading.diagnostics[:] = [d for d in reading.diagnostics if d.code != "PE403"]
        reading.diagnostics += [no_rows(s, "error") for s in spans[:1]]


def foreign_columns(table: RawTable, layout: Layout) -> list[Diagnostic]:
    """A warning where a records file has columns that belong to the persons file: they are not applied."""
    if not layout.foreign:
        return []
    names = listed(layout.foreign)
    message = say(
        f"columns about persons are carried along but not applied: {names}", f"关于人员的列只保留、不采用：{names}"
    )
    hint = say("give the same file with --persons to apply them", "如需采用，请用 --persons 再给出同一文件")
    return [Diagnostic("PE442", message, table.span(), hint=hint, severity="warning")]


def drop_applied(reading: Reading, persons: str | None) -> None:
    """Leave out the warning about columns of persons in a file that is the persons file as well."""
    if persons is None or persons == "-" or all(d.code != "PE442" for d in reading.diagnostics):
        return
    given = {source.path.resolve() for source in find_files([persons])[0]}
    reading.diagnostics[:] = [
        d for d in reading.diagnostics if d.code != "PE442" or not d.span or Path(d.span.file).resolve() not in given
    ]


# --- persons and circumstances ----------------------------------------------------------------------------------------


def _persons(path: str | None, schema: Schema, reading: Reading) -> dict[str, dict[str, Fact]]:
    found: dict[str, list[tuple[str, str | None, int, dict[str, Fact]]]] = {}
    for table, row in _other_rows("persons", path, schema, reading) if path is not None else ():
        person_id = str(row.facts.pop("person_id"))
        found.setdefault(person_id, []).append((table.file, table.sheet, row.number, row.facts))
    people: dict[str, dict[str, Fact]] = {}
    for person_id, rows in found.items():
        if all(row[3] == rows[0][3] for row in rows):
            people[person_id] = rows[0][3]
        else:
            reject_contradictions(reading, person_id, rows)
    return people


def reject_contradictions(
    reading: Reading, person_id: str, rows: Sequence[tuple[str, str | None, int, object]]
) -> None:
    """Of rows that say different things of one person all are rejected. ``rows``: file, sheet, row, facts."""
    first, unlike = rows[0], next(r for r in rows if r[3] != rows[0][3])
    for file, sheet, row, facts in rows:
        other = unlike if facts == first[3] else first  # the first row that says something else
        span = Span(other[0], other[2], sheet=other[1])
        bad = Bad(
            "PE424", f"the person stands at {span} with other facts", f"该人员在 {span} 的信息与此不同",
            "keep the row that is right", "请只保留正确的一行",
        )  # fmt: skip
        reading.reject_beside((file, sheet, row), "person_id", person_id, bad)


def circumstances_of(path: str | None, schema: Schema, reading: Reading) -> dict[str, list[Circumstance]]:
    """The circumstances by person."""
    held: dict[str, dict[Circumstance, None]] = {}
    if path is None:
        return {}
    for _, row in _other_rows("circumstances", path, schema, reading):
        start, end = row.facts.get("from"), row.facts.get("to")
        one = Circumstance(
            str(row.facts["kind"]), start if isinstance(start, date) else None, end if isinstance(end, date) else None
        )
        held.setdefault(str(row.facts["person_id"]), {})[one] = None
    return {person_id: list(own) for person_id, own in held.items()}


def _other_rows(purpose: Purpose, path: str, schema: Schema, reading: Reading) -> Iterator[tuple[RawTable, RowFacts]]:
    """The readable rows of the persons or circumstances file; the others are in the rejects, but not in the counts."""
    headers = Headers(schema, purpose)
    mends, tables, first = Mends(), list[Table](), len(reading.rejects)
    for table, layout in tables_of([path], headers, reading):
        named = source_columns(layout)
        tables.append((table.file, table.sheet))
        for row in rows_of(table, layout, headers):
            if named is not None:
                mends.note(named, table, row, "")
            if row.faults:
                reading.reject(table, row, None, counts=False)
            else:
                yield table, row
    drop_mended(reading, mends, tables, first)


def drop_mended(reading: Reading, mends: Mends, tables: Sequence[Table], first: int) -> None:
    """Leave out the rejected rows, from the ``first`` reject on, that mended ones stand for."""
    standing = mends.settle(tables)
    if standing.rows:
        _drop(reading, standing, first)


def unread_rows(rejects: Iterable[tuple[str | None, Sequence[Reject]]]) -> list[Diagnostic]:
    """A warning for each file, not of records, of which rows were rejected.

    ``rejects``: file and what was rejected, of the persons and then of the circumstances.
    """
    found = []
    for kind, kind_zh, (path, of_file) in zip(("persons", "circumstances"), ("人员", "情形"), rejects, strict=True):
        rows = {(r.file, r.sheet, r.row) for r in of_file}
        if path is not None and rows:
            first = min(of_file, key=lambda r: r.row)
            left, column = "is" if len(rows) == 1 else "are", in_line(first.column or "")
            message = say(
                f"{many(len(rows), 'row')} of the {kind} file could not be read and {left} left out "
                f"(row {first.row}{column and f', {column}'}: {first.reason}); rejects says why",
                f"{kind_zh}文件有 {len(rows)} 行无法读取、未采用"
                f"（第 {first.row} 行{column and f'“{column}”'}：{first.reason_zh or first.reason}），原因见 rejects",
            )
            found.append(Diagnostic("PE447", message, Span(path), severity="warning"))
    return found


def strangers(persons: list[str], path: str) -> Diagnostic:
    """A warning: circumstances of people whom no other file names."""
    some = listed(map(mask, persons), 3)
    message = say(
        f"circumstances of {many(len(persons), 'person who is', 'persons who are')} in no other file are left out: "
        f"{some}",
        f"{len(persons)} 名人员的情形未采用，因其不在其他文件中：{some}",
    )
    return Diagnostic("PE445", message, Span(path), severity="warning")


def unlisted(persons: Sequence[str], path: str, count: int | None = None) -> list[Diagnostic]:
    """A warning where records name people whom the persons file doesn't: the first ``persons`` of so many."""
    count = len(persons) if count is None else count
    if not count:
        return []
    some = listed(mask(p) for p in persons[:3]) + (say(", …", "、…") if count > 3 else "")
    message = say(
        f"{many(count, 'person with records is', 'persons with records are')} in no row of the persons file that was "
        f"read; their facts are not known: {some}",
        f"{count} 名有记录的人员不在人员文件已读取的行中，其情况不详：{some}",
    )
    hint = say("their rows may be among those that could not be read; else check their ids: a leading zero may be lost",
               "其所在行可能无法读取；否则请核对其编号，例如是否丢失了前导零")  # fmt: skip
    return [Diagnostic("PE445", message, Span(path), hint=hint, severity="warning")]


def check_id_numbers(persons: Iterable[str]) -> list[Diagnostic]:
    """Warnings for ids that have the shape of a 身份证号 and break its rules, and for those with characters that only
    look like letters; they are used all the same."""
    wrong: list[tuple[str, str]] = []
    seeming: list[str] = []
    for person in persons:
        if fault := id_number_fault(person):
            wrong.append((person, fault))
        elif not person.isascii() and meant(person).isascii() and look_alikes(person):  # of ß nobody mistakes it
            seeming.append(person)
    return [*_faulty(wrong), *_seeming(seeming)]


def _faulty(wrong: Sequence[tuple[str, str]]) -> Iterator[Diagnostic]:
    if not wrong:
        return
    more = ", …" if len(wrong) > 3 else ""
    some = ", ".join(f"{mask(p)} ({fault})" for p, fault in wrong[:3]) + more
    some_zh = "、".join(f"{mask(p)}（{FAULTS_ZH[fault]}）" for p, fault in wrong[:3]) + more.replace(", ", "、")
    message = say(
        f"{many(len(wrong), 'id looks like an identity number', 'ids look like identity numbers')} but can't be right: "
        f"{some}",
        f"有 {len(wrong)} 个编号形似身份证号但不正确：{some_zh}",
    )
    hint = say("check them; a mistyped id makes two persons of one", "请核对；录错的号码会把一个人变成两个人")
    yield Diagnostic("PE441", message, hint=hint, severity="warning")


def _seeming(persons: Sequence[str]) -> Iterator[Diagnostic]:
    if not persons:
        return
    some = listed([f"{mask(p)}: {say(', ', '、').join(look_alikes(p))}" for p in persons], 3)
    message = say(
        f"{many(len(persons), 'id holds', 'ids hold')} characters that only look like letters: {some}",
        f"有 {len(persons)} 个编号含有只是看起来像字母的字符：{some}",
    )
    hint = say("check them; a mistyped id makes two persons of one", "请核对；录错的号码会把一个人变成两个人")
    yield Diagnostic("PE441", message, hint=hint, severity="warning")
