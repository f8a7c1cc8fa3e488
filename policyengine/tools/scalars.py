"""A text as a YAML value, and values replaced in a file so that nothing else of it changes.

Takes the text of a file and, for some of its values, new texts; gives the file's new text. Comments, blank lines, the
order of keys and every other value stay as they are. How a value is written depends on nothing but its text and its
place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from policyengine.diagnostics import width
from policyengine.packs.nodes import Scalar

WIDTH = 120  # columns; a rule that does not fit goes on several lines
# What a plain value can't begin with, contain or end with.
_SPECIAL = re.compile("^[-?:,\\[\\]{}#&*!|>'\"%@`\\s]|:\\s|\\s#|[:\\s]$")
# Where a long sentence may go on in the next line: before its condition, each part of it, and the reason.
_BREAK = re.compile(r" (?=(?:when|where|and|or|because|otherwise|当|且|或|理由|须有|表中无则)(?: |「))")
_HEADER = re.compile(r"[|>][-+0-9]*[ ]*(#[^\n]*)?\n")


@dataclass(frozen=True, slots=True)
class Edit:
    """A value to be replaced. ``indent``: of the key that it belongs to, in spaces."""

    scalar: Scalar
    indent: int
    text: str


def replaced(source: str, edits: Iterable[Edit], quoted: bool = False) -> str:
    """``source`` with each value written anew. ``quoted``: every one in quotes, on one line (safe anywhere)."""
    result = source
    for edit in sorted(edits, key=lambda e: e.scalar.start, reverse=True):
        start, end, comment = _stretch(result, edit)
        before = edit.scalar.column - 1 + len(result[edit.scalar.start : start])
        result = result[:start] + _value(edit, before, comment, quoted) + result[end:]
    return result


def _value(edit: Edit, before: int, comment: str, quoted: bool) -> str:
    """The value as it is written, with the comment that stood beside it."""
    line = _inline(edit.text, quoted)
    beside = f"  {comment}" if comment else ""
    if quoted or "\n" in edit.text or before + width(line) <= WIDTH:
        return line + beside
    margin = " " * (edit.indent + 2)
    lines = _folded(edit.text, WIDTH - len(margin))
    if len(lines) == 1:
        return line + beside
    return f">-{beside}\n" + "\n".join(margin + part for part in lines)


def yaml_text(text: str, flow: bool = False) -> str:
    """A text as a value on one line; ``flow``: within ``{…}`` or ``[…]``."""
    line = " ".join(text.split())
    return _inline(line, line.lower() in ("", "~", "null") or (flow and any(c in line for c in ",[]{}")))


def _inline(text: str, quoted: bool) -> str:
    if not quoted and "\n" not in text and not _SPECIAL.search(text):
        return text
    if "'" not in text and "\n" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _folded(text: str, most: int) -> list[str]:
    """Lines that a folded block joins to ``text`` again, each as full as whole clauses allow."""
    lines: list[str] = []
    for clause in _BREAK.split(text):
        if lines and width(lines[-1]) + 1 + width(clause) <= most:
            lines[-1] += " " + clause
        else:
            lines.append(clause)
    safe = all(line == line.strip() and line for line in lines)  # a block's lines can't begin or end with spaces
    return lines if safe else [text]


def _stretch(source: str, edit: Edit) -> tuple[int, int, str]:
    """Where the old value begins and ends, and the comment on its first line (which is part of the stretch)."""
    scalar = edit.scalar
    start = scalar.start
    properties = re.compile(r"[&!]\S*\s+").match(source, start)
    if properties:
        start = properties.end()
    header = _HEADER.match(source, start) if scalar.style in ("|", ">") else None
    if header is not None:
        return start, _block_end(source, header.end(), edit.indent), (header[1] or "").rstrip()
    end = start + len(source[start : scalar.end].rstrip())
    rest = re.compile(r"[ ]+(#[^\n]*)").match(source, end)
    return (start, rest.end(), rest[1].rstrip()) if rest else (start, end, "")


def _block_end(source: str, first: int, indent: int) -> int:
    """The end of a block's last line with text; blank lines after it belong to what follows."""
    end = at = first
    while at < len(source):
        stop = source.find("\n", at)
        stop = len(source) if stop < 0 else stop
        line = source[at:stop]
        if line.strip():
            if len(line) - len(line.lstrip(" ")) <= indent:
                break
            end = stop
        at = stop + 1
    return end
