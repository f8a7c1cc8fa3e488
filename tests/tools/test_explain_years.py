"""Explanations over years: periods that begin in September, blocks, windows that are no period, written results.

The same is told from records and from a written result.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from policyengine.tools.evaluate.evaluate import Files, evaluate_files
from policyengine.tools.evaluate.select import Law, load_law
from policyengine.tools.explain.before import looked_at_in
from policyengine.tools.explain.case import Case
from policyengine.tools.explain.data import data_of_cases
from policyengine.tools.explain.explain import explain_files
from policyengine.tools.explain.text import text_of_case
from policyengine.tools.explain.written import explain_result
from policyengine.tools.result.read import read_result
from policyengine.tools.result.result import save

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
    subject: {{professional: 专业科目, public: 公需科目}}
    title_level: {{junior: 初级, senior: 高级}}
  measures: {{spoken: 讲授}}
  conclusions: {{praised: 表扬, not_excellent: 不得评优}}
quantities:
  hours: {{min: 0, max: 10000, decimals: 2}}
"""
ALWAYS = (
    ("known", "recognise training, lecture", ""),
    ("stated", "convert training, lecture at stated hours", ""),
)
Rules = tuple[tuple[str, str, str], ...]
HEADER = "record_id,person_id,date,form,subject,title,quantity,unit"


def law_of(
    folder: Path, *rules: tuple[str, str, str], starts: str = "01-01", always: Rules = ALWAYS, tables: str = ""
) -> Law:
    """A pack of rules: ``(id, rule, more keys)``; the n-th cites article n."""
    place = folder / "policies" / "vale"
    place.mkdir(parents=True, exist_ok=True)
    (place / "pack.yaml").write_text(PACK.format(starts=starts) + tables, encoding="utf-8")
    text = "".join(
        f"- id: {name}\n  cites: {{source: act, at: art. {n}}}\n  rule: '{rule}'\n{more}"
        for n, (name, rule, more) in enumerate((*always, *rules), 1)
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


def from_the_tables_alone(folder: Path) -> list[Case]:
    """Her cases from the written result, once the records are gone."""
    (folder / "records.csv").unlink()
    cases, (note, *_) = explain_result(read_result(folder / "out"), "P1")
    assert note.code == "PE504"
    return cases


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


def test_a_block_is_told_in_full_where_one_of_its_years_is_asked_for(tmp_path: Path) -> None:
    law, files = law_of(tmp_path, *BLOCKS), files_of(tmp_path, "T1,P1,2016-05-05,training,professional,S,8,hours\n")
    year, _, block = both(tmp_path, law, files, (2016, 2017))
    told, notes = explain_result(read_result(tmp_path / "out"), "Ann", (2016, 2016))
    assert notes == ()
    assert [text_of_case(c) for c in told] == [text_of_case(c) for c in (year, block)]
    assert "T1 2016-05-05" in text_of_case(told[1])
    assert "32 more recognised hours by 2017-12-31" in text_of_case(told[1])


SEPTEMBER = [  # the year 2016 begins in September: its July 1 is that of 2017
    ("2017-08-15", "it does not hold that result = passed"),
    ("2017-05-15", "it does not hold that date > July 1 of this year, it does not hold that result = passed"),
]


@pytest.mark.parametrize(("day", "why"), SEPTEMBER)
def test_why_a_record_is_rejected_is_asked_of_the_policys_year(tmp_path: Path, day: str, why: str) -> None:
    rule = ("late", "recognise training when date after July 1 of this year and result = passed", "")
    law = law_of(tmp_path, rule, *BLOCKS[:1], starts="09-01", always=ALWAYS[1:])
    files = files_of(tmp_path, "")
    row = f"R1,P1,{day},training,public,T,5,hours,failed\n"
    (tmp_path / "records.csv").write_text(f"{HEADER},result\n{row}", encoding="utf-8")
    (case,) = both(tmp_path, law, files, (2016, 2016))
    assert f'R1 {day} training "T" 5 hours: {why}    late, art. 2' in text_of_case(case)


def test_what_a_record_has_is_not_told_as_lacking(tmp_path: Path) -> None:
    """It is rejected for what stands there, and was told to have none."""
    rule = ("away", "recognise training when provider is missing and evidence is present", "")
    law = law_of(tmp_path, rule, *BLOCKS[:1], always=ALWAYS[1:])
    files = files_of(tmp_path, "")
    row = "R1,P1,2016-05-15,training,public,T,5,hours,A school\n"
    (tmp_path / "records.csv").write_text(f"{HEADER},provider\n{row}", encoding="utf-8")
    (case,) = both(tmp_path, law, files, (2016, 2016))
    assert "5 hours: it does not hold that provider is missing, no evidence    away" in text_of_case(case)
    assert "5 学时：不符合：缺 施教机构，无学习证明    away" in text_of_case(case, "zh")


SCHOOLS = """\
tables:
  schools:
    file: schools.csv
    columns: {name: {role: key, field: provider}, year: {role: year}}
"""


def test_what_a_record_lacks_is_sought_in_the_list_of_the_policys_year(tmp_path: Path) -> None:
    """In years from September, May 2017 is of 2016, whose list has a school."""
    (tmp_path / "policies" / "vale").mkdir(parents=True)
    (tmp_path / "policies" / "vale" / "schools.csv").write_text("name,year\nOld School,2016\n", encoding="utf-8")
    rule = ("listed", "recognise training when provider in schools", "")
    law = law_of(tmp_path, rule, *BLOCKS[:1], starts="09-01", always=ALWAYS[1:], tables=SCHOOLS)
    (case,) = both(tmp_path, law, files_of(tmp_path, "R1,P1,2017-05-15,training,public,T,10,hours\n"), (2016, 2016))
    assert case.remedies[0].facts == {"R1": {"provider": "Old School"}}


# Rules; the year, of which Ann has 8 hours, and what the headline says of it; the block that is named, with its rule.
# From the tables alone all is told as well.
NOTHING = "met (nothing was required)"
WITHIN = "within 12 months of joined"
ADVICE = ("advice", "expect total at least 9 hours per year", "")
MORE = ("more", "require professional at least 10 hours per year", "")  # short is that, not what is only expected
UNASKED = [
    ((ADVICE,), 2016, NOTHING, ""),
    ((ADVICE, MORE), 2016, "not met; professional 8 / 10, 2 short", ""),
    ((("yearly", "require total at least 9 hours per year", "  from: 2017\n"),), 2016, NOTHING, ""),
    ((("yearly", "require total at least 9 hours per year", ""),), 2016, "not met: 8 of 9 hours, 1 short", ""),
    ((("yearly", "require total at least 8 hours per year", ""),), 2016, "met: 8 of 8 hours", ""),
    ((("gone", "require total at least 9 hours per year when title_level = senior", ""),), 2016, NOTHING, ""),
    ((*BLOCKS[1:], ("new", f"require total at least 9 hours {WITHIN}", "")), 2016, NOTHING, "2016..2017"),
    ((*BLOCKS[1:], ("new", f"require total at least 9 hours {WITHIN}", "")), 2019, NOTHING, "2018..2019"),
    ((*BLOCKS[1:], ("new", f"require total at least 9 hours {WITHIN}", "")), 2015, NOTHING, ""),  # before the first
    (BLOCKS, 2016, "not met: 8 of 10 hours, 2 short", "2016..2017"),
    ((BLOCKS[0], (*BLOCKS[1][:2], "  until: 2016\n")), 2016, "not met: 8 of 10 hours, 2 short", ""),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "year", "outcome", "block"), UNASKED)
