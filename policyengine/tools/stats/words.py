"""Names of tables, columns and terms for people, in the language spoken. Files of data keep the ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from policyengine.messages import say, spoken
from policyengine.tools.explain.text import OUTCOMES
from policyengine.tools.stats.part import NO_LIST

TITLES = {
    "overall": ("people, hours and funds by year", "各年度人数、学时、经费"),
    "hours-distribution": ("distribution of hours, by share of what is required", "学时分布（占规定学时的比例）"),
    "hours-quantiles": ("distribution of hours, least to most", "学时分布（最少、四分位数、最多）"),
    "funds": ("funds by source", "经费来源"),
    "by-region": ("by region", "按地区"),
    "by-sector": ("by sector", "按行业"),
    "by-employer": ("by employer", "按用人单位"),
    "by-employer-kind": ("by kind of employer", "按单位性质"),
    "by-title-level": ("by title level", "按职称级别"),
    "by-form": ("activities by form", "按学习形式"),
    "by-subject": ("activities by subject", "按科目"),
    "by-outcome": ("by outcome", "按结论"),
    "providers": ("providers: activities, people, exam results", "施教机构：活动、人数、考核合格率"),
    "bases": ("activities at providers in the packs' lists", "名单内的施教机构（基地）"),
}  # fmt: skip
SHEETS = {  # of those titles that are longer than the name of a sheet may be
    "overall": "people, hours and funds",
    "hours-distribution": "hours, by share of required",
    "hours-quantiles": "hours, least to most",
    "providers": "providers",
    "bases": "providers in packs' lists",
}
COLUMNS = {
    "period": ("period", "年度"), "policy": ("policy", "政策"), "unit": ("unit", "计量单位"),
    "outcome": ("outcome", "结论"), "people": ("people", "人数"), "met": ("met", "完成"),
    "not_met": ("not met", "未完成"), "excused": ("excused", "已免除"),
    "undetermined": ("undetermined", "待定"), "in_progress": ("in progress", "进行中"),
    "completion_percent": ("completion %", "完成率（%）"), "hours": ("hours", "学时"),
    "mean_hours": ("hours each", "人均学时"), "activities": ("activities", "学习活动"),
    "counted_activities": ("counted", "计入的活动"), "cost": ("cost", "经费（元）"), "band": ("share", "占规定的比例"),
    "least": ("least", "最少"), "quartile_1": ("1st quartile", "第一四分位数"), "median": ("median", "中位数"),
    "quartile_3": ("3rd quartile", "第三四分位数"), "most": ("most", "最多"), "passed": ("passed", "合格"),
    "failed": ("failed", "不合格"), "pass_percent": ("pass %", "合格率（%）"), "listed": ("list", "名单"),
    "region": ("region", "地区"), "sector": ("sector", "行业"), "employer": ("employer", "用人单位"),
    "employer_kind": ("employer kind", "单位性质"), "title_level": ("title level", "职称级别"),
    "form": ("form", "学习形式"), "subject": ("subject", "科目"), "provider": ("provider", "施教机构"),
    "paid_by": ("source of funds", "经费来源"), "result": ("exam result", "考核结果"), "reason": ("reason", "原因"),
    "first_day": ("first day", "开始日期"), "last_day": ("last day", "结束日期"),
    "recognise_rule": ("recognise rule", "认定规则"), "convert_rule": ("convert rule", "折算规则"),
    "assign_rule": ("assign rule", "归期规则"), "cap_rule": ("cap rule", "扣减规则"),
    "hidden": ("hidden", "已隐去"),
}  # fmt: skip
REASONS = {
    "counted": ("counted", "计入"), "capped": ("cut by a cap", "限额扣减"),
    "duplicate": ("counted once already", "重复"),
    "rejected": ("not recognised", "不予认定"), "not_recognised": ("no rule recognises it", "未列形式"),
    "missing_fact": ("a fact is missing", "缺少事实"), "no_conversion": ("no rule converts it", "无折算标准"),
    "no_exchange": ("no rule exchanges it", "无换算标准"), "outside_period": ("of another period", "不在该年度"),
    "ambiguous": ("claimed by several rules", "规则冲突"), "no_policy": ("no policy applies", "无适用政策"),
}  # fmt: skip
ALIASES = {"year": "period", "kind": "employer_kind", "level": "title_level", "base": "listed", "source": "paid_by"}
BANDS = {  # in the order of a table
    "no requirement": "无规定", "0": "0", "under 1/4": "不足四分之一", "1/4 to 1/2": "四分之一以上、不足一半",
    "1/2 to 3/4": "一半以上、不足四分之三", "3/4 to all": "四分之三以上、不足全部",
    "all to double": "全部以上、不足两倍", "double or more": "两倍以上",
}  # fmt: skip
_BETWEEN = re.compile("(?<=[^a-z0-9])-|-(?=[^a-z0-9])")
UNKNOWN = ("unknown", "不详")
# what no rule spoke of, or of which a result that has no such column doesn't say it
NO_RULE = ("none or not known", "无或不详")
NOTHING = {"unit": ("", ""), **{c: NO_RULE for c in COLUMNS if c.endswith("_rule")}}
NO_FIELDS: Mapping[str, str] = {}
NOT_LISTED = ("not in a list", "不在名单")


def title_of(table: str, fields: Mapping[str, str] = NO_FIELDS) -> str:
    """A table's name for people. ``fields``: the Chinese names of facts that packs declare."""
    if table in TITLES:
        return say(*TITLES[table])
    facts = table.removeprefix("by-")
    names = {**fields, **{n: COLUMNS[ALIASES.get(n, n)][1] for n in (*COLUMNS, *ALIASES)}}
    named = {n.replace("_", "-"): name for n, name in names.items()}
    any_ = "|".join(map(re.escape, sorted(named, key=len, reverse=True)))
    chinese = re.sub(rf"(?<![a-z0-9])(?:{any_})(?![a-z0-9])", lambda m: named[m[0]], facts)
    return say(f"by {facts}", ("按 " if chinese[0].isascii() else "按") + _BETWEEN.sub("、", chinese))


