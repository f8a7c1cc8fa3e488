"""Small ugly files, each with the rows and rejects that a person worked out by hand beside it (``*.expect.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policyengine.records import fast
from policyengine.records.model import Inputs
from tests.records.support import DATA, both_ways, codes, person_lines, record_lines, reject_lines, schema, text

CASES = sorted(DATA.glob("*.expect.yaml"))


def _files(case: Path, expected: dict[str, Any]) -> list[str]:
    if "files" in expected:
        return [str(DATA / f) for f in expected["files"]]
    stem = case.name.removesuffix(".expect.yaml")
    kinds = (".yaml",)
    return [str(p) for p in sorted(DATA.glob(f"{stem}.*")) if p.suffix not in kinds]


def _ordered(line: str) -> str:
    """Facts in the order of their names, whatever order a person wrote them in."""
    first, _, others = line.rpartition(" |")
    return f"{first} | {' '.join(sorted(others.split()))}".rstrip()


def _check_rejects(inputs: Inputs, expected: list[str]) -> None:
    wanted = [str(line) for line in expected]
    valued = {line for line in wanted if line.count("|") == 3}
    plain = {line.rsplit(" | ", 1)[0] for line in valued} | (set(wanted) - valued)
    assert set(reject_lines(inputs.rejects, with_value=False)) == plain
    assert len(inputs.rejects) == len(wanted)
    assert valued <= set(reject_lines(inputs.rejects))
    assert all(r.reason and r.reason_zh for r in inputs.rejects)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name.removesuffix(".expect.yaml"))
def test_file_is_read_as_worked_out_by_hand(case: Path, tmp_path: Path) -> None:
    expected = yaml.load(case.read_text(encoding="utf-8"), yaml.BaseLoader)
    of = schema(DATA / expected["mapping"] if "mapping" in expected else None)
    files = _files(case, expected)
    purpose = expected.get("purpose", "records")
    people = DATA / "people-of-tests.csv"
    args = {
        "records": (files, None, None),
        "persons": ([str(people)], files[0], None),
        "circumstances": ([str(people)], None, files[0]),
    }[purpose]
    inputs, said = both_ways(*args, of, tmp_path)
    assert codes(said, "error") == expected.get("errors", [])
    if "errors" in expected:
        assert inputs is None
        assert all(d.span is not None and d.hint for d in said if d.severity == "error")
        return
    assert inputs is not None
    assert codes(said, "warning") == expected.get("warnings", [])
    _check_rejects(inputs, expected.get("rejects", []))
    for row, word in expected.get("hints", {}).items():
        assert any(str(r.row) == row and word in r.hint for r in inputs.rejects)
    if purpose == "records":
        assert record_lines(inputs) == [_ordered(line) for line in expected.get("records", [])]
        if "extra" in expected:
            assert inputs.records[0].extra == expected["extra"]
    elif purpose == "persons":
        listed = [(p.person_id, p.facts.items()) for p in inputs.persons.values() if p.facts]
        assert person_lines(listed) == expected["persons"]
    else:
        held = [
            f"{p.person_id} | {c.kind} | {text(c.start)} | {text(c.end)}"
            for p in inputs.persons.values()
            for c in p.circumstances
        ]
        assert held == expected["circumstances"]


@pytest.mark.parametrize(
    "case", [c for c in CASES if DATA.joinpath(f"{c.name[:-12]}.csv").exists()], ids=lambda c: c.name
)
def test_cells_tested_by_their_patterns_mean_the_same(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "few", lambda *_: set())  # as if no column repeated itself
    expected = yaml.load(case.read_text(encoding="utf-8"), yaml.BaseLoader)
    of = schema(DATA / expected["mapping"] if "mapping" in expected else None)
    both_ways(_files(case, expected), None, None, of, tmp_path)


def test_the_corpus_is_large_enough_and_says_why() -> None:
    assert len(CASES) >= 60
    for case in CASES:
        assert yaml.safe_load(case.read_text(encoding="utf-8"))["why"], case
