"""docs/packs.md is true: its files have the shape that it describes, and it leaves out no key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyengine.diagnostics import human
from policyengine.packs.document import parse_document
from policyengine.packs.nodes import Mapping
from policyengine.packs.shape import SCHEMAS, schema_text, shape_problems

TEXT = Path("docs/packs.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def block(title: str) -> str:
    """The first YAML of a section."""
    return section(title).split("```yaml\n")[1].split("```")[0]


@pytest.mark.parametrize(
    ("title", "schema"), [("pack.yaml", "pack"), ("rules*.yaml", "rules"), ("tests/*.yaml", "tests")]
)
def test_the_files_shown_have_their_shape(title: str, schema: str) -> None:
    document, problems = parse_document(block(title).encode(), "docs/packs.md")
    assert document is not None, problems
    problems = shape_problems(document, document.root, schema)
    assert problems == [], "\n".join(map(human, problems))


def test_the_ways_to_write_a_colon_are_read() -> None:
    lines = block("How the YAML is read")
    for part in lines.split("  rule: ")[1:]:
        document, problems = parse_document(("rule: " + part).replace("\n    ", "\n  ").encode(), "x.yaml")
        assert document is not None, problems
        assert isinstance(document.root, Mapping)
        assert len(document.root.pairs) == 1


def test_no_key_is_left_out() -> None:
    for name in SCHEMAS:
        schema = json.loads(schema_text(name))
        parts = [schema, *schema["$defs"].values()]
        while parts:
            part = parts.pop()
            if isinstance(part, dict):
                parts += list(part.values())
                properties = part.get("properties", {})
                assert [key for key in properties if key not in TEXT] == [], name
            elif isinstance(part, list):
                parts += part
