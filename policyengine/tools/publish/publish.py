"""A written result goes in and stands in the status database, whole or not at all: what ``publish`` does.

Published twice it changes nothing. A later result takes the place of earlier ones of its scope, period by period; what
it replaces stays, marked as superseded.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlglot import exp

from policyengine.address import is_server, shown
from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.calendar import labelled
from policyengine.messages import say
from policyengine.progress import told
from policyengine.records.personal import mask
from policyengine.signals import ENDING, handled
from policyengine.tools.publish import embedded, postgres
from policyengine.tools.publish.schema import schema_statements
from policyengine.tools.publish.staging import Query, Staged, result_row
from policyengine.tools.result.intact import as_they_are, unchanged_result
from policyengine.tools.result.undisturbed import undisturbed
from policyengine.tools.stats.make import HERE, standard
from policyengine.tools.stats.origin import Named
from policyengine.tools.stats.part import Source
from policyengine.tools.stats.sources import source_of_folder
from policyengine.tools.stats.store import build
from policyengine.tools.working import working

SCHEMA_VERSION = 2
TABLES = (
    "results", "coverage", "decisions", "decision_measures", "findings", "ledger", "flags",
    "missing", "rules", "people",
    "activities", "statistics",
)  # fmt: skip
# what files say more than a result; to a lean ledger they add words
FACTUAL = ("ledger", "people", "activities", "statistics")
EVER = 9999  # years


@dataclass(frozen=True)
class Published:
    """What came of it. ``changed``: False where the result was there already, with no fewer facts. ``replaced``:
    (period, result) pairs; ``superseded``: the same of later results that have taken its place, where it was there
    already."""

    result_id: str
    changed: bool
    replaced: tuple[tuple[str, str], ...]
    notes: tuple[Diagnostic, ...]
    superseded: tuple[tuple[str, str], ...] = ()
    scope: str = ""  # in which it was there already, whatever was asked for now
    gone: tuple[int, ...] = ()  # of each in ``replaced``, how many people of it are not in this one
    stays: tuple[tuple[str, str], ...] = ()  # (period, result) of earlier ones that may count what was replaced here


class Target(Protocol):
    """An open database in a transaction. ``$1`` in a query stands for the first value; ``insert``: staged rows."""

    def begin(self) -> None: ...
    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def change(self, statement: str, values: Sequence[Any] = ()) -> None: ...
    def insert(self, table: str, query: Any) -> None: ...
    def commit(self) -> None: ...


def publish(folder: str | Path, to: str, scope: str | None = None, named: Named = HERE) -> Published:
    """Publish the result in ``folder`` into the database ``to`` (``FILE.duckdb`` or ``postgresql://…``).

    ``scope``: whose result it is; results replace each other within one scope only. By default the policy's id, ``*``
    for a folder of packs. Raises ``PolicyError``: PE501 no result, PE540 no such database, PE541 another's database,
    PE542 a person would be decided twice, PE543 the result was changed since it was written, PE561 since it was
    signed, PE400 another run replaced it meanwhile.
    """
    with ExitStack() as done, undisturbed([folder]) as unchanged, working() as (connection, place):
        written = unchanged_result(folder)
        policies = [str(p["id"]) for p in written.manifest["policies"]]
        scope = scope or (policies[0] if len(policies) == 1 else "*")
        own = place / "source"
        own.mkdir()
        with as_they_are([folder]):
            source = source_of_folder(connection, own, written, named)
        with _opened(to, connection, place) as target:
            known = _known(target, source.id, to)
            adds = _adding(connection, source) if known else []
            if known and not _bare(target, source.id, adds):
                return _again(target, source.id, source.notes)
            with as_they_are([folder]):
                store = build(connection, own, [source], ())
                staged = Staged(connection, own, written, source, store)
                queries = list(staged.queries(standard(store)))
            target.begin()
            if not _ours(target, to):
                _make_tables(target)
            elif _known(target, source.id, to) and not (known and _bare(target, source.id, adds)):
                # somebody else was faster
                return _again(target, source.id, source.notes)
            with as_they_are([folder]):  # figures are looked at as they are written
                if known:
                    _fill(target, source.id, queries)
                replaced = [] if known else _write(target, staged, queries, scope)
            gone = tuple(_gone(target, source.id, *one) for one in replaced)
            stays = _stays(target, source.id, [period for period, _ in replaced], _reach(written.manifest))
            unchanged()
            # from here on the result is there: to say that nothing was left behind would be untrue
            done.enter_context(handled(dict.fromkeys((signal.SIGINT, *ENDING), signal.SIG_IGN)))
            target.commit()
    return Published(source.id, True, tuple(replaced), source.notes, gone=gone, stays=stays)


def _opened(to: str, connection: Any, folder: Path) -> Any:
    return (postgres if is_server(to) else embedded).opened(to, connection, folder)


def _known(target: Target, result_id: str, to: str) -> bool:
    return _ours(target, to) and bool(target.rows("SELECT scope FROM results WHERE result_id = $1", [result_id]))


def _again(target: Target, result_id: str, notes: tuple[Diagnostic, ...]) -> Published:
    """What is there already stays as it is: it doesn't take its place back."""
    query = (
        "SELECT period, superseded_by FROM coverage WHERE result_id = $1 AND superseded_by IS NOT NULL ORDER BY period"
    )
    superseded = tuple((str(period), str(later)) for period, later in target.rows(query, [result_id]))
    [(scope,)] = target.rows("SELECT scope FROM results WHERE result_id = $1", [result_id])
    return Published(result_id, False, (), notes, superseded, str(scope))


def _adding(connection: Any, source: Source) -> list[tuple[str, str]]:
    """The tables of facts for which the files within reach have rows, each with that which tells of whom: a persons
    file that names nobody who was decided about adds nothing, however often it is published."""
    found = []
    for of, facts, rows, about, key in (
        ("decisions", "people", source.people, source.decisions, "person_id"),
        ("ledger", "activities", source.activities, source.ledger, "record_id"),
    ):
        if rows is not None and about is not None:
            named = exp.select(about.text(key)).from_(about.relation.copy())
            one = exp.select("1").from_(rows.relation.copy()).where(exp.In(this=rows.text(key), query=exp.paren(named)))
            if connection.execute(one.limit(1).sql("duckdb")).fetchone() is not None:
                found.append((of, facts))
    return found


def _bare(target: Target, result_id: str, adds: Sequence[tuple[str, str]]) -> bool:
    """Whether the result stands there without facts of its files, which are within reach now (``_adding``)."""
    query = (
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM {of} WHERE result_id = $1) "
        "AND NOT EXISTS (SELECT 1 FROM {facts} WHERE result_id = $1)"
    )
    return any(target.rows(query.format(of=of, facts=facts), [result_id]) for of, facts in adds)


