"""A place in a file in, other places out: where a word or rule is declared, where it is used, what a file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from policyengine.diagnostics import Span
from policyengine.language.nodes import Token
from policyengine.light import dataclass
from policyengine.lsp.cursor import Spot, spot, starts_of, token_at, tokens_of
from policyengine.lsp.library import Entry, Library, PackFile, chain, entries_of, source_of
from policyengine.lsp.meaning import cited_source, entries_named
from policyengine.packs.document import Document, read_document, shown
from policyengine.packs.nodes import Listing, Node, Scalar
from policyengine.packs.roots import PACK_FILE, packs_under, root_of, rule_files
from policyengine.packs.values import text_at
from policyengine.tools.fmt import Words

Meant = Callable[[str], str | None]
Target = tuple[str, str, str | None, str]
"""A rule (``("rule", "sichuan/annual-hours", None, "")``) or a word: kind, id, the list that it is of."""


def declared(document: Document, packs: list[PackFile], words: Words, line: int, column: int) -> list[Span]:
    """Where what stands at a place is declared: words in a pack.yaml, rules with all their versions, documents of law,
    packs, tables."""
    at = spot(document, line, column)
    if at is None or not packs:
        return []
    found = token_at(document, at, words.vocabulary, line, column)
    if found is not None:
        token, _ = found
        if token.type == "RULE":
            return [e.document.span(e.id) for e in entries_named(token.text, packs)]
        return [w.span for w in token.words if w.span is not None]
    match at.keys:
        case ("cites",) | ("cites", "source" | "at") | ("not_decidable", "source"):
            source = source_of(packs[0], cited_source(at)) or source_of(packs[0], None)
            return [packs[0].document.span(source[0])] if source else []
        case ("extends",) if len(packs) > 1:
            return [Span(packs[1].document.file, 1, 1)]
        case ("tables", _, "file"):
            return [Span(shown(packs[0].folder / at.scalar.text.strip()), 1, 1)]
        case ("id",) if isinstance(document.root, Listing):
            return [e.document.span(e.id) for e in entries_named(f"{packs[0].id}/{at.scalar.text.strip()}", packs)]
    return []


def used(document: Document, packs: list[PackFile], library: Library, line: int, column: int) -> list[Span]:
    """Where the rule or the word at a place is used, in all packs that lie beside the one of the file."""
    at = spot(document, line, column)
    if at is None or not packs:
        return []
    wanted = set(_targets(document, at, packs, library.words(packs[0].folder), line, column))
    return list(_uses(wanted, root_of(packs[0].folder), library)) if wanted else []


def _targets(
    document: Document, at: Spot, packs: list[PackFile], words: Words, line: int, column: int
) -> Iterator[Target]:
    found = token_at(document, at, words.vocabulary, line, column)
    if found is None:
        if at.keys == ("id",):
            yield "rule", f"{packs[0].id}/{at.scalar.text.strip()}", None, ""
        return
    yield from _named(found[0], _meant(packs))


def _meant(packs: list[PackFile]) -> Meant:
    """Which rule a name in a rule means, in full; each name is looked up once."""
    return cache(lambda name: next((e.name for e in entries_named(name, packs)), None))


def _named(token: Token, meant: Meant) -> Iterator[Target]:
    """What a word of a rule may name."""
    if token.type == "RULE" and (name := meant(token.text)) is not None:
        yield "rule", name, None, ""
    yield from (("word", w.id, w.of, w.kind) for w in token.words)


def _uses(wanted: set[Target], root: Path, library: Library) -> Iterator[Span]:
    for folder in packs_under(root):
        meant, words = _meant(chain(folder)), library.words(folder).vocabulary
        for path in (folder / PACK_FILE, *rule_files(folder)):
            document, _ = read_document(path)
            if document is not None:
                for start, scalar in starts_of(document):
                    for token, spans in tokens_of(document, scalar, start, words):
                        if wanted.intersection(_named(token, meant)):
                            yield spans[0]


@dataclass(frozen=True, slots=True)
class Symbol:
    """An entry of a file, for its outline. ``whole``: all of it; ``name``: its id."""

    name: str
    detail: str
    whole: Span
    id: Span


def outline(document: Document) -> list[Symbol]:
    """The entries of a rules*.yaml."""
    return [_symbol(document, e) for e in entries_of(document, "")]


def _symbol(document: Document, entry: Entry) -> Symbol:
    since = f"@{entry.since}" if entry.since else ""
    detail = " ".join(text_at(entry.node, "rule").split())
    end = _end(entry.node)
    whole = Span(document.file, entry.node.line, entry.node.column, *end)
    return Symbol(entry.id.text.strip() + since, detail, whole, document.span(entry.id))


def _end(node: Node) -> tuple[int, int]:
    """Where the last value of a node ends."""
    if isinstance(node, Scalar):
        return node.end_line, node.end_column
    parts = node.items if isinstance(node, Listing) else [value for _, value in node.pairs]
    return max((_end(p) for p in parts), default=(node.line, node.column))