def sheet_of(table: str, fields: Mapping[str, str] = NO_FIELDS) -> str:
    """A table's name as that of a sheet: a whole one, where the title would be cut."""
    title = title_of(table, fields)
    return say(SHEETS.get(table, title), title)


class Words:
    """Names of columns and cells. ``labels``: as manifests have them."""

    def __init__(self, labels: Sequence[Mapping[str, Any]]):
        self._terms: dict[str, dict[str, str]] = {}
        self.fields: dict[str, str] = {}
        for known in labels:
            self.fields.update(known.get("fields", {}))
            for field, terms in known.get("terms", {}).items():
                self._terms.setdefault(field, {}).update(terms)

    def column(self, name: str) -> str:
        if name in COLUMNS:
            return say(*COLUMNS[name])
        if name.endswith("_hours"):
            subject = name.removesuffix("_hours")
            zh = self._terms.get("subject", {}).get(subject, subject)
            return say(f"{subject.replace('_', ' ')} hours", f"{zh}学时")
        return say(name.replace("_", " "), self.fields.get(name, name))

    def chinese(self, name: str) -> str:
        """The Chinese name of a fact: the packs' own, which the files have as headers."""
        return self.fields.get(name, COLUMNS.get(name, ("", name))[1])

    def cell(self, column: str, given: object) -> str:
        """The name of a group: a term's, an outcome's, a unit's."""
        if given is None or given == "":
            return say(*NOTHING.get(column, UNKNOWN))
        value = str(given)
        if column == "listed" and value == NO_LIST:
            return say(*NOT_LISTED)
        if column == "outcome":
            return say(*OUTCOMES.get(value, (value, value)))
        if column == "reason":
            return say(*REASONS.get(value, (value, value)))
        if column == "band":
            return say(value, BANDS.get(value, value))
        if column == "unit":
            from policyengine.language.quantities import UNITS

            return UNITS[value].zh if spoken() == "zh" and value in UNITS else value
        if spoken() == "zh":
            return self._terms.get(column, {}).get(value, value)
        return value.replace("_", " ") if value in self._terms.get(column, {}) else value
