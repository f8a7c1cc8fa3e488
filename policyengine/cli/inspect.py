"""``policyengine inspect``: what a file would be read as, before anyone is judged by it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import tell
from policyengine.cli.settings import Command, on_terminal

if TYPE_CHECKING:
    from policyengine.records.schema import Schema

EPILOG = """\b
Examples:
  policyengine inspect examples/records.csv --policy policies/sichuan
  policyengine inspect persons.xlsx --as persons
  policyengine inspect returns/ --mapping mapping.yaml --format json

Exit code: 0 the files can be used (rows may still be rejected), 2 they can't, and the message says why.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--policy",
    help="A pack's folder, or a folder of packs: its words are those that the cells may hold.",
)
@click.option(
    "--as", "purpose", type=click.Choice(["records", "persons", "circumstances"]), default="records", show_default=True,
    help="What the files are meant to be.",
)  # fmt: skip
@click.option("--mapping", help="A mapping file, for columns that their headers alone don't explain.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(files: tuple[str, ...], policy: str | None, purpose: Any, mapping: str | None, format_: str) -> int:
    """Show what FILES (files, folders, globs, or - for stdin) would be read as: sheets, header, columns, units.

    And which cells can't be read, with some of them (ids masked). Nothing is evaluated.
    """
    from policyengine.diagnostics import failed
    from policyengine.tools.inspect import as_json, as_text, inspect

    schema = _schema(policy, mapping)
    with progress():
        views, diagnostics = inspect(files, schema, purpose)
    if format_ == "json":
        click.echo(json.dumps(as_json(views, diagnostics), ensure_ascii=False, indent=2))
    else:
        click.echo(as_text(views, _width(), on_terminal(sys.stdout)), nl=False)
    tell(diagnostics)
    return 2 if failed(diagnostics) else 0


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def _schema(policy: str | None, mapping: str | None) -> Schema:
    """The words of the policy (without one, the canonical columns alone) and the user's mapping."""
    from policyengine.tools.evaluate.evaluate import schema_for
    from policyengine.tools.evaluate.select import Law, load_law

    law = load_law(policy) if policy is not None else Law("", (), ())
    return schema_for(law, mapping, checked=policy is not None)  # without one, columns and terms are not known
