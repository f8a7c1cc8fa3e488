"""Can more counted hours cost somebody a requirement: a policy, a rule on records and a stretch in, a reason or
nothing out.

Usually a record that counts more only helps. It does not where a requirement is a maximum or a share of what was
counted, where records compete under a cap for what a requirement on a part of them asks, or where only one of several
records counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Governing, Policy
from policyengine.packs.pieces import Stretch, overlap
from policyengine.packs.windows import window_within, years_of
from policyengine.plan.build import cap_rules
from policyengine.plan.caps import ordered, share
from policyengine.plan.names import owning_field, unwrapped
from policyengine.tools.prove.aspects import bare


def both_ways(policy: Policy, statement: tree.Statement, stretch: Stretch) -> str:
    """Why more hours may cost somebody a requirement under this policy; empty where they can't."""
    firm = _firm(policy, stretch)
    if any(r.comparison == "<=" for r in firm):
        return say("a requirement says “at most”: more hours can break it", "有“不超过”的要求：学时多了反而可能不符合")
    if any(isinstance(r.figure, tree.Share) and not r.figure.of_requirement for r in firm):
        return say(
            "a requirement is a share of what was counted: more hours raise it",
            "有要求按已计学时的比例计算：学时多了要求也高",
        )
    if isinstance(statement, tree.Convert) and _meeting(policy, statement, stretch, tree.Add):
        return say("a supplement depends on what is converted", "另加的学时取决于如何折算")
    return "" if isinstance(statement, tree.Carry) else _competing(policy, statement, stretch, firm)


def against(policy: Policy, statement: tree.Statement, stretch: Stretch) -> str:
    """Why a figure on persons may go either way: what is lowered for a minimum is lowered for a maximum too."""
    most = [r for r in _firm(policy, stretch) if r.comparison == "<="]
    if isinstance(statement, tree.Reduce) and most:
        return say("what is reduced may be a maximum", "被核减的可能是“不超过”的要求")
    shares = any(isinstance(r.figure, tree.Share) and r.figure.of_requirement for r in most)
    if isinstance(statement, tree.Require | tree.Reduce) and shares:
        return say("a maximum is a share of what is required", "有“不超过”的要求按所要求学时的比例计算")
    return ""


def carries_on(policy: Policy, statement: tree.Statement, stretch: Stretch) -> bool:
    """Whether hours beyond a requirement go on to the next year."""
    if not isinstance(statement, tree.Require):
        return False
    here = list(_reached(policy, stretch))
    named = {bare(g.statement.rule) for g in here if isinstance(g.statement, tree.Carry)}
    return any(
        statement in (g.statement, *map(unwrapped, g.over)) and named & {bare(r.name) for r in (g.rule, *g.over)}
        for g in here
    )


def reordered(
    pair: tuple[tree.Statement | None, tree.Statement | None], policies: tuple[Policy, Policy]
) -> bool:  # fmt: skip
    """Whether a cap says another order than before, and caps on the same records follow each other otherwise by it."""
    match pair:
        case tree.Cap() as one, tree.Cap() as other if set(one.after) != set(other.after):
            before, after = map(_following, policies)
            return any((b, a) in after for a, b in before if (a, b) not in after)
    return False


def parted(
    pair: tuple[tree.Statement | None, tree.Statement | None], policies: tuple[Policy, Policy]
) -> bool:  # fmt: skip
    """Whether a cap for an activity, or a day, has become one over another window, or the reverse, where the records
    of one activity, or day, may count in several years: in each of these the other has its whole figure."""
    match pair:
        case tree.Cap() as one, tree.Cap() as other if one.window != other.window:
            ways = {g.statement.by for p in policies for g in p.governing if isinstance(g.statement, tree.Assign)}
            windows = {type(one.window), type(other.window)}
            return (tree.PerActivity in windows and "split" in ways) or (tree.PerDay in windows and "claim" in ways)
    return False


