"""What an evaluation came to, in a few lines: who was judged, with what outcome, what to look at, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from policyengine.messages import say
from policyengine.records.model import Inputs
from policyengine.records.personal import mask
from policyengine.tools.case_text import OUTCOMES
from policyengine.tools.evaluate import Evaluation
from policyengine.tools.manifest import outcomes_by_period, warnings_of
from policyengine.trace import Result

OF_PERSON = "person:"  # how a missing fact of the person is written

_WARNINGS = {
    "no_conversion": (
        "{} records count 0: they are recognised, but no rule converts their unit",
        "{} 条记录计 0：已认定，但其计量单位无折算办法",
    ),
    "no_exchange": (
        "{} records count 0: no rule exchanges their unit for the one that is counted in",
        "{} 条记录计 0：其计量单位无换算办法",
    ),
    "ambiguous": ("{} records are claimed by several rules", "{} 条记录同时适用几条规则"),
    "no_policy": ("{} records are of people to whom no policy applies", "{} 条记录的人员没有适用政策"),
}


def summary_lines(evaluation: Evaluation, out: Path | None = None) -> Iterator[str]:
    """The summary of a run; ``out``: where its result was written."""
    inputs, result = evaluation.inputs, evaluation.result
    people = len({d.person_id for d in result.decisions} | set(inputs.persons))
    yield say(
        f"{people} people, {inputs.rows} rows in: {len(inputs.records)} records in the ledger, "
        f"{inputs.rejected_rows} rejected",
        f"{people} 人；输入 {inputs.rows} 行：台账 {len(inputs.records)} 条，退回 {inputs.rejected_rows} 行",
    )
    by_period = outcomes_by_period(result)
    if not by_period:
        yield say("nothing was judged: no period has a record", "没有可评定的年度：没有记录")
    for period, counts in by_period.items():
        shares = say(", ", "，").join(f"{n} {say(*OUTCOMES[o])}" for o, n in counts.items())
        yield f"  {period}  {shares}"
    for warning in warning_lines(evaluation):
        yield say("warning: ", "注意：") + warning
    if out is not None:
        yield say(f"written to {out}", f"已写入 {out}")
        if (who := _somebody(evaluation)) is not None:
            person, period, remark = who
            ask = f"policyengine explain {_shell(str(out))} --person {person} --period {period}"
            yield say("next: ", "下一步：") + ask + remark


def _somebody(evaluation: Evaluation) -> tuple[str, str, str] | None:
    """Somebody who did not meet the requirement, as a command line names them without their id, the period, a remark.

    A name or a masked id that nobody else has; where no unmet person has one, a word to be replaced by an id.
    """
    unmet = [d for d in evaluation.result.decisions if d.outcome == "not_met"]
    if not unmet:
        return None
    persons = evaluation.inputs.persons
    names = Counter(p.facts.get("name") for p in persons.values())
    masks = Counter(map(mask, persons))
    for d in unmet:
        name = persons[d.person_id].facts.get("name") if d.person_id in persons else None
        if isinstance(name, str) and names[name] == 1:
            return _shell(name), d.period, ""
        if masks[shown := mask(d.person_id)] == 1:
            return _shell(shown), d.period, ""
    shown = mask(unmet[0].person_id)
    remark = say(f"  (ID: in full, for example that of {shown})", f"（ID：完整编号，例如 {shown} 的）")
    return "ID", unmet[0].period, remark


def warning_lines(evaluation: Evaluation) -> Iterator[str]:
    """What the office should look at."""
    inputs, result = evaluation.inputs, evaluation.result
    if inputs.rejected_rows:
        yield say(
            f"{inputs.rejected_rows} rows could not be read as records; rejects says why",
            f"{inputs.rejected_rows} 行无法读作记录，原因见 rejects",
        ) + _of_all(inputs)
    if (facts := _unknown_of_persons(result)) is not None:
        people, names = facts
        yield say(
            f"what is open for {people} people turns on facts of theirs that are not known ({', '.join(names)}); "
            "a persons file can say them: --persons",
            f"{people} 人的结论取决于不详的人员情况（{'、'.join(names)}），可用 --persons 给出人员文件",
        )
    counts = warnings_of(inputs, result)
    for reason, (en, zh) in _WARNINGS.items():
        if reason in counts:
            yield say(en, zh).format(counts[reason])
    flags = sum(f.certain for f in result.flags)
    if flags:
        yield say(f"{flags} flags were raised on records", f"记录上有 {flags} 处标记")
    yield from counts.get("notes", ())


def _of_all(inputs: Inputs) -> str:
    """Where no row at all could be read: why most of them could not, and that it may be the wrong file."""
    if inputs.rejected_rows < inputs.rows or not inputs.rejects:
        return ""
    ((en, zh), _), *_ = Counter((r.reason, r.reason_zh) for r in inputs.rejects).most_common(1)
    return say(f" (mostly: {en}). Is this the file of records?", f"（多为：{zh}）。这是学习记录文件吗？")


def _unknown_of_persons(result: Result) -> tuple[int, list[str]] | None:
    """How many people's outcome is open for want of facts about themselves, and which facts; None for nobody."""
    people: set[str] = set()
    facts: set[str] = set()
    for d in result.decisions:
        if d.outcome == "undetermined" and (
            own := [m.removeprefix(OF_PERSON) for m in d.missing if m.startswith(OF_PERSON)]
        ):
            people.add(d.person_id)
            facts.update(own)
    return (len(people), sorted(facts)) if people else None


def _shell(text: str) -> str:
    """As a word of a command line; unquoted where no shell, that of Windows included, would mind."""
    import re
    import shlex

    return text if re.fullmatch(r"[\w./:-]+", text) else shlex.quote(text)
