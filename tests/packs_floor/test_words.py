"""Vocabulary and fields of a pack over those of the chain; versions and the days between them."""

from __future__ import annotations

import os
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostic, human
from policyengine.packs.policies import load_policies
from policyengine.tools.check import check
from policyengine.tools.reporters import as_sarif
from tests.packs_floor.folder import PACK, UPPER, load, load_two, rule, seen

# what is wrong: text of pack.yaml replaced, by what, code and place
BAD: dict[str, tuple[str, str, str]] = {
    "two terms of one name": ("distance: {zh: 远程教育", "distance: {zh: 培训班", "PE140 11:27"),
    "alias of another term": ("aliases: [网络培训]", "aliases: [发表出版作品]", "PE140 11:68"),
    "alias written full-width": ("aliases: [网络培训]", "aliases: [ＴＲＡＩＮＩＮＧ]", "PE140 11:27"),
    "field named as a core field": ("zh: 费用", "zh: 姓名", "PE140 24:5"),
    "two fields of one name": ("zh: 费用", "zh: 级别", "PE140 24:5"),
    "core field of another type": (
        "rank: {zh: 排名, type: number, min: 1, max: 9}", "title: {type: date}", "PE141 23:5"),
    "measure called as a column of decisions": ("{face_to_face: 面授}", "{capped_off: 面授}", "PE140 16:14"),
    "measure called as a subject": ("{face_to_face: 面授}", "{public: 面授}", "PE140 16:14"),
    "measure called as what a subject lacks": (
        "{face_to_face: 面授}", "{shortfall_public: 面授}", "PE140 16:14"),
    "measure called as half a figure": ("{face_to_face: 面授}", "{hours_den: 面授}", "PE140 16:14"),
    "subject called as a column of decisions": ("subject: {public", "subject: {total", "PE140 12:15"),
    "subject whose requirement is a column": ("subject: {public: 公需科目", "subject: {total_exact: 公需科目",
                                              "PE140 12:15"),
    "measure called as the total": ("{face_to_face: 面授}", "{face_to_face: 总学分}", "PE140 16:14"),
    "subject called as the total": ("subject: {public: 公需科目", "subject: {public: 总学时", "PE140 12:15"),
    "form called as every record": ("distance: {zh: 远程教育", "distance: {zh: 全部记录", "PE140 11:27"),
    "alias that means every record": ("aliases: [网络培训]", "aliases: [Records]", "PE140 11:27"),
    "record and person": (
        "quantities:", "  person:\n    rank: {zh: 名次, type: number}\nquantities:", "PE140 26:5"),
    "terms of no field": ("    level: {national", "    levle: {national", "PE142 15:5"),
    "terms of a number": ("    level: {national", "    rank: {national", "PE142 15:5"),
    "terms that nobody declares": ("cost: {zh: 费用, type: number, unit: yuan, min: 0, max: 100000, decimals: 2}",
                                   "kind: {zh: 种类, type: term}", "PE142 24:5"),
    "terms shared with no field": ("cost: {zh: 费用, type: number, unit: yuan, min: 0, max: 100000, decimals: 2}",
                                   "kind: {zh: 种类, type: term, terms: forms}", "PE142 24:5"),
    "least greater than greatest": ("min: 1, max: 9", "min: 9, max: 1", "PE143 23:5"),
    "bounds of a text": ("level: {zh: 级别, type: term}", "level: {zh: 级别, type: term, max: 3}", "PE143 22:5"),
    "bounds of a quantity": ("hours: {min: 0, max: 10000", "hours: {min: 10, max: 1", "PE143 26:3"),
    "negative quantity": ("hours: {min: 0", "hours: {min: -1", "PE143 26:3"),
    "greater than can be counted": ("min: 1, max: 9", "min: 1, max: 1000000000001", "PE143 23:5"),
    "a quantity greater than can be counted": ("hours: {min: 0, max: 10000", "hours: {min: 0, max: 1e13", "PE143 26:3"),
}  # fmt: skip


