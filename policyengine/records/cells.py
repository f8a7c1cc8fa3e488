"""One cell's text in, its value or the reason why it has none out: the only place where a cell is understood.

Every reader and every engine goes through these functions, so a cell means the same in a CSV file, a workbook or a
Parquet column. Nothing is guessed: what has two readings, or none, is ``Bad``. Numbers are exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from policyengine.language.quantities import NO_QUANTITY, UNITS, exact_text
from policyengine.light import dataclass
from policyengine.messages import UNSEEN
from policyengine.records.characters import folded, look_alikes, mark, meant

MAX_TEXT = 32_767  # characters of one cell: what a spreadsheet can hold
MAX_ID = 200
MAX_SHORT = 200  # a date, number, term, unit or yes/no is shorter than this
NEAR = 4  # terms that a hint names
YEARS = (1900, 2199)
SERIALS = (21_000, 80_000)  # spreadsheet day numbers from 1957 to 2119; 20161 rather is a year and a month
ANY_NUMBER = Fraction(10**12 - 1)  # where nothing is declared: six decimals more and 64 bits still hold it
SHIFT_1904 = 1462  # days between the two spreadsheet calendars


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a text is not a value: code, reason and how to mend it, in English and Chinese."""

    code: str
    en: str
    zh: str
    hint: str = ""
    hint_zh: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as written in a cell; ``unit`` when the cell itself names one ("12学时")."""

    value: Fraction
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class UnitCell:
    """A unit as a header or a unit column names it: ``千字`` is ``characters`` a thousand at a time."""

    unit: str
    times: int = 1


# --- text -------------------------------------------------------------------------------------------------------------

SPACES = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000" + UNSEEN  # what may stand around a cell's text
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
# What people write into a text cell to say that there is nothing.
NOTHING = frozenset(("-", "--", "—", "——", "–", "/", "\\", "无", "没有", "n/a", "none", "null", "\\n"))
# What they write instead of repeating the cell above; all shorter than the texts that SQL reads by itself.
AS_ABOVE = frozenset(("同上", "同前", "上同", "〃", "″", "''", '"', "”", "“", "ditto"))


def clean(text: str) -> str:
    """The text without spaces around it, invisible characters, and the ``="…"`` that makes a spreadsheet keep text."""
    text = text.strip(SPACES)
    if text.startswith('="') and (match := _FORMULA_TEXT.fullmatch(text)):
        text = match[1].strip(SPACES)
    return text


def compare(text: str) -> str:
    """The form in which words are compared: compatibility characters plain, case folded, no spaces or underscores."""
    return "".join(folded(text).casefold().replace("_", " ").split())


def _plain(text: str) -> str:
    """Full-width digits and signs made plain, one space between words."""
    if text.isascii():
        return text
    return " ".join(folded(text).split())


def printable(text: str) -> str:
    """Text that may be shown and stored: bytes that were no text as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def says_nothing(text: str) -> bool:
    """Whether a text cell says that there is nothing (``无``, ``/``, ``NULL``)."""
    return len(text) < 8 and text.casefold() in NOTHING


NO_CHARACTER = "\U0010ffff"  # the last code point, which no text has


def unfit(text: str) -> Bad | None:
    """What makes any cell unusable, whatever its column: too long, or with characters that no text has."""
    if len(text) > MAX_TEXT:
        size = f"{len(text):,}"
        return Bad(
            "PE417", f"the cell has {size} characters; at most {MAX_TEXT:,} are read",
            f"单元格有 {size} 个字符，最多 {MAX_TEXT:,} 个",
            "shorten the text, or look for a quotation mark that is not closed", "缩短文字，或检查是否有未闭合的引号",
        )  # fmt: skip
    if "\0" in text:
        return Bad(
            "PE417", "the cell contains a NUL byte", "单元格含有 NUL 字节",
            "the file is damaged here; export it again", "文件在此处损坏，请重新导出",
        )  # fmt: skip
    if not text.isascii() and any("\ud800" <= c <= "\udfff" or c == NO_CHARACTER for c in text):
        return Bad(
            "PE418", "bytes here are not text in the file's encoding", "此处的字节不符合文件的编码",
            "save the file as UTF-8 and write this cell again", "请将文件另存为 UTF-8，并重写该单元格",
        )  # fmt: skip
    return None


