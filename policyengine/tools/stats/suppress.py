"""A table goes in, the same table without the figures that would tell about a few people comes out.

A group of fewer people than asked loses all its figures; in a group that stays, a count of fewer does, and so do hours
and cost that fewer people make up, and of a distribution what fewer have or less, or have or more. So that nothing
can be found by subtraction, the next smallest goes too where only one is hidden, or where those that are hidden are
together too few: among groups of a period, among the outcomes of a group, and among its subjects. Percentages and means
that would give a hidden figure away are hidden with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policyengine.tools.tables import Table, Value
from policyengine.trace import OUTCOMES

HIDDEN = "hidden"  # the column that says why figures are missing
QUANTILES = ("least", "quartile_1", "median", "quartile_3", "most")
# What only this module needs to know, in columns that it takes away: how many people make a figure up, and up to where
# and from where on in the distribution there are enough people.
MAKERS = "people of "
BOUNDS = ("enough up to", "enough from")
_COUNTS = (OUTCOMES, ("passed", "failed"))
_DERIVED = {"completion_percent": OUTCOMES, "pass_percent": ("passed", "failed"), "mean_hours": ("hours",)}

Row = Mapping[str, Value]


def suppressed(table: Table, least: int) -> Table:
    """Figures of fewer than ``least`` people are None; column ``hidden`` says yes or no for each row."""
    if "people" not in table.names or least <= 1:
        return table
    kept = [c for c in table.columns if c.name not in BOUNDS and not c.name.startswith(MAKERS)]
    rows = [dict(zip(table.names, r, strict=True)) for r in table.rows]
    figures = {c.name for c in kept if c.kind != "text"}
    gone = _groups(rows, least)
    shown = []
    for number, row in enumerate(rows):
        lost = figures if number in gone else figures & set(_within(row, least))
        shown.append((*(None if c.name in lost else row[c.name] for c in kept), bool(lost)))
    return Table(table.name, (*kept, type(kept[0])(HIDDEN, "yes_no")), shown)


def _groups(rows: Sequence[Row], least: int) -> set[int]:
    """The rows whose people are too few, and the one more that keeps them from being found."""
    strata: dict[tuple[Value, ...], list[int]] = {}
    for number, row in enumerate(rows):
        strata.setdefault((row.get("period"), row.get("unit")), []).append(number)
    gone: set[int] = set()
    for members in strata.values():
        people = {m: _number(rows[m]["people"]) for m in members}
        few = [m for m in members if people[m] < least]
        if few and len(members) > len(few) and (len(few) == 1 or sum(people[m] for m in few) < least):
            few.append(min((m for m in members if m not in few), key=people.__getitem__))
        gone.update(few)
    return gone


def _within(row: Row, least: int) -> Iterator[str]:
    """The columns to hide in a group that is large enough."""
    lost = [n for names in _COUNTS for n in _few({n: _number(row[n]) for n in names if n in row}, least)]
    lost += _activities(row, least)
    makers = {n.removeprefix(MAKERS): _number(v) for n, v in row.items() if n.startswith(MAKERS)}
    lost += [n for n, people in makers.items() if 0 < people < least]
    lost += _few({n: people for n, people in makers.items() if n.endswith("_hours")}, least)
    lost += _ends(row)
    yield from lost
    yield from (derived for derived, of in _DERIVED.items() if any(n in lost for n in of))


def _few(counts: Mapping[str, int], least: int) -> list[str]:
    """Those that are too few, and the next smallest until several are hidden that together are enough."""
    small = [n for n, count in counts.items() if 0 < count < least]
    if not small:
        return []
    rest = sorted((n for n in counts if n not in small), key=lambda n: (counts[n] == 0, counts[n]))
    while rest and (len(small) == 1 or (counts[rest[0]] and sum(counts[n] for n in small) < least)):
        small.append(rest.pop(0))
    return small


def _activities(row: Row, least: int) -> Sequence[str]:
    """Few activities; few that counted; or all but few, which tell of those that did not."""
    every, counted = (_number(row.get(n)) for n in ("activities", "counted_activities"))
    if 0 < every < least:
        return ("activities", "counted_activities")
    few = 0 < counted < least or 0 < every - counted < least
    return ("counted_activities",) if few else ()


def _ends(row: Row) -> Iterator[str]:
    """Of the distribution, what too few people have or less, or have or more."""
    low, high = (row.get(b) for b in BOUNDS)
    for column in QUANTILES:
        value = row.get(column)
        if low is not None and high is not None and value is not None and not low <= value <= high:  # type: ignore[operator]
            yield column


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
