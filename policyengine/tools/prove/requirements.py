"""Requirements and caps: figures that hold in a window, of a measure. Two statements in, the aspects they differ in
out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.windows import both_in_words, implied
from policyengine.tools.prove.aspects import ONE, ZERO, Aspect, no_exchange, searched, undecided, unlike
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.mentions import Mentions, counts_elsewhere
from policyengine.tools.prove.model import Context, Witness
from policyengine.tools.prove.search import Answer, search
from policyengine.tools.prove.sides import exchange_rate, in_stretch, lowers, side_of, unit_of, years_in
from policyengine.tools.prove.words import field_name


def requirements(old: tree.Require, new: tree.Require, before: Context, after: Context) -> Iterator[Aspect]:
    if old.comparison != new.comparison:
        yield unlike(say("one is a minimum and the other a maximum", "一个是最低要求，另一个是最高限制"))
        return
    yield _firmness(old, new, before, after)
    yield _measured(old, new, before, after)
    yield from _of_period(old, new, before, after)
    yield from _falling(old, new, before, after)
    old, new = _settled(old, before), _settled(new, after)
    a, b = unit_of(old.figure, before), unit_of(new.figure, after)
    if (a is None) != (b is None) or (a is None and not _same_share(old.figure, new.figure)):
        yield unlike(say("one is a share of another figure", "其中一个是另一数额的比例"))
        return
    if a is None and not _alike(old.window, new.window, old.comparison == ">="):
        yield unlike(say("a share over another window is another figure", "期间不同，比例的基数也不同"))
        return
    unit = a or b or ""
    if a and b and a != b and exchange_rate(after, b, a) is None:
        yield no_exchange(b, a)
        return
    yield from in_windows(old, new, before, after, unit, least=old.comparison == ">=")


def _firmness(old: tree.Require, new: tree.Require, before: Context, after: Context) -> Aspect:
    """``expect`` is less than ``require`` wherever the firm one asks for anything."""
    soft, was_soft = isinstance(new, tree.Expect), isinstance(old, tree.Expect)
    if soft == was_soft:
        return Aspect()
    firm = old if soft else new
    why = say("“require” has become “expect”", "“要求”改成了“一般要求”") if soft else ""
    years = years_in(firm, before)
    space = Space(((firm, before),), record=False, years=years)
    side = side_of(firm, before, unit_of(firm.figure, before) or "", years=years)
    asked = search(space, side, side, ("applies",))["applies"]
    if isinstance(asked, Witness):
        expected = (new, after) if soft else (old, before)
        given = side_of(*expected, unit_of(expected[0].figure, expected[1]) or "", years=years)(asked.situation)
        expects = (
            replace(given, kind="expects")
            if given is not None and given.applies
            else replace(asked.old, kind="expects")
        )
        asked = replace(asked, new=expects) if soft else replace(asked, old=expects)
    return Aspect(asked, asked, None, why) if soft else Aspect(stricter=asked)


def _measured(old: tree.Require, new: tree.Require, before: Context, after: Context) -> Aspect:
    """A minimum on fewer hours is stricter, a maximum on fewer hours laxer."""
    if old.measure == new.measure and before is after:
        return Aspect()
    one, other = _membership(old.measure, before), _membership(new.measure, after)
    if one is None or other is None:
        why = say(f"they measure different things: {old.measure} and {new.measure}",
                  f"两者计量的对象不同：{old.measure} 与 {new.measure}")  # fmt: skip
        return Aspect() if old.measure == new.measure else unlike(why)
    found = searched(Space(((one, before), (other, after)), record=True), one, other, "")
    if old.comparison == "<=":
        found = Aspect(found.stricter, found.stricter, found.laxer)
    return found


def _of_period(old: tree.Require, new: tree.Require, before: Context, after: Context) -> Iterator[Aspect]:
    """Of which year a measure's condition is asked says something where it depends on the year, and a record may count
    in another one than that of its date."""
    if old.this_period == new.this_period:
        return
    rules = [g.statement for context in (before, after) for g in context.governing]
    if not any(isinstance(s, tree.Assign) and s.by != "end" for s in rules):
        return
    mentions = Mentions()
    for context in (before, after):
        if (measure := _membership(new.measure, context)) is not None:
            mentions.note(measure, context)
    if mentions.timed or mentions.periods or mentions.days:
        yield unlike(
            say(
                "one asks what belongs to the measure in the year in which a record counts, the other in that of its "
                "date",
                "一个按记录计入的年度、另一个按记录日期所在的年度判断是否属于该计量",
            )
        )


def _membership(measure: str, context: Context) -> tree.Measure | None:
    """The records that a measure adds up: all, those of a term, or as a rule defines it."""
    everything = tree.Measure(name=measure, unit="hours", what=tree.What())
    if measure == "total":
        return everything
    for g in context.governing:
        if isinstance(g.statement, tree.Measure) and g.statement.name == measure and in_stretch(g, context):
            return g.statement
    if context.vocabulary.field_of(measure) is not None:
        return replace(everything, what=tree.What((measure,)))
    return None


def _falling(old: tree.Require, new: tree.Require, before: Context, after: Context) -> Iterator[Aspect]:
    """A share of what is owed falls with it where that is reduced; a figure, or a share of something else, does not."""
    if _owed(old) == _owed(new):
        return
    falls = _reduced(old, before), _reduced(new, after)
    if old.comparison == "<=":
        falls = falls[1], falls[0]
    if any(falls):
        why = say(
            "what it is a share of may be reduced, and the share with it",
            "作为基数的要求可能核减，按比例计算的数额随之减少",
        )
        yield Aspect(laxer=falls[1], stricter=falls[0], why=why)


def _owed(statement: tree.Require) -> str | None:
    """The measure of which a requirement asks a share of what is owed."""
    figure = statement.figure
    return figure.measure if isinstance(figure, tree.Share) and figure.of_requirement else None


def _reduced(statement: tree.Require, context: Context) -> bool:
    """Whether what a requirement asks a share of may be reduced for somebody."""
    here = [g for g in context.governing if in_stretch(g, context)]
    owed = [
        g for g in here
        if isinstance(g.statement, tree.Require) and not isinstance(g.statement, tree.Expect)
        and (g.statement.measure, g.statement.window) == (_owed(statement), statement.window)
    ]  # fmt: skip
    return any(isinstance(r.statement, tree.Reduce) and lowers(r.statement, g) for r in here for g in owed)


def _settled(statement: tree.Require, context: Context) -> tree.Require:
    """A share of what is owed as the figure that it is: of the strictest requirement, where that holds for
    everybody.
    """
    figure = statement.figure
    if not isinstance(figure, tree.Share) or not figure.of_requirement:
        return statement
    owed: list[tuple[Fraction, bool, str]] = []
    for g in context.governing:
        one = g.statement
        if (
            isinstance(one, tree.Require)
            and not isinstance(one, tree.Expect)
            and (one.measure, one.window, one.comparison) == (figure.measure, statement.window, ">=")
            and not isinstance(one.figure, tree.Share)
            and in_stretch(g, context)
        ):
            unit = owed[0][2] if owed else unit_of(one.figure, context) or ""
            rate = exchange_rate(context, unit_of(one.figure, context) or "", unit)
            if not isinstance(one.figure, tree.Quantity) or rate is None:
                return statement
            owed.append((one.figure.value * rate, one.when is None, unit))
    most, for_everybody, unit = max(owed, default=(ZERO, False, ""))
    return replace(statement, figure=tree.Quantity(most * figure.value, unit)) if for_everybody else statement


def _same_share(one: tree.Figure, other: tree.Figure) -> bool:
    return (
        isinstance(one, tree.Share)
        and isinstance(other, tree.Share)
        and (one.measure, one.of_requirement) == (other.measure, other.of_requirement)
    )


# --- figures in windows ----------------------------------------------------------------------------------------------


def in_windows(
    old: tree.Require | tree.Cap, new: tree.Require | tree.Cap, before: Context, after: Context, unit: str, least: bool
) -> Iterator[Aspect]:
    """Figures compared, each taken as often as its window demands in the other's."""
    record = isinstance(old, tree.Cap)
    pairs = ((old, before), (new, after))
    years = max(years_in(old, before), years_in(new, after))
    space = Space(pairs, record=record, unit=unit, years=years)
    if _alike(old.window, new.window, least):
        yield searched(space, old, new, unit, years)
        return
    if _varies(space):
        yield undecided(say("their windows differ and they depend on the year", "两者的周期不同，且随年度变化"))
        return
    if least and any(isinstance(g.statement, tree.Carry) for g in after.governing):
        yield undecided(say("their windows differ and hours are carried over", "两者的周期不同，且有学时结转"))
        return
    told = both_in_words(old.window, new.window, lambda name: field_name(name, after.vocabulary))
    yield from (_with_windows(aspect, told) for aspect in _rescaled(space, old, new, unit, years, least))


