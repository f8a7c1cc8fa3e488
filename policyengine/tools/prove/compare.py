"""Is one statement at least as strict as another? Two statements and their context in, a ``Verdict`` out.

A statement has aspects: what it speaks of, its figure, its window. New is at least as strict as old when no situation
is treated more generously by new in any aspect. Statements are compared on their own, without the other rules of the
policy, and over situations in which every fact that they need is known: what a missing fact leaves open lies between
what its completions give (``docs/semantics.md``, "Bounds"), so that it can't go beyond them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policyengine.language import tree
from policyengine.messages import say
from policyengine.plan.names import body
from policyengine.tools.prove import others
from policyengine.tools.prove.aspects import Aspect, bare, same_name, searched, unlike
from policyengine.tools.prove.assigning import compare_assign
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Context, Undecided, Verdict, Witness
from policyengine.tools.prove.requirements import caps, requirements
from policyengine.tools.prove.search import Answer
from policyengine.tools.prove.sides import years_in


def compare(old: tree.Statement, new: tree.Statement, context: Context, old_context: Context | None = None) -> Verdict:
    """How ``new`` compares with ``old`` under ``context`` (``old_context``: where the law around old was another)."""
    old, new = body(old), body(new)
    before = old_context or context
    if replace(old, because=None) == replace(new, because=None) and before is context:
        return Verdict("same", True)
    if before.year_start != context.year_start:  # a situation has one period, which is another year on either side
        why = say("the year begins on another day: nothing says how they compare", "年度起始日不同，无从比较宽严")
        return Verdict("undecided", None, why=why)
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


def _aspects(old: tree.Statement, new: tree.Statement, before: Context, after: Context) -> Iterator[Aspect]:
    pairs = ((old, before), (new, after))
    match old, new:
        case tree.Require(), tree.Require():
            yield from requirements(old, new, before, after)
        case tree.Cap(), tree.Cap():
            yield from caps(old, new, before, after)
        case tree.Convert(), tree.Convert():
            yield others.conversions(old, new, before, after)
        case tree.Add(), tree.Add():
            yield others.conversions(old, new, before, after)
        case (tree.Recognise(), tree.Recognise()) | (tree.Reject(), tree.Reject()):
            yield searched(Space(pairs, record=True), old, new, "hours")
        case tree.Measure(), tree.Measure():
            yield from others.measures(old, new, before, after)
        case tree.CountOnce(), tree.CountOnce():
            yield from others.count_once(old, new, before, after)
        case tree.Excuse(), tree.Excuse():
            yield others.named_rules(old.rules, new.rules, before, after)
            years = max(years_in(old, before), years_in(new, after))
            yield searched(Space(pairs, record=False, years=years), old, new, "", years)
        case tree.Reduce(), tree.Reduce():
            yield from others.reductions(old, new, before, after)
        case tree.Carry(), tree.Carry():
            if bare(old.rule) != bare(new.rule):
                yield unlike(say("they carry over what exceeds different requirements", "两者结转的要求不同"))
            else:
                unit = old.limit.unit if old.limit else new.limit.unit if new.limit else "hours"
                yield searched(Space(pairs, record=False, unit=unit), old, new, unit)
        case tree.Assign(), tree.Assign():
            yield Aspect(*compare_assign(old, new, before, after))
        case tree.Exchange(), tree.Exchange():
            yield others.exchanges(old, new, after)
        case tree.Flag(), tree.Flag():
            yield from same_name(old.name, new.name)
            yield searched(Space(pairs, record=True), old, new, "")
        case tree.Conclude(), tree.Conclude():
            yield from same_name(old.name, new.name)
            years = max(years_in(old, before), years_in(new, after))
            one = searched(Space(pairs, record=False, years=years), old, new, "", years)
            different = one.laxer or one.stricter  # whether a consequence is a burden is not written anywhere
            yield Aspect(different, different, one.stricter or different)  # for whom it comes, and for whom it goes
        case _:
            yield unlike(say("they are different kinds of rule", "两者不是同一种规则"))
