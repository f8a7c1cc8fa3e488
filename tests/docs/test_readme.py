"""README: commands in ``console`` blocks are run in order and print what stands below; the Python lines run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Commands with the lines that they print."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        command, lines = "", list[str]()
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, lines
                command, lines = line[2:], []
            else:
                lines.append(line)
        yield command, lines


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that a user starts with."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("policies", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("LC_ALL", "LC_MESSAGES", "LANG")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


@pytest.mark.skipif(sys.platform == "win32", reason="README's console blocks are written for a POSIX shell")
@pytest.mark.parametrize("language", ["中文", "English"])
def test_commands_print_what_readme_shows(language: str, project: Path) -> None:
    part = re.split(r"^## ", README, flags=re.MULTILINE)
    told = list(steps(next(p for p in part if p.startswith(language))))
    assert len(told) >= 7
    for command, lines in told:
        done = subprocess.run(
            command, shell=True, cwd=project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8",
        )  # fmt: skip
        assert done.stdout.rstrip().splitlines() == lines, command


def test_the_python_example_runs(project: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, env={**environment(), "PYTHONUTF8": "1"}, capture_output=True,
        text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "annual-hours, 二（二）第1款" in done.stdout


def test_both_languages_give_the_same_two_commands() -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    assert blocks[:2] == blocks[2:]
    assert blocks[1].strip().endswith("python -m pytest -n 2")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(".venv/bin/python -m pytest -n 2")


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
