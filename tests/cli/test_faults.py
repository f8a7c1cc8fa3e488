"""Interrupted, killed, out of disk or memory, read by nobody: a clean message, and no half result is ever seen."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import pytest

from policyengine.cli import main
from policyengine.cli.guard import guarded, of_system
from policyengine.engines.duckdb_write import machine
from policyengine.records import files
from policyengine.tools.evaluate import straight
from tests.cli.conftest import Run
from tests.cli.kills import ROOT, killed, register, start

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
pytestmark = pytest.mark.usefixtures("heeded")


def _many(world: Path, rows: int) -> Path:
    path = world / "many.csv"
    header = "record_id,person_id,date,form,subject,quantity,unit,evidence\n"
    path.write_text(
        header + "".join(f"R{n},P{n // 9},2016-03-01,training,professional,10,hours,c\n" for n in range(rows))
    )
    return path


def _start(world: Path, records: Path) -> subprocess.Popen[str]:
    out = world / "results" / "out"
    command = [sys.executable, "-m", "policyengine", "evaluate", records, "--policy", world / "policies/shire"]
    environment = {**os.environ, "LANG": "C.UTF-8"}
    environment.pop("LC_ALL", None)
    return subprocess.Popen(
        [*map(str, command), "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


@posix
@pytest.mark.parametrize(
    ("sent", "code", "told"),
    [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "stopped"), ("SIGHUP", 129, "stopped")],
)
def test_stopped_while_it_writes(world: Path, sent: str, code: int, told: str) -> None:
    """The signal comes as soon as the unfinished folder is there."""
    (world / "results").mkdir()
    running = _start(world, _many(world, 4000))
    while running.poll() is None and not list((world / "results").iterdir()):
        time.sleep(0.002)
    running.send_signal(signal.Signals[sent])
    _, err = running.communicate(timeout=60)
    if running.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert running.returncode == code
    assert told in err
    assert "nothing was left behind" in err
    assert "Traceback" not in err
    assert list((world / "results").iterdir()) == []


@posix
def test_killed_at_any_moment_no_half_result_is_seen(world: Path) -> None:
    records, results = _many(world, 1500), world / "results"
    results.mkdir()
    for moment in (0.1, 0.25, 0.4, 0.55, 0.7, 0.85):
        running = _start(world, records)
        time.sleep(moment)
        running.kill()
        running.communicate(timeout=60)
        seen = [p for p in results.iterdir() if not p.name.startswith(".")]
        assert all((p / "manifest.json").exists() for p in seen)
    done = _start(world, records)
    done.communicate(timeout=60)
    assert done.returncode == 0
    assert [p.name for p in results.iterdir()] == ["out"]


@posix
def test_the_compiled_engine_killed_at_random_moments(tmp_path: Path) -> None:
    """At 5 million records: ``python -m tests.cli.kills``."""
    assert list(killed(register(tmp_path, 20_000), tmp_path, kills=2, seed=5)) == []


@posix
def test_the_compiled_engine_interrupted(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    running = start(register(tmp_path, 100_000), tmp_path / "results" / "out")
    while running.poll() is None and not list((tmp_path / "results").glob(".out*/.work")):
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "nothing was left behind" in err
    assert list((tmp_path / "results").iterdir()) == []


LONG = "SELECT sum(a.range * b.range) FROM range(100000) a, range(2000) b"


# the first moments of a query are others than those when all threads are at it
@posix
@pytest.mark.parametrize("moment", [0.001, 0.004, 0.1])
def test_stopped_within_a_query(moment: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DuckDB raises something else than the signal's handler then, and after the first threads are done."""
    took = []

    def query(sent: signal.Signals | None) -> None:
        with duckdb.connect() as connection, machine(connection, tmp_path):
            connection.execute("SELECT 1")
            begun = time.monotonic()
            try:
                if sent is not None:
                    Timer(moment, os.kill, (os.getpid(), sent)).start()
                connection.execute(LONG).fetchall()
            finally:
                took.append(time.monotonic() - begun)

    assert guarded(lambda: query(None)) == 0
    for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        assert guarded(partial(query, sent)) == code
        assert "nothing was left behind" in capsys.readouterr().err
        assert took[-1] < took[0] / 2


@posix
def test_stopped_within_a_query_of_another_connection(capsys: pytest.CaptureFixture[str]) -> None:
    def query() -> None:
        with duckdb.connect() as connection:
            connection.execute("SELECT 1")
            Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
            connection.execute(LONG).fetchall()

    assert guarded(query) == 143
    assert "nothing was left behind" in capsys.readouterr().err


