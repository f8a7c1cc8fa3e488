"""Whole cases by seed: a valid plan with statements of every stage, and people whose records probe its edges.

``case(seed)`` gives the same case for the same seed. Half of the cases have every fact; the others miss some. Every
statement of the language occurs: both units with an exchange, versions, kept overrides, windows, caps in any order,
carries, tables, split and claimed records.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from policyengine.language import tree
from policyengine.packs.model import Governing, Rule
from policyengine.packs.windows import decided_with
from policyengine.plan import caps as cap_order
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.plan.names import walk
from policyengine.records.model import Inputs
from tests.build import governs, policy, rule
from tests.generate_people import people

F = Fraction
FORMS = ("training", "workshop", "conference", "lecture", "distance", "self_study", "publication", "exam", "paper")
SUBJECTS = ("public", "professional")
LEVELS = ("national", "provincial", "city")
PAPER_HOURS = tree.Lookup("paper_hours", (tree.Field("level"), tree.Field("author_rank")))
LEVEL_HOURS = tree.Lookup("level_hours", (tree.Field("title_level"),))
CONCLUSIONS = ("not_excellent", "promotion_ready")
YEAR = tree.PerYears()


@dataclass(frozen=True)
class Case:
    """What an engine is asked: ``evaluate(plan, inputs, periods, as_of)``. ``complete``: no fact is missing."""

    plan: Plan
    inputs: Inputs
    periods: tuple[int, int]
    as_of: date | None
    complete: bool


def case(seed: int | Random) -> Case:
    """A case; the same one for the same seed."""
    rng = seed if isinstance(seed, Random) else Random(seed)
    made = None
    while made is None:
        made = random_plan(rng)
    complete = rng.random() < 0.5
    first = rng.choice((2015, 2016, 2016, 2016))
    periods = (first, first + rng.choice((0, 1, 1, 2, 3)))
    as_of = rng.choice((None, None, date(2016, 12, 31), date(2017, 7, 1), date(2018, 12, 30)))
    return Case(made, people(rng, complete, size=rng.choice((1, 1, 2, 4))), periods, as_of, complete)


def random_plan(rng: Random) -> Plan | None:
    """A plan, or None where the rules drawn do not go together."""
    drawn = Rules(rng)
    rules = drawn.all()
    year_start = rng.choice(((1, 1), (1, 1), (1, 1), (9, 1), (7, 15)))
    seed = _as_drawn(rules[0])
    made = plan_of(policy(as_now(rules, seed), year_start=year_start))[0]
    if made is None:
        return None
    return (
        plan_of(policy(as_now(drawn.beyond(), seed), year_start=year_start))[0] or made
    )  # as many draws as ever: trials stay the same


def as_now(rules: Sequence[Rule | Governing], seed: str) -> list[Rule | Governing]:
    """The rules where some conditions on leave ask for days in all, around what one or several stretches of those that
    people have come to, and some requirements within months of a date for as many again and again. All draws but these
    stay as they are, so that a seed gives what it has always given."""

    def changed(node: Any) -> Any:
        if isinstance(node, tree.Require) and isinstance(node.window, tree.Within):
            rng = Random(seed + _as_drawn(node.window))  # of equal windows all or none
            terms = tree.Within(rng.choice((12, 12, 13, 18, 24)), node.window.field, again=True)
            node = dataclasses.replace(node, window=terms) if rng.random() < 0.6 else node
        if isinstance(node, tree.Lasts):  # of equal ones, as of a rule and what governs in its place, all or none
            rng = Random(seed + _as_drawn(node))
            days = rng.choice((1, 11, 12, 30, 31, 32, 41, 42, 60, 61, 92, 122, 182, 365, 366))
            return dataclasses.replace(node, count=days, unit="days", in_all=True) if rng.random() < 0.4 else node
        if isinstance(node, tuple):
            items = tuple(map(changed, node))
            return items if any(a is not b for a, b in zip(items, node, strict=True)) else node
        if not dataclasses.is_dataclass(node) or isinstance(node, type):
            return node
        parts = {f.name: getattr(node, f.name) for f in dataclasses.fields(node)}
        other = {name: new for name, part in parts.items() if (new := changed(part)) is not part}
        return dataclasses.replace(node, **other) if other else node

    return [changed(one) for one in rules]


def _as_drawn(rules: object) -> str:
    """Rules as a seed for more draws: as they read before leave was asked for in all, and terms began anew."""
    return repr(rules).replace(", in_all=False", "").replace(", again=False", "")


# A missing value of these has a meaning of its own (nothing claimed).
NEVER = {"record_id", "person_id", "claimed_year", "late_reason"}


def settled_fields(plan: Plan) -> set[str]:
    """Fields whose absence is itself a fact under this plan: asked with ``is present``."""
    fixed = set(NEVER)
    for one in plan.rules():
        for statement in (one.statement, *(s for _, s in one.kept)):
            for node in walk(statement):
                if isinstance(node, tree.Present):
                    fixed.add(node.field)
    return fixed


# --- conditions -------------------------------------------------------------------------------------------------------


def _term(value: str) -> tree.Term:
    return tree.Term(value)


def _record_atom(rng: Random) -> tree.Condition:
    field = tree.Field
    number = tree.Value(F(rng.randint(1, 4)))
    return rng.choice(
        (
            tree.Present("evidence", rng.random() < 0.3),
            tree.Compare(field("approved"), "=", tree.Value(rng.random() < 0.8)),
            tree.Compare(field("result"), rng.choice(("=", "!=")), _term(rng.choice(("passed", "failed")))),
            tree.Compare(field("subject"), rng.choice(("=", "!=")), _term(rng.choice(SUBJECTS))),
            tree.Compare(field("mode"), "=", _term(rng.choice(("in_person", "online")))),
            tree.In(field("level"), tuple(map(_term, rng.sample(LEVELS, 2))), rng.random() < 0.3),
            tree.Compare(field("author_rank"), rng.choice(("=", "!=", "<", "<=", ">", ">=")), number),
            tree.InRange(field("author_rank"), tree.Value(F(2)), tree.Value(F(rng.randint(2, 5)))),
            tree.Compare(field("paper_characters"), rng.choice(("<=", ">")), tree.Value(F(2000), "characters")),
            tree.Compare(field("days"), rng.choice(("<=", ">")), number),
            tree.InTable(field("provider"), "bases", rng.random() < 0.4),
            tree.InTable(field("theme"), "themes", rng.random() < 0.2),
            tree.Compare(PAPER_HOURS, ">=", tree.Value(F(10), "hours")),
            _person_atom(rng),
        )
    )  # fmt: skip


def _person_atom(rng: Random) -> tree.Condition:
    field = tree.Field
    return rng.choice(
        (
            tree.Compare(field("employer_kind"), "=", _term(rng.choice(("state_organ", "enterprise")))),
            tree.In(field("employer_kind"), (_term("state_organ"), _term("public_institution")), rng.random() < 0.3),
            tree.In(field("title_level"), tuple(map(_term, rng.sample(("junior", "middle", "senior"), 2)))),
            tree.Compare(tree.YearOf("qualified_on"), rng.choice(("<", "=", ">=")), tree.ThisYear()),
            tree.Compare(field("joined"), rng.choice(("<", ">=")), tree.Value(date(2016, rng.randint(1, 12), 1))),
            tree.Present(rng.choice(("title_level", "joined", "sector")), rng.random() < 0.4),
        )
    )


def _period_atom(rng: Random) -> tree.Condition:
    kinds = ("maternity", "illness", "valid_reason")
    return rng.choice(
        (
            _person_atom(rng),
            tree.Compare(tree.Field("circumstance"), rng.choice(("=", "=", "!=")), _term(rng.choice(kinds))),
            tree.In(tree.Field("circumstance"), tuple(map(_term, rng.sample(kinds, 2)))),
            _lasting(rng.choice(((), ("illness",), ("illness", "maternity"))), rng.randint(1, 6), "months"),
            _lasting((), rng.choice((20, 31, 100)), "days"),
        )
    )


def _lasting(kinds: tuple[str, ...], count: int, unit: str) -> tree.Lasts:
    """At least so many, or more; which of them is not drawn, so that a seed gives what it has always given."""
    return tree.Lasts(kinds, ">" if (count + len(kinds)) % 2 else ">=", count, unit)


def _conclude_atom(rng: Random) -> tree.Condition:
    return rng.choice(
        (
            tree.Not(tree.Outcome("met")),
            tree.Outcome(rng.choice(("met", "excused"))),
            tree.InEach(rng.choice((("met",), ("met", "excused"))), rng.randint(1, 3)),
            _of_years(rng, rng.randint(2, 3), (("not_met",),)),
            _period_atom(rng),
        )
    )


def _requirement_atom(rng: Random, names: Sequence[str], decided: Collection[object]) -> tree.Condition:
    """``decided``: with what these requirements are: with each year, blocks of years, or months from a date."""
    if rng.random() < 0.25:
        return _conclude_atom(rng)
    test: tree.Condition = tree.Outcome(rng.choice(("met", "met", "excused")), rng.choice(names))
    states = (("not_met",), ("not_met",), ("met",), ("met", "excused"), ("excused",))
    if decided == {None} and rng.random() < 0.35:
        test = _of_years(rng, rng.randint(2, 3), states, rng.choice(names))
    elif all(isinstance(one, tuple) for one in decided) and (aside := _beside(rng)).random() < 0.5:
        test = dataclasses.replace(_of_years(rng, 2, states, aside.choice(names)), cycles=True)
    return tree.Not(test) if rng.random() < 0.6 else test


def _of_years(rng: Random, years: int, states: Sequence[tuple[str, ...]], rule: str | None = None) -> tree.InEach:
    """Years running, each of several years, or some of them that were not met.

    What is drawn here leaves the draws of ``rng`` as they are, so that a seed gives what it has always given.
    """
    aside = _beside(rng)
    if aside.random() < 0.35:
        years = aside.randint(3, 4)
        least = aside.randint(2, years - 1)
        return tree.InEach(("met",) if aside.random() < 0.4 else ("not_met",), years, rule, least)
    return tree.InEach(aside.choice(states), years, rule)


def _as_ever(rules: Sequence[Rule | Governing]) -> str:
    """Rules in words from which what is drawn next is what it was before some of several years could be met ones."""
    said = _as_drawn(rules).replace(", cycles=False", "")
    return re.sub(r"states=\('met',\)(, years=\d+, rule=[^,]+, least=\d)", r"states=('not_met',)\1", said)


def _beside(rng: Random) -> Random:
    """Draws that leave those of ``rng`` as they are."""
    first, *_, place = rng.getstate()[1]
    return Random(first * 1000 + place)


def _flag_atom(rng: Random) -> tree.Condition:
    return rng.choice(
        (
            tree.Repeated(rng.choice((("title",), ("title", "form"), ("project", "date")))),
            tree.Compare(tree.Field("self_paid"), ">", tree.Value(F(1, 2))),
            tree.Compare(tree.Field("cost"), ">", tree.Value(F(100), "yuan")),
            _record_atom(rng),
        )
    )


PERSON_DAYS = ("joined", "qualified_on")
RECORD_DAYS = (*PERSON_DAYS, "date", "start", "end")


def elapsed(rng: Random, fields: Sequence[str]) -> tree.Elapsed:
    """The time between two days, at least one of them a fact."""
    about = tree.DayOfYear(*rng.choice(((1, 1), (2, 28), (3, 31), (8, 31), (12, 31), (7, 15))))
    fixed = tree.Value(date(rng.randint(2013, 2018), rng.randint(1, 12), rng.choice((1, 28))))
    days = [*map(tree.Field, rng.sample(fields, 2)), rng.choice((about, about, fixed))]
    start, end = rng.sample(days, 2)
    unit, most = rng.choice(
        (("days", (1, 30, 31, 60, 365, 366, 730)), ("months", (1, 6, 11, 12, 24)), ("years", (1, 2, 3)))
    )
    return tree.Elapsed(start, end, rng.choice(("<", "<=", ">", ">=")), rng.choice(most), unit)


def condition(rng: Random, atom: Callable[[Random], tree.Condition], depth: int = 2) -> tree.Condition:
    """An atom, or atoms joined by and, or, not."""
    draw = rng.random()
    if depth == 0 or draw < 0.55:
        return atom(rng)
    if draw < 0.65:
        item = condition(rng, atom, depth - 1)
        return item.item if isinstance(item, tree.Not) else tree.Not(item)
    kind: type[tree.And] | type[tree.Or] = tree.And if draw < 0.85 else tree.Or
    items: list[tree.Condition] = []
    for _ in range(rng.choice((2, 2, 3))):
        item = condition(rng, atom, depth - 1)
        items.extend(item.items if isinstance(item, kind) else (item,))
    return kind(tuple(items))


# --- figures ----------------------------------------------------------------------------------------------------------


def rounding(rng: Random, unit: str) -> tree.Rounding:
    step = tree.Quantity(rng.choice((F(1), F(1, 2), F(1, 10), F(5))), unit)
    return tree.Rounding(rng.choice(("down", "up", "half_up")), step)


# --- rules ------------------------------------------------------------------------------------------------------------


class Rules:
    """Draws the rules of one policy."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.unit = rng.choice(("hours", "hours", "hours", "credits"))
        self.both = rng.random() < 0.3  # the other unit occurs, with an exchange or without
        self.number = 0
        self.rules: list[Rule | Governing] = []

    def all(self) -> list[Rule | Governing]:
        """Rules of every stage."""
        self._recognise()
        self._convert()
        self._assign()
        self._allocate()
        self._require()
        self._excuse()
        self._conclude()
        return self.rules

    def beyond(self) -> list[Rule | Governing]:
        """These and some more, from draws of their own: a measure that is not always in force, shares of it, its
        records by the period in which they count, and flags on quantities."""
        rng = self.rng = Random(_as_ever(self.rules))
        self.rules = list(self.rules)
        name = next((n for n in ("face_to_face", "public_theme") if n not in self._measures()), None)
        if name is not None and self.maybe(0.5):
            stretch = rng.choice(({}, {"until": 2016}, {"start": 2017}))
            measure = tree.Measure(name=name, unit=self.unit, what=self.any_what(), when=self.when(0.5))
            self.rules.append(rule("r90", measure, **stretch))
        for number, measure in enumerate(self._measures()):
            kind: type[tree.Require] = rng.choice((tree.Require, tree.Expect))
            if self.maybe(0.3):
                share = tree.Share(F(rng.choice((1, 2)), 3), measure, of_requirement=False)
                part = tree.Expect(measure=rng.choice(("total", *SUBJECTS)), figure=share, window=YEAR)
                self.rules.append(rule(f"r91-{number}", part))
            if self.maybe(0.3):
                window = rng.choice((YEAR, tree.PerYears(2, 2015), tree.AnyYears(2)))
                own = kind(measure=measure, figure=self.figure(5, 12), window=window, this_period=True)
                self.rules.append(rule(f"r92-{number}", own))
        if self.maybe(0.3):
            value = tree.Value(F(rng.randint(1, 12)), rng.choice(("hours", "minutes", "days", "characters")))
            when = tree.Compare(tree.Field("quantity"), rng.choice(("<", "<=", ">", ">=", "=", "!=")), value)
            self.rules.append(rule("r93", tree.Flag(name="fee_charged", text="many", when=when)))
        if self.maybe(0.15):
            amounts = [(F(rng.randint(1, 12)), u) for u in rng.sample(("hours", "minutes", "clock_hours", "days"), 2)]
            among = tree.In(tree.Field("quantity"), tuple(tree.Value(*a) for a in amounts), self.maybe(0.3))
            self.rules.append(rule("r94", tree.Reject(what=self.any_what(), when=among, because="so many")))
        if self.maybe(0.2):
            share = tree.Share(F(rng.randint(1, 3), 4), "total", of_requirement=False)
            window, bound = rng.choice((YEAR, YEAR, tree.AnyYears(2))), rng.choice((">=", "<="))
            part = tree.Require(measure=rng.choice(SUBJECTS), figure=share, comparison=bound, window=window)
            self.rules.append(rule("r95", part))
        day = tree.DayOfYear(rng.randint(1, 12), rng.choice((1, 15)))
        if self.maybe(0.2):
            joined = tree.Compare(tree.Field("joined"), rng.choice(("<", ">=", "=")), day)
            self.rules.append(rule("r96", tree.Excuse(when=joined)))
        if self.maybe(0.2):
            fixed = tree.Value(date(2016, rng.randint(1, 12), 15))
            early = rng.choice((tree.Compare(tree.Field("date"), "<=", day), tree.Compare(day, "<", fixed)))
            self.rules.append(rule("r97", tree.Reject(what=self.any_what(), when=early, because="too early")))
        self._spans()
        for number in range(rng.choice((0, 1, 1, 2))):
            names, decided = self._decided_together()
            if names:
                atom = lambda r, names=names, decided=decided: _requirement_atom(r, names, decided)
                when = condition(rng, atom, rng.choice((1, 2, 3)))
                self.rules.append(rule(f"r98-{number}", tree.Conclude(name=rng.choice(CONCLUSIONS), when=when)))
        return self.rules

    def _spans(self) -> None:
        """Rules that ask for the time between two days, of the person and of records."""
        rng = self.rng
        if self.maybe(0.25):
            when = condition(rng, lambda r: elapsed(r, PERSON_DAYS), 1)
            statement: tree.Statement = rng.choice(
                (
                    tree.Excuse(when=when),
                    tree.Expect(measure="total", figure=self.figure(5, 12), window=YEAR, when=when),
                    tree.Require(measure="total", figure=self.figure(5, 12), window=tree.PerYears(2, 2015), when=when),
                    tree.Conclude(name="promotion_ready", when=tree.And((tree.Outcome("met"), when))),
                )
            )
            self.rules.append(rule("r98", statement))
        if self.maybe(0.25):
            when = condition(rng, lambda r: elapsed(r, RECORD_DAYS), 1)
            statement = rng.choice(
                (
                    tree.Reject(what=self.any_what(), when=when, because="so long ago"),
                    tree.Add(what=self.what(), figure=self.figure(1, 3), when=when),
                    tree.Assign(by="start", when=when),
                    tree.CountOnce(per=("title",), what=self.what(), when=when),
                    tree.Flag(name="fee_charged", text="long", when=when),
                )
            )
            self.rules.append(rule("r99", statement))

    def _decided_together(self) -> tuple[list[str], set[object]]:
        """Requirements that one conclusion may name: one drawn, and those decided with it; with what they are."""
        windows: dict[str, set[object]] = {}
        for one in self.rules:
            if isinstance(s := _statement(one), tree.Require):
                windows.setdefault(one.name, set()).add(decided_with(s.window))
        if not windows:
            return [], set()
        first = self.rng.choice(sorted(windows))
        return [name for name, found in windows.items() if found == windows[first]], windows[first]

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def when(self, chance: float, atom: Callable[[Random], tree.Condition] = _record_atom) -> tree.Condition | None:
        return condition(self.rng, atom) if self.maybe(chance) else None

    def what(self, most: int = 3) -> tree.What:
        return tree.What(tuple(self.rng.sample(FORMS, self.rng.randint(1, most))))

    def any_what(self) -> tree.What:
        return self.rng.choice((tree.What(), self.what(), self.what(), tree.What((self.rng.choice(SUBJECTS),))))

    def figure(self, *values: int | Fraction, unit: str | None = None, unsure: float = 0.08) -> tree.Figure:
        unit = unit or self.unit
        value = F(self.rng.choice(values))
        if self.maybe(unsure):
            return self.rng.choice((tree.Unknown(unit), tree.Between(value, value * 2, unit)))
        return tree.Quantity(value, unit)

    def put(self, statement: tree.Statement, change: Callable[[tree.Statement], tree.Statement] | None = None) -> str:
        """Add a rule: alone, in two versions, or overridden by a sector; ``change`` gives the other one's statement."""
        self.number += 1
        name, draw = f"r{self.number:02}", self.rng.random()
        other = change(statement) if change else statement
        if draw < 0.7:
            self.rules.append(rule(name, statement))
        elif draw < 0.85:
            year = self.rng.choice((2016, 2017, 2018))
            self.rules += [rule(name, statement, until=year - 1), rule(name, other, start=year)]
        else:
            base = rule(name, statement)
            over = rule(name, tree.Override(rule=f"base/{name}", statement=other), start=2016, pack="sector")
            self.rules += [governs(base, until=date(2015, 12, 31)), governs(over, base)]
        return f"base/{name}"

    # 1
    def _recognise(self) -> None:
        forms = list(FORMS)
        self.rng.shuffle(forms)
        cut = self.rng.randint(1, len(forms))
        self.put(tree.Recognise(what=tree.What(tuple(forms[:cut])), when=self.when(0.3)))
        if forms[cut:] and self.maybe(0.9):
            self.put(tree.Recognise(what=tree.What(tuple(forms[cut:])), when=self.when(0.4)))
        if self.maybe(0.25):
            self.put(tree.Reject(what=self.any_what(), when=condition(self.rng, _record_atom), because="no"))

    # 2
    def _convert(self) -> None:
        rng, unit = self.rng, self.unit
        timed = tuple(rng.sample(FORMS[:5], rng.randint(3, 5)))
        self.put(
            tree.Convert(
                what=tree.What(timed),
                figure=self.figure(1, F(1, 2), F(2, 3)),
                basis=rng.choice((tree.Quantity(F(45), "minutes"), tree.Quantity(F(1), "clock_hours"))),
                rounding=rounding(rng, unit) if self.maybe(0.3) else None,
                limit=tree.Quantity(F(rng.choice((8, 20))), unit) if self.maybe(0.2) else None,
                when=self.when(0.15),
            ),
            lambda s: dataclasses.replace(s, figure=self.figure(1, F(1, 3), unsure=0)),  # type: ignore[call-arg]
        )
        stated = [unit, "credits" if unit == "hours" else "hours"] if self.both else [unit]
        for one in stated:
            self.put(
                tree.Convert(
                    what=tree.What(tuple(rng.sample(FORMS, rng.randint(4, 8)))),
                    figure=tree.Stated(one),
                    when=self.when(0.15),
                )
            )
        if self.maybe(0.7):
            self.put(
                tree.Convert(
                    what=tree.What(("self_study", "publication")),
                    figure=self.figure(1, 2),
                    basis=tree.Quantity(F(1000), "characters"),
                    divisor=tree.Divisor("authors", F(rng.choice((0, 0, 1)))) if (divided := self.maybe(0.3)) else None,
                    rounding=rounding(rng, unit) if divided else None,
                )
            )
        if self.maybe(0.6):
            self.put(
                tree.Convert(
                    what=tree.What(tuple(rng.sample(("lecture", "conference", "exam"), 2))),
                    figure=self.figure(4, 8),
                    basis=tree.Quantity(F(1), rng.choice(("days", "items"))),
                    factor=rng.choice((None, None, F(2), F(3, 2))),
                    limit=tree.Quantity(F(24), unit) if self.maybe(0.5) else None,
                )
            )
        if self.maybe(0.4):
            self.put(
                tree.Convert(
                    what=tree.What(("paper",)),
                    figure=PAPER_HOURS,
                    otherwise=tree.Quantity(F(3), "hours") if self.maybe(0.3) else None,
                    when=self.when(0.1),
                )
            )
        if self.maybe(0.4):
            self.put(
                tree.Add(
                    what=self.what(),
                    figure=self.figure(5, 20),
                    basis=tree.Quantity(F(1), "items") if self.maybe(0.2) else None,
                    when=self.when(0.8),
                )
            )
        if self.both and self.maybe(0.7):
            self.put(
                tree.Exchange(give=tree.Quantity(F(1), "credits"), take=tree.Quantity(F(rng.choice((1, 3))), "hours")),
                lambda s: tree.Exchange(give=tree.Quantity(F(2), "credits"), take=tree.Quantity(F(5), "hours")),
            )

    # 3
    def _assign(self) -> None:
        if self.maybe(0.25):
            self.put(tree.Assign(by="split", what=self._assigned(), rounding=rounding(self.rng, self.unit)))
        if self.maybe(0.15):
            self.put(tree.Assign(by="start", what=self._assigned()))
        if self.maybe(0.25):
            until = self.rng.choice((None, (3, 31), (2, 29)))
            late = tree.Present("late_reason") if self.maybe(0.5) else None
            self.put(tree.Assign(by="claim", field="claimed_year", what=self._assigned(), until=until, when=late))

    def _assigned(self) -> tree.What:
        return self.rng.choice((tree.What(), self.what(), tree.What((self.rng.choice(FORMS),))))

    # 4, 5
    def _allocate(self) -> None:
        rng = self.rng
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            per = rng.choice((("title",), ("title", "form"), ("project", "level")))
            taking = rng.choice(("highest", "highest", "lowest", "earliest", "latest"))
            self.put(tree.CountOnce(per=per, taking=taking, what=self.any_what(), when=self.when(0.15)))
        self._caps(rng.choice((0, 1, 1, 2, 2, 3)))
        if self.maybe(0.5):
            where = rng.choice(
                (tree.Compare(tree.Field("mode"), "=", _term("in_person")), None, condition(rng, _record_atom))
            )
            self.put(tree.Measure(name="face_to_face", unit=self.unit, what=self.any_what(), when=where))
        if self.maybe(0.3):
            self.put(
                tree.Measure(
                    name="public_theme",
                    unit=self.unit,
                    what=tree.What(("public",)),
                    when=tree.InTable(tree.Field("theme"), "themes"),
                )
            )

    def _window(self) -> tree.Window:
        rng = self.rng
        return rng.choice(
            (
                tree.PerActivity(), tree.PerDay(), tree.PerField("project"), YEAR, YEAR, YEAR,
                tree.PerYears(2, rng.choice((2015, 2016))), tree.PerYears(3, 2015), tree.AnyYears(2),
                tree.AnyYears(3), tree.Within(rng.choice((6, 12)), "joined"),
            )
        )  # fmt: skip

    def _caps(self, count: int) -> None:
        caps: list[Rule | Governing] = []
        for _ in range(count):
            window = self._window()
            figure = self.figure(2, 6, 10, 25, 40) if not isinstance(window, tree.PerDay) else self.figure(4, 8)
            if self.maybe(0.1) and window == YEAR:
                figure = tree.Lookup("yearly_hours", (tree.ThisYear(),))
            elif self.maybe(0.05):
                figure = LEVEL_HOURS
            taking = self.rng.choice(((), (), (), ("professional",), ("self_study", "training"), ("online",)))
            kept, self.rules = self.rules, []
            self.put(
                tree.Cap(what=self.any_what(), figure=figure, window=window, taking=taking, when=self.when(0.15)),
                lambda s: dataclasses.replace(s, figure=self.figure(5, 15, unsure=0)),  # type: ignore[call-arg]
            )
            caps += self.rules
            self.rules = kept
        self.rules += _in_some_order(caps)

    # 6
    def _require(self) -> None:
        rng = self.rng
        raised = lambda s: dataclasses.replace(s, figure=self.figure(30, 60, unsure=0))
        self.names: list[str] = []
        if self.maybe(0.85):
            self.names.append(
                self.put(
                    tree.Require(
                        measure="total",
                        figure=self.figure(10, 20, 40),
                        window=YEAR,
                        when=self.when(0.15, _period_atom),
                    ),
                    raised,
                )
            )  # fmt: skip
        kinds = [tree.Require, tree.Require, tree.Expect]
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            kind = rng.choice(kinds)
            measure = rng.choice(("total", *SUBJECTS, "professional", "training", *self._measures()))
            window = rng.choice(
                (YEAR, YEAR, YEAR, tree.PerYears(2, 2015), tree.PerYears(3, 2016), tree.AnyYears(2), tree.AnyYears(3),
                 tree.Within(rng.choice((6, 12, 14)), "joined"))
            )  # fmt: skip
            figure: tree.Figure = self.figure(5, 12, 30)
            if window == YEAR and self.names and self.maybe(0.3):
                figure = tree.Share(F(rng.choice((1, 2)), 3), "total", rng.random() < 0.7)
            elif window == YEAR and self.maybe(0.15):
                figure = tree.Lookup("yearly_hours", (tree.ThisYear(),))
            elif self.maybe(0.07):
                figure = LEVEL_HOURS
            self.names.append(
                self.put(
                    kind(
                        measure=measure,
                        figure=figure,
                        window=window,
                        comparison="<=" if self.maybe(0.12) and not isinstance(figure, tree.Share) else ">=",
                        this_period=measure == "public_theme" and self.maybe(0.5),
                        when=self.when(0.25, _period_atom),
                    )
                )
            )
        yearly = [n for n in self.names if self._is_yearly(n)]
        if yearly and self.maybe(0.25):
            limit = tree.Quantity(F(rng.choice((5, 30))), self.unit) if self.maybe(0.6) else None
            self.put(tree.Carry(rule=rng.choice(yearly), limit=limit, when=self.when(0.25, _period_atom)))

    def _measures(self) -> Sequence[str]:
        return sorted({s.name for r in self.rules if isinstance(s := _statement(r), tree.Measure)})

    def _is_yearly(self, name: str) -> bool:
        statements = [_statement(r) for r in self.rules if r.name == name]
        return all(isinstance(s, tree.Require) and s.window == YEAR and s.comparison == ">=" for s in statements)

    # 7
    def _excuse(self) -> None:
        rng = self.rng
        if not self.names:
            return
        for _ in range(rng.choice((0, 0, 1, 2))):
            by: Fraction | tree.Quantity = rng.choice((F(1, 12), F(1, 6), tree.Quantity(F(2), self.unit)))
            per = rng.choice((None, tree.PerMonth(), tree.PerMonth(kinds=("illness",)), tree.PerMonth(before="joined")))
            when = self.when(0.9 if per is None else 0.2, _period_atom)
            self.put(tree.Reduce(rule=rng.choice(self.names), by=by, per=per, when=when))
        for _ in range(rng.choice((0, 1, 1, 2))):
            rules = () if self.maybe(0.6) else tuple(rng.sample(self.names, 1))
            self.put(tree.Excuse(rules=rules, when=condition(rng, _period_atom)))

    # 8
    def _conclude(self) -> None:
        if self.maybe(0.6):
            self.put(tree.Conclude(name="not_excellent", when=condition(self.rng, _conclude_atom)))
        if self.maybe(0.4):
            self.put(tree.Conclude(name="promotion_ready", when=condition(self.rng, _conclude_atom)))
        if self.maybe(0.4):
            self.put(tree.Flag(name="fee_charged", text="fee", when=condition(self.rng, _flag_atom)))
        if self.maybe(0.3):
            self.put(tree.Flag(name="looks_repeated", when=tree.Repeated(("title",))))


def _statement(one: Rule | Governing) -> tree.Statement:
    return one.statement


def _in_some_order(caps: list[Rule | Governing]) -> list[Rule | Governing]:
    """The caps, with ``after`` where two share records and neither lies in the other."""
    from policyengine.plan.build import cap_rules

    while True:
        vocabulary = policy(caps).vocabulary
        _, conflicts, _ = cap_order.ordered(cap_rules(policy(caps)), vocabulary)
        if not conflicts:
            return caps
        one, other = conflicts[0]
        caps = [_after(c, other.name, one.name) for c in caps]


def _after(one: Rule | Governing, name: str, other: str) -> Rule | Governing:
    if one.name != name:
        return one
    statement = _statement(one)
    assert isinstance(statement, tree.Cap)
    later = dataclasses.replace(statement, after=(*statement.after, other))
    if isinstance(one, Rule):
        return dataclasses.replace(one, statement=later)
    return dataclasses.replace(one, statement=later)
