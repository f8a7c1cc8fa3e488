"""What all lines of a case are written with: the words of a language, citations, amounts. See ``text``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import time_between
from policyengine.language import tree
from policyengine.language.quantities import mixed_text
from policyengine.light import dataclass
from policyengine.records.personal import masked_day
from policyengine.tools.explain.case import Case, InAll, Labels, Lapse, RuleNote, cited, owner_of
from policyengine.tools.result.tables import EITHER
from policyengine.trace import LedgerEntry

CITED = "    "  # between what a line says and the rule and clause that it rests on
ZERO = Fraction(0)
NAMED = 4  # records that a line names


@dataclass
class Node:
    """A line with the lines below it."""

    text: str
    below: list[Node] = field(default_factory=list)


class Words:
    """The words for one case in one language. ``reveal``: personal data are not masked."""

    def __init__(self, case: Case, language: str, reveal: bool):
        self.case, self.language, self.reveal = case, language, reveal
        self.labels: Labels = case.labels(language)
        self.unit = self.labels.unit(case.decision.unit)

    def say(self, en: str, zh: str) -> str:
        return zh if self.language == "zh" else en

    def hours(self, value: Fraction | None) -> str:
        """An amount in the unit that the policy counts in."""
        return in_units(self.number(value), self.unit)

    def number(self, value: Fraction | None) -> str:
        return number(value, self.language)

    def spread(self, low: Fraction, high: Fraction | None) -> str:
        return spread(low, high, self.language)

    def cite(self, text: str, key: str) -> str:
        return f"{text}{CITED}{self.cited(key)}" if key else text

    def cited(self, key: str) -> str:
        unseen = self.say(" (text not seen)", "（未见原文）")
        return self.say(" or ", " 或 ").join(cited(self.case.rules, k, unseen) for k in key.split(EITHER))

    def lacking(self, missing: Iterable[str]) -> str:
        """Missing facts, each once with the records that lack it: ``approved of R1, R2; sector``."""
        owners: dict[str, list[str]] = {}
        for owner, fact in map(owner_of, missing):
            owners.setdefault(self.labels.fact(fact), []).extend([owner] if owner else [])
        parts = [self._of(fact, ids) for fact, ids in owners.items()]
        if any(len(ids) > 1 for ids in owners.values()):
            return self.say("; ", "；").join(parts)
        return self.say(", ", "、").join(parts)

    def _of(self, fact: str, ids: list[str]) -> str:
        if not ids:
            return fact
        owners = self.some(ids)
        space = "" if len(ids) > NAMED else " "
        return self.say(f"{fact} of {owners}", f"{owners}{space}的{fact}")

    def lapses(self, *names: str) -> str:
        """The times that rules asked, with the days between which they are: ``born to … : 1965-12-31 to 2020-12-31, 55
        years``."""
        told = (self._lapse(t) for name in names for t in self.case.lapses.get(name, ()))
        return self.say("; ", "；").join(dict.fromkeys(told))  # two comparisons of one time, as in between, are one

    def _lapse(self, time: Lapse) -> str:
        assert self.case.vocabulary is not None
        from policyengine.language.phrases import Phrases

        phrases = Phrases(self.case.vocabulary, "zh" if self.language == "zh" else "en")
        one, other = phrases.operand(time.asked.start), phrases.operand(time.asked.end)
        start, end = self._day(time.asked.start, time.start), self._day(time.asked.end, time.end)
        length = self.length(time.start, time.end, time.asked.unit)
        if "*" in start + end and time.end >= time.start:  # to the day it would tell the day
            years = time_between(time.start, time.end)[0] // 12
            length = self.say(
                f"at least {years} and less than {years + 1} years", f"满 {years} 年、不满 {years + 1} 年"
            )
        return self.say(
            f"{one} to {other}: {start} to {end}, {length}", f"{one} 至 {other}：{start} 至 {end}，{length}"
        )

    def leave_in_all(self, rule: str) -> str:
        """The leave whose days were added up for a finding: ``illness in all: 2020-01-01 to 2020-03-31 (91 days),
        2020-07-01 to 2020-09-28 (90 days), 181 days``."""
        return self.say("; ", "；").join(map(self._in_all, self.case.in_all.get(rule, ())))

    def _in_all(self, leave: InAll) -> str:
        kinds = [self.labels.term(k, "circumstance") for k in leave.asked.kinds] or [self.say("leave", "休假")]
        days = [(end - start).days + 1 for start, end in leave.stretches]
        told = [
            self.say(f"{start} to {end} ({in_units(str(n), 'days')})", f"{start} 至 {end}（{n} 天）")
            for (start, end), n in zip(leave.stretches, days, strict=True)
        ]
        named, parts = (self.say(", ", "、").join(some) for some in (kinds, told))
        return self.say(
            f"{named} in all: {parts}, {in_units(str(sum(days)), 'days')}", f"{named}累计：{parts}，共 {sum(days)} 天"
        )

    def _day(self, asked: tree.Operand, day: date) -> str:
        """A day that a rule asked for; of the person's own none that tells what the masked id does not."""
        fields = self.case.vocabulary.fields if self.case.vocabulary is not None else {}
        own = isinstance(asked, tree.Field) and asked.id in fields and fields[asked.id].of == "person"
        return masked_day(day, self.case.person.person_id) if own and not self.reveal else day.isoformat()

    def length(self, start: date, end: date, unit: str) -> str:
        """``54 years 11 months 30 days``; in days where that is asked."""
        if end < start:
            return self.say("the second day before the first", "后一日早于前一日")
        months, left = (0, (end - start).days) if unit == "days" else time_between(start, end)
        years, months = divmod(months, 12)
        counted = [(years, "years", "年"), (months, "months", "个月"), (left, "days", "天")]
        shown = [(n, en, zh) for n, en, zh in counted if n] or [(0, "days", "天")]
        return " ".join(self.say(in_units(str(n), en), f"{n} {zh}") for n, en, zh in shown)

    def some(self, each: Sequence[str]) -> str:
        """``R1, R2, R3, R4 and 26 more``: what a line can name of records."""
        shown = self.say(", ", "、").join(each[:NAMED])
        more = len(each) - NAMED
        return shown + self.say(f" and {more} more", f" 等 {len(each)} 条") if more > 0 else shown


