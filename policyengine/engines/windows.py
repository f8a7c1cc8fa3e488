"""The windows of a cap over one person's records: which records share one limit. Items go in, sets of them come out.

A cap is a family of sets of records, each with a limit. A year is one set; "any 5 years" is one for each year that
ends them; "per day" is one for each stretch of days, holding the records that lie wholly within it. A record does not
say how its hours fall on its days, and this is exactly the condition under which they can be laid on days without one
day exceeding the figure (Hall 1935, for intervals).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date

from policyengine.engines.calendar import block_of, period_bounds, period_of, window_from
from policyengine.engines.facts import Scene, find_figure, get_fact, lacking, missing_facts, owning_field
from policyengine.engines.judge import Judge, Judged
from policyengine.engines.numbers import UNBOUNDED, ZERO, Amount, Number, add_up, times
from policyengine.engines.ready import Ready
from policyengine.engines.rooms import Grid, Room, grids
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.light import dataclass
from policyengine.records.model import Person

Place = tuple[int, int, int, int]
"""Where an item stands in a cap's order: year (in rolling windows), preference, record, item."""


Gap = tuple[int, str]
"""A record's position and a field that it lacks (or in its place, whether it is recognised: ``allocate.REVIEW``)."""

Gaps = dict[Gap, list[Collection[object]]]
"""Values that gaps may have in common with other records, so that it matters which they have; the collections are
shared by many gaps."""

Filled = Mapping[Gap, object]
"""Gaps with values."""


@dataclass(slots=True)
class Item:
    """A record's share in one period, before and after caps. ``position``: of the record among the person's records.

    ``other_days``: all days of the record, where it is not known whether they or ``start`` to ``end`` are the share's.
    """

    position: int
    period: int
    start: date
    end: date
    low: Number
    high: Number
    other_days: tuple[date, date] | None = None
    cut_by: tuple[str, ...] = ()
    counted_low: Number = ZERO
    counted_high: Number = ZERO

    @property
    def last_end(self) -> date:
        """The last day on which it may end."""
        return self.end if self.other_days is None else self.other_days[1]

    def ends_within(self, first: date, last: date) -> bool | None:
        """Whether it ends between two days; None where only one of the days on which it may end lies there."""
        inside = first <= self.end <= last
        return inside if inside == (first <= self.last_end <= last) else None


@dataclass(slots=True)
class Cut:
    """One cap applied to a person. Numbers are places in the list of items, ``limits`` by set.

    ``bound``: the sets whose limit an item meets; ``fills``: those whose limit it uses up (in a rolling window also
    those of later years). ``unsure``: items that may not belong to the cap. ``nested``: every window by activities or
    days lies within one period, so that it can lie within a wider one. ``grids``: windows by days; ``grid_of``: the
    grid of an item, by its place among them. ``alone``: the limit that an unsure item meets in whichever window it is.
    ``facts``: what would settle its limits or where its window lies; ``lacks``: by item, what would settle whether it
    belongs, and where in the order. ``gaps``: see ``Gaps``.
    """

    key: str
    order: list[int]
    limits: list[Amount]
    bound: dict[int, list[int]]
    fills: dict[int, list[int]]
    unsure: set[int] = field(default_factory=set)
    nested: bool = True
    places: dict[int, tuple[Place, Place]] = field(default_factory=dict)
    grids: list[Grid] = field(default_factory=list)
    grid_of: dict[int, int] = field(default_factory=dict)
    alone: dict[int, Number] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)
    lacks: dict[int, set[str]] = field(default_factory=dict)

    def room(self, which: int) -> Room:
        """All of its windows, empty: with their least (0) or greatest (1) limits."""
        return Room(self.limits, self.bound, self.fills, self.grids, which)

    @property
    def settled(self) -> bool:
        """Whether its members, their order and its limits are known."""
        if self.unsure or not all(low is high or low == high for low, high in self.limits):
            return False
        if not all(grid.settled for grid in self.grids):
            return False
        return not self.places or all(first == last for first, last in self.places.values())

    def windows(self, number: int, sets: Mapping[int, list[int]]) -> Iterator[object]:
        """The windows of an item: those of ``sets`` (``bound`` or ``fills``), and the grid that it is in."""
        yield from sets.get(number, ())
        if number in self.grid_of:
            yield "grid", self.grid_of[number]

    def turns(self) -> list[tuple[int, bool]]:
        """The items in order: each where it may first have its turn, and (True) where it has had it at the latest."""
        if not self.places:
            return [(n, over) for n in self.order for over in (False, True)]
        events = [(place, over, n) for n, places in self.places.items() for over, place in enumerate(places)]
        return [(n, bool(over)) for _, over, n in sorted(events)]


