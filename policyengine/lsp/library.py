"""The packs around a file, as the editor holds them: words, entries of rules, sources of law.

A pack that is being written is broken most of the time. So everything here is read from its YAML, entry by entry, and
where the words themselves can't be read, those of the last time serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from policyengine.language.vocabulary import vocabulary
from policyengine.light import dataclass
from policyengine.packs.document import Document, read_document
from policyengine.packs.nodes import Listing, Mapping, Scalar
from policyengine.packs.roots import PACK_FILE, find_pack, packs_under, policies_under, rule_files
from policyengine.packs.values import optional_at, pairs_at, text_at
from policyengine.tools.fmt import DEEPEST, Words, words_by_folder

_BARE = Words(vocabulary(), "zh")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a rules*.yaml. ``name``: ``sichuan/annual-hours``; ``id``: the node of its id."""

    pack: str
    name: str
    document: Document
    id: Scalar
    node: Mapping

    @property
    def since(self) -> str:
        """``from``, as it is written; "" where it is open."""
        return optional_at(self.node, "from") or ""


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack.yaml with the folder that it is in."""

    folder: Path
    document: Document

    @property
    def id(self) -> str:
        return text_at(self.document.root, "pack")

    def entries(self) -> Iterator[Entry]:
        """What its rules*.yaml hold, in the order of their names; files that are no YAML are gone over."""
        for path in rule_files(self.folder):
            document, _ = read_document(path)
            if document is not None and isinstance(document.root, Listing):
                yield from entries_of(document, self.id)


def entries_of(document: Document, pack: str) -> Iterator[Entry]:
    """The entries of one file that have an id."""
    for node in document.root.items if isinstance(document.root, Listing) else ():
        name = node.get("id") if isinstance(node, Mapping) else None
        if isinstance(node, Mapping) and isinstance(name, Scalar):
            yield Entry(pack, f"{pack}/{name.text.strip()}", document, name, node)


class Library:
    """Remembers the words of packs that could once be read."""

    def __init__(self) -> None:
        self._known: dict[Path, Words] = {}

    def words(self, folder: Path) -> Words:
        """The words that rules of the pack in ``folder`` may use."""
        found, _ = words_by_folder()(folder)
        if found is not None:
            self._known[folder] = found
        return self._known.get(folder, _BARE)


def folder_of(path: Path) -> Path | None:
    """The folder of the pack that a file belongs to; None where it belongs to none."""
    return next((f for f in list(path.parents)[:4] if (f / PACK_FILE).is_file()), None)


def packs_in(root: Path) -> list[Path]:
    """The packs of a folder that is open: those of its folders called ``policies``, else those that lie near below."""
    found = [pack for place in policies_under(root) for pack in packs_under(place)]
    return found or list(packs_under(root))


def chain(folder: Path) -> list[PackFile]:
    """The pack in ``folder`` and those below it, the lowest last; as far as they can be found."""
    found: list[PackFile] = []
    place: Path | None = folder
    while place is not None and len(found) < DEEPEST and place not in [p.folder for p in found]:
        document, _ = read_document(place / PACK_FILE)
        if document is None:
            break
        found.append(PackFile(place, document))
        name = optional_at(document.root, "extends")
        below = find_pack(name, place)[0] if name is not None else []
        place = below[0] if len(below) == 1 else None
    return found


def source_of(pack: PackFile, name: str | None) -> tuple[Scalar, Mapping] | None:
    """The document of law with that id; without one the only one of the pack."""
    pairs = [(key, node) for key, node in pairs_at(pack.document.root, "sources") if isinstance(node, Mapping)]
    if name is None:
        return pairs[0] if len(pairs) == 1 else None
    return next((pair for pair in pairs if pair[0].text == name), None)
