"""``diff``, ``history`` and ``evaluate --policy-rev`` between real commits, and what they say where there are none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

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


RECORDS = """record_id,person_id,date,form,subject,quantity,unit,evidence
R1,P1,2016-05-01,training,professional,92,hours,C1
"""


def test_judged_by_the_packs_of_a_commit(repository: Repository) -> None:
    (repository.folder / "records.csv").write_text(RECORDS, encoding="utf-8")
    repository.replace(YEARS, *RAISED)
    repository.replace(YEARS, "一般要求 每年 专业科目 不少于 60", "一般要求 每年 专业科目 不少于 64")
    arguments = ("evaluate", "records.csv", "--policy", "policies/sichuan", "--period", "2016")
    now = repository.policyengine(*arguments)
    then = repository.policyengine(*arguments, "--policy-rev", "v1", "--out", "out")
    assert (now.returncode, then.returncode) == (0, 0), now.stderr + then.stderr
    assert ",not_met," in now.stdout
    assert ",met," in (repository.folder / "out" / "decisions.csv").read_text(encoding="utf-8")
    manifest = json.loads((repository.folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["options"]["policy_rev"] == "v1"
    assert manifest["options"]["commit"] == repository.git("rev-parse", "v1").strip()
    assert {r["file"] for r in manifest["rules"]} >= {f"v1:{YEARS}"}
    assert repository.policyengine("verify", "out", "records.csv").returncode == 0
    explained = repository.policyengine("explain", "out", "--person", "P1")
    assert explained.returncode == 0
    assert "no longer what this result was made from" not in explained.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["diff", "nowhere", "HEAD"], "PE702"),
        (["diff", "-x", "HEAD"], "PE901"),
        (["diff", "HEAD", "main...nowhere"], "PE702"),
        (["diff", "nowhere...HEAD"], "PE702"),
        (["diff", "empty", "HEAD"], "PE704"),
        (["history", "annual-hour"], "PE706"),
        (["history", "annual-hours"], "PE706"),
        (["git", "merge-check", "HEAD", "nowhere"], "PE702"),
        (["git", "merge-check", "HEAD", "orphan"], "PE702"),
        (["evaluate", "r.csv", "--policy", "policies", "--policy-rev", "nowhere"], "PE702"),
        (["evaluate", "r.csv", "--policy", "policies/none", "--policy-rev", "v1"], "PE704"),
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


def test_a_repository_without_commits(tmp_path: Path, repository: Repository) -> None:
    empty = tmp_path / "new"
    empty.mkdir()
    assert repository.run("git", "init", "-q", at=empty).returncode == 0
    done = repository.policyengine("diff", "HEAD", at=empty)
    assert done.returncode == 2
    assert "PE702" in done.stderr