def test_a_year_of_which_nothing_is_required_and_the_block_that_it_lies_in(
    rules: Rules, year: int, outcome: str, block: str, tmp_path: Path
) -> None:
    law = law_of(tmp_path, *rules)
    files = files_of(
        tmp_path,
        f"T1,P1,{year}-05-05,training,professional,S,8,hours\n",
        "person_id,name,title_level,joined\nP1,Ann,junior,2000-02-02\n",
    )
    (case, *_) = both(tmp_path, law, files, (year, year))
    (alone, *_) = from_the_tables_alone(tmp_path)
    for one in (case, alone):
        lines = text_of_case(one).splitlines()
        assert lines[0].partition("    ")[0].endswith(f" · {year} · {outcome}")
        at = next((n for n, rule in enumerate(rules, 3) if rule[0] == "cycle"), 0)
        said = f"the year lies in {block}, which is decided as a whole: at its end, or before that with --as-of"
        told = [f"├─ {said}    cycle, art. {at}", f"└─ {said}    cycle, art. {at}"] if block else []
        assert [line for line in lines if "the year lies in" in line] in [told[:1], told[1:]]
    assert ("当期没有必须达到的要求" in text_of_case(case, "zh")) == outcome.startswith(NOTHING)


def test_hours_carried_over_stand_in_the_headline(tmp_path: Path) -> None:
    """60 and 25 of the year before are 5 short of 90."""
    carry = ("carry", "carry excess over yearly up to 25 hours to the next year", "")
    law = law_of(tmp_path, ("yearly", "require total at least 90 hours per year", ""), carry)
    rows = "T1,P1,2015-05-05,training,public,S,130,hours\nT2,P1,2016-05-05,training,public,W,60,hours\n"
    before, case = both(tmp_path, law, files_of(tmp_path, rows), (2015, 2016))
    assert text_of_case(before).startswith("Ann (P*) · 2015 · met: 130 of 90 hours    vale\n")
    assert text_of_case(case).startswith(
        "Ann (P*) · 2016 · not met: 60 of 90 hours, 25 carried over, 5 short    vale\n"
    )
    assert text_of_case(case, "zh").startswith("Ann（P*） · 2016 · 未完成：60 / 90 学时，另有结转 25，尚缺 5    vale\n")
    told = "├─ carry excess over yearly up to 25 hours to the next year    carry, art. 4"
    assert told in text_of_case(case)
    assert "carry excess" not in text_of_case(before)


# The hours of a table, of a year before, of a cap and of a reduction stand in credits for a third: rules; rows; what is
# told of the total of 2016, and whether the exchange is named.
RATE = ("rate", "exchange 1 credit for 3 hours", "")
WORTH = (
    "  credits: {min: 0, max: 100, decimals: 2}\ntables:\n  worth:\n    zh: 学时表\n    file: worth.csv\n    columns:\n"
)
WORTH += (
    "      subject: {role: key, field: subject, type: term}\n      hours: {role: value, type: number, unit: hours}\n"
)
OWN = ("own", "convert training at stated credits", "")
TEN = "require total at least 10 credits per year"
TURNED = [
    ((RATE, ("table", "convert training at worth(subject)", ""), ("yearly", TEN, "")),
     "2016-05-05,training,public,T,1,hours", "total 4 / 10, 6 short", True),
    ((RATE, ALWAYS[1], ("two", "require total at least 10 credits in any 2 years", "")),
     "2015-05-05,training,public,T,15,hours", "total 5 / 10 in 2015-01-01..2016-12-31, 5 short", True),
    ((RATE, OWN, ("most", "cap training at 12 hours per year", ""), ("yearly", TEN, "")),
     "2016-05-05,training,public,T,9,credits", "total 4 / 10, 6 short", True),
    ((RATE, OWN, ("most", "cap training at 12 hours per 2 years starting 2016", ""), ("yearly", TEN, "")),
     "2016-05-05,training,public,T,9,credits", "total 4 / 10, 6 short", True),
    ((RATE, OWN, ("less", "reduce yearly by 6 hours when title_level = junior", ""), ("yearly", TEN, "")),
     "2016-05-05,training,public,T,5,credits", "total 5 / 8, 3 short", True),
    ((RATE, OWN, ("over", "carry excess over yearly up to 6 hours to the next year", ""), ("yearly", TEN, "")),
     "2015-05-05,training,public,T,15,credits", "total 2 / 10, 8 short", True),
    ((RATE, OWN, ("yearly", TEN, "")), "2016-05-05,training,public,T,5,credits", "total 5 / 10, 5 short", False),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "row", "total", "named"), TURNED)
def test_the_exchange_that_a_figure_needed_is_named(
    rules: Rules, row: str, total: str, named: bool, tmp_path: Path
) -> None:
    (tmp_path / "policies" / "vale").mkdir(parents=True)
    (tmp_path / "policies" / "vale" / "worth.csv").write_text("subject,hours\npublic,12\n", encoding="utf-8")
    law = law_of(tmp_path, *rules, always=ALWAYS[:1], tables=WORTH)
    who = "person_id,name,title_level\nP1,Ann,junior\n"
    *_, case = both(tmp_path, law, files_of(tmp_path, f"T1,P1,{row}\n", who), (2015, 2016))
    told = text_of_case(case)
    assert total in told
    assert ("exchange 1 credit for 3 hours    rate, art. 2" in told) == named


def test_hours_that_may_be_carried_over_are_told_with_their_rule(tmp_path: Path) -> None:
    """Of the 60 hours of 2015 it is open whether they count: of the 40 that are required then, 20 may be left."""
    known = ("known", "recognise training when result = passed", "")
    carry = ("carry", "carry excess over yearly to the next year", "")
    law = law_of(tmp_path, carry, ("yearly", "require total at least 40 hours per year", ""), always=(known, ALWAYS[1]))
    rows = "T1,P1,2015-05-05,training,public,S,60,hours\n"
    before, case = both(tmp_path, law, files_of(tmp_path, rows), (2015, 2016))
    assert "total 0–20 / 40, 40 short    yearly, art. 4" in text_of_case(case)
    assert "carry excess over yearly to the next year    carry, art. 3" in text_of_case(case)
    assert "carry excess" not in text_of_case(before)


def test_a_measure_of_which_a_part_is_required_is_defined(tmp_path: Path) -> None:
    """Half of the 20 hours of lectures: the article that says what these are is told, and which records they are."""
    talks = ("talks", "measure spoken: hours of lecture", "")
    law = law_of(tmp_path, talks, ("half", "require professional at least 1/2 of spoken per year", ""))
    rows = "T1,P1,2016-05-05,lecture,public,S,20,hours\nT2,P1,2016-06-05,training,professional,W,4,hours\n"
    (case,) = both(tmp_path, law, files_of(tmp_path, rows), (2016, 2016))
    told = text_of_case(case)
    assert "professional 4 / 10, 6 short    half, art. 4" in told
    assert "├─ spoken 20 hours\n│  ├─ measure spoken: hours of lecture    talks, art. 3\n│  └─ counted: T1 20\n" in told


# What recognises a lecture and what it counts, its quantity and unit, and by which rules it is open how much that is.
OPEN = [
    ("recognise lecture", "convert lecture at 2 to 3 hours per activity", "1,hours",
     "2–3 hours: not known: figure that the law leaves open    worth, art. 2"),
    ("recognise lecture", "convert lecture at unknown hours per activity", "1,hours",
     "0… hours: not known: figure that the law leaves open    worth, art. 2"),
    ("recognise lecture when title_level = senior", "convert lecture at 2 hours per activity", "1,hours",
     "0–2 hours: not known: title level    known, art. 1"),
    ("recognise lecture when title_level = senior", "convert lecture at 2 to 3 hours per activity", "1,hours",
     "0–3 hours: not known: figure that the law leaves open, title level    known, art. 1; worth, art. 2"),
    ("recognise lecture", "convert lecture at 2 hours per activity when title_level = senior", "1,hours",
     "0–2 hours: not known: title level    worth, art. 2"),
    ("recognise lecture", "convert lecture at stated hours", "3,", "0–3 hours: not known: unit    worth, art. 2"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "worth", "amount", "told"), OPEN)
