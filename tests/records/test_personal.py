"""Ids and names that nobody can recognise, the checksum, and cells that a spreadsheet does not calculate."""

from __future__ import annotations

import pytest

from policyengine.messages import speak
from policyengine.records.personal import (
    FAULTS_ZH,
    id_number_fault,
    mask,
    mask_name,
    mask_within,
    neutralise,
    pseudonymiser,
)
from policyengine.records.read import check_id_numbers


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("510101199001010016", "510101********0016"),
        (" 51010119900101001x ", " 510101********001x "),
        ("510101900101001", "510101*****1001"),
        ("王小明510101199001010016", "王小明510101********0016"),
        ('["510101199001010016", "510101199001010024"]', '["510101********0016", "510101********0024"]'),
        ("８学时５１０１０１１９９００１０１００１６", "８学时５１０１０１************"),
        ("C-5101011990010100160", "C-5101011990010100160"),  # a digit more
        ("培训班", "培训班"),
    ],
)
def test_mask_within_a_text(text: str, masked: str) -> None:
    assert mask_within(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [("510101199001010016", "510101********0016"), ("510101900101001", "510101*****1001"), ("P00012", "P***12"),
     ("P1", "P*"), ("P", "P*"), ("", "*"), ("a-1/2_X.b", "a******.b"),
     ("510101199001010016 王小明", "510101" + "*" * 16), ("510101199001010016WangXM", "510101" + "*" * 18),
     ("王小明510101199001010016", "王" + "*" * 20), ("Wang Xiaoming 7", "W" + "*" * 14), ("欧阳娜娜一", "欧****")],
)  # fmt: skip
def test_mask(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_names_keep_their_first_character() -> None:
    assert mask_name("张三") == "张*"
    assert mask_name("欧阳娜娜") == "欧***"
    assert mask_name("Ana Silva") == "A** S****"
    assert mask_name("张 三") == "张 *"
    assert mask_name("张  三") == "张  *"
    assert mask_name("张\u3000三") == "张**"
    assert mask_name("J F Kennedy") == "J * K******"
    assert mask_name("张") == "张*"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("510101190001010019", None),  # 7·5+9·1+5·1+8·0+4·1+2·1+6·9+… ≡ 3 (mod 11) → 9
        ("510101190001010018", "checksum"),
        ("51010119000103001X", None),
        ("510101199002300011", "birth date"),
        ("510101900101001", None),
        ("510101901301001", "birth date"),
        ("510101190001010019 王小明", "more than the number"),
        ("510101190001010019（补）", "more than the number"),
        ("51010119000101001900", None),
        ("510101 19000101 0019", "spaces or hyphens"),
        ("510101-19000101-0018", "spaces or hyphens"),
        ("51010119000103001 x", "spaces or hyphens"),
        ("510101 900101 001", "spaces or hyphens"),
        ("2016-9999-0001-9999-99", None),  # no day of birth
        ("P-1", None),
        ("P1", None),
    ],
)
def test_checksum_of_identity_numbers(text: str, fault: str | None) -> None:
    assert id_number_fault(text) == fault
    assert fault is None or fault in FAULTS_ZH


def test_faults_of_identity_numbers_are_told_in_the_language_spoken() -> None:
    speak("zh")
    try:
        (said,) = check_id_numbers(["510101190001010018", "510101199002300012"])
    finally:
        speak("en")
    assert said.message.endswith("：510101********0018（校验码）、510101********0012（出生日期）")


def test_ids_with_characters_that_only_look_like_letters_are_told() -> None:
    """A Cyrillic Р makes another person of P1, × another of an identity number; among others they are as they are."""
    ids = ["P1", "Р1", "51010119000103001×", "甲Р", "张三", "α1", "Weiß", "ſ1"]
    (said,) = check_id_numbers(ids)
    assert said.code == "PE441"
    some = "Р*: Р (U+0420), 510101************: × (U+00D7), α*: α (U+03B1)"
    assert said.message == f"3 ids hold characters that only look like letters: {some}"
    speak("zh")
    (said,) = check_id_numbers(ids[:2])
    assert said.message == "有 1 个编号含有只是看起来像字母的字符：Р*: Р (U+0420)"


def test_pseudonyms_depend_on_the_key_alone() -> None:
    one, other = pseudonymiser(b"k" * 16), pseudonymiser(b"l" * 16)
    assert one("P1") == one("P1")
    assert len({one("P1"), one("P2"), other("P1")}) == 3
    with pytest.raises(ValueError, match="16 bytes"):
        pseudonymiser(b"short")


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1"]
)
def test_formulas_are_neutralised(cell: str) -> None:
    assert neutralise(cell) == "'" + cell
    assert neutralise("a" + cell) == "a" + cell
