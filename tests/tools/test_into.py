"""A result written straight from tables is, byte for byte, the one that the reference evaluator's trace gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policyengine.diagnostics import PolicyError
from policyengine.engines.calendar import labelled
from policyengine.messages import speak
from policyengine.records import rejects
from policyengine.tools.evaluate.evaluate import Files, evaluate_files
from policyengine.tools.evaluate.into import evaluate_into
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.result.result import Wish, check_strict
from policyengine.tools.result.summary import summary_lines
from policyengine.tools.result.tally import looking_back
from policyengine.tools.result.verify import verify
from tests.build import plan, rule
from tests.tools.world import write_world

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
RECORDS = (str(EXAMPLES / "records.csv"),)
ALL = Files(RECORDS, str(EXAMPLES / "persons.csv"), str(EXAMPLES / "circumstances.csv"))


def both(policy: str, files: Files, wish: Wish, folder: Path, **asked: Any) -> tuple[Path, Path]:
    """The folders that the two engines write; what they say on the terminal is the same."""
    law = load_law(ROOT / policy)
    said = []
    for engine in ("reference", "duckdb"):
        tally = evaluate_into(law, files, str(folder / engine), wish, engine=engine, **asked)
        said.append(([*summary_lines(tally)], tally.unmet))
    assert said[0] == said[1]
    return folder / "reference", folder / "duckdb"


@pytest.fixture(autouse=True)
def _rejects_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "AT_ONCE", 1)


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    found.pop("sha256")
    found.pop("engine")
    return found


@pytest.mark.parametrize(
    "applies",
    ["sector = milling", "joined is present", "joined is missing", "sector = milling or joined is missing"],
)
def test_whom_a_pack_governs(applies: str, tmp_path: Path) -> None:
    """Also by what is not said of a person; of Dan it is open where the sector is asked."""
    world = write_world(tmp_path)
    for name, old, new in (
        ("policies/mill/pack.yaml", "applies: sector = milling", f"applies: {applies}"),
        ("persons.csv", "sector\nA1,Ann,farming", "sector,joined\nA1,Ann,farming,2010-01-01"),
        ("records.csv", ",100,minutes,", ",4500,minutes,"),  # 100 hours: enough in the shire, not for millers
    ):
        text = (world / name).read_text(encoding="utf-8")
        assert old in text
        (world / name).write_text(text.replace(old, new), encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"), str(world / "circumstances.csv"))
    wanted, found = both(str(world / "policies"), files, Wish("csv"), tmp_path, periods=(2016, 2016))
    for table in ("decisions", "findings", "ledger", "missing"):
        assert (found / f"{table}.csv").read_text() == (wanted / f"{table}.csv").read_text(), table
    decisions = (wanted / "decisions.csv").read_text()
    assert ",mill," in decisions
    assert ",shire," in decisions


@pytest.mark.parametrize(
    ("policy", "every", "alone", "ledger", "periods", "as_of"),
    [
        ("policies", 1, False, None, None, None),
        ("policies/sichuan", 8, False, "lean", (2016, 2016), None),
        ("policies/sichuan", 8, True, "none", None, date(2017, 7, 1)),
        ("policies/sectors/accounting", 1, False, "full", (2015, 2018), None),  # with circumstances of a few
        ("policies", 8, True, None, (2016, 2016), None),  # nobody's sector is known
        ("policies/sichuan", 8, False, None, (2031, 2031), None),  # no record at all
    ],
)
def test_every_byte(
    policy: str, every: int, alone: bool, ledger: str | None, periods: tuple[int, int] | None, as_of: date | None,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Of the examples those that tell something (S…), and of other people's one in ``every``; ``alone``: by the records
    alone."""
    header, *rows = Path(RECORDS[0]).read_text(encoding="utf-8").splitlines(keepends=True)
    whose = list(dict.fromkeys(row.split(",")[1] for row in rows))[::every]
    records = tmp_path / "records.csv"
    kept = (row for row in rows if row[0] == "S" or row.split(",")[1] in whose)
    records.write_text("".join([header, *kept]), encoding="utf-8")
    files = Files((str(records),), *(() if alone else (ALL.persons, ALL.circumstances)))
    one, other = both(policy, files, Wish("csv", ledger), tmp_path, periods=periods, as_of=as_of)
    same_bytes(one, other)
    assert manifest(one)["tables"]["rejects"]["rows"] > 0


