"""What ``check`` proves about whole policies: policies in, diagnostics out.

An override of a ``raise-only`` rule that can be more generous than its base, two rules that treat one record
differently, a rule that can never apply. ``illustrated`` adds to refusals that figures alone led to the situation that
shows them. Codes: PE203 (as ``packs/authority.py``), PE351 undecided, PE260, PE262 and PE264 two rules meet, PE354
never applies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Related, Span
from policyengine.language import tree
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import say
from policyengine.packs.model import Governing, Pack, Policy, Rule
from policyengine.packs.pieces import Stretch, cut, days, overlap
from policyengine.packs.refusals import at
from policyengine.plan.build import qualified
from policyengine.plan.names import RuleNames, unwrapped, walk
from policyengine.tools.prove import words
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.meeting import meet, reachable
from policyengine.tools.prove.model import Context, Undecided, Verdict, Witness, context_as_written, context_of

REFUSALS = ("PE203", "PE315")
MEETINGS = ("PE260", "PE262", "PE264")


def proofs(policies: Iterable[Policy]) -> list[Diagnostic]:
    """Everything that can be proved wrong in the policies.

    Each policy answers for the rules of its last pack; those below are judged in their own policies, where nothing
    above them is in force yet.
    """
    found: dict[tuple[str, Span | None], Diagnostic] = {}
    for policy in policies:
        for problem in (*_overrides(policy), *_meetings(policy), *_idle(policy)):
            found.setdefault((problem.code, problem.span), problem)
    return list(found.values())


def _own(policy: Policy) -> list[Governing]:
    return [g for g in policy.governing if g.rule.pack == policy.id]


# --- overrides -------------------------------------------------------------------------------------------------------


def _overrides(policy: Policy) -> Iterator[Diagnostic]:
    """What stands over a rule that may only be made stricter, and is not."""
    names = RuleNames.of(policy)
    for g in _own(policy):
        if not (g.raises and g.over):
            continue
        base = g.over[0]
        # as its author wrote it: what governs may be narrower, where resolving has joined the conditions of both
        old, new = (qualified(unwrapped(r), r.pack, names) for r in (base, g.rule))
        verdicts = {part: compare(old, new, context_of(policy, *part)) for part in _parts(g, old, new, policy)}
        part = next((p for p, v in verdicts.items() if v.permitted is False), None)
        if part is not None:
            when = f"{days(part)}{say(', ', '，')}" if len(verdicts) > 1 else ""
            yield _more_generous(g, base, verdicts[part], policy, when)
        elif (verdict := next((v for v in verdicts.values() if v.permitted is None), None)) is not None:
            beside = any(o.rule is base and overlap((o.start, o.until), (g.start, g.until)) for o in policy.governing)
            yield _open(g, base, verdict, beside)


def _parts(g: Governing, old: tree.Statement, new: tree.Statement, policy: Policy) -> Iterator[Stretch]:
    """The time of an override in parts in which a share of what is owed is a share of the same figure throughout."""
    shares = any(isinstance(n, tree.Share) and n.of_requirement for s in (old, new) for n in walk(s))
    owed = (o for o in policy.governing if shares and isinstance(o.statement, tree.Require))
    return cut((g.start, g.until), owed)


def _more_generous(g: Governing, base: Rule, verdict: Verdict, policy: Policy, when: str) -> Diagnostic:
    """``when``: the part of the rule's time in which it is so, where that is not all of it."""
    message = say(
        f"this can be more generous than {base.name}, which may only be made stricter",
        f"{base.name} 只能从严，而此处可能从宽",
    )
    if verdict.why:
        message += say(f": {when}{verdict.why}", f"：{when}{verdict.why}")
    hint = say(
        "make it at least as strict in every case, or leave the base rule in force",
        "请使其在任何情况下都不宽于上级规则，或保留上级规则",
    )
    problem = at(g.rule, "PE203", message, base.name, hint=hint)
    related: tuple[Related, ...] = (Related(_cited(base), base.span),)
    if isinstance(verdict.laxer, Witness):
        related = (_example(verdict.laxer, base, g.rule, policy.vocabulary, when), *related)
    return replace(problem, related=related, citation=str(base.cites))


