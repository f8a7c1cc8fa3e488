"""What people are shown: the language of their system, and no character that a terminal or a reader obeys."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from policyengine import messages

CHINESE, JAPANESE = 0x804 & 0x3FF, 0x411 & 0x3FF
SYSTEMS = [
    # environment, language of Windows, language spoken
    ({"LANG": "zh_CN.UTF-8"}, None, "zh"), ({"LANG": "en_US.UTF-8"}, None, "en"), ({}, None, "en"),
    ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, None, "en"), ({}, CHINESE, "zh"),
    ({}, 0xC04 & 0x3FF, "zh"), ({}, JAPANESE, "en"), ({"LANG": "en_US.UTF-8"}, CHINESE, "en"),
]  # fmt: skip


@pytest.mark.parametrize(("environment", "windows", "spoken"), SYSTEMS)
def test_language_of_the_system(
    environment: dict[str, str], windows: int | None, spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_windows_language", lambda: windows)
    assert messages.of_environment(environment) == spoken


HARMLESS = [
    ("甲 A1 · 10 学时", "甲 A1 · 10 学时"), ("a\x1b[31mb", "a\ufffd[31mb"), ("a\nb", "a\ufffdb"),
    ("R1\u202e", "R1\ufffd"), ("\u2066甲\u2069", "\ufffd甲\ufffd"), ("a\u200bb", "a\ufffdb"), ("a\u061cb", "a\ufffdb"),
    ("\ufeffa", "\ufffda"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), HARMLESS)
def test_text_is_harmless(text: str, shown: str) -> None:
    assert messages.harmless(text) == shown


NUMBERS = [
    (1, ("row",), "1 row"), (2, ("row",), "2 rows"), (0, ("row",), "0 rows"),
    (1, ("person", "people"), "1 person"), (1234, ("person", "people", ","), "1,234 people"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "words", "said"), NUMBERS)
def test_numbers_and_their_words(number: int, words: tuple[str, ...], said: str) -> None:
    assert messages.many(number, *words) == said


LISTS = [  # names, how many are told, in English, in Chinese
    (("a", "b"), None, "a, b", "a、b"), (("a",), 3, "a", "a"), (("a", "b", "c"), 2, "a, b, …", "a、b、…"),
    ((), 2, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("names", "most", "en", "zh"), LISTS)
def test_a_list_of_names(names: tuple[str, ...], most: int | None, en: str, zh: str) -> None:
    told = []
    for language in ("en", "zh"):
        messages.speak(language)
        told.append(messages.listed(names, most))
    messages.speak("en")
    assert told == [en, zh]


ROOT = Path(__file__).parent.parent
READ = ("policyengine/**/*.py", "policyengine/**/*.json", "policyengine/**/*.js", "policyengine/codes/*.md",
        "README.md", "docs/*.md", "policies/**/*.md", "policies/**/*.yaml", "examples/*.md", "editors/vscode/*.md",
        "editors/vscode/*.json", "editors/vscode/snippets/*.json")  # fmt: skip
ONE_NAME = [  # what a thing is called, and a word that was another name for it or said something else
    ("案例", "用例"), ("授权领域", "授权事项"), ("政策包", "规则包"), ("上级政策包", "基础包"), ("最上级", "最底层"),
    ("继续教育情况数据库", "状态数据库"), ("假名", "化名"), ("引擎", "求值器"), ("词条", "术语"), ("尚缺", "尚差"),
    ("应完成", "应学"), ("限额扣减", "核掉"), ("不能写“不适用”", "不能不适用"), ("不得写“不适用”", "不得不适用"),
    ("未经扣减", "未经核减"), ("不宽于上级规则", "不低于上级规定"), ("上级政策包没有的词", "下级各包"),
    ("所替代的", "其下的 national"), ("规则标识", "规则编号"), ("警告：", "注意："),
    ("同一期间评定", "同一期间认定"), ("按年度评定", "按年度判断"), ("规则评定", "规则判断"), ("周期评定", "周期判断"),
    ("个月评定", "个月判断"), ("要求都评定", "要求都判断"), ("单独评定", "单独判断"),
]  # fmt: skip


def test_the_pages_of_messages_call_an_id_by_its_chinese_name() -> None:
    for page in (ROOT / "policyengine" / "codes").glob("*.md"):
        prose = re.sub("```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8").split("\n# ", 1)[1], flags=re.DOTALL)
        assert not re.search("[\u3000-\uff60] ?id(?![a-z_])", prose), (
            f"{page.name}: 标识 (编号 of a person or record), not id"
        )


@pytest.mark.parametrize(("name", "other"), ONE_NAME)
def test_a_thing_has_one_name_in_chinese(name: str, other: str) -> None:
    found = [str(p) for pattern in READ for p in ROOT.glob(pattern) if other in p.read_text(encoding="utf-8")]
    assert not found, f"{name}, not {other}"


ASKED = re.compile(
    "(add|ask|carry|compare|declare|give|keep|lower|make|measure|name|put|say|state|take|to count|to limit|use|write) "
)


def test_what_is_asked_for_is_asked_with_the_same_word() -> None:
    """What a message tells to do begins with a verb in English, and has 请 in Chinese."""
    curt = []
    for path in sorted((ROOT / "policyengine" / "plan").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "say":
                en, zh = (ast.unparse(text).removeprefix("f")[1:] for text in node.args)
                curt += [f"{path.name}:{node.lineno}: {zh}"] * bool(ASKED.match(en) and "请" not in zh)
    assert curt == []
