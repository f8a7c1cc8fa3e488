"""The documentation hangs together: every page is in the list, every link leads somewhere, every command runs."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from tests.docs.test_readme import ROOT, environment

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*DOCS, *(ROOT / n for n in ("README.md", "CONTRIBUTING.md", "examples/README.md", "benchmarks/README.md"))]
COMMAND = re.compile(r"^(?:\$ |    )(policyengine .+)$", re.MULTILINE)
CHROMIUM = ".pdf"  # printed by a browser that not every machine has
# They run until they are stopped, or in a repository or a database: only asked for their help.
APART = {"serve", "lsp", "git", "publish", "diff", "history"}


def _commands() -> list[tuple[str, str]]:
    return [
        (page.name if page.parent.name == "docs" else page.parent.name, command)
        for page in [*DOCS, ROOT / "examples" / "README.md"]
        for command in COMMAND.findall(page.read_text(encoding="utf-8"))
    ]


def test_every_page_is_in_the_list() -> None:
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    assert listed == {p.name for p in DOCS} - {"README.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(("heading", "name"), [("a statement", "Carry"), ("a test to conditions", "Elapsed")])
def test_all_places_that_a_part_of_the_language_lives_in_are_listed(heading: str, name: str) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"^## Adding {heading}.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    listed = {n if n.startswith("tests/") else f"policyengine/{n}" for n in re.findall(r"`([a-z_/]+\.py)`", section)}
    assert [n for n in sorted(listed) if not (ROOT / n).is_file()] == []
    files = (f for folder in ("policyengine", "tests") for f in (ROOT / folder).rglob("*.py"))
    live = {f.relative_to(ROOT).as_posix() for f in files if re.search(rf"\btree\.{name}\b", f.read_text("utf-8"))}
    assert live - listed == set()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages' commands name: records, written results, a key."""
    folder = tmp_path_factory.mktemp("office")
    for name in ("policies", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("records.csv", "persons.csv"):
        shutil.copy(ROOT / "examples" / "stories" / name, folder / name)
    evaluate = "policyengine evaluate records.csv --persons persons.csv --policy policies/sichuan"
    for out, period in (("out", "2014..2018"), ("out-2016", "2016"), ("out-2017", "2017")):
        code, said = _run(f"{evaluate} --period {period} --out {out}", folder)
        assert code == 0, said
    _keys(folder)
    return folder


def _keys(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pem").write_bytes(private)
    (folder / "pub.pem").write_bytes(public)


def _run(command: str, folder: Path) -> tuple[int, str]:
    """One command line; in this process where it needs nothing of a shell."""
    if not re.search(r"[|&;<>$*~`]", command):
        with contextlib.chdir(folder), patch.dict(os.environ, environment(), clear=True):
            ended = CliRunner().invoke(main, shlex.split(command, comments=True)[1:])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), command
        return ended.exit_code, ended.output
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the pages' commands are written for a POSIX shell")
def test_commands_of_the_pages_run(office: Path, tmp_path: Path) -> None:
    """In the order of each page, in a folder of its own, as somebody would who works through it."""
    for page, command in _commands():
        folder = tmp_path / page
        if not folder.exists():
            shutil.copytree(office, folder)
        words = shlex.split(command, comments=True)
        apart = words[1] in APART or "--policy-rev" in words or any(w.endswith(CHROMIUM) for w in words)
        code, said = _run(f"policyengine {words[1]} --help" if apart else command, folder)
        assert code == 0, f"{page}: {command}\n{said}"
