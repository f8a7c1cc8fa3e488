"""One contestant does one job in a process of its own, so that time and memory are its own: arguments in, files out."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from benchmarks.scale.contestants import CONTESTANTS
from benchmarks.scale.job import Job
from benchmarks.scale.measure import PEAK


def main(name: str, work: str, register: str, out: str, memory: str, threads: str) -> None:
    CONTESTANTS[name].run(Job(work, Path(register), Path(out), memory, int(threads)))
    (Path(out) / PEAK).write_text(str(_peak()))


def _peak() -> float:
    """The most that this process held, in MiB. What the system counts for a child begins with its parent's size."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
