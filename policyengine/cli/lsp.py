"""``policyengine lsp``: the language server that editors start."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from importlib.util import find_spec

import click
from click.core import ParameterSource

from policyengine.cli import settings
from policyengine.cli.settings import Command

EPILOG = """\b
Examples:
  policyengine lsp
  policyengine --lang zh lsp

docs/editor.md says how an editor is told to start it.
"""


@click.command(cls=Command, epilog=EPILOG)
def command() -> int:
    """Serve an editor over standard input and output (Language Server Protocol): messages while a pack is written,
    mends, proposals of what can come next, what a word or rule means, where it is declared and used, another name for
    it, layout, colours.

    An editor starts this; it ends with the editor.
    """
    if find_spec("pygls") is None:
        raise _missing()
    from policyengine.lsp.server import language_server

    if not settings.debug:
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
    server = language_server(speaks_as_editor=not _language_asked())
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers, contextlib.redirect_stdout(sys.stderr):
        server.start_io(stdout=answers)  # which it closes; and nothing else may come between
    return 0


def _language_asked() -> bool:
    """Whether ``--lang`` was given, before or after the command's name."""
    context: click.Context | None = click.get_current_context()
    while context is not None:
        if context.get_parameter_source("lang") is ParameterSource.COMMANDLINE:
            return True
        context = context.parent
    return False


def _missing() -> Exception:
    from policyengine.diagnostics import not_installed
    from policyengine.messages import say

    return not_installed(say("the language server is not installed", "未安装语言服务所需的部件"), "editor")
