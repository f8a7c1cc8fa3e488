"""Stage 8, conclude: a person's findings go in, decisions and what follows from them come out.

Outcomes of earlier periods are worked out when a condition asks for them, once.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from itertools import product
from math import prod

from policyengine.engines.allocate import Account
from policyengine.engines.calendar import label
from policyengine.engines.facts import DECIDED, Scene, Truth
from policyengine.engines.later import Later
from policyengine.engines.numbers import Number, add_up
from policyengine.engines.ready import Ready
from policyengine.engines.require import Requirements, Span
from policyengine.engines.totals import Totals
from policyengine.engines.truth import Cycle
from policyengine.light import dataclass
from policyengine.records.model import Person
from policyengine.trace import Decision, Finding

Named = tuple[str, str]
"""A consequence: its name and its rule's key."""


MET = frozenset(("met",))
MOST_WAYS = 64
"""In how many ways the requirements that a conclusion names may come out for each of them to be looked at."""


@dataclass(frozen=True, slots=True)
class Held:
    """The findings of a period as conclusions see them. ``named``: of the requirements that some conclusion names, the
    name of each, whether it is advisory, and the outcomes that are possible for it; ``rest``: those of the period as
    far as all others decide it."""

    named: tuple[tuple[str, bool, frozenset[str]], ...]
    rest: frozenset[str]


class Case:
    """One person's findings and decisions, computed as they are asked for."""

    def __init__(self, later: Later, person: Person, account: Account, as_of: date | None):
        self.later, self.person, self.account, self.as_of = later, person, account, as_of
        self.totals = Totals(later, account)
        self.requirements = Requirements(later, person, self.totals, as_of)
        self._found: dict[tuple[int, int], list[tuple[Finding, frozenset[str]]]] = {}

    def decide(self, span: Span) -> tuple[Decision, tuple[Finding, ...]]:
        """The decision about a year or a block of years, with its findings."""
        stretch = self.later.stretch(span.first, span.years)
        findings = tuple(f for f, _ in self._findings(span))
        outcome = self._outcome(self.possible(span), findings)
        sure, perhaps = self._consequences(span, self._held(span))
        total = self.totals.of("total", stretch)
        shown, subjects = self.later.shown, self.later.subjects
        owed = _owed(findings, stretch.days, self.requirements.adrift(span))
        own = of_this_period(self.later, span, findings)
        return Decision(
            person_id=self.person.person_id,
            period=label(span.first, span.years),
            policy=self.later.plan.policy,
            outcome=outcome,
            unit=self.later.plan.unit,
            total=shown.exact(total[0]),
            total_high=shown.high(total[1]),
            by_subject={s: shown.exact(self.totals.of(s, stretch)[0]) for s in subjects},
            required_total=owed["total"].required if "total" in owed else None,
            shortfall_total=owed["total"].shortfall if "total" in owed else None,
            required_by_subject={s: r for s in subjects if s in owed and (r := owed[s].required) is not None},
            shortfall_by_subject={s: owed[s].shortfall for s in subjects if s in owed},
            capped_off=shown.exact(self._capped_off(span)),
            advisories=tuple(f.rule for f in findings if f.advisory and f.status == "not_met"),
            consequences=tuple(n for n, _ in sure),
            consequence_rules=tuple(k for _, k in sure),
            possible=tuple(n for n, _ in perhaps),
            measures={m: shown.exact(self.totals.of(m, stretch, m in own)[0]) for m in self.later.measure_names},
            days_left=(stretch.days[1] - self.as_of).days if outcome == "in_progress" and self.as_of else None,
            missing=_missing(findings) if outcome == "undetermined" else (),
        ), findings

    def possible(self, span: Span) -> frozenset[str]:
        """The outcomes that are possible for a period: met, not_met, excused. One, where it is decided."""
        return together(possible for f, possible in self._findings(span) if not f.advisory)

    def _held(self, span: Span) -> Held:
        asked = self.later.asked
        if not asked:
            return Held((), self.possible(span))
        names = {rule.key: rule.rule.name for rule in self.later.require if rule.rule.name in asked}
        found = self._findings(span)
        return Held(
            tuple((names[f.rule], f.advisory, possible) for f, possible in found if f.rule in names),
            together(possible for f, possible in found if not f.advisory and f.rule not in names),
        )

    def _findings(self, span: Span) -> list[tuple[Finding, frozenset[str]]]:
        asked = (span.first, span.years)
        found = self._found.get(asked)
        if found is None:
            found = self._found[asked] = list(self.requirements.findings(span))
        return found

    @staticmethod
    def _outcome(possible: frozenset[str], findings: tuple[Finding, ...]) -> str:
        if len(possible) == 1:
            return next(iter(possible))
        firm = {f.status for f in findings if not f.advisory}
        return "undetermined" if "undetermined" in firm else "in_progress"

    def _capped_off(self, span: Span) -> Number:
        return add_up(
            item.low - item.counted_low
            for item in self.account.items
            if item.cut_by and span.first <= item.period <= span.last
        )

    def _consequences(self, span: Span, held: Held) -> tuple[list[Named], list[Named]]:
        """Conclusions that hold whatever of what is possible comes out, and those that hold for some of it."""
        sure: list[Named] = []
        perhaps: list[Named] = []
        if not self.later.conclude:
            return sure, perhaps
        scene = self.requirements.scene(span.last, self.later.stretch(span.first, span.years).days)
        for rule, name in self.later.conclusions(span.last):
            drawn = self._drawn(rule, span)
            truths = {False} if drawn is False else self._truths(rule, span, held, scene)
            if truths != {False}:
                (sure if drawn and truths == {True} else perhaps).append((name, rule.key))
        return sure, perhaps

    def _drawn(self, rule: Ready, span: Span) -> Truth:
        """Whether a conclusion belongs to the decision about a period: with it ends a window of each requirement that
        the conclusion names."""
        ends = [self.requirements.ends_with(name, span) for name in sorted(self.later.named(rule))]
        return False if False in ends else None if None in ends else True

    def _truths(self, rule: Ready, span: Span, held: Held, scene: Scene) -> set[Truth]:
        """What a conclusion's condition is, for each way in which the period and the requirements may come out."""
        truths: set[Truth] = set()
        for states, outcomes in _ways(held, self.later.named(rule)):
            scene.requirement = lambda name, year, states=states: self._came_out(span, name, year, states)
            for assumed in outcomes:
                scene.outcome = lambda year, assumed=assumed: self._outcomes(span, year, assumed)
                truths.add(rule.test(scene))
        return truths

    def _outcomes(self, span: Span, year: int | None, assumed: str) -> frozenset[str]:
        """The possible outcomes of a year, given that of the period in question (None, or the year itself)."""
        if year is None or Span(year, 1) == span:
            return frozenset((assumed,))
        decided = year >= 1 and self.later.yearly  # where only blocks are decided, nothing is known of a year
        return self.possible(Span(year, 1)) if decided else frozenset(DECIDED)

    def _came_out(
        self, span: Span, name: str, year: int | None, states: Mapping[str, frozenset[str]]
    ) -> frozenset[str]:
        """The possible outcomes of a requirement in a year or earlier block, given those in the period in question."""
        if isinstance(year, Cycle):
            block = self.later.block_before(name, span.first, span.years, year)
            return MET if block is None else self.required(name, Span(*block))
        if year is None or Span(year, 1) == span:
            return states.get(name, MET)
        decided = year >= 1 and self.later.yearly
        return self.required(name, Span(year, 1)) if decided else frozenset(DECIDED)

    def required(self, name: str, span: Span) -> frozenset[str]:
        """The outcomes that are possible for a requirement in a period: met, where it is not asked."""
        keys = {rule.key for rule in self.later.require if rule.rule.name == name}
        return together(possible for f, possible in self._findings(span) if f.rule in keys)


