"""Everybody who is measured gives the same answer, and a wrong answer ends a session before anything is measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.scale import contestants, session
from benchmarks.scale.agree import differences
from benchmarks.scale.contestants import CONTESTANTS
from benchmarks.scale.job import Job
from benchmarks.scale.register import as_csv, register
from benchmarks.scale.report import Report
from benchmarks.scale.session import Asked, Disagreement, Session

RECORDS = 3000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scale")
    as_csv(register(RECORDS, folder))
    return folder


@pytest.fixture
def connection() -> Iterator[object]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


def answer(name: str, work: str, made: Path, out: Path) -> Path:
    out.mkdir()
    CONTESTANTS[name].run(Job(work, made / f"register-{RECORDS}", out, "1GB", 1))
    return out


def others(work: str) -> list[str]:
    return [
        name
        for name, one in CONTESTANTS.items()
        if one.answers and work in one.works and name != "policyengine" and not one.missing
    ]


@pytest.fixture(scope="module")
def own(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled engine's answer."""
    return answer("policyengine", "full", made, tmp_path_factory.mktemp("own") / "full")


@pytest.mark.parametrize("work", ["full", "decisions", "csv"])
def test_everybody_answers_as_the_engine_does(
    work: str, own: Path, made: Path, tmp_path: Path, connection: object
) -> None:
    if work == "decisions":
        expected = tmp_path / "decisions"
        expected.mkdir()
        (expected / "decisions.parquet").symlink_to(own / "decisions.parquet")
    else:
        expected = own
    for name in others(work):
        assert differences(connection, expected, answer(name, work, made, tmp_path / name)) == []


def test_one_tick_is_a_difference(made: Path, tmp_path: Path, connection: object) -> None:
    one = answer("window", "full", made, tmp_path / "one")
    for table, changed in (("ledger", "counted + 1 AS counted"), ("decisions", "'met' AS outcome")):
        other = answer("window", "full", made, tmp_path / f"other-{table}")
        path = other / f"{table}.parquet"
        import duckdb

        duckdb.sql(f"CREATE OR REPLACE TABLE kept AS FROM '{path}'")
        duckdb.sql(f"COPY (SELECT * REPLACE ({changed}) FROM kept) TO '{path}'")
        assert differences(connection, one, other)


def asked(**changed: object) -> Asked:
    settings: dict[str, object] = {
        "sizes": (RECORDS,), "works": ("decisions",), "contestants": ("window", "aggregate", "read"), "turns": 1,
        "memory": "1GB", "threads": 1, "minutes": 10.0, "limit": 60.0,
    }  # fmt: skip
    return Asked(**(settings | changed))  # type: ignore[arg-type]


def test_a_session_goes_on_where_it_stopped(made: Path) -> None:
    said: list[str] = []
    first = Session(made, asked(), said.append)
    first.run()
    assert {key[2] for key in first.found} == {"window", "aggregate"}
    assert all(m.wall > 0 and m.cpu > 0 and m.peak > 10 and not m.failure for m in first.found.values())
    assert "DuckDB by hand, window" in Report(first.found, asked()).text()
    again = Session(made, asked(), said.append)
    again.run()
    assert again.found == first.found
    assert "2 measurements of an earlier session are taken over (--fresh forgets them)" in said


def test_another_answer_ends_a_session(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "differences", lambda *_: ["decisions: one\n           other"])
    with pytest.raises(Disagreement, match="aggregate first answers otherwise"):
        Session(made, asked(memory="900MB"), lambda _: None).run()


def test_a_session_that_goes_on_compares_with_answers_of_the_earlier_one(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the sizes that are checked apart, the first turn's answers are compared, whoever was measured before."""
    compared: list[str] = []
    monkeypatch.setattr(session, "differences", lambda _, one, other: compared.append(other.name) or [])
    wanted = asked(memory="700MB", checked_apart=0)
    Session(made, asked(memory="700MB", checked_apart=0, contestants=("window",)), lambda _: None).run()
    assert compared == []
    Session(made, wanted, lambda _: None).run()
    assert compared == ["decisions-aggregate"]


def test_a_run_beyond_its_limit_is_ended_and_not_counted(made: Path) -> None:
    said: list[str] = []
    late = Session(made, asked(limit=0.01, memory="800MB", contestants=("window",)), said.append)
    late.run()
    assert any("ended after 0 s" in line for line in said)
    assert not Report(late.found, asked()).text()


def test_entries_name_functions() -> None:
    for name, one in contestants.CONTESTANTS.items():
        module, _, function = one.entry.partition(":")
        source = (Path(contestants.__file__).parent / f"{module}.py").read_text(encoding="utf-8")
        assert f"\ndef {function}(job: Job)" in source, name
