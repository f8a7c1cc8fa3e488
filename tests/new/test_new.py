"""``new``: packs written from answers, tried as their authors would try them; what is refused, with nothing left."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import policyengine as pe
from policyengine.cli import main
from policyengine.messages import speak
from policyengine.packs.policies import load_policies
from policyengine.tools.check import check
from policyengine.tools.fmt import format_packs
from policyengine.tools.test.mutate import mutation
from policyengine.tools.test.run import benches, run

ROOT = Path(__file__).parents[2]
ANSWERS = {
    "name": "社会工作者",
    "authority": "某厅",
    "source-title": "社会工作者继续教育办法",
    "source-number": "某发〔2020〕2号",
    "confidence": "seen",
    "article": "第九条",
    "unit": "hours",
    "minimum": "100",
    "from": "2020",
    "base": "sichuan",
    "surface": "zh",
}
KINDS = itertools.product(["zh", "en"], ["sichuan", "none", "chengdu"], ["hours", "credits"], ["24", "100.5"])


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with copies of the shipped base packs."""
    for name in ("national", "sichuan", "cities"):
        shutil.copytree(ROOT / "policies" / name, tmp_path / "policies" / name)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    speak("en")


def new(sector: str, *more: str, asked: str | None = None, **changed: str) -> Result:
    options = {**ANSWERS, **{k.replace("_", "-"): v for k, v in changed.items()}}
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return CliRunner().invoke(main, ["new", sector, *arguments, *more], input=asked)


def faultless(folder: Path) -> None:
    """check, fmt --check and test have nothing to say."""
    assert [str(d) for d in check([folder]) if d.severity in ("error", "warning")] == []
    files, problems = format_packs([folder])
    assert problems == []
    assert not any(f.changed or f.after is None for f in files)
    (bench,), problems = benches([folder])
    assert problems == []
    result = run(bench)
    assert result.cases
    assert result.failed == 0


@pytest.mark.parametrize(("surface", "base", "unit", "minimum"), list(KINDS))
def test_every_kind_of_pack_is_faultless(surface: str, base: str, unit: str, minimum: str) -> None:
    done = new("social_work", "--rate", "3", surface=surface, base=base, unit=unit, minimum=minimum)
    assert done.exit_code == 0, done.stderr
    folder = Path("policies/sectors/social_work")
    assert sorted(done.stdout.split()) == sorted(str(p) for p in folder.rglob("*") if p.is_file())
    faultless(folder)
    assert [p for p in folder.parent.iterdir() if p.name.startswith(".")] == []


def test_the_minimum_stands_over_the_base_s() -> None:
    assert new("social_work").exit_code == 0
    (policy,), _ = load_policies("policies/sectors/social_work")
    rule = next(g for g in policy.governing if g.rule.id == "annual-minimum")
    assert rule.rule.text == "替代 sichuan/annual-hours：要求 每年 总学时 不少于 100 学时"
    assert str(rule.rule.cites) == "某发〔2020〕2号 第九条"
    assert (rule.rule.label, rule.over[0].name, rule.keeps_stricter) == ("2020", "sichuan/annual-hours", True)


def test_a_lower_minimum_stands_beside_the_base_s() -> None:
    assert new("social_work", minimum="24").exit_code == 0
    text = Path("policies/sectors/social_work/rules.yaml").read_text(encoding="utf-8")
    assert "# 低于 sichuan/annual-hours（90 学时），后者仍然适用" in text
    assert "rule: 要求 每年 总学时 不少于 24 学时" in text


def test_credits_come_with_the_exchange_they_need() -> None:
    assert new("social_work", "--rate", "3", unit="credits", minimum="30", surface="en").exit_code == 0
    text = Path("policies/sectors/social_work/rules.yaml").read_text(encoding="utf-8")
    assert "rule: exchange 1 credit for 3 hours" in text
    assert "override sichuan/annual-hours: require total at least 30 credits per year" in text
    earlier = text.partition("- id: credit-rate")[2].partition("- id: credit-rate")[0]
    assert "from: null\n  until: 2019\n  confidence: remembered\n" in earlier, "no law is claimed for that time"


