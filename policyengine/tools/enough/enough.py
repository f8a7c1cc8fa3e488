"""What would be enough: a decision that is not met goes in, the fewest facts or the hours that would meet it come out.

Nothing is guessed: every option is tried as a case of its own before it is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import ceil

from policyengine.engines.calendar import period_bounds, period_of
from policyengine.engines.ready import Ready
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.records.model import Record
from policyengine.tools.enough.facts import Way, by_facts
from policyengine.tools.enough.samples import MOST_ACTIVITIES, Sample, Samples, Want
from policyengine.tools.enough.trial import Situation, Tried
from policyengine.tools.enough.wishes import supplied
from policyengine.tools.explain.case import UNMET, Remedy, beyond_more, exceeded, kept, lacking, of_period
from policyengine.trace import Finding

ZERO = Fraction(0)
ONE = (tree.PerActivity, tree.PerDay, tree.PerField)


@dataclass(frozen=True, slots=True)
class Enough:
    """``remedies``: for each firm requirement of a decision that is not met. ``together``: whether the first of each
    requirement, all together, meet all that is asked, maxima too. ``short``: the measures of which less than is
    expected, or more, may be there all the same."""

    remedies: tuple[Remedy, ...] = ()
    together: bool = True
    short: tuple[str, ...] = ()


def enough_for(situation: Situation, samples: Samples, others: Sequence[Situation] = ()) -> Enough:
    """What would meet the decision's firm requirements; nothing where nothing is lacking.

    ``others``: the case under the other policies that may govern; only what is enough under them too is a remedy.
    """
    if situation.decision.outcome not in UNMET:
        return Enough()
    findings = of_period(situation.decision, situation.result.findings)
    needed = lacking(findings, situation.spared)
    ways: list[list[Way]] = []
    for f in needed:
        used = sum(len(way.added) for each in ways for way in each)
        ways.append([*by_facts(situation, f), *_by_hours(situation, f, samples, used)])
    for f in exceeded(findings, situation.spared):
        if _share(situation, f) is not None:  # more of anything else makes it a smaller share
            used = sum(len(way.added) for each in ways for way in each)
            needed.append(f)
            ways.append(_by_hours(situation, f, samples, used))
    if others:
        ways = _under_all(ways, others)
    sets = [[way] for way in ways[0]] if len(ways) == 1 else [[each[0] for each in ways if each]]
    if len(needed) < 2 and not _spoilable(situation) and not beyond_more(findings, situation.spared):
        together = True
    else:
        together = all(ways) and all(_all_met(situation, each) for each in sets)
    expected = [f for f in findings if f.advisory and f.status in UNMET] if any(ways) else []
    after = [_after(situation, each) for each in sets if expected]
    short = dict.fromkeys(
        f.measure for f in expected for found in after if f.rule not in found or found[f.rule].status != "met"
    )
    return Enough(tuple(way.remedy for each in ways for way in each), together, tuple(short))


def _under_all(ways: list[list[Way]], others: Sequence[Situation]) -> list[list[Way]]:
    """Of one requirement those ways that are enough under the other policies too; of several all or none."""
    if len(ways) == 1:
        return [[way for way in ways[0] if all(_all_met(o, [way]) for o in others)]]
    first = [each[0] for each in ways if each]
    return ways if all(_all_met(o, first) for o in others) else [[] for _ in ways]


def _after(situation: Situation, ways: Sequence[Way]) -> Mapping[str, Finding]:
    """What is found once all of these are done, by rule."""
    changed: dict[str, Record] = {}
    for record in (r for way in ways for r in way.changed):
        changed[record.record_id] = supplied(changed.get(record.record_id, record), record.facts)
    return situation.tried(changed.values(), [r for way in ways for r in way.added]).findings


def _all_met(situation: Situation, ways: Sequence[Way]) -> bool:
    """Whether nothing is lacking, nor too much, once all of these are done."""
    found, spared = _after(situation, ways).values(), situation.spared
    return not lacking(found, spared) and not beyond_more(found, spared)


# --- more hours -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Offer:
    """Forms that the same rules speak of, with an activity in one of them that is worth the hours that are short."""

    forms: tuple[str, ...]
    sample: Sample
    caps: frozenset[str]
    alike: bool
    does: bool | None = None
    pieces: int = 0  # into how many activities the hours are divided; 0: as many as they take
    counted: Fraction = ZERO  # of the activities, at least, as they were tried


@dataclass(frozen=True, slots=True)
class Trial:
    """What is wanted of activities, and whether none of them may put another requirement at risk.

    ``no_more``: activities that count more than is wanted show nothing: of a share that grows with what counts, more of
    them may be enough where just so many are not.
    """

    situation: Situation
    want: Want
    keeps_others: bool
    no_more: bool = False

    def enough(self, records: Iterable[Record]) -> bool:
        """Whether the requirement is met once these are there."""
        records = list(records)
        tried = self.situation.tried(added=records)
        after = tried.findings.get(self.want.finding.rule)
        if self.no_more and sum(tried.counted.get(r.record_id, ZERO) for r in records) > self.want.hours:
            return False
        return after is not None and kept(after) and not self.spoiled(tried)

    def spoiled(self, tried: Tried) -> bool:
        spared = self.situation.spared
        before = _at_risk(_before(self.situation), spared)
        return self.keeps_others and bool(_at_risk(tried.findings.values(), spared) - before)

    def raises(self, tried: Tried) -> bool:
        """Whether more is required of some measure than before: what is tried together might make up for it there."""
        return any(
            f.rule in tried.findings and tried.findings[f.rule].required_high != f.required_high
            for f in _before(self.situation)
            if not f.advisory
        )


def _before(situation: Situation) -> tuple[Finding, ...]:
    return of_period(situation.decision, situation.result.findings)


def _at_risk(findings: Iterable[Finding], spared: Set[str]) -> set[str]:
    """The firm maxima that are exceeded, or may be, and what is lacking of the others."""
    found = list(findings)
    most = (f for f in found if f.comparison != ">=" and not f.advisory)
    beyond = (f for f in most if f.required is not None and (f.achieved_high is None or f.achieved_high > f.required))
    return {f.rule for f in (*beyond, *lacking(found, spared))}


def _spoilable(situation: Situation) -> bool:
    """Whether there is a firm requirement that more activities might leave unmet: a maximum, or a share of a total that
    grows with them."""
    firm = [f for f in _before(situation) if not f.advisory]
    return any(f.comparison != ">=" or _share(situation, f) is not None for f in firm)


def _share(situation: Situation, f: Finding) -> tree.Share | None:
    """The share of what counts that is required or allowed, where it is that: it grows with what counts."""
    for rule in situation.prepared.later.require:
        figure = rule.rule.statement.figure  # type: ignore[attr-defined]
        if rule.key == f.rule and isinstance(figure, tree.Share) and not figure.of_requirement:
            return figure
    return None


def _by_hours(situation: Situation, f: Finding, samples: Samples, used: int) -> list[Way]:
    """As many more hours as are short, in the forms in which they would count in full; such as leave no other
    requirement unmet, if there are any. ``used``: how many activities there are for other requirements."""
    for keeps_others in (True, False) if _spoilable(situation) else (False,):
        for want in _wants(situation, f, samples):
            no_more = want.hours == f.shortfall and _share(situation, f) is not None
            way = _way_of_hours(Trial(situation, want, keeps_others, no_more), samples, used)
            if way is not None:
                return [way]
    return []


def _wants(situation: Situation, f: Finding, samples: Samples) -> Iterator[Want]:
    """What may be asked of more activities: the latest days first, any subject before a certain one."""
    for hours in _amounts(situation, f):
        for days in (d for left in _days_left(situation, f) for d in (left, *samples.turns(left))):
            for subject in (None, *samples.subjects()):
                yield Want(f, hours, days, subject)


def _amounts(situation: Situation, f: Finding) -> Iterator[Fraction]:
    """The hours that are short; of a share of a total that grows with them, so many that they make up for that too; of
    too large a share so many of something else that it is none."""
    share = _share(situation, f)
    if f.comparison == ">=":
        yield f.shortfall
        if share is not None and share.value < 1:
            yield f.shortfall / (1 - share.value)
    elif share is not None and share.value > 0:
        yield f.shortfall / share.value


def _days_left(situation: Situation, f: Finding) -> Iterator[tuple[date, date]]:
    """The periods of the window, the last first; of a window that has not ended only the days from ``as_of`` on.

    Within one period: what lasts for several is divided among them, and each has its own caps.
    """
    first, last = f.window
    if situation.as_of is not None and first < situation.as_of <= last:
        first = situation.as_of
    start = situation.prepared.plan.year_start
    for period in range(period_of(last, start), period_of(first, start) - 1, -1):
        begin, end = period_bounds(period, start)
        yield max(first, begin), min(last, end)


def _way_of_hours(trial: Trial, samples: Samples, used: int) -> Way | None:
    want, situation = trial.want, trial.situation
    offers: list[Offer] = []
    does_not: list[str] = []
    foreign = False  # whether there are forms that count, but not toward what is measured
    for kind in samples.kinds:
        sample = samples.find(kind, want, situation)
        if sample is not None:
            offers.append(Offer(kind.forms, sample, kind.caps, kind.alike))
        elif samples.recognised(kind, want):  # what is recognised and is not sure to count in full is not enough
            if samples.belongs(kind, want) or want.finding.comparison != ">=":
                does_not += kind.forms
            else:
                foreign = True
    first: dict[frozenset[str], Offer] = {}
    tried: list[Offer] = []
    for offer in offers:
        alike = offer.alike and not trial.keeps_others  # other requirements may tell their forms apart
        if not alike or first.setdefault(offer.caps, offer) is offer:
            tried.append(offer)
    for together in _apart(tried):
        _try_together(trial, together)
    for offer in offers:
        if offer.does is None:  # what is cut by the same caps fares alike
            twin = first[offer.caps]
            offer.does, offer.counted = twin.does, twin.counted
        if not offer.does and offer.sample.limited and offer.counted:
            _try_divided(trial, offer)
    does = [t for o in offers if o.does for t in o.forms]
    does_not = [*(t for o in offers if not o.does for t in o.forms), *does_not]
    if not does:
        return _way_of_several(trial, [o for o in offers if o.counted], used)
    outside, within = (does_not, []) if len(does_not) <= len(does) and not foreign else ([], does)
    best, share = next(o for o in offers if o.does), _share(situation, want.finding)
    remedy = Remedy(
        want.finding.rule,
        want.hours,
        want.days[1],
        want.finding.measure if share is None or want.finding.comparison == ">=" else share.measure,
        outside=tuple(outside),
        within=tuple(within),
        subject=want.subject,
        limits=_limits(situation, samples, want, [o for o in offers if o.does]),
    )
    return Way(remedy, added=tuple(best.sample.records(want, situation, best.pieces, used)))


def _limits(situation: Situation, samples: Samples, want: Want, offers: Iterable[Offer]) -> tuple[str, ...]:
    """The rules by which one activity, one day or one value of a field would not count so many hours: they are to be
    divided; and the caps of which only some activities of that kind are free."""
    of_one = {c.key: c for c in situation.prepared.later.caps if isinstance(c.rule.statement.window, ONE)}  # type: ignore[attr-defined]
    keys = {r.key for cap in of_one.values() for r in (cap, *cap.kept)}
    found: dict[str, None] = {}
    for offer in offers:
        if offer.pieces and offer.sample.limit:
            found[offer.sample.limit] = None
        if not offer.caps.isdisjoint(of_one):
            records = [replace(r, start=r.end) for r in offer.sample.records(want, situation)]  # on one day
            found.update((key, None) for key in _cutting(situation, records) if key in keys)
        for cap in situation.prepared.later.caps:
            if cap.key in offer.caps and cap.key not in found and _catches(situation, samples, want, offer, cap):
                found[cap.key] = None
    return tuple(found)


def _cutting(situation: Situation, records: Sequence[Record]) -> list[str]:
    """The caps that cut these activities."""
    tried = situation.tried(added=records)
    return [key for r in records for key in tried.cut_by.get(r.record_id, ())]


def _catches(situation: Situation, samples: Samples, want: Want, offer: Offer, cap: Ready) -> bool:
    """Whether a cap with a condition cuts activities like the tried ones that have what it asks for."""
    for facts in samples.caught(offer.forms[0], cap, want, situation):
        records = [replace(r, facts={**r.facts, **facts}) for r in offer.sample.records(want, situation)]
        if cap.key in _cutting(situation, records):
            return True
    return False


def _apart(offers: Iterable[Offer]) -> list[list[Offer]]:
    """Groups in which no two have a cap in common: they don't stand in each other's way."""
    groups: list[list[Offer]] = []
    for offer in offers:
        for group in groups:
            if all(offer.caps.isdisjoint(o.caps) for o in group):
                group.append(offer)
                break
        else:
            groups.append([offer])
    return groups


def _try_together(trial: Trial, offers: Sequence[Offer]) -> None:
    """Try activities that don't stand in each other's way in one case.

    One would do alone if it counts in full, what is achieved grows by just what the activities count, and what is
    required doesn't grow with it; else it is tried alone. So is one that doesn't count in full where there are not
    enough values of their own for all.
    """
    f = trial.want.finding
    each = _activities(trial, [(o, trial.want.hours) for o in offers])
    records = [r for some in each for r in some]
    tried = trial.situation.tried(added=records)
    after = tried.findings.get(f.rule)
    for offer, own in zip(offers, each, strict=True):
        offer.counted = sum((tried.counted.get(r.record_id, ZERO) for r in own), ZERO)
    # where the law leaves open how much is required, what is short of its least is not enough
    adds_up = f.comparison != ">=" or f.required_high is not None
    adds_up = adds_up and after is not None and not trial.raises(tried) and not trial.spoiled(tried)
    adds_up = adds_up and after is not None and after.achieved - f.achieved == sum(o.counted for o in offers)
    alike = len(offers) > 1 and any(_alike(records, d.id) for d in offers[0].sample.compared)
    for offer, own in zip(offers, each, strict=True):
        full = offer.counted >= trial.want.hours
        # what no cap cuts and does not count in full may repeat a record, or the other way round
        perhaps = alike or not any(r.record_id in tried.cut_by and tried.cut_by[r.record_id] for r in own)
        alone = offer.sample.records(trial.want, trial.situation)
        offer.does = (full and adds_up) or ((full or perhaps) and trial.enough(alone))


def _activities(trial: Trial, parts: Iterable[tuple[Offer, Fraction]], used: int = 0) -> list[list[Record]]:
    """For each offer activities that are worth so many hours, all with values of their own."""
    each: list[list[Record]] = []
    for offer, hours in parts:
        first = used + sum(map(len, each))
        each.append(list(offer.sample.records(replace(trial.want, hours=hours), trial.situation, first=first)))
    return each


def _way_of_several(trial: Trial, offers: Sequence[Offer], used: int) -> Way | None:
    """The hours divided among forms of which none alone would do, each as far as limits let it count."""
    want, situation = trial.want, trial.situation
    each = _activities(trial, [(o, want.hours) for o in offers])
    if len(each) < 2:
        return None
    tried = situation.tried(added=[r for own in each for r in own])
    left, parts, limits = want.hours, list[tuple[Offer, Fraction]](), dict[str, None]()
    for offer, own in zip(offers, each, strict=True):
        part = min(left, sum((tried.counted.get(r.record_id, ZERO) for r in own), ZERO))
        if part > 0:
            left -= part
            parts.append((offer, part))
            limits.update((key, None) for r in own for key in tried.cut_by.get(r.record_id, ()))
    added = [r for own in _activities(trial, parts, used) for r in own]
    if left > 0 or not trial.enough(added):
        return None
    remedy = Remedy(
        want.finding.rule,
        want.hours,
        want.days[1],
        want.finding.measure,
        within=tuple(form for offer, _ in parts for form in offer.forms),
        subject=want.subject,
        limits=tuple(limits),
    )
    return Way(remedy, added=tuple(added))


def _try_divided(trial: Trial, offer: Offer) -> None:
    """Try the hours in as many activities as a limit of one of them asks for, or as many times an activity."""
    sample, hours = offer.sample, trial.want.hours
    number = sample.least(hours)
    pieces = ceil(number * hours / offer.counted)
    options = [sample] if sample.quantity is not None or sample.worth else []
    if not sample.worth and sample.limit and sample.quantity is not None:  # a rounding may leave less of each part
        options.append(replace(sample, quantity=sample.quantity * hours, worth=offer.counted))
    for option in options if pieces <= MOST_ACTIVITIES else ():
        if trial.enough(option.records(trial.want, trial.situation, pieces)):
            offer.does, offer.sample, offer.pieces = True, option, pieces
            return


def _alike(records: Sequence[Record], name: str) -> bool:
    """Whether some of them have one value, or none."""
    values = {r.facts.get(name) for r in records}
    return None in values or len(values) < len(records)
