"""Merged cells: each row has the text of the whole, wherever on the sheet the table stands and whatever kind it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyengine.records import sheets
from tests.records.support import both_ways, schema
from tests.records.workbooks import Range, ods, xls, xlsx

HEADER = ["部门", "人员编号", "学习日期", "学习形式", "学时"]
ROWS: list[list[Any]] = [
    HEADER,
    ["人事处", "P1", "2016-03-05", "培训班", 8],
    [None, "P2", "2016-03-06", "自学", 9],
    [None, "P3", "2016-03-07", "讲座", 7],
]
# the merged range; what is read: person, day, hours of the records, then code and row of the rejects
CASES: list[tuple[Range, str]] = [
    ((1, 3, 0, 0), "P1 5 8, P2 6 9, P3 7 7"),
    ((1, 2, 1, 1), "P1 5 8, P1 6 9, P3 7 7"),
    ((1, 3, 2, 2), "P1 5 8, P2 5 9, P3 5 7"),
    ((1, 2, 4, 4), "P3 7 7, PE431 2, PE431 3"),
]
MADE = {"xlsx": xlsx, "streamed": xlsx, "xls": xls, "ods": ods}


@pytest.mark.parametrize("at", [(0, 0), (1, 1), (0, 3), (4, 0)], ids=str)
@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize(("merged", "expected"), CASES, ids=["department", "person", "day", "figure"])
def test_merged_cells_wherever_the_table_stands(
    merged: Range, expected: str, kind: str, at: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "streamed":
        monkeypatch.setattr(sheets, "_holdable", lambda *_: False)
    path = tmp_path / f"r.{kind}"
    top, bottom, left, _ = merged
    rows = [row[:] for row in ROWS]
    for row in rows[top + 1 : bottom + 1]:
        row[left] = None
    MADE[kind](path, rows, at, [merged])
    inputs, _ = both_ways([str(path)], None, None, schema(), tmp_path)
    assert inputs is not None
    found = [f"{r.person_id} {r.end.day} {r.quantity}" for r in inputs.records]
    found += [f"{r.code} {r.row - at[0]}" for r in inputs.rejects]
    assert ", ".join(found) == expected
