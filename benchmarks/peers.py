"""The rules of policies/sichuan from 2016 in the languages of general rule engines: persons go in, verdicts come out.

Every engine gets what favours it: values already of its own types, conditions in its language, and sums, cap and
comparison of hours around them in plain Python. They say whether a record counts and how much.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from policyengine.records.model import Person, Record

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
        found = []
        for facts, own_facts in records:  # in the order of their days
            form = facts.get("form", "")
            flags = [name for name, holds in stages["flag"][form] if holds(own_facts)]
            name = None
            recognised = any(holds(own_facts) for _, holds in stages["recognise"][form])
            if recognised and not any(holds(own_facts) for _, holds in stages["reject"][form]):
                name = next((n for n, holds in stages["applies"][form] if holds(own_facts)), None)
            found.append(Fired(name, float(amounts[name](own_facts)) if name else 0.0, flags))

        def last(met: bool) -> list[str]:
            told = tell(met, kind)
            return [n for n, holds in stages["conclude"][""] if holds(told)]

        return summed([facts for facts, _ in records], found, last)

    return judge


class Fired(NamedTuple):
    """What held of a record: the rule that converts it (None: it does not count), hours and flags."""

    name: str | None
    hours: float
    flags: list[str]


def summed(records: Sequence[Mapping[str, Any]], found: Sequence[Fired], last: Callable[[bool], list[str]]) -> Verdict:
    """Sums, cap and outcome from what held of each record, in the order of their days. ``last``: the conclusions."""
    capped_sum = free = professional = 0.0
    flags: set[tuple[str, str]] = set()
    seen: set[tuple[Any, Any]] = set()
    for facts, one in zip(records, found, strict=True):
        flags.update((facts["record_id"], name) for name in one.flags)
        same = (facts.get("title"), facts["end"])
        if same[0] and same in seen:
            flags.add((facts["record_id"], "repeated-activity"))
        seen.add(same)
        counted = one.hours
        if one.name in ("self-study-hours", "publication-hours"):
            counted = min(one.hours, 50 - capped_sum)
            capped_sum += counted
        else:
            free += counted
        professional += counted if facts.get("subject") == "professional" else 0.0
    total = free + capped_sum
    outcome = "met" if total >= 90 else "not_met"
    return Verdict(outcome, round(total, 6), round(professional, 6), frozenset(last(total >= 90)), frozenset(flags))


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


def cel_rust_peer(cases: Sequence[Case]) -> tuple[Judge, list[tuple[Any, list[Any]]]]:
    """All of a person's records in one call, which is what this engine is fastest at."""
    import cel

    words = Words(
        among=lambda name, of: f"r.{name} in [{_quoted(of)}]", present=lambda name: f"has(r.{name})", both="&&"
    )
    stages = rules(words)

    def text(rule: Rule) -> str:
        forms = "" if rule.forms is None else words.among("form", rule.forms) + " && "
        return f"({forms}{_qualified(rule.text)})"

    def any_of(stage: str) -> str:
        return "(" + " || ".join(text(rule) for rule in stages[stage].values()) + ")"

    names, flags = list(stages["applies"]), list(stages["flag"])
    converted = [(text(stages["applies"][n]), i, _qualified(stages["amount"][n].text)) for i, n in enumerate(names)]
    rule = " : ".join(f"{applies} ? {i}" for applies, i, _ in converted)
    amount = " : ".join(f"{applies} ? {hours}" for applies, _, hours in converted)
    raised = ", ".join(text(stages["flag"][name]) for name in flags)
    counts = f"{any_of('recognise')} && !{any_of('reject')}"
    program = cel.compile(f"rs.map(r, {counts} ? [{rule} : -1, {amount} : 0.0, {raised}] : [-1, 0.0, {raised}])")
    bare = Words(among=lambda name, of: f"{name} in [{_quoted(of)}]", present=lambda name: f"{name} != null", both="&&")
    conclude = {name: cel.compile(rule.text) for name, rule in rules(bare)["conclude"].items()}

    def judge(kind: Any, records: Sequence[Any]) -> Verdict:
        facts, context = records[0]
        found = []
        for number, hours, *truths in program.execute(context):
            name = names[number] if number >= 0 else None
            found.append(Fired(name, hours, [f for f, truth in zip(flags, truths, strict=True) if truth]))

        def last(met: bool) -> list[str]:
            return [name for name, one in conclude.items() if one.execute({"met": met, "employer_kind": kind})]

        return summed(facts, found, last)

    given = [facts_of(c, float) for c in cases]
    return judge, _with_kinds(cases, [[(facts, cel.Context(variables={"rs": facts}))] for facts in given])


