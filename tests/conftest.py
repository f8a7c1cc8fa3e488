"""What holds for every test: messages are in English unless the test says otherwise, whatever a test before it said."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from policyengine.cli import COLLECTED
from policyengine.messages import speak


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each worker begins with one half of the tests, and the first that is done takes over half of what the other has
    left: a file's tests are together, which share servers and results, and no worker waits for the other's long end."""
    if config.getoption("dist") != "load":  # another way was asked for
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """Thousands of tests, and all that they import, stay to the end: cycles are looked for among what comes after them,
    and as seldom as the program looks for them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    speak("en")
    yield
    speak("en")


@pytest.fixture
def heeded() -> Iterator[None]:
    """What is started here heeds Ctrl-C, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
