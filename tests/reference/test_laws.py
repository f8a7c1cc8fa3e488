"""Laws that hold of every result, whatever the policy and the records: sums, order, caps, more hours."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.engines.reference import evaluate
from policyengine.language import tree
from policyengine.records.model import Inputs, Person, Record
from policyengine.trace import Decision, Finding, LedgerEntry, Result
from tests.build import F, inputs, plan, record, somebody
from tests.generate import Case, case, settled_fields
from tests.generate_people import people

SEEDS = st.integers(0, 2**32)
ORDER = {"not_met": 0, "undetermined": 1, "in_progress": 1, "excused": 1, "met": 2}


def result_of(c: Case) -> Result:
    return evaluate(c.plan, c.inputs, c.periods, c.as_of)


# --- sums -------------------------------------------------------------------------------------------------------------


def periods_of(label: str) -> range:
    first, _, last = label.partition("..")
    return range(int(first), int(last or first) + 1)


def sums(entries: Iterable[LedgerEntry]) -> dict[tuple[str, int], tuple[Fraction, Fraction]]:
    """(Person, period) → sums of the low and high counted hours; a high without bound is as good as a million."""
    found: dict[tuple[str, int], tuple[Fraction, Fraction]] = defaultdict(lambda: (F(0), F(0)))
    for e in entries:
        if e.period is not None:
            low, high = found[e.person_id, int(e.period)]
            found[e.person_id, int(e.period)] = (
                low + e.counted,
                high + (F(10**6) if e.counted_high is None else e.counted_high),
            )
    return found


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_ledger_rows_sum_to_findings_and_findings_imply_decisions(seed: int) -> None:
    c = case(seed)
    result = result_of(c)
    counted = sums(result.ledger)
    for d in result.decisions:
        years = [y for y in periods_of(d.period) if c.periods[0] <= y <= c.periods[1]]
        if len(years) < len(periods_of(d.period)):
            continue  # a block that reaches beyond what was asked
        low = sum((counted[d.person_id, y][0] for y in years), F(0))
        high = sum((counted[d.person_id, y][1] for y in years), F(0))
        assert low <= d.total
        assert d.total_high is None or d.total_high <= high or high >= 10**6
        if c.complete and low == high:
            assert d.total == d.total_high == low
        assert sum(d.by_subject.values(), F(0)) <= (d.total if d.total_high is None else d.total_high)
        found = [f for f in result.findings if (f.person_id, f.period) == (d.person_id, d.period)]
        for f in found:
            if f.measure == "total" and f.window[0].year == years[0] and f.comparison == ">=" and _same_window(f, d):
                assert f.achieved - f.carried == d.total
        assert outcome_implied([f.status for f in found if not f.advisory]) in (d.outcome, None)
        assert d.advisories == tuple(f.rule for f in found if f.advisory and f.status == "not_met")


def _same_window(f: Finding, d: Decision) -> bool:
    years = periods_of(d.period)
    return (f.window[1] - f.window[0]).days in range(len(years) * 365 - 1, len(years) * 366 + 1) and not f.missing


def outcome_implied(statuses: list[str]) -> str | None:
    """The outcome that the statuses of the firm findings leave no choice about."""
    for status in ("not_met", "undetermined", "in_progress", "excused", "met"):
        if status in statuses:
            several = status in ("undetermined", "in_progress") and "excused" in statuses
            return None if several else status
    return "met"


def of_the_counted(figure: tree.Figure) -> bool:
    """Whether it is a share of what was counted, which grows until the window ends."""
    return isinstance(figure, tree.Share) and not figure.of_requirement


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_status_follows_from_its_figures(seed: int) -> None:
    made = case(seed)
    waits = {r.key for r in made.plan.require if any(of_the_counted(s.figure) for s in r.statements)}
    for f in result_of(made).findings:
        high = F(10**30) if f.achieved_high is None else f.achieved_high
        required, required_high = f.required, F(10**30) if f.required_high is None else f.required_high
        assert required is not None
        assert f.achieved <= high
        assert required <= required_high
        least = f.comparison == ">="
        surely = f.achieved >= required_high if least else high <= required
        never = high < required if least else f.achieved > required_high
        assert f.status != "met" or surely
        assert f.status != "not_met" or never
        assert not (least and surely) or f.status == "met" or (f.status == "in_progress" and f.rule in waits)
        assert f.shortfall >= 0
        assert (f.shortfall == 0) if f.status == "met" else True


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_nothing_counts_for_more_than_it_is_worth(seed: int) -> None:
    c = case(seed)
    for e in result_of(c).ledger:
        assert 0 <= e.counted <= e.converted
        assert e.counted_high is None or e.counted <= e.counted_high
        assert e.converted_high is None or (e.counted_high is not None and e.counted_high <= e.converted_high)
        if e.reason in ("rejected", "not_recognised", "duplicate", "no_conversion", "no_exchange", "outside_period"):
            assert (e.counted, e.counted_high) == (0, 0)
        if e.reason == "counted":
            assert e.counted == e.converted == e.converted_high
        if e.reason == "capped":
            assert e.cap_rule


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_every_record_is_in_the_ledger_once_a_period_and_every_person_decided(seed: int) -> None:
    c = case(seed)
    result = result_of(c)
    assert {e.record_id for e in result.ledger} == {r.record_id for r in c.inputs.records}
    assert len({(e.record_id, e.period) for e in result.ledger}) == len(result.ledger)
    decided = [(d.person_id, d.period) for d in result.decisions]
    assert len(set(decided)) == len(decided)
    years = [p for p in decided if ".." not in p[1]]
    expected = {(n, str(y)) for n in c.inputs.persons for y in range(c.periods[0], c.periods[1] + 1)}
    assert set(years) in (expected, set())


# --- what never matters -----------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_order_of_records_is_irrelevant(seed: int) -> None:
    c = case(seed)
    shuffled = list(c.inputs.records)
    Random(seed + 1).shuffle(shuffled)
    again = dataclasses.replace(c.inputs, records=tuple(shuffled))
    assert evaluate(c.plan, again, c.periods, c.as_of) == result_of(c)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_splitting_the_records_by_person_changes_nothing(seed: int) -> None:
    c = case(seed)
    parts = [evaluate(c.plan, only(c.inputs, name), c.periods, c.as_of) for name in sorted(c.inputs.persons)]
    for table in ("decisions", "findings", "ledger", "flags"):
        together = tuple(row for part in parts for row in getattr(part, table))
        assert together == getattr(result_of(c), table)


def only(given: Inputs, name: str) -> Inputs:
    records = tuple(r for r in given.records if r.person_id == name)
    return dataclasses.replace(given, records=records, persons={name: given.persons[name]}, rows=len(records))


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_what_else_is_asked_changes_no_decision(seed: int) -> None:
    c = case(seed)
    wide = evaluate(c.plan, c.inputs, (c.periods[0] - 1, c.periods[1] + 2), c.as_of)
    known = {(d.person_id, d.period): d for d in wide.decisions}
    for d in result_of(c).decisions:
        assert known[d.person_id, d.period] == d


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_without_a_day_periods_have_ended(seed: int) -> None:
    c = case(seed)
    ended = evaluate(c.plan, c.inputs, c.periods)
    assert all(d.outcome != "in_progress" for d in ended.decisions)
    assert evaluate(c.plan, c.inputs, c.periods, date(2090, 1, 1)) == ended


# --- caps -------------------------------------------------------------------------------------------------------------

BASE = ["recognise records", "convert training, lecture, self_study, paper, workshop at stated hours"]
JOINED = date(2016, 3, 1)
WINDOWS: list[tuple[str, Callable[[LedgerEntry, Record], Iterable[object]]]] = [
    ("per activity", lambda e, r: [e.record_id]),
    ("per year", lambda e, r: [e.period]),
    ("per project", lambda e, r: [(e.period, r.facts["project"])]),
    ("per 2 years starting 2016", lambda e, r: [(int(e.period or 0) - 2016) // 2] if e.period != "2015" else []),
    ("per 3 years starting 2015", lambda e, r: [(int(e.period or 0) - 2015) // 3]),
    ("in any 3 years", lambda e, r: [int(e.period or 0) + n for n in range(3)]),
    ("within 7 months of joined", lambda e, r: ["in"] if JOINED <= r.end <= date(2016, 9, 30) else []),
]


@pytest.mark.parametrize(("window", "groups"), WINDOWS)
@given(seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_no_window_holds_more_than_its_cap(
    window: str, groups: Callable[[LedgerEntry, Record], Iterable[object]], seed: int
) -> None:
    rng = Random(seed)
    made = plan(*BASE, f"cap records at 9 hours {window}")
    given_ = [r for r in records(rng) if window != "per project" or "project" in r.facts]
    result = evaluate(made, inputs(given_, [somebody(joined=JOINED)]), (2015, 2018))
    by_id = {r.record_id: r for r in given_}
    held: dict[object, Fraction] = defaultdict(lambda: F(0))
    wanted: dict[object, Fraction] = defaultdict(lambda: F(0))
    for e in result.ledger:
        for group in groups(e, by_id[e.record_id]):
            held[group] += e.counted
            wanted[group] += e.converted
    assert all(hours <= 9 for hours in held.values())
    if window != "in any 3 years":  # where windows share no records nothing is cut without need
        assert all(held[g] == min(wanted[g], 9) for g in held)


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_hours_fit_on_their_days(seed: int) -> None:
    """A cap per day: the counted hours can be laid on the records' days with at most so many on each."""
    rng = Random(seed)
    given_ = records(rng, months=1)
    result = evaluate(plan(*BASE, "cap records at 5 hours per day"), inputs(given_), (2015, 2018))
    counted = {e.record_id: e.counted for e in result.ledger}
    assert laid_out([(r.start, r.end, counted[r.record_id]) for r in given_], F(5))
    for r in given_:  # and no record could have more
        more = {**counted, r.record_id: counted[r.record_id] + F(1, 10)}
        worth = next(e.converted for e in result.ledger if e.record_id == r.record_id)
        if more[r.record_id] <= worth:
            assert not laid_out([(o.start, o.end, more[o.record_id]) for o in given_], F(5))