def may_cut(rule: Ready, periods: Iterable[int], year_start: tuple[int, int]) -> bool:
    """Whether the version governs any of the periods; one with longer windows may, whenever they end."""
    statement = rule.rule.statement
    assert isinstance(statement, tree.Cap)
    match statement.window:
        case tree.PerYears(count=1) | tree.PerField() | tree.PerDay() | tree.PerActivity():
            return any(rule.governs(period, year_start) for period in periods)
    return True


def cut_of(
    judge: Judge, rule: Ready, items: Sequence[Item], records: Sequence[Judged], person: Person, filled: Filled
) -> Cut | None:
    """What one cap rule is for a person; None when it concerns none of the items."""
    statement = rule.rule.statement
    assert isinstance(statement, tree.Cap)
    rolling = isinstance(statement.window, tree.AnyYears)
    bound: dict[int, list[int]] = {}
    cut = Cut(rule.key, [], [], bound, {} if rolling else bound)
    members = []
    for number, item in enumerate(items):
        if item.high and (truth := rule.test(records[item.position].scene)) is not False:
            members.append(number)
            if truth is None:
                cut.unsure.add(number)
                judged = records[item.position]
                cut.lacks[number] = judged.named(rule.lacks(judged.scene))
    if not members:
        return None
    _Windows(judge, rule, statement, items, records, person, filled, cut).lay(members)
    if not cut.limits and not cut.grids:
        return None
    if statement.taking:
        rank = ranks(judge, statement, records)
        for n in cut.fills:
            year, position = items[n].period if rolling else 0, items[n].position
            least, most, lacks = rank(position)
            cut.places[n] = (year, least, position, n), (year, most, position, n)
            if least != most:
                cut.lacks.setdefault(n, set()).update(records[position].named(lacks))
        cut.order = sorted(cut.fills, key=lambda n: cut.places[n][0])
    else:
        cut.order = sorted(cut.fills, key=lambda n: (items[n].period, n)) if rolling else sorted(cut.fills)
    cut.unsure &= cut.fills.keys()
    return cut


