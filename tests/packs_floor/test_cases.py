"""Cases of tests/*.yaml: read as docs/packs.md shows them, names in either language, mistakes told where they are."""

from __future__ import annotations

import csv
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from policyengine.diagnostics import human
from policyengine.engines.reference import evaluate
from policyengine.packs.model import Policy
from policyengine.packs.policies import load_policies
from policyengine.packs.tests_model import PERSON_ID, Case, load_tests
from policyengine.plan.build import plan_of
from policyengine.records.read import read_inputs
from policyengine.records.schema import schema_of
from policyengine.trace import Result
from tests.packs_floor.folder import load, rule, seen, write

RULES = rule("annual-hours", "要求 每年 总学时 不少于 90 学时") + rule("cap", "限额 远程教育 每年 不超过 50 学时")


def cases(tmp_path: Path, text: str) -> tuple[tuple[Case, ...], list[str]]:
    policy, problems = load(tmp_path, RULES)
    assert policy is not None, "\n".join(map(human, problems))
    folder = write(tmp_path / "policies" / "base", {"tests/a.yaml": text})
    found, problems = load_tests(folder, policy)
    assert all(d.hint for d in problems)
    return found, seen(problems)


@pytest.fixture(scope="module")
def sichuan() -> Policy:
    (policy,), problems = load_policies("policies/sichuan")
    assert problems == []
    return policy


def test_the_case_in_the_documentation_is_true(sichuan: Policy, tmp_path: Path) -> None:
    """It is read, and the evaluator finds what its note works out."""
    text = Path("docs/packs.md").read_text(encoding="utf-8").split("```yaml")[-1].split("```")[0]
    folder = write(tmp_path, {"tests/a.yaml": text})
    (case,), problems = load_tests(folder, sichuan)
    assert problems == []
    assert case.periods == (2016, 2016)
    assert case.as_of == date(2017, 1, 1)
    assert case.person == {"employer_kind": "事业单位", "title_level": "中级"}
    assert case.circumstances == (("maternity", date(2016, 3, 1), date(2016, 8, 31)),)
    assert [r["record_id"] for r in case.records] == ["R1", "R2", "S1"]
    wanted = {e.path: e.wanted for e in case.expected["2016"]}
    assert wanted[("outcome",)] == "met"
    assert wanted[("subjects", "professional")] == (90, 90)
    assert wanted[("findings", "annual-hours", "achieved")] == (90, 90)
    assert wanted[("records", "S1", "reason")] == "capped"
    assert wanted[("records", "S1", "cap_rule")] == "self-study-cap"
    result = _evaluated(case, sichuan, tmp_path)
    (decision,) = result.decisions
    assert (decision.outcome, decision.total, decision.required_total) == ("met", 90, 90)
    assert {e.record_id: (e.converted, e.counted, e.reason) for e in result.ledger} == {
        "R1": (40, 40, "counted"), "R2": (28, 28, "counted"), "S1": (30, 22, "capped")
    }  # fmt: skip


def _evaluated(case: Case, policy: Policy, folder: Path) -> Result:
    """The case through a records file, as an office would hand it in."""
    plan, problems = plan_of(policy)
    assert plan is not None, problems
    rows = [{"person_id": PERSON_ID, **record} for record in case.records]
    for name, some in (("records", rows), ("persons", [{"person_id": PERSON_ID, **case.person}])):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, sorted({column for row in some for column in row}))
            writer.writeheader()
            writer.writerows(some)
    records, persons = str(folder / "records.csv"), str(folder / "persons.csv")
    inputs, problems = read_inputs([records], persons, None, schema_of([plan]))
    assert inputs is not None, problems
    assert not inputs.rejects
    return evaluate(plan, inputs, case.periods, case.as_of)


def test_amounts_bounds_and_lists(tmp_path: Path) -> None:
    found, problems = cases(
        tmp_path,
        """\
- case: 待定
  records: [{日期: 2016-03-01, 学习形式: 培训班}, {id: X, date: 2016-03-02, form: distance}]
  expect_by_period:
    2016: {outcome: 待定, total: [0, 20/9], missing: "R1:evidence", consequences: 不得评优, possible: [not_excellent]}
    2017: {total: [1.5, null], flags: [], records: {X: {flags: 收费, cap_rule: base/cap@2016}}}
    2016..2020: {findings: {base/annual-hours: {status: 未完成, because: [cap]}}}
""",
    )
    assert problems == []
    (case,) = found
    assert case.periods == (2016, 2020)
    by_period = {p: {e.path: e.wanted for e in some} for p, some in case.expected.items()}
    assert by_period["2016"] == {
        ("outcome",): "undetermined",
        ("total",): (Fraction(0), Fraction(20, 9)),
        ("missing",): ("R1:evidence",),
        ("consequences",): ("not_excellent",),
        ("possible",): ("not_excellent",),
    }
    assert by_period["2017"] == {
        ("total",): (Fraction(3, 2), None),
        ("flags",): (),
        ("records", "X", "flags"): ("fee_charged",),
        ("records", "X", "cap_rule"): "base/cap@2016",
    }
    assert by_period["2016..2020"] == {
        ("findings", "base/annual-hours", "status"): "not_met",
        ("findings", "base/annual-hours", "because"): ("cap",),
    }
    assert [e.path for e in case.expected["2016"] if e.at_least] == [("missing",)]


