"""Whom a change touches: two sides and records in, the decisions that change with their reasons out.

Both sides judge the same inputs; a person-period whose decision differs is a ``Shift``. Applying the shifts to the
old decisions gives the new ones (``apply``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from policyengine.light import dataclass
from policyengine.records.model import Inputs, Person
from policyengine.tools.evaluate import Files, judge_all, read_files
from policyengine.tools.select import Selector, load_law
from policyengine.trace import Decision, Finding, Result

Key = tuple[str, str]  # person, period
BETTER = {"not_met": 0, "undetermined": 1, "in_progress": 2, "excused": 3, "met": 4}


@dataclass(frozen=True, slots=True)
class Shift:
    """One decision that differs. ``old``/``new`` None: only the other side decides it. ``rules``: of findings that
    differ.

    ``group``: the person's sector, region and employer, as far as they are known.
    """

    person_id: str
    period: str
    old: Decision | None
    new: Decision | None
    rules: tuple[str, ...]
    group: Mapping[str, str]

    @property
    def direction(self) -> str:
        """``gains`` or ``loses`` where the outcome changes, ``figures`` where only figures do."""
        if self.old is None or self.new is None or self.old.outcome == self.new.outcome:
            return "figures"
        return "gains" if BETTER[self.new.outcome] > BETTER[self.old.outcome] else "loses"


@dataclass(frozen=True)
class Impact:
    """``shifts`` by person and period; ``decisions``: how many were compared; ``nearest``: undecided by a little."""

    shifts: tuple[Shift, ...]
    decisions: int
    persons: int
    nearest: tuple[Decision, ...]

    def counted(self, by: str) -> list[tuple[str, int, int]]:
        """(value, losing, gaining) by ``sector``, ``region``, ``employer`` or ``rule``; the most touched first."""
        loses: Counter[str] = Counter()
        gains: Counter[str] = Counter()
        for shift in self.shifts:
            into = {"loses": loses, "gains": gains}.get(shift.direction)
            if into is not None:
                for value in shift.rules if by == "rule" else (shift.group.get(by, ""),):
                    into[value] += 1
        rows = [(v, loses[v], gains[v]) for v in {*loses, *gains}]
        return sorted(rows, key=lambda r: (-(r[1] + r[2]), r[0]))


def impact_of(
    old: Path, new: Path, files: Files, periods: tuple[int, int] | None = None, as_of: date | None = None
) -> Impact:
    """Judge by both sides. Raises ``PolicyError`` where a side or a file can't be used."""
    before, after = Selector(load_law(old)), Selector(load_law(new))
    inputs, _ = read_files(before.law, files)
    again, _ = read_files(after.law, files)
    return compared(judge_all(before, inputs, periods, as_of), judge_all(after, again, periods, as_of), again)


def compared(old: Result, new: Result, inputs: Inputs) -> Impact:
    """The shifts between two results about the same people."""
    before, after = _by_key(old.decisions), _by_key(new.decisions)
    was, now = _findings(old.findings), _findings(new.findings)
    shifts = [
        Shift(
            key[0],
            key[1],
            before.get(key),
            after.get(key),
            _changed(was.get(key, ()), now.get(key, ())),
            _group(inputs.persons.get(key[0])),
        )
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]
    near = sorted(
        (d for d in new.decisions if d.outcome == "not_met" and d.shortfall_total),
        key=lambda d: (d.shortfall_total or Fraction(0), d.person_id, d.period),
    )
    persons = len({k[0] for k in {*before, *after}})
    return Impact(tuple(shifts), len({*before, *after}), persons, tuple(near[:10]))


def apply(old: Sequence[Decision], impact: Impact) -> list[Decision]:
    """The new decisions: the old ones with the shifts applied."""
    result = _by_key(old)
    for shift in impact.shifts:
        result.pop((shift.person_id, shift.period), None)
        if shift.new is not None:
            result[shift.person_id, shift.period] = shift.new
    return [result[key] for key in sorted(result)]


def _by_key(decisions: Iterable[Decision]) -> dict[Key, Decision]:
    return {(d.person_id, d.period): d for d in decisions}


def _findings(findings: Iterable[Finding]) -> dict[Key, tuple[Finding, ...]]:
    found: dict[Key, list[Finding]] = {}
    for f in findings:
        found.setdefault((f.person_id, f.period), []).append(f)
    return {k: tuple(v) for k, v in found.items()}


def _changed(old: Sequence[Finding], new: Sequence[Finding]) -> tuple[str, ...]:
    """The rules whose finding differs, by name (without version)."""
    one = {f.rule.split("@")[0]: (f.required, f.achieved, f.achieved_high, f.status) for f in old}
    other = {f.rule.split("@")[0]: (f.required, f.achieved, f.achieved_high, f.status) for f in new}
    return tuple(sorted(n for n in {*one, *other} if one.get(n) != other.get(n)))


def _group(person: Person | None) -> dict[str, str]:
    facts = person.facts if person else {}
    return {n: str(facts[n]) for n in ("sector", "region", "employer") if n in facts}
