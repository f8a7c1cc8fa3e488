"""A result as a folder that appears whole or not at all: tables and a manifest go in, files in a new folder come out.

Everything is written beside the target first, forced to the disk, then renamed. An earlier result of ours is replaced
in the same way; a folder that holds anything else is refused and left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import listed, say
from policyengine.tools.result.formats import write_table
from policyengine.tools.result.tables import Table
from policyengine.whole import beginning, parents_of

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"  # beside it, where the result is signed
BY_ITSELF = {".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers put into a folder that somebody looks at
MARK = "policyengine-result"  # the first key of our manifests: what makes a folder ours
FORM = 1  # what stands there: a later form may mean something else by the same words


def write_result(
    manifest: Mapping[str, Any],
    tables: Sequence[Table],
    out: str | Path,
    format: str,
    sign: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Write ``tables`` and ``manifest`` (without its ``tables`` part) into the folder ``out``; gives the folder.

    ``sign``: makes the content of the signature file of the manifest's bytes.

    Raises ``PolicyError`` (PE910, PE911) where ``out`` is not ours to replace, ``OSError`` where the disk refuses.
    """
    with whole_folder(out) as folder:
        entries = {}
        for table in tables:
            path = folder / f"{table.name}.{format}"
            write_table(table, path, format)
            entries[table.name] = entry_of(path, len(table.rows), table.names)
        finish(folder, manifest, entries, sign)
    return Path(out)


def entry_of(path: Path, rows: int, columns: Sequence[str]) -> dict[str, Any]:
    """What the manifest says of a table."""
    return {"file": path.name, "rows": rows, "columns": list(columns), "sha256": digest(path)}


def finish(
    folder: Path,
    manifest: Mapping[str, Any],
    entries: Mapping[str, Mapping[str, Any]],
    sign: Callable[[bytes], bytes] | None = None,
) -> None:
    """Write the manifest, and its signature, beside the tables. ``entries``: what it says of each."""
    content = manifest_bytes({**manifest, "tables": dict(entries)})
    (folder / MANIFEST).write_bytes(content)
    if sign is not None:
        (folder / SIGNATURE).write_bytes(sign(content))


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as a file, sealed: its last key is the digest of everything before it."""
    content = {k: v for k, v in manifest.items() if k != "sha256"}
    seal = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")).hexdigest()
    text = json.dumps({**content, "sha256": seal}, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def digest(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def whole_folder(out: str | Path) -> Iterator[Path]:
    """A new folder to write into that becomes ``out`` when the block ends well, and vanishes when it does not."""
    target = Path(os.path.realpath(out))
    refuse_foreign(target)
    with parents_of(target):
        _sweep(target)
        folder = _beside(target)
        try:
            # to Windows 0o700 is a list of who may look in, which stays: no chmod takes it away
            mode = 0o700 if os.name == "posix" else 0o777
            folder.mkdir(mode)  # within the block: an interrupt may come at any moment
            yield folder
            _to_disk(folder)
            refuse_foreign(target)  # somebody may have put something there since
            _admit(folder, target)
            _replace(folder, target)
        finally:
            _remove(folder)


def refuse_foreign(target: Path) -> None:
    """Refuse a target that is a file, a folder with anything in it that no result of ours wrote, or a place in the
    folder of a result, which could not be replaced any more."""
    if (holder := result_around(target)) is not None:
        text = say(f"{holder} is the folder of a result, to which nothing else belongs; it is left as it is",
                   f"{holder} 是评定结果的文件夹，不应放入其他内容，未作改动")  # fmt: skip
        hint = say("name a folder beside it", "请指定与它并列的文件夹")
        if target.name in files_of_result(target.parent):
            hint = say("name the folder itself, or one beside it", "请指定该文件夹本身，或与它并列的文件夹")
        raise PolicyError([Diagnostic("PE911", text, Span(str(target)), hint)])
    if not target.exists():
        return
    if not target.is_dir():
        text = say("this is a file; a result needs a folder", "这是一个文件，结果需要写入文件夹")
        hint = say("give another name", "请另取一个名称")
        raise PolicyError([Diagnostic("PE910", text, Span(str(target)), hint)])
    _refuse_fixed(target)
    if foreign := _foreign_in(target):
        text = say(
            f"this folder holds something that is not a result of policyengine ({foreign[0]}); it is left as it is",
            f"该文件夹中有不是 policyengine 结果的内容（{foreign[0]}），未作改动",
        )
        hint = say("name a new or empty folder", "请指定新的或空的文件夹")
        if files_of_result(target):  # beside a result of ours: a report of it, a database, notes
            from policyengine.records.files import LOCK

            names = listed(foreign, 5)
            hint = say(
                f"a result is replaced as a whole: move {names} elsewhere; or give a new or empty folder",
                f"结果会整体替换其文件夹：请将 {names} 移到别处；或指定新的或空的文件夹",
            )
            if (opened := next((n.removeprefix(LOCK) for n in foreign if n.startswith(LOCK)), None)) is not None:
                hint = say(
                    f"{opened} is open in a spreadsheet program: close it there",
                    f"{opened} 正在表格软件（如 Excel）中打开：请先关闭",
                )
        raise PolicyError([Diagnostic("PE911", text, Span(str(target)), hint)])


def _foreign_in(target: Path) -> list[str]:
    """What in the folder no result of ours wrote; looked at again where another run has just put its result there."""
    while True:
        seen = target.stat().st_ino
        foreign = sorted(set(os.listdir(target)) - BY_ITSELF - files_of_result(target))
        if not foreign or target.stat().st_ino == seen:
            return foreign


def _refuse_fixed(target: Path) -> None:
    """Refuse a folder that can't be exchanged for another: it would be only in the end, after all work."""
    hint = say("name a folder in it, as --out result", "请指定其中的一个文件夹，如 --out result")
    if os.path.ismount(target):
        text = say("a disk or a volume begins at this folder, which can't be replaced by a result",
                   "此处是磁盘或数据卷的根目录，不能用结果替换")  # fmt: skip
    elif _is_current(target):
        text = say("this is the current folder; a result replaces its folder as a whole, and this one would be gone",
                   "这是当前所在的文件夹；结果会整体替换其文件夹，当前文件夹将不复存在")  # fmt: skip
        if files_of_result(target):  # it is the earlier result, in which there may be no other
            hint = say(f"go to the folder above (cd ..), and name it: --out {target.name}",
                       f"请先到上一级文件夹（cd ..），再指定它：--out {target.name}")  # fmt: skip
    else:
        return
    raise PolicyError([Diagnostic("PE911", text, Span(str(target)), hint)])


