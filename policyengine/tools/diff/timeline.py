"""Rule versions of two sides laid on one time line: versions in, stretches in which the two sides differ out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
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
    stretches = list(zip([None, *points], [*(p - DAY for p in points), None], strict=True))
    every = (Stage(*stretch, _at(old, stretch), _at(new, stretch)) for stretch in stretches)
    there = (s for s in every if s.old is not None or s.new is not None)
    return list(_merged(there, lambda one, other: (one.old, one.new) == (other.old, other.new)))


def _at(rules: Sequence[Rule], stretch: Stretch) -> Rule | None:
    """The version in force in a stretch that no version begins or ends within."""
    return next((r for r in rules if overlap((r.start, r.until), stretch) is not None), None)


def joined(found: Iterable[Stage]) -> Iterator[Stage]:
    """Differing stretches, neighbours that differ alike made one: what is repealed in 2016 and in 2018 is repealed
    once."""
    return _merged(found, _alike)


def _merged(found: Iterable[Stage], alike: Callable[[Stage, Stage], bool]) -> Iterator[Stage]:
    last: Stage | None = None
    for stage in found:
        if last is not None and alike(last, stage) and last.until is not None and last.until + DAY == stage.start:
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
