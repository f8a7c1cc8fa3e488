"""The regulation row by row: each row holds for the shipped packs and was seen to fail when its rule is broken.

``row_…`` (in rows_records.py and rows_years.py) takes the packs and asserts a case worked by hand from the text;
``broken.yaml`` says which changes of the packs it must notice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.regulation import rows_records, rows_years
from tests.regulation.support import Packs

Row = Callable[[Packs], None]
ROWS: dict[str, Row] = {
    name: row for rows in (rows_records, rows_years) for name, row in vars(rows).items() if name.startswith("row_")
}
TABLES = {
    "sichuan/tables/bases.csv": [
        "示例基地,示例省级基地、示例大学继教院,省级,2016-01-01,2017-12-31,示例,seen",
        "示例市级基地,,市级,2016-07-01,,示例,seen",
    ],
    "sichuan/tables/themes.csv": ["2016,示例主题,20,示例,seen", "2017,示例新主题,,示例,seen"],
    "cities/chengdu/tables/local_courses.csv": ["2016,示例选修,示例,seen"],
}
BROKEN: list[dict[str, str]] = yaml.safe_load(Path(__file__).with_name("broken.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str, tmp_path: Path) -> None:
    ROWS[row](Packs(tmp_path, rows=TABLES))


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: f"{change['row']}: {change['broken'][:24]}")
def test_row_notices_a_broken_rule(change: dict[str, str], tmp_path: Path) -> None:
    packs = Packs(tmp_path, edits=[(change["file"], change["says"], change["broken"])], rows=TABLES)
    with pytest.raises((AssertionError, KeyError)):
        ROWS[change["row"]](packs)


def test_every_row_has_a_rule_that_was_broken() -> None:
    assert {change["row"] for change in BROKEN} == set(ROWS)
