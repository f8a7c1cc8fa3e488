"""A law that was loaded before, kept in the user's cache: a path goes in, its policies and plans come out, or nothing.

What is kept is only ever a copy. It is used where every file that it was made from still has the very same content, the
same packs lie around it, and the program itself is the same; else it is as if there were none. It can say nothing but
data: only the words of the language, of packs and of plans are read back.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pickle
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from policyengine import __version__
from policyengine.cache import cache_folder, keep_whole
from policyengine.diagnostics import Diagnostic
from policyengine.messages import spoken
from policyengine.packs.model import Pack, Policy
from policyengine.packs.roots import find_pack, ids_under, packs_under, yaml_files
from policyengine.plan.model import Plan

Loaded = tuple[tuple[Policy, ...], tuple[Plan, ...], tuple[Diagnostic, ...]]
OFF = "POLICYENGINE_CACHE"  # "off": nothing is kept or used
_LARGEST = 20_000_000  # bytes of a pack's files that are worth comparing
_WORDS = (
    "policyengine.diagnostics",
    "policyengine.language.forms",
    "policyengine.language.tree",
    "policyengine.language.vocabulary",
    "policyengine.packs.model",
    "policyengine.plan.model",
)
_VALUES = {("fractions", "Fraction"), ("datetime", "date"), ("builtins", "frozenset"), ("builtins", "set")}


def kept(path: str) -> Loaded | None:
    """What was kept of the law at ``path``, if it would be the same today."""
    file = _file(path)
    if file is None:
        return None
    try:
        head, _, body = file.read_bytes().partition(b"\n")
        said = json.loads(head)
        if said["sha256"] != hashlib.sha256(body).hexdigest() or said["state"] != _state(path, said["packs"]):
            return None
        loaded: Loaded = _Words(io.BytesIO(body)).load()
        return loaded
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, pickle.UnpicklingError):
        return None


def keep(path: str, loaded: Loaded) -> None:
    """Keep a law; without a word where it can't be done: a file was removed since, or the program's can't be listed."""
    file = _file(path)
    packs = [_of_pack(p) for p in {p.folder: p for policy in loaded[0] for p in policy.packs}.values()]
    with contextlib.suppress(pickle.PicklingError, OSError):
        state = _state(path, packs) if file is not None else None
        if file is None or state is None:
            return
        data = io.BytesIO()
        _Writer(data, protocol=5).dump(loaded)
        body = data.getvalue()
        head = json.dumps({"state": state, "packs": packs, "sha256": hashlib.sha256(body).hexdigest()})
        keep_whole(file, head.encode() + b"\n" + body)


def _file(path: str) -> Path | None:
    if os.environ.get(OFF) == "off":
        return None
    place = cache_folder()
    # messages and places of rules are in the words of the language spoken and as seen from this folder
    name = "\0".join((os.path.abspath(path), path, os.getcwd(), spoken()))
    return place / f"{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.law" if place else None


# --- what must be the same --------------------------------------------------------------------------------------------


def _of_pack(pack: Pack) -> dict[str, Any]:
    return {"folder": pack.folder, "extends": pack.extends, "files": list(pack.files)}


def _state(path: str, packs: Sequence[dict[str, Any]]) -> str | None:
    """A digest of all that loading ``path`` depends on, given the packs that came of it; None where too large."""
    digest = hashlib.sha256()

    def note(*items: object) -> None:
        digest.update(repr(items).encode("utf-8", "backslashreplace"))

    note(__version__, sys.version, *_program())
    note(*(str(p) for p in packs_under(Path(path))))
    size, look = 0, cache(ids_under)
    for pack in packs:
        folder = Path(pack["folder"])
        note(*map(str, yaml_files(folder)))
        if pack["extends"] is not None:
            found, ids = find_pack(pack["extends"], folder, look)
            note(*map(str, found), *ids)
        for name in pack["files"]:
            content = (folder / name).read_bytes()
            size += len(content)
            note(name, hashlib.sha256(content).hexdigest())
    return digest.hexdigest() if size <= _LARGEST else None


def _program() -> Iterable[object]:
    """The program as it is: what reads packs may have been changed since."""
    home = Path(__file__).parent.parent.parent
    for part in ("", "language", "packs", "plan"):
        with os.scandir(home / part) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name.endswith((".py", ".json", ".lark")):
                    seen = entry.stat()
                    yield entry.name, seen.st_size, seen.st_mtime_ns


# --- data and nothing else --------------------------------------------------------------------------------------------


class _Writer(pickle.Pickler):
    """Leaves out where the characters of a rule stand in its file: who asks that (check, fmt) loads packs anew."""

    def persistent_id(self, obj: object) -> str | None:
        return "place" if type(obj).__module__ == "policyengine.packs.place" else None


class _Words(pickle.Unpickler):
    """Reads back classes of the language, of packs and of plans, and plain values; refuses everything else."""

    def persistent_load(self, name: str) -> None:
        """What was left out."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _VALUES:
            return super().find_class(module, name)
        if module in _WORDS and name.isidentifier():
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no word of a law")
