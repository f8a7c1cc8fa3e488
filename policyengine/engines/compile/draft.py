"""A record and a person that stand for a combination of classes. Codes go in; whoever judges them sees facts.

A draft remembers which of its facts were asked for, in order: two combinations that agree in those are judged alike
(``Memo``), so that of many combinations few are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from typing import Any, Generic, TypeVar

from policyengine.engines.compile.axes import Axis
from policyengine.records.model import Fact

T = TypeVar("T")


class Draft:
    """The facts of a combination of codes. ``given``: facts that are known exactly, instead of by their class."""

    __slots__ = ("_axes", "_codes", "_given", "_index", "_parts", "seen")

    def __init__(self, axes: Sequence[Axis], index: dict[str, int]):
        self._axes, self._index = axes, index
        self._codes: Sequence[int] = ()
        self._given: dict[str, Fact | None] = {}
        self.seen: dict[int, None] = {}
        self._parts: dict[Hashable, Memo[Any]] = {}

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

    def probed(self, name: str) -> bool:
        """Whether anything that is judged may ask for a field."""
        return name in self._index

    def part(self, name: Hashable, ask: Callable[[Draft], T]) -> T:
        """An answer that rests on a few of the facts: each combination of those is asked about once."""
        memo = self._parts.get(name)
        if memo is None:
            memo = self._parts[name] = Memo(partial(judged, ask, Draft(self._axes, self._index)), {})
        answer = memo.of(self._codes)
        self.seen.update(dict.fromkeys(memo.looked_at(self._codes)))
        return answer  # type: ignore[no-any-return]


def judged(
    ask: Callable[[Draft], T], draft: Draft, codes: Sequence[int], given: dict[str, Fact | None] | None = None
) -> tuple[T, list[int]]:
    """What is said of a combination, and the places that were looked at, in order."""
    return ask(draft.become(codes, given)), list(draft.seen)


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


class _Look:
    """A place in a memo's tree: the axis looked at next, and what follows each of its codes."""

    __slots__ = ("axis", "codes")

    def __init__(self, axis: int):
        self.axis = axis
        self.codes: dict[int, Any] = {}


class Memo(Generic[T]):
    """Judges each combination of the codes that were looked at once.

    ``judge`` works out the answer for codes, and says which places it looked at, in order. ``alike``: answers that are
    kept; of equal ones it is always the same that is given.
    """

    __slots__ = ("_alike", "_judge", "_root")

    def __init__(self, judge: Callable[[Sequence[int]], tuple[T, Sequence[int]]], alike: dict[T, T]) -> None:
        self._judge, self._alike = judge, alike
        self._root: Any = None

    def of(self, codes: Sequence[int]) -> T:
        """The answer for these codes."""
        node = self._root
        while type(node) is _Look:
            node = node.codes.get(codes[node.axis])
        return self._learn(codes) if node is None else node[0]

    def looked_at(self, codes: Sequence[int]) -> Iterator[int]:
        """The places that the answer for these codes rests on, in order."""
        node = self._root
        while type(node) is _Look:
            yield node.axis
            node = node.codes[codes[node.axis]]

    def _learn(self, codes: Sequence[int]) -> T:
        answer, seen = self._judge(codes)
        answer = self._alike.setdefault(answer, answer)
        leaf = (answer,)
        if not seen:
            self._root = leaf
            return answer
        if self._root is None:
            self._root = _Look(seen[0])
        node = self._root
        for place, following in zip(seen, (*seen[1:], None), strict=True):
            assert getattr(node, "axis", None) == place, "a rule looked at other facts for the same ones"
            code = codes[place]
            if code not in node.codes:
                node.codes[code] = leaf if following is None else _Look(following)
            node = node.codes[code]
        return answer
