"""Rule versions of two sides laid on one time line: versions in, stretches in which the two sides differ out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from policyengine.light import dataclass
from policyengine.packs.model import Rule
from policyengine.packs.pieces import DAY, Stretch, overlap


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of days with the version that each side has in it (None: none)."""

    start: date | None
    until: date | None
    old: Rule | None
    new: Rule | None


def stages(old: Sequence[Rule], new: Sequence[Rule]) -> list[Stage]:
    """The stretches in which one pair of versions holds, in order; neighbours with one pair made one."""
    starts = {r.start for r in (*old, *new) if r.start is not None}
    starts |= {r.until + DAY for r in (*old, *new) if r.until is not None and r.until < date.max}
    points: list[date] = sorted(starts)
    edges: list[date | None] = [None, *points]
    found: list[Stage] = []
    for number, start in enumerate(edges):
        until = points[number] - DAY if number < len(points) else None
        one, other = _at(old, (start, until)), _at(new, (start, until))
        if one is None and other is None:
            continue
        last = found[-1] if found else None
        if last and (last.old, last.new) == (one, other) and last.until is not None and last.until + DAY == start:
            found[-1] = replace(last, until=until)
        else:
            found.append(Stage(start, until, one, other))
    return found


def _at(rules: Sequence[Rule], stretch: Stretch) -> Rule | None:
    """The version in force in a stretch that no version begins or ends within."""
    return next((r for r in rules if overlap((r.start, r.until), stretch) is not None), None)


def joined(found: Sequence[Stage]) -> Iterator[Stage]:
    """Differing stretches, neighbours that differ alike made one: what is repealed in 2016 and in 2018 is repealed
    once."""
    last: Stage | None = None
    for stage in found:
        if last is not None and _alike(last, stage) and last.until is not None and last.until + DAY == stage.start:
            last = replace(last, until=stage.until)
            continue
        if last is not None:
            yield last
        last = stage
    if last is not None:
        yield last


def _alike(one: Stage, other: Stage) -> bool:
    return _said(one.old) == _said(other.old) and _said(one.new) == _said(other.new)


def _said(rule: Rule | None) -> object:
    return None if rule is None else (rule.statement, rule.change)
