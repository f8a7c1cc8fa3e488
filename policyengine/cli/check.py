"""``policyengine check``: what is wrong in packs, for people, editors and code scanning."""

from __future__ import annotations

import sys

import click

from policyengine.cli.guard import message
from policyengine.cli.settings import Command, packs_here

EPILOG = """\b
Examples:
  policyengine check
  policyengine check policies/sectors/accounting
  policyengine check policies --format sarif > check.sarif

Exit code: 0 no errors (there may be warnings), 1 errors, 2 there is no pack at the path.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("packs", nargs=-1, type=click.Path())
@click.option(
    "--format", "format_", type=click.Choice(["human", "json", "sarif", "github"]), default="human", show_default=True
)
def command(packs: tuple[str, ...], format_: str) -> int:
    """Find what is wrong in PACKS: folders of packs, or one pack's folder (by default policies/).

    Shape of the files, rules, words, units, tables, versions that overlap or leave a gap, overrides that a base does
    not allow, and the packs' own tests.
    """
    from policyengine.diagnostics import PolicyError, failed
    from policyengine.tools.check import check
    from policyengine.tools.reporters import REPORTERS, summary

    paths = packs or (packs_here(),)
    try:
        found = check(paths)
    except PolicyError as e:
        if format_ != "human":  # whoever reads it reads this too
            sys.stdout.write(REPORTERS[format_](e.diagnostics))
            return 2
        raise
    sys.stdout.write(REPORTERS[format_](found))
    if format_ == "human":
        message(summary(found))
    return 1 if failed(found) else 0
