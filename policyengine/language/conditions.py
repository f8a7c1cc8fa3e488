"""Conditions of a sentence, from nodes to the syntax tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from policyengine.language import tree
from policyengine.language.forms import fold
from policyengine.language.literals import Literals, in_months, measure_word, reading_of
from policyengine.language.names import UNKNOWN_ID
from policyengine.language.nodes import Node, Token
from policyengine.language.phrases import READ_ACROSS, few_not_met
from policyengine.language.quantities import UNITS
from policyengine.messages import say

# Without a requirement that is named: what is asked of the period behind one is told of in ``of_which``.
_EXCUSED_IN_EACH = re.compile("(?:^|[^a-z0-9_ ]) *近 *[0-9]+ *(?:年|个年度) *均 *已免除$")
_EXCUSED = re.compile("(?:^|[( ](?:and|or|not)[ (]+|[(] *)excused$")
_RUNNING = re.compile("(?:^|[^a-z0-9_ ]) *(?:连续|近) *[0-9]+ *(?:年|个年度) *均? *未完成$")
_SOME = re.compile(
    "(?:^|[^a-z0-9_ ]) *近 *([0-9]+) *(?:年|个年度)[^a-z()且或]*?([0-9]+) *(?:年|个年度)[ 以上]*(未?完成)$"
)
_OF_ONE = re.compile("(?:^|[( ])([a-z0-9_/-]+) +(met|excused)$")
_OF_ITS_YEARS = re.compile("([a-z0-9_/-]+) +(met in each|excused in each|not met for|met for)")
_MET_FOR = re.compile("met for [^0-9]*([0-9]+) *of (?:the )?last *([0-9]+)")

_OF_YEARS = ("each_met", "each_excused", "each_either", "running", "some", "some_met")
_OF_THE_PERIOD = ("met", "not_met", "excused", "not_excused", *_OF_YEARS)

OPERATORS = {"EQ": "=", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}


class Conditions(Literals):
    """Builds conditions."""

    def condition(self, node: Node) -> tree.Condition:
        """Any condition; nested "and" in "and", and "or" in "or", become one."""
        children = node.children
        match node.data:
            case "and" | "or":
                if node.data == "or":
                    self.read_across(children)
                kind: type[tree.And] | type[tree.Or] = tree.And if node.data == "and" else tree.Or
                items: list[tree.Condition] = []
                for child in children:
                    item = self.condition(child)
                    items += item.items if isinstance(item, kind) else (item,)
                return kind(tuple(items))
            case "not":
                self.denied_in_each(node)
                return tree.Not(self.condition(children[0]))
            case "not_met" | "not_excused":
                return tree.Not(tree.Outcome(node.data[4:], _named(children), self.span(node)))
            case "met" | "excused":
                return tree.Outcome(node.data, _named(children), self.span(node))
            case "having":
                present = tuple(tree.Present(self.names.field(c), False, self.span(c)) for c in children)
                return present[0] if len(present) == 1 else tree.And(present)
        return self.test(node)

    def denied_in_each(self, node: Node) -> None:
        """``not met in each of last 2 years``: a reader may take it for "met in none", which it does not say."""
        each = node.children[0]
        before = fold(self.sentence.text[node.start : each.start])
        said = " ".join(self.sentence.text[each.start : each.end].split())
        if each.data == "some_met" and before.strip() == "not":
            missed = said.replace(" met for ", " not met for ")
            self.wrong(
                "PE204",
                node,
                say(f"“not {said}” can mean not in so many of these years, or not met in so many",
                    f"“not {said}”可指完成的没有这么多年，也可指有这么多年未完成"),
                say(f"write not ({said}) for fewer of them met, {missed} for so many not met",
                    f"完成的不到这么多年，请写 not ({said})；有这么多年未完成，请写 {missed}"),
            )  # fmt: skip
        elif each.data.startswith("each_") and before.strip() == "not":
            count, (turns, zh) = _number(each).text, ("cycles", "各周期") if _of_cycles(each) else ("years", "各年")
            none = say("the language can't say in none", f"{zh}都不如此无法这样写")
            if each.data == "each_met" and count != "1":
                running = f"{_called(each)}not met for {count} {turns} running"
                none = say(f"{running} for each of them not met", f"{zh}都未完成，请写 {running}")
            self.wrong(
                "PE204",
                node,
                say(f"“not {said}” can mean not in all of these {turns} or in none",
                    f"“not {said}”可指并非{zh}都如此，也可指{zh}都不如此"),
                say(f"write not ({said}) for not in all; {none}", f"并非{zh}都如此，请写 not ({said})；{none}"),
            )  # fmt: skip

    def read_across(self, nodes: Sequence[Node]) -> None:
        """``近 2 年 均 已免除 或 完成``: a reader may take it for one of the two in each year; it is not."""
        text, folded = self.sentence.text, self.sentence.folded
        for one, other in pairwise(nodes):
            said = " ".join(text[one.start : other.end].split())
            before, between = folded[one.start : one.end], folded[one.end : other.start]
            after, few = folded[other.start : other.end], None
            joined = between.strip().replace("或者", "或")
            if joined == "或" and _EXCUSED_IN_EACH.search(before) and after.startswith("完成"):
                each, apart = "近 … 年 均 完成 或 已免除", "（近 … 年 均 已免除） 或 完成"
            elif joined == "或" and _EXCUSED_IN_EACH.search(before) and after.startswith("未完成"):
                each, apart = None, "（近 … 年 均 已免除） 或 未完成"
            elif joined == "or" and _EXCUSED.search(before) and after.startswith("met in each"):
                each, apart = "met or excused in each of last …", "excused or (met in each of last …)"
            elif joined == "或" and _RUNNING.search(before) and after.startswith("已免除"):
                each, apart = None, "（连续 … 年 未完成） 或 已免除"
            elif joined == "或" and (few := _SOME.search(before)) and after.startswith("已免除"):
                each = few_not_met(few[2], few[1], "", True) if few[3] == "完成" else None
                apart = f"（近 {few[1]} 年 内 有 {few[2]} 年 {few[3]}） 或 已免除"
            elif joined == "or" and _EXCUSED.search(before) and after.startswith("not met for"):
                some = re.match("not met for [a-z ]*[0-9]+ *of", after)
                each, apart = None, f"excused or (not met for … {'of last … years' if some else 'years running'})"
            elif joined == "or" and _EXCUSED.search(before) and (few := _MET_FOR.match(after)):
                each = few_not_met(few[1], few[2], "", False)
                apart = f"excused or (met for {few[1]} of last {few[2]} years)"
            elif joined == "or" and (readings := _of_one_requirement(before, after)):
                (each, apart), few = readings, _MET_FOR.search(after)
            else:
                continue
            turn, zh = ("cycle", "个周期") if _of_cycles(other) else ("year", "年")
            many = say(f"so many {turn}s", f"这么多{zh}") if few else say(f"each {turn}", f"每{zh}")
            hint = say(f"write {each} for one of the two in {many}, or {apart}",
                       f"{many}为二者之一，请写 {each}；分开的，请写 {apart}")  # fmt: skip
            if each is None:
                hint = say(f"write {apart} for two things apart; the language can't say the other",
                           f"分开的，请写 {apart}；每年为二者之一无法这样写")  # fmt: skip
            self.problem(
                "PE204",
                say(f"“{said}” can mean one of the two in each of these {turn}s, or two things apart",
                    f"“{said}”可指这几{zh}中每{zh}为二者之一，也可指分开的两件事"),
                one.start,
                other.end,
                hint,
            )  # fmt: skip

    def of_which(self, node: Node, named: str | None = None) -> str | None:
        """``public-hours not met and not excused``: of the public hours, or of the period? What asks for the period's
        outcome behind what names a requirement (``named``: the last one) stands in brackets."""
        if node.data not in _OF_THE_PERIOD:
            for child in node.children if node.data in ("and", "or", "not") else ():
                named = self.of_which(child, named)
            return named
        if node.children and isinstance(node.children[0], Token) and node.children[0].type == "REQUIREMENT":
            return str(node.children[0])
        before = self.sentence.folded[: node.start].rstrip()
        denied = before.endswith(("not", "非"))
        opened = before.removesuffix("not").removesuffix("非").rstrip() if denied else before
        closed = self.sentence.folded[node.end :].lstrip().startswith(")")
        bracketed = closed and (opened.endswith("(") or before.endswith("("))
        if named is not None and _of_one_or_all(node):  # refused anyhow, with what may be meant
            self.behind[node.start] = named, bracketed
        elif named is not None and not bracketed:
            start = len(before) - (3 if before.endswith("not") else 1) if denied else node.start
            said = " ".join(self.sentence.text[start : node.end].split())
            hint = say(f"name {named} again for the one, write ({said}) for the other",
                       f"指 {named} 的，请再写一次 {named}；指整个年度的，请写（{said}）")  # fmt: skip
            self.problem(
                "PE204",
                say(f"“{said}” behind “{named}” can be said of {named} or of the whole period",
                    f"“{named}”之后的“{said}”可指 {named}，也可指整个年度"),
                start,
                node.end,
                hint,
            )  # fmt: skip
        return named

    def test(self, node: Node) -> tree.Condition:
        """One test of a condition."""
        children, span = node.children, self.span(node)
        match node.data:
            case "compare" | "later":
                left, right = self.names.operands(self.operand(children[0]), [self.operand(children[-1])])
                sign = ">" if node.data == "later" else OPERATORS[children[1].type]
                return tree.Compare(left, sign, right[0], span)
            case "in":
                negated = isinstance(children[1], Token) and children[1].type == "NOT_IN"
                left, items = self.names.operands(
                    self.operand(children[0]), [self.operand(c) for c in children[1 + negated :]]
                )
                return tree.In(left, items, negated, span)
            case "in_table":
                left, _ = self.names.operands(self.operand(children[0]), [])
                return tree.InTable(left, self.names.one("table", children[-1]), len(children) > 2, span)
            case "in_range":
                left, ends = self.names.operands(self.operand(children[0]), [self.operand(c) for c in children[1:]])
                return tree.InRange(left, self.in_one_unit(ends, children[1:]), ends[1], span)
            case "present" | "missing":
                return tree.Present(self.names.field(children[0]), node.data == "missing", span)
            case "elapsed":
                self.no_minus(node)
                return self.elapsed(node, children[2:])
            case "elapsed_range":
                self.no_minus(node)
                return self.elapsed_range(node)
            case "lasts" | "in_all":
                return self.lasts(node)
            case "repeated":
                return tree.Repeated(self.fields(children), span)
            case "running":
                named = _named(children)
                return tree.InEach(("not_met",), self.running(node, named), named, None, self.cycles(node), span)
            case "some" | "some_met":
                states = ("not_met",) if node.data == "some" else ("met",)
                years, least = self.some(node)
                return tree.InEach(states, years, _named(children), least, self.cycles(node), span)
        each = {"each_met": ("met",), "each_excused": ("excused",), "each_either": ("met", "excused")}
        many, named = self.whole(_number(node)), _named(children)
        return tree.InEach(each[node.data], many, named, None, self.cycles(node), span)

    def cycles(self, node: Node) -> bool:
        """Whether cycles are asked for, not years: then of one requirement, whose they are."""
        if not _of_cycles(node):
            return False
        said = " ".join(self.sentence.text[node.start : node.end].split())
        if "年" in said:
            self.wrong(
                "PE204",
                node,
                say(f"“{said}” speaks of years and of cycles", f"“{said}”既说年，又说周期"),
                say("write years twice, or cycles twice: five-years 近 3 个周期 内 有 2 个周期 未完成",
                    "前后请都写年，或都写周期，如：five-years 近 3 个周期 内 有 2 个周期 未完成"),
            )  # fmt: skip
        elif _named(node.children) is None:
            asked = self.behind.get(node.start, ("five-years", False))[0] + f" {self.in_figures(node)}"
            self.wrong(
                "PE204",
                node,
                say(f"“{said}”: cycles of which requirement?", f"“{said}”：没有写明哪项要求的周期"),
                say(f"write the requirement's id before it: {asked}", f"请在前面写该项要求的规则标识：{asked}"),
            )
        return True

    def in_figures(self, node: Node) -> str:
        """A test as it was written, with its numbers in figures (两, which was reported, as 2)."""
        text, end = "", node.start
        counts = _counted(node) if node.data.startswith("some") else (_number(node),)
        for number in sorted(counts, key=lambda n: n.start):
            text += self.sentence.text[end : number.start] + number.text
            end = number.end
        return " ".join((text + self.sentence.text[end : node.end]).split())

    def running(self, node: Node, rule: str | None) -> int:
        """How many years running: not one, of which ``not met`` would be true of the excused too."""
        number, cycles = _number(node), _of_cycles(node)
        if not _of_one_year(node):
            return self.whole(number, 2)
        said = say(f"{'cycles' if cycles else 'years'} running are two or more",
                   f"连续的{'周期数' if cycles else '年数'}应为 2 或以上")  # fmt: skip
        named, bracketed = (rule, False) if rule else self.behind.get(node.start, (None, False))
        of_period = say("not met and not excused", "未完成 且 非 已免除")
        of_rule = say(f"{named} not met and {named} not excused", f"{named} 未完成 且 {named} 未免除")
        if named and not rule:  # behind a name the period is asked in brackets
            of_period = say("(not met) and (not excused)", "（未完成） 且 （非 已免除）")
        if self.sentence.folded[: node.start].rstrip().endswith(("not", "非")):  # which is said of both
            of_period, of_rule = (say(f"({both})", f"（{both}）") for both in (of_period, of_rule))
        one, this = of_rule if rule else of_period, say("cycle", "本周期") if cycles else say("year", "本年")
        hint = say(f"of this {this} alone: {one}", f"只问{this}的，请写：{one}")
        if named and not rule and not bracketed:
            hint = say(f"of this year alone: {of_rule}; if it is said of the period, {of_period}",
                       f"只问本年的，指 {named} 的，请写：{of_rule}；指整个年度的，请写：{of_period}")  # fmt: skip
        self.wrong("PE208", number, said, hint)
        return 2

    def some(self, node: Node) -> tuple[int, int]:
        """Of how many years, and how many of them at least: not all, which is said otherwise, nor one not met."""
        missed = node.data == "some"
        count, last = _counted(node)
        one, known = missed and fold(count.text) == "1", len(self.sentence.diagnostics)
        years, least = self.whole(last, 2), 2 if one else self.whole(count, 2 if missed else 1)
        if len(self.sentence.diagnostics) > known:
            return 3, 2
        turns, zh, number = ("cycles", "个周期", "周期数") if _of_cycles(node) else ("years", "年", "年数")
        if one:
            said = say(f"of several {turns} two or more are asked for", f"几{zh}中未完成的{number}应为 2 或以上")
            lead = say("for one or more write ", f"有一{zh}或以上未完成的，请写：")
            form = say(
                f"not ({{}}met or excused in each of last {{}} {turns})", f"非 （{{}}近 {{}} {zh} 均 完成 或 已免除）"
            )
            self.wrong("PE208", count, said, self.of_either(node, lead, form, years))
        elif least == years:
            said = say(f"these are all of the {years} {turns}", f"{years} {zh}中的 {years} {zh}即每{zh}")
            each = "各" + zh.removeprefix("个")
            lead = say("for each of them: ", f"{each}都未完成的，请写：" if missed else f"{each}都完成的，请写：")
            form = say(f"{{}}met in each of last {{}} {turns}", f"{{}}近 {{}} {zh} 均 完成")
            if missed:
                form = say(f"{{}}not met for {{}} {turns} running", f"{{}}连续 {{}} {zh} 未完成")
            self.wrong("PE208", count, said, self.of_either(node, lead, form, years))
        elif least > years:
            said = say(f"of {years} {turns} no {least} can be {'not met' if missed else 'met'}",
                       f"{years} {zh}中不可能有 {least} {zh}")  # fmt: skip
            self.wrong("PE208", count, said)
        return years, least

    def of_either(self, node: Node, lead: str, form: str, years: int) -> str:
        """What to write instead of a test: of the requirement that it names, or of the period; of both, where it stands
        behind a requirement and may be said of either. ``form``: with places for the requirement and the years."""
        named, bracketed = self.behind.get(node.start, (None, False))
        if named is None or bracketed:
            return lead + form.format(_called(node), years)
        own, whole = form.format(f"{named} ", years), form.format("", years)
        return lead + say(f"{own}; if it is said of the period, ({whole})", f"{own}；指整个年度的，请写：（{whole}）")

    def no_minus(self, node: Node) -> None:
        """A line between two days may be a minus."""
        one, other = node.children[:2]
        if self.sentence.folded[one.end : other.start].strip() == "-":
            self.wrong(
                "PE204",
                node,
                say("“-” between two days can mean from the one to the other, or the one less the other",
                    "两个日期之间的“-”可指自前一日至后一日，也可指两日相减"),
                say("write to: joined to July 1 of this year", "请写“至”，如：入职日期 至 本年度 7月1日"),
            )  # fmt: skip

    def elapsed(self, node: Node, compared: Sequence[Any], op: str = "<") -> tree.Elapsed:
        """The time between two days; what could be read in two ways is asked for. ``compared``: sign (without one it is
        ``op``), number and unit."""
        one, other = node.children[:2]
        *signs, number, unit = compared
        start, end = (self.names.operand(self.operand(day), None) for day in (one, other))
        _, name = self.unit(unit)
        if name not in ("days", "months", "years", UNKNOWN_ID):
            said = say("the time between two days is in days, months or years", "两个日期之间的时间以天、月或年计")
            hint = say("for example: 2 years, 24 months or 30 days", "例如：2 年、24 个月、30 天")
            self.wrong("PE207", unit, said, hint)
        sign = signs[0] if signs else None  # 不足, which begins a rounding too, is no sign of its own
        op = OPERATORS[sign.type] if sign else op
        if sign and op in ("=", "!=") and self.sentence.skip(sign.end) == number.start:  # else “is at least” was said
            figure = " ".join(self.sentence.text[number.start : unit.end].split())
            self.wrong(
                "PE204",
                sign,
                say(f"“{sign.text} {figure}” can mean to the very day, or that many and not yet one more",
                    f"“{sign.text} {figure}”可指恰好到那一天，也可指已满而未满下一个"),
                say(f"write at least {figure}, less than {figure}, at most {figure} or more than {figure}; two of them "
                    "with “and” for a stretch",
                    f"请写 满 {figure}、不满 {figure}、不超过 {figure} 或 超过 {figure}；一段时间请用“且”连接两个"),
            )  # fmt: skip
        return tree.Elapsed(start, end, op, self.whole(number), name, self.span(node))

    def elapsed_range(self, node: Node) -> tree.And:
        """The time between two days from so long to so long; the unit may stand once, at the end."""
        bounds = node.children[2:]
        if len(bounds) == 4:
            return tree.And((self.elapsed(node, bounds[:2], ">="), self.elapsed(node, bounds[2:], "<=")))
        least, most = self.whole(bounds[0]), self.elapsed(node, bounds[1:], "<=")
        return tree.And((tree.Elapsed(most.start, most.end, ">=", least, most.unit, most.span), most))

    def in_one_unit(self, ends: Sequence[tree.Operand], nodes: Sequence[Any]) -> tree.Operand:
        """The lower end of a range: 30 of 介于 30 和 60 学时 is 30 学时."""
        match ends:
            case (
                tree.Value(value=Fraction(), unit=None, span=span),
                tree.Value(value=Fraction(), unit=str() as unit, word=word),
            ):
                number, written = nodes[0].children[0], nodes[1].children[1]
                times, _ = self.unit(written)
                value = self.plain(number) * times
                if times > 1 and value > self.plain(nodes[1].children[0]) * times:  # 500 to 2 thousand: but of which?
                    one, many = f"{number.text} {UNITS[unit].zh}", f"{number.text} {written.text}"
                    said = say(f"{number.text} of what? A number needs its unit", f"{number.text}后缺少单位")
                    self.wrong("PE206", nodes[0], said, say(f"write {one} or {many}", f"请写 {one} 或 {many}"))
                return tree.Value(-value if nodes[0].data == "negative" else value, unit, span, word)
        return ends[0]

    def lasts(self, node: Node) -> tree.Lasts:
        sign, number, unit = node.children[-3:]
        kinds: list[Any] = next((c.children for c in node.children if isinstance(c, Node)), [])
        name, in_all = self.plain_unit(unit), node.data == "in_all"
        if in_all and name not in ("days", UNKNOWN_ID):
            said = say("leave in all is counted in days", "休假累计以天计")
            self.wrong("PE207", unit, said, reading_of(number, unit))
        elif name not in ("months", "days", UNKNOWN_ID):
            instead = in_months(number, unit)
            hint = say(f"write {instead}", f"请写 {instead}") if instead else None
            mend = (number.start, unit.end, instead) if instead else None
            self.wrong("PE207", unit, say("leave lasts months or days", "休假以个月或天计"), hint, mend)
        op, count = OPERATORS[sign.type], self.whole(number)
        return tree.Lasts(self.names.kinds(kinds), op, count, name, in_all, self.span(node))

    def fields(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        return self.names.each_once(tokens, [self.names.field(t) for t in tokens])

    def operand(self, node: Node | Token) -> tree.Operand | Token:
        """One side of a test; a word stays a token until the other side is known."""
        if isinstance(node, Token):
            return node
        children = node.children
        match node.data:
            case "year_of":
                return tree.YearOf(self.names.field(children[0]))
            case "this_year":
                return tree.ThisYear()
            case "day_of_year":
                return tree.DayOfYear(*self.month_day(children[0]))
            case "lookup":
                return self.lookup(node)
            case "text":
                return tree.Value(self.text(children[0]), None, self.span(node))
            case "date":
                return tree.Value(self.date(children[0]), None, self.span(node))
            case "yes" | "no":
                return self.names.truth(node, self.sentence.text[node.start : node.end])
            case "year":
                return tree.Value(Fraction(fold(children[0].text)[:4]), None, self.span(node))
        value = self.plain(children[0]) if len(children) > 1 else self.number(children[0])
        signed = -value if node.data == "negative" else value
        if len(children) == 1:
            return tree.Value(signed, None, self.span(node))
        times, unit = self.unit(children[1])
        return tree.Value(signed * times, unit, self.span(node), measure_word(children[1], unit))

    def lookup(self, node: Node) -> tree.Lookup:
        table, *arguments = node.children
        found = tuple(self.names.operand(self.operand(a), None) for a in arguments)
        return tree.Lookup(self.names.one("table", table), found)


def _of_one_year(node: Node) -> bool:
    """``连续 1 年 未完成``."""
    return node.data == "running" and fold(_number(node).text) == "1"


def _of_one_or_all(node: Node) -> bool:
    """连续 1 年 未完成, 近 5 年 有 1 年 未完成, 近 5 年 有 5 年 完成: refused for the number of years. And cycles, of
    which it must be said whose they are."""
    if _of_cycles(node):
        return True
    if node.data not in ("some", "some_met"):
        return _of_one_year(node)
    count, years = (fold(n.text) for n in _counted(node))
    return count == years or (count == "1" and node.data == "some")


def _counted(node: Node) -> tuple[Token, Token]:
    """The numbers of 近 5 年 内 有 2 年 未完成: of how many, and of how many years."""
    return next(c for c in node.children if isinstance(c, Node)).children[0], _number(node)


def _number(node: Node) -> Token:
    """How many years, or cycles, a test looks at."""
    return next(c for c in node.children if isinstance(c, Token) and c.type == "NUMBER")


def _of_cycles(node: Node) -> bool:
    return any(isinstance(c, Token) and c.type == "CYCLES" for c in node.children)


def _of_one_requirement(before: str, after: str) -> tuple[str | None, str] | None:
    """What to write for each reading of ``public-hours met or public-hours excused in each of …``; None where the two
    ask of different requirements, or can be read in one way."""
    one, other = _OF_ONE.search(before), _OF_ITS_YEARS.match(after)
    if not one or not other or one[1] != other[1] or (one[2], other[2]) not in READ_ACROSS:
        return None
    if few := _MET_FOR.match(after.removeprefix(f"{one[1]} ")):
        turns = "cycles" if re.search("cycles?$", after) else "years"
        apart = f"{one[1]} excused or ({one[1]} met for {few[1]} of last {few[2]} {turns})"
        return few_not_met(few[1], few[2], f"{one[1]} ", False, turns), apart
    if other[2] == "not met for":
        return None, f"{one[1]} excused or ({one[1]} not met for …)"
    return f"{one[1]} met or excused in each of last …", f"{one[1]} {one[2]} or ({one[1]} {other[2]} of last …)"


def _named(children: Sequence[Node | Token]) -> str | None:
    """The requirement that a test of an outcome names; None where it asks for that of the period."""
    first = children[0] if children else None
    return fold(first.text) if isinstance(first, Token) and first.type == "REQUIREMENT" else None


def _called(node: Node) -> str:
    """The requirement that a test names, as it stands before what is asked of it; nothing where none is named."""
    named = _named(node.children)
    return f"{named} " if named else ""
