"""The law as it stood: a path and a git revision in, the policies of the packs in that commit out.

Files are named as git names them (``HEAD~1:policies/sichuan/rules-years.yaml``), in rules, messages and the manifest.
Errors: those of ``revisions.py``, and whatever is wrong with the packs of that commit.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from policyengine.diagnostics import Diagnostic, PolicyError, failed
from policyengine.messages import say
from policyengine.packs.model import Pack, Policy, Table
from policyengine.packs.policies import ChainLoader, pack_folders
from policyengine.packs.resolve import resolve
from policyengine.plan.build import plans_of
from policyengine.plan.model import Plan
from policyengine.tools.evaluate.select import Law, is_pack
from policyengine.tools.git.revisions import Names, commit_of, top_of, write_tree


def law_at(path: str | Path, revision: str) -> Law:
    """The law at ``path``, which need not be there any more, in the commit that ``revision`` names.

    Raises ``PolicyError`` (PE701..PE704, PE707, and what is wrong with the packs of that commit).
    """
    place = Path(os.path.abspath(path))
    top = top_of(next(p for p in (place, *place.parents) if p.is_dir()))
    commit = commit_of(revision, top)
    inside = os.path.relpath(os.path.realpath(place), os.path.realpath(top))
    with TemporaryDirectory(prefix="policyengine-") as folder:
        write_tree(commit, top, Path(folder))
        home = Path(folder) / inside
        if inside.startswith("..") or not home.exists():
            said = say(f"there is no {path} in {revision}", f"{revision} 中没有 {path}")
            hint = say("name a folder of packs by its path in the repository", "请写政策包文件夹在仓库中的路径")
            raise PolicyError([Diagnostic("PE704", said, hint=hint)])
        policies, plans, remarks = _loaded(home, _Packs(Path(folder), revision))
        alone = is_pack(home)
    return Law(str(path), policies, plans, remarks, alone=alone, revision=revision, commit=commit)


def _loaded(home: Path, names: _Packs) -> tuple[tuple[Policy, ...], tuple[Plan, ...], tuple[Diagnostic, ...]]:
    folders, said = pack_folders(home)
    loader, policies = ChainLoader(), []
    for folder in folders:
        chain, problems = loader.chain(folder)
        said += problems
        if chain is None:
            continue
        policy, problems = resolve(tuple(names.pack(p) for p in chain))
        said += problems
        if policy is not None:
            policies.append(policy)
    plans, problems = plans_of(() if failed(said) else policies)
    named = tuple(dict.fromkeys(names.problem(d) for d in (*said, *problems)))
    if failed(named):
        raise PolicyError(named)
    return tuple(policies), tuple(plans), named


class _Packs(Names):
    """Packs of a commit, their files named so."""

    def __init__(self, folder: Path, revision: str):
        super().__init__(folder, revision)
        self.known: dict[int, Pack] = {}

    def pack(self, pack: Pack) -> Pack:
        """The pack, once for all chains that it is in."""
        if id(pack) not in self.known:
            rules = tuple(replace(r, span=self.span(r.span), place=None) for r in pack.rules)
            tables = {name: self._table(table) for name, table in pack.tables.items()}
            self.known[id(pack)] = replace(pack, folder=self.file(pack.folder), rules=rules, tables=tables)
        return self.known[id(pack)]

    def _table(self, table: Table) -> Table:
        return replace(table, file=self.file(table.file)) if os.path.isabs(table.file) else table
