"""One aspect in which a statement may be stricter or laxer than another, and how most of them are found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.messages import say
from policyengine.tools.prove.cells import Space
from policyengine.tools.prove.model import Given, Situation, Undecided, Witness
from policyengine.tools.prove.search import Answer, search
from policyengine.tools.prove.sides import side_of

ZERO, ONE = Fraction(0), Fraction(1)
BOTH_WAYS = ("exceeding", "laxer", "stricter")


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect's answers. ``exceeding``: beyond what raise-only allows. True: it is so, and no situation shows it."""

    exceeding: Answer | bool = None
    laxer: Answer | bool = None
    stricter: Answer | bool = None
    why: str = ""


def unlike(why: str) -> Aspect:
    """What can't be compared: it counts as both laxer and stricter."""
    return Aspect(True, True, True, why)


def undecided(why: str) -> Aspect:
    """What nobody can tell, in any direction."""
    return Aspect(*(Undecided(why),) * 3)


def searched(space: Space, old: tree.Statement, new: tree.Statement, unit: str, years: int = 1) -> Aspect:
    """Both directions by one search."""
    (_, before), (_, after) = space.statements
    one, other = side_of(old, before, unit, ONE, years), side_of(new, after, unit, ONE, years)
    found = search(space, one, other, BOTH_WAYS)
    return Aspect(found["exceeding"], found["laxer"], found["stricter"])


def same_name(old: str, new: str) -> list[Aspect]:
    """Nothing where both name the same."""
    if old == new:
        return []
    return [unlike(say(f"they name different things: {old} and {new}", f"两者的名称不同：{old} 与 {new}"))]


def no_exchange(one: str, other: str) -> Aspect:
    """Two units that nothing makes comparable."""
    return unlike(
        say(
            f"{one} and {other} are only comparable through an exchange",
            f"{unit_zh(one)}与{unit_zh(other)}之间没有换算标准，不能比较",
        )
    )


def told(story: str, old: Given, new: Given) -> Witness:
    """A witness that needs more than one record, in words."""
    return Witness(Situation(2020, date(2020, 1, 1), date(2020, 1, 1)), (), old, new, story=story)


def plain(kind: str, amount: Fraction | None = None, unit: str = "") -> Given:
    """What a side does, only to be told."""
    return Given(True, ZERO, ZERO, kind, amount, amount, unit)


def bare(rule: str) -> str:
    """A rule's name without its pack."""
    return rule.rsplit("/", 1)[-1]


def unit_zh(unit: str) -> str:
    return UNITS[unit].zh
