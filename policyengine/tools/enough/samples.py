"""Activities as the rules want them: a form and a requirement go in, a record that counts so many hours comes out.

They are found once for a policy and then only measured out anew for each person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import count, islice, repeat, takewhile
from math import ceil

from policyengine.engines.calendar import period_of
from policyengine.engines.facts import Scene, record_fact
from policyengine.engines.ready import Ready, in_force
from policyengine.engines.reference import Prepared
from policyengine.language import tree
from policyengine.language.vocabulary import FieldDecl, Vocabulary
from policyengine.light import dataclass
from policyengine.records.model import Fact, Person, Record
from policyengine.tools.enough.drafts import Draft, Drafts, first_day
from policyengine.tools.enough.trial import Situation
from policyengine.tools.enough.wishes import ANY_TEXT, Wish, supplied, wishes
from policyengine.trace import Finding

MOST_ACTIVITIES = 400  # that are tried together
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Kind:
    """Forms of which the same rules speak, and the caps among those rules.

    ``alike``: their records fare in stage 4 like those of other such forms with the same caps: no cap looks at more
    than the form, and no ``count once`` speaks of some records only.
    """

    forms: tuple[str, ...]
    caps: frozenset[str]
    alike: bool


@dataclass(frozen=True, slots=True)
class Want:
    """What activities are to do: add ``hours`` to what the finding measures, on these days, as of ``subject`` (None:
    whichever)."""

    finding: Finding
    hours: Fraction
    days: tuple[date, date]
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Facts, unit and quantity: for each hour that counts, or of one activity that counts ``worth`` at least (0: it
    grows with its quantity). ``limited``: a rule limits what one activity may count; ``limit``: its key, if it is the
    one that converts. ``compared``: fields by which it may repeat another activity or share a limit with it; each
    activity gets values of its own, while there are any. ``length``: how many days one lasts; 0: all there are."""

    facts: dict[str, Fact]
    unit: str | None
    quantity: Fraction | None
    worth: Fraction
    limited: bool
    limit: str = ""
    compared: tuple[FieldDecl, ...] = ()
    length: int = 0

    def least(self, hours: Fraction) -> int:
        """How many activities are worth the hours."""
        return ceil(hours / self.worth) if self.worth else 1

    def records(self, want: Want, situation: Situation, pieces: int = 0, first: int = 0) -> Iterator[Record]:
        """Activities that end with the days and are together worth the hours: ``pieces``, or as many as it takes.
        ``first``: the number of the first; those of different numbers have different values."""
        pieces = pieces or self.least(want.hours)
        share, start = self.quantity, first_day(want.days, self.length)
        if share is not None and not self.worth:
            share = share * want.hours / pieces
        free = {d.id: list(islice(_free(d, want, situation), first, first + pieces)) for d in self.compared}
        for number in range(pieces):
            name = f"\uffff{first + number}"  # after every record of the person in any order
            facts = {k: values[number] for k, values in free.items() if number < len(values)} | self.facts
            # texts of which only the presence matters differ, lest they be taken for one activity
            facts = {k: f"{v}{name}" if v == ANY_TEXT else v for k, v in facts.items()}
            who = want.finding.person_id
            own: dict[str, Fact] = {**facts, "record_id": name, "person_id": who}
            own |= {} if share is None else {"quantity": share}
            own |= {} if self.unit is None else {"unit": self.unit}
            yield Record(name, who, start, want.days[1], share, self.unit, own)


