"""What a contestant is asked to do: which files go in, what work is wanted, where the answer is to stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FIRST, LAST = 2016, 2020
TICKS = 9000
"""Peers write amounts as whole parts of an hour or credit: every rate of the rules is a whole number of them."""

WORKS: Mapping[str, str] = {
    "full": "Parquet in, decisions and ledger out",
    "decisions": "Parquet in, decisions alone out",
    "csv": "CSV in, decisions and ledger out",
}

CSV_MOST = 10_000_000
"""CSV is read up to so many records: a greater file tells nothing more, and fills the disk."""


@dataclass(frozen=True, slots=True)
class Job:
    """``work``: a key of ``WORKS``; ``register``: the folder of a made register; ``out``: an empty folder."""

    work: str
    register: Path
    out: Path
    memory: str
    threads: int

    @property
    def kind(self) -> str:
        return "csv" if self.work == "csv" else "parquet"

    @property
    def ledger(self) -> bool:
        return self.work != "decisions"

    @property
    def records(self) -> Path:
        return self.register / f"records.{self.kind}"

    @property
    def persons(self) -> Path:
        return self.register / "persons.parquet"

    @property
    def circumstances(self) -> Path:
        return self.register / "circumstances.parquet"

    @property
    def policies(self) -> Path:
        return self.register / "policies"