def _fill(target: Target, result_id: str, queries: Sequence[Query]) -> None:
    """Put what follows from the facts in the place of what was published without them."""
    for table, query in queries:
        if table in FACTUAL:
            target.change(f"DELETE FROM {table} WHERE result_id = $1", [result_id])
            target.insert(table, query)


def _ours(target: Target, to: str) -> bool:
    """Whether our tables are there; an error where something else stands under their names."""
    query = (
        "SELECT table_name, table_type FROM information_schema.tables "
        "WHERE table_catalog = current_database() AND table_schema = current_schema()"
    )
    kinds = {str(name): str(kind) for name, kind in target.rows(query)}
    present = set(kinds)
    if views := sorted(n for n in present & {*TABLES, "about"} if kinds[n] == "VIEW"):  # it would run as it is asked
        raise PolicyError([_foreign(to, say(f"its table {views[0]} is a view", f"其中的表 {views[0]} 是视图"))])
    if "about" in present and "results" in present:
        versions = target.rows("SELECT schema_version FROM about")
        if versions != [(SCHEMA_VERSION,)]:
            raise PolicyError([_foreign(to, say("its tables are of another version", "其表为另一版本"))])
        return True
    if found := sorted(present & {*TABLES, "about"}):
        raise PolicyError([_foreign(to, say(f"it has a table {found[0]} of its own", f"其中已有表 {found[0]}"))])
    return False


def _make_tables(target: Target) -> None:
    for statement in schema_statements():
        target.change(statement)
    target.change("INSERT INTO about VALUES ($1)", [SCHEMA_VERSION])


def _foreign(to: str, why: str) -> Diagnostic:
    message = say(f"this is not a status database of this program: {why}", f"这不是本程序的继续教育情况数据库：{why}")
    return Diagnostic("PE541", message, Span(shown(to)), say("name another database", "请指定另一个数据库"))


def _write(target: Target, staged: Staged, queries: Sequence[Query], scope: str) -> list[tuple[str, str]]:
    """Insert every row and mark what is replaced."""
    row = dict(result_row(staged.written, scope))
    (last,) = target.rows("SELECT coalesce(max(number), 0) FROM results")[0]
    row["number"] = last + 1
    names = ", ".join(row)
    marks = ", ".join(f"${n + 1}" for n in range(len(row)))
    target.change(f"INSERT INTO results (published_at, {names}) VALUES (now(), {marks})", list(row.values()))
    for done, (table, query) in enumerate(queries):
        told(done / len(queries), say("writing the database's tables", "写入数据库各表"))
        target.insert(table, query)
    told(None, say("seeing whom other results decide about", "核对其他结果"))
    # the ledger also has rows of years that only a block decided here reaches back to: other results are about these
    covered = (
        "SELECT DISTINCT period FROM decisions WHERE result_id = $1 "
        "UNION SELECT DISTINCT period FROM ledger WHERE result_id = $1 AND period BETWEEN $2 AND $3"
    )
    first, last = staged.written.asked or (0, 9999)
    periods = sorted(str(p) for (p,) in target.rows(covered, [staged.result_id, f"{first:04}", f"{last:04}"]))
    replaced = []
    for period in periods:
        earlier = "SELECT result_id FROM coverage WHERE scope = $1 AND period = $2 AND superseded_by IS NULL"
        replaced += [(period, str(r)) for (r,) in target.rows(earlier, [scope, period])]
        gone = "UPDATE coverage SET superseded_by = $1 WHERE scope = $2 AND period = $3 AND superseded_by IS NULL"
        target.change(gone, [staged.result_id, scope, period])
        target.change("INSERT INTO coverage VALUES ($1, $2, $3, NULL)", [staged.result_id, scope, period])
    replaced += _end_blocks(target, staged.result_id, scope)
    _refuse_twice(target, staged.result_id)
    return replaced


