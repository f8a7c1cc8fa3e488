"""Options that would change nothing are refused, each with what it goes with."""

from __future__ import annotations

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
    ],
)
def test_evaluate(run: Run, world: Path, options: str, told: str) -> None:
    done = run("evaluate", world / "records.csv", "--policy", world / "policies/shire", *options.split())
    assert (done.code, done.out) == (2, "")
    assert f"error PE901: {told}" in done.err


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
