"""Rejects, however many: beyond some thousand they stand in a file and not in memory."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import overload

from policyengine.records.model import Reject

AT_ONCE = 10_000  # rejects that are laid down and read back together, some megabytes

_cells = attrgetter(*(f.name for f in fields(Reject)))


class Rejects(Sequence[Reject]):
    """Rejects in the order in which they were found. ``folder``: where their file ``name`` may stand; None: all in
    memory.

    The file is open only while it is read or written, so that its folder can be removed at any time.
    """

    def __init__(self, folder: Path | None = None, name: str = "rejects") -> None:
        self._path = folder and folder / name
        self._places: list[int] = []  # where in the file each piece of ``AT_ONCE`` begins
        self._last: list[Reject] = []

    def append(self, reject: Reject) -> None:
        self._last.append(reject)
        if self._path is not None and len(self._last) == AT_ONCE:
            with self._path.open("ab") as file:
                self._places.append(file.tell())
                marshal.dump(list(map(_cells, self._last)), file)
            self._last = []

    def extend(self, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            self.append(reject)

    def drop(self, gone: Callable[[Reject], bool], first: int = 0) -> None:
        """Leave out those of which ``gone`` is true, from the ``first`` on."""
        kept = Rejects()
        kept._path = self._path and self._path.with_suffix(".kept")
        kept.extend(r for at, r in enumerate(self) if at < first or not gone(r))
        self._places, self._last = kept._places, kept._last
        if self._path is not None and kept._path is not None and kept._places:
            kept._path.replace(self._path)

    def __len__(self) -> int:
        return len(self._places) * AT_ONCE + len(self._last)

    def __iter__(self) -> Iterator[Reject]:
        return self._pieces(0)

    @overload
    def __getitem__(self, at: int) -> Reject: ...
    @overload
    def __getitem__(self, at: slice) -> list[Reject]: ...
    def __getitem__(self, at: int | slice) -> Reject | list[Reject]:
        if isinstance(at, int):
            return self[at:][0] if at < 0 else self[at : at + 1][0]
        start, stop, step = at.indices(len(self))
        first = min(start // AT_ONCE, len(self._places))
        left_out = first * AT_ONCE
        return list(islice(self._pieces(first), start - left_out, max(start, stop) - left_out, step))

    def _pieces(self, first: int) -> Iterator[Reject]:
        laid_down = (r for place in self._places[first:] for r in self._piece(place))
        return chain(laid_down, self._last)

    def _piece(self, place: int) -> list[Reject]:
        assert self._path is not None
        with self._path.open("rb") as file:
            file.seek(place)
            return [Reject(*cells) for cells in marshal.load(file)]


def in_order(lists: Sequence[Rejects], first: int, place: Callable[[Reject], int]) -> Iterator[Reject]:
    """The rejects of the first list up to ``first``, then its others and those of the other lists by ``place``, by
    which each list is in order.
    """
    own = iter(lists[0])
    yield from islice(own, first)
    yield from merge(own, *lists[1:], key=place)
