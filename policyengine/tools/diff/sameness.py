"""Whether two versions of a rule say the same: rules and how they were renamed in, yes or no out.

The surface, layout and order in which terms are listed say nothing; nor does the name under which another rule is
referred to, where it only bears another name now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from policyengine.language import tree
from policyengine.language.references import renamed
from policyengine.packs.model import Rule

# Parts of which only the set matters; what ``taking`` lists, and a table's arguments, have an order.
_UNORDERED: dict[type, tuple[str, ...]] = {
    tree.What: ("terms",), tree.In: ("items",), tree.And: ("items",), tree.Or: ("items",), tree.Lasts: ("kinds",),
    tree.Repeated: ("fields",), tree.CountOnce: ("per",), tree.Cap: ("after",), tree.Excuse: ("rules",),
    tree.PerMonth: ("kinds",), tree.Delegate: ("regimes",), tree.InEach: ("states",),
}  # fmt: skip


def same_law(one: Rule | None, other: Rule | None, moved: Mapping[str, str]) -> bool:
    """Whether two versions say the same and leave lower authorities the same freedom."""
    if one is None or other is None:
        return one is other
    return one.change == other.change and same_sentence(one, other, moved)


def same_sentence(one: Rule, other: Rule, moved: Mapping[str, str]) -> bool:
    """Whether two versions say the same. ``moved``: rules that were renamed, old name to new."""
    before, after = ordered(one.statement), ordered(other.statement)
    return bool(before == after or _renamed(before, moved, one.pack) == _renamed(after, {}, other.pack))


def ordered(node: Any) -> Any:
    """A tree with what has no order of its own in one order."""
    if isinstance(node, tuple):
        return tuple(ordered(item) for item in node)
    if not is_dataclass(node) or isinstance(node, type):
        return node
    parts = {f.name: ordered(getattr(node, f.name)) for f in fields(node) if f.compare}
    for name in _UNORDERED.get(type(node), ()):
        parts[name] = tuple(sorted(parts[name], key=repr))
    return replace(node, **parts)


def _renamed(node: Any, moved: Mapping[str, str], pack: str) -> Any:
    """A statement with the rules that it names by their names on the new side, qualified."""

    def name(rule: str) -> str:
        full = rule if "/" in rule else f"{pack}/{rule}"
        return moved.get(full, full)

    match node:
        case tree.Override(rule=rule, statement=statement):
            return replace(node, rule=name(rule), statement=_renamed(statement, moved, pack))
        case tree.Drop(rule=rule):
            return replace(node, rule=name(rule))
    return ordered(renamed(node, name))
