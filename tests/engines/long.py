"""A long run of trials: ``python -m tests.engines.long --cases 200000 --seed 1``.

A case is one person with records of their own under a generated policy (``trials.py``); a trial holds about twenty-two.
Several processes share the work. What is done stands in a file, one line for each block of trials, and a run that is
started again with the same seed goes on from there. A difference is printed with the name of its trial, which
``--only NAME`` repeats. Exit code 1 where anything differed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.engines.trials import Tally, compare, connection, trial

BLOCK = 10  # trials that one process does before it reports


def one(seed: int, number: int, size: int) -> tuple[Tally, list[str]]:
    """One trial. A fault is a difference."""
    from policyengine.engines import duckdb as engine

    try:
        with connection() as own:
            return compare(trial(seed, number, size), partial(engine.evaluate_all, connection=own))
    except Exception:
        return Tally(trials=1), [traceback.format_exc()]


def block(seed: int, number: int, size: int) -> dict[str, Any]:
    """The line of a block of trials."""
    tally, differing = Tally(), {}
    for place in range(number * BLOCK, (number + 1) * BLOCK):
        more, told = one(seed, place, size)
        tally += more
        if told:
            differing[f"{seed}:{place}"] = told
    return {"seed": seed, "size": size, "block": number, **dataclasses.asdict(tally), "differing": differing}


def done(state: Path, seed: int, size: int) -> Iterator[dict[str, Any]]:
    """The blocks of this run that stand in the file; a line that was cut off counts as not done."""
    if not state.exists():
        return
    for line in state.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if (row["seed"], row["size"]) == (seed, size):
            yield row


def run(cases: int, seed: int, size: int, processes: int, state: Path) -> int:
    """Do blocks until there are so many cases; gives the exit code."""
    total, differing, known = Tally(), {}, set()
    names = [f.name for f in dataclasses.fields(Tally)]

    def add(row: dict[str, Any]) -> None:
        nonlocal total
        known.add(row["block"])
        total += Tally(**{name: row[name] for name in names})
        differing.update(row["differing"])
        for name, told in row["differing"].items():
            print(f"DIFFERENCE in {name}: python -m tests.engines.long --size {size} --only {name}", *told, sep="\n  ")

    for row in done(state, seed, size):
        add(row)
    if known:
        print(f"{state}: going on after {total.cases} cases in {len(known)} blocks", flush=True)
    todo = (number for number in count() if number not in known)
    began, before = time.monotonic(), total.cases
    with (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        open(state, "a", encoding="utf-8") as file,
    ):
        waiting = {pool.submit(block, seed, next(todo), size) for _ in range(processes)}
        while waiting:
            ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ended:
                row = future.result()
                file.write(json.dumps(row) + "\n")
                file.flush()
                add(row)
                if total.cases < cases:
                    waiting.add(pool.submit(block, seed, next(todo), size))
            rate = (total.cases - before) / (time.monotonic() - began)
            print(
                f"{total.cases} cases in {total.trials} trials, {len(differing)} differ, {rate:.0f} a second",
                flush=True,
            )
    print(json.dumps(dataclasses.asdict(total)))
    return 1 if differing else 0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=200_000, help="people to judge by both")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--size", type=int, default=30, help="most people of a trial")
    arguments.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--state", type=Path, default=Path("long.jsonl"), help="what is done")
    arguments.add_argument("--only", metavar="SEED:NUMBER", help="one trial, and nothing else")
    given = arguments.parse_args()
    if given.only:
        seed, number = map(int, given.only.split(":"))
        tally, told = one(seed, number, given.size)
        print(json.dumps(dataclasses.asdict(tally)), *told, sep="\n")
        return 1 if told else 0
    return run(given.cases, given.seed, given.size, given.processes, given.state)


if __name__ == "__main__":
    raise SystemExit(main())
