"""A workbook's path in, its sheets' rows out, read by ``calamine`` in a process of its own.

A damaged file may ask for any amount of memory, or end the process that reads it; here that is a message and no more.
The process writes JSON lines: the sheets, then for each its merged ranges, its rows, and an empty line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from policyengine.records.xlsx import Range, length_text, moment_text, number_text

MEMORY = 2 << 30  # bytes of address space; the largest XLS sheet takes 0.4 GB
SECONDS = 600


class Unreadable(Exception):
    """The workbook can't be read; the text says why, as far as it is known, and ``zh`` the same in Chinese."""

    def __init__(self, en: str, zh: str = "") -> None:
        super().__init__(en)
        self.zh = zh


class Unloadable(Unreadable):
    """What would read it is installed and can't be loaded (a DLL of Windows lacks); the text says why."""


@dataclass(slots=True)
class Apart:
    """The reading process. ``sheets``: name, whether it is a worksheet, whether it is visible."""

    path: Path
    sheets: list[tuple[str, bool, bool]] = field(default_factory=list)
    _process: Any = None
    _open: bool = False

    def start(self) -> Apart:
        """Start reading. Raises ``Unreadable``."""
        root = str(Path(__file__).parent.parent.parent)
        paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "policyengine.records.apart", str(self.path)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        self.sheets = [tuple(s) for s in self._next()["sheets"]]
        return self

    def _next(self) -> Any:
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise Unreadable("it is damaged, or too large", "文件已损坏，或过大")
        found = json.loads(line)
        if isinstance(found, dict) and "unloadable" in found:
            raise Unloadable(found["unloadable"])
        if isinstance(found, dict) and "wrong" in found:
            raise Unreadable(found["wrong"])
        return found

    def sheet(self) -> tuple[list[Range], Iterator[tuple[int, list[str]]]]:
        """Merged ranges and rows of the next sheet, once those of the one before are done with."""
        while self._open and self._next() is not None:
            pass
        merged = self._next()["merged"]
        self._open = True
        return [(tuple(a), tuple(b)) for a, b in merged], self._rows()

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        number = 0
        while (cells := self._next()) is not None:
            number += 1
            yield number, cells
        self._open = False

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.stdout.close()
            self._process.wait()


# --- the other process ------------------------------------------------------------------------------------------------


def text_of(cell: Any) -> str:
    """A typed cell as text."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return moment_text(cell)
    if isinstance(cell, timedelta):
        return length_text(max(int(cell.total_seconds()), 0))
    if isinstance(cell, time):
        return length_text(cell.hour * 3600 + cell.minute * 60 + cell.second)
    if isinstance(cell, date):
        return str(cell)
    return "" if cell is None else str(cell)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not a system that knows such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def _write(line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def _main(path: str) -> None:
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as e:
        _write({"unloadable": str(e)[:200]})
        return
    _limit()
    try:
        book = CalamineWorkbook.from_filelike(open(path, "rb"))  # noqa: SIM115 - by its content; a path goes by its name
        about = book.sheets_metadata
        named = [(a.name, str(a.typ).endswith("WorkSheet"), str(a.visible).endswith(".Visible")) for a in about]
        _write({"sheets": named})
        for name, worksheet, _ in named:
            if not worksheet:
                continue
            sheet = book.get_sheet_by_name(name)
            _write({"merged": sheet.merged_cell_ranges or []})
            margin = [""] * (sheet.start[1] if sheet.start else 0)  # calamine leaves out empty columns on the left
            for cells in sheet.iter_rows():
                _write(margin + [text_of(c) for c in cells])
            _write(None)
    except BaseException as e:  # failures inside the compiled code among them
        _write({"wrong": str(e)[:200] or "it is damaged"})


if __name__ == "__main__":
    _main(sys.argv[1])
