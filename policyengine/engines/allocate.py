"""Stage 4, count once and caps, of one person: judged records go in, counted hours come out, with bounds of any sum.

Records take their hours in order, each at most what every window that holds it has left. Where facts are missing,
``docs/semantics.md``, "Bounds under caps", says how two runs of the caps bound the sum of any of the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from policyengine.engines.alike import Values
from policyengine.engines.assign import Days
from policyengine.engines.facts import Truth, get_fact, lacking
from policyengine.engines.judge import Judge, Judged
from policyengine.engines.numbers import NOTHING, UNBOUNDED, ZERO, Amount, Number, add_up
from policyengine.engines.ready import Ready
from policyengine.engines.rivals import Member, Rivals
from policyengine.engines.windows import Cut, Filled, Gap, Gaps, Item, cut_of, may_cut
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.records.model import Person

MOST_WORLDS = 64  # ways to fill a person's gaps that are tried
REVIEW = ""  # in place of a field: whether a record in need of review is recognised
NOWHERE: dict[int, Days] = {}


@dataclass(frozen=True, slots=True)
class Wait:
    """What an item waits for: facts (``own``), and what the first so many of each of some lists wait for."""

    own: set[str]
    before: tuple[tuple[list[Wait], int], ...] = ()


class Lists:
    """Those that may have had their turn in the windows of a cut, one after another: a list for all that use up the
    same windows. An item that meets more than a few of these lists (its value is missing, so that it may be in the
    window of any) has one of its own instead, which it shares with all that meet the same windows."""

    FEW = 8

    def __init__(self, cut: Cut):
        self._fills = {n: tuple(cut.windows(n, cut.fills)) for n in cut.order}
        self._bound = {n: tuple(cut.windows(n, cut.bound)) for n in cut.order}
        self._of: dict[tuple[object, ...], list[Wait]] = {filled: [] for filled in self._fills.values()}
        self._more: dict[tuple[object, ...], list[list[Wait]]] = {filled: [] for filled in self._of}
        self._met: dict[tuple[object, ...], list[list[Wait]]] = {}
        by_window: dict[object, list[tuple[object, ...]]] = {}
        for filled in self._of:
            for window in filled:
                by_window.setdefault(window, []).append(filled)
        for bound in set(self._bound.values()):
            met = {filled for window in bound for filled in by_window.get(window, ())}
            self._met[bound] = [self._of[filled] for filled in met] if len(met) <= self.FEW else [[]]
            if len(met) > self.FEW:
                for filled in met:
                    self._more[filled] += self._met[bound]

    def before(self, number: int) -> list[list[Wait]]:
        """The lists of those before an item in the windows that it meets."""
        return self._met[self._bound[number]]

    def add(self, number: int, one: Wait) -> None:
        """It may have had its turn."""
        filled = self._fills[number]
        for held in (self._of[filled], *self._more[filled]):
            held.append(one)


@dataclass(slots=True)
class Account:
    """One person's items with the cuts that apply to them.

    ``duplicates``: by position, the rule for which another record counts instead; ``contested``: that one may.
    ``complete``: every amount, membership and limit is settled, one run gives everything. ``exact``: the bounds under
    the caps are those of two runs. ``worlds``: the same where what records lack, and may have in common with others, is
    filled in, in every way; empty where these are too many.
    """

    records: list[Judged]
    items: list[Item]
    cuts: list[Cut]
    duplicates: dict[int, str]
    contested: dict[int, Contest]
    complete: bool
    exact: bool
    worlds: list[Account] = field(default_factory=list)
    _waits: list[Wait] | None = None

    def total(self, members: Sequence[tuple[int, Truth]]) -> Amount:
        """Bounds of the counted hours of some items, given by number and whether they belong to the sum (None: may)."""
        items = self.items
        if self.worlds:
            bounds = [world.total(members) for world in self.worlds]
            return min(low for low, _ in bounds), max(high for _, high in bounds)
        if self.complete or all(items[n].counted_low == items[n].counted_high for n, _ in members):
            low = add_up([items[n].counted_low for n, t in members if t])
            perhaps = [items[n].counted_high for n, t in members if t is None]
            return low, add_up([low, *perhaps]) if perhaps else low
        if not self.exact:
            low = add_up([items[n].counted_low for n, t in members if t])
            return low, min(UNBOUNDED, add_up([items[n].counted_high for n, t in members if t is not False]))
        own = {n for n, t in members if t}
        least = self.run([i.low if n in own else i.high for n, i in enumerate(items)])
        low = add_up(least[n] for n in own)
        own = {n for n, t in members if t is not False}
        most = self.run([i.high if n in own else i.low for n, i in enumerate(items)])
        return low, min(UNBOUNDED, add_up(most[n] for n in own))

    def settles(self, numbers: Iterable[int]) -> set[str]:
        """What would settle the hours of some items: facts of their records, of those before them under the caps that
        hold them, and of these caps."""
        found: set[str] = set()
        todo: list[Wait] = []
        for number in numbers:
            judged = self.records[self.items[number].position]
            found |= judged.named(judged.missing)
            todo.append(self.waits[number])
        read: dict[int, int] = {}  # how far each list was gone through
        while todo:
            one = todo.pop()
            found |= one.own
            for held, count in one.before:
                start = read.get(id(held), 0)
                if start < count:
                    read[id(held)] = count
                    todo += held[start:count]
        return found

    @property
    def waits(self) -> list[Wait]:
        """For each item that is open what it waits for, cap after cap: in every window an item waits for what it may
        have before it."""
        if self._waits is None:
            self._waits = [Wait(self._own(n)) for n in range(len(self.items))]
            for cut in self.cuts:
                self._wait_for(cut, self._waits)
        return self._waits

    def _own(self, number: int) -> set[str]:
        item = self.items[number]
        if item.low == item.high:
            return set()
        if item.position in self.contested:
            return self.contested[item.position].facts  # what the record lacks itself is among them
        judged = self.records[item.position]
        return judged.named(judged.missing)

    def _wait_for(self, cut: Cut, waits: list[Wait]) -> None:
        lists = Lists(cut)
        for number, turn_over in cut.turns():
            one = waits[number]
            if number in cut.lacks:
                one = Wait(one.own | cut.lacks[number], one.before)
            if turn_over:
                if self._is_settled(number):
                    continue
                held = ((each, len(each)) for each in lists.before(number) if each)
                one = waits[number] = Wait(one.own | cut.facts, (*one.before, *held))
            lists.add(number, one)

    def run(self, values: list[Number]) -> list[Number]:
        """Apply the cuts to fixed values; their limits are known."""
        for cut in self.cuts:
            _apply(cut, values)
        return values

    def spread(self) -> None:
        """Fill each item's own counted bounds and the caps that cut it."""
        if self.complete:
            values = [i.low for i in self.items]
            for cut in self.cuts:
                before = list(values)
                _apply(cut, values)
                for number in cut.order:
                    if values[number] < before[number]:
                        self.items[number].cut_by += (cut.key,)
            for item, counted in zip(self.items, values, strict=True):
                item.counted_low = item.counted_high = counted
            return
        for item in self.items:
            item.counted_low, item.counted_high = item.low, item.high
        if self.exact:
            self._spread_exactly()
        else:
            for cut in self.cuts:
                if cut.settled and all(self._is_settled(n) for n in cut.order):
                    self._carry_settled(cut)
                else:
                    self._carry_bounds(cut)

    def tighten(self) -> None:
        """Give items the bounds that they have in some world."""
        for number, item in enumerate(self.items):
            each = [world.items[number] for world in self.worlds]
            item.low, item.high = min(i.low for i in each), max(i.high for i in each)
            item.counted_low = min(i.counted_low for i in each)
            item.counted_high = max(i.counted_high for i in each)
            cutting = {key for i in each for key in i.cut_by}
            item.cut_by = tuple(cut.key for cut in self.cuts if cut.key in cutting)
        open_ = {item.position for item in self.items if item.low != item.high}
        for position in self.contested.keys() - open_:
            del self.contested[position]
            if all(position in world.duplicates for world in self.worlds):
                self.duplicates[position] = self.worlds[0].duplicates[position]

    def _is_settled(self, number: int) -> bool:
        return self.items[number].counted_low == self.items[number].counted_high

    def _carry_settled(self, cut: Cut) -> None:
        """What one cut leaves of items that are settled, whatever is open elsewhere."""
        room = cut.room(1)
        for number in cut.order:
            left = room.left(number)
            self._keep(self.items[number], cut, left, left)
            room.take(number, self.items[number].counted_low)

    def _spread_exactly(self) -> None:
        """Each item at its least while the others are at their most, and the reverse."""
        lows, highs = [i.low for i in self.items], [i.high for i in self.items]
        for cut in self.cuts:
            low_room, high_room = cut.room(0), cut.room(0)
            for number in cut.order:
                left_of_lows, left_of_highs = low_room.left(number), high_room.left(number)
                self._keep(self.items[number], cut, left_of_highs, left_of_lows)
                lows[number] = max(ZERO, min(lows[number], left_of_lows))
                highs[number] = max(ZERO, min(highs[number], left_of_highs))
                low_room.take(number, lows[number])
                high_room.take(number, highs[number])

    def _carry_bounds(self, cut: Cut) -> None:
        """Each item's bounds after a cut whose members, order or limits are not all known, or that is not nested.

        An item comes up where it may first have its turn, and again where it has had it at the latest.
        """
        least, most = cut.room(0), cut.room(1)  # what is left at least and at most
        highs: dict[int, Number] = {}
        for number, turn_over in cut.turns():
            item, sure = self.items[number], number not in cut.unsure
            if not turn_over:
                highs[number] = most.left(number) if sure else cut.alone.get(number, UNBOUNDED)
                least.take(number, item.counted_high)
                continue
            self._keep(item, cut, least.left(number) + item.counted_high, highs[number])
            if sure:
                most.take(number, item.counted_low)

    @staticmethod
    def _keep(item: Item, cut: Cut, left_least: Number, left_most: Number) -> None:
        low = max(ZERO, min(item.counted_low, left_least))
        high = max(ZERO, min(item.counted_high, left_most))
        if low < item.counted_low or high < item.counted_high:
            item.cut_by += (cut.key,)
        item.counted_low, item.counted_high = low, high


