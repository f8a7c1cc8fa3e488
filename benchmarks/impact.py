"""How long it takes to tell whom a change of law touches, beside one evaluation of the same records by the same engine.

A register is made by the examples' generator; both take the same files, reading included, and write no ledger. Each run
is a process of its own, the two in turns. From the project's folder:

    .venv/bin/python benchmarks/impact.py --rows 10000000
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

EDIT = ("合计 不超过 50 学时", "合计 不超过 40 学时")  # a lower cap in policies/sichuan: stricter for some
MEMORY = "2GB"


class Run(NamedTuple):
    """Wall and processor seconds, and the greatest memory in MB."""

    wall: float
    processor: float
    memory: float


def evaluation(files: Path, policy: Path) -> str:
    """Read the files and write decisions and findings."""
    import duckdb

    from policyengine.engines.duckdb_write import Options, write
    from policyengine.engines.protocol import Tables
    from policyengine.records.columns import read_tables
    from policyengine.tools.evaluate.evaluate import schema_for
    from policyengine.tools.evaluate.select import load_law

    law = load_law(policy)
    with tempfile.TemporaryDirectory(dir=files) as place, duckdb.connect() as connection:
        tables, said = read_tables(connection, Path(place), (records(files),), *others(files), schema_for(law, None))
        assert tables is not None, said
        given = Tables(connection, tables.records, tables.persons, tables.circumstances)
        out = Path(place) / "out"
        out.mkdir()
        written = write(law.plans, given, None, None, out, Options(ledger="none", memory=MEMORY))
    assert written is not None
    return f"{written.tables['decisions'][1]:,} decisions"


def impact(files: Path, policy: Path) -> str:
    """Whom the edit touches."""
    from policyengine.tools.diff.at_scale import impact_at_scale
    from policyengine.tools.evaluate.evaluate import Files
    from policyengine.tools.evaluate.select import Selector, load_law

    sides = [Selector(load_law(p)) for p in (policy, edited(files))]
    found = impact_at_scale(*sides, Files((records(files),), *others(files)), None, None, None)
    changed, worse = sum((found.totals or {}).values()), found.count("loses")
    return f"{found.decisions:,} decisions, of which {changed:,} change, {worse:,} to the worse"


def records(files: Path) -> str:
    return str(files / "register.parquet")


def others(files: Path) -> tuple[str, str]:
    return str(files / "register-persons.parquet"), str(files / "register-circumstances.parquet")


def edited(files: Path) -> Path:
    return files / "edited" / "sichuan"


def prepare(files: Path, rows: int) -> None:
    """The register and the edited packs."""
    generate = [sys.executable, "examples/generate.py", "--rows", str(rows), "--out", records(files)]
    subprocess.run(generate, cwd=ROOT, check=True, capture_output=True)
    folder = shutil.copytree(ROOT / "policies", edited(files).parent)
    path = folder / "sichuan" / "rules-years.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(EDIT[0]) == 1
    path.write_text(text.replace(*EDIT), encoding="utf-8")


def measured(name: str, files: Path) -> tuple[Run, str]:
    """One run as a process of its own, and what it says."""
    command = [sys.executable, str(Path(__file__)), "--run", name, "--files", str(files)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said)
        _, code, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = code
        if code:
            sys.exit(f"{name} failed")
        said.seek(0)
        told = said.read().decode().strip()
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024), told


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", type=int, default=10_000_000, help="records (default 10 million)")
    options.add_argument("--turns", type=int, default=3, help="how often each is run (default 3)")
    options.add_argument("--files", type=Path, help="folder for the register, kept; used again where it is there")
    options.add_argument("--run", choices=("evaluation", "impact"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.run:
        print({"evaluation": evaluation, "impact": impact}[given.run](given.files, ROOT / "policies" / "sichuan"))
        return
    with tempfile.TemporaryDirectory(prefix="policyengine-") as place:
        files = given.files or Path(place)
        if not Path(records(files)).exists():
            files.mkdir(exist_ok=True)
            prepare(files, given.rows)
        runs: dict[str, list[Run]] = {"evaluation": [], "impact": []}
        for _ in range(given.turns):
            for name, found in runs.items():
                run, told = measured(name, files)
                found.append(run)
                print(f"{name:12} {run.wall:7.2f} s wall {run.processor:7.2f} s processor   {told}", flush=True)
    medians = {n: Run(*(statistics.median(x) for x in zip(*found, strict=True))) for n, found in runs.items()}
    print(f"{'medians':12} {'wall':>9} {'ratio':>6} {'processor':>10} {'ratio':>6} {'memory':>8}")
    one = medians["evaluation"]
    for name, run in medians.items():
        wall, used = run.wall / one.wall, run.processor / one.processor
        print(f"{name:12} {run.wall:7.2f} s {wall:6.2f} {run.processor:8.2f} s {used:6.2f} {run.memory:5.0f} MB")


if __name__ == "__main__":
    main()
