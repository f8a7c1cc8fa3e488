"""What is printed is read as the same tree, on both surfaces, whatever the tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from policyengine.language import tree
from policyengine.language.parser import parse_condition, parse_statement
from policyengine.language.printer import print_condition, print_statement
from policyengine.language.vocabulary import Word, vocabulary
from tests.strategies import CONDITIONS, SENTENCES, STATEMENTS
from tests.words import VOCABULARY


def read(text: str) -> tree.Statement:
    statement, diagnostics = parse_statement(text, VOCABULARY)
    assert statement is not None, (text, [str(d) for d in diagnostics])
    return statement


@pytest.mark.parametrize("surface", ["zh", "en"])
@given(statement=STATEMENTS)
@settings(max_examples=400, deadline=None)
def test_a_printed_statement_is_read_as_itself(statement: tree.Statement, surface: str) -> None:
    text = print_statement(statement, VOCABULARY, surface)
    again = read(text)
    assert again == statement, text
    assert print_statement(again, VOCABULARY, surface) == text


@pytest.mark.parametrize("surface", ["zh", "en"])
@given(condition=CONDITIONS)
@settings(max_examples=250, deadline=None)
def test_a_printed_condition_is_read_as_itself(condition: tree.Condition, surface: str) -> None:
    text = print_condition(condition, VOCABULARY, surface)
    again, diagnostics = parse_condition(text, VOCABULARY)
    assert again == condition, (text, [str(d) for d in diagnostics])


@given(statement=STATEMENTS)
@settings(max_examples=150, deadline=None)
def test_chinese_to_english_and_back_is_the_same_text(statement: tree.Statement) -> None:
    chinese = print_statement(statement, VOCABULARY, "zh")
    english = print_statement(read(chinese), VOCABULARY, "en")
    assert print_statement(read(english), VOCABULARY, "zh") == chinese


@pytest.mark.parametrize("name", ["12", "1/2", "2020年", "2020-01-01", "3月31日"])
def test_a_term_that_is_called_like_a_number_goes_by_its_id(name: str) -> None:
    words = vocabulary([Word("odd", "term", name, of="sector")])
    condition = tree.Compare(tree.Field("sector"), "=", tree.Term("odd"))
    text = print_condition(condition, words, "zh")
    assert parse_condition(text, words) == (condition, []), text


SECTOR = tree.Field("sector")
TRUTH_TERMS = [
    ("行业 = 是", tree.Compare(SECTOR, "=", tree.Term("fits"))),
    ("是 = 行业", tree.Compare(tree.Term("fits"), "=", SECTOR)),
    ("行业 属于（否、待定）", tree.In(SECTOR, (tree.Term("fails"), tree.Term("open")))),
    ("单位认可 = 是", tree.Compare(tree.Field("approved"), "=", tree.Value(True))),
    ("地区 = 否", tree.Compare(tree.Field("region"), "=", tree.Value(False))),  # has no term 否
]


@pytest.mark.parametrize(("text", "condition"), TRUTH_TERMS)
def test_a_term_that_is_called_yes_is_meant_beside_its_field(text: str, condition: tree.Condition) -> None:
    names = {"fits": "是", "fails": "否", "open": "待定"}
    words = vocabulary([Word(name, "term", zh, of="sector") for name, zh in names.items()])
    assert parse_condition(text, words) == (condition, [])
    assert print_condition(condition, words, "zh") == text


@pytest.mark.parametrize("verb", sorted(SENTENCES))
def test_every_kind_of_sentence_is_generated(verb: str) -> None:
    """The strategies know every statement of the tree (a new one must come here too)."""
    generated = {"".join(part.capitalize() for part in name.split("_")) for name in SENTENCES}
    known = {c.__name__ for c in tree.Statement.__subclasses__()} | {"Expect"}
    assert generated | {"Override", "Drop", "Delegate", "PerMonth"} >= known