def _apply(cut: Cut, values: list[Number]) -> None:
    """One run: each item in order takes at most what its windows have left."""
    room = cut.room(1)
    for number in cut.order:
        value = values[number]
        left = room.left(number)
        if left < value:
            value = values[number] = max(ZERO, left)
        room.take(number, value)


def account(
    judge: Judge, once: Sequence[Ready], caps: Sequence[Ready], person: Person, records: list[Judged], exact: bool
) -> Account:
    """Count once and lay out the caps of one person. ``records`` in order (end date, record id)."""
    result, gaps = _account(judge, once, caps, person, records, exact, {})
    worlds = _worlds(gaps) or _worlds({gap: values for gap, values in gaps.items() if gap[1] != REVIEW})
    if len(worlds) > 1:
        result.worlds = [_account(judge, once, caps, person, records, exact, filled)[0] for filled in worlds]
        result.tighten()
    return result


def _account(
    judge: Judge,
    once: Sequence[Ready],
    caps: Sequence[Ready],
    person: Person,
    records: list[Judged],
    exact: bool,
    filled: Filled,
) -> tuple[Account, Gaps]:
    shares, duplicates, contested, gaps = count_once(judge, once, records, filled)
    items = [
        Item(position, period, *judged.shares_days[period], *amount, (judged.other_days or NOWHERE).get(period))
        for position, judged in enumerate(records)
        for period, amount in (
            shares[position].items() if len(shares[position]) == 1 else sorted(shares[position].items())
        )
    ]
    for item in items:
        item.high = min(item.high, UNBOUNDED)  # so that a cap without a figure is not seen to cut it
    settled = not contested and all(i.low is i.high or i.low == i.high for i in items)
    periods = {item.period for item in items}
    able = [rule for rule in caps if may_cut(rule, periods, judge.plan.year_start)]
    cuts = [cut for rule in able if (cut := cut_of(judge, rule, items, records, person, filled)) is not None]
    known = all(cut.settled for cut in cuts)
    result = Account(
        records, items, cuts, duplicates, contested, settled and known, exact and known and all(c.nested for c in cuts)
    )
    result.spread()
    for cut in cuts:
        for gap, values in cut.gaps.items():
            gaps.setdefault(gap, []).extend(values)
    return result, gaps


