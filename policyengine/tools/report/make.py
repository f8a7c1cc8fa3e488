"""A written result goes in, an HTML report, a workbook or certificates come out: what ``report`` does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.tools.explain import find_person
from policyengine.tools.publish.reading import is_database, sources_of_database
from policyengine.tools.read_result import Written, read_result
from policyengine.tools.report.folk import One, everybody
from policyengine.tools.stats.make import HERE, Statistics, standard
from policyengine.tools.stats.origin import Facts, Named, facts_of, without_ledger
from policyengine.tools.stats.sources import source_with
from policyengine.tools.stats.store import build, working

Notes = tuple[Diagnostic, ...]


def write_report(place: str, out: Path, reveal: bool = False, named: Named = HERE) -> Notes:
    """The HTML report of the result at ``place``."""
    from policyengine.tools.report.data import page_data
    from policyengine.tools.report.page import report_page

    def pages(written: Written, made: Statistics, people: Iterable[One]) -> Iterator[str]:
        yield from report_page([written], page_data(written, people, reveal), made)

    return _with_statistics(place, named, lambda w, s, p: write_text(out, pages(w, s, p)))


def write_workbook(place: str, out: Path, reveal: bool = False, named: Named = HERE) -> Notes:
    """The workbook of the result at ``place``."""
    from policyengine.tools.report.book import workbook

    return _with_statistics(place, named, lambda w, s, p: workbook(w, s, p, reveal).save(out))


def write_certificates(
    place: str, out: Path, who: str | None = None, reveal: bool = False, named: Named = HERE
) -> Notes:
    """Certificates of everybody, or of the person ``who``.

    Raises ``PolicyError``: PE915 where there is no such, PE530 where activities are not known: there is nothing to
    certify.
    """
    from policyengine.tools.report.certificates import certificates_page

    with _open(place, named) as (written, connection, folder, facts, notes):
        if not written.has("ledger"):
            raise PolicyError([without_ledger(place, "error")])
        only = _person(written, connection, facts, who) if who is not None else None
        people = everybody(written, connection, _empty(folder), facts, only)
        write_text(out, certificates_page(written, people, reveal))
    return notes


def _with_statistics(place: str, named: Named, write: Callable[[Written, Statistics, Iterator[One]], Any]) -> Notes:
    with _open(place, named) as (written, connection, folder, facts, notes):
        if is_database(place):
            sources = sources_of_database(connection, folder, place)
        else:
            sources = iter([source_with(connection, folder, written, facts)])
        store = build(connection, folder, sources, ())
        made = Statistics(tuple(standard(store)), store.labels, notes)
        write(written, made, everybody(written, connection, _empty(folder), facts))
    return notes


def _empty(folder: Path) -> Path:
    """A folder in the folder, for files on the way."""
    own = folder / "people"
    own.mkdir()
    return own


@contextmanager
def _open(place: str, named: Named) -> Iterator[tuple[Written, Any, Path, Facts | None, Notes]]:
    """The result or the current results of the database, a working connection and folder, and the facts."""
    with working() as (connection, folder):
        own = folder / "source"
        own.mkdir()
        if is_database(place):
            from policyengine.tools.publish.current import Current

            current = Current(connection, own, place)
            yield current, connection, own, current.facts(), _lacks(current, place)
            return
        written = read_result(place)
        facts, notes = facts_of(connection, own, written, named)
        yield written, connection, own, facts, (*notes, *_lacks(written, place))


def _lacks(written: Written, place: str) -> Notes:
    return (without_ledger(place),) if written.unlisted else ()


def _person(written: Written, connection: Any, facts: Facts | None, who: str) -> str:
    """The id of the person with that id, name or masked id."""
    from policyengine.records.model import Person

    ids = dict.fromkeys(str(row["person_id"]) for row in written.rows("decisions"))
    known: dict[str, Any] = {}
    if facts is not None and facts.persons is not None:
        known = dict(connection.execute("SELECT person_id, name FROM canonical_persons").fetchall())
    people = [Person(i, {"name": known[i]} if known.get(i) else {}) for i in ids]
    return find_person(people, who).person_id


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(new, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            for piece in pieces:
                file.write(piece)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
