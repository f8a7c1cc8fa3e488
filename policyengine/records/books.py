"""Workbooks that openpyxl writes: saved whole, or given up without a word of its own."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
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
    """Write a workbook that was made row by row, without a clock: the same rows give the same bytes. ``OSError`` where
    the disk is full."""
    from openpyxl.writer.excel import ExcelWriter

    book.properties.creator = "policyengine"
    book.properties.created = book.properties.modified = datetime(2000, 1, 1)
    stream = _Stream(io.FileIO(path, "w"))
    try:
        ExcelWriter(book, _archive(stream)).save()  # its own ``save`` would say when the book was changed
        stream.close()
    except BaseException:
        stream.full = True
        _abandon(book)
        raise


def _archive(stream: _Stream) -> Any:
    """An archive whose parts are all of one time. That of the clock is one that none can hold, as ``zipfile`` says,
    before 1980 (where a machine has lost it) and after 2107."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    def entry(name: str, size: int) -> ZipInfo:
        made = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        made.compress_type, made.file_size = ZIP_DEFLATED, size
        made.create_system = 3  # the same bytes on every system: what Unix writes
        return made

    class Timeless(ZipFile):
        def writestr(self, name: Any, data: Any, *_: Any) -> None:
            super().writestr(entry(name, len(data)), data)

        def write(self, filename: Any, name: Any = None, *_: Any) -> None:
            with open(filename, "rb") as source, self.open(entry(name, os.path.getsize(filename)), "w") as part:
                shutil.copyfileobj(source, part)

    return Timeless(stream, "w", ZIP_DEFLATED)


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
