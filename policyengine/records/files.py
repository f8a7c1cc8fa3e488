"""The arguments of a command in, the files to read out: one file, a folder, a glob or ``-``; each with what kind it is.

The content decides the kind, not the name: systems export text and web pages as ``.xls``.
"""

from __future__ import annotations

import contextlib
import errno
import glob as globbing
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path

from policyengine.address import is_address
from policyengine.diagnostics import Diagnostic, Span, name_not_utf8
from policyengine.light import dataclass
from policyengine.messages import is_utf8, listed, many, say
from policyengine.records.foreign import is_foreign

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".jsonl", ".ndjson", ".json", ".parquet")
PACKED = {".parquet": 16, ".xlsx": 4, ".ods": 4}  # how many bytes of text a byte of such a file stands for
STDIN = "<stdin>"
LOCK = "~$"  # how the names of lock files of spreadsheet programs begin
_CHUNK = 1 << 20
# what web pages begin with, pieces of them, XML, and pages with all that belongs to them in one file
_PAGES = tuple(
    f"<{tag}".encode() for tag in ("!doctype", "html", "table", "?xml", "meta", "head", "style", "div", "body", "!--")
)
_PAGES += (b"mime-version:",)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. ``shown`` is how messages name it; ``label`` is what made record ids begin with.

    ``kind``: ``text`` (delimited), ``jsonl``, ``workbook`` (XLSX, XLS, ODS), ``parquet``, ``empty``, ``html`` or
    ``foreign`` (``foreign.py``).
    """

    path: Path
    shown: str
    label: str
    kind: str


def find_files(arguments: Sequence[str]) -> tuple[list[Source], list[Diagnostic]]:
    """Every file that the arguments name, in a fixed order (folders sorted); errors for those that name none."""
    found: list[tuple[Path, str, str]] = []
    problems: list[Diagnostic] = []
    for number, argument in enumerate(arguments):
        if argument == "-" and "-" in arguments[:number]:
            problems.append(_twice(STDIN))
            continue
        try:
            found += _expand(argument, problems)
        except OSError as e:
            if argument == "-":  # it is copied to where there may be no room
                raise
            problems.append(_unreadable(argument, e))
    if not arguments:
        problems.append(Diagnostic("PE401", say("no records file is named", "没有给出记录文件"), hint=_hint_files()))
    sources: list[Source] = []
    seen: set[str] = set()
    labels = Counter(label for _, _, label in found)
    for path, shown, label in found:
        if not is_utf8(shown):
            problems.append(name_not_utf8("PE400", shown))
            continue
        try:
            real = os.path.realpath(path)
            if real in seen:
                problems.append(_twice(shown))
                continue
            seen.add(real)
            kind = kind_of(path)
        except OSError as e:
            problems.append(_unreadable(shown, e))
            continue
        sources.append(Source(path, shown, label if labels[label] == 1 else shown, kind))
    return sources, problems


def stdin_for_all(records: Sequence[str], persons: str | None, circumstances: str | None) -> list[Diagnostic]:
    """An error where standard input is named for more than one of them: the first would take all of it."""
    named = {
        say("the records", "学习记录"): "-" in records,
        say("--persons", "--persons"): persons == "-",
        say("--circumstances", "--circumstances"): circumstances == "-",
    }
    names = [name for name, given in named.items() if given]
    if len(names) < 2:
        return []
    message = say(
        f"standard input can be read once, and is named for {' and '.join(names)}",
        f"标准输入只能读取一次，却同时用于{'、'.join(names)}",
    )
    hint = say("save one of them to a file and name it", "请将其中之一存为文件后指定该文件")
    return [Diagnostic("PE400", message, Span(STDIN), hint=hint)]


def _hint_files() -> str:
    return say("give a CSV, XLSX, XLS, ODS, JSON Lines or Parquet file, a folder of them, or - for standard input",
               "请给出 CSV、XLSX、XLS、ODS、JSON Lines 或 Parquet 文件、文件夹，或用 - 表示标准输入")  # fmt: skip


def _expand(argument: str, problems: list[Diagnostic]) -> list[tuple[Path, str, str]]:
    """Paths with their shown name and label."""
    if argument == "-":
        return [(_spool_stdin(), STDIN, "stdin")]
    if "\0" in argument:
        problems.append(Diagnostic("PE400", say("a path can't contain a NUL", "路径不能含有 NUL"), hint=_hint_files()))
        return []
    path = Path(argument)
    if path.is_dir():
        return _folder(path, problems)
    if path.exists():
        if path.name.startswith(LOCK):
            problems.append(_lock_file(argument, path.name.removeprefix(LOCK)))
            return []
        return [(path, argument, path.name)]
    if globbing.has_magic(argument):
        problems += _closed(argument)
        found = globbing.glob(argument, recursive=True)
        matches = sorted(p for p in found if os.path.isfile(p) and not _hidden(p))
        if "**" not in argument:
            problems += [_folder_left_out(p) for p in sorted(found) if os.path.isdir(p) and not _hidden(p)]
        if not matches:
            message = say("no file matches this pattern", "没有文件符合该模式")
            problems.append(Diagnostic("PE401", message, Span(argument), hint=_hint_files()))
        return [(Path(m), m, Path(m).name) for m in matches]
    message = say("there is no such file or folder", "没有这个文件或文件夹")
    problems.append(Diagnostic("PE400", message, Span(argument), hint=_of_address(argument) or near_path(path)))
    return []


def _of_address(argument: str) -> str | None:
    """What to name in place of ``s3a://…``, ``http://…``, ``file://…``."""
    if not is_address(argument):
        return None
    return say(
        "only a cluster reads addresses (--engine spark --remote …); here name the path of a file on this machine",
        "只有集群读取地址（--engine spark --remote …）；此处请给出本机文件的路径",
    )


