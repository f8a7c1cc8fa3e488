"""One person's case in one period: the rows of the trace that speak of it, with the rules and words they name.

Made from an evaluation in memory or from a written result; what renders a case doesn't know which. ``records`` and
``remedies`` are empty where the input files or the packs are out of reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import field
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, Protocol, TypeVar

from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import Vocabulary
from policyengine.light import dataclass
from policyengine.packs.model import Rule
from policyengine.plan.names import unwrapped
from policyengine.records.model import Fact, Person, Record
from policyengine.tools.result.tables import kind_of
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry


class LedgerRow(Protocol):
    """A row of a ledger, in whatever form."""

    @property
    def period(self) -> str | None: ...
    @property
    def record_id(self) -> str: ...


Row = TypeVar("Row", bound=LedgerRow)
UNMET = ("not_met", "undetermined", "in_progress")


@dataclass(frozen=True)
class RuleNote:
    """What people need to know of a rule version. ``text``: on a surface (``zh``, ``en``).

    ``about``: the terms it names; None where it has a condition, so that they alone don't tell its records.
    """

    key: str
    kind: str
    at: str
    source: str
    confidence: str
    text: Callable[[str], str]
    about: tuple[str, ...] | None = None
    block: tuple[int, int] | None = None  # of a requirement on blocks of years: how many, and from which year on
    said: str | None = None  # the words of the law that a conclusion, a flag or a rejection carries
    concludes: str | None = None  # the name of what it concludes, flags or measures

    @property
    def name(self) -> str:
        """``annual-hours`` of ``sichuan/annual-hours@2016``."""
        return self.key.rpartition("/")[2].partition("@")[0]


_OF_THE_LAW = {"figure": ("figure that the law leaves open", "法定数额（未定）"), "exchange": ("exchange", "换算标准")}


@dataclass(frozen=True)
class Labels:
    """The names of words in a language; ids with spaces where there is none. ``known``: of ``labels_of``."""

    known: Mapping[str, Any]
    language: str

    def term(self, term: str, of: str | None = None) -> str:
        """A term of the field ``of``, or of whichever field has it."""
        if self.language == "zh":
            terms = self.known["terms"]
            for name in [of] if of in terms else terms:
                if term in terms[name]:
                    return str(terms[name][term])
        return term.replace("_", " ")

    def field(self, name: str) -> str:
        return self._of("fields", name)

    def measure(self, name: str, unit: str) -> str:
        """``total``, a declared measure, or a term."""
        if name == "total":
            return f"总{self.unit(unit)}" if self.language == "zh" else "total"
        return self._of("measures", name) if name in self.known["measures"] else self.term(name)

    def conclusion(self, name: str) -> str:
        return self._of("conclusions", name)

    def flag(self, name: str) -> str:
        return self._of("flags", name)

    def unit(self, unit: str | None) -> str:
        known = UNITS.get(unit or "")
        return known.zh if known and self.language == "zh" else (unit or "").replace("_", " ")

    def fact(self, name: str) -> str:
        """A missing fact: ``approved``, ``person:sector``; or what the law itself leaves open: ``figure``,
        ``table:rates``."""
        owner, colon, rest = name.partition(":")
        if colon and owner == "table":
            table = self._of("tables", rest)
            return f"数额（{table}未列）" if self.language == "zh" else f"figure that the table {table} leaves open"
        if self.of_the_law(name):
            return _OF_THE_LAW[name][self.language == "zh"]
        return self.field(rest if colon and owner == "person" else name)

    def of_the_law(self, name: str) -> bool:
        """Whether it is the law that leaves open what is missing."""
        return name.startswith("table:") or (name in _OF_THE_LAW and name not in self.known["fields"])

    def _of(self, kind: str, name: str) -> str:
        zh = self.known.get(kind, {}).get(name) if self.language == "zh" else None
        return zh or name.replace("_", " ")


def owner_of(missing: str) -> tuple[str, str]:
    """``R001:evidence`` as the record and its fact, ``R001:table:rates`` as the record and ``table:rates``; no record
    for ``person:sector``, and for what is of no certain one.

    A record id made from a file and a line has a colon of its own: ``a.csv: 2:evidence``.
    """
    owner, _, fact = missing.rpartition(":")
    for kind in ("person", "table"):
        if owner == kind or owner.endswith(f":{kind}"):
            return owner.removesuffix(kind).removesuffix(":"), f"{kind}:{fact}"
    return owner, fact


def own_facts(missing: Iterable[str]) -> list[str]:
    """The facts of the person among those that are missing."""
    return [m.removeprefix("person:") for m in missing if m.startswith("person:")]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would be enough for one requirement, that of the rule ``rule``; verified by evaluating it.

    Either ``facts``: record id → the missing facts that would make it count (``gain``: by how much), each with the
    value that was tried, None where any does; or ``hours`` more of a recognised activity in none of the forms
    ``outside``, by the day ``until``; of the ``subject``, if one is given. ``limits``: keys of rules by which no single
    activity, day or value of a field counts so many, or not every activity of the kind.
    """

    rule: str
    gain: Fraction
    until: date
    measure: str
    facts: Mapping[str, Mapping[str, Fact | None]] = field(default_factory=dict)
    gains: Mapping[str, Fraction] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    within: tuple[str, ...] = ()  # the forms that would do, where they are fewer than those that would not
    subject: str | None = None
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Window:
    """What counts in a finding whose window is not its period. ``days``: the first and the last; None where it is not
    known when it begins. ``elsewhere``: how much more than ``rows`` counts, in records that are not at hand."""

    days: tuple[date, date] | None
    rows: tuple[LedgerEntry, ...] = ()
    elsewhere: Fraction = Fraction(0)


