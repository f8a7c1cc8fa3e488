"""Statistical tables go in, small SVG charts come out: bars with their figures beside them, readable without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from math import floor
from unicodedata import east_asian_width

from policyengine.language.quantities import exact_text
from policyengine.messages import listed, say
from policyengine.tools.explain.text import OUTCOMES
from policyengine.tools.result.tables import Table
from policyengine.tools.stats.words import Words, title_of

SHADES = {
    "met": "#1b7f4b",
    "not_met": "#b3261e",
    "excused": "#3f6fb5",
    "undetermined": "#8a5c00",
    "in_progress": "#666",
}
WIDE, BAR, GAP, LEFT, RIGHT, MOST = 470, 22, 12, 170, 110, 24  # WIDE: of the bars; LEFT, RIGHT: of texts, at least


def outcomes_chart(table: Table, words: Words, by: Sequence[str]) -> str:
    """A bar for each group, parted by outcome in proportion."""
    rows = []
    for row in table.rows[:MOST]:
        cells = dict(zip(table.names, row, strict=True))
        parts = [(o, n) for o in SHADES if isinstance(n := cells.get(o), int) and n]
        if parts:
            rows.append((_label(words, cells, by), parts))
    height = len(rows) * (BAR + GAP) + 6
    said = [(label, listed(f"{say(*OUTCOMES[o])} {n}" for o, n in parts)) for label, parts in rows]
    left = max([LEFT, *(_width(label) + 8 for label, _ in rows)])
    body = []
    for place, (label, parts) in enumerate(rows):
        y, x, whole = place * (BAR + GAP), Fraction(left), sum(n for _, n in parts)
        body.append(_text(left - 8, y + 16, label, "end"))
        for outcome, n in parts:
            width = Fraction(WIDE * n, whole)
            tip = f"<title>{escape(say(*OUTCOMES[outcome]))}: {n}</title>"
            box = f'x="{floor(x)}" y="{y}" width="{floor(width)}" height="{BAR}"'
            body.append(f'<rect {box} fill="{SHADES[outcome]}">{tip}</rect>')
            if width > 9 * len(str(n)) + 6:
                body.append(_text(int(x + width / 2), y + 16, str(n), "middle", "#fff"))
            x += width
    keys = [o for o in SHADES if any(o in dict(p) for _, p in rows)]
    return _figure(title_of(table.name), said, (left + WIDE, height), body, len(table.rows) - MOST, keys)


def amounts_chart(table: Table, words: Words, column: str, by: Sequence[str]) -> str:
    """A bar for each group, as long as its amount."""
    found = []
    for row in table.rows:
        cells = dict(zip(table.names, row, strict=True))
        if isinstance(value := cells.get(column), Fraction | int):
            found.append((_label(words, cells, by), Fraction(value)))
    more, found = len(found) - MOST, found[:MOST]
    most = max((v for _, v in found), default=Fraction(0)) or Fraction(1)
    left = max([LEFT, *(_width(label) + 8 for label, _ in found)])
    right = max([RIGHT, *(_width(_amount(value)) + 6 for _, value in found)])
    body = []
    for place, (label, value) in enumerate(found):
        y, width = place * (BAR + GAP), (WIDE - RIGHT) * value / most
        body.append(_text(left - 8, y + 16, label, "end"))
        body.append(f'<rect x="{left}" y="{y}" width="{floor(width)}" height="{BAR}" fill="#1f4e79"/>')
        body.append(_text(left + int(width) + 6, y + 16, _amount(value), "start"))
    said = [(label, _amount(value)) for label, value in found]
    return _figure(title_of(table.name), said, (left + WIDE - RIGHT + right, len(found) * (BAR + GAP) + 6), body, more)


def _label(words: Words, cells: Mapping[str, object], by: Sequence[str]) -> str:
    return " · ".join(words.cell(k, cells[k]) for k in by if k in cells)


def _amount(value: Fraction) -> str:
    """``7,803.9``: exact, thousands apart."""
    whole, point, after = exact_text(value).partition(".")
    return f"{int(whole):,}{point}{after}"


def _width(text: str) -> int:
    """Of a text in the chart, in its units, at most: Chinese characters are as wide as they are high."""
    return sum(14 if east_asian_width(c) in "WF" else 10 if c.isupper() else 8 for c in text)


def _text(x: int, y: int, text: str, anchor: str, colour: str = "currentColor") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _figure(
    title: str,
    said: Sequence[tuple[str, str]],
    size: tuple[int, int],
    body: Sequence[str],
    more: int,
    legend: Sequence[str] = (),
) -> str:
    """``said``: each group and its figures, as read aloud; ``more``: groups that have no bar."""
    keys = "".join(f'<li><span style="background:{SHADES[o]}"></span>{escape(say(*OUTCOMES[o]))}</li>' for o in legend)
    below = f'<ul class="legend">{keys}</ul>' if keys else ""
    if not said:  # nobody was judged
        nothing = say("nothing to show", "没有数据")
        return f'<figure><figcaption>{escape(title)}</figcaption><p class="soft">{nothing}</p></figure>'
    figures = say("; ", "；").join(label + say(": ", "：") + figure for label, figure in said)
    name = escape(title + say(". ", "。") + figures, quote=True)
    svg = f'<svg viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{name}">{"".join(body)}</svg>'
    left_out = say(f"… and {more} more, in the table below", f"……另有 {more} 项，见下文统计表")
    note = f'<p class="soft">{left_out}</p>' if more > 0 else ""
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}{below}{note}</figure>"