def test_the_article_by_which_it_is_open_how_much_counts_is_cited(
    known: str, worth: str, amount: str, told: str, tmp_path: Path
) -> None:
    always = (("known", known, ""), ("worth", worth, ""))
    law = law_of(tmp_path, ("yearly", "require total at least 90 hours per year", ""), always=always)
    (case,) = both(tmp_path, law, files_of(tmp_path, f"T1,P1,2016-05-05,lecture,public,S,{amount}\n"), (2016, 2016))
    (alone,) = from_the_tables_alone(tmp_path)
    for one in (case, alone):
        assert [line for line in text_of_case(one).splitlines() if line.endswith(f" → {told}")]


def test_the_article_that_says_in_which_year_hours_count_is_cited(tmp_path: Path) -> None:
    """Of 30 hours on six days half are of 2015, and half of 2016."""
    law = law_of(tmp_path, ("shared", "assign training split by days rounded down to 1 hour", ""), *BLOCKS[:1])
    files = files_of(tmp_path, "")
    text = f"{HEADER.replace('date', 'start,end')}\nT1,P1,2015-12-29,2016-01-03,training,public,S,30,hours\n"
    (tmp_path / "records.csv").write_text(text, encoding="utf-8")
    for case in both(tmp_path, law, files, (2015, 2016)):
        told = 'T1 2015-12-29..2016-01-03 training "S" 30 hours → 15 hours    stated, art. 2; shared, art. 3'
        assert told in text_of_case(case)


def test_one_is_one_hour(tmp_path: Path) -> None:
    law = law_of(tmp_path, ("yearly", "require total at least 1 hour per year", ""))
    rows = "T1,P1,2016-05-05,training,public,S,1,hours\nT2,P1,2016-06-05,lecture,,,0.5,hours\n"
    (case,) = both(tmp_path, law, files_of(tmp_path, rows), (2016, 2016))
    told = text_of_case(case)
    assert told.startswith("Ann (P*) · 2016 · met: 1.5 of 1 hour    vale\n")
    assert 'training "S" 1 hour → 1 hour    stated' in told
    assert "lecture 0.5 hours → 0.5 hours    stated" in told
    assert "培训班 「S」 1 学时 → 1 学时    stated" in text_of_case(case, "zh")


def test_a_result_without_a_ledger(tmp_path: Path) -> None:
    """Records are those of the files; without these, nothing is said of them but how much counts."""
    law, files = law_of(tmp_path, *BLOCKS[:1]), files_of(tmp_path, "T1,P1,2016-05-05,training,professional,S,8,hours\n")
    here, _ = explain_files(law, files, "Ann", (2016, 2016))
    save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out", ledger="none")
    there, _ = explain_result(read_result(tmp_path / "out"), "Ann")
    assert [text_of_case(c) for c in there] == [text_of_case(c) for c in here]
    (case,) = from_the_tables_alone(tmp_path)
    assert "total 8 / 10, 2 short    yearly, art. 3\n   ├─ professional 8\n" in text_of_case(case)
    assert text_of_case(case).endswith("   └─ 8 hours of records that are not at hand")


PRAISE = (
    ("yearly", "require total at least 90 hours per year", ""),
    ("bad", 'conclude not_excellent "old words" when not met', "  from: 2015\n  until: 2016\n"),
    ("bad", 'conclude not_excellent "new words" when not met', "  from: 2017\n"),
    ("praise-a", 'conclude praised "much done" when title_level = senior', ""),
    ("praise-b", 'conclude praised "praised anyway" when title_level = junior', ""),
)
BAD_OLD, BAD_NEW = "old words    bad, art. 4", "new words    bad, art. 5"
A, B = "much done    praise-a, art. 6", "praised anyway    praise-b, art. 7"
EITHER = "praised    praise-a, art. 6 or praise-b, art. 7"


@pytest.mark.parametrize(
    ("title", "day", "hours", "from_records", "in_the_tables"),
    [
        ("junior", "2016-10-31", 100, [B], [EITHER]),
        ("senior", "2016-10-31", 100, [A], [EITHER]),
        ("", "2017-10-05", 100, [], []),
        ("", "2016-10-31", 60, [BAD_OLD], [BAD_OLD]),  # August 2017 is of the year 2016
        ("", "2017-08-31", 60, [BAD_OLD], [BAD_OLD]),
        ("", "2017-10-05", 60, [BAD_NEW], [BAD_NEW]),
    ],
)
def test_a_consequence_is_cited_as_it_followed(
    tmp_path: Path, title: str, day: str, hours: int, from_records: list[str], in_the_tables: list[str]
) -> None:
    """A result holds names of consequences, no rules: where the files are gone, all that may be meant are cited."""
    law = law_of(tmp_path, *PRAISE, starts="09-01")
    files = files_of(
        tmp_path,
        f"R1,P1,{day},training,professional,T,{hours},hours\n",
        f"person_id,name,title_level\nP1,Ann,{title}\n",
    )
    year = 2017 if day > "2017-09" else 2016
    told = [text_of_case(c) for c in both(tmp_path, law, files, (year, year))]
    assert [_followed(t) for t in told] == [from_records]
    (case,) = from_the_tables_alone(tmp_path)
    assert _followed(text_of_case(case)) == in_the_tables
    cited = data_of_cases([case])["cases"][0]["consequences"]
    assert (
        [len(c["cites"]) == 1 for c in cited] == [c["certain"] for c in cited] == [x != EITHER for x in in_the_tables]
    )


def _followed(text: str) -> list[str]:
    return [line.partition("consequence: ")[2] for line in text.splitlines() if "─ consequence: " in line]


def test_as_many_rules_as_consequences_are_told_apart(tmp_path: Path) -> None:
    law = law_of(tmp_path, *PRAISE[:1], *((n, r.partition(" when")[0] + " when met", m) for n, r, m in PRAISE[3:]))
    files = files_of(tmp_path, "R1,P1,2016-05-05,training,professional,T,90,hours\n")
    both(tmp_path, law, files, (2016, 2016))
    (case,) = from_the_tables_alone(tmp_path)
    assert _followed(text_of_case(case)) == ["much done    praise-a, art. 4", "praised anyway    praise-b, art. 5"]


OWN_CAP = """\
- id: self-study-cap
  cites: {source: rules, at: rule 1}
  rule: "override shire/self-study-cap: cap publication at 10 hours per year"
"""
OWN_WORDS = """\
- id: not-excellent
  cites: {source: rules, at: rule 1}
  from: 2016
  rule: 'override shire/not-excellent: conclude not_excellent "no praise" when not met'
"""


def overridden(folder: Path, rule: str, own: str) -> Law:
    """The small world with a rule of the shire that the millers override; its records stand in ``folder``."""
    from tests.tools.world import write_world

    world = write_world(folder / "world")
    rules = world / "policies/shire/rules.yaml"
    text = rules.read_text(encoding="utf-8").replace(f"- id: {rule}\n", f"- id: {rule}\n  change: delegated\n")
    rules.write_text(text, encoding="utf-8")
    (world / "policies/mill/rules.yaml").write_text(own, encoding="utf-8")
    (world / "records.csv").rename(folder / "records.csv")
    return load_law(world / "policies/mill")


def test_a_conclusion_that_is_overridden_is_not_meant(tmp_path: Path) -> None:
    law, files = overridden(tmp_path, "not-excellent", OWN_WORDS), Files((str(tmp_path / "records.csv"),))
    written(tmp_path, law, files, (2016, 2016))
    (tmp_path / "records.csv").unlink()
    (case,), _ = explain_result(read_result(tmp_path / "out"), "A1")
    assert _followed(text_of_case(case)) == ["no praise    not-excellent, rule 1"]


