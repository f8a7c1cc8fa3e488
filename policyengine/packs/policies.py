"""A path in, policies out: one pack's folder gives the policy of its chain, a folder of packs one policy for each.

Errors: PE130 (no pack there), PE131 (the pack below is not found), PE132 (packs that extend each other), PE133 (two
packs with one id).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span
from policyengine.messages import listed, say
from policyengine.packs.document import Document, read_document, shown
from policyengine.packs.load import load_pack
from policyengine.packs.model import Pack, Policy
from policyengine.packs.nodes import Mapping
from policyengine.packs.resolve import resolve
from policyengine.packs.roots import PACK_FILE, Look, find_pack, id_of, ids_under, packs_under
from policyengine.packs.shape import did_you_mean, meant, only
from policyengine.packs.values import optional_at

Chain = tuple[Pack, ...]


def load_policies(path: str | Path) -> tuple[tuple[Policy, ...], list[Diagnostic]]:
    """The policies at ``path``. With errors among the diagnostics, those that could be made are given."""
    folders, problems = pack_folders(Path(path))
    loader = ChainLoader()
    policies: list[Policy] = []
    for folder in folders:
        policy, found = loader.policy(folder)
        problems += found
        if policy is not None:
            policies.append(policy)
    return tuple(policies), problems


def pack_folders(path: Path) -> tuple[list[Path], list[Diagnostic]]:
    """The pack folders that ``path`` means: one, or all below it."""
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
        said = say(
            f"{shown(path)} holds no pack: there is no {PACK_FILE} in it",
            f"{shown(path)} 中没有政策包：没有 {PACK_FILE}",
        )
        return [], [Diagnostic("PE130", said, Span(shown(path)), _name_one())]
    by_id: dict[str, Path] = {}
    problems = []
    for folder in folders:
        name = id_of(folder)
        if name is not None and by_id.setdefault(name, folder) != folder:
            problems.append(same_id(name, folder, by_id[name]))
    return folders, problems


def _missing(path: Path, there: bool) -> Diagnostic:
    if there:
        said = say(
            f"{shown(path)} is a file; a pack is a folder with a {PACK_FILE}",
            f"{shown(path)} 是文件；政策包是含有 {PACK_FILE} 的文件夹",
        )
        return Diagnostic("PE130", said, Span(shown(path)), say("name the folder", "请指定文件夹"))
    try:
        beside = [p.name for p in path.parent.iterdir() if p.is_dir()]
    except (OSError, ValueError):
        beside = []
    near = did_you_mean(path.name, beside)
    hint = (
        say(f"did you mean {shown(path.parent / near)}?", f"是不是 {shown(path.parent / near)}？")
        if near
        else _name_one()
    )
    said = say(f"there is no pack {shown(path)}", f"没有政策包 {shown(path)}")
    return Diagnostic("PE130", said, Span(shown(path)), hint)


def _name_one() -> str:
    return say("name a pack's folder, or a folder of packs", "请指定政策包的文件夹，或其上级文件夹")


def same_id(name: str, folder: Path, other: Path) -> Diagnostic:
    """Two packs with one id."""
    said = say(
        f"two packs are called {name}: {shown(other)} and {shown(folder)}",
        f"有两个政策包都叫 {name}：{shown(other)} 和 {shown(folder)}",
    )
    return Diagnostic(
        "PE133",
        said,
        Span(shown(folder / PACK_FILE)),
        say("give one of them another id (pack: …)", "请给其中一个另取标识（pack: …）"),
    )


class ChainLoader:
    """Loads chains of packs; a pack that several chains share is read once, and its problems are told once."""

    def __init__(self) -> None:
        self.known: dict[Path, Chain | None] = {}
        self.told: set[Diagnostic] = set()
        self.look: Look = cache(ids_under)

    def policy(self, folder: Path) -> tuple[Policy | None, list[Diagnostic]]:
        """The policy of the chain that ends in ``folder``, and the problems not told before."""
        chain, problems = self.chain(folder)
        policy = None
        if chain is not None:
            policy, found = resolve(chain)
            problems = problems + found
        new = [d for d in dict.fromkeys(problems) if d not in self.told]
        self.told.update(new)
        return policy, new

    def chain(self, folder: Path, above: tuple[Path, ...] = ()) -> tuple[Chain | None, list[Diagnostic]]:
        """The packs from the lowest to the one in ``folder``; None where one of them can't be read."""
        place = folder.absolute()
        if place in self.known:
            return self.known[place], []
        self.known[place] = None
        document, problems = read_document(folder / PACK_FILE)
        if document is None:
            return None, problems
        base, problems = self._base(place, document, above)
        if base is None:
            return None, problems
        pack, found = load_pack(folder, base[-1] if base else None, document)
        self.known[place] = (*base, pack) if pack is not None else None
        return self.known[place], problems + found

    def _base(self, place: Path, document: Document, above: tuple[Path, ...]) -> tuple[Chain | None, list[Diagnostic]]:
        """The chain that the pack extends; empty for the lowest pack, None where it can't be had."""
        root = document.root
        name = optional_at(root, "extends")
        if not isinstance(root, Mapping) or name is None:
            return (), []
        where = root.get("extends") or root
        found, seen = find_pack(name, place, self.look)
        if not found:
            said, hint = _not_found(name, seen)
            instead = document.instead(where, name, only(name, seen, did_you_mean(name, seen)))
            return None, [document.problem("PE131", said, where, hint=hint, instead=instead)]
        if len(found) > 1:
            return None, [same_id(name, found[1], found[0])]
        if found[0] in (*above, place):
            said = say(
                f"{name} extends this pack, directly or through others, and this pack extends {name}",
                f"{name} 直接或间接以本包为上级，而本包又以 {name} 为上级",
            )
            hint = say("the lowest pack has extends: null", "最上级的政策包请写 extends: null")
            return None, [document.problem("PE132", said, where, hint=hint)]
        told_before = found[0] in self.known
        chain, problems = self.chain(Path(shown(found[0])), (*above, place))
        if chain is None and told_before:
            said = say(
                f"the pack {name} has errors of its own, so this one is not looked at",
                f"政策包 {name} 本身有错误，因此没有检查本包",
            )
            hint = say(f"mend {shown(found[0])} first", f"请先改正 {shown(found[0])}")
            problems = [document.problem("PE134", said, where, hint=hint, severity="note")]
        return chain, problems


def _not_found(name: str, seen: list[str]) -> tuple[str, str]:
    """PE131: what is wrong, and how to mend it."""
    near = did_you_mean(name, seen)
    known = listed(seen) or say("none", "无")
    hint = meant(near) if near else say(f"packs here: {known}", f"此处的政策包：{known}")
    return say(f"there is no pack {name} to extend", f"没有可以作为上级的政策包 {name}"), hint