def no_value(text: str) -> Bad | None:
    """Whether a spreadsheet left an error (``#N/A``) or a formula where a value should stand, or a person 同上."""
    if len(text) < 8 and "".join(text.split()).strip("()（）。.").casefold() in AS_ABOVE:
        return Bad(
            "PE417", "this refers to a cell above, and which one is not guessed",
            "此处指上面的单元格，指哪一格不作猜测",
            "write it out in this row", "请在本行写明",
        )  # fmt: skip
    if len(text) > 1 and not text.strip("#"):
        return Bad(
            "PE432", "the spreadsheet's column was too narrow, and shows signs instead of the value",
            "表格的列太窄，显示的是“#”，不是数据", "widen the column and export again", "请将该列拉宽后重新导出",
        )  # fmt: skip
    if text[0] not in "=#" or (text[0] == "#" and text.upper() not in ERRORS):
        return None
    return Bad(
        "PE432", "the spreadsheet shows an error or a formula here, not a value",
        "此处是表格的错误值或公式，不是数据", "enter the value itself", "请填写数据本身",
    )  # fmt: skip


_LOST_DIGITS = re.compile(r"\d(?:\.\d+)?e\+\d+", re.IGNORECASE)
_POWERS = re.compile(r"\d\.\d+[Ee](?:[7-9]|1\d|2[0-2])")  # the same as Java programs write it
_OLD_ID_LOWER = re.compile(r"\d{17}x")


LOST = Bad(
    "PE419", "a spreadsheet turned this number into powers of ten and lost its last digits",
    "表格软件把该号码变成了科学计数，末尾数字已丢失",
    "format the column as text, enter the number again, and export", "将该列设为文本格式后重新录入并导出",
)  # fmt: skip


def identifier(text: str) -> str | Bad | None:
    """An id (person, record): plain characters, no spaces around. None where the cell says that there is none."""
    text = _plain(text)
    if text.startswith("'"):
        text = text[1:].strip()
    if not text or says_nothing(text):
        return None
    if _LOST_DIGITS.fullmatch(text):
        return LOST
    if len(text) > MAX_ID:
        return Bad("PE417", f"an id has at most {MAX_ID} characters", f"编号最多 {MAX_ID} 个字符")
    if found := mark(text):
        return Bad(
            "PE417", f"the sign {found} behind an id is no part of it", f"编号末尾的“{found}”不能是编号的一部分",
            "remove it if it is a mark of a footnote; else write plain digits", "如为脚注标记请删去；否则请写普通数字",
        )  # fmt: skip
    return text[:17] + "X" if _OLD_ID_LOWER.fullmatch(text) else text


_PARTED = re.compile("[、，；,;\r\n]")


def person(text: str) -> str | Bad | None:
    """A person's id. A list of them is none: the hours would go to somebody who has all these ids for a name."""
    parts = [part for part in _PARTED.split(text) if part.strip(SPACES)] if not text.isalnum() else [text]
    if len(parts) > 1 and (set(text) & set("、，；\r\n") or all(re.search("[0-9]", part) for part in parts)):
        return Bad(
            "PE417", "several ids stand in this cell", "一格内有多个编号",
            "give each person a row, and write an id in one line", "请每人各占一行，一个编号写在一行内",
        )  # fmt: skip
    found = identifier(text)
    return LOST if isinstance(found, str) and _POWERS.fullmatch(found) else found


def free_text(text: str) -> str | Bad | None:
    """Text as it stands; None where it says that there is nothing."""
    return None if says_nothing(text) else text


