"""The example registers: made again byte for byte, read the same in both styles, and obviously of nobody."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from policyengine.records.personal import id_number_fault
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import load_law

EXAMPLES = Path(__file__).parents[2] / "examples"
POLICY = str(EXAMPLES.parent / "policies" / "sichuan")


def made(place: Path, *options: str) -> None:
    subprocess.run([sys.executable, EXAMPLES / "generate.py", *options], cwd=place, check=True, capture_output=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judged(folder: Path, policy: str = POLICY) -> Evaluation:
    files = Files((str(folder / "records.csv"),), str(folder / "persons.csv"), str(folder / "circumstances.csv"))
    return evaluate_files(load_law(policy), files, (2014, 2018))


@pytest.fixture(scope="module")
def office() -> Evaluation:
    return judged(EXAMPLES)


def test_the_committed_files_are_what_the_generator_makes(tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "examples"
    shutil.copytree(EXAMPLES, copy)
    for old in (*copy.glob("*.csv"), *copy.glob("canonical/*.csv")):
        if old.name != "words.csv":
            old.unlink()
    subprocess.run([sys.executable, copy / "generate.py"], check=True, capture_output=True)
    names = ("records.csv", "persons.csv", "circumstances.csv")
    for name in (*names, *(f"canonical/{n}" for n in names)):
        assert (copy / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


def test_office_words_and_canonical_ids_are_read_as_the_same_records(office: Evaluation) -> None:
    canonical = judged(EXAMPLES / "canonical")
    assert office.inputs.records
    assert [r.facts for r in office.inputs.records] == [r.facts for r in canonical.inputs.records]
    assert office.result == canonical.result


def test_every_row_is_in_the_ledger_or_rejected(office: Evaluation) -> None:
    inputs, ledger = office.inputs, {e.record_id for e in office.result.ledger}
    assert inputs.rows == len(rows(EXAMPLES / "records.csv")) == len(ledger) + inputs.rejected_rows
    assert inputs.rejected_rows == 6
    assert {r.record_id for r in inputs.rejects} == {"S090", "S091", "S092", "S093", "S095"}


def test_everything_that_can_happen_happens(office: Evaluation) -> None:
    reasons = Counter(e.reason for e in office.result.ledger)
    assert {"counted", "capped", "rejected", "missing_fact", "no_conversion", "not_recognised"} <= set(reasons)
    assert {d.outcome for d in office.result.decisions} == {"met", "not_met", "excused", "undetermined"}
    assert {f.flag for f in office.result.flags} == {
        "unapproved_absence", "provider_designated", "fee_charged", "repeated_activity",
    }  # fmt: skip
    forms = {r.facts["form"] for r in office.inputs.records if "form" in r.facts}
    assert forms == {w.id for w in office.law.plans[0].vocabulary.terms_of("form")}
    assert set(office.inputs.persons) - {r.person_id for r in office.inputs.records}  # people with nothing


def test_told_cases_come_out_as_told(office: Evaluation) -> None:
    names = {p.facts.get("name"): p.person_id for p in office.inputs.persons.values()}
    found = {(d.person_id, d.period): d for d in office.result.decisions}
    told = {
        ("张三", "2016"): ("not_met", "87.5"),
        ("李四", "2016"): ("met", "90"),
        ("王五", "2016"): ("not_met", "0"),
        ("赵六", "2016"): ("undetermined", "80"),
        ("赵六", "2017"): ("not_met", "80"),
        ("钱七", "2017"): ("not_met", "40"),
        ("孙八", "2017"): ("excused", "40"),
        ("吴十", "2016"): ("met", "812/9"),
        ("郑十一", "2014"): ("met", "80"),
        ("郑十一", "2015"): ("not_met", "80"),
        ("郑十一", "2016"): ("met", "90"),
        ("冯十二", "2018"): ("met", "292/3"),
        ("陈十三", "2015"): ("undetermined", "70"),
    }
    from policyengine.language.quantities import exact_text

    for (name, period), expected in told.items():
        decision = found[names[name], period]
        assert (decision.outcome, exact_text(decision.total)) == expected, (name, period)


def test_nobody_in_them_exists() -> None:
    for folder in (EXAMPLES, EXAMPLES / "canonical"):
        for row in rows(folder / "persons.csv"):
            number = row.get("身份证号") or row["person_id"]
            assert number[:6] == "510101"
            assert number[6:10] <= "1950"
            assert id_number_fault(number) is None, number


def test_with_bases_holds_public_subjects_against_its_lists(office: Evaluation) -> None:
    stricter = judged(EXAMPLES, str(EXAMPLES / "with-bases"))
    lost = [e for e in stricter.result.ledger if e.recognise_rule.startswith("with-bases/") and e.reason == "rejected"]
    assert lost
    assert {e.subject for e in lost} == {"public"}
    before = {(d.person_id, d.period): d.total for d in office.result.decisions}
    assert all(d.total <= before[d.person_id, d.period] for d in stricter.result.decisions)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_any_size_and_the_same_rows_each_time(kind: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(tmp_path, "--rows", "6007", "--seed", "7", "--out", f"{name}.{kind}")
    made(tmp_path, "--rows", "6007", "--seed", "8", "--out", f"other.{kind}")
    read = lambda name: duckdb.sql(f"FROM '{tmp_path / name}.{kind}'").fetchall()
    assert len(read("one")) == 6007
    assert read("one") == read("two") != read("other")
    assert len(read("one-persons")) == 101 + 1
    people = [row[1] for row in read("one")]
    assert people == sorted(people)  # clustered by person, as a register is


def test_sectors_bring_their_forms(tmp_path: Path) -> None:
    made(tmp_path, "--rows", "5000", "--sectors", "accounting,medical", "--out", "some.csv")
    forms = {r["form"] for r in rows(tmp_path / "some.csv")}
    assert {"accounting_exam", "accounting_meeting", "cme_project", "cme_activity"} <= forms
    assert {r["sector"] for r in rows(tmp_path / "some-persons.csv")} == {"accounting", "medical"}
    for sector, known in (("accounting", "accounting_"), ("medical", "cme_")):
        terms = load_law(str(EXAMPLES.parent / "policies" / "sectors" / sector)).plans[0].vocabulary.terms_of("form")
        assert {f for f in forms if f.startswith(known)} <= {t.id for t in terms}


def test_folders_are_made(tmp_path: Path) -> None:
    made(tmp_path, "--rows", "5", "--out", "a/b/big.parquet")
    assert len(list((tmp_path / "a" / "b").iterdir())) == 3


@pytest.mark.parametrize(
    "options",
    [("--rows", "0"), ("--rows", "5", "--sectors", "law"), ("--rows", "5", "--style", "hr", "--out", "a.parquet")],
)
def test_unusable_options_say_what_to_do(options: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "generate.py", *options], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert list(tmp_path.iterdir()) == []
