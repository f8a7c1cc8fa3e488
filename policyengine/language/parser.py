"""One rule's text in, its syntax tree or diagnostics out. Chinese and English are told apart word by word.

Errors point into the file where the text stands (``place``) and say what was expected there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lark import Tree, UnexpectedToken

from policyengine.diagnostics import Diagnostic, Place, Span
from policyengine.language import tree
from policyengine.language.builder import Builder
from policyengine.language.grammar import grammar
from policyengine.language.lexer import Lost, Sentence, TooDeep
from policyengine.language.vocabulary import Vocabulary

MAX_LENGTH = 10_000  # characters: no clause of law comes near
T = TypeVar("T", tree.Statement, tree.Condition)


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A text that is its own file: a rule typed on the command line, or in a test."""

    text: str
    file: str = "rule"

    def span(self, start: int, end: int) -> Span:
        """The span of ``text[start:end]``."""
        (line, column), (end_line, end_column) = self._position(start), self._position(end)
        return Span(self.file, line, column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    def line(self, span: Span) -> str | None:
        """The text's line under ``span``."""
        return self.text.split("\n")[span.line - 1]


def parse_statement(
    text: str, vocabulary: Vocabulary, place: Place | None = None
) -> tuple[tree.Statement | None, list[Diagnostic]]:
    """A statement in Chinese or English; None with at least one error."""
    return _parse(text, vocabulary, place or TextPlace(text), "statement", Builder.statement)


def parse_condition(
    text: str, vocabulary: Vocabulary, place: Place | None = None
) -> tuple[tree.Condition | None, list[Diagnostic]]:
    """A condition in Chinese or English (``行业 = 会计``); None with at least one error."""
    return _parse(text, vocabulary, place or TextPlace(text), "condition", Builder.condition)


def _parse(
    text: str, vocabulary: Vocabulary, place: Place, start: str, build: Callable[[Builder, Tree], T]
) -> tuple[T | None, list[Diagnostic]]:
    rules = grammar()
    sentence = Sentence(text, vocabulary, rules)
    builder = Builder(sentence, place)
    try:
        parsed = rules.lark.parse(sentence, start=start)
    except (Lost, TooDeep, UnexpectedToken) as e:
        builder.problem("PE200", str(e), 0, 1)
        return None, sentence.diagnostics
    built = build(builder, parsed)
    return (None if sentence.diagnostics else built), sentence.diagnostics
