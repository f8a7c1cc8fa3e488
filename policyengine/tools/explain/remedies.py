"""The lines of a case that say what would be enough: each remedy in words, with the rules that limit it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from policyengine.records.model import Fact
from policyengine.tools.explain.case import Remedy, exceeded, own_facts
from policyengine.tools.explain.words import Node, Words, spaced, unit_of
from policyengine.trace import Finding


class Remedies(Words):
    """Writes what would be enough in one case."""

    def nodes(self) -> Iterable[Node]:
        """What would meet the requirement that is not met; of several, what each of them needs."""
        if not self.case.sought:
            return
        needed = [(f, [self._remedy(r) for r in self.case.remedies if r.rule == f.rule]) for f in self._needed()]
        if not needed:
            return
        if self.case.hinges_on:
            facts = self.lacking(self.case.hinges_on)
            yield Node(
                self.say(
                    f"what would be enough depends on {facts}: it is open which policy governs",
                    f"补足办法视{spaced(facts)}而定：适用哪个政策尚不确定",
                )
            )
            return
        either = self.say(", or ", "；或")
        left = ""
        if self.case.decision.days_left is not None:
            left = self.say(" in the days that are left", "在余下的时间内")
        if not self.case.remedies and len(needed) == 1:
            yield Node(
                self.say(f"nothing was found that would be enough{left}", f"补足办法：{left}未找到可以补足的办法")
            )
            return
        if len(needed) == 1:
            lead = self.say("enough would be", "补足办法")
            if not self.case.together:
                lead = self.say("needed, and it may still not be enough", "须补足，而仍可能不够")
            yield Node(lead + self._may_miss() + self.say(": ", "：") + either.join(needed[0][1]))
            return
        doubtful = [bool(self._perhaps(f)) for f, _ in needed]
        lead = self.say("each of these is needed", "补足办法：以下各项均须补足")
        if all(doubtful):
            lead = self.say("each of these may be needed", "补足办法：以下各项可能须补足")
        elif any(doubtful):
            lead += self.say(", where not in doubt", "，注明“如须补足”的除外")
        lead += self._may_miss() + self.say(", and one activity may serve several", "，同一学习可同时计入数项")
        if not self.case.together:
            lead += self.say("; together they may still not be enough", "；合在一起仍可能不够")
        below = []
        for f, options in needed:
            none = self.say(f"nothing was found that alone would be enough{left}", f"{left}未找到单独可以补足的办法")
            label = self.labels.measure(f.measure, self.case.decision.unit) + self._perhaps(f)
            below.append(Node(self.cite(label + self.say(": ", "：") + (either.join(options) or none), f.rule)))
        yield Node(lead, below)

    def _needed(self) -> list[Finding]:
        """What is lacking; of what there is too much, if nothing else is needed or something would do."""
        lacking, found = self.case.lacking(), {r.rule for r in self.case.remedies}
        return lacking + [f for f in exceeded(self.case.findings, self.case.spared) if not lacking or f.rule in found]

    def _may_miss(self) -> str:
        """That what is only expected may not be reached all the same; nothing where it is."""
        if not self.case.short:
            return ""
        names = self.say(", ", "、").join(self.labels.measure(m, self.case.decision.unit) for m in self.case.short)
        return self.say(f" (what is only expected may still be missed: {names})", f"（一般要求仍可能未达到：{names}）")

    def _perhaps(self, f: Finding) -> str:
        """``, if needed (depending on hospital level)`` where it is not settled whether the requirement is lacking."""
        open_of_person = f.status == "in_progress" and bool(own_facts(f.missing))
        if not f.missing or not (f.status == "undetermined" or open_of_person):
            return ""
        facts = self.lacking(f.missing)
        return self.say(f", if needed (depending on {facts})", f"，如须补足（视{spaced(facts)}而定）")

    def _remedy(self, r: Remedy) -> str:
        if r.facts:
            parts = []
            for record, facts in r.facts.items():
                names = self.say(" and ", "、").join(self._wanted(f, value) for f, value in facts.items())
                gain = self.number(r.gains[record])
                parts.append(self.say(f"{names} for {record} (+{gain})", f"{record} 补充{names}（+{gain}）"))
            return self.say(" and ", "，并 ").join(parts)
        until = r.until.isoformat()
        unit = unit_of(self.number(r.gain), self.unit)
        kinds = [] if r.measure == "total" else [self.labels.measure(r.measure, self.case.decision.unit)]
        kinds += [self.labels.term(r.subject, "subject")] if r.subject else []
        zh, limits = "、".join(kinds), ""
        en = kinds.pop(0) if kinds and kinds[0].endswith(f" {self.unit}") else unit  # not credits of national credits
        en += "".join(f" of {kind}" for kind in kinds)
        named = r.outside or (r.within if r.within != (r.measure,) else ())  # not hours of training in training
        forms = self.say(", ", "、").join(self.labels.term(t, "form") for t in named)
        if forms:
            en += f" outside {forms}" if r.outside else f" in {forms}"
            limits = f"（{forms}除外）" if r.outside else f"（限{forms}）"
        for key in r.limits:
            rule = self.case.rules[key].text(self.language)
            until += f", subject to: {rule} ({self.cited(key)})"
            limits += f"，并受此限：{rule}（{self.cited(key)}）"
        return self.say(
            f"{self.number(r.gain)} more recognised {en} by {until}",
            f"{_day(r.until)}前（含当日）再取得 {self.number(r.gain)} {self.unit}经认定的{zh or '学习'}{limits}",
        )

    def _wanted(self, fact: str, value: Fact | None) -> str:
        """A fact that is missing, with the value that was tried; without one where any does."""
        name = self.labels.fact(fact)
        if value is None:
            return name
        if isinstance(value, bool):
            shown = self.say("yes" if value else "no", "是" if value else "否")
        elif fact == "unit":
            shown = self.labels.unit(str(value))
        elif fact in self.labels.known["terms"]:
            shown = self.labels.term(str(value), fact)
        else:  # one of many that do
            shown = self.number(value) if isinstance(value, Fraction) else str(value)
            return self.say(f"{name} (such as {shown})", f"{name}（如 {shown}）")
        return self.say(f"{name} = {shown}", f"{name}为“{shown}”")


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
