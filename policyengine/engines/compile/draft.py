"""A record and a person that stand for a combination of classes. Codes go in; whoever judges them sees facts.

A draft remembers which of its facts were asked for, in order: two combinations that agree in those are judged alike
(``Memo``), so that of many combinations few are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Generic, TypeVar

from policyengine.engines.compile.axes import Axis
from policyengine.records.model import Fact

T = TypeVar("T")


class Draft:
    """The facts of a combination of codes. ``given``: facts that are known exactly, instead of by their class."""

    __slots__ = ("_axes", "_codes", "_given", "_index", "seen")

    def __init__(self, axes: Sequence[Axis], index: dict[str, int]):
        self._axes, self._index = axes, index
        self._codes: Sequence[int] = ()
        self._given: dict[str, Fact | None] = {}
        self.seen: dict[int, None] = {}

    def become(self, codes: Sequence[int], given: dict[str, Fact | None] | None = None) -> Draft:
        """Stand for another combination; nothing is remembered of the one before."""
        self._codes, self._given, self.seen = codes, given or {}, {}
        return self

    def get(self, name: str, default: Any = None) -> Any:
        """The fact that stands for the class of a field; None where it is missing."""
        if name in self._given:
            return self._given[name]
        place = self._index[name]  # a field that is not there was not probed: a fault of probes.py
        self.seen[place] = None
        return self._axes[place].facts[self._codes[place]]


class DraftRecord:
    """Looks like a ``Record`` to the reference evaluator."""

    __slots__ = ("facts",)
    record_id = person_id = ""

    def __init__(self, facts: Draft):
        self.facts = facts

    @property
    def end(self) -> date:
        return self.facts.get("end")  # type: ignore[no-any-return]

    @property
    def start(self) -> date:
        return self.facts.get("start")  # type: ignore[no-any-return]

    @property
    def quantity(self) -> Fraction | None:
        return self.facts.get("quantity")  # type: ignore[no-any-return]

    @property
    def unit(self) -> str | None:
        return self.facts.get("unit")  # type: ignore[no-any-return]


class Memo(Generic[T]):
    """Judges each combination of the codes that were looked at once. A tree: the axis looked at next, then its code."""

    def __init__(self) -> None:
        self._root: dict[Any, Any] = {}

    def of(self, codes: Sequence[int], judge: Callable[[], tuple[T, Sequence[int]]]) -> T:
        """The answer for these codes; ``judge`` works it out and says which places it looked at, in order."""
        node = self._root
        while "axis" in node:
            found = node["codes"].get(codes[node["axis"]])
            if found is None:
                break
            node = found
        if "answer" in node:
            return node["answer"]  # type: ignore[no-any-return]
        answer, seen = judge()
        node = self._root
        for place in seen:
            node.setdefault("axis", place)
            assert node["axis"] == place, "a rule looked at other facts for the same ones"
            node = node.setdefault("codes", {}).setdefault(codes[place], {})
        node["answer"] = answer
        return answer
