"""What laws write of shares and stretches in, how the language says it out: only for rules that can't be read."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Container

from policyengine.language import tree
from policyengine.language.builder import TOTALS
from policyengine.language.hints import of_cap, to_write
from policyengine.language.numerals import in_words, numeral
from policyengine.messages import say

_VERB = re.compile(" *(?:(?:override|替代)[^:]*:)? *(要求|一般要求|限额|结转|核减|折算|[a-z]+)")
_REQUIRE, _CAP, _CARRY = ("要求", "一般要求", "require", "expect"), ("限额", "cap"), ("结转", "carry")
_PART = "[0-9]+ *分之 *[0-9]+|[一二两三四五六七八九十百]+分之[一二两三四五六七八九十百]+|一半|[0-9][0-9./]*%?"
_SHARE_OF = re.compile(f"(?P<of>[一-鿿]{{2,10}}?) *的 *(?P<share>{_PART})")
_COUNTED_IN = re.compile("学时|学分|课时|要求")
_OF_ALL = re.compile(  # 规定学时, 全年应完成学分, 要求: of everything; not 公需学时
    "(?:全年|当年|本年|每年|年度|本?周期|规定|法定|要求|应当?|必?须|需要?|完成|达到|修满?|取得|参加|继续教育|总|全部|所有|所|计|得|的)*"
    "(?:(?:学时|学分|课时)(?:总?数|总量)?(?:要求)?|(?<=要求))"
)
_OWED = re.compile("要求|[规法]定|应|须|需|达到")
_SHARE_BEFORE = re.compile("(?<![0-9])([0-9][0-9./]*%?) *of +$")
_OF_HOURS = re.compile(
    "(?:the )?(?:annual |total |year's )*"
    "(?:(required )?(?P<in>hours|credits)( required| owed| requirements?)?|(requirement)s?|total)(?![a-z0-9_-])"
)
_CONDITION = re.compile("[ 时分]当|(?<![a-z0-9_-])(?:when|where) ")
_NUMBER = "(?P<number>[0-9]{1,3}|[一二两三四五六七八九十]{1,3})"
_TERM = re.compile(
    "(?:每一?个?|一个?)?[一-鿿]{0,6}?(?:有效期|周期|注册期|登记期|执业期|聘期|任期)限?[以之]?[内中里]?(?!学|课时)"
)
_PER = re.compile("(?<![a-z0-9_-])per +$")
_TERM_IN_ENGLISH = re.compile(
    "(?P<each>(?:(?:in|during|for) +)?(?:each|every|the) +)?"
    "(?:(?:registration|renewal|licen[cs]e|licensing|certification|validity|reporting) )*(?:periods?|cycles?|terms?)"
    "(?![a-z0-9_-])"
)
_FROM_A_DATE = " +(?:from|of|after|since|starting) +(?:the +)?(?P<date>(?!in )[a-z_]+)(?![a-z0-9_-])"
_EVERY = re.compile(
    f"(?:every|each) +(?P<number>[0-9]{{1,3}}|[a-z]+) +(?P<unit>year|month)s?(?:{_FROM_A_DATE})?(?![a-z0-9_-])"
)
_PER_MONTHS = re.compile(
    f"(?<![a-z0-9_-])(?P<each>per) +(?P<number>[0-9]{{1,3}}) +(?P<unit>year|month)s?{_FROM_A_DATE}"
)
_EACH_MONTHS = re.compile(
    "(?:自 *(?P<date>[一-鿿]+?) *起 *)?(?P<each>每) *[满隔]? *(?P<number>[0-9]{1,3}) *个?(?P<unit>年|月)内?"
)
_BLOCK = re.compile("[0-9]{4} *年起 *$")
_STARTING = re.compile(" +(?:starting|beginning)(?: in| from)? +([0-9]{4})(?![0-9])")
_EACH_YEAR = re.compile("(?:(?:each|every|a) +year|annually|yearly)(?![a-z0-9_-])")
_LAST = re.compile(f"(?:(?:最近|近|前|过去|以往|连续|滚动)的? *)+{_NUMBER} *个?(?P<unit>年|月)")
_LAST_IN_ENGLISH = re.compile(
    "(?:(?:in|within|over|during) +)?(?:the +)?(?:(?:any|last|past|previous|preceding|rolling|consecutive) +)*"
    "(?P<number>[0-9]{1,3}) +(?:rolling +|consecutive +)?(?P<unit>year|month)s?(?![a-z0-9_-])(?! +(?:of|from|after) )"
)
_AVERAGE = re.compile(f"(?:{_NUMBER} *年)?(?:年均|每?年?平均)")
_SAME = re.compile(
    "(?:同一个? *(?P<zh>[一-鿿]+)|(?:for |of )?(?:each|the same) (?P<en>[a-z_]+)(?![a-z0-9_-]))(?! *(?:[、,和及]|and ))"
)
_YEAR = re.compile("每年度?|per year")
_OF_A_FIELD = re.compile("(?:每个? *([一-鿿a-z_]+)|(?<![a-z])per ([a-z_]+)) +$")
_AFTER = re.compile(
    "(?P<what>[一-鿿]{2,8}?)(?:之?日)? *(?:起|[以之]?后)的? *(?P<each>每[满隔]?)? *"
    f"(?:{_NUMBER}|(?P<half>半)) *个?(?P<unit>年|月)(?!半)"
)
_BOUND = "不少于|不低于|不超过|不高于|不得|至少|最多|at least|at most|no (?:more|less) than"
_ALSO = re.compile(
    "[,、;]? *(?:其中|并且?|且|同时|另外?|(?:of which|including|and|with)(?![a-z0-9_-]))"
    f"|[,、;] *(?!当|when)[^,、;当]{{1,20}}?(?:{_BOUND})|{_BOUND}"
)
_ONE_MORE = re.compile(
    f"(?:[,、;] *|(?:并且?|且|同时|和) *)(?!当|优先|后于)[^,、;当]{{1,20}}?(?:{_BOUND})"
    "|(?:[,;] *|and +)(?!when|taking|after)[a-z_, ]{1,40}? at [0-9]"
)
_OR = re.compile("[,、]? *(?:或者?|or(?![a-z0-9_-]))")
_ELSE = re.compile("[,、;]? *(?:否则|其[他它余]|(?:otherwise|else)(?![a-z0-9_-]))")
_LISTED = re.compile("、|和|及|与|,|and(?![a-z0-9_-])")
_ONE_RULE = re.compile("(?:核减|reduce) *[a-z0-9_/-]+ *$")
_OF_THE_YEAR = re.compile(
    f"[,、;]? *(?:每年度?|全年|年度)[^,、;]{{0,6}}?(?:{_BOUND})"
    "|per year|[,;]? *(?:up to|at most) [0-9.]+ [a-z]+ (?:per|a|each) year"
)
_THIS_YEAR = re.compile(
    "(?P<what>[一-鿿]{0,8}?)(?P<zh_not>不)?(?:当年度?|[在于属]+ *(?:当年|本年)度?)"
    "|(?:(?:in|during|within) )?(?:this|the same) year(?![a-z0-9_-])"
)
_DAY = re.compile(" *的? *([0-9]{1,2}月[0-9]{1,2}日)")
_THAT_BEGAN = re.compile(" *新?([一-鿿]{2,8}?)(?:的|(?![一-鿿]))")
_BEFORE_OR_AFTER = re.compile(" *[之以]?([前后])")
_GOES_ON = re.compile("[一-鿿]")
_MONTH_DAY_BEFORE = re.compile("(?<![a-z])([a-z]{3,9} [0-9]{1,2}) *$")
_DATE_BEFORE = re.compile(
    "(?:(?<![一-鿿])([一-鿿]+日期)|(?<![a-z_])(?!not )([a-z_]+)) *(不|not *)?(?:=|为|等于|属于|is|in)? *$"
)
_ORDER_BEFORE = re.compile("(?:[早晚迟]于|超过|[<>]=?|after|before|than) *$")
_NEXT_YEAR = re.compile("(?:次|下一?|第二)个?年度?(?:的? *(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日)?")
_MONTHS = tuple(str(month) for month in range(1, 13) if month != 2)  # whose last day is the same in every year
_COMPARED = re.compile("(?<![一-鿿a-z_])([一-鿿]{2,8}?|[a-z_]+) *(不?[晚迟早]于|不?超过|[<>]=?) *$")
_LENGTHS = {  # of the time from the end of this year to a day, as the day is compared
    "晚于": "超过", "迟于": "超过", "超过": "超过", ">": "超过", "早于": "不满", "<": "不满",
    "不晚于": "不超过", "不迟于": "不超过", "不超过": "不超过", "<=": "不超过", "不早于": "满", ">=": "满",
}  # fmt: skip
_FIRST = re.compile(
    "(?:首次|初次|第一[次年]|首年|第一个年度|(?:for )?(?:the )?first time|(?:only )?once)(?![a-z0-9_-])"
)
_AGAIN = re.compile(
    "(?:再次|第二[次年]|(?:上|去)一?个?年度?|again|twice|(?:in )?(?:the )?(?:last|previous) year)(?![a-z0-9_-])"
)
_IN_ALL_YEARS = re.compile(f"(?:累计|共|先后) *{_NUMBER} *(?:个?年度?|次)")
_TEST_BEGINS = re.compile("[当且或(]|(?<![a-z0-9_-])(?:when|where|and|or)(?![a-z0-9_-])")
_TEST_ENDS = re.compile("[且或)]|(?<![a-z0-9_-])(?:and|or)(?![a-z0-9_-])")
_OUTCOME_SAID = re.compile("(?P<missed>未|没有?|不|(?<![a-z])not +)?(?:完成|达标|合格|(?<![a-z])met(?![a-z]))")
_OUTCOME_AFTER = re.compile(" *(?:度 *)?(?:尚?未|没有?|已)?(?:完成|达标|合格|免除)")
_OUTCOME_BEFORE = re.compile("(?<![a-z0-9_-])(?:met|excused) *$")
_YEAR_END = re.compile(
    "(?:今|现在|当年底|(?:[本当]?年度?)?[底末终]|now|today|(?:the )?(?:year.?end|end of))(?![a-z0-9_-])"
)
_OR_ABOVE = re.compile("[一-鿿]{0,8}?及?其?以([上下])")
_COUNTED = "[0-9]+ *(?:年|周岁|个?月|天|项|字|元|学[时分]|课时|小时|分钟)?"
_FIGURE_OR_ABOVE = re.compile(f"({_COUNTED}) *及?其?以([上下])")
_COUNTED_BEFORE = re.compile(
    "(?P<sign>(?P<equal>=|为|等于)|[少多]于|[高低]于|[大小]于|超过|满|达到|至少|至多|最多|[<>]=?)?"
    f" *(?<![0-9])(?P<figure>{_COUNTED}) *$"
)
_AMONG = re.compile("在 *([一-鿿a-z_]+?) *(?:之?[中内]|范围内?)")
_FIRST_FEW = re.compile(f"前 *{_NUMBER}(?! *(?:[0-9]|个?[年月周]|[天日]))")
_UP_TO = re.compile("(?:至|到|to|-|~) *([0-9]+)")
_FIGURE_BEFORE = re.compile("(?:=|为|等于|是|(?<![a-z])(?:in|is)) *(?<![0-9])([0-9]+) *$")
_SUM = re.compile(
    "(?:总学[时分]|(?:所|尚)?[缺欠差]少?的? *学[时分]|完成(?:的|总)?学[时分]|学[时分])"
    "|(?:total|shortfall|hours|credits)(?![a-z0-9_-])"
)
_OWN_DAY = re.compile(" *(?:按|开始|结束|天|start|end|split|by(?![a-z]))")
_EACH_YEAR_BEFORE = re.compile("(?:每年度?|全年) *$")


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
        if said in _CAP:
            return of_cap() if _COUNTED_IN.search(found["of"]) else None
        if not _OF_ALL.fullmatch(found["of"]) or found["of"] in TOTALS or folded[:start].rstrip().endswith("要求"):
            return None
        total, owed = "总学分" if "学分" in found["of"] else "总学时", _OWED.search(found["of"]) is not None
        words = in_words(found["share"], 0)
        share = (words and words[1]) or found["share"]
    else:
        before, found = _SHARE_BEFORE.search(folded[:start]), _OF_HOURS.match(folded, start)
        if not before or not found:
            return None
        total = "total credits" if found["in"] == "credits" else "total"
        owed, share = any(found.group(1, 3, 4)), before[1]
    if said in _CAP:
        return of_cap()
    if not owed:
        return _of_both(total, share)
    return to_write(_of_owed(total, share))


def _of_owed(total: str, share: str) -> str:
    return f"{share} of {total} requirement" if total.isascii() else f"{total} 要求 的 {share}"


def _of_both(total: str, share: str) -> str:
    """A share of what is owed, and one of what was counted, in the rule's language."""
    owed, counted = _of_owed(total, share), f"{share} of {total}" if total.isascii() else f"{total} 的 {share}"
    return say(f"of what is owed: {owed}; of what was counted: {counted}",
               f"占应完成的，请写 {owed}；占所计的，请写 {counted}")  # fmt: skip


