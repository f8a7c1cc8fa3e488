"""A result appears whole or not at all, replaces only what is ours, and is the same bytes every time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from policyengine import whole
from policyengine.diagnostics import PolicyError
from policyengine.tools.evaluate.evaluate import Evaluation
from policyengine.tools.result import write
from policyengine.tools.result.result import check_out, check_rejects, save
from policyengine.tools.result.verify import verify
from policyengine.tools.result.write import whole_folder
from policyengine.whole import whole_file
from tests.windows import Windows

TABLES = ("decisions", "findings", "ledger", "rejects", "flags", "missing")


def _content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def test_what_a_result_holds(evaluation: Evaluation, written: Path) -> None:
    assert sorted(p.name for p in written.iterdir()) == sorted([*(f"{t}.csv" for t in TABLES), "manifest.json"])
    assert (written / "decisions.csv").read_text().splitlines()[0] == (
        "person_id,period,policy,outcome,total,professional,public,required_total,required_professional,"
        "shortfall_total,shortfall_professional,capped_off,advisories,consequences"
    )
    assert (written / "ledger.csv").read_text().splitlines()[0] == (
        "record_id,person_id,period,form,subject,quantity,unit,converted,counted,recognise_rule,convert_rule,cap_rule,"
        "reason"
    )
    manifest = json.loads((written / "manifest.json").read_text())
    assert manifest["rows"] == {"in": 11, "records": 10, "rejected": 1, "persons": 5}
    rule = next(r for r in manifest["rules"] if r["key"] == "mill/annual-hours")
    assert rule["en"] == "override shire/annual-hours: require total at least 120 hours per year"
    assert rule["zh"] == "替代 shire/annual-hours：要求 每年 总学时 不少于 120 学时"
    assert (rule["cites"]["at"], rule["overrides"], rule["line"]) == ("rule 1", ["shire/annual-hours"], 4)
    assert rule["file"].endswith("mill/rules.yaml")


def test_the_same_bytes_again_and_in_place(evaluation: Evaluation, written: Path, tmp_path: Path) -> None:
    first = _content(written)
    save(evaluation, written)
    save(evaluation, tmp_path / "other")
    assert _content(written) == first == _content(tmp_path / "other")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "out"]


@pytest.mark.parametrize("format", ["jsonl", "parquet", "xlsx"])
def test_another_format_replaces_the_first(evaluation: Evaluation, written: Path, format: str) -> None:
    save(evaluation, written, format)
    assert sorted(p.name for p in written.iterdir()) == sorted([*(f"{t}.{format}" for t in TABLES), "manifest.json"])


def test_lean_and_no_ledger(evaluation: Evaluation, tmp_path: Path) -> None:
    save(evaluation, tmp_path / "lean", ledger="lean")
    assert (tmp_path / "lean/ledger.csv").read_text().splitlines()[0] == (
        "record_id,person_id,period,converted,counted,recognise_rule,convert_rule,cap_rule,reason"
    )
    save(evaluation, tmp_path / "none", ledger="none")
    assert not (tmp_path / "none/ledger.csv").exists()


@pytest.mark.parametrize("exchange", [True, False])
def test_failure_leaves_the_earlier_result(
    evaluation: Evaluation, written: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    before = _content(written)
    if not exchange:
        monkeypatch.setattr(write, "_exchange", lambda one, other: False)
    for place in ("write_table", "manifest_bytes", "_to_disk"):
        with monkeypatch.context() as patch:
            patch.setattr(write, place, _full)
            with pytest.raises(OSError, match="full"):
                save(evaluation, written)
        assert _content(written) == before
        assert os.listdir(written.parent) == ["out"]
    save(evaluation, written)
    assert _content(written) == before
    assert os.listdir(written.parent) == ["out"]


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "full")


@pytest.mark.parametrize(
    ("out", "meanwhile", "left"),
    [("out", None, []), ("of/county/out", None, []), ("of/county/out", "of/theirs", ["of", "of/theirs"])],
)
def test_an_interrupt_leaves_nothing(tmp_path: Path, out: str, meanwhile: str | None, left: list[str]) -> None:
    """Nor the folders above, unless others use them by then."""

    def half() -> None:
        with whole_folder(tmp_path / out) as folder:
            (folder / "half").write_text("half")
            if meanwhile is not None:
                (tmp_path / meanwhile).mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == left


def test_a_folder_of_others_is_left_alone(evaluation: Evaluation, written: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("a file")
    (written / "notes.txt").write_text("added by hand")
    for target, code in (("mine", "PE911"), ("file", "PE910"), ("out", "PE911")):
        with pytest.raises(PolicyError) as error:
            save(evaluation, tmp_path / target)
        assert error.value.diagnostics[0].code == code
    assert "move notes.txt elsewhere" in str(error.value.diagnostics[0].hint)  # the folder is that of a result
    (written / "~$ledger.xlsx").write_bytes(b"\x05Zhang")  # which Explorer does not show
    with pytest.raises(PolicyError, match=r"PE911(.|\n)*hint: ledger\.xlsx is open in a spreadsheet program: close it"):
        save(evaluation, written)
    assert (tmp_path / "mine/thesis.txt").read_text() == "years of work"
    assert (written / "notes.txt").exists()
    (tmp_path / "empty").mkdir()
    assert (save(evaluation, tmp_path / "empty") / "manifest.json").exists()


def test_what_is_put_into_the_folder_meanwhile_is_left_alone(written: Path) -> None:
    before = _content(written)

    def meanwhile() -> None:
        with whole_folder(written) as folder:
            (folder / "manifest.json").write_text("{}")
            (written / "minutes.txt").write_text("of a meeting")

    with pytest.raises(PolicyError) as error:
        meanwhile()
    assert error.value.diagnostics[0].code == "PE911"
    assert _content(written) == before | {"minutes.txt": b"of a meeting"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a result is not exchanged in one step")
def test_a_result_that_another_run_replaces_meanwhile_is_no_foreign_one(
    evaluation: Evaluation, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the list of the files, in CSV, and the manifest, which is then that of a result in JSON Lines."""
    look, others = write.files_of_result, ["jsonl"]

    def meanwhile(folder: Path) -> set[str]:
        if others and folder == written:
            save(evaluation, written, others.pop())
        return look(folder)

    monkeypatch.setattr(write, "files_of_result", meanwhile)
    write.refuse_foreign(written)
    (written / "minutes.txt").write_text("of a meeting")
    with pytest.raises(PolicyError, match=r"PE911.*minutes\.txt"):
        write.refuse_foreign(written)


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0o700, 0o750, 0o2770])
def test_who_may_look_into_a_result_stays_as_it_is(written: Path, mode: int) -> None:
    for filled in (True, False):
        written.chmod(mode)
        with whole_folder(written) as folder:
            if filled:
                (folder / "manifest.json").write_text('{"policyengine-result": 1, "tables": {}}')
        assert written.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o755), (0o027, 0o750), (0o077, 0o700), (0o000, 0o777)])
