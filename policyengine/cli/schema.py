"""``policyengine schema``: the JSON Schemas of a pack's files, for editors and other programs."""

from __future__ import annotations

import sys

import click

from policyengine.cli.settings import Command

EPILOG = """\b
Examples:
  policyengine schema pack
  policyengine schema rules > rules.schema.json
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("name", type=click.Choice(["pack", "rules", "tests"]), default="pack")
def command(name: str) -> int:
    """Print the JSON Schema of pack.yaml (pack, the default), rules*.yaml (rules) or tests/*.yaml (tests).

    An editor with a YAML language server completes and checks a file whose first line is
    "# yaml-language-server: $schema=PATH".
    """
    from policyengine.packs.shape import schema_text

    sys.stdout.write(schema_text(name))
    return 0
