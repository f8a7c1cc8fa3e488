"""Tokens in, nodes out: runs the LALR table that Lark made of the grammar.

Lark could run it too. But reading its table back takes 40 ms and importing Lark 35 ms, for a table that this loop runs
twice as fast; commands that explain one case to one person feel that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from policyengine.language.grammar import Grammar
from policyengine.language.nodes import Node, Token


class Ended(Exception):
    """The text ended where more was expected; ``stack`` are the states there."""

    def __init__(self, stack: list[int]):
        super().__init__(len(stack))
        self.stack = stack


def parse(grammar: Grammar, start: str, tokens: Callable[[list[int]], Iterator[Token]]) -> Any:
    """The node of the rule ``start``. ``tokens`` gives, for the stack as it then is, what can be taken next."""
    states, rules, last = grammar.states, grammar.rules, grammar.ends[start]
    stack = [grammar.starts[start]]
    values: list[tuple[Any, int, int]] = []  # node, token or list of nodes to be taken in; start, end (-1: empty)
    for token in tokens(stack):
        while (action := states[stack[-1]][token.type]) < 0:
            _reduce(states, rules[-1 - action], stack, values)
        stack.append(action)
        values.append((token, token.start, token.end))
    before = list(stack)
    while stack[-1] != last:
        action = states[stack[-1]].get("$END", 0)
        if action >= 0:
            raise Ended(before)
        _reduce(states, rules[-1 - action], stack, values)
    return values[-1][0]


def _reduce(states: Any, rule: Any, stack: list[int], values: list[tuple[Any, int, int]]) -> None:
    """Put a rule's node in the place of its parts."""
    origin, size, name, kept, single = rule
    children: list[Any] = []
    start = end = -1
    if size:
        parts = values[-size:]
        del stack[-size:], values[-size:]
        if kept and kept[0] == (0, True):
            children = parts[0][0]  # a list that grows to the right: no copy
        for place, spliced in kept:
            value = parts[place][0]
            if not spliced:
                children.append(value)
            elif value is not children:
                children += value
        whole = [p for p in parts if p[1] >= 0]
        if whole:
            start, end = whole[0][1], whole[-1][2]
    if name is None:
        value = children
    else:
        value = children[0] if single and len(children) == 1 else Node(name, children, max(start, 0), max(end, 0))
    stack.append(states[stack[-1]][origin])
    values.append((value, start, end))
