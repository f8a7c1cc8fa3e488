"""Stricter never turns not met into met, laxer never the reverse, same neither: on generated policies and people.

``python -m tests.diff.pairs 0 10000`` tries more of the same.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.diff.pairs import against

SEEDS, CHUNKS = 480, 8  # of which about two thirds give a pair of policies that may both govern


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_verdict_agrees_with_evaluation(chunk: int) -> None:
    said: Counter[str] = Counter()
    for seed in range(chunk, SEEDS, CHUNKS):
        found = against(seed)
        if found is not None:
            direction, contradicted = found
            assert not contradicted, f"seed {seed}: {direction}, but {contradicted}"
            said[direction] += 1
    assert said.total() >= 25
    assert said["stricter"] + said["laxer"] > said.total() / 10  # the verdicts say something


# What once went wrong, with the seed that showed it.
@pytest.mark.parametrize(
    ("seed", "direction"),
    [(66, "stricter"), (800, "laxer"), (2306, "stricter"), (13413, "neither")],
    ids=[
        "months before a date under a condition",
        "a share of credits",
        "windows of other lengths, and an excuse",
        "no excess where the requirement does not apply",
    ],
)
def test_cases_that_were_judged_wrongly(seed: int, direction: str) -> None:
    assert against(seed) == (direction, "")