# sector, records' hours in 2018, and what comes of the base's 90 hours: they are shown in credits, 3 hours each
EARLIER = """
hours=95  met      95/3  30
hours=89  not_met  89/3  30
"""


@pytest.mark.parametrize("case", EARLIER.strip().splitlines())
def test_the_years_before_a_document_in_credits_are_judged(case: str, tmp_path: Path) -> None:
    hours, outcome, total, required = case.replace("hours=", "").split()
    assert new("social_work", "--rate", "3", unit="credits", minimum="25.5").exit_code == 0
    Path("records.csv").write_text(
        f"record_id,person_id,date,form,quantity,unit,evidence\nR,P,2018-05-01,training,{hours},hours,c\n"
    )
    Path("persons.csv").write_text("person_id,sector\nP,社会工作者\n", encoding="utf-8")
    (row,) = pe.evaluate("policies/sectors/social_work", "records.csv", 2018, "persons.csv").rows("decisions")
    assert [str(row[k]) for k in ("outcome", "total", "required_total")] == [outcome, total, required]


# a rule of the base on facts of the person, and those that the cases have so that all of the 100 hours are owed
HANGS_ON = {
    "核减 annual-hours 入职日期 前 每满一个月 减 1/12": "行业: 社会工作者, 入职日期: 1990-01-01",
    "核减 annual-hours 减 1/2 当 职称级别 = 初级": "行业: 社会工作者, 职称级别: 中级",
    "免除 annual-hours 当 单位性质 = 国家机关 且 职称级别 = 初级": (
        "行业: 社会工作者, 单位性质: 国家机关, 职称级别: 中级"
    ),
    "免除 annual-hours 当 入职日期 < 2000年1月1日": "行业: 社会工作者, 入职日期: 2050-01-01",
}


@pytest.mark.parametrize("rule", HANGS_ON)
@pytest.mark.parametrize("year_starts", ["01-01", "09-01"])
def test_the_cases_have_the_facts_on_which_it_hangs_how_much_is_owed(rule: str, year_starts: str) -> None:
    rules, pack = Path("policies/sichuan/rules-years.yaml"), Path("policies/sichuan/pack.yaml")
    text = rules.read_text(encoding="utf-8")
    cited = "{source: opinion-2016, at: 二（二）第1款}"
    rules.write_text(f"{text}\n- id: hangs\n  cites: {cited}\n  from: 2016\n  rule: {rule}\n", encoding="utf-8")
    pack.write_text(f"{pack.read_text(encoding='utf-8')}\nyear_starts: {year_starts}\n", encoding="utf-8")
    done = new("social_work")
    assert done.exit_code == 0, done.stderr
    cases = Path("policies/sectors/social_work/tests/年度要求.yaml").read_text(encoding="utf-8")
    assert cases.count("- case:") == 3
    assert cases.count(f"  person: {{{HANGS_ON[rule]}}}\n") == 3
    assert cases.count("日期: 2021-05-10" if year_starts == "09-01" else "日期: 2020-05-10") == 2


def test_warnings_of_check_are_told() -> None:
    """Of a base whose hours ended no rate is asked, and its years come out undetermined."""
    base = Path("policies/old")
    base.mkdir()
    (base / "pack.yaml").write_text(
        "pack: old\ntitle: {zh: 旧, en: old}\nlevel: province\nauthority: 某厅\nextends: null\n"
        "sources: {s: {title: 某, confidence: seen}}\nvocabulary: {terms: {form: {training: 培训班}}}\n"
        "quantities:\n  hours: {min: 0, max: 999, decimals: 2}\n  credits: {min: 0, max: 999, decimals: 2}\n",
        encoding="utf-8",
    )
    (base / "rules.yaml").write_text(
        "- id: old-hours\n  cites: {source: s, at: 一}\n  from: null\n  until: 2015\n"
        "  rule: 要求 每年 总学时 不少于 80 学时\n",
        encoding="utf-8",
    )
    done = new("social_work", base="old", unit="credits", minimum="30")
    assert done.exit_code == 0, done.stderr
    assert "warning PE255" in done.stderr
    assert "(policies/sectors/social_work/rules.yaml:" in done.stderr
    assert "passes check (warnings, see above: 1), fmt and test" in done.stderr
    assert "warnings" not in new("audit").stderr


