"""Representative situations: statements in, a finite list of situations out that stands for all there are.

A field's values fall into stretches within which no statement can tell them apart (between two constants that it is
compared with; the terms that no rule names). One value of each stretch is enough, and the smallest is taken, so that
the first situation found is also the smallest to show. Amounts grow in straight lines between the points where a limit
is reached, so that trying those points and their neighbours decides; with a rounding it doesn't (``exact`` is False,
``solver.py`` decides).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from policyengine.engines.calendar import add_months, day_of_year, period_bounds, period_of
from policyengine.engines.truth import Scene, Test, World, compile_condition, compile_what
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.names import owning_field, walk
from policyengine.records.model import Circumstance, Fact, Record
from policyengine.tools.prove.mentions import Mentions
from policyengine.tools.prove.model import Context, Situation
from policyengine.tools.prove.quantities import quantities_of, units_of
from policyengine.tools.prove.sides import world_of

DAY = timedelta(days=1)
OTHERS = ("甲", "乙")  # texts that no rule and no table names
MOST_MOMENTS = 48  # days looked at; a table that changes oftener is left to the figures of those
MOST_CELLS = 6000  # about a tenth of a second
FEW_DIVISORS = 12  # numbers of authors tried one by one
DATED = ("date", "end", "start", "days", "full_months")
RECORD_ONLY = (*DATED, "quantity", "unit", "circumstance")
LEAVES = (tree.Compare, tree.In, tree.InTable, tree.Present, tree.InRange)
Values = tuple[Fact | None, ...]


@dataclass(slots=True)
class Space:
    """The situations of one question about ``statements``, each with its own context.

    ``record``: about single records (else about a person in a period). ``unit``: what amounts are compared in.
    ``years``: the length of the window of requirements. ``exact``: whether no situation outside the list can answer
    differently.
    """

    statements: Sequence[tuple[tree.Statement, Context]]
    record: bool
    unit: str = "hours"
    years: int = 1
    mentions: Mentions = field(default_factory=Mentions)
    exact: bool = True
    _worlds: list[World] = field(default_factory=list)
    _told: frozenset[str] = frozenset()
    _given: list[Test] = field(default_factory=list)
    _leaves: list[tuple[object, Test, frozenset[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for statement, context in self.statements:
            self.mentions.note(statement, context)
            world = world_of(context)
            self._worlds.append(world)
            self._leaves += _leaves_of(statement, context, world)
        self._told = frozenset(self.mentions.fields)
        for (_, context), world in zip(self.statements, self._worlds, strict=True):
            if context.given is not None:
                self.mentions.note(context.given, context)
                self._given.append(compile_condition(context.given, world))
                self._leaves += _leaves_of(context.given, context, world)

    @property
    def context(self) -> Context:
        """The context that words and bounds are taken from: the last one's."""
        return self.statements[-1][1]

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields that decide, in the order in which they are told: form first."""
        decls = self.context.vocabulary.fields
        order = {"term": 0, "yes_no": 1, "number": 2, "text": 3, "year": 4, "date": 5}
        names = [n for n in self.mentions.fields if n in decls and n != "circumstance"]
        return tuple(sorted(names, key=lambda n: (n != "form", order.get(decls[n].type, 6), n)))

    @property
    def told(self) -> tuple[str, ...]:
        """Those of them that the statements ask themselves (what holds of everybody asked about need not be told)."""
        return tuple(n for n in self.asked if n in self._told)

    @property
    def timed(self) -> bool:
        return self.mentions.timed

    # --- time -------------------------------------------------------------------------------------------------------

    def moments(self) -> list[date]:
        """End dates (or days of periods) at which the statements may answer differently."""
        start, until = self.context.start, self.context.until
        year_start = self.context.year_start
        points = set(self.mentions.days) | {d + DAY for d in self.mentions.days} | {d - DAY for d in self.mentions.days}
        for year in self.mentions.periods:
            for number in (year - 1, year, year + 1):
                if 1 < number < 9990:
                    points.add(period_bounds(number, year_start)[0])
        usual = start or until
        if usual is None:
            usual = min(points) if points else date(2020, *year_start)
        for statement, _ in self.statements:
            if isinstance(statement, tree.Assign) and statement.until:
                last = day_of_year(usual.year + 1, *statement.until)
                points |= {last, last + DAY}
        inside = sorted(
            {p for p in (*points, usual) if (start is None or start <= p) and (until is None or p <= until)}
        )
        if not self.record:  # whole periods: the one in which a point lies
            first = {period_bounds(period_of(p, year_start), year_start)[1]: None for p in inside}
            whole = [d for d in first if until is None or d <= until]
            inside = whole or list(first)[:1]
        if len(inside) > MOST_MOMENTS:
            self.exact = False
            inside = inside[: MOST_MOMENTS // 2] + inside[-MOST_MOMENTS // 2 :]
        return inside

    def starts(self, end: date) -> list[date]:
        """First days of a record that ends on ``end``: the same day unless its length or its beginning is asked."""
        found = {end}
        for name in ("days", "full_months"):
            for constant in self.mentions.constants.get(name, ()):
                if isinstance(constant, Fraction) and 0 <= constant <= 4000:
                    for count in range(int(constant) - 1, int(constant) + 3):
                        if name == "days" and count >= 1:
                            found.add(end - timedelta(days=count - 1))
                        elif name == "full_months" and count >= 0:
                            found.add(min(end, add_months(end + DAY, -count)))
        for constant in self.mentions.constants.get("start", ()):
            if isinstance(constant, date):
                found.update(d for d in (constant - DAY, constant, constant + DAY) if d <= end)
        split = any(isinstance(s, tree.Assign) for s, _ in self.statements)
        if split or "start" in self.mentions.years or "start" in self.mentions.relative:
            found.add(period_bounds(period_of(end, self.context.year_start), self.context.year_start)[0] - DAY)
        return sorted(found, reverse=True)

    # --- fields -----------------------------------------------------------------------------------------------------

    def variables(self, end: date) -> list[tuple[FieldDecl, Values]]:
        """Each asked field with the values that stand for all of them on that day, smallest first."""
        result = []
        for name in self.asked:
            if name in RECORD_ONLY:
                continue
            decl = self.context.vocabulary.fields[name]
            values: list[Fact | None] = list(self._values(decl, end))
            if name in self.mentions.tested:
                values.append(None)
            result.append((decl, self._told_apart(decl, tuple(values), end)))
        return result

    def _values(self, decl: FieldDecl, end: date) -> Sequence[Fact]:
        name, mentions = decl.id, self.mentions
        constants, partners = mentions.constants.get(name, set()), len(mentions.partners.get(name, ()))
        period = period_of(end, self.context.year_start)
        match decl.type:
            case "term":
                terms = [w.id for w in self.context.vocabulary.terms_of(name)]
                named = [t for t in terms if t in constants or partners]
                return named + [t for t in terms if t not in constants and not partners][:1]
            case "yes_no":
                return [True, False]
            case "number":
                if name in mentions.divisors:
                    return self._divisors(decl)
                return _numbers(decl, {c for c in constants if isinstance(c, Fraction)}, partners + 1)
            case "year":
                near = {int(c) for c in constants if isinstance(c, Fraction | int)}
                near |= {period} if name in mentions.relative or not near else set()
                return sorted({n + d for n in near for d in (-1, 0, 1)})
            case "date":
                return self._dates(decl, constants, period, partners + 1)
            case _:
                texts = sorted(c for c in constants if isinstance(c, str))
                return [*texts, *OTHERS[: 1 + min(1, partners)]]

    def _divisors(self, decl: FieldDecl) -> Sequence[Fact]:
        """Every value where they are few; else the least ones (and no proof by trying)."""
        least, most = decl.minimum or Fraction(1), decl.maximum
        step = Fraction(1, 10**decl.decimals)
        count = FEW_DIVISORS + 1 if most is None else int((most - least) / step) + 1
        if count > FEW_DIVISORS:
            self.exact = False
        return [least + i * step for i in range(min(FEW_DIVISORS, count))]

    def _dates(self, decl: FieldDecl, constants: Iterable[object], period: int, copies: int) -> Sequence[Fact]:
        points = {c for c in constants if isinstance(c, date)}
        years = set(self.mentions.years.get(decl.id, ()))
        if decl.id in self.mentions.relative or not (points or years):
            years |= {period - 1, period, period + 1}
        for year in years:
            for number in (year, year + 1):
                if 1 <= number <= 9998:
                    points.add(period_bounds(number, self.context.year_start)[0])
        found = set[date]()
        for p in points:
            found.update(p + timedelta(days=d) for d in range(-1, copies + 1) if p.year > 1)
        if decl.id in self.mentions.relative:  # months before a date of the period
            first = period_bounds(period, self.context.year_start)[0]
            found.update(add_months(first, m) for m in (1, 6, 11))
        return sorted(found)

    def _told_apart(self, decl: FieldDecl, values: Values, end: date) -> Values:
        """Of values that every condition answers alike, the first: the rest would be the same situation again."""
        name = decl.id
        if name in self.mentions.divisors or name in self.mentions.relative or self.mentions.partners.get(name):
            return values
        tests = [test for _, test, fields in self._leaves if fields == {name}]
        if any(name in fields and fields != {name} for _, _, fields in self._leaves):
            return values
        lookups = [(n, w) for n, w in self._lookups() if name in map(_named, n.arguments)]
        kept: dict[object, Fact | None] = {}
        for value in values:
            scene = _partial({decl.id: (decl, value)}, end, self.context.year_start)
            answers = tuple(test(scene) for test in tests)
            rows = tuple(_rows(n, w, name, value) for n, w in lookups)
            kept.setdefault((answers, rows), value)
        return tuple(kept.values())

    def _lookups(self) -> Iterator[tuple[tree.Lookup, World]]:
        for (statement, _), world in zip(self.statements, self._worlds, strict=True):
            for node in walk(statement):
                if isinstance(node, tree.Lookup):
                    yield node, world

    # --- circumstances, outcomes, repetitions -----------------------------------------------------------------------

    def circumstances(self, end: date) -> list[tuple[Circumstance, ...]]:
        """Sets of circumstances: each kind absent or lasting as long as a rule asks, or one day less; two in turns."""
        groups = [*self.mentions.kinds, *(kinds for kinds, _, _ in self.mentions.lasting)]
        if not groups or self.record:
            return [()]
        first = period_bounds(period_of(end, self.context.year_start) - self.years + 1, self.context.year_start)[0]
        classes: dict[tuple[bool, ...], str] = {}
        every = [w.id for w in self.context.vocabulary.terms_of("circumstance")]
        for kind in every:
            classes.setdefault(tuple(kind in g for g in groups), kind)
        kinds = [kind for answer, kind in classes.items() if any(answer)]
        if len(kinds) > 3:
            self.exact = False
            kinds = kinds[:3]
        lasts: dict[str, list[date]] = {}
        for kind in kinds:
            ends = {first}
            for wanted, least, unit in self.mentions.lasting:
                if kind in wanted:
                    last = add_months(first, least) - DAY if unit == "months" else first + timedelta(days=least - 1)
                    ends |= {last, last - DAY}
            lasts[kind] = sorted(e for e in ends if e >= first)
        options = [[(), *((Circumstance(kind, first, last),) for last in lasts[kind])] for kind in kinds]
        found = [tuple(itertools.chain(*combination)) for combination in itertools.product(*options)]
        for one, other in itertools.combinations(kinds, 2):
            for last in sorted({*lasts[one], *lasts[other]}):
                found += [_in_turns(one, other, first, last, pieces) for pieces in (2, 0)]
        return found

    def outcomes(self) -> list[tuple[str, ...]]:
        """Outcomes of this year and those before: alike between the numbers of years that rules ask about."""
        marks = sorted({1, *self.mentions.outcome_years}) if self.mentions.outcome_years else []
        result: list[tuple[str, ...]] = [()]
        for before, mark in zip([0, *marks], marks, strict=False):
            result = [r + (o,) * (mark - before) for r in result for o in ("met", "not_met", "excused")]
        return result

    def repetitions(self) -> list[frozenset[tuple[str, ...]]]:
        """Which combinations of fields repeat; whoever repeats in more fields repeats in fewer."""
        names = sorted(self.mentions.repeated)
        found = []
        for flags in itertools.product((False, True), repeat=len(names)):
            held = frozenset(n for n, on in zip(names, flags, strict=True) if on)
            if all(n in held for n in names for m in held if set(n) <= set(m)):
                found.append(held)
        return found

    # --- all together -----------------------------------------------------------------------------------------------

    def situations(self) -> Iterator[Situation]:
        """All of them, smallest first; nothing when there are too many to try (``exact`` is False then)."""
        years = self.context.year_start
        for end in self.moments():
            variables = self.variables(end)
            amounts = self._amounts() if self.record else [(None, None)]
            parts = (
                self.circumstances(end),
                self.outcomes(),
                self.repetitions(),
                self.starts(end) if self.record else [end],
            )
            size = len(amounts)
            for values in (*(v for _, v in variables), *parts):
                size *= len(values)
            if size > MOST_CELLS:
                self.exact = False
                return
            for values in itertools.product(*(v for _, v in variables)):
                facts = {
                    d.id: v for (d, _), v in zip(variables, values, strict=True) if d.of == "record" and v is not None
                }
                person = {
                    d.id: v for (d, _), v in zip(variables, values, strict=True) if d.of == "person" and v is not None
                }
                for held, outcome, repeated, start in itertools.product(*parts):
                    for unit, quantity in amounts:
                        yield Situation(
                            period_of(end, years), start, end, quantity, unit, facts, person, held, outcome, repeated
                        )  # fmt: skip

    def _amounts(self) -> list[tuple[str | None, Fraction | None]]:
        """Units and quantities to try, the most telling first."""
        result: list[tuple[str | None, Fraction | None]] = []
        for unit in units_of(self.statements, self.mentions):
            if unit is None:
                result.append((None, None))
                continue
            values, exact = quantities_of(self.statements, self.mentions, unit, self.unit)
            self.exact = self.exact and exact
            result += [(unit, v) for v in values]
        return result


def _numbers(decl: FieldDecl, constants: set[Fraction], copies: int) -> list[Fraction]:
    """The least value of each stretch between constants, and the constants, on the grid of the declared decimals."""
    step = Fraction(1, 10**decl.decimals)
    low = decl.minimum if decl.minimum is not None else min(constants, default=Fraction(1)) - step
    high = decl.maximum if decl.maximum is not None else max(constants, default=low) + copies * step
    found = set[Fraction]()
    for point in {low, *constants}:
        first = -(-(point.numerator * step.denominator) // (point.denominator * step.numerator)) * step
        found.update(first + i * step for i in range(copies + 1))
    found.update(high - i * step for i in range(copies))
    return sorted(v for v in found if low <= v <= high)


def _in_turns(one: str, other: str, first: date, last: date, pieces: int) -> tuple[Circumstance, ...]:
    """Two kinds in turns (``pieces`` of them; 0: a week each), so that together they last and neither does alone."""
    result, kinds = [], itertools.cycle((one, other))
    length = -(-((last - first).days + 1) // pieces) if pieces else 7
    while first <= last:
        end = min(first + timedelta(days=length - 1), last)
        result.append(Circumstance(next(kinds), first, end))
        first = end + DAY
    return tuple(result)


def _named(operand: tree.Operand) -> str | None:
    return (
        operand.id if isinstance(operand, tree.Field) else operand.field if isinstance(operand, tree.YearOf) else None
    )


def _leaves_of(statement: object, context: Context, world: World) -> Iterator[tuple[object, Test, frozenset[str]]]:
    """The smallest conditions of a statement, compiled, each with the fields that it asks."""
    for node in walk(statement):
        if isinstance(node, tree.What) and node.terms:
            owner = owning_field(node.terms, context.vocabulary)
            if owner is not None:
                yield node, compile_what(node, world), frozenset({owner})
        elif isinstance(node, LEAVES):
            fields = {p.id for p in walk(node) if isinstance(p, tree.Field)}
            fields |= {p.field for p in walk(node) if isinstance(p, tree.YearOf | tree.Present)}
            if "circumstance" not in fields:
                yield node, compile_condition(node, world), frozenset(fields)


def _partial(given: dict[str, tuple[FieldDecl, Fact | None]], end: date, year_start: tuple[int, int]) -> Scene:
    """A scene in which only these fields are given."""
    facts = {n: v for n, (d, v) in given.items() if d.of != "person" and v is not None}
    person = {n: v for n, (d, v) in given.items() if d.of == "person" and v is not None}
    period = period_of(end, year_start)
    return Scene(person, record=Record("R", "P", end, end, None, None, facts), period=period)


def _rows(node: tree.Lookup, world: World, name: str, value: Fact | None) -> object:
    """Which rows of a looked-up table have this value in the columns that the field is matched with."""
    finder = world.finders[node.table]
    table = finder.table
    arguments = node.arguments
    if table.columns_with("year"):
        arguments = tuple(a for a in arguments if not isinstance(a, tree.ThisYear))
    if any(isinstance(a, tree.YearOf) and a.field == name for a in arguments):
        return value
    found = []
    from policyengine.engines.lookup import _matches, canonical_text

    wanted = canonical_text(value)
    for argument, column in zip(arguments, finder.keys, strict=False):
        if isinstance(argument, tree.Field) and argument.id == name and value is not None:
            aliases = table.columns_with("alias") if column == finder.keys[0] else []
            ranged = table.columns[column].match == "range"
            found.append(
                tuple(
                    number
                    for number, row in enumerate(table.rows)
                    if _matches(row[column], wanted, ranged) or any(_matches(row[a], wanted, False) for a in aliases)
                )
            )
    return (tuple(found), value is None)
