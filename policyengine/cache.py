"""The user's own cache folder: where copies are kept of what takes time to make. Nothing depends on what lies there."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def cache_folder() -> Path | None:
    """The user's own cache folder (``XDG_CACHE_HOME``), made where it lacks; None where it can't be written, or where
    it would be one of the current folder: who has no home has ``~`` for it, a service for one."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(root):
        return None
    place = Path(root) / "policyengine"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = place.stat().st_uid
    except OSError:
        return None
    return place if os.access(place, os.W_OK) and owner == getattr(os, "getuid", lambda: owner)() else None


def keep_whole(file: Path, content: bytes) -> None:
    """All at once, so that no other process reads half of it. Where it can't be done, without a word, nothing is left
    (the disk is full; on Windows, another process has the file open)."""
    new = file.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")  # no name that others could foresee (whole.py)
    try:
        new.write_bytes(content)
        os.replace(new, file)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
