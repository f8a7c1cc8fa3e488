"""The page of each message about plans shows the mistake: its example is read and must be answered with that code."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policyengine.language.parser import parse_statement
from policyengine.packs.model import Rule
from tests.build import BOUNDS, F, _Text, complaints, rule, words

PAGES = Path(__file__).parents[2] / "policyengine" / "codes"
MINE = sorted(p.stem for p in PAGES.glob("PE2[3-6]?.md"))
SURROUNDINGS = {  # what pack.yaml says in the example
    "PE266": {"bounds": {}},
    "PE267": {"bounds": {**BOUNDS, "characters": (F(0), F(10**9), 9)}},
}


def example(code: str) -> list[dict[str, str]]:
    block = (PAGES / f"{code}.md").read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    return yaml.safe_load(block)  # type: ignore[no-any-return]


def rules_of(code: str) -> list[Rule]:
    return [rule(r["id"], r["rule"], r.get("from"), r.get("until")) for r in example(code)]  # type: ignore[arg-type]


@pytest.mark.parametrize("code", MINE)
def test_the_example_is_answered_with_the_code(code: str) -> None:
    if code in ("PE245", "PE249"):  # the parser sees these already; trees that are built otherwise are still checked
        [one] = example(code)
        statement, found = parse_statement(one["rule"], words(), _Text(one["rule"]))
        if statement is None:
            assert found
            return
    found = complaints(*rules_of(code), **SURROUNDINGS.get(code, {}))
    assert code in [d.code for d in found], found
    [said] = [d for d in found if d.code == code]
    assert said.hint
    assert said.span
    assert said.citation


def test_every_code_has_a_page() -> None:
    import re

    folder = PAGES.parent / "plan"
    used = {c for p in folder.glob("*.py") for c in re.findall(r'"(PE2\d\d)"', p.read_text("utf-8"))}
    assert used == set(MINE)
