"""The page's fixed texts, in the language spoken."""

from __future__ import annotations

from typing import Any

from policyengine.messages import listed, say
from policyengine.tools.explain.text import OUTCOMES
from policyengine.tools.stats.words import COLUMNS, REASONS
from policyengine.trace import Finding

FACTS = ("region", "sector", "employer", "employer_kind", "title_level")  # of people, in lists of them
OPERATORS = {">=": ("at least", "不少于"), "<=": ("at most", "不超过"), "=": ("exactly", "等于")}


def open_policy(finding: Finding) -> str:
    """Of the finding that it is open which policy governs a person: which may."""
    return say("which policy governs is open: ", "适用哪个政策尚不确定：") + listed(finding.because)


def page_texts() -> dict[str, Any]:
    """What the page's script shows."""
    return {
        "outcomes": [say(*OUTCOMES[o]) for o in OUTCOMES],
        "reasons": {k: say(*v) for k, v in REASONS.items()},
        "ops": {k: say(*v) for k, v in OPERATORS.items()},
        "all": say("all", "全部"), "unknown": say("unknown", "不详"), "why": say("reasons", "理由"),
        "id": say("id", "证件号码"), "name": say("name", "姓名"), "employer": say(*COLUMNS["employer"]),
        "period": say("period", "年度"), "outcome": say("outcome", "结论"), "total": say("total", "合计"),
        "required": say("required", "应完成"), "short": say("short", "尚缺"),
        "over": say("too many", "超出"), "wait": say("one moment…", "请稍候……"),
        "found": say("decisions: {n} · page {p} of {l}", "{n} 个结论 · 第 {p} 页，共 {l} 页"),
        "findings": say("requirements", "要求"), "advisory": say("advisory", "一般要求"),
        "before": say("before reductions", "核减前"), "may_reduce": say("may be reduced, ", "可能核减，"),
        "carried": say("of these carried over", "其中结转"),
        "base": say("in the general rules", "一般规定为"),
        "follows": say("what follows", "后果"), "either": say(" (by one of these rules)", "（依据下列规则之一）"),
        "may": say("may follow: ", "可能的后果："),
        "missing": say("facts that would settle it: ", "尚缺的事实："), "flags": say("flags", "标记"),
        "records": say("records", "学习记录"), "rules": say("rules", "依据"),
        "confidence": say("text not seen", "未见原文"),
        "colon": say(": ", "："), "comma": say(", ", "、"), "semicolon": say("; ", "；"),
        "recordHead": [
            say("record", "编号"), say("day", "日期"), say("form", "学习形式"), say("content", "内容"),
            say("claimed", "申报"), say("converted", "折算"), say("counted", "计入"), say("reason", "说明"),
        ],
    }  # fmt: skip