def _open(g: Governing, base: Rule, verdict: Verdict, beside: bool) -> Diagnostic:
    """PE351: a warning, and what keeps the base's authority when people are judged. ``beside``: the base holds too."""
    message = say(
        f"whether this is at least as strict as {base.name} could not be decided ({verdict.why})",
        f"未能判定此处是否不宽于 {base.name}（{verdict.why}）",
    )
    safe = (
        say("when people are judged, both rules hold", "评定时两条规则同时适用")
        if beside
        else say("when people are judged, the stricter of the two figures governs, and the finding says which",
            "评定时以两者中较严的数额为准，并在结果中注明")
        if g.keeps_stricter
        else say("when people are judged, this rule alone governs: compare the two by hand",
                 "评定时只依此规则，请人工核对两者")
    )  # fmt: skip
    problem = at(g.rule, "PE351", message, base.name, hint=safe, severity="warning")
    return replace(problem, related=(Related(_cited(base), base.span),), citation=str(base.cites))


def _cited(base: Rule) -> str:
    return say(
        f"{base.name}: {base.text.strip()} ({base.cites.at})", f"{base.name}：{base.text.strip()}（{base.cites.at}）"
    )


def _example(witness: Witness, base: Rule, rule: Rule, vocabulary: Vocabulary, when: str = "") -> Related:
    """The situation, with the base by the name of its pack, or, in the same one, by its own."""
    old = base.pack if base.pack != rule.pack else base.id
    return Related(_for_example() + when + words.differing(witness, vocabulary, old), None)


# --- two rules for one record ----------------------------------------------------------------------------------------


def _meetings(policy: Policy) -> Iterator[Diagnostic]:
    """Two ``convert`` or two ``assign`` rules that treat one record differently."""
    for kind, code in ((tree.Convert, "PE262"), (tree.Assign, "PE264")):
        rules = [g for g in policy.governing if isinstance(g.statement, kind)]
        for one, other in combinations(rules, 2):
            common = overlap((one.start, one.until), (other.start, other.until))
            if common is None or one.name == other.name or policy.id not in (one.rule.pack, other.rule.pack):
                continue
            answer = meet(one.statement, other.statement, context_of(policy, *common))
            if isinstance(answer, Witness):
                yield _both_apply(code, one.rule, other.rule, answer, policy)
            elif isinstance(answer, Undecided):
                yield _perhaps_both(one.rule, other.rule, answer)


def _both_apply(code: str, one: Rule, other: Rule, witness: Witness, policy: Policy) -> Diagnostic:
    later, earlier = _later(one, other, policy)
    if later is one:
        assert witness.new is not None
        witness = replace(witness, old=witness.new, new=witness.old)
    message = say(
        f"a record can be under both {earlier.name} and this rule, and they treat it differently",
        f"同一条记录可能既适用 {earlier.name} 又适用此规则，而两者结果不同",
    )
    hint = say(
        f"give one of them a condition that the other excludes, or override {earlier.name} where that is allowed",
        f"请为其中一条加上与另一条互斥的条件，或在允许时替代 {earlier.name}",
    )
    related = _example(witness, earlier, later, policy.vocabulary), Related(_cited(earlier), earlier.span)
    return replace(at(later, code, message, hint=hint), related=related, citation=str(later.cites))


def _later(one: Rule, other: Rule, policy: Policy) -> tuple[Rule, Rule]:
    """The one of the higher pack (else the later in its file) first."""
    order = [p.id for p in policy.packs]

    def place(rule: Rule) -> tuple[int, str, int]:
        return order.index(rule.pack), rule.span.file if rule.span else "", rule.span.line if rule.span else 0

    return (one, other) if place(one) > place(other) else (other, one)


def _perhaps_both(one: Rule, other: Rule, answer: Undecided) -> Diagnostic:
    message = say(
        f"whether a record can be under both {one.name} and this rule could not be decided ({answer.why})",
        f"未能判定同一条记录是否可能既适用 {one.name} 又适用此规则（{answer.why}）",
    )
    hint = say(
        "when people are judged, such a record counts between the two amounts, with the reason “ambiguous”",
        "评定时，这样的记录按两者之间计算，原因记为“规则冲突”",
    )
    return replace(
        at(other, "PE351", message, hint=hint, severity="warning"), related=(Related(_cited(one), one.span),)
    )


