"""How far long work is: the work tells it to whoever hears, the command line where there is a terminal, or to nobody.

A share is of one stage and is what was counted: rows or bytes read, tables done. Where that is not known it is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")
Hearer = Callable[[float | None, str], None]
"""Called with the share of the stage that is done (0 to 1) and the stage's name, as people are told it."""

EVERY = 512  # items between two words: to ask the clock for each row would cost more than to read it
_hearer: ContextVar[Hearer | None] = ContextVar("hearer", default=None)


@contextmanager
def heard_by(hearer: Hearer | None) -> Iterator[None]:
    """What is told within the block is told to ``hearer``."""
    before = _hearer.set(hearer)
    try:
        yield
    finally:
        _hearer.reset(before)


def hearer() -> Hearer | None:
    """Whoever hears; for other threads, which do not know it."""
    return _hearer.get()


def told(share: float | None, stage: str) -> None:
    """The stage is so far."""
    if (hears := _hearer.get()) is not None:
        hears(share, stage)


def counted(
    items: Iterable[Item], total: object, stage: str, done: Callable[[], int] | None = None, every: int = EVERY
) -> Iterator[Item]:
    """The items, while it is told how many of ``total`` have been taken; with ``done``, how much that says it is.

    A total that is none (a manifest may have been changed) or that turns out to be too small promises nothing.
    """
    hears = _hearer.get()
    return iter(items) if hears is None else _counted(items, total, stage, done, every, hears)


def _counted(
    items: Iterable[Item], total: object, stage: str, done: Callable[[], int] | None, every: int, hears: Hearer
) -> Iterator[Item]:
    whole = total if isinstance(total, int) else 0
    for number, item in enumerate(items):
        if number % every == 0 and (number or done is None):  # what only looks at the beginning reads nothing
            so_far = number if done is None else done()
            hears(so_far / whole if so_far <= whole and whole else None, stage)
        yield item
