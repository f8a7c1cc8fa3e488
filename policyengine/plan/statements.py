"""What each sentence must be made of: figures in hours or credits, windows and fields of the right kind, known rules.

Takes the rules of a policy one by one, gives messages; the types of conditions are in ``kinds.py``, what conclusions
ask in ``conclusions.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

from policyengine.diagnostics import Span
from policyengine.language import tree
from policyengine.language.quantities import COUNTED, UNITS, exact_text
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import say
from policyengine.packs.model import Table
from policyengine.packs.pieces import days, uncovered
from policyengine.packs.shape import did_you_mean
from policyengine.plan.conclusions import Conclusions
from policyengine.plan.kinds import Kinds, Rules, type_word
from policyengine.plan.model import meet
from policyengine.plan.names import RuleNames, owning_field
from policyengine.plan.report import Reporter

YEAR = tree.PerYears()
_OWNERS = {
    "record": ("of a record", "记录"),
    "person": ("of a person", "人员"),
    "derived": ("worked out of a record's days", "由记录日期算出"),
}  # fmt: skip


class Statements:
    """Checks every sentence of one policy."""

    def __init__(
        self, rules: list[Rules], vocabulary: Vocabulary, tables: dict[str, Table], names: RuleNames, reporter: Reporter
    ):
        self.rules, self.vocabulary, self.tables, self.names = rules, vocabulary, tables, names
        self.reporter = reporter
        self.kinds = Kinds(vocabulary, tables, reporter)
        self.conclusions = Conclusions(rules, names.packs[-1], self._known, self.kinds.word, vocabulary, reporter)

    def check(self) -> None:
        """All of them, and those that are kept beside them."""
        for rule in self.rules:
            self._statement(rule, rule.statement)
            for _, kept in rule.kept:
                self._statement(rule, kept)

    def _statement(self, rule: Rules, statement: tree.Statement) -> None:
        self.kinds.conditions(rule, statement)
        what = getattr(statement, "what", None)
        if what is not None and what.terms and owning_field(what.terms, self.vocabulary) is None:
            self._say(
                rule, "PE245",
                say(f"{', '.join(what.terms)} are no terms of one field of the record",
                    f"{'、'.join(what.terms)}不是记录同一字段的词条"),
                what.span,
                say("name terms of one field, or say the rest as a condition", "请只列同一字段的词条，其余写成条件"),
            )  # fmt: skip
        match statement:
            case tree.Convert() | tree.Add():
                self._converting(rule, statement)
            case tree.Exchange():
                self._exchange(rule, statement)
            case tree.Assign():
                self._assign(rule, statement)
            case tree.CountOnce(per=per):
                for name in per:
                    self._field(rule, name, ("record", "derived"), None)
            case tree.Cap():
                self._cap(rule, statement)
            case tree.Carry() | tree.Reduce() | tree.Excuse():
                self._referring(rule, statement)
            case tree.Require():
                self._require(rule, statement)
            case tree.Conclude():
                self.conclusions.check(rule, statement)

    def _say(
        self, rule: Rules, code: str, message: str, span: Span | None, hint: str, others: Iterable[Rules] = ()
    ) -> None:
        self.reporter.on(rule, code, message, span, hint, "error", tuple(others))

    # --- fields and figures ---------------------------------------------------------------------------------------

    def _field(self, rule: Rules, name: str, of: tuple[str, ...], types: tuple[str, ...] | None) -> bool:
        """Whether a field that a sentence names is one of the record (or person), and of a type that it can use."""
        decl = self.vocabulary.fields.get(name)
        if decl is None:
            return False
        right = decl.of in of and decl.id != "circumstance" and (types is None or decl.type in types)
        if not right:
            found = type_word(decl.type)
            wanted = say(" or ", "或").join(type_word(t) for t in types) if types else say("a field", "字段")
            owner = say("a record", "记录") if "record" in of else say("a person", "人员")
            self._say(
                rule, "PE246",
                say(f"{name} can't be used here: it is {found} {_OWNERS[decl.of][0]}",
                    f"此处不能用 {self.kinds.word(name)}：它是{_OWNERS[decl.of][1]}的{found}"),
                None, say(f"{wanted} of {owner} is wanted", f"需要{owner}的{wanted}"),
            )  # fmt: skip
        return right

    def _counted(self, rule: Rules, figure: tree.Figure, span: Span | None = None) -> str | None:
        """The unit of a figure that counts; None, with a message, where it is no figure of hours or credits."""
        match figure:
            case tree.Lookup(table=name):
                column = self.kinds.value_column(name)
                if column is None:
                    return None
                if column.unit not in COUNTED or column.type != "number":
                    self._say(
                        rule, "PE239",
                        say(f"the figures of the table {name} are in no unit that counts",
                            f"表“{self.kinds.table(name)}”的数值没有可计的单位"),
                        span, say(f"give the column {column.id} unit: hours or unit: credits",
                                  f"请为列 {column.id} 写明 unit: hours 或 unit: credits"),
                    )  # fmt: skip
                    return None
                return column.unit
            case tree.Share():
                return None
            case _:
                return self._in_counted(rule, figure.unit, span)

    def _in_counted(self, rule: Rules, unit: str, span: Span | None) -> str | None:
        if unit in COUNTED:
            return unit
        self._say(
            rule, "PE239",
            say(f"a figure in {unit} counts nothing: what is counted are hours or credits",
                f"以{UNITS[unit].zh}计的数不是学时或学分"),
            span, say("state it in hours (学时) or credits (学分)", "请以学时或学分写明"),
        )  # fmt: skip
        return None

    def _same_unit(self, rule: Rules, quantity: tree.Quantity | None, unit: str | None, part: str) -> None:
        if quantity is not None and unit is not None and quantity.unit != unit:
            self._say(
                rule, "PE251",
                say(f"{part} is in {quantity.unit}, the figure in {unit}",
                    f"{part}以{UNITS[quantity.unit].zh}计，而数值以{UNITS[unit].zh}计"),
                None, say(f"state it in {unit}", f"请以{UNITS[unit].zh}写明"),
            )  # fmt: skip

    # --- 2. convert, add, exchange --------------------------------------------------------------------------------

    def _converting(self, rule: Rules, statement: tree.Convert | tree.Add) -> None:
        if isinstance(statement.figure, tree.Share):
            message = say("a record is not worth a share of a total", "记录不能折算为合计的一部分")
            self._say(rule, "PE239", message, None, say("state a figure", "请写明数值"))
            return
        if isinstance(statement.figure, tree.Lookup):
            self.kinds.arguments(rule, statement.figure, None)
        unit = self._counted(rule, statement.figure)
        rounding = statement.rounding
        self._same_unit(rule, rounding.step if rounding else None, unit, say("the rounding", "舍入单位"))
        self._same_unit(rule, statement.otherwise, unit, say("what is given otherwise", "表中无时的数值"))
        if isinstance(statement, tree.Add):
            return
        self._same_unit(rule, statement.limit, unit, say("the limit", "每次的限额"))
        if statement.divisor is None:
            return
        if self._field(rule, statement.divisor.field, ("record", "derived"), ("number",)) and rounding is None:
            self._say(
                rule, "PE238",
                say("a figure that is divided needs a stated rounding: 100 hours by 3 authors never end",
                    "除以字段的，须写明如何舍入：100 学时由 3 人分，除不尽"),
                None, say("add e.g. “rounded down to 0.1 hours” (不足 0.1 学时 舍去)", "请加上如“不足 0.1 学时 舍去”"),
            )  # fmt: skip

    def _exchange(self, rule: Rules, statement: tree.Exchange) -> None:
        units = {statement.give.unit, statement.take.unit}
        if units != set(COUNTED):
            self._say(
                rule, "PE239", say("an exchange is between credits and hours", "换算只在学分与学时之间"), None,
                say("say: exchange 1 credit for 3 hours (换算 1 学分 等于 3 学时)", "请写成：换算 1 学分 等于 3 学时"),
            )  # fmt: skip
        if statement.when is not None:
            self._say(
                rule, "PE249", say("an exchange can't have a condition", "换算不能有条件"), None,
                say("put the condition into the convert rules that use it", "请把条件写进所用的折算规则"),
            )  # fmt: skip

    # --- 3. assign ------------------------------------------------------------------------------------------------

    def _assign(self, rule: Rules, statement: tree.Assign) -> None:
        if statement.field is not None:
            self._field(rule, statement.field, ("record",), ("year",))
        if statement.rounding is not None:
            self._in_counted(rule, statement.rounding.step.unit, None)

    # --- 4. cap ---------------------------------------------------------------------------------------------------

    def _cap(self, rule: Rules, statement: tree.Cap) -> None:
        if isinstance(statement.figure, tree.Share | tree.Stated):
            self._say(
                rule,
                "PE239",
                say("a cap needs a figure", "限额需要数值"),
                None,
                say("state hours or credits", "请写明学时或学分"),
            )
        else:
            self._period_figure(rule, statement.figure)
        self._window(rule, statement.window)
        if statement.taking and owning_field(statement.taking, self.vocabulary) is None:
            self._say(
                rule, "PE245",
                say(f"{', '.join(statement.taking)} are no terms of one field of the record",
                    f"{'、'.join(statement.taking)}不是记录同一字段的词条"),
                None,
                say("name terms of the record: taking professional first", "请写记录的词条：优先 专业科目"),
            )  # fmt: skip
        for name in statement.after:
            self._known(rule, name, (tree.Cap,), say("a cap", "限额"))

    def _window(self, rule: Rules, window: tree.Window) -> None:
        match window:
            case tree.PerField(field=name):
                self._field(rule, name, ("record",), None)
            case tree.Within(field=name, again=again):
                self._field(rule, name, ("person",), ("date",))
                if again:
                    self._again(rule, window)

    def _again(self, rule: Rules, window: tree.Within) -> None:
        """Terms that begin anew are asked of requirements, and no two of them end in one year."""
        name, months = window.field, window.months
        once = say(f"within {months} months of {name}", f"自 {self.kinds.word(name)} 起 {months} 个月内")
        if not isinstance(rule.statement, tree.Require):
            self._say(
                rule, "PE259",
                say("a cap can't have terms that begin anew from a date", "限额不能按自某日起循环的期限计"), None,
                say(f"limit what counts per year, or in the first term alone: {once}",
                    f"请按年限制：每年；或只限制第一个期限：{once}"),
            )  # fmt: skip
        elif months < tree.LEAST_TERM:
            self._say(
                rule, "PE259",
                say(f"of terms of {months} months several may end in one year",
                    f"期限为 {months} 个月的，一年内可能有几个期限届满"), None,
                say(f"a term has {tree.LEAST_TERM} months or more; what is asked of each year: per year; "
                    f"of the first term alone: {once}",
                    f"每个期限至少 {tree.LEAST_TERM} 个月；每年都要求的，请写 每年；只要求第一个期限的：{once}"),
            )  # fmt: skip

    def _period_figure(self, rule: Rules, figure: tree.Figure) -> str | None:
        """A figure of a rule about a period: a table is asked with the year and facts of the person."""
        if isinstance(figure, tree.Lookup):
            self.kinds.arguments(rule, figure, None)
            for decl, span in self.kinds.fields_of(figure):
                if decl.of != "person":
                    self.kinds.blind(rule, decl, span)
        return self._counted(rule, figure)

    # --- 5 to 7 ---------------------------------------------------------------------------------------------------

    def _require(self, rule: Rules, statement: tree.Require) -> None:
        self._window(rule, statement.window)
        if not isinstance(statement.window, tree.PerYears | tree.AnyYears | tree.Within):
            self._say(
                rule, "PE252",
                say("what is required is required per year, per several years, or within months of a date",
                    "要求只能按年、按若干年或自某日起的月数"),
                None, say("to limit a single activity or day, use cap", "限制单次或单日请用 限额"),
            )  # fmt: skip
        self._measure(rule, statement.measure)
        if isinstance(statement.figure, tree.Stated):
            self._say(
                rule,
                "PE239",
                say("a requirement needs a figure", "要求需要数值"),
                None,
                say("state hours or credits", "请写明学时或学分"),
            )
        elif isinstance(statement.figure, tree.Share):
            self._share(rule, statement, statement.figure)
        else:
            self._period_figure(rule, statement.figure)

    def _measure(self, rule: Rules, name: str) -> None:
        """The measure of a requirement: total, a declared one that some rule defines, or a term of the record."""
        if name == "total":
            return
        if self.vocabulary.find("measure", name) is not None:
            self._defined(rule, name)
        elif owning_field((name,), self.vocabulary) is None:
            self._say(
                rule, "PE245", say(f"{name} is no term of a record", f"{self.kinds.word(name)}不是记录的词条"), None,
                say("require total, a measure, or a term of the record", "可要求 总学时、计量项 或 记录的词条"),
            )  # fmt: skip

    def _defined(self, rule: Rules, name: str) -> None:
        """Some rule defines the measure, and in every year of the requirement: undefined it adds up to 0."""
        defining = [r for r in self.rules if isinstance(r.statement, tree.Measure) and r.statement.name == name]
        called = self.kinds.word(name)
        lacking = uncovered(rule.stretch, (one.stretch for one in defining))
        if not defining:
            self._say(
                rule, "PE244",
                say(f"no rule says what the measure {name} adds up", f"没有规则定义计量项“{called}”"),
                None, say(f"add a rule: measure {name}: hours of …", f"请加一条规则：计量 {called}：… 的 学时"),
            )  # fmt: skip
        elif lacking:
            self.reporter.on(
                rule, "PE244",
                say(f"{days(lacking[0])} no rule says what the measure {name} adds up: nobody has any of it",
                    f"{days(lacking[0])}没有规则定义计量项“{called}”：任何人的都是 0"),
                None,
                say("let the rule that defines it begin and end with this one",
                    "请让定义它的规则与本规则同时施行、同时终止"),
                "warning",
            )  # fmt: skip

    def _share(self, rule: Rules, statement: tree.Require, figure: tree.Share) -> None:
        self._measure(rule, figure.measure)
        if figure.value > 1 and (figure.of_requirement or figure.measure == "total"):
            self._more_than_all(rule, figure)
        if not figure.of_requirement:
            return
        owed = [
            r for r in self.rules
            if isinstance(r.statement, tree.Require) and not isinstance(r.statement, tree.Expect)
            and r.statement.measure == figure.measure and r.statement.window == statement.window
            and r.statement.comparison == ">=" and not isinstance(r.statement.figure, tree.Share)
        ]  # fmt: skip
        if not owed:
            called = say("total", "总学时") if figure.measure == "total" else self.kinds.word(figure.measure)
            self._say(
                rule, "PE240",
                say(f"nothing firm is required of {called} over this window to take a share of",
                    f"此期间没有对“{called}”的硬性要求，无从取其份额"),
                None, say("state that requirement, or a share of what was counted: 2/3 of total",
                          "请先写明该要求，或取已计合计的份额：总学时 的 2/3"),
            )  # fmt: skip

    def _more_than_all(self, rule: Rules, figure: tree.Share) -> None:
        """Of what was counted in all nobody reaches more; of what is owed it may be meant, and hardly ever is."""
        value = exact_text(figure.value)
        of, of_zh = (
            ("what is required", "所要求的") if figure.of_requirement else ("all that was counted", "已计的合计")
        )
        self.reporter.on(
            rule, "PE253",
            say(f"{value} times {of} is more than all of it", f"{of_zh}的 {value} 倍，多于其全部"),
            None,
            say("say a share between 0 and 1, e.g. 2/3 or 60%", "请写 0 与 1 之间的份额，如 2/3 或 60%"),
            "warning" if figure.of_requirement else "error",
        )  # fmt: skip

    def _referring(self, rule: Rules, statement: tree.Carry | tree.Reduce | tree.Excuse) -> None:
        names = statement.rules if isinstance(statement, tree.Excuse) else (statement.rule,)
        targets: list[Rules] = []
        for name in names:
            targets += self._known(rule, name, (tree.Require,), say("a requirement", "要求"))
        if isinstance(statement, tree.Carry):
            self._carry(rule, statement, targets)
        elif isinstance(statement, tree.Reduce):
            if isinstance(statement.by, tree.Quantity):
                self._in_counted(rule, statement.by.unit, None)
            elif not 0 < statement.by <= 1:
                self._say(
                    rule, "PE253",
                    say("a requirement is reduced by a part of it, between 0 and 1", "核减的份额应在 0 与 1 之间"),
                    None, say("say e.g. by 1/12 per full month of leave", "请写如：每满一个月 减 1/12"),
                )  # fmt: skip
            if statement.per is not None and statement.per.before is not None:
                self._field(rule, statement.per.before, ("person",), ("date",))

    def _carry(self, rule: Rules, statement: tree.Carry, targets: list[Rules]) -> None:
        if statement.limit is not None:
            self._in_counted(rule, statement.limit.unit, None)
        yearly = [t for t in targets if isinstance(t.statement, tree.Require) and t.statement.window == YEAR]
        for target in targets:
            wanted = target.statement
            if not isinstance(wanted, tree.Require):
                continue
            beside = any(meet(target, one) for one in yearly)  # one of several years may govern beside that of a year
            if not beside or wanted.comparison != ">=":
                self._say(
                    rule, "PE247",
                    say(f"{target.name} is no minimum per year: nothing over it passes to the next year",
                        f"{target.name} 不是年度下限，超出部分无从结转到下一年度"),
                    None, say("carry the excess over a yearly minimum", "请只结转超出年度下限的部分"), [target],
                )  # fmt: skip

    def _known(
        self, rule: Rules, name: str, kinds: tuple[type[tree.Statement], ...], wanted: str, span: Span | None = None
    ) -> list[Rules]:
        """The rules that a reference means."""
        qualified = self.names.find(name, rule.rule.pack)
        if qualified is None:
            from policyengine.packs.refusals import meant_rule

            near = did_you_mean(name, self.names.all())
            self.reporter.on(
                rule, "PE241", say(f"there is no rule {name}", f"没有规则 {name}"), span,
                say(f"did you mean {near}?", f"是不是 {near}？") if near
                else say("name a rule of this pack or of one below it", "请写本包或其上级政策包的规则"),
                instead=meant_rule(rule.rule, name, near, self.names.known),
            )  # fmt: skip
            return []
        found = [r for r in self.rules if r.name == qualified]
        wrong = [r for r in found if not isinstance(r.statement, kinds)]
        if wrong:
            self._say(rule, "PE242", say(f"{name} is no rule of this kind", f"{name} 不是这一类规则"), span,
                      say(f"name {wanted}", f"请写{wanted}规则"), wrong)  # fmt: skip
        return found
