"""Why a case came out so: failed conditions, what may follow, and the drops, exchanges and carries that bear on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial

from policyengine.engines.calendar import block_of, days_of, label, labelled, period_bounds, period_of
from policyengine.engines.conclude import MET, came_out
from policyengine.engines.facts import DECIDED, Scene
from policyengine.engines.reference import Prepared
from policyengine.engines.require import Span
from policyengine.engines.truth import Cycle, among, compile_condition, ends_of, stretches_of
from policyengine.engines.windows import own_figure
from policyengine.language import tree
from policyengine.language.disjoint import conjuncts
from policyengine.language.references import LooksBack, outcomes_asked, requirements_asked
from policyengine.packs.model import Policy, Rule
from policyengine.plan.model import PlanRule
from policyengine.plan.names import unwrapped, walk
from policyengine.records.model import Person, Record
from policyengine.tools.enough.trial import without_records
from policyengine.tools.explain.before import Years, looked_at, periods_asked, versions_of
from policyengine.tools.explain.case import Earlier, InAll, Lapse, RuleNote, note_of
from policyengine.trace import Decision, Finding, LedgerEntry


class Notes(Mapping[str, RuleNote]):
    """The rules of a policy as notes, each made when it is asked for."""

    def __init__(self, policy: Policy):
        rules = (r for laid in policy.laid for r in (*laid.over, laid.rule))
        self._rules: dict[str, Rule] = {r.key: r for r in rules}
        self._policy = policy
        self._notes: dict[str, RuleNote] = {}

    def __getitem__(self, key: str) -> RuleNote:
        if key not in self._notes:
            self._notes[key] = note_of(self._rules[key], self._policy.vocabulary)
        return self._notes[key]

    def __contains__(self, key: object) -> bool:
        return key in self._rules

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def rule(self, key: str) -> Rule | None:
        return self._rules.get(key)


def why(
    ready: Prepared, notes: Notes, person: Person, rows: Iterable[LedgerEntry], records: Mapping[str, Record]
) -> dict[str, tuple[tree.Condition, ...]]:
    """For each rejected record, which parts of the condition that would recognise it do not hold."""
    failed = {}
    for e in rows:
        rule = notes.rule(e.recognise_rule) if e.reason == "rejected" else None
        record = records.get(e.record_id)
        if rule is None or record is None:
            continue
        statement = unwrapped(rule)
        if isinstance(statement, tree.Recognise) and statement.when is not None:
            scene = Scene(person.facts, record=record, period=period_of(record.end, ready.plan.year_start))
            world, parts = ready.judge.world, conjuncts(statement.when)
            failed[e.record_id] = tuple(c for c in parts if compile_condition(c, world)(scene) is False)
    return failed


def lapses(
    ready: Prepared, notes: Notes, person: Person, decision: Decision, findings: Iterable[Finding],
    rows: Iterable[LedgerEntry], records: Mapping[str, Record], concluding: Iterable[str],
) -> dict[str, tuple[Lapse, ...]]:  # fmt: skip
    """The times that rules asked: of those that a finding names, and of the conclusions ``concluding``, by their keys,
    of a rejected record by its id."""
    world, start, (_, last) = ready.judge.world, ready.plan.year_start, labelled(decision.period)
    period = Scene(person.facts, person.circumstances, None, last, days_of(decision.period, start))
    asked = {key: (key, period) for f in findings for key in (f.rule, *f.because)}
    asked |= {key: (key, period) for key in concluding}
    for e in rows:
        if e.reason == "rejected" and (record := records.get(e.record_id)) is not None:
            scene = Scene(person.facts, record=record, period=period_of(record.end, start))
            asked[e.record_id] = e.recognise_rule, scene
    found = {}
    for name, (key, scene) in asked.items():
        rule = notes.rule(key)
        nodes = [n for n in walk(unwrapped(rule).when) if isinstance(n, tree.Elapsed)] if rule is not None else []
        ends = ((node, *ends_of(node, world, scene)) for node in nodes)
        if told := tuple(Lapse(n, a, b) for n, a, b in ends if a is not None and b is not None):
            found[name] = told
    return found


def leave_in_all(
    ready: Prepared, notes: Notes, person: Person, decision: Decision, findings: Iterable[Finding],
    concluding: Iterable[str],
) -> dict[str, tuple[InAll, ...]]:  # fmt: skip
    """The leave in all that was asked for: by finding what it or its reasons asked of its own window, by conclusion
    what it asked of the period."""
    days, found = days_of(decision.period, ready.plan.year_start), {}
    every = [(f.rule, (f.rule, *f.because), f.window) for f in findings]
    for name, keys, window in (*every, *((key, (key,), days) for key in concluding)):
        scene = Scene(person.facts, person.circumstances, window=window)
        rules = [rule for key in keys if (rule := notes.rule(key)) is not None]
        asked = {
            n: None for rule in rules for n in walk(unwrapped(rule).when) if isinstance(n, tree.Lasts) and n.in_all
        }
        added = ((node, stretches_of(scene, node.kinds or ready.later.world.leave_kinds)) for node in asked)
        if told := tuple(InAll(node, tuple(stretches)) for node, stretches in added if stretches):
            found[name] = told
    return found


Follows = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""Possible consequence → the missing facts on which it depends, and the keys of the rules."""