def stretch(folded: str, start: int, declared: Container[str]) -> str | None:
    """每个注册有效期, 近 3 年, 入职后 6 个月内, every 3 years: a requirement's or cap's stretch, as laws write it.

    ``declared``: the words that there are.
    """
    said = verb(folded)
    if said not in _REQUIRE + _CAP or _CONDITION.search(folded[:start]):
        return None
    if said in _CAP and (one := _of_one_value(folded, start, declared)):
        return one
    if said in _REQUIRE and (again := _again(folded, start, declared)):
        return again
    return _in_english(folded, start, said) if said.isascii() else _in_chinese(folded, start, said, declared)


def _again(folded: str, start: int, declared: Container[str]) -> str | None:
    """every three years from registration, 每 36 个月, 自 入职日期 起 每满 3 年: terms that begin anew, without a date
    of a person, or with something that the language does not say."""
    found = _EVERY.match(folded, start)
    if found is None:
        around = (m for pattern in (_PER_MONTHS, _EACH_MONTHS) for m in pattern.finditer(folded))
        found = next((m for m in around if m.start("each") < start <= m.end() + 1), None)
    whole = in_words(found["number"], 0) if found else None
    number = (whole[1] if whole else found["number"]) if found else None
    if found is None or not number or not number.isdecimal() or (found["unit"] == "year" and not found["date"]):
        return None
    months = int(number) * (1 if found["unit"] in ("month", "月") else 12)
    if months < tree.LEAST_TERM:
        return None
    if _BLOCK.search(folded[: found.start()]):
        return to_write(f"每 {months // 12} 年") if months % 12 == 0 else None
    date = found["date"] if found["date"] in declared else None
    chinese = found["unit"] in ("年", "月")
    form = f"自 {date or '入职日期'} 起 每 {months} 个月" if chinese else f"per {months} months from {date or 'joined'}"
    if date:
        return to_write(form)
    return say(f"say from which date of the person: {form}", f"请写明自人员的哪一日期起：{form}")


