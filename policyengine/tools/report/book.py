"""People with their trace and statistics go in, a workbook for the office comes out: results with reasons, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policyengine.messages import listed, say, spoken
from policyengine.tools.explain.case import (
    Labels,
    RuleNote,
    asks_nothing,
    cited,
    of_period,
    owed_in_total,
    owner_of,
    rows_of,
)
from policyengine.tools.explain.text import NOTHING_ASKED, OUTCOMES
from policyengine.tools.explain.words import number, opened_by, spread
from policyengine.tools.report.entries import Entry, ledger_entry
from policyengine.tools.report.folk import One, called
from policyengine.tools.report.sheets import COLOURS, Workbook
from policyengine.tools.report.words import FACTS, OPERATORS, open_policy
from policyengine.tools.result.read import Written
from policyengine.tools.stats.make import Statistics
from policyengine.tools.stats.render import add_sheets
from policyengine.tools.stats.words import COLUMNS, REASONS
from policyengine.trace import Decision, Finding

MOST = 5  # records whose reasons are told one by one in a cell


def workbook(written: Written, made: Statistics, people: Iterable[One], reveal: bool) -> Workbook:
    """The sheets; ``reveal``: ids and names in full."""
    book = Workbook()
    head = [say("id", "证件号码"), say("name", "姓名"), *(say(*COLUMNS[f]) for f in FACTS)]
    head += [say("period", "年度"), say("outcome", "结论"), say("total", "合计"), say("required", "应完成")]
    head += [say("short", "尚缺"), say("unit", "计量单位"), say("what follows", "后果"), say("reasons", "理由")]
    outcome = len(FACTS) + 3
    colours = {say(*OUTCOMES[o]): c for o, c in COLOURS.items()}
    wide = {0: 22, 4: 24, len(head) - 2: 24, len(head) - 1: 80}
    book.sheet(say("results", "评定结果"), head, _rows(written, people, reveal), (outcome, colours), wide)
    add_sheets(book, made)
    return book


def _rows(written: Written, people: Iterable[One], reveal: bool) -> Iterator[Sequence[Any]]:
    known = {name: Labels(known, spoken()) for name, known in written.labels.items()}
    first = next(iter(known.values()))
    for one in people:
        person_id, name = called(one.person, reveal)
        for d in one.decisions:
            labels = known.get(d.policy, first)
            facts = [labels.term(str(v), f) if (v := one.person.facts.get(f)) is not None else "" for f in FACTS]
            yield [
                person_id, name, *facts, d.period, say(*OUTCOMES[d.outcome]), d.total, *_owed(d, one),
                labels.unit(d.unit), say("; ", "；").join(map(labels.conclusion, dict.fromkeys(d.consequences))),
                reasons(one, d, labels, written.notes),
            ]  # fmt: skip


def _owed(d: Decision, one: One) -> tuple[Any, Any]:
    """What is required: a figure, or as text both bounds where it is open how much is; and how much is short of it.
    Nothing where it is only expected."""
    required, most, short = owed_in_total(d, of_period(d, one.findings))
    return required if required is None or required == most else spread(required, most, spoken()), short


def reasons(one: One, d: Decision, labels: Labels, rules: Mapping[str, RuleNote]) -> str:
    """Why, in a few sentences: what falls short or was met by what a year before left over, and which records did not
    count in full."""
    findings = of_period(d, one.findings)
    said = [say(*NOTHING_ASKED)] if asks_nothing(d, findings) else []
    said += [_asked(f, labels, rules) for f in findings if f.status != "met" or f.carried]
    if d.missing:
        facts = sorted({labels.fact(owner_of(m)[1]) for m in d.missing})
        said.append(say("not known: ", "不详：") + listed(facts))
    colon = say(": ", "：")
    lost = [e for e in rows_of(d, one.ledger) if e.reason != "counted"]
    for e in lost[:MOST]:
        rule = _cited(rules, _decided_by(e, one, rules))
        why = say(*REASONS.get(e.reason, (e.reason, e.reason)))
        said.append(f"{e.record_id}{colon}{why}" + (say(f" ({rule})", f"（{rule}）") if rule else ""))
    if len(lost) > MOST:
        said.append(say(f"and {len(lost) - MOST} more records", f"另有 {len(lost) - MOST} 条记录"))
    return say("; ", "；").join(said)


def _decided_by(e: Entry, one: One, rules: Mapping[str, RuleNote]) -> str:
    """The rule by which a record does not count in full; where it is open how much does, that which leaves it open."""
    if e.reason in ("missing_fact", "ambiguous"):
        return opened_by(rules, ledger_entry(e, one.unsettled))
    return e.cap_rule or e.recognise_rule or ""


def _asked(f: Finding, labels: Labels, rules: Mapping[str, RuleNote]) -> str:
    """A requirement and what became of it: ``total: 20–36, at least 40 (undetermined, annual, art. 4)``."""
    if f.measure == "policy":
        return open_policy(f)
    op = say(*OPERATORS.get(f.comparison, (f.comparison, f.comparison)))
    need = "" if f.required is None else spread(f.required, f.required_high, labels.language)
    state = say(*OUTCOMES[f.status])
    if f.advisory:
        op = say(f"expected {op}", f"一般要求{op}")
        state = say("not kept", "未达到" if f.comparison == ">=" else "已超出") if f.status == "not_met" else state
    measure, achieved = labels.measure(f.measure, f.unit), spread(f.achieved, f.achieved_high, labels.language)
    if f.carried:
        carried = number(f.carried, labels.language)
        achieved += say(f" ({carried} carried over)", f"（其中结转 {carried}）")
    rule = _cited(rules, f.rule)
    return say(
        f"{measure}: {achieved}, {op} {need} ({state}, {rule})",
        f"{measure}：{achieved}，{op} {need}（{state}，{rule}）",
    )


def _cited(rules: Mapping[str, RuleNote], key: str) -> str:
    return cited(rules, key, say(" (text not seen)", "（未见原文）"))
