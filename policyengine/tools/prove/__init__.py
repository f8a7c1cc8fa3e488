"""Proofs about rules: is one at least as strict as another, can two both apply, can one ever apply.

Statements and their context in, verdicts out, each with the smallest situation that shows it; ``findings.py`` asks
these questions of whole policies and makes diagnostics of the answers, ``words.py`` says them.
"""