BAD: dict[str, tuple[str, str]] = {
    "no name": ("- {period: 2016, expect: {total: 1}}\n", "PE121 1:3"),
    "expects nothing": ("- {case: a, period: 2016}\n", "PE181 1:3"),
    "of no period": ("- {case: a, expect: {total: 1}}\n", "PE181 1:21"),
    "period backwards": ("- {case: a, period: 2018..2016, expect: {total: 1}}\n", "PE181 1:21"),
    "two cases of one name": (
        "- {case: a, period: 2016, expect: {total: 1}}\n- {case: a, period: 2016, expect: {total: 1}}\n", "PE181 2:3"),
    "two records of one id": (
        "- {case: a, period: 2016, records: [{id: x}, {id: x}], expect: {total: 1}}\n", "PE181 1:36"),
    "column misspelt": ("- {case: a, period: 2016, records: [{学习形势: 培训班}], expect: {total: 1}}\n", "PE180 1:38"),
    "person's column misspelt": (
        "- {case: a, period: 2016, person: {单位性只: x}, expect: {total: 1}}\n", "PE180 1:36"),
    "one column twice": (
        "- {case: a, period: 2016, records: [{日期: 2016-01-01, date: 2016-01-02}], expect: {total: 1}}\n",
        "PE181 1:54"),
    "circumstance unknown": (
        "- {case: a, period: 2016, circumstances: [{kind: 婚假}], expect: {total: 1}}\n", "PE180 1:50"),
    "no such day": (
        "- {case: a, period: 2016, circumstances: [{kind: 产假, from: 2016-02-30}], expect: {total: 1}}\n",
        "PE161 1:60"),
    "outcome unknown": ("- {case: a, period: 2016, expect: {outcome: 完成了}}\n", "PE122 1:45"),
    "reason unknown": (
        "- {case: a, period: 2016, records: [{}], expect: {records: {R1: {reason: 没计}}}}\n", "PE122 1:74"),
    "figure that is none": ("- {case: a, period: 2016, expect: {total: ninety}}\n", "PE122 1:43"),
    "bounds of three": ("- {case: a, period: 2016, expect: {total: [1, 2, 3]}}\n", "PE122 1:43"),
    "rule unknown": ("- {case: a, period: 2016, expect: {findings: {anual-hours: {status: 完成}}}}\n", "PE180 1:47"),
    "conclusion unknown": ("- {case: a, period: 2016, expect: {consequences: 不评优}}\n", "PE180 1:50"),
    "subject unknown": ("- {case: a, period: 2016, expect: {subjects: {专业: 1}}}\n", "PE180 1:47"),
    "record that is not there": ("- {case: a, period: 2016, expect: {records: {R1: {counted: 1}}}}\n", "PE180 1:46"),
    "key unknown": ("- {case: a, period: 2016, expects: {total: 1}}\n", "PE120 1:27"),
    "not a list": ("case: a\n", "PE122 1:1"),
    "broken YAML": ("- {case: a\n", "PE106 1:3"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_case_is_told_where(name: str, tmp_path: Path) -> None:
    text, expected = BAD[name]
    _, told = cases(tmp_path, text)
    assert told == [expected]


def test_a_column_with_a_full_width_colon_is_told_as_that(tmp_path: Path) -> None:
    policy, _ = load(tmp_path, RULES)
    assert policy is not None
    text = "- {case: a, period: 2016, records: [{数量：90, 单位: 学时}], expect: {total: 1}}\n"
    folder = write(tmp_path / "policies" / "base", {"tests/a.yaml": text})
    _, (told,) = load_tests(folder, policy)
    assert told.code == "PE180"
    assert str(told.hint).startswith("“：” and “－” are of full width")


def test_records_of_one_name_are_told_in_their_order(tmp_path: Path) -> None:
    policy, _ = load(tmp_path, RULES)
    assert policy is not None
    names = [f"r{n}" for n in range(9)]
    records = ", ".join(f"{{id: {n}}}" for n in (*names, *names))
    text = f"- {{case: a, period: 2016, records: [{records}], expect: {{total: 1}}}}\n"
    _, problems = load_tests(write(tmp_path / "policies" / "base", {"tests/a.yaml": text}), policy)
    assert [d.message for d in problems] == [f"two records are called {n}" for n in names]


def test_a_bad_case_does_not_hide_the_others(tmp_path: Path) -> None:
    found, told = cases(tmp_path, "- {case: a}\n- {case: b, period: 2016, expect: {total: 1}}\n")
    assert [c.name for c in found] == ["b"]
    assert told == ["PE181 1:3"]


def test_cases_in_files_with_capitals_are_read(tmp_path: Path) -> None:
    policy, _ = load(tmp_path, RULES)
    assert policy is not None
    one = "- {case: a, period: 2016, expect: {total: 1}}\n"
    folder = write(tmp_path / "policies" / "base", {"tests/A.YAML": one, "tests/more/b.yaml": one})
    assert [c.name for c in load_tests(folder, policy)[0]] == ["a"]


def test_every_shipped_case_is_read() -> None:
    policies, problems = load_policies("policies")
    assert not [d for d in problems if d.severity == "error"]
    for policy in policies:
        _, problems = load_tests(Path(policy.packs[-1].folder), policy)
        assert problems == []
