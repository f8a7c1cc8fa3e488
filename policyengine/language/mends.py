"""Mistakes of a rule in, the text that mends each out: only where the rule, read again with it, is better for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from policyengine.diagnostics import Diagnostic, Place
from policyengine.language.lexer import Sentence

MAX_MENDED = 1_000  # characters of a rule that is read again with each mend, which takes 10 ms then
MOST = 9  # mistakes of one rule: after ten nothing more is told of it, and a mend may bring the next to light


def with_mends(sentence: Sentence, place: Place, again: Callable[[str], list[Diagnostic]]) -> list[Diagnostic]:
    """What is wrong with a sentence, with what mends it where the sentence then lacks that mistake and has no new one.

    ``again``: what is wrong with another text in its place.
    """
    told = sentence.diagnostics
    found = list(told)
    if len(sentence.text) > MAX_MENDED or len(told) > MOST:
        return found
    for number, (start, end, text) in sentence.instead.items():
        others = Counter((d.code, d.message) for i, d in enumerate(told) if i != number)
        left = Counter((d.code, d.message) for d in again(sentence.text[:start] + text + sentence.text[end:]))
        if left <= others:
            found[number] = replace(told[number], instead=place.instead(start, end, text))
    return found
