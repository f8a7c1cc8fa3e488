"""Edits to the shipped packs, each with the change in law worked out by hand (edits.yaml)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policyengine.tools.diff.model import Law
from tests.diff.support import compared, copy, edit, effect, law, told

TABLE: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Law:
    return law(copy(tmp_path_factory.mktemp("shipped")))


@pytest.mark.parametrize("case", TABLE, ids=[case["name"] for case in TABLE])
def test_what_an_edit_changes_in_law(case: dict[str, Any], shipped: Law, tmp_path: Path) -> None:
    new = copy(tmp_path / "new")
    old = shipped
    if before := case.get("before"):
        folder = copy(tmp_path / "old")
        edit(folder, before)
        edit(new, before)
        old = law(folder)
    edit(new, case["edits"])
    found = compared(old, law(new))
    assert sorted(told(c) for c in found.changes) == sorted(case["changes"])
    assert sorted(effect(e) for e in found.effects) == sorted(case.get("effects", []))


def test_every_kind_of_change_is_in_the_table() -> None:
    said = " ".join(" ".join(c["changes"] + c.get("effects", [])) for c in TABLE)
    kinds = ("added", "repealed", "amended", "renamed", "reworded", "cited", "authority", "table", "word",
             "field", "bounds", "scope", "chain", "year", "source", "about", "undecidable", "pack_added",
             "pack_removed", "void", "exceeds", "refused", "ended", "allowed")  # fmt: skip
    assert [k for k in kinds if f"{k} " not in said] == []
    assert len(TABLE) >= 40
