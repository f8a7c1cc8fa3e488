"""Policy → Plan: the rules that govern, sorted into the eight stages, typed, unit-checked, in order and countable.

``plan_of`` gives the plan every engine runs, or the reasons why there is none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TypeVar

from policyengine.diagnostics import Diagnostic
from policyengine.language import tree
from policyengine.language.references import renamed
from policyengine.packs.model import Governing, Policy
from policyengine.plan import caps as cap_order
from policyengine.plan.applies import check_applies
from policyengine.plan.model import Plan, PlanRule
from policyengine.plan.names import RuleNames, owning_field, unwrapped
from policyengine.plan.report import Reporter
from policyengine.plan.statements import Statements
from policyengine.plan.ticks import GREATEST
from policyengine.plan.together import Together
from policyengine.plan.unit import unit_of

S = TypeVar("S", bound=tree.Statement)


def plan_of(policy: Policy) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of a policy; None with the errors that keep it from running. Notes and warnings come with a plan too."""
    names, reporter = RuleNames.of(policy), Reporter()
    rules = sorted((_plan_rule(g, policy, names) for g in policy.governing), key=lambda r: (r.key, str(r.start)))
    statements = Statements(rules, policy.vocabulary, dict(policy.tables), names, reporter)
    check_applies(policy, statements.kinds)
    statements.check()
    if reporter.failed:
        return None, reporter.all()
    plan = _plan(policy, rules)
    counting = Together(plan, reporter).check()
    if reporter.failed:
        return None, reporter.all()
    return dataclasses.replace(plan, ticks=counting.ticks, greatest=min(counting.greatest, GREATEST)), reporter.all()


def plans_of(policies: Iterable[Policy]) -> tuple[list[Plan], list[Diagnostic]]:
    """The plans of those that have one, and what is said of all."""
    each = [plan_of(policy) for policy in policies]
    return [plan for plan, _ in each if plan is not None], [d for _, said in each for d in said]


def _plan(policy: Policy, rules: list[PlanRule[tree.Statement]]) -> Plan:
    """The rules by stage; caps in their order."""
    caps, _, _ = cap_order.ordered(_stage(rules, tree.Cap), policy.vocabulary)
    return Plan(
        policy=policy.id,
        digest=policy.digest,
        unit=unit_of(rules),
        year_start=policy.year_start,
        vocabulary=policy.vocabulary,
        fields=policy.vocabulary.fields,
        tables=policy.tables,
        bounds=policy.bounds,
        recognise=_stage(rules, tree.Recognise),
        reject=_stage(rules, tree.Reject),
        convert=_stage(rules, tree.Convert),
        add=_stage(rules, tree.Add),
        exchange=_stage(rules, tree.Exchange),
        assign=_stage(rules, tree.Assign),
        count_once=_stage(rules, tree.CountOnce),
        caps=caps,
        measures=_stage(rules, tree.Measure),
        carry=_stage(rules, tree.Carry),
        require=_stage(rules, tree.Require),
        excuse=_stage(rules, tree.Excuse),
        reduce=_stage(rules, tree.Reduce),
        conclude=_stage(rules, tree.Conclude),
        flags=_stage(rules, tree.Flag),
    )


def cap_rules(policy: Policy) -> tuple[PlanRule[tree.Cap], ...]:
    """The caps that govern, not yet in order."""
    names = RuleNames.of(policy)
    return _stage([_plan_rule(g, policy, names) for g in policy.governing], tree.Cap)


def _stage(rules: list[PlanRule[tree.Statement]], kind: type[S]) -> tuple[PlanRule[S], ...]:
    return tuple(r for r in rules if isinstance(r.statement, kind))  # type: ignore[misc]


def _plan_rule(governing: Governing, policy: Policy, names: RuleNames) -> PlanRule[tree.Statement]:
    rule = governing.rule
    statement = qualified(governing.statement, rule.pack, names)
    kept = governing.over if governing.keeps_stricter else ()
    what = getattr(statement, "what", None)
    return PlanRule(
        key=governing.key,
        name=governing.name,
        statement=statement,
        start=governing.start,
        until=governing.until,
        governing=governing,
        kept=tuple((r.key, qualified(unwrapped(r), r.pack, names)) for r in kept),
        about=owning_field(what.terms, policy.vocabulary) if what and what.terms else None,
    )


def qualified(statement: tree.Statement, pack: str, names: RuleNames) -> tree.Statement:
    """The statement with the rules it refers to named as ``PlanRule.name``; unknown ones stay as written."""

    return renamed(statement, lambda name: names.find(name, pack) or name)
