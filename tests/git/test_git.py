"""Rules shown as law by git itself, branches before a merge, hooks, and the workflows, each in a real repository."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from policyengine.cli import main
from policyengine.tools.git.text import law_text
from tests.git.conftest import HOME, YEARS, Repository

ROOT = Path(__file__).parents[2]
RAISED = ("national/annual-hours：要求 每年 总学时 不少于 90", "national/annual-hours：要求 每年 总学时 不少于 96")


BOTH = "rules*.yaml diff=policyengine\nrules*.yml diff=policyengine\n"


# --- git diff, git log -p -------------------------------------------------------------------------------------------


def test_git_shows_rules_as_law(repository: Repository) -> None:
    first = repository.policyengine("git", "install")
    assert first.returncode == 0
    assert (repository.folder / ".gitattributes").read_text() == BOTH
    again = repository.policyengine("git", "install")
    assert "already" in again.stderr
    repository.commit("attributes")
    repository.replace(YEARS, *RAISED)
    shown = repository.git("diff")
    assert "+    替代 national/annual-hours：要求 每年 总学时 不少于 96 学时" in shown
    assert " annual-hours  2016–  〔opinion-2016 二（二）第1款〕  raise-only" in shown
    assert "cites:" not in shown
    repository.commit("ninety-six")
    log = repository.git("log", "-p", "-1", "--format=%s")
    assert log.startswith("ninety-six")
    assert "-    替代 national/annual-hours：要求 每年 总学时 不少于 90 学时" in log


def test_what_says_nothing_shows_nothing(repository: Repository) -> None:
    repository.policyengine("git", "install", "--local")
    assert not (repository.folder / ".gitattributes").exists()
    repository.replace(YEARS, "  from: 2016\n  rule: 免除", "  # of every year\n  from:   2016\n  rule: 免除")
    assert "@@" not in repository.git("diff")


def test_a_broken_file_is_shown_as_it_is(repository: Repository) -> None:
    repository.policyengine("git", "install", "--local")
    (repository.folder / YEARS).write_text("- id: [broken\n", encoding="utf-8")
    assert "+- id: [broken" in repository.git("diff")


def test_a_checkout_has_the_same_bytes_on_every_system(tmp_path: Path) -> None:
    """Git for Windows makes line ends of its own where nothing says otherwise; digests of packs would be others."""
    (tmp_path / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    (tmp_path / "pack.yaml").write_bytes(b"pack: a\n")
    git = ["git", "-c", "core.autocrlf=true", "-C", str(tmp_path)]
    for command in (["init", "-q"], ["add", "-A"], ["checkout-index", "-f", "-a", "--prefix=out/"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    assert (tmp_path / "out" / "pack.yaml").read_bytes() == b"pack: a\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"*.csv text\r\n", b"*.csv text\r\n" + BOTH.replace("\n", "\r\n").encode()),
        (b"*.csv text\r\n*.md text", b"*.csv text\r\n*.md text\r\n" + BOTH.replace("\n", "\r\n").encode()),
        (b"*.csv text", b"*.csv text\n" + BOTH.encode()),
        (b"rules*.yaml  diff=policyengine\n", b"rules*.yaml  diff=policyengine\nrules*.yml diff=policyengine\n"),
    ],
)
def test_attributes_keep_their_line_ends(before: bytes, after: bytes, repository: Repository) -> None:
    (repository.folder / ".gitattributes").write_bytes(before)
    assert repository.policyengine("git", "install").returncode == 0
    assert (repository.folder / ".gitattributes").read_bytes() == after


def test_git_shows_rules_in_a_file_that_ends_in_yml(repository: Repository) -> None:
    repository.policyengine("git", "install")
    path = repository.folder / YEARS
    path.rename(path.with_suffix(".yml"))
    repository.commit("another ending")
    repository.replace(YEARS.removesuffix(".yaml") + ".yml", *RAISED)
    assert "+    替代 national/annual-hours：要求 每年 总学时 不少于 96 学时" in repository.git("diff")


def test_attributes_that_are_no_text(repository: Repository) -> None:
    (repository.folder / ".gitattributes").write_bytes("*.csv text\n".encode("utf-16"))
    done = repository.policyengine("git", "install")
    assert done.returncode == 2
    assert "PE708" in done.stderr


LAW = """- id: hours
  cites: {source: order, at: 第八条}
  from: 2016
  until: 2020
  change: raise-only
  rule: >-
    要求 每年 总学时
    不少于 90 学时
  note: 每年
