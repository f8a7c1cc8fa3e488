"""The characters of a cell in, plain ones out: full-width ones as ASCII, those that nobody sees left out."""

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
