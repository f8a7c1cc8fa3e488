"""Everything that is said of packs is said in Chinese too: every mistake of the tables of mistakes, once more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.messages import speak
from policyengine.packs.policies import load_policies
from policyengine.packs.tests_model import load_tests
from policyengine.plan.build import plan_of
from policyengine.tools.check import check
from tests.packs_floor import test_authority, test_bad_input, test_cases, test_tables, test_words
from tests.packs_floor.folder import PACK, load, load_two, rule, write
from tests.packs_floor.test_cases import RULES


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    speak("zh")
    yield
    speak("en")


def said(problems: list[Diagnostic]) -> list[str]:
    """Every text for people in them: messages, hints, notes on other places."""
    own = [d for d in problems if d.code[:3] in ("PE1", "PE3") or d.code == "PE203"]
    texts = [t for d in own for t in (d.message, d.hint, *(r.message for r in d.related)) if t]
    assert texts
    return texts


LEAKS = [  # an override of 要求 每年 总学时 不少于 90 学时, or another rule, and its whole message in Chinese
    ("override base/annual: require professional at least 120 hours per year",
     "无法与只能更严的 base/annual 比较：计量的是专业科目，不是总学时"),
    ("override base/annual: require face_to_face at least 120 hours per year",
     "无法与只能更严的 base/annual 比较：计量的是面授，不是总学时"),
    ("reject training when days > 3 hours", "天数以天计，3 学时以学时计"),
    ("require totl at least 120 hours per year", "“totl”未声明，此处应为词条或计量项"),
    ("reject training when year of joined > 2016-07-01", "入职日期 所在年度是年度，2016-07-01是日期，不能比较"),
    ("cap training at 9 hours per joined", "此处不能用 入职日期：它是人员的日期"),
    ("require face_to_face at least 9 hours per year", "没有规则定义计量项“面授”"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), LEAKS)
def test_no_english_is_left_in_a_message(text: str, expected: str, tmp_path: Path) -> None:
    base = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only")
    policy, problems = load_two(tmp_path, base, rule("it", text, source="own"))
    problems += plan_of(policy)[1] if policy else []
    told = [d for d in problems if d.severity == "error"]
    assert [d.message for d in told] == [expected]
    assert "did you mean" not in (told[0].hint or "")


HINTS = [  # a rule, and what its hint says in Chinese
    ("reject training when result = “合格”", "词条不加引号：不合格、合格"),
    ("reject training when date < 2016", "与年度比较，请写“日期 所在年度”；日期请写 2016年7月1日"),
    ("reject training when joined = this year", "与年度比较，请写“入职日期 所在年度”；日期请写 2016年7月1日"),
    ("require face_to_face at least 9 hours per year", "请加一条规则：计量 面授：… 的 学时"),
    ("excuse year when joined at least 30 years",
     "时间须写明自哪一日至哪一日，如：入职日期 至 本年度 12月31日 满 30 年"),
    ("免除 本年 当 入职日期 不满 6 个月", "时间须写明自哪一日至哪一日，如：入职日期 至 本年度 12月31日 不满 6 个月"),
    ("结论 不得评优 当 公需科目 < 60 学时",
     "学时多少由要求来问：先写一条规则 sixty-hours：一般要求 每年 总学时 不少于 60 学时；再写 sixty-hours 未完成"
     "（达到的，写 sixty-hours 完成）"),
    ("reject training when joined > 24 months",
     "时间须写明自哪一日至哪一日，如：入职日期 至 本年度 12月31日 超过 24 个月"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), HINTS)
def test_a_hint_names_things_as_the_pack_does(text: str, expected: str, tmp_path: Path) -> None:
    policy, _ = load(tmp_path, rule("it", text))
    assert policy is not None
    assert [d.hint for d in plan_of(policy)[1] if d.severity == "error"] == [expected]


def test_a_cap_that_leaves_out_a_form_is_told_in_chinese(tmp_path: Path) -> None:
    base = rule("cap", "限额 培训班、发表出版作品 每年 合计 不超过 50 学时", change="raise-only")
    _, problems = load_two(
        tmp_path, base, rule("it", "override base/cap: cap training at 40 hours per year", source="own")
    )
    assert [d.hint for d in problems if d.severity == "error"] == ["请一并写上 发表出版作品，或让上级规则继续有效"]


TOLD = [  # a base rule, what the pack above writes, the message and the hint (None: not looked at)
    (test_authority.FIXED, "不适用 base/fixed", "base/fixed 不得变更（fixed），不能写“不适用”",
     "只有 base 能改变它：写 change: delegated，或授权有关领域"),
    (test_authority.MINIMUM, "不适用 base/annual", "base/annual 只能更严（raise-only），不能写“不适用”", None),
    (test_authority.REJECT, "替代 base/reject：不予认定 培训班 当 费用 > 100 且 级别 = 国家级",
     "本规则不予认定的比 base/reject 少",
     None),
    (test_authority.RECOGNISE, "替代 base/recognise：认定 培训班、远程教育", "本规则认定的比 base/recognise 多", None),
    (test_authority.MINIMUM, "不适用 base/anual", "上级政策包没有规则 base/anual", "是不是 base/annual？"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "text", "message", "hint"), TOLD)
def test_what_a_pack_may_not_do_is_said_without_double_negation(
    base: str, text: str, message: str, hint: str | None, tmp_path: Path
) -> None:
    """“不能不适用” would say that it has to apply; the base is what stands above (上级), as its authority does."""
    (told,) = (d for d in load_two(tmp_path, base, rule("it", text, source="own"))[1] if d.severity == "error")
    assert told.message == message
    assert hint is None or told.hint == hint


VERSIONS = [  # from, until of the first; from of the second; what is said
    ((None, None), None, "a 的两个版本同时有效：前一版本没有终止，本版本未写明起始日期"),
    (("2015", None), "2016", "a 的两个版本同时有效：前一版本没有终止，本版本自 2016-01-01 起"),
    (("2015", "2017"), "2016", "a 的两个版本同时有效：前一版本有效至 2017-12-31 止，本版本自 2016-01-01 起"),
]


@pytest.mark.parametrize(("first", "second", "said"), VERSIONS)
def test_versions_that_overlap(
    first: tuple[str | None, str | None], second: str | None, said: str, tmp_path: Path
) -> None:
    dates = [{"from_": first[0], "until": first[1]}, {"from_": second}]
    rules = "".join(rule("a", "认定 培训班", **{k: v for k, v in d.items() if v}) for d in dates)
    assert [d.message for d in load(tmp_path, rules)[1] if d.code == "PE301"] == [said]


def test_what_nothing_uses_is_named_in_chinese(tmp_path: Path) -> None:
    write(
        tmp_path / "policies", {"base/pack.yaml": PACK, "base/rules.yaml": rule("a", "要求 每年 总学时 不少于 90 学时")}
    )
    told = {d.message for d in check([tmp_path / "policies"]) if d.code == "PE170"}
    assert told >= {
        "本包没有规则写出“面授”（计量 …）",
        "本包没有规则写出“收费”（标记 …）",
        "本包没有规则授权“继续医学教育”",
    }


def test_the_terms_of_a_field_are_proposed_in_chinese(tmp_path: Path) -> None:
    policy, _ = load(tmp_path, rule("it", "reject training when subject = national"))
    assert policy is not None
    assert [d.hint for d in plan_of(policy)[1]] == ["科目的词条：专业科目、公需科目"]


def test_why_the_system_refuses_a_table_is_said_in_chinese(tmp_path: Path) -> None:
    declared = test_tables.CREDITS
    (said,) = (d for d in load(tmp_path, pack=PACK + declared)[1] if d.code == "PE153")
    assert said.message.endswith("tables/credits.csv：没有这个文件")


IN_YAML = re.compile(r"\{[^}]*\}|\[[^\]]*\]|“, ”")


def check_texts(problems: list[Diagnostic]) -> None:
    for text in said(problems):
        assert any("一" <= c <= "鿿" for c in text), text
        assert ", " not in IN_YAML.sub("", text), text


def _small(content: bytes) -> bool:
    return len(content) < 400_000


@pytest.mark.parametrize("name", [n for n, (content, _) in test_bad_input.FILES.items() if _small(content)])
def test_of_files(name: str, tmp_path: Path) -> None:
    write(tmp_path / "policies" / "base", {"pack.yaml": test_bad_input.FILES[name][0]})
    check_texts(load_policies(tmp_path / "policies" / "base")[1])


@pytest.mark.parametrize("name", test_bad_input.RULES)
def test_of_rules(name: str, tmp_path: Path) -> None:
    check_texts(load(tmp_path, test_bad_input.RULES[name][0])[1])


@pytest.mark.parametrize("name", test_words.BAD)
def test_of_words(name: str, tmp_path: Path) -> None:
    old, new, _ = test_words.BAD[name]
    check_texts(load(tmp_path, pack=PACK.replace(old, new))[1])


@pytest.mark.parametrize("name", [n for n, (_, csv, _) in test_tables.BAD.items() if len(csv) < 400_000])
def test_of_tables(name: str, tmp_path: Path) -> None:
    declared, csv, _ = test_tables.BAD[name]
    check_texts(test_tables.table(tmp_path, declared, csv)[1])


@pytest.mark.parametrize("name", [n for n, (_, _, codes) in test_authority.CASES.items() if codes])
def test_of_overrides(name: str, tmp_path: Path) -> None:
    base, texts, _ = test_authority.CASES[name]
    upper = "".join(rule(f"r{i}", text, source="own") for i, text in enumerate(texts))
    check_texts(load_two(tmp_path, base, upper)[1])


@pytest.mark.parametrize("name", test_cases.BAD)
def test_of_cases(name: str, tmp_path: Path) -> None:
    policy, _ = load(tmp_path, RULES)
    assert policy is not None
    folder = write(tmp_path / "policies" / "base", {"tests/a.yaml": test_cases.BAD[name][0]})
    check_texts(load_tests(folder, policy)[1])


def test_of_what_is_unused(tmp_path: Path) -> None:
    write(tmp_path / "policies", {"base/pack.yaml": PACK, "base/rules.yaml": rule("a", "认定 培训班")})
    check_texts(check([tmp_path / "policies"]))
    with pytest.raises(PolicyError) as raised:
        check([tmp_path / "nowhere"])
    check_texts(list(raised.value.diagnostics))
