"""``dataclass`` as in the standard library, without its cost at start: methods are made when they are first used.

``dataclasses`` writes and compiles six methods for every frozen class, about 1 ms a class; a command uses few of them.
Here a class costs 0.1 ms; its ``__init__`` is written at the first call and is as fast as theirs. ``fields``,
``replace``, ``is_dataclass``, matching, copying and pickling work as ever. Only what this project uses is supported.
"""

from __future__ import annotations

import dataclasses
from dataclasses import KW_ONLY, MISSING, FrozenInstanceError, field, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, eq=True):
        """A dataclass with ``frozen``, ``slots``, ``kw_only`` and ``eq`` as in ``dataclasses``."""

        def make(cls):
            own = set(vars(cls))
            cls.__doc__ = cls.__doc__ or cls.__name__  # else the signature is worked out to stand for it
            plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            _equip(plain, own, frozen, eq)
            if frozen and slots:
                plain.__getstate__, plain.__setstate__ = _get_state, _set_state
            return plain

        return make if cls is None else make(cls)


def _equip(cls: Any, own: set[str], frozen: bool, eq: bool) -> None:
    """Give the class the methods that its author did not write."""
    methods: dict[str, Any] = {"__init__": _first_init(cls, frozen), "__repr__": _repr}
    if frozen:
        methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if eq:
        methods |= {"__eq__": _first_eq(cls), "__hash__": _first_hash(cls) if frozen else None}
    for name, method in methods.items():
        if name not in own:
            setattr(cls, name, method)


def _first_init(cls: Any, frozen: bool) -> Any:
    def __init__(self: Any, *args: Any, **named: Any) -> None:
        cls.__init__ = _init_of(cls, frozen)
        # super().__init__ of a subclass and the call itself both arrive here once
        cls.__init__(self, *args, **named)

    return __init__


def _init_of(cls: Any, frozen: bool) -> Any:
    """``__init__`` written out, as ``dataclasses`` would.

    A frozen object with slots is an open one while it is made: plain assignments are five times as fast (0.5 instead
    of 2.4 µs for a row of the ledger), and results are mostly such rows.
    """
    opens = frozen and cls.__dictoffset__ == 0
    scope: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    places: list[str] = []
    named: list[str] = []
    body: list[str] = []
    for f in fields(cls):
        value, parameter = f.name, f.name
        if f.default_factory is not MISSING:
            scope[f"_make_{f.name}"] = f.default_factory
            parameter, value = f"{f.name}=_missing", f"_make_{f.name}() if {f.name} is _missing else {f.name}"
        elif f.default is not MISSING:
            scope[f"_default_{f.name}"] = f.default
            parameter = f"{f.name}=_default_{f.name}"
        if f.init:
            (named if f.kw_only else places).append(parameter)
        elif value == f.name:
            continue
        else:
            value = f"_make_{f.name}()"
        body.append(f"_set(self, {f.name!r}, {value})" if frozen and not opens else f"self.{f.name} = {value}")
    if opens and body:
        plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}  # both, or neither is quick
        scope["_Open"] = type(cls)(cls.__name__, (cls,), {"__slots__": (), **plain})
        scope["_Own"] = cls
        body = ["_set(self, '__class__', _Open)", *body, "self.__class__ = _Own"]
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(["self", *places, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n  " + "\n  ".join(body or ["pass"]), scope)
    made = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _key_of(cls: Any) -> Any:
    """What instances are compared by: a tuple of the fields that compare."""
    names = [f.name for f in fields(cls) if f.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda self: (getattr(self, names[0]),)) if names else (lambda self: ())


def _first_eq(cls: Any) -> Any:
    def __eq__(self: Any, other: object) -> Any:
        key = _key_of(cls)

        def equal(self: Any, other: object) -> Any:
            return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

        cls.__eq__ = equal
        return equal(self, other)

    return __eq__


def _first_hash(cls: Any) -> Any:
    def __hash__(self: Any) -> int:
        key = _key_of(cls)
        cls.__hash__ = lambda self: hash(key(self))
        return hash(key(self))

    return __hash__


def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: Any, name: str, *value: object) -> None:
    raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, f.name) for f in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for f, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, f.name, value)


__all__ = ["KW_ONLY", "dataclass", "field", "fields", "replace"]
