"""What an evaluation came to, in a few lines: who was judged, with what outcome, what to look at, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from policyengine.messages import listed, many, say
from policyengine.tools.explain.text import OUTCOMES
from policyengine.tools.result.tally import TWINS, Tally, Unmet

_WARNINGS = {
    "no_conversion": (
        "record counts 0: it is recognised, but no rule converts its unit",
        "records count 0: they are recognised, but no rule converts their unit",
        "{} 条记录计 0：已认定，但其计量单位无折算标准",
    ),
    "no_exchange": (
        "record counts 0: no rule exchanges its unit for the one that is counted in",
        "records count 0: no rule exchanges their unit for the one that is counted in",
        "{} 条记录计 0：其计量单位无换算标准",
    ),
    "ambiguous": (
        "record is claimed by several rules",
        "records are claimed by several rules",
        "{} 条记录有规则冲突：同时适用几条规则",
    ),
    "no_policy": (
        "record is of somebody to whom no policy applies",
        "records are of people to whom no policy applies",
        "{} 条记录的人员没有适用政策",
    ),
}


def summary_lines(tally: Tally, out: Path | str | None = None) -> Iterator[str]:
    """The summary of a run; ``out``: where its result was written."""
    yield say(
        f"{_people(tally.people)}, {many(tally.rows, 'row')} in: {many(tally.records, 'record')} in the ledger, "
        f"{tally.rejected} rejected",
        f"{tally.people} 人；输入 {tally.rows} 行：台账 {tally.records} 条，退回 {tally.rejected} 行",
    )
    if tally.stands:
        yield say(
            f"{_people(tally.people - tally.stands)} judged anew; of {tally.stands} nothing differs",
            f"重新评定 {tally.people - tally.stands} 人；{tally.stands} 人的情况没有变化",
        )
    if not tally.outcomes:
        if tally.records:
            yield say("no decision is due in these periods", "所评年度都不需要作出结论")
        else:
            yield say("nothing was judged: no period has a record", "没有可评定的年度：没有记录")
    for period, counts in tally.outcomes.items():
        shares = say(", ", "，").join(f"{n} {say(*OUTCOMES[o])}" for o, n in counts.items())
        yield f"  {period}  {shares}"
    for warning in warning_lines(tally):
        yield say("warning: ", "警告：") + warning
    if out is not None:
        yield say(f"written to {out}", f"已写入 {out}")
        if tally.unmet is not None:
            yield say("next: ", "下一步：") + _explaining(tally.unmet, out)


def _explaining(unmet: Unmet, out: Path | str) -> str:
    """The command that explains somebody's case, without their id in it."""
    command = f"policyengine explain {_shell(str(out))} --person "
    if unmet.word is not None:
        return command + f"{_shell(unmet.word)} --period {unmet.period}"
    remark = say(f"(ID: in full, for example that of {unmet.masked})", f"（ID：完整编号，例如 {unmet.masked} 的）")
    return command + f"ID --period {unmet.period}" + say("  ", "") + remark


def warning_lines(tally: Tally) -> Iterator[str]:
    """What the office should look at."""
    if tally.rejected:
        yield say(
            many(tally.rejected, "row could not be read as a record", "rows could not be read as records")
            + "; rejects says why",
            f"{tally.rejected} 行无法读作记录，原因见 rejects",
        ) + _of_all(tally)
    if tally.open_for is not None:
        people, facts = tally.open_for
        yield say(
            f"what is open for {_people(people)} turns on facts of theirs that are not known "
            f"({_named(tally, facts)}); ",
            f"{people} 人的结论取决于不详的人员情况（{_named(tally, facts)}），",
        ) + (
            say("the persons file can say them, each in a column", "可在人员文件中补充")
            if tally.persons
            else say("a persons file can say them: --persons", "可用 --persons 给出人员文件")
        )
    if tally.unsaid is not None:
        people, facts = tally.unsaid
        yield say(
            f"what is open for {_people(people)} turns on facts that none of the records gives "
            f"({_named(tally, facts)}); the records files can say them, each in a column",
            f"{people} 人的结论取决于所有记录均未写明的情况（{_named(tally, facts)}），可在记录文件中各用一列写明",
        )
    for reason, (one, several, zh) in _WARNINGS.items():
        if number := tally.reasons.get(reason):
            yield say(many(number, one, several), zh.format(number))
    if tally.flags:
        yield say(
            many(tally.flags, "flag was raised on a record", "flags were raised on records"),
            f"记录上有 {tally.flags} 处标记",
        )
    yield from tally.notes


def _people(number: int) -> str:
    return many(number, "person", "people")


def _named(tally: Tally, facts: list[str]) -> str:
    """Fields by their names in the language spoken."""
    return listed(say(f.replace("_", " "), tally.fields.get(f, f)) for f in facts)


def _of_all(tally: Tally) -> str:
    """Where no row at all could be read: why most of them could not, and that it may be the wrong file."""
    if tally.mostly is None:
        return ""
    en, zh = tally.mostly
    asked = say(
        "Is this the file of records? policyengine inspect shows what its columns are read as",
        "这是学习记录文件吗？policyengine inspect 显示各列读作什么",
    )
    if tally.mostly == TWINS:
        asked = say("Is a copy among the files?", "是否同时给出了文件的副本？")
    return say(f" (mostly: {en}). ", f"（多为：{zh}）。") + asked


def _shell(text: str) -> str:
    """As a word of a command line; unquoted where no shell, that of Windows included, would mind."""
    import os
    import re
    import shlex

    if os.name == "nt":  # to cmd.exe single quotes are none
        return text if re.fullmatch(r"[\w./\\:-]+", text) else f'"{text}"'
    return text if re.fullmatch(r"[\w./:-]+", text) else shlex.quote(text)
