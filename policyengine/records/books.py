"""Workbooks that openpyxl writes: saved whole, or given up without a word of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


class _Stream(io.BufferedWriter):
    """A file that takes whatever is still written to it once the disk is full: an archive that is cleared away writes
    its end, and would show a traceback beside the message of what went wrong."""

    full = False

    def write(self, data: Any) -> int:
        if self.full:
            return len(data)
        try:
            return super().write(data)
        except OSError:
            self.full = True
            raise

    def seek(self, target: int, whence: int = 0) -> int:
        return target if self.full else super().seek(target, whence)

    def flush(self) -> None:
        if self.full:
            return
        try:
            super().flush()
        except OSError:
            self.full = True
            raise


def save_book(book: Any, path: Path) -> None:
    """Write a workbook that was made row by row. ``OSError`` where the disk is full."""
    stream = _Stream(io.FileIO(path, "w"))
    try:
        book.save(stream)
        stream.close()
    except BaseException:
        stream.full = True
        _abandon(book)
        raise


@contextmanager
def rows_of_book(book: Any) -> Iterator[None]:
    """While rows are appended: whatever ends that early, Ctrl-C too, ends it without a word of openpyxl's own.

    Else its sheets are cleared away open, and the last thing that is seen is a traceback.
    """
    try:
        yield
    except BaseException:
        _abandon(book)
        raise


def _abandon(book: Any) -> None:
    """Close what openpyxl has open."""
    for sheet in book.worksheets:
        with suppress(Exception):
            sheet.close()
        with suppress(Exception):
            sheet._writer.xf.close()
