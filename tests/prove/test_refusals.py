"""Every way in which an override can be laxer than its base: the refusal, its citation, the situation that shows it.

Two packs are written and checked as an author would; sentences as in the regulation, counterexamples as they are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from policyengine.diagnostics import human
from policyengine.messages import speak
from tests.prove.packs import complaints, write

# Words that belong to the machinery and never to a message.
JARGON = re.compile(
    r"z3|solver|求解器|satisfiab|\bunsat\b|\bsat\b|\bmodel\b|Fraction|\bNone\b|[∀∃∧∨¬]|\bTrue\b|\bFalse\b|tree\.", re.I
)

ANNUAL = "要求 每年 总学时 不少于 90 学时"

# way of being laxer: base rule, override, the counterexample
LAXER: dict[str, tuple[str, str, str]] = {
    "recognise: also by the first day": (
        "认定 培训班 须有 学习证明",
        "认定 培训班 当 有 学习证明 或 开始日期 >= 2021-01-01",
        "学习形式 = 培训班，缺 学习证明，2021年1月1日：base 不认定，此处认定",
    ),
    "require: a lower figure": (
        "要求 每年 总学时 不少于 90 学时",
        "要求 每年 总学时 不少于 80 学时",
        "任何情况下：base 要求 90 学时，此处要求 80 学时",
    ),
    "require: only under a condition": (
        "要求 每年 总学时 不少于 90 学时",
        "要求 每年 总学时 不少于 90 学时 当 单位性质 = 国家机关",
        "单位性质 = 企业：base 要求 90 学时，此处不作要求",
    ),
    "require: only advisory": (
        "要求 每年 总学时 不少于 90 学时",
        "一般要求 每年 总学时 不少于 90 学时",
        "任何情况下：base 要求 90 学时，此处只是一般要求 90 学时",
    ),
    "require: only advisory, and more": (
        "要求 每年 总学时 不少于 90 学时",
        "一般要求 每年 总学时 不少于 120 学时",
        "任何情况下：base 要求 90 学时，此处只是一般要求 120 学时",
    ),
    "require: over a longer window": (
        "要求 每年 总学时 不少于 90 学时",
        "要求 自 2016 年起 每 5 年 总学时 不少于 450 学时",
        "任何情况下（学时全在一年内）：base 每年要求 90 学时，此处每 5 年要求 450 学时",
    ),
    "require: too little in each year of a longer window": (
        "要求 自 2016 年起 每 3 年 总学时 不少于 270 学时",
        "要求 每年 总学时 不少于 80 学时",
        "任何情况下：base 每 3 年要求 270 学时，此处每年要求 80 学时",
    ),
    "require: of a wider measure": (
        "要求 每年 专业科目 不少于 60 学时",
        "要求 每年 总学时 不少于 60 学时",
        "科目 = 公需科目：base 不包括，此处包括在内",
    ),
    "require: a smaller share": (
        "要求 每年 专业科目 不少于 总学时 要求 的 2/3",
        "要求 每年 专业科目 不少于 总学时 要求 的 1/2",
        "任何情况下：base 要求 60 学时，此处要求 45 学时",
    ),
    "require at most: a higher figure": (
        "要求 每年 公需科目 不超过 30 学时",
        "要求 每年 公需科目 不超过 40 学时",
        "任何情况下：base 不得超过 30 学时，此处不得超过 40 学时",
    ),
    "expect: a lower figure": (
        "一般要求 每年 专业科目 不少于 60 学时",
        "一般要求 每年 专业科目 不少于 50 学时",
        "任何情况下：base 要求 60 学时，此处要求 50 学时",
    ),
    "cap: a higher figure": (
        "限额 自学成果、论文 每年 不超过 50 学时",
        "限额 自学成果、论文 每年 不超过 60 学时",
        "学习形式 = 论文：base 最多计 50 学时，此处最多计 60 学时",
    ),
    "cap: fewer forms": (
        "限额 自学成果、论文 每年 不超过 50 学时",
        "限额 自学成果 每年 不超过 50 学时",
        "学习形式 = 论文：base 最多计 50 学时，此处不设限额",
    ),
    "cap: only under a condition": (
        "限额 自学成果 每年 不超过 50 学时",
        "限额 自学成果 每年 不超过 50 学时 当 单位认可 = 否",
        "学习形式 = 自学成果，单位认可 = 是：base 最多计 50 学时，此处不设限额",
    ),
    "cap: in a shorter window": (
        "限额 自学成果 每年 不超过 50 学时",
        "限额 自学成果 每次 不超过 50 学时",
        "学习形式 = 自学成果（合计多项）：base 每年最多计 50 学时，此处每次最多计 50 学时",
    ),
    "cap: in a longer window": (
        "限额 自学成果 每年 不超过 50 学时",
        "限额 自学成果 自 2016 年起 每 3 年 不超过 150 学时",
        "学习形式 = 自学成果：base 每年最多计 50 学时，此处每 3 年最多计 150 学时",
    ),
    "convert: a higher rate": (
        "折算 论文 每千字 计 2 学时",
        "折算 论文 每千字 计 3 学时",
        "学习形式 = 论文，1000 字：base 计 2 学时，此处计 3 学时",
    ),
    "convert: for less": (
        "折算 论文 每千字 计 2 学时",
        "折算 论文 每 500 字 计 2 学时",
        "学习形式 = 论文，500 字：base 计 1 学时，此处计 2 学时",
    ),
    "convert: more forms": (
        "折算 论文 每千字 计 2 学时",
        "折算 论文、自学成果 每千字 计 2 学时",
        "学习形式 = 自学成果，1000 字：base 不折算，此处计 2 学时",
    ),
    "convert: without the condition": (
        "折算 论文 每千字 计 2 学时 当 作者排名 = 1",
        "折算 论文 每千字 计 2 学时",
        "学习形式 = 论文，作者排名 = 2，1000 字：base 不折算，此处计 2 学时",
    ),
    "convert: under a wider condition": (
        "折算 论文 每千字 计 2 学时 当 作者排名 = 1 或 作者排名 = 2",
        "折算 论文 每千字 计 2 学时 当 作者排名 <= 3",
        "学习形式 = 论文，作者排名 = 3，1000 字：base 不折算，此处计 2 学时",
    ),
    "convert: several times": (
        "折算 论文 每千字 计 2 学时",
        "折算 论文 每千字 计 2 学时 乘以 2",
        "学习形式 = 论文，1000 字：base 计 2 学时，此处计 4 学时",
    ),
    "convert: not divided": (
        "折算 论文 每千字 计 2 学时 除以 作者人数 不足 0.1 学时 舍去",
        "折算 论文 每千字 计 2 学时 不足 0.1 学时 舍去",
        "学习形式 = 论文，作者人数 = 2，1000 字：base 计 1 学时，此处计 2 学时",
    ),
    "convert: rounded up": (
        "折算 论文 每千字 计 2 学时 不足 1 学时 舍去",
        "折算 论文 每千字 计 2 学时 不足 1 学时 进位",
        "学习形式 = 论文，1 字：base 计 0 学时，此处计 1 学时",
    ),
    "convert: no limit": (
        "折算 论文 每千字 计 2 学时 每次 不超过 20 学时",
        "折算 论文 每千字 计 2 学时",
        "学习形式 = 论文，11000 字：base 计 20 学时，此处计 22 学时",
    ),
    "convert: a higher limit": (
        "折算 论文 每千字 计 2 学时 每次 不超过 20 学时",
        "折算 论文 每千字 计 2 学时 每次 不超过 30 学时",
        "学习形式 = 论文，11000 字：base 计 20 学时，此处计 22 学时",
    ),
    "convert: other records": (
        "折算 论文 每千字 计 2 学时",
        "折算 论文 每项 计 6 学时",
        "学习形式 = 论文，1 项：base 不折算，此处计 6 学时",
    ),
    "convert: beyond the table": (
        "折算 论文 按 credits_of（级别、作者排名） 表中无则 0 学时",
        "折算 论文 按 credits_of（级别、作者排名） 表中无则 1 学时",
        "学习形式 = 论文，级别 = 国家级，作者排名 = 4：base 计 0 学时，此处计 1 学时",
    ),
    "convert: beyond the law's range": (
        "折算 自学成果 每千字 计 1 至 2 学时",
        "折算 自学成果 每千字 计 3 学时",
        "学习形式 = 自学成果，1000 字：base 计 1–2 学时，此处计 3 学时",
    ),
    "add: a higher figure": (
        "另加 5 学时 于 论文 当 级别 = 国家级",
        "另加 6 学时 于 论文 当 级别 = 国家级",
        "学习形式 = 论文，级别 = 国家级：base 计 5 学时，此处计 6 学时",
    ),
    "add: without the condition": (
        "另加 5 学时 于 论文 当 级别 = 国家级",
        "另加 5 学时 于 论文",
        "学习形式 = 论文，级别 = 省级：base 不折算，此处计 5 学时",
    ),
    "recognise: without proof": (
        "认定 培训班 须有 学习证明",
        "认定 培训班",
        "学习形式 = 培训班，缺 学习证明：base 不认定，此处认定",
    ),
    "recognise: more forms": (
        "认定 培训班",
        "认定 培训班、远程教育",
        "学习形式 = 远程教育：base 不认定，此处认定",
    ),
    "recognise: under another condition": (
        "认定 自学成果 须有 学习证明 且 考核结果 = 合格",
        "认定 自学成果 须有 学习证明 且（考核结果 = 合格 或 单位认可 = 是）",
        "学习形式 = 自学成果，考核结果 = 不合格，单位认可 = 是，有 学习证明：base 不认定，此处认定",
    ),
    "reject: less": (
        "不予认定 论文 当 作者排名 > 2",
        "不予认定 论文 当 作者排名 > 3",
        "学习形式 = 论文，作者排名 = 3：base 不予认定，此处不排除",
    ),
    "reject: fewer forms": (
        "不予认定 论文、自学成果 当 缺 学习证明",
        "不予认定 论文 当 缺 学习证明",
        "学习形式 = 自学成果，缺 学习证明：base 不予认定，此处不排除",
    ),
    "excuse: for less leave": (
        "免除 本年 当 休假 持续 不少于 6 个月",
        "免除 本年 当 休假 持续 不少于 5 个月",
        "产假 2016年1月1日至2016年5月31日：base 不免除，此处免除",
    ),
    "excuse: for leave of just six months, too": (
        "免除 本年 当 休假 持续 超过 6 个月",
        "免除 本年 当 休假 持续 不少于 6 个月",
        "产假 2016年1月1日至2016年6月30日：base 不免除，此处免除",
    ),
    "excuse: for leave of more than six months, in days": (
        "免除 本年 当 休假 持续 超过 6 个月",
        "免除 本年 当 休假 持续 超过 181 天",  # 182 days from 1 January 2016 end on 30 June
        "产假 2016年1月1日至2016年6月30日：base 不免除，此处免除",
    ),
    "excuse: for fewer days in all": (
        "免除 本年 当 休假 累计 超过 180 天",
        "免除 本年 当 休假 累计 不少于 180 天",
        "产假 2016年1月1日至2016年6月28日：base 不免除，此处免除",  # 31 + 29 + 31 + 30 + 31 + 28
    ),
    "excuse: for days in all instead of one stretch": (
        "免除 本年 当 休假 持续 不少于 90 天",
        "免除 本年 当 休假 累计 不少于 90 天",
        "产假 2016年1月1日至2016年3月29日，产假 2016年3月31日：base 不免除，此处免除",  # 89 and 1
    ),
    "excuse: for more kinds in all": (
        "免除 本年 当 休假 属于（病假） 累计 不少于 90 天",
        "免除 本年 当 休假 属于（病假、产假） 累计 不少于 90 天",
        "产假 2016年1月1日至2016年3月30日：base 不免除，此处免除",
    ),
    "excuse: for more reasons": (
        "免除 本年 当 情形 = 产假",
        "免除 本年 当 情形 属于（产假、驻外）",
        "驻外 2016年1月1日：base 不免除，此处免除",
    ),
    "reduce: more": (
        "核减 annual-hours 休假 每满一个月 减 1/12",
        "核减 annual-hours 休假 每满一个月 减 1/6",
        "产假 2016年1月1日至2016年1月31日：base 核减 7.5 学时，此处核减 15 学时",
    ),
    "reduce: for more reasons": (
        "核减 annual-hours 休假 属于（产假） 每满一个月 减 1/12",
        "核减 annual-hours 休假 每满一个月 减 1/12",
        "病假 2016年1月1日至2016年1月31日：base 不核减，此处核减 7.5 学时",
    ),
    "count once: finer groups": (
        "不重复计算 同一 名称 取最高",
        "不重复计算 同一 名称、学习证明 取最高",
        "两条记录名称相同而学习证明不同：base 只计一条，此处两条都计",
    ),
    "count once: the better one": (
        "不重复计算 同一 名称 取最低",
        "不重复计算 同一 名称 取最高",
        "两条视为同一项的记录，先 1 学时、后 2 学时：base 计 1 学时，此处计 2 学时",
    ),
    "carry: more": (
        "结转 超出 annual-hours 部分 不超过 20 学时 至下一年度",
        "结转 超出 annual-hours 部分 不超过 30 学时 至下一年度",
        "任何情况下：base 结转不超过 20 学时，此处结转不超过 30 学时",
    ),
    "measure: more records": (
        "计量 讲座量：培训班 的 学时",
        "计量 讲座量：培训班、论文 的 学时",
        "学习形式 = 论文：base 不包括，此处包括在内",
    ),
    "assign: to another year": (
        "归期 按 结束日期",
        "归期 按 开始日期",
        "2015年12月31日至2016年1月1日：base 计入 2016 年度，此处计入 2015 年度",
    ),
    "exchange: worth more": (
        "换算 1 学分 等于 1 学时",
        "换算 1 学分 等于 3 学时",
        "1 学分：base 折合 1 学时，此处折合 3 学时",
    ),
    "flag: less": (
        "标记 收费「不得收费」当 有 收费金额 且 收费金额 > 0 元",
        "标记 收费「不得收费」当 有 收费金额 且 收费金额 > 100 元",
        "收费金额 = 0.01 元：base 予以标记，此处不标记",
    ),
}


@pytest.fixture(autouse=True)
def in_chinese() -> Iterator[None]:
    speak("zh")
    yield
    speak("en")


def said(root: Path, base: str, override: str) -> tuple[str, str]:
    """The whole refusal of ``override`` and the counterexample in it."""
    under = [("annual-hours", ANNUAL)] if "annual-hours" in base or "总学时 要求" in base else []
    found = complaints(write(root, [("it", base), *under], [("here", f"替代 base/it：{override}")]))
    refusals = [d for d in found if d.code in ("PE203", "PE315")]
    assert len(refusals) == 1, found
    assert refusals[0].severity == "error"
    assert refusals[0].citation == "某发〔2016〕1号 第1条"
    examples = [r.message for r in refusals[0].related if r.message.startswith("例如：")]
    return human(refusals[0]), examples[0].removeprefix("例如：") if examples else ""


@pytest.mark.parametrize("way", LAXER)
def test_laxer_is_refused_and_shown(way: str, tmp_path: Path) -> None:
    base, override, example = LAXER[way]
    text, shown = said(tmp_path, base, override)
    assert shown == example
    assert "upper/rules.yaml" in text
    assert not JARGON.search(text), text


@pytest.mark.parametrize("way", ["require: a lower figure", "convert: a higher rate", "excuse: for less leave"])
def test_the_refusal_in_english(way: str, tmp_path: Path) -> None:
    speak("en")
    base, override, _ = LAXER[way]
    found = complaints(write(tmp_path, [("it", base)], [("here", f"替代 base/it：{override}")]))
    text = "\n".join(map(human, found))
    assert {
        "require: a lower figure": "for example: in every case: base requires 90 hours, this requires 80 hours",
        "convert: a higher rate": "for example: form = paper, 1000 characters: base gives 2 hours, this gives 3 hours",
        "excuse: for less leave": "for example: maternity 2016-01-01 to 2016-05-31: base does not excuse, this excuses",
    }[way] in text
    assert not JARGON.search(text)


STRICTER = {
    "a higher minimum": (ANNUAL, "要求 每年 总学时 不少于 120 学时"),
    "each year's figure secures the block's": (
        "要求 自 2016 年起 每 3 年 总学时 不少于 270 学时",
        "要求 每年 总学时 不少于 90 学时",
    ),
    "a cap over more years": ("限额 自学成果 每年 不超过 50 学时", "限额 自学成果 自 2016 年起 每 3 年 不超过 50 学时"),
    "a year's cap within the block's": (
        "限额 自学成果 自 2016 年起 每 3 年 不超过 90 学时",
        "限额 自学成果 每年 不超过 30 学时",
    ),
    "hardened": ("一般要求 每年 专业科目 不少于 60 学时", "要求 每年 专业科目 不少于 60 学时"),
    "a lower cap on more": ("限额 自学成果 每年 不超过 50 学时", "限额 自学成果、论文 每年 不超过 40 学时"),
    "a lower rate, rounded down": ("折算 论文 每千字 计 2 学时", "折算 论文 每千字 计 2 学时 不足 1 学时 舍去"),
    "shared among authors": (
        "折算 论文 每千字 计 2 学时 不足 0.1 学时 舍去",
        "折算 论文 每千字 计 2 学时 除以 作者人数 不足 0.1 学时 舍去",
    ),
    "the table's least": (
        "折算 论文 按 credits_of（级别、作者排名） 表中无则 6 学时",
        "折算 论文 按 credits_of（级别、作者排名） 表中无则 0 学时",
    ),
    "the same condition in other words": (
        "折算 论文 每千字 计 2 学时 当 作者排名 = 1 或 作者排名 = 2",
        "折算 论文 每千字 计 2 学时 当 作者排名 < 3",
    ),
    "longer leave": ("免除 本年 当 休假 持续 不少于 6 个月", "免除 本年 当 休假 持续 不少于 8 个月"),
    "leave longer than six months": ("免除 本年 当 休假 持续 不少于 6 个月", "免除 本年 当 休假 持续 超过 6 个月"),
    "leave of seven months": ("免除 本年 当 休假 持续 超过 6 个月", "免除 本年 当 休假 持续 不少于 7 个月"),
    "more leave in all": ("免除 本年 当 休假 累计 超过 180 天", "免除 本年 当 休假 累计 超过 181 天"),
    "leave in one stretch": ("免除 本年 当 休假 累计 超过 180 天", "免除 本年 当 休假 持续 超过 180 天"),
    "leave in all of one kind": (
        "免除 本年 当 休假 累计 超过 180 天",
        "免除 本年 当 休假 属于（病假） 累计 超过 180 天",
    ),
    "leave of more than 30 days": ("免除 本年 当 休假 持续 超过 30 天", "免除 本年 当 休假 持续 不少于 31 天"),
    "leave of 185 days": ("免除 本年 当 休假 持续 超过 6 个月", "免除 本年 当 休假 持续 不少于 185 天"),
    "the sector's own people": (ANNUAL, "要求 每年 总学时 不少于 100 学时 当 行业 = 会计"),
    "settled within the range": ("折算 自学成果 每千字 计 1 至 2 学时", "折算 自学成果 每千字 计 1.5 学时"),
}


@pytest.mark.parametrize("way", STRICTER)
def test_as_strict_is_accepted(way: str, tmp_path: Path) -> None:
    base, override = STRICTER[way]
    assert complaints(write(tmp_path, [("it", base)], [("here", f"替代 base/it：{override}")])) == []


# base rule, what stands over it and speaks of the override of the same requirement, the counterexample if it is laxer
NAMED: dict[str, tuple[str, str, str | None]] = {
    "carried over less": ("结转 超出 annual 部分 至下一年度", "结转 超出 an 部分 不超过 20 学时 至下一年度", None),
    "lowered by less": ("核减 annual 休假 每满一个月 减 1/12", "核减 an 休假 每满一个月 减 1/24", None),
    "excused for longer leave": (
        "免除 annual 当 休假 持续 不少于 6 个月", "免除 an 当 休假 持续 不少于 8 个月", None),
    "excused from another too": (
        "免除 annual 当 休假 持续 不少于 6 个月", "免除 an、pro 当 休假 持续 不少于 6 个月",
        "例如：要求 pro：base 不免除，此处免除"),
}  # fmt: skip


@pytest.mark.parametrize("way", NAMED)
def test_an_override_is_the_requirement_that_it_stands_for(way: str, tmp_path: Path) -> None:
    base, override, example = NAMED[way]
    under = [("annual", ANNUAL), ("pro", "要求 每年 专业科目 不少于 30 学时"), ("it", base)]
    over = [("an", "替代 base/annual：要求 每年 总学时 不少于 100 学时"), ("here", f"替代 base/it：{override}")]
    found = complaints(write(tmp_path, under, over))
    assert [d.code for d in found] == ["PE203"] * (example is not None)
    assert example is None or found[0].related[0].message == example


SHARE = "替代 base/part：要求 每年 专业科目 不少于 总学时 要求 的 1/2"
FIRST, THEN = (f"要求 每年 总学时 不少于 {hours} 学时" for hours in (60, 120))


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("2018", "例如：自 2016-01-01 起至 2018-12-31 止，任何情况下：base 要求 60 学时，此处要求 30 学时"),
        (None, ""),  # of 120 it is 60
    ],
)
def test_a_share_is_compared_in_every_year_of_what_it_is_a_share_of(
    until: str | None, told: str, tmp_path: Path
) -> None:
    """The total is 60 hours up to 2018 and 120 from 2019 on: a half of it is 30 hours, and later 60."""
    base = [("total", THEN), ("part", "要求 每年 专业科目 不少于 60 学时")]
    folder = write(tmp_path, base, [("own", SHARE)])
    if until:
        rules = folder.parent / "base" / "rules.yaml"
        first = f"- id: total\n  cites: {{source: law, at: 第1条}}\n  from: 2016\n  until: {until}\n  rule: {FIRST}\n"
        rules.write_text(first + rules.read_text().replace("from: 2016", "from: 2019", 1))
    speak("zh")
    found = [d for d in complaints(folder) if d.code == "PE203"]
    assert [d.related[0].message for d in found] == ([told] if told else [])


def test_out_of_time_is_a_warning_that_names_the_safeguard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import policyengine.tools.prove.solver as solver
    from policyengine.tools.prove.model import Undecided

    monkeypatch.setattr(solver, "solve", lambda space, ask: Undecided("超出了规定的计算时间"))
    base, override = "折算 论文 每千字 计 2 学时 不足 1 学时 舍去", "折算 论文 每 1100 字 计 2 学时 不足 1 学时 舍去"
    found = complaints(write(tmp_path, [("it", base)], [("here", f"替代 base/it：{override}")]))
    assert [(d.code, d.severity) for d in found] == [("PE351", "warning")]
    assert "评定时" in (found[0].hint or "")
    assert not JARGON.search(human(found[0]))
