"""The rules as SQL written by hand (``sql/``), run on DuckDB: a job goes in, its files come out.

``window`` puts every record in order and lets running sums count what is left under a limit. ``aggregate`` sums up
first and puts in order only the records under limits that can cut anything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.scale.job import Job

SQL = Path(__file__).parent / "sql"
COLUMNS = (
    "record_id", "person_id", '"end"', "form", "subject", "quantity", "unit", "evidence IS NULL", "result", "approved",
    "published", "job_related", "project", "project_level", "project_role", "credit_class",
)  # fmt: skip


def window(job: Job) -> None:
    """With as much memory as DuckDB takes by default: what others are measured against is not slowed down."""
    amounts = "window-ledger" if job.ledger else "window-counted"
    _run(replace(job, memory="80%"), ("judged", "window", "counted", amounts, "window-sums", "decisions"))


def aggregate(job: Job) -> None:
    ledger = ("aggregate-ledger",) if job.ledger else ()
    _run(job, ("judged", "aggregate", "counted", "aggregate-cut", *ledger, "aggregate-sums", "decisions"))


def read(job: Job) -> None:
    """Merely read the columns of the records that the rules ask for: the least that any way of judging them costs."""
    greatest = ", ".join(f"max({column})" for column in COLUMNS)
    _connected(job).execute(f"SELECT {greatest} FROM records").fetchall()


def _run(job: Job, steps: tuple[str, ...]) -> None:
    connection = _connected(job)
    for step in steps:
        text = Template((SQL / f"{step}.sql").read_text(encoding="utf-8"))
        connection.execute(text.substitute(out=str(job.out)))


def _connected(job: Job) -> Any:
    import duckdb

    connection = duckdb.connect()
    settings = {"memory_limit": job.memory, "threads": job.threads, "temp_directory": str(job.out / "spilled")}
    for name, value in settings.items():
        connection.execute(f"SET {name} = '{value}'")
    connection.execute("SET preserve_insertion_order = false")
    source = f"'{job.records}'"
    if job.kind == "csv":
        source = f"read_csv({source}, header = true, types = {_types(job)})"
    connection.execute(f"CREATE TEMP VIEW records AS FROM {source}")
    connection.execute(f"CREATE TEMP VIEW persons AS FROM '{job.persons}'")
    told = f'SELECT person_id, kind, "from" AS start, "to" AS "end" FROM \'{job.circumstances}\''
    connection.execute(f"CREATE TEMP VIEW circumstances AS {told}")
    return connection


def _types(job: Job) -> str:
    """The columns' types, so that nothing of a CSV file is guessed."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(f"DESCRIBE FROM '{job.register / 'records.parquet'}'").fetchall()
    return "{" + ", ".join(f"'{row[0]}': '{row[1]}'" for row in rows) + "}"
