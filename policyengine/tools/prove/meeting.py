"""Can two rules both apply with different results, and can a rule ever apply? Statements in, a situation or None
out.
"""

from __future__ import annotations

from dataclasses import replace

from policyengine.language import tree
from policyengine.language.disjoint import disjoint, impossible, of_records
from policyengine.language.quantities import UNITS
from policyengine.plan.names import body, owning_field
from policyengine.tools.prove.assigning import differing
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.mentions import counts_elsewhere
from policyengine.tools.prove.model import Context, Undecided, Witness
from policyengine.tools.prove.quantities import unit_converted
from policyengine.tools.prove.search import search
from policyengine.tools.prove.sides import side_of, unit_of, years_in

# Conditions of these are tested on a record; those of the others on a person in a period.
OF_RECORDS = (
    tree.Recognise, tree.Reject, tree.Convert, tree.Add, tree.Assign, tree.CountOnce, tree.Cap, tree.Measure, tree.Flag,
)  # fmt: skip


def meet(a: tree.Statement, b: tree.Statement, context: Context) -> Witness | Undecided | None:
    """A record that both speak of and treat differently; None where there is none.

    ``convert``: different amounts. ``assign``: different periods. ``cap``: one that both limit. Other kinds never
    contradict each other (a record is recognised when any rule recognises it, rejected when any rejects it).
    """
    a, b = body(a), body(b)
    if _plainly_apart(a, b, context):
        return None
    match a, b:
        case tree.Convert(), tree.Convert():
            unit = unit_of(a.figure, context) or "hours"
            space = Space(((a, context), (b, context)), record=True, unit=unit)
            ask = "differ"
        case tree.Cap(), tree.Cap():
            unit, ask = unit_of(a.figure, context) or "hours", "both"
            space = Space(((a, context), (b, context)), record=True, unit=unit)
        case tree.Assign(), tree.Assign():
            if bool(a.what.terms) != bool(b.what.terms):
                return None  # the rule that names the form goes before the one for all records
            return differing(a, b, context, context, both=True)
        case _:
            return None
    answer = search(space, side_of(a, context, unit), side_of(b, context, unit), (ask,))[ask]
    assert not isinstance(answer, bool)
    return answer


def reachable(statement: tree.Statement, context: Context) -> Witness | Undecided | None:
    """A situation that the rule speaks of; None when there can be none, so that the rule never applies."""
    statement = body(statement)
    record = isinstance(statement, OF_RECORDS)
    when = statement.when and _of_these(statement, context)
    if when is not None and impossible(when, context.vocabulary):
        return None
    about: tree.Statement = tree.Flag(name="it", when=when) if record else tree.Conclude(name="it", when=when)
    years = years_in(statement, context)
    elsewhere = record and counts_elsewhere(statement, context)
    space = Space(((about, context),), record=record, years=years, anywhere=elsewhere)
    side = side_of(about, context, "hours", years=years)
    answer = search(space, side, side, ("applies",))["applies"]
    assert not isinstance(answer, bool)
    return answer


def _of_these(statement: tree.Statement, context: Context) -> tree.Condition | None:
    """The rule's condition, together with that the record is one of those which the rule is about."""
    what = getattr(statement, "what", tree.What())
    return of_records(what, owning_field(what.terms, context.vocabulary) if what.terms else None, statement.when)


def _plainly_apart(a: tree.Statement, b: tree.Statement, context: Context) -> bool:
    """Told from the words alone: conditions that exclude each other, different terms of one field, units of different
    kinds, or one amount.
    """
    if disjoint(_of_these(a, context), _of_these(b, context), context.vocabulary):
        return True
    one, other = getattr(a, "what", tree.What()).terms, getattr(b, "what", tree.What()).terms
    if one and other and set(one).isdisjoint(other):
        return owning_field(one, context.vocabulary) == owning_field(other, context.vocabulary)
    if isinstance(a, tree.Convert) and isinstance(b, tree.Convert):
        if replace(a, what=b.what, when=b.when, because=b.because) == b:
            return True
        units = [UNITS[u].dimension if (u := unit_converted(c)) else None for c in (a, b)]
        return None not in units and units[0] != units[1]
    return False
