"""``test``: packs in, their own cases run, results out: what came out otherwise than the case says, with the
explanation.

A case is judged by the policy of the pack that it stands in (its whole chain), whoever the person is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.engines.reference import Prepared, evaluate, prepare
from policyengine.messages import say, spoken
from policyengine.packs.model import Policy
from policyengine.packs.policies import load_policies
from policyengine.packs.tests_model import Case, load_tests
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from policyengine.records.schema import schema_of
from policyengine.tools.test.compare import Difference, Names, differences, names_of
from policyengine.tools.test.inputs import inputs_of
from policyengine.trace import Result


@dataclass(frozen=True)
class Bench:
    """A pack ready for its cases. ``cases``: each with its inputs."""

    policy: Policy
    plan: Plan
    names: Names
    cases: tuple[tuple[Case, Inputs], ...]

    @property
    def pack(self) -> str:
        return self.policy.id

    @property
    def folder(self) -> str:
        return self.policy.packs[-1].folder


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case. ``explanation``: the person's case as a tree, where something came out otherwise."""

    case: Case
    differences: tuple[Difference, ...] = ()
    explanation: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class PackResult:
    """The cases of one pack, in the order of its files."""

    bench: Bench
    cases: tuple[CaseResult, ...]

    @property
    def failed(self) -> int:
        return sum(not c.passed for c in self.cases)


def benches(paths: Iterable[str | Path]) -> tuple[list[Bench], list[Diagnostic]]:
    """The packs at the paths with their cases, each pack once. With errors in some, the others are given."""
    found: dict[str, Bench] = {}
    problems: dict[Diagnostic, None] = {}
    for path in paths:
        policies, said = load_policies(path)
        problems |= dict.fromkeys(said)
        for policy in policies:
            bench, said = bench_of(policy)
            problems |= dict.fromkeys(said)
            if bench is not None:
                found.setdefault(bench.folder, bench)
    return list(found.values()), [d for d in problems if d.severity == "error"]


def bench_of(policy: Policy) -> tuple[Bench | None, list[Diagnostic]]:
    """One policy with the cases of its last pack."""
    plan, problems = plan_of(policy)
    if plan is None or failed(problems):
        return None, problems
    cases, said = load_tests(Path(policy.packs[-1].folder), policy)
    problems = [*problems, *said]
    schema = schema_of([plan])
    ready = []
    for case in cases:
        inputs, said = inputs_of(case, schema)
        problems += said
        if inputs is not None:
            ready.append((case, inputs))
    return Bench(policy, plan, names_of(policy), tuple(ready)), problems


def run(bench: Bench) -> PackResult:
    """All cases of a pack."""
    import time

    prepared = prepare(bench.plan)
    results = []
    for case, inputs in bench.cases:
        began = time.perf_counter()
        found = tuple(differences(case, judged(prepared, case, inputs), bench.names))
        seconds = time.perf_counter() - began
        results.append(CaseResult(case, found, explanation(bench, case, inputs) if found else "", seconds))
    return PackResult(bench, tuple(results))


def judged(prepared: Prepared, case: Case, inputs: Inputs) -> Result:
    """What comes out of a case."""
    return evaluate(prepared, inputs, case.periods, case.as_of)


def explanation(bench: Bench, case: Case, inputs: Inputs) -> str:
    """The person's case in the expected periods, as ``explain`` tells it."""
    from policyengine.tools.evaluate.select import Law
    from policyengine.tools.explain.explain import Explainer
    from policyengine.tools.explain.text import text_of_case

    law = Law(bench.folder, (bench.policy,), (bench.plan,))
    (person,) = inputs.persons.values()
    told = Explainer(law).cases(person, inputs.records, [case.periods], case.as_of, remedies=False)
    return "\n".join(text_of_case(c, spoken(), reveal=True) for c in told if c.decision.period in case.expected)


def no_tests(folder: str) -> Diagnostic:
    """PE611: a pack that nothing is tested of."""
    message = say(f"{folder} has no tests", f"{folder} 没有测试")
    hint = say(
        "add cases worked by hand to tests/*.yaml (docs/packs.md)",
        "请在 tests/*.yaml 中加入手工核算的案例（见 docs/packs.md）",
    )
    return Diagnostic("PE611", message, Span(folder), hint, "warning")
