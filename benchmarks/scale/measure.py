"""How long a process takes and what it holds at most: a contestant and a job go in, a measurement comes out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from benchmarks.scale.job import Job
from benchmarks.scale.register import ROOT
from benchmarks.start import as_usual

PEAK = "peak"


@dataclass(frozen=True, slots=True)
class Measured:
    """``wall``, ``cpu`` (user and system, the whole process): seconds; ``peak``: MiB; ``failure``: its last words."""

    wall: float
    cpu: float
    peak: float
    failure: str = ""


def measure(contestant: str, job: Job, limit: float) -> Measured:
    """Run a contestant in a process of its own. ``limit``: seconds after which it is ended."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.scale.child",
        contestant,
        job.work,
        str(job.register),
        str(job.out),
        job.memory,
    ]
    environment = as_usual() | {"POLARS_MAX_THREADS": str(job.threads)}
    said = job.out / "said"
    with said.open("wb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(
            [*command, str(job.threads)], cwd=ROOT, env=environment, stdout=stream, stderr=stream
        )
        alarm = threading.Timer(limit, process.kill)
        alarm.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            alarm.cancel()
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    failure = ""
    if process.returncode:
        words = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        failure = f"ended after {limit:.0f} s" if wall >= limit else (words or [f"exit code {process.returncode}"])[-1]
    peak = job.out / PEAK
    held = float(peak.read_text()) if peak.exists() else used.ru_maxrss / 1024
    return Measured(wall, used.ru_utime + used.ru_stime, held, failure)
