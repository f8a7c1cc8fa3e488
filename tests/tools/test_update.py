"""An updated result is, byte for byte, the one of judging everybody anew; how many are judged is worked by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from policyengine.cli import main
from policyengine.diagnostics import PolicyError
from policyengine.tools.evaluate import straight
from policyengine.tools.evaluate.evaluate import Files
from policyengine.tools.evaluate.into import evaluate_into
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.result.read import read_result
from policyengine.tools.result.result import Wish
from policyengine.tools.result.tally import Tally
from policyengine.tools.result.verify import verify
from policyengine.tools.result.write import digest, manifest_bytes, whole_folder
from tests.report.test_sign import key_pair
from tests.tools.world import write_world

PEOPLE = 5

# what is changed: file, text, new text; how many people are judged anew, in this order
STEPS = [
    ("nothing", "records.csv", "", "", 0),
    ("a record more", "records.csv", "R002,A1", "R001b,A1,2016-03-15,visit,,Dam,45,minutes,c-1b,,,\nR002,A1", 1),
    ("a figure", "records.csv", "100,hours,c-5", "100.5,hours,c-5", 1),
    ("a record elsewhere: of whom it was, and of whom it is", "records.csv", "R031,C3", "R031,A1", 2),
    ("a row that can't be read", "records.csv", "2016-02-30", "2016-02-31", 0),
    ("it can be read now", "records.csv", "2016-02-31", "2016-02-29", 1),
    ("a name", "persons.csv", "Cat", "Kate", 1),
    ("a circumstance less", "circumstances.csv", "E5,just_cause,2016-01-01,2016-12-31\n", "", 1),
    ("the millers' rule: Ben, and Dan who may be a miller", "policies/mill/rules.yaml", "120", "100", 2),
    ("Dan is a farmer", "persons.csv", "D4,Dan,", "D4,Dan,farming", 1),
    ("the millers' rule: Ben alone", "policies/mill/rules.yaml", "100", "105", 1),
    ("the shire's rule", "policies/shire/rules.yaml", "at 50 hours", "at 40 hours", 5),
    ("a person less", "persons.csv", "E5,Eve,farming\n", "", 1),  # her record is still there
    ("and her record", "records.csv", "R050,E5", "R050,B2", 1),
    ("a person more", "persons.csv", "D4,Dan", "F6,Fay,milling\nD4,Dan", 1),
    ("columns change names", "records.csv", "title,quantity,unit,evidence", "evidence,quantity,unit,title", 4),
    ("an empty column", "records.csv", "approved,fee\n", "approved,fee,provider\n", 0),
    ("a column is another", "records.csv", "approved,fee,", "approved,remark,", 1),  # Ben's fee, which was flagged
]  # fmt: skip


@pytest.fixture(scope="module")
def shire(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world as it is, and beside it what --update first makes of the shire in 2016, in formats and ledgers as the
    folders are named, one signed; nobody changes them."""
    folder = tmp_path_factory.mktemp("shire")
    write_world(folder / "world")
    for name in ("mine", "another"):
        key_pair(folder, name)
    for name, options in FIRST.items():
        given = [str(folder / option) if option.endswith(".pem") else option for option in options]
        assert code(*command_of(folder, folder / name), *given) == 0
    return folder


FIRST = {
    "csv": [],
    "none": ["--ledger", "none"],
    "lean": ["--ledger", "lean"],
    "signed": ["--sign", "mine.pem"],
}


def command_of(folder: Path, out: Path) -> list[str]:
    """Judge the world in ``folder`` by the shire's pack."""
    world = folder / "world"
    command = ["evaluate", str(world / "records.csv"), "--policy", str(world / "policies/shire"), "--period", "2016"]
    return [*command, "--update", str(out)]


def code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def files_of(world: Path) -> Files:
    return Files((str(world / "records.csv"),), str(world / "persons.csv"), str(world / "circumstances.csv"))


def update(world: Path, out: Path, format: str, year: int = 2016, policy: str = "policies") -> Tally:
    wish = Wish(format, update=True)
    return evaluate_into(load_law(world / policy), files_of(world), str(out), wish, (year, year))


