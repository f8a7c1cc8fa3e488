"""The types of conditions: what may be compared with what, and which facts a rule can see.

Takes the conditions of a rule, gives messages. A term is compared with terms of its own field, a quantity with one of
its dimension, an order asks for numbers, years or days; record rules see the record and its person, period rules the
person, the circumstances and (in ``conclude``) the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from policyengine.diagnostics import Span
from policyengine.language import tree
from policyengine.language.printer import print_condition
from policyengine.language.quantities import BY_WORD, NO_QUANTITY, UNITS, exact_text
from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word
from policyengine.messages import listed, many, say, spoken
from policyengine.packs.model import Column, Table
from policyengine.plan.model import PlanRule
from policyengine.plan.names import walk
from policyengine.plan.report import Reporter

Rules = PlanRule[tree.Statement]
ORDERED = ("number", "year", "date")
IMPLIED = {"days": "days", "full_months": "months"}  # units of derived facts
LASTING = {">=": ">=", ">": ">", "<": ">=", "<=": ">"}  # what is asked of leave, or denied, for each comparison
PERIOD_STATEMENTS = (tree.Carry, tree.Require, tree.Excuse, tree.Reduce, tree.Conclude)


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of an operand. ``what``: how messages call it; ``lists``: of a term, the fields that may have it."""

    type: str
    what: str
    unit: str | None = None
    lists: frozenset[str] = frozenset()
    literal: bool = False


