"""The compiled engine gives the reference evaluator's results, row for row, on generated policies and people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from policyengine.engines import duckdb as engine
from policyengine.engines import duckdb_sql, duckdb_write, reference
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.loading import load_inputs
from policyengine.engines.duckdb_sql import sql
from policyengine.engines.protocol import Tables
from policyengine.language.vocabulary import FieldDecl
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from tests.build import BOUNDS, F, day, inputs, plan, record, rule, run, said, somebody, words
from tests.engines import trials
from tests.engines.differences import differences
from tests.generate import random_plan
from tests.generate_people import people

BLOCKS = 10
SIZE = 80  # most people of a generated policy
CASES = 205  # people whom the engine judges itself, in each block: together more than 2,000


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as made:
        yield made


def generated(seed: int, size: int) -> tuple[Plan, Inputs, tuple[int, int], date | None]:
    """A plan with people, half of the time without a missing fact."""
    rng = Random(seed)
    plan = None
    while plan is None:
        plan = random_plan(rng)
    inputs = people(rng, complete=rng.random() < 0.5, size=size)
    first = rng.choice((2015, 2016, 2016, 2016))
    return plan, inputs, (first, first + rng.choice((0, 1, 1, 2, 3))), rng.choice(trials.AS_OF)


TIMED = [
    "recognise training, workshop when joined to date at least 6 months",
    "recognise exam, lecture, conference",
    "reject lecture when start to end more than 20 days",
    "convert training, workshop, exam, lecture, conference at stated hours",
    "convert training at 1 hour per 45 minutes when qualified_on to date less than 2 years",
    "add 2 hours to exam when 2016-02-29 to date at least 1 month",
    "assign by start date when start to date more than 1 month",
    "count once training per title taking the highest when joined to start less than 3 years",
    "cap training, workshop at 6 hours per year when January 1 of this year to date at least 2 months",
    "measure face_to_face: hours of training, exam where qualified_on to end at most 24 months",
    rule("a", "require total at least 8 hours per year when joined to December 31 of this year at least 1 year"),
    "expect face_to_face at least 4 hours in any 2 years when joined to qualified_on less than 400 days",
    "expect total at least 6 hours within 12 months of joined when qualified_on to joined at most 366 days",
    "carry excess over a to the next year when qualified_on to July 1 of this year more than 6 months",
    "excuse a when August 31 of this year to qualified_on less than 1 year",
    "reduce a by 1/2 when joined to March 31 of this year at least 30 months",
    "conclude not_excellent when not met and joined to 2017-02-28 at least 12 months",
    "flag fee_charged when joined to date less than 1 year",
]


@pytest.mark.parametrize(("seed", "starts"), [(1, (1, 1)), (2, (9, 1)), (3, (3, 1))])
def test_times_at_every_stage(seed: int, starts: tuple[int, int], connection: Any) -> None:
    made, rng = plan(*TIMED, year_start=starts), Random(seed)
    given = people(rng, complete=seed == 1, size=60, records=(0, 6))
    wanted = reference.evaluate(made, given, (2015, 2018))
    found = engine.evaluate_all([made], given, (2015, 2018), connection=connection)
    assert found is not None  # it is judged here, not by the reference evaluator
    assert differences(wanted, found) == []
    assert {"met", "not_met", "excused"} <= {d.outcome for d in wanted.decisions}
    assert {"not_excellent"} <= {c for d in wanted.decisions for c in d.consequences}


@pytest.mark.parametrize("block", range(BLOCKS))
def test_equals_the_reference(block: int, connection: Any) -> None:
    """Whole traces of generated policies and people; ``long.py`` does many more."""
    own = partial(engine.evaluate_all, connection=connection)
    tally = trials.Tally()
    for number in count(100 * block):
        more, told = trials.compare(trials.trial(0, number, SIZE), own)
        assert told == [], f"python -m tests.engines.long --size {SIZE} --only 0:{number}"
        tally += more
        if tally.cases >= CASES:
            break


def test_all_years_with_records_where_none_are_asked(connection: Any) -> None:
    plan, inputs, _, _ = generated(3, 10)
    wanted = reference.evaluate(plan, inputs)
    assert differences(wanted, engine.evaluate(plan, inputs, connection=connection)) == []


def test_nobody(connection: Any) -> None:
    plan, _, periods, _ = generated(1, 1)
    nobody = Inputs((), {}, (), 0, 0)
    for asked in (periods, None):
        wanted = reference.evaluate(plan, nobody, asked)
        assert differences(wanted, engine.evaluate(plan, nobody, asked, connection=connection)) == []


def same(made: Plan, records: list[Any], asked: int, *persons: Any, as_of: date | None = None) -> None:
    who = inputs(records, persons)
    wanted = reference.evaluate(made, who, (asked, asked), as_of)
    assert differences(wanted, engine.evaluate(made, who, (asked, asked), as_of)) == []


@pytest.mark.parametrize(
    ("hours", "aside"),
    [  # at most 12 hours per project; None: of no known project
        ({"X": 5, "Y": 5, None: 5}, False),  # X and the third have 10 at most
        ({"X": 8, "Y": 5, None: 4}, False),
        ({"X": 8, "Y": 5, None: 5}, True),
        ({"X": 9, "Y": 20}, False),
        ({"X": 1, "Y": 20, None: 1}, True),
        ({None: 20}, False),  # whichever project it is
        ({"X": 1, None: 12}, True),
    ],
)
def test_a_record_without_the_value_goes_to_the_reference_where_it_may_exceed_a_limit_with_others(
    hours: dict[str | None, int], aside: bool, connection: Any
) -> None:
    made = plan(
        "recognise training", "convert training at stated hours", "cap training at 12 hours per project",
        "require total at least 15 hours per year",
    )  # fmt: skip
    records = [
        record(f"R{n}", f"2016-0{n}-01", quantity=amount, unit="hours", **({} if name is None else {"project": name}))
        for n, (name, amount) in enumerate(hours.items(), 1)
    ]
    who, asked = inputs(records), (2016, 2016)
    sent: list[str] = []

    def judge(person: Any, own: Any) -> Any:
        sent.append(person.person_id)
        return reference.evaluate_person(reference.prepare(made), person, own, asked)

    found = engine.evaluate_all([made], who, asked, judge=judge, connection=connection)
    assert found is not None
    assert differences(reference.evaluate(made, who, asked), found) == []
    assert sent == (["P"] if aside else [])


@pytest.mark.parametrize(
    ("facts", "missing"), [({}, ("approved",)), ({"approved": True}, ("person:joined",)), ({"approved": False}, ())]
)
def test_a_record_of_which_a_cap_asks_two_facts(facts: dict[str, bool], missing: tuple[str, ...]) -> None:
    made = plan(
        "recognise training", "convert training at stated hours", "require total at least 15 hours per year",
        "cap training at 8 hours per day when joined >= 2016-06-01 and approved = yes",
    )  # fmt: skip
    records = [record("R1", "2017-03-11", quantity=9, unit="hours", **facts)]
    assert run(made, records, 2017, somebody()).ledger[0].missing == missing
    same(made, records, 2017, somebody())


def test_a_split_record_whose_first_share_fills_the_cap_of_its_activity() -> None:
    made = plan(
        "recognise training", "convert training at stated hours", "assign split by days rounded up to 1 hour",
        "cap training at 10 hours per activity", "require total at least 20 hours per year",
    )  # fmt: skip
    for hours in (10, 11, 12):
        same(made, [record("R1", "2017-03-11", quantity=hours, unit="hours", start="2016-02-05")], 2017)


def test_a_cap_from_a_date_on_a_record_that_counts_in_another_year() -> None:
    made = plan(
        "recognise training", "convert training at stated hours",
        "assign to claimed_year when late_reason is present", "cap training at 5 hours within 6 months of joined",
        "require total at least 20 hours per year",
    )  # fmt: skip
    late = record("R1", "2018-03-01", quantity=9, unit="hours", claimed_year=2010, late_reason="illness")
    same(made, [late], 2010, somebody(joined=day("2018-02-01")))


def test_a_cap_from_a_date_that_is_missing_cuts_nothing_below_its_least() -> None:
    made = plan(
        "recognise training", "convert training at stated hours",
        "cap training at 2 to 4 hours within 6 months of joined", "require total at least 20 hours per year",
    )  # fmt: skip
    for hours in (1, 2, 3):
        same(made, [record("R1", "2016-03-01", quantity=hours, unit="hours")], 2016, somebody())
    result = run(made, [record("R1", "2016-03-01", quantity=2, unit="hours")], 2016, somebody())
    assert (result.decisions[0].total, result.decisions[0].total_high) == (2, 2)


def test_a_maximum_in_progress_that_an_unknown_fact_may_excuse() -> None:
    made = plan(
        "recognise training", "convert training at stated hours", "require training at most 12 hours per year",
        "excuse year when employer_kind = enterprise",
    )  # fmt: skip
    nobody_excused = [somebody("P"), somebody("Q")]
    sure = record("R1", "2016-03-01", quantity=9, unit="hours")
    doubtful = [record("R2", "2016-03-01", quantity=None, unit="hours", person="Q")]
    same(made, [sure, *doubtful], 2016, *nobody_excused, as_of=date(2016, 6, 1))
    result = run(made, [sure], 2016, somebody(), as_of="2016-06-01")
    assert (result.findings[0].status, result.findings[0].missing) == ("in_progress", ())


@pytest.mark.parametrize(
    ("seed", "number"),
    [
        pytest.param(20261125, 604, id="a cap of unknown hours, people who lack nothing"),
        pytest.param(20261125, 1138, id="nobody is undetermined, which the planner knows from statistics"),
        pytest.param(20261129, 701, id="two policies, of which the first has more sums, both with open hours at a cap"),
    ],
)
def test_trials_that_once_differed(seed: int, number: int, connection: Any) -> None:
    made = trials.trial(seed, number, 200)
    assert trials.compare(made, partial(engine.evaluate_all, connection=connection))[1] == []


def test_a_split_record_whose_theme_is_listed_in_one_of_its_years() -> None:
    """Table ``themes`` lists law for 2016 alone: of the 8 + 2 hours over two years, those of 2016 count as themed."""
    made = plan(
        "recognise training", "convert training at stated hours", "assign split by days rounded up to 1 hour",
        "measure public_theme: hours of public where theme in themes", "require total at least 20 hours per year",
        "expect public_theme of this period at least 5 hours in any 2 years",
    )  # fmt: skip
    split = record("R1", "2017-01-02", quantity=10, unit="hours", start="2016-12-24", subject="public", theme="law")
    for asked in (2016, 2017):
        same(made, [split], asked)
        for judge in (reference.evaluate, engine.evaluate):
            found = judge(made, inputs([split]), (asked, asked), None).findings
            assert [f.achieved for f in found if f.measure == "public_theme"] == [8]


@pytest.mark.parametrize("window", ["within 12 months of joined", "in any 2 years"])
def test_the_window_of_a_measure_that_is_not_yet_in_force(window: str) -> None:
    made = plan(
        "recognise training", "convert training at stated hours",
        rule("r9", "measure face_to_face: hours of training where mode = in_person", 2018),
        f"require face_to_face at least 12 hours {window}",
    )  # fmt: skip
    mine = [record("R1", "2016-03-01", quantity=9, unit="hours", mode="in_person")]
    same(made, mine, 2016, somebody(joined=day("2015-12-30")))


@pytest.mark.parametrize("yearly", ["30 hours", "2/3 of professional"])
def test_what_a_decision_shows_beside_a_window_of_which_the_day_is_not_known(yearly: str) -> None:
    made = plan(
        "recognise training", "convert training at stated hours",
        "require total at least 120 hours within 36 months of joined", f"require total at least {yearly} per year",
        "require total at least 20 hours per year",
    )  # fmt: skip
    mine = [record("R1", "2016-03-01", quantity=9, unit="hours", subject="professional")]
    same(made, mine, 2016, somebody())


def test_a_flag_on_a_quantity_beside_a_record_in_another_unit() -> None:
    made = plan(
        "recognise training, workshop", "convert training at stated hours", "require total at least 10 hours per year",
        'flag fee_charged "much" when quantity > 8 hours',
    )  # fmt: skip
    long = record("R1", "2016-03-01", quantity=9, unit="hours")
    same(made, [long, record("R2", "2016-03-02", form="workshop", quantity=9, unit="items")], 2016)


@pytest.mark.parametrize("condition", ["charged > 3 yuan", "charged > whole"])
def test_great_numbers_with_many_decimals(condition: str) -> None:
    """Six decimals of a number up to 10**12, also where it is compared with one of other decimals."""
    of = partial(FieldDecl, of="record", type="number", unit="yuan", minimum=F(0), maximum=F(10**12))
    fields = [of("charged", zh="收取", decimals=6), of("whole", zh="整数")]
    bounds = {**BOUNDS, "items": (F(0), F(10**12), 6)}
    made = plan(
        "recognise training", "convert training at stated hours", "require total at least 10 hours per year",
        rule("r9", said(f"flag fee_charged when {condition}", words(fields=fields))),
        vocabulary=words(fields=fields), bounds=bounds,
    )  # fmt: skip
    great = F("999999999999.999999")
    mine = [
        record("R1", "2016-03-01", quantity=9, unit="hours", charged=great, whole=F(10**12 - 1)),
        record("R2", "2016-03-02", quantity=great, unit="items", charged=F("0.000001"), whole=F(10**12)),
    ]
    same(made, mine, 2016)
    assert [f.record_id for f in run(made, mine, 2016).flags] == ["R1"]


def test_this_period_of_a_measure_without_a_condition_and_a_split_record() -> None:
    made = plan(
        "recognise training", "convert training at stated hours",
        "assign training split by days rounded down to 1 hour", "measure face_to_face: hours of training",
        "require face_to_face of this period at least 10 hours per year",
    )  # fmt: skip
    for asked in (2016, 2017):
        same(made, [record("R1", "2017-01-05", quantity=19, unit="hours", start="2016-12-24")], asked)


def test_a_block_has_the_ledger_rows_of_all_its_years() -> None:
    """Asked for 2016 alone: the block 2015..2016 is decided, and 7 + 5 = 12 hours can be traced."""
    made = plan(
        "recognise training", "convert training at stated hours",
        "require total at least 10 hours per 2 years starting 2015",
    )  # fmt: skip
    days = ("2014-05-01", "2015-05-01", "2016-05-01", "2017-05-01")
    mine = [record(f"R{n}", day, quantity=5 + 2 * (n == 1), unit="hours") for n, day in enumerate(days)]
    same(made, mine, 2016)
    result = run(made, mine, 2016)
    assert [(d.period, d.total) for d in result.decisions if ".." in d.period] == [("2015..2016", 12)]
    assert [(e.period, e.counted, e.reason) for e in result.ledger] == [
        (None, 0, "outside_period"), ("2015", 7, "counted"), ("2016", 5, "counted"), (None, 0, "outside_period"),
    ]  # fmt: skip


def test_a_share_of_a_measure_that_is_not_in_force() -> None:
    made = plan(
        "recognise training", "convert training at stated hours", "require total at least 10 hours per year",
        rule("r8", "measure face_to_face: hours of training", until=2016),
        "expect public at least 2/3 of face_to_face per year",
    )  # fmt: skip
    for year in (2016, 2017):
        same(made, [record("R1", f"{year}-05-01", quantity=8, unit="hours", subject="public")], year)


@pytest.mark.parametrize("texts", [("a",), ("b", "a"), ("a", "b", "c", "it's", "a")])
@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("compiled", [True, False])
def test_choices_between_texts_of_records(
    texts: tuple[str, ...], missing: bool, compiled: bool, connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A choice made by a map is that of CASE: for texts in it, any other, an empty one and a missing one. From the
    classes of sqlglot, where they are ``compiled``, no printer of ours can be derived."""
    if compiled:
        monkeypatch.setattr(duckdb_sql, "_printer", lambda: None)
    values = [None, "", "a", "b", "c", "it's", "zz", "\U0010fffd"]
    given = t.col("v", "r")
    other = t.case([(t.missing(given.copy()), t.lit(7))], t.lit(3)) if missing else t.lit(3)
    code = t.switch(given, [(t.lit(text), t.lit(10 * n)) for n, text in enumerate(texts)], other)
    named = t.among(t.col("v", "r"), [t.lit(text) for text in texts])
    host = engine.DuckHost(connection)
    host.load("choices_of_texts", {"v": "VARCHAR"}, [(v,) for v in values])
    relation = t.table("choices_of_texts", "r")
    as_case = t.select(v=t.col("v", "r"), code=code.copy()).from_(relation.copy(), copy=False).sql("duckdb")
    as_map = t.select(v=t.col("v", "r"), code=code).from_(relation.copy(), copy=False)
    assert sorted(host.rows(as_map), key=str) == sorted(host.rows(as_case), key=str)
    picked = t.select(v=t.col("v", "r")).from_(relation, copy=False).where(named, copy=False)
    assert {v for (v,) in host.rows(picked)} == set(texts) & {v for v in values if v is not None}
    host.drop("choices_of_texts")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (t.col("end", "r"), 'r."end"'),  # by its own name without saying
        (t.col("END", "r"), 'r."END" AS "end"'),
        (t.col('a"b', "from"), '"from"."a""b" AS "end"'),
        (t.col("end"), '"end"'),
        (t.lit("it's"), "'it''s' AS \"end\""),
        (t.among(t.col("v", "r"), [t.lit("a")]), 'r."v" IN (\'a\') AS "end"'),  # no condition: NULL is not false
        (t.switch(t.col("v"), [(t.lit("a"), t.lit(1))], t.lit(0)), 'CASE "v" WHEN \'a\' THEN 1 ELSE 0 END AS "end"'),
    ],
)
def test_values_as_text(value: Any, text: str) -> None:
    query = t.select(end=value)
    assert sql(query) == sql(query) == f"SELECT {text}"


