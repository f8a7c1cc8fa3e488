"""Stages 4 and 5: count once, caps and totals of one person. Takes judged records, gives counted hours and measures.

A cap is a family of sets of records, each with a limit: records take their hours in order, each at most what every
set that holds it has left. A year is one set; "in any 5 years" is one for each five years; "per day" is one for each
stretch of days, holding the records that lie wholly within it. A record does not say how its hours fall on its days, and
this is exactly the condition under which they can be laid on days without one day exceeding the figure (Hall 1935,
for intervals).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import DAY, add_months, block_of, period_bounds
from policyengine.engines.judge import NOTHING, UNBOUNDED, ZERO, Amount, Item, Judge, Judged, Ready
from policyengine.engines.truth import Scene, Truth, find_figure, get_fact
from policyengine.language import tree
from policyengine.records.model import Person

Member = Callable[[Item], Truth]


@dataclass(slots=True)
class Cut:
    """One cap applied: its sets over item numbers, in order. ``unsure``: items that may not belong to it at all."""

    key: str
    order: list[int]
    sets: list[tuple[Fraction, Fraction, frozenset[int]]]  # least and greatest limit, items
    unsure: frozenset[int]


@dataclass(slots=True)
class Account:
    """One person's items with the cuts that apply to them."""

    records: list[Judged]
    items: list[Item]
    cuts: list[Cut]
    complete: bool  # every amount, membership and limit is settled: one run gives everything
    duplicates: set[int]
    exact: bool  # nested caps, cut in one order: low and high runs are the bounds
    _full: list[Fraction] | None = None

    def total(self, member: Member) -> Amount:
        """Bounds of the counted hours of the items that ``member`` is true of (unknown: may be)."""
        if self.complete:
            counted, low, high = self.full(), ZERO, ZERO
            for number, item in enumerate(self.items):
                truth = member(item)
                if truth is not False:
                    high += counted[number]
                    if truth:
                        low += counted[number]
            return low, high
        truths = [member(item) for item in self.items]
        if not self.exact:
            low = sum((i.counted_low for i, t in zip(self.items, truths, strict=True) if t), ZERO)
            high = sum((i.counted_high for i, t in zip(self.items, truths, strict=True) if t is not False), ZERO)
            return low, min(high, UNBOUNDED)
        least = self.run([i.low if t else i.high for i, t in zip(self.items, truths, strict=True)], 0)
        most = self.run([i.high if t is not False else i.low for i, t in zip(self.items, truths, strict=True)], 1)
        low = sum((c for c, t in zip(least, truths, strict=True) if t), ZERO)
        high = sum((c for c, t in zip(most, truths, strict=True) if t is not False), ZERO)
        return low, min(high, UNBOUNDED)

    def full(self) -> list[Fraction]:
        """Counted hours of each item when nothing is missing."""
        if self._full is None:
            self._full = self.run([i.low for i in self.items], 0)
        return self._full

    def run(self, values: list[Fraction], bound: int) -> list[Fraction]:
        """Apply the cuts to fixed values; ``bound`` 0 takes the least limits, 1 the greatest."""
        values = list(values)
        for cut in self.cuts:
            used = [ZERO] * len(cut.sets)
            holding = _holding(cut)
            for number in cut.order:
                value = values[number]
                for one in holding[number]:
                    value = min(value, cut.sets[one][bound] - used[one])
                values[number] = value = max(value, ZERO)
                for one in holding[number]:
                    used[one] += value
        return values

    def spread(self) -> None:
        """Fill each item's own counted bounds and the caps that cut it."""
        if self.complete:
            before = [i.low for i in self.items]
            for cut in self.cuts:
                after = Account([], self.items, [cut], True, set(), True).run(before, 0)
                for number in cut.order:
                    if after[number] < before[number]:
                        self.items[number].cut_by += (cut.key,)
                before = after
            for item, counted in zip(self.items, before, strict=True):
                item.counted_low = item.counted_high = counted
            self._full = before
            return
        lows, highs = [i.low for i in self.items], [i.high for i in self.items]
        for cut in self.cuts:
            holding = _holding(cut)
            least_used, most_used = [ZERO] * len(cut.sets), [ZERO] * len(cut.sets)
            for number in cut.order:
                low, high = lows[number], highs[number]
                for one in holding[number]:
                    low = min(low, cut.sets[one][0] - most_used[one])
                    high = min(high, cut.sets[one][1] - least_used[one])
                low, high = max(low, ZERO), max(high, ZERO)
                if number in cut.unsure:
                    high = highs[number]
                if high < highs[number] or low < lows[number]:
                    self.items[number].cut_by += (cut.key,)
                lows[number], highs[number] = low, high
                for one in holding[number]:
                    least_used[one] += ZERO if number in cut.unsure else low
                    most_used[one] += high
        for item, low, high in zip(self.items, lows, highs, strict=True):
            item.counted_low, item.counted_high = low, high


