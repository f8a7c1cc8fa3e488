"""``policyengine diff``: what changed in law between two folders or git revisions, and whom it touches."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import message, tell
from policyengine.cli.over import refuse_over
from policyengine.cli.settings import Command, Day, Periods
from policyengine.messages import many, say

if TYPE_CHECKING:
    from policyengine.tools.diff.model import Comparison
    from policyengine.tools.evaluate.evaluate import Files

EPILOG = """\b
Examples:
  policyengine diff HEAD~1 HEAD
  policyengine diff main...HEAD --format markdown
  policyengine diff HEAD                                  (the working tree against the last commit)
  policyengine diff old/policies policies --records records.csv --persons persons.csv

Exit code: 0 compared; with --exit-code 1 where something changed in law or down the chain; 2 a side can't be read.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("sides", nargs=-1, required=True, metavar="OLD [NEW]")
@click.option("--records", multiple=True, help="Judge these records by both sides and show whose decision changes.")
@click.option("--mapping", help="A mapping file, for columns that their headers alone don't explain.")
@click.option("--persons", help="File with a row for each person.")
@click.option("--circumstances", help="File with people's leave and other circumstances.")
@click.option(
    "--policy",
    help="The pack to judge by, inside each side; by default all packs, each person by their own.",
)
@click.option(
    "--period", type=Periods(), help="2016 or 2016..2018; by default the first to the last year with a record."
)
@click.option("--as-of", type=Day(), help="Judge as on this day.")
@click.option("--reveal", is_flag=True, help="Show people's ids in full.")
@click.option(
    "--shifts", type=click.Path(dir_okay=False), metavar="FILE",
    help="Write every decision that changes into this CSV or Parquet file, with people's ids in full.",
)  # fmt: skip
@click.option(
    "--format", "format_", type=click.Choice(["human", "json", "markdown", "html"]), default="human", show_default=True
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 where something changed in law.")
def command(
    sides: tuple[str, ...],
    records: tuple[str, ...],
    mapping: str | None,
    persons: str | None,
    circumstances: str | None,
    policy: str | None,
    period: tuple[int, int] | None,
    as_of: date | None,
    reveal: bool,
    shifts: str | None,
    format_: str,
    exit_code: bool,
) -> int:
    """What changed in law between OLD and NEW: folders or git revisions (OLD...NEW: since they parted)."""
    from policyengine.tools.diff.compare import compare_files
    from policyengine.tools.diff.formats import FORMATS
    from policyengine.tools.evaluate.evaluate import Files

    if len(sides) > 2:
        raise click.UsageError(
            say(
                "name two sides: OLD NEW, OLD...NEW, or one revision to compare with the working tree",
                "请指定两边：OLD NEW、OLD...NEW，或与工作区比较的一个版本",
            )
        )
    if not records:
        _refuse_without_records(
            persons=persons, circumstances=circumstances, mapping=mapping, policy=policy, period=period, as_of=as_of,
            shifts=shifts,
        )  # fmt: skip
    files = Files(records, persons, circumstances, mapping) if records else None
    if shifts is not None and files is not None:
        _check_shifts(shifts, files)
    target = Path(shifts) if shifts is not None else None
    with progress():
        comparison, impact = compare_files(sides, files, policy, period, as_of, shifts=target, tell=message)
    _tell_problems(comparison)
    sys.stdout.write(FORMATS[format_](comparison, impact, reveal))
    changed = any(c.is_law for c in comparison.changes) or bool(comparison.effects)
    return 1 if exit_code and changed else 0


def _refuse_without_records(**given: object) -> None:
    """Refuse what says how records are judged where there are none: nobody would be told that nobody was judged."""
    for option in (f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None):
        raise click.UsageError(say(f"{option} needs --records", f"{option} 需要同时给出 --records"))


def _check_shifts(shifts: str, files: Files) -> None:
    """Refuse a name that asks for neither format, and that of a file that is read, which would be lost."""
    if not shifts.lower().endswith((".csv", ".parquet")):
        raise click.UsageError(say("--shifts must end in .csv or .parquet", "--shifts 应以 .csv 或 .parquet 结尾"))
    refuse_over("--shifts", shifts, [name for names in files.roles().values() for name in names])


def _tell_problems(comparison: Comparison) -> None:
    """What may not stand any more, in full; of what could not stand before either only how much it is."""
    from policyengine.tools.diff.sides import named

    new = [e.problem for e in comparison.effects if e.kind == "refused" and e.problem is not None]
    tell(new)
    standing = {named(p, comparison.new) for p in comparison.new.problems}.difference(new)
    if standing:
        count, label = len(standing), comparison.new.label
        more = many(count, "more error, which was there before", "more errors, which were there before")
        message(
            say(
                f"note: {label} has {more}; `policyengine check` shows them",
                f"说明：{label} 另有 {count} 处错误，此前已有；请用 policyengine check 查看",
            )
        )
