"""Stage 1 by hand: which records are recognised, rejected, or in need of review, and why."""

from __future__ import annotations

from datetime import date

import pytest

from policyengine.engines import duckdb, reference
from policyengine.records.model import Person
from policyengine.trace import LedgerEntry
from tests.build import governs, inputs, plan, record, rule, run, somebody
from tests.engines.differences import differences

HOURS = "convert training, self_study, paper at stated hours"
FORMS = [
    rule("classes", "recognise training when evidence is present"),
    rule("self-study", "recognise self_study when evidence is present and approved = yes and result = passed"),
    rule("hours", HOURS),
]
BASES = rule("bases", 'reject records when subject = public and provider not in bases because "not a base"')


def judged(*rules: object, person: Person | None = None, **facts: object) -> LedgerEntry:
    made = record("R1", "2016-05-01", facts.pop("form", "training"), 8, "hours", **facts)  # type: ignore[arg-type]
    [entry] = run(plan(*rules), [made], 2016, *([person] if person else [])).ledger  # type: ignore[arg-type]
    return entry


CASES = [
    # facts, reason, deciding rule, low and high that count, what would settle it
    ({"evidence": "c"}, "counted", "classes", 8, 8, ()),
    ({}, "rejected", "classes", 0, 0, ()),  # no proof is no proof, not a missing fact
    ({"form": "lecture", "evidence": "c"}, "not_recognised", "", 0, 0, ()),
    ({"form": None, "evidence": "c"}, "missing_fact", "classes", 0, 8, ("approved", "form", "result")),
    ({"form": None}, "not_recognised", "", 0, 0, ("form",)),  # whatever its form, it has no proof (nor known hours)
    ({"form": "self_study", "evidence": "c", "approved": True, "result": "passed"}, "counted", "self-study", 8, 8, ()),
    ({"form": "self_study", "evidence": "c", "approved": False}, "rejected", "self-study", 0, 0, ()),
    ({"form": "self_study", "evidence": "c", "approved": True}, "missing_fact", "self-study", 0, 8, ("result",)),
    ({"form": "self_study", "evidence": "c"}, "missing_fact", "self-study", 0, 8, ("approved", "result")),
]

REJECTED = [
    # a true reject rejects what was recognised; an unknown one makes it doubtful
    ({"subject": "public", "provider": "Gamma"}, "rejected", "bases", 0, ()),
    ({"subject": "public", "provider": "ALPHA "}, "counted", "classes", 8, ()),
    ({"subject": "public", "provider": "阿尔法"}, "counted", "classes", 8, ()),
    ({"subject": "public"}, "missing_fact", "bases", 8, ("provider",)),
    ({"subject": "professional"}, "counted", "classes", 8, ()),
    ({"provider": "Gamma"}, "missing_fact", "bases", 8, ("subject",)),
    # both in doubt: everything that would settle it, under the first rule's name
    ({"form": "self_study", "subject": "public"}, "missing_fact", "self-study", 8, ("approved", "provider", "result")),
    # Beta is a base from July 2016 on, the record of May 2016
    ({"subject": "public", "provider": "Beta"}, "rejected", "bases", 0, ()),
]


@pytest.mark.parametrize(("facts", "reason", "by", "low", "high", "missing"), CASES)
def test_recognise(
    facts: dict[str, object], reason: str, by: str, low: int, high: int, missing: tuple[str, ...]
) -> None:
    e = judged(*FORMS, **facts)
    assert (e.reason, e.recognise_rule, e.missing) == (reason, f"base/{by}" if by else "", missing)
    assert (e.counted, e.counted_high) == (low, high)


@pytest.mark.parametrize(("facts", "reason", "by", "high", "missing"), REJECTED)
def test_reject(facts: dict[str, object], reason: str, by: str, high: int, missing: tuple[str, ...]) -> None:
    e = judged(*FORMS, BASES, evidence="c", **facts)
    assert (e.reason, e.recognise_rule, e.missing) == (reason, f"base/{by}", missing)
    assert (e.counted, e.counted_high) == (8 if reason == "counted" else 0, high)


def test_a_rule_governs_by_the_records_end_date() -> None:
    made = plan(
        rule("classes", "recognise training when evidence is present", until=2015),
        rule("classes", "recognise training", start=2016),
        HOURS,
    )
    before = record("R1", "2015-12-31", quantity=8, unit="hours")
    after = record("R2", "2016-01-01", quantity=8, unit="hours")
    reasons = {e.record_id: (e.reason, e.recognise_rule) for e in run(made, [before, after], (2015, 2016)).ledger}
    assert reasons == {"R1": ("rejected", "base/classes"), "R2": ("counted", "base/classes@2016")}


def test_the_first_rule_is_named_by_its_key_not_by_its_place() -> None:
    rules = [
        rule("b", "recognise training when mode = online"),
        rule("a", "recognise training when level = city"),
        HOURS,
    ]
    assert judged(*rules, mode="online", level="city").recognise_rule == "base/a"
    e = judged(*rules, mode="in_person", level="national")
    assert (e.reason, e.recognise_rule) == ("rejected", "base/a")


