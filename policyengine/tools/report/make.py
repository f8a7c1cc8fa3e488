"""A written result goes in, an HTML report, a workbook or certificates come out: what ``report`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policyengine.address import is_database, shown
from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.messages import say
from policyengine.progress import counted, told
from policyengine.tools.explain.explain import find_person
from policyengine.tools.publish.reading import sources_of_database
from policyengine.tools.report.folk import One, Part, everybody
from policyengine.tools.result.intact import as_they_are, unchanged_result
from policyengine.tools.result.read import Written
from policyengine.tools.result.undisturbed import undisturbed
from policyengine.tools.stats.make import HERE, Statistics, standard
from policyengine.tools.stats.origin import Named, facts_of, published_without, without_ledger
from policyengine.tools.stats.sources import source_with
from policyengine.tools.stats.store import build
from policyengine.tools.working import working
from policyengine.whole import whole_file

Notes = tuple[Diagnostic, ...]


def write_report(place: str, out: Path, reveal: bool = False, named: Named = HERE) -> Notes:
    """The HTML report of the result at ``place``."""
    from policyengine.tools.report.data import page_data
    from policyengine.tools.report.page import report_page

    def pages(written: Written, every: Sequence[Written], made: Statistics, people: Iterable[One]) -> Iterator[str]:
        yield from report_page(written, every, page_data(written, people, reveal), made)

    return _with_statistics(place, named, lambda w, e, s, p: write_text(out, pages(w, e, s, p)))


def write_workbook(place: str, out: Path, reveal: bool = False, named: Named = HERE) -> Notes:
    """The workbook of the result at ``place``."""
    from policyengine.tools.report.book import workbook

    return _with_statistics(place, named, lambda w, _, s, p: workbook(w, s, p, reveal).save(out))


def write_certificates(
    place: str, out: Path, who: str | None = None, reveal: bool = False, named: Named = HERE
) -> Notes:
    """Certificates of everybody, or of the person ``who``.

    Raises ``PolicyError``: PE915 where there is no such, PE530 where activities are not known: there is nothing to
    certify.
    """
    from policyengine.tools.report.certificates import certificates_page

    with undisturbed([place]) as unchanged, _open(place, named) as (written, parts, connection, folder, notes):
        if not written.has("ledger"):
            raise PolicyError([without_ledger(place, "error")])
        only = _person(parts, connection, who) if who is not None else None
        people = _to_the_end(everybody(parts, connection, _empty(folder), only), unchanged)
        people = _told_of(parts, people) if only is None else people
        write_text(out, certificates_page(written, people, reveal))
    return notes


Write = Callable[[Written, Sequence[Written], Statistics, Iterator[One]], Any]


def _with_statistics(place: str, named: Named, write: Write) -> Notes:
    """``write``: gets the words of all results, the results, what is counted of them, and the people."""
    with undisturbed([place]) as unchanged, _open(place, named) as (written, parts, connection, folder, notes):
        if is_database(place):
            sources = sources_of_database(connection, folder, place)
        else:
            sources = (source_with(connection, folder, *part) for part in parts)
        store = build(connection, folder, sources, ())
        made = Statistics(tuple(standard(store)), store.labels, notes)
        people = _to_the_end(everybody(parts, connection, _empty(folder)), unchanged)
        write(written, [p.written for p in parts], made, _told_of(parts, people))
    return notes


def _to_the_end(people: Iterator[One], unchanged: Callable[[], None]) -> Iterator[One]:
    """The people; after the last of them, before the file has its name, it is asked whether the place is unchanged."""
    yield from people
    unchanged()


def _told_of(parts: Sequence[Part], people: Iterator[One]) -> Iterator[One]:
    """The people, while it is told how many decisions of all they have."""
    stage, done, whole = say("writing people", "写出人员"), 0, sum(p.written.decided for p in parts)
    told(None, say("putting the ledger in order", "台账排序"))

    def so_far() -> int:
        return done

    for one in counted(people, whole, stage, so_far, 1):
        done += len(one.decisions)
        yield one


def _empty(folder: Path) -> Path:
    """A folder in the folder, for files on the way."""
    own = folder / "people"
    own.mkdir()
    return own


@contextmanager
def _open(place: str, named: Named) -> Iterator[tuple[Written, list[Part], Any, Path, Notes]]:
    """The words of the result or of the database, the results with their rows, a working connection and folder."""
    with as_they_are([place]), working() as (connection, folder):
        own = folder / "source"
        own.mkdir()
        if is_database(place):
            from policyengine.tools.publish.current import current_of

            together, every = current_of(connection, own, place)
            parts = [Part(one, one.facts()) for one in every]
            notes = tuple(published_without(shown(place), one.manifest) for one in every if one.lacks())
        else:
            together = unchanged_result(place)
            facts, notes = facts_of(connection, own, together, named)
            parts = [Part(together, facts)]
        lacks = (without_ledger(place),) if any(p.written.unlisted for p in parts) else ()
        yield together, parts, connection, own, (*notes, *lacks)


def _person(parts: Sequence[Part], connection: Any, who: str) -> str:
    """The id of the person with that id, name or masked id."""
    from policyengine.records.model import Person

    names: dict[str, Any] = {}
    for written, facts in parts:
        known: dict[str, Any] = {}
        if facts is not None and facts.persons is not None:
            known = dict(connection.execute(f"SELECT person_id, name FROM {facts.persons}").fetchall())
        for row in written.rows("decisions"):
            person_id = str(row["person_id"])
            names[person_id] = known.get(person_id) or names.get(person_id)
    return find_person([Person(i, {"name": n} if n else {}) for i, n in names.items()], who).person_id


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """The file appears whole or not at all."""
    with whole_file(path) as new, open(new, "w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(pieces)
