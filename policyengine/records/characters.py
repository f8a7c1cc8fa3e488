"""The characters of a cell in, plain ones out: full-width ones as ASCII, those that nobody sees left out.

Those that only look like others are named."""

from __future__ import annotations

import re
import unicodedata

from policyengine.messages import UNSEEN

_INVISIBLE = dict.fromkeys(map(ord, UNSEEN))
# Of these Unicode would make plain digits, though they are signs beside them: ² ⁵ ₁ ½ ① ⑴ ⒈ ㆒ ㈠ ㎡ 🄁.
_SIGN = (
    "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u215f\u2189\u2460-\u24ff"
    "\u3190-\u319f\u3200-\u33ff\U0001f100-\U0001f2ff"
)
_SIGNS = re.compile(f"([{_SIGN}]+)")
_MARK = re.compile(rf"[^\W_{_SIGN}]\s*([{_SIGN}\s]*[{_SIGN}])\Z")


def folded(text: str) -> str:
    """Compatibility characters (full width, ligatures) as plain ones; signs such as ① and ² stay what they are."""
    if text.isascii():
        return text
    if not _SIGNS.search(text):
        return unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    parts = (p if at % 2 else unicodedata.normalize("NFKC", p) for at, p in enumerate(_SIGNS.split(text)))
    return "".join(parts).translate(_INVISIBLE)


def mark(text: str) -> str:
    """The signs behind the last digit or letter of a text, as a footnote's are: ① of 1001①, none of ① or A-①."""
    found = None if text.isascii() else _MARK.search(text)
    return found[1] if found else ""


# What looks like a letter, or a Chinese character, and is another: Cyrillic and Greek letters in either case, a few
# signs; and the radicals and syllables that PDF and input methods put in the place of characters.
_LIKE = {
    "a": "\u0430\u03b1\u0251", "b": "\u0432\u03b2", "c": "\u0441", "d": "\u0501", "e": "\u0435\u03b5", "g": "\u0261",
    "h": "\u043d\u04bb\u03b7", "i": "\u0456\u03b9\u0131", "j": "\u0458", "k": "\u043a\u03ba", "m": "\u043c\u03bc",
    "n": "\u03bd", "o": "\u043e\u03bf", "p": "\u0440\u03c1", "q": "\u051b", "s": "\u0455", "t": "\u0442\u03c4",
    "v": "\u0475", "w": "\u051d", "x": "\u0445\u03c7\u00d7", "y": "\u0443\u03c5", "z": "\u03b6",
    "厂": "\u2e81", "月": "\u2e9d", "民": "\u2ea0", "王": "\u2ea9", "示": "\u2eac", "虎": "\u2ec1", "西": "\u2ec4",
    "见": "\u2ec5", "角": "\u2ec6", "贝": "\u2ec9", "车": "\u2ecb", "長": "\u2ed1", "长": "\u2ed3", "门": "\u2ed4",
    "雨": "\u2ed7", "青": "\u2ed8", "韦": "\u2ed9", "页": "\u2eda", "风": "\u2edb", "飞": "\u2edc", "食": "\u2edd",
    "马": "\u2ee2", "骨": "\u2ee3", "鬼": "\u2ee4", "鱼": "\u2ee5", "鸟": "\u2ee6", "卤": "\u2ee7", "麦": "\u2ee8",
    "黄": "\u2ee9", "齐": "\u2eec", "齿": "\u2eee", "龙": "\u2ef0",
    "口": "\u30ed", "工": "\u30a8", "力": "\u30ab", "二": "\u30cb", "八": "\u30cf", "夕": "\u30bf", "卜": "\u30c8",
}  # fmt: skip
_MEANT = {ord(c): meant for meant, like in _LIKE.items() for c in like}


def meant(text: str) -> str:
    """A text, case folded, with the characters that it seems to have."""
    return text.casefold() if text.isascii() else text.casefold().translate(_MEANT)


def look_alikes(text: str) -> list[str]:
    """The characters of a text that only look like others, each once with its number: ``а (U+0430)``."""
    return [f"{c} (U+{ord(c):04X})" for c in dict.fromkeys(text) if meant(c) != c.casefold()]
