"""Other handlers for signals while something runs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""What ends a process, Ctrl-C apart: the system, a terminal that closes, Ctrl-Break of Windows."""


@contextmanager
def handled(handlers: Mapping[signal.Signals, Callable[[int, Any], None] | signal.Handlers]) -> Iterator[None]:
    """Have signals handled so meanwhile, then as before. Outside the main thread nothing changes: whoever runs us there
    heeds signals."""
    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):
        for number, handler in handlers.items():
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: it was not of Python's making
                signal.signal(number, handler)