WINDOWS = (
    ("probation", "require total at least 120 hours within 12 months of joined", ""),
    ("two-years", "expect professional at least 80 hours in any 2 years", ""),
    ("spoken", "measure spoken: hours of lecture", ""),
    ("spoken-hours", "require spoken at least 10 hours in any 2 years", ""),
)
JOINED = "person_id,name,joined\nP1,Ann,2016-07-01\n"
ROWS = """\
J1,P1,2016-10-10,training,professional,Autumn,50,hours
J2,P1,2017-03-10,training,public,Spring,40,hours
J3,P1,2017-11-10,lecture,professional,Late,20,hours
J4,P1,2015-05-05,lecture,professional,Before,9,hours
"""
IN_2017 = """\
Ann (P*) · 2017 · not met; total 90 / 120 in 2016-07-01..2017-06-30, 30 short    vale
├─ total 60 hours
│  ├─ public 40
│  │  └─ J2 2017-03-10 training "Spring" 40 hours → 40 hours    stated, art. 2
│  └─ professional 20
│     └─ J3 2017-11-10 lecture "Late" 20 hours → 20 hours    stated, art. 2
├─ total 90 / 120 in 2016-07-01..2017-06-30, 30 short    probation, art. 3
│  ├─ J1 2016-10-10 training "Autumn" 50 hours → 50 hours    stated, art. 2
│  └─ J2 2017-03-10 training "Spring" 40 hours → 40 hours    stated, art. 2
├─ spoken 20 / 10 in 2016-01-01..2017-12-31    spoken-hours, art. 6
│  ├─ measure spoken: hours of lecture    spoken, art. 5
│  └─ J3 2017-11-10 lecture "Late" 20 hours → 20 hours    stated, art. 2
├─ professional 70 in 2016-01-01..2017-12-31    (expected 80: 10 short)    two-years, art. 4
│  ├─ J1 2016-10-10 training "Autumn" 50 hours → 50 hours    stated, art. 2
│  └─ J3 2017-11-10 lecture "Late" 20 hours → 20 hours    stated, art. 2
└─ enough would be (what is only expected may still be missed: professional): 30 more recognised hours by 2017-06-30"""
IN_THE_TABLES = """\
P* · 2017 · not met; total 90 / 120 in 2016-07-01..2017-06-30, 30 short    vale
├─ total 60 hours
│  ├─ public 40
│  │  └─ J2 training 40 hours → 40 hours    stated, art. 2
│  └─ professional 20
│     └─ J3 lecture 20 hours → 20 hours    stated, art. 2
├─ total 90 / 120 in 2016-07-01..2017-06-30, 30 short    probation, art. 3
│  └─ 90 hours of records that are not at hand
├─ spoken 20 / 10 in 2016-01-01..2017-12-31    spoken-hours, art. 6
│  └─ 20 hours of records that are not at hand
└─ professional 70 in 2016-01-01..2017-12-31    (expected 80: 10 short)    two-years, art. 4
   ├─ J3 lecture 20 hours → 20 hours    stated, art. 2
   └─ 50 hours of records that are not at hand"""


def test_the_days_that_are_left_are_those_of_the_window_that_ends_first(tmp_path: Path) -> None:
    """The twelve months from July 1, 2016 end 121 days after March 1, 2017; the year 305 days after it."""
    law, files = law_of(tmp_path, *WINDOWS), files_of(tmp_path, ROWS, JOINED)
    day = date(2017, 3, 1)
    (case,) = both(tmp_path, law, files, (2017, 2017), day)
    assert "in 2016-07-01..2017-06-30, 30 short, 121 days left    vale\n" in text_of_case(case)
    assert data_of_cases([case])["cases"][0]["days_left"] == 121
    (alone,) = from_the_tables_alone(tmp_path)
    assert ", 121 days left    vale\n" in text_of_case(alone)
    enough = (*WINDOWS[1:], ("probation", "require total at least 90 hours within 12 months of joined", ""))
    (tmp_path / "other").mkdir()
    yearly = ("yearly", "require total at least 90 hours per year", "")
    (case,) = both(
        tmp_path / "other",
        law_of(tmp_path / "other", *enough, yearly),
        files_of(tmp_path / "other", ROWS, JOINED),
        (2017, 2017),
        day,
    )
    assert "2017 · in progress: 60 of 90 hours, 30 short, 305 days left" in text_of_case(case)


def test_a_term_that_began_anew_is_told_with_its_own_days_and_records(tmp_path: Path) -> None:
    """The second twelve months from July 1, 2016 hold the 20 hours of November 2017; 121 days of them are left."""
    rule = ("term", "require total at least 30 hours per 12 months from joined", "")
    law, files = law_of(tmp_path, rule), files_of(tmp_path, ROWS, JOINED)
    (case,) = both(tmp_path, law, files, (2018, 2018), date(2018, 3, 1))
    assert text_of_case(case).splitlines() == [
        "Ann (P*) · 2018 · in progress; total 20 / 30 in 2017-07-01..2018-06-30, 10 short, 121 days left    vale",
        "├─ total 0 hours",
        "│  ├─ professional 0",
        "│  └─ public 0",
        "├─ total 20 / 30 in 2017-07-01..2018-06-30, 10 short    term, art. 3",
        '│  └─ J3 2017-11-10 lecture "Late" 20 hours → 20 hours    stated, art. 2',
        "└─ enough would be: 10 more recognised hours by 2018-06-30",
    ]


def test_what_counts_in_a_window_that_is_no_period_is_told_under_it(tmp_path: Path) -> None:
    """Records of other years with it, and none of the period that lies outside; what is shown adds up."""
    law, files = law_of(tmp_path, *WINDOWS), files_of(tmp_path, ROWS, JOINED)
    (case,) = both(tmp_path, law, files, (2017, 2017))
    assert text_of_case(case) == IN_2017
    zh = text_of_case(case, "zh")
    assert "├─ 2016-07-01..2017-06-30 总学时 90 / 120，尚缺 30    probation, art. 3\n│  ├─ J1 2016-10-10" in zh
    for f in data_of_cases([case])["cases"][0]["findings"]:
        assert (sum(r["counted"] for r in f["records"]), f["elsewhere"]) == (f["achieved"], 0)
    (case,) = from_the_tables_alone(tmp_path)
    assert text_of_case(case) == IN_THE_TABLES


def test_years_that_a_result_holds_are_told_from_its_tables(tmp_path: Path) -> None:
    law, files = law_of(tmp_path, *WINDOWS[1:2]), files_of(tmp_path, ROWS)
    both(tmp_path, law, files, (2016, 2017))
    told = text_of_case(from_the_tables_alone(tmp_path)[1])
    assert told.endswith(
        """\
└─ professional 70 in 2016-01-01..2017-12-31    (expected 80: 10 short)    two-years, art. 3
   ├─ J1 2016 training 50 hours → 50 hours    stated, art. 2
   └─ J3 lecture 20 hours → 20 hours    stated, art. 2"""
    )


def test_nothing_is_told_under_a_window_of_which_the_beginning_is_not_known(tmp_path: Path) -> None:
    law, files = law_of(tmp_path, *WINDOWS[:1]), files_of(tmp_path, ROWS.partition("J3")[0])
    (case,) = both(tmp_path, law, files, (2017, 2017))
    adrift = """\
├─ total 40 hours
│  ├─ public 40
│  │  └─ {} 40 hours → 40 hours    stated, art. 2
│  └─ professional 0
├─ total 0–90 / 120 in a window that is not known, not settled    probation, art. 3
"""
    assert adrift.format('J2 2017-03-10 training "Spring"') in text_of_case(case)
    headline = text_of_case(case).splitlines()[0]  # 40 hours of 2017 are not 40 of the 120
    assert "undetermined; total 0–90 / 120 in a window that is not known, not settled" in headline
    assert data_of_cases([case])["cases"][0]["findings"][0]["window"] is None
    assert adrift.format("J2 training") in text_of_case(from_the_tables_alone(tmp_path)[0])


