"""Tables for eyes: rich's console, which leaves it to the guard what a reader that has gone away means."""

from __future__ import annotations

import rich.console


class Console(rich.console.Console):
    """Raises ``BrokenPipeError`` where nobody reads any more; rich itself would end the process with exit code 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
