"""``diff``: two sides in, what changed in law and what follows from it out."""

from __future__ import annotations

from policyengine.tools.diff.effects import effects
from policyengine.tools.diff.model import Change, Comparison, Law
from policyengine.tools.diff.packs import pack_changes
from policyengine.tools.diff.rules import rule_changes


def compare_sides(old: Law, new: Law) -> Comparison:
    """Everything that differs, base packs first, changes of law before those of wording."""
    changes = [*rule_changes(old, new), *pack_changes(old, new)]
    return Comparison(old, new, tuple(sorted(changes, key=lambda c: _order(c, new))), tuple(effects(old, new)))


def _order(change: Change, law: Law) -> tuple[object, ...]:
    depth = len(law.policies[change.pack].packs) if change.pack in law.policies else 0
    return not change.is_law, depth, change.pack, change.subject, str(change.start or "")
