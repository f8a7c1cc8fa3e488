"""``policyengine explain-code``: what a diagnostic code means, with an example of the mistake and how to mend it."""

from __future__ import annotations

import sys

import click

from policyengine.cli.settings import Command
from policyengine.messages import listed, say

EPILOG = """\b
Examples:
  policyengine explain-code PE203
  policyengine explain-code
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print the page of CODE (PE203); without one, every code with its title."""
    from policyengine.diagnostics import Diagnostic, PolicyError
    from policyengine.tools.codes import codes, near, page, title

    if code is None:
        sys.stdout.writelines(f"{one}  {title(one)}\n" for one in codes())
        return 0
    text = page(code)
    if text is None:
        known = listed(near(code))
        hint = say(f"did you mean {known}? ", f"是不是 {known}？") if known else ""
        every = say("explain-code alone lists them all", "只输入 explain-code 可列出全部代码")
        said = say(f"there is no code {code}", f"没有代码 {code}")
        raise PolicyError([Diagnostic("PE920", said, hint=hint + every)])
    sys.stdout.write(text)
    return 0