class Samples:
    """The samples of one policy."""

    def __init__(self, prepared: Prepared):
        self.prepared = prepared
        judge = prepared.judge
        asked = [d for r in (*judge.recognise, *judge.reject, *judge.convert, *judge.add) for d in r.asks]
        self._compared = _compared(prepared)
        self._drafts = Drafts(prepared)
        self.turns = self._drafts.turns
        # whether what does for one person may not do for another
        self._personal = self._drafts.uneven or any(d.of == "person" for d in asked)
        self._personal = self._personal or any(d.type != "text" for d in self._compared)
        windows = [c.rule.statement.window for c in prepared.later.caps]  # type: ignore[attr-defined]
        self._limited = any(isinstance(w, tree.PerActivity | tree.PerField) for w in windows)
        self._found: dict[tuple[object, ...], Sample | None] = {}

    @cached_property
    def kinds(self) -> list[Kind]:
        """The forms of the vocabulary, those together that the same rules speak of."""
        judge, later = self.prepared.judge, self.prepared.later
        rules = (*judge.recognise, *judge.reject, *judge.convert, *judge.add, *judge.assign, *later.once)
        open_caps = {c.key for c in later.caps if c.owner != "form"}
        open_once = {r.key for r in later.once if r.owner != "form"}
        per_form = any("form" in _per(r.rule.statement) for r in (*later.caps, *later.once))
        groups: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}
        for word in self.prepared.plan.vocabulary.terms_of("form"):
            caps = frozenset(c.key for c in later.caps if word.id in c.named) | open_caps
            spoken = {r.key for r in (*rules, *later.measures) if word.id in r.named}
            spoken |= {r.key for r in later.require if word.id in _measured(r.rule.statement)}
            spoken |= {word.id} if per_form else open_once
            groups.setdefault((frozenset(spoken), caps), []).append(word.id)
        subtle = {r.key for r in (*later.caps, *later.once) if _subtle(r.rule.statement)}
        return [
            Kind(tuple(forms), caps, not per_form and subtle.isdisjoint(spoken | caps))
            for (spoken, caps), forms in groups.items()
        ]

    def subjects(self) -> list[str]:
        return [w.id for w in self.prepared.plan.vocabulary.terms_of("subject")]

    def find(self, kind: Kind, want: Want, situation: Situation) -> Sample | None:
        """An activity of that kind that does what is wanted, as far as it alone decides; None where none is known."""
        key = (kind.forms, want.finding.rule, want.days, want.subject)
        if key not in self._found:
            self._found[key] = self._search(kind, want, situation)
        found = self._found[key]
        if self._personal and (found is None or not self._suits(found, want, situation)):
            return self._search(kind, want, situation)
        return found

    def _suits(self, sample: Sample, want: Want, situation: Situation) -> bool:
        return not self._repeats(sample.facts, situation) and _counts(sample, want, situation)

    def _repeats(self, facts: Wish, situation: Situation) -> bool:
        """Whether a record of the person has a value that is compared."""
        return any(d.id in facts and facts[d.id] in _taken(d, situation) for d in self._compared)

    def recognised(self, kind: Kind, want: Want) -> bool:
        """Whether some rule recognises activities of that kind."""
        bare = self._bare(kind.forms[0], want)
        scene = _scene(self.prepared, Person(""), bare)
        rules = (r for r in self.prepared.judge.recognise if in_force(r, bare.end))
        return any(r.about(scene) is not False for r in rules)

    def belongs(self, kind: Kind, want: Want) -> bool:
        """Whether activities of that kind may belong to what the finding measures."""
        form = kind.forms[0]
        return any(b.get("form", form) == form for b in self._wanted(want, self._bare(form, want)))

    def caught(self, form: str, cap: Ready, want: Want, situation: Situation) -> list[Wish]:
        """Facts with which an activity of that form that does what is wanted is under a cap that asks for them."""
        when = cap.rule.statement.when
        bare = self._bare(form, want)
        each = [replace(bare, facts={**bare.facts, **w}) for w in self._wanted(want, bare)] if when is not None else []
        found = []
        for record in each:
            scene = _scene(self.prepared, situation.person, record)
            found += [{**record.facts, **w} for w in wishes(when, self.prepared.judge.world, scene) if w]
        return [w for w in found if w.keys().isdisjoint(("quantity", "unit"))]

    def _wanted(self, want: Want, record: Record) -> list[Wish]:
        """Facts with which the record is of what is measured; not of that, where there is too much of it."""
        return (belonging if want.finding.comparison == ">=" else _apart)(self.prepared, want.finding, record)

    @staticmethod
    def _bare(form: str, want: Want) -> Record:
        day = want.days[1]
        facts: dict[str, Fact] = {"form": form}
        if want.subject is not None:
            facts["subject"] = want.subject
        return Record("", want.finding.person_id, day, day, None, None, facts)

    def _search(self, kind: Kind, want: Want, situation: Situation) -> Sample | None:
        each = (self._lasting(length, kind, want, situation) for length in (0, *self._drafts.lengths))
        return next((found for found in each if found is not None), None)

    def _lasting(self, length: int, kind: Kind, want: Want, situation: Situation) -> Sample | None:
        """An activity of that kind that lasts so many days (0: all there are)."""
        who, form, bare = situation.person, kind.forms[0], self._bare(kind.forms[0], want)
        bare = replace(bare, start=first_day(want.days, length))
        for belongs in self._wanted(want, bare):
            if belongs.get("form", form) != form:
                continue
            for draft in self._drafts.of(replace(bare, facts={**bare.facts, **belongs})):
                if any(belongs.get(k, v) != v for k, v in draft.facts.items()):
                    continue
                size = draft.quantity
                size = size * want.hours if size is not None and draft.grows else size
                given = {**bare.facts, **belongs, **draft.facts}
                blank = replace(bare, quantity=size, unit=draft.unit, facts=given)
                for converts in wishes(draft.when, self.prepared.judge.world, _scene(self.prepared, who, blank)):
                    for facts in self._options(supplied(blank, converts), given, situation):
                        sample = self._sized(draft, facts, length, want, situation)
                        if sample is not None:
                            return sample
        return None

    def _sized(
        self, draft: Draft, facts: dict[str, Fact], length: int, want: Want, situation: Situation
    ) -> Sample | None:
        """The draft as an activity that counts all the hours if it grows, else as many of it as they take."""
        quantity, unit = facts.get("quantity", draft.quantity), facts.get("unit", draft.unit)
        assert quantity is None or isinstance(quantity, Fraction)
        assert unit is None or isinstance(unit, str)
        limited = self._limited or bool(draft.limit)
        sample = Sample(facts, unit, quantity, ZERO, limited, draft.limit, self._compared, length)
        if draft.grows and quantity is not None:
            if _counts(sample, want, situation):
                return sample
            more = replace(sample, quantity=quantity * (1 + draft.step / want.hours))  # for what is rounded off
            if draft.step and _counts(more, want, situation):
                return more
            sample = replace(sample, quantity=quantity * want.hours)
        found = replace(sample, worth=want.hours)  # one activity
        low = _worth(next(found.records(want, situation)), situation)
        found = replace(found, worth=low)
        return found if low > 0 and found.least(want.hours) <= MOST_ACTIVITIES else None

    def _options(self, record: Record, given: Mapping[str, Fact], situation: Situation) -> Iterator[dict[str, Fact]]:
        """The record's facts with what some rule would recognise it by, what repeats a record of the person last; where
        that is compared and not ``given``, the activities may first have values of their own."""
        more: list[Wish] = [{}, *completions(self.prepared, situation.person, record)]
        own = {d.id for d in self._compared} - given.keys()
        for wish in sorted(more, key=lambda w: self._repeats(w, situation)):
            facts = {**record.facts, **wish}
            if not own.isdisjoint(facts):
                yield {k: v for k, v in facts.items() if k not in own}
            yield facts


