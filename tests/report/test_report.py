"""The report holds everybody and every reason, loads nothing, masks who is meant; the workbook and certificates too."""

from __future__ import annotations

import base64
import errno
import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.report import pdf
from policyengine.tools.report.data import packed
from policyengine.tools.report.make import write_text
from policyengine.tools.report.page import content
from policyengine.tools.report.sheets import Workbook
from policyengine.tools.result.read import read_result
from policyengine.tools.result.result import save
from policyengine.tools.result.write import digest, manifest_bytes
from tests.tools.world import HEADER, write_world


@pytest.fixture(scope="session")
def out(of_2016: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(of_2016, tmp_path_factory.mktemp("report") / "out")


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["report", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def test_a_pdf_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from the folder of temporary files, most often another file system: the disk is full within the copy."""
    (tmp_path / "out.pdf").write_bytes(b"earlier")
    (tmp_path / "page.html").write_text("<html>")

    def prints(command: list[str], **_: object) -> Any:
        (made,) = (c.partition("=")[2] for c in command if c.startswith("--print-to-pdf="))
        Path(made).write_bytes(b"new")
        return subprocess.CompletedProcess(command, 0)

    def full(_: Path, to: Path) -> None:
        Path(to).write_bytes(b"ne")
        raise OSError(errno.ENOSPC, "full", str(to))

    monkeypatch.setattr(pdf, "browser", lambda: "chromium")
    monkeypatch.setattr(subprocess, "run", prints)
    pdf.print_pdf(tmp_path / "page.html", tmp_path / "new" / "out.pdf")
    assert (tmp_path / "new" / "out.pdf").read_bytes() == b"new"
    for copies in ("copyfile", "copy2", "move"):
        monkeypatch.setattr(shutil, copies, full)
    with pytest.raises(OSError, match="full"):
        pdf.print_pdf(tmp_path / "page.html", tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == b"earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new", "out.pdf", "page.html"]


def test_windows_has_noted_where_a_browser_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edge is on every Windows, and on no PATH there: PDF was said to need something to be installed."""
    edge = tmp_path / "Program Files" / "msedge.exe"
    edge.parent.mkdir()
    edge.touch(0o755)
    folder = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\App Paths\\"
    noted = {("user", "chrome.exe"): str(tmp_path / "gone.exe"), ("machine", "msedge.exe"): f'"{edge}"'}

    def value(whose: str, name: str) -> str:
        if (whose, name.removeprefix(folder)) not in noted:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return noted[whose, name.removeprefix(folder)]

    registry = SimpleNamespace(HKEY_CURRENT_USER="user", HKEY_LOCAL_MACHINE="machine", QueryValue=value)
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(
        shutil, "which", lambda name: name if Path(name).is_absolute() and Path(name).exists() else None
    )
    assert pdf.browser() == str(edge)


def unpacked(page: str, name: str) -> Any:
    found = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', page)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_what_is_packed_has_the_same_bytes_on_every_system() -> None:
    assert base64.b64decode(packed([1]))[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # 255: no system (RFC 1952)


@pytest.fixture(scope="session")
def page(out: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    run(out, "--out", path)
    return path.read_text(encoding="utf-8")


def test_everybody_is_listed(page: str) -> None:
    columns = unpacked(page, "index")["columns"]
    assert columns["id"] == [f"{letter}*" for letter in "AAAAAAAA"]
    assert columns["total"] == ["42 2/9", "40", "40", "39", "80", "0", "41", "0"]
    assert columns["short"][3] == "1"
    assert columns["name"][0] == "A**"


def test_every_reason_is_a_click_away(page: str) -> None:
    index, details = unpacked(page, "index"), unpacked(page, "d0")
    findings, records, follows, *_ = details[5]  # A6: no proof
    assert findings[0][:7] == ["total", 1, 0, ">=", "40", "0", "40"]
    assert [(r[0], r[3], r[6], r[7]) for r in records] == [("R08", "Soils", "0", "rejected")]
    assert follows == [["not excellent", "county/not-excellent"]]
    keys = {k for d in details for f in d[0] for k in (f[7], *f[10])} | {k for d in details for r in d[1] for k in r[8]}
    assert keys <= set(index["rules"])
    assert index["rules"]["county/annual"][:3] == ["require total at least 40 hours per year", "Act 1", "art. 4"]


def test_a_missing_fact_is_told_with_its_record(tmp_path: Path) -> None:
    """Whether a report of 30 hours is approved decides what a second one counts under their cap of 50; the records have
    the ids that file and line give them."""
    policies = write_world(tmp_path) / "policies/shire"
    row = ",X,2016-10-08,self_study,professional,A report,30000,characters,c,passed"
    known = ",X,2016-05-05,training,professional,T,50,hours,c,,,"
    (tmp_path / "own.csv").write_text(f"{HEADER}\n{row},,\n{row.replace('A rep', 'Another rep')},yes,\n{known}\n")
    made = save(evaluate_files(load_law(policies), Files((str(tmp_path / "own.csv"),)), (2016, 2016)), tmp_path / "out")
    run(made, "--out", tmp_path / "r.html")
    ((_, records, _, _, lacks, _),) = unpacked((tmp_path / "r.html").read_text(), "d0")
    assert [(r[0], r[9]) for r in records if r[9]] == [
        ("own.csv:2", ["approved"]),
        ("own.csv:3", ["own.csv:2: approved"]),
    ]
    assert lacks == ["own.csv:2: approved"]
    run(made, "--out", tmp_path / "zh.html", "--lang", "zh")
    ((_, _, _, _, lacks, _),) = unpacked((tmp_path / "zh.html").read_text(), "d0")
    assert lacks == ["own.csv:2：单位认可"]


def test_long_words_of_headings_are_broken(page: str) -> None:
    """A name of 300 letters makes no page, also that of explain, wider than the screen."""
    assert re.search(r"\nbody \{[^}]*overflow-wrap: break-word", page)


def test_nothing_is_loaded_and_nobody_is_named(page: str) -> None:
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "@import" not in page
    assert "default-src 'none'" in page
    for name in ("Ann", "A1<", '"A1"'):
        assert name not in page


def test_cells_are_no_markup(county: Path, tmp_path: Path) -> None:
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    persons = tmp_path / "county" / "persons.csv"
    persons.write_text(persons.read_text().replace("Farm", "<script>alert(1)</script>"))
    made = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    for more in ([], ["--certificates"]):
        run(made, *more, "--out", tmp_path / "r.html")
        assert "<script>alert" not in (tmp_path / "r.html").read_text()


def test_revealed_and_in_chinese(out: Path, tmp_path: Path) -> None:
    run(out, "--out", tmp_path / "r.html", "--reveal", "--lang", "zh")
    page = (tmp_path / "r.html").read_text()
    assert '<html lang="zh-CN">' in page
    index = unpacked(page, "index")
    assert index["columns"]["id"][0] == "A1"
    assert index["columns"]["name"][0] == "Ann"
    assert index["words"][index["columns"]["region"][0]] == "北区"
    assert index["rules"]["county/annual"][0].startswith("要求")


def test_workbook(out: Path, tmp_path: Path) -> None:
    import openpyxl

    run(out, "--out", tmp_path / "r.xlsx", "--reveal")
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0]
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    assert rows[6][:4] == ["A6", "Fay", None, "milling"]
    assert rows[6][7:12] == ["2016", "not met", 0, 40, 40]
    assert "R08: not recognised" in str(rows[6][-1])
    assert rows[1][9] == "380/9"
    assert sheet.auto_filter.ref == "A1:O9"
    assert sheet.freeze_panes == "B2"
    assert len(sheet.conditional_formatting) > 0


# A4 has 39 hours; A7 41, and 8 more that may be approved. Rules; of whom; what the reasons say (empty: nothing).
NEW = "lecture when approved = yes"
REASONS = [
    ("expect professional at least 60 hours per year", "A4", "professional: 39, expected at least 60 (not kept, more"),
    ("require professional at least 60 hours per year", "A4", "professional: 39, at least 60 (not met, more, art. 9)"),
    ("require total at most 45 hours per year", "A7", "total: 41–49, at most 45 (undetermined, more, art. 9)"),
    (
        "expect total at least 45 hours per year",
        "A7",
        "total: 41–49, expected at least 45 (undetermined, more, art. 9)",
    ),
    ("expect total at least 41 hours per year", "A7", ""),
]


REASONS_ZH = [
    ("expect total at most 38 hours per year", "A4", "总学时：39，一般要求不超过 38（已超出，more, art. 9）"),
    ("expect total at least 45 hours per year", "A4", "总学时：39，一般要求不少于 45（未达到，more, art. 9）"),
]


@pytest.mark.parametrize(("rule", "who", "said"), REASONS)
def test_reasons_of_the_workbook(county: Path, rule: str, who: str, said: str, tmp_path: Path) -> None:
    """What is only expected is no breach, an open figure has both bounds, and the clause is cited."""
    told = told_of(county, rule, who, tmp_path)
    assert said in told
    assert ("more" in told) == bool(said)


@pytest.mark.parametrize(("rule", "who", "said"), REASONS_ZH)
def test_reasons_in_chinese(county: Path, rule: str, who: str, said: str, tmp_path: Path) -> None:
    """In full punctuation; too many hours are not said to be missed."""
    told = told_of(county, rule, who, tmp_path, "--lang", "zh")
    assert said in told
    assert "; " not in told


def told_of(county: Path, rule: str, who: str, tmp_path: Path, *options: str) -> str:
    """What the workbook says of a person where the county has a further rule."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    rules = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    text = rules.read_text().replace("recognise training, lecture when evidence is present", "recognise training")
    for name, sentence in (("open", f"recognise {NEW}"), ("more", rule)):
        text += f"- id: {name}\n  cites: {{source: act, at: art. 9}}\n  rule: '{sentence}'\n"
    rules.write_text(text)
    with open(tmp_path / "county" / "records.csv", "a") as file:
        file.write("R20,A7,2016-05-15,lecture,professional,Law,8,hours,c20,passed,New Mill,,\n")
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--out", tmp_path / "r.xlsx", "--reveal", *options)
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].iter_rows()]
    (told,) = (str(row[-1]) for row in rows if row[0] == who)
    return told


# Capped at 10 hours a year: A7's 16 are recognised if they are approved; what the reasons cite is not the cap.
UNDECIDED = "R20: a fact is missing (open, art. 9)"


def test_what_leaves_a_record_open_is_cited_and_not_the_cap(county: Path, tmp_path: Path) -> None:
    """The cap would cut the record as well; the article that keeps it from counting is that on recognition."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    rules = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    text = rules.read_text().replace("recognise training, lecture when evidence is present", "recognise training")
    rules.write_text(f"{text}- id: open\n  cites: {{source: act, at: art. 9}}\n  rule: recognise {NEW}\n")
    with open(tmp_path / "county" / "records.csv", "a") as file:
        file.write("R20,A7,2016-05-15,lecture,professional,Law,16,hours,c20,passed,New Mill,,\n")
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    assert "county/lecture-cap" in (out / "ledger.csv").read_text()
    run(out, "--out", tmp_path / "r.xlsx", "--reveal")
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].iter_rows()]
    assert [row[-1] for row in rows if row[0] == "A7"] == [UNDECIDED]


# 60 hours, half of it for farmers: A7 has 41 and no sector, A1 is a farmer with 380/9.
HALF = "- id: half\n  cites: {source: act, at: art. 9}\n  rule: reduce annual by 1/2 when sector = farming\n"


def test_both_bounds_of_what_may_be_reduced(county: Path, tmp_path: Path) -> None:
    """41 of 30, undetermined and 19 short, would make no sense: what is owed is told as explain tells it."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    rules = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    rules.write_text(rules.read_text().replace("at least 40", "at least 60") + HALF)
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--out", tmp_path / "r.html", "--reveal")
    page = (tmp_path / "r.html").read_text()
    index, details = unpacked(page, "index")["columns"], unpacked(page, "d0")
    for who, owed, short, sure in (("A1", "30", "0", 1), ("A7", "30–60", "19", 0)):
        at = index["id"].index(who)
        assert (index["required"][at], index["short"][at]) == (owed, short)
        (finding,) = details[at][0]
        assert (finding[4], finding[6], finding[9], finding[11]) == (owed, short, "60", sure)
    run(out, "--out", tmp_path / "r.xlsx", "--reveal")
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].iter_rows()]
    assert [row[10] for row in rows if row[0] in ("A1", "A7")] == [30, "30–60"]
    run(out, "--certificates", "--person", "A7", "--out", tmp_path / "c.html")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", (tmp_path / "c.html").read_text())
    assert cells[cells.index("41 hours", 10) + 1] == "30–60 hours"


def test_which_policy_governs_is_open(county: Path, tmp_path: Path) -> None:
    """A7 has no sector, and farmers have a pack of their own that asks 60 hours for the county's 40: of 41 both follow.
    The page names both packs; there is no figure of a measure ``policy``."""
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    county_, farmers = (tmp_path / "county" / "policies" / n for n in ("county", "farmers"))
    farmers.mkdir()
    pack = (county_ / "pack.yaml").read_text().partition("vocabulary:")[0].replace("extends: null", "extends: county")
    pack = pack.replace("pack: county", "pack: farmers").replace("level: province", "level: sector")
    (farmers / "pack.yaml").write_text(pack.replace("applies: null", "applies: sector = farming"))
    more = "require total at least 60 hours per year"
    (farmers / "rules.yaml").write_text(f"- id: more\n  cites: {{source: act, at: art. 9}}\n  rule: '{more}'\n")
    out = save(judged(tmp_path / "county", 2016, 2016, "."), tmp_path / "out")
    run(out, "--out", tmp_path / "r.html", "--reveal", "--lang", "zh")
    page = (tmp_path / "r.html").read_text()
    at = unpacked(page, "index")["columns"]["id"].index("A7")
    told = [f for f in unpacked(page, "d0")[at][0] if not f[3]]
    assert told == [["适用哪个政策尚不确定：county、farmers", 3, 0, "", "", "", "0", "", "", "", [], 0]]


ADDRESS = "https://certificates.example/2016/03/14/0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ADDRESS, f'<div class="long">{ADDRESS}</div>'),
        ("<" * 25, '<div class="long">' + "&lt;" * 25 + "</div>"),
        ("岩土工程勘察新规范与地基处理技术高级研修班（第三期）结业证书", None),
        ("Soils and seeds, an introduction for everybody", None),
    ],
)
def test_what_has_no_place_to_break_is_broken(text: str, shown: str | None) -> None:
    """In a browser the longest word makes a column's width; Chinese and words with spaces break by themselves."""
    assert content(text) == (shown or text)


def test_an_address_as_evidence(county: Path, tmp_path: Path) -> None:
    """One of them made everybody's certificates print at half their size."""
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    records = tmp_path / "county" / "records.csv"
    records.write_text(records.read_text().replace(",c1,", f",{ADDRESS},"))
    persons = tmp_path / "county" / "persons.csv"
    persons.write_text(persons.read_text().replace(",Mill,", f",{ADDRESS},"))
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--certificates", "--out", tmp_path / "c.html")
    assert f'<td><div class="long">{ADDRESS}</div></td>' in (tmp_path / "c.html").read_text()
    assert ".certificate dd { margin: 0; overflow-wrap: anywhere; }" in (tmp_path / "c.html").read_text()
    run(out, "--out", tmp_path / "r.html")
    assert f'<td><div class="long">{ADDRESS}</div></td>' in (tmp_path / "r.html").read_text()  # by employer


def test_cells_have_names_on_a_phone_and_folded_tables_are_printed(page: str) -> None:
    """On a narrow screen heads are hidden and each cell shows its label: also those of records. The one cell without is
    that which holds the reasons. A browser prints nothing of what is folded."""
    script = page[page.index('"use strict"') :]
    assert re.findall(r'make\("td", \{ (\S+?):', script) == ['"data-label"', "colspan"]
    assert script.count('make("td"') == 2
    assert 'addEventListener("beforeprint"' in script
    assert re.search(r"@media print \{[^@]*summary \{ break-after: avoid; \}", page)  # no name of a table on its own
    # without their colours outcomes are pale grey on white, and the key of a chart is no key
    assert re.search(r"@media print \{[^@]*\.o, \.legend span \{ [^}]* print-color-adjust: exact; \}", page)


def test_certificates(out: Path, tmp_path: Path) -> None:
    run(out, "--certificates", "--out", tmp_path / "c.html", "--lang", "zh")
    page = (tmp_path / "c.html").read_text()
    assert page.count("<article") == 8
    assert "Ann" not in page
    run(out, "--certificates", "--person", "Ann", "--reveal", "--out", tmp_path / "one.html", "--lang", "zh")
    page = (tmp_path / "one.html").read_text()
    assert page.count("<article") == 1
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    first = ["2016", "培训班", "专业科目", "Soils", "2016-03-14", "Old Mill"]
    assert cells[:6] == first
    assert cells[8] == "30 学时"
    assert cells[cells.index("42又2/9 学时") + 1] == "40 学时"
    assert re.findall(r"<th[^>]*>([^<]*)</th>", page)[8:11] == ["计入", "年度", "合计"]
    assert "完成" in cells
    assert "<td class=whole>2016-03-14</td>" in page
    assert "<td class=whole>30 学时</td>" in page
    verification = page.partition('<section class="verification">')[2]  # a page of its own, which gets the seal
    assert "<dt>姓名</dt><dd>Ann</dd>" in verification
    assert "PE915" in run(out, "--certificates", "--person", "Zoe", "--out", tmp_path / "no.html", code=2)
    assert not (tmp_path / "no.html").exists()


def test_a_year_of_which_nothing_was_required(county: Path, tmp_path: Path) -> None:
    """The certificate and the workbook say so beside the outcome, the page among the reasons."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    path = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    path.write_text(path.read_text().replace("art. 4}", "art. 4}\n  from: 2017"))
    out = save(judged(tmp_path / "county", 2016, 2017), tmp_path / "out")
    run(out, "--certificates", "--person", "A4", "--out", tmp_path / "c.html", "--lang", "zh")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", (tmp_path / "c.html").read_text())
    assert [c for c in cells if "完成" in c] == ["完成（当期没有必须达到的要求）", "未完成（不得评优）"]
    run(out, "--out", tmp_path / "r.xlsx", "--reveal")
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].iter_rows()]
    told = {row[7]: row[-1] for row in rows if row[0] == "A4"}
    assert told["2016"] == "nothing was required"
    assert "nothing" not in told["2017"]
    run(out, "--out", tmp_path / "r.html", "--reveal")
    page = (tmp_path / "r.html").read_text()
    index = unpacked(page, "index")
    at = [i for i, who in enumerate(index["columns"]["id"]) if who == "A4"]
    reasons = {index["words"][index["columns"]["period"][i]]: unpacked(page, "d0")[i][0] for i in at}
    assert [f[:2] for f in reasons["2016"]] == [["nothing was required", 0]]
    assert [f[0] for f in reasons["2017"]] == ["total"]


def test_what_is_only_expected_is_not_shown_as_required(county: Path, tmp_path: Path) -> None:
    """A4 has 39 hours of the 40 that are expected: nothing is required, and nobody is an hour short of that."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    path = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    path.write_text(path.read_text().replace("require total", "expect total"))
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--certificates", "--person", "A4", "--out", tmp_path / "c.html")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", (tmp_path / "c.html").read_text())
    at = cells.index("2016", len(cells) - 6)
    assert cells[at : at + 4] == ["2016", "39 hours", "", "met (nothing was required)"]
    run(out, "--out", tmp_path / "r.xlsx", "--reveal")
    rows = [[c.value for c in row] for row in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].iter_rows()]
    assert [row[8:12] for row in rows if row[0] == "A4"] == [["met", 39, None, None]]
    run(out, "--out", tmp_path / "r.html", "--reveal")
    columns = unpacked((tmp_path / "r.html").read_text(), "index")["columns"]
    place = columns["id"].index("A4")
    assert (columns["required"][place], columns["short"][place]) == ("", "")


