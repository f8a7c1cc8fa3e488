"""The years and cycles before that a conclusion looks at: a decision goes in, how they came out comes out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from policyengine.engines.calendar import days_of, label, labelled
from policyengine.engines.reference import Prepared, evaluate_person
from policyengine.language.references import LooksBack, looks_back
from policyengine.records.model import Person, Record
from policyengine.tools.enough.trial import spared_rules
from policyengine.tools.explain.case import Earlier, of_period
from policyengine.trace import Decision, Finding

if TYPE_CHECKING:
    from policyengine.tools.result.read import Written

Years = Mapping[str, tuple[Decision, tuple[Finding, ...], frozenset[str]]]
"""Decisions on single years and blocks before, with their findings and the rules that require what is excused if it is
not met, by their periods."""
Asked = tuple[str, str | None]
"""A period that a conclusion looks at, and the requirement whose outcome it asks for; None: that of the period."""


def years_before(
    ready: Prepared, person: Person, records: Iterable[Record], decision: Decision, as_of: date | None
) -> Years:
    """The years, and cycles, that conclusions in force in a decision's period look back on."""
    _, last = labelled(decision.period)
    asked = (one for rule, _ in ready.later.conclusions(last) for one in looks_back(rule.rule.statement.when))
    wanted = {period for one in asked for period, _ in periods_asked(ready, decision, one)} - {decision.period}
    if not wanted:
        return {}
    ends = [labelled(period) for period in wanted]
    span = min(first for first, _ in ends), max(end for _, end in ends)
    judged = evaluate_person(ready, person, records, span, as_of)
    found = (d for d in judged.decisions if d.period in wanted)
    return {d.period: (d, of_period(d, judged.findings), spared_rules(ready, person, d)) for d in found}


def periods_asked(ready: Prepared, decision: Decision, asked: LooksBack) -> Iterator[Asked]:
    """The periods that a test of a conclusion looks at, the decision's own among them where it does."""
    first, last = labelled(decision.period)
    if not asked.cycles:
        years = range(max(1, last - asked.many + 1), last + 1) if ready.later.yearly else ()
        yield from ((str(year), asked.rule) for year in years)
        return
    yield decision.period, asked.rule
    for ago in range(1, asked.many):
        if block := ready.later.block_before(asked.rule or "", first, last - first + 1, ago):
            yield label(*block), asked.rule


def looked_at(ready: Prepared, decision: Decision, years: Years) -> dict[str, tuple[Earlier, ...]]:
    """By conclusion in force in a decision's period what it looks back on."""
    last = labelled(decision.period)[1]
    found = {}
    for rule, _ in ready.later.conclusions(last) if years else ():
        if asked := looks_back(rule.rule.statement.when):
            periods = [period for one in asked for period in periods_asked(ready, decision, one)]
            found[rule.key] = tuple(earlier(periods, years, partial(versions_of, ready), ready.plan.year_start))
    return found


def earlier(
    asked: Iterable[Asked], years: Years, versions: Callable[[str], Container[str]], year_start: tuple[int, int]
) -> Iterator[Earlier]:
    """What a conclusion looks back on, the latest year first: of the period what was not met, of a requirement its
    findings. ``versions``: the keys of a requirement's versions, by its name."""
    asked = list(asked)
    for period in sorted(years, key=lambda p: labelled(p)[1], reverse=True):
        names = {name for when, name in asked if when == period}
        if names:
            decision, findings, spared = years[period]
            whole, own = None in names, [versions(name) for name in names if name is not None]
            shown = (
                f
                for f in findings
                if any(f.rule in keys for keys in own) or (whole and not f.advisory and f.status != "met")
            )
            days = days_of(decision.period, year_start)
            yield Earlier(decision.period, days, decision.outcome if whole else None, tuple(shown), spared)


def versions_of(ready: Prepared, name: str) -> set[str]:
    """The keys of the versions of a requirement."""
    return {r.key for r in ready.later.require if r.rule.name == name}


def looked_at_in(
    written: Written,
    decision: Decision,
    decisions: Iterable[Decision],
    findings: Sequence[Finding],
    year_start: tuple[int, int],
) -> dict[str, tuple[Earlier, ...]]:
    """As ``looked_at``, as far as the years stand in a written result."""
    last = labelled(decision.period)[1]
    before = (d for d in decisions if d.policy == decision.policy and d.period != decision.period)
    years = {d.period: (d, of_period(d, findings), frozenset[str]()) for d in before}
    named = {f.rule: written.names_of(f.rule) for f in findings}
    found = {}
    for rule in written.manifest["rules"] if years else ():
        periods = list[Asked]()
        for test in rule.get("looks_back", ()):
            if "cycles" in test:
                blocks = (written.block_before(decision, test["of"], ago) for ago in range(1, test["cycles"]))
                periods += [(block, test["of"]) for block in blocks if block is not None]
            else:
                periods += [(str(last - ago), test["of"]) for ago in range(test["years"])]
        if periods:
            versions = lambda name, named=named: {key for key, names in named.items() if name in names}
            found[rule["key"]] = tuple(earlier(periods, years, versions, year_start))
    return found
