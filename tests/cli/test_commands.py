"""evaluate, explain and verify as a user runs them: exit codes, what goes to stdout and what to stderr."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from openpyxl import Workbook

from policyengine.cli import COMMANDS, help_zh, main
from policyengine.tools.result.summary import _shell
from tests.cli.conftest import Run

WARN = "warning: 1 row could not be read as a record; rejects says why"


def test_evaluate_to_a_folder(run: Run, world: Path) -> None:
    args = ("--policy", world / "policies", "--persons", world / "persons.csv", "--period", "2016")
    done = run("evaluate", world / "records.csv", *args, "--out", world / "out")
    assert (done.code, done.out) == (0, "")
    lines = done.err.splitlines()
    assert lines[0] == "5 people, 11 rows in: 10 records in the ledger, 1 rejected"
    assert lines[1] == "  2016  4 not met, 1 undetermined"
    assert WARN in lines
    assert lines[-2] == f"written to {world / 'out'}"
    assert lines[-1] == f"next: policyengine explain {world / 'out'} --person Ann --period 2016"
    told = run("explain", world / "out", "--person", "A*", "--period", "2016")
    assert told.code == 0
    assert told.out.startswith("Ann (A*) · 2016 · not met: 87.5 of 90 hours, 2.5 short    shire\n├─ total")
    sound = run("verify", world / "out", world / "records.csv", world / "persons.csv")
    assert (sound.code, sound.out) == (0, "")


@pytest.mark.parametrize(
    ("text", "posix", "windows"),
    [
        ("out/2016", "out/2016", "out/2016"),
        ("out\\2016", "'out\\2016'", "out\\2016"),
        ("my out", "'my out'", '"my out"'),
        ("510101********0016", "'510101********0016'", '"510101********0016"'),
    ],
)
def test_what_to_do_next_can_be_typed_as_it_stands(
    text: str, posix: str, windows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To cmd.exe single quotation marks are letters."""
    for system, quoted in (("posix", posix), ("nt", windows)):
        with monkeypatch.context() as patched:
            patched.setattr(os, "name", system)
            found = _shell(text)
        assert found == quoted


def test_evaluate_to_stdout(run: Run, world: Path) -> None:
    args = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--period", "2016")
    done = run(*args)
    rows = {row["person_id"]: row for row in csv.DictReader(io.StringIO(done.out))}
    assert (rows["A1"]["outcome"], rows["A1"]["total"], rows["D4"]["total"]) == ("not_met", "87.5", "20/9")
    assert done.err.startswith("4 people")
    lines = run(*args, "--format", "jsonl").out.splitlines()
    assert json.loads(lines[0])["total"] == 87.5
    assert run(*args, "--format", "xlsx").code == 2


def test_records_from_stdin(run: Run, world: Path) -> None:
    data = (world / "records.csv").read_bytes()
    done = run("evaluate", "-", "--policy", world / "policies/shire", "--out", world / "out", stdin=data)
    assert done.code == 0
    told = run("explain", world / "out", "--person", "A1", "--period", "2016")
    assert told.code == 0
    assert "made from standard input, which can't be read again" in told.err
    said = run("stats", world / "out", stdin=data).err  # nobody is asked for them again
    assert "PE530: standard input: this result was made from it, and it can't be read again" in said


def test_strict(run: Run, world: Path) -> None:
    args = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    assert run(*args).code == 0
    before = (world / "out/manifest.json").read_bytes()
    done = run(*args, "--strict")
    assert done.code == 2
    assert f"{world / 'records.csv'}:12" in done.err
    assert "no such day" in done.err
    assert (world / "out/manifest.json").read_bytes() == before


def test_as_of_leaves_a_year_in_progress(run: Run, world: Path) -> None:
    args = ("--policy", world / "policies/shire", "--period", "2016", "--as-of", "2016-12-01")
    assert "in_progress" in run("evaluate", world / "records.csv", *args).out
    told = run("explain", world / "records.csv", *args, "--person", "A1")
    assert told.out.startswith("A* · 2016 · in progress: 87.5 of 90 hours, 2.5 short, 30 days left")


