"""Cases of the small world worked by hand from its act: who is judged by what, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from policyengine.diagnostics import PolicyError
from policyengine.records.model import Person
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files, read_files
from policyengine.tools.evaluate.select import Selector, load_law
from policyengine.trace import Decision
from tests.tools.world import write_world


def test_each_person_by_the_pack_that_applies(evaluation: Evaluation) -> None:
    decided = {d.person_id: (d.policy, d.outcome, d.total) for d in evaluation.result.decisions}
    assert decided == {
        # 12.5 + 25 + 30 of self-study, and 20 of the paper's 28, as both together stop at 50
        "A1": ("shire", "not_met", Fraction("87.5")),
        # 100 hours would do in the shire; millers owe 120
        "B2": ("mill", "not_met", Fraction(100)),
        # 80, and 12 more if it was approved: 92
        "C3": ("shire", "undetermined", Fraction(80)),
        # not known whether a miller: neither 90 nor 120 is met by 100 minutes, so it doesn't matter
        "D4": ("shire", "not_met", Fraction(20, 9)),
        # nothing but a row that can't be read, and a just cause
        "E5": ("shire", "excused", Fraction(0)),
    }


def test_rows_in_are_ledger_and_rejects(evaluation: Evaluation) -> None:
    inputs = evaluation.inputs
    assert (inputs.rows, len(inputs.records), inputs.rejected_rows) == (11, 10, 1)
    assert {e.record_id for e in evaluation.result.ledger} == {r.record_id for r in inputs.records}
    outside = [e for e in evaluation.result.ledger if e.reason == "outside_period"]
    assert [(e.record_id, e.period, e.counted) for e in outside] == [("R021", None, 0)]


def test_missing_sector_leaves_open_only_what_it_decides(world: Path, tmp_path: Path) -> None:
    """100 hours: met in the shire, not met for a miller."""
    records = tmp_path / "records.csv"
    text = (world / "records.csv").read_text()
    records.write_text(text.replace(",100,minutes,", ",100,hours,"))
    files = Files((str(records),), str(world / "persons.csv"))
    result = evaluate_files(load_law(world / "policies"), files, (2016, 2016)).result
    decision = next(d for d in result.decisions if d.person_id == "D4")
    assert (decision.policy, decision.outcome, decision.missing) == ("shire", "undetermined", ("person:sector",))
    assert (decision.consequences, decision.possible) == ((), ("not_excellent",))
    finding = next(f for f in result.findings if f.person_id == "D4" and f.measure == "policy")
    assert (finding.because, finding.status) == (("shire", "mill"), "undetermined")


# Sure hours of training, and characters of self-study of which it is not known whether it was approved (1000: 1 hour).
OPEN_UNDER_ONE_OR_BOTH = [
    (80, 45000, {"shire": "undetermined", "mill": "undetermined"}),  # 80 to 125 of 90, or of 120
    (95, 30000, {"shire": "met", "mill": "undetermined"}),  # 95 to 125
    (80, 12000, {"shire": "undetermined", "mill": "not_met"}),  # 80 to 92
]


@pytest.mark.parametrize(("hours", "characters", "alone"), OPEN_UNDER_ONE_OR_BOTH)
def test_all_that_may_decide_is_missing_where_it_is_open_which_policy_governs(
    tmp_path: Path, hours: int, characters: int, alone: dict[str, str]
) -> None:
    world = write_world(tmp_path)
    rows = [
        f"R1,D4,2016-03-03,training,professional,T,{hours},hours,c,,,",
        f"R2,D4,2016-04-04,self_study,professional,S,{characters},characters,c,passed,,",
    ]
    records = world / "records.csv"
    records.write_text("\n".join([records.read_text().splitlines()[0], *rows]))
    files = Files((str(records),), str(world / "persons.csv"))

    def dans(folder: str) -> Decision:
        result = evaluate_files(load_law(world / folder), files, (2016, 2016)).result
        return next(d for d in result.decisions if d.person_id == "D4")

    assert {pack: dans(f"policies/{pack}").outcome for pack in alone} == alone
    both = dans("policies")
    assert (both.policy, both.outcome, both.missing) == ("shire", "undetermined", ("R2:approved", "person:sector"))


def millers_with(folder: Path, article: str, words: str, rules: Sequence[str]) -> Path:
    """The world where the shire leaves an article to those above it, and the millers' pack has more words and rules."""
    world = write_world(folder)
    shire, mill = world / "policies/shire/rules.yaml", world / "policies/mill/rules.yaml"
    shire.write_text(shire.read_text().replace(f"at: {article}}}", f"at: {article}}}\n  change: delegated"))
    with (world / "policies/mill/pack.yaml").open("a") as pack:
        pack.write(f"vocabulary: {words}\n")
    with mill.open("a") as file:
        for n, rule in enumerate(rules):
            file.write(f"- {{id: rule-{n}, cites: {{source: rules, at: rule {n}}}, rule: '{rule}'}}\n")
    return world


def test_what_follows_under_one_of_the_policies_alone_is_possible(tmp_path: Path) -> None:
    """20/9 hours: not met in the shire, and not for a miller, of whom another thing follows."""
    own = ("drop shire/not-excellent", "conclude no_licence when not met")
    world = millers_with(tmp_path, "art. 6", "{conclusions: {no_licence: 不予换证}}", own)
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"))
    result = evaluate_files(load_law(world / "policies"), files, (2016, 2016)).result
    found = {d.person_id: (d.outcome, d.consequences, d.possible) for d in result.decisions}
    assert found["A1"] == ("not_met", ("not_excellent",), ())
    assert found["B2"] == ("not_met", ("no_licence",), ())
    assert found["D4"] == ("not_met", (), ("not_excellent", "no_licence"))