def _of_one_value(folded: str, start: int, declared: Container[str]) -> str | None:
    """限额 授课 同一 主题 …, 每个 主题 每年 …: a cap per value of a field, which is one of each year."""
    if (same := _SAME.match(folded, start)) and (field := same["zh"] or same["en"]) in declared:
        form = f"每个 {field}" if same["zh"] else f"per {field}"
        return say(f"write {form}, which is a limit of each year", f"请写 {form}，按年计")
    before = folded[:start]
    of_field = _OF_A_FIELD.search(before)
    after_field = of_field and (of_field[1] or of_field[2]) in declared and _YEAR.match(folded, start)
    if after_field or (folded.startswith("每个", start) and before.rstrip().endswith("每年")):
        year = "每年" if folded[start] >= "一" else "per year"
        return say(f"leave out “{year}”: a limit per value of a field is one of each year",
                   f"请去掉“{year}”：每个字段值的限额本来就按年计")  # fmt: skip
    return None


def _in_chinese(folded: str, start: int, said: str, declared: Container[str]) -> str | None:
    if _TERM.match(folded, start):
        return _of_term(f"自 入职日期 起 {'每 36 个月' if said in _REQUIRE else '36 个月内'}", "自 2020 年起 每 3 年")
    if _AVERAGE.match(folded, start):
        return _of_average("任意 3 年 总学时 不少于 120 学时")
    if last := _LAST.match(folded, start):
        return _of_last(f"任意 {_figure(last['number'])} 年") if last["unit"] == "年" else _no_months()
    if after := _AFTER.match(folded, start):
        what = after["what"].removeprefix("自").removesuffix("日期")
        date = next((name for name in (f"{what}日期", what) if name in declared), None)
        count = "6" if after["half"] else _figure(after["number"])
        if not count.isascii():
            return None  # 十十年: nobody can say how many
        months = count if after["unit"] == "月" or after["half"] else str(12 * int(count))
        if after["each"] and (said in _CAP or int(months) < tree.LEAST_TERM):
            return None
        form = f"自 {date or '入职日期'} 起 " + (f"每 {months} 个月" if after["each"] else f"{months} 个月内")
        if date is None:
            return say(f"say from which date, for example {form}", f"请写明自哪一日期起，如 {form}")
        return to_write(form)
    return None


