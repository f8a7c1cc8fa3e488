"""What an input file becomes: canonical records, persons and circumstances, and the rows that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from policyengine.light import dataclass
from policyengine.messages import say

Fact = str | Fraction | bool | date | int
"""A value of a field, by its type: term id or text, number, yes/no, date, year."""


@dataclass(frozen=True, slots=True)
class Record:
    """One activity. ``facts`` holds every field that has a value, ``record_id`` and ``person_id`` included.

    ``start`` and ``end`` are days, both included (a file with one ``date`` has start = end = date).
    ``quantity`` and ``unit`` are None when the file has none. A missing fact is absent from ``facts``, never a default.
    ``extra``: columns no pack declares, carried through untouched.
    """

    record_id: str
    person_id: str
    start: date
    end: date
    quantity: Fraction | None
    unit: str | None
    facts: Mapping[str, Fact]
    file: str = ""
    row: int = 0
    extra: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Circumstance:
    """Of a person: ``kind`` is a term of ``circumstance``; open ends are None."""

    kind: str
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Person:
    """``facts``: the fields of the persons file that have a value."""

    person_id: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    circumstances: tuple[Circumstance, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """A cell (``column`` None: a row) that could not be read, so that its row is no record; a row may have several.

    ``row`` is the line of a text file or the row of a sheet, from 1. ``reason`` and ``hint`` are data and in English;
    the same in Chinese is in ``reason_zh`` and ``hint_zh``. ``value`` is not masked.
    """

    file: str
    sheet: str | None
    row: int
    column: str | None
    value: str | None
    code: str
    reason: str
    hint: str = ""
    record_id: str | None = None
    reason_zh: str = ""
    hint_zh: str = ""

    def said(self) -> tuple[str, str]:
        """Reason and hint in the language spoken."""
        return say(self.reason, self.reason_zh or self.reason), say(self.hint, self.hint_zh or self.hint)


@dataclass(frozen=True)
class Inputs:
    """Everything read. ``rows`` counts data rows of the records files: ``rows == len(records) + rejected_rows``.

    ``persons``: by id, in the persons file's order, then those who only have records. ``digests``: file → sha256. Where
    one person alone was asked about, ``unread`` is the first and last day on which a record of somebody else ends, as
    far as that is ``sure``.
    """

    records: tuple[Record, ...]
    persons: Mapping[str, Person]
    rejects: tuple[Reject, ...]
    rows: int
    rejected_rows: int
    digests: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    unread: tuple[date, date] | None = None
    sure: bool = True
