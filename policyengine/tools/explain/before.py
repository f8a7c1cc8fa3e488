"""The years before that a conclusion looks at: a decision goes in, how those years came out comes out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from policyengine.engines.calendar import days_of, labelled
from policyengine.engines.reference import Prepared, evaluate_person
from policyengine.language.references import LooksBack, looks_back
from policyengine.records.model import Person, Record
from policyengine.tools.enough.trial import spared_rules
from policyengine.tools.explain.case import Earlier, of_period
from policyengine.trace import Decision, Finding

if TYPE_CHECKING:
    from policyengine.tools.result.read import Written

Years = Mapping[int, tuple[Decision, tuple[Finding, ...], frozenset[str]]]
"""Decisions on single years, with their findings and the rules that require what is excused if it is not met, by the
year's number."""


def years_before(
    ready: Prepared, person: Person, records: Iterable[Record], decision: Decision, as_of: date | None
) -> Years:
    """The years that conclusions in force in a decision's period look back on."""
    first, last = labelled(decision.period)
    asked = [years for rule, _ in ready.later.conclusions(last) for years, _ in looks_back(rule.rule.statement.when)]
    span = max(1, last - max(asked, default=0) + 1), last - (first == last)
    if not ready.later.yearly or span[0] > span[1]:
        return {}
    judged = evaluate_person(ready, person, records, span, as_of)
    single = (d for d in judged.decisions if d.period.isdecimal())
    return {int(d.period): (d, of_period(d, judged.findings), spared_rules(ready, person, d)) for d in single}


def looked_at(ready: Prepared, decision: Decision, years: Years) -> dict[str, tuple[Earlier, ...]]:
    """By conclusion in force in a decision's period what it looks back on."""
    last = labelled(decision.period)[1]
    found = {}
    for rule, _ in ready.later.conclusions(last) if years else ():
        if asked := looks_back(rule.rule.statement.when):
            versions, start = partial(versions_of, ready), ready.plan.year_start
            found[rule.key] = tuple(earlier(asked, last, years, versions, start))
    return found


def earlier(
    asked: Iterable[LooksBack],
    last: int,
    years: Years,
    versions: Callable[[str], Container[str]],
    year_start: tuple[int, int],
) -> Iterator[Earlier]:
    """What a conclusion looks back on, the latest year first: of the period what was not met, of a requirement its
    findings. ``versions``: the keys of a requirement's versions, by its name."""
    asked = list(asked)
    for year in sorted(years, reverse=True):
        names = {name for count, name in asked if last - year < count}
        if names:
            decision, findings, spared = years[year]
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
    first, last = labelled(decision.period)
    single = (d for d in decisions if d.period.isdecimal() and d.policy == decision.policy)
    before = (d for d in single if int(d.period) <= last - (first == last))
    years = {int(d.period): (d, of_period(d, findings), frozenset[str]()) for d in before}
    found = {}
    for rule in written.manifest["rules"] if years else ():
        if asked := [(test["years"], test["of"]) for test in rule.get("looks_back", ())]:
            named = {f.rule: written.names_of(f.rule) for f in findings}
            versions = lambda name, named=named: {key for key, names in named.items() if name in names}
            found[rule["key"]] = tuple(earlier(asked, last, years, versions, year_start))
    return found
