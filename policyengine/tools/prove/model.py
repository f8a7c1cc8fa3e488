"""What a proof is asked and answers: a context of law in, a verdict out, with the smallest situation that shows it.

Nothing here knows how an answer is found (``cells.py`` by trying representative situations on the reference evaluator,
``solver.py`` by a solver); ``words.py`` puts it into the words of a pack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from policyengine.language import tree
from policyengine.language.vocabulary import Vocabulary
from policyengine.packs.model import Governing, Pack, Policy, Table
from policyengine.plan.names import unwrapped
from policyengine.records.model import Circumstance, Fact, Person, Record

Relation = Literal["stricter", "laxer", "same", "neither", "undecided"]
Limit = Fraction | None  # None: no limit, or nothing given


@dataclass(frozen=True)
class Context:
    """The law around two statements: words, tables, bounds of quantities, and what other rules define.

    ``start``/``until``: the days for which the question is asked, both included. ``governing``: the rules of the
    policy, of which exchanges, measures and the figures that reductions lower are looked up.
    """

    vocabulary: Vocabulary
    tables: Mapping[str, Table]
    bounds: Mapping[str, tuple[Fraction, Fraction, int]]
    year_start: tuple[int, int] = (1, 1)
    governing: tuple[Governing, ...] = ()
    start: date | None = None
    until: date | None = None
    given: tree.Condition | None = None


def context_of(policy: Policy, start: date | None = None, until: date | None = None) -> Context:
    """The context of a policy's rules between two days, for the persons that the policy is about."""
    return Context(
        policy.vocabulary,
        policy.tables,
        policy.bounds,
        policy.year_start,
        policy.governing,
        start,
        until,
        policy.applies,
    )


def context_as_written(chain: Sequence[Pack], start: date | None, until: date | None) -> Context:
    """The law around a pack's rules where its chain may not govern as it stands: every rule that is no override."""
    last = chain[-1]
    assert last.vocabulary is not None
    return Context(
        last.vocabulary,
        {name: table for pack in chain for name, table in pack.tables.items()},
        {unit: bounds for pack in chain for unit, bounds in pack.bounds.items()},
        last.year_start or (1, 1),
        tuple(
            Governing(r, unwrapped(r), r.start, r.until)
            for pack in chain
            for r in pack.rules
            if not isinstance(r.statement, tree.Drop | tree.Delegate)
        ),
        start,
        until,
        last.applies,
    )


class Series(NamedTuple):
    """A requirement of which it is asked how it came out year by year, or cycle by cycle."""

    rule: str
    cycles: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """One record and its person, or one person in one period: what statements are tried on.

    ``facts`` and ``person`` hold only what is given; what is absent is missing. ``outcomes``: of this year and those
    before it, nearest first. ``requirements``: those of the requirements that are asked for, in as many years, or
    cycles, as are asked. ``repeated``: the fields in which an earlier record has the same values.
    """

    period: int
    start: date
    end: date
    quantity: Fraction | None = None
    unit: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    person: Mapping[str, Fact] = field(default_factory=dict)
    circumstances: tuple[Circumstance, ...] = ()
    outcomes: tuple[str, ...] = ()
    repeated: frozenset[tuple[str, ...]] = frozenset()
    requirements: tuple[tuple[Series, tuple[str, ...]], ...] = ()

    def as_record(self) -> Record:
        """The record as the evaluator takes it."""
        return Record("R", "P", self.start, self.end, self.quantity, self.unit, self.facts)

    def as_person(self) -> Person:
        return Person("P", self.person, self.circumstances)


@dataclass(frozen=True, slots=True)
class Given:
    """What one statement does in a situation.

    ``strict`` and ``generous``: how much it is worth to the person under the strictest and the most generous reading
    of the law (they differ where the law leaves a range); greater is laxer. ``applies``: whether it speaks of the
    situation. To tell about it: a ``kind`` (``counts``, ``owes``, ``limit``, ``recognised``, …), the least and the
    greatest amount, a unit, the window (in words), a further text.
    """

    applies: bool
    strict: Fraction
    generous: Fraction
    kind: str
    least: Limit = None
    most: Limit = None
    unit: str = ""
    window: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A situation in which two statements differ, or both apply, or one applies.

    ``asked``: the facts that decide it, in the order in which they are told: field ids, missing ones included.
    ``timed``: whether the year is one of them. ``story``: what is told instead of facts, where more
    than one record is needed. ``apart``: it shows only with hours that all lie in one year of a
    longer window.
    """

    situation: Situation
    asked: tuple[str, ...]
    old: Given
    new: Given | None = None
    timed: bool = False
    apart: bool = False
    story: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """No answer within the bound; ``why`` is a sentence for people."""

    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How ``new`` compares with ``old``.

    ``permitted``: whether new is at least as strict as the most generous reading of old, which is what ``raise-only``
    asks (None: undecided). ``laxer``/``stricter``: a situation in which it is. ``why``: an aspect that no situation
    shows.
    """

    relation: Relation
    permitted: bool | None
    laxer: Witness | None = None
    stricter: Witness | None = None
    why: str = ""
