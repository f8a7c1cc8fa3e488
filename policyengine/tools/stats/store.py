"""Results go in; people, decisions and activities that can be counted come out, in one DuckDB file of their own.

``people``: person, result, person_id and facts. ``decided``: a row per decision with its figures as ticks and the sums
of its activities. ``activity``: a row per record and year with what the record says; ``standing``: under which
decision. ``ticks``: how many one hour has.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import lcm
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import say
from policyengine.records.personal import mask
from policyengine.records.sqlcells import call, make_table, name, number, text
from policyengine.tools.stats.frames import LARGEST_TICKS, Frame, denominator, ticks

MEMORY = "2GB"  # before DuckDB goes on on the disk
FIGURES = ("total", "required_total", "shortfall_total", "capped_off")
OF_RECORD = ("form", "subject", "provider", "paid_by", "result", "listed")  # facts of activities that tables need
OF_DECISION = ("period", "policy", "unit", "outcome")
OF_LEDGER = ("reason",)


@dataclass(frozen=True)
class Source:
    """One result as frames. ``people``, ``activities``: facts by person_id and record_id; None where out of reach."""

    id: str
    place: str
    decisions: Frame
    ledger: Frame | None
    people: Frame | None
    activities: Frame | None
    units: Mapping[str, str]  # policy → what it counts in; empty where decisions say it themselves
    labels: Sequence[Mapping[str, Any]] = ()
    subjects: Sequence[str] = ()
    notes: tuple[Diagnostic, ...] = ()
    splits: bool = False  # a record may count in several periods
    listings: Sequence[tuple[str, Any]] = ()

    def unit(self) -> Any:
        """What a decision counts in, by its policy."""
        from sqlglot import exp

        if "unit" in self.decisions.kinds:
            return self.decisions.text("unit")
        case = exp.case()
        for policy, unit in self.units.items():
            case = case.when(exp.EQ(this=self.decisions.text("policy"), expression=text(policy)), text(unit))
        return case.else_(text("")) if self.units else text("")


@dataclass
class Store:
    """What can be counted. ``people_facts``, ``activity_facts``: columns that there are."""

    connection: Any
    folder: Path
    ticks: int = 1
    people_facts: tuple[str, ...] = ()
    activity_facts: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    has_cost: bool = False
    has_listings: bool = False  # there is ``listed_0``: provider, day and the lists it stands in
    labels: list[Mapping[str, Any]] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        """The rows of a tree."""
        return list(self.connection.execute(sql(query)).fetchall())


def sql(query: Any) -> str:
    return str(query if isinstance(query, str) else query.sql("duckdb"))


@contextmanager
def working() -> Iterator[tuple[Any, Path]]:
    """A DuckDB file in a folder that vanishes, with bounded memory: the connection and the folder."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="policyengine-") as folder:
        spill = str(Path(folder) / "spill")
        config: Any = {"memory_limit": MEMORY, "temp_directory": spill, "preserve_insertion_order": False}
        with duckdb.connect(str(Path(folder) / "work.duckdb"), config=config) as connection:
            yield connection, Path(folder)


def build(connection: Any, folder: Path, sources: Iterable[Source], wanted: Sequence[str]) -> Store:
    """Everything of the sources together. ``wanted``: facts that are grouped by, besides the usual ones.

    A source is used up before the next is opened. Raises ``PolicyError`` PE532 where two results decide the same.
    """
    store = Store(connection, folder)
    parts: list[_Part] = []
    for number_, source in enumerate(sources):
        parts.append(_Part.of(connection, folder, source, number_, wanted))
        store.labels += [x for x in source.labels if x not in store.labels]
        store.notes += source.notes
    store.ticks = lcm(1, *(p.ticks for p in parts))
    store.people_facts = _ordered(f for p in parts for f in p.people_facts)
    store.activity_facts = _ordered([*(f for p in parts for f in p.activity_facts), *_of_ledgers(parts)])
    store.subjects = tuple(sorted({s for p in parts for s in p.subjects}))
    store.has_cost = any(p.has_cost for p in parts)
    store.has_listings = bool(parts) and "listed" in parts[0].activity_facts and bool(parts[0].source.listings)
    _union(store, "people", parts, ("person_id",), store.people_facts, ())
    facts = ("year", *store.activity_facts, *(("cost",) if store.has_cost else ()))
    _union(store, "activity", parts, (), facts, ("counted", "converted"))
    figures = (*FIGURES, *(f"subject_{s}" for s in store.subjects))
    counts = ("activities", "counted_activities", *(("cost",) if store.has_cost else ()))
    _union(store, "decided", parts, ("first", "last", *OF_DECISION), counts, figures)
    _refuse_overlaps(store, [p.source.place for p in parts])
    connection.execute(STANDING)
    return store


