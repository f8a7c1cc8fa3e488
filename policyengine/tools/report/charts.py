"""Statistical tables go in, small SVG charts come out: bars with their figures beside them, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape

from policyengine.messages import say
from policyengine.tools.case_text import OUTCOMES
from policyengine.tools.stats.words import Words, title_of
from policyengine.tools.tables import Table

SHADES = {
    "met": "#1b7f4b",
    "not_met": "#b3261e",
    "excused": "#3f6fb5",
    "undetermined": "#8a5c00",
    "in_progress": "#666",
}
WIDE, BAR, GAP, LEFT, MOST = 640, 22, 12, 170, 24


def outcomes_chart(table: Table, words: Words, by: Sequence[str]) -> str:
    """A bar for each group, parted by outcome in proportion."""
    rows = []
    for row in table.rows[:MOST]:
        cells = dict(zip(table.names, row, strict=True))
        parts = [(o, n) for o in SHADES if isinstance(n := cells.get(o), int) and n]
        if parts:
            rows.append((_label(words, cells, by), parts))
    height = len(rows) * (BAR + GAP) + 6
    said = "; ".join(f"{label}: " + ", ".join(f"{say(*OUTCOMES[o])} {n}" for o, n in parts) for label, parts in rows)
    body = []
    for place, (label, parts) in enumerate(rows):
        y, x, whole = place * (BAR + GAP), Fraction(LEFT), sum(n for _, n in parts)
        body.append(_text(LEFT - 8, y + 16, label, "end"))
        for outcome, n in parts:
            width = Fraction((WIDE - LEFT) * n, whole)
            tip = f"<title>{escape(say(*OUTCOMES[outcome]))}: {n}</title>"
            box = (
                f'<rect x="{_px(x)}" y="{y}" width="{_px(width)}" height="{BAR}" fill="{SHADES[outcome]}">{tip}</rect>'
            )
            body.append(box)
            if width > 9 * len(str(n)) + 6:
                body.append(_text(int(x + width / 2), y + 16, str(n), "middle", "#fff"))
            x += width
    return _figure(
        title_of(table.name), said, height, body, legend=[o for o in SHADES if any(o in dict(p) for _, p in rows)]
    )


def amounts_chart(table: Table, words: Words, column: str, by: Sequence[str]) -> str:
    """A bar for each group, as long as its amount."""
    found = []
    for row in table.rows:
        cells = dict(zip(table.names, row, strict=True))
        if isinstance(value := cells.get(column), Fraction | int):
            found.append((_label(words, cells, by), Fraction(value)))
    found = found[:MOST]
    most = max((v for _, v in found), default=Fraction(0)) or Fraction(1)
    body = []
    for place, (label, value) in enumerate(found):
        y, width = place * (BAR + GAP), (WIDE - LEFT - 110) * value / most
        body.append(_text(LEFT - 8, y + 16, label, "end"))
        body.append(f'<rect x="{LEFT}" y="{y}" width="{_px(width)}" height="{BAR}" fill="#1f4e79"/>')
        body.append(_text(LEFT + int(width) + 6, y + 16, _amount(value), "start"))
    said = "; ".join(f"{label}: {_amount(value)}" for label, value in found)
    return _figure(title_of(table.name), said, len(found) * (BAR + GAP) + 6, body)


def _label(words: Words, cells: Mapping[str, object], by: Sequence[str]) -> str:
    return " · ".join(words.cell(k, None if cells[k] is None else str(cells[k])) for k in by if k in cells)


def _amount(value: Fraction) -> str:
    return f"{(value + Fraction(1, 2)).__floor__():,}"


def _px(value: Fraction) -> str:
    return str((value * 10).__floor__() // 10)


def _text(x: int, y: int, text: str, anchor: str, colour: str = "currentColor") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _figure(title: str, said: str, height: int, body: Sequence[str], legend: Sequence[str] = ()) -> str:
    keys = "".join(f'<li><span style="background:{SHADES[o]}"></span>{escape(say(*OUTCOMES[o]))}</li>' for o in legend)
    listed = f'<ul class="legend">{keys}</ul>' if keys else ""
    name = escape(f"{title}. {said}", quote=True)
    svg = f'<svg viewBox="0 0 {WIDE} {height}" role="img" aria-label="{name}">{"".join(body)}</svg>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}{listed}</figure>"
