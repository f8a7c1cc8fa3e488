"""A plan ready to be asked about combinations of facts: the reference evaluator's own rules, run on drafts.

No rule is written a second time here: what a combination of facts amounts to is what ``engines/reference.py`` says of
a record that has it. Only two things stay open, because they differ from record to record: the quantity, for which the
formula of the one rule that applies is given, and comparisons of two facts, whose truth is a fact of the draft.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from policyengine import light
from policyengine.engines.calendar import period_of
from policyengine.engines.compile.draft import Draft, DraftRecord
from policyengine.engines.compile.probes import Inexpressible, Probes, rewritten
from policyengine.engines.convert import Converting
from policyengine.engines.facts import Scene, lacking
from policyengine.engines.later import world_of
from policyengine.engines.numbers import Amount, Number
from policyengine.engines.ready import Ready, in_force
from policyengine.engines.reference import Prepared, prepare
from policyengine.engines.windows import ranks
from policyengine.language import tree
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.model import Plan, PlanRule

STATES = {"rejected": 0, "not_recognised": 0, "recognised": 1, "review": 2}


@dataclass(frozen=True, slots=True)
class Formula:
    """min(limit, rounded(rate × quantity)) × worth + plus, in the plan's unit. ``step`` 0: not rounded."""

    rate: Fraction = Fraction(0)
    rounding: str = ""
    step: Fraction = Fraction(0)
    limit: Fraction | None = None
    worth: Fraction = Fraction(1)
    plus: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Place:
    """In which period a record counts: ``by`` as in ``Assign``, the field of a claim, the rounding of a split."""

    by: str = "end"
    field: str = ""
    rounding: tree.Rounding | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a combination, whatever the quantity. ``amount``: its formula, or None where each quantity
    is judged by itself. ``simple``: there is one way to assign it. ``caps``, ``once``, ``sums``: whether it belongs, in
    the plan's order; with what is missing to say so, of caps also the place in the order and whether that is known."""

    plan: int
    state: int
    reason: str
    recognise: str
    convert: str
    assign: str
    missing: tuple[str, ...]
    amount: Formula | None
    place: Place
    simple: bool
    caps: tuple[tuple[bool | None, int, bool, tuple[str, ...]], ...]
    sums: tuple[tuple[bool | None, tuple[str, ...]], ...]
    once: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Valued:
    """What a combination with a certain quantity is worth if it is recognised."""

    low: Number
    high: Number
    reason: str
    convert: str
    missing: tuple[str, ...]


Flagged = tuple[tuple[int, bool, tuple[str, ...]], ...]
"""Flags: place of the rule, whether it is certain, and the facts that would settle it."""

Given = tuple[Amount, str, str, tuple[str, ...]]
"""An amount, the keys of the rules that give it, its reason, and the facts that would settle it."""


@dataclass(slots=True)
class Sum:
    """What is added up: ``total`` (no rule), a definition of a measure, or the records that have a term.

    ``rule``: the definition's; ``this_period``: its condition is asked of the period in which a record counts.
    """

    measure: str
    rule: Ready | None = None
    this_period: bool = False


