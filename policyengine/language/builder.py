"""Nodes in, the syntax tree out: names become ids, numbers fractions, and what was said twice is an error.

A statement's rule is named as its dataclass; each part (``figure``, ``when``) as the field that it fills.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policyengine.language import tree
from policyengine.language.conditions import OPERATORS, Conditions
from policyengine.language.forms import fold
from policyengine.language.literals import measure_word
from policyengine.language.nodes import Node, Token
from policyengine.language.quantities import COUNTED
from policyengine.light import dataclass
from policyengine.messages import say

STATEMENTS: dict[str, type[tree.Statement]] = {
    "recognise": tree.Recognise, "reject": tree.Reject, "convert": tree.Convert, "add": tree.Add,
    "exchange": tree.Exchange, "assign": tree.Assign, "count_once": tree.CountOnce, "cap": tree.Cap,
    "measure": tree.Measure, "carry": tree.Carry, "require": tree.Require, "expect": tree.Expect,
    "excuse": tree.Excuse, "reduce": tree.Reduce, "conclude": tree.Conclude, "flag": tree.Flag,
    "drop": tree.Drop, "delegate": tree.Delegate,
}  # fmt: skip
TOTALS = {"总学时": "hours", "总课时": "hours", "总学分": "credits"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a statement: the field that it fills, and where it stands."""

    field: str
    value: Any
    node: Node