# What the millers' rules say of the fee of 5; the flags (sure, missing) of Dan, who may be a miller.
ASKED_FOR = ("fee_charged", "shire/fee")
FLAGGED = [
    ((), {ASKED_FOR: (True, ())}),  # nothing of their own: it is asked for under both
    (("drop shire/fee",), {ASKED_FOR: (False, ("person:sector",))}),
    (("override shire/fee: flag fee_charged when fee >= 4",), {ASKED_FOR: (True, ())}),
    (
        ("override shire/fee: flag fee_charged when fee > 5",),
        {ASKED_FOR: (False, ("person:sector",))},
    ),
    (
        ("drop shire/fee", "flag dusty when quantity > 90 minutes"),
        {ASKED_FOR: (False, ("person:sector",)), ("dusty", "mill/rule-1"): (False, ("person:sector",))},
    ),
    (
        ("flag dusty when result = passed",),  # of which nothing is known either
        {ASKED_FOR: (True, ()), ("dusty", "mill/rule-0"): (False, ("person:sector", "result"))},
    ),
]


@pytest.mark.parametrize("engine", ["reference", "duckdb"])
@pytest.mark.parametrize(("rules", "flags"), FLAGGED)
def test_a_flag_is_sure_that_is_raised_under_each_policy_that_may_govern(
    tmp_path: Path, rules: tuple[str, ...], flags: dict[tuple[str, str], tuple[bool, tuple[str, ...]]], engine: str
) -> None:
    world = millers_with(tmp_path, "art. 7", "{flags: {dusty: 粉尘}}", rules)
    records = world / "records.csv"
    records.write_text(records.read_text().replace("100,minutes,c-9,,,", "100,minutes,c-9,,,5"))
    files = Files((str(records),), str(world / "persons.csv"))
    result = evaluate_files(load_law(world / "policies"), files, (2016, 2016), None, engine).result
    found = {(f.flag, f.rule): (f.certain, f.missing) for f in result.flags if f.person_id == "D4"}
    assert found == flags


def test_one_pack_judges_everybody(world: Path, files: Files) -> None:
    result = evaluate_files(load_law(world / "policies/shire"), files, (2016, 2016)).result
    assert {d.policy for d in result.decisions} == {"shire"}
    assert next(d.outcome for d in result.decisions if d.person_id == "B2") == "met"


def test_two_packs_with_equal_right_are_an_error(world: Path) -> None:
    law = load_law(world / "policies")
    mill = next(i for i, p in enumerate(law.policies) if p.id == "mill")
    twice = replace(law, policies=(*law.policies, law.policies[mill]), plans=(*law.plans, law.plans[mill]))
    with pytest.raises(PolicyError) as error:
        Selector(twice).choose(Person("510101199001010016", {"sector": "milling"}))
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "PE913"
    assert "510101********0016" in diagnostic.message


def test_nobodys_law(world: Path, tmp_path: Path, files: Files) -> None:
    """A folder without the general pack: farmers have no policy, and their records are told all the same."""
    only = tmp_path / "policies"
    (only / "mill").mkdir(parents=True)
    for name in ("pack.yaml", "rules.yaml"):
        (only / "mill" / name).write_text((world / "policies/mill" / name).read_text())
    (tmp_path / "policies" / "base").mkdir()
    law = load_law(world / "policies")
    mill = next(i for i, p in enumerate(law.policies) if p.id == "mill")
    alone = replace(law, path=str(only), policies=(law.policies[mill],), plans=(law.plans[mill],))
    result = evaluate_files(alone, files, (2016, 2016)).result
    ann = next(d for d in result.decisions if d.person_id == "A1")
    assert (ann.policy, ann.outcome, ann.missing) == ("", "undetermined", ("policy",))
    assert {e.reason for e in result.ledger if e.person_id == "A1"} == {"no_policy"}
    dan = next(d for d in result.decisions if d.person_id == "D4")
    assert (dan.policy, dan.outcome, dan.missing) == ("mill", "undetermined", ("person:sector",))


def test_splitting_by_person_changes_nothing(world: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    lines = (world / "records.csv").read_text().splitlines()
    law, found = load_law(world / "policies"), []
    for person in "ABCDE":
        part = tmp_path / f"{person}.csv"
        part.write_text("\n".join([lines[0], *(line for line in lines[1:] if f",{person}" in line)]) + "\n")
        persons = str(world / "persons.csv")
        held = str(world / "circumstances.csv")
        result = evaluate_files(law, Files((str(part),), persons, held), (2016, 2016)).result
        found += [d for d in result.decisions if d.person_id.startswith(person)]
    assert tuple(found) == evaluation.result.decisions


def test_a_word_that_is_no_term_gets_those_of_all_packs_before_those_of_one(tmp_path: Path) -> None:
    """Though the mill's is spelt more alike."""
    world = write_world(tmp_path)
    pack = world / "policies/mill/pack.yaml"
    text = pack.read_text(encoding="utf-8")
    pack.write_text(text + "vocabulary:\n  terms:\n    form: {mill_class: 磨坊培训}\n", encoding="utf-8")
    (world / "own.csv").write_text("person_id,date,form\nA1,2016-05-05,坊培训\n", encoding="utf-8")
    inputs, _ = read_files(load_law(world / "policies"), Files((str(world / "own.csv"),)))
    (reject,) = inputs.rejects
    assert (reject.code, reject.hint) == ("PE414", "did you mean 培训班, 磨坊培训?")
