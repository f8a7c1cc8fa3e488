"""In which order caps apply, and whether the bounds under them are exact. Takes the cap rules, gives them ordered.

Caps that share records must be nested: every window of the narrower lies in one window of the wider, and the narrower
applies first; or one says ``after`` the other. Then a record's hours only ever displace later ones of the same windows,
so that a measure is least when its own records are at their least and the others at their most
(``docs/semantics.md``, "Bounds under caps").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import combinations

from policyengine.language import tree
from policyengine.language.disjoint import conjuncts, disjoint, of_records
from policyengine.language.vocabulary import Vocabulary
from policyengine.packs.windows import window_within
from policyengine.plan.model import PlanRule, meet

CapRule = PlanRule[tree.Cap]
Conflict = tuple[CapRule, CapRule]


def scope_within(one: CapRule, other: CapRule) -> bool:
    """Whether every record that ``one`` speaks of is one that ``other`` speaks of."""
    a, b = one.statement, other.statement
    terms = not b.what.terms or (
        one.about == other.about and bool(a.what.terms) and set(a.what.terms) <= set(b.what.terms)
    )
    return terms and set(conjuncts(b.when)) <= set(conjuncts(a.when))


def nested(one: CapRule, other: CapRule) -> bool:
    """Whether ``one`` is the narrower of the two (or as wide)."""
    return scope_within(one, other) and window_within(one.statement.window, other.statement.window)


def _apart(one: CapRule, other: CapRule) -> bool:
    """Whether no record of a person is under both: versions of one rule, rules of different times, different terms.

    Of one name there are two at one time where an override has another window than its base.
    """
    if one.name == other.name and not meet(one, other):
        return True
    if _of_other_times(one, other):
        return True
    a, b = one.statement.what.terms, other.statement.what.terms
    return bool(a) and bool(b) and one.about == other.about and set(a).isdisjoint(b)


def _of_other_times(one: CapRule, other: CapRule) -> bool:
    """Whether no record is of a year in which one governs and under the other: an order can't matter between them."""
    return not meet(one, other) and not _several_years(one) and not _several_years(other)


def _several_years(rule: CapRule) -> bool:
    """Whether a window may hold records of years in which another version governs."""
    window = rule.statement.window
    return isinstance(window, tree.AnyYears | tree.Within) or (isinstance(window, tree.PerYears) and window.count > 1)


def share(one: CapRule, other: CapRule, vocabulary: Vocabulary | None = None) -> bool:
    """Whether one record may be under both."""
    if _apart(one, other):
        return False
    first, second = (of_records(r.statement.what, r.about, r.statement.when) for r in (one, other))
    return vocabulary is None or not disjoint(first, second, vocabulary)


def ordered(
    caps: Sequence[CapRule], vocabulary: Vocabulary
) -> tuple[tuple[CapRule, ...], list[Conflict], list[CapRule]]:
    """The caps in the order in which they apply; pairs without a stated order; those that wait for each other.

    An override stands over each version of its base apart: there are several caps of one key, of different times.
    """
    rules = sorted(caps, key=lambda r: (r.key, r.start or date.min))
    first: list[set[int]] = [set() for _ in rules]  # place → places of those that come before it
    conflicts: list[Conflict] = []
    for place, rule in enumerate(rules):
        for name in rule.statement.after:
            named = (n for n, r in enumerate(rules) if r.name == name and r.key != rule.key)
            first[place].update(n for n in named if not _of_other_times(rule, rules[n]))
    stated = [_before(place, first) for place in range(len(rules))]
    alike: list[tuple[int, int]] = []
    for a, b in combinations(range(len(rules)), 2):
        one, other = rules[a], rules[b]
        if b in stated[a] or a in stated[b] or not share(one, other, vocabulary):
            continue
        within, around = nested(one, other), nested(other, one)
        if within and around:
            alike.append((a, b))
        elif within:
            first[b].add(a)
        elif around:
            first[a].add(b)
        else:
            conflicts.append((one, other))
    before = [_before(place, first) for place in range(len(rules))] if alike else []
    for a, b in alike:  # by key, unless what is stated of others puts them the other way
        if b in before[a]:
            continue
        first[b].add(a)
        if a not in before[b]:
            for later in before:
                if later is before[b] or b in later:
                    later |= before[a] | {a}
    result: list[int] = []
    waiting = list(range(len(rules)))
    while waiting:
        free = next((n for n in waiting if first[n] <= set(result)), None)
        if free is None:
            left = [rules[n] for n in waiting]
            return (*(rules[n] for n in result), *left), conflicts, left
        result.append(free)
        waiting.remove(free)
    return tuple(rules[n] for n in result), conflicts, []


def _before(place: int, first: list[set[int]]) -> set[int]:
    """Every place that comes before it, also by way of others."""
    found, waiting = set[int](), list(first[place])
    while waiting:
        before = waiting.pop()
        if before not in found:
            found.add(before)
            waiting += first[before]
    return found


def exact_bounds(caps: Sequence[CapRule]) -> bool:
    """Whether bounds under these caps are exact: nested, in one order, narrower first; ``caps`` in their order.

    Rolling windows are not (what the first year takes, the second lacks and the third may have), nor is a window laid
    by days inside another one that is laid by days.
    """
    for number, one in enumerate(caps):
        if isinstance(one.statement.window, tree.AnyYears):
            return False
        for other in caps[number + 1 :]:
            if _apart(one, other) or isinstance(one.statement.window, tree.PerActivity):
                continue
            if isinstance(other.statement.window, tree.PerDay) or not nested(one, other):
                return False
            if one.statement.taking != other.statement.taking:
                return False
    return True
