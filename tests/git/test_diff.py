"""``diff``, ``history`` and ``evaluate --policy-rev`` between real commits, and what they say where there are none."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from policyengine.diagnostics import Diagnostic, PolicyError, Related, Span
from policyengine.tools.diff.model import Law
from policyengine.tools.diff.sides import named
from policyengine.tools.git.revisions import Entry, _check_names
from tests.git.conftest import YEARS, Repository

RAISED = ("national/annual-hours：要求 每年 总学时 不少于 90", "national/annual-hours：要求 每年 总学时 不少于 96")
LOWERED = ("合计 不超过 50 学时", "合计 不超过 40 学时")


def subjects(out: str) -> list[str]:
    return [c["subject"] for c in json.loads(out)["changes"]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["v1", "HEAD"], ["sichuan/self-study-cap"]),
        (["v1..main"], ["sichuan/self-study-cap"]),
        (["HEAD~1"], ["sichuan/annual-hours", "sichuan/self-study-cap"]),
        (["HEAD"], ["sichuan/annual-hours"]),
        (["HEAD", "policies"], ["sichuan/annual-hours"]),
        (["main...side"], ["chengdu/local-public"]),
        (["main", "main"], []),
    ],
    ids=lambda w: " ".join(w) or "nothing",
)
def test_revisions_ranges_and_the_working_tree(words: list[str], expected: list[str], repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "side")
    repository.replace("policies/cities/chengdu/rules.yaml", "公需科目 的 学时", "专业科目 的 学时")
    repository.commit("side")
    repository.git("checkout", "-q", "main")
    repository.replace(YEARS, *LOWERED)
    repository.commit("a lower cap")
    repository.replace(YEARS, *RAISED)
    before = repository.git("status", "--porcelain")
    inside = repository.folder / "policies" / "sichuan" if "policies" not in words else None
    done = repository.policyengine("diff", *words, "--format", "json", at=inside)
    assert done.returncode == 0, done.stderr
    assert subjects(done.stdout) == expected
    assert repository.git("status", "--porcelain") == before  # nothing was checked out
    assert repository.policyengine("diff", *words, "--exit-code").returncode == (1 if expected else 0)


def test_packs_that_lie_deep_in_a_repository_of_much_else(repository: Repository) -> None:
    (repository.folder / "services" / "cpd").mkdir(parents=True)
    repository.git("mv", "policies", "services/cpd/policies")
    repository.commit("moved")
    repository.replace("services/cpd/policies/sectors/accounting/rules.yaml", "每科 计 90 学分", "每科 计 60 学分")
    repository.commit("fewer credits")
    repository.replace(f"services/cpd/{YEARS}", *LOWERED)
    for words, expected in (
        (["HEAD~1", "HEAD"], ["accounting/exam-credits"]),
        (["HEAD"], ["sichuan/self-study-cap"]),
        (["v1", "HEAD~1"], []),
    ):
        assert subjects(repository.policyengine("diff", *words, "--format", "json").stdout) == expected
    assert repository.policyengine("git", "merge-check", "HEAD~1", "HEAD").returncode == 0


def test_two_packs_of_one_name_are_not_compared(repository: Repository) -> None:
    for place in ("a/policies/p", "b/policies/p"):
        (repository.folder / place).mkdir(parents=True)
        shutil.copytree(repository.folder / "policies" / "national", repository.folder / place, dirs_exist_ok=True)
    shutil.rmtree(repository.folder / "policies")
    repository.commit("two of them")
    done = repository.policyengine("diff", "HEAD", "HEAD")
    assert done.returncode == 2
    assert "HEAD:b/policies/p/pack.yaml: error PE133: two packs are called national: " in done.stderr
    assert "HEAD:a/policies/p and HEAD:b/policies/p\n" in done.stderr
    assert done.stdout == ""


def test_packs_beside_the_policies_are_named_where_they_differ(repository: Repository) -> None:
    shutil.copytree(repository.folder / "policies" / "national", repository.folder / "archive" / "2015")
    repository.commit("an archive")
    assert repository.policyengine("diff", "HEAD~1", "HEAD").stderr.startswith(
        "note: only policies/ is compared; packs beside it differ too: archive/2015 "
    )
    repository.replace(YEARS, *LOWERED)
    assert repository.policyengine("diff", "HEAD").stderr == ""


def test_files_of_a_commit_are_named_as_git_names_them(repository: Repository) -> None:
    repository.replace(YEARS, "要求 每年 总学时 不少于 80", "要求 每年 总学 不少于 80")
    repository.commit("broken")
    done = repository.policyengine("diff", "v1", "HEAD")
    assert done.returncode == 2
    assert f"HEAD:{YEARS}" in done.stderr
    assert "error PE2" in done.stderr
    again = repository.policyengine("diff", "HEAD", "v1")
    assert again.returncode == 2
    assert f"HEAD:{YEARS}" in again.stderr


def test_history_has_versions_and_commits(repository: Repository) -> None:
    repository.replace(YEARS, *RAISED)
    repository.commit("ninety-six")
    repository.git("mv", YEARS, "policies/sichuan/rules-annual.yaml")
    repository.commit("only another file")
    done = repository.policyengine("history", "sichuan/annual-hours", "--format", "json")
    found = json.loads(done.stdout)
    assert [v["from"] for v in found["versions"]] == [None, "2016-01-01"]
    assert [c["subject"] for c in found["commits"]] == ["ninety-six", "the packs"]
    assert "96" in found["commits"][0]["after"]["2016"]
    assert "90" in found["commits"][0]["before"]["2016"]


def test_history_of_a_rule_whose_pack_cannot_be_read(repository: Repository) -> None:
    repository.replace(YEARS, "  from: 2016\n  rule: 免除 本年", "  from: 2997\n  rule: 免除 本年")
    short = repository.policyengine("history", "just-cause")
    assert short.returncode == 2
    assert "error PE122: “from” can't be “2997”" in short.stderr
    assert "error PE706: no pack here has a rule just-cause\n" in short.stderr
    full = repository.policyengine("history", "sichuan/just-cause")
    assert "error PE122: “from” can't be “2997”" in full.stderr
    assert "PE706" not in full.stderr


def test_history_of_a_version_that_is_still_to_come(repository: Repository) -> None:
    old = "  from: 2016\n  rule: 免除 本年 当 情形 = 正当理由"
    entry = "- id: just-cause\n  cites: {source: opinion-2016, at: 四第2款}\n"
    repository.replace(
        YEARS,
        old,
        old.replace("  rule", "  until: 2197\n  rule")
        + f"\n{entry}  from: 2198\n  until: 2198\n  rule: 免除 本年 当 情形 = 病假"
        + f"\n{entry}  from: 2199\n  rule: 免除 本年 当 情形 = 产假",
    )
    said = repository.policyengine("history", "just-cause").stdout.splitlines()
    assert [line.split(" · ")[:2] for line in said if " · " in line][:3] == [
        ["  2016", "until 2197-12-31"],
        ["  2198", "not yet in force, until 2198-12-31"],
        ["  2199", "not yet in force"],
    ]


def test_history_in_chinese(repository: Repository) -> None:
    """The end of a version stood in English among the commits."""
    said = repository.policyengine("--lang", "zh", "history", "sichuan/annual-hours").stdout
    assert "  自始 · 至 2015-12-31 止 · " in said
    assert "    + 自始 · 至 2015 年止 · raise-only · 要求 每年 总学时 不少于 80 学时" in said
    assert "until" not in said


RECORDS = """record_id,person_id,date,form,subject,quantity,unit,evidence
R1,P1,2016-05-01,training,professional,92,hours,C1
"""


def test_judged_by_the_packs_of_a_commit(repository: Repository) -> None:
    (repository.folder / "records.csv").write_text(RECORDS, encoding="utf-8")
    (repository.folder / "persons.csv").write_text("person_id,sector\nP1,engineering\n", encoding="utf-8")
    repository.replace(YEARS, *RAISED)
    repository.replace(YEARS, "一般要求 每年 专业科目 不少于 60", "一般要求 每年 专业科目 不少于 64")
    files = ("records.csv", "--persons", "persons.csv")
    arguments = ("evaluate", *files, "--policy", "policies/sichuan", "--period", "2016")
    now = repository.policyengine(*arguments)
    then = repository.policyengine(*arguments, "--policy-rev", "v1", "--out", "out")
    assert (now.returncode, then.returncode) == (0, 0), now.stderr + then.stderr
    assert ",not_met," in now.stdout
    assert ",met," in (repository.folder / "out" / "decisions.csv").read_text(encoding="utf-8")
    manifest = json.loads((repository.folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["options"]["policy_rev"] == "v1"
    assert manifest["options"]["commit"] == repository.git("rev-parse", "v1").strip()
    assert {r["file"] for r in manifest["rules"]} >= {f"v1:{YEARS}"}
    assert repository.policyengine("verify", "out", "records.csv", "persons.csv").returncode == 0
    explained = repository.policyengine("explain", "out", "--person", "P1")
    assert explained.returncode == 0
    assert "no longer what this result was made from" not in explained.stderr
    counted = repository.policyengine("stats", "out", "--by", "sector", "--format", "csv")
    assert counted.stdout.splitlines()[1].startswith("2016,engineering,hours,1,1,"), counted.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["diff", "-x", "HEAD"], "PE901"),
        (["diff", "HEAD", "main...nowhere"], "PE702"),
        (["diff", "nowhere...HEAD"], "PE702"),
        (["diff", "empty", "HEAD"], "PE704"),
        (["history", "annual-hour"], "PE706"),
        (["history", "annual-hours"], "PE706"),
        (["git", "merge-check", "HEAD", "nowhere"], "PE702"),
        (["git", "merge-check", "HEAD", "orphan"], "PE702"),
        (["evaluate", "r.csv", "--policy", "policies", "--policy-rev", "nowhere"], "PE702"),
        (["evaluate", "r.csv", "--policy", "policies", "--policy-rev", "empty"], "PE702: empty is no revision"),
        (["diff", "nowhere", "HEAD"], "PE702: nowhere is neither a folder here nor a revision"),
        (["evaluate", "r.csv", "--policy", "policies/none", "--policy-rev", "v1"], "PE704"),
        (["evaluate", "r.csv", "--policy", YEARS, "--policy-rev", "v1"], f"PE130: v1:{YEARS} is a file"),
        (["git", "textconv", "nothing.yaml"], "PE901"),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, list) else a,
)
def test_what_can_not_be_compared(arguments: list[str], code: str, repository: Repository) -> None:
    (repository.folder / "empty").mkdir()
    repository.git("checkout", "-q", "--orphan", "orphan")
    repository.git("commit", "-qm", "without a past")
    repository.git("checkout", "-q", "main")
    done = repository.policyengine(*arguments)
    assert done.returncode == 2
    assert code in done.stderr
    assert "hint:" in done.stderr


def test_outside_of_a_repository_and_without_git(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    done = repository.policyengine("diff", "HEAD~1", "HEAD", at=outside)
    assert done.returncode == 2
    assert "PE701" in done.stderr
    assert "folders that are in none are compared by diff OLD NEW" in done.stderr  # evaluate --policy-rev says so, too
    done = repository.policyengine("diff", str(repository.folder / "policies"), "polices", at=outside)
    assert "PE701: polices is no folder here, nor can it be a revision: " in done.stderr  # a folder misspelt
    assert repository.policyengine("git", "install", at=outside).returncode == 2
    # a PATH on which there is the program, and no git
    program = ("/bin/sh", str(repository.programs / "policyengine"), "diff")
    done = repository.run(*program, "HEAD~1", "HEAD", PATH=str(outside))
    assert done.returncode == 2
    assert "PE703" in done.stderr
    folders = repository.run(*program, "policies", "policies", PATH=str(outside))
    assert folders.returncode == 0, folders.stderr


def test_hostile_names_are_only_names(repository: Repository, tmp_path: Path) -> None:
    """Links, submodules and names that lead elsewhere are not followed out of the folder."""
    os.symlink("/etc/passwd", repository.folder / "policies" / "sichuan" / "rules-linked.yaml")
    repository.commit("a link")
    done = repository.policyengine("diff", "v1", "HEAD", "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["changes"] == []


@pytest.mark.parametrize("name", ["..\\..\\..\\x.yaml", "C:x.yaml", "C:\\x.yaml", "a\\x.yaml"])
def test_on_windows_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    """Git lists it as one name, and so it is elsewhere."""
    listed = [Entry("0" * 40, PurePosixPath("policies/年度") / n, 1) for n in ("rules-学时.yaml", name)]
    _check_names(listed[:1], "1" * 40, PureWindowsPath)
    _check_names(listed, "1" * 40, PurePosixPath)
    with pytest.raises(PolicyError, match="PE707: 111111111111 has a file that can't be called so on this system"):
        _check_names(listed, "1" * 40, PureWindowsPath)


@pytest.mark.parametrize("written", ["C:\\T\\x\\policies", "C:/T/x/policies"])
def test_on_windows_too_a_message_names_a_folder_of_a_commit_by_it(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages write / everywhere; of the temporary folder nobody knows."""
    monkeypatch.setattr(os, "sep", "\\")
    law = Law("v1", {}, {}, commit="c", folder=PureWindowsPath("C:\\T\\x"))  # type: ignore[arg-type]
    told = named(Diagnostic("PE133", f"two packs are called a: {written}"), law)
    monkeypatch.undo()
    assert told.message == "two packs are called a: v1:policies"