def laid_out(spans: list[tuple[date, date, Fraction]], most: Fraction) -> bool:
    """Earliest deadline first fills every day as well as can be."""
    left = {n: hours for n, (_, _, hours) in enumerate(spans)}
    day = min((a for a, _, _ in spans), default=date(2016, 1, 1))
    last = max((b for _, b, _ in spans), default=day)
    while day <= last:
        room = most
        for n in sorted(left, key=lambda n: spans[n][1]):
            if spans[n][0] <= day <= spans[n][1]:
                used = min(room, left[n])
                left[n], room = left[n] - used, room - used
        day = date.fromordinal(day.toordinal() + 1)
    return all(hours == 0 for hours in left.values())


def records(rng: Random, months: int = 9) -> list[Record]:
    rows = []
    for number in range(rng.randint(1, 9)):
        year = rng.choice((2015, 2016, 2016, 2017, 2018)) if months > 1 else 2016
        end = date(year, rng.randint(1, months), rng.randint(1, 9))
        start = date.fromordinal(end.toordinal() - rng.choice((0, 0, 1, 3)))
        facts = {"project": rng.choice("XY")} if rng.random() < 0.7 else {}
        facts["subject"] = rng.choice(("public", "professional"))
        form = rng.choice(("training", "lecture", "self_study"))
        rows.append(record(f"R{number}", str(end), form, rng.randint(0, 12), "hours", start=str(start), **facts))
    return rows


