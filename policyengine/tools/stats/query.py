"""A store and what to group by go in, rows of exact figures come out: one query for each table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlglot import exp

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.compile import trees as t
from policyengine.language.quantities import half_up
from policyengine.messages import listed, say
from policyengine.tools.result.tables import Column, Table, Value
from policyengine.tools.stats.part import OF_DECISION, counted
from policyengine.tools.stats.store import Store
from policyengine.tools.stats.suppress import BOUNDS, HIDDEN, MAKERS, QUANTILES
from policyengine.tools.stats.words import ALIASES, BANDS, COLUMNS, Words
from policyengine.trace import OUTCOMES

# columns of the tables, which --by is given at times as if they were facts
SUMMED = ("people", *OUTCOMES, "hours", "activities", "counted_activities", "cost", "passed", "failed")
DERIVED = ("completion_percent", "mean_hours", "pass_percent", HIDDEN)
AT_MOST = 999_999  # people among whom DuckDB finds the last of the least
PLACES = 2  # to which percentages and means are rounded, half up; the exact sums stand beside them


@dataclass(frozen=True)
class _Measure:
    """A column of a table: its expression, and how its value is shown."""

    column: Column
    expression: Any
    show: Callable[[Any], Value]


def dimensions(store: Store) -> tuple[str, ...]:
    """Everything that can be grouped by."""
    return _groups(store, (*OF_DECISION, *store.people_facts, *store.activity_facts))


def _groups(store: Store, facts: Iterable[str]) -> tuple[str, ...]:
    """Each once, without those that are called as another column of the tables; of cost it is seen before whether
    it is added up."""
    other = {*SUMMED, *DERIVED, *(f"{s}_hours" for s in store.subjects)} - {"cost"}
    return tuple(f for f in dict.fromkeys(facts) if f not in other)


def grouped(store: Store, title: str, by: Sequence[str], funds: bool = False) -> Table:
    """The table by ``by``, always within each period and unit. Groups of which a fact is not known have None.

    By facts of people: people, outcomes, hours, activities, cost. Where a fact of activities is among them: activities.
    ``funds``: by source of funds, whatever hours are counted in. Raises ``PolicyError`` PE534 for an unknown name.
    """
    wanted = [ALIASES.get(b, b) for b in by]
    known = dimensions(store)
    for given, fact in zip(by, wanted, strict=True):
        if fact not in known:
            raise PolicyError([_unknown(given, (*known, *_groups(store, store.unasked)), store)])
    keys = list(dict.fromkeys(("period", *wanted, *(() if funds else ("unit",)))))
    if any(k in store.activity_facts for k in keys):
        return _of_activities(store, title, keys, funds)
    return _of_people(store, title, keys)


def _unknown(given: str, known: Sequence[str], store: Store) -> Diagnostic:
    from difflib import get_close_matches

    lacking, words = _lacking(store), Words(store.labels)
    chinese = {COLUMNS[c][1]: c for c in SUMMED} | {words.chinese(fact): fact for fact in known}
    fact = chinese.get(given, given)
    message = say(f"nothing can be grouped by {given} here", f"此处不能按“{given}”分组")
    if fact in SUMMED:
        message = say(f"{given} is added up in the tables; nothing is grouped by it",
                      f"“{given}”在各表中汇总，不能据以分组")  # fmt: skip
        near, lacking = [], []
    elif fact in known:
        near = [fact]
    else:  # what is asked for may be among what lacks
        near = get_close_matches(given, known, 1) if not lacking else []
    names = listed(say(name, f"{name}（{words.chinese(name)}）") for name in known)
    hint = say(f"did you mean {near[0]}? ", f"是不是 {near[0]}？") if near else ""
    hint += say(f"there are: {names}", f"可用：{names}")
    return Diagnostic("PE534", say("; ", "；").join((message, *lacking)), hint=hint)


def _lacking(store: Store) -> list[str]:
    """Why facts of people or of activities are not there."""
    reasons = [n.message for n in store.notes if n.code == "PE530"]
    if reasons or store.people_facts:
        return reasons
    return [say("facts of people take a persons file, which is not here", "人员的情况须有人员文件，此处没有")]


def _of_people(store: Store, title: str, keys: list[str]) -> Table:
    source = t.select().from_(t.table("decided", "d"))
    if any(k in store.people_facts for k in keys):
        t.join(source, t.table("people", "p"), t.agree("d", "p", "person"))
    owners = {k: "p" if k in store.people_facts and k not in OF_DECISION else "d" for k in keys}
    measures = [_whole("people", t.count_distinct(t.col("person", "d")))]
    measures += [_whole(o, counted(t.equal(t.col("outcome", "d"), t.lit(o)))) for o in OUTCOMES]
    hours = {"hours": t.col("total", "d"), **{f"{s}_hours": t.col(f"subject_{s}", "d") for s in store.subjects}}
    measures += [_figure(store, column, value) for column, value in hours.items()]
    if store.has_activities:
        measures += [_known(c, "whole", int) for c in ("activities", "counted_activities")]
    if store.has_cost:
        measures.append(_known("cost", "figure", Fraction))
    measures += _makers(store, {**hours, **({"cost": t.col("cost", "d")} if store.has_cost else {})})
    table = _run(store, title, keys, owners, measures, source)
    # of those who are not excused
    table = _with(table, "completion_percent", "in_progress", lambda r: _percent(r["met"], r["people"] - r["excused"]))
    return _with(table, "mean_hours", after="hours", of=lambda r: _share(r["hours"], r["people"]))


def _of_activities(store: Store, title: str, keys: list[str], funds: bool) -> Table:
    source = t.select().from_(t.table("activity", "a"))
    if any(k in store.people_facts for k in keys):
        t.join(source, t.table("people", "p"), t.agree("a", "p", "person"))
    of_people = set(store.people_facts) - {*store.activity_facts, *OF_DECISION}
    owners = {k: "p" if k in of_people else "a" for k in keys}
    measures = [_whole("people", t.count_distinct(t.col("person", "a"))), _whole("activities", t.count())]
    if not funds:
        some = counted(t.compare(t.col("counted", "a"), ">", t.lit(0)))
        measures += [_whole("counted_activities", some), _figure(store, "hours", t.col("counted", "a"))]
    if store.has_cost:
        measures.append(_told(store, "cost", "figure", exp.Sum(this=t.col("cost", "a")), "cost"))
    cost = {"cost": t.col("cost", "a")} if store.has_cost else {}
    measures += _makers(store, cost if funds else {"hours": t.col("counted", "a"), **cost})
    examined = "result" in store.activity_facts and "result" not in keys and not funds
    if examined:
        for result in ("passed", "failed"):
            with_it = counted(t.equal(t.col("result", "a"), t.lit(result)))
            measures.append(_told(store, result, "whole", with_it, "result"))
    table = _run(store, title, keys, owners, measures, source)
    if examined:
        of_all = lambda r: _percent(r["passed"], (r["passed"] or 0) + (r["failed"] or 0))
        return _with(table, "pass_percent", "failed", of_all)
    return table


def spread(store: Store) -> list[Table]:
    """How hours are distributed: people by share of what is required, and least, quartiles and most."""
    total, required = t.col("total"), t.col("required_total")
    tests = [t.either(t.missing(required), t.equal(required.copy(), t.lit(0))), t.compare(total, "<=", t.lit(0))]
    for quarters in (1, 2, 3, 4, 8):
        tests.append(t.compare(t.times(total.copy(), t.lit(4)), "<", t.times(required.copy(), t.lit(quarters))))
    *labels, last = BANDS
    band = t.case([(test, t.lit(label)) for test, label in zip(tests, labels, strict=True)], t.lit(last))
    source = t.select().from_(t.sub(t.beside("e", t.select_all("decided"), band=band), "d"))
    measures = [_whole("people", t.count_distinct(t.col("person", "d"))), _figure(store, "hours", t.col("total", "d"))]
    measures += _makers(store, {"hours": t.col("total", "d")})
    owners = {"period": "d", "unit": "d", "band": "d"}
    bands = _run(store, "hours-distribution", ["period", "unit", "band"], owners, measures, source)
    order = {b: i for i, b in enumerate(BANDS)}
    bands = Table(bands.name, bands.columns, sorted(bands.rows, key=lambda r: (r[0], r[1], order[str(r[2])])))
    shares = zip(QUANTILES, ("0", "0.25", "0.5", "0.75", "1"), strict=True)
    asked = {c: t.call("quantile_disc", t.col("total", "d"), exp.Literal.number(q)) for c, q in shares}
    if store.least > 1:
        count = t.lit(min(store.least, AT_MOST))
        for c, end in zip(BOUNDS, ("min", "max"), strict=True):
            asked[c] = t.call("list_extract", t.call(end, t.col("total", "d"), count.copy()), t.lit(-1))
    tick = lambda v: None if v is None else Fraction(int(v), store.ticks)
    quantiles = [_Measure(Column(c, "figure"), e, tick) for c, e in asked.items()]
    source = t.select().from_(t.table("decided", "d"))
    return [bands, _run(store, "hours-quantiles", ["period", "unit"], owners, [measures[0], *quantiles], source)]


# --- queries ---------------------------------------------------------------------------------------------------------


def _run(
    store: Store, title: str, keys: list[str], owners: dict[str, str], measures: Sequence[_Measure], source: Any
) -> Table:
    query = source.select(*(t.named(t.col(k, owners[k]), k) for k in keys), copy=False)
    query.select(*(t.named(m.expression, m.column.name) for m in measures), copy=False)
    query.group_by(*(t.col(k, owners[k]) for k in keys), copy=False)
    rows = []
    for row in store.rows(query):
        shown = [None if v is None else str(v) for v in row[: len(keys)]]
        rows.append((*shown, *(m.show(v) for m, v in zip(measures, row[len(keys) :], strict=True))))
    exact: list[Callable[[Any], Any]] = [Fraction if k in store.figures else str for k in keys]  # 200 before 1000
    rows.sort(key=lambda r: [(v is None, of(v or 0)) for of, v in zip(exact, r, strict=False)])
    return Table(title, (*(Column(k) for k in keys), *(m.column for m in measures)), rows)


def _whole(column: str, expression: Any) -> _Measure:
    return _Measure(Column(column, "whole"), expression, lambda v: 0 if v is None else int(v))


def _makers(store: Store, figures: Mapping[str, Any]) -> list[_Measure]:
    """How many people each figure is made up by, where the figures of few are to be hidden."""
    if store.least <= 1:
        return []
    found = []
    for column, value in figures.items():
        people = counted(t.compare(value.copy(), ">", t.lit(0)), t.count_distinct(t.col("person", value.table)))
        found.append(_whole(MAKERS + column, people))
    return found


def _known(column: str, kind: str, of: Callable[[Any], Value]) -> _Measure:
    """A sum over decisions; None where it is not known of one of them."""
    value = t.col(column, "d")
    every = t.equal(t.count(), exp.Count(this=value))
    case = t.case([(every, exp.Sum(this=value.copy()))], t.lit(None))
    return _Measure(Column(column, kind), case, lambda v: None if v is None else of(v))


def _figure(store: Store, column: str, value: Any) -> _Measure:
    return _Measure(Column(column, "figure"), exp.Sum(this=value), lambda v: Fraction(int(v or 0), store.ticks))


def _told(store: Store, column: str, kind: str, value: Any, fact: str) -> _Measure:
    """A sum or count over activities; None where a result among them does not know the fact of its own."""
    show: Callable[[Any], Value] = int if kind == "whole" else Fraction
    if lacking := store.unknown[fact]:
        without = counted(t.among(t.col("source", "a"), [t.lit(n) for n in lacking]))
        value = t.case([(t.equal(without, t.lit(0)), t.coalesce(value, t.lit(0)))], t.lit(None))
        return _Measure(Column(column, kind), value, lambda v: None if v is None else show(v))
    return _Measure(Column(column, kind), value, lambda v: show(v or 0))


# --- what follows from the sums ------------------------------------------------------------------------------------


def _with(table: Table, column: str, after: str, of: Callable[[dict[str, Any]], Value]) -> Table:
    """The table with one more column, made from the others."""
    at = table.names.index(after) + 1
    columns = (*table.columns[:at], Column(column, "figure"), *table.columns[at:])
    rows = [(*r[:at], of(dict(zip(table.names, r, strict=True))), *r[at:]) for r in table.rows]
    return Table(table.name, columns, rows)


def _percent(part: int | None, whole: int) -> Value:
    return _share(Fraction(100 * (part or 0)), whole)


def _share(total: Fraction, count: int) -> Value:
    return half_up(total / count, PLACES) if count else None