def _in_english(folded: str, start: int, said: str) -> str | None:
    every, last = _EVERY.match(folded, start), _LAST_IN_ENGLISH.match(folded, start)
    term = _TERM_IN_ENGLISH.match(folded, start)
    if (every and every["date"]) or (term and (term["each"] or _PER.search(folded[:start]))):
        of_a_person = "per 36 months from joined" if said in _REQUIRE else "within 36 months of joined"
        return _of_term(of_a_person, "per 3 years starting 2020")
    if every and every["number"].isdecimal():
        if every["unit"] == "month":
            return _no_months()
        if since := _STARTING.match(folded, every.end()):
            return _of_blocks(every["number"], since[1])
        form, rolling = f"per {every['number']} years starting 2020", f"in any {every['number']} years"
        return say(f"write {form}; rolling: {rolling}", f"请写 {form}；滚动计算：{rolling}")
    if _EACH_YEAR.match(folded, start):
        return say("write per year", "请写 per year")
    if last and (since := _STARTING.match(folded, last.end())):
        return _of_blocks(last["number"], since[1])
    if last:
        return _of_last(f"in any {last['number']} years") if last["unit"] == "year" else _no_months()
    return None


def _of_blocks(years: str, since: str) -> str:
    return to_write(f"per {years} years starting {since}")


