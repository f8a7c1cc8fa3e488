"""Options that would change nothing are refused, each with what it goes with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--sign key.pem", "only a result in a folder can be signed: --out"),
        ("--ledger full", "only a result in a folder has a ledger: --out"),
        ("--memory-limit 1GB", "only what is written into a folder can be kept to an amount of memory: --out"),
        ("--remote sc://spark:1 --out out", "--remote is the server of --engine spark"),
        ("--remote sc://spark:1 --out out --engine duckdb", "--remote is the server of --engine spark"),
        ("--policy other --out out", "--policy is given 2 times; give it once"),
        ("--out s3a://results/2024", "s3a://results/2024 is an address, where only a cluster writes"),
        ("--update file:///results/2024", "file:///results/2024 is an address, where only a cluster writes"),
        ("--out s3://key:geheim@results --engine duckdb", "s3://…@results is an address, where only a cluster writes"),
    ],
)
def test_evaluate(run: Run, world: Path, options: str, told: str) -> None:
    done = run("evaluate", world / "records.csv", "--policy", world / "policies/shire", *options.split())
    assert (done.code, done.out) == (2, "")
    assert f"error PE901: {told}" in done.err


@pytest.mark.parametrize(
    "command",
    [
        "report out --out s3a://x/r.html",
        "stats out --out s3a://x/r.xlsx",
        "evaluate r.csv --policy p --out out --rejects-xlsx s3a://x/r.xlsx",
        "evaluate r.csv --policy p --engine spark --remote sc://h:1 --out s3a://x/o --rejects-xlsx s3a://x/r.xlsx",
        "diff p q --records r.csv --shifts s3a://x/r.csv",
        "test p --junit s3a://x/r.xml",
        "new sector --folder s3a://x/r.packs",
    ],
)
def test_nothing_is_written_to_an_address(run: Run, command: str) -> None:
    """A folder called “s3a:” was made, and the file said to be written to s3a://x."""
    done = run(*command.split())
    assert (done.code, done.out) == (2, "")
    assert "error PE901: s3a://x/r." in done.err
    assert "is an address, where only a cluster writes (evaluate --engine spark --remote …)" in done.err


@pytest.mark.parametrize("address", ["s3a://register/records.csv", "http://ab.cn/r.csv", "file:///register/r.csv"])
def test_an_address_is_no_file_of_this_machine(run: Run, world: Path, address: str) -> None:
    """The current folder, from which paths start, was spoken of; a result went into a folder called “s3a:”."""
    law = ("--policy", world / "policies/shire")
    persons = ("evaluate", world / "records.csv", "--persons", address)
    for read in (("evaluate", address), ("inspect", address), persons):
        told = run(*read, *law).err
        assert f"{address}: error PE400: " in told
        assert "hint: only a cluster reads addresses (--engine spark --remote …); here name the path" in told


@pytest.mark.parametrize(
    "command",
    [
        "explain r.csv --person A1",
        "inspect r.csv",
        "diff v1 v2 --records r.csv",
        "stats out",
        "report out --out r.html",
        "publish out --to s.duckdb",
    ],
)
def test_one_policy(run: Run, command: str) -> None:
    assert "PE901: --policy is given 2 times" in run(*command.split(), "--policy", "a", "--policy", "b").err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("evaluate r.csv --policy p --persons a.csv --persons b.csv", "--persons is given 2 times"),
        ("evaluate r.csv --policy p --period 2016 --period 2017", "--period is given 2 times"),
        ("evaluate r.csv --policy p --out a --period=2016 --out=b --out c", "--out is given 3 times"),
        ("stats out --persons a.csv --persons b.csv", "--persons is given 2 times"),
        ("git merge-check a b --format json --format human", "--format is given 2 times"),
        ("schema --lang en --lang zh", "--lang 给出了 2 次"),
    ],
)
def test_once(run: Run, command: str, told: str) -> None:
    done = run(*command.split())
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize(
    "command",
    [
        "evaluate {} --policy p",
        "evaluate r.csv --policy p --out {}",
        "evaluate r.csv --policy p --as-of={}",
        "explain out --person {}",
        "inspect {}",
        "verify {} r.csv",
        "publish out {}",
        "publish {} --to s.duckdb",
        "stats POSTGRES://clerk:geheim@host/x",
        "stats out --out {}",
        "check {}",
        "diff v1 {}",
        "{}",
    ],
)
def test_the_address_of_a_database_is_not_taken_for_a_path(run: Run, tmp_path: Path, command: str) -> None:
    """It became a folder of that name, and was shown with its password."""
    done = run(*command.format("postgresql://clerk:geheim@host/x?sslpassword=geheim").split())
    assert (done.code, done.out) == (2, "")
    assert "error PE901" in done.err
    assert "geheim" not in done.err
    assert not list(tmp_path.glob("*:*"))


