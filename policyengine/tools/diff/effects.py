"""What changes do further down the chain: an override that no longer raises anything, or is no longer allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from policyengine.diagnostics import Diagnostic
from policyengine.language import tree
from policyengine.messages import listed, say
from policyengine.packs.model import Governing, Pack, Policy, Rule
from policyengine.plan.names import unwrapped
from policyengine.tools.diff.model import Effect, Law
from policyengine.tools.diff.sides import named
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.findings import proofs
from policyengine.tools.prove.model import context_of

Place = tuple[str, str]  # pack and the name of the rule, "" for the pack as a whole
Key = tuple[str, Place, str]


def effects(old: Law, new: Law, moved: Mapping[str, str]) -> Iterator[Effect]:
    """What holds on the new side and did not on the old one (and for refusals the reverse). ``moved``: rules that were
    renamed, old name to new."""
    yield from _void(old, new, moved)
    yield from _ended(old, new)
    yield from _refused(old, new)


def _void(old: Law, new: Law, moved: Mapping[str, str]) -> Iterator[Effect]:
    """Overrides of which the base's own figure is now the stricter or the same."""
    known = ((k, relation) for p in old.policies.values() for k, (_, relation) in _idle(p))
    before = {((moved.get(rule, rule), moved.get(base, base)), relation) for (rule, base), relation in known}
    found: dict[tuple[tuple[str, str], str], tuple[Governing, list[str]]] = {}
    for policy in new.policies.values():
        if policy.id in old.chains and policy.id not in old.policies:
            continue  # it did not stand before: nothing is known of what its overrides did then
        for key, (g, relation) in _idle(policy):
            if (key, relation) not in before:
                found.setdefault((key, relation), (g, []))[1].append(policy.id)
    for (_, relation), (g, packs) in found.items():
        own = g.rule.pack
        yield _idle_now(g, relation == "same", own if own in packs else listed(sorted(set(packs))))


def _idle_now(g: Governing, same: bool, packs: str) -> Effect:
    base = g.over[0]
    text = " ".join(base.text.split())
    said = (
        say(f"{base.name} now says the same: {text}", f"{base.name} 现在与之相同：{text}")
        if same
        else say(f"{base.name} is now the stricter one and governs: {text}", f"{base.name} 现在更严，以其为准：{text}")
    )
    return Effect("void" if same else "exceeds", g.rule.pack, g.rule.name, said + _for(packs, g.rule.pack))


def _for(packs: str, pack: str) -> str:
    """For whose people, where not for all of the rule's own pack."""
    return "" if packs in ("", pack) else say(f" (for people under {packs})", f"（对适用 {packs} 的人）")


def _idle(policy: Policy) -> Iterator[tuple[tuple[str, str], tuple[Governing, str]]]:
    """By the names of the rule and of the one that it overrides."""
    for g in policy.governing:
        if not (g.raises and g.over):
            continue
        relation = compare(
            unwrapped(g.over[0]), unwrapped(g.rule), context_of(policy, g.start, g.until)
        ).relation  # the override against its base
        if relation in ("same", "laxer"):
            yield (g.rule.name, g.over[0].name), (g, relation)


def _ended(old: Law, new: Law) -> Iterator[Effect]:
    """Regimes that a pack takes over and that no pack below it delegates any more."""
    for pack in new.packs.values():
        was, now = _delegated(old, pack.id), _delegated(new, pack.id)
        for regime in pack.regimes:
            if regime in was and regime not in now and pack.id in old.packs and regime in old.packs[pack.id].regimes:
                yield Effect(
                    "ended",
                    pack.id,
                    was[regime].name,
                    say(
                        f"{regime}, which {pack.id} takes over, is no longer delegated to it",
                        f"{pack.id} 承接的 {_word(pack, regime)} 不再授权其管理",
                    ),
                )


def _word(pack: Pack, regime: str) -> str:
    word = pack.vocabulary.find("regime", regime) if pack.vocabulary else None
    return (word.zh if word else None) or regime


def _delegated(law: Law, pack: str) -> dict[str, Rule]:
    """The regimes delegated to a pack without an end, each with the rule that does it."""
    return {
        regime: rule
        for below in law.chains.get(pack, ())[:-1]
        for rule in below.rules
        if isinstance(rule.statement, tree.Delegate) and rule.until is None
        for regime in rule.statement.regimes
    }


def _refused(old: Law, new: Law) -> Iterator[Effect]:
    """What may not stand any more, or may now."""
    before, after = refusals(old, new), refusals(new, old)
    for kind, these, others, law in (("refused", after, before, new), ("allowed", before, after, old)):
        for key, problem in these.items():
            if key not in others:
                told = say(f"{problem.code}: {problem.message}", f"{problem.code}：{problem.message}")
                told += _for(law.under(problem, key[1][0]), key[1][0])
                yield Effect(kind, *key[1], told, named(problem, law))


def refusals(law: Law, beside: Law | None = None) -> Mapping[Key, Diagnostic]:
    """What keeps a side's packs from governing, by code, place (pack and rule) and message.

    Nothing is proved again of policies that stand ``beside`` it, word for word the same.
    """
    alike = {p.digest for p in beside.policies.values()} if beside else set()
    proved = proofs(p for p in law.policies.values() if p.digest not in alike)
    return {
        (problem.code, _place(problem, law), problem.message): problem
        for problem in (*law.problems, *proved)
        if problem.severity == "error"
    }


def _place(problem: Diagnostic, law: Law) -> Place:
    """The pack and rule in whose text a problem stands."""
    if problem.span is None:
        return "", ""
    file, line = Path(problem.span.file).resolve(), problem.span.line
    for pack in law.packs.values():
        folder = Path(pack.folder).resolve()
        if file != folder and folder not in file.parents:
            continue
        here = [r for r in pack.rules if r.span and Path(r.span.file).resolve() == file]
        at = [r for r in here if r.span and r.span.line <= line <= max(r.span.end_line, r.span.line)]
        return pack.id, at[0].name if at else ""
    return "", ""
