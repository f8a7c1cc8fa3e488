"""A place where the parser can't go on in, a message for the official out: what is wrong, what was expected.

The mistakes here have a message of their own (a Chinese numeral, no unit, an undeclared word); they are reported and
stepped over, so that one look at a rule finds them all. The rest are syntax errors (``syntax.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from policyengine.language.builder import TOTALS, Builder
from policyengine.language.conditions import OPERATORS
from policyengine.language.expected import Expected, alternatives
from policyengine.language.forms import fold, inside_word
from policyengine.language.grammar import KINDS, Accepts
from policyengine.language.hints import (
    BEFORE_A_TEST,
    MAX_WORD,
    QUOTES,
    after_equal,
    did_you_mean,
    nearest,
    not_by,
    of_all_year,
    of_cap,
    of_lately,
    of_requirement,
    of_time,
    sure,
    to_write,
    within_years,
)
from policyengine.language.lexer import UNIT_FORMS, Instead, Reported
from policyengine.language.literals import reading_of
from policyengine.language.names import kind_name
from policyengine.language.nodes import Token
from policyengine.language.numerals import in_words, numeral
from policyengine.language.vocabulary import Word
from policyengine.language.wordings import of_a_sum, of_a_test, share_of_owed, share_of_what, stretch
from policyengine.messages import say

MAX_PROBLEMS = 10  # of one rule: who has made more has misunderstood something else
STOPS = frozenset(" ,、，。;；:：()（）「」『』“”\"'=<>!≤≥≠+*/%")
_NUMERAL = re.compile("[零〇一二两三四五六七八九十百千万亿半]+")
_HALF_A_YEAR = re.compile("半年|half a year(?![a-z])")
_LEAVE_IN_ALL = re.compile("休假[^且或]*(?:累计|合计|共)[^且或]*$")
_NO_NUMBER = re.compile("[0-9]{40}")  # nobody is helped by a sentence with it
_PRESENCE = re.compile("(present|missing)(?![a-z0-9_])")
_BEGUN = re.compile("(?<![0-9])[0-9][0-9.]*(?: *分|个)? *$")
_SEPARATED = re.compile(r"[0-9]+(?:,[0-9]{3})+[0-9]*(?:\.[0-9]+)?")


class Mender:
    """Finds the message for a mistake, and where the sentence goes on behind it."""

    def __init__(self, builder: Builder):
        self.builder, self.sentence = builder, builder.sentence
        self.grammar = self.sentence.grammar
        self.chinese = "\u4e00" <= self.sentence.text.lstrip(f" {QUOTES}")[:1] <= "\u9fff"
        self.surface = "zh" if self.chinese else "en"
        self.words = Expected(self.grammar, self.chinese)
        self.sentence.hints &= _NO_NUMBER.search(self.sentence.folded) is None

    def mend(self, start: int, stack: list[int]) -> Token | int | None:
        """A token or place to go on with, once what stands at ``start`` is reported; None: a plain syntax error."""
        if len(self.sentence.diagnostics) >= MAX_PROBLEMS:
            raise Reported
        expected = set(self.grammar.expected(stack))
        if end := self.number_goes_on(start):
            return end
        if compared := self.compared_twice(start):
            return compared
        self.denied_presence(start)
        if rest := self.rest_of_word(start, stack):
            return rest
        if "NUMBER" in expected and (token := self.numeral(start, stack)):
            return token
        if self.lacks_unit(start, expected):
            return self.unit(start, stack)
        kinds = [k for k in KINDS if k in expected]
        if kinds and (self.sentence.folded[start].isalpha() or self.sentence.folded[start] == "_"):
            return self.word(start, stack, kinds)
        return None

    def compared_twice(self, start: int) -> int | None:
        """The end of a comparison that stands after “is”, as in laws: rank is greater than 3."""
        found = after_equal(self.sentence.folded, start)
        if found is None:
            return None
        ranges = self.words.terminals("between", "介于")
        signs = self.grammar.accepting({*OPERATORS, self.words.terminal("after"), *ranges} - {"EQ", "NE"})
        token = self.sentence.token(self.sentence.skip(found[1]), signs)
        if token is None or token.end <= start:
            return None
        equal, sign = self.sentence.text[slice(*found)], " ".join(token.text.split())
        message = say(f"“{equal}” and “{sign}” are two comparisons", f"“{equal}”和“{sign}”是两个比较")
        hint = say(f"leave out “{equal}”", f"请去掉“{equal}”")
        self.builder.problem("PE200", message, *found, hint, (found[0], self.sentence.skip(found[1]), ""))
        if token.type in ranges or self.sentence.last is None or self.sentence.last.type not in OPERATORS:
            raise Reported
        return token.end

    def denied_presence(self, start: int) -> None:
        """``evidence is not present``: its opposite is said outright."""
        found = _PRESENCE.match(self.sentence.folded, start)
        equal = after_equal(self.sentence.folded, start)
        if found is None or equal is None or "not" not in self.sentence.folded[equal[1] : start]:
            return
        instead = "is missing" if found[1] == "present" else "is present"
        message = say(f"“is not {found[1]}” is said outright", f"“is not {found[1]}”请直接写其反面")
        hint, whole = to_write(instead), (equal[0], found.end())
        self.builder.problem("PE200", message, *whole, hint, (*whole, instead))
        raise Reported

    def lacks_unit(self, start: int, expected: set[str]) -> bool:
        """Whether a number stands before ``start`` that can't do without a unit."""
        goes_on = expected - {"UNIT", "_TO", self.words.terminal("of")}  # 1 to 2 hours, 2/3 of total
        return "UNIT" in expected and not goes_on and self.number_before(start) < start

    def number_before(self, start: int) -> int:
        """Where the number that ends before ``start`` begins; ``start`` where there is none."""
        found = re.search(r"(?<![0-9])[0-9][0-9./%]* *$", self.sentence.folded[:start])
        return found.start() if found else start

    def rest_of_word(self, start: int, stack: list[int]) -> int | None:
        """The end of an unknown word of which the last token is only a known beginning (培训 of 培训斑, 分 of 分种)."""
        last = self.sentence.last
        if last is None or last.end != start or not (last.words or last.type == "UNIT"):
            return None
        if not self.sentence.folded[start].isalpha() or (last.type == "UNIT" and self.keyword_at(start)):
            return None
        if self.ends_in_circumstance() and (self.lasting(start) or self.one_more(start)):  # 病假累计超过 180 天
            return None
        end = self.extent(start, self.grammar.accepting(self.grammar.expected(stack)))
        word = self.sentence.text[last.start : end]
        if last.type == "UNIT":
            self.unknown_unit(word, last.start, end)
        elif declared := self.sentence.vocabulary.forms.forms.get(self.sentence.folded[last.start : end]):
            self.other_kind(word, last.start, end, [last.type], declared)
        else:
            self.undeclared(word, last.start, end, [last.type], self.known([last.type]))
        return end

    def ends_in_circumstance(self) -> bool:
        """Whether the last token is a term of 情形."""
        return self.sentence.last is not None and any(w.of == "circumstance" for w in self.sentence.last.words)

    def lasting(self, start: int) -> Token | None:
        """持续, 累计, lasts, and what laws say for the first: 连续."""
        return self.at(start, "_LASTS", "_IN_ALL") or self.running(start)

    def running(self, start: int) -> Token | None:
        return self.at(start, self.words.terminal("连续"))

    def one_more(self, start: int) -> Token | None:
        """A further circumstance of a list: 、产假, 和产假."""
        sign = self.at(start, "_SEP")
        return self.circumstance(sign.end) if sign else None

    def circumstance(self, start: int) -> Token | None:
        """A term of 情形 that stands there."""
        term = self.at(start, "TERM")
        return term if term and any(word.of == "circumstance" for word in term.words) else None

    def at(self, start: int, *terminals: str) -> Token | None:
        """What stands there, if it is one of these."""
        return self.sentence.token(self.sentence.skip(start), self.grammar.accepting(terminals))

    def keyword_at(self, start: int) -> bool:
        """Whether a Chinese keyword begins there: 每天按 is no unit with a misspelt end."""
        forms = (f for words in self.grammar.forms.values() for f in words if not f.isascii())
        return any(self.sentence.folded.startswith(f, start) for f in forms)

    def half_a_year(self, start: int, end: int, stack: list[int]) -> None:
        """半年: in months where months can stand; nothing is asked of half a year."""
        follow = self.after(stack, "NUMBER")
        hint = say("write 6 months", "请写 6 个月")
        instead: Instead | None = (start, end, "6 个月" if self.sentence.text[start] == "半" else "6 months")
        if _LEAVE_IN_ALL.search(self.sentence.folded[:start]) or self.at(end, "_IN_ALL"):
            number, unit = Token("NUMBER", "6", start, end), Token("UNIT", "months", start, end)
            said = say("leave in all is counted in days", "休假累计以天计")
            self.builder.problem("PE207", said, start, end, reading_of(number, unit))
            raise Reported
        if follow is None or not follow.unit:
            instead = None
            hint = say(
                "a stretch is a year, several years, or months from a date",
                "期间只能是一年、若干年，或自某日起的若干个月",
            )
        said = say("half a year is written in months", "半年请以月数书写")
        self.builder.problem("PE208", said, start, end, hint, instead)
        raise Reported

    def numeral(self, start: int, stack: list[int]) -> Token | None:
        """九十, ninety, 三分之二: the number is meant, in figures."""
        if self.sentence.vocabulary.forms.at(self.sentence.folded, start):
            return None
        if half := _HALF_A_YEAR.match(self.sentence.folded, start):
            self.half_a_year(start, half.end(), stack)
        if whole := in_words(self.sentence.folded, start):
            return self.figures(start, *whole)
        found = _NUMERAL.match(self.sentence.text, start, self.sentence.end)
        if not found:
            return None
        end = found.end()
        while end > start and end < self.sentence.end:
            if UNIT_FORMS.at(self.sentence.folded, end) or self.sentence.folded[end] in STOPS:
                break
            end -= 1  # 两千字: 两 千字
        words = self.sentence.text[start:end]
        if not words:
            return None
        return self.figures(start, end, numeral(words))

    def figures(self, start: int, end: int, value: str | None) -> Token:
        """Report a number in words, and go on with it in figures; None: nobody can say for sure in which."""
        words = clipped(self.sentence.text[start:end])
        begun = self.sentence.folded[start:end].strip()  # 一 may be what is left of 一类学分
        named = any(form.startswith(begun) for form in self.sentence.vocabulary.forms.forms)
        self.builder.problem(
            "PE208",
            say(f"numbers are written in figures, not “{words}”", f"数字请用阿拉伯数字，不写“{words}”"),
            start,
            end,
            to_write(value) if value else say("for example: 90, 0.5, 2/3 or 50%", "例如：90、0.5、2/3、50%"),
            (start, end, value) if value and not named else None,
        )
        return Token("NUMBER", value or "1", start, end)

    def number_goes_on(self, start: int) -> int | None:
        """The end of a number of which only the beginning is in figures as it should be: 2,500, 3分之2, 60 percent."""
        folded = self.sentence.folded
        begun = _BEGUN.search(folded[:start])
        if begun is None:
            return None
        if (whole := in_words(folded, begun.start())) and whole[0] > start:
            self.figures(begun.start(), *whole)
            return whole[0]
        separated = _SEPARATED.match(folded, begun.start())
        if separated is None or separated.end() <= start:
            return None
        figures, words = separated[0].replace(",", ""), self.sentence.text[begun.start() : separated.end()]
        self.builder.problem(
            "PE208",
            say("numbers are written without separators", "数字中不加千分号"),
            start,
            start + 1,
            say(f"write {figures}, not {words}", f"请写 {figures}，不写 {words}"),
            (begun.start(), separated.end(), figures),
        )
        return separated.end()

    def unit(self, start: int, stack: list[int]) -> Token:
        """A number without a unit, or with one that nobody knows."""
        self.share(start)
        end = self.extent(start, self.after(stack, "UNIT"))
        word = self.sentence.text[start:end]
        if end == start or (word in ("of", "的") and self.of_what(start)):
            self.missing_unit(start)
            if self.of_what(start):
                raise Reported  # what follows would be read as that of a quantity
        else:
            self.unknown_unit(word, start, end)
        return Token("UNIT", word, start, end)

    def share(self, start: int) -> None:
        """2/3 总学时, 50% of total: a share says of what the other way round, and a cap is no share."""
        place = self.sentence.skip(start)
        for word in ("的", "of the ", "of "):
            if self.sentence.folded.startswith(word, place):
                place = self.sentence.skip(place + len(word))
        total = self.sentence.token(place, self.grammar.accepting(("_TOTAL",)))
        if total is None:
            return
        begun = self.number_before(start)
        number, of = clipped(self.sentence.text[begun:start].strip()), total.text.strip()
        said = clipped(" ".join(self.sentence.text[begun : total.end].split()))
        if self.sentence.folded.startswith(("限额", "cap ")):
            self.builder.problem(
                "PE200", say(f"a cap is no share: “{said}”", f"限额不是比例：“{said}”"), begun, total.end, of_cap()
            )
        else:
            owed = self.at(total.end, self.words.terminal("要求" if self.chinese else "requirement"))
            instead = f"{of} 的 {number}" if self.chinese else f"{number} of {of}"
            if owed:
                instead = f"{of} 要求 的 {number}" if self.chinese else f"{number} of {of} requirement"
            hint = to_write(instead)
            self.builder.problem("PE200", say(f"“{said}” is no quantity", f"“{said}”不是数额"), begun, total.end, hint)
        raise Reported

    def unknown_unit(self, word: str, start: int, end: int) -> None:
        known = {u: u for u in UNIT_FORMS.forms if u.isascii() != self.chinese}
        message = say(f"there is no unit “{clipped(word)}”", f"没有“{clipped(word)}”这个单位")
        near = nearest(fold(word), known, 0.7)
        instead = (start, end, near) if near and sure(fold(word), self.everything(), near) else None
        self.builder.problem("PE207", message, start, end, did_you_mean(near) if near else self.units(), instead)

    def missing_unit(self, end: int) -> None:
        start = self.number_before(end)
        number = clipped(self.sentence.text[start:end].strip())
        share = self.of_what(end)
        message = say(f"{number} of what? A number needs its unit", f"{number}后缺少单位")
        if share:
            message = say(f"{number} of what?", f"{number}：没有写明占什么")
        self.builder.problem("PE206", message, start, len(self.sentence.text[:end].rstrip()), share or self.units())

    def of_what(self, end: int) -> str | None:
        """How to say of what the share is taken that ends there; None where the number is no share."""
        number = self.sentence.folded[self.number_before(end) : end].strip()
        return share_of_what(self.sentence.folded, clipped(number))

    def units(self) -> str:
        return say("units: hours, credits, minutes, clock_hours, days, characters, items, months, years, yuan",
                   "单位：学时、学分、分钟、小时、天、字、项、个月、年、元")  # fmt: skip

    def word(self, start: int, stack: list[int], kinds: list[str]) -> Token | None:
        """A word that nobody declared, or that is declared as something else."""
        ends = {kind: self.extent(start, self.after(stack, kind)) for kind in kinds}
        kind = next((k for k in kinds if ends[k] > start and self.goes_on(ends[k], self.after(stack, k))), kinds[0])
        end = ends[kind]
        if end == start:
            return None
        text, folded = self.sentence.text[start:end], self.sentence.folded[start:end]
        declared = self.sentence.vocabulary.forms.forms.get(folded, ())
        if not declared and any(folded.replace(" ", "") == f for forms in self.grammar.forms.values() for f in forms):
            return None
        if declared:
            self.other_kind(text, start, end, kinds, declared)
        else:
            self.undeclared(text, start, end, kinds, self.known(kinds, self.grammar.expected(stack)))
        return self.sentence.word(start, end, (), kind)

    def undeclared(self, word: str, start: int, end: int, kinds: list[str], known: dict[str, str]) -> None:
        wanted, word = _kinds(kinds), clipped(word)
        message = say(f"“{word}” is not declared; a {wanted} is expected here", f"“{word}”未声明，此处应为{wanted}")
        if not self.sentence.hints:
            self.builder.problem("PE201", message, start, end)
            return
        years = share_of_owed(self.sentence.folded, start) if "MEASURE" in kinds or "TABLE" in kinds else None
        years = years or self.stretch(start, kinds)
        if years is None and "MEASURE" in kinds:
            years = within_years(self.sentence.folded, start)
        if years is None and "MEASURE" not in kinds and {"TABLE", "TERM"} & set(kinds):
            years = of_a_test(self.sentence.folded, start, self.sentence.vocabulary.forms.forms)
        if years is None and "FIELD" in kinds:
            years = not_by(self.sentence.folded, start) or of_time(self.sentence.folded, start)
            years = years or of_all_year(self.sentence.folded, start) or of_lately(self.sentence.folded, start)
        near = nearest(fold(word), known)
        one = near is not None and sure(fold(word), self.everything(), near)
        alone = self.is_a_test(start, end)
        if near and "FIELD" in kinds and alone:
            near = self.with_its_field(near)
        in_a_test = ("TABLE" in kinds or alone) and not one
        other = years or (of_requirement(self.sentence.folded, fold(word), end, alone) if in_a_test else None)
        hint = other or (did_you_mean(near) if near else self.some(kinds))
        instead = (start, end, near) if near and one and not other else None
        self.builder.problem("PE201", message, start, end, hint, instead)

    def stretch(self, start: int, kinds: Sequence[str]) -> str | None:
        """How the language says a stretch that stands where a measure could, or a field behind 每个."""
        if "TABLE" in kinds or not {"MEASURE", "FIELD"} & set(kinds):
            return None
        return stretch(self.sentence.folded, start, self.sentence.vocabulary.forms.forms)

    def is_a_test(self, start: int, end: int) -> bool:
        """Whether what stands there is a whole test of a condition, without a comparison."""
        begun, end = BEFORE_A_TEST.search(self.sentence.folded[:start].rstrip()), self.sentence.skip(end)
        signs = self.grammar.accepting({*OPERATORS, "_IN", "NOT_IN"})
        return begun is not None and (end >= self.sentence.end or self.sentence.token(end, signs) is None)

    def with_its_field(self, name: str) -> str:
        """考核结果 = 合格, of the term 合格 where a test begins; any other word as it is."""
        vocabulary = self.sentence.vocabulary
        owners = [w.of for w in vocabulary.words if w.kind == "term" and w.of and w.surface(self.surface) == name]
        field = vocabulary.fields.get(owners[0]) if len(owners) == 1 else None
        return f"{(self.chinese and field.zh) or field.id} = {name}" if field else name

    def other_kind(self, word: str, start: int, end: int, kinds: list[str], declared: tuple[Word, ...]) -> None:
        wanted, named = _kinds(kinds), _kinds([w.kind for w in declared], say(" and ", "和"))
        message = say(f"“{word}” is a {named}; a {wanted} is expected here", f"“{word}”是{named}，此处应为{wanted}")
        concludes = "MEASURE" not in kinds and self.in_a_conclusion(start)
        asked = "TABLE" in kinds or concludes
        hint = of_requirement(self.sentence.folded, word, end) if asked else self.stretch(start, kinds)
        if hint is None and concludes and any(named.kind == "measure" for named in declared):
            hint = of_a_sum(self.chinese)
        self.builder.problem("PE202", message, start, end, hint or self.some(kinds))

    def in_a_conclusion(self, start: int) -> bool:
        """Whether what stands there is in the condition of a conclusion."""
        begun = re.search("当|(?<![a-z0-9_-])when ", self.sentence.folded[:start])
        return begun is not None and self.sentence.folded.startswith(("结论", "conclude"))

    def known(self, kinds: Sequence[str], terminals: Iterable[str] = ()) -> dict[str, str]:
        """All forms that could stand there, with the name to propose: words of the vocabulary, then keywords."""
        if not self.sentence.hints:
            return {}
        declared = self.sentence.vocabulary.forms.forms.items()
        named = {f: w.surface(self.surface) for f, words in declared for w in words if w.kind.upper() in kinds}
        return named | self.keywords(terminals)

    def keywords(self, terminals: Iterable[str]) -> dict[str, str]:
        """Their first forms in the rule's language that are words; comparisons are like one another, not in meaning."""
        forms = (self.words.form(t) for t in terminals if t in self.grammar.forms and t not in OPERATORS)
        return {f: f for f in forms if f and len(f) > 1 and f[0].isalpha()}

    def everything(self) -> dict[str, object]:
        """All forms that mean something anywhere in a rule, with what they mean: keywords, units, declared words."""
        keywords = {f: (t, TOTALS.get(f)) for t, forms in self.grammar.forms.items() for f in forms}
        return {**keywords, **UNIT_FORMS.forms, **self.known(KINDS)}

    def some(self, kinds: list[str]) -> str | None:
        """A few declared words of those kinds."""
        words = [w for w in self.sentence.vocabulary.words if w.kind.upper() in kinds]
        words.sort(key=lambda w: w.of not in (None, "form"))
        names = [w.surface(self.surface) for w in words[:6]]
        if not names:
            return say("the pack's vocabulary declares none", "本政策包的词汇表中没有声明")
        more = "…" if len(words) > len(names) else ""
        return say(f"declared are {', '.join(names)}{more}", f"已声明：{'、'.join(names)}{more}")

    # --- where a word ends --------------------------------------------------------------------------------------

    def after(self, stack: list[int], terminal: str) -> Accepts | None:
        """What may follow ``terminal``."""
        states = self.grammar.after(stack, terminal)
        return self.grammar.accepting(self.grammar.expected(states)) if states else None

    def extent(self, start: int, follow: Accepts | None) -> int:
        """The end of the unknown word at ``start``: where what may follow it begins, or at a space or sign."""
        folded, end = self.sentence.folded, start
        while end < self.sentence.end and (end == start or folded[end] not in STOPS):
            if folded[end] in STOPS or (follow and not inside_word(folded, end) and self.sentence.token(end, follow)):
                break
            end += 1
        return end

    def goes_on(self, end: int, follow: Accepts | None) -> bool:
        """Whether the sentence goes on after the word as the grammar lets it."""
        end = self.sentence.skip(end)
        return end >= self.sentence.end or (follow is not None and self.sentence.token(end, follow) is not None)


def _kinds(kinds: list[str], last: str | None = None) -> str:
    """``a field, term or table``."""
    return alternatives(list(dict.fromkeys(kind_name(k.lower()) for k in kinds)), last)


def clipped(word: str) -> str:
    """A word as a message repeats it."""
    return word if len(word) <= MAX_WORD else word[:MAX_WORD] + "…"
