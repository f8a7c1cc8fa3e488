"""The examples judged on a cluster: local files sent there, and files that it reads and writes itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policyengine.diagnostics import PolicyError
from policyengine.tools.evaluate.evaluate import Files, evaluate_files
from policyengine.tools.evaluate.into import evaluate_into
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.result.formats import read_rows
from policyengine.tools.result.result import Wish
from policyengine.tools.result.tables import shape_of, tables_of
from policyengine.tools.result.tally import tally_of
from tests.engines.spark_server import server

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples" / "stories"


def named(folder: str) -> Files:
    return Files((f"{folder}/records.csv",), f"{folder}/persons.csv")


@pytest.fixture(scope="module")
def remote() -> Iterator[str]:
    with server() as address:
        yield address


def test_local_files_sent_to_the_cluster(remote: str) -> None:
    law, files = load_law(ROOT / "policies" / "sichuan"), named(str(EXAMPLES))
    wanted = evaluate_files(law, files, (2015, 2018), None, "reference").result
    found = evaluate_files(law, files, (2015, 2018), None, "spark", remote=remote).result
    for table in ("decisions", "findings", "ledger", "flags"):
        assert getattr(found, table) == getattr(wanted, table), table


def test_files_of_the_cluster(remote: str, tmp_path: Path) -> None:
    law = load_law(ROOT / "policies" / "sichuan")
    evaluation = evaluate_files(law, named(str(EXAMPLES)), (2015, 2018), None, "reference")
    out = tmp_path / "out"
    tally = evaluate_into(
        law, named(f"file://{EXAMPLES}"), f"file://{out}", Wish("parquet"), (2015, 2018), None, "spark", remote=remote
    )
    wanted = tally_of(evaluation)
    for name in ("rows", "records", "rejected", "people", "outcomes", "reasons", "flags"):
        assert getattr(tally, name) == getattr(wanted, name), name
    for table in tables_of(evaluation.result, (), shape_of(law.plans), "lean"):
        if table.name == "rejects":
            continue
        rows = [
            tuple(row.values())
            for path in sorted((out / table.name).glob("*.parquet"))
            for row in read_rows(path, "parquet", table.columns)
        ]
        assert sorted(map(str, rows)) == sorted(map(str, (tuple(r) for r in table.rows))), table.name
    (text,) = [p for p in (out / "manifest.json").iterdir() if p.suffix == ".txt"]
    manifest = json.loads(text.read_text(encoding="utf-8"))
    assert manifest["engine"]["name"] == "spark"
    assert manifest["tables"]["decisions"]["rows"] == len(evaluation.result.decisions)
    with pytest.raises(PolicyError) as caught:
        evaluate_into(law, named(f"file://{EXAMPLES}"), f"file://{out}", Wish("parquet"), engine="spark", remote=remote)
    assert [d.code for d in caught.value.diagnostics] == ["PE933"]


YEARS = """
- {id: annual, cites: {source: example, at: 一}, rule: require total at least 10 hours per year}
- {id: three, cites: {source: example, at: 二}, rule: require total at least 40 hours in any 3 years}
- {id: follows, cites: {source: example, at: 三}, rule: conclude warned when annual not met for 2 years running}
"""


def test_records_that_may_be_lacking(remote: str, tmp_path: Path) -> None:
    """Records of 2017 alone: 2018 has none, three years ago began in 2015 (of 2017) and the year before in 2016."""
    pack = tmp_path / "years-running"
    shutil.copytree(ROOT / "tests" / "packs" / "years-running", pack)
    (pack / "rules.yaml").write_text(YEARS, encoding="utf-8")
    law = load_law(pack)
    (tmp_path / "records.csv").write_text(
        "record_id,person_id,date,form\nR1,P1,2017-03-05,training\n", encoding="utf-8"
    )
    at = f"file://{tmp_path}"
    files = Files((f"{at}/records.csv",))
    tally = evaluate_into(law, files, f"{at}/out", Wish("parquet"), (2017, 2018), None, "spark", remote=remote)
    assert [n.partition(":")[0] for n in tally.notes] == [
        "no record is of a day in 2018",
        "years-running/follows looks back to 2016-01-01, but the first record is of 2017-03-05",
        "years-running/three looks back to 2015-01-01, but the first record is of 2017-03-05",
    ]
    here = evaluate_files(law, Files((str(tmp_path / "records.csv"),)), (2017, 2018), None, "reference")
    assert tally.notes == tally_of(here).notes


@pytest.mark.parametrize("persons", ["person_id,sector\nP1,accounting\nP2,teaching\nP3,teaching\nP4,\n", None])
def test_one_pack_that_is_not_for_everybody(persons: str | None, remote: str, tmp_path: Path) -> None:
    """Of five people one is in the sector of the pack, two in another; where the last two are, nobody has said."""
    rows = [f"R{n},P{n},2017-03-05,training" for n in range(1, 6)]
    (tmp_path / "records.csv").write_text("\n".join(["record_id,person_id,date,form", *rows, ""]), encoding="utf-8")
    if persons is not None:
        (tmp_path / "persons.csv").write_text(persons, encoding="utf-8")
    law, at = load_law(ROOT / "policies" / "sectors" / "accounting"), f"file://{tmp_path}"
    files = Files((f"{at}/records.csv",), f"{at}/persons.csv" if persons is not None else None)
    tally = evaluate_into(law, files, f"{at}/out", Wish("parquet"), (2017, 2017), None, "spark", remote=remote)
    (note,) = tally.notes
    said = "2 people are others, of 2 people it is not known" if persons else "of 5 people it is not known"
    assert f"accounting is for those of whom it holds that sector = accounting: {said}; the persons file" in note
    (manifest,) = (tmp_path / "out" / "manifest.json").glob("*.txt")
    assert json.loads(manifest.read_text(encoding="utf-8"))["warnings"]["notes"] == [note]


@pytest.mark.parametrize(
    ("files", "out", "wish", "remote_", "code"),
    [
        (named("there"), "out", Wish(), None, "PE914"),
        (named("s3a://there"), "out", Wish(), "sc://nobody", "PE935"),
        (named("s3a://there"), "s3a://out", Wish("csv"), "sc://nobody", "PE935"),
        (named("s3a://there"), "s3a://out", Wish("parquet", strict=True), "sc://nobody", "PE935"),
        (named("s3a://there"), "s3a://out", Wish("parquet"), "nobody", "PE930"),
        # it was asked to be named as the cluster does, and then not found
        (replace(named("s3a://there"), mapping="mapping.yaml"), "s3a://out", Wish("parquet"), "sc://nobody", "PE935"),
    ],
)
def test_what_is_refused(files: Files, out: str, wish: Wish, remote_: str | None, code: str) -> None:
    law = load_law(ROOT / "policies" / "sichuan")
    with pytest.raises(PolicyError) as caught:
        evaluate_into(law, files, out, wish, engine="spark", remote=remote_)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert files.mapping is None or "--mapping" in str(caught.value)
