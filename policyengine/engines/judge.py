"""Stages 1 to 3: a record is recognised, converted and assigned. Takes a record, gives what it may count, where.

``docs/semantics.md`` states the meaning; every amount is an interval of exact numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from datetime import date

from policyengine.engines.assign import Days, Shares, in_time, shares
from policyengine.engines.calendar import period_of
from policyengine.engines.convert import Converting
from policyengine.engines.facts import Scene, Test, Truth, World
from policyengine.engines.numbers import NOTHING, ZERO, Amount, Number, add_up, times, whole
from policyengine.engines.ready import Ready, Stage, in_force, ready
from policyengine.engines.truth import all_of, any_of
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.plan.model import Plan
from policyengine.records.model import Person, Record

Missing = tuple[str, ...]
NONE: Missing = ()
Given = tuple[Truth, Amount | None, Missing, str]
"""Whether a rule applies; what it gives; what is missing; the keys of it and what is kept beside it that give that."""
INAPPLICABLE: Given = (False, None, NONE, "")


@dataclass(slots=True)
class Judged:
    """One record after stage 3. ``claimed``: its shares by period if it is recognised; ``shares``: what they count.

    ``state``: recognised, rejected, not_recognised or review. ``reason``: as in the ledger, before caps.
    ``other_days``: None where it is known how the record is assigned; else, by periods in which all of it or its part
    of them may count, all of its days (``shares_days`` has those of the part).
    """

    record: Record
    scene: Scene
    state: str
    recognise_rule: str
    convert_rule: str
    assign_rule: str
    reason: str
    missing: Missing
    shares: dict[int, Amount]
    claimed: dict[int, Amount]
    shares_days: dict[int, Days]
    other_days: dict[int, Days] | None

    def named(self, facts: Iterable[str]) -> set[str]:
        """Facts that the record or its person lacks, as findings name them: ``R001:evidence``, ``person:sector``."""
        return {f if f.startswith("person:") else f"{self.record.record_id}:{f}" for f in facts}


class Judge:
    """Stages 1 to 3 of one plan, compiled."""

    def __init__(self, plan: Plan, world: World):
        self.plan, self.world = plan, world
        self.recognise, self.reject = ready(plan.recognise, world), ready(plan.reject, world)
        self.convert, self.add = ready(plan.convert, world), ready(plan.add, world)
        self.assign, self.exchange = ready(plan.assign, world), ready(plan.exchange, world)
        for rule in self.recognise:
            with_kept(rule, all_of)
        for rule in self.reject:
            with_kept(rule, any_of)
        self._recognise, self._reject = Stage(self.recognise), Stage(self.reject)
        self._convert, self._add, self._assign = Stage(self.convert), Stage(self.add), Stage(self.assign)
        self._converting = {
            id(r.rule.statement): Converting.of(r.rule.statement, plan, world)  # type: ignore[arg-type]
            for rule in (*self.convert, *self.add)
            for r in (rule, *rule.kept)
        }

    def judge(self, record: Record, person: Person) -> Judged:
        """Recognise, convert and assign one record."""
        scene = Scene(person.facts, (), record, period_of(record.end, self.plan.year_start))
        form = record.facts.get("form")
        state, by, doubts = self._recognised(scene, form)
        amount, convert_rule, reason, unsettled = self._converted(scene, form)
        if self.assign:
            placed, assign_rule, ambiguous, unassigned, others = self._assigned(scene, form, amount)
            claimed = {p: a for p, (a, _) in placed.items()}
            days = {p: d for p, (_, d) in placed.items()}
        else:
            assign_rule, ambiguous, unassigned, others = "", False, NONE, None
            claimed, days = {scene.period: amount}, {scene.period: (record.start, record.end)}
        if state in ("rejected", "not_recognised"):
            reason = state
        elif reason in ("counted", "missing_fact", "ambiguous"):
            if ambiguous:
                reason = "ambiguous"
            elif reason == "counted" and (state == "review" or unassigned):
                reason = "missing_fact"
        counted = claimed
        if state == "review":
            counted = {p: (ZERO, a[1]) for p, a in claimed.items()}
        elif state != "recognised":
            counted = dict.fromkeys(claimed, NOTHING)
        missing = tuple(sorted({*doubts, *unsettled, *unassigned})) if doubts or unsettled or unassigned else ()
        return Judged(
            record, scene, state, by, convert_rule, assign_rule, reason, missing, counted, claimed, days, others
        )

    # --- 1. recognise ---------------------------------------------------------------------------------------------

    def _recognised(self, scene: Scene, form: object) -> tuple[str, str, Missing]:
        """State, the deciding rule's key, and the facts that would settle a record in need of review."""
        assert scene.record is not None
        day = scene.record.end
        state, by, spoke = "not_recognised", "", ""
        doubts: list[Ready] = []
        for rule in self._recognise.of(form, day):
            truth = rule.test(scene)
            if truth:
                state, by = "recognised", rule.key
                break
            if truth is None:
                doubts.append(rule)
            elif not spoke and rule.about(scene):
                spoke = rule.decided_by(scene, False)
        if state != "recognised":
            if not doubts:
                return ("rejected", spoke, ()) if spoke else (state, "", ())
            state, by = "review", doubts[0].decided_by(scene, None)
        else:
            doubts = []
        for rule in self._reject.of(form, day):
            truth = rule.test(scene)
            if truth:
                return "rejected", rule.decided_by(scene, True), ()
            if truth is None:
                if state == "recognised":
                    state, by = "review", rule.decided_by(scene, None)
                doubts.append(rule)
        return state, by, tuple({name for rule in doubts for name in rule.lacks(scene)}) if doubts else NONE

    # --- 2. convert -----------------------------------------------------------------------------------------------

    def _converted(self, scene: Scene, form: object) -> tuple[Amount, str, str, Missing]:
        """Amount in the plan's unit, rule keys joined by ``+``, reason, and the facts that would settle it."""
        record = scene.record
        assert record is not None
        rules = self._convert.of(form, record.end)
        found = [given for rule in rules if (given := self._given(rule, scene))[0] is not False]
        if len(found) == 1 and not self.add:
            truth, only, lacks, key = found[0]
            if truth and only is not None:
                settled = only[0] is only[1] or only[0] == only[1]
                return only, key, "counted" if settled else "missing_fact", NONE if settled else lacks
        sure = [amount for truth, amount, _, _ in found if truth and amount is not None]
        maybe = [amount for truth, amount, _, _ in found if truth is None and amount is not None]
        keys = [key for _, amount, _, key in found if amount is not None]
        missing = {name for _, _, lacks, _ in found for name in lacks}
        unexchanged = len(keys) < len(found)
        sure_unexchanged = any(truth and amount is None for truth, amount, _, _ in found)
        if not sure and not maybe:
            amount, reason = NOTHING, "no_exchange" if unexchanged else "no_conversion"
        else:
            every = sure + maybe + ([NOTHING] if unexchanged or not sure else [])
            amount = min(a for a, _ in every), max(b for _, b in every)
            several = len(sure) + sure_unexchanged > 1
            reason = "ambiguous" if several else "counted" if len(every) == 1 else "missing_fact"
        adds: Truth = False
        if self.add:
            spoke: Truth = False
            for rule in rules:
                spoke = either(spoke, rule.about(scene))
            adds = True if sure or spoke is False else None if maybe or spoke is None else False
            if adds is None and spoke is None:
                missing.update(rule.owner for rule in rules if rule.owner and rule.about(scene) is None)
        if adds is not False:
            extra, more, also = self._added(scene, form, sure_to_apply=adds is True)
            if more:
                keys += more
                missing.update(also)
                amount = amount[0] + extra[0], amount[1] + extra[1]
                reason = "counted" if reason in ("no_conversion", "no_exchange") else reason
        if reason == "counted" and amount[0] != amount[1]:
            reason = "missing_fact"
        open_ = reason == "missing_fact" or amount[0] != amount[1]  # also which of two rules converts it, to one amount
        return amount, "+".join(keys), reason, tuple(missing) if open_ else NONE

    def _added(self, scene: Scene, form: object, sure_to_apply: bool) -> tuple[Amount, list[str], set[str]]:
        """What the ``add`` rules give together, their keys, and the facts that would settle it."""
        assert scene.record is not None
        lows: list[Number] = []
        highs: list[Number] = []
        keys: list[str] = []
        missing: set[str] = set()
        for rule in self._add.of(form, scene.record.end):
            truth, amount, lacks, key = self._given(rule, scene)
            if truth is not False and amount is not None:
                keys.append(key)
                missing.update(lacks)
                lows.append(amount[0] if truth and sure_to_apply else ZERO)
                highs.append(amount[1])
        return (add_up(lows), add_up(highs)), keys, missing

    def _given(self, rule: Ready, scene: Scene) -> Given:
        """Does the rule apply; what it gives in the plan's unit (None: no exchange leads there); what is missing; its
        key, or that of a base rule that is kept beside it and gives less."""
        record = scene.record
        assert record is not None
        converting = self._converting[id(rule.rule.statement)]
        suits = converting.takes(record)
        if suits is False:
            return INAPPLICABLE
        truth = rule.test(scene)
        if truth is False:
            return INAPPLICABLE
        amount, lacks = converting.amount(scene)
        if truth is None:
            lacks = (*lacks, *rule.lacks(scene))
        if suits is None:
            truth, lacks = None, (*lacks, "unit")
        rate = self.rate(converting.unit, record.end)
        if rate is None:
            return truth, None, (), rule.key
        if rate != 1:
            amount = times(amount[0], rate), times(amount[1], rate)
        key = rule.key
        for kept in rule.kept:
            allowed, most, more, other = self._given(kept, scene)
            if allowed is not False and most is not None:
                lacks = (*lacks, *more)
                less = min(amount[0], most[0]), min(amount[1], most[1]) if allowed else amount[1]
                if less != amount:
                    key = other if less == most else f"{key}+{other}"
                amount = less
        return truth, amount, lacks, key

    def rate(self, unit: str, day: date) -> Number | None:
        """What one ``unit`` is worth in the plan's unit on that day; None without an exchange."""
        if unit == self.plan.unit:
            return 1
        found = self.exchanging(unit, day)
        return None if found is None else found[1]

    def exchanging(self, unit: str, day: date) -> tuple[str, Number] | None:
        """The key of the rule that exchanges ``unit`` for the plan's unit on that day, and at which rate."""
        for rule in self.exchange:
            statement = rule.rule.statement
            if in_force(rule, day) and isinstance(statement, tree.Exchange):
                give, take = statement.give, statement.take
                if (give.unit, take.unit) == (unit, self.plan.unit):
                    return rule.key, whole(take.value / give.value)
                if (take.unit, give.unit) == (unit, self.plan.unit):
                    return rule.key, whole(give.value / take.value)
        return None

    # --- 3. assign ------------------------------------------------------------------------------------------------

    def _assigned(
        self, scene: Scene, form: object, amount: Amount
    ) -> tuple[Shares, str, bool, Missing, dict[int, Days] | None]:
        """Shares by period with their days, the rule's key, whether ambiguous, what would settle it, and
        ``other_days``."""
        record, year_start = scene.record, self.plan.year_start
        assert record is not None
        by_end: Shares = {scene.period: (amount, (record.start, record.end))}
        options: list[tuple[str, Shares]] = []
        missing: set[str] = set()
        settled = ambiguous = False
        named = ""  # the first rule that is true
        rules = list(self._assign.of(form, record.end))
        for tier in ([r for r in rules if r.named], [r for r in rules if not r.named]):
            sure = 0
            for rule in tier:
                statement = rule.rule.statement
                assert isinstance(statement, tree.Assign)
                truth = in_time(statement, record, year_start) and rule.test(scene)
                if truth is False:
                    continue
                if truth is None:
                    missing.update(rule.lacks(scene))
                else:
                    named = named or rule.key
                    sure += 1
                options.append((rule.key, shares(self.in_counted(statement, record.end), record, amount, year_start)))
            settled, ambiguous = settled or sure > 0, ambiguous or sure > 1
            if settled:
                break
        if not settled:
            options.append(("", by_end))
        first = options[0][1]
        if all(placed == first for _, placed in options):
            return first, named, False, (), None
        union, others = _union([placed for _, placed in options])
        return union, "+".join(k for k, _ in options if k), ambiguous, tuple(missing), others

    def in_counted(self, statement: tree.Assign, day: date) -> tree.Assign:
        """The sentence with the step of its rounding in the plan's unit, at that day's exchange."""
        rounding = statement.rounding
        rate = 1 if rounding is None else self.rate(rounding.step.unit, day)
        if rounding is None or rate is None or rate == 1:  # check refuses a step that no exchange leads from
            return statement
        step = tree.Quantity(rounding.step.value * rate, self.plan.unit)
        return dataclasses.replace(statement, rounding=dataclasses.replace(rounding, step=step))