def same_bytes(one: Path, other: Path) -> None:
    names = sorted(p.name for p in one.iterdir())
    assert names == sorted(p.name for p in other.iterdir())
    for name in names:
        if name != "manifest.json":
            assert (other / name).read_bytes() == (one / name).read_bytes(), name
    assert manifest(other) == manifest(one)


def test_every_byte_of_many_files(tmp_path: Path) -> None:
    """Twelve employers send a part each, in two orders of columns: the ids of the records are made of file and row."""
    header, *lines = Path(RECORDS[0]).read_text(encoding="utf-8").splitlines()
    (tmp_path / "in").mkdir()
    for n in range(12):
        part = [line.split(",", 1)[1] for line in (header, *lines[n::12])]
        if n % 3 == 0:
            part = [",".join(reversed(line.split(","))) for line in part]
        (tmp_path / "in" / f"{n}.csv").write_text("\n".join(part), encoding="utf-8-sig" if n % 2 else "gb18030")
    files = Files((str(tmp_path / "in"),), ALL.persons, ALL.circumstances)
    one, other = both("policies/sichuan", files, Wish("csv", "full"), tmp_path, periods=(2016, 2016))
    same_bytes(one, other)
    assert manifest(one)["rows"]["in"] == len(lines)
    assert {line.split(":")[0] for line in (one / "ledger.csv").read_text().splitlines()[1:]} > {"3.csv", "7.csv"}


def test_the_upper_bounds_of_records_of_people_whose_policy_is_open(tmp_path: Path) -> None:
    """2 hours per 1000 characters; the total of both, 1 and 20 hours that are stated, is whole."""
    world = write_world(tmp_path)
    rows = ["R1,D4,2016-04-03,publication,10,,c", "R2,D4,2016-04-03,publication,490,,c",
            "R3,D4,2016-02-08,training,20,hours,c"]  # fmt: skip
    header = "record_id,person_id,date,form,quantity,unit,evidence"
    (world / "records.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"))
    for folder in both(str(world / "policies"), files, Wish("csv"), tmp_path, periods=(2016, 2016)):
        lines = (folder / "missing.csv").read_text().splitlines()
        assert [line for line in lines if line.startswith("D4,2016,,")] == [
            "D4,2016,,R1,0.02,0.02,unit,",
            "D4,2016,,R2,0.98,0.98,unit,",
        ]


