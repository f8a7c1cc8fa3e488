"""A table's rows by the texts that records hold: found by an index, as many as they are."""

from __future__ import annotations

import time
from dataclasses import replace

from policyengine.engines.compile.axes import rows_met
from policyengine.engines.lookup import Finder
from tests.prove.law import BASES


def test_each_of_thousands_of_names_is_looked_up_at_once() -> None:
    """Row by row 20,000 names in a table of as many took minutes."""
    finder = Finder(replace(BASES, rows=tuple((f"Base {n}", None) for n in range(20_000))))
    begin = time.process_time()
    met = [rows_met(finder, 0, f"BASE {n}", only_existence=False) for n in range(20_000)]
    assert time.process_time() - begin < 20  # about 0.2 s
    assert met == [frozenset({n}) for n in range(20_000)]
    assert rows_met(finder, 0, "Base", only_existence=False) == frozenset()
