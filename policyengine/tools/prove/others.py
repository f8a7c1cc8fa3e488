"""The kinds of rule other than requirements and caps: two statements in, the aspects they differ in out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.quantities import exact_text
from policyengine.messages import listed, say
from policyengine.packs.windows import of_a_year
from policyengine.tools.prove.aspects import (
    Aspect,
    bare,
    no_exchange,
    plain,
    same_name,
    searched,
    told,
    undecided,
    unit_zh,
    unlike,
)
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.mentions import counts_elsewhere
from policyengine.tools.prove.model import Context, Undecided
from policyengine.tools.prove.sides import exchange_rate, spoken_of, unit_of, years_in
from policyengine.tools.prove.words import field_name, quantity


def conversions(old: tree.Convert | tree.Add, new: tree.Convert | tree.Add, before: Context, after: Context) -> Aspect:
    unit, other = unit_of(old.figure, before) or "hours", unit_of(new.figure, after) or "hours"
    if unit != other and exchange_rate(after, other, unit) is None:
        return no_exchange(other, unit)
    return searched(Space(((old, before), (new, after)), record=True, unit=unit), old, new, unit)


def measures(old: tree.Measure, new: tree.Measure, before: Context, after: Context) -> Iterator[Aspect]:
    """Fewer records are stricter where a minimum uses the measure, laxer where a maximum does."""
    yield from same_name(old.name, new.name)
    if old.unit != new.unit:
        yield unlike(say("they are in different units", "两者的单位不同"))
    if (old.what, old.when) != (new.what, new.when) and any(map(_of_another_year, (old, new), (before, after))):
        why = say("it is asked of the year in which a record counts, which may not be that of its date",
                  "按记录计入的年度判断是否属于该计量，可能不是记录日期所在的年度")  # fmt: skip
        yield undecided(why)
    found = searched(Space(((old, before), (new, after)), record=True), old, new, "")
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


def _of_another_year(measure: tree.Measure, context: Context) -> bool:
    """Whether a requirement asks a measure, which depends on the year, in the year in which records count."""
    asked = (g.statement for g in context.governing if isinstance(g.statement, tree.Require))
    return counts_elsewhere(measure, context) and any(r.this_period and r.measure == measure.name for r in asked)


def count_once(old: tree.CountOnce, new: tree.CountOnce, before: Context, after: Context) -> Iterator[Aspect]:
    """Grouping by fewer fields makes larger groups, of which one record counts."""
    one, other = set(old.per), set(new.per)
    if other - one:
        witness = told(_alike(old.per, new.per, after), plain("one"), plain("both"))
        yield Aspect(witness, witness)
    if one - other:
        yield Aspect(stricter=told(_alike(new.per, old.per, after), plain("both"), plain("one")))
    if old.taking != new.taking:
        yield _taking(old.taking, new.taking)
    yield searched(Space(((old, before), (new, after)), record=True), old, new, "")


def _alike(same: tuple[str, ...], other: tuple[str, ...], context: Context) -> str:
    """Two records that agree in the fields of one rule and not in those that only the other asks."""

    def names(fields: list[str]) -> str:
        return listed(field_name(f, context.vocabulary) for f in fields)

    unlike_in = names([f for f in other if f not in same])
    return say(
        f"two records with the same {names(list(same))} and another {unlike_in}",
        f"两条记录{names(list(same))}相同而{unlike_in}不同",
    )


def _taking(old: str, new: str) -> Aspect:
    """Of two records of 1 and 2 hours, in either order, which one counts."""

    def counted(taking: str, first: int, second: int) -> Fraction:
        chosen = {"highest": max(first, second), "lowest": min(first, second), "earliest": first, "latest": second}
        return Fraction(chosen[taking])

    laxer = stricter = None
    for first, second in ((1, 2), (2, 1)):
        a, b = counted(old, first, second), counted(new, first, second)
        story = say(
            f"two records that count once, {first} and then {second} hours",
            f"两条视为同一项的记录，先 {first} 学时、后 {second} 学时",
        )
        witness = told(story, plain("counts", a, "hours"), plain("counts", b, "hours"))
        laxer, stricter = laxer or (witness if b > a else None), stricter or (witness if b < a else None)
    return Aspect(laxer, laxer, stricter)


def reductions(old: tree.Reduce, new: tree.Reduce, before: Context, after: Context) -> Iterator[Aspect]:
    if bare(old.rule) != bare(new.rule):
        yield unlike(say("they reduce different requirements", "两者核减的要求不同"))
        return
    lowered = spoken_of(old, before), spoken_of(new, after)
    if isinstance(old.by, Fraction) is isinstance(new.by, Fraction):
        yield _lowered(old, new, before, after)
    elif all(isinstance(r.figure, tree.Quantity) for r in (*lowered[0], *lowered[1])):
        pairs = list(itertools.product(*lowered))
        for one, other in [p for p in pairs if p[0] == p[1]] or pairs:
            yield _lowered(old, new, _only(one, old, before), _only(other, new, after))
    else:
        why = say("how much a fraction lowers depends on a figure that is not the same for all",
                  "按比例核减多少取决于被核减的数额，而该数额因人、因年度而异或尚未确定")  # fmt: skip
        yield Aspect(*(Undecided(why),) * 3)


def _lowered(old: tree.Reduce, new: tree.Reduce, before: Context, after: Context) -> Aspect:
    figures = (r.figure for r in (*spoken_of(new, after), *spoken_of(old, before)))
    plain_unit = next((f.unit for f in figures if isinstance(f, tree.Quantity)), "hours")
    unit = next((r.by.unit for r in (old, new) if isinstance(r.by, tree.Quantity)), plain_unit)
    years = max(years_in(old, before), years_in(new, after))
    return searched(Space(((old, before), (new, after)), record=False, unit=unit, years=years), old, new, unit, years)


def _only(lowered: tree.Require, statement: tree.Reduce, context: Context) -> Context:
    """The context without the other requirements of the reduction."""
    others = [r for r in spoken_of(statement, context) if r != lowered]
    return replace(context, governing=tuple(g for g in context.governing if g.statement not in others))


def named_rules(old: tuple[str, ...], new: tuple[str, ...], before: Context, after: Context) -> Aspect:
    """Of which requirements an excuse frees; no names are all of the year, also those of packs that extend this one."""
    one, other = {bare(r) for r in old}, {bare(r) for r in new}
    more = _freed(old, other - one if old else _beyond_a_year(other, after), bool(old) and not new)
    fewer = _freed(new, one - other if new else _beyond_a_year(one, before), bool(new) and not old)
    laxer = told(more, plain("not_excused"), plain("excused")) if more else None
    return Aspect(laxer, laxer, told(fewer, plain("excused"), plain("not_excused")) if fewer else None)


def _freed(of: tuple[str, ...], names: set[str], everything: bool) -> str:
    if everything:
        return say(f"a requirement other than {', '.join(map(bare, of))}", f"{'、'.join(map(bare, of))} 以外的要求")
    return say("the requirement ", "要求 ") + min(names) if names else ""


def _beyond_a_year(names: set[str], context: Context) -> set[str]:
    """Those of the named requirements that are not of each year."""
    longer = [
        g for g in context.governing if isinstance(g.statement, tree.Require) and not of_a_year(g.statement.window)
    ]
    return names & {bare(name) for g in longer for name in (g.name, *(r.name for r in g.over))}


def exchanges(old: tree.Exchange, new: tree.Exchange, context: Context) -> Aspect:
    """Worth more is laxer for whoever has the unit that is exchanged into what requirements are in."""
    if {old.give.unit, old.take.unit} != {new.give.unit, new.take.unit}:
        return unlike(say("they exchange different units", "两者换算的单位不同"))

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
        f"{quantity(Fraction(1), one)} was {quantity(a, other)}, here it is {quantity(b, other)}",
        f"1 {unit_zh(one)}原折合 {exact_text(a)} {unit_zh(other)}，此处折合 {exact_text(b)} {unit_zh(other)}",
    )
    witness = told(quantity(Fraction(1), one), plain("worth", a, other), plain("worth", b, other))
    if owed not in ({one}, {other}):
        return Aspect(witness, witness, witness, why)
    more = b > a if owed == {other} else b < a
    return Aspect(witness, witness, None, why) if more else Aspect(stricter=witness, why=why)