def test_names_of_two_words_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    names = "abcdefgh"
    declared = PACK.replace("training: 培训班", f"training: {{zh: 培训班, aliases: [{', '.join(names)}]}}")
    _, problems = load(tmp_path, pack=declared.replace("[网络培训]", f"[{', '.join(reversed(names))}]"))
    assert [d.message for d in problems] == [f"“{n}” would mean distance and training" for n in reversed(names)]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_declaration_is_told_where(name: str, tmp_path: Path) -> None:
    old, new, expected = BAD[name]
    assert old in PACK
    policy, problems = load(tmp_path, pack=PACK.replace(old, new))
    assert policy is None
    assert expected in seen(problems), "\n".join(map(human, problems))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{accounting: 会计", "{accounting: 总学时"),
        ("{fee_charged: 收费", "{fee_charged: 全部记录"),
        ("{face_to_face: 面授", "{face_to_face: 全部记录"),
    ],
)
def test_what_no_rule_could_take_for_everything_may_be_called_so(old: str, new: str, tmp_path: Path) -> None:
    """The total and every record stand where measures and terms of records do, and nowhere else."""
    assert load(tmp_path, pack=PACK.replace(old, new))[1] == []


def test_one_name_may_mean_a_term_a_measure_and_a_flag(tmp_path: Path) -> None:
    """Words are told apart by their place in the sentence."""
    policy, problems = load(tmp_path, pack=PACK.replace("face_to_face: 面授", "face_to_face: 培训班"))
    assert problems == []
    assert policy is not None


def test_words_lie_over_those_of_the_base(tmp_path: Path) -> None:
    pack = UPPER + (
        "vocabulary:\n  terms:\n    form: {distance: {zh: 网课, aliases: [慕课]}, exam: 考试}\n"
        "fields:\n  record:\n    cost: {zh: 收费, type: number, max: 500}\n"
        "quantities: {hours: {max: 100}}\n"
    )
    texts = ("网课、培训班", "远程教育", "慕课、考试", "网络培训")
    rules = "".join(rule(f"r{i}", f"认定 {text}", source="own") for i, text in enumerate(texts))
    policy, problems = load_two(tmp_path, "[]\n", rules, pack)
    assert problems == []
    assert policy is not None
    distance = policy.vocabulary.find("term", "distance")
    assert distance is not None
    assert (distance.zh, distance.aliases) == ("网课", ("慕课", "远程教育", "网络培训"))
    cost = policy.vocabulary.fields["cost"]
    assert (cost.zh, cost.aliases, cost.minimum, cost.maximum, cost.decimals, cost.unit) == (
        "收费", ("费用",), Fraction(0), Fraction(500), 2, "yuan"
    )  # fmt: skip
    assert policy.bounds["hours"] == (0, 100, 0)
    assert policy.bounds["minutes"] == (0, 600000, 0)


def test_what_rules_of_the_base_depend_on_stays(tmp_path: Path) -> None:
    def codes(name: str, more: str, base: str = PACK) -> list[str]:
        return [d.code for d in load_two(tmp_path / name, "[]\n", "", UPPER + more, base)[1]]

    assert codes("type", "fields: {record: {cost: {type: text}}}\n") == ["PE141"]
    assert codes("leave", "vocabulary: {terms: {circumstance: {illness: {leave: true}}}}\n") == ["PE141"]
    assert codes("same leave", "vocabulary: {terms: {circumstance: {maternity: {aliases: [生育]}}}}\n") == []
    bases = "tables:\n  bases: {file: t.csv, columns: {name: {role: key, field: provider}}}\n"
    from tests.packs_floor.folder import write

    write(tmp_path / "table" / "policies", {"base/t.csv": "name\n", "upper/t.csv": "name\n"})
    assert codes("table", bases, PACK + bases) == ["PE141"]