def test_a_query_with_all_columns_of_another_and_one_without_what_nobody_reads() -> None:
    inner = t.select(x=t.col("x", "f"), y=t.col("y", "f"), z=t.col("z", "f")).from_(t.table("f", "f"), copy=False)
    query = t.beside("r", inner, more=t.add([t.col("x", "r"), t.col("z", "r")]))
    assert sql(query) == 'SELECT r.*, (r."x" + r."z") AS "more" FROM (SELECT f."x", f."y", f."z" FROM f AS f) AS r'
    of_rows = t.select(a=t.col("x", "r"), b=t.col("y", "r"), z=t.col("z", "r")).from_(t.sub(inner, "r"), copy=False)
    t.narrow(of_rows, ("z", "a"))
    assert sql(of_rows) == 'SELECT r."x" AS "a", r."z" FROM (SELECT f."x", f."z" FROM f AS f) AS r'


class Noted:
    """A connection that keeps the texts of what was asked."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.texts: list[str] = []

    def execute(self, text: str, *values: Any) -> Any:
        self.texts.append(text)
        return self.connection.execute(text, *values)


def test_a_table_is_made_and_filled_by_one_statement(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of enumerations, lists and nothing at all; what is more than goes at once is added."""
    shape = {
        "n": "INTEGER", "yes": "BOOLEAN", "day": "DATE", "kind": t.enumeration(["x", "it's"]), "names": "VARCHAR[]",
    }  # fmt: skip
    rows = [(n, n % 2 == 0, date(2016, 2, n), "it's", ["a", "b"]) for n in range(1, 5)] + [(None,) * 5]
    noted = Noted(connection)
    host = engine.DuckHost(noted)
    host.load("few_rows", shape, rows)
    host.load("no_rows", shape, [])
    assert len(noted.texts) == 2
    monkeypatch.setattr(engine, "_AT_ONCE", 2)
    host.load("in_parts", shape, iter(rows))
    assert len(noted.texts) == 2 + 3
    described = [connection.execute(f"DESCRIBE {table}").fetchall() for table in ("few_rows", "no_rows", "in_parts")]
    assert described[0] == described[1] == described[2]
    assert [c[1] for c in described[0]] == ["INTEGER", "BOOLEAN", "DATE", "ENUM('x', 'it''s')", "VARCHAR[]"]
    for table in ("few_rows", "in_parts"):
        assert connection.execute(f"FROM {table}").fetchall() == rows
    host.close()


@pytest.mark.parametrize(("seed", "statements", "characters"), [(2, 130, 121_000), (5, 90, 103_000), (8, 130, 119_000)])
def test_what_is_fixed_stays_small(seed: int, statements: int, characters: int, tmp_path: Path) -> None:
    """To plan a query takes as long as to run it on twenty thousand rows; each of these took a fifth more."""
    import duckdb

    made, given, periods, as_of = generated(seed, 30)
    with duckdb.connect() as own:
        noted = Noted(own)
        host = engine.DuckHost(own)
        names = load_inputs(host, given, [made])
        tables = Tables(noted, names.records, names.persons, names.circumstances)
        duckdb_write.write([made], tables, periods, as_of, tmp_path, duckdb_write.Options("parquet", "full"))
    asked = [text for text in noted.texts if not text.startswith("DROP")]
    assert len(asked) <= statements
    assert sum(map(len, asked)) <= characters
