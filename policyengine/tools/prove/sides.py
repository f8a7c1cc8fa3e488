"""What one statement does in one situation, asked of the reference evaluator: statement and situation in, ``Given``
out.

A statement is put into a plan of its own (with rules around it that leave every record as it is), so that what is
compared is exactly what the evaluator would do. A situation in which a fact is missing that the statement needs gives
None: what is unknown lies between what its completions give, and those are situations of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

from policyengine.engines.calendar import period_bounds, period_of
from policyengine.engines.facts import Scene, World
from policyengine.engines.judge import Judge
from policyengine.engines.later import world_of as world_of_plan
from policyengine.engines.lookup import Finder
from policyengine.engines.numbers import LIMITLESS, UNBOUNDED
from policyengine.engines.reference import evaluate_person, prepare
from policyengine.engines.truth import Cycle, compile_rule
from policyengine.engines.windows import figure_bounds
from policyengine.language import tree
from policyengine.language.quantities import UNITS, exact_text
from policyengine.messages import say
from policyengine.packs.model import Citation, Governing, Rule
from policyengine.packs.pieces import overlap
from policyengine.packs.windows import of_a_year, years_of
from policyengine.plan.model import STAGES, Plan, PlanRule
from policyengine.records.model import Fact, Person
from policyengine.tools.prove.model import Context, Given, Series, Situation

ZERO, ONE = Fraction(0), Fraction(1)
INFINITE = Fraction(UNBOUNDED)  # "no limit"
Side = Callable[[Situation], Given | None]


def plan_rule(statement: tree.Statement, name: str = "it") -> PlanRule[tree.Statement]:
    """A rule always in force that states ``statement``."""
    rule = Rule("", name, statement, "", Citation("", ""))
    return PlanRule(name, name, statement, None, None, Governing(rule, statement, None, None))


def plan_with(context: Context, unit: str, **stages: tuple[PlanRule[tree.Statement], ...]) -> Plan:
    """A plan of nothing but ``stages`` (and the exchanges of the context)."""
    exchange = tuple(
        PlanRule(g.key, g.name, g.statement, g.start, g.until, g)
        for g in context.governing
        if isinstance(g.statement, tree.Exchange)
    )
    return Plan(
        policy="",
        digest="",
        unit=unit,
        year_start=context.year_start,
        vocabulary=context.vocabulary,
        fields=context.vocabulary.fields,
        tables=context.tables,
        bounds=context.bounds,
        **{**dict.fromkeys(STAGES, ()), "exchange": exchange, **stages},  # type: ignore[arg-type]
    )


def world_of(context: Context) -> World:
    """What compiling a condition needs."""
    return world_of_plan(plan_with(context, "hours"))


def record_scene(s: Situation) -> Scene:
    scene = Scene(s.person, record=s.as_record(), period=s.period)
    scene.repeated = lambda names: names in s.repeated
    return scene


def period_scene(s: Situation, context: Context, years: int = 1) -> Scene:
    """The scene of a requirement whose window of ``years`` periods ends with the situation's period."""
    window = period_bounds(s.period - years + 1, context.year_start, years)
    scene = Scene(s.person, s.circumstances, period=s.period, window=window)

    def outcome(year: int | None) -> str:
        ago = 0 if year is None else s.period - year
        return s.outcomes[ago] if 0 <= ago < len(s.outcomes) else "met"

    scene.outcome = outcome
    states = dict(s.requirements)

    def requirement(name: str, year: int | None) -> frozenset[str]:
        if year is None:  # this period is the first of either
            known, ago = states.get(Series(name)) or states.get(Series(name, True), ()), 0
        elif isinstance(year, Cycle):
            known, ago = states.get(Series(name, True), ()), int(year)
        else:
            known, ago = states.get(Series(name), ()), s.period - year
        return frozenset((known[ago] if 0 <= ago < len(known) else "met",))

    scene.requirement = requirement
    return scene


