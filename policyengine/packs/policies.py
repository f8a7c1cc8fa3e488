"""A path in, policies out: one pack's folder gives the policy of its chain, a folder of packs one policy for each.

Errors: PE130 (no pack there), PE131 (the pack below is not found), PE132 (packs that extend each other), PE133 (two
packs with one id).
"""

from __future__ import annotations

from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.packs.document import Document, read_document, shown
from policyengine.packs.load import load_pack
from policyengine.packs.model import Pack, Policy
from policyengine.packs.nodes import Mapping
from policyengine.packs.resolve import resolve
from policyengine.packs.roots import PACK_FILE, find_pack, id_of, packs_under
from policyengine.packs.shape import did_you_mean
from policyengine.packs.values import optional_at

Chain = tuple[Pack, ...]


def load_policies(path: str | Path) -> tuple[tuple[Policy, ...], list[Diagnostic]]:
    """The policies at ``path``. With errors among the diagnostics, those that could be made are given."""
    folders, problems = _folders(Path(path))
    loader = ChainLoader()
    policies: list[Policy] = []
    for folder in folders:
        policy, found = loader.policy(folder)
        problems += found
        if policy is not None:
            policies.append(policy)
    return tuple(policies), problems


def _folders(path: Path) -> tuple[list[Path], list[Diagnostic]]:
    """The pack folders that ``path`` means."""
    try:
        if path.name == PACK_FILE and path.is_file():
            return [path.parent], []
        there, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError):
        there = is_folder = False
    if not is_folder:
        return [], [_missing(path, there)]
    folders = list(packs_under(path))
    if not folders:
        said = f"{shown(path)} holds no pack: there is no {PACK_FILE} in it"
        return [], [Diagnostic("PE130", said, Span(shown(path)), "name a pack's folder, or a folder of packs")]
    by_id: dict[str, Path] = {}
    problems = []
    for folder in folders:
        name = id_of(folder)
        if name is not None and by_id.setdefault(name, folder) != folder:
            problems.append(_same_id(name, folder, by_id[name]))
    return folders, problems


def _missing(path: Path, there: bool) -> Diagnostic:
    if there:
        said, hint = f"{shown(path)} is a file; a pack is a folder with a {PACK_FILE}", "name the folder"
        return Diagnostic("PE130", said, Span(shown(path)), hint)
    try:
        beside = [p.name for p in path.parent.iterdir() if p.is_dir()]
    except (OSError, ValueError):
        beside = []
    near = did_you_mean(path.name, beside)
    hint = f"did you mean {shown(path.parent / near)}?" if near else "name a pack's folder, or a folder of packs"
    return Diagnostic("PE130", f"there is no pack {shown(path)}", Span(shown(path)), hint)


def _same_id(name: str, folder: Path, other: Path) -> Diagnostic:
    said = f"two packs are called {name}: {shown(other)} and {shown(folder)}"
    return Diagnostic("PE133", said, Span(shown(folder / PACK_FILE)), "give one of them another id (pack: …)")


class ChainLoader:
    """Loads chains of packs; a pack that several chains share is read once, and its problems are told once."""

    def __init__(self) -> None:
        self.known: dict[Path, Chain | None] = {}
        self.checked: set[tuple[str, ...]] = set()

    def policy(self, folder: Path) -> tuple[Policy | None, list[Diagnostic]]:
        """The policy of the chain that ends in ``folder``, and the problems not told before."""
        chain, problems = self.chain(folder)
        if chain is None:
            return None, problems
        policy, found = resolve(chain)
        told = set(problems)
        return policy, problems + [d for d in found if d not in told]

    def chain(self, folder: Path, above: tuple[Path, ...] = ()) -> tuple[Chain | None, list[Diagnostic]]:
        """The packs from the lowest to the one in ``folder``."""
        place = folder.absolute()
        if place in self.known:
            return self.known[place], []
        document, problems = read_document(folder / PACK_FILE)
        base: Chain = ()
        if document is not None:
            base, problems = self._base(folder, document, above)
        if document is None or failed(problems):
            self.known[place] = None
            return None, problems
        pack, found = load_pack(folder, base[-1] if base else None, document)
        chain = (*base, pack) if pack is not None else None
        self.known[place] = chain
        return chain, problems + found

    def _base(self, folder: Path, document: Document, above: tuple[Path, ...]) -> tuple[Chain, list[Diagnostic]]:
        """The chain that the pack extends; empty for the lowest pack."""
        root = document.root
        name = optional_at(root, "extends")
        if not isinstance(root, Mapping) or name is None:
            return (), []
        where = root.get("extends") or root
        found, seen = find_pack(name, folder)
        if not found:
            near = did_you_mean(name, seen)
            hint = f"did you mean {near}?" if near else "packs here: " + (", ".join(seen) or "none")
            return (), [document.problem("PE131", f"there is no pack {name} to extend", where, hint=hint)]
        if len(found) > 1:
            return (), [_same_id(name, found[1], found[0])]
        if found[0] in (*above, folder.absolute()) or name == optional_at(root, "pack"):
            said = f"{name} extends this pack, directly or through others, and this pack extends {name}"
            return (), [document.problem("PE132", said, where, hint="the lowest pack has extends: null")]
        chain, problems = self.chain(Path(shown(found[0])), (*above, folder.absolute()))
        if chain is None and not failed(problems):  # told when it was loaded for another pack
            said = f"the pack {name} has errors of its own, so this one can't be read"
            return (), [document.problem("PE134", said, where, hint=f"mend {shown(found[0])} first")]
        return chain or (), problems
