"""``check`` on all shipped packs stays quick, and starts the solver only where trying does not decide."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
