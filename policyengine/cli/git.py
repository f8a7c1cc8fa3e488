"""``policyengine git``: rules shown as law in ``git diff``, and branches checked before they are merged."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli.guard import message, tell
from policyengine.cli.settings import Command, add_common
from policyengine.messages import say

if TYPE_CHECKING:
    from policyengine.packs.model import Rule
    from policyengine.tools.git.merge_check import Clash, MergeCheck

EPILOG = """\b
Examples:
  policyengine git install
  policyengine git merge-check HEAD origin/main
"""


class _Parts(click.Group):
    """Subcommands with the options that every command has."""

    command_class = Command

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        found = super().get_command(ctx, name)
        return add_common(found) if found else None


@click.group(cls=_Parts, epilog=EPILOG)
def command() -> None:
    """Rules in git: shown as law in diffs, and checked before a merge."""


@command.command("textconv", epilog="\b\nExample:\n  policyengine git textconv policies/sichuan/rules-years.yaml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def textconv(file: str) -> int:
    """Write the rules of FILE as the text of law: what git runs once `git install` has been."""
    from policyengine.tools.git.text import law_text

    text = law_text(file).encode("utf-8", "backslashreplace")
    sys.stdout.buffer.write(text)  # as bytes: git shows the line ends that Windows puts into text, as ^M
    return 0


@command.command("install", epilog="\b\nExample:\n  policyengine git install")
@click.option("--local", is_flag=True, help="Leave .gitattributes alone; write .git/info/attributes instead.")
def install(local: bool) -> int:
    """Let `git diff`, `git log -p` and `git show` of this repository show rules as law.

    Writes a diff driver into .git/config, and the lines that name it into .gitattributes (commit that file).
    """
    from policyengine.tools.git.install import install as write

    done = write(local=local)
    for name, value in done.settings:
        message(f".git/config: {name} = {value}")
    for line in done.added:
        said = say("added; commit this file for everybody else", "已添加；请提交此文件供他人使用")
        said = say(f" ({said})", f"（{said}）")
        message(f"{done.attributes.name}: {line}{said}" if not local else f"{done.attributes}: {line}")
    if not done.settings and not done.added:
        message(say("git already shows rules as law here", "这里的 git 已经按条文显示规则"))
    return 0


@command.command(
    "merge-check",
    epilog="""\b
Examples:
  policyengine git merge-check HEAD origin/main
  policyengine git merge-check HEAD MERGE_HEAD        (in a hook before the merge is committed)

Exit code: 0 nothing met; 1 both amend one rule for the same time, or the two together may not stand; 2 a side can't
be read.
""",
)
@click.argument("ours")
@click.argument("theirs")
@click.option("--format", "format_", type=click.Choice(["human", "json"]), default="human", show_default=True)
def merge_check(ours: str, theirs: str, format_: str) -> int:
    """Find rules that the branches OURS and THEIRS both amend for the same time since they parted."""
    from policyengine.tools.git.merge_check import merge_check as run

    found = run(ours, theirs)
    if format_ == "json":
        sys.stdout.write(json.dumps(_plain(found), ensure_ascii=False, indent=2) + "\n")
    else:
        for clash in found.clashes:
            sys.stdout.write("\n".join(_lines(clash, ours, theirs)) + "\n")
        if not found.clashes and not found.broken:
            base = found.base[:10]
            sys.stdout.write(
                say(f"no rule was amended by both since {base}", f"自 {base} 以来，没有规则被双方同时修改") + "\n"
            )
        if found.broken:
            message(say("the two merged may not stand:", "合并后不能成立："))
            tell(found.broken)
    return 1 if found.clashes or found.broken else 0


def _lines(clash: Clash, ours: str, theirs: str) -> list[str]:
    from policyengine.packs.pieces import days

    when = days((clash.start, clash.until))
    head = say(
        f"{clash.rule}: both branches amend it {when}", f"{clash.rule}：两个分支都修改了它（{when}）"
    )  # fmt: skip
    sides = ((say("before", "原先"), clash.base), (ours, clash.ours), (theirs, clash.theirs))
    return [head, *(f"    {name}: {_said(rule)}" for name, rule in sides)]


def _said(rule: Rule | None) -> str:
    if rule is None:
        return say("(no such rule)", "（没有此规则）")
    text = " ".join(rule.text.split())
    return say(f"{text} ({rule.cites}, {rule.change})", f"{text}（{rule.cites}，{rule.change}）")


def _plain(found: MergeCheck) -> dict[str, Any]:
    def day(value: date | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "base": found.base,
        "clashes": [
            {
                "rule": c.rule,
                "from": day(c.start),
                "until": day(c.until),
                "base": c.base.text if c.base else None,
                "ours": c.ours.text if c.ours else None,
                "theirs": c.theirs.text if c.theirs else None,
            }
            for c in found.clashes
        ],
        "broken": [{"code": d.code, "message": d.message, "at": str(d.span) if d.span else None} for d in found.broken],
    }
