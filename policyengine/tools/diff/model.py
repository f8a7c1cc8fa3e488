"""The words of a comparison: what one revision of the packs says and the other does not, change by change.

A change is about law (a rule in a stretch of days, a table's row, who a pack applies to) or about its presentation (a
rule only reworded, a note). Presentation never changes what anybody owes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from pathlib import Path
from typing import Literal

from policyengine.diagnostics import Diagnostic
from policyengine.light import dataclass
from policyengine.messages import listed
from policyengine.packs.model import Pack, Policy, Rule

Kind = Literal[
    "added", "repealed", "amended", "renamed", "reworded", "cited", "authority", "table", "word", "field",
    "bounds", "scope", "chain", "year", "source", "undecidable", "pack_added", "pack_removed",
    "about",
]  # fmt: skip
How = Literal["", "version", "corrected", "dates"]
Direction = Literal["stricter", "laxer", "neither", "same", "undecided"]
LAW: frozenset[str] = frozenset(
    ("added", "repealed", "amended", "authority", "table", "word", "field", "bounds", "scope", "chain", "year",
     "pack_added", "pack_removed")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``subject``: the rule's name, or what of the pack it is about (``tables/bases``, ``applies``).

    ``start``/``until``: the days from and to which the law differs (None: open). ``old``, ``new``: the rule versions,
    or None; ``before``, ``after``: the texts put side by side. ``direction``: for the person judged. ``witness``: the
    smallest situation that shows it; ``why``: what no situation shows. ``how`` an amendment was made: a new
    ``version`` from a day on, the text of a version ``corrected`` for all of its time, or the ``dates`` of versions
    moved. ``elsewhere``: packs above this one for whose people the direction is another, each with it and why.
    ``twin``: the rule of another pack that says the same, where this one went to or came from.
    """

    kind: Kind
    pack: str
    subject: str
    direction: Direction = "same"
    start: date | None = None
    until: date | None = None
    old: Rule | None = None
    new: Rule | None = None
    before: str = ""
    after: str = ""
    witness: tuple[str, ...] = ()
    why: str = ""
    how: How = ""
    elsewhere: tuple[tuple[str, Direction, str], ...] = ()
    twin: str = ""

    @property
    def is_law(self) -> bool:
        """Whether it changes what is law, and not only how it is written."""
        return self.kind in LAW


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does further down the chain, to a rule of a pack ("": to the pack as a whole).

    ``kind``: ``void`` (an override no longer raises anything), ``exceeds`` (the base now asks more than a sector's
    figure), ``refused`` (no longer allowed), ``ended`` (a delegation that a pack relies on is gone), ``allowed`` (was
    refused before).
    """

    kind: str
    pack: str
    rule: str
    text: str
    problem: Diagnostic | None = None


@dataclass(frozen=True)
class Law:
    """One side. ``packs``: by id, as written; ``chains``: each with those that it extends, base first; ``policies``:
    of the chains that may govern as they stand; ``problems``: what keeps the others from it. ``folder``: what files
    are named from."""

    label: str
    packs: Mapping[str, Pack]
    policies: Mapping[str, Policy]
    chains: Mapping[str, tuple[Pack, ...]] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()
    commit: str | None = None
    folder: Path | None = None
    found_in: Mapping[Diagnostic, tuple[str, ...]] = field(default_factory=dict)

    def under(self, problem: Diagnostic, pack: str) -> str:
        """The packs, other than ``pack`` itself, in whose chains a problem was found."""
        packs = self.found_in.get(problem, ())
        return "" if pack in packs else listed(packs)


def above(old: Law, new: Law, pack: str) -> list[str]:
    """The packs over one, by their chains on the new side, that judge people on both sides."""
    judging = sorted(n for n in new.policies if n != pack and n in old.policies)
    return [n for n in judging if any(p.id == pack for p in new.chains[n])]


@dataclass(frozen=True)
class Comparison:
    """``changes`` in the order base packs first, then by rule and day."""

    old: Law
    new: Law
    changes: tuple[Change, ...]
    effects: tuple[Effect, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.changes and not self.effects
