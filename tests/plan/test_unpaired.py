"""Forms that only one of the stages 1 and 2 speaks of."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policyengine.messages import speak
from policyengine.plan.unpaired import unpaired
from tests.build import plan, rule

EVIDENCE = "recognise training when evidence is present"
RATE = "convert training at 1 hour per 45 minutes"

# rules as (id, sentence, from, until), a year for the whole of it; what is said
TABLE = [
    ([("a", EVIDENCE), ("b", RATE)], []),
    ([("a", EVIDENCE)], ["PE356 training is recognised, but no rule converts it"]),
    ([("b", RATE)], ["PE357 training is converted, but no rule recognises it"]),
    ([("a", EVIDENCE), ("b", "add 20 hours to training")], []),  # an addition alone counts, too
    ([("b", "add 20 hours to training")], ["PE357 training is converted, but no rule recognises it"]),
    ([("a", EVIDENCE), ("b", "convert records at stated hours")], []),  # of whatever form
    ([("a", "recognise records when evidence is present"), ("b", RATE)], []),
    ([("a", "recognise public when evidence is present"), ("b", RATE)], []),  # a subject: of whatever form
    (
        [("a", "recognise training, paper when evidence is present"), ("b", RATE)],
        ["PE356 paper is recognised, but no rule converts it"],
    ),
    (
        [("a", EVIDENCE, 2016), ("b", RATE, 2018)],
        ["PE356 training is recognised, but no rule converts it from 2016-01-01 until 2017-12-31"],
    ),
    (
        [("a", EVIDENCE), ("b", RATE, None, 2019)],
        ["PE356 training is recognised, but no rule converts it from 2020-01-01"],
    ),
    (
        [("a", EVIDENCE), ("b", RATE, 2016)],
        ["PE356 training is recognised, but no rule converts it until 2015-12-31"],
    ),
    (
        [("a", EVIDENCE), ("b", RATE, None, 2017), ("c", RATE, date(2018, 7, 1))],
        ["PE356 training is recognised, but no rule converts it from 2018-01-01 until 2018-06-30"],
    ),
    (
        [("a", EVIDENCE), ("b", RATE, 2018, 2019)],
        ["PE356 training is recognised, but no rule converts it until 2017-12-31"],  # the first time of two
    ),
    ([("a", EVIDENCE), ("b", RATE, None, 2017), ("c", RATE, 2018)], []),
    ([("a", EVIDENCE), ("b", RATE, 2015, 2018), ("c", RATE, 2018), ("d", RATE, None, 2016)], []),
    ([("a", EVIDENCE, 2018), ("b", RATE, 2016)], []),  # a rate may be in force for longer
]  # fmt: skip


@pytest.mark.parametrize(("rules", "said"), TABLE)
def test_forms_that_one_stage_alone_speaks_of(rules: list[tuple[Any, ...]], said: list[str]) -> None:
    made = plan(*(rule(f"{name}-{n}", *rest) for n, (name, *rest) in enumerate(rules)))
    assert [f"{d.code} {d.message.removesuffix(': its records count nothing')}" for d in unpaired(made)] == said


def test_in_chinese() -> None:
    speak("zh")
    try:
        [d] = unpaired(plan(rule("a", EVIDENCE, 2016), rule("b", RATE, 2018)))
    finally:
        speak("en")
    assert (d.message, d.hint) == (
        "“培训班”予以认定，但自 2016-01-01 起至 2017-12-31 止没有规则折算，其记录不计学时学分",
        "请写明其折算标准：折算 培训班 …",
    )
