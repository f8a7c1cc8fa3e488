"""The regulation's text in, its paragraphs by label out (``二（二）第1款``); which labels a citation names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"([一二三四五六七八九十])、")
_PART = re.compile(r"（([一二三四五六七八九十])）")
_ITEM = re.compile(r"([1-9])\.")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """(label without paragraph number, paragraph) for each paragraph of the body; headings only move the label."""
    section, part = "前言", ""
    for line in (raw.strip() for raw in text.split("《专业技术人员继续教育规定》（", 1)[1].splitlines()):
        if not line:
            continue
        if match := _SECTION.match(line):
            section, part = match[1], ""
        elif match := _PART.match(line):
            part = match[0]
            if len(line) >= 30 or line.endswith("："):  # not a heading: the paragraph begins on the same line
                yield section + part, line[match.end() :]
        elif match := _ITEM.match(line):
            yield section + part + match[1], line[match.end() :]
        else:
            yield section + part, line


def articles(text: str) -> dict[str, str]:
    """Label → paragraph, in the order of the text. Where a label has several paragraphs they are 第1款, 第2款, …"""
    paragraphs: dict[str, list[str]] = {}
    for label, paragraph in _lines(text):
        paragraphs.setdefault(label, []).append(paragraph)
    return {
        label if len(found) == 1 else f"{label}第{number}款": paragraph
        for label, found in paragraphs.items()
        for number, paragraph in enumerate(found, 1)
    }


def cited(at: str) -> list[str]:
    """The labels that a citation names: ``二（二）第1款、第3款`` names two."""
    base, mark, rest = at.partition("第")
    return [base] if not mark else [f"{base}第{one}款" for one in re.findall(r"(\d+)款", rest)]
