"""``applies`` of pack.yaml: what a condition on persons may ask, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.plan.build import plan_of
from policyengine.tools.check import check
from tests.packs_floor.folder import PACK, UPPER, load_two, rule, seen, write

TABLES = """\
tables:
  people: {file: people.csv, columns: {name: {role: key, field: name}}}
  then: {file: then.csv, columns: {name: {role: key, field: name}, from: {role: from}}}
"""
BASE = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only")

CASES = [
    ("行业 = 会计", []),
    ("行业 属于（会计） 且 入职日期 > 2020-01-01 或 缺 职称级别", []),
    ("入职日期 所在年度 < 2020", []),
    ("name in people", []),
    ("行业 = 国家级", ["PE230 6:10"]),  # a term of another field
    ("行业 = 会计 且 职称级别 > 3", ["PE230 6:20"]),
    ("行业 > 会计", ["PE231 6:10"]),
    ("行业 = 「会计」", ["PE230 6:10"]),
    ("行业 = 是", ["PE230 6:10"]),
    ("入职日期 > 3", ["PE230 6:10"]),
    ("姓名 = 3 学时", ["PE230 6:10"]),
    ("科目 = 公需科目", ["PE233 6:10"]),  # facts of a record
    ("行业 = 会计 且 有 学习证明", ["PE233 6:20"]),
    ("天数 > 3", ["PE233 6:10"]),
    ("数量 > 3 天", ["PE233 6:10"]),
    ("日期 所在年度 > 2020", ["PE233 6:10"]),
    ("情形 = 产假", ["PE234 6:10"]),
    ("休假 持续 不少于 6 个月", ["PE234 6:10"]),
    ("入职日期 所在年度 = 本年度", ["PE234 6:10"]),
    ("入职日期 >= 本年度 7月1日", ["PE234 6:10"]),
    ("入职日期 至 2020-01-01 满 2 年", []),
    ("入职日期 至 本年度 7月1日 满 2 年", ["PE234 6:10"]),
    ("入职日期 至 日期 满 2 年", ["PE233 6:17"]),
    ("行业 = 会计 且 未完成", ["PE235 6:20"]),
    ("近 3 年 均 完成", ["PE235 6:10"]),
    ("近 5 年 内 有 2 年 未完成", ["PE235 6:10"]),
    ("重复 同一 名称", ["PE236 6:10"]),
    ("name in then", ["PE237 6:10"]),
]


@pytest.mark.parametrize(("condition", "told"), CASES)
def test_applies_asks_for_facts_of_a_person(tmp_path: Path, condition: str, told: list[str]) -> None:
    for name in ("people", "then"):
        place = tmp_path / "policies" / "base" / f"{name}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("name\n甲市\n" if name == "people" else "name,from\n甲市,2020\n", encoding="utf-8")
    pack = UPPER.replace("行业 = 会计", condition)
    policy, problems = load_two(tmp_path, BASE, "", pack, PACK + TABLES)
    assert policy is not None, problems
    plan, said = plan_of(policy)
    assert seen(said) == told
    assert (plan is None) == bool(told)


def test_the_message_shows_the_line_of_the_pack(tmp_path: Path) -> None:
    policy, _ = load_two(tmp_path, BASE, "", UPPER.replace("行业 = 会计", "行业 = 国家级"))
    assert policy is not None
    [said] = plan_of(policy)[1]
    assert said.source == "applies: 行业 = 国家级"
    assert said.span is not None
    assert said.span.file.endswith("upper/pack.yaml")


# The applies of two packs of one rank, and whether a person may be one of both.
RIVALS = [
    ("行业 = 会计", "地区 = 甲市", True),  # an accountant of that city
    ("行业 = 会计", "地区 = 甲市 且 行业 不属于（会计）", False),
    ("行业 = 会计", "地区 = 甲市 且 行业 != 会计", False),
    ("行业 = 会计", "行业 = 出版", False),
    ("行业 = 会计", "行业 属于（会计、出版）", True),
    ("行业 = 会计", "null", True),  # everybody
    ("null", "null", False),  # neither says whom it is for: each is named by its own path
    ("行业 = 会计 且 入职日期 < 2020-01-01", "行业 = 会计 且 入职日期 >= 2020-01-01", False),
    ("行业 = 会计 且 入职日期 < 2020-01-01", "行业 = 会计 且 入职日期 >= 2019-12-31", True),
]


@pytest.mark.parametrize(("one", "other", "told"), RIVALS)
def test_check_warns_of_packs_that_may_claim_one_person(tmp_path: Path, one: str, other: str, told: bool) -> None:
    terms = "sector: {accounting: 会计}"
    words = PACK.replace(terms, "sector: {accounting: 会计, publishing: 出版}\n    region: {a: 甲市}")
    folder = write(tmp_path / "policies", {"base/pack.yaml": words, "base/rules.yaml": BASE})
    for name, condition in (("other", other), ("upper", one)):
        pack = UPPER.replace("pack: upper", f"pack: {name}").replace("行业 = 会计", condition)
        write(folder, {f"{name}/pack.yaml": pack})
    said = [d for d in check([folder]) if d.code == "PE913"]
    assert [(d.severity, Path(str(d.span and d.span.file)).parent.name) for d in said] == (
        [("warning", "upper")] if told else []
    )
    assert [d.code for path in ("other", "upper") for d in check([folder / path]) if d.code == "PE913"] == []
