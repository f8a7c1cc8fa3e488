"""Flags of the compiled engine, judged apart from all else; repeated records are found in whatever share they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from policyengine.engines.compile import flags
from policyengine.engines.duckdb_write import share_of
from policyengine.language import tree
from policyengine.plan.names import walk
from tests.engines.test_duckdb import generated


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


def test_repeated_records_in_shares(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "AT_ONCE", 20)
    done = found = 0
    for seed in range(60):
        plan, inputs, periods, as_of = generated(seed, 25)
        if not any(isinstance(n, tree.Repeated) for rule in plan.flags for n in walk(rule.statement.when)):
            continue
        wanted = reference.evaluate(plan, inputs, periods, as_of).flags
        assert engine.evaluate(plan, inputs, periods, as_of, connection).flags == wanted
        done, found = done + 1, found + len(wanted)
        if done == 4:
            break
    assert done == 4
    assert found > 10


@pytest.mark.parametrize(
    ("whole", "share"), [("1GB", "750MB"), ("1 GiB", "823MB"), ("300MB", "150MB"), ("0.5gb", "250MB"), ("80%", "80%")]
)
def test_a_memory_limit_is_that_of_the_process(whole: str, share: str) -> None:
    """Python and what is on its way out stand beside DuckDB; of little memory it has half."""
    assert share_of(whole) == share
