"""One table cell's text in, its typed value out (``packs.model.Cell``), or what is wrong with it in words.

A cell is read by its column: text, term (any way to write it gives its id), number, date, yes/no, year; a key may list
alternatives (``一级、二级``; of texts also the whole cell) or, with ``match: range``, a stretch of numbers (``1-3``,
``>=4``, ``<2000``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from policyengine.language.vocabulary import FieldDecl, Word, names_of
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.packs.model import Cell, Column
from policyengine.packs.values import YearStart, canonical, day_of, first_day, last_day, number, year_of

_ALTERNATIVES = re.compile(r"[、;；]")
_YES_NO = {"yes": True, "no": False, "true": True, "false": False, "是": True, "否": False}
# What a spreadsheet has instead of a text: a look at the cell above, an error, a formula. As in records.
_NO_TEXT = re.compile(
    r"同上|同前|上同|〃|″|''|\"|”|“|ditto|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)|=.+", re.IGNORECASE
)
_BETWEEN = re.compile(r"(.+?)(?:-|–|—|~|至|到)(.+)")
_ONE_SIDED = re.compile(r"(>=|≥|不少于|<=|≤|不超过|>|<|大于|小于)(.+)")


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a cell has no value."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Reader:
    """What the cells of one column are read by. ``step``: the least difference between two values of its field."""

    column: Column
    terms: dict[str, str]  # canonical surface form → id
    step: Fraction
    year_start: YearStart

    def read(self, text: str) -> Cell | Bad:
        """The cell's value; None for an empty cell."""
        text = text.strip()
        if not text:
            return None
        role = self.column.role
        if role in ("from", "until"):
            return self._day(text)
        if self.column.match == "range":
            return self._range(text)
        if self.column.type == "text" and role in ("key", "alias") and (bad := no_text(text)):
            return bad
        if role == "alias":
            return _names(text) or None
        if role == "key" and _ALTERNATIVES.search(text):
            return self._alternatives(text)
        value = self._one(text)
        if role == "value" and isinstance(value, Fraction) and value < 0:
            return Bad(
                say(
                    f"“{text}” is less than nothing, and what a rule counts never is",
                    f"“{text}”是负数，规则所计不会为负",
                ),
                say("write the figure of the document, 0 or more", "请按文件写 0 或正数"),
            )
        return value

    def _alternatives(self, text: str) -> Cell | Bad:
        values = [self._one(part) for part in (_names(text) if self.column.type == "text" else _parts(text))]
        if (bad := next((v for v in values if isinstance(v, Bad)), None)) is not None:
            return bad
        return values[0] if len(values) == 1 else tuple(values) or None  # type: ignore[return-value]

    def _one(self, text: str) -> Cell | Bad:
        kind = self.column.type
        if kind == "term":
            return self._term(text)
        if kind == "number":
            if (value := number(text)) is not None:
                return value
            hint = say("write it in digits: 90, 0.5 or 2/3", "请用数字书写：90、0.5 或 2/3")
            if self.column.role == "key" and not isinstance(self._range(text), Bad):
                hint = say("for stretches of numbers write match: range at this column in pack.yaml",
                           "要写区间，请在 pack.yaml 的这一列写 match: range")  # fmt: skip
            return Bad(say(f"“{text}” is no number", f"“{text}”不是数"), hint)
        if kind == "year":
            if (year := year_of(text)) is not None:
                return Fraction(year)
            hint = say("write four digits: 2016", "请写四位数字：2016")
            return Bad(say(f"“{text}” is no year", f"“{text}”不是年度"), hint)
        if kind == "date":
            return day_of(text) or _no_day(text, say("write year, month and day: 2016-07-01", "请写年月日：2016-07-01"))
        if kind == "yes_no":
            if (known := _YES_NO.get(canonical(text))) is not None:
                return known
            message = say(f"“{text}” is neither yes nor no", f"“{text}”既不是“是”也不是“否”")
            return Bad(message, say("write 是 or 否", "请写 是 或 否"))
        return text

    def _term(self, text: str) -> str | Bad:
        found = self.terms.get(canonical(text))
        if found is not None:
            return found
        from policyengine.packs.shape import did_you_mean, meant

        near = did_you_mean(canonical(text), self.terms)
        name = self.column.field or self.column.id
        hint = (
            meant(near)
            if near
            else say(f"declare it under vocabulary: terms: {name}", f"请在 vocabulary: terms: {name} 下列出")
        )
        return Bad(say(f"“{text}” is no term of {name}", f"“{text}”不是 {name} 的取值"), hint)

    def _day(self, text: str) -> date | Bad:
        """A day, or a year: from its first day, until its last."""
        year = year_of(text)
        if year is not None:
            return first_day(year, self.year_start) if self.column.role == "from" else last_day(year, self.year_start)
        hint = say("write a day (2016-07-01) or a year (2016)", "请写日期（2016-07-01）或年度（2016）")
        return day_of(text) or _no_day(text, hint)

    def _range(self, text: str) -> tuple[Fraction | None, Fraction | None] | Bad:
        bad = Bad(
            say(f"“{text}” is no stretch of numbers", f"“{text}”不是区间"),
            say("write 1-3, >=4, <2000 or one number", "请写 1-3、>=4、<2000 或一个数"),
        )
        single = number(text)
        if single is not None:
            return single, single
        one_sided = _ONE_SIDED.fullmatch(text)
        if one_sided:
            limit = number(one_sided[2])
            if limit is None:
                return bad
            # A bound that is left out is moved by the least step that the field can take, so that it can be included.
            match one_sided[1]:
                case ">=" | "≥" | "不少于":
                    return limit, None
                case "<=" | "≤" | "不超过":
                    return None, limit
                case ">" | "大于":
                    return limit + self.step, None
                case _:
                    return None, limit - self.step
        between = _BETWEEN.fullmatch(text)
        low, high = (number(between[1]), number(between[2])) if between else (None, None)
        if low is None or high is None:
            return bad
        if low > high:
            message = say(f"“{text}” runs backwards", f"“{text}”前大后小")
            return Bad(message, say(f"write {high}-{low}", f"请写 {high}-{low}"))
        return low, high


def _no_day(text: str, hint: str) -> Bad:
    return Bad(say(f"“{text}” is no day", f"“{text}”不是日期"), hint)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _ALTERNATIVES.split(text) if part.strip()]


def _names(text: str) -> tuple[str, ...]:
    """The texts of a cell that may list several: each of them, and the whole, which may be one name with the mark in it
    (大数据、云计算)."""
    parts = _parts(text)
    return (*parts, text) if len(parts) > 1 else tuple(parts)


def no_text(text: str) -> Bad | None:
    """Whether a text cell refers to another, or holds a spreadsheet's error or formula: nothing would find the row."""
    if not _NO_TEXT.fullmatch(text):
        return None
    return Bad(
        say(
            f"“{text}” is what a spreadsheet shows, not the text itself",
            f"“{text}”指别的单元格或是表格的错误，不是内容本身",
        ),
        say("write it out in this row", "请在本行写明"),
    )


def surface_forms(words: Iterable[Word | FieldDecl]) -> dict[str, str]:
    """Every way to write a word → its id."""
    return {canonical(name): w.id for w in words for name in names_of(w)}
