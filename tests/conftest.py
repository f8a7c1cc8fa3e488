"""What holds for every test: messages are in English unless the test says otherwise, whatever a test before it said."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from policyengine.messages import speak


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
