"""Sentences as officials write them: sentences.txt has each in English and Chinese, and other ways to write it.

``en`` and ``zh`` are what the printer writes; ``also`` lines are read as the same. Add a block to add a case.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.language import tree
from policyengine.language.parser import parse_statement
from policyengine.language.printer import print_statement
from tests.words import VOCABULARY

Block = dict[str, list[str]]


def blocks() -> list[Block]:
    found = []
    for text in Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").strip().split("\n\n"):
        block: Block = {"en": [], "zh": [], "also": []}
        for line in text.splitlines():
            block[line[:4].strip()].append(line[5:])
        found.append(block)
    return found


def read(text: str) -> tree.Statement:
    statement, diagnostics = parse_statement(text, VOCABULARY)
    assert statement is not None, "\n".join(map(str, diagnostics))
    assert diagnostics == []
    return statement


BLOCKS = blocks()


@pytest.mark.parametrize("block", BLOCKS, ids=[b["en"][0] for b in BLOCKS])
def test_both_surfaces_say_the_same(block: Block) -> None:
    (en,), (zh,) = block["en"], block["zh"]
    statement = read(en)
    assert read(zh) == statement
    assert print_statement(statement, VOCABULARY, "en") == en
    assert print_statement(read(zh), VOCABULARY, "zh") == zh


@pytest.mark.parametrize("said", [(b, line) for b in BLOCKS for line in b["also"]], ids=lambda said: said[1])
def test_other_ways_to_say_it(said: tuple[Block, str]) -> None:
    block, line = said
    assert read(line) == read(block["en"][0])


@pytest.mark.parametrize("block", BLOCKS, ids=[b["zh"][0] for b in BLOCKS])
def test_chinese_needs_no_spaces(block: Block) -> None:
    zh = block["zh"][0]
    outside = re.split(r"(「.*?」(?!」))", zh)
    tight = "".join(part if i % 2 else part.replace(" ", "") for i, part in enumerate(outside))
    assert read(tight) == read(zh)


@pytest.mark.parametrize("block", BLOCKS, ids=[b["zh"][0] for b in BLOCKS])
def test_characters_of_full_width_are_plain_ones(block: Block) -> None:
    zh = block["zh"][0]
    wide = str.maketrans("0123456789<>=!", "０１２３４５６７８９＜＞＝！")
    outside = re.split(r"(「.*?」(?!」))", zh)
    assert read("".join(p if i % 2 else p.translate(wide).replace(" ", "　") for i, p in enumerate(outside))) == read(
        zh
    )
