"""Whom a change touches, as words and small tables that every format shows: an impact in, a sentence and blocks out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from policyengine.language.quantities import mixed_text, unit_name
from policyengine.messages import listed, many, say, spoken
from policyengine.records.personal import mask
from policyengine.tools.diff.impact import Impact, Shift
from policyengine.tools.diff.model import Law
from policyengine.tools.explain.text import OUTCOMES
from policyengine.tools.explain.words import in_units

EXAMPLES, GROUPS, NEAREST = 4, 10, 5  # how many of each are shown (examples: of each direction)


@dataclass(frozen=True, slots=True)
class Block:
    """A small table; every row has as many cells as ``head``."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def summary(impact: Impact) -> str:
    """How many there are, in one sentence."""
    worse, better, figures = (impact.count(direction) for direction in ("loses", "gains", "figures"))
    return say(
        f"{many(impact.persons, 'person', 'people', ',')}, {many(impact.decisions, 'decision', '', ',')}: "
        f"{many(worse, 'changes', 'change', ',')} to the worse, {better:,} to the better, {figures:,} only in figures "
        "or consequences",
        f"{impact.persons:,} 人、{impact.decisions:,} 个结论：{worse:,} 个变差，{better:,} 个变好，"
        f"{figures:,} 个只是数字或后果变化",
    )


def blocks(impact: Impact, law: Law, reveal: bool) -> Iterator[Block]:
    """Counts by group, examples of either direction, and those nearest to the line. ``law``: whose words are spoken."""
    ways = say("worse", "变差"), say("better", "变好")
    for by, name in (
        ("rule", ("rule", "规则")), ("sector", ("sector", "行业")), ("region", ("region", "地区")),
        ("employer", ("employer", "用人单位")),
    ):  # fmt: skip
        rows = [(_word(by, v, law), f"{w:,}", f"{b:,}") for v, w, b in impact.counted(by) if v]
        if rows:
            title = say(f"by {name[0]}", f"按{name[1]}")
            more = len(rows) - GROUPS
            if more > 0:
                title += say(f" (the first {GROUPS} of {len(rows):,})", f"（共 {len(rows):,} 个，前 {GROUPS} 个）")
            yield Block(title, (say(*name), *ways), rows[:GROUPS])
    shown = [
        shift_row(s, reveal)
        for way in ("loses", "gains")
        for s in [s for s in impact.shifts if s.direction == way][:EXAMPLES]
    ]
    if shown:
        head = (
            say("person and year", "人员与年度"), say("outcome", "结论"), say("counted, of required", "已计（应完成）"),
            say("rules", "规则"),
        )  # fmt: skip
        yield Block(say("examples", "举例"), head, shown)
    if impact.nearest:
        near = [
            (
                f"{_who(d.person_id, reveal)} {d.period}",
                in_units(_figure(d.shortfall_total or Fraction(0)), unit_name(d.unit)),
            )
            for d in impact.nearest[:NEAREST]
        ]
        short = say("person and year", "人员与年度"), say("short", "尚缺")
        yield Block(say("nearest to the line now", "现在最接近完成的"), short, near)


def shift_row(shift: Shift, reveal: bool) -> tuple[str, ...]:
    """One person and year: what it was and is, with the figures that say why, and the rules."""
    old, new = shift.old, shift.new
    outcome = _turned(*(say(*OUTCOMES[d.outcome]) if d else "–" for d in (old, new)))
    figures = ""
    if old and new:
        figures = _turned(_figure(old.total), _figure(new.total))
        owed = _turned(_figure(old.required_total), _figure(new.required_total))
        figures += "" if owed == "–" else say(f" of {owed}", f"（应完成 {owed}）")
        if old.capped_off != new.capped_off:
            cut = _turned(_figure(old.capped_off), _figure(new.capped_off))
            figures += say(f"; cut by caps {cut}", f"；限额扣减 {cut}")
    return f"{_who(shift.person_id, reveal)} {shift.period}", outcome, figures, listed(shift.rules)


def _who(person: str, reveal: bool) -> str:
    return person if reveal else mask(person)


def _figure(value: Fraction | None) -> str:
    return "–" if value is None else mixed_text(value, spoken())


def _turned(old: str, new: str) -> str:
    return old if old == new else f"{old} → {new}"


def _word(by: str, value: str, law: Law) -> str:
    """A sector or region by its Chinese name where Chinese is spoken."""
    if spoken() != "zh" or by not in ("sector", "region"):
        return value
    named = (w.zh for p in law.packs.values() if p.vocabulary for w in p.vocabulary.terms_of(by) if w.id == value)
    return next((zh for zh in named if zh), value)
