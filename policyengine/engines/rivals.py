"""Which records may repeat each other under ``count once``, and which of them counts. One person's members go in.

A record's group depends on its values only, and is made of few parts (``alike.py``). What is asked of a part is worked
out once: no record is compared with all others of its group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from heapq import nsmallest

from policyengine.engines.alike import Alike, PartKey, Values, filled
from policyengine.engines.facts import Truth
from policyengine.engines.numbers import ZERO, Amount, Number
from policyengine.engines.ready import Ready
from policyengine.light import dataclass

Preference = tuple[Number, int]
"""What sorts a group: the first counts. No two records have the same."""


@dataclass(frozen=True, slots=True)
class Member:
    """A record that belongs to ``count once`` (None: perhaps), by which version, what is compared, and its hours;
    ``least``: what these are at least if it counts."""

    rule: Ready
    truth: Truth
    values: Values
    amount: Amount
    least: Number


@dataclass(frozen=True, slots=True)
class Part:
    """Records of a group, by position. ``first``: the two that come first, each as early as it may; ``sure``: the first
    of those that surely belong and are surely recognised, each as late as it may."""

    positions: list[int]
    first: list[Preference]
    sure: Preference | None


@dataclass(frozen=True, slots=True)
class Group:
    """Records that have some values (``equal``) or may have them. ``first``: as of a part. ``known``: by place the
    values there, as far as they were asked for."""

    parts: list[Part]
    equal: Part | None
    first: list[Preference]
    known: dict[int, frozenset[object]] = field(default_factory=dict)

    @property
    def positions(self) -> Iterator[int]:
        return (p for part in self.parts for p in part.positions)


class Rivals:
    """The groups of one rule's members, which are by position."""

    def __init__(self, taking: str, members: Mapping[int, Member]):
        self._taking, self._members = taking, members
        self._alike: Alike[int] = Alike()
        for position, member in members.items():
            self._alike.add(position, member.values)
        self._parts: dict[PartKey, Part] = {}
        self._groups: dict[Values, Group | None] = {}

    def group(self, values: Values) -> Group | None:
        """The members that have a member's values, or may have them; None where there is no other."""
        if values not in self._groups:
            found = list(self._alike.parts(values))
            alone = len(found) == 1 and len(found[0][1]) == 1
            self._groups[values] = None if alone else self._group(values, [self._part(*one) for one in found])
        return self._groups[values]

    def known(self, group: Group, place: int) -> frozenset[object]:
        """The values that members of a group have at a place."""
        if place not in group.known:
            group.known[place] = frozenset(self._members[p].values[place] for p in group.positions) - {None}
        return group.known[place]

    def keeps(self, group: Group, position: int) -> Truth:
        """Whether a record counts beside the others of its group; None: it depends on what is missing."""
        member = self._members[position]
        earliest, latest = self._places(member, position)
        if member.amount[0] > 0 and all(latest < other for other in group.first if other != earliest):
            return True
        sure = None if group.equal is None else group.equal.sure
        return False if member.truth and sure is not None and sure < earliest else None

    def _part(self, key: PartKey, positions: list[int]) -> Part:
        if key not in self._parts:
            each = [(m, self._places(m, p)) for p in positions for m in (self._members[p],)]
            self._parts[key] = Part(
                positions,
                nsmallest(2, (earliest for _, (earliest, _) in each)),
                min((latest for m, (_, latest) in each if m.truth and m.amount[0] > 0), default=None),
            )
        return self._parts[key]

    def _group(self, values: Values, parts: list[Part]) -> Group:
        own = filled(values)
        equal = None if None in values else self._parts[own, own, values]
        return Group(parts, equal, nsmallest(2, (one for p in parts for one in p.first)))

    def _places(self, member: Member, position: int) -> tuple[Preference, Preference]:
        """The earliest and the latest that a record may come."""
        low, high = member.amount
        first, last = (member.least, high) if self._taking == "lowest" else (high, low)
        return self._preference(first, position), self._preference(last, position)

    def _preference(self, amount: Number, position: int) -> Preference:
        match self._taking:
            case "highest":
                return -amount, position
            case "lowest":
                return amount, position
            case "earliest":
                return ZERO, position
        return ZERO, -position  # the latest
