"""A rules file as the text of law: a file in, one paragraph for each version of a rule out, for ``git diff`` and
``git log -p``.

The layout of the YAML, its comments and the order of its keys do not show, so that only what is said shows up as a
change. The words are those of the file and the same in every language of messages: git keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from policyengine.packs.document import parse_document
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar
from policyengine.packs.values import optional_at, text_at, text_of


def law_text(path: str | Path) -> str:
    """The file's rules as paragraphs; a file that holds none, or can't be read as rules, as it is.

    Git asks for every version that ever was, also for broken ones: this never refuses one.
    """
    data = Path(path).read_bytes()
    document, _ = parse_document(data, str(path))
    raw = data.decode("utf-8", "replace")
    if document is None or not isinstance(document.root, Listing):
        return raw
    if not all(isinstance(item, Mapping) and item.get("rule") is not None for item in document.root.items):
        return raw
    return "\n".join(paragraph for item in document.root.items for paragraph in _paragraph(item))


def _paragraph(item: Node) -> Iterator[str]:
    """``annual-hours  2016–  〔opinion-2016 二（二）第1款〕  raise-only`` and, indented, the rule and its note."""
    head = [text_at(item, "id"), f"{_day(item, 'from')}–{_day(item, 'until')}", _cited(item)]
    head += [text_at(item, "change"), text_at(item, "confidence")]
    yield "  ".join(part for part in head if part)
    for key in ("rule", "note", "gap"):
        if said := " ".join(text_at(item, key).split()):
            yield f"    {said}" if key != "gap" else f"    gap: {said}"
    yield ""


def _day(item: Node, key: str) -> str:
    day = optional_at(item, key)
    return "" if day in (None, "null", "~") else str(day)


def _cited(item: Node) -> str:
    cites = item.get("cites") if isinstance(item, Mapping) else None
    if cites is None:
        return ""
    parts = [text_of(cites)] if isinstance(cites, Scalar) else [text_at(cites, "source"), text_at(cites, "at")]
    said = " ".join(p for p in parts if p)
    return f"〔{said}〕" if said else ""
