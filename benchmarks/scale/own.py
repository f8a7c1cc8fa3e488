"""The compiled engine as everybody runs it: a job becomes a ``policyengine evaluate``, its result folder the answer."""

from __future__ import annotations

from benchmarks.scale.job import FIRST, LAST, Job


def own(job: Job) -> None:
    """Read and check the files, judge, write every table of a result. DuckDB takes all processors."""
    from policyengine.cli.evaluate import command

    result = job.out / "result"
    options = {
        "--policy": job.policies, "--persons": job.persons, "--circumstances": job.circumstances,
        "--period": f"{FIRST}..{LAST}", "--engine": "duckdb", "--format": "parquet", "--out": result,
        "--ledger": "lean" if job.ledger else "none", "--memory-limit": job.memory,
    }  # fmt: skip
    words = [str(word) for option in options.items() for word in option]
    code = command.main([str(job.records), *words], standalone_mode=False)
    if code not in (0, None):
        raise SystemExit(f"policyengine evaluate gave {code}")
    for table in result.glob("*.parquet"):
        table.rename(job.out / table.name)
