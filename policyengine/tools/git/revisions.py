"""Packs as they stood at a git revision: a revision goes in, a folder with that commit's packs comes out.

Files are read from git's objects (``git cat-file``); nothing is checked out or fetched, and no hook, filter or other
program that the repository's configuration names runs. Only regular files that packs consist of are written out, within
bounds, to a temporary folder.

Errors: PE701 (no repository), PE702 (unknown revision), PE703 (git is missing or failed), PE704 (no packs there), PE707
(a file of a pack is too large, or can't be called so here, or there are too many).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath
from tempfile import TemporaryDirectory

from policyengine.diagnostics import Diagnostic, PolicyError, Related, Span
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.packs.roots import PACK_FILE

FILES = (".yaml", ".yml", ".csv", ".md", ".txt")
_MAX_FILE = 20_000_000  # bytes; a table of a pack is far below
_MAX_FILES = 20_000
_SECONDS = 60
# A clone may lack files, which git would fetch by whatever command its configuration names: in folders that were
# received, somebody else's.
_NO_TRANSPORT = {"GIT_ALLOW_PROTOCOL": "", "GIT_TERMINAL_PROMPT": "0"}
_LACKS = ("promisor", "承诺者")
_TRUST = "safe.directory"  # of which git speaks, in whatever language, where somebody else owns a repository


@dataclass(frozen=True, slots=True)
class Tree:
    """The packs of one side: ``label`` as the user wrote it, ``folder`` with the files, ``commit`` where it is one.

    ``top``: the folder from which files are named, where ``folder`` is only a part of it."""

    label: str
    folder: Path
    commit: str | None = None
    top: Path | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit: its blob, its path from the top of the repository, and its size in bytes."""

    blob: str
    path: PurePosixPath
    size: int


class Names:
    """Names of files of a commit instead of those in the folder that they were written to."""

    def __init__(self, folder: Path, revision: str):
        self.folder, self.revision = Path(os.path.realpath(folder)), revision
        places = {f"{f}{os.sep}" for f in (folder, self.folder)} | {f"{f.as_posix()}/" for f in (folder, self.folder)}
        self.written = sorted(places, key=len, reverse=True)  # as messages name it

    def file(self, name: str) -> str:
        inside = os.path.relpath(os.path.realpath(name), self.folder)
        return name if inside.startswith("..") else f"{self.revision}:{Path(inside).as_posix()}"

    def span(self, span: Span | None) -> Span | None:
        return None if span is None else replace(span, file=self.file(span.file))

    def problem(self, problem: Diagnostic) -> Diagnostic:
        related = tuple(Related(self.text(r.message), self.span(r.span)) for r in problem.related)
        return replace(
            problem,
            message=self.text(problem.message),
            hint=problem.hint and self.text(problem.hint),
            span=self.span(problem.span),
            related=related,
        )

    def text(self, said: str) -> str:
        """What is said, where it names a file too."""
        for folder in self.written:
            said = said.replace(folder, f"{self.revision}:")
        return said


def git(*arguments: str, at: Path | None = None, stdin: bytes | None = None) -> bytes:
    """What git prints. Raises ``PolicyError`` (PE703) where it can't be run, ``GitFailure`` where it says no."""
    command = ["git", "-c", "core.quotepath=off", "-C", str(at or Path.cwd()), *arguments]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **_NO_TRANSPORT},
        )
    except FileNotFoundError:
        said = say("git is not installed here", "这里没有安装 git")
        hint = say("install git, or name two folders", "请安装 git，或改为指定两个文件夹")
        raise PolicyError([Diagnostic("PE703", said, hint=hint)]) from None
    except subprocess.TimeoutExpired:
        said = say(f"git took longer than {_SECONDS} seconds", f"git 超过 {_SECONDS} 秒没有答复")
        hint = say("try again, or name two folders", "请重试，或改为指定两个文件夹")
        raise PolicyError([Diagnostic("PE703", said, hint=hint)]) from None
    if done.returncode:
        raise GitFailure(done.stderr.decode("utf-8", "replace").strip())
    return done.stdout


class GitFailure(PolicyError):
    """Git said no (PE703); ``said`` is its message."""

    def __init__(self, said: str):
        self.said = said
        lines = said.splitlines() or [""]
        hint = say("mend what git says, then run this again", "请按 git 的提示处理后重试")
        if call := next((line.strip() for line in lines if _TRUST in line and "--add" in line), ""):
            hint = say(f"if it may be trusted, run: {call}", f"确认可以信任后，请执行：{call}")
        elif any(word in said for word in _LACKS):
            hint = say(
                "this clone has not all files; get them with: git fetch --refetch --no-filter",
                "此克隆缺少部分文件；请先获取：git fetch --refetch --no-filter",
            )
        super().__init__([Diagnostic("PE703", say(f"git says: {lines[0]}", f"git 报告：{lines[0]}"), hint=hint)])


