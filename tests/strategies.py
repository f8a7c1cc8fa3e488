"""Hypothesis strategies for syntax trees over ``tests.words.VOCABULARY``: every statement, window, condition.

They generate what a sentence can say, so ``parse(print(tree, surface)) == tree`` holds for all of them.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from policyengine.language import tree
from policyengine.language.quantities import COUNTED, NO_QUANTITY, UNITS
from tests.words import VOCABULARY

RULES = ["annual-hours", "sichuan/annual-hours", "cap-1", "x/y_2", "professional"]
_FIELDS = [f for f in VOCABULARY.fields.values() if f.type != "unit"]
_OWN_TERMS = {f.id: [w.id for w in VOCABULARY.terms_of(f.id)] for f in _FIELDS if f.type == "term"}
_RECORD_TERMS = [(f.id, terms) for f in _FIELDS if f.of == "record" and (terms := _OWN_TERMS.get(f.id))]
# Names that mean one thing wherever they stand: not also a field (用人单位) or a term of another list under another id.
_PLAIN_TERMS = sorted(
    {w.id for w in VOCABULARY.by_kind("term")} - set(VOCABULARY.fields) - {w.id for w in VOCABULARY.by_kind("measure")}
)
_PLAIN_FIELDS = sorted({f.id for f in _FIELDS} - {w.id for w in VOCABULARY.by_kind("term")})


def names(kind: str) -> st.SearchStrategy[str]:
    """The id of a declared word of that kind."""
    return st.sampled_from([w.id for w in VOCABULARY.by_kind(kind)])  # type: ignore[arg-type]


def numbers(low: int = 0) -> st.SearchStrategy[Fraction]:
    """Whole numbers, decimals and fractions from ``low`` on."""
    return st.one_of(
        st.integers(low, 100),
        st.integers(low, 10**9),
        st.decimals(max(low, 0), 1000, places=3).filter(lambda d: d > 0 or low <= 0).map(Fraction),
        st.builds(Fraction, st.integers(max(low, 1), 1000), st.integers(1, 60)),
    ).map(Fraction)


FIELDS = st.sampled_from(_PLAIN_FIELDS)
UNIT_IDS = st.sampled_from(sorted(UNITS))
QUANTITIES = st.builds(tree.Quantity, numbers(), UNIT_IDS)
POSITIVE = st.builds(tree.Quantity, numbers(1), UNIT_IDS)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(["「优秀」", '"a" “b”', "」"])
DAYS = st.dates(date(1000, 1, 1))


def some(items: list[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """A few of them, each once."""
    return st.lists(st.sampled_from(items), min_size=least, max_size=4, unique=True).map(tuple)


def terms(least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """Terms of one field of the record."""
    return st.sampled_from(_RECORD_TERMS).flatmap(lambda owner: some(owner[1], least))


# --- operands and conditions ---------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.builds(tree.Value, numbers() | numbers(1).map(lambda n: -n)),
    st.builds(tree.Value, numbers(), UNIT_IDS.filter(lambda u: u != "years")),
    st.builds(tree.Value, TEXTS | st.booleans() | DAYS),
)
_SIMPLE = st.one_of(
    st.builds(tree.Field, FIELDS),
    st.builds(tree.Term, st.sampled_from(_PLAIN_TERMS)),
    st.builds(tree.YearOf, FIELDS),
    st.just(tree.ThisYear()),
    st.builds(tree.DayOfYear, st.integers(1, 12), st.integers(1, 28)),
    VALUES,
)
LOOKUPS = st.builds(tree.Lookup, names("table"), st.lists(_SIMPLE, min_size=1, max_size=3).map(tuple))
OPERANDS = _SIMPLE | LOOKUPS
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
ENUMERATED = st.sampled_from(sorted(f for f, t in _OWN_TERMS.items() if t)).flatmap(
    lambda f: st.tuples(st.just(tree.Field(f)), st.lists(st.sampled_from(_OWN_TERMS[f]).map(tree.Term), min_size=1))
)
TESTS: st.SearchStrategy[tree.Condition] = st.one_of(
    st.builds(tree.Compare, OPERANDS, OPERATORS, OPERANDS),
    st.builds(lambda e, op: tree.Compare(e[0], op, e[1][0]), ENUMERATED, OPERATORS),
    st.builds(lambda e, op: tree.Compare(e[1][0], op, e[0]), ENUMERATED, OPERATORS),
    st.builds(tree.In, OPERANDS, st.lists(OPERANDS, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(lambda e, n: tree.In(e[0], tuple(e[1][:4]), n), ENUMERATED, st.booleans()),
    st.builds(tree.InTable, OPERANDS, names("table"), st.booleans()),
    st.builds(tree.InRange, OPERANDS, OPERANDS, OPERANDS).filter(lambda c: not _takes_the_unit(c)),
    st.builds(
        tree.Elapsed,
        OPERANDS,
        OPERANDS,
        st.sampled_from(["<", "<=", ">", ">="]),
        st.integers(1, 9999),
        st.sampled_from(["days", "months", "years"]),
    ),
    st.builds(tree.Present, st.sampled_from([f.id for f in _FIELDS]), st.booleans()),
    st.builds(
        tree.Lasts,
        some(_OWN_TERMS["circumstance"]),
        st.sampled_from([">=", ">"]),
        st.integers(1, 9999),
        st.sampled_from(["months", "days"]),
    ),
    st.builds(
        tree.Lasts,
        some(_OWN_TERMS["circumstance"]),
        st.sampled_from([">=", ">"]),
        st.integers(1, 9999),
        st.just("days"),
        st.just(True),
    ),
    st.builds(tree.Repeated, some([f.id for f in _FIELDS], 1)),
    st.builds(tree.Outcome, st.sampled_from(["met", "excused"]), st.none() | st.sampled_from(RULES)),
    st.builds(
        tree.InEach,
        st.sampled_from([("met",), ("excused",), ("met", "excused")]),
        st.integers(1, 99),
        st.none() | st.sampled_from(RULES),
    ),
    st.builds(tree.InEach, st.just(("not_met",)), st.integers(2, 99), st.none() | st.sampled_from(RULES)),
    st.builds(
        lambda rule, least, more: tree.InEach(("not_met",), least + more, rule, least),
        st.none() | st.sampled_from(RULES),
        st.integers(2, 50),
        st.integers(1, 49),
    ),
    st.builds(
        lambda of, rule, years: tree.InEach(of, years, rule, None, True),
        st.sampled_from([("met",), ("excused",), ("met", "excused"), ("not_met",)]),
        st.sampled_from(RULES),
        st.integers(2, 99),
    ),
    st.builds(
        lambda of, rule, least, more: tree.InEach(of, least + more, rule, least, True),
        st.sampled_from([("met",), ("not_met",)]),
        st.sampled_from(RULES),
        st.integers(2, 50),
        st.integers(1, 49),
    ),
    st.builds(
        lambda rule, least, more: tree.InEach(("met",), least + more, rule, least),
        st.none() | st.sampled_from(RULES),
        st.integers(1, 50),
        st.integers(1, 49),
    ),
)


def _takes_the_unit(c: tree.InRange) -> bool:
    """Whether the lower end would be read in the unit of the upper one."""
    number = isinstance(c.low, tree.Value) and isinstance(c.low.value, Fraction) and c.low.unit is None
    return number and isinstance(c.high, tree.Value) and c.high.unit is not None


def _joined(kind: type[tree.And] | type[tree.Or], items: list[tree.Condition]) -> tree.Condition:
    """Items under one "and" or "or": what is one already becomes part of it."""
    flat = [i for item in items for i in (item.items if isinstance(item, kind) else (item,))]
    return kind(tuple(flat))


CONDITIONS: st.SearchStrategy[tree.Condition] = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(tree.Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: _joined(tree.And, items)),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: _joined(tree.Or, items)),
    ),
    max_leaves=8,
)

# --- figures, windows, statements ----------------------------------------------------------------------------------

BETWEENS = st.tuples(numbers(), numbers(), UNIT_IDS).map(lambda t: tree.Between(min(t[:2]), max(t[:2]), t[2]))
UNKNOWNS = st.builds(tree.Unknown, UNIT_IDS)
STATED = st.builds(tree.Stated, st.sampled_from(COUNTED))
FIGURES = st.one_of(QUANTITIES, BETWEENS, UNKNOWNS, STATED, LOOKUPS)
MEASURED = st.one_of(st.just("total"), names("measure"), terms(1).map(lambda t: t[0]))
SHARES = st.builds(tree.Share, numbers(), MEASURED, st.booleans()) | st.builds(
    tree.Share, numbers(), st.just("total"), st.booleans(), st.just("credits")
)
WINDOWS: st.SearchStrategy[tree.Window] = st.one_of(
    st.just(tree.PerActivity()),
    st.just(tree.PerDay()),
    st.builds(tree.PerField, st.sampled_from([f.id for f in _FIELDS])),
    st.just(tree.PerYears()),
    st.builds(tree.PerYears, st.integers(1, 99), st.integers(1900, 2199)),
    st.builds(tree.AnyYears, st.integers(1, 99)),
    st.builds(tree.Within, st.integers(1, 999), FIELDS, st.booleans()),
)
WHATS = st.builds(tree.What, terms())
ROUNDINGS = st.none() | st.builds(tree.Rounding, st.sampled_from(["down", "up", "half_up"]), POSITIVE)
DIVISORS = st.none() | st.builds(tree.Divisor, FIELDS, numbers())
BASES = (
    st.none()
    | POSITIVE.filter(lambda q: q.unit not in NO_QUANTITY)
    | st.sampled_from([tree.Quantity(Fraction(1), "items"), tree.Quantity(Fraction(1), "days")])
)
PER_MONTHS = st.one_of(
    st.none(),
    st.builds(tree.PerMonth, kinds=some(_OWN_TERMS["circumstance"])),
    st.builds(tree.PerMonth, before=FIELDS),
)
_TAIL = {"when": st.none() | CONDITIONS, "because": st.none() | TEXTS}
_MONTH_DAYS = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda d: (d.month, d.day))


def _assigns() -> st.SearchStrategy[tree.Assign]:
    claim = st.builds(
        tree.Assign, by=st.just("claim"), what=WHATS, field=FIELDS, rounding=ROUNDINGS,
        until=st.none() | _MONTH_DAYS, **_TAIL,
    )  # fmt: skip
    return claim | st.builds(
        tree.Assign, by=st.sampled_from(["end", "start", "split"]), what=WHATS, rounding=ROUNDINGS,
        until=st.none() | _MONTH_DAYS, **_TAIL,
    )  # fmt: skip


def _requirements(kind: type[tree.Require]) -> st.SearchStrategy[tree.Require]:
    common = {"window": WINDOWS, "comparison": st.sampled_from([">=", "<="]), "this_period": st.booleans(), **_TAIL}
    return st.builds(kind, measure=MEASURED, figure=FIGURES | SHARES, **common) | st.builds(
        kind, measure=st.just("total"), figure=LOOKUPS | SHARES, unit=st.just("credits"), **common
    )


SENTENCES: dict[str, st.SearchStrategy[tree.Statement]] = {
    "recognise": st.builds(tree.Recognise, what=WHATS, **_TAIL),
    "reject": st.builds(tree.Reject, what=WHATS, **_TAIL),
    "convert": st.builds(
        tree.Convert, what=WHATS, figure=FIGURES, basis=BASES, factor=st.none() | numbers(), divisor=DIVISORS,
        rounding=ROUNDINGS, limit=st.none() | QUANTITIES, otherwise=st.none() | QUANTITIES, **_TAIL,
    ),
    "add": st.builds(
        tree.Add, what=WHATS, figure=FIGURES, basis=BASES, rounding=ROUNDINGS, otherwise=st.none() | QUANTITIES, **_TAIL
    ),
    "exchange": st.builds(tree.Exchange, give=POSITIVE, take=POSITIVE, **_TAIL),
    "assign": _assigns(),
    "count_once": st.builds(
        tree.CountOnce, per=some([f.id for f in _FIELDS], 1), what=WHATS,
        taking=st.sampled_from(["highest", "lowest", "earliest", "latest"]), **_TAIL,
    ),
    "cap": st.builds(
        tree.Cap, what=WHATS, figure=FIGURES, window=WINDOWS, taking=terms(), after=some(RULES), **_TAIL
    ),
    "measure": st.builds(tree.Measure, name=names("measure"), unit=st.sampled_from(COUNTED), what=WHATS, **_TAIL),
    "carry": st.builds(tree.Carry, rule=st.sampled_from(RULES), limit=st.none() | QUANTITIES, **_TAIL),
    "require": _requirements(tree.Require),
    "expect": _requirements(tree.Expect),
    "excuse": st.builds(tree.Excuse, rules=some(RULES), **_TAIL),
    "reduce": st.builds(
        tree.Reduce, rule=st.sampled_from(RULES), by=numbers() | QUANTITIES, per=PER_MONTHS, **_TAIL
    ),
    "conclude": st.builds(tree.Conclude, name=names("conclusion"), text=st.none() | TEXTS, **_TAIL),
    "flag": st.builds(tree.Flag, name=names("flag"), text=st.none() | TEXTS, **_TAIL),
}  # fmt: skip
"""By verb: the statements that stand in a pack by themselves or in an override."""

STATEMENTS: st.SearchStrategy[tree.Statement] = st.one_of(
    *SENTENCES.values(),
    st.builds(tree.Override, rule=st.sampled_from(RULES), statement=st.one_of(*SENTENCES.values())),
    st.builds(tree.Drop, rule=st.sampled_from(RULES), **_TAIL),
    st.builds(tree.Delegate, regimes=some([w.id for w in VOCABULARY.by_kind("regime")], 1), **_TAIL),
)