def _figure(number: str) -> str:
    return number if number.isascii() else numeral(number) or number


def _of_term(of_a_person: str, of_all: str) -> str:
    return say(f"a term that begins at each person's own date: {of_a_person}; the same years for all: {of_all}",
               f"各人自己的期限自某日起：{of_a_person}；统一的周期：{of_all}")  # fmt: skip


def _of_last(form: str) -> str:
    return say(f"write {form} (each year and those before it)", f"请写 {form}（每一年连同其前的各年）")


def _of_average(form: str) -> str:
    return say(
        f"40 hours a year on average over 3 years are 120: {form}", f"三年平均每年 40 学时，即三年 120 学时：{form}"
    )


def _no_months() -> str:
    return say("no window is a number of months that ends with each year: per year, in any 3 years, "
               "within 6 months of a date",
               "期间不能是往前的若干个月：每年、任意 3 年、自某日起 6 个月内")  # fmt: skip


def of_one_figure(folded: str, start: int, ended: bool) -> str | None:
    """What a law says in one sentence and the language in several: 90 学时，其中 专业科目 60 学时; of two requirements.

    ``ended``: whether the rule could end there.
    """
    said = verb(folded)
    if said in _CAP and ended and not _CONDITION.search(folded[:start]) and _ONE_MORE.match(folded, start):
        return say("each limit is a rule of its own", "每一限额各写一条规则")
    if said in _REQUIRE and ended and not _CONDITION.search(folded[:start]):
        begins = "当" if not said.isascii() else "when"
        if _ALSO.match(folded, start):
            return say(f"each figure is a rule of its own; a condition begins with “{begins}”",
                       f"每一数额各写一条规则；条件以“{begins}”起")  # fmt: skip
        if _OR.match(folded, start):
            return say("each requirement is to be met by itself, no “or” stands between two; "
                       f"a condition begins with “{begins}”",
                       f"各项要求须分别完成，两项之间不能写“或”；条件以“{begins}”起")  # fmt: skip
    if said in _REQUIRE and ended and _ELSE.match(folded, start):
        return say("write a rule for each case, with its condition", "每种情形各写一条规则，并写明其条件")
    if said in _REQUIRE + _CAP and (above := _FIGURE_OR_ABOVE.match(folded, start)):
        return _of_a_bound(*above.groups())
    if said in _REQUIRE and not ended and _LISTED.match(folded, start):
        form = "measure NAME: hours of A, B" if said.isascii() else "计量 名称：甲、乙 的 学时"
        return say(f"a requirement is of one term or measure: a rule for each, or for all together a measure ({form})",
                   f"一条要求只写一个词条或计量项：各自的要求各写一条；合计的先写计量项（{form}）")  # fmt: skip
    if said in ("核减", "reduce") and _ONE_RULE.search(folded[:start]) and _LISTED.match(folded, start):
        return say("what is reduced is one requirement: write a rule for each", "一条核减只写一项要求：请各写一条规则")
    of_the_year = _EACH_YEAR_BEFORE.search(folded[:start]) or _OF_THE_YEAR.match(folded, start)
    if said in ("折算", "convert") and of_the_year:
        form = "cap self_study at 50 hours per year" if said.isascii() else "限额 自学成果 每年 不超过 50 学时"
        return say(f"a limit of the year is a rule of its own: {form}", f"年度的限额另写一条规则，如：{form}")
    return None


