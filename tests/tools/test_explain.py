"""One person's case: the text word for word, the same from records and from a written result, in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.diagnostics import PolicyError
from policyengine.messages import speak
from policyengine.records.model import Person
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files, read_files
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.explain import explain
from policyengine.tools.explain.case import Case
from policyengine.tools.explain.data import data_of_cases, json_of_data
from policyengine.tools.explain.explain import Explainer, explain_files, nothing_in
from policyengine.tools.explain.text import text_of_case
from policyengine.tools.explain.words import Words
from policyengine.tools.explain.written import explain_result
from policyengine.tools.result.read import Written, read_result
from policyengine.tools.result.result import save
from tests.build import record
from tests.tools.world import HEADER, write_world

ANN = """\
Ann (A*) · 2016 · not met: 87.5 of 90 hours, 2.5 short    shire
├─ total 87.5 / 90, 2.5 short    annual-hours, art. 4
│  ├─ professional 62.5    (expected 60: kept)    professional-hours, art. 4
│  │  ├─ R001 2016-03-14 training "Soils" 12.5 hours → 12.5 hours    stated-hours, art. 2
│  │  ├─ R003 2016-06-15 self study "Reading" 30000 characters → 30 hours    self-study-hours, art. 3
│  │  └─ R017 2016-11-02 publication "A paper" 14000 characters → 28 hours, counted 20    publication-hours, art. 3
│  └─ public 25
│     └─ R002 2016-04-30 training "Law" 25 hours → 25 hours    stated-hours, art. 2
├─ cap self_study, publication at 50 hours per year: 58 claimed, 8 cut    self-study-cap, art. 3
│  └─ R017 2016-11-02 publication "A paper" 14000 characters → 28 hours, counted 20
├─ not recognised
│  └─ R009 2016-05-12 training "Piles" 16 hours: no evidence    recognise-training, art. 1
├─ consequence: may not be rated excellent    not-excellent, art. 6
└─ enough would be: evidence for R009 (+16), or 2.5 more recognised hours outside self study, publication by 2016-12-31\
"""
ANN_ZH = """\
Ann（A*） · 2016 · 未完成：87.5 / 90 学时，尚缺 2.5    shire
├─ 总学时 87.5 / 90，尚缺 2.5    annual-hours, art. 4
│  ├─ 专业科目 62.5    （一般要求 60：已达到）    professional-hours, art. 4
│  │  ├─ R001 2016-03-14 培训班 「Soils」 12.5 学时 → 12.5 学时    stated-hours, art. 2
│  │  ├─ R003 2016-06-15 自学成果 「Reading」 30000 字 → 30 学时    self-study-hours, art. 3
│  │  └─ R017 2016-11-02 发表出版作品 「A paper」 14000 字 → 28 学时，计入 20    publication-hours, art. 3
│  └─ 公需科目 25
│     └─ R002 2016-04-30 培训班 「Law」 25 学时 → 25 学时    stated-hours, art. 2
├─ 限额 自学成果、发表出版作品 每年 合计 不超过 50 学时：申报 58，扣减 8    self-study-cap, art. 3
│  └─ R017 2016-11-02 发表出版作品 「A paper」 14000 字 → 28 学时，计入 20
├─ 不予认定
│  └─ R009 2016-05-12 培训班 「Piles」 16 学时：无学习证明    recognise-training, art. 1
├─ 后果：may not be rated excellent    not-excellent, art. 6
└─ 补足办法：R009 补充学习证明（+16）；或2016年12月31日前（含当日）再取得 2.5 学时经认定的学习\
（自学成果、发表出版作品除外）"""
CAT = """\
Cat (C*) · 2016 · undetermined: 80–92 of 90 hours, 10 short    shire
├─ total 80–92 / 90, not settled    annual-hours, art. 4
│  ├─ professional 80–92    (expected 60: kept)    professional-hours, art. 4
│  │  └─ R030 2016-05-16 training "Fields" 80 hours → 80 hours    stated-hours, art. 2
│  └─ public 0
├─ in need of review
│  └─ R031 2016-10-08 self study "A report" 12000 characters → 0–12 hours: not known: approved    \
recognise-self-study, art. 1
├─ possible consequence: may not be rated excellent    not-excellent, art. 6
├─ would settle it: approved of R031
└─ enough would be: approved = yes for R031 (+12), or 10 more recognised hours by 2016-12-31"""
EVE = """\
Eve (E*) · 2016 · excused: 0 of 90 hours, 90 short    shire
└─ total 0 / 90, 90 short, excused    annual-hours, art. 4 [because of just cause; excused, art. 5]
   ├─ professional 0    (expected 60: 60 short, excused)    professional-hours, art. 4 \
[because of just cause; excused, art. 5]
   └─ public 0"""
BEN = """\
Ben (B*) · 2016 · not met: 100 of 120 hours, 20 short    mill
├─ total 100 / 120, 20 short    annual-hours, rule 1 [base 90]
│  ├─ professional 100    (expected 60: kept)    professional-hours, art. 4
│  │  └─ R020 2016-05-09 training "Mills" 100 hours → 100 hours    stated-hours, art. 2
│  └─ public 0
├─ consequence: may not be rated excellent    not-excellent, art. 6
├─ flag on R020: no fee may be charged    fee, art. 7
└─ enough would be: 20 more recognised hours by 2016-12-31"""


# Cat with a circumstance that excuses: met with the fact, excused without it, so that nothing is to be made up for.
CAT_SPARED = """\
Cat (C*) · 2016 · undetermined: 80–92 of 90 hours, 10 short    shire
├─ total 80–92 / 90, not settled, excused if not met    annual-hours, art. 4
│  ├─ professional 80–92    (expected 60: kept)    professional-hours, art. 4
│  │  └─ R030 2016-05-16 training "Fields" 80 hours → 80 hours    stated-hours, art. 2
│  └─ public 0
├─ in need of review
│  └─ R031 2016-10-08 self study "A report" 12000 characters → 0–12 hours: not known: approved    \
recognise-self-study, art. 1
└─ would settle it: approved of R031"""


# A sector that counts in credits by a remembered rate, and asks two things of its own instead of the hours.
MILL_CREDITS = """\
- id: no-hours
  cites: {source: rules, at: rule 1}
  rule: drop shire/annual-hours because "millers count in credits"
- id: rate
  cites: {source: rules, at: rule 2}
  confidence: remembered
  rule: exchange 1 credit for 10 hours
- id: credits
  cites: {source: rules, at: rule 3}
  rule: require total at least 12 credits per year
- id: professional-credits
  cites: {source: rules, at: rule 4}
  rule: require professional at least 8 credits per year
"""
BOB = """\
B* · 2016 · not met: 2 of 12 credits, 10 short    mill
├─ total 2 / 12, 10 short    credits, rule 3
│  ├─ public 2
│  │  └─ R1 2016-05-05 training "T" 20 hours → 2 credits    stated-hours, art. 2
│  └─ professional 0 / 8, 8 short    professional-credits, rule 4
│     └─ professional 0    (expected 6: 6 short)    professional-hours, art. 4
├─ drop shire/annual-hours because "millers count in credits": require total at least 90 hours per year    \
no-hours, rule 1
├─ exchange 1 credit for 10 hours    rate, rule 2 (text not seen)
├─ consequence: may not be rated excellent    not-excellent, art. 6
└─ each of these is needed, and one activity may serve several
   ├─ total: 10 more recognised credits outside self study, publication by 2016-12-31    credits, rule 3
   └─ professional: 8 more recognised credits of professional outside self study, publication by 2016-12-31    \
