"""Damages the corpus at random and reads it: nothing may crash, hang, or lose a row.

python -m tests.records.mutate 600        # for ten minutes; prints every file that does, and keeps it
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

SLOW = 20  # CPU seconds that no file of a few kilobytes may cost


def mutated(data: bytes, seed: int) -> bytes:
    """``data`` with a few random changes: bits flipped, stretches cut, doubled, or replaced by nasty ones."""
    rng = random.Random(seed)
    found = bytearray(data)
    nasty = [
        b"\0",
        b"\xff\xfe",
        b'"',
        b"\r",
        b"\n\n",
        b",,,,",
        b"9" * 400,
        "，".encode(),
        b"=1+1",
        b"-",
        b"{",
        b"PK\x03\x04",
        b"\xe4\xb8",
    ]
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(found) + 1)
        end = min(len(found), at + rng.randrange(1, 60))
        match rng.randrange(5):
            case 0 if found:
                found[at % len(found)] ^= 1 << rng.randrange(8)
            case 1:
                del found[at:end]
            case 2:
                found[at:at] = found[at:end]
            case 3:
                found[at:at] = rng.choice(nasty)
            case _:
                del found[at:]
    return bytes(found)


def _spent() -> float:
    """CPU seconds of this process and of those that it started: what the machine does besides does not count."""
    own, started = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + started.ru_utime + started.ru_stime


def main(seconds: float) -> int:
    """How many files were not survived within the time."""
    from policyengine.records.read import read_inputs
    from tests.records.support import DATA, schema

    of, kept = schema(), Path(tempfile.mkdtemp(prefix="survivors-"))
    files = sorted(p for p in DATA.iterdir() if p.is_file() and ".yaml" not in p.name)
    end, seed, bad = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        source = files[seed % len(files)]
        path = kept / f"{seed}-{source.name}"
        path.write_bytes(mutated(source.read_bytes(), seed))
        started = _spent()
        try:
            inputs, _ = read_inputs([str(path)], None, None, of)
            assert inputs is None or inputs.rows == len(inputs.records) + inputs.rejected_rows
            assert _spent() - started < SLOW, "too slow"
            path.unlink()
        except Exception as e:
            bad += 1
            print(f"{path}: {type(e).__name__}: {e}")
        seed += 1
    print(f"{seed} files, {bad} not survived")
    return bad


if __name__ == "__main__":
    sys.exit(1 if main(float(sys.argv[1])) else 0)
