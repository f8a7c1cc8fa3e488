"""How one finding and one span come out: columns of sums and terms go in, trees of whole numbers come out.

``v`` are rows of sums beside what they are compared with, ``u`` those with ``way`` (a finding's status × 8 + its
possible outcomes, ``terms.Ways``), ``o`` those with the possible outcomes of the span (``mask``).
"""

from __future__ import annotations

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.trees import Tree
from policyengine.trace import OUTCOMES

OPEN = (OUTCOMES.index("undetermined"), OUTCOMES.index("in_progress"))


def way(k: int) -> Tree:
    """The finding's status and possible outcomes as the sum compares; NULL where there is no finding."""
    low, high, least, most = (t.col(f"{n}{k}", "v") for n in ("lo", "hi", "rl", "rh"))
    ways = [t.col(f"w{w}_{k}", "v") for w in range(3)]
    minimum = t.case([(t.compare(low, ">=", most), ways[0]), (t.compare(high, "<", least), ways[1])], ways[2])
    maximum = t.case(
        [
            (t.compare(high.copy(), "<=", least.copy()), ways[0].copy()),
            (t.compare(low.copy(), ">", most.copy()), ways[1].copy()),
        ],
        ways[2].copy(),
    )
    is_least = t.equal(t.col(f"least{k}", "v"), t.lit(1))
    none = t.equal(t.col(f"x{k}", "v"), t.lit(0))
    return t.case([(none, t.lit(None)), (is_least, minimum)], maximum)


def short(k: int) -> Tree:
    """What is lacking; of a maximum, what is too much."""
    met = t.equal(t.divide(t.col(f"way{k}", "u"), t.lit(8)), t.lit(OUTCOMES.index("met")))
    most = t.col(f"rh{k}", "u")
    owing = t.case([(t.unlimited(most), t.col(f"rl{k}", "u"))], most)
    lacks = t.minus(owing, t.col(f"lo{k}", "u"))
    over = t.minus(t.col(f"lo{k}", "u"), t.col(f"rl{k}", "u"))
    least = t.equal(t.col(f"least{k}", "u"), t.lit(1))
    return t.case([(met, t.lit(0))], t.greatest(t.lit(0), t.case([(least, lacks)], over)))


def named(k: int) -> Tree:
    """The outcomes that are possible for a finding that conclusions name; 0 for others."""
    asked = t.both(t.present(t.col(f"way{k}", "u")), t.compare(t.col(f"nm{k}", "u"), ">", t.lit(0)))
    return t.case([(asked, t.remainder(t.col(f"way{k}", "u"), 8))], t.lit(0))


def mask(slots: int, rest: bool = False) -> Tree:
    """The outcomes that are possible for the span. ``rest``: as far as findings decide it that no conclusion names."""
    firm = [t.both(t.present(t.col(f"way{k}", "u")), t.equal(t.col(f"ad{k}", "u"), t.lit(0))) for k in range(slots)]
    if rest:
        firm = [t.both(f, t.equal(t.col(f"nm{k}", "u"), t.lit(0))) for k, f in enumerate(firm)]
    return _together(firm)


def of_one(slots: int, number: int) -> Tree:
    """The outcomes that are possible for the requirement that conclusions name by this number."""
    own = (t.equal(t.col(f"nm{k}", "u"), t.lit(number)) for k in range(slots))
    return _together([t.both(t.present(t.col(f"way{k}", "u")), is_own) for k, is_own in enumerate(own)])


def _together(firm: list[Tree]) -> Tree:
    """The outcomes that are possible for the findings of which these are true together (``conclude.together``)."""
    slots = len(firm)
    may = [[t.bit(t.col(f"way{k}", "u"), bit) for bit in range(3)] for k in range(slots)]
    met = t.both(*(t.either(t.negate(f.copy()), m[0]) for f, m in zip(firm, may, strict=True)))
    broken = t.either(*(t.both(f.copy(), m[1]) for f, m in zip(firm, may, strict=True)))
    some = t.either(*(t.both(f.copy(), m[2]) for f, m in zip(firm, may, strict=True)))
    others = (t.either(t.negate(f.copy()), m[0].copy(), m[2].copy()) for f, m in zip(firm, may, strict=True))
    return t.add(
        [
            t.case([(met, t.lit(1))], t.lit(0)),
            t.case([(broken, t.lit(2))], t.lit(0)),
            t.case([(t.both(some, *others), t.lit(4))], t.lit(0)),
        ]
    )


def outcome(slots: int) -> Tree:
    """The outcome as its place in ``OUTCOMES``."""
    undetermined = t.either(
        *(
            t.both(
                t.equal(t.col(f"ad{k}", "o"), t.lit(0)),
                t.equal(t.col(f"status{k}", "o"), t.lit(OUTCOMES.index("undetermined"))),
            )
            for k in range(slots)
        )
    )
    open_ = t.case([(undetermined, t.lit(OPEN[0]))], t.lit(OPEN[1]))
    single = [(t.lit(bit), t.lit(OUTCOMES.index(name))) for name, bit in (("met", 1), ("not_met", 2), ("excused", 4))]
    return t.switch(t.col("mask", "o"), single, open_)