class Kinds:
    """Checks the conditions and operands of one policy's rules."""

    def __init__(self, vocabulary: Vocabulary, tables: dict[str, Table], reporter: Reporter):
        self.vocabulary, self.tables, self.reporter = vocabulary, tables, reporter

    # --- operands -------------------------------------------------------------------------------------------------

    def kind(self, node: tree.Operand) -> Kind | None:
        """The type of an operand; None where a name in it is not declared (which has been said)."""
        match node:
            case tree.Field(id=name):
                return self._of_field(name)
            case tree.YearOf(field=name):
                return Kind("year", say(f"the year of {name}", f"{self.word(name)} 所在年度"))
            case tree.ThisYear():
                return Kind("year", say("this year", "本年度"))
            case tree.DayOfYear():
                return Kind("date", say("a day of this year", "本年度的日期"))
            case tree.Term(id=name):
                lists = frozenset(w.of for w in self.vocabulary.named("term", name) if w.of)
                return Kind("term", self.word(name), lists=lists, literal=True)
            case tree.Value(value=value, unit=unit):
                return _of_value(value, unit)
            case tree.Lookup(table=name):
                column = self.value_column(name)
                named = say(f"the table {name}", f"表 {name}")
                return None if column is None else Kind(column.type, named, column.unit)
        raise TypeError(node)

    def _of_field(self, name: str) -> Kind | None:
        decl = self.vocabulary.fields.get(name)
        if decl is None:
            return None
        lists = frozenset((decl.owner,)) if decl.type == "term" else frozenset()
        type_ = "text" if decl.type == "unit" else decl.type
        return Kind(type_, self.word(name), decl.unit or IMPLIED.get(name), lists)

    def value_column(self, table: str) -> Column | None:
        """The column that a table's figures stand in; None where there is none, or no such table."""
        found = self.tables.get(table)
        return next((found.columns[c] for c in found.columns_with("value")), None) if found else None

    def word(self, name: str) -> str:
        """What messages call a field or term."""
        word = next((w for w in self.vocabulary.words if w.id == name and w.zh), None)
        return say(name, (word.zh if word else None) or name)

    def table(self, name: str) -> str:
        """What messages call a table."""
        word = self.vocabulary.find("table", name)
        return say(name, (word.zh if word else None) or name)

    def column(self, column: Column) -> str:
        """What messages call a key column: as the field that it is about."""
        decl = self.vocabulary.fields.get(column.field or "")
        return say(column.field or column.id, (decl.zh if decl else None) or column.field or column.id)

    # --- conditions -----------------------------------------------------------------------------------------------

    def conditions(self, rule: Rules, statement: tree.Statement) -> None:
        """Everything about the ``when`` of a sentence."""
        self.comparisons(rule, statement.when)
        self._sight(rule, statement)

    def comparisons(self, rule: Rules, condition: tree.Condition | None) -> None:
        """Whether what a condition compares can be compared."""
        for node in walk(condition):
            match node:
                case tree.Compare(left=left, op=op, right=right, span=span):
                    self._comparison(rule, left, op, right, span)
                case tree.In(left=left, items=items, span=span):
                    for item in items:
                        self._comparison(rule, left, "=", item, span)
                case tree.InRange(left=left, low=low, high=high, span=span):
                    self._comparison(rule, left, ">=", low, span)
                    self._comparison(rule, left, "<=", high, span)
                case tree.Elapsed(start=start, end=end, span=span):
                    self._day(rule, start, span)
                    self._day(rule, end, span)
                case tree.InTable(left=left, table=table, span=span):
                    self._in_table(rule, left, table, span)
                case tree.Lookup():
                    self.arguments(rule, node, _span(node))

    def _comparison(self, rule: Rules, left: tree.Operand, op: str, right: tree.Operand, span: Span | None) -> None:
        one, other = self.kind(left), self.kind(right)
        if one is None or other is None:
            return
        if one.literal and not other.literal:
            one, other = other, one
        span = span or _span(left) or _span(right)
        if (named := _no_unit(left, right)) is not None:
            self._named_otherwise(rule, named, span)
        elif not _alike(one, other):
            asked = self._lasting(left, op, right) or self._since(left, op, right) or self._how_much(rule, left, right)
            self._unlike(rule, one, other, span, asked)
        elif op not in ("=", "!=") and one.type not in ORDERED:
            self.reporter.on(
                rule, "PE231",
                say(f"{one.what} ({_TYPES[one.type]()}) has no order; only numbers, years and dates are more or less",
                    f"{one.what}（{_TYPES[one.type]()}）没有大小；只有数、年度和日期可比大小"),
                span, say("compare it with = or in (…)", "请用 = 或 属于（…）"),
            )  # fmt: skip
        else:
            self._units(rule, one, other, left, right, span)

    def _lasting(self, left: tree.Operand, op: str, right: tree.Operand) -> str | None:
        """How the language asks for ``病假 超过 6 个月``; None where something else is compared."""
        if not isinstance(left, tree.Term) or not isinstance(right, tree.Value) or op not in LASTING:
            return None
        kinds, number = self.vocabulary.named("term", left.id), right.value
        if right.unit not in ("days", "months", "years") or not any(w.of == "circumstance" for w in kinds):
            return None
        if not isinstance(number, Fraction) or number.denominator != 1 or number < 1:
            return None
        times, unit = (12, "months") if right.unit == "years" else (1, right.unit)
        long = tree.Lasts((left.id,), LASTING[op], int(number) * times, unit)
        if LASTING[op] == op:
            lasts = print_condition(long, self.vocabulary, spoken())
            told = say(f"how long leave lasts is asked with: {lasts}", f"问休假多长，请写：{lasts}")
            if unit != "days":
                return told
            several = print_condition(replace(long, in_all=True), self.vocabulary, spoken())
            return told + say(f"; several added up: {several}", f"；几次相加，请写：{several}")
        some = tree.And((tree.Compare(tree.Field("circumstance"), "=", left), tree.Not(long)))  # not whoever had none
        short, none = (print_condition(c, self.vocabulary, spoken()) for c in (some, tree.Not(long)))
        return say(f"of whoever had such leave, but none that long: ({short}); or none at all: {none}",
                   f"休过、但没有这样长的，请写：（{short}）；含没有休过的，请写：{none}")  # fmt: skip

    def _since(self, left: tree.Operand, op: str, right: tree.Operand) -> str | None:
        """How the language asks for ``出生日期 满 55 周岁``, of which only one of the two days is said."""
        day = self.vocabulary.fields.get(left.id) if isinstance(left, tree.Field) else None
        if day is None or day.type != "date" or not isinstance(right, tree.Value) or op == "!=":
            return None
        if right.unit not in ("days", "months", "years") or not isinstance(right.value, Fraction):
            return None
        if right.value.denominator != 1 or right.value < 1 or day.id in ("date", "start", "end"):
            return None
        until = tree.Field("date") if day.of == "record" else tree.DayOfYear(12, 31)
        told = tree.Elapsed(left, until, ">=" if op == "=" else op, int(right.value), right.unit)
        written = print_condition(told, self.vocabulary, spoken())
        return say(f"a time is from one day to another, for example: {written}",
                   f"时间须写明自哪一日至哪一日，如：{written}")  # fmt: skip

    def _how_much(self, rule: Rules, left: tree.Operand, right: tree.Operand) -> str | None:
        """How the language asks for ``结论 … 当 专业科目 < 60 学时``."""
        counted = isinstance(right, tree.Value) and right.unit in ("hours", "credits")
        if not counted or not isinstance(left, tree.Term) or not isinstance(rule.statement, tree.Conclude):
            return None
        from policyengine.language.wordings import of_a_sum  # only where something is wrong

        return of_a_sum(spoken() == "zh")

    def _unlike(self, rule: Rules, one: Kind, other: Kind, span: Span | None, lasting: str | None) -> None:
        names = listed(sorted(say(w.id, w.zh or w.id) for w in self._terms(one))[:12])
        if one.type == other.type == "term":
            hint = say(f"{one.what} is one of: {names}", f"{one.what}的词条：{names}")
            message = say(f"{other.what} is no value of {one.what}", f"{other.what}不是{one.what}的词条")
        else:
            message = say(
                f"{one.what} is {_TYPES[one.type]()}, {other.what} is {_TYPES[other.type]()}: they can't be compared",
                f"{one.what}是{_TYPES[one.type]()}，{other.what}是{_TYPES[other.type]()}，不能比较",
            )
            hint = say("compare it with a value of its own type", "请与同类型的值比较")
            if one.type == "date" and other.type in ("year", "number") and not one.literal:
                hint = say(f"of a year, compare “year of {one.what}”; a day is written 2016-07-01",
                           f"与年度比较，请写“{one.what} 所在年度”；日期请写 2016年7月1日")  # fmt: skip
            if names and other.type == "text":
                hint = say(f"a term stands without quotation marks: {names}", f"词条不加引号：{names}")
            elif ids := listed(sorted(w.id for w in self._terms(one))[:12]):
                hint = say(
                    f"compare it with a term of its own, by its id: {ids}", f"请与其词条比较，词条可写标识：{ids}"
                )
        self.reporter.on(rule, "PE230", message, span, lasting or hint)

    def _day(self, rule: Rules, node: tree.Operand, span: Span | None) -> None:
        """One end of a stretch of time."""
        kind = self.kind(node)
        if kind is not None and kind.type != "date":
            self.reporter.on(
                rule, "PE230",
                say(f"{kind.what} is {_TYPES[kind.type]()}: time is from one day to another",
                    f"{kind.what}是{_TYPES[kind.type]()}：时间须自某日至某日"),
                _span(node) or span,
                say("write a field of dates, a day of the year (July 1 of this year) or a day (2016-07-01)",
                    "请写日期字段、本年度的某日（本年度 7月1日）或具体日期（2016年7月1日）"),
            )  # fmt: skip

    def _terms(self, kind: Kind) -> list[Word]:
        return [w for w in self.vocabulary.words if w.kind == "term" and w.of in kind.lists]

    def _named_otherwise(self, rule: Rules, named: str, span: Span | None) -> None:
        """The unit of a record is compared with a text that no record has there."""
        units = [u for u in UNITS if u not in NO_QUANTITY]
        known = BY_WORD.get(named)
        said = say(f"a record's unit is never “{named}”", f"单位不会是“{named}”")
        hint = say(f"units are named {', '.join(units)} here", f"此处的单位写作 {', '.join(units)}")
        if known is not None and known.id in units:
            said = say(f"a record's unit is written “{known.id}” here", f"此处的单位写作“{known.id}”")
            hint = say(f'write "{known.id}"', f"请写「{known.id}」")
        self.reporter.on(rule, "PE230", said, span, hint)

    def _units(
        self, rule: Rules, one: Kind, other: Kind, left: tree.Operand, right: tree.Operand, span: Span | None
    ) -> None:
        quantity = any(isinstance(n, tree.Field) and n.id == "quantity" for n in (left, right))
        if quantity:
            if not other.literal:
                figure = one if isinstance(right, tree.Field) and right.id == "quantity" else other
                self.reporter.on(
                    rule, "PE248",
                    say(f"a record's quantity is compared with {figure.what}: the unit of the record may be another",
                        f"数量与{figure.what}比较，而记录的单位未必与其相同"),
                    span, say("compare it with a figure in a unit: quantity at most 3 days",
                              "请与带单位的数值比较：数量 不超过 3 天"),
                )  # fmt: skip
            elif other.unit is None:
                self.reporter.on(
                    rule, "PE248",
                    say("a record's quantity is compared with a number that has no unit", "数量与没有单位的数比较"),
                    span, say("add the unit: quantity at most 3 days", "请加上单位：数量 不超过 3 天"),
                )  # fmt: skip
            elif other.unit in NO_QUANTITY:
                what = say(other.unit, UNITS[other.unit].zh)
                self._wrong_unit(rule, say(f"no record of an activity is in {what}",
                                           f"学习记录不以“{what}”计量"), span)  # fmt: skip
            return
        if one.unit is None and other.unit is not None:
            self._wrong_unit(rule, say(f"{one.what} has no unit, {other.what} has one",
                                       f"{one.what}没有单位，而{other.what}有单位"), span)  # fmt: skip
        elif one.unit and other.unit:
            message = say(f"{one.what} is in {one.unit}, {other.what} in {other.unit}",
                          f"{one.what}以{UNITS[one.unit].zh}计，{other.what}以{UNITS[other.unit].zh}计")  # fmt: skip
            if UNITS[one.unit].dimension != UNITS[other.unit].dimension:
                self._wrong_unit(rule, message, span)
            elif one.unit != other.unit and not other.literal:  # figures in a sentence are turned into the other unit
                hint = say("declare both in one unit, or compare one of them with a figure in the sentence",
                           "两者请声明同一单位，或与句中写明的数值比较")  # fmt: skip
                self.reporter.on(rule, "PE232", message, span, hint)

    def _wrong_unit(self, rule: Rules, message: str, span: Span | None) -> None:
        hint = say("only quantities of one dimension can be compared", "只有同一量纲的量可比较")
        self.reporter.on(rule, "PE232", message, span, hint)

    # --- tables ---------------------------------------------------------------------------------------------------

    def _in_table(self, rule: Rules, left: tree.Operand, name: str, span: Span | None) -> None:
        table = self.tables.get(name)
        if table is None:
            return
        keys = table.columns_with("key")
        if not keys:
            message = say(
                f"the table {name} has no key column to look for a value in",
                f"表“{self.table(name)}”没有可供查找的键列",
            )
            self.reporter.on(rule, "PE237", message, span, say("give a column the role key", "请指定一列为 role: key"))
        elif table.columns[keys[0]].match != "range":
            self._key(rule, left, table, keys[0], span)

    def arguments(self, rule: Rules, node: tree.Lookup, span: Span | None) -> None:
        """The number and the types of a table figure's arguments."""
        table = self.tables.get(node.table)
        if table is None:
            return
        keys, arguments = table.columns_with("key"), list(node.arguments)
        if table.columns_with("year"):
            arguments = [a for a in arguments if not isinstance(a, tree.ThisYear)]
        if not arguments and table.columns_with("year"):
            self._by_year(rule, table, span)
            return
        if not table.columns_with("value"):
            message = say(
                f"the table {node.table} has no value column to take a figure from",
                f"表“{self.table(node.table)}”没有数值列",
            )
            self.reporter.on(
                rule, "PE237", message, span, say("give a column the role value", "请指定一列为 role: value")
            )
        if len(arguments) != len(keys):
            names = listed(self.column(table.columns[k]) for k in keys) or say("none", "无")
            self.reporter.on(
                rule, "PE237",
                say(f"the table {node.table} has {many(len(keys), 'key column')}, and "
                    f"{many(len(arguments), 'argument is', 'arguments are')} given",
                    f"表“{self.table(node.table)}”有 {len(keys)} 个键列，此处给出 {len(arguments)} 个"),
                span, say(f"its keys, in order: {names}", f"其键列依次为：{names}"),
            )  # fmt: skip
            return
        for argument, key in zip(arguments, keys, strict=True):
            self._key(rule, argument, table, key, span)

    def _by_year(self, rule: Rules, table: Table, span: Span | None) -> None:
        """A figure that is asked by the year alone: the table has one for each year."""
        year, values = table.columns_with("year")[0], table.columns_with("value")
        figures: dict[object, set[object]] = {}
        for row in table.rows:
            figures.setdefault(row[year], set()).update(row[v] for v in values[:1])
        several = sorted(str(y) for y, found in figures.items() if len(found) > 1)
        if several:
            self.reporter.on(
                rule, "PE237",
                say(f"the table {table.id} has several figures for {', '.join(several)}: which one is not said",
                    f"表“{self.table(table.id)}”在 {'、'.join(several)} 年有多个数值，只按年度无从选择"),
                span, say("give its key columns as arguments; or, where one figure is meant for the year, write it "
                          "in each row of that year",
                          "请给出其键列；所指为全年的一个数值的，请在该年的各行都写这一数值"),
            )  # fmt: skip

    def _key(self, rule: Rules, argument: tree.Operand, table: Table, column: int, span: Span | None) -> None:
        given, key = self.kind(argument), table.columns[column]
        if given is None:
            return
        wanted = "number" if key.match == "range" and key.type not in ORDERED else key.type
        named = self.vocabulary.fields.get(key.field or key.id)
        lists = frozenset((named.owner,)) if named is not None and named.type == "term" else frozenset()
        same = given.type == wanted or {given.type, wanted} <= {"number", "year"}
        if not same or (given.type == "term" and lists and not lists & given.lists):
            self.reporter.on(
                rule, "PE237",
                say(f"the column {key.id} of the table {table.id} holds {_TYPES[wanted]()}, {given.what} is "
                    f"{_TYPES[given.type]()}" + (" of another list" if same else ""),
                    f"表“{self.table(table.id)}”的列“{self.column(key)}”为{_TYPES[wanted]()}，"
                    f"{given.what}为{_TYPES[given.type]()}" + ("，词表不同" if same else "")),
                _span(argument) or span,
                say("ask with the field that the column is about", "请用该列所对应的字段查找"),
            )  # fmt: skip

    # --- what a rule can see --------------------------------------------------------------------------------------

    def _sight(self, rule: Rules, statement: tree.Statement) -> None:
        of_period = isinstance(statement, PERIOD_STATEMENTS)
        for decl, span in self.fields_of(statement.when):
            if of_period and decl.of in ("record", "derived"):
                self.blind(rule, decl, span)
            elif not of_period and decl.id == "circumstance":
                self._no_circumstance(rule, span)
        for node in walk(statement.when):
            match node:
                case tree.Lasts(span=span) if not of_period:
                    self._no_circumstance(rule, span)
                case tree.Outcome(span=span) | tree.InEach(span=span) if not isinstance(statement, tree.Conclude):
                    self.reporter.on(
                        rule, "PE235",
                        say("whether a period is met is known only when its rules are concluded",
                            "是否完成要到“结论”规则才知道"),
                        span, say("ask for it in conclude", "请用于“结论”规则"),
                    )  # fmt: skip
                case tree.Repeated(span=span) if not isinstance(statement, tree.Flag):
                    self.reporter.on(
                        rule, "PE236",
                        say("only a flag can ask whether a record repeats an earlier one",
                            "只有“标记”规则可问记录是否重复"),
                        span, say("to count such records once, use count once", "要只计一次，请用 不重复计算"),
                    )  # fmt: skip

    def blind(self, rule: Rules, decl: FieldDecl, span: Span | None) -> None:
        """A rule about a period asks for a fact of a record."""
        self.reporter.on(
            rule, "PE233",
            say(f"{self.word(decl.id)} is a fact of a record; this rule is about a period",
                f"{self.word(decl.id)}是记录的字段；本规则针对一个年度"),
            span,
            say("measure the records that have it (measure … where …) and require that measure",
                "请用 计量 …：… 当 … 汇总此类记录，再对该计量项提出要求"),
        )  # fmt: skip

    def _no_circumstance(self, rule: Rules, span: Span | None) -> None:
        self.reporter.on(
            rule, "PE234",
            say("circumstances belong to a period of a person; this rule is about a record",
                "情形属于人的某一年度；本规则针对记录"),
            span, say("use it in excuse, reduce, require or conclude", "请用于 免除、核减、要求 或 结论"),
        )  # fmt: skip

    def fields_of(self, node: object) -> Iterator[tuple[FieldDecl, Span | None]]:
        """The declared fields that a node asks for, with their places."""
        for part in walk(node):
            match part:
                case tree.Field(id=name, span=span) | tree.Present(field=name, span=span):
                    pass
                case tree.YearOf(field=name):
                    span = None
                case _:
                    continue
            if name in self.vocabulary.fields:
                yield self.vocabulary.fields[name], span