def _compared(prepared: Prepared) -> tuple[FieldDecl, ...]:
    """Fields of records that ``count once`` or a cap compares."""
    names = {n for r in (*prepared.later.once, *prepared.later.caps) for n in _per(r.rule.statement)}
    return tuple(d for n in sorted(names) if (d := prepared.judge.world.fields[n]).of == "record")


def _free(decl: FieldDecl, want: Want, situation: Situation) -> Iterator[Fact]:
    """Values of a field that no record of the person has; a text stands for as many as are wanted."""
    if decl.type == "text":
        return repeat(ANY_TEXT)
    taken = _taken(decl, situation)
    values = _values(decl, want.days, situation.prepared.plan.vocabulary)
    return (v for v in values if v not in taken)


def _taken(decl: FieldDecl, situation: Situation) -> set[object]:
    return {record_fact(r, decl.id) for r in situation.records}


def _values(decl: FieldDecl, days: tuple[date, date], vocabulary: Vocabulary) -> Iterable[Fact]:
    """What a field may have in an activity on these days; of a subject nothing: that is wanted or left open."""
    match decl.type:
        case "term" if decl.id != "subject":
            return (w.id for w in vocabulary.terms_of(decl.id))
        case "yes_no":
            return (True, False)
        case "number":
            least, most, step = decl.minimum or Fraction(0), decl.maximum, Fraction(1, 10**decl.decimals)
            return takewhile(lambda v: most is None or v <= most, (least + n * step for n in count()))
        case "date":
            return (days[1] - timedelta(n) for n in range((days[1] - days[0]).days + 1))
        case "year":
            return range(days[1].year, 0, -1)
    return ()


def _per(rule: tree.Statement) -> tuple[str, ...]:
    """The fields whose values ``count once`` or a cap compares."""
    if isinstance(rule, tree.CountOnce):
        return rule.per
    window = rule.window if isinstance(rule, tree.Cap) else None
    return (window.field,) if isinstance(window, tree.PerField) else ()


def _subtle(rule: tree.Statement) -> bool:
    """Whether a cap looks at more than the form: a condition, a preference, days or activities; whether ``count once``
    speaks of some records only."""
    if isinstance(rule, tree.CountOnce):
        return bool(rule.what.terms) or rule.when is not None
    plain = isinstance(rule, tree.Cap) and isinstance(rule.window, tree.PerYears) and not rule.taking
    return not plain or rule.when is not None