def test_language(run: Run, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    args = (
        "explain",
        world / "records.csv",
        "--policy",
        world / "policies/shire",
        "--person",
        "A1",
        "--period",
        "2016",
    )
    assert "未完成" in run(*args, "--lang", "zh").out
    assert "未完成" in run("--lang", "zh", *args).out
    assert "not met" in run(*args).out
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "未完成" in run(*args).out
    assert "not met" in run(*args, "--lang", "en").out


def test_explain_as_json(run: Run, world: Path) -> None:
    args = ("--policy", world / "policies/shire", "--person", "A1", "--format", "json")
    data = json.loads(run("explain", world / "records.csv", *args).out)
    assert [c["period"] for c in data["cases"]] == ["2015", "2016"]
    assert data["cases"][1]["findings"][0]["cites"] == [
        {"rule": "shire/annual-hours", "source": "Act 1", "at": "art. 4", "confidence": "seen"}
    ]
    assert data["person_id"] == "A*"


@pytest.mark.parametrize("policy", [[], ["--policy", "policies/shire"]])
def test_a_status_database_is_not_explained(run: Run, world: Path, policy: list[str]) -> None:
    """It was taken for records, of which the policy had to be said, and then for text in GB18030."""
    run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    run("publish", world / "out", "--to", world / "status.duckdb")
    done = run("explain", world / "status.duckdb", "--person", "A1", *(world / p if "/" in p else p for p in policy))
    assert (done.code, done.out) == (2, "")
    assert "PE406" in done.err
    assert "stats and report read it" in done.err


def test_verify_finds_a_changed_digit(run: Run, world: Path) -> None:
    run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    path = world / "out/decisions.csv"
    path.write_text(path.read_text().replace("not_met,87.5", "not_met,97.5"))
    done = run("verify", world / "out")
    assert (done.code, done.out) == (1, "")
    assert f"{path}:3:5: error PE521: total: 97.5, but the findings give 87.5" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("evaluate",),
        ("evaluate", "records.csv"),
        ("evaluate", "records.csv", "--policy", "p", "--period", "last year"),
        ("evaluate", "records.csv", "--policy", "p", "--period", "2018..2016"),
        ("evaluate", "records.csv", "--policy", "p", "--as-of", "2016-02-30"),
        ("evaluate", "records.csv", "--policy", "p", "--engine", "abacus"),
        ("evaluate", "records.csv", "--policy", "p", "--no-such-option"),
        ("explain", "records.csv", "--person", "A1"),
        ("explian", "records.csv"),
        ("verify",),
        ("verify", "nowhere"),
        ("--lang", "fr"),
    ],
)
def test_wrong_use_is_2_and_says_what_to_do(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "hint: " in done.err or "Usage: " in done.err


# arguments, and what is said of them in Chinese
WRONG_USE = """
evaluate r.csv --policy p --format foo    --format 的值不能用：只能是 csv、jsonl、parquet、xlsx
stats x --suppress -1                     --suppress 的值不能用：须是不小于 0 的整数
new x --from 20                           --from 的值不能用：须是 1950 至 2199 的整数
git textconv nowhere.yaml                 FILE 的值不能用：没有这个文件，或它是文件夹，或没有读写权限
evaluate r.csv --policy                   选项 --policy 缺少值
fmt --check=1                             选项 --check 不带值
explain-code A B                          多余的参数：B
evaluate r.csv --polcy p                  没有选项 --polcy，是不是 --policy、--policy-rev？
git foo                                   没有命令“foo”
foo                                       没有命令“foo”
evaluate                                  缺少 RECORDS...
evaluate r.csv --policy p --period 20     --period 的值不能用：“20”不是年度，请写成 2016 或 2016..2018
"""


@pytest.mark.parametrize("case", WRONG_USE.strip().splitlines())
def test_wrong_use_is_told_in_chinese(run: Run, case: str) -> None:
    arguments, said = re.split("  +", case)
    command, *rest = arguments.split()
    for words in (("--lang", "zh", command, *rest), (command, "--lang=zh", *rest)):
        done = run(*words)
        assert (done.code, done.out) == (2, "")
        assert f"错误 PE901：{said}" in done.err
        assert "Usage:" not in done.err


def test_near_commands(run: Run) -> None:
    assert "Did you mean explain?" in run("explian").err


def test_every_command_has_help_with_an_example(run: Run) -> None:
    context = main.make_context("policyengine", [], resilient_parsing=True)
    names = main.list_commands(context)
    assert {"evaluate", "explain", "verify"} <= set(names) <= set(COMMANDS)
    for name in names:
        done = run(name, "--help")
        assert done.code == 0
        assert "Example" in done.out, name
        assert f"policyengine {name}" in done.out, name
        assert "--debug" in done.out, name
        assert "--lang" in done.out, name
    assert run("--version").out == "policyengine, version 0.1.0\n"
    assert "evaluate" in run("--help").out


def _every_command(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _every_command(found, f"{name} {below}".strip())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("verify", "Re-check a written result against its own trace."),
        ("report", "HTML and XLSX reports and certificates."),
    ],
)
def test_help_says_what_a_command_does_also_without_docstrings(name: str, said: str) -> None:
    command = [sys.executable, "-OO", "-B", "-m", "policyengine", name, "--help", "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[2].strip() == said


def _shown() -> list[str]:
    """The examples of help that name files of the project."""
    lines = [line.strip() for _, command in _every_command(main) for line in (command.epilog or "").splitlines()]
    return sorted({line for line in lines if line.startswith("policyengine") and " examples/" in line})


@pytest.mark.parametrize("shown", _shown())
def test_examples_of_help_run(run: Run, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of explain named a person who is in no file."""
    for name in ("examples", "policies"):
        (tmp_path / name).symlink_to(Path(__file__).parents[2] / name)
    monkeypatch.chdir(tmp_path)
    done = run(*shown.split()[1:])
    assert done.code == 0, done.err


def test_help_in_chinese_has_the_same_commands_and_options() -> None:
    common = {"--lang", "--debug", "--help"}
    own = {
        name or "policyengine": {p.opts[-1] for p in command.params if isinstance(p, click.Option)} - common
        for name, command in _every_command(main)
    }
    assert {name: set(text.options) for name, text in help_zh.texts().items()} == own


@pytest.mark.parametrize("name", [name for name, _ in _every_command(main)])
def test_help_in_chinese(run: Run, name: str) -> None:
    done = run(*name.split(), "--help", "--lang", "zh")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"用法：main {name}".rstrip())
    assert help_zh.texts()[name or "policyengine"].lines[0] in done.out
    for word in ("Usage", "Options", "Commands", "Example", "Exit code", "required", "default:", "Show ", "says how",
                 "Ends with"):  # fmt: skip
        assert word not in done.out
    assert "显示本说明并退出" in done.out
    command = dict(_every_command(main))[name]
    for bounds in (p.type for p in command.params if isinstance(p.type, click.IntRange)):
        assert all(str(bound) in done.out for bound in (bounds.min, bounds.max) if bound)
    assert "Show this message and exit." in run(*name.split(), "--help").out, "English as before"


@pytest.mark.parametrize("name", ["c.xlsx", "c.docx", "c"])
def test_certificates_are_pages(run: Run, world: Path, name: str) -> None:
    """Of a workbook of certificates it was said that its name must end in .xlsx, as it did."""
    done = run("report", world, "--certificates", "--out", world / name)
    assert (done.code, done.out) == (2, "")
    assert "error PE901: certificates are pages: --out must end in .html or .pdf" in done.err


def test_a_file_that_holds_no_record_at_all_is_asked_about(run: Run, world: Path) -> None:
    """What was rejected most often stands on the summary, where nothing else does."""
    (world / "totals.csv").write_text("person_id,hours\nA1,60\nA2,30\n")
    done = run("evaluate", world / "totals.csv", "--policy", world / "policies", "--out", world / "out")
    assert done.code == 0
    assert "rejects says why (mostly: the row has no date). Is this the file of records? " in done.err
    assert "policyengine inspect shows what its columns are read as" in done.err


def test_what_is_said_of_each_sheet_stands_once_on_the_summary(run: Run, world: Path) -> None:
    book = Workbook()
    for sheet in (book.active, book.create_sheet("2017")):
        sheet.append(["person_id", "name", "date", "form", "hours"])
        sheet.append(["A1", "Ann", "2016-03-14", "training", 8])
    book.save(world / "two.xlsx")
    done = run("evaluate", world / "two.xlsx", "--policy", world / "policies/shire", "--out", world / "out")
    assert done.err.count("warning PE442: ") == 2
    (told,) = [line for line in done.err.splitlines() if line.startswith("warning: ") and "columns about" in line]
    sheets = f"{world / 'two.xlsx'}[Sheet], {world / 'two.xlsx'}[2017]"
    assert told == f"warning: {sheets}: columns about persons are carried along but not applied: name"


TWO = "R1,A1,2016-03-14,training,60,hours\nR1,A1,2016-03-14,training,60,hours\n"
PAST = "R2,A1,2016-02-30,training,1,hours\n"
LOST = "R3,,2016-03-14,training,1,hours\n"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (TWO, "mostly: rows repeat each other). Is a copy among the files?"),
        (TWO + PAST, "mostly: rows repeat each other). Is a copy among the files?"),
        (TWO + 3 * LOST, "mostly: the row names no person). Is this the file of records?"),
        (PAST + PAST.replace("02-30", "13-01x") + LOST, "mostly: there is no such day in the calendar). Is this"),
    ],
)
def test_what_most_rows_lack_is_counted_by_code(run: Run, world: Path, rows: str, told: str) -> None:
    """What a reason says of one row (the row that it repeats) makes no other reason of it."""
    (world / "bad.csv").write_text("record_id,person_id,date,form,quantity,unit\n" + rows)
    done = run("evaluate", world / "bad.csv", "--policy", world / "policies/shire", "--out", world / "out")
    assert f"rejects says why ({told}" in done.err


def test_facts_of_persons_that_decide_and_are_not_known(run: Run, tmp_path: Path) -> None:
    """Without a persons file nobody's sector is known; the summary says that this is what leaves the outcome open."""
    root = Path(__file__).parent.parent.parent
    records = root / "examples" / "stories" / "records.csv"
    done = run("evaluate", records, "--policy", root / "policies", "--period", "2016", "--out", tmp_path / "out")
    facts = "joined, new teacher, region, registered on, sector"
    assert f"turns on facts of theirs that are not known ({facts}); a persons file can say them" in done.err
    told = run("evaluate", records, "--policy", root / "policies/sichuan", "--period", "2016", "--out", tmp_path / "o2")
    assert "turns on facts" not in told.err


@pytest.mark.parametrize(
    ("format_", "told"), [("json", '"code": "PE130"'), ("sarif", '"ruleId": "PE130"'), ("github", "::error file=")]
)
def test_check_tells_programs_that_there_is_no_pack(run: Run, world: Path, format_: str, told: str) -> None:
    ran = run("check", world / "no-such", "--format", format_)
    assert (ran.code, ran.err) == (2, "")
    assert told in ran.out
    assert "no-such" in ran.out
