"""All contestants in turns: sizes, works and turns go in; measurements come out, each written down as it comes.

Answers are compared before anything counts. A session that was interrupted goes on where it stopped, as long as neither
the engine nor the benchmark has changed since.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.scale.agree import differences
from benchmarks.scale.contestants import CONTESTANTS
from benchmarks.scale.job import CSV_MOST, WORKS, Job
from benchmarks.scale.measure import Measured, measure
from benchmarks.scale.register import ROOT, as_csv, digits, register
from policyengine.engines.duckdb_write import share_of

Key = tuple[int, str, str, int]
"""Records, work, contestant, turn."""


class Disagreement(Exception):
    """A contestant's answer is not that of the others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """``checked_apart``: up to so many records answers are compared in a turn of its own; beyond, in the first one."""

    sizes: tuple[int, ...]
    works: tuple[str, ...]
    contestants: tuple[str, ...]
    turns: int
    memory: str
    threads: int
    minutes: float
    limit: float
    checked_apart: int = 1_000_000


@dataclass(slots=True)
class Session:
    """``folder``: where registers, answers and ``measured.jsonl`` stand. ``tell``: told a line now and then."""

    folder: Path
    asked: Asked
    tell: Callable[[str], None] = print
    found: dict[Key, Measured] = field(default_factory=dict)

    @property
    def notes(self) -> Path:
        return self.folder / "measured.jsonl"

    def run(self) -> None:
        """Measure what is not measured yet. Raises ``Disagreement``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        code = fingerprint(self.asked)
        self._recall(code)
        until = time.monotonic() + self.asked.minutes * 60
        places = {size: self._register(size) for size in self.asked.sizes}
        for size, place in places.items():
            if size <= self.asked.checked_apart:
                with self._answers(size) as answers:
                    self._check(size, place, answers)
        for turn in range(self.asked.turns):  # every size has its first turn before any has its second
            for size, place in places.items():
                with self._answers(size) as answers:
                    if not self._turn(turn, size, place, answers, code, until):
                        self.tell("the time is over; the same command goes on from here")
                        return

    def _register(self, size: int) -> Path:
        place = register(size, self.folder)
        if "csv" in self.asked.works and size <= CSV_MOST:
            as_csv(place)
        return place

    @contextmanager
    def _answers(self, size: int) -> Iterator[Path]:
        """A folder for answers, as long as they are needed."""
        answers = self.folder / f"answers-{size}"
        shutil.rmtree(answers, ignore_errors=True)
        try:
            yield answers
        finally:
            shutil.rmtree(answers, ignore_errors=True)

    # --- one size ---

    def _check(self, size: int, place: Path, answers: Path) -> None:
        for work, name in self._pairs(size):
            if CONTESTANTS[name].answers:
                self._one(size, work, name, place, answers, True)
        self.tell(f"{digits(size)} records: all answers agree")

    def _turn(self, turn: int, size: int, place: Path, answers: Path, code: str, until: float) -> bool:
        """Whether there was time for all of it."""
        for work, name in self._pairs(size):
            key = (size, work, name, turn)
            if key in self.found:
                continue
            if time.monotonic() > until:
                return False
            compare = turn == 0 and size > self.asked.checked_apart and CONTESTANTS[name].answers
            if compare:
                self._answer_again(size, work, place, answers)
            self._note(key, self._one(size, work, name, place, answers, compare), code)
        return True

    def _answer_again(self, size: int, work: str, place: Path, answers: Path) -> None:
        """In a session that goes on: the answer that those of an earlier one were compared with."""
        done = [
            n for w, n in self._pairs(size) if w == work and (size, w, n, 0) in self.found and CONTESTANTS[n].answers
        ]
        if done and not (answers / f"first-{work}").exists():
            self._one(size, work, done[0], place, answers, True)

    def _pairs(self, size: int) -> Iterator[tuple[str, str]]:
        for work in self.asked.works:
            for name in self.asked.contestants:
                one = CONTESTANTS[name]
                able = work in one.works and size <= one.most and (work != "csv" or size <= CSV_MOST)
                if able and not one.missing:
                    yield work, name

    def _one(self, size: int, work: str, name: str, place: Path, answers: Path, compare: bool) -> Measured:
        out = answers / f"{work}-{name}"
        out.mkdir(parents=True)
        memory = self.asked.memory if CONTESTANTS[name].whole else share_of(self.asked.memory)
        measured = measure(name, Job(work, place, out, memory, self.asked.threads), self.asked.limit)
        if measured.failure:
            self.tell(f"{digits(size):>8}  {work:10} {CONTESTANTS[name].title}: {measured.failure}")
        elif compare:
            self._compare(work, name, out)
        shutil.rmtree(out, ignore_errors=True)  # unless it was kept as the first
        return measured

    def _compare(self, work: str, name: str, out: Path) -> None:
        """The first answer of a work is kept, and those of the others are compared with it."""
        import duckdb

        first = out.with_name(f"first-{work}")
        if not first.exists():
            out.rename(first)
            return
        with duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '4GB'; SET temp_directory = '{out.parent / 'spilled'}'")
            said = differences(connection, first, out)
        if said:
            raise Disagreement(
                "\n".join([f"{work}: {CONTESTANTS[name].title} answers otherwise than the first:", *said])
            )

    # --- notes ---

    def _note(self, key: Key, measured: Measured, code: str) -> None:
        self.found[key] = measured
        size, work, name, turn = key
        line = {"code": code, "records": size, "work": work, "contestant": name, "turn": turn, **asdict(measured)}
        with self.notes.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        if not measured.failure:
            figures = f"{measured.wall:8.1f} s {measured.cpu:8.1f} s cpu {measured.peak:7.0f} MiB"
            self.tell(f"{digits(size):>8}  {work:10} {CONTESTANTS[name].title:40} {figures}")

    def _recall(self, code: str) -> None:
        if not self.notes.exists():
            return
        for line in self.notes.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["code"] == code and not row["failure"]:
                key = (row["records"], row["work"], row["contestant"], row["turn"])
                self.found[key] = Measured(row["wall"], row["cpu"], row["peak"])
        if self.found:
            self.tell(f"{len(self.found)} measurements of an earlier session are taken over (--fresh forgets them)")


def fingerprint(asked: Asked) -> str:
    """A digest of the engine, the packs, the benchmark and the settings that figures depend on."""
    found = hashlib.sha256(f"{asked.memory} {asked.threads}".encode())
    for path in sorted(_sources()):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _sources() -> Iterable[Path]:
    for folder, kinds in (
        ("policyengine", ("*.py",)),
        ("policies", ("*.yaml", "*.csv")),
        ("benchmarks/scale", ("*.py", "*.sql")),
    ):
        for kind in kinds:
            yield from (ROOT / folder).rglob(kind)


def works(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(work for work in WORKS if work in names)
