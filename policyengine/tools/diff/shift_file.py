"""The file of all shifts: decisions that differ between two laws in, one row for each out, as CSV or Parquet.

A row has the columns of ``decisions`` (docs/results.md) twice, ``old_…`` and ``new_…``. Taking the rows of the old
decisions that it names out and putting the new ones in gives the new decisions, cell by cell.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policyengine.tools.result.formats import write_table
from policyengine.tools.result.tables import JOINED, Column, Shape, Table, Value, decision_columns, decision_row
from policyengine.trace import Decision
from policyengine.whole import whole_file

KEY = ("person_id", "period")


def shift_columns(shape: Shape) -> tuple[Column, ...]:
    """``shape``: of both laws together."""
    told = decision_columns(shape)[len(KEY) :]
    sides = (Column(f"{side}_{c.name}", c.kind) for side in ("old", "new") for c in told)
    return (*map(Column, (*KEY, "direction", "rules")), *sides)


def write_shifts(shifts: Iterable[Any], shape: Shape, to: Path) -> None:
    """Write shifts that hold whole decisions (``impact.Shift``)."""
    rows = [
        (s.person_id, s.period, s.direction, JOINED.join(s.rules), *_side(s.old, shape), *_side(s.new, shape))
        for s in shifts
    ]
    with made(to) as path:
        write_table(Table("shifts", shift_columns(shape), rows), path, "parquet" if is_parquet(to) else "csv")


def _side(decision: Decision | None, shape: Shape) -> tuple[Value, ...]:
    if decision is None:
        return (None,) * (len(decision_columns(shape)) - len(KEY))
    return decision_row(decision, shape)[len(KEY) :]


def is_parquet(to: Path) -> bool:
    """Whether a file's name asks for Parquet; any other name means CSV."""
    return to.suffix.lower() == ".parquet"


@contextmanager
def made(to: Path) -> Iterator[Path]:
    """As ``whole_file``. Raises ``OSError`` where there is no folder for the file."""
    if not to.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(to.parent))
    with whole_file(to) as path:
        yield path
