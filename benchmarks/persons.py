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
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from policyengine.engines.reference import evaluate_person  # noqa: E402
from policyengine.records.model import Person, Record  # noqa: E402
from policyengine.tools.evaluate import Files, read_files, records_by_person  # noqa: E402
from policyengine.tools.explain import Explainer  # noqa: E402
from policyengine.tools.select import load_law  # noqa: E402

YEAR = 2017
CLASSES = ("training", "workshop", "further_study", "distance", "conference", "lecture", "visit", "practice",
           "overseas", "degree")  # fmt: skip
FORMS = (*CLASSES, "self_study", "publication", "")
FIELDS = ("approved", "result", "published", "job_related", "minutes", "quantity", "full_time", "employer_kind",
          "designated_by", "self_paid_share", "organiser_kind", "fee", "met")  # fmt: skip
BODIES = ("state_organ", "public_institution", "social_organisation")


class Verdict(NamedTuple):
    """What is compared. ``flags``: (record id, rule id)."""

    outcome: str
    total: float
    professional: float
    consequences: frozenset[str]
    flags: frozenset[tuple[str, str]]


class Case(NamedTuple):
    person: Person
    records: list[Record]


Asked = dict[str, list[tuple[str, Callable[[Any], Any]]]]
Judge = Callable[[Any, Sequence[Any]], Verdict]

# --- the rules of policies/sichuan from 2016, as conditions over one record -------------------------------------------
# A rule that names forms is asked only of records of those forms, as a careful user of such an engine would arrange it.
# The rules whose tables are empty apply to nobody and are left out.


class Words(NamedTuple):
    """How a language writes the parts of a condition."""

    among: Callable[[str, Sequence[str]], str]
    present: Callable[[str], str]
    both: str


class Rule(NamedTuple):
    forms: tuple[str, ...] | None
    text: str


def rules(w: Words) -> dict[str, dict[str, Rule]]:
    """Conditions and amounts, by stage and rule."""

    def rule(*parts: str, of: tuple[str, ...] | None = None) -> Rule:
        return Rule(of, f" {w.both} ".join(parts))

    stated, unit = w.present, lambda *names: w.among("unit", names)
    proof, works = stated("evidence"), ("publication",)
    return {
        "recognise": {
            "recognise-by-proof": rule(proof, of=(*CLASSES, *works)),
            "recognise-self-study": rule(
                proof, stated("approved"), "approved == true", stated("result"), 'result == "passed"',
                of=("self_study",),
            ),
        },
        "reject": {
            "unpublished": rule(stated("published"), "published == false", of=works),
            "unrelated": rule(stated("job_related"), "job_related == false", of=works),
        },
        "applies": {
            "time-hours": rule(unit("minutes", "clock_hours"), of=CLASSES),
            "stated-hours": rule(unit("hours"), of=CLASSES),
            "self-study-hours": rule(unit("characters"), of=("self_study",)),
            "publication-hours": rule(unit("characters"), of=works),
        },
        "amount": {
            "time-hours": Rule(None, "minutes / 45"),
            "stated-hours": Rule(None, "quantity"),
            "self-study-hours": Rule(None, "quantity / 1000"),
            "publication-hours": Rule(None, "quantity / 500"),
        },
        "flag": {
            "unapproved-absence": rule(
                stated("full_time"), "full_time == true", stated("approved"), "approved == false",
                stated("employer_kind"), 'employer_kind == "public_institution"',
            ),
            "provider-designated": rule(
                stated("designated_by"), 'designated_by == "by_employer"', stated("self_paid_share"),
                "self_paid_share > 0.5",
            ),
            "fee-charged": rule(
                stated("organiser_kind"), 'organiser_kind == "government"', stated("fee"), "fee > 0"
            ),
        },
        "conclude": {
            "appointment_basis": rule("met == true"),
            "not_excellent": rule("met == false", stated("employer_kind"), w.among("employer_kind", BODIES)),
        },
    }  # fmt: skip


def by_form(stage: Mapping[str, Rule], compiled: Callable[[str], Callable[[Any], Any]]) -> Asked:
    """A stage's compiled rules, by the form of the records that they are asked of."""
    made = [(name, rule.forms, compiled(rule.text)) for name, rule in stage.items()]
    return {form: [(n, ask) for n, forms, ask in made if forms is None or form in forms] for form in FORMS}


def judge_with(stages: Mapping[str, Asked], tell: Callable[..., Any]) -> Judge:
    """One person's verdict by compiled conditions.

    A record is a pair: plain values, and the same in the engine's own types. ``tell``: the facts of the conclusions.
    """
    amounts = dict(stages["amount"][""])

    def judge(kind: Any, records: Sequence[Any]) -> Verdict:
        capped_sum = free = professional = 0.0
        flags: set[tuple[str, str]] = set()
        seen: set[tuple[Any, Any]] = set()
        capped: list[tuple[float, bool]] = []
        for facts, own_facts in records:  # in the order of their days
            form = facts.get("form", "")
            flags.update((facts["record_id"], name) for name, holds in stages["flag"][form] if holds(own_facts))
            same = (facts.get("title"), facts["end"])
            if same[0] and same in seen:
                flags.add((facts["record_id"], "repeated-activity"))
            seen.add(same)
            if not any(holds(own_facts) for _, holds in stages["recognise"][form]):
                continue
            if any(holds(own_facts) for _, holds in stages["reject"][form]):
                continue
            name = next((n for n, holds in stages["applies"][form] if holds(own_facts)), None)
            if name is None:
                continue
            hours = float(amounts[name](own_facts))
            if name in ("self-study-hours", "publication-hours"):
                capped.append((hours, facts.get("subject") == "professional"))
            else:
                free += hours
                professional += hours if facts.get("subject") == "professional" else 0.0
        for hours, is_professional in capped:
            counted = min(hours, 50 - capped_sum)
            capped_sum += counted
            professional += counted if is_professional else 0.0
        total = free + capped_sum
        last = tell(total >= 90, kind)
        return Verdict(
            "met" if total >= 90 else "not_met",
            round(total, 6),
            round(professional, 6),
            frozenset(n for n, holds in stages["conclude"][""] if holds(last)),
            frozenset(flags),
        )

    return judge