def rego_peer(cases: Sequence[Case]) -> tuple[Judge, list[tuple[Any, list[Any]]]]:
    """A set of all that holds of a person's records, asked for in one query."""
    import regopy

    words = Words(
        among=lambda name, of: f"r.{name} in {{{_quoted(of)}}}", present=lambda name: f"r.{name} == r.{name}", both=";"
    )
    stages, lines = rules(words), ["package cpd", "import rego.v1"]
    for stage in ("recognise", "reject", "applies", "flag"):
        for name, rule in stages[stage].items():
            forms = "" if rule.forms is None else words.among("form", rule.forms) + "; "
            amount = _qualified(stages["amount"][name].text).strip() if stage == "applies" else "0"
            held = f"some i, r in input.rs; {forms}{_qualified(rule.text).strip()}"
            lines.append(f'fired contains [i, "{stage}", "{name}", {amount}] if {{ {held} }}')
    whole = Words(
        among=lambda name, of: f"input.{name} in {{{_quoted(of)}}}", present=lambda n: f"input.{n} != null", both=";"
    )
    for name, rule in rules(whole)["conclude"].items():
        lines.append(f'concluded contains "{name}" if {{ {rule.text.replace("met ==", "input.met ==")} }}')
    engine = regopy.Interpreter()
    engine.add_module("cpd", "\n".join(lines))
    fired, concluded = engine.build("data.cpd.fired"), engine.build("data.cpd.concluded")

    def asked(given: Any, query: Any) -> Any:
        engine.set_input(given)
        return json.loads(str(engine.query_bundle(query)))["expressions"][0]

    def judge(kind: Any, records: Sequence[Any]) -> Verdict:
        facts, given = records[0]
        held: list[dict[str, dict[str, float]]] = [{} for _ in facts]
        for i, stage, name, amount in asked(given, fired):
            held[int(i)].setdefault(stage, {})[name] = float(amount)
        found = []
        for one in held:
            amounts = one.get("applies", {}) if "recognise" in one and "reject" not in one else {}
            first = next((n for n in stages["applies"] if n in amounts), None)
            found.append(Fired(first, amounts[first] if first else 0.0, list(one.get("flag", ()))))
        return summed(facts, found, lambda met: list(asked({"met": met, "employer_kind": kind}, concluded)))

    given = [facts_of(c, float) for c in cases]
    return judge, _with_kinds(cases, [[(facts, {"rs": facts})] for facts in given])


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _with_kinds(cases: Sequence[Case], given: Sequence[list[Any]]) -> list[tuple[Any, list[Any]]]:
    return [(c.person.facts.get("employer_kind"), records) for c, records in zip(cases, given, strict=True)]


def _qualified(text: str) -> str:
    """Names as members of the record, and whole numbers as doubles: this language does not mix them."""
    done = []
    for word in text.split(" "):
        done.append(f"r.{word}" if word in FIELDS else f"{word}.0" if word.isdigit() else word)
    return " ".join(done)


PEERS = {
    "rule-engine": ("rule_engine", rule_engine_peer),
    "CEL in Rust": ("cel", cel_rust_peer),
    "Rego in C++": ("regopy", rego_peer),
    "cel-python": ("celpy", cel_peer),
}
"""Engines by name: the module that must be there, and what makes a judge and its values."""