def _union(options: list[Shares]) -> tuple[Shares, dict[int, Days]]:
    """Bounds over several ways to assign one record, on the fewest of its days; and the most, where they differ: all
    of its days instead of its part of them."""
    union: Shares = {}
    others: dict[int, Days] = {}
    for period in sorted({p for placed in options for p in placed}):
        amounts = [placed[period][0] if period in placed else NOTHING for placed in options]
        days = [placed[period][1] for placed in options if period in placed]
        fewest = max(a for a, _ in days), min(b for _, b in days)
        most = min(a for a, _ in days), max(b for _, b in days)
        union[period] = (min(a for a, _ in amounts), max(b for _, b in amounts)), fewest
        if fewest != most:
            others[period] = most
    return union, others


def either(one: Truth, other: Truth) -> Truth:
    """Kleene's "or"."""
    return True if one or other else None if one is None or other is None else False


def with_kept(rule: Ready, joined: Callable[[list[Test]], Test]) -> None:
    """Restrict a rule by the base rules kept beside it."""
    if rule.kept:
        rule.own = rule.test
        rule.test = joined([rule.test, *(k.test for k in rule.kept)])
        rule.when = joined([rule.when, *(k.test for k in rule.kept)])
        rule.asks = tuple(dict.fromkeys(d for r in (rule, *rule.kept) for d in r.asks))
        rule.consults = tuple(dict.fromkeys(f for r in (rule, *rule.kept) for f in r.consults))