def test_one_is_one_hour_there_too(county: Path, tmp_path: Path) -> None:
    """In the list, where the unit stands behind the total: A4 with 1 hour, A2 with 40."""
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    path = tmp_path / "county" / "records.csv"
    path.write_text(path.read_text().replace("Soils,39,hours", "Soils,1,hours"))
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--out", tmp_path / "r.html", "--reveal")
    index = unpacked((tmp_path / "r.html").read_text(), "index")
    told = zip(*(index["columns"][name] for name in ("id", "total", "unit")), strict=True)
    units = {who: (total, index["words"][unit]) for who, total, unit in told}
    assert (units["A4"], units["A2"]) == (("1", "hour"), ("40", "hours"))


def test_hours_carried_over(county: Path, tmp_path: Path) -> None:
    """A4 has 39 hours in 2016 and none in 2017: of 30 required each year 9 are carried over, 21 are lacking. Without
    them 0 of 30 and 21 short would make no sense, and with 35 in place of 30 in 2016 nor would 0 of 4 and met."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    path = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    first = path.read_text().replace("at least 40", "at least 30").replace("art. 4}", "art. 4}\n  until: 2016")
    later = "- id: annual\n  cites: {source: act, at: art. 4}\n  from: 2017\n  rule: require total at least %s hours "
    later += "per year\n"
    carry = "- id: over\n  cites: {source: act, at: art. 9}\n  rule: carry excess over annual to the next year\n"
    for owed, short, state in ((30, 21, "not met"), (4, 0, "met")):
        path.write_text(first + later % owed + carry)
        out = save(judged(tmp_path / "county", 2016, 2017), tmp_path / f"out-{owed}")
        run(out, "--certificates", "--person", "A4", "--out", tmp_path / f"{owed}.html")
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", (tmp_path / f"{owed}.html").read_text())
        at = cells.index("0 hours, 9 hours carried over")
        assert cells[at - 1 : at + 2] == ["2017", "0 hours, 9 hours carried over", f"{owed} hours"]
        assert cells[cells.index("30 hours") - 1] == "39 hours"
        run(out, "--out", tmp_path / f"{owed}.xlsx", "--reveal")
        book = openpyxl.load_workbook(tmp_path / f"{owed}.xlsx").worksheets[0]
        rows = {row[7]: row for row in book.iter_rows(values_only=True) if row[0] == "A4"}
        assert rows["2017"][8:12] == (state, 0, owed, short)
        assert rows["2017"][14] == f"total: 9 (9 carried over), at least {owed} ({state}, annual, art. 4)"
        assert not rows["2016"][14]
        run(out, "--out", tmp_path / f"page-{owed}.html", "--reveal")
        page = (tmp_path / f"page-{owed}.html").read_text()
        index = unpacked(page, "index")
        at = [i for i, who in enumerate(index["columns"]["id"]) if who == "A4"]
        told = {index["words"][index["columns"]["period"][i]]: unpacked(page, "d0")[i][0][0][-1] for i in at}
        assert told == {"2016": "", "2017": "9"}


def test_without_a_ledger(of_2016: Evaluation, tmp_path: Path) -> None:
    """A report says that activities are left out; there is nothing to certify."""
    from policyengine.tools.publish.publish import publish

    bare, to = save(of_2016, tmp_path / "bare", "csv", "none"), str(tmp_path / "status.duckdb")
    publish(bare, to)
    for place in (bare, to):
        for file in ("r.html", "r.xlsx"):
            assert "note PE530" in run(place, "--out", tmp_path / file)
        assert "error PE530" in run(place, "--certificates", "--out", tmp_path / "c.html", code=2)
        assert not (tmp_path / "c.html").exists()


def test_pdf(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("chromium"):
        run(out, "--certificates", "--person", "A1", "--out", tmp_path / "c.pdf")
        assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "PE550" in run(out, "--certificates", "--out", tmp_path / "d.pdf", code=2)
    assert not (tmp_path / "d.pdf").exists()


def test_from_the_database_as_from_the_folder(out: Path, page: str, tmp_path: Path) -> None:
    from policyengine.tools.publish.publish import publish

    to = str(tmp_path / "status.duckdb")
    publish(out, to)
    run(to, "--out", tmp_path / "r.html")
    other = (tmp_path / "r.html").read_text(encoding="utf-8")
    one, two = unpacked(page, "index"), unpacked(other, "index")
    assert one["columns"] == two["columns"]
    assert one["rules"] == two["rules"]
    bare = lambda details: [[[[*r[:2], "", r[3], "", *r[5:]] for r in d[1]], d[0], *d[2:]] for d in details]
    assert bare(unpacked(page, "d0")) == bare(unpacked(other, "d0"))
    run(out, "--certificates", "--out", tmp_path / "a.html")
    run(to, "--certificates", "--out", tmp_path / "b.html")
    assert (tmp_path / "a.html").read_text() == (tmp_path / "b.html").read_text()
    run(to, "--out", tmp_path / "b.xlsx")


def test_from_several_results_as_from_their_folders(tmp_path: Path) -> None:
    """Records that are numbered alike, and people who move: each year has its own, a person one certificate."""
    from policyengine.tools.publish.publish import publish
    from tests.stats.conftest import judged
    from tests.stats.world import YEARS, write_year

    def told(place: object) -> dict[tuple[str, str], Any]:
        """Person and period → what the page has of them."""
        run(place, "--out", tmp_path / "r.html", "--reveal")
        page = (tmp_path / "r.html").read_text()
        index, details = unpacked(page, "index"), unpacked(page, "d0")
        words, columns = index["words"], index["columns"]
        facts = [[words[n] for n in columns[c]] for c in ("period", "region", "sector", "employer")]
        ids = list(zip(columns["id"], facts[0], strict=True))
        return dict(zip(ids, zip(*facts, columns["total"], details, strict=True), strict=True))

    to = str(tmp_path / "status.duckdb")
    folders = [save(judged(write_year(tmp_path / str(y), y), y, y), tmp_path / f"out-{y}") for y in YEARS]
    for folder in reversed(folders):
        publish(folder, to)
    one, other = map(told, folders)
    assert list(told(to).items()) == [*one.items(), *other.items()]
    seals = [str(read_result(folder).manifest["sha256"])[:16] for folder in reversed(folders)]
    footer = (tmp_path / "r.html").read_text().partition("<footer>")[2]
    assert re.findall(r">([^<]*)<code>(.*?)</code>", footer) == [  # two records in 2017, one in 2016
        ("2 rows in: 2 records, 0 rejected; manifest ", seals[0]),
        ("1 row in: 1 record, 0 rejected; manifest ", seals[1]),
    ]
    run(to, "--certificates", "--reveal", "--out", tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text()
    cells = [re.findall(r"<(?:td|dd)[^>]*>([^<]*)</", article) for article in page.split("<article")[1:]]
    assert cells[0][:4] == ["Ann", "A1", "Acme", "—"]  # where she is now
    activities = [cells[0][4:13], cells[0][13:22]]
    assert [(a[0], a[3], a[5], a[6], a[7], a[8]) for a in activities] == [
        ("2016", "Soils", "Old Mill", "passed", "c1", "30 hours"),
        ("2017", "Law", "New Mill", "failed", "c3", "8 hours"),
    ]  # fmt: skip
    assert [c[:2] for c in cells] == [["Ann", "A1"], ["Ben", "A2"]]
    run(to, "--certificates", "--person", "Ben", "--reveal", "--out", tmp_path / "c.html")
    assert (tmp_path / "c.html").read_text().count("<article") == 1


def test_from_the_database_each_year_is_told_with_the_law_of_its_result(tmp_path: Path) -> None:
    """Between the two a figure, a text and an article of versions without a date were corrected. A1 has lectures over
    the cap in 2016, and nothing in 2017."""
    from policyengine.tools.publish.publish import publish
    from tests.stats.conftest import judged
    from tests.stats.world import write_county

    county, to = write_county(tmp_path / "county"), str(tmp_path / "status.duckdb")
    publish(save(judged(county, 2016, 2016), tmp_path / "2016"), to)
    rules = county / "policies" / "county" / "rules.yaml"
    corrected = rules.read_text(encoding="utf-8")
    for old, new in (("40 hours", "45 hours"), ("may not be rated", "is not rated"), ("art. 3}", "art. 3a}")):
        assert old in corrected
        corrected = corrected.replace(old, new)
    rules.write_text(corrected, encoding="utf-8")
    publish(save(judged(county, 2017, 2017), tmp_path / "2017"), to)
    run(to, "--out", tmp_path / "r.html", "--reveal")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    index, details = unpacked(page, "index"), unpacked(page, "d0")
    columns, law = index["columns"], index["rules"]
    years = [index["words"][n] for n in columns["period"]]
    decided = {(who, year): d for who, year, d in zip(columns["id"], years, details, strict=True)}
    for year, hours, verb in (("2016", 40, "may not be"), ("2017", 45, "is not")):
        ((finding,), _, follows, *_) = decided["A4", year]  # a finding's rule is its eighth cell
        assert law[finding[7]][0] == f"require total at least {hours} hours per year"
        assert law[follows[0][1]][3] == f"{verb} rated excellent"
    lecture = next(r for r in decided["A1", "2016"][1] if r[0] == "R03")
    assert law[lecture[8][-1]][:3] == ["cap lecture at 10 hours per year", "Act 1", "art. 3"]
    assert law["county/lecture-cap"][2] == "art. 3a"
    assert law["county/time"] == ["convert training, lecture at 1 hour per 45 minutes", "Act 1", "art. 2", "", "seen"]
    assert [key for key in law if "county/time" in key] == ["county/time"]


def test_a_declared_measure_from_the_database(county: Path, tmp_path: Path) -> None:
    """It is no subject of the statistics, and what falls short is told in the order that was written."""
    import openpyxl

    from policyengine.tools.publish.publish import publish
    from policyengine.tools.stats.make import statistics
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    pack = tmp_path / "county" / "policies" / "county"
    text = (pack / "pack.yaml").read_text()
    assert "\n  conclusions:" in text
    text = text.replace("\n  conclusions:", "\n  measures: {taught: 面授}\n  conclusions:")
    (pack / "pack.yaml").write_text(text)
    with open(pack / "rules.yaml", "a") as file:
        for number, rule in enumerate(("measure taught: hours of lecture", "require taught at least 5 hours per year")):
            file.write(f"- id: a{number}\n  cites: {{source: act, at: art. 9}}\n  rule: '{rule}'\n")
    out, to = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out"), str(tmp_path / "status.duckdb")
    publish(out, to)
    assert statistics([to]).tables == statistics([str(out)]).tables
    reasons = []
    for place in (out, to):
        run(place, "--out", tmp_path / "r.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0]
        reasons.append([row[-1].value for row in sheet.iter_rows()])
    assert reasons[0] == reasons[1]
    assert str(reasons[0][4]).startswith("taught: 0, at least 5 (not met, a1, art. 9); total: 39, at least 40")


MILL = """\
pack: mill
title: {zh: 磨坊, en: Mill}
level: sector
authority: The millers
extends: county
applies: sector = milling
regimes: []
surface: en
sources:
  rules: {title: Rules of the millers, confidence: seen}
