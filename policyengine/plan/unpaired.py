"""A plan goes in; warnings come out for forms that it recognises and never converts, or converts and never recognises.

Stages 1 and 2 both have to speak of a form: a record that no rule converts (or adds to) counts nothing, nor does one
that no rule recognises, whatever its rate. An author sees neither in the rule alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyengine.diagnostics import Diagnostic
from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.pieces import days, uncovered
from policyengine.plan.model import Plan, PlanRule
from policyengine.plan.report import Reporter

FormRule = PlanRule[tree.Recognise | tree.Convert | tree.Add]


def unpaired(plan: Plan) -> list[Diagnostic]:
    """PE356 for each form that a ``recognise`` names while no ``convert`` or ``add`` is in force for it; PE357 for each
    that one of these names and no ``recognise`` of any time: a rate may well be in force for longer than its form."""
    reporter = Reporter()
    rates: tuple[FormRule, ...] = (*plan.convert, *plan.add)
    for rule, form in _named(plan.recognise):
        left = uncovered(rule.stretch, (rate.stretch for rate in _speaking_of(form, rates)))
        if left:
            en, zh = _surfaces(plan, form)
            when = "" if left[0] == (None, None) else days(left[0])
            during = f" {when}" if when else ""
            reporter.on(
                rule, "PE356",
                say(
                    f"{en} is recognised, but no rule converts it{during}: its records count nothing",
                    f"“{zh}”予以认定，但{when}没有规则折算，其记录不计学时学分",
                ),
                hint=say(f"state what it counts: convert {en} at …", f"请写明其折算标准：折算 {zh} …"),
                severity="warning",
            )  # fmt: skip
    for rule, form in _named(rates):
        if not _speaking_of(form, plan.recognise):
            en, zh = _surfaces(plan, form)
            reporter.on(
                rule, "PE357",
                say(
                    f"{en} is converted, but no rule recognises it: its records count nothing",
                    f"“{zh}”定有折算标准，但没有规则认定，其记录不计学时学分",
                ),
                hint=say(f"state that it counts: recognise {en}", f"请写明予以认定：认定 {zh}"),
                severity="warning",
            )  # fmt: skip
    return reporter.all()


def _named(rules: Sequence[FormRule]) -> Iterator[tuple[FormRule, str]]:
    """Each rule with each form that it names."""
    for rule in rules:
        if rule.about == "form":
            yield from ((rule, form) for form in rule.statement.what.terms)


def _speaking_of(form: str, rules: Sequence[FormRule]) -> list[FormRule]:
    """The rules for records of the form: those that name it, and those about something else, or about all records."""
    return [r for r in rules if r.about != "form" or form in r.statement.what.terms]


def _surfaces(plan: Plan, form: str) -> tuple[str, str]:
    word = next(w for w in plan.vocabulary.terms_of("form") if w.id == form)
    return word.surface("en"), word.surface("zh")
