"""A place where a sentence can't go on in, a message for the official out: the words that could stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from policyengine.language.conditions import OPERATORS
from policyengine.language.examples import EXAMPLES
from policyengine.language.expected import alternatives
from policyengine.language.forms import fold
from policyengine.language.hints import (
    QUOTES,
    after_equal,
    did_you_mean,
    nearest,
    of_all_year,
    of_cap,
    of_earlier_years,
    of_requirement,
    otherwise_written,
    plainly,
    sure,
    to_write,
)
from policyengine.language.lexer import Instead
from policyengine.language.literals import in_months, reading_of
from policyengine.language.mistakes import STOPS, Mender, clipped
from policyengine.language.nodes import Token
from policyengine.language.wordings import of_a_test, of_an_assignment, of_one_figure, share_of_owed, stretch
from policyengine.messages import say

_ENGLISH = re.compile("[a-z0-9_]+(?:-[a-z0-9_]+)*")
_BEGUN_CONDITION = re.compile("当|(?<![a-z0-9_-])(?:when|where) ")
_OR_MORE = re.compile(" *(?:or|and) +(?:more|over|above|longer)(?![a-z])")
_OR_LESS = re.compile(" *(?:(?:及?其?以下|[以之]内)|(?:or|and) +(?:less|fewer|under|shorter)(?![a-z]))")
_OPEN_LIST = re.compile(r"(?:属于|(?<![a-z])in) *\([^()]*$")
_LEAVE_ALONE = re.compile(r"(?:(?<![a-z0-9_-])leave|休假) *(?:(?:(?:is +)?in|属于) *\([^()]*\))? *$")
_LEAVE = re.compile(
    r"((?:非|(?<![a-z0-9_-])not) *)?"  # denied
    r"((?:(?<![a-z0-9_-])leave|休假) *(?:(?:is +)?in|属于)? *(?:\([^()]*\))? *(lasts|持续|累计|合计|共)) *$"
)


class Explainer(Mender):
    """Finds the message for a syntax error."""

    def explain(self, start: int, stack: list[int]) -> None:
        """Report a syntax error: what could stand at ``start``."""
        start = min(self.sentence.skip(start), self.sentence.end)
        expected = self.grammar.expected(stack)
        ended = start >= self.sentence.end
        if self.lacks_unit(start, set(expected)):
            self.missing_unit(start)
            return
        if self.unclosed(start, expected, ended):
            return
        wanted = alternatives(self.words.phrases(expected))
        if not wanted and self.day_of_what_year():
            return
        end = start if ended else self.found(start)
        found = clipped(self.sentence.text[start:end])
        if ended:
            wanted = wanted or say("something", "内容")
            message = say(f"the rule ends too early: {wanted} is missing", f"规则不完整：后面还缺{wanted}")
        elif not wanted:
            message = say(f"the rule should end before “{found}”", f"规则应在“{found}”之前结束")
        elif "$END" in expected:
            message = say(
                f"the rule should end before “{found}” or go on with {wanted}",
                f"规则应在“{found}”之前结束，或者接{wanted}",
            )
        else:
            message = say(f"{wanted} is expected here, not “{found}”", f"此处应为{wanted}，而不是“{found}”")
        hint, instead = self.hint(start, end, expected, found) if self.sentence.hints else (None, None)
        self.builder.problem("PE200", message, start, end, hint, instead)

    def day_of_what_year(self) -> bool:
        """7月1日 alone: in Chinese 本年度 stands before it."""
        day = self.sentence.last
        if day is None or day.type != "MONTH_DAY" or not self.chinese:
            return False
        message = say(f"{day.text} of which year?", f"{day.text}：没有写明哪一年")
        hint = say(f"write 本年度 {day.text}, or a day with its year: 2020年{day.text}",
                   f"请写 本年度 {day.text}，或写明年份：2020年{day.text}")  # fmt: skip
        self.builder.problem("PE200", message, day.start, day.end, hint)
        return True

    def unclosed(self, start: int, expected: list[str], ended: bool) -> bool:
        """Quotation marks or brackets that don't close."""
        if not ended and self.sentence.text[start] in QUOTES:
            mark = self.sentence.text[start]
            if mark in "‘'":
                hint = say('texts stand between 「 and 」 or " and "', "文字请放在「」之间")
                message = say(f"{mark} is no quotation mark here", f"此处不能用 {mark}")
            elif "TEXT" in expected:
                hint = say("a closing mark inside the text is written twice", "文字中的右引号请写两次")
                if self.cut_by_comment(start):
                    hint = say(
                        "to YAML “ #” begins a comment: put the whole rule in quotes ('…')",
                        "“ #”之后的文字被 YAML 当作注释：请给整条规则加引号（'…'）",
                    )
                message = say(f"the text after {mark} has no end", f"{mark} 没有对应的右引号")
            else:
                return False
            self.builder.problem("PE214", message, start, start + 1, hint)
            return True
        if ended and "RPAR" in expected:
            opened = self.opening(start)
            message = say("this bracket is not closed", "此括号没有对应的右括号")
            self.builder.problem("PE214", message, opened, opened + 1)
            return True
        if not ended and self.sentence.folded[start] == ")" and self.opening(start) < 0:
            message = say("this bracket was never opened", "此括号没有对应的左括号")
            self.builder.problem("PE214", message, start, start + 1)
            return True
        return False

    def cut_by_comment(self, start: int) -> bool:
        """Whether YAML took the end of the text that begins there for a comment: the file's line has more than it."""
        line = self.builder.place.line(self.builder.place.span(start, start + 1)) or ""
        return " #" in line[line.find(self.sentence.text[start]) :] and "#" not in self.sentence.text

    def opening(self, before: int) -> int:
        """The place of the last bracket before there that is not closed; -1 where all are."""
        depth = 0
        for place in range(before - 1, -1, -1):
            depth += (self.sentence.folded[place] == ")") - (self.sentence.folded[place] == "(")
            if depth < 0:
                return place
        return -1

    def found(self, start: int) -> int:
        """The end of what stands at ``start``, for the caret: a keyword, a word, a number or a sign."""
        whole = self.sentence.token(start, self.grammar.accepting({*self.grammar.names} - {"RULE"}))
        if whole is not None:
            return whole.end
        if word := _ENGLISH.match(self.sentence.folded, start):
            return word.end()
        end = start + 1
        while (
            end < self.sentence.end and self.sentence.folded[start].isalpha() and self.sentence.folded[end] not in STOPS
        ):
            end += 1
        return end

    def hint(self, start: int, end: int, expected: list[str], found: str) -> tuple[str | None, Instead | None]:
        """How the language says it, a near miss of a keyword, or an example of the sentence; and what would mend it."""
        word = fold(found)
        months = self.months(expected)
        if asked := self.of_requirement(start, expected):
            return asked, None
        if lasting := self.of_leave(start, expected):
            return lasting
        if self.of_several_terms(start, expected):
            return say("a term stands beside its field: circumstance = maternity, circumstance in (maternity, illness)",
                       "词条要与字段比较：情形 = 产假；几个词条：情形 属于（产假、病假）"), None  # fmt: skip
        if found and (law := self.as_laws_write(start, "$END" in expected)):
            return law, None
        if found and (other := otherwise_written(self.sentence.folded, start, months)):
            return other, plainly(self.sentence.folded, start, months)
        if self.sentence.folded.startswith("限额") and self.sentence.token(start, self.grammar.accepting(("_TOTAL",))):
            return did_you_mean("全部记录") if "_RECORDS" in expected else of_cap(), None
        whole = any(word in forms for forms in self.grammar.forms.values())
        spaced, known = self.comparison(word, expected), self.keywords(expected)
        near = spaced or nearest(word, known)
        if found and not whole and near:
            return did_you_mean(near), (start, end, near) if spaced or sure(word, self.everything(), near) else None
        if found and "LE" in expected and self.sentence.token(start, self.grammar.accepting(("LT", "GT"))):
            return say("“at least” is a minimum, “at most” a maximum", "“不少于”是下限，“不超过”是上限"), None
        verb = self.sentence.token(self.sentence.skip(0), self.grammar.accepts(self.grammar.starts["statement"]))
        example = EXAMPLES.get(fold(str(verb)).strip()) if verb is not None else None
        return say(f"for example: {example}", f"例如：{example}") if example else None, None

    def months(self, expected: list[str]) -> str:
        """The word for months that is expected, and nothing else; nothing where none is."""
        words = {self.words.terminal("个月内"): "个月内", "_MONTHS_OF": "months of", "_MONTHS_EACH": "个月"}
        return next((word for terminal, word in words.items() if terminal in expected), "")

    def as_laws_write(self, start: int, ended: bool) -> str | None:
        """How the language says a share, a stretch, a second figure or a test that stands there as laws write it."""
        folded, declared = self.sentence.folded, self.sentence.vocabulary.forms.forms
        figure = share_of_owed(folded, start) or stretch(folded, start, declared)
        other = figure or of_one_figure(folded, start, ended) or of_an_assignment(folded, start)
        if other is None and _BEGUN_CONDITION.search(folded[:start]):
            return of_a_test(folded, start, declared)
        return other

    def of_requirement(self, start: int, expected: list[str]) -> str | None:
        """How the outcome of a requirement is asked, where it was asked otherwise: of earlier years, by a term."""
        last = self.sentence.last
        named = last is not None and last.words and "EQ" in expected
        by_term = of_requirement(self.sentence.folded, fold(last.text), last.end) if last and named else None
        return of_earlier_years(self.sentence.folded, start) or by_term

    def of_leave(self, start: int, expected: list[str]) -> tuple[str, Instead | None] | None:
        """How long leave lasts, where it is asked otherwise: 病假 累计 …, 休假 超过 …, 持续 不满 …, 累计 … 以上."""
        last, own = self.sentence.last, self.words.own
        if last is None:
            return None
        if last.type == "_THIS_YEAR" and (whole := of_all_year(self.sentence.folded, last.start)):
            return whole, None
        if self.running(last.start) and (begun := self.circumstance(start)):  # 连续病假超过 180 天
            form = f"休假 属于（{'、'.join(self.kinds(begun, begun.end)[0])}） 持续"
            return to_write(form), None
        kinds, end = self.kinds(last, start)
        asked = self.lasting(end)
        if asked and _OPEN_LIST.search(self.sentence.folded[: last.start]):  # 休假 属于（产假、病假 持续
            return say("close the bracket of the list before it", "请先写完前面列举的括号：）"), None
        if asked and self.ends_in_circumstance():
            verb = own("lasts", "累计" if asked.type == "_IN_ALL" else "持续")
            form = own(f"leave in ({', '.join(kinds)}) {verb}", f"休假 属于（{'、'.join(kinds)}） {verb}")
            mend = (last.start, asked.end, form) if "EQ" in expected else None  # not of 情形 = 病假 累计 …
            return to_write(form), mend
        if self.ends_in_circumstance():
            leave = own(f"leave in ({', '.join(kinds)}) ", f"休假 属于（{'、'.join(kinds)}） ")
            if long := self.of_bare_length(leave, end):
                return long, None
        if "_LASTS" in expected:
            if said := self.running(start):
                return say("write 持续", "请写 持续"), (said.start, said.end, "持续")
            return self.of_unsaid_lasting(start)
        if {"GE", "GT"} <= set(expected) and "LT" not in expected:
            if asked:
                return self.of_one_or_all(), None
            lasting = self.of_lasting(start)
            return (lasting, None) if lasting else None
        return None

    def kinds(self, last: Token, end: int) -> tuple[list[str], int]:
        """The circumstances that are listed from the last token on, 病假、产假, and where the list ends."""
        found = [last.text]
        while term := self.one_more(end):
            found.append(term.text)
            end = self.sentence.skip(term.end)
        return found, end

    def of_one_or_all(self) -> str:
        """How one stretch of leave is asked about, and how several are."""
        return say("one stretch: lasts more than 180 days; all of them added up: lasts more than 180 days in all",
                   "一次休假写 持续 超过 180 天；几次相加写 累计 超过 180 天")  # fmt: skip

    def of_unsaid_lasting(self, start: int) -> tuple[str, Instead | None] | None:
        """What to write for ``leave more than 6 months``: of days it may be one stretch or several."""
        sign = self.at(start, "GE", "GT")
        if sign is None:
            leave = _LEAVE_ALONE.search(self.sentence.folded[:start])
            said = " ".join(self.sentence.text[leave.start() : start].split()) if leave else ""
            long = self.of_bare_length(f"{said} ", start) if leave else None
            return (long, None) if long else None
        number = self.at(sign.end, "NUMBER")
        unit = self.at(number.end, "UNIT") if number else None
        if unit is not None and not self.at(unit.end, "_IN_ALL") and self.builder.unit(unit)[1] == "days":
            return self.of_one_or_all(), None
        form = self.words.own("lasts ", "持续 ") + " ".join(sign.text.split())
        return to_write(form), (start, sign.end, form)

    def of_bare_length(self, leave: str, start: int) -> str | None:
        """What to write for 病假 6 个月以上, illness 6 months or more, 休假 6 个月以下.

        Of days it may be one stretch or several."""
        number, own = self.at(start, "NUMBER"), self.words.own
        unit = self.at(number.end, "UNIT") if number else None
        if number is None or unit is None:
            return None
        figure = in_months(number, unit) or " ".join(self.sentence.text[number.start : unit.end].split())
        least, none_so_long = own("at least", "不少于"), ""
        if _OR_LESS.match(self.sentence.folded, unit.end):
            leave, least = own("not ", "非 ") + leave, own("more than", "超过")
            none_so_long = say("of whoever had no such leave, or none at all: ", "没有这样长的休假的（含没有休假的）：")
        form = f"{leave}{own('lasts', '持续')} {least} {figure}"
        if self.builder.unit(unit)[1] != "days":
            return none_so_long + (form if none_so_long else to_write(form))
        in_all = f"{leave}累计 {least} {figure}" if self.chinese else f"{leave}lasts {least} {figure} in all"
        return none_so_long + say(
            f"one stretch: {form}; all of them added up: {in_all}", f"一次休假，请写 {form}；几次相加，请写 {in_all}"
        )

    def of_lasting(self, start: int) -> str | None:
        """What to write for ``lasts less than 6 months``, and for ``lasts 6 months``."""
        sign, own = self.at(start, "LT", "LE", "_SHORT_OF"), self.words.own
        number = self.at(sign.end if sign else start, "NUMBER")
        unit = self.at(number.end, "UNIT") if number else None
        leave = _LEAVE.search(self.sentence.folded[:start])
        if number is None or unit is None or leave is None:
            return None
        more_or = _OR_MORE.match(self.sentence.folded, unit.end)
        less = _OR_LESS.match(self.sentence.folded, unit.end) if sign is None else None
        beyond = more_or or less
        in_all = self.at(beyond.end() if beyond else unit.end, "_IN_ALL")
        if (in_all or leave[3] not in ("lasts", "持续")) and (reading := reading_of(number, unit)):
            return reading
        figure = in_months(number, unit) or " ".join(self.sentence.text[number.start : unit.end].split())
        figure += " in all" if in_all else ""
        least, more = own("at least", "不少于"), own("more than", "超过")
        if sign is None and not less:
            return say(f"write {least} {figure}, which takes in {figure} to the day; {more} {figure} does not",
                       f"请写 {least} {figure}；恰好 {figure} 不算在内的，写 {more} {figure}")  # fmt: skip
        if leave[1]:
            return None
        said = " ".join(self.sentence.text[leave.start(2) : start].split())
        form = f"{own('not', '非')} {said} {more if sign is None or sign.type == 'LE' else least} {figure}"
        return say(f"of whoever had no such leave, or none at all: {form}",
                   f"没有这样长的休假的（含没有休假的），请写 {form}")  # fmt: skip

    def of_several_terms(self, start: int, expected: list[str]) -> bool:
        """Whether a term stands in a condition without its field, or goes on as a list after “=”."""
        last, folded = self.sentence.last, self.sentence.folded
        if last is None or last.type != "TERM" or "MEASURE" in expected:
            return False
        term = self.grammar.accepting(("TERM",))
        goes_on = folded[start : start + 1] in (",", "、") and after_equal(folded, last.start) is not None
        return "EQ" in expected or (goes_on and self.sentence.token(self.sentence.skip(start + 1), term) is not None)

    def comparison(self, word: str, terminals: Iterable[str]) -> str | None:
        """The comparison that a word is but for its spaces: ``atleast``."""
        forms = (f for t in terminals if t in OPERATORS for f in self.grammar.forms[t])
        return next((f for f in forms if f.replace(" ", "") == word), None)
