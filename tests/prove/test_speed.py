"""``check`` on all shipped packs stays quick, starts the solver where trying does not decide, tries nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from policyengine.tools.prove import alike, cells, meeting
from policyengine.tools.prove.meeting import meet
from tests.prove.law import context, rule

ROOT = Path(__file__).parents[2]
MOST = 2.0  # seconds of processor time, of which about 0.7 are used
PROGRAM = """
import sys
from policyengine.tools.check import check
found = [d for d in check(["policies"]) if d.severity == "error"]
assert not found, found
assert "z3" not in sys.modules
"""


@pytest.mark.skipif(os.name != "posix", reason="processor time of a child process")
def test_check_on_all_packs() -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < MOST


def test_the_command_line_does_not_load_the_solver() -> None:
    program = "import sys, policyengine.cli.check, policyengine.cli.test, policyengine.cli.fmt, policyengine.cli.new\n"
    heavy = "assert not {'z3', 'lark', 'yaml', 'policyengine.engines.reference'} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", program + heavy], cwd=ROOT, check=True)


def test_what_does_not_depend_on_the_day_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    law = context()
    texts = [
        f"convert paper at credits_of(journal_level, author_rank) when start >= {year}-01-01 and days >= {days}"
        for year, days in ((2019, 3), (2020, 4))
    ]
    space = cells.Space(tuple((rule(text), law) for text in texts), record=True)
    rows, asked = alike.rows, list[tuple[object, ...]]()
    monkeypatch.setattr(alike, "rows", lambda *given: (asked.append((id(given[0]), *given[2:])), rows(*given))[1])
    monkeypatch.setattr(cells, "walk", None)  # nor is a statement walked again
    assert len(space.moments()) > 10
    assert list(space.situations())
    assert asked
    assert len(asked) == len(set(asked))


PLAINLY_APART = [
    ("4 hours each when start >= 2019-01-01 and start < 2020-01-01 and days >= 3",
     "5 hours each when start >= 2020-01-01 and start < 2021-01-01 and days >= 3"),
    ("4 hours each when start >= 2019-01-01", "4 hours each when start >= 2020-01-01 and days >= 3"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PLAINLY_APART)
def test_no_record_is_tried_where_the_words_tell(one: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "search", None)
    assert meet(rule(f"convert training at {one}"), rule(f"convert training at {other}"), context()) is None
