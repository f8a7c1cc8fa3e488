"""A comparison as text: for people on a terminal, for programs (json), and as markdown for a pull request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from policyengine.language.quantities import exact_text
from policyengine.messages import harmless, listed, say
from policyengine.records.personal import mask
from policyengine.tools.diff.impact import GROUPS, Impact, Shift
from policyengine.tools.diff.model import Change, Comparison, Law
from policyengine.tools.diff.phrases import (
    DIRECTIONS,
    EFFECTS,
    KINDS,
    SIGNS,
    cited,
    explained,
    headline,
    judged,
    manner,
    stretch,
)
from policyengine.tools.diff.touched import blocks, summary

# --- for people ------------------------------------------------------------------------------------------------------


def as_human(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return harmless("\n".join(_lines(comparison, impact, reveal)) + "\n", lines=True)


def _lines(comparison: Comparison, impact: Impact | None, reveal: bool) -> Iterator[str]:
    if comparison.empty:
        yield say("nothing changed in law, and nothing was reworded", "规定没有变化，写法也没有变化")
    for change in comparison.changes:
        yield f"{SIGNS.get(change.kind, '~' if change.is_law else ' ')} {headline(change)}"
        yield from (f"    {line}" for line in _sides(change))
    for effect in comparison.effects:
        yield f"! {effect.rule or effect.pack}{say(': ', '：')}{say(*EFFECTS[effect.kind])}"
        yield f"    {effect.text}"
    if impact is not None:
        yield ""
        yield from _impact(impact, comparison.new, reveal)


def _sides(change: Change) -> Iterator[str]:
    if change.kind == "renamed":
        yield f"{change.before} → {change.after}"
    else:
        if change.before:
            yield f"- {change.before}"
        if change.after:
            yield f"+ {change.after}"
    yield from explained(change)
    if change.is_law and cited(change):
        yield say(f"source: {cited(change)}", f"依据：{cited(change)}")


def _impact(impact: Impact, law: Law, reveal: bool) -> Iterator[str]:
    yield summary(impact)
    for block in blocks(impact, law, reveal):
        yield say(f"  {block.title} ({', '.join(block.head[1:])})", f"  {block.title}（{'、'.join(block.head[1:])}）")
        between = say(", ", "、") if len(block.head) == 3 else " · "
        colon = say(": ", "：")
        yield from (f"    {first}{colon}{between.join(c for c in rest if c)}" for first, *rest in block.rows)


# --- for programs ----------------------------------------------------------------------------------------------------


def as_json(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return json.dumps(plain(comparison, impact, reveal), ensure_ascii=False, indent=2) + "\n"


def plain(comparison: Comparison, impact: Impact | None, reveal: bool) -> dict[str, Any]:
    """Stable keys; days as ISO dates, None where open."""
    data: dict[str, Any] = {
        "old": {"label": comparison.old.label, "commit": comparison.old.commit},
        "new": {"label": comparison.new.label, "commit": comparison.new.commit},
        "changes": [_change(c) for c in comparison.changes],
        "effects": [{"kind": e.kind, "pack": e.pack, "rule": e.rule, "text": e.text} for e in comparison.effects],
    }
    if impact is not None:
        data["impact"] = {
            "persons": impact.persons,
            "decisions": impact.decisions,
            **{direction: impact.count(direction) for direction in ("loses", "gains", "figures")},
            "whole": impact.whole,
            "shifts": [_shift(s, reveal) for s in impact.shifts],
            **{
                f"by_{by}": [{"value": v, "worse": w, "better": b} for v, w, b in impact.counted(by)]
                for by in ("rule", *GROUPS)
            },
        }
    return data


def _change(c: Change) -> dict[str, Any]:
    return {
        "kind": c.kind,
        "law": c.is_law,
        "pack": c.pack,
        "subject": c.subject,
        "direction": c.direction,
        "from": c.start.isoformat() if c.start else None,
        "until": c.until.isoformat() if c.until else None,
        "before": c.before,
        "after": c.after,
        "how": c.how,
        "when": stretch(c),
        "manner": manner(c),
        "witness": list(c.witness),
        "why": c.why,
        "elsewhere": [{"pack": p, "direction": d, "why": w} for p, d, w in c.elsewhere],
        "citation": cited(c),
    }


def _shift(s: Shift, reveal: bool) -> dict[str, Any]:
    sides = (("old", s.old), ("new", s.new))
    return {
        "person_id": s.person_id if reveal else mask(s.person_id),
        "period": s.period,
        "direction": s.direction,
        **{side: d.outcome if d else None for side, d in sides},
        **{f"{side}_total": exact_text(d.total) if d else None for side, d in sides},
        **{f"{side}_capped_off": exact_text(d.capped_off) if d else None for side, d in sides},
        "rules": list(s.rules),
        **s.group,
    }


# --- for a pull request ----------------------------------------------------------------------------------------------


def as_markdown(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return harmless("\n".join(_markdown(comparison, impact, reveal)) + "\n", lines=True)


def _markdown(comparison: Comparison, impact: Impact | None, reveal: bool) -> Iterator[str]:
    yield "## " + say("What changes in law", "规定的变化")
    yield ""
    law = [c for c in comparison.changes if c.is_law]
    if not law and not comparison.effects:
        yield say("Nothing.", "没有变化。")
    if law:
        head = say("| what | from | direction | before | now | source |", "| 变化 | 起止 | 严宽 | 原先 | 现在 | 依据 |")
        yield head
        yield "|---|---|---|---|---|---|"
        for c in law:
            cells = (
                f"{say(*KINDS[c.kind])} {code(c.subject)}",
                stretch(c),
                "<br>".join([f"**{say(*DIRECTIONS[c.direction])}**"] * judged(c) + [cell(w) for w in explained(c)]),
                cell(c.before),
                cell(c.after),
                cell(cited(c)),
            )
            yield "| " + " | ".join(cells) + " |"
    rest = [c for c in comparison.changes if not c.is_law]
    if rest:
        yield ""
        yield say("Wording, sources or notes: ", "写法、出处或说明：") + listed(
            dict.fromkeys(code(c.subject) for c in rest)
        )
    if comparison.effects:
        yield ""
        yield "### " + say("Down the chain", "对下级的影响")
        yield from (
            f"- `{e.rule or e.pack}`{say(': ', '：')}{say(*EFFECTS[e.kind])} — {cell(e.text)}"
            for e in comparison.effects
        )
    if impact is not None:
        yield ""
        yield "### " + say("Whom it touches", "影响的人")
        yield ""
        yield summary(impact)
        for block in blocks(impact, comparison.new, reveal):
            yield from ("", f"**{block.title}**", "")
            yield f"| {' | '.join(block.head)} |"
            yield "|" + "---|" * len(block.head)
            yield from (f"| {' | '.join(map(cell, row))} |" for row in block.rows)


def code(text: str) -> str:
    """A name as code, inside of a markdown table: that of a table's row may have any sign in it."""
    text = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * (longest + 1)
    return f"{marks} {text} {marks}" if longest else f"`{text}`"


def cell(text: str) -> str:
    """Text inside a markdown table: nothing in it can end the cell or become markup."""
    for sign in ("\\", "|", "<", "`", "*", "_", "["):
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
