"""A result's ledger and the facts of its records go in, ledger rows in the order of persons come out, figures as texts.

DuckDB sorts, joins and writes the figures, so that a hundred thousand people's rows cost seconds; a large result's
ledger stands in no order of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from policyengine.engines.compile import trees as t
from policyengine.language.quantities import mixed_text
from policyengine.tools.publish.current import OF_LEDGER, Current, in_names
from policyengine.tools.result.read import Unsettled, Written
from policyengine.tools.result.tables import parted
from policyengine.tools.stats.frames import Frame, described, figure_text, frame_of, trimmed
from policyengine.tools.stats.origin import Facts
from policyengine.trace import LedgerEntry

AT_ONCE = 10_000  # rows fetched together
_TEXTS = (
    "person_id", "period", "record_id", "form", "subject", "unit", "recognise_rule", "convert_rule", "assign_rule",
    "cap_rule", "reason",
)  # fmt: skip
_FIGURES = ("quantity", "converted", "counted")
_FACTS = ("start", "end", "title", "provider", "evidence", "result")
_CLAIMED = ("form", "subject", "unit", "quantity")  # a lean ledger leaves them to the records


class Entry(NamedTuple):
    """A ledger row and what its record says; texts as the result writes them, None where there is nothing."""

    person_id: str
    period: str
    record_id: str
    form: str | None
    subject: str | None
    unit: str | None
    recognise_rule: str | None
    convert_rule: str | None
    assign_rule: str | None
    cap_rule: str | None
    reason: str
    quantity: str | None
    converted: str
    counted: str
    start: str | None
    end: str | None
    title: str | None
    provider: str | None
    evidence: str | None
    result: str | None


def entries_of(
    written: Written, connection: Any, folder: Path, facts: Facts | None, only: str | None
) -> Iterator[Entry]:
    """The rows that count in some period; ``only``: of one person. ``folder``: for files on the way."""
    if not written.has("ledger"):
        return
    if isinstance(written, Current):
        frame = described(connection, written.relation("ledger"))
    else:
        frame = frame_of(connection, written, "ledger", folder)
    cells = {c: frame.text(c) for c in _TEXTS} | {c: figure_text(frame, c) for c in _FIGURES}
    rows = t.select(**cells).from_(frame.relation.copy()).where(t.present(frame.text("period")))
    if only is not None:
        rows = rows.where(t.equal(frame.text("person_id"), t.lit(only)))
    records = facts.records if facts is not None else None
    known = described(connection, t.table(records)).kinds if records is not None else {}
    told = {c: _told(c, frame, known) for c in (*_TEXTS, *_FIGURES)}
    told |= {c: t.cast(t.col(c, "r") if c in known else t.lit(None), "TEXT") for c in _FACTS}
    query = t.select(**told).from_(t.sub(rows, "l"))
    if records is not None:
        t.join(query, t.table(records, "r"), t.agree("l", "r", "record_id"), "LEFT")
    query = t.sorted_by(query, "l", ("person_id", "period", "record_id"))
    result = connection.cursor().execute(query.sql("duckdb"))
    names = written.names if isinstance(written, Current) else {}
    while found := result.fetchmany(AT_ONCE):
        entries = map(Entry._make, found)
        yield from (_named(e, names) for e in entries) if names else entries


def _named(e: Entry, names: Mapping[str, str]) -> Entry:
    keys = {c: key for c in OF_LEDGER if (key := getattr(e, c))}
    return e._replace(**{c: in_names(key, names) for c, key in keys.items()})


def _told(column: str, frame: Frame, known: Mapping[str, str]) -> Any:
    """The ledger's cell, or that of the record where the ledger is lean."""
    if column not in _CLAIMED or frame.has(column) or column not in known:
        return t.col(column, "l")
    cell = t.cast(t.col(column, "r"), "TEXT")
    if known[column].startswith("DECIMAL"):
        point = t.call("contains", cell.copy(), t.lit("."))
        return t.case([(point, trimmed(cell.copy()))], cell)
    return cell


@lru_cache(maxsize=65_536)
def shown(figure: str, language: str) -> str:
    """A figure of an entry for people: engines leave a common denominator in fractions."""
    return mixed_text(Fraction(figure), language) if "/" in figure else figure


def ledger_entry(e: Entry, unsettled: Unsettled) -> LedgerEntry:
    """The row in the words of the trace."""
    converted, counted = Fraction(e.converted), Fraction(e.counted)
    open_ = unsettled.get((e.record_id, e.period))
    return LedgerEntry(
        record_id=e.record_id, person_id=e.person_id, period=e.period, form=e.form, subject=e.subject,
        quantity=None if e.quantity is None else Fraction(e.quantity), unit=e.unit,
        converted=converted, converted_high=converted if open_ is None else open_["converted_high"],
        counted=counted, counted_high=counted if open_ is None else open_["counted_high"],
        recognise_rule=e.recognise_rule or "", convert_rule=e.convert_rule or "", assign_rule=e.assign_rule or "",
        cap_rule=e.cap_rule or "", reason=e.reason, missing=missing_of(e, unsettled),
    )  # fmt: skip


def missing_of(e: Entry, unsettled: Unsettled) -> tuple[str, ...]:
    """The facts that would settle the row."""
    open_ = unsettled.get((e.record_id, e.period))
    return parted(open_["missing"]) if open_ is not None else ()