def test_a_table_without_rows_for_the_year_silences_the_rule() -> None:
    rules = ["recognise training", "reject training when theme not in themes", HOURS]
    # themes are known for 2016 and 2017 only
    assert judged(*rules, theme="other").reason == "rejected"
    assert judged(*rules, theme="law").reason == "counted"
    late = record("R1", "2019-05-01", "training", 8, "hours", theme="other")
    assert run(plan(*rules), [late], 2019).ledger[0].reason == "counted"


def test_a_kept_base_rule_goes_on_restricting() -> None:
    base = rule("classes", "recognise training when evidence is present")
    over = rule("online", "override base/classes: recognise training when mode = in_person", pack="sector")
    rules = [governs(over, base), rule("hours", HOURS)]
    assert judged(*rules, evidence="c", mode="in_person").reason == "counted"
    assert judged(*rules, mode="in_person").reason == "rejected"
    assert judged(*rules, evidence="c", mode="online").reason == "rejected"
    assert judged(*rules, evidence="c").missing == ("mode",)
    assert judged(*rules, form=None, mode="in_person").counted_high == 0  # no proof, whatever its form


# Facts, reason and the pack whose rule decides: the sector's, unless only the base's fails, lacks a fact, or rejects.
KEPT = [
    ({"evidence": "c", "mode": "in_person"}, "counted", "sector"),
    ({"mode": "in_person"}, "rejected", "base"),
    ({"evidence": "c", "mode": "online"}, "rejected", "sector"),
    ({"mode": "online"}, "rejected", "sector"),
    ({"evidence": "c"}, "missing_fact", "sector"),
    ({}, "rejected", "base"),  # whatever its mode
    ({"evidence": "c", "mode": "in_person", "result": "failed"}, "rejected", "sector"),
    ({"evidence": "c", "mode": "in_person", "level": "city"}, "rejected", "base"),
]


@pytest.mark.parametrize(("facts", "reason", "pack"), KEPT)
def test_of_an_override_and_what_is_kept_beside_it_that_is_named_which_decides(
    facts: dict[str, object], reason: str, pack: str
) -> None:
    base = rule("classes", "recognise training when evidence is present")
    over = rule("classes", "override base/classes: recognise training when mode = in_person", pack="sector")
    low = rule("low", "reject training when level = city")
    bad = rule("low", "override base/low: reject training when result = failed", pack="sector")
    known = {"level": "national", "result": "passed", **facts}
    made = plan(governs(over, base), governs(bad, low), rule("hours", HOURS))
    held = inputs([record("R1", "2016-05-01", "training", 8, "hours", **known)])  # type: ignore[arg-type]
    for engine in (reference, duckdb):
        [entry] = engine.evaluate(made, held, (2016, 2016)).ledger
        name = "low" if {"result", "level"} & facts.keys() else "classes"
        assert (entry.reason, entry.recognise_rule) == (reason, f"{pack}/{name}")


def test_conditions_ask_the_person_too() -> None:
    rules = ["recognise training when employer_kind in (state_organ, public_institution)", HOURS]
    assert judged(*rules, person=somebody(employer_kind="enterprise")).reason == "rejected"
    assert judged(*rules, person=somebody(employer_kind="state_organ")).reason == "counted"
    assert judged(*rules).missing == ("person:employer_kind",)


def test_a_table_that_has_no_figure_for_the_record_is_named_as_what_is_missing() -> None:
    """Provincial papers have figures up to the third author; of the fifth the condition stays unknown."""
    rules = ["recognise paper when paper_hours(level, author_rank) at least 10 hours", "convert paper at 8 hours each"]
    one = record("R1", "2016-05-01", "paper", 1, "items", level="provincial", author_rank=5)
    [decision] = run(plan(*rules, "require total at least 5 hours per year"), [one], 2016).decisions
    assert (decision.outcome, decision.missing) == ("undetermined", ("R1:table:paper_hours",))
    excused = "excuse year when level_hours(title_level) at least 10 hours"  # junior and middle have a figure
    [decision] = run(
        plan("require total at least 5 hours per year", excused), [], 2016, somebody(title_level="senior")
    ).decisions
    assert (decision.outcome, decision.missing) == ("undetermined", ("table:level_hours",))