# --- rules that never apply ------------------------------------------------------------------------------------------


def _idle(policy: Policy) -> Iterator[Diagnostic]:
    """Rules whose condition nothing fulfils."""
    for g in _own(policy):
        if g.statement.when is None:
            continue
        asked = (n.table for n in walk(g.statement.when) if isinstance(n, tree.InTable | tree.Lookup))
        empty = next((name for name in asked if not policy.tables[name].rows), None)
        if empty is not None:
            yield _dormant(g.rule, policy.tables[empty].file or empty)
            continue
        context = replace(context_of(policy, g.start, g.until), given=None)
        if reachable(g.statement, context) is None:
            message = say(
                "this rule never applies: nothing fulfils its condition", "此规则永远不会适用：其条件不可能成立"
            )
            hint = say(
                "compare its parts with each other, with the bounds of the fields and with the tables",
                "请核对条件各部分之间、条件与字段取值范围及表格之间是否矛盾",
            )
            yield replace(at(g.rule, "PE354", message, hint=hint, severity="warning"), citation=str(g.rule.cites))


def _dormant(rule: Rule, table: str) -> Diagnostic:
    """PE355: not a mistake, but good to know."""
    message = say(f"this rule does not apply as long as {table} has no rows", f"{table} 还没有内容，此规则暂不适用")
    hint = say("add what is known, each row with its source", "请补充已知的内容，每行注明来源")
    return at(rule, "PE355", message, hint=hint, severity="note")


# --- counterexamples for refusals ------------------------------------------------------------------------------------


def illustrated(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same diagnostics; those that refuse an override, or two rules for one record, have a situation that shows
    it.
    """
    chains: dict[Path, tuple[Pack, ...] | None] = {}
    return [_illustrated(d, chains) if d.code in (*REFUSALS, *MEETINGS) and d.span else d for d in problems]


def _illustrated(problem: Diagnostic, chains: dict[Path, tuple[Pack, ...] | None]) -> Diagnostic:
    assert problem.span is not None
    folder = Path(problem.span.file).parent
    if folder not in chains:
        from policyengine.packs.policies import ChainLoader

        chains[folder] = ChainLoader().chain(folder)[0]
    chain = chains[folder]
    if chain is None or any(r.message.startswith(_for_example()) for r in problem.related):
        return problem
    rule = next((r for r in chain[-1].rules if _holds(r.span, problem.span)), None)
    spans = [o.span for o in problem.related if o.span is not None]
    other = next((r for p in chain for r in p.rules if r is not rule and any(_holds(r.span, s) for s in spans)), None)
    vocabulary = chain[-1].vocabulary
    if rule is None or other is None or vocabulary is None:
        return problem
    stretch = overlap((rule.start, rule.until), (other.start, other.until)) or (rule.start, rule.until)
    shown = _shown(problem.code, rule, other, context_as_written(chain, *stretch), _names(chain))
    if shown is None:
        return problem
    return replace(problem, related=(_example(shown, other, rule, vocabulary), *problem.related))


def _names(chain: tuple[Pack, ...]) -> RuleNames:
    """What names mean in a chain that governs nobody: an override stands for what it names."""
    names = RuleNames({}, tuple(p.id for p in chain))
    for rule in (r for pack in chain for r in pack.rules):
        over = rule.statement.rule if isinstance(rule.statement, tree.Override | tree.Drop) else ""
        names.known[rule.name] = names.find(over, rule.pack) or rule.name
    return names


def _shown(code: str, rule: Rule, other: Rule, context: Context, names: RuleNames) -> Witness | None:
    """The situation that shows why ``rule`` can't stand beside or over ``other``."""
    if code in MEETINGS:
        answer = meet(unwrapped(other), unwrapped(rule), context)
        return answer if isinstance(answer, Witness) else None
    old, new = (qualified(unwrapped(r), r.pack, names) for r in (other, rule))
    verdict = compare(old, new, context)
    return verdict.laxer if verdict.permitted is False else None


def _for_example() -> str:
    return say("for example: ", "例如：")


def _holds(outer: Span | None, inner: Span) -> bool:
    return (
        outer is not None and outer.file == inner.file and outer.line <= inner.line <= max(outer.end_line, outer.line)
    )