def _measured(requirement: tree.Statement) -> tuple[str, ...]:
    """The measures of which a requirement speaks; one may be a form."""
    assert isinstance(requirement, tree.Require)
    figure = requirement.figure
    return (requirement.measure, *([figure.measure] if isinstance(figure, tree.Share) else []))


def _counts(sample: Sample, want: Want, situation: Situation) -> bool:
    """Whether activities of that kind are recognised and count all that is wanted, or more, whatever is open of them;
    where its rate limits one, whether it counts at all."""
    low = _worth(next(sample.records(want, situation)), situation)
    return low > 0 if sample.limit else low >= (sample.worth or want.hours)


def _worth(record: Record, situation: Situation) -> Fraction:
    """What a record counts at least before count once and caps."""
    return sum((Fraction(low) for low, _ in situation.judge(record).shares.values()), ZERO)


def belonging(prepared: Prepared, f: Finding, record: Record) -> list[Wish]:
    """Facts with which the record belongs to what the finding measures."""
    if f.measure == "total":
        return [{}]
    scene = _scene(prepared, Person(""), record)
    rule = prepared.later.measure_in(f.measure, scene.period)
    if rule is not None:
        holds = wishes(rule.rule.statement.when, prepared.judge.world, scene)
        said = rule.about(scene)
        if said is None and rule.owner is not None:  # the record does not say which of the terms it has
            return [{rule.owner: term, **w} for term in sorted(rule.named) for w in holds if rule.owner not in w]
        return holds if said else []
    owner = prepared.plan.vocabulary.field_of(f.measure)
    return [{owner: f.measure}] if owner and record.facts.get(owner, f.measure) == f.measure else []


def _apart(prepared: Prepared, f: Finding, record: Record) -> list[Wish]:
    """Facts with which the record does not belong to what the finding measures."""
    rule = prepared.later.measure_in(f.measure, period_of(record.end, prepared.plan.year_start))
    if rule is not None:
        scene = _scene(prepared, Person(""), record)
        if rule.about(scene) is False:
            return [{}]
        return wishes(rule.rule.statement.when, prepared.judge.world, scene, holds=False)
    owner = prepared.plan.vocabulary.field_of(f.measure)
    if owner is None or record.facts.get(owner) == f.measure:
        return []
    if owner in record.facts or owner == "subject":  # which is wanted, or left open
        return [{}]
    return [{owner: w.id} for w in prepared.plan.vocabulary.terms_of(owner) if w.id != f.measure]


def completions(prepared: Prepared, person: Person, record: Record) -> list[Wish]:
    """Sets of facts that the record lacks and with which some rule would recognise it."""
    found: list[Wish] = []
    scene = _scene(prepared, person, record)
    for rule in prepared.judge.recognise:
        if not in_force(rule, record.end) or rule.about(scene) is False:
            continue
        for wish in wishes(_joined(rule, tree.And), prepared.judge.world, scene):
            found += [w for w in _unrejected(prepared, person, record, wish) if w and w not in found]
    return sorted(found, key=len)


def _joined(rule: Ready, kind: type[tree.And] | type[tree.Or]) -> tree.Condition | None:
    """The condition of a rule with those of the base rules kept beside it: all recognise, any rejects."""
    each = [r.rule.statement.when for r in (rule, *rule.kept)]
    said = tuple(when for when in each if when is not None)
    if len(said) < len(each) and kind is tree.Or:
        return None
    return kind(said) if len(said) > 1 else said[0] if said else None


def _unrejected(prepared: Prepared, person: Person, record: Record, wish: Wish) -> list[Wish]:
    """The wish together with what keeps the rejecting rules from speaking."""
    options = [wish]
    for rule in prepared.judge.reject:
        if not in_force(rule, record.end):
            continue
        more = []
        for option in options:
            scene = _scene(prepared, person, supplied(record, option))
            if rule.test(scene) is False:
                more.append(option)
                continue
            for other in wishes(_joined(rule, tree.Or), prepared.judge.world, scene, holds=False):
                whole = {**option, **other}
                if rule.test(_scene(prepared, person, supplied(record, whole))) is False:
                    more.append(whole)
        options = more
    return options


def _scene(prepared: Prepared, person: Person, record: Record) -> Scene:
    return Scene(person.facts, record=record, period=period_of(record.end, prepared.plan.year_start))
