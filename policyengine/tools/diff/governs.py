"""What stands in a rule's place on one side, stretch by stretch: a policy and a rule's names in, statements out.

An override that comes takes the place of what governed before it, one that goes leaves that place to it again, and
where the stricter figure of several governs, it is that figure which counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from policyengine.engines.calendar import period_bounds, period_of
from policyengine.language import tree
from policyengine.language.references import renamed
from policyengine.packs.model import Governing, Policy, Rule
from policyengine.packs.pieces import DAY, Stretch, overlap
from policyengine.packs.rules import governs_periods
from policyengine.plan.names import RuleNames, unwrapped
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.model import context_of


def roots(policies: Sequence[Policy], rules: Iterable[Rule | None]) -> frozenset[str]:
    """The names under which the rules, and what they override, govern in the policies."""
    found: set[str] = set()
    for rule in rules:
        if rule is None:
            continue
        wanted = [rule.name]
        if isinstance(rule.statement, tree.Override | tree.Drop):
            wanted = [rule.statement.rule]
        for policy in policies:
            names = RuleNames.of(policy)
            found.update(names.find(n, rule.pack) or n for n in wanted)
    return frozenset(found)


def in_place(policy: Policy, names: frozenset[str], stretch: Stretch) -> list[Governing]:
    """What governs under one of the names at some time of the stretch."""
    return [g for g in policy.governing if g.name in names and overlap((g.start, g.until), stretch) is not None]


def looked_up(pieces: Sequence[Governing], policies: Sequence[Policy]) -> Iterator[Governing]:
    """What decides how statements compare besides themselves, and may be another in the course of their time: the
    exchange, what a measure adds up, the requirement that is reduced or of which a share is asked."""
    kinds: set[type[tree.Statement]] = {tree.Exchange}
    if any(isinstance(g.statement, tree.Require) for g in pieces):
        kinds |= {tree.Measure, tree.Require}
    if any(isinstance(g.statement, tree.Reduce) for g in pieces):
        kinds.add(tree.Require)
    yearly = all(governs_periods(g.statement) for g in pieces)
    for policy in policies:
        found = (g for g in policy.governing if isinstance(g.statement, tuple(kinds)))
        yield from (_by_years(g, policy.year_start) if yearly else g for g in found)


def _by_years(g: Governing, year_start: tuple[int, int]) -> Governing:
    """The years that a rule governs which is in force on their last day, as an exchange does for a figure of a year."""
    start = None if g.start is None else period_bounds(period_of(g.start, year_start), year_start)[0]
    if g.until is None or g.until == date.max:
        return replace(g, start=start)
    return replace(g, start=start, until=period_bounds(period_of(g.until + DAY, year_start), year_start)[0] - DAY)


def effective(g: Governing, policy: Policy, stretch: Stretch | None = None) -> tuple[tree.Statement, ...]:
    """The sentences that count (in a stretch of its time): one, or those of the rules kept beside each other of which
    neither is the stricter."""
    stated = [(g.statement, g.rule.pack), *((unwrapped(r), r.pack) for r in g.over if g.keeps_stricter)]
    named, *kept = (_named(statement, pack, policy) for statement, pack in stated)
    if not kept:
        return (named,)
    context = context_of(policy, *(stretch or (g.start, g.until)))
    counting: list[tree.Statement] = []
    for statement in (named, *kept):
        if any(compare(c, statement, context).relation in ("laxer", "same") for c in counting):
            continue
        counting = [c for c in counting if compare(statement, c, context).relation not in ("laxer", "same")]
        counting.append(statement)
    return tuple(counting)


def _named(statement: tree.Statement, pack: str, policy: Policy) -> tree.Statement:
    """The sentence with the rules that it speaks of by the names under which they govern: two packs may have rules of
    one id."""
    if not isinstance(statement, tree.Excuse | tree.Carry | tree.Reduce | tree.Conclude):
        return statement
    names = RuleNames.of(policy)
    named = renamed(statement, lambda rule: names.find(rule, pack) or rule)
    return replace(named, rules=tuple(sorted(named.rules))) if isinstance(named, tree.Excuse) else named
