"""Rows of the compiled engine as the words of a trace, for results that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.decided import Decided
from policyengine.engines.compile.periods import Periods
from policyengine.engines.compile.relations import JOINED
from policyengine.engines.compile.run import Evaluation
from policyengine.engines.compile.waits import facts_waited_for
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry, Result

ZERO = Fraction(0)


def ledger_of(evaluation: Evaluation) -> Iterator[LedgerEntry]:
    """The ledger's rows, in no order; ``decide`` comes before."""
    cases = evaluation.cases
    exact, high = figures(cases.ticks)
    words = {number: w for w, number in cases.words.items()}
    column = cases.sources.records.column("quantity")
    unit = column.unit if column else 1
    waited: dict[tuple[str, int | None], tuple[str, ...]] = {}
    if evaluation.accounts.open:
        rows = evaluation.sources.host.rows(facts_waited_for())
        waited = {(record, period): tuple(facts) for record, period, facts in rows}
    for row in evaluation.sources.host.stream(t.select_all("entries")):
        (record, person, period, form, subject, quantity, own, converted, counted, open_converted, open_counted,
         recognise, convert, assign, cap, reason, case) = row  # fmt: skip
        yield LedgerEntry(
            record, person, None if period is None else str(period), form, subject,
            None if quantity is None else Fraction(int(quantity), unit), own,
            exact(converted), high(converted + open_converted), exact(counted), high(counted + open_counted),
            recognise, convert, assign, cap, reason, words[case].missing or waited.get((record, period), ()),
        )  # fmt: skip


def flags_of(evaluation: Evaluation) -> Iterator[FlagEntry]:
    """Compliance flags, in no order."""
    if evaluation.flags is not None:
        query = evaluation.flags.rows()
        lists = {number: names for names, number in evaluation.cases.lists.items()}
        for record, person, flag, rule, text, certain, miss in evaluation.sources.host.stream(query):
            yield FlagEntry(record, person, flag, rule, text, certain, lists[miss])


def decisions_of(evaluation: Evaluation, periods: Periods, one: Decided) -> Iterator[tuple[int, Decision]]:
    """Decisions of one kind of span with the place of the span."""
    later = periods.law.prepared.later
    subjects, names = later.subjects, later.measure_names
    exact, high = figures(evaluation.cases.ticks)
    part, _ = figures(evaluation.cases.ticks * periods.scale)
    query = evaluation.relations.decisions(periods, one)
    columns = t.names_of(query)
    for values in evaluation.sources.host.stream(query):
        row = dict(zip(columns, values, strict=True))
        required = {
            s: part(row[f"required{j}"]) for j, s in enumerate(("", *subjects)) if row[f"required{j}"] is not None
        }
        short = {
            s: part(row[f"shortfall{j}"]) for j, s in enumerate(("", *subjects)) if row[f"required{j}"] is not None
        }
        yield (
            row["place"],
            Decision(
                person_id=row["person_id"],
                period=row["period"],
                policy=periods.law.plan.policy,
                outcome=row["outcome"],
                unit=periods.law.plan.unit,
                total=exact(row["total"]),
                total_high=high(row["total_high"]),
                by_subject={s: exact(row[f"subject{j}"]) for j, s in enumerate(subjects)},
                required_total=required.get(""),
                shortfall_total=short.get(""),
                required_by_subject={s: required[s] for s in subjects if s in required},
                shortfall_by_subject={s: short[s] for s in subjects if s in short},
                capped_off=exact(row["capped_off"]),
                advisories=parts(row["advisories"]),
                consequences=parts(row["consequences"]),
                consequence_rules=parts(row["consequence_rules"]),
                possible=parts(row["possible"]),
                measures={m: exact(row[f"measure{j}"]) for j, m in enumerate(names)},
                days_left=row["days_left"],
                missing=tuple(row["missing"] or ()),
            ),
        )


def findings_of(evaluation: Evaluation, periods: Periods, one: Decided) -> Iterator[tuple[int, int, Finding]]:
    """Findings of one kind of span with the places of the span and the finding."""
    query = evaluation.relations.findings(one)
    if query is None:
        return
    part, high = figures(evaluation.cases.ticks * periods.scale)
    for row in evaluation.sources.host.stream(query):
        (person, place, period, k, rule, measure, comparison, advisory, base, before, required, required_high, achieved,
         achieved_high, carried, shortfall, status, start, end, because, circumstance, missing) = row  # fmt: skip
        yield (
            place,
            k,
            Finding(
                person_id=person,
                period=period,
                policy=periods.law.plan.policy,
                rule=rule,
                measure=measure,
                unit=periods.law.plan.unit,
                comparison=comparison,
                advisory=advisory,
                required_base=None if base is None else part(base),
                required_before=part(before),
                required=part(required),
                required_high=high(required_high),
                achieved=part(achieved),
                achieved_high=high(achieved_high),
                carried=part(carried),
                shortfall=part(shortfall),
                status=status,
                window=(start, end),
                because=parts(because),
                circumstance=circumstance,
                missing=tuple(missing or ()),
            ),
        )


def figures(unit: int) -> tuple[Any, Any]:
    """Functions for whole numbers of 1/``unit``: the exact figure, and that as an upper bound (None: there is none)."""
    known: dict[int, Fraction] = {0: ZERO}

    def exact(count: int) -> Fraction:
        found = known.get(count)
        if found is None:
            found = Fraction(count, unit)
            if len(known) < 100_000:
                known[count] = found
        return found

    return exact, lambda count: None if count >= t.UNLIMITED // 2 else exact(count)


def parts(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(JOINED)) if text else ()


def together(evaluation: Evaluation, others: Sequence[Result]) -> Result:
    """The compiled rows and the results of the persons who were left aside, in the order of the reference's rows."""
    decisions: list[tuple[Any, Decision]] = []
    findings: list[tuple[Any, Finding]] = []
    for periods in evaluation.periods:
        for number, one in enumerate(periods.decided):
            if not one.asked:
                continue
            decisions += [((d.person_id, number, p), d) for p, d in decisions_of(evaluation, periods, one)]
            findings += [((f.person_id, number, p, k), f) for p, k, f in findings_of(evaluation, periods, one)]
    ledger, flags = list(ledger_of(evaluation)), list(flags_of(evaluation))
    for other in others:
        decisions += [((d.person_id, 0, place), d) for place, d in enumerate(other.decisions)]
        findings += [((f.person_id, 0, 0, place), f) for place, f in enumerate(other.findings)]
        ledger += other.ledger
        flags += other.flags
    return Result(
        tuple(d for _, d in sorted(decisions, key=lambda row: row[0])),
        tuple(f for _, f in sorted(findings, key=lambda row: row[0])),
        tuple(sorted(ledger, key=lambda e: (e.person_id, e.record_id, e.period or ""))),
        tuple(sorted(flags, key=lambda f: (f.person_id, f.record_id, f.flag, f.rule))),
    )
