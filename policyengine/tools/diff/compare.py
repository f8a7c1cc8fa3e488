"""``diff``: two sides in, what changed in law, what follows from it and whom it touches out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from policyengine.tools.diff.effects import effects
from policyengine.tools.diff.impact import Impact, impact_of
from policyengine.tools.diff.model import Change, Comparison, Law
from policyengine.tools.diff.packs import pack_changes
from policyengine.tools.diff.rules import rule_changes
from policyengine.tools.diff.sides import pack_folder, sides
from policyengine.tools.evaluate import Files


def compare_files(
    words: tuple[str, ...],
    files: Files | None = None,
    policy: str | None = None,
    periods: tuple[int, int] | None = None,
    as_of: date | None = None,
    at: Path | None = None,
    shifts: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Comparison, Impact | None]:
    """Compare what two folders or revisions say and, with ``files``, whom the difference touches.

    ``policy``: the pack to judge by, as a path inside each side; ``shifts``: a file for every decision that changes;
    ``tell``: is told what takes long.

    Raises ``PolicyError`` (PE701..PE709, and what a side's packs can't be read for) where a side can't be read.
    """
    with sides(words, at) as (old, new, one, other):
        impact = None
        if files is not None:
            folders = pack_folder(one, policy), pack_folder(other, policy)
            impact = impact_of(*folders, files, periods, as_of, shifts, tell)
        return compare_sides(old, new), impact


def compare_sides(old: Law, new: Law) -> Comparison:
    """Everything that differs, changes of law before those of wording, base packs first."""
    changes = [*rule_changes(old, new), *pack_changes(old, new)]
    return Comparison(old, new, tuple(sorted(changes, key=lambda c: _order(c, new))), tuple(effects(old, new)))


def _order(change: Change, law: Law) -> tuple[object, ...]:
    depth = len(law.policies[change.pack].packs) if change.pack in law.policies else 0
    return not change.is_law, depth, change.pack, change.subject, str(change.start or "")