def test_hints_and_second_places_name_files_of_a_commit_by_it_too(tmp_path: Path) -> None:
    law = Law("v1", {}, {}, commit="c", folder=tmp_path)
    second = Related(f"here, in {tmp_path}/c", Span(f"{tmp_path}/c", 2))
    told = named(Diagnostic("PE133", "two packs", Span(f"{tmp_path}/a"), f"see {tmp_path}/b", related=(second,)), law)
    assert (str(told.span), told.hint) == ("v1:a", "see v1:b")
    assert told.related == (Related("here, in v1:c", Span("v1:c", 2)),)


def test_a_repository_without_commits(tmp_path: Path, repository: Repository) -> None:
    empty = tmp_path / "new"
    empty.mkdir()
    assert repository.run("git", "init", "-q", at=empty).returncode == 0
    done = repository.policyengine("diff", "HEAD", at=empty)
    assert done.returncode == 2
    assert "PE702" in done.stderr


@pytest.mark.parametrize(
    "side", ["policies/sectors/medical", "policies/sectors/medical/rules.yaml", "policies/sectors/medical/tests"]
)
def test_a_pack_beside_a_commit_is_compared_with_that_pack(side: str, repository: Repository) -> None:
    repository.replace(YEARS, *LOWERED)
    repository.replace("policies/cities/chengdu/rules.yaml", "公需科目 的 学时", "专业科目 的 学时")
    done = repository.policyengine("diff", "v1", side, "--format", "json")
    if side.endswith("tests"):
        assert (done.returncode, "PE704" in done.stderr) == (2, True)
        return
    (change,) = json.loads(done.stdout)["changes"]
    assert (change["subject"], change["direction"]) == ("sichuan/self-study-cap", "stricter")


