"""The canonical tables seen through the laws: which class each fact of a row belongs to, as expressions over its
columns.

Laws and a host with tables go in; out comes the signature of a record and of a person, and the relation that gives
both.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policyengine.engines.calendar import period_bounds, period_of, window_from
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.axes import (
    Axis,
    Signature,
    Source,
    discrete,
    operand_of,
    ordered,
    pair,
    yes_no,
)  # fmt: skip
from policyengine.engines.compile.draft import Draft
from policyengine.engines.compile.host import Host
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.probes import Inexpressible, Probe, Probes
from policyengine.engines.compile.trees import Tree
from policyengine.engines.lookup import Finder
from policyengine.engines.protocol import Selection
from policyengine.engines.require import ending_in
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.names import walk
from policyengine.records.model import Circumstance, Person

SAMPLE = 2048  # records from which is guessed how different a column's texts are
WINDOW = {"day": "DATE", "first": "DATE", "last": "DATE", "year": "INTEGER"}
KEYS = 2**62  # a signature must fit in 64 bits


@dataclass(frozen=True, slots=True)
class Names:
    """The canonical tables by name; None where there is none."""

    records: str
    persons: str | None = None
    circumstances: str | None = None


@dataclass(slots=True)
class Sources:
    """Laws over tables. ``signature``: of a record; ``person``: of what record rules ask of a person.

    ``people``: (plan, codes of the person axes) by number; number 0 is a person without facts. ``joined``: whether
    records need their person.
    """

    host: Host
    names: Names
    laws: list[Law]
    fields: dict[str, FieldDecl]
    records: Source
    persons: Source
    signature: Signature
    person: Signature
    carried: list[str]
    repeats: list[tuple[str, ...]]
    divisors: list[str]
    people: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    joined: bool = False
    whole: bool = False  # no quantity has a fraction
    prefix: str = ""  # of the tables that are made

    def draft(self) -> Draft:
        """A draft over the axes of a record and its person."""
        axes = [*self.signature.axes, *self.person.axes]
        return Draft(axes, {axis.field: place for place, axis in enumerate(axes)})

    def split(self, key: int) -> tuple[int, list[int]]:
        """A record's key as the number of its person's combination and the codes of all axes."""
        number, own = divmod(key, self.signature.size)
        return number, [*self.signature.codes(own), *self.people[number][1]]

    # --- relations --------------------------------------------------------------------------------------------------

    def base(self, guessed: Container[str] = (), **columns: Tree) -> Any:
        """Every record with its key, days and quantity, and the ``columns`` asked for (over alias ``r``)."""
        query = t.select(
            **t.cols("r", "record_id", "person_id", "start", "end"),
            q=self.quantity(),
            key=self.key(guessed),
            rp=t.coalesce(t.col("rp", "p"), t.lit(0)) if self.joined else t.lit(0),
            **{f"by_{n}": self.records.value(n) for n in self.divisors},
            **columns,
        )
        return self.relation(query, guessed)

    def relation(self, query: Any, guessed: Container[str] = (), people: bool = True) -> Any:
        """The records, with what their keys rest on; ``people``: of their persons too."""
        query = query.from_(t.table(self.names.records, "r"), copy=False)
        if self.joined and people:
            t.join(query, t.table(self.people_table, "p"), t.same_person("p", "r"), "LEFT")
        asked = (axis for axis in self.signature.axes if axis.field not in guessed)
        return join_codes(query, asked, self.records, self._codes)

    @property
    def _codes(self) -> str:
        """What the tables of codes of texts begin with."""
        return self.prefix + "m_"

    @property
    def people_table(self) -> str:
        return self.prefix + "people"

    @property
    def unit(self) -> int:
        """Of how many parts ``q`` counts a unit of the quantity."""
        column = self.records.column("quantity")
        return column.unit if column is not None and not self.whole else 1

    def quantity(self) -> Tree:
        """The quantity as a whole number of parts."""
        column = self.records.column("quantity")
        if column is None or not self.whole or not column.scale:
            return self.records.value("quantity")
        return t.cast(t.col(column.name, "r"), "BIGINT")

    def survey(self, guessed: Container[str], apart: bool = False) -> Any:
        """The keys that occur, without the axes that are ``guessed``, with how often, and the quantities (``q``): each
        ``apart``, or only of records without a unit, with whether some has a fraction (``part``)."""
        whole = self.records.value("quantity")
        q = whole.copy() if apart else t.case([(t.missing(self.records.value("unit")), whole.copy())], t.lit(None))
        given = {"key": self.key(guessed), "q": q} | ({} if apart else {"part": self.part(whole)})
        keys = t.sub(self.relation(t.select(**given), guessed), "k")
        most = {} if apart else {"part": t.call("MAX", t.col("part", "k"))}
        found = t.select(**t.cols("k", "key", "q"), number=t.count(), **most).from_(keys, copy=False)
        return t.grouped_by(found, "k", "key", "q")

    def part(self, quantity: Tree) -> Tree:
        """1 where a quantity is no whole number of units."""
        column = self.records.column("quantity")
        if column is None or not column.scale:
            return t.lit(0)
        return t.flag(t.compare(t.remainder(quantity, column.unit), "<>", t.lit(0)))

    def guessable(self) -> list[str]:
        """Texts of which only the presence is asked and that are nearly all different: both cases are judged, because
        reading such a column takes longer than that."""
        return self._different(
            [
                a.field
                for a in self.signature.axes
                if a.size == 2 and a.field in self.records.columns and self.records.columns[a.field].kind == "text"
            ]
        )

    def repetitive(self) -> bool:
        """Whether quantities repeat themselves, so that there are few of them to each key."""
        return "quantity" not in self.records.columns or not self._different(["quantity"])

    def _different(self, names: Sequence[str]) -> list[str]:
        """Those of some columns whose values are nearly all different, as far as the first records tell."""
        if not names:
            return []
        some = t.select(**t.cols("r", *names)).from_(t.table(self.names.records, "r"), copy=False)
        sample = t.sub(some.limit(SAMPLE, copy=False), "s")
        counts = t.select(**{n: t.count_distinct(t.col(n, "s")) for n in names}).from_(sample, copy=False)
        ((*found,),) = self.host.rows(counts)
        return [name for name, number in zip(names, found, strict=True) if number > SAMPLE // 4]

    def own_key(self, guessed: Container[str] = ()) -> Tree:
        """The key of a record's own facts."""
        return self.signature.number(lambda axis: code_of(axis, self.records, self._codes), guessed)

    def key(self, guessed: Container[str] = ()) -> Tree:
        """The key of a record with its person."""
        own = self.own_key(guessed)
        if not self.joined:
            return own
        number = t.cast(t.coalesce(t.col("rp", "p"), t.lit(0)), "BIGINT")
        return t.add([t.times(number, t.lit(self.signature.size)), own])

    # --- preparing --------------------------------------------------------------------------------------------------

    def load(self, selection: Selection | None) -> None:
        """Make the tables that signatures rest on: values of text fields, people."""
        load_codes(self.host, self.signature.axes, self._codes)
        self._load_people(selection)

    def _load_people(self, selection: Selection | None) -> None:
        several = len(self.laws) > 1 or selection is not None
        nobody = (self._chosen(selection, {}) if several else 0, tuple(0 for _ in self.person.axes))
        self.people = [nobody]
        if not several and self.person.size == 1 and not self.carried:
            return
        self.joined = self.names.persons is not None
        if not self.joined:
            if nobody[0] < 0:
                raise Inexpressible("nobody whom a policy is known to govern")
            return
        code = self.person.number(lambda axis: axis.code.copy() if axis.code is not None else t.lit(0))
        query = t.select(
            person_id=t.col("person_id", "p"),
            code=code,
            plan=t.col("plan", "s") if several else t.lit(0),
            **t.cols("p", *self.carried),
        ).from_(t.table(self.names.persons or "", "p"), copy=False)
        if several:
            self._load_choices(selection)
            t.join(query, t.table(self.prefix + "choices", "s"), self._same_choice(selection), "LEFT")
        self.host.keep(self.prefix + "people_coded", query)
        found = t.select(plan=t.col("plan"), code=t.col("code"))
        found = found.from_(t.table(self.prefix + "people_coded"), copy=False).distinct()
        rows = [(plan, code, 0) for plan, code in self.host.rows(found)]
        known = {(nobody[0], 0): 0}
        numbered = []
        for plan, number, _ in sorted(rows):
            if (plan, number) not in known:
                known[plan, number] = len(self.people)
                self.people.append((plan, tuple(self.person.codes(number))))
            numbered.append((plan, number, known[plan, number]))
        self.host.load(self.prefix + "people_numbers", {"plan": "INTEGER", "code": "BIGINT", "rp": "INTEGER"}, numbered)
        people = t.select(
            person_id=t.col("person_id", "c"), rp=t.col("rp", "n"), **t.cols("c", "plan", *self.carried)
        ).from_(t.table(self.prefix + "people_coded", "c"), copy=False)
        t.join(people, t.table(self.prefix + "people_numbers", "n"), t.agree("n", "c", "plan", "code"))
        self.host.keep(self.people_table, people)
        self.host.drop(self.prefix + "people_coded")

    @staticmethod
    def _chosen(selection: Selection | None, facts: Mapping[str, Any]) -> int:
        """The plan for a person; -1: none of the plans, the caller judges them."""
        if selection is None:
            return 0
        chosen = selection.choose(facts)
        return -1 if chosen is None else chosen

    def _load_choices(self, selection: Selection | None) -> None:
        """Which plan judges each combination of the facts that the choice rests on."""
        names = selection.fields if selection else ()
        values = {name: self.persons.value(name) for name in names}
        query = t.select(**(values or {"none": t.lit(0)})).from_(t.table(self.names.persons or "", "p"), copy=False)
        rows = []
        for row in self.host.rows(query.distinct()):
            facts = {n: self.persons.fact(n, v) for n, v in zip(names, row, strict=False) if v is not None}
            rows.append((*(row if names else (0,)), self._chosen(selection, facts)))
        columns = {name: self.persons.type_of(name) for name in names} or {"none": "INTEGER"}
        self.host.load(self.prefix + "choices", {**columns, "plan": "INTEGER"}, rows)

    def _same_choice(self, selection: Selection | None) -> Tree:
        names = selection.fields if selection else ()
        return t.both(*(t.same(self.persons.value(n), t.col(n, "s")) for n in names))

    # --- whole persons ------------------------------------------------------------------------------------------------

    def whole_persons(self, ids: Iterable[str]) -> dict[str, Person]:
        """Some persons as they are in the tables."""
        host, names, source = self.host, self.names, self.persons
        wanted = sorted(set(ids))
        host.load("exemplars", {"person_id": "VARCHAR"}, ((i,) for i in wanted))
        facts: dict[str, dict[str, Any]] = {i: {} for i in wanted}
        if names.persons is not None:
            columns = [n for n in source.columns if n != "person_id" and n in source.fields]
            query = t.select(person_id=t.col("person_id", "p"), **{n: source.value(n) for n in columns})
            query.from_(t.table(names.persons, "p"), copy=False)
            t.join(query, t.table("exemplars", "x"), t.same_person("x", "p"))
            for who, *values in host.rows(query):
                facts[who] = {n: source.fact(n, v) for n, v in zip(columns, values, strict=True) if v is not None}
        held: dict[str, list[Circumstance]] = {i: [] for i in wanted}
        if names.circumstances is not None:
            spells = t.select(**t.cols("c", "person_id", "kind", "start", "end"))
            spells.from_(t.table(names.circumstances, "c"), copy=False)
            t.join(spells, t.table("exemplars", "x"), t.same_person("x", "c"))
            for who, kind, start, end in host.rows(spells):
                held[who].append(Circumstance(kind, start, end))
        return {i: Person(i, facts[i], tuple(held[i])) for i in wanted}