"""
OWN = 'rule: conclude not_excellent "not rated excellent here" when not met'
# what a sector does about the rule of the county, in rules of its own; key of the rule that concludes
ABOVE = [
    (('rule: drop county/not-excellent because "rated elsewhere"', OWN), "mill/r1"),
    ((OWN.replace("rule: ", "rule: 'override county/not-excellent: ") + "'",), "mill/r0"),
]


@pytest.mark.parametrize(("rules", "key"), ABOVE)
def test_a_consequence_cites_the_rule_that_governs(
    county: Path, tmp_path: Path, rules: tuple[str, ...], key: str
) -> None:
    """Not the one that is dropped or overridden; in the database too, beside a later result of the county alone."""
    from policyengine.tools.publish.publish import publish
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "world")
    policies = tmp_path / "world" / "policies" / "county"
    policies.rename(tmp_path / "base")
    (policies / "mill").mkdir(parents=True)
    (tmp_path / "base").rename(policies / "base")
    given = (policies / "base" / "rules.yaml").read_text()
    (policies / "base" / "rules.yaml").write_text(given.replace("at: art. 6}", "at: art. 6}\n  change: delegated"))
    (policies / "mill" / "pack.yaml").write_text(MILL)
    text = "".join(f"- id: r{n}\n  cites: {{source: rules, at: rule {n}}}\n  {r}\n" for n, r in enumerate(rules))
    (policies / "mill" / "rules.yaml").write_text(text)
    out, to = save(judged(tmp_path / "world", 2016, 2016), tmp_path / "out"), str(tmp_path / "status.duckdb")
    publish(out, to, scope="all")
    publish(save(judged(county, 2017, 2017), tmp_path / "later"), to, scope="all")
    for place in (out, to):
        run(place, "--out", tmp_path / "r.html", "--reveal")
        page = (tmp_path / "r.html").read_text()
        columns, details = unpacked(page, "index")["columns"], unpacked(page, "d0")
        row = columns["id"].index("A6")  # a miller without proof
        assert [k for _, k in details[row][2]] == [key], place


def test_where_it_may_follow_from_either_of_two_rules_both_are_cited(county: Path, tmp_path: Path) -> None:
    """The tables don't say which: neither was cited."""
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    path = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    other = "rule: conclude not_excellent when excused"
    path.write_text(f"{path.read_text()}- id: other\n  cites: {{source: act, at: art. 9}}\n  {other}\n")
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--out", tmp_path / "r.html", "--reveal")
    page = (tmp_path / "r.html").read_text()
    row = unpacked(page, "index")["columns"]["id"].index("A6")
    follows = unpacked(page, "d0")[row][2]
    assert follows == [["not excellent", "county/not-excellent", "county/other"]]
    assert {"county/not-excellent", "county/other"} <= unpacked(page, "index")["rules"].keys()


