"""Whatever folders and files are called, a file is read for itself: not its neighbours, and no folder for a column."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from policyengine.cli import main
from tests.cli.conftest import Run
from tests.windows import Windows

PLAIN, ODD = ("there", "records", "out"), ("period=1999/person_id=A1/form=visit", "records[1]", "out[?1]*")


def write_records(path: Path, hours: int) -> None:
    """Long titles: with so many bytes the file goes the fast way."""
    chance = random.Random(1)
    columns = ("record_id", "person_id", "date", "form", "subject", "title", "quantity", "unit", "evidence")
    rows = [
        (f"R{n}", f"{'ABC'[n % 3]}{n % 3 + 1}", "2016-03-14", "training", "professional",
         chance.randbytes(12_000).hex(), hours + n % 2, "hours", f"c-{n}")
        for n in range(30)
    ]  # fmt: skip
    text = path.with_suffix(".csv")
    with text.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    if path.suffix == ".parquet":
        table = path.with_name("between.csv")
        text.rename(table)
        duckdb.sql(f"COPY (FROM read_csv('{table}', hive_partitioning = false)) TO '{path}'")
        table.unlink()


def told(run: Run, world: Path, names: tuple[str, str, str], kind: str, engine: str, format: str) -> list[str]:
    """What every command says of a register, and the tables it writes; paths are left out."""
    folder, records, out = names
    (world / folder).mkdir(parents=True)
    file, result, status = (world / folder / n for n in (f"{records}{kind}", out, "status.duckdb"))
    again = "--update" if engine == "duckdb" and format != "jsonl" else "--out"
    if names == ODD:  # neighbours that the names, as patterns, would match
        near = file.with_name(f"records1{kind}")
        write_records(near, 90)
        judge = ("evaluate", near, "--policy", world / "policies/shire", "--engine", engine, "--format", format)
        assert run(*judge, again, result.with_name("out1y")).code == 0
    write_records(file, 3)
    given = (file, "--policy", world / "policies", "--persons", world / "persons.csv", "--engine", engine)
    said = []
    for command in (
        ("evaluate", *given, "--out", result, "--format", format),
        ("verify", result, file, world / "persons.csv"),
        ("explain", result, "--person", "A1"),
        ("stats", result, "--by", "form"),
        *([("publish", result, "--to", status)] if engine == "duckdb" else []),  # once from each format
        *([("stats", status, "--by", "form")] if format == "csv" else []),
        *([("evaluate", *given, again, result, "--format", format)] * (2 if again == "--update" else 0)),
    ):
        if "--update" in command:
            write_records(file, 8)
        done = run(*command)
        assert done.code == 0, (command, done.err)
        said += [done.out, *(done.err.splitlines()[:2] if command[0] == "evaluate" else ())]
    said += [hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(result.glob("*")) if p.suffix != ".json"]
    return [s.replace(str(result), "OUT").replace(str(file), "FILE").replace(str(status), "STATUS") for s in said]


@pytest.mark.parametrize(
    ("kind", "engine", "format"),
    [
        (".csv", "duckdb", "csv"),
        (".parquet", "duckdb", "parquet"),
        (".csv", "duckdb", "jsonl"),
        (".parquet", "reference", "parquet"),
    ],
)
def test_odd_names_change_nothing(
    run: Run, world: Path, monkeypatch: pytest.MonkeyPatch, kind: str, engine: str, format: str
) -> None:
    plain = told(run, world, PLAIN, kind, engine, format)
    monkeypatch.setattr(tempfile, "tempdir", str(world / ODD[0]))
    assert told(run, world, ODD, kind, engine, format) == plain


def _on_windows(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Run a command line that no shell has touched; gives the exit code."""
    monkeypatch.setattr(sys, "argv", ["policyengine", *map(str, words)])
    with monkeypatch.context() as patched:
        patched.setattr("click.core.os", Windows())
        patched.setattr("policyengine.cli.settings.os", Windows())
        with pytest.raises(SystemExit) as left:
            main()
    return int(left.value.code or 0)


def test_on_windows_a_name_is_no_pattern(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a browser names what is fetched again. No shell takes quotation marks away there, nor keeps a name by them."""
    monkeypatch.chdir(world)
    write_records(world / "records1.csv", 90)
    shutil.copy("records.csv", "records[1].csv")
    assert _on_windows(monkeypatch, "inspect", "records[1].csv", "--lang", "en") in (0, 1)
    assert capsys.readouterr().out.startswith("records[1].csv ")


def test_on_windows_one_option_takes_the_files_of_its_pattern(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/records.md: ``--persons "persons/*"``. The second file was read as records. ``~$`` is a lock of Excel."""
    monkeypatch.chdir(world)
    Path("persons").mkdir()
    head, *rest = (world / "persons.csv").read_text("utf-8").splitlines(keepends=True)
    for name, rows in (("a.csv", rest[:1]), ("b.csv", rest[1:]), ("~$a.csv", ["junk\n"])):
        (world / "persons" / name).write_text(head + "".join(rows), "utf-8")
    given = ("evaluate", "rec*s.csv", "--policy", "policies/shire", "--persons", "persons/*", "--out", "out")
    assert _on_windows(monkeypatch, *given) == 0
    read = json.loads((world / "out/manifest.json").read_bytes())["inputs"]
    assert [(i["role"], Path(i["file"]).as_posix()) for i in read] == [
        ("persons", "persons/a.csv"), ("persons", "persons/b.csv"), ("records", "records.csv"),
    ]  # fmt: skip


def test_on_windows_packs_and_results_are_named_by_patterns_too(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(world)
    assert _on_windows(monkeypatch, "fmt", "--check", "policies/[sm]*", "--lang", "en") in (0, 1)
    assert "PE" not in capsys.readouterr().err
    assert _on_windows(monkeypatch, "fmt", "--check", "policies/x*", "--lang", "en") == 2
    assert "policies/x*" in capsys.readouterr().err
    monkeypatch.setenv("HOME", str(world))
    monkeypatch.setenv("USERPROFILE", str(world))
    assert _on_windows(monkeypatch, "check", "~/policies/mill") == 0
