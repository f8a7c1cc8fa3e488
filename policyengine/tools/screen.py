"""Tables for eyes: rich's console, which leaves it to the guard what a reader that has gone away means."""

from __future__ import annotations

from typing import Any

import rich.console


class Console(rich.console.Console):
    """Shows texts as they stand: to rich ``[it]`` would be a style, ``[/it]`` an error and ``:a:`` a picture.

    Raises ``BrokenPipeError`` where nobody reads any more; rich itself would end the process with exit code 1.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(markup=False, emoji=False, **given)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
