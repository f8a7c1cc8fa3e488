"""The language's reference stays true: its examples are read, agree and are canonical; every node has one."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from policyengine.language import tree
from policyengine.language.parser import parse_statement
from policyengine.language.printer import print_statement
from policyengine.tools.glossary import glossary
from tests.words import VOCABULARY

DOCS = Path(__file__).parents[2] / "docs"


def examples() -> list[tuple[str, str]]:
    lines = [
        line
        for block in re.findall(r"```rules\n(.*?)```", (DOCS / "language.md").read_text("utf-8"), re.DOTALL)
        for line in block.splitlines()
    ]
    return list(zip(lines[::2], lines[1::2], strict=True))


EXAMPLES = examples()


@pytest.mark.parametrize("pair", EXAMPLES, ids=[en for en, _ in EXAMPLES])
def test_an_example_is_the_same_in_both_languages(pair: tuple[str, str]) -> None:
    en, zh = pair
    (english, problems), (chinese, more) = (parse_statement(text, VOCABULARY) for text in pair)
    assert english is not None, "\n".join(map(str, problems))
    assert chinese is not None, "\n".join(map(str, more))
    assert english == chinese
    assert print_statement(english, VOCABULARY, "en") == en
    assert print_statement(english, VOCABULARY, "zh") == zh


def kinds_in(node: object) -> set[type]:
    """The types of a node and of all that is in it."""
    if isinstance(node, tuple):
        return set().union(*map(kinds_in, node))
    if not is_dataclass(node):
        return set()
    return {type(node)}.union(*(kinds_in(getattr(node, f.name)) for f in fields(node)))


def test_every_kind_of_node_has_an_example() -> None:
    shown = set().union(*(kinds_in(parse_statement(en, VOCABULARY)[0]) for en, _ in EXAMPLES))
    nodes = {
        c for c in vars(tree).values() if isinstance(c, type) and is_dataclass(c) and c.__module__ == tree.__name__
    }
    assert nodes - shown == {tree.Statement}


def test_the_glossary_is_that_of_the_packs() -> None:
    written = (DOCS / "glossary.md").read_text("utf-8")
    assert written == glossary(DOCS.parent / "policies"), "python -m policyengine.tools.glossary > docs/glossary.md"


def test_an_outcome_has_one_name_in_chinese() -> None:
    """The words of messages, of statistics, of packs' tests and of the glossary."""
    from policyengine.packs.tests_model import OUTCOMES
    from policyengine.tools.explain import text as case_text
    from policyengine.tools.stats.words import COLUMNS

    words = {outcome: zh for zh, outcome in OUTCOMES.items()}
    assert {o: zh for o, (_, zh) in case_text.OUTCOMES.items()} == words
    assert {o: COLUMNS[o][1] for o in words} == words
    page = (DOCS / "glossary.md").read_text("utf-8")
    assert [o for o, zh in words.items() if f"| {zh} | {o} |" not in page] == []
