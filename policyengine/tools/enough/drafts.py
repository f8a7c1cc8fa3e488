"""Activities as the rates want them: a form and a day go in; units, quantities and facts that some rule converts come
out.

Only proposals: whoever uses one judges it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import period_of
from policyengine.engines.facts import Scene, find_figure
from policyengine.engines.ready import in_force
from policyengine.engines.reference import Prepared
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.light import dataclass
from policyengine.plan.names import walk
from policyengine.records.model import Record
from policyengine.tools.enough.wishes import MOST, Wish, supplied

LAST_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Draft:
    """An activity that one rule converts ``when`` that holds. ``grows``: ``quantity`` is for one counted hour; else it
    is of one activity, which counts whatever it does (None: the rule asks for none).

    ``limit``: the rule's key if it limits an activity. ``step``: of its rounding, in hours; 0 without one.
    """

    facts: Wish
    unit: str | None
    quantity: Fraction | None
    grows: bool
    limit: str
    step: Fraction
    when: tree.Condition | None


class Drafts:
    """The drafts of one policy."""

    def __init__(self, prepared: Prepared):
        self._judge, self._world = prepared.judge, prepared.judge.world
        self._start = prepared.plan.year_start
        judge = prepared.judge
        self._rates = (*judge.convert, *judge.add)
        conditions = [r.rule.statement.when for r in (*judge.recognise, *judge.reject, *self._rates)]
        self._asked = tuple(dict.fromkeys(q for c in conditions for q in _compared(c, "quantity")))
        days, months = ([v.value for c in conditions for v in _compared(c, n)] for n in ("days", "full_months"))
        lengths = {int(v) + n for v in days if isinstance(v, Fraction) for n in (-1, 0, 1)}
        lengths |= {31 * (int(v) + n) for v in months if isinstance(v, Fraction) for n in (-1, 0, 1)}
        # how many days activities may last besides all there are, the most first
        self.lengths = tuple(sorted((n for n in {*lengths, *([1] if lengths else [])} if n > 0), reverse=True))
        self._ends, self._starts = (
            {v.value for c in conditions for n in names for v in _compared(c, n) if isinstance(v.value, date)}
            for names in (("date", "end"), ("start",))
        )
        # whether what is converted for one amount may not be for another
        self.uneven = bool(self._asked) or any(_step(r.rule.statement) for r in self._rates)

    def turns(self, days: tuple[date, date]) -> list[tuple[date, date]]:
        """The parts of some days that conditions on the date of an activity tell apart, the latest end first."""
        if not self._ends and not self._starts:
            return []
        first, last = days
        ends = {(first, e) for v in self._ends for e in _about(v) if first <= e < last}
        starts = {(s, last) for v in self._starts for s in _about(v) if first < s <= last}
        return sorted(ends | starts, key=lambda d: (d[1], d[0]), reverse=True)

    def of(self, record: Record) -> list[Draft]:
        """What the rules in force on the record's last day want of one of its form; what grows first."""
        found: list[Draft] = []
        for rule in self._rates:
            statement = rule.rule.statement
            # without names it is about every record
            about = not rule.named or rule.owner != "form" or record.facts.get("form") in rule.named
            if about and in_force(rule, record.end) and isinstance(statement, tree.Convert | tree.Add):
                found += self._of_rule(statement, rule.key, record)
        return sorted(found, key=lambda d: not d.grows)

    def _of_rule(self, statement: tree.Convert | tree.Add, key: str, record: Record) -> Iterator[Draft]:
        figure, basis = statement.figure, statement.basis
        limit = key if getattr(statement, "limit", None) is not None else ""
        rate = self._judge.rate(self._unit(figure), record.end)
        if not rate:
            return
        step = _step(statement) * rate
        for facts, worth in self._worths(statement, record):
            unit = figure.unit if isinstance(figure, tree.Stated) else basis.unit if basis is not None else None
            if unit is None:
                yield Draft(facts, None, None, False, limit, step, statement.when)
                continue
            each = (basis.value if basis is not None else Fraction(1)) / worth / rate
            yield Draft(facts, unit, each, True, limit, step, statement.when)
            for quantity in self._asked_in(unit):
                yield Draft(facts, unit, quantity, False, limit, step, statement.when)

    def _unit(self, figure: tree.Figure) -> str:
        """What a rate gives: hours or credits."""
        if isinstance(figure, tree.Lookup):
            return self._world.finders[figure.table].value_unit()
        assert not isinstance(figure, tree.Share)
        return str(figure.unit)

    def _worths(self, statement: tree.Convert | tree.Add, record: Record) -> Iterator[tuple[Wish, Fraction]]:
        """Facts that the rate asks for, with what it surely gives for one of its basis then."""
        divisor, factor = getattr(statement, "divisor", None), getattr(statement, "factor", None) or Fraction(1)
        shared: Wish = {}
        if divisor is not None:
            decl = self._world.fields[divisor.field]
            least = decl.least_above(divisor.minus)
            if decl.of == "person":
                return
            shared, factor = {divisor.field: divisor.minus + least}, factor / least
        for facts, figure in self._figures(statement.figure, record):
            if figure > 0 and factor > 0 and all(shared.get(k, v) == v for k, v in facts.items()):
                yield {**facts, **shared}, figure * factor

    def _figures(self, figure: tree.Figure, record: Record) -> Iterable[tuple[Wish, Fraction]]:
        match figure:
            case tree.Stated():
                return [({}, Fraction(1))]
            case tree.Quantity(value=value) | tree.Between(low=value):
                return [({}, value)]
            case tree.Lookup():
                return self._looked_up(figure, record)
        return []

    def _looked_up(self, figure: tree.Lookup, record: Record) -> list[tuple[Wish, Fraction]]:
        """The figures of a table with the facts that lead to them, the greatest first."""
        finder, period = self._world.finders[figure.table], period_of(record.end, self._start)
        found = []
        for row in finder.table.rows:
            facts: Wish = {}
            for key, argument in zip(finder.keys, figure.arguments, strict=False):
                cell = row[key]
                one = next((c for c in cell if c is not None), None) if isinstance(cell, tuple) else cell
                if isinstance(argument, tree.Field) and argument.id not in record.facts and one is not None:
                    facts[argument.id] = one
            value = find_figure(figure, self._world, Scene({}, record=supplied(record, facts), period=period))
            if value is not None:
                found.append((facts, value))
        return sorted(found, key=lambda f: -f[1])[:MOST]

    def _asked_in(self, unit: str) -> Iterator[Fraction]:
        """Quantities at which conditions on it turn, and those beside them, in that unit."""
        for value in self._asked:
            own = UNITS[value.unit or unit]
            if own.dimension == UNITS[unit].dimension and isinstance(value.value, Fraction):
                turn = value.value * own.scale / UNITS[unit].scale
                yield from (q for q in (turn, turn + 1, turn - 1, turn / 2) if q > 0)


def _about(day: date) -> tuple[date, ...]:
    """A day with the days beside it, as far as there are any."""
    return tuple(date.fromordinal(n) for n in range(day.toordinal() - 1, day.toordinal() + 2) if 0 < n < LAST_DAY)


def _compared(condition: tree.Condition | None, name: str) -> Iterator[tree.Value]:
    """The values with which a condition compares a field."""
    for node in walk(condition):
        if isinstance(node, tree.Compare | tree.In | tree.InRange):
            parts = list(walk(node))
            if any(isinstance(p, tree.Field) and p.id == name for p in parts):
                yield from (p for p in parts if isinstance(p, tree.Value))


def _step(statement: tree.Statement) -> Fraction:
    rounding = getattr(statement, "rounding", None)
    return rounding.step.value if rounding is not None else Fraction(0)


def first_day(days: tuple[date, date], length: int) -> date:
    """The first of the last ``length`` of some days; of all of them where it is 0."""
    return max(days[0], date.fromordinal(days[1].toordinal() - length + 1)) if length else days[0]