# Of several decisions about one year (a year, and the block of years around it) the narrowest speaks for an activity.
STANDING = """
CREATE TABLE standing AS
SELECT y.person, y.year, CAST(y.year AS TEXT) AS period, d.policy, d.unit, d.outcome
FROM (SELECT DISTINCT person, year FROM activity) y
JOIN decided d ON d.person = y.person AND y.year BETWEEN d.first AND d.last
QUALIFY row_number() OVER (PARTITION BY y.person, y.year ORDER BY d.last - d.first, d.period) = 1
"""


def _of_ledgers(parts: Sequence[_Part]) -> tuple[str, ...]:
    return OF_LEDGER if any(p.source.ledger is not None for p in parts) else ()


def _ordered(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


@dataclass
class _Part:
    """The tables of one source, ``people_0``, ``decided_0`` and ``activity_0`` for the first."""

    source: Source
    number: int
    ticks: int
    people_facts: tuple[str, ...]
    activity_facts: tuple[str, ...]
    subjects: tuple[str, ...]
    has_cost: bool
    columns: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Any, folder: Path, source: Source, number_: int, wanted: Sequence[str]) -> _Part:
        subjects = tuple(s for s in source.subjects if source.decisions.has(s))
        per_hour = denominator(connection, source.decisions, (*FIGURES, *subjects))
        if source.ledger is not None:
            per_hour = lcm(per_hour, denominator(connection, source.ledger, ("counted", "converted")))
        if per_hour > LARGEST_TICKS:
            raise PolicyError([_too_fine(source.place)])
        people = source.people.kinds if source.people is not None else {}
        own = source.activities.kinds if source.activities is not None else {}
        lean = source.ledger.kinds if source.ledger is not None else {}
        listed = ("listed",) if source.listings and "provider" in own else ()
        records = tuple(f for f in _ordered((*OF_RECORD, *wanted)) if f in own or f in lean or f in listed)
        records = records if source.ledger is not None else ()
        facts = tuple(c for c in people if c not in ("person_id", "name"))
        records = tuple(r for r in records if r not in (*OF_DECISION, *OF_LEDGER, *facts, "person_id", "record_id"))
        part = cls(source, number_, per_hour, facts, records, subjects, "cost" in own and source.ledger is not None)
        part._build(connection, folder)
        return part

    def _table(self, connection: Any, what: str, query: Any) -> None:
        from sqlglot import exp

        table = f"{what}_{self.number}"
        create = exp.Create(this=exp.to_table(table, quoted=True), kind="TABLE", expression=query)
        connection.execute(sql(create))
        connection.execute(sql(exp.select("*").from_(exp.to_table(table, quoted=True)).limit(0)))
        self.columns[what] = {n: str(kind) for n, kind, *_ in connection.description}

    def _build(self, connection: Any, folder: Path) -> None:
        self._table(connection, "people", self._people())
        if self.source.ledger is not None:
            self._listings(connection, folder)
            self._table(connection, "activity", self._activity())
        self._table(connection, "decided", self._decided())

    # --- people ---

    def _people(self) -> Any:
        from sqlglot import exp

        ids = (
            exp.select(as_(self.source.decisions.text("person_id"), "person_id"))
            .distinct()
            .from_(self.source.decisions.relation.copy())
        )
        order = exp.Window(this=call("row_number"), order=exp.Order(expressions=[name("person_id", "d")]))
        columns = [as_(exp.cast(order, "INT"), "person_no"), as_(name("person_id", "d"), "person_id")]
        query = exp.select(*columns).from_(ids.subquery("d"))
        if self.source.people is not None:
            facts = [as_(exp.cast(name(f), "TEXT"), f) for f in self.people_facts]
            known = exp.select(as_(self.source.people.text("person_id"), "person_id"), *facts)
            known = known.from_(self.source.people.relation.copy())
            query = query.select(*(as_(name(f, "p"), f) for f in self.people_facts))
            query = query.join(known.subquery("p"), using=["person_id"], join_type="left")
        return query

    # --- activities ---

    def _listings(self, connection: Any, folder: Path) -> None:
        """Whether the provider stands in a table of the packs on the day: asked once for each provider and day."""
        if "listed" not in self.activity_facts or not self.source.listings:
            return
        from sqlglot import exp

        assert self.source.activities is not None
        pairs = exp.select(name("provider"), name("end")).distinct().from_(self.source.activities.relation.copy())
        rows = []
        for provider, day in connection.execute(sql(pairs)).fetchall():
            if provider is not None:
                found = [i for i, finder in self.source.listings if finder.find([provider], day, day.year) is not None]
                rows.append((provider, day.isoformat(), "+".join(found)))
        columns = [("provider", "TEXT"), ("end", "DATE"), ("listed", "TEXT")]
        make_table(connection, f"listed_{self.number}", columns, rows, folder)

    def _activity(self) -> Any:
        from sqlglot import exp

        ledger, records = self.source.ledger, self.source.activities
        assert ledger is not None
        inner = [as_(ledger.text(c), c) for c in ("record_id", "person_id", "reason")]
        inner += [as_(exp.cast(ledger.text("period"), "INT"), "year")]
        inner += [as_(ticks(ledger, c, self.ticks), c) for c in ("counted", "converted")]
        own = records.kinds if records is not None else {}
        from_ledger = [f for f in self.activity_facts if f not in own and f != "listed"]
        inner += [as_(ledger.text(f), f) for f in from_ledger]
        rows = exp.select(*inner).from_(ledger.relation.copy())
        rows = rows.where(exp.not_(exp.Is(this=ledger.text("period"), expression=exp.null())))
        query = exp.select(as_(name("person_no", "p"), "person_no"), *(as_(name(c, "l"), c) for c in (
            "year", "reason", "counted", "converted", *from_ledger,
        ))).from_(rows.subquery("l"))  # fmt: skip
        people = exp.to_table(f"people_{self.number}", quoted=True)
        query = query.join(people.as_("p"), on=same("person_id", "l", "p"))
        if records is not None:
            facts = [f for f in self.activity_facts if f in own]
            query = query.select(*(as_(exp.cast(name(f, "r"), "TEXT"), f) for f in facts))
            query = query.join(aliased(records.relation, "r"), on=same("record_id", "l", "r"), join_type="left")
            query = self._more(query)
        return query

    def _more(self, query: Any) -> Any:
        """Cost and listing of the record."""
        from sqlglot import exp

        if self.has_cost:
            cost: Any = exp.cast(name("cost", "r"), "DECIMAL(28, 6)", dialect="duckdb")
            if self.source.splits:  # a record that counts in several periods is paid for once
                window = exp.Window(this=call("min", name("year", "l")), partition_by=[name("record_id", "l")])
                cost = exp.case().when(exp.EQ(this=name("year", "l"), expression=window), cost).else_(exp.null())
            query = query.select(as_(cost, "cost"))
        if "listed" in self.activity_facts and self.source.listings:
            known = exp.to_table(f"listed_{self.number}", quoted=True).as_("b")
            on = exp.and_(same("provider", "r", "b"), same("end", "r", "b"))
            query = query.select(as_(name("listed", "b"), "listed")).join(known, on=on, join_type="left")
        return query

    # --- decisions ---

    def _decided(self) -> Any:
        """A row per decision, with the sums of the activities of its years."""
        from sqlglot import exp

        frame = self.source.decisions
        period = frame.text("period")
        texts = [as_(frame.text(c), c) for c in ("person_id", "period", "policy", "outcome")]
        first, last = _year(period, 1), _year(period.copy(), -1)
        figures = [as_(ticks(frame, c, self.ticks), c) for c in FIGURES]
        figures += [as_(ticks(frame, s, self.ticks), f"subject_{s}") for s in self.subjects]
        inner = exp.select(*texts, as_(self.source.unit(), "unit"), as_(first, "first"), as_(last, "last"), *figures)
        inner = inner.from_(frame.relation.copy())
        columns = ["period", "policy", "outcome", "unit", "first", "last", *FIGURES]
        columns += [f"subject_{s}" for s in self.subjects]
        query = exp.select(as_(name("person_no", "p"), "person_no"), *(as_(name(c, "d"), c) for c in columns))
        query = query.from_(inner.subquery("d"))
        people = exp.to_table(f"people_{self.number}", quoted=True)
        query = query.join(people.as_("p"), on=same("person_id", "d", "p"))
        if self.source.ledger is None:
            return query
        return self._with_sums(query, columns)

    def _with_sums(self, query: Any, columns: Sequence[str]) -> Any:
        from sqlglot import exp

        counted = exp.Filter(
            this=exp.Count(this=exp.Star()),
            expression=exp.Where(this=exp.GT(this=name("counted"), expression=number(0))),
        )
        sums = [as_(exp.Count(this=exp.Star()), "activities"), as_(counted, "counted_activities")]
        sums += [as_(exp.Sum(this=name("cost")), "cost")] if self.has_cost else []
        years = exp.select(name("person_no"), name("year"), *sums)
        years = years.from_(exp.to_table(f"activity_{self.number}", quoted=True))
        years = years.group_by(name("person_no"), name("year"))
        on = exp.and_(
            same("person_no", "q", "y"),
            exp.Between(this=name("year", "y"), low=name("first", "q"), high=name("last", "q")),
        )
        wide = ["activities", "counted_activities", *(["cost"] if self.has_cost else [])]
        keys = [name(c, "q") for c in ("person_no", *columns)]
        outer = exp.select(*(as_(k.copy(), k.name) for k in keys)).from_(query.subquery("q"))
        outer = outer.join(years.subquery("y"), on=on, join_type="left")
        outer = outer.select(*(as_(exp.Sum(this=name(c, "y")), c) for c in wide))
        return outer.group_by(*(k.copy() for k in keys))


