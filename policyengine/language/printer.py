"""The syntax tree in, one canonical line out, in Chinese (``zh``) or English (``en``): parse(print(tree)) == tree.

Each sentence stands here in both languages side by side, in the order of the stages, as in docs/language.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.phrases import Phrases
from policyengine.language.quantities import MONTHS, MULTIPLES, exact_text
from policyengine.language.vocabulary import Vocabulary


def print_statement(statement: tree.Statement, vocabulary: Vocabulary, surface: str) -> str:
    """The statement on one surface, ``zh`` or ``en``."""
    return Printer(vocabulary, surface).statement(statement)


def print_condition(condition: tree.Condition, vocabulary: Vocabulary, surface: str) -> str:
    """The condition on one surface, ``zh`` or ``en``."""
    return Printer(vocabulary, surface).condition(condition)


class Printer(Phrases):
    """Writes statements on one surface."""

    def sentence(self, en: Iterable[str | None], zh: Iterable[str | None]) -> str:
        """The parts that there are, with spaces between; none beside 「 and 」."""
        line = ""
        for part in zh if self.chinese else en:
            if part:
                tight = not line or part.startswith(("「", "：", ":")) or line.endswith(("」", "："))
                line += part if tight else " " + part
        return line

    def statement(self, s: tree.Statement) -> str:
        """Any statement, its condition and reason at the end."""
        if isinstance(s, tree.Override):
            return self.either(f"override {s.rule}: ", f"替代 {s.rule}：") + self.statement(s.statement)
        en, zh = self.parts(s)
        tail_en, tail_zh = self.tail(s)
        return self.sentence([*en, *tail_en], [*zh, *tail_zh])

    def tail(self, s: tree.Statement) -> tuple[list[str], list[str]]:
        """``when CONDITION because "…"``; in 认定, 须有 FIELD where the condition begins so."""
        en, zh = [], []
        if s.when is not None:
            en.append(("where " if isinstance(s, tree.Measure) else "when ") + self.condition(s.when))
            zh.append(self.must_have(s) or "当 " + self.condition(s.when))
        if s.because is not None:
            en.append("because " + self.text(s.because))
            zh.append("理由" + self.text(s.because))
        return en, zh

    def must_have(self, s: tree.Statement) -> str | None:
        if s.when is None or not self.chinese or not isinstance(s, tree.Recognise):
            return None
        first = s.when.items[0] if isinstance(s.when, tree.And) else s.when
        must = isinstance(first, tree.Present) and not first.negated
        return "须" + self.condition(s.when) if must else None  # 须 + 有 FIELD 且 …

    def parts(self, s: tree.Statement) -> tuple[list[str | None], list[str | None]]:
        """The words of a statement in English and in Chinese."""
        match s:
            case tree.Recognise():
                return ["recognise", self.what(s.what)], ["认定", self.what(s.what)]
            case tree.Reject():
                return ["reject", self.what(s.what)], ["不予认定", self.only(s.what)]
            case tree.Convert():
                return self.convert(s)
            case tree.Add():
                figure, basis, what = self.figure(s.figure), self.basis(s.basis), self.what(s.what)
                then = [self.rounding(s.rounding), self.otherwise(s.otherwise)]
                counts = "计" if s.basis else None
                return ["add", figure, basis, "to", what, *then], ["另加", basis, counts, figure, "于", what, *then]
            case tree.Exchange():
                give, take = self.quantity(s.give), self.quantity(s.take)
                return ["exchange", give, "for", take], ["换算", give, "等于", take]
            case tree.Assign():
                return self.assign(s)
            case tree.CountOnce():
                only, per = self.only(s.what), self.listed(map(self.field, s.per))
                highest = {"highest": "取最高", "lowest": "取最低", "earliest": "取最早", "latest": "取最晚"}[s.taking]
                return (
                    ["count once", only, "per", per, "taking the", s.taking],
                    ["不重复计算", only, "同一", per, highest],
                )
            case tree.Cap():
                return self.cap(s)
            case tree.Measure():
                name, unit, what = self.name("measure", s.name), self.unit(s.unit), self.what(s.what)
                return ["measure", name, ":", unit, "of", what], ["计量", name, "：", what, "的", unit]
            case tree.Carry():
                limit = None if s.limit is None else self.either("up to ", "不超过 ") + self.quantity(s.limit)
                return (
                    ["carry excess over", s.rule, limit, "to the next year"],
                    ["结转 超出", s.rule, "部分", limit, "至下一年度"],
                )
            case tree.Require():
                return self.require(s)
            case tree.Excuse():
                rules = self.listed(s.rules)
                return ["excuse", rules or "year"], ["免除", rules or "本年"]
            case tree.Reduce():
                by = self.number(s.by) if isinstance(s.by, Fraction) else self.quantity(s.by)
                en, zh = self.per_month(s.per)
                return ["reduce", s.rule, "by", by, en], ["核减", s.rule, zh, "减", by]
            case tree.Conclude():
                name, text = self.name("conclusion", s.name), self.optional_text(s.text)
                return ["conclude", name, text], ["结论", name, text]
            case tree.Flag():
                name, text = self.name("flag", s.name), self.optional_text(s.text)
                return ["flag", name, text], ["标记", name, text]
            case tree.Drop():
                return ["drop", s.rule], ["不适用", s.rule]
            case tree.Delegate():
                regimes = self.listed(self.name("regime", r) for r in s.regimes)
                return ["delegate", regimes], ["授权", regimes]
        raise TypeError(s)

    # --- statements with many parts -----------------------------------------------------------------------------

    def convert(self, s: tree.Convert) -> tuple[list[str | None], list[str | None]]:
        whole = s.basis is None and isinstance(s.figure, tree.Stated | tree.Lookup)  # needs no basis
        basis = None if whole else self.basis(s.basis) or self.either("per activity", "每次")
        factor = s.factor is not None and exact_text(s.factor)
        then = [
            self.either("times", "乘以") + f" {factor}" if factor else None,
            self.divisor(s.divisor),
            self.rounding(s.rounding),
            self.limit(s.limit),
            self.otherwise(s.otherwise),
        ]
        what, figure = self.what(s.what), self.figure(s.figure)
        zh = ["按"] if whole else [basis, "计"]
        return ["convert", what, "at", figure, basis, *then], ["折算", what, *zh, figure, *then]

    def assign(self, s: tree.Assign) -> tuple[list[str | None], list[str | None]]:
        en, zh = {
            "end": ("by end date", "按 结束日期"),
            "start": ("by start date", "按 开始日期"),
            "split": ("split by days", "按天数分摊"),
            "claim": (f"to {self.field(s.field or '')}", f"至 {self.field(s.field or '')}"),
        }[s.by]
        until = None
        if s.until:
            month, day = s.until
            until = self.either(f"until {MONTHS[month - 1].capitalize()} {day}", f"截至 {month}月{day}日")
        what, rounding = self.only(s.what), self.rounding(s.rounding)
        return ["assign", what, en, rounding, until], ["归期", what, zh, rounding, until]

    def cap(self, s: tree.Cap) -> tuple[list[str | None], list[str | None]]:
        what, window, figure = self.what(s.what), self.window(s.window), self.figure(s.figure)
        together = "合计" if len(s.what.terms) > 1 else None
        first, after = self.terms(s.taking), self.listed(s.after)
        return (
            ["cap", what, "at", figure, window, first and f"taking {first} first", after and f"after {after}"],
            ["限额", what, window, together, "不超过", figure, first and f"优先 {first}", after and f"后于 {after}"],
        )

    def require(self, s: tree.Require) -> tuple[list[str | None], list[str | None]]:
        advisory = isinstance(s, tree.Expect)
        own = getattr(s.figure, "unit", None) if self.chinese and not isinstance(s.figure, tree.Share) else None
        measure = self.measure(s.measure, s.unit or own)
        how = self.either(*(("at least", "不少于") if s.comparison == ">=" else ("at most", "不超过")))
        figure, window = self.figure(s.figure), self.window(s.window)
        return (
            [
                "expect" if advisory else "require",
                measure,
                "of this period" if s.this_period else None,
                how,
                figure,
                window,
            ],
            ["一般要求" if advisory else "要求", window, "本期" if s.this_period else None, measure, how, figure],
        )

    def per_month(self, per: tree.PerMonth | None) -> tuple[str | None, str | None]:
        if per is None:
            return None, None
        if per.before:
            field = self.field(per.before)
            return f"per full month before {field}", f"{field} 前 每满一个月"
        kinds = self.bracketed(self.term(k, "circumstance") for k in per.kinds) if per.kinds else ""
        return (
            "per full month of leave" + (f" in {kinds}" if kinds else ""),
            "休假 " + (f"属于{kinds} " if kinds else "") + "每满一个月",
        )

    # --- parts --------------------------------------------------------------------------------------------------

    def what(self, what: tree.What) -> str:
        return self.terms(what.terms) if what.terms else self.either("records", "全部记录")

    def only(self, what: tree.What) -> str | None:
        """Where every record is meant unless the statement says otherwise; English rejects ``records``."""
        return self.terms(what.terms) if what.terms else None

    def optional_text(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def measure(self, name: str, unit: str | None) -> str:
        """``total``, total credits; 总学时, 总学分; a measure or a term."""
        if name != "total":
            return self.measured(name)
        return self.either(*(("total credits", "总学分") if unit == "credits" else ("total", "总学时")))

    def figure(self, f: tree.Figure) -> str:
        match f:
            case tree.Quantity():
                return self.quantity(f)
            case tree.Between(low=low, high=high, unit=unit):
                return f"{exact_text(low)} {self.either('to', '至')} {exact_text(high)} {self.unit(unit, high)}"
            case tree.Unknown(unit=unit):
                return f"{self.either('unknown', '未知')} {self.unit(unit)}"
            case tree.Stated(unit=unit):
                return self.either("stated ", "标定") + self.unit(unit)
            case tree.Lookup():
                return self.lookup(f)
            case tree.Share(value=value, measure=name, of_requirement=owed, unit=unit):
                of = self.measure(name, unit)
                return self.either(
                    f"{self.number(value)} of {of}{' requirement' if owed else ''}",
                    f"{of}{' 要求' if owed else ''} 的 {self.number(value)}",
                )
        raise TypeError(f)

    def basis(self, basis: tree.Quantity | None) -> str | None:
        """``per 45 minutes``, ``per day``, ``each``, ``per 篇``; 每 45 分钟, 每天, 每项, 每篇, 每千字."""
        if basis is None:
            return None
        if not self.chinese and basis == tree.Quantity(Fraction(1), "items") and not basis.word:
            return "each"
        word = next((w for w, (n, unit) in MULTIPLES.items() if basis == tree.Quantity(Fraction(n), unit)), None)
        if self.chinese and (word or basis.value == 1):
            return "每" + (word or self.unit(basis.unit, basis.value, basis.word))
        if basis.value == 1:
            return f"per {self.unit(basis.unit, basis.value, basis.word)}"
        return f"{self.either('per', '每')} {self.quantity(basis)}"

    def divisor(self, d: tree.Divisor | None) -> str | None:
        if d is None:
            return None
        minus = f" {self.either('minus', '减')} {exact_text(d.minus)}" if d.minus else ""
        return f"{self.either('divided by', '除以')} {self.field(d.field)}{minus}"

    def rounding(self, r: tree.Rounding | None) -> str | None:
        if r is None:
            return None
        step = self.quantity(r.step)
        return {
            "down": self.either(f"rounded down to {step}", f"不足 {step} 舍去"),
            "up": self.either(f"rounded up to {step}", f"不足 {step} 进位"),
            "half_up": self.either(f"rounded half up to {step}", f"按 {step} 四舍五入"),
        }[r.direction]

    def limit(self, q: tree.Quantity | None) -> str | None:
        return (
            None
            if q is None
            else self.either(f"up to {self.quantity(q)} per activity", f"每次 不超过 {self.quantity(q)}")
        )

    def otherwise(self, q: tree.Quantity | None) -> str | None:
        return None if q is None else self.either("otherwise ", "表中无则 ") + self.quantity(q)

    def window(self, w: tree.Window) -> str:
        match w:
            case tree.PerActivity():
                return self.either("per activity", "每次")
            case tree.PerDay():
                return self.either("per day", "每天")
            case tree.PerField(field=field):
                return self.either("per ", "每个 ") + self.field(field)
            case tree.PerYears(count=1, starting=None):
                return self.either("per year", "每年")
            case tree.PerYears(count=count, starting=start):
                years = self.years(count)
                return self.either(f"per {years} starting {start}", f"自 {start} 年起 每 {years}")
            case tree.AnyYears(count=count):
                return self.either("in any ", "任意 ") + self.years(count)
            case tree.Within(months=months, field=field, again=again):
                name, length = self.field(field), f"{months} {'month' if months == 1 else 'months'}"
                if again:
                    return self.either(f"per {length} from {name}", f"自 {name} 起 每 {months} 个月")
                return self.either(f"within {length} of {name}", f"自 {name} 起 {months} 个月内")
        raise TypeError(w)
