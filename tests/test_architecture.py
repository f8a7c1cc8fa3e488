"""A file imports only from its own floor and those below; starting a command imports nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "policyengine"
FLOORS = {
    "address": 0, "light": 0, "cache": 0, "diagnostics": 0, "messages": 0, "progress": 0, "signals": 0, "trace": 0,
    "whole": 0,
    "language": 1, "packs": 2, "plan": 3, "records": 4,
    "engines": 5, "tools": 6, "api": 7, "cli": 7, "lsp": 7, "web": 7, "__main__": 8, "": 0,
}  # fmt: skip
# data types that stand higher than the code that speaks of them: the evaluator's words for records and plans
MODELS = {"policyengine.records.model", "policyengine.plan.model", "policyengine.packs.model"}
HEAVY = (
    "duckdb", "sqlglot", "jsonschema", "rich", "openpyxl", "python_calamine", "z3", "pyspark", "cryptography",
    "psycopg", "pygls", "lsprotocol", "policyengine.language.hints",
)  # fmt: skip


def floor_of(module: str) -> int:
    parts = module.split(".")
    return FLOORS[parts[1] if len(parts) > 1 else ""]


def imported_from(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    """``from policyengine import tools`` imports ``policyengine.tools``; a relative import what it stands for."""
    module = node.module or ""
    if node.level:
        package = path.relative_to(ROOT.parent).parts[: -node.level]
        module = ".".join([*package, *filter(None, [node.module])])
    if module == "policyengine":
        yield from (f"policyengine.{a.name}" for a in node.names if a.name in FLOORS)
    elif module.startswith("policyengine."):
        yield module


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from imported_from(path, node)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("policyengine"))


def test_a_file_imports_only_from_its_floor_and_below() -> None:
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
        if path.parent == ROOT and path.stem in ("__init__", "__main__"):
            continue
        wrong += [
            f"{module} imports {other}"
            for other in imports_of(path)
            if floor_of(other) > floor_of(module) and other not in MODELS
        ]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from policyengine import tools", ["policyengine.tools"]),
        ("from policyengine import __version__", []),
        ("from ..tools import case", ["policyengine.tools"]),
        ("from .. import tools", ["policyengine.tools"]),
        ("from . import judge", ["policyengine.engines"]),
        ("from policyengine.tools.explain.case import Case", ["policyengine.tools.explain.case"]),
        ("import policyengine.tools.explain.case", ["policyengine.tools.explain.case"]),
    ],
)
def test_every_way_to_import_is_seen(line: str, found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: line)
    assert list(imports_of(ROOT / "engines" / "judge.py")) == found


EXAMPLES, POLICIES = ROOT.parent / "examples", ROOT.parent / "policies"
LIGHT = (
    ["--help"],
    ["check", "--help"],
    ["evaluate", "--help"],
    ["explain", str(EXAMPLES / "records.csv"), "--policy", str(POLICIES / "sichuan"), "--person", "510101190001070011"],
)


@pytest.mark.parametrize("arguments", LIGHT, ids=lambda a: " ".join(a[:2]))
def test_starting_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from policyengine.cli import main
sys.argv = ["policyengine", *{arguments!r}]
try:
    main()
except SystemExit as e:
    assert not e.code, e.code
print("loaded", [m for m in {HEAVY!r} if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "loaded []"
