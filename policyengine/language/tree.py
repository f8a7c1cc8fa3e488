"""The syntax tree: what one rule of a pack says, on either surface.

Every node is a frozen dataclass; ``span`` never takes part in equality, so that
``parse(print(tree, surface)) == tree`` holds for both surfaces. Names in the tree are the *ids* of the vocabulary
(``self_study``), never a surface form (自学成果); numbers are exact fractions. docs/language.md gives the meaning.
"""

from __future__ import annotations

from dataclasses import field as _field
from datetime import date
from fractions import Fraction

from policyengine.diagnostics import Span
from policyengine.light import dataclass

# --- figures: how much -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: ``90 hours``, ``45 minutes``. ``unit`` is a unit id of ``quantities.py``.

    ``word``: the measure word with which Chinese counts items (科, 篇), kept as the rule has it, also in English; it
    means nothing.
    """

    value: Fraction
    unit: str
    word: str | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Between:
    """A discretionary range: ``1 to 2 hours`` (the law leaves it open until an authority settles it)."""

    low: Fraction
    high: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure whose source is lost: from the strictest reading to the most generous."""

    unit: str


@dataclass(frozen=True, slots=True)
class Stated:
    """``stated hours``: the record's own quantity, already in hours or credits."""

    unit: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """``paper_credits(journal_level, author_rank)``: a figure from a table's value column.

    ``arguments`` are matched with the table's key columns in order.
    """

    table: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """``2/3 of total requirement`` (of what is owed) or ``2/3 of total`` (of what was counted).

    ``unit``: ``credits`` where the sentence says 总学分 (total credits); it changes the words, not the meaning.
    """

    value: Fraction
    measure: str
    of_requirement: bool
    unit: str | None = None


Figure = Quantity | Between | Unknown | Stated | Lookup | Share


@dataclass(frozen=True, slots=True)
class Rounding:
    """``rounded down to 1 hour``. ``direction``: ``down``, ``up`` or ``half_up``."""

    direction: str
    step: Quantity


@dataclass(frozen=True, slots=True)
class Divisor:
    """``divided by author_count`` or ``divided by author_count minus 1``."""

    field: str
    minus: Fraction = Fraction(0)


# --- windows: over which stretch a figure holds ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PerActivity:
    """One record."""


@dataclass(frozen=True, slots=True)
class PerDay:
    """A calendar day; a record of several days has the figure for each of its days."""


@dataclass(frozen=True, slots=True)
class PerField:
    """Records with one value of ``field`` (``per project``), within a year."""

    field: str


@dataclass(frozen=True, slots=True)
class PerYears:
    """``per year`` (1, None) or ``per 5 years starting 2020`` (5, 2020: 2020..2024, 2025..2029, …)."""

    count: int = 1
    starting: int | None = None


@dataclass(frozen=True, slots=True)
class AnyYears:
    """``in any 5 years``: rolling, ending with each evaluated year."""

    count: int


LEAST_TERM = 12
"""The fewest months of a term that begins anew: of shorter ones two may end in one year, and a rule has one finding."""


@dataclass(frozen=True, slots=True)
class Within:
    """``within 12 months of joined``: from a date of the person. ``again``: ``per 36 months from joined``, as many
    months over and over."""

    months: int
    field: str
    again: bool = False


Window = PerActivity | PerDay | PerField | PerYears | AnyYears | Within

# --- conditions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field of the record or the person, a derived fact (``days``, ``full_months``), or ``circumstance``."""

    id: str
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class YearOf:
    """``year of qualified_on``: the number of the period in which that date lies."""

    field: str


@dataclass(frozen=True, slots=True)
class ThisYear:
    """``this year``: the number of the period in question."""


@dataclass(frozen=True, slots=True)
class DayOfYear:
    """``July 1 of this year``: the day of that name that lies in the period in question."""

    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the vocabulary (``public``), belonging to an enumerated field."""

    id: str
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: number, text, yes/no (bool), or date; ``unit`` where it has one (``word``: see ``Quantity``)."""

    value: Fraction | str | bool | date
    unit: str | None = None
    span: Span | None = _field(default=None, compare=False, repr=False)
    word: str | None = _field(default=None, compare=False, repr=False)


Operand = Field | YearOf | ThisYear | DayOfYear | Term | Value | Lookup


