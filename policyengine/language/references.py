"""The rules that a statement names: found, and named otherwise (in full, or as they are called on another side)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from policyengine.language import tree


class LooksBack(NamedTuple):
    """How many years, or ``cycles``, a test of a conclusion looks at, and the requirement that it names (None: it asks
    for the period)."""

    many: int
    rule: str | None
    cycles: bool = False


def requirements_asked(condition: tree.Condition | None) -> Iterator[tree.Outcome | tree.InEach]:
    """The tests of a conclusion that ask for the outcome of one requirement, in their order."""
    return (test for test in outcomes_asked(condition) if test.rule is not None)


def looks_back(condition: tree.Condition | None) -> list[LooksBack]:
    """What a conclusion asks of several years or cycles."""
    asked = (t for t in outcomes_asked(condition) if isinstance(t, tree.InEach))
    return [LooksBack(t.years, t.rule, t.cycles) for t in asked]


def outcomes_asked(condition: tree.Condition | None) -> Iterator[tree.Outcome | tree.InEach]:
    """All tests of a conclusion that ask how something came out, in their order."""
    match condition:
        case tree.And(items=items) | tree.Or(items=items):
            for item in items:
                yield from outcomes_asked(item)
        case tree.Not(item=item):
            yield from outcomes_asked(item)
        case tree.Outcome() | tree.InEach():
            yield condition


def renamed(statement: tree.Statement, name: Callable[[str], str]) -> tree.Statement:
    """The statement with every rule that it refers to under another name; what it overrides or drops is kept."""
    match statement:
        case tree.Cap(after=rules) if rules:
            return replace(statement, after=tuple(map(name, rules)))
        case tree.Excuse(rules=rules) if rules:
            return replace(statement, rules=tuple(map(name, rules)))
        case tree.Carry(rule=rule) | tree.Reduce(rule=rule):
            return replace(statement, rule=name(rule))
        case tree.Conclude(when=when) if when is not None:
            return replace(statement, when=_renamed(when, name))
    return statement


def _renamed(node: tree.Condition, name: Callable[[str], str]) -> tree.Condition:
    match node:
        case tree.And(items=items) | tree.Or(items=items):
            return type(node)(tuple(_renamed(item, name) for item in items))
        case tree.Not(item=item):
            return tree.Not(_renamed(item, name))
        case tree.Outcome(rule=str(rule)) | tree.InEach(rule=str(rule)):
            return replace(node, rule=name(rule))
    return node
