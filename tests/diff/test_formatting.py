"""What only presents law otherwise is no change of law: each layout that ``fmt`` writes, comments, other orders."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policyengine.tools.diff.model import Law
from policyengine.tools.fmt import format_packs, write
from tests.diff.support import compared, copy, law


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Law:
    return law(copy(tmp_path_factory.mktemp("shipped")))


def formatted(folder: Path, surface: str | None) -> None:
    files, problems = format_packs([folder], surface)
    assert not [p for p in problems if p.severity == "error"]
    for file in files:
        write(file)


def test_a_side_does_not_differ_from_itself(shipped: Law) -> None:
    assert compared(shipped, shipped).empty


def test_the_canonical_layout(shipped: Law, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    formatted(folder, None)
    assert compared(shipped, law(folder)).empty


@pytest.mark.parametrize("surfaces", [("en",), ("en", "zh")], ids=["English", "English and back"])
def test_the_surfaces(surfaces: tuple[str, ...], shipped: Law, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    for surface in surfaces:
        formatted(folder, surface)
    found = compared(shipped, law(folder))
    assert not [c for c in found.changes if c.is_law]
    assert {c.kind for c in found.changes} <= {"reworded"}
    assert not found.effects


@pytest.mark.parametrize("way", ["reversed", "sorted keys", "one file", "commented", "crlf", "bom"])
def test_layouts_of_yaml(way: str, shipped: Law, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    for path in sorted(folder.rglob("rules*.yaml")):
        text = path.read_text(encoding="utf-8")
        rules = [
            {k: None if v == "null" else v for k, v in rule.items()} for rule in yaml.load(text, Loader=yaml.BaseLoader)
        ]
        if way == "reversed":
            text = yaml.safe_dump(rules[::-1], allow_unicode=True, sort_keys=False, width=60)
        elif way == "sorted keys":
            text = yaml.safe_dump(rules, allow_unicode=True, sort_keys=True, default_flow_style=True)
        elif way == "commented":
            text = "".join(f"{s}   # 注\n" if s.startswith("  from") else f"{s}\n" for s in text.splitlines())
        elif way == "crlf":
            text = text.replace("\n", "\r\n")
        elif way == "bom":
            text = "\ufeff" + text
        elif path.name != "rules.yaml":
            whole = path.with_name("rules.yaml")
            before = whole.read_text(encoding="utf-8") if whole.exists() else ""
            whole.write_text(f"{before}\n{text}", encoding="utf-8")
            path.unlink()
            continue
        path.write_bytes(text.encode())
    assert compared(shipped, law(folder)).empty
