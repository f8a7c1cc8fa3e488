"""Surface forms: a text folded to plain width and lower case, and the longest known form at a place in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

_FOLD = {code: ord(chr(code - 0xFEE0).lower()) for code in range(0xFF01, 0xFF5F)}  # ０-９, Ａ-ｚ, （，：
_FOLD |= {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_FOLD |= dict.fromkeys(map(ord, "\t\n\r\u3000\u00a0"), ord(" ")) | dict.fromkeys(map(ord, "–—−"), ord("-"))
_ENGLISH = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def fold(text: str) -> str:
    """The text as it is matched: plain width, lower case, one kind of space. Every character keeps its place."""
    return text.translate(_FOLD)


def inside_word(text: str, end: int) -> bool:
    """Whether ``end`` cuts an English word or hyphenated id of a folded text in two."""
    if end >= len(text) or text[end - 1] not in _ENGLISH:
        return False
    return text[end] in _ENGLISH or (text[end] == "-" and text[end + 1 : end + 2] in _ENGLISH)


class Forms(Generic[T]):
    """Folded forms with what they mean, to be found in a text without spaces between words: the longest first."""

    def __init__(self, forms: Mapping[str, T]):
        self.forms = dict(forms)
        self.heads: dict[str, list[str]] = {}
        for form in sorted(self.forms, key=len, reverse=True):
            self.heads.setdefault(form[0], []).append(form)

    def at(self, text: str, start: int, wanted: Callable[[T], bool] | None = None) -> str | None:
        """The longest form of a folded text that begins at ``start``, ends where a word ends, and is ``wanted``."""
        for form in self.heads.get(text[start], ()):
            if (
                text.startswith(form, start)
                and not inside_word(text, start + len(form))
                and (wanted is None or wanted(self.forms[form]))
            ):
                return form
        return None


class Keywords:
    """Forms of keywords with their terminals. A space in one stands for any number of them; in Chinese for none too."""

    def __init__(self, forms: Mapping[str, str]):
        self.heads: dict[str, list[tuple[str, str]]] = {}
        for form in sorted(forms, key=len, reverse=True):
            self.heads.setdefault(form[0], []).append((form, forms[form]))

    def at(self, text: str, start: int) -> tuple[int, str] | None:
        """Where the longest keyword that begins at ``start`` ends, and its terminal."""
        for form, terminal in self.heads.get(text[start], ()):
            end = start + len(form) if text.startswith(form, start) else _spaced(text, start, form)
            if end and not inside_word(text, end):
                return end, terminal
        return None


def _spaced(text: str, start: int, form: str) -> int:
    """The end of a form of several words, whose spaces the text has wider or not at all; 0 where it isn't there."""
    words = form.split(" ")
    if len(words) == 1:
        return 0
    end = start
    for i, word in enumerate(words):
        place = end
        while i and text.startswith(" ", place):
            place += 1
        apart = not i or place > end or not word.isascii()
        if not apart or not text.startswith(word, place):
            return 0
        end = place + len(word)
    return end