def of_a_test(folded: str, start: int, declared: Container[str]) -> str | None:
    """What laws ask in conditions, and the language otherwise: 注册当年, 次年3月31日, 省级以上, 首次 未完成.

    ``declared``: the words that there are.
    """
    chinese = "一" <= folded.lstrip()[:1] <= "鿿"
    if re.search("(?:至|(?<![a-z])to) *(?:本年度?)? *$", folded[:start]) and _YEAR_END.match(folded, start):
        form = "本年度 12月31日" if chinese else "December 31 of this year"
        return say(f"say which day, for example {form}", f"请写明哪一日，如 {form}")
    if this_year := _THIS_YEAR.match(folded, start):
        return _of_this_year(folded, start, this_year, declared)
    if following := _NEXT_YEAR.match(folded, start):
        return _of_next_year(folded[:start], following)
    if other := _of_terms_and_ranks(folded, start):
        return other
    if not folded.startswith(("结论", "conclude")):
        return None
    first = "未完成 且 非 连续 2 年 未完成" if chinese else "not met and not (not met for 2 years running)"
    running = "连续 2 年 未完成" if chinese else "not met for 2 years running"
    again = _AGAIN.match(folded, start)
    missed = _is_missed(folded, start)
    if again and missed is False:
        form = "近 2 年 均 完成" if chinese else "met in each of last 2 years"
        return say(f"this year and the one before it: {form}", f"当年与上一年都完成：{form}")
    if missed and (again or _FIRST.match(folded, start)):
        return say(f"the first year that is not met: {first}; the year before it too: {running}",
                   f"当年未完成、上一年并非如此：{first}；连同上一年：{running}")  # fmt: skip
    if counted := _IN_ALL_YEARS.match(folded, start):
        if missed is None:
            return None
        form = f"近 5 年 内 有 {_figure(counted['number'])} 年 {'未' if missed else ''}完成"
        return say(f"say within how many years: {form}", f"须写明几年之内：{form}")
    return of_a_sum(chinese) if _SUM.match(folded, start) else None


