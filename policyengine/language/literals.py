"""Numbers, units, texts and days of a sentence, from its nodes: exact, bounded, and each mistake with its message."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from policyengine.diagnostics import Diagnostic, Place, Span
from policyengine.language import tree
from policyengine.language.forms import fold
from policyengine.language.lexer import UNIT_FORMS, Instead, Sentence
from policyengine.language.names import UNKNOWN_ID, Resolver
from policyengine.language.nodes import Node, Token
from policyengine.language.quantities import BY_WORD, COUNTED, MONTHS, NO_QUANTITY, UNITS
from policyengine.messages import say

MAX_DIGITS = 30
MAX_WHOLE = 9999  # years and months are counted by no larger number
YEARS = (1900, 2199)  # in which blocks of years may begin


class Literals:
    """What a sentence's numbers and names mean; what is wrong goes to the sentence's diagnostics."""

    def __init__(self, sentence: Sentence, place: Place):
        self.sentence, self.place = sentence, place
        self.names = Resolver(sentence.vocabulary, self.problem, place.span)
        self.behind: dict[int, tuple[str, bool]] = {}  # by where a test of the period begins: see ``of_which``

    def problem(
        self, code: str, message: str, start: int, end: int, hint: str | None = None, instead: Instead | None = None
    ) -> None:
        """Report an error under ``text[start:end]``; ``instead``: what would mend it."""
        if instead is not None:
            self.sentence.instead[len(self.sentence.diagnostics)] = instead
        span = self.place.span(start, end)
        self.sentence.diagnostics.append(Diagnostic(code, message, span, hint, source=self.place.line(span)))

    def wrong(
        self, code: str, node: Node | Token, message: str, hint: str | None = None, instead: Instead | None = None
    ) -> None:
        self.problem(code, message, node.start, node.end, hint, instead)

    def span(self, node: Node | Token) -> Span:
        return self.place.span(node.start, node.end)

    def number(self, token: Token) -> Fraction:
        """``90``, ``0.5``, ``2/3``, ``50%``; at most 30 digits."""
        text = fold(token.text)
        if len(re.sub(r"\D", "", text)) > MAX_DIGITS:
            self.wrong("PE208", token, say(f"a number has at most {MAX_DIGITS} digits", f"数字最多 {MAX_DIGITS} 位"))
            return Fraction(1)
        above, _, below = text.rstrip("%").partition("/")
        if below and not int(below):
            self.wrong("PE208", token, say("a number can't be divided by zero", "分母不能为零"))
            return Fraction(1)
        value = Fraction(above) / int(below or 1)
        return value / 100 if text.endswith("%") else value

    def whole(self, token: Token, least: int = 1) -> int:
        """A count of years or months."""
        value = self.plain(token)
        if value.denominator != 1 or not least <= value <= MAX_WHOLE:
            self.wrong(
                "PE208",
                token,
                say(
                    f"a whole number from {least} to {MAX_WHOLE} is expected here",
                    f"此处应为 {least} 至 {MAX_WHOLE} 的整数",
                ),
            )
            return least
        return int(value)

    def year_number(self, token: Token) -> int:
        """A year in four digits: 20 is not taken for 2020, whose blocks of three years are others."""
        value = self.plain(token)
        if value.denominator != 1 or not YEARS[0] <= value <= YEARS[1]:
            self.wrong(
                "PE208",
                token,
                say(
                    f"a year from {YEARS[0]} to {YEARS[1]} is expected here",
                    f"此处应为 {YEARS[0]} 至 {YEARS[1]} 的年度",
                ),
                say("a year has four digits: 2020", "年度请写四位数：2020"),
            )
            return YEARS[0]
        return int(value)

    def plain(self, token: Token) -> Fraction:
        """A number before a unit, or of years: no percentage, which is a part of something that is named."""
        if fold(token.text).endswith("%"):
            self.wrong(
                "PE208",
                token,
                say("a percentage has no unit", "百分数后不能跟单位"),
                say(
                    "a share says of what: 50% of total requirement",
                    "百分数须写明占什么，如：总学时 要求 的 50%",
                ),
            )
        return self.number(token)

    def quantity(self, node: Node) -> tree.Quantity:
        number, unit = node.children
        times, name = self.unit(unit)
        return tree.Quantity(self.plain(number) * times, name, measure_word(unit, name))

    def positive(self, node: Node) -> tree.Quantity:
        """A quantity that something is divided by or rounded to."""
        quantity = self.quantity(node)
        if quantity.value <= 0:
            self.wrong("PE208", node, say("this can't be zero", "此处不能为零"))
        return quantity

    def unit(self, token: Token) -> tuple[int, str]:
        """How many of which unit a unit's word says (千字: 1000 characters)."""
        return UNIT_FORMS.forms.get(" ".join(fold(token.text).split()), (1, UNKNOWN_ID))

    def plain_unit(self, token: Token) -> str:
        times, unit = self.unit(token)
        if times != 1:
            self.wrong("PE207", token, say(f"a plain unit is expected, not “{token}”", f"此处不能用“{token}”"))
        return unit

    def counted(self, token: Token) -> str:
        """Hours or credits."""
        times, unit = self.unit(token)
        if times != 1 or unit not in (*COUNTED, UNKNOWN_ID):
            self.wrong(
                "PE207",
                token,
                say(f"“{token}”: only hours and credits are counted", f"“{token}”：此处只能是学时或学分"),
            )
        return unit

    def recorded(self, token: Token) -> None:
        """A unit in which an activity can be recorded: none is in months, years or yuan."""
        _, unit = self.unit(token)
        if unit in NO_QUANTITY:
            what = say(unit, UNITS[unit].zh)
            self.wrong(
                "PE207",
                token,
                say(f"no record of an activity is in {what}", f"学习记录不以“{what}”计量"),
                say(
                    "pay for each record (per activity, each) or for days: a condition may ask full_months",
                    "请按次、按项或按天折算；长短可用条件写：整月数 不少于 3",
                ),
            )

    def text(self, token: Token) -> str:
        """What stands between the quotation marks; a closing mark written twice is one of the text."""
        closing = token.text[-1]
        return token.text[1:-1].replace(closing * 2, closing)

    def date(self, token: Token) -> date:
        year, month, day = (int(n) for n in re.findall(r"[0-9]+", fold(token.text)))
        try:
            return date(year, month, day)
        except ValueError:
            self.no_such_day(token)
            return date(1, 1, 1)

    def month_day(self, token: Token) -> tuple[int, int]:
        text = fold(token.text)
        numbers = [int(n) for n in re.findall(r"[0-9]+", text)]
        month, day = numbers if len(numbers) == 2 else (MONTHS.index(text.split()[0]) + 1, numbers[0])
        try:
            date(2000, month, day)
        except ValueError:
            self.no_such_day(token)
        return month, day

    def no_such_day(self, token: Token) -> None:
        self.wrong("PE209", token, say(f"the calendar has no {token}", f"日历上没有{token}"))


