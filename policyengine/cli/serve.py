"""``policyengine serve``: the local workbench, in a browser."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli.guard import Terminated, message
from policyengine.cli.settings import Command, packs_here
from policyengine.messages import say

if TYPE_CHECKING:
    from policyengine.web.server import Workbench

EPILOG = """\b
Examples:
  policyengine serve
  policyengine --lang zh serve policies --open

Ends with Ctrl-C; then everything that was given or made is removed.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("policies", required=False, type=click.Path())
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="By default one that is free.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
def command(policies: str | None, port: int, opens: bool) -> int:
    """A workbench in the browser: the packs of POLICIES (by default policies/) as law, and records judged by them.

    It answers on this machine only, and only to whoever knows the address that is printed.
    """
    from policyengine.packs.policies import pack_folders
    from policyengine.web.desk import Desk
    from policyengine.web.server import Workbench

    place = Path(policies or packs_here())
    folders, said = pack_folders(place)
    if not folders:
        from policyengine.diagnostics import PolicyError

        raise PolicyError(said)
    with tempfile.TemporaryDirectory(prefix="policyengine-", ignore_cleanup_errors=True) as folder:
        try:
            workbench = Workbench(Desk(place, Path(folder)), port)
        except OSError as e:
            text = say(f"port {port} can't be used: {e.strerror}", f"端口 {port} 无法使用，可能已被占用")
            raise click.UsageError(text) from e
        with workbench, _ended_with_it(workbench, folder), suppress(KeyboardInterrupt):  # which is how it ends
            _serve(workbench, Path(folder) if opens else None)
    message(say("closed; nothing was left behind", "已关闭，未留下任何文件"))
    return 0


@contextmanager
def _ended_with_it(workbench: Workbench, folder: str) -> Iterator[None]:
    """Whatever is still being judged or read for somebody ends with the workbench, and what it has written is gone:
    the threads that do it can't be asked to stop, and Python, as it ends, aborts those that are within DuckDB."""
    before, tempfile.tempdir = tempfile.tempdir, folder  # for what they make on the way
    code = 0
    try:
        yield
    except Terminated as e:
        code = e.code
        raise
    finally:
        tempfile.tempdir = before
        if workbench.desk.one_at_a_time.locked():
            atexit.register(_end, folder, code)


def _end(folder: str, code: int) -> None:
    """End the process as it is."""
    sys.stdout.flush()
    sys.stderr.flush()
    shutil.rmtree(folder, ignore_errors=True)  # of what was written since
    os._exit(code)


def _serve(workbench: Workbench, opens: Path | None) -> None:
    """Tell where it is, and answer until it is closed. ``opens``: the folder for the page that the browser opens."""
    address = f"{workbench.address}/?key={workbench.key}"
    sys.stdout.write(address + "\n")
    sys.stdout.flush()
    message(say("open this address in a browser; Ctrl-C ends the workbench and removes what was given and made",
                "请在浏览器中打开此网址；按 Ctrl-C 关闭工作台，并删除所提交的文件和结果"))  # fmt: skip
    if opens is not None:
        _open(address, opens)
    workbench.serve_forever(poll_interval=0.2)


def _open(address: str, folder: Path) -> None:
    """Open the browser by a file that leads on: on the browser's command line everybody on the machine could read the
    key."""
    import webbrowser

    page = folder / "open.html"
    page.write_text(f'<!doctype html><meta http-equiv="refresh" content="0;url={address}">', encoding="utf-8")
    # Windows reads % in the address of a file by its code page: a user name in Chinese leads nowhere
    webbrowser.open(str(page) if os.name == "nt" else page.as_uri())