@dataclass(slots=True)
class _Windows:
    """Lays out the sets of one cap."""

    judge: Judge
    rule: Ready
    statement: tree.Cap
    items: Sequence[Item]
    records: Sequence[Judged]
    person: Person
    filled: Filled
    cut: Cut

    def lay(self, members: list[int]) -> None:
        """Fill the cut's limits and the sets that its items are in."""
        match self.statement.window:
            case tree.PerActivity():
                placed = {n: self.records[self.items[n].position].other_days is None for n in members}
                self._groups([n for n in members if placed[n]], lambda n: self.items[n].position)
                self._unplaced([n for n in members if not placed[n]])
                self.cut.nested = len(self.cut.limits) == len(self.cut.bound)
            case tree.PerField(field=name):
                self._by_field(self._governed(members), self.judge.world.fields[name])
            case tree.PerYears(count=1):
                self._groups(self._governed(members), lambda n: self.items[n].period)
            case tree.PerYears(count=count, starting=starting):
                begin = starting or 0

                def first(n: int) -> int:
                    return block_of(self.items[n].period, count, begin)

                held = [n for n in members if self.items[n].period >= begin]
                self._groups(held, first, ends=lambda n: first(n) + count - 1)
            case tree.AnyYears(count=count):
                self._rolling(members, count)
            case tree.PerDay():
                self._by_days(self._governed(members))
            case tree.Within(months=months, field=name):
                self._anchored(members, months, name)

    def _governs(self, period: int) -> bool:
        return self.rule.governs(period, self.judge.plan.year_start)

    def _governed(self, members: list[int]) -> list[int]:
        return [n for n in members if self._governs(self.items[n].period)]

    def _by_field(self, members: list[int], decl: FieldDecl) -> None:
        """A window for each value in a period. A record whose value is missing may have any of them, or one that no
        other has; alone it meets the limit as well."""
        held: dict[tuple[int, object], list[int]] = {}
        blank: dict[int, list[int]] = {}
        for n in members:
            period, value = self.items[n].period, self._value(n, decl)
            if value is None:
                blank.setdefault(period, []).append(n)
            else:
                held.setdefault((period, value), []).append(n)
        for (period, value), known in held.items():
            self._add_blurred(period, known, blank.get(period, []), decl, [value])
        for period, others in blank.items():
            if len(others) > 1:
                self._add_blurred(period, [], others, decl, [])
            for n in others:
                if n not in self.cut.fills:
                    self._add(period, [n], [n])

    def _value(self, number: int, decl: FieldDecl) -> object:
        position = self.items[number].position
        value = get_fact(self.records[position].scene, decl)
        return self.filled.get((position, decl.id)) if value is None else value

    def _add_blurred(
        self, period: int, known: list[int], blank: list[int], decl: FieldDecl, values: list[object]
    ) -> None:
        """A window of records of one value (``values``), and those whose value is missing."""
        if not self._add(period, known + blank, known + blank):
            return
        limit = self.cut.limits[-1][1]
        for n in blank:
            if n not in self.cut.unsure:
                self.cut.alone[n] = limit
            self.cut.unsure.add(n)
            self.cut.gaps.setdefault((self.items[n].position, decl.id), []).append(values)
            judged = self.records[self.items[n].position]
            self.cut.lacks.setdefault(n, set()).update(judged.named(lacking([decl], judged.scene)))

    def _groups(
        self, members: list[int], of: Callable[[int], object], ends: Callable[[int], int] | None = None
    ) -> None:
        """Items by a key, each group a set; the version governs that is in force in the year in which it ends."""
        groups: dict[object, list[int]] = {}
        for n in members:
            groups.setdefault(of(n), []).append(n)
        for held in groups.values():
            last = ends(held[0]) if ends else max(self.items[n].period for n in held)
            if self._governs(last):
                self._add(last, held, held)

    def _unplaced(self, members: list[int]) -> None:
        """A window for each record of which it is not known where it counts. The version of the last period in which it
        does governs: for an item that of its own or of a later one."""
        groups: dict[int, list[int]] = {}
        for n in members:
            groups.setdefault(self.items[n].position, []).append(n)
        for held in groups.values():
            limits = {p: self._limit(p) if self._governs(p) else None for p in (self.items[n].period for n in held)}
            known = {p: limit for p, limit in limits.items() if limit is not None}
            able = [n for n in held if known and self.items[n].period <= max(known)]
            if able:
                least, most = min(low for low, _ in known.values()), max(high for _, high in known.values())
                self._add(max(known), able, able, (least, most))
            for n in able:
                if any(limit is None for p, limit in limits.items() if p >= self.items[n].period):
                    self._doubt(n, UNBOUNDED)

    def _rolling(self, members: list[int], count: int) -> None:
        for year in sorted({self.items[n].period for n in members}):
            if self._governs(year):
                held = [n for n in members if year - count < self.items[n].period <= year]
                self._add(year, [n for n in held if self.items[n].period == year], held)

    def _anchored(self, members: list[int], months: int, name: str) -> None:
        day = get_fact(Scene(self.person.facts), self.judge.world.fields[name])
        if not isinstance(day, date):
            limit = self._whenever(members, months)
            if limit is not None:
                self.cut.unsure.update(members)
                self.cut.facts.add(f"person:{name}")
                self._add(max(self.items[n].period for n in members), members, members, limit)
            return
        first, last = window_from(day, months)
        year = period_of(last, self.judge.plan.year_start)
        ends = {n: self.items[n].ends_within(first, last) for n in members}
        held = [n for n in members if ends[n] is not False]
        if held and self._governs(year):
            self._add(year, held, held)
            for n in held:
                if ends[n] is None:
                    self._doubt(n, UNBOUNDED)

    def _whenever(self, members: list[int], months: int) -> Amount | None:
        """A limit whose year is not known: the least of any year in which a window that holds an item may end."""
        start = self.judge.plan.year_start
        first = min(period_of(self.items[n].end, start) for n in members)
        last = max(period_of(window_from(self.items[n].last_end, months)[1], start) for n in members)
        limits = [
            limit
            for year in range(first, last + 1)
            if self._governs(year) and (limit := limit_in(self.judge, self.rule, year, self.person)) is not None
        ]
        return (min(low for low, _ in limits), UNBOUNDED) if limits else None

    def _by_days(self, members: list[int]) -> None:
        """A window for each stretch of days between a record's first and a record's last day."""
        spans: dict[tuple[date, date], list[int]] = {}
        for n in members:
            spans.setdefault((self.items[n].start, self.items[n].end), []).append(n)
        found = grids(
            spans,
            wanted=lambda n: self.items[n].high,
            period=lambda n: self.items[n].period,
            limit=self._limit,
        )
        for grid in found:
            single = len(grid.limits) == len(grid.limits[0]) == 1  # a set like those of other windows
            if single:
                self.cut.limits.append(grid.limits[0][0])
            else:
                self.cut.grid_of.update(dict.fromkeys(grid.places, len(self.cut.grids)))
                self.cut.grids.append(grid)
            if not grid.settled:
                self.cut.facts.update(*(self._limit_facts(self.items[n].period) for n in grid.places))
            for n in grid.places:
                item = self.items[n]
                first, last = period_bounds(item.period, self.judge.plan.year_start)
                self.cut.nested = self.cut.nested and first <= item.start and item.end <= last
                self.cut.bound[n] = [len(self.cut.limits) - 1] if single else []
                if item.other_days is not None:  # on its fewest days it takes room in every window that it may lie in
                    limit, (start, end) = self._limit(item.period), item.other_days
                    self._doubt(n, UNBOUNDED if limit is None else limit[1] * ((end - start).days + 1))

    def _doubt(self, number: int, alone: Number) -> None:
        """An item of which it is not known where it lies. ``alone``: the limit that it meets wherever it does."""
        if number not in self.cut.unsure:
            self.cut.alone[number] = alone
        self.cut.unsure.add(number)
        judged = self.records[self.items[number].position]
        self.cut.lacks.setdefault(number, set()).update(judged.named(judged.missing))

    def _limit(self, period: int) -> Amount | None:
        return limit_in(self.judge, self.rule, period, self.person)

    def _limit_facts(self, period: int) -> set[str]:
        return limit_facts(self.judge, self.rule, period, self.person)

    def _add(self, period: int, bound: list[int], fills: list[int], limit: Amount | None = None) -> bool:
        """Add a window; whether it can cut anything, else it is left out."""
        limit = limit or self._limit(period)
        if limit is None or add_up([self.items[n].high for n in fills]) <= limit[0]:
            return False
        if limit[0] != limit[1]:
            self.cut.facts |= self._limit_facts(period)
        one = len(self.cut.limits)
        self.cut.limits.append(limit)
        for n in bound:
            self.cut.bound.setdefault(n, []).append(one)
        if self.cut.fills is not self.cut.bound:
            for n in fills:
                self.cut.fills.setdefault(n, []).append(one)
                self.cut.bound.setdefault(n, [])
        return True


