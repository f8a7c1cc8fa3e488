"""What is wrong, where, what was expected and how to mend it: the one message type of every floor.

Functions take data and return ``(data, diagnostics)``; only the command line turns diagnostics into exit codes.
Each code has a page in ``policyengine/codes/<CODE>.md`` (``policyengine explain-code`` prints it).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal, Protocol

from policyengine.light import dataclass
from policyengine.messages import harmless, listed, say

Severity = Literal["error", "warning", "note"]
PLACES = 5  # of which it is said that something is the case
SEVERITIES_ZH = {"error": "错误", "warning": "警告", "note": "说明"}


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file. Lines and columns count from 1 in characters; ``end_column`` is exclusive.

    For spreadsheets ``sheet`` is set and line/column are row and column.
    """

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    sheet: str | None = None

    def __str__(self) -> str:
        place = self.file + (f"[{self.sheet}]" if self.sheet else "")
        if self.line:
            place += f":{self.line}" + (f":{self.column}" if self.column else "")
        return place


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a message speaks of ("sichuan requires 90, here")."""

    message: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """What mends a message: ``text`` in the place of what stands under ``span``, nothing else of the file changed.

    There is one only where there is no choice: a wrong mend of a law is worse than none. An empty text leaves out.
    """

    span: Span
    text: str

    @property
    def title(self) -> str:
        """What it does, for whoever chooses it."""
        text = self.text.strip()
        return say(f"Change to “{text}”", f"改为“{text}”") if text else say("Leave it out", "删去")


def replaced(text: str, instead: Replacement) -> str:
    """A file's text with its mend; every other character stays."""
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    span = instead.span
    start, end = starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
    return text[:start] + instead.text + text[end:]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message. ``source`` is the text of the line under ``span``, for the caret; ``instead``: what mends it."""

    code: str
    message: str
    span: Span | None = None
    hint: str | None = None
    severity: Severity = "error"
    source: str | None = None
    related: tuple[Related, ...] = ()
    citation: str | None = None
    instead: Replacement | None = None

    def __str__(self) -> str:
        return human(self)


class PolicyError(Exception):
    """Carries diagnostics out of the Python API; the command line prints them and exits with 2."""

    def __init__(self, diagnostics: Iterable[Diagnostic]):
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(human(d) for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[PolicyError], tuple[tuple[Diagnostic, ...]]]:
        """Copied and sent to another process by its diagnostics: an exception is by its text, of which none is made."""
        return type(self), (self.diagnostics,)


def failed(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them is an error."""
    return any(d.severity == "error" for d in diagnostics)


def warnings_of(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """The warnings among them, each once, with the files and sheets (``PLACES``) that it is about."""
    found: dict[str, list[str]] = {}
    for d in diagnostics:
        if d.severity == "warning":
            found.setdefault(d.message, []).extend([harmless(str(d.span))] if d.span else [])
    return tuple(f"{listed(dict.fromkeys(at), PLACES)}: {said}" if at else said for said, at in found.items())


def installing(extra: str) -> str:
    """The command that installs a part of the program."""
    return pip_install(f"policyengine-cpd[{extra}]")


def pip_install(package: str) -> str:
    """The command that installs a package, in the quotation marks that every shell takes. By the Python that runs the
    program: the ``pip`` of a shell may be another's, which has no such program and finds none."""
    python = sys.executable or "python"
    if " " not in python:
        return f'{python} -m pip install "{package}"'
    # PowerShell takes what begins with a quotation mark for a text; to the Command Prompt an & there is a mistake
    shell = say(" (in PowerShell with & before it)", "（在 PowerShell 中前面加 &）") if sys.platform == "win32" else ""
    return f'"{python}" -m pip install "{package}"{shell}'


def not_installed(text: str, extra: str) -> PolicyError:
    """What is said where a part is not there: PE908."""
    return PolicyError([Diagnostic("PE908", text, hint=installing(extra))])


def name_not_utf8(code: str, file: str) -> Diagnostic:
    """What is said of a path that is not UTF-8."""
    message = say("the name of this file or of a folder above it is not UTF-8", "该文件或其所在文件夹的名称不是 UTF-8")
    hint = say(
        "rename it (files from a Chinese ZIP may have names in GBK), or use a locale of UTF-8 (LC_ALL=C.UTF-8)",
        "请改名（中文 ZIP 解压出的文件名可能是 GBK），或使用 UTF-8 的语言环境（LC_ALL=C.UTF-8）",
    )
    return Diagnostic(code, message, Span(file), hint=hint)


def width(text: str) -> int:
    """Columns on a terminal: wide East Asian characters take two."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def human(d: Diagnostic) -> str:
    """``file:line:column: error PE203: message`` with the line, a caret under the place, and a hint."""
    where = f"{harmless(str(d.span))}: " if d.span else ""  # a name of a file may hold the end of a line
    colon = say(": ", "：")
    lines = [f"{where}{say(d.severity, SEVERITIES_ZH[d.severity])} {d.code}{colon}{d.message}"]
    if d.source is not None and d.span and d.span.line:
        number = f"{d.span.line:>6}"
        source = d.source.rstrip("\n")
        clipped = source if len(source) <= 200 else source[:200] + "…"
        lines.append(f"{number} | {clipped}")
        if d.span.column:
            start = min(d.span.column - 1, len(clipped))
            same_line = d.span.end_line in (0, d.span.line)
            end = d.span.end_column - 1 if same_line and d.span.end_column > d.span.column else start + 1
            marked = clipped[start : max(end, start + 1)]
            lines.append(" " * 6 + " | " + " " * width(clipped[:start]) + "^" * max(1, width(marked)))
    for other in d.related:
        place = say(f" ({other.span})", f"（{other.span}）") if other.span else ""
        lines.append(f"  {say('note', '另见')}{colon}{other.message}{place}")
    return "\n".join([*lines, *(f"  {line}" for line in backing(d))])


def backing(d: Diagnostic) -> list[str]:
    """What a message rests on and how to mend it, a line each."""
    told = ((say("source: ", "依据："), d.citation), (say("hint: ", "提示："), d.hint))
    return [word + text for word, text in told if text]


class Place(Protocol):
    """Where a text stands in its file: turns offsets in the text (a YAML scalar, a cell) into spans of the file."""

    def span(self, start: int, end: int) -> Span:
        """The span of ``text[start:end]``."""
        ...

    def line(self, span: Span) -> str | None:
        """The file's line under ``span``, for the caret."""
        ...

    def instead(self, start: int, end: int, text: str) -> Replacement | None:
        """``text`` in the place of ``text[start:end]``; None where the file would not read as that."""
        ...
