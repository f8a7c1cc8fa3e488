"""``test --coverage``: a pack and its cases in, out which rules, branches of conditions, and table rows they touch.

A *point* is something a case can show: that a rule applied, that a part of a condition held and that it didn't, that a
requirement was met and not met, that a cap cut and left whole, that a row of a table was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from policyengine.diagnostics import Span
from policyengine.engines.calendar import covers, days_of, label, labelled, period_bounds, period_of
from policyengine.engines.conclude import MET, came_out
from policyengine.engines.facts import DECIDED, Scene, World, find_row
from policyengine.engines.ledger import Earlier
from policyengine.engines.reference import Prepared, evaluate, prepare
from policyengine.engines.truth import Cycle, compile_condition, compile_what
from policyengine.language import tree
from policyengine.language.printer import print_condition
from policyengine.messages import say
from policyengine.packs.tests_model import Case
from policyengine.plan.model import PlanRule
from policyengine.plan.names import walk
from policyengine.records.model import Inputs
from policyengine.tools.prove.meeting import OF_RECORDS
from policyengine.tools.test.run import Bench, judged
from policyengine.trace import Finding, Result

BEFORE = 6  # years before the expected ones that a condition may look back to
Rule = PlanRule[tree.Statement]
LEAVES = (
    tree.Compare, tree.In, tree.InTable, tree.Present, tree.InRange, tree.Elapsed, tree.Lasts, tree.Repeated,
    tree.Outcome, tree.InEach,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """``kind``: ``rule`` (it applied), ``branch`` or ``row``. ``what``: in words; ``span``: of the rule or the
    table.
    """

    kind: str
    rule: str
    what: str
    span: Span | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one pack: every point, and whether a case touches it."""

    pack: str
    points: dict[Point, bool]

    def share(self, kind: str) -> tuple[int, int]:
        """How many points of a kind are touched, and how many there are."""
        held = [touched for p, touched in self.points.items() if p.kind == kind]
        return sum(held), len(held)

    def missing(self) -> list[Point]:
        """What no case touches, in the order of the files."""
        found = [p for p, touched in self.points.items() if not touched]
        return sorted(found, key=lambda p: (p.span.file, p.span.line) if p.span else ("", 0))


def coverage(bench: Bench) -> Coverage:
    """What the pack's cases touch of the pack's own rules and tables."""
    prepared = prepare(bench.plan)
    world = prepared.judge.world
    rules = [r for r in bench.plan.rules() if r.rule.pack == bench.pack]
    points: dict[Point, bool] = {}
    seen: set[Point] = set()
    for rule in rules:
        points |= dict.fromkeys(_points(rule, bench), False)
    points |= dict.fromkeys(_table_rows(bench), False)
    for case, inputs in bench.cases:
        first, last = case.periods
        result = judged(prepared, case, inputs)
        applied = keys_of(result)
        longer = evaluate(prepared, inputs, (first - BEFORE, last), case.as_of)
        scenes = list(_scenes(prepared, case, inputs, longer))
        for rule in rules:
            seen.update(_touched(rule, bench, world, scenes, result, applied))
        seen.update(_rows_found(bench, world, scenes))
    return Coverage(bench.pack, {p: p in seen for p in points})


def keys_of(result: Result) -> frozenset[str]:
    """The rule versions that a result names."""
    keys: set[str] = set()
    for e in result.ledger:
        for joined in (e.recognise_rule, e.convert_rule, e.assign_rule, e.cap_rule):
            keys.update(joined.split("+"))
    for f in result.findings:
        keys.update((f.rule, *f.because))
    for d in result.decisions:
        keys.update((*d.consequence_rules, *d.advisories))
    keys.update(f.rule for f in result.flags)
    return frozenset(keys - {""})


# --- the points of a rule ---------------------------------------------------------------------------------------------


def _points(rule: Rule, bench: Bench) -> Iterator[Point]:
    span = rule.rule.span
    if not isinstance(rule.statement, tree.Exchange | tree.Measure):
        yield Point("rule", rule.key, say("applies", "适用"), span)
    for leaf in _leaves(rule.statement.when):
        for held in (True, False):
            yield _branch(rule, leaf, held, bench)
    for what in _outcomes(rule.statement):
        yield Point("branch", rule.key, what, span)


def _branch(rule: Rule, leaf: tree.Condition, held: bool, bench: Bench) -> Point:
    words = print_condition(leaf, bench.policy.vocabulary, say("en", "zh"))
    what = say(f"{words}: {'holds' if held else 'does not hold'}", f"{words}：{'成立' if held else '不成立'}")
    return Point("branch", rule.key, what, rule.rule.span)


def _leaves(when: tree.Condition | None) -> list[tree.Condition]:
    return [n for n in walk(when) if isinstance(n, LEAVES)]


def _outcomes(statement: tree.Statement) -> tuple[str, ...]:
    """The ways in which a rule can come out, where there are two."""
    match statement:
        case tree.Require():
            return say("met", "完成"), say("not met", "未完成")
        case tree.Cap():
            return say("cuts", "扣减"), say("leaves whole", "不扣减")
    return ()


# --- what a case touches ----------------------------------------------------------------------------------------------