def proof(text: str) -> str | Bad | None:
    """Text of the column for proof, where a bare no says that there is none. A bare yes is a text: there is one."""
    # the longest no is as long as false, so that a longer text needs no look: the readers in SQL rely on it
    denied = len(text) <= LONGEST_NO and (folded(text).casefold() in NO or text in LACKING)
    return None if denied else free_text(text)


# --- dates ------------------------------------------------------------------------------------------------------------

_TIME = (
    r"(?:(?:\s+|[Tt])(?:上午|下午|早上|晚上)?\s*"
    r"(?:(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:\.\d{1,9})?)?|(?P<h2>\d{1,2})[时点](?:(?P<m2>\d{1,2})分)?(?:(?P<s2>\d{1,2})秒)?)"
    r"\s*(?:[AaPp][Mm])?(?P<zone>\s*(?:[Zz]|[+-]\d{2}(?::?\d{2})?))?)?"
)
_DATES = (
    re.compile(r"(?P<y>\d{4})(?P<sep>[-/.])(?P<mo>\d{1,2})(?P=sep)(?P<d>\d{1,2})" + _TIME),
    re.compile(r"(?P<y>\d{4})(?P<mo>\d{2})(?P<d>\d{2})" + _TIME),
    re.compile(
        r"(?P<y>\d{4})\s*年\s*(?P<mo>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]" + _TIME.replace(r"\s+|[Tt]", r"\s*|[Tt]")
    ),
)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_MONTH_ONLY = re.compile(r"\d{4}(?:[-/.]\d{1,2}|\s*年(?:\s*\d{1,2}\s*月)?|度)?")
_UTC = re.compile(r"\s*(?:[Zz]|[+-]00(?::?00)?)")
_RANGE = re.compile(
    r"\d{4}(?:\d{4}|[-/.]\d{1,2}[-/.]\d{1,2}|\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号]?)"
    r"\s*(?:至|到|to|[-~–—―]+)\s*(?:\d{8}|(?:\d{4}\s*[-/.年]\s*)?(?:\d{1,2}\s*[-/.月]\s*)?\d{1,2}\s*[日号]?)"
)
_OPEN = frozenset(("至今", "今", "现在", "目前", "长期"))
_DATE_HINT = ("write it as 2016-03-05", "请写成 2016-03-05")


def day(text: str, calendar_1904: bool = False) -> date | Bad:
    """A calendar day; a time of day is allowed and left out. ``calendar_1904``: of the workbook's day numbers."""
    text = _plain(text)
    if len(text) > MAX_SHORT:
        return Bad("PE410", "this is not a date", "不是日期", *_DATE_HINT)
    for form in _DATES:
        if match := form.fullmatch(text):
            return _day(match)
    if (match := _SERIAL.fullmatch(text)) and SERIALS[0] <= int(match[1]) <= SERIALS[1]:
        return date(1899, 12, 30) + timedelta(int(match[1]) + (SHIFT_1904 if calendar_1904 else 0))
    if _MONTH_ONLY.fullmatch(text):
        return Bad("PE410", "the day is missing", "缺少日", *_DATE_HINT)
    if _RANGE.fullmatch(text):
        return Bad(
            "PE410", "this is a range of days, not one day", "这是起止日期，不是一个日期",
            "give the first and the last day a column each (start, end)", "请将起止日期分为两列（开始日期、结束日期）",
        )  # fmt: skip
    if text in _OPEN:
        hint, hint_zh = "of a circumstance that still lasts leave the end empty", "情形尚未结束的，结束日期请留空"
        return Bad("PE410", "this is not a date", "不是日期", hint, hint_zh)
    return Bad("PE410", "this is not a date", "不是日期", *_DATE_HINT)