THREE_VALUED = [
    # author_rank = 2, level and mode missing
    ("author_rank = 2 and level = city", None),
    ("author_rank = 3 and level = city", False),
    ("author_rank = 2 or level = city", True),
    ("author_rank = 3 or level = city", None),
    ("not level = city", None),
    ("level = city or level != city", None),  # Kleene: each half is unknown
    ("level is missing", True),
    ("level in (city, national)", None),
    ("author_rank between 1 and 2", True),
    ("author_rank between 3 and 4", False),
    ("quantity at least 8 hours", True),
    ("quantity at most 100 minutes", False),  # hours are no time
    ("days = 1", True),
    ("year of date = this year", True),
    ("year of joined = this year", None),
    ("start = date", True),
    ("joined < qualified_on", None),
    ("year of date in (this year, 2015)", True),
    ("year of date in (year of joined, 2015)", None),
    ("year of date in (year of joined, 2016)", True),
    ("year of date in (2015, 2016)", True),
    ("year of date not in (2016)", False),
    ("year of joined in (2016)", None),
]


@pytest.mark.parametrize(("condition", "truth"), THREE_VALUED)
def test_three_values(condition: str, truth: bool | None) -> None:
    reason = {True: "counted", False: "rejected", None: "missing_fact"}[truth]
    assert judged(f"recognise training when {condition}", HOURS, author_rank=2).reason == reason


AMOUNTS = [(3, "hours"), (3, "days"), (180, "minutes"), (3, "clock_hours"), (3, None), (None, "days")]
QUANTITIES = [
    # condition, what it is of each of these: y, n, or ? where it is unknown
    ("quantity = 3 days", "n y n n ? ?"),
    ("quantity != 3 days", "y n y y ? ?"),
    ("not quantity = 3 days", "y n y y ? ?"),
    ("quantity in (3 clock_hours, 4 clock_hours)", "n n y y ? n"),
    ("quantity not in (3 clock_hours, 4 clock_hours)", "y y n n ? y"),
    ("quantity in (3 days, 180 minutes)", "n y y y ? ?"),
    ("quantity not in (3 hours, 4 days)", "n y y y ? ?"),
    ("quantity in (60 minutes)", "n n n n ? n"),
]


@pytest.mark.parametrize(("condition", "truths"), QUANTITIES)
def test_a_quantity_is_compared_in_its_unit(condition: str, truths: str) -> None:
    made = plan(f"recognise training when {condition}", "convert training at 8 hours per activity")
    given = [record(f"R{n}", "2016-05-01", "training", *amount) for n, amount in enumerate(AMOUNTS)]
    for judge in (reference.evaluate, duckdb.evaluate):
        reasons = [e.reason for e in judge(made, inputs(given), (2016, 2016), None).ledger]
        assert " ".join({"counted": "y", "rejected": "n", "missing_fact": "?"}[r] for r in reasons) == truths


LONG_AGO = [
    # start, end of the record; joined; whether it is recognised under each condition
    ("2016-05-01", "2016-05-01", "2014-05-02", "joined to date less than 2 years", "counted"),
    ("2016-05-01", "2016-05-01", "2014-05-01", "joined to date less than 2 years", "rejected"),
    ("2016-05-01", "2016-05-01", "2014-05-01", "joined to date at most 24 months", "counted"),
    ("2016-04-20", "2016-05-02", "2014-05-01", "joined to date at most 24 months", "rejected"),
    ("2016-04-20", "2016-05-02", "2014-05-01", "joined to start at most 24 months", "counted"),
    ("2016-05-01", "2016-05-01", None, "joined to date less than 2 years", "missing_fact"),
    ("2016-01-01", "2016-07-01", None, "start to end at least 6 months", "counted"),
    ("2016-01-01", "2016-06-30", None, "start to end at least 6 months", "rejected"),
    ("2016-05-01", "2016-05-01", None, "2015-05-01 to date at least 1 year", "counted"),
    ("2016-05-01", "2016-05-01", None, "date to 2016-06-01 more than 1 month", "rejected"),
    ("2016-03-31", "2016-03-31", None, "January 1 of this year to date at most 90 days", "counted"),  # a leap year
    ("2016-04-01", "2016-04-01", None, "January 1 of this year to date at most 90 days", "rejected"),
    # beyond the calendar: no day is as late
    ("2016-05-01", "2016-05-01", "2014-05-01", "joined to date less than 8000 years", "counted"),
    ("2016-05-01", "2016-05-01", "2014-05-01", "joined to date at least 8000 years", "rejected"),
]


@pytest.mark.parametrize(("start", "end", "joined", "when", "reason"), LONG_AGO)
def test_the_time_to_a_record(start: str, end: str, joined: str | None, when: str, reason: str) -> None:
    made = plan(rule("r", f"recognise training when {when}"), "convert training at stated hours")
    one = record("R1", end, "training", 8, "hours", start=start)
    person = somebody(**({"joined": date.fromisoformat(joined)} if joined else {}))
    result = reference.evaluate(made, inputs([one], [person]), (2016, 2016))
    assert [(e.reason, e.recognise_rule) for e in result.ledger] == [(reason, "base/r")]
    assert result.ledger[0].missing == (("person:joined",) if reason == "missing_fact" else ())
    assert differences(result, duckdb.evaluate(made, inputs([one], [person]), (2016, 2016))) == []
