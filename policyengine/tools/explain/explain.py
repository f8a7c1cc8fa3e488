"""One person's cases: a law, files and a person go in; their cases period by period come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.calendar import labelled, period_of
from policyengine.engines.reference import Periods, evaluate_person
from policyengine.messages import listed, say
from policyengine.records.alone import ids_meant
from policyengine.records.model import Inputs, Person, Record
from policyengine.records.personal import mask
from policyengine.tools.enough.enough import Enough, enough_for
from policyengine.tools.enough.samples import Samples
from policyengine.tools.enough.trial import Situation, spared_rules
from policyengine.tools.evaluate.evaluate import Files, judge_one, read_files
from policyengine.tools.evaluate.select import Choice, Law, Selector
from policyengine.tools.explain.before import Years, looked_at, years_before
from policyengine.tools.explain.case import UNMET, Case, flags_on, labels_of, labels_together, of_period, rows_of
from policyengine.tools.explain.reasons import (
    Follows,
    Notes,
    besides,
    blocks_around,
    concluded,
    kept_caps,
    lapses,
    leave_in_all,
    may_follow,
    rests_on,
    why,
)
from policyengine.tools.explain.windows import windows_of
from policyengine.trace import Decision, Finding, Result

SHOWN = 10  # people that a message lists


class Explainer:
    """Explains one person after another under one law."""

    def __init__(self, law: Law):
        self.selector = Selector(law)
        self._notes = tuple(Notes(p) for p in law.policies)
        self._samples = tuple(Samples(p) for p in self.selector.prepared)

    @cached_property
    def known(self) -> list[dict[str, Any]]:
        """The labels of the policies' words."""
        return labels_together(labels_of(p.vocabulary) for p in self.selector.law.policies)

    def cases(
        self,
        person: Person,
        records: Sequence[Record],
        spans: Sequence[Periods | None],
        as_of: date | None = None,
        remedies: bool = True,
        told: Periods | None = None,
    ) -> list[Case]:
        """A case for each decision, of those that hold a period of ``told`` if it is given. ``spans``: the asked
        periods by policy; ``records``: all that the person has."""
        result = judge_one(self.selector, person, records, spans, as_of)
        choice = self.selector.choose(person)
        remedies = remedies and choice.governs is not None
        # where another policy may govern, what is enough under one of them promises too much
        others = choice.candidates if remedies else ()
        rivals = [
            (ready, evaluate_person(ready, person, records, span, as_of))
            for ready, span in ((self.selector.prepared[i], spans[i]) for i in others)
            if span is not None
        ]
        by_id = {r.record_id: r for r in records}
        decisions = [d for d in result.decisions if is_asked(d, told)]
        cases = []
        for d in decisions:
            alike = [
                Situation(ready, person, records, other, judged, as_of)
                for ready, judged in rivals
                for other in judged.decisions
                if other.period == d.period
            ]
            tried = remedies and len(alike) == len(choice.candidates)
            case = self._case(choice, person, by_id, d, result, as_of, tried, alike)
            if remedies and choice.missing and not case.remedies:
                case = replace(case, sought=d.outcome in UNMET, hinges_on=choice.missing)
            cases.append(case)
        return cases

    def _case(
        self,
        choice: Choice,
        person: Person,
        records: Mapping[str, Record],
        decision: Decision,
        result: Result,
        as_of: date | None,
        remedies: bool,
        others: Sequence[Situation],
    ) -> Case:
        rows = rows_of(decision, result.ledger)
        findings = of_period(decision, result.findings)
        which = choice.governs or 0
        ready, notes = self.selector.prepared[which], self._notes[which]
        rules = {key: note for i in choice.candidates for key, note in self._notes[i].items()}
        years: Years = {}
        if decision.consequences or decision.possible:
            years = years_before(ready, person, records.values(), decision, as_of)
        follows = self._follows(choice, person, decision, findings, years)
        windows, measured = windows_of(ready, person, records.values(), decision, findings)
        placed = [f for f in findings if f.rule not in windows or windows[f.rule].days is not None]
        if remedies:
            situation = Situation(ready, person, tuple(records.values()), decision, result, as_of)
            enough, spared = enough_for(situation, self._samples[which], others), situation.spared
        else:
            enough, spared = Enough(), spared_rules(ready, person, decision)
        concluding = concluded(decision, follows)
        shown = (*rows, *(e for window in windows.values() for e in window.rows))
        return Case(
            person=person,
            decision=decision,
            findings=findings,
            ledger=rows,
            flags=flags_on(rows, result.flags),
            rules={**rules, **notes} if rules else notes,
            known=self.known[which],
            records=records,
            why=why(ready, notes, person, rows, records),
            lapses=lapses(ready, notes, person, decision, findings, rows, records, concluding),
            in_all=leave_in_all(ready, notes, person, decision, placed, concluding),
            vocabulary=self.selector.law.policies[which].vocabulary,
            remedies=enough.remedies,
            sought=remedies and decision.outcome in UNMET,
            together=enough.together,
            short=enough.short,
            besides=besides(ready, notes, self.selector.law.policies[which], decision, findings, shown, records),
            windows=windows,
            measured=measured,
            kept=kept_caps(ready, decision),
            blocks=blocks_around(ready, decision),
            as_of=as_of,
            turns_on={name: facts for name, (facts, _) in follows.items()},
            may_follow={name: keys for name, (_, keys) in follows.items()},
            rests_on=rests_on(ready, decision),
            before=looked_at(ready, decision, years),
            spared=spared,
        )

    def _follows(
        self, choice: Choice, person: Person, decision: Decision, findings: Sequence[Finding], years: Years
    ) -> Follows:
        """As ``may_follow`` under all policies that may govern; with what tells which one does, where they differ.
        ``years``: those before, under the one that governs."""
        each = [
            may_follow(self.selector.prepared[i], person, decision, findings, years if i == choice.governs else {})
            for i in (choice.governs or 0, *choice.candidates)
        ]
        found: Follows = {}
        for name in decision.possible:
            own = [follows.get(name, ((), ())) for follows in each]
            open_ = choice.missing if any(o != own[0] for o in own) else ()
            facts = dict.fromkeys((*(f for some, _ in own for f in some), *open_))
            if keys := tuple(dict.fromkeys(key for _, some in own for key in some)):
                found[name] = tuple(facts), keys
        return found