@pytest.mark.parametrize(("format", "steps"), [("csv", STEPS), ("parquet", STEPS[1:9:3])])
def test_step_by_step(format: str, steps: list[tuple[str, str, str, str, int]], tmp_path: Path) -> None:
    world = write_world(tmp_path / "world")
    kept = tmp_path / "kept"
    assert update(world, kept, format).stands == 0
    for step, (name, file, text, new, judged) in enumerate(steps):
        before = (world / file).read_text(encoding="utf-8")
        assert text in before, name
        (world / file).write_text(before.replace(text, new, 1) if text else before, encoding="utf-8")
        tally = update(world, kept, format)
        assert tally.people - tally.stands == judged, name
        anew, whole = tmp_path / f"anew{step}", step % 6 == 5 or step == len(steps) - 1
        if whole:  # with fingerprints and manifest
            assert update(world, anew, format).stands == 0
            assert {p.name for p in kept.iterdir()} == {p.name for p in anew.iterdir()}
        else:  # by the evaluator that takes a twentieth of the time
            evaluate_into(
                load_law(world / "policies"), files_of(world), str(anew), Wish(format), (2016, 2016), engine="reference"
            )
        if format == "csv":
            for path in anew.glob("*" if whole else "*.csv"):
                assert (kept / path.name).read_bytes() == path.read_bytes(), (name, path.name)
        else:
            one, other = read_result(kept), read_result(anew)
            for table in one.manifest["tables"]:
                if whole or table != "fingerprints":
                    assert list(one.rows(table)) == list(other.rows(table)), (name, table)
    assert verify(kept) == []


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_reasons_are_counted_of_those_who_stand_too(format: str, tmp_path: Path) -> None:
    """Of two records whose unit no rule converts one is of somebody who is judged anew: the summary warns of both."""
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    records = world / "records.csv"
    rows = (f"{n},{who},2016-05-05,visit,,Dam,3000,characters,c,,," for n, who in (("Z1", "A1"), ("Z2", "C3")))
    records.write_text(records.read_text(encoding="utf-8") + "\n".join([*rows, ""]), encoding="utf-8")
    assert update(world, out, format).reasons == {"no_conversion": 2}
    records.write_text(records.read_text(encoding="utf-8").replace("R001,A1,2016-03-14", "R001,A1,2016-03-15"), "utf-8")
    tally = update(world, out, format)
    assert (tally.stands, tally.reasons) == (PEOPLE - 1, {"no_conversion": 2})


def test_nothing_stands_of_another_year_or_another_kind_of_result(tmp_path: Path) -> None:
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    update(world, out, "csv")
    assert update(world, out, "csv", 2015).stands == 0
    assert update(world, out, "csv", 2015).stands == PEOPLE
    assert update(world, out, "parquet", 2015).stands == 0
    evaluate_into(load_law(world / "policies"), files_of(world), str(out), Wish("parquet"), (2015, 2015))
    assert update(world, out, "parquet", 2015).stands == 0  # it kept no fingerprints


def test_nothing_stands_of_a_program_that_reads_or_judges_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    update(world, out, "csv")
    monkeypatch.setattr("policyengine.tools.evaluate.update._program", lambda: "another")
    assert update(world, out, "csv").stands == 0
    assert update(world, out, "csv").stands == PEOPLE


def test_nothing_stands_where_one_pack_is_named_that_judges_everybody(tmp_path: Path) -> None:
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    shutil.rmtree(world / "policies" / "mill")
    pack = world / "policies" / "shire" / "pack.yaml"
    pack.write_text(pack.read_text(encoding="utf-8").replace("applies: null", "applies: sector = farming"), "utf-8")
    update(world, out, "csv")
    tally = update(world, out, "csv", policy="policies/shire")
    assert (tally.stands, tally.reasons) == (0, {})  # among farmers' packs nothing applied to Ben, the miller
    assert update(world, out, "csv", policy="policies/shire").stands == PEOPLE
    assert update(world, out, "csv").reasons == {"no_policy": 1}