def _following(policy: Policy) -> set[tuple[str, str]]:
    """Names of caps that may be about the same record, the one that applies first before the other."""
    caps, _, _ = ordered(cap_rules(policy), policy.vocabulary)
    return {
        (one.name, other.name)
        for number, one in enumerate(caps)
        for other in caps[number + 1 :]
        if share(one, other, policy.vocabulary)
    }


def asked(policy: Policy, measure: str, stretch: Stretch) -> bool:
    """Whether anything is required of a measure in the stretch or in the year after it."""
    here = (g.statement for g in _reached(policy, stretch))
    return any(isinstance(s, tree.Require) and s.measure == measure for s in here)


def _competing(
    policy: Policy, statement: tree.Statement, stretch: Stretch, firm: Sequence[tree.Require]
) -> str:  # fmt: skip
    once = [c for c in _meeting(policy, statement, stretch, tree.CountOnce) if c != statement]
    if once:
        return say(
            "of several records only one counts: when another one is taken, a year or a subject loses hours",
            "几条记录只计一条：改取另一条时，某个年度或科目的学时会减少",
        )
    caps = [
        c
        for c in _meeting(policy, statement, stretch, tree.Cap)
        if isinstance(c, tree.Cap) and not isinstance(c.window, tree.PerActivity)
    ]
    if caps and any(r.measure != "total" for r in firm):
        return say(
            "hours compete under a cap, and a requirement is on a part of them",
            "各类学时共用限额，而有的要求只针对其中一部分",
        )
    if any(isinstance(c.window, tree.Within) or (years_of(c.window) or 1) > 1 for c in caps) and firm:
        return say("years compete under a cap over several of them", "几个年度共用限额")
    pairs = [(a, b) for i, a in enumerate(caps) for b in caps[i + 1 :] if not _apart(policy, a, b)]
    if any(not _nested(a, b) and not _nested(b, a) for a, b in pairs):
        return say("hours compete under two caps", "学时同时受两个限额约束")
    return ""


def _nested(one: tree.Cap, other: tree.Cap) -> bool:
    terms = not other.what.terms or (bool(one.what.terms) and set(one.what.terms) <= set(other.what.terms))
    return terms and other.when in (None, one.when) and window_within(one.window, other.window)


def _meeting(
    policy: Policy, statement: tree.Statement, stretch: Stretch, kind: type[tree.Statement]
) -> list[tree.Statement]:
    """Rules of a kind that may speak of a record that ``statement`` speaks of."""
    found = [g.statement for g in _reached(policy, stretch) if isinstance(g.statement, kind)]
    return [f for f in found if not _apart(policy, statement, f)]


def _apart(policy: Policy, one: tree.Statement, other: tree.Statement) -> bool:
    a, b = getattr(one, "what", tree.What()).terms, getattr(other, "what", tree.What()).terms
    if not a or not b or not set(a).isdisjoint(b):
        return False
    return owning_field(a, policy.vocabulary) == owning_field(b, policy.vocabulary)


def _firm(policy: Policy, stretch: Stretch) -> list[tree.Require]:
    """Requirements that a record of the stretch may come under, without what is only expected."""
    here = (g.statement for g in _reached(policy, stretch))
    return [s for s in here if isinstance(s, tree.Require) and not isinstance(s, tree.Expect)]


def _reached(policy: Policy, stretch: Stretch) -> Iterator[Governing]:
    """Rules that a record of the stretch may come under: in force then, or later with a window that reaches back."""
    moving = any(isinstance(g.statement, tree.Assign) and g.statement.by != "end" for g in policy.governing)
    carried = any(isinstance(g.statement, tree.Carry) for g in policy.governing)
    start = None if moving else stretch[0]
    for g in policy.governing:
        back = _years_back(g.statement) + (1 if carried or moving else 0)
        until = stretch[1]
        if until is not None and back:
            until = date(min(until.year + back, 9999), 12, 31)
        if overlap((g.start, g.until), (start, until)) is not None:
            yield g


def _years_back(statement: tree.Statement) -> int:
    window = getattr(statement, "window", None)
    if isinstance(window, tree.Within):
        return window.months // 12 + 1
    years = years_of(window) if window is not None else None
    return (years or 1) - 1