@dataclass(frozen=True)
class Lapse:
    """The two days between which a rule asks the time."""

    asked: tree.Elapsed
    start: date
    end: date


@dataclass(frozen=True)
class InAll:
    """The stretches of leave in a finding's window whose days a rule added up; no two share a day."""

    asked: tree.Lasts
    stretches: tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Measured:
    """What counts toward a declared measure or a term. ``rule``: the key of the measure's definition, if it has one."""

    rule: str
    rows: tuple[LedgerEntry, ...]


@dataclass(frozen=True)
class Earlier:
    """How a year came out that a conclusion looks back on. ``outcome``: of the whole period, where it is asked for;
    ``findings``: what was not met of it, and those of the requirements that are named; ``days``: the first and last;
    ``spared``: the rules that require what is excused if it is not met."""

    period: str
    days: tuple[date, date]
    outcome: str | None
    findings: tuple[Finding, ...]
    spared: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Case:
    """Everything about one decision."""

    person: Person
    decision: Decision
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...]  # the rows of this period
    flags: tuple[FlagEntry, ...]
    rules: Mapping[str, RuleNote]
    known: Mapping[str, Any]  # labels
    records: Mapping[str, Record] = field(default_factory=dict)
    why: Mapping[str, tuple[tree.Condition, ...]] = field(default_factory=dict)  # record id → conditions that failed
    lapses: Mapping[str, tuple[Lapse, ...]] = field(default_factory=dict)  # rule key, or id of a rejected record
    in_all: Mapping[str, tuple[InAll, ...]] = field(default_factory=dict)  # by the rule of the finding that it bears on
    vocabulary: Vocabulary | None = None
    remedies: tuple[Remedy, ...] = ()
    sought: bool = False  # whether remedies were looked for: without the files nobody can
    hinges_on: tuple[str, ...] = ()  # missing facts by which another policy may govern, where no remedy does under all
    together: bool = True  # the first remedy of each requirement that is not met, all together, meet whatever is asked
    short: tuple[str, ...] = ()  # measures of which the remedies may leave less, or more, than is only expected
    turns_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # possible consequence → missing facts
    may_follow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # possible consequence → keys of its rules
    rests_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # conclusion → requirements that it names
    before: Mapping[str, tuple[Earlier, ...]] = field(default_factory=dict)  # conclusion → the years it looks back on
    besides: tuple[tuple[str, str], ...] = ()  # exchanges, carries, drops that bear on it; what is dropped, or ""
    windows: Mapping[str, Window] = field(default_factory=dict)  # of findings whose window isn't the period, by rule
    measured: Mapping[str, Measured] = field(default_factory=dict)  # of findings on other than total and subjects, by
    # rule; of other declared measures, by name
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # cap → base caps beside it: the least cuts
    blocks: tuple[tuple[str, str], ...] = ()  # blocks of years that its year lies in, and their requirements' keys
    as_of: date | None = None
    spared: frozenset[str] = frozenset()  # the rules that require what is excused if it is not met

    @property
    def name(self) -> str:
        found = self.person.facts.get("name")
        return found if isinstance(found, str) else ""

    def labels(self, language: str) -> Labels:
        return Labels(self.known, language)

    @property
    def asks_nothing(self) -> bool:
        return asks_nothing(self.decision, self.findings)

    @property
    def days_left(self) -> int | None:
        """Days until the first window ends of what is in progress: of months from a date it may be before the period
        does."""
        ends = [f.window[1] for f in self.findings if f.status == "in_progress" and not f.advisory]
        if self.decision.days_left is None or self.as_of is None or not ends:
            return self.decision.days_left
        return (min(ends) - self.as_of).days

    def lacking(self) -> list[Finding]:
        """The firm requirements that are not met."""
        return lacking(self.findings, self.spared)