professional-credits, rule 4"""


def _cases(world: Path, files: Files, who: str) -> list[Case]:
    return explain_files(load_law(world / "policies"), files, who, (2016, 2016))[0]


@pytest.mark.parametrize(
    ("who", "language", "text"),
    [("Ann", "en", ANN), ("A1", "zh", ANN_ZH), ("Cat", "en", CAT), ("Eve", "en", EVE), ("B2", "en", BEN)],
)
def test_word_for_word(world: Path, files: Files, who: str, language: str, text: str) -> None:
    (case,) = _cases(world, files, who)
    assert text_of_case(case, language) == text


def test_what_is_excused_if_it_is_not_met_wants_nothing(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    with open(world / "circumstances.csv", "a", encoding="utf-8") as file:
        file.write("C3,just_cause,2016-01-01,2016-12-31\n")
    records, *others = (str(world / f"{name}.csv") for name in ("records", "persons", "circumstances"))
    files = Files((records,), *others)
    (case,) = _cases(world, files, "C3")
    assert text_of_case(case) == CAT_SPARED
    assert not case.remedies
    assert "总学时 80–92 / 90，待定，不符合要求则免除    annual-hours, art. 4" in text_of_case(case, "zh")


def test_two_requirements_a_drop_and_an_exchange(tmp_path: Path) -> None:
    """What keeps a duty from holding, and what turns hours into credits, is cited; a remembered rate is said to be one;
    two things that are lacking are not offered as a choice."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    text = rules.read_text(encoding="utf-8").replace("  change: raise-only\n", "  change: delegated\n")
    rules.write_text(text, encoding="utf-8")
    (world / "policies/mill/rules.yaml").write_text(MILL_CREDITS, encoding="utf-8")
    records = tmp_path / "own.csv"
    records.write_text(f"{HEADER}\nR1,B,2016-05-05,training,public,T,20,hours,c,,,\n", encoding="utf-8")
    law, files = load_law(world / "policies/mill"), Files((str(records),))
    (case,) = explain_files(law, files, "B", (2016, 2016))[0]
    assert text_of_case(case) == BOB
    evaluation = evaluate_files(law, files, (2016, 2016))
    ((there,), notes) = explain_result(read_result(save(evaluation, tmp_path / "out")), "B")
    assert (text_of_case(there), notes) == (BOB, ())
    manifest = {r["key"]: r for r in read_result(tmp_path / "out").manifest["rules"]}
    assert manifest["mill/no-hours"]["drops"] == ["shire/annual-hours"]
    assert manifest["shire/annual-hours"]["policies"] == ["mill"]
    records.unlink()
    ((alone,), (note,)) = explain_result(read_result(tmp_path / "out"), "B")
    assert "titles, exchanges and what would be enough are left out" in note.message
    (drop,) = [line for line in BOB.splitlines() if "├─ drop " in line]
    assert drop in text_of_case(alone).splitlines()


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize("ledger", ["full", "lean"])
def test_the_same_from_a_written_result(
    evaluation: Evaluation, world: Path, files: Files, tmp_path: Path, format: str, ledger: str
) -> None:
    out = read_result(save(evaluation, tmp_path / "out", format, ledger))
    for who in ("A1", "B2", "C3", "D4", "E5"):
        for language in ("en", "zh"):
            (there,), notes = explain_result(out, who)
            (here,) = _cases(world, files, who)
            assert notes == ()
            assert text_of_case(there, language, True) == text_of_case(here, language, True)
            assert data_of_cases([there]) == data_of_cases([here])


def test_a_table_that_was_changed_is_told(evaluation: Evaluation, tmp_path: Path) -> None:
    out = save(evaluation, tmp_path / "out")
    decisions = out / "decisions.csv"
    text = decisions.read_text(encoding="utf-8")
    decisions.write_text(text.replace(",not_met,87.5,", ",met,87.5,"), encoding="utf-8")
    (out / "rejects.csv").unlink()  # no case is told from it
    ((there,), notes) = explain_result(read_result(out), "A1")
    assert (there.decision.outcome, there.decision.total) == ("met", Fraction("87.5"))
    assert [(d.code, d.severity, d.span and d.span.file) for d in notes] == [("PE543", "warning", str(decisions))]


def test_a_manifest_that_was_changed_is_told(evaluation: Evaluation, tmp_path: Path) -> None:
    manifest = save(evaluation, tmp_path / "out") / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"at least 90 hours", b"at least 60 hours"))
    _, notes = explain_result(read_result(tmp_path / "out"), "A1")
    assert [(d.code, d.severity, d.span and d.span.file) for d in notes] == [("PE543", "warning", str(manifest))]


# what is in the place of a part of the manifest, by the keys that lead to it
DAMAGED = [
    (("options", "records"), None),
    (("options",), "x"),
    (("tables",), 0),
    (("tables", "decisions"), []),
    (("inputs",), [{}]),
    (("policies",), [1]),
    (("rules",), [None]),
    (("rules", 0, "policies"), 1),
    (("tables", "flags", "file"), "../elsewhere/flags.csv"),
    (("tables", "flags", "file"), "/etc/passwd"),
    (("tables", "flags", "file"), "\\\\server\\share\\flags.csv"),
    (("tables", "flags", "file"), "C:flags.csv"),
    (("tables", "flags", "file"), ".."),
]