def test_its_own_cases_notice_every_change_of_its_figures() -> None:
    assert new("social_work").exit_code == 0
    (bench,), _ = benches(["policies/sectors/social_work"])
    found = mutation(bench)
    assert found.survived == ()
    assert found.share == Fraction(1)


def test_a_sector_that_the_base_knows_is_not_declared_again() -> None:
    known = next(w for w in load_policies("policies/sichuan")[0][0].vocabulary.terms_of("sector"))
    assert new(known.id, name=known.zh or known.id).exit_code == 0
    text = Path(f"policies/sectors/{known.id}/pack.yaml").read_text(encoding="utf-8")
    assert f"applies: 行业 = {known.zh}" in text
    assert "\nvocabulary:" not in text
    faultless(Path(f"policies/sectors/{known.id}"))


@pytest.mark.parametrize(
    "odd",
    ["a: b # c", "'quoted' \"twice\"", "- dash", "[list], {map}", "null", "12", "行\n换", "%", "*star", "@at", "!x"],
)
def test_odd_answers_are_written_as_they_are(odd: str) -> None:
    done = new("social_work", name=odd, authority=odd, source_title=odd, source_number=odd, article=odd)
    assert done.exit_code == 0, done.stderr
    (policy,), _ = load_policies("policies/sectors/social_work")
    pack, line = policy.packs[-1], " ".join(odd.split())
    assert (pack.authority, pack.title["zh"]) == (line, line)
    source = pack.sources["rules-2020"]
    assert (source.title, source.number, pack.rules[-1].cites.at) == (line, line, line)
    faultless(Path("policies/sectors/social_work"))


def test_what_is_not_given_is_asked() -> None:
    answers = "zh\nsichuan\n审计\n某厅\n某办法\n\nremembered\n第三条\nhours\n95\n2021\n"
    done = CliRunner().invoke(main, ["new", "audit", "--lang", "zh"], input=answers)
    assert done.exit_code == 0, done.stderr
    assert "制定机关" in done.stderr
    assert "接下来" in done.stderr
    faultless(Path("policies/sectors/audit"))
    pack = load_policies("policies/sectors/audit")[0][0].packs[-1]
    assert (pack.sources["rules-2021"].number, pack.sources["rules-2021"].confidence) == (None, "remembered")


def test_the_rate_is_asked_where_units_differ() -> None:
    done = new("social_work", unit="credits", minimum="30", asked="3\n")
    assert done.exit_code == 0, done.stderr
    assert "1 of these credits is how many hours" in done.stderr


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh", "错误：只能是 zh、en"), ("en", "Error: 'x' is not one of 'zh', 'en'.")],
)
def test_an_answer_that_cannot_be_is_asked_again(language: str, said: str) -> None:
    arguments = [part for name, value in ANSWERS.items() if name != "surface" for part in (f"--{name}", value)]
    done = CliRunner().invoke(main, ["new", "audit", *arguments, "--lang", language], input="x\nzh\n")
    assert done.exit_code == 0, done.stderr
    assert said in done.stderr


def test_nobody_there_to_answer() -> None:
    done = CliRunner().invoke(main, ["new", "audit", "--surface", "zh", "--base", "sichuan"], input="")
    assert done.exit_code == 2
    assert "missing: --name" in done.stderr
    assert not Path("policies/sectors/audit").exists()


def test_a_document_without_a_number_in_a_script() -> None:
    """As the empty answer says where somebody is asked."""
    arguments = [part for name, value in ANSWERS.items() if name != "source-number" for part in (f"--{name}", value)]
    done = CliRunner().invoke(main, ["new", "audit", *arguments], input="")
    assert done.exit_code == 0, done.stderr
    folder = Path("policies/sectors/audit")
    assert load_policies(folder)[0][0].packs[-1].sources["rules-2020"].number is None
    faultless(folder)