def test_who_may_have_been_under_a_pack_that_is_gone_is_judged_anew(tmp_path: Path) -> None:
    """Dan's 100 hours were enough for the shire (90) and not for the millers (120), of whom he might have been."""
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    records = world / "records.csv"
    records.write_text(records.read_text(encoding="utf-8").replace("100,minutes", "100,hours"), encoding="utf-8")
    update(world, out, "csv")
    assert "D4,2016,shire,undetermined," in (out / "decisions.csv").read_text(encoding="utf-8")
    shutil.move(world / "policies" / "mill", tmp_path / "mill")
    assert update(world, out, "csv").stands == PEOPLE - 2  # Ben, the miller, and Dan
    assert "D4,2016,shire,met," in (out / "decisions.csv").read_text(encoding="utf-8")
    shutil.move(tmp_path / "mill", world / "policies" / "mill")
    assert update(world, out, "csv").stands == PEOPLE - 2
    assert "D4,2016,shire,undetermined," in (out / "decisions.csv").read_text(encoding="utf-8")


def test_a_figure_of_the_same_digits_with_other_decimals_is_another(tmp_path: Path) -> None:
    """Cat's 80.0 hours become 8.00 when the millers' pack no longer allows one decimal only; hers is as it was."""
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    pack, records = world / "policies" / "mill" / "pack.yaml", world / "records.csv"
    records.write_text(records.read_text(encoding="utf-8").replace("R031,C3", "R031,A1"), encoding="utf-8")
    before = pack.read_text(encoding="utf-8")
    bounds = ", ".join(f"{unit}: {{min: 0, max: 10000, decimals: 1}}" for unit in ("hours", "minutes"))
    pack.write_text(f"{before}quantities: {{{bounds}}}\n", encoding="utf-8")
    update(world, out, "csv")
    assert "R030,C3,2016,training,professional,80,hours,80,80," in (out / "ledger.csv").read_text(encoding="utf-8")
    pack.write_text(before, encoding="utf-8")
    records.write_text(records.read_text(encoding="utf-8").replace("80,hours,c-7", "8,hours,c-7"), encoding="utf-8")
    update(world, out, "csv")
    assert "R030,C3,2016,training,professional,8,hours,8,8," in (out / "ledger.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "new", "said"),
    [
        ("flags.csv", "R020", "R021", "PE510"),
        ("ledger.csv", None, "", "PE510"),
        ("flags.csv", None, None, "PE503"),
        ("fingerprints.parquet", None, "x", "PE510"),
        ("fingerprints.parquet", None, None, "PE503"),
        ("manifest.json", '"not_met": 2', '"not_met": 1', "PE502"),
    ],
)
def test_nothing_stands_of_a_result_that_was_changed(
    file: str, text: str | None, new: str | None, said: str, shire: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = Path(shutil.copytree(shire / "csv", tmp_path / "out"))
    command = command_of(shire, out)
    sound = {path.name: path.read_bytes() for path in out.iterdir()}
    if new is None:
        (out / file).unlink()
    else:
        before = sound[file].decode() if text is not None else ""
        assert text is None or text in before
        (out / file).write_text(before.replace(text, new) if text is not None else new, encoding="utf-8")
    capsys.readouterr()
    assert code(*command) == 0
    told = capsys.readouterr().err
    assert f"warning {said}" in told
    assert "everybody is judged anew" in told
    assert {path.name: path.read_bytes() for path in out.iterdir()} == sound


def test_a_result_that_another_run_replaces_meanwhile_is_not_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows may be of other records than the fingerprints that were compared."""
    world, out, other = write_world(tmp_path / "world"), tmp_path / "out", tmp_path / "other"
    update(world, out, "csv")
    records = world / "records.csv"
    before = records.read_text(encoding="utf-8")
    records.write_text(before.replace("12.5,hours", "13.5,hours"), encoding="utf-8")
    update(world, other, "csv")  # as the run that is quicker reads the records
    records.write_text(before, encoding="utf-8")
    joined = straight.update.joined

    def meanwhile(*given: Any) -> Any:
        with whole_folder(out) as folder:
            shutil.copytree(other, folder, dirs_exist_ok=True)
        return joined(*given)

    monkeypatch.setattr(straight.update, "joined", meanwhile)
    with pytest.raises(PolicyError) as error:
        update(world, out, "csv")
    assert [(d.code, str(d.span)) for d in error.value.diagnostics] == [("PE400", str(out / "manifest.json"))]
    assert {p.name: digest(p) for p in out.iterdir()} == {p.name: digest(p) for p in other.iterdir()}


def forge(out: Path) -> None:
    """A flag less, with the digests that fit: nothing but a signature tells."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    flags = out / "flags.csv"
    flags.write_text(flags.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    entry = manifest["tables"]["flags"]
    entry["sha256"], entry["rows"] = digest(flags), 0
    (out / "manifest.json").write_bytes(manifest_bytes(manifest))


# what becomes of the result in between; the key that signs the new one (none: it is not signed); what is said
SIGNED = [
    ("kept", "mine.pem", ""),
    ("kept", "", ""),
    ("forged", "mine.pem", "PE561"),
    ("forged", "", "PE561"),
    ("forged, its signature removed", "mine.pem", "PE560"),
    ("kept", "another.pem", "PE562"),
]


@pytest.mark.parametrize(("then", "key", "said"), SIGNED)
def test_nothing_is_signed_that_was_not_judged_or_signed_with_that_key(
    then: str, key: str, said: str, shire: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(shutil.copytree(shire / "signed", tmp_path / "out"))
    sound = (out / "flags.csv").read_bytes()
    if then != "kept":
        forge(out)
    if "removed" in then:
        (out / "manifest.sig").unlink()
    capsys.readouterr()
    assert code(*command_of(shire, out), *(["--sign", str(shire / key)] if key else [])) == 0
    told = capsys.readouterr().err
    assert (f"warning {said}" in told and "everybody is judged anew" in told) == bool(said)
    assert ("0 people judged anew" in told) == (not said)
    unsigned = not key and "removed" not in then
    assert ("this one is not; --sign KEY signs it" in told) == unsigned == (not (out / "manifest.sig").exists())
    assert (out / "flags.csv").read_bytes() == sound


def test_the_command_keeps_the_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = write_world(tmp_path / "world")
    command = ["evaluate", str(world / "records.csv"), "--policy", str(world / "policies/shire"), "--period", "2016"]
    assert code(*command, "--update", str(tmp_path / "out"), "--format", "parquet") == 0
    assert code(*command, "--update", str(tmp_path / "out")) == 0
    assert "0 people judged anew; of 4 nothing differs" in capsys.readouterr().err
    assert (tmp_path / "out" / "decisions.parquet").exists()


@pytest.mark.parametrize(
    ("was", "options", "ledger"),
    [
        ("csv", ["--format", "parquet"], "lean"),
        ("csv", ["--format", "parquet", "--ledger", "full"], "full"),
        ("none", ["--format", "csv"], "none"),
        ("lean", [], "lean"),
        ("lean", ["--ledger", "full"], "full"),
    ],
)
def test_the_ledger_is_kept_within_a_format(
    was: str, options: list[str], ledger: str, shire: Path, tmp_path: Path
) -> None:
    """In another format it is what --out would write."""
    out = Path(shutil.copytree(shire / was, tmp_path / "out"))
    assert code(*command_of(shire, out), *options) == 0
    assert read_result(out).manifest["options"]["ledger"] == ledger


@pytest.mark.parametrize(
    "more", [["--out", "x"], ["--format", "xlsx"], ["--engine", "reference"], ["--pseudonymise", "key"]]
)
def test_what_can_not_be_updated(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code("evaluate", "records.csv", "--policy", "p", "--update", str(tmp_path / "out"), *more) == 2
    assert "--update" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("was", "refused"),
    [(["--pseudonymise", "key"], True), (["--format", "xlsx"], True), (["--format", "jsonl"], True), ([], False)],
)
def test_a_result_that_an_update_can_not_make_is_left_alone(
    was: list[str], refused: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Above all, no ids of persons come where there were pseudonyms."""
    world, out = write_world(tmp_path / "world"), tmp_path / "out"
    (tmp_path / "key").write_text("a key of more than thirty-two characters", encoding="utf-8")
    given = ["evaluate", str(world / "records.csv"), "--policy", str(world / "policies/shire"), "--period", "2016"]
    options = [str(tmp_path / "key") if option == "key" else option for option in was]
    assert code(*given, *options, "--out", str(out)) == 0
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    capsys.readouterr()
    assert code(*given, "--update", str(out)) == (2 if refused else 0)
    assert ("--update works on CSV and Parquet results" in capsys.readouterr().err) == refused
    assert ({p.name: p.read_bytes() for p in out.iterdir()} == before) == refused
    if "xlsx" in was:  # another format can be asked for
        assert code(*given, "--update", str(out), "--format", "csv") == 0
