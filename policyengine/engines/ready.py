"""A rule made ready to run: its condition compiled, the stretch in which it governs, what it asks and is kept with."""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import date

from policyengine.engines.calendar import DAY, covers, period_bounds
from policyengine.engines.facts import Scene, Test, Truth, World, fields_asked, lacking, owning_field, rows_lacking
from policyengine.engines.numbers import Number
from policyengine.engines.truth import all_of, compile_what, compile_when
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl
from policyengine.light import dataclass
from policyengine.plan.model import PlanRule
from policyengine.plan.names import walk


@dataclass(slots=True)
class Ready:
    """``about``: whether the rule speaks of the record; ``when``: its condition; ``test``: both.

    ``named``: the terms it names, of the field ``owner``. ``asks``: the fields its answer depends on, ``consults``: the
    figures of tables. ``kept``: the base rules that go on restricting it (``raise-only``); ``own``: its test without
    them, where they are joined to it. ``personal``: a figure of it asks for facts of the person; if not, ``figures``
    remembers what it is in a period.
    """

    key: str
    rule: PlanRule[tree.Statement]
    test: Test
    about: Test
    start: date | None
    until: date | None
    named: frozenset[str]
    owner: str | None
    when: Test
    asks: tuple[FieldDecl, ...]
    consults: tuple[tree.Lookup, ...]
    world: World
    kept: tuple[Ready, ...] = ()
    own: Test | None = None
    personal: bool = False
    figures: dict[int, tuple[Number, Number]] = field(default_factory=dict)
    _periods: dict[int, bool] = field(default_factory=dict)

    def lacks(self, scene: Scene) -> tuple[str, ...]:
        """The facts that the rule asks for and the scene lacks, and tables without a figure for those it has."""
        facts = lacking(self.asks, scene)
        return (*facts, *rows_lacking(self.consults, self.world, scene)) if self.consults else facts

    def decided_by(self, scene: Scene, truth: Truth) -> str:
        """The key of the rule whose own answer is that of all together: its own, else that of one that is kept."""
        if self.own is None or self.own(scene) is truth:
            return self.key
        return next((k.key for k in self.kept if k.test(scene) is truth), self.key)

    def governs(self, period: int, year_start: tuple[int, int]) -> bool:
        """Whether the rule is in force for the whole of a period."""
        known = self._periods.get(period)
        if known is None:
            known = covers(self.start, self.until, *period_bounds(period, year_start))
            self._periods[period] = known
        return known


def in_force(rule: Ready, day: date) -> bool:
    """Whether the rule is in force on a day."""
    return (rule.start is None or rule.start <= day) and (rule.until is None or day <= rule.until)


def ready(rules: Sequence[PlanRule[tree.Statement]], world: World, in_key_order: bool = True) -> list[Ready]:
    """Compile rules; in the order of their keys (never file order), or as they are."""
    ordered = sorted(rules, key=lambda r: r.key) if in_key_order else rules
    result = []
    for rule in ordered:
        one = _ready(rule, world)
        kept = [dataclasses.replace(rule, key=key, statement=statement, kept=()) for key, statement in rule.kept]
        one.kept = tuple(_ready(other, world) for other in kept)
        figures = (getattr(r.rule.statement, "figure", None) for r in (one, *one.kept))
        one.personal = any(isinstance(n, tree.Field | tree.YearOf) for f in figures for n in walk(f))
        result.append(one)
    return result


def _ready(rule: PlanRule[tree.Statement], world: World) -> Ready:
    statement = rule.statement
    what = getattr(statement, "what", None)
    about, when = compile_what(what, world), compile_when(statement.when, world)
    tests = ([about] if what is not None and what.terms else []) + ([when] if statement.when is not None else [])
    return Ready(
        rule.key,
        rule,
        all_of(tests),
        about,
        rule.start,
        rule.until,
        frozenset(what.terms if what else ()),
        owning_field(what, world) if what and what.terms else None,
        when,
        fields_asked((what, statement.when), world),
        tuple(n for n in walk(statement.when) if isinstance(n, tree.Lookup)),
        world,
    )


class Stage:
    """The rules of a stage that looks at records, by the record's form and end date."""

    def __init__(self, rules: list[Ready]):
        self.rules = rules
        starts = [r.start for r in rules if r.start is not None]
        ends = [r.until + DAY for r in rules if r.until is not None and r.until < date.max]
        self._changes = sorted({*starts, *ends})  # days on which other rules are in force than the day before
        self._known: dict[tuple[object, int], tuple[Ready, ...]] = {}

    def of(self, form: object, day: date) -> tuple[Ready, ...]:
        """The rules in force on the day that may speak of a record of this form; all of them where it has none."""
        asked = (form, bisect_right(self._changes, day))
        found = self._known.get(asked)
        if found is None:
            able = self.rules if form is None else [r for r in map(_knowing(form), self.rules) if r is not None]
            found = self._known[asked] = tuple(r for r in able if in_force(r, day))
        return found


def _knowing(form: object) -> Callable[[Ready], Ready | None]:
    """A rule as it is for records of a known form: of those it names, only its condition is left to ask."""

    def known(rule: Ready) -> Ready | None:
        if rule.owner != "form":
            return rule
        if form not in rule.named:
            return None
        return dataclasses.replace(rule, test=rule.when, about=lambda scene: True)

    return known