# --- more hours -------------------------------------------------------------------------------------------------------

NESTED = [
    "cap self_study at 8 hours per activity", "cap self_study at 14 hours per year",
    "cap self_study, paper at 20 hours per year", "cap records at 40 hours per year",
]  # fmt: skip


@given(seed=SEEDS)
@settings(max_examples=80, deadline=None)
def test_more_recognised_hours_never_lower_a_total_or_an_outcome(seed: int) -> None:
    rng = Random(seed)
    caps = rng.sample(NESTED, rng.randint(0, 3))
    carry = ["carry excess over r3 up to 10 hours to the next year"] if rng.random() < 0.5 else []
    made = plan(*BASE, "require total at least 22 hours per year", *carry, *caps)
    given_ = records(rng)
    more = list(given_)
    if rng.random() < 0.5:
        number = rng.randrange(len(more))
        old = more[number]
        assert old.quantity is not None
        more[number] = dataclasses.replace(old, quantity=old.quantity + rng.randint(1, 9))
    else:
        more.append(record("R99", str(rng.choice(given_).end), rng.choice(("paper", "self_study")), 7, "hours"))
    before, after = (evaluate(made, inputs(rows), (2015, 2018)).decisions for rows in (given_, more))
    for old_, new in zip(before, after, strict=True):
        assert old_.total <= new.total
        assert ORDER[old_.outcome] <= ORDER[new.outcome]


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_more_is_known_the_narrower_are_the_bounds(seed: int) -> None:
    """A fact that becomes known never makes a decided outcome another one."""
    c = case(seed)
    before = result_of(c).decisions
    rng = Random(seed)
    full = {k: v for r in people(rng, True, 1, (3, 3)).records for k, v in r.facts.items()}
    fixed = settled_fields(c.plan)
    learnt = tuple(
        dataclasses.replace(r, facts={**{k: v for k, v in full.items() if k not in fixed}, **r.facts})
        for r in c.inputs.records
    )
    after = evaluate(c.plan, dataclasses.replace(c.inputs, records=learnt), c.periods, c.as_of).decisions
    for old, new in zip(before, after, strict=True):
        if old.outcome in ("met", "not_met", "excused"):
            assert new.outcome == old.outcome


# --- carry ------------------------------------------------------------------------------------------------------------


@given(seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_what_is_carried_is_the_years_own_excess(seed: int) -> None:
    rng = Random(seed)
    limit = rng.choice((None, 4))
    most = f"up to {limit} hours " if limit else ""
    made = plan(*BASE, "require total at least 10 hours per year", f"carry excess over r3 {most}to the next year",
                "reduce r3 by 1/12 per full month of leave")  # fmt: skip
    ill = somebody("P", ("illness", "2016-03-01", f"2016-0{rng.randint(3, 6)}-30"))
    result = evaluate(made, inputs(records(rng), [ill]), (2014, 2019))
    own = {int(d.period): d.total for d in result.decisions}
    for f in result.findings:
        year = int(f.period)
        if year > 2014:
            before = next(g for g in result.findings if g.period == str(year - 1))
            assert before.required is not None
            excess = max(F(0), own[year - 1] - before.required)
            assert f.carried == (excess if limit is None else min(excess, F(limit)))
            assert f.achieved == own[year] + f.carried


def test_a_plan_knows_all_its_rules() -> None:
    c = case(3)
    kinds = {type(r.statement) for r in c.plan.rules()}
    assert tree.Recognise in kinds
    assert isinstance(c.inputs.persons["P1"], Person)
