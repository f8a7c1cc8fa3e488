"""What windows by days have left, against the definition: each window's limit less what was taken within it."""

from __future__ import annotations

from fractions import Fraction as F
from random import Random

import pytest

from policyengine.engines.rooms import Grid, Room


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("ordered", [True, False], ids=["by last day", "in any order"])
def test_a_grid_has_left_what_was_not_taken(seed: int, ordered: bool) -> None:
    rng = Random(f"{seed}:{ordered}")
    rows, columns = rng.randint(1, 6), rng.randint(1, 6)
    limits = [[(F(rng.randint(0, 60), 2), F(70)) for _ in range(columns)] for _ in range(rows)]
    places = {n: (rng.randint(1, rows), rng.randrange(columns)) for n in range(20)}
    room = Room([], {}, {}, [Grid(limits, places, settled=False)], 0)
    taken: list[tuple[int, int, F]] = []
    for n in sorted(places, key=lambda n: places[n][1]) if ordered else places:
        count, column = places[n]
        left = [
            limits[row][end][0] - sum(amount for inner, first, amount in taken if inner > row and first <= end)
            for row in range(count)
            for end in range(column, columns)
        ]
        assert room.left(n) == min(left)
        amount = F(rng.randint(0, 9), rng.choice((1, 2, 3)))
        room.take(n, amount)
        taken.append((count, column, amount))