def _of_this_year(folded: str, start: int, said: re.Match[str], declared: Container[str]) -> str | None:
    """取得资格当年, joined in this year, 发表日期 不在 本年度, 当年入职, 当年12月31日, 当年 未完成."""
    before, after = folded[:start], folded[said.end() :]
    chinese = said[0][0] >= "一"
    if day := _DAY.match(after) if chinese else _MONTH_DAY_BEFORE.search(before):
        return to_write(f"本年度 {day[1]}" if chinese else f"{day[1].capitalize()} of this year")
    if _ORDER_BEFORE.search(before):
        return None
    conclude = folded.startswith(("结论", "conclude"))
    if conclude and (_OUTCOME_AFTER.match(after) if chinese else _OUTCOME_BEFORE.search(before)):
        return say(f"leave out “{said[0].strip()}”: the outcome is that of the year that is judged",
                   f"请去掉“{said[0].strip()}”：问的本来就是所评定年度的结果")  # fmt: skip
    dated, began = _DATE_BEFORE.search(before), _THAT_BEGAN.match(after)
    days = [dated[1] or dated[2] if dated else "", f"{said['what']}日期" if said["what"] else ""]
    day_of = next((name for name in days if name and name in declared), None)
    if day_of is None and began and f"{began[1]}日期" in declared:
        day_of, after = f"{began[1]}日期", after[began.end(1) :]
    if _GOES_ON.match(after) and not after.startswith(("的", "且", "或", "前", "后", "之", "以", "内")):
        return None  # 入职当年及次年
    sign = "!=" if said["zh_not"] or (dated and dated[3]) else "="
    if beyond := _BEFORE_OR_AFTER.match(after):
        if sign != "=":
            return None
        sign = "<" if beyond[1] == "前" else ">"
    known = day_of or ("入职日期" if chinese else "joined")
    form = f"{known} 所在年度 {sign} 本年度" if chinese else f"year of {known} {sign} this year"
    if day_of is None:
        return say(f"say which day lies in this year, for example {form}", f"请写明哪一日期在本年度，如 {form}")
    return to_write(form)


def _is_missed(folded: str, start: int) -> bool | None:
    """Whether the test at ``start`` asks for years that were not met, or that were; None of neither, or of excused."""
    begun = max((found.end() for found in _TEST_BEGINS.finditer(folded, 0, start)), default=0)
    ended = _TEST_ENDS.search(folded, start)
    test = folded[begun : ended.start() if ended else len(folded)]
    if "免除" in test or "excused" in test or not (outcome := _OUTCOME_SAID.search(test)):
        return None
    return outcome["missed"] is not None


