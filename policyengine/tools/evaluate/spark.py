"""Judge on a cluster: local files go up and the trace comes back, or files of the cluster become a result there.

``judge`` is for inputs that fit in memory; ``judge_there`` for registers that only the cluster holds, which are read
and written where they are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from policyengine.address import is_address
from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.compile.run import spans_of
from policyengine.engines.reference import Periods, years_of
from policyengine.messages import say
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from policyengine.tools.evaluate.evaluate import Files, judge_all, judging, schema_for
from policyengine.tools.evaluate.select import Law, Selector, not_meant, selection_of
from policyengine.tools.result.manifest import manifest_of
from policyengine.tools.result.result import Wish, options_of
from policyengine.tools.result.tally import (
    WARNED,
    Outcomes,
    Tally,
    changes_with_more,
    cut_short,
    empty_periods,
    longer_than_a_year,
    looking_back,
    outcomes_of,
)
from policyengine.tools.result.write import MANIFEST, manifest_bytes
from policyengine.trace import Result


def stands_there(files: Files, out: str) -> bool:
    """Whether files and result stand where the cluster does. Raises ``PolicyError`` (PE935) where only some do."""
    named = [out, *(path for role, paths in files.roles().items() if role != "mapping" for path in paths)]
    there = [path for path in named if is_address(path)]
    if there and len(there) < len(named):
        here = next(path for path in named if not is_address(path))
        text = say(f"{there[0]} is the cluster's, {here} is not", f"{there[0]} 在集群上，{here} 不在")
        hint = say(
            "name all files and --out as the cluster does (s3a://…, file://…), or none",
            "所有文件和 --out 请都写集群的地址（s3a://…、file://…），或都写本地路径",
        )
        raise PolicyError([Diagnostic("PE935", text, hint=hint)])
    return bool(there)


def judge(selector: Selector, inputs: Inputs, periods: Periods | None, as_of: date | None, remote: str) -> Result:
    """Judge everybody in ``inputs`` on the server at ``remote``; rows as ``evaluate.judge_all`` gives them.

    Raises ``PolicyError`` (PE930) where no server answers.
    """
    from policyengine.engines import spark

    others = judging(selector, [periods or years_of(p, inputs.records) for p in selector.law.plans], as_of)
    selection = None if selector.alone else selection_of(selector)
    with spark.session(remote) as own:
        found = spark.evaluate_all(selector.law.plans, inputs, periods, as_of, selection, others, own)
    return judge_all(selector, inputs, periods, as_of) if found is None else found


def judge_there(
    law: Law, files: Files, out: str, wish: Wish, periods: Periods | None, as_of: date | None, remote: str
) -> Tally:
    """Judge the cluster's files and have the cluster write the result into its folder ``out``: a folder of Parquet
    files for each table, and at the end the manifest, as the one row of a text file. A folder without one is no result.

    Raises ``PolicyError`` where the server (PE930), files (PE931, PE932), folder (PE933) or policies (PE934) can't be
    used.
    """
    from policyengine.engines import spark, spark_read, spark_write

    selector = Selector(law)
    refuse(wish, files)
    with spark.session(remote) as own:
        host = spark_write.host_for(own, out)
        try:
            selection = None if selector.alone else selection_of(selector)
            register = spark_read.read(host, schema_for(law, None), files.records, files.persons, files.circumstances)
            others = judging(selector, spans_of(law.plans, periods, host, register.names.records), as_of)
            written = spark_write.write(
                law.plans, host, register.names, periods, as_of, out, wish.size, selection, others
            )
            host.store("written_rejects", host.frame(register.rejects), f"{out}/rejects")
            tally = _tally(host, register, written, selector)
            asked = options_of(law, files, periods, as_of, wish.format, wish.size, wish.strict)
            manifest = manifest_of(law.policies, law.plans, tally, files.roles(), "spark", asked)
            entries = (
                {n: {"file": f, "rows": r, "columns": c} for n, (f, r, c) in written.tables.items()} if written else {}
            )
            text = json.dumps(json.loads(manifest_bytes({**manifest, "tables": entries})), ensure_ascii=False)
            own.createDataFrame([(text,)], "value STRING").coalesce(1).write.text(f"{out}/{MANIFEST}")
        except Inexpressible as e:
            text = say(f"a cluster can't judge by this policy: {e}", f"集群无法按此政策评定：{e}")
            hint = say("evaluate local files with --engine auto", "请用 --engine auto 评定本地文件")
            raise PolicyError([Diagnostic("PE934", text, hint=hint)]) from e
        finally:
            host.close()
    return tally


def refuse(wish: Wish, files: Files) -> None:
    """Refuse what a cluster does not do (PE935)."""
    asked = [
        name
        for name, wanted in (
            ("--format", wish.format != "parquet"), ("--sign", wish.sign), ("--pseudonymise", wish.key),
            ("--strict", wish.strict), ("--mapping", files.mapping),
        )
        if wanted
    ]  # fmt: skip
    if asked:
        text = say(f"on a cluster there is no {asked[0]}", f"在集群上不支持 {asked[0]}")
        hint = say(
            "leave it out and say --format parquet, or evaluate local files",
            "请去掉该选项并写 --format parquet，或评定本地文件",
        )
        raise PolicyError([Diagnostic("PE935", text, hint=hint)])


def _tally(host: Any, register: Any, written: Any, selector: Selector) -> Tally:
    from policyengine.engines.compile import trees as t
    from policyengine.tools.evaluate.compiled import counted

    if written is None:
        return Tally(register.rows, register.rows - register.rejected, register.rejected, 0, {}, {}, 0)
    decided = t.select(period=t.col("period"), outcome=t.col("outcome"), n=t.count())
    decided.from_(t.table("written_decisions"), copy=False)
    counts = host.rows(decided.group_by(t.col("period"), t.col("outcome"), copy=False))
    outcomes = outcomes_of(counts)
    people = t.select(n=t.count_distinct(t.col("person_id"))).from_(t.table("written_decisions"), copy=False)
    ((everybody,),) = host.rows(people)
    flags = 0
    if "flags" in written.tables:
        sure = t.select(n=t.count()).from_(t.table("written_flags"), copy=False).where(t.col("certain"), copy=False)
        ((flags,),) = host.rows(sure)
    return Tally(
        rows=register.rows,
        records=register.rows - register.rejected,
        rejected=register.rejected,
        people=everybody,
        outcomes=outcomes,
        reasons={r: written.reasons[r] for r in WARNED if r in written.reasons},
        flags=flags,
        notes=(
            *_of_days(host, register.names.records, outcomes, "findings" in written.tables, selector.law.plans),
            *not_meant(selector, counted(host, selector, register.names.persons, everybody)),
        ),
    )


def _of_days(host: Any, records: str, outcomes: Outcomes, findings: bool, plans: Sequence[Plan]) -> tuple[str, ...]:
    """The warnings about records that may be lacking. ``findings``: whether any were written."""
    from policyengine.engines.compile import trees as t

    days = {day for (day,) in host.rows(t.select(day=t.col("end")).from_(t.table(records), copy=False).distinct())}
    judged, long = list(looking_back(plans, outcomes)), sorted(longer_than_a_year(plans))
    if findings and long:
        told = t.select(
            **{n: t.col(n) for n in ("policy", "rule", "window_start", "window_end", "status", "comparison")}
        )
        told.from_(t.table("written_findings"), copy=False).where(
            t.among(t.col("rule"), [*map(t.lit, long)]), copy=False
        )
        judged += [
            (policy, rule, start, end)
            for policy, rule, start, end, status, comparison in host.rows(told.distinct())
            if changes_with_more(status, comparison)
        ]
    return (*empty_periods(outcomes, days, plans), *cut_short(judged, days, plans))
