"""The packs of a folder in, every place out that names a rule, a word or a document of law: declarations, rules, cases.

A thing is known by what declares it: of two packs that have a rule ``annual-hours`` each has its own, and a word that a
pack above declares again is that of the lowest pack of its chain that has it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from policyengine.diagnostics import Replacement, Span
from policyengine.language.grammar import RULES
from policyengine.language.nodes import Token
from policyengine.language.partial import read
from policyengine.language.vocabulary import names_of
from policyengine.light import dataclass
from policyengine.lsp.cursor import covers, starts_of
from policyengine.lsp.library import Library, PackFile, chain, entries_of, source_of
from policyengine.lsp.meaning import entries_named
from policyengine.packs.document import Document, read_document
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar
from policyengine.packs.roots import case_files, packs_under, rule_files
from policyengine.packs.values import canonical, pairs_at
from policyengine.packs.words import SECTIONS

Thing = tuple[str, str]
"""Its kind, and its id with the pack that it is of: ``("rule", "sichuan/annual-hours")``; of a word that is built in
the pack is empty."""
_LISTS = {
    "consequences": "conclusion",
    "possible": "conclusion",
    "flags": "flag",
    "advisories": "rule",
    "because": "rule",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that names something. ``written``: as it stands there; ``scalar``: the value or key that it is in, from
    ``start`` on."""

    thing: Thing
    written: str
    document: Document
    scalar: Scalar
    start: int

    @property
    def span(self) -> Span:
        return self.document.place(self.scalar).span(self.start, self.start + len(self.written))

    @property
    def name(self) -> str:
        """Which of the thing's names it is: forms that rules read alike are one."""
        return canonical(" ".join(self.written.replace("_", " ").split()))

    def instead(self, new: str) -> Replacement | None:
        """``new`` in its place; None where that can't be written as it is read."""
        return self.document.place(self.scalar).instead(self.start, self.start + len(self.written), new)


def mentions(root: Path, library: Library) -> Iterator[Mention]:
    """All of the packs under ``root``, by file and place."""
    for folder in packs_under(root):
        packs = chain(folder)
        if packs:
            yield from _Pack(packs, library).mentions()


def mentioned_at(every: Iterable[Mention], file: Path, line: int, column: int) -> list[Mention]:
    """What is named at a place of a file, or right before it; several where a word can be more than one thing."""
    real = os.path.realpath(file)
    of_file = [m for m in every if os.path.realpath(m.document.file) == real]
    here = [m for behind in (0, 1) for m in of_file if covers(m.span, line, column - behind)]
    return [m for m in here if m.span == here[0].span]  # behind a word, which another may follow at once


