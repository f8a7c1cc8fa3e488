"""Rows 2 and 5: what a sector's pack may change of the province's rules, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.diagnostics import PolicyError
from policyengine.language.tree import Drop
from policyengine.packs.policies import load_policies
from tests.regulation.support import POLICIES, Edit, Packs, learned, short

YEARS = "sichuan/rules-years.yaml"
SECTOR = """
pack: example-sector
title: 示例行业
level: sector
authority: 示例行业主管部门
extends: sichuan
sources: {{example: {{title: 示例行业规定, confidence: seen}}}}
{more}"""
RULE = "- {{id: {id}, cites: {{source: example, at: 第一条}}, from: {start}, rule: {rule}}}\n"


def sector(tmp_path: Path, *rules: str, more: str = "", edits: tuple[Edit, ...] = (), start: str = "null") -> Packs:
    """The shipped packs with a sector's on top that states ``rules``."""
    text = "".join(RULE.format(id=f"rule-{n}", start=start, rule=rule) for n, rule in enumerate(rules, 1))
    files = {"sectors/example/pack.yaml": SECTOR.format(more=more), "sectors/example/rules.yaml": text}
    return Packs(tmp_path, edits=edits, files=files)


def test_row_2_a_higher_figure_of_a_sector_prevails(tmp_path: Path) -> None:
    packs = sector(tmp_path, "替代 sichuan/annual-hours：要求 每年 总学时 不少于 120 学时", start="2016")
    judged = packs.judge([learned("2016-03-01", "培训班", 100)], pack="sectors/example")
    decision, finding = judged.decision(), judged.finding("rule-1")
    assert (decision.outcome, decision.required_total, decision.shortfall_total) == ("not_met", 120, 20)
    assert (finding.required, finding.required_base) == (120, 90)
    assert "第一条" in judged.explained()


def test_row_2_a_lower_figure_of_a_sector_is_refused(tmp_path: Path) -> None:
    packs = sector(tmp_path, "替代 sichuan/annual-hours：要求 每年 总学时 不少于 80 学时", start="2016")
    with pytest.raises(PolicyError) as refused:
        packs.judge([], pack="sectors/example")
    [problem] = [d for d in refused.value.diagnostics if d.severity == "error"]
    assert problem.code == "PE203"
    assert "二（二）第1款" in str(problem)


NATIONAL = ("national/rules.yaml", "授权 学历教育、教师培训、继续医学教育", "授权 学历教育、教师培训")
TAKEN = (
    "不适用 sichuan/annual-hours 理由「按国家规定管理」",
    "换算 1 学分 等于 3 学时",
    "要求 每年 总学分 不少于 25 学分",
)


def test_row_5_a_pack_that_takes_over_a_delegated_regime_replaces_the_hours(tmp_path: Path) -> None:
    packs = sector(tmp_path, *TAKEN, more="regimes: [continuing_medical_education]\n")
    judged = packs.judge([learned("2016-03-01", "培训班", 75)], pack="sectors/example")
    decision = judged.decision()
    assert (decision.outcome, decision.unit, decision.total, decision.required_total) == ("met", "credits", 25, 25)
    assert "annual-hours" not in [short(f.rule) for f in judged.findings()]


def test_row_5_nobody_else_may(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        sector(tmp_path / "plain", *TAKEN).judge([], pack="sectors/example")
    assert "PE312" in {d.code for d in refused.value.diagnostics}
    undelegated = (YEARS, NATIONAL[1], NATIONAL[2])
    for name, edits, codes in (("province", (undelegated,), {"PE312"}), ("both", (undelegated, NATIONAL), {"PE317"})):
        with pytest.raises(PolicyError) as refused:
            sector(tmp_path / name, *TAKEN, more="regimes: [continuing_medical_education]\n", edits=edits).judge(
                [], pack="sectors/example"
            )
        assert {"PE312", *codes} == {d.code for d in refused.value.diagnostics if d.severity == "error"}


def test_row_5_the_national_figure_goes_with_the_provinces_only_where_it_is_delegated_too(tmp_path: Path) -> None:
    """The province's 90 stands over that of order 25: what the province delegates does not free from the nation's."""
    regime = "regimes: [continuing_medical_education]\n"
    with pytest.raises(PolicyError) as refused:
        sector(tmp_path / "drop", *TAKEN, more=regime, edits=(NATIONAL,)).judge([], pack="sectors/example")
    [problem] = [d for d in refused.value.diagnostics if d.severity == "error"]
    assert problem.code == "PE312"
    assert "national/annual-hours" in problem.message
    lower = "替代 sichuan/annual-hours：要求 每年 总学时 不少于 80 学时"
    with pytest.raises(PolicyError) as refused:
        sector(tmp_path / "lower", lower, more=regime, edits=(NATIONAL,), start="2016").judge(
            [], pack="sectors/example"
        )
    [problem] = [d for d in refused.value.diagnostics if d.severity == "error"]
    assert (problem.code, "第八条" in str(problem)) == ("PE203", True)
    judged = sector(tmp_path / "free", lower, more=regime, start="2016").judge(
        [learned("2016-03-01", "培训班", 80)], pack="sectors/example"
    )
    assert (judged.decision().outcome, judged.decision().required_total) == ("met", 80)


@pytest.mark.parametrize("pack", ["medical", "teachers"])
def test_row_5_of_the_two_regimes_neither_the_provinces_nor_the_nations_hours_are_left(pack: str) -> None:
    [policy], _ = load_policies(POLICIES / "sectors" / pack)
    left = {r.name for g in policy.governing if g.until is None for r in (g.rule, *g.over)}
    assert left.isdisjoint({"sichuan/annual-hours", "national/annual-hours", "national/professional-share"})
    dropped = {r.statement.rule: r for r in policy.packs[-1].rules if isinstance(r.statement, Drop)}
    assert str(dropped["sichuan/annual-hours"].cites) == "川人社发〔2016〕20号 二（二）第4款"
    assert "national/annual-hours" in (dropped["sichuan/annual-hours"].note or "")


def test_row_5_credits_and_hours_are_compared_only_through_an_exchange(tmp_path: Path) -> None:
    override = "替代 sichuan/annual-hours：要求 每年 总学分 不少于 90 学分"
    with pytest.raises(PolicyError) as refused:
        sector(tmp_path / "without", override).judge([], pack="sectors/example")
    assert "PE314" in {d.code for d in refused.value.diagnostics}
    packs = sector(tmp_path / "with", override, "换算 1 学分 等于 1 学时")
    judged = packs.judge([learned("2016-03-01", "培训班", 90)], pack="sectors/example")
    assert (judged.decision().outcome, judged.decision().unit) == ("met", "credits")
