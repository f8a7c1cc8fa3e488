"""A place in a file in, other places out: where a word or rule is declared, where it is used, what a file holds."""

from __future__ import annotations

from pathlib import Path

from policyengine.diagnostics import Span
from policyengine.language.grammar import RULES
from policyengine.light import dataclass
from policyengine.lsp.cursor import spot, token_at
from policyengine.lsp.library import Entry, Library, PackFile, entries_of, source_of
from policyengine.lsp.meaning import cited_source, entries_named
from policyengine.lsp.mentions import mentioned_at, mentions
from policyengine.packs.document import Document, shown
from policyengine.packs.nodes import Listing, Node, Scalar
from policyengine.packs.roots import root_of
from policyengine.packs.values import text_at
from policyengine.tools.fmt import Words


def declared(document: Document, packs: list[PackFile], words: Words, line: int, column: int) -> list[Span]:
    """Where what stands at a place is declared: words in a pack.yaml, rules with all their versions, documents of law,
    packs, tables."""
    at = spot(document, line, column)
    if at is None or not packs:
        return []
    found = token_at(document, at, words.vocabulary, line, column)
    if found is not None:
        token, _ = found
        if token.type in RULES:
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
    """Where what is named at a place is named, in all packs that lie beside the one of the file: declared, in rules and
    conditions, in citations and cases."""
    if not packs:
        return []
    every = list(mentions(root_of(packs[0].folder), library))
    wanted = {m.thing for m in mentioned_at(every, Path(document.file), line, column)}
    return list(dict.fromkeys(m.span for m in every if m.thing in wanted))


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
