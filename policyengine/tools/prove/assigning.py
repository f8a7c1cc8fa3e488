"""Do two ``assign`` rules put a record into the same periods? Stricter and laxer don't apply: other periods are
"neither".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from policyengine.engines.judge import Judge
from policyengine.engines.numbers import Amount
from policyengine.language import tree
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Context, Given, Situation, Witness
from policyengine.tools.prove.search import Answer, untried
from policyengine.tools.prove.sides import plan_rule, plan_with, world_of

ZERO = Fraction(0)
HOURS = Fraction(8)  # of the record that is shown; any amount would do


def _judge(statement: tree.Assign, context: Context) -> Judge:
    convert = tree.Convert(what=tree.What(), figure=tree.Quantity(HOURS, "hours"))
    plan = plan_with(context, "hours", convert=(plan_rule(convert, "all"),), assign=(plan_rule(statement),))
    return Judge.of(plan, world_of(context))


def differing(old: tree.Assign, new: tree.Assign, before: Context, after: Context, both: bool) -> Answer:
    """A record that the two put into different periods; with ``both`` only one that both rules speak of."""
    space = Space(((old, before), (new, after)), record=True)
    one, other = _judge(old, before), _judge(new, after)
    for s in _dated(space):
        a, b = one.judge(s.as_record(), s.as_person()), other.judge(s.as_record(), s.as_person())
        if a.missing or b.missing or (both and not (a.assign_rule and b.assign_rule)):
            continue
        if a.claimed != b.claimed:
            asked = tuple(dict.fromkeys((*space.told, "start", "end")))
            return Witness(s, asked, _shares(a.claimed, a.assign_rule), _shares(b.claimed, b.assign_rule), timed=True)
    return None if space.exact and space.sure else untried()


def _dated(space: Space) -> Iterator[Situation]:
    """Situations, those of one day first."""
    yield from sorted(space.situations(), key=lambda s: s.start != s.end)


def _shares(claimed: Mapping[int, Amount], rule: str) -> Given:
    text = " ".join(str(period) for period, (_, high) in sorted(claimed.items()) if high > 0)
    return Given(bool(rule), ZERO, ZERO, "assigned", text=text)


def compare_assign(
    old: tree.Assign, new: tree.Assign, before: Context, after: Context
) -> tuple[Answer, Answer, Answer]:
    """Exceeding, laxer, stricter: all the same record, or none."""
    found = differing(old, new, before, after, both=False)
    return found, found, found