- id: share
  cites: {source: order, at: 第九条}
  from: null
  confidence: remembered
  rule: 一般要求 每年 专业科目 不少于 60 学时
- id: reason
  cites: order 第十条
  from: 2022
  gap: 2021年的
    文件未见
  rule: 免除 本年 当 情形 = 正当理由
"""
TEXT = """hours  2016–2020  〔order 第八条〕  raise-only
    要求 每年 总学时 不少于 90 学时
    每年

share  –  〔order 第九条〕  remembered
    一般要求 每年 专业科目 不少于 60 学时

reason  2022–  〔order 第十条〕
    免除 本年 当 情形 = 正当理由
    gap: 2021年的 文件未见
"""


def test_a_paragraph_for_each_version(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(LAW, encoding="utf-8")
    assert law_text(path) == TEXT


def test_git_is_given_no_line_ends_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output makes them of ``\\n`` there, and git showed a ^M behind every line that was added."""
    (tmp_path / "rules.yaml").write_text(LAW, encoding="utf-8")
    there = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(there, "utf-8", newline="\r\n", write_through=True))
    assert main(["git", "textconv", str(tmp_path / "rules.yaml")], standalone_mode=False) == 0
    assert there.getvalue().decode() == TEXT


@pytest.mark.parametrize("text", ["", "a: 1\n", "- 1\n- 2\n", "- id: x\n", "\x00\x01", "- id: a\n  rule: [x\n"])
def test_other_texts_are_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    assert law_text(path) == text


# --- before a merge -------------------------------------------------------------------------------------------------


def branch(repository: Repository, name: str, file: str, old: str, new: str) -> None:
    repository.git("checkout", "-q", "-b", name, "v1")
    repository.replace(file, old, new)
    repository.commit(name)


SPLIT = (
    "  from: 2016\n  rule: 免除 本年 当 情形 = 正当理由",
    "  from: 2016\n  until: 2025\n  rule: 免除 本年 当 情形 = 正当理由",
)
LATER = """- id: just-cause
  cites: {source: opinion-2016, at: 四第2款}
  from: 2026
  rule: 免除 本年 当 情形 属于（正当理由、产假）

- id: not-excellent"""


def test_two_branches_amend_one_rule_for_the_same_time(repository: Repository) -> None:
    """Git merges both without a conflict: one corrects the text, the other ends the version and adds one elsewhere."""
    branch(repository, "ours", YEARS, "本年 当 情形 = 正当理由", "本年 当 情形 属于（正当理由、病假）")
    branch(repository, "theirs", YEARS, "- id: not-excellent", LATER)
    repository.replace(YEARS, *SPLIT)
    repository.commit("from 2026")
    done = repository.policyengine("git", "merge-check", "ours", "theirs")
    assert done.returncode == 1
    assert "sichuan/just-cause: both branches amend it" in done.stdout
    assert "病假" in done.stdout
    assert "产假" in done.stdout
    found = json.loads(repository.policyengine("git", "merge-check", "ours", "theirs", "--format", "json").stdout)
    assert [(c["rule"], c["from"], c["until"]) for c in found["clashes"]] == [
        ("sichuan/just-cause", "2026-01-01", None)
    ]


