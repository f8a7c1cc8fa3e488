"""README: commands in ``console`` blocks are run in order and print what stands below; the Python lines run.

``python -m tests.docs.test_readme`` writes what they print into README anew, for review in the diff.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
TABLES = ("decisions", "findings", "ledger", "rejects", "flags", "missing", "manifest.json")


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands with the lines that they print; ``> `` continues a command, as a shell shows it."""
    for block in CONSOLE.findall(text):
        command, lines = "", list[str]()
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, lines
                command, lines = line[2:], []
            elif line.startswith("> "):
                command += "\n" + line[2:]
            else:
                lines.append(line)
        yield command, lines


def section(language: str) -> str:
    return next(p for p in re.split(r"^## ", README, flags=re.MULTILINE) if p.startswith(language))


def cloned(folder: Path) -> Path:
    """The project's folders in a new place, as after cloning and installing it, which compiles the program."""
    for name in ("policies", "examples", "policyengine", "grammar"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What a user starts with."""
    return cloned(tmp_path / "project")


def environment(project: Path | None = None) -> dict[str, str]:
    """A terminal's without colour; ``project``: the clone whose program runs."""
    kept = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LC_MESSAGES", "LANG")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"PYTHONPATH": str(project)} if project is not None else {}
    return {**kept, "PATH": path, "NO_COLOR": "1", "PYTHONUTF8": "1", **own}


def printed(command: str, folder: Path) -> list[str]:
    """The lines on both streams, without the spaces at their ends."""
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8",
    )  # fmt: skip
    return [line.rstrip() for line in done.stdout.rstrip().splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="README's console blocks are written for a POSIX shell")
@pytest.mark.parametrize("language", ["中文", "English"])
def test_commands_print_what_readme_shows(language: str, project: Path) -> None:
    told = list(steps(section(language)))
    assert len(told) >= 17
    for command, lines in told:
        assert printed(command, project) == [line.rstrip() for line in lines], command


def test_the_python_examples_run(project: Path) -> None:
    code = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(code) == 2
    assert len(set(code)) == 1
    done = subprocess.run(
        [sys.executable, "-c", code[0]], cwd=project, env=environment(project), capture_output=True, text=True,
        encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "annual-hours, 二（二）第1款" in done.stdout


def test_each_language_is_whole_in_itself() -> None:
    """The same commands in the same order in both, Windows, and what is in a result."""
    parts = [section("中文"), section("English")]
    verbs = [[c.split()[1] for c, _ in steps(p) if c.startswith("policyengine ")] for p in parts]
    assert verbs[0] == verbs[1]
    for part in parts:
        assert "```powershell" in part
        assert all(f"`{table}`" in part for table in TABLES)


def test_both_languages_give_the_same_two_commands() -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    assert blocks[:2] == blocks[2:]
    assert blocks[1].strip().endswith("python -m pytest -n 2")
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert ".venv/bin/python -m pytest -n 2" in run


@pytest.mark.skipif(os.name == "nt", reason="a script for a shell of Unix")
@pytest.mark.parametrize(("types", "tests", "code"), [("exit 0", 0, 0), ("exit 2", 0, 2), ("exec sleep 60", 5, 5)])
def test_ci_fails_as_one_of_both_and_leaves_nothing_running(types: str, tests: int, code: int, tmp_path: Path) -> None:
    """The check of types went on behind the tests that had failed, and wrote below what comes next."""
    (tmp_path / ".ci").mkdir()
    own = tmp_path / ".venv" / "bin"
    own.mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    programs = {"ruff": "exit 0", "apt-get": "exit 0", "mypy": types, "python": f'[ "$2" = pip ] || exit {tests}'}
    for name, does in programs.items():
        (own / name).write_text(f"#!/bin/sh\n{does}\n")
        (own / name).chmod(0o755)
    path = {"PATH": f"{own}:{os.environ['PATH']}"}
    # it ends when all who may write have
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, env=path, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_the_first_command_is_the_one_that_is_shown_to_work() -> None:
    """Its part after installing is run above; only making the environment and installing need the network."""
    (first, *_) = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    *installing, judging = first.strip().split(" && ")
    assert installing == ["python3 -m venv .venv", ".venv/bin/pip install -q -e ."]
    for language, code in (("中文", "zh"), ("English", "en")):
        assert f"{judging.removeprefix('.venv/bin/')} --lang {code}" in [c for c, _ in steps(section(language))]


def record() -> None:
    """Write README's outputs anew, each language in a folder of its own."""
    done = []
    for part in re.split(r"(?=^## )", README, flags=re.MULTILINE):
        with tempfile.TemporaryDirectory() as folder:
            project = cloned(Path(folder) / "project")

            def block(match: re.Match[str], place: Path = project) -> str:
                lines = []
                for command, _ in steps(match[0] + "\n"):
                    lines += ["$ " + command.replace("\n", "\n> "), *printed(command, place)]
                return "\n".join(["```console", *lines, "```"])

            done.append(CONSOLE.sub(block, part))
    (ROOT / "README.md").write_text("".join(done), encoding="utf-8")


if __name__ == "__main__":
    record()
