"""Proofs about rules: is one at least as strict as another, can two both apply, can one ever apply.

Statements and their context in, verdicts out, each with the smallest situation that shows it; ``findings.py`` asks
these questions of whole policies and makes diagnostics of the answers, ``words.py`` says them.
"""

from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.meeting import meet, reachable
from policyengine.tools.prove.model import Context, Relation, Situation, Undecided, Verdict, Witness, context_of

__all__ = [
    "Context",
    "Relation",
    "Situation",
    "Undecided",
    "Verdict",
    "Witness",
    "compare",
    "context_of",
    "meet",
    "reachable",
]
