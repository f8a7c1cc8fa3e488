"""Overrides, drops and delegations: what a base lets a pack above it do, one line a case, and who governs when."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policyengine.diagnostics import human
from policyengine.language import tree
from policyengine.packs.model import Policy
from policyengine.packs.policies import load_policies
from policyengine.packs.windows import not_implied
from tests.packs_floor.folder import PACK, UPPER, load_two, rule, seen, write

MINIMUM = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only")
TIMED = rule("training", "折算 培训班 每 45 分钟 计 1 学时", change="raise-only")
CAP = rule("cap", "限额 远程教育、发表出版作品 每年 合计 不超过 50 学时", change="raise-only")
RECOGNISE = rule("recognise", "认定 培训班、远程教育 须有 学习证明", change="raise-only")
REJECT = rule("reject", "不予认定 培训班 当 费用 > 100", change="raise-only")
EXCUSE = rule("excuse", "免除 annual 当 情形 = 产假", change="raise-only")
YEAR = rule("excuse", "免除 本年 当 情形 = 产假", change="raise-only")
RANGE = rule("range", "折算 发表出版作品 每千字 计 1 至 2 学时", change="raise-only")
LOST = rule("lost", "限额 远程教育 每年 不超过 未知 学时", change="raise-only")
CARRY = rule("carry", "结转 超出 annual 部分 不超过 30 学时 至下一年度", change="raise-only")
LOWER = rule("lower", "核减 annual 休假 每满一个月 减 1/12", change="raise-only")
FREE = rule("free", "折算 培训班 每天 计 8 学时", change="delegated")
FIXED = rule("fixed", "要求 每年 总学时 不少于 90 学时")
EXPECT = rule("expect", "一般要求 每年 专业科目 不少于 60 学时", change="raise-only")
MOST = rule("most", "要求 每年 公需科目 不超过 30 学时", change="raise-only")
WHEN = rule("when", "要求 每年 总学时 不少于 90 学时 当 行业 = 会计", change="raise-only")
BLOCK = rule("block", "要求 自 2016 年起 每 3 年 总学时 不少于 270 学时", change="raise-only")
ANY = rule("any", "要求 任意 3 年 总学时 不少于 270 学时", change="raise-only")
OPEN = rule("open", "要求 自 2016 年起 每 3 年 总学时 不少于 240 至 270 学时", change="raise-only")
LONG_CAP = rule("long", "限额 远程教育 自 2016 年起 每 3 年 不超过 90 学时", change="raise-only")
SHORT_CAP = rule("short", "限额 远程教育 每年 不超过 50 学时", change="raise-only")
CREDIT = rule("credit", "换算 1 学分 等于 3 学时", source="own")

# name: base rules, the upper pack's rules, expected codes (none: it is allowed)
CASES: dict[str, tuple[str, list[str], list[str]]] = {
    # figures of a minimum
    "higher minimum": (MINIMUM, ["override base/annual: 要求 每年 总学时 不少于 120 学时"], []),
    "the same minimum": (MINIMUM, ["override base/annual: 要求 每年 总学时 不少于 90 学时"], []),
    "lower minimum": (MINIMUM, ["override base/annual: 要求 每年 总学时 不少于 80 学时"], ["PE203"]),
    "lower minimum, English": (
        MINIMUM, ["override base/annual: require total at least 80 hours per year"], ["PE203"]),
    "a range that may be lower": (MINIMUM, ["替代 base/annual：要求 每年 总学时 不少于 80 至 100 学时"], ["PE203"]),
    "a range above": (MINIMUM, ["替代 base/annual：要求 每年 总学时 不少于 90 至 100 学时"], []),
    "no longer firm": (MINIMUM, ["替代 base/annual：一般要求 每年 总学时 不少于 120 学时"], ["PE203"]),
    "hardened": (EXPECT, ["替代 base/expect：要求 每年 专业科目 不少于 60 学时"], []),
    "hardened and lower": (EXPECT, ["替代 base/expect：要求 每年 专业科目 不少于 50 学时"], ["PE203"]),
    "another measure": (MINIMUM, ["替代 base/annual：要求 每年 专业科目 不少于 90 学时"], ["PE315"]),
    "another window": (MINIMUM, ["override base/annual: require total at least 450 hours per 5 years starting 2016"],
                       ["PE315"]),
    "a year's figure that secures the block's": (BLOCK, ["替代 base/block：要求 每年 总学时 不少于 90 学时"], []),
    "a year's figure, English": (BLOCK, ["override base/block: require total at least 100 hours per year"], []),
    "a year's figure that does not": (BLOCK, ["替代 base/block：要求 每年 总学时 不少于 80 学时"], ["PE203"]),
    "a year's credits that secure it": (BLOCK, ["override base/block: require total at least 30 credits per year",
                                                "换算 1 学分 等于 3 学时"], []),
    "any years for the block's": (BLOCK, ["替代 base/block：要求 任意 3 年 总学时 不少于 270 学时"], []),
    "a block for any years": (ANY, ["替代 base/any：要求 自 2016 年起 每 3 年 总学时 不少于 900 学时"], ["PE315"]),
    "a block for each year": (
        MINIMUM, ["替代 base/annual：要求 自 2016 年起 每 3 年 总学时 不少于 900 学时"], ["PE315"]),
    "within months of a date for a year": (
        MINIMUM, ["替代 base/annual：要求 自 入职日期 起 12 个月内 总学时 不少于 900 学时"], ["PE315"]),
    "another window and only advisory": (BLOCK, ["替代 base/block：一般要求 每年 总学时 不少于 90 学时"], ["PE203"]),
    "another window and only for some": (
        BLOCK, ["替代 base/block：要求 每年 总学时 不少于 90 学时 当 缺 地区"], ["PE203"]),
    "another window of an open figure": (OPEN, ["替代 base/open：要求 每年 总学时 不少于 90 学时"], ["PE315"]),
    "a maximum over a longer window": (MOST, ["替代 base/most：要求 自 2016 年起 每 3 年 公需科目 不超过 30 学时"], []),
    "a maximum over a shorter window": (
        rule("most", "要求 自 2016 年起 每 3 年 公需科目 不超过 90 学时", change="raise-only"),
        ["替代 base/most：要求 每年 公需科目 不超过 40 学时"], ["PE203"]),
    "a maximum instead": (MINIMUM, ["替代 base/annual：要求 每年 总学时 不超过 90 学时"], ["PE315"]),
    "lower maximum": (MOST, ["替代 base/most：要求 每年 公需科目 不超过 20 学时"], []),
    "higher maximum": (MOST, ["替代 base/most：要求 每年 公需科目 不超过 40 学时"], ["PE203"]),
    "only for some": (
        MINIMUM, ["override base/annual: require total at least 120 hours per year when region is missing"], ["PE203"]),
    "for those that the pack is about": (
        MINIMUM, ["override base/annual: require total at least 120 hours per year when sector = accounting"], []),
    "for all instead of some": (WHEN, ["替代 base/when：要求 每年 总学时 不少于 90 学时"], []),
    # units
    "credits without an exchange": (MINIMUM, ["override base/annual: require total at least 90 credits per year"],
                                    ["PE314"]),
    "credits enough": (MINIMUM, ["override base/annual: require total at least 30 credits per year",
                                 "换算 1 学分 等于 3 学时"], []),
    "credits too few": (MINIMUM, ["override base/annual: require total at least 29 credits per year",
                                  "换算 1 学分 等于 3 学时"], ["PE203"]),
    # rates
    "lower rate": (TIMED, ["替代 base/training：折算 培训班 每 60 分钟 计 1 学时"], []),
    "the same rate otherwise said": (TIMED, ["替代 base/training：折算 培训班 每 90 分钟 计 2 学时"], []),
    "the same rate by the hour": (TIMED, ["override base/training: convert training at 4 hours per 3 clock_hours"], []),
    "higher rate": (TIMED, ["替代 base/training：折算 培训班 每 40 分钟 计 1 学时"], ["PE203"]),
    "higher by a factor": (TIMED, ["替代 base/training：折算 培训班 每 45 分钟 计 1 学时 乘以 2"], ["PE203"]),
    "more forms": (TIMED, ["替代 base/training：折算 培训班、远程教育 每 45 分钟 计 1 学时"], ["PE203"]),
    "under a condition": (TIMED, ["替代 base/training：折算 培训班 每 45 分钟 计 1 学时 当 费用 > 0"], []),
    "with a limit": (TIMED, ["替代 base/training：折算 培训班 每 45 分钟 计 1 学时 每次 不超过 8 学时"], []),
    "paid by another quantity": (TIMED, ["替代 base/training：折算 培训班 每天 计 8 学时"], ["PE315"]),
    "settled within the range": (RANGE, ["替代 base/range：折算 发表出版作品 每千字 计 1.5 学时"], []),
    "settled above the range": (RANGE, ["替代 base/range：折算 发表出版作品 每千字 计 3 学时"], ["PE203"]),
    # caps
    "lower cap": (CAP, ["替代 base/cap：限额 远程教育、发表出版作品 每年 合计 不超过 40 学时"], []),
    "higher cap": (CAP, ["替代 base/cap：限额 远程教育、发表出版作品 每年 合计 不超过 60 学时"], ["PE203"]),
    "cap over fewer forms": (CAP, ["替代 base/cap：限额 远程教育 每年 不超过 40 学时"], ["PE203"]),
    "cap over more forms": (CAP, ["替代 base/cap：限额 培训班、远程教育、发表出版作品 每年 合计 不超过 50 学时"], []),
    "cap under another condition": (
        rule("cap", "限额 远程教育 每年 不超过 50 学时 当 费用 > 100", change="raise-only"),
        ["替代 base/cap：限额 远程教育 每年 不超过 40 学时 当 排名 > 1"], ["PE315"]),
    "cap of another window": (CAP, ["替代 base/cap：限额 远程教育、发表出版作品 每天 不超过 8 学时"], ["PE315"]),
    "a year's cap that keeps the block's": (LONG_CAP, ["替代 base/long：限额 远程教育 每年 不超过 30 学时"], []),
    "a year's cap that does not": (LONG_CAP, ["替代 base/long：限额 远程教育 每年 不超过 40 学时"], ["PE203"]),
    "a longer cap that keeps the year's": (
        SHORT_CAP, ["替代 base/short：限额 远程教育 自 2016 年起 每 3 年 不超过 50 学时"], []),
    "a longer cap that does not": (
        SHORT_CAP, ["替代 base/short：限额 远程教育 自 2016 年起 每 3 年 不超过 60 学时"], ["PE203"]),
    "a cap of any years over the year's": (SHORT_CAP, ["替代 base/short：限额 远程教育 任意 3 年 不超过 50 学时"], []),
    "a longer cap on more": (
        SHORT_CAP, ["替代 base/short：限额 远程教育、培训班 自 2016 年起 每 3 年 不超过 50 学时"], ["PE315"]),
    "a lost figure settled": (LOST, ["替代 base/lost：限额 远程教育 每年 不超过 30 学时"], []),
    # recognition
    "fewer recognised": (RECOGNISE, ["替代 base/recognise：认定 培训班 须有 学习证明"], []),
    "more recognised": (
        RECOGNISE, ["替代 base/recognise：认定 培训班、远程教育、发表出版作品 须有 学习证明"], ["PE203"]),
    "all recognised": (RECOGNISE, ["override base/recognise: recognise records when evidence is present"], ["PE203"]),
    "no proof needed": (RECOGNISE, ["替代 base/recognise：认定 培训班、远程教育"], ["PE203"]),
    "more needed": (RECOGNISE, ["替代 base/recognise：认定 培训班、远程教育 须有 学习证明 且 单位认可 = 是"], []),
    "something else needed": (RECOGNISE, ["替代 base/recognise：认定 培训班、远程教育 须有 施教机构"], []),
    "more rejected": (REJECT, ["替代 base/reject：不予认定 培训班、远程教育 当 费用 > 100"], []),
    "less rejected": (REJECT, ["替代 base/reject：不予认定 培训班 当 费用 > 100 且 排名 > 1"], ["PE203"]),
    "excused for less": (MINIMUM + EXCUSE, ["替代 base/excuse：免除 本年 当 情形 = 产假"], ["PE203"]),
    "excused for one of the year's": (
        MINIMUM + YEAR, ["替代 base/excuse：免除 annual 当 情形 = 产假"], []),
    "excused for a block, not for the year": (
        MINIMUM + BLOCK + YEAR, ["替代 base/excuse：免除 annual、block 当 情形 = 产假"], ["PE203"]),
    "excused under more": (
        MINIMUM + EXCUSE, ["替代 base/excuse：免除 annual 当 情形 = 产假 且 缺 地区"], []),
    # carrying over and lowering
    "less carried over": (
        MINIMUM + CARRY, ["替代 base/carry：结转 超出 base/annual 部分 不超过 3 学时 至下一年度"], []),
    "more carried over": (
        MINIMUM + CARRY, ["替代 base/carry：结转 超出 base/annual 部分 不超过 31 学时 至下一年度"], ["PE203"]),
    "carried over without limit": (
        MINIMUM + CARRY, ["替代 base/carry：结转 超出 base/annual 部分 至下一年度"], ["PE203"]),
    "carried over under a condition": (
        MINIMUM + CARRY, ["替代 base/carry：结转 超出 base/annual 部分 不超过 30 学时 至下一年度 当 行业 = 会计"], []),
    "carried over to another": (
        MINIMUM + MOST + CARRY, ["替代 base/carry：结转 超出 base/most 部分 不超过 3 学时 至下一年度"], ["PE315"]),
    "lowered by less": (MINIMUM + LOWER, ["替代 base/lower：核减 base/annual 休假 每满一个月 减 1/24"], []),
    "lowered by more": (MINIMUM + LOWER, ["替代 base/lower：核减 base/annual 休假 每满一个月 减 1/6"], ["PE203"]),
    "lowered for less": (
        MINIMUM + LOWER, ["替代 base/lower：核减 base/annual 休假 属于（产假） 每满一个月 减 1/12"], []),
    "lowered for more": (
        MINIMUM + LOWER, ["替代 base/lower：核减 base/annual 休假 属于（产假、病假） 每满一个月 减 1/12"], ["PE203"]),
    "lowered by hours": (
        MINIMUM + LOWER, ["替代 base/lower：核减 base/annual 休假 每满一个月 减 5 学时"], []),
    # what change allows
    "fixed overridden": (FIXED, ["override base/fixed: require total at least 120 hours per year"], ["PE311"]),
    "fixed dropped": (FIXED, ["drop base/fixed"], ["PE311"]),
    "raise-only dropped": (MINIMUM, ["不适用 base/annual"], ["PE312"]),
    "delegated dropped": (FREE, ["不适用 base/free"], []),
    "delegated raised": (FREE, ["override base/free: convert training at 10 hours per day"], []),
    "another kind of statement": (FREE, ["override base/free: recognise training"], ["PE318"]),
    # names
    "without the pack": (MINIMUM, ["override annual: require total at least 120 hours per year"], []),
    "unknown rule": (MINIMUM, ["override base/anual: require total at least 120 hours per year"], ["PE310"]),
    "unknown pack": (MINIMUM, ["override bass/annual: require total at least 120 hours per year"], ["PE310"]),
    "dropped twice": (FREE, ["drop base/free", "drop base/free"], ["PE313"]),
    "overridden twice": (FREE, ["override base/free: convert training at 10 hours per day",
                                "override base/free: convert training at 9 hours per day"], ["PE313"]),
    "its own rule": (MINIMUM, ["认定 培训班", "drop upper/r0"], ["PE320"]),
    "drop under a condition": (FREE, ["drop base/free when sector = accounting"], ["PE321"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_base_lets_itself_be_done(name: str, tmp_path: Path) -> None:
    base, texts, codes = CASES[name]
    upper = "".join(rule(f"r{i}", text, source="own") for i, text in enumerate(texts))
    policy, problems = load_two(tmp_path, base, upper)
    told = "\n".join(map(human, problems))
    assert [d.code for d in problems if d.severity == "error"] == codes, told
    assert (policy is None) == bool(codes)


ASIDE: dict[str, tuple[str, list[str], list[str]]] = {
    "lowered beside": (MINIMUM, ["核减 base/annual 减 1/2"], ["PE322"]),
    "carried to beside": (MINIMUM, ["结转 超出 base/annual 部分 至下一年度"], ["PE322"]),
    "its own requirement lowered": (
        MINIMUM, ["要求 每年 专业科目 不少于 60 学时", "核减 upper/r0 休假 每满一个月 减 1/12"], []),
    "recognised without proof beside": (RECOGNISE, ["认定 远程教育"], ["PE322"]),
    "recognised on more terms beside": (RECOGNISE, ["认定 远程教育 须有 学习证明 且 单位认可 = 是"], []),
    "recognised by subject beside": (RECOGNISE, ["认定 专业科目"], ["PE322"]),
    "recognised by subject under the base's terms": (RECOGNISE, ["认定 专业科目 须有 学习证明"], []),
    "recognised by subject under one base rule's terms": (
        RECOGNISE + rule("works", "认定 发表出版作品 须有 施教机构", change="raise-only"),
        ["认定 专业科目 须有 学习证明"], ["PE322"]),
    "recognised by another subject": (
        rule("recognise", "认定 公需科目 须有 学习证明", change="raise-only"), ["认定 专业科目"], []),
    "a subject recognised among other forms only": (RECOGNISE, ["认定 专业科目 当 学习形式 = 发表出版作品"], []),
    "a subject recognised among the base's forms": (RECOGNISE, ["认定 专业科目 当 学习形式 = 远程教育"], ["PE322"]),
    "a form recognised in another subject only": (
        rule("recognise", "认定 公需科目 须有 学习证明", change="raise-only"),
        ["认定 远程教育 当 科目 = 专业科目"], []),
    "a form recognised where the base's condition fails": (
        rule("recognise", "认定 公需科目 当 单位认可 = 是", change="raise-only"),
        ["认定 远程教育 当 单位认可 = 否"], ["PE322"]),
    "more for a subject among other forms": (TIMED, ["另加 2 学时 于 专业科目 当 学习形式 = 发表出版作品"], []),
    "another form recognised": (RECOGNISE, ["认定 发表出版作品"], []),
    "more for a form of the base": (TIMED, ["另加 2 学时 于 培训班"], ["PE322"]),
    "more for a subject of the base": (TIMED, ["另加 2 学时 于 专业科目"], ["PE322"]),
    "more where that is delegated": (FREE, ["另加 2 学时 于 培训班"], []),
    "excused beside": (MINIMUM, ["免除 本年 当 情形 = 产假"], []),
    "a further cap": (MINIMUM, ["限额 远程教育 每年 不超过 40 学时"], []),
}  # fmt: skip


@pytest.mark.parametrize("name", ASIDE)
def test_who_takes_from_a_base_without_naming_it_is_warned(name: str, tmp_path: Path) -> None:
    base, texts, codes = ASIDE[name]
    upper = "".join(rule(f"r{i}", text, source="own") for i, text in enumerate(texts))
    policy, problems = load_two(tmp_path, base, upper)
    assert [d.code for d in problems] == codes
    assert all(d.severity == "warning" and d.citation for d in problems)
    assert policy is not None


def test_a_refusal_names_the_article_the_figures_and_the_mend(tmp_path: Path) -> None:
    text = rule("annual", "override base/annual: require total at least 80 hours per year", source="own")
    _, problems = load_two(tmp_path, MINIMUM, text)
    assert human(problems[0]) == (
        f"{tmp_path}/policies/upper/rules.yaml:3:55: error PE203: this lowers a minimum that base/annual lets you only"
        " raise\n"
        "     3 |   rule: 'override base/annual: require total at least 80 hours per year'\n"
        "       |                                                       ^^\n"
        f"  note: base requires 90 hours (第一条) ({tmp_path}/policies/base/rules.yaml:4:9)\n"
        "  source: 〔2016〕1号 第一条\n"
        "  hint: raise it to 90 or more, or leave the base rule in force"
    )


def governing(policy: Policy | None) -> list[str]:
    """``rule@version from..until`` with what it stands over and how, in order."""
    assert policy is not None
    lines = []
    for g in policy.governing:
        stretch = f"{g.start or ''}..{g.until or ''}"
        over = f" over {','.join(r.key for r in g.over)}" if g.over else ""
        lines.append(f"{g.key} {stretch}{over}{' stricter' if g.keeps_stricter else ''} as {g.name}")
    return lines


def test_each_stretch_has_exactly_its_rules(tmp_path: Path) -> None:
    """Two versions below, two overrides above: five stretches, worked by hand."""
    base = rule("annual", "要求 每年 总学时 不少于 80 学时", change="raise-only", until="2015") + rule(
        "annual", "要求 每年 总学时 不少于 90 学时", change="raise-only", from_="2016"
    )
    upper = rule(
        "more",
        "override base/annual: require total at least 90 hours per year",
        source="own",
        from_="2014",
        until="2017",
    ) + rule("more", "override base/annual: require total at least 100 hours per year", source="own", from_="2020")
    policy, problems = load_two(tmp_path, base, upper)
    assert seen(problems) == ["PE302 8:9"]  # 2018 and 2019 have no version of upper/more: the base governs
    assert governing(policy) == [
        "base/annual ..2013-12-31 as base/annual",
        "upper/more@2014 2014-01-01..2015-12-31 over base/annual stricter as base/annual",
        "upper/more@2014 2016-01-01..2017-12-31 over base/annual@2016 stricter as base/annual",
        "base/annual@2016 2018-01-01..2019-12-31 as base/annual",
        "upper/more@2020 2020-01-01.. over base/annual@2016 stricter as base/annual",
    ]


def test_an_override_governs_alone_where_the_base_has_no_version(tmp_path: Path) -> None:
    base = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only", from_="2016")
    upper = rule("more", "override base/annual: require total at least 100 hours per year", source="own", from_="2014")
    policy, problems = load_two(tmp_path, base, upper)
    assert problems == []
    assert governing(policy) == [
        "upper/more@2014 2014-01-01..2015-12-31 as base/annual",
        "upper/more@2014 2016-01-01.. over base/annual@2016 stricter as base/annual",
    ]


def test_an_override_that_meets_no_version_is_remarked(tmp_path: Path) -> None:
    base = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only", from_="2016")
    upper = rule("more", "override base/annual: require total at least 100 hours per year", source="own", until="2015")
    policy, problems = load_two(tmp_path, base, upper)
    assert [(d.code, d.severity) for d in problems] == [("PE316", "warning")]
    assert "upper/more ..2015-12-31 as base/annual" in governing(policy)


def test_two_overrides_of_one_time_are_told_with_that_time_and_nothing_else(tmp_path: Path) -> None:
    base = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only", from_="2016")
    text = "override base/annual: require total at least 100 hours per year"
    upper = rule("one", text, source="own", from_="2018") + rule("two", text, source="own", from_="2020")
    _, problems = load_two(tmp_path, base, upper)
    assert [(d.code, d.message) for d in problems] == [
        ("PE313", "upper/one and this both change base/annual at the same time (from 2020-01-01)")
    ]


def test_a_drop_ends_the_rule_for_its_time(tmp_path: Path) -> None:
    policy, problems = load_two(
        tmp_path, FREE, rule("gone", "drop base/free", source="own", from_="2017", until="2018")
    )
    assert problems == []
    assert governing(policy) == [
        "base/free ..2016-12-31 as base/free",
        "base/free 2019-01-01.. as base/free",
    ]


def test_a_drop_splits_no_year_of_a_requirement(tmp_path: Path) -> None:
    base = rule("annual", "要求 每年 总学时 不少于 90 学时", change="delegated")
    _, problems = load_two(tmp_path / "a", base, rule("gone", "drop base/annual", source="own", from_="2017-07-01"))
    assert [(d.code, d.hint) for d in problems] == [("PE303", "write from: 2017 or from: 2018, as the law means it")]
    _, problems = load_two(tmp_path / "b", FREE, rule("gone", "drop base/free", source="own", from_="2017-07-01"))
    assert problems == [], "a rule on records may end on any day"
    policy, problems = load_two(
        tmp_path / "c",
        base,
        rule("gone", "drop base/annual", source="own", from_="2017"),
        UPPER + "year_starts: 09-01\n",
    )
    assert problems == []
    assert governing(policy) == ["base/annual ..2017-08-31 as base/annual"]


def test_another_condition_leaves_the_base_beside_the_override(tmp_path: Path) -> None:
    """Who is under both conditions, figures do not tell: both requirements hold, each for whom it speaks of."""
    upper = rule("other", "override base/when: require total at least 90 hours per year when title_level is missing",
                 source="own")  # fmt: skip
    base = rule("when", "require total at least 90 hours per year when region is missing", change="raise-only")
    policy, problems = load_two(tmp_path, base, upper)
    assert problems == []
    assert governing(policy) == ["upper/other .. over base/when as base/when", "base/when .. as base/when"]
    assert policy is not None
    assert [g.raises for g in policy.governing] == [True, False]


def test_another_recognition_holds_together_with_the_base(tmp_path: Path) -> None:
    """A record must be recognised by both."""
    upper = rule("other", "替代 base/recognise：认定 培训班、远程教育 须有 施教机构", source="own")
    policy, problems = load_two(tmp_path, RECOGNISE, upper)
    assert problems == []
    assert governing(policy) == ["upper/other .. over base/recognise stricter as base/recognise"]


def test_a_regime_taken_over_frees_what_may_only_be_raised(tmp_path: Path) -> None:
    lower = rule("less", "override base/annual: require total at least 25 hours per year", source="own")
    gone = rule("gone", "drop base/cap", source="own")
    given = rule("regimes", "授权 继续医学教育")
    takes = UPPER + "regimes: [medical]\n"
    base = MINIMUM + CAP + FIXED
    _, problems = load_two(tmp_path / "none", base + given, lower + gone)
    assert [d.code for d in problems] == ["PE203", "PE312"]
    policy, problems = load_two(tmp_path / "taken", base + given, lower + gone, takes)
    assert problems == []
    assert governing(policy) == ["upper/less .. over base/annual as base/annual", "base/fixed .. as base/fixed"]
    _, problems = load_two(tmp_path / "fixed", base + given, rule("x", "drop base/fixed", source="own"), takes)
    assert [d.code for d in problems] == ["PE311"]
    _, problems = load_two(tmp_path / "not given", base, lower, takes)
    assert [d.code for d in problems] == ["PE317", "PE203"]
    later = rule("regimes", "授权 继续医学教育", from_="2020")
    _, problems = load_two(tmp_path / "later", base + later, lower, takes)
    assert [d.code for d in problems] == ["PE203"], "only what is delegated at that time"
    _, problems = load_two(tmp_path / "unknown", base, "", UPPER + "regimes: [medicine]\n")
    assert [d.code for d in problems] == ["PE145"]
    assert problems[0].hint == "did you mean medical?"


def test_a_regime_of_the_middle_frees_from_the_middle_only(tmp_path: Path) -> None:
    """What stands over a base's rule is freed by its own pack; the base's rule below it binds as before."""
    root = tmp_path / "policies"
    upper = UPPER.replace("pack: upper", "pack: firm").replace("extends: base", "extends: city")
    city = rule("annual", "override base/annual: require total at least 100 hours per year", source="own",
                change="raise-only") + rule("given", "授权 继续医学教育", source="own")  # fmt: skip
    for number, (text, codes) in enumerate((
        ("override city/annual: require total at least 95 hours per year", []),
        ("override city/annual: require total at least 85 hours per year", ["PE203"]),
        ("drop city/annual", ["PE312"]),
    )):  # fmt: skip
        place = root / str(number) / "policies"
        write(place, {
            "base/pack.yaml": PACK, "base/rules.yaml": MINIMUM,
            "city/pack.yaml": UPPER.replace("pack: upper", "pack: city").replace("level: sector", "level: city"),
            "city/rules.yaml": city,
            "firm/pack.yaml": upper + "regimes: [medical]\n", "firm/rules.yaml": rule("ours", text, source="own"),
        })  # fmt: skip
        found, problems = load_policies(place / "firm")
        assert [d.code for d in problems if d.severity == "error"] == codes
        if found:
            assert governing(found[0]) == ["firm/ours .. over base/annual stricter as base/annual"]


def three(tmp_path: Path, city: str, employer: str) -> tuple[Policy | None, list[str]]:
    root = tmp_path / "policies"
    firm = UPPER.replace("pack: upper", "pack: firm").replace("extends: base", "extends: city")
    write(root, {
        "base/pack.yaml": PACK, "base/rules.yaml": MINIMUM,
        "cities/city/pack.yaml": UPPER.replace("pack: upper", "pack: city").replace("level: sector", "level: city"),
        "cities/city/rules.yaml": city,
        "employers/firm/pack.yaml": firm, "employers/firm/rules.yaml": employer or "[]\n",
    })  # fmt: skip
    found, problems = load_policies(root / "employers" / "firm")
    return (found[0] if found else None), [d.code for d in problems if d.severity == "error"]


def test_a_third_level_must_name_the_second(tmp_path: Path) -> None:
    city = rule("annual", "override base/annual: require total at least 100 hours per year", source="own",
                change="raise-only")  # fmt: skip
    above = "override {}/annual: require total at least 110 hours per year"
    policy, codes = three(tmp_path / "a", city, rule("ours", above.format("city"), source="own"))
    assert codes == []
    assert governing(policy) == ["firm/ours .. over city/annual,base/annual stricter as base/annual"]
    assert three(tmp_path / "b", city, rule("ours", above.format("base"), source="own"))[1] == ["PE313"]
    lower = rule("ours", "override city/annual: require total at least 95 hours per year", source="own")
    assert three(tmp_path / "c", city, lower)[1] == ["PE203"]
    later = city.replace("  rule:", "  from: 2020\n  rule:")
    policy, codes = three(tmp_path / "d", later, rule("ours", above.format("city"), source="own", from_="2020"))
    assert codes == []
    assert governing(policy)[0] == "base/annual ..2019-12-31 as base/annual"


def test_an_override_is_no_freer_than_what_it_stands_over(tmp_path: Path) -> None:
    text = "override base/annual: require total at least 100 hours per year"
    assert three(tmp_path / "a", rule("annual", text, source="own", change="delegated"), "")[1] == ["PE319"]
    city = rule("annual", text, source="own")
    firm = rule("ours", "override city/annual: require total at least 110 hours per year", source="own")
    assert three(tmp_path / "b", city, firm)[1] == ["PE311"], "fixed unless it says otherwise"


def test_years_of_a_base_are_the_years_of_the_pack_that_judges(tmp_path: Path) -> None:
    """Base from January, pack above from September: requirements follow its years, recognition keeps its days."""
    base = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only", from_="2016", until="2019") + rule(
        "recognise", "认定 培训班", from_="2016"
    )
    policy, problems = load_two(tmp_path, base, "", UPPER + "year_starts: 09-01\n")
    assert problems == []
    assert policy is not None
    assert policy.year_start == (9, 1)
    assert {g.name: (g.start, g.until) for g in policy.governing} == {
        "base/annual": (date(2016, 9, 1), date(2020, 8, 31)),
        "base/recognise": (date(2016, 1, 1), None),
    }


def test_digest_is_of_everything_that_governs(tmp_path: Path) -> None:
    one, _ = load_two(tmp_path / "a", MINIMUM, "")
    same, _ = load_two(tmp_path / "b", MINIMUM, "")
    other, _ = load_two(tmp_path / "c", MINIMUM.replace("90", "91"), "")
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.digest == same.digest != other.digest


def test_extends(tmp_path: Path) -> None:
    def codes(name: str, files: dict[str, str]) -> list[str]:
        from policyengine.packs.policies import load_policies

        write(tmp_path / name / "policies", files)
        return [f"{d.code} {d.hint or ''}" for d in load_policies(tmp_path / name / "policies" / "upper")[1]]

    loop = PACK + "extends: upper\n"
    assert codes("a", {"upper/pack.yaml": UPPER})[0].startswith("PE131")
    assert codes("b", {"upper/pack.yaml": UPPER.replace("extends: base", "extends: bass"), "base/pack.yaml": PACK}) == [
        "PE131 did you mean base?"
    ]
    assert codes("c", {"upper/pack.yaml": UPPER, "base/pack.yaml": loop})[0].startswith("PE132")
    assert codes("d", {"upper/pack.yaml": UPPER, "a/pack.yaml": PACK, "b/pack.yaml": PACK})[0].startswith("PE133")
    assert codes("e", {"upper/pack.yaml": UPPER.replace("extends: base", "extends: upper")})[0].startswith("PE131")
    deep = {"upper/pack.yaml": UPPER, "x/y/base/pack.yaml": PACK}
    assert codes("f", deep) == []


@pytest.mark.parametrize(
    ("one", "other", "least", "said"),
    [
        (tree.PerYears(2, 2016), tree.PerYears(2, 2015), True,
         "a minimum per 2 years starting 2016 does not secure one per 2 years starting 2015: "
         "the hours may all lie in the same year"),
        (tree.Within(12, "joined"), tree.Within(12, "qualified_on"), True,
         "a minimum within 12 months of joined does not secure one within 12 months of qualified_on"),
        (tree.Within(36, "joined"), tree.Within(36, "joined", again=True), True,
         "a minimum within 36 months does not secure one per 36 months"),
        (tree.Within(36, "joined", again=True), tree.Within(36, "born", again=True), True,
         "a minimum per 36 months from joined does not secure one per 36 months from born"),
        (tree.PerField("title"), tree.PerField("project"), False,
         "a limit per title within a year does not bound what counts per project within a year"),
        (tree.PerYears(5, 2020), tree.PerYears(), True,
         "a minimum per 5 years does not secure one per year: the hours may all lie in the same year"),
    ],
)  # fmt: skip
def test_windows_are_told_apart(one: tree.Window, other: tree.Window, least: bool, said: str) -> None:
    """What one does not secure of the other: two of one length by what they begin with, or go by."""
    assert not_implied(one, other, least) == said