# --- making them ------------------------------------------------------------------------------------------------------


def sources_of(made: Sequence[tuple[Law, Probes]], host: Host, names: Names, prefix: str = "") -> Sources:
    """Laws over the tables of a host. Raises ``Inexpressible`` where one says what only the reference can judge."""
    laws = [law for law, _ in made]
    fields: dict[str, FieldDecl] = {}
    for law in laws:
        fields.update(law.plan.fields)
    columns = host.columns(names.records)
    records = Source("r", columns, fields)
    persons = Source("p", host.columns(names.persons) if names.persons else {}, fields)
    probes, finders = _merged(made)
    record_axes: list[Axis] = []
    person_axes: list[Axis] = []
    for name in sorted(probes):
        if name == "circumstance" or name.startswith("\x00"):
            continue
        own = fields[name].of != "person"
        source = records if own else persons
        axis = axis_of(name, probes[name], source, finders, host, names.records if own else names.persons)
        (record_axes if own else person_axes).append(axis)
    carried: dict[str, None] = {}
    for law, asked in made:
        _check_pairs(law, asked)
        record_axes += _pairs(law, asked, records, persons, carried)
        record_axes += _claims(law, records)
    repeats = sorted({n.fields for law in laws for rule in law.plan.flags for n in walk(rule.statement.when)
                      if isinstance(n, tree.Repeated)})  # fmt: skip
    for repeated in repeats:
        record_axes.append(Axis("\x00repeated:" + ",".join(repeated), [None, False, True], t.lit(1)))
    signature, person = Signature(record_axes), Signature(person_axes)
    if signature.size * person.size > KEYS:
        raise Inexpressible("more combinations of facts than fit in 64 bits")
    divisors = {r.statement.divisor.field for law in laws for r in law.plan.convert if r.statement.divisor is not None}
    return Sources(
        host,
        names,
        laws,
        fields,
        records,
        persons,
        signature,
        person,
        list(carried),
        repeats,
        sorted(divisors),
        prefix=prefix,
    )


