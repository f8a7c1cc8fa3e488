"""A status database goes in, its current results come out as written results, for reports and certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from typing import Any

from policyengine.address import shown
from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.compile import trees as t
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.tools.publish.reading import copied, lacking, manifests_in, of_result
from policyengine.tools.publish.schema import views
from policyengine.tools.result.read import Row, Written
from policyengine.tools.result.tables import FINDINGS, FLAGS, LEDGER, MISSING, Column
from policyengine.tools.stats.origin import Facts

_SHAPES = {"findings": FINDINGS, "ledger": (*LEDGER, Column("assign_rule")), "flags": FLAGS, "missing": MISSING}
_ORDER = {"findings": ("period", "policy", "rule"), "ledger": ("record_id",), "flags": ("record_id", "flag", "rule")}
# columns with keys of rules, some with several (``a+b``, ``a; b``)
_KEYS = ("rule", "because", "advisories")
OF_LEDGER = ("recognise_rule", "convert_rule", "assign_rule", "cap_rule")
_WORDS = ("zh", "en", "cites", "said", "confidence")
_DECIDED = ("total", "required_total", "shortfall_total", "capped_off")
_OF_MEASURE = (("", "value"), ("required_", "required"), ("shortfall_", "shortfall"))


def current_of(connection: Any, folder: Path, place: str) -> tuple[Written, list[Current]]:
    """One written result that has the words of all of the database (not its rows), and every result in it, the
    earliest first: ids of records are unique within a result only."""
    wanted = ("results", "decisions", "decision_measures", "people", "activities", *_SHAPES)
    tables = {w: copied(connection, folder, place, f"current_{w}", views()[f"current_{w}"]) for w in wanted}
    manifests = manifests_in(connection, tables["results"], place)
    if not manifests:
        text = say("nothing has been published here", "此库中尚无结果")
        raise PolicyError([Diagnostic("PE501", text, Span(shown(place)))])
    names = list(_apart(manifests))
    manifests = [_renamed(m, own) for m, own in zip(manifests, names, strict=True)]
    every = [
        Current(Path(place), m, connection, tables, n, own)
        for n, (m, own) in enumerate(zip(manifests, names, strict=True))
    ]
    return Written(Path(place), _together(manifests)), every


@dataclass(frozen=True)
class Current(Written):
    """What is current of one result of a database: rows of the ``current_…`` views in the words of a written result,
    in the order of persons. ``tables``: the views' copies. ``number``: which of the database's results it is.
    ``names``: the keys, as they are shown, of its rules that a later result has in other words."""

    connection: Any
    tables: Mapping[str, str]
    number: int
    names: Mapping[str, str]

    def facts(self) -> Facts:
        """What the result knows of people and activities, as tables in the shape of canonical ones."""
        days = {"start": "first_day", "end": "last_day"}
        known = ("record_id", "person_id", "start", "end", "title", "provider", "evidence", "result")
        records = t.select(**{c: t.col(days.get(c, c)) for c in known}).from_(self.relation("activities"))
        people = [c for c in views()["current_people"] if c != "result_id"]
        persons = t.select(**t.cols("own", *people)).from_(self.relation("people"))
        known_as = [f"known_{what}_{self.number}" for what in ("records", "persons")]
        for view, query in zip(known_as, (records, persons), strict=True):
            self.connection.cursor().execute(f"CREATE OR REPLACE VIEW {view} AS {query.sql('duckdb')}")
        bare = self.lacks()
        return Facts(None if "activities" in bare else known_as[0], None if "people" in bare else known_as[1], ())

    def lacks(self) -> list[str]:
        """Of what nothing was known when the result was published."""
        return lacking(
            self.connection, {f"current_{table}": name for table, name in self.tables.items()}, self.manifest
        )

    def relation(self, table: str) -> Any:
        """What to select a table's rows from."""
        return of_result(self.tables[table], str(self.manifest["sha256"]), list(views()[f"current_{table}"]))

    @property
    def decided(self) -> int:
        ((count,),) = self._run(t.select(n=t.count()).from_(self.relation("decisions"))).fetchall()
        return int(count)

    # --- rows ---

    def rows(self, table: str, person: str | None = None) -> Iterator[Row]:
        if table == "decisions":
            yield from self._decided(person)
            return
        for row in self._all(table, person, *_ORDER.get(table, ())):
            yield {c.name: _figure(row, c.name) if c.kind == "figure" else row[c.name] for c in _SHAPES[table]}

    def _decided(self, person: str | None) -> Iterator[Row]:
        """Decisions with their subjects and measures, which stand in rows of their own."""
        key = itemgetter("person_id", "period", "policy")
        measures = self._all("decision_measures", person, "period", "policy")
        waiting = next(measures, None)
        for row in self._all("decisions", person, "period", "policy"):
            own = key(row)
            found: dict[str, Any] = {k: row[k] for k in ("person_id", "period", "policy", "outcome")}
            found |= {c: _figure(row, c) for c in _DECIDED}
            found |= {"advisories": row["advisories"], "consequences": row["consequences"]}
            while waiting is not None and key(waiting) <= own:
                if key(waiting) == own:
                    found |= {f"{p}{waiting['measure']}": _figure(waiting, c) for p, c in _OF_MEASURE}
                waiting = next(measures, None)
            yield found

    def _all(self, table: str, person: str | None, *by: str) -> Iterator[dict[str, Any]]:
        query = t.select_all(self.relation(table)).order_by(*map(t.col, ("person_id", *by)))
        if person is not None:
            query = query.where(t.equal(t.col("person_id"), t.lit(person)))
        result = self._run(query)
        names = [d[0] for d in result.description]
        while rows := result.fetchmany(5_000):
            for row in rows:
                found = dict(zip(names, row, strict=True))
                if self.names:
                    found |= {c: in_names(found[c], self.names) for c in (*_KEYS, *OF_LEDGER) if found.get(c)}
                yield found

    def _run(self, query: Any) -> Any:
        return self.connection.cursor().execute(query.sql("duckdb"))