def in_months(number: Token, unit: Token) -> str | None:
    """How leave of so many years is said: 12 个月 for 1 年; None of another unit, and of parts of years."""
    _, name = UNIT_FORMS.forms.get(fold(unit.text), (1, UNKNOWN_ID))
    if name != "years" or not number.text.isdecimal() or len(number.text) > 3:
        return None
    return f"{12 * int(number.text)} {'months' if unit.text.isascii() else '个月'}"


def reading_of(number: Token, unit: Token) -> str | None:
    """Of leave in all: which days may stand for so many months. No mend, for which do is not the program's to say.
    None where it is in days, or in no unit that anything lasts."""
    _, name = UNIT_FORMS.forms.get(fold(unit.text), (1, UNKNOWN_ID))
    if name == "months" and number.text.isdecimal() and len(number.text) < 4:
        days = 30 * int(number.text)
        return say(
            f"no law says how many days a month of it has; {days} days, say, are a reading: "
            "cite what says so, or mark the rule confidence: remembered",
            f"累计的一个月是多少天，法律没有规定；{days} 天是一种理解，请引用其依据，或注明 confidence: remembered",
        )
    return say("write how many days", "请写天数") if name in ("months", "years") else None


def measure_word(token: Token, unit: str) -> str | None:
    """The Chinese measure word for items, as written; None for other units and where it is the usual one."""
    word = token.text
    return word if unit == "items" and word in BY_WORD and not word.isascii() and word != UNITS[unit].zh else None
