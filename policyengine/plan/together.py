"""What the rules of a policy must be together: one unit, one meaning for one record, an order of caps, no overflow.

Takes the plan, gives messages. That two rules meet is said here where their own words show it; what a search over
records shows is said by ``tools/prove``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.disjoint import cases_of, conjuncts, disjoint, of_records, same_terms
from policyengine.language.quantities import COUNTED, UNITS, exact_text
from policyengine.language.references import requirements_asked
from policyengine.messages import say
from policyengine.packs.pieces import Stretch, overlap, uncovered
from policyengine.packs.windows import of_a_year
from policyengine.plan import caps as cap_order
from policyengine.plan.kinds import Rules
from policyengine.plan.model import Plan, PlanRule, meet
from policyengine.plan.report import Reporter
from policyengine.plan.ticks import GREATEST, RECORDS_PER_PERSON, Counting, counting


class Together:
    """Checks the rules of one plan against each other."""

    def __init__(self, plan: Plan, reporter: Reporter):
        self.plan, self.reporter = plan, reporter

    def check(self) -> Counting:
        """Everything; gives how finely the plan counts."""
        self._one_definition()
        self._units()
        self._meeting(self.plan.convert, "PE262", self._same_record)
        self._meeting(self.plan.assign, "PE264", _same_tier)
        self._once()
        self._caps()
        self._of_the_excused()
        return self._counting()

    # --- one at a time --------------------------------------------------------------------------------------------

    def _one_definition(self) -> None:
        for one, other in _at_one_time(self.plan.measures):
            if one.statement.name == other.statement.name:  # type: ignore[attr-defined]
                self._twice(
                    one, other, "PE244", say("this measure is defined twice at one time", "此计量项同时有两个定义")
                )
        for one, other in _at_one_time(self.plan.carry):
            if one.statement.rule == other.statement.rule:  # type: ignore[attr-defined]
                message = say("two rules carry the excess over one requirement", "两条规则结转同一要求的超出部分")
                self._twice(one, other, "PE247", message)
        for one, other in _at_one_time(self.plan.exchange):
            self._twice(one, other, "PE265", say("two exchanges are in force at one time", "同时有两个换算"))

    def _twice(self, one: Rules, other: Rules, code: str, message: str) -> None:
        hint = say("keep one, or let one end (until) before the other begins (from)", "请保留一条，或使二者先后生效")
        self.reporter.on(other, code, message, None, hint, others=(one,))

    def _of_the_excused(self) -> None:
        """未完成 is true of the excused too: what follows for them is for the law to say, and is easily overlooked."""
        for one in self.plan.conclude:
            asked = list(_outcomes(one.statement.when))
            excused = {outcome.rule for outcome, _ in asked if outcome.state == "excused"}
            denied = dict.fromkeys(o.rule for o, is_denied in asked if is_denied and o.state == "met")
            silent = [named for named in denied if named not in excused and _not_running(one.statement.when, named)]
            for named in silent if one.rule.pack == self.plan.policy else ():
                if not any(meet(one, e) and self._excuses(e, named) for e in self.plan.excuse):
                    continue
                own = (named or "").removeprefix(f"{self.plan.policy}/")
                rule, zh = (f"{own} ", "未免除") if named else ("", "非 已免除")
                behind = not named and any(requirements_asked(one.statement.when))  # a name: it is read in brackets
                begun, ended = (say("(", "（"), say(")", "）")) if behind else ("", "")
                joint = say(" and ", " 且 ").join(
                    f"{begun}{text}{ended}"
                    for text in (say(f"{rule}not met", f"{rule}未完成"), say(f"{rule}not excused", f"{rule}{zh}"))
                )
                self.reporter.on(
                    one, "PE269",
                    say(f"{rule}not met is true of the excused too: this follows for them as well",
                        f"“{rule}未完成”也包括已免除：已免除的人员同样有此后果"),
                    None, say("if it is not for them, write: ", "不应及于已免除人员的，请写：") + joint, "note",
                )  # fmt: skip

    def _excuses(self, excuse: PlanRule[tree.Excuse], named: str | None) -> bool:
        """Whether an excuse frees from the requirement that is named; from any, where none is."""
        if named is None or named in excuse.statement.rules:
            return True
        yearly = (r for r in self.plan.require if r.name == named and of_a_year(r.statement.window) and meet(r, excuse))
        return not excuse.statement.rules and any(yearly)

    # --- units ----------------------------------------------------------------------------------------------------

    def _units(self) -> None:
        """What is in the other unit needs an exchange for as long as it is in force."""
        for rule in self.plan.rules():
            for statement in rule.statements:
                for unit in set(_units_of(statement, self.plan)) - {self.plan.unit}:
                    if unit in COUNTED and not self._exchanged(rule.stretch):
                        self._no_exchange(rule, statement, unit)
        for measure in self.plan.measures:
            if measure.rule.pack == self.plan.policy and measure.statement.unit != self.plan.unit:
                self._in_words_only(measure)

    def _of_its_time(self, measure: PlanRule[tree.Measure]) -> bool:
        """Whether the total is required in the measure's unit while it is in force: years of another law."""
        return any(
            r.statement.measure == "total" and measure.statement.unit in _units_of(r.statement, self.plan)
            for r in self.plan.require
            if meet(r, measure)
        )

    def _in_words_only(self, measure: PlanRule[tree.Measure]) -> None:
        """A measure that is said to be of the other unit: the word changes nothing of what is added up."""
        if self._of_its_time(measure):
            return
        said, own = measure.statement.unit, self.plan.unit
        said_zh, own_zh = UNITS[said].zh, UNITS[own].zh
        self.reporter.on(
            measure, "PE254",
            say(f"this measure is said to be of {said}, and the policy counts in {own}: so it is counted in {own}",
                f"此计量项写作{said_zh}，而本政策以{own_zh}计：此计量项也以{own_zh}计"),
            None, say(f"write {own}; a figure in {said} is compared through the exchange",
                      f"请写{own_zh}；以{said_zh}写的数值通过换算比较"), "warning",
        )  # fmt: skip

    def _exchanged(self, stretch: Stretch) -> bool:
        """Whether exchanges are in force on all of these days."""
        return not uncovered(stretch, (exchange.stretch for exchange in self.plan.exchange))

    def _in_own_unit(self) -> list[Rules]:
        """The requirements in the plan's unit, the latest first."""
        own = [r for r in self.plan.require if self.plan.unit in _units_of(r.statement, self.plan)]
        return sorted(own, key=lambda r: r.start or date.min, reverse=True)

    def _beside(self, rule: Rules, other: Rules) -> bool:
        """Whether there is a day on which both are in force and no exchange is."""
        common = overlap(rule.stretch, other.stretch)
        return common is not None and not self._exchanged(common)

    def _no_exchange(self, rule: Rules, statement: tree.Statement, unit: str) -> None:
        plan_unit = self.plan.unit
        own = self._in_own_unit()
        beside = [r for r in own if self._beside(rule, r)]
        others = tuple(r for r in (*beside, *own) if r.key != rule.key)[:1]
        hint = say("add a rule: exchange 1 credit for … hours (换算), with whose rate it is, in force as long",
                   "请加一条同期有效的规则：换算 1 学分 等于 … 学时，并注明依据")  # fmt: skip
        if isinstance(statement, tree.Convert | tree.Add | tree.Cap):
            if rule.rule.pack != self.plan.policy:
                return  # what a base says in the other unit is for those who count in it
            message = say(f"without an exchange, what this counts in {unit} adds nothing to a total in {plan_unit}",
                          f"此处以{UNITS[unit].zh}计，合计以{UNITS[plan_unit].zh}计：无换算时计 0")  # fmt: skip
            self.reporter.on(rule, "PE254", message, None, hint, "note")
        elif isinstance(statement, tree.Require | tree.Carry | tree.Reduce) and not beside:
            message = say(f"this counts in {unit}, other years in {plan_unit}, and there is no exchange: the years in "
                          "which it governs come out undetermined",
                          f"此处以{UNITS[unit].zh}计，其他年度以{UNITS[plan_unit].zh}计而无换算："
                          "此规则所辖年度的结论为待定")  # fmt: skip
            self.reporter.on(rule, "PE255", message, None, hint, "warning", others)
        else:
            message = say(f"this is in {unit}, the total in {plan_unit}: without an exchange they can't be compared",
                          f"此处以{UNITS[unit].zh}计，合计以{UNITS[plan_unit].zh}计：没有换算不可比较")  # fmt: skip
            self.reporter.on(rule, "PE243", message, None, hint, others=others)

    # --- two rules for one record ---------------------------------------------------------------------------------

    def _meeting(self, rules: Sequence[Rules], code: str, alike: Callable[[Rules, Rules], bool]) -> None:
        for one, other in _at_one_time(rules):
            if self._both(one, other) and alike(one, other) and not _equal(one.statement, other.statement):
                self.reporter.on(
                    other, code,
                    say(f"{one.key} speaks of the same records: for some both are right, and neither gives way",
                        f"{one.key} 针对同样的记录：二者都适用，没有先后"),
                    None,
                    say("give one of them a condition that the other's excludes", "请为其中一条加上与另一条互斥的条件"),
                    others=(one,),
                )  # fmt: skip

    def _both(self, one: Rules, other: Rules) -> bool:
        """Whether there surely are records that both speak of: the conditions of one are among those of the other."""
        a, b = one.statement, other.statement
        first, second = set(conjuncts(a.when)), set(conjuncts(b.when))
        if not (first <= second or second <= first):
            return False
        if self._apart(one, other):
            return False
        terms, others = a.what.terms, b.what.terms  # type: ignore[attr-defined]
        return not terms or not others or (one.about == other.about and same_terms(terms, others))

    def _apart(self, one: Rules, other: Rules) -> bool:
        """Whether no record is one that both speak of, by form, subject or condition."""
        first, second = (of_records(r.statement.what, r.about, r.statement.when) for r in (one, other))  # type: ignore[attr-defined]
        return disjoint(first, second, self.plan.vocabulary)

    def _same_record(self, one: Rules, other: Rules) -> bool:
        """Whether two convert rules take records in one unit."""
        dimensions = [_taken(r.statement) for r in (one, other)]
        return None in dimensions or dimensions[0] == dimensions[1]

    def _once(self) -> None:
        """Of two rules for one record the later one finds what the earlier one left: nothing says which is which."""
        for one, other in _at_one_time(self.plan.count_once):
            terms, others = one.statement.what.terms, other.statement.what.terms  # type: ignore[attr-defined]
            apart = terms and others and one.about == other.about and set(terms).isdisjoint(others)
            if apart or self._apart(one, other):
                continue
            self.reporter.on(
                other, "PE260",
                say(f"this and {one.key} may count the same record once with others: which applies first?",
                    f"此规则与 {one.key} 可能涉及同一记录，先适用哪一条？"),
                None,
                say("make one rule of them, or give each of them other forms or conditions",
                    "请合为一条规则，或使两者的形式、条件互不重叠"),
                "warning", (one,),
            )  # fmt: skip

    # --- caps -----------------------------------------------------------------------------------------------------

    def _caps(self) -> None:
        _, conflicts, waiting = cap_order.ordered(self.plan.caps, self.plan.vocabulary)
        for one, other in conflicts:
            self.reporter.on(
                other, "PE260",
                say(f"this cap and {one.key} share records, and neither lies within the other: which applies first?",
                    f"此限额与 {one.key} 有共同的记录而互不包含：先适用哪一个？"),
                None,
                say(f"say in one of them “after {one.rule.id}” (后于 {one.rule.id}), as the regulation has it",
                    f"请按规定在其中一条写明“后于 {one.rule.id}”"),
                others=(one,),
            )  # fmt: skip
        if waiting:
            self.reporter.on(
                waiting[0], "PE261",
                say("these caps wait for each other: " + ", ".join(c.key for c in waiting),
                    "这些限额互相等待：" + "、".join(c.key for c in waiting)),
                None, say("take back one “after”", "请去掉其中一个“后于”"), others=tuple(waiting[1:]),
            )  # fmt: skip

    # --- counting -------------------------------------------------------------------------------------------------

    def _counting(self) -> Counting:
        found = counting(self.plan)
        for rule, unit in found.unbounded:
            self.reporter.on(
                rule, "PE266",
                say(f"nothing says how large a quantity in {unit} may be, so sums might overflow",
                    f"未声明以{UNITS[unit].zh}计的数量的上限，合计可能溢出"),
                None,
                say(f"declare it in pack.yaml: quantities: {{{unit}: {{min: 0, max: …, decimals: …}}}}",
                    f"请在 pack.yaml 中声明 quantities: {{{unit}: {{min: 0, max: …, decimals: …}}}}"),
            )  # fmt: skip
        for rule, value in found.beyond:
            self._too_great(rule, value, found)
        if found.ticks is None:
            self._endless()
        elif found.greatest > GREATEST and found.culprit is not None:
            self._overflow(found, found.culprit)
        return found

    def _overflow(self, found: Counting, culprit: Rules) -> None:
        unit, most = found.bounded_by or "items", exact_text(found.per_record)
        self.reporter.on(
            culprit, "PE267",
            say(f"sums may overflow: one record gives up to {most} {self.plan.unit}, counted in "
                f"{found.ticks} parts, and a person may have {RECORDS_PER_PERSON} of them",
                f"合计可能溢出：一条记录最多 {most} {UNITS[self.plan.unit].zh}，"
                f"以 1/{found.ticks} 为单位计，一人最多 {RECORDS_PER_PERSON} 条"),
            None,
            say(f"lower max or decimals of {unit} (quantities in pack.yaml, or the field's), or limit what one gives",
                f"请降低 {unit} 的 max 或 decimals（pack.yaml 的 quantities 或该字段），或写明每次限额"),
        )  # fmt: skip

    def _too_great(self, rule: Rules, value: Fraction, found: Counting) -> None:
        most, unit = exact_text(Fraction(GREATEST // (RECORDS_PER_PERSON * (found.ticks or 1)))), self.plan.unit
        self.reporter.on(
            rule, "PE267",
            say(f"sums may overflow: this states {exact_text(value)} {unit}, counted in {found.ticks} parts",
                f"合计可能溢出：此处为 {exact_text(value)} {UNITS[unit].zh}，以 1/{found.ticks} 为单位计"),
            None,
            say(f"state the figure that the document has: at most {most} {unit} can be counted here",
                f"请按文件写明数值：此处最多可计 {most} {UNITS[unit].zh}"),
        )  # fmt: skip

    def _endless(self) -> None:
        for rule in self.plan.assign:
            if rule.statement.by == "split" and rule.statement.rounding is None:
                self.reporter.on(
                    rule, "PE268",
                    say("hours split by days have no common denominator: only the reference engine can judge by this",
                        "按天数分摊而不舍入的学时没有公分母：此政策只能由参考引擎评定"),
                    None,
                    say("say how they are rounded (不足 … 舍去) where the regulation does", "规定如有舍入办法，请写明"),
                    "note",
                )  # fmt: skip


def _units_of(statement: tree.Statement, plan: Plan) -> Iterator[str]:
    """The units of what a sentence counts or requires."""
    match statement:
        case (
            tree.Convert(figure=figure)
            | tree.Add(figure=figure)
            | tree.Cap(figure=figure)
            | tree.Require(figure=figure)
        ):
            if isinstance(figure, tree.Lookup):
                table = plan.tables[figure.table]
                yield from (table.columns[c].unit or "hours" for c in table.columns_with("value")[:1])
            elif not isinstance(figure, tree.Share):
                yield figure.unit
        case tree.Carry(limit=tree.Quantity(unit=unit)) | tree.Reduce(by=tree.Quantity(unit=unit)):
            yield unit
        case tree.Assign(rounding=tree.Rounding(step=tree.Quantity(unit=unit))):
            yield unit


def _at_one_time(rules: Iterable[Rules]) -> Iterator[tuple[Rules, Rules]]:
    """Pairs of different rules that are in force on a common day."""
    listed = list(rules)
    for number, one in enumerate(listed):
        for other in listed[number + 1 :]:
            if one.key != other.key and meet(one, other):
                yield one, other


def _outcomes(node: tree.Condition | None, denied: bool = False) -> Iterator[tuple[tree.Outcome, bool]]:
    """The tests for an outcome, each with whether it is denied: 非 未完成 asks for what is met."""
    match node:
        case tree.And(items=items) | tree.Or(items=items):
            for item in items:
                yield from _outcomes(item, denied)
        case tree.Not(item=item):
            yield from _outcomes(item, not denied)
        case tree.Outcome():
            yield node, denied


def _not_running(condition: tree.Condition | None, named: str | None) -> bool:
    """Whether somewhere it is asked for not met without years running, of which none is excused (some of several years
    may be others than this one)."""
    cases = condition and cases_of(condition)
    asking = (case for case in cases or () if tree.Not(tree.Outcome("met", named)) in case)
    return not cases or any(not any(_runs(atom, named) for atom in case) for case in asking)


def _runs(atom: tree.Condition, named: str | None) -> bool:
    return isinstance(atom, tree.InEach) and (atom.states, atom.rule, atom.least) == (("not_met",), named, None)


def _taken(statement: tree.Statement) -> str | None:
    """The dimension of the records that a convert rule takes; None: any."""
    assert isinstance(statement, tree.Convert)
    if isinstance(statement.figure, tree.Stated):
        return UNITS[statement.figure.unit].dimension
    return UNITS[statement.basis.unit].dimension if statement.basis is not None else None


def _same_tier(one: Rules, other: Rules) -> bool:
    """Whether two assign rules both name forms, or both speak of every record: else the one that names prevails."""
    return bool(one.statement.what.terms) == bool(other.statement.what.terms)  # type: ignore[attr-defined]


def _equal(one: tree.Statement, other: tree.Statement) -> bool:
    """Whether two sentences say the same of a record that both speak of."""
    plain = {"what": tree.What(), "when": None, "because": None}
    return dataclasses.replace(one, **plain) == dataclasses.replace(other, **plain)  # type: ignore[arg-type]