def _day(match: re.Match[str]) -> date | Bad:
    year, month, number = int(match["y"]), int(match["mo"]), int(match["d"])
    parts = [int(match[a] or match[b] or 0) for a, b in (("h", "h2"), ("m", "m2"), ("s", "s2"))]
    if parts[0] > 23 or parts[1] > 59 or parts[2] > 59:
        return Bad("PE410", "there is no such time of day", "没有这个时刻", *_DATE_HINT)
    if match["zone"] and _UTC.fullmatch(match["zone"]):
        return Bad(
            "PE410", "a time in UTC may lie on another day where it happened", "UTC 时间可能与当地日期不同",
            "write the local date, 2016-03-05", "请写当地日期，如 2016-03-05",
        )  # fmt: skip
    if not YEARS[0] <= year <= YEARS[1]:
        return Bad(
            "PE410", f"the year must lie in {YEARS[0]}–{YEARS[1]}", f"年份须在 {YEARS[0]}–{YEARS[1]} 之间", *_DATE_HINT
        )
    try:
        return date(year, month, number)
    except ValueError:
        return Bad("PE410", "there is no such day in the calendar", "日历上没有这一天", *_DATE_HINT)


_YEAR = re.compile(r"(\d{4})(?:年度?)?")


def year(text: str) -> int | Bad:
    """A calendar year, ``2016`` or ``2016年``."""
    match = _YEAR.fullmatch(_plain(text))
    if match and YEARS[0] <= int(match[1]) <= YEARS[1]:
        return int(match[1])
    return Bad("PE410", "this is not a year", "不是年份", "write it as 2016", "请写成 2016")


# --- numbers and units ------------------------------------------------------------------------------------------------

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(rf"(?P<sign>[+-]?)(?P<number>{_DIGITS})(?:[eE](?P<e>[+-]?\d{{1,6}}))?(?P<rest>.*)", re.DOTALL)
_TIMES = {"百万": 10**6, "百": 100, "千": 1000, "万": 10_000, "亿": 10**8, "": 1}  # the longest first
_HOURS_AND_MINUTES = re.compile(r"(\d{1,6})(?:个?小时|钟头|h)(\d{1,6})(?:分钟|分|min|minutes?)")
_NUMBER_HINT = ("write digits, for example 12 or 7.5", "请写数字，如 12 或 7.5")
_NO_NUMBER = Bad("PE411", "this is not a number", "不是数字", *_NUMBER_HINT)
_AMBIGUOUS = "分"
_TWO_UNITS = Bad(
    "PE414", "分 may mean 分钟 (minutes) or 学分 (credits)", "“分”可能是分钟，也可能是学分",
    "write 分钟 or 学分", "请写明分钟或学分",
)  # fmt: skip

UNIT_WORDS: dict[str, str] = {
    compare(word): u.id for u in UNITS.values() for word in (u.id, u.zh, *u.aliases) if word != _AMBIGUOUS
}


def unit(text: str) -> UnitCell | Bad:
    """A unit of a quantity as a header or a unit column names it."""
    word = compare(text) if len(text) <= MAX_SHORT else ""
    times, counted = _apart(word)
    names = [u.zh for u in UNITS.values() if u.id not in NO_QUANTITY]
    if counted in UNIT_WORDS:
        if (found := UNIT_WORDS[counted]) not in NO_QUANTITY:
            return UnitCell(found, _TIMES[times])
        return Bad("PE414", "no activity is measured in this unit", "学习量不用该单位计量", *_hint((), names))
    if word == _AMBIGUOUS:
        return _TWO_UNITS
    near = _nearest(word, names)[:3]
    hint, hint_zh = _hint(near, names)
    if (seen := meant(word)) in UNIT_WORDS:
        hint, hint_zh = _seems(seen, text)
    elif not near:  # 单位 is also what people call the place where somebody works
        hint += "; if the column names employers, leave it out in a mapping file (ignore: [单位])"
        hint_zh += "；如该列是工作单位，请在对照文件中忽略（ignore: [单位]）"
    return Bad("PE414", "this is not a unit", "不是计量单位", hint, hint_zh)


