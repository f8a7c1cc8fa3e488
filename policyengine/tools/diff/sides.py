"""OLD and NEW of a comparison: folders or git revisions in, two ``Law``s out, with every file named as its reader knows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError, Related, Span
from policyengine.messages import say
from policyengine.packs.model import Pack, Policy
from policyengine.packs.policies import load_policies
from policyengine.packs.roots import packs_under
from policyengine.tools.diff.model import Law
from policyengine.tools.revisions import Tree, range_of, tree_at


@contextmanager
def sides(words: tuple[str, ...], at: Path | None = None) -> Iterator[tuple[Law, Law, Tree, Tree]]:
    """Both sides of ``diff``'s arguments, and the folders they were read from (which live as long as the context).

    Raises ``PolicyError`` (PE701..PE705) where one can't be had.
    """
    old, new = range_of(words, at)
    with ExitStack() as stack:
        trees = [stack.enter_context(tree_at(word, at)) for word in (old, new)]
        yield load_side(trees[0]), load_side(trees[1]), trees[0], trees[1]


def load_side(tree: Tree) -> Law:
    """The packs of one side. A side with a pack that can't be read is a Law with problems, not an error here."""
    policies: dict[str, Policy] = {}
    packs: dict[str, Pack] = {}
    problems: list[Diagnostic] = []
    folders = [tree.folder] if (tree.folder / "pack.yaml").is_file() else _tops(tree)
    if not folders:
        raise PolicyError(
            [
                Diagnostic(
                    "PE704",
                    say(f"there is no pack in {tree.label}", f"{tree.label} 中没有政策包"),
                    hint=say("a pack is a folder with a pack.yaml", "政策包是含有 pack.yaml 的文件夹"),
                )
            ]
        )
    for folder in folders:
        found, said = load_policies(folder)
        problems += said
        for policy in found:
            policies[policy.id] = policy
            packs.update({p.id: p for p in policy.packs})
    named = tuple(_named(p, tree) for p in problems)
    return Law(tree.label, packs, policies, named, tree.commit)


def _tops(tree: Tree) -> list[Path]:
    """Folders called ``policies`` in a repository, else the folder itself where packs lie below it."""
    if tree.folder.name == "policies" or not (tree.folder / "policies").is_dir():
        return [tree.folder] if next(packs_under(tree.folder), None) is not None else []
    return [tree.folder / "policies"]


def _named(problem: Diagnostic, tree: Tree) -> Diagnostic:
    """The same diagnostic with ``HEAD~1:policies/…`` for files of a commit."""
    if tree.commit is None:
        return problem
    related: Iterable[Related] = (replace(r, span=_placed(r.span, tree)) for r in problem.related)
    return replace(problem, span=_placed(problem.span, tree), related=tuple(related))


def _placed(span: Span | None, tree: Tree) -> Span | None:
    if span is None:
        return None
    inside = os.path.relpath(span.file, tree.folder)
    return replace(span, file=f"{tree.label}:{inside}") if not inside.startswith("..") else span


def pack_folder(tree: Tree, policy: str | None) -> Path:
    """The pack or folder of packs of a side to judge by. Raises ``PolicyError`` (PE704) where the side has none there."""
    if policy is None:
        return tree.folder / "policies" if (tree.folder / "policies").is_dir() else tree.folder
    inside = Path(policy)
    for folder in (tree.folder / inside, tree.folder / Path(*inside.parts[1:])):
        if not inside.is_absolute() and ".." not in inside.parts and folder.is_dir():
            return folder
    raise PolicyError(
        [
            Diagnostic(
                "PE704",
                say(f"there is no pack {policy} in {tree.label}", f"{tree.label} 中没有政策包 {policy}"),
                hint=say("name it by its path inside both sides", "请写它在两边都有的路径"),
            )
        ]
    )