def _gone(target: Target, result_id: str, period: str, earlier: str) -> int:
    """How many people of whom the earlier result decides the period are not in the later one."""
    of = "SELECT person_id FROM decisions WHERE result_id = {}"
    query = f"SELECT count(*) FROM ({of.format('$2')} AND period = $3 EXCEPT {of.format('$1')}) AS gone"
    ((count,),) = target.rows(query, [result_id, earlier, period])
    return int(count)


def _stays(
    target: Target, result_id: str, replaced: Sequence[str], reach: tuple[int, int]
) -> tuple[tuple[str, str], ...]:
    """The blocks of years that earlier results of the scope decide still, of which a year was replaced, and the years
    and blocks that begin at most so many years after one (``reach``): they were decided by its records of then."""
    query = (
        "SELECT o.period, o.result_id FROM coverage o JOIN results r ON r.scope = o.scope WHERE r.result_id = $1 "
        "AND o.result_id <> $1 AND o.superseded_by IS NULL ORDER BY o.period, o.result_id"
    )
    years = [labelled(period)[1] for period in replaced]

    def may_count(period: str) -> bool:
        first, last = labelled(period)
        beyond = reach[last > first]
        return any(first <= year <= last > first or year < first <= year + beyond for year in years)

    return tuple((str(p), str(earlier)) for p, earlier in target.rows(query, [result_id]) if may_count(str(p)))


def _reach(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """In how many later years, and within how many years in later blocks, what was learned in one may count by the
    rules of a result: carried over, in a window of several years, counted once or under such a cap (then any), and
    where consequences look back on those years or cycles."""
    rules = manifest["rules"]
    if any(r["kind"] == "count_once" or (r["kind"] == "cap" and r.get("years_before")) for r in rules):
        return EVER, EVER
    counted = max((r.get("years_before", int(r["kind"] == "carry")) for r in rules), default=0)
    longest = max((r["block"][0] for r in rules if r.get("block")), default=0)
    tests = [test for r in rules for test in r.get("looks_back", ())]
    years = max((test["years"] - 1 for test in tests if "years" in test), default=0)
    cycles = max(((test["cycles"] - 1) * longest for test in tests if "cycles" in test), default=0)
    return counted + years, counted + max(years, cycles)


def _end_blocks(target: Target, result_id: str, scope: str) -> list[tuple[str, str]]:
    """Mark blocks of earlier results that end with a year decided here, and are none any more: the law was amended."""
    ended = (
        "superseded_by IS NULL AND scope = $2 AND result_id <> $1 AND length(period) > 4 "
        "AND right(period, 4) IN (SELECT period FROM decisions WHERE result_id = $1)"
    )
    found = target.rows(f"SELECT period, result_id FROM coverage WHERE {ended} ORDER BY period", [result_id, scope])
    target.change(f"UPDATE coverage SET superseded_by = $1 WHERE {ended}", [result_id, scope])
    return [(str(period), str(earlier)) for period, earlier in found]


def _refuse_twice(target: Target, result_id: str) -> None:
    """Nobody may have two current decisions about one period from two scopes. By the tables: in a database that
    somebody sent, the views may be others."""
    current = "JOIN coverage {c} ON {c}.result_id = {d}.result_id AND {c}.period = {d}.period"
    query = (
        f"SELECT d.person_id, d.period, min(o.result_id) FROM decisions d {current.format(c='c', d='d')} "
        "JOIN decisions o ON o.person_id = d.person_id AND o.period = d.period AND o.result_id <> d.result_id "
        f"{current.format(c='p', d='o')} "
        "WHERE d.result_id = $1 AND c.superseded_by IS NULL AND p.superseded_by IS NULL "
        "GROUP BY d.person_id, d.period ORDER BY d.person_id, d.period LIMIT 1"
    )
    for who, period, other in target.rows(query, [result_id]):
        scope = target.rows("SELECT scope FROM results WHERE result_id = $1", [other])[0][0]
        message = say(
            f"{mask(str(who))} has a decision about {period} already, published in the scope {scope}",
            f"{mask(str(who))} 的 {period} 已有结论，发布于范围“{scope}”",
        )
        hint = say(
            f'to replace it, publish with --scope "{scope}"; else leave these people out of one of the results',
            f'如要替换，请加 --scope "{scope}"；否则请在其中一个结果中去掉这些人员',
        )
        raise PolicyError([Diagnostic("PE542", message, hint=hint)])
