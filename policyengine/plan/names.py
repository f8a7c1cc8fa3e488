"""Which names a statement uses: walking a tree, the field that terms belong to, the rule that a reference means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache

from policyengine.language import tree
from policyengine.language.vocabulary import Vocabulary
from policyengine.light import dataclass
from policyengine.packs.model import Policy, Rule


def walk(node: object) -> Iterator[object]:
    """A node and all below it, from left to right."""
    if isinstance(node, tuple):
        for item in node:
            yield from walk(item)
    elif (below := _below(type(node))) is not None:  # type: ignore[arg-type]
        yield node
        for name in below:
            yield from walk(getattr(node, name))


@cache
def _below(kind: type) -> tuple[str, ...] | None:
    """The fields of a kind of node, but where it stands; None: of what is no node."""
    return tuple(f.name for f in fields(kind) if f.name != "span") if is_dataclass(kind) else None


def owning_field(terms: Sequence[str], vocabulary: Vocabulary) -> str | None:
    """The enumerated record field that all ``terms`` belong to (``form``, ``subject``, then others); None: no such."""
    enumerated = [name for name, decl in vocabulary.fields.items() if decl.of == "record" and decl.type == "term"]
    ordered = sorted(enumerated, key=lambda name: (name != "form", name != "subject"))
    return next((name for name in ordered if set(terms) <= {w.id for w in vocabulary.terms_of(name)}), None)


@dataclass(frozen=True, slots=True)
class RuleNames:
    """Resolves the rule names that statements use (``annual-hours``, ``sichuan/annual-hours``) to ``PlanRule.name``."""

    known: dict[str, str]  # qualified name of any rule of the chain → the name it governs under
    packs: tuple[str, ...]  # ids, base first

    @classmethod
    def of(cls, policy: Policy) -> RuleNames:
        known = {rule.name: rule.name for pack in policy.packs for rule in pack.rules}
        for governing in policy.governing:
            for rule in (governing.rule, *governing.over):
                known[rule.name] = governing.name
        return cls(known, tuple(p.id for p in policy.packs))

    def find(self, name: str, pack: str) -> str | None:
        """What ``name`` means in a rule of ``pack``: its own rule, else that of the nearest pack below, else of the
        nearest above; None: no such."""
        if "/" in name:
            return self.known.get(name)
        at = self.packs.index(pack) if pack in self.packs else len(self.packs) - 1
        nearest = (*reversed(self.packs[: at + 1]), *self.packs[at + 1 :])
        return next((self.known[f"{p}/{name}"] for p in nearest if f"{p}/{name}" in self.known), None)

    def all(self) -> list[str]:
        """Every name that could have been meant, qualified and not."""
        return sorted({*self.known, *(name.split("/", 1)[1] for name in self.known)})


def unwrapped(rule: Rule) -> tree.Statement:
    """The sentence a rule puts in force, without the ``override`` around it."""
    return body(rule.statement)


def body(statement: tree.Statement) -> tree.Statement:
    """What an override states, or the statement itself."""
    while isinstance(statement, tree.Override):
        statement = statement.statement
    return statement