@pytest.mark.parametrize(("keys", "value"), DAMAGED, ids=str)
def test_a_manifest_that_was_damaged_is_told(
    evaluation: Evaluation, tmp_path: Path, keys: tuple[str | int, ...], value: object
) -> None:
    path = save(evaluation, tmp_path / "out") / "manifest.json"
    manifest = part = json.loads(path.read_bytes())
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    path.write_text(json.dumps(manifest))
    with pytest.raises(PolicyError, match="PE502") as raised:
        explain_result(read_result(tmp_path / "out"), "A1")
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", ["[" * 100_000, "", "[]", '{"policyengine-result": 1}'], ids=lambda c: c[:9])
def test_what_is_no_manifest_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(PolicyError, match="PE502"):
        read_result(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "清单已被改动或损坏：第 1 行第 1 列起不是 JSON"),
        (b'{\n "a": }', "清单已被改动或损坏：第 2 行第 7 列起不是 JSON"),
        (b'{"a": "\xff"}', "清单已被改动或损坏：不是 UTF-8 编码"),
        (b"[" * 100_000, "清单已被改动或损坏：不是 JSON"),
    ],
    ids=["nothing", "no value", "other bytes", "deep"],
)
def test_what_is_no_manifest_is_told_in_chinese(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    speak("zh")
    try:
        with pytest.raises(PolicyError) as raised:
            read_result(tmp_path)
    finally:
        speak("en")
    assert raised.value.diagnostics[0].message == said


@pytest.mark.parametrize("who", ["A1", "B2", "C3", "D4", "E5"])
def test_without_a_ledger_activities_are_worked_out_again(
    evaluation: Evaluation, world: Path, files: Files, tmp_path: Path, who: str
) -> None:
    out = read_result(save(evaluation, tmp_path / "out", "csv", "none"))
    (there,), (note,) = explain_result(out, who)
    (here,) = _cases(world, files, who)
    assert text_of_case(there, "en", True) == text_of_case(here, "en", True)
    assert (note.code, note.severity) == ("PE504", "note")


def test_without_a_ledger_nor_the_files_activities_are_left_out(world: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.csv"
    records.write_text((world / "records.csv").read_text())
    law = load_law(world / "policies")
    again = evaluate_files(law, Files((str(records),), str(world / "persons.csv")), (2016, 2016))
    out = save(again, tmp_path / "out", "csv", "none")
    records.unlink()
    (case,), notes = explain_result(read_result(out), "A1")
    assert [n.code for n in notes] == ["PE504", "PE504"]
    assert "left out" in notes[1].message
    text = text_of_case(case)
    assert text.startswith("A* · 2016 · not met: 87.5 of 90 hours, 2.5 short    shire\n")
    assert "R017" not in text


def test_a_mapping_file_that_moved_is_told_with_what_to_do(world: Path, tmp_path: Path) -> None:
    """A result takes no --mapping of its own: only the records files do."""
    mapping = tmp_path / "map.yaml"
    mapping.write_text("empty: [不详]\n", encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"), None, str(mapping))
    out = save(evaluate_files(load_law(world / "policies"), files, (2016, 2016)), tmp_path / "out")
    mapping.rename(tmp_path / "moved.yaml")
    with pytest.raises(PolicyError) as raised:
        explain_result(read_result(out), "Ann")
    note, unknown = raised.value.diagnostics
    assert (note.code, unknown.code) == ("PE504", "PE915")
    assert f"{mapping} is not here" in note.message
    assert "explain the records themselves, with --policy, and with --persons" in (note.hint or "")
    assert "--mapping" in (note.hint or "")


def test_a_result_whose_files_have_changed_shows_what_it_holds(
    world: Path, evaluation: Evaluation, tmp_path: Path
) -> None:
    records = tmp_path / "records.csv"
    records.write_text((world / "records.csv").read_text())
    law = load_law(world / "policies")
    again = evaluate_files(law, Files((str(records),), str(world / "persons.csv")), (2016, 2016))
    out = save(again, tmp_path / "out")
    records.write_text("record_id,person_id,date,form,quantity,unit\nX,A1,2016-01-01,training,1,hours\n")
    (case,), (note,) = explain_result(read_result(out), "A1")
    assert (note.code, note.severity) == ("PE504", "note")
    text = text_of_case(case)
    assert text.startswith("A* · 2016 · not met: 87.5 of 90 hours, 2.5 short    shire\n")
    assert "R017 publication 14000 characters → 28 hours, counted 20" in text
    assert "R009 training 16 hours: recognise training, publication, visit when evidence is present" in text
    assert "enough" not in text


def test_revealed(world: Path, files: Files) -> None:
    (case,) = _cases(world, files, "A1")
    assert text_of_case(case, reveal=True).startswith("Ann (A1) · 2016")
    assert data_of_cases([case])["person_id"] == "A*"
    assert data_of_cases([case], reveal=True)["person_id"] == "A1"


def test_on_what_a_consequence_depends_that_is_only_possible(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    old = "when not met and not excused"
    text = rules.read_text(encoding="utf-8")
    assert old in text
    rules.write_text(text.replace(old, f"{old} and sector = farming"), encoding="utf-8")
    (case,) = explain_files(
        load_law(world / "policies/shire"), Files((str(world / "records.csv"),)), "A1", (2016, 2016)
    )[0]
    said, cited = "may not be rated excellent", "    not-excellent, art. 6\n"
    assert f"├─ possible consequence: {said}, depending on sector{cited}" in text_of_case(case)
    assert f"├─ 可能的后果：{said}，视行业而定{cited}" in text_of_case(case, "zh")
    (one,) = data_of_cases([case])["cases"]
    assert [c["rule"] for c in one["possible_consequences_cite"]["not_excellent"]] == ["shire/not-excellent"]


OF_PUBLIC = """\
- id: public-hours
  cites: {source: act, at: art. 8}
  rule: require public at least 30 hours per year
- id: not-promoted
  cites: {source: act, at: art. 9}
  rule: conclude not_excellent "not promoted" when public-hours not met and public-hours not excused
- id: vague
  cites: {source: act, at: art. 10}
  rule: conclude not_excellent "warned" when professional-hours not met
"""


def test_a_consequence_shows_the_requirement_that_it_names(tmp_path: Path) -> None:
    """Ann has 25 of 30 public hours; of 60 professional ones 62.5, or 46.5 and 16 without proof. Then it is told from
    the records, from the written result and from its tables alone."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + OF_PUBLIC, encoding="utf-8")
    law, files = load_law(world / "policies"), Files((str(world / "records.csv"),), str(world / "persons.csv"))
    (here,), _ = explain_files(law, files, "A1", (2016, 2016))
    out = read_result(save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out"))
    (there,), _ = explain_result(out, "A1")
    (world / "records.csv").unlink()
    (alone,), _ = explain_result(out, "A1")
    assert alone.rests_on == here.rests_on
    for case in (here, there):
        assert case.rests_on["shire/not-promoted"] == ("shire/public-hours",)
        text, zh = text_of_case(case), text_of_case(case, "zh")
        assert "consequence: not promoted    not-promoted, art. 9\n│  └─ public 25 / 30, 5 short" in text
        assert (
            "后果：not promoted    not-promoted, art. 9\n│  └─ 公需科目 25 / 30，尚缺 5    public-hours, art. 8" in zh
        )
        (one,) = data_of_cases([case])["cases"]
        assert [c["rests_on"] for c in one["consequences"] if c["text"] == "not promoted"] == [["shire/public-hours"]]


def test_on_what_a_possible_consequence_from_a_requirement_depends(tmp_path: Path) -> None:
    """Cat has 80 professional hours, and 12 of self-study that lack the employer's approval; 90 are expected here."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    text = rules.read_text(encoding="utf-8").replace("at least 60 hours", "at least 90 hours")
    rules.write_text(text + OF_PUBLIC, encoding="utf-8")
    law, files = load_law(world / "policies"), Files((str(world / "records.csv"),), str(world / "persons.csv"))
    (case,), _ = explain_files(law, files, "C3", (2016, 2016))
    assert case.may_follow["not_excellent"] == ("shire/vague",)  # the others follow for certain: no public hours
    assert case.turns_on["not_excellent"] == ("R031:approved",)
    assert case.rests_on["shire/vague"] == ("shire/professional-hours",)
    (one,) = data_of_cases([case])["cases"]
    assert one["possible_consequences_rest_on"] == {"not_excellent": ["shire/professional-hours"]}
    possible = text_of_case(case).partition("possible consequence: ")[2]
    assert "\n│  └─ professional 80–92    (expected 90: " in possible


def test_a_possible_consequence_is_cited_from_the_tables_alone(world: Path, tmp_path: Path) -> None:
    """C3's self-study may yet count; the records are gone."""
    records = tmp_path / "records.csv"
    records.write_text((world / "records.csv").read_text())
    files = Files((str(records),), str(world / "persons.csv"))
    out = save(evaluate_files(load_law(world / "policies"), files, (2016, 2016)), tmp_path / "out", "csv")
    records.unlink()
    (case,), _ = explain_result(read_result(out), "C3")
    assert case.may_follow == {"not_excellent": ("shire/not-excellent",)}


def test_no_text_from_a_file_commands_the_terminal(world: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.csv"
    text = (world / "records.csv").read_text(encoding="utf-8").replace("Soils", "So\x1b]0;x\x07il\x9bs")
    records.write_text(text, encoding="utf-8")
    (case,) = explain_files(load_law(world / "policies"), Files((str(records),)), "A1", (2016, 2016))[0]
    assert '"So\ufffd]0;x\ufffdil\ufffds"' in text_of_case(case)


def test_a_form_that_only_another_pack_knows_has_its_name(tmp_path: Path) -> None:
    """From records, from the written result, from its tables alone, and in the workbook's labels."""
    world = write_world(tmp_path)
    pack = world / "policies/mill/pack.yaml"
    text = pack.read_text(encoding="utf-8")
    pack.write_text(text + "vocabulary:\n  terms:\n    form: {grinding_class: 磨面班}\n", encoding="utf-8")
    (world / "own.csv").write_text(f"{HEADER}\nX1,A1,2016-05-05,磨面班,,T,8,hours,c,,,\n", encoding="utf-8")
    law, files = load_law(world / "policies"), Files((str(world / "own.csv"),), str(world / "persons.csv"))
    (here,), _ = explain_files(law, files, "A1", (2016, 2016))
    out = read_result(save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out"))
    (there,), _ = explain_result(out, "A1")
    (world / "own.csv").unlink()
    (alone,), _ = explain_result(out, "A1")
    for case in (here, there, alone):
        assert "磨面班" in text_of_case(case, "zh")
        assert "grinding class" in text_of_case(case)
    assert [known["terms"]["form"]["grinding_class"] for known in out.labels.values()] == ["磨面班"] * 2


def test_certificate(world: Path, files: Files) -> None:
    """Kind, content, time and examination result of what counted, and the row that is verified once a year."""
    data = json.loads(json_of_data(data_of_cases(_cases(world, files, "A1"))))
    activities = data["certificate"]["activities"]
    assert [a["record_id"] for a in activities] == ["R001", "R002", "R003", "R017"]
    assert activities[0] == {
        "year": "2016",
        "record_id": "R001",
        "kind": "training",
        "subject": "professional",
        "content": "Soils",
        "from": "2016-03-14",
        "to": "2016-03-14",
        "provider": None,
        "evidence": "c-1",
        "result": "passed",
        "hours": 12.5,
        "unit": "hours",
    }
    assert data["certificate"]["years"] == [
        {
            "year": "2016",
            "policy": "shire",
            "unit": "hours",
            "total": 87.5,
            "carried": 0,
            "by_subject": {"professional": 62.5, "public": 25},
            "required": 90,
            "required_high": 90,
            "outcome": "not_met",
            "nothing_required": False,
            "consequences": ["not_excellent"],
        }
    ]
    assert data["cases"][0]["enough"][0] == {
        "rule": "shire/annual-hours",
        "measure": "total",
        "supply": [{"record_id": "R009", "facts": ["evidence"], "values": {}, "gain": 16}],
        "gain": 16,
    }


def test_subjects_are_no_fixed_keys_of_the_certificate(tmp_path: Path) -> None:
    """Called ``unit``, ``year``, ``carried`` and ``required`` they took the place of these: certificates failed, or
    told the hours of a subject as carried over."""
    subjects = ("unit", "year", "carried", "required")
    world = write_world(tmp_path)
    pack = world / "policies/shire/pack.yaml"
    text = pack.read_text(encoding="utf-8")
    named = "unit: 单位科目, year: 年度科目, carried: 结转科目, required: 必修科目"
    pack.write_text(text.replace("public: 公需科目", named), encoding="utf-8")
    rows = (f"X{n},A1,2016-05-0{n},training,{s},T,{n},hours,c,passed,," for n, s in enumerate(subjects, 1))
    (world / "own.csv").write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    law, files = load_law(world / "policies/shire"), Files((str(world / "own.csv"),))
    out = save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out")
    (year,) = data_of_cases(explain_result(read_result(out), "A1")[0])["certificate"]["years"]
    assert (year["year"], year["unit"], year["total"], year["carried"], year["required"]) == (
        "2016",
        "hours",
        10,
        0,
        90,
    )
    assert year["by_subject"] == {"unit": 1, "year": 2, "carried": 3, "required": 4, "professional": 0}
    run = CliRunner().invoke(main, ["report", str(out), "--certificates", "--out", str(tmp_path / "c.html")])
    assert run.exit_code == 0, run.output


def test_exact_json() -> None:
    assert json_of_data([Fraction(35, 2), Fraction(20, 9), date(2016, 2, 29), {}, [], "x"]) == (
        '[\n 17.5,\n "20/9",\n "2016-02-29",\n {},\n [],\n "x"\n]'
    )


@pytest.mark.parametrize("who", ["11010119900307109x", "１１０１０１19900307109Ｘ", "11010119900307109X "])
def test_an_id_is_known_as_the_file_has_it(world: Path, tmp_path: Path, who: str) -> None:
    """An identity number ends in a large X here, whatever the file has."""
    path = tmp_path / "own.csv"
    path.write_text(f"{HEADER}\nR1,{who},2016-05-05,training,public,T,7,hours,c,,,\n", encoding="utf-8")
    law, files = load_law(world / "policies/shire"), Files((str(path),))
    (case,), _ = explain_files(law, files, who, (2016, 2016))
    written = read_result(save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out"))
    (again,), _ = explain_result(written, who)
    assert [c.person.person_id for c in (case, again)] == ["11010119900307109X"] * 2


@pytest.mark.parametrize(("who", "code"), [("Anna", "PE915"), ("A9", "PE915"), ("nobody at all", "PE915")])
def test_unknown_person(world: Path, files: Files, who: str, code: str) -> None:
    with pytest.raises(PolicyError) as error:
        _cases(world, files, who)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == code
    assert "A1" not in str(diagnostic)
    if who == "Anna":
        assert diagnostic.hint == "near: Ann"


def test_periods_without_a_decision_are_written_as_everywhere() -> None:
    said = [nothing_in("1001", p).diagnostics[0].message for p in (None, (2016, 2016), (2016, 2018))]
    assert said == [f"nothing was decided about 1***{p}" for p in ("", " 2016", " 2016..2018")]


def test_who_asked_for_no_period_is_not_told_to_leave_it_out() -> None:
    hints = [nothing_in("1001", p).diagnostics[0].hint or "" for p in (None, (2016, 2016))]
    assert ["--period" in h for h in hints] == [False, True]


@pytest.mark.parametrize(
    ("who", "hint"),
    [
        ("510101199001010034", "near: 510101********0026, 510101********0018"),  # two are masked as ...0018
        ("510101199103040018", "give an id or name as the file has it"),  # masked like those that come near
    ],
)
def test_who_comes_near_is_known_without_reading_all_rows(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str, hint: str
) -> None:
    """An id with a slip of the pen took five times as long as one without, and held all records in memory."""
    ids = ("510101199001010018", "510101199101010018", "510101199001010026")
    rows = [f"R{n},{i},2016-03-14,training,public,Law,25,hours,c,passed,," for n, i in enumerate(ids)]
    own = tmp_path / "own.csv"
    own.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    read: list[str | None] = []
    real = explain.read_files
    monkeypatch.setattr(
        explain, "read_files", lambda law, files, *only: read.append(only[0]) or real(law, files, *only)
    )
    with pytest.raises(PolicyError) as error:
        explain_files(load_law(world / "policies/shire"), Files((str(own),)), who)
    (diagnostic,) = error.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("PE915", hint)
    assert read == [who]


def test_a_name_that_two_have(world: Path, files: Files, tmp_path: Path) -> None:
    persons = tmp_path / "persons.csv"
    persons.write_text("person_id,name\n510101199001010016,Ann\n510101199001010032,Ann\nA1,Cat\n")
    same = Files(files.records, str(persons))
    with pytest.raises(PolicyError) as error:
        _cases(world, same, "Ann")
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "PE916"
    assert "510101********0016, 510101********0032" in diagnostic.message
    assert _cases(world, same, "510101********0032")[0].person.person_id == "510101199001010032"


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        (("Ann", "Bob"), "2 people have an id that is shown as 510101********0016: Ann, Bob", "give one of these"),
        (("Ann", "Ann"), "2 people have an id that is shown as 510101********0016", "give the id in full"),
    ],
)
def test_ids_that_are_shown_alike(
    world: Path, files: Files, tmp_path: Path, names: tuple[str, str], message: str, hint: str
) -> None:
    """The same masked id again and again would tell nobody apart."""
    persons = tmp_path / "persons.csv"
    ids = ("510101199001010016", "510101198001010016")
    persons.write_text("person_id,name\n" + "".join(f"{i},{n}\n" for i, n in zip(ids, names, strict=True)))
    with pytest.raises(PolicyError) as error:
        _cases(world, Files(files.records, str(persons)), "510101********0016")
    (diagnostic,) = error.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("PE916", message)
    assert diagnostic.hint is not None
    assert diagnostic.hint.startswith(hint)


def test_one_persons_records_are_read_as_among_all(world: Path, files: Files, tmp_path: Path) -> None:
    """Also where somebody else's row has the same record id, or can't be read."""
    text = (world / "records.csv").read_text()
    (tmp_path / "records.csv").write_text(text + text.splitlines()[1].replace(",A1,", ",B2,") + "\nR099,B2,never\n")
    ugly = Files((str(tmp_path / "records.csv"),), files.persons)
    law = load_law(world / "policies")
    everybody, _ = read_files(law, ugly)
    assert "R001" not in {r.record_id for r in everybody.records}
    for who in ("A1", "B2", "C3", "D4", "E5"):
        alone, _ = read_files(law, ugly, only=who)
        assert alone.records == tuple(r for r in everybody.records if r.person_id == who)
        assert alone.persons[who] == everybody.persons[who]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("in/late.csv", "record_id,person_id,date,form,quantity,unit,evidence\nX,A1,2016-05-01,training,1,hours,c\n",
         "in/late.csv was not there when this result was made"),
        ("in/records.csv", "record_id,person_id,date\n", "in/records.csv is no longer what this result was made from"),
        ("in/records.csv", None, "in is not here, or no longer what this result was made from"),
        # a pack that the result is not about is at fault, and what stands in the way is not known to have changed
        ("policies/more/pack.yaml", "pack: x\n", "policies is not here, or no longer what this result was made from"),
    ],
)  # fmt: skip
def test_what_became_of_the_files_of_a_result(
    file: str, text: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above all a file that came into the folder later: with its hour, 1.5 would have been enough instead of 2.5."""
    monkeypatch.chdir(write_world(tmp_path))
    for folder in ("in", "policies/more"):
        Path(folder).mkdir()
    Path("records.csv").rename("in/records.csv")
    out = save(evaluate_files(load_law("policies"), Files(("in",), "persons.csv"), (2016, 2016)), "out")
    ((there,), notes) = explain_result(read_result(out), "A1")
    assert ("2.5 more recognised hours" in text_of_case(there), notes) == (True, ())
    Path(file).unlink() if text is None else Path(file).write_text(text, encoding="utf-8")
    ((alone,), (note,)) = explain_result(read_result(out), "A1")
    assert note.message.startswith(f"{said}: dates, titles")
    assert (note.hint is not None) == (" not here" in said)
    assert "not met: 87.5 of 90 hours, 2.5 short" in text_of_case(alone)
    assert "enough" not in text_of_case(alone)


def test_what_the_law_leaves_open_is_said_in_words() -> None:
    from policyengine.tools.explain.case import Labels

    known = {"fields": {}, "terms": {}, "measures": {}, "conclusions": {}, "flags": {}}
    assert Labels(known, "zh").fact("figure") == "法定数额（未定）"
    assert Labels(known, "en").fact("figure") == "figure that the law leaves open"


def test_a_page_says_what_the_text_says(world: Path, files: Files) -> None:
    """Every line of the text is on the page, its clause beside it; what the files hold is no markup."""
    import re
    from html import unescape

    from policyengine.tools.explain.html import html_of_cases

    (case,) = _cases(world, files, "A1")
    page = "".join(html_of_cases([case]))
    shown = unescape(re.sub(r"<[^>]*>", " ", page.partition("<main>")[2]))
    flat = " ".join(shown.split())
    for line in text_of_case(case).splitlines():
        assert " ".join(re.sub(r"[└├│─]", " ", line).split()) in flat
    assert "<script" not in page


@pytest.mark.parametrize("mark", ["\u202e", "\u202d", "\u2067", "\u200f"])
def test_no_name_turns_the_figures_beside_it(tmp_path: Path, mark: str) -> None:
    """On the page, too: a browser would write ``85 of 90`` backwards."""
    from policyengine.tools.explain.html import html_of_cases

    world = write_world(tmp_path)
    persons = world / "persons.csv"
    persons.write_text(persons.read_text(encoding="utf-8").replace("Ann", f"A{mark}nn"), encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(persons))
    page = "".join(html_of_cases(_cases(world, files, "A1"), reveal=True))
    assert "A\N{REPLACEMENT CHARACTER}nn" in page
    assert mark not in page


def test_what_a_cap_without_a_figure_cuts_is_a_range(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("at 50 hours", "at unknown hours"), encoding="utf-8")
    cases, _ = explain_files(
        load_law(world / "policies/shire"), Files((str(world / "records.csv"),)), "A1", (2016, 2016)
    )
    assert "58 claimed, 0–58 cut" in text_of_case(cases[0])


REDUCED = [
    # A1's sector: the headline and the line of the requirement, 37.5 of 90 hours or of a third of them
    ("", ": 37.5 of 30–90 hours, 52.5 short", "total 37.5 / 30–90, not settled", "may be reduced from 90"),
    ("milling", ": 37.5 of 30 hours", "total 37.5 / 30", "reduced from 90"),
    ("farming", ": 37.5 of 90 hours, 52.5 short", "total 37.5 / 90, 52.5 short", ""),
]


@pytest.mark.parametrize(("sector", "head", "line", "reduced"), REDUCED)
def test_what_may_reduce_a_requirement_is_no_fact(
    tmp_path: Path, sector: str, head: str, line: str, reduced: str
) -> None:
    world = write_world(tmp_path)
    rule = "{id: less, cites: {source: act, at: art. 9}, rule: 'reduce annual-hours by 2/3 when sector = milling'}"
    with open(world / "policies/shire/rules.yaml", "a", encoding="utf-8") as file:
        file.write(f"- {rule}\n")
    rows = (world / "records.csv").read_text(encoding="utf-8").splitlines()[:3]
    (tmp_path / "r.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "p.csv").write_text(f"person_id,sector\nA1,{sector}\n", encoding="utf-8")
    files = Files((str(tmp_path / "r.csv"),), str(tmp_path / "p.csv"))
    (case,) = explain_files(load_law(world / "policies/shire"), files, "A1", (2016, 2016))[0]
    lines = text_of_case(case).splitlines()
    assert head + "    shire" in lines[0]
    assert lines[1][3:] == f"{line}    annual-hours, art. 4" + (f" [{reduced}; less, art. 9]" if reduced else "")


# What may follow for Dan, of whom it is not known whether he is a miller: each by its own rule, in the reader's words.
MAY_FOLLOW = {
    "en": [
        "possible consequence: may not be rated excellent, depending on sector    not-excellent, art. 6",
        "possible consequence: no licence, depending on sector    licence, rule 3",
        "may be flagged, sector not known: dusty (R040)    dust, rule 4",
    ],
    "zh": [
        "可能的后果：may not be rated excellent，视行业而定    not-excellent, art. 6",
        "可能的后果：不予换证，视行业而定    licence, rule 3",
        "可能需标记，行业不详：粉尘（R040）    dust, rule 4",
    ],
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_another_policy_that_may_govern_says_is_cited_and_named(tmp_path: Path, language: str) -> None:
    world = write_world(tmp_path)
    shire, mill = world / "policies/shire/rules.yaml", world / "policies/mill/rules.yaml"
    shire.write_text(shire.read_text().replace("at: art. 6}", "at: art. 6}\n  change: delegated"))
    with (world / "policies/mill/pack.yaml").open("a", encoding="utf-8") as pack:
        pack.write("vocabulary: {conclusions: {no_licence: 不予换证}, flags: {dusty: 粉尘}}\n")
    with mill.open("a") as file:
        for n, name, rule in (
            (2, "excellent", "drop shire/not-excellent"),
            (3, "licence", "conclude no_licence when not met"),
            (4, "dust", "flag dusty when quantity > 90 minutes"),
        ):
            file.write(f"- {{id: {name}, cites: {{source: rules, at: rule {n}}}, rule: {rule}}}\n")
    law, files = load_law(world / "policies"), Files((str(world / "records.csv"),), str(world / "persons.csv"))
    (here,), _ = explain_files(law, files, "D4", (2016, 2016))
    lines = [line[3:] for line in text_of_case(here, language).splitlines()]
    assert [line for line in MAY_FOLLOW[language] if line not in lines] == []
    out = save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out")
    (there,), _ = explain_result(read_result(out), "D4")
    assert text_of_case(there, language) == text_of_case(here, language)
    (world / "records.csv").unlink()
    (alone,), _ = explain_result(read_result(out), "D4")  # on what it depends is not in the tables
    lines = [line[3:].replace(", depending on sector", "") for line in text_of_case(alone, language).splitlines()]
    told = [line.replace(", depending on sector", "").replace("，视行业而定", "") for line in MAY_FOLLOW[language]]
    assert [line for line in told if line not in lines] == []


def test_what_follows_from_a_requirement_of_another_policy_that_may_govern_is_cited(tmp_path: Path) -> None:
    """Of the policy whose findings are told nothing is known of it."""
    world = write_world(tmp_path)
    with (world / "policies/mill/pack.yaml").open("a", encoding="utf-8") as pack:
        pack.write("vocabulary: {conclusions: {no_licence: 不予换证}}\n")
    with (world / "policies/mill/rules.yaml").open("a", encoding="utf-8") as file:
        for name, rule in (
            ("sifting", "require total at least 900 hours per year"),
            ("licence", "conclude no_licence when sifting not met"),
            ("twice", "conclude no_licence when sifting not met for 2 years running"),
        ):
            file.write(f"- {{id: {name}, cites: {{source: rules, at: {name}}}, rule: {rule}}}\n")
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"))
    (case,), _ = explain_files(load_law(world / "policies"), files, "D4", (2016, 2016))
    assert case.may_follow["no_licence"] == ("mill/licence", "mill/twice")
    told = "possible consequence: no licence, depending on sector    licence, licence or twice, twice"
    assert told in text_of_case(case)


# Titles of X's trainings in order; what is not known where they may repeat one another. A title that another record
# lacks is told with that record, in the reader's words.
MAY_REPEAT = [
    (("", "T"), "title of R1 not known: looks repeated (R2)", "R1 的名称不详：疑似重复（R2）"),
    (("", "T", ""), "title of R1, R3 not known: looks repeated (R2, R3)", "R1、R3 的名称不详：疑似重复（R2、R3）"),
    (("T", ""), "title not known: looks repeated (R2)", "名称不详：疑似重复（R2）"),
]


@pytest.mark.parametrize(("titles", "english", "chinese"), MAY_REPEAT)
def test_whose_title_is_lacking_where_records_may_be_repeated(
    tmp_path: Path, titles: tuple[str, ...], english: str, chinese: str
) -> None:
    world = write_world(tmp_path)
    pack, rules = (world / f"policies/shire/{name}.yaml" for name in ("pack", "rules"))
    text = pack.read_text(encoding="utf-8").replace("  flags: {", "  flags: {looks_repeated: 疑似重复, ")
    pack.write_text(text, encoding="utf-8")
    with open(rules, "a", encoding="utf-8") as file:
        file.write(
            "- {id: same, cites: {source: act, at: art. 8}, rule: flag looks_repeated when repeated per title}\n"
        )
    rows = [f"R{n},X,2016-05-0{n},training,professional,{t},9,hours,c,,," for n, t in enumerate(titles, 1)]
    (tmp_path / "r.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    (case,) = explain_files(load_law(world / "policies/shire"), Files((str(tmp_path / "r.csv"),)), "X", (2016, 2016))[0]
    assert f"├─ may be flagged, {english}    same, art. 8" in text_of_case(case).splitlines()
    assert f"├─ 可能需标记，{chinese}    same, art. 8" in text_of_case(case, "zh").splitlines()


def _ask_in_person(world: Path, verb: str) -> Path:
    """Declare hours in person and ask for 40 of them; the file of rules."""
    pack, rules = (world / f"policies/shire/{name}.yaml" for name in ("pack", "rules"))
    text = pack.read_text(encoding="utf-8").replace("  flags:", "  measures: {in_person: 面授学时}\n  flags:")
    pack.write_text(text, encoding="utf-8")
    text = rules.read_text(encoding="utf-8")
    text += "- {id: in-person, cites: {source: act, at: art. 8}, rule: 'measure in_person: hours of training, visit'}\n"
    owed = f"{verb} in_person at least 40 hours per year"
    text += f"- {{id: in-person-hours, cites: {{source: act, at: art. 9}}, rule: {owed}}}\n"
    rules.write_text(text, encoding="utf-8")
    return rules


def test_a_declared_measure_is_defined_and_told_record_by_record(tmp_path: Path) -> None:
    """Ann learnt 37.5 hours of her 87.5 in person: the headline says what is lacking, though the total is there."""
    world = write_world(tmp_path)
    rules = _ask_in_person(world, "require")
    text = rules.read_text(encoding="utf-8").replace("total at least 90 hours", "total at least 80 hours")
    rules.write_text(text, encoding="utf-8")
    files = Files((str(world / "records.csv"),))
    (case,) = explain_files(load_law(world / "policies/shire"), files, "A1", (2016, 2016))[0]
    lines = text_of_case(case).splitlines()
    assert lines[0] == "A* · 2016 · not met: 87.5 of 80 hours; in person 37.5 / 40, 2.5 short    shire"
    place = lines.index("├─ in person 37.5 / 40, 2.5 short    in-person-hours, art. 9")
    assert lines[place + 1 : place + 3] == [
        "│  ├─ measure in_person: hours of training, visit    in-person, art. 8",
        "│  └─ counted: R001 12.5, R002 25",
    ]
    assert text_of_case(case, "zh").splitlines()[0] == (
        "A* · 2016 · 未完成：87.5 / 80 学时；面授学时 37.5 / 40，尚缺 2.5    shire"
    )
    (finding,) = [f for f in data_of_cases([case])["cases"][0]["findings"] if f["measure"] == "in_person"]
    assert [c["rule"] for c in finding["measured_by"]] == ["shire/in-person"]
    assert [(c["record_id"], c["counted"]) for c in finding["counted"]] == [("R001", Fraction(25, 2)), ("R002", 25)]


def test_what_the_law_leaves_open_is_for_the_authority_to_settle(tmp_path: Path) -> None:
    """A visit of 60 hours counts 60 to 120, as the law has it; with 20 hours it is open whether 90 are there."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    text = rules.read_text(encoding="utf-8").replace("training, visit at 1", "training at 1")
    text += "- {id: visits, cites: {source: act, at: art. 8}, rule: convert visit at 1 to 2 hours per 45 minutes}\n"
    rules.write_text(text, encoding="utf-8")
    rows = ("R1,X,2016-05-05,training,public,T,20,hours,c,,,", "R2,X,2016-05-06,visit,public,T,2700,minutes,c,,,")
    files = Files((str(tmp_path / "own.csv"),))
    of_the_law = "├─ for the authority to settle: figure that the law leaves open of R2\n"
    zh_of_the_law = "├─ 须由主管部门明确：R2 的法定数额（未定）\n"
    # with a report of 20 hours that may be approved it is open too, and neither alone settles it
    report = "R3,X,2016-05-07,self_study,public,T,20000,characters,c,passed,,"
    for more, en, zh in (
        ((), of_the_law, zh_of_the_law),
        (
            (report,),
            f"├─ needed to settle it: approved of R3\n{of_the_law}",
            f"├─ 要确定，须补充：R3 的单位认可\n{zh_of_the_law}",
        ),
    ):
        (tmp_path / "own.csv").write_text("\n".join((HEADER, *rows, *more, "")), encoding="utf-8")
        (case,) = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))[0]
        assert en in text_of_case(case)
        assert zh in text_of_case(case, "zh")
        assert "would settle it" not in text_of_case(case)


def test_of_many_records_a_line_names_a_few(tmp_path: Path) -> None:
    """Seven visits that count 1 to 2 hours each, five reports of 5 hours that may be approved, 60 hours for certain."""
    world = write_world(tmp_path)
    rules = _ask_in_person(world, "expect")
    text = rules.read_text(encoding="utf-8").replace("training, visit at 1", "training at 1")
    text += "- {id: visits, cites: {source: act, at: art. 8}, rule: convert visit at 1 to 2 hours per 45 minutes}\n"
    rules.write_text(text, encoding="utf-8")
    rows = ["R0,X,2016-05-05,training,public,T,60,hours,c,,,"]
    rows += [f"V{n},X,2016-05-0{n},visit,public,T{n},45,minutes,c,,," for n in range(1, 8)]
    rows += [f"S{n},X,2016-06-0{n},self_study,public,T{n},5000,characters,c,passed,," for n in range(1, 6)]
    (tmp_path / "own.csv").write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    files = Files((str(tmp_path / "own.csv"),))
    (case,) = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))[0]
    text, zh = text_of_case(case), text_of_case(case, "zh")
    assert "├─ needed to settle it: approved of S1, S2, S3, S4 and 1 more\n" in text
    assert "authority to settle: figure that the law leaves open of V1, V2, V3, V4 and 3 more\n" in text
    assert "counted: V1 1–2, V2 1–2, V3 1–2, V4 1–2 and 4 more\n" in text
    assert "├─ 要确定，须补充：S1、S2、S3、S4 等 5 条的单位认可\n" in zh
    assert "├─ 须由主管部门明确：V1、V2、V3、V4 等 7 条的法定数额（未定）\n" in zh
    assert "计入：V1 1–2、V2 1–2、V3 1–2、V4 1–2 等 8 条\n" in zh