def test_a_mapping_file_that_is_not_there_is_no_fault_of_packs(repository: Repository) -> None:
    """All packs of both sides stand: it was said that not every one may."""
    (repository.folder / "records.csv").write_text(RECORDS, encoding="utf-8")
    done = repository.policyengine("diff", "v1", "HEAD", "--records", "records.csv", "--mapping", "map.yaml")
    assert (done.returncode, done.stderr.count("error PE")) == (2, 1)
    assert "map.yaml: error PE408: the mapping file can't be read" in done.stderr


def test_errors_that_were_there_before_are_counted(repository: Repository) -> None:
    repository.replace(YEARS, *RAISED)
    repository.commit("more than three sectors ask")
    first = repository.policyengine("diff", "v1", "HEAD")
    assert first.stderr.count("error PE203") == 4
    assert "were there before" not in first.stderr
    repository.replace(YEARS, *LOWERED)
    second = repository.policyengine("diff", "HEAD")
    assert "error PE" not in second.stderr
    assert "note: working tree has 3 more errors, which were there before" in second.stderr
    (repository.folder / "records.csv").write_text(RECORDS, encoding="utf-8")
    third = repository.policyengine("diff", "v1", "HEAD", "--records", "records.csv")
    assert third.returncode == 2
    assert "PE710" in third.stderr
    assert "HEAD:policies/sectors/accounting/rules.yaml" in third.stderr
    assert "/tmp" not in third.stderr
    alone = repository.policyengine("diff", "v1", "HEAD", "--records", "records.csv", "--policy", "policies/national")
    assert alone.returncode == 0, alone.stderr


