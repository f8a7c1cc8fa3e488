"""``history``: a rule's name in, its versions in law and the commits that made them out.

Versions in law are what the packs say now; commits are those in whose tree an entry of the rule came, went or changed,
read from git's objects. Outside of a repository only the versions in law are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from policyengine.diagnostics import Diagnostic, PolicyError, failed
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.packs.document import parse_document
from policyengine.packs.model import Rule
from policyengine.packs.nodes import Listing
from policyengine.packs.nodes import Mapping as MappingNode
from policyengine.packs.policies import load_policies
from policyengine.packs.roots import PACK_FILE, is_yaml
from policyengine.packs.shape import did_you_mean
from policyengine.packs.values import text_at
from policyengine.tools.git.revisions import GitFailure, blobs, entries, git, is_shallow, top_of

# whatever somebody set: signatures would stand between the lines (and gpg.program run), names might be in GBK
_LOG = ("log", "--no-show-signature", "--encoding=UTF-8")
Entries = Mapping[str, str]  # from → until, change and text of an entry, as one line


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that changed a rule. ``before``, ``after``: its entries on both sides, by ``from``."""

    id: str
    day: str
    author: str
    subject: str
    before: Entries
    after: Entries


@dataclass(frozen=True, slots=True)
class History:
    """``versions`` in the order in which they are in force; ``commits`` newest first. ``shallow``: older ones were left
    out when the repository was cloned."""

    name: str
    versions: tuple[Rule, ...]
    commits: tuple[Commit, ...]
    shallow: bool = False


def history_of(name: str, path: str | Path = "policies") -> History:
    """A rule that the packs no longer have has only commits, where there are any.

    Raises ``PolicyError``: PE706 where no pack at ``path`` has or had the rule, and what keeps the packs from being
    read where none of those that can be has it.
    """
    policies, problems = load_policies(path)
    packs = {pack.id: pack for p in policies for pack in p.packs}
    rules = {id(r): r for pack in packs.values() for r in pack.rules}.values()
    names = sorted({r.name for r in rules})
    wanted = [n for n in names if n == name] or [n for n in names if n.split("/")[1] == name]
    pack, slash, rule = name.partition("/")
    if not wanted and slash and (pack in packs or not failed(problems)):
        wanted = [name]  # repealed, by itself or with its pack?
    if len(wanted) != 1:
        unread = problems if failed(problems) and not wanted else []
        sure = not unread or ("/" not in name and packs)  # in full, it is of a pack that can't be read
        raise PolicyError([*unread, *([_unknown(name, names, wanted)] if sure else [])])
    versions = {(r.key, r.until): r for r in rules if r.name == wanted[0]}
    ordered = sorted(versions.values(), key=lambda r: (r.start is not None, r.start))
    pack, _, rule = wanted[0].partition("/")
    commits, shallow = _commits(pack, rule, Path(path), Path(packs[pack].folder) if pack in packs else None)
    if not versions and not commits:
        raise PolicyError([_unknown(name, names, ())])
    return History(wanted[0], tuple(ordered), tuple(commits), shallow)


def _unknown(name: str, names: Sequence[str], several: Sequence[str]) -> Diagnostic:
    if several:
        return Diagnostic(
            "PE706",
            say(f"several packs have a rule {name}", f"几个政策包都有规则 {name}"),
            hint=say(f"name it in full: {', '.join(several)}", f"请写全名：{'、'.join(several)}"),
        )
    near = did_you_mean(name, names)
    return Diagnostic(
        "PE706",
        say(f"no pack here has a rule {name}", f"这里的政策包都没有规则 {name}"),
        hint=say(f"did you mean {near}?", f"是不是 {near}？")
        if near
        else say("name it as pack/rule, e.g. sichuan/annual-hours", "请写成 政策包/规则，如 sichuan/annual-hours"),
    )