def explain_files(
    law: Law, files: Files, who: str, periods: Periods | None = None, as_of: date | None = None
) -> tuple[list[Case], tuple[Diagnostic, ...]]:
    """The cases of the person ``who`` (id, or a name that only one person has), and what was remarked while reading.

    Raises ``PolicyError`` where files can't be read, the person isn't found (PE915) or isn't the only one (PE916).
    """
    inputs, remarks = read_for(law, files, who, periods is None)
    person = find_person(inputs.persons.values(), who)
    records = [r for r in inputs.records if r.person_id == person.person_id]
    return Explainer(law).cases(person, records, spans_of(law, inputs, periods), as_of), remarks


def read_for(law: Law, files: Files, who: str, dated: bool) -> tuple[Inputs, tuple[Diagnostic, ...]]:
    """The files with one person's records; with everybody's where rows of others may be in the way.

    ``dated``: the periods follow from everybody's records. Standard input, which can't be read twice, is read whole.
    """
    if not files.once:
        inputs, remarks = read_files(law, files, who, dated)
        if inputs.sure:
            return inputs, remarks
    return read_files(law, files)


def spans_of(law: Law, inputs: Inputs, periods: Periods | None) -> list[Periods | None]:
    """The periods to judge, policy by policy: those asked for, else from the first to the last with a record."""
    days = [r.end for r in inputs.records] + list(inputs.unread or ())
    if periods is not None or not days:
        return [periods] * len(law.plans)
    return [(period_of(min(days), p.year_start), period_of(max(days), p.year_start)) for p in law.plans]