def test_what_follows_from_two_rules_is_called_once_where_no_rules_stand(county: Path, tmp_path: Path) -> None:
    """In the workbook and on certificates, which are signed; the page cites each of the two by itself."""
    import openpyxl

    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    path = tmp_path / "county" / "policies" / "county" / "rules.yaml"
    other = "rule: conclude not_excellent when not met and not excused"
    path.write_text(f"{path.read_text()}- id: other\n  cites: {{source: act, at: art. 9}}\n  {other}\n")
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--out", tmp_path / "r.html", "--reveal")
    page = (tmp_path / "r.html").read_text()
    row = unpacked(page, "index")["columns"]["id"].index("A6")
    follows = [["not excellent", "county/not-excellent"], ["not excellent", "county/other"]]
    assert unpacked(page, "d0")[row][2] == follows
    run(out, "--out", tmp_path / "r.xlsx", "--reveal")
    rows = openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].iter_rows(values_only=True)
    (own,) = (cells for cells in rows if cells[0] == "A6")
    assert [cell for cell in own if cell and "excellent" in str(cell)] == ["not excellent"]
    run(out, "--certificates", "--person", "A6", "--out", tmp_path / "c.html")
    assert (tmp_path / "c.html").read_text().count("not excellent") == 1


def test_what_may_follow_from_two_rules_is_told_once(county: Path, tmp_path: Path) -> None:
    """A6 has not met the year, and no region is known: what is missing names the consequence for each rule."""
    from tests.stats.conftest import judged

    shutil.copytree(county, tmp_path / "county")
    pack = tmp_path / "county" / "policies" / "county"
    declared = (pack / "pack.yaml").read_text().replace("不得评优}", "不得评优, not_renewed: 不予注册}")
    (pack / "pack.yaml").write_text(declared)
    with (pack / "rules.yaml").open("a") as rules:
        for region in ("north", "south"):
            rule = f"conclude not_renewed when not met and region = {region}"
            rules.write(f"- id: of-{region}\n  cites: {{source: act, at: art. 9}}\n  rule: {rule}\n")
    out = save(judged(tmp_path / "county", 2016, 2016), tmp_path / "out")
    run(out, "--out", tmp_path / "r.html", "--reveal")
    page = (tmp_path / "r.html").read_text()
    row = unpacked(page, "index")["columns"]["id"].index("A6")
    assert unpacked(page, "d0")[row][3] == ["not renewed"]