# Missing facts, as a line names them.
MISSING = [
    (("person:sector", "R1:approved"), "sector, approved of R1", "行业、R1 的单位认可"),
    (("R1:approved", "R2:approved", "person:sector"), "approved of R1, R2; sector", "R1、R2 的单位认可；行业"),
    (("R1:approved", "R1:result"), "approved of R1, result of R1", "R1 的单位认可、R1 的考核结果"),
    (("approved",), "approved", "单位认可"),
]


@pytest.mark.parametrize(("missing", "en", "zh"), MISSING)
def test_a_missing_fact_is_named_once(files: Files, world: Path, missing: tuple[str, ...], en: str, zh: str) -> None:
    (case,) = explain_files(load_law(world / "policies"), files, "A1", (2016, 2016))[0]
    assert (Words(case, "en", False).lacking(missing), Words(case, "zh", False).lacking(missing)) == (en, zh)


def test_what_a_table_leaves_open_is_for_the_authority_to_settle(tmp_path: Path) -> None:
    """A visit counts what the table says of its host; of Elm it says nothing, and nobody can give that."""
    world = write_world(tmp_path)
    pack, rules = (world / f"policies/shire/{name}.yaml" for name in ("pack", "rules"))
    columns = "{host: {role: key, field: provider}, hours: {role: value, type: number, unit: hours}}"
    table = f"tables:\n  host_hours: {{zh: 访问学时表, file: hosts.csv, columns: {columns}}}\n"
    pack.write_text(pack.read_text(encoding="utf-8") + table, encoding="utf-8")
    (world / "policies/shire/hosts.csv").write_text("host,hours\nOak,20\n")
    text = rules.read_text(encoding="utf-8").replace("training, visit at 1", "training at 1")
    text += "- {id: hosts, cites: {source: act, at: art. 8}, rule: convert visit at host_hours(provider)}\n"
    rules.write_text(text, encoding="utf-8")
    rows = ("R1,X,2016-05-05,training,public,T,80,hours,c,,,,", "R2,X,2016-05-06,visit,public,T,,,c,,,,Elm")
    (tmp_path / "own.csv").write_text("\n".join((f"{HEADER},provider", *rows, "")), encoding="utf-8")
    files = Files((str(tmp_path / "own.csv"),))
    (case,) = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))[0]
    assert case.decision.missing == ("R2:table:host_hours",)
    text, zh = text_of_case(case), text_of_case(case, "zh")
    assert "├─ for the authority to settle: figure that the table host hours leaves open of R2\n" in text
    assert "├─ 须由主管部门明确：R2 的数额（访问学时表未列）\n" in zh
    assert "not known: figure that the table host hours leaves open " in text
    assert "settle it" not in text


