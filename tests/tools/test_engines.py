"""Both engines give one trace for the example records; by all packs together: ``test_into.py``."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from policyengine.tools.evaluate.evaluate import Files, engine_of, evaluate_files
from policyengine.tools.evaluate.select import load_law

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
FILES = Files((str(EXAMPLES / "records.csv"),), str(EXAMPLES / "persons.csv"), str(EXAMPLES / "circumstances.csv"))


@pytest.mark.parametrize("policy", ["policies/sichuan", "policies/sectors/accounting"])
@pytest.mark.parametrize("as_of", [None, date(2017, 7, 1)])
def test_engines_agree_on_the_examples(policy: str, as_of: date | None) -> None:
    law = load_law(ROOT / policy)
    wanted = evaluate_files(law, FILES, (2015, 2018), as_of, "reference").result
    found = evaluate_files(law, FILES, (2015, 2018), as_of, "duckdb").result
    for table in ("decisions", "findings", "ledger", "flags"):
        assert getattr(found, table) == getattr(wanted, table), table


@pytest.mark.parametrize(
    ("records", "persons", "circumstances", "engine"),
    [
        (4_900_000, None, None, "reference"),
        (5_100_000, None, None, "duckdb"),
        (1_000, 600_000, None, "reference"),
        (1_000, 700_000, None, "duckdb"),  # some 8,000 people, to be judged for every period without a record
        (2_000_000, 400_000, None, "duckdb"),
        (1_000, 1_000, 5_100_000, "duckdb"),
        (1_000, "-", None, "reference"),
        (5_100_000, "-", None, "duckdb"),
        ("-", 700_000, None, "reference"),
    ],
)
def test_engine_by_all_that_is_to_be_judged(
    tmp_path: Path, records: int | str, persons: int | str | None, circumstances: int | None, engine: str
) -> None:
    def named(name: str, size: int | str | None) -> str | None:
        if isinstance(size, int):
            (tmp_path / name).touch()
            os.truncate(tmp_path / name, size)
            return str(tmp_path / name)
        return size

    first = named("records.csv", records)
    assert first is not None
    files = Files((first,), named("persons.csv", persons), named("circumstances.csv", circumstances))
    assert engine_of("auto", files) == engine
