"""Whom a change touches: what the compiled engine tells of many people is what the reference evaluator tells of them,
and putting the reported shifts in the place of the old decisions gives the new ones."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.compile.probes import Inexpressible
from policyengine.engines.duckdb import DuckHost
from policyengine.packs.model import Policy
from policyengine.plan.model import Plan
from policyengine.records.columns import Canonical
from policyengine.records.model import Inputs
from policyengine.records.schema import schema_of
from policyengine.tools.diff import impact as impact_module
from policyengine.tools.diff.at_scale import Judging, impact_at_scale, impact_between
from policyengine.tools.diff.impact import Impact, Shift, compared, impact_of, impact_one_by_one
from policyengine.tools.diff.shift_file import shift_columns, write_shifts
from policyengine.tools.diff.shifts import Compared
from policyengine.tools.evaluate.evaluate import Files, judge_all, read_files
from policyengine.tools.evaluate.select import Law, Selector, load_law
from policyengine.tools.result.formats import read_rows
from policyengine.tools.result.tables import Shape, Value, decision_columns, decision_row, shape_of
from policyengine.trace import Decision
from tests.diff.pairs import pair
from tests.diff.support import copy, edit
from tests.generate_people import people

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Rows = dict[tuple[Value, Value], tuple[Value, ...]]


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


# --- what both paths must say alike -----------------------------------------------------------------------------------


def told(impact: Impact) -> dict[str, Any]:
    """Everything that is reported, figures exact."""
    return {
        "sizes": (impact.persons, impact.decisions),
        "totals": {d: impact.count(d) for d in ("loses", "gains", "figures")},
        **{by: impact.counted(by) for by in ("rule", "sector", "region", "employer")},
        "shifts": sorted(_shift(s) for s in impact.shifts),
        "nearest": [(d.person_id, d.period, d.total, d.shortfall_total, d.unit) for d in impact.nearest],
    }


def _shift(s: Shift) -> tuple[Any, ...]:
    sides = ((d.outcome, d.total, d.required_total or 0) if d else () for d in (s.old, s.new))
    return s.person_id, s.period, s.direction, *sides, s.rules, tuple(sorted(s.group.items()))


def applied(old: Rows, file: Path, shape: Shape) -> Rows:
    """The old decisions with the rows that a file of shifts names taken out and its new ones put in."""
    result = dict(old)
    format = "parquet" if file.suffix == ".parquet" else "csv"
    names = [c.name for c in decision_columns(shape)][2:]
    for row in read_rows(file, format, shift_columns(shape)):
        key = row["person_id"], row["period"]
        assert result.pop(key, None) == _side(row, "old", key, names)
        new = _side(row, "new", key, names)
        if new is not None:
            result[key] = new
    return result


def _side(row: dict[str, Value], side: str, key: tuple[Value, Value], names: list[str]) -> tuple[Value, ...] | None:
    if not row[f"{side}_outcome"]:
        return None
    return (*key, *(row[f"{side}_{n}"] for n in names))


def by_key(decisions: tuple[Decision, ...], shape: Shape) -> Rows:
    return {(d.person_id, d.period): decision_row(d, shape) for d in decisions}


# --- generated policies and people ------------------------------------------------------------------------------------


def selector(policy: Policy, plan: Plan) -> Selector:
    return Selector(Law("generated", (policy,), (plan,), alone=True))


def judging(connection: Any, inputs: Inputs, plans: list[Plan], folder: Path, seed: int) -> Judging:
    """The inputs in tables; each has a region and an employer, some more than others."""
    names = load_inputs(DuckHost(connection), inputs, plans)
    tables = Canonical(connection, names.records, names.persons, names.circumstances, (), (), len(inputs.records), 0)
    periods = (2015, 2018) if seed % 3 else (2016, 2016)
    as_of = (None, date(2016, 12, 31), date(2017, 7, 1))[seed % 3]
    return Judging(connection, folder, Files(()), periods, as_of, schema_of(plans), tables)


SEEDS = [(0, 2, 4, 7)]  # pairs of policies; more take longer than they tell


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_generated_policies_and_people(seeds: tuple[int, ...], connection: Any, tmp_path: Path) -> None:
    changed = 0
    for seed in seeds:
        made = pair(seed)
        assert made is not None
        before, after = selector(made[0], made[2]), selector(made[1], made[3])
        rng = Random(seed)
        inputs = people(rng, rng.random() < 0.5, 40)
        folder = tmp_path / str(seed)
        folder.mkdir()
        where = judging(connection, inputs, [made[2], made[3]], folder, seed)
        sides = [judge_all(s, inputs, where.periods, where.as_of) for s in (before, after)]
        shape = shape_of((made[2], made[3]))
        wanted = compared(*sides, inputs, shape)
        assert told(impact_between(where, before, after, folder / "shifts.parquet")) == told(wanted), seed
        again = Compared(DuckHost(connection), folder / "old", folder / "new", None)
        again.prepare()
        again.write(folder / "shifts.csv", shape)
        write_shifts(wanted.shifts, shape, folder / "wanted.csv")
        assert (folder / "shifts.csv").read_bytes() == (folder / "wanted.csv").read_bytes()
        write_shifts(wanted.shifts, shape, folder / "wanted.parquet")
        old, new = (by_key(r.decisions, shape) for r in sides)
        for file in ("shifts.parquet", "shifts.csv", "wanted.parquet"):
            assert applied(old, folder / file, shape) == new, (seed, file)
        changed += len(wanted.shifts)
    assert changed > 5


def rows_of(file: Path) -> list[list[str]]:
    with open(file, encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


# --- edits to the shipped packs ---------------------------------------------------------------------------------------

EDITS: dict[str, tuple[str, list[dict[str, str]], str]] = {
    "a minimum raised, an excuse more": (
        "sichuan",
        [{"in": "sichuan/rules-years.yaml", "replace": "national/annual-hours：要求 每年 总学时 不少于 90",
          "by": "national/annual-hours：要求 每年 总学时 不少于 96"},
         {"in": "sichuan/rules-years.yaml", "replace": "当 情形 = 正当理由", "by": "当 情形 属于（正当理由、病假）"}],
        "loses",
    ),
    "proof no longer asked": (
        "sichuan",
        [{"in": "sichuan/rules-records.yaml", "replace": "认定 实践活动 须有 学习证明", "by": "认定 实践活动"}],
        "figures",
    ),
    "a sector's pack gone": (".", [{"delete": "sectors/accounting"}], "figures"),
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(tmp_path_factory.mktemp("shipped"))


FILES = Files((str(EXAMPLES / "records.csv"),), str(EXAMPLES / "persons.csv"), str(EXAMPLES / "circumstances.csv"))


@pytest.mark.parametrize("name", EDITS)
def test_edits_to_the_shipped_packs(name: str, shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policyengine.tools.diff.at_scale.EXAMPLES", 10_000)
    policy, edits, expected = EDITS[name]
    folder = copy(tmp_path)
    edit(folder, edits)
    before, after = (Selector(load_law(f / policy)) for f in (shipped, folder))
    found = impact_at_scale(before, after, FILES, (2016, 2018), None, tmp_path / "shifts.csv")
    inputs, shape = read_files(before.law, FILES)[0], shape_of((*before.law.plans, *after.law.plans))
    again = inputs if policy == "sichuan" else read_files(after.law, FILES)[0]
    sides = judge_all(before, inputs, (2016, 2018), None), judge_all(after, again, (2016, 2018), None)
    wanted = compared(*sides, inputs, shape)
    write_shifts(wanted.shifts, shape, tmp_path / "wanted.csv")
    assert told(found) == told(wanted)
    assert found.count(expected) > 0
    assert (tmp_path / "shifts.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
    old, new = (by_key(side.decisions, shape) for side in sides)
    assert applied(old, tmp_path / "shifts.csv", shape) == new


# --- which path is taken ----------------------------------------------------------------------------------------------


def few(folder: Path) -> Files:
    """One record."""
    records = folder / "records.csv"
    records.write_text("record_id,person_id,date,form,quantity,unit,evidence\nR1,P1,2016-05-01,training,80,hours,C\n")
    return Files((str(records),))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact_module, "is_large", lambda _: True)


def test_what_can_not_be_compiled_is_judged_one_by_one_and_said_only_where_that_is_slow(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Impact:
        raise Inexpressible

    monkeypatch.setattr("policyengine.tools.diff.at_scale.impact_at_scale", refuse)
    files, said = few(tmp_path), list[str]()
    pack = shipped / "sichuan"
    small = impact_of(pack, pack, files, to=tmp_path / "shifts.csv", tell=said.append)
    assert (small.decisions, said) == (1, [])
    monkeypatch.setattr(impact_module, "is_large", lambda _: True)
    assert told(impact_of(pack, pack, files, to=tmp_path / "shifts.csv", tell=said.append)) == told(small)
    assert len(said) == 1
    assert "person by person" in said[0]
    assert len(rows_of(tmp_path / "shifts.csv")) == 1  # the header


@pytest.mark.usefixtures("large")
def test_nothing_to_judge(shipped: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.csv"
    records.write_text("record_id,person_id,date,form,quantity,unit\nR1,P1,nonsense,training,80,hours\n")
    found = impact_of(shipped / "sichuan", shipped / "sichuan", Files((str(records),)), to=tmp_path / "s.csv")
    assert (found.decisions, found.shifts) == (0, ())
    assert len(rows_of(tmp_path / "s.csv")) == 1


def test_of_many_shifts_some_of_each_direction_are_told(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policyengine.tools.diff.at_scale.EXAMPLES", 2)
    folder = copy(tmp_path)
    edit(folder, EDITS["a minimum raised, an excuse more"][1])
    records = tmp_path / "records.csv"
    rows = [f"R{n},P{n},2016-05-01,training,{n},hours,C\n" for n in range(86, 106)]
    records.write_text("record_id,person_id,date,form,quantity,unit,evidence\n" + "".join(rows), encoding="utf-8")
    sides = [Selector(load_law(f / "sichuan")) for f in (shipped, folder)]
    found = impact_at_scale(*sides, Files((str(records),)), None, None, None)
    assert (found.count("loses"), found.count("figures"), found.whole) == (6, 14, False)
    assert [(s.person_id, s.direction) for s in found.shifts if s.direction == "loses"] == [
        ("P90", "loses"), ("P91", "loses"),
    ]  # fmt: skip
    assert len(found.shifts) == 4
    # two thirds of 96 hours instead of 90 are expected of them all for professional subjects: that makes none worse
    assert found.counted("rule") == [("sichuan/annual-hours", 6, 0)]
    one = impact_one_by_one(*sides, Files((str(records),)), None, None, None)
    assert one.counted("rule") == found.counted("rule")
    assert {(s.direction, len(s.rules)) for s in one.shifts} == {("loses", 1), ("figures", 2)}


def test_a_file_that_can_not_be_written(shipped: Path, tmp_path: Path) -> None:
    before, files = Selector(load_law(shipped / "sichuan")), few(tmp_path)
    for judge in (impact_at_scale, impact_one_by_one):
        with pytest.raises(FileNotFoundError):
            judge(before, before, files, (2016, 2016), None, tmp_path / "nowhere" / "shifts.csv")


@pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")
@pytest.mark.parametrize("name", ["shifts.csv", "shifts.parquet"])
def test_the_file_of_shifts_is_replaced_as_others_are(name: str, tmp_path: Path) -> None:
    """Whoever could not read it still can't, and no link that somebody else has put where it is written first is
    written through: it has people's ids in full."""
    to, victim = tmp_path / name, tmp_path / "victim"
    to.write_text("before")
    to.chmod(0o600)
    (tmp_path / f".{name}.{os.getpid()}").symlink_to(victim)
    write_shifts((), shape_of(()), to)
    assert (to.read_bytes() != b"before", victim.exists(), to.stat().st_mode & 0o777) == (True, False, 0o600)


def test_memory_that_is_small_does_not_stop_it(shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both sides spill into one folder: DuckDB does not take another one once it has used the first."""
    monkeypatch.setattr("policyengine.tools.diff.at_scale.MEMORY", "60MB")
    records = tmp_path / "records.csv"
    rows = (f"R{n},P{n % 9000},2016-05-01,training,{n % 90}.5,hours,C{n}\n" for n in range(90_000))
    records.write_text("record_id,person_id,date,form,quantity,unit,evidence\n" + "".join(rows), encoding="utf-8")
    before = Selector(load_law(shipped / "sichuan"))
    found = impact_at_scale(before, before, Files((str(records),)), None, None, tmp_path / "shifts.parquet")
    assert (found.persons, found.shifts) == (9000, ())
