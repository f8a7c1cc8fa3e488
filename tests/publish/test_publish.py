"""A result in the status database is what was written; twice is once; the later replaces, the earlier stays."""

from __future__ import annotations

import importlib
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from policyengine.address import shown
from policyengine.cli import main
from policyengine.diagnostics import PolicyError
from policyengine.language.quantities import exact_text
from policyengine.messages import speak
from policyengine.tools.publish import current, embedded, reading
from policyengine.tools.publish.publish import TABLES, Published, _reach, publish
from policyengine.tools.publish.staging import figure
from policyengine.tools.report.make import write_certificates, write_report, write_workbook
from policyengine.tools.result.read import read_result
from policyengine.tools.result.result import save
from policyengine.tools.result.sign import Signer
from policyengine.tools.result.verify import verify
from policyengine.tools.result.write import digest, manifest_bytes, whole_folder
from policyengine.tools.stats.frames import denominator, denominators, described, ticks
from policyengine.tools.stats.make import statistics
from policyengine.tools.stats.origin import Named
from tests.publish.conftest import Server
from tests.report.test_sign import key_pair
from tests.stats.conftest import judged
from tests.stats.world import YEARS, write_county, write_year

Ask = Callable[[str], list[tuple[Any, ...]]]
Holding = Callable[[str], tuple[str, Ask, Published]]


