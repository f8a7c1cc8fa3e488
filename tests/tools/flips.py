"""Flips random bits of written results and verifies each: every flip must be found, in the file it was made in.

python -m tests.tools.flips 1000 2016        # how many flips, and the seed; a part of them runs with the tests
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from policyengine.tools.evaluate.evaluate import Evaluation
from policyengine.tools.result.result import save
from policyengine.tools.result.sign import Signer
from policyengine.tools.result.verify import verify

KINDS = ("csv", "parquet", "jsonl", "xlsx", "signed")


def results(evaluation: Evaluation, folder: Path) -> dict[str, Path]:
    """The evaluation as a result of each kind."""
    key = folder / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True, capture_output=True)
    return {
        kind: save(
            evaluation,
            folder / kind,
            "csv" if kind == "signed" else kind,
            sign=Signer(key) if kind == "signed" else None,
        )
        for kind in KINDS
    }


def flips(written: dict[str, Path], count: int, seed: int) -> Iterator[tuple[str, str, int, int, bool]]:
    """``count`` flips, each undone: kind, file, place, bit, and whether verify found it there."""
    dice = random.Random(seed)
    for _ in range(count):
        kind = dice.choice(KINDS)
        path = dice.choice(sorted(p for p in written[kind].iterdir() if p.stat().st_size))
        before = path.read_bytes()
        place, bit = dice.randrange(len(before)), dice.randrange(8)
        path.write_bytes(before[:place] + bytes([before[place] ^ (1 << bit)]) + before[place + 1 :])
        found = verify(written[kind])
        path.write_bytes(before)
        yield (
            kind,
            path.name,
            place,
            bit,
            any(d.severity == "error" and d.span is not None and d.span.file == str(path) for d in found),
        )


def main(count: int, seed: int) -> int:
    """How many flips were missed."""
    from tests.stats.conftest import judged
    from tests.stats.world import write_county

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        written = results(judged(write_county(folder), 2016, 2017), folder)
        made: Counter[str] = Counter()
        missed = 0
        for kind, file, at, bit, found in flips(written, count, seed):
            made[kind] += 1
            if not found:
                missed += 1
                print(f"missed: {kind} {file} byte {at} bit {bit}")
        sound = all(not [d for d in verify(w) if d.severity != "note"] for w in written.values())
    print(f"seed {seed}: {count} flips ({', '.join(f'{k} {n}' for k, n in sorted(made.items()))}), {missed} missed")
    return missed or not sound


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), int(sys.argv[2])) else 0)
