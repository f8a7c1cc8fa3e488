"""The cases of every pack, shipped ones and shapes of other places, come out as they were worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.diagnostics import failed
from policyengine.tools.check import check
from tests.packs.cases import differences

ROOT = Path(__file__).parents[2]
PACKS = sorted(
    str(p.parent.relative_to(ROOT))
    for top in ("policies", "tests/packs", "examples")
    for p in (ROOT / top).rglob("pack.yaml")
)


@pytest.mark.parametrize("pack", [p for p in PACKS if not p.startswith("examples")])
def test_cases(pack: str, tmp_path: Path) -> None:
    count, found = differences(ROOT / pack, tmp_path)
    assert found == []
    assert count > 0


def test_all_packs_pass_check() -> None:
    said = check([ROOT / p for p in PACKS])
    assert not failed(said), "\n".join(map(str, said))


def test_the_shipped_packs_leave_nothing_to_be_said_but_that_their_lists_are_empty() -> None:
    assert {d.code for d in check([ROOT / "policies"])} == {"PE355"}
