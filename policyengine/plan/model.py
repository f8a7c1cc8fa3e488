"""Plan: a policy made ready to run. Eight stages of typed, unit-checked rules; what every engine takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Generic, TypeVar

from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl, Vocabulary
from policyengine.light import dataclass
from policyengine.packs.model import Governing, Rule, Table
from policyengine.packs.pieces import Stretch, overlap

STAGES = (  # the lists of rules of a plan, stage by stage
    "recognise", "reject", "convert", "add", "exchange", "assign", "count_once", "caps", "measures", "carry", "require",
    "excuse", "reduce", "conclude", "flags",
)  # fmt: skip
S = TypeVar("S", bound=tree.Statement, covariant=True)


@dataclass(frozen=True, slots=True)
class PlanRule(Generic[S]):
    """One governing rule version in its stage.

    ``key`` names it in traces; ``name`` is what other statements refer to. ``statement`` is typed: names are ids, and
    every quantity of a figure is in the unit it is counted in. ``kept``: overridden ``Require``/``Cap``/… statements
    of which the stricter figure governs (raise-only), each with its own key. ``about``: the enumerated record field
    that the terms of ``statement.what`` belong to; None where it speaks of every record.
    """

    key: str
    name: str
    statement: S
    start: date | None
    until: date | None
    governing: Governing
    kept: tuple[tuple[str, S], ...] = ()
    about: str | None = None

    @property
    def rule(self) -> Rule:
        return self.governing.rule

    @property
    def stretch(self) -> Stretch:
        """The days on which it is in force."""
        return self.start, self.until

    @property
    def statements(self) -> tuple[S, ...]:
        """Its own sentence and those that are kept beside it."""
        return self.statement, *(s for _, s in self.kept)


def meet(one: PlanRule[tree.Statement], other: PlanRule[tree.Statement]) -> bool:
    """Whether there is a day on which both are in force."""
    return overlap(one.stretch, other.stretch) is not None


@dataclass(frozen=True)
class Plan:
    """The eight stages. ``unit`` is what totals are counted in (``hours`` or ``credits``).

    ``ticks``: how many integer ticks one counted unit has (the least common denominator of everything that can be
    counted or required); None when there is none (a split by days without a stated rounding): then only the reference
    evaluator is exact. ``greatest``: no sum of one person's hours has more ticks than this; it fits in 64 bits.
    """

    policy: str
    digest: str
    unit: str
    year_start: tuple[int, int]
    vocabulary: Vocabulary
    fields: Mapping[str, FieldDecl]
    tables: Mapping[str, Table]
    bounds: Mapping[str, tuple[Fraction, Fraction, int]]
    recognise: tuple[PlanRule[tree.Recognise], ...]
    reject: tuple[PlanRule[tree.Reject], ...]
    convert: tuple[PlanRule[tree.Convert], ...]
    add: tuple[PlanRule[tree.Add], ...]
    exchange: tuple[PlanRule[tree.Exchange], ...]
    assign: tuple[PlanRule[tree.Assign], ...]
    count_once: tuple[PlanRule[tree.CountOnce], ...]
    caps: tuple[PlanRule[tree.Cap], ...]  # in the order in which they apply: narrower first, ``after`` obeyed
    measures: tuple[PlanRule[tree.Measure], ...]
    carry: tuple[PlanRule[tree.Carry], ...]
    require: tuple[PlanRule[tree.Require], ...]  # Expect among them
    excuse: tuple[PlanRule[tree.Excuse], ...]
    reduce: tuple[PlanRule[tree.Reduce], ...]
    conclude: tuple[PlanRule[tree.Conclude], ...]
    flags: tuple[PlanRule[tree.Flag], ...]
    ticks: int | None = 1
    greatest: int = 2**63 - 1

    def rules(self) -> tuple[PlanRule[tree.Statement], ...]:
        """All of them, stage by stage."""
        return tuple(rule for stage in STAGES for rule in getattr(self, stage))
