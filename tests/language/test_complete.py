"""What can be written next: every rule is written to its end by proposals alone, and a proposal never leads astray."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings

from policyengine.language import tree
from policyengine.language.complete import Proposal, proposals
from policyengine.language.forms import fold
from policyengine.language.grammar import KINDS
from policyengine.language.partial import Start, read
from policyengine.language.printer import print_condition, print_statement
from tests.strategies import CONDITIONS, STATEMENTS
from tests.words import VOCABULARY

RULES = ("annual-hours", "national/annual-hours")
FREE = {"NUMBER", "YEAR", "DATE", "MONTH_DAY", "TEXT", "RULE", "REQUIREMENT"}  # written by hand: nobody can list them


def offered(text: str, start: Start = "statement", surface: str = "zh") -> list[str]:
    return [p.text for p in proposals(text, VOCABULARY, start, RULES, surface)]


@pytest.mark.parametrize(
    ("text", "among", "never"),
    [  # what is among the proposals, in this order; what is not, though the language has it
        ("", ["认定", "不予认定", "折算"], ["当", "学时"]),
        ("要", ["要求"], ["认定"]),
        ("要求 每年 总", ["总学时"], ["当"]),
        ("要求每年总", [" 总学时"], ["当"]),
        ("要求 每年 总学时 ", ["不少于", "不超过"], ["认定"]),
        ("要求 每年 总学时 不少于 90", [" 至", " 学时"], ["当"]),
        ("要求 每年 总学时 不少于 90 学时 ", ["当", "理由"], ["学时"]),
        ("认定 培", ["培训班"], ["研修班"]),
        ("结论 不得评优 当 未完成 且 单位性质 属于（", ["国家机关", "事业单位"], ["培训班"]),
        ("结论 不得评优 当 未完成 且 单位性质 属于（国家机关、事", ["事业单位"], ["国家机关"]),
        ("免除 本年 当 情形 = ", ["产假", "正当理由"], ["培训班"]),
        ("免除 本年 当 情形=", [" 产假", " 正当理由"], ["==", "=>", "=<"]),  # = is whole, and fmt writes none of these
        ("免除 本年 当 入职日期 <", ["<="], ["<>"]),
        ("免除 本年 当 入职日期 ", ["不少于", "至"], ["满"]),
        ("免除 本年 当 入职日期 至 ", ["本年度", "取得资格日期"], ["不少于"]),
        ("免除 本年 当 入职日期 至 本年度 7月1日 ", ["不少于", "小于"], ["属于", "至"]),
        ("免除 本年 当 入职日期 至 本年度 7月1日 不", ["不满"], ["不属于"]),
        ("excuse year when joined to July 1 of this year at least 2 ", ["days", "months", "years"], ["when"]),
        ("免除 本年 当 休假 持续 ", ["不少于", "超过"], ["不满", "小于", "不超过", "="]),
        ("excuse year when leave lasts ", ["at least", ">"], ["at most", "<", "="]),
        ("免除 本年 当 休假 属于（病假） ", ["累计", "持续"], ["不少于", "in all"]),
        ("免除 本年 当 休假 累计 ", ["不少于", "超过"], ["不满", "小于", "不超过", "=", "持续"]),
        ("excuse year when leave lasts at least 180 days ", ["and", "in all"], ["累计"]),
        ("免除 本年 当 休假 累计 超过 180 ", ["天"], ["个月", "学时", "年", "千字"]),
        ("免除 本年 当 休假 属于（病假、产假） 持续 不少于 6 ", ["天", "个月"], ["年", "学时", "累计"]),
        ("excuse year when leave in (illness) lasts more than 6 ", ["days", "months"], ["hours", "years"]),
        ("excuse year when leave in (illness) lasts more than 6 months ", ["and"], ["in all"]),
        ("要求 自 入职日期 起 每 36 ", ["个月"], ["年", "天"]),
        ("要求 每 3 ", ["年"], ["个月"]),  # terms of months go on from a date
        ("require total at least 90 hours per 36 ", ["months", "years"], ["个月"]),
        ("核减 ", ["annual-hours", "national/annual-hours"], ["认定"]),
        ("替代 ", ["national/annual-hours"], ["annual-hours"]),
        ("替代 national/annual-hours", ["："], [":"]),
        ("认定 没有人声明的词 当 考核结", ["考核结果"], ["认定"]),
        ("req", ["require"], ["recognise"]),
        ("require total at le", ["at least"], ["at most"]),
        ("结论 不得评优 当 ann", ["annual-hours 未完成"], ["annual-hours 完成", "annual-hours"]),
        (
            "结论 不得评优 当 annual-hours ",
            ["annual-hours 未完成", "annual-hours 完成", "annual-hours 未免除", "annual-hours 已免除"],
            ["=", "national/annual-hours 未完成"],
        ),
        ("结论 不得评优 当 annual-hours 未", ["annual-hours 未完成", "annual-hours 未免除"], ["未满"]),
        ("结论 不得评优 当 annual-hours 不", [], []),
        ("conclude not_excellent when x-1 not ", ["x-1 not met", "x-1 not excused"], ["not in", "not less than"]),
        ("conclude not_excellent when x-1 i", [], []),
        ("免除 本年 当 annual-hours ", [], []),  # no outcome is asked there
        ("conclude not_excellent when x-1 not m", ["x-1 not met"], ["x-1 not excused"]),
        (
            "conclude promotion_ready when x-1 m",
            ["x-1 met", "x-1 met for", "x-1 met in each of last", "x-1 met or excused in each of last"],
            [],
        ),
        ("结论 可以晋升 当 x-1 近", [], ["x-1 近"]),
        ("结论 不得评优 当 x-1 连续 2 ", ["个周期", "年"], ["周期"]),
        ("conclude not_excellent when x-1 not met for 2 ", ["cycles", "years"], []),
        ("结论 可以晋升 当 x-1 ", ["x-1 连续", "x-1 近"], []),
        ("conclude not_excellent when met and nat", ["national/annual-hours not met"], []),
        ("免除 本年 当 ann", [], []),
        ("核减 annual-hours 休假 属于（", ["产假", "病假"], ["培训班"]),
        ("认定 培训班 当 付费方 属于（用人单位、", ["本人"], ["培训班"]),
        ("认定 培训班 当 非 (学术", ["学术会议"], []),
        ("convert records at 1 ", ["hour"], ["hours"]),
        ("convert records at ０．５ ", ["hour"], ["hours"]),
        ("convert records at 1／2 ", ["hour"], ["hours"]),
        ("convert records at 1/0 ", ["hours"], ["hour"]),
        ("convert records at 50％ ", ["hours"], ["hour"]),
        ("cap self_study at 50 ", ["to", "hours"], ["when"]),
        ("不是规则", [], []),
        ("要求 每年 总学时 不少于 90 学时 胡说 ", [], []),
        ("要求 " * 6000, [], []),
    ],
)
def test_what_may_follow(text: str, among: list[str], never: list[str]) -> None:
    found = offered(text)
    assert [f for f in found if f in among] == among
    assert not set(never) & {f.strip() for f in found}
    if not among:
        assert found == []


def test_the_likeliest_comes_first() -> None:
    assert offered("")[:3] == ["认定", "不予认定", "折算"]  # in the order of the stages
    assert offered("免除 本年 当 情形 = ")[:2] == ["产假", "病假"]  # the values of the field that is compared


def test_an_empty_rule_is_begun_in_the_language_of_the_pack() -> None:
    assert offered("", surface="en")[0] == "recognise"
    assert offered("", "condition", "en")[0].isascii()
    assert "认定" not in offered("", "condition")


def test_the_language_of_a_rule_is_not_that_of_a_text_in_it() -> None:
    assert "annual-hours 未完成" in offered("「Excel」 = 名称 或 annual-hours ", "condition")
    assert "annual-hours not met" in offered('"公需" = title or annual-hours ', "condition")


def test_a_verb_is_shown_in_a_sentence() -> None:
    (verb,) = proposals("限", VOCABULARY)
    assert (verb.text, verb.example) == ("限额", "限额 自学成果 每年 不超过 50 学时")


def _put_in(text: str, p: Proposal) -> str:
    return text[: p.start] + p.text


def _followed(text: str, start: Start, surface: str) -> None:
    """At each word of a rule in canonical form that word is offered; and each offer leaves a rule that can go on."""
    record = {w for f in VOCABULARY.fields.values() if f.of == "record" for w in VOCABULARY.terms_of(f.id)}
    named = ""  # the text up to a requirement, of which is asked what follows
    for token in read(text, VOCABULARY, start).tokens:
        if token.type == "REQUIREMENT" or (named and token.type == "_NOT"):
            named = named or text[: token.end] + " "
            continue
        if named:
            offers = {fold(_put_in(named, p)) for p in proposals(named, VOCABULARY, start, RULES, surface)}
            told = named.split()[-1].lstrip("（(") not in VOCABULARY.forms.forms  # else it is a word as yet
            told = told and (surface == "en" or not named.lstrip("（").isascii())
            told = told and (start == "condition" or text.startswith(("结论", "conclude")))  # others ask for none
            assert not told or fold(text[: token.end]) in offers
            named = ""
            continue
        before = text[: token.start]
        found = proposals(before, VOCABULARY, start, RULES, surface)
        for p in found:
            after = _put_in(before, p)
            assert read(after, VOCABULARY, start).stopped == len(after), after
        if token.type in KINDS:
            offered_words = {p.word for p in found}
            known = offered_words & set(token.words) or not record & set(token.words)
            # beside a field only its own values: a term of another list is no likely answer
            assert known or any(offered_words >= set(VOCABULARY.terms_of(f)) for f in VOCABULARY.fields), before
        elif token.type not in FREE and len(token.text) > 1:  # by its first letter: a keyword has several forms
            begun = text[: token.start + 1]
            forms = {_put_in(begun, p) for p in proposals(begun, VOCABULARY, start, RULES, surface)}
            assert fold(text[: token.end]) in set(map(fold, forms)), (begun, token.text)


@pytest.mark.parametrize("surface", ["zh", "en"])
@given(statement=STATEMENTS)
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_statements_are_written_by_proposals(statement: tree.Statement, surface: str) -> None:
    _followed(print_statement(statement, VOCABULARY, surface), "statement", surface)


@pytest.mark.parametrize("surface", ["zh", "en"])
@given(condition=CONDITIONS)
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_conditions_are_written_by_proposals(condition: tree.Condition, surface: str) -> None:
    _followed(print_condition(condition, VOCABULARY, surface), "condition", surface)