@dataclass(slots=True)
class Law:
    """One plan. ``sums``: all that its requirements and decisions add up, ``total`` first. ``claims``: the fact that
    says whether a claim came in time, by the rule's key."""

    number: int
    plan: Plan
    prepared: Prepared
    claims: dict[str, str]
    sums: list[Sum]

    # --- one combination ----------------------------------------------------------------------------------------------

    def verdict(self, draft: Draft) -> Verdict:
        """What the rules say of a draft."""
        judge, scene = self.prepared.judge, self.scene(draft)
        form = draft.get("form")
        state, by, doubts = judge._recognised(scene, form)
        formula, convert, reason, unsettled = draft.part(self.number, self._conversion)
        place, assign, simple = self.place(draft, scene, form)
        return Verdict(
            plan=self.number,
            state=STATES[state],
            reason=_reason(state, reason),
            recognise=by,
            convert=convert,
            assign=assign,
            missing=named({*doubts, *unsettled}),
            amount=formula,
            place=place,
            simple=simple and (not STATES[state] or self._even(draft, scene, place)),
            caps=tuple(self._cap(rule, scene) for rule in self.prepared.later.caps),
            sums=tuple(self._sums(draft, scene, place)),
            once=tuple(rule.test(scene) for rule in self.prepared.later.once),
        )

    def _conversion(self, draft: Draft) -> tuple[Formula | None, str, str, tuple[str, ...]]:
        """The formula, the keys of the rules that give it, its reason, and the facts that would settle it."""
        scene, form = self.scene(draft), draft.get("form")
        formula = self.formula(scene, form)
        if formula is None:
            return None, "", "counted", ()
        _, convert, reason, unsettled = self.prepared.judge._converted(scene, form)
        return formula, convert, reason, unsettled

    def given(self, draft: Draft) -> Given:
        """What a draft with its very quantity is worth, by which rules, and what would settle it."""
        return self.prepared.judge._converted(self.scene(draft), draft.get("form"))

    @staticmethod
    def valued(verdict: Verdict, given: Given) -> Valued:
        """A verdict with the amount that its quantity gives. ``verdict.missing``: what would settle its recognition."""
        amount, convert, reason, unsettled = given
        state = "recognised" if verdict.state == 1 else "review" if verdict.state == 2 else verdict.reason
        return Valued(*amount, _reason(state, reason), convert, named({*verdict.missing, *unsettled}))

    def scene(self, draft: Draft) -> Scene:
        record: Any = DraftRecord(draft)
        facts: Any = draft
        return Scene(facts, (), record, period_of(record.end, self.plan.year_start), repeated=_repeated(draft))

    def formula(self, scene: Scene, form: object) -> Formula | None:
        """The amount as a function of the quantity, where one sure rule and constant supplements give it."""
        judge, record = self.prepared.judge, scene.record
        assert record is not None
        if record.quantity is None or record.unit is None or record.quantity < 0:
            return None
        result: Formula | None = None
        for rule in judge._convert.of(form, record.end):
            truth, amount, *_ = judge._given(rule, scene)
            if truth is False:
                continue
            if truth is None or amount is None or rule.kept or result is not None:
                return None
            result = self._formula(rule, scene)
            if result is None:
                return None
        plus = Fraction(0)
        for rule in judge._add.of(form, record.end):
            truth, amount, *_ = judge._given(rule, scene)
            if truth is False:
                continue
            statement = rule.rule.statement
            assert isinstance(statement, tree.Add)
            if truth is None or amount is None or amount[0] != amount[1] or rule.kept or statement.basis is not None:
                return None
            if isinstance(statement.figure, tree.Stated):
                return None
            plus += amount[0]
        if result is None:
            amount = judge._converted(scene, form)[0]
            return Formula(plus=Fraction(amount[0])) if amount[0] == amount[1] else None
        return dataclasses.replace(result, plus=result.plus + plus)

    def _formula(self, rule: Ready, scene: Scene) -> Formula | None:
        judge, record, statement = self.prepared.judge, scene.record, rule.rule.statement
        assert record is not None
        assert isinstance(statement, tree.Convert)
        converting: Converting = judge._converting[id(statement)]
        worth = judge.rate(converting.unit, record.end)
        assert worth is not None
        if record.unit in converting.plain:
            rounding, limit = statement.rounding, statement.limit
            return Formula(
                Fraction(converting.plain[record.unit]),
                rounding.direction if rounding else "",
                rounding.step.value if rounding else Fraction(0),
                limit.value if limit else None,
                Fraction(worth),
            )
        if statement.basis is not None or isinstance(statement.figure, tree.Stated) or statement.divisor is not None:
            return None
        amount, _ = converting.amount(scene)
        return Formula(plus=Fraction(amount[0]) * worth) if amount[0] == amount[1] else None

    def place(self, draft: Draft, scene: Scene, form: object) -> tuple[Place, str, bool]:
        """Where a record counts, by which rule; the last is whether there is only one way."""
        judge, record = self.prepared.judge, scene.record
        assert record is not None
        options: list[tuple[str, tree.Assign]] = []
        settled = False
        rules = list(judge._assign.of(form, record.end)) if judge.assign else []
        for tier in ([r for r in rules if r.named], [r for r in rules if not r.named]):
            for rule in tier:
                statement = rule.rule.statement
                assert isinstance(statement, tree.Assign)
                truth = (statement.by != "claim" or draft.get(self.claims[rule.key]) is True) and rule.test(scene)
                if truth is not False:
                    options.append((rule.key, judge.in_counted(statement, record.end)))
                    settled = settled or truth is True
            if settled:
                break
        if not options:
            return Place(), "", True
        key, statement = options[0]
        place = Place(statement.by, statement.field or "", statement.rounding if statement.by == "split" else None)
        return place, key, settled and len(options) == 1

    def _cap(self, rule: Ready, scene: Scene) -> tuple[bool | None, int, bool, tuple[str, ...]]:
        """Whether the record is under a cap, its place in the cap's order, whether that is known, and what would settle
        whether it is under it."""
        truth, statement = rule.test(scene), rule.rule.statement
        assert isinstance(statement, tree.Cap)
        lacks = named(rule.lacks(scene)) if truth is None else ()
        if truth is False or not statement.taking:
            return truth, 0, True, lacks
        record: Any = SimpleNamespace(scene=scene)
        least, most, _ = ranks(self.prepared.judge, statement, [record])(0)
        return truth, least, least == most, lacks

    def _sums(self, draft: Draft, scene: Scene, place: Place) -> Iterator[tuple[bool | None, tuple[str, ...]]]:
        later = self.prepared.later
        for one in self.sums:
            if one.measure == "total":
                yield True, ()
                continue
            test = one.rule.test if one.rule else later.term(one.measure)
            seen = scene
            if one.this_period and place.by != "end":
                seen = dataclasses.replace(scene, period=self._period(draft, place))
            truth = test(seen)
            lacks: tuple[str, ...] = ()
            if truth is None:
                lacks = one.rule.lacks(scene) if one.rule else lacking(later.fields_of(one.measure), scene)
            yield truth, named(lacks)

    def _even(self, draft: Draft, scene: Scene, place: Place) -> bool:
        """Whether all shares of a record count toward the same sums, in whatever periods they lie."""
        rules = [one.rule for one in self.sums if one.this_period and one.rule]
        if place.by != "split" or not rules:
            return True
        assert scene.record is not None
        first, last = sorted((self._period(draft, place), scene.period))
        periods = [dataclasses.replace(scene, period=period) for period in range(first, last + 1)]
        return all(len({rule.test(seen) for seen in periods}) == 1 for rule in rules)

    def _period(self, draft: Draft, place: Place) -> int:
        """The period in which a record that is not split counts."""
        if place.by == "claim":
            return int(draft.get(place.field))
        day = "start" if draft.probed("start") else "end"  # else no condition asks for the period
        return period_of(draft.get(day), self.plan.year_start)

    def flagged(self, draft: Draft) -> Flagged:
        """The flags that a draft bears."""
        return tuple(self._flags(self.scene(draft)))

    def _flags(self, scene: Scene) -> Iterator[tuple[int, bool, tuple[str, ...]]]:
        assert scene.record is not None
        for number, rule in enumerate(self.prepared.flags):
            if in_force(rule, scene.record.end) and (truth := rule.test(scene)) is not False:
                yield number, truth is True, () if truth else named(rule.lacks(scene))