def concluded(decision: Decision, follows: Follows) -> tuple[str, ...]:
    """The keys of the conclusions that are told of a decision, those that may follow among them."""
    return (*decision.consequence_rules, *(key for _, keys in follows.values() for key in keys))


def may_follow(
    ready: Prepared, person: Person, decision: Decision, findings: Iterable[Finding], years: Years
) -> Follows:
    """For each consequence that is only possible, the person's facts that its rules ask for and that are missing, and
    what would settle the requirements that they name and the years that they look back on; and the keys of those rules
    that are not ruled out by the facts that are there. ``findings``: of the decision, which may be by another policy:
    how requirements came out by this one is not known then; ``years``: those before."""
    first, last = labelled(decision.period)
    findings, asked = tuple(findings), without_records(ready, person)
    named, found_by = rests_on(ready, decision), {f.rule: f for f in findings}
    scene = asked.scene(last, days_of(decision.period, ready.plan.year_start))
    told_of = {period: of_year for period, (_, of_year, _) in years.items()}
    outcomes = {period: told.outcome for period, (told, *_) in years.items()} | {decision.period: decision.outcome}
    scene.outcome = lambda year: outcomes.get(decision.period if year is None else str(year), frozenset(DECIDED))
    span, own_policy = Span(first, last - first + 1), ready.plan.policy == decision.policy
    spared = frozenset(asked.spared(span))
    this = {decision.period: (decision, findings, spared)} if own_policy else {}
    counted = looked_at(ready, decision, {**this, **years})
    found: Follows = {}
    for rule, name in ready.later.conclusions(last) if decision.possible else ():
        own = [found_by[key] for key in named.get(rule.key, ()) if key in found_by]
        every = {**told_of, decision.period: own} if own_policy else {}
        scene.requirement = partial(_required, ready, decision, every)
        ends = [asked.ends_with(one, span) for one in ready.later.named(rule)]
        sure = rule.key in decision.consequence_rules
        if name in decision.possible and not sure and False not in ends and rule.test(scene) is not False:
            facts, keys = found.get(name, ((), ()))
            left_open = (m for year in counted.get(rule.key, ()) for m in _left_open(ready, rule.rule, decision, year))
            named_open = own if not own_policy else [f for f in own if _open_itself(ready, rule.rule, f, spared)]
            lacks = (*rule.lacks(scene), *(m for f in named_open for m in f.missing), *left_open)
            found[name] = tuple(dict.fromkeys((*facts, *lacks))), (*keys, rule.key)
    return found


def _required(
    ready: Prepared, decision: Decision, every: Mapping[str, Iterable[Finding]], name: str, year: int | None
) -> frozenset[str]:
    """The outcomes that are possible for a requirement in a year or cycle, or in the decision's period (None).
    ``every``: what is known of them, by period."""
    period = decision.period if year is None else str(year)
    if isinstance(year, Cycle):
        first, last = labelled(decision.period)
        block = ready.later.block_before(name, first, last - first + 1, year)
        if block is None and every:
            return MET
        period = label(*block) if block else ""
    return came_out(every[period], versions_of(ready, name)) if period in every else frozenset(DECIDED)


def _open_itself(ready: Prepared, rule: PlanRule[tree.Statement], f: Finding, spared: frozenset[str]) -> bool:
    """Whether it is open what a conclusion asks of one of the decision's findings alone; of several years: see
    ``_left_open``."""
    asked = (test for test in requirements_asked(rule.statement.when) if isinstance(test, tree.Outcome))
    own = (test for test in asked if f.rule in versions_of(ready, test.rule or ""))
    return any(among(_possible(f, spared), test.state) is None for test in own)


def _possible(f: Finding, spared: frozenset[str]) -> frozenset[str]:
    """The outcomes that are possible for a finding. ``spared``: what is excused if it is not met."""
    if f.rule in spared and f.status not in DECIDED:
        return frozenset(("met", "excused"))
    return came_out((f,), (f.rule,))


def _left_open(ready: Prepared, rule: PlanRule[tree.Statement], decision: Decision, year: Earlier) -> Iterator[str]:
    """The missing facts of one of several years or cycles on which it depends what a conclusion asks of it. Whether
    somebody met what is excused otherwise is nothing to the years that were not met."""
    for f in year.findings:
        possible = _possible(f, year.spared)
        for test in outcomes_asked(rule.statement.when):
            if not isinstance(test, tree.InEach):
                continue
            asked = periods_asked(ready, decision, LooksBack(test.years, test.rule, test.cycles))
            if year.period in (period for period, _ in asked):
                own = year.outcome not in DECIDED if test.rule is None else f.rule in versions_of(ready, test.rule)
                if own and among(possible, *test.states) is None:
                    yield from f.missing
                    break


