"""A rule's text in, tokens out: keywords of the grammar and words of the vocabulary, each by its place in the sentence.

Chinese is written without spaces, so there are no word boundaries to rely on: at each place the longest form wins
among those that the parser can take next. A word that nobody declared is reported and stepped over: one look finds all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from policyengine.diagnostics import Diagnostic
from policyengine.language.forms import Forms, fold
from policyengine.language.grammar import KINDS, Accepts, Grammar
from policyengine.language.nodes import Token
from policyengine.language.quantities import BY_WORD, MULTIPLES
from policyengine.language.vocabulary import Vocabulary, Word

MAX_NESTING = 50  # brackets within brackets: no clause of law needs more than a few
MAX_NEGATIONS = 50

UNIT_FORMS: Forms[tuple[int, str]] = Forms(
    {fold(word): (1, unit.id) for word, unit in BY_WORD.items()}
    | {unit.replace("_", " "): (1, unit_id.id) for unit, unit_id in BY_WORD.items() if "_" in unit}
    | MULTIPLES
)


class Lost(Exception):
    """Nothing that may come next stands at ``start``; ``stack`` are the parser's states there."""

    def __init__(self, start: int, stack: list[int]):
        super().__init__(start)
        self.start, self.stack = start, stack


class TooDeep(Exception):
    """Brackets or negations nested beyond the bound, at ``start``."""

    def __init__(self, start: int):
        super().__init__(start)
        self.start = start


class Reported(Exception):
    """The mistake has its message already, and there is no going on."""


Instead = tuple[int, int, str]
"""What would mend a mistake: a stretch of the text, and what to write in its place."""

Mend = Callable[[int, list[int]], Token | int | None]
"""What to do where nothing matches (``mistakes``): report it and give a token or a place to go on with, or None."""


class Sentence:
    """One rule's text with its vocabulary: gives its tokens to the parser and collects what is wrong."""

    def __init__(self, text: str, vocabulary: Vocabulary, grammar: Grammar):
        self.text = text
        self.folded = fold(text)
        self.vocabulary = vocabulary
        self.grammar = grammar
        self.end = len(self.folded.rstrip(" .;。；"))
        self.mend: Mend | None = None
        self.last: Token | None = None
        self.diagnostics: list[Diagnostic] = []
        self.instead: dict[int, Instead] = {}  # what would mend a message, by its place among them
        self.hints = True  # whether anybody reads how to mend it

    def tokens(self, stack: list[int]) -> Iterator[Token]:
        """Token by token, each by what the parser can take in the state in which it then is."""
        start, depth, negations = 0, 0, 0
        while (start := self.skip(start)) < self.end:
            token = self.token(start, self.grammar.accepts(stack[-1]))
            if token is not None and not self.grammar.can(stack, token.type):  # what follows another statement's figure
                token = self.token(start, self.grammar.accepting(self.grammar.expected(stack)))
            if token is None:
                mended = self.mend(start, list(stack)) if self.mend else None
                if mended is None:
                    raise Lost(start, list(stack))
                if isinstance(mended, int):
                    start = mended
                    continue
                token = mended
            depth += (token.type == "LPAR") - (token.type == "RPAR")
            negations += token.type == "_NOT"
            if depth > MAX_NESTING or negations > MAX_NEGATIONS:
                raise TooDeep(start)
            self.last = token
            yield token
            start = token.end

    def skip(self, start: int) -> int:
        """The first place from ``start`` on that is no space."""
        while start < self.end and self.folded[start] == " ":
            start += 1
        return start

    def token(self, start: int, accepts: Accepts) -> Token | None:
        """The longest of what may come next; of equally long ones the unit, then the keyword, then the word."""
        if start >= self.end:
            return None
        end, kind = start, ""
        if keyword := accepts.keywords.at(self.folded, start):
            end, kind = keyword
        for name, pattern in accepts.patterns:
            if (found := pattern.match(self.folded, start, self.end)) and found.end() > end:
                end, kind = found.end(), name
        words: tuple[Word, ...] = ()
        form = self.vocabulary.forms.at(self.folded, start, self._wanted(accepts)) if accepts.kinds else None
        if form and start + len(form) > end:
            end = start + len(form)
            words = tuple(w for w in self.vocabulary.forms.forms[form] if w.kind in accepts.kinds)
        unit = UNIT_FORMS.at(self.folded, start) if accepts.unit else None
        if unit and start + len(unit) >= end:
            end, kind, words = start + len(unit), "UNIT", ()
        if end == start:
            return None
        if words:
            return self.word(start, end, words)
        return self.plain(kind, start, end)

    def _wanted(self, accepts: Accepts) -> Any:
        return lambda words: any(w.kind in accepts.kinds for w in words)

    def plain(self, kind: str, start: int, end: int) -> Token:
        """A token with the text as it was written."""
        return Token(kind, self.text[start:end], start, end)

    def word(self, start: int, end: int, words: tuple[Word, ...], kind: str = "") -> Token:
        """A word's token; the kind that names it is the first of ``KINDS``, but a table's where a bracket follows."""
        kinds = {w.kind.upper() for w in words}
        if not kind:
            after = self.skip(end)
            called = "TABLE" in kinds and self.folded[after : after + 1] == "("
            kind = "TABLE" if called else next(k for k in KINDS if k in kinds)
        return Token(kind, self.text[start:end], start, end, words)