def test_what_may_be_repeated(run: Run, world: Path) -> None:
    judge = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    assert run(*judge, "--debug", "--debug").code == 0
    tables = run("stats", world / "out", "--by", "form", "--by", "subject", "--format", "json")
    assert list(json.loads(tables.out)) == ["by-form", "by-subject"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("records.csv", "--shifts would overwrite"),
        ("persons.csv", "--shifts would overwrite"),
        ("folder/../records.csv", "--shifts would overwrite"),
        ("shifts.xlsx", "--shifts must end in .csv or .parquet"),
        ("shifts", "--shifts must end in .csv or .parquet"),
    ],
)
def test_shifts_go_into_a_file_of_their_own(run: Run, world: Path, name: str, told: str) -> None:
    (world / "folder").mkdir()
    before = {p: p.read_bytes() for p in world.glob("*.csv")}
    laws = (world / "policies", world / "policies")
    read = ("--records", world / "records.csv", "--persons", world / "persons.csv")
    done = run("diff", *laws, *read, "--shifts", world / name)
    assert done.code == 2
    assert f"error PE901: {told}" in done.err
    assert {p: p.read_bytes() for p in world.glob("*.csv")} == before


@pytest.mark.parametrize(
    "option",
    ["--persons nope.csv", "--circumstances nope.csv", "--mapping nope.yaml", "--policy county", "--period 2016",
     "--as-of 2016-12-31", "--shifts shifts.csv"],
)  # fmt: skip
def test_what_says_how_records_are_judged_goes_with_records(run: Run, world: Path, option: str) -> None:
    """Without --records nobody is judged, and nothing said so: whoever forgot it was told of the law alone."""
    name, value = option.split()
    done = run("diff", world / "policies", world / "policies", name, value)
    assert (done.code, done.out) == (2, "")
    assert f"error PE901: {name} needs --records" in done.err


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("evaluate", "", "--policy", "p"), "RECORDS is empty"),
        (("evaluate", "r.csv", "", "--policy", "p"), "RECORDS is empty"),
        (("evaluate", "r.csv", "--policy", "p", "--persons", ""), "--persons is empty"),
        (("evaluate", "r.csv", "--policy", "p", "--out="), "--out is empty"),
        (("check", ""), "PACKS is empty"),
        (("fmt", ""), "PACKS is empty"),
        (("test", "--junit", ""), "--junit is empty"),
        (("new", "x", "--folder", ""), "--folder is empty"),
        (("diff", "", "HEAD"), "OLD [NEW] is empty"),
    ],
)
def test_empty(run: Run, command: tuple[str, ...], told: str) -> None:
    """An empty path would be the current folder, whatever lies in it."""
    done = run(*command)
    assert (done.code, done.out) == (2, "")
    assert f"error PE901: {told}: perhaps a variable of the command line was not set" in done.err


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("evaluate", "\udcbc.csv", "--policy", "p"), "RECORDS"),
        (("evaluate", "r.csv", "--policy", "p", "--out", "\udcbc"), "--out"),
        (("explain", "out", "--person", "\udce5\udcbc\udca0"), "--person"),
        (("publish", "out", "--to", "\udcbc.duckdb"), "--to"),
    ],
)
def test_not_utf8(run: Run, command: tuple[str, ...], name: str) -> None:
    """Bytes of another encoding, as Python hands them on: neither a manifest nor a database can hold such a name."""
    done = run(*command)
    assert (done.code, done.out) == (2, "")
    assert f"error PE901: {name} is not UTF-8 (" in done.err
    assert "use a locale of UTF-8 (LC_ALL=C.UTF-8)" in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file can have such a name")
