"""Both engines give one trace for the example records; by all packs together: ``test_into.py``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policyengine.tools.evaluate import Files, evaluate_files
from policyengine.tools.select import load_law

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
