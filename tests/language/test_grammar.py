"""The grammar: no word is two things in one place, its table is kept for the user alone, a broken copy does no harm."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.language import grammar as module
from policyengine.language.examples import EXAMPLES
from policyengine.language.grammar import grammar
from policyengine.language.parser import TextPlace, parse_condition, parse_statement
from policyengine.language.tree import And, Compare, Field, In, Present, Recognise, Term
from tests.words import VOCABULARY


def test_no_form_is_two_keywords_in_one_place() -> None:
    rules = grammar()
    for row in rules.states:
        forms = [form for name in row for form in rules.forms.get(name, ())]
        assert len(forms) == len(set(forms)), sorted(forms)


def test_the_grammar_decides_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    """Lark resolves a conflict between reading on and closing a rule silently, but for its log."""
    import logging

    from lark import Lark, logger

    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(module.source(), parser="lalr", lexer="basic", start=list(module.STARTS), debug=True)
    finally:
        logger.setLevel(logging.CRITICAL)
    assert not [r.message for r in caplog.records if "conflict" in r.message.lower()]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    grammar.cache_clear()
    yield tmp_path / "cache" / "policyengine"
    grammar.cache_clear()


def test_the_table_is_kept_and_read_again(cache: Path) -> None:
    first = grammar()
    [file] = cache.iterdir()
    assert oct(cache.stat().st_mode & 0o777) == "0o700"
    grammar.cache_clear()
    again = grammar()
    assert (again.states, again.rules, again.forms) == (first.states, first.rules, first.forms)
    assert json.loads(file.read_text("utf-8"))["source"] == module.source()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe"])
def test_a_broken_copy_is_made_anew(cache: Path, content: bytes) -> None:
    grammar()
    [file] = cache.iterdir()
    file.write_bytes(content)
    grammar.cache_clear()
    assert parse_statement("drop sichuan/x", VOCABULARY)[0] is not None
    assert json.loads(file.read_text("utf-8"))["source"] == module.source()


def test_without_a_place_for_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    grammar.cache_clear()
    assert module.cache_folder() is None
    assert parse_statement("drop sichuan/x", VOCABULARY)[0] is not None
    grammar.cache_clear()


def test_every_verb_has_an_example_that_is_right() -> None:
    rules = grammar()
    verbs = {form for t in rules.expected([rules.starts["statement"]]) for form in rules.forms[t]}
    assert verbs - {"recognize"} == set(EXAMPLES)
    for text in EXAMPLES.values():
        found = [d for d in parse_statement(text, VOCABULARY)[1] if d.code not in ("PE201", "PE202")]
        assert not found, [str(d) for d in found]


# --- places --------------------------------------------------------------------------------------------------------


def test_nodes_know_their_place() -> None:
    text = "认定 培训班、研修班 须有 学习证明 且 单位性质 属于（国家机关、事业单位） 且 考核结果 = 合格"
    statement, _ = parse_statement(text, VOCABULARY, TextPlace(text, "rules.yaml"))
    assert isinstance(statement, Recognise)

    def said(node: object) -> str:
        span = node.span  # type: ignore[attr-defined]
        assert (span.file, span.line, span.end_line) == ("rules.yaml", 1, 1)
        return text[span.column - 1 : span.end_column - 1]

    assert said(statement) == text
    assert said(statement.what) == "培训班、研修班"
    assert isinstance(statement.when, And)
    present, among, compare = statement.when.items
    assert isinstance(present, Present)
    assert isinstance(among, In)
    assert isinstance(compare, Compare)
    assert said(present) == "学习证明"
    assert said(among) == "单位性质 属于（国家机关、事业单位）"
    assert isinstance(among.left, Field)
    assert said(among.left) == "单位性质"
    assert [said(i) for i in among.items if isinstance(i, Term)] == ["国家机关", "事业单位"]
    assert said(compare) == "考核结果 = 合格"


def test_a_place_on_a_later_line() -> None:
    text = "recognise training\n  when evidense is present"
    _, (problem,) = parse_statement(text, VOCABULARY)
    assert problem.span is not None
    assert (problem.span.line, problem.span.column, problem.span.end_column) == (2, 8, 16)
    assert problem.source == "  when evidense is present"


# --- whatever is written, there is a sentence or a message ---------------------------------------------------------

_PIECES = st.sampled_from(
    [f for forms in grammar().forms.values() for f in forms]
    + list(VOCABULARY.forms.forms)
    + ["1", "2/3", "0", "2019-02-30", "3月31日", "「x」", "「", "annual-hours", "学时", "字", "培训斑", "x_y", "九十"]
)


@given(st.lists(_PIECES | st.text(max_size=3), max_size=12), st.booleans(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_answered(pieces: list[str], spaced: bool, condition: bool) -> None:
    text = (" " if spaced else "").join(pieces)
    read = parse_condition if condition else parse_statement
    found, diagnostics = read(text, VOCABULARY)  # type: ignore[operator]
    assert (found is None) == bool(diagnostics)
    for d in diagnostics:
        assert d.message
        assert d.span
        assert str(d)


def test_grammar_files_are_found() -> None:
    assert [p.name for p in sorted(module.folder().glob("*.lark"))] == [
        "1-statements.lark", "2-parts.lark", "3-conditions.lark", "4-words.lark",
    ]  # fmt: skip
    assert os.path.isdir(module.folder())