def test_one_day_is_left(world: Path, files: Files) -> None:
    law = load_law(world / "policies")
    (case,) = explain_files(law, files, "A1", (2016, 2016), date(2016, 12, 30))[0]
    assert text_of_case(case).splitlines()[0].endswith("2.5 short, 1 day left    shire")


def test_a_drop_is_not_told_where_what_it_drops_asks_nothing() -> None:
    """The province's table of themes has no row: nobody was asked for a theme, teachers or not."""
    policies = Path(__file__).parents[2] / "policies"
    (case,) = Explainer(load_law(policies / "sectors/teachers")).cases(Person("X"), [], [(2017, 2017)])
    dropped = {dropped for _, dropped in case.besides}
    assert any("annual-hours" in key for key in dropped)
    assert not any("theme" in key for key in dropped)


def test_where_it_is_open_which_policy_governs_its_facts_have_their_chinese_names() -> None:
    """Of a person without a sector facts of teachers may be wanted, of which the province says nothing."""
    policies = Path(__file__).parents[2] / "policies"
    explainer = Explainer(load_law(policies))
    hours = record("R1", "2019-05-05", "training", 100, "hours", person="X", evidence="c")
    spans = [(2019, 2019)] * len(explainer.selector.law.plans)
    (case, *_) = explainer.cases(Person("X", {"region": "leshan"}), [hours], spans)
    [line] = [line for line in text_of_case(case, "zh").splitlines() if "补充以下事实即可确定" in line]
    assert line == "└─ 补充以下事实即可确定：R1 的课程类别、R1 的授课方式、入职日期、新任教师、注册日期、行业"


