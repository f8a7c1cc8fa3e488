"""The paths of files in, DuckDB's reader of these files and nothing else out.

DuckDB would take ``[1]``, ``*`` and ``?`` in a path for a pattern that other files match, ``~`` for the home folder,
``file:`` for an address, and a folder named ``form=distance`` for a column of every file below it, over the one that
the file has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def reader(function: str, path: str | Path | Sequence[Path], options: Mapping[str, Any] | None = None) -> Any:
    """``read_parquet('the file', …)`` or ``read_csv`` as a tree; of several files ``['the first', …]``.

    ``options``: name → tree.
    """
    from sqlglot import exp

    given = {"hive_partitioning": exp.false(), **(options or {})}
    pairs = [exp.EQ(this=exp.to_identifier(name), expression=value) for name, value in given.items()]
    if isinstance(path, str | Path):
        files: Any = exp.Literal.string(as_named(path))
    else:
        files = exp.Array(expressions=[exp.Literal.string(as_named(p)) for p in path])
    return exp.Anonymous(this=function, expressions=[files, *pairs])


def reader_text(function: str, path: str | Path, options: str = "") -> str:
    """The same as SQL, where sqlglot is too much to load. ``options``: ``name=value, …``."""
    name = as_named(path).replace("'", "''")
    return f"{function}('{name}', {', '.join(filter(None, ('hive_partitioning=false', options)))})"


def as_named(path: str | Path) -> str:
    """The path as a pattern that only itself matches."""
    name = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
    return f"./{name}" if name.startswith(("~", "file:")) else name
