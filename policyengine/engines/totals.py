"""Stage 5, total: the measures of one person. Counted hours go in, bounds of any measure over any stretch come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from policyengine.engines.allocate import Account
from policyengine.engines.calendar import period_bounds
from policyengine.engines.later import Later
from policyengine.engines.numbers import Amount
from policyengine.engines.ready import Ready
from policyengine.engines.truth import Scene, Test, Truth, missing_facts
from policyengine.language import tree

Members = Sequence[tuple[int, Truth]]
"""Numbers of items, and whether they belong to a sum (None: perhaps)."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is added up: the periods ``first`` to ``last``; ``dated``: those records only that end within ``days``.

    ``days``: the first and last day. The versions in force in ``last`` govern. ``adrift``: it is an empty stretch in
    place of one of so many months of which it is not known where it lies.
    """

    first: int
    last: int
    days: tuple[date, date]
    dated: bool = False
    adrift: int = 0

    @classmethod
    def of(cls, first: int, years: int, year_start: tuple[int, int]) -> Stretch:
        """Whole periods."""
        return cls(first, first + years - 1, period_bounds(first, year_start, years))


class Totals:
    """Sums of one person's counted hours."""

    def __init__(self, later: Later, account: Account):
        self.later, self.account = later, account
        self._periods: dict[int, list[int]] = {}
        for number, item in enumerate(account.items):
            self._periods.setdefault(item.period, []).append(number)
        self._truths: dict[tuple[int, bool], list[Truth]] = {}
        self._known: dict[tuple[str, Stretch, bool], Amount] = {}

    def of(self, measure: str, stretch: Stretch, this_period: bool = False) -> Amount:
        """Bounds of a measure. ``this_period``: its condition is asked of the period in which a record counts."""
        asked = (measure, stretch, this_period)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self.account.total(self.members(measure, stretch, this_period))
        return found

    def members(self, measure: str, stretch: Stretch, this_period: bool = False) -> Members:
        """The items of a stretch that belong, or may belong, to a measure."""
        numbers = self._within(stretch)
        if not numbers:
            return ()
        test = self._test(measure, stretch.last)
        if test is None:
            return [(n, True) for n in numbers] if measure == "total" else ()
        truths = self._all(test, this_period)
        return [(n, truths[n]) for n in numbers if truths[n] is not False]

    def everything(self) -> Amount:
        """Bounds of all hours of all periods."""
        return self.account.total([(n, True) for n in range(len(self.account.items))])

    def doubts(self, measure: str, stretch: Stretch, this_period: bool = False) -> set[str]:
        """What would settle a measure: the missing facts of its doubtful records, ``R001:evidence``."""
        found: set[str] = set()
        rule = self.later.measure_in(measure, stretch.last)
        for number, truth in self.members(measure, stretch, this_period):
            item = self.account.items[number]
            judged = self.account.records[item.position]
            name = judged.record.record_id
            if item.low != item.high or item.counted_low != item.counted_high:
                found.update(f"{name}:{fact}" for fact in judged.missing)
            if truth is None:
                lacks = self._lacks(rule, measure, judged.scene)
                found.update(f"{name}:{fact}" for fact in lacks)
        return found

    def _lacks(self, rule: Ready | None, measure: str, scene: Scene) -> tuple[str, ...]:
        return rule.lacks(scene) if rule else missing_facts(tree.What((measure,)), self.later.world, scene)

    def _within(self, stretch: Stretch) -> list[int]:
        if not stretch.dated:
            if stretch.first == stretch.last:
                return self._periods.get(stretch.first, [])
            return [n for p in range(stretch.first, stretch.last + 1) for n in self._periods.get(p, ())]
        start, end = stretch.days
        return [n for n, item in enumerate(self.account.items) if start <= item.end <= end]

    def _test(self, measure: str, period: int) -> Test | None:
        """Whether a record belongs to a measure, as it was defined in ``period``; None: every one, or none does."""
        if measure == "total":
            return None
        rule = self.later.measure_in(measure, period)
        if rule is not None:
            return rule.test
        return None if self.later.plan.vocabulary.find("measure", measure) else self.later.term(measure)

    def _all(self, test: Test, this_period: bool) -> list[Truth]:
        """The test's answer for every item."""
        known = self._truths.get((id(test), this_period))
        if known is None:
            known = self._truths[id(test), this_period] = [
                test(self._scene(item.position, item.period if this_period else None)) for item in self.account.items
            ]
        return known

    def _scene(self, position: int, period: int | None) -> Scene:
        scene = self.account.records[position].scene
        if period is None or period == scene.period:
            return scene
        return Scene(scene.person, (), scene.record, period)
