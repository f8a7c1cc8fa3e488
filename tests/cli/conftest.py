"""The small world of tests/tools, and the command line run in this process as a user would run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from tests.tools.world import write_world


@dataclass
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command line with an English environment."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: object, stdin: bytes | None = None) -> Ran:
        done = CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return Ran(done.exit_code, done.stdout, done.stderr)

    return command


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A small world of the test's own."""
    return write_world(tmp_path / "world")
