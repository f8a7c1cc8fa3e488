"""Messages for mistakes, exactly: mistakes.txt has a rule, then what it gets in English, then in Chinese.

``RECORD=1 pytest tests/language`` writes the file anew; the diff is the review. A line ``> rule`` begins a case.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from policyengine.language.parser import parse_condition, parse_statement
from policyengine.messages import speak
from tests.words import VOCABULARY

FILE = Path(__file__).with_name("mistakes.txt")


def cases() -> dict[str, str]:
    found = {}
    for block in ("\n" + FILE.read_text(encoding="utf-8")).split("\n> ")[1:]:
        rule, _, expected = block.partition("\n")
        found[rule] = expected.strip("\n")
    return found


def messages(rule: str) -> str:
    """The diagnostics of a rule in both languages, as on a terminal; in Chinese without the line and the caret."""
    lines = []
    for language in ("en", "zh"):
        speak(language)
        statement, diagnostics = parse_statement(rule, VOCABULARY)
        assert statement is None
        assert diagnostics
        for d in diagnostics:
            shown = str(d).splitlines() if language == "en" else [d.message, *(["  " + d.hint] if d.hint else [])]
            lines += [line.rstrip() for line in shown]
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    speak("en")


CASES = cases()


@pytest.mark.parametrize("rule", CASES)
def test_message(rule: str) -> None:
    if os.environ.get("RECORD"):
        return
    assert messages(rule) == CASES[rule]


def test_record() -> None:
    if os.environ.get("RECORD"):
        FILE.write_text("\n".join(f"> {rule}\n{messages(rule)}\n" for rule in CASES), encoding="utf-8")


def only_a_number(expected: str) -> bool:
    return expected.count(": error ") == 1 and "error PE208" in expected and "hint: write " in expected


@pytest.mark.parametrize("rule", [rule for rule in CASES if only_a_number(CASES[rule])])
def test_a_number_written_as_the_hint_says_is_read(rule: str) -> None:
    [problem] = parse_statement(rule, VOCABULARY)[1]
    assert problem.hint
    assert problem.span
    wanted, _, instead = problem.hint.removeprefix("write ").partition(", not ")
    instead = instead or rule[problem.span.column - 1 : problem.span.end_column - 1]
    assert parse_statement(rule.replace(instead, wanted), VOCABULARY)[1] == []


def test_an_empty_rule() -> None:
    for text in ("", "   ", "。"):
        statement, (problem,) = parse_statement(text, VOCABULARY)
        assert statement is None
        assert problem.code == "PE200"


def test_a_rule_is_bounded() -> None:
    statement, (problem,) = parse_statement("认定 培训班 当 " + "完成 或 " * 3000 + "完成", VOCABULARY)
    assert statement is None
    assert problem.code == "PE210"


@pytest.mark.parametrize("opening", ["(", "not ", "not (", "非（", "（（非 "])
def test_nesting_is_bounded(opening: str) -> None:
    count = 9000 // len(opening)
    condition, (problem,) = parse_condition(opening * count + "met", VOCABULARY)
    assert condition is None
    assert problem.code == "PE211"
    closed = opening * 20 + "met" + ")" * 20 * (opening.count("(") + opening.count("（"))
    assert parse_condition(closed, VOCABULARY)[0] is not None


def test_long_lists_are_no_depth() -> None:
    condition, diagnostics = parse_condition(" and ".join(["met", "excused"] * 400), VOCABULARY)
    assert condition is not None, diagnostics


@pytest.mark.parametrize(
    "text",
    [
        "认定 " + "培训斑" * 3000,
        "recognise " + "trainning, " * 900,
        "recognise " + "x" * 9900,
        "reject records when " + "evidense is present or " * 400,
        "结论 不得评优「" + "」」" * 4900,
        "认定 培训班 当 名称 = 「" + "「" * 9900,
        "要求 每年 总学时 不少于 " + "九" * 9900,
        "要求 每年 总学时 不少于 " + "9" * 9900,
        "要求 每年 专业科目 不少于 总学时 要求 的 3分之" + "9" * 9900,
        "要求 每年 总学时 不少于 一" + "点九" * 4900,
        "require total at least " + "one hundred " * 800,
        "convert training at " + "1/" * 4900,
    ],
    ids=lambda text: text[:24],
)
def test_nonsense_is_answered_soon(text: str) -> None:
    """And briefly: a message repeats no more than a few dozen characters of it."""
    started = time.perf_counter()
    statement, diagnostics = parse_statement(text, VOCABULARY)
    assert time.perf_counter() - started < 2
    assert statement is None
    assert 1 <= len(diagnostics) <= 11
    assert all(len(d.message) < 300 and len(d.hint or "") < 300 for d in diagnostics)