def test_a_new_folder_is_as_the_umask_has_it_which_stays_as_it_is(
    mask: int, mode: int, evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is that of the process: changed for a moment, it is so for every thread, and may stay so."""
    before, changes = os.umask(mask), []
    try:
        monkeypatch.setattr(os, "umask", lambda new: changes.append(new) or mask)
        made = save(evaluation, tmp_path / "new")
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert (made.stat().st_mode & 0o777, changes) == (mode, [])
    assert sorted(p.suffix for p in made.iterdir()) == [".csv"] * 6 + [".json"]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("exchanged", [True, False])
def test_nothing_is_left_of_a_result_that_was_made_read_only(
    exchanged: bool, evaluation: Evaluation, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, modes = shutil.rmtree, []

    def removed(folder: Path, **given: Any) -> None:
        if folder.exists():  # to root no folder is read-only
            modes.append(folder.stat().st_mode & 0o777)
        remove(folder, **given)

    written.chmod(0o500)
    monkeypatch.setattr(shutil, "rmtree", removed)
    if not exchanged:
        monkeypatch.setattr(write, "_exchange", lambda *_: False)
    save(evaluation, written)
    assert modes == [0o700]
    assert [p.name for p in written.parent.iterdir()] == [written.name]
    written.chmod(0o700)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may give a folder to any group")
def test_whose_a_result_is_stays_as_it_is(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(written, -1, 12345)
    written.chmod(0o750)
    with whole_folder(written) as folder:
        (folder / "manifest.json").write_text('{"policyengine-result": 1, "tables": {}}')
    assert (written.stat().st_gid, written.stat().st_mode & 0o777) == (12345, 0o750)

    def refused(*_: object) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "chown", refused)  # as for who is not in that group: ours is another
    with whole_folder(written):
        pass
    assert (written.stat().st_gid == 12345, written.stat().st_mode & 0o777) == (False, 0o700)


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_who_may_read_a_file_stays_as_it_is(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("before")
    report.chmod(0o600)
    with whole_file(report) as new:
        new.write_text("after")
        assert new.stat().st_mode & 0o777 == 0o600
    assert (report.read_text(), report.stat().st_mode & 0o777) == ("after", 0o600)


def test_nobody_can_foresee_where_a_file_is_written_first(tmp_path: Path) -> None:
    """In a folder where all may write, a link of that name would be written through."""
    names = set()
    for _ in range(2):
        with whole_file(tmp_path / "report.html") as new:
            new.write_text("x")
            names.add(new.name)
    assert len(names) == 2


@pytest.mark.parametrize("name", ["关于继续教育学时认定结果的汇总" * 5 + "2016年度表格", "r" * 255], ids=["zh", "en"])
def test_a_name_may_be_as_long_as_names_are(name: str, evaluation: Evaluation, tmp_path: Path) -> None:
    """What is put beside it until it is whole has a longer one."""
    assert 240 < len(os.fsencode(name)) <= 255
    for _ in range(2):
        assert (save(evaluation, tmp_path / name) / "manifest.json").exists()
    with whole_file(tmp_path / "of" / name) as new:
        new.write_text("x")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "of"])
    assert [p.name for p in (tmp_path / "of").iterdir()] == [name]


@pytest.mark.parametrize("named", [".", "{}", "../out"])
def test_the_folder_that_one_is_in_is_not_replaced(
    evaluation: Evaluation, written: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its content would be there, but for whoever is in it: the shell would be in a folder that is gone."""
    monkeypatch.chdir(written)
    with pytest.raises(PolicyError) as error:
        save(evaluation, named.format(written))
    assert error.value.diagnostics[0].code == "PE911"
    assert "current folder" in error.value.diagnostics[0].message
    assert "above (cd ..), and name it: --out out" in str(error.value.diagnostics[0].hint)  # none may be within it
    assert (Path.cwd() / "manifest.json").exists()
    (written.parent / "other").mkdir()
    monkeypatch.chdir(written.parent / "other")
    assert (save(evaluation, "new") / "manifest.json").exists()
    with pytest.raises(PolicyError, match=r"PE911(.|\n)*name a folder in it, as --out result"):
        save(evaluation, ".")


@pytest.mark.parametrize(
    ("within", "hint"),
    [
        ("2017", "a folder beside it"),
        ("years/2017", "a folder beside it"),
        ("manifest.json", "the folder itself, or one beside it"),
    ],
)
def test_a_result_is_not_written_into_another(
    evaluation: Evaluation, written: Path, tmp_path: Path, within: str, hint: str
) -> None:
    """The next evaluation would refuse to replace the outer one: it would hold what is not a result's."""
    before = _content(written)
    with pytest.raises(PolicyError, match=rf"PE911.*out is the folder of a result(.|\n)*name {hint}"):
        check_out(written / within)
    with pytest.raises(PolicyError, match="PE911"):
        save(evaluation, written / within)
    with pytest.raises(PolicyError, match=r"PE911.*out is the folder of a result(.|\n)*workbook elsewhere"):
        check_rejects(written / within / "rejects.xlsx", tmp_path / "another")
    assert _content(written) == before
    assert (save(evaluation, tmp_path / "out-2017") / "manifest.json").exists()


def test_where_a_volume_begins_nothing_is_replaced(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at the folder that a container is given: the system refuses to rename it, after all work."""
    (tmp_path / "volume").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path).name == "volume")
    with pytest.raises(PolicyError) as error:
        check_out(tmp_path / "volume")
    assert error.value.diagnostics[0].code == "PE911"
    assert (save(evaluation, tmp_path / "volume" / "out") / "manifest.json").exists()


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini"])
def test_what_a_file_manager_puts_into_every_folder_is_nobodys(
    evaluation: Evaluation, written: Path, name: str
) -> None:
    before = _content(written)
    (written / name).write_bytes(b"of icons")
    assert verify(written) == []
    save(evaluation, written)
    assert _content(written) == before


@pytest.mark.skipif(os.name != "posix", reason="processes are told apart by signals")
@pytest.mark.parametrize("what", ["unfinished", "replaced"])
def test_what_a_killed_run_left_is_swept_away(evaluation: Evaluation, tmp_path: Path, what: str) -> None:
    """An earlier result too, where names can't be exchanged in one step, once there is a new one."""
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = tmp_path / f".[out].{what}-{int(gone.stdout)}-{write._here()}-abc"
    running = tmp_path / f".[out].{what}-{os.getppid()}-{write._here()}-abc"
    elsewhere = tmp_path / f".[out].{what}-{int(gone.stdout)}-00000000-abc"  # another machine or container
    for folder in (left, running, elsewhere):
        folder.mkdir()
    save(evaluation, tmp_path / "[out]")
    assert not left.exists()
    assert running.exists()
    assert elsewhere.exists()


def test_on_windows_a_new_folder_is_not_made_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since 3.11.10 and 3.12.4 Python makes of 0o700 a list of who may look in: only who ran it could open the result,
    in a folder that the office shares."""
    make, modes = Path.mkdir, []

    def made(folder: Path, mode: int = 0o777, *more: Any, **given: Any) -> None:
        modes.append(mode)
        make(folder, mode, *more, **given)

    monkeypatch.setattr(write, "os", Windows())
    monkeypatch.setattr(Path, "mkdir", made)
    with whole_folder(tmp_path / "out") as folder:
        (folder / "a.csv").write_text("a")
    assert (tmp_path / "out" / "a.csv").exists()
    assert set(modes) == {0o777}


@pytest.mark.skipif(os.name != "posix", reason="Windows says it itself")
def test_on_windows_a_file_that_may_only_be_read_leaves_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may only be read is neither replaced there nor removed: the new file must not become such a one."""
    report, unlink = tmp_path / "report.html", Path.unlink
    report.write_text("before")
    report.chmod(0o444)

    def refused(new: Path, _: Path) -> None:
        raise PermissionError(13, "Access is denied", str(new), 5, str(report))

    def removed(path: Path, missing_ok: bool = False) -> None:
        if not path.stat().st_mode & 0o200:
            raise PermissionError(13, "Access is denied", str(path), 5)
        unlink(path, missing_ok)

    monkeypatch.setattr(whole, "os", Windows())
    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(Path, "unlink", removed)
    with pytest.raises(PermissionError) as told, whole_file(report) as new:
        new.write_text("after")
    assert told.value.filename2 == str(report)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("report.html", "before")]
