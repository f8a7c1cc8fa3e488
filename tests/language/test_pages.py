"""The page of each message about the language shows the mistake: its example gets that code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import policyengine.language
from policyengine.language.parser import MAX_LENGTH, parse_statement
from tests.words import VOCABULARY

LANGUAGE = Path(policyengine.language.__file__).parent
PAGES = LANGUAGE.parent / "codes"
CODES = sorted({c for p in LANGUAGE.glob("*.py") for c in re.findall(r'"(PE2\d\d)"', p.read_text("utf-8"))})
WHOLE = {  # where the page shows only the beginning
    "PE210": "认定 培训班 当 名称 = 「…」" + " 或 名称 = 「…」" * (MAX_LENGTH // 10),
    "PE211": "不予认定 当 " + "（" * 60 + "未完成" + "）" * 60,
}


@pytest.mark.parametrize("code", CODES)
def test_the_example_gets_the_code(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text("utf-8")
    [rule] = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    statement, found = parse_statement(WHOLE.get(code, rule["rule"]), VOCABULARY)
    assert statement is None
    assert [d.code for d in found] == [code]


def test_every_page_of_the_language_is_for_a_code() -> None:
    assert {p.stem for p in PAGES.glob("PE2[01]?.md")} - {"PE203"} == set(CODES)