def top_of(at: Path | None = None, bare: bool = False) -> Path:
    """The repository's top folder; of a ``bare`` one, where that is allowed, its own folder.

    Raises ``PolicyError``: PE701 outside of one, PE703 where git does not trust its owner.
    """
    place = at or Path.cwd()
    try:
        return Path(git("rev-parse", "--show-toplevel", at=place).decode().rstrip("\n"))
    except GitFailure as failure:
        if _TRUST in failure.said:
            raise
        own = _bare(place)
        if own is None:
            said = say(f"{place} is in no git repository", f"{place} 不在 git 仓库中")
            hint = say(
                "go into the repository with the packs; folders that are in none are compared by diff OLD NEW",
                "请进入政策包所在的仓库；不在仓库中的两个文件夹可用 diff 旧 新 比较",
            )
            raise PolicyError([Diagnostic("PE701", said, hint=hint)]) from None
        if bare:
            return own
        said = say(f"{own} is a bare repository: it has no working tree", f"{own} 是裸仓库，没有工作区")
        hint = say("name two revisions, or go into a checkout", "请指定两个版本，或进入有工作区的仓库")
        raise PolicyError([Diagnostic("PE701", said, hint=hint)]) from None


def _bare(place: Path) -> Path | None:
    """The bare repository that a folder is in, if it is in one."""
    try:
        if git("rev-parse", "--is-bare-repository", at=place).strip() != b"true":
            return None
        return Path(git("rev-parse", "--absolute-git-dir", at=place).decode().rstrip("\n"))
    except GitFailure:
        return None


def is_shallow(top: Path) -> bool:
    """Whether older commits were left out when the repository was cloned."""
    return git("rev-parse", "--is-shallow-repository", at=top).strip() == b"true"


def _fetched(hint: str, top: Path) -> str:
    """The hint, or, where the clone is shallow, how to get what may be missing."""
    if not is_shallow(top):
        return hint
    return say(
        "this clone has only the newest commits; get the others with: git fetch --unshallow",
        "此克隆只有最新的提交；请先获取其余提交：git fetch --unshallow",
    )


def commit_of(revision: str, at: Path | None = None, or_folder: bool = False) -> str:
    """The commit that a revision names. Raises ``PolicyError`` (PE702) where there is none.

    ``or_folder``: it might have been a folder instead, and is none.
    """
    try:
        top = top_of(at, bare=True)
    except PolicyError as e:
        raise PolicyError([_no_folder(revision, d) for d in e.diagnostics] if or_folder else e.diagnostics) from None
    try:
        if revision.startswith("-"):
            raise GitFailure(revision)
        return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", at=top).decode().strip()
    except GitFailure:
        text = say(f"{revision} is no revision of this repository", f"{revision} 不是本仓库的版本")
        hint = say(
            "name a branch, a tag or a commit: HEAD~1, main, v1.2", "请指定分支、标签或提交，如 HEAD~1、main、v1.2"
        )
        if or_folder:
            text = say(
                f"{revision} is neither a folder here nor a revision of this repository",
                f"{revision} 既不是这里的文件夹，也不是本仓库的版本",
            )
            hint = say(
                "name a folder, a branch, a tag or a commit: HEAD~1, main, v1.2",
                "请指定文件夹、分支、标签或提交，如 HEAD~1、main、v1.2",
            )
        raise PolicyError([Diagnostic("PE702", text, hint=_fetched(hint, top))]) from None


def _no_folder(word: str, why: Diagnostic) -> Diagnostic:
    """Where no revision can be looked up: what was named is most often a folder, misspelt."""
    text = say(
        f"{word} is no folder here, nor can it be a revision: {why.message}",
        f"这里没有文件夹 {word}，也不能作为版本：{why.message}",
    )
    return replace(why, message=text)


def parted(old: str, new: str, top: Path) -> str:
    """The commit from which two revisions parted. Raises ``PolicyError`` (PE702) where there is none."""
    one, other = commit_of(old, top), commit_of(new, top)
    try:
        return git("merge-base", one, other, at=top).decode().strip()
    except GitFailure:
        said = say(f"{old} and {new} have no common commit", f"{old} 和 {new} 没有共同的提交")
        hint = _fetched(say(f"compare them as {old}..{new}", f"请写成 {old}..{new} 直接比较"), top)
        raise PolicyError([Diagnostic("PE702", said, hint=hint)]) from None


def range_of(words: tuple[str, ...]) -> tuple[str, str | None]:
    """OLD and NEW of a command's arguments: two words, ``A..B``, ``A...B`` (from where they parted), or one revision,
    compared with the working tree (None)."""
    if len(words) == 2:
        return words[0], words[1]
    word = words[0]
    if "..." in word and not Path(word).exists():
        old, _, new = word.partition("...")
        old, new = old or "HEAD", new or "HEAD"
        return parted(old, new, top_of(bare=True)), new
    if ".." in word and not Path(word).exists():
        old, _, new = word.partition("..")
        return old or "HEAD", new or "HEAD"
    return word, None


