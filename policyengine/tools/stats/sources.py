"""A place that a result lies in goes in (a folder, or a status database), the sources to count come out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from policyengine.address import is_database
from policyengine.engines.compile import trees as t
from policyengine.tools.publish.reading import sources_of_database
from policyengine.tools.result.intact import unchanged_result
from policyengine.tools.result.read import Written
from policyengine.tools.stats.frames import Frame, described, frame_of
from policyengine.tools.stats.origin import Facts, Named, facts_of, listed_in, without_ledger
from policyengine.tools.stats.part import Source


def sources_of(connection: Any, folder: Path, places: list[str], named: Named) -> Iterator[Source]:
    """The sources of all places, each opened when the one before has been used."""
    for number, place in enumerate(places):
        own = folder / f"source-{number}"
        own.mkdir()
        if is_database(place):
            yield from sources_of_database(connection, own, place)
        else:
            yield source_of_folder(connection, own, unchanged_result(place), named)


def source_of_folder(connection: Any, folder: Path, written: Written, named: Named) -> Source:
    """A written result, with the facts of people and activities where the files are within reach."""
    facts, notes = facts_of(connection, folder, written, named)
    lacks = (without_ledger(written.folder),) if written.unlisted else ()
    return replace(source_with(connection, folder, written, facts), notes=(*notes, *lacks))


def source_with(connection: Any, folder: Path, written: Written, facts: Facts | None) -> Source:
    """A written result with facts that were read before."""
    manifest = written.manifest
    ledger = frame_of(connection, written, "ledger", folder) if written.has("ledger") else None
    return Source(
        id=str(manifest["sha256"]),
        place=str(written.folder),
        decisions=frame_of(connection, written, "decisions", folder),
        ledger=ledger,
        people=_frame(connection, facts.persons if facts else None),
        activities=_frame(connection, facts.records if facts else None),
        units={str(p["id"]): str(p["unit"]) for p in manifest["policies"]},
        labels=[p["labels"] for p in manifest["policies"]],
        subjects=written.subjects(),
        splits=ledger is not None and ledger.has("assign_rule"),
        listings=listed_in(facts.plans) if facts is not None else [],
    )


def _frame(connection: Any, table: str | None) -> Frame | None:
    return described(connection, t.table(table)) if table else None