def test_a_bare_repository_has_revisions_and_no_working_tree(repository: Repository, tmp_path: Path) -> None:
    repository.replace(YEARS, *LOWERED)
    repository.commit("a lower cap")
    bare = tmp_path / "bare"
    repository.git("clone", "-q", "--bare", str(repository.folder), str(bare))
    done = repository.policyengine("diff", "v1", "HEAD", "--format", "json", at=bare)
    assert subjects(done.stdout) == ["sichuan/self-study-cap"]
    for arguments in (("diff", "HEAD"), ("git", "install")):
        refused = repository.policyengine(*arguments, at=bare)
        assert refused.returncode == 2
        assert "bare repository" in refused.stderr


def test_a_shallow_clone_says_that_commits_are_missing(repository: Repository, tmp_path: Path) -> None:
    repository.replace(YEARS, *LOWERED)
    repository.commit("a lower cap")
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.folder}", str(shallow))
    refused = repository.policyengine("diff", "HEAD~1", "HEAD", at=shallow)
    assert refused.returncode == 2
    assert "git fetch --unshallow" in refused.stderr
    assert "git fetch --unshallow" in repository.policyengine("history", "sichuan/self-study-cap", at=shallow).stdout


def test_packs_in_a_submodule(repository: Repository, tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    for command in (
        ("init", "-q"),
        ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repository.folder), "rules"),
        ("commit", "-qm", "with the rules"),
    ):
        assert repository.run("git", *command, at=above).returncode == 0
    refused = repository.policyengine("diff", "HEAD", "HEAD", at=above)
    assert refused.returncode == 2
    assert "rules: a repository of its own (submodule)" in refused.stderr
    assert repository.policyengine("diff", "HEAD", at=above / "rules").returncode == 0


