"""Made registers: a number of records goes in, a folder with the files that every contestant reads comes out.

Everybody in it is an accountant, in medicine or an engineer, so that three policies judge the people of one file:
``sectors/accounting``, ``sectors/medical`` and, for engineers, ``sichuan``. A register is made once and kept.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECTORS = "accounting,medical,engineering"
PACKS = ("national", "sichuan", "sectors/accounting", "sectors/medical")


def register(records: int, folder: Path) -> Path:
    """The register of so many records in ``folder``; a half-made one is never left in its place."""
    place = folder / f"register-{records}"
    if not place.exists():
        half = folder / f"register-{records}.part"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        wanted = ("--rows", str(records), "--sectors", SECTORS, "--out", str(half / "records.parquet"))
        command = (sys.executable, "examples/generate.py", *wanted)
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
        half.rename(place)
    shutil.rmtree(place / "policies", ignore_errors=True)  # as they are now
    for pack in PACKS:
        shutil.copytree(ROOT / "policies" / pack, place / "policies" / pack)
    return place


def as_csv(place: Path) -> Path:
    """The register's records as CSV, beside the Parquet file."""
    import duckdb

    path, half = place / "records.csv", place / "records.csv.part"
    if not path.exists():
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit = '1GB'; SET enable_progress_bar = false")
            source = connection.read_parquet(str(place / "records.parquet"))
            source.write_csv(str(half), header=True)
        half.rename(path)
    return path


def digits(records: int) -> str:
    """``50000000`` → ``50 M``."""
    return f"{records / 1e6:g} M" if records >= 10**5 else f"{records:,}"
