"""Is one statement at least as strict as another? Two statements and their context in, a ``Verdict`` out.

A statement has aspects: what it speaks of, its figure, its window. New is at least as strict as old when no situation
is treated more generously by new in any aspect. Statements are compared on their own, without the other rules of the
policy, and over situations in which every fact that they need is known: what a missing fact leaves open lies between
what its completions give (``docs/semantics.md``, "Bounds"), so that it can't go beyond them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from policyengine.language import tree
from policyengine.messages import say
from policyengine.tools.prove.assigning import compare_assign
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Context, Undecided, Verdict, Witness, body
from policyengine.tools.prove.search import Answer, search
from policyengine.tools.prove.sides import exchange_rate, side_of, unit_of
from policyengine.tools.prove.windows import implied, window_words, years_of

ZERO, ONE = Fraction(0), Fraction(1)
BOTH_WAYS = ("exceeding", "laxer", "stricter")


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect's answers. ``exceeding``: beyond what raise-only allows. True: it is so, and no situation shows it."""

    exceeding: Answer | bool = None
    laxer: Answer | bool = None
    stricter: Answer | bool = None
    why: str = ""


def compare(old: tree.Statement, new: tree.Statement, context: Context, old_context: Context | None = None) -> Verdict:
    """How ``new`` compares with ``old`` under ``context`` (``old_context``: where the law around old was another)."""
    old, new = body(old), body(new)
    before = old_context or context
    if replace(old, because=None) == replace(new, because=None) and before is context:
        return Verdict("same", True)
    return _verdict(list(_aspects(old, new, before, context)))


def _verdict(aspects: list[Aspect]) -> Verdict:
    def held(name: str) -> list[Answer | bool]:
        return [a for aspect in aspects if (a := getattr(aspect, name)) is not None and a is not False]

    laxer, stricter, exceeding = held("laxer"), held("stricter"), held("exceeding")
    doubts = [a for a in (*laxer, *stricter, *exceeding) if isinstance(a, Undecided)]
    sure_laxer, sure_stricter, sure_exceeding = ([a for a in x if not isinstance(a, Undecided)]
                                                 for x in (laxer, stricter, exceeding))  # fmt: skip
    why = next((a.why for a in aspects if a.why), "") or (doubts[0].why if doubts else "")
    permitted = False if sure_exceeding else None if len(exceeding) > len(sure_exceeding) else True
    shown = next((a for a in (*sure_exceeding, *sure_laxer) if isinstance(a, Witness)), None)
    other = next((a for a in sure_stricter if isinstance(a, Witness)), None)
    if sure_laxer and sure_stricter:
        return Verdict("neither", permitted, shown, other, why)
    if doubts:
        return Verdict("undecided", permitted, shown, other, why)
    if sure_laxer:
        return Verdict("laxer", permitted, shown, None, why)
    if sure_stricter:
        return Verdict("stricter", permitted, None, other, why)
    return Verdict("same", permitted)


def _unlike(why: str) -> Aspect:
    """What can't be compared: it counts as both laxer and stricter."""
    return Aspect(True, True, True, why)


def _searched(space: Space, old: tree.Statement, new: tree.Statement, unit: str, years: int = 1) -> Aspect:
    """Both directions by one search."""
    (_, before), (_, after) = space.statements
    one, other = side_of(old, before, unit, ONE, years), side_of(new, after, unit, ONE, years)
    found = search(space, one, other, BOTH_WAYS)
    return Aspect(found["exceeding"], found["laxer"], found["stricter"])