def _closed(pattern: str) -> list[Diagnostic]:
    """An error for each folder that a pattern goes through and that can't be looked into: it would be left out
    without a word."""
    found: dict[str, Diagnostic] = {}
    above, name = os.path.split(pattern)
    while name:
        within = pattern if name == "**" else above or os.curdir
        for folder in globbing.glob(within, recursive=True) if globbing.has_magic(within) else [within]:
            try:
                if not os.path.isdir(folder):
                    continue
                if globbing.has_magic(name):
                    os.scandir(folder).close()
                else:
                    os.stat(os.path.join(folder, name))
            except FileNotFoundError:
                continue
            except OSError as e:
                found[os.path.join(folder, "")] = _unreadable(folder, e)
        pattern = above
        above, name = os.path.split(pattern)
    return [found[folder] for folder in sorted(found)]


def near_path(path: Path) -> str:
    """What may help where ``path`` leads to nothing."""
    from difflib import get_close_matches

    try:
        near = get_close_matches(path.name, os.listdir(path.parent), 1)
    except OSError:
        near = []
    if near:
        return say("did you mean ", "是不是 ") + str(path.parent / near[0]) + say("?", "？")
    return say("check the path; a relative one starts from the current folder", "请检查路径；相对路径从当前文件夹算起")


def _hidden(name: str) -> bool:
    """Files of the system and lock files of spreadsheet programs."""
    return os.path.basename(name).startswith((".", LOCK))


def _lock_file(shown: str, other: str) -> Diagnostic:
    """Of a lock file that was named, as where a shell put it in the place of a pattern: it says who has a file open."""
    message = say(
        f"this is no table: a spreadsheet program keeps it while {other} is open",
        f"这不是表格：表格软件打开 {other} 时会生成此文件",
    )
    hint = say(
        "leave it out, and save and close the file that is open; a pattern in quotation marks leaves it out",
        "请去掉此文件，并保存、关闭已打开的文件；带引号的通配符会跳过它",
    )
    return Diagnostic("PE400", message, Span(shown), hint=hint)


def _folder(folder: Path, problems: list[Diagnostic]) -> list[tuple[Path, str, str]]:
    found, others = [], []

    def refused(problem: OSError) -> None:
        problems.append(_unreadable(str(problem.filename), problem))

    for here, folders, names in os.walk(folder, onerror=refused):
        if "manifest.json" in names and _is_result(Path(here) / "manifest.json"):
            problems.append(_result(folder, here))
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if not _hidden(f))
        problems += [_linked(str(link)) for f in folders if (link := Path(here) / f).is_symlink()]
        for name in sorted(n for n in names if not _hidden(n)):
            path = Path(here) / name
            if path.suffix.lower() in SUFFIXES:
                found.append((path, str(path), path.relative_to(folder).as_posix()))
            else:
                others.append(path)
    found.sort(key=lambda f: f[2])
    if others:
        some = listed((str(o.relative_to(folder)) for o in others), 5)
        message = say(
            f"{many(len(others), 'other file in the folder is', 'other files in the folder are')} not read: {some}",
            f"文件夹中另有 {len(others)} 个文件未读取：{some}",
        )
        problems.append(Diagnostic("PE443", message, Span(str(folder)), severity="warning"))
    if not found:
        message = say("the folder holds no file of a kind that can be read", "文件夹中没有可读取的文件")
        problems.append(Diagnostic("PE401", message, Span(str(folder)), hint=_hint_files()))
    return found


def _is_result(manifest: Path) -> bool:
    """Whether it is the manifest of a result of ours, by its first key (``tools/result/write.py``)."""
    try:
        with manifest.open("rb") as stream:
            return b'"policyengine-result"' in stream.read(100)
    except OSError:
        return False


