"""One rule's text in, its syntax tree or diagnostics out. Chinese and English are told apart word by word.

Errors point into the file where the text stands (``place``) and say what was expected there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from policyengine.diagnostics import Diagnostic, Place, Replacement, Span
from policyengine.language import tree
from policyengine.language.automaton import Ended, parse
from policyengine.language.builder import Builder
from policyengine.language.grammar import grammar
from policyengine.language.lexer import Lost, Reported, Sentence, TooDeep
from policyengine.language.nodes import Token
from policyengine.language.vocabulary import Vocabulary
from policyengine.light import dataclass
from policyengine.messages import say

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

    def instead(self, start: int, end: int, text: str) -> Replacement | None:
        """``text`` in the place of ``text[start:end]``."""
        return Replacement(self.span(start, end), text)


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
    text: str, vocabulary: Vocabulary, place: Place, start: str, build: Callable[[Builder, Any], T]
) -> tuple[T | None, list[Diagnostic]]:
    sentence = Sentence(text, vocabulary, grammar())
    built = _read(sentence, place, start, build)
    if sentence.instead:
        from policyengine.language.mends import with_mends

        return None, with_mends(sentence, place, lambda said: _again(said, vocabulary, start, build))
    return built, sentence.diagnostics


def _again(text: str, vocabulary: Vocabulary, start: str, build: Callable[[Builder, Any], T]) -> list[Diagnostic]:
    """What is wrong with the text as a mend would leave it."""
    sentence = Sentence(text, vocabulary, grammar())
    sentence.hints = False
    _read(sentence, TextPlace(text), start, build)
    return sentence.diagnostics


def _read(sentence: Sentence, place: Place, start: str, build: Callable[[Builder, Any], T]) -> T | None:
    """The tree of a sentence; None with what is wrong among its diagnostics."""
    builder = Builder(sentence, place)
    if problem := _unusable(sentence):
        builder.problem(*problem)
        return None
    sentence.mend = lambda start, stack: _mend(builder, start, stack)
    try:
        parsed = parse(sentence.grammar, start, sentence.tokens)
    except Lost as lost:
        _explain(builder, lost.start, lost.stack)
    except Ended as ended:
        _explain(builder, sentence.end, ended.stack)
    except TooDeep as deep:
        message = say("brackets and negations are nested too deep", "括号或“非”嵌套过多")
        builder.problem("PE211", message, deep.start, deep.start + 1, say("say it in several rules", "请分成几条规则"))
    except Reported:
        pass
    else:
        built = build(builder, parsed)
        return None if sentence.diagnostics else built
    return None


def _unusable(sentence: Sentence) -> tuple[str, str, int, int] | None:
    """A text that is no sentence at all."""
    if len(sentence.text) > MAX_LENGTH:
        message = say(f"a rule has at most {MAX_LENGTH} characters", f"一条规则最多 {MAX_LENGTH} 个字符")
        return "PE210", message, MAX_LENGTH, MAX_LENGTH + 1
    if sentence.skip(0) >= sentence.end:
        return "PE200", say("the rule is empty", "规则是空的"), 0, len(sentence.text)
    return None


def _mend(builder: Builder, start: int, stack: list[int]) -> Token | int | None:
    """Loaded only for rules with mistakes: most have none."""
    from policyengine.language.mistakes import Mender

    return Mender(builder).mend(start, stack)


def _explain(builder: Builder, start: int, stack: list[int]) -> None:
    """A syntax error, unless an undeclared word before it has a message already: then it may only follow from that."""
    if not builder.sentence.diagnostics:
        from policyengine.language.syntax import Explainer

        Explainer(builder).explain(start, stack)
