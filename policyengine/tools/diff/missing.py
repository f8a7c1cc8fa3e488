"""Where facts are missing: two versions of a statement in, which way the change works for records and people of whom
not everything is known out.

``tools/prove`` compares statements where every fact is known. Two conditions that agree there may still part where one
of them asks for a fact and the other does not: what the one decides the other leaves open. So does a figure that a
table lacks. A statement that is open may turn out either way, so that leaving open what was decided takes something or
gives something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from policyengine.engines.facts import Test, Truth
from policyengine.engines.truth import compile_rule
from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Table
from policyengine.plan.names import walk
from policyengine.records.model import Fact
from policyengine.tools.diff.model import Direction
from policyengine.tools.diff.sameness import ordered
from policyengine.tools.prove import words
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Context, Given, Situation, Witness
from policyengine.tools.prove.sides import period_scene, record_scene, side_of, world_of, years_in

Found = dict[Direction, str]
_GOOD = (tree.Recognise, tree.Convert, tree.Add, tree.Measure, tree.Carry, tree.Excuse, tree.Reduce)
_BAD = (tree.Reject, tree.Cap, tree.CountOnce, tree.Require, tree.Flag)
_ON_PERIODS = (tree.Require, tree.Excuse, tree.Reduce, tree.Carry)


def where_missing(one: tree.Statement, other: tree.Statement, before: Context, after: Context) -> Found:
    """The directions in which the change works where a fact is missing, each with the smallest situation that shows it.

    Nothing for statements of other kinds than each other, and for those of which no kind of answer is the better one.
    """
    found: Found = {}
    rows = _asks_rows(one, before), _asks_rows(other, after)
    alike = _asked(one) == _asked(other) and rows[0] == rows[1]
    if type(one) is not type(other) or not isinstance(other, (*_GOOD, *_BAD)) or alike:
        return found
    years = max(years_in(one, before), years_in(other, after))
    space = Space(((one, before), (other, after)), record=not isinstance(other, _ON_PERIODS), years=years)
    tests = _test(one, before), _test(other, after)
    for situation in _lacking(space, any(rows)):
        truths = _truth(tests[0], situation, space, before), _truth(tests[1], situation, space, after)
        if truths[0] is truths[1]:
            continue
        for way in _ways(*truths, isinstance(other, _GOOD)):
            if way not in found:
                shown = (_given(one, before, situation, truths[0]), _given(other, after, situation, truths[1]))
                witness = Witness(situation, space.told, *shown, space.timed)
                found[way] = words.differing(witness, after.vocabulary, say("before", "原先"), say("now", "现在"))
        if len(found) > 1:
            break
    return found


def _asked(statement: tree.Statement) -> object:
    return ordered((getattr(statement, "what", None), statement.when))


def _asks_rows(statement: tree.Statement, context: Context) -> dict[str, Table]:
    """The tables whose figures a condition compares: where one has no row, that is as unknown as a missing fact."""
    lookups = (node for node in walk(statement.when) if isinstance(node, tree.Lookup))
    return {node.table: context.tables[node.table] for node in lookups}


def _test(statement: tree.Statement, context: Context) -> Test:
    return compile_rule(getattr(statement, "what", None), statement.when, world_of(context))


def _truth(test: Test, situation: Situation, space: Space, context: Context) -> Truth:
    return test(record_scene(situation) if space.record else period_scene(situation, context, space.years))


def _lacking(space: Space, whole: bool) -> Iterator[Situation]:
    """The situations of the space, each without one of the facts that a statement asks, then without all of them;
    ``whole``: first with every fact."""
    given = {n.id for _, c in space.statements for n in walk(c.given) if isinstance(n, tree.Field)}
    fields = space.context.vocabulary.fields
    asked = [n for n in space.told if not fields[n].required and n not in given]
    none: list[tuple[str, ...]] = [()] if whole else []
    tried: set[object] = set()
    for situation in space.situations():
        for names in (*none, *((n,) for n in asked), *([tuple(asked)] if len(asked) > 1 else [])):
            left = replace(situation, facts=_without(situation.facts, names), person=_without(situation.person, names))
            key = (left.end, left.start, left.quantity, left.unit, left.circumstances, left.outcomes, left.requirements,
                   left.repeated, *left.facts.items(), *left.person.items())  # fmt: skip
            if key not in tried:
                tried.add(key)
                yield left


def _without(facts: Mapping[str, Fact], names: tuple[str, ...]) -> Mapping[str, Fact]:
    return {n: v for n, v in facts.items() if n not in names}


def _ways(one: Truth, other: Truth, good: bool) -> Iterator[Direction]:
    """Laxer where the better or the worse of its possible outcomes is better than before, stricter the reverse."""
    worst, best = zip(*(_worth(t, good) for t in (one, other)), strict=True)
    if worst[1] > worst[0] or best[1] > best[0]:
        yield "laxer"
    if worst[1] < worst[0] or best[1] < best[0]:
        yield "stricter"


def _worth(truth: Truth, good: bool) -> tuple[int, int]:
    """What a truth is worth to the person at least and at most."""
    return (0, 1) if truth is None else (int(truth is good), int(truth is good))


def _given(statement: tree.Statement, context: Context, situation: Situation, truth: Truth) -> Given:
    """What a side does, to be told."""
    unit = getattr(getattr(statement, "figure", None), "unit", None) or "hours"
    shown = side_of(statement, context, unit)(situation) if truth is not None else None
    if shown is not None:
        return shown
    kind = "open" if truth is None else "applies" if truth else "not_applies"
    return Given(bool(truth), Fraction(0), Fraction(0), kind)