def ask_file(path: Path) -> Ask:
    def ask(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return ask


def made_on(server: Server, name: str, like: str = "template1") -> str:
    """The address of a new database: an empty one, or a copy of another."""
    import psycopg

    with psycopg.connect(server.url, autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    return server.url.rpartition("/")[0] + f"/{name}"


def ask_server(url: str) -> Ask:
    import psycopg

    def ask(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as session:
            return session.execute(query).fetchall()

    return ask


KINDS = ("duckdb", "postgresql")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Ask]:
    """An empty status database of each kind, and a way to ask it."""
    if request.param == "duckdb":
        return str(tmp_path / "status.duckdb"), ask_file(tmp_path / "status.duckdb")
    url = made_on(request.getfixturevalue("server"), f"status_{abs(hash(str(tmp_path)))}")
    return url, ask_server(url)


@pytest.fixture(scope="module", params=KINDS)
def holding(
    request: pytest.FixtureRequest, results: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Holding:
    """Gives a status database of each kind that holds one of the results, a way to ask it, and what came of publishing:
    it is published once, and each test has a copy."""
    folder, numbers = tmp_path_factory.mktemp("holding"), count()
    server: Server | None = request.getfixturevalue("server") if request.param == "postgresql" else None

    @cache
    def first(name: str) -> tuple[str, Published]:
        to = made_on(server, f"of_{name}") if server else str(folder / f"{name}.duckdb")
        return to, publish(results[name], to)

    def copied(name: str) -> tuple[str, Ask, Published]:
        original, made = first(name)
        own = f"copy_{next(numbers)}"
        if server:
            url = made_on(server, own, like=f"of_{name}")
            return url, ask_server(url), made
        path = shutil.copy(original, folder / f"{own}.duckdb")
        return str(path), ask_file(path), made

    return copied


def everything(ask: Ask) -> list[list[tuple[Any, ...]]]:
    return [sorted(ask(f"SELECT * FROM {t}"), key=repr) for t in TABLES]


def test_what_was_written(holding: Holding, results: dict[str, Path]) -> None:
    _, ask, made = holding("both")
    assert made.changed
    written = read_result(results["both"])
    decided = {(d.person_id, d.period): d for d in written.decisions()}
    rows = ask("SELECT person_id, period, outcome, unit, total, total_exact, consequences FROM current_decisions")
    assert len(rows) == len(decided) == 16
    for who, period, outcome, unit, total, exact, consequences in rows:
        d = decided[who, period]
        assert (outcome, unit) == (d.outcome, d.unit)
        assert Fraction(exact or total) == d.total
        assert abs(Fraction(total) - d.total) <= Fraction(1, 2 * 10**10)
        assert tuple((consequences or "").split("; ")) == (d.consequences or ("",))
    ledger = ask("SELECT record_id, counted, counted_exact, cap_rule FROM ledger ORDER BY record_id")
    assert [(r, Fraction(e or c), k or "") for r, c, e, k in ledger] == sorted(
        (e.record_id, e.counted, e.cap_rule) for e in written.ledger()
    )
    assert len(ask("SELECT * FROM findings")) == len(list(written.findings()))
    assert ask("SELECT name, region FROM current_people WHERE person_id = 'A3'") == [("Cat", "south")]
    assert ask("SELECT title, listed FROM current_activities WHERE record_id = 'R01'") == [("Soils", "bases")]
    assert ask("SELECT people, met, not_met, excused FROM current_completion WHERE period = '2016'") == [(8, 5, 2, 1)]
    measures = ask("SELECT value, value_exact FROM current_decision_measures WHERE person_id = 'A2' AND measure = 'public' AND period = '2016'")  # noqa: E501  # fmt: skip
    assert [tuple(map(str, m)) for m in measures] == [("40.0000000000", "None")]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ("f TEXT", "('20/9'), (''), ('1.5'), ('1/3')"),
        ("f_num BIGINT, f_den BIGINT", "(20, 9), (NULL, NULL), (3, 2), (1, 3)"),
        ("f DECIMAL(28, 10), f_exact TEXT", "(2.2222222222, '20/9'), (NULL, NULL), (1.5, NULL), (0.3333333333, '1/3')"),
    ],
)
def test_no_figure_stays_none_beside_fractions(column: str, texts: str) -> None:
    """However a table writes its figures: where there is none the database has NULL, also beside thirds and ninths."""
    from sqlglot import exp

    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({column})")
        connection.execute(f"INSERT INTO t VALUES {texts}")
        frame = described(connection, exp.to_table("t"), texts=column == "f TEXT")
        per_unit = denominator(connection, frame, ["f"])
        query = exp.select(*figure(ticks(frame, "f", per_unit), per_unit)).from_("t")
        found = [tuple(map(str, row)) for row in connection.execute(query.sql("duckdb")).fetchall()]
    assert found == [
        ("2.2222222222", "20/9"), ("None", "None"), ("1.5000000000", "None"), ("0.3333333333", "1/3"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "rows", "found"),
    [
        ("f TEXT, g TEXT", "('20/9', '1.5'), ('1.25', ''), ('1/6', '')", {"f": 900, "g": 10}),  # 9, 6 and 100; 10
        ("f TEXT, g TEXT", "('', NULL)", {"f": 1, "g": 1}),
        ("f TEXT, g TEXT", "", {"f": 1, "g": 1}),
        ("f_num BIGINT, f_den BIGINT, g DECIMAL(9, 3)", "(20, 9, 1), (3, 2, 2)", {"f": 18, "g": 1000}),
        ("g DECIMAL(9, 1), g_exact TEXT, f DECIMAL(9, 0)", "(2.2, '20/9', 1), (1.5, NULL, 2)", {"f": 1, "g": 90}),
    ],
)
def test_each_column_has_a_denominator_of_its_own(
    columns: str, rows: str, found: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where not all of them are looked at together."""
    from sqlglot import exp

    monkeypatch.setattr("policyengine.tools.stats.frames.AT_ONCE", 1)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        if rows:
            connection.execute(f"INSERT INTO t VALUES {rows}")
        frame = described(connection, exp.to_table("t"), texts=columns == "f TEXT, g TEXT")
        assert denominators(connection, frame, ["f", "elsewhere", "g"]) == found


@pytest.mark.parametrize("places", [1, 2, 3, 6, 9, 14])
def test_great_figures_of_parquet(places: int) -> None:
    """A quantity that no rule converts may be as great as 18 digits hold; a part of a 4096th has 14 decimals."""
    from sqlglot import exp

    great = [str(Fraction(10**18 - 1, 10**places)), f"-{10 ** (18 - places) - 1}", "0.5", "7"]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (f DECIMAL(18, {places}))")
        connection.executemany("INSERT INTO t VALUES (?::VARCHAR)", [[exact_text(Fraction(g))] for g in great])
        frame = described(connection, exp.to_table("t"))
        query = exp.select(exp.cast(ticks(frame, "f", 10**14), "TEXT")).from_("t")
        found = [Fraction(whole) / 10**14 for (whole,) in connection.execute(query.sql("duckdb")).fetchall()]
    assert found == [Fraction(g) for g in great]


def test_twice_is_once(holding: Holding, results: dict[str, Path]) -> None:
    to, ask, _ = holding("2016")
    before = everything(ask)
    assert not publish(results["2016"], to).changed
    assert everything(ask) == before


def test_the_later_replaces_and_the_earlier_stays(holding: Holding, results: dict[str, Path]) -> None:
    to, ask, one = holding("both")
    two = publish(results["2016"], to)
    assert two.replaced == (("2016", one.result_id),)
    current = dict(ask("SELECT period, result_id FROM current_coverage"))
    assert current == {"2016": two.result_id, "2017": one.result_id}
    assert ask("SELECT count(*) FROM current_decisions") == [(16,)]
    assert ask("SELECT count(*) FROM decisions") == [(24,)]
    assert ask("SELECT superseded_by FROM coverage WHERE superseded_by IS NOT NULL") == [(two.result_id,)]
    again = publish(results["both"], to)
    assert (again.changed, again.superseded) == (False, (("2016", two.result_id),))
    assert dict(ask("SELECT period, result_id FROM current_coverage")) == current


RULE = {
    "block": "require total at least 100 hours per 2 years starting 2016",
    "dear": "flag dear when cost is present and cost > 50 yuan",
    "carry": "carry excess over annual up to 10 hours to the next year",
    "rolling": "require total at least 10 hours in any 3 years",
    "joined": "require total at least 10 hours within 20 months of joined",
    "terms": "require total at least 10 hours per 20 months from joined",
    "running": "conclude not_excellent when not met for 3 years running",
    "long-cap": "cap training at 50 hours in any 2 years",
    "once": "count once per title taking the earliest",
}


def with_rule(folder: Path, rule: str) -> Path:
    """The county with one more rule, in ``folder``."""
    pack = write_county(folder) / "policies" / "county"
    with (pack / "rules.yaml").open("a", encoding="utf-8") as rules:
        rules.write(f"- id: {rule}\n  cites: {{source: act, at: art. 8}}\n  rule: {RULE[rule]}\n")
    words = (pack / "pack.yaml").read_text(encoding="utf-8")
    (pack / "pack.yaml").write_text(words.replace("fields:\n", "  flags: {dear: 昂贵}\nfields:\n"), encoding="utf-8")
    return folder


def test_a_year_that_ends_a_block_leaves_the_years_before(database: tuple[str, Ask], tmp_path: Path) -> None:
    """The ledger of 2017 has the rows of 2016 too, which the block counts. Nine records are of 2016, one is of 2017."""
    to, ask = database
    county = with_rule(tmp_path / "county", "block")
    folders = [save(judged(county, year, year), tmp_path / str(year)) for year in (2016, 2017)]
    one, two = (publish(folder, to) for folder in folders)
    assert two.replaced == ()
    current = dict(ask("SELECT period, result_id FROM current_coverage"))
    assert current == {"2016": one.result_id, "2017": two.result_id, "2016..2017": two.result_id}
    decided = "SELECT period, count(*) FROM current_decisions GROUP BY period"
    assert dict(ask(decided)) == {"2016": 8, "2017": 8, "2016..2017": 8}
    rows = "SELECT result_id, period, count(*) FROM current_ledger GROUP BY result_id, period"
    assert {tuple(row) for row in ask(rows)} == {
        (one.result_id, "2016", 9), (two.result_id, "2016", 9), (two.result_id, "2017", 1),
    }  # fmt: skip
    assert statistics([to]).tables == statistics([str(folder) for folder in folders]).tables


def test_a_block_that_an_amended_law_no_longer_has_is_not_current(database: tuple[str, Ask], tmp_path: Path) -> None:
    """2016..2017 is decided with 2017; by the law of now there is none. A result about 2016 says nothing of it."""
    to, ask = database
    before, after = with_rule(tmp_path / "before", "block"), write_county(tmp_path / "after")
    both = publish(save(judged(before, 2016, 2017), tmp_path / "both"), to)
    first = publish(save(judged(after, 2016, 2016), tmp_path / "2016"), to)
    assert first.replaced == (("2016", both.result_id),)
    then = publish(save(judged(after, 2017, 2017), tmp_path / "2017"), to)
    assert then.replaced == (("2017", both.result_id), ("2016..2017", both.result_id))
    current = dict(ask("SELECT period, result_id FROM current_coverage"))
    assert current == {"2016": first.result_id, "2017": then.result_id}
    assert dict(ask("SELECT period, count(*) FROM current_ledger GROUP BY period")) == {"2016": 9, "2017": 1}
    assert statistics([to]).tables == statistics([str(tmp_path / y) for y in ("2016", "2017")]).tables


def test_a_block_of_which_one_year_is_replaced_is_told(database: tuple[str, Ask], tmp_path: Path) -> None:
    """2016 alone is judged anew without R07: the block stays as it was decided, with R07 in it, until 2017 is too."""
    to, ask = database
    county = with_rule(tmp_path / "county", "block")
    both = publish(save(judged(county, 2016, 2017), tmp_path / "both"), to)
    records = county / "records.csv"
    lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
    records.write_text("".join(line for line in lines if not line.startswith("R07")), encoding="utf-8")
    run = lambda *a: CliRunner().invoke(main, list(a)).output.splitlines()
    said = run("publish", str(save(judged(county, 2016, 2016), tmp_path / "2016")), "--to", to)
    block = both.result_id[:12]
    assert said[:2] == [
        f"2016: replaces {block}…",
        f"2016..2017: stays as {block}… decided it, by the records of then; "
        "to decide it by those of now, evaluate 2017 and publish that too",
    ]
    assert dict(ask("SELECT period, result_id FROM current_coverage"))["2016..2017"] == both.result_id
    said = run("publish", str(save(judged(county, 2017, 2017), tmp_path / "2017")), "--to", to)
    assert said[:2] == [f"2016..2017: replaces {block}…", f"2017: replaces {block}…"]
    assert not any("stays" in line for line in said)


@pytest.mark.parametrize(
    ("rule", "years"),
    [
        ("dear", ""),
        ("carry", "2017"),
        ("rolling", "2017 2018"),
        ("joined", "2017 2018"),
        ("terms", "2017 2018"),
        ("running", "2017 2018"),
        ("long-cap", "2017 2018 2019"),
        ("once", "2017 2018 2019"),
    ],
)
def test_later_years_in_which_a_replaced_one_may_count_are_told(rule: str, years: str, tmp_path: Path) -> None:
    """R07 of 2016 is withdrawn: what of it was carried over, stands in a window of later years, took the room of a cap
    or the place of a repeated record, or was a year not met of three, the result of these years has still."""
    to, county = str(tmp_path / "status.duckdb"), with_rule(tmp_path / "county", rule)
    before, after = (
        publish(save(judged(county, *span), tmp_path / str(span[0])), to) for span in ((2015, 2016), (2017, 2019))
    )
    records = county / "records.csv"
    lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
    records.write_text("".join(line for line in lines if not line.startswith("R07")), encoding="utf-8")
    anew = publish(save(judged(county, 2016, 2016), tmp_path / "anew"), to)
    assert anew.replaced == (("2016", before.result_id),)
    assert anew.stays == tuple((y, after.result_id) for y in years.split())


CARRIED, ONCE = {"kind": "carry"}, {"kind": "count_once"}
TWO, FIVE = ({"kind": "require", "block": [years, 2016]} for years in (2, 5))


def back(**looks: int) -> dict[str, object]:
    """A consequence that looks back on so many years or cycles, this one among them."""
    return {"kind": "conclude", "looks_back": [{kind: many, "of": None} for kind, many in looks.items()]}


@pytest.mark.parametrize(
    ("rules", "years", "blocks"),
    [  # of what lies later: how many years after a replaced one a year may be, and a block begin
        ([{"kind": "require"}, {"kind": "cap"}], 0, 0),
        ([CARRIED], 1, 1),
        ([{"kind": "require", "years_before": 2}, CARRIED], 2, 2),  # in any three years, and carried into the next
        ([CARRIED, back(years=3)], 3, 3),  # what the next year got of it is looked back on two years later
        ([back(years=3), back(years=2)], 2, 2),
        ([TWO, FIVE, back(cycles=3)], 0, 10),  # two cycles of five years later: from the first year of one on
        ([TWO, back(cycles=2, years=4), CARRIED], 4, 4),
        ([TWO, back(cycles=3, years=2), CARRIED], 2, 5),
        ([{"kind": "require"}, ONCE], 9999, 9999),
        ([{"kind": "cap", "years_before": 1}, CARRIED], 9999, 9999),
    ],
)
def test_how_far_what_was_learned_in_a_year_reaches(rules: list[dict[str, object]], years: int, blocks: int) -> None:
    assert _reach({"rules": rules}) == (years, blocks)


def test_later_cycles_of_which_a_consequence_looks_back_on_a_replaced_one_are_told(tmp_path: Path) -> None:
    """Of two cycles running the second looks back on the first, none on one before it; no single year does. Each year
    has a result of its own."""
    to, county = str(tmp_path / "status.duckdb"), with_rule(tmp_path / "county", "block")
    with (county / "policies" / "county" / "rules.yaml").open("a", encoding="utf-8") as rules:
        rule = "conclude not_excellent when block not met for 2 cycles running"
        rules.write(f"- id: cycles\n  cites: {{source: act, at: art. 8}}\n  rule: {rule}\n")
    of = {y: publish(save(judged(county, y, y), tmp_path / str(y)), to).result_id for y in range(2016, 2022)}
    records = county / "records.csv"
    lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
    records.write_text("".join(line for line in lines if not line.startswith("R07")), encoding="utf-8")
    for anew, stays in ((2016, "2016..2017 2018..2019"), (2017, "2018..2019")):
        own = str(shutil.copy(to, tmp_path / f"of_{anew}.duckdb"))
        done = publish(save(judged(county, anew, anew), tmp_path / f"anew_{anew}"), own)
        assert done.stays == tuple((block, of[int(block[-4:])]) for block in stays.split())


def test_a_block_of_another_scope_stays(tmp_path: Path) -> None:
    """North decides 2016..2017. What south publishes of its own people, by a law without the block, says nothing of
    it, though it ends with the same year, and south's 2016 is replaced."""
    to = str(tmp_path / "status.duckdb")
    north, south = with_rule(tmp_path / "north", "block"), write_county(tmp_path / "south")
    publish(save(judged(north, 2016, 2017), tmp_path / "both"), to, scope="north")
    for path in south.glob("*.csv"):
        path.write_text(re.sub(r"\bA(\d)", r"B\1", path.read_text(encoding="utf-8")), encoding="utf-8")
    first, then = (
        publish(save(judged(south, 2016, last), tmp_path / f"south-{last}"), to, scope="south") for last in (2016, 2017)
    )
    assert (then.replaced, then.stays) == ((("2016", first.result_id),), ())
    current = "SELECT period FROM current_coverage WHERE scope = 'north' ORDER BY period"
    assert ask_file(Path(to))(current) == [("2016",), ("2016..2017",), ("2017",)]


def test_what_a_later_result_leaves_out_is_not_current_with_other_years(
    database: tuple[str, Ask], tmp_path: Path
) -> None:
    """R01, R04 and R07 are flagged. R07 is withdrawn, and 2016 judged anew; R09, of 2017, stays as it was."""
    to, ask = database
    county = with_rule(tmp_path / "county", "dear")
    publish(save(judged(county, 2016, 2017), tmp_path / "years"), to)
    flagged, known = (f"SELECT record_id FROM current_{t} ORDER BY record_id" for t in ("flags", "activities"))
    assert ask(flagged) == [("R01",), ("R04",), ("R07",)]
    records = county / "records.csv"
    lines = records.read_text(encoding="utf-8").splitlines(keepends=True)
    records.write_text("".join(line for line in lines if not line.startswith("R07")), encoding="utf-8")
    publish(save(judged(county, 2016, 2016), tmp_path / "anew"), to)
    assert ask(flagged) == [("R01",), ("R04",)]
    assert ask(known) == [(f"R{n:02}",) for n in (1, 2, 3, 4, 5, 6, 8, 9, 10)]


def test_statistics_from_the_database(holding: Holding, results: dict[str, Path]) -> None:
    """The same tables as from the folder, and those that were published."""
    to, ask, _ = holding("both")
    from_folder, from_database = statistics([str(results["both"])]), statistics([to])
    assert from_database.tables == from_folder.tables
    published = ask("SELECT value, value_exact FROM current_statistics WHERE statistic = 'by-sector' AND period = '2016' AND measure = 'hours'")  # noqa: E501  # fmt: skip
    assert sorted(Fraction(e or v) for v, e in published) == [41, 119, Fraction(1100, 9)]


def test_a_subject_may_be_called_as_what_decisions_count_in(tmp_path: Path) -> None:
    """That stands in the manifest; read from beside the subjects, one of that name took its place."""
    county, to = write_county(tmp_path / "county"), str(tmp_path / "status.duckdb")
    for path, old, new in (
        ("policies/county/pack.yaml", "professional:", "unit:"),
        ("records.csv", ",professional,", ",unit,"),
    ):
        file = county / path
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    folder = save(judged(county, 2016, 2016), tmp_path / "out")
    publish(folder, to)
    from_folder, from_database = statistics([str(folder)]), statistics([to])
    assert from_database.tables == from_folder.tables
    assert "unit_hours" in from_database.tables[0].names


def test_results_without_a_ledger(county: Path, tmp_path: Path) -> None:
    """Where some of the database have none, activities of their years have no figure, and a note says so."""
    to = str(tmp_path / "status.duckdb")
    for year, ledger in ((2016, "none"), (2017, "full")):
        folder = save(judged(county, year, year), tmp_path / str(year), "csv", ledger)
        assert [n.code for n in publish(folder, to).notes] == (["PE530"] if ledger == "none" else [])
    made = statistics([to])
    assert [(n.code, n.severity) for n in made.notes] == [("PE530", "note")]
    assert made.tables == statistics([str(tmp_path / "2016"), str(tmp_path / "2017")]).tables


def test_what_was_published_without_its_files_gets_their_facts_later(
    database: tuple[str, Ask], county: Path, tmp_path: Path
) -> None:
    """Until then no cost is told, instead of 0; afterwards everything is as if the files had been there."""
    to, ask = database
    files, gone = tmp_path / "county", tmp_path / "archive"
    shutil.copytree(county, files)
    for year, ledger in ((2016, "lean"), (2017, "full")):
        save(judged(files, year, year), tmp_path / str(year), "csv", ledger)
    folders = [str(tmp_path / str(year)) for year in (2016, 2017)]
    publish(folders[1], to)
    files.rename(gone)
    assert publish(folders[0], to).changed
    made = statistics([to])
    assert [(n.code, n.severity) for n in made.notes] == [("PE530", "note")]
    for name, columns in (("overall", ["cost"]), ("by-form", ["cost", "passed", "failed", "pass_percent"])):
        table = next(t for t in made.tables if t.name == name)
        assert {(r[0], *(r[table.names.index(c)] for c in columns)) for r in table.rows} == {
            ("2016", *(None for _ in columns)), ("2017", *(1, 1, 0, 100)[: len(columns)]),
        }  # fmt: skip
    before = everything(ask)
    assert not publish(folders[0], to).changed
    assert everything(ask) == before
    named = Named((str(gone / "records.csv"),), str(gone / "persons.csv"), str(gone / "policies" / "county"))
    filled = publish(folders[0], to, named=named)
    assert (filled.changed, filled.replaced, filled.notes) == (True, (), ())
    gone.rename(files)
    assert statistics([to]).tables == statistics(folders).tables
    assert statistics([to]).notes == ()
    assert ask("SELECT DISTINCT form FROM current_ledger WHERE record_id = 'R03'") == [("lecture",)]
    assert not publish(folders[0], to).changed


def test_an_empty_persons_file_adds_nothing(tmp_path: Path) -> None:
    """It was within reach: twice is once for it as well, and nothing is lacking."""
    county, to = write_county(tmp_path / "county"), str(tmp_path / "status.duckdb")
    rows = (county / "persons.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (county / "persons.csv").write_text(rows[0], encoding="utf-8")
    folder = save(judged(county, 2016, 2016), tmp_path / "out")
    assert [publish(folder, to).changed for _ in range(3)] == [True, False, False]
    made = statistics([to])
    assert (made.tables, made.notes) == (statistics([str(folder)]).tables, ())


def test_every_result_has_records_and_people_of_its_own(database: tuple[str, Ask], tmp_path: Path) -> None:
    """Of two results that number their records alike, the same tables as from their folders."""
    to, _ = database
    folders = [str(save(judged(write_year(tmp_path / str(y), y), y, y), tmp_path / f"out-{y}")) for y in YEARS]
    for folder in reversed(folders):
        publish(folder, to)
    made = statistics([to])
    assert made.tables == statistics(folders).tables
    funds = next(t for t in made.tables if t.name == "funds")
    assert [tuple(map(str, r)) for r in funds.rows] == [
        ("2016", "state", "1", "1", "600"), ("2017", "society", "1", "1", "1000"), ("2017", "None", "1", "1", "7"),
    ]  # fmt: skip


def test_nobody_twice(holding: Holding, results: dict[str, Path]) -> None:
    to, ask, _ = holding("2016")
    before = everything(ask)
    with pytest.raises(PolicyError, match="PE542"):
        publish(results["both"], to, scope="elsewhere")
    assert everything(ask) == before


def test_anothers_tables_are_left_alone(tmp_path: Path, results: dict[str, Path]) -> None:
    path = tmp_path / "payroll.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE people (id TEXT)")
    with pytest.raises(PolicyError, match="PE541"):
        publish(results["2016"], str(path))
    assert ask_file(path)("SELECT count(*) FROM people") == [(0,)]


SENT = {
    "DROP VIEW current_decisions; CREATE VIEW current_decisions AS "
    "SELECT result_id, error('asked') AS person_id, period FROM decisions": "",
    "ALTER TABLE about RENAME TO other; CREATE VIEW about AS SELECT 2 AS schema_version": ("its table about is a view"),
    "CREATE MACRO min(a) AS error('asked')": "it has a function min of its own",
}


@pytest.mark.parametrize("script", SENT)
def test_nothing_of_a_database_that_was_sent_runs_when_it_is_published_into(
    script: str, tmp_path: Path, results: dict[str, Path], published: Path
) -> None:
    """Where such a view ran, or such a function, it could read any file of this machine."""
    path = shutil.copy(published, tmp_path / "status.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP VIEW current_completion")
        connection.execute(script)
    if not SENT[script]:
        assert publish(results["2017"], str(path)).changed
        return
    with pytest.raises(PolicyError, match="PE541") as caught:
        publish(results["2017"], str(path))
    assert caught.value.diagnostics[0].message.endswith(SENT[script])


def test_unusable_targets(tmp_path: Path, results: dict[str, Path]) -> None:
    server, address = "postgresql://clerk:secret@127.0.0.1:1/x", f"file://{tmp_path}/status.duckdb"
    for to in (str(tmp_path / "status.db"), server, address):
        with pytest.raises(PolicyError, match="PE540") as caught:
            publish(results["2016"], to)
        assert "secret" not in str(caught.value)
    assert caught.value.diagnostics[0].message == "a status database is FILE.duckdb or postgresql://…"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://clerk:geheim@127.0.0.1:1/x", "postgresql://…@127.0.0.1:1/x"),
        ("postgresql://127.0.0.1:1/x?user=clerk&password=geheim", "postgresql://127.0.0.1:1/x?user=clerk&password=…"),
        ("postgresql://127.0.0.1:1/x?password=ge@heim&user=u", "postgresql://127.0.0.1:1/x?password=…&user=u"),
        ("postgresql://127.0.0.1:1/x?password=ab&geheim", "postgresql://127.0.0.1:1/x?password=…"),
        ("postgresql://clerk:ab@geheim@127.0.0.1:1/x", "postgresql://…@127.0.0.1:1/x"),
        ("postgresql://clerk:geheim%zz@127.0.0.1:1/x", "postgresql://…@127.0.0.1:1/x"),
        ("postgresql://clerk@127.0.0.1:1/x", "postgresql://…@127.0.0.1:1/x"),
        ("of a@b.duckdb", "of a@b.duckdb"),
    ],
)
def test_a_password_is_never_shown(address: str, name: str, results: dict[str, Path], tmp_path: Path) -> None:
    """Nor pieces of one that were taken for a host or an option; the name of a file is no address."""
    assert shown(address) == name
    if name != address and "heim" in address:
        with pytest.raises(PolicyError, match="PE540") as caught:
            publish(results["2016"], address)
        assert "heim" not in str(caught.value)
        assert name in str(caught.value)


