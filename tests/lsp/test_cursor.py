"""Which rule the cursor is in, and what of it stands before: also in a file that is no YAML at the moment."""

from __future__ import annotations

import pytest

from policyengine.lsp.cursor import rule_before, spot
from policyengine.packs.document import parse_document

RULE = "statement"


@pytest.mark.parametrize(
    ("text", "found"),
    [  # ¦ is the cursor
        ("- id: a\n  rule: 要求 每年¦ 总学时", (RULE, "要求 每年")),
        ("- id: a\n  rule: ¦", (RULE, "")),
        ("- id: a\n  rule:¦", (RULE, "")),
        ("- rule: 要求¦", (RULE, "要求")),
        ("- id: a\n  rule: |\n    要求 每年\n    总¦学时", (RULE, "要求 每年 总")),
        ("- id: a\n  rule: >-  # 说明\n    要求¦", (RULE, "要求")),
        ("- id: a\n  rule: 要求\n    每年 ¦", (RULE, "要求 每年 ")),
        ("- id: a\n  rule: 'override a/b: req¦uire'", (RULE, "override a/b: req")),
        ("- id: a\n  rule: 'it''s ¦'", (RULE, "it's ")),
        ('- id: a\n  rule: "say \\"so\\" ¦"', (RULE, 'say "so" ')),
        ("- {id: a, rule: 要求 每年¦}", (RULE, "要求 每年")),
        ("applies: 行业 = ¦会计", ("condition", "行业 = ")),
        ("- id: a\n  rule: [broken\n- id: b\n  rule: 认¦", (RULE, "认")),
        ("- id: a\n  note: 要求 每年¦", None),
        ("- id: a\n  rule: 要求\n  note: 每年¦", None),
        ("- id: a\n  rule: 要求  # 每年¦", None),
        ("- id: a\n  rule: 要求\n  # 每年¦", None),
        ("- id: a\n  rule: 要求\n\n# 说明\n- id: b¦", None),
        ("¦", None),
        ("overrule: 要求¦", None),
    ],
)
def test_the_rule_before_the_cursor(text: str, found: tuple[str, str] | None) -> None:
    before, _ = text.split("¦")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    assert rule_before(text.replace("¦", "").split("\n"), line, column) == found


@pytest.mark.parametrize(
    ("line", "column", "keys"),
    [
        (1, 7, ("id",)),
        (2, 20, ("cites", "source")),
        (2, 28, ("cites", "at")),
        (4, 5, ("rule",)),
        (5, 9, ("rule",)),
        (3, 2, None),
        (9, 1, None),
    ],
)
def test_the_value_at_a_place(line: int, column: int, keys: tuple[str, ...] | None) -> None:
    text = "- id: hours\n  cites: {source: law, at: 第一条}\n  rule: |\n    要求 每年\n    总学时 不少于 90 学时\n"
    document, _ = parse_document(text.encode(), "rules.yaml")
    assert document is not None
    found = spot(document, line, column)
    assert (found.keys if found else None) == keys