@pytest.mark.parametrize("engine", ["reference", "duckdb"])
def test_a_file_that_changes_while_it_is_read_is_not_judged(
    engine: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest would attest another file than the one that was judged."""
    records = tmp_path / "r.csv"
    records.write_text("record_id,person_id,date,form,quantity,unit,evidence\nR1,P1,2016-05-01,training,5,hours,c\n")
    digested = files.digests

    def digests(sources: Iterable[files.Source]) -> dict[str, str]:
        found = digested(sources)
        records.write_text(records.read_text().replace(",5,hours", ",95,hours"))
        return found

    for module in ("given", "columns"):
        monkeypatch.setattr(f"policyengine.records.{module}.digests", digests)
    policy = ROOT / "policies" / "sichuan"
    done = run("evaluate", records, "--policy", policy, "--engine", engine, "--out", tmp_path / "out")
    assert (done.code, "PE400" in done.err, "changed while it was being read" in done.err) == (2, True, True)
    assert not (tmp_path / "out").exists()


def test_parquet_that_is_replaced_after_it_was_checked_is_not_judged(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet is looked at again when people are judged, without a copy."""
    files_, new = register(tmp_path, 2000), tmp_path / "new.parquet"
    records = Path(files_[0])
    shutil.copy(records, new)
    read = straight.canonical_of

    def canonical_of(*given: Any) -> Any:
        found = read(*given)
        os.replace(new, records)
        return found

    monkeypatch.setattr(straight, "canonical_of", canonical_of)
    policy = ROOT / "policies" / "sichuan"
    done = run("evaluate", *files_, "--policy", policy, "--engine", "duckdb", "--out", tmp_path / "out")
    assert (done.code, "PE400" in done.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_signals_are_handled_as_before_afterwards() -> None:
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    assert guarded(lambda: 0) == 0
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_the_machine_can_not_do_is_told_by_its_name(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        with pytest.raises(MemoryError), machine(connection, tmp_path):
            raise duckdb.OutOfMemoryException("could not allocate block")
        with pytest.raises(OSError, match="No space left") as full, machine(connection, tmp_path):
            raise duckdb.IOException("Could not write file: No space left on device")
        with pytest.raises(KeyboardInterrupt), machine(connection, tmp_path):
            raise duckdb.InterruptException("interrupted")
    assert full.value.errno == errno.ENOSPC


@pytest.mark.parametrize("command", ["stats OUT", "report OUT --out OUT.html"])
def test_what_the_system_refuses_the_working_file_is_told(
    run: Run, world: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A quota, a limit of a file's size: it was a fault of the program."""
    out = world / "out"
    judged = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--period", "2016", "--out", out)
    assert run(*judged).code == 0

    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException('IO Error: Could not write file "work.duckdb": Disk quota exceeded')

    monkeypatch.setattr("policyengine.tools.stats.store.Store.__init__", fail)
    done = run(*command.replace("OUT", str(out)).split(" "))
    assert done.code == 2
    assert "error PE906: " in done.err
    assert done.err.endswith('the system refused: IO Error: Could not write file "work.duckdb": Disk quota exceeded\n')


def test_too_small_a_limit(run: Run, tmp_path: Path) -> None:
    files = register(tmp_path, 100_000)
    out = tmp_path / "out"
    limited = ("--out", out, "--engine", "duckdb", "--memory-limit", "8MB")
    done = run("evaluate", *files, "--policy", ROOT / "policies" / "sichuan", *limited)
    assert done.code == 2
    assert "error PE903: there is not enough memory" in done.err
    assert not out.exists()


@posix
def test_a_reader_that_goes_away(world: Path) -> None:
    records = _many(world, 3000)
    command = [
        sys.executable,
        "-m",
        "policyengine",
        "evaluate",
        str(records),
        "--policy",
        str(world / "policies/shire"),
    ]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    err = running.stderr.read()
    assert running.wait(60) == 0
    assert "Traceback" not in err
    assert "rror" not in err


@posix
def test_a_reader_of_tables_that_goes_away(run: Run, world: Path) -> None:
    out = world / "out"
    run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", out)
    command = [sys.executable, "-m", "policyengine", "stats", str(out)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert (running.stderr.read(), running.wait(60)) == ("", 0)


@posix
def test_interrupted_while_it_starts() -> None:
    """Libraries take a part of a second to load; Ctrl-C then is no traceback either."""
    code = """
        import builtins, runpy, time
        load = builtins.__import__
        def slow(name, *rest, **more):
            if name == "policyengine.cli":
                print("loading", flush=True)
                time.sleep(60)
            return load(name, *rest, **more)
        builtins.__import__ = slow
        runpy.run_module("policyengine", run_name="__main__")
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    assert (running.communicate(timeout=60)[1], running.returncode) == ("", -signal.SIGINT)


@posix
@pytest.mark.parametrize("asked", ["--help", "--version", "check --help"])
def test_a_reader_of_help_that_goes_away(asked: str) -> None:
    command = [sys.executable, "-m", "policyengine", *asked.split()]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert (running.stderr.read(), running.wait(60)) == ("", 0)


def test_a_fault_tells_no_number_of_a_person(run: Run, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("could not read 510101199001010016 as INT64")

    monkeypatch.setattr("policyengine.tools.result.write.write_table", fail)
    done = run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    assert "ValueError: could not read 510101********0016 as INT64" in done.err


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (OSError(28, "No space left on device"), "PE904"),
        (PermissionError(13, "denied", "/out"), "PE905"),
        (OSError(5, "Input/output error"), "PE906"),
        (OSError(27, "File too large"), "PE906"),
        (FileNotFoundError(2, "none", "/x"), "PE902"),
        (NotADirectoryError(20, "Not a directory", "/x/out"), "PE910"),
        (MemoryError(), "PE903"),
        (duckdb.OutOfMemoryException("Out of Memory Error: Allocation failure"), "PE903"),
        (RecursionError("too deep"), "PE999"),
        (ZeroDivisionError("division by zero"), "PE999"),
    ],
)
def test_whatever_is_raised_becomes_a_message(
    run: Run, world: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException, code: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr("policyengine.tools.result.write.write_table", fail)
    args = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    done = run(*args)
    assert (done.code, done.out) == (2, "")
    assert f"error {code}: " in done.err or f": error {code}: " in done.err
    assert "hint: " in done.err or "Input/output" in done.err
    assert not (world / "out").exists()


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("policyengine.tools.result.formats.reader_text", "verify OUT"),
        ("policyengine.records.parquet.columns_of", "inspect OUT/decisions.parquet"),
        ("policyengine.tools.publish.embedded.attach", "publish OUT --to OUT.duckdb"),
    ],
)
def test_too_little_memory_to_read_says_nothing_of_the_file(
    run: Run, world: Path, monkeypatch: pytest.MonkeyPatch, place: str, command: str
) -> None:
    """An untouched result was said to be changed, a sound file to be cut off, the database to be open elsewhere."""
    out = world / "out"
    judged = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--period", "2016", "--out", out)
    assert run(*judged, "--format", "parquet").code == 0

    def fail(*_: object, **__: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: Allocation failure")

    monkeypatch.setattr(place, fail)
    done = run(*command.replace("OUT", str(out)).split(" "))
    assert (done.code, done.err.splitlines()[0]) == (
        2,
        "error PE903: there is not enough memory for the input; nothing was written",
    )


@posix
def test_what_is_in_the_way_is_named(run: Run, world: Path) -> None:
    """The place that was asked for, or the folder where nothing may be made; not an unfinished file that is gone."""
    out, folder, file = world / "out", world / "folder.json", world / "file"
    run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", out)
    folder.mkdir()
    file.write_text("mine")
    done = run("stats", out, "--out", folder)
    assert (done.code, done.err.splitlines()[0]) == (
        2,
        f"error PE910: {folder}: this is a folder; a file is wanted here",
    )
    for place in (file, file / "within"):
        done = run("stats", out, "--out", place, "--format", "csv")
        assert done.err.startswith(f"error PE910: {place}: there is a file where a folder is wanted\n"), done.err
    assert file.read_text() == "mine"
    refused = of_system(PermissionError(errno.EACCES, "denied", str(world / ".report.html.123")))
    assert (refused.code, refused.message) == ("PE905", f"{world}: you may not read or write this")


def test_a_reader_that_goes_away_on_windows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There a pipe that nobody reads any more is an invalid argument; of a file it stays an error."""

    def failing(problem: OSError) -> int:
        with monkeypatch.context() as patched:

            def run() -> None:
                patched.setattr(sys, "platform", "win32")
                raise problem

            patched.setattr("policyengine.cli.guard._reader_gone", lambda: 0)
            return guarded(run)

    assert failing(OSError(errno.EINVAL, "Invalid argument")) == 0
    assert capsys.readouterr().err == ""
    assert failing(OSError(errno.EINVAL, "Invalid argument", "a:b")) == 2
    assert "PE906" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (duckdb.TransactionException('Failed to commit: Could not write "work.duckdb.wal": No space left'), "PE904"),
        (duckdb.IOException('Could not write file "work.duckdb": No space left on device'), "PE904"),
        (duckdb.OutOfMemoryException("could not allocate block of size 256.0 KiB"), "PE903"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/tmp', '/var/tmp']"), "PE905"),
    ],
)
def test_where_there_is_no_room_for_temporary_files(
    raised: Exception, code: str, run: Run, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small /tmp is no fault of the program, and neither file nor folder is missing."""
    assert (
        run("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out").code == 0
    )

    def fails(*_: object) -> None:
        raise raised

    monkeypatch.setattr("policyengine.tools.stats.make.build", fails)
    done = run("stats", world / "out")
    assert done.code == 2
    assert re.match(rf"error {code}: .*(disk is full|not enough memory|no folder for temporary files)", done.err)
    assert code == "PE903" or "TMPDIR" in done.err


def test_a_result_that_is_open_elsewhere_is_named(run: Run, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a folder can't be renamed while Excel has a file of it open: neither who owns it nor the folder above
    is the matter."""
    given = ("evaluate", world / "records.csv", "--policy", world / "policies/shire", "--out", world / "out")
    assert run(*given).code == 0
    rename, before = os.rename, sorted(p.name for p in world.iterdir())

    def refused(one: Path, other: Path) -> None:
        if Path(one) == world / "out":
            raise PermissionError(errno.EACCES, "Access is denied", str(one), 5, str(other))
        rename(one, other)

    monkeypatch.setattr("policyengine.tools.result.write._exchange", lambda *_: False)
    monkeypatch.setattr(os, "rename", refused)
    done = run(*given)
    assert done.err.startswith(f"error PE905: {world / 'out'}: you may not read or write this\n")
    assert sorted(p.name for p in world.iterdir()) == before
    monkeypatch.setattr(sys, "platform", "win32")
    told = of_system(PermissionError(errno.EACCES, "Access is denied", str(world / "out")))
    monkeypatch.undo()
    assert "Excel" in (told.hint or "")


@pytest.mark.parametrize(("system", "code"), [("linux", "PE902"), ("win32", "PE906")])
def test_a_path_that_is_too_long_for_windows(
    system: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which says of it that there is no such folder."""
    place = tmp_path / ("学" * 120) / ("时" * 120) / ".out.unfinished-1"
    monkeypatch.setattr(sys, "platform", system)
    told = of_system(FileNotFoundError(errno.ENOENT, "The system cannot find the path specified", str(place)))
    short = of_system(FileNotFoundError(errno.ENOENT, "The system cannot find the path specified", "out"))
    monkeypatch.undo()
    assert (told.code, f"has {len(str(place))} characters" in told.message) == (code, code == "PE906")
    assert short.code == "PE902"


@posix  # elsewhere a folder that somebody is in can't be removed
@pytest.mark.parametrize("named", ["evaluate records.csv --policy p", "diff main..HEAD"])
def test_the_folder_that_one_is_in_was_removed(
    named: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    done = run(*named.split())
    assert done.code == 2
    assert "PE902: the folder that you are in is gone" in done.err


def test_debug_shows_where(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("policyengine.tools.result.write.write_table", fail)
    args = [
        "evaluate",
        str(world / "records.csv"),
        "--policy",
        str(world / "policies/shire"),
        "--out",
        str(world / "o"),
    ]
    with pytest.raises(SystemExit):
        main([*args, "--debug"])
    assert "Traceback" in capsys.readouterr().err


def test_a_foreign_folder_is_refused_before_any_work(run: Run, world: Path) -> None:
    done = run("evaluate", world / "nowhere.csv", "--policy", world / "policies/shire", "--out", world)
    assert (done.code, done.out) == (2, "")
    assert "PE911" in done.err


# what the shell closes, the exit code and what stderr begins with
@posix
@pytest.mark.parametrize(
    ("arguments", "closed", "code", "told"),
    [
        ("explain-code PE404", ">&-", 0, ""),
        ("--version", ">&-", 0, ""),
        ("inspect nowhere.csv", "2>&-", 2, ""),
        ("inspect -", "<&-", 2, "<stdin>: error PE402"),
    ],
)
def test_streams_that_are_closed(arguments: str, closed: str, code: int, told: str) -> None:
    command = f"{sys.executable} -m policyengine {arguments} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr.startswith(told) if told else not done.stderr


def test_streams_are_utf8_whatever_the_environment_says(world: Path) -> None:
    command = [sys.executable, "-m", "policyengine", "explain", str(world / "records.csv")]
    command += ["--policy", str(world / "policies/shire"), "--person", "A1", "--period", "2016", "--lang", "zh"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert "未完成" in done.stdout.decode("utf-8")


def test_what_explain_imports_stays_small(world: Path) -> None:
    """Cold start: no duckdb, rich, jsonschema or spreadsheet library on the way from a CSV file to a case."""
    script = (
        "import sys\n"
        "from policyengine.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'duckdb', 'rich', 'jsonschema', 'sqlglot', 'openpyxl', 'python_calamine', 'z3', 'pyarrow', 'numpy', "
        "'asyncio', 'zipfile', 'ctypes'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, "explain", str(world / "records.csv")]
    command += ["--policy", str(world / "policies/shire"), "--person", "A1", "--period", "2016"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"
