"""``policyengine publish``: write a result into the status database, in one transaction."""

from __future__ import annotations

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import message, tell
from policyengine.cli.settings import Command, Database
from policyengine.messages import many, say

EPILOG = """\b
Examples:
  policyengine publish out --to status.duckdb
  policyengine publish out-2017 --to postgresql://clerk@db.example/education
  policyengine publish out-chengdu --to status.duckdb --scope chengdu
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("folder", metavar="DIR")
@click.option(
    "--to",
    required=True,
    type=Database(),
    help="FILE.duckdb or postgresql://… (a password is better kept in ~/.pgpass).",
)
@click.option("--scope", help="Whose result it is; one result of a period is current in each. By default the policy.")
@click.option("--records", multiple=True, help="The records files, where they have moved since.")
@click.option("--persons", help="The persons file, where it has moved since.")
@click.option("--policy", help="The packs, where they have moved since.")
@click.option("--mapping", help="The mapping file, where it has moved since.")
def command(
    folder: str,
    to: str,
    scope: str | None,
    records: tuple[str, ...],
    persons: str | None,
    policy: str | None,
    mapping: str | None,
) -> int:
    """Write the result in DIR into the status database: decisions, findings, ledger, facts and statistics.

    All or nothing. Publishing a result twice changes nothing; a later result of the same scope and period takes the
    place of the earlier one, which stays in the history. docs/database.md describes the tables and views.
    """
    from policyengine.address import is_server, shown
    from policyengine.cli.over import refuse_in_result
    from policyengine.tools.publish.publish import publish
    from policyengine.tools.stats.origin import Named

    if not is_server(to):
        refuse_in_result("--to", to)
    with progress():
        done = publish(folder, to, scope, Named(records, persons, policy, mapping))
    tell(done.notes)
    if not done.changed:
        there = say(f"this result is there already, in the scope {done.scope}", f"该结果已在库中（范围“{done.scope}”）")
        message(there + say("; nothing was changed", "，未作改动"))
        for period, later in done.superseded:
            message(say(f"{period}: superseded by {later[:12]}…", f"{period}：已被 {later[:12]}… 取代"))
        if done.superseded:
            message(
                say(
                    "to have it take their place, give the records file another name, evaluate again and publish that",
                    "如要重新采用本结果，请将学习记录文件改名，重新评定后再发布",
                )
            )
        return 0
    for (period, earlier), gone in zip(done.replaced, done.gone, strict=True):
        people = many(gone, "person who is", "people who are")
        without = say(f", with {people} not in this one", f"，其中 {gone} 人不在本结果中")
        message(
            say(f"{period}: replaces {earlier[:12]}…", f"{period}：替换 {earlier[:12]}…") + (without if gone else "")
        )
    if any(done.gone):
        message(
            say(
                "results of different people stand beside each other where each has a --scope of its own",
                "不同人员的结果如要并存，请各用一个 --scope",
            )
        )
    for period, earlier in done.stays:
        last = period[-4:]
        message(
            say(
                f"{period}: stays as {earlier[:12]}… decided it, by the records of then; "
                f"to decide it by those of now, evaluate {last} and publish that too",
                f"{period}：仍为 {earlier[:12]}… 按当时的记录得出的结论；如要按现在的记录评定，"
                f"请评定 {last} 年度并发布",
            )
        )
    message(say(f"published to {shown(to)}", f"已发布至 {shown(to)}"))
    return 0