def test_of_a_record_without_a_title_it_is_open_whether_it_counts(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    once = "- {id: once, cites: {source: act, at: art. 8}, rule: count once per title taking the highest}\n"
    rules.write_text(rules.read_text(encoding="utf-8") + once, encoding="utf-8")
    rows = (f"R{n},X,2016-05-0{n},training,public,,{n}0,hours,c,,," for n in (5, 6))
    (tmp_path / "own.csv").write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    files = Files((str(tmp_path / "own.csv"),))
    (case,) = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))[0]
    text, zh = text_of_case(case), text_of_case(case, "zh")
    assert "R5 2016-05-05 training 50 hours → 0–50 hours: may repeat another record; not known: title    once, " in text
    assert "├─ would settle it: title of R5, R6\n" in text
    assert "R5 2016-05-05 培训班 50 学时 → 0–50 学时：可能与其他记录重复；不详：名称    once, " in zh


AT_MOST = [  # hours of the public subject, of which the law generally expects at most 30
    ("25", "（一般要求 ≤ 30：未超出）", "(expected ≤ 30: kept)"),
    ("35", "（一般要求 ≤ 30：超出 5）", "(expected ≤ 30: 5 too many)"),
]


@pytest.mark.parametrize(("hours", "zh", "en"), AT_MOST)
def test_a_maximum_that_is_kept_is_not_said_to_be_reached(tmp_path: Path, hours: str, zh: str, en: str) -> None:
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    most = "- {id: most, cites: {source: act, at: art. 8}, rule: expect public at most 30 hours per year}\n"
    rules.write_text(rules.read_text(encoding="utf-8") + most, encoding="utf-8")
    row = f"R5,X,2016-05-05,training,public,,{hours},hours,c,,,"
    (tmp_path / "own.csv").write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    files = Files((str(tmp_path / "own.csv"),))
    (case,) = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))[0]
    assert f"公需科目 {hours}    {zh}    most, art. 8" in text_of_case(case, "zh")
    assert f"public {hours}    {en}    most, art. 8" in text_of_case(case)


