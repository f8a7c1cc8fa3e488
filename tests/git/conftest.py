"""A real git repository with the shipped packs; git and hooks in it start the program, tests run its commands."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner

from policyengine.cli import main

POLICIES = Path(__file__).resolve().parents[2] / "policies"
HOME = Path(__file__).resolve().parents[2]
YEARS = "policies/sichuan/rules-years.yaml"


class Repository:
    """A repository in ``folder``; ``bin`` has the program under its own name."""

    def __init__(self, folder: Path, programs: Path):
        self.folder, self.programs = folder, programs
        self.environment = {
            **os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(HOME),
            "LANG": "en_US.UTF-8", "LC_ALL": "C.UTF-8", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Li", "GIT_AUTHOR_EMAIL": "li@example.org", "GIT_COMMITTER_NAME": "Li",
            "GIT_COMMITTER_EMAIL": "li@example.org", "POLICYENGINE_CACHE": "off",
        }  # fmt: skip

    def run(self, *command: str, at: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=at or self.folder, env={**self.environment, **extra}, capture_output=True, text=True,
            encoding="utf-8", check=False,
        )  # fmt: skip

    def git(self, *arguments: str) -> str:
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def policyengine(self, *arguments: str, at: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
        """One command line, run in this process: started anew it would take thrice the time."""
        with contextlib.chdir(at or self.folder), patch.dict(os.environ, {**self.environment, **extra}, clear=True):
            done = CliRunner().invoke(main, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD").strip()

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")


def programs_in(folder: Path, names: Sequence[str] = ("policyengine",)) -> Path:
    """A folder with the program under its own name, as an installation has it."""
    folder.mkdir(exist_ok=True)
    for name in names:
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m policyengine "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One commit with the packs, tagged v1, on main."""
    made = Repository(tmp_path / "repository", programs_in(tmp_path / "bin"))
    made.folder.mkdir()
    made.git("init", "-q", "-b", "main")
    shutil.copytree(POLICIES, made.folder / "policies")
    made.commit("the packs")
    made.git("tag", "v1")
    return made
