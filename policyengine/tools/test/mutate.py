"""``test --mutate``: a pack and its cases in, out which small changes of its law no case notices.

Each figure a little more and a little less, each comparison turned round, each rule and each part of a condition left
out, each table's figures shifted. A change that provably decides nothing otherwise is not counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from policyengine.diagnostics import Span
from policyengine.engines.reference import prepare
from policyengine.language import tree
from policyengine.language.disjoint import NEGATED
from policyengine.language.printer import print_statement
from policyengine.messages import say, speak, spoken
from policyengine.packs.model import Table
from policyengine.plan.model import STAGES, Plan, PlanRule
from policyengine.plan.names import walk
from policyengine.progress import counted
from policyengine.tools.test.compare import agrees
from policyengine.tools.test.coverage import keys_of
from policyengine.tools.test.run import Bench, judged

LAST_DAY = date.max.toordinal()
WORTH_IT = 4000  # case runs from which a second process pays: about three seconds
Rule = PlanRule[tree.Statement]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, in every stretch in which the version governs. ``statement`` None: the rule is left out. ``table``:
    instead of a rule, a table with shifted figures.
    """

    rule: str
    what: str
    span: Span | None
    stage: str = ""
    places: tuple[int, ...] = ()
    statement: tree.Statement | None = None
    table: Table | None = None

    def plan(self, plan: Plan) -> Plan:
        """The plan with this change."""
        if self.table is not None:
            return replace(plan, tables={**plan.tables, self.table.id: self.table})
        rules = []
        for place, rule in enumerate(getattr(plan, self.stage)):
            if place not in self.places:
                rules.append(rule)
            elif self.statement is not None:
                rules.append(replace(rule, statement=self.statement))
        changed: dict[str, Any] = {self.stage: tuple(rules)}
        return replace(plan, **changed)


@dataclass(frozen=True, slots=True)
class Mutation:
    """Of one pack: the changes that cases notice, those that none does, and those that change nothing."""

    pack: str
    killed: tuple[Mutant, ...]
    survived: tuple[Mutant, ...]
    same: tuple[Mutant, ...]

    @property
    def share(self) -> Fraction:
        """The part of the changes that is noticed."""
        counted = len(self.killed) + len(self.survived)
        return Fraction(len(self.killed), counted) if counted else Fraction(1)


def mutation(bench: Bench) -> Mutation:
    """Try every change of the pack's own rules and tables on the pack's own cases."""
    every = list(mutants(bench))
    noticed = list(counted(_noticed(bench, every), len(every), say("trying changes", "试验改动"), every=1))
    killed = [m for m, is_noticed in zip(every, noticed, strict=True) if is_noticed]
    others = [m for m, is_noticed in zip(every, noticed, strict=True) if not is_noticed]
    asked = counted(others, len(others), say("seeing what changes decide", "判断改动是否影响结果"), every=1)
    same = [m for m in asked if _decides_the_same(bench, m)]
    return Mutation(bench.pack, tuple(killed), tuple(m for m in others if m not in same), tuple(same))


def _decides_the_same(bench: Bench, mutant: Mutant) -> bool:
    """Whether the change provably decides nothing otherwise."""
    if mutant.table is not None:
        return False
    return all(_same_in(bench, getattr(bench.plan, mutant.stage)[place], mutant.statement) for place in mutant.places)


def _same_in(bench: Bench, rule: Rule, changed: tree.Statement | None) -> bool:
    """In one stretch: the rule waits for a table, says the same, or a stricter one governs before and after."""
    from policyengine.tools.prove.compare import compare
    from policyengine.tools.prove.model import context_of

    if _dormant(rule.statement, bench.plan) and (changed is None or _dormant(changed, bench.plan)):
        return True
    if changed is None:
        return False
    context = context_of(bench.policy, rule.start, rule.until)
    if compare(rule.statement, changed, context).relation == "same":
        return True
    return any(
        all(compare(own, kept, context).relation in ("same", "stricter") for own in (rule.statement, changed))
        for _, kept in rule.kept
    )


def _dormant(statement: tree.Statement, plan: Plan) -> bool:
    """Whether the rule does not apply because a table that it asks has no rows (a measure is then 0, which is told)."""
    asked: list[object] = [] if isinstance(statement, tree.Measure) else list(walk(statement.when))
    if isinstance(statement, tree.Require | tree.Cap):
        asked += walk(statement.figure)
    return any(isinstance(n, tree.InTable | tree.Lookup) and not plan.tables[n.table].rows for n in asked)


# --- running them -----------------------------------------------------------------------------------------------------