def find_person(persons: Iterable[Person], who: str) -> Person:
    """The person with that id, or the only one with that name or with an id that is shown masked so."""
    persons = list(persons)
    found = people_called(persons, who)
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(who, found)
    raise _unknown(who, persons)


def _several(who: str, found: Sequence[Person]) -> PolicyError:
    """The message that more than one person is meant, with what tells them apart: ids as far as shown, else names."""
    ids = sorted(mask(p.person_id) for p in found)
    names = sorted(n for p in found if isinstance(n := p.facts.get("name"), str))
    apart = next((these for these in (ids, names) if len(set(these)) == len(found)), None)
    if "*" in who:
        text = say(f"{len(found)} people have an id that is shown as {who}", f"有 {len(found)} 人的编号显示为 {who}")
    else:
        text = say(f"{len(found)} people are called {who}", f"有 {len(found)} 人名叫“{who}”")
    if apart is None:
        hint = say("give the id in full with --person, as the file has it", "请用 --person 给出文件中的完整编号")
    else:
        more = len(apart) - SHOWN
        text += say(": ", "：") + listed(apart[:SHOWN]) + (say(f" and {more} more", " 等") if more > 0 else "")
        hint = say("give one of these with --person, or the id in full", "请用 --person 给出其中之一，或完整编号")
    return PolicyError([Diagnostic("PE916", text, hint=hint)])


def people_called(persons: Iterable[Person], who: str) -> list[Person]:
    """The person with that id, as it is or as a file may have it (…x, full width); else all with that name; else all
    whose id is shown masked so."""
    persons, own = list(persons), ids_meant(who)
    found = [p for p in persons if p.person_id in own] or [p for p in persons if p.facts.get("name") == who]
    return found or ([p for p in persons if mask(p.person_id) == who] if "*" in who else [])


def _unknown(who: str, persons: Sequence[Person]) -> PolicyError:
    """The message that nobody is called so, with who comes near (ids masked)."""
    from difflib import get_close_matches

    names = [n for p in persons if isinstance(n := p.facts.get("name"), str)]
    near = [mask(i) for i in get_close_matches(who, [p.person_id for p in persons], 3, 0.7)]
    near += get_close_matches(who, names, 3, 0.5)
    near = [n for n in dict.fromkeys(near) if n != mask(who)]  # masked, several may look alike, and as what was asked
    hint = say(f"near: {', '.join(near)}", f"相近的有：{'、'.join(near)}") if near else None
    hint = hint or say("give an id or name as the file has it", "请按文件中的写法给出人员编号或姓名")
    text = say(f"nobody here has the id or name {mask(who)}", f"没有编号或姓名为“{mask(who)}”的人员")
    return PolicyError([Diagnostic("PE915", text, hint=hint)])


def nothing_in(who: str, periods: Periods | None) -> PolicyError:
    """The message that the person has no decision in the asked periods."""
    asked = " " + "..".join(map(str, dict.fromkeys(periods))) if periods else ""
    text = say(f"nothing was decided about {mask(who)}{asked}", f"{mask(who)}{asked} 没有评定结论")
    hint = say("leave --period out to see all", "去掉 --period 可查看全部")
    if periods is None:
        hint = say(
            "either the policy does not apply to this person, or no period is known: see the person's facts, and the "
            "days of the records",
            "可能该政策不适用于此人，或无法得知年度：请查看此人的信息和各记录的日期",
        )
    return PolicyError([Diagnostic("PE917", text, hint=hint)])


def is_asked(decision: Decision, periods: Periods | None) -> bool:
    """Whether a decision holds one of the periods; None: all."""
    if periods is None:
        return True
    first, last = labelled(decision.period)
    return periods[0] <= last and first <= periods[1]