@contextmanager
def tree_at(word: str | None, at: Path | None = None, revision: bool = False) -> Iterator[Tree]:
    """The packs that a word means: a folder on disk, a git revision, or (None) the working tree.

    ``revision``: a folder of that name is not meant. The temporary folder lives as long as the context.
    """
    if word is None:
        top = top_of(at)
        yield Tree(say("working tree", "工作区"), top)
        return
    place = None if revision else _folder(Path(word))
    if place is not None:
        yield Tree(word, place)
        return
    commit = commit_of(word, at, or_folder=not revision)
    top = top_of(at, bare=True)
    with TemporaryDirectory(prefix="policyengine-") as folder:
        write_tree(commit, top, Path(folder))
        yield Tree(word, Path(folder), commit)


def _folder(place: Path) -> Path | None:
    """The folder that a path means: itself, or, of a file of a pack, the pack's."""
    if place.is_dir():
        return place
    here = place.absolute().parents if place.is_file() else ()
    return next((p for p in here if (p / PACK_FILE).is_file()), None)


def write_tree(commit: str, top: Path, folder: Path) -> None:
    """Write the pack files of a commit below ``folder``. Raises ``PolicyError`` (PE704, PE707): nothing is left out."""
    there = entries(commit, top)
    packs = {e.path.parent for e in there if e.path.name == PACK_FILE}
    inside = [e for e in there if e.path.suffix.lower() in FILES and packs & set(e.path.parents)]
    if not inside:
        said = say(f"there is no pack in {commit[:12]}", f"{commit[:12]} 中没有政策包")
        hint = say(f"a pack is a folder with a {PACK_FILE}", f"政策包是含有 {PACK_FILE} 的文件夹")
        if inner := _submodules(commit, top):
            names = listed(inner)
            hint = say(
                f"{names}: a repository of its own (submodule); go into it and compare there",
                f"{names} 是独立的仓库（子模块）；请进入其中比较",
            )
        raise PolicyError([Diagnostic("PE704", said, hint=hint)])
    _check_bounds(inside, commit)
    _check_names(inside, commit)
    for entry, content in zip(inside, blobs([e.blob for e in inside], top), strict=True):
        target = folder.joinpath(*entry.path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _check_bounds(inside: Sequence[Entry], commit: str) -> None:
    large = next((e for e in inside if e.size > _MAX_FILE), None)
    if large is not None:
        said = say(
            f"{commit[:12]}:{large.path} has {large.size:,} bytes; a file of a pack has at most {_MAX_FILE:,}",
            f"{commit[:12]}:{large.path} 有 {large.size:,} 字节；政策包的文件最多 {_MAX_FILE:,} 字节",
        )
        hint = say("keep records and documents outside of the pack", "请把记录和文档放在政策包之外")
        raise PolicyError([Diagnostic("PE707", said, hint=hint)])
    if len(inside) > _MAX_FILES:
        said = say(
            f"the packs of {commit[:12]} have {len(inside):,} files; at most {_MAX_FILES:,} are read",
            f"{commit[:12]} 的政策包有 {len(inside):,} 个文件；最多读取 {_MAX_FILES:,} 个",
        )
        hint = say("keep other files outside of the packs", "请把其他文件放在政策包之外")
        raise PolicyError([Diagnostic("PE707", said, hint=hint)])


def _check_names(inside: Sequence[Entry], commit: str, path: type[PurePath] = PurePath) -> None:
    """Refuse what is no name on this system: to Windows ``..\\x`` and ``C:x`` lead out of the folder that is written
    to. ``path``: of which system."""
    for entry in inside:
        if any(path(part).name != part for part in entry.path.parts):
            said = say(
                f"{commit[:12]} has a file that can't be called so on this system: {entry.path}",
                f"{commit[:12]} 中有一个文件，其名称在本系统上不能使用：{entry.path}",
            )
            hint = say("rename it in the repository; names with \\ or : are none everywhere",
                       "请在仓库中改名；含有 \\ 或 : 的名称不是处处可用")  # fmt: skip
            raise PolicyError([Diagnostic("PE707", said, hint=hint)])


def entries(commit: str, top: Path, under: str | None = None) -> list[Entry]:
    """The regular files of a commit (below a folder of it); links and other repositories inside are none."""
    only = ["--", under] if under and under != "." else []
    listed = git("ls-tree", "-r", "-z", "--full-tree", "-l", commit, *only, at=top)
    found = []
    for line in listed.split(b"\0"):
        meta, _, name = line.partition(b"\t")
        if not meta.startswith(b"100"):
            continue
        path = PurePosixPath(name.decode("utf-8", "surrogateescape"))
        if ".." not in path.parts:
            _, _, blob, size = meta.split()
            found.append(Entry(blob.decode(), path, int(size)))
    return found


def _submodules(commit: str, top: Path) -> list[str]:
    listed = git("ls-tree", "-r", "-z", "--full-tree", commit, at=top).split(b"\0")
    return [line.partition(b"\t")[2].decode("utf-8", "replace") for line in listed if line.startswith(b"160000")]


def blobs(names: list[str], top: Path) -> Iterator[bytes]:
    """The contents of blobs, in order, in one call of git."""
    answer = git("cat-file", "--batch", at=top, stdin="".join(f"{n}\n" for n in names).encode())
    at = 0
    for _ in names:
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        yield answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
