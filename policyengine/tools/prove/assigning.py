"""Do two ``assign`` rules put a record into the same periods? Stricter and laxer don't apply: other periods are
"neither".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from policyengine.engines.judge import Judge
from policyengine.engines.numbers import Amount
from policyengine.language import tree
from policyengine.messages import say
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Context, Given, Witness
from policyengine.tools.prove.search import Answer, untried
from policyengine.tools.prove.sides import plan_rule, plan_with, world_of
from policyengine.tools.prove.words import quantity

ZERO = Fraction(0)
HOURS = Fraction(8)  # of the record that is shown; any amount would do where shares are not rounded


def _amounts(old: tree.Assign, new: tree.Assign) -> list[Fraction]:
    """Hours to try: where shares are rounded, also those of which a half lies between two steps."""
    steps = sorted({r.step.value for s in (old, new) if (r := s.rounding) is not None})
    return [HOURS] if old.rounding == new.rounding else [HOURS, *(s * n / 2 for s in steps for n in (3, 1, 5))]


def _judge(statement: tree.Assign, context: Context, hours: Fraction) -> Judge:
    convert = tree.Convert(what=tree.What(), figure=tree.Quantity(hours, "hours"))
    plan = plan_with(context, "hours", convert=(plan_rule(convert, "all"),), assign=(plan_rule(statement),))
    return Judge(plan, world_of(context))


def differing(old: tree.Assign, new: tree.Assign, before: Context, after: Context, both: bool) -> Answer:
    """A record that the two put into different periods; with ``both`` only one that both rules speak of."""
    space = Space(((old, before), (new, after)), record=True)
    speak = False
    for hours in _amounts(old, new):
        one, other = _judge(old, before, hours), _judge(new, after, hours)
        for s in sorted(space.situations(), key=lambda s: s.start != s.end):  # those of one day first
            a, b = one.judge(s.as_record(), s.as_person()), other.judge(s.as_record(), s.as_person())
            if a.missing or b.missing or (both and not (a.assign_rule and b.assign_rule)):
                continue
            speak = speak or bool(a.assign_rule or b.assign_rule)
            if a.claimed != b.claimed:
                asked = tuple(dict.fromkeys((*space.told, "start", "end")))
                if hours == HOURS:
                    sides = _shares(a.claimed, a.assign_rule), _shares(b.claimed, b.assign_rule)
                    return Witness(s, asked, *sides, timed=True)
                sides = _amounted(a.claimed, a.assign_rule), _amounted(b.claimed, b.assign_rule)
                return Witness(replace(s, quantity=hours, unit="hours"), asked, *sides, timed=True)
    decided = old.rounding == new.rounding or not speak  # else no amount tried shows it, and others may
    return None if space.exact and space.sure and decided else untried()


def _shares(claimed: Mapping[int, Amount], rule: str) -> Given:
    text = " ".join(str(period) for period, (_, high) in sorted(claimed.items()) if high > 0)
    return Given(bool(rule), ZERO, ZERO, "assigned", text=text)


def _amounted(claimed: Mapping[int, Amount], rule: str) -> Given:
    """The share of each period, to be told."""
    shares = [(period, quantity(Fraction(high), "hours")) for period, (_, high) in sorted(claimed.items())]
    text = say(
        ", ".join(f"{share} in {period}" for period, share in shares),
        "、".join(f"{period} 年度 {share}" for period, share in shares),
    )
    return Given(bool(rule), ZERO, ZERO, "shared", text=text)


def compare_assign(
    old: tree.Assign, new: tree.Assign, before: Context, after: Context
) -> tuple[Answer, Answer, Answer]:
    """Exceeding, laxer, stricter: all the same record, or none."""
    found = differing(old, new, before, after, both=False)
    return found, found, found
