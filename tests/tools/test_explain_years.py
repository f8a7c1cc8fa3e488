"""Explanations over years: periods that begin in September, blocks, windows that are no period, written results.

The same is told from records and from a written result.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from policyengine.tools.case import Case
from policyengine.tools.case_data import data_of_cases
from policyengine.tools.case_text import text_of_case
from policyengine.tools.evaluate import Files, evaluate_files
from policyengine.tools.explain import explain_files, explain_result
from policyengine.tools.read_result import read_result
from policyengine.tools.result import save
from policyengine.tools.select import Law, load_law

PACK = """\
pack: vale
title: {{zh: 谷, en: Vale}}
level: province
authority: The Vale
extends: null
applies: null
year_starts: {starts}
surface: en
sources: {{act: {{title: An act, confidence: seen}}}}
vocabulary:
  terms:
    form: {{training: 培训班, lecture: 讲座}}
    subject: {{professional: 专业科目}}
    title_level: {{junior: 初级, senior: 高级}}
  conclusions: {{praised: 表扬, not_excellent: 不得评优}}
quantities:
  hours: {{min: 0, max: 10000, decimals: 2}}
"""
ALWAYS = (
    ("known", "recognise training", ""),
    ("stated", "convert training at stated hours", ""),
)
Rules = tuple[tuple[str, str, str], ...]
HEADER = "record_id,person_id,date,form,subject,title,quantity,unit"


def law_of(folder: Path, *rules: tuple[str, str, str], starts: str = "01-01") -> Law:
    """A pack of rules: ``(id, rule, more keys)``; the n-th cites article n."""
    place = folder / "policies" / "vale"
    place.mkdir(parents=True)
    (place / "pack.yaml").write_text(PACK.format(starts=starts), encoding="utf-8")
    text = "".join(
        f"- id: {name}\n  cites: {{source: act, at: art. {n}}}\n  rule: '{rule}'\n{more}"
        for n, (name, rule, more) in enumerate((*ALWAYS, *rules), 1)
    )
    (place / "rules.yaml").write_text(text, encoding="utf-8")
    return load_law(place)


def files_of(folder: Path, rows: str, persons: str = "person_id,name\nP1,Ann\n") -> Files:
    (folder / "records.csv").write_text(f"{HEADER}\n{rows}", encoding="utf-8")
    (folder / "persons.csv").write_text(persons, encoding="utf-8")
    return Files((str(folder / "records.csv"),), str(folder / "persons.csv"))


def both(folder: Path, law: Law, files: Files, periods: tuple[int, int], as_of: date | None = None) -> list[Case]:
    """Ann's cases, which are told alike from records and from the written result."""
    here, _ = explain_files(law, files, "Ann", periods, as_of)
    there, notes = explain_result(read_result(written(folder, law, files, periods, as_of)), "Ann")
    assert notes == ()
    for language in ("en", "zh"):
        assert [text_of_case(c, language) for c in there] == [text_of_case(c, language) for c in here]
    assert data_of_cases(there) == data_of_cases(here)
    return here


def written(folder: Path, law: Law, files: Files, periods: tuple[int, int], as_of: date | None = None) -> Path:
    return save(evaluate_files(law, files, periods, as_of), folder / "out")


BLOCKS = (
    ("yearly", "require total at least 10 hours per year", ""),
    ("cycle", "require total at least 40 hours per 2 years starting 2016", ""),
)


def test_an_activity_stands_in_the_certificate_once(tmp_path: Path) -> None:
    """Also where a block of years is decided besides its years, and holds their rows again."""
    law = law_of(tmp_path, *BLOCKS)
    rows = (
        "T1,P1,2016-05-05,training,professional,Summer,8,hours\nT2,P1,2017-05-05,training,professional,Winter,8,hours\n"
    )
    cases = both(tmp_path, law, files_of(tmp_path, rows), (2016, 2017))
    assert [c.decision.period for c in cases] == ["2016", "2017", "2016..2017"]
    certificate = data_of_cases(cases)["certificate"]
    assert [(a["record_id"], a["year"]) for a in certificate["activities"]] == [("T1", "2016"), ("T2", "2017")]
    assert [y["year"] for y in certificate["years"]] == ["2016", "2017", "2016..2017"]