def _holding(cut: Cut) -> dict[int, list[int]]:
    holding: dict[int, list[int]] = {number: [] for number in cut.order}
    for one, (_, _, members) in enumerate(cut.sets):
        for number in members:
            holding[number].append(one)
    return holding


def account(judge: Judge, once: Sequence[Ready], caps: Sequence[Ready], person: Person, records: list[Judged],
            exact: bool) -> Account:  # fmt: skip
    """Count once and lay out the caps of one person. ``records`` in order (end date, record id)."""
    scenes = [Scene(person.facts, record=r.record, period=max(r.shares)) for r in records]
    shares, duplicates, settled = _count_once(judge, once, records, scenes)
    items = [
        Item(position, period, *judged.shares_days[period], *amount)
        for position, judged in enumerate(records)
        for period, amount in sorted(shares[position].items())
    ]
    for item in items:
        settled = settled and item.low == item.high
    cuts: list[Cut] = []
    for rule in caps:
        for cut in _cuts(judge, rule, items, records, scenes, person):
            cuts.append(cut)
            fixed = not cut.unsure and all(low == high for low, high, _ in cut.sets)
            settled = settled and fixed
            window = rule.rule.statement.window  # type: ignore[attr-defined]
            exact = exact and fixed and not isinstance(window, tree.AnyYears)
    result = Account(records, items, cuts, settled, duplicates, exact)
    result.spread()
    return result


def _governs(rule: Ready, period: int, judge: Judge) -> bool:
    """Rules on a period govern whole periods."""
    first, last = period_bounds(period, judge.plan.year_start)
    return (rule.start is None or rule.start <= first) and (rule.until is None or last <= rule.until)


# --- count once -------------------------------------------------------------------------------------------------------


def _count_once(
    judge: Judge, rules: Sequence[Ready], records: list[Judged], scenes: list[Scene]
) -> tuple[list[dict[int, Amount]], set[int], bool]:
    """Shares after ``count once``, the positions that count nothing because of it, and whether nothing is open."""
    shares = [dict(r.shares) for r in records]
    duplicates: set[int] = set()
    settled = True
    for rule in rules:
        statement = rule.rule.statement
        assert isinstance(statement, tree.CountOnce)
        groups: dict[tuple[object, ...], list[int]] = {}
        unsure: set[int] = set()
        for position, scene in enumerate(scenes):
            if position in duplicates or not any(high > 0 for _, high in shares[position].values()):
                continue
            if not all(_governs(rule, p, judge) for p in shares[position]):
                continue
            truth = rule.test(scene)
            values = tuple(get_fact(scene, judge.world.fields[name]) for name in statement.per)
            if truth is False or None in values:
                continue
            if truth is None:
                unsure.add(position)
            groups.setdefault(values, []).append(position)
        for group in groups.values():
            if len(group) > 1:
                for position, keeps in _winners(statement.taking, group, shares, unsure):
                    if keeps is False:
                        duplicates.add(position)
                        shares[position] = dict.fromkeys(shares[position], NOTHING)
                    elif keeps is None:
                        settled = False
                        shares[position] = {p: (ZERO, high) for p, (_, high) in shares[position].items()}
    return shares, duplicates, settled


