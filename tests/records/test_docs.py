"""docs/records.md says what is true: its headers are understood, its cells read, its mapping file valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.records import cells
from policyengine.records.cells import Bad
from policyengine.records.header import Headers
from policyengine.records.mapping import KEYS, load_mapping
from policyengine.records.mapping_check import unknown
from tests.records.support import schema

TEXT = Path("docs/records.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    return TEXT.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_mapping_file_shown_has_every_key_and_is_valid(tmp_path: Path) -> None:
    shown = _section("The mapping file").split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "m.yaml"
    path.write_text(shown, encoding="utf-8")
    mapping, said = load_mapping(str(path))
    assert said == []
    assert mapping is not None
    assert unknown(schema(path)) == []
    assert all(re.search(rf"^{key}:", shown, re.MULTILINE) for key in KEYS)
    assert mapping.wide["培训班学时"] == {"form": "培训班", "unit": "学时"}
    assert mapping.term_aliases == {"form": {"培训班": ("短训班",)}}


@pytest.mark.parametrize("purpose", ["records", "persons", "circumstances"])
def test_the_headers_shown_are_understood(purpose: str) -> None:
    headers = Headers(schema(), purpose)  # type: ignore[arg-type]
    tables = _section("Columns").split("\n\n")
    rows = [line for part in tables if part.startswith("|") for line in part.splitlines()]
    if purpose == "records":
        shown = [line.split("|")[2] for line in rows if line.startswith("| `") and "| `person_id`, `kind`" not in line]
        words = [w for cell in shown for w in re.findall(r"[一-龥()]+", cell.split("; without")[0])]
        words = [w for w in words if w not in ("或", "的")]
        assert len(words) > 30
    else:
        column = 1 if purpose == "persons" else 2
        words = re.findall(r"[一-龥]+", rows[-1].split("|")[column])
    for word in words:
        assert headers.targets(word) or "pack" in word, word


@pytest.mark.parametrize(
    ("row", "read"),
    [("dates", cells.day), ("numbers", cells.number), ("with a unit", cells.number), ("yes, no", cells.yes_no)],
)
def test_the_cells_shown_are_read_or_not(row: str, read: object) -> None:
    line = next(li for li in _section("Cells").splitlines() if li.startswith(f"| {row} |"))
    _, _, good, bad, _ = line.split("|")
    split = r"[ ,]+" if row == "yes, no" else r", | a time|; "
    for text in re.split(split, good.strip()):
        if text and re.match(r"[\d１是否yntf√×]", text) and " " not in text.strip():
            assert not isinstance(read(text), Bad), text  # type: ignore[operator]
    for text in re.split(r", ", bad.strip()):
        if re.match(r"[\d\-a-zA-Z约有无已]+", text) and " " not in text and text not in ("UTC",):
            found = read(text)  # type: ignore[operator]
            assert isinstance(found, Bad) or text == "-5", text
