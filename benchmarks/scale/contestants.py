"""Who takes part: names, what each needs to be installed, which work it does and up to how many records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from benchmarks.scale.job import Job


@dataclass(frozen=True, slots=True)
class Contestant:
    """``entry``: module and function that do a job. ``answers``: whether there is an answer that can be compared.
    ``whole``: told what memory the whole process may take; the others, what DuckDB may."""

    title: str
    entry: str
    works: tuple[str, ...] = ("full", "decisions")
    most: int = 10**9
    needs: str = "duckdb"
    answers: bool = True
    whole: bool = False

    def run(self, job: Job) -> None:
        module, _, name = self.entry.partition(":")
        function: Callable[[Job], None] = getattr(import_module(f"benchmarks.scale.{module}"), name)
        function(job)

    @property
    def missing(self) -> bool:
        return find_spec(self.needs) is None


CONTESTANTS: Mapping[str, Contestant] = {
    "policyengine": Contestant("policyengine, compiled engine", "own:own", ("full", "decisions", "csv"), whole=True),
    "window": Contestant("DuckDB by hand, window over all records", "by_hand:window", ("full", "decisions", "csv")),
    "aggregate": Contestant("DuckDB by hand, aggregate first", "by_hand:aggregate"),
    "polars": Contestant("Polars by hand, streaming", "by_polars:polars", needs="polars"),
    "python": Contestant(
        "Python by hand, whole numbers", "by_python:python", ("full",), most=1_000_000, needs="pyarrow"
    ),
    "read": Contestant("merely reading the columns", "by_hand:read", ("full", "csv"), answers=False),
}