def _aspects(old: tree.Statement, new: tree.Statement, before: Context, after: Context) -> Iterator[Aspect]:
    pairs = ((old, before), (new, after))
    match old, new:
        case tree.Require(), tree.Require():
            yield from _requirements(old, new, before, after)
        case tree.Cap(), tree.Cap():
            yield from _caps(old, new, before, after)
        case (tree.Convert(), tree.Convert()) | (tree.Add(), tree.Add()):
            yield _conversions(old, new, before, after)
        case (tree.Recognise(), tree.Recognise()) | (tree.Reject(), tree.Reject()):
            yield _searched(Space(pairs, record=True), old, new, "hours")
        case tree.Measure(), tree.Measure():
            yield from _measures(old, new, before, after)
        case tree.CountOnce(), tree.CountOnce():
            yield from _count_once(old, new, before, after)
        case tree.Excuse(), tree.Excuse():
            yield _named_rules(old.rules, new.rules)
            yield _searched(Space(pairs, record=False), old, new, "")
        case tree.Reduce(), tree.Reduce():
            yield from _reductions(old, new, before, after)
        case tree.Carry(), tree.Carry():
            if _bare(old.rule) != _bare(new.rule):
                yield _unlike(say("they carry over what exceeds different requirements", "两者结转的要求不同"))
            else:
                unit = old.limit.unit if old.limit else new.limit.unit if new.limit else "hours"
                yield _searched(Space(pairs, record=False, unit=unit), old, new, unit)
        case tree.Assign(), tree.Assign():
            yield Aspect(*compare_assign(old, new, before, after))
        case tree.Exchange(), tree.Exchange():
            yield _exchanges(old, new, after)
        case tree.Flag(), tree.Flag():
            yield from _same_name(old.name, new.name)
            yield _searched(Space(pairs, record=True), old, new, "")
        case tree.Conclude(), tree.Conclude():
            yield from _same_name(old.name, new.name)
            one = _searched(Space(pairs, record=False), old, new, "")
            different = one.laxer or one.stricter
            yield Aspect(different, different, different)  # whether a consequence is a burden is not written anywhere
        case _:
            yield _unlike(say("they are different kinds of rule", "两者不是同一种规则"))


# --- requirements ----------------------------------------------------------------------------------------------------


def _requirements(old: tree.Require, new: tree.Require, before: Context, after: Context) -> Iterator[Aspect]:
    if old.comparison != new.comparison:
        yield _unlike(say("one is a minimum and the other a maximum", "一个是最低要求，另一个是最高限制"))
        return
    yield _firmness(old, new, before)
    yield _measured(old, new, before, after)
    old, new = _settled(old, before), _settled(new, after)
    a, b = unit_of(old.figure, before), unit_of(new.figure, after)
    if (a is None) != (b is None) or (a is None and not _same_share(old.figure, new.figure)):
        yield _unlike(say("one is a share of another figure", "其中一个是另一数额的比例"))
        return
    unit = a or b or ""
    if a and b and a != b and exchange_rate(after, b, a) is None:
        yield _unlike(
            say(f"{b} and {a} are only comparable through an exchange", f"{_zh(b)}与{_zh(a)}之间没有换算标准，不能比较")
        )
        return
    yield from _in_windows(old, new, before, after, unit, least=old.comparison == ">=")


def _firmness(old: tree.Require, new: tree.Require, before: Context) -> Aspect:
    """``expect`` is less than ``require`` wherever the firm one asks for anything."""
    soft, was_soft = isinstance(new, tree.Expect), isinstance(old, tree.Expect)
    if soft == was_soft:
        return Aspect()
    firm = old if soft else new
    why = say("“require” has become “expect”", "“要求”改成了“一般要求”") if soft else ""
    space = Space(((firm, before),), record=False)
    side = side_of(firm, before, unit_of(firm.figure, before) or "")
    asked = search(space, side, side, ("applies",))["applies"]
    if isinstance(asked, Witness):
        expects = replace(asked.old, kind="expects")
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
        return Aspect() if old.measure == new.measure else _unlike(why)
    found = _searched(Space(((one, before), (other, after)), record=True), one, other, "")
    if old.comparison == "<=":
        found = Aspect(found.stricter, found.stricter, found.laxer)
    return found


def _membership(measure: str, context: Context) -> tree.Measure | None:
    """The records that a measure adds up: all, those of a term, or as a rule defines it."""
    everything = tree.Measure(name=measure, unit="hours", what=tree.What())
    if measure == "total":
        return everything
    for g in context.governing:
        if isinstance(g.statement, tree.Measure) and g.statement.name == measure and _in_stretch(g, context):
            return g.statement
    if context.vocabulary.field_of(measure) is not None:
        return replace(everything, what=tree.What((measure,)))
    return None


def _in_stretch(g: object, context: Context) -> bool:
    start, until = getattr(g, "start", None), getattr(g, "until", None)
    return not (
        (until is not None and context.start is not None and until < context.start)
        or (start is not None and context.until is not None and start > context.until)
    )


