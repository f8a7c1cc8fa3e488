"""Result tables that the cluster writes, whatever their size: canonical tables in, Parquet folders out.

Each table is a folder of Parquet files below the result's. What is worked out on the way stands in ``_work-…``
beside them, emptied in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.compile import aside
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.aside import JudgeOne
from policyengine.engines.compile.output import Output
from policyengine.engines.compile.run import opened
from policyengine.engines.compile.sources import Names
from policyengine.engines.duckdb_write import Written
from policyengine.engines.protocol import Periods, Selection
from policyengine.engines.spark import SparkHost
from policyengine.messages import say
from policyengine.plan.model import Plan

WORK = "_work"


def host_for(spark: Any, out: str) -> SparkHost:
    """A host that works below the folder ``out``, which the cluster writes to.

    Raises ``PolicyError`` (PE933) where there is a result already: nothing on a cluster is ever replaced.
    """
    if any(_there(spark, f"{out}/{table}") for table in ("ledger", "decisions", "rejects")):
        text = say("there is a result in this folder already", "该文件夹中已有结果")
        hint = say("give --out a new folder", "请为 --out 指定新的文件夹")
        raise PolicyError([Diagnostic("PE933", text, Span(out), hint)])
    return SparkHost(
        spark, f"{out}/{WORK}-{uuid4().hex[:8]}"
    )  # what a run that was cut off has left is in nobody's way


def _there(spark: Any, path: str) -> bool:
    """Whether there are Parquet files; of a folder that is not there some servers say so, others see no columns."""
    try:
        return bool(spark.read.parquet(path).schema.fields)
    except Exception:
        return False


def write(
    plans: Sequence[Plan],
    host: SparkHost,
    names: Names,
    periods: Periods | None,
    as_of: date | None,
    out: str,
    ledger: str = "lean",
    selection: Selection | None = None,
    judge: JudgeOne | None = None,
) -> Written | None:
    """Judge everybody in the tables and write decisions, findings, ledger, flags and what is missing below ``out``.

    ``ledger``: ``full``, ``lean`` or ``none``. None where there is nothing to judge. Raises ``Inexpressible`` where a
    plan says what only the reference evaluator can judge.
    """
    evaluation = opened(plans, host, names, periods, as_of, selection)
    if evaluation is None:
        return None
    output = Output.of(evaluation, aside.results(evaluation, judge))
    written = Written(aside=output.aside.persons)
    if ledger != "none":
        _save(host, "ledger", output.entries(ledger), out, written)
        host.view("entries", host.frame(output.read_back(t.table("written_ledger"))))
        evaluation.entries.kept = True
        written.reasons.update(host.rows(t.tally(t.table("written_ledger"), "reason")))
    evaluation.ask()
    for sheet in output.tables(ledger != "none"):
        _save(host, sheet.table, sheet.query(), out, written)
    _save(host, "flags", output.flags(), out, written)
    written.outcomes.update(host.rows(t.tally(t.table("written_decisions"), "outcome")))
    return written


def _save(host: SparkHost, table: str, query: Any, out: str, written: Written) -> None:
    """Write a table, and name what was written ``written_…``."""
    columns = t.names_of(query)
    host.store(f"written_{table}", host.frame(query), f"{out}/{table}")
    ((count,),) = host.rows(t.select(n=t.count()).from_(t.table(f"written_{table}"), copy=False))
    written.tables[table] = (table, count, columns)
