"""Stricter, laxer, neither or the same, for the person judged: two versions of a rule in, a direction with its proof out.

Two versions are compared by ``tools/prove``. A version that comes or goes is compared with there being no such rule. Where
more counted hours can cost somebody a requirement (one on a share of what was counted, one with "at most", or one on a part
of the hours that competes with others under a cap), a rule on records is neither: it moves people in both directions.
"""

from __future__ import annotations

from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Policy, Rule
from policyengine.plan.names import unwrapped
from policyengine.tools.diff.model import Direction, Law
from policyengine.tools.diff.timeline import Stage
from policyengine.tools.prove import words
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.model import Verdict, context_of

Judgement = tuple[Direction, tuple[str, ...], str]

# What a rule by itself does to the person: its coming is …, its going the reverse.
_COMING: dict[type[tree.Statement], Direction] = {
    tree.Require: "stricter", tree.Cap: "stricter", tree.CountOnce: "stricter", tree.Reject: "stricter",
    tree.Recognise: "laxer", tree.Convert: "laxer", tree.Add: "laxer", tree.Carry: "laxer", tree.Excuse: "laxer",
    tree.Reduce: "laxer", tree.Flag: "same", tree.Measure: "same",
}  # fmt: skip
_REVERSE: dict[Direction, Direction] = {"stricter": "laxer", "laxer": "stricter"}
_ON_RECORDS = (tree.Recognise, tree.Reject, tree.Convert, tree.Add, tree.Cap, tree.CountOnce, tree.Measure, tree.Assign)


def judged(old: Law, new: Law, stage: Stage) -> Judgement:
    """The direction of what differs in a stretch, for the people whom the pack's own policy judges."""
    one, other = stage.old, stage.new
    rule = other or one
    assert rule is not None
    before, after = old.policies.get(rule.pack), new.policies.get(rule.pack)
    if before is None or after is None:
        return "undecided", (), say("one of the two sides has errors", "其中一方有错误")
    direction, witness, why = _compared(before, after, stage)
    if direction in ("stricter", "laxer") and isinstance(unwrapped(rule), _ON_RECORDS) and (
        reason := _both_ways(before) or _both_ways(after)
    ):  # fmt: skip
        return "neither", witness, reason
    return direction, witness, why


def _compared(before: Policy, after: Policy, stage: Stage) -> Judgement:
    one, other = _over(stage.old, before, stage), _over(stage.new, after, stage)
    if one is not None and other is not None:
        verdict = compare(one, other, context_of(after, stage.start, stage.until),
                          context_of(before, stage.start, stage.until))  # fmt: skip
        return verdict.relation, _witnesses(verdict, after), verdict.why
    statement = other or one
    if statement is None:
        return "same", (), ""
    coming = next((d for kind, d in _COMING.items() if isinstance(statement, kind)), "neither")
    if isinstance(statement, tree.Require) and statement.comparison == "<=" and coming == "neither":
        coming = "stricter"
    return coming if one is None else _REVERSE.get(coming, coming), (), ""


def _over(rule: Rule | None, policy: Policy, stage: Stage) -> tree.Statement | None:
    """What governs in the stretch in the rule's place: its sentence, or without it the rule that it would override."""
    if rule is not None and not isinstance(rule.statement, tree.Drop):
        return unwrapped(rule)
    absent = rule or stage.old or stage.new
    assert absent is not None
    named = absent.statement.rule if isinstance(absent.statement, tree.Override | tree.Drop) else None
    if named is None or (isinstance(absent.statement, tree.Drop) and rule is not None):
        return None
    for pack in policy.packs:
        for base in pack.rules:
            if base.name == named and (base.start is None or stage.start is None or base.start <= stage.start) and (
                base.until is None or (stage.start is not None and stage.start <= base.until)
            ):  # fmt: skip
                return unwrapped(base)
    return None


def _witnesses(verdict: Verdict, policy: Policy) -> tuple[str, ...]:
    shown = [w for w in (verdict.laxer, verdict.stricter) if w is not None]
    before, after = say("before", "原先"), say("now", "现在")
    return tuple(words.differing(w, policy.vocabulary, before, after) for w in shown)


def _both_ways(policy: Policy) -> str:
    """Why more hours may cost somebody a requirement under this policy; empty where they can't."""
    firm = [g.statement for g in policy.governing
            if isinstance(g.statement, tree.Require) and not isinstance(g.statement, tree.Expect)]  # fmt: skip
    if any(r.comparison == "<=" for r in firm):
        return say(
            "a requirement says “at most”: more hours can break it", "有「不超过」的要求：学时多了反而可能不符合"
        )
    if any(isinstance(r.figure, tree.Share) and not r.figure.of_requirement for r in firm):
        return say(
            "a requirement is a share of what was counted: more hours raise it",
            "有要求按已计学时的比例计算：学时多了要求也高",
        )
    capped = any(isinstance(g.statement, tree.Cap) for g in policy.governing)
    if capped and any(r.measure != "total" for r in firm):
        return say(
            "hours compete under a cap, and a requirement is on a part of them",
            "各类学时共用限额，而有的要求只针对其中一部分",
        )
    if any(isinstance(g.statement, tree.CountOnce) and g.statement.taking != "highest" for g in policy.governing):
        return say("of the same activity not the highest counts", "同一项目不取最高")
    return ""
