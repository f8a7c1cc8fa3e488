"""The lines of a case that say what a record is and what it counts, and what caps cut."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from policyengine.tools.explain.case import rows_of
from policyengine.tools.explain.words import ZERO, Node, Words, in_units, once_and_caps
from policyengine.trace import LedgerEntry

NOTHING_COUNTED = ("rejected", "not_recognised", "no_conversion", "no_exchange", "no_policy", "duplicate")
Amount = tuple[Fraction, Fraction | None]
"""At least and at most; None: no bound."""


class Activities(Words):
    """Writes records in one case."""

    def record(self, e: LedgerEntry, rules: bool = True) -> str:
        """``R017 2016-11-02 publication "…" 14000 characters → 28 hours, counted 20``, by the rules that say how many
        and, if any does, of which period."""
        text = self.activity(e) + f" → {self.hours_range(e.converted, e.converted_high)}"
        if (e.counted, e.counted_high) != (e.converted, e.converted_high):
            counted = self.spread(e.counted, e.counted_high)
            text += self.say(f", counted {counted}", f"，计入 {counted}")
        return self.cite(text, "+".join(filter(None, (e.convert_rule, e.assign_rule))) if rules else "")

    def activity(self, e: LedgerEntry) -> str:
        """What a record is: id, date, form, title, quantity."""
        record = self.case.records.get(e.record_id)
        parts = [e.record_id]
        if record is not None:
            span = record.end.isoformat()
            parts.append(span if record.start == record.end else f"{record.start.isoformat()}..{span}")
        elif e.period is not None and not rows_of(self.case.decision, [e]):
            parts.append(e.period)
        if e.form:
            parts.append(self.labels.term(e.form, "form"))
        title = record.facts.get("title") if record is not None else None
        if isinstance(title, str) and title:
            short = title if len(title) <= 40 else title[:39] + "…"
            parts.append(self.say(f'"{short}"', f"「{short}」"))
        if e.quantity is not None:
            parts.append(in_units(self.number(e.quantity), self.labels.unit(e.unit)))
        return " ".join(parts)

    def hours_range(self, low: Fraction, high: Fraction | None) -> str:
        return in_units(self.spread(low, high), self.unit)


class Caps(Activities):
    """Writes what caps cut in one case."""

    def nodes(self) -> Iterable[Node]:
        """A line for each cap, or caps together, with the records that it cuts."""
        groups: dict[str, list[LedgerEntry]] = {}
        for e in self.case.ledger:
            _, caps = once_and_caps(self.case.rules, e.cap_rule)
            if caps and e.counted != e.converted and e.reason != "duplicate":
                groups.setdefault(caps, []).append(e)
        for key, cut in groups.items():
            own = key.split("+")
            every = [k for cap in own for k in (cap, *self.case.kept.get(cap, ()))]
            notes = [self.case.rules[k] for k in every if k in self.case.rules]
            text = self.say("; ", "；").join(n.text(self.language) for n in notes) or key
            least = [self._surely_cut(e) for e in cut]
            most = [e.converted_high - e.counted if e.converted_high is not None else None for e in cut]
            lost = self.spread(sum(least, ZERO), _total(most))
            about = notes[0].about if notes and len(own) == 1 else None
            facts = [self.say(f"{lost} cut", f"扣减 {lost}")]
            if about and (claimed := self._claimed(key, set(about))):
                facts.insert(0, claimed)
            line = text + self.say(": ", "：") + self.say(", ", "，").join(facts)
            yield Node(self.cite(line, "+".join(every)), [Node(self.record(e, rules=False)) for e in cut])

    def _surely_cut(self, e: LedgerEntry) -> Fraction:
        """What caps cut of a row at least: nothing where it may not count, or another record may count instead."""
        once, _ = once_and_caps(self.case.rules, e.cap_rule)
        perhaps = e.reason == "missing_fact" and not e.counted
        return ZERO if once or perhaps or e.counted_high is None else max(ZERO, e.converted - e.counted_high)

    def _claimed(self, key: str, about: set[str]) -> str:
        """What was claimed under a cap on some terms, and how much of it narrower caps left; nothing where the ledger
        does not tell that."""
        claims = [
            e for e in self.case.ledger if e.reason not in NOTHING_COUNTED and (e.form in about or e.subject in about)
        ]
        came = [amount for e in claims if (amount := self._came(e, key, about)) is not None]
        if len(came) < len(claims):
            return ""
        claimed, reached = self._sum((e.converted, e.converted_high) for e in claims), self._sum(came)
        if reached == claimed:
            return self.say(f"{claimed} claimed", f"申报 {claimed}")
        return self.say(f"{reached} of {claimed} claimed reached it", f"申报 {claimed}，其中 {reached} 计至此限")

    def _came(self, e: LedgerEntry, key: str, about: set[str]) -> Amount | None:
        """What of a row came to a cap: all of it where only wider ones cut besides; what counts where narrower ones
        alone cut. None: a row does not say how much each of several cut."""
        _, caps = once_and_caps(self.case.rules, e.cap_rule)
        notes = [self.case.rules.get(k) for k in caps.split("+") if k not in ("", key)]
        terms = [None if note is None or note.about is None else set(note.about) for note in notes]
        if all(t is not None and (not t or about < t) for t in terms):
            return e.converted, e.converted_high
        if key not in caps.split("+") and all(t and t < about for t in terms):
            return e.counted, e.counted_high
        return None

    def _sum(self, amounts: Iterable[Amount]) -> str:
        pairs = list(amounts)
        return self.spread(sum((low for low, _ in pairs), ZERO), _total(high for _, high in pairs))


def _total(amounts: Iterable[Fraction | None]) -> Fraction | None:
    """A sum; None where one of the amounts has no bound."""
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