def _scenes(prepared: Prepared, case: Case, inputs: Inputs, result: Result) -> Iterator[Scene]:
    """Each record of the case, and the person in each expected period."""
    (person,) = inputs.persons.values()
    start = prepared.plan.year_start
    earlier = {names: Earlier(names) for names in prepared.repeats}
    for record in sorted(inputs.records, key=lambda r: (r.end, r.record_id)):
        scene = Scene(person.facts, (), record, period_of(record.end, start))
        known = {names: before.repeated(record) for names, before in earlier.items()}
        scene.repeated = known.__getitem__
        yield scene
        for before in earlier.values():
            before.add(record)
    outcomes = {d.period: d.outcome for d in result.decisions}
    for period in case.expected:
        year = labelled(period)[1]
        scene = Scene(person.facts, person.circumstances, None, year, days_of(period, start))
        scene.outcome = lambda year, period=period: outcomes.get(period if year is None else str(year), "met")
        scene.requirement = partial(_came_out, prepared, result.findings, period)
        yield scene


def _came_out(
    prepared: Prepared, findings: Iterable[Finding], period: str, name: str, year: int | None
) -> frozenset[str]:
    """The outcomes that are possible for a requirement in a period, or in a year; any, where it is not decided with
    such a one."""
    when = period if year is None else str(year)
    if isinstance(year, Cycle):
        first, last = labelled(period)
        block = prepared.later.block_before(name, first, last - first + 1, year)
        if block is None:
            return MET
        when = label(*block)
    first, last = labelled(when)
    findings = [f for f in findings if f.period == when]
    versions = [r for r in prepared.plan.require if r.name == name]
    blocks = [w.count if isinstance(w := r.statement.window, tree.PerYears) else 1 for r in versions]
    return came_out(findings, {r.key for r in versions}) if last - first + 1 in blocks else frozenset(DECIDED)


def _in_force(rule: Rule, scene: Scene) -> bool:
    first = scene.record.end if scene.record is not None else scene.window[0]
    return covers(*rule.stretch, first, scene.day)


def _touched(
    rule: Rule, bench: Bench, world: World, scenes: list[Scene], result: Result, applied: frozenset[str]
) -> Iterator[Point]:
    span = rule.rule.span
    record = isinstance(rule.statement, OF_RECORDS)
    about = compile_what(getattr(rule.statement, "what", None), world)
    own = [s for s in scenes if (s.record is not None) == record and _in_force(rule, s) and about(s)]
    if rule.key in applied or _carried(rule, bench, result):
        yield Point("rule", rule.key, say("applies", "适用"), span)
    for leaf in _leaves(rule.statement.when):
        test = compile_condition(leaf, world)
        for held in {test(s) for s in own} - {None}:
            yield _branch(rule, leaf, bool(held), bench)
    match rule.statement:
        case tree.Require():
            for status in {f.status for f in result.findings if f.rule == rule.key}:
                what = say("met", "完成") if status == "met" else say("not met", "未完成")
                yield Point("branch", rule.key, what, span)
        case tree.Cap():
            for s in own:
                cut = any(
                    e.record_id == s.record.record_id and rule.key in e.cap_rule.split("+")  # type: ignore[union-attr]
                    for e in result.ledger
                )
                yield Point("branch", rule.key, say("cuts", "扣减") if cut else say("leaves whole", "不扣减"), span)


def _carried(rule: Rule, bench: Bench, result: Result) -> bool:
    """Whether a rule that results do not name carried hours."""
    if not isinstance(rule.statement, tree.Carry):
        return False
    names = {r.key: r.name for r in bench.plan.require}
    return any(
        f.carried > 0
        and names.get(f.rule) == rule.statement.rule
        and _carries_to(rule, f.period, bench.plan.year_start)
        for f in result.findings
    )


def _carries_to(rule: Rule, label: str, year_start: tuple[int, int]) -> bool:
    """Whether a ``carry`` is in force in the year before the labelled one, whose excess it carries."""
    return covers(*rule.stretch, *period_bounds(labelled(label)[0] - 1, year_start))


# --- tables -----------------------------------------------------------------------------------------------------------


def _own_tables(bench: Bench) -> list[str]:
    """The pack's tables that some rule asks."""
    nodes = (n for r in bench.plan.rules() for n in walk(r.statement))
    asked = {n.table for n in nodes if isinstance(n, tree.Lookup | tree.InTable)}
    return [name for name in bench.policy.packs[-1].tables if name in asked]


def _row_point(bench: Bench, name: str, number: int) -> Point:
    table = bench.plan.tables[name]
    line = table.lines[number] if number < len(table.lines) else 0
    return Point("row", f"{name}:{line}", say("is found", "查到"), Span(table.file, line))


def _table_rows(bench: Bench) -> Iterator[Point]:
    for name in _own_tables(bench):
        for number in range(len(bench.plan.tables[name].rows)):
            yield _row_point(bench, name, number)


def _rows_found(bench: Bench, world: World, scenes: list[Scene]) -> Iterator[Point]:
    """The rows of the pack's tables that a figure or a condition finds."""
    own = set(_own_tables(bench))
    for rule in bench.plan.rules():
        for node in walk(rule.statement):
            if not isinstance(node, tree.Lookup | tree.InTable) or node.table not in own:
                continue
            lookup = node if isinstance(node, tree.Lookup) else tree.Lookup(node.table, (node.left,))
            about = compile_what(getattr(rule.statement, "what", None), world)
            for scene in scenes:
                row = find_row(lookup, world, scene) if _in_force(rule, scene) and about(scene) else None
                if row is not None:
                    number = next(i for i, r in enumerate(bench.plan.tables[node.table].rows) if r is row)
                    yield _row_point(bench, node.table, number)
