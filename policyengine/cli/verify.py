"""``policyengine verify``: re-check a written result from its own files."""

from __future__ import annotations

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import message, tell
from policyengine.cli.over import refuse_results
from policyengine.cli.settings import Command
from policyengine.messages import many, say

EPILOG = """\b
Examples:
  policyengine verify out
  policyengine verify out records.csv persons.csv
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("folder")
@click.argument("records", nargs=-1)
@click.option("--key", type=click.Path(), metavar="PUB", help="It must be signed by this Ed25519 public key (PEM).")
def command(folder: str, records: tuple[str, ...], key: str | None) -> int:
    """Check that nothing in the result in FOLDER was changed and that its figures follow from each other.

    With RECORDS: also that these are the files it was made from.
    """
    from policyengine.tools.result.verify import verify

    refuse_results(records)
    with progress():
        found = verify(folder, records, key)
    tell(found)
    wrong = sum(d.severity == "error" for d in found)
    if wrong:
        message(say(f"{folder}: {many(wrong, 'disagreement')}", f"{folder}：{wrong} 处不一致"))
        return 1
    message(say(f"{folder}: sound", f"{folder}：无误"))
    return 0
