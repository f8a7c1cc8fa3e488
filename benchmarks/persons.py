"""How many persons a second the reference evaluator judges, beside general rule engines given the same rules.

A register of a year is made by the examples' generator. Before anything is timed, every engine's outcome, hours,
consequences and flags of every person are compared; where they differ nothing is timed. From the project's folder:

    .venv/bin/pip install -r benchmarks/requirements.txt && .venv/bin/python benchmarks/persons.py

The peers get what favours them: values already of their own types, conditions in their language, and sums, cap and
comparison of hours around them in plain Python. They say whether a record counts and how much; the reference evaluator
also writes the ledger, the findings and the bounds of what is not known. Persons with missing facts are left out, as
the peers know no third answer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.peers import PEERS, Case, Verdict  # noqa: E402
from policyengine.engines.reference import evaluate_person  # noqa: E402
from policyengine.tools.evaluate.evaluate import Files, read_files, records_by_person  # noqa: E402
from policyengine.tools.evaluate.select import load_law  # noqa: E402
from policyengine.tools.explain.explain import Explainer  # noqa: E402

YEAR = 2017


def reference(cases: Sequence[Case], ready: Any) -> tuple[Callable[[Case], Verdict], list[Case]]:
    def judge(case: Case) -> Verdict:
        result = evaluate_person(ready, case.person, case.records, (YEAR, YEAR))
        (d,) = result.decisions
        return Verdict(
            d.outcome,
            round(float(d.total), 6),
            round(float(d.by_subject.get("professional", 0)), 6),
            frozenset(d.consequences),
            frozenset((f.record_id, f.rule.partition("@")[0].partition("/")[2]) for f in result.flags if not f.missing),
        )

    return judge, list(cases)


# --- measuring --------------------------------------------------------------------------------------------------------


def register(persons: int) -> tuple[list[Case], Explainer]:
    """A made register: everybody's records of one year, without persons whose figures are open."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "records.csv"
        subprocess.run(
            [sys.executable, "examples/generate.py", "--rows", str(persons * 60), "--out", str(out)],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        law = load_law(str(ROOT / "policies/sichuan"))
        listed = next(Path(folder).glob("*persons*"))
        inputs, _ = read_files(law, Files((str(out),), str(listed)))
    explainer = Explainer(law)
    ready = explainer.selector.prepared[0]
    cases = []
    for person_id, records in records_by_person(r for r in inputs.records if r.end.year == YEAR).items():
        case = Case(inputs.persons[person_id], records)
        result = evaluate_person(ready, case.person, case.records, (YEAR, YEAR))
        if all(e.converted == e.converted_high and not e.missing for e in result.ledger):
            cases.append(case)
    return cases, explainer


def fastest(run: Callable[[], object], turns: int) -> float:
    """Processor seconds of the fastest of some runs."""
    times = []
    for _ in range(turns):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--persons", type=int, default=200, help="persons of the register (default 200)")
    options.add_argument("--turns", type=int, default=5, help="how often each engine judges them (default 5)")
    options.add_argument("--json", type=Path, help="write persons and records a second into this file")
    given = options.parse_args()
    cases, explainer = register(given.persons)
    own, _ = reference(cases, explainer.selector.prepared[0])
    expected = [own(c) for c in cases]
    engines: dict[str, Callable[[], list[Verdict]]] = {"reference evaluator": lambda: [own(c) for c in cases]}
    for name, (needs, peer) in {**PEERS, "OpenFisca, all at once": ("openfisca_core", None)}.items():
        if find_spec(needs) is None:
            print(f"{name} takes no part: {needs} is not installed")
        elif peer is None:
            from benchmarks.peer_openfisca import openfisca_peer

            engines[name] = openfisca_peer(cases)
        else:
            judge, values = peer(cases)
            engines[name] = lambda judge=judge, values=values: [judge(*v) for v in values]  # type: ignore[misc]
    for name, run in engines.items():
        for case, mine, other in zip(cases, expected, run(), strict=True):
            if mine != other:
                sys.exit(f"{name} judges {case.person.person_id} otherwise:\n  {other}\n  reference: {mine}")
    records = sum(len(c.records) for c in cases)
    print(f"{len(cases)} persons, {records} records of one year; every engine gives the same outcomes, hours,")
    print("consequences and flags")
    times = {name: fastest(run, given.turns if name != "cel-python" else 1) for name, run in engines.items()}
    base = times["reference evaluator"]
    print(f"\n{'':24} {'persons/s':>10} {'records/s':>10} {'reference is':>14}")
    for name, used in times.items():
        print(f"{name:24} {len(cases) / used:10,.0f} {records / used:10,.0f} {used / base:13.2f}x")
    if given.json:
        rows = [{"engine": n, "persons": len(cases) / used, "records": records / used} for n, used in times.items()]
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        return
    print(f"\n{'one person explained, plan ready':48} {'per person':>10}")
    for name, remedies in (("case", False), ("case with what would be enough", True)):
        used = fastest(lambda r=remedies: [explainer.cases(*c, [(YEAR, YEAR)], None, r) for c in cases], given.turns)  # type: ignore[misc]
        print(f"{name:48} {used / len(cases) * 1000:7.2f} ms")


if __name__ == "__main__":
    main()
