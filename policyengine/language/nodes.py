"""What a sentence is before it is a syntax tree: tokens, and nodes named as the grammar's rules."""

from __future__ import annotations

from typing import Any

from policyengine.language.vocabulary import Word


class Token:
    """A stretch of the text; ``type`` is a terminal of the grammar.

    ``words``: the declared words that a word of the vocabulary may be; empty where none is (it is reported).
    """

    __slots__ = ("end", "start", "text", "type", "words")

    def __init__(self, kind: str, text: str, start: int, end: int, words: tuple[Word, ...] = ()):
        self.type, self.text, self.start, self.end, self.words = kind, text, start, end, words

    def __str__(self) -> str:
        return self.text


class Node:
    """A rule of the grammar with its children; keywords are left out, but belong to the stretch from start to end."""

    __slots__ = ("children", "data", "end", "start")

    def __init__(self, data: str, children: list[Any], start: int, end: int):
        self.data, self.children, self.start, self.end = data, children, start, end
