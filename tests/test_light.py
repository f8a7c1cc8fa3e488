"""The light dataclass does what the standard library's does, in everything that the project uses."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Generic, TypeVar

import pytest

from policyengine.language import tree
from policyengine.light import dataclass as light
from policyengine.trace import Result

T = TypeVar("T")


def _classes(dataclass: Callable[..., Any]) -> dict[str, Any]:
    """The same classes, made by either."""

    @dataclass(frozen=True, slots=True)
    class Point(Generic[T]):
        x: T
        y: int = 3
        note: str = dataclasses.field(default="", compare=False, repr=False)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Base:
        when: int | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Sub(Base):
        what: str
        items: tuple[int, ...] = ()

    @dataclass(slots=True)
    class Box:
        held: list[int] = dataclasses.field(default_factory=list)
        size: int = dataclasses.field(default=0, init=False)

        def __post_init__(self) -> None:
            self.size = len(self.held)

    @dataclass(frozen=True)
    class Empty:
        pass

    @dataclass(slots=True, eq=False)
    class Own:
        x: int

    return {"Own": Own, "Point": Point, "Base": Base, "Sub": Sub, "Box": Box, "Empty": Empty}


BOTH = [_classes(dataclasses.dataclass), _classes(light)]


@pytest.mark.parametrize("c", BOTH, ids=["standard", "light"])
def test_alike(c: dict[str, Any]) -> None:
    point, sub, box = c["Point"], c["Sub"], c["Box"]
    assert point(1) == point(1, 3, "other note") != point(2)
    assert point(1) != (1, 3)
    assert hash(point(1)) == hash(point(1, note="n"))
    assert len({point(1), point(1), point(2)}) == 2
    assert repr(point(1)).endswith("Point(x=1, y=3)")
    assert sub(what="a") == sub(what="a", when=None, items=()) != sub(what="b")
    assert sub(what="a") != c["Base"]()
    assert repr(sub(what="a", when=1)).endswith("Sub(when=1, what='a', items=())")
    for wrong in (lambda: sub("a"), lambda: sub(), lambda: point(), lambda: point(1, z=2), lambda: box(size=1)):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(dataclasses.FrozenInstanceError):
        point(1).x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point(1).x
    with pytest.raises((AttributeError, TypeError)):
        point(1).z = 2
    assert box().held is not box().held
    assert (box([1, 2]).size, box([1]) == box([1]), box([1]) == box([2])) == (2, True, False)
    with pytest.raises(TypeError):
        hash(box())
    assert c["Empty"]() == c["Empty"]()
    own = c["Own"](1)
    assert own == own != c["Own"](1)
    assert hash(own) != hash(c["Own"](1))
    assert dataclasses.replace(sub(what="a"), items=(1,)) == sub(what="a", items=(1,))
    assert [f.name for f in dataclasses.fields(sub)] == ["when", "what", "items"]
    assert dataclasses.is_dataclass(sub)
    assert dataclasses.asdict(point(1)) == {"x": 1, "y": 3, "note": ""}
    match point(5, 6):
        case point(x, y):
            assert (x, y) == (5, 6)


def test_first_use_of_each_method() -> None:
    """Each method is made at its first use, whichever comes first."""
    for first in (hash, repr, lambda p: p == p):
        point = _classes(light)["Point"]
        first(point(1))
        assert (point(1), hash(point(1))) == (point(1), hash(point(1)))


def test_real_ones_are_copied_and_pickled() -> None:
    rule = tree.Require(measure="total", figure=tree.Quantity(Fraction(90), "hours"), window=tree.PerYears())
    for again in (copy.copy(rule), copy.deepcopy(rule), pickle.loads(pickle.dumps(rule))):
        assert again == rule
        assert hash(again) == hash(rule)
    empty = Result((), (), (), ())
    assert pickle.loads(pickle.dumps(empty)) == empty


def test_importing_the_words_of_every_floor_compiles_no_method() -> None:
    """What it is for: the standard library compiles six methods a class at import."""
    script = (
        "import builtins, sys\n"
        "count, real = 0, builtins.exec\n"
        # from Python 3.13 on it compiles a text of no method for a class that needs none, which costs next to nothing
        "def counted(*a, **k):\n    global count\n"
        "    count += isinstance(a[0], str) and 'def __' in a[0].replace('def __create_fn__', '')\n"
        "    return real(*a, **k)\n"
        "builtins.exec = counted\n"
        "import policyengine.language.tree, policyengine.packs.model, policyengine.plan.model, policyengine.trace\n"
        "import policyengine.records.model\n"
        "print(count)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 6  # of the few classes of which there are instances at import