def test_bounds_hold_together_with_those_of_the_base(tmp_path: Path) -> None:
    """The base says that a rank is 1 to 9: from 20 on there is none up to 9."""

    def problems(name: str, bounds: str) -> list[Diagnostic]:
        return load_two(
            tmp_path / name, "[]\n", "", UPPER + f"fields: {{record: {{rank: {{type: number, {bounds}}}}}}}\n"
        )[1]

    (least,) = problems("least", "min: 20")
    assert (least.code, least.message) == (
        "PE143",
        "with what the base pack says of it, the least value of rank is 20 and the greatest 9",
    )
    assert [d.code for d in problems("greatest", "max: 0")] == ["PE143"]
    assert problems("both", "min: 20, max: 30") == problems("narrower", "min: 9") == []


def test_the_name_of_a_table_is_a_word(tmp_path: Path) -> None:
    from tests.packs_floor.test_tables import BASES

    policy, problems = load(
        tmp_path,
        rule("a", "认定 培训班 当 施教机构 属于 基地"),
        PACK + BASES,
        **{"tables/bases.csv": "name,aliases,from,until\n"},
    )
    assert problems == []
    assert policy is not None


# --- versions ---------------------------------------------------------------------------------------------------------

HOURS = "要求 每年 总学时 不少于 90 学时"


def test_years_are_whole_years_of_the_pack(tmp_path: Path) -> None:
    for begins, start, until in (("01-01", (2016, 1, 1), (2018, 12, 31)), ("09-01", (2016, 9, 1), (2019, 8, 31))):
        policy, problems = load(tmp_path, rule("a", HOURS, from_="2016", until="2018"), PACK.replace("01-01", begins))
        assert problems == []
        assert policy is not None
        only = policy.packs[0].rules[0]
        assert (only.start, only.until, only.key) == (date(*start), date(*until), "base/a@2016")


def test_a_day_that_splits_a_year_offers_both_readings(tmp_path: Path) -> None:
    _, problems = load(tmp_path, rule("a", HOURS, from_="2016-07-01"))
    assert problems[0].message == (
        "2016-07-01 lies inside the year 2016 (2016-01-01 to 2016-12-31), and this rule governs whole years"
    )
    assert problems[0].hint == "write from: 2016 or from: 2017, as the law means it"
    _, problems = load(tmp_path, rule("a", HOURS, until="2016-07-01"), PACK.replace("01-01", "09-01"))
    assert problems[0].hint == "write until: 2014 or until: 2015, as the law means it"


def test_days_at_the_edge_of_a_year_and_days_of_records_are_good(tmp_path: Path) -> None:
    text = rule("a", HOURS, from_="2016-01-01", until="2017-12-31") + rule("b", "认定 培训班", from_="2016-07-01")
    policy, problems = load(tmp_path, text)
    assert problems == []
    assert policy is not None
    assert [r.whole_periods for r in policy.packs[0].rules] == [True, False]


def test_a_gap_is_remarked_unless_stated(tmp_path: Path) -> None:
    before = rule("a", HOURS, until="2013")
    _, problems = load(tmp_path, before + rule("a", HOURS, from_="2016"))
    assert [(d.code, d.severity) for d in problems] == [("PE302", "warning")]
    assert "from 2014-01-01 to 2015-12-31 no version of a is in force" in problems[0].message
    _, problems = load(tmp_path, before + rule("a", HOURS, from_="2016", gap="旧办法废止，新办法未出"))
    assert problems == []
    _, problems = load(tmp_path, before + rule("a", HOURS, from_="2014"))
    assert problems == []


def test_citations_may_be_short(tmp_path: Path) -> None:
    one = "- {id: a, cites: law 第二条, rule: 认定 培训班}\n"
    policy, _ = load(tmp_path / "a", one)
    assert policy is not None
    assert str(policy.packs[0].rules[0].cites) == "〔2016〕1号 第二条"
    alone = PACK.replace("  old: {title: 旧办法, confidence: remembered}\n", "")
    policy, _ = load(tmp_path / "b", "- {id: a, cites: 第二条, rule: 认定 培训班}\n", alone)
    assert policy is not None
    assert str(policy.packs[0].rules[0].cites) == "〔2016〕1号 第二条"
    policy, _ = load(tmp_path / "c", rule("a", "认定 培训班", source="old"))
    assert policy is not None
    assert policy.packs[0].rules[0].confidence == "remembered"


