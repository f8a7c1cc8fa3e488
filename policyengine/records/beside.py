"""Work that goes on beside the main thread: a function goes in, its result as a future comes out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def beside(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
    """Begin the work. Nobody waits for it who does not ask for its result: Ctrl-C ends the process at once."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*arguments, **named))
        except BaseException as e:
            future.set_exception(e)

    Thread(target=run, daemon=True).start()
    return future
