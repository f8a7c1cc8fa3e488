"""Places of results and status databases go in; whether another run has changed one of them since comes out.

A result is replaced as a whole and a database changes in one transaction, but who reads either opens it many times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from policyengine.address import is_server, shown
from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import say
from policyengine.records.files import stamp
from policyengine.tools.result.write import MANIFEST


@contextmanager
def undisturbed(places: Iterable[str | Path]) -> Iterator[Callable[[], None]]:
    """Gives what raises ``PolicyError`` (PE400) where one of the places is no longer as it was at the beginning: to be
    called when everything has been read, before anything is written or said. What fails for that is told so too."""
    before = {str(place): _state(str(place)) for place in places}

    def unchanged() -> None:
        if found := [place for place, state in before.items() if _state(place) != state]:
            raise PolicyError([_disturbed(place) for place in found])

    try:
        yield unchanged
    except Exception:
        unchanged()
        raise


def _state(place: str) -> object:
    """What differs once the result in the folder, or what is current in the database, is another."""
    if is_server(place):
        from policyengine.tools.publish import postgres

        return postgres.state(place)
    path = Path(place)
    return stamp(path / MANIFEST if path.is_dir() else path)


def _disturbed(place: str) -> Diagnostic:
    message = say("another run changed this while it was being read", "读取过程中，另一次运行改动了此处的内容")
    hint = say("run again when that one has ended; nothing was written", "请待其结束后重新运行；未写出任何内容")
    return Diagnostic("PE400", message, Span(shown(place)), hint=hint)