def test_what_may_count_in_a_window_counts_from_nothing_up(tmp_path: Path) -> None:
    law, files = law_of(tmp_path, *WINDOWS[1:2]), files_of(tmp_path, ROWS.replace("public", ""))
    (case,) = both(tmp_path, law, files, (2017, 2017))
    told = text_of_case(case)
    assert "professional 70–110 in 2016-01-01..2017-12-31    (expected 80: not settled)" in told
    assert 'J2 2017-03-10 training "Spring" 40 hours → 40 hours, counted 0–40' in told


def test_an_overridden_cap_is_told_alike(tmp_path: Path) -> None:
    """As what it says, without what it stands for."""
    law = overridden(tmp_path, "self-study-cap", OWN_CAP)
    (tmp_path / "persons.csv").write_text("person_id,name\nA1,Ann\n", encoding="utf-8")
    files = Files((str(tmp_path / "records.csv"),), str(tmp_path / "persons.csv"))
    (case,) = both(tmp_path, law, files, (2016, 2016))
    assert "├─ cap publication at 10 hours per year: 28 claimed, 18 cut    self-study-cap, rule 1\n" in text_of_case(
        case
    )


TIMES = """\
Ann (P*) · 2017 · excused: 10 of 20 hours, 10 short    vale
├─ total 10 / 20, 10 short, excused    annual, art. 3 [reduced from 40; half, art. 5; new, art. 4; \
joined to December 31 of this year: 2016-02-29 to 2017-12-31, 671 days; \
joined to January 1 of this year: 2016-02-29 to 2017-01-01, 10 months 3 days]
│  ├─ public 10
│  │  └─ J2 2017-05-01 lecture "Now" 10 hours → 10 hours    stated, art. 2
│  └─ professional 0
└─ not recognised
   └─ J1 2017-02-28 lecture "Early" 10 hours: reject lecture when joined to date at most 1 year \
(joined to date: 2016-02-29 to 2017-02-28, 1 year)    first-year, art. 6"""
TIMES_ZH = """\
Ann（P*） · 2017 · 已免除：10 / 20 学时，尚缺 10    vale
├─ 总学时 10 / 20，尚缺 10，已免除    annual, art. 3 [核减前 40；half, art. 5；new, art. 4；\
入职日期 至 本年度 12月31日：2016-02-29 至 2017-12-31，671 天；\
入职日期 至 本年度 1月1日：2016-02-29 至 2017-01-01，10 个月 3 天]"""


def test_the_days_between_which_a_rule_asks_the_time(tmp_path: Path) -> None:
    """From 29 February ten months lead to 29 December, and three days on is 1 January; 2016 has 306 more days, 2017 has
    365."""
    law = law_of(
        tmp_path,
        ("annual", "require total at least 40 hours per year", ""),
        ("new", "excuse annual when joined to January 1 of this year less than 2 years", ""),
        ("half", "reduce annual by 1/2 when joined to December 31 of this year at least 100 days", ""),
        ("first-year", "reject lecture when joined to date at most 1 year", ""),
    )
    rows = "J1,P1,2017-02-28,lecture,public,Early,10,hours\nJ2,P1,2017-05-01,lecture,public,Now,10,hours\n"
    files = files_of(tmp_path, rows, "person_id,name,joined\nP1,Ann,2016-02-29\n")
    (case,) = both(tmp_path, law, files, (2017, 2017))
    assert text_of_case(case).partition("\n└─ enough")[0] == TIMES
    assert text_of_case(case, "zh").startswith(TIMES_ZH)


def test_a_time_that_is_compared_twice_is_told_once(tmp_path: Path) -> None:
    law = law_of(
        tmp_path,
        ("annual", "require total at least 40 hours per year", ""),
        ("new", "excuse annual when joined to January 1 of this year between 1 year and 5 years", ""),
    )
    files = files_of(tmp_path, "", "person_id,name,joined\nP1,Ann,2014-07-01\n")
    (case,) = both(tmp_path, law, files, (2017, 2017))
    told = "[new, art. 4; joined to January 1 of this year: 2014-07-01 to 2017-01-01, 2 years 6 months]"
    assert told in text_of_case(case)


def test_a_day_that_is_missing_or_lies_before_the_other(tmp_path: Path) -> None:
    law = law_of(
        tmp_path,
        ("annual", "require total at least 40 hours per year", ""),
        ("retired", "excuse annual when January 1 of this year to joined less than 2 years", ""),
    )
    files = files_of(tmp_path, "", "person_id,name,joined\nP1,Ann,2015-06-30\n")
    (case,) = both(tmp_path, law, files, (2017, 2017))
    told = (
        "[retired, art. 4; January 1 of this year to joined: 2017-01-01 to 2015-06-30, the second day before the first]"
    )
    assert told in text_of_case(case)
    files = files_of(tmp_path, "", "person_id,name,joined\nP1,Ann,\n")
    (case,) = both(tmp_path, law, files, (2017, 2017))
    assert "January 1" not in text_of_case(case)
    assert "would settle it: joined" in text_of_case(case)


RUNNING = (
    ("annual", "require total at least 40 hours per year", "  from: 2016\n"),
    ("pub", "require public at least 10 hours per year", "  from: 2016\n"),
    ("rolling", "expect public at least 30 hours in any 2 years", "  from: 2016\n"),
    ("held", 'conclude not_excellent "Held back" when not met for 2 years running', ""),
    ("named", "conclude praised when pub not met for 3 years running and rolling not met for 2 years running", ""),
)
HELD = """\
├─ consequence: Held back    held, art. 6
│  └─ 2017: not met
│     └─ public 9 / 10, 1 short    pub, art. 4
├─ consequence: praised    named, art. 7
│  ├─ public 8 / 10, 2 short    pub, art. 4
│  ├─ public 17 in 2017-01-01..2018-12-31    (expected 30: 13 short)    rolling, art. 5
│  ├─ 2017: public 9 / 10, 1 short    pub, art. 4
│  ├─ 2017: public 15 in 2016-01-01..2017-12-31    (expected 30: 15 short)    rolling, art. 5
│  └─ 2016: public 6 / 10, 4 short    pub, art. 4
"""
HELD_ZH = """\
├─ 后果：Held back    held, art. 6
│  └─ 2017：未完成
│     └─ 公需科目 9 / 10，尚缺 1    pub, art. 4
├─ 后果：表扬    named, art. 7
│  ├─ 公需科目 8 / 10，尚缺 2    pub, art. 4
│  ├─ 2017-01-01..2018-12-31 公需科目 17    （一般要求 30：尚缺 13）    rolling, art. 5
│  ├─ 2017：公需科目 9 / 10，尚缺 1    pub, art. 4
│  ├─ 2017：2016-01-01..2017-12-31 公需科目 15    （一般要求 30：尚缺 15）    rolling, art. 5
│  └─ 2016：公需科目 6 / 10，尚缺 4    pub, art. 4
"""
SOME_YEARS = """\
├─ consequence: Held back    held, art. 5
│  ├─ 2017: not met
│  │  └─ total 11 / 40, 29 short    annual, art. 3
│  └─ 2016: not met
│     └─ total 10 / 40, 30 short    annual, art. 3
└─ consequence: praised    named, art. 6
   ├─ public 12 / 10    pub, art. 4
   ├─ 2017: public 11 / 10    pub, art. 4
   └─ 2016: public 10 / 10    pub, art. 4
"""
SOME_YEARS_ZH = """\
├─ 后果：Held back    held, art. 5
│  ├─ 2017：未完成
│  │  └─ 总学时 11 / 40，尚缺 29    annual, art. 3
│  └─ 2016：未完成
│     └─ 总学时 10 / 40，尚缺 30    annual, art. 3
└─ 后果：表扬    named, art. 6
   ├─ 公需科目 12 / 10    pub, art. 4
   ├─ 2017：公需科目 11 / 10    pub, art. 4
   └─ 2016：公需科目 10 / 10    pub, art. 4
"""
PUBLIC = "R{0},P1,{0}-05-05,training,{1},,{2},hours\n"