def _merged(made: Sequence[tuple[Law, Probes]]) -> tuple[dict[str, Probe], dict[str, Finder]]:
    """What all laws look at together; a table is named by its law, since packs may have different ones of one name."""
    merged: dict[str, Probe] = {}
    finders: dict[str, Finder] = {}
    for law, probes in made:
        finders.update({f"{law.number}:{name}": finder for name, finder in probes.world.finders.items()})
        for name, probe in probes.fields.items():
            one = merged.setdefault(name, Probe())
            one.values |= probe.values
            one.cuts |= probe.cuts
            one.points |= probe.points
            one.columns |= {(f"{law.number}:{table}", place, only) for table, place, only in probe.columns}
    return merged, finders


def axis_of(
    name: str, probe: Probe, source: Source, finders: Mapping[str, Finder], host: Host, table: str | None
) -> Axis:
    """A field of a canonical table as an axis."""
    kind = source.fields[name].type
    if kind in ("number", "year", "date") or name in ("start", "end", "date", "days", "full_months", "quantity"):
        return ordered(name, probe, source)
    if kind == "yes_no":
        return yes_no(name, source)
    return discrete(name, probe, source, finders, lambda: values_of(name, source, host, table))


def values_of(name: str, source: Source, host: Host, table: str | None) -> Iterator[Any]:
    """The different values of a field of a canonical table."""
    query = t.select(value=source.value(name)).from_(t.table(table or "", source.table), copy=False)
    return (value for (value,) in host.rows(query.distinct(copy=False)) if value is not None)


