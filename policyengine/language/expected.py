"""Terminals that may come next in, what an official calls them out: kinds of words first, then keywords."""

from __future__ import annotations

import re

from policyengine.language.grammar import Grammar
from policyengine.messages import listed, say

_NAMES = {
    "TERM": ("a term", "词条"), "FIELD": ("a field", "字段"), "TABLE": ("a table", "表"),
    "MEASURE": ("a measure", "计量项"), "REGIME": ("a regime", "授权领域"), "CONCLUSION": ("a conclusion", "结论名称"),
    "FLAG": ("a flag", "标记名称"), "NUMBER": ("a number", "数字"), "UNIT": ("a unit", "单位"),
    "TEXT": ("a text in quotation marks", "「文字」"), "RULE": ("a rule's id", "规则标识"),
    "MONTH_DAY": ("a day such as March 31", "日期，如 3月31日"),
}  # fmt: skip


class Expected:
    """Says what could stand somewhere; keywords and examples in the rule's language."""

    def __init__(self, grammar: Grammar, chinese: bool):
        self.grammar, self.chinese = grammar, chinese

    def phrases(self, expected: list[str]) -> list[str]:
        """What could stand there, in the words of an official: kinds of words first, then keywords."""
        left = set(expected) - {"$END"}
        if "GE" in left:
            left.discard("UNIT")  # total credits: too rare to mention
        phrases = []
        for members, share, en, zh in self.groups():
            if len(members & left) >= share * len(members):
                left -= members
                phrases.append(say(en, zh))
        named = [(t, n) for t, n in _NAMES.items() if t in left]
        phrases += [say(*n) for _, n in named]
        keywords = sorted(t for t in left if t in self.grammar.forms)
        tail = {self.terminal(w) for w in ("when", "because", "理由")}
        if phrases or set(keywords) - tail:
            keywords = [t for t in keywords if t not in tail]
        forms = [f for t in keywords if (f := self.form(t))]
        phrases += [f"“{f}”" for f in forms[:8]]
        return phrases

    def groups(self) -> list[tuple[set[str], float, str, str]]:
        """Sets of terminals with one name, and how much of a set must be possible for the name to fit."""
        operand = {"FIELD", "TERM", "TABLE", "NUMBER", "TEXT", "DATE", "YEAR", "MONTH_DAY", "_THIS_YEAR", self.minus()}
        operand |= self.terminals("year of", "yes", "no", "是", "否")
        tests = {"LPAR", "_NOT", "_MET", "_EXCUSED", "_LEAVE", "_MET_IN_EACH", "_EXCUSED_IN_EACH", "_EITHER_IN_EACH"}
        tests |= self.terminals(
            "有", "缺", "近", "连续", "not met for", "met for", "重复", "repeated per", "未完成", "未免除"
        )
        signs = {"EQ", "NE", "LT", "LE", "GT", "GE"}
        comparisons = {*signs, "_IN", "NOT_IN", "_TO"}
        comparisons |= self.terminals("between", "介于", "is present", "is missing", "所在年度", "after")
        lengths = {*signs, "_SHORT_OF"} | self.terminals("between", "介于")
        window = {"_PER", "_PER_ACTIVITY"} | self.terminals("per year", "in any", "任意", "within", "自", "per day")
        window |= self.terminals("每天", "每日", "每年度", "每年")
        every_verb = set(self.grammar.expected([self.grammar.starts["statement"]]))
        statements = every_verb - {self.terminal(w) for w in ("override", "替代", "drop", "不适用", "delegate", "授权")}
        total = self.own("require total at least 90 hours per year", "要求 每年 总学时 不少于 90 学时")
        verb = self.own("recognise, convert, cap, require", "认定、折算、限额、要求")
        test = self.own("evidence is present", "有 学习证明")
        sign = self.own("=, at most, at least, in", "=、不超过、不少于、属于")
        length = self.own("at least 2 years, less than 6 months", "满 2 年、不满 6 个月")
        least, more = self.own("at least", "不少于"), self.own("more than", "超过")
        stretch = self.own("per year, in any 5 years, per activity", "每年、任意 5 年、每次")
        most = 0.7  # of what a condition or window can begin with, some stands only in some statements
        return [
            (every_verb, 1, f"a verb ({verb}, …)", f"动词（{verb}……）"),
            (statements, 1, f"a statement ({total})", f"一条规则（{total}）"),
            (operand | tests, most, f"a condition ({test})", f"条件（{test}）"),
            (operand, most, "a field, a term or a value", "字段、词条或数值"),
            (comparisons, most, f"a comparison ({sign}, …)", f"比较（{sign}……）"),
            (lengths, 1, f"a length of time ({length})", f"时长（{length}）"),
            ({"GE", "GT"}, 1, f"“{least}” or “{more}”", f"“{least}”或“{more}”"),
            (window, most, f"a stretch ({stretch}, …)", f"期间（{stretch}……）"),
        ]

    def own(self, en: str, zh: str) -> str:
        """An example in the rule's language."""
        return zh if self.chinese else en

    def terminals(self, *forms: str) -> set[str]:
        return {self.terminal(f) for f in forms}

    def terminal(self, form: str) -> str:
        """The terminal that has this form."""
        return next((t for t, forms in self.grammar.forms.items() if form in forms), "")

    def minus(self) -> str:
        return next((t for t, forms in self.grammar.forms.items() if forms == ("-",)), "")

    def form(self, terminal: str) -> str | None:
        """A keyword's first form in the rule's language, else a sign, which belongs to both."""
        forms = self.grammar.forms[terminal]
        own = (f for f in forms if f.isascii() != self.chinese)
        return next(own, None) or next((f for f in forms if not re.search("[a-z]", f) and f.isascii()), None)


def alternatives(items: list[str], last: str | None = None) -> str:
    """``a, b or c``; a、b或c."""
    *first, final = items or [""]
    return listed(first) + ((last or say(" or ", "或")) if first else "") + final
