"""A rule that may be unfinished or wrong in, as many of its tokens as can be read out: what an editor works with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from policyengine.language.automaton import Ended, parse
from policyengine.language.builder import Builder
from policyengine.language.grammar import grammar
from policyengine.language.lexer import Lost, Reported, Sentence, TooDeep
from policyengine.language.nodes import Token
from policyengine.language.parser import MAX_LENGTH, TextPlace
from policyengine.language.vocabulary import Vocabulary
from policyengine.light import dataclass

Start = Literal["statement", "condition"]


@dataclass(frozen=True, slots=True)
class Reading:
    """``tokens`` in the order of the text. ``stacks``: the parser's states before each of them, and where it stopped.

    ``stopped``: the offset at which nothing could be read any more; the text's length where all of it could.
    """

    tokens: tuple[Token, ...]
    stacks: tuple[tuple[int, ...], ...]
    stopped: int


def read(text: str, vocabulary: Vocabulary, start: Start) -> Reading:
    """Words that nobody declared are gone over, but for the last of the text, which may be unfinished.

    A text that is too long or nested too deep has no tokens.
    """
    if len(text) > MAX_LENGTH:
        return Reading((), ((),), 0)
    rules = grammar()
    sentence = Sentence(text, vocabulary, rules)
    builder = Builder(sentence, TextPlace(text))
    tokens: list[Token] = []
    stacks: list[tuple[int, ...]] = []

    def followed(stack: list[int]) -> Iterator[Token]:
        for token in sentence.tokens(stack):
            tokens.append(token)
            stacks.append(tuple(stack))
            yield token
        stacks.append(tuple(stack))

    def mend(begin: int, stack: list[int]) -> Token | int | None:
        from policyengine.language.mistakes import Mender

        return Mender(builder).mend(begin, stack) if " " in sentence.folded[begin:].strip() else None

    sentence.mend = mend
    try:
        parse(rules, start, followed)
    except Lost as lost:
        return Reading(tuple(tokens), (*stacks, tuple(lost.stack)), lost.start)
    except (TooDeep, Reported):
        return Reading((), ((),), 0)
    except Ended:
        pass
    return Reading(tuple(tokens), tuple(stacks), len(text))