def load_codes(host: Host, axes: Iterable[Axis], prefix: str) -> None:
    """A table of codes for each axis whose codes are looked up by its texts."""
    for axis in axes:
        if axis.lookup:
            host.load(prefix + axis.field, {"value": "VARCHAR", "code": "INTEGER"}, axis.lookup.items())


def join_codes(query: Any, axes: Iterable[Axis], source: Source, prefix: str) -> Any:
    """The query with these tables of codes."""
    for axis in axes:
        if axis.lookup:
            codes = prefix + axis.field
            t.join(query, t.table(codes, codes), t.equal(t.col("value", codes), source.value(axis.field)), "LEFT")
    return query


def code_of(axis: Axis, source: Source, prefix: str) -> Tree:
    """The code of an axis, in a query with the tables of codes."""
    if axis.code is not None:
        return axis.code.copy()
    missing = t.case([(t.missing(source.value(axis.field)), t.lit(0))], t.lit(1))
    return t.coalesce(t.col("code", prefix + axis.field), missing)


def load_windows(sources: Sources, table: str, window: tree.Within, year_start: tuple[int, int]) -> None:
    """The table of the stretch of months from each day that occurs as the person's date, with the period of its end."""
    rows = []
    for day in days_of_persons(sources, window.field):
        first, last = window_from(day, window.months)
        rows.append((day, first, last, period_of(last, year_start)))
    sources.host.load(table, WINDOW, rows)


