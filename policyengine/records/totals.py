"""One cell's text in; whether it makes its row one of totals, or a line below the table, out."""

from __future__ import annotations

import re
from functools import lru_cache

from policyengine.records.cells import SPACES, Bad, clean, says_nothing
from policyengine.records.characters import folded
from policyengine.records.naming import plain

TOTAL_ROW = Bad("PE426", "this is a row of totals, not a record", "这是合计行，不是记录", "nothing to mend", "无需处理")
FOOT_ROW = Bad(
    "PE426", "this is a line below the table, not a record", "这是表尾的说明，不是记录",
    "nothing to mend", "无需处理",
)  # fmt: skip
_CHINESE = ("合计", "总计", "小计", "共计", "累计", "总和", "汇总")
WORDS = frozenset((*_CHINESE, "本页合计", "本页小计", "本页累计", "total", "subtotal", "grandtotal", "sum"))

_WORD = "(?:" + "|".join(r"\s*".join(w) for w in _CHINESE) + ")"
_OF = r"(?:本页|本表|本年度?|全年|年度|部门|科室|单位|人员)?"
# 合计：3人, 合计（学时）, 本页合计; 1001 汇总 as spreadsheets write it. Not 张小计, which may be a name.
_BEGINS = rf"{_OF}\s*{_WORD}\s*(?:[:(\[【,;、\s].*|[0-9].*[\u4e00-\u9fff].*)?"
_ENDS = rf"(?:.*[\s0-9a-z)\]】:、-])?{_OF}\s*{_WORD}\s*:?"
_ENGLISH = r"(?:.*\s)?(?:grand\s*|sub\s*-?\s*)?total(?:\s*[:(].*)?"
_COUNT = r"\(?共\s*[0-9]+\s*[人名位条项页份]\)?[。.]?"
_TOTAL = re.compile(rf"{_BEGINS}|{_ENDS}|{_ENGLISH}|{_COUNT}", re.DOTALL)
_FOOT = re.compile(
    r"(?:单位|部门|公司|学校|主管)?(?:填表|填报|制表|制单|经办|审核|复核|审批|批准|报送|联系|负责|主管)"
    r"(?:人员?|单位|部门|日期|时间|电话|意见)?(?:签字|签名|签章|盖章|\([^)]*\))*:.*"
    r"|(?:填表|填报|制表)?(?:单位|部门|公章)(?:\([^)]*\)|盖章|公章)?:.*|(?:备注|附注|注|说明|日期)[0-9]*:.*",
    re.DOTALL,
)

_GAP = f"[{SPACES}]*"
# A title, form or subject that is a total and nothing else. Python and DuckDB read this pattern alike.
TITLE = (
    f"{_GAP}(?:本{_GAP}页{_GAP})?(?:"
    + "|".join(_GAP.join(w) for w in _CHINESE)
    + f"|(?i:(?:grand|sub)?{_GAP}total)){_GAP}[:：]?{_GAP}"
)
TITLED = ("title", "form", "subject")
TELLING = ("title", "form", "kind")  # what a record or a circumstance has, and a line of totals has not
_TITLE = re.compile(TITLE)


@lru_cache(maxsize=4096)
def of_person(text: str) -> Bad | None:
    """What the person's cell may say that is no person: a total, or who filled in the table. Few ids look like that."""
    if len(text) > 200:
        return None
    if plain(text) in WORDS:
        return TOTAL_ROW
    if text.isascii() and "total" not in text.casefold():
        return None
    shown = folded(text).strip().casefold()
    if _TOTAL.fullmatch(shown):
        return TOTAL_ROW
    return FOOT_ROW if _FOOT.fullmatch("".join(shown.split())) else None


def is_word(text: str) -> bool:
    """Whether the person's cell is such a word and nothing else, which is nobody's id."""
    return len(text) < 60 and plain(text) in WORDS


def tells(text: str) -> bool:
    """Whether a cell beside the person's holds what totals and lines below a table have not; those may be merged."""
    return bool(text := clean(text)) and not says_nothing(text) and of_person(text) is None


def of_title(text: str) -> bool:
    """Whether the cell of a title, form or subject is a total's."""
    return _TITLE.fullmatch(text) is not None