def as_(expression: Any, alias: str) -> Any:
    from sqlglot import exp

    return exp.alias_(expression, alias, quoted=True)


def aliased(relation: Any, alias: str) -> Any:
    from sqlglot import exp

    if isinstance(relation, exp.Table) and not isinstance(relation.this, exp.Func):
        return relation.copy().as_(alias)
    if isinstance(relation, exp.Subquery):
        return relation.this.copy().subquery(alias)
    return exp.Table(this=relation.copy(), alias=exp.TableAlias(this=exp.to_identifier(alias)))


def same(column: str, one: str, other: str) -> Any:
    from sqlglot import exp

    return exp.EQ(this=name(column, one), expression=name(column, other))


def _year(period: Any, place: int) -> Any:
    from sqlglot import exp

    return exp.cast(call("split_part", period, text(".."), number(place)), "INT")


def _union(
    store: Store, what: str, parts: Sequence[_Part], keys: Sequence[str], facts: Sequence[str], figures: Sequence[str]
) -> None:
    """The view ``what`` of all parts, figures brought to the same ticks."""
    from sqlglot import exp

    union: Any = None
    for part in parts:
        own = part.columns.get(what, {})
        factor = store.ticks // part.ticks
        person = exp.Add(this=exp.cast(name("person_no"), "BIGINT"), expression=number(part.number << 32))
        cells = [as_(number(part.number), "source"), as_(person, "person")]
        cells += [as_(name(c) if c in own else exp.null(), c) for c in (*keys, *facts)]
        for c in figures:
            value = exp.Mul(this=name(c), expression=number(factor)) if factor != 1 else name(c)
            cells.append(as_(value if c in own else exp.null(), c))
        if not own:
            continue
        select = exp.select(*cells).from_(exp.to_table(f"{what}_{part.number}", quoted=True))
        union = select if union is None else exp.union(union, select, distinct=False)
    if union is None:
        empty = [as_(exp.cast(exp.null(), "INT"), c) for c in ("source", "person", *keys, *facts, *figures)]
        union = exp.select(*empty).where(exp.false())
    create = exp.Create(this=exp.to_table(what, quoted=True), kind="VIEW", replace=True, expression=union)
    store.connection.execute(sql(create))


