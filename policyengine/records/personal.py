"""Personal data in; ids and names made unrecognisable, the checksum of 身份证号, and safe spreadsheet cells out."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import date

_NEW = re.compile(r"\d{17}[\dX]")
_OLD = re.compile(r"\d{15}")
_CODE = re.compile(r"[0-9A-Za-z._/:#*-]*")
MORE = r"^\d{17}[\dXx][^0-9A-Za-z]"  # an identity number and something behind it
APART = " -"  # what a number is at times written with: 510101 19900101 0011
_MORE = re.compile(r"\d{17}[\dXx][^\d]", re.ASCII)
_WITHIN = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"


def mask(person_id: str) -> str:
    """``510101199001010016`` → ``510101********0016``; of shorter ids the first and the last two characters stay, of
    those with less than five the first.

    What may hold a name keeps its first characters alone: ``510101199001010016 王小明`` → ``510101****************``.
    """
    size = len(person_id)
    if not _CODE.fullmatch(person_id) or _MORE.match(person_id):
        kept = 6 if size >= 15 and _OLD.match(person_id) else 1
        return person_id[:kept] + "*" * max(size - kept, 1)
    if size >= 15:
        return person_id[:6] + "*" * (size - 10) + person_id[-4:]
    if size >= 5:
        return person_id[:1] + "*" * (size - 3) + person_id[-2:]
    return person_id[:1] + "*" * max(size - 1, 1)


def mask_within(text: str) -> str:
    """``张三510101199001010016`` → ``张三510101********0016``: the identity numbers in a text alone."""
    return _WITHIN.sub(lambda found: mask(found[0]), text)


def mask_name(name: str) -> str:
    """``张三`` → ``张*``; ``Ana Silva`` → ``A** S****``; ``张 三``, as lists write it → ``张 *``."""
    first, *others = name.split(" ")
    masked = [first[:1] + "*" * (len(first) - 1 or int(not others))]
    return " ".join(
        masked + [part[:1] + "*" * (len(part) - 1) if len(part) > 1 else "*" * len(part) for part in others]
    )


def looks_like_id_number(text: str) -> bool:
    """Whether it has the shape of a resident identity number (18 characters, or 15 in the old form)."""
    return bool(_NEW.fullmatch(text) or _OLD.fullmatch(text))


FAULTS_ZH = {
    "checksum": "校验码",
    "birth date": "出生日期",
    "more than the number": "号码之后另有内容",
    "spaces or hyphens": "含空格或连字符",
}


def id_number_fault(text: str) -> str | None:
    """``checksum`` or ``birth date`` where a number of that shape breaks GB 11643; None where it doesn't.

    ``more than the number`` where something else, such as a name, is behind it; ``spaces or hyphens`` where they stand
    in it: without them it is another id.
    """
    if re.match(MORE, text, re.ASCII):
        return "more than the number"
    joined = text.translate(dict.fromkeys(map(ord, APART)))
    if joined != text and looks_like_id_number(joined.upper()) and id_number_fault(joined.upper()) != "birth date":
        return "spaces or hyphens"
    if not looks_like_id_number(text):
        return None
    born = text[6:14] if len(text) == 18 else "19" + text[6:12]
    try:
        date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return "birth date"
    if len(text) == 18:
        total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
        if _CHECK[total % 11] != text[17]:
            return "checksum"
    return None


def masked_day(day: date, person_id: str) -> str:
    """``1990-01-01`` → ``1990-**-**`` of whose identity number masks just that: with it the number could be read. So is
    another year's day of that name, such as that of retirement."""
    if not looks_like_id_number(person_id):
        return day.isoformat()
    born = person_id[10:14] if len(person_id) == 18 else person_id[8:12]
    return f"{day.year:04}-**-**" if f"{day.month:02}{day.day:02}" == born else day.isoformat()


def pseudonymiser(key: bytes) -> Callable[[str], str]:
    """A function person id → 32 hexadecimal digits (HMAC-SHA256, shortened): the same id and key give the same one."""
    if len(key) < 16:
        raise ValueError("a key of at least 16 bytes is needed")
    return lambda person_id: hmac.new(key, person_id.encode(), hashlib.sha256).hexdigest()[:32]


# also of full width, which Chinese and Japanese spreadsheet programs take for the same signs
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
APOSTROPHED = (*_FORMULA, "'")  # how a text begins that result files have with an apostrophe before it, to be undone


def neutralise(cell: str) -> str:
    """A text that a spreadsheet would calculate (``=…``, ``+…``, ``-…``, ``@…``) made plain text by an apostrophe."""
    return "'" + cell if cell.startswith(_FORMULA) else cell