def _worlds(gaps: Gaps) -> list[Filled]:
    """Every way to fill the gaps with values that others have, or with new ones, and to recognise records or not; none
    where there are too many."""
    worlds: list[dict[Gap, object]] = [{}]
    for gap, values in sorted(gaps.items(), key=lambda one: one[0]):
        grown = []
        for world in worlds:
            new = dict.fromkeys(v for (_, name), v in world.items() if name == gap[1] and isinstance(v, tuple))
            able = (*sorted(set().union(*values), key=str), *new, ("new", len(new)))
            options = able if gap[1] != REVIEW else (True, False)
            grown += [{**world, gap: value} for value in options]
        if len(grown) > MOST_WORLDS:
            return []
        worlds = grown
    return list(worlds)


# --- count once -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contest:
    """That another record may count instead of one: by which rule, and what would settle whether it does."""

    rule: str
    facts: set[str]


def count_once(
    judge: Judge, rules: Sequence[Ready], records: list[Judged], filled: Filled
) -> tuple[list[dict[int, Amount]], dict[int, str], dict[int, Contest], Gaps]:
    """Shares after ``count once``; by position the rule because of which a record counts nothing, and whether another
    one may count instead; and the gaps on which that may depend."""
    shares = [r.shares for r in records]
    for (position, name), recognised in filled.items():
        if name == REVIEW:
            claimed = records[position].claimed
            shares[position] = claimed if recognised else dict.fromkeys(claimed, NOTHING)
    duplicates: dict[int, str] = {}
    contested: dict[int, Contest] = {}
    gaps: Gaps = {}
    for versions in alike(rules):
        statement = versions[0].rule.statement
        assert isinstance(statement, tree.CountOnce)
        members = _members(judge, versions, statement, records, shares, filled)
        rivals = Rivals(statement.taking, members)
        facts: dict[int, set[str]] = {}
        told: dict[Values, set[str]] = {}  # by what is compared: those who have the same are in one group
        opened: dict[int, Contest] = {}
        counting = list(shares)
        for position, member in members.items():
            group = rivals.group(member.values)
            if group is None:
                continue
            for place in [n for n, value in enumerate(member.values) if value is None]:
                gaps.setdefault((position, statement.per[place]), []).append(rivals.known(group, place))
            keeps = rivals.keeps(group, position)
            if keeps is False:
                duplicates[position] = member.rule.key
                counting[position] = dict.fromkeys(shares[position], NOTHING)
            elif keeps is None:
                if member.values not in told:
                    for p in group.positions:
                        if p not in facts:
                            facts[p] = _open_facts(judge, records[p], members[p]) | _facts(contested.get(p))
                        if records[p].state == "review":
                            gaps.setdefault((p, REVIEW), [])
                    told[member.values] = set().union(*(facts[p] for p in group.positions))
                opened[position] = Contest(member.rule.key, told[member.values])
                counting[position] = {p: (ZERO, high) for p, (_, high) in shares[position].items()}
        shares = counting
        contested |= opened
    return shares, duplicates, contested, gaps


