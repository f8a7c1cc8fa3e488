"""What all lines of a case are written with: the words of a language, citations, amounts. See ``case_text``."""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction

from policyengine.language.quantities import exact_text
from policyengine.light import dataclass
from policyengine.tools.case import Case, Labels, owner_of
from policyengine.tools.tables import EITHER

CITED = "    "  # between what a line says and the rule and clause that it rests on
ZERO = Fraction(0)


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
        return f"{number(value)} {self.unit}"

    def cite(self, text: str, key: str) -> str:
        return f"{text}{CITED}{self.cited(key)}" if key else text

    def cited(self, key: str) -> str:
        unseen = self.say(" (text not seen)", "（未见原文）")
        return self.say(" or ", " 或 ").join(self.case.cited(k, unseen) for k in key.split(EITHER))

    def lacking(self, name: str) -> str:
        owner, fact = owner_of(name)
        if not owner:
            return self.labels.fact(fact)
        return self.say(f"{self.labels.fact(fact)} of {owner}", f"{owner} 的{self.labels.fact(fact)}")


def number(value: Fraction | None) -> str:
    return "?" if value is None else exact_text(value)


def spread(low: Fraction, high: Fraction | None) -> str:
    """``87.5``, or ``20 to 36`` where facts are missing (``20 or more`` without an upper bound)."""
    if high is None:
        return f"{number(low)}…"
    return number(low) if low == high else f"{number(low)}–{number(high)}"
