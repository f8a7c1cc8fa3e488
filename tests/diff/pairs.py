"""Pairs of policies that differ in one rule, by seed, and whether evaluating people agrees with the verdict on them.

``python -m tests.diff.pairs FIRST COUNT`` tries many and says how often each verdict came out.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

from policyengine.engines.reference import evaluate_person, prepare
from policyengine.language import tree
from policyengine.packs.model import Governing, Policy, Rule, Table
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.plan.names import unwrapped
from policyengine.tools.diff.model import Direction, Law
from policyengine.tools.diff.sameness import same_law
from policyengine.tools.diff.timeline import joined, stages
from policyengine.tools.diff.verdicts import judged, together
from policyengine.tools.evaluate.evaluate import records_by_person
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.model import context_of
from tests.build import TABLES, governs
from tests.build import policy as build_policy
from tests.generate import FORMS, YEAR, Rules, _period_atom, _record_atom, as_now
from tests.generate_people import people

F = Fraction
PEOPLE = 6
Pair = tuple[Policy, Policy, Plan, Plan]
ON_RECORDS = (tree.Recognise, tree.Reject, tree.Convert, tree.Add, tree.CountOnce, tree.Cap, tree.Measure, tree.Assign)


def _as_loaded(table: Table) -> Table:
    """The table with years as packs are read: as numbers."""
    years = table.columns_with("year")
    rows = tuple(tuple(F(c) if i in years else c for i, c in enumerate(row)) for row in table.rows)  # type: ignore[arg-type]
    return replace(table, rows=rows)


LOADED = {name: _as_loaded(table) for name, table in TABLES.items()}


def policy(rules: Sequence[Rule | Governing]) -> Policy:
    return build_policy(rules, tables=LOADED)


def pair(seed: int) -> Pair | None:
    """Two policies, the second with one rule changed, gone or (when turned round) added; None where they can't be."""
    rng = Random(seed)
    rules = Rules(rng).all()
    if not rules:
        return None
    chosen = rng.choice([r for r in rules if isinstance(r, Rule) or r.over])
    changed = _changed(chosen, rng)
    others = _with(rules, chosen, changed)
    changing = [one for one in (chosen, changed) if one is not None]
    rules, others, changing = (as_now(rs, str(seed)) for rs in (rules, others, changing))
    if not all(_allowed(one, policy(rules)) for one in changing):
        return None
    sides = [(policy(rs), plan_of(policy(rs))[0]) for rs in (rules, others)]
    if any(p is None for _, p in sides):
        return None
    (one, first), (other, second) = reversed(sides) if rng.random() < 0.4 else sides
    assert first is not None
    assert second is not None
    return one, other, first, second


def _allowed(one: Rule | Governing, within: Policy) -> bool:
    """Whether an override is at least as strict as its base, as packs must have it to govern at all."""
    if not isinstance(one, Governing) or not one.keeps_stricter:
        return True
    context = context_of(within, one.start, one.until)
    return compare(unwrapped(one.over[0]), one.statement, context).permitted is True


def _with(
    rules: Sequence[Rule | Governing], chosen: Rule | Governing, changed: Rule | Governing | None
) -> list[Rule | Governing]:  # fmt: skip
    """The rules with one changed, or gone: then what it stood over governs throughout again."""
    if changed is not None:
        return [changed if r is chosen else r for r in rules]
    rest = [r for r in rules if r is not chosen]
    if isinstance(chosen, Rule):
        return rest
    base = chosen.over[0]
    return [*(r for r in rest if not (isinstance(r, Governing) and r.rule is base)), governs(base)]


def _changed(one: Rule | Governing, rng: Random) -> Rule | Governing | None:
    rule = one.rule if isinstance(one, Governing) else one
    if rng.random() < 0.2:
        return None
    statement = rule.statement
    inner = statement.statement if isinstance(statement, tree.Override) else statement
    inner = _another(inner, rng)
    new = replace(statement, statement=inner) if isinstance(statement, tree.Override) else inner
    changed = replace(rule, statement=new)
    return changed if isinstance(one, Rule) else replace(one, rule=changed, statement=inner)


def _another(statement: tree.Statement, rng: Random) -> tree.Statement:
    """The statement with one of its parts changed."""
    ways = [w for w in (_figure, _when, _what, _part) if w is not None]
    rng.shuffle(ways)
    for way in ways:
        changed = way(statement, rng)
        if changed is not None and changed != statement:
            return changed
    return statement


def _figure(statement: tree.Statement, rng: Random) -> tree.Statement | None:
    figure = getattr(statement, "figure", None)
    if not isinstance(figure, tree.Quantity | tree.Share):
        return None
    value = figure.value * rng.choice((F(1, 2), F(9, 10), F(11, 10), F(2))) or F(1)
    return replace(statement, figure=replace(figure, value=value))  # type: ignore[call-arg]


def _when(statement: tree.Statement, rng: Random) -> tree.Statement | None:
    if isinstance(statement, tree.Conclude | tree.Flag | tree.Exchange):
        return None
    if statement.when is not None and rng.random() < 0.6:
        return replace(statement, when=None) if not isinstance(statement, tree.Excuse | tree.Reject) else None
    atom = (_record_atom if isinstance(statement, ON_RECORDS) else _period_atom)(rng)
    old = statement.when
    if old is None or rng.random() < 0.3:
        return replace(statement, when=atom)
    kind = rng.choice((tree.And, tree.Or))
    return replace(statement, when=kind((*(old.items if isinstance(old, kind) else (old,)), atom)))