def _facts(contest: Contest | None) -> set[str]:
    return contest.facts if contest is not None else set()


def alike(rules: Sequence[Ready]) -> list[list[Ready]]:
    """``count once`` rules, the versions of one together that compare the same values and let the same record count:
    what repeats a record does so also where the version has changed in between."""
    found: dict[tuple[object, ...], list[Ready]] = {}
    for rule in rules:
        statement = rule.rule.statement
        assert isinstance(statement, tree.CountOnce)
        found.setdefault((rule.rule.name, tuple(sorted(statement.per)), statement.taking), []).append(rule)
    return list(found.values())


def _members(
    judge: Judge,
    versions: Sequence[Ready],
    statement: tree.CountOnce,
    records: list[Judged],
    shares: list[dict[int, Amount]],
    filled: Filled,
) -> dict[int, Member]:
    """By position the records that belong or may belong to the rule. Of a record that counts in several periods the
    version decides that governs the last; of one of which it is not known where it counts any may."""
    members: dict[int, Member] = {}
    start = judge.plan.year_start
    for position, judged in enumerate(records):
        if not any(high > 0 for _, high in shares[position].values()):
            continue
        governing = [next((v for v in versions if v.governs(p, start)), None) for p in sorted(shares[position])]
        rule, truth = _belongs(judged, governing)
        if rule is not None and truth is not False:
            told = ((name, get_fact(judged.scene, judge.world.fields[name])) for name in statement.per)
            values = tuple(filled.get((position, name)) if value is None else value for name, value in told)
            members[position] = Member(rule, truth, values, _sum(shares[position]), _sum(judged.claimed)[0])
    return members


def _belongs(judged: Judged, governing: Sequence[Ready | None]) -> tuple[Ready | None, Truth]:
    """The version that a record belongs to, and whether it does. ``governing``: by period those that govern."""
    able = [version for version in governing if version is not None]
    if judged.other_days is None:  # it counts in all of them
        return (able[-1], able[-1].test(judged.scene)) if len(able) == len(governing) else (None, False)
    truths = {version.test(judged.scene) for version in able} | ({False} if None in governing else set())
    return able[-1] if able else None, truths.pop() if len(truths) == 1 else None


def _sum(shares: Mapping[int, Amount]) -> Amount:
    if len(shares) == 1:
        return next(iter(shares.values()))
    return add_up(low for low, _ in shares.values()), add_up(high for _, high in shares.values())


def _open_facts(judge: Judge, judged: Judged, member: Member) -> set[str]:
    """What a record of a group lacks, and what would settle whether it belongs, and what it repeats."""
    statement = member.rule.rule.statement
    assert isinstance(statement, tree.CountOnce)
    compared = lacking((judge.world.fields[name] for name in statement.per), judged.scene)
    belongs = member.rule.lacks(judged.scene) if member.truth is None else ()
    return judged.named({*judged.missing, *compared, *belongs})
