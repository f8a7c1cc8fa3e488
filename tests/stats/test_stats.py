"""Tables worked by hand on a county of eight people; sums agree with decisions and ledger; small cells stay hidden."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import shutil
from fractions import Fraction
from pathlib import Path
from typing import IO

import openpyxl
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from policyengine.cli import main
from policyengine.diagnostics import PolicyError
from policyengine.messages import speak
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.report.sheets import Workbook
from policyengine.tools.result.formats import text_of
from policyengine.tools.result.result import save
from policyengine.tools.result.tables import Column, Table
from policyengine.tools.result.write import digest, manifest_bytes
from policyengine.tools.stats.make import Statistics, statistics
from policyengine.tools.stats.origin import Named
from policyengine.tools.stats.render import print_tables
from policyengine.tools.stats.suppress import suppressed
from policyengine.tools.stats.words import TITLES, Words, sheet_of
from tests.stats.conftest import judged


def rows(made: Statistics, table: str, *columns: str) -> list[str]:
    """The rows of a table as texts, the cells of ``columns`` joined by spaces; ``-`` for nothing."""
    found = next(t for t in made.tables if t.name == table)
    places = [found.names.index(c) for c in columns]
    return [" ".join(text_of(row[p]) or "-" for p in places) for row in found.rows]


@pytest.fixture(scope="session", params=["csv", "parquet", "jsonl", "xlsx"])
def made(request: pytest.FixtureRequest, of_2016: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    """The statistics of 2016, read from every format."""
    return statistics([str(save(of_2016, tmp_path_factory.mktemp("r") / "out", request.param))])


def test_people_hours_and_funds(made: Statistics) -> None:
    """A1: 30 + 100/45 + 10 of 16 (cap) = 380/9; A2, A3: 40; A4: 39; A5: 80; A6: no proof; A7: 41; A8 excused."""
    columns = ("period", "people", "met", "not_met", "excused", "completion_percent", "hours", "mean_hours", "cost")
    assert rows(made, "overall", *columns) == ["2016 8 5 2 1 71.43 2540/9 35.28 1233"]
    assert rows(made, "overall", "professional_hours", "public_hours", "activities", "counted_activities") == [
        "1820/9 80 9 8"
    ]


def test_by_facts_of_people(made: Statistics) -> None:
    columns = ("people", "met", "not_met", "excused", "hours", "activities", "cost")
    assert rows(made, "by-region", "region", *columns) == [
        "north 4 3 0 1 1109/9 5 222", "south 3 2 1 0 159 3 1010", "- 1 0 1 0 0 1 1",
    ]  # fmt: skip
    assert rows(made, "by-sector", "sector", *columns) == [
        "farming 4 3 0 1 1100/9 5 230", "milling 3 1 2 0 119 3 1001", "- 1 1 0 0 41 1 2",
    ]  # fmt: skip
    assert rows(made, "by-employer", "employer", "people") == ["Farm 4", "Mill 3", "- 1"]
    assert rows(made, "by-outcome", "outcome", "people", "hours") == [
        "excused 1 0", "met 5 2189/9", "not_met 2 39",
    ]  # fmt: skip


def test_by_facts_of_activities(made: Statistics) -> None:
    assert rows(made, "by-form", "form", "people", "activities", "counted_activities", "hours", "cost") == [
        "lecture 1 1 1 10 0", "training 7 8 7 2450/9 1233",
    ]  # fmt: skip
    assert rows(made, "funds", "paid_by", "people", "activities", "cost") == [
        "employer_pays 1 1 99.5", "person_pays 2 2 22", "society 1 1 10", "state 3 3 1101.5", "- 2 2 0",
    ]  # fmt: skip


def test_providers_and_bases(made: Statistics) -> None:
    """Old Mill is a base until 30 June: A3's training of 15 July was not at a base. Of six results one failed."""
    columns = ("people", "activities", "hours", "passed", "failed", "pass_percent")
    assert rows(made, "providers", "provider", "listed", *columns) == [
        "New Mill - 5 6 1550/9 4 1 80", "Old Mill - 1 1 40 1 0 100", "Old Mill bases 2 2 70 2 0 100",
    ]  # fmt: skip
    assert rows(made, "bases", "listed", "activities") == ["- 7", "bases 2"]


def test_a_list_by_years_is_asked_for_the_policys_year(county: Path, tmp_path: Path) -> None:
    """Where years begin in September all activities from March to July 2016 are of 2015, the year of the list."""
    shutil.copytree(county, tmp_path / "county")
    pack = tmp_path / "county" / "policies" / "county"
    text = (pack / "pack.yaml").read_text(encoding="utf-8").replace("year_starts: 01-01", "year_starts: 09-01")
    text = text.replace("from: {role: from}, until: {role: until}", "year: {role: year}")
    (pack / "pack.yaml").write_text(text, encoding="utf-8")
    (pack / "tables" / "bases.csv").write_text("name,year\nOld Mill,2015\n", encoding="utf-8")
    made = statistics([str(save(judged(tmp_path / "county", 2015, 2015), tmp_path / "out"))])
    assert rows(made, "bases", "listed", "activities") == ["- 6", "bases 3"]


