"""Numbers in words in, figures out (九十 → 90, 三分之二 → 2/3, ninety → 90): only to say what to write instead."""

from __future__ import annotations

import re

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_BLOCKS = {"万": 10**4, "亿": 10**8}
_NUMERAL = f"[{''.join([*_DIGITS, *_TENS, *_BLOCKS])}]{{1,20}}"
_FIGURE = rf"({_NUMERAL}|[0-9]+(?:\.[0-9]+)?)"
_PART = re.compile(f"{_FIGURE} *分之 *{_FIGURE}")
_DECIMAL = re.compile(f"({_NUMERAL})点([{''.join(_DIGITS)}]+)")
_HALF = re.compile("一半|half(?![a-z0-9_-])")
_PERCENT = re.compile("([0-9.]+) *per ?cent(?![a-z0-9_-])")

_UNDER_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS_OF = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ENGLISH = {word: i for i, word in enumerate(_UNDER_TWENTY.split())}
_ENGLISH |= {word: 10 * i for i, word in enumerate(_TENS_OF.split(), 2)}
_PARTS = {"half": 2, "third": 3, "quarter": 4} | {word: i for i, word in enumerate(_ORDINALS.split(), 4)}
_WORD = f"(?:{'|'.join(sorted([*_ENGLISH, 'hundred', 'thousand'], key=len, reverse=True))})"
_WORDS = re.compile(rf"({_WORD}(?:(?: and |[ -]){_WORD})*)(?:[ -]({'|'.join(_PARTS)})s?|( per ?cent))?(?![a-z0-9_-])")


def numeral(text: str) -> str | None:
    """The figures for a Chinese numeral, or for figures themselves; None where it is neither."""
    if len(text) > 20:
        return None
    if text == "半":
        return "0.5"
    if text and all(c in _DIGITS for c in text):  # 二〇二〇
        return str(int("".join(str(_DIGITS[c]) for c in text)))
    total = block = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c] if not digit or c in "零〇" else digit * 10 + _DIGITS[c]
        elif c in _TENS:
            block, digit = block + (digit or 1) * _TENS[c], 0
        elif c in _BLOCKS:
            total, block, digit = (total + block + digit) * _BLOCKS[c], 0, 0
        else:
            return None
    return str(total + block + digit) if text else None


def in_words(text: str, start: int) -> tuple[int, str] | None:
    """Where a part (三分之二, 3分之2, 百分之六十, 一半), a decimal (一点五) or an English number (ninety, two thirds,
    60 percent) that begins at ``start`` of a folded text ends, and its figures; None where there is none."""
    if found := _PART.match(text, start):
        below, above = (part if part[0].isascii() else numeral(part) for part in found.groups())
        return found.end(), f"{above}%" if below == "100" else f"{above}/{below}"
    if found := _DECIMAL.match(text, start):
        return found.end(), f"{numeral(found[1])}.{''.join(str(_DIGITS[c]) for c in found[2])}"
    if found := _HALF.match(text, start):
        return found.end(), "1/2"
    if found := _PERCENT.match(text, start):
        return found.end(), f"{found[1]}%"
    if found := _WORDS.match(text, start):
        above = _counted(found[1])
        return found.end(), f"{above}/{_PARTS[found[2]]}" if found[2] else f"{above}%" if found[3] else above
    return None


def _counted(words: str) -> str:
    """one hundred and twenty: 120."""
    total = block = 0
    for word in re.findall("[a-z]+", words):
        if word in _ENGLISH:
            block += _ENGLISH[word]
        elif word == "thousand":
            total, block = total + (block or 1) * 1000, 0
        elif word == "hundred":
            block = (block or 1) * 100
    return str(total + block)