def _winners(
    taking: str, group: list[int], shares: list[dict[int, Amount]], unsure: set[int]
) -> Iterable[tuple[int, Truth]]:
    """For each of the group: does it count (True), not (False), or depending on what is missing (None)."""
    totals = {p: (sum((a for a, _ in shares[p].values()), ZERO), sum((b for _, b in shares[p].values()), ZERO))
              for p in group}  # fmt: skip
    if unsure & set(group):
        return [(p, None) for p in group]
    if all(low == high for low, high in totals.values()):
        key = {
            "highest": lambda p: (-totals[p][0], p),
            "lowest": lambda p: (totals[p][0], p),
            "earliest": lambda p: (ZERO, p),
            "latest": lambda p: (ZERO, -p),
        }[taking]
        winner = min(group, key=key)
        return [(p, p == winner) for p in group]
    if taking == "lowest":
        return [(p, None) for p in group]
    certain = {p for p in group if totals[p][0] > 0}  # surely recognised: it is there in every completion

    def beats(one: int, other: int, least: bool) -> bool:
        """Whether ``one`` surely (``least``) or possibly goes before ``other``."""
        if taking == "highest":
            mine, theirs = totals[one][0 if least else 1], totals[other][1 if least else 0]
            return mine > theirs or (mine == theirs and one < other)
        return one < other if taking == "earliest" else one > other

    result: list[tuple[int, Truth]] = []
    for p in group:
        others = [o for o in group if o != p]
        if p in certain and all(beats(p, o, True) for o in others):
            result.append((p, True))
        elif any(o in certain and not beats(p, o, False) for o in others):
            result.append((p, False))
        else:
            result.append((p, None))
    return result


# --- caps -------------------------------------------------------------------------------------------------------------


def _cuts(
    judge: Judge, rule: Ready, items: list[Item], records: list[Judged], scenes: list[Scene], person: Person
) -> Iterable[Cut]:
    """The sets of one cap rule over a person's items."""
    statement = rule.rule.statement
    assert isinstance(statement, tree.Cap)
    members: list[int] = []
    unsure: set[int] = set()
    for number, item in enumerate(items):
        if item.high <= 0 or not _governs(rule, item.period, judge):
            continue
        truth = rule.test(scenes[item.position])
        if truth is False:
            continue
        if truth is None:
            unsure.add(number)
        members.append(number)
    if not members:
        return
    window, limit = statement.window, lambda period: _limit(judge, rule, statement, period, person)
    groups, doubtful = _sets(judge, window, members, items, scenes, person)
    sets = []
    for numbers, period, times in groups:
        bounds = limit(period)
        if bounds is not None:
            sets.append((bounds[0] * times, bounds[1] * times, frozenset(numbers)))
    if sets:
        rank = _ranks(judge, statement, scenes)
        by_period = isinstance(window, tree.AnyYears)
        order = sorted(
            {n for _, _, numbers in sets for n in numbers},
            key=lambda n: (items[n].period if by_period else 0, rank(items[n].position), items[n].position),
        )
        yield Cut(rule.key, order, sets, frozenset(unsure | doubtful))


def _ranks(judge: Judge, statement: tree.Cap, scenes: list[Scene]) -> Callable[[int], int]:
    """Preference of a record: the position of its term in ``taking``, those not named last."""
    if not statement.taking:
        return lambda position: 0
    owners = {term: judge.world.vocabulary.field_of(term) for term in statement.taking}

    def rank(position: int) -> int:
        for place, term in enumerate(statement.taking):
            owner = owners[term]
            if owner and get_fact(scenes[position], judge.world.fields[owner]) == term:
                return place
        return len(statement.taking)

    return rank


def _limit(judge: Judge, rule: Ready, statement: tree.Cap, period: int, person: Person) -> Amount | None:
    """Least and greatest limit in that period, in the plan's unit; None where a table has no figure for it."""
    least, most = UNBOUNDED, UNBOUNDED
    found = False
    for one in (statement, *(kept for _, kept in rule.rule.kept)):
        assert isinstance(one, tree.Cap)
        bounds = figure_bounds(judge, one.figure, period, person)
        if bounds is not None:
            found, least, most = True, min(least, bounds[0]), min(most, bounds[1])
    return (least, most) if found else None


