"""policyengine: continuing-education regulations as code.

import policyengine as pe
policy = pe.load("policies/sichuan", as_of="2018-12-31")
result = pe.evaluate(policy, "records.csv", period=2018)
print(result.explain("P001"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policyengine.api import Evaluated, LoadedPolicy, evaluate, load
    from policyengine.diagnostics import Diagnostic, PolicyError

__version__ = "0.1.0"
__all__ = ["Diagnostic", "Evaluated", "LoadedPolicy", "PolicyError", "__version__", "evaluate", "load"]

_PLACES = {"Diagnostic": "policyengine.diagnostics", "PolicyError": "policyengine.diagnostics"}


def __getattr__(name: str) -> Any:
    """Public names, imported when they are first asked for."""
    if name in __all__:
        import importlib

        return getattr(importlib.import_module(_PLACES.get(name, "policyengine.api")), name)
    raise AttributeError(f"module 'policyengine' has no attribute {name!r}")