def of_a_sum(chinese: bool) -> str:
    """结论 … 当 总学时 < 60 学时: what follows from how much there is, which only a requirement asks."""
    if chinese:
        asked, told = "一般要求 每年 总学时 不少于 60 学时", "sixty-hours 未完成（达到的，写 sixty-hours 完成）"
    else:
        asked, told = "expect total at least 60 hours per year", "sixty-hours not met (of so much: sixty-hours met)"
    return say(f"how much there is, a requirement asks: a rule sixty-hours, {asked}; then {told}",
               f"学时多少由要求来问：先写一条规则 sixty-hours：{asked}；再写 {told}")  # fmt: skip


def _of_terms_and_ranks(folded: str, start: int) -> str | None:
    """省级以上, 在 继续教育基地 中, 作者排名 前 3, 为 1 至 3."""
    figure_above = _FIGURE_OR_ABOVE.match(folded, start)
    if figure_above and not folded[:start].rstrip().endswith(("完成", "免除", "休假", "持续", "累计", ")")):
        return _of_a_bound(*figure_above.groups())
    if above := _OR_ABOVE.match(folded, start):
        if counted := _COUNTED_BEFORE.search(folded[:start]):
            if counted["equal"]:
                return _of_a_bound(counted["figure"], above[1])
            return say(f"leave out “{above[0]}”", f"请去掉“{above[0]}”") if counted["sign"] else None
        return say("terms have no order: list those that are meant: 级别 属于（省级、国家级）",
                   "词条没有高低：请一一列出，如 级别 属于（省级、国家级）")  # fmt: skip
    if among := _AMONG.match(folded, start):
        return to_write(f"属于 {among[1]}")
    if few := _FIRST_FEW.match(folded, start):
        return to_write(f"不超过 {_figure(few['number'])}")
    figure, up_to = _FIGURE_BEFORE.search(folded[:start]), _UP_TO.match(folded, start)
    if figure and up_to:
        least, most = figure[1], up_to[1]
        return to_write(f"介于 {least} 和 {most}" if folded[:1] >= "一" else f"between {least} and {most}")
    return None


def _of_a_bound(figure: str, side: str) -> str:
    """3 天 以上, 3 以下, which take the figure in."""
    return to_write(f"{'不少于' if side == '上' else '不超过'} {figure.strip()}")


def of_an_assignment(folded: str, start: int) -> str | None:
    """归期 按 发表日期, assign by published_on: another day than a record's own."""
    before = folded[:start].rstrip()
    if folded.startswith("归期") and before.endswith("按") and not _OWN_DAY.match(folded, start):
        form = "归期 至 申报年度"
    elif folded.startswith("assign") and folded.startswith("by ", start) and not _OWN_DAY.match(folded, start + 3):
        form = "assign to claimed_year"
    else:
        return None
    return say(f"a record counts by its own first or last day, or in a year that it claims: {form}",
               f"记录按自己的开始日期或结束日期归期，或归入所申报的年度：{form}")  # fmt: skip


def _of_next_year(before: str, following: re.Match[str]) -> str | None:
    """次年 3月31日 以后: as so many months, or days, from the end of this year."""
    month, day = following.group("month", "day")
    compared = _COMPARED.search(before)
    if month is None and not compared:
        return None
    field, longer = (compared[1], _LENGTHS[compared[2]]) if compared else ("日期", "超过")
    month, day = (month, day) if compared else ("3", "31")
    ends = month in _MONTHS and day == str(monthrange(2023, int(month))[1])
    long = f"{month} 个月" if ends else f"{day} 天" if month == "1" else None
    form = f"本年度 12月31日 至 {field} {longer} {long or '3 个月'}"
    shown = "" if long else say(", of March 31 for example", "，如 3月31日")
    shown = shown if compared else say(", of what is after March 31 for example", "，如 3月31日 以后的")
    return say(f"a day of the next year is so long after the end of this one{shown}: {form}",
               f"次年的日期以距本年末多久书写{shown}：{form}")  # fmt: skip
