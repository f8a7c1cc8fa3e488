"""Messages about governing rules: where in its file a rule's words stand, which article they state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policyengine.diagnostics import Diagnostic, Related, Replacement, Span
from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Rule
from policyengine.plan.model import PlanRule

Severity = Literal["error", "warning", "note"]


@dataclass(slots=True)
class Reporter:
    """Collects diagnostics, each once: a rule governs in several stretches, and its mistake is one."""

    items: dict[Diagnostic, None] = field(default_factory=dict)

    def about(
        self,
        rule: Rule,
        code: str,
        message: str,
        span: Span | None = None,
        hint: str | None = None,
        severity: Severity = "error",
        related: tuple[Related, ...] = (),
        instead: Replacement | None = None,
    ) -> None:
        """A message at ``span`` (a node's; else the whole rule text)."""
        at = span or whole(rule)
        source = rule.place.line(at) if rule.place is not None and at is not None else None
        cites = str(rule.cites) or None
        self.items[Diagnostic(code, message, at, hint, severity, source, related, cites, instead)] = None

    def on(
        self,
        rule: PlanRule[tree.Statement],
        code: str,
        message: str,
        span: Span | None = None,
        hint: str | None = None,
        severity: Severity = "error",
        others: tuple[PlanRule[tree.Statement], ...] = (),
        instead: Replacement | None = None,
    ) -> None:
        """A message about a governing rule; ``others`` are shown beside it."""
        related = tuple(
            Related(o.key + (say(": ", "：") + o.rule.text if o.rule.text else ""), whole(o.rule)) for o in others
        )
        self.about(rule.rule, code, message, span, hint, severity, related, instead)

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.items)

    def all(self) -> list[Diagnostic]:
        return list(self.items)


def whole(rule: Rule) -> Span | None:
    """The span of a rule's text."""
    if rule.place is not None:
        text = getattr(rule.place, "value", rule.text)
        return rule.place.span(0, len(text.rstrip()))
    return rule.span