def test_a_provider_that_is_not_known(county: Path, tmp_path: Path) -> None:
    """It is not said to stand in no list, and is a group of its own, in figures and in words."""
    shutil.copytree(county, tmp_path / "county")
    with open(tmp_path / "county" / "records.csv", "a") as file:
        file.write("R20,A7,2016-05-15,training,professional,Law,8,hours,c20,passed,,,\n")
    made = statistics([str(save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out"))])
    bases, providers = (next(t for t in made.tables if t.name == name) for name in ("bases", "providers"))
    assert [(r[1], r[3], r[4]) for r in bases.rows] == [("-", 6, 7), ("bases", 2, 2), (None, 1, 1)]
    assert [r[1:3] for r in providers.rows][-1] == (None, None)
    words = Words(made.labels)
    speak("zh")
    try:
        cells = [{"provider": r[1], "listed": r[2]} for r in providers.rows]
        told = [[words.cell(n, v) for n, v in row.items()] for row in cells]
    finally:
        speak("en")
    assert told == [["New Mill", "不在名单"], ["Old Mill", "不在名单"], ["Old Mill", "bases"], ["不详", "不详"]]


def test_distribution(made: Statistics) -> None:
    assert rows(made, "hours-distribution", "band", "people") == [
        "0 2", "3/4 to all 1", "all to double 4", "double or more 1",
    ]  # fmt: skip
    assert rows(made, "hours-quantiles", "least", "quartile_1", "median", "most") == ["0 0 40 80"]


def test_any_grouping(of_2016: Evaluation, tmp_path: Path) -> None:
    made = statistics([str(save(of_2016, tmp_path / "out"))], [["region", "form"], ["kind"], ["reason"]])
    assert rows(made, "by-region-form", "region", "form", "activities") == [
        "north lecture 1", "north training 4", "south training 3", "- training 1",
    ]  # fmt: skip
    assert rows(made, "by-kind", "employer_kind", "people") == ["- 8"]
    assert rows(made, "by-reason", "reason", "activities") == ["capped 1", "counted 7", "rejected 1"]
    with pytest.raises(PolicyError, match=r"PE534(.|\n)*region"):
        statistics([str(tmp_path / "out")], [["regoin"]])


@pytest.mark.parametrize(
    ("fact", "language", "told"),
    [
        ("reason", "en", "reason: counted, cut by a cap, not recognised"),
        ("reason", "zh", "原因: 不予认定, 计入, 限额扣减"),
        ("cap_rule", "en", "cap rule: county/lecture-cap, none or not known"),
        ("cap_rule", "zh", "扣减规则: county/lecture-cap, 无或不详"),
    ],
)
def test_reasons_and_rules_are_told_in_words(out: str, fact: str, language: str, told: str) -> None:
    """A record that no cap cut was said to be of an unknown one; in Chinese, reasons were the ledger's ids."""
    shown = run("stats", out, "--by", fact, "--lang", language).splitlines()
    assert shown[0].rstrip() == {"en": f"by {fact.replace('_', '-')}", "zh": f"按{told.partition(':')[0]}"}[language]
    head, *cells = [re.split("[┃│]", line)[2].strip() for line in shown if "┃" in line or "│" in line]
    assert f"{head}: {', '.join(sorted(cells))}" == told


def test_sums_agree_with_decisions_and_ledger(of_2016: Evaluation, made: Statistics) -> None:
    hours = sum((e.counted for e in of_2016.result.ledger if e.period), Fraction(0))
    assert hours == sum((d.total for d in of_2016.result.decisions), Fraction(0))
    for table in made.tables:
        if "hours" in table.names:
            assert sum(r[table.names.index("hours")] for r in table.rows) == hours, table.name
        if table.name.startswith("by-") and "activities" in table.names:
            assert sum(r[table.names.index("activities")] for r in table.rows) == 9, table.name


def test_several_years(of_2016: Evaluation, of_2017: Evaluation, tmp_path: Path) -> None:
    one, other = save(of_2016, tmp_path / "one", "parquet"), save(of_2017, tmp_path / "other")
    made = statistics([str(one), str(other)])
    assert rows(made, "overall", "period", "people", "hours") == ["2016 8 2540/9", "2017 8 8"]
    again = save(of_2017, tmp_path / "again", "parquet")
    with pytest.raises(PolicyError, match=r"PE532(.|\n)*A1|PE532(.|\n)*A\*"):
        statistics([str(other), str(again)])
    for same in (other, other / ".." / "other"):  # “other and other both decide …” named two that are one
        with pytest.raises(PolicyError, match=r"PE532: this result is named twice(.|\n)*name it once"):
            statistics([str(other), str(same)])


@pytest.mark.parametrize("declared", ["type: text", "type: date", "type: term", "type: yes_no"])
def test_a_cost_that_is_no_number_is_not_added_up(declared: str, county: Path, tmp_path: Path) -> None:
    """A pack says what its column ``cost`` is; where that is no amount of money there are no costs, and no failure."""
    from policyengine.tools.publish.publish import publish

    shutil.copytree(county, tmp_path / "county")
    pack, records = tmp_path / "county" / "policies" / "county" / "pack.yaml", tmp_path / "county" / "records.csv"
    text = pack.read_text("utf-8").replace("type: number, unit: yuan, min: 0, max: 1000000, decimals: 2", declared)
    pack.write_text(text.replace("    circumstance:", "    cost: {low: 低}\n    circumstance:", "term" in declared))
    said = {"type: text": "some", "type: date": "2016-01-01", "type: term": "low", "type: yes_no": "yes"}[declared]
    head, *lines = (line.split(",") for line in records.read_text("utf-8").splitlines())
    records.write_text("\n".join(",".join(row) for row in [head, *([*r[:11], said, r[12]] for r in lines), []]))
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    made = statistics([str(out)])
    assert rows(made, "overall", "activities", "hours") == ["9 2540/9"]
    assert [t.name for t in made.tables if "cost" in t.names] == []
    assert publish(out, str(tmp_path / "status.duckdb")).notes == ()


@pytest.fixture(scope="session")
def asked_more(county: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A result of records that say besides whether they were online and which part the person paid."""
    there = tmp_path_factory.mktemp("more") / "county"
    shutil.copytree(county, there)
    pack, records, persons = there / "policies" / "county" / "pack.yaml", there / "records.csv", there / "persons.csv"
    fields = "    online: {zh: 网上, type: yes_no}\n    share: {zh: 自付, type: number, min: 0, max: 1, decimals: 4}\n"
    fields += "    paid: {zh: 已付, type: yes_no}\n    person: {zh: 本人, type: yes_no}\n"  # as columns made here
    fields += "    people: {zh: 全班, type: number, min: 0, max: 99, decimals: 0}\n"  # and as those of the tables
    fields += "  person:\n    new_here: {zh: 新任, type: yes_no}\n    person_no: {zh: 有号, type: yes_no}\n"
    fields += "    mean_hours: {zh: 均值, type: yes_no}\n    met: {zh: 见过, type: yes_no}\nquantities:"
    pack.write_text(pack.read_text("utf-8").replace("quantities:", fields), "utf-8")
    for file, head, said in (
        (
            records,
            ",online,share,paid,person,people",
            {"R01": ",yes,0.50,yes,yes,7", "R02": ",no,0.5,,,", "R04": ",,1.0000,no,,"},
        ),
        (persons, ",new_here,person_no,mean_hours,met", {"A1": ",yes,yes,yes,yes", "A2": ",no,,,"}),
    ):
        first, *lines = file.read_text("utf-8").splitlines()
        rest = [line + said.get(line.split(",")[0], "," * head.count(",")) for line in lines]
        file.write_text("\n".join([first + head, *rest, ""]), "utf-8")
    return str(save(judged(there, 2016, 2016), there.parent / "out"))


def test_by_facts_that_a_pack_declares(asked_more: str) -> None:
    """As results write them: yes and no (not true and false), figures without trailing zeros; in words for people."""
    made = statistics([asked_more], [("online",), ("share",), ("new_here",), ("quantity",), ("evidence",)])
    assert rows(made, "by-evidence", "evidence", "activities")[:3] == ["c1 1", "c10 1", "c2 1"]  # a text, no figure
    assert rows(made, "by-online", "online", "activities", "hours") == ["no 1 20/9", "yes 1 30", "- 7 250"]
    assert rows(made, "by-share", "share", "people", "activities") == ["0.5 1 2", "1 1 1", "- 6 6"]
    assert rows(made, "by-new-here", "new_here", "people", "hours") == ["no 1 40", "yes 1 380/9", "- 6 200"]
    assert " ".join(rows(made, "by-quantity", "quantity")) == "8 16 30 39 40 41 80 100"
    shown = run("stats", asked_more, "--by", "online,share", "--lang", "zh").splitlines()
    assert shown[0].rstrip() == "按网上、自付"
    cells = [[c.strip() for c in line.split("│")[2:4]] for line in shown if "2016" in line]
    assert cells[:2] == [["否", "0.5"], ["是", "0.5"]]


@pytest.mark.parametrize(
    "fact", ["cost", "counted", "paid", "person", "person_no", "_row", "record_id", "people", "met", "mean_hours"]
)
def test_what_tables_add_up_is_no_group(fact: str, asked_more: str) -> None:
    """By cost the program failed; by counted the groups were named by whole ticks, 1350 for 30 hours; by a fact called
    person by its own numbers of people; by one called as a column of figures two columns had one name, of which JSON
    kept one."""
    told = run("stats", asked_more, "--by", fact, code=2)
    assert "PE534" in told
    assert f" {fact}," not in told.partition("hint: ")[2]


@pytest.mark.parametrize(
    ("given", "english", "chinese"),
    [
        ("cost", "cost is added up in the tables; nothing is grouped by it\n  hint: there are: period,",
         "“cost”在各表中汇总，不能据以分组\n  提示：可用：period（年度）、"),
        ("人数", "人数 is added up in the tables", "“人数”在各表中汇总"),
        ("地区", "by 地区 here\n  hint: did you mean region? there are:", "“地区”分组\n  提示：是不是 region？可用："),
        ("网上", "did you mean online?", "是不是 online？"),  # as the pack calls it
        ("x", "by x here\n  hint: there are: period, policy,", "region（地区）、"),
    ],
)  # fmt: skip
def test_what_can_be_grouped_by_is_told_by_its_names(given: str, english: str, chinese: str, asked_more: str) -> None:
    """A column that is added up, and the Chinese names, which the files and the tables themselves have."""
    assert english in run("stats", asked_more, "--by", given, code=2)
    assert chinese in run("stats", asked_more, "--by", given, "--lang", "zh", code=2)


def test_all_that_can_be_grouped_by_is_named(asked_more: str) -> None:
    told = run("stats", asked_more, "--by", "onlin", code=2)
    assert "did you mean online?" in told
    assert all(f" {fact}" in told for fact in ("new_here,", "share,", "title,", "reason,", "region,"))
    assert " cost" not in told
    assert told.count(" form,") == 1


def test_a_measure_called_unit_is_no_unit(county: Path, tmp_path: Path) -> None:
    shutil.copytree(county, tmp_path / "county")
    folder = tmp_path / "county" / "policies" / "county"
    text = (folder / "pack.yaml").read_text("utf-8")
    (folder / "pack.yaml").write_text(text.replace("  conclusions:", "  measures: {unit: 单位内}\n  conclusions:"))
    with open(folder / "rules.yaml", "a") as file:
        file.write("- id: unit\n  cites: {source: act, at: art. 8}\n  rule: 'measure unit: hours of training'\n")
    made = statistics([str(save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out"))])
    assert rows(made, "overall", "period", "unit", "people", "hours") == ["2016 hours 8 2540/9"]


def test_a_block_of_years_beside_the_years(county: Path, tmp_path: Path) -> None:
    """An activity is told under its year, not once more under the block, in every table."""
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    with open(tmp_path / "county" / "policies" / "county" / "rules.yaml", "a") as file:
        file.write("- id: both\n  cites: {source: act, at: art. 8}\n")
        file.write("  rule: require total at least 60 hours per 2 years starting 2016\n")
    out = str(save(judged(tmp_path / "county", 2016, 2017), tmp_path / "out"))
    made = statistics([out])
    assert rows(made, "overall", "period", "activities", "counted_activities", "cost", "hours") == [
        "2016 9 8 1233 2540/9", "2016..2017 0 0 0 2612/9", "2017 1 1 1 8",
    ]  # fmt: skip
    assert rows(made, "by-region", "period", "region", "activities", "cost") == [
        "2016 north 5 222", "2016 south 3 1010", "2016 - 1 1",
        "2016..2017 north 0 0", "2016..2017 south 0 0", "2016..2017 - 0 0",
        "2017 north 0 0", "2017 south 0 0", "2017 - 1 1",
    ]  # fmt: skip
    assert rows(made, "by-form", "period", "form", "activities", "cost") == [
        "2016 lecture 1 0", "2016 training 8 1233", "2017 training 1 1",
    ]  # fmt: skip
    apart = [str(save(judged(tmp_path / "county", year, year), tmp_path / str(year))) for year in (2016, 2017)]
    for folders in (apart, apart[::-1]):  # the block stands with 2017, whose ledger has the rows of 2016 as well
        assert statistics(folders).tables == made.tables


def test_an_activity_that_counts_in_two_years_is_paid_for_in_the_first(county: Path, tmp_path: Path) -> None:
    """Its 500 yuan are told in 2016, also where each year has a result of its own. R21
    counts in 2017 alone."""
    from policyengine.tools.publish.publish import publish
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    with open(tmp_path / "county" / "policies" / "county" / "rules.yaml", "a") as file:
        file.write("- id: split\n  cites: {source: act, at: art. 9}\n  rule: assign training split by days\n")
    lines = (tmp_path / "county" / "records.csv").read_text("utf-8").splitlines()
    head, *rest = (line.split(",") for line in lines)
    dated = [",".join([*r[:2], r[2], *r[2:]]) for r in rest]
    fair = "A5,2016-12-31,2017-01-01,training,professional,Fair,10,hours,c20,passed,New Mill,500,state"
    late = "A5,2017-01-01,2017-01-01,training,professional,Fair,10,hours,c21,passed,New Mill,30,state"
    text = [",".join([*head[:2], "start", "end", *head[3:]]), *dated, f"R20,{fair}", f"R21,{late}"]
    (tmp_path / "county" / "records.csv").write_text("\n".join(text) + "\n", "utf-8")
    out, *apart = (
        str(save(judged(tmp_path / "county", first, last), tmp_path / f"{first}-{last}"))
        for first, last in ((2016, 2017), (2016, 2016), (2017, 2017))
    )
    made = statistics([out])
    assert rows(made, "overall", "period", "activities", "cost") == ["2016 10 1733", "2017 3 31"]
    to = str(tmp_path / "status.duckdb")
    for folder in apart:
        publish(folder, to)
    for places in (apart, apart[::-1], [to]):
        assert statistics(places).tables == made.tables


@pytest.mark.parametrize("lacking", [("cost",), ("paid_by",), ("result", "cost", "paid_by")])
@pytest.mark.parametrize("how", ["no column", "empty cells", "said of another year"])
def test_what_no_record_says_is_not_0(lacking: tuple[str, ...], how: str, county: Path, tmp_path: Path) -> None:
    """A status database has a column for each, whatever was published, and so have the forms that are filled in:
    nothing was spent then, passed or failed, it said."""
    from policyengine.tools.publish.publish import publish
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    records = tmp_path / "county" / "records.csv"
    head, *lines = (line.split(",") for line in records.read_text("utf-8").splitlines())
    kept = [at for at, name in enumerate(head) if name not in lacking]
    assert len(kept) == len(head) - len(lacking)
    rows = [row for row in lines if row != [""]]
    if how == "no column":
        rows = [[row[at] for at in kept] for row in (head, *rows)]
    else:
        silent = [row for row in rows if how == "empty cells" or row[head.index("date")].startswith("2016")]
        assert len(silent) < len(rows) or how == "empty cells"
        rows = [head, *([c if at in kept or r not in silent else "" for at, c in enumerate(r)] for r in rows)]
    records.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
    out, to = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out"), str(tmp_path / "status.duckdb")
    made = statistics([str(out)])
    assert ("cost" in made.tables[0].names) is ("cost" not in lacking)
    publish(out, to)
    assert statistics([to]).tables == made.tables


def test_without_the_files(of_2016: Evaluation, county: Path, tmp_path: Path) -> None:
    """What the result itself says is told, and why the rest is not; files that moved can be named."""
    moved = tmp_path / "county"
    shutil.copytree(county, moved)
    from tests.stats.conftest import judged

    out = str(save(judged(moved, 2016, 2016), tmp_path / "out"))
    moved.rename(tmp_path / "elsewhere")
    made = statistics([out])
    assert [n.code for n in made.notes] == ["PE530"]
    assert str(made.notes[0].hint).endswith("; name the files with --records, --persons, --policy and --mapping")
    assert rows(made, "overall", "people", "hours") == ["8 2540/9"]
    assert rows(made, "by-form", "form", "activities") == ["lecture 1", "training 8"]
    assert not [t.name for t in made.tables if t.name in ("by-region", "providers", "funds")]
    with pytest.raises(PolicyError, match=r"PE534.*region here; .*: not what this result was made from, or not here"):
        statistics([out], [["region"]])
    there = tmp_path / "elsewhere"
    named = Named((str(there / "records.csv"),), str(there / "persons.csv"), str(there / "policies" / "county"))
    assert rows(statistics([out], named=named), "by-region", "region", "people")[0] == "north 4"
    with open(there / "records.csv", "a") as file:
        file.write("R99,A1,2016-03-14,training,professional,Soils,30,hours,c1,passed,Old Mill,100.50,state\n")
    with pytest.raises(PolicyError, match="PE531"):
        statistics([out], named=named)
    for rules in ("[]", "- id: broken"):  # where a pack is at fault, nothing is said of its file
        (there / "policies" / "county" / "rules.yaml").write_text(rules)
        with pytest.raises(PolicyError, match=r"PE531: [^:]*county: not what this result was made from, or not here\n"):
            statistics([out], named=named)


def test_facts_are_read_by_the_mapping_file_that_was_given(county: Path, tmp_path: Path) -> None:
    """If it was amended (another column is the region), nothing is told of regions; moved, it can be named."""
    persons, mapping, moved = (tmp_path / name for name in ("persons.csv", "mapping.yaml", "moved.yaml"))
    header, *lines = (county / "persons.csv").read_text(encoding="utf-8").splitlines()
    head = header.replace("region", "home") + ",born in"
    persons.write_text("\n".join([head, *(f"{x},south" for x in lines)]), "utf-8")
    mapping.write_text("columns: {region: home}", "utf-8")
    files = Files((str(county / "records.csv"),), str(persons), mapping=str(mapping))
    law = load_law(county / "policies" / "county")
    for engine in ("reference", "duckdb"):
        mapping.write_text("columns: {region: home}", "utf-8")
        out = str(save(evaluate_files(law, files, (2016, 2016), engine=engine), tmp_path / engine))
        assert rows(statistics([out]), "by-region", "region", "people")[0] == "north 4"
        mapping.write_text("columns: {region: born in}", "utf-8")
        made = statistics([out])
        assert [n.message for n in made.notes] == [f"{mapping}: not what this result was made from, or not here"]
        assert "by-region" not in [t.name for t in made.tables]
        mapping.unlink()
        moved.write_text("columns: {region: home}", "utf-8")
        named = statistics([out], named=Named(mapping=str(moved)))
        assert rows(named, "by-region", "region", "people")[0] == "north 4"
        moved.write_text("columns: {region: born in}", "utf-8")
        with pytest.raises(PolicyError, match="PE531"):
            statistics([out], named=Named(mapping=str(moved)))


@pytest.mark.parametrize("named", ["given", "given/*"])
def test_circumstances_in_a_folder_are_no_records(county: Path, tmp_path: Path, named: str) -> None:
    """The manifest called every file of a folder or a pattern one of records: statistics missed it among these."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "leave.csv").write_text("person_id,kind,from,until\n", "utf-8")
    files = Files((str(county / "records.csv"),), str(county / "persons.csv"), str(tmp_path / named))
    out = save(evaluate_files(load_law(county / "policies" / "county"), files, (2016, 2016)), tmp_path / "out")
    made = statistics([str(out)])
    assert made.notes == ()
    assert rows(made, "by-region", "region", "people")[0] == "north 4"
    inputs = json.loads((out / "manifest.json").read_bytes())["inputs"]
    assert {Path(i["file"]).name: i["role"] for i in inputs} == {
        "records.csv": "records", "persons.csv": "persons", "leave.csv": "circumstances",
    }  # fmt: skip


@pytest.mark.parametrize("engine", ["reference", "duckdb"])
def test_one_workbook_for_all(county: Path, tmp_path: Path, engine: str) -> None:
    """The manifest called it a file of circumstances alone, and nothing was told of regions."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("records", "persons", "circumstances"):
        sheet = book.create_sheet(name)
        for row in csv.reader((county / f"{name}.csv").read_text(encoding="utf-8").splitlines()):
            sheet.append(row)
    path = str(tmp_path / "all.xlsx")
    book.save(path)
    law, files = load_law(county / "policies" / "county"), Files((path,), path, path)
    out = str(save(evaluate_files(law, files, (2016, 2016), engine=engine), tmp_path / "out"))
    inputs = json.loads((tmp_path / "out" / "manifest.json").read_bytes())["inputs"]
    assert [i["role"] for i in inputs] == ["records", "persons", "circumstances"]
    assert rows(statistics([out]), "by-region", "region", "people")[0] == "north 4"


def test_without_a_persons_file(county: Path, tmp_path: Path) -> None:
    files = Files((str(county / "records.csv"),))
    out = save(evaluate_files(load_law(county / "policies" / "county"), files, (2016, 2016)), tmp_path / "out")
    with pytest.raises(PolicyError, match=r"PE534.*region here; facts of people take a persons file"):
        statistics([str(out)], [["region"]])


def test_without_a_ledger(of_2016: Evaluation, of_2017: Evaluation, tmp_path: Path) -> None:
    """No column of activities, no table by their facts, and a note; beside a result that has them, no figure."""
    bare = str(save(of_2016, tmp_path / "bare", "csv", "none"))
    made = statistics([bare])
    assert [(n.code, n.severity) for n in made.notes] == [("PE530", "note")]
    assert [t.name for t in made.tables] == [
        "overall", "hours-distribution", "hours-quantiles", "by-region", "by-sector", "by-employer-kind",
        "by-title-level", "by-outcome", "by-employer",
    ]  # fmt: skip
    assert not {"activities", "counted_activities", "cost"} & {n for t in made.tables for n in t.names}
    assert rows(made, "overall", "people", "hours") == ["8 2540/9"]
    full = str(save(of_2017, tmp_path / "full"))
    columns = ("period", "people", "activities", "counted_activities", "cost")
    assert rows(statistics([bare, full]), "overall", *columns) == ["2016 8 - - -", "2017 8 1 1 1"]


def test_small_cells() -> None:
    """One small group: the next smallest goes too, so that it can't be found from the total; small counts within."""
    names = ("period", "region", "people", "met", "not_met", "completion_percent", "hours")
    kinds = ("text", "text", "whole", "whole", "whole", "figure", "figure")
    columns = tuple(Column(n, k) for n, k in zip(names, kinds, strict=True))
    table = Table("t", columns, [
        ("2016", "a", 2, 2, 0, Fraction(100), Fraction(9)),
        ("2016", "b", 6, 3, 3, Fraction(50), Fraction(9)),
        ("2016", "c", 50, 48, 2, Fraction(96), Fraction(9)),
        ("2017", "c", 50, 40, 10, Fraction(80), Fraction(9)),
    ])  # fmt: skip
    assert [r[2:] for r in suppressed(table, 5).rows] == [
        (None, None, None, None, None, True),
        (None, None, None, None, None, True),
        (50, None, None, None, Fraction(9), True),
        (50, 40, 10, Fraction(80), Fraction(9), False),
    ]
    assert suppressed(table, 0) is table


# counts of a group, which of them stay with --suppress 5
COUNTS = [
    ("met 48 not_met 1 excused 1", ""),  # 2 are left of the 50 people, so each hidden one were 1: met goes too
    ("met 40 not_met 5 excused 3 undetermined 2", "met not_met"),
    ("activities 13 counted_activities 1", "activities"),
    ("activities 13 counted_activities 12", "activities"),  # one did not count
    ("activities 13 counted_activities 13", "activities counted_activities"),
    ("activities 13 counted_activities 0", "activities counted_activities"),
    ("activities 4 counted_activities 0", ""),
    ("activities 30 passed 20 failed 6", "activities passed failed"),
]


@pytest.mark.parametrize(("counts", "stay"), COUNTS)
def test_small_counts(counts: str, stay: str) -> None:
    words = counts.split()
    names, values = words[::2], [int(v) for v in words[1::2]]
    table = Table("t", tuple(Column(n, "whole") for n in ("people", *names)), [(50, *values)])
    (row,) = suppressed(table, 5).rows
    assert [n for n, v in zip(names, row[1:], strict=False) if v is not None] == stay.split()


# groups of one period: people, met, not_met, undetermined of each; what of them stays with --suppress 5
COLUMNS = [
    # 1 is hidden beside 11; who knows the sums finds both unless 8 and 12 go too
    ("24 12 11 1, 39 25 14 0, 60 40 12 8", "24 12 - -, 39 25 14 0, 60 40 - -"),
    # 1 and 2 are together too few, so 30 goes, and what is then the next smallest of its group
    ("20 9 10 1, 30 12 16 2, 90 30 30 30", "20 - 10 -, 30 - 16 -, 90 - 30 -"),
    # two groups are gone; of both together one did not meet it, which the rest of the column and its row would tell
    ("3 3 0 0, 6 5 1 0, 50 30 20 0", "- - - -, - - - -, 50 - - 0"),
    ("3 3 0 0, 6 6 0 0, 50 30 20 0", "- - - -, - - - -, 50 30 20 0"),
    ("50 46 3 1", "50 - - -"),
]


@pytest.mark.parametrize(("given", "stay"), COLUMNS)
def test_small_counts_in_columns(given: str, stay: str) -> None:
    names = ("people", "met", "not_met", "undetermined")
    table = Table(
        "t", tuple(Column(n, "whole") for n in names), [tuple(map(int, g.split())) for g in given.split(", ")]
    )
    shown = [" ".join("-" if v is None else str(v) for v in r[:-1]) for r in suppressed(table, 5).rows]
    assert shown == stay.split(", ")


# People and four outcomes. Of a and b the last two are hidden, of c and d the first two, of e the first three. The sums
# say that a and b hide 14 in the last two columns, 7 of them in the last: so 7 of the 8 that the third hides; 1 is e's.
SEVERAL = "58 31 20 3 4, 39 12 20 4 3, 47 3 4 20 20, 47 4 3 20 20, 47 3 4 1 39"


def test_small_counts_that_follow_from_several_sums() -> None:
    """The smallest that ties the outcomes of the one side to those of the other goes too: 12 of b."""
    names = ("people", "met", "not_met", "excused", "undetermined")
    given = [tuple(map(int, g.split())) for g in SEVERAL.split(", ")]
    table = Table("t", tuple(Column(n, "whole") for n in names), given)
    shown = [" ".join("-" if v is None else str(v) for v in r[:-1]) for r in suppressed(table, 5).rows]
    assert shown == ["58 31 20 - -", "39 - 20 - -", "47 - - 20 20", "47 - - 20 20", "47 - - - 39"]


def test_figures_of_few_people(of_2016: Evaluation, tmp_path: Path) -> None:
    """Public hours are A2's and A3's, so professional ones would tell them; two have nothing, one has 80."""
    out = str(save(of_2016, tmp_path / "out"))
    made = statistics([out], suppress=3)
    assert rows(made, "overall", "met", "not_met", "excused", "hours", "mean_hours", "public_hours") == [
        "5 - - 2540/9 35.28 -"
    ]
    assert rows(made, "overall", "professional_hours", "activities", "counted_activities", "cost", "hidden") == [
        "- 9 - 1233 yes"
    ]
    assert rows(made, "hours-quantiles", "least", "quartile_1", "median", "quartile_3", "most", "hidden") == [
        "- - 40 41 - yes"
    ]
    assert not [n for t in made.tables for n in t.names if " " in n]
    made = statistics([out], [["outcome"]], suppress=2)
    # of those who are hidden only A4 has hours and only A6 cost: all hours without those of the others would tell them
    assert rows(made, "by-outcome", "outcome", "people", "hours", "mean_hours", "cost") == [
        "excused - - - -", "met 5 - - -", "not_met - - - -",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def out(of_2016: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save(of_2016, tmp_path_factory.mktemp("cli") / "out"))


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def test_a_table_that_is_asked_for_twice_is_one(out: str, tmp_path: Path) -> None:
    """Its file was written twice at once, and the second found the first gone."""
    twice = ("--by", "region,form", "--by", "region, form", "--by", "form")
    run("stats", out, *twice, "--out", str(tmp_path / "s"), "--format", "csv")
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == ["by-form.csv", "by-region-form.csv"]


@pytest.mark.parametrize(
    ("format_", "name"),
    [("csv", "kk.json"), ("csv", "kk.XLSX"), ("json", "kk.csv"), ("xlsx", "kk.csv"), ("table", "kk.json")],
)
def test_the_name_of_a_file_asks_for_no_other_format(format_: str, name: str, out: str, tmp_path: Path) -> None:
    """As csv kk.json was a folder; as json kk.csv held JSON."""
    told = run("stats", out, "--by", "form", "--format", format_, "--out", str(tmp_path / name), code=2)
    assert f"PE901: --format {format_} does not go with the name --out {tmp_path / name}, which asks for" in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["tables.csv", "TABLES.CSV"])
def test_one_csv_file_has_one_table(name: str, out: str, tmp_path: Path) -> None:
    """Of all tables, and of several that were asked for, the file had the first; the others were lost."""
    file = tmp_path / name
    for asked in ((), ("--by", "region", "--by", "form"), ("--format", "csv")):
        assert "need a folder" in run("stats", out, *asked, "--out", str(file), code=2)
        assert not file.exists()
    run("stats", out, "--by", "region", "--out", str(file))
    assert file.read_text("utf-8").startswith("period,region,unit,people,met")


def test_command(out: str, tmp_path: Path) -> None:
    assert "by region" in run("stats", out)
    assert "按地区" in (shown := run("stats", out, "--lang", "zh"))
    assert "北区" in shown
    assert "完成率" in shown
    for by, title in (("region,form", "按地区、学习形式"), ("kind,title_level", "按单位性质、职称级别")):
        assert run("stats", out, "--by", by, "--lang", "zh").splitlines()[0].rstrip() == title
    hidden = run("stats", out, "--by", "region", "--suppress", "3", "--lang", "zh")
    assert "是 │" in hidden
    assert "yes" not in hidden
    data = json.loads(run("stats", out, "--format", "json"))
    assert data["overall"][0]["hours"] == "2540/9"
    lines = run("stats", out, "--by", "region", "--format", "csv").splitlines()
    assert lines[0].startswith("period,region,unit,people,met")
    assert "folder" in run("stats", out, "--format", "csv", code=2)
    run("stats", out, "--out", str(tmp_path / "tables"), "--format", "csv")
    with open(tmp_path / "tables" / "by-region.csv") as file:
        assert [r["region"] for r in csv.DictReader(file)] == ["north", "south", ""]
    run("stats", out, "--out", str(tmp_path / "s.xlsx"), "--suppress", "3", "--lang", "zh")
    import openpyxl

    sheet = openpyxl.load_workbook(tmp_path / "s.xlsx")["按地区"]
    assert [c.value for c in sheet[2]][:4] == ["2016", "北区", "学时", 4]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref


@pytest.mark.parametrize("by", [",", "form,,subject", "form,", " , form"])
def test_a_grouping_by_nothing_is_refused(by: str, out: str) -> None:
    assert "--by has an empty name" in run("stats", out, "--by", by, code=2)


def forged(out: str, folder: Path, keys: tuple[str | int, ...]) -> Path:
    """A copy of the result with a part of its manifest taken away, sealed again."""
    target = Path(shutil.copytree(out, folder / "forged"))
    manifest = part = json.loads((target / "manifest.json").read_bytes())
    for key in keys[:-1]:
        part = part[key]
    del part[keys[-1]]
    (target / "manifest.json").write_bytes(manifest_bytes(manifest))
    return target


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        (("rows", "in"), "rows.in"),
        (("inputs", 0, "sha256"), "inputs[0].sha256"),
        (("policies", 0, "labels", "terms"), "policies[0].labels.terms"),
        (("engine",), "engine"),
        (("tables", "findings", "columns", 0), "tables.findings.columns"),
        (("tables", "ledger", "columns", 1), "tables.ledger.columns"),
    ],
)
def test_a_manifest_without_a_part_though_sealed_again(
    keys: tuple[str | int, ...], place: str, out: str, tmp_path: Path
) -> None:
    target = str(forged(out, tmp_path, keys))
    for command in (
        ["stats", target],
        ["explain", target, "--person", "A1"],
        ["publish", target, "--to", str(tmp_path / "s.duckdb")],
        ["verify", target],
    ):
        said = run(*command, code=1 if command[0] == "verify" else 2)
        assert f"PE502: the manifest was changed or damaged: {place} is missing, or not as we write it" in said


def test_a_period_that_is_none_though_sealed_again(out: str, tmp_path: Path) -> None:
    """Digits of another width, which Python takes for figures and DuckDB does not."""
    target = Path(shutil.copytree(out, tmp_path / "forged"))
    manifest = json.loads((target / "manifest.json").read_bytes())
    for table in ("decisions", "findings", "ledger"):
        entry = manifest["tables"][table]
        path = target / entry["file"]
        path.write_text(path.read_text("utf-8").replace(",2016,", ",２０１６,"), encoding="utf-8")
        entry["sha256"] = digest(path)
    (target / "manifest.json").write_bytes(manifest_bytes(manifest))
    for command in (["stats"], ["explain", "--person", "A1"], ["publish", "--to", str(tmp_path / "s.duckdb")]):
        said = run(command[0], str(target), *command[1:], code=2)
        assert "PE503: this table was changed: '２０１６' is no period" in said


def test_a_full_disk_leaves_the_tables_that_were_there(
    of_2016: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not some tables of one result beside others of another, and no folder where there was none."""
    from policyengine.tools.stats import render

    made = statistics([str(save(of_2016, tmp_path / "out", "csv"))])
    there, new = tmp_path / "there", tmp_path / "a" / "new"
    render.write_file(made, "csv", there)
    before = {path.name: path.read_bytes() for path in there.iterdir()}
    write = render.write_csv

    def failing(table: Table, file: IO[str]) -> None:
        if table.name == made.tables[3].name:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(Table(table.name, table.columns, ()), file)

    monkeypatch.setattr(render, "write_csv", failing)
    for folder in (there, new):
        with pytest.raises(OSError, match="No space left"):
            render.write_file(made, "csv", folder)
    assert {path.name: path.read_bytes() for path in there.iterdir()} == before
    assert not (tmp_path / "a").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")
@pytest.mark.parametrize("format", ["csv", "json", "table"])
def test_a_file_is_replaced_as_others_are(format: str, tmp_path: Path) -> None:
    """Whoever could not read it still can't, a link keeps pointing where it did, and no link that somebody else has
    put where it is written first is written through."""
    from policyengine.tools.stats import render

    private, link, victim = (tmp_path / name for name in ("private.csv", "link.csv", "victim"))
    private.write_text("before")
    private.chmod(0o600)
    link.symlink_to(private)
    (tmp_path / f".{link.name}.{os.getpid()}").symlink_to(victim)
    render.write_file(Statistics((Table("overall", (Column("people", "whole"),), [(9,)]),), (), ()), format, link)
    assert (link.is_symlink(), private.read_text() != "before", victim.exists()) == (True, True, False)
    assert private.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_sheet_s_name_is_cut(language: str) -> None:
    speak(language)
    try:
        names = [sheet_of(table) for table in TITLES]
        assert [Workbook()._name(name) for name in names] == names
    finally:
        speak("en")
    assert len(set(names)) == len(names)


LONG = "四川省示例岩土工程勘察设计研究院有限责任公司第三分公司"


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("employer", ["Mill", LONG])
def test_no_figure_is_cut_on_a_narrow_terminal(width: int, employer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is too wide comes in several, each with its groups; a long name goes on in the next line."""
    from io import StringIO

    columns = ("people", "met", "not_met", "hours", "professional_hours", "public_hours", "activities", "cost")
    figures = (
        174,
        87,
        66,
        Fraction("14848.79"),
        Fraction("11807.49"),
        Fraction("2872.97"),
        661,
        Fraction("1427800.05"),
    )
    kinds = ("figure" if isinstance(f, Fraction) else "whole" for f in figures)
    of_figures = tuple(Column(c, kind) for c, kind in zip(columns, kinds, strict=True))  # type: ignore[arg-type]
    of_groups = (Column("period"), Column("employer"), Column("unit"))
    table = Table("by-employer", (*of_groups, *of_figures), [("2016..2020", employer, "hours", *figures)])
    monkeypatch.setenv("COLUMNS", str(width))
    shown = StringIO()
    print_tables(Statistics((table,), (), ()), shown, colour=True)
    lines = shown.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "…" not in shown.getvalue()
    for figure in map(text_of, figures):
        assert sum(f" {figure} " in line for line in lines) == 1
    cells = [line.split("│") for line in lines if line.startswith("│")]
    parts = shown.getvalue().count("┏")
    assert "".join(row[2].strip() for row in cells) == employer * parts
    assert (parts > 1) == (width < 200)


@pytest.mark.parametrize("column", ["total", "professional"])
def test_a_figure_over_nothing_though_sealed_again(column: str, out: str, tmp_path: Path) -> None:
    """``1/0``: by no number does it become whole, and a search for one would not end."""
    target = Path(shutil.copytree(out, tmp_path / "forged"))
    manifest = json.loads((target / "manifest.json").read_bytes())
    entry = manifest["tables"]["decisions"]
    path = target / entry["file"]
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    rows[1][rows[0].index(column)] = "1/0"
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    entry["sha256"] = digest(path)
    (target / "manifest.json").write_bytes(manifest_bytes(manifest))
    for command in (["stats"], ["publish", "--to", str(tmp_path / "s.duckdb")]):
        said = run(command[0], str(target), *command[1:], code=2)
        assert "'1/0' is not a figure as we write it" in said
