"""Work beside the main thread gives its result or its error to who asks; the process does not wait for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from policyengine.records.beside import beside


def test_result_and_error() -> None:
    assert beside(divmod, 7, 2).result() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        beside(divmod, 7, 0).result()


def test_the_process_ends_without_it() -> None:
    program = "import time; from policyengine.records.beside import beside; beside(time.sleep, 600)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
