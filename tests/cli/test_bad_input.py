"""Files and packs as they should not be: each gets a message with its place and what to do, and the right exit code.

Whatever happens, rows in = records in the ledger + rejected rows, and nothing half written is left.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run

HEADER = "record_id,person_id,date,form,subject,quantity,unit,evidence"
GOOD = "G1,A1,2016-03-01,training,professional,10,hours,c-1"


def _evaluate(run: Run, world: Path, content: bytes | str, name: str = "bad.csv") -> Ran:
    path = world / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return run("evaluate", path, "--policy", world / "policies/shire", "--out", world / "out")


def _rejects(world: Path) -> list[dict[str, str]]:
    with open(world / "out/rejects.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _balance(world: Path) -> tuple[int, int, int]:
    """Rows in, records in the ledger, rejected; checked against the tables."""
    rows = json.loads((world / "out/manifest.json").read_text())["rows"]
    with open(world / "out/ledger.csv", newline="", encoding="utf-8") as file:
        ledger = {row["record_id"] for row in csv.DictReader(file)}
    assert rows["in"] == rows["records"] + rows["rejected"]
    assert rows["records"] == len(ledger)
    assert rows["rejected"] == len({row["row"] for row in _rejects(world)})
    return rows["in"], rows["records"], rows["rejected"]


# a row that can't be a record, the column that is named
ROWS = [
    ("B1,A1,2016-02-30,training,professional,10,hours,c", "date"),
    ("B1,A1,yesterday,training,professional,10,hours,c", "date"),
    ("B1,A1,,training,professional,10,hours,c", "date"),
    ("B1,,2016-03-01,training,professional,10,hours,c", "person_id"),
    ("B1,A1,2016-03-01,training,professional,abc,hours,c", "quantity"),
    ("B1,A1,2016-03-01,training,professional,-5,hours,c", "quantity"),
    ("B1,A1,2016-03-01,training,professional,NaN,hours,c", "quantity"),
    ("B1,A1,2016-03-01,training,professional,inf,hours,c", "quantity"),
    ("B1,A1,2016-03-01,training,professional,1e400,hours,c", "quantity"),
    ("B1,A1,2016-03-01,training,professional,10,parsecs,c", "unit"),
    ("B1,A1,2016-03-01,telepathy,professional,10,hours,c", "form"),
    ("B1,A1,2016-03-01,training,astral,10,hours,c", "subject"),
    ("B1,A1,2016-03-01,training,professional,10,hours,a\0b", "evidence"),
    (f"B1,A1,2016-03-01,training,professional,10,hours,{'x' * 10_000_000}", "evidence"),
]


@pytest.mark.parametrize(("row", "column"), ROWS, ids=lambda v: v[:60].replace("\0", "NUL"))
def test_a_row_that_is_no_record(run: Run, world: Path, row: str, column: str) -> None:
    done = _evaluate(run, world, f"{HEADER}\n{GOOD}\n{row}\n")
    assert done.code == 0, done.err
    assert "warning: 1 row could not be read as a record" in done.err
    assert _balance(world) == (2, 1, 1)
    (reject,) = _rejects(world)
    assert (reject["row"], reject["column"]) == ("3", column)
    assert reject["code"].startswith("PE4")
    assert reject["reason"]
    assert len(reject["value"]) < 300
    strict = run("evaluate", world / "bad.csv", "--policy", world / "policies/shire", "--strict")
    assert strict.code == 2
    assert f"{world / 'bad.csv'}:3: error {reject['code']}: {column}: " in strict.err


def test_two_rows_with_one_id_are_both_rejected(run: Run, world: Path) -> None:
    twin = GOOD.replace("10,hours", "12,hours")
    assert _evaluate(run, world, f"{HEADER}\n{GOOD}\n{twin}\nG2,{GOOD[3:]}\n").code == 0
    assert _balance(world) == (3, 1, 2)
    assert [(r["row"], r["column"]) for r in _rejects(world)] == [("2", "record_id"), ("3", "record_id")]


def test_broken_utf8(run: Run, world: Path) -> None:
    done = _evaluate(
        run, world, f"{HEADER}\n{GOOD}\n".encode() + b"B1,A1,2016-03-01,training,professional,1,hours,\xff\xfe\xfa\n"
    )
    if done.code == 0:  # read as another encoding, or the row rejected: either way told
        assert _balance(world)[0] == 2
    else:
        assert done.code == 2
        assert "bad.csv" in done.err
        assert not (world / "out").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        (f"{HEADER}\n", "no row"),
        ("record_id,date,form,quantity,unit\nB1,2016-03-01,training,10,hours\n", "person"),
    ],
    ids=["empty file", "header only", "no person column"],
)
def test_a_file_that_holds_no_records(run: Run, world: Path, content: str, told: str) -> None:
    done = _evaluate(run, world, content)
    assert done.code == 2
    assert "bad.csv" in done.err
    assert told in done.err
    assert "hint: " in done.err
    assert not (world / "out").exists()


@pytest.mark.parametrize(
    "command",
    [
        "verify {}/ou", "stats {}/ou", "report {}/ou --out {}/r.html", "publish {}/ou --to {}/s.duckdb",
        "explain {}/ou --person Ann", "stats {}/ou.duckdb", "report {}/ou.duckdb --out {}/r.html",
        "explain {}/records.csv {}/ou --person Ann",
    ],
)  # fmt: skip
def test_a_result_that_is_not_there(command: str, run: Run, world: Path) -> None:
    """It is said to be missing, and what is near; not that it has no manifest, nor that a policy should be named."""
    (world / "out").mkdir()
    done = run(*command.format(world, world).split())
    assert done.code == 2
    assert "error PE902: there is no such file or folder" in done.err
    assert ".duckdb" in command or f"did you mean {world}/out?" in done.err


def test_paths_that_lead_nowhere(run: Run, world: Path) -> None:
    (world / "empty").mkdir()
    shire = world / "policies/shire"
    for records in (world / "nowhere.csv", world / "empty", world / "*.nothing"):
        done = run("evaluate", records, "--policy", shire, "--out", world / "out")
        assert (done.code, done.out) == (2, "")
        assert str(records) in done.err
        assert "hint: " in done.err
    for policy in (world / "nowhere", world / "empty", world / "records.csv"):
        done = run("evaluate", world / "records.csv", "--policy", policy, "--out", world / "out")
        assert (done.code, done.out) == (2, "")
        assert policy.name in done.err
        assert "hint: " in done.err
    for option in ("--persons", "--circumstances"):
        done = run("evaluate", world / "records.csv", "--policy", shire, option, world / "nowhere.csv")
        assert (done.code, done.out) == (2, "")
        assert "nowhere.csv" in done.err
    assert not (world / "out").exists()


@pytest.mark.parametrize("engine", ["reference", "duckdb"])
@pytest.mark.parametrize(
    ("records", "options", "code", "told"),
    [
        ("- -", "", 0, "<stdin>: warning PE443: the file is named twice and read once"),
        (
            "-",
            "--persons -",
            2,
            "<stdin>: error PE400: standard input can be read once, and is named for the records and",
        ),
        ("-", "--persons - --circumstances -", 2, "for the records and --persons and --circumstances"),
        ("records.csv", "--persons - --circumstances -", 2, "is named for --persons and --circumstances"),
    ],
)
def test_standard_input_named_twice(
    run: Run,
    world: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
    records: str,
    options: str,
    code: int,
    told: str,
) -> None:
    monkeypatch.chdir(world)
    data = (world / "records.csv").read_bytes()
    args = ("--policy", "policies/shire", *options.split(), "--engine", engine, "--out", "out")
    done = run("evaluate", *records.split(), *args, stdin=data)
    assert (done.code, done.err.count(told)) == (code, 1), done.err


RULE = "- id: more\n  cites: {source: act, at: art. 9}\n  rule: require total at least 10 hours per year\n"
BOMB = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [{', '.join([f'*{p}'] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)
PACKS = [
    ("pack.yaml", lambda t: t + "level: city\n", "twice"),
    ("pack.yaml", lambda t: t + "colour: blue\n", "colour"),
    ("pack.yaml", lambda t: t.replace("level:", "\tlevel:"), "tab"),
    ("pack.yaml", lambda t: t + "note: !!python/object/apply:os.system [\"echo\"]\n", "python"),
    ("pack.yaml", lambda t: t + BOMB, ""),
    ("pack.yaml", lambda t: t + "tables:\n  t: {file: ../../../secret.csv, columns: {a: {role: key}}}\n", "secret.csv"),
    ("pack.yaml", lambda t: t + "note: " + "x" * 5_000_000 + "\n", ""),
    ("pack.yaml", lambda t: t + "note: " + "[" * 10_000 + "]" * 10_000 + "\n", ""),
    ("pack.yaml", lambda t: t.replace("Act 1", "Act \0 1"), ""),
    ("pack.yaml", lambda t: t.replace("extends: null", "extends: shire"), "shire"),
    ("pack.yaml", lambda t: t.replace("extends: null", "extends: nowhere"), "nowhere"),
    ("rules.yaml", lambda t: t + RULE.replace("require", "requires"), "requires"),
    ("rules.yaml", lambda t: t + RULE.replace("total", "totla"), "total"),
    ("rules.yaml", lambda t: t + RULE.replace("per year", "per year when form = public"), "public"),
    ("rules.yaml", lambda t: t + RULE.replace("act,", "atc,"), "act"),
    ("rules.yaml", lambda t: t + RULE + RULE, "more"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "change", "told"), PACKS, ids=range(len(PACKS)))
def test_a_pack_as_it_should_not_be(run: Run, world: Path, file: str, change, told: str) -> None:  # type: ignore[no-untyped-def]
    shutil.rmtree(world / "policies/mill")
    path = world / "policies/shire" / file
    path.write_text(change(path.read_text()))
    done = run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    assert (done.code, done.out) == (2, "")
    assert f"{file}:" in done.err
    assert "error PE" in done.err
    assert told in done.err
    assert len(done.err) < 20_000
    assert not (world / "out").exists()


def test_ids_and_names_are_shown_on_a_terminal_as_they_stand(
    run: Run, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the library that draws tables, brackets may be a style, or the end of one that never began."""
    ids = ["A[it]", "A[/b]", ":a:", "A\x1b]0;x"]
    rows = [f"T{at},{id_},2016-03-01,training,professional,10,hours,c" for at, id_ in enumerate(ids)]
    path = world / "odd.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    monkeypatch.setattr("policyengine.cli.evaluate.on_terminal", lambda stream: stream is sys.stdout)
    monkeypatch.setenv("COLUMNS", "200")
    shown = run("evaluate", path, "--policy", world / "policies/shire").out
    assert [id_ for id_ in ids if id_.replace("\x1b", "\ufffd") not in shown] == []