def cited(rules: Mapping[str, RuleNote], key: str, unseen: str) -> str:
    """``annual-hours, 二（二）第1款`` for a rule key (several joined by ``+``); ``unseen``: added where the text of the
    law was not seen."""
    notes = [rules[k] for k in key.split("+") if k in rules]
    shown = ((f"{n.name}, {n.at}" if n.at else n.name, n.confidence == "seen") for n in notes)
    return "; ".join(text if seen else text + unseen for text, seen in shown) or key


def note_of(rule: Rule, vocabulary: Vocabulary) -> RuleNote:
    """A rule version as a note; its text is printed when asked for."""
    statement = unwrapped(rule)
    what = getattr(statement, "what", None)
    return RuleNote(
        key=rule.key,
        kind=kind_of(statement),
        at=rule.cites.at,
        source=rule.cites.number or rule.cites.title,
        confidence=rule.confidence,
        text=cache(lambda surface: _printed(statement, vocabulary, surface)),
        about=what.terms if what is not None and statement.when is None else None,
        block=_block(statement),
        said=getattr(statement, "text", None) or statement.because,
        concludes=getattr(statement, "name", None),
    )


def _block(statement: tree.Statement) -> tuple[int, int] | None:
    window = statement.window if isinstance(statement, tree.Require) else None
    return (window.count, window.starting or 0) if isinstance(window, tree.PerYears) and window.count > 1 else None


def _printed(statement: tree.Statement, vocabulary: Vocabulary, surface: str) -> str:
    from policyengine.language.printer import print_statement

    return print_statement(statement, vocabulary, "zh" if surface == "zh" else "en")


def note_of_manifest(entry: Mapping[str, Any]) -> RuleNote:
    """A rule of a written manifest as a note."""
    return RuleNote(
        key=entry["key"],
        kind=entry["kind"],
        at=entry["cites"]["at"],
        source=entry["cites"]["number"] or entry["cites"]["title"],
        confidence=entry["confidence"],
        text=lambda surface: _stated(str(entry["zh" if surface == "zh" else "en"])),
        about=tuple(entry["about"]) if entry.get("about") is not None else None,
        block=tuple(entry["block"]) if entry.get("block") else None,
        said=entry.get("said"),
        concludes=entry.get("name"),
    )


def _stated(text: str) -> str:
    """A rule's text without ``override RULE:`` before what it states."""
    for override, colon in (("override ", ": "), ("替代 ", "：")):
        if text.startswith(override):
            return text.partition(colon)[2]
    return text


def labels_of(vocabulary: Vocabulary) -> dict[str, Any]:
    """Chinese names by kind of word: ``terms`` by field, the others by id."""
    labels: dict[str, Any] = {"terms": {}, "fields": {}, "measures": {}, "conclusions": {}, "flags": {}, "tables": {}}
    for word in vocabulary.words:
        if not word.zh:
            continue
        if word.kind == "term":
            labels["terms"].setdefault(word.of or "", {})[word.id] = word.zh
        elif f"{word.kind}s" in labels:
            labels[f"{word.kind}s"][word.id] = word.zh
    return labels


def is_spared(f: Finding, spared: Set[str]) -> bool:
    """Whether a finding that is not settled is excused if it is not met: nothing is owed, whatever is missing."""
    return f.status == "undetermined" and f.rule in spared


def _unmet(findings: Iterable[Finding], spared: Set[str]) -> list[Finding]:
    """The firm requirements that are not met, or not yet, without those that are then excused."""
    return [f for f in findings if not f.advisory and f.status in UNMET and not is_spared(f, spared)]


