"""Whom a change touches: two sides and records in, the decisions that change with their reasons out.

Both sides judge the same inputs; a person-period whose row in ``decisions`` differs is a ``Shift``. What a result file
does not say of a decision (which version of a rule decided, what is still open) makes none. Putting the shifts in the
place of the old decisions gives the new ones (``shift_file.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.protocol import Progress
from policyengine.engines.reference import Periods
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.progress import hearer
from policyengine.records.model import Inputs, Person
from policyengine.tools.diff.shift_file import write_shifts
from policyengine.tools.evaluate.evaluate import Files, is_large, judge_all, read_files, schema_for
from policyengine.tools.evaluate.select import Selector, load_law
from policyengine.tools.result.tables import Shape, decision_row, shape_of
from policyengine.trace import Decision, Finding, Result

Key = tuple[str, str]  # person, period
JUDGING = {"old": ("judging by OLD", "按旧方评定"), "new": ("judging by NEW", "按新方评定")}
BETTER = ("not_met", "undetermined", "in_progress", "excused", "met")  # from worst to best for the person
GROUPS = ("sector", "region", "employer")  # facts of people by which shifts are counted
EXAMPLES = 500  # shifts of each direction that are held and told one by one where there are many people


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is told of a decision where decisions themselves stay in files. Figures are in the policy's unit."""

    outcome: str
    unit: str
    total: Fraction
    required_total: Fraction | None
    shortfall_total: Fraction | None
    capped_off: Fraction = Fraction(0)
    person_id: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """One decision that differs. ``old``/``new`` None: only the other side decides it.

    ``rules``: of findings that differ; where the outcome does, too, not of those in which both sides only expect
    something, since they change none.

    ``group``: the person's sector, region and employer, as far as they are known.
    """

    person_id: str
    period: str
    old: Decision | Outcome | None
    new: Decision | Outcome | None
    rules: tuple[str, ...]
    group: Mapping[str, str]

    @property
    def direction(self) -> str:
        """``gains`` or ``loses`` where the outcome changes; ``figures`` where only figures, consequences or the policy
        do, or only one side decides."""
        if self.old is None or self.new is None or self.old.outcome == self.new.outcome:
            return "figures"
        return "gains" if BETTER.index(self.new.outcome) > BETTER.index(self.old.outcome) else "loses"


@dataclass(frozen=True)
class Impact:
    """``shifts`` by person and period; ``decisions``: how many were compared; ``nearest``: short by the least.

    Where there are many people ``shifts`` are examples, and ``totals`` (by direction) and ``groups`` count all of them.
    """

    shifts: tuple[Shift, ...]
    decisions: int
    persons: int
    nearest: tuple[Decision | Outcome, ...]
    totals: Mapping[str, int] | None = None
    groups: Mapping[str, tuple[tuple[str, int, int], ...]] | None = None

    @property
    def whole(self) -> bool:
        """Whether ``shifts`` are all there are."""
        return self.totals is None or sum(self.totals.values()) == len(self.shifts)

    def count(self, direction: str) -> int:
        """How many decisions shift that way: ``loses``, ``gains`` or ``figures``."""
        if self.totals is not None:
            return self.totals.get(direction, 0)
        return sum(s.direction == direction for s in self.shifts)

    def counted(self, by: str) -> list[tuple[str, int, int]]:
        """(value, losing, gaining) by ``sector``, ``region``, ``employer`` or ``rule``; the most touched first."""
        if self.groups is not None:
            return list(self.groups.get(by, ()))
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
    old: Path,
    new: Path,
    files: Files,
    periods: Periods | None = None,
    as_of: date | None = None,
    to: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> Impact:
    """Judge by both sides. ``to``: a file for every shift; ``tell``: is told what takes long.

    Raises ``PolicyError`` where a side or a file can't be used. Here alone it is decided which engine judges: the
    compiled one where there is much, and it can.
    """
    before, after = Selector(load_law(old)), Selector(load_law(new))
    if is_large(files):
        from policyengine.engines.compile.probes import Inexpressible
        from policyengine.tools.diff.at_scale import impact_at_scale

        try:
            return impact_at_scale(before, after, files, periods, as_of, to)
        except Inexpressible:
            if tell is not None:
                tell(
                    say(
                        "one of the two sides can only be judged person by person; with so many records this takes a "
                        "while",
                        "其中一方只能逐人评定；记录较多，需要一些时间",
                    )
                )
    return impact_one_by_one(before, after, files, periods, as_of, to)


