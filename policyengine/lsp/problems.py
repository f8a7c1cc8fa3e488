"""Packs that are open in, what ``check`` says of them out, by file: unsaved text counts, as the editor shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from policyengine.diagnostics import Diagnostic, PolicyError, Span, backing
from policyengine.packs.document import held, shown
from policyengine.packs.roots import PACK_FILE
from policyengine.tools.check import check, decided

_one_at_a_time = Lock()  # a check that is not wanted any more runs on in its thread, and the prover bears one only


def problems(folders: Iterable[Path], files: Mapping[str, bytes]) -> dict[str, list[Diagnostic]]:
    """By absolute path, each message once, whichever packs say it. ``folders``: of packs; ``files``: unsaved texts by
    real path. A message without a place stands at the beginning of the pack.yaml."""
    found: dict[tuple[str, str, Span], Diagnostic] = {}
    with _one_at_a_time, held(files):
        for folder in folders:
            try:
                said: Iterable[Diagnostic] = check([shown(folder)])
            except PolicyError as e:
                said = e.diagnostics
            for d in said:
                span = d.span or Span(shown(folder / PACK_FILE), 1, 1)
                if (d.code, d.message, span) not in found or d.instead is None:  # what one pack leaves open is open
                    found[d.code, d.message, span] = replace(d, span=span)
    by_file: dict[str, list[Diagnostic]] = {}
    for d in decided(found.values()):
        assert d.span is not None
        by_file.setdefault(str(Path(d.span.file).absolute()), []).append(d)
    return by_file


def text_of(d: Diagnostic) -> str:
    """The message, what it rests on, and how to mend it."""
    return "\n".join([d.message, *backing(d)])