def test_a_file_that_nobody_reads_is_remarked(tmp_path: Path) -> None:
    _, problems = load(tmp_path, **{"rule.yaml": rule("a", HOURS)})
    assert [(d.code, d.severity) for d in problems] == [("PE135", "warning")]


@pytest.mark.parametrize(
    ("place", "read"),
    [
        ("rules/all.yaml", False),
        ("rules.d/rules.yml", False),
        ("test/a.yaml", False),
        ("tests/more/b.yaml", False),
        ("more/rules-1.YAML", False),
        ("Rules.yaml", False),
        ("rules-1.YAML", True),
        ("rules-1.Yml", True),
        ("tests/c.yaml", True),
        ("tests/c.YAML", True),
        ("tables/d.yaml", True),
        ("law/text.yaml", True),
        (".cache/x.yaml", True),
    ],
)
def test_a_yaml_file_below_or_in_capitals_is_read_or_remarked(place: str, read: bool, tmp_path: Path) -> None:
    _, problems = load(tmp_path, rule("a", HOURS), **{place: rule("b", HOURS)})
    found = [(d.code, d.severity, d.message.split(" ")[0]) for d in problems]
    assert found == ([] if read else [("PE135", "warning", place)])


def test_rules_in_capitals_govern(tmp_path: Path) -> None:
    policy, _ = load(tmp_path, **{"rules-1.YAML": rule("b", HOURS)})
    assert policy is not None
    assert [r.id for r in policy.packs[0].rules] == ["b"]


def test_packs_below_read_their_own_files(tmp_path: Path) -> None:
    below = {"sectors/upper/pack.yaml": UPPER, "sectors/upper/rules.yaml": rule("b", HOURS)}
    assert load(tmp_path, rule("a", HOURS), **below)[1] == []


def test_a_link_out_of_the_policies_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rule("a", HOURS), encoding="utf-8")
    (tmp_path / "policies" / "base").mkdir(parents=True)
    (tmp_path / "policies" / "base" / "rules-x.yaml").symlink_to(tmp_path / "rules.yaml")
    policy, problems = load(tmp_path)
    assert policy is None
    assert [d.code for d in problems] == ["PE136"]


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "policies" / "base").mkdir(parents=True)
    (tmp_path / "policies" / "base" / "rules-x.yaml").symlink_to("rules-x.yaml")
    policy, problems = load(tmp_path)
    assert policy is None
    assert [(d.code, Path(d.span.file).name if d.span else "") for d in problems] == [("PE101", "rules-x.yaml")]


@pytest.mark.skipif(sys.platform != "linux", reason="the file system takes names in UTF-8 alone")
@pytest.mark.parametrize("name", ["rules-补充.yaml", "tests/补充.yaml"])
def test_a_file_whose_name_is_in_gbk_is_told(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "policies" / "base"
    (folder / "tests").mkdir(parents=True)
    (folder / os.fsdecode(name.encode("gbk"))).write_text("[]")
    load(tmp_path, rule("a", HOURS))  # writes the pack
    (said,) = [d for d in check([folder]) if d.severity == "error"]
    assert (said.code, "is not UTF-8" in said.message) == ("PE101", True)
    assert "%B2%B9%B3%E4.yaml" in as_sarif([said])


def test_nor_is_one_in_the_place_of_pack_yaml(tmp_path: Path) -> None:
    assert load(tmp_path, rule("a", HOURS))[1] == []
    inside = tmp_path / "policies" / "base" / "pack.yaml"
    (tmp_path / "pack.yaml").symlink_to(inside.rename(tmp_path / "outside.yaml"))
    inside.symlink_to(tmp_path / "pack.yaml")
    policies, problems = load_policies(inside.parent)
    assert not policies
    assert [(d.code, d.message.split(" ")[0]) for d in problems] == [("PE136", "pack.yaml")]
