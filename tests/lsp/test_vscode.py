"""The extension for VS Code: what is made for it is up to date, true and sound."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policyengine import __version__
from policyengine.language.partial import read
from policyengine.lsp.colours import PLAIN, colour_of
from policyengine.lsp.cursor import starts_of
from policyengine.lsp.library import Library
from policyengine.lsp.vscode import FILES, SCOPES, snippets, text_of, textmate
from policyengine.packs.document import read_document
from policyengine.packs.roots import packs_under, rule_files
from policyengine.tools.check import check
from policyengine.tools.fmt import format_packs
from policyengine.tools.test.run import benches, run
from tests.language.test_docs import EXAMPLES
from tests.lsp.support import POLICIES
from tests.words import VOCABULARY

EXTENSION = POLICIES.parent / "editors" / "vscode"


@pytest.mark.parametrize("name", FILES)
def test_what_is_made_is_up_to_date(name: str) -> None:
    written = (EXTENSION / name).read_text(encoding="utf-8")
    assert written == text_of(name), "python -m policyengine.lsp.vscode"


# --- the grammar ------------------------------------------------------------------------------------------------------

_COLOURS = {f"{scope}.policyengine": colour for colour, scope in SCOPES.items()}
_PATTERNS = [
    (re.compile(p["match"]), _COLOURS.get(p.get("name"))) for p in textmate()["repository"]["sentence"]["patterns"]
]


def coloured(text: str) -> list[tuple[int, int, str]]:
    """As an editor does it: the leftmost match, of several the pattern that comes first."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while True:
        matches = [(m, colour) for pattern, colour in _PATTERNS if (m := pattern.search(text, at))]
        if not matches:
            return found
        match, colour = min(matches, key=lambda m: m[0].start())
        found += [(*match.span(), colour)] if colour else []
        at = match.end()


def sentences() -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = [(text, VOCABULARY, "statement") for pair in EXAMPLES for text in pair]
    for folder in packs_under(POLICIES):
        words = Library().words(folder).vocabulary
        for path in [*rule_files(folder), folder / "pack.yaml"]:
            document, _ = read_document(path)
            assert document is not None
            found += [(scalar.text, words, start) for start, scalar in starts_of(document) if not scalar.is_null]
    return found


def test_a_colour_is_that_of_the_language() -> None:
    """No word of a law is coloured for a keyword that it has in it; and what stays plain is not much."""
    wrong, seen, tokens = [], 0, 0
    for text, words, start in sentences():
        true = {(t.start, t.end): colour_of(t.type) for t in read(text, words, start).tokens if t.type not in PLAIN}
        tokens += sum(c in SCOPES for c in true.values())
        for a, b, colour in coloured(text):
            seen += 1
            if true.get((a, b)) != colour:
                wrong.append((text, text[a:b], colour))
    assert wrong == []
    assert seen > 0.9 * tokens


# --- snippets ---------------------------------------------------------------------------------------------------------


def filled_in(name: str) -> str:
    """A snippet as it stands when nothing in it is changed."""
    body = "\n".join(snippets()[name]["body"])
    return re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body.replace("$0", ""))


@pytest.mark.parametrize(("surface", "rule", "case"), [("zh", "规则", "案例"), ("en", "Rule", "Case")])
def test_a_snippet_is_sound_as_it_stands(tmp_path: Path, surface: str, rule: str, case: str) -> None:
    """In a pack that has the document and recognises what the case counts."""
    folder = tmp_path / "policies" / "one"
    (folder / "tests").mkdir(parents=True)
    pack = f"""\
pack: one
title: {{zh: 一, en: One}}
level: national
authority: 人力资源和社会保障部
extends: null
applies: null
surface: {surface}
sources:
  source: {{title: 规定, number: null, issued: null, in_force: null, confidence: seen}}
vocabulary: {{terms: {{form: {{training: 培训班}}}}}}
quantities: {{hours: {{min: 0, max: 1000, decimals: 2}}}}
not_decidable: []
"""
    basis = {
        "zh": ("认定 培训班 须有 学习证明", "折算 培训班 按 标定学时"),
        "en": ("recognise training when evidence is present", "convert training at stated hours"),
    }[surface]
    more = "".join(
        f"- id: r{i}\n  cites: {{source: source, at: x}}\n  from: 2024\n  rule: {rule}\n"
        for i, rule in enumerate(basis)
    )
    (folder / "pack.yaml").write_text(pack, encoding="utf-8")
    (folder / "rules.yaml").write_text(filled_in(rule) + more, encoding="utf-8")
    (folder / "tests" / "case.yaml").write_text(filled_in(case), encoding="utf-8")
    assert [str(d) for d in check([folder]) if d.severity == "error"] == []
    assert [f.changed for f in format_packs([folder])[0]] == [False, False]
    (bench,), _ = benches([folder])
    (judged,) = run(bench).cases
    assert judged.passed


# --- the extension itself ---------------------------------------------------------------------------------------------


def manifest(name: str = "package.json") -> dict[str, Any]:
    read: dict[str, Any] = json.loads((EXTENSION / name).read_text(encoding="utf-8"))
    return read


def test_its_version_is_that_of_the_project() -> None:
    lock = manifest("package-lock.json")
    assert {manifest()["version"], lock["version"], lock["packages"][""]["version"]} == {__version__}


@pytest.mark.parametrize("name", ["package.nls.json", "package.nls.zh-cn.json"])
def test_every_text_is_in_both_languages(name: str) -> None:
    wanted = set(re.findall(r'"%([\w.]+)%"', (EXTENSION / "package.json").read_text(encoding="utf-8")))
    assert set(manifest(name)) == wanted


def test_every_command_and_setting_is_that_of_the_program() -> None:
    script = (EXTENSION / "extension.js").read_text(encoding="utf-8")
    declared = manifest()["contributes"]
    assert {c["command"] for c in declared["commands"]} == set(re.findall(r"registerCommand\('([\w.]+)'", script))
    settings = set(re.findall(r"getConfiguration\('policyengine'\)\.get\('(\w+)'", script))
    assert set(declared["configuration"]["properties"]) == {f"policyengine.{name}" for name in settings}


def test_it_runs_nothing_of_a_folder_that_is_not_trusted() -> None:
    assert manifest()["capabilities"]["untrustedWorkspaces"]["supported"] is False


def node_version() -> int:
    """Of Node.js; 0 where there is none."""
    if shutil.which("node") is None:
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").split(".")[0])


@pytest.mark.skipif(node_version() < 20, reason="Node.js 20 or later is not installed")
@pytest.mark.skipif(sys.platform == "win32", reason="the programs in it are shell scripts")
def test_it_finds_starts_and_tells(tmp_path: Path) -> None:
    """With the real server; VS Code is stood in for."""
    pytest.importorskip("pygls")
    done = subprocess.run(
        ["node", "--test", str(EXTENSION / "test" / "extension.test.js")],
        env={**os.environ, "POLICYENGINE": sys.executable, "TMPDIR": str(tmp_path)},
        cwd=POLICIES.parent, capture_output=True, text=True, encoding="utf-8", timeout=170,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