def facts_of(case: Case, number: Callable[[Fraction], Any]) -> list[dict[str, Any]]:
    """A person's records as plain values, in the order of their days."""
    found = []
    for r in sorted(case.records, key=lambda r: (r.end, r.record_id)):
        facts = {k: number(v) if isinstance(v, Fraction) else str(v) if hasattr(v, "year") else v
                 for k, v in r.facts.items()}  # fmt: skip
        facts |= {"start": str(r.start), "end": str(r.end)}
        if r.quantity is not None and r.unit in ("minutes", "clock_hours"):
            facts["minutes"] = number(r.quantity * (60 if r.unit == "clock_hours" else 1))
        if "employer_kind" in case.person.facts:
            facts["employer_kind"] = case.person.facts["employer_kind"]
        found.append(facts)
    return found


# --- the engines ------------------------------------------------------------------------------------------------------


def rule_engine_peer(cases: Sequence[Case]) -> tuple[Judge, list[tuple[Any, list[Any]]]]:
    import rule_engine

    words = Words(
        among=lambda name, of: "(" + " or ".join(f'{name} == "{x}"' for x in of) + ")",
        present=lambda name: f"{name} != null",
        both="and",
    )
    context = rule_engine.Context(default_value=None)

    def compiled(text: str) -> Callable[[Any], Any]:
        return rule_engine.Rule(text, context=context).evaluate

    stages = {stage: by_form(own, compiled) for stage, own in rules(words).items()}
    none = dict.fromkeys((*FIELDS, "evidence", "unit"))  # what a record lacks is null: asking for it is slow otherwise
    given = [[(f, {**none, **f}) for f in facts_of(c, lambda v: Decimal(v.numerator) / v.denominator)] for c in cases]
    return judge_with(stages, lambda met, kind: {"met": met, "employer_kind": kind}), _with_kinds(cases, given)


def cel_peer(cases: Sequence[Case]) -> tuple[Judge, list[tuple[Any, list[Any]]]]:
    import celpy

    words = Words(
        among=lambda name, of: f"r.{name} in [" + ", ".join(f'"{x}"' for x in of) + "]",
        present=lambda name: f"has(r.{name})",
        both="&&",
    )
    environment = celpy.Environment()

    def compiled(text: str) -> Callable[[Any], Any]:
        program = environment.program(environment.compile(_qualified(text)))
        return lambda facts: program.evaluate({"r": facts})

    stages = {stage: by_form(own, compiled) for stage, own in rules(words).items()}
    given = [[(f, celpy.json_to_cel(f)) for f in facts_of(c, float)] for c in cases]

    def tell(met: bool, kind: Any) -> Any:
        return celpy.json_to_cel({"met": met} | ({"employer_kind": kind} if kind else {}))

    return judge_with(stages, tell), _with_kinds(cases, given)


def _with_kinds(cases: Sequence[Case], given: Sequence[list[Any]]) -> list[tuple[Any, list[Any]]]:
    return [(c.person.facts.get("employer_kind"), records) for c, records in zip(cases, given, strict=True)]


def _qualified(text: str) -> str:
    """Names as members of the record, and whole numbers as doubles: this language does not mix them."""
    done = []
    for word in text.split(" "):
        done.append(f"r.{word}" if word in FIELDS else f"{word}.0" if word.isdigit() else word)
    return " ".join(done)


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
    given = options.parse_args()
    cases, explainer = register(given.persons)
    own, _ = reference(cases, explainer.selector.prepared[0])
    expected = [own(c) for c in cases]
    engines: dict[str, Callable[[], list[Verdict]]] = {"reference evaluator": lambda: [own(c) for c in cases]}
    for name, peer in (("rule-engine", rule_engine_peer), ("cel-python", cel_peer)):
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
    print(f"\n{'':24} {'persons/s':>10} {'reference is':>14}")
    for name, used in times.items():
        print(f"{name:24} {len(cases) / used:10,.0f} {used / base:13.2f}x")
    print(f"\n{'one person explained, plan ready':48} {'per person':>10}")
    for name, remedies in (("case", False), ("case with what would be enough", True)):
        used = fastest(lambda r=remedies: [explainer.cases(*c, [(YEAR, YEAR)], None, r) for c in cases], given.turns)  # type: ignore[misc]
        print(f"{name:48} {used / len(cases) * 1000:7.2f} ms")


if __name__ == "__main__":
    main()
