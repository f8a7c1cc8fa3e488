"""The status database as one DuckDB file: opened for one transaction, which a crash leaves undone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from policyengine.address import is_address, shown
from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.compile import trees as t
from policyengine.messages import say
from policyengine.tools.working import MEMORY
from policyengine.whole import parents_of


class Embedded:
    """A transaction on an attached file. Staged rows go over within the engine."""

    def __init__(self, connection: Any):
        self._connection = connection

    def begin(self) -> None:
        """From here on all or nothing. DuckDB writes to one file in a transaction, so staging is done before."""
        self._connection.execute("BEGIN")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._connection.execute("USE status")
        run = self._connection.execute(query, list(values)) if values else self._connection.execute(query)
        found = list(run.fetchall())
        self._connection.execute("USE work")
        return found

    def change(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.rows(statement, values)

    def insert(self, table: str, query: Any) -> None:
        self._connection.execute(f"INSERT INTO status.main.{table} BY NAME {query.sql('duckdb', copy=False)}")

    def commit(self) -> None:
        self._connection.execute("COMMIT")


@contextmanager
def opened(to: str, connection: Any, folder: Path) -> Iterator[Embedded]:
    """The file ``to`` (made where there is none), in a transaction that is undone unless it is committed."""
    import duckdb

    path = Path(to)
    if path.suffix != ".duckdb" or path.is_dir() or is_address(to):  # DuckDB would read an address with an extension
        text = say(
            "a status database is FILE.duckdb or postgresql://…", "继续教育情况数据库应为 文件.duckdb 或 postgresql://…"
        )
        hint = say("give --to such a name", "请用 --to 指定")
        raise PolicyError([Diagnostic("PE540", text, Span(shown(to)), hint)])
    new = not path.exists()
    with parents_of(path):
        try:
            attach(connection, path)
            _refuse_macros(connection, to)
            yield Embedded(connection)
        except duckdb.Error as e:
            raise unusable(to, e) from None
        finally:
            closed(connection)
            if new and not _holds(path):
                for left in (path, path.with_name(f"{path.name}.wal")):  # of what was written last: the disk is full
                    left.unlink(missing_ok=True)


def attach(connection: Any, path: Path) -> None:
    """The file as the catalog ``status``."""
    import duckdb

    try:
        connection.execute(f"ATTACH {t.lit(str(path)).sql('duckdb')} AS status")
    except duckdb.Error as e:
        raise unusable(str(path), e) from None


def _refuse_macros(connection: Any, to: str) -> None:
    """Refuse a database with functions of its own: they would take the place of those that are called by their names,
    and may read whatever lies on this machine."""
    own = "SELECT function_name FROM duckdb_functions() WHERE database_name = 'status' ORDER BY 1 LIMIT 1"
    for (macro,) in connection.execute(own).fetchall():
        text = say(
            f"this is not a status database of this program: it has a function {macro} of its own",
            f"这不是本程序的继续教育情况数据库：其中有自定义函数 {macro}",
        )
        hint = say("do not trust it; publish the results into a new database", "请勿信任此库；请将各结果写入新的数据库")
        raise PolicyError([Diagnostic("PE541", text, Span(shown(to)), hint)])


def fetch(place: str, query: Any, path: Path) -> None:
    """The rows of a query as a Parquet file, by a DuckDB that may reach nothing but the database and the file's folder:
    in a file that somebody sent, a view may read whatever lies on this machine, or fetch from an address."""
    import duckdb

    inside, out = (t.lit(str(p)).sql("duckdb") for p in (path.parent, path))
    config: Any = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, "memory_limit": MEMORY}
    config["temp_directory"] = str(path.parent / "spill")
    try:
        with duckdb.connect(os.path.abspath(place), read_only=True, config=config) as alone:
            alone.execute(f"SET allowed_directories = [{inside}]")
            alone.execute("SET enable_external_access = false")
            alone.execute(f"COPY ({query.sql('duckdb')}) TO {out} (FORMAT parquet)")
    except duckdb.PermissionException:
        raise PolicyError([_reaches_out(place)]) from None
    except duckdb.Error as e:
        raise unusable(place, e) from None


def _reaches_out(place: str) -> Diagnostic:
    text = say(
        "a view in this database would read other files or addresses, which none of ours does",
        "数据库中有视图要读取其他文件或网址，本程序写出的视图不会这样",
    )
    hint = say("do not trust it; publish the results into a new database", "请勿信任此库；请将各结果重新写入新的数据库")
    return Diagnostic("PE541", text, Span(shown(place)), hint)


def closed(connection: Any) -> None:
    """Back to the working file; what was not committed is undone."""
    import duckdb

    for statement in ("ROLLBACK", "USE work", "DETACH status"):
        with suppress(duckdb.Error):
            connection.execute(statement)


def _holds(path: Path) -> bool:
    """Whether the new file came to hold anything, or holds what another publisher is writing who was quicker."""
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            return bool(connection.execute("SELECT count(*) FROM information_schema.tables").fetchone()[0])  # type: ignore[index]
    except duckdb.Error as e:
        return any(taken in str(e) for taken in _TAKEN)


_TAKEN = ("Could not set lock", "used by another process")  # the latter as Windows says it


def unusable(to: str, problem: Exception) -> PolicyError:
    """What the database said. Where it only had no memory, that goes on."""
    import duckdb

    if isinstance(problem, duckdb.OutOfMemoryException):
        raise problem
    first = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
    mend = _what_to_do(first)
    text = say(f"the database can't be used: {first}", "无法使用该数据库" if mend else f"无法使用该数据库：{first}")
    if any(taken in str(problem) for taken in _TAKEN):
        who = f" ({found[0]})" if (found := re.search(r"PID \d+", str(problem))) else ""
        text = say(f"another program has the database open{who}", f"另一程序正在使用该数据库{who}")
    mend = mend or say("close other programs that have it open and try again", "请关闭占用它的程序后重试")
    hint = say("nothing was changed; ", "未作任何改动；") + mend
    return PolicyError([Diagnostic("PE540", text, Span(shown(to)), hint)])


def _what_to_do(refusal: str) -> str | None:
    """By what the database says, in English, that the system refused; None where that is something else: it is most
    often in use."""
    if "No space left" in refusal:
        return say("the disk is full: free some space and try again", "磁盘已满：请腾出空间后重试")
    if "Permission denied" in refusal or "Read-only file system" in refusal:
        return say("check who may write there, or choose another place", "请检查写入权限，或另选位置")
    if "not a valid DuckDB database" in refusal:
        return say("choose another name: this file is something else", "该文件不是数据库，请另选文件名")
    return None
