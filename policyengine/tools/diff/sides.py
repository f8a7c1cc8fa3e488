"""OLD and NEW of a comparison: folders or git revisions in, two ``Law``s out.

A pack that can be read is compared as it is written, whether its chain may govern or not; one that can't be read is
an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError, failed
from policyengine.messages import say
from policyengine.packs.model import Pack, Policy
from policyengine.packs.policies import ChainLoader, pack_folders, same_id
from policyengine.packs.roots import PACK_FILE, packs_under, policies_under
from policyengine.plan.build import plan_of
from policyengine.tools.diff.model import Law
from policyengine.tools.git.revisions import FILES, Names, Tree, range_of, top_of, tree_at

_SAME_ID = "PE133"


@contextmanager
def sides(words: tuple[str, ...]) -> Iterator[tuple[Law, Law, Tree, Tree]]:
    """Both sides of ``diff``'s arguments, and the folders they were read from (which live as long as the context).

    Raises ``PolicyError`` (PE701..PE707, and what a pack can't be read for) where one can't be had.
    """
    old, new = range_of(words)
    ranged = len(words) == 1 and words[0] != old  # A..B, A...B: a folder called A is not meant
    with ExitStack() as stack:
        trees = [stack.enter_context(tree_at(word, revision=ranged)) for word in (old, new)]
        one, other = _alike(trees[0], trees[1]), _alike(trees[1], trees[0])
        yield load_side(one), load_side(other), one, other


def _alike(tree: Tree, other: Tree) -> Tree:
    """A commit beside a folder of the repository: the same folder of the commit, where it has it."""
    if tree.commit is None or other.commit is not None:
        return tree
    try:
        top = top_of(other.folder)
    except PolicyError:
        return tree
    inside = os.path.relpath(other.folder.resolve(), top.resolve())
    if inside == "." or not (tree.folder / inside).is_dir():
        return tree
    return replace(tree, folder=tree.folder / inside, top=tree.folder)


def load_side(tree: Tree) -> Law:
    """The packs of one side. Raises ``PolicyError`` where one of them can't be read at all."""
    found = [pack_folders(top) for top in policies_of(tree)]
    folders, problems = [f for some, _ in found for f in some], [p for _, said in found for p in said]
    loader = ChainLoader()
    chains: dict[str, tuple[Pack, ...]] = {}
    policies: dict[str, Policy] = {}
    unread = [p for p in problems if p.code == _SAME_ID]  # nothing says which of the two is to be compared
    found_in: dict[Diagnostic, list[str]] = {}
    for folder in folders:  # those of packs below are added where only a part of the packs is asked for
        chain, wrong = loader.chain(folder)
        if chain is None:
            unread += wrong
            continue
        there = {f.resolve() for f in folders}
        folders += [f for p in chain if (f := Path(p.folder)).resolve() not in there]
        known = chains.get(chain[-1].id)
        if known is not None and Path(known[-1].folder).resolve() != folder.resolve():
            unread.append(same_id(chain[-1].id, folder, Path(known[-1].folder)))
        policy, more = loader.policy(folder)
        problems += [*wrong, *more]
        chains[chain[-1].id] = chain
        if policy is not None:
            policies[policy.id] = policy
            planned = plan_of(policy)[1]
            problems += planned
            for problem in planned:
                found_in.setdefault(problem, []).append(policy.id)
    problems = list(dict.fromkeys(p for p in problems if p.severity == "error"))
    packs = {p.id: p for chain in chains.values() for p in chain}
    where = {problem: tuple(ids) for problem, ids in found_in.items()}
    law = Law(tree.label, packs, policies, chains, tuple(problems), tree.commit, tree.top or tree.folder, where)
    if failed(unread):
        # what is only said of packs because others are broken goes without saying
        raise PolicyError(dict.fromkeys(named(p, law) for p in unread if p.severity == "error"))
    return law


def policies_of(tree: Tree) -> list[Path]:
    """The folders of packs of a side: itself a pack, its ``policies``, those further below, or itself. Raises
    ``PolicyError`` (PE704).
    """
    whole = tree.folder
    inside = whole / "policies"
    if whole.name == "policies" or (whole / PACK_FILE).is_file():
        tops = [whole]
    elif inside.is_dir():
        tops = [inside]
    else:
        below = list(policies_under(whole))
        tops = [*below, *(p for p in packs_under(whole) if not set(below) & set(p.parents))]
    if all(next(packs_under(top), None) is None for top in tops):
        said = say(f"there is no pack in {tree.label}", f"{tree.label} 中没有政策包")
        hint = say(f"a pack is a folder with a {PACK_FILE}", f"政策包是含有 {PACK_FILE} 的文件夹")
        raise PolicyError([Diagnostic("PE704", said, hint=hint)])
    return tops


def left_out(one: Tree, other: Tree) -> list[str]:
    """Packs beside the ``policies`` that both sides have at their top, of which they have other files."""
    found = [_beside(tree) for tree in (one, other)]
    if found[0] is None or found[1] is None:
        return []
    return sorted(name for name in {*found[0], *found[1]} if found[0].get(name) != found[1].get(name))


def _beside(tree: Tree) -> dict[str, dict[str, bytes]] | None:
    """The files of packs outside of ``policies``, by folder and name; None where the side is no whole repository."""
    inside = tree.folder / "policies"
    if policies_of(tree) != [inside]:
        return None
    packs = [p for p in packs_under(tree.folder) if inside not in p.parents]
    return {
        p.relative_to(tree.folder).as_posix(): {
            f.relative_to(p).as_posix(): f.read_bytes().replace(b"\r\n", b"\n")
            for f in sorted(p.rglob("*"))
            if f.suffix.lower() in FILES and f.is_file()
        }
        for p in packs
    }


def named(problem: Diagnostic, law: Law) -> Diagnostic:
    """The same diagnostic with ``HEAD~1:policies/…`` for files of a commit."""
    return problem if law.commit is None or law.folder is None else Names(law.folder, law.label).problem(problem)


def pack_folder(tree: Tree, policy: str | None) -> Path:
    """The pack or folder of packs of a side to judge by. Raises ``PolicyError`` (PE704) where the side has none
    there."""
    if policy is None:
        tops = policies_of(tree)
        return tops[0] if len(tops) == 1 else tree.folder
    inside = Path(policy)
    # a side may be the folder that the path begins with (policies/sichuan); a name alone is that of no other folder
    whole = bool(inside.parts[1:]) or policy in ("policies", tree.folder.name)
    for folder in (tree.folder / inside, *([tree.folder / Path(*inside.parts[1:])] if whole else [])):
        if not inside.is_absolute() and ".." not in inside.parts and folder.is_dir():
            return folder
    said = say(f"there is no pack {policy} in {tree.label}", f"{tree.label} 中没有政策包 {policy}")
    hint = say("name it by its path inside both sides", "请写它在两边都有的路径")
    raise PolicyError([Diagnostic("PE704", said, hint=hint)])