def _apart(word: str) -> tuple[str, str]:
    """千 and 字 of 千字; of a word that counts by one, nothing and the word."""
    times = next(filter(word.startswith, _TIMES))
    return times, word.removeprefix(times)


def _nearest(word: str, words: Sequence[str]) -> list[str]:
    """The words like this one, the nearest first; else those that hold it or that it holds."""
    from difflib import get_close_matches

    if not word or not words:
        return []
    return get_close_matches(word, words, len(words), 0.5) or [w for w in words if word in w or w in word]


def _hint(near: Sequence[str], known: Sequence[str]) -> tuple[str, str]:
    if near:
        return "did you mean " + ", ".join(near) + "?", "是不是 " + "、".join(near) + "？"
    shown = known[:12]
    more = ["…"] * (len(known) > 12)
    return ("write one of: " + ", ".join([*shown, *more]), "可写：" + "、".join([*shown, *more])) if known else ("", "")


def number(text: str) -> Amount | Bad:
    """A number with or without its unit: ``12``, ``1,234.5``, ``12学时``, ``1.2万字``, ``1小时30分``."""
    plain = _plain(text)
    match = _NUMBER.fullmatch(plain) if len(plain) <= MAX_SHORT else None
    if not match:
        return _NO_NUMBER
    if together := _HOURS_AND_MINUTES.fullmatch(compare(plain)):
        return Amount(Fraction(int(together[1]) * 60 + int(together[2])), "minutes")
    power = int(match["e"] or 0)
    if abs(power) > 30:
        return Bad("PE412", "the number is beyond all bounds", "数字超出一切范围", *_NUMBER_HINT)
    value = Fraction(match["number"].replace(",", "")) * Fraction(10) ** power
    value = -value if match["sign"] == "-" else value
    rest = compare(match["rest"])
    if not rest:
        return Amount(value)
    if rest == "%":
        return Amount(value / 100)
    return _with_unit(value, rest)


def _with_unit(value: Fraction, rest: str) -> Amount | Bad:
    times, word = _apart(rest)
    value *= _TIMES[times]
    if not word:
        return Amount(value)
    for counted in (word.removeprefix("个"), word):
        if counted in UNIT_WORDS:
            return Amount(value, UNIT_WORDS[counted])
    return (
        _TWO_UNITS
        if word == _AMBIGUOUS
        else Bad("PE411", "this is not a number with a unit", "不是带单位的数字", *_NUMBER_HINT)
    )


def within(value: Fraction, low: Fraction | None, high: Fraction | None, decimals: int, what: str = "") -> Bad | None:
    """Why a number breaks the bounds that the policy declares for it; None when it keeps them."""
    of, of_zh = (f" {what}", f"（{UNITS[what].zh}）") if what in UNITS else ("", "")
    low, high = -ANY_NUMBER if low is None else low, ANY_NUMBER if high is None else high
    if value < low:
        least = exact_text(low)
        return Bad(
            "PE412", f"the least that is possible is {least}{of}", f"最小为 {least}{of_zh}",
            "correct the number", "请更正数字",
        )  # fmt: skip
    if value > high:
        most = exact_text(high)
        return Bad(
            "PE412", f"the most that is possible is {most}{of}", f"最大为 {most}{of_zh}",
            "correct the number", "请更正数字",
        )  # fmt: skip
    if (value * 10**decimals).denominator != 1:
        return Bad(
            "PE413", f"there are more decimals than the {decimals} declared{' for' + of if of else ''}",
            f"小数位数超过规定的 {decimals} 位{of_zh}",
            "write it with the declared decimals; nothing is rounded unseen", "请按规定位数填写；系统不会暗中舍入",
        )  # fmt: skip
    return None


