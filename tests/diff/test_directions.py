"""A small pack, changed in one rule or table (directions.yaml): what ``diff`` says of it, worked by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.diff.support import compared, law, told

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "directions.yaml").read_text(encoding="utf-8")
)  # fmt: skip
PACK = {
    "pack": "p",
    "title": {"en": "P"},
    "level": "province",
    "authority": "A",
    "extends": None,
    "applies": None,
    "surface": "en",
    "sources": {"s": {"title": "T", "confidence": "seen"}},
    "vocabulary": {
        "terms": {
            "form": {"paper": "论文"},
            "subject": {"public": "公需", "professional": "专业"},
            "circumstance": {"illness": {"zh": "病假", "leave": True}},
        },
        "measures": {"good": {"zh": "合格学时"}},
        "flags": {"looked_at": {"zh": "核对"}},
        "conclusions": {"held_back": {"zh": "不得申报"}},
    },
    "fields": {
        "record": {
            "rank": {"zh": "名次", "type": "number", "min": 1, "max": 20, "decimals": 0},
            "published": {"zh": "发表", "type": "yes_no"},
        }
    },
    "quantities": {
        "items": {"min": 0, "max": 10, "decimals": 0},
        "hours": {"min": 0, "max": 100, "decimals": 1},
        "credits": {"min": 0, "max": 100, "decimals": 1},
    },
    "tables": {
        "points": {
            "zh": "分值",
            "file": "tables/points.csv",
            "columns": {
                "rank": {"role": "key", "field": "rank", "match": "range"},
                "from": {"role": "from"},
                "until": {"role": "until"},
                "value": {"role": "value", "type": "number", "unit": "hours"},
            },
        }
    },
}
ABOVE = {
    "pack": "above", "title": {"en": "A"}, "level": "sector", "authority": "B", "extends": "p", "applies": None,
    "surface": "en", "sources": {"s": {"title": "T", "confidence": "seen"}},
}  # fmt: skip
ALWAYS = {"recognised": "recognise paper"}
STATED = {"converted": "convert paper at stated hours"}


def pack(
    folder: Path, rules: Mapping[str, str], table: str, more: Mapping[str, str], above: Mapping[str, str]
) -> Path:  # fmt: skip
    """The pack with these rules (``2015: …`` from that year on, ``2015-2018: …`` in these years, a day for a
    year; ``… !delegated``) and rows of its table. ``more``: other keys of its pack.yaml; ``above``: rules of a pack
    that extends it."""
    place = folder / "policies" / "p"
    (place / "tables").mkdir(parents=True)
    (place / "pack.yaml").write_text(yaml.safe_dump({**PACK, **more}, allow_unicode=True), encoding="utf-8")
    (place / "tables" / "points.csv").write_text(f"rank,from,until,value\n{table}\n", encoding="utf-8")
    (place / "rules.yaml").write_text(_entries(rules), encoding="utf-8")
    if above:
        place = folder / "policies" / "above"
        place.mkdir()
        (place / "pack.yaml").write_text(yaml.safe_dump(ABOVE), encoding="utf-8")
        (place / "rules.yaml").write_text(_entries(above), encoding="utf-8")
    return folder / "policies"


def _entries(rules: Mapping[str, str]) -> str:
    entries = []
    for name, text in rules.items():
        found = re.fullmatch(r"(?:(\d{4}(?:-\d\d-\d\d)?)(?:-(\d{4}(?:-\d\d-\d\d)?))?: )?(.+?)(?: !([a-z-]+))?", text)
        assert found is not None
        start, until = (yaml.safe_load(day) if day else None for day in found.groups()[:2])
        entries.append(
            {"id": name, "cites": {"source": "s", "at": "1"}, "from": start, "until": until,
             "change": found[4] or "raise-only", "rule": found[3]}
        )  # fmt: skip
    return yaml.safe_dump(entries, allow_unicode=True, sort_keys=False)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_which_way_a_change_works(case: dict[str, Any], tmp_path: Path) -> None:
    common = {**ALWAYS, **STATED, **case.get("rules", {})}
    rows = case.get("rows", [">=1,,,5"] * 2)
    sides = [
        law(pack(tmp_path / side, {**common, **case.get(side, {})}, table, case.get("pack", {}), case.get("above", {})))
        for side, table in zip(("old", "new"), rows, strict=True)
    ]
    for one, other in (sides, sides[::-1]) if "back" in case else (sides,):
        assert not one.problems
        found = compared(one, other).changes
        said = [" | ".join((told(c), *c.witness, *([c.why] if c.why else []))) for c in found]
        assert said == case["told" if one is sides[0] else "back"]