def _is_current(folder: Path) -> bool:
    try:
        return os.path.samefile(folder, os.curdir)
    except OSError:  # the current one was removed
        return False


def files_of_result(folder: Path) -> set[str]:
    """The files that a result of ours in ``folder`` consists of; none where it holds no such result."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if MARK not in manifest:
            return set()
        return {MANIFEST, SIGNATURE, *(t["file"] for t in manifest["tables"].values())}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return set()


def result_around(target: Path) -> Path | None:
    """The folder of a result in which ``target`` is, however deep; None where it is in none."""
    return next((folder for folder in target.parents if files_of_result(folder)), None)


def _beside(target: Path, what: str = "unfinished") -> Path:
    """A name for a folder beside the target that nobody else uses; an unfinished one tells whose it is."""
    return target.with_name(f"{_prefix(target, what)}{os.getpid()}-{_here()}-{os.urandom(4).hex()}")


def _prefix(target: Path, what: str) -> str:
    return f".{beginning(target.name)}.{what}-"


def _here() -> str:
    """Where numbers of processes mean what they mean here: the machine and, within it, the container."""
    machine = os.uname().nodename if os.name == "posix" else ""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return hashlib.sha256(f"{machine} {space}".encode()).hexdigest()[:8]


def _sweep(target: Path, what: str = "unfinished") -> None:
    """Remove what a run that was killed left beside ``target``. Only where the process is known to be gone, but for
    earlier results elsewhere (Windows): a file in one was open as it was replaced, or the run was cut off then."""
    if os.name != "posix" and what == "unfinished":
        return
    prefix, here = _prefix(target, what), _here()
    for left in target.parent.iterdir():
        if not left.name.startswith(prefix):
            continue
        number, _, rest = left.name.removeprefix(prefix).partition("-")
        if number.isdigit() and rest.startswith(f"{here}-") and (os.name != "posix" or not _alive(int(number))):
            _remove(left)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _admit(folder: Path, target: Path) -> None:
    """Let those into ``folder`` who may look into the target that it replaces; into a new one, whom the umask lets."""
    if not target.exists():
        os.chmod(folder, _usual_mode(folder))
        return
    there = target.stat()
    mode = stat.S_IMODE(there.st_mode)
    if os.name == "posix" and there.st_gid != folder.stat().st_gid:
        try:
            os.chown(folder, -1, there.st_gid)
        except OSError:  # what that group may do is not for ours
            mode &= ~stat.S_IRWXG
    os.chmod(folder, mode)


def _usual_mode(folder: Path) -> int:
    """Who may look into a folder that is made in ``folder``, as the umask has it. To ask the umask itself is to change
    it for all threads: what they make meanwhile is open to everybody, and two that ask at once leave it so for good."""
    tried = folder / ".mode"
    tried.mkdir()
    try:
        return tried.stat().st_mode & 0o777
    finally:
        tried.rmdir()


def _to_disk(folder: Path) -> None:
    for path in folder.iterdir():
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere folders can't be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _replace(folder: Path, target: Path) -> None:
    """Make ``folder`` the target, in one step where the system can exchange two names."""
    if not target.exists():
        os.rename(folder, target)
    elif not os.listdir(target):
        target.rmdir()
        os.rename(folder, target)
    elif not _exchange(folder, target):
        aside = _beside(target, "replaced")  # swept only once there is a new one: till then it is all there is
        try:
            os.rename(target, aside)
        except OSError as e:  # on Windows where a file in it is open: it is the target that is in use
            raise OSError(e.errno, e.strerror, str(target)) from e
        try:
            os.rename(folder, target)
        except BaseException:
            os.rename(aside, target)
            raise
        finally:
            _remove(aside)
    _sweep(target, "replaced")
    _sync_folder(target.parent)


def _remove(folder: Path) -> None:
    """Remove a folder, also one that was made read-only (``chmod 500``)."""
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names atomically (Linux renameat2); False where that isn't offered."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE of linux/fs.h
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
