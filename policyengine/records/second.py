"""A header and the rows around it in; whether another table, with other columns, stands in the same sheet or file, out.

Its rows would be read by the columns of the first: 5 credits as 5 hours. So it is an error, and nothing is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyengine.diagnostics import Diagnostic
from policyengine.messages import say
from policyengine.records.cells import Bad, printable
from policyengine.records.naming import are_data, plain
from policyengine.records.raw import RawTable, Row

if TYPE_CHECKING:
    from policyengine.records.header import Headers

CODE = "PE435"


def unlike(headers: Headers, names: Sequence[str], cells: Sequence[str]) -> tuple[str, Bad] | None:
    """The cell of a further header that names another column than the header does, or another unit, and why. A row of
    data is none, whoever it names."""
    if are_data(cells):
        return None
    for at, cell in enumerate(cells):
        above, here = names[at] if at < len(names) else "", printable(cell.strip())
        if here and _differs(headers, above, here):
            above_zh = f"是“{above}”" if above else "没有这一列"
            return here, Bad(
                CODE,
                f"another header begins here: column {at + 1} is {here}, and {above or 'nothing'} in the header above",
                f"此处另起一个表头：第 {at + 1} 列是“{here}”，上方的表头中{above_zh}",
                "move the rows from here on to a sheet, or a file, of their own",
                "请将此行起的各行移到另一张工作表或另一个文件",
            )  # fmt: skip
    return None


def words_of(row: Row) -> tuple[str, ...]:
    """What a header says, wherever it leaves a cell empty."""
    return tuple(plain(c) for c in row.cells if c.strip())


def _differs(headers: Headers, above: str, cell: str) -> bool:
    if headers.is_wide(above) or headers.is_wide(cell):
        return headers.is_wide(cell) and plain(cell) != plain(above)
    meant = [(t.field, t.unit) for t in headers.targets(cell)]
    return bool(meant) and meant != [(t.field, t.unit) for t in headers.targets(above)]


def after_another(table: RawTable, head: Sequence[Row], number: int, headers: Headers) -> list[Diagnostic]:
    """An error where the header, in row ``number`` and among the first rows ``head``, stands below a table of its own
    header: that one names fewer columns, and its rows would be left out as what stands above a table."""
    above = [row for row in head if row.number < number]
    for at, row in enumerate(above):
        known = headers.known(row.cells)
        if len(known) < 2 or not headers.tell_person(known) or are_data(row.cells):
            continue
        if any(are_data(below.cells) for below in above[at + 1 :]):
            names = [printable(cell.strip()) for cell in row.cells]
            found = unlike(headers, names, next(r.cells for r in head if r.number == number))
            return [said(found[1], table, number)] if found is not None else []
    return []


def said(bad: Bad, table: RawTable, row: int) -> Diagnostic:
    return Diagnostic(bad.code, say(bad.en, bad.zh), table.span(row), hint=say(bad.hint, bad.hint_zh))