def together(possible: Iterable[frozenset[str]]) -> frozenset[str]:
    """The outcomes that are possible for several requirements together, given those of each: met, where all may be;
    not met, where one may be; excused, where one may be and all others may be met or excused."""
    every = list(possible)
    outcomes = set()
    if all("met" in one for one in every):
        outcomes.add("met")
    if any("not_met" in one for one in every):
        outcomes.add("not_met")
    if any("excused" in one for one in every) and all(one & {"met", "excused"} for one in every):
        outcomes.add("excused")
    return frozenset(outcomes)


def came_out(findings: Iterable[Finding], keys: Container[str]) -> frozenset[str]:
    """The outcomes that are possible for a requirement, as its findings say, by the keys of its versions."""
    statuses = (f.status for f in findings if f.rule in keys)
    return together(frozenset((s,) if s in DECIDED else DECIDED) for s in statuses)


def _ways(held: Held, names: frozenset[str]) -> Iterator[tuple[dict[str, frozenset[str]], frozenset[str]]]:
    """The outcomes of the requirements that a conclusion names, with those that the period may then have: each way in
    which they may come out, or, where these are too many, all at once."""
    own = [one for one in held.named if one[0] in names]
    rest = together([held.rest, *(one[2] for one in held.named if one[0] not in names and not one[1])])
    single = prod(len(one[2]) for one in own) <= MOST_WAYS
    choices = product(*([frozenset((o,)) for o in sorted(one[2])] if single else [one[2]] for one in own))
    for chosen in choices:
        by_name: dict[str, list[frozenset[str]]] = {}
        for (name, _, _), possible in zip(own, chosen, strict=True):
            by_name.setdefault(name, []).append(possible)
        firm = (possible for (_, advisory, _), possible in zip(own, chosen, strict=True) if not advisory)
        yield {name: together(found) for name, found in by_name.items()}, together([rest, *firm])


def _owed(findings: tuple[Finding, ...], days: tuple[date, date], adrift: Container[str]) -> dict[str, Finding]:
    """For each measure the requirement of the period that a decision shows: a firm one before others, one of the period
    itself before one of ``adrift`` (rules of which it is not known where their window lies), the strictest."""
    owed: dict[str, Finding] = {}
    for f in findings:
        if f.window == days and f.comparison == ">=" and f.required is not None:
            known = owed.get(f.measure)
            if known is None or _rank(f, adrift) > _rank(known, adrift):
                owed[f.measure] = f
    return owed


def _rank(f: Finding, adrift: Container[str]) -> tuple[bool, bool, Fraction]:
    return not f.advisory, f.rule not in adrift, f.required or Fraction(0)


def of_this_period(later: Later, span: Span, findings: Iterable[Finding]) -> frozenset[str]:
    """The measures that a decision shows of this period: those of which all that the period asks is asked so."""
    asked = {rule.key: statement.this_period for rule, statement in later.requirements(span.first, span.years)}
    if True not in asked.values():
        return frozenset()
    days = later.stretch(span.first, span.years).days
    told = {(f.measure, asked[f.rule]) for f in findings if f.window == days}
    return frozenset(measure for measure, own in told if own and (measure, False) not in told)


def _missing(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """What would settle an undetermined decision."""
    return tuple(sorted({m for f in findings if f.status == "undetermined" and not f.advisory for m in f.missing}))
