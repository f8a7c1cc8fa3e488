"""Written results: what the commands make of them where the files can not be read as they were, or others are named."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_the_next_step_that_is_told_works_with_pseudonyms(run: Run, world: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"0123456789abcdef")
    args = ("--policy", world / "policies", "--persons", world / "persons.csv", "--pseudonymise", tmp_path / "key")
    told = run("evaluate", world / "records.csv", *args, "--out", tmp_path / "out").err.splitlines()[-1]
    assert told.startswith("next: policyengine explain ")
    done = run(*shlex.split(told)[2:])
    assert (done.code, done.err.count("note PE504: persons have pseudonyms here")) == (0, 1)
    assert "not met: 100 of 120 hours, 20 short    mill" in done.out
    assert "error PE915" in run("explain", tmp_path / "out", "--person", "A1").err


def test_whose_name_is_asked_without_the_files_learns_why_it_is_not_known(
    run: Run, world: Path, tmp_path: Path
) -> None:
    args = ("--policy", world / "policies", "--persons", world / "persons.csv", "--out", tmp_path / "out")
    assert run("evaluate", world / "records.csv", *args).code == 0
    assert run("explain", tmp_path / "out", "--person", "Ann").code == 0
    (world / "persons.csv").rename(tmp_path / "elsewhere.csv")
    done = run("explain", tmp_path / "out", "--person", "Ann")
    assert (done.code, done.out) == (2, "")
    note, error = done.err.index("persons.csv is not here"), done.err.index("error PE915")
    assert note < error < done.err.index("without its files a result knows ids, no names")
    assert run("explain", tmp_path / "out", "--person", "A1").code == 0


@pytest.mark.parametrize("given", ["records", "persons", "circumstances"])
def test_nothing_waits_for_standard_input_that_has_been_read(
    run: Run, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """It is not asked again, as at a terminal that would wait for ever. Statistics do not ask for circumstances."""
    names = {name: world / f"{name}.csv" for name in ("records", "persons", "circumstances")}
    data, names[given] = names[given].read_bytes(), Path("-")
    options = ("--persons", names["persons"], "--circumstances", names["circumstances"])
    out = tmp_path / "out"
    args = ("evaluate", names["records"], *options, "--policy", world / "policies", "--period", "2016", "--out", out)
    assert run(*args, stdin=data).code == 0
    monkeypatch.setattr("policyengine.records.files._spool_stdin", lambda: pytest.fail("asked standard input"))
    told = run("explain", out, "--person", "A1")
    assert (told.code, told.err.count("note PE504: this result was made from standard input, which can")) == (0, 1)
    unknown = int(given != "circumstances")
    report, published = ("--out", tmp_path / "report.html"), ("--to", tmp_path / "status.duckdb")
    for command in (("stats", out), ("report", out, *report), ("publish", out, *published)):
        done = run(*command)
        assert (done.code, done.err.count("note PE530: standard input: this result was made from it")) == (
            0,
            unknown,
        ), done.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--policy", "p"), "leave --policy out"),
        (("--persons", "p.csv"), "leave --persons out"),
        (("--circumstances", "c.csv"), "leave --circumstances out"),
        (("--mapping", "m.yaml"), "leave --mapping out"),
        (("--as-of", "2016-12-01", "--persons", "p.csv"), "leave --persons, --as-of out"),
    ],
)
def test_a_written_result_is_explained_by_itself(
    run: Run, world: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    out = tmp_path / "out"
    run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", out)
    done = run("explain", out, "--person", "A1", *options)
    assert (done.code, done.out, done.err.count("error PE901: a written result"), done.err.count(told)) == (2, "", 1, 1)


def test_a_result_among_the_records_is_not_read(run: Run, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor passed over in silence. A manifest of another program is a file as any other."""
    (world / "in" / "old").mkdir(parents=True)
    (world / "records.csv").rename(world / "in" / "records.csv")
    monkeypatch.chdir(world / "in")
    args = ("evaluate", ".", "--policy", "../policies/shire", "--period", "2016", "--out", "old/2016")
    said = ".: warning PE443: a written result in the folder is not read: ./old/2016"
    for times, out in enumerate(("old/2016", "old/2016", "old/other")):
        done = run(*args[:-1], out)
        assert (done.code, done.err.count(said)) == (0, min(times, 1)), done.err
        assert "11 rows in: 10 records in the ledger" in done.err
    assert "PE401: the folder holds no file" in run("evaluate", "old", *args[2:-1], "../x").err
    (world / "in" / "old" / "manifest.json").write_text("{}")
    assert "manifest.json: error PE404" in run(*args).err


@pytest.mark.parametrize(("platform", "format_", "told"), [
    ("win32", "csv", True), ("win32", "xlsx", False), ("win32", "jsonl", False), ("linux", "csv", False),
])  # fmt: skip
def test_who_will_open_csv_with_excel_is_told(
    platform: str, format_: str, told: bool, run: Run, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click shows 乱码 of UTF-8 without a mark; with one, other readers would find it in the first header."""
    monkeypatch.setattr("policyengine.cli.guard.sys.platform", platform)
    files = (world / "records.csv", "--policy", world / "policies", "--engine", "reference")
    done = run("evaluate", *files, "--out", tmp_path / "out", "--format", format_)
    stats = run(
        "stats", tmp_path / "out", "--out", tmp_path / f"s.{'xlsx' if format_ == 'xlsx' else 'csv'}", "--by", "form"
    )
    monkeypatch.undo()
    assert (done.code, "--format xlsx writes it for Excel" in done.err) == (0, told)
    assert (stats.code, "--out FILE.xlsx writes it for Excel" in stats.err) == (
        0,
        platform == "win32" and format_ != "xlsx",
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("explain a b --person A1", "a is a result, not a file of records; of results one is taken at a time"),
        ("explain records.csv a --person A1", "a is a result, not a file of records"),
        ("explain a/decisions.csv --person A1", "a/decisions.csv is a file of a result: name its folder, a"),
        ("explain records.csv --person A1", "say by which policy: --policy FOLDER"),
        ("explain policies --person A1", "policies is not a result; where it holds records, say by which policy"),
        ("verify a b", "b is a result, not a file of records; of results one is taken at a time"),
        ("verify a b/manifest.json", "b/manifest.json is a file of a result: name its folder, b"),
    ],
)
def test_one_result_is_taken_at_a_time(
    command: str, said: str, run: Run, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the policy that was asked for, the result would not have been read; beside a result, verify took another
    for the records that it was made from."""
    monkeypatch.chdir(world)
    for out in ("a", "b"):
        assert run("evaluate", "records.csv", "--policy", "policies", "--out", out).code == 0
    told = run(*command.split())
    assert (told.code, f"error PE901: {said}" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("results.xlsx", "results.xlsx would be one; name it without .xlsx, and say --format xlsx"),
        ("2016/r.CSV", "2016/r.CSV would be one; name it without .CSV, and say --format csv"),
        ("r.parquet", None),  # as other programs name folders
        ("r.v2", None),
        ("old.csv", None),  # a folder that is there
    ],
)
def test_a_folder_is_not_named_as_a_file(
    out: str, said: str | None, run: Run, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked for a workbook got a folder of that name, with CSV files in it."""
    monkeypatch.chdir(world)
    (world / "old.csv").mkdir()
    told = run("evaluate", "records.csv", "--policy", "policies", "--out", out)
    assert (told.code, Path(out).exists()) == ((0, True) if said is None else (2, False))
    assert said is None or f"error PE901: --out names a folder, with a file for each table, and {said}" in told.err
