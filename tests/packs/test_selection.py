"""Which of the shipped packs judges whom: the most specific one that applies; a missing fact is never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.records.model import Person
from policyengine.records.schema import schema_of
from policyengine.tools.evaluate.select import Selector, load_law

POLICIES = Path(__file__).parents[2] / "policies"
SELECTOR = Selector(load_law(str(POLICIES)))
ON_TOP = ("chengdu", "accounting", "medical", "teachers", "publishing", "pharmacists", "constructors")
CHAINS = {"sichuan": ["national", "sichuan"], **{pack: ["national", "sichuan", pack] for pack in ON_TOP}}


@pytest.mark.parametrize(
    ("facts", "pack"),
    [
        ({"sector": "accounting", "region": "leshan"}, "accounting"),
        ({"sector": "accounting", "region": "chengdu"}, "accounting"),
        ({"sector": "medical", "region": "leshan"}, "medical"),
        ({"sector": "teaching", "region": "chengdu"}, "teachers"),
        ({"sector": "publishing", "region": "provincial"}, "publishing"),
        ({"sector": "pharmacy", "region": "leshan"}, "pharmacists"),
        ({"sector": "construction", "region": "leshan"}, "constructors"),
        ({"sector": "housing", "region": "leshan"}, "sichuan"),
        ({"sector": "housing", "region": "chengdu"}, "chengdu"),
        ({"sector": "engineering", "region": "chengdu"}, "chengdu"),
        ({"sector": "engineering", "region": "leshan"}, "sichuan"),
    ],
    ids=lambda part: part if isinstance(part, str) else "+".join(part.values()),
)
def test_the_most_specific_pack_judges(facts: dict[str, str], pack: str) -> None:
    choice = SELECTOR.choose(Person("甲", facts))
    assert choice.governs is not None
    policy = SELECTOR.law.policies[choice.governs]
    assert (policy.id, choice.candidates, choice.missing) == (pack, (), ())
    assert [p.id for p in policy.packs] == CHAINS[pack]


@pytest.mark.parametrize(
    ("cell", "term"), [("住房和城乡建设", "housing"), ("住建", "housing"), ("建造师", "construction")]
)
def test_who_builds_is_no_constructor_for_that(cell: str, term: str) -> None:
    schema = schema_of(SELECTOR.law.plans)
    forms, _ = schema.terms(schema.fields["sector"])
    assert forms[cell] == (term,)


def test_who_may_fall_under_another_pack_is_said() -> None:
    choice = SELECTOR.choose(Person("甲", {"region": "leshan"}))
    assert choice.governs is not None
    assert SELECTOR.law.policies[choice.governs].id == "sichuan"
    assert {SELECTOR.law.policies[i].id for i in choice.candidates} == set(CHAINS) - {"sichuan", "chengdu"}
    assert choice.missing == ("person:sector",)
