"""A sound result is sound; whatever is changed is found, and where figures disagree, in which row and column."""

from __future__ import annotations

import json
import re
import sys
import time
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import duckdb
import openpyxl
import pytest

from policyengine.diagnostics import Diagnostic, PolicyError, installing
from policyengine.messages import speak
from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.result.intact import unchanged_result
from policyengine.tools.result.read import Written, read_result
from policyengine.tools.result.result import save
from policyengine.tools.result.tables import LEDGER
from policyengine.tools.result.verify import verify
from policyengine.tools.result.write import digest, manifest_bytes
from tests.tools.flips import flips, results
from tests.tools.world import write_world

PACKS = Path(__file__).parents[1] / "packs"


def _codes(found: list[Diagnostic]) -> list[str]:
    return [d.code for d in found]


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize("ledger", ["full", "lean", "none"])
def test_sound(evaluation: Evaluation, tmp_path: Path, format: str, ledger: str) -> None:
    assert verify(save(evaluation, tmp_path / "out", format, ledger)) == []


def test_what_needs_a_part_that_is_not_installed_is_no_disagreement(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = save(evaluation, tmp_path / "out", "xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(PolicyError) as raised:
        verify(written)
    assert [str(d) for d in raised.value.diagnostics] == [
        "error PE908: XLSX needs openpyxl, which is not installed\n"
        f'  hint: {sys.executable} -m pip install "policyengine-cpd[sheets]"'
    ]


@pytest.mark.parametrize(
    ("platform", "python", "command"),
    [
        (
            "win32",
            r"C:\Py thon\python.exe",
            '"{}" -m pip install "policyengine-cpd[db]" (in PowerShell with & before it)',
        ),
        ("win32", r"C:\Python\python.exe", '{} -m pip install "policyengine-cpd[db]"'),
        ("linux", "/opt/py thon/python", '"{}" -m pip install "policyengine-cpd[db]"'),
    ],
)
def test_the_command_that_installs_a_part_is_one_of_the_shell(
    platform: str, python: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ``"C:\\Py thon\\python.exe" -m`` PowerShell says that the token -m was unexpected; cmd takes no & there."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "executable", python)
    assert installing("db") == command.format(python)


def test_a_workbook_that_was_read_is_closed(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a result can't be replaced as long as a file of it is open; nothing waits until memory is cleaned."""
    opened, load = [], openpyxl.load_workbook
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *a, **k: opened.append(load(*a, **k)) or opened[-1])
    assert verify(save(evaluation, tmp_path / "out", "xlsx")) == []
    assert len(opened) >= 3  # decisions, findings and ledger at least
    assert [book._archive.fp for book in opened] == [None] * len(opened)


@pytest.mark.parametrize("asked", [(2016, 2016), (2015, 2016)])
def test_sound_with_a_block_and_a_window_from_a_date_that_is_missing(tmp_path: Path, asked: tuple[int, int]) -> None:
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    windows = ("150 hours per 2 years starting 2015", "30 hours within 12 months of joined")
    more = "".join(
        f"- id: window-{n}\n  cites: {{source: act, at: art. 9}}\n  rule: require total at least {window}\n"
        for n, window in enumerate(windows)
    )
    rules.write_text(rules.read_text(encoding="utf-8") + more, encoding="utf-8")
    files = Files((str(world / "records.csv"),), str(world / "persons.csv"))
    done = evaluate_files(load_law(world / "policies/shire"), files, asked)
    blocks = [d for d in done.result.decisions if d.person_id == "B2" and ".." in d.period]
    assert [(d.period, d.total) for d in blocks] == [("2015..2016", 200)]
    assert verify(save(done, tmp_path / "out")) == []


# 90 hours a year, of which it may be open how many, beside months from a date that nobody has
OPEN = {
    "120 hours within 36 months of joined": "reduce annual-hours by 10 hours when qualified_on is missing",
    "121 hours within 36 months of joined": "reduce annual-hours by 10 hours when qualified_on < 2010-01-01",
    "89 hours within 36 months of joined": "reduce annual-hours by 10 hours when qualified_on < 2010-01-01",
}


@pytest.mark.parametrize("window", OPEN)
def test_sound_where_more_is_open_than_the_window(tmp_path: Path, window: str) -> None:
    world = write_world(tmp_path)
    pack, rules = world / "policies/shire/pack.yaml", world / "policies/shire/rules.yaml"
    pack.write_text(
        pack.read_text(encoding="utf-8").replace(
            "\nfields:\n", "\nfields:\n  person: {qualified_on: {zh: 取得资格日期, type: date}}\n"
        ),
        encoding="utf-8",
    )
    more = "".join(
        f"- id: more-{n}\n  cites: {{source: act, at: art. 9}}\n  rule: {rule}\n"
        for n, rule in enumerate((f"require total at least {window}", OPEN[window]))
    )
    rules.write_text(rules.read_text(encoding="utf-8") + more, encoding="utf-8")
    files = Files((str(world / "records.csv"),))
    done = evaluate_files(load_law(world / "policies/shire"), files, (2016, 2016))
    assert {d.required_total for d in done.result.decisions} == {80}
    out = save(done, tmp_path / "out")
    assert verify(out) == []
    path = out / "decisions.csv"
    path.write_text(path.read_text().replace(",80,", ",81,"))
    assert "PE521" in _codes(verify(out))


@pytest.mark.parametrize("engine", ["reference", "duckdb"])
@pytest.mark.parametrize("ledger", ["full", "lean"])
def test_what_repeats_another_record_is_no_cut(engine: str, ledger: str, tmp_path: Path) -> None:
    """The rule by which it counts 0 stands where caps stand; capped_off is what caps cut."""
    records = tmp_path / "r.csv"
    records.write_text(
        "记录编号,人员编号,日期,学习形式,名称,收录类别\nR1,A,2016-03-01,收录论文,论文甲,SCI收录\n"
        "R2,A,2016-04-01,收录论文,论文甲,EI收录\n",
        encoding="utf-8",
    )
    found = evaluate_files(load_law(PACKS / "anhui"), Files((str(records),)), engine=engine)
    assert [(e.reason, e.cap_rule) for e in found.result.ledger] == [("counted", ""), ("duplicate", "anhui/once")]
    assert [d.capped_off for d in found.result.decisions] == [0]
    save(found, tmp_path / "out", ledger=ledger)
    assert verify(tmp_path / "out") == []


def test_input_files(evaluation: Evaluation, written: Path, world: Path, tmp_path: Path) -> None:
    assert verify(written, [str(world / "records.csv")]) == []
    other = tmp_path / "records.csv"
    other.write_text((world / "records.csv").read_text().replace("12.5,hours", "13.5,hours"))
    assert _codes(verify(written, [str(other)])) == ["PE512"]


# table, what stands there, what somebody makes of it, code and column of the disagreement beside PE510
CHANGES = [
    ("decisions", "A1,2016,shire,not_met,87.5", "A1,2016,shire,met,87.5", "PE521", "outcome"),
    ("decisions", "A1,2016,shire,not_met,87.5", "A1,2016,shire,not_met,97.5", "PE521", "total"),
    ("decisions", ",62.5,25,90,60,", ",72.5,25,90,60,", "PE521", "professional"),
    ("decisions", ",62.5,25,90,60,", ",62.5,25,80,60,", "PE521", "required_total"),
    ("decisions", ",2.5,0,8,", ",1.5,0,8,", "PE521", "shortfall_total"),
    ("decisions", ",2.5,0,8,", ",2.5,0,7,", "PE524", "capped_off"),
    ("ledger", "28,20,", "28,28,", "PE524", "total"),
    ("ledger", "16,0,shire", "16,16,shire", "PE523", "counted"),
    ("ledger", "28,20,", "28,-20,", "PE523", "counted"),
    ("ledger", "12.5,12.5,", "12.5,11.5,", "PE523", "counted"),
    ("ledger", "shire/self-study-cap,capped", "shire/no-such-cap,capped", "PE523", "cap_rule"),
    ("findings", "90,90,87.5,87.5,0,2.5,not_met", "90,90,97.5,97.5,0,2.5,not_met", "PE522", "status"),
    ("findings", "90,90,87.5,87.5,0,2.5,not_met", "90,90,87.5,87.5,0,1.5,not_met", "PE522", "shortfall"),
    ("findings", "90,90,87.5,87.5,0,2.5,not_met", "90,90,87.5,90,0,2.5,not_met", "PE522", "status"),
    ("findings", "90,90,87.5,87.5,0,2.5,not_met", "90,90,87.5,87.4,0,2.5,not_met", "PE522", "achieved"),
    ("findings", "90,90,87.5,87.5,0,2.5,not_met", "90,90,87.5,87.5,88,2.5,not_met", "PE522", "achieved"),
    ("findings", "A1,2016,shire,shire/annual-hours,", "A1,2016,shire,shire/no-such-hours,", "PE522", "rule"),
    ("ledger", "shire/self-study-cap,capped", "shire/self-study-cap,counted", "PE523", "reason"),
    ("ledger", "12.5,12.5,shire/recognise-training,shire/stated-hours,,counted",
     "12.5,12.5,shire/recognise-training,shire/stated-hours,,capped", "PE523", "reason"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new", "code", "column"), CHANGES)
def test_a_changed_figure_is_found_where_it_is(
    written: Path, table: str, old: str, new: str, code: str, column: str
) -> None:
    path = written / f"{table}.csv"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    found = verify(written)
    assert found[0].code == "PE510"
    assert found[0].span is not None
    assert found[0].span.file == str(path)
    located = [d for d in found if d.code == code and d.message.startswith(f"{column}: ")]
    assert located, found
    if table != "ledger" or code == "PE523":
        line = text[: text.index(old)].count("\n") + 1
        assert {d.span.line for d in located if d.span} == {line}


@pytest.mark.parametrize(
    ("table", "figure"), [("decisions", "total"), ("findings", "shortfall"), ("ledger", "counted")]
)
def test_rows_may_stand_in_any_order(evaluation: Evaluation, tmp_path: Path, table: str, figure: str) -> None:
    """Of a register that is not in the order of persons the ledger isn't either; the line told is that of the file."""
    path = save(evaluation, tmp_path / "out", "parquet") / f"{table}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT * FROM '{path}' ORDER BY person_id DESC")
        connection.execute(f"COPY t TO '{path}'")
        assert _codes(verify(path.parent)) == ["PE510"]
        connection.execute(f"UPDATE t SET {figure}_num = -1 WHERE rowid = 1")
        connection.execute(f"COPY t TO '{path}'")
    assert 3 in {d.span.line for d in verify(path.parent) if d.span and d.message.startswith(f"{figure}: -1")}


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("table", "figure"), [("decisions", "total"), ("findings", "shortfall"), ("ledger", "counted")]
)
def test_lines_of_text_may_stand_in_any_order(
    evaluation: Evaluation, tmp_path: Path, table: str, figure: str, format: str
) -> None:
    path = save(evaluation, tmp_path / "out", format) / f"{table}.{format}"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    head, rows = (lines[:1], lines[1:]) if format == "csv" else ([], lines)
    path.write_text("".join([*head, *reversed(rows)]), encoding="utf-8")
    assert _codes(verify(path.parent)) == ["PE510"]
    if format == "csv":
        cells, at = rows[-2].rstrip("\n").split(","), lines[0].rstrip("\n").split(",").index(figure)
        rows[-2] = ",".join([*cells[:at], "-1", *cells[at + 1 :]]) + "\n"
    else:
        rows[-2] = json.dumps({**json.loads(rows[-2]), figure: -1}) + "\n"
    path.write_text("".join([*head, *reversed(rows)]), encoding="utf-8")
    second = len(head) + 2
    assert second in {d.span.line for d in verify(path.parent) if d.span and d.message.startswith(f"{figure}: -1")}


def test_a_ledger_that_is_in_no_order_is_not_held_in_memory(tmp_path: Path) -> None:
    """That of more than two million records stands as it was worked out: 800 bytes a row, GB of all of them."""
    names = [c.name for c in LEDGER]
    cells = {"quantity": "8", "unit": "hours", "converted": "20/9", "counted": "20/9", "reason": "counted"}
    rows = 20_000
    with (tmp_path / "ledger.csv").open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for n in range(rows):
            row = {"record_id": f"R{n}", "person_id": f"'-{(n * 7) % rows:05}", **cells}
            file.write(",".join(row.get(name, "") for name in names) + "\n")
    ledger = {"file": "ledger.csv", "rows": rows, "columns": names, "sha256": ""}
    import policyengine.records.sql  # noqa: F401  what it loads is not counted

    tracemalloc.start()
    last, seen = "", 0
    for line, found in Written(tmp_path, {"tables": {"ledger": ledger}}).lines("ledger", in_order=False):
        assert last <= (last := str(found["person_id"]))
        assert last == f"-{(line - 2) * 7 % rows:05}"
        assert (found["record_id"], found["counted"], found["cap_rule"]) == (f"R{line - 2}", Fraction(20, 9), "")
        seen += 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == rows
    assert most < 8_000_000


def test_a_ledger_row_given_to_somebody_else_too_is_one_too_many(written: Path) -> None:
    path = written / "ledger.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    record, who = lines[1].split(",")[:2]
    other = next(line.split(",")[1] for line in lines if line.split(",")[1] not in (who, "person_id"))
    path.write_text("".join([*lines, lines[1].replace(f"{record},{who},", f"{record},{other},")]), encoding="utf-8")
    said = [d.message for d in verify(written) if d.code == "PE520"]
    assert any(m.startswith("the ledger has ") for m in said), said


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_row_with_the_record_of_somebody_else_is_found_though_sealed_anew(
    evaluation: Evaluation, tmp_path: Path, format: str
) -> None:
    """As many records as before, and nothing else that disagrees: within one person's rows there is no fault."""
    path = save(evaluation, tmp_path / "out", format) / f"ledger.{format}"
    rows = [(str(row["record_id"]), str(row["person_id"])) for row in read_result(path.parent).rows("ledger")]
    first = next(n for n, row in enumerate(rows) if row == ("R001", "A1"))
    second = next(n for n, row in enumerate(rows) if row == ("R030", "C3"))
    if format == "parquet":
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t AS SELECT * FROM '{path}'")
            connection.execute("UPDATE t SET record_id = 'R001' WHERE record_id = 'R030'")
            connection.execute(f"COPY t TO '{path}'")
    else:
        path.write_text(path.read_text(encoding="utf-8").replace("R030", "R001"), encoding="utf-8", newline="")
    manifest = path.with_name("manifest.json")
    content = json.loads(manifest.read_bytes())
    content["tables"]["ledger"]["sha256"] = digest(path)
    manifest.write_bytes(manifest_bytes(content))
    (found,) = verify(path.parent)
    top = 1 if format == "jsonl" else 2
    assert (found.code, found.message) == (
        "PE523",
        f"record_id: the row {first + top} has it as a record of somebody else",
    )
    assert found.span is not None
    assert (found.span.file, found.span.line) == (str(path), second + top)


def test_a_record_id_that_was_taken_out_of_the_first_row_is_nobodys(written: Path) -> None:
    """The row 0, which there is not, was said to have it as a record of somebody else."""
    ledger, manifest = written / "ledger.csv", json.loads((written / "manifest.json").read_bytes())
    header, first, *rest = ledger.read_text(encoding="utf-8").splitlines(keepends=True)
    ledger.write_text("".join([header, first[first.index(",") :], *rest]), encoding="utf-8", newline="")
    manifest["tables"]["ledger"]["sha256"] = digest(ledger)
    (written / "manifest.json").write_bytes(manifest_bytes(manifest))
    assert not [d for d in verify(written) if "somebody else" in d.message]


@pytest.mark.parametrize(
    "entry", [{"of": None}, {"of": None, "years": "2"}, {"years": 2}, {"of": "annual", "cycles": -1}, 2, []]
)
def test_what_looks_back_on_neither_years_nor_cycles_is_none_of_ours(written: Path, entry: object) -> None:
    """It was told in the words of Python, “'years'”; and by publish as a fault of the program."""
    manifest = json.loads((written / "manifest.json").read_bytes())
    for good in ({"of": None, "years": 2}, {"of": "annual", "cycles": 3}):
        manifest["rules"][0]["looks_back"] = [good]
        (written / "manifest.json").write_bytes(manifest_bytes(manifest))
        assert _codes(verify(written)) == []
    manifest["rules"][0]["looks_back"] = [good, entry]
    (written / "manifest.json").write_bytes(manifest_bytes(manifest))
    (told,) = verify(written)
    said = "the manifest was changed or damaged: rules[0].looks_back[1] is missing, or not as we write it"
    assert (told.code, told.message) == ("PE502", said)


def test_a_row_of_json_lines_is_told_by_its_line(evaluation: Evaluation, tmp_path: Path) -> None:
    """They have no header: the first row is line 1."""
    path = save(evaluation, tmp_path / "out", "jsonl") / "decisions.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines, 1) if '"outcome":"excused"' in line)
    lines[at - 1] = lines[at - 1].replace('"outcome":"excused"', '"outcome":"met"')
    path.write_text("".join(lines), encoding="utf-8")
    assert {d.span.line for d in verify(path.parent) if d.code == "PE521" and d.span} == {at}


PACK_RULES = """
- id: taught
  cites: {source: act, at: art. 9}
  rule: 'measure taught: hours of training'
- id: taught-hours
  cites: {source: act, at: art. 9}
  rule: require taught at least 48 hours per year
- id: twelve-months
  cites: {source: act, at: art. 9}
  rule: require total at least 100 hours within 12 months of joined
"""


def test_declared_measures(tmp_path: Path) -> None:
    """One that is changed is found; months from a day are no period, though they be twelve."""
    world = write_world(tmp_path)
    pack = world / "policies" / "shire" / "pack.yaml"
    text = pack.read_text().replace("year_starts: 01-01", "year_starts: 09-01")
    pack.write_text(text.replace("\n  conclusions:", "\n  measures: {taught: 面授}\n  conclusions:"))
    with open(world / "policies" / "shire" / "rules.yaml", "a") as file:
        file.write(PACK_RULES)
    (tmp_path / "own.csv").write_text("person_id,joined\nA1,2016-02-01\n")
    files = Files((str(world / "records.csv"),), str(tmp_path / "own.csv"))
    out = save(evaluate_files(load_law(world / "policies" / "shire"), files, (2016, 2016)), tmp_path / "out")
    assert verify(out) == []
    path = out / "decisions.csv"
    lines = path.read_text().splitlines()
    assert lines[0].endswith(",taught")
    row = next(n for n, line in enumerate(lines) if line.startswith("A1,"))
    lines[row] = lines[row].rpartition(",")[0] + ",99"
    path.write_text("\n".join(lines) + "\n")
    found = [d for d in verify(out) if d.code == "PE521"]
    assert [(d.message[:10], d.span and d.span.line) for d in found] == [("taught: 99", row + 1)]


BY_PERIOD = """
- id: by-start
  cites: {source: act, at: art. 9}
  rule: assign by start date
- id: taught
  cites: {source: act, at: art. 9}
  rule: 'measure taught: hours of training where title in titles'
- id: taught-of-this-period
  cites: {source: act, at: art. 9}
  rule: require taught of this period at least 4 hours per year
"""
BY_DAY = (
    BY_PERIOD[: BY_PERIOD.index("- id: by-start")]
    + """\
- id: taught-by-day
  cites: {source: act, at: art. 9}
  rule: require taught at least 4 hours per year
"""
)


@pytest.mark.parametrize(("more", "shown"), [("", "8"), (BY_DAY, "0")])
def test_a_measure_of_this_period(more: str, shown: str, tmp_path: Path) -> None:
    """A course over New Year on what the table lists for 2015: 8 hours of the period 2015, nothing by its last day."""
    world = write_world(tmp_path)
    pack = world / "policies" / "shire"
    table = "tables:\n  titles: {file: titles.csv, columns: {year: {role: year}, title: {role: key, field: title}}}\n"
    text = (pack / "pack.yaml").read_text() + table
    (pack / "pack.yaml").write_text(text.replace("\n  conclusions:", "\n  measures: {taught: 面授}\n  conclusions:"))
    (pack / "titles.csv").write_text("year,title\n2015,Soils\n2016,Law\n")
    with open(pack / "rules.yaml", "a") as file:
        file.write(BY_PERIOD + more)
    records = tmp_path / "r.csv"
    header = "record_id,person_id,start,date,form,title,quantity,unit,evidence"
    records.write_text(f"{header}\nR1,A1,2015-12-30,2016-01-02,training,Soils,8,hours,c-1\n")
    for engine in ("reference", "duckdb"):
        found = evaluate_files(load_law(pack), Files((str(records),)), (2015, 2015), engine=engine)
        out = save(found, tmp_path / engine)
        assert (out / "decisions.csv").read_text().splitlines()[1].endswith(f",{shown}")
        assert verify(out) == []
        path = out / "decisions.csv"
        path.write_text(path.read_text().rstrip("\n").rpartition(",")[0] + ",3\n")
        assert [d.message[:9] for d in verify(out) if d.code == "PE521"] == ["taught: 3"]


def test_rows_taken_away_or_doubled(written: Path) -> None:
    path = written / "ledger.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:3], *lines[4:]]))
    assert {"PE510", "PE520"} <= set(_codes(verify(written)))
    path.write_text("".join([*lines, lines[-1]]))
    assert {"PE510", "PE520"} <= set(_codes(verify(written)))


def test_findings_without_decisions_are_told_by_the_first_of_each_and_in_time(written: Path) -> None:
    """Half of a table may be gone: each row that is left over is then looked up, not searched for among all."""
    lines = (written / "findings.csv").read_text().splitlines(keepends=True)
    (a1,) = (line for line in lines if line.startswith("A1,2016,shire,shire/annual-hours,"))
    copies = [a1.replace("A1,", f"X{n:05},") for n in range(20_000)]
    other = a1.replace("A1,2016,shire,", "X00000,2016,mill,")
    (written / "findings.csv").write_text("".join([*lines, copies[0], other, *copies[1:]]))
    begin = time.process_time()
    found = verify(written)
    assert time.process_time() - begin < 20  # about 4 s; searched for, more than 40
    orphans = [d.span.line for d in found if d.code == "PE522" and d.span]
    assert orphans == list(range(len(lines) + 1, len(lines) + 101))
    told = [(d.code, d.severity) for d in found if "more of this kind" in d.message]
    assert told == [("PE522", "note")]


def test_a_result_of_a_later_form_is_not_read(written: Path) -> None:
    """Sealed as it should be: the same words may mean something else in it."""
    content = json.loads((written / "manifest.json").read_bytes())
    (written / "manifest.json").write_bytes(manifest_bytes({**content, "policyengine-result": 2}))
    for reading in (read_result, unchanged_result, verify):
        with pytest.raises(PolicyError, match=r"PE501: this result has form 2, which a later version(.|\n)*use that"):
            reading(written)


def test_missing_and_foreign_files(written: Path) -> None:
    (written / "notes.txt").write_text("x")
    assert _codes(verify(written)) == ["PE511"]
    (written / "findings.csv").unlink()
    gone = [(d.message, d.hint) for d in verify(written) if d.code == "PE503"]  # once, though it is read in the end
    assert gone == [("the table findings is missing", "the tables were not compared with each other; evaluate again")]
    with pytest.raises(PolicyError, match=r"PE501: this is not a result of policyengine: it has no manifest\.json"):
        verify(written.parent)


@pytest.mark.parametrize("name", ["manifest.json", "decisions.csv", "ledger.csv"])
def test_a_file_of_a_result_is_told_as_one(written: Path, name: str) -> None:
    """``verify DIR/manifest.json`` was told that there is no manifest.json."""
    with pytest.raises(
        PolicyError, match=rf"PE501: this is a file of a result(.|\n)*folder, {re.escape(str(written))}"
    ):
        verify(written / name)


@pytest.mark.parametrize(
    ("format", "spoilt", "told"),
    [
        ("csv", lambda was: was.replace(b",", b',"a"b"', 1), "第 1 行不是 CSV：引号的位置不对"),
        ("csv", lambda was: was.replace(b",20/9,", b",2x/9,"), "total：“2x/9”不是本程序写出的数"),
        ("csv", lambda was: was.replace(b",20/9,", b",1/0,"), "total：“1/0”不是本程序写出的数"),
        ("jsonl", lambda was: was[:-9], "不是 JSON 对象"),
        ("parquet", lambda was: was[:-9], "无法作为 Parquet 读取"),
        ("parquet", lambda was: was.replace(b"person_id", b"person_no"), "缺少列 person_id"),
        ("xlsx", lambda was: was[:-9], "无法作为 XLSX 读取"),
    ],
)
def test_what_is_no_table_any_more_is_told_in_the_language_spoken(
    evaluation: Evaluation, tmp_path: Path, format: str, spoilt: Callable[[bytes], bytes], told: str
) -> None:
    """Without what libraries say in English; a header with a quotation mark amiss was a fault of the program."""
    out = save(evaluation, tmp_path / "out", format)
    path = out / f"decisions.{format}"
    was = path.read_bytes()
    path.write_bytes(spoilt(was))
    assert path.read_bytes() != was
    speak("zh")
    said = [d.message for d in verify(out) if d.code == "PE503"]
    speak("en")
    assert [m for m in said if m.startswith("此表已被改动：") and m.endswith(told)] == said != []
    hints = [d.hint for d in verify(out) if d.code == "PE503"]  # it was to verify
    assert hints == ["nothing else was compared; evaluate again"]


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        ("flags", "R1,P1,late,w/late@x,,maybe,\n", "row 2, certain: 'maybe' is not yes or no as we write it"),
        ("rejects", "r.csv,,third,,,PE421,,,\n", "row 2, row: 'third' is not a whole number as we write it"),
    ],
)
def test_a_cell_that_is_none_of_ours_is_told_of_tables_that_imply_nothing(
    written: Path, table: str, row: str, told: str
) -> None:
    """Also where the digest is that of the changed table: publish would take ``maybe`` for no."""
    path, manifest = written / f"{table}.csv", json.loads((written / "manifest.json").read_bytes())
    header = path.read_text(encoding="utf-8").splitlines(keepends=True)[0]
    path.write_text(header + row, encoding="utf-8")
    manifest["tables"][table] |= {"rows": 1, "sha256": digest(path)}
    (written / "manifest.json").write_bytes(manifest_bytes(manifest))
    assert [(d.code, d.message) for d in verify(written)][:1] == [("PE503", f"this table was changed: {told}")]


def test_any_flipped_byte_is_found(evaluation: Evaluation, tmp_path: Path) -> None:
    """Every byte of every file is under a digest, the manifest under its own, both under a signature."""
    written = results(evaluation, tmp_path)
    assert [flip for *flip, found in flips(written, 150, 2016) if not found] == []
    assert [d for w in written.values() for d in verify(w) if d.severity != "note"] == []


def test_a_workbook_damaged_anywhere_is_a_finding(evaluation: Evaluation, tmp_path: Path) -> None:
    """In the archive, its compression, its XML: whichever part fails, and however."""
    written = save(evaluation, tmp_path / "out", "xlsx")
    path = written / "decisions.xlsx"
    before = path.read_bytes()
    for place in range(10, len(before), len(before) // 40):
        path.write_bytes(before[:place] + bytes([before[place] ^ 0x55]) + before[place + 1 :])
        assert "PE510" in _codes(verify(written))
