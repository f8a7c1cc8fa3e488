"""One result goes in; its people, decisions and activities come out as tables of a DuckDB connection, to be grouped.

Everything that many rows share is joined once here and written as a code (ENUM), so that the many tables of the
statistics are plain groupings of narrow columns: 10 million activities in seconds and about 1 GB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.compile import trees as t
from policyengine.messages import say
from policyengine.progress import told
from policyengine.records.parquet import kinds_of
from policyengine.records.sql import make_table
from policyengine.tools.stats.frames import LARGEST_TICKS, Frame, denominator, fact_text, ticks
from policyengine.tools.stats.origin import Lists

FIGURES = ("total", "required_total", "shortfall_total", "capped_off")
NO_LIST = "-"  # of a provider that stands in no list; nothing is known of a record without a provider
OF_RECORD = ("form", "subject", "provider", "paid_by", "result", "listed")  # facts of activities that tables need
OF_DECISION = ("period", "policy", "unit", "outcome")
OF_LEDGER = ("reason",)
FROM_LEDGER = ("form", "subject", "recognise_rule", "convert_rule", "assign_rule", "cap_rule")  # facts, too
OWN = ("person_id", "person_no", "person", "source")  # columns that tables have here beside facts
NO_FACTS = (*OWN, "record_id", "counted", "year", "paid")  # of activities: what groups are made of, not by
CODED = 100_000  # different words of a column up to which they are written as codes; titles stay texts


@dataclass(frozen=True)
class Source:
    """One result as frames. ``people``, ``activities``: facts by person_id and record_id; None where out of reach."""

    id: str
    place: str
    decisions: Frame
    ledger: Frame | None
    people: Frame | None
    activities: Frame | None
    units: Mapping[str, str]  # policy → what it counts in
    labels: Sequence[Mapping[str, Any]] = ()
    subjects: Sequence[str] = ()
    notes: tuple[Diagnostic, ...] = ()
    splits: bool = False  # a record may count in several periods
    listings: Sequence[tuple[str, Lists]] = ()

    def unit(self) -> Any:
        """What a decision counts in, by its policy."""
        policy = self.decisions.text("policy")
        return t.case([(t.equal(policy.copy(), t.lit(p)), t.lit(unit)) for p, unit in self.units.items()], t.lit(""))


def is_money(kinds: Mapping[str, str]) -> bool:
    """Whether there is a ``cost`` that can be added up: packs declare it as they need it, perhaps as a text."""
    return kinds.get("cost", "").startswith("DECIMAL")


@dataclass
class Part:
    """The tables of one source, ``people_0``, ``decided_0`` and ``activity_0`` for the first. ``columns``: of each."""

    source: Source
    number: int
    ticks: int
    people_facts: tuple[str, ...]
    activity_facts: tuple[str, ...]
    subjects: tuple[str, ...]
    has_cost: bool
    unasked: tuple[str, ...] = ()  # facts of activities that could be grouped by too, and are not here
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    coded: set[str] = field(default_factory=set)  # columns whose words are in the ENUM

    @classmethod
    def of(cls, connection: Any, folder: Path, source: Source, number_: int, wanted: Sequence[str]) -> Part:
        """Count the source. Raises ``PolicyError`` PE533 where its figures have no common denominator of any use."""
        told(None, say("reading the result's tables", "读取结果表"))
        subjects = tuple(s for s in source.subjects if source.decisions.has(s))
        per_hour = denominator(connection, source.decisions, (*FIGURES, *subjects))
        if source.ledger is not None:
            per_hour = lcm(per_hour, denominator(connection, source.ledger, ("counted",)))
        if per_hour > LARGEST_TICKS:
            raise PolicyError([_too_fine(source.place)])
        people = source.people.kinds if source.people is not None else {}
        own = source.activities.kinds if source.activities is not None else {}
        lean = source.ledger.kinds if source.ledger is not None else {}
        listed = ("listed",) if source.listings and "provider" in own else ()
        facts = tuple(c for c in people if c not in (*OWN, "name"))
        has_cost = is_money(own) and source.ledger is not None
        taken = {*OF_DECISION, *OF_LEDGER, *NO_FACTS, *facts, *(("cost",) if has_cost else ())}
        from_ledger = (f for f in FROM_LEDGER if f in lean)
        there = ordered(f for f in (*own, *from_ledger, *listed) if f not in taken and not f.startswith("_"))
        there = there if source.ledger is not None else ()
        records = tuple(f for f in ordered((*OF_RECORD, *wanted)) if f in there)
        unasked = tuple(f for f in there if f not in records)
        part = cls(source, number_, per_hour, facts, records, subjects, has_cost, unasked)
        part._build(connection, folder)
        return part

    def _build(self, connection: Any, folder: Path) -> None:
        if self.source.ledger is not None:
            self._listings(connection, folder)
        self._codes(connection)
        self._table(connection, "people", self._people())
        self._table(connection, "judged", self._judged())
        if self.source.ledger is None:
            self.columns["decided"] = self.columns["judged"]
            connection.execute(f"ALTER TABLE judged_{self.number} RENAME TO decided_{self.number}")
            return
        connection.execute(STANDING.format(number=self.number))
        self._table(connection, "activity", self._activity())
        self._unsaid(connection)
        self._table(connection, "decided", self._with_sums())

    def _unsaid(self, connection: Any) -> None:
        """Without the result, source of funds or cost that none of these records says, whether they have an empty
        column for it or none: how much was spent and how many passed is open then, not 0."""
        own = self.columns["activity"]
        cells = {c: exp.Count(this=t.col(c)) for c in ("result", "paid_by", "cost") if c in own}
        query = t.select(every=t.count(), **cells).from_(t.table(f"activity_{self.number}"))
        ((every, *counts),) = connection.execute(query.sql("duckdb")).fetchall()
        for column in (c for c, n in zip(cells, counts, strict=True) if every and not n):
            del own[column]
            self.activity_facts = tuple(f for f in self.activity_facts if f != column)
            self.has_cost = self.has_cost and column != "cost"

    def leave_out(self, connection: Any) -> None:
        """Without the activities of years that the table ``elsewhere`` has for this part."""
        own = f"SELECT person_no, year FROM elsewhere WHERE part = {self.number}"
        if connection.execute(f"{own} LIMIT 1").fetchone() is not None:
            for what in ("standing", "activity"):
                connection.execute(f"DELETE FROM {what}_{self.number} WHERE (person_no, year) IN ({own})")
            self._sum_again(connection)

    def leave_unpaid(self, connection: Any) -> None:
        """Without the cost of records that the table ``paid_elsewhere`` has for this part."""
        own = f"SELECT person_no, paid FROM paid_elsewhere WHERE part = {self.number}"
        if connection.execute(f"{own} LIMIT 1").fetchone() is not None:
            connection.execute(f"UPDATE activity_{self.number} SET cost = NULL WHERE (person_no, paid) IN ({own})")
            self._sum_again(connection)

    def _sum_again(self, connection: Any) -> None:
        connection.execute(f"DROP TABLE decided_{self.number}")
        self._table(connection, "decided", self._with_sums())

    def _table(self, connection: Any, what: str, query: Any) -> None:
        table = f"{what}_{self.number}"
        told(None, say("joining people, decisions and activities", "关联人员、结论与学习活动"))
        connection.execute(f"CREATE TABLE {table} AS {query.sql('duckdb', copy=False)}")
        self.columns[what] = kinds_of(connection, t.table(table))

    # --- words as codes ---

    def _codes(self, connection: Any) -> None:
        """The ENUM of every word that decisions, ledger and records use in the columns that are grouped by."""
        words = f"words_{self.number}"
        connection.execute(f"CREATE TABLE {words} (of_column TEXT, word TEXT)")
        for column, cell, relation in self._worded():
            some = t.select(word=cell).distinct().from_(relation, copy=False).limit(CODED + 1, copy=False)
            some = t.select(of_column=t.lit(column), word=t.col("word")).from_(t.sub(some, "s"), copy=False)
            ((count,),) = connection.execute(f"INSERT INTO {words} {some.sql('duckdb', copy=False)}").fetchall()
            if count <= CODED:
                self.coded.add(column)
        columns = [t.lit(column) for column in sorted(self.coded)]
        all_ = t.select(word=t.col("word")).distinct().from_(t.table(words)).where(t.present(t.col("word")))
        all_ = all_.where(t.among(t.col("of_column"), columns))
        connection.execute(f"CREATE TYPE word_{self.number} AS ENUM ({all_.sql('duckdb')})")

    def _worded(self) -> Iterator[tuple[str, Any, Any]]:
        """Columns that are grouped by: name, expression, and the relation that has it."""
        decisions, ledger, records = self.source.decisions, self.source.ledger, self.source.activities
        for column in OF_DECISION:
            cell = self.source.unit() if column == "unit" else decisions.text(column)
            yield column, cell, decisions.relation.copy()
        if ledger is None:
            return
        for column in ("reason", "period"):
            yield column, ledger.text(column), ledger.relation.copy()
        for fact in self.activity_facts:
            if records is not None and fact in records.kinds:
                yield fact, fact_text(t.col(fact), records.kinds[fact]), records.relation.copy()
            elif fact == "listed":
                yield fact, t.col(fact), t.table(f"listed_{self.number}")
            else:
                yield fact, ledger.text(fact), ledger.relation.copy()

    def _code(self, column: str, cell: Any) -> Any:
        """The cell as a code, where the column has few words."""
        return t.cast(cell, exp.DataType.build(f"word_{self.number}", udt=True)) if column in self.coded else cell

    # --- people ---

    def _people(self) -> Any:
        decisions, people, facts = self.source.decisions, self.source.people, self.people_facts
        ids = t.select(person_id=decisions.text("person_id")).distinct().from_(decisions.relation.copy())
        query = t.select(
            person_no=t.cast(t.place(), "INT"), person_id=t.col("person_id", "d"), **t.cols("p", *facts)
        ).from_(t.sub(ids, "d"))
        if people is None:
            return query
        known = t.select(person_id=people.text("person_id"), **{f: fact_text(t.col(f), people.kinds[f]) for f in facts})
        return t.join(query, t.sub(known.from_(people.relation.copy()), "p"), t.same_person("d", "p"), "LEFT")

    # --- decisions ---

    def _judged(self) -> Any:
        """A row per decision."""
        frame = self.source.decisions
        period = frame.text("period")
        inner = t.select(
            person_id=frame.text("person_id"),
            **{c: self._code(c, frame.text(c)) for c in ("period", "policy", "outcome")},
            unit=self._code("unit", self.source.unit()),
            first=_year(period, 1),
            last=_year(period.copy(), -1),
            **{c: ticks(frame, c, self.ticks) for c in FIGURES},
            **{f"subject_{s}": ticks(frame, s, self.ticks) for s in self.subjects},
        ).from_(frame.relation.copy(), copy=False)
        query = t.select(person_no=t.col("person_no", "p"), **t.cols("d", *self._told())).from_(t.sub(inner, "d"))
        return t.join(query, t.table(f"people_{self.number}", "p"), t.same_person("d", "p"))

    def _told(self) -> list[str]:
        """The columns of a decision."""
        return [*OF_DECISION, "first", "last", *FIGURES, *(f"subject_{s}" for s in self.subjects)]

    def _with_sums(self) -> Any:
        """A row per decision, with the sums of the activities that are told under it."""
        sums = {"activities": t.count(), "counted_activities": counted(t.compare(t.col("counted"), ">", t.lit(0)))}
        sums |= {"cost": exp.Sum(this=t.col("cost"))} if self.has_cost else {}
        years = t.select(**t.cols("a", "person_no", "year"), **sums).from_(t.table(f"activity_{self.number}", "a"))
        keys = ("person_no", *self._told())
        # 0 without activities; NULL is for those of whom no activities are known
        wide = {c: t.coalesce(exp.Sum(this=t.col(c, "y")), t.lit(0)) for c in sums}
        outer = t.select(**t.cols("q", *keys), **wide).from_(t.table(f"judged_{self.number}", "q"))
        t.join(outer, t.table(f"standing_{self.number}", "s"), t.agree("q", "s", "person_no", "period"), "LEFT")
        years = t.grouped_by(years, "a", "person_no", "year")
        t.join(outer, t.sub(years, "y"), t.agree("s", "y", "person_no", "year"), "LEFT")
        return t.grouped_by(outer, "q", *keys)

    # --- activities ---

    def _listings(self, connection: Any, folder: Path) -> None:
        """Whether the provider stands in a table of the packs on the day: asked once for each provider and day."""
        if "listed" not in self.activity_facts or not self.source.listings:
            return
        assert self.source.activities is not None
        pairs = (
            t.select(**t.cols("a", "provider", "end")).distinct().from_(aliased(self.source.activities.relation, "a"))
        )
        rows = []
        for provider, day in connection.execute(pairs.sql("duckdb")).fetchall():
            if provider is not None:
                found = [i for i, lists in self.source.listings if lists(provider, day)]
                rows.append((provider, day.isoformat(), "+".join(found) or NO_LIST))
        columns = [("provider", "TEXT"), ("end", "DATE"), ("listed", "TEXT")]
        make_table(connection, f"listed_{self.number}", columns, rows, folder)

    def _activity(self) -> Any:
        """A row per record and decided year: under which decision it is told, and what the record says."""
        ledger, records = self.source.ledger, self.source.activities
        assert ledger is not None
        own = records.kinds if records is not None else {}
        from_ledger = [f for f in self.activity_facts if f not in own and f != "listed"]
        inner = {c: ledger.text(c) for c in ("record_id", "person_id")}
        inner |= {c: self._code(c, ledger.text(c)) for c in ("reason", "period")}
        inner |= {"year": t.cast(ledger.text("period"), "INT"), "counted": ticks(ledger, "counted", self.ticks)}
        if self.has_cost and self.source.splits:
            inner["assign_rule"] = ledger.text("assign_rule")
        inner |= {f: self._code(f, ledger.text(f)) for f in from_ledger}
        rows = t.select(**inner).from_(ledger.relation.copy(), copy=False)
        rows.where(t.present(ledger.text("period")), copy=False)
        columns = {"person_no": t.col("person_no", "s")}
        columns |= t.cols("l", "period", "year", "reason", "counted", *from_ledger)
        columns |= t.cols("s", "policy", "unit", "outcome")
        query = t.select(**columns).from_(t.sub(rows, "l"))
        t.join(query, t.table(f"standing_{self.number}", "s"), t.agree("l", "s", "person_id", "year"))
        if records is not None:
            facts = {f: self._code(f, fact_text(t.col(f, "r"), own[f])) for f in self.activity_facts if f in own}
            query.select(*t.select(**facts).expressions, copy=False)
            t.join(query, aliased(records.relation, "r"), t.agree("l", "r", "record_id"), "LEFT")
            self._more(query)
        return query

    def _more(self, query: Any) -> None:
        """Cost and listing of the record, too."""
        if self.has_cost:
            cost: Any = t.cast(t.col("cost", "r"), "DECIMAL(28, 6)")
            if self.source.splits:  # a record that counts in several periods is paid for once
                first = t.over(t.call("min", t.col("year", "l")), [t.col("record_id", "l")])
                cost = t.case([(t.equal(t.col("year", "l"), first), cost)], t.lit(None))
                query.select(t.named(self._paid(), "paid"), copy=False)
            query.select(t.named(cost, "cost"), copy=False)
        if "listed" in self.activity_facts and self.source.listings:
            query.select(t.named(self._code("listed", t.col("listed", "b")), "listed"), copy=False)
            t.join(query, t.table(f"listed_{self.number}", "b"), t.agree("r", "b", "provider", "end"), "LEFT")

    def _paid(self) -> Any:
        """By what a record is known again in another result, if a rule says in which years it counts: id and days."""
        assert self.source.activities is not None
        days = ("start", "end") if "start" in self.source.activities.kinds else ("first_day", "last_day")
        cells = [t.col("record_id", "l"), *(t.cast(t.col(d, "r"), "TEXT") for d in days)]
        known = t.compare(t.col("assign_rule", "l"), "<>", t.lit(""))
        return t.case([(known, t.call("concat_ws", t.lit(" "), *cells))], t.lit(None))


# Of several decisions about one year (a year, and the block of years around it) the narrowest speaks for an activity,
# in every table; a table by facts of activities tells it in its own year.
STANDING = """
CREATE TABLE standing_{number} AS
SELECT p.person_id, y.person_no, y.year, y.period, y.policy, y.unit, y.outcome
FROM (SELECT *, unnest(generate_series("first", "last")) AS year FROM judged_{number}) y
JOIN people_{number} p ON p.person_no = y.person_no
QUALIFY row_number() OVER (PARTITION BY y.person_no, y.year ORDER BY y."last" - y."first", y.period) = 1
"""


# The years of a block about which another result decides more narrowly, and tells the activities.
ELSEWHERE = """
CREATE TABLE elsewhere AS WITH standing AS ({standing})
SELECT DISTINCT a.part, a.person_no, a.year FROM standing a JOIN standing b USING (person_id, year)
WHERE length(a.period) > 4 AND a.part <> b.part AND (b.span, b.period, b.part) < (a.span, a.period, a.part)
"""
STANDING_OF = """
SELECT {number} AS part, person_id, person_no, year, CAST(period AS TEXT) AS period,
CAST(right(CAST(period AS TEXT), 4) AS INT) - CAST(left(CAST(period AS TEXT), 4) AS INT) AS span FROM standing_{number}
"""


# What another result pays for, in an earlier year that the record counts in as well.
PAID = """
CREATE TABLE paid_elsewhere AS WITH paid AS ({paid})
SELECT DISTINCT a.part, a.person_no, a.paid FROM paid a JOIN paid b USING (person_id, paid)
WHERE a.part <> b.part AND (b.year, b.part) < (a.year, a.part)
"""
PAID_IN = """
SELECT {number} AS part, p.person_id, a.person_no, a.year, a.paid
FROM activity_{number} a JOIN people_{number} p ON p.person_no = a.person_no
WHERE a.paid IS NOT NULL AND a.cost IS NOT NULL
"""


def tell_once(connection: Any, parts: Sequence[Part]) -> None:
    """Of several results that decide about a person's year only the narrowest decision tells its activities; a record
    that counts in the years of several is paid for in the first."""
    parts = [p for p in parts if p.source.ledger is not None]
    if len(parts) < 2:
        return
    standing = " UNION ALL ".join(STANDING_OF.format(number=p.number) for p in parts)
    connection.execute(ELSEWHERE.format(standing=standing))
    for part in parts:
        part.leave_out(connection)
    parts = [p for p in parts if "paid" in p.columns["activity"]]
    if len(parts) < 2:
        return
    connection.execute(PAID.format(paid=" UNION ALL ".join(PAID_IN.format(number=p.number) for p in parts)))
    for part in parts:
        part.leave_unpaid(connection)


def counted(where: Any, rows: Any = None) -> Any:
    """How many rows there are of which that is true; ``rows``: what of them is counted."""
    return exp.Filter(this=rows or t.count(), expression=exp.Where(this=where))


def aliased(relation: Any, alias: str) -> Any:
    """A table, subquery or function to select from, under the alias."""
    if isinstance(relation, exp.Table) and not isinstance(relation.this, exp.Func):
        return relation.copy().as_(alias)
    if isinstance(relation, exp.Subquery):
        return t.sub(relation.this.copy(), alias)
    return exp.Table(this=relation.copy(), alias=exp.TableAlias(this=exp.to_identifier(alias)))


def ordered(items: Iterable[str]) -> tuple[str, ...]:
    """Each once, in order."""
    return tuple(dict.fromkeys(items))


def _year(period: Any, place: int) -> Any:
    return t.cast(t.call("split_part", period, t.lit(".."), t.lit(place)), "INT")


def _too_fine(place: str) -> Diagnostic:
    message = say(
        "the figures have too many different denominators to be added exactly here",
        "数值的分母过多，无法在此精确相加",
    )
    hint = say("make the statistics of fewer results at a time", "请减少一次统计的结果")
    return Diagnostic("PE533", message, Span(place), hint=hint)