def _commits(pack: str, rule: str, path: Path, folder: Path | None) -> tuple[list[Commit], bool]:
    """Commits that changed the rule of the pack, which is in ``folder`` now (None: no more), newest first (none outside
    of a repository), and whether older ones are not here."""
    try:
        top = top_of(folder or path)
    except GitFailure:
        raise
    except PolicyError:
        return [], False
    try:
        folders = [folder.resolve().relative_to(top.resolve()).as_posix()] if folder else []
        folders += [f for f in _left(pack, top) if f not in folders]
        if not folders:
            return [], False
        # --parents: those of a commit are the nearest of this log, not of all commits
        log = git(*_LOG, "--parents", "--format=%H%x00%P%x00%cs%x00%an%x00%s", "--", *folders, at=top)
    except GitFailure:
        return [], False  # nothing was committed yet
    commits = [line.split("\0") for line in log.decode("utf-8", "replace").split("\n") if line]
    states = {commit[0]: _entries(commit[0], folders, rule, top) for commit in commits}
    found = []
    for id_, parents, day, author, subject in commits:
        before = _before(states[id_], [states.get(p, {}) for p in parents.split()])
        if before != states[id_]:
            found.append(Commit(id_, day, author, subject, before, states[id_]))
    return found, is_shallow(top)


def _before(state: Entries, parents: Sequence[Entries]) -> Entries:
    """The entries that a commit found: of a merge's parents, whatever one of them has as it is now was not changed by
    the merge."""
    found: dict[str, str] = {}
    for start in dict.fromkeys(s for entries_ in (*parents, state) for s in entries_):
        known = [p.get(start) for p in parents] or [None]
        old = state.get(start) if state.get(start) in known else known[0]
        if old is not None:
            found[start] = old
    return found


def _left(pack: str, top: Path) -> list[str]:
    """Folders in which the pack lay and lies no more: it was moved (committed or not yet), or is gone. The last one
    first."""
    options = ("--raw", "--format=", "--no-abbrev", "--no-renames", "--diff-filter=D")
    log = git(*_LOG, *options, "--", f":(glob)**/{PACK_FILE}", at=top).decode("utf-8", "surrogateescape")
    lines = [line for line in log.split("\n") if line]
    held = [(str(e.path), e.blob) for e in entries("HEAD", top) if e.path.name == PACK_FILE]
    deleted = [(name, meta.split()[2]) for meta, _, name in (line.partition("\t") for line in lines)]
    gone: dict[str, str] = {}  # folder → blob of its pack.yaml
    for name, blob in (*held, *deleted):
        folder = PurePosixPath(name).parent.as_posix()
        if not (top / folder / PACK_FILE).exists():
            gone.setdefault(folder, blob)
    documents = (parse_document(data, PACK_FILE)[0] for data in blobs(list(gone.values()), top))
    return [f for f, d in zip(gone, documents, strict=True) if d is not None and text_at(d.root, "pack") == pack]


def _entries(commit: str, folders: Sequence[str], rule: str, top: Path) -> Entries:
    """The rule's entries in one commit, in whichever of the folders the pack lay then."""
    inside = (_rule_files(commit, folder, top) for folder in folders)
    names: list[tuple[str, str]] = next(filter(None, inside), [])
    found: dict[str, str] = {}
    for (_, path), data in zip(names, blobs([n for n, _ in names], top), strict=True):
        document, _ = parse_document(data, path)
        if document is None or not isinstance(document.root, Listing):
            continue
        for node in document.root.items:
            if isinstance(node, MappingNode) and text_at(node, "id") == rule:
                until, change = text_at(node, "until"), text_at(node, "change")
                parts = [f"until {until}" if until not in ("", "null") else "", change, text_at(node, "rule")]
                found[text_at(node, "from")] = " · ".join(" ".join(p.split()) for p in parts if p)
    return found


def _rule_files(commit: str, folder: str, top: Path) -> list[tuple[str, str]]:
    """Blobs and paths of a pack's rules in one commit."""
    return [
        (e.blob, str(e.path))
        for e in entries(commit, top, folder)
        if is_yaml(e.path) and e.path.name.startswith("rules")
    ]
