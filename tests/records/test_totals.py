"""Which cells are totals or lines below a table, and which are somebody's id."""

from __future__ import annotations

import pytest

from policyengine.records.totals import FOOT_ROW, TOTAL_ROW, of_person, of_title

TOTALS = """小计| 合 计：|总 计|*合计*|1001 汇总|1001汇总|张三 小计|本页合计|本页小计：|合计（学时）|合计：3人|合计3人
共2人|（共 2 人）|1001 Total|1001 TOTAL|Grand Total|Total: 3|sum|Subtotal|510101190001010019 汇总"""
FEET = """填表人：王五　审核：赵六|填 表 人：x|制表：张三|负责人：李四
单位负责人（签字）：|单位（盖章）：|备注：|注：本表|日期：2016年12月"""
IDS = """张小计|李总和|总和平|P-total|total1|totally|1001|合计001|汇总办|小计算机|510101190001010019|注册01
单位A:12|工号:12
共2|负责人1|备注1|审核员王五|王五|X汇总Y|日期|A07 / 3||-"""
TITLES = "小计|合 计 ：|本页合计|Total|Sub total:|　总计"
OTHERS = "合计数|小计算|Total quality|汇总表||公需科目小计"


@pytest.mark.parametrize(
    ("texts", "bad"), [(TOTALS, TOTAL_ROW), (FEET, FOOT_ROW), (IDS, None)], ids=["totals", "feet", "ids"]
)
def test_of_the_persons_cell(texts: str, bad: object) -> None:
    for text in texts.replace("\n", "|").split("|"):
        assert of_person(text) is bad, text


def test_of_a_title() -> None:
    assert all(of_title(text) for text in TITLES.split("|"))
    assert not any(of_title(text) for text in OTHERS.split("|"))
