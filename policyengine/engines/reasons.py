"""Which circumstances a reduction or an excuse rests on: a person's circumstances go in, the kinds to name come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from policyengine.engines.facts import Scene, Truth
from policyengine.engines.ready import Ready


def held_kinds(scene: Scene, kinds: object) -> list[str]:
    """Those of the circumstances that the person is in during the window."""
    first, last = scene.window
    return sorted(
        {
            c.kind
            for c in scene.circumstances
            if c.kind in kinds  # type: ignore[operator]
            and (c.start is None or c.start <= last)
            and (c.end is None or c.end >= first)
        }
    )


def telling(kinds: list[str], gives: Callable[[Sequence[str]], object]) -> list[str]:
    """Those of the circumstances a person is in that have a part in what a rule gives: without which it would give
    something else; where none is such, those that alone would do. None where it gives the same without any."""
    whole, nothing = gives(kinds), gives(())
    if whole == nothing or len(kinds) < 2:
        return [] if whole == nothing else kinds
    needed = [kind for kind in kinds if gives([k for k in kinds if k != kind]) != whole]
    return needed or [kind for kind in kinds if gives((kind,)) != nothing] or kinds


def truth_in(rule: Ready, scene: Scene, held: Sequence[str], some: Sequence[str]) -> Truth:
    """A rule's test where a person is only in ``some`` of the circumstances ``held``."""
    left = tuple(c for c in scene.circumstances if c.kind in some or c.kind not in held)
    return rule.test(replace(scene, circumstances=left))