def test_history_of_commits_whose_lines_are_not_lines(repository: Repository) -> None:
    """A subject and an author with separators that are lines elsewhere, and not to git."""
    repository.replace(YEARS, "合计 不超过 50 学时", "合计 不超过 40 学时")
    repository.git("config", "user.name", "Li\u2028Wang")
    repository.git(
        "commit", "-q", "-a", "--author=Li\u2028Wang <li@example.org>", "-m", "A lower\u2028cap\x0c for\x85 all"
    )
    done = repository.policyengine("history", "sichuan/self-study-cap", "--format", "json")
    assert done.returncode == 0, done.stderr
    [first, _] = json.loads(done.stdout)["commits"]
    assert (first["author"], first["subject"][:7]) == ("Li\u2028Wang", "A lower")


@pytest.mark.parametrize(
    "arguments", [("diff", "HEAD", "HEAD"), ("history", "sichuan/just-cause"), ("git", "install")], ids=lambda a: a[0]
)
def test_a_repository_of_somebody_else(repository: Repository, arguments: tuple[str, ...]) -> None:
    """What git does not trust is no folder without a repository, and its history is not empty."""
    done = repository.policyengine(*arguments, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert done.returncode == 2
    assert "PE703" in done.stderr
    assert "hint: if it may be trusted, run: git config --global --add safe.directory" in done.stderr


def test_history_of_a_repealed_rule(repository: Repository) -> None:
    path = repository.folder / YEARS
    text = path.read_text(encoding="utf-8")
    start, end = text.index("- id: not-excellent"), text.index("- id: appointment-basis")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    repository.commit("repealed")
    done = repository.policyengine("history", "sichuan/not-excellent")
    assert "no pack has this rule any more" in done.stdout
    assert "Li: repealed" in done.stdout
    assert repository.policyengine("history", "sichuan/never-was").returncode == 2


def test_history_of_a_pack_that_was_moved_and_is_gone(repository: Repository) -> None:
    def subjects() -> list[str]:
        done = repository.policyengine("history", "accounting/annual-credits", "--format", "json")
        assert done.returncode == 0, done.stderr
        return [c["subject"] for c in json.loads(done.stdout)["commits"]]

    there, old = "policies/sectors/accounting", "policies/accounts"
    repository.git("mv", there, old)
    repository.commit("moved")
    assert subjects() == ["the packs"]
    repository.git("mv", old, there)
    repository.commit("moved back")
    assert subjects() == ["the packs"]
    repository.git("rm", "-rq", there)
    repository.commit("accounting is gone")
    assert subjects() == ["accounting is gone", "the packs"]
    assert "PE706" in repository.policyengine("history", "accounting/never-was").stderr
    assert "PE706" in repository.policyengine("history", "nowhere/annual-credits").stderr


def test_history_of_a_pack_that_is_being_moved(repository: Repository) -> None:
    repository.git("mv", "policies/sichuan", "policies/四川")
    said = repository.policyengine("history", "self-study-cap").stdout
    assert "Li: the packs\n    + from the beginning · until 2015 · raise-only · 限额 " in said


CAUSE = "免除 本年 当 情形 = 正当理由"


def test_history_blames_nobody_for_a_merge(repository: Repository) -> None:
    """Bob's branch has the old rule only because it left earlier; the merge has what one of its parents has."""
    repository.replace(YEARS, CAUSE, "免除 本年 当 情形 属于（正当理由、病假）")
    repository.commit("illness is a reason")
    repository.git("switch", "-qc", "bob", "v1")
    (repository.folder / "policies" / "sichuan" / "README.md").write_text("Bob's\n", encoding="utf-8")
    repository.replace(YEARS, *RAISED)
    repository.commit("ninety-six")
    repository.git("switch", "-q", "main")
    repository.git("merge", "-q", "--no-edit", "bob")
    for rule, subjects in (("just-cause", ["illness is a reason"]), ("annual-hours", ["ninety-six"])):
        found = json.loads(repository.policyengine("history", f"sichuan/{rule}", "--format", "json").stdout)
        assert [c["subject"] for c in found["commits"]] == [*subjects, "the packs"]


def test_history_of_a_merge_that_changes_the_rule(repository: Repository) -> None:
    """Both branches amend it, the merge decides otherwise."""
    repository.replace(YEARS, CAUSE, "免除 本年 当 情形 属于（正当理由、病假）")
    repository.commit("illness")
    repository.git("switch", "-qc", "other", "v1")
    repository.replace(YEARS, CAUSE, "免除 本年 当 情形 属于（正当理由、产假）")
    repository.commit("birth")
    repository.git("switch", "-q", "main")
    repository.run("git", "merge", "-q", "other")
    repository.git("checkout", "-q", "v1", "--", YEARS)
    repository.replace(YEARS, CAUSE, "免除 本年 当 情形 属于（正当理由、病假、产假）")
    repository.commit("both")
    found = json.loads(repository.policyengine("history", "sichuan/just-cause", "--format", "json").stdout)
    assert sorted(c["subject"] for c in found["commits"]) == ["birth", "both", "illness", "the packs"]
    both = next(c for c in found["commits"] if c["subject"] == "both")
    assert "病假）" in both["before"]["2016"]
    assert "病假、产假" in both["after"]["2016"]


def test_no_merge_is_under_way(repository: Repository) -> None:
    done = repository.policyengine("git", "merge-check", "HEAD", "MERGE_HEAD")
    assert done.returncode == 2
    assert "no merge is under way here" in done.stderr


SIGNER = """#!/bin/sh
echo ran >> "$(dirname "$0")/ran"
case "$*" in *--verify*) echo "[GNUPG:] GOODSIG 1 x"; echo "gpg: Good signature from Li" >&2; exit 0;; esac
cat > /dev/null; echo "[GNUPG:] SIG_CREATED " >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nabc\\n-----END PGP SIGNATURE-----\\n'
"""


@pytest.mark.parametrize(
    ("setting", "value"),
    [("log.showSignature", "true"), ("i18n.logOutputEncoding", "GBK"), ("color.ui", "always"), ("log.date", "raw")],
)
def test_history_is_the_same_whatever_git_is_told_to_show(setting: str, value: str, repository: Repository) -> None:
    signer = repository.folder.parent / "signer"
    signer.write_text(SIGNER, encoding="utf-8")
    signer.chmod(0o755)
    repository.git("config", "gpg.program", str(signer))
    repository.replace(YEARS, *RAISED)
    repository.git("commit", "-q", "-S", "-am", "提高到九十六")
    (signer.parent / "ran").unlink()
    repository.git("config", setting, value)
    done = repository.policyengine("history", "sichuan/annual-hours", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [c["subject"] for c in json.loads(done.stdout)["commits"]] == ["提高到九十六", "the packs"]
    assert not (signer.parent / "ran").exists()


def test_what_a_clone_lacks_is_fetched_by_no_command_of_its_own(repository: Repository, tmp_path: Path) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.replace(YEARS, *RAISED)
    repository.commit("ninety-six")
    source = f"file://{repository.folder}"
    repository.git("clone", "-q", "--no-checkout", "--filter=blob:none", source, str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    for name, value in (("remote.origin.url", "ssh://nowhere/x"), ("core.sshCommand", f"touch {tmp_path}/ran #")):
        assert repository.run("git", "config", name, value, at=clone).returncode == 0
    refused = repository.policyengine("diff", "HEAD~1", "HEAD", at=clone)
    assert (refused.returncode, "PE703" in refused.stderr) == (2, True)
    assert "git fetch --refetch --no-filter" in refused.stderr
    assert not (tmp_path / "ran").exists()
    assert repository.run("git", "config", "remote.origin.url", source, at=clone).returncode == 0
    assert repository.run("git", "fetch", "-q", "--refetch", "--no-filter", at=clone).returncode == 0
    done = repository.policyengine("diff", "HEAD~1", "HEAD", at=clone)
    assert "~ amended sichuan/annual-hours" in done.stdout


def test_words_of_commits_command_no_terminal(repository: Repository) -> None:
    repository.replace(YEARS, *RAISED)
    repository.git("config", "user.name", "L\x1b[2Ji")
    repository.commit("ninety\x1b]0;x\x07\u202e-six")
    shown = repository.policyengine("history", "sichuan/annual-hours").stdout
    assert "ninety\ufffd]0;x\ufffd\ufffd-six" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