def _settled(statement: tree.Require, context: Context) -> tree.Require:
    """A share of what is owed as the figure that it is, where the context has one plain requirement on that measure."""
    figure = statement.figure
    if not isinstance(figure, tree.Share) or not figure.of_requirement:
        return statement
    owed = {
        g.statement.figure
        for g in context.governing
        if isinstance(g.statement, tree.Require)
        and not isinstance(g.statement, tree.Expect)
        and g.statement.measure == figure.measure
        and g.statement.window == statement.window
        and g.statement.when is None
        and _in_stretch(g, context)
    }
    if len(owed) == 1 and isinstance(one := next(iter(owed)), tree.Quantity):
        return replace(statement, figure=tree.Quantity(one.value * figure.value, one.unit))
    return statement


def _same_share(one: tree.Figure, other: tree.Figure) -> bool:
    return (
        isinstance(one, tree.Share)
        and isinstance(other, tree.Share)
        and (one.measure, one.of_requirement) == (other.measure, other.of_requirement)
    )


# --- figures in windows ----------------------------------------------------------------------------------------------


def _in_windows(
    old: tree.Require | tree.Cap, new: tree.Require | tree.Cap, before: Context, after: Context, unit: str, least: bool
) -> Iterator[Aspect]:
    """Figures compared, each taken as often as its window demands in the other's."""
    record = isinstance(old, tree.Cap)
    pairs = ((old, before), (new, after))
    years = max(years_of(old.window) or 1, years_of(new.window) or 1)
    space = Space(pairs, record=record, unit=unit, years=years)
    if implied(old.window, new.window, least) == implied(new.window, old.window, least) == 1:
        yield _searched(space, old, new, unit, years)
        return
    if _varies(space):
        yield Aspect(
            *(Undecided(say("their windows differ and they depend on the year", "两者的周期不同，且随年度变化")),) * 3
        )
        return
    if least and any(isinstance(g.statement, tree.Carry) for g in after.governing):
        yield Aspect(
            *(Undecided(say("their windows differ and hours are carried over", "两者的周期不同，且有学时结转")),) * 3
        )
        return
    yield from (
        _with_windows(aspect, old.window, new.window) for aspect in _rescaled(space, old, new, unit, years, least)
    )


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


def _with_windows(aspect: Aspect, old: tree.Window, new: tree.Window) -> Aspect:
    """The witnesses tell for which stretch each figure is."""

    def told(answer: Answer | bool) -> Answer | bool:
        if not isinstance(answer, Witness):
            return answer
        n = replace(answer.new, window=window_words(new)) if answer.new is not None else None
        return replace(answer, old=replace(answer.old, window=window_words(old)), new=n)

    return Aspect(told(aspect.exceeding), told(aspect.laxer), told(aspect.stricter), aspect.why)


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


# --- the other kinds -------------------------------------------------------------------------------------------------


def _caps(old: tree.Cap, new: tree.Cap, before: Context, after: Context) -> Iterator[Aspect]:
    unit, other = unit_of(old.figure, before) or "hours", unit_of(new.figure, after) or "hours"
    if unit != other and exchange_rate(after, other, unit) is None:
        yield _unlike(
            say(
                f"{other} and {unit} are only comparable through an exchange",
                f"{_zh(other)}与{_zh(unit)}之间没有换算标准，不能比较",
            )
        )
        return
    if old.taking != new.taking:
        yield _unlike(say("they cut hours in a different order", "两者扣减学时的先后次序不同"))
    yield from _in_windows(old, new, before, after, unit, least=False)


def _conversions(old: tree.Convert | tree.Add, new: tree.Convert | tree.Add, before: Context, after: Context) -> Aspect:
    unit, other = unit_of(old.figure, before) or "hours", unit_of(new.figure, after) or "hours"
    if unit != other and exchange_rate(after, other, unit) is None:
        return _unlike(
            say(
                f"{other} and {unit} are only comparable through an exchange",
                f"{_zh(other)}与{_zh(unit)}之间没有换算标准，不能比较",
            )
        )
    return _searched(Space(((old, before), (new, after)), record=True, unit=unit), old, new, unit)


