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

from policyengine.language.quantities import exact_text
from policyengine.records.sql import call, name, text
from policyengine.tools.publish.current import OF_LEDGER, Current, in_names
from policyengine.tools.result.read import Written
from policyengine.tools.result.tables import parted
from policyengine.tools.stats.frames import Frame, described, figure_text, frame_of
from policyengine.tools.stats.origin import Facts
from policyengine.tools.stats.part import aliased, as_, same
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


Unsettled = dict[tuple[str, str | None], Any]
"""Record and period → the row of ``missing``."""


def unsettled_of(written: Written, only: str | None) -> Unsettled:
    """What facts are missing for which records."""
    return {(str(m["record_id"]), str(m["period"])): m for m in written.rows("missing", only) if m["record_id"]}


def entries_of(
    written: Written, connection: Any, folder: Path, facts: Facts | None, only: str | None
) -> Iterator[Entry]:
    """The rows that count in some period; ``only``: of one person. ``folder``: for files on the way."""
    from sqlglot import exp

    if not written.has("ledger"):
        return
    frame = _frame(written, connection, folder)
    cells = [as_(frame.text(c), c) for c in _TEXTS]
    cells += [as_(figure_text(frame, c), c) for c in _FIGURES]
    rows = exp.select(*cells).from_(frame.relation.copy())
    rows = rows.where(exp.not_(exp.Is(this=frame.text("period"), expression=exp.null())))
    if only is not None:
        rows = rows.where(exp.EQ(this=frame.text("person_id"), expression=text(only)))
    records = exp.to_table(facts.records, quoted=True) if facts is not None and facts.records is not None else None
    known = described(connection, records).kinds if records is not None else {}
    query = exp.select(*(as_(_told(c, frame, known), c) for c in (*_TEXTS, *_FIGURES))).from_(rows.subquery("l"))
    query = query.select(*(as_(exp.cast(name(c, "r") if c in known else exp.null(), "TEXT"), c) for c in _FACTS))
    if records is not None:
        query = query.join(aliased(records, "r"), on=same("record_id", "l", "r"), join_type="left")
    query = query.order_by(*(name(c, "l") for c in ("person_id", "period", "record_id")))
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
    from sqlglot import exp

    if column not in _CLAIMED or frame.has(column) or column not in known:
        return name(column, "l")
    cell = exp.cast(name(column, "r"), "TEXT")
    if known[column].startswith("DECIMAL"):
        point = call("contains", cell.copy(), text("."))
        return exp.case().when(point, call("rtrim", call("rtrim", cell.copy(), text("0")), text("."))).else_(cell)
    return cell


@lru_cache(maxsize=65_536)
def shown(figure: str) -> str:
    """A figure of an entry for people: engines leave a common denominator in fractions."""
    return exact_text(Fraction(figure)) if "/" in figure else figure


def _frame(written: Written, connection: Any, folder: Path) -> Frame:
    if isinstance(written, Current):
        return described(connection, written.relation("ledger"))
    return frame_of(connection, written, "ledger", folder)


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
