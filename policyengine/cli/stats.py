"""``policyengine stats``: the statistics an authority owes, from written results or the status database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import message, tell, tell_of_csv
from policyengine.cli.over import made_from, refuse_over
from policyengine.cli.settings import Command, Database, on_terminal
from policyengine.messages import say

if TYPE_CHECKING:
    from policyengine.tools.stats.make import Statistics

EPILOG = """\b
Examples:
  policyengine stats out
  policyengine stats out-2016 out-2017 --suppress 5 --format xlsx --out statistics.xlsx
  policyengine stats out --by region,form --format csv > by-region-form.csv
  policyengine stats status.duckdb --by employer
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("results", nargs=-1, required=True, type=Database(), metavar="DIR...")
@click.option(
    "--by", multiple=True, metavar="FACT,...", help="Group by these facts instead (may be repeated for more tables)."
)
@click.option("--suppress", type=click.IntRange(0), default=0, metavar="N", help="Hide figures of fewer than N people.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "csv", "json", "xlsx"]),
    help="By default a table; with --out what its name ends in (.json, .xlsx), else csv.",
)
@click.option("--out", type=click.Path(), help="File (a folder for several tables as csv) to write to.")
@click.option("--records", multiple=True, help="The records files, where they have moved since.")
@click.option("--persons", help="The persons file, where it has moved since.")
@click.option("--policy", help="The packs, where they have moved since.")
@click.option("--mapping", help="The mapping file, where it has moved since.")
def command(
    results: tuple[str, ...],
    by: tuple[str, ...],
    suppress: int,
    format_: str | None,
    out: str | None,
    records: tuple[str, ...],
    persons: str | None,
    policy: str | None,
    mapping: str | None,
) -> int:
    """People, hours and funds in the results in DIR… (folders that evaluate wrote, or a status database).

    By region, sector, employer, kind of employer, title level, year, form, subject and outcome; completion rates;
    the distribution of hours; funds by source; providers with their exam results. Figures are exact.
    """
    from policyengine.tools.stats.make import statistics
    from policyengine.tools.stats.origin import Named

    named = [tuple(f.strip() for f in group.split(",")) for group in by]
    if any("" in group for group in named):
        text = say(
            "--by has an empty name: write names with a comma between them, as --by region,form",
            "--by 中有空的名称：请用逗号隔开各名称，如 --by region,form",
        )
        raise click.UsageError(text)
    groups = list(dict.fromkeys(named))  # a table asked for twice is one, as is its file
    format_ = _format(format_, out)
    if format_ == "xlsx" and out is None:
        raise click.UsageError(say("xlsx needs a file: --out FILE.xlsx", "xlsx 需要文件：--out 文件.xlsx"))
    if out is not None:
        refuse_over("--out", out, [*results, *records, persons, policy, mapping, *made_from(results)])
    if format_ == "csv" and len(groups) != 1 and (out is None or out.lower().endswith(".csv")):
        english = "several tables as csv need a folder, which is not named .csv: --out FOLDER"
        text = say(english, "多个表的 csv 需要文件夹，其名称不以 .csv 结尾：--out 文件夹")
        raise click.UsageError(text)
    with progress():
        made = statistics(results, groups, suppress, Named(records, persons, policy, mapping))
    tell(made.notes)
    _write(made, format_, out)
    return 0


def _format(asked: str | None, out: str | None) -> str:
    """The format that was asked for, or that the name of the file asks for; both may not ask for different ones."""
    ending = Path(out).suffix[1:].lower() if out else ""
    if ending not in ("csv", "json", "xlsx"):
        return asked or ("csv" if out else "table")
    if asked not in (None, ending):
        english = f"--format {asked} does not go with the name --out {out}, which asks for {ending}"
        raise click.UsageError(say(english, f"--format {asked} 与 --out {out} 不符，其名称的结尾表示 {ending} 格式"))
    return ending


def _write(made: Statistics, format_: str, out: str | None) -> None:
    from policyengine.tools.stats import render

    if out is None:
        render.write_text(made, format_, sys.stdout, on_terminal(sys.stdout))
        return
    render.write_file(made, format_, Path(out))
    message(say(f"written to {out}", f"已写入 {out}"))
    if format_ == "csv":
        tell_of_csv(say("--out FILE.xlsx", "--out 文件.xlsx"))