def lacking(findings: Iterable[Finding], spared: Set[str]) -> list[Finding]:
    """Those of firm requirements that more would meet. ``spared``: as of a case."""
    return [f for f in _unmet(findings, spared) if f.comparison == ">=" and f.shortfall > 0]


def figure_of(decision: Decision, finding: Finding) -> bool:
    """Whether the figure that a decision requires is that of this finding."""
    return finding.measure == "total" and finding.comparison == ">=" and finding.required == decision.required_total


def most_required(decision: Decision, findings: Iterable[Finding]) -> Fraction | None:
    """The most that may be required in total, where it is open how much is; None: no upper bound, or nothing."""
    asked = (f for f in findings if figure_of(decision, f) and f.shortfall == decision.shortfall_total)
    return next((f.required_high for f in asked), decision.required_total)


def owed_in_total(
    decision: Decision, findings: Sequence[Finding]
) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """What is required in total at least and at most, and how much is short of it. Nothing of a figure that is only
    expected: who has less has met all that is asked."""
    asked = [f for f in findings if figure_of(decision, f)]
    if asked and all(f.advisory for f in asked):
        return None, None, None
    return decision.required_total, most_required(decision, findings), decision.shortfall_total


def carried_over(decision: Decision, findings: Iterable[Finding]) -> Fraction:
    """The hours of the year before that count towards what is required in total, beside its own total."""
    return max((f.carried for f in findings if figure_of(decision, f)), default=Fraction(0))


def reduced_for_sure(finding: Finding) -> bool:
    """Whether less is required than before reductions, whatever the facts that are missing."""
    high, before = finding.required_high, finding.required_before
    return high is not None and before is not None and high < before


def asks_nothing(decision: Decision, findings: Iterable[Finding]) -> bool:
    """Whether it is met only because nothing was required."""
    return decision.outcome == "met" and all(f.advisory for f in findings)


def labels_together(each: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Labels of the policies of one law: each also has the terms of the others, for a record may name any of them, and
    their conclusions, flags, fields and tables, for it may be open which policy governs."""
    each = list(each)
    every: dict[str, dict[str, str]] = {}
    for known in each:
        for field_, terms in known["terms"].items():
            every.setdefault(field_, {}).update(terms)
    kinds = ("conclusions", "flags", "fields", "tables")
    said = {kind: {k: zh for known in each for k, zh in known.get(kind, {}).items()} for kind in kinds}
    for name in _OF_THE_LAW:  # a field of that name is one in its own policy alone
        said["fields"].pop(name, None)
    return [
        {
            **known,
            "terms": {f: {**every[f], **known["terms"].get(f, {})} for f in {**known["terms"], **every}},
            **{kind: {**words, **known.get(kind, {})} for kind, words in said.items()},
        }
        for known in each
    ]


def beyond_more(findings: Iterable[Finding], spared: Set[str]) -> bool:
    """Whether a firm requirement is open that no more would meet: a maximum, or a figure that the law leaves open."""
    firm = _unmet(findings, spared)
    waiting = [f for f in firm if f.status == "in_progress" and not f.shortfall]  # a maximum or share kept so far
    return len(firm) > len(waiting) + len(lacking(firm, spared))


def exceeded(findings: Iterable[Finding], spared: Set[str]) -> list[Finding]:
    """The firm maxima of which there is too much."""
    return [f for f in _unmet(findings, spared) if f.comparison != ">=" and f.shortfall > 0]


def kept(f: Finding) -> bool:
    """Whether a finding is met, or would be if its window ended now."""
    if f.status != "in_progress":
        return f.status == "met"
    if f.comparison == ">=":
        return f.required_high is not None and f.achieved >= f.required_high
    return f.required is not None and f.achieved_high is not None and f.achieved_high <= f.required


def of_period(decision: Decision, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if (f.period, f.policy) == (decision.period, decision.policy))


def rows_of(decision: Decision, ledger: Iterable[Row]) -> tuple[Row, ...]:
    """The ledger rows of a decision's period (of each year of a block)."""
    first, _, last = decision.period.partition("..")
    return tuple(e for e in ledger if e.period is not None and first <= e.period <= (last or first))


def flags_on(rows: Iterable[LedgerRow], flags: Iterable[FlagEntry]) -> tuple[FlagEntry, ...]:
    """The flags on the records of some ledger rows."""
    ids = {e.record_id for e in rows}
    return tuple(f for f in flags if f.record_id in ids)