def figure_bounds(judge: Judge, figure: tree.Figure, period: int, person: Person) -> Amount | None:
    """A figure of a period rule in the plan's unit; None: a table has no row (or an empty cell) for the period."""
    window = period_bounds(period, judge.plan.year_start)
    match figure:
        case tree.Quantity(value=value, unit=unit):
            low, high = value, value
        case tree.Between(low=low, high=high, unit=unit):
            pass
        case tree.Unknown(unit=unit):
            return ZERO, UNBOUNDED
        case tree.Lookup(table=table):
            found = find_figure(figure, judge.world, Scene(person.facts, period=period, window=window))
            if found is None:
                return None
            low = high = found
            unit = judge.world.finders[table].value_unit()
        case _:
            raise TypeError(figure)
    rate = judge.rate(unit, window[1])
    return None if rate is None else (low * rate, high * rate)


def _sets(
    judge: Judge, window: tree.Window, members: list[int], items: list[Item], scenes: list[Scene], person: Person
) -> tuple[list[tuple[list[int], int, int]], set[int]]:
    """(items, period whose figure governs, how many times the figure), and the items whose window is not known."""
    groups: dict[object, list[int]] = {}
    match window:
        case tree.PerActivity():
            for n in members:
                groups.setdefault(items[n].position, []).append(n)
        case tree.PerField(field=name):
            decl = judge.world.fields[name]
            for n in members:
                value = get_fact(scenes[items[n].position], decl)
                own = ("", items[n].position) if value is None else ("=", value)
                groups.setdefault((items[n].period, own), []).append(n)
        case tree.PerYears(count=1):
            for n in members:
                groups.setdefault(items[n].period, []).append(n)
        case tree.PerYears(count=count, starting=starting):
            for n in members:
                groups.setdefault(block_of(items[n].period, count, starting or 0), []).append(n)
        case tree.AnyYears(count=count):
            for first in sorted({items[n].period for n in members}):
                for start in range(first - count + 1, first + 1):
                    held = [n for n in members if start <= items[n].period < start + count]
                    groups.setdefault((start, tuple(held)), held)
        case tree.PerDay():
            return _days(members, items), set()
        case tree.Within(months=months, field=name):
            decl = judge.world.fields[name]
            day = get_fact(Scene(person.facts), decl)
            if not isinstance(day, date):
                return [(members, max(items[n].period for n in members), 1)], set(members)
            last = add_months(day, months) - DAY
            held = [n for n in members if day <= items[n].end <= last]
            return ([(held, max(items[n].period for n in held), 1)] if held else []), set()
    return [(numbers, max(items[n].period for n in numbers), 1) for numbers in groups.values()], set()


def _days(members: list[int], items: list[Item]) -> list[tuple[list[int], int, int]]:
    """A set for each stretch of days between a record's first and a record's last day."""
    result: list[tuple[list[int], int, int]] = []
    spans: dict[tuple[date, date], list[int]] = {}
    for n in members:
        spans.setdefault((items[n].start, items[n].end), []).append(n)
    for component in _touching(sorted(spans)):
        starts, ends = sorted({a for a, _ in component}), sorted({b for _, b in component})
        for first in starts:
            for last in ends:
                within = [(a, b) for a, b in component if first <= a and b <= last]
                if within and (min(a for a, _ in within), max(b for _, b in within)) == (first, last):
                    held = [n for span in within for n in spans[span]]
                    result.append((held, max(items[n].period for n in held), (last - first).days + 1))
    return result


def _touching(spans: list[tuple[date, date]]) -> list[list[tuple[date, date]]]:
    """Stretches grouped so that those of different groups share no day."""
    groups: list[list[tuple[date, date]]] = []
    last: date | None = None
    for a, b in spans:
        if last is None or a > last:
            groups.append([])
        groups[-1].append((a, b))
        last = b if last is None else max(last, b)
    return groups