def once_and_caps(rules: Mapping[str, RuleNote], cap_rule: str) -> tuple[str, str]:
    """The keys that a ledger row joins in ``cap_rule``: of the rule by which another record counts instead, or may;
    and of the caps that cut."""
    keys = cap_rule.split("+")
    once = [k for k in keys if k in rules and rules[k].kind == "count_once"]
    return "+".join(once), "+".join(k for k in keys if k not in once)


def opened_by(rules: Mapping[str, RuleNote], e: LedgerEntry) -> str:
    """The keys of the rules that leave open how much a row counts: ``count once`` alone where what its own record
    lacks is only what that rule names; else those that name what it lacks, or whose own figure is open."""
    lacks = {fact.removeprefix("person:") for owner, fact in map(owner_of, e.missing) if not owner}
    once, caps = once_and_caps(rules, e.cap_rule)
    if not once:
        return _opened(rules, e, lacks, caps)
    named = {word for key in once.split("+") for word in _asks(rules[key])}
    return once if lacks <= named else f"{_opened(rules, e, lacks - named, caps)}+{once}"


def _opened(rules: Mapping[str, RuleNote], e: LedgerEntry, lacks: set[str], caps: str) -> str:
    """As ``opened_by``, of the rules that recognise, convert, assign and cap a record that lacks these facts."""
    converts, assigns = e.convert_rule.split("+"), e.assign_rule.split("+")
    if e.reason == "ambiguous":  # two that convert, or two that assign
        several = len([k for k in converts if k in rules and rules[k].kind == "convert"]) > 1
        return "+".join((*(converts if several or len(assigns) < 2 else ()), *(assigns if len(assigns) > 1 else ())))
    asked = {
        key: _asks(rules[key]) & lacks
        for key in (e.recognise_rule, *converts, *assigns, *caps.split("+"))
        if key in rules
    }
    unsaid = lacks.difference(*asked.values())  # a form, of which all rules speak
    keys = [key for key, named in asked.items() if named or (unsaid and key == e.recognise_rule)]
    return "+".join(keys) or e.recognise_rule


def _asks(note: RuleNote) -> set[str]:
    """The facts that a rule names; of a rate also the amount; and its figure where the law leaves that open."""
    text = note.text("en")
    found = set(re.findall(r"\w+", text))
    found |= {f"table:{word}" for word in found}
    found |= {"quantity", "unit"} if note.kind in ("convert", "add") else set()
    return found | ({"figure"} if re.search(r"\bunknown\b|[0-9] to [0-9]", text) else set())


def number(value: Fraction | None, language: str) -> str:
    return "?" if value is None else mixed_text(value, language)


def spaced(text: str) -> str:
    """Text as it stands behind Chinese: Latin letters, such as a record id's, with a space before them."""
    return f" {text}" if text[:1].isascii() else text


def in_units(text: str, unit: str) -> str:
    """``1 hour``, ``2 hours``, ``0–1 hours``."""
    return f"{text} {unit_of(text, unit)}".strip()


def unit_of(text: str, unit: str) -> str:
    """The unit as it stands behind a figure."""
    return unit.removesuffix("s") if text == "1" else unit


def spread(low: Fraction, high: Fraction | None, language: str) -> str:
    """``87.5``, or ``20 to 36`` where facts are missing (``20 or more`` without an upper bound)."""
    if high is None:
        return f"{number(low, language)}…"
    return number(low, language) if low == high else f"{number(low, language)}–{number(high, language)}"
