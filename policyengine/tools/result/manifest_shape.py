"""Whether a manifest has the parts that are read of it: plain data in, the place of the first that is not so out.

A manifest may keep its own seal and yet be none of ours: whoever changes one can seal it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from policyengine.engines.calendar import is_label
from policyengine.tools.result.tables import FINDINGS, FLAGS, LEDGER, MISSING, Column
from policyengine.tools.result.write import MARK

MOST = 2**63  # of rows


def first_fault(manifest: Any) -> str | None:
    """Where the manifest is not as it is written, such as ``rules[3].cites.at``; None: nowhere."""
    return next(_faults(manifest, SHAPE, ""), None)


def _faults(value: Any, shape: Any, place: str) -> Iterator[str]:
    """``shape``: what to ask of the value; of a list, the shape of each in one; of an object, the shapes by key, where
    ``key?`` may be left out and ``*`` stands for each other one."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield place
        else:
            for at, one in enumerate(value):
                yield from _faults(one, shape[0], f"{place}[{at}]")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield place
        else:
            yield from _of_object(value, shape, place)
    elif not shape(value):
        yield place


def _of_object(value: dict[str, Any], shape: dict[str, Any], place: str) -> Iterator[str]:
    inside = f"{place}." if place else ""
    for key, asked in shape.items():
        name = key.removesuffix("?")
        if name in value:
            yield from _faults(value[name], asked, inside + name)
        elif key == "*":
            for other in value.keys() - shape.keys():
                yield from _faults(value[other], asked, inside + other)
        elif name == key:
            yield inside + name


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _file(value: Any) -> bool:
    """The name of a file in the result's own folder, whatever the system."""
    return isinstance(value, str) and not set(value) & set("/\\:\0") and value not in ("", ".", "..")


def _yes_no(value: Any) -> bool:
    return isinstance(value, bool)


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < MOST


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _some_texts(value: Any) -> bool:
    return _texts(value) and bool(value)


def _years(value: Any) -> bool:
    """Of a block: how many, and from which year."""
    return isinstance(value, list) and len(value) == 2 and all(map(_count, value)) and value[0] > 0


def _test_of_years(value: Any) -> bool:
    """What a conclusion looks back on: so many years, or so many cycles of a requirement."""
    shapes = ({"of": _maybe(_text), turns: _count} for turns in ("years", "cycles"))
    return any(next(_faults(value, shape, ""), None) is None for shape in shapes)


def _day(value: Any) -> bool:
    return _is(value, date.fromisoformat)


def _day_of_year(value: Any) -> bool:
    return _is(value, lambda text: date.fromisoformat(f"2001-{text}"))


def _is(value: Any, read: Any) -> bool:
    try:
        read(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def _maybe(shape: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or shape(value)


def _of_decisions(value: Any) -> bool:
    """The columns of decisions: subjects stand between two that are always there, measures behind another."""
    if not _texts(value) or len(set(value)) < len(value):
        return False
    places = [value.index(name) for name in ("total", "required_total", "consequences") if name in value]
    return len(places) == 3 and places == sorted(places)


def _among(columns: Iterable[Column]) -> Callable[[Any], bool]:
    """Whether these are among the columns."""
    names = {c.name for c in columns}
    return lambda value: _texts(value) and names <= set(value)


OF_ANY_LEDGER = [c for c in LEDGER if c.name in ("record_id", "person_id", "period", "converted", "counted", "reason")]
WORDS = {"*": _text}
TABLE = {"file": _file, "rows": _count, "columns": _texts, "sha256": _text}
SHAPE: dict[str, Any] = {
    MARK: _count,
    "engine": {"name": _text, "version": _text},
    "options": {
        "policy": _text, "commit?": _text, "records": _texts, "persons": _maybe(_text), "circumstances": _maybe(_text),
        "mapping?": _text, "period": _maybe(is_label), "as_of": _maybe(_day), "format?": _text, "ledger?": _text,
        "pseudonymised?": _yes_no,
    },
    "rows": {"in": _count, "records": _count, "rejected": _count, "persons": _count},
    "inputs": [{"role": _text, "file": _text, "sha256": _text}],
    "policies": [
        {
            "id": _text, "unit": _text, "year_starts": _day_of_year, "sha256": _text,
            "labels": {
                "terms": {"*": WORDS}, "fields": WORDS, "measures": WORDS, "conclusions": WORDS, "flags": WORDS,
                "tables?": WORDS,
            },
        }
    ],
    "packs": [{"id": _text, "title": WORDS}],
    "rules": [
        {
            "key": _text, "kind": _text, "name?": _maybe(_text), "zh": _text, "en": _text, "confidence": _text,
            "cites": {"title": _text, "number": _maybe(_text), "at": _text}, "said?": _maybe(_text),
            "about?": _maybe(_texts), "block?": _maybe(_years), "from": _maybe(_text), "until": _maybe(_text),
            "policies": _texts, "overrides?": _texts, "drops?": _some_texts, "asks?": _texts,
            "years_before?": _count,
            "looks_back?": [_test_of_years],
        }
    ],
    "tables": {
        "decisions": {**TABLE, "columns": _of_decisions},
        "findings": {**TABLE, "columns": _among(FINDINGS)}, "flags": {**TABLE, "columns": _among(FLAGS)},
        "missing": {**TABLE, "columns": _among(MISSING)}, "ledger?": {**TABLE, "columns": _among(OF_ANY_LEDGER)},
        "*": TABLE,
    },
}  # fmt: skip