def _figure(row: dict[str, Any], column: str) -> Fraction | None:
    value = row[f"{column}_exact"] or row[column]
    return None if value is None else Fraction(value)


def _apart(manifests: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """For each result the rules that a later one has in other words: the law of a year stays that of its result.

    Their keys are named with the result's periods, or with its number where a result of the same ones has other words.
    """
    last = {r["key"]: r for m in manifests for r in m["rules"]}
    taken: set[str] = set()
    for number, m in enumerate(manifests, 1):
        own = [r["key"] for r in m["rules"] if any(r.get(w) != last[r["key"]].get(w) for w in _WORDS)]
        years = ", ".join(m["outcomes"])
        found = {key: f"{key} ({years})" for key in own}
        found = {key: f"{key} ({years}, {number})" if name in taken else name for key, name in found.items()}
        taken.update(found.values())
        yield found


def _renamed(manifest: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    if not names:
        return manifest
    rules = []
    for rule in manifest["rules"]:
        lists = {c: [names.get(k, k) for k in rule[c]] for c in ("overrides", "drops") if c in rule}
        rules.append({**rule, "key": names.get(rule["key"], rule["key"]), **lists})
    return {**manifest, "rules": rules}


def in_names(keys: str, names: Mapping[str, str]) -> str:
    """The keys of a cell as they are shown."""
    return re.sub(r"[^+;\s]+", lambda key: names.get(key[0], key[0]), keys)


def _together(manifests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One manifest for the current results: every policy and rule once, the later one's words first."""
    last = manifests[-1]
    rules: dict[str, Any] = {}
    for m in manifests:
        rules.update({r["key"]: _also(rules.get(r["key"], {}), r) for r in m["rules"]})
    policies, packs = ({p["id"]: p for m in manifests for p in m[what]} for what in ("policies", "packs"))
    rows = {k: sum(m["rows"][k] for m in manifests) for k in ("in", "records", "rejected", "persons")}
    tables = {name: entry for m in manifests for name, entry in m["tables"].items()}
    return {
        **last, "policies": list(policies.values()), "rules": list(rules.values()), "packs": list(packs.values()),
        "rows": rows, "tables": tables,
    }  # fmt: skip


def _also(known: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """The rule as the later result has it, with what only the earlier one says: policies, what it stands over."""
    return {**known, **rule, "policies": list(dict.fromkeys([*known.get("policies", ()), *rule["policies"]]))}