def days_of_persons(sources: Sources, name: str) -> list[date]:
    """The days that occur as a date of the persons."""
    if sources.persons.column(name) is None:
        return []
    found = values_of(name, sources.persons, sources.host, sources.names.persons)
    return [day for day in found if isinstance(day, date)]


def load_endings(
    sources: Sources, table: str, window: tree.Within, periods: Iterable[int], year_start: tuple[int, int]
) -> None:
    """The same of the windows that end in one of the periods."""
    bounds = [(number, period_bounds(number, year_start)) for number in periods]
    rows = [
        (day, *days, number)
        for day in days_of_persons(sources, window.field)
        for number, period in bounds
        if (days := ending_in(window, day, period)) is not None
    ]
    sources.host.load(table, WINDOW, rows)


def _check_pairs(law: Law, probes: Probes) -> None:
    """A measure asked of the period in which a record counts is judged by that period, which no pair knows."""
    others = any(rule.statement.by != "end" for rule in law.plan.assign)
    asked = any(s.this_period and s.rule is not None for s in law.sums)
    if (
        others
        and asked
        and any(isinstance(n, tree.ThisYear | tree.DayOfYear) for node in probes.pairs for n in walk(node))
    ):
        raise Inexpressible("a measure of this period that compares this year with a fact")


def _pairs(law: Law, probes: Probes, records: Source, persons: Source, carried: dict[str, None]) -> Iterator[Axis]:
    this = t.period(t.col("end", "r"), law.plan.year_start)

    def source(name: str) -> Source:
        if records.fields[name].of != "person":
            return records
        if persons.column(name) is not None:
            carried[name] = None
        return persons

    for place, node in enumerate(probes.pairs):
        yield pair(
            node,
            f"\x00pair:{law.number}:{place}",
            lambda operand: operand_of(operand, source, probes.world, this),
        )


def _claims(law: Law, records: Source) -> Iterator[Axis]:
    """Whether a claim came in time (``assign.in_time``)."""
    for rule in law.plan.assign:
        statement = rule.statement
        if statement.by != "claim":
            continue
        claimed = records.value(statement.field or "")
        timely = [
            t.present(claimed.copy()),
            t.compare(claimed.copy(), ">=", t.lit(1)),
            t.compare(claimed.copy(), "<", t.lit(date.max.year)),
        ]
        if statement.until is not None:
            month, day = statement.until
            later = 1 if statement.until >= law.plan.year_start else 2
            end = t.col("end", "r")
            stands = t.add([t.times(t.year(end.copy()), t.lit(10000)), t.month_day(end)])
            limit = t.add([t.times(t.add([claimed.copy(), t.lit(later)]), t.lit(10000)), t.lit(month * 100 + day)])
            timely.append(t.compare(stands, "<=", limit))
        code = t.case([(t.both(*timely), t.lit(2))], t.lit(1))
        yield Axis(law.claims[rule.key], [None, False, True], code)
