"""How far long work is, as a bar on stderr: on a terminal only, after a moment, gone when the work ends or fails."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any

from policyengine.cli.settings import on_terminal
from policyengine.messages import in_line
from policyengine.progress import Hearer, heard_by

MOMENT = 1.0  # seconds of work that nobody need be told of
OFTEN = 0.1  # seconds between two changes of one stage that eyes can follow


@contextlib.contextmanager
def progress() -> Iterator[None]:
    """Show what the work within the block tells of itself, stage by stage."""
    with bar() as hearer, heard_by(hearer):
        yield


@contextlib.contextmanager
def bar(time_left: bool = False) -> Iterator[Hearer | None]:
    """What shows how far the work is; None where nobody looks. ``time_left``: with how long it will take yet, which
    shares of all the work say, in the place of how long it has taken."""
    if not on_terminal(sys.stderr):
        yield None
        return
    shown = _Bar(time_left)
    try:
        yield shown.tell
    finally:
        shown.close()


class _Bar:
    """Loads what draws the bar when there is one to be drawn: most work ends before."""

    def __init__(self, time_left: bool) -> None:
        self._time_left = time_left
        self._begun = time.monotonic()
        self._last = 0.0
        self._stage: str | None = None
        self._drawn: Any = None

    def tell(self, share: float | None, stage: str) -> None:
        now = time.monotonic()
        if now - self._begun < MOMENT or (stage == self._stage and now - self._last < OFTEN):
            return
        self._last, self._stage = now, stage
        first = self._drawn is None
        if first:
            self._drawn = _drawn(self._time_left)
            self._drawn.add_task("")
            self._drawn.tasks[0].start_time = self._begun
        self._change(share, stage)
        if first:
            self._drawn.start()

    def _change(self, share: float | None, stage: str) -> None:
        # a bar that is full stops the clock, and work that still tells is not done
        so_far = None if share is None else min(max(share, 0.0), 0.99)
        task = self._drawn.tasks[0]
        if (so_far or 0.0) < task.completed:  # another stage, of which the speed of the last says nothing
            self._drawn.reset(0)
            task.start_time = self._begun
        task.total = None if so_far is None else 1.0  # ``update`` can't take a total back
        percent = "" if so_far is None else f"{int(so_far * 100)} %"
        self._drawn.update(0, completed=so_far or 0.0, description=in_line(stage), percent=percent)

    def close(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()


def _drawn(time_left: bool) -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from policyengine.tools.screen import Console

    # names of files are in it, which are no markup; a percentage of an unknown whole would be 0
    columns = [TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[percent]}")]
    time = TimeRemainingColumn() if time_left else TimeElapsedColumn()
    # what goes to stdout is data, also where that is a terminal
    return Progress(*columns, time, console=Console(stderr=True), transient=True, redirect_stdout=False)
