"""Records with values that are compared go in, some of them missing; out come those that may have the same.

Values agree where at every place they are equal, or one of the two lacks a value. So those that agree with some values
are few parts: for each choice of places that records fill, those that have the same values where both fill them. Parts
are looked up: no record is compared with all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

Values = tuple[object, ...]
"""What is compared of a record; None: it is missing."""

Places = tuple[int, ...]
"""Places of values."""

PartKey = tuple[Places, Places, Values]
"""The places that the records of a part fill, those where they are compared, and the values there."""


class Alike(Generic[T]):
    """Records (``T`` stands for one) by what is compared of them."""

    def __init__(self) -> None:
        self._filling: dict[Places, list[tuple[T, Values]]] = {}
        self._having: dict[tuple[Places, Places], dict[Values, list[T]]] = {}

    def add(self, record: T, values: Values) -> None:
        own = filled(values)
        self._filling.setdefault(own, []).append((record, values))
        for (places, common), having in self._having.items():
            if places == own:
                having.setdefault(_at(values, common), []).append(record)

    def parts(self, values: Values) -> Iterator[tuple[PartKey, list[T]]]:
        """The records that have some values, or may have them."""
        own = filled(values)
        for places in self._filling:
            common = own if places == own else tuple(n for n in own if n in places)
            wanted = _at(values, common)
            records = self._of(places, common).get(wanted)
            if records is not None:
                yield (places, common, wanted), records

    def _of(self, places: Places, common: Places) -> dict[Values, list[T]]:
        """The records that fill just those places, by their values at some of them."""
        having = self._having.get((places, common))
        if having is None:
            having = self._having[places, common] = {}
            for record, values in self._filling[places]:
                having.setdefault(_at(values, common), []).append(record)
        return having


def filled(values: Values) -> Places:
    """The places that have a value."""
    if None not in values:
        return tuple(range(len(values)))
    return tuple(place for place, value in enumerate(values) if value is not None)


def _at(values: Values, places: Places) -> Values:
    return values if len(places) == len(values) else tuple(values[place] for place in places)
