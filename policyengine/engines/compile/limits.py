"""The limits of caps: a law and the years in which something is under a cap go in, limits by year come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policyengine.engines.calendar import block_of, period_of
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.cases import Cases
from policyengine.engines.compile.items import YearRange, governed
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.sources import load_windows
from policyengine.engines.compile.trees import Tree
from policyengine.engines.ready import Ready
from policyengine.engines.windows import limit_in
from policyengine.language import tree
from policyengine.records.model import Person


@dataclass(slots=True)
class Cap:
    """A cap of a law. ``number``: its place in the order of caps; ``least``: its smallest limit in any year (None: it
    never has one); ``by_person``: the limit rests on facts of the person; ``unfixed``: some limit is open; ``even``:
    it has the same limit in every year that it governs, and for everybody."""

    law: Law
    number: int
    rule: Ready
    years: YearRange
    least: int | None = None
    by_person: bool = False
    unfixed: bool = False
    even: bool = False

    @property
    def window(self) -> tree.Window:
        return self.rule.rule.statement.window  # type: ignore[attr-defined,no-any-return]

    @property
    def limits(self) -> str:
        """The table of its limits, by year."""
        return f"limits_{self.law.number}_{self.number}"


def caps_of(cases: Cases, law: Law) -> list[Cap]:
    """The caps of a law with their tables of limits."""
    span = t.select(a=t.call("MIN", t.col("period")), b=t.call("MAX", t.col("period")))
    ((first, last),) = cases.sources.host.rows(span.from_(t.table("sums"), copy=False))
    if first is None:
        return []
    caps = []
    for number, rule in enumerate(law.prepared.later.caps):
        cap = Cap(law, number, rule, governed(rule.start, rule.until, law))
        _load_limits(cases, cap, first, last)
        caps.append(cap)
        if isinstance(cap.window, tree.Within):
            load_windows(cases.sources, f"windows_{law.number}_{number}", cap.window, law.plan.year_start)
    return caps


def _load_limits(cases: Cases, cap: Cap, first: int, last: int) -> None:
    """The table of limits: year, least and greatest (``windows.limit_in``), and the combination of person facts."""
    law, sources, window = cap.law, cases.sources, cap.window
    figures = [r.rule.statement.figure for r in (cap.rule, *cap.rule.kept)]  # type: ignore[attr-defined]
    cap.by_person = any(isinstance(a, tree.Field) for f in figures if isinstance(f, tree.Lookup) for a in f.arguments)
    if isinstance(window, tree.PerYears) and window.count > 1:
        last = block_of(last, window.count, window.starting or 0) + window.count - 1
    if isinstance(window, tree.Within):
        if cases.moved and cases.span is not None:  # records end elsewhere than they count
            days = [period_of(day, law.plan.year_start) for day in cases.span]
            first, last = min(first, days[0]), max(last, days[1])
        first, last = first - 1, last + window.months // 12 + 2
    people = range(len(sources.people)) if cap.by_person else (0,)
    draft = sources.draft()
    rows = []
    without = False
    for number in people:
        plan, codes = sources.people[number]
        if cap.by_person and plan != law.number:
            continue
        facts: Any = draft.become([*(0 for _ in sources.signature.axes), *codes])
        for year in range(first, last + 1):
            if not cap.rule.governs(year, law.plan.year_start):
                continue
            limit = limit_in(law.prepared.judge, cap.rule, year, Person("", facts))
            if limit is None:
                without = True
            else:
                rows.append((number, year, cases.in_ticks(limit[0]), cases.in_ticks(limit[1])))
    cap.unfixed = any(row[2] != row[3] for row in rows)
    cap.least = min((row[2] for row in rows), default=None)
    cap.even = not without and len({figure for row in rows for figure in row[2:]}) == 1
    columns = {"rp": "INTEGER", "year": "INTEGER", "l0": "BIGINT", "l1": "BIGINT"}
    cases.sources.host.load(cap.limits, columns, rows)


def limit_of(cap: Cap, year: Tree, rp: Tree) -> Tree:
    same = [t.equal(t.col("year", "l"), year)]
    if cap.by_person:
        same.append(t.equal(t.col("rp", "l"), rp))
    return t.both(*same)
