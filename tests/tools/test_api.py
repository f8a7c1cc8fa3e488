"""The Python interface as its users meet it."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import policyengine as pe
from policyengine.diagnostics import Diagnostic, Span


def test_load_evaluate_explain(world: Path) -> None:
    policy = pe.load(world / "policies/shire", as_of="2016-06-30")
    result = pe.evaluate(policy, world / "records.csv", period=2016, persons=world / "persons.csv")
    assert result.decisions.columns[:5] == ["person_id", "period", "policy", "outcome", "total_num"]
    found = result.decisions.filter("person_id = 'A1'").fetchall()
    assert [row[:4] for row in found] == [("A1", "2016", "shire", "in_progress")]
    assert result.explain("Ann").startswith("Ann (A*) · 2016 · in progress: 87.5 of 90 hours, 2.5 short, 184 days left")
    assert result.explain("A1", language="zh", reveal=True).startswith("Ann（A1） · 2016 · 进行中")
    assert {row["person_id"]: row["total"] for row in result.rows("decisions")}["D4"] == Fraction(20, 9)
    assert result.rejects.fetchall()[0][2] == 12
    assert result.ledger.count("*").fetchall() == [(10,)]


def test_write_and_periods(world: Path, tmp_path: Path) -> None:
    result = pe.evaluate(world / "policies/shire", [str(world / "records.csv")], period="2015..2016")
    assert {row["period"] for row in result.rows("decisions")} == {"2015", "2016"}
    assert (result.write(tmp_path / "out", "parquet") / "ledger.parquet").exists()


def test_mistakes_carry_their_diagnostics(world: Path) -> None:
    for call in (
        lambda: pe.load(world / "nowhere"),
        lambda: pe.load(world / "policies/shire", as_of="yesterday"),
        lambda: pe.evaluate(world / "policies/shire", world / "nowhere.csv"),
        lambda: pe.evaluate(world / "policies/shire", world / "records.csv", period="last year"),
        lambda: pe.evaluate(world / "policies/shire", world / "records.csv", engine="none such"),
        lambda: pe.evaluate(world / "policies/shire", world / "records.csv").explain("nobody"),
    ):
        with pytest.raises(pe.PolicyError) as error:
            call()
        assert error.value.diagnostics[0].code.startswith("PE")
        assert error.value.diagnostics[0].message in str(error.value)


# an argument that can't be, and the word that the message must have
ARGUMENTS: list[tuple[dict[str, Any], str]] = [
    ({"period": (2018, 2016)}, "(2018, 2016)"),
    ({"period": ("2016", "2017")}, "('2016', '2017')"),
    ({"period": (2016,)}, "(2016,)"),
    ({"period": (2016, 2016.5)}, "2016.5"),
    ({"period": (2016, 2017, 2018)}, "(2016, 2017, 2018)"),
    ({"period": True}, "True"),
    ({"engine": "foo"}, "auto, duckdb, reference"),
    ({"engine": "spark"}, "auto, duckdb, reference"),
    ({"as_of": datetime(2017, 5, 1, 3)}, "datetime.datetime(2017, 5, 1, 3, 0)"),
    ({"as_of": 20190101}, "20190101"),
    ({"format": "CSV"}, "csv, jsonl, parquet, xlsx"),
    ({"format": ""}, "csv, jsonl, parquet, xlsx"),
    ({"ledger": "bad"}, "full, lean, none"),
    ({"ledger": ""}, "full, lean, none"),
    ({"language": "fr"}, "en, zh"),
]


@pytest.mark.parametrize(("given", "said"), ARGUMENTS, ids=repr)
def test_arguments_that_cannot_be_are_told(given: dict[str, Any], said: str, world: Path, tmp_path: Path) -> None:
    with pytest.raises(pe.PolicyError) as error:
        _everything_with(given, world, tmp_path / "out")
    assert [d.code for d in error.value.diagnostics] == ["PE901"]
    assert said in str(error.value)
    assert not (tmp_path / "out").exists()


TAKE = {"load": ("as_of",), "evaluate": ("period", "engine"), "explain": ("language",), "write": ("format", "ledger")}


def _everything_with(given: dict[str, Any], world: Path, out: Path) -> None:
    of = {name: {k: v for k, v in given.items() if k in keys} for name, keys in TAKE.items()}
    policy = pe.load(world / "policies/shire", **of["load"])
    result = pe.evaluate(policy, world / "records.csv", **of["evaluate"])
    result.explain("A1", **of["explain"])
    result.write(out, **of["write"])


def test_an_empty_path_is_not_the_current_folder(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    policy = pe.load("policies/shire")
    result = pe.evaluate(policy, "records.csv")
    for name, call in (
        ("path", lambda: pe.load("")),
        ("records", lambda: pe.evaluate(policy, ["records.csv", ""])),
        ("persons", lambda: pe.evaluate(policy, "records.csv", persons="")),
        ("out", lambda: result.write("")),
    ):
        with pytest.raises(pe.PolicyError, match=f"PE901: {name} is empty"):
            call()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("a\0b", "PE901", r"'a\x00b'"),  # as what follows a NUL is dropped by the system, Python refuses it
        ("a\udcffb", "PE901", r"'a\udcffb'"),  # half a character: a name in GBK, which no manifest can hold
        ("a\ud800b", "PE901", r"'a\ud800b'"),  # and one that no name is
        ("record_id,person_id\n" + "R1,P1\n" * 50, "PE400", "the file can't be read: File name too long"),
    ],
)
def test_a_text_that_no_path_can_be_is_told(given: str, code: str, said: str, world: Path) -> None:
    """The last is what was meant to be in the file."""
    policy = pe.load(world / "policies/shire")
    calls = [lambda: pe.evaluate(policy, given), lambda: pe.evaluate(policy, world / "records.csv", persons=given)]
    if code == "PE901":
        result = pe.evaluate(policy, world / "records.csv")
        calls += [lambda: pe.load(given), lambda: result.write(given)]  # type: ignore[list-item, return-value]
    for call in calls:
        with pytest.raises(pe.PolicyError) as error:
            call()
        (found,) = error.value.diagnostics
        assert (found.code, said in found.message) == (code, True)
        assert found.hint != "check who may read it"


def test_what_is_no_path_and_no_person_is_told(world: Path) -> None:
    """Ids are texts also where they look like numbers; of what is no file only the kind is shown."""
    policy = pe.load(world / "policies/shire")
    records = world / "records.csv"
    result = pe.evaluate(policy, records)
    for said, call in (
        ("path can't be int", lambda: pe.load(2016)),  # type: ignore[arg-type]
        ("path can't be None", lambda: pe.evaluate(None, records)),  # type: ignore[arg-type]
        ("records can't be None", lambda: pe.evaluate(policy, None)),  # type: ignore[arg-type]
        ("records can't be bytes", lambda: pe.evaluate(policy, b"records.csv")),  # type: ignore[arg-type]
        ("records can't be dict", lambda: pe.evaluate(policy, [{"person_id": "geheim"}])),  # type: ignore[list-item]
        ("records can't be int", lambda: pe.evaluate(policy, [records, 7])),  # type: ignore[list-item]
        ("persons can't be list", lambda: pe.evaluate(policy, records, persons=[records])),  # type: ignore[arg-type]
        ("out can't be None", lambda: result.write(None)),  # type: ignore[arg-type]
        ("person can't be int", lambda: result.explain(1001)),  # type: ignore[arg-type]
        ("person can't be None", lambda: result.cases(None)),  # type: ignore[arg-type]
    ):
        with pytest.raises(pe.PolicyError, match=f"PE901: {said}") as error:
            call()
        assert "geheim" not in str(error.value)


def test_a_table_that_there_is_not(world: Path) -> None:
    result = pe.evaluate(world / "policies/shire", world / "records.csv")
    for ask in (result.table, result.rows):
        with pytest.raises(pe.PolicyError, match="decisions, findings, ledger, rejects, flags, missing"):
            ask("Ledger")


COPIED = [copy.copy, copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))]


@pytest.mark.parametrize("copied", COPIED, ids=["copy", "deepcopy", "pickle"])
def test_a_mistake_may_be_sent_to_another_process(copied: Any) -> None:
    """A pool of processes was broken by it: no later call of it was answered."""
    error = pe.PolicyError([Diagnostic("PE130", "no pack", Span("a", 1, 2), hint="h"), Diagnostic("PE901", "no day")])
    again = copied(error)
    assert type(again) is pe.PolicyError
    assert again.diagnostics == error.diagnostics
    assert str(again) == str(error)


@pytest.mark.parametrize("copied", COPIED, ids=["copy", "deepcopy", "pickle"])
def test_a_result_may_be_copied_also_once_its_tables_were_asked_for(copied: Any, world: Path) -> None:
    """Ann has 87.5 of 90 hours and D4 has 20/9; the copy's relations are its own, and stay when the other is gone."""
    result = pe.evaluate(world / "policies/shire", world / "records.csv", period=2016, persons=world / "persons.csv")
    rows = result.decisions.fetchall()
    again = copied(result)
    del result
    assert again.decisions.fetchall() == rows
    assert {row["person_id"]: row["total"] for row in again.rows("decisions")}["D4"] == Fraction(20, 9)
    assert again.explain("Ann").startswith("Ann (A*) · 2016 · not met: 87.5 of 90 hours, 2.5 short")


FORKED = """
import os, signal, sys
import duckdb
import policyengine as pe
os.chdir(sys.argv[1])
duckdb.connect().execute("COPY (FROM read_csv('records.csv', all_varchar=true)) TO 'records.parquet'")
policy = pe.load("policies/shire")
before = pe.evaluate(policy, "records.parquet", period=2016)
rows = before.decisions.fetchall()
child = os.fork()
signal.alarm(40)
again = pe.evaluate(policy, "records.parquet", period=2016)
same = [before.decisions.fetchall() == rows, again.decisions.fetchall() == rows, len(before.ledger.fetchall())]
if child == 0:
    os._exit(0 if same == [True, True, 10] else 1)
print(same, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX has forks")
def test_a_forked_process_judges_too(world: Path) -> None:
    """Of a connection that was there before, only the memory is in the child: what it asked it waited for for ever."""
    done = subprocess.run([sys.executable, "-c", FORKED, world], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[True, True, 10] 0\n", "")
