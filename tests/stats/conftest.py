"""The county judged once: in 2016, and in 2016 and 2017."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import load_law
from tests.stats.world import write_county


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_county(tmp_path_factory.mktemp("county"))


def judged(county: Path, first: int, last: int, policy: str = "county") -> Evaluation:
    files = Files((str(county / "records.csv"),), str(county / "persons.csv"), str(county / "circumstances.csv"))
    return evaluate_files(load_law(county / "policies" / policy), files, (first, last))


@pytest.fixture(scope="session")
def of_2016(county: Path) -> Evaluation:
    return judged(county, 2016, 2016)


@pytest.fixture(scope="session")
def of_2017(county: Path) -> Evaluation:
    return judged(county, 2017, 2017)
