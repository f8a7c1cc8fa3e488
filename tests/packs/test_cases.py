"""The cases of every pack, shipped ones and shapes of other places, come out as they were worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.diagnostics import failed
from policyengine.tools.check import check
from policyengine.tools.test.junit import told
from policyengine.tools.test.mutate import mutation
from policyengine.tools.test.run import Bench, benches, run

ROOT = Path(__file__).parents[2]
SHIPPED, SHAPES, EXAMPLE = ROOT / "policies", ROOT / "tests" / "packs", ROOT / "examples" / "with-bases"
BENCHES = benches([SHIPPED, SHAPES])


def named(bench: Bench) -> str:
    return bench.pack


def test_every_pack_could_be_read() -> None:
    packs, problems = BENCHES
    assert problems == []
    assert len(packs) == len([*SHIPPED.rglob("pack.yaml"), *SHAPES.rglob("pack.yaml")])


@pytest.mark.parametrize("bench", BENCHES[0], ids=named)
def test_cases(bench: Bench) -> None:
    results = run(bench).cases
    assert results
    assert [(r.case.name, list(told(r))) for r in results if not r.passed] == []


# The province's own requirements are of years, which just cause excuses: to ask for both decides only where a pack on
# top requires something beyond the year (the cases of the sectors see it) or excuses for a reason of its own.
ON_TOP = {
    "sichuan": [
        'sichuan/not-excellent@2016: conclude not_excellent "年度考核不得确定为“优秀”" when not met and not '
        f"{one} and employer_kind in (state_organ, public_institution, social_organisation)"
        for one in ("circumstance = just_cause", "excused")
    ]
}


@pytest.mark.parametrize("bench", [b for b in BENCHES[0] if "tests" not in Path(b.folder).parts], ids=named)
def test_the_shipped_packs_notice_every_change_that_decides_otherwise(bench: Bench) -> None:
    assert [f"{m.rule}: {m.what}" for m in mutation(bench).survived] == ON_TOP.get(bench.pack, [])


def test_all_packs_pass_check() -> None:
    said = check([SHIPPED, SHAPES, EXAMPLE])
    assert not failed(said), "\n".join(map(str, said))


def test_the_shipped_packs_leave_nothing_to_be_said_but_that_their_lists_are_empty() -> None:
    assert {d.code for d in check([SHIPPED])} == {"PE355"}
