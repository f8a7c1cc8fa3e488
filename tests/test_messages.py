"""What people are shown: the language of their system, and no character that a terminal or a reader obeys."""

from __future__ import annotations

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
