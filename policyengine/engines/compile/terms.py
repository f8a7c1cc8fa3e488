"""What a person with certain traits is owed, excused and concluded in a period: the reference evaluator, asked once
each.

An exemplar goes in; out come the terms of each finding: which sum it measures, what is required, and for each way in
which the sum may compare (met, not met, open) the status, the outcomes that are possible, and the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from policyengine.engines.allocate import Account
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.conclude import Case, Held, _owed, of_this_period
from policyengine.engines.later import Required, Stretch
from policyengine.engines.numbers import UNBOUNDED, Amount, Number
from policyengine.engines.ready import Ready
from policyengine.engines.require import Requirements, Span
from policyengine.language import tree
from policyengine.records.model import Person
from policyengine.trace import OUTCOMES, Finding

STATES = ("met", "not_met", "undetermined")
MASKS = {"met": 1, "not_met": 2, "excused": 4}
BEYOND = 10 * UNBOUNDED
Before = Mapping[tuple[Span, str | None], frozenset[str]]
"""The outcomes that are possible in earlier years and blocks; those of a requirement in it with its name."""
SumOf = tuple[int, str]
"""A sum of the law by its number (-1: nothing), and over which kind of window it is taken."""


@dataclass(frozen=True, slots=True)
class Ways:
    """A finding's status (place in ``OUTCOMES``), possible outcomes (mask) and words, for one way the sum compares."""

    status: int
    mask: int
    because: tuple[str, ...]
    circumstance: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One finding's terms. ``share``: of a sum that was counted, instead of ``low`` and ``high``. ``adrift``: it is not
    known where its window lies. ``ways``: as the sum is met, not met, open."""

    rule: int
    measured: SumOf
    anchor: int | None
    least: bool
    advisory: bool
    base: Number | None
    before: Number
    low: Number
    high: Number
    share: Fraction | None
    share_of: SumOf | None
    adrift: bool
    ways: tuple[Ways, Ways, Ways]


@dataclass(frozen=True, slots=True)
class CarryTerm:
    """What a period leaves to the next: min(limit, own sum - required), where ``sure``; perhaps nothing where not.
    ``missing``: what would settle it, beside the facts of records."""

    rule: str
    measured: SumOf
    sure: bool
    limit: Number
    low: Number
    high: Number
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """All terms of a span. ``shown``: by measure the finding that the decision shows, or a ``contest``; ``sums``:
    measures by name."""

    terms: tuple[Term, ...]
    carries: tuple[CarryTerm, ...]
    shown: tuple[int, ...]
    sums: tuple[int, ...]


class _Totals:
    """Stands for a person's totals: every sum is the same amount."""

    def __init__(self) -> None:
        self.amount: Amount = (0, 0)

    def of(self, measure: str, stretch: Stretch, this_period: bool = False) -> Amount:
        return self.amount

    def everything(self) -> Amount:
        return self.amount

    def doubts(self, measure: str, stretch: Stretch, this_period: bool = False) -> set[str]:
        return set()


class _Requirements(Requirements):
    """Requirements of a person whose sums are not looked at; nothing is carried into a period."""

    def _carried(self, rule: Ready, period: int) -> tuple[Amount, set[str]]:
        return (0, 0), set()


