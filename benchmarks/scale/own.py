"""The compiled engine, as ``policyengine evaluate`` runs it: files are read, checked and judged, results written."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.scale.job import FIRST, LAST, Job


def own(job: Job) -> None:
    import duckdb

    from policyengine.engines.duckdb_write import Options, write
    from policyengine.engines.protocol import Selection, Tables
    from policyengine.engines.truth import fields_asked
    from policyengine.records.columns import read_tables
    from policyengine.records.model import Fact, Person
    from policyengine.tools.evaluate import schema_for
    from policyengine.tools.select import Selector, load_law

    law = load_law(job.policies)
    selector = Selector(law)
    asked: set[str] = set()
    for policy, ready in zip(law.policies, selector.prepared, strict=True):
        for pack in policy.packs:
            if pack.applies is not None:
                asked |= {field.id for field in fields_asked(pack.applies, ready.judge.world)}

    def choose(facts: Mapping[str, Fact]) -> int | None:
        return selector.choose(Person("", dict(facts))).governs

    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{job.memory}'; SET threads = {job.threads}")
    between = job.out / "tables"
    between.mkdir()
    files = (str(job.records),), str(job.persons), str(job.circumstances)
    tables, said = read_tables(connection, between, *files, schema_for(law, None))
    if tables is None or tables.rejected_rows:
        raise SystemExit(f"the register can't be read: {said}")
    options = Options(ledger="lean" if job.ledger else "none", memory=job.memory, threads=job.threads)
    canonical = Tables(connection, tables.records, tables.persons, tables.circumstances)
    write(law.plans, canonical, (FIRST, LAST), None, job.out, options, Selection(tuple(sorted(asked)), choose))
