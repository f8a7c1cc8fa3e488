"""Compliance flags: laws and canonical tables go in, the query for the flags of all records comes out.

Flags change nothing that counts, and most look at facts that nothing else asks for. So they have signatures of their
own, which keeps those of the other stages small; only records whose own facts can bear a flag are joined with persons.
Repeated records are found by a hash of what must be the same: only where two hashes are alike are rows put in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.draft import Memo, judged
from policyengine.engines.compile.host import Host
from policyengine.engines.compile.items import may_repeat, unrouted
from policyengine.engines.compile.law import Flagged, flag_law_of
from policyengine.engines.compile.shares import shares_of
from policyengine.engines.compile.sources import Names, Sources, sources_of
from policyengine.engines.protocol import Selection
from policyengine.language import tree
from policyengine.language.disjoint import conjuncts
from policyengine.plan.model import Plan
from policyengine.plan.names import walk

AT_ONCE = 4_000_000  # hashes that are compared at once, about 40 bytes each


@dataclass(slots=True)
class Flags:
    """``found``: flags by key of a record with its person, where there are any."""

    sources: Sources
    cases: Cases
    found: dict[int, Flagged] = field(default_factory=dict)

    @classmethod
    def of(cls, plans: Sequence[Plan], host: Host, names: Names, cases: Cases) -> Flags | None:
        """The flags of some plans; None where they have none."""
        if not any(plan.flags for plan in plans):
            return None
        made = [flag_law_of(number, plan) for number, plan in enumerate(plans)]
        return cls(sources_of(made, host, names, "flag_"), cases)

    @property
    def host(self) -> Host:
        return self.sources.host

    def prepare(self, selection: Selection | None) -> None:
        """Judge the combinations that occur; make the tables of records that may bear a flag, and of repeated ones."""
        sources = self.sources
        sources.load(selection)
        occurring = [key for (key,) in self.host.rows(self._own().distinct(copy=False))]
        self._judge(occurring, 0)
        mine = {key % self._size if not sources.carried else key for key in self.found}
        self.host.load("flag_keys", {"key": "BIGINT"}, ((key,) for key in sorted(mine)))
        for place, names in enumerate(sources.repeats):
            self._keep_twins(place, names)
        self._keep_records()
        if sources.repeats:
            self._keep_repeated()
        self._load()

    def routes(self) -> list[Any]:
        """Persons with a record of which it is open whether it repeats another one: one of the two lacks a value. They
        are looked for only where a record does."""
        host, sources = self.host, self.sources
        found = []
        for place, names in enumerate(sources.repeats):
            values = {f"v{i}": sources.records.value(name) for i, name in enumerate(names)}
            columns = t.cols("r", "record_id", "person_id")
            every = t.select(**columns, **values).from_(t.table(sources.names.records, "r"), copy=False)
            lacking, table = t.either(*(t.missing(v.copy()) for v in values.values())), f"flag_blank_{place}"
            host.keep(table, every.where(lacking))
            ((some,),) = host.rows(t.select(n=t.count()).from_(t.table(table), copy=False))
            if some:
                if demanded := self._demanded(names):  # one of the two has to bear the flag
                    every.where(t.both(*(t.present(sources.records.value(name)) for name in demanded)), copy=False)
                pairs = may_repeat(list(values), t.table(table, "b"), t.sub(every, "m"))
                host.keep(f"flag_open_{place}", pairs.distinct(copy=False))
                query = t.select(person_id=t.col("person_id"))
                found.append(query.from_(t.table(f"flag_open_{place}"), copy=False))
            host.drop(table)
        return found

    def _demanded(self, names: tuple[str, ...]) -> list[str]:
        """Those of the compared facts without which a record bears no flag for repeating another one."""
        found = set(names)
        for law in self.sources.laws:
            for statement in (s for rule in law.plan.flags for s in rule.statements):
                if any(isinstance(n, tree.Repeated) and n.fields == names for n in walk(statement.when)):
                    parts = conjuncts(statement.when)
                    found &= {c.field for c in parts if isinstance(c, tree.Present) and not c.negated}
        return sorted(found)

    # --- keys ---------------------------------------------------------------------------------------------------------

    @property
    def _size(self) -> int:
        return self.sources.signature.size

    def _own(self, **columns: Any) -> Any:
        """Every record with the key of its own facts; where they are compared with the person's, the whole key."""
        sources = self.sources
        query = t.select(key=sources.key() if sources.carried else sources.own_key(), **columns)
        return sources.relation(query, people=bool(sources.carried))

    def _keep_records(self) -> None:
        """The table of records that may bear a flag, by their own facts or because they may repeat another one, with
        their hashes (``h0``…) and what must be the same (``of_…``): one pass for both."""
        repeats = self.sources.repeats
        columns = t.cols("r", "record_id", "person_id", "end")
        compared = sorted({name for names in repeats for name in names})
        columns |= {f"of_{name}": self.sources.records.value(name) for name in compared}
        columns |= {f"h{place}": self._hash(names)[0] for place, names in enumerate(repeats)}
        some = t.select(**t.cols("s", "key", *columns))
        some.from_(t.sub(self._own(**columns), "s"), copy=False)
        may = [t.found_in(t.col("key", "s"), "key", "flag_keys")]
        may += [t.found_in(t.col(f"h{place}", "s"), "h", f"flag_twins_{place}") for place in range(len(repeats))]
        self.host.keep("flag_records", some.where(t.either(*may), copy=False))

    def _judge(self, keys: Sequence[int], added: int) -> None:
        """Judge keys of records, each with every combination that persons have; ``added``: what repetition adds."""
        sources, draft = self.sources, self.sources.draft()
        memos, alike = dict[int, Memo[Flagged]](), dict[Flagged, Flagged]()
        people = [None] if sources.carried else [*range(len(sources.people))]
        for own in keys:
            for number in people:
                key = own + added + (0 if number is None else number * self._size)
                who, codes = sources.split(key)
                plan = sources.people[who][0]
                if plan < 0:
                    continue
                if plan not in memos:
                    memos[plan] = Memo(partial(judged, sources.laws[plan].flagged, draft), alike)
                flagged = memos[plan].of(codes)
                if flagged:
                    self.found[key] = flagged

    # --- repeated records ---------------------------------------------------------------------------------------------

    def _keep_repeated(self) -> None:
        """The table of records that repeat an earlier one of the person, with the keys that they have as such."""
        own = t.union(*(self._repeated(place, names) for place, names in enumerate(self.sources.repeats)))
        group = ("record_id", "person_id", "key")
        together = t.select(**t.cols("u", *group), added=t.whole_sum(t.col("added", "u")))
        together.from_(t.sub(own, "u"), copy=False)
        self.host.keep("flag_repeated", t.grouped_by(together, "u", *group))
        asked = t.select(key=t.col("key"), added=t.col("added")).from_(t.table("flag_repeated"), copy=False)
        by: dict[int, list[int]] = {}
        for key, added in self.host.rows(asked.distinct(copy=False)):
            by.setdefault(added, []).append(key)
        for added, keys in by.items():
            self._judge(keys, added)

    def _hash(self, names: tuple[str, ...]) -> tuple[Any, Any]:
        """A number that is the same for records that may repeat each other, and whether a record has the facts."""
        values = [self.sources.records.value(name) for name in names]
        return t.call("HASH", t.col("person_id", "r"), *values), t.both(*(t.present(v.copy()) for v in values))

    def _keep_twins(self, place: int, names: tuple[str, ...]) -> None:
        """The table of hashes that several records have, worked out in shares of the persons that fit in memory: where
        the records of a person stand together, each share reads its own part of the file. The second of each is taken
        by its number, because hashes are nearly all different: numbering takes half the time of grouping."""
        relation = t.table(self.sources.names.records, "r")
        ((rows,),) = self.host.rows(t.select(n=t.count()).from_(relation, copy=False))
        value, known = self._hash(names)
        parts = []
        for turn, share in enumerate(shares_of(self.host, "everyone", 1 + rows // AT_ONCE)):
            hashes = t.select(h=value.copy()).from_(relation.copy(), copy=False).where(known.copy(), copy=False)
            h = t.col("h", "x")
            counted = t.select(h=h, n=t.rank([h.copy()], [h.copy()]))
            counted.from_(t.sub(share.of(hashes, "r"), "x"), copy=False)
            twice = t.select(h=t.col("h", "y")).from_(t.sub(counted, "y"), copy=False)
            twice.where(t.equal(t.col("n", "y"), t.lit(2)), copy=False)
            name = f"flag_twins_{place}_{turn}"
            self.host.keep(name, twice)
            parts.append(t.select(h=t.col("h")).from_(t.table(name), copy=False))
        self.host.keep(f"flag_twins_{place}", t.union(*parts))
        for turn in range(len(parts)):
            self.host.drop(f"flag_twins_{place}_{turn}")

    def _repeated(self, place: int, names: tuple[str, ...]) -> Any:
        """Records of which the person has an earlier one with the same values."""
        sources = self.sources
        values = [t.col(f"of_{name}", "s") for name in names]
        ranked = t.select(
            **t.cols("s", "record_id", "person_id", "key"),
            place=t.rank([t.col("person_id", "s"), *values], [t.col("end", "s"), t.col("record_id", "s")]),
        ).from_(t.table("flag_records", "s"), copy=False)
        twin = t.found_in(t.col(f"h{place}", "s"), "h", f"flag_twins_{place}")
        ranked.where(t.both(twin, *(t.present(value.copy()) for value in values)), copy=False)
        stride = sources.signature.stride(repeated_axis(names))
        later = t.select(**t.cols("k", "record_id", "person_id", "key"), added=t.lit(stride))
        return later.from_(t.sub(ranked, "k"), copy=False).where(
            t.compare(t.col("place", "k"), ">", t.lit(1)), copy=False
        )

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Load flags by key, and their words."""
        numbers: dict[tuple[int, Flagged], int] = {}
        keyed = []
        for key, flagged in self.found.items():
            plan = self.sources.people[key // self._size][0]
            keyed.append((key, numbers.setdefault((plan, flagged), len(numbers))))
        words = []
        for (plan, flagged), number in numbers.items():
            for place, certain, missing in flagged:
                rule = self.sources.laws[plan].prepared.flags[place]
                statement = rule.rule.statement
                assert isinstance(statement, tree.Flag)
                lacks = self.cases.list_of(missing)
                words.append((number, statement.name, rule.key, statement.text or "", certain, lacks))
        self.host.load("flag_cases", {"key": "BIGINT", "flags": "INTEGER"}, keyed)
        shape = {"flags": "INTEGER", "flag": "VARCHAR", "rule": "VARCHAR", "text": "VARCHAR"}
        self.host.load("flag_words", {**shape, "certain": "BOOLEAN", "miss": "INTEGER"}, words)

    def rows(self) -> Any:
        """A row for every flag of a record; ``miss``: the number of the list of facts that would settle it."""
        sources = self.sources
        names = ("record_id", "person_id", "key")
        plain = t.select(**t.cols("c", *names)).from_(t.table("flag_records", "c"), copy=False)
        parts = [plain]
        if sources.repeats:
            again = t.table("flag_repeated", "z")
            t.join(plain, again, t.agree("z", "c", "record_id"), "LEFT")
            plain.where(t.missing(t.col("record_id", "z")), copy=False)
            key = t.add([t.col("key", "z"), t.col("added", "z")])
            repeated = t.select(**t.cols("z", "record_id", "person_id"), key=key)
            parts.append(repeated.from_(again.copy(), copy=False))
        query = t.select(
            **t.cols("c", "record_id", "person_id"), **t.cols("f", "flag", "rule", "text", "certain", "miss")
        ).from_(t.sub(t.union(*parts), "c"), copy=False)
        key = t.col("key", "c")
        if sources.joined and not sources.carried:
            t.join(query, t.table(sources.people_table, "p"), t.same_person("p", "c"), "LEFT")
            number = t.cast(t.coalesce(t.col("rp", "p"), t.lit(0)), "BIGINT")
            key = t.add([t.times(number, t.lit(self._size)), key])
        t.join(query, t.table("flag_cases", "g"), t.equal(t.col("key", "g"), key))
        t.join(query, t.table("flag_words", "f"), t.agree("f", "g", "flags"))
        return unrouted(query, "c")


def repeated_axis(names: Sequence[str]) -> str:
    """The axis that says whether a record repeats an earlier one in these fields."""
    return "\x00repeated:" + ",".join(names)
