"""Where packs lie: the folder in which ``extends: sichuan`` is looked up, the packs in it by id, their YAML files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

PACK_FILE = "pack.yaml"
_ID = re.compile(rb"""^(?:\xef\xbb\xbf)?(?:\{\s*)?["']?pack["']?[ ]*:[ ]*["']?([A-Za-z0-9_-]+)""", re.MULTILINE)
_DEPTH = 3  # policies/sectors/medical/pack.yaml
_DEEP = 5  # of the packs of a repository of much else: services/cpd/policies
_NO_YAML = {"tables", "law", "node_modules", "__pycache__"}
_SKIPPED = _NO_YAML | {"tests"}
Look = Callable[[Path, int], dict[Path, str]]  # as ``ids_under``
_UPWARD = 3  # folders above a pack that are looked through where none is called "policies"


def root_of(folder: Path) -> Path:
    """The nearest folder above called ``policies`` (or the pack's own parent): nothing outside of it governs."""
    whole = folder.absolute()
    return next((p for p in whole.parents if p.name == "policies"), whole.parent)


def packs_under(folder: Path, depth: int = _DEPTH) -> Iterator[Path]:
    """Folders with a pack.yaml, by name; a pack's own subfolders are not looked into."""
    if (folder / PACK_FILE).is_file():
        yield folder
        return
    for path in _inside(folder) if depth else ():
        yield from packs_under(path, depth - 1)


def _inside(folder: Path) -> list[Path]:
    """The folders in a folder, by name, but for those that hold no packs to be judged by."""
    try:
        found = sorted(p for p in folder.iterdir() if p.is_dir())
    except OSError:
        return []
    return [p for p in found if p.name not in _SKIPPED and not p.name.startswith((".", "_"))]


def policies_under(folder: Path, depth: int = _DEEP) -> Iterator[Path]:
    """Folders called ``policies`` that hold packs, wherever below ``folder`` they lie."""
    if folder.name == "policies" and next(packs_under(folder), None) is not None:
        yield folder
        return
    for path in _inside(folder) if depth else ():
        yield from policies_under(path, depth - 1)


def is_yaml(path: PurePath) -> bool:
    """By its name, in any case: some systems show and write RULES.YAML."""
    return path.suffix.lower() in (".yaml", ".yml")


def yaml_files(folder: Path) -> list[Path]:
    """A pack's YAML files, then those in the folders below it, but for other packs, tables and the law's text."""
    found = [p for p in sorted(folder.iterdir()) if is_yaml(p)]
    for place, inside, names in os.walk(folder):
        here = Path(place)
        inside[:] = [n for n in sorted(inside) if n not in _NO_YAML and not n.startswith((".", "_"))]
        inside[:] = [n for n in inside if not (here / n / PACK_FILE).is_file()]
        found += [here / n for n in sorted(names) if here != folder and is_yaml(here / n)]
    return found


def rule_files(folder: Path) -> list[Path]:
    """A pack's rules*.yaml, by name."""
    return sorted(p for p in folder.glob("rules*") if is_yaml(p) and p.is_file())


def case_files(folder: Path) -> list[Path]:
    """A pack's tests/*.yaml, by name."""
    place = folder / "tests"
    return sorted(p for p in place.iterdir() if is_yaml(p)) if place.is_dir() else []


def id_of(folder: Path) -> str | None:
    """The id that a pack.yaml gives, without reading the whole of it where that is long."""
    try:
        with (folder / PACK_FILE).open("rb") as stream:
            first = stream.read(20_000)
            found = _ID.search(first) or _ID.search(first + stream.read())  # below a long comment
    except OSError:
        return None
    return found[1].decode() if found else None


def ids_under(folder: Path, depth: int = _DEPTH) -> dict[Path, str]:
    """The packs under a folder that have an id, with it."""
    return {place: found for place in packs_under(folder, depth) if (found := id_of(place)) is not None}


def find_pack(name: str, beside: Path, look: Look = ids_under) -> tuple[list[Path], list[str]]:
    """Folders of packs with that id that the pack ``beside`` may extend, and the ids of all that were seen.

    Who asks this for many packs gives a ``look`` that remembers, so that not every pack is opened for every other.
    """
    whole = beside.absolute()
    root = root_of(beside)
    scopes = [root] if root.name == "policies" else list(whole.parents)[:_UPWARD]
    seen: dict[Path, str] = {}
    for level, scope in enumerate(scopes):
        depth = _DEPTH if len(scopes) == 1 else min(level + 1, _DEPTH)
        seen.update((folder, found) for folder, found in look(scope, depth).items() if folder != whole)
        matching = [folder for folder, found in seen.items() if found == name]
        if matching:
            return matching, sorted(set(seen.values()))
    return [], sorted(set(seen.values()))
