"""Chinese numerals in, figures out (九十 → 90): only to say what to write instead."""

from __future__ import annotations

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_BLOCKS = {"万": 10**4, "亿": 10**8}


def numeral(text: str) -> str | None:
    """The figures for a numeral; None where it is none."""
    if len(text) > 20:
        return None
    if text == "半":
        return "0.5"
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