def impact_one_by_one(
    before: Selector, after: Selector, files: Files, periods: Periods | None, as_of: date | None, to: Path | None
) -> Impact:
    """The same by the reference evaluator."""
    inputs, _ = read_files(before.law, files, checked=False)
    alike = schema_for(before.law, files.mapping, False) == schema_for(after.law, files.mapping, False)
    if not alike:
        read_twice(files)
    again = inputs if alike else read_files(after.law, files, checked=False)[0]
    shape = shape_of((*before.law.plans, *after.law.plans))
    was = judge_all(before, inputs, periods, as_of, judging_by("old"))
    now = judge_all(after, again, periods, as_of, judging_by("new"))
    impact = compared(was, now, again, shape)
    if to is not None:
        write_shifts(impact.shifts, shape, to)
    return impact


def judging_by(side: str) -> Progress | None:
    """What an engine tells while it judges by ``old`` or ``new``; None where nobody hears, so that it asks nothing."""
    hears, stage = hearer(), say(*JUDGING[side])
    return None if hears is None else lambda share, _: hears(share, stage)


def read_twice(files: Files) -> None:
    """Refuse what can't be read a second time, as two laws that read files differently ask (PE709)."""
    if files.once:
        said = say(
            "the two sides read records differently, and standard input can only be read once",
            "两边读取记录的方式不同，而标准输入只能读取一次",
        )
        hint = say("save what it gives to a file and name it", "请把其内容存为文件后指定该文件")
        raise PolicyError([Diagnostic("PE709", said, hint=hint)])


def compared(old: Result, new: Result, inputs: Inputs, shape: Shape) -> Impact:
    """The shifts between two results about the same people. ``shape``: of both laws together."""
    sides = before, after = _by_key(old.decisions), _by_key(new.decisions)
    was, now = _findings(old.findings), _findings(new.findings)
    keys = sorted({*before, *after})
    shifts = [
        Shift(
            *key,
            before.get(key),
            after.get(key),
            _changed(was.get(key, ()), now.get(key, ()), len({side[key].outcome for side in sides if key in side}) > 1),
            _group(inputs.persons.get(key[0])),
        )
        for key in keys
        if _told(before.get(key), shape) != _told(after.get(key), shape)
    ]
    near = sorted(
        (d for d in new.decisions if d.outcome == "not_met" and d.shortfall_total),
        key=lambda d: (d.shortfall_total or Fraction(0), d.person_id, d.period),
    )
    return Impact(tuple(shifts), len(keys), len({person for person, _ in keys}), tuple(near[:10]))


def _told(decision: Decision | None, shape: Shape) -> object:
    """What a result file says of a decision."""
    return None if decision is None else decision_row(decision, shape)


def _by_key(decisions: Iterable[Decision]) -> dict[Key, Decision]:
    return {(d.person_id, d.period): d for d in decisions}


def _findings(findings: Iterable[Finding]) -> dict[Key, tuple[Finding, ...]]:
    found: dict[Key, list[Finding]] = {}
    for f in findings:
        found.setdefault((f.person_id, f.period), []).append(f)
    return {k: tuple(v) for k, v in found.items()}


def _changed(old: Sequence[Finding], new: Sequence[Finding], outcome: bool) -> tuple[str, ...]:
    """The rules whose finding differs, by name (without version), as ``Shift.rules``. ``outcome``: it differs, too."""
    one, other = _by_rule(old), _by_rule(new)
    told = {_name(f) for f in (*old, *new) if not (outcome and f.advisory)}
    return tuple(sorted(n for n in told if one.get(n) != other.get(n)))


def _by_rule(findings: Sequence[Finding]) -> dict[str, set[object]]:
    """What each rule finds, whatever its version."""
    found: dict[str, set[object]] = {}
    for f in findings:
        found.setdefault(_name(f), set()).add((f.required, f.achieved, f.achieved_high, f.status))
    return found


def _name(finding: Finding) -> str:
    return finding.rule.split("@")[0]


def _group(person: Person | None) -> dict[str, str]:
    facts = person.facts if person else {}
    return {n: str(facts[n]) for n in GROUPS if n in facts}
