"""Where the characters of a YAML value stand in its file: offsets in the text of a rule in, spans of the file out.

YAML changes only white space of a value (folding, indentation) and, in quotes, escapes; so the visible characters of
the value are those of the file in the same order, and a walk over both finds each one's place. It runs only for values
that do not stand in the file as they are, and only when a span is asked for.
"""

from __future__ import annotations

import re
from dataclasses import field

from policyengine.diagnostics import Replacement, Span
from policyengine.light import dataclass
from policyengine.packs.nodes import line_of

_PROPERTIES = re.compile(r"[&!]\S*\s+")  # an anchor before the value
_HEADER = re.compile(r"[|>][^\n]*\n")
# What means itself in a value of whatever style, wherever it stands there.
_ITSELF = re.compile(r"(?:[\w（](?:[\w ./%=、（）-]*[\w.%）])?)? ?")
_HEX = {"x": 2, "u": 4, "U": 8}


@dataclass(slots=True)
class ScalarPlace:
    """Implements ``diagnostics.Place`` for one scalar. ``start``/``end``: its stretch of the file, quotes included."""

    file: str
    source: str
    value: str
    style: str | None
    start: int
    end: int
    first_line: int
    first_column: int
    _offsets: list[int] | None = field(default=None)

    def span(self, start: int, end: int) -> Span:
        """The span of ``value[start:end]``; an empty one points between characters."""
        if self._offsets is None and self.source.startswith(self.value, self.start):
            line, column = self.first_line, self.first_column
            if "\n" not in self.value:
                return Span(self.file, line, column + start, line, column + max(start, end))
        first = self._offset(start)
        last = self._offset(end - 1) + 1 if end > start else first
        return Span(self.file, *self._position(first), *self._position(last))

    def line(self, span: Span) -> str | None:
        """The file's line under ``span``."""
        return line_of(self.source, span.line)

    def instead(self, start: int, end: int, text: str) -> Replacement | None:
        """``text`` in the place of ``value[start:end]``; None where either is not written in the file as it reads."""
        first, last = self._offset(start), self._offset(end - 1) + 1
        written = self.source[first:last]
        if written.split() != self.value[start:end].split() or not _ITSELF.fullmatch(text):
            return None
        if not text.strip() and (not start or end >= len(self.value)):  # what is left would begin or end otherwise
            return None
        return Replacement(self.span(start, end), text)

    def _position(self, offset: int) -> tuple[int, int]:
        line = self.first_line + self.source.count("\n", self.start, offset)
        return line, offset - self.source.rfind("\n", 0, offset)

    def _offset(self, index: int) -> int:
        if self._offsets is None:
            self._offsets = _offsets(self.source[self.start : self.end], self.value, self.style)
        index = max(0, min(index, len(self.value)))
        return self.start + self._offsets[index]


def _offsets(raw: str, value: str, style: str | None) -> list[int]:
    """For each character of ``value`` (and for its end) the offset in ``raw`` where it stands."""
    at = _begin(raw, style)
    result: list[int] = []
    for char in value:
        if char.isspace():
            at = _joined(raw, at) if style == '"' else at
            result.append(at)
            if style == '"' and raw[at : at + 1] == "\\":
                at += _length(raw, at, style)
            elif raw[at : at + 1] == char:
                at += 1
            continue
        at = _skip(raw, at, char, style)
        result.append(at)
        at += _length(raw, at, style)
    result.append(min(at, len(raw)))
    return result


def _begin(raw: str, style: str | None) -> int:
    properties = _PROPERTIES.match(raw) if style is None or raw[:1] in "&!" else None
    at = properties.end() if properties else 0
    if style in ("'", '"'):
        return at + 1
    if style in ("|", ">"):
        header = _HEADER.match(raw, at)
        return header.end() if header else at
    return at


def _joined(raw: str, at: int) -> int:
    """Past escaped line ends and the indentation after them, which are nothing of the value."""
    while raw[at : at + 2] == "\\\n":
        at += 2
        while raw[at : at + 1] in (" ", "\n"):
            at += 1
    return at


def _skip(raw: str, at: int, char: str, style: str | None) -> int:
    """From ``at`` over white space (and escaped line ends) to where ``char`` is written."""
    while at < len(raw):
        if style == '"' and raw[at] == "\\":
            if raw[at + 1 : at + 2] != "\n":
                return at
            at += 2
        elif raw[at].isspace() and raw[at] != char:
            at += 1
        else:
            return at
    return at


def _length(raw: str, at: int, style: str | None) -> int:
    """How many characters of the file write the one at ``at``."""
    if style == '"' and raw[at : at + 1] == "\\":
        return 2 + _HEX.get(raw[at + 1 : at + 2], 0)
    if style == "'" and raw[at : at + 2] == "''":
        return 2
    return 1
