"""Two statements in, a verdict out: is an override at least as strict as what it overrides, as far as figures show.

Figures in one unit, over one window and under one condition are compared here; what only a search over records and
persons can tell is ``unsettled``, and is proved by ``check`` (tools/prove) where it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from policyengine.language import tree
from policyengine.language.disjoint import conjuncts
from policyengine.language.quantities import COUNTED, UNITS, exact_text, unit_name
from policyengine.language.vocabulary import Word
from policyengine.light import dataclass
from policyengine.messages import listed, say, spoken
from policyengine.packs.model import Table
from policyengine.packs.windows import implied, not_implied, window_words

# (unit, into unit) → how many of the second one of the first is worth, in every exchange in force; empty without one
Rates = Callable[[str, str], tuple[Fraction, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``settles``: the base left the figure open (a range, or lost), and the override fixes it.

    ``unsettled``: figures that only a record or a period tells; ``unsettled_reach``: conditions that differ.
    ``other_window``: over another window, and at least as strict as far as figures show.
    """

    kind: Literal[
        "as_strict", "settles", "laxer", "incomparable", "no_exchange", "unsettled", "unsettled_reach", "other_window"
    ]
    base: str = ""  # what the base says, in words: "90 hours"
    hint: str = ""
    figure: str = ""  # the override's figure as it may stand in the text, for the caret

    @property
    def allows(self) -> bool:
        """Whether the override is good so far; what is unsettled has its safeguard when people are judged."""
        return self.kind not in ("laxer", "incomparable", "no_exchange")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a comparison needs to know around the statements: exchanges, tables, what holds of every person, and which
    rules require something of each year, so that ``excuse year`` frees from them."""

    rates: Rates
    tables: Mapping[str, Table]
    given: frozenset[tree.Condition] = frozenset()
    words: tuple[Word, ...] = ()
    yearly: frozenset[str] = frozenset()

    def zh(self, measure: str) -> str:
        """The total, a measure or a term, as Chinese messages name it."""
        found = (w.zh for w in self.words if w.kind in ("measure", "term") and w.id == measure)
        return "总学时" if measure == "total" else next(found, None) or measure

    def named(self, what: Iterable[str]) -> str:
        """A list of terms, as messages name it; an empty one is every record."""
        listed = sorted(what)
        return say(", ".join(listed) or "every record", "、".join(map(self.zh, listed)) or "全部记录")


SAME = Verdict("as_strict")
UNSETTLED = Verdict("unsettled")
REACH = Verdict("unsettled_reach")


def compare(new: tree.Statement, old: tree.Statement, terms: Terms) -> Verdict:
    """Whether ``new`` is at least as strict as ``old``; both of one kind (``same_kind``)."""
    if new == old:
        return SAME
    parts: tuple[Verdict, ...]
    match new, old:
        case tree.Require(), tree.Require():
            return _require(new, old, terms)
        case tree.Cap(), tree.Cap():
            return _limiting(new, old, terms, _wider_reach(new, old, terms), "down")
        case tree.Convert(), tree.Convert():
            parts = _narrower_reach(new, old, terms), _rate(new, old, terms)
        case tree.Add(), tree.Add():
            parts = _narrower_reach(new, old, terms), _paid(new, old, terms)
        case tree.Recognise(), tree.Recognise():
            parts = (_narrower_reach(new, old, terms),)
        case tree.Reject(), tree.Reject():
            parts = (_wider_reach(new, old, terms),)
        case tree.Excuse(), tree.Excuse():
            freed = old.rules or terms.yearly
            fewer = set(new.rules) <= set(freed) if new.rules else not old.rules
            parts = (
                SAME
                if fewer
                else Verdict(
                    "laxer",
                    say("fewer requirements", "较少的要求"),
                    say("excuse no other rules than the base does", "请不要免除上级规则之外的要求"),
                ),
                _condition(new.when, old.when, terms, wanted="narrower"),
            )
        case (tree.Carry(rule=one), tree.Carry(rule=other)) | (tree.Reduce(rule=one), tree.Reduce(rule=other)) if (
            one != other
        ):
            return _incomparable(say("it speaks of another requirement", "所指的要求不同"))
        case tree.Carry(), tree.Carry():
            parts = _condition(new.when, old.when, terms, wanted="narrower"), _carried(new.limit, old.limit, terms)
        case tree.Reduce(), tree.Reduce():
            parts = _condition(new.when, old.when, terms, wanted="narrower"), _lowered(new, old, terms)
        case _:
            return _incomparable(
                say("only figures, recognitions and conditions can be compared", "只能比较数值、认定和条件")
            )
    return _worst(*parts)


def same_kind(new: tree.Statement, old: tree.Statement) -> bool:
    """Whether one may stand for the other at all: the same verb, or a requirement that is hardened or relaxed."""
    return type(new) is type(old) or (isinstance(new, tree.Require) and isinstance(old, tree.Require))


def _worst(*parts: Verdict) -> Verdict:
    order = ("no_exchange", "incomparable", "laxer", "unsettled_reach", "unsettled", "settles", "as_strict")
    return min(parts, key=lambda v: order.index(v.kind))


def _incomparable(why: str) -> Verdict:
    return Verdict("incomparable", why)


def _require(new: tree.Require, old: tree.Require, terms: Terms) -> Verdict:
    if new.measure != old.measure:
        return _incomparable(
            say(f"it measures {new.measure}, not {old.measure}",
                f"计量的是{terms.zh(new.measure)}，不是{terms.zh(old.measure)}")
        )  # fmt: skip
    if new.this_period != old.this_period:
        return _incomparable(
            say("one of them asks the measure of this period, the other of each record's", "只有一个按本期计量")
        )
    if new.comparison != old.comparison:
        return _incomparable(say("one is a least and the other a greatest figure", "一个是下限，一个是上限"))
    if isinstance(new, tree.Expect) and not isinstance(old, tree.Expect):
        return Verdict(
            "laxer",
            say("a firm requirement", "硬性要求"),
            say("write require (要求) instead of expect (一般要求)", "请写“要求”，不写“一般要求”"),
        )
    way = "up" if old.comparison == ">=" else "down"
    return _limiting(new, old, terms, _condition(new.when, old.when, terms, wanted="wider"), way)


def _limiting(
    new: tree.Require | tree.Cap, old: tree.Require | tree.Cap, terms: Terms, reach: Verdict, way: str
) -> Verdict:
    """A minimum or a cap: its figure, and of whom. A figure that is not settled and a reach that is wider need both."""
    if new.window != old.window:
        return _over_another_window(new, old, terms, reach, way)
    figure = _figure(new.figure, old.figure, terms, way)
    same_reach = (new.when, getattr(new, "what", None)) == (old.when, getattr(old, "what", None))
    if figure.kind == "unsettled" and not same_reach:
        figure = REACH
    if isinstance(new, tree.Cap) and REACH in (figure, reach):  # two caps on one record need an order
        return _incomparable(say("it speaks of other records", "所指的记录不同"))
    return _worst(figure, reach)


def _over_another_window(
    new: tree.Require | tree.Cap, old: tree.Require | tree.Cap, terms: Terms, reach: Verdict, way: str
) -> Verdict:
    """72 hours in each year secure 360 in five; the two then hold beside each other, each over its own window."""
    times = implied(new.window, old.window, least=way == "up")
    if times is None:
        return _incomparable(not_implied(new.window, old.window, least=way == "up"))
    if isinstance(new, tree.Cap) and isinstance(old, tree.Cap) and (new.what, new.when) != (old.what, old.when):
        return _incomparable(say("it speaks of other records", "所指的记录不同"))
    if isinstance(old.figure, tree.Between | tree.Unknown):
        return _incomparable(
            say("what the base leaves open is settled over its own window only", "上级未定的数值只能在同一期间内确定")
        )
    if isinstance(new.figure, tree.Share) or isinstance(old.figure, tree.Share):
        return _incomparable(say("a share over another window is another figure", "期间不同，比例的基数也不同"))
    figure = _figure(new.figure, old.figure, terms, way, times)
    if figure.kind == "laxer" and isinstance(new.window, tree.PerDay):
        return _incomparable(not_implied(new.window, old.window, least=False))  # a figure for 366 days mends nothing
    if figure.kind == "laxer":
        over = window_words(old.window)
        figure = replace(figure, base=say(f"{figure.base} {over}", f"{over} {figure.base}"))
    worst = _worst(figure, reach)
    return worst if not worst.allows else Verdict("other_window")


# --- figures ----------------------------------------------------------------------------------------------------------


def _figure(new: tree.Figure, old: tree.Figure, terms: Terms, way: str, times: Fraction = Fraction(1)) -> Verdict:
    """``way``: whether stricter is ``up`` (a minimum) or ``down`` (a cap, a rate); ``times``: how often new is given
    in what old is for.
    """
    if new == old and times == 1:
        return SAME
    if isinstance(new, tree.Share) or isinstance(old, tree.Share):
        if not (isinstance(new, tree.Share) and isinstance(old, tree.Share)):
            return UNSETTLED
        if (new.measure, new.of_requirement) != (old.measure, old.of_requirement):
            return UNSETTLED
        return _numbers((new.value, new.value), (old.value, old.value), way, "", exact_text(new.value))
    here, there = bounds_of(new), bounds_of(old)
    unit, base_unit = unit_of(new, terms.tables), unit_of(old, terms.tables)
    rates = _rates(unit, base_unit, terms)
    if rates is None:
        return Verdict("no_exchange", unit_name(base_unit), unit_name(unit))
    if there is None and isinstance(old, tree.Unknown):
        return Verdict("settles")
    if here is None or there is None:
        return UNSETTLED
    figure = exact_text(here[0])
    worth = [rate * times for rate in rates]
    verdicts = [_numbers((here[0] * w, here[1] * w), there, way, base_unit, figure, w, unit) for w in worth]
    return _worst(*verdicts)


def bounds_of(figure: tree.Figure) -> tuple[Fraction, Fraction] | None:
    """Least and greatest reading; None where a table, the record or nobody knows."""
    match figure:
        case tree.Quantity(value=value):
            return value, value
        case tree.Between(low=low, high=high):
            return low, high
    return None


def unit_of(figure: tree.Figure, tables: Mapping[str, Table]) -> str:
    """The unit a figure is in."""
    if isinstance(figure, tree.Lookup):
        table = tables.get(figure.table)
        values = table.columns_with("value") if table else []
        return (table.columns[values[0]].unit if table and values else None) or "hours"
    return "hours" if isinstance(figure, tree.Share) else figure.unit


def _rates(unit: str, base_unit: str, terms: Terms) -> tuple[Fraction, ...] | None:
    """How many base units one unit is worth; None where nothing says so."""
    if unit == base_unit:
        return (Fraction(1),)
    if unit in COUNTED and base_unit in COUNTED:
        return terms.rates(unit, base_unit) or None
    one, other = UNITS.get(unit), UNITS.get(base_unit)
    if one and other and one.dimension == other.dimension:
        return (one.scale / other.scale,)
    return None


def _numbers(
    new: tuple[Fraction, Fraction],
    old: tuple[Fraction, Fraction],
    way: str,
    unit: str,
    figure: str,
    rate: Fraction = Fraction(1),
    new_unit: str = "",
) -> Verdict:
    """The most generous reading of the new against the strictest of the old, unless the old leaves the choice."""
    low, high = old
    limit = low if way == "up" else high
    fits = new[0] >= limit if way == "up" else new[1] <= limit
    shown = exact_text(limit)
    if fits:
        return Verdict("settles") if low != high else SAME
    least = f"{exact_text(limit / rate)} {unit_name(new_unit)}" if rate != 1 else shown
    hint = say(f"raise it to {least} or more", f"请提高到 {least} 以上（含）")
    if way == "down":
        hint = say(f"lower it to {least} or less", f"请降低到 {least} 以下（含）")
    return Verdict("laxer", f"{shown} {unit_name(unit)}".strip(), hint, figure)


def _rate(new: tree.Convert, old: tree.Convert, terms: Terms) -> Verdict:
    if (new.divisor, new.rounding, new.otherwise) != (old.divisor, old.rounding, old.otherwise):
        return UNSETTLED
    paid = _paid(new, old, terms, (new.factor or Fraction(1)) / (old.factor or Fraction(1)))
    if new.limit == old.limit:
        return paid
    if new.limit is None:
        assert old.limit is not None
        said = say(
            f"at most {exact_text(old.limit.value)} {old.limit.unit} for one activity",
            f"每次至多 {exact_text(old.limit.value)} {unit_name(old.limit.unit)}",
        )
        return _worst(paid, Verdict("laxer", said, say("keep the limit for one activity", "请保留每次的上限")))
    return paid if old.limit is None else _worst(paid, _figure(new.limit, old.limit, terms, "down"))


def _paid(
    new: tree.Convert | tree.Add, old: tree.Convert | tree.Add, terms: Terms, factor: Fraction = Fraction(1)
) -> Verdict:
    """Figure for basis: what one unit of the record earns."""
    if new.basis is None or old.basis is None:
        if new.basis != old.basis:
            return _incomparable(say("one pays by quantity, the other does not", "一个按数量计，一个不按数量计"))
        return _figure(new.figure, old.figure, terms, "down") if factor == 1 else UNSETTLED
    one, other = UNITS[new.basis.unit], UNITS[old.basis.unit]
    if one.dimension != other.dimension:
        return _incomparable(
            say(
                f"it pays for {one.id}, not for {other.id}",
                f"按{one.zh}计，不按{other.zh}计",
            )
        )
    scale = factor * (old.basis.value * other.scale) / (new.basis.value * one.scale)
    if scale == 1:
        return _figure(new.figure, old.figure, terms, "down")
    scaled = _scaled(new.figure, scale)
    if scaled is None:
        return UNSETTLED
    verdict = _figure(scaled, old.figure, terms, "down")
    if verdict.kind != "laxer":
        return verdict
    per = say(
        f"{verdict.base} per {exact_text(old.basis.value)} {old.basis.unit}",
        f"每 {exact_text(old.basis.value)} {other.zh} 计 {verdict.base}",
    )
    return Verdict("laxer", per, say(f"pay no more than {per}", f"所计不得多于{per}"))


def _carried(new: tree.Quantity | None, old: tree.Quantity | None, terms: Terms) -> Verdict:
    """How much goes over to the next year."""
    if old is None:
        return SAME
    if new is not None:
        return _figure(new, old, terms, "down")
    most = f"{exact_text(old.value)} {unit_name(old.unit)}"
    return Verdict("laxer", most, say("keep the limit", "请保留上限"))


def _lowered(new: tree.Reduce, old: tree.Reduce, terms: Terms) -> Verdict:
    """By how much a requirement is lowered, and for which months. Where only a search tells, the lower one governs."""
    if new.per != old.per:
        if new.per is None or old.per is None or new.per.before != old.per.before:
            return UNSETTLED
        leave = {w.id for w in terms.words if w.kind == "term" and w.leave}
        more = (set(new.per.kinds) or leave) - (set(old.per.kinds) or leave)
        if more:
            kinds = listed(terms.zh(k) if spoken() == "zh" else k for k in old.per.kinds or sorted(leave))
            return Verdict("laxer", kinds, say("lower it for no other circumstances", "请不要因其他情形核减"))
    if isinstance(new.by, Fraction) and isinstance(old.by, Fraction):
        return _numbers((new.by, new.by), (old.by, old.by), "down", "", exact_text(new.by))
    if isinstance(new.by, Fraction) or isinstance(old.by, Fraction):
        return UNSETTLED
    return _figure(new.by, old.by, terms, "down")


def _scaled(figure: tree.Figure, by: Fraction) -> tree.Figure | None:
    match figure:
        case tree.Quantity(value=value, unit=unit):
            return tree.Quantity(value * by, unit)
        case tree.Between(low=low, high=high, unit=unit):
            return tree.Between(low * by, high * by, unit)
    return None


# --- reach: of which records and persons ------------------------------------------------------------------------------


def _narrower_reach(
    new: tree.Recognise | tree.Convert | tree.Add, old: tree.Recognise | tree.Convert | tree.Add, terms: Terms
) -> Verdict:
    """Nothing counts under the new that would not have counted under the old."""
    more = set(new.what.terms) - set(old.what.terms)
    if old.what.terms and (more or not new.what.terms):
        named = terms.named(more)
        return Verdict("laxer", terms.named(old.what.terms), say(f"leave out {named}", f"请删去 {named}"))
    return _condition(new.when, old.when, terms, wanted="narrower")


def _wider_reach(new: tree.Cap | tree.Reject, old: tree.Cap | tree.Reject, terms: Terms) -> Verdict:
    """Everything that the old cuts or rejects is cut or rejected by the new."""
    missing = set(old.what.terms) - set(new.what.terms)
    if new.what.terms and (missing or not old.what.terms):
        named = terms.named(missing)
        return Verdict("laxer", named, say(f"name {named} too", f"请一并写上 {named}"))
    return _condition(new.when, old.when, terms, wanted="wider")


def _condition(
    new: tree.Condition | None, old: tree.Condition | None, terms: Terms, wanted: Literal["wider", "narrower"]
) -> Verdict:
    """Parts compared as they are written; a condition with fewer parts holds at least as often."""
    here, there = (set(conjuncts(when)) - terms.given for when in (new, old))
    if here == there or (here <= there if wanted == "wider" else there <= here):
        return SAME
    if here > there and wanted == "wider":
        base = say("it under fewer conditions", "条件更少") if there else say("it in any case", "不论此条件")
        hint = say(
            "leave the condition out; a higher figure for some is a rule of its own, beside the base rule",
            "请删去条件；只对部分人提高的，请在上级规则之外另写一条",
        )
        return Verdict("laxer", base, hint)
    if here < there and wanted == "narrower":
        return Verdict(
            "laxer",
            say("more conditions", "更多的条件"),
            say("keep the conditions of the base rule", "请保留上级规则的条件"),
        )
    return REACH
