"""``os`` as a program sees it on Windows, where it differs for one that asks for its name."""

from __future__ import annotations

import os
from typing import Any


class Windows:
    """In the place of a module's ``os``."""

    name = "nt"

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)
