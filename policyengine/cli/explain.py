"""``policyengine explain``: one person's case as a tree, from records or from a written result."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import tell
from policyengine.cli.over import refuse_results
from policyengine.cli.settings import Command, Day, Periods
from policyengine.messages import say, spoken

EPILOG = """\b
Examples:
  policyengine explain examples/records.csv --policy policies/sichuan --persons examples/persons.csv --person 张三
  policyengine explain out --person 张三 --lang zh
  policyengine explain out --person P001 --format json > certificate.json
  policyengine explain out --person P001 --format html > why.html
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("records", nargs=-1, required=True)
@click.option(
    "--policy",
    help="A pack's folder or a folder of packs; not needed for a written result.",
)
@click.option("--person", required=True, help="The person's id, or a name that only one person has.")
@click.option("--period", type=Periods(), help="2016 or 2016..2018; by default every period there is.")
@click.option("--persons", help="File with a row for each person.")
@click.option("--circumstances", help="File with people's leave and other circumstances.")
@click.option("--mapping", help="A mapping file, for columns that their headers alone don't explain.")
@click.option("--as-of", type=Day(), help="Explain as on this day.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("--reveal", is_flag=True, help="Show ids, and the birthday that one holds, in full.")
def command(
    records: tuple[str, ...],
    policy: str | None,
    person: str,
    period: tuple[int, int] | None,
    persons: str | None,
    circumstances: str | None,
    mapping: str | None,
    as_of: date | None,
    format_: str,
    reveal: bool,
) -> int:
    """Why a person met the requirement or not, down to the article, and what would be enough.

    RECORDS are records files (with --policy), or the folder of a written result.
    """
    from policyengine.tools.explain.explain import explain_files, nothing_in

    if len(records) == 1 and (Path(records[0]) / "manifest.json").is_file():
        given = {
            "--policy": policy,
            "--persons": persons,
            "--circumstances": circumstances,
            "--mapping": mapping,
            "--as-of": as_of,
        }
        _by_itself([option for option, value in given.items() if value is not None])
        from policyengine.tools.explain.written import explain_result
        from policyengine.tools.result.read import read_result

        with progress():
            cases, remarks = explain_result(read_result(records[0]), person, period)
    else:
        if policy is None:
            _must_be_there(records)
            refuse_results(records)
            if Path(records[0]).is_dir():
                raise click.UsageError(
                    say(
                        f"{records[0]} is not a result; where it holds records, say by which policy: --policy FOLDER",
                        f"{records[0]} 不是评定结果；如果其中是学习记录，请用 --policy 指定政策",
                    )
                )
            raise click.UsageError(say("say by which policy: --policy FOLDER", "请用 --policy 指定政策"))
        from policyengine.tools.evaluate.evaluate import Files
        from policyengine.tools.evaluate.select import load_law

        files = Files(records, persons, circumstances, mapping)
        with progress():
            cases, remarks = explain_files(load_law(policy), files, person, period, as_of)
    tell(remarks)
    if not cases:
        raise nothing_in(person, period)
    if format_ == "json":
        from policyengine.tools.explain.data import data_of_cases, json_of_data

        click.echo(json_of_data(data_of_cases(cases, reveal)))
    elif format_ == "html":
        from policyengine.tools.explain.html import html_of_cases

        click.echo("".join(html_of_cases(cases, spoken(), reveal)), nl=False)
    else:
        from policyengine.tools.explain.text import text_of_case

        click.echo("\n\n".join(text_of_case(c, spoken(), reveal) for c in cases))
    return 0


def _must_be_there(records: tuple[str, ...]) -> None:
    """Say first of a name that it leads to nothing (it may be that of a result, misspelt), or to a status database."""
    from glob import has_magic

    from policyengine.address import is_database
    from policyengine.diagnostics import PolicyError
    from policyengine.records.foreign import foreign, is_foreign
    from policyengine.tools.result.read import read_result

    for name in records:
        if name != "-" and not has_magic(name) and not Path(name).exists():
            read_result(name)
        if is_database(name):
            with open(name, "rb") as file:
                head = file.read(100)
            if is_foreign(head):
                raise PolicyError([foreign(head, name)])


def _by_itself(given: list[str]) -> None:
    """Refuse what would be something else than the written result was made of."""
    if given:
        english, chinese = ", ".join(given), "、".join(given)
        raise click.UsageError(
            say(
                f"a written result is explained by its own policy, files and day; leave {english} out",
                f"已写出的结果按其自身的政策、文件和日期说明，请去掉 {chinese}",
            )
        )
