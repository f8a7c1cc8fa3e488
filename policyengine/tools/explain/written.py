"""One person's cases from a written result: its folder and a person go in; their cases period by period come out.

The figures are those that were written; activities' dates and titles and what would be enough are added where the packs
and the input files are still the ones it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.reference import Periods
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.records.model import Inputs, Person, Record
from policyengine.tools.evaluate.evaluate import Files
from policyengine.tools.evaluate.select import Law, load_law
from policyengine.tools.explain.before import looked_at_in
from policyengine.tools.explain.case import Case, flags_on, of_period, rows_of
from policyengine.tools.explain.explain import Explainer, find_person, is_asked, read_for, spans_of
from policyengine.tools.explain.windows import windows_in
from policyengine.tools.result.intact import as_it_is, changed_parts
from policyengine.tools.result.read import Written, year_start_of
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry

TABLES = ("decisions", "missing", "findings", "ledger", "flags")  # of a result, which a case is told from


def explain_result(
    written: Written, who: str, periods: Periods | None = None
) -> tuple[list[Case], tuple[Diagnostic, ...]]:
    """The cases as they were written; a note where the packs or input files are out of reach, a warning where the
    manifest or the tables are not what was written."""
    with as_it_is(written):
        return _written_cases(written, who, periods)


def _written_cases(written: Written, who: str, periods: Periods | None) -> tuple[list[Case], tuple[Diagnostic, ...]]:
    origin, notes = origin_of(written, who)
    person = _person_of(written, origin, who, notes)
    again: dict[tuple[str, str], Case] = {}
    if origin is not None:
        own = [r for r in origin.inputs.records if r.person_id == person.person_id]
        spans = spans_of(origin.law, origin.inputs, written.asked)  # of one year alone no block would be judged
        fresh = Explainer(origin.law).cases(person, own, spans, written.as_of, told=periods)
        again = {(c.decision.period, c.decision.policy): c for c in fresh}
    findings, ledger = list(written.findings(person.person_id)), list(written.ledger(person.person_id))
    flags = list(written.flags(person.person_id))
    cases = []
    for decision in written.decisions(person.person_id):
        if not is_asked(decision, periods):
            continue
        other = again.get((decision.period, decision.policy))
        rows = rows_of(decision, ledger)
        if other is not None:
            if other.decision.consequences == decision.consequences:
                decision = replace(decision, consequence_rules=other.decision.consequence_rules)
            rows = tuple(_filled(e, other.records) for e in rows) if written.has("ledger") else other.ledger
        told = written_parts(written, person, decision, findings, rows, flags)
        if other is not None:
            cases.append(replace(other, **told))
            continue
        start = year_start_of(_policy_of(written, decision))
        cases.append(
            Case(
                **told,
                windows=windows_in(decision, told["findings"], ledger, start, written.asked),
                kept=written.kept_caps(),
                blocks=written.blocks(decision),
                besides=written.drops(decision),
                may_follow=written.may_follow(decision),
                rests_on=written.rests_on(told["findings"]),
                before=looked_at_in(written, decision, written.decisions(person.person_id), findings, start),
            )
        )
    changed = changed_parts(written, TABLES)  # a hundredth of the time, with a million records
    return cases, (*notes, *changed, *_unlisted(written, origin is not None))


def written_parts(
    written: Written,
    person: Person,
    decision: Decision,
    findings: Iterable[Finding],
    rows: tuple[LedgerEntry, ...],
    flags: Iterable[FlagEntry],
) -> dict[str, Any]:
    """The parts of a case that a written result tells. ``rows``: of its period."""
    return {
        "person": person,
        "decision": decision,
        "findings": of_period(decision, findings),
        "ledger": rows,
        "flags": flags_on(rows, flags),
        "rules": written.notes,
        "known": written.labels[_policy_of(written, decision)["id"]],
        "as_of": written.as_of,
    }


def _policy_of(written: Written, decision: Decision) -> Mapping[str, Any]:
    """The decision's policy; of somebody whom none governs, the first."""
    return written.policy(decision.policy) or written.manifest["policies"][0]


def _unlisted(written: Written, again: bool) -> Iterator[Diagnostic]:
    """A note that the result has no activities: worked out ``again`` from the files, or left out."""
    if not written.unlisted:
        return
    text = say("this result was written without a ledger: ", "该结果未写台账：")
    if again:
        text += say("activities are worked out again from its files", "学习活动由原始文件重新计算")
    else:
        text += say("activities and what is remarked on them are left out", "不显示学习活动及其标记")
    yield Diagnostic("PE504", text, severity="note")