class _Pack:
    """A pack with those below it."""

    def __init__(self, packs: list[PackFile], library: Library):
        self.packs, self.own = packs, packs[0]
        self.words = library.words(self.own.folder).vocabulary
        self.owners = {thing: p.id for p in packs for thing in _declared(p)}  # the lowest comes last
        self.meant: dict[str, str | None] = {}

    def mentions(self) -> Iterator[Mention]:
        yield from self._pack_file(self.own.document)
        for path in rule_files(self.own.folder):
            document, _ = read_document(path)
            if document is not None:
                for entry in entries_of(document, self.own.id):
                    yield from self._whole(("rule", entry.name), document, entry.id)
                    yield from self._cited(document, entry.node.get("cites"))
                yield from self._texts(document)
        for path in case_files(self.own.folder):
            document, _ = read_document(path)
            if document is not None:
                yield from self._cases(document)

    # --- pack.yaml ------------------------------------------------------------------------------------------------

    def _pack_file(self, document: Document) -> Iterator[Mention]:
        root = document.root
        for key, _ in pairs_at(root, "sources"):
            yield from self._whole(("source", f"{self.own.id}/{key.text}"), document, key)
        for section, kind in SECTIONS:
            for key, node in pairs_at(root, "vocabulary", section):
                yield from self._word(kind, document, key, node)
        for key, _ in pairs_at(root, "tables"):
            yield from self._word("table", document, key, None)
        for field, terms in pairs_at(root, "vocabulary", "terms"):
            for key, _ in pairs_at(terms):
                yield from self._whole(("term", f"{field.text}.{key.text}"), document, key)
        for of in ("record", "person"):
            for key, _ in pairs_at(root, "fields", of):
                yield from self._whole(("field", key.text), document, key)
        for taken in _items(root, "regimes"):
            yield from self._whole(self._thing("regime", taken.text), document, taken)
        for item in _nodes(root, "not_decidable"):
            yield from self._source(document, item.get("source") if isinstance(item, Mapping) else None)
        yield from self._texts(document)

    def _word(self, kind: str, document: Document, key: Scalar, node: Node | None) -> Iterator[Mention]:
        thing = self._thing(kind, key.text)
        zh = node.get("zh") if isinstance(node, Mapping) else node
        named = [zh] if isinstance(zh, Scalar) else []
        named += _items(node, "aliases")
        for scalar in (key, *named):
            yield from self._whole(thing, document, scalar)

    def _thing(self, kind: str, name: str) -> Thing:
        return kind, f"{self.owners.get((kind, name), '')}/{name}"

    def _whole(self, thing: Thing, document: Document, scalar: Scalar) -> Iterator[Mention]:
        """A value or key that is a name."""
        written = scalar.text.strip()
        if written and not scalar.is_null:
            yield Mention(thing, written, document, scalar, scalar.text.index(written))

    # --- rules ----------------------------------------------------------------------------------------------------

    def _cited(self, document: Document, cites: Node | None) -> Iterator[Mention]:
        if isinstance(cites, Mapping):
            yield from self._source(document, cites.get("source"))
        elif isinstance(cites, Scalar):
            first = cites.text.split(" ")[0]
            if source_of(self.own, first) is not None:
                yield Mention(("source", f"{self.own.id}/{first}"), first, document, cites, 0)

    def _source(self, document: Document, node: Node | None) -> Iterator[Mention]:
        if isinstance(node, Scalar):
            yield from self._whole(("source", f"{self.own.id}/{node.text.strip()}"), document, node)

    def _texts(self, document: Document) -> Iterator[Mention]:
        for start, scalar in starts_of(document):
            for token in read(scalar.text, self.words, start).tokens:
                yield from self._token(token, document, scalar)

    def _token(self, token: Token, document: Document, scalar: Scalar) -> Iterator[Mention]:
        if token.type in RULES:
            yield from self._rule(token.text, document, scalar, token.start)
        for word in token.words:
            name = f"{word.of}.{word.id}" if word.of else word.id
            thing = (word.kind, name) if word.kind in ("term", "field") else self._thing(word.kind, word.id)
            yield Mention(thing, token.text, document, scalar, token.start)

    def _rule(self, written: str, document: Document, scalar: Scalar, start: int) -> Iterator[Mention]:
        """A name of a rule, of which its own part is what can be written otherwise."""
        if written not in self.meant:
            self.meant[written] = next((e.name for e in entries_named(written, self.packs)), None)
        meant = self.meant[written]
        if meant is not None:
            pack, slash, own = written.rpartition("/")
            yield Mention(("rule", meant), own, document, scalar, start + len(pack + slash))

    # --- cases ----------------------------------------------------------------------------------------------------

    def _cases(self, document: Document) -> Iterator[Mention]:
        for case in document.root.items if isinstance(document.root, Listing) else ():
            expected = case.get("expect") if isinstance(case, Mapping) else None
            for node in (expected, *(part for _, part in pairs_at(case, "expect_by_period"))):
                yield from self._expected(document, node)

    def _expected(self, document: Document, node: Node | None) -> Iterator[Mention]:
        for key, value in pairs_at(node):
            if key.text == "findings":
                for name, part in pairs_at(value):
                    yield from self._rule(name.text, document, name, 0)
                    yield from self._expected(document, part)
            elif key.text == "measures":
                for name, _ in pairs_at(value):
                    yield from self._named("measure", document, name)
            elif key.text == "records":
                for _, part in pairs_at(value):
                    yield from self._expected(document, part)
            elif key.text.endswith("_rule") and isinstance(value, Scalar):
                yield from self._joined(document, value)
            elif (kind := _LISTS.get(key.text)) is not None:
                for item in [value] if isinstance(value, Scalar) else _scalars(value):
                    if kind == "rule":
                        yield from self._rule(item.text, document, item, 0)
                    else:
                        yield from self._named(kind, document, item)

    def _joined(self, document: Document, scalar: Scalar) -> Iterator[Mention]:
        """The rules of ``a/convert@2016+a/more``."""
        at = 0
        for part in scalar.text.split("+"):
            name = part.partition("@")[0]
            yield from self._rule(name.strip(), document, scalar, at + len(name) - len(name.lstrip()))
            at += len(part) + 1

    def _named(self, kind: str, document: Document, scalar: Scalar) -> Iterator[Mention]:
        """A word of that kind in a case, by any of its names."""
        wanted = canonical(scalar.text)
        for word in self.words.words:
            if word.kind == kind and wanted in map(canonical, names_of(word)):
                yield from self._whole(self._thing(kind, word.id), document, scalar)


def _declared(pack: PackFile) -> Iterator[tuple[str, str]]:
    root = pack.document.root
    for section, kind in SECTIONS:
        yield from ((kind, key.text) for key, _ in pairs_at(root, "vocabulary", section))
    yield from (("table", key.text) for key, _ in pairs_at(root, "tables"))


def _nodes(node: Node | None, key: str) -> tuple[Node, ...]:
    found = node.get(key) if isinstance(node, Mapping) else None
    return found.items if isinstance(found, Listing) else ()


def _items(node: Node | None, key: str) -> Iterator[Scalar]:
    found = node.get(key) if isinstance(node, Mapping) else None
    yield from [found] if isinstance(found, Scalar) else _scalars(found)


def _scalars(node: Node | None) -> Iterator[Scalar]:
    yield from (item for item in (node.items if isinstance(node, Listing) else ()) if isinstance(item, Scalar))
