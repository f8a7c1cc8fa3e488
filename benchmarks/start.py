"""How long a command takes from a standstill: whole processes are run in turns, medians and ratios come out.

The measure is a process that only imports the three libraries every command needs. Run from the project's folder:

    .venv/bin/python benchmarks/start.py
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEASURE = "import of PyYAML, click and lark"
RECORDS, PERSONS = "examples/records.csv", "examples/persons.csv"
LAW = ("--policy", "policies/sichuan")
FEW = 200
PROGRAM = (sys.executable, "-m", "policyengine")


def commands(result: str, few: str) -> dict[str, tuple[str, ...]]:
    """Command lines by name; ``result``: the folder of a written result; ``few``: a file of ``FEW`` records."""
    one = ("--person", "510101190001010019", "--period", "2016")
    named = ("--persons", PERSONS, "--person", "张三")
    return {
        MEASURE: (sys.executable, "-c", "import yaml, click, lark"),
        f"evaluate {FEW} rows": (*PROGRAM, "evaluate", few, *LAW),
        "explain an id, one year": (*PROGRAM, "explain", RECORDS, *LAW, *one),
        "explain a name, one year": (*PROGRAM, "explain", RECORDS, *LAW, *named, "--period", "2016"),
        "explain a name, every year": (*PROGRAM, "explain", RECORDS, *LAW, *named),
        "explain from a result": (*PROGRAM, "explain", result, "--person", "张三", "--period", "2016"),
        "check policies/": (*PROGRAM, "check", "policies/"),
    }


def seconds(command: tuple[str, ...]) -> tuple[float, float]:
    """Wall time and processor time (user + system) of one run, in seconds. The command must succeed."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=as_usual())
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, used


def as_usual() -> dict[str, str]:
    """The environment, with compiled modules kept between runs as they are by default."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(ROOT)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--turns", type=int, default=15, help="how often each command is run (default 15)")
    turns = options.parse_args().turns
    with tempfile.TemporaryDirectory() as folder:
        result = str(Path(folder) / "result")
        seconds((*PROGRAM, "evaluate", RECORDS, *LAW, "--persons", PERSONS, "--out", result))
        few = Path(folder) / "few.csv"
        lines = (ROOT / RECORDS).read_text(encoding="utf-8").splitlines(keepends=True)
        few.write_text("".join(lines[: FEW + 1]), encoding="utf-8")
        asked = commands(result, str(few))
        # once unmeasured: compiled modules and the kept law are there, as on any day but the first
        for command in asked.values():
            seconds(command)
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
        for _ in range(turns):
            for name, command in asked.items():
                measured[name].append(seconds(command))
    print(f"{'whole process, ' + str(turns) + ' turns':36} {'wall':>9} {'ratio':>6} {'cpu':>9} {'ratio':>6}")
    medians = {n: [statistics.median(t) for t in zip(*times, strict=True)] for n, times in measured.items()}
    for name, (wall, cpu) in medians.items():
        walls, cpus = medians[MEASURE]
        print(f"{name:36} {wall * 1000:6.0f} ms {wall / walls:6.2f} {cpu * 1000:6.0f} ms {cpu / cpus:6.2f}")


if __name__ == "__main__":
    main()
