"""A table goes in, the same table without the figures that would tell about a few people comes out.

A group of fewer people than asked loses all its figures; in a group that stays, a count of fewer does. So that nothing
can be found by subtraction, the next smallest goes too where only one is hidden: among groups of a period, and among
the outcomes of a group. Percentages that would give a hidden count away are hidden with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.tools.tables import Table, Value
from policyengine.trace import OUTCOMES

HIDDEN = "hidden"  # the column that says why figures are missing
_COUNTS = (OUTCOMES, ("passed", "failed"))
_DERIVED = {"completion_percent": OUTCOMES, "pass_percent": ("passed", "failed")}


def suppressed(table: Table, least: int) -> Table:
    """Figures of fewer than ``least`` people are None; column ``hidden`` says yes or no for each row."""
    if "people" not in table.names or least <= 1:
        return table
    keys = [i for i, c in enumerate(table.columns) if c.kind == "text"]
    rows = [list(r) for r in table.rows]
    gone = _groups(table, rows, least)
    hidden = [False] * len(rows)
    for number, row in enumerate(rows):
        if number in gone:
            for i in range(len(row)):
                if i not in keys:
                    row[i] = None
            hidden[number] = True
        else:
            hidden[number] = _cells(table, row, least)
    columns = (*table.columns, type(table.columns[0])(HIDDEN, "yes_no"))
    return Table(table.name, columns, [(*r, h) for r, h in zip(rows, hidden, strict=True)])


def _groups(table: Table, rows: Sequence[Sequence[Value]], least: int) -> set[int]:
    """The rows whose people are too few, and the one more that keeps them from being found."""
    people = table.names.index("people")
    strata: dict[tuple[Value, ...], list[int]] = {}
    for number, row in enumerate(rows):
        key = tuple(row[i] for i, n in enumerate(table.names) if n in ("period", "unit"))
        strata.setdefault(key, []).append(number)
    gone: set[int] = set()
    for members in strata.values():
        few = [m for m in members if _number(rows[m][people]) < least]
        if few and len(members) > len(few) and (len(few) == 1 or sum(_number(rows[m][people]) for m in few) < least):
            rest = [m for m in members if m not in few]
            few.append(min(rest, key=lambda m: _number(rows[m][people])))
        gone.update(few)
    return gone


def _cells(table: Table, row: list[Value], least: int) -> bool:
    """Hide small counts within a row; whether any was hidden."""
    some = False
    for names in _COUNTS:
        places = [table.names.index(n) for n in names if n in table.names]
        small = [p for p in places if 0 < _number(row[p]) < least]
        if not small:
            continue
        some = True
        others = [p for p in places if p not in small]
        if len(small) == 1 and others:
            filled = [p for p in others if _number(row[p]) > 0]
            small.append(min(filled or others, key=lambda p: _number(row[p])))
        for p in small:
            row[p] = None
        for derived, of in _DERIVED.items():
            if derived in table.names and any(n in names for n in of):
                row[table.names.index(derived)] = None
    return some


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