def _what(statement: tree.Statement, rng: Random) -> tree.Statement | None:
    what = getattr(statement, "what", None)
    if not isinstance(what, tree.What) or not what.terms or not set(what.terms) <= set(FORMS):
        return None
    rest = [f for f in FORMS if f not in what.terms]
    more = (*what.terms, rng.choice(rest)) if rest else what.terms
    terms = what.terms[1:] if len(what.terms) > 1 and rng.random() < 0.5 else more
    return replace(statement, what=tree.What(terms))  # type: ignore[call-arg]


def _part(statement: tree.Statement, rng: Random) -> tree.Statement | None:
    match statement:
        case tree.Expect():
            parts = {
                k: getattr(statement, k) for k in ("measure", "figure", "window", "comparison", "this_period", "when")
            }
            return tree.Require(**parts)
        case tree.Require() if rng.random() < 0.5:
            return replace(statement, window=rng.choice((YEAR, tree.PerYears(2, 2015), tree.AnyYears(2))))
        case tree.Require():
            parts = {
                k: getattr(statement, k) for k in ("measure", "figure", "window", "comparison", "this_period", "when")
            }
            return tree.Expect(**parts)
        case tree.Cap():
            return replace(statement, window=rng.choice((YEAR, tree.PerActivity(), tree.PerField("project"))))
        case tree.Convert():
            name = rng.choice(("rounding", "limit", "factor", "divisor", "otherwise"))
            return replace(statement, **{name: None})
        case tree.CountOnce():
            taking = rng.choice(("highest", "lowest", "earliest", "latest"))
            return replace(statement, taking=taking, per=rng.choice((statement.per, ("title",))))
        case tree.Carry():
            return replace(statement, limit=rng.choice((None, tree.Quantity(F(3), "hours"))))
        case tree.Reduce(by=Fraction() as by):
            return replace(statement, by=by * rng.choice((F(1, 2), F(2))))
        case tree.Assign():
            return replace(statement, by=rng.choice(("start", "split")), field=None, until=None)
        case tree.Exchange():
            return replace(statement, take=replace(statement.take, value=statement.take.value + 1))
    return None


def _parts(statement: tree.Require) -> dict[str, Any]:
    names = ("measure", "figure", "window", "comparison", "this_period", "when")
    return {name: getattr(statement, name) for name in names}


# --- verdict and evaluation -------------------------------------------------------------------------------------------


def law(one: Policy) -> Law:
    return Law("", {p.id: p for p in one.packs}, {one.id: one}, {one.id: one.packs})


def verdict(one: Policy, other: Policy) -> Direction:
    """What ``diff`` says of all that differs between two policies."""
    old, new = law(one), law(other)
    before = _versions(one)
    after = _versions(other)
    found = [
        judged(old, new, stage, one.id)
        for name in sorted({*before, *after})
        for stage in joined([s for s in stages(before.get(name, []), after.get(name, [])) if not _alike(s.old, s.new)])
    ]
    return together(found)[0]


def _alike(one: Rule | None, other: Rule | None) -> bool:
    return same_law(one, other, {})


def _versions(one: Policy) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for pack in one.packs:
        for rule in pack.rules:
            found.setdefault(rule.name, []).append(rule)
    return found


WORSE, BETTER = {"not_met"}, {"met", "excused"}


def against(seed: int) -> tuple[Direction, str] | None:
    """The verdict on a pair and the person and period that contradict it ("": nobody does); None: no such pair."""
    made = pair(seed)
    if made is None:
        return None
    one, other, first, second = made
    if one.id != other.id:
        return None
    direction = verdict(one, other)
    if direction in ("neither", "undecided"):
        return direction, ""
    return direction, _contradiction(direction, first, second, Random(seed))


def _contradiction(direction: Direction, first: Plan, second: Plan, rng: Random) -> str:
    before, after = prepare(first), prepare(second)
    inputs = people(rng, rng.random() < 0.7, PEOPLE)
    by_person = records_by_person(inputs.records)
    for person in inputs.persons.values():
        records = by_person.get(person.person_id, ())
        results = [evaluate_person(p, person, records, (2015, 2018), None).decisions for p in (before, after)]
        for was, now in zip(*results, strict=False):
            worse = was.outcome in BETTER and now.outcome in WORSE
            better = was.outcome in WORSE and now.outcome in BETTER
            if was.period == now.period and ((worse and direction != "stricter") or (better and direction != "laxer")):
                return f"{person.person_id} {was.period}: {was.outcome} → {now.outcome}"
    return ""


def main(arguments: Sequence[str]) -> None:
    """Try pairs until ``COUNT`` of them could be made."""
    seed, wanted = int(arguments[0]), int(arguments[1])
    said: Counter[str] = Counter()
    while said.total() < wanted:
        found = against(seed)
        if found is not None:
            said[found[0]] += 1
            if found[1]:
                print(f"seed {seed}: {found[0]}, but {found[1]}", flush=True)
        seed += 1
    print(dict(said), "next seed", seed)


if __name__ == "__main__":
    main(sys.argv[1:])
