"""Numbers in words in, figures out (九十 → 90, 三分之二 → 2/3, ninety → 90): only to say what to write instead.

Another figure than the one that is meant is worse than none: what is no plain number, or can be read in two ways,
has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_BLOCKS = {"万": 10**4, "亿": 10**8}
_DIGIT = f"[{''.join(_DIGITS)}]"
_MAX = 30  # characters of a number: no rule has one with more
_NUMERAL = f"[{''.join([*_DIGITS, *_TENS, *_BLOCKS])}]{{1,20}}"
_SECTION = "(?:D?千)?零?(?:D?百)?零?(?:D?十)?零?D?"
_WHOLE = re.compile(
    f"(?:{_SECTION}亿)?(?:{_SECTION}万)?{_SECTION}".replace("D", "[一二两三四五六七八九]").replace("零", "[零〇]")
)
_FIGURE = rf"(?:{_NUMERAL}(?:点{_DIGIT}+)?|[0-9]+(?:\.[0-9]+)?)"
_GOES_ON = f"((?:个?半|[点又](?:{_NUMERAL}|[0-9]+))*)"
_PART = re.compile(f"({_FIGURE}) *分之 *({_FIGURE}){_GOES_ON}")
_DECIMAL = re.compile(f"({_NUMERAL}点{_DIGIT}+){_GOES_ON}")
_AND_A_HALF = re.compile(f"{_FIGURE}个半")  # 两个半天: two days and a half, or two half days
_HALF = re.compile("一半|half(?![a-z0-9_-])")
_PERCENT = re.compile("([0-9.]+) *per ?cent(?![a-z0-9_-])")

_UNDER_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS_OF = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ENGLISH = {word: i for i, word in enumerate(_UNDER_TWENTY.split())}
_ENGLISH |= {word: 10 * i for i, word in enumerate(_TENS_OF.split(), 2)}
_PARTS = {"half": 2, "third": 3, "quarter": 4} | {word: i for i, word in enumerate(_ORDINALS.split(), 4)}


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


_WORD, _NAMED = _any([*_ENGLISH, "hundred", "thousand"]), _any(_PARTS)
_SMALL = rf"(?:{_any(_TENS_OF.split())}(?:[ -]{_any(_UNDER_TWENTY.split()[1:10])})?|{_any(_ENGLISH)})"
_REST = rf"(?:(?: and |[ -]){_SMALL}(?![ -]hundred))?"
_HUNDREDS = rf"(?:(?:{_SMALL}[ -])?hundred{_REST}|{_SMALL})"
_AFTER_THOUSAND = rf"(?:(?: and |[ -])(?:{_SMALL}[ -]hundred{_REST}|{_SMALL}(?![ -]thousand)))?"
_COUNT = rf"(?:(?:{_HUNDREDS}[ -])?thousand{_AFTER_THOUSAND}|{_HUNDREDS})"
_MORE = rf"(?:[ -](?:{_WORD}|{_NAMED}s?|point|[a-z]+(?:ie|d|teen)ths?)| and (?:an? |{_WORD}[ -])?{_NAMED}s?)"
_WORDS = re.compile(
    rf"(?P<count>{_COUNT})(?P<half> and (?:a|one) half)?(?:[ -](?P<part>{_NAMED})s?|(?P<percent> per ?cent))?"
    rf"(?P<more>{_MORE}*)(?![a-z0-9_-])"
)


def numeral(text: str) -> str | None:
    """The figures for a Chinese numeral, or for figures themselves; None where it is neither."""
    if len(text) > 20:
        return None
    if text == "半":
        return "0.5"
    if text and all(c in _DIGITS for c in text):  # 二〇二〇
        return str(int("".join(str(_DIGITS[c]) for c in text)))
    if not text or not _WHOLE.fullmatch(text):
        return None
    total = block = digit = 0
    lower = 1  # what a last digit counts: the place below the one before it (一千二: 1200), unless 零 stands between
    for c in text:
        if c in _DIGITS:
            digit, lower = _DIGITS[c], lower if _DIGITS[c] else 1
        elif c in _TENS:
            block, digit, lower = block + (digit or 1) * _TENS[c], 0, _TENS[c] // 10
        else:
            section = block + digit * (lower if block else 1)
            total, block, digit, lower = total + (section or 1) * _BLOCKS[c], 0, 0, _BLOCKS[c] // 10
    return str(total + block + digit * lower)


def in_words(text: str, start: int) -> tuple[int, str | None] | None:
    """Where a part (三分之二, 3分之2, 百分之六十, 一半), a decimal (一点五) or an English number (ninety, two thirds,
    60 percent) that begins at ``start`` of a folded text ends, and its figures (None where that is not sure); None
    where there is none."""
    if found := _PART.match(text, start):
        return found.end(), None if found[3] else _part(*map(_decimal, found.group(1, 2)))
    if found := _DECIMAL.match(text, start):
        return found.end(), None if found[2] else _decimal(found[1])
    if found := _AND_A_HALF.match(text, start):
        return found.end(), None
    if found := _HALF.match(text, start):
        return found.end(), "1/2"
    if found := _PERCENT.match(text, start):
        return found.end(), f"{found[1]}%"
    if found := _WORDS.match(text, start):
        return found.end(), _english(found, text[:start].rstrip().endswith("between"))
    return None


def _decimal(words: str) -> str | None:
    """六十五点五: 65.5; figures are themselves."""
    if len(words) > _MAX:
        return None
    if words[0].isascii():
        return words
    whole, _, digits = words.partition("点")
    above = numeral(whole)
    return f"{above}.{''.join(str(_DIGITS[c]) for c in digits)}" if above and digits else above


def _part(below: str | None, above: str | None) -> str | None:
    """百分之六十: 60%; 三分之二: 2/3. None for what is more than the whole: 三分之一百 may be a third of a hundred."""
    if above is None or below is None:
        return None
    if below == "100":
        return f"{above}%"
    return f"{above}/{below}" if "." not in below and Fraction(above) <= int(below) else None


def _english(found: re.Match[str], between: bool) -> str | None:
    """ninety-five and a half: 95.5. ``between``: an “and” may stand between two numbers."""
    joined = " and " in found["count"]
    if found["more"] or (joined and (between or found["part"])):
        return None
    above = f"{_counted(found['count'])}{'.5' if found['half'] else ''}"
    return f"{above}/{_PARTS[found['part']]}" if found["part"] else f"{above}%" if found["percent"] else above


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
