"""A run is killed again and again at random moments; what stands in its folder is looked at each time.

    python -m tests.cli.kills --rows 5000000 --kills 10 --seed 1

makes a register, judges it once (to know how long that takes), then kills that many runs, half of them over an earlier
result. Exits with 1 where anything but a whole result was seen, where something was left behind by the run that came
after, or where that run failed.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from policyengine.tools.result.verify import verify
from policyengine.tools.result.write import digest

ROOT = Path(__file__).parent.parent.parent


def register(folder: Path, rows: int) -> list[str]:
    """Make a register of so many records; gives the arguments that name its files."""
    made = folder / "register.parquet"
    generator = str(ROOT / "examples" / "generate.py")
    subprocess.run(
        [sys.executable, generator, "--rows", str(rows), "--out", str(made)], check=True, capture_output=True
    )
    named = [str(made)]
    for role in ("persons", "circumstances"):
        (found,) = folder.glob(f"*{role}.parquet")
        named += [f"--{role}", str(found)]
    return named


def rows(out: Path) -> int:
    """How many rows the ledger of a result has."""
    return int(json.loads((out / "manifest.json").read_bytes())["tables"]["ledger"]["rows"])


def start(files: list[str], out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "policyengine", "evaluate", *files, "--policy", str(ROOT / "policies" / "sichuan")]
    command += ["--out", str(out), "--format", "parquet", "--engine", "duckdb", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def digests(folder: Path) -> dict[str, str]:
    """The files of a result, and what is in them; a ledger's rows and so the manifest may differ in order."""
    return {p.name: digest(p) if p.stem not in ("ledger", "manifest") else "" for p in folder.iterdir()}


def killed(files: list[str], folder: Path, kills: int, seed: int) -> Iterator[str]:
    """What went wrong, over all kills."""
    chance = random.Random(seed)
    out = folder / "results" / "out"
    out.parent.mkdir()
    begun = time.monotonic()
    first = start(files, out)
    _, said = first.communicate()
    took = time.monotonic() - begun
    if first.returncode:
        yield f"the first run failed: {said}"
        return
    whole = digests(out)
    for number in range(kills):
        fresh = number % 2 == 0
        target = out.parent / f"fresh{number}" if fresh else out
        running = start(files, target)
        moment = chance.uniform(0.05, 1.0) * took
        time.sleep(moment)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        ended = running.returncode == 0
        print(f"kill {number + 1}: after {moment:.1f} s of {took:.1f}, over {'nothing' if fresh else 'a result'}")
        if target.exists() and digests(target) != whole:
            what = "half a result stands" if not ended else "another result stands"
            yield f"kill {number + 1}: {what} in {target.name}"
        if digests(out) != whole:
            yield f"kill {number + 1}: the earlier result is no longer whole"
    last = start(files, out)
    _, said = last.communicate()
    if last.returncode:
        yield f"the run after all kills failed: {said}"
    if digests(out) != whole:
        yield "the run after all kills gave another result"
    if rows(out) < 1_000_000:  # beyond, that takes longer than all runs together
        for problem in verify(out):
            yield f"the run after all kills: {problem.message}"
    if left := [p.name for p in out.parent.iterdir() if p.name.startswith(".out.unfinished")]:
        yield f"left behind: {left}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        problems = list(killed(register(Path(place), asked.rows), Path(place), asked.kills, asked.seed))
    for problem in problems:
        print(problem)
    print("nothing but whole results was seen" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
