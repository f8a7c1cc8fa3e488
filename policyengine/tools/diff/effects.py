"""What changes do further down the chain: an override that no longer raises anything, or is no longer allowed."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Governing, Policy
from policyengine.plan.names import unwrapped
from policyengine.tools.diff.model import Effect, Law
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.findings import proofs
from policyengine.tools.prove.model import context_of


def effects(old: Law, new: Law) -> Iterator[Effect]:
    """What holds on the new side and did not on the old one (and for refusals the reverse)."""
    yield from _void(old, new)
    yield from _ended(old, new)
    yield from _refused(old, new)


def _void(old: Law, new: Law) -> Iterator[Effect]:
    """Overrides of which the base's own figure is now the stricter or the same."""
    before = {k: v for p in old.policies.values() for k, v in _idle(p)}
    told: set[str] = set()
    for policy in new.policies.values():
        for key, (g, relation) in _idle(policy):
            if key in told or before.get(key, (None, ""))[1] == relation:
                continue
            told.add(key)
            base = g.over[0]
            same = relation == "same"
            yield Effect(
                "void" if same else "exceeds",
                g.rule.pack,
                g.rule.name,
                say(
                    f"{base.name} now says the same: {base.text.strip()}"
                    if same
                    else f"{base.name} is now the stricter one and governs: {base.text.strip()}",
                    f"{base.name} 现在与之相同：{base.text.strip()}"
                    if same
                    else f"{base.name} 现在更严，以其为准：{base.text.strip()}",
                ),
            )


def _idle(policy: Policy) -> Iterator[tuple[str, tuple[Governing, str]]]:
    for g in policy.governing:
        if not (g.raises and g.over):
            continue
        relation = compare(
            unwrapped(g.over[0]), unwrapped(g.rule), context_of(policy, g.start, g.until)
        ).relation  # the override against its base
        if relation in ("same", "laxer"):
            yield f"{g.rule.key} {g.start}", (g, relation)


def _ended(old: Law, new: Law) -> Iterator[Effect]:
    """Regimes that a pack takes over and that no pack below it delegates any more."""
    for pack in new.packs.values():
        for regime in pack.regimes:
            was = old.packs.get(pack.id)
            if was and regime in was.regimes and regime in _delegated(old, pack.id):
                if regime not in _delegated(new, pack.id):
                    yield Effect(
                        "ended",
                        pack.id,
                        regime,
                        say(f"{regime} is no longer delegated to it", f"不再授权其管理 {regime}"),
                    )


def _delegated(law: Law, pack: str) -> set[str]:
    found: set[str] = set()
    chain = law.packs.get(pack)
    while chain is not None and chain.extends:
        chain = law.packs.get(chain.extends)
        if chain is not None:
            for rule in chain.rules:
                if isinstance(rule.statement, tree.Delegate) and rule.until is None:
                    found.update(rule.statement.regimes)
    return found


def _refused(old: Law, new: Law) -> Iterator[Effect]:
    """What may not stand any more, or may now."""
    before, after = _errors(old), _errors(new)
    for key, (pack, problem) in after.items():
        if key not in before:
            yield Effect("refused", pack, key[1], problem.message, problem)
    for key, (pack, problem) in before.items():
        if key not in after:
            yield Effect("allowed", pack, key[1], problem.message, problem)


def _errors(law: Law):  # type: ignore[no-untyped-def]
    found = {}
    problems = [*law.problems, *proofs(law.policies.values())]
    for problem in problems:
        if problem.severity == "error":
            place = problem.span.file if problem.span else ""
            found[problem.code, problem.message] = (place, problem)
    return found
