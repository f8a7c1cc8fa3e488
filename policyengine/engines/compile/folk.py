"""Stages 6 to 8 rest on few traits of a person and a period: persons and circumstances go in, traits come out.

Two persons with the same traits in a period are owed, excused and concluded the same, given the same sums. The table
``grid`` of a law has a row for every person and period (or block of years), with its traits as small numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policyengine.engines.calendar import period_bounds
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.axes import Axis, Signature, Source, full_months, operand_of, pair
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.probes import Inexpressible, Probes
from policyengine.engines.compile.sources import Sources, axis_of, code_of, join_codes, load_codes, load_endings
from policyengine.engines.compile.trees import Tree
from policyengine.engines.later import world_of
from policyengine.engines.lookup import Finder
from policyengine.language import tree
from policyengine.plan.names import walk

CODES = "n_"  # what the tables of codes of texts begin with
Kinds = tuple[str, ...]
"""Kinds of circumstance."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A kind of window that rules of a period look at: the period itself (``span``), the years that end with it, or
    months from a date (``anchor``: the number of the window)."""

    name: str
    years: int = 0
    anchor: int | None = None


@dataclass(slots=True)
class Grid:
    """One row per person and span. ``traits``: its columns that decide, beside the span itself."""

    table: str
    years: int
    traits: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Folk:
    """The persons of one law. ``anchors``: the windows of months from a date, by number."""

    sources: Sources
    law: Law
    as_of: date | None
    probes: Probes
    anchors: list[tree.Within]
    kinds: dict[str, int] = field(default_factory=dict)
    table: str = ""
    signature: Signature = field(default_factory=lambda: Signature([]))
    leave: bool = False
    plain: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, sources: Sources, law: Law, as_of: date | None) -> Folk:
        """What the rules of the law look at; the persons are not looked up yet."""
        later = law.prepared.later
        probes = Probes(world_of(law.plan))
        anchors: dict[tree.Within, None] = {}
        for rule in (*later.require, *later.carry, *later.excuse, *later.reduce, *later.conclude):
            for one in (rule, *rule.kept):
                statement = one.rule.statement
                probes.condition(statement.when)
                if isinstance(statement, tree.Require):
                    if isinstance(statement.figure, tree.Lookup):
                        probes.lookup(statement.figure)
                    if isinstance(statement.window, tree.Within):
                        anchors[statement.window] = None
                elif isinstance(statement, tree.Reduce) and statement.per is not None:
                    probes.kinds = probes.kinds or statement.per.before is None
                    if statement.per.before:
                        probes.probe(statement.per.before)
        folk = cls(sources, law, as_of, probes, list(anchors), table=f"folk_{law.number}")
        folk._check_anchored()
        return folk

    def _check_anchored(self) -> None:
        """Tables are asked on the last day of a window; of one that is anchored, that day is not the period's."""
        later = self.law.prepared.later
        if not self.anchors:
            return
        for rule in (*later.require, *later.excuse, *later.reduce):
            for one in (rule, *rule.kept):
                for node in walk(one.rule.statement.when):
                    if isinstance(node, tree.InTable | tree.Lookup):
                        table = self.probes.world.finders[node.table].table
                        if table.columns_with("from") or table.columns_with("until"):
                            raise Inexpressible("a table of dates asked for a window from a date of the person")

    # --- persons ------------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """The table of persons: their combination of facts, the dates that are compared, their anchored windows."""
        host, names = self.sources.host, self.sources.names
        persons = self.sources.persons
        finders = {f"{self.law.number}:{n}": f for n, f in self.probes.world.finders.items()}
        axes = []
        for name in sorted(self.probes.fields):
            if name == "circumstance" or name not in self.probes.world.fields:
                continue
            if self.probes.world.fields[name].of == "person":
                axes.append(self._axis(name, finders))
        self.signature = Signature(axes)
        if self.signature.size > 2**62:
            raise Inexpressible("more combinations of facts than fit in 64 bits")
        load_codes(host, axes, CODES)
        carried = self._carried()
        self.plain = set(carried)
        query = t.select(
            person_id=t.col("person_id", "e"),
            code=self.signature.number(lambda axis: code_of(axis, persons, CODES)),
            **t.cols("p", *carried),
            **{f"day{place}": self._day_of(window) for place, window in enumerate(self.anchors)},
        ).from_(t.table("everyone", "e"), copy=False)
        if names.persons is not None:
            t.join(query, t.table(names.persons, "p"), t.same_person("p", "e"), "LEFT")
        join_codes(query, axes, persons, CODES)
        host.keep(self.table, query.where(t.equal(t.col("plan", "e"), t.lit(self.law.number)), copy=False))
        self._load_spells()

    def _axis(self, name: str, finders: Mapping[str, Finder]) -> Axis:
        probe, sources = self.probes.fields[name], self.sources
        probe.columns = {(f"{self.law.number}:{table}", place, only) for table, place, only in probe.columns}
        return axis_of(name, probe, sources.persons, finders, sources.host, sources.names.persons)

    def _carried(self) -> list[str]:
        """Columns of the persons that are compared with the period or with each other."""
        names: dict[str, None] = {}
        for node in self.probes.pairs:
            for part in walk(node):
                if isinstance(part, tree.Field):
                    names[part.id] = None
                elif isinstance(part, tree.YearOf):
                    names[part.field] = None
        for name in self._befores():
            names[name] = None
        persons = self.sources.persons
        return [n for n in names if persons.fields[n].of == "person" and persons.column(n) is not None]

    def _befores(self) -> list[str]:
        """The dates before which months are counted."""
        later = self.law.prepared.later
        pers = [s.per for r in later.reduce for k in (r, *r.kept) if isinstance(s := k.rule.statement, tree.Reduce)]
        return sorted({per.before for per in pers if per is not None and per.before})

    def _day_of(self, window: tree.Within) -> Tree:
        """The date of a person from which a window goes on."""
        persons = self.sources.persons
        known = persons.column(window.field) is not None
        return persons.value(window.field) if known else t.cast(t.lit(None), "DATE")

    @property
    def anchor_days(self) -> list[str]:
        """The columns of the first and last days of windows from a date."""
        return [f"{n}{a}" for a in range(len(self.anchors)) for n in ("first", "last")]

    # --- circumstances ------------------------------------------------------------------------------------------------

    def _load_spells(self) -> None:
        """The circumstances of the law's persons, each kind as a number."""
        names, host = self.sources.names, self.sources.host
        if not self.probes.kinds or names.circumstances is None:
            return
        kinds = t.select(kind=t.col("kind")).from_(t.table(names.circumstances), copy=False).distinct(copy=False)
        self.kinds = {kind: place for place, kind in enumerate(sorted(k for (k,) in host.rows(kinds)))}
        if len(self.kinds) > 62:
            raise Inexpressible("more than 62 kinds of circumstances")
        if not self.kinds:
            return
        self.leave = True
        host.load("kinds", {"kind": "VARCHAR", "number": "INTEGER"}, self.kinds.items())
        query = t.select(
            person_id=t.col("person_id", "c"), kind=t.col("number", "k"), **t.cols("c", "start", "end")
        ).from_(t.table(names.circumstances, "c"), copy=False)
        t.join(query, t.table("kinds", "k"), t.agree("k", "c", "kind"))
        t.join(query, t.table(self.table, "f"), t.same_person("f", "c"))
        host.keep(self._spells, query)
        masks = t.select(person_id=t.col("person_id", "s"), kinds=t.call("BIT_OR", t.power_of_two(t.col("kind", "s"))))
        masks.from_(t.table(self._spells, "s"), copy=False)
        host.keep(f"{self._spells}_all", t.grouped_by(masks, "s", "person_id"))

    @property
    def _spells(self) -> str:
        return f"spells_{self.law.number}"

    def _kind_sets(self) -> tuple[list[Kinds], list[tuple[Kinds, tree.Lasts]]]:
        """The sets of kinds whose months are counted, and those of which a condition asks how long they last; with the
        parts of them that say which had a part in a reduction or an excuse (``reasons.telling``)."""
        later = self.law.prepared.later
        leave = tuple(sorted(self.probes.world.leave_kinds))
        months: dict[Kinds, None] = {}
        lasts: dict[tuple[Kinds, tree.Lasts], None] = {}
        for rule in (*later.require, *later.carry, *later.excuse, *later.reduce, *later.conclude):
            for one in (rule, *rule.kept):
                statement = one.rule.statement
                for node in walk(statement.when):
                    if isinstance(node, tree.Lasts):
                        kinds = tuple(sorted(node.kinds)) or leave
                        parts = self._parts(kinds) if isinstance(statement, tree.Excuse) else ()
                        lasts |= {(some, node): None for some in (kinds, *parts)}
                if isinstance(statement, tree.Reduce) and statement.per is not None and statement.per.before is None:
                    kinds = tuple(sorted(statement.per.kinds)) or leave
                    months |= dict.fromkeys((kinds, *self._parts(kinds)))
        return list(months), list(lasts)

    def _parts(self, kinds: Kinds) -> list[Kinds]:
        """Of several kinds that occur each alone, and all but each."""
        found = [kind for kind in kinds if kind in self.kinds]
        several = found if len(found) > 1 else []
        return [(k,) for k in several] + [tuple(o for o in found if o != k) for k in several]

    def _stretches(self, years: int) -> list[Stretch]:
        """The kinds of windows that belong to a decision about so many years."""
        found = {Stretch("span"): None}
        if years == 1:
            for rule in self.law.prepared.later.require:
                window = rule.rule.statement.window  # type: ignore[attr-defined]
                if isinstance(window, tree.AnyYears) and window.count > 1:
                    found[Stretch(f"any{window.count}", window.count)] = None
                elif isinstance(window, tree.Within):
                    anchor = self.anchors.index(window)
                    found[Stretch(f"from{anchor}", 0, anchor)] = None
        return list(found)

    # --- the grid -----------------------------------------------------------------------------------------------------

    def grid(self, name: str, firsts: Iterable[int], years: int) -> Grid:
        """Every person with every span of ``years`` periods from one of ``firsts`` on, and the traits that decide:
        ``code`` the facts of the person, ``pair…`` comparisons of two facts, ``from…`` where a window of months lies,
        ``before…`` months before a date, and by kind of window what ``_leave`` says of circumstances; ``kinds``: all
        that the person ever is in."""
        start, host = self.law.plan.year_start, self.sources.host
        spans = _spans(name)
        rows = []
        for first in firsts:
            a, b = period_bounds(first, start, years)
            early = {s.years: period_bounds(first - s.years + 1, start)[0] for s in self._stretches(years) if s.years}
            rows.append((first, first + years - 1, a, b, *early.values()))
        shape = {"period": "INTEGER", "last": "INTEGER", "start": "DATE", "end": "DATE"}
        shape |= {f"start{s.years}": "DATE" for s in self._stretches(years) if s.years}
        host.load(spans, shape, rows)
        anchors = self.anchors if years == 1 else []
        for anchor, window in enumerate(anchors):
            load_endings(self.sources, _ending(name, anchor), window, firsts, start)
        grid = Grid(f"grid_{name}", years)
        columns: dict[str, Tree] = {"code": t.col("code", "f")}
        for place, node in enumerate(self.probes.pairs):
            if self._of_person(node):
                columns[f"pair{place}"] = self._pair(node)
        for anchor in range(len(anchors)):
            columns[f"from{anchor}"] = self._anchored(anchor)
        for place, before in enumerate(self._befores()):
            for stretch in self._stretches(years):
                columns[f"before{place}_{stretch.name}"] = self._months_before(before, stretch)
        query = t.select(
            person_id=t.col("person_id", "f"),
            **t.cols("y", "period", "last"),
            **columns,
            **self._anchor_columns(years),
        ).from_(t.table(self.table, "f"), copy=False)
        t.join(query, t.table(spans, "y"), t.lit(True), "CROSS")
        for anchor in range(len(anchors)):
            self._join_ending(query, name, anchor, "LEFT")
        grid.traits = list(columns)
        if self.leave:
            for stretch in self._stretches(years):
                grid.traits += self._leave(query, name, stretch)
            t.join(query, t.table(f"{self._spells}_all", "z"), t.same_person("z", "f"), "LEFT")
            query.select(t.named(t.coalesce(t.col("kinds", "z"), t.lit(0)), "kinds"), copy=False)
            grid.traits.append("kinds")
        host.keep(grid.table, query)
        return grid

    def _of_person(self, node: tree.Condition) -> bool:
        """Whether the condition speaks of facts of the person only; those of a record are missing here."""
        fields = self.probes.world.fields
        names = [
            p.id if isinstance(p, tree.Field) else p.field
            for p in walk(node)
            if isinstance(p, tree.Field | tree.YearOf)
        ]
        return all(fields[n].of == "person" for n in names)

    def _pair(self, node: tree.Condition) -> Tree:
        source = Source(
            "f", {n: c for n, c in self.sources.persons.columns.items() if n in self.plain}, self.sources.fields
        )
        axis = pair(
            node, "", lambda operand: operand_of(operand, lambda _: source, self.probes.world, t.col("last", "y"))
        )
        assert axis.code is not None
        return axis.code

    def _anchor_columns(self, years: int) -> dict[str, Tree]:
        """First and last days of windows from a date; of blocks of years, with which none ends, nothing."""
        ends = [day for anchor in range(len(self.anchors)) for day in self._ends(anchor)]
        none = t.cast(t.lit(None), "DATE")
        return {n: day if years == 1 else none.copy() for n, day in zip(self.anchor_days, ends, strict=True)}

    def _join_ending(self, query: Any, name: str, anchor: int, kind: str = "INNER") -> None:
        """Join the window that ends in the period, as ``a…``."""
        alias = f"a{anchor}"
        day = t.equal(t.col("day", alias), t.col(f"day{anchor}", "f"))
        here = t.both(day, t.equal(t.col("year", alias), t.col("period", "y")))
        t.join(query, t.table(_ending(name, anchor), alias), here, kind)

    def _anchored(self, anchor: int) -> Tree:
        """0: the date is missing; 1: no window ends here; 2: one does; 3: it is the period; +4: it has not ended."""
        first, last = self._ends(anchor)
        whole = t.both(t.equal(first, t.col("start", "y")), t.equal(last.copy(), t.col("end", "y")))
        waiting = t.lit(0)
        if self.as_of is not None:
            waiting = t.case([(t.compare(last, ">", t.lit(self.as_of)), t.lit(4))], t.lit(0))
        here = t.add([t.case([(whole, t.lit(3))], t.lit(2)), waiting])
        undated = t.missing(t.col(f"day{anchor}", "f"))
        return t.case([(undated, t.lit(0)), (t.missing(last.copy()), t.lit(1))], here)

    @staticmethod
    def _ends(anchor: int) -> tuple[Tree, Tree]:
        return t.col("first", f"a{anchor}"), t.col("last", f"a{anchor}")

    def _bounds(self, stretch: Stretch) -> tuple[Tree, Tree]:
        """First and last day of a window of the row."""
        if stretch.anchor is not None:
            return self._ends(stretch.anchor)
        return t.col(f"start{stretch.years}" if stretch.years else "start", "y"), t.col("end", "y")

    def _months_before(self, name: str, stretch: Stretch) -> Tree:
        """Full months of the window before a date of the person; where that is missing -1, less those that the window
        has: a term that begins on 1 March and ends with February has fewer than others."""
        first, last = self._bounds(stretch)
        unknown: Tree = t.lit(-1)
        if stretch.anchor is not None:
            unknown = t.coalesce(t.minus(unknown, full_months(first.copy(), last.copy())), t.lit(-1))
        if name not in self.plain:
            return unknown
        day = t.col(name, "f")
        months = full_months(first, t.least(t.day_before(day), last))
        counted = t.case([(t.compare(day.copy(), ">", first.copy()), months)], t.lit(0))
        known = t.both(t.present(day.copy()), t.present(first.copy()))
        return t.case([(known, counted)], unknown)

    def _leave(self, query: Any, name: str, stretch: Stretch) -> list[str]:
        """Join what the circumstances come to in a window, and name the columns: ``…_kinds`` which there are, as bits;
        ``…_months…`` full months of some kinds, ``…_lasts…`` whether some last as long as is asked."""
        table = f"leave_{name}_{stretch.name}"
        self._keep_clipped(table, name, stretch)
        masks = t.select(
            **t.cols("c", "person_id", "period"), kinds=t.call("BIT_OR", t.power_of_two(t.col("kind", "c")))
        ).from_(t.table(table, "c"), copy=False)
        t.grouped_by(masks, "c", "person_id", "period")
        traits = [f"{stretch.name}_kinds"]
        self._joined(query, t.sub(masks, f"k_{stretch.name}"), f"k_{stretch.name}", {"kinds": traits[0]})
        months, lasts = self._kind_sets()
        asked: dict[Kinds, list[tuple[str, Tree]]] = {}
        for place, kinds in enumerate(months):
            asked.setdefault(kinds, []).append((f"{stretch.name}_months{place}", t.whole_sum(t.col("months", "w"))))
        for place, (kinds, node) in enumerate(lasts):
            op, length = node.op, node.unit
            if (op, length) == (">", "months"):  # as many and a day: as many till the day before
                op, length = ">=", "months_and_a_day"
            lengths = t.col(length, "w")
            found = t.whole_sum(lengths) if node.in_all else t.call("MAX", lengths)
            long_enough = t.flag(t.compare(found, op, t.lit(node.count)))
            asked.setdefault(kinds, []).append((f"{stretch.name}_lasts{place}", long_enough))
        for place, (kinds, columns) in enumerate(asked.items()):
            alias = f"w{place}_{stretch.name}"
            self._joined(query, t.sub(self._merged(table, kinds, columns), alias), alias, {n: n for n, _ in columns})
            traits += [n for n, _ in columns]
        return traits

    def _keep_clipped(self, table: str, name: str, stretch: Stretch) -> None:
        """A table of the circumstances of each person and span (``kind``), from ``a`` to ``b`` within the window."""
        first, last = self._bounds(stretch)
        start, end = t.col("start", "s"), t.col("end", "s")
        clipped = t.select(
            person_id=t.col("person_id", "f"),
            period=t.col("period", "y"),
            kind=t.col("kind", "s"),
            a=t.greatest(t.coalesce(start, first), first.copy()),
            b=t.least(t.coalesce(end, last), last.copy()),
        ).from_(t.table(self.table, "f"), copy=False)
        t.join(clipped, t.table(self._spells, "s"), t.same_person("s", "f"))
        meets = t.both(
            t.either(t.missing(start.copy()), t.compare(start.copy(), "<=", last.copy())),
            t.either(t.missing(end.copy()), t.compare(end.copy(), ">=", first.copy())),
        )
        t.join(clipped, t.table(_spans(name), "y"), t.lit(True) if stretch.anchor is not None else meets)
        if stretch.anchor is not None:
            self._join_ending(clipped, name, stretch.anchor)
            clipped.where(meets, copy=False)
        self.sources.host.keep(table, clipped)

    def _joined(self, query: Any, other: Any, alias: str, columns: dict[str, str]) -> None:
        same = t.both(t.same_person(alias, "f"), t.agree(alias, "y", "period"))
        t.join(query, other, same, "LEFT")
        for column, name in columns.items():
            query.select(t.named(t.coalesce(t.col(column, alias), t.lit(0)), name), copy=False)

    def _merged(self, table: str, kinds: Sequence[str], columns: list[tuple[str, Tree]]) -> Any:
        """Stretches of some kinds, overlapping and touching ones made one (``calendar.merged``), and what is asked."""
        numbers = [t.lit(self.kinds[k]) for k in kinds if k in self.kinds]
        key = [t.col("person_id", "c"), t.col("period", "c")]
        own = t.select(
            person_id=key[0],
            period=key[1],
            **t.cols("c", "a", "b"),
            before=t.prior_max(t.col("b", "c"), [k.copy() for k in key], [t.col("a", "c"), t.col("b", "c")]),
        ).from_(t.table(table, "c"), copy=False)
        own.where(
            t.both(t.among(t.col("kind", "c"), numbers), t.compare(t.col("a", "c"), "<=", t.col("b", "c"))), copy=False
        )
        gap = t.compare(t.days_between(t.col("before", "o"), t.col("a", "o")), ">", t.lit(2))
        opens = t.select(
            **t.cols("o", "person_id", "period", "a", "b"), opens=t.flag(t.either(t.missing(t.col("before", "o")), gap))
        ).from_(t.sub(own, "o"), copy=False)
        number = t.running(
            t.col("opens", "p"),
            [t.col("person_id", "p"), t.col("period", "p")],
            [t.col("a", "p"), t.col("b", "p")],
            True,
        )
        numbered = t.select(**t.cols("p", "person_id", "period", "a", "b"), number=number).from_(
            t.sub(opens, "p"), copy=False
        )
        ends = t.select(
            **t.cols("q", "person_id", "period"), a=t.call("MIN", t.col("a", "q")), b=t.call("MAX", t.col("b", "q"))
        ).from_(t.sub(numbered, "q"), copy=False)
        t.grouped_by(ends, "q", "person_id", "period", "number")
        measured = t.select(
            **t.cols("v", "person_id", "period"),
            months=full_months(t.col("a", "v"), t.col("b", "v")),
            months_and_a_day=full_months(t.col("a", "v"), t.day_before(t.col("b", "v"))),
            days=t.days_between(t.col("a", "v"), t.col("b", "v")),
        ).from_(t.sub(ends, "v"), copy=False)
        query = t.select(**t.cols("w", "person_id", "period"), **dict(columns))
        query.from_(t.sub(measured, "w"), copy=False)
        return t.grouped_by(query, "w", "person_id", "period")


def _spans(name: str) -> str:
    """The table of the spans of a grid."""
    return f"spans_{name}"


def _ending(name: str, anchor: int) -> str:
    """The table of the windows from a date that end in a period of a grid."""
    return f"ending_{name}_{anchor}"