def test_a_pack_on_another_drive_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """There no relative path leads from it to the program's schemas, so it names none."""

    def relpath(*_: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    with monkeypatch.context() as patched:
        patched.setattr("policyengine.tools.new.files.os.path.relpath", relpath)
        made = new("social_work")
    assert made.exit_code == 0, made.output
    assert "$schema" not in Path("policies/sectors/social_work/pack.yaml").read_text(encoding="utf-8")


def test_nothing_is_overwritten() -> None:
    assert new("social_work").exit_code == 0
    before = {p: p.read_bytes() for p in Path("policies/sectors").rglob("*") if p.is_file()}
    done = new("social_work", minimum="120")
    assert done.exit_code == 2
    assert "PE615" in done.stderr
    assert {p: p.read_bytes() for p in Path("policies/sectors").rglob("*") if p.is_file()} == before


def test_others_may_read_the_pack(at_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is as others there, not one's own: to Windows 0o700 is a list of who may look in, which stays."""
    make, modes = os.mkdir, []

    def made(folder: object, mode: int = 0o777, **given: Any) -> None:
        modes.append(mode)
        make(str(folder), mode, **given)

    monkeypatch.setattr(os, "mkdir", made)
    assert new("divers").exit_code == 0
    assert modes
    assert set(modes) == {0o777}


def test_an_id_that_is_taken_elsewhere() -> None:
    done = new("chengdu")
    assert done.exit_code == 2
    assert "PE615" in done.stderr


@pytest.mark.parametrize("name", ["教师", "教育", "Teaching"])
def test_a_name_that_a_sector_has_already(name: str) -> None:
    """And the hint's way is one: the sector's own id."""
    done = new("teachers2", name=name)
    assert done.exit_code == 2
    assert f"PE616: “{name}” is the name of the sector teaching of sichuan already" in done.stderr
    assert "policyengine new teaching;" in done.stderr
    assert not Path("policies/sectors").exists()
    assert new("teaching", name=name).exit_code == 0
    faultless(Path("policies/sectors/teaching"))


BAD = {
    "sector": ({}, "Social Work", "PE616"),
    "chinese id": ({}, "社工", "PE616"),
    "path": ({}, "../x", "PE616"),
    "no folder on Windows": ({}, "aux", "PE616"),
    "no minimum": ({"minimum": "0"}, "x", "PE616"),
    "words for a figure": ({"minimum": "ninety"}, "x", "PE901"),
    "a negative figure": ({"minimum": "-5"}, "x", "PE901"),
    "an endless figure": ({"minimum": "1e400"}, "x", "PE901"),
    "no such base": ({"base": "sichuann"}, "x", "PE131"),
    "a year": ({"from": "20"}, "x", "PE901"),
}


@pytest.mark.parametrize("what", BAD)
def test_answers_that_cannot_be(what: str) -> None:
    changed, sector, code = BAD[what]
    done = new(sector, **changed)
    assert done.exit_code == 2
    assert code in done.stderr
    assert not Path("policies/sectors").exists() or not list(Path("policies/sectors").iterdir())


def test_two_packs_of_the_bases_id(at_home: Path) -> None:
    """Which of them the pack would extend can't be known; that there is none would be wrong."""
    for copy in ("of-2024", "of-2025"):
        shutil.copytree(at_home / "policies", at_home / copy / "policies")
    shutil.rmtree(at_home / "policies")
    done = new("social_work", folder="drafts/of-sectors")
    assert done.exit_code == 2
    assert "PE133: two packs are called sichuan: of-2024/policies/sichuan and of-2025/policies/sichuan" in done.stderr


@pytest.mark.parametrize("refused", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_where_it_breaks_off_no_folder_is_left(refused: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        raise refused

    monkeypatch.setattr("policyengine.tools.new.new._write", breaking)
    assert new("social_work", folder="packs/of/sectors").exit_code != 0
    assert not Path("packs").exists()