def _noticed(bench: Bench, every: Sequence[Mutant]) -> Iterator[bool]:
    """For each change whether some case comes out otherwise than it expects."""
    workers = min(os.cpu_count() or 1, 8)
    if workers == 1 or len(every) * len(bench.cases) < WORTH_IT:
        touched = _touched(bench)
        yield from (_is_noticed(bench, m, touched) for m in every)
        return
    size = -(-len(every) // (workers * 4))
    chunks = [every[n : n + size] for n in range(0, len(every), size)]
    with ProcessPoolExecutor(workers, initializer=speak, initargs=(spoken(),)) as pool:
        for part in pool.map(_try_all, [bench] * len(chunks), chunks):
            yield from part


def _try_all(bench: Bench, some: Sequence[Mutant]) -> list[bool]:
    touched = _touched(bench)
    return [_is_noticed(bench, m, touched) for m in some]


def _touched(bench: Bench) -> list[frozenset[str]]:
    """For each case the rules that its outcome names: a change of those is looked for there first."""
    prepared = prepare(bench.plan)
    return [keys_of(judged(prepared, case, inputs)) for case, inputs in bench.cases]


def _is_noticed(bench: Bench, mutant: Mutant, touched: list[frozenset[str]]) -> bool:
    prepared = prepare(mutant.plan(bench.plan))
    order = sorted(range(len(bench.cases)), key=lambda n: mutant.rule not in touched[n])
    for number in order:
        case, inputs = bench.cases[number]
        if not agrees(case, judged(prepared, case, inputs), bench.names):
            return True
    return False


# --- the changes ------------------------------------------------------------------------------------------------------


def mutants(bench: Bench) -> Iterator[Mutant]:
    """Every change of the pack's own rules and tables."""
    for stage in STAGES:
        governing: dict[tuple[str, tree.Statement], list[int]] = {}
        for place, rule in enumerate(getattr(bench.plan, stage)):
            if rule.rule.pack == bench.pack:
                governing.setdefault((rule.key, rule.statement), []).append(place)
        for (key, statement), places in governing.items():
            span, at = getattr(bench.plan, stage)[places[0]].rule.span, tuple(places)
            yield Mutant(key, say("the rule is left out", "去掉此规则"), span, stage, at)
            for changed in dict.fromkeys(variants(statement)):
                said = print_statement(changed, bench.policy.vocabulary, say("en", "zh"))
                yield Mutant(key, said, span, stage, at, changed)
    asked = {n.table for r in bench.plan.rules() for n in walk(r.statement) if isinstance(n, tree.Lookup)}
    for table in (t for t in bench.policy.packs[-1].tables.values() if t.id in asked):
        for by in (1, -1):
            shifted = _shifted(bench.plan.tables[table.id], by)
            if shifted is not None:
                said = say(f"every figure {by:+d}", f"所有数值 {by:+d}")
                yield Mutant(table.id, said, Span(table.file), table=shifted)


def _shifted(table: Table, by: int) -> Table | None:
    """The table with its figures moved; None where it has none."""
    values = set(table.columns_with("value"))
    rows = tuple(
        tuple(c + by if i in values and isinstance(c, Fraction) else c for i, c in enumerate(row)) for row in table.rows
    )
    return replace(table, rows=rows) if rows != table.rows else None


def variants(node: Any) -> Iterator[Any]:
    """Every tree that differs from ``node`` in one place."""
    if isinstance(node, tree.And | tree.Or):
        yield from _without_one(node)
    if isinstance(node, tree.Not):
        yield node.item
    yield from _turned(node)
    for f in fields(node):
        value = getattr(node, f.name)
        if f.name == "when" and value is not None:
            yield replace(node, when=None)
        for other in _variants_of(node, f.name, value):
            yield replace(node, **{f.name: other})


def _without_one(node: tree.And | tree.Or) -> Iterator[tree.Condition]:
    for place in range(len(node.items)):
        rest = node.items[:place] + node.items[place + 1 :]
        yield rest[0] if len(rest) == 1 else type(node)(rest)


def _turned(node: Any) -> Iterator[Any]:
    """The comparison the other way round; of leave, with a day more or less, and of one stretch instead of all; of
    terms the first alone."""
    match node:
        case tree.Lasts(op=op, unit=unit, in_all=in_all):
            yield replace(node, op=">" if op == ">=" else ">=")
            if unit == "days":
                yield replace(node, in_all=not in_all)
        case tree.Compare(op=op) | tree.Elapsed(op=op):
            yield replace(node, op=NEGATED[op])
        case tree.In(negated=negated) | tree.InTable(negated=negated) | tree.Present(negated=negated):
            yield replace(node, negated=not negated)
        case tree.Require(comparison=comparison):
            yield replace(node, comparison="<=" if comparison == ">=" else ">=")
        case tree.Within(again=True):
            yield replace(node, again=False)


def _variants_of(parent: Any, name: str, value: Any) -> Iterator[Any]:
    """What may stand instead of one part of ``parent``."""
    if name == "span" or isinstance(value, str | bool | None):
        return
    if isinstance(value, Fraction):
        yield from _numbers(value)
    elif isinstance(value, int):
        if isinstance(parent, tree.InEach):
            yield from _years_asked(parent, name)
        elif name in ("months", "count", "years") and not (isinstance(parent, tree.PerYears) and value == 1):
            least = tree.LEAST_TERM if getattr(parent, "again", False) else 1
            yield from (n for n in (value + 1, value - 1) if n >= least)
        elif name == "starting":
            yield value + 1
    elif isinstance(value, date):
        yield from (date.fromordinal(n) for n in (value.toordinal() + 1, value.toordinal() - 1) if 0 < n <= LAST_DAY)
    elif isinstance(value, tuple):
        if name == "until" and value and isinstance(value[0], int):
            month, day = value
            yield (month, day - 1) if day > 1 else (month, day + 1)
            return
        for place, item in enumerate(value):
            for other in _variants_of(parent, "", item):
                yield (*value[:place], other, *value[place + 1 :])
    elif is_dataclass(value):
        yield from variants(value)


def _years_asked(test: tree.InEach, name: str) -> Iterator[int]:
    """One more and one less of the years that are looked at, or of those that are asked for: two or more that were not
    met, one or more that were, and of some years fewer than all."""
    years, least, one = test.years, test.least, 2 if test.states == ("not_met",) else 1
    if name == "least" and least is not None:
        yield from (n for n in (least + 1, least - 1) if one <= n < years)
    elif name == "years":
        fewest = least + 1 if least is not None else one
        yield from (n for n in (years + 1, years - 1) if n >= fewest)


def _numbers(value: Fraction) -> Iterator[Fraction]:
    """A little more and a little less: by one, or by the last part of a fraction; never to 0."""
    step = Fraction(1, value.denominator)
    yield value + step
    if value > step:
        yield value - step
