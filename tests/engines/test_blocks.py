"""Blocks of years on both engines: which there are, in what series, and what follows from their years."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.engines import duckdb as engine
from policyengine.engines import reference
from tests.build import inputs, plan, record, rule, somebody
from tests.engines.differences import differences

ROOT = Path(__file__).parents[2]
BASE = (rule("rec", "recognise training"), rule("con", "convert training at stated hours"))
GIVEN = [record(f"R{y}", f"{y}-05-01", "training", 18, "hours") for y in range(2014, 2020)]
YEARLY = rule("y", "require total at least 18 hours per year")
READY = rule("c", "conclude promotion_ready when met in each of last 2 years")
BLOCKS = [
    # rules, asked, (period, total, outcome, consequences, possible ones) of the blocks
    ([rule("b", "require total at least 30 hours per 2 years starting 2017")], (2014, 2019),
     [("2017..2018", 36, "met", (), ())]),
    # a version that starts two years later goes on with the same blocks
    ([rule("b", "require total at least 30 hours per 2 years starting 2015", until=2016),
      rule("b", "require total at least 50 hours per 2 years starting 2017", start=2017)], (2014, 2019),
     [("2015..2016", 36, "met", (), ()), ("2017..2018", 36, "not_met", (), ())]),
    ([rule("a", "require total at least 30 hours per 2 years starting 2015"),
      rule("b", "require total at least 50 hours per 2 years starting 2017")], (2015, 2018),
     [("2015..2016", 36, "met", (), ()), ("2017..2018", 36, "not_met", (), ())]),
    # years by their own outcomes; where only blocks are decided nothing is known of years
    ([YEARLY, rule("b", "require total at least 50 hours per 2 years starting 2015"), READY], (2015, 2016),
     [("2015..2016", 36, "not_met", ("promotion_ready",), ())]),
    ([rule("b", "require total at least 30 hours per 2 years starting 2015"), READY], (2015, 2016),
     [("2015..2016", 36, "met", (), ("promotion_ready",))]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "asked", "expected"), BLOCKS)
def test_blocks(rules: list[object], asked: tuple[int, int], expected: list[tuple[object, ...]]) -> None:
    made, given = plan(*BASE, *rules), inputs(GIVEN, [somebody()])  # type: ignore[arg-type]
    wanted = reference.evaluate(made, given, asked)
    decided = [(d.period, d.total, d.outcome, d.consequences, d.possible) for d in wanted.decisions if ".." in d.period]
    assert decided == expected
    assert differences(wanted, engine.evaluate(made, given, asked)) == []


TWO_YEARS = rule("b", "require total at least 30 hours per 2 years starting 2015")
OF_A_WINDOW = [
    # condition of the conclusion; the decisions of 2015 and 2016 with which it is drawn; those where it is possible
    ("b met", ["2015..2016"], []),
    ("b not met", [], []),
    ("y met", ["2015", "2016"], []),
    ("met and y met", ["2015", "2016"], []),
    ("y not met", [], []),
    ("met", ["2015", "2016", "2015..2016"], []),  # names none
    ("b met and title_level = senior", [], ["2015..2016"]),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "drawn", "possible"), OF_A_WINDOW)
def test_a_conclusion_is_drawn_with_what_it_names(condition: str, drawn: list[str], possible: list[str]) -> None:
    """18 hours are asked of each year, 30 of 2015 and 2016 together; there are 18 in each."""
    made = plan(*BASE, YEARLY, TWO_YEARS, rule("c", f"conclude promotion_ready when {condition}"))
    wanted = reference.evaluate(made, inputs(GIVEN, [somebody()]), (2015, 2016))
    assert [d.period for d in wanted.decisions if d.consequences] == drawn
    assert [d.period for d in wanted.decisions if d.possible] == possible
    assert differences(wanted, engine.evaluate(made, inputs(GIVEN, [somebody()]), (2015, 2016))) == []


def test_where_no_block_is_due_there_is_a_result_without_decisions(tmp_path: Path) -> None:
    records = tmp_path / "r.csv"
    records.write_text(
        "record_id,person_id,date,form,quantity,unit,evidence\nR1,A,2010-05-01,培训班,10,学时,c\n", encoding="utf-8"
    )
    for name in ("reference", "duckdb"):
        asked = ["--policy", str(ROOT / "tests/packs/blocks"), "--engine", name, "--out", str(tmp_path / name)]
        done = CliRunner().invoke(main, ["evaluate", str(records), *asked])
        assert (done.exit_code, "no decision is due in these periods" in done.output) == (0, True), done.output
    for table in ("decisions.csv", "findings.csv", "ledger.csv", "missing.csv"):
        assert (tmp_path / "reference" / table).read_bytes() == (tmp_path / "duckdb" / table).read_bytes()
