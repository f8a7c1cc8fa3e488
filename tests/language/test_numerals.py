"""Numbers in words, and the figures to write instead; - where the words can be read in two ways, or are no number."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policyengine.language.numerals import in_words, numeral
from policyengine.language.quantities import mixed_text

NUMERALS = """
    九十 90 | 十五 15 | 一百一十五 115 | 一百零五 105 | 一千零五十 1050 | 二〇二〇 2020 | 一万五千 15000 | 半 0.5
    一千二 1200 | 两百五 250 | 一万五 15000 | 一万零五 10005 | 一万二千五 12500 | 一万二百 10200 | 一亿二千万 120000000
    百 100 | 万 10000 | 一亿五 150000000 | 十五五 - | 一二百 - | 三百二百 - | 九十半 - | 五零十 -
"""
WORDS = """
    百分之零点五 0.5% | 百分之六十五点五 65.5% | 百分之60.5 60.5% | 百分之一百二十 120% | 千分之五 5/1000
    万分之五 5/10000 | 三分之二 2/3 | 3分之2 2/3 | 三分之一百 - | 百分之六十五半 - | 3分之2点5 - | 2.5分之1 -
    零分之一 - | 九十五点五 95.5 | 二点五点五 - | 一点五个半 - | 两个半 - | 一半 1/2
    ninety-five 95 | twenty one 21 | ninety-five and a half 95.5 | two hundred and a half 200.5
    one hundred and twenty 120 | one hundred twenty-one 121 | two thousand and five 2005 | twelve hundred 1200
    one hundred and five thousand 105000 | two thousand one hundred and one 2101 | hundred 100 | half 1/2
    two thirds 2/3 | three-quarters 3/4 | sixty percent 60% | sixty-five and a half per cent 65.5%
    one and two thirds - | two and a quarter - | two hundred and two thirds - | ninety point five -
    one two three - | nineteen ninety - | two hundredths - | one twentieth -
"""
BEGINNINGS = """
    between one and three: one 1
    between one hundred and three: one hundred and three -
    between one hundred and three hundred: one hundred 100
    between one hundred and five thousand: one hundred and five thousand -
    between two thousand and three thousand: two thousand 2000
    at least ninety months: ninety 90
"""


def table(text: str) -> list[tuple[str, str | None]]:
    rows = [cell.strip().rpartition(" ") for line in text.strip().splitlines() for cell in line.split("|")]
    return [(words.strip(), None if figures == "-" else figures) for words, _, figures in rows]


@pytest.mark.parametrize(("words", "figures"), table(NUMERALS))
def test_a_numeral(words: str, figures: str | None) -> None:
    assert numeral(words) == figures


@pytest.mark.parametrize(("words", "figures"), table(WORDS))
def test_a_number_in_words(words: str, figures: str | None) -> None:
    assert in_words(f"不少于 {words}", 4) == (4 + len(words), figures)


@pytest.mark.parametrize(("rule", "figures"), table(BEGINNINGS))
def test_a_number_ends_before_the_and_that_is_the_rules(rule: str, figures: str | None) -> None:
    text, _, words = rule.partition(": ")
    start = text.index(words)
    assert in_words(text, start) == (start + len(words), figures)


SHOWN = [
    ("485/6", "80 5/6", "80又5/6"), ("2/3", "2/3", "2/3"), ("87.5", "87.5", "87.5"), ("90", "90", "90"),
    ("-20/9", "-2 2/9", "-2又2/9"), ("0", "0", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "en", "zh"), SHOWN)
def test_a_figure_for_people(value: str, en: str, zh: str) -> None:
    assert (mixed_text(Fraction(value), "en"), mixed_text(Fraction(value), "zh")) == (en, zh)