@pytest.mark.parametrize("engine", ["reference", "duckdb"])
def test_a_file_in_a_folder_is_not_utf8(run: Run, world: Path, engine: str) -> None:
    folder = world / "returns"
    folder.mkdir()
    (world / "records.csv").rename(folder / "\udcbc\udcc7.csv")
    done = run("evaluate", folder, "--policy", world / "policies/shire", "--out", world / "out", "--engine", engine)
    assert (done.code, (world / "out").exists()) == (2, False)
    assert "error PE400: the name of this file or of a folder above it is not UTF-8" in done.err


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ("stats", "--out", "out/decisions.csv"),
        ("stats", "--out", "records.csv"),
        ("stats", "--out", "policies/shire/pack.yaml"),
        ("report", "--out", "persons.html"),
        ("test", "--junit", "policies/shire/pack.yaml"),
        ("test", "--junit", "policies/shire/../shire/rules.yaml"),
    ],
)
def test_nothing_that_is_read_is_overwritten(run: Run, world: Path, command: str, option: str, name: str) -> None:
    (world / "persons.html").symlink_to(world / "persons.csv")
    files = (world / "records.csv", "--persons", world / "persons.csv", "--policy", world / "policies")
    assert run("evaluate", *files, "--out", world / "out", "--format", "csv").code == 0
    before = {p: p.read_bytes() for p in world.rglob("*") if p.is_file()}
    read = world / ("policies" if command == "test" else "out")
    done = run(command, read, option, world / name)
    assert done.code == 2
    assert f"error PE901: {option} would overwrite" in done.err
    assert {p: p.read_bytes() for p in world.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("policy", "code"), [("shire", 0), ("policies/shire", 0), ("policies", 0), ("shir", 2), ("policies/shir", 2)]
)
def test_the_pack_to_compare_by_is_there(run: Run, world: Path, policy: str, code: int) -> None:
    """By a name of no pack everybody was judged by their own, as if none had been named."""
    laws = (world / "policies", world / "policies")
    done = run("diff", *laws, "--records", world / "records.csv", "--policy", policy)
    assert (done.code, f"error PE704: there is no pack {policy} in" in done.err) == (code, code == 2)


@pytest.mark.parametrize(
    ("command", "name", "told"),
    [
        ("stats out --format csv --out", "out", "is the folder of a result"),
        ("stats out --format csv --out", "out/tables", "is in the folder of a result"),
        ("stats out --out", "out/s.json", "is in the folder of a result"),
        ("report out --out", "out/x.html", "is in the folder of a result"),
        ("report out --out", "out/reports/x.xlsx", "is in the folder of a result"),
        ("publish out --to", "out/x.duckdb", "is in the folder of a result"),
        ("diff policies policies --records records.csv --shifts", "out/x.csv", "is in the folder of a result"),
    ],
)
def test_nothing_else_is_put_into_the_folder_of_a_result(
    run: Run, world: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str, told: str
) -> None:
    """The next evaluate refused it as a folder that holds something else."""
    monkeypatch.chdir(world)
    assert run("evaluate", "records.csv", "--persons", "persons.csv", "--policy", "policies", "--out", "out").code == 0
    before = sorted(world.rglob("*"))
    words = command.split()
    done = run(*words, name)
    assert (done.code, done.out, sorted(world.rglob("*"))) == (2, "", before)
    assert f"error PE901: {words[-1]} {name} {told}" in done.err


@pytest.mark.parametrize("command", ["stats", "report"])
def test_a_workbook_that_can_not_be_written_is_told_of_once(run: Run, world: Path, command: str) -> None:
    """openpyxl showed a traceback of each of its sheets when the program ended."""
    files = (world / "records.csv", "--persons", world / "persons.csv", "--policy", world / "policies")
    assert run("evaluate", *files, "--out", world / "out").code == 0
    (world / "folder.xlsx").mkdir()
    words = [sys.executable, "-m", "policyengine", command, "out", "--out", "folder.xlsx", "--lang", "en"]
    done = subprocess.run(words, cwd=world, capture_output=True, text=True)
    assert (done.returncode, done.stderr.splitlines()) == (2, [
        "error PE910: folder.xlsx: this is a folder; a file is wanted here", "  hint: give another name",
    ])  # fmt: skip


def test_what_a_command_wrote_it_may_write_again(run: Run, world: Path) -> None:
    files = (world / "records.csv", "--persons", world / "persons.csv", "--policy", world / "policies")
    assert run("evaluate", *files, "--out", world / "out", "--format", "csv").code == 0
    for command in (
        ("stats", world / "out", "--out", world / "s.json"),
        ("report", world / "out", "--out", world / "r.html"),
        ("test", world / "policies", "--junit", world / "policies" / "results.xml"),
    ):
        assert [run(*command).code, run(*command).code] in ([0, 0], [1, 1])