@pytest.mark.parametrize("same", [True, False], ids=["the same amendment", "other rules"])
def test_branches_that_do_not_meet(same: bool, repository: Repository) -> None:
    branch(repository, "ours", YEARS, "合计 不超过 50 学时", "合计 不超过 40 学时")
    file, old, new = (
        (YEARS, "合计 不超过 50 学时", "合计 不超过  40 学时")
        if same
        else ("policies/sichuan/rules-records.yaml", "认定 实践活动 须有 学习证明", "认定 实践活动")
    )
    branch(repository, "theirs", file, old, new)
    done = repository.policyengine("git", "merge-check", "ours", "theirs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no rule was amended by both" in done.stdout


OVERRIDDEN = """- id: no-theme
  cites: {source: rules-2020, at: 年度学时}
  from: 2021
  change: raise-only
  rule: 替代 sichuan/theme-hours：要求 每年 公需主题学时 不少于 年度主题（本年度）
- id: annual-hours"""


def test_what_only_the_two_together_break(repository: Repository) -> None:
    """One lets nobody change the theme's hours any more, the other has a sector change them: neither is wrong alone."""
    change = "  change: {}\n  rule: 一般要求 每年 公需主题学时"
    branch(repository, "ours", YEARS, change.format("raise-only"), change.format("fixed"))
    for pack in ("medical", "teachers"):
        path = repository.folder / f"policies/sectors/{pack}/rules.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?ms)^- id: no-theme\n.*?(?=^- |^#|\Z)", "", text), encoding="utf-8")
    repository.commit("the theme is everybody's")
    branch(repository, "theirs", "policies/sectors/publishing/rules.yaml", "- id: annual-hours", OVERRIDDEN)
    done = repository.policyengine("git", "merge-check", "ours", "theirs")
    assert done.returncode == 1
    assert "may not stand" in done.stderr
    assert "policies/sectors/publishing/rules.yaml" in done.stderr
    assert "sichuan/theme-hours" in done.stderr


EXCUSED = """- id: late-excuse
  cites: {source: opinion-2016, at: 四第2款}
  from: 2026
  rule: 免除 本年 当 情形 = 病假

- id: public-theme"""


def test_as_a_hook_before_the_merge_is_committed(repository: Repository) -> None:
    hook = repository.folder / ".git" / "hooks" / "pre-merge-commit"
    hook.write_text("#!/bin/sh\nexec " + hooks()["policyengine-merge-check"]["entry"] + "\n", encoding="utf-8")
    hook.chmod(0o755)
    # the two stand apart in the file, so that git itself merges them without a word
    other = EXCUSED.replace("病假", "产假").replace("public-theme", "not-excellent")
    branch(repository, "theirs", YEARS, "- id: not-excellent", other)
    branch(repository, "ours", YEARS, "- id: public-theme", EXCUSED)
    merged = repository.run("git", "merge", "--no-edit", "theirs")
    assert "CONFLICT" not in merged.stdout
    assert merged.returncode != 0
    assert "sichuan/late-excuse: both branches amend it" in merged.stdout + merged.stderr
    assert repository.git("log", "-1", "--format=%s").strip() == "ours"


# --- hooks and workflows --------------------------------------------------------------------------------------------


def hooks() -> dict[str, Any]:
    listed = yaml.safe_load((HOME / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return {hook["id"]: hook for hook in listed}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("policyengine-check", "不少于 80 学时", "不少于 80 学分"),
        ("policyengine-fmt", "  rule: 免除 本年 当 情形 = 正当理由", "  rule: 免除  本年 当 情形=正当理由"),
        ("policyengine-test", "合计 不超过 50 学时", "合计 不超过 40 学时"),
    ],
)
def test_a_hook_lets_good_packs_pass_and_no_others(name: str, old: str, new: str, repository: Repository) -> None:
    command = shlex.split(hooks()[name]["entry"])
    assert repository.run(*command).returncode == 0
    repository.replace(YEARS, old, new)
    assert repository.run(*command).returncode == 1


