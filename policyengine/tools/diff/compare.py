"""``diff``: two sides in, what changed in law, what follows from it and whom it touches out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.messages import listed, say
from policyengine.tools.diff.effects import effects
from policyengine.tools.diff.impact import Impact, impact_of
from policyengine.tools.diff.model import Change, Comparison, Law
from policyengine.tools.diff.packs import pack_changes
from policyengine.tools.diff.rules import rule_changes
from policyengine.tools.diff.sides import left_out, named, pack_folder, sides
from policyengine.tools.evaluate.evaluate import Files


def compare_files(
    words: tuple[str, ...],
    files: Files | None = None,
    policy: str | None = None,
    periods: tuple[int, int] | None = None,
    as_of: date | None = None,
    shifts: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Comparison, Impact | None]:
    """Compare what two folders or revisions say and, with ``files``, whom the difference touches.

    ``policy``: the pack to judge by, as a path inside each side; ``shifts``: a file for every decision that changes;
    ``tell``: is told what takes long, and what was left out.

    Raises ``PolicyError`` (PE701..PE710, and what a side's packs can't be read for) where a side can't be read.
    """
    with sides(words) as (old, new, one, other):
        impact = None
        if tell is not None and (packs := listed(left_out(one, other))):
            tell(
                say(
                    f"note: only policies/ is compared; packs beside it differ too: {packs} (name a folder as NEW)",
                    f"说明：只比较了 policies/；它之外的政策包也有变化：{packs}（可把文件夹写作 NEW）",
                )
            )
        if files is not None:
            folders = pack_folder(one, policy), pack_folder(other, policy)
            try:
                impact = impact_of(*folders, files, periods, as_of, shifts, tell)
            except PolicyError as error:
                raise PolicyError(_named(error.diagnostics, files.mapping, old, new)) from None
        return compare_sides(old, new), impact


def _named(problems: Iterable[Diagnostic], mapping: str | None, *laws: Law) -> list[Diagnostic]:
    """What keeps people from being judged, files named as those of their side; and what to do where it is a side: a
    file of packs, and not that of the ``mapping``."""
    found = list(problems)
    told = [named(named(p, laws[0]), laws[1]) for p in found]
    of_packs = [a.span and Path(a.span.file).suffix == ".yaml" and a.span.file != mapping for a in found]
    if any(of_packs) or found != told:
        said = say("whom the change touches can't be told: not every pack of a side may stand",
                   "无法得知影响哪些人：其中一方并非所有政策包都成立")  # fmt: skip
        hint = say("leave --records out, or name a pack that stands on both sides with --policy",
                   "请去掉 --records，或用 --policy 指定在两边都成立的政策包")  # fmt: skip
        told.append(Diagnostic("PE710", said, hint=hint))
    return told


def compare_sides(old: Law, new: Law) -> Comparison:
    """Everything that differs, changes of law before those of wording, base packs first."""
    changes = [*rule_changes(old, new), *pack_changes(old, new)]
    moved = {c.before: c.after for c in changes if c.kind == "renamed"}
    return Comparison(old, new, tuple(sorted(changes, key=lambda c: _order(c, new))), tuple(effects(old, new, moved)))


def _order(change: Change, law: Law) -> tuple[object, ...]:
    depth = len(law.policies[change.pack].packs) if change.pack in law.policies else 0
    return not change.is_law, depth, change.pack, change.subject, str(change.start or "")
