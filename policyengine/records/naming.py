"""One header's text in; how headers are compared, and the unit that it names by itself, out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from policyengine.language.quantities import UNITS
from policyengine.light import dataclass
from policyengine.records.cells import Amount, UnitCell, clean, compare, day, number, unit, year
from policyengine.records.characters import folded

_DECORATION = re.compile(r"[*:;,.。、\"'“”‘’?!#\-]")
_BRACKETS = re.compile(r"[(\[【〔](.*?)[)\]】〕]")
_NOTES = re.compile(
    r"必填项?|选填项?|可选|可空|非必填|可不填|required|optional|格式.*|例如?.*|如.*|yyyy.*|\d+位|文本", re.IGNORECASE
)
_ITEM_COUNTS = ("件数", "篇数", "科数", "门数", "项数", "部数", "本数")
_CODE = re.compile(r"[A-Za-z]{0,4}[-_]?[0-9]{3,}[Xx]?")
_MONTH = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])")
_OPENED = dict.fromkeys(map(ord, "()[]【】〔〕"))


@dataclass(frozen=True, slots=True)
class Target:
    """What a header stands for. ``rank``: how surely, the lower the surer. ``other``: a second unit that it names."""

    field: str
    rank: int
    unit: UnitCell | None = None
    other: UnitCell | None = None


@lru_cache(maxsize=4096)
def plain(header: str) -> str:
    """A header as headers are compared: no spaces, stars, colons; brackets open but their content kept."""
    return _DECORATION.sub("", compare(header)).translate(_OPENED)


def is_data(cell: str) -> bool:
    """Whether a cell holds a day, a number or an id, as no header does; 2016 and 1月 may be headers."""
    text = clean(cell)
    if not text or isinstance(year(text), int):
        return False
    if isinstance(amount := number(text), Amount):
        return amount.unit not in ("months", "years")
    return isinstance(day(text), date) or _CODE.fullmatch(text) is not None


def are_data(cells: Sequence[str]) -> bool:
    """Whether one of a row's cells is data. Three months such as 201601 head a wide table; of ids few look like one."""
    months = {text for cell in cells if _MONTH.fullmatch(text := clean(cell))}
    return any(is_data(cell) for cell in cells if len(months) < 3 or clean(cell) not in months)


def notes(header: str) -> tuple[str, list[UnitCell]] | None:
    """A header without its notes, and the units that these name; None where a note says something else, or is none."""
    text = folded(header)
    base, said = _BRACKETS.sub("", text), _BRACKETS.findall(text)
    if not said and "/" in text:
        base, _, note = text.rpartition("/")
        said = [note]
    units = []
    for note in said:
        found = unit(note) if note.strip() not in ("元", "万元") else UnitCell("yuan", 10_000 if "万" in note else 1)
        if isinstance(found, UnitCell):
            units.append(found)
        elif not _NOTES.fullmatch(note.strip()):
            return None
    return (base, units) if said else None


def noted(target: Target, units: list[UnitCell]) -> Target:
    """The target of a header whose notes name ``units``; 字数(千字) counts by the thousand what 字数 does by one."""
    if not units:
        return target
    said = [*([target.unit] if target.unit else []), *units]
    other = next((u for u in said if u.unit != units[-1].unit or (u in units and u != units[-1])), None)
    return replace(target, unit=units[-1], other=other)


def _unit_names() -> dict[str, UnitCell]:
    """Unit by the header, as headers are compared, that means a quantity in it."""
    names = {u.id: [u.id, u.zh + "数", *([u.zh] if len(u.zh) > 1 else [])] for u in UNITS.values()}
    names["hours"] += ["课时", "课时数"]
    names["days"] += ["日数", "学习天数", "培训天数"]
    names["items"] += _ITEM_COUNTS
    return {plain(n): UnitCell(u) for u, own in names.items() if u not in ("months", "years", "yuan") for n in own}


UNIT_NAMES = _unit_names()
