"""The unit a policy counts in: hours or credits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyengine.language import tree
from policyengine.language.quantities import COUNTED
from policyengine.plan.model import PlanRule


def unit_of(rules: Sequence[PlanRule[tree.Statement]]) -> str:
    """The unit of the firm requirements on ``total``, the latest one's where they differ.

    Then of other requirements, of what records are converted into; ``hours`` where nothing says.
    """
    return next(_candidates(rules), "hours")


def _candidates(rules: Sequence[PlanRule[tree.Statement]]) -> Iterator[str]:
    latest = sorted(rules, key=lambda r: (r.start is not None, r.start, r.key) if r.start else (False,), reverse=True)
    wanted = [r.statement for r in latest if isinstance(r.statement, tree.Require)]
    for firm, total in ((True, True), (True, False), (False, True), (False, False)):
        for statement in wanted:
            if (not isinstance(statement, tree.Expect)) is firm and (statement.measure == "total") is total:
                yield from _unit(statement.figure)
    for rule in latest:
        if isinstance(rule.statement, tree.Convert | tree.Add | tree.Cap):
            yield from _unit(rule.statement.figure)


def _unit(figure: tree.Figure) -> Iterator[str]:
    unit = getattr(figure, "unit", None)
    if unit in COUNTED:
        yield unit
