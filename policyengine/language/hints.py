"""What stands in a rule in, what to write instead out: the nearest known word, or how the language says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policyengine.language.phrases import few_not_met
from policyengine.messages import say

if TYPE_CHECKING:
    from policyengine.language.lexer import Instead

MAX_WORD = 40  # characters of a word that a message repeats, or that is compared with others
_SHORTEST = {True: 4, False: 3}  # of a word in English letters, of another, that one slip leaves recognisable
QUOTES = "「『“\"‘'"
_NEGATION = re.compile("[不非未无没]|(?<![a-z])(?:no[nt]?|un|in|dis)")  # words, and the beginnings of English ones
# What tells words apart that are otherwise alike: figures, ranks, sides; employer and employee.
_TELLING = re.compile(
    "[0-9]+|[一二三四五六七八九十百千万甲乙丙丁]|[正副主次初中高特大小长短新旧前后上下内外早晚最首末公私男女本专省市县区国校院部]"
    "|(?<![a-z])(?:[a-z]|ex|sub|pre|post|min|max|in|out|own|other|all|any)(?![a-z])|(?:er|or|ee|man|men)(?![a-z])"
)
_EQUAL = re.compile("(?<![a-z0-9_-])(is) +(?:not? +)?$|(?<![!<>不于或])(等于|为|==?) *$")
_ROUNDED = re.compile("round(?:ed|ing)?(?![a-z])|四舍五入|(?:向[上下])?取整|[舍进]位|不计")
_WITHIN = re.compile("(?:[0-9]{1,4}|[一二两三四五六七八九十]{1,3})? *个?年度?[以之]?内")
BEFORE_A_TEST = re.compile("[当且或非]$|(?<![a-z0-9_-])(?:when|where|and|or|not)$")
_SCHOOL_YEAR = re.compile("学年|自然年|日历年|(?:school|academic|calendar) year(?![a-z])")
_PART_OF_YEAR = re.compile("个?(?:月|季度?|周|星期|学期)|(?:month|quarter|week|term|semester)s?(?![a-z0-9_-])")
_EACH = re.compile("(?:每个?|(?<![a-z])per) *$")
_GENERALLY = re.compile("(?:一般|原则上|generally(?![a-z])|in principle)")
_OUGHT = re.compile("(?:应当?|须)(?= *[不至达])")
_SOME_YEARS = "[0-9一二两三四五六七八九十]+ *个?年度?"
_OUTCOME = re.compile(
    f" *(?:(?:连续|近) *{_SOME_YEARS} *(?:均|[内中有共累计 ]+{_SOME_YEARS}(?: *以上)?)?)?"
    " *(?:尚|还)?(?:[未没]?有?(?:完成|达到)|[已未]?免除)"
    "| +(?:(?:is|are|was|were) +)?(?:not +)?(?:met|excused)(?![a-z0-9_-])"
)
_WITH_OUTCOME = re.compile(f"[^a-z]{{2,}}(?:{_OUTCOME.pattern})")
_ASKED = re.compile(
    "(?<![a-z0-9_/-])(?:(?P<name>[a-z0-9_/-]+) +)?(?P<either>met +or +)?(?P<denied>not +)?(?P<state>met|excused)"
    "(?: +for(?: +at least| +not? (?:less|fewer) than)?(?: +[0-9]+(?: +(?:years?|cycles?))?)?)? *$"
)
_SO_MANY = re.compile(  # for 2 or more of the last 5 years, in 2 of last 5 years, at most 2 out of 5 years
    "(?:(?:for|in) +)?(?:(at least|at most|(?:not? )?(?:more|greater|less|fewer) than) +)?([0-9]+)(?: +or more)? +"
    "(?:(?:years?|cycles?|times) +)?(?:of|in|out of|during|within) +(?:the +)?(?:(?:last|past) +)?([0-9]+)"
    "(?: +(?:last|past))?(?: +(cycles))?"
)
_RUN = re.compile(  # for 2 consecutive years, in 2 years in a row
    "(?:(?:for|in) +)?([0-9]+) +(consecutive +|successive +)?(year|cycle)s?(?P<row> +(?:in a row|in succession))?"
)
_SPAN = "(?<![0-9])(?P<years>[0-9]+) *(?P<unit>年|个年度|个?[一-鿿]{0,6}?周期)"
_STATE = "(?:尚?未完成|没有?完成|未达标|不合格|已?完成|达标|合格|已免除)"
_ID = "(?<![a-z0-9_/-])[0-9_/-]*[a-z][a-z0-9_/-]*"
_HAVE = "(?:有|共|累计|至少|不少于|不低于|[内中里之以间 ])*+"  # taken whole: whatever follows begins with none of these
_SIGN = "不?(?:超过|多于|大于)|至多|最多|少于|小于|低于|不足|不满"
_FEW = re.compile(  # 近 5 年 未完成 2 年, 5 年内有 2 年未完成, 近 5 年 有 2 次 未完成
    f"(?:(?P<name>{_ID}) *)?(连续|最?近|过去)? *{_SPAN}{_HAVE}(?P<of>{_ID})? *"
    f"(?:(?P<before>{_STATE}) *(?P<amid>{_ID})?)?{_HAVE}(?P<sign>{_SIGN})? *(?P<count>[0-9]+) *"
    f"(?:年|个年度|个?[一-鿿]{{0,6}}?周期|次|回)[ 及以上均都]*(?P<other>{_ID})? *"
    f"(?:(?P<state>{_STATE}) *(?P<last>{_ID})?)?"
)
_AT_LEAST = ("at least", "no less than", "not less than", "no fewer than", "not fewer than")
_MORE = ("more than", "greater than", "超过", "多于", "大于")
_AT_MOST = (
    "at most", "no more than", "not more than", "no greater than", "not greater than", "不超过", "不多于", "不大于",
    "至多", "最多",
)  # fmt: skip
_EACH_OF = re.compile(
    f"(?:(?P<name>{_ID}) *)?(连续|最?近|过去) *{_SPAN}[ 及以上]*(?P<each>[均都])? *(?P<other>{_ID})? *[均都]? *"
    f"(?P<state>{_STATE}) *(?P<last>{_ID})?"
)
_LATELY = re.compile("(?:[a-z0-9_/-]+ *)?(?:最近|过去) *(?:[0-9]+|([一二两三四五六七八九十]+ *[年个]))")
_NEXT_TEST = re.compile("[且或)]")
_OR_EXCUSED = re.compile("或者? *已免除 *(?P<count>[0-9])?")
_PLAIN = {  # as the language says it
    "尚未完成": "未完成", "没完成": "未完成", "没有完成": "未完成", "未达标": "未完成", "不合格": "未完成",
    "已完成": "完成", "达标": "完成", "合格": "完成",
}  # fmt: skip
_YEARS_OF = re.compile("(年[以之]?内)|years? of(?![a-z])")
_YEARS = re.compile("个?年")
_ALL_YEAR = re.compile("(?:全年|当年|本年度?|年度?内|一年内)[^且或=]*(?:累计|合计)|(?:累计|合计)[^且或=]*假")
_TRADITIONAL = str.maketrans(
    "認換歸額計結轉減論標記適權總學時課須無則優項個萬屬於為過達滿沒續進複數應與從後單證習訓遠會議講專業編號級別職稱機構關團體驗書齡",
    "认换归额计结转减论标记适权总学时课须无则优项个万属于为过达满没续进复数应与从后单证习训远会议讲专业编号级别职称机构关团体验书龄",
)


def nearest(word: str, known: Mapping[str, str], near: float = 0.6) -> str | None:
    """The name of the nearest of the known forms, where one is near.

    None that a negation tells from the word: 合格 is near 不合格, and its opposite.
    """
    from difflib import get_close_matches

    word = word[:MAX_WORD].translate(_TRADITIONAL)
    negations = len(_NEGATION.findall(word))
    alike = [form for form in known if len(_NEGATION.findall(form)) == negations]
    found = get_close_matches(word, alike, n=1, cutoff=near if word.isascii() else 0.5) if len(word) > 1 else None
    return known[found[0]] if found else None


def sure(word: str, known: Mapping[str, object], name: str) -> bool:
    """Whether ``name``, which is near, may be written without asking: ``word`` is it but for one slip of the pen, and
    nothing else is (``known``: what each form means); no figure, rank or negation tells the two apart.
    """
    word = word.translate(_TRADITIONAL)
    if not _SHORTEST[word.isascii()] <= len(word) <= MAX_WORD:
        return False
    told = [pattern.findall(word) for pattern in (_NEGATION, _TELLING)]
    alike = [word] if word in known else [form for form in known if _slip(word, form)]
    if {known[form] for form in alike} != {known.get(name, name)}:
        return False
    return any([pattern.findall(form) for pattern in (_NEGATION, _TELLING)] == told for form in alike)


def _slip(word: str, other: str) -> bool:
    """Whether the two are one but for a character more, less or otherwise, or two neighbours exchanged."""
    at = next(
        (i for i, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), min(len(word), len(other))
    )
    a, b = word[at:], other[at:]
    return a[1:] in (b, b[1:]) or a == b[1:] or (a[1::-1] == b[:2] and a[2:] == b[2:])


def did_you_mean(name: str) -> str:
    return say(f"did you mean {name}?", f"是不是“{name}”？")


def to_write(form: str) -> str:
    """What is written in place of it."""
    return say(f"write {form}", f"请写 {form}")


def of_cap() -> str:
    return say(
        "a cap is a figure: for a third of the 90 hours that are owed, 30 hours",
        "限额请写数额：应完成 90 学时的三分之一，写 30 学时",
    )


def of_requirement(folded: str, word: str, end: int, alone: bool = False) -> str | None:
    """``公需科目 未完成``, ``public-hours is met``: a requirement that is named otherwise than the language does it.

    ``end``: where the word ends in the folded rule. ``alone``: it is a whole test, so that it may have the outcome in
    it (公需科目未完成).
    """
    named = "-" in word or "/" in word
    if not named and (len(word) < 2 or not (_OUTCOME.match(folded, end) or (alone and _WITH_OUTCOME.fullmatch(word)))):
        return None
    rule = word if named and word.isascii() else "public-hours"
    return say(f"whether a requirement is met is asked by its rule's id: {rule} met, {rule} not met, {rule} excused",
               f"问某项要求是否完成，请写其规则标识：{rule} 完成、{rule} 未完成、{rule} 已免除")  # fmt: skip


def of_earlier_years(folded: str, start: int) -> str | None:
    """``met for 3 years running``, ``近 3 年 均 public-hours 完成``: what is asked of several years, or cycles, and is
    said otherwise, of the period or of a requirement."""
    return _of_years_in_english(folded, start) or _of_years_in_chinese(folded, start)


def _of_years_in_english(folded: str, start: int) -> str | None:
    asked = _ASKED.search(folded[:start])
    if not asked:
        return None
    named, either, denied, state = asked.groups()
    called = None if named in ("when", "where", "and", "or", "not", "either", "for") else named
    after = folded[asked.end("state") :].lstrip()
    if some := _SO_MANY.match(after):
        sign, count, many, cycles = some.groups()
        turns = "cycles" if cycles else "years"
        if either and named == "not":  # of both, or of the first?
            return _counted_years()
        least = sign is None or sign in _AT_LEAST
        others = few_not_met(count, many, f"{called} " if called else "", False, turns) if either and least else None
        if others:
            return to_write(others)
        if either or state != "met":
            return _counted_years()
        return _signed(sign, called, int(count), int(many), turns, bool(denied), False)
    if (run := _RUN.match(after)) and (run[2] or run["row"] or (after.startswith("for") and not denied)):
        if denied and state == "met":
            return _instead(called, f"not met for {run[1]} {run[3]}s running") if int(run[1]) > 1 else None
        if denied or (either and named == "not"):
            return None
        return _instead(called, f"{'met or ' if either else ''}{state} in each of last {run[1]} {run[3]}s")
    if (each := re.match("in each of (?:the )?last +([0-9]+) *(cycles?)?", after)) and denied:  # else it is understood
        many = each[1] + (" cycles" if each[2] else " year" if each[1] == "1" else " years")
        turns = "各周期" if each[2] else "各年"
        instead = f"not ({called} {state} in each of last {many})"
        none = f"{called} not met for {many} running"
        if state != "met" or each[1] == "1":
            return say(f"for not in all write {instead}", f"并非{turns}都如此，请写 {instead}")
        return say(f"for not in all write {instead}, for none {none}",
                   f"并非{turns}都完成，请写 {instead}；{turns}都未完成，请写 {none}")  # fmt: skip
    return None


def _of_years_in_chinese(folded: str, start: int) -> str | None:
    begun = max((folded.rfind(sign, 0, start) for sign in "当且或非("), default=-1) + 1
    ended = _NEXT_TEST.search(folded, start)
    clause = folded[begun : ended.start() if ended else len(folded)]
    if (few := _FEW.search(clause)) and begun + few.start() < start and (few[2] or folded.startswith("结论")):
        state = few["state"] or few["before"]
        if state is None or state == "已免除":
            return _counted_years()
        unit = "个周期" if few["unit"].endswith("周期") else "年"
        named = next(filter(None, few.group("name", "of", "amid", "other", "last")), None)
        missed = _PLAIN.get(state, state) == "未完成"
        return _signed(few["sign"], named, int(few["count"]), int(few["years"]), unit, missed, True)
    each = _EACH_OF.search(clause)
    if not each or begun + each.start() >= start:
        return None
    unit = "个周期" if each["unit"].endswith("周期") else "年"
    named, span = each["name"] or each["other"] or each["last"], f"{each['years']} {unit}"
    state = _PLAIN.get(each["state"], each["state"])
    if state == "完成" and ended and (either := _OR_EXCUSED.match(folded, ended.start())):
        return None if either["count"] else _instead(named, f"近 {span} 均 完成 或 已免除")
    if state != "未完成":
        return _instead(named, f"近 {span} 均 {state}")
    if each["each"] or each[2] == "连续":
        return _instead(named, f"连续 {span} 未完成")
    called = f"{named} " if named else ""
    running, some = f"{called}连续 {span} 未完成", f"{called}近 {span} 内 有 2 {unit} 未完成"
    turns, so_many, two = ("years", "几年", "两年") if unit == "年" else ("cycles", "几个周期", "两个周期")
    alike = say(f"write {running} for each of the {turns}", f"各{unit.removeprefix('个')}都未完成，请写 {running}")
    if each["years"] in ("1", "2"):
        return None if each["years"] == "1" else alike
    return alike + say(f"; for some of them, two for example, {some}", f"；其中{so_many}未完成，例如{two}，请写 {some}")


def of_lately(folded: str, start: int) -> str | None:
    """最近 5 年 内 有 3 年 完成, 过去 3 年 均 完成: which is no word of a field."""
    lately = _LATELY.match(folded, start) if folded.startswith("结论") else None
    if lately and lately[1]:
        return say("write 近 and the years in figures: 近 5 年 内 有 3 年 完成, 近 3 年 均 完成",
                   "请写“近”，年数用阿拉伯数字：近 5 年 内 有 3 年 完成，近 3 年 均 完成")  # fmt: skip
    return _of_years_in_chinese(folded, lately.end()) if lately else None


def _signed(sign: str | None, named: str | None, count: int, many: int, turns: str, missed: bool, chinese: bool) -> str:
    """Some of several years or cycles that were met, or missed: at least so many of them, more, fewer or at most so
    many, as the ``sign`` says."""
    more = sign is not None and sign in _MORE
    denied = sign is not None and not more and sign not in _AT_LEAST
    least = count + (more or sign in _AT_MOST)
    if not 1 <= least <= many:
        return _counted_years()
    told = _so_many(named, least, many, turns, missed, chinese)
    if denied:
        inside = told.partition(" （" if chinese else " (")[2][:-1]
        told = inside or (f"非 {told}" if chinese else f"not ({told})")
    return to_write(told)


def _so_many(named: str | None, count: int, many: int, turns: str, missed: bool, chinese: bool) -> str:
    """At least so many: all of them, and one missed, are said otherwise."""
    called = f"{named} " if named else ""
    if missed and count == 1 != many:
        told = f"{called}近 {many} {turns} 均 完成 或 已免除"
        return f"非 （{told}）" if chinese else f"not ({called}met or excused in each of last {many} {turns})"
    if count == many != 1:
        told = f"连续 {many} {turns} 未完成" if missed else f"近 {many} {turns} 均 完成"
        english = f"not met for {many} {turns} running" if missed else f"met in each of last {many} {turns}"
    else:
        told = f"近 {many} {turns} 内 有 {count} {turns} {'未' if missed else ''}完成"
        english = f"{'not ' if missed else ''}met for {count} of last {many} {turns}"
    return called + (told if chinese else english)


def _instead(named: str | None, text: str) -> str:
    written = f"{named} {text}" if named else text
    return to_write(written)


def _counted_years() -> str:
    return say("of several years those are counted that were met, or that were not met: met for 3 of last 5 years, "
               "not met for 2 of last 5 years",
               "几年之中只计完成的年数或未完成的年数：近 5 年 内 有 3 年 完成，近 5 年 内 有 2 年 未完成")  # fmt: skip


def after_equal(folded: str, start: int) -> tuple[int, int] | None:
    """Where the “is” or “=” begins and ends that stands before ``start``, with or without a “not” between them."""
    found = _EQUAL.search(folded[:start])
    return found.span(found.lastindex or 0) if found else None


def within_years(folded: str, start: int) -> str | None:
    """三年内, 年度内: years that nothing says are to be counted in blocks or rolling."""
    if _WITHIN.match(folded, start):
        return say("write 每年 for one year, 任意 3 年 for any three", "一年请写“每年”，任何连续三年请写“任意 3 年”")
    return None


def of_time(folded: str, start: int) -> str | None:
    """距退休不满两年, 年满 55 周岁: a time of which only one of its two days is said."""
    if folded.startswith(("距", "年满", "已满", "年龄", "age "), start):
        return say("a time is from one day to another: January 1 of this year to FIELD less than 2 years",
                   "时间须写明自哪一日至哪一日：本年度 1月1日 至 退休日期 不满 2 年；"
                   "出生日期 至 本年度 12月31日 满 55 年")  # fmt: skip
    return None


def not_by(folded: str, start: int) -> str | None:
    """每学年, 每季度, per month: stretches that are no window of the language."""
    if not _EACH.search(folded[:start]):
        return None
    if _SCHOOL_YEAR.match(folded, start):
        return say("write per year; the day on which years begin stands in pack.yaml: year_starts",
                   "请写“每年”；年度自哪一天起，在 pack.yaml 的 year_starts 写明")  # fmt: skip
    if _PART_OF_YEAR.match(folded, start):
        return say("no window is a month, a quarter or a week: per year, in any 3 years, within 6 months of a date",
                   "期间不按月、季、周、学期计：每年、任意 3 年、自某日起 6 个月内")  # fmt: skip
    return None


def of_all_year(folded: str, start: int) -> str | None:
    """全年病假累计超过 6 个月, 累计病假 …: leave in all, which is that of the year that is judged anyway."""
    if _ALL_YEAR.match(folded, start):
        return say("leave in all of the year is asked with: leave in (illness) lasts more than 180 days in all",
                   "本年度内休假累计多少天，请写：休假 属于（病假） 累计 超过 180 天")  # fmt: skip
    return None


def plainly(folded: str, start: int, months: str) -> Instead | None:
    """What stands for one that ``otherwise_written`` tells of, where there is but one way to write it."""
    before = folded[:start].rstrip()
    if before and folded.startswith(",", start):
        return start, start + 1, "" if folded[start + 1 : start + 2] == " " else " "
    if found := _OUGHT.match(folded, start):
        return start, found.end(), ""
    number = re.search("([0-9]{1,3}) *$", before)
    years = (_YEARS if months == "个月" else _YEARS_OF).match(folded, start)
    if number and months and years:
        return number.start(), years.end(), f"{12 * int(number[1])} {months}"
    return None


def otherwise_written(folded: str, start: int, months: str) -> str | None:
    """What officials often write at ``start`` of a folded rule that the language writes otherwise.

    ``months``: the word for months that is expected there, if any.
    """
    before = folded[:start].rstrip()
    if not before and folded[start : start + 1] in tuple(QUOTES):
        return say("a rule stands without quotation marks", "规则的文字不加引号")
    if folded.startswith(",", start) or (before.endswith((",", "、")) and folded[start : start + 1].isalpha()):
        return say("no comma stands between the parts of a sentence", "句子的各部分之间不加逗号")
    if not months and (years := within_years(folded, start)):
        return years
    if time := of_time(folded, start) or of_all_year(folded, start):
        return time
    if _ROUNDED.match(folded, start):
        return say("say which way, to what: rounded down to 1 hour, rounded up to 1 hour, rounded half up to 1 hour",
                   "请写明向哪边、到多少：不足 1 学时 舍去，不足 1 学时 进位，按 1 学时 四舍五入")  # fmt: skip
    if _GENERALLY.match(folded, start):
        return say(
            "what the law asks generally is a sentence that begins with “expect”",
            "“一般”“原则上”的要求，句首写“一般要求”",
        )
    if found := _OUGHT.match(folded, start):
        return say(f"leave out “{found[0]}”", f"请去掉“{found[0]}”")
    found = re.search("([0-9]{1,3}) *$", before)
    if found and months and folded.startswith(("年", "year"), start):
        form = f"{12 * int(found[1])} {months}"
        return to_write(form)
    return None
