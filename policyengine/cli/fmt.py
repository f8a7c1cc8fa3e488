"""``policyengine fmt``: write the rules of packs in canonical layout, on either surface."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli.guard import message, tell
from policyengine.cli.settings import Command, packs_here
from policyengine.messages import harmless, many, say

EPILOG = """\b
Examples:
  policyengine fmt
  policyengine fmt --check policies
  policyengine fmt --surface en policies/sectors/accounting

Exit code: 0 all is in canonical layout (or was written so), 1 with --check, that something is not, or a file has
rules that can't be read (it is left as it is), 2 there is nothing to format at the path.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("packs", nargs=-1, type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; list the files that are not in canonical layout.")
@click.option(
    "--surface", type=click.Choice(["zh", "en"]), help="Chinese or English; by default what each pack.yaml says."
)
def command(packs: tuple[str, ...], check: bool, surface: str | None) -> int:
    """Write the rules of PACKS in canonical layout: packs, folders of packs, or single files (by default policies/).

    Only the texts of rules and conditions are written anew: comments, blank lines and the order of keys stay. What a
    rule says stays too, also from one language to the other.
    """
    from policyengine.tools.fmt import format_packs, write

    paths = packs or (packs_here(),)
    files, problems = format_packs(map(Path, paths), surface)
    tell(problems)
    changed = [f for f in files if f.changed]
    unread = [f for f in files if f.after is None]
    for file in files:
        tell(file.problems)
    for file in changed:
        if not check:
            write(file)
        click.echo(harmless(str(file.path)))
    message(_summary(len(files), len(changed), len(unread), check))
    if any(d.code == "PE601" for d in problems):
        return 2
    return 1 if problems or unread or (check and changed) else 0


def _summary(files: int, changed: int, unread: int, check: bool) -> str:
    """One line about the run."""
    verb = say("would be laid out anew", "需要整理") if check else say("laid out anew", "已整理")
    left = say(f", {many(unread, 'left as it is', 'left as they are')}", f"，{unread} 个保持原样") if unread else ""
    return say(f"{many(files, 'file')}: {changed} {verb}{left}", f"共 {files} 个文件：{changed} 个{verb}{left}")