def _result(folder: Path, here: str) -> Diagnostic:
    message = say(
        f"a written result in the folder is not read: {here}", f"文件夹中有已写出的评定结果，不予读取：{here}"
    )
    hint = say("keep results outside of the folder of records", "请将结果放在学习记录文件夹之外")
    return Diagnostic("PE443", message, Span(str(folder)), hint=hint, severity="warning")


def _folder_left_out(shown: str) -> Diagnostic:
    message = say(
        "the pattern also stands for this folder, which is not read", "该模式也匹配此文件夹，其中的文件不予读取"
    )
    hint = say(
        "name that folder as well, or write **/ for folders below", "请同时给出该文件夹，或用 **/ 表示其下的文件夹"
    )
    return Diagnostic("PE443", message, Span(shown), hint=hint, severity="warning")


def _linked(shown: str) -> Diagnostic:
    """Of a link to a folder: it may lead back to where it stands."""
    message = say("this is a link to another folder, which is not read", "这是指向另一文件夹的链接，其中的文件不予读取")
    hint = say("name that folder as well", "请同时给出那个文件夹")
    return Diagnostic("PE443", message, Span(shown), hint=hint, severity="warning")


def _twice(shown: str) -> Diagnostic:
    message = say("the file is named twice and read once", "该文件给出了两次，只读取一次")
    return Diagnostic("PE443", message, Span(shown), severity="warning")


def _unreadable(shown: str, problem: OSError) -> Diagnostic:
    from policyengine.packs.document import reason

    if os.path.isdir(shown):
        message = say("the folder can't be read: ", "无法读取文件夹：") + reason(problem)
    else:
        message = say("the file can't be read: ", "无法读取文件：") + reason(problem)
    denied = problem.errno in (errno.EACCES, errno.EPERM)
    return Diagnostic("PE400", message, Span(shown), hint=_hint_denied() if denied else _hint_files())


def _hint_denied() -> str:
    if sys.platform != "win32":
        return say("check who may read it", "请检查读取权限")
    return say(  # which says the same of a file that a program keeps to itself
        "close it where Excel, WPS or another program has it open, or check who may read it",
        "如果它正在 Excel、WPS 等程序中打开，请先关闭；否则请检查读取权限",
    )


def kind_of(path: Path) -> str:
    """What the file is, by its first bytes; ``.jsonl`` and the like decide between kinds of text."""
    if not path.is_file():  # a pipe or a device: reading it twice is not possible
        raise OSError(0, say("it is not a regular file; use - to read standard input", "不是普通文件；标准输入请用 -"))
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head:
        return "empty"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return "workbook"
    if head.startswith(b"PAR1"):
        return "parquet"
    if is_foreign(head):
        return "foreign"
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16", "ignore").encode() if wide else head.removeprefix(b"\xef\xbb\xbf")
    text = text.lstrip()
    if text[:100].lower().startswith(_PAGES):
        return "html"
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json") or text.startswith(b"{"):
        return "jsonl"
    return "text"


def _spool_stdin() -> Path:
    """Standard input copied to a temporary file, since finding encoding and header needs a second look at it."""
    import atexit
    import tempfile

    handle, name = tempfile.mkstemp(prefix="policyengine-", suffix=".stdin")
    atexit.register(_remove, name)
    with os.fdopen(handle, "wb") as stream:
        while chunk := sys.stdin.buffer.read(_CHUNK):
            stream.write(chunk)
    return Path(name)


def _remove(name: str) -> None:
    with contextlib.suppress(OSError):  # on Windows, of a run that failed while it had the file open
        os.unlink(name)


@dataclass(slots=True)
class Watched:
    """Files as they were before anything of them was read: what is judged has to be what the digests attest."""

    before: dict[str, tuple[Path, Stamp]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def add(self, sources: Iterable[Source]) -> None:
        for source in sources:
            self.note(source.shown, source.path)

    def note(self, shown: str, path: Path) -> None:
        self.before.setdefault(shown, (path, stamp(path)))

    def changed(self) -> list[Diagnostic]:
        """An error for each file that is another one now, once."""
        found = [n for n, (path, then) in self.before.items() if n not in self.told and stamp(path) != then]
        self.told.update(found)
        return [_changed(shown) for shown in found]


Stamp = tuple[int, int, int] | None
"""Number, size and time of the last change of a file; None: it is gone."""


def stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed(shown: str) -> Diagnostic:
    message = say("the file was changed while it was being read", "文件在读取过程中被改动")
    hint = say(
        "run again when nobody writes to it; nothing was written", "请在无人写入该文件时重新运行；未写出任何内容"
    )
    return Diagnostic("PE400", message, Span(shown), hint=hint)


def digests(sources: Iterable[Source]) -> dict[str, str]:
    """Shown name → sha256 of the bytes."""
    found = {}
    for source in sources:
        digest = hashlib.sha256()
        with source.path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        found[source.shown] = digest.hexdigest()
    return found
