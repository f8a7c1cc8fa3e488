"""``applies``: which persons a pack is for. Its condition is typed like a rule's, and sees nothing but the person.

Who is judged by which pack is decided once for a person, before any record or year is looked at: a condition that asks
for these would be true of nobody, or of everybody. Of a folder of packs it is said which may claim one person together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyengine.diagnostics import Diagnostic, Span
from policyengine.language import tree
from policyengine.language.disjoint import conjuncts, impossible
from policyengine.messages import listed, say
from policyengine.packs.model import Citation, Governing, Pack, Policy, Rule
from policyengine.plan.kinds import Kinds, Rules
from policyengine.plan.model import PlanRule
from policyengine.plan.names import walk

TIMED = ("year", "from", "until")  # columns by which a row of a table is valid at some time only


def check_applies(policy: Policy, kinds: Kinds) -> None:
    """Says what is wrong with the ``applies`` of the packs of a chain."""
    for pack in policy.packs:
        if pack.applies is not None:
            rule = _as_rule(pack, pack.applies)
            kinds.comparisons(rule, pack.applies)
            _sight(rule, pack.applies, policy, kinds)


def _as_rule(pack: Pack, condition: tree.Condition) -> Rules:
    """The condition in the form that messages are about; it cites no article."""
    statement = tree.Excuse(when=condition)
    rule = Rule(pack.id, "applies", statement, "", Citation("", ""), place=pack.applies_place)
    return PlanRule(rule.key, rule.name, statement, None, None, Governing(rule, statement, None, None))


def _sight(rule: Rules, condition: tree.Condition, policy: Policy, kinds: Kinds) -> None:
    """What is asked for that is no fact of a person."""
    person = say("applies is about a person: ask for a fact of persons (sector = …)",
                 "applies 针对人：只问人员的字段（如 行业 = …）")  # fmt: skip

    def refuse(code: str, what: str, span: Span | None) -> None:
        kinds.reporter.on(rule, code, what, span, person)

    for decl, span in kinds.fields_of(condition):
        if decl.id == "circumstance":
            refuse("PE234", say("circumstances belong to a period of a person", "情形属于人的某一年度"), span)
        elif decl.of != "person":
            name = kinds.word(decl.id)
            refuse("PE233", say(f"{name} is a fact of a record", f"{name}是记录的字段"), span)
    for node in walk(condition):
        match node:
            case tree.Lasts(span=span):
                refuse("PE234", say("circumstances belong to a period of a person", "情形属于人的某一年度"), span)
            case tree.Outcome(span=span) | tree.InEach(span=span):
                refuse("PE235", say("whether a period is met is known only when its rules are concluded",
                                    "是否完成要到“结论”规则才知道"), span)  # fmt: skip
            case tree.Repeated(span=span):
                refuse("PE236", say("only a flag can ask whether a record repeats an earlier one",
                                    "只有“标记”规则可问记录是否重复"), span)  # fmt: skip
            case tree.ThisYear() | tree.DayOfYear():
                refuse("PE234", say("which year it is, is not asked here", "此处不问年度"), None)
            case tree.InTable(table=name) | tree.Lookup(table=name):
                table = policy.tables.get(name)
                if table is not None and any(column.role in TIMED for column in table.columns):
                    said = say(
                        f"the rows of the table {name} hold at some time only", f"表 {name} 的各行只在某一时间有效"
                    )
                    refuse("PE237", said, getattr(node, "span", None))


def rivals(policies: Sequence[Policy]) -> Iterator[Diagnostic]:
    """Of the policies of one folder those that may claim a person with equal right (PE913), told at the later one. Of
    two that say nothing of whom they are for, each is meant to be named by its own path."""
    fixed = [_fixed(policy) for policy in policies]
    for place, policy in enumerate(policies):
        before = zip(policies[:place], fixed, strict=False)
        others = [other for other, facts in before if not _differ(fixed[place], facts) and _may_both(policy, other)]
        if not others:
            continue
        pack, names = policy.packs[-1], listed(other.id for other in others)
        at = pack.applies_place
        span = at.span(0, len(getattr(at, "value", ""))) if at else Span(f"{pack.folder}/pack.yaml")
        yield Diagnostic(
            "PE913",
            say(f"nothing shows that no person of {policy.id} is also one of {names}, of the same rank: evaluate by "
                "the folder can't choose between them",
                f"看不出 {policy.id} 的人员与同级的 {names} 没有重合：按文件夹评定时，对这样的人无从选择"),
            span,
            say("leave the people of the one out in the `applies` of the other (sector not in (…)), and declare their "
                "term there, too",
                "请在其中一个的 applies 中排除另一个的人员（如 行业 不属于（…）），所用的词条也须在那里声明"),
            "warning",
            at.line(span) if at else None,
        )  # fmt: skip


def _fixed(policy: Policy) -> dict[str, str]:
    """The terms that everybody has whom the policy is for: of most sectors it is told by these alone."""
    found: dict[str, str] = {}
    for part in (part for pack in policy.packs for part in conjuncts(pack.applies)):
        match part:
            case tree.Compare(left=tree.Field(id=field), op="=", right=tree.Term(id=term)):
                found[field] = term
    return found


def _differ(one: dict[str, str], other: dict[str, str]) -> bool:
    return any(other.get(field, term) != term for field, term in one.items())


def _may_both(one: Policy, other: Policy) -> bool:
    if len(one.packs) != len(other.packs):
        return False
    parts = {pack.folder: pack.applies for pack in (*one.packs, *other.packs) if pack.applies is not None}
    return bool(parts) and not impossible(tree.And(tuple(parts.values())), one.vocabulary)
