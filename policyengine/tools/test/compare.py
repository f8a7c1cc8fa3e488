"""What a case expects and what came out of it, side by side: an evaluated case in, the differences out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import eq

from policyengine.diagnostics import Span
from policyengine.language.quantities import exact_text
from policyengine.messages import say, spoken
from policyengine.packs.model import Policy
from policyengine.packs.tests_model import AMOUNTS, OUTCOMES, REASONS, Bounds, Case, Expected, Wanted
from policyengine.trace import Decision, Finding, LedgerEntry, Result

Names = Mapping[str, frozenset[str]]
Actual = Wanted | int | None

_CHINESE = {word: zh for words in (OUTCOMES, REASONS) for zh, word in words.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that was not met. ``path``: as in ``Expected``; ``span``: in the test file."""

    period: str
    path: tuple[str, ...]
    wanted: str
    actual: str
    span: Span | None

    @property
    def where(self) -> str:
        """``2016 findings annual-hours shortfall``."""
        return " ".join((self.period, *self.path))


def names_of(policy: Policy) -> Names:
    """Rule key → every name by which a case may speak of it: with and without pack, version, and what it overrides."""
    found: dict[str, frozenset[str]] = {}
    for g in policy.governing:
        for rule in (g.rule, *g.over):
            own = {rule.key, rule.name, rule.id, rule.key.split("/", 1)[-1]}
            above = {g.name, g.name.split("/", 1)[-1]} if rule is g.rule else set()
            found[rule.key] = found.get(rule.key, frozenset()) | own | above
    return found


def differences(case: Case, result: Result, names: Names) -> Iterator[Difference]:
    """Everything that came out otherwise."""
    for period, expected in case.expected.items():
        outcome = _Outcome(period, result, names)
        for one in expected:
            actual, equal = outcome.compare(one)
            if not equal:
                yield Difference(period, one.path, text(one.wanted, one.at_least), text(actual), one.span)


def agrees(case: Case, result: Result, names: Names) -> bool:
    """Whether everything came out as expected."""
    return next(differences(case, result, names), None) is None


def text(value: Actual, at_least: bool = False) -> str:
    """A figure, a word or a list, as a test file writes it."""
    match value:
        case None:
            return say("nothing", "没有")
        case str():
            return _CHINESE.get(value, value) if spoken() == "zh" else value
        case int():
            return str(value)
        case (Fraction() | None, Fraction() | None):
            low, high = value
            return _number(low) if low == high else f"[{_number(low)}, {_number(high)}]"  # type: ignore[arg-type]
    listed = "[" + ", ".join(str(v) for v in value) + "]"
    return say(f"at least {listed}", f"至少 {listed}") if at_least else listed


def _number(value: Fraction | None) -> str:
    return "null" if value is None else exact_text(value)


@dataclass(slots=True)
class _Outcome:
    """What came out for one period."""

    period: str
    result: Result
    names: Names

    def compare(self, one: Expected) -> tuple[Actual, bool]:
        """What came out where ``one`` looks, and whether it is what was wanted."""
        decision = next((d for d in self.result.decisions if d.period == self.period), None)
        if decision is None:
            return None, False
        match one.path:
            case ("findings", rule, what):
                finding = next(
                    (f for f in self.result.findings if f.period == self.period and self._is(f.rule, rule)), None
                )
                return self._same(one, _said(finding, what)) if finding else (None, False)
            case ("records", record, what):
                return self._of_record(one, record, what)
            case ("subjects", term):
                return self._same(one, _exactly(decision.by_subject.get(term)))
            case ("measures", name):
                return self._same(one, _exactly(decision.measures.get(name)))
            case ("flags",):
                ids = {e.record_id for e in self.result.ledger if e.period == self.period}
                return self._same(one, tuple(sorted({f.flag for f in self.result.flags if f.record_id in ids})))
            case (what,):
                return self._same(one, _said(decision, _TOTALS.get(what, what)))
        return None, False

    def _of_record(self, one: Expected, record: str, what: str) -> tuple[Actual, bool]:
        rows = [e for e in self.result.ledger if e.record_id == record]
        entry = next((e for e in rows if e.period == self.period), None) or next(iter(rows), None)
        if entry is None:
            return None, False
        if what == "flags":
            return self._same(one, tuple(sorted({f.flag for f in self.result.flags if f.record_id == record})))
        return self._same(one, _said(entry, what))

    def _same(self, one: Expected, actual: Actual) -> tuple[Actual, bool]:
        wanted, name = one.wanted, one.path[-1]
        if name.endswith("_rule") and isinstance(wanted, str) and isinstance(actual, str):
            parts, keys = wanted.split("+") if wanted else [], actual.split("+") if actual else []
            return actual, self._covers(tuple(parts), tuple(keys), False, self._is)
        if isinstance(wanted, tuple) and name not in AMOUNTS and isinstance(actual, tuple):
            same = self._is if name in ("because", "advisories") else eq
            return actual, self._covers(wanted, actual, one.at_least, same)
        if isinstance(actual, int):
            return actual, wanted == (Fraction(actual), Fraction(actual))
        return actual, wanted == actual

    def _is(self, key: str, wanted: str) -> bool:
        return wanted in self.names.get(key, (key, key.split("@")[0]))

    @staticmethod
    def _covers(
        wanted: tuple[object, ...], actual: tuple[object, ...], at_least: bool, same: Callable[[str, str], bool]
    ) -> bool:
        """Whether each one wanted came out, and (unless ``at_least``) nothing else."""
        there = all(any(same(str(a), str(w)) for a in actual) for w in wanted)
        return there and (at_least or all(any(same(str(a), str(w)) for w in wanted) for a in actual))


_TOTALS = {"required": "required_total", "shortfall": "shortfall_total"}  # as a decision names them


def _exactly(value: Fraction | None) -> Bounds | None:
    return None if value is None else (value, value)


def _said(row: Decision | Finding | LedgerEntry, what: str) -> Actual:
    """What a row says under a name; an amount as its bounds."""
    found = getattr(row, what)
    if hasattr(row, f"{what}_high"):
        return found, getattr(row, f"{what}_high")
    return _exactly(found) if isinstance(found, Fraction) else found