@pytest.mark.parametrize("who", ["+86", "-A1", "@A1", "A1"])
def test_ids_that_get_an_apostrophe_in_csv_are_of_one_person(who: str, tmp_path: Path) -> None:
    world = write_world(tmp_path)
    for name in ("records.csv", "persons.csv"):
        text = (world / name).read_text(encoding="utf-8")
        (world / name).write_text(text.replace("A1,", f"{who},"), encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"))
    one, other = both(str(world / "policies"), files, Wish("csv"), tmp_path, periods=(2016, 2016))
    assert manifest(other) == manifest(one)
    assert manifest(one)["rows"]["persons"] == 5


def test_packs_may_use_the_names_that_queries_give_their_columns(tmp_path: Path) -> None:
    world = write_world(tmp_path / "world")
    measures = ("total_high", "place", "missing", "possible", "factor")
    pack, rules, records = (world / n for n in ("policies/shire/pack.yaml", "policies/shire/rules.yaml", "records.csv"))
    fields = "  record:\n    file: {type: text}\n    row: {type: year}\n"
    text = pack.read_text(encoding="utf-8").replace("  record:\n", fields)
    words = "".join(f"    {m}: {{}}\n" for m in measures)
    text = text.replace("vocabulary:\n", f"vocabulary:\n  measures:\n{words}")
    pack.write_text(text.replace("professional: 专", "owed_factor: 某科, professional: 专"), encoding="utf-8")
    law = "".join(
        f'- {{id: m{n}, cites: {{source: act, at: art. 9}}, rule: "measure {m}: hours of training"}}\n'
        for n, m in enumerate(measures)
    )
    rules.write_text(rules.read_text(encoding="utf-8") + law, encoding="utf-8")
    header, *rows = records.read_text(encoding="utf-8").splitlines()
    rows = [f"{header},file,row", *(f"{r},f{n},2001" for n, r in enumerate(rows))]
    records.write_text("\n".join(rows), encoding="utf-8")
    files = Files((str(records),), str(world / "persons.csv"))
    one, other = both(str(world / "policies/shire"), files, Wish(), tmp_path)
    for table in ("decisions", "ledger", "missing"):
        assert (other / f"{table}.csv").read_bytes() == (one / f"{table}.csv").read_bytes()
    assert (one / "missing.csv").read_text().count("\n") > 1


def test_every_row(tmp_path: Path) -> None:
    from policyengine.tools.result.read import read_result

    one, other = (read_result(f) for f in both("policies/sichuan", ALL, Wish("parquet"), tmp_path))
    for table in one.manifest["tables"]:
        assert list(other.rows(table)) == list(one.rows(table)), table
        of_one, of_other = one.manifest["tables"][table], other.manifest["tables"][table]
        assert (of_one["rows"], of_one["columns"]) == (of_other["rows"], of_other["columns"])
    assert verify(other.folder) == []


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    # Each in a process of its own, in which texts have other hashes: sets of them stand in another order.
    command = [sys.executable, "-m", "policyengine", "evaluate", *RECORDS, "--policy", str(ROOT / "policies")]
    command += ["--persons", str(EXAMPLES / "persons.csv"), "--engine", "duckdb", "--format", "parquet"]
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([*command, "--out", str(tmp_path / seed)], env=environment, check=True, capture_output=True)
    found = [{p.name: p.read_bytes() for p in (tmp_path / seed).iterdir()} for seed in ("1", "2")]
    assert sorted(found[0]) == sorted(found[1])
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


def test_nothing_but_the_result_is_there(tmp_path: Path) -> None:
    made = tmp_path / "results"
    shares: list[float] = []
    evaluate_into(
        load_law(ROOT / "policies/sichuan"), ALL, str(made / "out"), Wish("parquet", memory="500MB"), engine="duckdb",
        progress=lambda share, _: shares.append(share),
    )  # fmt: skip
    assert sorted(p.name for p in made.iterdir()) == ["out"]
    assert {p.name for p in (made / "out").iterdir()} == {
        *(f"{t}.parquet" for t in ("decisions", "findings", "ledger", "rejects", "flags", "missing")), "manifest.json",
    }  # fmt: skip
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_strict_refuses_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        evaluate_into(
            load_law(ROOT / "policies"), ALL, str(tmp_path / "out"), Wish(strict=True), engine="duckdb",
            read=lambda rejects, _: check_strict(rejects),
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_pseudonyms_and_no_records(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"0123456789abcdef0123456789abcdef")
    one, other = both("policies/sichuan", ALL, Wish(key=str(tmp_path / "key")), tmp_path)
    assert (one / "decisions.csv").read_bytes() == (other / "decisions.csv").read_bytes()
    assert "510101190001010019" not in (other / "ledger.csv").read_text(encoding="utf-8")


# A and B have a class of 50 hours and one of 60: 110, or 60 if one repeats the other; C a class of 45 and a report of
# 50 that may be approved. 90 are owed. What columns the file has besides, with which cells; by what records are told
# apart; how many people the warning speaks of (0: there is none), and which facts.
NEVER_GIVEN = [
    ("", "", "title", 3, "title, approved"),
    ("", "", "title, provider, subject", 3, "provider, subject, title"),  # three at most
    (",title", ",", "title", 3, "title, approved"),  # a column, but nothing in it
    (",approved", ",yes", "title", 3, "title"),
    (",title", ",T{}", "title", 1, "approved"),
    (",title,approved", ",T{},yes", "title", 0, ""),
]
NAMED = {"title": "名称", "approved": "单位认可", "provider": "施教机构", "subject": "科目"}


@pytest.mark.parametrize(
    ("columns", "cells", "compared", "people", "facts", "compiled"),
    [(*case, ("csv", "parquet")[n % 2]) for n, case in enumerate(NEVER_GIVEN)],
)
def test_facts_that_no_record_gives(
    columns: str, cells: str, compared: str, people: int, facts: str, compiled: str, tmp_path: Path
) -> None:
    """They are named with a next step: a column was left out."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    once = f"{{id: once, cites: {{source: act, at: art. 8}}, rule: 'count once per {compared} taking the highest'}}"
    rules.write_text(rules.read_text(encoding="utf-8") + f"- {once}\n", encoding="utf-8")
    learnt = [(p, "training", n, "hours") for p in "AB" for n in (50, 60)]
    learnt += [("C", "training", 45, "hours"), ("C", "self_study", 50000, "characters")]
    rows = [f"{p}{n},{p},2016-05-05,{form},{n},{unit},c,passed{cells.format(n)}" for p, form, n, unit in learnt]
    header = f"record_id,person_id,date,form,quantity,unit,evidence,result{columns}"
    (world / "own.csv").write_text("\n".join((header, *rows, "")), encoding="utf-8")
    law, files = load_law(world / "policies/shire"), Files((str(world / "own.csv"),))
    who = "1 person" if people == 1 else f"{people} people"
    en = f"what is open for {who} turns on facts that none of the records gives ({facts}); "
    names = "、".join(NAMED[fact] for fact in facts.split(", ") if fact)
    zh = f"{people} 人的结论取决于所有记录均未写明的情况（{names}），"
    for engine, format in (("reference", "csv"), ("duckdb", compiled)):
        tally = evaluate_into(law, files, str(tmp_path / f"{engine}-{format}"), Wish(format), engine=engine)
        for language, warning in (("en", f"warning: {en}"), ("zh", f"警告：{zh}")):
            speak(language)
            try:
                said = [line for line in summary_lines(tally) if line.startswith(warning)]
            finally:
                speak("en")
            assert len(said) == (people > 0), (engine, format, language)
        assert (tally.unsaid is None) == (people == 0)


# A had 30 hours in 2015 or 2016, and 30 more in 2016. A rule besides the 90 hours a year; the day of the first record;
# what is asked; from when on the warning says that the rule looks back (empty: there is none).
LOOKING_BACK = [
    ("require total at least 100 hours in any 3 years", "2016-03-05", "2016", "2014-01-01"),
    ("expect total at least 100 hours in any 3 years", "2016-03-05", "2016", "2014-01-01"),
    ("require total at least 100 hours in any 3 years", "2015-12-31", "2015..2016", "2013-01-01"),  # said once
    ("require total at least 100 hours in any 2 years", "2015-12-31", "2016", ""),
    ("require total at least 60 hours in any 3 years", "2016-03-05", "2016", ""),  # met whatever was before
    ("require total at most 60 hours in any 3 years", "2016-03-05", "2016", "2014-01-01"),  # kept by what is there
    ("require total at least 100 hours per 3 years starting 2015", "2016-03-05", "2015..2017", "2015-01-01"),
    ("require total at least 100 hours per 3 years starting 2016", "2016-03-05", "2016..2018", ""),
    ("require total at least 100 hours within 24 months of joined", "2016-03-05", "2016", "2014-06-01"),
    ("require total at least 95 hours per year", "2016-03-05", "2016", ""),
    ("conclude not_excellent when not met for 2 years running", "2016-03-05", "2016", "2015-01-01"),
    ("conclude not_excellent when not met for 2 years running", "2015-12-31", "2016", ""),
    ("conclude not_excellent when not met for 3 years running", "2015-12-31", "2015..2016", "2013-01-01"),
    ("conclude not_excellent when met in each of last 3 years", "2015-12-31", "2016", "2014-01-01"),
    ("conclude not_excellent when annual-hours not met for 2 years running", "2016-03-05", "2016", "2015-01-01"),
    ("conclude not_excellent when not met for 2 of last 5 years", "2016-03-05", "2016", "2012-01-01"),
    ("conclude not_excellent when annual-hours not met for 2 of last 3 years", "2016-03-05", "2016", "2014-01-01"),
    ("conclude not_excellent when annual-hours met in each of last 3 years", "2016-03-05", "2016", "2014-01-01"),
    ("conclude not_excellent when annual-hours not met", "2016-03-05", "2016", ""),
]


CYCLE = "require total at least 20 hours per 2 years starting {}"
CYCLES_BACK = [
    # cycles of two years from which year on; in force from; how many are looked at; the first of those with cycles
    (2011, None, 2, 2013),
    (2011, None, 3, 2011),
    (2013, None, 3, 2013),
    (2011, 2015, 3, 2015),
    (2011, 2014, 3, 2013),  # the one that ends then is required
]


@pytest.mark.parametrize(("starting", "since", "many", "first"), CYCLES_BACK)
def test_cycles_that_begin_before_the_first_record(starting: int, since: int | None, many: int, first: int) -> None:
    """The conclusion belongs to the cycles alone: 2015..2016, and neither to 2016 nor to a block of another one."""
    made = plan(
        rule("cycle", CYCLE.format(starting), start=since),
        rule("annual", "require total at least 9 hours per year"),
        rule("other", "require total at least 9 hours per 3 years starting 2014"),
        rule("c", f"conclude not_excellent when cycle not met for {many} cycles running"),
    )
    periods = ["2016", "2014..2016", "2015..2016"]
    assert list(looking_back([made], periods)) == [(made.policy, "base/c", date(first, 1, 1), date(2016, 12, 31))]


COMPILED = (("csv", "zh"), ("parquet", "en"))  # in turn: both have rules that look back, and some that don't
TOGETHER = sorted({(first, period) for _, first, period, _ in LOOKING_BACK})


@pytest.mark.parametrize(
    ("first", "period", "compiled"), [(*asked, COMPILED[n % 2]) for n, asked in enumerate(TOGETHER)]
)
def test_windows_that_begin_before_the_first_record(
    first: str, period: str, compiled: tuple[str, str], tmp_path: Path
) -> None:
    """Each rule is told of by itself, so all that are asked of the same years stand in one pack."""
    world = write_world(tmp_path)
    since = {f"long{n}": day for n, (_, *asked, day) in enumerate(LOOKING_BACK) if asked == [first, period]}
    with (world / "policies/shire/rules.yaml").open("a", encoding="utf-8") as rules:
        for name in since:
            text = LOOKING_BACK[int(name.removeprefix("long"))][0]
            rules.write(f"- {{id: {name}, cites: {{source: act, at: art. 8}}, rule: '{text}'}}\n")
    rows = [f"{n},A,{day},training,30,hours,c" for n, day in enumerate((first, "2016-09-09"))]
    text = "\n".join(("record_id,person_id,date,form,quantity,unit,evidence", *rows, ""))
    (world / "own.csv").write_text(text, encoding="utf-8")
    (world / "people.csv").write_text("person_id,joined\nA,2014-06-01\n", encoding="utf-8")
    law, files = load_law(world / "policies/shire"), Files((str(world / "own.csv"),), str(world / "people.csv"))
    warnings = {
        "en": f"warning: shire/{{}} looks back to {{}}, but the first record is of {first}: ",
        "zh": "警告：shire/{} 自 {} 起计算，",
    }
    for engine, format, language in (("reference", "csv", "en"), ("reference", "csv", "zh"), ("duckdb", *compiled)):
        speak(language)
        try:
            out = str(tmp_path / f"{engine}-{format}-{language}")
            tally = evaluate_into(law, files, out, Wish(format), labelled(period), engine=engine)
            said = [line for line in summary_lines(tally) if "shire/long" in line]
        finally:
            speak("en")
        for name, day in since.items():
            about = [line for line in said if f"shire/{name} " in line]
            wanted = [True] * bool(day)
            assert [line.startswith(warnings[language].format(name, day)) for line in about] == wanted, (engine, name)


@pytest.mark.parametrize(
    ("language", "whom"),
    [("en", "joined is missing; sector = milling: "), ("zh", "“缺 入职日期；行业 = 磨坊”")],
)
def test_the_conditions_of_all_packs_of_one_policy_are_told(language: str, whom: str, tmp_path: Path) -> None:
    world = write_world(tmp_path)
    pack = world / "policies/shire/pack.yaml"
    text = pack.read_text(encoding="utf-8").replace("applies: null", "applies: joined is missing")
    pack.write_text(text, encoding="utf-8")
    speak(language)
    try:
        said = evaluate_files(load_law(world / "policies/mill"), Files((str(world / "records.csv"),))).notes
    finally:
        speak("en")
    assert [whom in note for note in said] == [True]


PERSONS_FILE = [
    (None, "a persons file can say them: --persons", "可用 --persons 给出人员文件"),
    ("person_id,name\nA,Ann\n", "the persons file can say them, each in a column", "可在人员文件中补充"),
]


@pytest.mark.parametrize(("persons", "en", "zh"), PERSONS_FILE)
def test_facts_of_people_that_are_not_known(persons: str | None, en: str, zh: str, tmp_path: Path) -> None:
    """By their names in the language spoken, with a next step that fits the files given."""
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    more = "- {id: more, cites: {source: act, at: art. 8}, rule: 'require total at least 10 hours per year when %s'}\n"
    more %= "employer_kind = guild"
    pack = world / "policies/shire/pack.yaml"
    text = pack.read_text(encoding="utf-8").replace("    sector:", "    employer_kind: {guild: 行会}\n    sector:")
    pack.write_text(text, encoding="utf-8")
    rules.write_text(rules.read_text(encoding="utf-8").replace("90 hours", "5 hours") + more, encoding="utf-8")
    records = "record_id,person_id,date,form,quantity,unit,evidence\nR1,A,2016-05-05,training,8,hours,c\n"
    (world / "own.csv").write_text(records, encoding="utf-8")
    if persons is not None:
        (world / "people.csv").write_text(persons, encoding="utf-8")
    files = Files((str(world / "own.csv"),), str(world / "people.csv") if persons is not None else None)
    law = load_law(world / "policies/shire")
    for engine in ("reference", "duckdb"):
        tally = evaluate_into(law, files, str(tmp_path / engine), Wish("csv"), engine=engine)
        for language, said in (
            ("en", f"1 person turns on facts of theirs that are not known (employer kind); {en}"),
            ("zh", f"1 人的结论取决于不详的人员情况（单位性质），{zh}"),
        ):
            speak(language)
            try:
                assert [line for line in summary_lines(tally) if line.endswith(said)], (engine, language)
            finally:
                speak("en")


MEANT = [
    ("sector = milling", True, "3 people are others, of 1 person it is not known"),
    ("sector = milling", False, "of 4 people it is not known"),
    ("grade at least 2.5", True, "1 person is another, of 3 people it is not known"),
    ("joined is missing", True, None),
    ("null", True, None),
]


@pytest.mark.parametrize(("applies", "persons", "said"), MEANT)
def test_one_pack_judges_also_whom_it_is_not_for(applies: str, persons: bool, said: str | None, tmp_path: Path) -> None:
    """Ben is a miller, of Dan no sector is known; E5 stands in the persons file alone. Ben's grade is 2.5, Ann's 2."""
    world = write_world(tmp_path)
    pack = world / "policies/mill/pack.yaml"
    grade = "fields: {person: {grade: {zh: 等级, type: number, min: 0, max: 9, decimals: 1}}}\n"
    text = pack.read_text(encoding="utf-8").replace("applies: sector = milling", f"applies: {applies}")
    pack.write_text(text + grade, encoding="utf-8")
    given = world / "persons.csv"
    head, ann, ben, *others = given.read_text(encoding="utf-8").splitlines()
    rows = [f"{head},grade", f"{ann},2", f"{ben},2.5", *(f"{line}," for line in others)]
    given.write_text("\n".join(rows), encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(given) if persons else None)
    wish = Wish("csv")
    for folder in both(str(world / "policies/mill"), files, wish, tmp_path, periods=(2016, 2016)):
        notes = manifest(folder)["warnings"].get("notes", [])
        told = [n.partition("; ")[0] for n in notes if n.startswith("mill is for")]
        assert told == ([f"mill is for those of whom it holds that {applies}: {said}"] if said else [])
        mend = ["the persons file can say it (--persons)" in n for n in notes if n.startswith("mill is for")]
        assert mend == (["not known" in said] if said else [])