@dataclass(frozen=True, slots=True)
class Compare:
    """``left op right`` with op one of ``= != < <= > >=`` (``at most`` is ``<=``, ``at least`` is ``>=``)."""

    left: Operand
    op: str
    right: Operand
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class In:
    """``left in (a, b)``; ``items`` are operands."""

    left: Operand
    items: tuple[Operand, ...]
    negated: bool = False
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InTable:
    """``provider not in bases``: is there a row whose key (or alias) is the value and which is valid then."""

    left: Operand
    table: str
    negated: bool = False
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Present:
    """``evidence is present`` / ``is missing`` (negated). Always definite, never unknown."""

    field: str
    negated: bool = False
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InRange:
    """``x between a and b`` (both included)."""

    left: Operand
    low: Operand
    high: Operand
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """``born to December 31 of this year at least 55 years``: the time from one day to another, compared with ``count``
    of ``unit`` (``days``, ``months`` or ``years``) by ``op``, one of ``< <= > >=``."""

    start: Operand
    end: Operand
    op: str
    count: int
    unit: str
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Lasts:
    """``leave in (maternity, illness) lasts at least 6 months``; no kinds = every kind marked as leave.

    ``op``: ``>=``, or ``>`` for ``more than``. ``in_all``: of several stretches, added up.
    """

    kinds: tuple[str, ...]
    op: str
    count: int
    unit: str  # "months" or "days"; "days" where they are added up
    in_all: bool = False
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Repeated:
    """``repeated per title, date``: an earlier record of the person has the same values. Only in ``flag``."""

    fields: tuple[str, ...]
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``met`` or ``excused``, of the period, or of the requirement ``rule`` alone. Only in ``conclude``.

    (``not met`` is ``Not(Outcome("met"))``.)
    """

    state: str
    rule: str | None = None
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InEach:
    """``met in each of last 3 years`` / ``met or excused in each of last 3 years``, of the period, or of the
    requirement ``rule`` alone. Only in ``conclude``.

    With the state ``not_met``: ``not met for 3 years running``. With ``least`` so many of them or more, but not all:
    ``not met for 2 of last 3 years`` (2 or more), ``met for 3 of last 5 years``. ``cycles``: not so many years but so
    many blocks of years, of a requirement over these: ``five-years not met for 2 cycles running``.
    """

    states: tuple[str, ...]
    years: int
    rule: str | None = None
    least: int | None = None
    cycles: bool = False
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    item: Condition


@dataclass(frozen=True, slots=True)
class And:
    """Two or more; nested ``And`` are flattened by the parser."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Two or more; nested ``Or`` are flattened by the parser."""

    items: tuple[Condition, ...]


Condition = Compare | In | InTable | Present | InRange | Elapsed | Lasts | Repeated | Outcome | InEach | Not | And | Or

# --- statements, by stage -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class What:
    """What a statement is about: terms of one enumerated record field (``training, workshop``), read as "or".

    No terms = every record (``records``); for ``require`` and ``expect`` see ``measure``.
    """

    terms: tuple[str, ...] = ()
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The parts that every sentence may have: condition and reason."""

    when: Condition | None = None
    because: str | None = None
    span: Span | None = _field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognise(Statement):  # 1
    what: What


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Statement):  # 1
    what: What


@dataclass(frozen=True, slots=True, kw_only=True)
class Convert(Statement):  # 2
    """``convert WHAT at FIGURE [per BASIS|each] [times F] [divided by FIELD] [rounded …] [up to LIMIT per activity]``.

    ``basis``: the quantity that the figure is paid for (``45 minutes``, ``1000 characters``, ``1 days``); ``each`` is
    ``1 items``. None: the figure is for the record as such, whatever its quantity (``Stated`` and ``Lookup``).
    """

    what: What
    figure: Figure
    basis: Quantity | None = None
    factor: Fraction | None = None
    divisor: Divisor | None = None
    rounding: Rounding | None = None
    limit: Quantity | None = None
    otherwise: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Statement):  # 2
    """``add FIGURE [per BASIS] to WHAT``: a supplement to a converted record."""

    what: What
    figure: Figure
    basis: Quantity | None = None
    rounding: Rounding | None = None
    otherwise: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Statement):  # 2
    """``exchange 1 credit for 3 hours``."""

    give: Quantity
    take: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Statement):  # 3
    """``by``: ``end``, ``start``, ``split`` (by days) or ``claim`` (``field`` names the record's claimed year).

    ``until`` (month, day): a claim is in time up to this day of the year after the claimed one.
    """

    by: str
    what: What = What()
    field: str | None = None
    rounding: Rounding | None = None
    until: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOnce(Statement):  # 4
    """Records that agree in every field of ``per`` (a missing value may agree with any) count once over all periods.

    ``taking``: ``highest``, ``lowest``, ``earliest`` or ``latest``; ties by date, then record id.
    """

    per: tuple[str, ...]
    taking: str = "highest"
    what: What = What()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Statement):  # 4
    """Hours beyond ``figure`` in the window are cut, in order: terms of ``taking`` first, then date, then record id."""

    what: What
    figure: Figure
    window: Window
    taking: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Statement):  # 5
    """``measure NAME: hours of WHAT where CONDITION`` (the condition is ``when``)."""

    name: str
    unit: str
    what: What


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry(Statement):  # 5
    """``carry excess over RULE up to LIMIT to the next year``."""

    rule: str
    limit: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Require(Statement):  # 6
    """``measure``: ``total``, a declared measure, or a term (the hours of records that have it).

    ``unit``: ``credits`` where the sentence says 总学分 and its figure has no unit of its own; it changes only words.
    """

    measure: str
    figure: Figure
    window: Window
    comparison: str = ">="  # or "<="
    this_period: bool = False
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Require):  # 6
    """Advisory: a shortfall is shown and never by itself makes a decision not met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse(Statement):  # 7
    """``excuse year when …`` (no rules = all of the period's requirements) or ``excuse RULE, RULE when …``."""

    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PerMonth:
    """``per full month of leave`` (kinds empty = every kind marked as leave) or ``per full month before FIELD``."""

    kinds: tuple[str, ...] = ()
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(Statement):  # 7
    """``reduce RULE by 1/12 per full month of leave``: a fraction of the figure, or a quantity."""

    rule: str
    by: Fraction | Quantity
    per: PerMonth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude(Statement):  # 8
    name: str
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Statement):  # 8
    name: str
    text: str | None = None


# --- across packs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Statement):
    """``override sichuan/annual-hours: STATEMENT``."""

    rule: str
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Statement):
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate(Statement):
    """``delegate REGIME, …``: a pack that declares the regime may replace this pack's rules that are not ``fixed``."""

    regimes: tuple[str, ...]
