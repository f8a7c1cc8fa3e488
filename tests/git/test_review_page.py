"""docs/review.md: its commands are run in order in a repository and print what stands below them.

``python -m tests.git.test_review_page`` writes what they print into the page anew, for review in the diff.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import yaml

from tests.docs.test_readme import CONSOLE, steps
from tests.git.conftest import HOME, POLICIES, Repository, programs_in

PAGE = HOME / "docs" / "review.md"
COMMIT = re.compile(r"\b[0-9a-f]{7,40}\b")
WHEN = "2026-03-02T09:00:00+0800"


def office(folder: Path) -> Repository:
    """The packs as of v1, and records beside them."""
    made = Repository(folder / "repository", programs_in(folder / "bin"))
    made.environment |= {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN, "NO_COLOR": "1"}
    shutil.copytree(POLICIES, made.folder / "policies")
    for name in ("records.csv", "persons.csv"):
        shutil.copy(HOME / "examples" / name, made.folder / name)
    made.git("init", "-q", "-b", "main")
    made.commit("The packs")
    made.git("tag", "v1")
    return made


def printed(command: str, repository: Repository) -> list[str]:
    done = repository.run("/bin/bash", "-c", f"{{ {command}\n}} 2>&1")
    return [COMMIT.sub("<commit>", line.rstrip()) for line in done.stdout.rstrip().splitlines()]


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    repository = office(tmp_path)
    told = list(steps(PAGE.read_text(encoding="utf-8")))
    assert len(told) >= 14
    for command, lines in told:
        assert printed(command, repository) == lines, command


def test_the_hooks_it_names_are_those_there_are() -> None:
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    asked = [h["id"] for h in yaml.safe_load(shown)["repos"][0]["hooks"]]
    there = yaml.safe_load((HOME / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert asked == [h["id"] for h in there]


def record() -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = office(Path(folder))

        def block(match: re.Match[str]) -> str:
            lines = []
            for command, _ in steps(match[0] + "\n"):
                lines += [f"$ {command}", *printed(command, repository)]
            return "\n".join(["```console", *lines, "```"])

        PAGE.write_text(CONSOLE.sub(block, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    record()
