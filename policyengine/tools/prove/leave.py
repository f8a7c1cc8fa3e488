"""Leave worth trying: what statements ask of circumstances and a window in, sets of them that stand for all out.

Each kind is absent, or as long as a rule asks, or a day off; two are so in turns. Where days of leave are added up, as
many lie in several stretches, none of them longer than some rule asks of one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, timedelta

from policyengine.engines.calendar import DAY, full_months, lasts_in_all
from policyengine.records.model import Circumstance
from policyengine.tools.prove import days
from policyengine.tools.prove.mentions import Mentions
from policyengine.tools.prove.model import Context

MOST_KINDS = 3  # told apart by the rules
Stretch = tuple[date, date]
Stretches = tuple[Stretch, ...]
Held = tuple[Circumstance, ...]


def held_in(mentions: Mentions, context: Context, first: date, last: date) -> tuple[list[Held], bool, bool]:
    """Sets of circumstances in a window; whether any other is answered like one of them, as far as their kinds go; and
    as far as their days go."""
    groups = [*mentions.kinds, *(kinds for kinds, _ in mentions.lasting)]
    if not groups:
        return [()], True, True
    classes: dict[tuple[bool, ...], str] = {}
    for word in context.vocabulary.terms_of("circumstance"):
        classes.setdefault(tuple(word.id in g for g in groups), word.id)
    kinds = [kind for answer, kind in classes.items() if any(answer)]
    exact, kinds = len(kinds) <= MOST_KINDS, kinds[:MOST_KINDS]
    single = {kind: _stretches(mentions, kind, first, last) for kind in kinds}
    options = [[(), *((one,) for one in single[k]), *_spread(mentions, k, single[k], last)] for k in kinds]
    every = list(itertools.product(*options))
    found = [_held(kinds, chosen) for chosen in every]
    for one, other in itertools.combinations(kinds, 2):
        for start, end in sorted({*single[one], *single[other]}):
            found += [_in_turns(one, other, start, end, pieces) for pieces in (2, 0)]
            found += [_in_turns(*pair, start, end, 3) for pair in ((one, other), (other, one))]
    if mentions.in_all:
        for by in (DAY, 2 * DAY):  # as one stretch, and as several
            found += [_held(kinds, apart) for chosen in every if (apart := _one_behind_the_other(chosen, by, last))]
    return found, exact, _stand_for_all(mentions, len(kinds))


def _held(kinds: Sequence[str], stretches: Sequence[Stretches]) -> Held:
    """The circumstances of each kind."""
    return tuple(Circumstance(k, *one) for k, own in zip(kinds, stretches, strict=True) for one in own)


def _stand_for_all(mentions: Mentions, kinds: int) -> bool:
    """Whether nothing of leave in all is left untried: how three kinds lie beside each other may matter where days
    are added up in several ways."""
    groups = {group for group, _ in mentions.lasting}
    mixed = any(one & other and one != other for one, _ in mentions.in_all for other in groups)
    return kinds < 3 or not mixed


def _stretches(mentions: Mentions, kind: str, first: date, last: date) -> list[Stretch]:
    """Stretches of a kind: from the first day of the window on as long as a rule asks, and a day off; from other
    days too where that brings another answer, as where some rules ask for months and others for days."""
    asked = [length for wanted, length in mentions.lasting if kind in wanted]
    ends = days.lasting(asked, first)
    if any(kind in wanted for wanted in mentions.monthly):
        ends.add(last)  # what grows with every month may overtake what does not
    found = [(first, first), *((first, end) for end in sorted(ends) if end > first)]
    if not days.both_lengths(asked):
        return found
    known = {days.answers(asked, *stretch) for stretch in found}
    for start in days.beginnings(first, last):
        for end in sorted(days.lasting(asked, start)):
            answer = days.answers(asked, start, end)
            if start <= end <= last and answer not in known:
                known.add(answer)
                found.append((start, end))
    return found


def _spread(mentions: Mentions, kind: str, stretches: Sequence[Stretch], last: date) -> list[Stretches]:
    """As many days of a kind as are asked of leave in all, and a day off, in several stretches none of which is longer
    than one of ``stretches``: of those that are answered alike the fewest."""
    of_one = [length for wanted, length in mentions.of_one if kind in wanted]
    in_all = [length for wanted, length in mentions.in_all if kind in wanted]
    monthly = any(kind in wanted for wanted in mentions.monthly)

    def answers(held: Sequence[Stretch]) -> object:
        longest = [any(one) for one in zip(*(days.answers(of_one, *stretch) for stretch in held), strict=True)]
        months = sum(full_months(*stretch) for stretch in held) if monthly else 0
        return longest, [lasts_in_all(held, op, count) for op, count, _ in in_all], months

    lengths = {(end - start).days + 1 for start, end in stretches}
    totals = {count + off for _, count, _ in in_all for off in (-1, 0, 1)}
    tried = [days.spread(stretches[0][0], last, longest, total) for longest in lengths for total in totals]
    known, found = [answers([one]) for one in stretches if one[1] <= last], []
    for held in sorted((t for t in tried if len(t) > 1), key=len):
        if (answer := answers(held)) not in known:
            known.append(answer)
            found.append(tuple(held))
    return found


def _in_turns(one: str, other: str, first: date, last: date, pieces: int) -> Held:
    """Two kinds in turns (``pieces`` of them; 0: a week each), so that together they last and neither does alone."""
    result, kinds = [], itertools.cycle((one, other))
    length = -(-((last - first).days + 1) // pieces) if pieces else 7
    while first <= last:
        end = min(first + timedelta(days=length - 1), last)
        result.append(Circumstance(next(kinds), first, end))
        first = end + DAY
    return tuple(result)


def _one_behind_the_other(chosen: Sequence[Stretches], by: timedelta, last: date) -> list[Stretches]:
    """Those of each kind moved so far behind those of the kinds before, so that no day is in two; none where that is so
    already, or goes beyond ``last``."""
    moved: list[Stretches] = []
    end = None
    for own in chosen:
        later = end + by - own[0][0] if own and end else timedelta()
        moved.append(tuple((a + later, b + later) for a, b in own))
        end = moved[-1][-1][1] if own else end
    return moved if moved != list(chosen) and end and end <= last else []
