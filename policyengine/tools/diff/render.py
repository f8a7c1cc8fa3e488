"""A comparison as text: for people on a terminal, for programs (json), and as markdown for a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from policyengine.language.quantities import exact_text
from policyengine.messages import say
from policyengine.records.personal import mask
from policyengine.tools.diff.impact import Impact, Shift
from policyengine.tools.diff.model import Change, Comparison

KINDS = {
    "added": ("added", "新增"), "repealed": ("repealed", "废止"), "amended": ("amended", "修改"),
    "renamed": ("renamed", "改名"), "moved": ("moved", "移动"), "reworded": ("only reworded", "仅改写法"),
    "cited": ("source or note", "出处或说明"), "authority": ("what lower authorities may do", "下级权限"),
    "table": ("table", "数据表"), "word": ("word", "词语"), "field": ("field", "字段"), "bounds": ("bounds", "取值范围"),
    "scope": ("whom it applies to", "适用范围"), "chain": ("place in the chain", "上下级关系"),
    "year": ("start of the year", "年度起始"), "source": ("source", "文件"), "undecidable": ("not decidable", "不可判断"),
    "pack_added": ("new pack", "新增政策包"), "pack_removed": ("pack removed", "删除政策包"),
}  # fmt: skip
DIRECTIONS = {
    "stricter": ("stricter", "从严"), "laxer": ("laxer", "从宽"), "neither": ("neither stricter nor laxer", "有严有宽"),
    "same": ("same for everybody", "不影响结论"), "undecided": ("direction undecided", "严宽未定"),
}  # fmt: skip
EFFECTS = {
    "void": ("no longer raises anything", "不再高于上级"), "exceeds": ("the base is stricter now", "上级现已更严"),
    "refused": ("not allowed any more", "不再允许"), "ended": ("delegation ended", "授权终止"),
    "allowed": ("allowed now", "现已允许"),
}  # fmt: skip
SIGNS = {"added": "+", "repealed": "-", "pack_added": "+", "pack_removed": "-"}


def stretch(start: date | None, until: date | None) -> str:
    """``from 2016-01-01``, ``2016-01-01 to 2019-12-31``, or nothing where both ends are open."""
    if start and until:
        return say(f"{start} to {until}", f"{start} 至 {until}")
    if start:
        return say(f"from {start}", f"自 {start} 起")
    return say(f"until {until}", f"至 {until} 止") if until else ""


def headline(change: Change) -> str:
    """One line: what, which rule, when, which way."""
    kind, direction = say(*KINDS[change.kind]), say(*DIRECTIONS[change.direction])
    parts = [f"{kind} {change.subject}"]
    if change.subject.split("/")[0] != change.pack:
        parts = [f"{change.pack}: {kind} {change.subject}"]
    parts.append(stretch(change.start, change.until))
    if change.is_law:
        parts.append(direction)
    return " · ".join(p for p in parts if p)


def cited(change: Change) -> str:
    rule = change.new or change.old
    return str(rule.cites) if rule else ""


# --- for people ------------------------------------------------------------------------------------------------------


def as_human(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return "\n".join(_lines(comparison, impact, reveal)) + "\n"


def _lines(comparison: Comparison, impact: Impact | None, reveal: bool) -> Iterator[str]:
    if comparison.empty:
        yield say("nothing changed in law, and nothing was reworded", "规定没有变化，写法也没有变化")
    for change in comparison.changes:
        yield f"{SIGNS.get(change.kind, '~' if change.is_law else ' ')} {headline(change)}"
        yield from (f"    {line}" for line in _sides(change))
    for effect in comparison.effects:
        yield f"! {effect.rule or effect.pack}: {say(*EFFECTS[effect.kind])}"
        yield f"    {effect.text}"
    if impact is not None:
        yield ""
        yield from impact_lines(impact, reveal)


def _sides(change: Change) -> Iterator[str]:
    if change.kind in ("renamed", "moved"):
        yield f"{change.before} → {change.after}"
    else:
        if change.before:
            yield f"- {change.before}"
        if change.after:
            yield f"+ {change.after}"
    yield from change.witness
    if change.why:
        yield change.why
    if change.is_law and cited(change):
        yield say(f"source: {cited(change)}", f"依据：{cited(change)}")


def impact_lines(impact: Impact, reveal: bool) -> Iterator[str]:
    loses = [s for s in impact.shifts if s.direction == "loses"]
    gains = [s for s in impact.shifts if s.direction == "gains"]
    figures = len(impact.shifts) - len(loses) - len(gains)
    yield say(
        f"{impact.persons} people, {impact.decisions} decisions: {len(loses)} change to the worse, {len(gains)} to the "
        f"better, {figures} only in figures",
        f"{impact.persons} 人、{impact.decisions} 个结论：{len(loses)} 个变差，{len(gains)} 个变好，"
        f"{figures} 个只是数字变化",
    )
    for by, name in (
        ("rule", ("rule", "规则")), ("sector", ("sector", "行业")), ("region", ("region", "地区")),
        ("employer", ("employer", "用人单位")),
    ):  # fmt: skip
        rows = [r for r in impact.counted(by) if r[0]]
        if rows:
            yield say(f"  by {name[0]} (worse, better)", f"  按{name[1]}（变差、变好）")
            yield from (f"    {value}: {worse}, {better}" for value, worse, better in rows[:10])
    for shift in [*loses, *gains][:5]:
        yield f"  {shift_line(shift, reveal)}"
    if impact.nearest:
        yield say("  nearest to the line now", "  现在差得最少的")
        for d in impact.nearest[:5]:
            short = exact_text(d.shortfall_total) if d.shortfall_total is not None else ""
            yield f"    {d.person_id if reveal else mask(d.person_id)} {d.period}: -{short} {d.unit}"


def shift_line(shift: Shift, reveal: bool) -> str:
    """One person: what it was and is, with the figures and the rules."""
    who = shift.person_id if reveal else mask(shift.person_id)
    sides = [
        f"{d.outcome} {exact_text(d.total)}/{exact_text(d.required_total) if d.required_total is not None else '–'}"
        if d
        else "–"
        for d in (shift.old, shift.new)
    ]
    return f"{who} {shift.period}: {' → '.join(sides)} ({', '.join(shift.rules)})"


# --- for programs ----------------------------------------------------------------------------------------------------


def as_json(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return json.dumps(plain(comparison, impact, reveal), ensure_ascii=False, indent=2) + "\n"


def plain(comparison: Comparison, impact: Impact | None, reveal: bool) -> dict[str, Any]:
    """Stable keys; days as ISO dates, None where open."""
    data: dict[str, Any] = {
        "old": {"label": comparison.old.label, "commit": comparison.old.commit},
        "new": {"label": comparison.new.label, "commit": comparison.new.commit},
        "changes": [
            {
                "kind": c.kind,
                "law": c.is_law,
                "pack": c.pack,
                "subject": c.subject,
                "direction": c.direction,
                "from": c.start.isoformat() if c.start else None,
                "until": c.until.isoformat() if c.until else None,
                "before": c.before,
                "after": c.after,
                "witness": list(c.witness),
                "why": c.why,
                "citation": cited(c),
            }
            for c in comparison.changes
        ],
        "effects": [{"kind": e.kind, "pack": e.pack, "rule": e.rule, "text": e.text} for e in comparison.effects],
    }
    if impact is not None:
        data["impact"] = {
            "persons": impact.persons,
            "decisions": impact.decisions,
            "shifts": [
                {
                    "person_id": s.person_id if reveal else mask(s.person_id),
                    "period": s.period,
                    "direction": s.direction,
                    "old": s.old.outcome if s.old else None,
                    "new": s.new.outcome if s.new else None,
                    "old_total": exact_text(s.old.total) if s.old else None,
                    "new_total": exact_text(s.new.total) if s.new else None,
                    "rules": list(s.rules),
                    **s.group,
                }
                for s in impact.shifts
            ],
            **{
                f"by_{by}": [{"value": v, "worse": w, "better": b} for v, w, b in impact.counted(by)]
                for by in ("rule", "sector", "region", "employer")
            },
        }
    return data


# --- for a pull request ----------------------------------------------------------------------------------------------


def as_markdown(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return "\n".join(_markdown(comparison, impact, reveal)) + "\n"


def _markdown(comparison: Comparison, impact: Impact | None, reveal: bool) -> Iterator[str]:
    yield "## " + say("What changes in law", "规定的变化")
    yield ""
    if comparison.empty:
        yield say("Nothing.", "没有变化。")
    law = [c for c in comparison.changes if c.is_law]
    if law:
        head = say("| what | from | direction | before | now | source |", "| 变化 | 起止 | 严宽 | 原先 | 现在 | 依据 |")
        yield head
        yield "|---|---|---|---|---|---|"
        for c in law:
            cells = (
                f"{say(*KINDS[c.kind])} `{c.subject}`",
                stretch(c.start, c.until),
                f"**{say(*DIRECTIONS[c.direction])}**" + "".join(f"<br>{cell(w)}" for w in (*c.witness, c.why) if w),
                cell(c.before),
                cell(c.after),
                cell(cited(c)),
            )
            yield "| " + " | ".join(cells) + " |"
    rest = [c for c in comparison.changes if not c.is_law]
    if rest:
        yield ""
        yield say("Only in wording, sources or notes: ", "只涉及写法、出处或说明：") + ", ".join(
            f"`{c.subject}`" for c in rest
        )
    if comparison.effects:
        yield ""
        yield "### " + say("Down the chain", "对下级的影响")
        yield from (f"- `{e.rule or e.pack}`: {say(*EFFECTS[e.kind])} — {cell(e.text)}" for e in comparison.effects)
    if impact is not None:
        yield ""
        yield "### " + say("Whom it touches", "影响的人")
        yield "```"
        yield from impact_lines(impact, reveal)
        yield "```"


def cell(text: str) -> str:
    """Text inside a markdown table: nothing in it can end the cell or become markup."""
    for sign in ("\\", "|", "<", "`", "*", "_", "["):
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")