def named(facts: Iterable[str]) -> tuple[str, ...]:
    """Facts as results list them: sorted, without the truths of comparisons, which are no facts of their own."""
    return tuple(sorted({f for f in facts if not f.startswith("\x00")}))


def _reason(state: str, reason: str) -> str:
    """The reason of a record that can be assigned in one way only (``judge.Judge.judge``)."""
    if state in ("rejected", "not_recognised"):
        return state
    return "missing_fact" if reason == "counted" and state == "review" else reason


def _repeated(draft: Draft) -> Any:
    return lambda names: draft.get("\x00repeated:" + ",".join(names)) is True


_STAGES = ("recognise", "reject", "convert", "add", "assign", "count_once", "caps", "measures", "flags")


# --- making a law -----------------------------------------------------------------------------------------------------


@light.dataclass(frozen=True, slots=True)
class Known(tree.Compare):
    """A comparison of two facts whose truth a draft holds; ``original``: what it says, where walks find its facts."""

    original: tree.Condition | None = None


def law_of(number: int, plan: Plan) -> tuple[Law, Probes]:
    """A plan as a law, and what its record rules look at, apart from flags."""
    plan = dataclasses.replace(plan, flags=())
    probes = Probes(world_of(plan), _period_sources(plan))
    _probe(plan, probes)
    names = {node: f"\x00pair:{number}:{place}" for place, node in enumerate(probes.pairs)}
    claims = {
        rule.key: f"\x00claim:{number}:{place}"
        for place, rule in enumerate(plan.assign)
        if rule.statement.by == "claim"
    }
    prepared = prepare(_substituted(plan, names)) if names else prepare(plan)
    return Law(number, plan, prepared, claims, _sums_of(prepared)), probes


def flag_law_of(number: int, plan: Plan) -> tuple[Law, Probes]:
    """A plan's flags as a law, and what they look at."""
    probes = Probes(world_of(plan), (tree.YearOf("end"),))
    probes.probe("end")
    for rule in plan.flags:
        probes.span(rule.start, rule.until)
        for statement in rule.statements:
            _probe_statement(statement, probes)
    names = {node: f"\x00pair:{number}:{place}" for place, node in enumerate(probes.pairs)}
    nothing: dict[str, Any] = {stage: () for stage in _STAGES if stage != "flags"}
    own = dataclasses.replace(plan, **nothing)
    return Law(number, own, prepare(_substituted(own, names) if names else own), {}, []), probes