def test_however_the_ledger_stands(of_2016: Evaluation, tmp_path: Path) -> None:
    """Large results have ledgers in no order, without what records say, fractions over a common denominator."""
    from policyengine.tools.publish.publish import publish

    full = save(of_2016, tmp_path / "full", "csv")
    lean = save(of_2016, tmp_path / "lean", "csv", "lean")
    parquet = save(of_2016, tmp_path / "parquet", "parquet", "lean")
    publish(parquet, str(tmp_path / "parquet.duckdb"))
    publish(lean, str(tmp_path / "csv.duckdb"))
    path = lean / "ledger.csv"
    head, *lines = path.read_text().splitlines(keepends=True)
    path.write_text(head + "".join(reversed(lines)).replace(",16,10,", ",160/10,100/10,"))
    manifest = json.loads((lean / "manifest.json").read_bytes())
    manifest["tables"]["ledger"]["sha256"] = digest(path)
    (lean / "manifest.json").write_bytes(manifest_bytes(manifest))
    pages = []
    for folder in (full, lean, parquet, tmp_path / "parquet.duckdb", tmp_path / "csv.duckdb"):
        run(folder, "--certificates", "--reveal", "--out", tmp_path / f"{folder.name}.html")
        run(folder, "--reveal", "--out", tmp_path / f"{folder.name}-report.html")
        report = (tmp_path / f"{folder.name}-report.html").read_text()
        pages.append((unpacked(report, "d0"), (tmp_path / f"{folder.name}.html").read_text()))
    for page in pages[1:]:
        assert page == pages[0]


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the file nor the folders above it."""

    def interrupt(*_: object) -> Iterator[str]:
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a" / "b" / "report.html", interrupt())
    monkeypatch.setattr("policyengine.tools.report.sheets.save_book", lambda *_: list(interrupt()))
    with pytest.raises(KeyboardInterrupt):
        Workbook().save(tmp_path / "a" / "b" / "report.xlsx")
    assert list(tmp_path.iterdir()) == []