def steps(template: str) -> list[str]:
    """The commands of a workflow that are the program's."""
    data = yaml.safe_load((HOME / "ci-templates" / template).read_text(encoding="utf-8"))
    if "jobs" in data:
        return [s["run"] for s in data["jobs"]["review"]["steps"] if "policyengine" in s.get("run", "")][1:-1]
    return [s for s in data["policies"]["script"] if s.startswith("policyengine") and "FETCH_HEAD" not in s]


@pytest.mark.parametrize("template", ["github-policies.yml", "gitlab-policies.yml"])
def test_a_workflow_on_a_branch(template: str, repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "reviewed")
    repository.replace(YEARS, "当 情形 = 正当理由", "当 情形 属于（正当理由、病假）")
    head = repository.commit("illness is a reason")
    base = repository.git("rev-parse", "v1").strip()
    environment = {
        "BASE": base, "HEAD": head, "GITHUB_STEP_SUMMARY": "summary.md", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_COMMIT_SHA": head,
    }  # fmt: skip
    commands = steps(template)
    assert len(commands) >= 4
    for command in commands:
        done = repository.run("/bin/bash", "-eo", "pipefail", "-c", command, **environment)
        assert done.returncode == 0, (command, done.stderr)
    said = (repository.folder / "diff.md").read_text(encoding="utf-8")
    assert "sichuan/just-cause" in said
    assert "**laxer**" in said
    sarif = json.loads((repository.folder / "policies.sarif").read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"


CURL = """#!/bin/sh
for word; do last="$word"; case "$word" in PUT|POST) method="$word";; esac; done
case "$method" in "") cat "$NOTED" ;; *) echo "$method $last" >> sent ;; esac
"""


@pytest.mark.parametrize("rows", [10, 3000])
def test_a_long_comment_is_cut_between_lines_and_says_so(rows: int, repository: Repository, tmp_path: Path) -> None:
    stub = tmp_path / "stub"
    stub.mkdir()
    row = "| 修改 `sichuan/self-study-cap` |"
    for name, text in (("policyengine", f"#!/bin/sh\nyes '{row}' | head -n {rows}\n"), ("curl", CURL)):
        (stub / name).write_text(text, encoding="utf-8")
        (stub / name).chmod(0o755)
    (stub / "python").symlink_to(sys.executable)
    noted = tmp_path / "noted.json"
    environment = {
        "PATH": f"{stub}{os.pathsep}{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": "summary.md", "NOTED": str(noted),
        "POLICIES_TOKEN": "t", "CI_API_V4_URL": "api", "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "2",
    }  # fmt: skip
    github = next(s for s in steps("github-policies.yml") if "SUMMARY" in s)
    script = yaml.safe_load((HOME / "ci-templates" / "gitlab-policies.yml").read_text(encoding="utf-8"))["policies"]
    gitlab = "\n".join(script["script"][:2])
    notes = [[], [{"id": 7, "body": "hello"}, {"id": 8, "body": "<!-- policyengine diff -->\n…"}]]
    for command, file, known in ((github, "comment.md", notes[0]), *((gitlab, "note.md", n) for n in notes)):
        noted.write_text(json.dumps(known), encoding="utf-8")
        done = repository.run("/bin/bash", "-eo", "pipefail", "-c", command, **environment)
        assert done.returncode == 0, done.stderr
        said = (repository.folder / file).read_text(encoding="utf-8").splitlines()
        cut = ["", said[-1]] if rows > 1000 else []
        assert said == ["<!-- policyengine diff -->", *[row] * (len(said) - 1 - len(cut)), *cut]
        assert said[-1].startswith("The rest is in the ") == bool(cut)
    assert (repository.folder / "sent").read_text() == "POST api/projects/1/merge_requests/2/notes\n" + (
        "PUT api/projects/1/merge_requests/2/notes/8\n"
    )
