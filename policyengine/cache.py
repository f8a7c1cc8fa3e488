"""The user's own cache folder: where copies are kept of what takes time to make. Nothing depends on what lies there."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path | None:
    """The user's own cache folder (``XDG_CACHE_HOME``), made where it lacks; None where it can't be written."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    place = Path(root) / "policyengine"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = place.stat().st_uid
    except OSError:
        return None
    return place if os.access(place, os.W_OK) and owner == getattr(os, "getuid", lambda: owner)() else None