def ranks(judge: Judge, statement: tree.Cap, records: Sequence[Judged]) -> Callable[[int], tuple[int, int, list[str]]]:
    """First and last preference that a record may have: the place of its term in ``taking``, those not named last; and
    the facts that would settle it. The terms are of one field: one of them alone may also be a term of another."""
    owner = judge.world.fields[owning_field(tree.What(statement.taking), judge.world)]
    places: dict[object, int] = {term: place for place, term in enumerate(statement.taking)}

    def rank(position: int) -> tuple[int, int, list[str]]:
        value = get_fact(records[position].scene, owner)
        if value is None:
            return 0, len(places), [owner.id]
        place = places.get(value, len(places))
        return place, place, []

    return rank


def limit_in(judge: Judge, rule: Ready, period: int, person: Person) -> Amount | None:
    """Least and greatest limit in that period, in the plan's unit; None where a table has no figure for it."""
    known = rule.figures.get(period)
    if known is not None:
        return known
    limit = _limit_in(judge, rule, period, person)
    if limit is not None and not rule.personal:
        rule.figures[period] = limit
    return limit


def _limit_in(judge: Judge, rule: Ready, period: int, person: Person) -> Amount | None:
    least, most = UNBOUNDED, UNBOUNDED
    found = False
    for one in (rule, *rule.kept):
        statement = one.rule.statement
        assert isinstance(statement, tree.Cap)
        bounds = figure_bounds(judge, statement.figure, period, person)
        if bounds is not None:
            found, least, most = True, min(least, bounds[0]), min(most, bounds[1])
    return (least, most) if found else None


