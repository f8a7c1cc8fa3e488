"""The words in which a change is told, one for each kind: a change goes in, short phrases in the language spoken come
out."""

from __future__ import annotations

from datetime import date

from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Rule
from policyengine.packs.pieces import DAY
from policyengine.tools.diff.model import Change

KINDS = {
    "added": ("added", "新增"), "repealed": ("repealed", "废止"), "amended": ("amended", "修改"),
    "renamed": ("renamed", "改名"), "reworded": ("only reworded", "仅改写法"),
    "cited": ("source or note", "出处或说明"), "authority": ("what lower authorities may do", "下级权限"),
    "table": ("table", "数据表"),
    "word": ("word", "词语"), "field": ("field", "字段"), "bounds": ("bounds", "取值范围"),
    "scope": ("whom it applies to", "适用范围"), "chain": ("place in the chain", "上下级关系"),
    "year": ("start of the year", "年度起始"), "source": ("source", "文件"),
    "undecidable": ("not decidable", "不可判断"), "about": ("whose it is", "名称与制定机关"),
    "pack_added": ("new pack", "新增政策包"), "pack_removed": ("pack removed", "删除政策包"),
}  # fmt: skip
DIRECTIONS = {
    "stricter": ("stricter", "从严"), "laxer": ("laxer", "从宽"), "neither": ("neither stricter nor laxer", "有严有宽"),
    "same": ("same for everybody", "不影响结论"), "undecided": ("direction undecided", "严宽未定"),
}  # fmt: skip
EFFECTS = {
    "void": ("no longer raises anything", "不再高于上级"), "exceeds": ("the base is stricter now", "上级现已更严"),
    "refused": ("not allowed any more", "不再允许"), "ended": ("delegation ended", "授权终止"),
    "allowed": ("allowed now", "现已允许"),
}  # fmt: skip
SIGNS = {"added": "+", "repealed": "-", "pack_added": "+", "pack_removed": "-"}


def stretch(change: Change) -> str:
    """``from 2016``, ``2016 to 2019``, ``from 2018-07-01``, or ``at all times`` of a rule without ends; else
    nothing."""
    rule = change.new or change.old
    if rule is None:
        return ""
    start, until = _day(change.start, rule, first=True), _day(change.until, rule, first=False)
    if start.isdigit() or change.start is None:
        until = _last_year(change, rule) or until
    if start and until:
        return _zh_year(start) if start == until else say(f"{start} to {until}", f"{start} 至 {_zh_year(until)}")
    if start:
        return say(f"from {start}", f"自 {_since(start)}起")
    if until:
        return say(f"until {until}", f"至 {_since(until)}止")
    return say("at all times", "不限期") if change.is_law else ""


def _zh_year(label: str) -> str:
    """A year as one says it in Chinese: ``2016 年``; a day as it is."""
    return say(label, f"{label} 年" if label.isdigit() else label)


def _since(label: str) -> str:
    """A year or day that a Chinese word follows: ``2016 年``, ``2018-07-01 ``."""
    return _zh_year(label) if label.isdigit() else f"{label} "


def _day(day: date | None, rule: Rule, first: bool) -> str:
    """A year where the rule is for whole periods and the day is the edge of one; else the day."""
    if day is None:
        return ""
    if rule.whole_periods:
        if (day.month, day.day) == ((1, 1) if first else (12, 31)):
            return str(day.year)
        if first and day == rule.start and rule.label:
            return rule.label
    return day.isoformat()


def _last_year(change: Change, rule: Rule) -> str:
    """The year that a stretch of a rule ends with, where years begin on another day than 1 January."""
    until = change.until
    if until is None or until != rule.until or until == date.max or not rule.whole_periods:
        return ""
    after = until + DAY
    whole = change.start is None or (change.start.month, change.start.day) == (after.month, after.day)
    return str(after.year - 1) if whole else ""


def manner(change: Change) -> str:
    """How an amendment was made: ``new version from 2020``, ``text of the version in force since 2016 corrected``."""
    if change.twin and change.new is None:
        return say(f"moved to {change.twin}", f"移至 {change.twin}")
    if change.twin:
        return say(f"moved from {change.twin}", f"移自 {change.twin}")
    if change.how == "dates" and change.kind in ("added", "repealed"):
        told = {
            "added": ("the rule now also holds in this time", "该规则现在也适用于这段时间"),
            "repealed": ("the rule no longer holds in this time", "该规则不再适用于这段时间"),
        }
        return say(*told[change.kind])
    if change.kind != "amended" or change.new is None:
        return ""
    since = change.new.label
    match change.how:
        case "version":
            return say(f"new version from {since}", f"自 {_since(since)}起的新版本")
        case "corrected" if since:
            return say(
                f"text of the version in force since {since} corrected", f"更正文字：自 {_since(since)}起施行的版本"
            )
        case "corrected":
            return say("text of the version in force from the beginning corrected", "更正文字：自始施行的版本")
        case "dates":
            return say("the versions hold at other times", "各版本的施行时间有变")
    return ""


def headline(change: Change) -> str:
    """One line: what, which rule, when, which way."""
    kind, direction = say(*KINDS[change.kind]), say(*DIRECTIONS[change.direction])
    parts = [f"{kind} {change.subject}"]
    if change.subject.split("/")[0] != change.pack:
        parts = [f"{change.pack}: {kind} {change.subject}"]
    parts.append(stretch(change))
    if change.is_law and judged(change):
        parts.append(direction)
    return " · ".join(p for p in parts if p)


def judged(change: Change) -> bool:
    """Whether a direction says anything about the change: of words, places and powers none is known."""
    rule = change.new or change.old
    if rule is not None and isinstance(rule.statement, tree.Delegate):
        return False
    return change.kind in ("added", "repealed", "amended", "table", "scope")


def explained(change: Change) -> tuple[str, ...]:
    """What else is to be told: how it was made, the situations that show it, why, and where it works otherwise."""
    told = [manner(change), *change.witness, change.why]
    alike: dict[tuple[str, str], list[str]] = {}
    for pack, direction, why in change.elsewhere:
        reason = why if why != change.why else ""
        alike.setdefault((say(*DIRECTIONS[direction]), reason), []).append(pack)
    for (way, reason), packs in alike.items():
        because = say(f" ({reason})", f"（{reason}）") if reason else ""
        named = say(", ".join(packs), "、".join(packs))
        told.append(say(f"for people under {named}: {way}{because}", f"对适用 {named} 的人：{way}{because}"))
    return tuple(t for t in told if t)


def cited(change: Change) -> str:
    """The source of the version that is now in force, or was."""
    rule = change.new or change.old
    return str(rule.cites) if rule else ""
