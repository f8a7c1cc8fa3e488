"""``policyengine new``: start the pack of a sector, asking what it must state."""

from __future__ import annotations

import re
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from policyengine.cli.guard import message, of_value, tell
from policyengine.cli.settings import Command
from policyengine.messages import harmless, listed, say

EPILOG = """\b
Examples:
  policyengine new social_work
  policyengine new social_work --name 社会工作者 --authority 民政厅 --source-title 社会工作者继续教育办法
      --source-number 民发〔2009〕123号 --confidence remembered --article 第九条 --unit hours --minimum 90 --from 2020
      --base sichuan --surface zh

Exit code: 0 written, 2 it can't be (there is such a pack already, an answer is wrong); nothing is overwritten.
"""


SURFACES, CONFIDENCE = click.Choice(["zh", "en"]), click.Choice(["seen", "remembered"])
UNITS, YEARS = click.Choice(["hours", "credits"]), click.IntRange(1950, 2199)
NO_BASE = ("none", "无", "null")


class Figure(click.ParamType[Fraction]):
    """``90``, ``0.5`` or ``2/3``."""

    name = "figure"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if isinstance(value, Fraction):
            return value
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}|/[1-9][0-9]{0,8})?", str(value).strip()):
            return Fraction(str(value).strip())
        return self.fail(
            say(f"{value!r} is no figure; write 90 or 2/3", f"“{value}”不是数额，请写 90 或 2/3"), param, ctx
        )


@click.command(cls=Command, epilog=EPILOG)
@click.argument("sector")
@click.option("--name", help="The sector's name, as people read it.")
@click.option("--authority", help="Who issues the rules.")
@click.option("--source-title", help="Title of the document.")
@click.option("--source-number", help="Its number, such as 财会〔2018〕10号.")
@click.option("--confidence", type=CONFIDENCE, help="Have you read the document?")
@click.option("--article", help="Where the minimum stands in it.")
@click.option("--unit", type=UNITS, help="What it counts in.")
@click.option("--minimum", type=Figure(), help="What each person owes in a year.")
@click.option("--rate", type=Figure(), help="How much of the base's unit one of this unit is, where they differ.")
@click.option("--from", "since", type=YEARS, help="The first year for which it holds.")
@click.option("--base", help="Id of the pack that it extends; none for the lowest pack.")
@click.option("--surface", type=SURFACES, help="Write rules and comments in Chinese or English.")
@click.option("--folder", type=click.Path(), help="Where the pack's folder is made.  [default: policies/sectors]")
def command(
    sector: str, name: str | None, authority: str | None, source_title: str | None, source_number: str | None,
    confidence: str | None, article: str | None, unit: str | None, minimum: Fraction | None, rate: Fraction | None,
    since: int | None, base: str | None, surface: str | None, folder: str | None,
) -> int:  # fmt: skip
    """Start a pack for SECTOR (its id, such as social_work): a folder with rules, tests, tables and a README.

    What is not given as an option is asked. The pack passes check, fmt --check and test from the first day.
    """
    from policyengine.tools.new.new import Answers, base_of, bases_near, make

    surface = surface or _ask(
        "surface",
        say("rules and comments in", "规则与注释所用语言"),
        say("en", "zh"),
        SURFACES,
    )
    place = Path(folder if folder is not None else "policies/sectors")
    known = bases_near(place)
    among = listed([*known, "none"])
    asked = base or _ask(
        "base", say(f"the pack it extends ({among})", f"所依据的上级政策包（{among}）"), known[0] if known else "none"
    )
    below = None if asked in NO_BASE else base_of(asked, place, sector)
    term = below.term if below else None
    name = name or _ask("name", say("the sector's name", "行业名称"), (term.zh or term.id) if term else None)
    authority = authority or _ask("authority", say("who issues the rules", "制定机关"))
    title = source_title or _ask("source-title", say("title of the document", "文件名称"))
    if source_number is None:
        source_number = _ask("source-number", say("its number (empty: none)", "文号（没有则留空）"), "", alone="")
    confidence = confidence or _ask(
        "confidence", say("seen, or remembered", "已见原文填 seen，凭记忆填 remembered"), "seen", CONFIDENCE
    )
    article = article or _ask("article", say("where the minimum stands in it", "年度要求所在的条款"))
    unit = unit or _ask("unit", say("it counts in", "计量单位，学时 hours，学分 credits"), "hours", UNITS)
    if minimum is None:
        minimum = _ask("minimum", say("what each person owes in a year", "每人每年应完成"), None, Figure())
    if below is None or below.unit in (None, unit):
        rate = None
    elif rate is None:
        question = say(
            f"1 of these {unit} is how many {below.unit}, by the document",
            "1 学分（学时）折合上级多少学时（学分），依据文件",
        )
        rate = _ask("rate", question, None, Figure())
    since = since or _ask("from", say("the first year it holds for", "自哪一年度起"), date.today().year, YEARS)
    answers = Answers(
        sector, name, authority, title, source_number, confidence, article, unit, minimum, since, rate,
        below.policy.id if below else None, surface, place,
    )  # fmt: skip
    files, warnings = make(answers, below)
    for path in files:
        click.echo(harmless(str(path)))
    tell(warnings)
    message(_next(answers.place, len(warnings)))
    return 0


def _ask(
    option: str, question: str, default: Any = None, kind: click.ParamType[Any] = click.STRING, alone: Any = None
) -> Any:
    """Ask until the answer can be; where nobody is there to answer, it is ``alone``, or the option is missing."""
    try:
        while True:
            given = click.prompt(question, default=default, type=kind, value_proc=str, err=True)
            try:
                return kind.convert(given, None, None)
            except click.UsageError as e:
                message(say("Error: ", "错误：") + of_value(kind, e))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        if alone is not None:
            click.echo(err=True)  # below the question
            return alone
        raise click.UsageError(say(f"missing: --{option}", f"缺少选项 --{option}")) from None


def _next(place: Path, warnings: int) -> str:
    """What to do next."""
    aside = say(f" (warnings, see above: {warnings})", f"（警告 {warnings} 条，见上）") if warnings else ""
    return say(
        f"""{place} passes check{aside}, fmt and test. What to do next:
  1. go through the document article by article: a rule for each that decides something ({place / "rules.yaml"}),
     the others under not_decidable ({place / "pack.yaml"})
  2. a case worked by hand for each rule ({place / "tests"})
  3. policyengine check {place}; policyengine test {place} --coverage --mutate; policyengine fmt {place}""",
        f"""{place} 已通过 check{aside}、fmt 和 test。接下来：
  1. 逐条阅读文件：能判断的写成规则（{place / "rules.yaml"}），不能的写入 not_decidable（{place / "pack.yaml"}）
  2. 为每条规则配一个手工核算的案例（{place / "tests"}）
  3. policyengine check {place}；policyengine test {place} --coverage --mutate；policyengine fmt {place}""",
    )