def _alike(one: tree.Window, other: tree.Window, least: bool) -> bool:
    """Whether a figure holds in one window just where it holds in the other."""
    return implied(one, other, least) == implied(other, one, least) == 1


def _rescaled(
    space: Space, old: tree.Require | tree.Cap, new: tree.Require | tree.Cap, unit: str, years: int, least: bool
) -> Iterator[Aspect]:
    """Each direction on its own: what new implies for the windows of old, and the reverse."""
    (_, before), (_, after) = space.statements
    why = say("their windows differ", "两者的周期不同")
    forward, backward = implied(new.window, old.window, least), implied(old.window, new.window, least)
    if forward is None:
        shown = _speaks(space, old, new, unit, years, forwards=True)
        yield Aspect(shown, shown, None, why)
    else:
        sides = side_of(old, before, unit, ONE, years), side_of(new, after, unit, forward, years)
        found = search(space, *sides, ("exceeding", "laxer"))
        yield Aspect(found["exceeding"], found["laxer"], None, why)
    if backward is None:
        yield Aspect(stricter=_speaks(space, old, new, unit, years, forwards=False))
    else:
        sides = side_of(old, before, unit, backward, years), side_of(new, after, unit, ONE, years)
        yield Aspect(stricter=search(space, *sides, ("stricter",))["stricter"])


