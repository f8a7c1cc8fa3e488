"""Every paragraph of 川人社发〔2016〕20号 has its place: the table in policies/sichuan/README.md is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.regulation.articles import articles, cited

PACK = Path(__file__).parents[2] / "policies" / "sichuan"
LAW = articles((PACK / "law" / "opinion-2016.txt").read_text(encoding="utf-8"))
SOURCE = "opinion-2016"
WIDTH = 16  # characters of the paragraph that the table shows


def rules() -> list[dict[str, object]]:
    """All rules of the pack as written."""
    return [r for file in sorted(PACK.glob("rules*.yaml")) for r in yaml.safe_load(file.read_text(encoding="utf-8"))]


def by_article() -> dict[str, list[str]]:
    """Article → ids of the rules that cite it, in the order of the files."""
    found: dict[str, list[str]] = {label: [] for label in LAW}
    for rule in rules():
        if rule["cites"]["source"] == SOURCE:  # type: ignore[index]
            for label in cited(rule["cites"]["at"]):  # type: ignore[index]
                found[label].append(str(rule["id"]))
    return found


def reasons() -> dict[str, str]:
    """Article → why (the rest of) it decides nothing from records."""
    pack = yaml.safe_load((PACK / "pack.yaml").read_text(encoding="utf-8"))
    return {n["at"]: n["why"] for n in pack["not_decidable"] if n["source"] == SOURCE}


def table() -> list[str]:
    """The table as it must stand in README.md."""
    ids, why = by_article(), reasons()
    return [
        f"| {label} | {text[:WIDTH]}… | {'、'.join(f'`{i}`' for i in ids[label]) or '—'} | {why.get(label, '—')} |"
        for label, text in LAW.items()
    ]


def shown() -> list[str]:
    """The rows of the table that stands in README.md."""
    readme = (PACK / "README.md").read_text(encoding="utf-8")
    block = readme.split("<!-- articles -->\n")[1].split("<!-- /articles -->")[0]
    return [line for line in block.splitlines() if line.startswith("|")][2:]


def test_paragraphs_of_the_regulation() -> None:
    assert " ".join(LAW) == (
        "前言 一 二（一） 二（二）第1款 二（二）第2款 二（二）第3款 二（二）第4款 二（三） 三（一） 三（二） "
        "四第1款 四第2款 五 五（一） 五（一）1 五（一）2 五（一）3 五（一）4 五（一）5 五（一）6 五（二） 五（三） "
        "六（一） 六（二） 六（三） 七（一） 七（二） 七（三）第1款 七（三）第2款 七（四）"
    )
    assert LAW["二（二）第1款"].startswith("专业技术人员参加继续教育的时间，每年累计应不少于90学时（1学时为45分钟）")
    assert LAW["四第2款"].endswith("要把完成各年度继续教育学习任务作为考察其学识水平的重要依据。")


def test_every_paragraph_has_a_rule_or_a_reason() -> None:
    ids, why = by_article(), reasons()
    assert [label for label in LAW if not ids[label] and label not in why] == []
    assert set(why) <= set(LAW)


def test_every_rule_cites_a_paragraph_that_exists() -> None:
    wrong = [
        r["id"] for r in rules() if r["cites"]["source"] == SOURCE and not set(cited(r["cites"]["at"])) <= set(LAW)
    ]  # type: ignore[index]
    assert wrong == []


def test_the_table_in_the_readme_is_the_one_that_follows_from_the_pack() -> None:
    assert shown() == table()


def test_every_rule_stands_in_the_table() -> None:
    named = set(re.findall(r"`([a-z0-9-]+)`", "\n".join(shown())))
    assert named == {r["id"] for r in rules() if r["cites"]["source"] == SOURCE}  # type: ignore[index]


@pytest.mark.parametrize(
    ("at", "labels"),
    [
        ("四第2款", ["四第2款"]),
        ("二（二）第1款、第3款", ["二（二）第1款", "二（二）第3款"]),
        ("三（二）", ["三（二）"]),
    ],
)
def test_citations(at: str, labels: list[str]) -> None:
    assert cited(at) == labels
