"""One person's records are read as they are among all; what is told of others without reading them is true."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine.records.read import read_inputs
from tests.records.support import schema
from tests.records.test_properties import files

SCHEMA = schema()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(files(), st.sampled_from(["P1", "P2", "张三", "Ｐ４", "nobody", "合计"]))
def test_alone_as_among_all(table: tuple[list[str], list[list[str]]], who: str) -> None:
    header, rows = table
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        everybody, _ = read_inputs([str(path)], None, None, SCHEMA)
        alone, _ = read_inputs([str(path)], None, None, SCHEMA, who, dated=True)
    assert (everybody is None) == (alone is None)
    if everybody is None or alone is None:
        return
    assert alone.rows == everybody.rows
    own = (who, "P4" if who == "Ｐ４" else who)  # an id is known as the file has it, too
    assert alone.records == tuple(r for r in everybody.records if r.person_id in own)
    if alone.sure:
        days = [r.end for r in everybody.records]
        seen = [r.end for r in alone.records] + list(alone.unread or ())
        assert (min(days), max(days)) == (min(seen), max(seen)) if days else not seen


def _inputs(folder: Path, records: str, persons: str, who: str):  # type: ignore[no-untyped-def]
    (folder / "r.csv").write_text("record_id,person_id,date,quantity,unit\n" + records)
    (folder / "p.csv").write_text("person_id,name\n" + persons)
    found, _ = read_inputs([str(folder / "r.csv")], str(folder / "p.csv"), None, SCHEMA, who, dated=True)
    assert found is not None
    return found


def test_by_name_by_id_and_by_masked_id(tmp_path: Path) -> None:
    records = "R1,P1,2016-01-02,1,hours\nR2,P2,2016-03-04,1,hours\nR3,510101199001010016,2018-05-06,1,hours\n"
    persons = "P1,Ann\nP2,Bob\nP3,Ann\n"
    for who, ids in (("Bob", ["R2"]), ("P1", ["R1"]), ("510101********0016", ["R3"]), ("Ann", ["R1"])):
        assert [r.record_id for r in _inputs(tmp_path, records, persons, who).records] == ids


def test_the_outermost_days_of_others(tmp_path: Path) -> None:
    good = "R1,P1,2016-01-02,1,hours\nR2,P2,2014-03-04,1,hours\nR3,P2,2018-05-06,1,hours\n"
    found = _inputs(tmp_path, good, "P1,Ann\nP2,Bob\n", "Ann")
    assert found.sure
    assert [str(d) for d in found.unread] == ["2014-03-04", "2018-05-06"]
    for doubtful in ("R4,P2,2019-01-01,abc,hours\n", "R2,P2,2019-01-01,1,hours\n", "R1,P2,2019-01-01,1,hours\n"):
        assert not _inputs(tmp_path, good + doubtful, "P1,Ann\nP2,Bob\n", "Ann").sure
    inner = _inputs(tmp_path, good + "R4,P2,2016-01-01,abc,hours\n", "P1,Ann\nP2,Bob\n", "Ann")
    assert inner.sure, "a row that can't be read is in doubt only where it would be the outermost"


def test_a_row_of_totals_takes_no_record_id_from_anybody(tmp_path: Path) -> None:
    """It is read as among all: no record, whose id would be there twice."""
    found = _inputs(tmp_path, "R1,P1,2016-01-02,1,hours\nR1,合计,2016-01-02,1,hours\n", "P1,Ann\n", "P1")
    assert [r.record_id for r in found.records] == ["R1"]