def test_a_consequence_of_years_running_shows_each_of_them(tmp_path: Path) -> None:
    """Public hours: 6, 9 and 8; 40 in all in 2017. From the tables alone as far as they hold the years."""
    law = law_of(tmp_path, *RUNNING)
    rows = "".join(PUBLIC.format(year, "public", hours) for year, hours in ((2016, 6), (2017, 9), (2018, 8)))
    files = files_of(tmp_path, rows + "S,P1,2017-05-06,training,professional,,31,hours\n")
    (case,) = both(tmp_path, law, files, (2018, 2018))
    assert HELD in text_of_case(case)
    assert HELD_ZH in text_of_case(case, "zh")
    held, named = data_of_cases([case])["cases"][0]["consequences"]
    assert [(y["period"], y["outcome"], [f["rule"] for f in y["findings"]]) for y in held["looks_back"]] == [
        ("2017", "not_met", ["vale/pub@2016"])
    ]
    assert [(y["period"], y["outcome"], len(y["findings"])) for y in named["looks_back"]] == [
        ("2017", None, 2), ("2016", None, 1),
    ]  # fmt: skip
    written(tmp_path, law, files, (2016, 2018))
    (*_, alone) = from_the_tables_alone(tmp_path)
    assert alone.before == case.before
    table = read_result(tmp_path / "out")
    (*earlier, last), findings = list(table.decisions()), list(table.findings())
    elsewhere = [replace(d, policy="hill") for d in earlier]  # a year that another policy has judged is none of them
    assert looked_at_in(table, last, [*earlier, last], findings, (1, 1)) == case.before
    assert looked_at_in(table, last, [*elsewhere, last], findings, (1, 1)) == {}


def test_a_block_of_years_shows_those_that_end_with_it(tmp_path: Path) -> None:
    """9 hours in each of two years: the block of both is no year, and its last year is looked at for it, too."""
    law = law_of(
        tmp_path,
        ("annual", "require total at least 10 hours per year", ""),
        ("block", "require total at least 20 hours per 2 years starting 2015", ""),
        RUNNING[3],
    )
    files = files_of(tmp_path, PUBLIC.format(2015, "public", 9) + PUBLIC.format(2016, "public", 9))
    cases = both(tmp_path, law, files, (2016, 2016))
    wanted = {"2016": ["2015"], "2015..2016": ["2016", "2015"]}
    assert {c.decision.period: [y.period for y in c.before["vale/held"]] for c in cases} == wanted
    written(tmp_path, law, files, (2015, 2016))
    told = {c.decision.period: c.before.get("vale/held", ()) for c in from_the_tables_alone(tmp_path)}
    assert {period: [y.period for y in years] for period, years in told.items() if years} == wanted


def test_a_consequence_of_some_years_and_of_one_requirement_shows_all_that_are_looked_at(tmp_path: Path) -> None:
    """Public hours 10, 11 and 12, as they are to be; 40 in all in 2018 only."""
    law = law_of(
        tmp_path,
        ("annual", "require total at least 40 hours per year", "  from: 2016\n"),
        ("pub", "require public at least 10 hours per year", "  from: 2016\n"),
        ("held", 'conclude not_excellent "Held back" when not met for 2 of last 3 years', ""),
        ("named", "conclude praised when pub met in each of last 3 years", "  from: 2018\n"),
    )
    rows = "".join(PUBLIC.format(year, "public", hours) for year, hours in ((2016, 10), (2017, 11), (2018, 12)))
    files = files_of(tmp_path, rows + "S,P1,2018-05-06,training,professional,,28,hours\n")
    (case,) = both(tmp_path, law, files, (2018, 2018))
    assert (text_of_case(case) + "\n").endswith(SOME_YEARS)
    assert (text_of_case(case, "zh") + "\n").endswith(SOME_YEARS_ZH)
    written(tmp_path, law, files, (2016, 2018))
    (*_, alone) = from_the_tables_alone(tmp_path)
    assert alone.before == case.before


CYCLES = """\
├─ consequence: Held back    run, art. 4
│  ├─ total 8 / 40, 32 short    cycle, art. 3
│  └─ 2014..2015: total 9 / 40, 31 short    cycle, art. 3
"""
CYCLES_ZH = """\
├─ 后果：Held back    run, art. 4
│  ├─ 总学时 8 / 40，尚缺 32    cycle, art. 3
│  └─ 2014..2015：总学时 9 / 40，尚缺 31    cycle, art. 3
"""
CYCLES_RUNNING = (
    ("cycle", "require total at least 40 hours per 2 years starting 2014", ""),
    ("run", 'conclude not_excellent "Held back" when cycle not met for 2 cycles running', ""),
    ("some", "conclude praised when cycle not met for 2 of last 3 cycles", ""),
)


def test_a_consequence_of_cycles_running_shows_each_of_them(tmp_path: Path) -> None:
    """9 hours in the cycle before, 8 in this one; before 2014 there is none. From the tables alone, too."""
    law = law_of(tmp_path, *CYCLES_RUNNING)
    files = files_of(tmp_path, PUBLIC.format(2015, "public", 9) + PUBLIC.format(2017, "public", 8))
    (case,) = both(tmp_path, law, files, (2017, 2017))
    assert case.decision.period == "2016..2017"
    assert {key: [y.period for y in years] for key, years in case.before.items()} == {
        "vale/run": ["2014..2015"], "vale/some": ["2014..2015"],
    }  # fmt: skip
    assert CYCLES in text_of_case(case)
    assert CYCLES_ZH in text_of_case(case, "zh")
    written(tmp_path, law, files, (2014, 2017))
    (_, alone) = from_the_tables_alone(tmp_path)
    assert alone.before == case.before


def test_on_what_cycles_running_depend(tmp_path: Path) -> None:
    """How much of 2015 nobody knows: it is what the consequence depends on, and 2017 is not."""
    law = law_of(tmp_path, *CYCLES_RUNNING[:2])
    files = files_of(tmp_path, PUBLIC.format(2015, "public", "") + PUBLIC.format(2017, "public", 8))
    (case,) = both(tmp_path, law, files, (2017, 2017))
    assert (case.may_follow, case.turns_on) == (
        {"not_excellent": ("vale/run",)}, {"not_excellent": ("R2015:quantity",)},
    )  # fmt: skip
    assert "2014..2015: total 0–" in text_of_case(case)
    full = files_of(tmp_path, PUBLIC.format(2015, "public", "") + PUBLIC.format(2017, "public", 40))
    (case,) = both(tmp_path, law, full, (2017, 2017))  # the last was met, whatever the one before was
    assert (case.decision.consequences, case.decision.possible, case.may_follow) == ((), (), {})


def test_a_consequence_of_one_requirement_does_not_depend_on_a_year_that_is_excused_if_it_is_not_met(
    tmp_path: Path,
) -> None:
    """Of 2016 it is not met, of 2017 that is open; 2018 can't be: who is new in it is excused."""
    law = law_of(
        tmp_path,
        ("pub", "require public at least 10 hours per year", "  from: 2016\n"),
        ("new", "excuse pub when year of joined = this year", ""),
        ("held", "conclude not_excellent when pub not met for 2 of last 3 years", ""),
        ("also", "conclude praised when pub not met for 2 of last 3 years or pub excused", ""),
    )
    rows = "".join(PUBLIC.format(year, "", 41) for year in (2017, 2018))
    files = files_of(tmp_path, rows, "person_id,name,joined\nP1,Ann,2018-02-01\n")
    (case,) = both(tmp_path, law, files, (2018, 2018))
    assert case.turns_on == {
        "not_excellent": ("R2017:subject",), "praised": ("R2018:subject", "R2017:subject"),
    }  # fmt: skip


