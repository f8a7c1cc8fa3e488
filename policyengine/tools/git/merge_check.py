"""Two branches about to be merged: their names in, the rules that both amend for the same time out.

Git merges by lines: it joins two versions of one rule that stand apart in a file, and neither branch's author sees
the other's. Here each branch is compared with the commit from which they parted, rule by rule and day by day. What
only the two together break (one raises a figure, the other adds a sector's lower one) is found in the merged packs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.packs.model import Rule
from policyengine.packs.pieces import overlap
from policyengine.tools.diff.effects import refusals
from policyengine.tools.diff.model import Law
from policyengine.tools.diff.rules import versions
from policyengine.tools.diff.sameness import same_law
from policyengine.tools.diff.sides import load_side, named
from policyengine.tools.diff.timeline import Stage, stages
from policyengine.tools.git.revisions import GitFailure, Tree, commit_of, git, parted, top_of, tree_at, write_tree

_TOLD = "GITHEAD_"  # and the id of a commit that is being merged


@dataclass(frozen=True, slots=True)
class Clash:
    """A rule that both branches amend, each otherwise, in one stretch. ``base``: what it said where they parted."""

    rule: str
    start: date | None
    until: date | None
    base: Rule | None
    ours: Rule | None
    theirs: Rule | None


@dataclass(frozen=True)
class MergeCheck:
    """``clashes`` by rule and day; ``broken``: what neither branch is wrong in, and the two merged are."""

    base: str
    clashes: tuple[Clash, ...]
    broken: tuple[Diagnostic, ...]


def merge_check(ours: str, theirs: str, at: Path | None = None) -> MergeCheck:
    """Compare two branches with the commit from which they parted.

    Raises ``PolicyError`` (PE701..PE704, PE707, and what a side's packs can't be read for).
    """
    top = top_of(at, bare=True)
    theirs = _arriving(theirs, top)
    base = parted(ours, theirs, top)
    with ExitStack() as stack:
        trees = (stack.enter_context(tree_at(word, top, revision=True)) for word in (base, ours, theirs))
        old, one, other = map(load_side, trees)
        clashes = tuple(_clashes(old, one, other))
        return MergeCheck(base, clashes, tuple(_broken(ours, theirs, one, other, top)))


def _arriving(theirs: str, top: Path) -> str:
    """The commit that ``MERGE_HEAD`` means; in a hook before the merge is committed git tells it by a variable only."""
    if theirs != "MERGE_HEAD":
        return theirs
    try:
        return commit_of(theirs, top)
    except PolicyError:
        told = [name.removeprefix(_TOLD) for name in os.environ if name.startswith(_TOLD)]
        if not told:
            said = say("no merge is under way here", "这里没有正在进行的合并")
            hint = say("name the branch that is to be merged", "请写出要合并的分支")
            raise PolicyError([Diagnostic("PE702", said, hint=hint)]) from None
        if len(told) > 1:  # an octopus, which is checked branch by branch
            raise
        return told[0]


def _clashes(base: Law, ours: Law, theirs: Law) -> Iterator[Clash]:
    was, one, other = (versions(r for p in law.packs.values() for r in p.rules) for law in (base, ours, theirs))
    for name in sorted({*one, *other, *was}):
        before = was.get(name, [])
        mine = [s for s in stages(before, one.get(name, [])) if not same_law(s.old, s.new, {})]
        yours = [s for s in stages(before, other.get(name, [])) if not same_law(s.old, s.new, {})]
        yield from (c for a in mine for b in yours if (c := _clash(name, a, b)) is not None)


def _clash(name: str, mine: Stage, yours: Stage) -> Clash | None:
    both = overlap((mine.start, mine.until), (yours.start, yours.until))
    if both is None or same_law(mine.new, yours.new, {}):
        return None
    return Clash(name, *both, mine.old, mine.new, yours.new)


def _broken(ours: str, theirs: str, one: Law, other: Law, top: Path) -> Iterator[Diagnostic]:
    """What the packs as git would merge them are refused for, and neither side's are."""
    try:
        tree = git("merge-tree", "--write-tree", commit_of(ours, top), commit_of(theirs, top), at=top)
    except GitFailure:
        return  # lines in conflict: git stops at them itself (or an older git, which can't tell)
    with TemporaryDirectory(prefix="policyengine-") as folder:
        merged = tree.decode().split()[0]
        write_tree(merged, top, Path(folder))
        label = say("merged", "合并后")
        try:
            together = load_side(Tree(label, Path(folder), merged))
        except PolicyError as error:
            yield from error.diagnostics
            return
        known = {*refusals(one), *refusals(other)}
        for key, problem in refusals(together).items():
            if key not in known:
                yield named(problem, together)
