"""docs/database.md names every table and view of the schema."""

from __future__ import annotations

import re
from pathlib import Path

from policyengine.tools.publish.schema import schema_statements

PAGE = Path(__file__).parents[2] / "docs" / "database.md"


def test_every_table_is_described() -> None:
    page = PAGE.read_text(encoding="utf-8")
    described = set(re.findall(r"^\| (\w+) \|", page, re.MULTILINE)) - {"table"}
    made = {s.split()[2] for s in schema_statements() if s.startswith("CREATE TABLE")}
    assert described == made
    views = {s.split()[2].removeprefix("current_") for s in schema_statements() if s.startswith("CREATE VIEW")}
    assert views - made == {"completion"}
    assert "current_completion" in page