_TYPES = {
    "number": lambda: say("a number", "数"),
    "year": lambda: say("a year", "年度"),
    "date": lambda: say("a date", "日期"),
    "yes_no": lambda: say("yes or no", "是否"),
    "text": lambda: say("a text", "文本"),
    "term": lambda: say("a term", "词条"),
}


def type_word(type_: str) -> str:
    """How messages call a field's type: ``a number``; the unit of a record is a text."""
    return _TYPES["text" if type_ == "unit" else type_]()


def _of_value(value: Fraction | str | bool | date, unit: str | None) -> Kind:
    if isinstance(value, bool):
        return Kind("yes_no", say("yes" if value else "no", "是" if value else "否"), literal=True)
    if isinstance(value, Fraction):
        shown = exact_text(value)
        return Kind("number", f"{shown} {say(unit, UNITS[unit].zh)}" if unit else shown, unit, literal=True)
    if isinstance(value, date):
        return Kind("date", value.isoformat(), literal=True)
    return Kind("text", f"“{value}”", literal=True)


def _alike(one: Kind, other: Kind) -> bool:
    if {one.type, other.type} == {"number", "year"}:
        return one.unit is None and other.unit is None
    if one.type != other.type:
        return False
    return one.type != "term" or bool(one.lists & other.lists)


def _span(node: object) -> Span | None:
    return getattr(node, "span", None)


def _no_unit(left: tree.Operand, right: tree.Operand) -> str | None:
    """The text that the column ``unit`` is compared with, where that is the name of no unit."""
    for one, other in ((left, right), (right, left)):
        match one, other:
            case tree.Field(id="unit"), tree.Value(value=str() as named) if named not in UNITS or named in NO_QUANTITY:
                return named
    return None