def _measures(old: tree.Measure, new: tree.Measure, before: Context, after: Context) -> Iterator[Aspect]:
    """Fewer records are stricter where a minimum uses the measure, laxer where a maximum does."""
    yield from _same_name(old.name, new.name)
    if old.unit != new.unit:
        yield _unlike(say("they are in different units", "两者的单位不同"))
    found = _searched(Space(((old, before), (new, after)), record=True), old, new, "")
    used = {
        g.statement.comparison
        for g in after.governing
        if isinstance(g.statement, tree.Require) and g.statement.measure == new.name
    }
    if used == {"<="}:
        found = Aspect(found.stricter, found.stricter, found.laxer)
    elif len(used) == 2:
        either = found.laxer or found.stricter
        found = Aspect(either, either, either)
    yield found


def _count_once(old: tree.CountOnce, new: tree.CountOnce, before: Context, after: Context) -> Iterator[Aspect]:
    """Grouping by fewer fields makes larger groups, of which one record counts."""
    one, other = set(old.per), set(new.per)
    if one != other:
        why = say("records are grouped by other fields", "视为同一项的字段不同")
        finer, coarser = not other <= one, not one <= other
        yield Aspect(finer or None, finer or None, coarser or None, why)
    if old.taking != new.taking:
        why = say("another record of a group counts", "同一项中计入的记录不同")
        laxer, stricter = old.taking != "highest", old.taking != "lowest"
        laxer, stricter = laxer and new.taking != "lowest", stricter and new.taking != "highest"
        yield Aspect(laxer or None, laxer or None, stricter or None, why)
    yield _searched(Space(((old, before), (new, after)), record=True), old, new, "")


def _reductions(old: tree.Reduce, new: tree.Reduce, before: Context, after: Context) -> Iterator[Aspect]:
    if _bare(old.rule) != _bare(new.rule):
        yield _unlike(say("they reduce different requirements", "两者核减的要求不同"))
        return
    unit = next((r.by.unit for r in (old, new) if isinstance(r.by, tree.Quantity)), "hours")
    yield _searched(Space(((old, before), (new, after)), record=False, unit=unit), old, new, unit)


def _named_rules(old: tuple[str, ...], new: tuple[str, ...]) -> Aspect:
    """Whom an excuse frees of which requirements; no names are all of them."""
    one, other = {_bare(r) for r in old}, {_bare(r) for r in new}
    wider = bool(old) and (not new or not other <= one)
    narrower = bool(new) and (not old or not one <= other)
    why = say("other requirements are excused", "免除的要求不同") if wider or narrower else ""
    return Aspect(wider or None, wider or None, narrower or None, why)


def _same_name(old: str, new: str) -> Iterator[Aspect]:
    if old != new:
        yield _unlike(say(f"they name different things: {old} and {new}", f"两者的名称不同：{old} 与 {new}"))


def _exchanges(old: tree.Exchange, new: tree.Exchange, context: Context) -> Aspect:
    """Worth more is laxer for whoever has the unit that is exchanged into what requirements are in."""
    if {old.give.unit, old.take.unit} != {new.give.unit, new.take.unit}:
        return _unlike(say("they exchange different units", "两者换算的单位不同"))

    def rate(e: tree.Exchange, give: str) -> Fraction:
        return e.take.value / e.give.value if e.give.unit == give else e.give.value / e.take.value

    owed = {
        u
        for g in context.governing
        if isinstance(g.statement, tree.Require) and (u := unit_of(g.statement.figure, context)) is not None
    }
    one, other = old.give.unit, old.take.unit
    a, b = rate(old, one), rate(new, one)
    if a == b:
        return Aspect()
    why = say(
        f"1 {one} was {a} {other}, here it is {b}", f"1 {_zh(one)}原等于 {a} {_zh(other)}，此处等于 {b} {_zh(other)}"
    )
    if owed == {other}:
        more = b > a
    elif owed == {one}:
        more = b < a
    else:
        return _unlike(why)
    return Aspect(True, True, None, why) if more else Aspect(stricter=True, why=why)


def _bare(rule: str) -> str:
    return rule.rsplit("/", 1)[-1]


def _zh(unit: str) -> str:
    from policyengine.language.quantities import UNITS

    return UNITS[unit].zh
