"""A DuckDB for work whose rows may be too many for the memory: in a file of its own, which is gone with the work."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MEMORY = "2GB"  # before DuckDB goes on on the disk


@contextmanager
def working() -> Iterator[tuple[Any, Path]]:
    """A DuckDB file in a folder that vanishes, with bounded memory: the connection and the folder."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="policyengine-") as folder:
        spill = str(Path(folder) / "spill")
        config: Any = {"memory_limit": MEMORY, "temp_directory": spill, "preserve_insertion_order": False}
        try:
            with duckdb.connect(str(Path(folder) / "work.duckdb"), config=config) as connection:
                yield connection, Path(folder)
        except duckdb.OutOfMemoryException as e:
            raise MemoryError(str(e)) from e
        except duckdb.Error as e:
            if "No space left" in str(e) or shutil.disk_usage(folder).free < 2**16:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), tempfile.gettempdir()) from e
            if isinstance(e, duckdb.IOException):  # a quota, a limit, a medium that fails
                raise OSError(errno.EIO, str(e).splitlines()[0], tempfile.gettempdir()) from e
            raise
