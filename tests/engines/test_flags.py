"""Flags of the compiled engine, judged apart from all else; repeated records are found in whatever share they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from policyengine.engines.compile import flags
from policyengine.engines.duckdb_write import share_of
from policyengine.language import tree
from policyengine.plan.names import walk
from policyengine.records.model import Person, Record
from policyengine.trace import Result
from tests.build import inputs, plan, record, rule
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
        made, given, periods, as_of = generated(seed, 25)
        if not any(isinstance(n, tree.Repeated) for r in made.flags for n in walk(r.statement.when)):
            continue
        wanted = reference.evaluate(made, given, periods, as_of).flags
        assert engine.evaluate(made, given, periods, as_of, connection).flags == wanted
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


ONE_BY_ONE = [
    # the condition, titles of records of one day; flags, and whether the person is left to the reference evaluator
    ("repeated per title, date", ("A", "A"), [("R2", True)], False),
    ("repeated per title, date", ("A", None), [("R2", False)], True),
    ("repeated per title, date", (None, None), [("R2", False)], True),
    ("title is present and repeated per title, date", ("A", None), [], True),
    ("title is present and repeated per title, date", (None, "A"), [("R2", False)], True),
    ("title is present and repeated per title, date", (None, None), [], False),
]


@pytest.mark.parametrize(("condition", "titles", "raised", "alone"), ONE_BY_ONE)
def test_who_may_repeat_a_record_without_a_title(
    connection: Any, condition: str, titles: tuple[str | None, ...], raised: list[tuple[str, bool]], alone: bool
) -> None:
    made = plan(rule("r", "recognise records"), rule("c", "convert records at stated hours"),
                rule("f", f"flag looks_repeated when {condition}"))  # fmt: skip
    rows = [
        record(f"R{n}", "2016-05-01", "training", 1, "hours", **({} if title is None else {"title": title}))
        for n, title in enumerate(titles, 1)
    ]
    given, ready = inputs(rows), reference.prepare(made)
    judged = []

    def judge(person: Person, records: Sequence[Record]) -> Result:
        judged.append(person.person_id)
        return reference.evaluate_person(ready, person, records, (2016, 2016), None)

    found = engine.evaluate_all([made], given, (2016, 2016), judge=judge, connection=connection)
    assert found is not None
    assert [(f.record_id, f.certain) for f in found.flags] == raised
    assert bool(judged) == alone
    assert found.flags == reference.evaluate(made, given, (2016, 2016)).flags
