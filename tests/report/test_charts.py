"""Charts say all they show: whole labels, exact amounts, and how many groups have no bar."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from policyengine.messages import speak
from policyengine.tools.report.charts import amounts_chart, outcomes_chart
from policyengine.tools.result.tables import Column, Table
from policyengine.tools.stats.words import Words
from policyengine.trace import OUTCOMES

OF_OUTCOMES = tuple(Column(o, "whole") for o in OUTCOMES)
PREFECTURE = "阿坝藏族羌族自治州"


def _regions(names: list[str]) -> Table:
    rows = [("2018", n, "hours", 1, *([0] * (len(OUTCOMES) - 1))) for n in names]
    return Table("by-region", (Column("period"), Column("region"), Column("unit"), *OF_OUTCOMES), rows)


def test_groups_without_a_bar_are_told() -> None:
    """22 regions that count in hours and in credits are 44 groups, of which 24 have a bar."""
    chart = outcomes_chart(_regions([f"r{n:02}" for n in range(44)]), Words(()), ("region",))
    assert chart.count("<rect") == 24
    assert "… and 20 more" in chart
    assert "more" not in outcomes_chart(_regions([f"r{n:02}" for n in range(24)]), Words(()), ("region",))


def test_a_chart_of_nothing_says_so() -> None:
    for chart in (
        outcomes_chart(_regions([]), Words(()), ("region",)),
        amounts_chart(Table("funds", (Column("period"), Column("cost", "figure")), []), Words(()), "cost", ("period",)),
    ):
        assert "nothing to show" in chart
        assert "<svg" not in chart


def test_a_long_label_has_room() -> None:
    """Nine Chinese characters of 14 units, `` · 2018 · `` with ten of 3 at least, and two more behind."""
    chart = outcomes_chart(_regions([PREFECTURE]), Words(()), ("region", "period", "unit"))
    (x,) = re.findall(r'<text x="(\d+)"[^>]*text-anchor="end"', chart)
    assert int(x) >= 9 * 14 + 10 * 3 + 2 * 14
    ((wide, _),) = re.findall(r'viewBox="0 0 (\d+) (\d+)"', chart)
    ((start, width),) = re.findall(r'<rect x="(\d+)" y="0" width="(\d+)"', chart)
    assert int(start) > int(x)
    assert int(start) + int(width) <= int(wide)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "by region. a: met 1, not met 2; b: met 1, not met 2"),
        ("zh", "按地区。a：完成 1、未完成 2；b：完成 1、未完成 2"),
    ],
)
def test_a_chart_is_read_aloud_in_the_language_spoken(language: str, said: str) -> None:
    speak(language)
    table = _regions(["a", "b"])
    rows = [tuple(2 if column.name == "not_met" else cell for column, cell in zip(table.columns, row, strict=True))
            for row in table.rows]  # fmt: skip
    chart = outcomes_chart(Table(table.name, table.columns, rows), Words(()), ("region",))
    assert re.findall(r'aria-label="([^"]*)"', chart) == [said]


def test_amounts_are_exact() -> None:
    table = Table(
        "funds",
        (Column("period"), Column("paid_by"), Column("cost", "figure")),
        [
            ("2018", "state", Fraction("7803.9")),
            ("2018", "society", Fraction("0.4")),
            ("2018", None, Fraction(1000000)),
        ],
    )
    chart = amounts_chart(table, Words(()), "cost", ("paid_by",))
    assert re.findall(r'text-anchor="start"[^>]*>([^<]*)<', chart) == ["7,803.9", "0.4", "1,000,000"]