# R5 may repeat either other one, as its title is not known; R6 repeats R7 if that is approved.
MAY_REPEAT = """\
├─ cap training at 25 hours per day: 70 claimed, 0–70 cut    lecture, art. 9
│  ├─ R5 2016-05-05 training 30 hours → 30 hours, counted 0–25
│  └─ R6 2016-05-06 training "T" 40 hours → 40 hours, counted 0–25
├─ in need of review
│  ├─ R5 2016-05-05 training 30 hours → 0–25 hours: may repeat another record; not known: title    once, art. 8
│  ├─ R6 2016-05-06 training "T" 40 hours → 0–25 hours: may repeat another record; not known: title of R5, \
approved of R7    once, art. 8
│  └─ R7 2016-05-07 self study "T" 49000 characters → 0–49 hours: may repeat another record; not known: approved    \
recognise-self-study, art. 1; once, art. 8
"""
MAY_REPEAT_ZH = """\
├─ 有待核实
│  ├─ R5 2016-05-05 培训班 30 学时 → 0–25 学时：可能与其他记录重复；不详：名称    once, art. 8
│  ├─ R6 2016-05-06 培训班 「T」 40 学时 → 0–25 学时：可能与其他记录重复；不详：R5 的名称、R7 的单位认可    once, art. 8
│  └─ R7 2016-05-07 自学成果 「T」 49000 字 → 0–49 学时：可能与其他记录重复；不详：单位认可    \
recognise-self-study, art. 1; once, art. 8
"""