def limit_facts(judge: Judge, rule: Ready, period: int, person: Person) -> set[str]:
    """What would settle a limit: facts that a table is asked with, or the law's ``figure`` where it is open."""
    found: set[str] = set()
    for one in (rule, *rule.kept):
        statement = one.rule.statement
        assert isinstance(statement, tree.Cap)
        figure = own_figure(judge, statement.figure, period, person)
        if figure is not None:
            found.update(figure.settled_by)
    return found


def figure_bounds(judge: Judge, figure: tree.Figure, period: int, person: Person) -> Amount | None:
    """A figure of a period rule in the plan's unit; None: a table has none then, or no exchange leads there.

    Where a fact is missing that a table is asked with, there may be any of its figures, or none: no upper bound.
    """
    found = own_figure(judge, figure, period, person)
    rate = None if found is None else judge.rate(found.unit, period_bounds(period, judge.plan.year_start)[1])
    if found is None or rate is None:
        return None
    return times(found.low, rate), UNBOUNDED if found.missing else times(found.high, rate)


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """A figure in its own unit. ``missing``: the facts that a table is asked with; there may be no figure at all."""

    low: Number
    high: Number
    unit: str
    missing: tuple[str, ...] = ()

    @property
    def settled_by(self) -> tuple[str, ...]:
        """What would settle it: the facts, or the law's own ``figure`` where that is open."""
        return self.missing or (("figure",) if self.low != self.high else ())


def own_figure(judge: Judge, figure: tree.Figure, period: int, person: Person) -> OwnFigure | None:
    """A figure of a period rule; None: a table has no row (or an empty cell) for the period."""
    match figure:
        case tree.Quantity(value=value, unit=unit):
            return OwnFigure(value, value, unit)
        case tree.Between(low=low, high=high, unit=unit):
            return OwnFigure(low, high, unit)
        case tree.Unknown(unit=unit):
            return OwnFigure(ZERO, UNBOUNDED, unit)
        case tree.Lookup(table=table):
            finder = judge.world.finders[table]
            scene = Scene(person.facts, period=period, window=period_bounds(period, judge.plan.year_start))
            found = find_figure(figure, judge.world, scene)
            if found is not None:
                return OwnFigure(found, found, finder.value_unit())
            missing, bounds = missing_facts(figure, judge.world, scene), finder.bounds(scene.day, period)
            return OwnFigure(*bounds, finder.value_unit(), missing) if missing and bounds else None
    raise TypeError(figure)
