"""Names, numbers, quantities, texts and conditions on one surface: the phrases of which the printer makes sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from types import UnionType

from policyengine.language import tree
from policyengine.language.forms import fold
from policyengine.language.grammar import grammar
from policyengine.language.names import PREFERRED, owner_of
from policyengine.language.quantities import MONTHS, UNITS, exact_text
from policyengine.language.vocabulary import Kind, Vocabulary, Word

COMPARISONS = {
    "=": ("=", "="), "!=": ("!=", "!="), "<": ("<", "<"), "<=": ("at most", "不超过"), ">": (">", ">"),
    ">=": ("at least", "不少于"),
}  # fmt: skip
LASTING = {">=": ("at least", "不少于"), ">": ("more than", "超过")}
SPANS = {"<": ("less than", "不满"), "<=": ("at most", "不超过"), ">": ("more than", "超过"), ">=": ("at least", "满")}
READ_ACROSS = (  # joined by "or"
    ("met", "excused in each"), ("excused", "met in each"), ("excused", "not met for"), ("excused", "met for"),
)  # fmt: skip
LITERALS = ("NUMBER", "YEAR", "DATE", "MONTH_DAY")
_RUNNING = re.compile("(?:连续 [0-9]+ 年|近 [0-9]+ 年 内 有 [0-9]+ 年) 未完成$|近 [0-9]+ 年 内 有 [0-9]+ 年 完成$")


class Phrases:
    """Writes parts of sentences on one surface, ``zh`` or ``en``."""

    def __init__(self, vocabulary: Vocabulary, surface: str):
        self.vocabulary, self.chinese = vocabulary, surface == "zh"

    def either(self, en: str, zh: str) -> str:
        return zh if self.chinese else en

    def listed(self, items: Iterable[str]) -> str:
        """``a, b``; a、b."""
        return self.either(", ", "、").join(items)

    def bracketed(self, items: Iterable[str]) -> str:
        """``(a, b)``; （a、b）."""
        return self.either("(", "（") + self.listed(items) + self.either(")", "）")

    # --- names --------------------------------------------------------------------------------------------------

    def name(self, kind: Kind, word_id: str) -> str:
        """A measure, table, regime, conclusion or flag: its Chinese name where no other of its kind has it."""
        return self.readable(
            self.vocabulary.named(kind, word_id),
            word_id,
            lambda form: {w.id for w in self.meanings(form) if w.kind == kind} == {word_id},
        )

    def readable(self, words: Iterable[Word], word_id: str, safe: Callable[[str], bool]) -> str:
        """The Chinese name, where it is read as this word again; else the id."""
        names = (w.zh for w in words if w.zh) if self.chinese else ()
        return next((name for name in names if safe(name)), word_id)

    def meanings(self, form: str) -> tuple[Word, ...]:
        return self.vocabulary.forms.forms.get(fold(form), ())

    def terms(self, ids: Sequence[str]) -> str:
        """A list of terms of one field of the record."""
        owner = owner_of(self.vocabulary, ids)

        def named(term_id: str) -> str:
            words = self.term_words(term_id, owner)
            return self.readable(words, term_id, lambda form: self.listed_as(form) == {term_id})

        return self.listed(map(named, ids))

    def term_words(self, term_id: str, owner: str | None) -> list[Word]:
        """The words with this id, those of ``owner`` first."""
        return sorted(self.vocabulary.named("term", term_id), key=lambda w: w.of != owner)

    def listed_as(self, form: str) -> set[str]:
        """What a form in a list of terms is read as: of form before subject before other fields of the record."""
        words = [w for w in self.meanings(form) if w.kind == "term"]
        record = [f for f in self.vocabulary.fields.values() if f.of == "record" and f.type == "term"]
        preferred = [{w.id for w in words if w.of == f.owner} for p in PREFERRED for f in record if f.id == p]
        lists = {f.owner for f in record}
        return next((ids for ids in preferred if ids), {w.id for w in words if w.of in lists})

    def term(self, term_id: str, owner: str | None) -> str:
        """A term beside a field with the terms of ``owner``."""

        def safe(form: str) -> bool:
            found = self.meanings(form)
            fitting = {w.id for w in found if w.kind == "term" and w.of == owner}
            return fitting == {term_id} or {(w.kind, w.id) for w in found} == {("term", term_id)}

        return self.readable(self.term_words(term_id, owner), term_id, safe)

    def measured(self, word_id: str) -> str:
        """A measure or a term, whichever it is, by a form that is not also one of the other."""
        measures = self.vocabulary.named("measure", word_id)
        words = measures or self.term_words(word_id, owner_of(self.vocabulary, [word_id]))

        def safe(form: str) -> bool:
            named = {w.id for w in self.meanings(form) if w.kind == "measure"}
            own, other = (named, self.listed_as(form)) if measures else (self.listed_as(form), named)
            return own == {word_id} and not other

        return self.readable(words, word_id, safe)

    def field(self, field_id: str, owner: str | None = None) -> str:
        """A field; beside an enumerated field with the terms of ``owner`` it must not read as one of those."""

        def safe(form: str) -> bool:
            found = self.meanings(form)
            as_term = owner and any(w.kind == "term" and w.of == owner for w in found)
            return not as_term and {w.id for w in found if w.kind == "field"} == {field_id}

        return self.readable(self.vocabulary.named("field", field_id), field_id, safe)

    # --- numbers and texts --------------------------------------------------------------------------------------

    def unit(self, unit_id: str, value: Fraction | None = None, word: str | None = None) -> str:
        """``hours``, ``hour`` after 1; 学时; items by the measure ``word`` that the rule has, which English keeps."""
        if word or self.chinese:
            return word or UNITS[unit_id].zh
        return unit_id.removesuffix("s") if value is not None and 0 < value <= 1 else unit_id

    def number(self, value: Fraction) -> str:
        """A number without a unit; halves, thirds and quarters as the law writes them: 1/2."""
        simple = 0 < value < 1 and value.denominator <= 4
        return f"{value.numerator}/{value.denominator}" if simple else exact_text(value)

    def quantity(self, q: tree.Quantity) -> str:
        return f"{exact_text(q.value)} {self.unit(q.unit, q.value, q.word)}"

    def text(self, text: str) -> str:
        """Between quotation marks; a closing mark in the text is written twice."""
        return "「" + text.replace("」", "」」") + "」" if self.chinese else '"' + text.replace('"', '""') + '"'

    def date(self, day: date) -> str:
        return f"{day.year:04}年{day.month}月{day.day}日" if self.chinese else day.isoformat()

    def years(self, count: int) -> str:
        return f"{count} {self.either('year' if count == 1 else 'years', '年')}"

    # --- conditions ---------------------------------------------------------------------------------------------

    def condition(self, c: tree.Condition, named: bool = False) -> str:
        """A condition. ``named``: a requirement is named before it, so that what it asks of the period is bracketed."""
        match c:
            case tree.Or(items=items):
                return self.alternatives(self.items(items, tree.Or, named))
            case tree.And(items=items):
                return self.either(" and ", " 且 ").join(self.items(items, tree.And | tree.Or, named))
            case tree.Not(item=tree.Outcome(state="met", rule=None)):
                return self.either("not met", "未完成")
            case tree.Not(item=tree.Outcome(state=state, rule=str(rule))):
                return f"{rule} " + self.either(f"not {state}", {"met": "未完成", "excused": "未免除"}[state])
            case tree.Not(item=item):
                # "not met in each of …" is read in two ways; 非 … 完成 或 已免除 too, but not 非 … 完成
                clear = self.chinese and isinstance(item, tree.InEach) and len(item.states) == 1
                weaker = tree.And | tree.Or if clear else tree.And | tree.Or | tree.InEach
                whole = of_the_period(c)  # in brackets with its "not"
                return self.either("not ", "非 ") + self.within(item, weaker, named and not whole)
        return self.test(c)

    def items(self, items: Sequence[tree.Condition], weaker: type | UnionType, named: bool) -> list[str]:
        """The parts of an "and" or "or"."""
        texts = []
        for item in items:
            texts.append(self.within(item, weaker, named))
            named = named or names_a_requirement(item)
        return texts

    def within(self, c: tree.Condition, weaker: type | UnionType, named: bool = False) -> str:
        """A part of a condition, in brackets where it binds no stronger than what it is part of."""
        text = self.condition(c, named)
        bracketed = isinstance(c, weaker) or (named and of_the_period(c))
        return self.either(f"({text})", f"（{text}）") if bracketed else text

    def alternatives(self, items: list[str]) -> str:
        """Joined by "or"; where two would be read as "met or excused in each of …" or the like, one is in brackets."""
        for i in range(len(items) - 1):
            for one, other in (("完成", "已免除"), ("已免除", "完成"), ("已免除", "未完成")):
                if items[i].endswith(f"均 {one}") and items[i + 1].startswith(other):
                    items[i] = f"（{items[i]}）"
            called = items[i].rpartition(" ")[0].rpartition(" ")[2]  # perhaps the requirement that both ask of
            for one, other in READ_ACROSS:
                if items[i].endswith(one) and items[i + 1].startswith((other, f"{called} {other}")):
                    items[i + 1] = f"({items[i + 1]})"
            if _RUNNING.search(items[i]) and items[i + 1].startswith("已免除"):
                items[i] = f"（{items[i]}）"
        return self.either(" or ", " 或 ").join(items)

    def test(self, c: tree.Condition) -> str:
        """One test."""
        match c:
            case tree.Compare(left=left, op=op, right=right):
                a, b = self.sides(left, [right])
                sign = op if self.temporal(left) or self.temporal(right) else self.either(*COMPARISONS[op])
                return f"{a} {sign} {b[0]}"
            case tree.In(left=left, items=items, negated=negated):
                a, b = self.sides(left, items)
                return f"{a} {self.belongs(negated)}{self.either(' ', '')}{self.bracketed(b)}"
            case tree.InTable(left=left, table=table, negated=negated):
                return f"{self.sides(left, [])[0]} {self.belongs(negated)} {self.name('table', table)}"
            case tree.InRange(left=left, low=low, high=high):
                a, b = self.sides(left, [low, high])
                return self.either(f"{a} between {b[0]} and {b[1]}", f"{a} 介于 {b[0]} 和 {b[1]}")
            case tree.Present(field=field, negated=negated):
                verb = self.either("missing" if negated else "present", "缺" if negated else "有")
                return f"{verb} {self.field(field)}" if self.chinese else f"{self.field(field)} is {verb}"
            case tree.Elapsed(start=start, end=end, op=op, count=count, unit=unit):
                days = self.operand(start) + self.either(" to ", " 至 ") + self.operand(end)
                return f"{days} {self.either(*SPANS[op])} {count} {self.unit(unit, Fraction(count))}"
            case tree.Lasts(kinds=kinds, op=op, count=count, unit=unit, in_all=in_all):
                leave = self.either("leave", "休假")
                if kinds:
                    of = self.bracketed(self.term(k, "circumstance") for k in kinds)
                    leave = self.either(f"leave in {of}", f"休假 属于{of}")
                lasts = self.either("lasts", "累计" if in_all else "持续")
                long = f"{self.either(*LASTING[op])} {count} {self.unit(unit, Fraction(count))}"
                return f"{leave} {lasts} {long}{self.either(' in all', '') if in_all else ''}"
            case tree.Repeated(fields=fields):
                return self.either("repeated per ", "重复 同一 ") + self.listed(self.field(f) for f in fields)
            case tree.Outcome(state=state, rule=rule):
                return f"{rule} {self.state(state)}" if rule else self.state(state)
            case tree.InEach(rule=rule):
                return f"{rule} {self.of_years(c)}" if rule else self.of_years(c)
        raise TypeError(c)

    def of_years(self, c: tree.InEach) -> str:
        """How several years, or cycles, came out, without the requirement that is named."""
        span, one = self.years(c.years), "年"
        if c.cycles:
            span, one = self.either(f"{c.years} cycle{'s' * (c.years != 1)}", f"{c.years} 个周期"), "个周期"
        if c.least is not None:
            few, state = ("not met", "未完成") if c.states == ("not_met",) else ("met", "完成")
            return self.either(f"{few} for {c.least} of last {span}", f"近 {span} 内 有 {c.least} {one} {state}")
        if c.states == ("not_met",):
            return self.either(f"not met for {span} running", f"连续 {span} 未完成")
        each = self.either(" or ", " 或 ").join(self.state(s) for s in c.states)
        return self.either(f"{each} in each of last {span}", f"近 {span} 均 {each}")

    def belongs(self, negated: bool) -> str:
        return self.either("not in" if negated else "in", "不属于" if negated else "属于")

    def state(self, state: str) -> str:
        return self.either(state, {"met": "完成", "excused": "已免除"}[state])

    def sides(self, left: tree.Operand, rights: Sequence[tree.Operand]) -> tuple[str, list[str]]:
        """Both sides of a test, each word so that beside the other it is read as itself."""
        owner = self.owner(left)
        other = next((o for o in map(self.owner, rights) if o), None)
        return self.operand(left, other), [self.operand(r, owner or (other if r is not left else None)) for r in rights]

    def temporal(self, o: tree.Operand) -> bool:
        """Days and years: later is not more, so they are compared with ``>=``."""
        if isinstance(o, tree.Field):
            decl = self.vocabulary.fields.get(o.id)
            return decl is not None and decl.type in ("date", "year")
        return isinstance(o, tree.YearOf | tree.ThisYear | tree.DayOfYear) or (
            isinstance(o, tree.Value) and isinstance(o.value, date)
        )

    def owner(self, o: tree.Operand) -> str | None:
        """The list of terms of an enumerated field."""
        decl = self.vocabulary.fields.get(o.id) if isinstance(o, tree.Field) else None
        return decl.owner if decl and decl.type == "term" else None

    def operand(self, o: tree.Operand, owner: str | None = None) -> str:
        """One side of a test, or an argument of a table."""
        match o:
            case tree.Field(id=field):
                form = self.field(field, owner)
                return field if otherwise_read(form) else form
            case tree.Term(id=term):
                form = self.term(term, owner)
                return term if otherwise_read(form) and not self.as_truth(form, owner) else form
            case tree.YearOf(field=field):
                return self.either(f"year of {self.field(field)}", f"{self.field(field)} 所在年度")
            case tree.ThisYear():
                return self.either("this year", "本年度")
            case tree.DayOfYear(month=month, day=day):
                return self.either(f"{MONTHS[month - 1].capitalize()} {day} of this year", f"本年度 {month}月{day}日")
            case tree.Lookup():
                return self.lookup(o)
            case tree.Value(value=bool(value)):
                return self.either("yes" if value else "no", "是" if value else "否")
            case tree.Value(value=str(text)):
                return self.text(text)
            case tree.Value(value=date() as day):
                return self.date(day)
            case tree.Value(value=Fraction() as number, unit=unit, word=word):
                return f"{exact_text(number)} {self.unit(unit, number, word)}" if unit else self.number(number)
        raise TypeError(o)

    def as_truth(self, form: str, owner: str | None) -> bool:
        """Whether it is 是, 否, yes or no beside a field that has a term of that name: it is read as the term."""
        fitting = any(w.kind == "term" and w.of == owner for w in self.meanings(form))
        return fitting and fold(form) in ("是", "否", "yes", "no")

    def lookup(self, figure: tree.Lookup) -> str:
        return self.name("table", figure.table) + self.bracketed(self.operand(a) for a in figure.arguments)


def few_not_met(least: str, years: str, called: str, chinese: bool, turns: str = "years") -> str | None:
    """How it is said that each of so many of several years is met or excused: of no more than the others it is neither.
    ``called``: the requirement, with a space behind it; ``turns``: years or cycles, which in Chinese are years."""
    others = int(years) - int(least) + 1
    if not 2 <= others <= int(years):
        return None
    if others == int(years):
        return f"非 {called}连续 {years} 年 未完成" if chinese else f"not ({called}not met for {years} {turns} running)"
    if chinese:
        return f"非 {called}近 {years} 年 内 有 {others} 年 未完成"
    return f"not ({called}not met for {others} of last {years} {turns})"


def of_the_period(c: tree.Condition) -> bool:
    """Whether a test asks for the period's outcome, or denies it."""
    item = c.item if isinstance(c, tree.Not) else c
    return isinstance(item, tree.Outcome | tree.InEach) and item.rule is None


def names_a_requirement(c: tree.Condition) -> bool:
    """Whether something in a condition asks for the outcome of one requirement."""
    match c:
        case tree.And(items=items) | tree.Or(items=items):
            return any(map(names_a_requirement, items))
        case tree.Not(item=item):
            return names_a_requirement(item)
    return isinstance(c, tree.Outcome | tree.InEach) and c.rule is not None


def otherwise_read(form: str) -> bool:
    """Whether a name in a test is read as a word of the language, a number or a day: then it goes by its id."""
    patterns = grammar().patterns
    return fold(form) in reserved() or any(patterns[p].fullmatch(fold(form)) for p in LITERALS)


def reserved() -> frozenset[str]:
    """The words with which a test can begin besides names."""
    rules = grammar()
    start = rules.starts["condition"]
    return frozenset(form for name in rules.expected([start]) for form in rules.forms.get(name, ()))
