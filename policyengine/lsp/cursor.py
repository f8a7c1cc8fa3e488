"""A place in a file in, what stands there out: the rule up to the cursor while it is written, a value of the YAML, a
word of a rule. Lines and columns count from 1 in characters, as in ``diagnostics.Span``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import cast

from policyengine.diagnostics import Span
from policyengine.language.nodes import Token
from policyengine.language.partial import Start, read
from policyengine.language.vocabulary import Vocabulary
from policyengine.light import dataclass
from policyengine.packs.document import Document
from policyengine.packs.nodes import Listing, Node, Scalar
from policyengine.tools.fmt import rule_texts

_KEYS = {"rule": "statement", "applies": "condition"}
_BEGINS = re.compile(r"(?:^|[\s{,])(rule|applies):(?:[ ]+|$)(.*)$")
_KEY = re.compile(r"[ ]*(?:- )*[ ]*[\w-]+:(?: |$)")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?[ ]*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Spot:
    """A value: the keys that lead to it in its entry (``("cites", "source")``), and the entry itself."""

    keys: tuple[str, ...]
    scalar: Scalar
    entry: Node


def rule_before(lines: Sequence[str], line: int, column: int) -> tuple[Start, str] | None:
    """The text of the rule or condition up to a place inside of it; None elsewhere.

    Found line by line, since a file that is being written is no YAML at times.
    """
    parts: list[str] = []
    for number in range(line, 0, -1):
        text = lines[number - 1] if number <= len(lines) else ""
        text = text[: column - 1] if number == line else text
        begins = _BEGINS.search(text)
        if begins:
            first = "" if _BLOCK.match(begins[2]) else begins[2]
            whole = " ".join([first, *parts] if first or not parts else parts)
            start = cast(Start, _KEYS[begins[1]])
            return None if " #" in whole and first[:1] not in "'\"" else (start, _unquoted(whole))
        if _KEY.match(text) or (not text.strip() and number != line) or text.lstrip().startswith("#"):
            return None
        parts.insert(0, text.lstrip() if number != line or parts else text.lstrip(" "))
    return None


def _unquoted(text: str) -> str:
    """A value that begins with a quotation mark of YAML, without it."""
    if text[:1] == "'":
        return text[1:].replace("''", "'")
    return text[1:].replace('\\"', '"') if text[:1] == '"' else text


def spot(document: Document, line: int, column: int) -> Spot | None:
    """The value at a place."""
    root = document.root
    for entry in root.items if isinstance(root, Listing) else (root,):
        for keys, scalar in _scalars(entry, ()):
            if (scalar.line, scalar.column) <= (line, column) <= (scalar.end_line, scalar.end_column):
                return Spot(keys, scalar, entry)
    return None


def _scalars(node: Node, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    if isinstance(node, Scalar):
        yield keys, node
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _scalars(item, keys)
    else:
        for key, value in node.pairs:
            yield from _scalars(value, (*keys, key.text))


def starts_of(document: Document) -> Iterator[tuple[Start, Scalar]]:
    """The rules and conditions of a file."""
    return (("statement" if rule else "condition", scalar) for scalar, _, rule in rule_texts(document))


def tokens_of(
    document: Document, scalar: Scalar, start: Start, words: Vocabulary
) -> Iterator[tuple[Token, tuple[Span, ...]]]:
    """The words of a rule with their places in the file, one for each line that a word is on."""
    place = document.place(scalar)
    for token in read(scalar.text, words, start).tokens:
        whole = place.span(token.start, token.end)
        if whole.line == whole.end_line:
            yield token, (whole,)
            continue
        pieces = [(m.start(), m.end()) for m in re.finditer(r"\S+", token.text)]
        yield token, tuple(place.span(token.start + a, token.start + b) for a, b in pieces)


def token_at(
    document: Document, at: Spot, words: Vocabulary, line: int, column: int
) -> tuple[Token, tuple[Span, ...]] | None:
    """The word of a rule at a place, where the value is a rule."""
    start = _KEYS.get(at.keys[-1]) if len(at.keys) == 1 else None
    if start is None:
        return None
    found = tokens_of(document, at.scalar, cast(Start, start), words)
    return next((f for f in found if any(covers(s, line, column) for s in f[1])), None)


def covers(span: Span, line: int, column: int) -> bool:
    """Whether a place is within the span."""
    return (span.line, span.column) <= (line, column) < (span.end_line, span.end_column)
