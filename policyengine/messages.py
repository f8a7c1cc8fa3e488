"""In which language people are spoken to: the command line sets it once, every floor asks ``say``.

Data (result files, JSON) never depends on it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

LANGUAGES = ("en", "zh")
_language = "en"


def of_environment(environment: Mapping[str, str] = os.environ) -> str:
    """``zh`` where the environment speaks Chinese (LC_ALL, LC_MESSAGES, LANG in that order, or Windows itself), else
    ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith(("zh", "chinese")) else "en"
    return "zh" if _windows_language() == _CHINESE else "en"


_CHINESE = 4  # the primary language of 中文 in a Windows language id, whichever the region


def _windows_language() -> int | None:
    """The primary language in which Windows speaks to its user; None elsewhere."""
    if os.name != "nt":
        return None
    import ctypes

    language: int = ctypes.windll.kernel32.GetUserDefaultUILanguage()  # type: ignore[attr-defined]
    return language & 0x3FF


def speak(language: str) -> None:
    """From now on messages are in ``language`` (``en`` or ``zh``)."""
    global _language
    _language = language if language in LANGUAGES else "en"


def spoken() -> str:
    return _language


def say(en: str, zh: str) -> str:
    """The one of two texts that is in the language spoken."""
    return zh if _language == "zh" else en


def listed(names: Iterable[str], most: int | None = None) -> str:
    """Names one after another, as the language spoken parts them: ``a, b``, ``甲、乙``; those beyond ``most`` as …."""
    every = list(names)
    return say(", ", "、").join(every[:most] + ["…"] * (most is not None and len(every) > most))


def many(number: int, one: str, several: str = "", form: str = "") -> str:
    """A number with its words in English: ``1 row``, ``2 rows``; ``several``: where an s does not make them; ``form``:
    of the number (``,`` groups its digits)."""
    return f"{number:{form}} {one if number == 1 else several or one + 's'}"


# Soft hyphen, zero widths, joiners, marks of direction, byte order mark: they come along when text is copied.
UNSEEN = (
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_OTHERS = (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x2060, 0x2070))  # controls, ends of lines, formats
_CONTROLS = dict.fromkeys((*_OTHERS, *map(ord, UNSEEN)), "\N{REPLACEMENT CHARACTER}")
_WITHIN = {**_CONTROLS, ord("\n"): "\n"}


def is_utf8(text: str) -> bool:
    """Whether a path or argument that came from the system is UTF-8: Python keeps bytes that are not, half a character
    each, and neither a manifest nor DuckDB can hold those."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def harmless(text: str, lines: bool = False) -> str:
    """Text from a file as a terminal may show it: no character commands the terminal or turns the line. ``lines``: of
    several lines."""
    return text if text.isprintable() else text.translate(_WITHIN if lines else _CONTROLS)


def in_line(text: str) -> str:
    """Text from a file as one cell of a table on a terminal shows it."""
    return harmless(text.replace("\n", "⏎"))
