"""A path in, policies out: one pack's folder gives the policy of its chain, a folder of packs one policy for each.

Errors: PE130 (no pack there), PE131 (the pack below is not found), PE132 (packs that extend each other), PE133 (two
packs with one id).
"""

from __future__ import annotations

from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.messages import say
from policyengine.packs.document import Document, read_document, shown
from policyengine.packs.load import load_pack
from policyengine.packs.model import Pack, Policy
from policyengine.packs.nodes import Mapping
from policyengine.packs.resolve import resolve
from policyengine.packs.roots import PACK_FILE, find_pack, id_of, packs_under
from policyengine.packs.shape import did_you_mean, meant
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
        said = say(
            f"{shown(path)} holds no pack: there is no {PACK_FILE} in it",
            f"{shown(path)} 中没有政策包：没有 {PACK_FILE}",
        )
        return [], [
            Diagnostic(
                "PE130",
                said,
                Span(shown(path)),
                say("name a pack's folder, or a folder of packs", "请指定政策包的文件夹，或其上级文件夹"),
            )
        ]
    by_id: dict[str, Path] = {}
    problems = []
    for folder in folders:
        name = id_of(folder)
        if name is not None and by_id.setdefault(name, folder) != folder:
            problems.append(_same_id(name, folder, by_id[name]))
    return folders, problems


def _missing(path: Path, there: bool) -> Diagnostic:
    if there:
        said, hint = (
            say(
                f"{shown(path)} is a file; a pack is a folder with a {PACK_FILE}",
                f"{shown(path)} 是文件；政策包是含有 {PACK_FILE} 的文件夹",
            ),
            say("name the folder", "请指定文件夹"),
        )
        return Diagnostic("PE130", said, Span(shown(path)), hint)
    try:
        beside = [p.name for p in path.parent.iterdir() if p.is_dir()]
    except (OSError, ValueError):
        beside = []
    near = did_you_mean(path.name, beside)
    hint = (
        say(f"did you mean {shown(path.parent / near)}?", f"是不是 {shown(path.parent / near)}？")
        if near
        else say("name a pack's folder, or a folder of packs", "请指定政策包的文件夹，或其上级文件夹")
    )
    return Diagnostic(
        "PE130", say(f"there is no pack {shown(path)}", f"没有政策包 {shown(path)}"), Span(shown(path)), hint
    )


def _same_id(name: str, folder: Path, other: Path) -> Diagnostic:
    said = say(
        f"two packs are called {name}: {shown(other)} and {shown(folder)}",
        f"有两个包都叫 {name}：{shown(other)} 和 {shown(folder)}",
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
            hint = meant(near) if near else say("packs here: ", "此处的包：") + (", ".join(seen) or say("none", "无"))
            return (), [
                document.problem(
                    "PE131", say(f"there is no pack {name} to extend", f"没有可以作为上级的包 {name}"), where, hint=hint
                )
            ]
        if len(found) > 1:
            return (), [_same_id(name, found[1], found[0])]
        if found[0] in (*above, folder.absolute()) or name == optional_at(root, "pack"):
            said = say(
                f"{name} extends this pack, directly or through others, and this pack extends {name}",
                f"{name} 直接或间接以本包为上级，而本包又以 {name} 为上级",
            )
            return (), [
                document.problem(
                    "PE132", said, where, hint=say("the lowest pack has extends: null", "最上级的包写 extends: null")
                )
            ]
        chain, problems = self.chain(Path(shown(found[0])), (*above, folder.absolute()))
        if chain is None and not failed(problems):  # told when it was loaded for another pack
            said = say(
                f"the pack {name} has errors of its own, so this one can't be read",
                f"包 {name} 本身有错误，因此无法读取本包",
            )
            return (), [
                document.problem(
                    "PE134", said, where, hint=say(f"mend {shown(found[0])} first", f"请先改正 {shown(found[0])}")
                )
            ]
        return chain or (), problems
