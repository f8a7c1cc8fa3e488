"""Results whose files are in place, but can not be read as they were: what the commands show all the same."""

from __future__ import annotations

import shlex
from pathlib import Path

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
