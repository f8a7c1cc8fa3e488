"""Looks for situations: two sides and a question in, the first situation that answers it out, or none, or undecided.

First by trying representative situations on the reference evaluator; where they don't decide, by the solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policyengine.messages import say
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Given, Situation, Undecided, Witness
from policyengine.tools.prove.sides import Side

Ask = Callable[[Given, Given], bool]

ASKS: Mapping[str, Ask] = {
    # under the most generous reading new gives more: what raise-only forbids
    "exceeding": lambda o, n: n.generous > o.generous,
    "laxer": lambda o, n: n.generous > o.generous or n.strict > o.strict,
    "stricter": lambda o, n: n.generous < o.generous or n.strict < o.strict,
    "differ": lambda o, n: o.applies and n.applies and (o.strict, o.generous) != (n.strict, n.generous),
    "both": lambda o, n: o.applies and n.applies,
    "applies": lambda o, n: o.applies,
}

Answer = Witness | Undecided | None


def search(space: Space, old: Side, new: Side, asks: tuple[str, ...]) -> dict[str, Answer]:
    """For each question the smallest situation that answers it, one of which both sides speak before others."""
    found: dict[str, Witness] = {}
    best: set[str] = set()
    for s in space.situations():
        o, n = old(s), new(s)
        if o is None or n is None:
            continue
        for ask in asks:
            if ask not in best and ASKS[ask](o, n):
                shared = o.applies and n.applies and o.kind == n.kind
                simple = ask not in found or len(s.circumstances) <= len(found[ask].situation.circumstances)
                if ask not in found or (shared and simple):
                    found[ask] = Witness(s, space.told, o, n, space.timed)
                if shared:
                    best.add(ask)
        if len(best) == len(asks):
            break
    result: dict[str, Answer] = {}
    for ask in asks:
        result[ask] = found.get(ask)
        if ask not in found and not space.exact:
            result[ask] = _solve(space, old, new, ask)
        if result[ask] is None and not space.sure:
            result[ask] = untried()
    return result


def untried() -> Undecided:
    return Undecided(say("not all days that may decide it could be tried", "未能逐一试过可能起决定作用的日期"))


def _solve(space: Space, old: Side, new: Side, ask: str) -> Answer:
    from policyengine.tools.prove.solver import solve

    answer = solve(space, ask)
    if not isinstance(answer, Situation):
        return answer
    o, n = old(answer), new(answer)
    if o is None or n is None or not ASKS[ask](o, n):  # never trust a translation: the evaluator has the last word
        return Undecided(say("the cases could not be told apart", "未能区分全部情形"))
    return Witness(answer, space.told, o, n, space.timed)