def _sums_of(prepared: Prepared) -> list[Sum]:
    """Everything that decisions and findings add up."""
    later = prepared.later
    wanted = {("total", False): None, **{(s, False): None for s in (*later.subjects, *later.measure_names)}}
    for rule in later.require:
        for statement in (rule.rule.statement, *(k.rule.statement for k in rule.kept)):
            assert isinstance(statement, tree.Require)
            wanted[statement.measure, statement.this_period] = None
            if isinstance(statement.figure, tree.Share) and not statement.figure.of_requirement:
                wanted[statement.figure.measure, False] = None
    sums: list[Sum] = []
    for name, this_period in wanted:
        rules = [r for r in later.measures if r.rule.statement.name == name]  # type: ignore[attr-defined]
        if rules:
            sums += [Sum(name, rule, this_period) for rule in rules]
        elif (name == "total" or later.plan.vocabulary.find("measure", name) is None) and not any(
            s.measure == name for s in sums
        ):
            sums.append(Sum(name))
    return sums


def _period_sources(plan: Plan) -> tuple[tree.Operand, ...]:
    """On what it rests in which period a record counts: its days, and the fields that claims name."""
    sources: dict[tree.Operand, None] = {tree.YearOf("end"): None}
    for rule in plan.assign:
        if rule.statement.by in ("start", "split"):
            sources[tree.YearOf("start")] = None
        elif rule.statement.by == "claim":
            sources[tree.Field(rule.statement.field or "")] = None
    return tuple(sources)


def _probe(plan: Plan, probes: Probes) -> None:
    """What the rules about records look at."""
    for name in ("end", "form", "unit", "quantity"):
        probes.probe(name)
    probes.probe("quantity").cuts.add(Fraction(0))
    probes.probe("unit").values.update(UNITS)
    for stage in (plan.recognise, plan.reject, plan.convert, plan.add, plan.exchange, plan.assign):
        for rule in stage:
            probes.span(rule.start, rule.until)
    stages = (
        plan.recognise, plan.reject, plan.convert, plan.add, plan.assign, plan.count_once, plan.caps, plan.measures,
    )  # fmt: skip
    one: PlanRule[Any]
    for rules in stages:
        for one in rules:
            for statement in one.statements:
                _probe_statement(statement, probes)
    for required in plan.require:
        for wanted in required.statements:
            _probe_measure(wanted.measure, plan, probes)
            if isinstance(wanted.figure, tree.Share):
                _probe_measure(wanted.figure.measure, plan, probes)
    for word in plan.vocabulary.terms_of("subject"):
        probes.probe("subject").values.add(word.id)


def _probe_measure(name: str, plan: Plan, probes: Probes) -> None:
    if name != "total" and plan.vocabulary.find("measure", name) is None:
        probes.what(tree.What((name,)))


def _probe_statement(statement: tree.Statement, probes: Probes) -> None:
    probes.what(getattr(statement, "what", None))
    probes.condition(statement.when)
    if isinstance(statement, tree.Convert | tree.Add):
        if isinstance(statement.figure, tree.Lookup):
            probes.lookup(statement.figure)
        if isinstance(statement, tree.Convert) and statement.divisor is not None:
            if probes.world.fields[statement.divisor.field].of != "record":
                raise Inexpressible("a division by a fact of the person")
            probes.probe(statement.divisor.field)
    elif isinstance(statement, tree.Cap):
        probes.what(tree.What(statement.taking))
        if isinstance(statement.figure, tree.Lookup):
            _probe_limit(statement.figure, probes)
    elif isinstance(statement, tree.Assign) and statement.field:
        probes.probe(statement.field)


def _probe_limit(figure: tree.Lookup, probes: Probes) -> None:
    """A limit that a table gives by facts of the person; those of a record it can't see."""
    for place, argument in enumerate(figure.arguments):
        if isinstance(argument, tree.Field) and probes.world.fields[argument.id].of == "person":
            probes.table_key(figure.table, place, argument, only_existence=False)
        elif not isinstance(argument, tree.ThisYear | tree.Term | tree.Value):
            raise Inexpressible("a limit by a date or by a fact of a record")


def _substituted(plan: Plan, names: dict[tree.Condition, str]) -> Plan:
    """The plan with its comparisons of two facts as facts of their own."""

    def replace(node: tree.Condition) -> tree.Condition | None:
        name = names.get(node)
        return None if name is None else Known(tree.Field(name), "=", tree.Value(True), original=node)

    def changed(rule: PlanRule[Any]) -> PlanRule[Any]:
        kept = tuple((k, dataclasses.replace(s, when=rewritten(s.when, replace))) for k, s in rule.kept)
        statement = dataclasses.replace(rule.statement, when=rewritten(rule.statement.when, replace))
        return dataclasses.replace(rule, statement=statement, kept=kept)

    fields = {**plan.fields, **{n: FieldDecl(n, "record", "yes_no") for n in names.values()}}
    new: dict[str, Any] = {stage: tuple(changed(r) for r in getattr(plan, stage)) for stage in _STAGES}
    return dataclasses.replace(plan, fields=fields, **new)