class Builder(Conditions):
    """Builds one sentence's tree; for what it finds wrong there is a diagnostic, and a placeholder in the tree."""

    # --- statements ---------------------------------------------------------------------------------------------

    def statement(self, node: Node) -> tree.Statement:
        """A statement from its parts; a part that comes twice is an error."""
        if node.data == "override":
            rule, inner = node.children
            return tree.Override(
                rule=_rule(rule), statement=self.statement(inner), span=self.place.span(0, len(self.sentence.text))
            )
        parts: dict[str, Part] = {}
        for part in (*self.own(node), *(p for child in node.children for p in self.parts(child))):
            if part.field in parts:
                joined = say("join the conditions by “and”", "几个条件之间请用“且”") if part.field == "when" else None
                self.wrong("PE212", part.node, say("this part is said twice", "此处重复：同一项只能写一次"), joined)
            parts.setdefault(part.field, part)
        values = {name: part.value for name, part in parts.items()}
        self.check(node, values)
        return STATEMENTS[node.data](**values, span=self.place.span(0, len(self.sentence.text)))

    def own(self, node: Node) -> list[Part]:
        """The parts that a statement has as plain words: rules, names, a text, quantities."""
        found: dict[str, list[Any]] = {}
        for child in node.children:
            found.setdefault(child.type if isinstance(child, Token) else child.data, []).append(child)
        parts = []
        for kind in ("MEASURE", "CONCLUSION", "FLAG"):
            parts += [Part("name", self.names.one(kind.lower(), t), t) for t in found.get(kind, ())]  # type: ignore[arg-type]
        parts += [Part("text", self.text(t), t) for t in found.get("TEXT", ())]
        parts += [Part("unit", self.counted(t), t) for t in found.get("UNIT", ())]
        rules, quantities = found.get("RULE", []), found.get("quantity", [])
        if node.data == "excuse":
            parts.append(Part("rules", self.names.each_once(rules, [_rule(r) for r in rules]), node))
        else:
            parts += [Part("rule", _rule(r), r) for r in rules]
        if node.data == "count_once":
            parts.append(Part("per", self.fields(found["FIELD"]), node))
        if node.data == "delegate":
            regimes = found["REGIME"]
            ids = [self.names.one("regime", t) for t in regimes]
            parts.append(Part("regimes", self.names.each_once(regimes, ids), node))
        if node.data == "exchange":
            parts += [Part(f, self.positive(q), q) for f, q in zip(("give", "take"), quantities, strict=True)]
        if node.data == "reduce":
            by = self.quantity(quantities[0]) if quantities else self.number(found["NUMBER"][0])
            parts.append(Part("by", by, node))
        return parts

    def parts(self, node: Node) -> list[Part]:
        """The parts that a rule of the grammar fills."""
        if isinstance(node, Token) or node.data == "quantity":
            return []
        name, children = node.data, node.children
        match name:
            case "what":
                terms = self.names.terms(children) if children else ()
                return [Part("what", tree.What(terms, self.span(node)), node)]
            case "figure" | "share":
                return [Part("figure", self.share(node) if name == "share" else self.figure(children[0]), node)]
            case "basis":
                return [Part("basis", self.basis(children[0]), node)]
            case "factor":
                return [Part("factor", self.number(children[0]), node)]
            case "divisor":
                minus = self.number(children[1]) if len(children) > 1 else Fraction(0)
                return [Part("divisor", tree.Divisor(self.names.field(children[0]), minus), node)]
            case "rounding":
                return [Part("rounding", tree.Rounding(children[0].data, self.positive(children[0].children[0])), node)]
            case "limit" | "carry_limit":
                return [Part("limit", self.quantity(_first(node, "quantity")), node)]
            case "otherwise":
                return [Part("otherwise", self.quantity(children[0]), node)]
            case "by_end" | "by_start" | "by_split":
                return [Part("by", name[3:], node)]
            case "by_claim":
                return [Part("by", "claim", node), Part("field", self.names.field(children[0]), node)]
            case "until":
                return [Part("until", self.month_day(children[0]), node)]
            case "highest" | "lowest" | "earliest" | "latest":
                return [Part("taking", name, node)]
            case "taking":
                return [Part("taking", self.names.terms(children), node)]
            case "after":
                return [Part("after", self.names.each_once(children, [_rule(c) for c in children]), node)]
            case "measured":
                return self.measured(node)
            case "this_period":
                return [Part("this_period", True, node)]
            case "comparison":
                return [Part("comparison", OPERATORS[children[0].type], node)]
            case "when" | "must_have":
                self.of_which(children[0])
                return [Part("when", self.condition(children[0]), node)]
            case "because":
                return [Part("because", self.text(children[0]), node)]
            case "per_month":
                return [Part("per", self.per_month(node), node)]
        return [Part("window", self.window(node), node)]

    def measured(self, node: Node) -> list[Part]:
        """A measure, a term or ``total``; 总学时, 总学分 and ``total credits`` say their unit."""
        named = [c for c in node.children if c.type != "UNIT"]
        if named:
            return [Part("measure", self.names.measured(named[0]), node)]
        words = self.sentence.folded[node.start : node.end]
        unit = self.counted(node.children[0]) if node.children else TOTALS.get(words)
        return [Part("measure", "total", node), Part("unit", unit, node)]

    def per_month(self, node: Node) -> tree.PerMonth:
        for child in node.children:
            if isinstance(child, Token):
                return tree.PerMonth(before=self.names.field(child))
            return tree.PerMonth(kinds=self.names.kinds(child.children))
        return tree.PerMonth()

    def check(self, node: Node, values: dict[str, Any]) -> None:
        """What a statement can't do without, though the grammar lets it: a better message than the grammar's."""
        figure = values.get("figure")
        if node.data == "reject":
            values.setdefault("what", tree.What())
        if node.data in ("require", "expect", "cap") and values.setdefault("window", None) is None:
            self.wrong(
                "PE213",
                _first(node, "figure", "share"),
                say("over which stretch this figure holds is missing", "缺少这一数额的期间"),
                say(
                    "say it: per year, per 5 years starting 2020, in any 5 years, per activity, …",
                    "请写明：每年、自 2020 年起 每 5 年、任意 5 年、每次……",
                ),
            )
        if node.data == "convert" and not isinstance(figure, tree.Stated | tree.Lookup) and "basis" not in values:
            self.wrong(
                "PE213",
                _first(node, "figure"),
                say("what this figure is given for is missing", "缺少折算的依据：每多少计多少"),
                say("say it: per 45 minutes, per day, each, per activity", "请写明：每 45 分钟、每天、每项、每次"),
            )
        if node.data in ("require", "expect"):
            self.check_total(node, values)

    def check_total(self, node: Node, values: dict[str, Any]) -> None:
        """总学分 is in credits, as is its figure; only where the figure has no unit is the word's unit kept."""
        said, figure = values.pop("unit", None), values["figure"]
        unit = None if isinstance(figure, tree.Share) else getattr(figure, "unit", None)
        if said == "credits" and not unit:
            values["unit"] = said
        if said in COUNTED and unit in COUNTED and said != unit:
            self.wrong(
                "PE215",
                _first(node, "figure"),
                say(
                    "the total is in one unit and the figure in another",
                    "总量与数额的单位不同：总学时以学时计，总学分以学分计",
                ),
            )

    # --- figures and windows ------------------------------------------------------------------------------------

    def figure(self, node: Node) -> tree.Figure:
        match node.data:
            case "quantity":
                return self.quantity(node)
            case "between":
                low, high = (self.plain(c) for c in node.children[:2])
                times, unit = self.unit(node.children[2])
                if low > high:
                    self.wrong("PE208", node, say("a range begins with its lower end", "范围应从小到大"))
                return tree.Between(low * times, high * times, unit)
            case "unknown":
                return tree.Unknown(self.plain_unit(node.children[0]))
            case "stated":
                return tree.Stated(self.counted(node.children[0]))
        return self.lookup(node)

    def share(self, node: Node) -> tree.Share:
        """``2/3 of total requirement``; 总学时 要求 的 2/3."""
        measure, *unit = (p.value for p in self.measured(_first(node, "measured")))
        value = self.number(next(c for c in node.children if isinstance(c, Token) and c.type == "NUMBER"))
        owed = any(isinstance(c, Node) and c.data == "of_requirement" for c in node.children)
        return tree.Share(value, measure, owed, "credits" if unit == ["credits"] else None)

    def basis(self, node: Node) -> tree.Quantity | None:
        """What a figure is paid for; None for the record as such."""
        words = node if isinstance(node, Token) else next((c for c in node.children if c.type == "UNIT"), None)
        if words is not None:
            self.recorded(words)
        if isinstance(node, Token):
            times, unit = self.unit(node)
            return tree.Quantity(Fraction(times), unit, measure_word(node, unit))
        if node.data == "each":
            return tree.Quantity(Fraction(1), "items")
        return self.positive(node) if node.data == "quantity" else None

    def window(self, node: Node) -> tree.Window | None:
        children = node.children
        match node.data:
            case "per_activity":
                return tree.PerActivity()
            case "per_day":
                return tree.PerDay()
            case "per_field":
                return tree.PerField(self.names.field(children[0]))
            case "per_year":
                return tree.PerYears()
            case "any_years":
                return tree.AnyYears(self.whole(children[0]))
            case "within" | "every_months":
                fields = [c for c in children if c.type != "NUMBER"]
                months = [c for c in children if c.type == "NUMBER"]
                return tree.Within(self.whole(months[0]), self.names.field(fields[0]), node.data == "every_months")
        return self.per_years(node)

    def per_years(self, node: Node) -> tree.PerYears:
        """A block of years; where the blocks begin must be said, for one year it needn't."""
        count = self.whole(next(c for c in node.children if isinstance(c, Token)))
        years: list[Any] = [c.children[0] for c in node.children if isinstance(c, Node)]
        start = self.year_number(years[0]) if years else None
        if start is None and count > 1:
            self.wrong(
                "PE213",
                node,
                say(f"where the blocks of {count} years begin is missing", f"缺少每 {count} 年的起始年度"),
                say(
                    f"say it: per {count} years starting 2020; or in any {count} years, which rolls",
                    f"请写明：自 2020 年起 每 {count} 年；或滚动计算：任意 {count} 年",
                ),
            )
        return tree.PerYears(count, start)


def _first(node: Node, *names: str) -> Node:
    return next(c for c in node.children if isinstance(c, Node) and c.data in names)


def _rule(token: Node) -> str:
    return fold(str(token))
