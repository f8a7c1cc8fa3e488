"""A YAML file in, positioned nodes out: every key and value with its line and column, everything kept as text.

YAML 1.1 guesses types (``no`` is false, ``01-01`` a date, ``12:30`` the number 750); here a scalar stays text and the
schema of the file says what it is. What a file may contain is bounded before any of it is built.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Replacement, Span, name_not_utf8
from policyengine.light import dataclass
from policyengine.messages import is_utf8, say
from policyengine.packs.compose import compose, empty
from policyengine.packs.nodes import Node, Scalar, line_of, span_of
from policyengine.packs.place import ScalarPlace
from policyengine.packs.syntax import INVISIBLE, UNWANTED, at_character, unwanted

MAX_PROBLEMS = 200  # of one file; whoever has mended these checks again
MAX_BYTES = 1_000_000  # the whole regulation with every article as a note is 60 kB
_held: ContextVar[Mapping[str, bytes] | None] = ContextVar("held", default=None)


@dataclass(frozen=True)
class Document:
    """One file: its name as shown to people, its text, and its root node."""

    file: str
    text: str
    root: Node
    raw: bytes = field(repr=False, default=b"")

    def line(self, number: int) -> str | None:
        """The text of line ``number`` (from 1)."""
        return line_of(self.text, number)

    def span(self, node: Node) -> Span:
        return span_of(self.file, node)

    def place(self, scalar: Scalar) -> ScalarPlace:
        """Where the value's characters stand in the file, for the parser of a rule."""
        return ScalarPlace(
            self.file, self.text, scalar.text, scalar.style, scalar.start, scalar.end, scalar.line, scalar.column
        )

    def instead(self, node: Node | None, old: str, new: str | None) -> Replacement | None:
        """``new`` in the place of ``old``, with which a value or key begins; None where that stands there otherwise (as
        an alias of another value), or there is nothing to write.
        """
        if new is None or not isinstance(node, Scalar) or not node.text.startswith(old):
            return None
        written = self.text[node.start : node.end].strip()
        plain = written in (node.text, *(f"{mark}{node.text}{mark}" for mark in "'\""))
        return self.place(node).instead(0, len(old), new) if plain else None

    def problem(self, code: str, message: str, node: Node, **more: object) -> Diagnostic:
        """A diagnostic that points at ``node`` and carries its line."""
        span = self.span(node)
        return Diagnostic(code, message, span, source=self.line(span.line), **more)  # type: ignore[arg-type]


def enough(file: str) -> Diagnostic:
    """PE123: the note that ends a long list of mistakes."""
    return Diagnostic(
        "PE123",
        say(
            f"only the first {MAX_PROBLEMS} mistakes of this file are told",
            f"只列出本文件的前 {MAX_PROBLEMS} 处错误",
        ),
        Span(file),
        say("mend these and check again", "请改正后再次检查"),
        "note",
    )


def shown(path: Path) -> str:
    """The path as messages name it: relative to the working folder where it lies inside, with ``/``."""
    try:
        real = Path(os.path.realpath(path))  # unlike Path.resolve it bears links that lead to themselves
        return real.relative_to(Path.cwd()).as_posix() if path.is_absolute() else path.as_posix()
    except ValueError:
        return path.as_posix()


@contextmanager
def held(files: Mapping[str, bytes]) -> Iterator[None]:
    """As long as it lasts, these files (by their real path) are read as an editor holds them, not from the disk."""
    token = _held.set(files)
    try:
        yield
    finally:
        _held.reset(token)


def read_document(path: Path) -> tuple[Document | None, list[Diagnostic]]:
    """Read one YAML file. Errors: PE101..PE113; with any of them there is no document."""
    file = shown(path)
    if not is_utf8(str(path)):
        return None, [name_not_utf8("PE101", file)]
    if (files := _held.get()) and (unsaved := files.get(os.path.realpath(path))) is not None:
        return (None, [_too_large(file, len(unsaved))]) if len(unsaved) > MAX_BYTES else parse_document(unsaved, file)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device would be waited for
            return None, [_unreadable(file, OSError(0, say("it is not a file", "它不是文件")))]
        if status.st_size > MAX_BYTES:
            return None, [_too_large(file, status.st_size)]
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return None, [_unreadable(file, error)]
    if len(data) > MAX_BYTES:
        return None, [_too_large(file, len(data))]
    return parse_document(data, file)


