"""One or several plans in; what files may hold out: columns, terms, bounds of quantities, the user's aliases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal, Protocol, get_args

from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word, vocabulary
from policyengine.light import dataclass
from policyengine.packs.columns import shared_columns
from policyengine.records.cells import compare
from policyengine.records.mapping import NO_MAPPING, FileMapping

Purpose = Literal["records", "persons", "circumstances"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
PURPOSES_ZH = {"records": "学习记录", "persons": "人员", "circumstances": "情形"}
Bounds = tuple[Fraction, Fraction, int]

ANY_QUANTITY = Fraction(10**9)  # the most in units that no pack bounds, and no rule converts
ANY_DECIMALS = 2

_CIRCUMSTANCE = (
    FieldDecl(
        "kind", "person", "term", "情形", ("情况", "种类", "类型", "circumstance"), required=True, terms="circumstance"
    ),
    FieldDecl("from", "person", "date", "开始日期", ("起始日期", "起", "自", "开始时间", "start")),
    FieldDecl("to", "person", "date", "结束日期", ("截止日期", "终止日期", "止", "至", "结束时间", "end", "until")),
)


class Planned(Protocol):
    """What of a plan the readers need."""

    @property
    def vocabulary(self) -> Vocabulary: ...
    @property
    def bounds(self) -> Mapping[str, Bounds]: ...
    @property
    def policy(self) -> str: ...


@dataclass(frozen=True)
class Schema:
    """The readers' view of the law. ``clashes``: fields that two plans declare with different types, units or terms;
    ``held``: how many plans have a term of a field."""

    vocabulary: Vocabulary
    bounds: Mapping[str, Bounds]
    mapping: FileMapping = NO_MAPPING
    clashes: tuple[str, ...] = ()
    held: Mapping[tuple[str | None, str], int] = field(default_factory=dict, compare=False)  # hints alone rest on it

    @property
    def fields(self) -> Mapping[str, FieldDecl]:
        return self.vocabulary.fields

    def quantity_bounds(self, unit: str | None) -> Bounds:
        """Least, most and decimals of a quantity in ``unit``."""
        return self.bounds.get(unit or "") or (Fraction(0), ANY_QUANTITY, self.decimals)

    @property
    def decimals(self) -> int:
        """The most decimals that a quantity may have."""
        return max((d for _, _, d in self.bounds.values()), default=ANY_DECIMALS)

    def columns(self, purpose: Purpose) -> dict[str, FieldDecl]:
        """The canonical columns of a records, persons or circumstances file."""
        person_id = self.fields["person_id"]
        if purpose == "records":
            return {f.id: f for f in self.fields.values() if f.of == "record"}
        if purpose == "persons":
            own = {f.id: f for f in self.fields.values() if f.of == "person" and f.id != "circumstance"}
            return {"person_id": person_id, **own}
        return {"person_id": person_id, **{f.id: f for f in _CIRCUMSTANCE}}

    @cached_property
    def _term_words(self) -> dict[str, tuple[dict[str, tuple[str, ...]], list[str]]]:
        return {}

    def terms(self, decl: FieldDecl) -> tuple[dict[str, tuple[str, ...]], list[str]]:
        """Compared form → ids of a field's terms, and the names to suggest."""
        if decl.owner not in self._term_words:
            forms, names = _forms(self.vocabulary.terms_of(decl.owner))
            for term, more in self.mapping.term_aliases.get(decl.owner, {}).items():
                for form in more:
                    forms.setdefault(compare(form), set()).update(forms.get(compare(term), ()))
            self._term_words[decl.owner] = {form: tuple(sorted(ids)) for form, ids in forms.items()}, names
        return self._term_words[decl.owner]

    def holders(self, decl: FieldDecl) -> dict[str, int]:
        """How many plans have each of a field's terms."""
        return {term: plans for (of, term), plans in self.held.items() if of == decl.owner}

    def known_terms(self, owner: str) -> tuple[Callable[[str], bool], list[str]]:
        """Whether a word is a form of a term of ``owner`` without the mapping's own, and the names to suggest."""
        forms, names = _forms(self.vocabulary.terms_of(owner))
        return lambda text: compare(text) in forms, names


def _forms(words: Iterable[Word]) -> tuple[dict[str, set[str]], list[str]]:
    """Compared form → ids of the terms, and the names to suggest."""
    forms: dict[str, set[str]] = {}
    for word in words:
        for form in (word.id, word.zh or word.id, *word.aliases):
            forms.setdefault(compare(form), set()).add(word.id)
    return forms, [n for w in words for n in (w.zh, w.id) if n]


def schema_of(plans: Iterable[Planned], mapping: FileMapping = NO_MAPPING) -> Schema:
    """One schema for several plans: their words together, of their bounds the strictest (each plan's proof holds)."""
    fields: dict[str, FieldDecl] = {}
    words: dict[tuple[str, str | None, str], Word] = {}
    bounds: dict[str, Bounds] = {}
    clashes: list[str] = []
    held: Counter[tuple[str | None, str]] = Counter()
    for plan in plans:
        for decl in plan.vocabulary.fields.values():
            known = fields.get(decl.id)
            if known and _differ(known, decl):
                clashes.append(decl.id)
            fields[decl.id] = _both(known, decl) if known else decl
        held.update((word.of, word.id) for word in plan.vocabulary.words if word.kind == "term")
        for word in plan.vocabulary.words:
            key = (word.kind, word.of, word.id)
            words[key] = _same_word(words[key], word) if key in words else word
        for unit, own in plan.bounds.items():
            bounds[unit] = _strictest(bounds[unit], own) if unit in bounds else own
    terms = [w for w in words.values() if w.kind != "field"]
    together = vocabulary(terms, fields.values())
    clashes += [column for _, column in shared_columns(together)]
    return Schema(together, bounds, mapping, tuple(dict.fromkeys(clashes)), held)


def _differ(a: FieldDecl, b: FieldDecl) -> bool:
    """Whether one cell would mean different things by two declarations of a field."""
    units = a.unit is not None and b.unit is not None and a.unit != b.unit
    return units or (a.of, a.type, a.owner) != (b.of, b.type, b.owner)


def _strictest(a: Bounds, b: Bounds) -> Bounds:
    return max(a[0], b[0]), min(a[1], b[1]), min(a[2], b[2])


def _names(a: FieldDecl | Word, b: FieldDecl | Word) -> tuple[str, ...]:
    """The aliases of two declarations of one word."""
    return a.aliases + tuple(n for n in (*b.aliases, b.zh) if n and n != a.zh and n not in a.aliases)


def _both(a: FieldDecl, b: FieldDecl) -> FieldDecl:
    return replace(
        a,
        aliases=_names(a, b),
        minimum=max((m for m in (a.minimum, b.minimum) if m is not None), default=None),
        maximum=min((m for m in (a.maximum, b.maximum) if m is not None), default=None),
        decimals=min(a.decimals, b.decimals),
        required=a.required and b.required,
    )


def _same_word(a: Word, b: Word) -> Word:
    return replace(a, zh=a.zh or b.zh, aliases=_names(a, b), leave=a.leave or b.leave)