def rests_on(ready: Prepared, decision: Decision) -> dict[str, tuple[str, ...]]:
    """By conclusion in force in a decision's period the rules of the requirements that it names."""
    first, last = labelled(decision.period)
    owed = ready.later.requirements(first, last - first + 1)
    rules = (rule for rule, _ in ready.later.conclusions(last) if ready.later.named(rule))
    return {rule.key: tuple(r.key for r, _ in owed if r.rule.name in ready.later.named(rule)) for rule in rules}


def besides(
    ready: Prepared, notes: Notes, policy: Policy, decision: Decision, findings: Iterable[Finding],
    rows: Iterable[LedgerEntry], records: Mapping[str, Record],
) -> tuple[tuple[str, str], ...]:  # fmt: skip
    """The drops in force in the decision's period, with what they drop, the exchanges that its figures needed, and the
    rules by which hours were carried over, or may be. ``rows``: of its period, and of what counts in its windows."""
    start, end = days_of(decision.period, policy.year_start)
    findings = tuple(findings)
    asks = partial(_asks, ready, decision)
    dropped = [d for d in policy.dropped if d.holds_in(start, end) and asks(d.over[0])]
    found = {(d.rule.key, d.over[0].key): None for d in dropped}
    carries = tuple(_carries(ready, policy, decision, findings))
    asked = [(notes.rule(key), end) for f in findings for key in (f.rule, *f.because)]
    asked += [(notes.rule(key), end) for key in carries]
    for e in rows:
        record = records.get(e.record_id)
        if record is not None and e.converted_high != 0:
            asked += [(notes.rule(key), record.end) for key in e.convert_rule.split("+")]
            capping = [rule for key in e.cap_rule.split("+") if (rule := notes.rule(key)) is not None]
            asked += [(rule, _last_day(rule, int(e.period), policy)) for rule in capping if e.period is not None]
    for rule, day in dict.fromkeys(asked):
        unit = _unit(rule, ready)
        exchange = ready.judge.exchanging(unit, day) if unit is not None and unit != ready.plan.unit else None
        if exchange is not None:
            found[exchange[0], ""] = None
    return *found, *((key, "") for key in carries)


def _carries(ready: Prepared, policy: Policy, decision: Decision, findings: Iterable[Finding]) -> Iterator[str]:
    """The rules by which hours of the year before count, or may: then more may be achieved in total than counts."""
    period, before = days_of(decision.period, policy.year_start), labelled(decision.period)[0] - 1
    perhaps = ("total", period)
    carried = {
        f.rule
        for f in findings
        if f.carried or ((f.measure, f.window) == perhaps and f.achieved_high != decision.total_high)
    }
    names = {r.rule.name for r in ready.later.require if r.key in carried}
    for carry in ready.later.carry:
        statement = carry.rule.statement
        assert isinstance(statement, tree.Carry)
        if statement.rule in names and carry.governs(before, policy.year_start):
            yield carry.key


def _last_day(rule: Rule, period: int, policy: Policy) -> date:
    """The day whose exchange turns a cap's figure: the last of the year in which its window ends."""
    window = getattr(unwrapped(rule), "window", None)
    if isinstance(window, tree.PerYears) and window.count > 1:
        period = block_of(period, window.count, window.starting or 0) + window.count - 1
    return period_bounds(period, policy.year_start)[1]


def kept_caps(ready: Prepared, decision: Decision) -> dict[str, tuple[str, ...]]:
    """By cap, the keys of the base caps that hold with it in a decision's period: the least of their figures cuts."""
    _, last = labelled(decision.period)
    caps = (cap for cap in ready.later.caps if cap.kept and cap.governs(last, ready.plan.year_start))
    return {cap.key: tuple(k.key for k in cap.kept) for cap in caps}


def blocks_around(ready: Prepared, decision: Decision) -> tuple[tuple[str, str], ...]:
    """The blocks that a decision's year lies in, each with the keys of what is required of it."""
    year, last = labelled(decision.period)
    found = []
    for count, starting in ready.later.blocks if year == last else ():
        first = block_of(year, count, starting)
        if keys := [rule.key for rule, _ in ready.later.requirements(first, count)]:
            found.append((label(first, count), "+".join(keys)))
    return tuple(found)


def _asks(ready: Prepared, decision: Decision, rule: Rule) -> bool:
    """Whether a rule asks anything of a period: not where its figure is in a table without a row for it."""
    figure = getattr(unwrapped(rule), "figure", None)
    if not isinstance(figure, tree.Lookup):
        return True
    return own_figure(ready.judge, figure, labelled(decision.period)[1], Person(decision.person_id)) is not None


def _unit(rule: Rule | None, ready: Prepared) -> str | None:
    """The unit that a rule's figure is in; of a reduction and of a carry that of their quantity."""
    statement = unwrapped(rule) if rule is not None else None
    figure = next((f for name in ("figure", "by", "limit") if (f := getattr(statement, name, None)) is not None), None)
    if isinstance(figure, tree.Lookup):
        return ready.judge.world.finders[figure.table].value_unit()
    unit = getattr(figure, "unit", None)
    return unit if isinstance(unit, str) else None
