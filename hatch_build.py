"""Compiles the package when it is installed for development, as pip does in every other installation.

Else the first thing each command does, where ``PYTHONDONTWRITEBYTECODE`` is set, would be to compile it again.
"""

from __future__ import annotations

import compileall
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs when a wheel is built; only the editable one leaves the package where it is."""

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version == "editable":
            compileall.compile_dir(Path(self.root) / "policyengine", quiet=1)
