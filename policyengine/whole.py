"""A file that is there whole or not at all: its place goes in, a name beside it to write to comes out."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def parents_of(target: Path) -> Iterator[None]:
    """The folders above ``target`` are there in the block; those that it made go again where it fails."""
    absent = [folder for folder in target.parents if not folder.exists()]  # the innermost first
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in absent:
            with contextlib.suppress(OSError):  # never made, or in use by others since
                folder.rmdir()
        raise


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name beside ``path`` to write to; the file becomes ``path`` when the block ends well, else nothing is left.

    What is no file, as ``/dev/stdout``, is written to where it is.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = Path(os.path.realpath(path))
    # no name that others could foresee: where all may write, a link of that name would be written through
    new = target.with_name(f".{beginning(target.name)}.{os.getpid()}-{os.urandom(4).hex()}")
    with parents_of(target):
        try:
            if target.exists():  # what replaces a private file is nobody else's to read meanwhile
                os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            yield new
            if target.exists() and os.name == "posix":  # Windows would make it read-only: not to be moved, nor removed
                shutil.copymode(target, new)
            os.replace(new, target)
        finally:
            new.unlink(missing_ok=True)


def beginning(name: str) -> str:
    """The first 200 bytes of a name, so that there is room for what is put behind it: a name has at most 255."""
    return os.fsencode(name)[:200].decode(sys.getfilesystemencoding(), "ignore")