@dataclass(slots=True)
class Asker:
    """Asks the reference evaluator about exemplars of one law. ``measures``: of which requirements are shown;
    ``anchors``: windows from a date of the person."""

    law: Law
    as_of: date | None
    measures: tuple[str, ...]
    names: tuple[str, ...]
    anchors: Sequence[tree.Within]
    _known: dict[tuple[Any, ...], tuple[Term, Finding]] = field(default_factory=dict)  # by what they rest on

    def owed(self, person: Person, span: Span, carries: bool) -> Owed:
        """The terms of a span. ``carries``: what it leaves to the next period is wanted."""
        later = self.law.prepared.later
        totals: Any = _Totals()
        asked = _Requirements(later, person, totals, self.as_of)
        terms: list[Term] = []
        shown: list[Finding] = []
        for rule, statement in later.requirements(span.first, span.years):
            term = self._term(asked, totals, rule, statement, span)
            if term is not None:
                terms.append(term[0])
                shown.append(term[1])
        leaves = tuple(self._carries(asked, span)) if carries and span.years == 1 else ()
        return Owed(tuple(terms), leaves, self._shown(terms, shown, span), tuple(self._sums(span, shown)))

    def _term(
        self, asked: Requirements, totals: Any, rule: Ready, statement: tree.Require, span: Span
    ) -> tuple[Term, Finding] | None:
        stretch = asked._stretch(statement.window, span)
        if stretch is None:
            return None
        scene = asked._scene(span.last, stretch)
        applies = rule.test(scene)
        if applies is False:
            return None
        share, share_of = self._share(rule, stretch)
        required = Required(None, 0, 0, 0) if share is not None else asked._required(rule, stretch, span.last)
        if required is None:
            return None
        excused = asked._excused(rule, span.last, scene)
        by: tuple[Any, ...] | None = None
        if applies is not None and excused[0] is not None and not stretch.adrift:  # else each lacks facts of their own
            figures = (required.base, required.before, required.low, required.high, required.perhaps_none)
            words = (required.keys, required.circumstances, sorted(required.missing), *excused[1:])
            by = (id(rule), span, stretch.first, stretch.days, figures, excused[0], *map(tuple, words))
            if by in self._known:
                return self._known[by]
        found = []
        for state in STATES:
            totals.amount = _forced(state, statement.comparison == ">=")
            found.append(asked._finding(rule, statement, span, stretch, scene, applies, required))
        first = found[0][0]
        anchor = None
        if isinstance(statement.window, tree.Within) and not stretch.adrift:
            anchor = self.anchors.index(statement.window)
        term = Term(
            rule=next(n for n, r in enumerate(self.law.prepared.later.require) if r is rule),
            measured=(
                self._sum(statement.measure, stretch.last, statement.this_period),
                self._window(statement.window),
            ),
            anchor=anchor,
            least=statement.comparison == ">=",
            advisory=isinstance(statement, tree.Expect),
            base=required.base,
            before=required.before,
            low=required.low,
            high=required.high,
            share=share,
            share_of=share_of,
            adrift=bool(stretch.adrift),
            ways=(_ways(*found[0]), _ways(*found[1]), _ways(*found[2])),
        )
        if by is not None:
            self._known[by] = term, first
        return term, first

    def _share(self, rule: Ready, stretch: Stretch) -> tuple[Fraction | None, SumOf | None]:
        """The share of what was counted that is required; the counted sum decides, so that nothing else may."""
        statements = [r.rule.statement for r in (rule, *rule.kept)]
        figures = [s.figure for s in statements if isinstance(s, tree.Require)]
        shares = [f for f in figures if isinstance(f, tree.Share) and not f.of_requirement]
        if not shares:
            return None, None
        reduced = any(r.rule.statement.rule == rule.rule.name for r in self.law.prepared.later.reduce)  # type: ignore[attr-defined]
        window = statements[0].window  # type: ignore[attr-defined]
        if len(figures) > 1 or reduced or isinstance(window, tree.Within):
            raise Inexpressible("a share of what was counted that is overridden, reduced or anchored")
        whole = self._sum(shares[0].measure, stretch.last, False)
        if whole < 0:  # a share of nothing is nothing
            return Fraction(0), None
        return shares[0].value, (whole, self._window(window))

    @staticmethod
    def _window(window: tree.Window) -> str:
        match window:
            case tree.AnyYears(count=count) if count > 1:
                return f"any{count}"
            case tree.Within():
                return "from"
        return "span"

    def _sum(self, measure: str, period: int, this_period: bool) -> int:
        """The law's sum that is a measure as it was defined in a period; -1: there is no definition then."""
        defined = self.law.prepared.later.measure_in(measure, period)
        if defined is None and self.law.plan.vocabulary.find("measure", measure) is not None and measure != "total":
            return -1
        for number, one in enumerate(self.law.sums):
            if one.measure != measure:
                continue
            if defined is None or (one.rule is defined and one.this_period == this_period):
                return number
        raise KeyError(measure)

    def _sums(self, span: Span, findings: list[Finding]) -> list[int]:
        own = of_this_period(self.law.prepared.later, span, findings)
        return [self._sum(name, span.last, name in own) for name in self.names]

    def _shown(self, terms: list[Term], findings: list[Finding], span: Span) -> tuple[int, ...]:
        """By measure the place of the finding that the decision shows (``conclude._owed``), or a ``contest``; or -1."""
        days = self.law.prepared.later.stretch(span.first, span.years).days
        adrift = {f.rule for f, term in zip(findings, terms, strict=True) if term.adrift}
        owed = _owed(tuple(findings), days, adrift)
        places = []
        for measure in self.measures:
            chosen = owed.get(measure)
            place = -1 if chosen is None else next(i for i, f in enumerate(findings) if f is chosen)
            rivals = [
                i for i, f in enumerate(findings) if f.measure == measure and f.window == days and f.comparison == ">="
            ]
            rivals = [i for i in rivals if not terms[i].advisory] or rivals
            rivals = [i for i in rivals if not terms[i].adrift] or rivals
            if len(rivals) > 1 and any(terms[i].share is not None for i in rivals):
                place = contest(rivals)  # which is stricter depends on what was counted
            places.append(place)
        return tuple(places)

    def _carries(self, asked: Requirements, span: Span) -> list[CarryTerm]:
        """What the span leaves, by the rule it is added to (``Requirements._carried`` of the next period)."""
        later, start = self.law.prepared.later, self.law.plan.year_start
        found: dict[str, CarryTerm] = {}
        stretch = later.stretch(span.first, 1)
        for carry in later.carry:
            statement = carry.rule.statement
            assert isinstance(statement, tree.Carry)
            if statement.rule in found or not carry.governs(span.first, start):
                continue
            before = later.required_yearly(statement.rule, span.first)
            if before is not None and self._share(before, stretch)[0] is not None:
                raise Inexpressible("hours carried over a share of what was counted")
            left = asked.leaving(carry, statement.rule, span.first)
            if left is None:
                continue
            found[statement.rule] = CarryTerm(
                rule=statement.rule,
                measured=(self._sum(left.wanted.measure, span.first, left.wanted.this_period), "span"),
                sure=not left.unsure,
                limit=left.limit,
                low=left.required.low,
                high=left.required.high,
                missing=tuple(sorted(left.lacks)),
            )
        return list(found.values())

    # --- 8. conclude --------------------------------------------------------------------------------------------------

    def concluded(
        self, person: Person, span: Span, held: Held, before: Before
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Consequences that are sure and those that are possible."""
        case = _Case(self.law.prepared.later, person, self.as_of, before)
        sure, perhaps = case._consequences(span, held)
        return tuple(sure), tuple(perhaps)


class _Case(Case):
    """A case whose earlier outcomes are known."""

    def __init__(self, later: Any, person: Person, as_of: date | None, before: Before):
        super().__init__(later, person, Account([], [], [], {}, {}, True, True), as_of)
        self._before = before

    def possible(self, span: Span) -> frozenset[str]:
        return self._before[span, None]

    def required(self, name: str, span: Span) -> frozenset[str]:
        return self._before[span, name]


def _forced(state: str, least: bool) -> Amount:
    """A sum that compares with any requirement in a certain way."""
    more, less = (BEYOND, BEYOND), (-1, -1)
    if state == "undetermined":
        return -1, BEYOND
    return more if (state == "met") == least else less


def _ways(finding: Finding, possible: frozenset[str]) -> Ways:
    mask = sum(MASKS[one] for one in possible)
    return Ways(OUTCOMES.index(finding.status), mask, finding.because, finding.circumstance, finding.missing)


def contest(places: Sequence[int]) -> int:
    """Several findings of which the decision shows the one that requires most: a number below -1."""
    return -sum(1 << (1 + place) for place in places)


def contested(number: int) -> list[int]:
    """The places that ``contest`` was given."""
    return [place for place in range((-number).bit_length()) if -number >> (1 + place) & 1]


def possible_of(mask: int) -> frozenset[str]:
    return frozenset(name for name, bit in MASKS.items() if mask & bit)
