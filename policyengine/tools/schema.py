"""The JSON Schemas by name: of pack.yaml, rules*.yaml and tests/*.yaml."""

from __future__ import annotations

from policyengine.packs.shape import SCHEMAS, schema_text

NAMES = SCHEMAS


def schema(name: str) -> str:
    """The schema as JSON text; ``name`` is one of ``NAMES``."""
    return schema_text(name)
