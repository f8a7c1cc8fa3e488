"""Paths of packs in, everything that is wrong with them out: shape, rules, tables, versions, authority, plan, tests.

With no error among the diagnostics, every policy at the paths can be evaluated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError, Span, failed
from policyengine.packs.model import Policy
from policyengine.packs.policies import load_policies
from policyengine.packs.tests_model import load_tests
from policyengine.packs.unused import unused
from policyengine.plan.applies import rivals
from policyengine.plan.build import plan_of
from policyengine.plan.holes import holes
from policyengine.plan.unpaired import unpaired
from policyengine.tools.prove.findings import illustrated, proofs

NAMES = ("PE131", "PE142", "PE145", "PE160", "PE180", "PE201", "PE241", "PE310")  # of what a pack declares
UNUSABLE = "PE130"  # there is no pack at the path that was given


def check(paths: Sequence[str | Path]) -> list[Diagnostic]:
    """All diagnostics, by file and line, each once. Raises ``PolicyError`` where a path holds no pack at all."""
    problems: list[Diagnostic] = []
    policies: list[Policy] = []
    for path in paths:
        found, said = load_policies(path)
        if any(d.code == UNUSABLE for d in said):
            raise PolicyError([d for d in said if d.code == UNUSABLE])
        problems += said
        policies += found
        problems += rivals(found)
    sound: list[Policy] = []
    for policy in policies:
        said = list(of_policy(policy))
        problems += said
        if not failed(said):
            sound.append(policy)
    problems += proofs(sound)
    never = {d.span for d in problems if d.code == "PE354"}  # what applies to nothing frees nobody from anything
    return decided(in_order(illustrated(d for d in problems if d.code != "PE322" or d.span not in never)))


def of_policy(policy: Policy) -> Iterator[Diagnostic]:
    """What is wrong with a policy whose packs could be read and resolved, and with the last pack's tests."""
    plan, said = plan_of(policy)
    yield from said
    if plan is not None:
        yield from unpaired(plan)
        yield from holes(plan)
    yield from unused(policy)
    _, said = load_tests(Path(policy.packs[-1].folder), policy)
    yield from said


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each once (a base pack is in many chains), by file, line and column. What would mend it does so in all of them:
    what one chain leaves open is open."""
    once: dict[tuple[str, str, Span | None], Diagnostic] = {}
    for d in diagnostics:
        key = (d.code, d.message, d.span)
        known = once.get(key, d)
        once[key] = d if known.instead == d.instead else replace(d, instead=None)
    return sorted(once.values(), key=_position)


def decided(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same, but without what would mend a name where several places have it alike: then it may as well be what
    declares the name that is wrong."""
    found = list(diagnostics)
    wanted = Counter(_name(d) for d in found if d.code in NAMES and d.instead)
    return [replace(d, instead=None) if d.code in NAMES and wanted[_name(d)] > 1 else d for d in found]


def _name(d: Diagnostic) -> str:
    """The name that would be written, without its pack."""
    return d.instead.text.rpartition("/")[2] if d.instead else ""


def _position(d: Diagnostic) -> tuple[str, int, int, str]:
    return (d.span.file, d.span.line, d.span.column, d.code) if d.span else ("", 0, 0, d.code)