def test_years_that_no_table_holds_are_not_told(tmp_path: Path) -> None:
    law = law_of(tmp_path, *RUNNING)
    files = files_of(tmp_path, PUBLIC.format(2018, "public", 8))
    written(tmp_path, law, files, (2018, 2018))
    (alone,) = from_the_tables_alone(tmp_path)
    assert "Held back    held, art. 6\n└─ consequence" in text_of_case(alone)


def test_on_what_years_running_depend(tmp_path: Path) -> None:
    """41 hours of 2017 lack their subject; of 2016 nothing was required, so that of three years running none is."""
    law = law_of(tmp_path, *((n, r, more.replace("2016", "2017")) for n, r, more in RUNNING))
    (case,) = both(tmp_path, law, files_of(tmp_path, PUBLIC.format(2017, "", 41)), (2018, 2018))
    assert (case.may_follow, case.turns_on) == (
        {"not_excellent": ("vale/held",)}, {"not_excellent": ("R2017:subject",)},
    )  # fmt: skip
    text = text_of_case(case)
    assert "possible consequence: Held back, depending on subject of R2017    held, art. 6\n" in text
    assert "│  └─ 2017: undetermined\n│     └─ public 0–41 / 10, not settled    pub, art. 4\n" in text
    assert "praised" not in text


def test_a_year_before_tells_the_window_of_a_version_that_has_ended(tmp_path: Path) -> None:
    """Until 2017 what counts is that of two years, from 2018 on that of three."""
    rolling = "expect public at least 30 hours in any {} years"
    law = law_of(
        tmp_path,
        ("rolling", rolling.format(2), "  until: 2017\n"),
        ("rolling", rolling.format(3), "  from: 2018\n"),
        ("named", "conclude praised when rolling not met for 2 years running", ""),
    )
    files = files_of(tmp_path, PUBLIC.format(2016, "public", 8) + PUBLIC.format(2018, "public", 3))
    (case,) = both(tmp_path, law, files, (2018, 2018))
    assert "2017: public 8 in 2016-01-01..2017-12-31    (expected 30: 22 short)" in text_of_case(case)
    assert "2017：2016-01-01..2017-12-31 公需科目 8    （一般要求 30：尚缺 22）" in text_of_case(case, "zh")
    (praised,) = data_of_cases([case])["cases"][0]["consequences"]
    (before,) = (f for year in praised["looks_back"] for f in year["findings"])
    assert before["window"] == (date(2016, 1, 1), date(2017, 12, 31))


def test_a_year_before_of_which_it_is_open_only_whether_it_was_met_or_excused(tmp_path: Path) -> None:
    """41 hours of 2017 lack their subject, and who is new in it is excused: that makes the consequence certain."""
    law = law_of(
        tmp_path,
        ("pub", "require public at least 10 hours per year", ""),
        ("new", "excuse year when year of joined = this year", ""),
        ("praise", "conclude praised when met or excused in each of last 2 years", ""),
    )
    rows = PUBLIC.format(2017, "", 41) + PUBLIC.format(2018, "public", 10)
    files = files_of(tmp_path, rows, JOINED.replace("2016", "2017"))
    (case,) = both(tmp_path, law, files, (2018, 2018))
    told = text_of_case(case).partition("consequence: praised")[2]
    assert "2017: undetermined\n      └─ public 0–41 / 10, not settled, excused if not met    pub, art. 3" in told


MET_OR_EXCUSED = [
    # asked of three years; what it depends on. 41 hours of 2016, when Ann was new, and of 2017 lack their subject
    ("not met for 2 of last 3 years", ("R2017:subject",)),  # 2016 is met or excused, whatever they are of
    ("pub not met for 2 of last 3 years", ("R2017:subject",)),
    ("not (met or excused in each of last 3 years) and not met for 2 of last 4 years", ("R2017:subject",)),
    ("not met for 2 of last 3 years and not (met in each of last 3 years)", ("R2017:subject", "R2016:subject")),
    ("not met for 2 of last 3 years and not (pub excused in each of last 3 years)", ("R2017:subject", "R2016:subject")),
]


@pytest.mark.parametrize(("asked", "turns_on"), MET_OR_EXCUSED)
def test_whether_a_year_was_met_or_excused_is_nothing_to_those_not_met(
    tmp_path: Path, asked: str, turns_on: tuple[str, ...]
) -> None:
    law = law_of(
        tmp_path,
        ("pub", "require public at least 10 hours per year", "  from: 2016\n"),
        ("new", "excuse year when year of joined = this year", ""),
        ("held", f"conclude not_excellent when {asked}", ""),
    )
    rows = PUBLIC.format(2016, "", 41) + PUBLIC.format(2017, "", 41) + PUBLIC.format(2018, "public", 9)
    (case,) = both(tmp_path, law, files_of(tmp_path, rows, JOINED), (2018, 2018))
    assert case.turns_on == {"not_excellent": turns_on}


@pytest.mark.parametrize(
    ("asked", "turns_on"),
    [
        ("not met for 2 years running", ("R2018:subject", "R2017:subject")),
        ("not met for 2 of last 3 years", ("R2018:subject", "R2017:subject")),
        ("pub not met for 2 of last 3 years", ("R2018:subject", "R2017:subject")),
    ],
)
def test_of_several_years_this_one_is_told_of_too(tmp_path: Path, asked: str, turns_on: tuple[str, ...]) -> None:
    """41 hours of either year lack their subject; what follows from both depends on both."""
    law = law_of(
        tmp_path,
        ("pub", "require public at least 10 hours per year", "  from: 2017\n"),
        ("held", f"conclude not_excellent when {asked}", ""),
    )
    rows = PUBLIC.format(2017, "", 41) + PUBLIC.format(2018, "", 41)
    (case,) = both(tmp_path, law, files_of(tmp_path, rows), (2018, 2018))
    assert case.turns_on == {"not_excellent": turns_on}


def test_a_rule_that_how_the_year_came_out_rules_out_is_not_what_may_follow(tmp_path: Path) -> None:
    """2017 is met: nothing that follows from not having met it is possible, only what depends on a date."""
    law = law_of(
        tmp_path,
        ("annual", "require total at least 40 hours per year", ""),
        ("twice", "conclude not_excellent when not met for 2 years running", ""),
        ("once", "conclude not_excellent when not met", ""),
        ("new", "conclude not_excellent when joined > 2017-01-01", ""),
    )
    files = files_of(tmp_path, PUBLIC.format(2016, "public", 8) + PUBLIC.format(2017, "public", 40))
    (case,) = both(tmp_path, law, files, (2017, 2017))
    assert (case.may_follow, case.turns_on) == (
        {"not_excellent": ("vale/new",)}, {"not_excellent": ("person:joined",)},
    )  # fmt: skip


OLDER = ("older", "reduce annual by 1/2 when born to December 31 of this year at least 55 years", "")
BORN = "fields: {person: {born: {zh: 出生日期, type: date}, leaves: {zh: 退休日期, type: date}}}\n"
IN_YEARS = "at least 55 and less than 56 years"
OF_AGE = [  # identity number, born, leaves; how these are told, by hand; as is the time to 2017-12-31
    ("51010119621231001X", "1962-12-31", "2022-12-31", "1962-**-**", "2022-**-**", IN_YEARS),
    ("510101621231001", "1962-12-31", "2022-12-30", "1962-**-**", "2022-12-30", IN_YEARS),
    ("51010119620101001X", "1962-01-01", "2022-01-02", "1962-**-**", "2022-01-02", IN_YEARS),
    ("51010119620101001X", "1962-01-02", "2022-02-01", "1962-01-02", "2022-02-01", "55 years 11 months 29 days"),
    ("P1", "1962-12-31", "2022-12-31", "1962-12-31", "2022-12-31", "55 years"),
]