def _refuse_overlaps(store: Store, places: Sequence[str]) -> None:
    """Two results that decide about the same person and period would count them twice."""
    if len(places) < 2:
        return
    found = store.connection.execute(
        "SELECT p.person_id, d.period, min(d.source) AS a, max(d.source) AS b FROM decided d "
        "JOIN people p ON p.person = d.person "
        "GROUP BY p.person_id, d.period HAVING min(d.source) <> max(d.source) ORDER BY p.person_id, d.period LIMIT 1"
    ).fetchone()
    if found is None:
        return
    who, period, one, other = found
    message = say(
        f"{places[one]} and {places[other]} both decide about {mask(who)} in {period}: they would be counted twice",
        f"{places[one]} 与 {places[other]} 都有 {mask(who)} {period} 的结果，会重复计算",
    )
    hint = say("name results of different years or people", "请指定不同年度或不同人员的结果")
    raise PolicyError([Diagnostic("PE532", message, Span(places[other]), hint=hint)])


def _too_fine(place: str) -> Diagnostic:
    message = say(
        "the figures have too many different denominators to be added exactly here",
        "数值的分母过多，无法在此精确相加",
    )
    hint = say("make the statistics of fewer results at a time", "请减少一次统计的结果")
    return Diagnostic("PE533", message, Span(place), hint=hint)
