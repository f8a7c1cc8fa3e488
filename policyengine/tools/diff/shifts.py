"""Two results as Parquet files in, the decisions that differ out: queries as trees, run on one DuckDB connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlglot import expressions as exp

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.output import safe
from policyengine.engines.compile.trees import Tree
from policyengine.engines.duckdb import DuckHost
from policyengine.engines.duckdb_sql import sql
from policyengine.records.parquet import columns_of
from policyengine.tools.diff.impact import BETTER, GROUPS
from policyengine.tools.diff.shift_file import KEY, is_parquet, made, shift_columns
from policyengine.tools.result.tables import JOINED, Column, Shape

_TEXTS = ("policy", "outcome", "advisories", "consequences")
_EXPLAINED = {"total": "total", "required": "required_total", "capped": "capped_off"}
_FOUND = ("required", "achieved", "achieved_high")
_FINE = 12  # decimals of figures in result files are fewer


@dataclass(slots=True)
class Compared:
    """The decisions of two folders. ``persons``: the canonical table with people's facts."""

    host: DuckHost
    old: Path
    new: Path
    persons: str | None
    columns: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the tables ``shifts`` (a row for each decision that differs) and ``shift_rules``."""
        for side in ("old", "new"):
            self.columns[side] = columns_of(self.host.connection, self._folder(side) / "decisions.parquet")
        self.host.keep("shifts", self._shifts())
        self.host.keep("shift_rules", self._rules())

    def _folder(self, side: str) -> Path:
        return self.old if side == "old" else self.new

    # --- what differs ---------------------------------------------------------------------------------------------

    def _shifts(self) -> Any:
        """Both sides of every decision that differs, and which way."""
        sides = {"old": "a", "new": "b"}
        shown: dict[str, Tree] = {n: t.coalesce(t.col(n, "a"), t.col(n, "b")) for n in KEY}
        for side, alias in sides.items():
            shown |= {f"{side}_{n}": t.col(n, alias) for n in self.columns[side] if n not in KEY}
        differs = [self._unlike(n) for n in _TEXTS]
        differs += [
            exp.Not(this=exp.paren(self._alike(n))) for n in sorted(self._figures("old") | self._figures("new"))
        ]
        shown["direction"] = self._direction()
        query = t.select(**shown).from_(self._scan("old", "a"), copy=False)
        query.append("joins", exp.Join(this=self._scan("new", "b"), side="FULL", on=t.agree("a", "b", *KEY)))
        return query.where(t.either(*differs), copy=False)

    def _scan(self, side: str, alias: str, table: str = "decisions") -> Tree:
        return t.alias(t.parquet(str(self._folder(side) / f"{table}.parquet")), alias)

    @staticmethod
    def _unlike(name: str) -> Tree:
        return exp.Not(this=exp.paren(t.same(t.col(name, "a"), t.col(name, "b"))))

    def _figures(self, side: str) -> set[str]:
        names = {n for n in self.columns[side] if n not in (*KEY, *_TEXTS)}
        return {n.removesuffix("_num") for n in names if not n.endswith("_den")}

    def _alike(self, name: str) -> Tree:
        """Whether a figure is the same on both sides, however each file writes it."""
        (above, below), (over, under) = self._parts("old", name, "a"), self._parts("new", name, "b")
        return t.same(exp.Mul(this=above, expression=under), exp.Mul(this=over, expression=below))

    def _parts(self, side: str, name: str, alias: str) -> tuple[Tree, Tree]:
        """A figure as numerator and denominator; NULL over 1 where the side has no such column."""
        columns = self.columns[side]
        if name in columns:
            fine = t.lit(10**_FINE)
            return t.cast(t.times(t.cast(t.col(name, alias), f"DECIMAL(38, {_FINE})"), fine), "HUGEINT"), fine.copy()
        if f"{name}_num" in columns:
            parts = t.col(f"{name}_num", alias), t.coalesce(t.col(f"{name}_den", alias), t.lit(1))
            return t.cast(parts[0], "HUGEINT"), t.cast(parts[1], "HUGEINT")
        return t.cast(t.lit(None), "HUGEINT"), t.lit(1)

    @staticmethod
    def _direction() -> Tree:
        def rank(alias: str) -> Tree:
            outcome = t.col("outcome", alias)
            return t.case([(t.equal(outcome.copy(), t.lit(o)), t.lit(n)) for n, o in enumerate(BETTER)], t.lit(None))

        return t.case(
            [
                (t.compare(rank("b"), ">", rank("a")), t.lit("gains")),
                (t.compare(rank("b"), "<", rank("a")), t.lit("loses")),
            ],
            t.lit("figures"),
        )

    def _rules(self) -> Any:
        """The rules whose finding differs, for people whose decision does; as ``Shift.rules``."""
        if not all((folder / "findings.parquet").exists() for folder in (self.old, self.new)):
            return t.select(**{n: t.col(n) for n in KEY}, rule=t.lit("")).from_(t.table("shifts")).where(exp.false())
        both = [self._found(side) for side in ("old", "new")]
        query = t.select(**{n: t.coalesce(t.col(n, "a"), t.col(n, "b")) for n in (*KEY, "rule")})
        query.from_(t.sub(both[0], "a"), copy=False)
        joined = t.agree("a", "b", *KEY, "rule")
        query.append("joins", exp.Join(this=t.sub(both[1], "b"), side="FULL", on=joined))
        return query.where(t.both(self._unlike("said"), t.either(t.col("told", "a"), t.col("told", "b"))), copy=False)

    def _found(self, side: str) -> Any:
        """What a rule (whatever its version) finds of a person and period, as one text."""
        inner = replace(self, columns={side: columns_of(self.host.connection, self._folder(side) / "findings.parquet")})
        status = t.cast(t.col("status", "f"), "VARCHAR")
        said = t.concat(status, *(self._exactly(*inner._parts(side, n, "f")) for n in _FOUND))
        name = t.call("SPLIT_PART", t.col("rule", "f"), t.lit("@"), t.lit(1))
        # what is only expected changes no outcome
        told = t.either(t.negate(t.col("advisory", "f")), t.equal(t.col("direction", "s"), t.lit("figures")))
        told, said = t.call("BOOL_OR", told), t.text_join(t.distinct_list(said), ";")
        query = t.select(**{n: t.col(n, "f") for n in KEY}, rule=name, said=said, told=told)
        query.from_(self._scan(side, "f", "findings"), copy=False)
        t.join(query, t.table("shifts", "s"), t.agree("s", "f", *KEY))
        return query.group_by(*(t.col(n, "f") for n in KEY), name.copy(), copy=False)

    @staticmethod
    def _exactly(above: Tree, below: Tree) -> Tree:
        """A figure in lowest terms, as text that does not tell how the file writes it."""
        common = t.call("GCD", above.copy(), below.copy())
        parts = (t.cast(exp.IntDiv(this=part, expression=common.copy()), "VARCHAR") for part in (above, below))
        return t.concat(*(t.concat(t.lit(" "), t.coalesce(part, t.lit("-"))) for part in parts))

    # --- counts and examples ----------------------------------------------------------------------------------------

    def sizes(self) -> tuple[int, int]:
        """People, and decisions, that were compared."""
        keys = t.union(*(t.select(**{n: t.col(n, "d") for n in KEY}).from_(self._scan(s, "d")) for s in ("old", "new")))
        whole = t.select(**{n: t.col(n, "u") for n in KEY}).from_(t.sub(keys, "u"), copy=False).distinct(copy=False)
        people = exp.Count(this=exp.Distinct(expressions=[t.col("person_id", "w")]))
        ((persons, decisions),) = self.host.rows(t.select(a=people, b=t.count()).from_(t.sub(whole, "w"), copy=False))
        return persons, decisions

    def totals(self) -> dict[str, int]:
        """How many shifts there are of each direction."""
        query = t.select(d=t.col("direction", "s"), n=t.count()).from_(t.table("shifts", "s"), copy=False)
        return dict(self.host.rows(query.group_by(t.col("direction", "s"), copy=False)))

    def counted(self, by: str) -> Iterator[tuple[str, int, int]]:
        """(value, losing, gaining), the most touched first; ``by``: ``rule`` or a group ("" where it is not known)."""
        counts = {d: t.whole_sum(t.flag(t.equal(t.col("direction", "s"), t.lit(d)))) for d in ("loses", "gains")}
        keys: Sequence[str]
        if by == "rule":
            value, other, keys, kind = t.col("rule", "x"), "shift_rules", KEY, ""
        else:
            known = self._known(by)
            value = t.coalesce(t.cast(t.col(by, "x") if known else t.lit(None), "VARCHAR"), t.lit(""))
            other, keys, kind = (str(self.persons) if known else ""), KEY[:1], "LEFT"
        query = t.select(value=value, **counts).from_(t.table("shifts", "s"), copy=False)
        if other:
            t.join(query, t.table(other, "x"), t.agree("x", "s", *keys), kind)
        moved = t.compare(t.col("direction", "s"), "<>", t.lit("figures"))
        query = query.where(moved, copy=False).group_by(value.copy(), copy=False)
        rows = [(str(v), int(a), int(b)) for v, a, b in self.host.rows(query)]
        yield from sorted(rows, key=lambda r: (-(r[1] + r[2]), r[0]))

    def _known(self, name: str) -> bool:
        return self.persons is not None and name in self.host.columns(self.persons)

    def examples(self, most: int) -> Iterator[Mapping[str, Any]]:
        """Shifts with their rules and people's groups, at most ``most`` of each direction: those that lose, those that
        gain, then others."""
        wanted = {n: t.col(n, "s") for n in (*KEY, "old_outcome", "new_outcome", "direction")}
        for side in ("old", "new"):
            for label, name in _EXPLAINED.items():
                above, below = self._shown(side, name)
                wanted |= {f"{side}_{label}_above": above, f"{side}_{label}_below": below}
        groups = [g for g in GROUPS if self._known(g)]
        wanted |= {g: t.cast(t.col(g, "p"), "VARCHAR") for g in groups}
        keys = [t.col(n, "s") for n in KEY]
        place = t.rank([t.col("direction", "s")], keys)
        ranked = exp.Select(expressions=[exp.Star(), t.named(place, "place")]).from_(t.table("shifts", "s"), copy=False)
        query = t.select(**wanted).from_(t.sub(ranked, "s"), copy=False)
        if groups:
            t.join(
                query,
                t.table(str(self.persons), "p"),
                t.equal(t.col("person_id", "p"), t.col("person_id", "s")),
                "LEFT",
            )
        query = query.where(t.compare(t.col("place", "s"), "<=", t.lit(most)), copy=False)
        self.host.keep("shown", query.order_by(t.descending(t.col("direction", "s")), *keys, copy=False))
        rules: dict[tuple[str, str], list[str]] = {}
        told = t.select(**{n: t.col(n, "x") for n in (*KEY, "rule")}).from_(t.table("shift_rules", "x"), copy=False)
        for who, period, rule in self.host.rows(t.join(told, t.table("shown", "w"), t.agree("w", "x", *KEY))):
            rules.setdefault((who, period), []).append(rule)
        for row in self.host.rows(t.select_all("shown")):
            data = dict(zip(wanted, row, strict=True))
            for name in (f"{side}_{label}" for side in ("old", "new") for label in _EXPLAINED):
                above, below = data[f"{name}_above"], data[f"{name}_below"]
                data[name] = None if above is None else Fraction(int(above), int(below))
            data["rules"] = sorted(rules.get((data["person_id"], data["period"]), []))
            yield data

    def _shown(self, side: str, name: str) -> tuple[Tree, Tree]:
        prefixed = {f"{side}_{n}": kind for n, kind in self.columns[side].items()}
        return replace(self, columns={side: prefixed})._parts(side, f"{side}_{name}", "s")

    def nearest(self, most: int) -> Iterator[Mapping[str, Any]]:
        """People who are short by the least on the new side."""
        above, below = self._parts("new", "shortfall_total", "d")
        total, of = self._parts("new", "total", "d")
        share = exp.Div(this=t.cast(above.copy(), "DOUBLE"), expression=t.cast(below.copy(), "DOUBLE"))
        shown = {n: t.col(n, "d") for n in (*KEY, "policy")} | {"a": above, "b": below, "c": total, "e": of}
        query = t.select(**shown).from_(self._scan("new", "d"), copy=False)
        query.where(t.equal(t.col("outcome", "d"), t.lit("not_met")), copy=False)
        query.where(t.compare(above.copy(), ">", t.lit(0)), copy=False)
        # only to order them; what is told is the exact figure
        query.order_by(share, *(t.col(n, "d") for n in KEY), copy=False)
        for row in self.host.rows(query.limit(most, copy=False)):
            who, period, policy, a, b, c, d = row
            short, whole = Fraction(int(a), int(b)), Fraction(int(c), int(d))
            yield {"person_id": who, "period": period, "policy": policy, "shortfall": short, "total": whole}

    def write(self, to: Path, shape: Shape) -> None:
        """Every shift into a file, in the columns of ``shift_file.shift_columns``."""
        told = t.text_join(t.distinct_list(t.col("rule", "x")), JOINED)
        rules = t.select(**{n: t.col(n, "x") for n in KEY}, rules=told).from_(t.table("shift_rules", "x"), copy=False)
        rules = rules.group_by(*(t.col(n, "x") for n in KEY), copy=False)
        parquet = is_parquet(to)
        columns: dict[str, Tree] = {}
        for column in shift_columns(shape):
            columns |= self._written(column, parquet)
        query = t.select(**columns).from_(t.table("shifts", "s"), copy=False)
        t.join(query, t.sub(rules, "r"), t.agree("r", "s", *KEY), "LEFT")
        query = query.order_by(*(t.col(n, "s") for n in KEY), copy=False)
        if not parquet:
            for cell in query.expressions:  # else an empty text would be written as "", and nothing as nothing
                cell.set("this", t.call("NULLIF", t.cast(cell.this, "VARCHAR"), t.lit("")))
        with made(to) as path:
            target = str(path).replace("'", "''")
            options = "FORMAT parquet, COMPRESSION zstd" if parquet else "FORMAT csv, HEADER true"
            self.host.connection.execute(f"COPY ({sql(query)}) TO '{target}' ({options})")

    def _written(self, column: Column, parquet: bool) -> dict[str, Tree]:
        """A column of the file; a figure in Parquet as its side has it, in CSV as text."""
        side, _, name = column.name.partition("_")
        if column.kind == "figure":
            there = [n for n in (name, f"{name}_num", f"{name}_den") if n in self.columns[side]]
            if not parquet:
                return {column.name: self._text(*self._shown(side, name))}
            if there:
                return {f"{side}_{n}": t.col(f"{side}_{n}", "s") for n in there}
            return {column.name: t.cast(t.lit(None), "DECIMAL(18, 0)")}
        value = t.col(column.name, "r" if column.name == "rules" else "s")
        if column.name == "rules":
            value = t.coalesce(value, t.lit(""))
        return {column.name: value if parquet or column.name != "person_id" else safe(value)}

    @staticmethod
    def _text(above: Tree, below: Tree) -> Tree:
        """A figure as result files have it: a decimal without trailing zeros, or a fraction."""
        common = t.call("GCD", above.copy(), below.copy())
        top, bottom = (t.divide(part, common.copy()) for part in (above, below))
        fine = t.cast(t.lit(10**_FINE), "HUGEINT")
        whole = t.times(top.copy(), t.divide(fine, bottom.copy()))
        decimal = t.cast(t.decimal(whole, _FINE), "VARCHAR")
        trimmed = t.call("RTRIM", t.call("RTRIM", decimal, t.lit("0")), t.lit("."))
        finite = t.equal(exp.Mod(this=fine.copy(), expression=exp.paren(bottom.copy())), t.lit(0))
        fraction = t.concat(t.cast(top, "VARCHAR"), t.lit("/"), t.cast(bottom.copy(), "VARCHAR"))
        return t.case([(finite, trimmed)], fraction)
