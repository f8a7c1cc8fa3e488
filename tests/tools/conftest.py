"""The small world, once for each test that changes it and once for all that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.result.result import save
from tests.tools.world import write_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to read from."""
    return write_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def files(world: Path) -> Files:
    return Files((str(world / "records.csv"),), str(world / "persons.csv"), str(world / "circumstances.csv"))


@pytest.fixture(scope="session")
def evaluation(world: Path, files: Files) -> Evaluation:
    """Everybody judged in 2016, each by the pack that applies."""
    return evaluate_files(load_law(world / "policies"), files, (2016, 2016))


@pytest.fixture
def written(evaluation: Evaluation, tmp_path: Path) -> Path:
    """The result as CSV, in a folder of the test's own."""
    return save(evaluation, tmp_path / "out")