def _filled(e: LedgerEntry, records: Mapping[str, Record]) -> LedgerEntry:
    """A row of a lean ledger with what the record itself says."""
    record = records.get(e.record_id)
    if record is None or e.form is not None:
        return e
    form, subject = record.facts.get("form"), record.facts.get("subject")
    return replace(
        e,
        form=form if isinstance(form, str) else None,
        subject=subject if isinstance(subject, str) else None,
        quantity=record.quantity,
        unit=record.unit,
    )


@dataclass(frozen=True)
class Origin:
    """What a result was made from, read again and found unchanged."""

    law: Law
    inputs: Inputs


def origin_of(written: Written, who: str) -> tuple[Origin | None, tuple[Diagnostic, ...]]:
    """The packs and input files of a result, read for one person (see ``read_for``).

    None, with a note that says why, where they are gone or have changed, or name nobody as the result does.
    """
    options = written.manifest["options"]
    if options.get("pseudonymised"):
        return None, (_hidden(),)
    try:
        law = load_law(options["policy"], options.get("commit"))
    except PolicyError:  # of other packs it may be, which came since
        at = f"{options['commit'][:10]}:" if options.get("commit") else ""
        return None, (_gone(f"{at}{options['policy']}"),)
    if [p.digest for p in law.policies] != [p["sha256"] for p in written.manifest["policies"]]:
        return None, (_unlike(options["policy"]),)
    files = Files(tuple(options["records"]), options["persons"], options["circumstances"], options.get("mapping"))
    if files.once:
        return None, (_streamed(),)
    try:
        inputs, _ = read_for(law, files, who, written.asked is None)
    except PolicyError as e:
        place = e.diagnostics[0].span
        return None, (_gone(place.file if place else listed(files.records)),)
    then = {entry["file"]: entry["sha256"] for entry in written.manifest["inputs"]}
    for file, digest in inputs.digests.items():
        if file not in then:  # a folder or pattern holds more than it did
            return None, (_added(file),)
        if then[file] != digest:
            return None, (_unlike(file),)
    if gone := then.keys() - inputs.digests.keys():
        return None, (_gone(min(gone)),)
    return Origin(law, inputs), ()


def _unlike(what: str) -> Diagnostic:
    return _left_out(f"{what} is no longer what this result was made from", f"{what} 已不是该结果所依据的内容")


def _added(file: str) -> Diagnostic:
    return _left_out(f"{file} was not there when this result was made", f"该结果写出时没有 {file}")


def _gone(what: str) -> Diagnostic:
    told = _left_out(
        f"{what} is not here, or no longer what this result was made from",
        f"{what} 不在此处，或已不是该结果所依据的内容",
    )
    hint = say(
        "run this in the folder in which evaluate was run; where files have moved, explain the records themselves, "
        "with --policy, and with --persons, --circumstances and --mapping as evaluate was given them",
        "请在当初运行 evaluate 的文件夹中运行；文件已移动的，请改为说明学习记录文件：用 --policy 指定政策包，"
        "并照当初评定时给出 --persons、--circumstances、--mapping",
    )
    return replace(told, hint=hint)


def _streamed() -> Diagnostic:
    told = _left_out(
        "this result was made from standard input, which can't be read again", "该结果依据标准输入得出，无法再次读取"
    )
    hint = say(
        "save what it read to a file, and explain that: policyengine explain FILE --policy …",
        "请将当时的输入存为文件，改为说明该文件：policyengine explain 文件 --policy …",
    )
    return replace(told, hint=hint)


def _hidden() -> Diagnostic:
    return _left_out(
        "persons have pseudonyms here, which the files do not know", "人员编号已改为假名，无法与文件中的人员对应"
    )


def _left_out(english: str, chinese: str) -> Diagnostic:
    text = say(
        f"{english}: dates, titles, exchanges and what would be enough are left out",
        f"{chinese}：不显示日期、名称、换算标准和补足办法",
    )
    return Diagnostic("PE504", text, severity="note")


def _person_of(written: Written, origin: Origin | None, who: str, notes: Sequence[Diagnostic]) -> Person:
    """The person as the files have them, or, without files, by an id of the result; then ``notes`` say why it knows no
    name."""
    if origin is not None:
        return find_person(origin.inputs.persons.values(), who)
    people = [Person(i) for i in sorted({str(row["person_id"]) for row in written.rows("decisions")})]
    try:
        return find_person(people, who)
    except PolicyError as e:
        known = say("; without its files a result knows ids, no names", "；没有原始文件时，结果中只有编号，没有姓名")
        said = [replace(d, hint=f"{d.hint}{known}") if d.code == "PE915" else d for d in e.diagnostics]
        raise PolicyError([*notes, *said]) from None