def test_statistics_do_not_tell_the_password_of_the_database(holding: Holding, results: dict[str, Path]) -> None:
    to, *_ = holding("2016")
    to += "" if to.endswith(".duckdb") else "?password=geheim"
    with pytest.raises(PolicyError, match="PE532") as caught:
        statistics([to, str(results["2016"])])
    assert "geheim" not in str(caught.value)
    assert to.partition("?")[0].rpartition("@")[2] in str(caught.value)


@pytest.mark.parametrize("how", ["other words", "half of it", "nothing in it", "gone"])
def test_a_changed_result_is_not_taken(tmp_path: Path, results: dict[str, Path], how: str) -> None:
    """What an authority publishes, counts or certifies is what was decided: also not half of a file that was copied."""
    out = tmp_path / "out"
    shutil.copytree(results["2016"], out)
    table = out / "decisions.csv"
    was = table.read_text()
    if how == "gone":
        table.unlink()
    else:
        table.write_text(
            {
                "other words": was.replace("not_met", "met", 1),
                "half of it": was[: was.index("\n", len(was) // 2) + 1],
                "nothing in it": "",
            }[how]
        )
    for take in (
        lambda: publish(out, str(tmp_path / "status.duckdb")),
        lambda: statistics([str(results["2017"]), str(out)]),
        lambda: write_report(str(out), tmp_path / "report.html"),
        lambda: write_workbook(str(out), tmp_path / "report.xlsx"),
        lambda: write_certificates(str(out), tmp_path / "certificates.html"),
    ):
        with pytest.raises(PolicyError, match="PE543") as caught:
            take()
        assert str(table) in str(caught.value)
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("figure", ["abc", "9" * 32])
def test_a_figure_that_is_none_though_sealed_again_is_told_of_the_result(
    county: Path, tmp_path: Path, figure: str
) -> None:
    """The rows are only looked at as they go over: it was said of the database that it can't be used."""
    out = save(judged(county, 2016, 2016), tmp_path / "out")
    table = out / "decisions.csv"
    rows = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()]
    rows[1][rows[0].index("shortfall_total")] = figure
    table.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    manifest = read_result(out).manifest
    manifest["tables"]["decisions"]["sha256"] = digest(table)
    (out / "manifest.json").write_bytes(manifest_bytes(manifest))
    with pytest.raises(PolicyError) as caught:
        publish(out, str(tmp_path / "status.duckdb"))
    assert {d.code for d in caught.value.diagnostics} <= {"PE503", "PE521"}
    assert str(table) in str(caught.value)
    assert list(tmp_path.iterdir()) == [out]


@pytest.fixture(scope="module")
def published(results: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A status database of 2016, to be copied."""
    path = tmp_path_factory.mktemp("published") / "status.duckdb"
    publish(results["2016"], str(path))
    return path


@pytest.mark.parametrize("stored", ["{}", "[", '{"policyengine-result": 1}'])
def test_a_manifest_in_the_database_that_is_none(tmp_path: Path, published: Path, stored: str) -> None:
    to = shutil.copy(published, tmp_path / "status.duckdb")
    with duckdb.connect(str(to)) as connection:
        connection.execute("UPDATE results SET manifest = ?", [stored])
    for take in (lambda: statistics([str(to)]), lambda: write_report(str(to), tmp_path / "report.html")):
        with pytest.raises(PolicyError, match="PE541") as caught:
            take()
        assert str(to) in str(caught.value)


def test_what_a_database_is_grouped_by_has_a_name_in_chinese(published: Path) -> None:
    for fact in ("first_day", "last_day"):
        said = CliRunner().invoke(main, ["stats", str(published), "--by", fact, "--lang", "zh"]).output
        assert said.startswith("按")
        assert fact not in said.replace("-", "_")


REACHING = {
    "a file": "(SELECT content FROM read_text('{secret}'))",
    "a table": "(SELECT any_value(name) FROM read_csv('{secret}', columns = {{'name': 'TEXT'}}))",
    "a folder": "(SELECT any_value(file) FROM glob('{folder}/*'))",
    "a file by its name": "(SELECT any_value(name) FROM '{folder}/names.csv')",
}


@pytest.mark.parametrize("what", REACHING)
def test_a_view_of_a_database_that_was_sent_reads_nothing_else(what: str, tmp_path: Path, published: Path) -> None:
    to = shutil.copy(published, tmp_path / "status.duckdb")
    for name in ("secret.txt", "names.csv"):
        (tmp_path / name).write_text("name\nthe key of the safe\n")
    value = REACHING[what].format(secret=tmp_path / "secret.txt", folder=tmp_path)
    known = "result_id, person_id, name, sector, region, employer_kind, title_level, joined"
    with duckdb.connect(str(to)) as connection:
        connection.execute(f"CREATE OR REPLACE VIEW current_people AS SELECT {known}, {value} AS employer FROM people")
    for take in (lambda: statistics([str(to)], [["employer"]]), lambda: write_report(str(to), tmp_path / "r.html")):
        with pytest.raises(PolicyError, match="PE541") as caught:
            take()
        assert str(to) in str(caught.value)


TAKES: dict[str, tuple[str, Callable[[Path, Path], Any]]] = {  # where the manifest is read, and what is made of it
    "publish": ("publish.publish.unchanged_result", lambda out, new: publish(out, str(new / "status.duckdb"))),
    "stats": ("stats.sources.unchanged_result", lambda out, new: statistics([str(out)])),
    "report": ("report.make.unchanged_result", lambda out, new: write_report(str(out), new / "report.html")),
    "workbook": ("report.make.unchanged_result", lambda out, new: write_workbook(str(out), new / "report.xlsx")),
    "certificates": ("report.make.unchanged_result", lambda out, new: write_certificates(str(out), new / "c.html")),
    "verify": ("result.verify.read_result", lambda out, new: verify(out)),
}


@pytest.mark.parametrize("what", TAKES)
def test_a_result_that_another_run_replaces_meanwhile(
    what: str, tmp_path: Path, results: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of 2017 are not what the manifest of 2016 attests; nor was that changed by hand."""
    out, new = tmp_path / "out", tmp_path / "new"
    shutil.copytree(results["2016"], out)
    new.mkdir()
    place, take = TAKES[what]
    module, _, name = place.rpartition(".")
    read = getattr(importlib.import_module(f"policyengine.tools.{module}"), name)

    def meanwhile(folder: Path) -> Any:
        written = read(folder)
        with whole_folder(out) as unfinished:
            shutil.copytree(results["2017"], unfinished, dirs_exist_ok=True)
        return written

    monkeypatch.setattr(f"policyengine.tools.{place}", meanwhile)
    with pytest.raises(PolicyError) as caught:
        take(out, new)
    assert [(d.code, str(d.span)) for d in caught.value.diagnostics] == [("PE400", str(out))]
    assert list(new.iterdir()) == []


@pytest.mark.parametrize("what", ["stats", "report"])
def test_a_database_that_is_published_into_meanwhile(
    what: str, holding: Holding, results: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result's decisions were read, and then it was no longer current: there was nobody to tell of."""
    to, *_ = holding("both")
    copied, views = reading.copied, []

    def meanwhile(*given: Any) -> Any:
        views.append(given[3])
        if len(views) == 2:
            publish(results["2016"], to)
        return copied(*given)

    for module in (reading, current):
        monkeypatch.setattr(module, "copied", meanwhile)
    take = {"stats": lambda: statistics([to]), "report": lambda: write_report(to, tmp_path / "report.html")}[what]
    with pytest.raises(PolicyError, match="PE400") as caught:
        take()
    assert shown(to) in str(caught.value)
    assert not (tmp_path / "report.html").exists()
    take()


def test_a_result_that_was_changed_with_its_digests_is_not_published_under_its_old_signature(
    county: Path, tmp_path: Path
) -> None:
    key_pair(tmp_path, "k")
    out = save(judged(county, 2016, 2016), tmp_path / "out", sign=Signer(tmp_path / "k.pem"))
    manifest = read_result(out).manifest
    table = out / "decisions.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("not_met", "met", 1), encoding="utf-8")
    manifest["tables"]["decisions"]["sha256"] = digest(table)
    (out / "manifest.json").write_bytes(manifest_bytes(manifest))
    with pytest.raises(PolicyError, match="PE561"):
        publish(out, str(tmp_path / "status.duckdb"))
    assert not (tmp_path / "status.duckdb").exists()
    (out / "manifest.sig").unlink()  # then nothing tells
    assert publish(out, str(tmp_path / "status.duckdb")).changed


def test_another_publisher_is_quicker(
    tmp_path: Path, results: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw no file. What the quicker one is writing is not the other's to remove, who is refused."""
    to, attach = tmp_path / "status.duckdb", embedded.attach
    holds = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); c.execute('CREATE TABLE t (a INT)'); print(flush=True); input()"  # noqa: E501  # fmt: skip
    running = []

    def later(connection: Any, path: Path) -> None:
        other = subprocess.Popen([sys.executable, "-c", holds, str(path)], stdin=-1, stdout=-1, text=True)
        running.append(other)
        assert other.stdout is not None
        assert other.stdout.readline() == "\n"
        attach(connection, path)

    monkeypatch.setattr(embedded, "attach", later)
    with pytest.raises(PolicyError, match="PE540") as caught:
        publish(results["2016"], str(to))
    assert caught.value.diagnostics[0].message == f"another program has the database open (PID {running[0].pid})"
    running[0].communicate("\n")
    assert ask_file(to)("SELECT table_name FROM information_schema.tables") == [("t",)]


def test_a_failure_in_the_middle_leaves_nothing(
    tmp_path: Path, results: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from policyengine.tools.publish.embedded import Embedded

    insert = Embedded.insert

    def failing(self: Embedded, table: str, *rest: Any) -> None:
        if table == "flags":
            raise OSError("gone")
        insert(self, table, *rest)

    path = tmp_path / "status.duckdb"
    publish(results["2017"], str(path))
    before = everything(ask_file(path))
    monkeypatch.setattr(Embedded, "insert", failing)
    with pytest.raises(OSError, match="gone"):
        publish(results["2016"], str(path))
    assert everything(ask_file(path)) == before
    with pytest.raises(OSError, match="gone"):
        publish(results["2016"], str(tmp_path / "of" / "2016" / "new.duckdb"))
    assert [p.name for p in tmp_path.iterdir()] == ["status.duckdb"]


@pytest.mark.parametrize(
    ("what", "refused", "hint"),
    [
        ("commit", 'Could not write file "new.duckdb.wal": No space left on device', "the disk is full: free some"),
        ("rows", 'Cannot open file "new.duckdb": Permission denied', "check who may write there"),
        ("rows", 'Cannot open file "new.duckdb": Read-only file system', "check who may write there"),
        ("rows", 'Could not set lock on file "new.duckdb"', "close other programs that have it open"),
        ("rows", 'The file "new.duckdb" exists, but it is not a valid DuckDB database file!', "choose another name"),
    ],
)
def test_what_the_system_refuses(
    tmp_path: Path, results: dict[str, Path], monkeypatch: pytest.MonkeyPatch, what: str, refused: str, hint: str
) -> None:
    """The hint is of what is the matter; of a commit that could not be written nothing is left, its log included."""
    from policyengine.tools.publish.embedded import Embedded

    def failing(self: Embedded, *_: object) -> None:
        (tmp_path / "new.duckdb.wal").touch()
        raise duckdb.IOException(refused)

    monkeypatch.setattr(Embedded, what, failing)
    with pytest.raises(PolicyError, match="PE540") as caught:
        publish(results["2016"], str(tmp_path / "new.duckdb"))
    assert str(caught.value.diagnostics[0].hint).startswith(f"nothing was changed; {hint}")
    assert list(tmp_path.iterdir()) == []
    speak("zh")  # the hint says in Chinese what DuckDB says in English
    with pytest.raises(PolicyError, match="PE540") as caught:
        publish(results["2016"], str(tmp_path / "new.duckdb"))
    assert not re.search("[A-Za-z]{2}", caught.value.diagnostics[0].message), caught.value.diagnostics[0].message


def test_the_server_dies_in_the_middle(
    server: Server, results: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while rows go over: the message says so; once it is up again there is nothing, then everything."""
    import psycopg

    from policyengine.tools.publish.postgres import Server as Target

    url = made_on(server, "dies")
    insert, once = Target.insert, threading.Event()

    def killing(self: Target, table: str, *rest: Any) -> None:
        if table == "ledger" and not once.is_set():
            once.set()
            server.kill()
        insert(self, table, *rest)

    monkeypatch.setattr(Target, "insert", killing)
    with pytest.raises(PolicyError, match="PE540"):
        publish(results["2016"], url)
    server.start()
    url = server.url.rpartition("/")[0] + "/dies"
    with psycopg.connect(url) as session:
        assert session.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").fetchone() == (0,)  # noqa: E501  # fmt: skip
    assert publish(results["2016"], url).changed
    assert not publish(results["2016"], url).changed


def test_two_publishers_at_once(server: Server, results: dict[str, Path]) -> None:
    url = made_on(server, "busy")
    done: list[bool] = []
    several = [threading.Thread(target=lambda: done.append(publish(results["2016"], url).changed)) for _ in range(3)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    assert sorted(done) == [False, False, True]


def test_people_of_what_is_replaced_who_are_not_in_the_later_one(
    database: tuple[str, Ask], county: Path, tmp_path: Path
) -> None:
    """Of the eight people of 2016 the second city has two, one of whom has moved there. What the first one published
    is current again once it is another result: of the same records under another name."""
    to, ask = database
    north, south = tmp_path / "north", tmp_path / "south"
    for city in (north, south):
        shutil.copytree(county, city)
    for name in ("records.csv", "persons.csv"):
        lines = (south / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line.replace("A2,", "B2,") for line in lines if "A1," in line or "A2," in line]
        (south / name).write_text("".join([lines[0], *kept]), encoding="utf-8")
    (south / "circumstances.csv").write_text("person_id,kind,from,to\n", encoding="utf-8")
    out = save(judged(north, 2016, 2016), tmp_path / "out")
    first = publish(out, to)
    run = lambda *a: CliRunner().invoke(main, list(a)).output.splitlines()
    assert run("publish", str(save(judged(south, 2016, 2016), tmp_path / "south-2016")), "--to", to)[:2] == [
        f"2016: replaces {first.result_id[:12]}…, with 7 people who are not in this one",
        "results of different people stand beside each other where each has a --scope of its own",
    ]
    assert ask("SELECT count(*) FROM current_decisions") == [(2,)]
    north.rename(tmp_path / "again")
    again = publish(save(judged(tmp_path / "again", 2016, 2016), tmp_path / "out"), to)
    assert (again.changed, again.gone) == (True, (1,))
    assert ask("SELECT count(*) FROM current_decisions") == [(8,)]


def test_the_scope_to_name_is_quoted(tmp_path: Path, results: dict[str, Path]) -> None:
    """That of a folder of packs is a star, for which a shell puts the names of files."""
    publish(results["2016"], str(tmp_path / "status.duckdb"), scope="*")
    with pytest.raises(PolicyError, match="PE542") as caught:
        publish(results["both"], str(tmp_path / "status.duckdb"))
    assert '--scope "*"' in str(caught.value.diagnostics[0].hint)


def test_command(tmp_path: Path, results: dict[str, Path]) -> None:
    to = str(tmp_path / "status.duckdb")
    run = lambda *a: CliRunner().invoke(main, list(a))
    assert "published" in run("publish", str(results["2016"]), "--to", to).output
    assert "already" in run("publish", str(results["2016"]), "--to", to).output
    assert "replaces" in run("publish", str(results["both"]), "--to", to).output
    later = read_result(results["both"]).manifest["sha256"][:12]
    for scope in ((), ("--scope", "elsewhere")):  # where it is stays the same, and is said
        said = run("publish", str(results["2016"]), "--to", to, *scope).output.splitlines()
        assert said == [
            "this result is there already, in the scope county; nothing was changed", f"2016: superseded by {later}…",
            "to have it take their place, give the records file another name, evaluate again and publish that",
        ]  # fmt: skip
    assert "by region" in run("stats", to).output
    assert run("stats", str(tmp_path / "none.duckdb")).exit_code == 2


def test_ctrl_c_when_it_is_done_comes_too_late(
    results: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed is there: the command says so, and not that nothing was left behind."""
    commit = embedded.Embedded.commit

    def and_then_interrupted(target: embedded.Embedded) -> None:
        commit(target)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(embedded.Embedded, "commit", and_then_interrupted)
    before = signal.getsignal(signal.SIGINT)
    made = publish(results["2016"], str(tmp_path / "status.duckdb"))
    assert made.changed
    assert signal.getsignal(signal.SIGINT) is before
    assert ask_file(tmp_path / "status.duckdb")("SELECT count(*) FROM results") == [(1,)]
