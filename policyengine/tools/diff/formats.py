"""The formats of ``diff`` by name."""

from __future__ import annotations

from collections.abc import Callable

from policyengine.tools.diff.html import as_html
from policyengine.tools.diff.impact import Impact
from policyengine.tools.diff.model import Comparison
from policyengine.tools.diff.render import as_human, as_json, as_markdown

FORMATS: dict[str, Callable[[Comparison, Impact | None, bool], str]] = {
    "human": as_human,
    "json": as_json,
    "markdown": as_markdown,
    "html": as_html,
}
