"""What a YAML file is made of: values, listings and mappings, each with its line and column, values kept as text."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from policyengine.diagnostics import Span


class Scalar(NamedTuple):
    """A value as written. ``style``: None plain, ``'``, ``"``, ``|`` or ``>``. Offsets count characters of the file."""

    text: str
    style: str | None
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def is_null(self) -> bool:
        return self.style is None and self.text in ("", "~", "null", "Null", "NULL")


class Listing(NamedTuple):
    """A YAML sequence."""

    items: tuple[Node, ...]
    line: int
    column: int


class Mapping(NamedTuple):
    """A YAML mapping in the file's order; keys are scalars and unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int

    def get(self, key: str) -> Node | None:
        """The value under ``key``; None when absent or null."""
        for name, value in self.pairs:
            if name.text == key:
                return None if isinstance(value, Scalar) and value.is_null else value
        return None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for pointing at it."""
        return next((name for name, _ in self.pairs if name.text == key), None)


Node = Scalar | Listing | Mapping


def span_of(file: str, node: Node) -> Span:
    """The place of a node; of a mapping or listing, where it begins."""
    if isinstance(node, Scalar):
        return Span(file, node.line, node.column, node.end_line, node.end_column)
    return Span(file, node.line, node.column)


@lru_cache(maxsize=2)
def lines_of(text: str) -> list[str]:
    """The lines of a file; kept, since many messages may be about one file."""
    return text.split("\n")


def line_of(text: str, number: int) -> str | None:
    """The text of line ``number`` (from 1)."""
    lines = lines_of(text)
    return lines[number - 1] if 0 < number <= len(lines) else None
