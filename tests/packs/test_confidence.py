"""What is only remembered or inferred says so where it decides: in explain it reads “text not seen”."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from policyengine.packs.policies import load_policies

POLICIES = Path(__file__).parents[2] / "policies"
SECTORS = POLICIES / "sectors"


@pytest.mark.parametrize(
    ("pack", "rule", "year", "confidence"),
    [
        ("publishing", "face-to-face-hours", 2010, "remembered"),  # where the interim rules begin was not seen
        ("publishing", "face-to-face-hours", 2019, "remembered"),
        ("publishing", "face-to-face-hours", 2020, "seen"),
        ("accounting", "face-to-face-hours", 2007, "remembered"),  # inferred from the year of a text of that kind
        ("accounting", "credits-before", 2016, "seen"),  # only its first year is inferred
        ("medical", "national-credits-in-5-years", 2020, "remembered"),
        ("medical", "under-five-years", 2020, "remembered"),
        ("medical", "class-2-credits", 2022, "seen"),
        ("teachers", "cycle-hours", 2020, "remembered"),
    ],
)
def test_what_is_only_inferred_says_so(pack: str, rule: str, year: int, confidence: str) -> None:
    [policy], _ = load_policies(SECTORS / pack)
    day = date(year, 7, 1)
    versions = [r for r in policy.packs[-1].rules if r.id == rule]
    force = [r for r in versions if (r.start or date.min) <= day <= (r.until or date.max)]
    assert [r.confidence for r in force] == [confidence]


@pytest.mark.parametrize("pack", ["medical", "teachers"])
def test_that_the_nations_hours_are_dropped_on_memory_is_told_with_the_reason(pack: str) -> None:
    """The province's paragraph was read: it is not marked as unseen. That the nation's law says so too was not."""
    [policy], _ = load_policies(SECTORS / pack)
    [drop] = [r for r in policy.packs[-1].rules if r.id in ("no-hours", "no-annual-hours") and r.label == "2016"]
    assert drop.confidence == "seen"
    assert (drop.statement.because or "").endswith("国家的90学时也不适用，凭记忆")


@pytest.mark.parametrize("pack", sorted(f.parent.name for f in POLICIES.rglob("pack.yaml")))
def test_no_rule_rests_on_a_document_that_was_not_there_yet(pack: str) -> None:
    """川人社发〔2016〕20号 says nothing of 2015: what held then rests on something else, seen or remembered."""
    [folder] = [f.parent for f in POLICIES.rglob("pack.yaml") if f.parent.name == pack]
    [policy], _ = load_policies(folder)
    own = policy.packs[-1]
    sources = {s.id: re.search("〔([0-9]{4})〕", s.number or "") for s in own.sources.values()}
    early = [
        (r.key, r.cites.at)
        for r in own.rules
        if (year := sources[r.cites.source]) and (r.start is None or r.start.year < int(year[1]))
    ]
    assert early == []
