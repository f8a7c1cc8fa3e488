"""Pack: one folder of law as its author wrote it. Policy: the packs of one chain, with what governs after overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from policyengine.diagnostics import Place, Span
from policyengine.language.tree import Condition, Statement
from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word
from policyengine.light import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A document of law. ``confidence``: ``seen`` (read) or ``remembered`` (not seen: never presented as law)."""

    id: str
    title: str
    number: str | None = None
    issued: str | None = None
    in_force: str | None = None
    confidence: str = "seen"
    note: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule stands: a source of the pack and the article (``二（二）第1款``)."""

    source: str
    at: str
    title: str = ""
    number: str | None = None
    confidence: str = "seen"

    def __str__(self) -> str:
        return f"{self.number or self.title} {self.at}".strip()


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of one rule. ``start``/``until`` are days, both included; None is open.

    ``whole_periods``: ``from``/``until`` were written as years (periods of the pack), not dates.
    ``change``: what a lower authority may do: ``fixed``, ``raise-only`` or ``delegated``.
    """

    pack: str
    id: str
    statement: Statement
    text: str
    cites: Citation
    start: date | None = None
    until: date | None = None
    whole_periods: bool = True
    change: str = "fixed"
    confidence: str = "seen"
    note: str | None = None
    gap: str | None = None  # why no version was in force between the one before and this one
    span: Span | None = field(default=None, compare=False)  # of the rule text in the YAML file
    label: str = ""  # "2016": how ``from`` was written; "" when open
    place: Place | None = field(default=None, compare=False, repr=False)  # of the characters of the rule text

    @property
    def name(self) -> str:
        """``sichuan/annual-hours``."""
        return f"{self.pack}/{self.id}"

    @property
    def key(self) -> str:
        """``sichuan/annual-hours@2016``: the rule version, as traces and manifests name it."""
        return f"{self.name}@{self.label}" if self.label else self.name


Range = tuple[Fraction | None, Fraction | None]
Cell = str | Fraction | date | bool | Range | tuple[str, ...] | tuple[Fraction, ...] | None
"""A table cell: text or term id, number, date, yes/no, a closed number range, a list of alternatives, or empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """``match``: ``exact`` (also a list of alternatives: 一级、二级), or ``range`` (``1-3``, ``>=4``).

    ``role``: ``key``, ``alias`` (of the first key), ``value``, ``from``, ``until``, ``year`` or ``note``. A key column
    compares with the field ``field`` (default: the column's name).
    """

    id: str
    role: str
    type: str = "text"
    match: str = "exact"
    field: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV table of a pack. Rows hold typed cells in the columns' order; ``lines`` are their lines in the file."""

    id: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    lines: tuple[int, ...] = ()
    file: str = ""

    def columns_with(self, role: str) -> list[int]:
        """Positions of the columns with that role."""
        return [i for i, c in enumerate(self.columns) if c.role == role]


@dataclass(frozen=True, slots=True)
class NotDecidable:
    """An article that decides nothing from records, and why."""

    at: str
    why: str
    source: str


@dataclass(frozen=True)
class Pack:
    """One folder as written. ``rules`` in file order (which never decides anything)."""

    id: str
    title: Mapping[str, str]
    folder: str
    extends: str | None
    authority: str
    level: str  # national, province, city, sector, employer
    year_start: tuple[int, int] | None  # its own, else that of the chain
    applies: Condition | None
    regimes: tuple[str, ...]
    sources: Mapping[str, Source]
    words: tuple[Word, ...]
    fields: tuple[FieldDecl, ...]
    bounds: Mapping[str, tuple[Fraction, Fraction, int]]  # unit → minimum, maximum, decimals of ``quantity``
    tables: Mapping[str, Table]
    rules: tuple[Rule, ...]
    not_decidable: tuple[NotDecidable, ...] = ()
    digest: str = ""
    files: tuple[str, ...] = ()
    vocabulary: Vocabulary | None = None  # own words over those of the chain
    applies_place: Place | None = field(default=None, compare=False, repr=False)  # of its characters


@dataclass(frozen=True, slots=True)
class Governing:
    """A rule version as it governs under a policy, after overrides.

    ``statement`` is never ``Override``, ``Drop`` or ``Delegate``. ``over``: what it overrides, nearest first; with
    ``keeps_stricter`` the stricter figure of all of them governs at run time (``raise-only``), else ``rule`` replaces
    them. ``start``/``until`` is the stretch in which exactly this combination governs. ``overrides``: the name of the
    lowest rule that this one stands for, also in a stretch in which that rule has no version of its own. ``raises``:
    the nearest of ``over`` lets itself only be raised. Where conditions or windows differ, ``keeps_stricter`` is False,
    and that rule governs beside this one.
    """

    rule: Rule
    statement: Statement
    start: date | None
    until: date | None
    over: tuple[Rule, ...] = ()
    keeps_stricter: bool = False
    overrides: str = ""
    raises: bool = False

    @property
    def key(self) -> str:
        return self.rule.key

    @property
    def name(self) -> str:
        """The name that others refer to: the lowest overridden rule's (``sichuan/annual-hours``), else its own."""
        return self.overrides or (self.over[-1] if self.over else self.rule).name


@dataclass(frozen=True, slots=True)
class Dropped:
    """A drop in the stretch in which it keeps ``over``, nearest first, from governing."""

    rule: Rule
    start: date | None
    until: date | None
    over: tuple[Rule, ...]

    def holds_in(self, first: date, last: date) -> bool:
        """Whether it is in force on some day from the first to the last."""
        return (self.start is None or self.start <= last) and (self.until is None or first <= self.until)


@dataclass(frozen=True)
class Policy:
    """A chain of packs, base first, and the rules that govern under it."""

    id: str  # the id of the last pack
    packs: tuple[Pack, ...]
    governing: tuple[Governing, ...]
    vocabulary: Vocabulary
    tables: Mapping[str, Table]
    bounds: Mapping[str, tuple[Fraction, Fraction, int]]
    year_start: tuple[int, int]
    digest: str
    dropped: tuple[Dropped, ...] = ()

    @property
    def laid(self) -> tuple[Governing | Dropped, ...]:
        return *self.governing, *self.dropped

    @property
    def applies(self) -> Condition | None:
        return self.packs[-1].applies