def parse_document(data: bytes, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """The bytes of one YAML file (UTF-8, with or without BOM, any line ends) as a document named ``file``."""
    text, problem = _decoded(data, file)
    if problem is None:
        problem = _unwanted(text, file)
    if problem is not None:
        return None, [problem]
    root, problems = compose(text, file)
    if root is None:
        return None, problems if len(problems) < MAX_PROBLEMS else [*problems[:MAX_PROBLEMS], enough(file)]
    return Document(file, text, root, data), []


# --- before YAML looks at it ------------------------------------------------------------------------------------------


def _unreadable(file: str, error: OSError) -> Diagnostic:
    return Diagnostic(
        "PE101",
        say(f"{file} can't be read: {reason(error)}", f"无法读取 {file}：{reason(error)}"),
        Span(file),
        hint=say("check the name and that you may read it", "请检查文件名和读取权限"),
    )


def reason(error: OSError) -> str:
    """Why the system refuses a file; it says so in its own language only."""
    known = {
        errno.ENOENT: "没有这个文件", errno.EACCES: "没有读取权限", errno.EISDIR: "它是文件夹",
        errno.ENOTDIR: "路径中有一段不是文件夹", errno.EIO: "读取存储设备出错",
        errno.ENAMETOOLONG: "名称过长",
    }  # fmt: skip
    english = error.strerror or str(error)
    return say(english, known.get(error.errno or 0, english))


def _too_large(file: str, size: int) -> Diagnostic:
    return Diagnostic(
        "PE102",
        say(
            f"this file has {size:,} bytes; a pack's file has at most {MAX_BYTES:,}",
            f"文件有 {size:,} 字节，政策包的文件最多 {MAX_BYTES:,} 字节",
        ),
        Span(file),
        hint=say(
            "split the rules over several rules-*.yaml, and put lists into tables/*.csv",
            "请把规则分到几个 rules-*.yaml 中，名单放进 tables/*.csv",
        ),
    )


def _decoded(data: bytes, file: str) -> tuple[str, Diagnostic | None]:
    body = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return body.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n"), None
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8").replace("\r\n", "\n")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return "", Diagnostic(
            "PE103",
            say(
                f"this file is not UTF-8: byte 0x{body[error.start]:02X} here belongs to no character",
                f"文件不是 UTF-8 编码：此处的字节 0x{body[error.start]:02X} 不成字符",
            ),
            Span(file, line, column),
            hint=say(
                "save it as UTF-8 (some editors call GBK “ANSI”)", "请另存为 UTF-8（有的编辑器把 GBK 称为“ANSI”）"
            ),
        )


def _unwanted(text: str, file: str) -> Diagnostic | None:
    """The first character that a pack may not contain."""
    found = UNWANTED.search(text)
    tab = text.find("\t")
    if tab >= 0 and (found is None or tab < found.start()):
        return at_character(
            "PE105",
            say("a tab stands here; YAML is laid out with spaces", "此处是制表符；YAML 用空格排版"),
            file,
            text,
            tab,
            say("replace it by two spaces", "请改为两个空格"),
            instead="  " if _beside_space(text, tab) else None,
        )
    if found is not None:
        message, hint = unwanted(found.group())
        without = "" if INVISIBLE.fullmatch(found.group()) else None
        return at_character("PE104", message, file, text, found.start(), hint, instead=without)
    if not text.strip() or not any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n")):
        return empty(file)
    return None


def _beside_space(text: str, tab: int) -> bool:
    """Whether a tab stands where a space may be as well, and not in the layout of its line or within a word."""
    before, _, _ = text[text.rfind("\n", 0, tab) + 1 : tab].partition("#")
    after = text[tab:].partition("\n")[0].strip()
    return bool(before.strip()) and (before[-1] in " :," or not after or after.startswith("#"))
