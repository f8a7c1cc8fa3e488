"""A person's case tried with other records: changed or added ones go in, the findings of one period come out.

What was judged once is not judged again, so that a trial costs a fraction of an evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from policyengine.engines.allocate import Account, account
from policyengine.engines.calendar import labelled, period_of
from policyengine.engines.judge import Judged
from policyengine.engines.reference import Prepared
from policyengine.engines.require import Requirements, Span
from policyengine.engines.totals import Totals
from policyengine.light import dataclass
from policyengine.records.model import Person, Record
from policyengine.tools.explain.case import of_period
from policyengine.trace import Decision, Finding, Result


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial came to: findings by rule key; what each record counts at least in the years of their windows, and
    the caps that cut it, by its id."""

    findings: Mapping[str, Finding]
    counted: Mapping[str, Fraction]
    cut_by: Mapping[str, tuple[str, ...]]


def without_records(prepared: Prepared, person: Person) -> Requirements:
    """What is required of somebody, whatever records there are."""
    return Requirements(prepared.later, person, Totals(prepared.later, Account([], [], [], {}, {}, True, True)), None)


def spared_rules(prepared: Prepared, person: Person, decision: Decision) -> frozenset[str]:
    """The rules that require what is excused if it is not met, whatever records there are."""
    first, last = labelled(decision.period)
    return frozenset(without_records(prepared, person).spared(Span(first, last - first + 1)))


class Situation:
    """One person's case as it is, ready to be tried with other records."""

    def __init__(
        self,
        prepared: Prepared,
        person: Person,
        records: Sequence[Record],
        decision: Decision,
        result: Result,
        as_of: date | None,
    ):
        self.prepared, self.person, self.records = prepared, person, records
        self.decision, self.result, self.as_of = decision, result, as_of
        self.asked = labelled(decision.period)
        self.spared = spared_rules(prepared, person, decision)
        start = prepared.plan.year_start
        ends = [period_of(day, start) for f in of_period(decision, result.findings) for day in f.window]
        self._counts_in = min(ends, default=self.asked[0]), max(ends, default=self.asked[1])
        self._judged: dict[str, Judged] = {}

    def judge(self, record: Record) -> Judged:
        """Stages 1 to 3 of one record."""
        return self.prepared.judge.judge(record, self.person)

    def tried(self, changed: Iterable[Record] = (), added: Iterable[Record] = ()) -> Tried:
        """The case with some records changed and others added."""
        new = {r.record_id: r for r in changed}
        own = [self._known(r) for r in self.records if r.record_id not in new]
        judged = [*own, *(self.judge(r) for r in (*new.values(), *added))]
        judged.sort(key=lambda j: (j.record.end, j.record.record_id))
        later = self.prepared.later
        booked = account(self.prepared.judge, later.once, later.caps, self.person, judged, later.exact)
        requirements = Requirements(later, self.person, Totals(later, booked), None)  # as if nothing else came
        span = Span(self.asked[0], self.asked[1] - self.asked[0] + 1)
        counted: dict[str, Fraction] = {}
        cut_by: dict[str, tuple[str, ...]] = {}
        first, last = self._counts_in
        for item in booked.items:
            name = judged[item.position].record.record_id
            if first <= item.period <= last:
                counted[name] = counted.get(name, Fraction(0)) + item.counted_low
                cut_by[name] = (*cut_by.get(name, ()), *item.cut_by)
        return Tried({f.rule: f for f, _ in requirements.findings(span)}, counted, cut_by)

    def _known(self, record: Record) -> Judged:
        if record.record_id not in self._judged:
            self._judged[record.record_id] = self.judge(record)
        return self._judged[record.record_id]
