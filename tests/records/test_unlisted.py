"""People with records whom the persons file doesn't name: a warning says how many, and who the first are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.records.support import both_ways, schema

# ids in the records, ids in the persons file, what is said of those who are missing (None: nothing)
CASES = [
    ("P1 P2", "P1 P2 P3", None),
    ("123 P1", "000123 P1", "1 person with records is: 1**"),
    ("P4 P1 P5 P1 P3", "P1", "3 persons with records are: P*, P*, P*"),
    ("B4 C3 A5 D1", "P1", "4 persons with records are: A*, B*, C*, …"),
]


@pytest.mark.parametrize(("records", "persons", "said"), CASES, ids=[c[0] for c in CASES])
def test_people_with_records_that_the_persons_file_does_not_name(
    records: str, persons: str, said: str | None, tmp_path: Path
) -> None:
    source, listed = tmp_path / "r.csv", tmp_path / "p.csv"
    source.write_text("人员编号,学习日期,学时\n" + "".join(f"{p},2016-03-05,8\n" for p in records.split()), "utf-8")
    listed.write_text("人员编号,地区\n" + "".join(f"{p},四川\n" for p in persons.split()), "utf-8")
    (tmp_path / "tables").mkdir()
    inputs, problems = both_ways([str(source)], str(listed), None, schema(), tmp_path / "tables")
    assert inputs is not None
    assert len(inputs.records) == len(records.split())
    assert {d.code for d in problems} == ({"PE445"} if said else set())
    for problem in problems:
        first, last = (said or "").split(": ")
        assert problem.message.startswith(first)
        assert problem.message.endswith(last)
        assert "persons file" in problem.message  # where no file is named beside it
        assert problem.span is not None
        assert problem.span.file == str(listed)
