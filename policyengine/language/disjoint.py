"""Can two conditions both hold for one record? Answered by cases over single fields; what is beyond that is "perhaps".

``disjoint`` is sure when it says yes. It knows equalities, term lists, ranges and presence over declared fields, units
of a quantity, and how long a month is; a solver that proves more lives in ``tools/prove/``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import field
from datetime import date
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl, Vocabulary
from policyengine.light import dataclass

QUANTITY = "quantity"  # the column that is compared in the unit of each figure
_DIMENSIONS = frozenset(u.dimension for u in UNITS.values())
MOST_CASES = 64  # disjuncts looked at; a condition with more is "perhaps"
Conjunction = tuple[tree.Condition, ...]
Subject = tuple[str, object]
"""What a domain is of: a field, the year of one, a quantity in one dimension, the time between two days."""
NEGATED = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_ORDER = ("<", "<=", ">", ">=")
_BACKWARDS = (("date", "start"), ("end", "start"), ("date", "end"), ("end", "date"))  # days of an activity, none later
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def conjuncts(condition: tree.Condition | None) -> tuple[tree.Condition, ...]:
    """The parts that must all hold."""
    if condition is None:
        return ()
    return condition.items if isinstance(condition, tree.And) else (condition,)


def disjoint(one: tree.Condition | None, other: tree.Condition | None, vocabulary: Vocabulary) -> bool:
    """Whether no record (and person) makes both true."""
    given = tuple(c for c in (one, other) if c is not None)
    return bool(given) and impossible(tree.And(given), vocabulary)


def of_records(what: tree.What, owner: str | None, when: tree.Condition | None) -> tree.Condition | None:
    """The condition, with that the record is one of those spoken of. ``owner``: the field of the terms, if known."""
    if owner is None or not what.terms:
        return when
    among = tree.In(tree.Field(owner), tuple(tree.Term(t) for t in what.terms))
    return among if when is None else tree.And((among, when))


def impossible(condition: tree.Condition, vocabulary: Vocabulary) -> bool:
    """Whether nothing makes the condition true."""
    cases = cases_of(condition)
    return cases is not None and all(_contradictory(case, vocabulary) for case in cases)


def cases_of(node: tree.Condition, negated: bool = False) -> list[Conjunction] | None:
    """The condition as alternatives of atoms, ``not`` pushed inside; None when there are too many."""
    if isinstance(node, tree.Not):
        return cases_of(node.item, not negated)
    if isinstance(node, tree.And | tree.Or):
        parts = [cases_of(item, negated) for item in node.items]
        if any(p is None for p in parts):
            return None
        known = [p for p in parts if p is not None]
        if isinstance(node, tree.Or) is not negated:
            found = [case for part in known for case in part]
        else:
            total = 1
            for part in known:
                total *= len(part)
            if total > MOST_CASES:
                return None
            found = [tuple(itertools.chain(*combination)) for combination in itertools.product(*known)]
        return found if len(found) <= MOST_CASES else None
    return [(_negate(node) if negated else node,)]


def _negate(atom: tree.Condition) -> tree.Condition:
    match atom:
        case tree.Compare(left=left, op=op, right=right):
            if op in _ORDER and any(isinstance(o, tree.Value) and o.unit for o in (left, right)) and _of_quantity(atom):
                return tree.Not(atom)  # what is counted in another dimension is neither more nor less
            return tree.Compare(left, NEGATED[op], right)
        case tree.Elapsed(start=start, end=end, op=op, count=count, unit=unit):
            return tree.Elapsed(start, end, NEGATED[op], count, unit)
        case tree.In(left=left, items=items, negated=negated):
            return tree.In(left, items, not negated)
        case tree.InTable(left=left, table=table, negated=negated):
            return tree.InTable(left, table, not negated)
        case tree.Present(field=name, negated=negated):
            return tree.Present(name, not negated)
    return tree.Not(atom)


@dataclass(slots=True)
class _Domain:
    """What one field may still be."""

    allowed: set[object] | None = None
    excluded: set[object] = field(default_factory=set)
    low: Fraction | date | None = None
    high: Fraction | date | None = None
    present: bool = False
    missing: bool = False
    tables: set[tuple[str, bool]] = field(default_factory=set)

    def only(self, values: set[object]) -> None:
        self.allowed = values if self.allowed is None else self.allowed & values

    def at_least(self, value: Fraction | date) -> None:
        self.low = value if self.low is None or value > self.low else self.low  # type: ignore[operator]

    def at_most(self, value: Fraction | date) -> None:
        self.high = value if self.high is None or value < self.high else self.high  # type: ignore[operator]

    def empty(self) -> bool:
        if self.missing:
            return self.present
        if any((table, True) in self.tables and (table, False) in self.tables for table, _ in self.tables):
            return True
        if self.low is not None and self.high is not None and self.low > self.high:  # type: ignore[operator]
            return True
        if self.allowed is not None:
            return not any(self._fits(v) for v in self.allowed - self.excluded)
        return self.low is not None and self.low == self.high and self.low in self.excluded

    def numbers(self) -> tuple[Fraction | None, Fraction | None]:
        """The least and the greatest number that it may still be; None: without end."""
        single = [v for v in self.allowed or () if isinstance(v, Fraction) and self._fits(v)]
        low, high = (min(single), max(single)) if single else (self.low, self.high)
        return low if isinstance(low, Fraction) else None, high if isinstance(high, Fraction) else None

    def _fits(self, value: object) -> bool:
        return not (
            (self.low is not None and value < self.low)  # type: ignore[operator]
            or (self.high is not None and value > self.high)  # type: ignore[operator]
        )


def _contradictory(atoms: Conjunction, vocabulary: Vocabulary) -> bool:
    domains: dict[Subject, _Domain] = {}
    for atom in atoms:
        _narrow(atom, domains, vocabulary)
    measured = sum(
        domain.present for (kind, name), domain in domains.items() if name == QUANTITY and kind in _DIMENSIONS
    )
    unmeasured = domains.get(("field", QUANTITY), _Domain()).missing
    lengths_apart = _lengths_apart(domains) or _times_apart(domains)
    return any(d.empty() for d in domains.values()) or measured + unmeasured > 1 or lengths_apart


def _lengths_apart(domains: dict[Subject, _Domain]) -> bool:
    """Whether no activity has both as many days and as many full months: that many months have 28 days each at least,
    and 31 each, with those of the month not full, at most.
    """
    days, months = (domains.get(("field", name), _Domain()).numbers() for name in ("days", "full_months"))
    too_short = days[1] is not None and months[0] is not None and days[1] < 28 * months[0]
    return too_short or (days[0] is not None and months[1] is not None and days[0] > 31 * (months[1] + 1))


def _times_apart(domains: dict[Subject, _Domain]) -> bool:
    """Whether no two days are as many months and as many days apart: a year has 365 or 366 days, any other month 28 to
    31 of them."""
    for (kind, between), domain in domains.items():
        if kind == "months":
            least, most = domain.numbers()
            low, high = domains.get(("days", between), _Domain()).numbers()
            if least is not None and high is not None and high < 365 * (least // 12) + 28 * (least % 12):
                return True
            if most is not None and low is not None and low > 366 * (most // 12) + 31 * (most % 12):
                return True
    return False


def _subject(node: tree.Operand) -> tuple[str, str] | None:
    if isinstance(node, tree.Field):
        return ("field", node.id)
    return ("year", node.field) if isinstance(node, tree.YearOf) else None


def _literal(node: tree.Operand, decl: FieldDecl | None) -> Fraction | date | str | bool | None:
    if isinstance(node, tree.Term):
        return node.id
    if isinstance(node, tree.Value):
        if node.unit and decl and decl.unit and isinstance(node.value, Fraction):
            return node.value * UNITS[node.unit].scale / UNITS[decl.unit].scale
        return node.value
    return None


def _of_quantity(atom: tree.Compare) -> bool:
    return any(isinstance(o, tree.Field) and o.id == QUANTITY for o in (atom.left, atom.right))


def _compared(
    subject: tuple[str, str], operands: Sequence[tree.Operand], decl: FieldDecl | None
) -> tuple[tuple[str, str], list[Fraction | date | str | bool]] | None:
    """What values are compared with, and these; of the column ``quantity`` it is the one in their dimension, and they
    are in its base unit. None where they are not known, or of several dimensions."""
    units = [o.unit for o in operands if isinstance(o, tree.Value) and o.unit]
    if subject != ("field", QUANTITY) or not units:
        values = [v for o in operands if (v := _literal(o, decl)) is not None]
        return (subject, values) if len(values) == len(operands) else None
    scaled = [
        o.value * UNITS[o.unit].scale
        for o in operands
        if isinstance(o, tree.Value) and o.unit and isinstance(o.value, Fraction)
    ]
    dimensions = {UNITS[u].dimension for u in units}
    return ((dimensions.pop(), QUANTITY), [*scaled]) if len(dimensions) == 1 and len(scaled) == len(operands) else None


def _narrow(atom: tree.Condition, domains: dict[Subject, _Domain], vocabulary: Vocabulary) -> None:
    """Take one atom into account; those that compare fields with each other say nothing here."""
    match atom:
        case tree.Present(field=name, negated=negated):
            domain = domains.setdefault(("field", name), _Domain())
            domain.missing, domain.present = domain.missing or negated, domain.present or not negated
        case tree.InTable(left=left, table=table, negated=negated):
            subject = _subject(left)
            if subject is not None:
                domain = domains.setdefault(subject, _Domain())
                domain.present = True
                domain.tables.add((table, negated))
        case tree.InRange(left=left, low=low, high=high):
            _narrow(tree.Compare(left, ">=", low), domains, vocabulary)
            _narrow(tree.Compare(left, "<=", high), domains, vocabulary)
        case tree.In(left=left, items=items, negated=negated):
            subject = _subject(left)
            if subject is not None and subject[1] != "circumstance":
                found = _compared(subject, items, vocabulary.fields.get(subject[1]))
                if found is not None:
                    domain = _domain(found[0], domains, vocabulary, given=not negated)
                    if negated:
                        domain.excluded.update(found[1])
                    else:
                        domain.only(set(found[1]))
        case tree.Elapsed():
            _elapsed(atom, domains)
        case tree.Compare(left=left, op=op, right=right):
            subject = _subject(left)
            if subject is None:
                subject, right, op = _subject(right), left, _FLIPPED[op]
            if subject is not None and subject[1] != "circumstance":
                decl = vocabulary.fields.get(subject[1])
                found = _compared(subject, [right], decl)
                if found is not None:
                    domain = _domain(found[0], domains, vocabulary, given=op != "!=")
                    _compare(domain, op, found[1][0], _step(subject, decl))


def _elapsed(atom: tree.Elapsed, domains: dict[Subject, _Domain]) -> None:
    """The time between the same two days, as one number: the more is added to the first, the later is the day that it
    leads to. In months, which end between two days, and in days, which are whole, it is two numbers."""
    months = atom.count * (12 if atom.unit == "years" else 1)
    length = domains.setdefault(("days" if atom.unit == "days" else "months", (atom.start, atom.end)), _Domain())
    _compare(length, atom.op, Fraction(months), Fraction(1) if atom.unit == "days" else None)
    ids = [day.id for day in (atom.start, atom.end) if isinstance(day, tree.Field)]
    if atom.start == atom.end or tuple(ids) in _BACKWARDS:
        _compare(length, "<=", Fraction(0), None)
    elif isinstance(atom.start, tree.DayOfYear) and isinstance(atom.end, tree.DayOfYear):  # both of one year
        _compare(length, "<", Fraction(366 if atom.unit == "days" else 12), None)
    for name in ids:
        domains.setdefault(("field", name), _Domain()).present = True
    if ids in (["start", "date"], ["start", "end"]) and atom.unit == "days":  # of an activity: both days are its own
        _compare(domains.setdefault(("field", "days"), _Domain()), atom.op, Fraction(atom.count + 1), Fraction(1))


def _domain(subject: tuple[str, str], domains: dict[Subject, _Domain], vocabulary: Vocabulary, given: bool) -> _Domain:
    """The field's domain so far; finite ones start with what is declared. ``given``: it has one of some values; of a
    quantity that has none of them another dimension may be meant."""
    if subject not in domains:
        domains[subject] = _Domain()
    domain = domains[subject]
    domain.present = domain.present or given or subject[0] not in _DIMENSIONS
    decl = vocabulary.fields.get(subject[1])
    if subject[0] == "field" and decl is not None and domain.allowed is None:
        if decl.type == "term":
            domain.allowed = {w.id for w in vocabulary.terms_of(subject[1])}
        elif decl.type == "yes_no":
            domain.allowed = {True, False}
        elif decl.type == "number":
            if decl.minimum is not None:
                domain.at_least(decl.minimum)
            if decl.maximum is not None:
                domain.at_most(decl.maximum)
    return domain


def _step(subject: tuple[str, str], decl: FieldDecl | None) -> Fraction | None:
    """The least difference of two values of a declared number (years are whole); None where it is not known."""
    if subject[0] == "year" or (decl is not None and decl.type == "year"):
        return Fraction(1)
    if decl is None or decl.type != "number" or decl.id == "quantity":
        return None
    return Fraction(1, 10**decl.decimals)


def _compare(domain: _Domain, op: str, value: Fraction | date | str | bool, step: Fraction | None) -> None:
    if op == "=":
        domain.only({value})
    elif op == "!=":
        domain.excluded.add(value)
    elif isinstance(value, Fraction | date) and not isinstance(value, bool):
        if op == ">=":
            domain.at_least(value)
        elif op == "<=":
            domain.at_most(value)
        elif isinstance(value, Fraction) and step is not None:
            # x > 1 with whole x is x >= 2
            count = value / step
            if op == ">":
                domain.at_least(step * (count.numerator // count.denominator + 1))
            else:
                domain.at_most(step * (-(-count.numerator // count.denominator) - 1))
        else:
            (domain.at_least if op == ">" else domain.at_most)(value)
            domain.excluded.add(value)


def same_terms(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two lists of terms of one field have one in common (an empty list is every record)."""
    return not one or not other or not set(one).isdisjoint(other)
