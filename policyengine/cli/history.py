"""``policyengine history``: a rule's versions in law and the commits that made them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli.settings import Command
from policyengine.messages import harmless, say

if TYPE_CHECKING:
    from policyengine.tools.git.history import Commit, History

EPILOG = """\b
Examples:
  policyengine history sichuan/annual-hours
  policyengine history annual-hours --policies policies --format json
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("rule")
@click.option("--policies", default="policies", show_default=True, help="Folder of packs.")
@click.option("--format", "format_", type=click.Choice(["human", "json"]), default="human", show_default=True)
def command(rule: str, policies: str, format_: str) -> int:
    """Show the versions of RULE (pack/rule) in law, and the commits that changed it."""
    from policyengine.tools.git.history import history_of

    history = history_of(rule, policies)
    if format_ == "json":
        sys.stdout.write(json.dumps(_plain(history), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(map(harmless, _lines(history))) + "\n")
    return 0


def _lines(history: History) -> Iterator[str]:
    yield history.name
    if not history.versions:
        yield say("  no pack has this rule any more", "  政策包中已无此规则")
    for version in history.versions:
        start, until = version.label or say("from the beginning", "自始"), version.until
        end = say(f"until {until}", f"至 {until} 止") if until else say("in force", "现行")
        if version.start is not None and version.start > date.today():
            end = say("not yet in force", "尚未施行") + (say(f", {end}", f"，{end}") if until else "")
        yield f"  {start} · {end} · {version.cites}"
        yield f"    {version.text}"
    yield say("commits", "提交") if history.commits else say("no commits here", "这里没有提交记录")
    for commit in history.commits:
        yield f"  {commit.id[:10]} {commit.day} {commit.author}: {commit.subject}"
        for start in sorted({*commit.before, *commit.after}):
            before, after = commit.before.get(start), commit.after.get(start)
            since = start or say("from the beginning", "自始")
            if before != after:
                if before:
                    yield f"    - {since} · {_entry(before)}"
                if after:
                    yield f"    + {since} · {_entry(after)}"
    if history.shallow:
        yield say(
            "  older commits are not in this clone; get them with: git fetch --unshallow",
            "  此克隆没有更早的提交；请先获取：git fetch --unshallow",
        )


def _entry(text: str) -> str:
    """An entry as ``tools/git/history`` tells it, its end in the language spoken."""
    end, _, rest = text.partition(" · ")
    if not end.startswith("until "):
        return text
    last = end.removeprefix("until ")
    return say(text, f"至 {last} {'年' if last.isdigit() else ''}止 · {rest}")


def _plain(history: History) -> dict[str, Any]:
    return {
        "rule": history.name,
        "versions": [
            {
                "from": v.start.isoformat() if v.start else None,
                "until": v.until.isoformat() if v.until else None,
                "rule": v.text,
                "citation": str(v.cites),
                "change": v.change,
            }
            for v in history.versions
        ],
        "commits": [_commit(c) for c in history.commits],
        "shallow": history.shallow,
    }


def _commit(commit: Commit) -> dict[str, Any]:
    return {
        "commit": commit.id,
        "date": commit.day,
        "author": commit.author,
        "subject": commit.subject,
        "before": dict(commit.before),
        "after": dict(commit.after),
    }
