"""What laws write of shares and stretches in, how the language says it out: only for rules that can't be read."""

from __future__ import annotations

import re

from policyengine.language.hints import of_cap
from policyengine.language.numerals import in_words
from policyengine.messages import say

_VERB = re.compile(" *(?:(?:override|替代)[^:]*:)? *(要求|一般要求|限额|结转|[a-z]+)")
_REQUIRE, _CAP, _CARRY = ("要求", "一般要求", "require", "expect"), ("限额", "cap"), ("结转", "carry")
_PART = "[0-9]+ *分之 *[0-9]+|[一二两三四五六七八九十百]+分之[一二两三四五六七八九十百]+|一半|[0-9][0-9./]*%?"
_SHARE_OF = re.compile(f"(?P<of>[一-鿿]{{2,10}}?) *的 *(?P<share>{_PART})")
_COUNTED_IN = re.compile("学时|学分|课时|要求")
_OWED = re.compile("要求|[规法]定|应|须|需|达到")
_SHARE_BEFORE = re.compile("([0-9][0-9./]*%?) *of +$")
_OF_HOURS = re.compile(
    "(?:the )?(?:annual |total |year's )*(?:(required )?(?:hours|credits)( required| owed)?|(requirement)s?|total)"
    "(?![a-z0-9_-])"
)


def verb(folded: str) -> str:
    """The verb of a folded rule, of an override that of the sentence in it; nothing where none is read."""
    found = _VERB.match(folded)
    return found[1] if found else ""


def share_of_what(folded: str, number: str) -> str | None:
    """面授 不少于 50%, distance at most 1/3: a share of which nothing says what it is taken of."""
    if "%" not in number and "/" not in number:
        return None
    said = verb(folded)
    if said in _REQUIRE:
        return _of_both("total" if said.isascii() else "总学时", number)
    if said in _CARRY:
        return say("what is carried is bounded by a figure in hours or credits, not by a share of the excess",
                   "结转以学时、学分的数额为限，不能写超出部分的比例")  # fmt: skip
    return of_cap() if said in _CAP else None


def share_of_owed(folded: str, start: int) -> str | None:
    """规定学时 的 50%, 1/3 of required hours: of what is owed. Of 全年学时 that may be meant, or what was counted."""
    said = verb(folded)
    if said not in _REQUIRE + _CAP:
        return None
    if found := _SHARE_OF.match(folded, start):
        if not _COUNTED_IN.search(found["of"]):
            return None
        total, owed = "总学分" if "学分" in found["of"] else "总学时", _OWED.search(found["of"]) is not None
        words = in_words(found["share"], 0)
        share = (words and words[1]) or found["share"]
    else:
        before, found = _SHARE_BEFORE.search(folded[:start]), _OF_HOURS.match(folded, start)
        if not before or not found:
            return None
        total, owed, share = "total", any(found.groups()), before[1]
    if said in _CAP:
        return of_cap()
    if not owed:
        return _of_both(total, share)
    form = _of_owed(total, share)
    return say(f"write {form}", f"请写 {form}")


def _of_owed(total: str, share: str) -> str:
    return f"{share} of total requirement" if total == "total" else f"{total} 要求 的 {share}"


def _of_both(total: str, share: str) -> str:
    """A share of what is owed, and one of what was counted, in the rule's language."""
    owed, counted = _of_owed(total, share), f"{share} of total" if total == "total" else f"{total} 的 {share}"
    return say(f"of what is owed: {owed}; of what was counted: {counted}",
               f"占应完成的，请写 {owed}；占所计的，请写 {counted}")  # fmt: skip
