"""Packs that are open in, what ``check`` says of them out, by file: unsaved text counts, as the editor shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from policyengine.diagnostics import Diagnostic, PolicyError, Span, backing
from policyengine.packs.document import held, shown
from policyengine.packs.roots import PACK_FILE
from policyengine.tools.check import check, decided, in_order

_one_at_a_time = Lock()  # a check that is not wanted any more runs on in its thread, and the prover bears one only


def problems(folder: Path, files: Mapping[str, bytes]) -> list[Diagnostic]:
    """Of the pack in a folder and those below it. ``files``: unsaved texts by real path. A message without a place
    stands at the beginning of the pack.yaml."""
    with _one_at_a_time, held(files):
        try:
            said: Iterable[Diagnostic] = check([shown(folder)])
        except PolicyError as e:
            said = e.diagnostics
        return [d if d.span else replace(d, span=Span(shown(folder / PACK_FILE), 1, 1)) for d in said]


def by_file(said: Iterable[Diagnostic]) -> dict[str, list[Diagnostic]]:
    """By absolute path, each message once, whichever packs say it."""
    found: dict[str, list[Diagnostic]] = {}
    for d in decided(in_order(said)):
        assert d.span is not None
        found.setdefault(str(Path(d.span.file).absolute()), []).append(d)
    return found


def text_of(d: Diagnostic) -> str:
    """The message, what it rests on, and how to mend it."""
    return "\n".join([d.message, *backing(d)])