def test_where_another_record_may_count_instead_that_is_said_with_its_rule(tmp_path: Path) -> None:
    """The recognition of R5 and R6 is settled and not cited; that of R7 is not. A cap that cuts stands by itself."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    text = rules.read_text(encoding="utf-8")
    text += "- {id: once, cites: {source: act, at: art. 8}, rule: count once per title taking the highest}\n"
    text += "- {id: lecture, cites: {source: act, at: art. 9}, rule: cap training at 25 hours per day}\n"
    rules.write_text(text, encoding="utf-8")
    rows = (
        "R5,X,2016-05-05,training,public,,30,hours,c,,,",
        "R6,X,2016-05-06,training,public,T,40,hours,c,,,",
        "R7,X,2016-05-07,self_study,public,T,49000,characters,c,passed,,",
    )
    (tmp_path / "own.csv").write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    evaluation = evaluate_files(load_law(world / "policies/shire"), Files((str(tmp_path / "own.csv"),)), (2016, 2016))
    named = {"R5": "shire/once+shire/lecture", "R6": "shire/once+shire/lecture", "R7": "shire/once"}
    ledger = tuple(replace(e, cap_rule=named[e.record_id]) for e in evaluation.result.ledger)
    told = replace(evaluation, result=replace(evaluation.result, ledger=ledger))
    ((case,), _) = explain_result(read_result(save(told, tmp_path / "out")), "X")
    assert MAY_REPEAT in text_of_case(case)
    assert MAY_REPEAT_ZH in text_of_case(case, "zh")
    records = {r["record_id"]: r for r in data_of_cases([case])["cases"][0]["records"]}
    assert [c["rule"] for c in records["R5"]["cut_by"]] == ["shire/once", "shire/lecture"]


def test_what_all_decisions_of_a_policy_and_year_share_is_looked_up_once(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every city has a pack, hundreds of rules would be gone through for each decision and person."""
    written = read_result(save(evaluation, tmp_path / "out"))
    looked: list[tuple[str, str]] = []
    search = Written._that_conclude
    monkeypatch.setattr(
        Written,
        "_that_conclude",
        lambda self, name, policy, days: looked.append((name, policy)) or search(self, name, policy, days),
    )
    first, again = (list(written.decisions()), list(written.decisions()))
    assert first == again  # nothing was taken out of what is shared
    assert [d.consequence_rules for d in first if d.consequences] == [("shire/not-excellent",)] * 3
    assert sorted(looked) == [("not_excellent", "mill"), ("not_excellent", "shire")]  # of A1 and D4; of B2
    assert written.notes is written.notes
