"""The same rules in OpenFisca, which judges everybody at once: persons go in, a function that gives verdicts comes out.

Facts are whole numbers (terms by code, -1 where nothing is known; hours in parts of 1/9000), because OpenFisca's real
numbers have single precision. Records are its members, persons their groups.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from benchmarks.peers import Case, Fired, Rule, Verdict, Words, facts_of, rules, summed

YEAR = "2017"
TICKS = 9000
PARTS = {"minutes": 100, "quantity": 100, "fee": 100, "self_paid_share": 10000}
RATES = {
    "time-hours": "minutes * 2", "stated-hours": "quantity * 90", "self-study-hours": "quantity * 9 // 100",
    "publication-hours": "quantity * 18 // 100",
}  # fmt: skip
TERMS = ("form", "unit", "result", "employer_kind", "designated_by", "organiser_kind")
TRUTHS = ("approved", "published", "job_related", "full_time", "evidence")
FACTS = (*TERMS, *TRUTHS, *PARTS)


def openfisca_peer(cases: Sequence[Case]) -> Callable[[], list[Verdict]]:
    codes: dict[str, int] = {}
    system, names = _system(codes)
    given = [facts_of(case, Fraction) for case in cases]
    records = [facts for own in given for facts in own]
    inputs = {fact: [_coded(fact, r.get(fact), codes) for r in records] for fact in FACTS}
    kinds = [_coded("employer_kind", case.person.facts.get("employer_kind"), codes) for case in cases]
    owners = [number for number, own in enumerate(given) for _ in own]
    return lambda: _judged(system, names, inputs, kinds, owners, given)


def _judged(
    system: Any,
    names: Mapping[str, Sequence[str]],
    inputs: Mapping[str, Sequence[int]],
    kinds: Sequence[int],
    owners: Sequence[int],
    given: Sequence[Sequence[Mapping[str, Any]]],
) -> list[Verdict]:
    import numpy as np
    from openfisca_core.simulations import SimulationBuilder

    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("record", range(len(owners)))
    persons = builder.declare_entity("person", range(len(given)))
    builder.join_with_persons(persons, np.array(owners), ["own"] * len(owners))
    simulation = builder.build(system)
    for name, values in inputs.items():
        simulation.set_input(name, YEAR, np.array(values))
    simulation.set_input("kind", YEAR, np.array(kinds))

    def found(stage: str) -> dict[str, Any]:
        return {name: simulation.calculate(_name(stage, name), YEAR) for name in names[stage]}

    rule, hours = simulation.calculate("rule", YEAR), simulation.calculate("hours", YEAR)
    flags, conclude, converts = found("flag"), found("conclude"), names["applies"]
    verdicts, at = [], 0
    for number, own in enumerate(given):
        fired = [
            Fired(
                converts[rule[i]] if rule[i] >= 0 else None,
                float(hours[i]) / TICKS,
                [name for name, raised in flags.items() if raised[i]],
            )
            for i in range(at, at + len(own))
        ]
        at += len(own)
        verdicts.append(summed(own, fired, lambda _, n=number: [c for c, holds in conclude.items() if holds[n]]))  # type: ignore[misc]
    return verdicts


def _system(codes: dict[str, int]) -> tuple[Any, dict[str, list[str]]]:
    """Variables for facts, for what holds by each rule, for hours, sums and conclusions; rules by stage."""
    import numpy as np
    from openfisca_core.entities import build_entity
    from openfisca_core.periods import DateUnit
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    record = build_entity("record", "records", "", is_person=True)
    person = build_entity("person", "persons", "", roles=[{"key": "own", "plural": "owns"}])
    system = TaxBenefitSystem([record, person])
    stages = rules(WORDS)

    def add(name: str, kind: type, entity: Any = record, formula: Callable[..., Any] | None = None) -> None:
        body: dict[str, Any] = {"value_type": kind, "entity": entity, "definition_period": DateUnit.YEAR}
        system.add_variable(type(name, (Variable,), body | ({"formula": formula} if formula else {})))

    def asked(text: str) -> Callable[..., Any]:
        """A formula from a condition's text: the variables that it names are asked for."""
        coded = re.sub(r"'(\w+)'|\"(\w+)\"", lambda m: str(_code(m[1] or m[2], codes)), text)
        coded = coded.replace("true", "1").replace("false", "0").replace("> 0.5", "> 5000")
        named = [word for word in set(re.findall(r"[a-z_]+", coded)) if word in {*FACTS, "kind", "met"}]
        code = compile(coded, text, "eval")

        def formula(members: Any, period: Any) -> Any:
            return eval(code, {"among": np.isin}, {name: members(name, period) for name in named})

        return formula

    def limited(rule: Rule) -> str:
        forms = "" if rule.forms is None else f"{WORDS.among('form', rule.forms)}) & ("
        return f"({forms}{rule.text})"

    for fact in FACTS:
        add(fact, int)
    add("kind", int, person)
    for stage in ("recognise", "reject", "applies", "flag"):
        for name, rule in stages[stage].items():
            add(_name(stage, name), bool, formula=asked(limited(rule)))

    def rule_of(members: Any, period: Any) -> Any:
        counts = sum(members(_name("recognise", n), period) for n in stages["recognise"]) > 0
        for name in stages["reject"]:
            counts = counts & ~members(_name("reject", name), period)
        number = np.full(members.count, -1)
        for place, name in reversed(list(enumerate(stages["applies"]))):
            number = np.where(counts & members(_name("applies", name), period), place, number)
        return number

    def hours(members: Any, period: Any) -> Any:
        amounts = [asked(RATES[name])(members, period) for name in stages["applies"]]
        number = members("rule", period)
        return np.select([number == place for place in range(len(amounts))], amounts, 0)

    def total(members: Any, period: Any) -> Any:
        own, number = members.members("hours", period), members.members("rule", period)
        capped = np.isin(number, [list(stages["applies"]).index(n) for n in ("self-study-hours", "publication-hours")])
        return members.sum(own * ~capped) + np.minimum(50 * TICKS, members.sum(own * capped))

    add("rule", int, formula=rule_of)
    add("hours", int, formula=hours)
    add("total", int, person, total)
    add("met", bool, person, lambda members, period: members("total", period) >= 90 * TICKS)
    for name, rule in stages["conclude"].items():
        add(_name("conclude", name), bool, person, asked(f"({rule.text.replace('employer_kind', 'kind')})"))
    return system, {stage: list(own) for stage, own in stages.items()}


WORDS = Words(lambda name, of: f"among({name}, {list(of)!r})", lambda name: f"{name} >= 0", ") & (")


def _name(stage: str, rule: str) -> str:
    return f"{stage}_{rule.replace('-', '_')}"


def _code(word: str, codes: dict[str, int]) -> int:
    return codes.setdefault(word, len(codes))


def _coded(fact: str, value: Any, codes: dict[str, int]) -> int:
    if fact in TRUTHS:
        return -1 if value is None else int(value is not False and value != "")
    if fact in PARTS:
        return -1 if value is None else int(value * PARTS[fact])
    return -1 if value is None else _code(str(value), codes)