def _with_windows(aspect: Aspect, told: tuple[str, str]) -> Aspect:
    """The witnesses tell for which stretch each figure is."""

    def shown(answer: Answer | bool) -> Answer | bool:
        if not isinstance(answer, Witness):
            return answer
        n = replace(answer.new, window=told[1]) if answer.new is not None else None
        return replace(answer, old=replace(answer.old, window=told[0]), new=n)

    return Aspect(shown(aspect.exceeding), shown(aspect.laxer), shown(aspect.stricter), aspect.why)


def _varies(space: Space) -> bool:
    """Whether the answer depends on the year, so that years can't be added up."""
    m = space.mentions
    return bool(m.timed or m.kinds or m.lasting or m.relative or m.outcome_years)


def _speaks(space: Space, old: tree.Statement, new: tree.Statement, unit: str, years: int, forwards: bool) -> Answer:
    """A situation in which the one that asks per shorter stretch asks at all, shown as hours that lie in one year."""
    (_, before), (_, after) = space.statements
    one, other = side_of(old, before, unit, ONE, years), side_of(new, after, unit, ONE, years)
    found = search(space, one, other, ("applies",)) if forwards else search(space, other, one, ("applies",))
    answer = found["applies"]
    if isinstance(answer, Witness):
        o, n = (answer.old, answer.new) if forwards else (answer.new, answer.old)
        assert o is not None
        return replace(answer, old=o, new=n, apart=True)
    return answer


def caps(old: tree.Cap, new: tree.Cap, before: Context, after: Context) -> Iterator[Aspect]:
    unit, other = unit_of(old.figure, before) or "hours", unit_of(new.figure, after) or "hours"
    if unit != other and exchange_rate(after, other, unit) is None:
        yield no_exchange(other, unit)
        return
    if old.taking != new.taking:
        yield unlike(say("they cut hours in a different order", "两者扣减学时的先后次序不同"))
    for cap, context in ((old, before), (new, after)):
        figure = Mentions()
        figure.note(cap.figure, context)
        if figure.timed and counts_elsewhere(cap, context):
            why = say("its figure goes by the year in which a record counts, its condition by that of its date",
                      "其数额按记录计入的年度，其条件按记录日期所在的年度")  # fmt: skip
            yield undecided(why)
    yield from in_windows(old, new, before, after, unit, least=False)
