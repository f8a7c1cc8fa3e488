"""The solver: where trying can't decide (rounding, shares among many, too many combinations), is there a situation at
all?

A space and a question in; the smallest situation out, None when there is none, or ``Undecided`` when the time is up.
Every condition that asks fields is answered by the reference evaluator for each representative value and given to the
solver as a table of answers, so that the only meaning stated here a second time is the arithmetic of amounts; and
whatever the solver finds is tried on the evaluator before anybody hears of it (``search.py``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import prod
from typing import Any

from policyengine.diagnostics import installing
from policyengine.engines.calendar import period_of
from policyengine.engines.facts import Scene, Truth, World, find_figure, missing_facts
from policyengine.engines.numbers import UNBOUNDED
from policyengine.engines.truth import compile_condition, compile_what
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl
from policyengine.messages import say
from policyengine.plan.names import owning_field, walk
from policyengine.records.model import Fact
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Context, Situation, Undecided
from policyengine.tools.prove.quantities import bases_in, grid, unit_converted, units_of
from policyengine.tools.prove.sides import exchange_rate, period_scene, record_scene, unit_of, world_of

PATIENCE = 1500  # milliseconds for one question; answers usually take 10
MOST_QUESTIONS = 100  # days and units, each of which is a question of its own
MOST_ANSWERS = 4000  # rows of one condition's table of answers

Values = Sequence[Fact | None]


def solve(space: Space, ask: str) -> Situation | Undecided | None:
    """Search all situations of ``space`` for one that answers ``ask`` (see ``search.ASKS``)."""
    try:
        import z3
    except ImportError:
        return Undecided(
            say(f"the part that proves is not installed ({installing('prove')})",
                f"未安装证明所需的部件（{installing('prove')}）")
        )  # fmt: skip
    undecided: Undecided | None = None
    for number, (start, end, unit) in enumerate(_questions(space)):
        if number == MOST_QUESTIONS:
            return Undecided(say("too many days decide it", "起决定作用的日期过多"))
        try:
            answer = _Question(z3, space, start, end, unit).answer(ask)
        except _TooMany:
            answer = Undecided(say("too many combinations of facts decide it", "决定结果的事实组合过多"))
        if isinstance(answer, Situation):
            return answer
        undecided = undecided or answer
    return undecided


def _questions(space: Space) -> Iterator[tuple[date, date, str | None]]:
    """First days, last days and units of records; days and no unit of periods."""
    units = units_of(space.statements, space.mentions) if space.record else [None]
    for end in space.moments():
        for start in space.starts(end) if space.record else [end]:
            for unit in units:
                yield start, end, unit


class _TooMany(Exception):
    """A condition asks so many fields that its table of answers would not end."""


@dataclass(slots=True)
class _Question:
    """One unit and one day; everything else is the solver's to choose."""

    z3: Any
    space: Space
    start: date
    end: date
    unit: str | None
    variables: dict[str, tuple[FieldDecl, Values]] = field(default_factory=dict)
    chosen: dict[str, Any] = field(default_factory=dict)
    bounds: list[Any] = field(default_factory=list)
    others: dict[str, Sequence[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for decl, values in self.space.variables(self.end):
            every = self._every(decl) if decl.id in self.space.mentions.divisors else values
            self.variables[decl.id] = (decl, every)
            self._choose(decl.id, len(every))
        for name, options in (
            ("circumstances", self.space.circumstances(self.end)),
            ("outcomes", self.space.outcomes()),
            ("repeated", self.space.repetitions()),
        ):
            self.others[name] = options
            self._choose(name, len(options))

    def _every(self, decl: FieldDecl) -> Values:
        """All values of a field that amounts are divided by."""
        least, most = decl.minimum or Fraction(1), decl.maximum
        step = Fraction(1, 10**decl.decimals)
        if most is None or (most - least) / step > 400:
            raise _TooMany
        return [least + i * step for i in range(int((most - least) / step) + 1)]

    def _choose(self, name: str, count: int) -> None:
        self.chosen[name] = self.z3.Int(name)
        self.bounds += [self.chosen[name] >= 0, self.chosen[name] < count]

    # --- the question -----------------------------------------------------------------------------------------------

    def answer(self, ask: str) -> Situation | Undecided | None:
        z3 = self.z3
        low, high, step = grid(self.space.context, self.unit) if self.unit else (Fraction(0), Fraction(0), Fraction(1))
        count = z3.Int("quantity")
        quantity = z3.ToReal(count) * self._number(step)
        within = [count >= self._whole(low / step, up=True), count <= self._whole(high / step)]
        (old, old_known), (new, new_known) = (
            self._worth(statement, context, quantity) for statement, context in self._both()
        )
        wanted = self._wanted(ask, old, new)
        everything = [*self.bounds, *within, old_known, new_known, wanted, *self._given()]
        solver = z3.Solver()
        solver.set("timeout", PATIENCE)
        solver.add(*everything)
        state = solver.check()
        if state == z3.unsat:
            return None
        if state == z3.unknown:
            return Undecided(say("it takes longer than the time allowed", "超出了规定的计算时间"))
        bases = [b / step for b in bases_in(self.space.statements, self.unit)] if self.unit else []
        whole = [z3.And(count % int(n) == 0, count <= 20 * int(n)) for n in bases if n.denominator == 1 and n > 0]
        for extra in ([z3.Or(whole), count > 0], [count > 0], []):
            least = z3.Optimize()
            least.set("timeout", PATIENCE)
            least.add(*everything, *extra)
            least.minimize(count)
            for name in (*self.variables, *self.others):
                least.minimize(self.chosen[name])
            if least.check() == z3.sat:
                return self._situation(least.model(), count, step)
        return self._situation(solver.model(), count, step)

    def _given(self) -> list[Any]:
        """What holds of every person asked about."""
        return [self._truth(c.given, world_of(c))[0] for _, c in self._both() if c.given is not None]

    def _both(self) -> list[tuple[tree.Statement, Context]]:
        statements = list(self.space.statements)
        return [statements[0], statements[-1]]

    def _wanted(self, ask: str, old: _Worth, new: _Worth) -> Any:
        z3 = self.z3
        match ask:
            case "exceeding":
                return new.generous > old.generous
            case "laxer":
                return z3.Or(new.generous > old.generous, new.strict > old.strict)
            case "stricter":
                return z3.Or(new.generous < old.generous, new.strict < old.strict)
            case "differ":
                unlike = z3.Or(old.strict != new.strict, old.generous != new.generous)
                return z3.And(old.applies, new.applies, unlike)
            case "both":
                return z3.And(old.applies, new.applies)
        return old.applies

    def _situation(self, model: Any, count: Any, step: Fraction) -> Situation:
        def index(name: str) -> int:
            return int(model.eval(self.chosen[name], model_completion=True).as_long())

        given = {name: (decl, values[index(name)]) for name, (decl, values) in self.variables.items()}
        quantity = step * int(model.eval(count, model_completion=True).as_long()) if self.unit else None
        return Situation(
            period_of(self.end, self.space.context.year_start),
            self.start,
            self.end,
            quantity,
            self.unit,
            {n: v for n, (d, v) in given.items() if d.of == "record" and v is not None},
            {n: v for n, (d, v) in given.items() if d.of == "person" and v is not None},
            self.others["circumstances"][index("circumstances")],
            self.others["outcomes"][index("outcomes")][0],
            self.others["repeated"][index("repeated")],
            self.others["outcomes"][index("outcomes")][1],
        )

    # --- conditions: the evaluator's answers, as a table --------------------------------------------------------------

    def _scene(self, names: Iterable[str], values: Iterable[Any]) -> Scene:
        facts: dict[str, Fact] = {}
        person: dict[str, Fact] = {}
        circumstances, outcomes, repeated = (), ((), ()), frozenset[tuple[str, ...]]()
        for name, value in zip(names, values, strict=True):
            if name == "circumstances":
                circumstances = value
            elif name == "outcomes":
                outcomes = value
            elif name == "repeated":
                repeated = value
            elif value is not None:
                (person if self.variables[name][0].of == "person" else facts)[name] = value
        period = period_of(self.end, self.space.context.year_start)
        year, held = outcomes
        s = Situation(period, self.start, self.end, None, self.unit, facts, person, circumstances, year, repeated, held)
        return record_scene(s) if self.space.record else period_scene(s, self.space.context, self.space.years)

    def _names(self, node: object) -> list[str]:
        """What a condition asks, of what may be chosen."""
        names = dict[str, None]()
        for part in walk(node):
            match part:
                case tree.Lasts() | tree.Field(id="circumstance") | tree.Present(field="circumstance"):
                    names["circumstances"] = None
                case tree.Outcome() | tree.InEach():
                    names["outcomes"] = None
                case tree.Repeated():
                    names["repeated"] = None
                case tree.Field(id=name) | tree.YearOf(field=name) | tree.Present(field=name):
                    if name in self.variables:
                        names[name] = None
                    elif name == "quantity":
                        raise _TooMany
        return list(names)

    def _options(self, name: str) -> Sequence[Any]:
        return self.others[name] if name in self.others else self.variables[name][1]

    def _table(self, names: list[str], answer: Callable[[Scene], Any]) -> list[tuple[Any, Any]]:
        """For each combination of values of ``names``: the condition that it is chosen, and the answer to it."""
        options = [self._options(name) for name in names]
        if prod(map(len, options)) > MOST_ANSWERS:
            raise _TooMany
        rows = []
        for numbers in itertools.product(*(range(len(every)) for every in options)):
            values = [every[i] for every, i in zip(options, numbers, strict=True)]
            is_chosen = [self.chosen[n] == i for n, i in zip(names, numbers, strict=True)]
            rows.append((self.z3.And(is_chosen), answer(self._scene(names, values))))
        return rows

    def _truth(self, node: tree.Condition | None, world: World) -> tuple[Any, Any]:
        """Formulas for "true" and for "false"; where neither holds the answer is unknown."""
        z3 = self.z3
        match node:
            case None:
                return z3.BoolVal(True), z3.BoolVal(False)
            case tree.Not(item=item):
                yes, no = self._truth(item, world)
                return no, yes
            case tree.And(items=items) | tree.Or(items=items):
                parts = [self._truth(i, world) for i in items]
                if isinstance(node, tree.And):
                    return z3.And([p[0] for p in parts]), z3.Or([p[1] for p in parts])
                return z3.Or([p[0] for p in parts]), z3.And([p[1] for p in parts])
        return self._answers(self._names(node), compile_condition(node, world))

    def _answers(self, names: list[str], test: Callable[[Scene], Truth]) -> tuple[Any, Any]:
        rows = self._table(names, test)
        z3 = self.z3
        return z3.Or([c for c, a in rows if a is True]), z3.Or([c for c, a in rows if a is False])

    def _rule(self, what: tree.What | None, when: tree.Condition | None, world: World) -> tuple[Any, Any]:
        """As ``compile_rule``: what, when, and every asked table having rows for the year."""
        z3 = self.z3
        period = period_of(self.end, self.space.context.year_start)
        for node in walk(when):
            if isinstance(node, tree.InTable | tree.Lookup) and not world.finders[node.table].any_row(self.end, period):
                return z3.BoolVal(False), z3.BoolVal(True)
        yes, no = self._truth(when, world)
        if what is not None and what.terms:
            owner = owning_field(what.terms, world.vocabulary)
            about, not_about = self._answers([owner] if owner else [], compile_what(what, world))
            yes, no = z3.And(about, yes), z3.Or(not_about, no)
        return yes, no

    # --- worth --------------------------------------------------------------------------------------------------------

    def _worth(self, statement: tree.Statement, context: Context, quantity: Any) -> tuple[_Worth, Any]:
        """What a statement is worth in the situation chosen, and that nothing it needs is missing."""
        z3, world = self.z3, world_of(context)
        what = getattr(statement, "what", None)
        yes, no = self._rule(what, statement.when, world)
        known = z3.Or(yes, no)
        zero, one = self._number(Fraction(0)), self._number(Fraction(1))
        match statement:
            case tree.Convert() | tree.Add():
                fits = self._fits(statement)
                low, high, lacks = self._amount(statement, context, world, quantity)
                applies = z3.And(yes, z3.BoolVal(fits))
                known = z3.And(known, z3.Or(z3.Not(applies), z3.Not(lacks)))
                return _Worth(applies, z3.If(applies, low, zero), z3.If(applies, high, zero)), known
            case tree.Cap() | tree.Require():
                raise _TooMany  # their figures depend on the period and few facts: always decided by trying
            case tree.Reject() | tree.CountOnce() | tree.Flag() | tree.Assign():
                worth = z3.If(yes, zero, one)
            case _:
                worth = z3.If(yes, one, zero)
        return _Worth(yes, worth, worth), known

    def _fits(self, statement: tree.Convert | tree.Add) -> bool:
        own = unit_converted(statement)
        if own is None:
            return True
        if self.unit is None:
            return False
        if isinstance(statement.figure, tree.Stated):
            return own == self.unit
        return UNITS[own].dimension == UNITS[self.unit].dimension

    def _amount(
        self, statement: tree.Convert | tree.Add, context: Context, world: World, quantity: Any
    ) -> tuple[Any, Any, Any]:
        """Least and greatest amount (``docs/semantics.md``, convert), and whether a fact that it needs is missing."""
        z3 = self.z3
        per = self._number(Fraction(1))
        if isinstance(statement.figure, tree.Stated):
            per = quantity
        elif statement.basis is not None and self.unit is not None:
            per = quantity / self._number(
                statement.basis.value * UNITS[statement.basis.unit].scale / UNITS[self.unit].scale
            )
        low, high, lacks = self._figure(statement, world, per)
        if isinstance(statement, tree.Convert):
            if statement.factor is not None:
                low, high = low * self._number(statement.factor), high * self._number(statement.factor)
            if statement.divisor is not None:
                low, high = (self._divided(v, statement.divisor) for v in (low, high))
                lacks = z3.Or(lacks, *self._undivided(statement.divisor))
        if statement.rounding is not None:
            low, high = (self._rounded(v, statement.rounding) for v in (low, high))
        if isinstance(statement, tree.Convert) and statement.limit is not None:
            most = self._number(statement.limit.value)
            low, high = (z3.If(v < most, v, most) for v in (low, high))
        unit = unit_of(statement.figure, context)
        rate = exchange_rate(context, unit, self.space.unit) if unit else None
        factor = self._number(Fraction(0) if rate is None else rate)
        return low * factor, high * factor, lacks

    def _figure(self, statement: tree.Convert | tree.Add, world: World, per: Any) -> tuple[Any, Any, Any]:
        """The figure, ``per`` times, and whether it lacks a fact. Products stay linear: each figure is a number."""
        z3, never = self.z3, self.z3.BoolVal(False)
        match statement.figure:
            case tree.Quantity(value=value):
                return self._number(value) * per, self._number(value) * per, never
            case tree.Between(low=low, high=high):
                return self._number(low) * per, self._number(high) * per, never
            case tree.Stated():
                return per, per, never
            case tree.Lookup() as figure:
                names = self._names(figure)
                greatest = world.finders[figure.table].greatest()
                otherwise = statement.otherwise
                low = high = self._number(Fraction(0))
                lacks: list[Any] = []
                for is_chosen, (found, missing) in self._table(names, lambda scene: _found(figure, world, scene)):
                    least = found if found is not None else otherwise.value if otherwise else Fraction(0)
                    most = found if found is not None else otherwise.value if otherwise else greatest
                    low = z3.If(is_chosen, self._number(least) * per, low)
                    high = z3.If(is_chosen, self._number(most) * per, high)
                    if missing:
                        lacks.append(is_chosen)
                return low, high, z3.Or(lacks)
        return self._number(Fraction(0)), self._number(Fraction(UNBOUNDED)) * per, never

    def _divided(self, value: Any, divisor: tree.Divisor) -> Any:
        result = value
        for number, by in enumerate(self.variables[divisor.field][1]):
            if isinstance(by, Fraction | int) and by > divisor.minus:
                shared = value / self._number(Fraction(by) - divisor.minus)
                result = self.z3.If(self.chosen[divisor.field] == number, shared, result)
        return result

    def _undivided(self, divisor: tree.Divisor) -> list[Any]:
        """The values by which nothing can be divided."""
        values = self.variables[divisor.field][1]
        return [
            self.chosen[divisor.field] == number
            for number, by in enumerate(values)
            if not isinstance(by, Fraction | int) or by <= divisor.minus
        ]

    def _rounded(self, value: Any, rounding: tree.Rounding) -> Any:
        z3, step = self.z3, self._number(rounding.step.value)
        count = value / step
        if rounding.direction == "down":
            return z3.ToReal(z3.ToInt(count)) * step
        if rounding.direction == "up":
            return -z3.ToReal(z3.ToInt(-count)) * step
        return z3.ToReal(z3.ToInt(count + self._number(Fraction(1, 2)))) * step

    def _number(self, value: Fraction) -> Any:
        return self.z3.RealVal(str(value))

    @staticmethod
    def _whole(value: Fraction, up: bool = False) -> int:
        return -(-value.numerator // value.denominator) if up else value.numerator // value.denominator


@dataclass(frozen=True, slots=True)
class _Worth:
    """As ``model.Given``, in the solver's terms."""

    applies: Any
    strict: Any
    generous: Any


def _found(figure: tree.Lookup, world: World, scene: Scene) -> tuple[Fraction | None, bool]:
    """A table figure, and whether it lacks one of its arguments."""
    return find_figure(figure, world, scene), bool(missing_facts(figure, world, scene))