def measured(
    amount: Amount | None, stated: UnitCell | None, header: UnitCell | None
) -> tuple[Fraction | None, str | None] | Bad:
    """Quantity and unit of a row from its number, its unit column and the number's header; they may not contradict."""
    units = {u for u in (amount and amount.unit, stated and stated.unit, header and header.unit) if u}
    names = " and ".join(u.replace("_", " ") for u in sorted(units))
    names_zh = "、".join(sorted(UNITS[u].zh for u in units))
    mend = ("name one unit only", "只写一种单位")
    if len(units) > 1:
        return Bad("PE415", f"the units contradict each other: {names}", f"单位互相矛盾：{names_zh}", *mend)
    found = next(iter(units), None)
    if amount is None:
        return None, found
    if amount.unit:
        return amount.value, found
    times = {c.times for c in (stated, header) if c}
    if len(times) > 1:
        return Bad(
            "PE415", f"unit column and header differ by a factor: {names}", f"单位列与表头相差倍数：{names_zh}", *mend
        )
    return amount.value * next(iter(times), 1), found


def _seems(word: str, text: str) -> tuple[str, str]:
    """The hint of a text that seems to be a word."""
    some, some_zh = ", ".join(look_alikes(text)), "、".join(look_alikes(text))
    return f"did you mean {word}? here {some} only looks the same", f"是不是 {word}？其中 {some_zh} 只是看起来一样"


# --- words ------------------------------------------------------------------------------------------------------------

YES = frozenset(("是", "yes", "y", "true", "1", "√", "✓", "✔", "☑"))
NO = frozenset(("否", "no", "n", "false", "0", "×", "✗", "✘"))
LACKING = frozenset(("暂无", "暂缺", "缺", "未提供", "未取得", "待补"))  # of a proof
LONGEST_NO = max(map(len, NO | LACKING))


def yes_no(text: str) -> bool | Bad:
    """是/否, yes/no, y/n, true/false, 1/0, √/×; anything else is not clear enough."""
    word = compare(text) if len(text) <= MAX_SHORT else ""
    if word in YES:
        return True
    if word in NO:
        return False
    return Bad(
        "PE416",
        "this is not clearly yes or no",
        "看不出是或否",
        "write yes or no, or leave it empty",
        "请写是或否，或留空",
    )


def term_reader(
    words: Mapping[str, tuple[str, ...]], names: Iterable[str], held: Mapping[str, int] | None = None
) -> Callable[[str], str | Bad]:
    """A function for one field's terms. ``words``: compared form → the term ids that have it; ``names``: for hints;
    ``held``: how many policies have a term.

    A hint names several terms, each once, by its name or else its nearest form: those that the most policies have
    first, for a term of a single sector is mostly no word of the person's.
    """
    shown, policies = list(dict.fromkeys(names)), held or {}

    def near(word: str) -> list[str]:
        spelt = {compare(name): name for name in reversed(shown)}
        if word in words:
            return [spelt.get(word, word)]
        best: dict[str, str] = {}
        forms = _nearest(word, [*dict.fromkeys((*spelt, *words))])
        for form in sorted(forms, key=lambda form: form not in spelt):
            for term in words.get(form, ()):
                best.setdefault(term, spelt.get(form, form))
        ranked = sorted(best, key=lambda term: -policies.get(term, 0))
        return list(dict.fromkeys(best[term] for term in ranked))[:NEAR]

    def term(text: str) -> str | Bad:
        word = compare(text) if len(text) <= MAX_SHORT else ""
        found = words.get(word, ())
        if len(found) == 1:
            return found[0]
        if found:
            both, both_zh = ", ".join(found), "、".join(found)
            return Bad(
                "PE414",
                f"this word fits several terms: {both}",
                f"该词对应几个词条：{both_zh}",
                f"write one of: {both}",
                f"请写其中之一：{both_zh}",
            )
        seen = meant(word)
        hint = _seems(near(seen)[0], text) if seen in words else _hint(near(word), shown)
        return Bad("PE414", "this term is not declared", "没有声明这个词条", *hint)

    return term