@pytest.mark.parametrize(("who", "born", "leaves", "told", "left", "age"), OF_AGE)
def test_a_birthday_is_told_only_with_the_whole_id(
    tmp_path: Path, who: str, born: str, leaves: str, told: str, left: str, age: str
) -> None:
    """Of an identity number all but the day of birth is shown: the day of birth beside it would be the rest."""
    law = law_of(tmp_path, ("annual", "require total at least 90 hours per year", ""), OLDER, tables=BORN)
    rows = f"J1,{who},2017-02-28,lecture,professional,Early,10,hours\n"
    files = files_of(tmp_path, rows, f"person_id,name,born,leaves\n{who},Ann,{born},{leaves}\n")
    cases, _ = explain_files(law, files, "Ann", (2017, 2017))
    asked = "born to December 31 of this year: "
    assert f"{asked}{told} to 2017-12-31, {age}" in text_of_case(cases[0])
    assert f"{asked}{born} to 2017-12-31, 55 years" in text_of_case(cases[0], reveal=True)
    facts = data_of_cases(cases)["facts"]
    assert (str(facts["born"]), str(facts["leaves"])) == (told, left)
    assert data_of_cases(cases, reveal=True)["facts"]["born"] == date.fromisoformat(born)


TOLD_IN_ALL = [
    # 12 days of December 2016 and 10 of January 2017; 12 March to 10 April, where 31 March is in two stretches
    (
        "in any 2 years", (
            "illness in all: 2016-12-20 to 2017-01-10 (22 days), 2017-03-12 to 2017-04-10 (30 days), 52 days",
            "病假累计：2016-12-20 至 2017-01-10（22 天）、2017-03-12 至 2017-04-10（30 天），共 52 天",
        ),
    ),
    (
        "per year", (
            "illness in all: 2017-01-01 to 2017-01-10 (10 days), 2017-03-12 to 2017-04-10 (30 days), 40 days",
            "病假累计：2017-01-01 至 2017-01-10（10 天）、2017-03-12 至 2017-04-10（30 天），共 40 天",
        ),
    ),
    ("within 12 months of joined when leave in (illness) lasts at least 1 day in all", ("", "")),  # joined when?
]  # fmt: skip


@pytest.mark.parametrize(("window", "told"), TOLD_IN_ALL)
def test_leave_in_all_is_told_stretch_by_stretch(tmp_path: Path, window: str, told: tuple[str, str]) -> None:
    """Those of the finding's own window, each with its days there; days of other kinds are not among them. None where
    it is not known where the window lies."""
    law_of(tmp_path, ("annual", "require total at least 90 hours per year", ""))
    place = tmp_path / "policies" / "vale"
    rules, pack = ((place / name).read_text(encoding="utf-8") for name in ("rules.yaml", "pack.yaml"))
    (place / "rules.yaml").write_text(rules.replace("90 hours per year", f"90 hours {window}"), encoding="utf-8")
    kinds = "    circumstance: {illness: {zh: 病假, leave: true}, maternity: {zh: 产假, leave: true}}\n"
    (place / "pack.yaml").write_text(pack.replace("  measures:", f"{kinds}  measures:"), encoding="utf-8")
    with (place / "rules.yaml").open("a", encoding="utf-8") as file:
        file.write("- id: ill\n  cites: {source: act, at: art. 9}\n"
                   "  rule: excuse annual when leave in (illness) lasts at least 40 days in all\n")  # fmt: skip
    spent = tmp_path / "leave.csv"
    spent.write_text(
        "person_id,kind,from,to\nP1,illness,2016-12-20,2017-01-10\nP1,illness,2017-03-12,2017-03-31\n"
        "P1,illness,2017-03-31,2017-04-10\nP1,maternity,2017-06-01,2017-08-31\n",
        encoding="utf-8",
    )
    files = replace(
        files_of(tmp_path, "J1,P1,2017-02-28,lecture,professional,Early,10,hours\n"), circumstances=str(spent)
    )
    (case,) = both(tmp_path, load_law(place), files, (2017, 2017))
    for language, wanted in zip(("en", "zh"), told, strict=True):
        text = text_of_case(case, language)
        assert (f"{wanted}]" in text) if wanted else (" in all: " not in text and "累计：" not in text)
        assert "2017-06-01" not in text


def test_what_conclusions_asked_of_leave_in_all_and_of_time_is_told(tmp_path: Path) -> None:
    """Of a consequence and of a possible one, as of what excuses or reduces: the leave of the year that is judged, 10
    days of January and 30 from 12 March; from 1 March 2010 to the end of 2017 it is 7 years and 305 days."""
    law_of(tmp_path, ("annual", "require total at least 90 hours per year", ""))
    with (tmp_path / "policies" / "vale" / "rules.yaml").open("a", encoding="utf-8") as file:
        file.writelines(
            f"- id: {name}\n  cites: {{source: act, at: art. 9}}\n  rule: conclude {rule}\n"
            for name, rule in (
                ("talk", "not_excellent when not met and leave in (illness) lasts more than 30 days in all"),
                ("old", "praised when joined to December 31 of this year at least 5 years and title_level = senior"),
            )
        )
    pack = tmp_path / "policies" / "vale" / "pack.yaml"
    kinds = "    circumstance: {illness: {zh: 病假, leave: true}}\n"
    pack.write_text(pack.read_text(encoding="utf-8").replace("  measures:", f"{kinds}  measures:"), encoding="utf-8")
    spent = tmp_path / "leave.csv"
    spent.write_text(
        "person_id,kind,from,to\nP1,illness,2016-12-20,2017-01-10\nP1,illness,2017-03-12,2017-04-10\n",
        encoding="utf-8",
    )
    rows = "J1,P1,2017-02-28,lecture,professional,Early,10,hours\n"
    persons = "person_id,name,joined\nP1,Ann,2010-03-01\n"
    files = replace(files_of(tmp_path, rows, persons), circumstances=str(spent))
    (case,) = both(tmp_path, load_law(pack.parent), files, (2017, 2017))
    text, chinese = (
        [line for line in text_of_case(case, language).splitlines() if "consequence" in line or "后果" in line]
        for language in ("en", "zh")
    )
    assert [line.rpartition(" [")[2] for line in text] == [
        "illness in all: 2017-01-01 to 2017-01-10 (10 days), 2017-03-12 to 2017-04-10 (30 days), 40 days]",
        "joined to December 31 of this year: 2010-03-01 to 2017-12-31, 7 years 9 months 30 days]",
    ]
    assert [line.rpartition(" [")[2] for line in chinese] == [
        "病假累计：2017-01-01 至 2017-01-10（10 天）、2017-03-12 至 2017-04-10（30 天），共 40 天]",
        "入职日期 至 本年度 12月31日：2010-03-01 至 2017-12-31，7 年 9 个月 30 天]",
    ]


def test_what_may_follow_from_two_rules_is_told_once_with_both(tmp_path: Path) -> None:
    """Two lines said the very same, each of both rules."""
    law = law_of(
        tmp_path,
        ("annual", "require total at least 90 hours per year", ""),
        ("talk", "conclude not_excellent when not met and title_level = senior", ""),
        ("also", "conclude not_excellent when not met and title_level = junior", ""),
    )
    files = files_of(tmp_path, "J1,P1,2017-02-28,lecture,professional,Early,10,hours\n")
    (case,) = both(tmp_path, law, files, (2017, 2017))
    text, chinese = text_of_case(case), text_of_case(case, "zh")
    told = "possible consequence: not excellent, depending on title level    also, art. 5 or talk, art. 4"
    assert [line[3:] for line in text.splitlines() if "consequence" in line] == [told]
    assert chinese.count("可能的后果") == 1
    (facts,) = data_of_cases([case])["cases"]
    assert facts["possible_consequences"] == ["not_excellent"]
