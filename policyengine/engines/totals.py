"""Stage 5, total: the measures of one person. Counted hours go in, bounds of any measure over any stretch come out."""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.engines.allocate import Account
from policyengine.engines.facts import Scene, Test, Truth, lacking
from policyengine.engines.later import Later, Stretch
from policyengine.engines.numbers import Amount, add_up
from policyengine.engines.ready import Ready

Members = Sequence[tuple[int, Truth]]
"""Numbers of items, and whether they belong to a sum (None: perhaps)."""


class Totals:
    """Sums of one person's counted hours."""

    def __init__(self, later: Later, account: Account):
        self.later, self.account = later, account
        self._periods: dict[int, list[int]] = {}
        for number, item in enumerate(account.items):
            self._periods.setdefault(item.period, []).append(number)
        self._truths: dict[tuple[int, bool], list[Truth]] = {}
        self._known: dict[tuple[object, ...], Amount] = {}

    def of(self, measure: str, stretch: Stretch, this_period: bool = False) -> Amount:
        """Bounds of a measure. ``this_period``: its condition is asked of the period in which a record counts."""
        asked = (measure, stretch.first, stretch.last, this_period, stretch.days if stretch.dated else None)
        found = self._known.get(asked)
        if found is None:
            if measure == "total" and self.account.complete and not stretch.dated:
                whole = add_up([self.account.items[n].counted_low for n in self._within(stretch)])
                found = whole, whole
            else:
                found = self.account.total(self.members(measure, stretch, this_period))
            self._known[asked] = found
        return found

    def members(self, measure: str, stretch: Stretch, this_period: bool = False) -> Members:
        """The items of a stretch that belong, or may belong, to a measure."""
        return self._belonging(self._within(stretch), measure, stretch, this_period)

    def _belonging(self, numbers: Sequence[int], measure: str, stretch: Stretch, this_period: bool) -> Members:
        if not numbers:
            return ()
        test = self._test(measure, stretch.last)
        if test is None:
            found: Members = [(n, True) for n in numbers] if measure == "total" else ()
        else:
            truths = self._all(test, this_period)
            found = [(n, truths[n]) for n in numbers if truths[n] is not False]
        return [(n, truth and self._ends_within(n, stretch)) for n, truth in found] if stretch.dated else found

    def _ends_within(self, number: int, stretch: Stretch) -> Truth:
        return self.account.items[number].ends_within(*stretch.days)

    def everything(self) -> Amount:
        """Bounds of all hours of all periods."""
        return self.account.total([(n, True) for n in range(len(self.account.items))])

    def doubts(self, measure: str, stretch: Stretch, this_period: bool = False) -> set[str]:
        """What would settle a measure: the missing facts of its doubtful records (``R001:evidence``), and what decides
        how much caps leave of them; of all records where it is not known where the stretch lies."""
        found: set[str] = set()
        open_: list[int] = []
        rule = self.later.measure_in(measure, stretch.last)
        numbers = range(len(self.account.items)) if stretch.adrift else self._within(stretch)
        for number, truth in self._belonging(numbers, measure, stretch, this_period):
            item = self.account.items[number]
            judged = self.account.records[item.position]
            if item.low != item.high or item.counted_low != item.counted_high:
                open_.append(number)
            if truth is None and item.counted_high:
                found |= judged.named(self._lacks(rule, measure, judged.scene))
                if stretch.dated and self._ends_within(number, stretch) is None:
                    found |= judged.named(judged.missing)
        return found | self.account.settles(open_) if open_ else found

    def _lacks(self, rule: Ready | None, measure: str, scene: Scene) -> tuple[str, ...]:
        if measure == "total":
            return ()
        return rule.lacks(scene) if rule else lacking(self.later.fields_of(measure), scene)

    def _within(self, stretch: Stretch) -> list[int]:
        if not stretch.dated:
            if stretch.first == stretch.last:
                return self._periods.get(stretch.first, [])
            return [n for p in range(stretch.first, stretch.last + 1) for n in self._periods.get(p, ())]
        return [n for n, item in enumerate(self.account.items) if item.ends_within(*stretch.days) is not False]

    def _test(self, measure: str, period: int) -> Test | None:
        """Whether a record belongs to a measure, as it was defined in ``period``; None: every one, or none does."""
        if measure == "total":
            return None
        rule = self.later.measure_in(measure, period)
        if rule is not None:
            return rule.test
        return None if measure in self.later.measure_words else self.later.term(measure)

    def _all(self, test: Test, this_period: bool) -> list[Truth]:
        """The test's answer for every item."""
        known = self._truths.get((id(test), this_period))
        if known is None:
            records, items = self.account.records, self.account.items
            if this_period:
                known = [test(_in_period(records[i.position].scene, i.period)) for i in items]
            else:
                known = [test(records[i.position].scene) for i in items]
            self._truths[id(test), this_period] = known
        return known


def _in_period(scene: Scene, period: int) -> Scene:
    """The scene of a record, asked for another period than the one in which it ends."""
    return scene if period == scene.period else Scene(scene.person, (), scene.record, period)
