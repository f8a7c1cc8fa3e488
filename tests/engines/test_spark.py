"""The engine for clusters gives the reference evaluator's results, row for row, through a real Spark Connect server."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest

from policyengine.diagnostics import PolicyError
from policyengine.engines import reference
from policyengine.engines import spark as engine
from policyengine.engines.compile import trees as t
from policyengine.engines.spark_sql import spark_sql
from tests.build import day, inputs, plan, record, rule, somebody
from tests.engines import trials
from tests.engines.differences import differences
from tests.engines.spark_server import server

BLOCKS = 4
SIZE = 60  # most people of a generated policy
CASES = 28  # people whom the engine judges itself, in each block: together more than 100


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with server() as remote, engine.session(remote) as made:
        yield made


@pytest.mark.parametrize("block", range(BLOCKS))
def test_equals_the_reference(block: int, session: Any, tmp_path: Path) -> None:
    """Half of them with what is worked out on the server, half with what comes back to the client in between."""
    scratch = f"file://{tmp_path}" if block % 2 else None
    own = partial(engine.evaluate_all, spark=session, scratch=scratch)
    tally = trials.Tally()
    for number in count(100 * block + 50):
        more, told = trials.compare(trials.trial(0, number, SIZE), own)
        assert told == [], f"trial 0:{number} of up to {SIZE} people"
        tally += more
        if tally.cases >= CASES:
            break


def test_months_lead_to_the_days_of_the_calendar(session: Any) -> None:
    """From the last days of months, from 29 February, and beyond the last day that there is."""
    firsts = ("2016-02-29", "2017-01-31", "2017-08-30", "9999-06-01")
    seconds = ("2017-02-27", "2017-02-28", "2017-03-01", "2018-02-28", "2020-02-29", "9999-12-31")
    persons = [
        somebody(f"P{n}", joined=day(one), qualified_on=day(other))
        for n, (one, other) in enumerate(product(firsts, seconds))
    ]
    lengths = ("at least 1 month", "more than 6 months", "less than 1 year", "at most 365 days")
    made = plan(
        "recognise training", "convert training at stated hours", "require total at least 8 hours per year",
        *(rule(f"c{n}", f"expect total at least {n + 1} hours per year when joined to qualified_on {length}")
          for n, length in enumerate(lengths)),
        "reject training when joined to date at least 12 months",
    )  # fmt: skip
    records = [record(f"R{p.person_id}", "2017-08-30", "training", 8, "hours", person=p.person_id) for p in persons]
    given, asked = inputs(records, persons), (2017, 2017)
    found = engine.evaluate_all([made], given, asked, None, spark=session)
    assert found is not None
    assert differences(reference.evaluate(made, given, asked), found) == []


def test_days_are_counted_in_64_bits() -> None:
    """The room of days under a cap per day, in ticks: 101 days of 8 hours are more than 2^31."""
    room = t.times(t.days_between(t.col("start"), t.col("end")), t.lit(21_600_000))
    assert spark_sql(t.select(room=room)) == (
        "SELECT ((CAST(DATEDIFF(`end`, `start`) AS BIGINT) + 1)) * (21600000) AS `room`"
    )


def test_what_is_sorted_inside_is_sorted_in_the_end() -> None:
    """Apache Spark 4.2 refuses its own plan of a sort inside, where what is sorted by is no column outside."""
    rows = t.select(a=t.col("a", "u"), b=t.col("b", "u")).from_(t.table("rows", "u"), copy=False)
    query = t.select(x=t.col("a", "s")).from_(t.sub(t.sorted_by(rows, "u", ("a", "place")), "s"), copy=False)
    assert spark_sql(query) == (
        "SELECT s.`a` AS `x` FROM (SELECT u.`a` AS `a`, u.`b` AS `b`, u.`place` AS `place` FROM rows AS u) AS s "
        "ORDER BY s.`a`, s.`place`"
    )


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        remote = f"sc://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(PolicyError) as caught, engine.session(f"{remote}/;token=geheim"):
        pass
    assert [d.code for d in caught.value.diagnostics] == ["PE930"]
    assert f"{remote}/;token=…: " in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_server_older_than_the_client() -> None:
    """Apache Spark 4.0.1 does not know a setting that the client of 4.2 asks it for."""

    class Older:
        version = "4.0.1"

        def createDataFrame(self, _table: Any) -> Any:
            raise ValueError('[SQL_CONF_NOT_FOUND] The SQL config "x" cannot be found.\nJVM stacktrace')

    with pytest.raises(PolicyError) as caught:
        engine.try_rows(Older())
    (found,) = caught.value.diagnostics
    assert (found.code, "Spark 4.0.1" in found.message, "stacktrace" in found.message) == ("PE930", True, False)
    assert (found.hint or "").endswith(f': {sys.executable} -m pip install "pyspark-client==4.0.1"')


def test_a_program_that_is_no_file_may_connect() -> None:
    """The client takes such a program for its own tests, and ends it."""
    program = "from policyengine.engines.spark import _client; _client()"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=False).returncode == 0
