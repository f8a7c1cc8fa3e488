"""What holds for every test: messages are in English unless the test says otherwise, whatever a test before it said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policyengine.messages import speak


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    speak("en")
    yield
    speak("en")