def years_in(statement: tree.Statement, context: Context) -> int:
    """How many years the window has in which a statement on persons asks for their circumstances: of a requirement its
    own, of what speaks of requirements theirs, of a conclusion that of the blocks that are decided."""
    windows: list[tree.Window] = []
    match statement:
        case tree.Require():
            windows = [statement.window]
        case tree.Excuse() | tree.Reduce():
            windows = [r.window for r in spoken_of(statement, context)]
        case tree.Conclude():
            here = (g.statement for g in context.governing if in_stretch(g, context))
            windows = [s.window for s in here if isinstance(s, tree.Require) and isinstance(s.window, tree.PerYears)]
    return max((-(-w.months // 12) if isinstance(w, tree.Within) else years_of(w) or 1 for w in windows), default=1)


def unit_of(figure: tree.Figure, context: Context) -> str | None:
    """The unit in which a figure is given; None for a share of something else."""
    match figure:
        case tree.Lookup(table=table):
            return Finder(context.tables[table]).value_unit()
        case tree.Share():
            return None
        case _:
            return figure.unit


def side_of(statement: tree.Statement, context: Context, unit: str, times: Fraction = ONE, years: int = 1) -> Side:
    """The statement as a function of situations.

    ``unit``: what amounts are compared in. ``times``: figures are taken so many times (a yearly figure over five
    years). ``years``: how many periods a requirement's window has.
    """
    match statement:
        case tree.Convert() | tree.Add():
            return _converting(statement, context, unit)
        case tree.Recognise():
            plan = plan_with(context, unit, recognise=(plan_rule(statement),))
            return _judging(Judge(plan, world_of(context)), rejects=False)
        case tree.Reject():
            before = plan_rule(tree.Recognise(what=tree.What()), "before")
            plan = plan_with(context, unit, recognise=(before,), reject=(plan_rule(statement),))
            return _judging(Judge(plan, world_of(context)), rejects=True)
        case tree.Cap():
            return _capping(statement, context, unit, times)
        case tree.Require():
            return _requiring(statement, context, unit, times, years)
        case tree.Measure() | tree.CountOnce() | tree.Assign() | tree.Flag():
            what = None if isinstance(statement, tree.Flag) else statement.what
            kind = {tree.Measure: "belongs", tree.CountOnce: "groups", tree.Flag: "flags"}.get(
                type(statement), "applies"
            )
            test = compile_rule(what, statement.when, world_of(context))
            return _belonging(test, kind, good=isinstance(statement, tree.Measure))
        case tree.Reduce():
            return _reducing(statement, context, unit, years)
        case tree.Carry(limit=limit):
            most = INFINITE if limit is None else limit.value * _rate(context, unit, limit.unit)
            return _conditional(statement.when, context, years, "carries", None if limit is None else most, unit, most)
        case tree.Excuse():
            return _conditional(statement.when, context, years, "excused", None, "", ONE)
        case _:
            return _conditional(statement.when, context, years, "applies", None, "", ONE)


def _judging(judge: Judge, rejects: bool) -> Side:
    """``recognised`` is worth more to the person than anything else; one in need of review is unknown."""

    def gives(s: Situation) -> Given | None:
        state = judge.judge(s.as_record(), s.as_person()).state
        if state == "review":
            return None
        holds = state == "recognised"
        kind = ("not_rejected" if holds else "rejected") if rejects else ("recognised" if holds else "not_recognised")
        return Given(holds != rejects, ONE if holds else ZERO, ONE if holds else ZERO, kind)

    return gives


def _converting(statement: tree.Convert | tree.Add, context: Context, unit: str) -> Side:
    stage = "convert" if isinstance(statement, tree.Convert) else "add"
    plan = plan_with(context, unit, **{stage: (plan_rule(statement),)})
    judge = Judge(plan, world_of(context))
    own = unit_of(statement.figure, context) or unit

    def gives(s: Situation) -> Given | None:
        judged = judge.judge(s.as_record(), s.as_person())
        low, high = (x if x < LIMITLESS else UNBOUNDED for x in judged.claimed[s.period])
        if any(m != "figure" and not m.startswith("table:") for m in judged.missing):
            return None
        if not judged.convert_rule:
            return Given(False, ZERO, ZERO, "nothing")
        return _in_own_unit(
            Given(True, Fraction(low), Fraction(high), "counts", Fraction(low), Fraction(high), unit), own, context
        )

    return gives


def _capping(statement: tree.Cap, context: Context, unit: str, times: Fraction) -> Side:
    world = world_of(context)
    test = compile_rule(statement.what, statement.when, world)
    own = unit_of(statement.figure, context) or unit
    judge = Judge(plan_with(context, unit), world)

    def gives(s: Situation) -> Given | None:
        truth = test(record_scene(s))
        if truth is None:
            return None
        bounds = figure_bounds(judge, statement.figure, s.period, s.as_person()) if truth else None
        if bounds is None:
            return Given(False, INFINITE, INFINITE, "no_limit")
        low, high = bounds[0] * times, bounds[1] * times
        shown = Given(True, Fraction(low), Fraction(high), "limit", Fraction(bounds[0]), Fraction(bounds[1]), unit)
        return _in_own_unit(shown, own, context)

    return gives


def _requiring(statement: tree.Require, context: Context, unit: str, times: Fraction, years: int) -> Side:
    world = world_of(context)
    test = compile_rule(None, statement.when, world)
    own = unit_of(statement.figure, context) or unit
    judge = Judge(plan_with(context, unit), world)
    least = statement.comparison == ">="

    @cache
    def figure(period: int, person: tuple[tuple[str, Fact], ...]) -> tuple[Fraction, Fraction] | None:
        if isinstance(statement.figure, tree.Share):
            return statement.figure.value, statement.figure.value
        bounds = figure_bounds(judge, statement.figure, period, Person("P", dict(person)))
        return None if bounds is None else (Fraction(bounds[0]), Fraction(bounds[1]))

    def gives(s: Situation) -> Given | None:
        truth = test(period_scene(s, context, years))
        if truth is None:
            return None
        bounds = figure(s.period, tuple(s.person.items())) if truth else None
        if bounds is None:
            nothing = ZERO if least else INFINITE
            return Given(False, nothing, nothing, "owes_nothing")
        low, high = bounds[0] * times, bounds[1] * times
        if least:
            return _in_own_unit(Given(True, -high, -low, "owes", *bounds, unit), own, context)
        return _in_own_unit(Given(True, low, high, "at_most", *bounds, unit), own, context)

    return gives


def _belonging(test: Callable[[Scene], bool | None], kind: str, good: bool) -> Side:
    """Whether a record is among those that a measure adds up (good), or that are grouped or flagged (not good)."""

    def gives(s: Situation) -> Given | None:
        truth = test(record_scene(s))
        if truth is None:
            return None
        worth = ONE if truth == good else ZERO
        return Given(truth, worth, worth, kind if truth else f"not_{kind}")

    return gives


def _conditional(
    when: tree.Condition | None,
    context: Context,
    years: int,
    kind: str,
    shown: Fraction | None,
    unit: str,
    worth: Fraction,
) -> Side:
    test = compile_rule(None, when, world_of(context))

    def gives(s: Situation) -> Given | None:
        truth = test(period_scene(s, context, years))
        if truth is None:
            return None
        if not truth:
            return Given(False, ZERO, ZERO, f"not_{kind}")
        return Given(True, worth, worth, kind, shown, shown, unit)

    return gives


def _reducing(statement: tree.Reduce, context: Context, unit: str, years: int) -> Side:
    """How much the requirement is lowered: the evaluator's figure before reductions less the one after. Where it has no
    plain figure: a fraction of it, or a quantity less than it."""
    wanted = next((r for r in spoken_of(statement, context) if isinstance(r.figure, tree.Quantity)), None)
    name, shown = statement.rule, unit
    figure: tree.Figure = tree.Quantity(Fraction(90), unit)
    if wanted is not None:
        figure = wanted.figure
    elif isinstance(statement.by, Fraction):
        figure, shown = tree.Quantity(ONE, unit), ""
    window = tree.PerYears() if years == 1 else tree.AnyYears(years)
    base = tree.Require(measure="total", figure=figure, window=window)
    plan = plan_with(context, unit, require=(plan_rule(base, name),), reduce=(plan_rule(statement),))
    prepared = prepare(plan)

    def gives(s: Situation) -> Given | None:
        found = evaluate_person(prepared, s.as_person(), [], (s.period, s.period)).findings
        least, most = (found[0].required, found[0].required_high) if found else (None, None)
        if least is None or most is None:
            return Given(False, ZERO, ZERO, "not_reduces")
        if found[0].missing and least != most:
            return None
        before = found[0].required_before or ZERO
        low, high = before - most, before - least
        return Given(True, low, high, "reduces", low, high, shown) if high else Given(False, ZERO, ZERO, "not_reduces")

    return gives


def in_stretch(g: Governing, context: Context) -> bool:
    """Whether a rule is in force on some of the days that the question is about."""
    return overlap((g.start, g.until), (context.start, context.until)) is not None


def lowers(statement: tree.Reduce, g: Governing) -> bool:
    """Whether a reduction names a requirement."""
    return _names(statement.rule, g)


def _names(rule: str, g: Governing) -> bool:
    return rule in {g.name, *(r.name for r in g.over), *(r.id for r in (g.rule, *g.over))}


def spoken_of(statement: tree.Excuse | tree.Reduce, context: Context) -> list[tree.Require]:
    """The requirements that an excuse or a reduction speaks of, as they are in force: those named, else the year's."""
    here = [(g, g.statement) for g in context.governing if in_stretch(g, context)]
    requirements = [(g, s) for g, s in here if isinstance(s, tree.Require)]
    if isinstance(statement, tree.Reduce):
        return [s for g, s in requirements if lowers(statement, g)]
    if not statement.rules:
        return [s for _, s in requirements if of_a_year(s.window)]
    return [s for g, s in requirements if any(_names(rule, g) for rule in statement.rules)]


def _in_own_unit(given: Given, own: str, context: Context) -> Given:
    """A figure shown in the unit in which its rule states it, with what that is in the unit of the comparison."""
    rate = exchange_rate(context, own, given.unit) if own != given.unit else None
    if rate is None or given.least is None or given.most is None:
        return given
    text = f"{exact_text(given.least)} {UNITS[given.unit].zh}" if given.least == given.most else ""
    said = say(f"= {exact_text(given.least)} {given.unit}", f"合 {text}") if text else ""
    return replace(given, least=given.least / rate, most=given.most / rate, unit=own, text=said)


def _rate(context: Context, unit: str, of: str) -> Fraction:
    """What one ``of`` is worth in ``unit`` (1 where they are the same or no exchange governs)."""
    rate = exchange_rate(context, of, unit)
    return ONE if rate is None else rate


def exchange_rate(context: Context, give: str, take: str) -> Fraction | None:
    """How many ``take`` one ``give`` is, by the exchange in force at the end of the context's stretch, or, where that
    is open, of its first year; None: no exchange.
    """
    if give == take:
        return ONE
    start = context.start or date(2000, 1, 1)
    day = context.until or period_bounds(period_of(start, context.year_start), context.year_start)[1]
    for g in context.governing:
        if isinstance(g.statement, tree.Exchange) and (g.start or date.min) <= day <= (g.until or date.max):
            one, other = g.statement.give, g.statement.take
            if (one.unit, other.unit) == (give, take):
                return other.value / one.value
            if (other.unit, one.unit) == (give, take):
                return one.value / other.value
    return None
